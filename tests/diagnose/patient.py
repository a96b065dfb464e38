"""A cluster on loopback that is made ill and mended, and the doctor who looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import yaml

from kurrent_conn import Endpoint, Overrides, Settings
from kurrent_conn.diagnose import (
    Diagnosis,
    Finding,
    Fix,
    FixKind,
    Trouble,
    Vantage,
    diagnose,
)
from kurrent_conn.testing import SimulatedCluster

PASTED = frozenset({FixKind.RULE, FixKind.CONNECTION_STRING})


@dataclass
class Patient:
    """What is examined, as a user would hold it: a cluster, a string, rules."""

    cluster: SimulatedCluster
    string: str
    overrides: Overrides = field(default_factory=Overrides)
    stack: ExitStack = field(default_factory=ExitStack)

    def examined(self, **options: Any) -> Diagnosis:
        """Let the doctor look, once the cluster has settled or cannot."""
        options = {"vantage": Vantage.OUTSIDE, "step_timeout": 2.0, **options}
        return diagnose(self.string, overrides=self.overrides, **options)

    def paste(self, fix: Fix) -> None:
        """Do what a user does with a fix that is text."""
        if fix.kind is FixKind.RULE:
            rules = Overrides.from_toml(fix.text).rules
            self.overrides = Overrides((*rules, *self.overrides.rules))
        else:
            self.string = fix.text.replace("***", "changeit")

    def names(self, fix: Fix) -> list[str]:
        """The names that a fix wants on the certificate."""
        spec = yaml.safe_load(fix.text)["spec"]
        return [*spec.get("dnsNames", ()), *spec.get("ipAddresses", ())]

    def reissue(self, node: int, names: list[str], **options: Any) -> None:
        """Give a node another certificate of the cluster's CA."""
        authority = self.cluster.authority
        self.cluster.nodes[node].present(authority.issue(names, **options))

    def seeds(self, *endpoints: Endpoint | str) -> None:
        """Put other hosts into the connection string."""
        hosts = ",".join(map(str, endpoints))
        _, _, options = self.string.partition("?")
        self.string = f"kurrentdb://admin:changeit@{hosts}?{options}"

    def rebuilt(self, **options: Any) -> None:
        """Set the cluster up anew, as after another manifest."""
        self.cluster = self.stack.enter_context(SimulatedCluster(**options))
        self.cluster.wait_until_settled()
        self.string = self.cluster.connection_string()


@contextmanager
def patient(**options: Any) -> Iterator[Patient]:
    """A healthy cluster of three, or what the options make of it."""
    with ExitStack() as stack:
        cluster = stack.enter_context(SimulatedCluster(**options))
        cluster.wait_until_settled()
        yield Patient(cluster, cluster.connection_string(), stack=stack)


def paste(ill: Patient, found: Finding) -> None:
    """Mend by the first fix that can be pasted."""
    ill.paste(next(fix for fix in found.fixes if fix.kind in PASTED))


@dataclass(frozen=True)
class Planted:
    """A fault, what the doctor calls it, and what carries its fix out."""

    trouble: Trouble
    plant: Callable[[Patient], None]
    mend: Callable[[Patient, Finding], None] = paste
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""

    @property
    def title(self) -> str:
        """What the test is called."""
        return self.name or self.trouble.value


def counted(diagnosis: Diagnosis) -> list[Finding]:
    """The findings that have to be mended."""
    return [found for found in diagnosis.findings if found.counts]


def to_nodes(ill: Patient, order: tuple[int, ...] = (0, 1, 2)) -> Overrides:
    """Rules that lead each advertised name to a node, in an order."""
    nodes = ill.cluster.nodes
    return Overrides.from_mapping(
        {
            str(node.advertised): str(nodes[to].endpoint)
            for node, to in zip(nodes, order, strict=True)
        }
    )


def hosts_of(string: str) -> tuple[Endpoint, ...]:
    """The hosts of a connection string."""
    return Settings.from_string(string).hosts
