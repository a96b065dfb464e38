"""Changed files are in force within seconds; bad ones are said and not used."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kurrent_conn
from kurrent_conn import DiscoveryError, FindingKind, aio
from kurrent_conn.core.notice import FileRefused, FileTaken, Notice
from kurrent_conn.testing import CertificateAuthority, SimulatedCluster
from tests.shells.authority import issue
from tests.shells.blocking.ask import begin, held
from tests.shells.chains import OTHER, ROOT
from tests.shells.fake_cluster import FakeCluster, served

FEATURES = "/event_store.client.server_features.ServerFeatures/GetSupportedMethods"
PATIENCE_S = 15.0


class Ear:
    """Hears notices, and waits for one."""

    def __init__(self) -> None:
        self.heard: list[Notice] = []
        self._changed = threading.Condition()

    def __call__(self, notice: Notice) -> None:
        """Hear."""
        with self._changed:
            self.heard.append(notice)
            self._changed.notify_all()

    def wait_for(self, is_it: Callable[[Notice], bool]) -> bool:
        """Wait until such a notice was heard."""
        with self._changed:
            return self._changed.wait_for(
                lambda: any(map(is_it, self.heard)), PATIENCE_S
            )


def swap(link: Path, content: bytes) -> None:
    """Put new content in place as the kubelet does: swap a symlink above the file."""
    generations = link.parent / f"..{len(list(link.parent.iterdir()))}"
    generations.mkdir()
    (generations / link.name).write_bytes(content)
    fresh = link.parent / "..fresh"
    fresh.symlink_to(generations.name)
    fresh.replace(link.parent / "..data")
    if not link.is_symlink():
        link.symlink_to(Path("..data") / link.name)


def rules(cluster: SimulatedCluster, *, port_of: int) -> bytes:
    """Write a rule that leads every member to one node's port."""
    port = cluster.nodes[port_of].endpoint.port
    return (
        f'[[override]]\nsuffix = "kurrent.test"\ntarget = "127.0.0.1:{port}"'.encode()
    )


def test_a_rotated_ca_is_taken_without_a_failed_call(tmp_path: Path) -> None:
    """Old CA, old and new, new: nodes change their certificates between the steps."""
    ca, ear = tmp_path / "ca.crt", Ear()
    with SimulatedCluster() as cluster:
        old, new = cluster.authority, CertificateAuthority.create("the new CA")
        swap(ca, old.certificate_pem)
        string = cluster.connection_string(tlsCaFile=ca)
        with kurrent_conn.connect(string, on_event=ear) as connection:
            call: Any = connection.channel.unary_unary(FEATURES)
            assert call(b"")
            swap(ca, old.certificate_pem + new.certificate_pem)
            assert ear.wait_for(lambda n: n == FileTaken("trust"))
            assert call(b"")
            for node in cluster.nodes:
                node.present(new.issue(["127.0.0.1", "localhost"]))
            connection.refresh()
            assert call(b"")
            ear.heard.clear()
            swap(ca, new.certificate_pem)
            assert ear.wait_for(lambda n: n == FileTaken("trust"))
            assert call(b"")
            assert "1 certificate" in connection.diagnostics().trust


def test_a_broken_ca_file_keeps_the_old_one_and_says_so(tmp_path: Path) -> None:
    """Half a file is no reason to stop trusting."""
    ca, ear = tmp_path / "ca.crt", Ear()
    with SimulatedCluster() as cluster:
        swap(ca, cluster.authority.certificate_pem)
        string = cluster.connection_string(tlsCaFile=ca)
        with kurrent_conn.connect(string, on_event=ear) as connection:
            swap(ca, cluster.authority.certificate_pem[:200])
            assert ear.wait_for(lambda n: isinstance(n, FileRefused))
            refused = next(n for n in ear.heard if isinstance(n, FileRefused))
            assert "ca.crt" in refused.why
            cluster.nodes[0].kill()
            cluster.elect(1)
            call: Any = connection.channel.unary_unary(FEATURES)
            assert call(b"")


@pytest.mark.parametrize("lazy", [True, False])
def test_files_are_watched_before_the_first_call(tmp_path: Path, lazy: bool) -> None:
    """A connection that nobody has used yet takes what has changed all the same."""
    file, ear = tmp_path / "overrides.toml", Ear()
    with SimulatedCluster(2) as cluster:
        file.write_bytes(rules(cluster, port_of=0))
        string = cluster.connection_string()
        with kurrent_conn.connect(string, overrides=file, on_event=ear, lazy=lazy):
            file.write_bytes(rules(cluster, port_of=1))
            assert ear.wait_for(lambda notice: isinstance(notice, FileTaken))


