"""Which of a node's connections a new stream goes on.

A server serves so many streams a connection, and grpc lets the next one wait without a
word; a call that waits so looks like a call on a frozen node. So running streams are
counted, and one that would find no room gets another connection, on every grpcio.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

STREAMS_MAX: Final = 90
"""So many streams run on one connection: a server serves 100, calls with one answer
among them.

Source: ASP.NET Core, `Http2Limits.MaxStreamsPerConnection`; KurrentDB leaves it alone.
"""


def lane_for(running: Sequence[int]) -> int:
    """Say which connection a new stream goes on: the first that has room.

    The first, and not the emptiest, so that connections are few.

    Args:
        running: How many streams run on each connection.

    Returns:
        Its index; the length of `running` means another connection.
    """
    roomy = (lane for lane, streams in enumerate(running) if streams < STREAMS_MAX)
    return next(roomy, len(running))
