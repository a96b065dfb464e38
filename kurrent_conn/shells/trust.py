"""Whose certificates we believe, and which certificate we show ourselves.

Reads files once and checks them, so that a bad one is an error that names the option
and the file, not an UNAVAILABLE from gRPC an hour later. What is wrong with the bytes
is said by `wire.pem`; what a server presents is judged by `tls_probe`.

Why not leave the default to grpcio: its default is a list of public roots bundled
with the wheel, never the operating system's store, so that a company's own CA that
`curl` trusts on the same machine would not be trusted here. grpcio's environment
variables for this are read once a process and are not a library's to set.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

import grpc

from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import InvalidTlsFile
from kurrent_conn.wire import pem

MAX_FILE_BYTES: Final = 16 * 1024 * 1024
"""The most that is read of one file; the largest public store is under 1 MiB."""

WELL_KNOWN_STORES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
)
"""Where distributions keep the store as one file.

Source: grpc core, `src/core/credentials/transport/tls/load_system_roots_supported.cc`.
"""

Contents: TypeAlias = Mapping[str, bytes]
"""What files hold, by path."""

NOTHING: Final[Contents] = MappingProxyType({})

_CA_OPTION: Final = "tlsCaFile"
_CERTIFICATE_OPTION: Final = "userCertFile"
_KEY_OPTION: Final = "userKeyFile"


@dataclass(frozen=True, slots=True)
class Trust:
    """The roots that a server's chain must end in, and our own certificate.

    Args:
        roots: Root certificates as PEM; None leaves the choice to grpcio, which
            takes its bundled list of public roots.
        client_chain: Our certificate and its intermediates as PEM; None for none.
        client_key: Its private key as PEM; never part of `repr`.
        description: Which trust this is, for people, such as
            `CA file /x/ca.crt (2 certificates)`.
    """

    roots: bytes | None = field(default=None, repr=False)
    client_chain: bytes | None = field(default=None, repr=False)
    client_key: bytes | None = field(default=None, repr=False)
    description: str = "public roots bundled with grpcio"

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Make the credentials of a channel that verifies against these roots."""
        return grpc.ssl_channel_credentials(
            root_certificates=self.roots,
            private_key=self.client_key,
            certificate_chain=self.client_chain,
        )

    def root_bytes(self) -> bytes:
        """Give the roots in force as PEM, grpcio's own list where it rules.

        For whoever must judge a chain as gRPC does; a channel does not need it.

        Source: grpcio 1.85.1, `grpc/_cython/_cygrpc/security.pyx.pxi`
        (`ssl_roots_override_callback`) for the bundled list, and grpc core's
        `GRPC_DEFAULT_SSL_ROOTS_FILE_PATH` for what comes before it.
        """
        if self.roots is not None:
            return self.roots
        named = os.environ.get("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")
        if named and Path(named).is_file():
            return Path(named).read_bytes()
        return (files("grpc") / "_cython/_credentials/roots.pem").read_bytes()


def read_trust(settings: Settings, at_hand: Contents = NOTHING) -> Trust:
    """Read the trust that a connection's settings ask for.

    With `tlsCaFile`: that file's certificates, or those of every file in that
    directory. Without: the operating system's store, which is what SSL_CERT_FILE and
    SSL_CERT_DIR name, else the first of OpenSSL's compiled-in file, the files of the
    large distributions and OpenSSL's directory; when there is none, the public roots
    bundled with grpcio.

    Args:
        settings: `tls_ca_file`, `user_cert_file` and `user_key_file` are read.
        at_hand: What has been read already, by path.

    Raises:
        InvalidTlsFile: A file is missing, cannot be read, holds no usable PEM; the
            key is encrypted, of a kind gRPC cannot use, or does not belong to the
            certificate.
    """
    roots, description = (
        _system_roots()
        if settings.tls_ca_file is None
        else _given_roots(settings.tls_ca_file, at_hand)
    )
    chain, key = _client_certificate(
        settings.user_cert_file, settings.user_key_file, at_hand
    )
    if settings.user_cert_file is not None and chain is not None:
        description += f", client certificate {settings.user_cert_file}"
    return Trust(roots, chain, key, description)


def _given_roots(path: str, at_hand: Contents) -> tuple[bytes, str]:
    if path in at_hand or not _is_directory(path):
        certificates = _certificates(_CA_OPTION, path, at_hand)
        return (
            pem.write_certificates(certificates),
            f"CA file {path} ({_count(len(certificates))})",
        )
    certificates = tuple(_certificates_in(path))
    if not certificates:
        raise InvalidTlsFile(
            _CA_OPTION,
            path,
            "no file in this directory holds a PEM certificate; hidden files and "
            "directories in it are not read",
        )
    unique = len(set(certificates))
    return (
        pem.write_certificates(certificates),
        f"CA directory {path} ({_count(unique)})",
    )


def _certificates_in(directory: str) -> Iterator[bytes]:
    for path in _files_in(_CA_OPTION, directory):
        if pem.holds_certificates(_bytes(_CA_OPTION, path)):
            yield from _certificates(_CA_OPTION, path)


def _system_roots() -> tuple[bytes | None, str]:
    named = tuple(_places_in_environment())
    if named:
        return _named_store(named)
    compiled_in = ssl.get_default_verify_paths()
    return first_store(
        (
            compiled_in.openssl_cafile,
            *WELL_KNOWN_STORES,
            compiled_in.openssl_capath,
        )
    )


