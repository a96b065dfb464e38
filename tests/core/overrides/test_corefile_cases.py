"""Every row of the Corefile cases: what CoreDNS itself did with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.errors import InvalidOverride


class Row(TypedDict, total=False):
    """One case of the file."""

    kind: str
    rule: str
    query: str
    result: str | None
    valid: bool
    matched: bool


ROWS: list[Row] = json.loads(
    (Path(__file__).parent / "cases" / "corefile_rewrite.json").read_text()
)
NAMES = [row for row in ROWS if row["kind"] == "name"]
PARSED = [row for row in ROWS if row["kind"] == "parse"]


def test_all_rows_are_taken() -> None:
    """The file has no kind of row that is not tested here."""
    assert len(NAMES) + len(PARSED) == len(ROWS) == 107


@pytest.mark.parametrize(
    "row", NAMES, ids=lambda row: f"{row['rule']} | {row['query']}"
)
def test_a_name_is_rewritten_as_coredns_does(row: Row) -> None:
    """The dialled host is CoreDNS's rewritten name; SERVFAIL is InvalidOverride."""
    rules = Overrides.from_corefile(row["rule"])
    asked = Endpoint(row["query"], 2113)
    if row["result"] is None:
        with pytest.raises(InvalidOverride, match="which is no host"):
            rules.routes(asked)
        return
    route = rules.route(asked)
    assert route.dial.host.removesuffix(".") == row["result"].removesuffix(".")
    assert (route.rule is not None) == row["matched"]
    assert route.server_name == row["query"]


@pytest.mark.parametrize("row", PARSED, ids=lambda row: row["rule"])
def test_a_line_is_refused_when_coredns_refuses_it(row: Row) -> None:
    """What CoreDNS loads is read, what it refuses is InvalidOverride."""
    if row["valid"]:
        assert len(Overrides.from_corefile(row["rule"])) == 1
    else:
        with pytest.raises(InvalidOverride, match=r"line 1|rule 1"):
            Overrides.from_corefile(row["rule"])
