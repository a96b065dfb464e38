"""The verdict is said in plain words."""

from __future__ import annotations

from dataclasses import replace

from kurrent_conn.diagnose import Trouble, Vantage, diagnosis_of
from kurrent_conn.diagnose.sight import Credentials
from tests.diagnose.sketch import World, examined

FQDNS = [f"mydb-{index}.kurrent.test:2113" for index in range(3)]
STRING = f"kurrentdb://{','.join(FQDNS)}"
WORLD = World(
    FQDNS,
    names={f"mydb-{i}.kurrent.test": f"203.0.113.1{i}" for i in range(3)},
    places={f"203.0.113.1{i}:2113": i for i in range(3)},
)


def test_healthy() -> None:
    """How many members, and who leads."""
    diagnosis = diagnosis_of(examined(WORLD, STRING, vantage=Vantage.OUTSIDE))
    assert diagnosis.is_healthy
    assert diagnosis.verdict == (
        "Healthy: a client here finds 3 members and reaches the leader "
        "mydb-0.kurrent.test:2113."
    )


def test_something_to_mend() -> None:
    """A client that works in spite of a fault is told so."""
    string = f"{STRING},gone.kurrent.test"
    diagnosis = diagnosis_of(examined(WORLD, string, vantage=Vantage.OUTSIDE))
    assert diagnosis.is_usable
    assert not diagnosis.is_healthy
    assert diagnosis.verdict.startswith("A client here works, with something to mend:")


def test_nothing_works() -> None:
    """Names that lead nowhere: the cause comes first."""
    nowhere = World(FQDNS)
    diagnosis = diagnosis_of(examined(nowhere, STRING, vantage=Vantage.OUTSIDE))
    assert not diagnosis.is_usable
    assert diagnosis.verdict.startswith("A client here cannot work: the connection")


def test_refused_credentials_make_it_useless() -> None:
    """A leader that does not let us in is not reached."""
    case = examined(WORLD, STRING, vantage=Vantage.OUTSIDE)
    refused = tuple(
        replace(each, credentials=Credentials.REFUSED) for each in case.contacts
    )
    diagnosis = diagnosis_of(replace(case, contacts=refused))
    assert not diagnosis.is_usable
    assert [f.trouble for f in diagnosis.findings] == [Trouble.WRONG_CREDENTIALS]


def test_what_is_accepted_does_not_count() -> None:
    """It is shown, and the run is healthy."""
    case = examined(WORLD, f"{STRING},gone.kurrent.test", vantage=Vantage.OUTSIDE)
    diagnosis = diagnosis_of(case, accept=[Trouble.SEED_UNKNOWN])
    assert diagnosis.is_healthy
    assert [f.is_accepted for f in diagnosis.findings] == [True]
