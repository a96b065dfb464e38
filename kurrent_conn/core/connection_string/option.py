"""One table of every option: its name, its field, its default and its kind.

To add an option: add it here and to `OPTIONS`, and a field to `Settings` with
`THE_OPTION.default`. Reading, writing, checking and help follow from the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Generic, TypeAlias, TypeVar

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.connection_string.duration import FROM_ZERO, POSITIVE, or_off
from kurrent_conn.core.connection_string.value import (
    COUNT,
    FLAG,
    PATH,
    PREFERENCE,
    TEXT,
    Kind,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """One option of the connection string.

    Args:
        name: How it is written, in camelCase; read in any case.
        field: The field of `Settings` that holds it.
        default: Its value when it is absent.
        kind: How its value is read, checked and written.
        meaning: What it does, for help.
    """

    name: str
    field: str
    default: T
    kind: Kind[T]
    meaning: str


TLS: Final = Option("tls", "tls", True, FLAG, "encrypt and verify")
TLS_VERIFY_CERT: Final = Option(
    "tlsVerifyCert", "tls_verify_cert", True, FLAG, "verify the node's certificate"
)
TLS_CA_FILE: Final[Option[str | None]] = Option(
    "tlsCaFile", "tls_ca_file", None, PATH, "trust these CAs, a file or a directory"
)
USER_CERT_FILE: Final[Option[str | None]] = Option(
    "userCertFile", "user_cert_file", None, PATH, "certificate to authenticate with"
)
USER_KEY_FILE: Final[Option[str | None]] = Option(
    "userKeyFile", "user_key_file", None, PATH, "key of that certificate"
)
CONNECTION_NAME: Final[Option[str | None]] = Option(
    "connectionName", "connection_name", None, TEXT, "name shown by the server"
)
MAX_DISCOVER_ATTEMPTS: Final = Option(
    "maxDiscoverAttempts",
    "max_discover_attempts",
    10,
    COUNT,
    "rounds over all candidates in which nobody answered",
)
DISCOVERY_INTERVAL: Final = Option(
    "discoveryInterval", "discovery_interval_s", 0.1, FROM_ZERO, "first backoff step"
)
GOSSIP_TIMEOUT: Final = Option(
    "gossipTimeout", "gossip_timeout_s", 5.0, POSITIVE, "bound of one gossip read"
)
NODE_PREFERENCE: Final = Option(
    "nodePreference",
    "node_preference",
    NodePreference.LEADER,
    PREFERENCE,
    "role of the node to use",
)
KEEP_ALIVE_INTERVAL: Final[Option[float | None]] = Option(
    "keepAliveInterval",
    "keep_alive_interval_s",
    10.0,
    or_off("off"),
    "silence after which the node is pinged",
)
KEEP_ALIVE_TIMEOUT: Final[Option[float | None]] = Option(
    "keepAliveTimeout",
    "keep_alive_timeout_s",
    10.0,
    or_off("off"),
    "wait for the answer to a ping",
)
DEFAULT_DEADLINE: Final[Option[float | None]] = Option(
    "defaultDeadline",
    "default_deadline_s",
    10.0,
    or_off("none"),
    "bound of unary calls that have none of their own",
)
THROW_ON_APPEND_FAILURE: Final = Option(
    "throwOnAppendFailure",
    "throw_on_append_failure",
    True,
    FLAG,
    "kept for upper layers",
)

AnyOption: TypeAlias = (
    Option[bool]
    | Option[int]
    | Option[float]
    | Option[float | None]
    | Option[str | None]
    | Option[NodePreference]
)

OPTIONS: Final[tuple[AnyOption, ...]] = (
    TLS,
    TLS_VERIFY_CERT,
    TLS_CA_FILE,
    USER_CERT_FILE,
    USER_KEY_FILE,
    CONNECTION_NAME,
    MAX_DISCOVER_ATTEMPTS,
    DISCOVERY_INTERVAL,
    GOSSIP_TIMEOUT,
    NODE_PREFERENCE,
    KEEP_ALIVE_INTERVAL,
    KEEP_ALIVE_TIMEOUT,
    DEFAULT_DEADLINE,
    THROW_ON_APPEND_FAILURE,
)
"""Every option that has a value of its own, in the order in which it is written."""

DNS_DISCOVER: Final = "dnsDiscover"
"""Another spelling of the `+discover` scheme.

Source: Java, `ConnectionSettingsBuilder.java`; Node parses and drops it.
"""

IGNORED: Final = {
    "feature": "a switch of the Java client",
    "dnsLookUpType": "an option that no client has any more",
}
"""Known names that mean nothing here.

Source: Java, `ConnectionSettingsBuilder.java` (feature); Node's own test strings
(dnsLookUpType).
"""


def folded(key: str) -> str:
    """Give the form in which keys are compared.

    Args:
        key: A key as written; `-` and `_` are dropped, as only Node does.
    """
    return key.lower().replace("-", "").replace("_", "")


BY_KEY: Final = {folded(option.name): option for option in OPTIONS}
IGNORED_BY_KEY: Final = {folded(name): name for name in IGNORED}
DNS_DISCOVER_KEY: Final = folded(DNS_DISCOVER)

_NAMES_BY_KEY: Final = {
    **{key: option.name for key, option in BY_KEY.items()},
    **IGNORED_BY_KEY,
    DNS_DISCOVER_KEY: DNS_DISCOVER,
}
_LONGEST_TYPO: Final = 2 * max(map(len, _NAMES_BY_KEY))


def meant(key: str) -> str | None:
    """Guess the option that a misspelt key means.

    Args:
        key: A folded key that names no option.

    Returns:
        The option's name, or None when nothing is close.
    """
    if len(key) > _LONGEST_TYPO:
        return None
    close = get_close_matches(key, _NAMES_BY_KEY, n=1)
    return _NAMES_BY_KEY[close[0]] if close else None
