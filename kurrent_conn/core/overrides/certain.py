"""Exact rules whose answer no other rule can change, kept as one look-up.

A mapping of hosts to hosts is the usual set of rules, and clusters are asked about at
every failover: such a rule needs no walk through the others. It is certain when it is
the first for its host and stands before all rules that are not exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from kurrent_conn.core.endpoint import DEFAULT_PORT, Endpoint
from kurrent_conn.core.overrides.host import MAX_NAME
from kurrent_conn.core.overrides.prepared import After, Prepared, Rule
from kurrent_conn.core.overrides.rule import ADVERTISED, TARGET, MatchKind, Override
from kurrent_conn.core.route import Route


@dataclass(frozen=True, slots=True)
class Certain:
    """The one route of such a rule.

    Args:
        dial: Where it leads from the usual port.
        keeps_port: Whether it leads to the advertised port, whichever that is.
        server_name: The name to verify; None for the advertised one.
        text: The rule for people.
    """

    dial: Endpoint
    keeps_port: bool
    server_name: str | None
    text: str

    def routes(self, advertised: Endpoint) -> tuple[Route, ...]:
        """Give the route to an advertised endpoint.

        Args:
            advertised: One with the host that the rule is about.
        """
        dial = self.dial
        if self.keeps_port and advertised.port != dial.port:
            dial = Endpoint(dial.host, advertised.port)
        return (Route(dial, self.server_name or advertised.host, self.text),)


def certain_rules(
    rules: Iterable[Rule], ready: Iterable[Prepared]
) -> dict[str, Certain]:
    """Index the rules that are certain by the host that they are about.

    Args:
        rules: All rules, in their order.
        ready: What was made of each.
    """
    found: dict[str, Certain] = {}
    seen: set[str] = set()
    exact = takewhile(_is_exact, zip(rules, ready, strict=True))
    for rule, prepared in exact:
        key = prepared.key
        assert isinstance(rule, Override)  # noqa: S101 - it is exact
        assert key is not None  # noqa: S101 - as above
        if key not in seen and (one := _certain(rule, prepared)) is not None:
            found[key] = one
        seen.add(key)
    return found


def _is_exact(pair: tuple[Rule, Prepared]) -> bool:
    rule, _ = pair
    return isinstance(rule, Override) and rule.kind is MatchKind.EXACT


def _certain(rule: Override, ready: Prepared) -> Certain | None:
    """Make the entry of a rule; None when its answer needs the usual way."""
    if (
        rule.port is not None
        or rule.otherwise
        or len(rule.targets) != 1
        or ready.after is not After.NOTHING
        or len(ready.key or "") > MAX_NAME
    ):
        return None
    (target,) = rule.targets
    host = target.host.removesuffix(".")
    if ready.problem(host):
        return None
    name = host if rule.server_name == TARGET else rule.server_name
    return Certain(
        Endpoint(host, target.port or DEFAULT_PORT),
        target.port is None,
        None if name == ADVERTISED else name,
        str(rule),
    )
