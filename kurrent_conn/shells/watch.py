"""How a shell looks at its calls in flight: the instants both shells share.

Looking sends nothing: what follows from late calls is decided in `core.vigil`.
"""

from __future__ import annotations

from typing import Final

TICK_S: Final = 0.05
"""How often calls in flight are looked at; no call, no look."""

LATE_S: Final = 0.1
"""A call unanswered for so long is reported to the core."""

IDLE_TICKS: Final = 20
"""After so many looks without any call the watch rests."""
