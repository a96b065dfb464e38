"""Looks now and then whether a certificate in use ends soon.

Costs one short handshake a node and day, beside the calls; gRPC does not tell what a
server presented. Our own certificate is read from its file's content.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from time import monotonic
from typing import Final

from kurrent_conn.core.certificate import CertificateFacts
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.expiry import expiring, is_due
from kurrent_conn.core.notice import CertificateExpiring
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Node
from kurrent_conn.shells.handshake import Deadline
from kurrent_conn.shells.tls_probe import look
from kurrent_conn.shells.trust import Trust
from kurrent_conn.shells.verification import Verification
from kurrent_conn.wire import pem
from kurrent_conn.wire.certificate import read_all
from kurrent_conn.wire.tls_verdict import Expected, verified_path

_LOG: Final = logging.getLogger("kurrent_conn")
_LOOK_S: Final = 2.0


class ExpiryWatch:
    """Remembers which certificates were looked at, and which were told.

    Args:
        verification: Knows the trust in force, and our own certificate.
        within_s: How soon is soon, in seconds; 0 looks at nothing.
    """

    def __init__(self, verification: Verification, within_s: float) -> None:
        self._verification: Final = verification
        self._within_s: Final = within_s
        self._looked_at: Final[dict[tuple[Endpoint, Route], float]] = {}
        self._told: Final[set[tuple[Endpoint | None, bytes]]] = set()

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to look at: under TLS, unless switched off."""
        return self._verification.trust is not None and self._within_s > 0

    def look(self, nodes: Iterable[Node]) -> tuple[CertificateExpiring, ...]:
        """Look at our own certificate, and at those of nodes when it is time; blocks.

        Args:
            nodes: Where calls go now.

        Returns:
            Certificates that end soon, each once for as long as this lives.
        """
        trust, at = self._verification.trust, datetime.now(UTC)
        if trust is None:
            return ()
        found = [*self._soon(None, _own(trust), at)]
        for node in nodes:
            key, now = (node.advertised, node.route), monotonic()
            if is_due(self._looked_at.get(key), now):
                self._looked_at[key] = now
                path = _presented(node, trust, at)
                found += self._soon(node.advertised, path, at)
        for notice in found:
            _LOG.warning("%s", notice)
        return tuple(found)

    def _soon(
        self,
        endpoint: Endpoint | None,
        certificates: Iterable[CertificateFacts],
        at: datetime,
    ) -> Iterator[CertificateExpiring]:
        for each in certificates:
            ending, key = expiring(each, at, self._within_s), (endpoint, each.der)
            if ending is not None and key not in self._told:
                self._told.add(key)
                yield CertificateExpiring(endpoint, ending)


def _own(trust: Trust) -> tuple[CertificateFacts, ...]:
    chain = trust.client_chain
    return () if chain is None else read_all(tuple(pem.read_blocks(chain)))


def _presented(node: Node, trust: Trust, at: datetime) -> tuple[CertificateFacts, ...]:
    """Give the way from a node's certificate to the root that we trust."""
    expected = Expected(node.advertised, node.route)
    try:
        seen, _ = look(expected, Deadline.after(_LOOK_S))
    except OSError:
        return ()
    certificates = read_all(seen.chain)
    if not certificates:
        return ()
    roots = tuple(pem.read_blocks(trust.root_bytes()))
    return verified_path(certificates, roots, at).certificates
