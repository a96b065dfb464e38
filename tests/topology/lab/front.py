"""nginx as what stands before the cluster: balancers and Ingresses."""

from __future__ import annotations

import signal
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from kurrent_conn.testing import KeyPair
from tests.topology.lab.daemon import Daemon
from tests.topology.lab.network import WAN, entered
from tests.topology.lab.plan import Balancer, Ingress

_STREAM_MODULE: Final = "/usr/lib/nginx/modules/ngx_stream_module.so"


class Front:
    """The running nginx.

    Args:
        balancers: On layer 4.
        ingresses: On layer 7.
        certificates: What each Ingress presents, in order.
        directory: Where its files go.
    """

    def __init__(
        self,
        balancers: Sequence[Balancer],
        ingresses: Sequence[Ingress],
        certificates: Sequence[KeyPair],
        directory: Path,
    ) -> None:
        self._directory = directory
        self._ingresses = ingresses
        directory.mkdir()
        for number, certificate in enumerate(certificates):
            self._write(number, certificate)
        config = directory / "nginx.conf"
        config.write_text(config_text(balancers, ingresses, directory))
        log = directory / "log"
        command = ["nginx", "-e", str(log), "-c", str(config), "-p", f"{directory}/"]
        self.daemon = Daemon(WAN, command, directory / "output")
        pid = directory / "pid"
        self.daemon.wait_until(lambda: pid.exists() and bool(pid.read_text()))

    def present(self, number: int, certificate: KeyPair) -> None:
        """Let an Ingress present another certificate; it does when this returns.

        Args:
            number: Which Ingress, from 0.
            certificate: From now on.
        """
        self._write(number, certificate)
        self.daemon.signal(signal.SIGHUP)
        self.daemon.wait_until(lambda: self._presents(number, certificate))

    def _write(self, number: int, certificate: KeyPair) -> None:
        place = self._directory / str(number)
        place.with_suffix(".crt").write_bytes(certificate.certificate_pem)
        place.with_suffix(".key").write_bytes(certificate.key_pem)

    def _presents(self, number: int, certificate: KeyPair) -> bool:
        ingress = self._ingresses[number]
        shown = _presented(
            ingress.address, ingress.ports[0], next(iter(ingress.backends))
        )
        return certificate.certificate_pem.decode().startswith(shown)


def config_text(
    balancers: Sequence[Balancer], ingresses: Sequence[Ingress], directory: Path
) -> str:
    """Write nginx's configuration.

    Args:
        balancers: On layer 4.
        ingresses: On layer 7; the certificate of number N is in `N.crt`, `N.key`.
        directory: Where its files are.
    """
    streams = "\n".join(map(_stream, balancers))
    servers = "\n".join(
        _servers(number, ingress, directory) for number, ingress in enumerate(ingresses)
    )
    return f"""load_module {_STREAM_MODULE};
daemon off; user root; worker_processes 1; pid {directory}/pid; events {{}}
stream {{
{streams}
}}
http {{
  access_log {directory}/access.log;
{_places(directory)}
{servers}
}}
"""


_LONG: Final = """    # At their defaults these end every quiet stream after a minute.
    grpc_read_timeout 1h; grpc_send_timeout 1h; send_timeout 1h;
    client_body_timeout 1h; keepalive_timeout 1h; keepalive_requests 1000000;
    # It covers the handshake with the node, too: a frozen node is a 504 in 2 s.
    grpc_connect_timeout 2s; client_max_body_size 0;
    ssl_protocols TLSv1.2 TLSv1.3;"""


def _places(directory: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "\n".join(f"  {kind}_temp_path {directory}/{kind};" for kind in kinds)


def _stream(balancer: Balancer) -> str:
    listen = f"listen {balancer.address}:{balancer.port};"
    wait = "proxy_connect_timeout 2s; proxy_timeout 1h;"
    return f"  server {{ {listen} proxy_pass {balancer.backend}; {wait} }}"


def _servers(number: int, ingress: Ingress, directory: Path) -> str:
    own = directory / str(number)
    listen = [f"listen {ingress.address}:{port} ssl http2" for port in ingress.ports]
    default = " ".join(f"{each} default_server;" for each in listen)
    return "\n".join(
        [
            f"  server {{ {default} server_name _; ssl_reject_handshake on; }}",
            *_hosts(number, ingress, " ".join(f"{each};" for each in listen), own),
        ]
    )


def _hosts(number: int, ingress: Ingress, listen: str, own: Path) -> Iterator[str]:
    scheme = "grpcs" if ingress.speaks_tls else "grpc"
    for index, (host, backend) in enumerate(ingress.backends.items()):
        upstream = f"node_{number}_{index}"
        # Without kept connections every call would make a new one to the node.
        yield f"""  upstream {upstream} {{ server {backend}; keepalive 16; }}
  server {{ {listen}
    server_name {host};
    ssl_certificate {own}.crt; ssl_certificate_key {own}.key;
{_LONG}
    location / {{ grpc_pass {scheme}://{upstream}; }} }}"""


def _presented(address: str, port: int, host: str) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with entered(WAN):
        raw = socket.create_connection((address, port), 2.0)
    with raw, context.wrap_socket(raw, server_hostname=host) as secured:
        der = secured.getpeercert(binary_form=True)
    assert der is not None
    return ssl.DER_cert_to_PEM_cert(der)
