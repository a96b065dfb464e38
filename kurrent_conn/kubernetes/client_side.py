"""What clients get under a plan: connection string, trust, overrides; by location."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kurrent_conn.core.endpoint import DEFAULT_PORT, Endpoint
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.overrides.rule import TARGET
from kurrent_conn.core.settings import Settings
from kurrent_conn.kubernetes.certificate_names import discover_name
from kurrent_conn.kubernetes.names import (
    DEFAULT_TEMPLATE,
    Node,
    Resource,
    TrafficStrategy,
)
from kurrent_conn.kubernetes.plan import Location, Plan
from kurrent_conn.kubernetes.site import Site, is_ip, quorum, standalone
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    Hairpin,
    InternodeStrategy,
)


@dataclass(frozen=True, slots=True)
class ClientSide:
    """What a client at one location is configured with.

    Args:
        location: Where it stands.
        connection_string: Without credentials.
        discover_string: The same by one DNS name; None where there is none.
        trust: Whom it trusts, in words.
        overrides: The rules for its process; often none.
        corefile: The same rules for CoreDNS; None when it has none or cannot say
            them.
    """

    location: Location
    connection_string: str
    discover_string: str | None
    trust: str
    overrides: Overrides
    corefile: str | None


def client_sides(plan: Plan, site: Site) -> tuple[ClientSide, ...]:
    """Configure clients at every location that a plan promises.

    Args:
        plan: What is chosen.
        site: The values.

    Raises:
        InvalidResource: The operator would refuse a value.
    """
    return tuple(_client_side(plan, site, each) for each in plan.locations)


def _client_side(plan: Plan, site: Site, location: Location) -> ClientSide:
    overrides = Overrides(tuple(_rules(plan, site, location)))
    past_entry = plan.behind_entry and len(overrides) > 0
    own_ca = past_entry or plan.certificates is CertificateOption.SELF_SIGNED
    nodes = quorum(plan, site).nodes()
    discover = discover_name(plan, site, quorum(plan, site))

    def string(*hosts: Endpoint, discover: bool = False) -> str:
        return Settings(
            hosts=hosts,
            discover=discover,
            tls=plan.tls,
            tls_ca_file=site.ca_file if own_ca else None,
        ).to_string()

    return ClientSide(
        location=location,
        connection_string=string(*(node.advertised for node in nodes)),
        discover_string=(
            string(Endpoint(discover, DEFAULT_PORT), discover=True)
            if discover
            else None
        ),
        trust=_trust(plan, site, own_ca=own_ca),
        overrides=overrides,
        corefile=_corefile(overrides, past_entry=past_entry),
    )


def _trust(plan: Plan, site: Site, *, own_ca: bool) -> str:
    if not plan.tls:
        return "nobody: there is no TLS"
    if own_ca:
        return f"the deployment's own CA, in {site.ca_file}"
    return "the public CAs of the system's store"


def _corefile(overrides: Overrides, *, past_entry: bool) -> str | None:
    # A rewrite keeps port and verified name, and both change on the way past an
    # Ingress.
    return overrides.to_corefile() if len(overrides) and not past_entry else None


def _rules(plan: Plan, site: Site, location: Location) -> Iterator[Override]:
    first, other = quorum(plan, site), standalone(plan, site)
    if location is Location.OUTSIDE:
        return
    inside = location is Location.SAME_CLUSTER
    here, there = (first, other) if inside else (other, first)
    if plan.client_traffic is TrafficStrategy.SERVICE_NAME:
        if there is not None:
            yield from _to_addresses(site, there)
        return
    wanted = plan.needs_route_inside or plan.situation.hairpin is Hairpin.AVOID
    if not (wanted and here is not None):
        return
    yield from _to_services(plan, here)
    if plan.behind_entry and there is not None:
        # A connection trusts one CA: past the Ingress to some nodes is past it to all,
        # by the service names that answer in both clusters for the servers' sake.
        yield from _to_services(plan, there)


def _to_addresses(site: Site, resource: Resource) -> Iterator[Override]:
    """Send service names of the other cluster where they are reached from here."""
    for node in resource.nodes():
        address = site.address(node)
        if address:
            target = address if is_ip(address) else alias(node, resource)
            yield Override(exact=node.service_name, target=target)


def alias_rules(site: Site, resource: Resource) -> tuple[Override, ...]:
    """Give the rewrites to the ExternalName Services of nodes of another cluster.

    Args:
        site: The values, with the nodes' host names there.
        resource: Whose nodes.
    """
    return tuple(
        Override(exact=node.service_name, target=alias(node, resource))
        for node in resource.nodes()
        if (address := site.address(node)) and not is_ip(address)
    )


def alias(node: Node, resource: Resource) -> str:
    """Give the name of the ExternalName Service that leads to a node.

    Args:
        node: A node of another cluster.
        resource: Its resource.
    """
    return f"{node.pod}.{resource.namespace}.svc.{resource.cluster_domain}"


def _to_services(plan: Plan, resource: Resource) -> Iterator[Override]:
    """Send FQDNs of this cluster straight to the pods.

    With the default template a suffix stands for one kind of node of one resource.
    Under others `mydb-*.kurrent.test` would also be a node of `mydb-orders`, or one in
    another cluster, so that nodes are named one by one.
    """
    # Behind an Ingress the nodes' own certificates name what servers dial.
    internode_service = plan.internode is InternodeStrategy.SERVICE_NAME
    server_name = TARGET if plan.behind_entry and internode_service else None
    port = f":{DEFAULT_PORT}" if plan.behind_entry else ""
    if resource.fqdn_template != DEFAULT_TEMPLATE:
        for node in resource.nodes():
            target = f"{node.service_name}{port}"
            yield Override(exact=node.fqdn, target=target, server_name=server_name)
        return
    ends = dict.fromkeys(
        (node.fqdn.removeprefix(node.pod), node.service_name.removeprefix(node.pod))
        for node in resource.nodes()
    )
    for fqdn_end, service_end in ends:
        target = f"{service_end.removeprefix('.')}{port}"
        yield Override(suffix=fqdn_end, target=target, server_name=server_name)
