"""`kurrent-conn tls`: look at a server's TLS, and say what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from kurrent_conn.core.certificate import CertificateFacts
from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.expiry import Expiring, expiring
from kurrent_conn.core.route import Route
from kurrent_conn.core.settings import Settings
from kurrent_conn.core.tls_finding import TlsFinding
from kurrent_conn.shells.handshake import Ending
from kurrent_conn.shells.tls_probe import Inspection
from kurrent_conn.shells.tls_probe import inspect as look_at
from kurrent_conn.shells.trust import read_trust

_WITHOUT_A_HANDSHAKE = {
    Ending.ALERT: "the server refused the handshake with an alert",
    Ending.FAILED: "the handshake failed",
    Ending.CLOSED: "the server hung up during the handshake",
    Ending.SILENT: "the server stayed silent",
}


@click.group()
def tls() -> None:
    """Look at certificates as a server presents them."""


@tls.command()
@click.argument("host", metavar="HOST[:PORT]")
@click.option("--as", "name", metavar="NAME", help="Verify this name instead of HOST.")
@click.option(
    "--ca-file",
    metavar="PATH",
    help="Trust this PEM file or directory instead of the system's store.",
)
@click.option(
    "--cert-file", metavar="PATH", help="Show this certificate where one is asked for."
)
@click.option("--key-file", metavar="PATH", help="The key of --cert-file.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    help="Seconds for all of it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def inspect(
    host: str,
    name: str | None,
    ca_file: str | None,
    cert_file: str | None,
    key_file: str | None,
    timeout_s: float,
    as_json: bool,
) -> int:
    """Show the chain HOST presents, what verifies it, and every finding.

    No request and no credentials are sent. The exit code is 0 when gRPC would accept
    the server, 1 when not.
    """
    try:
        endpoint = Endpoint.parse(host)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="HOST[:PORT]") from error
    route = Route(endpoint, name or endpoint.host)
    if (cert_file is None) != (key_file is None):
        raise click.UsageError("--cert-file and --key-file belong together")
    trust = read_trust(
        Settings(
            hosts=(endpoint,),
            tls_ca_file=ca_file,
            user_cert_file=cert_file,
            user_key_file=key_file,
        )
    )
    at = datetime.now(UTC)
    seen = look_at(endpoint, route, trust, timeout_s=timeout_s, at=at)
    ending_soon = tuple(
        found for each in seen.certificates if (found := expiring(each, at))
    )
    if as_json:
        report = _as_json(route, trust.description, seen, ending_soon)
        click.echo(json.dumps(report, indent=2))
    else:
        for line in _as_text(route, trust.description, seen, ending_soon):
            click.echo(line)
    return 1 if seen.findings or _trouble(seen) else 0


def _trouble(seen: Inspection) -> str:
    """Say why nothing could be judged; empty when something was."""
    if seen.ending is None:
        return f"no connection: {seen.unreachable}"
    if seen.findings or seen.certificates:
        return ""
    return _WITHOUT_A_HANDSHAKE.get(seen.ending, "the server presents no certificate")


def _as_text(
    route: Route, trust: str, seen: Inspection, ending_soon: tuple[Expiring, ...]
) -> Iterator[str]:
    yield f"{route}, verified as {route.server_name}"
    yield f"trust: {trust}"
    if seen.certificates:
        yield f"protocol: {seen.protocol or 'none agreed on'}"
        asks = "asked for" if seen.wants_certificate else "not asked for"
        yield f"client certificate: {asks}"
        yield "presented:"
        for at, each in enumerate(seen.certificates):
            yield from _certificate_lines(at, each)
        yield f"verified by: {seen.anchor.subject if seen.anchor else 'nothing'}"
    yield from (f"soon: {each}" for each in ending_soon)
    yield from (f"{each.kind}: {each.hint}" for each in seen.findings)
    if _trouble(seen):
        yield f"nothing to judge: {_trouble(seen)}"
    elif not seen.findings:
        yield "no findings: gRPC accepts this server"


def _certificate_lines(at: int, certificate: CertificateFacts) -> Iterator[str]:
    yield f"  {at} {certificate.subject or '(no subject)'}"
    yield f"    names: {', '.join(certificate.names.verifiable) or 'none'}"
    yield f"    issued by: {certificate.issuer}"
    begins, ends = (
        f"{each:%Y-%m-%d %H:%M}"
        for each in (certificate.not_before, certificate.not_after)
    )
    yield f"    valid: {begins} to {ends} UTC"
    usages = certificate.extended_usages
    allowed = "any use" if usages is None else ", ".join(usages) or "no use"
    yield f"    key: {certificate.key_type}, for {allowed}"


def _as_json(
    route: Route, trust: str, seen: Inspection, ending_soon: tuple[Expiring, ...]
) -> dict[str, object]:
    return {
        "endpoint": str(route.dial),
        "expected_name": route.server_name,
        "trust": trust,
        "ok": not seen.findings and not _trouble(seen),
        "trouble": _trouble(seen),
        "protocol": seen.protocol,
        "wants_client_certificate": seen.wants_certificate,
        "presented": [_certificate_as_json(each) for each in seen.certificates],
        "verified_by": seen.anchor.subject if seen.anchor else None,
        "expiring": [str(each) for each in ending_soon],
        "findings": [_finding_as_json(each) for each in seen.findings],
    }


def _certificate_as_json(certificate: CertificateFacts) -> dict[str, object]:
    usages = certificate.extended_usages
    return {
        "subject": certificate.subject,
        "names": list(certificate.names.verifiable),
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
        "key": certificate.key_type,
        "extended_usages": None if usages is None else list(usages),
        "is_ca": bool(certificate.is_ca),
    }


def _finding_as_json(finding: TlsFinding) -> dict[str, object]:
    return {
        "kind": finding.kind.value,
        "endpoint": str(finding.endpoint),
        "dial": str(finding.route.dial),
        "expected_name": finding.expected_name,
        "presented_names": list(finding.presented_names),
        "issuer": finding.issuer,
        "not_before": finding.not_before and finding.not_before.isoformat(),
        "not_after": finding.not_after and finding.not_after.isoformat(),
        "trust": finding.trust,
        "hint": finding.hint,
    }
