"""What lint says of a string: who accepts it, and which values differ, and why."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kurrent_conn.core.client_readings.client import Accepted, Client, Refused
from kurrent_conn.core.client_readings.difference import DifferenceKind
from kurrent_conn.core.client_readings.lint import Verdict, lint

LOGIN = "kurrentdb://admin:changeit@n1:2113,n2:2113"


def verdict(client: Client, string: str) -> Verdict:
    """Give one client's verdict."""
    (found,) = lint(string, (client,)).verdicts
    return found


def aspects(client: Client, string: str) -> dict[str, str]:
    """Give what a client takes otherwise, but for its defaults."""
    found: dict[str, str] = {}
    for each in verdict(client, string).differences:
        if each.kind is not DifferenceKind.DEFAULT:
            found[each.aspect] = f"{found.get(each.aspect, '')}{each.theirs}; "
    return found


def test_plain_string_is_read_alike() -> None:
    """Hosts with ports and simple credentials are read alike by all six."""
    assert lint(LOGIN).agrees
    assert [each.client for each in lint(LOGIN).verdicts] == list(Client)


@pytest.mark.parametrize(
    ("client", "string", "aspect", "theirs"),
    [
        (Client.NODE, f"{LOGIN}?gossipTimeout=5000", "gossipTimeout", "5000 s"),
        (Client.GO, f"{LOGIN}?gossipTimeout=5000", "gossipTimeout", "5000 s"),
        (Client.PYTHON, f"{LOGIN}?defaultDeadline=5000", "defaultDeadline", "5000 s"),
        (Client.GO, "kurrentdb://u:p@h?defaultDeadline=5s", "defaultDeadline", "0 s"),
        (Client.GO, f"{LOGIN}?connectionName=x", "connectionName", "ignored"),
        (
            Client.JAVA,
            f"{LOGIN}?throwOnAppendFailure=true",
            "throwOnAppendFailure",
            "ignored",
        ),
        (Client.RUST, f"{LOGIN}?keepAliveInterval=1000", "keepAliveInterval", "10 s"),
        (Client.PYTHON, f"{LOGIN}?tlsVerifyCert=false", "tlsVerifyCert", "true"),
        (Client.NODE, f"{LOGIN}?tlsVerifyCert=false", "tlsVerifyCert", "true"),
        (Client.JAVA, "kurrentdb://a,b:5", "hosts", "a:2113, b:2113"),
        (Client.RUST, "kurrentdb://a:1,b:5/", "hosts", "a:1, b:5, :2113"),
        (Client.NODE, "kurrentdb://h/?tls=false", "hosts", "h/:2113"),
        (Client.JAVA, f"{LOGIN}?tls-ca-file=x", "tlsCaFile", "ignored"),
        (Client.GO, "kurrentdb://h?dnsDiscover=true", "discover", "false"),
        (Client.DOTNET, "KURRENTDB+DISCOVER://h", "discover", "false"),
        (Client.GO, "kurrentdb+discover://a,b", "discover", "never connects"),
        (
            Client.JAVA,
            "kurrentdb+discover://a,b",
            "discover",
            "only the first host is resolved",
        ),
    ],
)
def test_difference(client: Client, string: str, aspect: str, theirs: str) -> None:
    """A known trap is reported with what the client takes instead."""
    assert theirs in aspects(client, string)[aspect]


def test_units_are_refused_by_those_who_know_none() -> None:
    """A duration with a unit is our extension: lint says who rejects it."""
    string = f"{LOGIN}?discoveryInterval=5s"
    refusing = {
        each.client
        for each in lint(string).verdicts
        if isinstance(each.reading, Refused)
    }
    assert refusing == set(Client) - {Client.NODE}
    reading = verdict(Client.GO, string).reading
    assert isinstance(reading, Refused)
    assert "discoveryInterval" in reading.fact.text


def test_files_are_asked_for_by_those_who_open_them() -> None:
    """.NET and Go refuse a missing CA file while they parse; the others do not."""
    found = lint(f"{LOGIN}?tlsCaFile=/ca.pem", exists=lambda _path: False)
    refusing = {each.client for each in found.verdicts if not each.accepted}
    assert refusing == {Client.DOTNET, Client.GO}


def test_node_has_two_halves() -> None:
    """What the Rust half of the Node client refuses is reported for Node."""
    string = f"{LOGIN}?nodePreference=read_only_replica"
    assert "refused by its Rust half" in aspects(Client.NODE, string)["string"]


def test_every_difference_has_its_fact() -> None:
    """Each difference says which rule is behind it and where that stands."""
    string = (
        "kurrentdb+discover://a%40b:c%3Ad@h1,h2:5/?gossipTimeout=5&connectionName=x+y"
        "&keepAliveInterval=-1&defaultDeadline=-1&tlsVerifyCert=false"
    )
    found = [each for every in lint(string).verdicts for each in every.differences]
    assert found
    for each in found:
        assert each.fact.text
        assert each.fact.source
        assert each.aspect in str(each)


def test_refused_by_us_is_still_predicted() -> None:
    """A string that we refuse is predicted for the clients, without differences."""
    found = lint("kurrentdb://a:70000?tls=false")
    assert found.settings is None
    assert found.problems
    assert not found.agrees
    go = found.verdicts[list(Client).index(Client.GO)].reading
    assert isinstance(go, Accepted)
    assert go.hosts[0].port == 70000 % 65536


SECRET = "Zq7-Kx!w"
SHAPES = st.sampled_from(
    [
        "kurrentdb://u:{}@h1:1,h2:2",
        "kurrentdb://u:{}@h1,h2:2/?tls=false",
        "kurrentdb://u:x@{}@h1:1",
        "kurrentdb://u:x/{}@h1?tls=false",
        "kurrentdb://u:x?{}@h1?tls=false",
        "kurrentdb://u:1,{},y@h1:1,b",
        "kurrentdb://u:x:{}@h1",
        "kurrentdb://u:{}",
        "kurrentdb://u:{}@h1?tls=maybe&nope=1",
        "kurrentdb://u:%41{}@h1:x",
    ]
)


@given(SHAPES)
def test_no_verdict_shows_the_password(shape: str) -> None:
    """However a client misreads a password, neither texts nor `repr` show it."""
    found = lint(shape.format(SECRET))
    shown = [repr(found), *map(str, found.problems)]
    for each in found.verdicts:
        shown += [repr(each), *map(str, each.differences)]
        shown += [repr(difference) for difference in each.differences]
    assert SECRET not in "\n".join(shown)


ANY_TEXT = st.text(st.characters())


@given(ANY_TEXT | ANY_TEXT.map("kurrentdb://".__add__))
@example("kurrentdb://u:\udcff@h")
@example("kurrentdb://u:%ed%a0%80@h?connectionName=%ff")
def test_any_text_gets_a_verdict(text: str) -> None:
    """Every text gets six verdicts; no model raises."""
    assert len(lint(text).verdicts) == len(Client)
