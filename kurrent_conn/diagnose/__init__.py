"""The doctor: examine a deployment from where a client stands, and say what mends it.

    from kurrent_conn.diagnose import diagnose

    diagnosis = diagnose("kurrentdb://admin:changeit@n1,n2,n3?tlsCaFile=ca.crt")
    print(diagnosis.verdict)

    Case ──next_questions──► probes ──answers──► Case ──rules──► Findings ──► Diagnosis

`inquiry` decides what to ask, `probes` ask it side by side, `rules` judge what was
seen. All but `probes` is pure.
"""

from __future__ import annotations

from kurrent_conn.diagnose.case import Case
from kurrent_conn.diagnose.diagnosis import Diagnosis, diagnosis_of
from kurrent_conn.diagnose.finding import Finding, Fix, FixKind, Severity, Trouble
from kurrent_conn.diagnose.probes.examination import diagnose
from kurrent_conn.diagnose.strategy import Strategy
from kurrent_conn.diagnose.vantage import Surroundings, Vantage

__all__ = [
    "Case",
    "Diagnosis",
    "Finding",
    "Fix",
    "FixKind",
    "Severity",
    "Strategy",
    "Surroundings",
    "Trouble",
    "Vantage",
    "diagnose",
    "diagnosis_of",
]
