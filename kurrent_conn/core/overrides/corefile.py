"""Reads a Corefile: the rewrite rules and hosts entries of the block for each zone.

Rules keep the order and the reach that they have in CoreDNS. What has no meaning
without a DNS server is left out, and a note says so.

Source: CoreDNS 4b26cced, `core/dnsserver/register.go`, `plugin/rewrite/setup.go`,
`plugin/hosts/setup.go`.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from kurrent_conn.core.endpoint import normalized_host
from kurrent_conn.core.overrides.coredns import HostsEntry, Rewrite, Scope
from kurrent_conn.core.overrides.corefile_blocks import (
    Directive,
    ServerBlock,
    read_blocks,
    refuse_environment,
)
from kurrent_conn.core.overrides.corefile_tokens import Token, environment_reference
from kurrent_conn.core.overrides.host import domain_problem, is_address
from kurrent_conn.core.overrides.rewrite_line import Line
from kurrent_conn.errors import InvalidOverride

CorefileRule = Rewrite | HostsEntry

_TRANSPORTS: Final = {
    "dns": 53,
    "tls": 853,
    "quic": 853,
    "grpc": 443,
    "https": 443,
    "https3": 443,
}
_DNS: Final = ("dns", 53)
_HOSTS_OPTIONS: Final = frozenset(
    {"fallthrough", "fallthrough_unsupported", "no_reverse", "ttl", "reload"}
)
_FEW_WORDS: Final = 2
"""With fewer arguments than this on its line, `rewrite` reads its block."""


def read_corefile(
    text: str, source: str
) -> tuple[tuple[CorefileRule, ...], tuple[str, ...]]:
    """Read the rules of a whole Corefile, or of directives without a server block.

    Args:
        text: The Corefile.
        source: Where it came from, for messages.

    Returns:
        The rules in the order in which they are asked, and notes on what was left
        out.

    Raises:
        InvalidOverride: CoreDNS would refuse the file, or a rule refers to the
            environment; it names the line.
    """
    try:
        blocks, notes = read_blocks(text)
        rules: list[CorefileRule] = []
        for block, scope in _scoped(blocks, notes):
            rules += _rules(block, scope, notes)
    except InvalidOverride as error:
        raise InvalidOverride(error.problem, source, error.rule) from None
    return tuple(rules), tuple(notes)


def _rules(block: ServerBlock, scope: Scope, notes: list[str]) -> list[CorefileRule]:
    rewrites: list[CorefileRule] = []
    entries: list[HostsEntry] = []
    seen_hosts = False
    for directive in block.directives:
        if directive.name.text == "rewrite":
            rewrites += _rewrite(directive, scope, notes)
        elif directive.name.text == "hosts":
            if seen_hosts:
                raise _refused(directive, "a server block has one hosts block")
            seen_hosts = True
            entries += _hosts(directive, scope, notes)
        elif directive.name.text == "template":
            notes.append(f"line {directive.name.line}: template is not imported")
    # Plugins run in a fixed order: rewrite before hosts, wherever they are written.
    return [*rewrites, *entries]


def _rewrite(directive: Directive, scope: Scope, notes: list[str]) -> list[Rewrite]:
    try:
        refuse_environment(directive)
        line = Line(_arguments(directive), scope)
    except InvalidOverride as error:
        raise _refused(directive, error.problem) from None
    if line.note:
        notes.append(f"line {directive.name.line}: {line.note}")
    return [line.rule] if line.rule else []


def _arguments(directive: Directive) -> list[str]:
    words, lines, after = directive.split()
    if len(words) < _FEW_WORDS:
        words = [*words, *(token for line in lines for token in line)]
    else:
        after = [token for token in directive.rest if token.text == "{"] or after
    if after:
        raise InvalidOverride(
            f"{after[0].text!r} belongs to no rule; a block holds one rule, and only "
            '"rewrite", "rewrite stop" or "rewrite continue" opens one'
        )
    return [token.text for token in words]


def _hosts(directive: Directive, scope: Scope, notes: list[str]) -> list[HostsEntry]:
    try:
        refuse_environment(directive)
    except InvalidOverride as error:
        raise _refused(directive, error.problem) from None
    arguments, lines, after = directive.split()
    if after:
        raise _refused(directive, f"{after[0].text!r} follows its block")
    where = f"line {directive.name.line}: hosts"
    if arguments:
        notes.append(f"{where}: the file {arguments[0].text} is not read")
    origins = [_zone(t.text)[0] for t in arguments[1:]] or list(scope.zones)
    found = _Found(Scope(tuple(origins)))
    through = False
    for line in lines:
        word = line[0].text
        if word not in _HOSTS_OPTIONS:
            if through:
                raise _refused(directive, f"{word!r} must stand above fallthrough")
            found.add([token.text for token in line], where, notes)
        through = through or word == "fallthrough"
    if lines and not through:
        notes.append(
            f"{where} has no fallthrough: CoreDNS fails for the other names of its "
            "zone; here they are not changed"
        )
    return [replace(entry, scope=scope) for entry in found.entries()]


class _Found:
    """The names of a hosts block, with their addresses by family."""

    def __init__(self, origin: Scope) -> None:
        self._origin = origin
        self._names: dict[str, tuple[list[str], list[str]]] = {}

    def add(self, words: list[str], where: str, notes: list[str]) -> None:
        address = words[0].partition("%")[0]
        if not is_address(address):
            notes.append(f"{where}: {words[0]!r} is no address; its line is dropped")
            return
        family = ip_address(address).version == 6  # noqa: PLR2004 - IPv6
        for word in words[1:]:
            name = normalized_host(word)
            if not self._origin.covers(name):
                notes.append(f"{where}: {word} lies outside its zones; dropped")
                continue
            self._names.setdefault(name, ([], []))[family].append(address)

    def entries(self) -> list[HostsEntry]:
        exact = [name for name in self._names if not name.startswith("*.")]
        wild = [name for name in self._names if name.startswith("*.")]
        return [HostsEntry(name, self._addresses(name)) for name in exact + wild]

    def _addresses(self, name: str) -> tuple[str, ...]:
        # Each family falls back to the wildcard on its own.
        star = self._names.get("*." + name.partition(".")[2], ([], []))
        four, six = self._names[name]
        return (*(four or star[0]), *(six or star[1]))


def _scoped(
    blocks: list[ServerBlock], notes: list[str]
) -> list[tuple[ServerBlock, Scope]]:
    if len(blocks) == 1 and not blocks[0].keys:
        return [(blocks[0], Scope())]
    served = _on_one_port(blocks, notes)
    owners: dict[str, ServerBlock] = {}
    for block, zones in served:
        for zone in zones:
            if zone in owners:
                raise InvalidOverride(
                    f"the zone {zone or '.'!r} is served twice; join the two blocks",
                    rule=f"line {block.keys[0].line}",
                )
            owners[zone] = block
    return [
        (
            block,
            Scope(
                tuple(zones),
                tuple(z for z in owners if owners[z] is not block and _below(z, zones)),
            ),
        )
        for block, zones in served
        if zones
    ]


def _below(zone: str, zones: list[str]) -> bool:
    return any(not parent or zone.endswith("." + parent) for parent in zones)


def _on_one_port(
    blocks: list[ServerBlock], notes: list[str]
) -> list[tuple[ServerBlock, list[str]]]:
    """Take the blocks of the port that clients ask: 53, else that of the first."""
    keys = [(block, token, _key(token)) for block in blocks for token in block.keys]
    ports = [port for _, _, (_, port) in keys]
    asked = _DNS if _DNS in ports else next(iter(ports), _DNS)
    served: list[tuple[ServerBlock, list[str]]] = [(block, []) for block in blocks]
    for place, block in enumerate(blocks):
        viewed = any(d.name.text == "view" for d in block.directives)
        if viewed:
            notes.append(
                f"line {block.keys[0].line}: a block with a view serves some clients "
                "only; dropped"
            )
        for owner, token, (zone, port) in keys:
            if owner is not block or viewed or zone is None:
                continue
            if port == asked:
                served[place][1].append(zone)
            else:
                notes.append(
                    f"line {token.line}: {token.text} is not on the port that clients "
                    f"ask ({asked[0]} {asked[1]}); dropped"
                )
    return served


def _key(token: Token) -> tuple[str | None, tuple[str, int]]:
    reference = environment_reference(token.text)
    if reference:
        raise InvalidOverride(
            f"{reference} is a variable of the server's environment; write the zone",
            rule=f"line {token.line} ({token.text})",
        )
    zone, port = _zone(token.text)
    if "/" in zone:  # a reverse zone: no host name lies in it
        return None, port
    problem = domain_problem(zone) if zone else None
    if problem:
        raise InvalidOverride(
            f"is no zone: it {problem}", rule=f"line {token.line} ({token.text})"
        )
    return zone, port


def _zone(text: str) -> tuple[str, tuple[str, int]]:
    transport, separator, rest = text.partition("://")
    if not separator or transport not in _TRANSPORTS:
        transport, rest = "dns", text
    zone, _, port = rest.rpartition(":")
    if not (port.isascii() and port.isdigit()):
        zone, port = rest, str(_TRANSPORTS[transport])
    return normalized_host(zone), (transport, int(port))


def _refused(directive: Directive, problem: str) -> InvalidOverride:
    words = " ".join(token.text for token in (directive.name, *directive.rest))
    return InvalidOverride(problem, rule=f"line {directive.name.line} ({words[:200]})")
