"""What a host name may look like."""

from __future__ import annotations

import pytest

from kurrent_conn.core.overrides.host import domain_problem, host_problem, is_address


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("10.0.0.1", True),
        ("fd00::1", True),
        ("fe80::1%eth0", True),
        ("10.0.0.256", False),
        ("a.test", False),
        ("db-1", False),
        ("a:b", False),
    ],
)
def test_addresses_are_told_from_names(host: str, *, expected: bool) -> None:
    """IPv4 and raw IPv6, with or without a scope."""
    assert is_address(host) is expected


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("", "is empty"),
        ("a..b", "empty label"),
        (".a", "empty label"),
        ("a b", "the character ' '"),
        ("a" * 64, "label of 64"),
        (".".join(["a"] * 127) + "b", "254 characters"),
        ("ä.test", "the character 'ä'"),
    ],
)
def test_what_is_no_host_has_a_reason(host: str, reason: str) -> None:
    """The reason is a clause for a sentence."""
    assert reason in (host_problem(host) or "")


def test_the_longest_host_passes() -> None:
    """253 characters are a host, underscores too."""
    assert host_problem(".".join(["a"] * 127)) is None
    assert host_problem("_x.a-b") is None


def test_dns_servers_take_more_than_resolvers() -> None:
    """Any character, and an escaped dot counts as part of a label."""
    assert domain_problem("$1.a b.{2}") is None
    assert domain_problem(r"a\..b") is None
    assert domain_problem("a..b") is not None
