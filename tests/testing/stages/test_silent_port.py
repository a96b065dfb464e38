"""A silent port takes connections and says nothing; closed, it is gone."""

from __future__ import annotations

import socket

import pytest

from kurrent_conn.testing.stages.silent_port import SilentPort


def test_a_connection_is_taken_and_never_answered() -> None:
    """The handshake succeeds, and then nothing comes."""
    with (
        SilentPort() as silent,
        socket.create_connection(("127.0.0.1", silent.port), 5) as end,
    ):
        end.sendall(b"hello?")
        end.settimeout(0.05)
        with pytest.raises(TimeoutError):
            end.recv(1)


def test_a_closed_port_refuses() -> None:
    """Nothing is left behind."""
    with SilentPort() as silent:
        port = silent.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)
