"""Planted faults: the doctor names each and only it, and its fix makes it green."""

from __future__ import annotations

import socket
import ssl
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from kurrent_conn import Overrides
from kurrent_conn.diagnose import Finding, Trouble
from kurrent_conn.testing import SimulatedCluster
from kurrent_conn.testing.certificates import CertificateAuthority
from kurrent_conn.testing.conduct import Conduct
from kurrent_conn.testing.stages.reserved_port import ReservedPort
from tests.diagnose.patient import Patient, Planted, counted, patient, to_nodes
from tests.shells.tls_server import Reply, greeting, port

LOCAL = ["localhost", "127.0.0.1"]
FQDN = {"advertise": "mydb-{index}.kurrent.test:2113"}
DEEP = {"advertise": "mydb-{index}.mydb.kurrent.test:2113"}


def closed_port(ill: Patient) -> int:
    """A port of loopback on which nobody listens while the test lasts."""
    reserved = ReservedPort()
    ill.stack.callback(reserved.close)
    return reserved.port


def names_of(ill: Patient, found: Finding) -> None:
    """Issue node 1's certificate with the names that the fix wants."""
    ill.reissue(1, [*LOCAL[:1], *ill.names(found.fixes[0])])


def sound(ill: Patient, _: Finding) -> None:
    """Issue node 1's certificate as it was."""
    ill.reissue(1, LOCAL)


def expire(ill: Patient) -> None:
    """Let node 1's certificate end yesterday."""
    ill.reissue(1, LOCAL, not_after=datetime.now(UTC) - timedelta(days=1))


def begin_later(ill: Patient) -> None:
    """Let node 1's certificate begin tomorrow."""
    ill.reissue(1, LOCAL, not_before=datetime.now(UTC) + timedelta(days=1))


def other_ca(ill: Patient) -> None:
    """Take node 1's certificate from another CA."""
    other = CertificateAuthority.create("another company")
    ill.cluster.nodes[1].present(other.issue(LOCAL))


def without_intermediate(ill: Patient) -> None:
    """Let node 1 send its own certificate alone."""
    issuer = ill.cluster.authority.intermediate()
    ill.cluster.nodes[1].present(issuer.issue(LOCAL, with_chain=False))


def with_intermediate(ill: Patient, _: Finding) -> None:
    """Let node 1 send what is between, too."""
    issuer = ill.cluster.authority.intermediate()
    ill.cluster.nodes[1].present(issuer.issue(LOCAL))


def too_shallow(ill: Patient) -> None:
    """Give all a wildcard for the domain, while their names are a label deeper."""
    ill.overrides = to_nodes(ill)
    for node in range(3):
        ill.reissue(node, [*LOCAL, "*.kurrent.test"])


def deep_enough(ill: Patient, found: Finding) -> None:
    """Issue all with the names of the fix."""
    for node in range(3):
        ill.reissue(node, [*LOCAL, *ill.names(found.fixes[0])])


def behind_an_ingress(ill: Patient) -> None:
    """Advertise a port that the host does not serve, as 2113 behind an Ingress."""
    nodes = ill.cluster.nodes
    rules = {node.advertised.host: "127.0.0.1" for node in nodes}
    ill.overrides = Overrides.from_mapping(rules)


def one_lost_rule(ill: Patient) -> None:
    """Let the rule of member 2 name a host that is not there."""
    rules = {str(n.advertised): str(n.endpoint) for n in ill.cluster.nodes[:2]}
    rules[str(ill.cluster.nodes[2].advertised)] = "mydb-2.kurrent.invalid"
    ill.overrides = Overrides.from_mapping(rules)


def swapped(ill: Patient) -> None:
    """Lead members 0 and 1 to each other."""
    ill.overrides = to_nodes(ill, (1, 0, 2))


def swapped_under_a_wildcard(ill: Patient) -> None:
    """The same, where certificates tell nobody apart."""
    for node in range(3):
        ill.reissue(node, [*LOCAL, "*.kurrent.test"])
    swapped(ill)


def without_leader(ill: Patient) -> None:
    """Begin an election that takes its time."""
    ill.cluster.elect(1, after_s=60)


def elected(ill: Patient, _: Finding) -> None:
    """Bring the election to its end."""
    ill.cluster.elect(0).wait()
    ill.cluster.wait_until_settled()


def split(ill: Patient) -> None:
    """Cut the leader off, and let the others elect another."""
    nodes = ill.cluster.nodes
    ill.cluster.partition(nodes[:1], nodes[1:])
    ill.cluster.elect(1).wait()


def disowned(ill: Patient) -> None:
    """Let nodes 0 and 1 lose sight of node 2, which lives."""
    (seen,) = {view.members for view in ill.examined().case.views}
    lost = ill.cluster.nodes[2].advertised
    lie = tuple(replace(m, is_alive=m.advertised != lost) for m in seen)
    for node in ill.cluster.nodes[:2]:
        node.behave(Conduct(lie=lie))


def seen_again(ill: Patient, _: Finding) -> None:
    """Let them see it again."""
    for node in ill.cluster.nodes[:2]:
        node.behave(Conduct())


