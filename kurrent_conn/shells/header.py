"""The request headers that a node expects, prebuilt once a node.

Source: server, `Services/Transport/Grpc/Constants.cs` (requires-leader,
connection-name); RFC 7617 (Basic).
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final
from urllib.parse import quote

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.settings import Settings

AUTHORIZATION: Final = "authorization"
REQUIRES_LEADER: Final = "requires-leader"
CONNECTION_NAME: Final = "connection-name"

Header = tuple[str, str | bytes]
Headers = tuple[Header, ...]


def authorization(settings: Settings) -> Headers:
    """Make the credentials header; nothing when there is no user name.

    Args:
        settings: User name and password, sent as UTF-8.
    """
    if settings.username is None:
        return ()
    secret = f"{settings.username}:{settings.password or ''}".encode()
    return ((AUTHORIZATION, f"Basic {b64encode(secret).decode('ascii')}"),)


def call_headers(settings: Settings, preference: NodePreference) -> Headers:
    """Make the headers of a call, credentials left out.

    Args:
        settings: The connection's name; percent-encoded where it is not ASCII.
        preference: `requires-leader` is sent under leader preference only.
    """
    headers: list[Header] = []
    if preference is NodePreference.LEADER:
        headers.append((REQUIRES_LEADER, "true"))
    if settings.connection_name:
        name = settings.connection_name
        headers.append(
            (CONNECTION_NAME, name if name.isascii() else quote(name, safe=" "))
        )
    return tuple(headers)


def merged(given: Headers, ours: Headers) -> Headers:
    """Join the caller's headers with ours; the caller's win.

    Args:
        given: What the caller passed.
        ours: What is added where the caller did not.
    """
    keys = {key for key, _ in given}
    return (*given, *(header for header in ours if header[0] not in keys))
