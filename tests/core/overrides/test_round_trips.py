"""Round trips: what is written is read back, and routes alike."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Override, Overrides, Then
from kurrent_conn.core.route import Route
from kurrent_conn.errors import InvalidOverride

LABELS = st.sampled_from(
    ["a", "b", "ab", "mydb-0", "mydb-1", "db-12", "x", "kurrent", "test", "svc", "com"]
)
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
ADDRESSES = st.sampled_from(["10.0.0.1", "127.0.0.1", "fd00::1", "10.9.8.7"])
HOSTS = st.one_of(NAMES, NAMES, NAMES, st.just("10.0.0.1"))
DOTTED = st.builds(
    lambda before, name, after: before + name + after,
    st.sampled_from(["", "", "."]),
    NAMES,
    st.sampled_from(["", "", "."]),
)
PATTERN_PARTS = st.sampled_from(
    [
        r"(.*)", r"(mydb-[0-9]+)", r"([a-z]+)", r"\.", r"\.", "a", "com", "^", "$",
        r"(a|ab)", r"(x)?", r"([a-z0-9-]*)\.", "(?i)", ".", r"\.?$", "b+", r"\.$",
        "(?P<n>b)", r"\d", "#", " ", '"',
    ]
)  # fmt: skip
PATTERNS = st.lists(PATTERN_PARTS, min_size=1, max_size=5).map("".join)
REFERENCES = st.lists(
    st.sampled_from(["{1}", "{2}", "{0}", "a", "svc", ".", ".x", "$1", "-"]),
    min_size=1,
    max_size=4,
).map("".join)


@st.composite
def rewrite_lines(draw: st.DrawFn) -> str:
    """Draw a `rewrite` line that CoreDNS may load."""
    then = draw(st.sampled_from(["", "stop ", "continue "]))
    kind = draw(st.sampled_from(["exact", "prefix", "suffix", "substring", "regex"]))
    if kind == "regex":
        source, target = draw(PATTERNS), draw(REFERENCES)
        source = '"' + source.replace('"', r"\"") + '"'
    else:
        source, target = draw(DOTTED), draw(DOTTED)
    answer = draw(st.sampled_from(["", " answer auto"]))
    if draw(st.integers(0, 9)) == 0:
        return f"rewrite {then}ttl {draw(NAMES)} 30"
    return f"rewrite {then}name {kind} {source} {target}{answer}"


@st.composite
def corefiles(draw: st.DrawFn) -> str:
    """Draw directives, or server blocks, with rewrites and a hosts block."""

    def directives() -> str:
        lines = draw(st.lists(rewrite_lines(), max_size=5))
        for name in draw(st.lists(NAMES, max_size=2)):
            star = draw(st.sampled_from(["", "*."]))
            lines.append(f"hosts {{\n{draw(ADDRESSES)} {star}{name}\nfallthrough\n}}")
            break
        return "\n".join(lines)

    if draw(st.booleans()):
        return directives()
    zones = draw(st.lists(NAMES, max_size=2, unique=True))
    return "\n".join(f"{zone} {{\n{directives()}\n}}" for zone in [".", *zones])


@st.composite
def overrides(draw: st.DrawFn) -> Override:
    """Draw a rule of our own."""
    kind = draw(
        st.sampled_from(
            ["exact", "prefix", "suffix", "substring", "regex", "wildcard", "cidr"]
        )
    )
    patterns = {
        "regex": PATTERNS,
        "wildcard": NAMES.map(lambda name: "*." + name),
        "cidr": st.sampled_from(["10.0.0.0/8", "fd00::/8"]),
        "suffix": DOTTED,
    }
    targets = st.one_of(
        HOSTS,
        ADDRESSES.map(lambda a: f"[{a}]"),
        REFERENCES.filter(lambda t: t.strip(".")),
    )
    return Override(
        **{kind: draw(patterns.get(kind, NAMES))},
        target=draw(st.lists(targets, min_size=1, max_size=2)),
        port=draw(st.sampled_from([None, None, None, 2113])),
        server_name=draw(st.sampled_from([None, None, "advertised", "db.test"])),
        then=draw(st.sampled_from(["stop", "stop", "continue"])),
        otherwise=draw(st.sampled_from([None, None, None, "advertised"])),
    )


SIDECAR_RULES = st.one_of(
    st.fixed_dictionaries({"host": NAMES, "result": HOSTS}),
    st.fixed_dictionaries(
        {
            "host": PATTERNS,
            "result": st.lists(
                st.sampled_from(["$1", "${1}", "${n}", "$$", "svc", ".", "a", "$1x"]),
                min_size=1,
            ).map("".join),
            "regex": st.just(value=True),
        }
    ),
)


def loaded(text: str) -> Overrides:
    """Read a Corefile; one that CoreDNS would refuse is not an example."""
    try:
        return Overrides.from_corefile(text)
    except InvalidOverride:
        assume(condition=False)
        raise


def answer(rules: Overrides, host: str) -> tuple[Route, ...] | None:
    """Give the routes for a host; None for InvalidOverride."""
    try:
        return rules.routes(Endpoint(host, 2113))
    except InvalidOverride:
        return None


def exported(write: Callable[[], str]) -> str | None:
    """Write a set of rules; None when it is refused, naming the rules."""
    try:
        return write()
    except InvalidOverride as error:
        if "no form in" not in error.problem or " for rule " not in error.problem:
            raise
        return None


QUESTIONS = st.lists(NAMES, min_size=8, max_size=8)


@given(corefiles(), QUESTIONS)
def test_a_corefile_is_written_so_that_it_routes_alike(
    text: str, hosts: list[str]
) -> None:
    """`from_corefile(o.to_corefile())` is the same set of rules."""
    rules = loaded(text)
    again = Overrides.from_corefile(rules.to_corefile())
    for host in hosts:
        assert answer(again, host) == answer(rules, host)


@given(st.lists(overrides(), max_size=5), QUESTIONS)
@example([Override(prefix="a", target="a.")], ["a", "ab"])
@example([Override(prefix="a", target="b.", then=Then.CONTINUE)], ["a", "ab"])
def test_our_rules_route_alike_as_a_corefile_or_are_refused(
    given_rules: list[Override], hosts: list[str]
) -> None:
    """What has a form in a Corefile routes alike; the rest is named."""
    try:
        rules = Overrides(tuple(given_rules))
    except InvalidOverride:
        assume(condition=False)
        raise
    text = exported(rules.to_corefile)
    if text is None:
        return
    again = Overrides.from_corefile(text)
    alias = "kurrent-conn-"
    for host in hosts:
        routes = answer(rules, host)
        assert answer(again, host) == routes, (text, host)
        assert alias not in repr(routes)


@given(st.lists(overrides(), max_size=5), QUESTIONS)
def test_our_rules_route_alike_in_the_sidecar_or_are_refused(
    given_rules: list[Override], hosts: list[str]
) -> None:
    """What has a form in the sidecar routes alike; the rest is named."""
    try:
        rules = Overrides(tuple(given_rules))
    except InvalidOverride:
        assume(condition=False)
        raise
    text = exported(rules.to_sidecar)
    if text is None:
        return
    again = Overrides.from_sidecar(text)
    for host in hosts:
        assert answer(again, host) == answer(rules, host), (text, host)


@given(corefiles(), QUESTIONS)
def test_a_corefile_routes_alike_in_the_sidecar_or_is_refused(
    text: str, hosts: list[str]
) -> None:
    """Rewrites and hosts entries that the sidecar can hold mean the same there."""
    rules = loaded(text)
    written = exported(rules.to_sidecar)
    if written is None:
        return
    again = Overrides.from_sidecar(written)
    for host in hosts:
        assert answer(again, host) == answer(rules, host), (written, host)


def sidecar(rules: list[dict[str, object]]) -> Overrides:
    """Read sidecar rules; a pattern that is not RE2 is not an example."""
    try:
        return Overrides.from_sidecar(json.dumps({"rules": rules}))
    except InvalidOverride:
        assume(condition=False)
        raise


@given(st.lists(SIDECAR_RULES, max_size=5))
def test_the_sidecars_rules_are_written_as_they_are(
    given_rules: list[dict[str, object]],
) -> None:
    """`from_sidecar(o.to_sidecar())` is the same value."""
    rules = sidecar(given_rules)
    assert Overrides.from_sidecar(rules.to_sidecar()) == rules


@given(st.lists(SIDECAR_RULES, max_size=5), QUESTIONS)
def test_the_sidecars_rules_route_alike_as_a_corefile_or_are_refused(
    given_rules: list[dict[str, object]], hosts: list[str]
) -> None:
    """For names in lower case, as resolvers ask them."""
    rules = sidecar(given_rules)
    text = exported(rules.to_corefile)
    if text is None:
        return
    again = Overrides.from_corefile(text)
    for host in hosts:
        assert answer(again, host) == answer(rules, host), (text, host)


@given(
    st.lists(overrides(), max_size=4), corefiles(), st.lists(SIDECAR_RULES, max_size=3)
)
def test_toml_holds_every_kind_of_rule(
    ours: list[Override], text: str, theirs: list[dict[str, object]]
) -> None:
    """`from_toml(o.to_toml())` is the same value, whatever is in it."""
    try:
        rules = Overrides((*ours, *loaded(text).rules, *sidecar(theirs).rules))
    except InvalidOverride:
        assume(condition=False)
        raise
    assert Overrides.from_toml(rules.to_toml()) == rules


@pytest.mark.parametrize("value", ['a"b', "a'b", "a\"b'c", "tab\there", "\x7f", "ä€"])
def test_toml_quotes_what_it_must(value: str) -> None:
    """Every character of a pattern survives the file."""
    rules = Overrides((Override(prefix=value, target="a.test"),))
    assert Overrides.from_toml(rules.to_toml()) == rules
