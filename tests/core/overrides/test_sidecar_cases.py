"""Every row of the sidecar cases: what the operator's sidecar itself did with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.errors import InvalidOverride


class Row(TypedDict):
    """One case of the file."""

    rules: list[dict[str, object]]
    query: str
    result: str | None
    note: str


ROWS: list[Row] = json.loads(
    (Path(__file__).parent / "cases" / "sidecar_rules.json").read_text()
)


def test_all_rows_are_taken() -> None:
    """The file has as many rows as are tested here."""
    assert len(ROWS) == 16


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["note"] or row["query"])
def test_a_host_is_answered_as_the_sidecar_does(row: Row) -> None:
    """The dialled host is the sidecar's result.

    A result that starts with a dot is looked up by the sidecar and never found: it
    answers SERVFAIL. Here that is InvalidOverride, and it quotes the result.
    """
    rules = Overrides.from_sidecar(json.dumps({"rules": row["rules"]}))
    asked = Endpoint(row["query"], 2113)
    result = row["result"]
    if result is not None and result.startswith("."):
        with pytest.raises(InvalidOverride, match=rf"makes '\{result}' of"):
            rules.routes(asked)
        return
    route = rules.route(asked)
    assert route.dial.host == (row["query"] if result is None else result)
    assert (route.rule is not None) == (result is not None)
    assert route.server_name == row["query"]
