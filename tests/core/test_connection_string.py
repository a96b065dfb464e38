"""The grammar as a whole: what is read, what is refused, and what is said of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import InvalidConnectionString, Problem

CASES = json.loads(
    (Path(__file__).parent / "cases/connection_strings.json").read_text("utf-8")
)
VALID = [case for case in CASES if case["valid"]]
MEBIBYTE = 1 << 20
GENEROUS_S = 2.0
"""Twice the budget: the machine runs other things too."""


def as_text(settings: Settings) -> dict[str, object]:
    """Give settings in the words and units of the cases."""

    def ms(seconds: float | None) -> float:
        return -1 if seconds is None else seconds * 1000

    return {
        "hosts": [[host.host, host.port] for host in settings.hosts],
        "dnsDiscover": settings.discover,
        "tls": settings.tls,
        "tlsVerifyCert": settings.tls_verify_cert,
        "tlsCaFile": settings.tls_ca_file,
        "userCertFile": settings.user_cert_file,
        "userKeyFile": settings.user_key_file,
        "username": settings.username,
        "password": settings.password,
        "nodePreference": settings.node_preference,
        "maxDiscoverAttempts": settings.max_discover_attempts,
        "discoveryInterval": ms(settings.discovery_interval_s),
        "gossipTimeout": ms(settings.gossip_timeout_s),
        "keepAliveInterval": ms(settings.keep_alive_interval_s),
        "keepAliveTimeout": ms(settings.keep_alive_timeout_s),
        "defaultDeadline": ms(settings.default_deadline_s),
        "connectionName": settings.connection_name,
        "throwOnAppendFailure": settings.throw_on_append_failure,
    }


def problems_of(text: str, *, strict: bool = False) -> tuple[Problem, ...]:
    """Give the problems of a text that must be refused."""
    with pytest.raises(InvalidConnectionString) as caught:
        Settings.from_string(text, strict=strict)
    return caught.value.problems


def read_or_refuse(text: str) -> Settings | InvalidConnectionString:
    """Read a text, or give the only error that reading may raise."""
    try:
        return Settings.from_string(text)
    except InvalidConnectionString as error:
        return error


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["uri"]))
def test_case(case: dict[str, object]) -> None:
    """Every case is accepted or refused as decided, with every expected value."""
    uri = str(case["uri"])
    if not case["valid"]:
        assert problems_of(uri)
        return
    read = as_text(Settings.from_string(uri))
    expected = case.get("expect", {})
    assert isinstance(expected, dict)
    assert {name: read[name] for name in expected} == expected


@pytest.mark.parametrize("case", VALID, ids=lambda case: repr(case["uri"]))
def test_canonical_form_reads_back(case: dict[str, object]) -> None:
    """The canonical form of every valid case reads back equal."""
    settings = Settings.from_string(str(case["uri"]))
    assert Settings.from_string(settings.to_string()) == settings


def test_all_problems_come_at_once_in_order() -> None:
    """Every problem is listed, in the order of the text, each with its place."""
    text = "http://u:50%@a:0,b:?tls=1&tls=true&gossipTimeout=0&x=&userKeyFile=k"
    found = problems_of(text)
    assert [(each.option, each.position) for each in found] == [
        ("scheme", 0),
        ("password", 11),
        ("host", 15),
        ("host", 19),
        ("tls", 24),
        ("tls", 26),
        ("gossipTimeout", 49),
        ("x", 51),
        ("userCertFile", None),
    ]
    assert all(each.reason for each in found)


@pytest.mark.parametrize(
    ("text", "option", "position", "hint"),
    [
        ("kurrentdb://user:50%@h", "password", 19, "%25"),
        ("kurrentdb://user:pa/ss@h", "userinfo", 19, "%2F"),
        ("kurrentdb://user:pa?ss@h", "userinfo", 19, "%3F"),
        ("kurrentdb://user:pa#ss@h", "userinfo", 19, "%23"),
        ("kurrentdb://h#x", "fragment", 13, "%23"),
        ("kurrentdb://h/x", "path", 13, "drop"),
        ("kurrentdb://h%41", "host", 13, "not percent-encoded"),
        ("kurrentdb://[fe80::1%eth0]", "host", 13, "%25"),
        ("kurrentdb://a:1:2", "host", 14, "brackets"),
        ("kurrentdb://a,,b", "host", 14, "host"),
        ("  kurrentdb://a:x", "host", 16, "65535"),
        ("kurrentdb:/h", "scheme", None, "kurrentdb://"),
        ("kurrentdb://h?tls", "tls", 14, "key=value"),
        ("kurrentdb://h?dnsDiscover=maybe", "dnsDiscover", 26, "true or false"),
        ("kurrentdb://h?tls=maybe", "tls", 18, "true or false"),
        ("kurrentdb://h?gossipTimeout=5h", "gossipTimeout", 28, "5s"),
        ("kurrentdb://h?nodePreference=any", "nodePreference", 29, "follower"),
        ("kurrentdb://h?connectionName=a%4", "connectionName", 30, "%25"),
        ("kurrentdb://h?maxDiscoverAttempts=0", "maxDiscoverAttempts", 34, "-1"),
        ("kurrentdb+discover://h?dnsDiscover=false", "dnsDiscover", 35, "clients"),
    ],
)
def test_problem_says_where_and_what_instead(
    text: str, option: str, position: int | None, hint: str
) -> None:
    """A problem names its option, its place and what to write instead."""
    found = [each for each in problems_of(text) if each.option == option]
    assert [each.position for each in found] == [position]
    assert hint in found[0].hint


@pytest.mark.parametrize(
    ("text", "option", "words"),
    [
        ("kurrentdb://h?unknown=1", "unknown", "is no option"),
        ("kurrentdb://h?tlsVerfyCert=false", "tlsverfycert", "mean tlsVerifyCert"),
        ("kurrentdb://h?feature=dns-lookup", "feature", "ignored"),
        ("kurrentdb://h?dnsLookUpType=srv", "dnsLookUpType", "ignored"),
        ("kurrentdb://h?dnsDiscover=true", "dnsDiscover", "+discover"),
        ("kurrentdb://h?node-preference=leader", "nodePreference", "only the Node"),
        ("kurrentdb://h?gossipTimeout=5", "gossipTimeout", "read it as 5 s"),
        ("kurrentdb://h?defaultDeadline=99", "defaultDeadline", "reads it as 99 s"),
        ("kurrentdb://h?keepAliveInterval=9999", "keepAliveInterval", "below 10 s"),
        ("kurrentdb://h?tls=false&tlsCaFile=x", "tlsCaFile", "no effect"),
        ("kurrentdb://a%3Ab:p@h", "username", "':'"),
    ],
)
def test_warning(text: str, option: str, words: str) -> None:
    """What can be read but is likely a mistake is a warning, not an error."""
    warnings = Settings.from_string(text).warnings
    assert [each.option for each in warnings] == [option]
    assert words in str(warnings[0])


@pytest.mark.parametrize(
    "text",
    [
        "kurrentdb://h?gossipTimeout=5s",
        "kurrentdb://h?gossipTimeout=50ms",
        "kurrentdb://h?gossipTimeout=100",
        "kurrentdb://h?defaultDeadline=-1",
        "kurrentdb://h?keepAliveInterval=10000&keepAliveTimeout=-1",
        "kurrentdb://h?discoveryInterval=5",
        "kurrentdb://h?tlsVerifyCert=false&tlsCaFile=/ca.pem",
        "kurrentdb://u:p@h1:1,h2/?",
    ],
)
def test_no_warning(text: str) -> None:
    """A string that says what it means is not warned of."""
    assert not Settings.from_string(text).warnings


def test_strict_refuses_unknown_options() -> None:
    """With `strict`, an unknown option is a problem, with the same guess."""
    (problem,) = problems_of("kurrentdb://h?tlsVerfyCert=true", strict=True)
    assert "tlsVerifyCert" in problem.hint


def test_durations_take_units() -> None:
    """`500ms`, `5s` and `1m` are durations, and so are bare milliseconds."""
    settings = Settings.from_string(
        "kurrentdb://h?gossipTimeout=500ms&defaultDeadline=5s&keepAliveInterval=1m"
        "&keepAliveTimeout=12000&discoveryInterval=0"
    )
    assert settings.gossip_timeout_s == 0.5
    assert settings.default_deadline_s == 5
    assert settings.keep_alive_interval_s == 60
    assert settings.keep_alive_timeout_s == 12
    assert settings.discovery_interval_s == 0


def test_plus_stays_plus_everywhere() -> None:
    """Nothing is form-decoded: a `+` is a `+` in user, password and values."""
    settings = Settings.from_string("kurrentdb://a+b:c+d@h?connectionName=e+f")
    assert (settings.username, settings.password) == ("a+b", "c+d")
    assert settings.connection_name == "e+f"


def test_userinfo_is_cut_at_first_colon_and_last_at() -> None:
    """The user name ends at the first `:`, the userinfo at the last `@`."""
    settings = Settings.from_string("kurrentdb://u:p:q@r@h")
    assert (settings.username, settings.password) == ("u", "p:q@r")
    assert settings.hosts == (Endpoint("h", 2113),)


def test_at_in_query_is_no_userinfo() -> None:
    """An `@` after the `?` belongs to its option, also where the host has a port."""
    settings = Settings.from_string("kurrentdb://h:1?connectionName=a@b")
    assert settings.username is None
    assert settings.connection_name == "a@b"


def test_hosts_are_kept_as_written() -> None:
    """Text keeps the host's case and alphabet; IPv6 loses its brackets only."""
    settings = Settings.from_string("kurrentdb://HOST.:1, мир ,[FE80::A%25eth0]:3")
    assert settings.hosts == (
        Endpoint("HOST.", 1),
        Endpoint("мир", 2113),
        Endpoint("FE80::A%eth0", 3),
    )


