"""Fixes can be read by what they are for."""

from __future__ import annotations

import yaml

from kurrent_conn import Endpoint, Overrides, Route, Settings
from kurrent_conn.diagnose import fix
from kurrent_conn.diagnose.sight import Contact
from tests.diagnose.sketch import World

NODES = World(["mydb-0.kurrent.test:2113"], certified=("*.kurrent.test",))


def way(member: Endpoint, dial: str, name: str | None = None) -> Contact:
    """A contact that reached a member somewhere."""
    route = Route(Endpoint.parse(dial), name or member.host)
    return NODES.answered(member, route, 0)


def routes(text: str, member: Endpoint) -> Route:
    """Where pasted rules lead."""
    return Overrides.from_toml(text).route(member)


def test_a_rule_leads_where_the_way_led() -> None:
    """Host and port, under the advertised name."""
    member = Endpoint("mydb-0.kurrent.test", 2113)
    made = fix.rules({member: way(member, "10.10.0.11:2114")})
    route = routes(made.text, member)
    assert (str(route.dial), route.server_name) == ("10.10.0.11:2114", member.host)


def test_pods_of_one_service_share_a_rule() -> None:
    """Names that differ in their ends alone are one suffix rule."""
    members = [Endpoint(f"mydb-{i}.kurrent.test") for i in range(3)]
    ways = {m: way(m, f"{m.host[:6]}.mydb.kurrent.svc.cluster.local") for m in members}
    made = fix.rules(ways)
    assert made.text.count("[[override]]") == 1
    for member in (*members, Endpoint("mydb-7.kurrent.test")):
        pod = member.host.partition(".")[0]
        dial = routes(made.text, member).dial
        assert dial.host == f"{pod}.mydb.kurrent.svc.cluster.local"


def test_a_way_under_another_name_keeps_that_name() -> None:
    """Where the certificate does not cover the member, the rule says what it covers."""
    member = Endpoint("10.10.0.11", 2113)
    made = fix.rules({member: way(member, "10.10.0.12", "n1.kurrent.test")})
    route = routes(made.text, member)
    assert (route.dial.host, route.server_name) == ("10.10.0.12", "n1.kurrent.test")


def test_a_template_names_every_member() -> None:
    """A rule each, whose target is to be filled in; it can be read as it is."""
    members = [Endpoint("mydb-0.kurrent.test"), Endpoint("10.10.0.11", 2113)]
    text = fix.rule_template(members).text
    assert [routes(text, m).dial.host for m in members] == [
        "where-mydb-0-is.example",
        "where-2113-is.example",
    ]


def test_a_connection_string_has_no_password() -> None:
    """It is what it was, without the dead host and with *** for the password."""
    settings = Settings.from_string("kurrentdb://admin:s3cret@n1,n2?tls=false")
    made = fix.without_seeds(settings, [Endpoint("n2")])
    assert made is not None
    assert "s3cret" not in made.text
    assert Settings.from_string(made.text).hosts == (Endpoint("n1"),)
    assert fix.without_seeds(settings, settings.hosts) is None


def test_manifests_are_yaml() -> None:
    """A certificate's names, and values of the KurrentDB resource."""
    names = fix.certificate_names(["*.kurrent.test", "n1"], ["10.0.0.1"]).text
    assert yaml.safe_load(names)["spec"] == {
        "dnsNames": ["*.kurrent.test", "n1"],
        "ipAddresses": ["10.0.0.1"],
    }
    value = fix.configuration("AdvertiseNodePortToClientAs", "443", "").text
    configuration = yaml.safe_load(value)["spec"]["configuration"]
    assert configuration == {"AdvertiseNodePortToClientAs": 443}
