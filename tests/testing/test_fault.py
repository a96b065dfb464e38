"""`testing.fault`: each value does to the cluster what its name says."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, get_args

import grpc
import pytest

import kurrent_conn
from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.tls_finding import FindingKind
from kurrent_conn.errors import DiscoveryError
from kurrent_conn.testing import Conduct, SimulatedCluster, fault
from kurrent_conn.testing.certificates import CertificateAuthority, KeyPair
from kurrent_conn.testing.cluster import Isolation
from patience import wait_for
from raw_call import (
    ADMIN,
    DEADLINE_S,
    INSISTING,
    Failure,
    append,
    channel_to,
    failure_of,
    gossip,
    proposed,
    read,
)

ELSEWHERE = Endpoint("elsewhere.kurrent.test", 2113)


@pytest.fixture
def wired(isolation: Isolation) -> Iterator[SimulatedCluster]:
    """Three members behind proxies, of each kind."""
    with SimulatedCluster(isolation=isolation, proxied=True) as running:
        yield running


def refused_gossip(cluster: SimulatedCluster, index: int, timeout_s: float) -> Failure:
    """Ask a node for gossip that it will not give."""
    with (
        channel_to(cluster, cluster.nodes[index]) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        gossip(channel, timeout_s=timeout_s)
    return failure_of(caught.value)


def redirected(cluster: SimulatedCluster, index: int) -> str:
    """Append at a node that refuses, and give the host it names, with its port."""
    with (
        channel_to(cluster, cluster.nodes[index]) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        append(channel, "orders", proposed(b"1"), metadata=INSISTING)
    trailers = failure_of(caught.value).trailers
    return f"{trailers['leader-endpoint-host']!s}:{trailers['leader-endpoint-port']!s}"


def test_every_fault_is_a_value() -> None:
    """All are frozen dataclasses: equal by value, usable in sets."""
    kinds = get_args(fault.Fault)
    assert len(kinds) >= 20
    for kind in kinds:
        assert is_dataclass(kind)
    assert fault.Kill(1) == fault.Kill(1)
    assert len({fault.Slow(0, 0.1), fault.Slow(0, 0.1), fault.Slow(0, 0.2)}) == 2


def test_life_and_death(cluster: SimulatedCluster) -> None:
    """Kill, restart, freeze, thaw and elect, by index and as the leader."""
    nodes = cluster.nodes
    cluster.apply(fault.Kill("leader"))
    assert not nodes[0].is_alive
    with pytest.raises(LookupError, match="nobody leads"):
        cluster.apply(fault.Kill("leader"))
    cluster.apply(fault.Elect(1))
    assert cluster.leader is nodes[1]
    cluster.apply(fault.Restart(0))
    assert nodes[0].is_alive
    cluster.apply(fault.Freeze("leader"))
    assert nodes[1].is_frozen
    cluster.apply(fault.Thaw(1))
    assert not nodes[1].is_frozen
    cluster.apply(fault.Resign())
    assert nodes[1].state is NodeState.RESIGNING_LEADER


def test_faults_have_their_time(
    cluster: SimulatedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault with a delay happens then; one that cannot happen is logged."""
    with caplog.at_level(logging.WARNING, "kurrent_conn.testing"):
        cluster.apply(fault.Kill("leader"), after_s=0.5)
        assert cluster.nodes[0].is_alive
        wait_for(lambda: not cluster.nodes[0].is_alive)
        cluster.apply(fault.Resign(), after_s=0.01)
        wait_for(lambda: "did not happen" in caplog.text)


def test_partitions_come_and_go(cluster: SimulatedCluster) -> None:
    """Sides elect for themselves; the lost leader notices; healing joins them."""
    nodes = cluster.nodes
    cluster.apply(fault.Partition(((0,), (1, 2))))
    cluster.apply(fault.Elect(1))
    seen = [nodes[0].state]
    cluster.apply(fault.LoseQuorum(0))
    seen.append(nodes[0].state)
    cluster.apply(fault.Heal())
    cluster.wait_until_settled()
    seen.append(nodes[0].state)
    assert seen == [NodeState.LEADER, NodeState.UNKNOWN, NodeState.FOLLOWER]


def test_deaths_can_go_unnoticed(cluster: SimulatedCluster) -> None:
    """Until it is missed the dead leader is listed as alive."""
    cluster.apply(fault.Kill("leader", noticed_after_s=1.0))
    leader = cluster.nodes[0].advertised

    def listed_alive() -> bool:
        return any(m.is_alive for m in gossip(channel) if m.advertised == leader)

    with channel_to(cluster, cluster.nodes[1]) as channel:
        assert listed_alive()
        wait_for(lambda: not listed_alive())


