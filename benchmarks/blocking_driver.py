"""The orders that every blocking driver carries out, whatever client it holds."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from benchmarks.paired import in_turn
from benchmarks.protocol import Answer, Handler, Order, serve
from benchmarks.raw import DATA, DEADLINE_S, HEADERS, RawTarget, append_of, new_event
from benchmarks.writers import Client, Writers, timed_ms


class BlockingDriver:
    """Carries orders out with one client.

    Args:
        client: What is measured.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._writers: Writers | None = None

    def serve(self, more: Mapping[str, Handler]) -> None:
        """Carry out orders until the parent closes the pipe.

        Args:
            more: Orders of this client alone.
        """
        serve(
            {
                "connect": self._connect,
                "close": self._close,
                "work": self._work,
                "await": lambda order: self._working().await_success(order),
                "stop": lambda order: self._working().stop(order),
                "connect_and_append": self._connect_and_append,
                "first_connect": self._first_connect,
                "steady": self._steady,
                **more,
            }
        )

    def _connect(self, order: Order) -> Answer:
        return {"ms": timed_ms(lambda: self._client.connect(order["target"]))}

    def _close(self, _: Order) -> Answer:
        self._client.close()
        return {}

    def _work(self, order: Order) -> Answer:
        self._writers = Writers(self._client, order)
        return {}

    def _working(self) -> Writers:
        if self._writers is None:
            raise RuntimeError("nobody works here")
        return self._writers

    def _connect_and_append(self, order: Order) -> Answer:
        """Connect, append once and close: the first two are timed."""
        client, deadline_s = self._client, order["deadline_s"]
        try:
            elapsed_ms = timed_ms(
                lambda: client.connect(order["target"]),
                lambda: client.append("first", uuid4(), DATA, deadline_s),
            )
        finally:
            client.close()
        return {"ms": elapsed_ms}

    def _first_connect(self, order: Order) -> Answer:
        """Compare connecting with one cold call of plain grpcio."""
        raw = RawTarget.from_order(order)
        closed: list[float] = []

        def library() -> None:
            self._client.connect(order["target"])

        samples: dict[str, list[float]] = {"raw": [], "library": []}
        for _ in range(order["rounds"]):
            # Closing is no part of connecting; it waits for threads.
            for name, ms in in_turn(
                {"raw": raw.cold_gossip, "library": library}, rounds=1
            ).items():
                samples[name] += ms
            closed.append(timed_ms(self._client.close))
        return {**samples, "closed": closed}

    def _steady(self, order: Order) -> Answer:
        """Compare appends through the client with the same by plain grpcio."""
        self._client.connect(order["target"])
        raw = RawTarget.from_order(order)
        with raw.channel() as channel, raw.channel() as other:
            append, again = append_of(channel), append_of(other)
            stream, headers = order["stream"], HEADERS
            samples = in_turn(
                {
                    "raw": lambda: append(new_event(stream), DEADLINE_S, headers),
                    "floor": lambda: again(new_event(stream), DEADLINE_S, headers),
                    "library": lambda: self._client.append(
                        stream, uuid4(), DATA, DEADLINE_S
                    ),
                },
                rounds=order["rounds"],
                calls=order["calls"],
            )
        self._client.close()
        return dict(samples)
