"""How kurrentdbclient reads a connection string: `urlparse` and `parse_qs`.

Source: kurrentdbclient 1.3.5, `connection_spec.py`; the standard library is the one
that runs here, as it is for that client.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from kurrent_conn.core.client_readings import number
from kurrent_conn.core.client_readings.client import (
    Accepted,
    Client,
    Fact,
    FileCheck,
    OptionValue,
    Refusal,
    Seed,
)
from kurrent_conn.core.client_readings.option import (
    Known,
    Table,
    defaults,
    flag,
    milliseconds,
    preference,
    seconds,
    table,
    text,
)
from kurrent_conn.core.endpoint import DEFAULT_PORT

SOURCE: Final = "kurrentdbclient 1.3.5, connection_spec.py"

_SCHEMES: Final = frozenset({"esdb", "kurrentdb", "kdb"})
_DISCOVER: Final = "+discover"

_KNOWN: Final[Table] = table(
    Known("tls", True, flag),
    Known("connectionName", None, text),
    Known("maxDiscoverAttempts", 10, number.python),
    Known("discoveryInterval", 0.1, milliseconds(number.python)),
    Known("gossipTimeout", 5.0, seconds(number.python)),
    Known("nodePreference", "leader", preference),
    Known("tlsVerifyCert", True, flag),
    Known("defaultDeadline", None, seconds(number.python)),
    Known("keepAliveInterval", None, milliseconds(number.python)),
    Known("keepAliveTimeout", None, milliseconds(number.python)),
    Known("tlsCaFile", None, text),
    Known("userCertFile", None, text),
    Known("userKeyFile", None, text),
)

_VERBATIM: Final = Fact("credentials are not percent-decoded", SOURCE)
_NO_PASSWORD: Final = Fact("a user name alone has no password", SOURCE)
_FIRST_AT: Final = Fact("hosts start after the first '@' of the authority", SOURCE)
_NO_PORT: Final = Fact(
    "text after a ':' is kept as it is; [::1] gets no port, and grpc dials 443", SOURCE
)
_SECONDS: Final = Fact("gossipTimeout and defaultDeadline are in seconds", SOURCE)
_KEEP_ALIVE: Final = Fact(
    "-1 is passed through to grpc, which then pings about once a second",
    "kurrentdbclient 1.3.5 against a server, measured",
)
_FORM_DECODED: Final = Fact(
    "options are form-decoded, where '+' is a blank; the first of two counts", SOURCE
)
_NO_VERIFY: Final = Fact("tlsVerifyCert is read and not used", SOURCE)

_FACTS: Final = dict.fromkeys(defaults(_KNOWN), _FORM_DECODED) | {
    "gossipTimeout": _SECONDS,
    "defaultDeadline": _SECONDS,
    "keepAliveInterval": _KEEP_ALIVE,
    "keepAliveTimeout": _KEEP_ALIVE,
    "tlsVerifyCert": _NO_VERIFY,
    "username": _VERBATIM,
}


def read(string: str, _exists: FileCheck) -> Accepted:
    """Read as kurrentdbclient does.

    Args:
        string: The connection string.

    Raises:
        Refusal: The client raises.
    """
    parts = _split(string)
    if parts is None:
        raise Refusal("it is no URL")
    if parts.scheme.removesuffix(_DISCOVER) not in _SCHEMES:
        raise Refusal("the scheme is unknown; it does not know kurrent:// either")
    discover = parts.scheme.endswith(_DISCOVER)
    targets = _targets(parts.netloc)
    if discover and len(targets) > 1:
        raise Refusal("+discover takes one host only")
    values = defaults(_KNOWN) | _options(parts.query)
    if values["tls"] is True and not (parts.username and parts.password):
        raise Refusal("with TLS it demands a user name and a password")
    if values["tlsVerifyCert"] is False:
        values["tlsVerifyCert"] = True
    return Accepted(
        client=Client.PYTHON,
        hosts=tuple(map(_seed, targets)),
        username=parts.username,
        password=parts.password,
        tls=values["tls"] is True,
        discover=discover,
        values=values,
        facts=_FACTS
        | {
            "hosts": _FIRST_AT if parts.netloc.count("@") > 1 else _NO_PORT,
            "password": _NO_PASSWORD if parts.password is None else _VERBATIM,
        },
    )


def _split(string: str) -> SplitResult | None:
    # Its messages quote the text: none may become the context of our error.
    try:
        return urlsplit(string)
    except ValueError:
        return None


def _targets(netloc: str) -> tuple[str, ...]:
    _, at, after = netloc.partition("@")
    targets = (part.strip() for part in (after if at else netloc).split(","))
    given = tuple(filter(None, targets))
    if not given:
        raise Refusal("there is no host")
    return given


def _seed(target: str) -> Seed:
    if not target.partition(":")[2]:
        return Seed(target.partition(":")[0], DEFAULT_PORT)
    host, _, port = target.rpartition(":")
    if port.isascii() and port.isdigit() and len(port) <= len("65535") + 1:
        return Seed(host, int(port))
    return Seed(target, None)


def _options(query: str) -> dict[str, OptionValue]:
    given: dict[str, str] = {}
    first: set[str] = set()
    for key, value in parse_qsl(query):
        # The first of two counts, but of two spellings the last.
        if key not in first:
            first.add(key)
            given[key.upper()] = value
    options: dict[str, OptionValue] = {}
    for key, value in given.items():
        known = _KNOWN.get(key.lower())
        if known is None:
            raise Refusal("an option is unknown to it")
        options[known.name] = known.take(value)
    return options
