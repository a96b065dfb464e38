"""How a connection begins: read what was given, then find a node."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Any

from kurrent_conn.core.expiry import WITHIN_S
from kurrent_conn.core.retry import RetryPolicy
from kurrent_conn.core.settings import Settings
from kurrent_conn.shells import fork
from kurrent_conn.shells.aio.connection import Connection, OnEvent
from kurrent_conn.shells.given import read_given
from kurrent_conn.shells.plan import OverridesLike


class Connecting:
    """A connection to come: await it, or enter it with `async with`; once.

    Args:
        make: Makes the connection, on the running loop.
        lazy: Whether to give it before a node is found.
    """

    def __init__(self, make: Callable[[], Connection], *, lazy: bool) -> None:
        self._make = make
        self._lazy = lazy
        self._connection: Connection | None = None

    def __await__(self) -> Generator[Any, None, Connection]:
        """Connect and give the connection."""
        return self._connect().__await__()

    async def __aenter__(self) -> Connection:
        """Connect and give the connection."""
        return await self._connect()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()

    async def _connect(self) -> Connection:
        if self._connection is not None:
            raise RuntimeError("connected already: call `connect` again for another")
        self._connection = connection = self._make()
        if not self._lazy:
            try:
                await connection.wait_until_ready()
            except BaseException:
                await connection.close()
                raise
        return connection


def connect(
    target: str | Settings,
    *,
    overrides: OverridesLike = None,
    timeout: float = 30.0,
    lazy: bool = False,
    follow: bool = True,
    trusted_names: Sequence[str] | None = None,
    allow_plaintext_credentials: bool = False,
    retry: RetryPolicy | None = None,
    on_event: OnEvent | None = None,
    expiry_warning_s: float = WITHIN_S,
) -> Connecting:
    """Connect to a cluster, or to one node.

    Await the result, or enter it with `async with`; the connection belongs to the loop
    on which that is done. What was given is read at once.

    Args:
        target: A connection string or `Settings`.
        overrides: How advertised endpoints are reached from here: `Overrides`, the
            path of a file, or a mapping of advertised host to target.
        timeout: Seconds to wait for a node; also bounds every later wait of a call
            that has no deadline of its own.
        lazy: Do not wait; the first call connects.
        follow: False: never leave the given hosts (a port-forward, a tunnel).
        trusted_names: Patterns (`*` is one label) that an advertised or redirect host
            must match; None trusts every host that a member names. Seeds are trusted,
            and hosts that an override rule is about, for as long as it is there.
        allow_plaintext_credentials: Send user name and password under `tls=false`.
        retry: How to wait before a repeat, and when to stop.
        on_event: Receives every `Notice`, on the connection's loop; it must not block.
            Its first exception is logged and ends it.
        expiry_warning_s: How long before its end a certificate, of a node or our own,
            is told of by a `CertificateExpiring`, in seconds; 0 looks at none.

    Returns:
        The connection to come, with a node found unless `lazy`.

    Raises:
        ConfigurationError: Something that was given is wrong; nothing was sent.
        DiscoveryError: No node could be had; it lists every endpoint tried.
        UntrustedName: A member names a host outside `trusted_names`.
    """
    fork.check()
    given = read_given(
        target,
        overrides,
        follow=follow,
        trusted_names=trusted_names,
        allow_plaintext_credentials=allow_plaintext_credentials,
    )

    def make() -> Connection:
        return Connection(
            given,
            timeout=timeout,
            retry=retry or RetryPolicy(),
            on_event=on_event,
            expiry_warning_s=expiry_warning_s,
        )

    return Connecting(make, lazy=lazy)
