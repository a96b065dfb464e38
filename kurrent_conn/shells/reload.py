"""The files behind a connection: overrides, CA, client certificate and key.

Asked once a second, by whichever shell owns the connection; nothing is sent for it. A
version that cannot be used is said once, and the one before stays in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import fspath
from pathlib import Path
from typing import Final

from kurrent_conn.core.notice import FileRefused, FileTaken
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import ConfigurationError
from kurrent_conn.shells.file_watch import FileWatch, Polled
from kurrent_conn.shells.plan import OverridesLike, read_overrides
from kurrent_conn.shells.trust import Trust, read_trust

POLL_S: Final = 1.0
"""How often the files are looked at."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What the files say now.

    Args:
        overrides: The new rules; None when they are as before.
        trust: The new trust; None when it is as before.
        notices: What users are told.
    """

    overrides: Overrides | None = None
    trust: Trust | None = None
    notices: tuple[FileTaken | FileRefused, ...] = ()


class Reload:
    """Reads the files that a connection is made of, once, and watches them.

    Args:
        settings: Names the TLS files.
        overrides: As `connect` was given it; only a path can change.

    Attributes:
        overrides: The rules that were given, as they were read first.
        trust: What the TLS files said first; None without TLS.

    Raises:
        ConfigurationError: A file cannot be used now.
    """

    def __init__(self, settings: Settings, overrides: OverridesLike) -> None:
        self._settings = settings
        self._refused = ""
        self._rules = _watched_rules(overrides)
        self.overrides: Final = (
            read_overrides(overrides) if self._rules is None else self._rules.value
        )
        self._directory = settings.tls and _is_directory(settings.tls_ca_file)
        self._trusts = None if self._directory else _watched_trust(settings)
        if self._trusts is not None:
            self.trust: Trust | None = self._trusts.value
        else:
            self.trust = read_trust(settings) if settings.tls else None
        self._last = self.trust

    @property
    def is_needed(self) -> bool:
        """Whether there is any file to look at."""
        return bool(self._rules or self._trusts or self._directory)

    def poll(self) -> Changed:
        """Look at the files."""
        rules, trust = None, None
        notices: list[FileTaken | FileRefused] = []
        if self._rules is not None:
            found = self._rules.poll()
            if found is Polled.CHANGED:
                rules = self._rules.value  # whether they hold, the core says
            else:
                notices += _told("overrides", found, self._rules.error)
        if self._trusts is not None:
            found = self._trusts.poll()
            trust = self._trusts.value if found is Polled.CHANGED else None
            notices += _told("trust", found, self._trusts.error)
        elif self._directory:
            trust, told = self._poll_directory()
            notices += told
        return Changed(rules, trust, tuple(notices))

    def _poll_directory(self) -> tuple[Trust | None, list[FileTaken | FileRefused]]:
        """Read a CA directory again: files may come and go in it."""
        try:
            trust = read_trust(self._settings)
        except ConfigurationError as error:
            first = str(error) != self._refused
            self._refused = str(error)
            return None, [FileRefused("trust", str(error))] if first else []
        self._refused = ""
        if trust == self._last:
            return None, []
        self._last = trust
        return trust, [FileTaken("trust")]


def _watched_rules(overrides: OverridesLike) -> FileWatch[Overrides] | None:
    if overrides is None or isinstance(overrides, Overrides | Mapping):
        return None
    source = fspath(overrides)
    try:
        return FileWatch(
            [source], lambda contents: Overrides.from_bytes(contents[0], source=source)
        )
    except OSError:
        read_overrides(overrides)  # raises what says more
        raise


def _watched_trust(settings: Settings) -> FileWatch[Trust] | None:
    files = _files(settings)
    if not settings.tls or not files:
        return None
    try:
        return FileWatch(
            files,
            lambda contents: read_trust(
                settings, dict(zip(files, contents, strict=True))
            ),
        )
    except OSError:
        read_trust(settings)  # raises what says more
        raise


def _told(
    what: str, found: Polled, error: Exception | None
) -> Iterator[FileTaken | FileRefused]:
    if found is Polled.CHANGED:
        yield FileTaken(what)
    elif found is Polled.BROKEN:
        yield FileRefused(what, str(error))


def _files(settings: Settings) -> list[str]:
    named = (settings.tls_ca_file, settings.user_cert_file, settings.user_key_file)
    return [path for path in named if path is not None]


def _is_directory(path: str | None) -> bool:
    return path is not None and Path(path).is_dir()
