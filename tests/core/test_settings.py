"""`Settings` as a value: checked, comparable, written back, and silent on passwords."""

from __future__ import annotations

import copy
import json
import pickle
import pprint
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.connection_string.option import OPTIONS
from kurrent_conn.core.connection_string.value import MAX_COUNT
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import ConfigurationError, InvalidSettings

HOSTS = (Endpoint("n1", 2113),)
UNICODE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
PATHS = UNICODE.filter(lambda path: "\0" not in path)
SECONDS = st.floats(min_value=1e-9, max_value=1e9)
NAMES = st.from_regex(r"[A-Za-z0-9_.-]+", fullmatch=True) | st.sampled_from(
    ["хост.рф", "食狮.公司", "localhost."]
)
ADDRESSES = st.ip_addresses(v=6).map(str) | st.just("fe80::1%eth0")
ENDPOINTS = st.builds(Endpoint, NAMES | ADDRESSES, st.integers(1, 65535))


@st.composite
def any_settings(draw: st.DrawFn) -> Settings:
    """Draw from everything that a `Settings` can hold."""
    pair = draw(st.none() | st.tuples(PATHS, PATHS))
    user = draw(st.none() | st.tuples(UNICODE, st.none() | UNICODE | st.just("")))
    return Settings(
        hosts=tuple(draw(st.lists(ENDPOINTS, min_size=1, max_size=4))),
        discover=draw(st.booleans()),
        tls=draw(st.booleans()),
        tls_verify_cert=draw(st.booleans()),
        tls_ca_file=draw(st.none() | PATHS),
        user_cert_file=pair[0] if pair else None,
        user_key_file=pair[1] if pair else None,
        username=user[0] if user else None,
        password=user[1] if user else None,
        node_preference=draw(st.sampled_from(NodePreference)),
        max_discover_attempts=draw(st.just(-1) | st.integers(1, MAX_COUNT)),
        discovery_interval_s=draw(st.just(0.0) | SECONDS),
        gossip_timeout_s=draw(SECONDS),
        keep_alive_interval_s=draw(st.none() | SECONDS),
        keep_alive_timeout_s=draw(st.none() | SECONDS),
        default_deadline_s=draw(st.none() | SECONDS | st.integers(1, 1000)),
        connection_name=draw(st.none() | UNICODE),
        throw_on_append_failure=draw(st.booleans()),
    )


@given(any_settings())
def test_every_settings_reads_back(settings: Settings) -> None:
    """Whatever can be built can be written, and reads back equal."""
    text = settings.to_string()
    assert text.isascii() or any(not host.host.isascii() for host in settings.hosts)
    assert Settings.from_string(text) == settings
    assert hash(Settings.from_string(text)) == hash(settings)


@given(any_settings())
def test_redacted_reads_back_but_for_the_password(settings: Settings) -> None:
    """The redacted form is a connection string too, with `***` for the password."""
    shown = Settings.from_string(settings.redacted())
    password = "***" if settings.password else settings.password
    assert shown == replace(settings, password=password)


SECRET = "Tr0ub4dor&3"


@given(any_settings())
def test_nothing_shows_the_password(settings: Settings) -> None:
    """Neither `repr`, `str`, `redacted` nor a pretty printer shows the password."""
    secret = replace(settings, username="admin", password=SECRET)
    for shown in (
        repr(secret),
        str(secret),
        f"{secret}",
        secret.redacted(),
        pprint.pformat(secret),
        repr(secret.warnings),
    ):
        assert SECRET not in shown
        assert "Tr0ub4dor" not in shown


def test_repr_shows_what_differs() -> None:
    """`repr` is short: the hosts, and what is not default; insecurity stands out."""
    settings = Settings(HOSTS, tls=False, username="admin", password=SECRET)
    assert repr(settings) == (
        "Settings(hosts=(Endpoint(host='n1', port=2113),), tls=False, "
        "username='admin', password=***)"
    )


def test_canonical_form() -> None:
    """Hosts carry ports, no slash, defaults are left out, durations are bare ms."""
    settings = Settings(
        (Endpoint("n1", 2113), Endpoint("::1", 1)),
        discover=True,
        username="a:b",
        password="p@s/s+!",
        gossip_timeout_s=3,
        default_deadline_s=None,
        tls_ca_file="/etc/my ca.pem",
    )
    assert settings.to_string() == (
        "kurrentdb+discover://a%3Ab:p%40s%2Fs+!@n1:2113,[::1]:1"
        "?tlsCaFile=/etc/my%20ca.pem&gossipTimeout=3000&defaultDeadline=-1"
    )


def test_warnings_are_not_compared() -> None:
    """Two strings that mean the same are equal, whatever they are warned of."""
    warned = Settings.from_string("kurrentdb://n1?nope=1")
    assert warned.warnings
    assert warned == Settings(HOSTS)
    assert hash(warned) == hash(Settings(HOSTS))


def test_defaults_are_those_of_the_table() -> None:
    """Each option's field exists and has the default of the table of options."""
    defaults = {each.name: each.default for each in fields(Settings)}
    assert {option.field: option.default for option in OPTIONS}.items() <= (
        defaults.items()
    )


