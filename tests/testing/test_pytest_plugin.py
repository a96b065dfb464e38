"""The plugin gives clusters to tests, shapes them by marker, and tells their story."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

PLUGIN = "kurrent_conn.testing.pytest_plugin"


def run(pytester: pytest.Pytester, text: str, **files: str) -> pytest.RunResult:
    """Run a test module with the plugin, in this process."""
    pytester.makeini(
        "[pytest]\naddopts = --strict-markers\n"
        "asyncio_default_fixture_loop_scope = function\n"
    )
    pytester.makepyfile(text)
    if files:
        pytester.makepyfile(**files)
    return pytester.runpytest_inprocess("-p", PLUGIN, "-p", "no:randomly", "-v")


def test_a_test_gets_a_cluster_of_its_own(pytester: pytest.Pytester) -> None:
    """What one test breaks, the next does not see."""
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.kurrent_cluster(tls=False)
        @pytest.mark.parametrize("run", [1, 2])
        def test_kill(kurrent_cluster, run):
            assert kurrent_cluster.leader.index == 0
            kurrent_cluster.apply("kill", node="leader")
            assert kurrent_cluster.leader is None
        """,
    )
    result.assert_outcomes(passed=2)


def test_the_marker_takes_the_arguments_of_the_cluster(
    pytester: pytest.Pytester,
) -> None:
    """Size, replicas, TLS: over what `kurrent_cluster_options` says for all."""
    result = run(
        pytester,
        """
        import pytest

        @pytest.fixture(scope="session")
        def kurrent_cluster_options():
            return {"size": 2, "tls": False}

        def test_options(kurrent_cluster):
            assert len(kurrent_cluster.nodes) == 2
            assert kurrent_cluster.ca_file is None

        @pytest.mark.kurrent_cluster(1, tls=True, read_only_replicas=1)
        def test_marker(kurrent_cluster):
            assert [n.is_read_only for n in kurrent_cluster.nodes] == [False, True]
            assert kurrent_cluster.ca_file.exists()
        """,
    )
    result.assert_outcomes(passed=2)


@pytest.mark.parametrize("scope", ["module", "session"])
def test_a_shared_cluster_is_made_whole_after_each_test(
    pytester: pytest.Pytester, scope: str
) -> None:
    """The same cluster, and every fault of the test before is gone."""
    result = run(
        pytester,
        f"""
        import pytest

        seen = []

        @pytest.fixture(scope="session")
        def kurrent_cluster_options():
            return {{"tls": False, "read_only_replicas": 1}}

        def test_first(kurrent_cluster_{scope}):
            cluster = kurrent_cluster_{scope}
            seen.append(cluster)
            cluster.apply("kill", node=0)
            cluster.apply("elect", node=1, after_s=0.05)
            cluster.apply("freeze", node=2)
            cluster.apply("too-busy", node=1)
            cluster.apply("stall", node=1)
            cluster.apply("kill", node=3)

        def test_second(kurrent_cluster_{scope}):
            cluster = kurrent_cluster_{scope}
            assert seen == [cluster]
            assert cluster.is_whole
            assert [n.state.name for n in cluster.nodes] == [
                "LEADER", "FOLLOWER", "FOLLOWER", "READ_ONLY_REPLICA"
            ]
        """,
    )
    result.assert_outcomes(passed=2)


def test_a_failing_test_tells_what_happened_to_its_cluster(
    pytester: pytest.Pytester,
) -> None:
    """Which node, when, by which fault, how the nodes are now; of that test alone."""
    result = run(
        pytester,
        """
        import pytest

        pytestmark = pytest.mark.kurrent_cluster(tls=False)

        def test_before(kurrent_cluster_module):
            kurrent_cluster_module.apply("freeze", node=2)

        def test_fails(kurrent_cluster_module):
            kurrent_cluster_module.apply("kill", node="leader")
            kurrent_cluster_module.elect(1).wait()
            assert False
        """,
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- Cluster of kurrent_cluster_module -*",
            "*cluster   fault: kill node=leader",
            "*node 0    is killed",
            "*cluster   election: node 1 is to win",
            "*node 1    Unknown -> Leader of term *",
            "<node 0 * LEADER dead>",
            "<node 1 * LEADER alive>",
        ]
    )
    result.stdout.no_fnmatch_line("*is frozen*")


def test_a_passing_test_tells_nothing(pytester: pytest.Pytester) -> None:
    """The story is for failures."""
    result = run(pytester, "def test_fine(kurrent_cluster): pass")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*Cluster of*")


def test_a_project_without_clusters_notices_nothing(
    pytester: pytest.Pytester,
) -> None:
    """Warnings are errors there, and its own fixtures have their names."""
    pytester.makepyfile("def test_fine(): pass")
    options = ("-p", PLUGIN, "--strict-markers", "-W", "error")
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.runpytest_inprocess(*options).assert_outcomes(passed=1)


def test_the_harness_itself_needs_no_pytest() -> None:
    """The plugin is the only module that imports it."""
    code = (
        "import sys\n"
        "import kurrent_conn.testing, kurrent_conn.testing.scenarios.scenario_file\n"
        "import kurrent_conn.testing.virtual.virtual_run\n"
        "import kurrent_conn.testing.scenarios.scenario_actor\n"
        "import kurrent_conn.testing.control\n"
        "assert 'pytest' not in sys.modules and '_pytest' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)  # noqa: S603 - our own code
