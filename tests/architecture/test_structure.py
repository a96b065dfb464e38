"""The structure that ARCHITECTURE.md promises, read off the files themselves."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kurrent_conn"
TESTS = ROOT / "tests"
CODE = sorted(p for p in PACKAGE.rglob("*.py") if not p.name.endswith("_pb2.py"))
TEST_CODE = sorted(TESTS.rglob("*.py"))

UNSEEDED = {"random", "randint", "choice", "shuffle", "uniform", "randrange"}


def calls(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """List the calls in a module as (what it is called on, name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Attribute):
                owner = function.value
                yield (owner.id if isinstance(owner, ast.Name) else "", function.attr)
            elif isinstance(function, ast.Name):
                yield "", function.id


@pytest.mark.parametrize("path", TEST_CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_test_sleeps(path: Path) -> None:
    """A test waits for what it waits for, never for a while."""
    sleeps = [c for c in calls(ast.parse(path.read_text())) if c[1] == "sleep"]
    assert not [c for c in sleeps if c[0] in {"", "time", "asyncio"}]


@pytest.mark.parametrize("path", TEST_CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_test_says_its_claim(path: Path) -> None:
    """The docstring of a test is what it claims."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            is_test = node.name.startswith("test_")
            assert not is_test or ast.get_docstring(node), node.name


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "core").rglob("*.py")), ids=lambda p: p.stem
)
def test_the_core_draws_from_its_seed_alone(path: Path) -> None:
    """No module of the core asks the process-wide generator."""
    for owner, name in calls(ast.parse(path.read_text())):
        assert not (owner == "random" and name in UNSEEDED), (path, name)


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_says_what_it_is(path: Path) -> None:
    """A module begins with a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text())), path


def test_architecture_names_only_what_is_there() -> None:
    """Every path in ARCHITECTURE.md leads to a file or a directory."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    words = {word.strip("`.,;:()") for word in text.split() if "`" in word}
    for word in words:
        if "/" in word and not word.startswith("http"):
            places = [ROOT / word, PACKAGE / word, (PACKAGE / word).with_suffix(".py")]
            if name := word.rpartition(".")[0]:
                places.append((PACKAGE / name).with_suffix(".py"))
            assert any(place.exists() for place in places), word


def test_architecture_names_every_folder() -> None:
    """Each folder of the package, and each beside it, has its place in the text."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    folders = {path.parent.relative_to(PACKAGE) for path in CODE} - {Path()}
    for folder in folders:
        named = rf"`{folder}\b|\b{folder.name}/|^{folder.name}\b"
        assert re.search(named, text, re.MULTILINE), folder
    for beside in ("tests", "docs", "examples", "benchmarks"):
        assert f"`{beside}/`" in text


@pytest.mark.parametrize("module", ["kurrent_conn", "kurrent_conn.aio"])
def test_public_names_are_there(module: str) -> None:
    """`__all__` lists names that exist, sorted."""
    public = importlib.import_module(module)
    assert sorted(public.__all__) == list(public.__all__)
    assert all(hasattr(public, name) for name in public.__all__)


def test_both_front_ends_have_the_same_names() -> None:
    """`kurrent_conn.aio` has every name of `kurrent_conn`."""
    blocking = importlib.import_module("kurrent_conn")
    aio = importlib.import_module("kurrent_conn.aio")
    assert set(blocking.__all__) == set(aio.__all__)
