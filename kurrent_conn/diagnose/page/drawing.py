"""The map as SVG: boxes, and lines between them, for a wide and for a narrow page.

Wide: columns from left to right, client, DNS, balancers, nodes, with curves between.
Narrow: one above the other, nodes in a column, and the lines in a gutter at its left,
so that a phone shows it without shrinking its letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kurrent_conn.diagnose.page.chart import (
    Chart,
    Leg,
    Stop,
    StopKind,
    Tone,
)
from kurrent_conn.diagnose.page.markup import element, text

WIDE: Final = 860
NARROW: Final = 324

_LINE: Final = 17
_PAD: Final = 12
_GAP: Final = 16
_LETTER: Final = 7.3
"""About the width of one letter at 12 px: a longer text is cut with an ellipsis."""

_GUTTER: Final = 70
_TRACK: Final = 11


@dataclass(frozen=True, slots=True)
class Box:
    """Where a stop is drawn, in pixels from the top left."""

    stop: Stop
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        """As high as its lines."""
        lines = 1 + len(self.stop.words) + bool(self.stop.mark)
        return _PAD * 2 + _LINE * lines - 4

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.y + self.height

    @property
    def middle_y(self) -> float:
        """Half of its height down."""
        return self.y + self.height / 2


def wide_map(chart: Chart) -> str:
    """Draw the map for a wide page.

    With a hairpin in it, DNS and the balancer stand above, outside of the cluster that
    client and nodes share: the way out and back is then seen as one.

    Args:
        chart: What it shows.
    """
    outside = [
        *_column(chart.of(StopKind.DNS), x=238, width=124),
        *_column(chart.of(StopKind.BALANCER), x=386, width=136),
    ]
    inside = _column(chart.of(StopKind.NODE), x=562, width=286)
    height = max((box.bottom for box in inside), default=100.0) + 8
    inside += _centred(_column(chart.of(StopKind.CLIENT), x=12, width=192), height)
    if not chart.has_hairpin:
        level = [_centred([box], height)[0] for box in outside]
        return _joined(chart, [*level, *inside], height, "wide")
    top = max(box.bottom for box in outside) + 14
    boxes = [*outside, *_moved(inside, top + 12)]
    whole = top + 12 + height
    return _joined(chart, boxes, whole + 8, "wide", _cluster(top, whole))


def _joined(
    chart: Chart, boxes: list[Box], height: float, name: str, frame: str = ""
) -> str:
    by_key = {box.stop.key: box for box in boxes}
    paths = [_curve(leg, by_key) for leg in chart.legs]
    return _svg(WIDE, height, [frame, *paths], boxes, name)


def _cluster(top: float, bottom: float) -> str:
    frame = element(
        "rect",
        x="4",
        y=f"{top:.0f}",
        width=f"{WIDE - 8}",
        height=f"{bottom - top:.0f}",
        rx="12",
        class_="cluster",
    )
    named = element(
        "text",
        "the Kubernetes cluster",
        x="20",
        y=f"{top + 20:.0f}",
        class_="words",
    )
    return frame + named


def narrow_map(chart: Chart) -> str:
    """Draw the map for a phone.

    Args:
        chart: What it shows.
    """
    above = [*chart.of(StopKind.CLIENT), *chart.of(StopKind.DNS)]
    above += chart.of(StopKind.BALANCER)
    stops = [*above, *chart.of(StopKind.NODE)]
    width = NARROW - _GUTTER - 2
    boxes = _column(stops, x=_GUTTER, width=width)
    by_key = {box.stop.key: box for box in boxes}
    tracks = _tracks(chart)
    paths = [_track(leg, by_key, tracks[leg.start, leg.tone]) for leg in chart.legs]
    height = boxes[-1].bottom + 6
    return _svg(NARROW, height, paths, boxes, "narrow")


def _column(stops: Iterable[Stop], *, x: float, width: float) -> list[Box]:
    boxes: list[Box] = []
    y = 6.0
    for stop in stops:
        boxes.append(Box(stop, x, y, width))
        y += boxes[-1].height + _GAP
    return boxes


def _centred(boxes: list[Box], height: float) -> list[Box]:
    taken = boxes[-1].bottom if boxes else 0.0
    return _moved(boxes, max((height - taken) / 2, 0.0))


def _moved(boxes: Iterable[Box], down: float) -> list[Box]:
    return [Box(box.stop, box.x, box.y + down, box.width) for box in boxes]


def _curve(leg: Leg, boxes: Mapping[str, Box]) -> str:
    start, end = boxes[leg.start], boxes[leg.end]
    x1, y1 = start.x + start.width, start.middle_y
    x2, y2 = end.x - 7, end.middle_y
    if leg.tone is Tone.PROPOSED:
        y1, y2 = y1 + 10, y2 + 12
    bend = max((x2 - x1) / 2, 24)
    line = f"M{x1:.0f} {y1:.0f}C{x1 + bend:.0f} {y1:.0f} {x2 - bend:.0f} {y2:.0f} "
    return _path(leg, f"{line}{x2:.0f} {y2:.0f}")


def _tracks(chart: Chart) -> dict[tuple[str, Tone], float]:
    """Give each source and tone a track of its own in the gutter, from the right."""
    found = dict.fromkeys((leg.start, leg.tone) for leg in chart.legs)
    room = _GUTTER - 16
    step = min(_TRACK, room / max(len(found), 1))
    return {key: room - number * step for number, key in enumerate(found)}


def _track(leg: Leg, boxes: Mapping[str, Box], x: float) -> str:
    start, end = boxes[leg.start], boxes[leg.end]
    right, radius = start.x, 5
    down = 9 if leg.tone is Tone.PROPOSED else 0
    # What leaves a box begins below what comes into it.
    below = 0 if start.stop.kind is StopKind.CLIENT else 10
    y1, y2 = start.middle_y + down + below, end.middle_y + down
    line = (
        f"M{right:.0f} {y1:.0f}H{x + radius:.1f}Q{x:.1f} {y1:.0f} {x:.1f} "
        f"{y1 + radius:.0f}V{y2 - radius:.0f}Q{x:.1f} {y2:.0f} {x + radius:.1f} "
        f"{y2:.0f}H{end.x - 7:.0f}"
    )
    return _path(leg, line)


def _path(leg: Leg, line: str) -> str:
    return element(
        "path", d=line, class_=f"leg {leg.tone}", marker_end=f"url(#to-{leg.tone})"
    )


def _svg(
    width: int, height: float, paths: list[str], boxes: list[Box], name: str
) -> str:
    markers = element("defs", *(_marker(tone, name) for tone in Tone))
    told = element("title", "Who dials whom, and where it breaks")
    body = "".join((*paths, *map(_drawn, boxes)))
    return element(
        "svg",
        told,
        markers,
        body.replace("url(#to-", f"url(#{name}-"),
        viewBox=f"0 0 {width} {height:.0f}",
        class_=f"map {name}",
        role="img",
    )


def _marker(tone: Tone, name: str) -> str:
    head = element("path", d="M0 0L8 4L0 8z", class_=f"head {tone}")
    return element(
        "marker",
        head,
        id=f"{name}-{tone}",
        viewBox="0 0 8 8",
        refX="1",
        refY="4",
        markerWidth="8",
        markerHeight="8",
        markerUnits="userSpaceOnUse",
        orient="auto",
    )


def _drawn(box: Box) -> str:
    stop = box.stop
    frame = element(
        "rect",
        x=f"{box.x:.0f}",
        y=f"{box.y:.0f}",
        width=f"{box.width:.0f}",
        height=f"{box.height:.0f}",
        rx="8",
    )
    room = box.width - _PAD * 2
    lines = [
        element(
            "text",
            text(_cut(words, room)),
            x=f"{box.x + _PAD:.0f}",
            y=f"{box.y + _PAD + 9 + _LINE * number:.0f}",
            class_="name" if number == 0 else "words",
        )
        for number, words in enumerate((stop.title, *stop.words))
    ]
    if stop.mark:
        y = box.bottom - _PAD + 1
        shown = text(_cut(stop.mark, room))
        at = {"x": f"{box.x + _PAD:.0f}", "y": f"{y:.0f}"}
        lines.append(element("text", shown, **at, class_=f"label {stop.tone}"))
    whole = element("title", text("\n".join((stop.title, *stop.words, stop.mark))))
    return element("g", whole, frame, *lines, class_=f"stop {stop.kind} {stop.tone}")


def _cut(words: str, room: float) -> str:
    """Cut a text in its middle: names differ at their ends, ports stand there."""
    most = int(room / _LETTER)
    if len(words) <= most:
        return words
    tail = most // 2
    return f"{words[: most - tail - 1]}…{words[-tail:]}"
