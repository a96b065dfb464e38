"""Tries one route to its end: TCP, TLS, a first call, gossip, credentials, the leader.

Each step is asked only when the one before went well, and has its own bound.
"""

from __future__ import annotations

import errno
from dataclasses import replace
from time import monotonic
from typing import Final

from kurrent_conn.core.route import Route
from kurrent_conn.diagnose.inquiry import Visit
from kurrent_conn.diagnose.probes.bag import Bag
from kurrent_conn.diagnose.probes.calls import Calls
from kurrent_conn.diagnose.reading import counted
from kurrent_conn.diagnose.sight import (
    Contact,
    NoConnection,
    TlsEnd,
    TlsSight,
)
from kurrent_conn.shells.handshake import (
    Deadline,
    Ending,
    connect,
    looking_context,
    shake_hands,
)
from kurrent_conn.shells.tls_probe import inspect
from kurrent_conn.shells.trust import Trust

_ENDS: Final = {
    Ending.DONE: TlsEnd.DONE,
    Ending.SILENT: TlsEnd.SILENT,
    Ending.CLOSED: TlsEnd.CLOSED,
}


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
    calls = Calls(question.route, bag, ends_at, question.with_credentials)
    contact = calls.made(contact)
    if contact.is_answered or bag.trust is not None:
        return contact
    # A TLS server hangs up on HTTP/2 without TLS, or waits for a handshake.
    return replace(contact, speaks_tls=_speaks_tls(question.route, bag, ends_at))


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
    ending = seen.ending or Ending.CLOSED
    return TlsSight(
        _ENDS.get(ending, TlsEnd.FAILED),
        counted(seen.findings, verified=bag.settings.tls_verify_cert),
        seen.certificates,
        seen.protocol,
    )


def _speaks_tls(route: Route, bag: Bag, ends_at: float) -> bool:
    try:
        seen = shake_hands(
            route.connects_to,
            route.server_name,
            looking_context(),
            _deadline(bag, ends_at),
        )
    except OSError:
        return False
    return bool(seen.chain)
