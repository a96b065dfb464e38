"""What a connection is to do: the values behind a connection string.

Knows the fields, their units and what goes together; the text form is read and written
by `connection_string`, whose table of options holds the defaults.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Self, cast

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.connection_string import option as table
from kurrent_conn.core.connection_string import read, redact, write
from kurrent_conn.core.connection_string.finding import Remarks
from kurrent_conn.core.connection_string.host import is_writable
from kurrent_conn.core.connection_string.option import AnyOption, Option
from kurrent_conn.core.connection_string.value import Unreadable, whole_text
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.errors import InvalidSettings, Problem


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Everything that a connection string can say; immutable and compared by value.

    Whatever can be built can be written: `from_string(s.to_string()) == s`.

    Args:
        hosts: The seeds, one or more, as written; IPv6 without brackets.
        discover: Whether the hosts are DNS names to resolve to all their addresses
            (the `+discover` scheme).
        tls: Whether to encrypt.
        tls_verify_cert: Whether to verify the node's certificate.
        tls_ca_file: PEM file, or directory of them, to trust; None: the system store.
        user_cert_file: Certificate to authenticate with; comes with its key.
        user_key_file: Key of that certificate.
        username: Not empty; None: no credentials.
        password: May be empty; None without a user name, never None beside one (an
            absent password is an empty one, as `user@host` reads).
        node_preference: Which role to use; its name as text is taken too.
        max_discover_attempts: Rounds in which nobody answered, from 1; -1: for ever.
        discovery_interval_s: First backoff step, seconds from 0.
        gossip_timeout_s: Bound of one gossip read, seconds above 0.
        keep_alive_interval_s: Silence before a ping, seconds above 0; None: off.
        keep_alive_timeout_s: Wait for its answer, seconds above 0; None: off.
        default_deadline_s: Bound of a unary call without its own, seconds above 0;
            None: none.
        connection_name: Name shown by the server; None: one is made on connecting.
        throw_on_append_failure: Kept for upper layers.
        warnings: What the text that these were read from should be looked at for;
            not part of equality.

    Seconds are kept in whole milliseconds, the resolution of the text: a value is
    rounded to the nearest, and never down to 0.

    Raises:
        InvalidSettings: With every value that cannot be.
    """

    hosts: tuple[Endpoint, ...]
    discover: bool = False
    tls: bool = table.TLS.default
    tls_verify_cert: bool = table.TLS_VERIFY_CERT.default
    tls_ca_file: str | None = table.TLS_CA_FILE.default
    user_cert_file: str | None = table.USER_CERT_FILE.default
    user_key_file: str | None = table.USER_KEY_FILE.default
    username: str | None = None
    password: str | None = None
    node_preference: NodePreference = table.NODE_PREFERENCE.default
    max_discover_attempts: int = table.MAX_DISCOVER_ATTEMPTS.default
    discovery_interval_s: float = table.DISCOVERY_INTERVAL.default
    gossip_timeout_s: float = table.GOSSIP_TIMEOUT.default
    keep_alive_interval_s: float | None = table.KEEP_ALIVE_INTERVAL.default
    keep_alive_timeout_s: float | None = table.KEEP_ALIVE_TIMEOUT.default
    default_deadline_s: float | None = table.DEFAULT_DEADLINE.default
    connection_name: str | None = table.CONNECTION_NAME.default
    throw_on_append_failure: bool = table.THROW_ON_APPEND_FAILURE.default
    warnings: tuple[Problem, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        problems = Remarks()
        _set(self, "hosts", _checked_hosts(self.hosts, problems))
        _check_discover(self.discover, problems)
        for option in table.OPTIONS:
            _check_option(self, option, problems)
        _check_credentials(self, problems)
        if (self.user_cert_file is None) != (self.user_key_file is None):
            problems.add(
                "user_cert_file", "comes with user_key_file", None, "give both or none"
            )
        if problems:
            raise InvalidSettings(problems.sorted())

    @classmethod
    def from_string(cls, text: str, *, strict: bool = False) -> Self:
        """Read a connection string; touches neither disk nor network.

        Args:
            text: The string; blanks around it are ignored.
            strict: Whether an unknown option is an error instead of a warning.

        Raises:
            InvalidConnectionString: With every problem of the text, never with the
                password.
        """
        reading = read(text, strict=strict)
        return cls(**reading.values, warnings=reading.warnings)

    def to_string(self) -> str:
        """Write the canonical connection string, **with the password**."""
        return write(self)

    def redacted(self) -> str:
        """Write the canonical connection string with `***` for the password."""
        return redact(self)

    def __repr__(self) -> str:
        """Show what differs from the defaults, the password as `***`."""
        shown = [f"hosts={self.hosts!r}"]
        for each in fields(self)[1:]:
            value: object = getattr(self, each.name)
            if each.name == "warnings" or value == each.default:
                continue
            shown.append(
                "password=***" if each.name == "password" else f"{each.name}={value!r}"
            )
        return f"{type(self).__name__}({', '.join(shown)})"


def _set(settings: Settings, name: str, value: object) -> None:
    # The way for a frozen value to normalise itself while it is made.
    object.__setattr__(settings, name, value)


def _checked_hosts(hosts: object, problems: Remarks) -> tuple[Endpoint, ...]:
    if not isinstance(hosts, tuple | list) or not hosts:
        problems.add("hosts", "must be one Endpoint or more, in a tuple")
        return ()
    for index, host in enumerate(hosts):
        if not isinstance(host, Endpoint):
            problems.add(
                f"hosts[{index}]",
                f"must be an Endpoint, not a {type(host).__name__}",
                None,
                "Endpoint.parse makes one of text",
            )
        elif not is_writable(host.host):
            problems.add(f"hosts[{index}]", "is neither a host name nor an address")
    return tuple(hosts)


def _check_discover(discover: object, problems: Remarks) -> None:
    if not isinstance(discover, bool):
        problems.add("discover", "must be True or False")


def _check_option(settings: Settings, option: AnyOption, problems: Remarks) -> None:
    value: object = getattr(settings, option.field)
    if value is option.default:
        return
    try:
        _set(settings, option.field, cast("Option[object]", option).kind.take(value))
    except Unreadable as error:
        problems.add(option.field, error.reason, None, error.hint)


def _check_credentials(settings: Settings, problems: Remarks) -> None:
    if settings.username is None:
        if settings.password is not None:
            problems.add("password", "comes with a username", None, "give both or none")
        return
    _check_text("username", settings.username, problems)
    if not settings.username:
        problems.add("username", "is empty", None, "use None for no credentials")
    if settings.password is None:
        _set(settings, "password", "")
    else:
        _check_text("password", settings.password, problems)


def _check_text(name: str, value: object, problems: Remarks) -> None:
    if not isinstance(value, str):
        problems.add(name, f"must be text, not a {type(value).__name__}")
        return
    try:
        whole_text(value)
    except Unreadable as error:
        problems.add(name, error.reason)
