"""A mistake in a manifest: what, where, why, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mistake(StrEnum):
    """The kinds of mistakes."""

    UNREADABLE = "unreadable"
    INVALID_RESOURCE = "invalid-resource"
    MISSPELT_FIELD = "misspelt-field"
    UNKNOWN_STRATEGY = "unknown-strategy"
    MANAGED_OPTION = "managed-option"
    STANDALONE_WITHOUT_QUORUM = "standalone-without-quorum"
    NO_TLS = "no-tls"
    NAME_NOT_COVERED = "name-not-covered"
    WILDCARD_DEPTH = "wildcard-depth"
    PUBLIC_SERVICE_NAME = "public-service-name"
    CLIENT_AUTH_USAGE = "client-auth-usage"
    MISSING_USAGE = "missing-usage"
    WILDCARD_NEEDS_DNS01 = "wildcard-needs-dns01"
    REDUNDANT_NAME = "redundant-name"
    COMMON_NAME_TOO_LONG = "common-name-too-long"
    RESERVED_NAME = "reserved-name"
    WIDE_RESERVED_NAME = "wide-reserved-name"
    NODE_CERTIFICATE_IS_CA = "node-certificate-is-ca"
    ISSUER_KIND = "issuer-kind"
    CERTIFICATE_SECRET = "certificate-secret"  # noqa: S105 - a kind of mistake
    CA_SECRET = "ca-secret"  # noqa: S105 - a kind of mistake
    ENTRY_PORT = "entry-port"
    SHARED_HOST = "shared-host"
    NODE_WITHOUT_HOST = "node-without-host"
    WRONG_BACKEND = "wrong-backend"
    BACKEND_PROTOCOL = "backend-protocol"
    PROXY_TIMEOUT = "proxy-timeout"
    NODE_CERTIFICATE_AT_ENTRY = "node-certificate-at-entry"
    UPSTREAM_NAME = "upstream-name"
    EXTERNAL_NAME_ADDRESS = "external-name-address"
    EXTERNAL_NAME_CANNOT_ANSWER = "external-name-cannot-answer"
    ENDPOINTS_WITHOUT_HOSTNAME = "endpoints-without-hostname"
    NOT_HEADLESS = "not-headless"
    PLACEHOLDER_ADDRESS = "placeholder-address"
    SECRET_READABLE = "secret-readable"  # noqa: S105 - a kind of mistake
    BUNDLE_SPREADS_KEY = "bundle-spreads-key"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake.

    Args:
        mistake: Its kind.
        file: The file, relative to the directory.
        object: Kind, namespace and name of the object.
        field: The path of the field in it, with dots.
        reason: What is wrong with it.
        fix: What to write instead.
    """

    mistake: Mistake
    file: str
    object: str
    field: str
    reason: str
    fix: str

    def __str__(self) -> str:
        """Write where and what, and the fix on a line of its own."""
        return (
            f"{self.mistake}: {self.file}: {self.object}: {self.field}: {self.reason}\n"
            f"  fix: {self.fix}"
        )
