"""Endpoints are read, written and refused as people and gossip write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.endpoint import DEFAULT_PORT, Endpoint, normalized_host

HOSTS = st.sampled_from(
    ["n1", "mydb-0.kurrent.test", "10.0.0.1", "::1", "fe80::1%eth0"]
)


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("n1", Endpoint("n1", DEFAULT_PORT)),
        ("n1:443", Endpoint("n1", 443)),
        (" n1:443 ", Endpoint("n1", 443)),
        ("[::1]", Endpoint("::1", DEFAULT_PORT)),
        ("[::1]:443", Endpoint("::1", 443)),
        ("::1", Endpoint("::1", DEFAULT_PORT)),
    ],
)
def test_the_usual_forms_are_read(text: str, endpoint: Endpoint) -> None:
    """A port may be left out; brackets are for IPv6 in text only."""
    assert Endpoint.parse(text) == endpoint


@pytest.mark.parametrize(
    "text", ["", ":1", "n1:", "n1:x", "n1:0", "n1:65536", "[::1", "[::1]x"]
)
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    """No host, no number, out of range, or brackets that do not close."""
    with pytest.raises(ValueError, match=r"host|port|bracket"):
        Endpoint.parse(text)


@given(HOSTS, st.integers(1, 65535))
def test_text_and_value_agree(host: str, port: int) -> None:
    """Whatever is written is read back as it was."""
    endpoint = Endpoint(host, port)
    assert Endpoint.parse(str(endpoint)) == endpoint


def test_hosts_are_compared_without_case_and_dot() -> None:
    """DNS names differ neither by case nor by the trailing dot."""
    assert normalized_host("N1.Kurrent.Test.") == "n1.kurrent.test"
