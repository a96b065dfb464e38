"""`Overrides`: what users hold."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.route import Route
from kurrent_conn.errors import InvalidOverride

NODE = Endpoint("mydb-0.kurrent.test", 2113)
LOCAL = {"mydb-0.kurrent.test": "127.0.0.1:21130"}


def test_without_rules_every_route_is_direct() -> None:
    """`Overrides()` dials what is advertised and verifies its host."""
    assert Overrides().routes(NODE) == (Route(NODE, NODE.host),)
    assert Overrides().route(NODE).rule is None


def test_a_mapping_dials_elsewhere_and_verifies_the_advertised_name() -> None:
    """A rule changes the address, never by itself the certificate name."""
    route = Overrides.from_mapping(LOCAL).route(NODE)
    assert route == Route(Endpoint("127.0.0.1", 21130), "mydb-0.kurrent.test")
    assert route.rule == 'exact "mydb-0.kurrent.test" -> 127.0.0.1:21130'


def test_hosts_are_compared_in_lower_case_without_the_trailing_dot() -> None:
    """Spelling does not matter, and the certificate name stays as advertised."""
    route = Overrides.from_mapping({"MyDB-0.kurrent.test.": "10.0.0.1"}).route(
        Endpoint("mydb-0.KURRENT.test.", 443)
    )
    assert route == Route(Endpoint("10.0.0.1", 443), "mydb-0.KURRENT.test.")


def test_a_mapping_key_may_name_a_port() -> None:
    """`host:port` matches that advertised port only."""
    rules = Overrides.from_mapping({"a.test:443": "10.0.0.1:2113"})
    assert rules.route(Endpoint("a.test", 443)).dial == Endpoint("10.0.0.1", 2113)
    assert rules.route(Endpoint("a.test", 2113)).dial == Endpoint("a.test", 2113)


def test_values_are_equal_and_survive_pickling() -> None:
    """Equality is by rules, whatever the source; a copy routes alike."""
    rules = Overrides.from_mapping(LOCAL)
    same = Overrides(
        (Override(exact="mydb-0.kurrent.test", target="127.0.0.1:21130"),), "elsewhere"
    )
    assert rules == same
    assert hash(rules) == hash(same)
    again = pickle.loads(pickle.dumps(same))  # noqa: S301 - our own bytes
    assert (again, again.source) == (same, "elsewhere")
    assert again.route(NODE) == rules.route(NODE)


def test_nothing_can_be_assigned() -> None:
    """The value is immutable."""
    rules = Overrides.from_mapping(LOCAL)
    with pytest.raises(AttributeError):
        rules.rules = ()  # type: ignore[misc]  # that is the claim


def test_what_is_remembered_is_bounded() -> None:
    """Asking about ever new hosts does not fill the memory."""
    rules = Overrides.from_mapping(LOCAL)
    for number in range(9000):
        rules.route(Endpoint(f"n{number}", 2113))
    assert len(rules._known) <= 8192


def test_many_threads_get_the_same_answers() -> None:
    """Nothing is locked, and nothing needs to be: answers do not depend on order."""
    rules = Overrides(
        tuple(Override(regex=rf"(db{i}-\d+)", target="{1}.svc") for i in range(20))
    )
    hosts = [Endpoint(f"db{i % 20}-{i}", 2113) for i in range(400)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(rules.route, hosts * 10))
    assert answers == [rules.route(host) for host in hosts] * 10
    assert answers[7].dial.host == "db7-7.svc"


def test_repr_shows_the_first_rules_and_counts_the_rest() -> None:
    """A set of thousands of rules has a short repr."""
    rules = Overrides.from_mapping({f"n{i}": "10.0.0.1" for i in range(1000)})
    assert repr(rules).endswith("and 997 more>")
    assert repr(Overrides()) == "<Overrides: no rules>"


def test_a_file_is_read_with_the_rules_in_order(tmp_path: Path) -> None:
    """The first matching rule of a TOML file wins."""
    path = tmp_path / "overrides.toml"
    path.write_text(
        """
        [[override]]
        exact = "mydb-0.kurrent.test"
        target = "127.0.0.1:21130"
        [[override]]
        suffix = "kurrent.test"
        target = "mydb.ns.svc.cluster.local"
        """
    )
    rules = Overrides.from_file(path)
    assert rules.route(NODE).dial == Endpoint("127.0.0.1", 21130)
    other = rules.route(Endpoint("mydb-1.kurrent.test", 2113)).dial
    assert other == Endpoint("mydb-1.mydb.ns.svc.cluster.local", 2113)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file is an InvalidOverride with the path, not an OSError."""
    with pytest.raises(InvalidOverride, match=r"absent\.toml: cannot be read"):
        Overrides.from_file(tmp_path / "absent.toml")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidOverride, match="is not UTF-8 text"):
        Overrides.from_file(binary)
