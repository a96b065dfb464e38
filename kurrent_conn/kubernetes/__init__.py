"""The operator's networking guide as code: decide, name, write, check.

    Situation ──decide──► Plan ──render(Site)──► files      check ◄── manifests

`guide` holds what the guide says and what corrects it; `objection` what cannot work,
`ranking` what is worse, `reasoning` what follows. `site` brings the names in, and
`manifest` the objects. Nothing here touches a cluster.
"""

from __future__ import annotations

from kurrent_conn.kubernetes.client_side import ClientSide, client_sides
from kurrent_conn.kubernetes.decision import Decision, decide, plans
from kurrent_conn.kubernetes.guide import Correction, Reason, Statement
from kurrent_conn.kubernetes.lint import Finding, Mistake, check, check_directory
from kurrent_conn.kubernetes.names import Resource, TrafficStrategy
from kurrent_conn.kubernetes.plan import (
    Combination,
    LoadBalancer,
    Location,
    Plan,
    Rejection,
)
from kurrent_conn.kubernetes.rendering import RenderedFile, render
from kurrent_conn.kubernetes.site import Site
from kurrent_conn.kubernetes.situation import (
    CertificateOption,
    ClientPlace,
    Deployment,
    DnsControl,
    Hairpin,
    InternodeStrategy,
    ServerPlace,
    Situation,
)
from kurrent_conn.kubernetes.solution import Solution, situation_of

__all__ = [
    "CertificateOption",
    "ClientPlace",
    "ClientSide",
    "Combination",
    "Correction",
    "Decision",
    "Deployment",
    "DnsControl",
    "Finding",
    "Hairpin",
    "InternodeStrategy",
    "LoadBalancer",
    "Location",
    "Mistake",
    "Plan",
    "Reason",
    "Rejection",
    "RenderedFile",
    "Resource",
    "ServerPlace",
    "Site",
    "Situation",
    "Solution",
    "Statement",
    "TrafficStrategy",
    "check",
    "check_directory",
    "client_sides",
    "decide",
    "plans",
    "render",
    "situation_of",
]
