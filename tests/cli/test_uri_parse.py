"""`kurrent-conn uri parse`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kurrent_conn.cli.given import VARIABLE

STRING = "kurrentdb://admin:Zq7Kxw@n1,[::1]:2?gossipTimeout=5&nope=1"
Shell = Callable[..., Any]


def test_table(shell: Shell) -> None:
    """A table says what was understood, and of each value whether it was given."""
    found = shell("uri", "parse", STRING)
    assert found.code == 0
    rows = {line.split()[0]: line for line in found.out.splitlines() if line}
    assert "n1:2113, [::1]:2" in rows["hosts"]
    assert "***" in rows["password"]
    assert "given" in rows["gossipTimeout"]
    assert "0.005 s" in rows["gossipTimeout"]
    assert "default" in rows["tls"]
    assert "Zq7Kxw" not in found.out + found.err
    assert "warning: nope: is no option" in found.out


def test_json(shell: Shell) -> None:
    """`--json` prints one object with the values, their sources and the warnings."""
    found = shell("uri", "parse", STRING, "--json")
    parsed = found.json()
    assert parsed["valid"] is True
    assert parsed["values"]["hosts"]["value"] == [["n1", 2113], ["::1", 2]]
    assert parsed["values"]["password"] == {"value": "***", "source": "given"}
    assert parsed["values"]["tls"] == {"value": True, "source": "default"}
    assert parsed["values"]["gossipTimeout"] == {"value": 0.005, "source": "given"}
    assert [each["option"] for each in parsed["warnings"]] == ["gossipTimeout", "nope"]
    assert "Zq7Kxw" not in found.out


def test_refused(shell: Shell) -> None:
    """A string that cannot be read is a problem found: 1, with every problem."""
    found = shell("uri", "parse", "kurrentdb://a:0?tls=1")
    assert found.code == 1
    assert found.err.count("error: ") == 2
    found = shell("uri", "parse", "kurrentdb://a:0?tls=1", "--json")
    assert found.code == 1
    assert found.json()["valid"] is False
    assert [each["position"] for each in found.json()["problems"]] == [14, 20]


def test_strict(shell: Shell) -> None:
    """With `--strict` an unknown option is a problem."""
    assert shell("uri", "parse", "kurrentdb://a?nope=1").code == 0
    assert shell("uri", "parse", "--strict", "kurrentdb://a?nope=1").code == 1


def test_where_the_string_comes_from(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The string is the argument, stdin for `-`, or the variable; else usage."""
    assert shell("uri", "parse", "kurrentdb://a").code == 0
    assert shell("uri", "parse", "-", stdin=b"kurrentdb://a\r\n").code == 0
    assert shell("uri", "parse").code == 2
    monkeypatch.setenv(VARIABLE, "kurrentdb://a")
    assert shell("uri", "parse").code == 0
    assert "a:2113" in shell("uri", "parse").out


def test_bytes_that_are_no_text(shell: Shell) -> None:
    """Bytes that are no UTF-8 are a problem, not a traceback."""
    found = shell("uri", "parse", "-", stdin=b"kurrentdb://\xff")
    assert found.code == 1
    assert "surrogate" in found.err


def test_terminal_is_left_alone(shell: Shell) -> None:
    """What a terminal would act upon is shown, not sent."""
    found = shell("uri", "parse", "kurrentdb://a?connectionName=%1b%5b31m[red]x")
    assert "\x1b" not in found.out
    assert "\\x1b[31m[red]x" in found.out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="\0")))
def test_any_text_exits_with_a_code(shell: Shell, text: str) -> None:
    """Whatever the text, the exit code is 0 or 1: never a traceback."""
    data = f"kurrentdb://{text}".encode(errors="surrogatepass")
    for command in ("parse", "lint"):
        assert shell("uri", command, "-", stdin=data).code in {0, 1}
