"""What a look at a certificate found: one typed value a fact.

Values only; the looking is done by a probe in the shells, the judging in `identity`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.route import Route


class FindingKind(StrEnum):
    """What is wrong with a TLS connection."""

    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NAME_MISMATCH = "name_mismatch"
    MISSING_INTERMEDIATE = "missing_intermediate"
    WRONG_USAGE = "wrong_usage"
    PLAINTEXT = "plaintext"
    NOT_TLS = "not_tls"
    CLIENT_CERTIFICATE_REJECTED = "client_certificate_rejected"
    NO_ALPN_H2 = "no_alpn_h2"
    UNSUPPORTED_KEY = "unsupported_key"


@dataclass(frozen=True, slots=True)
class TlsFinding:
    """One fault of one endpoint's TLS, with the facts that show it.

    Args:
        kind: Which check failed.
        endpoint: The endpoint as advertised, or as the connection string has it.
        route: How it was reached.
        expected_name: The name that the certificate had to carry.
        presented_names: The names that it carries, DNS names and addresses.
        issuer: Its issuer's name as RFC 4514 text; empty when none was seen.
        not_before: Start of validity, UTC; None when no certificate was seen.
        not_after: End of validity, UTC; None when no certificate was seen.
        trust: Which trust was in force, such as the path of the CA file.
        hint: What to check or change next.
    """

    kind: FindingKind
    endpoint: Endpoint
    route: Route
    expected_name: str
    presented_names: tuple[str, ...] = ()
    issuer: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    trust: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """Write one line: endpoint, route, kind, the facts that matter, the hint."""
        facts = [f"expected {self.expected_name}"]
        if self.presented_names:
            facts.append(f"the certificate names {', '.join(self.presented_names)}")
        if self.issuer:
            facts.append(f"issued by {self.issuer}")
        if self.not_before and self.not_after:
            facts.append(
                f"valid {self.not_before:%Y-%m-%d} to {self.not_after:%Y-%m-%d}"
            )
        if self.trust:
            facts.append(f"trust: {self.trust}")
        hint = f"; {self.hint}" if self.hint else ""
        where = f"{self.endpoint} ({self.route})"
        return f"TLS {self.kind} at {where}: {', '.join(facts)}{hint}"
