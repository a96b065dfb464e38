"""What reading hands over, apart from `Settings`."""

from __future__ import annotations

from kurrent_conn.core.connection_string import read


def test_only_what_is_given_is_handed_over() -> None:
    """Absent options are absent, so that one can tell them from given defaults."""
    values = read("kurrentdb://h?gossipTimeout=5s").values
    assert values["gossip_timeout_s"] == 5
    assert "tls" not in values
    assert "password" not in values


def test_a_reading_does_not_show_its_values() -> None:
    """A reading holds the password and does not show it."""
    assert "s3cret" not in repr(read("kurrentdb://u:s3cret@h"))
