"""A channel verifies the advertised name, whatever is dialled for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import kurrent_conn
from kurrent_conn import DiscoveryError, Endpoint, FindingKind, Settings, aio
from kurrent_conn.core.route import Route
from kurrent_conn.shells.channel_option import channel_options, target
from kurrent_conn.testing import SimulatedCluster

FEATURES = "/event_store.client.server_features.ServerFeatures/GetSupportedMethods"


@pytest.fixture
def named() -> Iterator[SimulatedCluster]:
    """A cluster whose certificates carry one advertised name each, and no more."""
    with SimulatedCluster(
        advertise="n{index}.kurrent.test:2113",
        certificate_names=lambda index: [f"n{index}.kurrent.test"],
    ) as cluster:
        yield cluster


def string_of(cluster: SimulatedCluster) -> str:
    """Write a connection string whose seeds are the advertised names."""
    names = ",".join(str(node.advertised) for node in cluster.nodes)
    return f"kurrentdb://admin:changeit@{names}?tlsCaFile={cluster.ca_file}"


def straight(cluster: SimulatedCluster) -> dict[str, str]:
    """Lead each name to its own node."""
    return {n.advertised.host: str(n.endpoint) for n in cluster.nodes}


def crossed(cluster: SimulatedCluster) -> dict[str, str]:
    """Lead each name to the next node: wrong rules, or an impostor."""
    places = [str(node.endpoint) for node in cluster.nodes]
    names = [node.advertised.host for node in cluster.nodes]
    return dict(zip(names, [*places[1:], places[0]], strict=True))


def test_the_right_route_is_verified_by_the_advertised_name(
    named: SimulatedCluster,
) -> None:
    """The address that is dialled stands on no certificate here."""
    with kurrent_conn.connect(
        string_of(named), overrides=straight(named)
    ) as connection:
        call: Any = connection.channel.unary_unary(FEATURES)
        assert call(b"")


def test_a_wrong_route_fails_and_cannot_impersonate(named: SimulatedCluster) -> None:
    """A node of the same CA, but of another name, is refused by name."""
    with pytest.raises(DiscoveryError) as caught:
        kurrent_conn.connect(string_of(named), overrides=crossed(named))
    expected = {finding.expected_name for finding in caught.value.findings}
    kinds = {finding.kind for finding in caught.value.findings}
    assert kinds == {FindingKind.NAME_MISMATCH}
    assert expected == set(crossed(named))


async def test_a_wrong_route_fails_in_asyncio_too(named: SimulatedCluster) -> None:
    """The twin verifies alike."""
    with pytest.raises(DiscoveryError, match="name_mismatch"):
        async with aio.connect(string_of(named), overrides=crossed(named)):
            pass


def test_names_are_overridden_only_where_they_differ() -> None:
    """A name that is dialled as it is needs no override."""
    settings = Settings(hosts=(Endpoint("n1"),))
    same = Route(Endpoint("10.0.0.1"), "10.0.0.1")
    other = Route(Endpoint("10.0.0.1"), "n1.kurrent.test")
    assert "grpc.default_authority" not in dict(
        channel_options(same, settings, "agent", same.server_name)
    )
    options = dict(channel_options(other, settings, "agent", other.server_name))
    assert options["grpc.default_authority"] == "n1.kurrent.test"
    assert options["grpc.ssl_target_name_override"] == "n1.kurrent.test"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Endpoint("10.0.0.1", 2113), "ipv4:10.0.0.1:2113"),
        (Endpoint("::1", 443), "ipv6:[::1]:443"),
    ],
)
def test_targets_are_addresses(where: Endpoint, expected: str) -> None:
    """Names are resolved before a channel is made."""
    assert target(where) == expected
