"""A small cluster of real grpc servers: gossip, not-leader answers, and echoes.

Enough for the shells' own tests; whatever needs a cluster that behaves like KurrentDB
uses `kurrent_conn.testing`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from types import TracebackType
from typing import Any, Final, Self

import grpc

from kurrent_conn import Endpoint, Member, NodeState
from kurrent_conn.wire.gossip import READ_METHOD, encode_cluster_info
from kurrent_conn.wire.not_leader import V1_DETAILS, encode_v1
from tests.shells.authority import Issued

ECHO: Final = "/test.Echo/"
"""`<kind>` gives what it got, each message behind the index of the node.

A message `fail` ends the call with INVALID_ARGUMENT, `lost` as if the connection had
died; `hold` waits for `release`.
"""

READ_ONLY: Final = "/event_store.client.streams.Streams/Read"
"""A method that changes nothing; here it echoes as `unary_stream` does."""

KINDS: Final = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
WAIT_S: Final = 10.0
"""Longer than anything here takes: what waits so long hangs."""


def served(leaf: Issued, chain: tuple[Issued, ...] = ()) -> grpc.ServerCredentials:
    """Make a server's credentials that present a chain."""
    sent = b"".join(each.pem for each in chain or leaf.chain)
    return grpc.ssl_server_credentials([(leaf.key_pem, sent)])


