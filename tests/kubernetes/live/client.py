"""A client at one place: connects, appends, reads, and then asks the doctor.

Reads one JSON object: `strings`, `overrides` (a path), `doctor` (words for the command
line), `connects` (whether it does more than to ask). Writes a list, for each string
`read`, `leader`, and `diagnosis`.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any
from uuid import uuid4

import kurrent_conn
from kurrent_conn.cli.doctor import doctor  # the whole command line takes longer
from kurrent_conn.testing.stream_client import StreamClient


def connected(string: str, overrides: str) -> dict[str, Any]:
    """Append one event and read it back."""
    stream = f"orders-{uuid4()}"
    with kurrent_conn.connect(string, overrides=overrides, timeout=15) as connection:
        client = StreamClient(connection.channel)
        client.append(stream, uuid4(), b"paid")
        leader = connection.refresh().leader
        return {"read": len(client.read(stream)), "leader": str(leader)}


def diagnosed(string: str, overrides: str, words: list[str]) -> Any:
    """Give what `kurrent-conn doctor --json` says, and its exit code."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        arguments = [string, "--overrides", overrides, "--json", *words]
        code = doctor.main(arguments, standalone_mode=False)
    return {"code": code, **json.loads(said.getvalue())}


def told(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Do what was asked, with every string."""
    outcomes = []
    for string in given["strings"]:
        done = connected(string, given["overrides"]) if given["connects"] else {}
        diagnosis = diagnosed(string, given["overrides"], given["doctor"])
        outcomes.append({**done, "diagnosis": diagnosis})
    return outcomes


if __name__ == "__main__":
    sys.stdout.write(json.dumps(told(json.load(sys.stdin))))
