"""Reading a connection string: every problem at once, or its values and warnings.

Touches neither disk nor network. Knows no `Settings`: it hands over the values that
were given, so that the class can be built on top of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypedDict, cast

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.connection_string import option as table
from kurrent_conn.core.connection_string.duration import is_bare
from kurrent_conn.core.connection_string.finding import Remarks
from kurrent_conn.core.connection_string.grammar import Part, Parts, cut, pairs
from kurrent_conn.core.connection_string.host import read_hosts
from kurrent_conn.core.connection_string.option import AnyOption
from kurrent_conn.core.connection_string.percent import decode
from kurrent_conn.core.connection_string.value import Unreadable, surrogate_position
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.errors import InvalidConnectionString, Problem

SCHEMES: Final = ("kurrentdb", "kurrent", "kdb", "esdb")
"""Source: all six official clients; Java and kurrentdbclient lack `kurrent`."""

DISCOVER: Final = "+discover"

LOW_KEEP_ALIVE_S: Final = 10.0
"""Source: Java, Node and Go warn below 10 s; Rust ignores such values."""

LIKELY_SECONDS_BELOW: Final = 100
"""A bare number below this was most likely meant as seconds."""

_SECONDS_ELSEWHERE: Final = {
    table.GOSSIP_TIMEOUT.field: "Node, Go and kurrentdbclient read it as {} s",
    table.DEFAULT_DEADLINE.field: "kurrentdbclient reads it as {} s",
}
_TLS_ONLY: Final = (
    table.TLS_VERIFY_CERT,
    table.TLS_CA_FILE,
    table.USER_CERT_FILE,
    table.USER_KEY_FILE,
)
_KEEP_ALIVE: Final = (table.KEEP_ALIVE_INTERVAL, table.KEEP_ALIVE_TIMEOUT)


class Values(TypedDict, total=False):
    """What a string gives, by the field of `Settings`; absent means default."""

    hosts: tuple[Endpoint, ...]
    discover: bool
    tls: bool
    tls_verify_cert: bool
    tls_ca_file: str | None
    user_cert_file: str | None
    user_key_file: str | None
    username: str | None
    password: str | None
    node_preference: NodePreference
    max_discover_attempts: int
    discovery_interval_s: float
    gossip_timeout_s: float
    keep_alive_interval_s: float | None
    keep_alive_timeout_s: float | None
    default_deadline_s: float | None
    connection_name: str | None
    throw_on_append_failure: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A string that could be read.

    Args:
        values: What was given; not shown, as it holds the password.
        warnings: What can be read but is worth a look, in the order of the text.
    """

    values: Values = field(repr=False)
    warnings: tuple[Problem, ...]


@dataclass(slots=True, repr=False)
class _Draft:
    """A reading in the making.

    Args:
        strict: Whether an unknown key is a problem.
        quotes: Whether a key may be quoted: not when it may be part of a password.
    """

    strict: bool
    quotes: bool = True
    problems: Remarks = field(default_factory=Remarks)
    warnings: Remarks = field(default_factory=Remarks)
    values: dict[str, object] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    def done(self) -> Reading:
        if self.problems:
            raise InvalidConnectionString(self.problems.sorted())
        return Reading(cast("Values", self.values), self.warnings.sorted())


def read(text: str, *, strict: bool = False) -> Reading:
    """Read a connection string.

    Args:
        text: The whole string.
        strict: Whether an unknown option is a problem instead of a warning.

    Raises:
        InvalidConnectionString: With every problem of the text.
    """
    draft = _Draft(strict)
    if _is_text(text, draft):
        parts = cut(text, draft.problems)
        if parts is not None:
            _read_parts(parts, draft)
    return draft.done()


def _is_text(text: object, draft: _Draft) -> bool:
    if not isinstance(text, str):
        kind = type(text).__name__
        draft.problems.add("text", f"must be text, not a {kind}")
        return False
    broken = None if text.isascii() else surrogate_position(text)
    if broken is not None:
        draft.problems.add("text", "half of a surrogate pair is no character", broken)
    return broken is None


