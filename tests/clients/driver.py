"""A client of somebody else, in a process of its own, that does what a test says.

Orders and outcomes are lines of JSON; `node/driver.mjs` and `python/driver.py` say
which. Every wait has an end, and so has the process.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

from tests.clients.roster import Guest

DEADLINE_S = 15.0
_ENDS_WITHIN_S = 5.0

Event = dict[str, Any]


class Failed(Exception):
    """What the client raised, by the name of its type.

    Args:
        type_: The name of its class.
        message: Its text.
        fields: Its attributes.
    """

    def __init__(self, type_: str, message: str, fields: dict[str, Any]) -> None:
        super().__init__(f"{type_}: {message} {fields}")
        self.type = type_
        self.message = message
        self.fields = fields


class Driver:
    """A running process that drives a client.

    Args:
        command: How it is started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the tests' own drivers
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._outcomes: SimpleQueue[str] = SimpleQueue()
        self._reader = Thread(target=self._read, name="guest-reader", daemon=True)
        self._reader.start()

    def order(self, order: str, **given: Any) -> Any:
        """Let the client do something.

        Args:
            order: What.
            given: With which arguments.

        Returns:
            What it gave.

        Raises:
            Failed: The client raised.
            TimeoutError: Nothing came back.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"order": order, **given}) + "\n")
        self._process.stdin.flush()
        try:
            line = self._outcomes.get(timeout=DEADLINE_S)
        except Empty:
            self.end()
            raise TimeoutError(f"{order} has no outcome") from None
        assert line, f"the driver ended with {self._process.wait(_ENDS_WITHIN_S)}"
        outcome = json.loads(line)
        if failed := outcome.get("failed"):
            raise Failed(failed["type"], failed["message"], failed["fields"])
        return outcome["gave"]

    @property
    def is_running(self) -> bool:
        """Whether it can take orders."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the process, by force when it does not end by itself."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(_ENDS_WITHIN_S)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait(_ENDS_WITHIN_S)
        self._reader.join(_ENDS_WITHIN_S)
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._outcomes.put(line)
        self._outcomes.put("")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription that a client holds."""

    driver: Driver
    number: int

    def next(self) -> Event:
        """Wait for its next event."""
        event: Event = self.driver.order("next", subscription=self.number)
        return event

    def end(self) -> None:
        """End it."""
        self.driver.order("unsubscribe", subscription=self.number)


@dataclass(frozen=True, slots=True)
class Client:
    """A client that is open.

    Args:
        guest: Which client it is, and what is known of it.
        driver: Who drives it.
        number: Which of the driver's clients.
    """

    guest: Guest
    driver: Driver
    number: int

    def append(
        self, stream: str, *events: Event, expect: str | int = "any", **options: Any
    ) -> int:
        """Append events.

        Args:
            stream: Where.
            events: From `event`.
            expect: `any`, `no_stream`, `stream_exists` or a revision.
            options: As the client spells them.
        """
        gave: int = self.driver.order(
            "append",
            client=self.number,
            stream=stream,
            events=events,
            expect=expect,
            options=options,
        )
        return gave

    def append_to_streams(self, streams: dict[str, list[Event]]) -> None:
        """Append to several streams at once, all or none; Node only."""
        self.driver.order("append_to_streams", client=self.number, streams=streams)

    def append_until_taken(self, stream: str, event: Event) -> list[str]:
        """Append one event, however often it takes; its id makes that safe.

        Returns:
            What the client raised before, as names of types.
        """
        return until_done(lambda: self.append(stream, event))

    def read(self, stream: str, **options: Any) -> list[Event]:
        """Read a stream forwards."""
        found: list[Event] = self.driver.order(
            "read", client=self.number, stream=stream, options=options
        )
        return found

    def read_all(self) -> list[Event]:
        """Read everything but system events."""
        found: list[Event] = self.driver.order("read_all", client=self.number)
        return found

    def subscribe(self, stream: str | None) -> Subscription:
        """Subscribe to a stream from its start, or to everything (None)."""
        number: int = self.driver.order("subscribe", client=self.number, stream=stream)
        return Subscription(self.driver, number)

    def close(self) -> None:
        """Close it."""
        self.driver.order("close", client=self.number)


def until_done(action: Callable[[], object]) -> list[str]:
    """Do something until it works.

    Returns:
        What was raised before, as names of types.
    """
    ends_at = time.monotonic() + DEADLINE_S
    raised: list[str] = []
    while True:
        try:
            action()
        except Failed as failed:
            raised.append(failed.type)
            if time.monotonic() > ends_at:
                raise
        else:
            return raised


def event(data: object = None, type_: str = "Ordered") -> Event:
    """Make an event with an id of its own."""
    return {"id": str(uuid4()), "type": type_, "data": {"n": data}}


def ids(events: Sequence[Event]) -> list[UUID]:
    """List the ids of events."""
    return [UUID(event["id"]) for event in events]
