"""Mistakes in Certificates and issuers, seen from the nodes that present them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kurrent_conn.core.identity import covers
from kurrent_conn.kubernetes.certificate_names import LONGEST_COMMON_NAME
from kurrent_conn.kubernetes.guide import Correction, Reason, Statement
from kurrent_conn.kubernetes.lint.coverage import coverage_findings
from kurrent_conn.kubernetes.lint.database import Database, dns_names
from kurrent_conn.kubernetes.lint.document import (
    Document,
    Manifests,
    items,
    mapping,
    text,
    texts,
)
from kurrent_conn.kubernetes.lint.finding import Finding, Mistake
from kurrent_conn.kubernetes.lint.route import is_behind_entry

_EXTENDED: Final = frozenset(
    {
        "server auth",
        "client auth",
        "code signing",
        "email protection",
        "s/mime",
        "ipsec end system",
        "ipsec tunnel",
        "ipsec user",
        "timestamping",
        "ocsp signing",
        "any",
    }
)
"""Source: cert-manager, `KeyUsage` values that become extended key usages."""

_EKU_SWITCH: Final = "DisableClientAuthEkuValidation"


def certificate_findings(manifests: Manifests, database: Database) -> Iterator[Finding]:
    """Find mistakes in what a database's nodes present.

    Args:
        manifests: What is applied to one cluster.
        database: Whose nodes.
    """
    certificate = database.certificate
    if certificate is None:
        yield from _absent(manifests, database)
        return
    public = is_public(manifests, certificate)
    service_names = tuple(_service_names(database, certificate))
    if public and service_names:
        yield certificate.finding(
            Mistake.PUBLIC_SERVICE_NAME,
            "spec.dnsNames",
            f"a public CA will not sign for {', '.join(service_names)}. "
            f"{Reason(Statement.PUBLIC_CERTIFICATES_NAME_ONLY_FQDNS)}",
            "sign with a CA of your own, or use SplitDNS between servers and FQDN for "
            "clients",
        )
    dialled = _dialled(manifests, database)
    signable = {
        whose: [host for host in hosts if not (public and _is_service(host))]
        for whose, hosts in dialled.items()
    }
    yield from coverage_findings(certificate, signable)
    yield from _usages(database, certificate, public=public)
    yield from _common_name(database, certificate, public=public)
    yield from _authority(manifests, database, certificate)


def issuer_findings(manifests: Manifests) -> Iterator[Finding]:
    """Find mistakes between Certificates and their issuers.

    Args:
        manifests: What is applied to one cluster.
    """
    for certificate in manifests.of("Certificate"):
        yield from _issuer_kind(manifests, certificate)
        yield from _acme(manifests, certificate)
        name = text(certificate.at("spec", "commonName"))
        if len(name) > LONGEST_COMMON_NAME:
            yield certificate.finding(
                Mistake.COMMON_NAME_TOO_LONG,
                "spec.commonName",
                f"it has {len(name)} characters; {LONGEST_COMMON_NAME} is the most",
                "shorten it; names to dial belong into dnsNames",
            )


def is_public(manifests: Manifests, certificate: Document) -> bool:
    """Say whether a public CA signs a Certificate, as far as these manifests tell.

    Args:
        manifests: What is applied to one cluster.
        certificate: The object.
    """
    issuer = _issuer(manifests, certificate, exact=False)
    return issuer is not None and bool(mapping(issuer.at("spec", "acme")))


def _issuer(
    manifests: Manifests, certificate: Document, *, exact: bool
) -> Document | None:
    """Find a Certificate's issuer; inexactly, also where only the kind is wrong."""
    reference = mapping(certificate.at("spec", "issuerRef"))
    name, kind = text(reference.get("name")), text(reference.get("kind")) or "Issuer"
    kinds = (kind,) if exact else (kind, "Issuer", "ClusterIssuer")
    for each in kinds:
        namespace = certificate.namespace if each == "Issuer" else ""
        found = manifests.find(each, name, namespace)
        if found is not None:
            return found
    return None


def _issuer_kind(manifests: Manifests, certificate: Document) -> Iterator[Finding]:
    meant = _issuer(manifests, certificate, exact=False)
    if meant is None or _issuer(manifests, certificate, exact=True) is not None:
        return
    yield certificate.finding(
        Mistake.ISSUER_KIND,
        "spec.issuerRef.kind",
        f"{meant.name} is a {meant.kind}. "
        f"{Reason(Correction.KINDS_OF_ISSUERS_ARE_TOLD_APART)}",
        f"write kind: {meant.kind}",
    )


