"""What the members say of each other, and where they differ.

two leaders in one cluster                       split-brain
nobody leads                                     no-leader
listed as dead, and nobody answers there         dead-member
listed as dead by some, and it answers           disowned-member
somebody lists who another does not              members-disagree
several live nodes, one advertised endpoint      duplicate-names
an address that is no way to anybody             advertises-nowhere
a redirect to another than the leader            redirects-astray
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.diagnose import fix
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.finding import Finding, Severity, Trouble
from kurrent_conn.diagnose.rules.advertised import leads_nowhere
from kurrent_conn.diagnose.rules.answer import is_silent
from kurrent_conn.diagnose.rules.wrong_node import misled
from kurrent_conn.diagnose.sight import Role


def about_the_cluster(case: Case) -> Iterator[Finding]:
    """Find what is wrong with the cluster itself, by what its members say.

    Args:
        case: What was seen.
    """
    if not case.views:
        return
    split = tuple(_rivals(case))
    if split:
        yield _split_brain(case, split)
    elif not case.leaders:
        yield _no_leader(case)
    yield from _about_the_dead(case, is_split=bool(split))
    yield from _about_lists(case)
    yield from _about_names(case)
    if not split:
        yield from _about_redirects(case)


def _rivals(case: Case) -> Iterator[Endpoint]:
    """Give the leaders that are members of one cluster."""
    leaders = case.leaders
    for view in case.views:
        listed = {member.advertised for member in view.members}
        rivals = [leader for leader in leaders if leader in listed]
        if len(rivals) > 1:
            yield from rivals
            return


def _split_brain(case: Case, leaders: tuple[Endpoint, ...]) -> Finding:
    return Finding(
        Trouble.SPLIT_BRAIN,
        Severity.PROBLEM,
        leaders,
        "two nodes lead at once; one of them has not noticed that it was voted out, "
        "and what is written to it may be lost",
        tuple(
            f"{view.told_by} says that {' and '.join(map(str, view.leaders))} leads"
            for view in case.views
            if view.leaders
        ),
        (
            fix.step(
                "mend the network between the nodes (their replication port, 1112), "
                "then restart the leader that the others do not name"
            ),
        ),
    )


def _no_leader(case: Case) -> Finding:
    return Finding(
        Trouble.NO_LEADER,
        Severity.PROBLEM,
        (),
        "the cluster answers and nobody leads: writes are refused until a leader is "
        "elected, which takes seconds; when it stays so, too few nodes see each other",
        tuple(
            f"{view.told_by} says: "
            + ", ".join(f"{m.advertised} {m.state_name}" for m in view.members)
            for view in case.views
        ),
        (
            fix.step(
                "look again in ten seconds; then start the missing nodes, or mend the "
                "network between them: a majority has to see each other"
            ),
        ),
    )


def _about_the_dead(case: Case, *, is_split: bool) -> Iterator[Finding]:
    for member in case.members:
        best = case.best(member)
        if not case.is_doubted(member) or (best is not None and is_silent(best)):
            continue
        said = tuple(_who_buries(case, member))
        if not case.works(member):
            yield _dead(member, said)
        elif not is_split:
            yield Finding(
                Trouble.DISOWNED,
                Severity.PROBLEM,
                (member,),
                "the node answers from here, and other nodes call it dead: they do not "
                "reach it",
                said,
                (
                    fix.step(
                        "mend the network between the nodes; they dial each other by "
                        "names and ports of their own (internodeTrafficStrategy, 1112)"
                    ),
                ),
            )


def _dead(member: Endpoint, said: tuple[str, ...]) -> Finding:
    return Finding(
        Trouble.DEAD_MEMBER,
        Severity.WARNING,
        (member,),
        "a member is dead; the others list it for 30 minutes after its end",
        said,
        (
            fix.step(
                "start the node; when it is gone for good, wait until the others have "
                "forgotten it"
            ),
        ),
    )


def _who_buries(case: Case, member: Endpoint) -> Iterator[str]:
    for view in case.views:
        for entry in view.members:
            if entry.advertised == member and not entry.is_alive:
                yield f"{view.told_by} lists it as dead, last {entry.state_name}"


def _about_lists(case: Case) -> Iterator[Finding]:
    lists = {v.told_by: {m.advertised for m in v.members} for v in case.views}
    missing = {
        teller: [str(m) for m in case.members if m not in listed]
        for teller, listed in lists.items()
    }
    if not any(missing.values()):
        return
    strangers = any(not (a & b) for a in lists.values() for b in lists.values())
    yield Finding(
        Trouble.MEMBERS_DISAGREE,
        Severity.PROBLEM,
        tuple(teller for teller, names in missing.items() if names),
        "the connection string names nodes of two clusters"
        if strangers
        else "the nodes do not list the same members",
        tuple(
            f"{teller} does not list {', '.join(names)}"
            for teller, names in missing.items()
            if names
        ),
        (
            fix.step("name the nodes of one cluster only")
            if strangers
            else fix.step(
                "wait for the gossip to settle; when it stays so, compare the nodes' "
                "GossipSeed and advertised names"
            ),
        ),
    )


def _about_names(case: Case) -> Iterator[Finding]:
    for member in _duplicates(case):
        yield Finding(
            Trouble.DUPLICATE_NAMES,
            Severity.PROBLEM,
            (member,),
            "several nodes advertise one endpoint: clients cannot tell them apart, and "
            "a redirect to the leader ends anywhere",
            (f"{len(case.said_of(member))} entries of gossip name {member}",),
            (
                fix.resource(
                    "network:\n    fqdnTemplate: '{podName}.{domain}'",
                    "each node then has a name of its own",
                ),
            ),
        )
    for member in case.wanted_members:
        if leads_nowhere(case, member):
            yield Finding(
                Trouble.ADVERTISES_NOWHERE,
                Severity.PROBLEM,
                (member,),
                "the node advertises an address that leads to nobody from elsewhere",
                (),
                (
                    fix.configuration(
                        "AdvertiseHostToClientAs",
                        "NAME-OF-THE-NODE",
                        "the operator sets it from fqdnTemplate; set it by hand "
                        "outside of Kubernetes",
                    ),
                ),
            )


def _duplicates(case: Case) -> tuple[Endpoint, ...]:
    found = (
        advertised
        for view in case.views
        for advertised, count in Counter(
            member.advertised for member in view.members if member.is_alive
        ).items()
        if count > 1
    )
    return tuple(dict.fromkeys(found))


def _about_redirects(case: Case) -> Iterator[Finding]:
    elsewhere = {member for member, _ in misled(case)}
    for target in case.wanted:
        best = case.best(target)
        if best is None or best.role.role is not Role.REDIRECTS or case.leader is None:
            continue
        if best.role.leader in {None, case.leader} or target in elsewhere:
            continue
        yield Finding(
            Trouble.REDIRECTS_ASTRAY,
            Severity.PROBLEM,
            (target,),
            "the node sends clients to another than the one who leads",
            (f"{target} names {best.role.leader}, the leader is {case.leader}",),
            (
                fix.step(
                    "look again in ten seconds: after an election that is usual; when "
                    "it stays so, restart the node"
                ),
            ),
        )