class FakeNode:
    """One server; every call of a kind goes through `serve`.

    Args:
        cluster: Whose node it is.
        index: Its place in the cluster.
    """

    def __init__(self, cluster: FakeCluster, index: int) -> None:
        self._cluster = cluster
        self._index = index
        self.is_alive = True
        self.not_ready = 0
        """How many calls are still told `Server Is Not Ready`."""
        self.lost = 0
        """How many calls still end as if the connection had died."""
        self.is_deaf = False
        """Whether gossip reads stay unanswered until `release`."""
        self.calls: list[dict[str, str | bytes]] = []
        """The metadata of every echo call that came in, refused ones included."""
        self.received: list[bytes] = []
        """Every request message that came in."""
        self.gossip_reads = 0
        self.ended = threading.Semaphore(0)
        """Released whenever a call that was served is over, however it ended."""
        self._workers = futures.ThreadPoolExecutor(16)
        self._server, self.port = self._start(0)

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens, and what it advertises."""
        return Endpoint("127.0.0.1", self.port)

    def kill(self) -> None:
        """End it and every call on it; nobody is elected."""
        self.is_alive = False
        self._server.stop(None).wait(WAIT_S)

    def restart(self) -> None:
        """Serve again on the same port."""
        self._server, _ = self._start(self.port)
        self.is_alive = True

    def close(self) -> None:
        """End it for good, threads included."""
        self.kill()
        self._workers.shutdown()

    def _start(self, port: int) -> tuple[grpc.Server, int]:
        # so_reuseport off: a port that is taken is an error, no other test's server.
        server = grpc.server(self._workers, options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers((_Methods(self),))
        address, tls = f"127.0.0.1:{port}", self._cluster.credentials
        bound = (
            server.add_insecure_port(address)
            if tls is None
            else server.add_secure_port(address, tls)
        )
        server.start()
        return server, bound

    def gossip(self, context: Any) -> bytes:
        """Answer a gossip read."""
        self.gossip_reads += 1
        asked_by = dict(context.invocation_metadata())
        if self._cluster.demands_credentials and "authorization" not in asked_by:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
        if self.is_deaf:
            self._cluster.release.wait(WAIT_S)
        return self._cluster.gossip()

    def serve(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        """Echo the requests, or refuse."""
        context.add_callback(self.ended.release)
        metadata = dict(context.invocation_metadata())
        self.calls.append(metadata)
        self._refuse(metadata, context)
        yield from self._echo(requests, context)

    def _echo(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        for request in requests:
            self.received.append(request)
            if request == b"fail":
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "asked to fail")
            if request == b"lost":
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
            if request == b"hold":
                self._cluster.held.release()
                self._cluster.release.wait(WAIT_S)
            yield b"%d:%s" % (self._index, request)

    def _refuse(self, metadata: dict[str, str | bytes], context: Any) -> None:
        leader, outsider = self._cluster.leader, self._cluster.outsider
        if self.not_ready > 0:
            self.not_ready -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "Server Is Not Ready")
        if self.lost > 0:
            self.lost -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        if metadata.get("requires-leader") != "true" or leader == self._index:
            return
        if leader is not None:
            outsider = self._cluster.nodes[leader].endpoint
        if outsider is None:
            context.abort(grpc.StatusCode.UNAVAILABLE, "No leader info available")
        else:
            context.set_trailing_metadata(encode_v1(outsider))
            context.abort(grpc.StatusCode.NOT_FOUND, V1_DETAILS)


class _Methods(grpc.GenericRpcHandler):
    def __init__(self, node: FakeNode) -> None:
        self._node = node

    def service(self, handler_call_details: Any) -> Any:
        method: str = handler_call_details.method
        if method == READ_METHOD:
            return grpc.unary_unary_rpc_method_handler(self._gossip)
        kind = method.rpartition("/")[2] if method != READ_ONLY else "unary_stream"
        make: Callable[..., Any] = getattr(grpc, f"{kind}_rpc_method_handler")
        return make(getattr(self, kind))

    def _gossip(self, _: bytes, context: Any) -> bytes:
        return self._node.gossip(context)

    def unary_unary(self, request: bytes, context: Any) -> bytes:
        return b",".join(self._node.serve(iter((request,)), context))

    def unary_stream(self, request: bytes, context: Any) -> Iterator[bytes]:
        return self._node.serve(iter(request.split(b",")), context)

    def stream_unary(self, requests: Iterator[bytes], context: Any) -> bytes:
        return b",".join(self._node.serve(requests, context))

    def stream_stream(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        return self._node.serve(requests, context)


class FakeCluster:
    """Three nodes, the first of which leads.

    Args:
        size: How many nodes.
        credentials: What the nodes present; None serves plaintext.
    """

    def __init__(
        self, size: int = 3, credentials: grpc.ServerCredentials | None = None
    ) -> None:
        self.credentials = credentials
        self.leader: int | None = 0
        self.outsider: Endpoint | None = None
        """Who leads when none of the nodes does: gossip and redirects name it."""
        self.lists_outsider = True
        self.demands_credentials = False
        """Whether gossip is denied to whoever sends none."""
        self.garbage: bytes | None = None
        """What is answered in the place of gossip."""
        self.release = threading.Event()
        """Set: calls with a message `hold` go on."""
        self.held = threading.Semaphore(0)
        """Released once a message `hold` that came in."""
        self.nodes = [FakeNode(self, index) for index in range(size)]

    def gossip(self) -> bytes:
        """Say who is there."""
        if self.garbage is not None:
            return self.garbage
        members = [
            Member(
                node.endpoint,
                NodeState.LEADER if index == self.leader else NodeState.FOLLOWER,
                node.is_alive,
            )
            for index, node in enumerate(self.nodes)
        ]
        if self.outsider is not None and self.lists_outsider:
            members.append(Member(self.outsider, NodeState.LEADER, is_alive=True))
        return encode_cluster_info(members)

    def uri(self, *indices: int, **options: object) -> str:
        """Write a connection string.

        Args:
            indices: Of the nodes to name; all when there are none.
            options: Of the connection string.
        """
        nodes = [self.nodes[i] for i in indices] or self.nodes
        hosts = ",".join(str(node.endpoint) for node in nodes)
        given = {"tls": "false", **options}
        query = "&".join(f"{key}={value}" for key, value in given.items())
        return f"kurrentdb://{hosts}?{query}"

    def elect(self, index: int | None) -> None:
        """Let a node lead, or nobody."""
        self.leader = index

    def close(self) -> None:
        """Let every call go on, and end the servers."""
        self.release.set()
        for node in self.nodes:
            node.close()

    def __enter__(self) -> Self:
        """Give the cluster itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
