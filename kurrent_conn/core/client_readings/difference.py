"""Where a client goes on with something else than we do, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address
from itertools import islice
from typing import Final
from urllib.parse import unquote

from kurrent_conn.core.client_readings.client import (
    Accepted,
    Client,
    Fact,
    OptionValue,
    Seed,
)
from kurrent_conn.core.connection_string.host import is_ipv6
from kurrent_conn.core.connection_string.option import OPTIONS, folded
from kurrent_conn.core.connection_string.writing import MASK
from kurrent_conn.core.settings import Settings

MAX_SHOWN: Final = 100
"""So many hosts are shown: looking for secrets in each takes time."""


class DifferenceKind(StrEnum):
    """In which way a client differs."""

    VALUE = "value"
    IGNORED = "ignored"
    BEHAVIOUR = "behaviour"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a client takes differently; holds no password.

    Args:
        client: Which one.
        aspect: `hosts`, `username`, `password`, `discover`, or an option's name.
        kind: Another value, an option that it drops, another behaviour with the same
            value, or another default of an option that is not given.
        ours: What we go on with, as text.
        theirs: What it goes on with, as text.
        fact: The rule behind it, with its source.
    """

    client: Client
    aspect: str
    kind: DifferenceKind
    ours: str
    theirs: str
    fact: Fact

    def __str__(self) -> str:
        """Write one line: aspect, both readings, the fact and its source."""
        return (
            f"{self.aspect}: {self.theirs} instead of {self.ours}: "
            f"{self.fact.text} ({self.fact.source})"
        )


def differences(
    settings: Settings, given: frozenset[str], string: str, reading: Accepted
) -> tuple[Difference, ...]:
    """Compare a client's reading with ours.

    Args:
        settings: What we read.
        given: The names of the options that the string gives.
        string: The string.
        reading: What the client read.

    Returns:
        Hosts and credentials first, then the options in the order of our table.
    """
    return (
        *_places(settings, string, reading),
        *_credentials(settings, reading),
        *_options(settings, given, reading),
        *_behaviours(settings, given, reading),
    )


def _places(settings: Settings, string: str, reading: Accepted) -> Iterator[Difference]:
    ours = tuple(_folded(Seed(host.host, host.port)) for host in settings.hosts)
    if tuple(map(_folded, reading.hosts)) != ours:
        clear = frozenset(host.host for host in settings.hosts)
        yield _value(
            reading,
            "hosts",
            _listed(map(str, settings.hosts)),
            _listed(shown_seed(seed, string, clear) for seed in reading.hosts),
        )
    if reading.discover != settings.discover:
        yield _value(
            reading, "discover", shown(settings.discover), shown(reading.discover)
        )


def _listed(hosts: Iterator[str]) -> str:
    shown_hosts = list(islice(hosts, MAX_SHOWN))
    return ", ".join([*shown_hosts, "..."] if next(hosts, None) else shown_hosts)


def _folded(seed: Seed) -> Seed:
    """Write an address in one way: brackets and spelling make no difference."""
    host = seed.host
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1].replace("%25", "%")
    if is_ipv6(host):
        host = IPv6Address(host).compressed
    return Seed(host, seed.port)


def _credentials(settings: Settings, reading: Accepted) -> Iterator[Difference]:
    if reading.username != settings.username:
        yield _value(
            reading, "username", shown(settings.username), shown(reading.username)
        )
    if reading.password != settings.password:
        yield _value(
            reading,
            "password",
            _shown_secret(settings.password),
            f"{_shown_secret(reading.password)} (another one)",
        )


def _shown_secret(password: str | None) -> str:
    return "none" if password is None else MASK if password else "an empty one"


def _options(
    settings: Settings, given: frozenset[str], reading: Accepted
) -> Iterator[Difference]:
    dropped = frozenset(map(folded, reading.ignored))
    for option in OPTIONS:
        ours: OptionValue = getattr(settings, option.field)
        if folded(option.name) in dropped:
            yield _ignored(reading, option.name, ours)
            continue
        if option.name not in reading.values:
            if option.name in given:
                yield _ignored(reading, option.name, ours)
            continue
        theirs = reading.values[option.name]
        if theirs == ours:
            continue
        if option.name in given:
            yield _value(reading, option.name, shown(ours), shown(theirs))
        else:
            yield _default(reading, option.name, ours, theirs)


def _value(reading: Accepted, aspect: str, ours: str, theirs: str) -> Difference:
    fact = reading.facts.get(aspect) or Fact("its parser reads it so", "observed")
    return Difference(reading.client, aspect, DifferenceKind.VALUE, ours, theirs, fact)


def _ignored(reading: Accepted, name: str, ours: OptionValue) -> Difference:
    return Difference(
        reading.client,
        name,
        DifferenceKind.IGNORED,
        shown(ours),
        "ignored",
        Fact(
            "the option, or this spelling of it, is unknown to it",
            f"{reading.client.label}, its option table",
        ),
    )


