"""Split horizon in the process: rules that turn advertised endpoints into routes.

`Overrides` is what users hold, `Override` a rule of it. Read `rule` for the words,
`match` for their meaning, `plan` for the order in which rules are asked; `coredns` and
`sidecar` for rules that were imported and keep their own meaning; `corefile_export` for
what can be written as what.
"""

from __future__ import annotations

from kurrent_conn.core.overrides.check import Finding, FindingKind
from kurrent_conn.core.overrides.coredns import (
    HostsEntry,
    NameMatch,
    Rewrite,
    Scope,
)
from kurrent_conn.core.overrides.explanation import Explanation
from kurrent_conn.core.overrides.format import Format
from kurrent_conn.core.overrides.plan import Step
from kurrent_conn.core.overrides.prepared import Rule
from kurrent_conn.core.overrides.rule import MatchKind, Override, Then
from kurrent_conn.core.overrides.rule_set import Overrides
from kurrent_conn.core.overrides.sidecar import SidecarRule

__all__ = [
    "Explanation",
    "Finding",
    "FindingKind",
    "Format",
    "HostsEntry",
    "MatchKind",
    "NameMatch",
    "Override",
    "Overrides",
    "Rewrite",
    "Rule",
    "Scope",
    "SidecarRule",
    "Step",
    "Then",
]
