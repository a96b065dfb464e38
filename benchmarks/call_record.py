"""What became of each append, in the form that drivers report it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

OK: Final = "ok"
NOT_EXECUTED: Final = "not executed"
UNKNOWN: Final = "unknown"
UNSAID: Final = "unsaid"
"""An official client's error: it does not say whether the append took effect."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One attempt of an application to append one event.

    Args:
        event_id: The event; the same for every attempt to append it.
        began_ns: When the application called.
        ended_ns: When the call returned or raised; None: it hangs.
        result: `OK`, or what the error says about the append.
        text: The error.
    """

    event_id: str
    began_ns: int
    ended_ns: int | None
    result: str
    text: str = ""

    def as_json(self) -> list[Any]:
        """Write it as drivers send it."""
        return [self.event_id, self.began_ns, self.ended_ns, self.result, self.text]


def text_of(error: BaseException) -> str:
    """Write an error in one line.

    Args:
        error: Any; of one that grpc raised, its status.
    """
    code, details = (getattr(error, name, None) for name in ("code", "details"))
    if callable(code) and callable(details):
        return f"{getattr(code(), 'name', code())}: {details()}"
    return f"{type(error).__name__}: {error}".partition("\n")[0]