def test_a_starting_node_is_silent(cluster: SimulatedCluster) -> None:
    """It takes connections and calls, and answers when it has joined."""
    cluster.apply(fault.Restart(2, silent_s=1.0))
    failure = refused_gossip(cluster, 2, timeout_s=0.1)
    assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
    with channel_to(cluster, cluster.nodes[2]) as channel:
        wait_for(lambda: answers(channel))


def answers(channel: grpc.Channel) -> bool:
    """Whether gossip is answered soon."""
    try:
        gossip(channel, timeout_s=0.1)
    except grpc.RpcError:
        return False
    return True


def test_deaf_nodes_are_heard(cluster: SimulatedCluster) -> None:
    """Who hears nothing goes on as before, and says so."""
    cluster.apply(fault.Deafen((2,)))
    cluster.apply(fault.Elect(1))
    cluster.wait_until_settled()
    with channel_to(cluster, cluster.nodes[2]) as channel:
        named = [m.advertised for m in gossip(channel) if m.state is NodeState.LEADER]
    assert named == [cluster.nodes[0].advertised]


def test_behaviours_add_up_until_recovery(cluster: SimulatedCluster) -> None:
    """Slow and lying at once; then neither."""
    lie = (Member(ELSEWHERE, NodeState.LEADER, True),)
    cluster.apply(fault.Slow(0, 0.05))
    cluster.apply(fault.Lie(0, lie))
    with channel_to(cluster, cluster.nodes[0]) as channel:
        started = time.monotonic()
        assert [m.advertised for m in gossip(channel)] == [ELSEWHERE]
        assert time.monotonic() - started >= 0.05
        cluster.apply(fault.Recover(0))
        assert len(gossip(channel)) == 3
    assert cluster.director.conducts[0] == Conduct()


