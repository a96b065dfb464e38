"""Tries one route to its end: TCP, TLS, a first call, gossip, credentials, the leader.

Each step is asked only when the one before went well, and has its own bound. Nothing is
written to a node: the calls are its features, its gossip, and a read of a stream that
nobody has.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final

import grpc

from kurrent_conn.core.cluster import Member, NodePreference
from kurrent_conn.core.failure import RpcFailure, Verdict, verdict_of
from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.core.tls_finding import FindingKind
from kurrent_conn.diagnose.inquiry import Visit
from kurrent_conn.diagnose.sight import (
    CallSight,
    Contact,
    Credentials,
    GossipSight,
    NoConnection,
    Role,
    RoleSight,
    TlsEnd,
    TlsSight,
)
from kurrent_conn.shells.blocking.open_node import RouteChannel
from kurrent_conn.shells.handshake import (
    Deadline,
    Ending,
    connect,
    looking_context,
    shake_hands,
)
from kurrent_conn.shells.header import Headers, authorization, call_headers
from kurrent_conn.shells.rpc import failure_of
from kurrent_conn.shells.tls_probe import inspect
from kurrent_conn.shells.trust import Trust
from kurrent_conn.shells.verification import Verification
from kurrent_conn.wire.gossip import READ_METHOD, READ_REQUEST, decode_cluster_info
from kurrent_conn.wire.malformed import MalformedMessage
from kurrent_conn.wire.server_features import (
    GET_SUPPORTED_METHODS,
    GET_SUPPORTED_METHODS_REQUEST,
    decode_supported_methods,
)
from kurrent_conn.wire.stream_read import READ_METHOD as STREAM_READ
from kurrent_conn.wire.stream_read import read_request

_NOBODYS_STREAM: Final = "kurrent-conn-doctor"

_DENIED: Final = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED"})

_UNVERIFIED: Final = frozenset(
    {
        FindingKind.UNTRUSTED,
        FindingKind.MISSING_INTERMEDIATE,
        FindingKind.NAME_MISMATCH,
        FindingKind.WRONG_USAGE,
    }
)
"""What tlsVerifyCert=false overlooks, see `shells.pin`."""

_ENDS: Final = {
    Ending.DONE: TlsEnd.DONE,
    Ending.SILENT: TlsEnd.SILENT,
    Ending.CLOSED: TlsEnd.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Bag:
    """What the doctor brings to every visit.

    Args:
        settings: Whether there is TLS, and who we are.
        trust: The trust in force; None without TLS.
        verification: What channels verify by it.
        may_send_credentials: Whether ours may go out at all.
        step_s: The most that one step may take, in seconds.
    """

    settings: Settings
    trust: Trust | None
    verification: Verification
    may_send_credentials: bool
    step_s: float


def visit(question: Visit, bag: Bag, ends_at: float) -> Contact:
    """Try a route to its end; blocks.

    Args:
        question: Who, and by which route.
        bag: What is brought.
        ends_at: When every step has to be over, monotonic seconds.
    """
    contact = _connected(question, _deadline(bag, ends_at))
    if contact.connected_s is None:
        return contact
    if bag.trust is not None:
        contact = replace(contact, tls=_handshake(question, bag, bag.trust, ends_at))
        if contact.tls is not None and not contact.tls.is_sound:
            return contact
    return _Calls(question.route, bag, ends_at).made(contact)


def _deadline(bag: Bag, ends_at: float) -> Deadline:
    return Deadline(min(monotonic() + bag.step_s, ends_at))


def _connected(question: Visit, deadline: Deadline) -> Contact:
    began_at = monotonic()
    contact = Contact(question.endpoint, question.route)
    try:
        connect(question.route.connects_to, deadline).close()
    except TimeoutError:
        cause = f"no answer to TCP within {monotonic() - began_at:.1f} s"
        return replace(contact, no_connection=NoConnection.TIMED_OUT, cause=cause)
    except OSError as error:
        cause = error.strerror or str(error)
        return replace(contact, no_connection=_why(error), cause=cause)
    return replace(contact, connected_s=monotonic() - began_at)


def _why(error: OSError) -> NoConnection:
    if error.errno == errno.ECONNREFUSED:
        return NoConnection.REFUSED
    if error.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES}:
        return NoConnection.NO_ROUTE
    return NoConnection.FAILED


def _handshake(question: Visit, bag: Bag, trust: Trust, ends_at: float) -> TlsSight:
    timeout_s = max(min(bag.step_s, ends_at - monotonic()), 0.001)
    seen = inspect(question.endpoint, question.route, trust, timeout_s=timeout_s)
    overlooked = frozenset() if bag.settings.tls_verify_cert else _UNVERIFIED
    ending = seen.ending or Ending.CLOSED
    return TlsSight(
        _ENDS.get(ending, TlsEnd.FAILED),
        tuple(f for f in seen.findings if f.kind not in overlooked),
        seen.certificates,
        seen.protocol,
    )


@dataclass(frozen=True, slots=True)
class _Calls:
    """The calls of one visit, on one channel."""

    route: Route
    bag: Bag
    ends_at: float

    def made(self, contact: Contact) -> Contact:
        verification = self.bag.verification
        if verification.lacks_pin(self.route):
            verification.fetch_pin(0, contact.endpoint, self.route, self.bag.step_s)
        open_route = RouteChannel(self.route, self.bag.settings, verification)
        try:
            return self._asked(contact, open_route.channel)
        finally:
            open_route.close()

    def _asked(self, contact: Contact, channel: grpc.Channel) -> Contact:
        contact = replace(contact, features=self._features(channel))
        if not contact.is_answered:
            # A TLS server hangs up on HTTP/2 without TLS, or waits for a handshake.
            speaks = self.bag.trust is None and self._speaks_tls()
            return replace(contact, speaks_tls=speaks)
        credentials = self._credentials(channel)
        return replace(
            contact,
            credentials=credentials,
            gossip=self._gossip(channel, credentials),
            role=self._role(channel, credentials),
        )

    def _features(self, channel: grpc.Channel) -> CallSight:
        answer, sight = self._ask(
            channel, GET_SUPPORTED_METHODS, GET_SUPPORTED_METHODS_REQUEST
        )
        with suppress(MalformedMessage):
            if answer is not None:
                return replace(sight, text=decode_supported_methods(answer).version)
        return sight

    def _credentials(self, channel: grpc.Channel) -> Credentials:
        if self.bag.settings.username is None:
            return Credentials.NONE
        if not self.bag.may_send_credentials:
            return Credentials.WITHHELD
        _, sight = self._ask(
            channel,
            GET_SUPPORTED_METHODS,
            GET_SUPPORTED_METHODS_REQUEST,
            self._secret,
        )
        failure = sight.failure
        if failure is not None and failure.code == "UNAUTHENTICATED":
            return Credentials.REFUSED
        if sight.verdict in {None, Verdict.ANSWERED}:
            return Credentials.ACCEPTED
        return Credentials.UNTRIED

    def _gossip(self, channel: grpc.Channel, credentials: Credentials) -> GossipSight:
        answer, sight = self._ask(channel, READ_METHOD, READ_REQUEST)
        denied = _is_denied(sight.failure)
        if denied and credentials is Credentials.ACCEPTED:
            answer, sight = self._ask(channel, READ_METHOD, READ_REQUEST, self._secret)
            denied = _is_denied(sight.failure)
            return self._heard(answer, sight, denied, with_credentials=True)
        return self._heard(answer, sight, denied)

    def _heard(
        self,
        answer: bytes | None,
        sight: CallSight,
        denied: bool,
        *,
        with_credentials: bool = False,
    ) -> GossipSight:
        members: tuple[Member, ...] = ()
        with suppress(MalformedMessage):
            members = decode_cluster_info(answer) if answer is not None else ()
        return GossipSight(sight, members, denied, with_credentials)

    def _role(self, channel: grpc.Channel, credentials: Credentials) -> RoleSight:
        secret = self._secret if credentials is Credentials.ACCEPTED else ()
        headers = (*call_headers(self.bag.settings, NodePreference.LEADER), *secret)
        read: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(
            STREAM_READ, None, None
        )
        request = read_request(_NOBODYS_STREAM, count=1, backwards=True)

        def first() -> object:
            for answer in read(
                request.SerializeToString(), self._left_s(), metadata=headers
            ):
                return answer
            return None

        _, sight = _timed(first)
        return _role_of(sight.failure)

    @property
    def _secret(self) -> Headers:
        return authorization(self.bag.settings)

    def _left_s(self) -> float:
        return max(min(self.bag.step_s, self.ends_at - monotonic()), 0.001)

    def _ask(
        self, channel: grpc.Channel, method: str, request: bytes, secret: Headers = ()
    ) -> tuple[bytes | None, CallSight]:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes]
        call = channel.unary_unary(method, None, None)
        headers = (*call_headers(self.bag.settings, NodePreference.RANDOM), *secret)
        return _timed(lambda: call(request, self._left_s(), metadata=headers))

    def _speaks_tls(self) -> bool:
        where, name = self.route.connects_to, self.route.server_name
        deadline = _deadline(self.bag, self.ends_at)
        try:
            seen = shake_hands(where, name, looking_context(), deadline)
        except OSError:
            return False
        return bool(seen.chain)


def _timed(call: Callable[[], Any]) -> tuple[Any, CallSight]:
    began_at = monotonic()
    try:
        answer = call()
    except grpc.RpcError as error:
        return None, CallSight(monotonic() - began_at, failure_of(error))
    return answer, CallSight(monotonic() - began_at)


def _is_denied(failure: RpcFailure | None) -> bool:
    return failure is not None and failure.code in _DENIED


def _role_of(failure: RpcFailure | None) -> RoleSight:
    if failure is None or failure.reason == "stream-not-found":
        return RoleSight(Role.LEADS)
    if _is_denied(failure):
        return RoleSight(Role.DENIED)
    match verdict_of(failure):
        case Verdict.NOT_LEADER:
            return RoleSight(Role.REDIRECTS, failure.leader)
        case Verdict.NOT_READY | Verdict.NO_LEADER:
            return RoleSight(Role.NOT_READY)
        case _:
            return RoleSight(Role.UNKNOWN)
