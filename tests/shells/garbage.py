"""What only the collector can free, of this package's own objects."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def garbage(package: str = "kurrent_conn") -> Iterator[Counter[str]]:
    """Collect what was made within, and count what was a package's, by its type.

    grpc's own servers, which run in the same process, leave some of theirs.
    """
    found: Counter[str] = Counter()
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
    finally:
        gc.set_debug(0)
        gc.enable()
        kinds = list(map(type, gc.garbage))
        gc.garbage.clear()
    found.update(
        kind.__qualname__ for kind in kinds if kind.__module__.startswith(package)
    )
