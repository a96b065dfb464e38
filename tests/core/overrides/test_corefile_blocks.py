"""Server blocks, snippets and imports of a Corefile."""

from __future__ import annotations

import pytest

from kurrent_conn.core.overrides.corefile_blocks import read_blocks
from kurrent_conn.errors import InvalidOverride


def shape(text: str) -> list[tuple[list[str], list[list[str]]]]:
    """Give the keys and directives of each block."""
    return [
        (
            [key.text for key in block.keys],
            [[d.name.text, *(t.text for t in d.rest)] for d in block.directives],
        )
        for block in read_blocks(text)[0]
    ]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", []),
        (". {\nlog\n}", [(["."], [["log"]])]),
        (". {\nlog\n}\na b,\nc {\n}", [(["."], [["log"]]), (["a", "b", "c"], [])]),
        (".:53\nlog\nerrors", [([".:53"], [["log"], ["errors"]])]),
        ("a.test", [(["a.test"], [])]),
        ("rewrite a b\nlog", [([], [["rewrite", "a", "b"], ["log"]])]),
        ("log\nrewrite a b", [([], [["log"], ["rewrite", "a", "b"]])]),
        ("file {\nlog\n}", [(["file"], [["log"]])]),
        (
            "hosts {\n1 a\n}\nlog",
            [([], [["hosts", "{", "1", "a", "}"], ["log"]])],
        ),
        (
            "(s) {\nrewrite a b\n}\n. {\nimport s\nlog\nimport s\n}",
            [(["."], [["rewrite", "a", "b"], ["log"], ["rewrite", "a", "b"]])],
        ),
        (
            "(s) {\nx y {\nz\n}\n}\n. {\nhosts {\na\nimport s\n}\n}",
            [(["."], [["hosts", "{", "a", "x", "y", "{", "z", "}", "}"]])],
        ),
    ],
)
def test_blocks(text: str, blocks: list[tuple[list[str], list[list[str]]]]) -> None:
    """Whole files, one server without braces, and bare directives."""
    assert shape(text) == blocks


def test_an_imported_file_is_not_read_but_noted() -> None:
    """Only snippets of the same text can be followed."""
    blocks, notes = read_blocks(". {\nimport /etc/coredns/*.override\nlog\n}")
    assert [d.name.text for d in blocks[0].directives] == ["log"]
    (note,) = notes
    assert note.startswith("line 2: import /etc/coredns/*.override: the file is not")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (". {\nlog", "not closed"),
        (". {\nhosts {\n", "its brace is not closed"),
        ("log\n}", "closes nothing"),
        (". { log }", "closes nothing"),
        ("a, {\n}", "a zone is missing"),
        ("(s)\nlog", "a snippet needs braces"),
        ("(s) {\nlog", "snippet is not closed"),
        ("(s) {\n}\n(s) {\n}", "defined twice"),
        (". {\nimport\n}", "import takes one"),
        ("(a) {\nimport a\n}\n. {\nimport a\n}", "without end"),
    ],
)
def test_what_coredns_refuses_names_the_line(text: str, problem: str) -> None:
    """The error says what is wrong and where."""
    with pytest.raises(InvalidOverride, match=problem) as caught:
        read_blocks(text)
    assert caught.value.rule.startswith("line ")
