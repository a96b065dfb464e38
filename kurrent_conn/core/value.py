"""Values that are made many times an event: immutable to the type checkers alone.

A frozen dataclass sets each field past its own guard, and takes three times as long to
make. What users hold is frozen; these stay between the core, the shells and the
simulator, whose every line the checkers see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True)
def value(kind: type[_Class], /) -> type[_Class]:
    """Make a class one of values: compared and hashed by its fields, never changed.

    Args:
        kind: The class, with annotated fields.
    """
    return dataclass(slots=True, unsafe_hash=True)(kind)
