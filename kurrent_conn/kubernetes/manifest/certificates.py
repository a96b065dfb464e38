"""cert-manager: who signs, and what; and who may read the result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kurrent_conn.kubernetes.certificate_names import entry_names, server_names
from kurrent_conn.kubernetes.guide import Correction, Reason, Statement
from kurrent_conn.kubernetes.manifest.document import Body, Manifest, Value
from kurrent_conn.kubernetes.names import Resource
from kurrent_conn.kubernetes.plan import Plan
from kurrent_conn.kubernetes.site import Site
from kurrent_conn.kubernetes.situation import CertificateOption

API: Final = "cert-manager.io/v1"
RBAC: Final = "rbac.authorization.k8s.io/v1"

_KEY: Final[Body] = {
    "algorithm": "RSA",
    "encoding": "PKCS1",
    "size": 2048,
    "rotationPolicy": "Always",
}
_BOTH_WAYS: Final = (
    "digital signature",
    "key encipherment",
    "server auth",
    "client auth",
)
_SERVER_ONLY: Final = ("digital signature", "key encipherment", "server auth")
_ROOT_LIFE: Final = "87600h"
_LEAF_LIFE: Final = "2160h"
_LEAF_RENEWAL: Final = "720h"


def ca_secret(site: Site) -> str:
    """Name the Secret with the CA's certificate and key.

    Args:
        site: The values.
    """
    return f"{site.name}-ca"


def server_secret(resource: Resource) -> str:
    """Name the Secret with the certificate that a resource's nodes present.

    Args:
        resource: Whose.
    """
    return f"{resource.name}-tls"


def entry_secret(resource: Resource) -> str:
    """Name the Secret with the certificate that clients see at the Ingress.

    Args:
        resource: Whose nodes stand behind it.
    """
    return f"{resource.name}-entry-tls"


def certificates(
    plan: Plan, site: Site, resource: Resource | None, *, makes_root: bool
) -> tuple[Manifest, ...]:
    """Write issuers and certificates for one cluster.

    Args:
        plan: What is chosen.
        site: The values.
        resource: The nodes of this cluster; None where only clients are.
        makes_root: Whether the CA is made here; elsewhere its Secret is copied to.
    """
    if not plan.tls or resource is None:
        return ()
    return tuple(_certificates(plan, site, resource, makes_root=makes_root))


def _certificates(
    plan: Plan, site: Site, resource: Resource, *, makes_root: bool
) -> Iterator[Manifest]:
    if plan.own_ca and makes_root:
        yield _self_signed(site)
        yield _root(site)
    if plan.own_ca:
        yield _signing(site)
    if plan.certificates is not CertificateOption.SELF_SIGNED:
        yield _public(site)
    yield _server(plan, site, resource)
    if plan.behind_entry:
        yield _entry(site, resource)


def _self_signed(site: Site) -> Manifest:
    return Manifest(
        API,
        "Issuer",
        f"{site.name}-root",
        site.namespace,
        {"spec": {"selfSigned": {}}},
        "Signs the root with itself. An Issuer of this namespace, not a ClusterIssuer: "
        "nobody elsewhere can have a certificate of it.",
    )


def _root(site: Site) -> Manifest:
    spec: Body = {
        "isCA": True,
        "commonName": f"{site.name}-ca",
        "secretName": ca_secret(site),
        "duration": _ROOT_LIFE,
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Never"},
        "usages": ["cert sign", "crl sign", "digital signature"],
        "issuerRef": _reference(f"{site.name}-root", "Issuer"),
    }
    return Manifest(
        API,
        "Certificate",
        ca_secret(site),
        site.namespace,
        {"spec": spec},
        "The CA of this deployment and of nothing else: what it signs is a node. Its "
        "Secret holds the key.",
    )


def _signing(site: Site) -> Manifest:
    return Manifest(
        API,
        "Issuer",
        ca_secret(site),
        site.namespace,
        {"spec": {"ca": {"secretName": ca_secret(site)}}},
        "Signs the nodes' certificates. Who may create a Certificate in this namespace "
        "may have a node's.",
    )


def _public(site: Site) -> Manifest:
    zone = site.acme_zone or site.domain
    acme: dict[str, Value] = {
        "server": site.acme_server,
        "privateKeySecretRef": {"name": f"{site.name}-acme"},
        "solvers": [
            {"selector": {"dnsZones": [zone]}, "dns01": {"route53": {}}},
        ],
    }
    if site.acme_email:
        acme["email"] = site.acme_email
    return Manifest(
        API,
        "ClusterIssuer",
        f"{site.name}-acme",
        "",
        {"spec": {"acme": acme}},
        f"{Reason(Correction.WILDCARDS_NEED_DNS01)}\n"
        "Put your DNS provider in the place of route53. A ClusterIssuer keeps the "
        "provider's token with cert-manager, out of this namespace; limit who may use "
        "it with cert-manager's approver-policy.",
    )


def _server(plan: Plan, site: Site, resource: Resource) -> Manifest:
    names = server_names(plan, site, resource)
    public = plan.certificates is CertificateOption.PUBLIC
    issuer = (
        _reference(f"{site.name}-acme", "ClusterIssuer")
        if public
        else _reference(ca_secret(site), "Issuer")
    )
    spec: Body = {
        "secretName": server_secret(resource),
        "isCA": False,
        "commonName": names.common_name,
        "dnsNames": names.dns,
        "usages": _SERVER_ONLY if public else _BOTH_WAYS,
        "privateKey": _KEY,
        "duration": _LEAF_LIFE,
        "renewBefore": _LEAF_RENEWAL,
        "issuerRef": issuer,
    }
    why = str(Reason(Correction.WILDCARDS_ARE_ONE_LABEL))
    if not any(name.startswith("*.") for name in names.dns):
        why = "Nodes are named one by one: render anew when their number changes."
    return Manifest(
        API,
        "Certificate",
        server_secret(resource),
        site.namespace,
        {"spec": spec},
        f"What the nodes present: every name that servers and clients dial is on it.\n"
        f"{why}",
    )


def _entry(site: Site, resource: Resource) -> Manifest:
    spec: Body = {
        "secretName": entry_secret(resource),
        "isCA": False,
        "dnsNames": entry_names(resource),
        "usages": _SERVER_ONLY,
        "privateKey": _KEY,
        "duration": _LEAF_LIFE,
        "renewBefore": _LEAF_RENEWAL,
        "issuerRef": _reference(f"{site.name}-acme", "ClusterIssuer"),
    }
    return Manifest(
        API,
        "Certificate",
        entry_secret(resource),
        site.namespace,
        {"spec": spec},
        "What clients see at the Ingress or Gateway.",
    )


def secret_access(
    plan: Plan, site: Site, resource: Resource | None
) -> tuple[Manifest, ...]:
    """Write who may read the certificates' Secrets.

    Args:
        plan: What is chosen.
        site: The values.
        resource: The nodes of this cluster; None where only clients are.
    """
    if not plan.tls or resource is None:
        return ()
    name = f"{site.name}-certificates"
    secrets = [server_secret(resource)]
    if plan.own_ca:
        secrets.append(ca_secret(site))
    if plan.behind_entry:
        secrets.append(entry_secret(resource))
    rule: Body = {
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": secrets,
        "verbs": ["get"],
    }
    binding: Body = {
        "subjects": [
            {
                "kind": "Group",
                "name": site.administrators,
                "apiGroup": "rbac.authorization.k8s.io",
            }
        ],
        "roleRef": {
            "kind": "Role",
            "name": name,
            "apiGroup": "rbac.authorization.k8s.io",
        },
    }
    why = (
        f"{Reason(Statement.SECRETS_ONLY_FOR_ADMINISTRATORS)}\n"
        "A Role only grants: no other binding in this namespace may reach Secrets, and "
        "clients belong into other namespaces, which get the CA certificate alone."
    )
    return (
        Manifest(RBAC, "Role", name, site.namespace, {"rules": [rule]}, why),
        Manifest(
            RBAC,
            "RoleBinding",
            name,
            site.namespace,
            binding,
            "The administrators of the database, and nobody else.",
        ),
    )


def _reference(name: str, kind: str) -> Body:
    return {"name": name, "kind": kind, "group": "cert-manager.io"}
