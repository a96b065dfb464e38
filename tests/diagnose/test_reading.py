"""What the end of a call says of role and rights."""

from __future__ import annotations

import pytest

from kurrent_conn import Endpoint, FindingKind, Route, TlsFinding
from kurrent_conn.core.failure import RpcFailure
from kurrent_conn.diagnose.reading import counted, credentials_of, role_of
from kurrent_conn.diagnose.sight import Credentials, Role

LEADER = Endpoint("n1")
REFUSED = RpcFailure("UNAUTHENTICATED")
DENIED = RpcFailure("PERMISSION_DENIED", reason="access-denied")


@pytest.mark.parametrize(
    ("failure", "role"),
    [
        (None, Role.LEADS),
        (RpcFailure("NOT_FOUND", reason="stream-not-found"), Role.LEADS),
        (RpcFailure("NOT_FOUND", "", "not-leader", LEADER), Role.REDIRECTS),
        (RpcFailure("UNAVAILABLE", "Server Is Not Ready"), Role.NOT_READY),
        (RpcFailure("UNKNOWN", "No leader info available"), Role.NOT_READY),
        (DENIED, Role.DENIED),
        (REFUSED, Role.DENIED),
        (RpcFailure("DEADLINE_EXCEEDED"), Role.UNKNOWN),
    ],
)
def test_a_role(failure: RpcFailure | None, role: Role) -> None:
    """Served, also where the stream is not there: it leads."""
    assert role_of(failure).role is role
    assert role_of(failure).leader == (LEADER if role is Role.REDIRECTS else None)


@pytest.mark.parametrize(
    ("failure", "credentials"),
    [
        (None, Credentials.ACCEPTED),
        (RpcFailure("UNIMPLEMENTED"), Credentials.ACCEPTED),
        (REFUSED, Credentials.REFUSED),
        (RpcFailure("UNAVAILABLE", "Socket closed"), Credentials.UNTRIED),
    ],
)
def test_credentials(failure: RpcFailure | None, credentials: Credentials) -> None:
    """A node that does not know the call has let us in; a lost one has said nothing."""
    assert credentials_of(failure) is credentials


def test_what_a_pin_overlooks() -> None:
    """Without verification trust and names are no findings, dates still are."""
    found = tuple(
        TlsFinding(kind, LEADER, Route(LEADER, "n1"), "n1") for kind in FindingKind
    )
    assert counted(found, verified=True) == found
    left = {each.kind for each in counted(found, verified=False)}
    assert FindingKind.EXPIRED in left
    assert FindingKind.UNTRUSTED not in left
    assert FindingKind.NAME_MISMATCH not in left
