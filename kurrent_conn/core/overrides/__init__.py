"""Split horizon in the process: rules that turn advertised endpoints into routes.

`Overrides` is what users hold, `Override` a rule of it. Read `rule` for the words,
`match` for their meaning, `plan` for the order in which rules are asked.
"""

from __future__ import annotations

from kurrent_conn.core.overrides.rule import MatchKind, Override, Then
from kurrent_conn.core.overrides.rule_set import Overrides

__all__ = ["MatchKind", "Override", "Overrides", "Then"]
