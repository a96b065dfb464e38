"""A watched cluster takes faults by name, tells its story, and can be made whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kurrent_conn.testing import WatchedCluster, fault
from kurrent_conn.testing.cluster import Isolation
from kurrent_conn.testing.faults.fault_name import UnknownFault

KINDS: tuple[Isolation, ...] = ("thread", "process")


@pytest.fixture
def watched() -> Iterator[WatchedCluster]:
    """Two members and a replica."""
    with WatchedCluster(2, tls=False, read_only_replicas=1) as running:
        yield running


def story(cluster: WatchedCluster) -> list[tuple[int | None, str]]:
    """What happened, without instants."""
    return [(entry.node, entry.text) for entry in cluster.chronicle.entries()]


def test_the_story_says_what_happened_to_whom(watched: WatchedCluster) -> None:
    """Start, faults, deaths, elections, who takes whom for the leader."""
    watched.apply("kill", node="leader")
    watched.apply("elect", node=1)
    watched.wait_until_settled()
    told = story(watched)
    dead, heir = watched.nodes[0].advertised, watched.nodes[1].advertised
    assert told[0] == (0, "is up as Leader")
    assert (None, "fault: kill node=leader") in told
    assert (0, "is killed") in told
    assert (1, f"takes {dead} for dead") in told
    assert (1, "Unknown -> Leader of term 2") in told
    assert (2, f"takes {heir} for the leader") in told
    assert told[-1] == (2, "ReadOnlyLeaderless -> ReadOnlyReplica")


def test_entries_are_numbered_and_can_be_asked_for_from_a_number_on(
    watched: WatchedCluster,
) -> None:
    """What a control endpoint needs; the text can be cut short."""
    entries = watched.chronicle.entries()
    assert [entry.number for entry in entries] == list(range(watched.chronicle.count))
    assert watched.chronicle.entries(2) == entries[2:]
    assert watched.chronicle.text(most=1).splitlines() == [
        f"      ...  ({len(entries) - 1} earlier lines)",
        str(entries[-1]),
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ({"fault": "slow", "delay_s": 0.5}, "waits 0.5 s before every call"),
        ({"fault": "drop"}, "answers nothing"),
        ({"fault": "too-busy"}, "is too busy"),
        ({"fault": "stale-redirect", "to": 0}, "sends clients to 127.0.0.1:"),
        (
            {"fault": "lie", "members": [{"node": 0, "state": "Leader"}]},
            "lies in gossip: 127.0.0.1:",
        ),
    ],
)
def test_misbehaviour_is_part_of_the_story(
    watched: WatchedCluster, name: dict[str, object], told: str
) -> None:
    """Its beginning and its end."""
    watched.apply(node=1, **name)  # type: ignore[arg-type]  # by name
    assert told in story(watched)[-1][1]
    watched.apply("recover", node=1)
    assert story(watched)[-1] == (1, "behaves well again")


def test_values_are_taken_as_well_as_names(watched: WatchedCluster) -> None:
    """A value has its arguments in itself."""
    watched.apply(fault.Freeze(1))
    assert watched.nodes[1].is_frozen
    with pytest.raises(TypeError, match="takes no node"):
        watched.apply(fault.Freeze(1), node=1)
    with pytest.raises(UnknownFault):
        watched.apply("explode")


@pytest.mark.parametrize("isolation", KINDS)
def test_restoring_undoes_every_fault(isolation: Isolation) -> None:
    """All nodes run and behave, their certificates are theirs, node 0 leads."""
    with WatchedCluster(3, read_only_replicas=1, isolation=isolation) as cluster:
        assert cluster.is_whole
        stranger = cluster.authority.issue(["elsewhere"])
        cluster.apply(fault.SwapCertificate(3, stranger))
        cluster.apply("too-busy", node=3)
        cluster.apply("kill", node=1, at_call={"call": "read", "node": 1})
        cluster.apply("kill", node=0)
        cluster.apply("elect", node=1, after_s=0.05)
        cluster.apply("freeze", node=2)
        cluster.apply("partition", sides=[[1], [2, 3]])
        assert not cluster.is_whole
        cluster.restore()
        assert cluster.is_whole
        assert cluster.leader is cluster.nodes[0]
        count = cluster.chronicle.count
        cluster.restore()
        assert cluster.chronicle.count == count
