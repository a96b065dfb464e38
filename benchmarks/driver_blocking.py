"""Drives `kurrent_conn`'s blocking connection."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import kurrent_conn
from benchmarks.blocking_driver import BlockingDriver
from benchmarks.call_record import NOT_EXECUTED, UNKNOWN
from benchmarks.events import listener
from benchmarks.own_code import per_call_us
from benchmarks.paired import in_turn
from benchmarks.protocol import Answer, Order
from benchmarks.raw import DEADLINE_S, HEADERS, RawTarget, append_of, gossip_of
from kurrent_conn.testing.stream_client import append_requests
from kurrent_conn.wire.gossip import READ_REQUEST


class OurBlocking:
    """The connection, and a stub over its channel as an application makes it."""

    def __init__(self) -> None:
        self._connection: kurrent_conn.Connection | None = None
        self._append: Any = None

    def connect(self, target: str) -> None:
        """Connect: a node is found when this returns."""
        self._connection = kurrent_conn.connect(target, on_event=listener())
        self._append = append_of(self._connection.channel)

    def append(
        self, stream: str, event_id: UUID, data: bytes, deadline_s: float | None
    ) -> None:
        """Append one event."""
        self._append(append_requests(stream, event_id, data), deadline_s)

    def verdict(self, error: Exception) -> str:
        """Ask the library what became of the append."""
        unknown = kurrent_conn.outcome(error) is kurrent_conn.Outcome.UNKNOWN
        return UNKNOWN if unknown else NOT_EXECUTED

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    def steady_unary(self, order: Order) -> Answer:
        """Compare a unary call through the facade with the same by plain grpcio."""
        raw = RawTarget.from_order(order)
        with (
            kurrent_conn.connect(order["target"]) as connection,
            raw.channel() as one,
            raw.channel() as two,
        ):
            read, again, ours = map(gossip_of, (one, two, connection.channel))
            samples = in_turn(
                {
                    "raw": lambda: read(READ_REQUEST, DEADLINE_S, HEADERS),
                    "floor": lambda: again(READ_REQUEST, DEADLINE_S, HEADERS),
                    "library": lambda: ours(READ_REQUEST, DEADLINE_S),
                },
                rounds=order["rounds"],
                calls=order["calls"],
            )
        return dict(samples)

    def own_code(self, order: Order) -> Answer:
        """Time the facade alone, over inner calls that do nothing."""
        with kurrent_conn.connect(order["target"]) as connection:
            return dict(per_call_us(connection))


def main() -> None:
    """Serve until the parent closes the pipe."""
    ours = OurBlocking()
    BlockingDriver(ours).serve(
        {"steady_unary": ours.steady_unary, "own_code": ours.own_code}
    )


if __name__ == "__main__":
    main()
