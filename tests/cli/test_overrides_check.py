"""`kurrent-conn overrides check` with a cluster: names that no certificate covers."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kurrent_conn.cli.app import run
from kurrent_conn.testing import SimulatedCluster


def names(index: int) -> tuple[str, ...]:
    """Put the right names on two certificates, and an alien one on the third."""
    own = ("elsewhere.test",) if index == 2 else (f"n{index}.kurrent.test",)
    return (*own, "127.0.0.1")


@pytest.fixture(scope="module")
def cluster() -> Iterator[SimulatedCluster]:
    """Three nodes, one of which has a certificate for another name."""
    with SimulatedCluster(
        advertise="n{index}.kurrent.test", certificate_names=names
    ) as running:
        yield running


@pytest.fixture
def rules(cluster: SimulatedCluster, tmp_path: Path) -> Path:
    """Lead every advertised name to its node."""
    return written(
        tmp_path,
        {node.advertised.host: str(node.endpoint) for node in cluster.nodes},
    )


def written(directory: Path, targets: dict[str, str]) -> Path:
    """Write exact rules to a file."""
    file = directory / "rules.toml"
    file.write_text(
        "".join(
            f'[[override]]\nexact = "{host}"\ntarget = "{target}"\n'
            for host, target in targets.items()
        )
    )
    return file


def checked(
    capsys: pytest.CaptureFixture[str], file: Path, *more: str
) -> tuple[int, dict[str, Any]]:
    """Run it with --json."""
    code = run(["overrides", "check", str(file), "--json", *more])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, report


def test_a_name_that_its_certificate_lacks_is_found(
    cluster: SimulatedCluster, rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one wrong certificate is found, with its names, and nothing else."""
    code, report = checked(capsys, rules, "--cluster", cluster.connection_string())
    assert code == 1
    assert report["findings"] == []
    (found,) = report["uncovered"]
    node = cluster.nodes[2]
    assert found["advertised"] == str(node.advertised)
    assert found["server_name"] == node.advertised.host
    assert found["dial"] == str(node.endpoint)
    assert "elsewhere.test" in found["presented"]
    assert node.advertised.host in found["rule"]


def test_people_read_a_table(
    cluster: SimulatedCluster, rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the endpoint, the route and the rule."""
    string = cluster.connection_string()
    assert run(["overrides", "check", str(rules), "--cluster", string]) == 1
    said = capsys.readouterr().out
    assert "names that no certificate covers: 1" in said
    assert "n2.kurrent.test" in said
    assert "changeit" not in said


def test_a_healthy_cluster_is_not_accused(
    cluster: SimulatedCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a server name that the alien certificate has, nothing is found."""
    targets = {n.advertised.host: str(n.endpoint) for n in cluster.nodes}
    file = written(tmp_path, targets)
    file.write_text(file.read_text() + 'server_name = "elsewhere.test"\n')
    code, report = checked(capsys, file, "--cluster", cluster.connection_string())
    assert (code, report["uncovered"]) == (0, [])


def test_a_route_to_the_wrong_node_is_found(
    cluster: SimulatedCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rules are swapped: each name is verified where the other one is."""
    n0, n1, n2 = cluster.nodes
    file = written(
        tmp_path,
        {n0.advertised.host: str(n1.endpoint), n1.advertised.host: str(n0.endpoint)},
    )
    code, report = checked(capsys, file, "--cluster", cluster.connection_string())
    assert code == 1
    found = {each["advertised"] for each in report["uncovered"]}
    assert found == {str(node.advertised) for node in (n0, n1, n2)}


def test_the_string_may_come_from_stdin_and_the_ca_apart(
    cluster: SimulatedCluster,
    rules: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process list shows arguments; the CA file can be given on its own."""
    assert cluster.ca_file is not None
    string = cluster.connection_string().partition("?")[0]
    stdin = io.TextIOWrapper(io.BytesIO(string.encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    code, report = checked(
        capsys, rules, "--cluster", "-", "--ca-file", str(cluster.ca_file)
    )
    assert (code, len(report["uncovered"])) == (1, 1)


def test_a_cluster_that_does_not_answer_is_said(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then the seeds alone are looked at; with nothing seen nothing is fine."""
    more = ("--cluster", "kurrentdb://127.0.0.1:1", "--timeout", "0.5")
    code, report = checked(capsys, rules, *more)
    assert code == 1
    seeds, blind = report["notes"]
    assert "only the seeds" in seeds
    assert "no certificate" in blind


@pytest.mark.parametrize(
    "more", [("--ca-file", "ca.crt"), ("--cluster", "kurrentdb://a?tls=false")]
)
def test_what_makes_no_sense_is_wrong_usage(
    rules: Path, more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A CA without a cluster, or a cluster without TLS: exit 2."""
    assert run(["overrides", "check", str(rules), *more]) == 2
    assert "--cluster" in capsys.readouterr().err
