"""From what the user gave to what the core is told: settings become a `Plan`."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from os import PathLike, fspath
from typing import Final
from uuid import uuid4

from kurrent_conn.core.connection_string.reading import Values, read
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.core.settings import Settings
from kurrent_conn.core.state import Plan

OverridesLike = Overrides | str | PathLike[str] | Mapping[str, str] | None


def _version() -> str:
    try:
        return version("kurrent-conn")
    except PackageNotFoundError:  # run from a source tree that is not installed
        return "0"


DEFAULT_KEEP_ALIVE_S: Final = 10.0
"""Both of keepalive's times where they are switched off; the clients' default."""

USER_AGENT: Final = f"kurrent-conn/{_version()} python/{platform.python_version()}"


def read_settings(target: str | Settings) -> Settings:
    """Take a connection string or settings; name the connection where nobody did.

    Args:
        target: What the user connects to.

    Raises:
        InvalidConnectionString: The text cannot be read.
    """
    name = f"kurrent-conn-{uuid4()}"
    if not isinstance(target, Settings):
        # Named while they are made: to make them twice is felt in a first connect.
        reading = read(target)
        values: Values = {"connection_name": name, **reading.values}
        return Settings(**values, warnings=reading.warnings)
    if target.connection_name is None:
        return replace(target, connection_name=name)
    return target


def read_overrides(given: OverridesLike) -> Overrides:
    """Take overrides in any of the forms that `connect` accepts.

    Args:
        given: `Overrides`, a path, or a mapping of advertised host to target.

    Raises:
        InvalidOverride: A rule cannot be used.
    """
    if given is None:
        return Overrides()
    if isinstance(given, Overrides):
        return given
    if isinstance(given, Mapping):
        return Overrides.from_mapping(given)
    return Overrides.from_file(fspath(given))


def _condemn_s(settings: Settings) -> float:
    """Say after how long of silence a node is given up though nobody disowned it."""
    usual = DEFAULT_KEEP_ALIVE_S
    times = (settings.keep_alive_interval_s, settings.keep_alive_timeout_s)
    return sum(usual if time_s is None else max(time_s, 1.0) for time_s in times)


def make_plan(
    settings: Settings,
    overrides: Overrides,
    *,
    follow: bool,
    trusted_names: Sequence[str] | None,
    allow_plaintext_credentials: bool,
) -> Plan:
    """Write down what the connection is to do.

    Args:
        settings: The connection string's values.
        overrides: Turn advertised endpoints into routes.
        follow: False: never leave the given hosts.
        trusted_names: Patterns of hosts that may be dialled; None trusts all.
        allow_plaintext_credentials: Consent to send credentials without TLS.

    Raises:
        InvalidOverride: The rules lead a given host nowhere.
    """
    for host in settings.hosts:
        overrides.routes(host)
    many = settings.discover or len(settings.hosts) > 1
    rounds = settings.max_discover_attempts
    return Plan(
        seeds=tuple(dict.fromkeys(settings.hosts)),
        router=overrides,
        by_gossip=many and follow,
        follow=follow,
        trusted_names=None if trusted_names is None else tuple(trusted_names),
        has_credentials=settings.username is not None,
        may_send_credentials=settings.tls or allow_plaintext_credentials,
        gossip_timeout_s=settings.gossip_timeout_s,
        first_pause_s=settings.discovery_interval_s,
        max_rounds=None if rounds < 0 else rounds,
        discover=settings.discover,
        asks_before_calls=settings.tls and not settings.tls_verify_cert,
        explains_tls=settings.tls,
        condemn_s=_condemn_s(settings),
    )
