"""`kurrent-conn cluster` serves any language, is broken by lines, and ends cleanly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

import kurrent_conn
from kurrent_conn.testing.stream_client import StreamClient

ROOT = Path(__file__).parents[2]
THREADS = ("--port", "0", "--isolation", "thread")
PATIENCE_S = 30


@contextmanager
def running(
    *words: str, stdin: int = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """Run the command; killed at the latest at the end."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "kurrent_conn.cli", "cluster", *words],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> Any:
    """Read what the command says when it is up."""
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def is_gone(pid: int) -> bool:
    """Whether there is no such process, or only what is left of one."""
    try:
        status = Path("/proc", str(pid), "stat").read_text()
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] in "ZX"


def test_a_client_connects_by_what_is_printed_and_the_end_of_stdin_ends_it() -> None:
    """Processes with TLS: the string works as it stands, and nothing is left."""
    with running("--port", "0", "--json", "--read-only-replicas", "1") as process:
        up = first_line(process)
        pids = [node["pid"] for node in up["nodes"]]
        assert len(pids) == 4
        with kurrent_conn.connect(up["connection_string"]) as connection:
            StreamClient(connection.channel).append("orders", uuid4(), b"tea")
            order = Request(up["control"] + "/kill?node=0", method="POST")  # noqa: S310 - ours
            with urlopen(order) as answer:  # noqa: S310 - as above
                assert json.loads(answer.read())["leader"] is None
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        assert all(map(is_gone, pids))
        assert not Path(up["ca_file"]).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(number: signal.Signals) -> None:
    """As services are ended: stdin is /dev/null, whose end says nothing."""
    with running(*THREADS, "--json", stdin=subprocess.DEVNULL) as process:
        up = first_line(process)
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, errors) == (0, "")
        assert not Path(up["ca_file"]).exists()


def test_lines_are_faults() -> None:
    """As at the prompt: what happened is told, a mistake is named, quit ends it."""
    lines = "kill 0\nelect 1\nstatus\nexplode\nhelp\n\n'\nrestore\nquit\nkill 1\n"
    with running(*THREADS, "--no-tls") as process:
        out, errors = process.communicate(lines, timeout=PATIENCE_S)
    assert process.returncode == 0
    assert "connection string: kurrentdb://127.0.0.1:" in out
    assert "ca file: none" in out
    assert "control: http://127.0.0.1:" in out
    assert "node 0    is killed" in out
    assert "node 1    Unknown -> Leader of term 2" in out
    assert "everything is restored" in out
    assert "partition <sides>" in out
    assert "node 1    is killed" not in out
    assert "fault 'explode': there is no such fault" in errors
    assert "No closing quotation" in errors


def test_it_ends_by_itself_after_so_long(shell: Any) -> None:
    """With --for, whatever stdin does."""
    done = shell(*("cluster", *THREADS, "--for", "0.05", "--json"))
    assert done.code == 0
    assert json.loads(done.out)["leader"] == 0


SCENARIO = """
claim: x
cluster: {size: 1}
timeline: [{call: append, wait: true}, {fault: kill, node: 0}, {call: read, %s}]
"""


@pytest.mark.parametrize(
    ("said", "code", "line"),
    [
        ("deadline_s: 0.3, expect: not executed", 0, "it: passed"),
        ("deadline_s: 0.3", 1, "wrong: read 2 ended 'not executed', expected 'served'"),
    ],
)
def test_a_scenario_ends_with_its_verdict(
    shell: Any, tmp_path: Path, said: str, code: int, line: str
) -> None:
    """On a cluster as it wants one; 1 when something else came out."""
    file = tmp_path / "it.yaml"
    file.write_text(SCENARIO % said)
    done = shell("cluster", *THREADS, "--scenario", str(file))
    assert (done.code, done.err) == (code, "")
    assert "kill node=0" in done.out
    assert line in done.out
    told = shell("cluster", *THREADS, "--scenario", str(file), "--json")
    verdict = json.loads(told.out.splitlines()[-1])
    assert verdict["passed"] is (code == 0)


def test_a_scenario_can_be_interrupted(tmp_path: Path) -> None:
    """A signal in the middle ends it with 1 and without a traceback."""
    file = tmp_path / "it.yaml"
    file.write_text("{claim: x, timeline: [{at: 60, fault: heal}]}")
    with running(*THREADS, "--scenario", str(file), "--json") as process:
        first_line(process)
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors.split()) == (1, ["stopped"])


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("--size", "10"), 2, "Invalid value for '--size'"),
        (("--advertise", "{x}"), 2, "cannot be advertised"),
        (("--scenario", "missing.yaml"), 2, "does not exist"),
        (("--for", "-1"), 2, "Invalid value for '--for'"),
    ],
)
def test_wrong_usage_is_said(
    shell: Any, words: tuple[str, ...], code: int, reason: str
) -> None:
    """With 2, and what is wrong."""
    done = shell("cluster", *THREADS, *words)
    assert done.code == code
    assert reason in done.err


def test_a_scenario_that_makes_no_sense_is_refused(shell: Any, tmp_path: Path) -> None:
    """File and key are named; nothing is started."""
    file = tmp_path / "it.yaml"
    file.write_text("{claim: x, timeline: [{fault: kil}]}")
    done = shell("cluster", *THREADS, "--scenario", str(file))
    assert (done.code, done.out) == (2, "")
    assert f"{file}: timeline[0].fault: kil: there is no such fault" in done.err


def test_a_port_that_is_taken_is_a_problem(shell: Any) -> None:
    """Of a node, or of the control endpoint."""
    with running(*THREADS, "--json") as process:
        taken = first_line(process)["control"].rpartition(":")[2]
        done = shell("cluster", "--isolation", "thread", "--port", taken)
        assert done.code == 1
        assert "must be free" in done.err
        done = shell("cluster", *THREADS, "--control-port", taken)
        assert done.code == 1
        assert f"--control-port {taken}" in done.err


def test_a_terminal_gets_a_prompt() -> None:
    """A mark before each line; the end of input ends it."""
    terminal, line = os.openpty()
    try:
        with running(*THREADS, stdin=line) as process:
            os.write(terminal, b"freeze 1\n\x04")
            out, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        os.close(terminal)
        os.close(line)
    assert process.returncode == 0
    assert "> " in out
    assert "node 1    is frozen" in out
