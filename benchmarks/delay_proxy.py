"""A process that puts a round trip between clients and nodes.

Every byte is passed on half a round trip late, in both directions. The system takes
connections at once, so the first bytes of each wait one round trip more: that of the
TCP handshake. Threads, because sleeping is precise to 0.1 ms and an event loop's timers
to 1 ms.
"""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from benchmarks.driver import ROOT

_CHUNK = 65536


class Fronts:
    """Listening sockets whose ports are known before what is behind them.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self._listeners = [
            socket.create_server(("127.0.0.1", 0), backlog=128) for _ in range(count)
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoints(self) -> list[str]:
        """Where clients connect, `host:port` of each."""
        return ["{}:{}".format(*listener.getsockname()) for listener in self._listeners]

    def start(self, ports: Sequence[int], round_trip_s: float) -> None:
        """Start the process that passes bytes on.

        Args:
            ports: What is behind each front.
            round_trip_s: Between the two, in seconds.
        """
        descriptors = [listener.fileno() for listener in self._listeners]
        pairs = [
            f"{descriptor}:{port}"
            for descriptor, port in zip(descriptors, ports, strict=True)
        ]
        self._process = subprocess.Popen(  # noqa: S603 - this very module
            [sys.executable, "-m", "benchmarks.delay_proxy", str(round_trip_s), *pairs],
            pass_fds=descriptors,
            cwd=ROOT,
        )

    def __enter__(self) -> Self:
        """Give the fronts themselves."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process and close the ports."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for listener in self._listeners:
            listener.close()


def _serve(listener: socket.socket, port: int, round_trip_s: float) -> None:
    while True:
        client, _ = listener.accept()
        node = socket.create_connection(("127.0.0.1", port))
        opened_at = time.monotonic() + round_trip_s
        for source, sink in ((client, node), (node, client)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _pass_on(source, sink, opened_at, round_trip_s / 2)


def _pass_on(
    source: socket.socket, sink: socket.socket, opened_at: float, delay_s: float
) -> None:
    waiting: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

    def receive() -> None:
        data = b"first"
        while data:
            try:
                data = source.recv(_CHUNK)
            except OSError:
                data = b""
            waiting.put((max(time.monotonic(), opened_at) + delay_s, data))

    def send() -> None:
        with suppress(OSError):
            while True:
                due, data = waiting.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    break
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    for job in (receive, send):
        threading.Thread(target=job, daemon=True).start()


def main() -> None:
    """Pass bytes on until killed; arguments are `round_trip_s descriptor:port ...`."""
    round_trip_s = float(sys.argv[1])
    threads = []
    for pair in sys.argv[2:]:
        descriptor, _, port = pair.partition(":")
        listener = socket.socket(fileno=int(descriptor))
        job = threading.Thread(target=_serve, args=(listener, int(port), round_trip_s))
        job.start()
        threads.append(job)
    for job in threads:
        job.join()


if __name__ == "__main__":
    main()
