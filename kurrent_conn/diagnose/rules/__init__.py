"""What is wrong, by everything that was seen: one rule a module, findings out.

A rule looks at the whole case, so that one cause is one finding: what follows from
another rule's cause is left to it. Read next: `route`, whose question comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.finding import Finding, joined
from kurrent_conn.diagnose.rules.answer import about_answers
from kurrent_conn.diagnose.rules.certificate import about_certificates
from kurrent_conn.diagnose.rules.cluster import about_the_cluster
from kurrent_conn.diagnose.rules.hairpin import about_hairpins
from kurrent_conn.diagnose.rules.note import about_settings, notes
from kurrent_conn.diagnose.rules.route import about_routes
from kurrent_conn.diagnose.rules.seed import about_seeds

_Rule = Callable[[Case], Iterable[Finding]]

RULES: Final[tuple[_Rule, ...]] = (
    about_routes,
    about_seeds,
    about_certificates,
    about_answers,
    about_the_cluster,
    about_hairpins,
    about_settings,
    notes,
)


def findings(case: Case) -> tuple[Finding, ...]:
    """Say everything that is wrong.

    Args:
        case: What was seen, every question answered.

    Returns:
        The gravest first; one a cause.
    """
    return joined(tuple(found for rule in RULES for found in rule(case)))
