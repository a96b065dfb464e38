"""What to ask next: the doctor's next questions, from what is known so far.

    1. the name of everybody who is to be asked, and what is dialled for it
    2. every route whose address is known
    3. when both are answered: other ways to those who are in trouble

The same questions are never asked twice, and there are finitely many, so the shell
asks until there are none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.route import Route
from kurrent_conn.diagnose.alternative import alternatives
from kurrent_conn.diagnose.case import Case


@dataclass(frozen=True, slots=True)
class AskName:
    """Look a name up, by the system and by DNS."""

    host: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Try a route to its end.

    Args:
        endpoint: Who is to be reached.
        route: By which way, its address known.
        with_credentials: Whether user and password may go there.
    """

    endpoint: Endpoint
    route: Route
    with_credentials: bool = True


Question = AskName | Visit


def next_questions(case: Case) -> tuple[Question, ...]:
    """Say what to ask now, all side by side.

    Args:
        case: What is known.

    Returns:
        None when everything is answered that this doctor asks.
    """
    usual = tuple(dict.fromkeys((*_names(case), *_visits(case))))
    return usual or tuple(dict.fromkeys(_other_ways(case)))


def _names(case: Case) -> Iterator[Question]:
    for endpoint in case.targets:
        # The advertised name, too, where a rule leads elsewhere: both are compared.
        hosts = (endpoint.host, *(r.dial.host for r in case.named_routes(endpoint)))
        yield from _unknown(case, hosts)


def _unknown(case: Case, hosts: Iterable[str]) -> Iterator[Question]:
    for host in hosts:
        if host not in case.lookups and not Endpoint(host).is_address:
            yield AskName(host)


def _visits(case: Case) -> Iterator[Question]:
    tried = {(contact.endpoint, contact.route) for contact in case.contacts}
    for endpoint in case.targets:
        for route in case.routes(endpoint):
            if (endpoint, route) not in tried:
                yield Visit(endpoint, route, case.may_send_credentials)


def _other_ways(case: Case) -> Iterator[Question]:
    # These are guesses: only a verified certificate makes one the member itself.
    settings = case.settings
    verified = settings.tls and settings.tls_verify_cert
    may_send = case.may_send_credentials and verified
    tried = {(contact.endpoint, contact.route) for contact in case.contacts}
    for endpoint, route in alternatives(case):
        if not route.is_resolved:
            yield from _unknown(case, (route.dial.host,))
        for resolved in case.resolved(endpoint, route):
            if (endpoint, resolved) not in tried:
                yield Visit(endpoint, resolved, may_send)
