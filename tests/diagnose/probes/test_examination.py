"""An examination of real nodes: bounded, without a trace, without a secret."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

import pytest

from kurrent_conn import Settings
from kurrent_conn.diagnose import Severity, Trouble, Vantage, diagnose
from kurrent_conn.errors import InvalidConnectionString, InvalidTlsFile
from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.stages.silent_port import SilentPort
from kurrent_conn.testing.stream_client import StreamClient


@pytest.fixture(scope="module")
def cluster() -> Iterator[SimulatedCluster]:
    """A healthy cluster."""
    with SimulatedCluster() as made:
        made.wait_until_settled()
        yield made


def test_it_is_over_when_it_says(cluster: SimulatedCluster) -> None:
    """Silent seeds cost a step, and time that runs out is a finding."""
    with SilentPort() as silent:
        string = cluster.connection_string().replace("@", f"@127.0.0.1:{silent.port},")
        began_at = monotonic()
        diagnosis = diagnose(string, timeout=0.3, step_timeout=30)
        assert monotonic() - began_at < 5
    assert Trouble.UNFINISHED in [found.trouble for found in diagnosis.findings]


def test_nothing_is_written(cluster: SimulatedCluster) -> None:
    """The stream that is read for the leader's sake is not there afterwards."""
    import kurrent_conn  # noqa: PLC0415 - beside what is tested

    string = cluster.connection_string()
    assert diagnose(string).is_healthy
    with kurrent_conn.connect(string) as connection:
        assert StreamClient(connection.channel).read("kurrent-conn-doctor") == []


def test_no_secret_is_in_any_text(cluster: SimulatedCluster) -> None:
    """Neither in the repr of what was seen nor in any finding."""
    string = cluster.connection_string(credentials="admin:s3cret-wrong")
    diagnosis = diagnose(string)
    assert [f.trouble for f in diagnosis.findings if f.counts] == [
        Trouble.WRONG_CREDENTIALS
    ]
    assert "s3cret" not in repr(diagnosis)


def test_unverified_tls_is_noted(cluster: SimulatedCluster) -> None:
    """tlsVerifyCert=false works without a CA, and is said aloud."""
    hosts = ",".join(str(node.endpoint) for node in cluster.nodes)
    string = f"kurrentdb://admin:changeit@{hosts}?tlsVerifyCert=false"
    diagnosis = diagnose(string)
    assert diagnosis.is_healthy, diagnosis.verdict
    noted = [f.trouble for f in diagnosis.findings if f.severity is Severity.NOTE]
    assert Trouble.UNVERIFIED in noted


def test_without_tls_credentials_stay_here_unless_meant() -> None:
    """They are withheld with a note, and sent with consent."""
    with SimulatedCluster(size=1, tls=False) as plain:
        plain.wait_until_settled()
        string = f"kurrentdb://admin:changeit@{plain.nodes[0].endpoint}?tls=false"
        kept = diagnose(string)
        assert [f.trouble for f in kept.findings] == [Trouble.CREDENTIALS_WITHHELD]
        sent = diagnose(string, allow_plaintext_credentials=True)
        assert sent.findings == ()


def test_settings_and_mappings_are_taken(cluster: SimulatedCluster) -> None:
    """As `connect` takes them; and where one stands can be said."""
    settings = Settings.from_string(cluster.connection_string())
    diagnosis = diagnose(settings, overrides={"n1": "n2"}, vantage=Vantage.POD)
    assert diagnosis.case.vantage is Vantage.POD
    assert Trouble.UNUSED_RULE in [found.trouble for found in diagnosis.findings]


def test_bad_input_sends_nothing() -> None:
    """What cannot be read is an error, not a finding."""
    with pytest.raises(InvalidConnectionString):
        diagnose("mongodb://n1")
    with pytest.raises(InvalidTlsFile):
        diagnose("kurrentdb://n1?tlsCaFile=/no/such/ca.crt")
