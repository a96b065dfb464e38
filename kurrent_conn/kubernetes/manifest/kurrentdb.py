"""The KurrentDB resource, for the quorum and for a replica in another cluster."""

from __future__ import annotations

from typing import Final

from kurrent_conn.core.endpoint import DEFAULT_PORT
from kurrent_conn.kubernetes.certificate_names import internode_hosts, server_names
from kurrent_conn.kubernetes.guide import Correction, Reason
from kurrent_conn.kubernetes.manifest.certificates import ca_secret, server_secret
from kurrent_conn.kubernetes.manifest.document import Body, Manifest, Value
from kurrent_conn.kubernetes.names import Resource
from kurrent_conn.kubernetes.plan import LoadBalancer, Plan
from kurrent_conn.kubernetes.resource_file import KIND, MARKED_AS_TEST
from kurrent_conn.kubernetes.site import ENTRY_PORT, Site, quorum
from kurrent_conn.kubernetes.situation import CertificateOption

API: Final = "kubernetes.kurrent.io/v1"

_INTERNAL: Final[Body] = {
    "networking.gke.io/load-balancer-type": "Internal",
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
}
"""What keeps a load balancer private; each cloud reads its own and passes over others.

Source: the load balancer documentation of GKE, EKS and AKS.
"""


def kurrentdb(plan: Plan, site: Site, resource: Resource) -> Manifest:
    """Write a KurrentDB resource.

    Args:
        plan: What is chosen.
        site: The values.
        resource: The quorum's, or that of the replica elsewhere.
    """
    spec: dict[str, Value] = {
        "replicas": resource.replicas,
        "image": site.image,
        "storage": {
            "volumeMode": "Filesystem",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": site.storage}},
        },
        "network": _network(plan, resource),
    }
    if not resource.replicas:
        hosts = internode_hosts(plan, quorum(plan, site))[: site.replicas]
        spec["quorumNodes"] = [f"{host}:{DEFAULT_PORT}" for host in hosts]
    if resource.read_only_replicas:
        spec["readOnlyReplicas"] = {"replicas": resource.read_only_replicas}
    if plan.tls:
        spec["security"] = _security(plan, site, resource)
    configuration = _configuration(plan)
    if configuration:
        spec["configuration"] = configuration
    if plan.load_balancer is LoadBalancer.INTERNAL:
        spec["extraMetadata"] = {"loadBalancers": {"annotations": _INTERNAL}}
    return Manifest(
        API,
        KIND,
        resource.name,
        resource.namespace,
        {"spec": spec},
        _why(plan),
        annotations={} if plan.tls else {MARKED_AS_TEST: "test"},
    )


def _network(plan: Plan, resource: Resource) -> Body:
    return {
        "domain": resource.domain,
        "loadBalancer": {"enabled": plan.load_balancer is not LoadBalancer.NONE},
        "fqdnTemplate": resource.fqdn_template,
        "internodeTrafficStrategy": plan.internode.value,
        "clientTrafficStrategy": plan.client_traffic.value,
    }


def _security(plan: Plan, site: Site, resource: Resource) -> Body:
    names = server_names(plan, site, resource)
    security: dict[str, Value] = {
        "certificateReservedNodeCommonName": names.common_name
    }
    if plan.own_ca:
        security["certificateAuthoritySecret"] = {
            "name": ca_secret(site),
            "keyName": "ca.crt",
        }
    security["certificateSecret"] = {
        "name": server_secret(resource),
        "keyName": "tls.crt",
        "privateKeyName": "tls.key",
    }
    return security


def _configuration(plan: Plan) -> Body:
    configuration: dict[str, Value] = {}
    if plan.certificates is CertificateOption.PUBLIC:
        configuration["DisableClientAuthEkuValidation"] = True
    if plan.behind_entry:
        configuration["AdvertiseNodePortToClientAs"] = ENTRY_PORT
    return configuration


def _why(plan: Plan) -> str:
    lines = [f"This follows: {plan.combination}."]
    if not plan.tls:
        lines.append(
            "Without spec.security there is no TLS, no authentication and no "
            "authorization: for tests only."
        )
    corrections = {
        CertificateOption.PUBLIC: Correction.PUBLIC_CAS_DROPPED_CLIENT_AUTH,
        CertificateOption.INGRESS: Correction.PORT_BEHIND_AN_INGRESS,
    }
    if plan.certificates in corrections:
        lines.append(str(Reason(corrections[plan.certificates])))
    if plan.tls:
        lines.append(str(Reason(Correction.RESERVED_NAME_IS_THE_COMMON_NAME)))
    if plan.load_balancer is LoadBalancer.INTERNAL:
        lines.append(
            "The annotations keep the load balancers private on GKE, EKS and AKS; "
            "another platform has a key of its own."
        )
    return "\n".join(lines)
