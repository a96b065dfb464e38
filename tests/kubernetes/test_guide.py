"""Every statement of the operator's guide, as a test of its name."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.errors import ImpossiblePlan
from kurrent_conn.kubernetes.certificate_names import server_names
from kurrent_conn.kubernetes.client_side import client_sides
from kurrent_conn.kubernetes.decision import client_strategy, decide, plans
from kurrent_conn.kubernetes.guide import Reason, Statement
from kurrent_conn.kubernetes.manifest.peering import node_services
from kurrent_conn.kubernetes.names import Resource, TrafficStrategy
from kurrent_conn.kubernetes.plan import LoadBalancer, Location, ObjectKind, Plan
from kurrent_conn.kubernetes.rendering import render
from kurrent_conn.kubernetes.resource_file import read_resources
from kurrent_conn.kubernetes.site import Site, quorum, standalone
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    ClientPlace,
    Deployment,
    DnsControl,
    Hairpin,
    InternodeStrategy,
    ServerPlace,
    Situation,
)
from kurrent_conn.kubernetes.solution import Solution, situation_of
from tests.kubernetes.situations import distinct_plans, full_site, situations

SERVICE = InternodeStrategy.SERVICE_NAME
SPLIT = InternodeStrategy.SPLIT_DNS
PUBLIC = CertificateOption.PUBLIC
OWN = CertificateOption.SELF_SIGNED
INGRESS = CertificateOption.INGRESS
TO_SERVICE = TrafficStrategy.SERVICE_NAME
TO_FQDN = TrafficStrategy.FQDN
ELSEWHERE = ServerPlace.REPLICA_ELSEWHERE
SEVERAL = ClientPlace.SEVERAL_CLUSTERS


def _solution(solution: Solution) -> Plan:
    (plan,) = plans(situation_of(solution))
    return plan


def _all_plans() -> list[Plan]:
    return [plan for each in situations() for plan in decide(each).plans]


def _kinds(plan: Plan) -> set[ObjectKind]:
    return {each.kind for each in plan.objects}


def _file(plan: Plan, path: str, site: Site | None = None) -> str:
    files = render(plan, site or full_site(plan))
    return next(each.text for each in files if each.path == path)


def test_every_statement_has_a_test() -> None:
    """No statement of the guide is without a test that bears its name."""
    here = vars(sys.modules[__name__])
    missing = [each for each in Statement if f"test_{each.name.lower()}" not in here]
    assert not missing
    assert len({each.claim for each in Statement}) == len(Statement)


def test_service_name_is_the_internode_default() -> None:
    """A resource without a strategy is read as ServiceName between servers."""
    plan = _solution(Solution.ONE_CLUSTER)
    assert plan.internode is SERVICE
    assert Reason(Statement.SERVICE_NAME_IS_THE_INTERNODE_DEFAULT) in plan.reasons
    assert "internodeTrafficStrategy: ServiceName" in _file(plan, "kurrentdb.yaml")


def test_internode_fqdn_dials_fqdns() -> None:
    """With FQDN between servers their certificates carry FQDNs alone."""
    wish = Situation(
        certificates=OWN,
        internode=InternodeStrategy.FQDN,
        client_traffic=TO_FQDN,
    )
    (plan,) = plans(wish)
    site = full_site(plan)
    names = server_names(plan, site, quorum(plan, site))
    assert not any(".svc." in name for name in names.dns)
    assert plan.load_balancer is not LoadBalancer.NONE


def test_split_dns_answers_pod_addresses() -> None:
    """SplitDNS puts FQDNs on certificates and needs no balancer in one cluster."""
    wish = Situation(internode=SPLIT, client_traffic=TO_FQDN, certificates=OWN)
    (plan,) = plans(wish)
    assert plan.load_balancer is LoadBalancer.NONE
    site = full_site(plan)
    assert "*.mydb.db.example" in server_names(plan, site, quorum(plan, site)).dns


def test_fqdn_is_the_client_default() -> None:
    """A resource without a client strategy sends clients to FQDNs."""
    text = "kind: KurrentDB\nmetadata: {name: a}\nspec: {network: {domain: d.test}}"
    (values,) = read_resources(text)
    assert Resource(**(values | {"replicas": 1})).client_traffic is TO_FQDN


def test_clients_have_no_split_dns() -> None:
    """SplitDNS for clients is refused, and the reason says why."""
    with pytest.raises(ImpossiblePlan, match="for servers only"):
        client_strategy("SplitDNS")


def test_rewrite_is_split_dns_for_clients() -> None:
    """For clients inside that get FQDNs, a rewrite rule to service names is made."""
    plan = _solution(Solution.ANYWHERE)
    assert ObjectKind.REWRITE in _kinds(plan)
    corefile = _file(plan, "clients/same-cluster/Corefile")
    assert (
        "rewrite stop name suffix .mydb.db.example .mydb.kurrent.svc.cluster.local "
        "answer auto\n"
    ) in corefile


def test_tls_except_for_tests() -> None:
    """No production plan is without certificates, and every test has one that is."""
    for situation in situations():
        bare = [each for each in decide(situation).plans if not each.tls]
        if situation.deployment is Deployment.PRODUCTION:
            assert not bare
    (first, *_) = plans(Situation(deployment=Deployment.TEST))
    assert not first.tls
    assert "tls=false" in client_sides(first, Site())[0].connection_string
    assert "certificateSecret" not in _file(first, "kurrentdb.yaml")


def test_self_signed_may_name_anything() -> None:
    """An own CA goes with every pair of strategies."""
    pairs = {
        (plan.internode, plan.client_traffic)
        for plan in decide(Situation(certificates=OWN)).plans
    }
    assert len(pairs) == 3 * 2


def test_cert_manager_and_trust_manager() -> None:
    """An own CA comes with issuers, certificates and a bundle for client namespaces."""
    plan = _solution(Solution.ONE_CLUSTER)
    assert {ObjectKind.CERTIFICATES, ObjectKind.TRUST} <= _kinds(plan)
    site = full_site(plan, client_namespaces=("shop", "billing"))
    bundle = _file(plan, "trust.yaml", site)
    assert "kind: Bundle" in bundle
    assert "- shop" in bundle
    assert "- billing" in bundle


def test_public_certificates_name_only_fqdns() -> None:
    """A public certificate rules service names out, and carries FQDNs alone."""
    for plan in _all_plans():
        if plan.certificates is PUBLIC:
            assert plan.internode is not SERVICE
            assert plan.client_traffic is TO_FQDN
    plan = _solution(Solution.ANYWHERE)
    site = full_site(plan)
    names = server_names(plan, site, quorum(plan, site))
    assert all(name.endswith("db.example") for name in names.dns)


def test_both_by_a_terminating_ingress() -> None:
    """Servers keep their own CA, clients see a public one, the entry is made."""
    plan = _solution(Solution.INGRESS)
    assert plan.own_ca
    assert ObjectKind.ENTRY in _kinds(plan)
    gateway = _file(plan, "gateway.yaml")
    assert "mode: Terminate" in gateway
    assert "mydb-entry-tls" in gateway
    for other in _all_plans():
        if other.certificates is INGRESS:
            assert other.client_traffic is TO_FQDN


def test_certificate_holders_may_impersonate() -> None:
    """Every plan says who could pass for a server: readers and issuers at least."""
    for plan in distinct_plans():
        if plan.tls:
            assert any("can read the Secret" in each for each in plan.impersonators)
    own = " ".join(_solution(Solution.ONE_CLUSTER).impersonators)
    public = " ".join(_solution(Solution.ANYWHERE).impersonators)
    assert "CA's key" in own
    assert "DNS token" in public


def test_secrets_only_for_administrators() -> None:
    """The only grant that is rendered is for the administrators, and names Secrets."""
    for plan in distinct_plans():
        if not plan.tls:
            continue
        access = _file(plan, "access.yaml", Site(administrators="dba"))
        assert "name: dba" in access
        assert "resourceNames" in access
        assert "ServiceAccount" not in access


def test_shared_dns_may_favour_self_signed_service_names() -> None:
    """Where DNS is shared a public certificate ranks below every own CA."""
    for situation in situations():
        if situation.dns is not DnsControl.SHARED:
            continue
        ranked = [
            plan.certificates
            for plan in decide(situation).plans
            if plan.certificates in {PUBLIC, OWN, INGRESS}
            and plan.internode is not InternodeStrategy.FQDN
        ]
        if PUBLIC in ranked:
            assert ranked.index(PUBLIC) == len(ranked) - 1
    abroad = Situation(clients=ClientPlace.ANYWHERE, dns=DnsControl.SHARED)
    best = plans(abroad)[0]
    assert (best.certificates, best.internode) == (INGRESS, SERVICE)


def test_clients_inside_may_use_service_names() -> None:
    """With all clients inside, an own CA with service names everywhere is a plan."""
    wish = situation_of(Solution.ONE_CLUSTER)
    for dns in DnsControl:
        assert plans(replace(wish, dns=dns))[0].client_traffic is TO_SERVICE


def test_ingress_keeps_service_names_between_servers() -> None:
    """Behind an Ingress the servers' certificate carries service names alone."""
    plan = _solution(Solution.INGRESS)
    assert plan.internode is SERVICE
    site = full_site(plan)
    names = server_names(plan, site, quorum(plan, site))
    assert all(".svc." in name for name in names.dns)


