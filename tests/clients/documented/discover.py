"""What is documented of connection strings, discovery and reconnecting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from kurrentdbclient import KurrentDBClient, StreamState
from kurrentdbclient.exceptions import (
    DiscoveryFailedError,
    FollowerNotFoundError,
    NodeIsNotLeaderError,
    ReadOnlyReplicaNotFoundError,
    UnauthenticatedError,
)

from kurrent_conn.testing import Conduct, SimulatedCluster
from tests.clients.behaviour import Rows, Scene, new_event, new_stream

ROWS = Rows("discover")


@ROWS.holds
def one_target_is_just_connected_to(scene: Scene) -> None:
    """With one host the client uses that server, whatever its role."""
    follower = scene.cluster.nodes[1]
    client = scene.connect(scene.uri(follower))
    assert client.connection_target == str(follower.endpoint)


@ROWS.holds
def several_targets_lead_to_the_leader(scene: Scene) -> None:
    """With several hosts it asks for the members and goes to the leader by default."""
    client = scene.connect()
    assert client.connection_target == str(scene.cluster.nodes[0].endpoint)


@ROWS.holds_when_it_fails
def targets_are_asked_in_turn(scene: Scene) -> None:
    """A host that does not answer is passed over for the next one."""
    scene.cluster.nodes[0].kill()
    scene.cluster.elect(2)
    client = scene.connect()
    assert client.connection_target == str(scene.cluster.nodes[2].endpoint)


@ROWS.holds
def a_follower_can_be_preferred(scene: Scene) -> None:
    """`NodePreference=follower` leads to a follower."""
    client = scene.connect(NodePreference="follower")
    followers = {str(node.endpoint) for node in scene.cluster.nodes[1:]}
    assert client.connection_target in followers


@ROWS.holds
def anybody_can_be_preferred(scene: Scene) -> None:
    """`NodePreference=random` leads to any member."""
    client = scene.connect(NodePreference="random")
    members = {str(node.endpoint) for node in scene.cluster.nodes}
    assert client.connection_target in members


@ROWS.holds
def a_replica_can_be_preferred(scene: Scene) -> None:  # noqa: ARG001 - has its own cluster
    """`NodePreference=readonlyreplica` leads to a read-only replica."""
    with SimulatedCluster(1, read_only_replicas=1) as cluster:
        uri = cluster.connection_string(NodePreference="readonlyreplica")
        client = KurrentDBClient(uri.replace("kurrentdb://", "kurrentdb+discover://"))
        assert client.connection_target == str(cluster.nodes[1].endpoint)
        client.close()


@ROWS.holds_when_it_fails
def a_follower_that_is_not_there_is_missed(scene: Scene) -> None:
    """Preferring a follower raises where no member follows."""
    for node in scene.cluster.nodes[1:]:
        node.kill()
    scene.cluster.elect(0)
    with pytest.raises(FollowerNotFoundError):
        scene.connect(NodePreference="follower", MaxDiscoverAttempts=1)


@ROWS.holds
def a_replica_that_is_not_there_is_missed(scene: Scene) -> None:
    """Preferring a read-only replica raises where there is none."""
    with pytest.raises(ReadOnlyReplicaNotFoundError):
        scene.connect(NodePreference="readonlyreplica", MaxDiscoverAttempts=1)


@ROWS.holds
def a_name_is_discovered(scene: Scene) -> None:
    """`kurrentdb+discover` asks behind one name and goes to the leader."""
    uri = scene.uri(scene.cluster.nodes[2]).replace("://", "+discover://")
    client = scene.connect(uri)
    assert client.connection_target == str(scene.cluster.nodes[0].endpoint)


@ROWS.holds
def schemes_have_synonyms(scene: Scene) -> None:
    """`kdb` and `esdb` are synonyms, and so are they with `+discover`."""
    leader = str(scene.cluster.nodes[0].endpoint)
    for scheme in ("kdb", "esdb", "kdb+discover", "esdb+discover"):
        uri = scene.uri(scene.cluster.nodes[0]).replace("kurrentdb", scheme, 1)
        assert scene.connect(uri).connection_target == leader


@ROWS.holds
def fields_come_in_any_case(scene: Scene) -> None:
    """Fields and values are read in any case."""
    client = scene.connect(NODEPREFERENCE="FOLLOWER")
    followers = {str(node.endpoint) for node in scene.cluster.nodes[1:]}
    assert client.connection_target in followers


@ROWS.holds
def the_first_of_equal_fields_counts(scene: Scene) -> None:
    """Of fields that are repeated, the first counts."""
    uri = scene.cluster.connection_string(NodePreference="follower")
    client = scene.connect(f"{uri}&NodePreference=leader")
    followers = {str(node.endpoint) for node in scene.cluster.nodes[1:]}
    assert client.connection_target in followers


@ROWS.holds
def fields_without_a_value_are_ignored(scene: Scene) -> None:
    """A field that says nothing is as good as none."""
    client = scene.connect(f"{scene.cluster.connection_string()}&NodePreference=")
    assert client.connection_target == str(scene.cluster.nodes[0].endpoint)


@ROWS.holds
def credentials_come_from_the_connection_string(scene: Scene) -> None:
    """User and password of the connection string are sent with every call."""
    uri = scene.cluster.connection_string(credentials="admin:guess")
    with pytest.raises(UnauthenticatedError):
        scene.connect(uri)


@ROWS.holds
def a_plain_server_wants_tls_false(scene: Scene) -> None:  # noqa: ARG001 - has its own cluster
    """`Tls=false` is for servers without TLS, and needs no credentials."""
    with SimulatedCluster(1, tls=False) as cluster:
        client = KurrentDBClient(f"kurrentdb://{cluster.nodes[0].endpoint}?Tls=false")
        client.append_to_stream(
            new_stream(), current_version=StreamState.ANY, events=new_event()
        )
        client.close()


@ROWS.holds
def the_ca_may_be_an_argument(scene: Scene) -> None:
    """`root_certificates` says the same as `tlsCaFile`."""
    node, ca_file = scene.cluster.nodes[0], scene.cluster.ca_file
    assert ca_file is not None
    client = KurrentDBClient(
        f"kurrentdb://admin:changeit@{node.endpoint}",
        root_certificates=ca_file.read_bytes(),
    )
    assert client.get_current_version(new_stream()) is StreamState.NO_STREAM
    client.close()


@ROWS.holds_when_it_fails
def gossip_is_given_up_in_time(scene: Scene) -> None:
    """`GossipTimeout`, in seconds, bounds how long a silent host is waited for."""
    scene.cluster.nodes[0].behave(Conduct(is_silent=True))
    client = scene.connect(GossipTimeout=1, NodePreference="follower")
    followers = {str(node.endpoint) for node in scene.cluster.nodes[1:]}
    assert client.connection_target in followers


@ROWS.holds_when_it_fails
def discovery_is_attempted_so_often(scene: Scene) -> None:
    """`MaxDiscoverAttempts` rounds, `DiscoveryInterval` ms apart, and it is raised."""
    for node in scene.cluster.nodes:
        node.kill()
    with pytest.raises(DiscoveryFailedError):
        scene.connect(MaxDiscoverAttempts=2, DiscoveryInterval=1)


@ROWS.holds_when_it_fails
def discovery_outlives_an_election(scene: Scene) -> None:
    """Within its attempts it waits for a leader to be there."""
    scene.cluster.elect(1, after_s=0.2)
    client = scene.connect(MaxDiscoverAttempts=100, DiscoveryInterval=20)
    assert client.connection_target == str(scene.cluster.nodes[1].endpoint)


@ROWS.holds_when_it_fails
def a_new_leader_is_followed(scene: Scene) -> None:
    """When the leader becomes a follower the client goes to the new one by itself."""
    scene.cluster.elect(1)
    scene.cluster.wait_until_settled()
    scene.written(1)
    assert scene.client.connection_target == str(scene.cluster.nodes[1].endpoint)


@ROWS.holds_when_it_fails
def a_new_leader_is_not_followed_from_one_target(scene: Scene) -> None:
    """With one host it stays, and calls raise once that node follows."""
    client = scene.connect(scene.uri(scene.cluster.nodes[0]))
    scene.cluster.elect(1)
    scene.cluster.wait_until_settled()
    with pytest.raises(NodeIsNotLeaderError):
        client.get_stream(new_stream())


@ROWS.holds_when_it_fails
def a_follower_that_leads_is_kept(scene: Scene) -> None:
    """A client that prefers followers stays when its follower becomes the leader."""
    client = scene.connect(NodePreference="follower")
    target = client.connection_target
    (node,) = [n for n in scene.cluster.nodes if str(n.endpoint) == target]
    scene.cluster.elect(node)
    scene.cluster.wait_until_settled()
    assert client.get_current_version(new_stream()) is StreamState.NO_STREAM
    assert client.connection_target == target


@ROWS.holds_when_it_fails
def one_can_reconnect_by_hand(scene: Scene) -> None:
    """`reconnect` looks for a suitable node again."""
    client = scene.connect(NodePreference="follower")
    (node,) = [
        n for n in scene.cluster.nodes if str(n.endpoint) == client.connection_target
    ]
    scene.cluster.elect(node)
    scene.cluster.wait_until_settled()
    client.reconnect()
    assert client.connection_target != str(node.endpoint)


@ROWS.holds
def threads_reconnect_together(scene: Scene) -> None:
    """`reconnect` may be called by several threads; all return."""
    client = scene.connect()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(client.reconnect) for _ in range(4)]:
            done.result()
    assert client.connection_target == str(scene.cluster.nodes[0].endpoint)


@ROWS.holds
def a_closed_client_is_closed(scene: Scene) -> None:
    """`close` ends its connection."""
    client = KurrentDBClient(scene.cluster.connection_string())
    client.close()
    assert client.is_closed


@ROWS.holds_when_it_fails
def an_unavailable_server_is_left(scene: Scene) -> None:
    """When the server is gone the client reconnects and repeats what failed."""
    scene.cluster.nodes[0].kill()
    scene.cluster.elect(2)
    scene.written(1)
    assert scene.client.connection_target == str(scene.cluster.nodes[2].endpoint)
