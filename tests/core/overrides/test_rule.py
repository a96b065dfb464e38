"""A rule of ours as a value."""

from __future__ import annotations

import pytest

from kurrent_conn.core.overrides import MatchKind, Override, Then
from kurrent_conn.errors import InvalidOverride


def test_a_rule_is_a_value_in_the_words_of_the_file() -> None:
    """Equal by what was given; its repr is the call that makes it."""
    rule = Override(
        regex="(a)",
        target=["{1}.test:443", "10.0.0.1"],
        port=2113,
        server_name="db.test",
        then="continue",
        otherwise="advertised",
    )
    assert rule.kind is MatchKind.REGEX
    assert rule.then is Then.CONTINUE
    assert eval(repr(rule)) == rule  # noqa: S307 - our own text
    assert str(rule) == (
        'regex "(a)" -> {1}.test:443, 10.0.0.1, port 2113, as db.test, continue, '
        "otherwise advertised"
    )
    assert hash(rule) == hash(eval(repr(rule)))  # noqa: S307 - our own text


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"target": "b"}, "this one has none"),
        ({"exact": "a", "prefix": "b", "target": "c"}, "this one has exact, prefix"),
        ({"suffix": ".", "target": "c"}, "suffix is empty"),
        ({"exact": "a", "target": []}, "there is no target"),
        ({"exact": "a", "target": "b", "port": 0}, "port is 1 to 65535"),
        ({"exact": "a", "target": "b", "server_name": ""}, "server_name is empty"),
        ({"exact": "a", "target": ["b", "c"], "server_name": "target"}, "one target"),
        ({"exact": "a", "target": "b", "then": "go"}, '"stop" or "continue"'),
        ({"exact": "a", "target": "b", "otherwise": "x"}, "otherwise is"),
    ],
)
def test_wrong_words_are_refused(words: dict[str, object], problem: str) -> None:
    """Each mistake has its own message that says what to write."""
    with pytest.raises(InvalidOverride, match=problem):
        Override(**words)  # type: ignore[arg-type]  # wrong on purpose
