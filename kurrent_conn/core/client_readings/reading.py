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

_MODELS: Final[Mapping[Client, tuple[Callable[[str, FileCheck], Accepted], str]]] = {
    Client.DOTNET: (dotnet.read, dotnet.SOURCE),
    Client.JAVA: (java.read, java.SOURCE),
    Client.NODE: (node.read, node.SOURCE),
    Client.GO: (go.read, go.SOURCE),
    Client.RUST: (rust.read, rust.SOURCE),
    Client.PYTHON: (python.read, python.SOURCE),
}


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
    try:
        return read(string, exists)
    except Refusal as refusal:
        return Refused(client, Fact(refusal.reason, source))
