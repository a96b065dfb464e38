"""A small shop's order desk: it confirms an order once it is in the stream.

Two clerks. `CarelessDesk` has the bug that most code has that was only ever tried
against a healthy server: it takes UNAVAILABLE for something that mends itself.
`CarefulDesk` asks what became of the order. `test_orders.py` tells them apart.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self
from uuid import NAMESPACE_URL, UUID, uuid5

import grpc

import kurrent_conn
from kurrent_conn import Outcome, outcome
from kurrent_conn.testing.stream_client import StreamClient  # or any generated stub

STREAM = "orders"
DEADLINE_S = 10.0


class OrderDesk:
    """What both clerks share.

    Args:
        connection_string: Of the cluster.
    """

    def __init__(self, connection_string: str) -> None:
        self._connection = kurrent_conn.connect(connection_string)
        self._streams = StreamClient(self._connection.channel)
        self.confirmed: list[str] = []

    def place(self, order: str) -> None:
        """Take an order; it is confirmed when this returns."""
        raise NotImplementedError

    def on_record(self) -> list[str]:
        """Read all orders that are in the stream."""
        return [recorded.data.decode() for recorded in self._streams.read(STREAM)]

    def _append(self, order: str) -> None:
        self._streams.append(STREAM, id_of(order), order.encode(), DEADLINE_S)

    def __enter__(self) -> Self:
        """Open the desk."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self._connection.close()


class CarelessDesk(OrderDesk):
    """Confirms an order even if nobody can say whether it was recorded."""

    def place(self, order: str) -> None:
        """Take an order."""
        try:
            self._append(order)
        except grpc.RpcError as error:
            # THE BUG: "the client reconnects by itself, so all is well". It does
            # reconnect; the order that was in flight is gone.
            if not is_unavailable(error):
                raise
        self.confirmed.append(order)


class CarefulDesk(OrderDesk):
    """Repeats an order of unknown outcome under the same id: the server knows it."""

    def place(self, order: str) -> None:
        """Take an order."""
        while True:
            try:
                self._append(order)
            except grpc.RpcError as error:
                if not is_unavailable(error) or outcome(error) is not Outcome.UNKNOWN:
                    raise
            else:
                break
        self.confirmed.append(order)


def is_unavailable(error: grpc.RpcError) -> bool:
    """Whether the node, or the way to it, was gone."""
    is_call = isinstance(error, grpc.Call)
    return is_call and error.code() is grpc.StatusCode.UNAVAILABLE


def id_of(order: str) -> UUID:
    """Make the event's id of the order, so that a repeated order is the same event."""
    return uuid5(NAMESPACE_URL, f"https://shop.example/orders/{order}")
