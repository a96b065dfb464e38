"""What a lab needs from the machine."""

from __future__ import annotations

from tests.system import require, require_namespaces

_ALWAYS = ("setpriv", "ip", "nft", "named", "rndc", "tsig-keygen", "nginx")
_ACME = ("pebble",)
_ORDERS = ("certbot", "nsupdate")


def require_lab(*, public_ca: bool = False, certbot: bool = False) -> None:
    """Skip the test where no lab can be; in CI it fails instead.

    Args:
        public_ca: Whether the lab has anything signed by the public CA.
        certbot: Whether it orders certificates.
    """
    wanted = (*_ALWAYS, *(_ACME if public_ca or certbot else ()))
    require(*wanted, *(_ORDERS if certbot else ()))
    require_namespaces()
