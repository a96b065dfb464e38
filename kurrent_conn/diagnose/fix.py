"""Fixes as text to paste: rules, manifests, connection strings, steps.

Whatever is written here can be read by what it is for: a rule by `Overrides`, a
manifest by Kubernetes. Secrets are never in it: a connection string has `***`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.identity import mismatch
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.overrides.toml_export import write_toml
from kurrent_conn.core.settings import Settings
from kurrent_conn.diagnose.alternative import is_service_name, pod_of
from kurrent_conn.diagnose.finding import Fix, FixKind
from kurrent_conn.diagnose.sight import Contact
from kurrent_conn.errors import InvalidOverride


def step(text: str) -> Fix:
    """Make a fix that people carry out.

    Args:
        text: One sentence, in the imperative.
    """
    return Fix(FixKind.STEP, text)


def rules(ways: Mapping[Endpoint, Contact]) -> Fix:
    """Make the override rules that lead members the way that worked.

    Args:
        ways: For each member the contact that reached it.
    """
    tried = all(way.endpoint == member for member, way in ways.items())
    about = "put at the top of the overrides file"
    if tried:
        about += "; each way was tried and works"
    made = _by_suffix(ways) or tuple(
        _rule(member, contact) for member, contact in ways.items()
    )
    return Fix(FixKind.RULE, write_toml(made), about)


def for_coredns(rule: Fix) -> tuple[Fix, ...]:
    """Make the same rules for CoreDNS, which then serves every program of the cluster.

    Args:
        rule: Override rules, as `rules` makes them.

    Returns:
        None where CoreDNS cannot say them: it rewrites names, and no ports.
    """
    try:
        text = Overrides.from_toml(rule.text).to_corefile()
    except InvalidOverride:
        return ()
    about = (
        "in the server block of kube-system/coredns, for all programs of the cluster"
    )
    return (Fix(FixKind.COREDNS, text, about),)


def rule_template(members: Iterable[Endpoint]) -> Fix:
    """Make rules whose targets only the user knows.

    Args:
        members: Whom nobody knows a way to.
    """
    made = [
        Override(exact=m.host, port=m.port, target=f"where-{_label(m)}-is.example")
        for m in members
    ]
    return Fix(
        FixKind.RULE,
        write_toml(made),
        "put at the top of the overrides file, with the name or address that each "
        "node has from here as its target",
    )


def joined_rules(fixes: Sequence[Fix]) -> Fix:
    """Make one fix of several that are rules.

    Args:
        fixes: One or more; each is needed.
    """
    about = "; ".join(dict.fromkeys(each.about for each in fixes if each.about))
    return Fix(FixKind.RULE, "\n".join(each.text for each in fixes), about)


def without_seeds(settings: Settings, seeds: Iterable[Endpoint]) -> Fix | None:
    """Make the connection string without some of its hosts.

    Args:
        settings: What the string says.
        seeds: Which ones to leave out.

    Returns:
        None when none would be left.
    """
    dropped = set(seeds)
    hosts = tuple(host for host in settings.hosts if host not in dropped)
    return changed(settings, hosts=hosts) if hosts else None


def changed(settings: Settings, **values: object) -> Fix:
    """Make a connection string that differs in some values.

    Args:
        settings: What the string says.
        values: Fields of `Settings`.
    """
    text = replace(settings, **values).redacted()  # type: ignore[arg-type]
    about = "with the password in place of ***" if settings.password else ""
    return Fix(FixKind.CONNECTION_STRING, text, about)


def certificate_names(names: Iterable[str], addresses: Iterable[str] = ()) -> Fix:
    """Make what a cert-manager Certificate has to name.

    Args:
        names: DNS names that are missing.
        addresses: IP addresses that are missing.
    """
    lines = ["# in the Certificate that the nodes' Secret comes from", "spec:"]
    for key, missing in (("dnsNames", names), ("ipAddresses", addresses)):
        found = [f"    - {_quoted(each)}" for each in dict.fromkeys(missing)]
        if found:
            lines += [f"  {key}:  # beside those that are there", *found]
    return Fix(FixKind.MANIFEST, "\n".join(lines) + "\n", "issue the certificate anew")


def configuration(option: str, value: str, about: str) -> Fix:
    """Make a setting of the servers in the KurrentDB resource.

    Args:
        option: The server's option.
        value: Its value, as YAML.
        about: What it does.
    """
    return resource(f"configuration:\n    {option}: {value}", about)


def resource(text: str, about: str) -> Fix:
    """Make a part of the KurrentDB resource.

    Args:
        text: What stands below `spec`, each further line indented by what it needs.
        about: What it does.
    """
    return Fix(
        FixKind.MANIFEST, f"# in the KurrentDB resource\nspec:\n  {text}\n", about
    )


def _by_suffix(ways: Mapping[Endpoint, Contact]) -> tuple[Override, ...]:
    """Give one rule for nodes whose names differ in their ends alone."""
    ends = {
        (
            member.host.removeprefix(pod_of(member.host)),
            contact.route.dial.host.removeprefix(pod_of(member.host)),
            member.port == contact.route.dial.port,
        )
        for member, contact in ways.items()
    }
    by_name = all(
        is_service_name(c.route.dial.host)
        and c.route.dial.host.startswith(f"{pod_of(m.host)}.")
        for m, c in ways.items()
    )
    if len(ends) != 1 or not by_name or len(ways) == 1:
        return ()
    ((advertised, dialled, keeps_port),) = ends
    port = "" if keeps_port else f":{next(iter(ways.values())).route.dial.port}"
    return (Override(suffix=advertised, target=f"{dialled.removeprefix('.')}{port}"),)


def _rule(member: Endpoint, contact: Contact) -> Override:
    route = contact.route
    name = None if _covers(contact, member) else route.server_name
    target = str(route.dial)
    if member.is_address:
        network = f"{member.host}/{128 if member.is_ipv6 else 32}"
        return Override(cidr=network, port=member.port, target=target, server_name=name)
    return Override(
        exact=member.host, port=member.port, target=target, server_name=name
    )


def _covers(contact: Contact, member: Endpoint) -> bool:
    """Whether what answered there would pass under the member's own name."""
    leaf = contact.tls.leaf if contact.tls is not None else None
    return leaf is None or mismatch(leaf.names, member.host) is None


def _label(member: Endpoint) -> str:
    return pod_of(member.host) if not member.is_address else str(member.port)


def _quoted(name: str) -> str:
    return f'"{name}"' if name.startswith("*") else name
