"""Faults by name: what a scenario file, a prompt and a control endpoint call them.

The names are the classes of `fault` in kebab case. The words that people know from
turmoil, Jepsen and toxiproxy mean the same faults.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, Final, get_args

from kurrent_conn.core.cluster import Member
from kurrent_conn.errors import ConfigurationError
from kurrent_conn.testing import fault
from kurrent_conn.testing.conduct import CallName
from kurrent_conn.testing.fault import AtCall, Fault
from kurrent_conn.testing.faults.fault_argument import READERS, WANTED, Advertised

FAULTS: Final[Mapping[str, type[Any]]] = {
    "kill": fault.Kill,
    "freeze": fault.Freeze,
    "thaw": fault.Thaw,
    "restart": fault.Restart,
    "rolling-restart": fault.RollingRestart,
    "resign": fault.Resign,
    "elect": fault.Elect,
    "partition": fault.Partition,
    "deafen": fault.Deafen,
    "lose-quorum": fault.LoseQuorum,
    "heal": fault.Heal,
    "slow": fault.Slow,
    "drop": fault.Drop,
    "too-busy": fault.TooBusy,
    "lie": fault.Lie,
    "stale-redirect": fault.StaleRedirect,
    "self-redirect": fault.SelfRedirect,
    "no-alpn": fault.NoAlpn,
    "plaintext-port": fault.PlaintextPort,
    "demand-certificate": fault.DemandCertificate,
    "recover": fault.Recover,
    "cut-connections": fault.CutConnections,
    "stall": fault.Stall,
    "trickle": fault.Trickle,
    "flow": fault.Flow,
}
"""Every fault that can be written down; a swapped certificate needs Python."""

ALIASES: Final[Mapping[str, tuple[str, str]]] = {
    "crash": ("kill", "turmoil"),
    "bounce": ("restart", "turmoil"),
    "hold": ("stall", "turmoil"),
    "release": ("flow", "turmoil"),
    "repair": ("heal", "turmoil"),
    "partition-oneway": ("deafen", "turmoil"),
    "pause": ("freeze", "Jepsen"),
    "resume": ("thaw", "Jepsen"),
    "latency": ("slow", "toxiproxy"),
    "timeout": ("drop", "toxiproxy"),
    "bandwidth": ("trickle", "toxiproxy"),
    "reset-peer": ("cut-connections", "toxiproxy"),
}
"""Other people's words: what each means here, and whose it is."""

_PRESET: Final[Mapping[str, Mapping[str, object]]] = {"reset-peer": {"reset": True}}


class UnknownFault(ConfigurationError):
    """A fault that has no such name, or lacks or has too many arguments.

    Args:
        name: What was given.
        reason: What is wrong.
        hint: What to write instead.
    """

    def __init__(self, name: str, reason: str, hint: str = "") -> None:
        super().__init__(name, reason, hint)
        self.name = name
        self.reason = reason
        self.hint = hint

    def __str__(self) -> str:
        """Write one line."""
        return f"fault {self.name!r}: {self.reason}" + (
            f"; {self.hint}" if self.hint else ""
        )


def fault_named(
    name: str, arguments: Mapping[str, object], advertised: Advertised = ()
) -> Fault:
    """Make a fault of its name and arguments.

    Args:
        name: A key of `FAULTS` or `ALIASES`; underscores are taken for hyphens.
        arguments: The fields of its class, as plain values: numbers, booleans,
            `"leader"` for a node, lists for sides and members.
        advertised: What a lie in gossip needs to name members.

    Raises:
        UnknownFault: There is none of that name, or the arguments do not fit.
    """
    kind = fault_class(name)
    known = {field.name: field for field in fields(kind)}
    given = {**_PRESET.get(_plain(name), {}), **arguments}
    for key in given:
        if key not in known:
            raise UnknownFault(
                name, f"it has no {key!r}", f"it takes {_usage(kind) or 'nothing'}"
            )
    for key, field in known.items():
        if key not in given and field.default is MISSING:
            raise UnknownFault(name, f"it needs {key!r}", f"it takes {_usage(kind)}")
    values = {key: _value(name, key, value, advertised) for key, value in given.items()}
    made: Fault = kind(**values)
    return made


