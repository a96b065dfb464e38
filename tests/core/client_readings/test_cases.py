"""The models against what the six clients did with each string."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kurrent_conn.core.client_readings.client import Accepted, Client, Refused
from kurrent_conn.core.client_readings.reading import read_as

CASES: dict[str, dict[str, dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "cases/client_readings.json").read_text("utf-8")
)
MUST_PREDICT = 0.97

KNOWN_WRONG: dict[tuple[str, Client], str] = {}
"""The rows that a model gets wrong, each with the reason.

There is one kind of row that a model cannot know: of two keys that differ in case Go
takes a random one; the model takes the last, as the recorded run happened to.
"""


def missing(_path: str) -> bool:
    """Answer as the machine did on which the cases were recorded."""
    return False


def wrong_fields(client: Client, string: str, row: dict[str, Any]) -> list[str]:
    """Name what a model predicts otherwise than the client did."""
    reading = read_as(client, string, missing)
    if isinstance(reading, Refused) or not row["valid"]:
        return [] if isinstance(reading, Refused) is not row["valid"] else ["valid"]
    predicted = predict(reading)
    recorded = {name: row.get(name) for name in ("username", "password")}
    recorded |= {name: row[name] for name in ("hosts", "tls") if name in row}
    recorded |= {"discover": row["dnsDiscover"]} if "dnsDiscover" in row else {}
    return [name for name, value in recorded.items() if predicted[name] != value]


def predict(reading: Accepted) -> dict[str, object]:
    """Give a prediction in the words of the cases."""
    return {
        "hosts": [[seed.host, seed.port] for seed in reading.hosts],
        "username": reading.username,
        "password": reading.password,
        "tls": reading.tls,
        "discover": reading.discover,
    }


def test_predictions() -> None:
    """Of all pairs of string and client at least 97 % are predicted in every field."""
    wrong = {
        (string, Client(name)): fields
        for string, rows in CASES.items()
        for name, row in rows.items()
        if (fields := wrong_fields(Client(name), string, row))
    }
    total = sum(map(len, CASES.values()))
    assert set(wrong) == set(KNOWN_WRONG), wrong
    assert 1 - len(wrong) / total >= MUST_PREDICT


def test_gossip_timeout_units() -> None:
    """Each client's unit of gossipTimeout is predicted, its default included."""
    per_second = dict.fromkeys(Client, 1000) | dict.fromkeys(
        (Client.NODE, Client.GO, Client.PYTHON), 1
    )
    for string, rows in CASES.items():
        for name, row in rows.items():
            reading = read_as(Client(name), string, missing)
            if "gossipTimeout" in row and isinstance(reading, Accepted):
                seconds = reading.values["gossipTimeout"]
                assert seconds == row["gossipTimeout"] / per_second[Client(name)]
