"""Trust sources: each file, directory, store and mistake, and what gRPC makes of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import ConfigurationError, InvalidTlsFile
from kurrent_conn.shells import trust
from kurrent_conn.shells.trust import Trust, read_trust
from kurrent_conn.wire import pem
from tests.shells.authority import CLIENT, NODE, Issued, intermediate, issue, root

CA = root()
OTHER = root("Other Root")
SERVER = issue(CA)
_NOBODY = 65534
OURS = issue(intermediate(CA), cn="ouro", names=None, usage=(CLIENT,))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(variable, raising=False)


def _settings(
    ca: Path | str | None = None,
    certificate: Path | str | None = None,
    key: Path | str | None = None,
) -> Settings:
    return Settings(
        hosts=(Endpoint(NODE),),
        tls_ca_file=None if ca is None else str(ca),
        user_cert_file=None if certificate is None else str(certificate),
        user_key_file=None if key is None else str(key),
    )


@contextmanager
def _node(leaf: Issued, client_ca: Issued | None = None) -> Iterator[int]:
    """Serve gRPC over TLS on a port of its own."""
    server = grpc.server(ThreadPoolExecutor(1))
    chain = b"".join(each.pem for each in leaf.chain)
    credentials = grpc.ssl_server_credentials(
        [(leaf.key_pem, chain)],
        root_certificates=client_ca.pem if client_ca else None,
        require_client_auth=client_ca is not None,
    )
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()


def _answer(port: int, credentials: grpc.ChannelCredentials) -> grpc.StatusCode:
    """Call a method that is not there: UNIMPLEMENTED means that TLS was fine."""
    options = [("grpc.ssl_target_name_override", NODE)]
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            "/absent/Absent"
        )
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=10)
        code = caught.value.code()
        assert isinstance(code, grpc.StatusCode)
        return code


def test_a_ca_file_with_many_certificates_is_believed(tmp_path: Path) -> None:
    """Every certificate of the file is a root, wherever in it it stands."""
    file = tmp_path / "ca.crt"
    file.write_bytes(b"# other\n" + OTHER.pem + b"\nours:\n" + CA.pem + CA.pem)
    given = read_trust(_settings(file))
    assert given.roots == OTHER.pem + CA.pem
    assert given.description == f"CA file {file} (3 certificates)"
    with _node(SERVER) as port:
        assert _answer(port, given.channel_credentials()).name == "UNIMPLEMENTED"


def test_another_ca_is_not_believed(tmp_path: Path) -> None:
    """With a CA file only that file counts, whatever grpcio's environment says."""
    file = tmp_path / "ca.crt"
    file.write_bytes(OTHER.pem)
    given = read_trust(_settings(file))
    assert given.description == f"CA file {file} (1 certificate)"
    with _node(SERVER) as port:
        assert _answer(port, given.channel_credentials()).name == "UNAVAILABLE"


def test_a_directory_is_read_like_a_mounted_config_map(tmp_path: Path) -> None:
    """Links into `..data` are followed, keys are passed over, nothing counts twice."""
    generation = tmp_path / "..2026_01_01"
    generation.mkdir()
    (tmp_path / "..data").symlink_to(generation.name)
    for name, data in {
        "ca.crt": CA.pem,
        "bundle.pem": OTHER.pem + CA.pem,
        "tls.key": CA.key_pem,
        "README": b"roots of the cluster",
    }.items():
        (generation / name).write_bytes(data)
        (tmp_path / name).symlink_to(f"..data/{name}")
    (tmp_path / "sub").mkdir()
    given = read_trust(_settings(tmp_path))
    assert given.roots == OTHER.pem + CA.pem
    assert given.description == f"CA directory {tmp_path} (2 certificates)"


def test_a_broken_file_in_a_directory_is_named(tmp_path: Path) -> None:
    """The error names the file and not only the directory."""
    (tmp_path / "a.crt").write_bytes(CA.pem)
    (tmp_path / "b.crt").write_bytes(CA.pem[:-30])
    with pytest.raises(InvalidTlsFile) as caught:
        read_trust(_settings(tmp_path))
    assert caught.value.path == str(tmp_path / "b.crt")


