"""What the guide to TLS says is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kurrent_conn
from kurrent_conn.core.expiry import LOOK_EVERY_S, WITHIN_S
from kurrent_conn.core.notice import (
    CertificateExpiring,
    FileRefused,
    FileTaken,
    InsecureConnection,
)
from kurrent_conn.core.tls_finding import FindingKind
from kurrent_conn.shells.reload import POLL_S
from kurrent_conn.testing import CertificateAuthority, SimulatedCluster

GUIDE = (Path(__file__).parents[2] / "docs" / "tls.md").read_text()


def test_every_kind_of_finding_has_its_row() -> None:
    """No kind is left out, and none is made up."""
    table = GUIDE.partition("| `finding.kind`")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if "`" in line]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == {kind.value for kind in FindingKind}


def test_the_example_prints_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A CA that did not sign: its kind, the endpoint and a hint."""
    (block,) = re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    other = tmp_path / "other.crt"
    other.write_bytes(CertificateAuthority.create("another CA").certificate_pem)
    with SimulatedCluster(1) as cluster:
        string = cluster.connection_string(tlsCaFile=other)
        exec(compile(block, "tls.md", "exec"), {"CONNECTION_STRING": string})  # noqa: S102 - our own text
        expected = f"untrusted {cluster.nodes[0].endpoint} 127.0.0.1 "
    assert capsys.readouterr().out.startswith(expected)


def test_times_and_events_are_those_of_the_code() -> None:
    """Once a second, fourteen days, once a day; the events have these names."""
    assert (POLL_S, WITHIN_S, LOOK_EVERY_S) == (1.0, 14 * 86400, 86400)
    for event in (CertificateExpiring, FileRefused, FileTaken, InsecureConnection):
        assert f"`{event.__name__}`" in GUIDE


def test_the_trust_in_force_is_said_in_three_places() -> None:
    """`repr`, diagnostics, and the doctor, whose own tests show it."""
    with (
        SimulatedCluster(1) as cluster,
        kurrent_conn.connect(cluster.connection_string()) as connection,
    ):
        trust = connection.diagnostics().trust
        assert trust == f"CA file {cluster.ca_file} (1 certificate)"
        assert trust in repr(connection)
