"""Who may ask what: the server's rules for users and for callers without a name."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from kurrent_conn.testing.services.refusal import (
    ACCESS_DENIED,
    UNAUTHENTICATED,
    Refused,
)


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """The rules of a cluster.

    Args:
        is_secure: Without it nobody is asked for anything, whatever they send.
        users: Passwords by login name.
        anonymous_gossip: Whether gossip is answered without credentials.
        anonymous_streams: Whether streams are.

    Source: server, `ClusterVNodeOptions.cs` (Insecure,
    OverrideAnonymousEndpointAccessForGossip); `LegacyPolicySelectorFactory.cs`.
    """

    is_secure: bool = True
    users: Mapping[str, str] = field(
        default_factory=lambda: {"admin": "changeit", "ops": "changeit"}, repr=False
    )
    anonymous_gossip: bool = True
    anonymous_streams: bool = False

    def check(self, header: str | bytes | None, *, allow_anonymous: bool) -> None:
        """Let a caller through.

        Wrong credentials are refused even where none are needed.

        Args:
            header: The `authorization` header; None when there is none.
            allow_anonymous: Whether this call needs a user.

        Raises:
            Refused: UNAUTHENTICATED or PERMISSION_DENIED.
        """
        if not self.is_secure:
            return
        if header is None:
            if not allow_anonymous:
                raise Refused(ACCESS_DENIED)
        elif not self._knows(header):
            raise Refused(UNAUTHENTICATED)

    def _knows(self, header: str | bytes) -> bool:
        text = header.decode("latin-1") if isinstance(header, bytes) else header
        scheme, _, encoded = text.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            plain = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        name, _, password = plain.partition(":")
        return self.users.get(name) == password
