"""The unix sockets on which a node's servers listen behind its front."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kurrent_conn.testing.stages.doorway import Dial


@dataclass(frozen=True, slots=True)
class NodePaths:
    """One node's sockets.

    Args:
        grpc: The gRPC server, with TLS where the node has it.
        plain: The same without TLS.
        http: The HTTP/1.1 server, without TLS.
    """

    grpc: str
    plain: str
    http: str

    @classmethod
    def of(cls, directory: Path, index: int) -> Self:
        """Name them.

        Args:
            directory: Where; a short path.
            index: The node's number.
        """
        doors = ("grpc", "plain", "http")
        return cls(*(str(directory / f"{index}.{door}") for door in doors))


def unix_dial(path: str) -> Dial:
    """Make what connects to a unix socket.

    Args:
        path: The socket.
    """

    async def dial(
        protocol: Callable[[], asyncio.Protocol],
    ) -> tuple[asyncio.BaseTransport, asyncio.BaseProtocol]:
        return await asyncio.get_running_loop().create_unix_connection(protocol, path)

    return dial
