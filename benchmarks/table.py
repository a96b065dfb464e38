"""The one table: a line a figure, a column a client, the limit and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.figures import Limit, counted, spread
from benchmarks.peers import ASYNCIO, BLOCKING, OURS

Samples = Mapping[str, Sequence[float]]

_NONE: Final = Limit()


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of every client.

    Args:
        figure: What was measured, with its unit.
        samples: By client, one entry a run.
        blocking: What ours must keep to.
        asyncio: The same for asyncio; None: as blocking.
        is_count: Whether samples are counts, whose sum says most.
    """

    figure: str
    samples: Samples
    blocking: Limit = _NONE
    asyncio: Limit | None = None
    is_count: bool = False

    def text_of(self, name: str) -> str:
        """Write the samples of one client.

        Args:
            name: Whose.
        """
        samples = self.samples.get(name, ())
        return counted(samples) if self.is_count else spread(samples)

    def limits(self) -> dict[str, Limit]:
        """Give the limit of each of ours."""
        return {BLOCKING: self.blocking, ASYNCIO: self.asyncio or self.blocking}

    def failing(self) -> list[str]:
        """List those of ours that do not keep to their limit."""
        return [
            name
            for name, limit in self.limits().items()
            if self.samples.get(name) and not limit.holds(self.samples[name])
        ]

    def verdict(self) -> str:
        """Say whether the limit holds; nothing where there is none."""
        measured = any(self.samples.get(name) for name in OURS)
        if not measured or not any(map(str, self.limits().values())):
            return ""
        failing = self.failing()
        return (
            "FAIL " + ", ".join(n.removeprefix("ours ") for n in failing)
            if (failing)
            else "pass"
        )

    def limit_text(self) -> str:
        """Write the limits."""
        texts = [str(self.blocking)]
        if self.asyncio is not None:
            texts.append(f"(asyncio {self.asyncio})")
        return " ".join(text for text in texts if text)


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the design's table: a case and its figures.

    Args:
        name: What happens.
        lines: What was measured.
        notes: What went wrong while measuring.
    """

    name: str
    lines: Sequence[Line]
    notes: Sequence[str] = field(default_factory=tuple)

    def as_json(self) -> dict[str, object]:
        """Give everything that was measured."""
        return {
            "case": self.name,
            "figures": [
                {
                    "figure": line.figure,
                    "samples": {n: [*map(_finite, s)] for n, s in line.samples.items()},
                    "limit": line.limit_text(),
                    "failing": line.failing(),
                }
                for line in self.lines
            ],
            "notes": list(self.notes),
        }


def _finite(value: float) -> float | None:
    return None if value == float("inf") else round(value, 4)


def drawn(cases: Sequence[Case], columns: Sequence[str]) -> str:
    """Draw the table.

    Args:
        cases: The rows.
        columns: The clients, in order.
    """
    rows = [["case and figure", *columns, "ours must be", ""]]
    for case in cases:
        rows.append([case.name])
        rows += [
            [
                f"  {line.figure}",
                *map(line.text_of, columns),
                line.limit_text(),
                line.verdict(),
            ]
            for line in case.lines
        ]
    full = [row for row in rows if len(row) > 1]
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    text = [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=False)
        ).rstrip()
        for row in rows
    ]
    text.insert(1, "-" * max(map(len, text)))
    text += [f"note: {case.name}: {note}" for case in cases for note in case.notes]
    return "\n".join(text)
