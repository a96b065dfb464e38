"""What `kurrentdbclient` documents, as rows: an area, a claim and its check.

A claim is told in our own words; it stands in the docstring of the check.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID, uuid4

from kurrentdbclient import KurrentDBClient, NewEvent, StreamState

from kurrent_conn.testing import SimulatedCluster, SimulatedNode

Area = Literal["append", "read", "subscribe", "discover"]


@dataclass
class Scene:
    """What a check works with.

    Args:
        cluster: Three members; shared unless the row asks for its own.
        client: A client of it, connected to the leader.
    """

    cluster: SimulatedCluster
    client: KurrentDBClient
    _opened: list[KurrentDBClient] = field(default_factory=list)

    def connect(self, uri: str | None = None, **options: Any) -> KurrentDBClient:
        """Open another client; it is closed after the check.

        Args:
            uri: The connection string; all members when None.
            options: Of the connection string.
        """
        written = uri or self.cluster.connection_string(**options)
        self._opened.append(KurrentDBClient(written))
        return self._opened[-1]

    def uri(self, node: SimulatedNode, **options: Any) -> str:
        """Write a connection string with one node."""
        query = self.cluster.connection_string(**options).partition("?")[2]
        return f"kurrentdb://admin:changeit@{node.endpoint}?{query}"

    def written(self, count: int = 3, stream: str | None = None) -> str:
        """Append some events to a stream of its own, with their numbers as data.

        Returns:
            The stream.
        """
        name = stream or new_stream()
        for number in range(count):
            self.client.append_to_stream(
                name, current_version=StreamState.ANY, events=new_event(b"%d" % number)
            )
        return name

    def close(self) -> None:
        """Close what was opened."""
        for client in self._opened:
            client.close()


Check = Callable[[Scene], None]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One row.

    Args:
        area: Which part of the documentation.
        name: What it is called.
        claim: What the documentation says.
        check: Fails unless it is so.
        needs_own_cluster: Whether something happens to the cluster.
    """

    area: Area
    name: str
    claim: str
    check: Check
    needs_own_cluster: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A documented behaviour that does not hold.

    Args:
        name: What it is called.
        claim: What the documentation says.
        reason: Why it does not hold.
        check: Shows what happens instead; fails once it holds.
    """

    name: str
    claim: str
    reason: str
    check: Check


class Gaps(list[Gap]):
    """What does not hold, in the order of the documentation."""

    def because(self, reason: str) -> Callable[[Check], Check]:
        """Add a behaviour that does not hold.

        Args:
            reason: Why.
        """

        def add(check: Check) -> Check:
            self.append(Gap(check.__name__, _claim(check), reason, check))
            return check

        return add


class Rows(list[Behaviour]):
    """The rows of one area, in the order of the documentation."""

    def __init__(self, area: Area) -> None:
        super().__init__()
        self._area = area

    def holds(self, check: Check) -> Check:
        """Add a row whose check leaves the cluster alone."""
        return self._add(check, needs_own_cluster=False)

    def holds_when_it_fails(self, check: Check) -> Check:
        """Add a row whose check does something to the cluster."""
        return self._add(check, needs_own_cluster=True)

    def _add(self, check: Check, *, needs_own_cluster: bool) -> Check:
        name, claim = check.__name__, _claim(check)
        self.append(Behaviour(self._area, name, claim, check, needs_own_cluster))
        return check


def _claim(check: Check) -> str:
    claim = inspect.getdoc(check)
    assert claim, check.__name__
    return claim


def new_stream() -> str:
    """Name a stream of its own."""
    return f"s-{uuid4()}"


def new_event(
    data: bytes = b"{}", type_: str = "Ordered", id_: UUID | None = None
) -> NewEvent:
    """Make an event with an id of its own."""
    return NewEvent(type=type_, data=data, id=id_ or uuid4())
