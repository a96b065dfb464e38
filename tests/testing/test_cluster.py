"""`SimulatedCluster` keeps its public contract, whatever its nodes are made of."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import grpc
import pytest

from kurrent_conn.core.cluster import Member, NodeState
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing import (
    CertificateAuthority,
    Conduct,
    SimulatedCluster,
    SimulatedNode,
)
from kurrent_conn.testing.cluster import Isolation
from kurrent_conn.testing.stages.doorway import ClientCertificates
from kurrent_conn.wire.gossip import READ_METHOD, READ_REQUEST
from kurrent_conn.wire.protos import streams_pb2
from kurrent_conn.wire.server_features import (
    GET_SUPPORTED_METHODS,
    decode_supported_methods,
)
from patience import wait_for
from raw_call import (
    ADMIN,
    DEADLINE_S,
    INSISTING,
    STREAMS,
    append,
    channel_to,
    failure_of,
    gossip,
    proposed,
    read,
    read_request,
)


def states(members: tuple[Member, ...]) -> dict[Endpoint, tuple[int, bool]]:
    """Say who is in which state, and alive."""
    return {m.advertised: (m.state, m.is_alive) for m in members}


def refuses(node: SimulatedNode) -> bool:
    """Whether the node's port refuses a connection."""
    with socket.socket() as probe:
        return probe.connect_ex((node.endpoint.host, node.endpoint.port)) != 0


def test_the_first_node_leads_and_the_others_follow(cluster: SimulatedCluster) -> None:
    """A fresh cluster has settled; every node says so, in the server's order."""
    assert cluster.leader is cluster.nodes[0]
    expected = {
        cluster.nodes[0].advertised: (NodeState.LEADER, True),
        cluster.nodes[1].advertised: (NodeState.FOLLOWER, True),
        cluster.nodes[2].advertised: (NodeState.FOLLOWER, True),
    }
    for node in cluster.nodes:
        with channel_to(cluster, node) as channel:
            members = gossip(channel)
        assert states(members) == expected
        ports = [m.advertised.port for m in members]
        assert ports == sorted(ports, reverse=True)
        assert len({m.instance_id for m in members}) == 3


def test_a_killed_node_refuses_and_stays_listed(cluster: SimulatedCluster) -> None:
    """Connections break, the port refuses, gossip keeps the state; nobody leads."""
    leader, survivor, _ = cluster.nodes
    with channel_to(cluster, leader) as channel:
        gossip(channel)
        call: Any = channel.unary_stream(STREAMS + "Read")
        subscription = call(
            read_request(None, subscribe=True), metadata=ADMIN, timeout=DEADLINE_S
        )
        next(subscription)
        leader.kill()
        with pytest.raises(grpc.RpcError) as caught:
            list(subscription)
        assert failure_of(caught.value).code is grpc.StatusCode.UNAVAILABLE
    assert refuses(leader)
    assert not leader.is_alive
    assert cluster.leader is None
    with channel_to(cluster, survivor) as channel:
        assert states(gossip(channel))[leader.advertised] == (NodeState.LEADER, False)


def test_an_election_has_a_leaderless_interval(cluster: SimulatedCluster) -> None:
    """Until the winner leads everybody is Unknown; the others until they report."""
    _, winner, other = cluster.nodes
    cluster.nodes[0].kill()
    election = cluster.elect(winner, after_s=1.0)
    assert not election.is_done
    assert cluster.leader is None
    with channel_to(cluster, other) as channel:
        seen = states(gossip(channel))
        assert seen[winner.advertised] == (NodeState.UNKNOWN, True)
        assert seen[other.advertised] == (NodeState.UNKNOWN, True)
        assert seen[cluster.nodes[0].advertised] == (NodeState.LEADER, False)
        elected_at = election.wait()
        assert elected_at <= time.monotonic()
        cluster.wait_until_settled()
        seen = states(gossip(channel))
    assert cluster.leader is winner
    assert seen[winner.advertised] == (NodeState.LEADER, True)
    assert seen[other.advertised] == (NodeState.FOLLOWER, True)
    assert seen[cluster.nodes[0].advertised] == (NodeState.UNKNOWN, False)


def test_others_are_unknown_until_they_report() -> None:
    """Right after an election gossip has a leader and nobody to follow it."""
    with SimulatedCluster(settle_s=30) as cluster:
        cluster.elect(2)
        with channel_to(cluster, cluster.nodes[1]) as channel:
            seen = states(gossip(channel))
    assert sorted(seen.values()) == [
        (NodeState.UNKNOWN, True),
        (NodeState.UNKNOWN, True),
        (NodeState.LEADER, True),
    ]


