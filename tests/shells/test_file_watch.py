"""Files that change under us: real files, real symlinks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kurrent_conn.core.overrides import Overrides
from kurrent_conn.errors import InvalidOverride
from kurrent_conn.shells.file_watch import FileWatch, Polled

FIRST = '[[override]]\nexact = "a"\ntarget = "b"\n'
OTHER = '[[override]]\nexact = "a"\ntarget = "c"\n'
LONG_AGO_NS = 1_600_000_000_000_000_000


def watch(*paths: Path) -> FileWatch[Overrides]:
    """Watch overrides files; several are read as one."""
    return FileWatch(paths, lambda contents: Overrides.from_bytes(b"\n".join(contents)))


def age(path: Path, by: int = 0) -> None:
    """Make a file look as if it was written long ago."""
    os.utime(path, ns=(LONG_AGO_NS + by, LONG_AGO_NS + by))


def test_a_file_that_does_not_change_is_read_once(tmp_path: Path) -> None:
    """An old file with the same stamp is not even opened: its content is not seen."""
    path = tmp_path / "rules.toml"
    path.write_text(FIRST)
    age(path)
    watched = watch(path)
    path.write_text(OTHER)
    age(path)
    assert watched.poll() is Polled.UNCHANGED
    assert watched.value == Overrides.from_toml(FIRST)


def test_new_content_is_taken(tmp_path: Path) -> None:
    """The value is another, and only the first poll says so."""
    path = tmp_path / "rules.toml"
    path.write_text(FIRST)
    watched = watch(path)
    path.write_text(OTHER)
    assert watched.poll() is Polled.CHANGED
    assert watched.value == Overrides.from_toml(OTHER)
    assert watched.poll() is Polled.UNCHANGED


def test_a_change_within_one_tick_of_the_clock_is_seen(tmp_path: Path) -> None:
    """Same size, inode and stamp: a fresh file is compared by content."""
    path = tmp_path / "rules.toml"
    path.write_text(FIRST)
    stamp = path.stat().st_mtime_ns
    watched = watch(path)
    with path.open("r+") as file:
        file.write(OTHER)
    os.utime(path, ns=(stamp, stamp))
    assert watched.poll() is Polled.CHANGED


def test_a_touched_file_is_unchanged(tmp_path: Path) -> None:
    """Another stamp with the same content is no news."""
    path = tmp_path / "rules.toml"
    path.write_text(FIRST)
    age(path)
    watched = watch(path)
    age(path, by=1)
    assert watched.poll() is Polled.UNCHANGED
    assert watched.error is None


def test_a_configmaps_symlink_swap_is_followed(tmp_path: Path) -> None:
    """The kubelet replaces `..data`, a symlink to a directory, in one rename."""
    for name, text in (("..1", FIRST), ("..2", OTHER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rules").write_text(text)
        age(tmp_path / name / "rules")
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "rules").symlink_to("..data/rules")
    watched = watch(tmp_path / "rules")
    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    assert watched.poll() is Polled.CHANGED
    assert watched.value == Overrides.from_toml(OTHER)


@pytest.mark.parametrize("broken", ["", OTHER[:-3], "[[override]]\nexact = 'a'"])
def test_a_broken_version_keeps_the_old_one_and_says_so(
    tmp_path: Path, broken: str
) -> None:
    """It is reported once, the reason stays, and a good version ends it."""
    path = tmp_path / "rules.toml"
    path.write_text(FIRST)
    watched = watch(path)
    path.write_text(broken)
    assert watched.poll() is Polled.BROKEN
    assert watched.value == Overrides.from_toml(FIRST)
    assert isinstance(watched.error, InvalidOverride)
    assert watched.poll() is Polled.UNCHANGED
    assert watched.error is not None
    path.write_text(OTHER)
    assert watched.poll() is Polled.CHANGED
    assert watched.error is None


def test_going_back_to_the_old_version_ends_the_error(tmp_path: Path) -> None:
    """The old content is good again, though its value never left."""
    path = tmp_path / "rules.toml"
    path.write_text(FIRST)
    watched = watch(path)
    path.write_text("broken")
    assert watched.poll() is Polled.BROKEN
    path.write_text(FIRST)
    assert watched.poll() is Polled.CHANGED
    assert watched.error is None


def test_a_file_that_is_gone_keeps_the_old_value(tmp_path: Path) -> None:
    """Reported once; when the same content comes back, the error is over."""
    path = tmp_path / "rules.toml"
    path.write_text(FIRST)
    watched = watch(path)
    path.unlink()
    assert watched.poll() is Polled.BROKEN
    assert isinstance(watched.error, OSError)
    assert watched.poll() is Polled.UNCHANGED
    assert watched.value == Overrides.from_toml(FIRST)
    path.write_text(FIRST)
    assert watched.poll() is Polled.CHANGED
    assert watched.error is None


def test_files_that_belong_together_are_read_together(tmp_path: Path) -> None:
    """A certificate without its key is refused by `load`; the old pair stays."""
    paths = (tmp_path / "tls.crt", tmp_path / "tls.key")
    for path in paths:
        path.write_text("1")

    def pair(contents: tuple[bytes, ...]) -> bytes:
        if contents[0] != contents[1]:
            raise InvalidOverride("they do not fit")
        return contents[0]

    watched = FileWatch(paths, pair)
    paths[0].write_text("2")
    assert watched.poll() is Polled.BROKEN
    assert watched.value == b"1"
    paths[1].write_text("2")
    assert watched.poll() is Polled.CHANGED
    assert watched.value == b"2"


def test_the_first_version_must_be_right(tmp_path: Path) -> None:
    """There is no old one to keep."""
    path = tmp_path / "rules.toml"
    with pytest.raises(FileNotFoundError):
        watch(path)
    path.write_text("broken")
    with pytest.raises(InvalidOverride):
        watch(path)
