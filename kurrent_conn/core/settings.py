"""What a connection is to do: the values behind a connection string.

Knows the options, their defaults and their units; the text form is read and written
by `connection_string`.
"""

from __future__ import annotations

from dataclasses import dataclass

from kurrent_conn.core.cluster import NodePreference
from kurrent_conn.core.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a connection string can say; immutable and compared by value."""

    hosts: tuple[Endpoint, ...]
    discover: bool = False
    tls: bool = True
    tls_verify_cert: bool = True
    tls_ca_file: str | None = None
    user_cert_file: str | None = None
    user_key_file: str | None = None
    username: str | None = None
    password: str | None = None
    node_preference: NodePreference = NodePreference.LEADER
    max_discover_attempts: int = 10
    discovery_interval_s: float = 0.1
    gossip_timeout_s: float = 5.0
    keep_alive_interval_s: float | None = 10.0
    keep_alive_timeout_s: float | None = 10.0
    default_deadline_s: float | None = 10.0
    connection_name: str | None = None
    throw_on_append_failure: bool = True
