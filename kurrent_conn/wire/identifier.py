"""UUIDs as KurrentDB sends them: as text, or as two signed halves."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kurrent_conn.wire.protos import shared_pb2

_HALF_BITS: Final = 64
_HALF_MASK: Final = (1 << _HALF_BITS) - 1
_SIGN: Final = 1 << (_HALF_BITS - 1)


def decode_uuid(message: shared_pb2.UUID) -> UUID | None:
    """Read either form of a UUID.

    Args:
        message: The message as it came.

    Returns:
        The UUID; None when the message is empty or its text is no UUID.

    Source: server, `Services/Transport/Grpc/Uuid.cs`: the halves are the big-endian
    128-bit value of RFC 4122, read as signed.
    """
    match message.WhichOneof("value"):
        case "structured":
            halves = message.structured
            high = halves.most_significant_bits & _HALF_MASK
            low = halves.least_significant_bits & _HALF_MASK
            return UUID(int=high << _HALF_BITS | low)
        case "string":
            try:
                return UUID(message.string)
            except ValueError:
                return None
        case _:
            return None


def encode_structured(identifier: UUID) -> shared_pb2.UUID:
    """Write a UUID as two signed halves, as the server does in gossip.

    Args:
        identifier: Any UUID.
    """
    high, low = identifier.int >> _HALF_BITS, identifier.int & _HALF_MASK
    return shared_pb2.UUID(
        structured=shared_pb2.UUID.Structured(
            most_significant_bits=_signed(high), least_significant_bits=_signed(low)
        )
    )


def encode_text(identifier: UUID) -> shared_pb2.UUID:
    """Write a UUID as text.

    Args:
        identifier: Any UUID.
    """
    return shared_pb2.UUID(string=str(identifier))


def _signed(half: int) -> int:
    return half - (1 << _HALF_BITS) if half & _SIGN else half
