"""RE2 patterns: an extra, and linear."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.core.overrides.regex import compile_pattern
from kurrent_conn.errors import InvalidOverride

WITHOUT_RE2 = """
import sys
sys.modules["re2"] = None  # as if it were not installed
from kurrent_conn.core.overrides import Override, Overrides
rules = Overrides.from_corefile("rewrite name exact a b\\nrewrite name suffix .c .d")
rules = Overrides((*rules.rules, Override(wildcard="*.x", target="{1}")))
try:
    Overrides((Override(regex="a", target="b"),))
except ValueError as error:
    print(type(error).__name__, error)
"""


def test_without_google_re2_the_error_names_the_extra() -> None:
    """Only a regex needs it: all other kinds load without."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", WITHOUT_RE2],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.startswith("InvalidOverride rule 1 ")
    assert "pip install 'kurrent-conn[regex]'" in done.stdout


def test_groups_that_took_no_part_are_empty() -> None:
    """The whole match first, then each group."""
    pattern = compile_pattern("(a)?(b)")
    assert pattern.full("b") == ("b", "", "b")
    assert pattern.search("xb") == ("b", "", "b")
    assert pattern.full("x") is None
    assert pattern.names == {}
    assert compile_pattern("(?P<n>a)").names == {"n": 1}


def test_a_hostile_pattern_stays_linear() -> None:
    """`(a+)+$` on a name that almost matches takes no noticeable time.

    A backtracking engine would need 2**60 steps for the first label alone.
    """
    rules = Overrides((Override(regex="(a+)+$", target="b"),) * 5)
    host = ".".join(["a" * 60] * 4) + "!"
    start = time.perf_counter()
    assert rules.route(Endpoint(host, 2113)).rule is None
    assert time.perf_counter() - start < 0.5


def test_a_reason_is_given_for_what_re2_refuses() -> None:
    """Look-around is the usual surprise."""
    with pytest.raises(InvalidOverride, match=r"\(\?=.* is not RE2: "):
        compile_pattern("(?=a)")
