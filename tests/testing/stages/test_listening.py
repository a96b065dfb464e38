"""`testing.listening` says where each node listens, or what is wrong with the wish."""

from __future__ import annotations

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.stages.listening import listening_on


@pytest.mark.parametrize(
    ("index", "first_port", "expected"),
    [
        (0, None, ("127.0.0.2", 0)),
        (0, 2113, ("127.0.0.2", 2113)),
        (1, 2113, ("127.0.0.3", 4000)),
        (2, 2113, ("127.0.0.4", 4001)),
        (3, 2113, ("127.0.0.1", 2116)),
    ],
)
def test_address_and_port_fall_back_apart(
    index: int, first_port: int | None, expected: tuple[str, int]
) -> None:
    """An entry without a port takes the usual one; a node without an entry both."""
    odd = Endpoint("127.0.0.4", 4001)
    hosts: list[str | Endpoint] = ["127.0.0.2", "127.0.0.3:4000", odd]
    assert listening_on(hosts, index, first_port) == expected


@pytest.mark.parametrize("host", ["db.test", "", "127.0.0.1:http", "::1"])
def test_what_is_no_address_is_named(host: str) -> None:
    """The message says which node and what was wrong."""
    with pytest.raises(ValueError, match="node 0"):
        listening_on([host], 0, None)