def test_a_directory_without_certificates_is_an_error(tmp_path: Path) -> None:
    """An empty directory trusts nobody, which is never what was meant."""
    with pytest.raises(InvalidTlsFile, match="no file in this directory"):
        read_trust(_settings(tmp_path))


def test_missing_files_say_where_they_were_looked_for(tmp_path: Path) -> None:
    """A relative path is explained by the directory that it starts from."""
    with pytest.raises(InvalidTlsFile, match="mounted") as caught:
        read_trust(_settings(tmp_path / "absent.crt"))
    assert caught.value.option == "tlsCaFile"
    assert caught.value.path == str(tmp_path / "absent.crt")
    assert isinstance(caught.value, ConfigurationError)
    with pytest.raises(InvalidTlsFile, match=f"starts from {Path.cwd()}"):
        read_trust(_settings("absent.crt"))


def test_unreadable_paths_are_typed_errors(tmp_path: Path) -> None:
    """A file below a file, a loop of links and a huge file all say so."""
    file = tmp_path / "file"
    file.write_bytes(b"")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    huge = tmp_path / "huge"
    with huge.open("wb") as handle:
        handle.truncate(trust.MAX_FILE_BYTES + 1)
    for path, words in (
        (file / "below", "cannot be read"),
        (loop, "cannot be read"),
        (huge, "16 MiB"),
        (file, "empty"),
    ):
        with pytest.raises(InvalidTlsFile, match=words):
            read_trust(_settings(path))
    with pytest.raises(InvalidTlsFile, match="it is a directory"):
        read_trust(_settings(None, tmp_path, file))