def test_servers_elsewhere_need_a_choice() -> None:
    """A server elsewhere is a resource that finds the quorum by internode names."""
    for plan in distinct_plans():
        if not plan.situation.servers_elsewhere:
            continue
        assert ObjectKind.STANDALONE_REPLICA in _kinds(plan)
        text = _file(plan, "other-cluster/kurrentdb.yaml")
        host = (
            "mydb-0.mydb.kurrent.svc.cluster.local"
            if plan.internode is SERVICE
            else "mydb-0.mydb.db.example"
        )
        assert f"quorumNodes:\n  - {host}:2113\n" in text


def test_servers_elsewhere_may_use_split_dns() -> None:
    """SplitDNS is a plan for servers apart, with public certificates too."""
    offered = decide(Situation(servers=ELSEWHERE, internode=SPLIT)).plans
    assert {PUBLIC, OWN} <= {plan.certificates for plan in offered}


def test_servers_elsewhere_may_use_service_names() -> None:
    """Service names reach servers apart by one CA and Services in both clusters."""
    for plan in decide(Situation(servers=ELSEWHERE, internode=SERVICE)).plans:
        assert plan.certificates is not PUBLIC
        assert ObjectKind.NODE_SERVICES in _kinds(plan)
        for path in ("node-services.yaml", "other-cluster/node-services.yaml"):
            assert _file(plan, path)


