"""What only the collector can free, of this package's own objects."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def garbage() -> Iterator[list[str]]:
    """Collect what was made within, and say of which types of ours that was.

    grpc's own servers, which run in the same process, leave some of theirs.
    """
    found: list[str] = []
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
    finally:
        gc.set_debug(0)
        gc.enable()
        kinds = {type(each) for each in gc.garbage}
        gc.garbage.clear()
    found += sorted(
        kind.__qualname__
        for kind in kinds
        if kind.__module__.startswith("kurrent_conn")
    )