def _read_parts(parts: Parts, draft: _Draft) -> None:
    _read_scheme(parts.scheme, draft)
    if parts.userinfo is not None:
        _read_userinfo(parts.userinfo, draft)
    draft.quotes = not _read_place(parts, draft)
    for key, value, position in pairs(parts.query):
        _read_pair(key, value, position, draft)
        if draft.problems.full:
            break
    _check_together(draft)


def _read_scheme(scheme: Part, draft: _Draft) -> None:
    draft.values["discover"] = scheme.text.endswith(DISCOVER)
    if scheme.text.removesuffix(DISCOVER) not in SCHEMES:
        draft.problems.add(
            "scheme",
            "is none that KurrentDB clients know",
            scheme.position,
            "write kurrentdb:// or kurrentdb+discover://",
        )


def _read_userinfo(userinfo: Part, draft: _Draft) -> None:
    username, colon, password = userinfo.text.partition(":")
    if not username:
        draft.problems.add(
            "username", "is empty", userinfo.position, "write user:password@ or nothing"
        )
    _read_secret("username", Part(username, userinfo.position), draft)
    after = userinfo.position + len(username) + len(colon)
    _read_secret("password", Part(password, after), draft)
    if ":" in cast("str", draft.values.get("username", "")):
        draft.warnings.add(
            "username",
            "holds a ':', at which the server cuts the name from the password",
            userinfo.position,
        )


def _read_secret(name: str, part: Part, draft: _Draft) -> None:
    try:
        draft.values[name] = decode(part.text)
    except Unreadable as error:
        draft.problems.add_unreadable(name, error, part.position)


def _read_place(parts: Parts, draft: _Draft) -> bool:
    """Read hosts, path and fragment; say whether a password may have been torn."""
    found = Remarks()
    draft.values["hosts"] = read_hosts(parts.hosts.text, parts.hosts.position, found)
    if parts.path.text not in {"", "/"}:
        found.add("path", "there is no path here", parts.path.position, "drop it")
    if parts.fragment.text:
        found.add(
            "fragment",
            "a '#' starts a fragment, which has no meaning here",
            parts.fragment.position,
            "write a literal '#' as %23",
        )
    draft.problems.extend(found)
    torn = bool(found) and any(
        "@" in part.text for part in (parts.path, parts.query, parts.fragment)
    )
    if torn:
        draft.problems.add(
            "userinfo",
            "a '/', '?' or '#' stands before an '@'",
            parts.hosts.position + len(parts.hosts.text),
            "in a user name or password write them as %2F, %3F and %23; "
            "elsewhere write '@' as %40",
        )
    return torn


def _read_pair(key: str, value: str | None, position: int, draft: _Draft) -> None:
    folded = key.lower()
    if folded not in table.BY_KEY:
        folded = table.folded(key)
        if folded != key.lower():
            _warn_of_spelling(folded, position, draft)
    if _is_given(folded, value, position, draft) and value is not None:
        at = position + len(key) + 1
        option = table.BY_KEY.get(folded)
        if option is not None:
            _read_option(option, value, at, draft)
        else:
            _read_other(folded, value, position, draft)


def _warn_of_spelling(folded: str, position: int, draft: _Draft) -> None:
    if folded in table.BY_KEY:
        draft.warnings.add(
            table.BY_KEY[folded].name,
            "only the Node client ignores '-' and '_' in a key",
            position,
            f"write {table.BY_KEY[folded].name}",
        )


def _is_given(key: str, value: str | None, position: int, draft: _Draft) -> bool:
    name = _name_of(key, draft)
    if not key:
        draft.problems.add("query", "a pair has no key", position, "write key=value")
    elif key in draft.places:
        draft.problems.add(
            name, "is given twice", position, "clients disagree which one counts"
        )
    elif value is None:
        draft.problems.add(name, "has no '='", position, "write key=value")
    elif not value:
        draft.problems.add(name, "is empty", position, "drop it or give a value")
    else:
        draft.places[key] = position
        return True
    if key:
        draft.places.setdefault(key, position)
    return False


