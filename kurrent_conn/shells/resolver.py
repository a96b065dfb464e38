"""From a name to its addresses, by the system's resolver and by DNS itself.

What is dialled goes through the system (`getaddrinfo`): hosts file, search domains and
split DNS apply, as for every other program. grpc's own resolver knows less of these,
and tries the addresses one after another. DNS is asked beside it for `+discover`: it
says all addresses, and for how long they are good.

No SRV record is ever asked for: no KurrentDB client uses one, and a forged answer would
name the host that gets the password.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.resolver
from dns.rdatatype import RdataType

from kurrent_conn.core.events import Resolved, ResolveFailed

SYSTEM_TTL_S: Final = 5.0
"""The system's resolver says no time to live; a search looks up again after this."""

DNS_TIMEOUT_S: Final = 3.0
"""For one question to DNS, all servers together."""

DNS_TTL_MIN_S: Final = 1.0
DNS_TTL_MAX_S: Final = 3600.0

_RECORDS: Final = (RdataType.A, RdataType.AAAA)


def ask_system(host: str) -> Resolved | ResolveFailed:
    """Look a name up as the system does; blocks.

    Args:
        host: The name.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return ResolveFailed(host, _why(error))
    return of_system(host, found)


def of_system(
    host: str, found: Iterable[tuple[int, int, int, str, tuple[object, ...]]]
) -> Resolved | ResolveFailed:
    """Read what `getaddrinfo` gave.

    Args:
        host: The name.
        found: Its answer.
    """
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses:
        return ResolveFailed(host, "the name has no address")
    return Resolved(host, addresses, SYSTEM_TTL_S)


def system_failed(host: str, error: OSError | UnicodeError) -> ResolveFailed:
    """Say why the system could not look a name up.

    Args:
        host: The name.
        error: What `getaddrinfo` raised.
    """
    return ResolveFailed(host, _why(error))


def _why(error: OSError | UnicodeError) -> str:
    if isinstance(error, socket.gaierror):
        return f"the name does not resolve: {error.strerror}"
    return f"the name cannot be looked up: {error}"


def ask_dns(host: str) -> Resolved | None:
    """Ask DNS for every address of a name; blocks.

    Args:
        host: The name.

    Returns:
        None when DNS gives nothing: the system's answer stands.
    """
    answers = []
    for record in _RECORDS:
        try:
            answers.append(
                dns.resolver.resolve(host, record, lifetime=DNS_TIMEOUT_S, search=True)
            )
        except (dns.exception.DNSException, OSError, UnicodeError):
            continue
    return _of_dns(host, answers)


async def ask_dns_async(host: str) -> Resolved | None:
    """Ask DNS for every address of a name; see `ask_dns`.

    Args:
        host: The name.
    """
    answers = []
    for record in _RECORDS:
        try:
            answers.append(
                await dns.asyncresolver.resolve(
                    host, record, lifetime=DNS_TIMEOUT_S, search=True
                )
            )
        except (dns.exception.DNSException, OSError, UnicodeError):
            continue
    return _of_dns(host, answers)


def _of_dns(host: str, answers: Iterable[dns.resolver.Answer]) -> Resolved | None:
    addresses: list[str] = []
    ttl_s = DNS_TTL_MAX_S
    for answer in answers:
        addresses.extend(record.address for record in answer)
        ttl_s = min(ttl_s, answer.rrset.ttl if answer.rrset is not None else 0)
    if not addresses:
        return None
    return Resolved(host, tuple(dict.fromkeys(addresses)), max(ttl_s, DNS_TTL_MIN_S))
