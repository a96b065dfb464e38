"""Patterns as text: what an export may build, and what it must not touch.

RE2 patterns are never translated. An export only puts fixed text and anchors around
one; where that could change what it matches, it refuses.
"""

from __future__ import annotations

import re
from typing import Final

from kurrent_conn.errors import InvalidOverride

_SPECIAL: Final = re.compile(r"[\\.+*?()\[\]{}^$|]")
_LAZY: Final = re.compile(r"[*+?}]\?|\(\?[a-z]*U")
_END: Final = re.compile(r"(?<!\\)(?:\\\\)*(?:\$|\\z)")
_GROUP: Final = re.compile(r"\{([0-9]+)\}")


def literal(text: str) -> str:
    """Write a text as a pattern that matches it and nothing else.

    Args:
        text: The text.
    """
    return _SPECIAL.sub(r"\\\g<0>", text)


def groups_in(target: str) -> frozenset[int]:
    """Give the numbers of the `{n}` in a target.

    Args:
        target: The target's host.
    """
    return frozenset(int(number) for number in _GROUP.findall(target))


def shifted(target: str, by: int) -> str:
    """Renumber the `{n}` in a target.

    Args:
        target: The target's host.
        by: What is added to each number.
    """
    return _GROUP.sub(lambda found: f"{{{int(found[1]) + by}}}", target)


def without_groups(target: str) -> str:
    """Put a letter for each `{n}`, to look at the text around them.

    Args:
        target: The target's host.
    """
    return _GROUP.sub("x", target)


def refuse_last_group(target: str) -> None:
    """Refuse a target that ends in a group, which may bring a dot of its own.

    CoreDNS puts a dot after it and fails on two; the sidecar takes one for the end.

    Args:
        target: The target's host.

    Raises:
        InvalidOverride: It ends so.
    """
    if target.endswith("}") and _GROUP.search(target, target.rfind("{")):
        raise InvalidOverride("its result ends in a group, which may end in a dot")


def before_end(pattern: str) -> str:
    """Prepare a pattern for text after it: without an anchor at its end.

    Args:
        pattern: A pattern that must match a whole host.

    Returns:
        The pattern without one `$` at its very end, where it says nothing new.

    Raises:
        InvalidOverride: It has other anchors for the end, or an open quote; they
            would not mean the same before more text.
    """
    if pattern.endswith("$") and not _escaped(pattern[:-1]):
        pattern = pattern[:-1]
    if _END.search(pattern):
        raise InvalidOverride("its regex has an anchor for the end in the middle")
    refuse_open_quote(pattern)
    return pattern


def refuse_open_quote(pattern: str) -> None:
    r"""Refuse a pattern whose last `\Q` has no `\E`: it would swallow what follows.

    Args:
        pattern: The pattern.

    Raises:
        InvalidOverride: It has one.
    """
    if pattern.rfind("\\Q") > pattern.rfind("\\E"):
        raise InvalidOverride(r"its regex has \Q without \E")


def refuse_choices(pattern: str) -> None:
    """Refuse a pattern whose leftmost-first match may be shorter than its longest.

    Args:
        pattern: A pattern of the sidecar, which matches a host only when its
            leftmost-first match is the whole host.

    Raises:
        InvalidOverride: It has an alternative or a lazy repetition.
    """
    if "|" in pattern or _LAZY.search(pattern):
        raise InvalidOverride(
            "its regex has an alternative or a lazy repetition, which the sidecar "
            "reads in a way of its own"
        )


def inside_anchors(pattern: str) -> str:
    r"""Give X of a pattern `^X\.$` that CoreDNS applies to a name with its dot.

    Args:
        pattern: The pattern of a rewrite line.

    Raises:
        InvalidOverride: It has another form, so it may match parts of a name.
    """
    end = "\\.$"
    inner = pattern[1 : -len(end)]
    if not (pattern.startswith("^") and pattern.endswith(end)) or _escaped(inner):
        raise InvalidOverride(r"its regex is not of the form ^...\.$")
    if _END.search(inner) or "^" in inner.replace("[^", "") or _splits(inner):
        raise InvalidOverride("its regex has more anchors, or alternatives at its top")
    refuse_open_quote(inner)
    return inner


def _escaped(before: str) -> bool:
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _splits(pattern: str) -> bool:
    """Say whether an alternative may stand outside all parentheses."""
    depth = 0
    for part in re.findall(r"\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]])*\]|[()|]", pattern):
        depth += (part == "(") - (part == ")")
        if part == "|" and depth == 0:
            return True
    return False