def test_a_frozen_node_takes_connections_and_says_nothing(
    cluster: SimulatedCluster,
) -> None:
    """It accepts and never answers; thawed, it answers what was asked, and follows."""
    leader, winner, _ = cluster.nodes
    with channel_to(cluster, leader) as channel:
        gossip(channel)
        leader.freeze()
        assert leader.is_alive
        assert not refuses(leader)
        call: Any = channel.unary_unary(READ_METHOD)
        waiting = call.future(READ_REQUEST, timeout=DEADLINE_S)
        with pytest.raises(grpc.RpcError) as caught:
            gossip(channel, timeout_s=0.2)
        assert failure_of(caught.value).code is grpc.StatusCode.DEADLINE_EXCEEDED
        cluster.elect(winner)
        with channel_to(cluster, winner) as to_winner:
            append(to_winner, "orders", proposed(b"1"), metadata=INSISTING)
        leader.thaw()
        assert waiting.result()
    cluster.wait_until_settled()
    assert leader.state is NodeState.FOLLOWER
    with channel_to(cluster, leader) as channel:
        assert len(read(channel, "orders")) == 1


def test_a_resigning_leader_reads_and_does_not_write(cluster: SimulatedCluster) -> None:
    """Writes find the server not ready; nobody else is elected by that."""
    leader = cluster.nodes[0]
    leader.resign()
    assert leader.state is NodeState.RESIGNING_LEADER
    with channel_to(cluster, leader) as channel:
        read(channel, "orders", INSISTING)
        with pytest.raises(grpc.RpcError) as caught:
            append(channel, "orders", proposed(b"1"))
    assert failure_of(caught.value).details == "Server Is Not Ready"


def test_a_forwarded_append_is_on_every_node(cluster: SimulatedCluster) -> None:
    """A follower hands the write on, and each node reads it."""
    with channel_to(cluster, cluster.nodes[1]) as channel:
        answer = append(channel, "orders", proposed(b"1"))
        assert answer.success.current_revision == 0
        assert len(read(channel, "orders")) == 1
    with channel_to(cluster, cluster.nodes[0]) as channel:
        assert len(read(channel, "orders", INSISTING)) == 1


def test_three_hundred_subscriptions_get_every_event(isolation: Isolation) -> None:
    """Live subscriptions cost a node no thread each: all of them hear of an append."""
    count = 300
    with (
        SimulatedCluster(1, isolation=isolation, max_streams=count + 10) as cluster,
        channel_to(cluster, cluster.nodes[0]) as channel,
    ):
        call: Any = channel.unary_stream(STREAMS + "Read")
        open_calls = [
            call(read_request(None, subscribe=True), metadata=ADMIN, timeout=50)
            for _ in range(count)
        ]
        for subscription in open_calls:
            # The confirmation, then that it has caught up.
            next(subscription)
            next(subscription)
        append(channel, "orders", proposed(b"1"))
        for subscription in open_calls:
            answer = streams_pb2.ReadResp.FromString(next(subscription))
            assert answer.event.event.data == b"1"
        for subscription in open_calls:
            subscription.cancel()


@pytest.mark.parametrize("isolation", ["process"])  # both have the same server
def test_pings_are_never_answered_with_goaway(cluster: SimulatedCluster) -> None:
    """A client that pings as often as grpcio lets it keeps its silent subscription."""
    options = (
        ("grpc.keepalive_time_ms", 50),
        ("grpc.keepalive_timeout_ms", 5000),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.http2.min_time_between_pings_ms", 10),
        ("grpc.keepalive_permit_without_calls", 1),
    )
    with channel_to(cluster, cluster.nodes[0], *options) as channel:
        call: Any = channel.unary_stream(STREAMS + "Read")
        subscription = call(
            read_request(None, subscribe=True), metadata=ADMIN, timeout=2
        )
        with pytest.raises(grpc.RpcError) as caught:
            list(subscription)
    assert failure_of(caught.value).code is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    ("advertise", "expected"),
    [
        ("n{index}.kurrent.test:2113", ("n1.kurrent.test", 2113)),
        ("n{index}.kurrent.test", ("n1.kurrent.test", None)),
        (":443", ("127.0.0.1", 443)),
        (["a", "b:5", "c"], ("b", 5)),
        (lambda index: Endpoint("x", 100 + index), ("x", 101)),
        (None, ("127.0.0.1", None)),
    ],
)
def test_nodes_advertise_what_they_are_told(
    advertise: Any, expected: tuple[str, int | None]
) -> None:
    """Host and port fall back to the node's own, each for itself."""
    with SimulatedCluster(advertise=advertise) as cluster:
        node = cluster.nodes[1]
        host, port = expected
        assert node.advertised == Endpoint(host, port or node.endpoint.port)
        with channel_to(cluster, cluster.nodes[0]) as channel:
            assert node.advertised in states(gossip(channel))


