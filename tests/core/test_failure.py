"""What a failed call means is read off its code and the start of its text alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.failure import (
    Outcome,
    RpcFailure,
    Verdict,
    hung_up,
    outcome_of,
    verdict_of,
)

REFUSED = "Failed to connect to remote host: Connection refused"
HANDSHAKE = "Tls handshake failed (TSI_PROTOCOL_FAILURE): SSL_ERROR_SSL: "
UNTRUSTED = HANDSHAKE + "CERTIFICATE_VERIFY_FAILED: certificate has expired: OK"
WRONG_NAME = "Custom verification check failed with error: UNAUTHENTICATED: Hostname"
NO_ALPN = "Cannot check peer: missing selected ALPN property."
CONNECT = "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: "
ROWS = [
    ("UNAVAILABLE", CONNECT + REFUSED, Verdict.NEVER_SENT),
    ("UNAVAILABLE", CONNECT + "Socket closed", Verdict.NEVER_SENT),
    ("UNAVAILABLE", CONNECT + UNTRUSTED, Verdict.BAD_TLS),
    ("UNAVAILABLE", CONNECT + WRONG_NAME, Verdict.BAD_TLS),
    ("UNAVAILABLE", CONNECT + NO_ALPN, Verdict.BAD_TLS),
    ("UNAVAILABLE", CONNECT + HANDSHAKE + "KEY_USAGE_BIT_INCORRECT", Verdict.BAD_TLS),
    ("UNAVAILABLE", CONNECT + HANDSHAKE + "WRONG_VERSION_NUMBER", Verdict.BAD_TLS),
    ("UNAVAILABLE", CONNECT + HANDSHAKE + "TLSV1_ALERT_UNKNOWN_CA", Verdict.BAD_TLS),
    ("UNAVAILABLE", CONNECT + HANDSHAKE + "ALERT_INTERNAL_ERROR", Verdict.NEVER_SENT),
    ("UNAVAILABLE", CONNECT + "Unwrap failed (TSI_DATA_CORRUPTED)", Verdict.NEVER_SENT),
    ("UNAVAILABLE", "errors resolving n1:2113: [field:hostname]", Verdict.NEVER_SENT),
    ("UNAVAILABLE", "Stream removed (GOAWAY received; Error code: 0;", Verdict.REFUSED),
    ("UNAVAILABLE", "GOAWAY received; Error code: 0;", Verdict.REFUSED),
    ("UNAVAILABLE", "Received RST_STREAM with error code 7", Verdict.REFUSED),
    ("UNAVAILABLE", "Stream removed (Socket closed)", Verdict.LOST),
    ("UNAVAILABLE", "Socket closed", Verdict.LOST),
    ("UNAVAILABLE", "recvmsg:Connection reset by peer (104)", Verdict.LOST),
    ("UNAVAILABLE", "Stream removed (sendmsg: Broken pipe (32))", Verdict.LOST),
    ("UNAVAILABLE", "Stream removed (ping timeout)", Verdict.LOST),
    ("UNAVAILABLE", "Cancelling all calls", Verdict.LOST),
    ("UNAVAILABLE", "Server Is Not Ready", Verdict.NOT_READY),
    ("UNAVAILABLE", "Stream removed (Server Is Not Ready)", Verdict.UNSURE),
    ("UNAVAILABLE", "Server Is Too Busy", Verdict.TOO_BUSY),
    ("UNKNOWN", "No leader info available in response", Verdict.NO_LEADER),
    ("UNAVAILABLE", "Received http2 header with status: 429", Verdict.UNSURE),
    ("UNAVAILABLE", "Received http2 header with status: 502", Verdict.LOST),
    ("UNAVAILABLE", "Received http2 header with status: 503", Verdict.LOST),
    ("UNAVAILABLE", "Received http2 header with status: 504", Verdict.LOST),
    ("UNIMPLEMENTED", "Received http2 header with status: 404", Verdict.UNSURE),
    ("UNKNOWN", "Stream removed", Verdict.LOST),
    ("UNKNOWN", "Stream removed (Data frame with END_STREAM flag", Verdict.LOST),
    ("INTERNAL", "Received RST_STREAM with error code 0", Verdict.LOST),
    ("INTERNAL", "Received RST_STREAM with error code 2", Verdict.UNSURE),
    ("UNAVAILABLE", "something nobody has seen yet", Verdict.UNSURE),
    ("DEADLINE_EXCEEDED", "Deadline Exceeded", Verdict.LATE),
    ("ABORTED", "Operation timed out: Forwarding timeout", Verdict.UNSURE),
    ("NOT_FOUND", "", Verdict.ANSWERED),
    ("UNAUTHENTICATED", "Unauthenticated", Verdict.ANSWERED),
    ("INTERNAL", "Exception serializing request!", Verdict.ANSWERED),
    ("INTERNAL", "anything", Verdict.UNSURE),
    ("CANCELLED", "Channel closed!", Verdict.UNSURE),
    ("UNKNOWN", "Exception iterating requests!", Verdict.UNSURE),
]  # fmt: skip


@pytest.mark.parametrize(("code", "details", "verdict"), ROWS)
def test_the_table_of_texts(code: str, details: str, verdict: Verdict) -> None:
    """Each row is what grpcio or the server says in that situation."""
    assert verdict_of(RpcFailure(code, details)) is verdict


HANG_UPS = [
    "Handshake read failed (Socket closed)",
    "Unwrap failed (TSI_DATA_CORRUPTED)",
    "Socket closed",
    "recvmsg:Connection reset by peer (104)",
]


@pytest.mark.parametrize("text", HANG_UPS)
def test_a_port_that_closes_its_connections_hung_up(text: str) -> None:
    """An open port that ends what it took, while nothing was sent."""
    assert hung_up(RpcFailure("UNAVAILABLE", CONNECT + text))


@pytest.mark.parametrize("text", [CONNECT + REFUSED, CONNECT + UNTRUSTED, *HANG_UPS])
def test_other_failures_are_no_hang_up(text: str) -> None:
    """A refused port, a bad certificate and a connection lost later are known."""
    assert not hung_up(RpcFailure("UNAVAILABLE", text))


@pytest.mark.parametrize("reason", ["not-leader", "NOT_LEADER_NODE"])
@pytest.mark.parametrize("code", ["NOT_FOUND", "FAILED_PRECONDITION"])
def test_not_leader_is_told_by_its_name_not_its_code(reason: str, code: str) -> None:
    """NOT_FOUND is also what a missing stream gives."""
    assert verdict_of(RpcFailure(code, "", reason)) is Verdict.NOT_LEADER
    assert verdict_of(RpcFailure(code, "", "stream-not-found")) is Verdict.ANSWERED


@given(st.sampled_from([row[:2] for row in ROWS]))
def test_a_quoted_text_is_never_taken_for_never_sent(row: tuple[str, str]) -> None:
    """A proxy may quote its own client's error: that call was sent."""
    quoted = RpcFailure(*row, server_spoke=True)
    assert verdict_of(quoted) not in {
        Verdict.NEVER_SENT,
        Verdict.REFUSED,
        Verdict.BAD_TLS,
    }


@given(st.text(max_size=80))
def test_an_unknown_text_is_an_unknown_outcome(text: str) -> None:
    """Only listed texts say that nothing was executed."""
    failure = RpcFailure("UNAVAILABLE", f"~{text}")
    assert outcome_of(verdict_of(failure)) is Outcome.UNKNOWN


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_an_outcome(verdict: Verdict) -> None:
    """Lost, late and unsure are unknown; the others were not executed."""
    unknown = verdict in {Verdict.LOST, Verdict.LATE, Verdict.UNSURE}
    assert (outcome_of(verdict) is Outcome.UNKNOWN) == unknown
