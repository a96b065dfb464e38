"""One string, every client: who accepts it, and who reads it differently."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from kurrent_conn.core.client_readings.client import (
    Accepted,
    Client,
    ClientReading,
    Fact,
    FileCheck,
    Refused,
    present,
)
from kurrent_conn.core.client_readings.difference import (
    Difference,
    DifferenceKind,
    differences,
)
from kurrent_conn.core.client_readings.reading import read_as
from kurrent_conn.core.connection_string import read
from kurrent_conn.core.connection_string.option import OPTIONS
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import InvalidConnectionString, Problem

_BRIDGE: Final = "KurrentDB-Client-NodeJS, Client/index.ts"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one client makes of the string.

    Args:
        client: Which one.
        reading: Its values, or why it refuses.
        differences: Where it goes on with something else than we do; empty when it
            or we refuse the string.
    """

    client: Client
    reading: ClientReading
    differences: tuple[Difference, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the client accepts the string."""
        return isinstance(self.reading, Accepted)

    @property
    def agrees(self) -> bool:
        """Whether it accepts and takes what is given as we do; defaults may differ."""
        return self.accepted and all(
            each.kind is DifferenceKind.DEFAULT for each in self.differences
        )


@dataclass(frozen=True, slots=True)
class Lint:
    """What we and the clients make of one string.

    Args:
        settings: What we read; None when we refuse it.
        problems: Why we refuse it.
        verdicts: One a client, in the order asked for.
    """

    settings: Settings | None
    problems: tuple[Problem, ...]
    verdicts: tuple[Verdict, ...] = field(default=())

    @property
    def agrees(self) -> bool:
        """Whether we and every client asked accept it and read it alike."""
        return not self.problems and all(each.agrees for each in self.verdicts)


def lint(
    string: str, clients: Iterable[Client] = tuple(Client), exists: FileCheck = present
) -> Lint:
    """Predict how clients read a connection string.

    Args:
        string: Any text.
        clients: Whom to ask.
        exists: Whether a path names a file where the clients run.
    """
    try:
        reading = read(string)
    except InvalidConnectionString as error:
        verdicts = (Verdict(each, read_as(each, string, exists)) for each in clients)
        return Lint(None, error.problems, tuple(verdicts))
    settings = Settings(**reading.values, warnings=reading.warnings)
    given = frozenset(
        option.name for option in OPTIONS if option.field in reading.values
    )
    verdicts = (_verdict(each, string, settings, given, exists) for each in clients)
    return Lint(settings, (), tuple(verdicts))


def _verdict(
    client: Client,
    string: str,
    settings: Settings,
    given: frozenset[str],
    exists: FileCheck,
) -> Verdict:
    reading = read_as(client, string, exists)
    if isinstance(reading, Refused):
        return Verdict(client, reading)
    found = differences(settings, given, string, reading)
    if client is Client.NODE:
        found += _other_half(string, exists)
    return Verdict(client, reading, found)


def _other_half(string: str, exists: FileCheck) -> tuple[Difference, ...]:
    """Ask what the Rust bridge inside of the Node client makes of the string."""
    bridge = read_as(Client.RUST, string, exists)
    if isinstance(bridge, Accepted):
        return ()
    return (
        Difference(
            Client.NODE,
            "string",
            DifferenceKind.BEHAVIOUR,
            "accepted",
            f"refused by its Rust half: {bridge.fact.text}",
            Fact("a Rust bridge parses the string again", _BRIDGE),
        ),
    )
