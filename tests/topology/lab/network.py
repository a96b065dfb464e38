"""The namespaces and the cables between them.

One bridge a network stands in `wan`, which is router, balancer and resolver at once.
Clients and nodes of one network are on two ports of its bridge, so that what passes
between them can be seen, and cut.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

NETWORKS: Final[Mapping[str, str]] = {
    "in": "10.10.0",
    "peer": "10.20.0",
    "out": "198.51.100",
}
"""The first three bytes of each network's addresses."""

HOMES: Final[Mapping[str, str]] = {f"{each}-nodes": each for each in NETWORKS}
"""Where the nodes of each network live, beside its clients."""

WAN: Final = "wan"
CLIENT: Final = 10
"""The last byte of a client's address; its gateway's is 1."""

_NAMED: Final = Path("/run/netns")
_FILES: Final = Path("/etc/netns")
_CLONE_NEWNET: Final = 0x40000000


def client_address(namespace: str) -> str:
    """Give the address of the clients in a namespace.

    Args:
        namespace: `in`, `peer` or `out`.
    """
    return f"{NETWORKS[namespace]}.{CLIENT}"


def home_of(address: str) -> str:
    """Name the namespace in which a node with this address lives.

    Args:
        address: An address of `in` or of `peer`.

    Raises:
        ValueError: It is in neither.
    """
    for network, prefix in NETWORKS.items():
        if address.rpartition(".")[0] == prefix:
            return f"{network}-nodes"
    raise ValueError(f"no network has {address}")


def prepare() -> None:
    """Make names and files of namespaces private; runs inside `unshare --mount`."""
    for place in (Path("/run"), _FILES):
        _run("mount", "-t", "tmpfs", "none", str(place))
    _NAMED.mkdir()
    _ip((), ["link set lo up"])


def build(nodes: Iterable[str], extra: Iterable[str]) -> None:
    """Make all namespaces.

    Args:
        nodes: The addresses of nodes.
        extra: More addresses of `wan`.
    """
    listed = tuple(nodes)

    names = [WAN, *NETWORKS, *HOMES]
    _ip((), [f"netns add {name}" for name in names])
    _ip((), [_cable(name) for name in names if name != WAN])
    _ip(("-n", WAN), ["link set lo up", *_bridges(), *(_own(each) for each in extra)])
    for network in NETWORKS:
        _ip(("-n", network), _interface(network, [client_address(network)]))
    for home, network in HOMES.items():
        living = [each for each in listed if home_of(each) == home]
        _ip(("-n", home), _interface(network, living or [f"{NETWORKS[network]}.250"]))
    for name in names:
        _set(name, "ipv4/tcp_congestion_control", "reno")
    _set(WAN, "ipv4/ip_forward", "1")
    # Else packets between two ports of one bridge pass the filters, too.
    _set(WAN, "bridge/bridge-nf-call-iptables", "0")


@contextmanager
def entered(namespace: str) -> Iterator[None]:
    """Let this thread's new sockets belong to a namespace.

    Args:
        namespace: Which.
    """
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(_NAMED / namespace, os.O_RDONLY)
    try:
        _setns(there)
        try:
            yield
        finally:
            _setns(before)
    finally:
        os.close(before)
        os.close(there)


def ask_resolver(namespace: str, address: str) -> None:
    """Let a namespace ask another resolver, its running processes included.

    Args:
        namespace: Which.
        address: The resolver's.
    """
    folder = _FILES / namespace
    folder.mkdir(exist_ok=True)
    # In place: whoever runs has this very file mounted over its own.
    (folder / "resolv.conf").write_text(
        f"nameserver {address}\noptions timeout:1 attempts:2\n"
    )
    (folder / "hosts").write_text("127.0.0.1 localhost\n")


def _cable(name: str) -> str:
    return f"link add eth0 netns {name} type veth peer name v-{name} netns {WAN}"


def _bridges() -> Iterator[str]:
    for network, prefix in NETWORKS.items():
        yield f"link add br-{network} type bridge"
        yield f"addr add {prefix}.1/24 dev br-{network}"
        yield f"link set br-{network} up"
        for name in (network, f"{network}-nodes"):
            yield f"link set v-{name} master br-{network} up"


def _own(address: str) -> str:
    return f"addr add {address}/32 dev lo"


def _interface(network: str, living: Iterable[str]) -> list[str]:
    return [
        "link set lo up",
        *(f"addr add {address}/24 dev eth0" for address in living),
        "link set eth0 up",
        f"route add default via {NETWORKS[network]}.1",
    ]


def _set(namespace: str, name: str, value: str) -> None:
    with entered(namespace), suppress(FileNotFoundError):
        Path("/proc/sys/net", name).write_text(value)


def _setns(descriptor: int) -> None:
    # os.setns comes with Python 3.12.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


def _ip(options: tuple[str, ...], lines: Iterable[str]) -> None:
    _run("ip", *options, "-batch", "-", given="\n".join(lines) + "\n")


def _run(*command: str, given: str = "") -> None:
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}\n{given}")
