"""The control endpoint: faults by HTTP and JSON, for test suites in any language.

Documented in `docs/cluster-control.md` and at `GET /`. Listens on 127.0.0.1 alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlsplit

from kurrent_conn.testing.fault import Elect
from kurrent_conn.testing.faults.fault_name import (
    ALIASES,
    FAULTS,
    UnknownFault,
    fault_class,
    fault_named,
    usage,
)
from kurrent_conn.testing.stages.reserved_port import LOOPBACK
from kurrent_conn.testing.watched_cluster import WatchedCluster

_LARGEST_BYTES: Final = 1 << 20
_RESTORE: Final = "restore"
_STOP: Final = "stop"

Json = dict[str, Any]


class ControlServer:
    """Serves one cluster, in threads of its own, until it is closed.

    Args:
        cluster: Started.
        port: Where on 127.0.0.1; 0 lets the system choose.
        stop: Called when somebody asks for the end of the cluster.

    Raises:
        OSError: The port is taken.
    """

    def __init__(
        self, cluster: WatchedCluster, port: int, stop: Callable[[], object]
    ) -> None:
        order = _Order(cluster, stop)
        handler = type("Handler", (_Handler,), {"order": order})
        self._server = ThreadingHTTPServer((LOOPBACK, port), handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="cluster control"
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def close(self) -> None:
        """End it; answers that were begun are finished."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        """Give the server itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def describe(cluster: WatchedCluster) -> Json:
    """Say what a cluster is now, as JSON has it.

    Args:
        cluster: Started.
    """
    leader = cluster.leader
    return {
        "leader": None if leader is None else leader.index,
        "nodes": [
            {
                "index": node.index,
                "endpoint": str(node.endpoint),
                "advertised": str(node.advertised),
                "state": node.state.name,
                "is_alive": node.is_alive,
                "is_frozen": node.is_frozen,
                "is_read_only": node.is_read_only,
                "pid": node.pid,
            }
            for node in cluster.nodes
        ],
    }


def connection(cluster: WatchedCluster) -> Json:
    """Say how to connect to a cluster.

    Args:
        cluster: Started.
    """
    ca_file = cluster.ca_file
    return {
        "connection_string": cluster.connection_string(),
        "ca_file": None if ca_file is None else str(ca_file),
    }


def manual() -> Json:
    """Describe the endpoint itself."""
    return {
        "GET /": "this",
        "GET /connection": "the connection string and the CA file",
        "GET /nodes": "every node, and the index of the leader",
        "GET /events?since=N": "what happened, from number N on",
        "POST /<fault>": "let it happen; arguments as a JSON object or in the query",
        f"POST /{_RESTORE}": "all nodes run and behave, node 0 leads",
        f"POST /{_STOP}": "end the cluster",
        "faults": [usage(name) for name in FAULTS],
        "other names": {alias: name for alias, (name, _) in ALIASES.items()},
    }


class _Order:
    """Carries out what was posted."""

    def __init__(self, cluster: WatchedCluster, stop: Callable[[], object]) -> None:
        self.cluster = cluster
        self._stop = stop

    def carry_out(self, name: str, arguments: Mapping[str, Any]) -> None:
        if name == _RESTORE:
            self.cluster.restore()
        elif name == _STOP:
            # Whoever ends the cluster waits for this answer first.
            self._stop()
        else:
            self._fault(name, dict(arguments))

    def _fault(self, name: str, arguments: Json) -> None:
        later_s = 0.0
        at_call = arguments.pop("at_call", None)
        if fault_class(name) is not Elect and "after_s" in arguments:
            later_s = float(arguments.pop("after_s"))
        advertised = [node.advertised for node in self.cluster.nodes]
        fault = fault_named(name, arguments, advertised)
        if isinstance(fault, Elect) and at_call is None:
            self.cluster.elect(fault.node, fault.after_s)
        else:
            self.cluster.apply(fault, later_s, at_call=at_call)


class _Handler(BaseHTTPRequestHandler):
    order: _Order
    protocol_version = "HTTP/1.1"
    timeout = 5.0

    def do_GET(self) -> None:
        self.close_connection = True
        if not self._is_local():
            return
        where = urlsplit(self.path)
        query = dict(parse_qsl(where.query))
        match where.path:
            case "/":
                self._answer(manual())
            case "/nodes":
                self._answer(describe(self.order.cluster))
            case "/connection":
                self._answer(connection(self.order.cluster))
            case "/events":
                self._events(query.get("since", "0"))
            case _:
                self._refuse(HTTPStatus.NOT_FOUND, f"there is no {where.path}")

    def do_POST(self) -> None:
        self.close_connection = True
        if not self._is_local():
            return
        where = urlsplit(self.path)
        name = where.path.removeprefix("/")
        try:
            arguments = {**dict(parse_qsl(where.query)), **self._body()}
            self.order.carry_out(name, arguments)
            self._answer(describe(self.order.cluster))
        except UnknownFault as error:
            is_name = name.replace("_", "-").lower() not in {*FAULTS, *ALIASES}
            status = HTTPStatus.NOT_FOUND if is_name else HTTPStatus.BAD_REQUEST
            self._refuse(status, str(error))
        except _BadBody as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            # The fault is known; the cluster cannot do it as it stands.
            self._refuse(HTTPStatus.CONFLICT, str(error))

    def _events(self, since: str) -> None:
        if not since.isdecimal():
            reason = f"since is a number, not {since!r}"
            self._refuse(HTTPStatus.BAD_REQUEST, reason)
            return
        found = self.order.cluster.chronicle.entries(int(since))
        self._answer(
            {
                "events": [
                    {
                        "number": entry.number,
                        "at_s": round(entry.at_s, 4),
                        "node": entry.node,
                        "text": entry.text,
                    }
                    for entry in found
                ],
                "next": found[-1].number + 1 if found else int(since),
            }
        )

    def _body(self) -> Json:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _LARGEST_BYTES:
            raise _BadBody("the body's length is missing or too large")
        text = self.rfile.read(int(length))
        try:
            found = json.loads(text) if text.strip() else {}
        except ValueError as error:
            raise _BadBody(f"the body is no JSON: {error}") from None
        if not isinstance(found, dict):
            raise _BadBody("the body is no JSON object")
        return found

    def _is_local(self) -> bool:
        """Refuse what a web page sent: any page may post to a port of this machine."""
        host = (self.headers.get("Host") or LOOPBACK).rpartition(":")[0]
        if self.headers.get("Origin") or host not in {"", LOOPBACK, "localhost"}:
            self._refuse(HTTPStatus.FORBIDDEN, "this is not for web pages")
            return False
        return True

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self._answer({"error": reason}, status)

    def _answer(self, value: Json, status: HTTPStatus = HTTPStatus.OK) -> None:
        body = json.dumps(value, indent=2).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing: the chronicle has what matters."""


class _BadBody(Exception):
    """A request whose body cannot be read."""
