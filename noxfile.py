"""Every check, one command: `nox -s check`. Runs in the environment it is called from.

Install that with `pip install -e '.[dev,lint]'`. Only `oldest` has an environment of
its own.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["check"]


@nox.session
def lint(session: nox.Session) -> None:
    """Style, and that the formatter has nothing to do."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types, by two checkers: mypy for us, pyright for users' editors."""
    session.run("mypy")
    session.run("pyright")


@nox.session
def layers(session: nox.Session) -> None:
    """Imports point down."""
    session.run("lint-imports")


@nox.session(venv_backend="venv", reuse_venv=True)
def oldest(session: nox.Session) -> None:
    """What meets grpc, protobuf or OpenSSL, on the oldest of each that we support."""
    dependencies = nox.project.load_toml()["project"]["dependencies"]
    floors = [each.replace(">=", "==") for each in dependencies]
    session.install("-q", "-e", ".[dev]", *floors)
    tested = session.posargs or ["tests/shells", "tests/wire", "tests/failover"]
    session.run("python", "-m", "pytest", "-q", "-n", "auto", *tested)


@nox.session
def tests(session: nox.Session) -> None:
    """The tests; arguments after `--` go to pytest."""
    session.run("python", "-m", "pytest", "-q", "-n", "auto", *session.posargs)


@nox.session
def check(session: nox.Session) -> None:
    """Everything that CI runs."""
    for part in ("lint", "types", "layers", "oldest", "tests"):
        session.notify(part)
