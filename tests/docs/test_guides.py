"""What the guides say about testing is true: their examples run, their tables agree."""

from __future__ import annotations

import re
import subprocess
import unittest
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import kurrent_conn
from kurrent_conn.testing import SimulatedCluster, WatchedCluster
from kurrent_conn.testing.conduct import Snare
from kurrent_conn.testing.faults.fault_name import ALIASES, FAULTS
from kurrent_conn.testing.scenarios.scenario import EVENTS
from kurrent_conn.testing.scenarios.scenario_file import parse_scenario
from kurrent_conn.testing.scenarios.trace import judge
from kurrent_conn.testing.stream_client import StreamClient
from kurrent_conn.testing.virtual.virtual_run import play_virtually
from tests.system import require

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parents[2] / "docs"
TESTING = (DOCS / "testing.md").read_text()
SCENARIOS = (DOCS / "scenarios.md").read_text()
CONTROL = (DOCS / "cluster-control.md").read_text()


IMPORTS = """
from uuid import uuid4
import kurrent_conn
from kurrent_conn.testing.stream_client import StreamClient
"""


def blocks(text: str, language: str) -> list[str]:
    """List the code blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


class Shop:
    """The application of the examples."""

    def __init__(self, connection_string: str) -> None:
        self._connection_string = connection_string

    def order(self, item: str) -> None:
        """Append an order."""
        with kurrent_conn.connect(self._connection_string) as connection:
            StreamClient(connection.channel).append("orders", uuid4(), item.encode())


def names_of(block: str) -> dict[str, Any]:
    """Run a block of the guide."""
    names: dict[str, Any] = {"Shop": Shop}
    exec(compile(block, "testing.md", "exec"), names)  # noqa: S102 - our own text
    return names


def test_the_pytest_example_holds(pytester: pytest.Pytester) -> None:
    """Both orders are served, though two leaders die."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    shop = Path(__file__).read_text().partition("class Shop:")[2].partition("\ndef ")[0]
    pytester.makepyfile(f"{IMPORTS}\nclass Shop:{shop}\n{blocks(TESTING, 'python')[0]}")
    plugin = ("-p", "kurrent_conn.testing.pytest_plugin")
    pytester.runpytest_inprocess(*plugin).assert_outcomes(passed=1)


def test_the_unittest_example_holds() -> None:
    """A context manager is enough."""
    case = names_of(blocks(TESTING, "python")[1])["Failover"]
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(case)
    result = unittest.TestResult()
    suite.run(result)
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


def test_a_fault_waits_for_a_call_as_the_guide_says() -> None:
    """Both orders are understood as they are meant."""
    (block,) = [text for text in blocks(TESTING, "python") if "at_call=" in text]
    first, second = block.split("\n\n")
    with WatchedCluster(tls=False) as cluster:
        exec(compile(first, "testing.md", "exec"), {"cluster": cluster})  # noqa: S102 - our own text
        assert cluster.director.conducts[0].snare == Snare("append")
        cluster.restore()
        exec(compile(second, "testing.md", "exec"), {"cluster": cluster})  # noqa: S102 - as above
        assert cluster.director.conducts[0].snare == Snare("append", 3, is_served=True)


@pytest.mark.system
def test_the_nodes_answer_curl_as_the_guide_says() -> None:
    """The lines of the guide, for a port and a CA that are there."""
    (curl,) = require("curl")
    (block,) = [text for text in blocks(TESTING, "sh") if "curl" in text]
    with SimulatedCluster() as cluster:
        port, ca = str(cluster.nodes[0].endpoint.port), str(cluster.ca_file)
        for line in block.splitlines():
            _, *words = line.partition("#")[0].replace("2113", port).split()
            asked = [ca if word == "ca.crt" else word for word in words]
            command = (curl, "--silent", *asked, "--write-out", "%{http_code}")
            answer = subprocess.run(  # noqa: S603 - our own text
                command, capture_output=True, text=True, check=True, timeout=20
            ).stdout
            assert answer == "204" if "live" in line else answer.endswith("}200")


def test_every_fault_is_in_the_table() -> None:
    """Its name, and what others call it."""
    for name in (*FAULTS, *ALIASES):
        assert f"`{name}`" in TESTING, name


def test_every_event_is_listed() -> None:
    """What a scenario may expect a client to say."""
    for event in EVENTS:
        assert f"`{event}`" in SCENARIOS


@pytest.mark.parametrize("text", blocks(SCENARIOS, "yaml"))
def test_the_scenario_of_the_guide_holds(text: str) -> None:
    """It is read, and comes out as it says."""
    scenario = parse_scenario(text, "guide")
    assert judge(scenario, play_virtually(scenario).trace) == ()


def test_every_link_of_a_guide_leads_somewhere() -> None:
    """Between the guides, and into them."""
    for text in (TESTING, SCENARIOS, CONTROL):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
            assert (DOCS / target).exists(), target