def test_clients_outside_must_be_sent_to_fqdns() -> None:
    """No plan with a client outside Kubernetes sends clients to service names."""
    for plan in _all_plans():
        if plan.situation.clients_outside:
            assert plan.client_traffic is TO_FQDN
    wish = Situation(clients=ClientPlace.OUTSIDE, client_traffic=TO_SERVICE)
    with pytest.raises(ImpossiblePlan, match="cannot resolve service names"):
        plans(wish)


def test_clients_in_several_clusters_may_use_fqdns() -> None:
    """Clients in several clusters may get FQDNs, with balancers to reach them by."""
    offered = decide(Situation(clients=SEVERAL, client_traffic=TO_FQDN)).plans
    assert offered
    for plan in offered:
        assert plan.behind_entry or plan.load_balancer is not LoadBalancer.NONE


def test_clients_in_several_clusters_may_use_service_names() -> None:
    """Service names reach clients in several clusters by Services made there."""
    offered = decide(Situation(clients=SEVERAL, client_traffic=TO_SERVICE)).plans
    assert offered
    for plan in offered:
        assert ObjectKind.NODE_SERVICES in _kinds(plan)
        assert _file(plan, "other-cluster/node-services.yaml")


def test_fqdn_clients_inside_hairpin() -> None:
    """That clients inside leave the cluster for an FQDN is told as a drawback."""
    basis = Statement.FQDN_CLIENTS_INSIDE_HAIRPIN
    inside = decide(Situation(client_traffic=TO_FQDN, certificates=PUBLIC)).plans
    assert all(basis in {d.reason.basis for d in plan.drawbacks} for plan in inside)
    outside = Situation(clients=ClientPlace.OUTSIDE, certificates=PUBLIC)
    assert basis not in {d.reason.basis for d in plans(outside)[0].drawbacks}


