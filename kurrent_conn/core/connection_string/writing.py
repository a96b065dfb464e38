"""Writing the canonical string: the form that most clients read alike.

Hosts carry their ports, no `/` stands before the `?`, options that have their default
are left out, durations are bare milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from kurrent_conn.core.connection_string.host import write_host
from kurrent_conn.core.connection_string.option import OPTIONS, AnyOption, Option
from kurrent_conn.core.connection_string.percent import encode

if TYPE_CHECKING:
    from kurrent_conn.core.settings import Settings

MASK: Final = "***"
"""What stands for a password wherever one is shown."""

_KEEP_IN_USERINFO: Final = "!$&'()*+;="
_KEEP_IN_VALUE: Final = "!$'()*,/:;"


def write(settings: Settings) -> str:
    """Write settings as a connection string, the password included.

    Args:
        settings: What to write.
    """
    return _write(settings, settings.password)


def redact(settings: Settings) -> str:
    """Write settings as a connection string with `***` for the password.

    Args:
        settings: What to write.
    """
    return _write(settings, MASK if settings.password else settings.password)


def _write(settings: Settings, password: str | None) -> str:
    scheme = "kurrentdb+discover" if settings.discover else "kurrentdb"
    hosts = ",".join(map(write_host, settings.hosts))
    text = f"{scheme}://{_userinfo(settings.username, password)}{hosts}"
    pairs = [
        pair for option in OPTIONS if (pair := _pair(option, settings)) is not None
    ]
    return f"{text}?{'&'.join(pairs)}" if pairs else text


def _userinfo(username: str | None, password: str | None) -> str:
    if username is None:
        return ""
    name = encode(username, _KEEP_IN_USERINFO)
    return f"{name}:{encode(password or '', _KEEP_IN_USERINFO)}@"


def _pair(option: AnyOption, settings: Settings) -> str | None:
    value: object = getattr(settings, option.field)
    if value == option.default:
        return None
    # The table says that the field is of the option's kind; the type cannot.
    kind = cast("Option[object]", option).kind
    return f"{option.name}={encode(kind.write(value), _KEEP_IN_VALUE)}"
