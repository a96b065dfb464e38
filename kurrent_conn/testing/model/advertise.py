"""What each node tells clients to use, from what the caller chose.

Host and port fall back apart, as the server's two options do: a name alone keeps the
node's own port, `:443` keeps its own host.

Source: server, `Cluster/ClientClusterInfo.cs` (AdvertiseHostToClientAs,
AdvertiseNodePortToClientAs).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kurrent_conn.core.endpoint import Endpoint

Advertise = str | Sequence[str | Endpoint] | Callable[[int], str | Endpoint] | None
"""A template with `{index}`, one entry a node, a function of the index, or None."""


def advertised_by(choice: Advertise, index: int, own: Endpoint) -> Endpoint:
    """Work out what one node advertises.

    Args:
        choice: What the caller asked for.
        index: The node's index, from 0; replicas come after the members.
        own: The node's own endpoint.

    Raises:
        ValueError: A sequence has no entry for this node, or an entry is no
            endpoint.
    """
    if choice is None:
        return own
    chosen = _chosen(choice, index)
    if isinstance(chosen, Endpoint):
        return chosen
    if chosen.startswith(":"):
        return Endpoint(own.host, int(chosen[1:]))
    return Endpoint.parse(chosen, default_port=own.port)


def _chosen(
    choice: str | Sequence[str | Endpoint] | Callable[[int], str | Endpoint], index: int
) -> str | Endpoint:
    if isinstance(choice, str):
        return choice.format(index=index)
    if callable(choice):
        return choice(index)
    if index >= len(choice):
        raise ValueError(f"advertise names {len(choice)} nodes, node {index} has none")
    return choice[index]
