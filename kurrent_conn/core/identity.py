"""Does a certificate cover a name? And if not, what would?

The rule is the one that gRPC applies, because gRPC has the last word on a channel;
this module exists to *explain* its refusals and to check a plan before anything is
dialled. It is also the operator's rule for how deep a wildcard reaches. Knows names
as text; what a certificate carries is read by `wire.certificate`.

    asked for                   on the certificate        covered
    n1.kurrent.test             n1.kurrent.test           yes; case and a last dot
                                                          do not matter
    mydb-0.kurrent.test         *.kurrent.test            yes
    a.b.kurrent.test            *.kurrent.test            no: a wildcard is one label
    kurrent.test                *.kurrent.test            no: it is not the parent
    n1.kurrent.test             n*.kurrent.test           no: it is a whole label
    n1.kurrent.test             common name only          yes, without DNS names
    127.0.0.1                   127.0.0.1                 yes, as text: `::1` is not
                                                          `0:0:0:0:0:0:0:1`
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from kurrent_conn.core.certificate import PresentedNames
from kurrent_conn.core.endpoint import normalized_host


@dataclass(frozen=True, slots=True)
class NameMismatch:
    """A name that a certificate does not cover, and why.

    Args:
        expected: The name that had to be covered.
        presented: The names that the certificate carries.
        hint: Which name nearly fits and why it does not, or what to change.
    """

    expected: str
    presented: tuple[str, ...]
    hint: str


def mismatch(names: PresentedNames, expected: str) -> NameMismatch | None:
    """Compare the names of a certificate with the name that is verified.

    Args:
        names: What the certificate carries.
        expected: A host name or a raw IP address, `Route.server_name`.

    Returns:
        None when it is covered.

    Source: grpc core 1.80 to 1.85, `HostNameCertificateVerifier`, run against a row
    for each line of the table above; wildcards also: Kurrent Kubernetes Operator,
    "managing certificates". OpenSSL looks at the common name in the same cases; the
    server, towards its peers, only where there is no alternative name of any kind
    (`CertificateExtensions.cs`).
    One difference from gRPC is kept: it lets `*.0.0.1` cover 127.0.0.1, we do not.
    """
    if any(covers(name, expected) for name in names.verifiable):
        return None
    return NameMismatch(expected, names.verifiable, _hint(names, expected))


def covers(pattern: str, host: str) -> bool:
    """Say whether one name of a certificate covers a host.

    Args:
        pattern: A DNS name, a wildcard such as `*.kurrent.test`, or an address.
        host: A host name or a raw IP address; an IPv6 zone (`%eth0`) is local to
            this machine and does not count.
    """
    if _is_address(host):
        return pattern == host.partition("%")[0]
    pattern, host = normalized_host(pattern), normalized_host(host)
    if "*" not in pattern:
        return bool(pattern) and pattern == host
    label, _, parent = pattern.partition(".")
    first, _, rest = host.partition(".")
    if label != "*" or not parent or "*" in parent:
        return False
    return bool(first) and rest == parent


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _hint(names: PresentedNames, expected: str) -> str:
    """Find the most telling reason: a near miss first, then what to change."""
    if not names.verifiable:
        return "the certificate carries no name at all; issue it anew with this name"
    reasons = _address_reasons if _is_address(expected) else _near_misses
    reason = next(reasons(names, expected), "")
    if reason:
        return reason
    plain = next((name for name in names.verifiable if "*" not in name), "")
    meant = f", or say with an override's server_name that `{plain}` is meant"
    return (
        f"issue the certificate with `{expected}` among its names"
        f"{meant if plain else ''}"
    )


def _near_misses(names: PresentedNames, expected: str) -> Iterator[str]:
    host = normalized_host(expected)
    for pattern in names.verifiable:
        reason = _why_wildcard_fails(normalized_host(pattern), host)
        if reason:
            yield f"`{pattern}` does not cover `{expected}`: {reason}"
    for pattern in names.verifiable:
        if "." not in host and normalized_host(pattern).startswith(f"{host}."):
            yield f"`{expected}` is short for `{pattern}`; use the whole name"
    if names.common_name and covers(names.common_name, expected):
        yield (
            f"`{expected}` is the common name, which does not count beside DNS names; "
            "add it to the subject alternative names"
        )


def _why_wildcard_fails(pattern: str, host: str) -> str:
    if "*" not in pattern:
        return ""
    label, _, parent = pattern.partition(".")
    if label == "*" and "*" not in parent:
        if host == parent:
            return "a wildcard does not stand for its parent"
        if host.endswith(f".{parent}"):
            return "a wildcard is one label"
        return ""
    close = host.endswith(pattern.rpartition("*")[2])
    return "a wildcard has to be the whole first label" if close else ""


def _address_reasons(names: PresentedNames, expected: str) -> Iterator[str]:
    for address in names.addresses:
        if ip_address(address) == ip_address(expected):
            yield f"gRPC compares addresses as text; write it as `{address}`"
    if not names.addresses:
        yield (
            "the certificate names no address; connect by a name that it carries, "
            "give that name as an override's server_name, or issue it with this "
            "address"
        )
