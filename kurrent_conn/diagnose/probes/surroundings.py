"""What this process can see of the place where it runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import dns.exception
import dns.resolver

from kurrent_conn.diagnose.vantage import Surroundings

_NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Source: Kubernetes documentation, "Accessing the Kubernetes API from a Pod"."""

_IN_A_POD: Final = "KUBERNETES_SERVICE_HOST"


def look_around() -> Surroundings:
    """Say whether this is a pod, whose, and where names are looked for."""
    return Surroundings(
        is_pod=_IN_A_POD in os.environ or _NAMESPACE_FILE.is_file(),
        namespace=_namespace(),
        search=_search(),
    )


def _namespace() -> str:
    try:
        return _NAMESPACE_FILE.read_text().strip()
    except OSError:
        return ""


def _search() -> tuple[str, ...]:
    try:
        resolver = dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return ()
    return tuple(name.to_text(omit_final_dot=True) for name in resolver.search)