def test_hairpins_may_cost_money() -> None:
    """Whoever avoids hairpins gets them weighed more than who tolerates them."""
    for certificates in (PUBLIC, OWN, INGRESS):
        weights = [
            plans(
                Situation(
                    certificates=certificates,
                    client_traffic=TO_FQDN,
                    hairpin=hairpin,
                )
            )[0].weight
            for hairpin in (Hairpin.FINE, Hairpin.AVOID)
        ]
        assert weights[0] < weights[1]


def test_hairpins_may_burden_an_ingress() -> None:
    """Our overrides send clients inside past an Ingress, to node, port and name."""
    plan = _solution(Solution.INGRESS)
    site = full_site(plan)
    inside = next(
        each
        for each in client_sides(plan, site)
        if each.location is Location.SAME_CLUSTER
    )
    route = inside.overrides.route(Endpoint("mydb-1.mydb.db.example", 443))
    assert str(route.dial) == "mydb-1.mydb.kurrent.svc.cluster.local:2113"
    assert route.server_name == route.dial.host
    assert inside.corefile is None
    (fine,) = plans(replace(situation_of(Solution.INGRESS), hairpin=Hairpin.FINE))
    assert not any(len(each.overrides) for each in client_sides(fine, site))


def test_split_dns_always_avoids_server_hairpins() -> None:
    """FQDN between servers is marked down for its hairpin, SplitDNS never."""
    basis = Statement.SPLIT_DNS_ALWAYS_AVOIDS_SERVER_HAIRPINS
    for plan in _all_plans():
        told = {drawback.reason.basis for drawback in plan.drawbacks}
        assert (basis in told) is (plan.internode is InternodeStrategy.FQDN)


def test_service_names_or_a_rewrite_avoid_client_hairpins() -> None:
    """Service names need no rule; for FQDNs a rule leads straight to each pod."""
    (direct,) = client_sides(_solution(Solution.ONE_CLUSTER), Site())
    assert not len(direct.overrides)
    for solution in (Solution.ANYWHERE, Solution.PEERING_FQDN):
        plan = _solution(solution)
        site = full_site(plan)
        side = client_sides(plan, site)[0]
        for node in quorum(plan, site).nodes():
            assert side.overrides.route(node.advertised).dial.host == node.service_name


def test_one_cluster_uses_service_names() -> None:
    """The one-cluster solution comes first without wishes, whoever has the DNS."""
    for dns in DnsControl:
        best = plans(Situation(dns=dns))[0]
        expected = situation_of(Solution.ONE_CLUSTER)
        assert best.certificates is expected.certificates
        assert best.internode is expected.internode
        assert best.client_traffic is expected.client_traffic


def test_anywhere_uses_split_dns_and_fqdns() -> None:
    """With a domain of one's own, this solution is first for clients outside."""
    for situation in situations():
        abroad = situation.clients_outside
        own = situation.dns is DnsControl.OWN
        if abroad and own and situation.deployment is Deployment.PRODUCTION:
            best = plans(situation)[0]
            assert best.certificates is PUBLIC
            assert best.internode is SPLIT
            assert best.client_traffic is TO_FQDN


def test_clients_abroad_need_load_balancers() -> None:
    """Balancers are on if clients are outside or clusters several, else off."""
    for plan in _all_plans():
        if plan.behind_entry or plan.internode is InternodeStrategy.FQDN:
            continue
        situation = plan.situation
        abroad = (
            situation.clients_outside
            or situation.clients_elsewhere
            or situation.servers_elsewhere
        )
        assert (plan.load_balancer is not LoadBalancer.NONE) is abroad
    text = _file(_solution(Solution.ANYWHERE), "kurrentdb.yaml")
    assert "loadBalancer:\n      enabled: true\n" in text


