"""An application of somebody's, in a process of its own: orders in, outcomes out.

    {"order": "connect", "target": ..., "overrides": ..., "options": {...}}
    {"order": "append", "stream": ..., "size": ...}
    {"order": "read", "stream": ...}
    {"order": "state"}

An outcome is `{"gave": ...}` or `{"failed": {"type": ..., "message": ..., "findings":
[...]}}`, a line each.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

import grpc

import kurrent_conn
from kurrent_conn.core.notice import NodeOpened
from kurrent_conn.core.report import OpenedNode
from raw_call import append, proposed, read

# How long an event may be on its way.
TOLD_S = 10.0


class Application:
    """One connection, and what is done with it."""

    def __init__(self) -> None:
        self._connection: kurrent_conn.Connection | None = None
        self._opened: list[dict[str, str]] = []
        self._told = threading.Condition()

    def connect(self, target: str, overrides: Any, options: dict[str, Any]) -> Any:
        """Connect, or connect anew."""
        self.close()
        self._connection = kurrent_conn.connect(
            target, overrides=overrides, on_event=self._note, **options
        )
        return self.state()

    def append(self, stream: str, size: int) -> int:
        """Append one event of so many bytes; give its revision.

        A call that was on its way when its node died ends as unknown: it is repeated
        as it was, and the server knows the event by its id.
        """
        event = proposed(b"x" * size)
        try:
            answer = append(self._channel, stream, event, metadata=())
        except grpc.RpcError as error:
            if kurrent_conn.outcome(error) is not kurrent_conn.Outcome.UNKNOWN:
                raise
            answer = append(self._channel, stream, event, metadata=())
        return int(answer.success.current_revision)

    def read(self, stream: str) -> int:
        """Count the events of a stream."""
        return len(read(self._channel, stream, metadata=()))

    def state(self) -> Any:
        """Say who leads and by which routes nodes were opened, in order of time.

        Events come on the connection's own thread: the last may be on its way yet.
        """
        assert self._connection is not None
        with self._told:
            self._told.wait_for(self._is_told, TOLD_S)
        leader = self._connection.topology.leader
        return {"leader": leader and str(leader), "opened": self._opened}

    def _is_told(self) -> bool:
        assert self._connection is not None
        now = [_where(each) for each in self._connection.diagnostics().opened]
        return not now or self._opened[-1:] == now

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._opened = []

    @property
    def _channel(self) -> Any:
        assert self._connection is not None
        return self._connection.channel

    def _note(self, notice: object) -> None:
        if isinstance(notice, NodeOpened):
            with self._told:
                self._opened.append(_where(notice))
                self._told.notify_all()


def _where(opened: NodeOpened | OpenedNode) -> dict[str, str]:
    return {"node": opened.advertised.host, "dial": opened.route.dial.host}


def outcome_of(application: Application, order: dict[str, Any]) -> dict[str, Any]:
    """Do what an order says."""
    try:
        return {"gave": getattr(application, order.pop("order"))(**order)}
    except Exception as error:  # noqa: BLE001 - the test judges it
        findings = [finding.kind for finding in getattr(error, "findings", ())]
        kind, message = type(error).__name__, str(error)
        return {"failed": {"type": kind, "message": message, "findings": findings}}


def main() -> None:
    """Obey until there are no more orders."""
    application = Application()
    for line in sys.stdin:
        outcome = outcome_of(application, json.loads(line))
        sys.stdout.write(json.dumps(outcome) + "\n")
        sys.stdout.flush()
    application.close()


if __name__ == "__main__":
    main()