def first_store(places: Iterable[str]) -> tuple[bytes | None, str]:
    """Read the first place that holds a certificate.

    Args:
        places: Files and directories, best first.

    Returns:
        The roots as PEM, or None when no place holds one, which leaves the choice to
        grpcio; and a description for people.
    """
    for place in places:
        blocks = _blocks_of_store(place)
        if blocks:
            return b"\n".join(blocks), f"system store {place} ({_count(len(blocks))})"
    return None, "public roots bundled with grpcio (this machine has no store)"


def _places_in_environment() -> Iterator[str]:
    file = os.environ.get("SSL_CERT_FILE", "")
    if file:
        yield file
    for directory in os.environ.get("SSL_CERT_DIR", "").split(os.pathsep):
        # Debian's bundle is made of the directory that it lies in: reading 144
        # files again would cost 20 ms a connect and add nothing.
        if directory and Path(directory) != Path(file).parent:
            yield directory


def _named_store(places: tuple[str, ...]) -> tuple[bytes, str]:
    # OpenSSL and curl take both variables together and overlook what is not there,
    # so do we; but somebody chose this store, and when nothing of it can be used
    # another one is not what they chose.
    blocks = dict.fromkeys(block for each in places for block in _blocks_of_store(each))
    if not blocks:
        raise InvalidTlsFile(
            "SSL_CERT_FILE/SSL_CERT_DIR",
            os.pathsep.join(places),
            "no PEM certificate can be read there; correct or unset the environment "
            "variable, or name a CA with tlsCaFile",
        )
    return (
        b"\n".join(blocks),
        (
            f"system store {os.pathsep.join(places)} ({_count(len(blocks))}, "
            "chosen by SSL_CERT_FILE/SSL_CERT_DIR)"
        ),
    )


def _blocks_of_store(place: str) -> tuple[bytes, ...]:
    """Cut the certificates out of a file or directory; unusable places hold none."""
    try:
        paths = _files_in("", place) if _is_directory(place) else (place,)
    except InvalidTlsFile:
        return ()
    return tuple(dict.fromkeys(block for path in paths for block in _blocks_in(path)))


def _blocks_in(path: str) -> tuple[bytes, ...]:
    try:
        return pem.certificate_blocks(_bytes("", path))
    except InvalidTlsFile:
        return ()


def _client_certificate(
    chain_path: str | None, key_path: str | None, at_hand: Contents
) -> tuple[bytes | None, bytes | None]:
    if chain_path is None or key_path is None:  # both or none: `Settings` sees to it
        return None, None
    chain = _certificates(_CERTIFICATE_OPTION, chain_path, at_hand)
    try:
        key = pem.read_key(_bytes(_KEY_OPTION, key_path, at_hand))
    except pem.PemProblem as problem:
        raise InvalidTlsFile(_KEY_OPTION, key_path, str(problem)) from problem
    position = pem.certificate_of(key, chain)
    if position is None:
        raise InvalidTlsFile(
            _KEY_OPTION,
            key_path,
            f"the key does not belong to the certificate in {chain_path}; compare "
            "`openssl pkey -pubout -in KEY` with `openssl x509 -pubkey -noout -in "
            "CERTIFICATE`",
        )
    if position:
        raise InvalidTlsFile(
            _CERTIFICATE_OPTION,
            chain_path,
            f"the key in {key_path} belongs to certificate {position + 1} of "
            f"{len(chain)}; our own certificate has to come first",
        )
    return pem.write_certificates(chain), pem.write_key(key)


def _certificates(
    option: str, path: str, at_hand: Contents = NOTHING
) -> tuple[bytes, ...]:
    try:
        return pem.read_certificates(_bytes(option, path, at_hand))
    except pem.PemProblem as problem:
        raise InvalidTlsFile(option, path, str(problem)) from problem


def _bytes(option: str, path: str, at_hand: Contents = NOTHING) -> bytes:
    data = at_hand[path] if path in at_hand else _read(option, path)
    if len(data) > MAX_FILE_BYTES:
        raise InvalidTlsFile(option, path, "it is larger than 16 MiB: no PEM file is")
    return data


def _read(option: str, path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise InvalidTlsFile(option, path, _why_missing(path)) from error
    except IsADirectoryError as error:
        raise InvalidTlsFile(option, path, "it is a directory, not a file") from error
    except PermissionError as error:
        raise InvalidTlsFile(
            option,
            path,
            "it may not be read by this process; check its mode, its owner and those "
            "of the directories above it",
        ) from error
    except (OSError, ValueError) as error:
        raise InvalidTlsFile(option, path, f"it cannot be read: {error}") from error


def _files_in(option: str, directory: str) -> tuple[str, ...]:
    # Hidden names are left out: a mounted ConfigMap keeps its generations in
    # `..data` and `..2026_...`, and shows each file once under its own name.
    try:
        entries = sorted(Path(directory).iterdir())
    except OSError as error:
        raise InvalidTlsFile(
            option, directory, f"the directory cannot be read: {error.strerror}"
        ) from error
    return tuple(
        str(entry)
        for entry in entries
        if not entry.name.startswith(".") and entry.is_file()
    )


def _is_directory(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def _why_missing(path: str) -> str:
    if Path(path).is_absolute():
        return "no such file; check the path, and that it is mounted here"
    return f"no such file; a relative path starts from {Path.cwd()}"


def _count(certificates: int) -> str:
    return f"{certificates} certificate{'' if certificates == 1 else 's'}"
