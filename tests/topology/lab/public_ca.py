"""Pebble as the public CA, and certbot that orders from it.

Pebble hands out the keys of its root and intermediate, so that certificates can also
be minted at once; an order takes certbot some seconds.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kurrent_conn.testing import CertificateAuthority, KeyPair
from tests.topology.lab.daemon import Daemon
from tests.topology.lab.network import WAN, entered, home_of

ADDRESS: Final = "10.53.0.100"
_DIRECTORY_PORT: Final = 14000
_MANAGEMENT_PORT: Final = 15000
_PATIENCE_S: Final = 5.0
_ORDER_WITHIN_S: Final = 40.0
_HOOK: Final = Path(__file__).with_name("challenge.py")

_HURRY: Final = {
    "PEBBLE_VA_NOSLEEP": "1",
    "PEBBLE_WFE_NONCEREJECT": "0",
    "PEBBLE_AUTHZREUSE": "0",
}
"""Without these it waits, refuses and skips at random, to teach clients patience."""


class PublicCa:
    """The running CA.

    Args:
        own: Who signs the certificate of its own web server.
        resolver: The address of the resolver that it asks.
        directory: Where its files go.
    """

    def __init__(
        self, own: CertificateAuthority, resolver: str, directory: Path
    ) -> None:
        self._directory = directory
        self._orders = 0
        directory.mkdir()
        self._trust = directory / "web.crt"
        self._trust.write_bytes(own.certificate_pem)
        self._context = ssl.create_default_context(cafile=str(self._trust))
        config = directory / "pebble.json"
        config.write_text(_config(own.issue([ADDRESS]), directory))
        self.daemon = Daemon(
            WAN,
            ["pebble", "-config", str(config), "-dnsserver", f"{resolver}:53"],
            directory / "log",
            {**os.environ, **_HURRY},
        )
        self.daemon.wait_until(lambda: self._fetch("roots/0") is not None)
        self.root_pem = self._fetch("roots/0") or b""
        issuer = self._fetch("intermediates/0") or b""
        key = self._fetch("intermediate-keys/0") or b""
        self.issuer = CertificateAuthority.load(issuer, key, issuer)

    def order(
        self, names: Sequence[str], proven_at: str | None, dns: tuple[str, Path] | None
    ) -> KeyPair:
        """Let certbot order a certificate.

        Args:
            names: For which names; wildcards need `dns`.
            proven_at: The node's address to which the names lead, port 80 of which
                certbot answers on.
            dns: Or: where the name server takes changes, and the key to them.

        Raises:
            RuntimeError: Certbot failed; with what it said.
        """
        self._orders += 1
        place = self._directory / f"order-{self._orders}"
        method = (
            ["--standalone", "--http-01-address", str(proven_at)]
            if dns is None
            else _by_dns(*dns)
        )
        where = WAN if proven_at is None else home_of(proven_at)
        done = subprocess.run(
            ["ip", "netns", "exec", where, *_certbot(place, names), *method],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_ORDER_WITHIN_S,
            # The environment may name the system's certificates instead.
            env={**os.environ, "REQUESTS_CA_BUNDLE": str(self._trust)},
        )
        if done.returncode != 0:
            raise RuntimeError(f"certbot: {done.stdout}{done.stderr}")
        live = place / "config" / "live" / "lab"
        return KeyPair(
            (live / "fullchain.pem").read_bytes(), (live / "privkey.pem").read_bytes()
        )

    def _fetch(self, what: str) -> bytes | None:
        url = f"https://{ADDRESS}:{_MANAGEMENT_PORT}/{what}"
        try:
            with (
                entered(WAN),
                urllib.request.urlopen(
                    url, timeout=_PATIENCE_S, context=self._context
                ) as answer,
            ):
                body: bytes = answer.read()
        except (urllib.error.URLError, OSError):
            return None
        return body


def _config(web: KeyPair, directory: Path) -> str:
    certificate, key = directory / "web-leaf.crt", directory / "web-leaf.key"
    certificate.write_bytes(web.certificate_pem)
    key.write_bytes(web.key_pem)
    pebble = {
        "listenAddress": f"{ADDRESS}:{_DIRECTORY_PORT}",
        "managementListenAddress": f"{ADDRESS}:{_MANAGEMENT_PORT}",
        "certificate": str(certificate),
        "privateKey": str(key),
        "httpPort": 80,
        "tlsPort": 443,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }
    return json.dumps({"pebble": pebble})


def _certbot(place: Path, names: Sequence[str]) -> list[str]:
    return [
        *("certbot", "certonly", "-q", "--non-interactive", "--agree-tos"),
        "--register-unsafely-without-email",
        *("--server", f"https://{ADDRESS}:{_DIRECTORY_PORT}/dir"),
        *("--config-dir", str(place / "config"), "--work-dir", str(place / "work")),
        *("--logs-dir", str(place / "logs"), "--cert-name", "lab"),
        *(word for name in names for word in ("-d", name)),
    ]


def _by_dns(server: str, key: Path) -> list[str]:
    hook = f"{sys.executable} {_HOOK} {server} {key}"
    return [
        *("--manual", "--preferred-challenges", "dns"),
        *("--manual-auth-hook", f"{hook} add"),
        *("--manual-cleanup-hook", f"{hook} delete"),
    ]