def healed(ill: Patient, _: Finding) -> None:
    """Join the sides again."""
    ill.cluster.heal()
    ill.cluster.wait_until_settled()


def restarted(ill: Patient, _: Finding) -> None:
    """Start node 2 again."""
    ill.cluster.nodes[2].restart()
    ill.cluster.wait_until_settled()


def thawed(ill: Patient, _: Finding) -> None:
    """Let node 2 go on."""
    ill.cluster.nodes[2].thaw()
    ill.cluster.wait_until_settled()


def plain_cluster(ill: Patient) -> None:
    """Ask nodes without TLS for TLS."""
    ill.string = ill.cluster.connection_string(tls=True)


def tls_cluster(ill: Patient) -> None:
    """Ask nodes with TLS without it."""
    ill.string = ill.cluster.connection_string(credentials=None, tls=False)


def wrong_password(ill: Patient) -> None:
    """Mistype the password."""
    ill.string = ill.cluster.connection_string(credentials="admin:chanegit")


def as_given(ill: Patient, _: Finding) -> None:
    """Take the connection string that the cluster was given out with."""
    ill.string = ill.cluster.connection_string()


def nobody(ill: Patient) -> None:
    """Give no user."""
    ill.string = ill.cluster.connection_string(credentials=None)


def more_seeds(ill: Patient, *more: str) -> None:
    """Add hosts to the connection string."""
    ill.seeds(*(node.endpoint for node in ill.cluster.nodes), *more)


def another_cluster(ill: Patient) -> None:
    """Name a node of another cluster beside those of this one."""
    other = ill.stack.enter_context(SimulatedCluster(size=1))
    other.nodes[0].present(ill.cluster.authority.issue(LOCAL))
    other.wait_until_settled()
    more_seeds(ill, str(other.nodes[0].endpoint))


def lost(node: int, ill: Patient) -> None:
    """Let a node advertise where nobody is, and be no seed."""
    advertise = ["127.0.0.1"] * 3
    advertise[node] += f":{closed_port(ill)}"
    ill.rebuilt(advertise=advertise)
    others = [n.endpoint for n in ill.cluster.nodes if n.index != node]
    ill.seeds(*others)


def built_well(ill: Patient, _: Finding) -> None:
    """Set the cluster up as it should be."""
    ill.rebuilt()


def nowhere(ill: Patient) -> None:
    """Let node 2 advertise the address that it listens on: all of them."""
    ill.rebuilt(advertise=["127.0.0.1", "127.0.0.1", "0.0.0.0:2113"])
    ill.seeds(*(n.endpoint for n in ill.cluster.nodes[:2]))


def one_name(ill: Patient) -> None:
    """Let all nodes advertise one name, which leads to one of them."""
    ill.overrides = Overrides.from_mapping(
        {"db.kurrent.test": str(ill.cluster.nodes[0].endpoint)}
    )


def own_names(ill: Patient, _: Finding) -> None:
    """Let each advertise its own, as the fix says."""
    ill.rebuilt(**FQDN)
    ill.overrides = to_nodes(ill)


def another_port(ill: Patient, reply: Reply) -> None:
    """Add a seed behind which something else listens."""
    more_seeds(ill, f"127.0.0.1:{ill.stack.enter_context(port(reply))}")


def hang_up(_: socket.socket) -> None:
    """Say nothing, and close."""


def speak_ssh(visitor: socket.socket) -> None:
    """Greet as another protocol does."""
    visitor.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def without_http2(ill: Patient) -> None:
    """Add a seed with a sound certificate that agrees on HTTP/1.1 alone."""
    another_port(ill, greeting(context_of(ill, ("http/1.1",))))


def wants_a_certificate(ill: Patient) -> None:
    """Add a seed that takes no client without a certificate."""
    context = context_of(ill, ("h2",))
    context.verify_mode = ssl.CERT_REQUIRED
    another_port(ill, greeting(context))


