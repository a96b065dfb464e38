"""The six clients, and what one of them makes of a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Client(StrEnum):
    """An official client; the value is its word on the command line."""

    DOTNET = "dotnet"
    JAVA = "java"
    NODE = "node"
    GO = "go"
    RUST = "rust"
    PYTHON = "python"

    @property
    def label(self) -> str:
        """Its name as people write it."""
        return _LABELS[self]


_LABELS = {
    Client.DOTNET: ".NET",
    Client.JAVA: "Java",
    Client.NODE: "Node",
    Client.GO: "Go",
    Client.RUST: "Rust",
    Client.PYTHON: "Python",
}

OptionValue: TypeAlias = bool | int | float | str | None
"""The value of an option: seconds where it is a duration, None where it is off."""

FileCheck: TypeAlias = Callable[[str], bool]
"""Answers whether a path names a file where the client runs."""


def present(_path: str) -> bool:
    """Answer for every path that the file is there."""
    return True


@dataclass(frozen=True, slots=True)
class Fact:
    """Why a client does what it does.

    Args:
        text: The rule, in one sentence.
        source: Where it stands, or how it was seen.
    """

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Seed:
    """A host as a client took it, which may be no host at all.

    Args:
        host: Text that the client will resolve.
        port: The port, possibly out of range; None when the client took what
            should be the port for a part of the host.
    """

    host: str
    port: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The client raises while it parses.

    Args:
        client: Which one.
        fact: Why; never quotes the text.
    """

    client: Client
    fact: Fact


@dataclass(frozen=True, slots=True)
class Accepted:
    """The client goes on with these values.

    Not shown in full: what a client takes for a host or a user name may be a part of
    the password.

    Args:
        client: Which one.
        hosts: The seeds in their order.
        username: None without credentials.
        password: None without credentials, or where the client has none.
        tls: Whether it encrypts.
        discover: Whether it resolves the hosts to members by DNS.
        values: Every option that the client knows, by its name, with its default
            where the text gives none; durations in seconds, None where off.
        ignored: Names of the given options that it drops, in the order of the text.
        facts: The rule behind a value that may surprise, by `hosts`, `username`,
            `password`, `discover` or the option's name.
    """

    client: Client
    hosts: tuple[Seed, ...] = field(repr=False)
    username: str | None = field(repr=False)
    password: str | None = field(repr=False)
    tls: bool
    discover: bool
    values: Mapping[str, OptionValue] = field(repr=False)
    ignored: tuple[str, ...] = field(default=(), repr=False)
    facts: Mapping[str, Fact] = field(default_factory=dict, repr=False)


ClientReading: TypeAlias = Accepted | Refused


class Refusal(Exception):
    """Raised inside a model where the client raises.

    Args:
        reason: Why; never quotes the text.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
