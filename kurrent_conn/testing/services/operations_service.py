"""What an operator can ask of a node: to resign, and to shut down."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import grpc

from kurrent_conn.testing.services.node_context import Errand, NodeContext
from kurrent_conn.testing.services.service import Call, guarded, unary

PATH: Final = "/event_store.client.operations.Operations/"


def operations_handlers(
    node: NodeContext,
) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    """Make the methods of the service, by path; the others are UNIMPLEMENTED.

    A node that is not the leader takes ResignNode and does nothing.

    Args:
        node: The node that answers.

    Source: server, `Protos/Grpc/operations.proto`.
    """

    def method(errand: Errand) -> grpc.RpcMethodHandler[Any, Any]:
        handler = partial(_pass_on, node, errand)
        return unary(guarded(node, handler, allow_anonymous=False))

    return {
        PATH + "ResignNode": method(Errand.RESIGN),
        PATH + "Shutdown": method(Errand.SHUT_DOWN),
    }


async def _pass_on(node: NodeContext, errand: Errand, _: bytes, __: Call) -> bytes:
    node.request(errand)
    return b""
