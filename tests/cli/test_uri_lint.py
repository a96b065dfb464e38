"""`kurrent-conn uri lint`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

LOGIN = "kurrentdb://admin:Zq7Kxw@n1:2113,n2:2113"
Shell = Callable[..., Any]


def test_alike(shell: Shell) -> None:
    """A string that all read alike is fine: 0, and a line a client."""
    found = shell("uri", "lint", LOGIN)
    assert found.code == 0
    assert found.out.count("alike") == 6
    assert "Zq7Kxw" not in found.out


def test_different(shell: Shell) -> None:
    """A difference is a problem found: 1, with the reading, the fact and its source."""
    found = shell("uri", "lint", f"{LOGIN}?gossipTimeout=5000", "--for", "go")
    assert found.code == 1
    assert "Go: gossipTimeout: 5000 s instead of 5 s: " in found.out
    assert "kurrentdb/configuration.go" in found.out
    assert "Python" not in found.out


def test_json(shell: Shell) -> None:
    """`--json` prints one object with every client's reading and differences."""
    found = shell(
        "uri", "lint", f"{LOGIN}?defaultDeadline=5000", "--for", "python,java", "--json"
    )
    verdicts = found.json()["clients"]
    assert list(verdicts) == ["java", "python"]
    assert verdicts["java"]["agrees"] is True
    assert verdicts["python"]["hosts"] == [["n1", 2113], ["n2", 2113]]
    assert verdicts["python"]["password"] == "***"
    assert verdicts["python"]["differences"] == [
        {
            "aspect": "defaultDeadline",
            "kind": "value",
            "ours": "5 s",
            "theirs": "5000 s",
            "fact": "gossipTimeout and defaultDeadline are in seconds",
            "source": "kurrentdbclient 1.3.5, connection_spec.py",
        }
    ]


def test_defaults_on_request(shell: Shell) -> None:
    """Defaults that differ are shown on request, and are no problem."""
    assert "its default" not in shell("uri", "lint", LOGIN).out
    found = shell("uri", "lint", LOGIN, "--defaults")
    assert found.code == 0
    assert "maxDiscoverAttempts: 3 instead of 10: its default" in found.out


def test_files(shell: Shell, tmp_path: Path) -> None:
    """A CA file is looked for here, or taken for existing elsewhere."""
    ca_file = tmp_path / "ca.pem"
    words = ("uri", "lint", f"{LOGIN}?tlsCaFile={ca_file}", "--for", "go")
    assert "no such file" in shell(*words).out
    assert shell(*words, "--files-elsewhere").code == 0
    ca_file.write_text("")
    assert shell(*words).code == 0


def test_refused_by_us(shell: Shell) -> None:
    """A string that we refuse shows our problems and who accepts it."""
    found = shell("uri", "lint", "kurrentdb://admin:Zq/7Kxw@n1")
    assert found.code == 1
    assert "%2F" in found.err
    assert "what we refuse" in found.out
    assert "7Kxw" not in found.out + found.err


def test_misread_password_stays_secret(shell: Shell) -> None:
    """A client that takes a part of the password for a host does not reveal it."""
    for words in ((), ("--json",)):
        found = shell("uri", "lint", "kurrentdb://u:ab@Zq7Kxw@n1?tls=false", *words)
        assert "Zq7Kxw" not in found.out + found.err
        assert "credentials" in found.out


def test_unknown_client(shell: Shell) -> None:
    """A client that is none of the six is wrong usage."""
    found = shell("uri", "lint", LOGIN, "--for", "php")
    assert found.code == 2
    assert "dotnet, java, node, go, rust, python" in found.err