def test_dropped_calls_and_busy_nodes(cluster: SimulatedCluster) -> None:
    """A dropping node answers nothing; a busy one answers that."""
    cluster.apply(fault.Drop(1))
    failure = refused_gossip(cluster, 1, timeout_s=0.1)
    assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
    cluster.apply(fault.TooBusy(0))
    with (
        channel_to(cluster, cluster.nodes[0]) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        append(channel, "orders", proposed(b"1"))
    assert failure_of(caught.value).details == "Server Is Too Busy"


def test_redirects_lead_astray(cluster: SimulatedCluster) -> None:
    """To a node of choice, to itself, and again to the leader."""
    nodes = cluster.nodes
    assert redirected(cluster, 1) == str(nodes[0].advertised)
    cluster.apply(fault.StaleRedirect(1, to=2))
    assert redirected(cluster, 1) == str(nodes[2].advertised)
    cluster.apply(fault.SelfRedirect(1))
    assert redirected(cluster, 1) == str(nodes[1].advertised)
    cluster.apply(fault.Recover(1))
    assert redirected(cluster, 1) == str(nodes[0].advertised)


def test_certificates_are_swapped(cluster: SimulatedCluster) -> None:
    """New handshakes see the new certificate, restarts and thaws included."""
    wrong = cluster.authority.issue(["elsewhere.kurrent.test"])
    cluster.apply(fault.SwapCertificate(0, wrong))
    assert refused_gossip(cluster, 0, 5).code is grpc.StatusCode.UNAVAILABLE
    cluster.apply(fault.Restart(0))
    assert refused_gossip(cluster, 0, 5).code is grpc.StatusCode.UNAVAILABLE
    cluster.apply(fault.Freeze(1))
    cluster.apply(fault.SwapCertificate(1, wrong))
    cluster.apply(fault.Thaw(1))
    assert refused_gossip(cluster, 1, 5).code is grpc.StatusCode.UNAVAILABLE


def test_a_rolling_restart_keeps_a_leader(cluster: SimulatedCluster) -> None:
    """Every node is a new instance afterwards, somebody leads, all follow."""
    with channel_to(cluster, cluster.nodes[1]) as channel:
        before = {m.instance_id for m in gossip(channel)}
    cluster.apply(fault.RollingRestart(pause_s=0.01))
    cluster.wait_until_settled()
    with channel_to(cluster, cluster.nodes[1]) as channel:
        after = gossip(channel)
    assert not before & {m.instance_id for m in after}
    assert sorted(m.state for m in after) == [
        NodeState.FOLLOWER,
        NodeState.FOLLOWER,
        NodeState.LEADER,
    ]


def test_faults_on_the_wire(wired: SimulatedCluster) -> None:
    """Cut, reset, stalled and trickling connections of one node."""
    with channel_to(wired, wired.nodes[0]) as channel:
        assert len(gossip(channel)) == 3
        wired.apply(fault.Stall("leader"))
        with pytest.raises(grpc.RpcError) as caught:
            gossip(channel, timeout_s=0.1)
        assert failure_of(caught.value).code is grpc.StatusCode.DEADLINE_EXCEEDED
        wired.apply(fault.Flow(0))
        assert len(gossip(channel)) == 3
    for reset in (False, True):
        # A channel of its own: one that was cut may refuse the call before the cut.
        with channel_to(wired, wired.nodes[0]) as channel:
            assert len(gossip(channel)) == 3
            call: Any = channel.unary_unary("/event_store.client.gossip.Gossip/Read")
            wired.apply(fault.Drop(0))
            waiting = call.future(b"", timeout=5)
            wired.apply(fault.CutConnections(0, reset=reset), after_s=0.05)
            error = waiting.exception()
            assert isinstance(error, grpc.RpcError)
            assert failure_of(error).code is grpc.StatusCode.UNAVAILABLE
            wired.apply(fault.Recover(0))
    wired.apply(fault.Trickle(0, 20_000))
    with channel_to(wired, wired.nodes[0]) as channel:
        started = time.monotonic()
        assert len(gossip(channel)) == 3
        assert time.monotonic() - started >= 0.02


def test_a_process_without_a_proxy_has_no_wire_to_disturb() -> None:
    """The error says what to ask for."""
    with (
        SimulatedCluster(1, isolation="process") as cluster,
        pytest.raises(LookupError, match="proxied=True"),
    ):
        cluster.apply(fault.Stall(0))


@pytest.fixture(scope="module", params=["thread", "process"])
def fronts(request: pytest.FixtureRequest) -> Iterator[SimulatedCluster]:
    """Three members behind fronts, of each kind."""
    with SimulatedCluster(isolation=request.param, proxied=True) as running:
        yield running


@pytest.fixture
def fronted(fronts: SimulatedCluster) -> Iterator[SimulatedCluster]:
    """The same for many tests; node 0 recovers after each."""
    yield fronts
    fronts.apply(fault.Recover(0))


def refused_channel(
    cluster: SimulatedCluster, certificate: KeyPair | None = None
) -> str:
    """Ask node 0 over a new TLS connection that cannot be; give the status text."""
    with (
        channel_to(cluster, cluster.nodes[0], certificate=certificate) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        gossip(channel)
    failure = failure_of(caught.value)
    assert failure.code is grpc.StatusCode.UNAVAILABLE
    return failure.details


@pytest.mark.parametrize(
    "greeting", [fault.NoAlpn(0), fault.PlaintextPort(0), fault.DemandCertificate(0)]
)
def test_false_greetings_keep_new_clients_out(
    fronted: SimulatedCluster, greeting: fault.GreetingFault
) -> None:
    """Open connections and other nodes are as before, until the node recovers."""
    with channel_to(fronted, fronted.nodes[0]) as before:
        assert len(gossip(before)) == 3
        fronted.apply(greeting)
        refused_channel(fronted)
        assert len(gossip(before)) == 3
    with channel_to(fronted, fronted.nodes[1]) as other:
        assert len(gossip(other)) == 3
    fronted.apply(fault.Restart(0))
    refused_channel(fronted)
    fronted.apply(fault.Recover(0))
    with channel_to(fronted, fronted.nodes[0]) as again:
        assert len(gossip(again)) == 3


def test_no_alpn_is_what_grpc_complains_about(fronted: SimulatedCluster) -> None:
    """The certificate is fine, the protocol is not agreed on."""
    fronted.apply(fault.NoAlpn(0))
    assert "ALPN" in refused_channel(fronted)
    context = ssl.create_default_context(cafile=fronted.ca_file)
    context.set_alpn_protocols(["h2", "http/1.1"])
    where = fronted.nodes[0].endpoint
    with (
        socket.create_connection((where.host, where.port), 5) as plain,
        context.wrap_socket(plain, server_hostname=where.host) as client,
    ):
        assert client.selected_alpn_protocol() is None


def test_a_plaintext_port_serves_plaintext(fronted: SimulatedCluster) -> None:
    """To clients that expect nothing else; to no others."""
    fronted.apply(fault.PlaintextPort(0))
    with grpc.insecure_channel(str(fronted.nodes[0].endpoint)) as channel:
        assert len(gossip(channel)) == 3


def test_a_demanded_certificate_lets_its_owner_in(fronted: SimulatedCluster) -> None:
    """One of the cluster's CA does, one of another CA does not."""
    fronted.apply(fault.DemandCertificate(0))
    good = fronted.authority.issue([], usages=["client"])
    with channel_to(fronted, fronted.nodes[0], certificate=good) as channel:
        assert len(gossip(channel)) == 3
    refused_channel(fronted, CertificateAuthority.create().issue([], usages=["client"]))


@pytest.mark.parametrize(
    ("greeting", "kind"),
    [
        (fault.NoAlpn, FindingKind.NO_ALPN_H2),
        (fault.PlaintextPort, FindingKind.PLAINTEXT),
        (fault.DemandCertificate, FindingKind.CLIENT_CERTIFICATE_REJECTED),
    ],
)
def test_a_client_of_ours_names_what_it_met(
    greeting: type[fault.GreetingFault], kind: FindingKind
) -> None:
    """Each false greeting is a finding of its own."""
    with SimulatedCluster(2) as cluster:
        for node in cluster.nodes:
            cluster.apply(greeting(node.index))
        with pytest.raises(DiscoveryError) as caught:
            kurrent_conn.connect(cluster.connection_string(), timeout=DEADLINE_S)
    assert kind in {finding.kind for finding in caught.value.findings}


def test_a_process_without_a_front_greets_as_it_is() -> None:
    """The error says what to ask for."""
    with (
        SimulatedCluster(1, isolation="process") as cluster,
        pytest.raises(LookupError, match="proxied=True"),
    ):
        cluster.apply(fault.NoAlpn(0))


def test_a_leader_dies_with_an_append_in_its_hands(cluster: SimulatedCluster) -> None:
    """Before it looks at it, or once it has written it: the client cannot tell."""
    for stream, is_served in (("unwritten", False), ("written", True)):
        leader = cluster.leader
        assert leader is not None
        cluster.apply(
            fault.Kill("leader"),
            at_call=fault.AtCall("append", number=2, is_served=is_served),
        )
        with channel_to(cluster, leader) as channel:
            append(channel, "first", proposed(b"1"), metadata=ADMIN)
            with pytest.raises(grpc.RpcError) as caught:
                append(channel, stream, proposed(b"2"), metadata=ADMIN)
        assert failure_of(caught.value).code is grpc.StatusCode.UNAVAILABLE
        assert not leader.is_alive
        cluster.elect(2 if leader.index == 0 else 1)
        leader.restart()
    cluster.wait_until_settled()
    with channel_to(cluster, cluster.nodes[1]) as channel:
        (missing,) = read(channel, "unwritten")
        assert missing.WhichOneof("content") == "stream_not_found"
        (found,) = read(channel, "written")
        assert found.event.event.data == b"2"


def test_a_call_goes_on_once_it_has_happened(cluster: SimulatedCluster) -> None:
    """And meets what the fault has made of its node; other nodes and calls do not."""
    cluster.apply(fault.Resign(), at_call=fault.AtCall("append"))
    with channel_to(cluster, cluster.nodes[0]) as channel:
        assert len(gossip(channel)) == 3
        read(channel, "orders")
        with pytest.raises(grpc.RpcError) as caught:
            append(channel, "orders", proposed(b"1"), metadata=ADMIN)
        assert failure_of(caught.value).details == "Server Is Not Ready"
        cluster.apply(fault.Elect(0, 0.05), at_call=fault.AtCall("gossip", node=0))
        assert len(gossip(channel)) == 3
        wait_for(lambda: cluster.leader is cluster.nodes[0])
        cluster.wait_until_settled()  # a process hears of it a moment later
        append(channel, "orders", proposed(b"2"), metadata=ADMIN)
        cluster.apply(fault.Slow(0, 0.01), at_call=fault.AtCall("read", is_served=True))
        assert len(read(channel, "orders")) == 1
        assert cluster.director.conducts[0] == Conduct(delay_s=0.01)


def test_a_node_waits_for_one_call_at_a_time() -> None:
    """A second order is refused; one that cannot be carried out lets the call go."""
    with SimulatedCluster(2) as cluster:
        at = fault.AtCall("append", node=0)
        cluster.apply(fault.Elect(1), at_call=at)
        with pytest.raises(RuntimeError, match="waits for a call already"):
            cluster.apply(fault.Kill(0), at_call=at)
        cluster.nodes[1].kill()
        with channel_to(cluster, cluster.nodes[0]) as channel:
            with pytest.raises(grpc.RpcError) as caught:
                append(channel, "orders", proposed(b"1"), metadata=ADMIN)
            assert failure_of(caught.value).code is grpc.StatusCode.UNAVAILABLE
            cluster.elect(0)
            append(channel, "orders", proposed(b"1"), metadata=ADMIN)