def at_call_named(value: object, advertised: Advertised = ()) -> AtCall:
    """Read at which call a fault is to happen.

    Args:
        value: The kind of call, such as `append`; or a mapping with the fields of
            `fault.AtCall`.
        advertised: What each node advertises.

    Raises:
        UnknownFault: There is no such call, or the fields do not fit.
    """
    given = {"call": value} if isinstance(value, str) else value
    hint = f"call: {', '.join(get_args(CallName))}; [node] [number] [is_served]"
    if not isinstance(given, Mapping) or given.get("call") not in get_args(CallName):
        raise UnknownFault("at_call", f"{value!r} is no call", hint)
    if unknown := given.keys() - {field.name for field in fields(AtCall)}:
        raise UnknownFault("at_call", f"it has no {min(unknown)!r}", hint)
    return AtCall(
        **{key: _value("at_call", key, each, advertised) for key, each in given.items()}  # type: ignore[arg-type] # its reader made it
    )


def fault_class(name: str) -> type[Any]:
    """Find the class of a fault.

    Args:
        name: A key of `FAULTS` or `ALIASES`.

    Raises:
        UnknownFault: There is none of that name.
    """
    plain = _plain(name)
    plain = ALIASES[plain][0] if plain in ALIASES else plain
    if plain in FAULTS:
        return FAULTS[plain]
    near = difflib.get_close_matches(plain, [*FAULTS, *ALIASES], n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(FAULTS)}"
    raise UnknownFault(name, "there is no such fault", hint)


def fault_of_words(words: Sequence[str], advertised: Advertised = ()) -> Fault:
    """Make a fault of a line such as `elect 1 0.3` or `partition 0 | 1 2`.

    Args:
        words: The name, then its arguments in the order of the fields, or as
            `name=value`.
        advertised: What each node advertises.

    Raises:
        UnknownFault: The line cannot be read.
    """
    name, *rest = words
    kind = fault_class(name)
    order = [field.name for field in fields(kind)]
    if order == ["sides"]:
        text = " ".join(rest)
        return fault_named(name, {"sides": [s.split() for s in text.split("|")]})
    if order == ["nodes"]:
        return fault_named(name, {"nodes": rest})
    arguments: dict[str, object] = {}
    for position, word in enumerate(rest):
        key, equals, value = word.partition("=")
        if equals:
            arguments[key] = value
        elif position < len(order):
            arguments[order[position]] = word
        else:
            hint = f"it takes {_usage(kind) or 'nothing'}"
            raise UnknownFault(name, f"{word!r} is too much", hint)
    return fault_named(name, arguments, advertised)


def usage(name: str) -> str:
    """Write a fault with its arguments, as a prompt takes them.

    Args:
        name: A key of `FAULTS`.
    """
    return f"{name} {_usage(FAULTS[name])}".rstrip()


def name_of(value: Fault) -> str:
    """Give the name of a fault.

    Args:
        value: Any fault.
    """
    for name, kind in FAULTS.items():
        if isinstance(value, kind):
            return name
    return type(value).__name__


def sentence(value: Fault) -> str:
    """Write a fault as one line: its name and every argument.

    Args:
        value: Any fault.
    """
    parts = (
        f"{field.name}={_plain_text(getattr(value, field.name))}"
        for field in fields(value)
        if field.name != "certificate" and getattr(value, field.name) != field.default
    )
    return " ".join((name_of(value), *parts))


def at_call_sentence(at: AtCall) -> str:
    """Write at which call a fault happens.

    Args:
        at: Any.
    """
    when = "once it is served" if at.is_served else "before it is looked at"
    return f"at {at.call} {at.number} of node {at.node}, {when}"


def _plain_text(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_plain_text, value)) + "]"
    if isinstance(value, Member):
        life = "" if value.is_alive else " (dead)"
        return f"{value.advertised} {value.state_name}{life}"
    return str(value)


def _plain(name: str) -> str:
    return name.replace("_", "-").lower()


def _usage(kind: type[Any]) -> str:
    return " ".join(
        f"<{field.name}>" if field.default is MISSING else f"[{field.name}]"
        for field in fields(kind)
    )


def _value(name: str, key: str, value: object, advertised: Advertised) -> object:
    try:
        return READERS[key](value, advertised)
    except (ValueError, TypeError, LookupError, AttributeError):
        raise UnknownFault(name, f"{key} cannot be {value!r}", WANTED[key]) from None
