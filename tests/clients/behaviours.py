"""The documented behaviours of `kurrentdbclient` 1.3.5: which hold on the harness.

`BEHAVIOURS` hold, `GAPS` do not. The source is the package's own README
and docstrings, retold.
"""

from __future__ import annotations

from typing import Final

from tests.clients.behaviour import Behaviour, Gap
from tests.clients.documented import append, discover, missing, read, subscribe

BEHAVIOURS: Final[tuple[Behaviour, ...]] = (
    *append.ROWS,
    *read.ROWS,
    *subscribe.ROWS,
    *discover.ROWS,
)
GAPS: Final[tuple[Gap, ...]] = (*missing.GAPS,)
