"""Whether a Certificate covers names, and how it fails to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kurrent_conn.core.identity import covers
from kurrent_conn.kubernetes.guide import Correction, Reason
from kurrent_conn.kubernetes.lint.database import dns_names
from kurrent_conn.kubernetes.lint.document import Document
from kurrent_conn.kubernetes.lint.finding import Finding, Mistake


def is_covered(certificate: Document, host: str) -> bool:
    """Say whether a Certificate covers a name.

    Args:
        certificate: The object.
        host: The name.
    """
    return any(covers(name, host) for name in dns_names(certificate))


def coverage_findings(
    certificate: Document, hosts: Iterable[str], whose: str
) -> Iterator[Finding]:
    """Find the names that a Certificate does not cover, one finding a kind of names.

    Args:
        certificate: The object.
        hosts: The names.
        whose: Who dials them, for the message.
    """
    missing: dict[str, list[str]] = {}
    for host in dict.fromkeys(hosts):
        if not is_covered(certificate, host):
            missing.setdefault(host.partition(".")[2], []).append(host)
    for parent, group in missing.items():
        deep = [name for name in dns_names(certificate) if _is_too_short(name, group)]
        shown = ", ".join(group)
        fix = f"add '*.{parent}' to dnsNames" if parent else f"add {shown} to dnsNames"
        if deep:
            yield certificate.finding(
                Mistake.WILDCARD_DEPTH,
                "spec.dnsNames",
                f"{deep[0]} does not reach {shown}, which {whose} dial. "
                f"{Reason(Correction.WILDCARDS_ARE_ONE_LABEL)}",
                fix,
            )
        else:
            yield certificate.finding(
                Mistake.NAME_NOT_COVERED,
                "spec.dnsNames",
                f"no name covers {shown}, which {whose} dial",
                fix,
            )


def _is_too_short(name: str, hosts: list[str]) -> bool:
    wildcard, _, parent = name.partition(".")
    return wildcard == "*" and any(host.endswith(f".{parent}") for host in hosts)
