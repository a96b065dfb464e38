"""One entry for all six models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kurrent_conn.core.client_readings import dotnet, go, java, node, python, rust
from kurrent_conn.core.client_readings.client import (
    Accepted,
    Client,
    ClientReading,
    Fact,
    FileCheck,
    Refusal,
    Refused,
    present,
)
from kurrent_conn.core.connection_string.value import surrogate_position

_MODELS: Final[Mapping[Client, tuple[Callable[[str, FileCheck], Accepted], str]]] = {
    Client.DOTNET: (dotnet.read, dotnet.SOURCE),
    Client.JAVA: (java.read, java.SOURCE),
    Client.NODE: (node.read, node.SOURCE),
    Client.GO: (go.read, go.SOURCE),
    Client.RUST: (rust.read, rust.SOURCE),
    Client.PYTHON: (python.read, python.SOURCE),
}

_NO_TEXT: Final = Fact("it is no Unicode text, which no client can be given", "UTF-8")


def read_as(client: Client, string: str, exists: FileCheck = present) -> ClientReading:
    """Read a connection string as a client does.

    Args:
        client: Whose rules to follow.
        string: Any text.
        exists: Whether a path names a file there; .NET and Go ask while they parse.

    Returns:
        What the client goes on with, or that it raises.
    """
    read, source = _MODELS[client]
    if surrogate_position(string) is not None:
        return Refused(client, _NO_TEXT)
    try:
        return read(string, exists)
    except Refusal as refusal:
        return Refused(client, Fact(refusal.reason, source))
