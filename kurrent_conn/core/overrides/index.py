"""Narrows down which rules can match a host: by its name, by one pass of their regexes.

Only narrows: who matches is asked of the rule itself, in the order of the file.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from heapq import merge

from kurrent_conn.core.overrides.coredns import HostsEntry, Rewrite
from kurrent_conn.core.overrides.prepared import Asked, Prepared, Rule, Spelling
from kurrent_conn.core.overrides.rule import Override
from kurrent_conn.core.overrides.screen import FEW, Screen
from kurrent_conn.core.overrides.sidecar import SidecarRule


class Index:
    """The rules by what they can match; built once, then only read.

    Args:
        rules: All rules, in their order.
        ready: What was made of each.
    """

    __slots__ = ("_bare_keys", "_keys", "_regexes", "_rules", "_scanned", "_screens")

    def __init__(self, rules: Sequence[Rule], ready: Sequence[Prepared]) -> None:
        self._rules = rules
        self._keys: dict[str, list[int]] = {}
        self._bare_keys: dict[str, list[int]] = {}
        self._scanned: list[int] = []
        self._regexes: dict[tuple[Spelling, bool], list[int]] = {}
        self._screens: list[tuple[Spelling, Screen]] | None = None
        for place, prepared in enumerate(ready):
            self._add(place, prepared)
        for key in [key for key, places in self._regexes.items() if len(places) <= FEW]:
            self._scanned = sorted([*self._scanned, *self._regexes.pop(key)])

    def candidates(self, asked: Asked, start: int) -> Iterable[int]:
        """Give the places of the rules that can match, in order.

        Args:
            asked: The host.
            start: Rules at places before this one may be left out.
        """
        some = [
            *self._keys.get(asked.lower, ()),
            *self._bare_keys.get(asked.bare, ()),
        ]
        for spelling, screen in self._built_screens():
            some += screen.candidates(_spelled(asked, spelling))
        if len(some) > 1:
            some.sort()
        if not self._scanned:
            return some
        scanned = self._scanned
        if start:
            scanned = scanned[bisect_left(scanned, start) :]
        return merge(some, scanned) if some else scanned

    def _add(self, place: int, ready: Prepared) -> None:
        if ready.key is not None:
            keys = self._keys if ready.any_case else self._bare_keys
            keys.setdefault(ready.key, []).append(place)
        elif ready.screened is not None:
            whole = isinstance(self._rules[place], Override)
            self._regexes.setdefault((ready.screened, whole), []).append(place)
        else:
            self._scanned.append(place)

    def _built_screens(self) -> list[tuple[Spelling, Screen]]:
        # Only when somebody asks: it costs as much again as compiling the patterns.
        # Threads may race here; at worst the same screens are built twice.
        if self._screens is None:
            self._screens = [
                (
                    spelling,
                    Screen(
                        places,
                        [_pattern(self._rules[place]) for place in places],
                        whole=whole,
                        fold_case=whole,
                    ),
                )
                for (spelling, whole), places in self._regexes.items()
            ]
        return self._screens


def _pattern(rule: Rule) -> str:
    match rule:
        case Override():
            return rule.pattern
        case Rewrite():
            return rule.source
        case HostsEntry():
            return rule.name
        case SidecarRule():
            return rule.host


def _spelled(asked: Asked, spelling: Spelling) -> str:
    match spelling:
        case Spelling.LOWER:
            return asked.lower
        case Spelling.NAME:
            return asked.name
        case Spelling.BARE:
            return asked.bare
