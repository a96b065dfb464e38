"""An election that somebody ordered, to wait on."""

from __future__ import annotations

from concurrent.futures import Future


class Election:
    """An election that was ordered and may still be running."""

    def __init__(self) -> None:
        self._elected_at: Future[float] = Future()

    def won(self, at: float) -> None:
        """Say that the node leads; of use inside this package.

        Args:
            at: Since when, by `time.monotonic`.
        """
        self._elected_at.set_result(at)

    def lost(self, error: RuntimeError) -> None:
        """Say that the node cannot lead; of use inside this package.

        Args:
            error: Why.
        """
        self._elected_at.set_exception(error)

    @property
    def is_done(self) -> bool:
        """Whether the node leads, or could not be elected."""
        return self._elected_at.done()

    def wait(self, timeout_s: float = 10.0) -> float:
        """Wait until the node leads.

        Args:
            timeout_s: At most so long, in seconds.

        Returns:
            The instant at which it led, by `time.monotonic`.

        Raises:
            RuntimeError: The node died, or froze, before it was elected.
            TimeoutError: It does not lead yet.
        """
        return self._elected_at.result(timeout_s)