def test_preference_takes_both_spellings() -> None:
    """`read_only_replica` is Node's spelling of `readonlyreplica`."""
    for spelling in ("readonlyreplica", "read_only_replica", "READ_ONLY_REPLICA"):
        text = f"kurrentdb://h?nodePreference={spelling}"
        preference = Settings.from_string(text).node_preference
        assert preference is NodePreference.READ_ONLY_REPLICA


@pytest.mark.parametrize("value", [None, b"kurrentdb://h", 5])
def test_anything_but_text_is_refused(value: object) -> None:
    """What is no text is refused with the error of this package."""
    with pytest.raises(InvalidConnectionString, match="must be text"):
        Settings.from_string(value)  # type: ignore[arg-type]


SOUP = st.lists(
    st.sampled_from(
        [
            *"abu019:@/?#&=,%[]+-_. \t\n\0é\ud800",
            "kurrentdb://",
            "+discover",
            "%41",
            "%zz",
            "[::1]",
            "tls=",
            "gossipTimeout=",
            "dnsDiscover=",
            "true",
            "-1",
            "5s",
            "9" * 40,
        ]
    )
).map("".join)


@given(st.one_of(st.text(), SOUP, SOUP.map("kurrentdb://".__add__)))
@example("kurrentdb://h?gossipTimeout=" + "9" * 5000)
@example("kurrentdb://h?maxDiscoverAttempts=" + "0" * 5000 + "1")
@example("kurrentdb://h:" + "9" * 5000)
@example("kurrentdb://%ed%a0%80:p@h")
def test_arbitrary_text_is_read_or_refused(text: str) -> None:
    """No text raises anything but `InvalidConnectionString`."""
    read = read_or_refuse(text)
    if isinstance(read, Settings):
        assert Settings.from_string(read.to_string()) == read
        assert read.redacted()
    else:
        assert read.problems
        assert str(read)


