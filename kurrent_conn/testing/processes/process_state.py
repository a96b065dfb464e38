"""Whether a process has really stopped, as the system tells it.

A stop signal is taken by one thread, which has the others stopped; on a busy machine
that takes a while, and until then they go on answering.
"""

from __future__ import annotations

from pathlib import Path

_STOPPED = frozenset("TtZX")


def has_stopped(pid: int) -> bool:
    """Tell whether no thread of a process runs any more.

    Args:
        pid: Its id.

    Returns:
        True as well where the system does not say (there is no `/proc`).

    Source: proc_pid_stat(5), the state follows the name in brackets.
    """
    return all(_state(task) in _STOPPED for task in Path(f"/proc/{pid}/task").glob("*"))


def _state(task: Path) -> str:
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:  # the thread ended meanwhile
        return "X"