def test_peering_keeps_traffic_private() -> None:
    """Over a peering the balancers are internal, unless clients outside need them."""
    for plan in _all_plans():
        private = plan.situation.peering and not plan.situation.clients_outside
        if plan.load_balancer is LoadBalancer.INTERNAL:
            assert private
        if plan.load_balancer is LoadBalancer.PUBLIC and private:
            assert not plan.situation.several_clusters
    text = _file(_solution(Solution.PEERING_FQDN), "kurrentdb.yaml")
    assert "aws-load-balancer-scheme: internal" in text


def test_peering_gives_each_server_an_address() -> None:
    """Each node elsewhere has its address in the files, or a marked placeholder."""
    plan = _solution(Solution.PEERING_SERVICE_NAME)
    text = _file(plan, "other-cluster/node-services.yaml", Site())
    assert text.count("hostname: mydb-") == 3
    assert "REPLACE the addresses of mydb-0, mydb-1, mydb-2" in text
    assert "--address POD=ADDRESS" in _file(plan, "README.md", Site())


def test_external_names_need_host_names() -> None:
    """An ExternalName Service is made for host names only, never for an address."""
    plan = _solution(Solution.PEERING_SERVICE_NAME)
    site = Site(addresses=(("mydb-0", "10.0.0.1"), ("mydb-1", "one.peer.example")))
    made = node_services(site, quorum(plan, site))
    external = [each.tree() for each in made if "externalName" in str(each.body)]
    assert len(external) == 1
    assert "one.peer.example" in str(external[0])


def test_peering_by_service_name_needs_one_ca() -> None:
    """The second cluster makes no root: the CA of the first is copied there."""
    plan = _solution(Solution.PEERING_SERVICE_NAME)
    assert ObjectKind.SHARED_CA in _kinds(plan)
    assert "selfSigned" in _file(plan, "certificates.yaml")
    assert "selfSigned" not in _file(plan, "other-cluster/certificates.yaml")
    assert "Copy the Secret mydb-ca" in _file(plan, "README.md")


def test_peering_fqdns_resolve_to_peering_addresses() -> None:
    """Under FQDNs the records are named among what has to be made."""
    plan = _solution(Solution.PEERING_FQDN)
    reasons = {each.kind: each.reason.basis for each in plan.objects}
    basis = Statement.PEERING_FQDNS_RESOLVE_TO_PEERING_ADDRESSES
    assert reasons[ObjectKind.DNS_RECORDS] is basis
    assert "its address in the peering" in _file(plan, "README.md")


def test_peering_may_rewrite_in_each_cluster() -> None:
    """Each cluster gets a rewrite of its own nodes, and not of the other's."""
    plan = _solution(Solution.PEERING_FQDN)
    site = full_site(plan)
    here, there = quorum(plan, site), standalone(plan, site)
    assert there is not None
    first, second = client_sides(plan, site)
    for side, own, foreign in ((first, here, there), (second, there, here)):
        for node in own.nodes():
            assert side.overrides.route(node.advertised).dial.host == node.service_name
        for node in foreign.nodes():
            assert side.overrides.route(node.advertised).dial == node.advertised
    wish = replace(situation_of(Solution.PEERING_FQDN), hairpin=Hairpin.FINE)
    assert not any(len(side.overrides) for side in client_sides(plans(wish)[0], site))


def test_peering_may_issue_per_cluster() -> None:
    """With a public CA each cluster issues for its own nodes; nothing is copied."""
    plan = _solution(Solution.PEERING_FQDN)
    other = _file(plan, "other-cluster/certificates.yaml")
    assert "kind: ClusterIssuer" in other
    assert "*.mydb-remote-replica.db.example" in other
    assert "*.mydb.db.example" not in other
    assert "Copy the Secret" not in _file(plan, "README.md")
