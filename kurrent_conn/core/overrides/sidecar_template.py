"""The sidecar's `result` as text: its `$` references and our `{n}`, both ways.

Source: Go's `regexp.Expand`.
"""

from __future__ import annotations

import re
from typing import Final

from kurrent_conn.core.overrides.pattern_text import groups_in
from kurrent_conn.core.overrides.regex import compile_pattern
from kurrent_conn.core.overrides.sidecar import template
from kurrent_conn.errors import InvalidOverride

_GROUP: Final = re.compile(r"\{([0-9]+)\}")


def braces(result: str, pattern: str) -> str:
    """Write a result with `{n}` for its references.

    Args:
        result: The result of a sidecar rule with a regex.
        pattern: Its pattern.

    Raises:
        InvalidOverride: Its text holds braces that would be taken for a reference.
    """
    parts = template(result, compile_pattern(pattern))
    if any(isinstance(part, str) and "{" in part for part in parts):
        raise InvalidOverride(f"its result {result!r} has braces as text")
    return "".join(p if isinstance(p, str) else f"{{{p}}}" for p in parts)


def dollars(target: str, group_count: int) -> str:
    """Write a target with `${n}` for its references.

    Args:
        target: A target with `{n}`; numbers above the count are text.
        group_count: How many groups there are.
    """
    kept = {number for number in groups_in(target) if number <= group_count}
    parts = _GROUP.split(target.replace("$", "$$"))
    return "".join(
        part
        if place % 2 == 0
        else f"${{{int(part)}}}"
        if int(part) in kept
        else f"{{{part}}}"
        for place, part in enumerate(parts)
    )
