"""From the core's `GiveUp` to the error that a user gets."""

from __future__ import annotations

from kurrent_conn.core.actions import Ending, GiveUp
from kurrent_conn.core.state import Plan
from kurrent_conn.errors import (
    ConnectionClosed,
    DiscoveryError,
    KurrentConnError,
    UntrustedName,
)


def error_of(given_up: GiveUp, plan: Plan) -> KurrentConnError:
    """Make the error of a wait that ended without a node.

    Args:
        given_up: How it ended.
        plan: What the connection was told to do.
    """
    if given_up.ending is Ending.CLOSED:
        return ConnectionClosed(given_up.reason)
    if given_up.ending is Ending.UNTRUSTED and given_up.untrusted is not None:
        host, told_by = given_up.untrusted
        return UntrustedName(host, told_by, plan.trusted_names or ())
    return DiscoveryError(given_up.reason, given_up.attempts, given_up.findings)
