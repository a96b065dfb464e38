"""What the guide to the connection string says is true."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from kurrent_conn import Settings
from kurrent_conn.cli.app import run
from kurrent_conn.core.client_readings.difference import shown
from kurrent_conn.core.connection_string.option import OPTIONS
from kurrent_conn.core.connection_string.reading import SCHEMES

GUIDE = (Path(__file__).parents[2] / "docs" / "connection-string.md").read_text()
(SHELL,) = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def test_the_table_is_the_codes() -> None:
    """Every option, in order, with its meaning, its values and its default."""
    rows = [line for line in GUIDE.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{option.name}` | {option.meaning} | {option.kind.expects} "
        f"| {shown(option.default)} |"
        for option in OPTIONS
    ]


def test_every_scheme_is_named() -> None:
    """Each is read as the first one is, and stands in the guide."""
    for scheme in SCHEMES:
        assert f"`{scheme}" in GUIDE
        assert Settings.from_string(f"{scheme}://n1") == Settings.from_string(
            "kurrentdb://n1:2113"
        )


def test_passwords_and_unknown_options_are_read_as_said() -> None:
    """Percent-encoding is undone, case is ignored, an unknown option warned of."""
    settings = Settings.from_string("kurrentdb://u:p%40ss@n1?TLS=false&colour=red")
    assert (settings.password, settings.tls) == ("p@ss", False)
    assert [warning.option for warning in settings.warnings] == ["colour"]


def test_the_commands_run(capsys: pytest.CaptureFixture[str]) -> None:
    """They end as the guide says, and show no password."""
    codes = [run(shlex.split(line)[1:]) for line in SHELL.splitlines()]
    assert codes == [0, 0, 1]
    out = capsys.readouterr().out
    assert "changeit" not in out
    assert "Go: gossipTimeout: 2000 s instead of 2 s" in out
