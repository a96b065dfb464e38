"""Reading the sidecar's configuration."""

from __future__ import annotations

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Overrides, SidecarRule
from kurrent_conn.errors import InvalidOverride


def test_only_rules_are_needed_and_keys_have_any_case() -> None:
    """As Go's decoder: other keys are ignored, null is absent."""
    rules = Overrides.from_sidecar(
        '{"listen": ":53", "Rules": [{"Host": "a", "RESULT": "b", "x": 1}, null,'
        ' {"host": "c", "result": "10.0.0.1", "regex": null}]}'
    )
    assert rules.rules == (
        SidecarRule("a", "b"),
        SidecarRule("", ""),
        SidecarRule("c", "10.0.0.1"),
    )


@pytest.mark.parametrize(
    ("result", "dialled"),
    [
        ("$1.x", "db.x"),
        ("${1}x", "dbx"),
        ("$1x.y", None),
        ("a${9}", "a"),
        ("$n", "db"),
        ("$01a.b", None),
        ("$$1", "$1"),
        ("${1", "${1"),
        ("a$", "a$"),
        ("${}", "${}"),
        ("$0.", "db.t"),
        ("b:1", None),
    ],
)
def test_results_are_expanded_as_go_does(result: str, dialled: str | None) -> None:
    """A group that does not exist is empty, and `$` alone is itself."""
    rules = Overrides((SidecarRule(r"(?P<n>db)\.t", result, regex=True),))
    if dialled is None:
        with pytest.raises(InvalidOverride, match="which is no host"):
            rules.routes(Endpoint("db.t", 1))
    else:
        assert rules.route(Endpoint("db.t", 1)).dial.host == dialled


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON"),
        ('{"rules": NaN}', "is not JSON"),
        ("[]", "has no rules"),
        ("{}", "has no rules"),
        ('{"rules": {}}', "rules is not a list"),
        ('{"rules": [1]}', "rule 1: is no object"),
        ('{"rules": [{"host": 1}]}', "host is a string"),
        ('{"rules": [{"regex": "yes"}]}', "regex is true or false"),
        ('{"rules": [{"host": "(", "regex": true}]}', "is not RE2"),
    ],
)
def test_a_wrong_configuration_is_refused(text: str, problem: str) -> None:
    """The error names the rule by its number."""
    with pytest.raises(InvalidOverride, match=problem):
        Overrides.from_sidecar(text)
