"""`kurrent-conn plan` as people and scripts see it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from kurrent_conn.cli.app import run
from kurrent_conn.cli.plan_questions import ask
from kurrent_conn.core.settings import Settings
from kurrent_conn.kubernetes.decision import plans
from kurrent_conn.kubernetes.site import Site
from kurrent_conn.kubernetes.situation import (
    ClientPlace,
    DnsControl,
    Hairpin,
    ServerPlace,
    Situation,
)
from kurrent_conn.kubernetes.solution import Solution

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("solution", Solution)
def test_a_solution_is_explained(solution: Solution, capsys: Capture) -> None:
    """A common solution comes with its reasons, its strings and its impersonators."""
    assert run(["plan", "--solution", solution.value]) == 0
    out = capsys.readouterr().out
    for heading in ("why:", "who could pass for a server:", "left for you to do:"):
        assert f"\n{heading}\n" in out
    assert "  - kurrentdb://" in out


def test_flags_describe_a_situation(capsys: Capture) -> None:
    """Flags alone are enough; the plans are ranked and the rest is refused aloud."""
    words = ["plan", "--clients", "anywhere", "--dns", "shared", "--name", "orders"]
    assert run([*words, "--domain", "db.example"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("plan 1 of ")
    assert "certificates ingress" in out.splitlines()[0]
    assert "orders-0.orders.db.example:443" in out
    assert "\nother plans, by --rank:\n" in out
    assert "\ncannot work:\n" in out
    assert "--render DIRECTORY" in out.splitlines()[-1]


def test_flags_change_a_solution(capsys: Capture) -> None:
    """A flag beside a solution wins over it, even if nothing can work then."""
    assert run(["plan", "--solution", "one-cluster", "--clients", "outside"]) == 1
    assert "cannot resolve service names" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--certificates", "public", "--internode", "ServiceName"], "service names"),
        (
            ["--certificates", "public", "--client-traffic", "ServiceName"],
            "service names",
        ),
        (["--client-traffic", "SplitDNS"], "for servers only"),
        (["--certificates", "none"], "no authentication"),
        (["--clients", "outside", "--dns", "none"], "domain that records"),
        (["--certificates", "ingress", "--no-ingress"], "no Ingress"),
        (["--certificates", "ingress", "--internode", "FQDN"], "no replication"),
        (["--clusters", "1", "--peering"], "joins two clusters"),
    ],
)
def test_an_impossible_mix(words: list[str], reason: str, capsys: Capture) -> None:
    """What cannot work exits with 1 and the reason, as text and as JSON."""
    assert run(["plan", *words]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert reason in captured.err
    assert run(["plan", *words, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert report["plans"] == []
    assert any(reason in each["reason"] for each in report["impossible"])


def test_json(capsys: Capture) -> None:
    """One object: situation, ranked plans with reasons, rejections, names, clients."""
    assert run(["plan", "--clients", "anywhere", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["situation"]["clients"] == "anywhere"
    assert len(report["plans"]) + len(report["rejected"]) == 24
    best = report["plans"][0]
    assert best["certificates"] == "public"
    assert {"basis", "section", "text", "corrects_guide"} == set(best["reasons"][0])
    assert report["certificates"]["mydb"]["common_name"] == "mydb.kurrent.test"
    for side in report["clients"]:
        assert Settings.from_string(side["connection_string"]).warnings == ()
    assert report["directory"] is None


def test_render_and_check(tmp_path: Path, capsys: Capture) -> None:
    """A rendered directory is checked without a finding, and says what it follows."""
    directory = tmp_path / "deep" / "plan"
    words = ["plan", "--solution", "anywhere", "--domain", "db.example"]
    assert run([*words, "--render", str(directory)]) == 0
    assert f"kubectl apply -k {directory}" in capsys.readouterr().out
    assert (directory / "kustomization.yaml").is_file()
    assert run(["plan", "--check", str(directory)]) == 0
    assert capsys.readouterr().out == "no mistakes found\n"
    assert run([*words, "--render", str(directory)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert run([*words, "--render", str(directory), "--force", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    for file in report["files"]:
        assert (directory / file).is_file()


def test_rank_chooses(capsys: Capture) -> None:
    """The plan of another rank is shown and rendered; one that is not there is not."""
    assert run(["plan", "--clients", "anywhere", "--rank", "2"]) == 0
    assert capsys.readouterr().out.startswith("plan 2 of ")
    assert run(["plan", "--clients", "anywhere", "--rank", "99"]) == 2


def test_check_finds(tmp_path: Path, capsys: Capture) -> None:
    """A mistake exits with 1, with file, object, field, reason and fix."""
    words = ["plan", "--solution", "anywhere", "--domain", "db.example"]
    assert run([*words, "--render", str(tmp_path)]) == 0
    path = tmp_path / "kurrentdb.yaml"
    path.write_text(path.read_text("utf-8").replace("enabled:", "enable:"), "utf-8")
    capsys.readouterr()
    assert run(["plan", "--check", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("misspelt-field: kurrentdb.yaml: KurrentDB kurrent/mydb: ")
    assert "\n  fix: write enabled\n" in out
    assert run(["plan", "--check", str(tmp_path), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    (finding,) = report["findings"]
    assert finding["mistake"] == "misspelt-field"
    assert finding["field"] == "spec.network.loadBalancer.enable"


@pytest.mark.parametrize(
    "words",
    [
        ["--solution", "everything"],
        ["--solution", "anywhere", "--replicas", "2"],
        ["--solution", "anywhere", "--name", "Not A Name"],
        ["--solution", "anywhere", "--address", "mydb-0"],
        ["--solution", "anywhere", "--domain", f"{'long' * 15}.example"],
        ["--solution", "anywhere", "--render", "/dev/null/here"],
        ["--check", "/nowhere"],
        ["--check", ".", "--name", "x"],
        ["--rank", "0"],
        ["extra"],
    ],
)
def test_wrong_usage(words: list[str], capsys: Capture) -> None:
    """What can be mended by reading exits with 2, on stderr, without a traceback."""
    assert run(["plan", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "rror: " in captured.err
    assert "Traceback" not in captured.err


def test_nothing_given_and_nobody_to_ask() -> None:
    """Without flags and without a terminal it says what to give."""
    done = subprocess.run(
        [sys.executable, "-m", "kurrent_conn.cli", "plan"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "say what is given" in done.stderr


def test_questions() -> None:
    """The answers make the situation and the names; a wrong one is asked again."""
    answers = [
        *("replica-elsewhere", "nowhere", "several-clusters", "y", "shared", "fine"),
        *("production", "n", "orders", "shop", "db.example", "5"),
    ]
    written = StringIO()
    situation, site = ask(
        Site(), Console(file=written), StringIO("\n".join(answers) + "\n")
    )
    assert situation == Situation(
        servers=ServerPlace.REPLICA_ELSEWHERE,
        clients=ClientPlace.SEVERAL_CLUSTERS,
        peering=True,
        dns=DnsControl.SHARED,
        hairpin=Hairpin.FINE,
        ingress=False,
    )
    assert site == Site(
        name="orders", namespace="shop", domain="db.example", replicas=5
    )
    assert "Please select one of the available options" in written.getvalue()


def test_default_answers() -> None:
    """Return after every question is the simplest situation, and the offered names."""
    situation, site = ask(Site(), Console(file=StringIO()), StringIO("\n" * 12))
    assert situation == Situation()
    assert plans(situation)
    assert site == Site()


def test_on_a_terminal_it_asks() -> None:
    """Without flags on a terminal the questions are asked, and the answer is a plan."""
    ours, theirs = pty.openpty()
    os.write(ours, b"\n" * 12)
    with subprocess.Popen(
        [sys.executable, "-m", "kurrent_conn.cli", "plan"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        out, err = process.communicate(timeout=50)
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 0, err
    assert "Where do the servers run?" in out
    assert "plan 1 of " in out


def test_a_check_without_pyyaml_blames_no_manifest(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing package is said once, as wrong usage, with what to install."""
    (tmp_path / "a.yaml").write_text("kind: Service\n")
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert run(["plan", "--check", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert "kurrent-conn[kubernetes]" in captured.err
    assert "unreadable" not in captured.out + captured.err
