"""The README of a rendered plan: what it is, what to do, what to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kurrent_conn.kubernetes.client_side import ClientSide
from kurrent_conn.kubernetes.guide import Correction, Reason
from kurrent_conn.kubernetes.manifest.certificates import ca_secret
from kurrent_conn.kubernetes.manifest.entry import proxy_ca_secret
from kurrent_conn.kubernetes.manifest.peering import missing_addresses
from kurrent_conn.kubernetes.manifest.trust import CA_KEY, root_copy
from kurrent_conn.kubernetes.plan import LoadBalancer, Location, ObjectKind, Plan
from kurrent_conn.kubernetes.site import (
    EXAMPLE_DOMAIN,
    Entry,
    Site,
    is_ip,
    quorum,
    standalone,
)
from kurrent_conn.kubernetes.situation import CertificateOption


def readme(plan: Plan, site: Site, sides: tuple[ClientSide, ...]) -> str:
    """Write the README of a plan.

    Args:
        plan: What is chosen.
        site: The values.
        sides: What clients get, by location.
    """
    head = (
        f"# KurrentDB {site.name}\n\nThis follows the operator's networking guide: "
        f"{plan.combination}; load balancer: {plan.load_balancer}.\n"
    )
    parts = (
        head,
        _list("To do", _steps(plan, site), numbered=True),
        _list("Clients", map(_client, sides)),
        _list("Why", map(str, plan.reasons)),
        _list("What speaks against it", (str(d.reason) for d in plan.drawbacks)),
        _list("Who could pass for a server", plan.impersonators),
    )
    return "\n".join(part for part in parts if part)


def manual_steps(plan: Plan, site: Site) -> tuple[str, ...]:
    """List what no file does: copies, records and placeholders.

    Args:
        plan: What is chosen.
        site: The values.
    """
    return tuple(_manual(plan, site))


def _list(title: str, lines: Iterable[str], *, numbered: bool = False) -> str:
    items = [
        f"{f'{place}.' if numbered else '-'} {line}\n"
        for place, line in enumerate(lines, 1)
    ]
    return f"## {title}\n\n{''.join(items)}" if items else ""


def _steps(plan: Plan, site: Site) -> Iterator[str]:
    yield "`kubectl apply -k .` in the cluster of the quorum nodes."
    if plan.situation.servers_elsewhere:
        yield "`kubectl apply -k other-cluster` in the second cluster."
    elif plan.situation.clients_elsewhere:
        yield "`kubectl apply -k other-cluster`, if it is there, in the other clusters."
    yield from _manual(plan, site)
    yield "`kurrent-conn plan --check .` after every change of these files."
    yield (
        '`kurrent-conn doctor "$(cat connection-string.txt)" --overrides '
        "overrides.toml` in each directory of clients, from there: does it work?"
    )


def _manual(plan: Plan, site: Site) -> Iterator[str]:
    by_fqdn = any(each.kind is ObjectKind.DNS_RECORDS for each in plan.objects)
    named = by_fqdn or plan.certificates is CertificateOption.PUBLIC
    if named and site.domain == EXAMPLE_DOMAIN:
        yield f"`{EXAMPLE_DOMAIN}` is an example: render anew with your own `--domain`."
    if plan.own_ca:
        yield from _trust_steps(plan, site)
    if plan.certificates in {CertificateOption.PUBLIC, CertificateOption.INGRESS}:
        yield (
            "Put your DNS provider's dns01 solver into certificates.yaml. "
            f"{Reason(Correction.WILDCARDS_NEED_DNS01)}"
        )
    if by_fqdn:
        yield _records(plan)
    if plan.load_balancer is LoadBalancer.INTERNAL:
        yield (
            "Check that each load balancer got an address in the peered network; "
            "the annotations are those of GKE, EKS and AKS."
        )
    yield from _address_steps(plan, site)
    if plan.behind_entry:
        yield (
            f"The gateway class is `{site.gateway_class}`."
            if site.entry is Entry.GATEWAY
            else f"The Ingress class is `{site.ingress_class}`; Ingress-NGINX is "
            "retired, alternatives/gateway.yaml is the way on."
        )


def _trust_steps(plan: Plan, site: Site) -> Iterator[str]:
    root = (
        f"kubectl -n {site.namespace} get secret {ca_secret(site)} "
        f"-o jsonpath='{{.data.tls\\.crt}}' | base64 -d"
    )
    copy = f"create configmap {root_copy(site)} --from-file={CA_KEY}=/dev/stdin"
    yield (
        f"Copy the root to trust-manager: `{root} | kubectl -n "
        f"{site.trust_namespace} {copy}`. "
        f"{Reason(Correction.TRUST_SOURCES_LIVE_WITH_TRUST_MANAGER)}"
    )
    if plan.situation.several_clusters:
        yield "Make the same copy in each other cluster that clients run in."
    if plan.situation.servers_elsewhere:
        yield (
            f"Copy the Secret {ca_secret(site)} into the namespace {site.namespace} of "
            "the second cluster, over a channel that you trust: it holds the CA's key."
        )
    outside = Location.OUTSIDE in plan.locations
    if outside and plan.certificates is CertificateOption.SELF_SIGNED:
        yield f"Give clients outside the root as {site.ca_file}; it is no secret."
    if plan.behind_entry:
        yield (
            f"For Ingress-NGINX only: `{root} | kubectl -n {site.namespace} create "
            f"secret generic {proxy_ca_secret(site)} --from-file={CA_KEY}=/dev/stdin`. "
            f"{Reason(Correction.INGRESS_SHOWS_NO_NODE_CERTIFICATE)}"
        )


def _records(plan: Plan) -> str:
    if plan.behind_entry:
        return "Let the FQDN of each node resolve to the Gateway or Ingress."
    if plan.load_balancer is LoadBalancer.INTERNAL:
        return "Let the FQDN of each node resolve to its address in the peering."
    return (
        "Let the FQDN of each node resolve to its load balancer; external-dns does "
        "so by the operator's annotations."
    )


def _address_steps(plan: Plan, site: Site) -> Iterator[str]:
    if not any(each.kind is ObjectKind.NODE_SERVICES for each in plan.objects):
        return
    resources = (quorum(plan, site), standalone(plan, site))
    missing = [
        pod
        for resource in resources
        if resource is not None
        for pod in missing_addresses(site, resource)
    ]
    if missing:
        yield (
            f"Replace the placeholder addresses of {', '.join(missing)} in "
            "node-services.yaml: render anew with `--address POD=ADDRESS`."
        )
    if any(not is_ip(address) for _, address in site.addresses):
        yield (
            "Add the lines of Corefile and of other-cluster/Corefile to the CoreDNS "
            "of their cluster: servers need them too. NodeLocal DNSCache bypasses "
            "them unless it forwards to CoreDNS."
        )


def _client(side: ClientSide) -> str:
    rules = (
        f"{len(side.overrides)} rules in overrides.toml"
        if len(side.overrides)
        else "no overrides needed"
    )
    return f"{side.location}: `{side.connection_string}`; trusts {side.trust}; {rules}."
