"""Drives the official-style Python client, `kurrentdbclient`, with its defaults."""

from __future__ import annotations

from uuid import UUID

from kurrentdbclient import KurrentDBClient, NewEvent, StreamState

from benchmarks.blocking_driver import BlockingDriver
from benchmarks.call_record import UNSAID


class Official:
    """The client, used as its documentation says."""

    def __init__(self) -> None:
        self._client: KurrentDBClient | None = None

    def connect(self, target: str) -> None:
        """Connect: it discovers the cluster in its constructor."""
        self._client = KurrentDBClient(target)

    def append(
        self, stream: str, event_id: UUID, data: bytes, deadline_s: float | None
    ) -> None:
        """Append one event."""
        assert self._client is not None
        event = NewEvent(
            type="counted",
            data=data,
            id=event_id,
            content_type="application/octet-stream",
        )
        self._client.append_to_stream(
            stream, current_version=StreamState.ANY, events=event, timeout=deadline_s
        )

    def verdict(self, _: Exception) -> str:
        """Its errors do not say what became of the append."""
        return UNSAID

    def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            self._client.close()


if __name__ == "__main__":
    BlockingDriver(Official()).serve({})
