"""Validation against the schemas of `schemas/`, one a kind that is written."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parent / "schemas"


def known_kinds() -> set[str]:
    """The kinds that have a schema."""
    return {path.stem for path in FOLDER.glob("*.json")}


@cache
def _validator(kind: str) -> Draft202012Validator:
    schema = json.loads((FOLDER / f"{kind}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def faults(document: dict[str, object]) -> list[str]:
    """What a schema finds wrong with a parsed object."""
    validator = _validator(str(document["kind"]))
    return [
        f"{error.json_path}: {error.message}"
        for error in validator.iter_errors(document)
    ]
