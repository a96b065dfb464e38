"""The operator's names, by its documentation's examples."""

from __future__ import annotations

from typing import Any

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.errors import InvalidResource
from kurrent_conn.kubernetes.names import NodeKind, Resource, TrafficStrategy


def advertised(resource: Resource) -> list[str]:
    """Give what the nodes advertise, in order."""
    return [str(node.advertised) for node in resource.nodes()]


def test_default_template() -> None:
    """The default FQDN is `N-i.N.D`, for replicas `N-replica-i.N-replica.D`."""
    resource = Resource(
        "mydb", 3, "kurrent", read_only_replicas=1, archiver=True, domain="kurrent.test"
    )
    assert advertised(resource) == [
        "mydb-0.mydb.kurrent.test:2113",
        "mydb-1.mydb.kurrent.test:2113",
        "mydb-2.mydb.kurrent.test:2113",
        "mydb-replica-0.mydb-replica.kurrent.test:2113",
        "mydb-archiver-0.mydb-archiver.kurrent.test:2113",
    ]
    assert [node.kind for node in resource.nodes()] == [
        *[NodeKind.QUORUM] * 3,
        NodeKind.READ_ONLY_REPLICA,
        NodeKind.ARCHIVER,
    ]


def test_service_names() -> None:
    """With ServiceName nodes advertise their name in the cluster's DNS."""
    resource = Resource(
        "mydb",
        1,
        "kurrent",
        read_only_replicas=1,
        client_traffic=TrafficStrategy.SERVICE_NAME,
        cluster_domain="example.internal",
    )
    assert advertised(resource) == [
        "mydb-0.mydb.kurrent.svc.example.internal:2113",
        "mydb-replica-0.mydb-replica.kurrent.svc.example.internal:2113",
    ]
    assert resource.nodes()[0].fqdn == ""


def test_standalone_replicas() -> None:
    """Replicas of a quorum elsewhere: no quorum nodes, and a template of one's own."""
    resource = Resource(
        "mydb",
        0,
        read_only_replicas=2,
        domain="kurrent.test",
        fqdn_template="{podName}-sa.{domain}",
        port=443,
    )
    assert [node.advertised for node in resource.nodes()] == [
        Endpoint("mydb-replica-0-sa.kurrent.test", 443),
        Endpoint("mydb-replica-1-sa.kurrent.test", 443),
    ]


def test_every_variable_of_the_template() -> None:
    """The template knows five variables."""
    template = "{podName}{nodeTypeSuffix}.{name}.{namespace}.{domain}"
    resource = Resource("n", 1, "ns", domain="d", fqdn_template=template)
    assert resource.nodes()[0].fqdn == "n-0.n.ns.d"


@pytest.mark.parametrize(
    ("values", "option"),
    [
        ({"name": "my_db"}, "name"),
        ({"name": ""}, "name"),
        ({"namespace": "A"}, "namespace"),
        ({"replicas": 2}, "replicas"),
        ({"replicas": 0}, "replicas"),
        ({"read_only_replicas": -1}, "read-only replicas"),
        ({"domain": None}, "domain"),
        ({"domain": "a b"}, "domain"),
        ({"cluster_domain": "a/b"}, "cluster domain"),
        ({"fqdn_template": "{podOrdinal}.{domain}"}, "fqdn template"),
        ({"fqdn_template": "{name}.{domain}"}, "fqdn template"),
        ({"fqdn_template": "{podName}/{domain}"}, "fqdn template"),
        ({"fqdn_template": "{podName}.{domain"}, "fqdn template"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
    ],
)
def test_what_the_operator_would_refuse(values: dict[str, Any], option: str) -> None:
    """A value that makes no names is refused, by the name of its field."""
    good: dict[str, Any] = {"name": "mydb", "replicas": 3, "domain": "kurrent.test"}
    with pytest.raises(InvalidResource) as caught:
        Resource(**(good | values))
    assert {each.option for each in caught.value.problems} == {option}
