"""`testing.reserved_port` holds a port on any address of the machine."""

from __future__ import annotations

import socket

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.testing.stages.reserved_port import ReservedPort


def test_two_addresses_hold_the_same_port() -> None:
    """A port is reserved on its own address alone."""
    first = ReservedPort(host="127.0.0.2")
    second = ReservedPort(first.port, "127.0.0.3")
    assert second.endpoint == Endpoint("127.0.0.3", first.port)
    with second.listen():
        socket.create_connection(("127.0.0.3", second.port), 5).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", first.port), 5)
    first.close()
    second.close()


def test_an_address_of_another_machine_is_named() -> None:
    """The error says where a node was to listen."""
    with pytest.raises(OSError, match="assign") as caught:
        ReservedPort(2113, "192.0.2.1")
    assert caught.value.__notes__ == ["while a node was to listen on 192.0.2.1:2113"]
