"""Certificates cover whatever is dialled, whatever things are called."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.identity import covers
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import InvalidResource
from kurrent_conn.kubernetes.certificate_names import (
    LONGEST_COMMON_NAME,
    client_hosts,
    entry_names,
    internode_hosts,
    server_names,
)
from kurrent_conn.kubernetes.client_side import client_sides
from kurrent_conn.kubernetes.decision import plans
from kurrent_conn.kubernetes.names import DEFAULT_TEMPLATE
from kurrent_conn.kubernetes.plan import Plan
from kurrent_conn.kubernetes.site import Site, quorum, standalone
from kurrent_conn.kubernetes.situation import CertificateOption
from kurrent_conn.kubernetes.solution import Solution, situation_of
from tests.kubernetes.situations import distinct_plans

LABEL = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,4})?", fullmatch=True)
TEMPLATES = (
    DEFAULT_TEMPLATE,
    "{podName}.{domain}",
    "{podName}-qn.{domain}",
    "db.{podName}.{domain}",
    "{podName}.{namespace}.{domain}",
)
SECURE = tuple(plan for plan in distinct_plans() if plan.tls)

SIGNED_PUBLICLY = tuple(
    plan for plan in SECURE if plan.certificates is CertificateOption.PUBLIC
)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """Sites of any names, with and without replicas."""
    domain = ".".join(draw(st.lists(LABEL, min_size=1, max_size=4)))
    return Site(
        name=draw(LABEL),
        namespace=draw(LABEL),
        domain=domain,
        replicas=draw(st.sampled_from((1, 3, 5))),
        read_only_replicas=draw(st.integers(0, 2)),
        remote_replicas=draw(st.integers(1, 2)),
        cluster_domain=draw(st.sampled_from(("cluster.local", "k8.example"))),
        fqdn_template=draw(st.sampled_from(TEMPLATES)),
        discover=draw(st.sampled_from(("", f"all.{domain}"))),
    )


def _covered(names: tuple[str, ...], host: str) -> bool:
    return any(covers(name, host) for name in names)


@given(st.sampled_from(SECURE), sites())
def test_every_dialled_name_is_covered(plan: Plan, site: Site) -> None:
    """Whatever servers and clients dial is on the certificate that they meet."""
    for resource in (quorum(plan, site), standalone(plan, site)):
        if resource is None:
            continue
        try:
            names = server_names(plan, site, resource).dns
        except InvalidResource:
            assume(False)
        for host in internode_hosts(plan, resource):
            assert _covered(names, host)
        seen = entry_names(resource) if plan.behind_entry else names
        for host in client_hosts(resource):
            assert _covered(seen, host)


@given(st.sampled_from(SECURE), sites())
def test_every_configured_client_verifies_a_covered_name(
    plan: Plan, site: Site
) -> None:
    """By every rendered route and string, the verified name is on what is met."""
    resource = quorum(plan, site)
    try:
        names = server_names(plan, site, resource).dns
    except InvalidResource:
        assume(False)
    for side in client_sides(plan, site):
        past_entry = len(side.overrides) > 0
        met = entry_names(resource) if plan.behind_entry and not past_entry else names
        for seed in Settings.from_string(side.connection_string).hosts:
            for route in side.overrides.routes(seed):
                assert _covered(met, route.server_name)
        if side.discover_string is not None:
            (seed,) = Settings.from_string(side.discover_string).hosts
            assert _covered(names, seed.host)


@given(st.sampled_from(SECURE), sites())
def test_overrides_lead_to_the_node_itself(plan: Plan, site: Site) -> None:
    """A rule sends an FQDN to the service name of that very node, and no other."""
    resources = (quorum(plan, site), standalone(plan, site))
    nodes = [node for each in resources if each for node in each.nodes()]
    for side in client_sides(plan, site):
        for node in nodes:
            route = side.overrides.route(node.advertised)
            assert route.dial.host in {node.service_name, node.advertised.host}
        for name in (f"{site.name}-orders-0", f"{site.name}x-0", "www"):
            stranger = Endpoint(f"{name}.{site.domain}")
            assert side.overrides.route(stranger).rule is None


@given(st.sampled_from(SIGNED_PUBLICLY), sites())
def test_public_names_are_what_a_public_ca_signs(plan: Plan, site: Site) -> None:
    """The common name is a DNS name, none covers another, none is a service name."""
    try:
        names = server_names(plan, site, quorum(plan, site))
    except InvalidResource:
        assume(False)
    assert names.common_name in names.dns
    assert len(names.common_name) <= LONGEST_COMMON_NAME
    for name in names.dns:
        assert not any(each != name and covers(each, name) for each in names.dns)
        assert ".svc." not in name


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_public_common_name_is_no_wildcard(template: str) -> None:
    """No stranger in the domain can have the name that nodes know each other by."""
    (plan,) = plans(situation_of(Solution.ANYWHERE))
    site = Site(fqdn_template=template)
    names = server_names(plan, site, quorum(plan, site))
    assert names.common_name == "mydb.kurrent.test"
    assert "*.kurrent.test" not in names.dns


def test_too_long_a_common_name_is_refused() -> None:
    """A public certificate whose common name no CA would sign is refused by name."""
    (plan,) = plans(situation_of(Solution.ANYWHERE))
    site = Site(domain=f"{'long' * 15}.example")
    with pytest.raises(InvalidResource, match="longer than 64"):
        server_names(plan, site, quorum(plan, site))


def test_a_wildcard_has_three_labels() -> None:
    """Under a domain of one label nodes are named one by one."""
    (plan,) = plans(situation_of(Solution.ANYWHERE))
    site = Site(domain="lan", fqdn_template="{podName}.{domain}", replicas=1)
    assert server_names(plan, site, quorum(plan, site)).dns == (
        "mydb.lan",
        "mydb-0.lan",
    )


def test_discover_name_is_on_the_certificate() -> None:
    """A discover name for FQDNs is added, and its string is rendered."""
    (plan,) = plans(situation_of(Solution.ANYWHERE))
    site = Site(discover="all.elsewhere.example")
    assert "all.elsewhere.example" in server_names(plan, site, quorum(plan, site)).dns
    settings = [
        Settings.from_string(side.discover_string or "")
        for side in client_sides(plan, site)
    ]
    assert all(each.discover for each in settings)
    assert settings[0].hosts == (Endpoint("all.elsewhere.example"),)
