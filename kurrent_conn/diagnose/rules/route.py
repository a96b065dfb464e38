"""Members that are not reached by the route that a client here would take.

its name has no address, no rule               missing-override
a rule names what has no address               override-target-does-not-resolve
another port of the same host is the node      wrong-port
DNS knows an address that works                wrong-dns-view
an internal address, and we are outside        wrong-dns-view
another way leads to it                        missing-override
the certificate is another member's            route-to-wrong-node
another member answers there                   route-to-wrong-node
none of these                                  leader- or member-unreachable
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.diagnose import fix
from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.finding import Finding, Fix, Severity, Trouble
from kurrent_conn.diagnose.identification import way_to
from kurrent_conn.diagnose.rules.advertised import leads_nowhere
from kurrent_conn.diagnose.rules.wrong_node import about_wrong_nodes
from kurrent_conn.diagnose.sight import Contact, Reach
from kurrent_conn.diagnose.vantage import Vantage


def about_routes(case: Case) -> Iterator[Finding]:
    """Find the members that are not reached, and why.

    Args:
        case: What was seen.
    """
    lost = [m for m in case.wanted_members if _is_lost(case, m)]
    by_port = {m: way for m in lost if (way := _by_other_port(case, m))}
    by_dns = {m: way for m in lost if (way := _by_dns(case, m)) and m not in by_port}
    rest = [m for m in lost if m not in by_port and m not in by_dns]
    if by_port:
        yield _wrong_port(by_port)
    if by_dns:
        yield _wrong_view(by_dns)
    yield from _without_a_rule(case, [m for m in rest if not _has_rule(case, m)])
    yield from _by_rules(case, [m for m in rest if _has_rule(case, m)])
    yield from about_wrong_nodes(case)


def _is_lost(case: Case, member: Endpoint) -> bool:
    if case.overrides.explain(member).problem is not None:
        return False
    lost = case.reach(member) in {None, Reach.NOTHING}
    return lost and not leads_nowhere(case, member)


def _has_rule(case: Case, member: Endpoint) -> bool:
    return any(route.rule for route in case.named_routes(member))


def _by_other_port(case: Case, member: Endpoint) -> Contact | None:
    hosts = {route.dial.host for route in case.named_routes(member)}
    for detour in case.detours(member):
        if detour.route.dial.host in hosts and detour.reach is Reach.ANSWERED:
            return detour
    return None


def _wrong_port(ways: Mapping[Endpoint, Contact]) -> Finding:
    ports = {way.route.dial.port for way in ways.values()}
    fixes: list[Fix] = [fix.rules(ways)]
    if len(ports) == 1:
        (port,) = ports
        about = f"the nodes then send clients to port {port}"
        option = fix.configuration("AdvertiseNodePortToClientAs", str(port), about)
        fixes.insert(0, option)
    return Finding(
        Trouble.WRONG_PORT,
        Severity.PROBLEM,
        tuple(ways),
        "nothing listens on the advertised port, and the node answers on another port "
        "of the same host; the operator does not set the advertised port itself",
        tuple(f"{m} is reached at {way.route}" for m, way in ways.items()),
        tuple(fixes),
    )


def _by_dns(case: Case, member: Endpoint) -> Contact | None:
    for route in case.named_routes(member):
        known = case.lookups.get(route.dial.host)
        given = (known.dns or ()) if known is not None else ()
        for detour in case.detours(member):
            if detour.route.dial.host in given and detour.reach is Reach.ANSWERED:
                return detour
    return None


def _wrong_view(ways: Mapping[Endpoint, Contact]) -> Finding:
    return Finding(
        Trouble.WRONG_DNS_VIEW,
        Severity.PROBLEM,
        tuple(ways),
        "the system resolves the name to an address where nobody answers, while DNS "
        "gives one that works: a hosts file, a cache or another resolver is between",
        tuple(f"{m} answers at {way.route.dial}" for m, way in ways.items()),
        (
            fix.step("let this machine resolve the name as DNS does"),
            fix.rules(ways),
        ),
    )


def _without_a_rule(case: Case, members: list[Endpoint]) -> Iterator[Finding]:
    ways = {m: way for m in members if (way := way_to(case, m)) is not None}
    unknown = [m for m in members if m not in ways and not _resolves(case, m)]
    missing = [*ways, *unknown]
    if missing:
        yield _missing_override(case, missing, ways, unknown)
    views = [m for m in members if m not in missing and is_internal(case, m)]
    if views:
        yield internal_view(case, views)
    yield from _unreachable(case, [m for m in members if m not in (*missing, *views)])


def _missing_override(
    case: Case,
    missing: list[Endpoint],
    ways: Mapping[Endpoint, Contact],
    unknown: list[Endpoint],
) -> Finding:
    fixes = [*((fix.rules(ways),) if ways else ())]
    if unknown:
        fixes.append(fix.rule_template(unknown))
    return Finding(
        Trouble.MISSING_OVERRIDE,
        Severity.PROBLEM,
        tuple(m for m in case.members if m in missing),
        "members advertise names that lead nowhere from here, and no override rule "
        "says where they are",
        (
            *(_why_lost(case, m) for m in missing),
            *(f"{m} answers at {way.route}" for m, way in ways.items()),
        ),
        (fix.joined_rules(fixes),),
    )


def _resolves(case: Case, member: Endpoint) -> bool:
    return bool(case.routes(member))


def _why_lost(case: Case, member: Endpoint) -> str:
    best = case.best(member)
    if best is not None:
        return f"{member} at {best.route.connects_to}: {best.cause}"
    known = case.lookups.get(member.host)
    return f"{member}: {known.failure if known else 'the name has no address'}"


def is_internal(case: Case, endpoint: Endpoint) -> bool:
    """Whether we are outside and were told an address for those inside.

    Args:
        case: What was seen.
        endpoint: A member or a seed where nothing answers.
    """
    best = case.best(endpoint)
    if best is None or case.vantage is Vantage.POD or endpoint.is_address:
        return False
    address = ip_address(best.route.connects_to.host.partition("%")[0])
    return address.is_private and not address.is_loopback


def internal_view(case: Case, members: Sequence[Endpoint]) -> Finding:
    """Say that DNS gives addresses that are for others.

    Args:
        case: What was seen.
        members: Those, or seeds, for which it does.
    """
    return Finding(
        Trouble.WRONG_DNS_VIEW,
        Severity.PROBLEM,
        tuple(members),
        "the name resolves to an internal address, which is not reached from here: "
        "DNS gives this client the view that is meant for those inside",
        tuple(_why_lost(case, m) for m in members),
        (
            fix.step(
                "let this client ask the resolver whose view has the public addresses"
            ),
            fix.rule_template(members),
        ),
    )


def _unreachable(case: Case, members: list[Endpoint]) -> Iterator[Finding]:
    for member in members:
        is_leader = member in case.leaders
        who = "the leader" if is_leader else "the member"
        yield Finding(
            Trouble.LEADER_UNREACHABLE if is_leader else Trouble.MEMBER_UNREACHABLE,
            Severity.PROBLEM,
            (member,),
            f"the others list {who} as alive, and from here nothing gets to it",
            (_why_lost(case, member),),
            (
                fix.step(
                    "open the way from here to the address above: firewall, security "
                    "group, NetworkPolicy or load balancer"
                ),
                fix.rule_template((member,)),
            ),
        )


def _by_rules(case: Case, members: list[Endpoint]) -> Iterator[Finding]:
    for member in members:
        unknown = [
            route
            for route in case.named_routes(member)
            if not case.resolved(member, route)
        ]
        way = way_to(case, member)
        found = (fix.rules({member: way}),) if way is not None else ()
        if not case.routes(member) and unknown:
            yield Finding(
                Trouble.TARGET_UNKNOWN,
                Severity.PROBLEM,
                (member,),
                "the override rule sends to a name that does not resolve",
                tuple(f"{route.rule}: {route.dial.host}" for route in unknown),
                (*found, fix.step("correct the target in the overrides file")),
            )
        else:
            yield from _lost_by_rule(case, member, found)


def _lost_by_rule(
    case: Case, member: Endpoint, found: tuple[Fix, ...]
) -> Iterator[Finding]:
    if not found:
        yield from _unreachable(case, [member])
        return
    yield Finding(
        Trouble.WRONG_NODE,
        Severity.PROBLEM,
        (member,),
        "the override rule sends where nothing answers, and the node is elsewhere",
        (_why_lost(case, member),),
        found,
    )
