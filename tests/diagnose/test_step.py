"""A contact is told step by step: how far it came, and what stopped it."""

from __future__ import annotations

from dataclasses import replace

from kurrent_conn import Endpoint, FindingKind, Route, TlsFinding
from kurrent_conn.core.failure import RpcFailure
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
from kurrent_conn.diagnose.step import Outcome, steps_of
from tests.diagnose.sketch import World

NODE = Endpoint("n1.kurrent.test")
ROUTE = Route(NODE, NODE.host)
FINE = World([str(NODE)]).answered(NODE, ROUTE, 0)


def broken(contact: Contact) -> list[str]:
    """The steps that went wrong."""
    steps = steps_of(contact)
    return [f"{s.name}: {s.words}" for s in steps if s.outcome is Outcome.BROKEN]


def test_a_sound_contact_is_fine_at_every_step() -> None:
    """Six steps, none broken, none left out."""
    assert [step.outcome for step in steps_of(FINE)] == [Outcome.FINE] * 6


def test_what_stops_it_is_named_and_the_rest_is_not_asked() -> None:
    """One broken step each, in the words of its kind."""
    refused = Contact(NODE, ROUTE, no_connection=NoConnection.REFUSED)
    expired = TlsFinding(FindingKind.EXPIRED, NODE, ROUTE, NODE.host)
    outdated = TlsSight(TlsEnd.DONE, (expired,))
    late = CallSight(2.0, RpcFailure("DEADLINE_EXCEEDED"))
    denied = GossipSight(CallSight(0.1, RpcFailure("PERMISSION_DENIED")), (), True)
    assert broken(refused) == ["TCP: refused"]
    assert broken(Contact(NODE, ROUTE, 0.1, tls=outdated)) == ["TLS: expired"]
    assert broken(Contact(NODE, ROUTE, 0.1, features=late)) == [
        "gRPC: DEADLINE_EXCEEDED"
    ]
    assert broken(replace(FINE, gossip=denied)) == ["gossip: denied"]
    assert broken(replace(FINE, credentials=Credentials.REFUSED)) == ["user: refused"]
    not_ready = replace(FINE, role=RoleSight(Role.NOT_READY))
    assert broken(not_ready) == ["role: not ready"]


def test_a_redirect_to_the_leader_is_following() -> None:
    """To anybody else it is spelled out."""
    contact = replace(FINE, role=RoleSight(Role.REDIRECTS, NODE))
    assert [s.words for s in steps_of(contact, NODE) if s.name == "role"] == ["follows"]
    (astray,) = [s.words for s in steps_of(contact) if s.name == "role"]
    assert astray == f"redirects to {NODE}"
