"""The child's end of a driver: orders come in, answers go out, one JSON object a line.

Instants are nanoseconds of CLOCK_MONOTONIC (`time.monotonic_ns`, Node's
`process.hrtime.bigint`), so that those of all processes of one machine compare.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TextIO

Order = dict[str, Any]
Answer = dict[str, Any]
Handler = Callable[[Order], Answer]


def answers_only() -> TextIO:
    """Keep standard output for answers; whatever a library prints goes to stderr."""
    kept = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return kept


def answer_of(handler: Handler, order: Order) -> Answer:
    """Carry an order out; an error is an answer too.

    Args:
        handler: Does it.
        order: What to do.
    """
    try:
        return handler(order)
    except Exception as error:  # noqa: BLE001 - the parent decides what it means
        return failed(error)


def failed(error: BaseException) -> Answer:
    """Tell the parent that an order failed.

    Args:
        error: Why.
    """
    traceback.print_exception(error)
    return {"failed": f"{type(error).__name__}: {error}"}


def serve(handlers: Mapping[str, Handler]) -> None:
    """Carry out orders until the parent closes the pipe.

    Args:
        handlers: What to do, by the order's `do`.
    """
    out = answers_only()
    for line in sys.stdin:
        order: Order = json.loads(line)
        answer = answer_of(handlers[order["do"]], order)
        print(json.dumps(answer), file=out, flush=True)
