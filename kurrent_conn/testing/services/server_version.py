"""What a server of a version has: nodes that claim an old one lack what came later.

Source: server, `Protos/Grpc/serverfeatures.proto` (since 21.10),
`proto/kurrentdb/protocol/v2` (since 25.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SINCE: Final[Mapping[str, tuple[int, int]]] = {
    "event_store.client.server_features.serverfeatures": (21, 10),
    "kurrentdb.protocol.v2.streams.streamsservice": (25, 1),
}
"""Services in lower case, and the version that brought them."""


def version_of(text: str) -> tuple[int, int]:
    """Read a version as far as it matters here.

    Args:
        text: Such as `26.1.0`.

    Raises:
        ValueError: It does not begin with two numbers.
    """
    parts = text.split(".")
    try:
        return int(parts[0]), int(parts[1])
    except (ValueError, IndexError):
        raise ValueError(f"a version is like 26.1.0, not {text!r}") from None


def has_service(version: str, service: str) -> bool:
    """Whether a server has a service.

    Args:
        version: What the server claims to be.
        service: The full name, in any case.
    """
    return version_of(version) >= _SINCE.get(service.lower(), (0, 0))