def test_new_overrides_move_new_calls(tmp_path: Path) -> None:
    """A rule that leads elsewhere is followed by the next call."""
    file, ear = tmp_path / "overrides.toml", Ear()
    with SimulatedCluster(tls=False, advertise="n{index}.kurrent.test:2113") as cluster:
        swap(file, rules(cluster, port_of=0))
        string = cluster.connection_string()
        with kurrent_conn.connect(
            string, overrides=file, on_event=ear, lazy=True
        ) as connection:
            connection.wait_until_ready("random")
            swap(file, rules(cluster, port_of=2))
            assert ear.wait_for(lambda n: n == FileTaken("overrides"))
            connection.wait_until_ready("random")
            (opened,) = connection.diagnostics().opened
            assert opened.route.dial == cluster.nodes[2].endpoint


def test_broken_overrides_keep_the_old_ones(tmp_path: Path) -> None:
    """A typo does not cut a running application off."""
    file, ear = tmp_path / "overrides.toml", Ear()
    with SimulatedCluster(1, advertise="n{index}.kurrent.test:2113") as cluster:
        swap(file, rules(cluster, port_of=0))
        string = cluster.connection_string()
        with kurrent_conn.connect(string, overrides=file, on_event=ear) as connection:
            swap(file, b"[[override]")
            assert ear.wait_for(lambda n: isinstance(n, FileRefused))
            call: Any = connection.channel.unary_unary(FEATURES)
            assert call(b"")


def test_a_missing_overrides_file_is_a_typed_error() -> None:
    """It is named, before anything is dialled."""
    with pytest.raises(kurrent_conn.ConfigurationError, match="no/such"):
        kurrent_conn.connect("kurrentdb://n1", overrides="/no/such/rules.toml")


def test_a_running_stream_finishes_under_the_old_trust(tmp_path: Path) -> None:
    """It began before the rotation, and ends after it, where it began."""
    ca, ear, leaf = tmp_path / "ca.crt", Ear(), issue(ROOT, names=("127.0.0.1",))
    swap(ca, ROOT.pem)
    with FakeCluster(1, served(leaf)) as cluster:
        uri = cluster.uri(tls="true", tlsCaFile=ca)
        with kurrent_conn.connect(uri, on_event=ear) as connection:
            stream = begin(connection.channel, "stream_stream", b"a", b"hold", b"b")
            assert next(stream) == b"0:a"
            held(cluster)
            swap(ca, OTHER.pem)
            assert ear.wait_for(lambda n: n == FileTaken("trust"))
            call: Any = connection.channel.unary_unary(FEATURES)
            with pytest.raises(DiscoveryError) as caught:
                call(b"", timeout=5)
            assert {f.kind for f in caught.value.findings} == {FindingKind.UNTRUSTED}
            cluster.release.set()
            assert list(stream) == [b"0:hold", b"0:b"]


def test_a_certificate_and_its_key_are_taken_together(tmp_path: Path) -> None:
    """Rewritten in place, one after the other: what does not fit is not used."""
    certificate, key, ear = tmp_path / "tls.crt", tmp_path / "tls.key", Ear()
    with SimulatedCluster(1, client_certificates="required") as cluster:
        old, new = (cluster.authority.issue(["app"], usages=["client"]) for _ in "ab")
        certificate.write_bytes(old.certificate_pem)
        key.write_bytes(old.key_pem)
        string = cluster.connection_string(userCertFile=certificate, userKeyFile=key)
        with kurrent_conn.connect(string, on_event=ear) as connection:
            call: Any = connection.channel.unary_unary(FEATURES)
            certificate.write_bytes(new.certificate_pem)
            assert ear.wait_for(lambda n: isinstance(n, FileRefused))
            (refused,) = (n for n in ear.heard if isinstance(n, FileRefused))
            assert "the key does not belong to the certificate" in refused.why
            assert call(b"")
            key.write_bytes(new.key_pem[:-40])
            key.write_bytes(new.key_pem)
            assert ear.wait_for(lambda n: n == FileTaken("trust"))
            assert call(b"")


async def test_asyncio_takes_a_rotated_ca(tmp_path: Path) -> None:
    """The twin polls on its loop."""
    ca, ear = tmp_path / "ca.crt", Ear()
    with SimulatedCluster() as cluster:
        new = CertificateAuthority.create("the new CA")
        swap(ca, cluster.authority.certificate_pem)
        string = cluster.connection_string(tlsCaFile=ca)
        async with aio.connect(string, on_event=ear) as connection:
            swap(ca, cluster.authority.certificate_pem + new.certificate_pem)
            call: Any = connection.channel.unary_unary(FEATURES)
            while not any(isinstance(n, FileTaken) for n in ear.heard):
                assert await call(b"")
            assert await call(b"")
