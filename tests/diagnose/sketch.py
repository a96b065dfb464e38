"""Cases drawn by hand: what probes would have seen where no test can stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kurrent_conn import Endpoint, Member, NodeState, Overrides, Route, Settings
from kurrent_conn.core.certificate import CertificateFacts, PresentedNames
from kurrent_conn.diagnose import Case, Surroundings, Vantage
from kurrent_conn.diagnose.inquiry import AskName, Visit, next_questions
from kurrent_conn.diagnose.sight import (
    CallSight,
    Contact,
    Credentials,
    GossipSight,
    Lookup,
    NoConnection,
    Role,
    RoleSight,
    TlsEnd,
    TlsSight,
)

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)


def certificate(*names: str) -> CertificateFacts:
    """A certificate that carries some names, and is in date."""
    return CertificateFacts(
        der=b"",
        names=PresentedNames(dns=names),
        subject="CN=kurrentdb-node",
        issuer="CN=a test",
        serial="1",
        not_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_after=datetime(2027, 12, 31, tzinfo=UTC),
        key_type="P-256",
    )


def member(index: int, advertised: str, state: NodeState) -> Member:
    """A live member."""
    return Member(
        Endpoint.parse(advertised),
        state,
        is_alive=True,
        instance_id=UUID(int=index + 1),
    )


class World:
    """A network as it would answer: names, and places where nodes are."""

    def __init__(
        self,
        members: Iterable[str],
        *,
        names: Mapping[str, str] | None = None,
        dns: Mapping[str, str] | None = None,
        places: Mapping[str, int] | None = None,
        certified: Iterable[str] = ("*.kurrent.test",),
    ) -> None:
        roles = [NodeState.LEADER, NodeState.FOLLOWER, NodeState.FOLLOWER]
        pairs = zip(members, roles, strict=False)
        self.members = tuple(member(i, m, r) for i, (m, r) in enumerate(pairs))
        self.names = dict(names or {})
        self.dns = dict(dns or {})
        self.places = dict(places or {})
        self.certified = tuple(certified)

    def lookup(self, question: AskName) -> Lookup:
        """Answer for a name."""
        found = self.names.get(question.host)
        by_dns = self.dns.get(question.host, found)
        dns = (by_dns,) if by_dns else None
        if found is None:
            return Lookup(question.host, failure="the name does not resolve", dns=dns)
        return Lookup(question.host, (found,), dns=dns)

    def contact(self, question: Visit) -> Contact:
        """Answer for a place."""
        index = self.places.get(str(question.route.connects_to))
        if index is None:
            return Contact(
                question.endpoint,
                question.route,
                no_connection=NoConnection.TIMED_OUT,
                cause="no answer to TCP within 2.0 s",
            )
        return self.answered(question.endpoint, question.route, index)

    def answered(self, endpoint: Endpoint, route: Route, index: int) -> Contact:
        """A node that answers as it should."""
        leader = self.members[0].advertised if self.members else None
        role = (
            RoleSight(Role.LEADS) if index == 0 else RoleSight(Role.REDIRECTS, leader)
        )
        return Contact(
            endpoint,
            route,
            connected_s=0.001,
            tls=TlsSight(TlsEnd.DONE, (), (certificate(*self.certified),), "h2"),
            features=CallSight(0.004, text="26.1.0"),
            gossip=GossipSight(CallSight(0.002), self.members),
            credentials=Credentials.ACCEPTED,
            role=role,
        )


def started(
    string: str,
    *,
    overrides: Overrides | None = None,
    vantage: Vantage = Vantage.POD,
    surroundings: Surroundings | None = None,
) -> Case:
    """A case before the first question."""
    return Case(
        Settings.from_string(string),
        overrides or Overrides(),
        AT,
        surroundings or Surroundings(),
        vantage,
        "a test CA",
    )


def examined(world: World, string: str, **options: Any) -> Case:
    """Ask a world everything that the doctor asks; options as for `started`."""
    case = started(string, **options)
    while questions := next_questions(case):
        answers: list[Lookup | Contact] = [
            world.lookup(each) if isinstance(each, AskName) else world.contact(each)
            for each in questions
        ]
        case = case.learn(answers)
    return case
