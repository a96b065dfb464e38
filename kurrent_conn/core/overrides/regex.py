"""RE2 patterns: linear in the length of the host, whatever the pattern.

The only module that imports `re2`, and only when a pattern is compiled: it is the extra
`kurrent-conn[regex]`. Python's own `re` is no substitute: it backtracks, and it reads
some patterns that CoreDNS and the sidecar accept differently.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from kurrent_conn.errors import InvalidOverride

if TYPE_CHECKING:
    from re2 import Options
    from re2 import _Regexp as Compiled

MAX_PATTERN: Final = 10_000
"""Characters in a pattern. Source: CoreDNS 4b26cced, `rewrite/name.go`."""

# Go refuses it, so no imported rule can mean it.
_SINGLE_BYTE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\C")

Groups = tuple[str, ...]
"""The whole match, then each group; empty where a group took no part."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern.

    Args:
        text: The pattern as written.
        group_count: How many groups it has.
        names: The named groups and their numbers.
        full: Gives the groups when the pattern matches a whole text, else None.
        search: Gives the groups of the leftmost match anywhere, else None.
    """

    text: str
    group_count: int
    names: dict[str, int]
    full: Callable[[str], Groups | None]
    search: Callable[[str], Groups | None]


def compile_pattern(text: str, *, fold_case: bool = False) -> Pattern:
    """Compile an RE2 pattern.

    Args:
        text: The pattern.
        fold_case: Let upper case in the pattern match lower case in the host.

    Raises:
        InvalidOverride: The pattern is not RE2 (look-around and backreferences are
            not), is longer than 10,000 characters, or google-re2 is not installed.
    """
    try:
        import re2  # noqa: PLC0415 - an extra, see the module's docstring
    except ModuleNotFoundError:
        raise InvalidOverride(
            "a regex needs google-re2: pip install 'kurrent-conn[regex]'; or write the "
            "rule as exact, prefix, suffix, substring or wildcard"
        ) from None
    if len(text) > MAX_PATTERN:
        raise InvalidOverride(
            f"the regex has {len(text)} characters; at most {MAX_PATTERN} are read"
        )
    if _SINGLE_BYTE.search(text):
        raise InvalidOverride(
            f"the regex {text!r} has \\C, which splits characters; write a dot"
        )
    try:
        compiled = re2.compile(text, _options(fold_case=fold_case))
    except re2.error as error:
        raise InvalidOverride(
            f"the regex {text!r} is not RE2: {_reason(error)}"
        ) from None
    return Pattern(
        text=text,
        group_count=compiled.groups,
        names=dict(compiled.groupindex),
        full=_groups_of(compiled, whole=True),
        search=_groups_of(compiled, whole=False),
    )


@cache
def _options(*, fold_case: bool) -> Options:
    import re2  # noqa: PLC0415 - as above

    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not fold_case
    return options


def _reason(error: Exception) -> str:
    reason: object = error.args[0] if error.args else "no reason given"
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def _groups_of(compiled: Compiled, *, whole: bool) -> Callable[[str], Groups | None]:
    match = compiled.fullmatch if whole else compiled.search

    def groups(text: str) -> Groups | None:
        # As bytes: re2 counts characters for text, which takes as long as matching.
        found = match(text.encode())
        if found is None:
            return None
        return tuple([(g or b"").decode() for g in (found[0], *found.groups())])

    return groups
