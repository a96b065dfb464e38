"""Lets a test use an unmodified Python client in a process of its own.

A line of JSON on stdin is an order, a line on stdout its outcome. Arguments: the
package (`kurrentdbclient` or `esdbclient`: one process cannot load both, as their
messages have the same names) and the name of its client class.

Orders are carried out one after another. A client for asyncio gives awaitables where
the other gives values; `settled` makes them alike.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

Given = dict[str, Any]


async def settled(value: Any) -> Any:
    """Wait for what an asyncio client gives; pass on what a blocking one gives."""
    return await value if inspect.isawaitable(value) else value


class Driver:
    """Carries out orders.

    Args:
        package: The client's package.
        class_name: Its client class.
    """

    def __init__(self, package: str, class_name: str) -> None:
        self._library = importlib.import_module(package)
        self._make = getattr(self._library, class_name)
        self._held: dict[int, Any] = {}
        self._ids = count(1)

    async def outcome(self, order: str, given: Given) -> Given:
        """Carry out one order.

        Args:
            order: Its name.
            given: Its arguments.
        """
        carry_out: Callable[[Given], Awaitable[Any]] = getattr(self, f"do_{order}")
        try:
            return {"gave": await carry_out(given)}
        except Exception as error:  # noqa: BLE001 - the test judges all of them
            fields = {name: str(value) for name, value in vars(error).items()}
            text = {"type": type(error).__name__, "message": str(error)}
            return {"failed": {**text, "fields": fields}}

    async def do_open(self, given: Given) -> int:
        """Make a client; the blocking one connects at once."""
        ca = given.get("ca")
        trust = {"root_certificates": _text(ca)} if ca else {}
        made = self._make(given["uri"], **trust)
        client = await settled(made)
        if client is made and hasattr(client, "connect"):
            await client.connect()
        return self._hold(client)

    async def do_append(self, given: Given) -> int:
        """Append events; the answer is a commit position."""
        expected = given["expect"]
        states = self._library.StreamState
        named = {
            "any": states.ANY,
            "no_stream": states.NO_STREAM,
            "stream_exists": states.EXISTS,
        }
        events = [
            self._library.NewEvent(
                type=event["type"],
                data=json.dumps(event["data"]).encode(),
                id=UUID(event["id"]),
            )
            for event in given["events"]
        ]
        position = await settled(
            self._held[given["client"]].append_to_stream(
                given["stream"],
                current_version=named.get(expected, expected),
                events=events,
            )
        )
        assert isinstance(position, int)
        return position

    async def do_read(self, given: Given) -> list[Given]:
        """Read a stream forwards."""
        found = await settled(self._held[given["client"]].get_stream(given["stream"]))
        return [_read(event) for event in found]

    async def do_read_all(self, given: Given) -> list[Given]:
        """Read everything that is no system event."""
        answer = await settled(self._held[given["client"]].read_all())
        if hasattr(answer, "__aiter__"):
            return [_read(event) async for event in answer]
        return [_read(event) for event in answer]

    async def do_subscribe(self, given: Given) -> int:
        """Subscribe to a stream, or to everything; returns when that is confirmed."""
        client = self._held[given["client"]]
        subscription = await settled(
            client.subscribe_to_all()
            if given["stream"] is None
            else client.subscribe_to_stream(given["stream"])
        )
        return self._hold(subscription)

    async def do_next(self, given: Given) -> Given:
        """Wait for the next event of a subscription."""
        subscription = self._held[given["subscription"]]
        if hasattr(subscription, "__anext__"):
            return _read(await anext(subscription))
        return _read(next(subscription))

    async def do_unsubscribe(self, given: Given) -> None:
        """End a subscription."""
        await settled(self._held[given["subscription"]].stop())

    async def do_close(self, given: Given) -> None:
        """Close a client."""
        await settled(self._held[given["client"]].close())

    def _hold(self, thing: Any) -> int:
        number = next(self._ids)
        self._held[number] = thing
        return number


def _text(path: str) -> str:
    return Path(path).read_text()


def _read(event: Any) -> Given:
    return {
        "id": str(event.id),
        "type": event.type,
        "data": json.loads(event.data),
        "stream": event.stream_name,
        "revision": event.stream_position,
    }


async def main(package: str, class_name: str) -> None:
    """Carry out orders until stdin ends."""
    driver = Driver(package, class_name)
    while line := await asyncio.to_thread(sys.stdin.readline):
        given = json.loads(line)
        outcome = await driver.outcome(given.pop("order"), given)
        sys.stdout.write(json.dumps(outcome) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
