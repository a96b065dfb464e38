"""Whether a Certificate covers names, and how it fails to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

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
    certificate: Document, dialled: Mapping[str, Iterable[str]]
) -> Iterator[Finding]:
    """Find the names that a Certificate does not cover, one finding a kind of names.

    Args:
        certificate: The object.
        dialled: The names that each kind of dialler uses.
    """
    missing: dict[str, dict[str, list[str]]] = {}
    for whose, hosts in dialled.items():
        for host in hosts:
            if not is_covered(certificate, host):
                group = missing.setdefault(host.partition(".")[2], {})
                group.setdefault(host, []).append(whose)
    for parent, group in missing.items():
        yield _missing(certificate, parent, group)


def _missing(
    certificate: Document, parent: str, group: Mapping[str, list[str]]
) -> Finding:
    shown = ", ".join(group)
    whose = " and ".join(
        dict.fromkeys(each for many in group.values() for each in many)
    )
    short = [name for name in dns_names(certificate) if _is_too_short(name, group)]
    fix = f"add '*.{parent}' to dnsNames" if parent else f"add {shown} to dnsNames"
    if short:
        return certificate.finding(
            Mistake.WILDCARD_DEPTH,
            "spec.dnsNames",
            f"{short[0]} does not reach {shown}, which {whose} dial. "
            f"{Reason(Correction.WILDCARDS_ARE_ONE_LABEL)}",
            fix,
        )
    return certificate.finding(
        Mistake.NAME_NOT_COVERED,
        "spec.dnsNames",
        f"no name covers {shown}, which {whose} dial",
        fix,
    )


def _is_too_short(name: str, hosts: Iterable[str]) -> bool:
    wildcard, _, parent = name.partition(".")
    return wildcard == "*" and any(host.endswith(f".{parent}") for host in hosts)
