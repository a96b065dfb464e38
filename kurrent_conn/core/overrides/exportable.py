"""What a rule of ours must be like to have a form in another format."""

from __future__ import annotations

from typing import Final

from kurrent_conn.core.overrides.host import host_problem
from kurrent_conn.core.overrides.pattern_text import without_groups
from kurrent_conn.core.overrides.rule import MatchKind, Override
from kurrent_conn.errors import InvalidOverride

_WITH_GROUPS: Final = frozenset({MatchKind.REGEX, MatchKind.WILDCARD})


def refuse_odd_targets(rule: Override) -> None:
    """Refuse a target with characters that no host has.

    We refuse such a result when it is used; CoreDNS and the sidecar would take it.

    Args:
        rule: A rule of ours.

    Raises:
        InvalidOverride: A target has such a character.
    """
    for target in rule.targets:
        grouped = rule.kind in _WITH_GROUPS
        text = without_groups(target.host) if grouped else target.host
        problem = host_problem(text.removesuffix("."))
        if problem and "character" in problem:
            raise InvalidOverride(f"its target {target} is no host: it {problem}")
