"""What the doctor can find, and how it says it: trouble, where, why, and the fix.

One finding is one cause. Endpoints that suffer alike share one, and what follows from
a cause is not another finding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from kurrent_conn.core.endpoint import Endpoint


class Trouble(StrEnum):
    """Everything that the doctor has a name for."""

    # Names.
    SEED_UNKNOWN = "seed-name-does-not-resolve"
    TARGET_UNKNOWN = "override-target-does-not-resolve"
    MISSING_OVERRIDE = "missing-override"
    WRONG_DNS_VIEW = "wrong-dns-view"
    DNS_DIFFERS = "dns-differs"
    # Connections.
    DEAD_SEED = "dead-seed"
    LEADER_UNREACHABLE = "leader-unreachable"
    MEMBER_UNREACHABLE = "member-unreachable"
    WRONG_PORT = "wrong-port"
    DEAD_ADDRESS = "dead-address"
    SILENT = "silent-node"
    HANGS_UP = "hangs-up"
    # TLS.
    UNTRUSTED = "untrusted-certificate"
    OTHER_CA = "one-node-on-another-ca"
    MISSING_INTERMEDIATE = "missing-intermediate"
    EXPIRED = "expired-certificate"
    NOT_YET_VALID = "certificate-not-yet-valid"
    EXPIRES_SOON = "certificate-expires-soon"
    WRONG_SAN = "name-not-on-certificate"
    WILDCARD_DEPTH = "wildcard-too-shallow"
    WRONG_USAGE = "certificate-for-another-use"
    NO_CLIENT_USAGE = "certificate-without-client-auth"
    UNSUPPORTED_KEY = "unsupported-key"
    CLIENT_CERTIFICATE = "client-certificate-rejected"
    PLAINTEXT = "plaintext-port"
    TLS_EXPECTED = "tls-port-without-tls"
    NOT_TLS = "not-tls"
    NO_HTTP2 = "no-http2"
    UNVERIFIED = "verification-is-off"
    # Answers.
    PROXY_ERROR = "proxy-error"
    NOT_KURRENTDB = "not-kurrentdb"
    NOT_READY = "node-not-ready"
    GOSSIP_DENIED = "gossip-denied"
    WRONG_CREDENTIALS = "wrong-credentials"
    CREDENTIALS_WITHHELD = "credentials-not-sent"
    # The cluster.
    NO_LEADER = "no-leader"
    SPLIT_BRAIN = "split-brain"
    MEMBERS_DISAGREE = "members-disagree"
    DISOWNED = "disowned-member"
    DEAD_MEMBER = "dead-member"
    DUPLICATE_NAMES = "duplicate-names"
    ADVERTISES_NOWHERE = "advertises-nowhere"
    REDIRECTS_ASTRAY = "redirects-astray"
    # Routes.
    WRONG_NODE = "route-to-wrong-node"
    HAIRPIN = "hairpin"
    UNUSED_RULE = "unused-override"
    ODD_RULE = "odd-override"
    STRING_WARNING = "connection-string-warning"
    UNFINISHED = "out-of-time"


class Severity(StrEnum):
    """How much a finding matters."""

    PROBLEM = "problem"
    WARNING = "warning"
    NOTE = "note"


class FixKind(StrEnum):
    """What a fix is, so that a program knows where to paste it."""

    RULE = "override rule"
    COREDNS = "CoreDNS rule"
    MANIFEST = "manifest"
    CONNECTION_STRING = "connection string"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Fix:
    """What makes a finding go away.

    Args:
        kind: What `text` is.
        text: To be pasted, or done; never a secret.
        about: What it does, or where it goes; empty when that is plain.
    """

    kind: FixKind
    text: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause of trouble.

    Args:
        trouble: Its kind.
        severity: How much it matters.
        subjects: The endpoints that it is about; none when it is about all.
        what: What is wrong, in plain words.
        evidence: What was seen, one sentence each.
        fixes: What makes it go away, the best first; each alone is enough.
        is_accepted: Whether the user said that it is known and meant: it is shown
            and does not count.
    """

    trouble: Trouble
    severity: Severity
    subjects: tuple[Endpoint, ...]
    what: str
    evidence: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    is_accepted: bool = False

    @property
    def counts(self) -> bool:
        """Whether a run with it is not healthy."""
        return self.severity is not Severity.NOTE and not self.is_accepted

    def __str__(self) -> str:
        """Write one line: the kind, where, and what is wrong."""
        where = f" at {', '.join(map(str, self.subjects))}" if self.subjects else ""
        return f"{self.trouble}{where}: {self.what}"


def joined(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Make one finding of those that differ in their endpoints alone.

    Args:
        findings: As the rules gave them.

    Returns:
        The gravest first, otherwise in the order in which they came.
    """
    by_cause: dict[tuple[object, ...], Finding] = {}
    for each in findings:
        key = (each.trouble, each.severity, each.what, each.fixes)
        known = by_cause.get(key)
        by_cause[key] = each if known is None else _both(known, each)
    order = list(Severity)
    return tuple(sorted(by_cause.values(), key=lambda f: order.index(f.severity)))


def _both(one: Finding, other: Finding) -> Finding:
    return replace(
        one,
        subjects=tuple(dict.fromkeys((*one.subjects, *other.subjects))),
        evidence=tuple(dict.fromkeys((*one.evidence, *other.evidence))),
    )
