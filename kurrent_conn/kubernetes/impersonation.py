"""Who could pass for a server under a plan.

Servers know each other by certificate, and clients know servers by certificate: so it
is about who can read one, and who can have one issued.
"""

from __future__ import annotations

from collections.abc import Iterator

from kurrent_conn.kubernetes.names import TrafficStrategy
from kurrent_conn.kubernetes.plan import Combination
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    DnsControl,
    InternodeStrategy,
    Situation,
)


def impersonators(combination: Combination, situation: Situation) -> tuple[str, ...]:
    """List who could pass for a server, one sentence each.

    Args:
        combination: What a plan chooses.
        situation: What it is for.

    Source: operator documentation, "Advanced Networking", security requirements;
    server, reserved common name (`CertificateExtensions.cs`).
    """
    return tuple(_impersonators(combination, situation))


def _impersonators(combination: Combination, situation: Situation) -> Iterator[str]:
    if combination.certificates is CertificateOption.NONE:
        yield (
            "Anyone on the way between clients and servers, and anyone who reaches a "
            "node needs not even that: without TLS there is no authentication."
        )
        return
    yield (
        "Who can read the Secret with the servers' certificate, or exec into a "
        "server's pod: to servers and to clients."
    )
    if combination.certificates is CertificateOption.PUBLIC:
        yield from _by_public_ca(situation)
        return
    yield (
        "Who can read the Secret with the CA's key, or create a Certificate in the "
        "servers' namespace: to servers and to clients that trust this CA."
    )
    if situation.servers_elsewhere:
        yield ("The same people in the other cluster, because the same CA signs there.")
    if combination.certificates is CertificateOption.INGRESS:
        yield (
            "Who can read the Ingress' certificate or change its routes: to clients "
            "only, with all that these send, passwords included."
        )
        yield f"To clients only: {_who_sets_records(situation)}"
        return
    if _by_fqdn(combination):
        yield (
            "Who controls the domain's DNS can lead dials astray, but not pass for "
            "a server: the CA is not theirs."
        )


def _by_public_ca(situation: Situation) -> Iterator[str]:
    yield f"To servers and to clients: {_who_sets_records(situation)}"
    yield (
        "Who can create a Certificate for the ClusterIssuer in any namespace of a "
        "cluster it is in, unless cert-manager's approval policy says otherwise."
    )
    yield "Any of the public CAs that the servers' trust store holds, by mistake."


def _who_sets_records(situation: Situation) -> str:
    if situation.dns is DnsControl.SHARED:
        return (
            "every unit that can set records in the shared domain can have a "
            "matching certificate issued."
        )
    return (
        "who can set records in the domain, or holds the DNS token of the ACME "
        "solver, can have a matching certificate issued."
    )


def _by_fqdn(combination: Combination) -> bool:
    return (
        combination.internode is not InternodeStrategy.SERVICE_NAME
        or combination.client_traffic is TrafficStrategy.FQDN
    )