def _acme(manifests: Manifests, certificate: Document) -> Iterator[Finding]:
    issuer = _issuer(manifests, certificate, exact=False)
    if issuer is None or not mapping(issuer.at("spec", "acme")):
        return
    names = dns_names(certificate)
    wildcards = [name for name in names if name.startswith("*.")]
    solvers = [mapping(each) for each in items(issuer.at("spec", "acme", "solvers"))]
    if wildcards and not any("dns01" in solver for solver in solvers):
        yield issuer.finding(
            Mistake.WILDCARD_NEEDS_DNS01,
            "spec.acme.solvers",
            f"{certificate.label} asks for {wildcards[0]}. "
            f"{Reason(Correction.WILDCARDS_NEED_DNS01)}",
            "add a dns01 solver for the domain",
        )
    for name in names:
        above = [each for each in wildcards if each != name and covers(each, name)]
        if above:
            yield certificate.finding(
                Mistake.REDUNDANT_NAME,
                "spec.dnsNames",
                f"{above[0]} covers {name} already, and ACME CAs refuse such orders",
                f"remove {name}",
            )


def _absent(manifests: Manifests, database: Database) -> Iterator[Finding]:
    if not database.secret or not any(manifests.of("Certificate")):
        return  # it is made elsewhere
    yield database.document.finding(
        Mistake.CERTIFICATE_SECRET,
        "spec.security.certificateSecret.name",
        f"no Certificate in {database.document.namespace} makes the Secret "
        f"{database.secret}",
        "write the secretName of the nodes' Certificate",
    )


def _dialled(manifests: Manifests, database: Database) -> dict[str, list[str]]:
    nodes = database.nodes
    return {
        "servers": [database.internode_host(node) for node in nodes],
        "clients": (
            []
            if is_behind_entry(manifests, database)
            else [node.advertised.host for node in nodes]
        ),
    }


def _is_service(host: str) -> bool:
    return ".svc." in host or host.endswith(".svc")


def _service_names(database: Database, certificate: Document) -> Iterator[str]:
    yield from (name for name in dns_names(certificate) if _is_service(name))
    if any(_is_service(name) for name in dns_names(certificate)):
        return
    if database.internode_by_service or not database.clients_by_fqdn:
        yield from (node.service_name for node in database.nodes[:1])


def _usages(
    database: Database, certificate: Document, *, public: bool
) -> Iterator[Finding]:
    lenient = database.configured(_EKU_SWITCH) in {True, "true"}
    usages = {each.lower() for each in texts(certificate.at("spec", "usages"))}
    if certificate.at("spec", "isCA") is True:
        yield certificate.finding(
            Mistake.NODE_CERTIFICATE_IS_CA,
            "spec.isCA",
            "whoever has a node's key could sign for any name",
            "write isCA: false",
        )
    if public and not lenient:
        yield database.document.finding(
            Mistake.CLIENT_AUTH_USAGE,
            f"spec.configuration.{_EKU_SWITCH}",
            str(Reason(Correction.PUBLIC_CAS_DROPPED_CLIENT_AUTH)),
            f"write {_EKU_SWITCH}: true, and run a server that knows it",
        )
    if not usages & _EXTENDED or public:
        return
    needed = {"server auth"} if lenient else {"server auth", "client auth"}
    for usage in sorted(needed - usages):
        yield certificate.finding(
            Mistake.MISSING_USAGE,
            "spec.usages",
            f"nodes demand {usage} of each other, once any such usage is listed",
            f"add {usage}",
        )


def _common_name(
    database: Database, certificate: Document, *, public: bool
) -> Iterator[Finding]:
    document = database.document
    field = "spec.security.certificateReservedNodeCommonName"
    reserved = text(
        document.at("spec", "security", "certificateReservedNodeCommonName")
    )
    name = text(certificate.at("spec", "commonName"))
    if reserved and name and not (reserved == name or covers(reserved, name)):
        yield document.finding(
            Mistake.RESERVED_NAME,
            field,
            f"nodes present the common name {name}, and would not take each other "
            f"for nodes of {reserved}",
            f"write {name}",
        )
    if public and (reserved or name).startswith("*."):
        yield document.finding(
            Mistake.WIDE_RESERVED_NAME,
            field,
            f"whoever has a public certificate for any host of {reserved or name} "
            f"passes for a node. {Reason(Correction.RESERVED_NAME_IS_THE_COMMON_NAME)}",
            "use a common name without a wildcard, which only the database has",
        )


def _authority(
    manifests: Manifests, database: Database, certificate: Document
) -> Iterator[Finding]:
    issuer = _issuer(manifests, certificate, exact=False)
    signing = text(issuer.at("spec", "ca", "secretName")) if issuer else ""
    fitting = {signing, database.secret}
    if not signing or database.authority in fitting:
        return
    yield database.document.finding(
        Mistake.CA_SECRET,
        "spec.security.certificateAuthoritySecret.name",
        f"nodes' certificates are signed by the CA in {signing}, which the nodes are "
        f"not told to trust (they trust {database.authority or 'public CAs only'})",
        f"write name: {signing} and keyName: ca.crt",
    )
