"""How long to wait: five formulas, each with its bounds, none with a clock.

Every function takes `draw`, a number in [0, 1), and is monotone in it; jitter is
applied after the cap, so that a thousand clients at the cap still spread.
"""

from __future__ import annotations

from typing import Final

STAGGER_MIN_S: Final = 0.025
STAGGER_MAX_S: Final = 0.25
HEAD_START_S: Final = 0.25
"""How long the second best route to a member waits for the best.

Long enough for a name and two handshakes from afar, short enough for people. Source:
RFC 8305, 5 (the recommended delay between connection attempts).
"""
ROUND_PAUSE_MAX_S: Final = 2.0
LOOK_PAUSE_MAX_S: Final = 0.4
"""Where everybody refused at once: cheap to ask, and somebody is about to start."""

ELECTION_SHARE: Final = 0.05
ELECTION_MIN_S: Final = 0.01
ELECTION_MAX_S: Final = 0.25
ELECTION_JITTER: Final = 0.2


def stagger_s(round_trip_s: float | None) -> float:
    """Say how long to wait for an answer before asking further candidates too.

    Twice the last gossip round trip: an answer that has not come by then is late.

    Args:
        round_trip_s: The last measured gossip round trip in seconds; None before any.

    Returns:
        Seconds, between 0.025 and 0.25.
    """
    if round_trip_s is None:
        return STAGGER_MIN_S
    return min(max(2 * round_trip_s, STAGGER_MIN_S), STAGGER_MAX_S)


def round_pause_s(first_s: float, round_number: int, draw: float) -> float:
    """Say how long to pause after a round in which nobody answered.

    Doubles from `first_s` to 2 s; the draw spreads the capped value over its upper
    half and above zero, so that no client asks again at once.

    Args:
        first_s: The first pause in seconds (`discoveryInterval`).
        round_number: The round that just ended, counted from 1.
        draw: In [0, 1).

    Returns:
        Seconds, from half of the capped pause up to all of it.
    """
    doublings = min(round_number - 1, 32)
    pause = min(first_s * 2.0**doublings, max(ROUND_PAUSE_MAX_S, first_s))
    return pause * (0.5 + 0.5 * draw)


def look_pause_s(draw: float) -> float:
    """Say when to look again within a pause, where everybody refused.

    A node that starts is so in use half a second later.

    Args:
        draw: In [0, 1).

    Returns:
        Seconds, between 0.2 and 0.4.
    """
    return LOOK_PAUSE_MAX_S * (0.5 + 0.5 * draw)


def election_interval_s(waited_s: float, draw: float) -> float:
    """Say when to ask the next member while the cluster answers but has no match.

    5 % of the time without a match, so that a client finds the new leader late by a
    twentieth of the election at most, and reads about a hundred times in 8 s.

    Args:
        waited_s: Seconds since the first answer without a match.
        draw: In [0, 1).

    Returns:
        Seconds, between 0.01 and 0.25, give or take 20 %.
    """
    interval = min(max(waited_s * ELECTION_SHARE, ELECTION_MIN_S), ELECTION_MAX_S)
    return interval * (1 - ELECTION_JITTER + 2 * ELECTION_JITTER * draw)
