"""trust-manager: the CA certificate, and nothing but it, for clients' namespaces."""

from __future__ import annotations

from typing import Final

from kurrent_conn.kubernetes.guide import Correction, Reason
from kurrent_conn.kubernetes.manifest.document import Body, Manifest
from kurrent_conn.kubernetes.plan import Plan
from kurrent_conn.kubernetes.site import Site

CA_KEY: Final = "ca.crt"

_WHERE: Final = "kubernetes.io/metadata.name"


def ca_config_map(site: Site) -> str:
    """Name the ConfigMap with the CA certificate, in every client namespace.

    Args:
        site: The values.
    """
    return f"{site.name}-ca"


def root_copy(site: Site) -> str:
    """Name the ConfigMap with the copy of the root beside trust-manager.

    Args:
        site: The values.
    """
    return f"{site.name}-root"


def bundle(plan: Plan, site: Site) -> tuple[Manifest, ...]:
    """Write the Bundle, which every release of trust-manager knows.

    Args:
        plan: What is chosen.
        site: The values.
    """
    if not plan.own_ca:
        return ()
    spec: Body = {
        "sources": [{"configMap": {"name": root_copy(site), "key": CA_KEY}}],
        "target": {
            "configMap": {"key": CA_KEY},
            "namespaceSelector": _namespaces(plan, site),
        },
    }
    why = (
        f"{Reason(Correction.TRUST_SOURCES_LIVE_WITH_TRUST_MANAGER)}\n"
        f"The README says how to make that copy, in {site.trust_namespace}."
    )
    return (
        Manifest(
            "trust.cert-manager.io/v1alpha1",
            "Bundle",
            ca_config_map(site),
            "",
            {"spec": spec},
            why,
        ),
    )


def cluster_bundle(plan: Plan, site: Site) -> tuple[Manifest, ...]:
    """Write the ClusterBundle, which takes the Bundle's place from trust-manager 0.24.

    Args:
        plan: What is chosen.
        site: The values.
    """
    if not plan.own_ca:
        return ()
    source: Body = {"kind": "ConfigMap", "name": root_copy(site), "key": CA_KEY}
    spec: Body = {
        "sourceRefs": [source],
        "defaultCAs": {"provider": "Disabled"},
        "target": {
            "configMap": {"data": [{"key": CA_KEY}]},
            "namespaceSelector": _namespaces(plan, site),
        },
    }
    why = (
        "The same as the Bundle, for trust-manager 0.24 and later. Apply one of the "
        "two: both write the same ConfigMaps."
    )
    return (
        Manifest(
            "trust-manager.io/v1alpha2",
            "ClusterBundle",
            ca_config_map(site),
            "",
            {"spec": spec},
            why,
        ),
    )


def _namespaces(plan: Plan, site: Site) -> Body:
    # A Gateway's BackendTLSPolicy reads the CA in its own namespace.
    own = (site.namespace,) if plan.behind_entry else ()
    names = tuple(dict.fromkeys((*site.client_namespaces, *own)))
    return {"matchExpressions": [{"key": _WHERE, "operator": "In", "values": names}]}
