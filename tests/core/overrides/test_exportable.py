"""What a rule of ours must be like to have a form in another format."""

from __future__ import annotations

import pytest

from kurrent_conn.core.overrides import Override
from kurrent_conn.core.overrides.exportable import refuse_odd_targets
from kurrent_conn.errors import InvalidOverride


@pytest.mark.parametrize(
    "rule",
    [
        Override(exact="a", target=["b.test.", "10.0.0.1", "fd00::1"]),
        Override(suffix="a", target=".b"),
        Override(regex="(a)", target="{1}.b"),
        Override(wildcard="*.a", target="x{1}.b"),
    ],
    ids=str,
)
def test_hosts_with_or_without_groups_pass(rule: Override) -> None:
    """Empty labels pass too: every format refuses them when they are used."""
    refuse_odd_targets(rule)


@pytest.mark.parametrize(
    "rule",
    [
        Override(exact="a", target="{1}"),
        Override(prefix="a", target=["b", "c d"]),
        Override(regex="(a)", target="${1}"),
    ],
    ids=str,
)
def test_other_characters_are_refused(rule: Override) -> None:
    """Other formats would take them and dial a name that nobody has."""
    with pytest.raises(InvalidOverride, match="is no host: it has the character"):
        refuse_odd_targets(rule)
