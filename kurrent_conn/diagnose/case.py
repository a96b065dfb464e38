"""All that is known of a patient so far, and the plain questions to it.

Grows by answers only: the probes add what they saw, and every decision is a function
of this value. Nothing here judges; the rules do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Self

from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.diagnose.sight import Contact, Lookup, Reach
from kurrent_conn.diagnose.vantage import Surroundings, Vantage
from kurrent_conn.errors import InvalidOverride

MAX_ADDRESSES: Final = 32
"""How many addresses of one name are dialled; a cluster has nine nodes at most."""


@dataclass(frozen=True, slots=True)
class View:
    """What one endpoint said of the cluster.

    Args:
        told_by: Who was asked, as advertised or as the connection string has it; the
            address where that is several.
        members: What it listed, without seeds that are no nodes yet.
    """

    told_by: Endpoint
    members: tuple[Member, ...]

    @property
    def leaders(self) -> tuple[Endpoint, ...]:
        """Who leads by this view: nobody, one, or two for a while."""
        found = (m.advertised for m in self.members if leads(m))
        return tuple(dict.fromkeys(found))


def leads(member: Member) -> bool:
    """Whether a member leads by what was said of it; one that resigns does not."""
    return member.is_alive and member.state == NodeState.LEADER


@dataclass(frozen=True, slots=True)
class Case:
    """What was asked about, and what is known so far.

    Args:
        settings: What the connection string says.
        overrides: The rules in force.
        at: The instant of the examination, UTC; for dates of certificates only.
        surroundings: What can be seen of the place it happens at.
        vantage: Where that is, as the user says or as it looks.
        trust: The trust in force, in words.
        may_send_credentials: Whether user and password may leave this machine.
        lookups: What is known of names.
        contacts: The routes tried so far.
        is_cut_short: Whether time ran out before everything was asked.
    """

    settings: Settings
    overrides: Overrides
    at: datetime
    surroundings: Surroundings = field(default_factory=Surroundings)
    vantage: Vantage = Vantage.OUTSIDE
    trust: str = ""
    may_send_credentials: bool = True
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()
    is_cut_short: bool = False

    def learn(self, answers: Iterable[Lookup | Contact]) -> Self:
        """Add what was seen.

        Args:
            answers: Of names and of routes.
        """
        lookups, contacts = dict(self.lookups), list(self.contacts)
        for each in answers:
            if isinstance(each, Lookup):
                lookups[each.host] = each
            else:
                contacts.append(each)
        return replace(self, lookups=lookups, contacts=tuple(contacts))

    # Whom it is about.

    @property
    def seeds(self) -> tuple[Endpoint, ...]:
        """The endpoints of the connection string, each once."""
        return tuple(dict.fromkeys(self.settings.hosts))

    @property
    def members(self) -> tuple[Endpoint, ...]:
        """What members advertise, dead ones included, each once, sorted."""
        return tuple(sorted({m.advertised for v in self.views for m in v.members}))

    @property
    def targets(self) -> tuple[Endpoint, ...]:
        """Everybody to be asked: seeds, members, and whom a redirect names."""
        named = (
            contact.role.leader
            for contact in self.contacts
            if contact.role.leader is not None
        )
        return tuple(dict.fromkeys((*self.seeds, *self.members, *named)))

    @property
    def views(self) -> tuple[View, ...]:
        """What the cluster said, one view a node that answered.

        A name with several addresses may be several nodes, and one address several
        names behind an Ingress: who answers is told apart by both.
        """
        told: dict[tuple[Endpoint, str], View] = {}
        endpoints = Counter(contact.endpoint for contact in self.contacts)
        for contact in self.contacts:
            if contact.members and self.is_usual(contact):
                nodes = (m for m in contact.members if m.state != NodeState.MANAGER)
                place, name = contact.route.connects_to, contact.route.server_name
                teller = contact.endpoint if endpoints[contact.endpoint] == 1 else place
                told.setdefault((place, name), View(teller, tuple(nodes)))
        return tuple(told.values())

    @property
    def leaders(self) -> tuple[Endpoint, ...]:
        """Who leads by anybody's word, each once."""
        return tuple(dict.fromkeys(e for view in self.views for e in view.leaders))

    @property
    def leader(self) -> Endpoint | None:
        """Who leads by everybody's word that names one; None where they differ."""
        leaders = self.leaders
        return leaders[0] if len(leaders) == 1 else None

    @property
    def wanted(self) -> tuple[Endpoint, ...]:
        """The targets that ought to answer: all but members that somebody buried."""
        return tuple(t for t in self.targets if not self.is_doubted(t))

    @property
    def wanted_members(self) -> tuple[Endpoint, ...]:
        """The members that everybody who lists them calls alive."""
        return tuple(m for m in self.members if not self.is_doubted(m))

    def is_doubted(self, member: Endpoint) -> bool:
        """Whether anybody lists a member as dead."""
        return any(not m.is_alive for m in self.said_of(member))

    def is_alive(self, member: Endpoint) -> bool:
        """Whether anybody lists a member as alive."""
        return any(m.is_alive for m in self.said_of(member))

    def said_of(self, member: Endpoint) -> tuple[Member, ...]:
        """What was said of a member, one entry a view that lists it."""
        return tuple(
            entry
            for view in self.views
            for entry in view.members
            if entry.advertised == member
        )

    # How it is reached.

    def named_routes(self, endpoint: Endpoint) -> tuple[Route, ...]:
        """Give the routes that the rules make, names not resolved yet."""
        try:
            return self.overrides.routes(endpoint)
        except InvalidOverride:
            return ()  # a finding of its own, see `rules.note`

    def routes(self, endpoint: Endpoint) -> tuple[Route, ...]:
        """Give the routes that are known so far, each at one address."""
        return tuple(
            resolved
            for route in self.named_routes(endpoint)
            for resolved in self.resolved(endpoint, route)
        )

    def resolved(self, endpoint: Endpoint, route: Route) -> tuple[Route, ...]:
        """Give a route at each address of its name; none while it has none."""
        if route.is_resolved:
            return (route,)
        known = self.lookups.get(route.dial.host)
        if known is None:
            return ()
        by_dns = self.settings.discover and endpoint in self.seeds and not route.rule
        found = (by_dns and known.dns) or known.system
        return tuple(
            replace(route, address=address) for address in found[:MAX_ADDRESSES]
        )

    def is_usual(self, contact: Contact) -> bool:
        """Whether a client would have gone this way, not only the doctor."""
        return contact.route in self.routes(contact.endpoint)

    def contacts_of(self, endpoint: Endpoint) -> tuple[Contact, ...]:
        """Give what became of the usual routes to an endpoint."""
        return tuple(
            c for c in self.contacts if c.endpoint == endpoint and self.is_usual(c)
        )

    def detours(self, endpoint: Endpoint) -> tuple[Contact, ...]:
        """Give what became of other ways to an endpoint that the doctor tried."""
        return tuple(
            c for c in self.contacts if c.endpoint == endpoint and not self.is_usual(c)
        )

    def best(self, endpoint: Endpoint) -> Contact | None:
        """Give the usual contact that came furthest; the preferred one of several."""
        contacts = self.contacts_of(endpoint)
        return max(contacts, key=lambda c: c.reach, default=None)

    def reach(self, endpoint: Endpoint) -> Reach | None:
        """Say how far anybody comes to an endpoint; None where no way is known."""
        best = self.best(endpoint)
        return None if best is None else best.reach

    def works(self, endpoint: Endpoint) -> bool:
        """Whether a node answers by one of the usual routes."""
        return self.reach(endpoint) is Reach.ANSWERED
