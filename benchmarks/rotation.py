"""Calls at a steady rate while CA, server certificates and our own are rotated.

`python -m benchmarks.rotation [--rate 1000] [--rotations 3] [--front blocking|asyncio]`
from the root of a checkout. Three nodes, each a process, that demand client
certificates. A rotation is what trust-manager and cert-manager do, files swapped as the
kubelet swaps them:

    1. the CA file holds the old CA and the new; a new client certificate with a new key
    2. every node presents a certificate of the new CA
    3. the CA file holds the new CA alone

Ends with 1 when a call failed, or when the rate was not held.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final

import grpc

import kurrent_conn
from kurrent_conn import aio
from kurrent_conn.core.notice import FileTaken, Notice
from kurrent_conn.testing import CertificateAuthority, SimulatedCluster

METHOD: Final = "/event_store.client.server_features.ServerFeatures/GetSupportedMethods"
CALLERS: Final = 8
PATIENCE_S: Final = 30.0
HELD: Final = 0.95
"""So much of the rate has to be held: the rest is the start and the end."""


@dataclass(slots=True)
class Account:
    """What became of the calls.

    Args:
        answered: How many were answered.
        failed: How many failed, by their error.
        slowest_s: The slowest, in seconds.
        took_s: From the first call to the last, in seconds.
        rotations: How many rotations they lived through.
    """

    answered: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    took_s: float = 0.0
    rotations: int = 0

    @property
    def rate(self) -> float:
        """Calls a second, answered ones."""
        return self.answered / self.took_s if self.took_s else 0.0

    def count(self, began_at: float, error: Exception | None) -> None:
        """Add a call that is over."""
        self.slowest_s = max(self.slowest_s, monotonic() - began_at)
        if error is None:
            self.answered += 1
        else:
            self.failed[f"{type(error).__name__}: {error}"] += 1


class Mount:
    """A mounted ConfigMap or Secret: all its files change at once, by a symlink.

    Args:
        directory: Where it is mounted; must not exist.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._generation = 0
        directory.mkdir()

    def put(self, files: dict[str, bytes]) -> None:
        """Replace the content.

        Args:
            files: Every file by its name; the names stay the same.
        """
        self._generation += 1
        generation = self._directory / f"..{self._generation}"
        generation.mkdir()
        for name, content in files.items():
            (generation / name).write_bytes(content)
        fresh = self._directory / "..fresh"
        fresh.symlink_to(generation.name)
        fresh.replace(self._directory / "..data")
        for name in files:
            if not (self._directory / name).is_symlink():
                (self._directory / name).symlink_to(Path("..data") / name)


class Files:
    """The trust and the client certificate of one application, and their rotation.

    Args:
        cluster: Whose nodes present certificates; its authority signs the client's.
        directory: Where the files are mounted.
    """

    def __init__(self, cluster: SimulatedCluster, directory: Path) -> None:
        self._cluster = cluster
        self._current = cluster.authority
        self._taken = threading.Semaphore(0)
        self._trust = Mount(directory / "trust")
        self._identity = Mount(directory / "identity")
        self._put(self._current)
        self._renew_identity()
        self.connection_string = cluster.connection_string(
            tlsCaFile=directory / "trust" / "ca.crt",
            userCertFile=directory / "identity" / "tls.crt",
            userKeyFile=directory / "identity" / "tls.key",
        )

    def on_event(self, notice: Notice) -> None:
        """Hear that changed files are in force."""
        if isinstance(notice, FileTaken):
            self._taken.release()

    def rotate(self, number: int) -> None:
        """Rotate everything once.

        Args:
            number: Counts the rotations; names the new CA.
        """
        old, new = self._current, CertificateAuthority.create(f"CA number {number}")
        self._renew_identity()
        self._put(old, new)
        self._await_taken()
        for node in self._cluster.nodes:
            node.present(new.issue(["127.0.0.1", "localhost"]))
        self._put(new)
        self._await_taken()
        self._current = new

    def _put(self, *authorities: CertificateAuthority) -> None:
        content = b"".join(each.certificate_pem for each in authorities)
        self._trust.put({"ca.crt": content})

    def _renew_identity(self) -> None:
        pair = self._cluster.authority.issue(["the application"], usages=["client"])
        files = {"tls.crt": pair.certificate_pem, "tls.key": pair.key_pem}
        self._identity.put(files)

    def _await_taken(self) -> None:
        if not self._taken.acquire(timeout=PATIENCE_S):
            raise TimeoutError("changed files were not taken")