def soup(seed: str) -> str:
    """Repeat a piece up to a mebibyte."""
    return (seed * (MEBIBYTE // len(seed) + 1))[:MEBIBYTE]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(build, id=name)
        for name, build in {
            "bytes": bytes(range(256)).decode("latin-1") * 4096,
            "hosts": "kurrentdb://" + soup("a,"),
            "good hosts": "kurrentdb://" + soup("a,") + "a",
            "other hosts": "kurrentdb://" + ",".join(map(str, range(160_000))),
            "ipv6": "kurrentdb://"
            + ",".join(f"[::{n:x}:1]:2113" for n in range(65_000)),
            "empty hosts": "kurrentdb://" + soup(","),
            "empty pairs": "kurrentdb://h?" + soup("&"),
            "bare keys": "kurrentdb://h?" + soup("&a"),
            "other keys": "kurrentdb://h?"
            + "&".join(f"k{n}=1" for n in range(110_000)),
            "near misses": "kurrentdb://h?"
            + "&".join(f"tlsVerifyCer{n}=1" for n in range(55_000)),
            "digits": "kurrentdb://h?gossipTimeout=" + soup("9"),
            "zeros": "kurrentdb://h?gossipTimeout=" + soup("0") + "x",
            "escapes": "kurrentdb://" + soup("%41") + "@h",
            "half escapes": "kurrentdb://u:" + soup("%4") + "@h",
            "ats": "kurrentdb://" + soup("@"),
            "colons": "kurrentdb://" + soup(":"),
            "brackets": "kurrentdb://" + soup("["),
            "dashes": "kurrentdb://h?" + soup("-_") + "=1",
            "blanks": soup(" "),
            "schemes": soup("://"),
        }.items()
    ],
)
def test_a_mebibyte_is_read_in_linear_time(text: str) -> None:
    """A mebibyte of anything takes less than a second or so."""
    started = time.perf_counter()
    read = read_or_refuse(text)
    assert time.perf_counter() - started < GENEROUS_S
    assert isinstance(read, Settings) or len(read.problems) <= 1_001
