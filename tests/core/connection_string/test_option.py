"""The table of options is complete and consistent."""

from __future__ import annotations

import pytest

from kurrent_conn.core.connection_string.option import (
    BY_KEY,
    OPTIONS,
    Option,
    folded,
    meant,
)


def test_keys_are_unique() -> None:
    """No two options fold to one key."""
    assert len(BY_KEY) == len(OPTIONS)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_defaults_are_of_their_kind(option: Option[object]) -> None:
    """Every default is one that its kind takes, and one that reads back."""
    assert option.kind.take(option.default) == option.default
    if option.default is not None or "-1" in option.kind.expects:
        assert option.kind.read(option.kind.write(option.default)) == option.default


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("tlscafil", "tlsCaFile"),
        ("gossiptimout", "gossipTimeout"),
        ("keepalive", "keepAliveTimeout"),
        ("zzz", None),
        ("a" * 100, None),
    ],
)
def test_guesses(key: str, name: str | None) -> None:
    """A misspelt key is guessed when an option is close."""
    assert meant(key) == name


def test_folding() -> None:
    """Case, `-` and `_` do not count in a key."""
    assert folded("TLS-ca_File") == "tlscafile"
