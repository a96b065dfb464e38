"""tlsVerifyCert=false: believe, for one channel, exactly what the server shows now.

grpcio has no switch that skips verification. So the leaf that the server presents is
fetched first and given to the channel as its only root, and the name that the channel
verifies is one that the leaf carries. This protects nothing on first contact: whoever
answers is believed. Afterwards another certificate fails the handshake, and the shell
fetches again and says so.

What cannot work even so is a finding: gRPC checks dates, key kinds and names of a
pinned leaf as well.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from kurrent_conn.core.certificate import PresentedNames
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.identity import covers
from kurrent_conn.core.route import Route
from kurrent_conn.core.tls_finding import TlsFinding
from kurrent_conn.errors import TlsError
from kurrent_conn.shells.handshake import Deadline
from kurrent_conn.shells.tls_probe import look
from kurrent_conn.shells.trust import Trust
from kurrent_conn.wire import pem
from kurrent_conn.wire.certificate import read_all
from kurrent_conn.wire.tls_verdict import Expected, Presented, judge

ANY_LABEL: Final = "pinned"
"""What stands for the star where a leaf carries only a wildcard."""

_ALTHOUGH: Final = "tlsVerifyCert=false cannot help: gRPC checks this in any case"


@dataclass(frozen=True, slots=True)
class Pin:
    """One server's leaf, believed for one channel.

    Args:
        trust: The leaf as the only root, with our own certificate as before.
        server_name: The name that the channel has to verify.
        fingerprint: SHA-256 of the leaf in hexadecimal, for logs and events.
    """

    trust: Trust
    server_name: str
    fingerprint: str


def pin(
    endpoint: Endpoint,
    route: Route,
    trust: Trust,
    *,
    timeout_s: float,
    at: datetime | None = None,
) -> Pin:
    """Fetch what a server presents, and make a trust that accepts it.

    Blocks; asyncio calls it in a thread. One connection, or two where the name has to
    be another one than the route's: a proxy may present another leaf for that name.

    Args:
        endpoint: The endpoint as advertised, or as the connection string has it.
        route: How it is reached; `server_name` is kept where the leaf carries it.
        trust: Where our own certificate comes from; its roots are not used.
        timeout_s: Seconds for all of it; resolving a name keeps the system's time.
        at: The instant for which dates are judged, UTC; None for now.

    Raises:
        TlsError: The server shows nothing that gRPC could accept, with findings that
            say why; without findings when it hung up or stayed silent.
        OSError: No connection could be made.

    Source: rows run on grpcio 1.85.1; a leaf is a sound anchor because grpc core sets
    X509_V_FLAG_PARTIAL_CHAIN.
    """
    deadline = Deadline.after(timeout_s)
    instant = at or datetime.now(UTC)
    leaf = _fetched(endpoint, route, deadline)
    name = _name_of(leaf, route.server_name)
    if name != route.server_name:
        # The channel asks for this name (SNI), and may be shown another leaf for it.
        leaf = _fetched(endpoint, replace(route, server_name=name), deadline)
    findings = _judged(leaf, endpoint, replace(route, server_name=name), instant)
    if findings:
        raise TlsError(f"{endpoint} cannot be pinned", findings)
    (der, *_) = leaf.chain
    fingerprint = hashlib.sha256(der).hexdigest()
    return Pin(
        replace(
            trust,
            roots=pem.write_certificates((der,)),
            description=f"nothing verified, pinned to {fingerprint[:16]}",
        ),
        name,
        fingerprint,
    )


def pinnable_name(names: PresentedNames, wanted: str) -> str:
    """Choose the name that a channel can verify against a leaf.

    Args:
        names: What the leaf carries.
        wanted: The name that should be verified; chosen where it is covered.

    Returns:
        A name that is covered; `wanted` itself where there is none.
    """
    for name in (wanted, *names.verifiable):
        concrete = name.replace("*", ANY_LABEL, 1)
        if any(covers(each, concrete) for each in names.verifiable):
            return concrete
    return wanted


def _fetched(endpoint: Endpoint, route: Route, deadline: Deadline) -> Presented:
    seen, findings = look(Expected(endpoint, route), deadline)
    if not seen.chain:
        raise TlsError(f"{endpoint} presents no certificate", findings)
    return Presented(seen.chain, seen.protocol)


def _name_of(leaf: Presented, wanted: str) -> str:
    facts = read_all(leaf.chain[:1])
    return pinnable_name(facts[0].names, wanted) if facts else wanted


def _judged(
    leaf: Presented, endpoint: Endpoint, route: Route, at: datetime
) -> tuple[TlsFinding, ...]:
    expected = Expected(endpoint, route, leaf.chain[:1], "tlsVerifyCert=false")
    return tuple(
        replace(each, hint=f"{each.hint}; {_ALTHOUGH}")
        for each in judge(leaf, expected, at)
    )
