"""Mistakes in a KurrentDB resource itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from kurrent_conn.errors import InvalidResource
from kurrent_conn.kubernetes.guide import Correction, Reason, Statement
from kurrent_conn.kubernetes.lint.document import Document, Manifests, mapping, text
from kurrent_conn.kubernetes.lint.finding import Finding, Mistake
from kurrent_conn.kubernetes.names import Resource
from kurrent_conn.kubernetes.resource_file import KIND, MARKED_AS_TEST, resource_values
from kurrent_conn.kubernetes.situation import InternodeStrategy

_FIELDS: Final[Mapping[tuple[str, ...], frozenset[str]]] = {
    ("network",): frozenset(
        {
            "domain",
            "loadBalancer",
            "fqdnTemplate",
            "internodeTrafficStrategy",
            "clientTrafficStrategy",
            "splitDNSExtraRules",
            "nodePort",
            "replicationPort",
            "nodeTcpPort",
        }
    ),
    ("network", "loadBalancer"): frozenset(
        {"enabled", "allowedIps", "allowedIPs", "loadBalancerClass"}
    ),
    ("security",): frozenset(
        {
            "certificateReservedNodeCommonName",
            "certificateAuthoritySecret",
            "certificateSecret",
        }
    ),
    ("security", "certificateSecret"): frozenset({"name", "keyName", "privateKeyName"}),
    ("security", "certificateAuthoritySecret"): frozenset({"name", "keyName"}),
}
"""Source: operator 1.5 and 1.6 documentation, CRD reference."""

_MANAGED: Final = {
    each.lower(): each
    for each in (
        "Db",
        "Index",
        "Log",
        "Insecure",
        "DiscoverViaDns",
        "GossipSeed",
        "AllowAnonymousEndpointAccess",
        "AllowUnknownOptions",
        "NodeIp",
        "ReplicationIp",
        "NodeHostAdvertiseAs",
        "ReplicationHostAdvertiseAs",
        "AdvertiseHostToClientAs",
        "ClusterSize",
        "ReadOnlyReplica",
        "NodePort",
        "ReplicationPort",
        "NodeTcpPort",
    )
}
"""Source: operator 1.5 documentation, options that users cannot override."""


def resource_findings(manifests: Manifests) -> Iterator[Finding]:
    """Find mistakes in KurrentDB resources, each on its own.

    Args:
        manifests: What is applied to one cluster.
    """
    for document in manifests.of(KIND):
        yield from _refused(document)
        yield from _misspelt(document)
        yield from _managed(document)
        yield from _strategy(document)
        yield from _standalone(document)
        yield from _insecure(document)


def _refused(document: Document) -> Iterator[Finding]:
    try:
        Resource(**resource_values(document.tree))
    except InvalidResource as error:
        problems = error.problems
    else:
        return
    for problem in problems:
        if problem.option == "clientTrafficStrategy":
            yield document.finding(
                Mistake.UNKNOWN_STRATEGY,
                "spec.network.clientTrafficStrategy",
                str(Reason(Statement.CLIENTS_HAVE_NO_SPLIT_DNS)),
                "write FQDN or ServiceName",
            )
        else:
            yield document.finding(
                Mistake.INVALID_RESOURCE,
                problem.option,
                problem.reason,
                problem.hint or "write what the operator's reference says",
            )


def _misspelt(document: Document) -> Iterator[Finding]:
    for path, known in _FIELDS.items():
        for key in mapping(document.at("spec", *path)):
            name = str(key)
            if name in known:
                continue
            where = ".".join(("spec", *path, name))
            meant = get_close_matches(name, known, n=1, cutoff=0.5)
            reason = "there is no such field, so that it changes nothing"
            if path[-1] == "loadBalancer" and name == "enable":
                reason = str(Reason(Correction.LOAD_BALANCER_IS_ENABLED))
            fix = f"write {meant[0]}" if meant else f"use one of {_listed(known)}"
            yield document.finding(Mistake.MISSPELT_FIELD, where, reason, fix)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))


def _managed(document: Document) -> Iterator[Finding]:
    for key in mapping(document.at("spec", "configuration")):
        managed = _MANAGED.get(str(key).lower())
        if managed:
            yield document.finding(
                Mistake.MANAGED_OPTION,
                f"spec.configuration.{key}",
                f"the operator sets {managed} itself",
                "remove it; spec.network and spec.security say what is meant",
            )


def _strategy(document: Document) -> Iterator[Finding]:
    strategy = document.at("spec", "network", "internodeTrafficStrategy")
    known = [each.value for each in InternodeStrategy]
    if strategy is not None and strategy not in known:
        yield document.finding(
            Mistake.UNKNOWN_STRATEGY,
            "spec.network.internodeTrafficStrategy",
            f"{strategy!r} is no strategy",
            f"write one of {', '.join(known)}",
        )


def _standalone(document: Document) -> Iterator[Finding]:
    alone = document.at("spec", "replicas") == 0
    if alone and not document.at("spec", "quorumNodes"):
        yield document.finding(
            Mistake.STANDALONE_WITHOUT_QUORUM,
            "spec.quorumNodes",
            "read-only replicas without a quorum have nobody to follow",
            "list the quorum's nodes as host:port, by the names that they advertise "
            "to servers",
        )


def _insecure(document: Document) -> Iterator[Finding]:
    mark = text(document.at("metadata", "annotations", MARKED_AS_TEST))
    if document.at("spec", "security", "certificateSecret") or mark == "test":
        return
    yield document.finding(
        Mistake.NO_TLS,
        "spec.security.certificateSecret",
        str(Reason(Statement.TLS_EXCEPT_FOR_TESTS)),
        "give a certificateSecret, or say that it is a test by the annotation "
        f"{MARKED_AS_TEST}: test",
    )