def context_of(ill: Patient, protocols: tuple[str, ...]) -> ssl.SSLContext:
    """A server's context with a certificate of the cluster's CA."""
    issued = ill.cluster.authority.issue(LOCAL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        chain, key = Path(directory, "chain"), Path(directory, "key")
        chain.write_bytes(issued.certificate_pem)
        key.write_bytes(issued.key_pem)
        context.load_cert_chain(chain, key)
    context.set_alpn_protocols(list(protocols))
    return context


def another_trust(ill: Patient) -> None:
    """Trust another CA than the one of all nodes."""
    directory = ill.stack.enter_context(tempfile.TemporaryDirectory())
    file = Path(directory, "ca.crt")
    file.write_bytes(CertificateAuthority.create("another CA").certificate_pem)
    ill.string = ill.cluster.connection_string(tlsCaFile=file)


def astray(ill: Patient) -> None:
    """Let node 1 send clients to node 2, which follows."""
    nodes = ill.cluster.nodes
    nodes[1].behave(Conduct(redirect=nodes[2].advertised))


def behaves(ill: Patient, _: Finding) -> None:
    """Let node 1 do its duty again."""
    ill.cluster.nodes[1].behave(Conduct())


PLANTED = (
    Planted(
        Trouble.WRONG_SAN,
        lambda ill: ill.reissue(1, ["localhost", "n1.kurrent.test"]),
        names_of,
    ),
    Planted(Trouble.EXPIRED, expire, sound),
    Planted(Trouble.NOT_YET_VALID, begin_later, sound),
    Planted(Trouble.OTHER_CA, other_ca, sound),
    Planted(Trouble.MISSING_INTERMEDIATE, without_intermediate, with_intermediate),
    Planted(
        Trouble.WRONG_USAGE, lambda ill: ill.reissue(1, LOCAL, usages=["client"]), sound
    ),
    Planted(Trouble.WILDCARD_DEPTH, too_shallow, deep_enough, DEEP),
    Planted(Trouble.PLAINTEXT, plain_cluster, options={"tls": False}),
    Planted(Trouble.TLS_EXPECTED, tls_cluster, as_given),
    Planted(Trouble.MISSING_OVERRIDE, lambda _: None, options=FQDN),
    Planted(
        Trouble.WRONG_PORT,
        behind_an_ingress,
        options={"advertise": "mydb-{index}.kurrent.test:1"},
    ),
    Planted(Trouble.TARGET_UNKNOWN, one_lost_rule, options=FQDN),
    Planted(Trouble.WRONG_NODE, swapped, options=FQDN),
    Planted(
        Trouble.WRONG_NODE,
        swapped_under_a_wildcard,
        options=FQDN,
        name="route-to-wrong-node-under-a-wildcard",
    ),
    Planted(
        Trouble.DEAD_SEED,
        lambda ill: more_seeds(ill, f"127.0.0.1:{closed_port(ill)}"),
    ),
    Planted(
        Trouble.SEED_UNKNOWN, lambda ill: more_seeds(ill, "n9.kurrent.invalid:2113")
    ),
    Planted(Trouble.WRONG_CREDENTIALS, wrong_password, as_given),
    Planted(
        Trouble.GOSSIP_DENIED,
        nobody,
        as_given,
        {"anonymous_gossip": False},
    ),
    Planted(Trouble.NO_LEADER, without_leader, elected),
    Planted(Trouble.SPLIT_BRAIN, split, healed),
    Planted(Trouble.DISOWNED, disowned, seen_again),
    Planted(Trouble.DEAD_MEMBER, lambda ill: ill.cluster.nodes[2].kill(), restarted),
    Planted(Trouble.SILENT, lambda ill: ill.cluster.nodes[2].freeze(), thawed),
    Planted(
        Trouble.SILENT,
        lambda ill: ill.cluster.nodes[1].behave(Conduct(is_silent=True)),
        behaves,
        name="silent-node-with-tls",
    ),
    Planted(Trouble.MEMBERS_DISAGREE, another_cluster, as_given),
    Planted(
        Trouble.DUPLICATE_NAMES,
        one_name,
        own_names,
        {"advertise": "db.kurrent.test:2113"},
    ),
    Planted(Trouble.LEADER_UNREACHABLE, partial(lost, 0), built_well),
    Planted(Trouble.MEMBER_UNREACHABLE, partial(lost, 2), built_well),
    Planted(Trouble.ADVERTISES_NOWHERE, nowhere, built_well),
    Planted(Trouble.NOT_TLS, lambda ill: another_port(ill, speak_ssh), as_given),
    Planted(Trouble.HANGS_UP, lambda ill: another_port(ill, hang_up), as_given),
    Planted(Trouble.NO_HTTP2, without_http2, as_given),
    Planted(Trouble.CLIENT_CERTIFICATE, wants_a_certificate, as_given),
    Planted(Trouble.UNTRUSTED, another_trust, as_given),
    Planted(Trouble.REDIRECTS_ASTRAY, astray, behaves),
)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.title)
def test_a_planted_fault_is_named_alone_and_its_fix_heals(planted: Planted) -> None:
    """The doctor names the fault and nothing else, and is content once it is mended."""
    with patient(**planted.options) as ill:
        planted.plant(ill)
        ill_one = ill.examined()
        found = counted(ill_one)
        assert [each.trouble for each in found] == [planted.trouble], ill_one.verdict
        assert not ill_one.is_healthy
        planted.mend(ill, found[0])
        mended = ill.examined()
        assert mended.is_healthy, mended.verdict


def test_two_faults_are_two_findings() -> None:
    """Nothing is lost when several things are wrong at once, and nothing is added."""
    with patient() as ill:
        expire(ill)
        ill.cluster.nodes[2].kill()
        more_seeds(ill, f"127.0.0.1:{closed_port(ill)}", "n9.kurrent.invalid:2113")
        found = {each.trouble for each in counted(ill.examined())}
    assert found == {
        Trouble.EXPIRED,
        Trouble.DEAD_MEMBER,
        Trouble.DEAD_SEED,
        Trouble.SEED_UNKNOWN,
    }
