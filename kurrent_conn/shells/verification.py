"""What a channel verifies: the trust of the connection, or a pin where that is off.

With `tlsVerifyCert=false` grpc still has to verify something, since it has no switch;
so what a server presents is fetched first and pinned, a route at a time. That protects
nothing on first contact, and it is said aloud once a connection.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

import grpc

from kurrent_conn.core.actions import Inspect
from kurrent_conn.core.attempt import Phase
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.events import GossipFailed, Inspected
from kurrent_conn.core.failure import Verdict
from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import TlsError
from kurrent_conn.shells.handshake import Deadline
from kurrent_conn.shells.pin import Pin, pin
from kurrent_conn.shells.tls_probe import probe
from kurrent_conn.shells.trust import Trust

_LOG: Final = logging.getLogger("kurrent_conn")


def trust_in_words(settings: Settings, trust: Trust | None) -> str:
    """Say which trust is in force, for people.

    Args:
        settings: Whether certificates are verified.
        trust: The trust of the connection; None without TLS.
    """
    if trust is None:
        return "none: tls=false"
    if not settings.tls_verify_cert:
        return "none: tlsVerifyCert=false, each server's certificate is pinned"
    return trust.description


class Verification:
    """Gives each route its credentials.

    Args:
        settings: Whether there is TLS, and whether it verifies.
        trust: The trust of the connection; None without TLS.
    """

    def __init__(self, settings: Settings, trust: Trust | None) -> None:
        self._trust = trust
        self._credentials = trust.channel_credentials() if trust else None
        self._pins: dict[Route, Pin] = {}
        self.is_off: Final = trust is not None and not settings.tls_verify_cert
        if self.is_off:
            _LOG.warning(
                "tlsVerifyCert=false: whoever answers first is believed; "
                "connection %s protects nothing from an impostor",
                settings.connection_name,
            )

    def take(self, trust: Trust) -> None:
        """Let channels made from now on verify against another trust."""
        self._trust = trust
        self._credentials = trust.channel_credentials()
        self._pins.clear()

    @property
    def trust(self) -> Trust | None:
        """The trust in force; None without TLS."""
        return self._trust

    def lacks_pin(self, route: Route) -> bool:
        """Tell whether what the route's server presents must be fetched first."""
        return self.is_off and route not in self._pins

    def fetch_pin(
        self, read: int, endpoint: Endpoint, route: Route, timeout_s: float
    ) -> GossipFailed | None:
        """Fetch what a server presents; blocks.

        Args:
            read: The number of the read that needs it.
            endpoint: Who is asked.
            route: By which route.
            timeout_s: Seconds for all of it.

        Returns:
            None when the route has its pin; else why the read failed.
        """
        if self._trust is None:
            return None
        try:
            self._pins[route] = pin(endpoint, route, self._trust, timeout_s=timeout_s)
        except TlsError as error:
            return GossipFailed(read, Verdict.BAD_TLS, Phase.TLS, str(error))
        except TimeoutError:
            cause = f"no answer within {timeout_s:g} s"
            return GossipFailed(read, Verdict.LATE, Phase.CONNECT, cause)
        except OSError as error:
            return GossipFailed(read, Verdict.NEVER_SENT, Phase.CONNECT, str(error))
        return None

    def look(self, asked: Inspect) -> Inspected:
        """Look at the certificates of a server whose handshake failed; blocks.

        Where nothing is verified only that is found which a pin cannot help.

        Args:
            asked: Whom to look at, and for how long.
        """
        if self._trust is None:
            return Inspected(asked.look, ())
        endpoint, route, trust = asked.endpoint, asked.route, self._trust
        deadline = Deadline.after(asked.timeout_s)
        try:
            if self.is_off:
                pinned = pin(endpoint, route, trust, timeout_s=deadline.left_s())
                route = replace(route, server_name=pinned.server_name)
                trust = pinned.trust
            found = probe(endpoint, route, trust, timeout_s=deadline.left_s())
        except TlsError as error:
            found = error.findings
        except OSError:
            found = ()
        return Inspected(asked.look, found)

    def forget_pin(self, route: Route) -> None:
        """Fetch anew next time: the connection by this route is gone."""
        self._pins.pop(route, None)

    def credentials(self, route: Route) -> grpc.ChannelCredentials | None:
        """Give the credentials of a channel; None without TLS."""
        found = self._pins.get(route)
        if found is not None:
            return found.trust.channel_credentials()
        return self._credentials

    def server_name(self, route: Route) -> str:
        """Give the name that a channel verifies."""
        found = self._pins.get(route)
        return route.server_name if found is None else found.server_name
