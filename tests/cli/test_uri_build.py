"""`kurrent-conn uri build`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kurrent_conn.cli.uri_build import PASSWORD_VARIABLE

Shell = Callable[..., Any]
RESOURCE = """
kind: KurrentDB
metadata: {name: mydb, namespace: kurrent}
spec:
  replicas: 1
  network: {domain: kurrent.test, fqdnTemplate: '{podName}.{domain}'}
"""


@pytest.mark.parametrize(
    ("words", "string"),
    [
        (("--host", "n1"), "kurrentdb://n1:2113"),
        (
            ("--host", "[::1]:1", "--host", "n2:2", "--discover"),
            "kurrentdb+discover://[::1]:1,n2:2",
        ),
        (
            ("--host", "n1", "--username", "a", "--password", "p@ss"),
            "kurrentdb://a:p%40ss@n1:2113",
        ),
        (("--host", "n1", "--username", "a"), "kurrentdb://a:@n1:2113"),
        (
            ("--host", "n1", "--tls", "FALSE", "--default-deadline", "-1"),
            "kurrentdb://n1:2113?tls=false&defaultDeadline=-1",
        ),
        (
            ("--host", "n1", "--gossip-timeout", "3s", "--tls-ca-file", "/a b"),
            "kurrentdb://n1:2113?tlsCaFile=/a%20b&gossipTimeout=3000",
        ),
        (("--host", "n1", "--gossip-timeout", "5s"), "kurrentdb://n1:2113"),
        (
            ("--resource", "mydb", "--replicas", "1", "--domain", "d"),
            "kurrentdb://mydb-0.mydb.d:2113",
        ),
        (
            (
                *("--resource", "mydb", "--namespace", "kurrent", "--replicas", "3"),
                *("--read-only-replicas", "1", "--domain", "kurrent.test"),
                *("--fqdn-template", "{podName}.{domain}", "--port", "443"),
                *("--client-traffic", "FQDN"),
            ),
            (
                "kurrentdb://mydb-0.kurrent.test:443,mydb-1.kurrent.test:443,"
                "mydb-2.kurrent.test:443,mydb-replica-0.kurrent.test:443"
            ),
        ),
        (
            (
                *("--resource", "mydb", "--namespace", "kurrent", "--replicas", "1"),
                *("--client-traffic", "ServiceName"),
            ),
            "kurrentdb://mydb-0.mydb.kurrent.svc.cluster.local:2113",
        ),
    ],
)
def test_build(shell: Shell, words: tuple[str, ...], string: str) -> None:
    """Flags, or a resource's values, make the canonical string."""
    found = shell("uri", "build", *words)
    assert (found.code, found.out.strip()) == (0, string)


def test_from_file(shell: Shell, tmp_path: Path) -> None:
    """A resource's YAML makes the string; flags overrule it."""
    file = tmp_path / "kurrentdb.yaml"
    file.write_text(RESOURCE)
    found = shell("uri", "build", "-f", str(file))
    assert found.out.strip() == "kurrentdb://mydb-0.kurrent.test:2113?tls=false"
    found = shell("uri", "build", "-f", str(file), "--tls", "true", "--domain", "x")
    assert found.out.strip() == "kurrentdb://mydb-0.x:2113"


def test_several_resources_in_a_file(shell: Shell, tmp_path: Path) -> None:
    """Of several resources one is chosen by its name."""
    file = tmp_path / "kurrentdb.yaml"
    file.write_text(f"{RESOURCE}---{RESOURCE.replace('mydb', 'other')}")
    found = shell("uri", "build", "-f", str(file))
    assert found.code == 2
    assert "mydb, other" in found.err
    found = shell("uri", "build", "-f", str(file), "--resource", "other")
    assert "other-0.kurrent.test" in found.out


def test_password_off_the_command_line(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password comes from stdin or the environment as well."""
    words = ("uri", "build", "--host", "h", "--username", "u")
    found = shell(*words, "--password", "-", stdin=b"s:x\n")
    assert found.out.strip() == "kurrentdb://u:s%3Ax@h:2113"
    monkeypatch.setenv(PASSWORD_VARIABLE, "fromenv")
    assert shell(*words).out.strip() == "kurrentdb://u:fromenv@h:2113"
    assert shell(*words[:4]).out.strip() == "kurrentdb://h:2113"


def test_json_and_warnings(shell: Shell) -> None:
    """`--json` prints one object; a warning is said beside the string."""
    words = ("uri", "build", "--host", "h", "--keep-alive-interval", "1s")
    assert "below 10 s" in shell(*words).err
    found = shell(*words, "--json").json()
    assert found["string"] == "kurrentdb://h:2113?keepAliveInterval=1000"
    assert len(found["warnings"]) == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "give --host"),
        (("--host", "h", "--resource", "r"), "give --host"),
        (("--host", "h", "--domain", "d"), "add --resource"),
        (("--host", "h", "--password", "s3cret"), "give --username"),
        (("--host", "h:0"), "0"),
        (("--host", "a b"), "neither a host name nor an address"),
        (("--host", "h", "--tls", "maybe"), "neither true nor false"),
        (("--host", "h", "--gossip-timeout", "5h"), "is no duration"),
        (("--host", "h", "--user-cert-file", "x"), "comes with"),
        (("--resource", "my_db"), "no Kubernetes name"),
        (("--resource", "r", "--replicas", "2", "--domain", "d"), "0, 1, 3 and 5"),
        (("-f", "/no/such/file"), "does not exist"),
        (("--host", "h", "--client-traffic", "SplitDNS"), "SplitDNS"),
    ],
)
def test_wrong_usage(shell: Shell, words: tuple[str, ...], reason: str) -> None:
    """What makes no string is wrong usage: 2, with the reason."""
    found = shell("uri", "build", *words)
    assert found.code == 2
    assert reason in found.err
    assert "s3cret" not in found.err


def test_bad_file(shell: Shell, tmp_path: Path) -> None:
    """A file that is no text, or no YAML, is wrong usage without a traceback."""
    file = tmp_path / "kurrentdb.yaml"
    for content in (b"\xff\xfe", b"a: ["):
        file.write_bytes(content)
        assert shell("uri", "build", "-f", str(file)).code == 2
