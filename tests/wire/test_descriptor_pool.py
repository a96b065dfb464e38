"""Our messages live in one process with everybody else's, in every order."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

OURS = (
    "kurrent_conn.wire.protos.gossip_pb2",
    "kurrent_conn.wire.protos.persistent_pb2",
    "kurrent_conn.wire.protos.server_features_pb2",
    "kurrent_conn.wire.protos.v2_streams_pb2",
)
# esdbclient 1.1.7 pins protobuf and grpcio below our floors: it is tried where somebody
# installed it all the same.
THEIRS = (
    "kurrentdbclient",
    "esdbclient",
    "google.rpc.status_pb2",
    "google.rpc.error_details_pb2",
)


def is_installed(module: str) -> bool:
    """Whether a module can be found, its packages included."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.parametrize("theirs", THEIRS)
def test_imports_meet_in_both_orders(theirs: str, ours_first: bool) -> None:
    """Protobuf's default pool takes our files and theirs, whoever comes first."""
    if not is_installed(theirs):
        pytest.skip(f"{theirs} is not installed")
    order = [*OURS, theirs] if ours_first else [theirs, *OURS]
    lines = [*(f"import {name}" for name in order), "import kurrent_conn"]
    subprocess.run(  # noqa: S603 - our own interpreter and our own text
        [sys.executable, "-W", "error", "-c", "\n".join(lines)], check=True, timeout=30
    )


def test_no_name_of_ours_is_somebody_elses() -> None:
    """Every message of ours is under `kurrent_conn.wire`."""
    code = (
        "import sys\n"
        f"import {', '.join(OURS)}\n"
        "names = [m.DESCRIPTOR.package for n, m in sys.modules.items()"
        " if n.startswith('kurrent_conn.wire.protos.')]\n"
        "assert names and all(n.startswith('kurrent_conn.wire.') for n in names)\n"
    )
    subprocess.run(  # noqa: S603 - our own interpreter and our own text
        [sys.executable, "-c", code], check=True, timeout=30
    )
