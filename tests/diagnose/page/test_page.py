"""The page: everything that was found is in it, and anybody can read it anywhere."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from kurrent_conn.diagnose import Diagnosis, diagnosis_of
from kurrent_conn.diagnose.page import page_of
from tests.diagnose.page.browser import look
from tests.diagnose.rules.test_hairpin import HERE, STRING, world
from tests.diagnose.sketch import World, examined
from tests.system import require

LONG = "mydb-replica-0.mydb-replica.kurrent-production.svc.cluster.local:2113"


@pytest.fixture(scope="module")
def hairpin() -> Diagnosis:
    """A pod that goes out and back in."""
    return diagnosis_of(examined(world(), STRING, surroundings=HERE))


@pytest.fixture(scope="module")
def hostile() -> Diagnosis:
    """Names that are long, and a string that would be markup if it were trusted."""
    members = [LONG, "<script>alert(1)</script>:2113", "mydb-1.kurrent.test:2113"]
    case = examined(
        World(members, places={"10.0.0.1:2113": 0}),
        'kurrentdb://admin:s3cret@10.0.0.1:2113?connectionName="><img src=//evil>',
    )
    return diagnosis_of(case)


class Reader(HTMLParser):
    """Lists what a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its addresses."""
        self.tags.add(tag)
        self.loaded += [v or "" for k, v in attrs if k in {"src", "href", "xlink:href"}]


def test_every_finding_is_in_it(hairpin: Diagnosis) -> None:
    """Verdict, kind, evidence and fix of every finding can be read."""
    page = page_of(hairpin)
    assert hairpin.verdict in page
    for found in hairpin.findings:
        assert found.trouble in page
        assert all(each in page for each in found.evidence)
    assert 'suffix = ".mydb.kurrent.test"' in page


def test_the_map_has_everybody(hairpin: Diagnosis) -> None:
    """Client, DNS, balancer and every node are drawn, and the hairpin is marked."""
    page = page_of(hairpin)
    for name in ("this client", "DNS", "balancer", "hairpin", "203.0.113.10"):
        assert page.count(f">{name}") >= 1, name
    for node in hairpin.case.members:
        assert str(node) in page


def test_nothing_is_loaded_and_nothing_runs(hostile: Diagnosis) -> None:
    """No script, no address to load from; what was seen is never markup."""
    reader = Reader()
    page = page_of(hostile)
    reader.feed(page)
    assert "script" not in reader.tags
    assert "img" not in reader.tags
    assert reader.loaded == ["data:,"]
    assert "default-src 'none'" in page


def test_no_secret_is_in_it(hostile: Diagnosis) -> None:
    """The password is not on the page, which people send around."""
    assert "s3cret" not in page_of(hostile)


def test_the_drawing_is_well_formed(hostile: Diagnosis) -> None:
    """Each map is XML, also with names that are markup."""
    page = page_of(hostile)
    for part in page.split("<svg")[1:]:
        ET.fromstring("<svg" + part.partition("</svg>")[0] + "</svg>")  # noqa: S314 - ours


@pytest.mark.system
@pytest.mark.parametrize("which", ["hairpin", "hostile"])
def test_a_phone_shows_it(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """In Chromium at 390 px: no error, no request, no overflow, no tiny letters."""
    (chromium,) = require("chromium")
    page = page_of(request.getfixturevalue(which))
    seen: dict[str, Any] = look(chromium, page, tmp_path)
    assert seen["trouble"] == []
    assert seen["requests"] == []
    assert seen["scripts"] == 0
    assert seen["width"] <= 390
    assert seen["beyond"] == []
    assert seen["maps"] == ["map narrow"]
    assert seen["smallest"] >= 11


@pytest.mark.system
def test_paper_has_the_wide_map_in_ink(hairpin: Diagnosis, tmp_path: Path) -> None:
    """On A4, 19 cm wide, with the rules for print: nothing beyond, 7 points or more."""
    (chromium,) = require("chromium")
    page = page_of(hairpin).replace("@media print", "@media all")
    seen = look(chromium, page, tmp_path, width=718)
    assert seen["maps"] == ["map wide"]
    assert seen["beyond"] == []
    assert seen["smallest"] >= 7 * 96 / 72


@pytest.mark.system
def test_a_desk_has_the_wide_map(hairpin: Diagnosis, tmp_path: Path) -> None:
    """At 1100 px the other map is shown, as legible."""
    (chromium,) = require("chromium")
    seen = look(chromium, page_of(hairpin), tmp_path, width=1100)
    assert seen["maps"] == ["map wide"]
    assert seen["width"] <= 1100
    assert seen["smallest"] >= 11
