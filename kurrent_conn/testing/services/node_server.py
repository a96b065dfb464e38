"""The gRPC server of one node: its services on one address, with or without TLS.

Runs in whatever event loop starts it. One loop carries hundreds of subscriptions for
the price of a task each, which a pool of threads would not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import grpc
import grpc.aio

from kurrent_conn.testing.certificates import KeyPair
from kurrent_conn.testing.services.gossip_service import gossip_handlers
from kurrent_conn.testing.services.node_context import NodeContext
from kurrent_conn.testing.services.operations_service import operations_handlers
from kurrent_conn.testing.services.persistent_service import persistent_handlers
from kurrent_conn.testing.services.server_version import has_service
from kurrent_conn.testing.services.streams_service import streams_handlers
from kurrent_conn.testing.services.v2_streams_service import v2_streams_handlers

MAX_STREAMS: Final = 100
"""Calls at once on one connection. Source: server, Kestrel's default is in force."""

_MAX_MESSAGE_BYTES: Final = 17 * 1024 * 1024


class NodeServer:
    """A server that can be started once and stopped once.

    Args:
        node: What it serves.
        max_streams: Calls at once on one connection; more wait in the client.
        client_ca_pem: Who has no certificate of this CA is refused; None asks nobody
            for one.
    """

    def __init__(
        self,
        node: NodeContext,
        max_streams: int = MAX_STREAMS,
        client_ca_pem: bytes | None = None,
    ) -> None:
        self._client_ca_pem = client_ca_pem
        self._fresh: KeyPair | None = None
        self._server: grpc.aio.Server | None = None
        self._options = _options(max_streams)
        handlers = {
            **gossip_handlers(node),
            **streams_handlers(node),
            **v2_streams_handlers(node),
            **operations_handlers(node),
            **persistent_handlers(node),
        }
        self._methods = _Methods(
            {
                path: handler
                for path, handler in handlers.items()
                if has_service(node.version, path.split("/")[1])
            }
        )

    async def start(
        self,
        address: str,
        certificate: KeyPair | None,
        plain_address: str | None = None,
    ) -> int:
        """Listen.

        Args:
            address: What grpc takes: `127.0.0.1:0`, `unix:/path`.
            certificate: What to present; None serves plaintext.
            plain_address: Where to serve plaintext beside; None for nowhere.

        Returns:
            The port, where the address has one.
        """
        server = self._server = grpc.aio.server(options=self._options)
        server.add_generic_rpc_handlers((self._methods,))
        if certificate is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, self._credentials(certificate))
        if plain_address is not None:
            server.add_insecure_port(plain_address)
        await server.start()
        return port

    def present(self, certificate: KeyPair) -> None:
        """Present another certificate from the next handshake on.

        Args:
            certificate: The new one.
        """
        self._fresh = certificate

    async def stop(self) -> None:
        """End every call and stop listening, at once."""
        server, self._server = self._server, None
        if server is not None:
            # grpc ends its poller thread with its last server, so none may linger in
            # a cycle through the credentials until the garbage collector comes by.
            await server.stop(None)

    def _credentials(self, certificate: KeyPair) -> grpc.ServerCredentials:
        return grpc.dynamic_ssl_server_credentials(
            self._configuration(certificate),
            self._replacement,
            require_client_authentication=self._client_ca_pem is not None,
        )

    def _replacement(self) -> Any:
        """Asked at every handshake; None keeps what is, which costs nothing."""
        fresh, self._fresh = self._fresh, None
        return None if fresh is None else self._configuration(fresh)

    def _configuration(self, certificate: KeyPair) -> Any:
        return grpc.ssl_server_certificate_configuration(
            [(certificate.key_pem, certificate.certificate_pem)],
            root_certificates=self._client_ca_pem,
        )


class _Methods(grpc.GenericRpcHandler):
    """Finds a handler by path; what is not there is UNIMPLEMENTED."""

    def __init__(self, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]) -> None:
        self._handlers = handlers

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        return self._handlers.get(handler_call_details.method)


def _options(max_streams: int) -> list[tuple[str, Any]]:
    return [
        # Clients may ping as often as they like: grpcio's server would answer the
        # third ping without data with GOAWAY, which KurrentDB never does.
        ("grpc.http2.max_ping_strikes", 0),
        ("grpc.http2.min_ping_interval_without_data_ms", 0),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.max_concurrent_streams", max_streams),
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", -1),
        # The port is reserved by the cluster; nobody else is to share it.
        ("grpc.so_reuseport", 0),
    ]
