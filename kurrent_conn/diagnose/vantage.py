"""Where the doctor stands: inside a Kubernetes cluster, or not.

A hairpin is one only for a pod, and an internal address is a wrong answer only for a
client outside. What the process can see of its place comes in as facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Vantage(StrEnum):
    """Where the client stands, seen from the servers."""

    POD = "in a pod of the cluster"
    OUTSIDE = "outside of the cluster"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a process can see of its place.

    Args:
        is_pod: Whether it runs in a pod.
        namespace: The pod's namespace; empty when it is not known.
        search: The search domains of its resolver.
    """

    is_pod: bool = False
    namespace: str = ""
    search: tuple[str, ...] = ()

    @property
    def vantage(self) -> Vantage:
        """Where that is."""
        return Vantage.POD if self.is_pod else Vantage.OUTSIDE

    @property
    def service_domain(self) -> str:
        """The domain under which Services have their names; empty when unknown.

        Source: Kubernetes documentation, "DNS for Services and Pods": a pod's
        search list has `NAMESPACE.svc.DOMAIN`, `svc.DOMAIN` and `DOMAIN`.
        """
        found = (each for each in self.search if each.startswith("svc."))
        return next(found, "svc.cluster.local" if self.is_pod else "")
