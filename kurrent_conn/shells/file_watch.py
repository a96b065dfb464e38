"""Files that may change while we run: asked now and then, kept when the new is broken.

Knows bytes and when they changed; what they mean is for the `load` that is given. It
serves the overrides file, and the CA, certificate and key files. Polling, because the
files come from ConfigMaps and Secrets: the kubelet swaps a `..data` symlink above them,
which watching the file itself does not show.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, Generic, TypeVar

from kurrent_conn.errors import ConfigurationError

Value = TypeVar("Value")

_FRESH_NS: Final = 2_000_000_000
"""A file changed this recently may change again within the same tick of its clock."""

_Signature = tuple[tuple[int, int, int, int], ...]


class Polled(StrEnum):
    """What a poll found."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    """The content is another, and `value` is made of it."""
    BROKEN = "broken"
    """The content is another or gone, cannot be used, and `value` is the old one."""


class FileWatch(Generic[Value]):
    """One value made of the content of one or more files.

    Several files (a certificate and its key) are read together: `load` decides whether
    they fit, and while they do not the old value stays. Owned by one thread or loop.

    Args:
        paths: The files; each poll follows their symlinks anew.
        load: Makes the value of their contents, in the order of `paths`.

    Raises:
        ConfigurationError: What `load` raises: the first version must be right.
        OSError: A file cannot be read now.
    """

    __slots__ = ("_contents", "_load", "_signature", "error", "paths", "value")

    value: Value
    """What the last good version made."""

    error: ConfigurationError | OSError | None
    """Why the present version is not used; None when it is."""

    def __init__(
        self, paths: Sequence[str | Path], load: Callable[[tuple[bytes, ...]], Value]
    ) -> None:
        self.paths = tuple(map(Path, paths))
        self._load = load
        self.error = None
        self._signature = self._settled(self._stat())
        self._contents = self._read()
        self.value = load(self._contents)

    def poll(self) -> Polled:
        """Look whether the files changed; read them only when they may have.

        A version that is seen in the middle of being written is left for the next
        poll. One that `load` refuses is reported once, and `error` says why until a
        better one comes.

        Returns:
            What was found. Only `CHANGED` means that `value` is another.
        """
        try:
            before = self._stat()
            if before == self._signature:
                return Polled.UNCHANGED
            contents = self._read()
            if self._stat() != before:
                return Polled.UNCHANGED
        except OSError as error:
            # A swap may take the file away for a moment: ask again at the next poll.
            self._signature = None
            again = str(error) == str(self.error)
            self.error = error
            return Polled.UNCHANGED if again else Polled.BROKEN
        self._signature = self._settled(before)
        return self._taken(contents)

    def _taken(self, contents: tuple[bytes, ...]) -> Polled:
        if contents == self._contents and not isinstance(self.error, OSError):
            return Polled.UNCHANGED
        self._contents = contents
        try:
            value = self._load(contents)
        except ConfigurationError as error:
            self.error = error
            return Polled.BROKEN
        self.error = None
        self.value = value
        return Polled.CHANGED

    def _stat(self) -> _Signature:
        found = map(os.stat, self.paths)
        return tuple((s.st_mtime_ns, s.st_dev, s.st_ino, s.st_size) for s in found)

    def _settled(self, signature: _Signature) -> _Signature | None:
        newest = max((mtime_ns for mtime_ns, *_ in signature), default=0)
        return signature if time.time_ns() - newest > _FRESH_NS else None

    def _read(self) -> tuple[bytes, ...]:
        return tuple(path.read_bytes() for path in self.paths)
