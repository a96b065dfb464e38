"""What a certificate says, as values; `wire.certificate` reads them from bytes.

Knows names, dates and rights; knows no keys, no signatures and no trust.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PresentedNames:
    """The names that a certificate carries, each kind in its own order.

    Args:
        dns: The DNS names of its subject alternative names.
        addresses: Their IP addresses, as gRPC writes them (`::1`, `192.0.2.7`).
        common_name: The subject's last common name; None when it has none.
    """

    dns: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    common_name: str | None = None

    @property
    def verifiable(self) -> tuple[str, ...]:
        """The names that a client may verify: the common name counts last.

        gRPC looks at the common name only where there is no DNS name at all.
        """
        if self.dns or self.common_name is None:
            return self.dns + self.addresses
        return (*self.addresses, self.common_name)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """The facts of one certificate that a verdict needs.

    Args:
        der: The certificate itself.
        names: The names that it carries.
        subject: Its subject as RFC 4514 text.
        issuer: Its issuer's subject as RFC 4514 text.
        serial: Its serial number in lower-case hexadecimal.
        not_before: Start of validity, UTC.
        not_after: End of validity, UTC.
        key_type: The public key, such as `RSA-2048`, `P-256` or `Ed25519`.
        is_ca: Whether basic constraints say so; None without that extension.
        path_length: How many CAs may stand below it; None for any number.
        is_self_issued: Whether subject and issuer are the same name.
        extended_usages: What it may be used for, as names (`serverAuth`) or dotted
            OIDs; None without the extension, which allows everything.
        may_sign_handshakes: Whether key usage allows digital signatures; True
            without that extension.
        may_sign_certificates: Whether key usage allows signing certificates; True
            without that extension.
        issuer_of_issuer: The issuer's own issuer where the authority key identifier
            spells it, as RFC 4514 text; empty otherwise.
        issuer_urls: Where the issuer's certificate can be had (the authority
            information access of public CAs); often empty.
    """

    der: bytes = field(repr=False)
    names: PresentedNames
    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    key_type: str
    is_ca: bool | None = None
    path_length: int | None = None
    is_self_issued: bool = False
    extended_usages: tuple[str, ...] | None = None
    may_sign_handshakes: bool = True
    may_sign_certificates: bool = True
    issuer_of_issuer: str = ""
    issuer_urls: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Name it for people: the common name, else the first name, else its number."""
        names = (self.names.common_name, *self.names.verifiable)
        return next((name for name in names if name), f"number {self.serial}")
