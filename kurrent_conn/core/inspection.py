"""A second look at handshakes that failed: what it is asked about, what it changes.

gRPC keeps to itself what a server presented, and some faults (a client certificate
that is refused, a plaintext port that hangs up) look like a node that dies. So a failed
handshake is looked at while the search goes on, once a search for each route; what is
found makes the failure one that waiting does not mend, and goes into the error.

Knows findings and who is looked at; a shell does the looking (`shells.tls_probe`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kurrent_conn.core.actions import Inspect
from kurrent_conn.core.amended import amended
from kurrent_conn.core.attempt import Attempt, Phase
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import GossipFailed, Inspected
from kurrent_conn.core.route import Route
from kurrent_conn.core.state import Candidate, Search
from kurrent_conn.core.tls_finding import TlsFinding
from kurrent_conn.core.turn import Turn

LOOK_S: Final = 2.0
"""The most that one look may take; a node that let gRPC fail was quick to answer."""

Key = tuple[Endpoint, Route]


def is_needed(event: GossipFailed) -> bool:
    """Tell whether a failed read may have failed for its handshake.

    Args:
        event: How the read ended.
    """
    return event.phase is Phase.TLS or event.hung_up


def begin(turn: Turn, candidate: Candidate) -> None:
    """Have a candidate looked at, unless that was done in this search.

    Args:
        turn: The draft.
        candidate: Whose handshake failed.
    """
    search, key = turn.state.search, _key(candidate)
    if search is None or not turn.state.plan.explains_tls or key in search.looked_at:
        return
    number = turn.state.next_read
    turn.state = amended(
        turn.state,
        next_read=number + 1,
        search=amended(
            search,
            looking={**search.looking, number: key},
            looked_at=search.looked_at | {key},
        ),
    )
    turn.act(Inspect(number, candidate.endpoint, candidate.route, LOOK_S))


def ended(turn: Turn, event: Inspected) -> bool:
    """Take what a look found into account.

    Args:
        turn: The draft.
        event: What was found; of an earlier search it is old news.

    Returns:
        Whether the search changed.
    """
    search = turn.state.search
    if search is None or event.look not in search.looking:
        return False
    key = search.looking[event.look]
    search = amended(
        search,
        looking={n: k for n, k in search.looking.items() if n != event.look},
    )
    if event.findings:
        search = amended(
            search,
            findings={**search.findings, key: event.findings},
            fatal=search.fatal | {key},
            attempts=tuple(_at_tls(a, key) for a in search.attempts),
        )
    turn.state = amended(turn.state, search=search)
    return True


def has_found(search: Search | None, candidate: Candidate) -> bool:
    """Tell whether something is known to be wrong with a candidate's TLS.

    Args:
        search: The search under way.
        candidate: Who failed.
    """
    return search is not None and _key(candidate) in search.findings


def forget(turn: Turn, candidate: Candidate) -> None:
    """Drop what was found of a candidate that now fails in another way.

    Args:
        turn: The draft.
        candidate: Who failed.
    """
    search = turn.state.search
    if search is not None and has_found(search, candidate):
        kept = {k: v for k, v in search.findings.items() if k != _key(candidate)}
        turn.state = amended(turn.state, search=amended(search, findings=kept))


def findings(search: Search | None) -> tuple[TlsFinding, ...]:
    """List what was found in a search, in the order in which it came.

    Args:
        search: The search under way.
    """
    found = search.findings.values() if search is not None else ()
    return tuple(dict.fromkeys(each for some in found for each in some))


def _key(candidate: Candidate) -> Key:
    return candidate.endpoint, candidate.route


def _at_tls(attempt: Attempt, key: Key) -> Attempt:
    if (attempt.endpoint, attempt.route) != key:
        return attempt
    return replace(attempt, phase=Phase.TLS)
