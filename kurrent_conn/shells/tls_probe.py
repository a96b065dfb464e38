"""After a failure: look at the server with `ssl`, and say what is wrong with its TLS.

gRPC reports every fault of TLS as UNAVAILABLE with prose. This asks again, at most
four short connections in one time limit, and turns what it sees into findings:

    1. a handshake that verifies nothing      what is presented; or that it is no TLS
    2. one that verifies the chain, not the   OpenSSL's word, so that nobody is
       dates                                  accused of what a second judge accepts
    3. one with our own certificate, and only whether the server takes it
       when nothing was wrong so far
    4. a greeting without TLS, when 1 was     a plaintext port that hangs up on TLS
       answered by nothing

Nothing that was found healthy is accused: no connection, no answer, a server that
dies: these are other troubles, and the answer is empty. Credentials are never sent,
and our certificate only to a server that everything so far speaks for.
"""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kurrent_conn.core.certificate import CertificateFacts
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.route import Route
from kurrent_conn.core.tls_finding import FindingKind, TlsFinding
from kurrent_conn.shells.handshake import (
    Deadline,
    Ending,
    Handshake,
    ask_in_the_clear,
    judging_context,
    looking_context,
    shake_hands,
)
from kurrent_conn.shells.trust import Trust
from kurrent_conn.wire import pem
from kurrent_conn.wire.certificate import read_all
from kurrent_conn.wire.tls_verdict import (
    Expected,
    OpensslVerdict,
    Presented,
    judge,
    verified_path,
)

_NO_APPLICATION_PROTOCOL: Final = 120
_REFUSALS: Final = {
    40: "handshake failure",
    42: "bad certificate",
    43: "unsupported certificate",
    44: "certificate revoked",
    45: "certificate expired",
    46: "certificate unknown",
    48: "unknown CA",
    49: "access denied",
    51: "decrypt error",
    116: "certificate required",
}
"""The alerts by which a server refuses a client's certificate, or the lack of one.

Source: RFC 8446, section 6.2; 40 is what TLS 1.2 servers say where none came.
"""

_HTTP2_FRAME_HEADER_BYTES: Final = 9
_SETTINGS_FRAME: Final = 4
_TLS_RECORDS: Final = (0x15, 0x16)


