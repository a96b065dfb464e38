"""The calls of one visit, on one channel: features, credentials, gossip, the leader.

Nothing is written to a node: the calls are its features, its gossip, and a read of a
stream that nobody has.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final

import grpc

from kurrent_conn.core.cluster import Member, NodePreference
from kurrent_conn.core.route import Route
from kurrent_conn.diagnose.probes.bag import Bag
from kurrent_conn.diagnose.reading import credentials_of, is_denied, role_of
from kurrent_conn.diagnose.sight import (
    CallSight,
    Contact,
    Credentials,
    GossipSight,
    RoleSight,
)
from kurrent_conn.shells.blocking.open_node import RouteChannel
from kurrent_conn.shells.header import Headers, authorization, call_headers
from kurrent_conn.shells.rpc import failure_of
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


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of one visit, on one channel.

    Args:
        route: Where it goes.
        bag: What is brought.
        ends_at: When every call has to be over, monotonic seconds.
        with_credentials: Whether user and password may go there.
    """

    route: Route
    bag: Bag
    ends_at: float
    with_credentials: bool

    def made(self, contact: Contact) -> Contact:
        """Make them; blocks.

        Args:
            contact: What was seen before.
        """
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
            return contact
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
        if not self.with_credentials:
            return Credentials.WITHHELD
        _, sight = self._ask(
            channel,
            GET_SUPPORTED_METHODS,
            GET_SUPPORTED_METHODS_REQUEST,
            self._secret,
        )
        return credentials_of(sight.failure)

    def _gossip(self, channel: grpc.Channel, credentials: Credentials) -> GossipSight:
        answer, sight = self._ask(channel, READ_METHOD, READ_REQUEST)
        denied = is_denied(sight.failure)
        if denied and credentials is Credentials.ACCEPTED:
            answer, sight = self._ask(channel, READ_METHOD, READ_REQUEST, self._secret)
            denied = is_denied(sight.failure)
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
        return role_of(sight.failure)

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


def _timed(call: Callable[[], Any]) -> tuple[Any, CallSight]:
    began_at = monotonic()
    try:
        answer = call()
    except grpc.RpcError as error:
        return None, CallSight(monotonic() - began_at, failure_of(error))
    return answer, CallSight(monotonic() - began_at)
