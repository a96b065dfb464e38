"""`doctor` says what is wrong and what mends it, and its exit code says whether."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from kurrent_conn.testing import SimulatedCluster
from tests.cli.conftest import Outcome

Shell = Callable[..., Outcome]


@pytest.fixture(scope="module")
def cluster() -> Iterator[SimulatedCluster]:
    """A cluster whose names lead nowhere from here."""
    with SimulatedCluster(advertise="mydb-{index}.kurrent.test:2113") as made:
        made.wait_until_settled()
        yield made


@pytest.fixture
def rules(cluster: SimulatedCluster, tmp_path: Path) -> Path:
    """The rules that lead to its nodes."""
    file = tmp_path / "overrides.toml"
    file.write_text(
        "\n".join(
            f'[[override]]\nexact = "{n.advertised.host}"\ntarget = "{n.endpoint}"'
            for n in cluster.nodes
        )
    )
    return file


def test_a_healthy_cluster_is_exit_code_0(
    shell: Shell, cluster: SimulatedCluster, rules: Path
) -> None:
    """With its rules the cluster is healthy, and everybody is listed."""
    string = cluster.connection_string()
    said = shell("doctor", string, "--overrides", str(rules))
    assert said.code == 0
    assert said.out.startswith("Healthy: a client here finds 3 members")
    for node in cluster.nodes:
        assert str(node.advertised) in said.out


def test_what_is_missing_can_be_pasted(
    shell: Shell, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """Exit code 1 names the fault; what it says to paste makes the next run green."""
    string = cluster.connection_string()
    said = shell("doctor", string)
    assert said.code == 1
    assert "problem: missing-override" in said.out
    block = [
        line.strip()
        for line in said.out.partition("fix, override rule")[2].splitlines()[1:]
    ]
    rules = takewhile(lambda line: not line.startswith(("note:", "or, ")), block)
    pasted = tmp_path / "pasted.toml"
    pasted.write_text("\n".join(rules))
    assert shell("doctor", string, "--overrides", str(pasted)).code == 0


def test_json_is_one_object_with_everything(
    shell: Shell, cluster: SimulatedCluster, rules: Path
) -> None:
    """JSON has findings, names, endpoints, contacts and gossip, and no secret."""
    string = cluster.connection_string()
    said = shell("doctor", string, "--overrides", str(rules), "--json")
    shown = said.json()
    assert said.code == 0
    assert shown["healthy"]
    assert shown["usable"]
    assert shown["leader"] == "mydb-0.kurrent.test:2113"
    assert {e["endpoint"] for e in shown["endpoints"] if e["is_member"]} == {
        str(node.advertised) for node in cluster.nodes
    }
    assert {each["role"] for each in shown["contacts"]} == {"leads", "redirects"}
    assert all(each["credentials"] == "accepted" for each in shown["contacts"])
    assert "changeit" not in said.out
    assert "admin:***@" in shown["connection_string"]


def test_a_known_finding_can_be_accepted(
    shell: Shell, cluster: SimulatedCluster
) -> None:
    """`--accept` shows a kind of finding and does not count it."""
    string = cluster.connection_string()
    said = shell("doctor", string, "--accept", "missing-override", "--json")
    shown = json.loads(said.out)
    assert said.code == 0
    found = next(f for f in shown["findings"] if f["kind"] == "missing-override")
    assert (found["accepted"], found["counts"]) == (True, False)


def test_the_string_may_come_from_stdin(
    shell: Shell, cluster: SimulatedCluster, rules: Path
) -> None:
    """`-` reads it from stdin, so that no process list shows the password."""
    given = cluster.connection_string().encode()
    assert shell("doctor", "-", "--overrides", str(rules), stdin=given).code == 0


def test_the_page_is_written_beside(
    shell: Shell, cluster: SimulatedCluster, rules: Path, tmp_path: Path
) -> None:
    """`--html` writes one page, and the terminal still gets the report."""
    page = tmp_path / "page.html"
    string = cluster.connection_string()
    words = ("doctor", string, "--overrides", str(rules), "--html", str(page))
    said = shell(*words)
    assert said.code == 0
    assert said.out.startswith("Healthy")
    text = page.read_text()
    assert "Healthy: a client here finds 3 members" in text
    assert "changeit" not in text


def test_a_page_that_cannot_be_written_is_named(
    shell: Shell, cluster: SimulatedCluster, tmp_path: Path
) -> None:
    """Wrong usage: exit code 2, with the path."""
    page = tmp_path / "no" / "such" / "page.html"
    said = shell("doctor", cluster.connection_string(), "--html", str(page))
    assert said.code == 2
    assert str(page) in said.err


@pytest.mark.parametrize(
    "words",
    [
        ["mongodb://admin:s3cret@n1"],
        ["kurrentdb://admin:s3cret@n1?tlsCaFile=/no/such/ca.crt"],
        ["kurrentdb://admin:s3cret@n1?tls=false", "--overrides", "/no/such.toml"],
        ["kurrentdb://admin:s3cret@n1?tls=false", "--accept", "nothing-known"],
        ["kurrentdb://admin:s3cret@n1?tls=false", "--timeout", "0"],
    ],
)
def test_wrong_usage_is_exit_code_2(shell: Shell, words: list[str]) -> None:
    """Bad input is named in one message, without a traceback or the password."""
    said = shell("doctor", *words)
    assert said.code == 2
    assert said.err
    assert "Traceback" not in said.err
    assert "s3cret" not in said.out + said.err
