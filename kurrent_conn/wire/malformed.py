"""The error for bytes that are not the message they should be."""

from __future__ import annotations

from kurrent_conn.errors import KurrentConnError


class MalformedMessage(KurrentConnError, ValueError):
    """An answer that cannot be read; whoever sent it is no KurrentDB node.

    Args:
        message: Which message was expected, such as `ClusterInfo`.
        size_bytes: How many bytes came.
        reason: What the parser says.
    """

    def __init__(self, message: str, size_bytes: int, reason: str) -> None:
        super().__init__(message, size_bytes, reason)
        self.message = message
        self.size_bytes = size_bytes
        self.reason = reason

    def __str__(self) -> str:
        """Name the message, its size and the parser's reason."""
        return f"{self.size_bytes} bytes are no {self.message}: {self.reason}"
