"""All checks over the manifests of one cluster; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kurrent_conn.kubernetes.lint.access import access_findings, bundle_findings
from kurrent_conn.kubernetes.lint.certificate import (
    certificate_findings,
    issuer_findings,
)
from kurrent_conn.kubernetes.lint.database import databases
from kurrent_conn.kubernetes.lint.document import Document, Manifests
from kurrent_conn.kubernetes.lint.entry import entry_findings
from kurrent_conn.kubernetes.lint.finding import Finding
from kurrent_conn.kubernetes.lint.resource import resource_findings
from kurrent_conn.kubernetes.lint.service import service_findings


def check(
    documents: Iterable[Document], corefiles: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """Find the mistakes in what is applied to one cluster.

    Args:
        documents: The objects.
        corefiles: The texts of Corefiles that go with them.

    Returns:
        The findings, each once, in the order of the checks.
    """
    manifests = Manifests(tuple(documents), tuple(corefiles))
    return tuple(dict.fromkeys(_findings(manifests)))


def _findings(manifests: Manifests) -> Iterator[Finding]:
    yield from resource_findings(manifests)
    for database in databases(manifests):
        yield from certificate_findings(manifests, database)
        yield from entry_findings(manifests, database)
        yield from access_findings(manifests, database)
    yield from issuer_findings(manifests)
    yield from service_findings(manifests)
    yield from bundle_findings(manifests)
