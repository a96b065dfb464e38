"""Where each node listens, from what the caller chose."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.stages.reserved_port import LOOPBACK

Hosts = Sequence[str | Endpoint]
"""One entry a node: an address of this machine, or an address and a port."""


def listening_on(hosts: Hosts, index: int, first_port: int | None) -> tuple[str, int]:
    """Work out where one node listens.

    Args:
        hosts: What the caller asked for; a node without an entry is on 127.0.0.1.
        index: The node's index, from 0; replicas come after the members.
        first_port: The port of node 0, for nodes whose entry names none.

    Returns:
        The address and the port; port 0 lets the system choose.

    Raises:
        ValueError: An entry is no IPv4 address.
    """
    port = 0 if first_port is None else first_port + index
    if index >= len(hosts):
        return LOOPBACK, port
    chosen = hosts[index]
    if isinstance(chosen, Endpoint):
        return _address(chosen.host, index), chosen.port
    host, colon, own = chosen.partition(":")
    if colon and not own.isdecimal():
        raise ValueError(f"hosts: the port of node {index} is no number: {chosen!r}")
    return _address(host, index), int(own) if colon else port


def _address(host: str, index: int) -> str:
    try:
        return str(IPv4Address(host))
    except ValueError:
        raise ValueError(
            f"hosts: node {index} listens on an IPv4 address of this machine, "
            f"not on {host!r}; names belong into advertise"
        ) from None
