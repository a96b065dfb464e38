"""The model of kurrentdbclient against the package itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.client_readings.client import Accepted, Client
from kurrent_conn.core.client_readings.reading import read_as

connection_spec = pytest.importorskip("kurrentdbclient.connection_spec")

PIECES = (
    "a|b:1|[::1]|[::1]:5|,|/|?|&|=|tls=false|tls=true|Tls=False|gossipTimeout=|5|%40|%"
    "|@|u:p@|u@|#|+| |;|connectionName=a@b|keepAliveInterval=-1|tlsVerifyCert=false"
    "|é|_|1_0|maxDiscoverAttempts=|nodePreference=Leader|\t|:|defaultDeadline=3"
)
STRINGS = st.tuples(
    st.sampled_from(["kurrentdb://", "KDB+discover://", "esdb://", ""]),
    st.lists(st.sampled_from(PIECES.split("|"))).map("".join),
).map("".join)


def really(string: str) -> dict[str, object] | None:
    """Give what the package reads, or None when it raises."""
    try:
        spec: Any = connection_spec.ConnectionSpec(string)
    except ValueError:
        return None
    options = spec.options
    deadline = options.default_deadline
    return {
        "username": spec.username,
        "password": spec.password,
        "tls": options.tls,
        "discover": spec.scheme.endswith("+discover"),
        "gossipTimeout": options.gossip_timeout,
        "nodePreference": options.node_preference,
        "maxDiscoverAttempts": options.max_discover_attempts,
        "defaultDeadline": deadline,
        "targets": len(spec.targets),
    }


@given(STRINGS)
def test_model_agrees_with_the_package(string: str) -> None:
    """Whatever the string, the model accepts and reads what the package does."""
    real = really(string)
    reading = read_as(Client.PYTHON, string)
    assert isinstance(reading, Accepted) is (real is not None)
    if isinstance(reading, Accepted) and real is not None:
        names = ("gossipTimeout", "nodePreference", "maxDiscoverAttempts")
        predicted = {name: reading.values[name] for name in names}
        assert real == predicted | {
            "username": reading.username,
            "password": reading.password,
            "tls": reading.tls,
            "discover": reading.discover,
            "defaultDeadline": reading.values["defaultDeadline"],
            "targets": len(reading.hosts),
        }
