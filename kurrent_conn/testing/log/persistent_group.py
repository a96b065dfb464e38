"""A persistent subscription: one place in the log that several consumers share.

Groups and how far they are live in the log itself, as the server has it: whoever leads
next finds them there. What was delivered and not acknowledged is the leader's memory
alone, so after an election it is delivered again.

Source: server, `Services/PersistentSubscription/` (PersistentSubscriptionConfig,
PersistentSubscriptionCheckpointWriter).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kurrent_conn.testing.log.event_filter import EventFilter
from kurrent_conn.testing.log.event_log import EventLog
from kurrent_conn.testing.log.record import JSON, Proposal, Record

ALL: Final = "$all"
CONFIG_STREAM: Final = "$persistentSubscriptionConfig"
CONFIG_TYPE: Final = "PersistentConfig1"
CHECKPOINT_TYPE: Final = "$SubscriptionCheckpoint"
_OWN_PREFIX: Final = "$persistentsubscription-"


@dataclass(frozen=True, slots=True)
class GroupConfig:
    """What a group was created with.

    Args:
        stream: The stream's name, or `$all`.
        group: The group's name.
        start: The index of the first event: a revision, or a place in the log.
        resolves_links: Whether links are followed.
        filter: Which events of $all; None takes all.
    """

    stream: str
    group: str
    start: int
    resolves_links: bool = False
    filter: EventFilter | None = None

    @property
    def checkpoint_stream(self) -> str:
        """Where the log keeps how far the group is."""
        return f"{_OWN_PREFIX}{self.stream}::{self.group}-checkpoint"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to a consumer.

    Args:
        index: Its place in the group's source.
        record: The event.
        retries: How often it was delivered before.
    """

    index: int
    record: Record
    retries: int


@dataclass(eq=False, slots=True)
class Consumer:
    """One call that reads for the group.

    Args:
        room: How many events it takes unacknowledged.
        wake: Called when there may be something for it.
        held: What it has not acknowledged, by event id.
    """

    room: int
    wake: Callable[[], None]
    held: dict[UUID, Delivery] = field(default_factory=dict)


class PersistentGroup:
    """One group at its leader.

    Args:
        config: What it was created with.
        log: The log.
    """

    def __init__(self, config: GroupConfig, log: EventLog) -> None:
        self.config = config
        self._log = log
        self._next = _checkpoint(config, log)
        self._retries: deque[Delivery] = deque()
        self._consumers: set[Consumer] = set()

    @property
    def checkpoint(self) -> int:
        """The index below which every event is done with."""
        open_indices = [d.index for d in self._retries]
        for consumer in self._consumers:
            open_indices += [d.index for d in consumer.held.values()]
        return min(open_indices, default=self._next)

    def join(self, consumer: Consumer) -> None:
        """Add a consumer.

        Args:
            consumer: The consumer.
        """
        self._consumers.add(consumer)

    def leave(self, consumer: Consumer) -> None:
        """Remove a consumer; what it held goes to the others.

        Args:
            consumer: The consumer.
        """
        self._consumers.discard(consumer)
        self._again(consumer.held.values())
        consumer.held.clear()

    def take(self, consumer: Consumer) -> Delivery | None:
        """Give the consumer its next event, if there is one and it has room.

        Args:
            consumer: The consumer.
        """
        if len(consumer.held) >= consumer.room:
            return None
        delivery = self._retries.popleft() if self._retries else self._fresh()
        if delivery is not None:
            consumer.held[delivery.record.id] = delivery
        return delivery

    def finish(
        self, consumer: Consumer, ids: Iterable[UUID], *, again: bool = False
    ) -> None:
        """Take events back from a consumer.

        Args:
            consumer: The consumer.
            ids: The events; what it does not hold is ignored.
            again: Whether they are delivered again; else they are done with.
        """
        found = [consumer.held.pop(i) for i in ids if i in consumer.held]
        if again:
            self._again(found)

    def wake(self) -> None:
        """Let every consumer look again."""
        for consumer in self._consumers:
            consumer.wake()

    def _again(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in sorted(deliveries, key=lambda d: d.index):
            self._retries.append(
                Delivery(delivery.index, delivery.record, delivery.retries + 1)
            )
        self.wake()

    def _fresh(self) -> Delivery | None:
        source = (
            self._log.records
            if self.config.stream == ALL
            else self._log.stream(self.config.stream).records
        )
        while self._next < len(source):
            index, record = self._next, source[self._next]
            self._next += 1
            if self._wants(record):
                return Delivery(index, record, 0)
        return None

    def _wants(self, record: Record) -> bool:
        if record.stream.startswith(_OWN_PREFIX):
            # A group that read its own checkpoints would never end.
            return False
        wanted = self.config.filter
        return wanted is None or wanted.matches(record)


def groups_of(log: EventLog) -> dict[tuple[str, str], GroupConfig]:
    """Find the groups that were created and not deleted.

    Args:
        log: The log.
    """
    groups: dict[tuple[str, str], GroupConfig] = {}
    for record in log.stream(CONFIG_STREAM).records:
        entry = json.loads(record.data)
        key = entry["stream"], entry["group"]
        groups.pop(key, None)
        if not entry.get("deleted"):
            groups[key] = GroupConfig(
                *key,
                start=entry["start"],
                resolves_links=entry["resolves_links"],
                filter=EventFilter.from_json(entry["filter"]),
            )
    return groups


def creation(config: GroupConfig, identifier: UUID) -> Proposal:
    """Write the event that creates a group.

    Args:
        config: The group.
        identifier: The event's id.
    """
    entry = {
        "stream": config.stream,
        "group": config.group,
        "start": config.start,
        "resolves_links": config.resolves_links,
        "filter": None if config.filter is None else config.filter.to_json(),
    }
    return Proposal(identifier, CONFIG_TYPE, JSON, b"", json.dumps(entry).encode())


def deletion(key: tuple[str, str], identifier: UUID) -> Proposal:
    """Write the event that deletes a group.

    Args:
        key: The names of its stream and of itself.
        identifier: The event's id.
    """
    entry = {"stream": key[0], "group": key[1], "deleted": True}
    return Proposal(identifier, CONFIG_TYPE, JSON, b"", json.dumps(entry).encode())


def progress(index: int, identifier: UUID) -> Proposal:
    """Write the event that says how far a group is.

    Args:
        index: Below it everything is done with.
        identifier: The event's id.
    """
    return Proposal(identifier, CHECKPOINT_TYPE, JSON, b"", b"%d" % index)


def _checkpoint(config: GroupConfig, log: EventLog) -> int:
    written = log.stream(config.checkpoint_stream).records
    return int(written[-1].data) if written else config.start
