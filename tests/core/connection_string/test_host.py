"""Hosts: what a name is, and that writing undoes reading."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kurrent_conn.core.connection_string.finding import Remarks
from kurrent_conn.core.connection_string.host import (
    is_ipv6,
    is_writable,
    read_hosts,
    write_host,
)
from kurrent_conn.core.endpoint import Endpoint


def read_one(text: str) -> Endpoint | None:
    """Read a list that should be one good host."""
    problems = Remarks()
    hosts = read_hosts(text, 0, problems)
    return hosts[0] if hosts and not problems else None


@given(st.text(), st.integers(1, 65535))
@example("fe80::1%eth0", 1)
def test_writable_means_that_it_reads_back(host: str, port: int) -> None:
    """A host is writable exactly when what is written reads back as it."""
    if not host:
        return
    endpoint = Endpoint(host, port)
    if is_writable(host):
        assert read_one(write_host(endpoint)) == endpoint
    else:
        assert read_one(write_host(endpoint)) != endpoint


GROUPS = st.lists(st.from_regex("[0-9a-fA-F]{0,5}", fullmatch=True), max_size=10)


@given(GROUPS.map(":".join) | st.ip_addresses(v=6).map(str) | st.text("0f:.%"))
@example("::")
@example("1::2::3")
@example("1:2:3:4:5:6:7::")
@example("::1:2:3:4:5:6:7:8")
@example("::ffff:1.2.3.4")
def test_ipv6_agrees_with_the_standard_library(text: str) -> None:
    """Our quick test of an IPv6 address agrees with the thorough one."""
    try:
        IPv6Address(text)
    except AddressValueError:
        assert not is_ipv6(text)
    else:
        assert is_ipv6(text) is ("%" not in text)


@pytest.mark.parametrize("text", ["a", "a_b", "a-b.c.", "1", "食狮.公司", "xn--p1ai"])
def test_names(text: str) -> None:
    """Names may have underscores, and letters of any alphabet."""
    assert read_one(text) == Endpoint(text, 2113)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            ":1",
            "a b",
            "a;b",
            "a=b",
            "a&b",
            "a*",
            "[a",
            "[]",
            "[::1",
            "[::1]a",
        ),
        *("[::1]:", "[127.0.0.1]", "[::1%25]", "[::1%25a/b]", "::1", "a:+1", "a\0"),
        *("a:\uff11", "a\u2003b", "a\x85b", "a:000000", "a:1 2"),
    ],
)
def test_no_hosts(text: str) -> None:
    """What is no host is a problem."""
    assert read_one(text) is None
