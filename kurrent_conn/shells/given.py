"""What the user gave to `connect`, read: the same for both shells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kurrent_conn.core.settings import Settings
from kurrent_conn.core.state import Plan
from kurrent_conn.shells.plan import OverridesLike, make_plan, read_settings
from kurrent_conn.shells.reload import Reload


@dataclass(frozen=True, slots=True)
class Given:
    """What a connection is made of.

    Args:
        settings: The connection string's values, the connection's name filled in.
        plan: What the core is to do.
        reload: The files, as they were read first and as they change.
    """

    settings: Settings
    plan: Plan
    reload: Reload


def read_given(
    target: str | Settings,
    overrides: OverridesLike,
    *,
    follow: bool,
    trusted_names: Sequence[str] | None,
    allow_plaintext_credentials: bool,
) -> Given:
    """Read what `connect` was given, its files among it; nothing is sent.

    Args:
        target: A connection string or `Settings`.
        overrides: As `plan.read_overrides` takes them.
        follow: As `plan.make_plan` takes it.
        trusted_names: As `plan.make_plan` takes them.
        allow_plaintext_credentials: As `plan.make_plan` takes it.

    Raises:
        ConfigurationError: Something is wrong.
    """
    settings = read_settings(target)
    reload = Reload(settings, overrides)
    plan = make_plan(
        settings,
        reload.overrides,
        follow=follow,
        trusted_names=trusted_names,
        allow_plaintext_credentials=allow_plaintext_credentials,
    )
    return Given(settings, plan, reload)
