"""What the end of a call says of a node's role, and of our rights there."""

from __future__ import annotations

from typing import Final

from kurrent_conn.core.failure import RpcFailure, Verdict, verdict_of
from kurrent_conn.core.tls_finding import FindingKind, TlsFinding
from kurrent_conn.diagnose.sight import Credentials, Role, RoleSight

_DENIED: Final = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED"})

_OVERLOOKED: Final = frozenset(
    {
        FindingKind.UNTRUSTED,
        FindingKind.MISSING_INTERMEDIATE,
        FindingKind.NAME_MISMATCH,
        FindingKind.WRONG_USAGE,
    }
)
"""What a pinned certificate may be, see `shells.pin`."""


def is_denied(failure: RpcFailure | None) -> bool:
    """Whether a call was refused for want of rights.

    Args:
        failure: How it ended; None when it was answered.
    """
    return failure is not None and failure.code in _DENIED


def credentials_of(failure: RpcFailure | None) -> Credentials:
    """Say what a call that nobody needs rights for says of credentials sent with it.

    Args:
        failure: How it ended; None when it was answered.

    Source: server, authentication comes first: wrong credentials are refused also
    where none are needed.
    """
    if failure is None:
        return Credentials.ACCEPTED
    if failure.code == "UNAUTHENTICATED":
        return Credentials.REFUSED
    answered = verdict_of(failure) is Verdict.ANSWERED
    return Credentials.ACCEPTED if answered else Credentials.UNTRIED


def role_of(failure: RpcFailure | None) -> RoleSight:
    """Say what a read that only a leader answers says of its node.

    Args:
        failure: How it ended; None when it was answered.
    """
    if failure is None or failure.reason == "stream-not-found":
        return RoleSight(Role.LEADS)
    if is_denied(failure):
        return RoleSight(Role.DENIED)
    match verdict_of(failure):
        case Verdict.NOT_LEADER:
            return RoleSight(Role.REDIRECTS, failure.leader)
        case Verdict.NOT_READY | Verdict.NO_LEADER:
            return RoleSight(Role.NOT_READY)
        case _:
            return RoleSight(Role.UNKNOWN)


def counted(
    findings: tuple[TlsFinding, ...], *, verified: bool
) -> tuple[TlsFinding, ...]:
    """Give the TLS findings that stop a client.

    Args:
        findings: All of them.
        verified: Whether certificates are verified at all.
    """
    if verified:
        return findings
    return tuple(found for found in findings if found.kind not in _OVERLOOKED)
