"""`discover` shows what the cluster says, and tells what is wrong in one message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kurrent_conn.cli.app import run
from kurrent_conn.testing import SimulatedCluster

Captured = pytest.CaptureFixture[str]


def overrides_file(cluster: SimulatedCluster, directory: Path) -> Path:
    """Write the rules that lead to a cluster's nodes."""
    file = directory / "overrides.toml"
    file.write_text(
        "\n".join(
            f'[[override]]\nexact = "{n.advertised.host}"\ntarget = "{n.endpoint}"'
            for n in cluster.nodes
        )
    )
    return file


def test_members_and_routes_are_shown(tmp_path: Path, capsys: Captured) -> None:
    """Each member, its state, where we dial, and which name must be certified."""
    with SimulatedCluster(advertise="mydb-{index}.kurrent.test:2113") as cluster:
        rules = overrides_file(cluster, tmp_path)
        string = cluster.connection_string()
        assert run(["discover", string, "--overrides", str(rules), "--json"]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert run(["discover", string, "--overrides", str(rules)]) == 0
        table = capsys.readouterr().out
        first = next(m for m in shown["members"] if m["state"] == "Leader")
        assert shown["leader"] == first["advertised"] == "mydb-0.kurrent.test:2113"
        route = first["routes"][0]
        assert route["dial"] == str(cluster.nodes[0].endpoint)
        assert route["server_name"] == "mydb-0.kurrent.test"
        assert route["dial"] in table


def test_a_leaderless_cluster_is_a_problem(capsys: Captured) -> None:
    """Exit code 1 while nobody leads."""
    with SimulatedCluster() as cluster:
        cluster.nodes[0].kill()
        cluster.elect(1, after_s=30)
        assert run(["discover", cluster.connection_string()]) == 1
    assert "nobody leads now" in capsys.readouterr().out


def complaint(arguments: list[str], capsys: Captured, code: int) -> str:
    """Run a command that must fail with a code, and give what it says."""
    assert run(["discover", *arguments]) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert "s3cret" not in captured.err + captured.out
    return captured.err


def test_an_unknown_scheme_is_named(capsys: Captured) -> None:
    """Wrong usage: exit code 2, and what to write instead."""
    said = complaint(["mongodb://admin:s3cret@n1"], capsys, 2)
    assert "scheme" in said
    assert "kurrentdb://" in said


def test_a_missing_ca_file_is_named(capsys: Captured) -> None:
    """Wrong usage: exit code 2, with the option and the path."""
    string = "kurrentdb://admin:s3cret@n1?tlsCaFile=/no/such/ca.crt"
    said = complaint([string], capsys, 2)
    assert "tlsCaFile" in said
    assert "/no/such/ca.crt" in said


def test_seeds_that_are_not_there_are_each_named(capsys: Captured) -> None:
    """Nobody reachable: exit code 1, every seed with its own cause."""
    string = (
        "kurrentdb://admin:s3cret@127.0.0.1:1,no-such-host.invalid"
        "?tls=false&maxDiscoverAttempts=1"
    )
    said = complaint([string], capsys, 1)
    assert "127.0.0.1:1 [seed]: connect" in said
    assert "no-such-host.invalid:2113 [seed]: resolve" in said
    assert "kurrent-conn doctor" in said


def test_a_certificate_for_another_name_is_named(capsys: Captured) -> None:
    """A wrong certificate: exit code 1, with the name expected and those it carries."""
    with SimulatedCluster(certificate_names=lambda _: ["other.example"]) as cluster:
        string = cluster.connection_string(credentials="admin:s3cret")
        said = complaint([string], capsys, 1)
    assert "name_mismatch" in said
    assert "expected 127.0.0.1" in said
    assert "other.example" in said


def test_bad_overrides_are_named(tmp_path: Path, capsys: Captured) -> None:
    """A rule file that cannot be used is wrong usage, with its name."""
    file = tmp_path / "overrides.toml"
    file.write_text("[[override]]\nexact = 1")
    said = complaint(["kurrentdb://n1", "--overrides", str(file)], capsys, 2)
    assert str(file) in said