def _default(
    reading: Accepted, name: str, ours: OptionValue, theirs: OptionValue
) -> Difference:
    return Difference(
        reading.client,
        name,
        DifferenceKind.DEFAULT,
        shown(ours),
        shown(theirs),
        Fact("its default", f"{reading.client.label}, its option table"),
    )


def shown(value: OptionValue) -> str:
    """Write a value for people.

    Args:
        value: Anything but a password.
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g} s"
    return str(value)


def shown_seed(seed: Seed, string: str, clear: frozenset[str] = frozenset()) -> str:
    """Write a host that a client took, unless it may be a part of the credentials.

    Args:
        seed: What the client took.
        string: The connection string.
        clear: Hosts that we read: these are no secrets.
    """
    if seed.host not in clear and is_suspect(seed.host, string):
        return f"{MASK} (a part of the credentials)"
    return seed.host if seed.port is None else f"{seed.host}:{seed.port}"


def is_suspect(text: str, string: str) -> bool:
    """Tell whether a text that a client took may come from the credentials.

    Args:
        text: What the client took.
        string: The connection string.
    """
    before = string.rpartition("@")[0].partition("://")[2]
    pieces = {text.strip(), unquote(text).strip()}
    return "@" in text or any(piece in before for piece in pieces if piece)


@dataclass(frozen=True, slots=True)
class _Behaviour:
    clients: frozenset[Client]
    aspect: str
    applies: Callable[[Settings, Mapping[str, OptionValue]], bool]
    theirs: str
    fact: Fact


def _behaviours(
    settings: Settings, given: frozenset[str], reading: Accepted
) -> Iterator[Difference]:
    values = {name: value for name, value in reading.values.items() if name in given}
    for behaviour in _BEHAVIOURS:
        if reading.client in behaviour.clients and behaviour.applies(settings, values):
            yield Difference(
                reading.client,
                behaviour.aspect,
                DifferenceKind.BEHAVIOUR,
                "as it says",
                behaviour.theirs,
                behaviour.fact,
            )


def _discovers_several(settings: Settings, _given: Mapping[str, OptionValue]) -> bool:
    return settings.discover and len(settings.hosts) > 1


def _below(
    name: str, limit: float
) -> Callable[[Settings, Mapping[str, OptionValue]], bool]:
    def applies(_settings: Settings, given: Mapping[str, OptionValue]) -> bool:
        value = given.get(name)
        return value is not None and not isinstance(value, str) and value < limit

    return applies


def _is_given(name: str) -> Callable[[Settings, Mapping[str, OptionValue]], bool]:
    return lambda _settings, given: name in given


_BEHAVIOURS: Final = (
    _Behaviour(
        frozenset({Client.JAVA, Client.NODE, Client.RUST}),
        "discover",
        _discovers_several,
        "only the first host is resolved",
        Fact("+discover takes the first host", "the three clients' discovery"),
    ),
    _Behaviour(
        frozenset({Client.GO}),
        "discover",
        _discovers_several,
        "never connects",
        Fact(
            "+discover with several hosts leaves the address empty",
            "KurrentDB-Client-Go, kurrentdb/configuration.go",
        ),
    ),
    _Behaviour(
        frozenset({Client.DOTNET}),
        "maxDiscoverAttempts",
        _below("maxDiscoverAttempts", 1),
        "discovery fails at once",
        Fact("a number below 1 allows no attempt", "KurrentDB-Client-Dotnet"),
    ),
    _Behaviour(
        frozenset({Client.DOTNET}),
        "gossipTimeout",
        _is_given("gossipTimeout"),
        "bounds the reading of the server's features, not of gossip",
        Fact("gossip is bounded by defaultDeadline", "KurrentDB-Client-Dotnet"),
    ),
    _Behaviour(
        frozenset({Client.DOTNET}),
        "keepAliveInterval",
        _below("keepAliveInterval", 1.0),
        "raises when it connects",
        Fact("KeepAlivePingDelay is at least 1 s", ".NET, SocketsHttpHandler"),
    ),
    _Behaviour(
        frozenset({Client.DOTNET}),
        "keepAliveTimeout",
        _below("keepAliveTimeout", 1.0),
        "raises when it connects",
        Fact("KeepAlivePingTimeout is at least 1 s", ".NET, SocketsHttpHandler"),
    ),
    _Behaviour(
        frozenset({Client.NODE}),
        "defaultDeadline",
        _below("defaultDeadline", 0.001),
        "raises when it is built",
        Fact(
            "defaultDeadline must be positive",
            "KurrentDB-Client-NodeJS, Client/index.ts",
        ),
    ),
    _Behaviour(
        frozenset({Client.NODE}),
        "gossipTimeout",
        _is_given("gossipTimeout"),
        "its Rust half reads milliseconds",
        Fact(
            "reads go through a Rust bridge that parses the string again",
            "KurrentDB-Client-NodeJS, Client/index.ts",
        ),
    ),
)
