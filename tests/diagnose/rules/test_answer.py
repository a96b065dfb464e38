"""Nodes that connect and then do not do what nodes do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kurrent_conn.core.failure import RpcFailure
from kurrent_conn.diagnose import Trouble, Vantage
from kurrent_conn.diagnose.rules import findings
from kurrent_conn.diagnose.sight import (
    CallSight,
    Contact,
    Credentials,
    GossipSight,
    TlsEnd,
    TlsSight,
)
from tests.diagnose.sketch import World, examined

STRING = "kurrentdb://10.0.0.1"
FINE = TlsSight(TlsEnd.DONE)


def failed(code: str, details: str = "") -> CallSight:
    """A call that failed."""
    return CallSight(0.1, RpcFailure(code, details))


@pytest.mark.parametrize(
    ("seen", "trouble"),
    [
        ({"tls": TlsSight(TlsEnd.SILENT)}, Trouble.SILENT),
        ({"tls": TlsSight(TlsEnd.CLOSED)}, Trouble.HANGS_UP),
        ({"features": failed("DEADLINE_EXCEEDED")}, Trouble.SILENT),
        ({"features": failed("UNAVAILABLE", "Socket closed")}, Trouble.HANGS_UP),
        (
            {
                "features": failed(
                    "UNAVAILABLE", "Received http2 header with status: 502"
                )
            },
            Trouble.PROXY_ERROR,
        ),
        (
            {"features": failed("UNAVAILABLE", "Socket closed"), "speaks_tls": True},
            Trouble.TLS_EXPECTED,
        ),
        ({"gossip": GossipSight(failed("UNIMPLEMENTED"))}, Trouble.NOT_KURRENTDB),
        ({"gossip": GossipSight(failed("DEADLINE_EXCEEDED"))}, Trouble.NOT_READY),
        (
            {"gossip": GossipSight(failed("PERMISSION_DENIED"), is_denied=True)},
            Trouble.GOSSIP_DENIED,
        ),
        ({"credentials": Credentials.REFUSED}, Trouble.WRONG_CREDENTIALS),
    ],
)
def test_an_answer_and_its_name(seen: dict[str, Any], trouble: Trouble) -> None:
    """Each way of not answering has a name of its own."""
    world = World(["10.0.0.1:2113"], places={"10.0.0.1:2113": 0})
    case = examined(world, STRING, vantage=Vantage.OUTSIDE)
    contact: Contact = replace(case.contacts[0], **seen)
    (found,) = findings(replace(case, contacts=(contact,)))
    assert found.trouble is trouble
    assert found.fixes
