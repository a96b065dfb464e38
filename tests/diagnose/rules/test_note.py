"""What is worth knowing is noted, and does not make a run fail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from kurrent_conn import Overrides
from kurrent_conn.diagnose import Case, Severity, Trouble, Vantage
from kurrent_conn.diagnose.rules import findings
from kurrent_conn.diagnose.sight import Credentials, TlsEnd, TlsSight
from tests.diagnose.sketch import AT, World, certificate, examined

NODE = "n1.kurrent.test:2113"
WORLD = World(
    [NODE], names={"n1.kurrent.test": "203.0.113.1"}, places={"203.0.113.1:2113": 0}
)


def case_of(string: str = f"kurrentdb://{NODE}", **options: object) -> Case:
    """A healthy cluster of one."""
    given = {"vantage": Vantage.OUTSIDE, **options}
    return examined(WORLD, string, **given)


def noted(case: Case) -> list[Trouble]:
    """The notes of a case in which nothing else is found."""
    found = findings(case)
    assert all(each.severity is Severity.NOTE for each in found), found
    return [each.trouble for each in found]


def test_nothing_to_note() -> None:
    """A healthy cluster has no notes."""
    assert noted(case_of()) == []


def test_certificates() -> None:
    """One that ends soon, and one that is not for clientAuth."""
    case = case_of()
    leaf = certificate("n1.kurrent.test")
    soon = replace(leaf, not_after=AT + timedelta(days=3))
    server = replace(leaf, extended_usages=("serverAuth",))
    for shown, trouble in (
        (soon, Trouble.EXPIRES_SOON),
        (server, Trouble.NO_CLIENT_USAGE),
    ):
        tls = TlsSight(TlsEnd.DONE, (), (shown,), "h2")
        contact = replace(case.contacts[0], tls=tls)
        assert noted(replace(case, contacts=(contact,))) == [trouble]


def test_two_answers_of_dns() -> None:
    """The system and DNS have nothing in common."""
    world = World(
        [NODE],
        names=WORLD.names,
        dns={"n1.kurrent.test": "198.51.100.1"},
        places=WORLD.places,
    )
    case = examined(world, f"kurrentdb://{NODE}", vantage=Vantage.OUTSIDE)
    assert noted(case) == [Trouble.DNS_DIFFERS]


def test_one_of_two_ways() -> None:
    """A preferred target is passed over, since the next one works."""
    rules = Overrides.from_mapping({NODE: ["10.9.9.9", "203.0.113.1"]})
    assert noted(case_of(overrides=rules)) == [Trouble.DEAD_ADDRESS]


def test_rules_and_strings() -> None:
    """A rule for nobody, and an option that nobody knows."""
    rules = Overrides.from_mapping({"elsewhere.example": "10.0.0.1"})
    assert noted(case_of(overrides=rules)) == [Trouble.UNUSED_RULE]
    unknown = case_of(f"kurrentdb://{NODE}?noSuchOption=1")
    assert noted(unknown) == [Trouble.STRING_WARNING]


def test_safety() -> None:
    """Verification that is off, and credentials that stay here."""
    off = case_of(f"kurrentdb://{NODE}?tlsVerifyCert=false")
    assert noted(off) == [Trouble.UNVERIFIED]
    case = case_of()
    kept = replace(case.contacts[0], credentials=Credentials.WITHHELD)
    assert noted(replace(case, contacts=(kept,))) == [Trouble.CREDENTIALS_WITHHELD]


def test_an_endpoint_that_a_rule_spoils_is_a_problem() -> None:
    """A result that is no host is named with its rule."""
    rules = Overrides.from_corefile("rewrite name suffix .test ..example")
    found = findings(case_of(overrides=rules))
    assert [f.trouble for f in found if f.counts] == [Trouble.ODD_RULE]