@pytest.mark.parametrize("proxied", [False, True])
def test_nodes_listen_where_they_are_told(
    isolation: Isolation, *, proxied: bool
) -> None:
    """An address each, one port for all; a killed one comes back on its own."""
    hosts = ["127.0.0.2:21131", "127.0.0.3:21131"]
    with SimulatedCluster(2, isolation=isolation, hosts=hosts, proxied=proxied) as it:
        assert [str(node.endpoint) for node in it.nodes] == hosts
        assert [str(node.advertised) for node in it.nodes] == hosts
        assert ",".join(hosts) in it.connection_string()
        it.nodes[1].kill()
        assert refuses(it.nodes[1])
        it.nodes[1].restart()
        for node in it.nodes:
            with channel_to(it, node) as channel:
                assert len(gossip(channel)) == 2


def test_an_address_of_another_machine_stops_the_start() -> None:
    """The start fails with the address, and what was reserved before is given back."""
    cluster = SimulatedCluster(hosts=["127.0.0.2", "192.0.2.1"])
    with pytest.raises(OSError, match="assign"):
        cluster.start()


def test_certificates_may_come_from_elsewhere() -> None:
    """A given CA signs and is in the CA file; given certificates are presented."""
    authority = CertificateAuthority.create("given")
    with SimulatedCluster(authority=authority) as cluster:
        assert cluster.ca_file is not None
        assert cluster.ca_file.read_bytes() == authority.certificate_pem
        with channel_to(cluster, cluster.nodes[0]) as channel:
            assert gossip(channel)
    given = CertificateAuthority.create("other").issue(["127.0.0.1"])
    with (
        SimulatedCluster(1, authority=authority, certificates=lambda _: given) as other,
        channel_to(other, other.nodes[0]) as channel,
        pytest.raises(grpc.RpcError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        gossip(channel)


def test_the_certificate_names_what_is_advertised() -> None:
    """A client that dials loopback can verify the advertised name."""
    with SimulatedCluster(advertise="n{index}.kurrent.test:2113") as cluster:
        option = ("grpc.ssl_target_name_override", "n1.kurrent.test")
        with channel_to(cluster, cluster.nodes[1], option) as channel:
            assert len(gossip(channel)) == 3
        wrong = ("grpc.ssl_target_name_override", "n2.kurrent.test")
        with (
            channel_to(cluster, cluster.nodes[1], wrong) as channel,
            pytest.raises(grpc.RpcError),
        ):
            gossip(channel)


def test_another_certificate_is_presented_from_then_on(
    cluster: SimulatedCluster,
) -> None:
    """Open connections stay; new handshakes see the new certificate."""
    node = cluster.nodes[0]
    with channel_to(cluster, node) as before:
        gossip(before)
        node.present(cluster.authority.issue(["elsewhere.kurrent.test"]))
        gossip(before)
        with channel_to(cluster, node) as after, pytest.raises(grpc.RpcError):
            gossip(after)


def test_wrong_credentials_are_refused_even_where_none_are_needed(
    cluster: SimulatedCluster,
) -> None:
    """Gossip is anonymous, streams are not, and a wrong password never passes."""
    wrong = (("authorization", "Basic YWRtaW46d3Jvbmc="),)
    with channel_to(cluster, cluster.nodes[0]) as channel:
        assert len(gossip(channel)) == 3
        assert len(gossip(channel, ADMIN)) == 3
        for call in (
            lambda: gossip(channel, wrong),
            lambda: read(channel, "orders", wrong),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                call()
            assert failure_of(caught.value).code is grpc.StatusCode.UNAUTHENTICATED
        with pytest.raises(grpc.RpcError) as caught:
            read(channel, "orders", ())
        assert failure_of(caught.value).trailers == {"exception": "access-denied"}


def test_gossip_can_need_credentials() -> None:
    """With anonymous gossip off, a caller without credentials is denied."""
    with (
        SimulatedCluster(1, anonymous_gossip=False) as cluster,
        channel_to(cluster, cluster.nodes[0]) as channel,
    ):
        with pytest.raises(grpc.RpcError) as caught:
            gossip(channel)
        assert failure_of(caught.value).code is grpc.StatusCode.PERMISSION_DENIED
        assert len(gossip(channel, ADMIN)) == 1


def test_server_features_need_nobodys_permission(cluster: SimulatedCluster) -> None:
    """Every node names its version and its methods, in lower case."""
    with channel_to(cluster, cluster.nodes[2]) as channel:
        call: Any = channel.unary_unary(GET_SUPPORTED_METHODS)
        features = decode_supported_methods(call(b"", timeout=DEADLINE_S))
    assert features.version == "26.1.0"
    assert features.supports("event_store.client.streams.Streams", "BatchAppend")


def test_unknown_methods_are_unimplemented(cluster: SimulatedCluster) -> None:
    """What is not there says so in gRPC's own way."""
    with channel_to(cluster, cluster.nodes[0]) as channel:
        call: Any = channel.unary_unary("/event_store.client.users.Users/Create")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"", timeout=DEADLINE_S, metadata=ADMIN)
    assert failure_of(caught.value).code is grpc.StatusCode.UNIMPLEMENTED


def test_a_node_misbehaves_as_told(cluster: SimulatedCluster) -> None:
    """Slow, silent, busy, lying, and pointing astray; then good again."""
    node, other, _ = cluster.nodes
    elsewhere = Endpoint("elsewhere.kurrent.test", 2113)
    lie = (Member(elsewhere, NodeState.LEADER, True),)
    with (
        channel_to(cluster, node) as channel,
        channel_to(cluster, other) as to_other,
    ):
        node.behave(Conduct(is_silent=True))
        with pytest.raises(grpc.RpcError) as caught:
            gossip(channel, timeout_s=0.1)
        assert failure_of(caught.value).code is grpc.StatusCode.DEADLINE_EXCEEDED
        node.behave(Conduct(is_busy=True))
        with pytest.raises(grpc.RpcError) as caught:
            read(channel, "orders")
        assert failure_of(caught.value).details == "Server Is Too Busy"
        node.behave(Conduct(lie=lie))
        assert [m.advertised for m in gossip(channel)] == [elsewhere]
        other.behave(Conduct(redirect=elsewhere))
        with pytest.raises(grpc.RpcError) as caught:
            append(to_other, "orders", proposed(b"1"), metadata=INSISTING)
        trailers = failure_of(caught.value).trailers
        assert trailers["leader-endpoint-host"] == elsewhere.host
        node.behave(Conduct(delay_s=0.05))
        started = time.monotonic()
        gossip(channel)
        assert time.monotonic() - started >= 0.05
        node.behave(Conduct())
        assert len(gossip(channel)) == 3


def test_sides_of_a_partition_disagree(cluster: SimulatedCluster) -> None:
    """Two nodes name two leaders; the old one writes nothing; healing ends it."""
    old, new, third = cluster.nodes
    cluster.partition([old], [new, third])
    cluster.elect(new)
    cluster.wait_until_settled()
    with channel_to(cluster, old) as to_old, channel_to(cluster, third) as to_third:
        assert states(gossip(to_old))[old.advertised] == (NodeState.LEADER, True)
        seen = states(gossip(to_third))
        assert seen[new.advertised] == (NodeState.LEADER, True)
        assert seen[old.advertised] == (NodeState.UNKNOWN, False)
        with pytest.raises(grpc.RpcError):
            append(to_old, "orders", proposed(b"1"), metadata=INSISTING)
        cluster.lose_quorum(old)
        assert states(gossip(to_old))[old.advertised] == (NodeState.UNKNOWN, True)
        cluster.heal()
        cluster.wait_until_settled()
        assert states(gossip(to_old)) == states(gossip(to_third))
    assert old.state is NodeState.FOLLOWER


def test_connection_strings_carry_options_and_credentials() -> None:
    """Options are spelled as connection strings spell them."""
    with SimulatedCluster(2, read_only_replicas=1) as cluster:
        text = cluster.connection_string(nodePreference="follower", gossipTimeout=3)
        seeds = ",".join(str(node.endpoint) for node in cluster.nodes[:2])
        assert text == (
            f"kurrentdb://admin:changeit@{seeds}?tls=true&tlsCaFile={cluster.ca_file}"
            "&nodePreference=follower&gossipTimeout=3"
        )
        assert "@" not in cluster.connection_string(credentials=None)
    with SimulatedCluster(1, tls=False) as cluster:
        seed = cluster.nodes[0].endpoint
        assert cluster.connection_string() == f"kurrentdb://{seed}?tls=false"
        assert cluster.ca_file is None


def test_processes_are_processes() -> None:
    """Each node is its own process; somebody else's SIGKILL is a kill as well."""
    with SimulatedCluster(2, isolation="process") as cluster:
        pids = [node.pid for node in cluster.nodes]
        assert None not in pids
        assert len({*pids, os.getpid()}) == 3
        victim = cluster.nodes[1]
        died = threading.Event()

        def watch() -> None:
            while victim.is_alive:
                os.sched_yield()
            died.set()

        watcher = threading.Thread(target=watch)
        watcher.start()
        os.kill(pids[1] or 0, 9)
        assert died.wait(DEADLINE_S)
        watcher.join()
        assert refuses(victim)


@pytest.mark.parametrize(
    ("kind", "asks"),
    [("thread", "verified"), ("thread", "required"), ("process", "required")],
)
def test_nodes_look_at_client_certificates(
    kind: Isolation, asks: ClientCertificates
) -> None:
    """A good one is welcome, a strange one is not, and none only where none is due."""
    with SimulatedCluster(1, isolation=kind, client_certificates=asks) as cluster:
        good = cluster.authority.issue([], usages=["client"])
        strange = CertificateAuthority.create().issue([], usages=["client"])
        for certificate, is_served in (
            (good, True),
            (strange, False),
            (None, asks == "verified"),
        ):
            with channel_to(
                cluster, cluster.nodes[0], certificate=certificate
            ) as channel:
                if is_served:
                    assert len(gossip(channel)) == 1
                    continue
                with pytest.raises(grpc.RpcError) as caught:
                    gossip(channel)
                code = failure_of(caught.value).code
                assert code is grpc.StatusCode.UNAVAILABLE


def test_bad_orders_are_refused() -> None:
    """Sizes, isolations and winners that make no sense raise at once."""
    with pytest.raises(ValueError, match="1 to 9"):
        SimulatedCluster(0)
    with pytest.raises(ValueError, match="thread or process"):
        SimulatedCluster(isolation="container")  # type: ignore[arg-type] # that is the point
    with pytest.raises(ValueError, match="ignored, verified or required"):
        SimulatedCluster(client_certificates="optional")  # type: ignore[arg-type] # as above
    with pytest.raises(ValueError, match="a version is like"):
        SimulatedCluster(version="newest")
    with pytest.raises(ValueError, match="needs tls=True"):
        SimulatedCluster(tls=False, client_certificates="required")
    with pytest.raises(ValueError, match="proxied=True"):
        SimulatedCluster(isolation="process", client_certificates="verified")
    cluster = SimulatedCluster(read_only_replicas=1)
    with pytest.raises(RuntimeError, match="not started"):
        cluster.elect(0)
    with cluster:
        with pytest.raises(RuntimeError, match="already"):
            cluster.start()
        with pytest.raises(ValueError, match="cannot be elected"):
            cluster.elect(3)
        cluster.nodes[1].kill()
        with pytest.raises(ValueError, match="cannot be elected"):
            cluster.elect(1)
        doomed = cluster.elect(2, after_s=0.5)
        cluster.nodes[2].kill()
        with pytest.raises(RuntimeError, match="cannot lead"):
            doomed.wait()
    cluster.stop()


def test_nothing_is_left_behind(isolation: Isolation) -> None:
    """Thread, socket, process, file: after a stop there is what was there before."""
    with SimulatedCluster(isolation=isolation):
        """What Python and grpc load once is loaded now."""
    threads, descriptors = set(threading.enumerate()), open_descriptors()
    with SimulatedCluster(isolation=isolation) as cluster:
        directory = Path(str(cluster.ca_file)).parent
        nodes = cluster.nodes
        with channel_to(cluster, nodes[1]) as channel:
            call: Any = channel.unary_stream(STREAMS + "Read")
            subscription = call(read_request(None, subscribe=True), metadata=ADMIN)
            next(subscription)
            nodes[0].kill()
            nodes[2].freeze()
            subscription.cancel()
        pids = [node.pid for node in nodes if node.pid is not None]
    assert not directory.exists()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    for node in nodes:
        assert refuses(node)
    # grpc closes what is left of a channel in threads of its own.
    wait_for(lambda: set(threading.enumerate()) <= threads)
    wait_for(lambda: open_descriptors() <= descriptors)


def open_descriptors() -> int:
    """Count this process's open files and sockets."""
    return len(list(Path("/proc/self/fd").iterdir()))