def _name_of(key: str, draft: _Draft) -> str:
    if key in table.BY_KEY:
        return table.BY_KEY[key].name
    return key[:_LONGEST_QUOTE] if draft.quotes else "query"


_LONGEST_QUOTE: Final = 40


def _read_option(option: AnyOption, value: str, position: int, draft: _Draft) -> None:
    try:
        text = decode(value)
        draft.values[option.field] = option.kind.read(text)
    except Unreadable as error:
        draft.problems.add_unreadable(option.name, error, position)
        return
    if option.field in _SECONDS_ELSEWHERE and is_bare(text):
        _warn_of_seconds(option, int(text.removeprefix("-")), position, draft)


def _warn_of_seconds(
    option: AnyOption, number: int, position: int, draft: _Draft
) -> None:
    if draft.values[option.field] is not None and number < LIKELY_SECONDS_BELOW:
        elsewhere = _SECONDS_ELSEWHERE[option.field].format(number)
        draft.warnings.add(
            option.name,
            f"is read as {number} ms; {elsewhere}",
            position,
            f"write {number}s or {number}ms",
        )


def _read_other(key: str, value: str, position: int, draft: _Draft) -> None:
    if key == table.DNS_DISCOVER_KEY:
        _read_dns_discover(value, position + len(key) + 1, draft)
    elif key in table.IGNORED_BY_KEY:
        name = table.IGNORED_BY_KEY[key]
        draft.warnings.add(name, f"is ignored: {table.IGNORED[name]}", position)
    else:
        _read_unknown(key, position, draft)


def _read_dns_discover(value: str, position: int, draft: _Draft) -> None:
    try:
        discover = table.TLS.kind.read(decode(value))
    except Unreadable as error:
        draft.problems.add_unreadable(table.DNS_DISCOVER, error, position)
        return
    if draft.values["discover"] and not discover:
        draft.problems.add(
            table.DNS_DISCOVER,
            "contradicts the +discover of the scheme",
            position,
            "clients disagree which one counts",
        )
    draft.values["discover"] = discover or draft.values["discover"]
    draft.warnings.add(
        table.DNS_DISCOVER,
        "only the Java client reads it",
        position,
        "write kurrentdb+discover://",
    )


def _read_unknown(key: str, position: int, draft: _Draft) -> None:
    name = _name_of(key, draft)
    remarks = draft.problems if draft.strict else draft.warnings
    meant = table.meant(key) if len(remarks.listed) < _MOST_GUESSES else None
    remarks.add(
        name,
        "is no option",
        position,
        f"did you mean {meant}?" if meant else "it is ignored",
    )


_MOST_GUESSES: Final = 20
"""Guessing is slow, and nobody reads the twenty-first guess."""


def _check_together(draft: _Draft) -> None:
    _check_user_certificate(draft)
    if draft.values.get(table.TLS.field) is False:
        _warn_of_tls_options(draft)
    for option in _KEEP_ALIVE:
        seconds = draft.values.get(option.field)
        if isinstance(seconds, float) and seconds < LOW_KEEP_ALIVE_S:
            draft.warnings.add(
                option.name,
                "is below 10 s: a server may answer too many pings with GOAWAY",
                draft.places[table.folded(option.name)],
            )


def _check_user_certificate(draft: _Draft) -> None:
    given = {
        option.name: draft.places.get(table.folded(option.name))
        for option in (table.USER_CERT_FILE, table.USER_KEY_FILE)
    }
    for name, other in (
        ("userCertFile", "userKeyFile"),
        ("userKeyFile", "userCertFile"),
    ):
        if given[name] is not None and given[other] is None:
            draft.problems.add(
                other, f"is missing beside {name}", None, "give both or neither"
            )


def _warn_of_tls_options(draft: _Draft) -> None:
    for option in _TLS_ONLY:
        position = draft.places.get(table.folded(option.name))
        if position is not None:
            draft.warnings.add(option.name, "has no effect next to tls=false", position)
