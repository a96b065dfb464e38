"""`kurrent-conn tls inspect` as people and scripts see it."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from kurrent_conn.cli.app import run
from tests.shells.authority import CLIENT, DAY, NODE, NOW, issue
from tests.shells.chains import BELOW, MIDDLE, OTHER, ROOT
from tests.shells.tls_server import greeting, port, server_context


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    """The root that the tests' servers are issued by."""
    path = tmp_path / "ca.crt"
    path.write_bytes(ROOT.pem)
    return str(path)


def test_a_healthy_server(ca_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The chain as presented, what verifies it, and exit code 0."""
    with port(greeting(server_context(BELOW))) as number:
        host = f"127.0.0.1:{number}"
        assert run(["tls", "inspect", host, "--as", NODE, "--ca-file", ca_file]) == 0
    out = capsys.readouterr().out
    assert f"{host} as {NODE}, verified as {NODE}" in out
    assert f"trust: CA file {ca_file} (1 certificate)" in out
    assert out.index("  0 CN=n1.kurrent.test") < out.index("  1 CN=Test Intermediate")
    assert "verified by: CN=Test Root" in out
    assert "no findings" in out


def test_a_broken_server(ca_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every finding is a line with its kind and hint, and the exit code is 1."""
    leaf = issue(MIDDLE, names=("other.test",), not_after=NOW - DAY)
    with port(greeting(server_context(leaf, chain=[leaf]))) as number:
        host = f"127.0.0.1:{number}"
        assert run(["tls", "inspect", host, "--as", NODE, "--ca-file", ca_file]) == 1
    out = capsys.readouterr().out
    for kind in ("missing_intermediate: ", "expired: ", "name_mismatch: "):
        assert f"\n{kind}" in out
    assert "verified by: nothing" in out


def test_json(ca_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One object with the facts of each certificate and each finding."""
    leaf = issue(OTHER, not_after=NOW + 3 * DAY)
    with port(greeting(server_context(leaf))) as number:
        host = f"127.0.0.1:{number}"
        words = ["tls", "inspect", host, "--as", NODE, "--ca-file", ca_file, "--json"]
        assert run(words) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["protocol"], report["trouble"]) == (False, "h2", "")
    assert report["presented"][0]["names"] == [NODE]
    assert report["presented"][0]["key"] == "P-256"
    assert report["verified_by"] is None
    assert "in 2 days" in report["expiring"][0] or "in 3 days" in report["expiring"][0]
    (finding,) = report["findings"]
    assert finding["kind"] == "untrusted"
    assert finding["dial"] == host
    assert finding["not_after"] == (NOW + 3 * DAY).isoformat()


def test_nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    """A refused port is a problem without a finding."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
    assert run(["tls", "inspect", f"127.0.0.1:{number}", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["trouble"] == "no connection: Connection refused"
    assert report["findings"] == []


def test_a_silent_port(capsys: pytest.CaptureFixture[str]) -> None:
    """The time limit is kept, and said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        assert run(["tls", "inspect", host, "--timeout", "0.1"]) == 1
    assert "the server stayed silent" in capsys.readouterr().out


def test_plaintext(capsys: pytest.CaptureFixture[str]) -> None:
    """A port without TLS has a finding and no chain."""

    def reply(visitor: socket.socket) -> None:
        visitor.recv(4096)
        visitor.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with port(reply) as number:
        assert run(["tls", "inspect", f"127.0.0.1:{number}"]) == 1
    out = capsys.readouterr().out
    assert "\nplaintext: " in out
    assert "presented:" not in out


@pytest.mark.parametrize(
    "words",
    [
        ["tls", "inspect"],
        ["tls", "inspect", "host:port"],
        ["tls", "inspect", "host", "--timeout", "0"],
        ["tls", "inspect", "host", "--ca-file", "/absent/ca.crt"],
    ],
)
def test_wrong_usage_is_exit_code_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What can be mended by reading is told on stderr, without a traceback."""
    assert run(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "rror: " in captured.err


def test_our_own_certificate_is_shown_where_one_is_asked_for(
    ca_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it the server refuses us; with it there are no findings."""
    leaf = issue(ROOT)
    ours = issue(ROOT, cn="ouro", names=None, usage=(CLIENT,))
    certificate, key = ours.write(tmp_path, "ours")
    context = server_context(leaf, client_ca=ROOT)
    with port(greeting(context)) as number:
        words = ["tls", "inspect", f"127.0.0.1:{number}", "--as", NODE]
        words += ["--ca-file", ca_file]
        assert run(words) == 1
        assert "client_certificate_rejected: " in capsys.readouterr().out
        own = ["--cert-file", certificate, "--key-file", key]
        assert run([*words, *own]) == 0
    assert "client certificate: asked for" in capsys.readouterr().out
    assert run([*words, "--cert-file", certificate]) == 2
