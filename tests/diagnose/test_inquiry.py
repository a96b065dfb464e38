"""The doctor asks each question once, and comes to an end whatever it hears."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn import Endpoint, Overrides
from kurrent_conn.diagnose import Case, Surroundings, Vantage
from kurrent_conn.diagnose.diagnosis import diagnosis_of
from kurrent_conn.diagnose.inquiry import AskName, Question, Visit, next_questions
from kurrent_conn.diagnose.page import page_of
from tests.diagnose.sketch import World, started

FQDNS = [f"mydb-{index}.mydb.kurrent.test:2113" for index in range(3)]
SERVICES = [f"mydb-{index}.mydb.kurrent.svc.cluster.local" for index in range(3)]
HOSTS = [*(name.partition(":")[0] for name in FQDNS), *SERVICES, "lb.kurrent.test"]
ADDRESSES = ["10.10.0.11", "10.10.0.12", "203.0.113.10", "127.0.0.1"]
PORTS = [2113, 443, 8443]


def asked(case: Case, world: World) -> tuple[Case, list[Question]]:
    """Ask everything, and keep what was asked."""
    questions: list[Question] = []
    while now := next_questions(case):
        questions += now
        case = case.learn(
            world.lookup(each) if isinstance(each, AskName) else world.contact(each)
            for each in now
        )
    return case, questions


worlds = st.builds(
    World,
    st.lists(st.sampled_from([*FQDNS, *SERVICES, "10.10.0.11:2113"]), max_size=3),
    names=st.dictionaries(st.sampled_from(HOSTS), st.sampled_from(ADDRESSES)),
    dns=st.dictionaries(st.sampled_from(HOSTS), st.sampled_from(ADDRESSES)),
    places=st.dictionaries(
        st.builds("{}:{}".format, st.sampled_from(ADDRESSES), st.sampled_from(PORTS)),
        st.integers(0, 2),
    ),
)
seeds = st.lists(st.sampled_from([*FQDNS, *HOSTS, *ADDRESSES]), min_size=1, max_size=3)
rules = st.dictionaries(
    st.sampled_from(HOSTS), st.sampled_from([*ADDRESSES, *HOSTS, "127.0.0.1:8443"])
)


@given(worlds, seeds, rules, st.sampled_from(Vantage))
def test_it_ends_and_asks_nothing_twice(
    world: World, hosts: list[str], mapping: dict[str, str], vantage: Vantage
) -> None:
    """Names once, routes once; and what it then says can be told and drawn."""
    case = started(
        f"kurrentdb://{','.join(hosts)}",
        overrides=Overrides.from_mapping(mapping),
        vantage=vantage,
        surroundings=Surroundings(True, "kurrent", ("svc.cluster.local",)),
    )
    case, questions = asked(case, world)
    assert len(questions) == len(set(questions))
    diagnosis = diagnosis_of(case)
    assert diagnosis.verdict
    assert page_of(diagnosis)


def test_a_rule_makes_both_names_known() -> None:
    """The advertised name is looked up beside the one that is dialled."""
    rules = Overrides.from_mapping({"n1.kurrent.test": "pod-1.example"})
    case = started("kurrentdb://n1.kurrent.test", overrides=rules)
    assert set(next_questions(case)) == {
        AskName("n1.kurrent.test"),
        AskName("pod-1.example"),
    }


def test_every_address_is_visited() -> None:
    """A name with two addresses is two routes."""
    world = World([], names={"n1.kurrent.test": "10.10.0.11"})
    case = started("kurrentdb://n1.kurrent.test")
    (question,) = next_questions(case)
    assert isinstance(question, AskName)
    case = case.learn([world.lookup(question)])
    (visit,) = next_questions(case)
    assert isinstance(visit, Visit)
    assert visit.route.connects_to == Endpoint("10.10.0.11")


def test_credentials_go_to_no_guess_that_is_not_verified() -> None:
    """Other ways get none where certificates are not verified, or not there at all."""
    for option in ("tlsVerifyCert=false", "tls=false"):
        world = World(FQDNS, places={"10.0.0.1:2113": 0})
        case = started(f"kurrentdb://10.0.0.1?{option}", vantage=Vantage.OUTSIDE)
        _, questions = asked(case, world)
        visits = [each for each in questions if isinstance(each, Visit)]
        (usual,) = [each for each in visits if str(each.endpoint) == "10.0.0.1:2113"]
        guesses = [each for each in visits if each != usual]
        assert usual.with_credentials
        assert guesses
        assert not any(each.with_credentials for each in guesses)
