"""Corners of the parsers that the recorded strings do not reach.

Each was seen by running the client's own parser beside the model: Java, Node and Go by
their real code, Rust by the WHATWG rules that its `url` crate follows.
"""

from __future__ import annotations

import pytest

from kurrent_conn.core.client_readings.client import Accepted, Client, Refused, Seed
from kurrent_conn.core.client_readings.lint import lint
from kurrent_conn.core.client_readings.reading import read_as


def accepted(client: Client, string: str) -> Accepted:
    """Give the reading of a client that must accept."""
    reading = read_as(client, string)
    assert isinstance(reading, Accepted), reading
    return reading


@pytest.mark.parametrize(
    ("client", "string"),
    [
        (Client.JAVA, "kurrentdb://h?tlsCaFile==x"),
        (Client.JAVA, "kurrentdb://h:-2"),
        (Client.JAVA, "kurrentdb://[::1"),
        (Client.JAVA, "kurrentdb://[]:1"),
        (Client.JAVA, "kurrentdb://[::1]x"),
        (Client.JAVA, "kurrentdb://:1,h:1,"),
        (Client.JAVA, "kurrentdb://a:1,:"),
        (Client.JAVA, "kurrentdb://,a:1:2"),
        (Client.JAVA, "kurrent/db://h"),
        (Client.NODE, "kurrentdb://h?keepAliveInterval=0x,"),
        (Client.NODE, "kurrentdb://h?connectionName=%ff"),
        (Client.NODE, "kurrentdb://,h"),
        (Client.GO, "kurrentdb://h?tls=false#%zz"),
        (Client.GO, "kurrentdb:h"),
        (Client.GO, "kurrentdb://[::1"),
        (Client.GO, "kurrentdb://h\x7f"),
        (Client.RUST, "kurrentdb://a:x,b:70000"),
        (Client.RUST, "kurrentdb://a:1,b:70000"),
        (Client.RUST, "kurrentdb://u:p@"),
        (Client.RUST, "kurrentdb://[::g]"),
        (Client.RUST, "kurrentdb://[::1"),
        (Client.RUST, "kurrentdb://[::1]x"),
        (Client.RUST, "kurrentdb://h:1\\x"),
        (Client.RUST, "kurrentdb://:1"),
        (Client.RUST, "kurrentdb://a:1,b:1:1"),
        (Client.PYTHON, "kurrentdb://[::1"),
        (Client.PYTHON, "kurrentdb://u:p@?tls=false"),
        (Client.DOTNET, "kurrentdb://h:70000"),
        (Client.DOTNET, "KURRENTDB+DISCOVER://h?tls"),
    ],
)
def test_refused(client: Client, string: str) -> None:
    """The client raises."""
    assert isinstance(read_as(client, string), Refused)


@pytest.mark.parametrize(
    ("client", "string", "hosts"),
    [
        (Client.JAVA, "url:kurrentdb://h", [Seed("h", 2113)]),
        (Client.JAVA, "kurrentdb://[::1]:", [Seed("[::1]", 2113)]),
        (
            Client.JAVA,
            "kurrentdb://a,,b",
            [Seed("a", 2113), Seed("", 2113), Seed("b", 2113)],
        ),
        (Client.NODE, "kurrentdb://h:0x1F", [Seed("h", 31)]),
        (Client.NODE, "kurrentdb://h:-7x", [Seed("h", -7)]),
        (Client.NODE, "kurrentdb://h:0", [Seed("h", 0)]),
        (Client.GO, "kurrentdb://h%25a", [Seed("h%a", 2113)]),
        (Client.GO, "kurrentdb://a:1,b:70000", [Seed("a", 1), Seed("b", 4464)]),
        (Client.RUST, "kurrentdb://[0:0::1]:5", [Seed("[::1]", 5)]),
        (Client.RUST, "kur\nrentdb://h:\t5", [Seed("h", 5)]),
        (Client.RUST, "kurrentdb://a:1,b:+2", [Seed("a", 1), Seed("b", 2)]),
        (Client.DOTNET, "kurrentdb://h: 5 ", [Seed("h", 5)]),
        (Client.PYTHON, "kurrentdb://[::1]?tls=false", [Seed("[::1]", None)]),
    ],
)
def test_hosts(client: Client, string: str, hosts: list[Seed]) -> None:
    """The client goes on with these hosts."""
    assert list(accepted(client, string).hosts) == hosts


def test_empty_certificate_path_in_go() -> None:
    """Go makes paths absolute, so an empty one counts as given."""
    found = accepted(Client.GO, "kurrentdb://h?userCertFile=&userKeyFile=k")
    assert found.values["userKeyFile"] == "k"


def test_spelling_of_addresses_is_no_difference() -> None:
    """Rust writes an IPv6 address in its shortest form, which is the same address."""
    assert lint("kurrentdb://u:p@[FE80:0::A]:1", (Client.RUST,)).agrees