def test_user_name_alone_has_an_empty_password() -> None:
    """A user name without a password is the same as with an empty one."""
    settings = Settings(HOSTS, username="u")
    assert settings.password == ""
    assert settings == Settings.from_string("kurrentdb://u@n1")


@pytest.mark.parametrize(
    ("given_s", "kept_s"), [(0.0005, 0.001), (1e-12, 0.001), (0.0014, 0.001), (2, 2.0)]
)
def test_durations_are_kept_in_milliseconds(given_s: float, kept_s: float) -> None:
    """Seconds are rounded to whole milliseconds, never down to 0."""
    assert Settings(HOSTS, gossip_timeout_s=given_s).gossip_timeout_s == kept_s


def test_names_and_lists_are_taken() -> None:
    """A preference may be its name, the hosts a list."""
    loose: dict[str, Any] = {"hosts": list(HOSTS), "node_preference": "Follower"}
    settings = Settings(**loose)
    assert settings.hosts == HOSTS
    assert settings.node_preference is NodePreference.FOLLOWER


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hosts", ()),
        ("hosts", "n1"),
        ("hosts", ("n1",)),
        ("hosts", (Endpoint("a,b"),)),
        ("hosts", (Endpoint("a b"),)),
        ("hosts", (Endpoint("u@h"),)),
        ("hosts", (Endpoint("::1%a/b"),)),
        ("discover", "yes"),
        ("tls", "false"),
        ("tls", None),
        ("tls_verify_cert", 0),
        ("tls_ca_file", ""),
        ("tls_ca_file", 5),
        ("tls_ca_file", "a\0b"),
        ("tls_ca_file", "\udcff"),
        ("user_cert_file", "only.crt"),
        ("username", ""),
        ("username", 5),
        ("username", "\ud800"),
        ("password", "without a user"),
        ("node_preference", "any"),
        ("node_preference", None),
        ("max_discover_attempts", 0),
        ("max_discover_attempts", -2),
        ("max_discover_attempts", True),
        ("max_discover_attempts", 1.5),
        ("max_discover_attempts", 2**31),
        ("discovery_interval_s", -1),
        ("discovery_interval_s", None),
        ("discovery_interval_s", float("nan")),
        ("gossip_timeout_s", 0),
        ("gossip_timeout_s", "5s"),
        ("gossip_timeout_s", float("inf")),
        ("gossip_timeout_s", 10**400),
        ("keep_alive_interval_s", 0),
        ("default_deadline_s", -1),
        ("connection_name", ""),
        ("throw_on_append_failure", 1),
    ],
)
def test_bad_values_are_refused(field: str, value: object) -> None:
    """A value from Python that no string can carry is refused, with its field."""
    values: dict[str, Any] = {"hosts": HOSTS, field: value}
    with pytest.raises(InvalidSettings) as caught:
        Settings(**values)
    assert isinstance(caught.value, ConfigurationError)
    assert all(each.option.startswith(field) for each in caught.value.problems)


def test_all_bad_values_come_at_once() -> None:
    """The error lists every bad value, and never the password."""
    values: dict[str, Any] = {"hosts": (), "tls": 1, "password": SECRET}
    with pytest.raises(InvalidSettings) as caught:
        Settings(**values)
    assert [each.option for each in caught.value.problems] == [
        "hosts",
        "tls",
        "password",
    ]
    assert SECRET not in str(caught.value) + repr(caught.value)


def test_settings_are_a_value() -> None:
    """Settings cannot be changed, and survive copying and pickling."""
    settings = Settings.from_string("kurrentdb://u:p@n1?x=1")
    with pytest.raises(FrozenInstanceError):
        settings.tls = False  # type: ignore[misc]
    assert copy.deepcopy(settings) == settings
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 - our own


@given(st.text(min_size=6), st.sampled_from(range(12)))
def test_no_error_holds_the_password(secret: str, shape: int) -> None:
    """However a string with a password is broken, no error or warning shows it."""
    secret = f"Zq{secret}qZ"
    texts = (
        f"http://user:{secret}@h:x?tls=1",
        f"kurrentdb://user:{secret}@h:x,?tls=1&a",
        f"kurrentdb://user:{secret}@",
        f"kurrentdb://user:{secret}",
        f"kurrentdb://:{secret}@h",
        f"kurrentdb://user:{secret}@h/path#{secret}",
        f"kurrentdb://user:{secret}%@h?unknown=1",
        f"kurrentdb://user:/{secret}@h",
        f"kurrentdb://user:?{secret}@h",
        f"kurrentdb://user:#{secret}@h",
        f"user:{secret}@h",
        f"kurrentdb://user:?{secret}=1&{secret}=@h",
    )
    try:
        settings = Settings.from_string(texts[shape], strict=True)
    except ValueError as error:
        shown = [str(error), repr(error), json.dumps(str(error.__context__))]
    else:
        shown = [repr(settings), str(settings.warnings)]
    assert not [each for each in shown if secret in each]
