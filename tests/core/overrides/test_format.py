"""The format of a file is told by its content."""

from __future__ import annotations

from pathlib import Path

import pytest

from kurrent_conn.core.overrides import Format, Overrides
from kurrent_conn.core.overrides.format import format_of
from kurrent_conn.errors import InvalidOverride


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# only a comment", Format.TOML),
        ("# c\n\n[[override]]", Format.TOML),
        ("override = []", Format.TOML),
        ("\ufeff[[ 'override' ]]", Format.TOML),
        ('{"rules": []}', Format.SIDECAR),
        ("\n{\n  \n}", Format.SIDECAR),
        (".:53 {\n}", Format.COREFILE),
        ("# c\nrewrite name a=b c", Format.COREFILE),
        ("(snippet) {\n}", Format.COREFILE),
        ("{$ZONE} {\n}", Format.COREFILE),
    ],
)
def test_the_first_words_tell(text: str, expected: Format) -> None:
    """Never the name of the file: a ConfigMap's keys have any name."""
    assert format_of(text, "") is expected


@pytest.mark.parametrize("text", ["", " \n\t", "\ufeff"])
def test_an_empty_file_is_refused(text: str, tmp_path: Path) -> None:
    """A file that is being written is empty for a moment; rules must not vanish."""
    path = tmp_path / "rules"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidOverride, match="is empty"):
        Overrides.from_file(path)


def test_words_that_are_no_rules_are_refused() -> None:
    """Else any text would be a Corefile without rules."""
    with pytest.raises(InvalidOverride, match="is neither TOML, nor a Corefile"):
        Overrides.from_text("not found\n", source="rules")


@pytest.mark.parametrize(
    "text",
    [
        '[[override]]\nexact = "a"\ntarget = "b"',
        "rewrite name a b",
        '{"rules": [{"host": "a", "result": "b"}]}',
    ],
)
def test_from_file_takes_all_three(text: str, tmp_path: Path) -> None:
    """The same rule in each format."""
    path = tmp_path / "rules"
    path.write_text(text)
    rules = Overrides.from_file(path)
    assert rules.source == str(path)
    assert len(rules) == 1