def measure_blocking(files: Files, rate: float, rotations: int) -> Account:
    """Call from threads while everything is rotated.

    Args:
        files: What is rotated.
        rate: Calls a second, all callers together.
        rotations: How many.
    """
    account, lock, over = Account(), threading.Lock(), threading.Event()

    def call_on(connection: kurrent_conn.Connection, number: int) -> None:
        method: Any = connection.channel.unary_unary(METHOD)
        due_at = monotonic() + number / rate
        while not over.wait(max(due_at - monotonic(), 0.0)):
            began_at, error = monotonic(), None
            try:
                method(b"", timeout=PATIENCE_S)
            except grpc.RpcError as failure:
                error = failure
            with lock:
                account.count(began_at, error)
            due_at += CALLERS / rate

    string = files.connection_string
    with kurrent_conn.connect(string, on_event=files.on_event) as connection:
        callers = [
            threading.Thread(target=call_on, args=(connection, number))
            for number in range(CALLERS)
        ]
        began_at = monotonic()
        for caller in callers:
            caller.start()
        try:
            for number in range(rotations):
                files.rotate(number)
                account.rotations += 1
        finally:
            over.set()
            for caller in callers:
                caller.join()
        account.took_s = monotonic() - began_at
    return account


async def measure_asyncio(files: Files, rate: float, rotations: int) -> Account:
    """Call from tasks while everything is rotated.

    Args:
        files: What is rotated.
        rate: Calls a second, all callers together.
        rotations: How many.
    """
    account, over = Account(), asyncio.Event()

    async def call_on(connection: aio.Connection, number: int) -> None:
        method: Any = connection.channel.unary_unary(METHOD)
        due_at = monotonic() + number / rate
        while not over.is_set():
            try:
                async with asyncio.timeout(max(due_at - monotonic(), 0.0)):
                    await over.wait()
            except TimeoutError:
                pass
            began_at, error = monotonic(), None
            try:
                await method(b"", timeout=PATIENCE_S)
            except grpc.RpcError as failure:
                error = failure
            account.count(began_at, error)
            due_at += CALLERS / rate

    string = files.connection_string
    async with aio.connect(string, on_event=files.on_event) as connection:
        began_at = monotonic()
        try:
            async with asyncio.TaskGroup() as callers:
                for number in range(CALLERS):
                    callers.create_task(call_on(connection, number))
                for number in range(rotations):
                    await asyncio.to_thread(files.rotate, number)
                    account.rotations += 1
                over.set()
        finally:
            over.set()
        account.took_s = monotonic() - began_at
    return account


def measure(front: str, rate: float, rotations: int, **cluster: Any) -> Account:
    """Start a cluster, and measure one front end on it.

    Args:
        front: `blocking` or `asyncio`.
        rate: Calls a second.
        rotations: How many.
        cluster: Further arguments of `SimulatedCluster`.
    """
    with (
        SimulatedCluster(client_certificates="required", **cluster) as running,
        TemporaryDirectory() as directory,
    ):
        files = Files(running, Path(directory))
        if front == "blocking":
            return measure_blocking(files, rate, rotations)
        return asyncio.run(measure_asyncio(files, rate, rotations))


def show(front: str, rate: float, account: Account) -> bool:
    """Print the figures; tell whether they are as they should be."""
    print(f"{front}: {account.rotations} rotations in {account.took_s:.1f} s")
    print(f"  calls answered    {account.answered:8,}")
    print(f"  calls a second    {account.rate:8,.0f}  (asked for: {rate:,.0f})")
    print(f"  calls failed      {sum(account.failed.values()):8,}")
    print(f"  the slowest       {account.slowest_s * 1e3:8,.0f} ms")
    for error, count in account.failed.most_common(5):
        print(f"    {count} x {error}")
    return not account.failed and account.rate >= HELD * rate


def main(arguments: list[str] | None = None) -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--rotations", type=int, default=3)
    parser.add_argument("--front", choices=["blocking", "asyncio"], action="append")
    given = parser.parse_args(arguments)
    fronts: list[str] = given.front or ["blocking", "asyncio"]
    rate, rotations = given.rate, given.rotations
    results = [
        show(front, rate, measure(front, rate, rotations, isolation="process"))
        for front in fronts
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
