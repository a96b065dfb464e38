"""Rules as TOML: the text that a person reads."""

from __future__ import annotations

import pytest

from kurrent_conn.core.overrides import (
    HostsEntry,
    NameMatch,
    Override,
    Overrides,
    Rewrite,
    Scope,
    SidecarRule,
)
from kurrent_conn.errors import InvalidOverride


def test_only_what_is_not_default_is_written() -> None:
    """One table a rule, in order."""
    rules = Overrides(
        (
            Override(regex=r"(a)\.b", target="{1}:1", port=2),
            Override(exact="a", target=["b", "c"], server_name="d", then="continue"),
            Rewrite(NameMatch.REGEX, "a b", "c", scope=Scope(("x", ""), ("y.x",))),
            HostsEntry("a", ("10.0.0.1",)),
            SidecarRule("a", "b"),
        )
    )
    assert (
        rules.to_toml()
        == r"""[[override]]
regex = '(a)\.b'
port = 2
target = "{1}:1"

[[override]]
exact = "a"
target = ["b", "c"]
server_name = "d"
then = "continue"

[[override]]
rewrite = 'stop name regex "a b" c'
zones = ["x", "."]
not_zones = ["y.x"]

[[override]]
hosts = "a"
target = ["10.0.0.1"]

[[override]]
sidecar = { host = "a", result = "b" }
"""
    )


def test_a_rewrite_that_no_corefile_holds_is_refused() -> None:
    """It was made in Python; the error names it."""
    rules = Overrides((Rewrite(NameMatch.EXACT, "a\nb", "c"),), "here")
    with pytest.raises(InvalidOverride, match="no way to quote") as caught:
        rules.to_toml()
    assert caught.value.source == "here"
    assert caught.value.rule.startswith("rule 1 ")
