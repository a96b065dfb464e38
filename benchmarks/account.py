"""What the calls of a trial amount to, and whether the stream agrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import kurrent_conn
from benchmarks.call_record import OK, UNKNOWN, CallRecord
from benchmarks.clock import NS_PER_MS
from benchmarks.figures import NEVER
from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.ledger import Balance, Ledger
from kurrent_conn.testing.stream_client import StreamClient


@dataclass(frozen=True, slots=True)
class Calls:
    """Every call of a trial.

    Args:
        records: In no order.
    """

    records: Sequence[CallRecord]

    def first_success_ms(self, elected_ns: int, since_ns: int) -> float:
        """Say how long it took until an append was acknowledged.

        Args:
            elected_ns: When there was somebody again who could acknowledge one.
            since_ns: From when on the time counts.
        """
        ends = [
            record.ended_ns
            for record in self.records
            if record.result == OK
            and record.ended_ns is not None
            and record.ended_ns >= elected_ns
        ]
        return (min(ends) - since_ns) / NS_PER_MS if ends else NEVER

    def errors(self, *, begun_after_ns: int) -> int:
        """Count the errors of calls that were begun after an instant.

        Args:
            begun_after_ns: Earlier ones were in flight when the node died.
        """
        return sum(
            record.began_ns > begun_after_ns
            for record in self.records
            if record.result != OK and record.ended_ns is not None
        )

    def errors_in_flight(self, begun_until_ns: int) -> int:
        """Count the errors of calls that were in flight when the node died.

        Args:
            begun_until_ns: Those of calls that were begun later are `errors`.
        """
        return self.errors(begun_after_ns=0) - self.errors(
            begun_after_ns=begun_until_ns
        )

    def longer_than(self, seconds: float) -> int:
        """Count the calls that took longer, or did not end.

        Args:
            seconds: Than this.
        """
        return sum(
            record.ended_ns is None
            or record.ended_ns - record.began_ns > seconds * 1000 * NS_PER_MS
            for record in self.records
        )

    def texts(self) -> set[str]:
        """Give the errors, each once."""
        return {record.text for record in self.records if record.text}

    def ledger(self) -> Ledger:
        """Write the account of the application."""
        account = Ledger()
        for record in self.records:
            if record.result == OK:
                account.acknowledged.append(UUID(record.event_id))
            elif record.result == UNKNOWN:
                account.unknown += 1
            else:
                account.errors += 1
        return account


def calls_of(answer: dict[str, Any]) -> Calls:
    """Read what a driver says of its calls.

    Args:
        answer: Its answer to `stop`.
    """
    return Calls([CallRecord(*row) for row in answer["calls"]])


def stream_ids(cluster: SimulatedCluster, stream: str) -> list[UUID]:
    """Read back which events a stream has.

    Args:
        cluster: Settled, all nodes there.
        stream: Which.
    """
    with kurrent_conn.connect(cluster.connection_string()) as connection:
        found = StreamClient(connection.channel).read(stream, timeout_s=30.0)
    return [recorded.event_id for recorded in found]


def balance_of(calls: Calls, cluster: SimulatedCluster, stream: str) -> Balance:
    """Compare the application's account with the stream.

    Args:
        calls: Every call.
        cluster: Settled, all nodes there.
        stream: Where they went.
    """
    return calls.ledger().balance(stream_ids(cluster, stream))