@pytest.fixture
def nobody() -> Iterator[None]:
    """Do without the rights of root, where the tests have them."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(_NOBODY)
    yield
    if root:
        os.seteuid(0)


@pytest.mark.usefixtures("nobody")
def test_a_forbidden_file_says_what_to_check() -> None:
    """Without permission the error points at mode and owner."""
    with tempfile.NamedTemporaryFile(suffix=".crt") as file:
        file.write(CA.pem)
        file.flush()
        Path(file.name).chmod(0)
        with pytest.raises(InvalidTlsFile, match="mode, its owner"):
            read_trust(_settings(file.name))


def test_the_environment_chooses_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE and SSL_CERT_DIR count together, as they do for curl."""
    file, first, second = (tmp_path / name for name in ("one.pem", "d1", "d2"))
    file.write_bytes(OTHER.pem)
    first.mkdir()
    second.mkdir()
    (first / "x.0").write_bytes(CA.pem)
    (second / "y.pem").write_bytes(CA.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SSL_CERT_DIR", f"{first}:{second}:{tmp_path / 'absent'}")
    given = read_trust(_settings())
    assert given.description.startswith(f"system store {file}:{first}:{second}")
    assert "2 certificates" in given.description
    with _node(SERVER) as port:
        assert _answer(port, given.channel_credentials()).name == "UNIMPLEMENTED"


def test_the_directory_of_the_chosen_bundle_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the bundle lies in the directory, as on Debian, the bundle is enough."""
    bundle = tmp_path / "ca-certificates.crt"
    bundle.write_bytes(CA.pem)
    (tmp_path / "other.pem").write_bytes(OTHER.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert "1 certificate," in read_trust(_settings()).description


def test_a_chosen_store_that_is_not_there_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody chose a store; another one is not what they chose."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    with pytest.raises(InvalidTlsFile, match="unset the environment variable"):
        read_trust(_settings())


def test_a_directory_serves_where_there_is_no_bundle(tmp_path: Path) -> None:
    """The places are asked in order, and a directory of files is read whole."""
    (tmp_path / "abc.0").write_bytes(CA.pem)
    (tmp_path / "abc.pem").write_bytes(CA.pem)
    roots, description = trust.first_store(("/absent", str(tmp_path)))
    assert roots == CA.pem.strip()
    assert description == f"system store {tmp_path} (1 certificate)"


def test_without_any_store_the_public_roots_are_used() -> None:
    """On a machine without a store grpcio's bundled list is the last resort."""
    roots, description = trust.first_store(("/absent", "/dev/null"))
    assert roots is None
    assert "bundled" in description


def test_the_roots_in_force_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A judge of chains sees what gRPC sees, also where grpcio chooses."""
    named = tmp_path / "roots.pem"
    named.write_bytes(CA.pem)
    monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", str(named))
    assert Trust().root_bytes() == CA.pem
    monkeypatch.delenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")
    assert Trust().root_bytes().count(b"BEGIN CERTIFICATE") > 50
    assert Trust(roots=OTHER.pem).root_bytes() == OTHER.pem


def test_a_client_certificate_is_shown(tmp_path: Path) -> None:
    """Certificate, intermediates and key reach a server that asks for them."""
    ca = tmp_path / "ca.crt"
    ca.write_bytes(CA.pem)
    certificate, key = OURS.write(tmp_path)
    given = read_trust(_settings(ca, certificate, key))
    assert given.description.endswith(f"client certificate {certificate}")
    with _node(SERVER, client_ca=CA) as port:
        assert _answer(port, given.channel_credentials()).name == "UNIMPLEMENTED"
        bare = read_trust(_settings(ca)).channel_credentials()
        assert _answer(port, bare).name == "UNAVAILABLE"


@pytest.mark.parametrize("kind", ["k256", "ed448"])
def test_the_refused_keys_are_those_that_grpc_cannot_use(kind: str) -> None:
    """With a key that `read_trust` refuses, grpc makes no handshake at all."""
    ours = issue(CA, cn="ouro", names=None, usage=(CLIENT,), key=kind)
    with pytest.raises(pem.PemProblem, match="which gRPC cannot use"):
        pem.read_key(ours.key_pem)
    forced = Trust(CA.pem, ours.pem, ours.key_pem)
    with _node(SERVER) as port:
        assert _answer(port, forced.channel_credentials()).name == "UNAVAILABLE"


def test_certificate_and_key_may_share_a_file(tmp_path: Path) -> None:
    """One file with both is named twice, as haproxy's users have it."""
    both = tmp_path / "both.pem"
    both.write_bytes(OURS.key_pem + b"".join(each.pem for each in OURS.chain))
    given = read_trust(_settings(None, both, both))
    assert given.client_key == OURS.key_pem
    assert given.client_chain == b"".join(each.pem for each in OURS.chain)


def test_an_encrypted_key_is_a_clear_error(tmp_path: Path) -> None:
    """The error says that it is encrypted and how to open it, and shows no secret."""
    certificate, _ = OURS.write(tmp_path)
    key = tmp_path / "locked.key"
    key.write_bytes(
        OURS.key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hush")
        )
    )
    with pytest.raises(InvalidTlsFile, match=r"encrypted.*openssl pkey") as caught:
        read_trust(_settings(None, certificate, key))
    assert caught.value.option == "userKeyFile"
    assert "hush" not in str(caught.value)


def test_key_and_certificate_are_checked_against_each_other(tmp_path: Path) -> None:
    """A foreign key names both files; a misplaced leaf says that it comes first."""
    certificate, key = OURS.write(tmp_path)
    foreign = tmp_path / "foreign.key"
    foreign.write_bytes(OTHER.key_pem)
    with pytest.raises(InvalidTlsFile, match=f"does not belong.*{certificate}"):
        read_trust(_settings(None, certificate, foreign))
    backwards = tmp_path / "backwards.crt"
    backwards.write_bytes(b"".join(each.pem for each in reversed(OURS.chain)))
    with pytest.raises(InvalidTlsFile, match=r"certificate 2 of 2.*come first"):
        read_trust(_settings(None, backwards, key))


def test_the_repr_holds_no_key(tmp_path: Path) -> None:
    """Neither the key nor 200 KB of roots reach a log by way of `repr`."""
    certificate, key = OURS.write(tmp_path)
    given = read_trust(_settings(None, certificate, key))
    assert "BEGIN" not in repr(given)
    assert "system store" in repr(given)