def probe(
    endpoint: Endpoint,
    route: Route,
    trust: Trust,
    *,
    timeout_s: float,
    at: datetime | None = None,
) -> tuple[TlsFinding, ...]:
    """Look at a server whose TLS failed, and say why.

    Blocks; asyncio calls it in a thread. Opens and closes its own connections.

    Args:
        endpoint: The endpoint as advertised, or as the connection string has it.
        route: How it is reached; `server_name` is the name that must be covered.
        trust: The trust that was in force.
        timeout_s: Seconds for all of it; resolving a name keeps the system's time.
        at: The instant for which dates are judged, UTC; None for now.

    Returns:
        Every finding, the gravest first. Empty for a server that gRPC would accept,
        and for one that refuses connections, stays silent or hangs up: that is not
        TLS's fault.
    """
    seen = inspect(endpoint, route, trust, timeout_s=timeout_s, at=at)
    return seen.findings


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was seen of a server, and what is wrong with it.

    Args:
        ending: How the first handshake ended; None when no connection could be made.
        certificates: What was presented, the leaf first, each once.
        anchor: The trusted certificate that the chain reaches; None for none.
        protocol: The application protocol that was agreed on; None for none.
        findings: What is wrong, the gravest first.
        wants_certificate: Whether the server asked for a client certificate.
        unreachable: Why no connection could be made; empty when one was.
    """

    ending: Ending | None
    certificates: tuple[CertificateFacts, ...] = ()
    anchor: CertificateFacts | None = None
    protocol: str | None = None
    findings: tuple[TlsFinding, ...] = ()
    wants_certificate: bool = False
    unreachable: str = ""


def inspect(
    endpoint: Endpoint,
    route: Route,
    trust: Trust,
    *,
    timeout_s: float,
    at: datetime | None = None,
) -> Inspection:
    """Look at a server, and keep what was seen beside what is wrong.

    Args:
        endpoint: The endpoint as advertised, or as the connection string has it.
        route: How it is reached.
        trust: The trust that is in force.
        timeout_s: Seconds for all of it; resolving a name keeps the system's time.
        at: The instant for which dates are judged, UTC; None for now.
    """
    roots = tuple(pem.read_blocks(trust.root_bytes()))
    expected = Expected(endpoint, route, roots, trust.description)
    errand = _Errand(
        expected, trust, Deadline.after(timeout_s), at or datetime.now(UTC)
    )
    try:
        return errand.whole()
    except OSError as error:
        return Inspection(None, unreachable=error.strerror or str(error) or "no answer")


def look(
    expected: Expected, deadline: Deadline
) -> tuple[Handshake, tuple[TlsFinding, ...]]:
    """Shake hands without verifying anything, and see what is there.

    Args:
        expected: Where to look; its route says what to dial and which name to ask for.
        deadline: When to give up.

    Returns:
        What was seen, and what is wrong when no certificate was: not TLS at all, or
        no HTTP/2. With a certificate the verdict is still to come.

    Raises:
        OSError: No connection could be made.
    """
    seen = _shake_hands(expected, looking_context(), deadline)
    if seen.alert == _NO_APPLICATION_PROTOCOL:
        # Such a server says no before it shows a certificate: look without ALPN.
        without = _shake_hands(expected, looking_context(protocols=()), deadline)
        return without, (_no_http2(expected),)
    return seen, _about_other_speech(seen, expected, deadline)


def _shake_hands(
    expected: Expected,
    context: ssl.SSLContext,
    deadline: Deadline,
    *,
    greet: bool = False,
) -> Handshake:
    route = expected.route
    return shake_hands(
        route.connects_to, route.server_name, context, deadline, greet=greet
    )


def _no_http2(expected: Expected) -> TlsFinding:
    return expected.finding(
        FindingKind.NO_ALPN_H2,
        "the server refuses h2, which gRPC needs; is it another service's port, or a "
        "proxy without HTTP/2?",
    )


def _about_other_speech(
    seen: Handshake, expected: Expected, deadline: Deadline
) -> tuple[TlsFinding, ...]:
    if seen.heard and seen.heard[0] not in _TLS_RECORDS:
        return (_not_tls(seen.heard, expected),)
    if seen.ending is Ending.CLOSED and not seen.heard:
        reply = ask_in_the_clear(expected.route.connects_to, deadline)
        return (_not_tls(reply, expected),) if _is_http(reply) else ()
    return ()


def _not_tls(heard: bytes, expected: Expected) -> TlsFinding:
    if _is_http(heard):
        return expected.finding(
            FindingKind.PLAINTEXT,
            "the server speaks HTTP without TLS on this port; say tls=false if that "
            "is meant, or switch TLS on at the node",
        )
    return expected.finding(
        FindingKind.NOT_TLS,
        f"the port answers with something else than TLS ({heard[:24]!r}); is it the "
        "node's HTTP port?",
    )


@dataclass(frozen=True, slots=True)
class _Errand:
    expected: Expected
    trust: Trust
    deadline: Deadline
    at: datetime

    def whole(self) -> Inspection:
        seen, findings = look(self.expected, self.deadline)
        if seen.chain:
            findings = self._judged(seen)
        certificates = read_all(seen.chain)
        if certificates and not findings:
            findings = self._about_our_certificate(certificates[0])
        return Inspection(
            seen.ending,
            certificates,
            self._anchor(certificates),
            seen.protocol,
            findings,
            wants_certificate=seen.wants_certificate,
        )

    def _anchor(
        self, certificates: tuple[CertificateFacts, ...]
    ) -> CertificateFacts | None:
        if not certificates:
            return None
        path = verified_path(certificates, self.expected.roots, self.at)
        return None if path.anchor_at is None else path.certificates[path.anchor_at]

    def _judged(self, seen: Handshake) -> tuple[TlsFinding, ...]:
        presented = Presented(seen.chain, seen.protocol, self._openssl())
        return judge(presented, self.expected, self.at)

    def _openssl(self) -> OpensslVerdict | None:
        try:
            context = judging_context(self.expected.roots, dates=False)
            seen = _shake_hands(self.expected, context, self.deadline)
        except OSError:
            return None
        if seen.ending is Ending.UNVERIFIED:
            return OpensslVerdict(seen.verify_code, seen.verify_message)
        return OpensslVerdict(0) if seen.ending is Ending.DONE else None

    def _about_our_certificate(self, leaf: CertificateFacts) -> tuple[TlsFinding, ...]:
        """Show our certificate where the server asks, and see whether it is taken.

        A server that hangs up without a word is asked twice: one that dies hangs up
        too, but does not shake hands again.
        """
        for _ in range(2):
            try:
                seen = self._with_our_certificate()
            except OSError:
                return ()
            if not seen.wants_certificate:
                return ()
            if seen.alert in _REFUSALS:
                return (self._refused(leaf, f"its alert: {_REFUSALS[seen.alert]}"),)
            if seen.ending is not Ending.CLOSED:
                return ()
        return (self._refused(leaf, "it hangs up without a reason"),)

    def _with_our_certificate(self) -> Handshake:
        context = judging_context(self.expected.roots, dates=True)
        if self.trust.client_chain and self.trust.client_key:
            _show(context, self.trust.client_chain, self.trust.client_key)
        return _shake_hands(self.expected, context, self.deadline, greet=True)

    def _refused(self, leaf: CertificateFacts, how: str) -> TlsFinding:
        if self.trust.client_chain is None:
            advice = (
                "the server asks for a client certificate and gets none; name one with "
                "userCertFile and userKeyFile"
            )
        else:
            advice = (
                "the server does not take our client certificate; it has to come from "
                "a CA that the server trusts, be in date, and be for clientAuth"
            )
        kind = FindingKind.CLIENT_CERTIFICATE_REJECTED
        return self.expected.finding(kind, f"{advice} ({how})", leaf)


def _show(context: ssl.SSLContext, chain: bytes, key: bytes) -> None:
    # `ssl` takes our certificate from files only; these are ours alone (0600) and
    # gone when the block ends.
    with tempfile.TemporaryDirectory(prefix="kurrent-conn-") as directory:
        certificate, secret = Path(directory, "chain"), Path(directory, "key")
        certificate.write_bytes(chain)
        secret.touch(mode=0o600)
        secret.write_bytes(key)
        context.load_cert_chain(certificate, secret)


def _is_http(heard: bytes) -> bool:
    if heard.startswith(b"HTTP/"):
        return True
    # An HTTP/2 server greets with a SETTINGS frame on stream 0.
    header = heard[:_HTTP2_FRAME_HEADER_BYTES]
    return (
        len(header) == _HTTP2_FRAME_HEADER_BYTES
        and header[3] == _SETTINGS_FRAME
        and header[5:] == bytes(4)
    )
