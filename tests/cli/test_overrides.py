"""`kurrent-conn overrides`: exit codes, text and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kurrent_conn.cli.app import run
from kurrent_conn.core.overrides import Overrides

RULES = """
[[override]]
exact = "localhost"
target = "10.0.0.1"
[[override]]
exact = "127.0.0.1"
target = ["localhost", "10.0.0.1"]
[[override]]
exact = "broken"
target = "a b"
[[override]]
exact = "nowhere"
target = "name.invalid"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write the rules to a file."""
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    return path


def explained(
    capsys: pytest.CaptureFixture[str], host: str, file: Path
) -> dict[str, object]:
    """Run `explain --json` and give its object."""
    run(["overrides", "explain", host, "--overrides", str(file), "--json"])
    report: dict[str, object] = json.loads(capsys.readouterr().out)
    return report


def test_explain_tells_rule_route_name_dns_and_hairpin(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    """DNS gives 127.0.0.1, the rule another address: that would be a hairpin."""
    report = explained(capsys, "localhost:443", file)
    assert report["rule"] == 'exact "localhost" -> 10.0.0.1'
    assert report["routes"] == [
        {
            "dial": "10.0.0.1:443",
            "server_name": "localhost",
            "rule": 'exact "localhost" -> 10.0.0.1',
        }
    ]
    assert report["server_name"] == "localhost"
    assert "127.0.0.1" in json.dumps(report["dns"])
    assert report["hairpin"] is True
    assert explained(capsys, "127.0.0.1", file)["hairpin"] is False
    assert explained(capsys, "no.rule.invalid", file)["hairpin"] is False
    assert explained(capsys, "nowhere", file)["server_name"] == "nowhere"


@pytest.mark.parametrize(
    ("host", "words", "code"),
    [
        ("localhost", ["rule 1", "10.0.0.1:2113", "certificate", "hairpin", "yes"], 0),
        ("127.0.0.1", ["rule 2", "route 2", "no: DNS"], 0),
        ("no.rule.invalid", ["none matches", "DNS decides"], 0),
        ("broken", ["problem", "which is no host"], 1),
    ],
)
def test_explain_for_people(
    capsys: pytest.CaptureFixture[str],
    file: Path,
    host: str,
    words: list[str],
    code: int,
) -> None:
    """The same facts as lines; a result that is no host is a problem."""
    assert run(["overrides", "explain", host, "--overrides", str(file)]) == code
    printed = " ".join(capsys.readouterr().out.split())
    assert [word for word in words if word not in printed] == []
    assert "Errno" not in printed


def test_convert_writes_what_routes_alike(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Text on stdout, notes on stderr, both in the JSON object."""
    path = tmp_path / "Corefile"
    path.write_text("rewrite name suffix .a.test .b\nrewrite ttl c 30")
    assert run(["overrides", "convert", str(path), "--to", "toml"]) == 0
    printed = capsys.readouterr()
    assert Overrides.from_toml(printed.out) == Overrides.from_file(path)
    assert "note: line 2: ttl" in printed.err
    assert run(["overrides", "convert", str(path), "--to", "corefile", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert Overrides.from_corefile(report["text"]) == Overrides.from_file(path)
    assert len(report["notes"]) == 1


def test_convert_refuses_what_has_no_form(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    """Each rule is named; the exit code says that a problem was found."""
    assert run(["overrides", "convert", str(file), "--to", "sidecar"]) == 1
    assert "no form in the sidecar for rule 2" in capsys.readouterr().err
    assert run(["overrides", "convert", str(file), "--to", "sidecar", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["text"] is None


def test_check_finds_problems(
    capsys: pytest.CaptureFixture[str], file: Path, tmp_path: Path
) -> None:
    """0 when nothing is odd, 1 with findings or a file that cannot be read."""
    assert run(["overrides", "check", str(file)]) == 1
    assert "no-host" in capsys.readouterr().out
    assert run(["overrides", "check", str(file), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [f["number"] for f in report["findings"]] == [3]
    good = tmp_path / "good"
    good.write_text("rewrite name a b\nrewrite ttl c 1")
    assert run(["overrides", "check", str(good)]) == 0
    assert "rules: 2; nothing found" in capsys.readouterr().out
    bad = tmp_path / "bad"
    bad.write_text("[[override]]\n")
    assert run(["overrides", "check", str(bad)]) == 1
    assert "rule 1" in capsys.readouterr().err
    assert run(["overrides", "check", str(bad), "--json"]) == 1
    assert "rule 1" in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.parametrize(
    "words",
    [
        ["overrides", "check", "absent.toml"],
        ["overrides", "explain", "a:b", "--overrides", "FILE"],
        ["overrides", "explain", "a"],
        ["overrides", "convert", "FILE", "--to", "xml"],
    ],
)
def test_wrong_usage(
    capsys: pytest.CaptureFixture[str], file: Path, words: list[str]
) -> None:
    """Exit code 2 and a sentence, never a traceback."""
    assert run([str(file) if word == "FILE" else word for word in words]) == 2
    assert "Error" in capsys.readouterr().err
