"""`wire.not_leader` recognises both protocols' refusals and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.wire.not_leader import (
    NotLeader,
    encode_v1,
    encode_v2,
    leader_of,
    not_leader_of,
)
from kurrent_conn.wire.protos import status_pb2
from kurrent_conn.wire.status import ERROR_INFO, STATUS_TRAILER, encode_status, packed

LEADER = Endpoint("n2.kurrent.test", 2113)


@pytest.mark.parametrize("trailers", [encode_v1(LEADER), encode_v2(LEADER, "ask n2")])
def test_both_protocols_name_the_leader(
    trailers: tuple[tuple[str, str | bytes], ...],
) -> None:
    """The same leader is read from v1 trailers and from v2 status details."""
    assert leader_of((("other", "x"), *trailers)) == LEADER


@pytest.mark.parametrize(
    ("host", "port"), [("", "2113"), ("n2", ""), ("n2", "x"), ("n2", "0")]
)
def test_a_refusal_without_an_endpoint_is_still_a_refusal(host: str, port: str) -> None:
    """What cannot be dialled names no leader, yet the node did refuse."""
    trailers = (
        ("exception", "not-leader"),
        ("leader-endpoint-host", host),
        ("leader-endpoint-port", port),
    )
    assert not_leader_of(trailers) == NotLeader(None)


def test_a_v2_reason_without_details_is_a_refusal() -> None:
    """`ErrorInfo` alone is enough to know, not enough to go anywhere."""
    info = packed(ERROR_INFO, status_pb2.ErrorInfo(reason="NOT_LEADER_NODE"))
    trailers = ((STATUS_TRAILER, encode_status(9, "", [info])),)
    assert not_leader_of(trailers) == NotLeader(None)


@pytest.mark.parametrize(
    "trailers",
    [
        (),
        (("exception", "stream-not-found"), ("stream-name", "orders")),
        ((STATUS_TRAILER, b"\xff\xff"),),
        ((STATUS_TRAILER, encode_status(5, "no such stream", [])),),
    ],
)
def test_other_answers_are_no_refusal(
    trailers: tuple[tuple[str, str | bytes], ...],
) -> None:
    """A missing stream has the same status code; the trailers tell them apart."""
    assert not_leader_of(trailers) is None


@given(st.binary())
def test_any_status_bytes_are_read_without_an_error(status: bytes) -> None:
    """A trailer is a hint: bytes that are no status are no refusal."""
    not_leader_of(((STATUS_TRAILER, status),))


def test_our_v2_bytes_are_google_rpc_bytes() -> None:
    """googleapis-common-protos reads what we write, under its own names."""
    error_details_pb2 = pytest.importorskip("google.rpc.error_details_pb2")
    google_status_pb2 = pytest.importorskip("google.rpc.status_pb2")
    ((_, written),) = encode_v2(LEADER, "ask n2")
    status = google_status_pb2.Status.FromString(written)
    info = error_details_pb2.ErrorInfo()
    assert status.code == 9
    assert status.message == "ask n2"
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("NOT_LEADER_NODE", "server")
