"""Only methods known to read are called read-only."""

from __future__ import annotations

import pytest

from kurrent_conn.core.method import READ_ONLY, is_read_only


@pytest.mark.parametrize(
    "method",
    [
        "/event_store.client.streams.Streams/Append",
        "/event_store.client.streams.Streams/BatchAppend",
        "/event_store.client.streams.Streams/Delete",
        "/event_store.client.persistent_subscriptions.PersistentSubscriptions/Read",
        "/kurrentdb.protocol.v2.streams.StreamsService/AppendSession",
        "/somebody.Else/Read",
        "",
    ],
)
def test_whatever_may_write_is_not_read_only(method: str) -> None:
    """A persistent subscription's Read acknowledges, so it writes too."""
    assert not is_read_only(method)


def test_every_entry_is_a_full_path() -> None:
    """Paths have a package, a service and a method."""
    assert all(m.startswith("/") and m.count("/") == 2 for m in READ_ONLY)
