"""`watch` prints what changes in a cluster while it changes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from time import monotonic

import pytest

from kurrent_conn.cli.app import run
from kurrent_conn.testing import SimulatedCluster

# A shell's background job, and all that it starts, ignore SIGINT.
INTERRUPTIBLE = """
import signal, sys
from kurrent_conn.cli.app import run
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(run())
"""


def test_an_election_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """Old leader, no leader, new leader: a line each."""
    with SimulatedCluster() as cluster:

        def change() -> None:
            cluster.nodes[0].kill()
            cluster.elect(1, after_s=0.4)

        timer = threading.Timer(0.3, change)
        timer.start()
        string = cluster.connection_string()
        code = run(["watch", string, "--every", "0.05", "--for", "1.5", "--json"])
        timer.join()
        first, second = (str(node.advertised) for node in cluster.nodes[:2])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    leaders = [
        line["text"].split("leader ")[1].split(":")[1]
        for line in lines
        if line["event"] == "TopologyChanged" and "leader None" not in line["text"]
    ]
    assert code == 0
    assert leaders[0] == first.split(":")[1]
    assert leaders[-1] == second.split(":")[1]


def test_an_interruption_is_an_end_like_another() -> None:
    """SIGINT ends it with 0 where somebody leads, and without a complaint."""
    with SimulatedCluster() as cluster:
        command = [sys.executable, "-c", INTERRUPTIBLE, "watch"]
        with subprocess.Popen(  # noqa: S603 - our own command
            [*command, cluster.connection_string()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert "leader" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, complaint = process.communicate(timeout=20)
    assert (process.returncode, complaint) == (0, "")


def test_a_cluster_that_is_not_there_is_a_problem(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 1, the reason among the lines, what to do next; and it ends in time."""
    string = "kurrentdb://127.0.0.1:1?tls=false"
    began_at = monotonic()
    code = run(["watch", string, "--every", "30", "--for", "0.3"])
    assert code == 1
    assert monotonic() - began_at < 15
    shown = capsys.readouterr()
    assert "127.0.0.1:1 [seed]: connect" in shown.out
    assert "kurrent-conn doctor" in shown.err
