"""The verdict on each chain of the matrix, without any connection."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.route import Route
from kurrent_conn.core.tls_finding import FindingKind, TlsFinding
from kurrent_conn.wire.tls_verdict import Expected, OpensslVerdict, Presented, judge
from tests.shells.authority import DAY, NODE, NOW, Issued, intermediate, issue, root
from tests.shells.chains import (
    BELOW,
    MIDDLE,
    NAMESAKE,
    OTHER,
    PLAIN,
    ROOT,
    ROWS,
    SELF_SIGNED,
    Row,
)
from tests.system import require

# What only OpenSSL can tell: constraints on names, unknown critical extensions, and
# which of two ways is tried.
BEYOND_PATHS = {
    "a name outside constraints",
    "a name that is excluded",
    "an unknown critical extension",
    "cross-signed, the wrong way first",
}


def _judged(
    *sent: Issued,
    roots: tuple[Issued, ...] = (ROOT,),
    name: str = NODE,
    days: int = 0,
    openssl: OpensslVerdict | None = None,
    protocol: str | None = "h2",
) -> tuple[TlsFinding, ...]:
    endpoint = Endpoint(NODE)
    expected = Expected(
        endpoint,
        Route(endpoint, name),
        tuple(each.der for each in roots),
        "CA file /x",
    )
    presented = Presented(tuple(each.der for each in sent), protocol, openssl)
    return judge(presented, expected, NOW + timedelta(days=days, seconds=1))


def _ids(row: Row) -> str:
    return row.id


@pytest.mark.parametrize("row", ROWS, ids=_ids)
def test_each_chain_gets_its_verdict(row: Row) -> None:
    """The paths alone give every verdict that needs no second judge."""
    found = _judged(*row.chain, roots=row.roots, name=row.name)
    kinds = () if row.id in BEYOND_PATHS else row.kinds
    assert tuple(each.kind for each in found) == kinds
    assert all(each.hint and each.trust == "CA file /x" for each in found)


@pytest.mark.system
@pytest.mark.parametrize("row", ROWS, ids=_ids)
def test_openssl_agrees(row: Row, tmp_path: Path) -> None:
    """`openssl verify` gives the same verdict, but for the rows that say why not."""
    (openssl,) = require("openssl")
    leaf, rest, roots = (tmp_path / name for name in ("leaf", "rest", "roots"))
    leaf.write_bytes(row.leaf.pem)
    rest.write_bytes(b"".join(each.pem for each in row.chain[1:]))
    roots.write_bytes(row.root_pem)
    untrusted = ("-untrusted", str(rest)) if row.chain[1:] else ()
    done = subprocess.run(  # noqa: S603 - the arguments are this file's own
        (
            openssl,
            "verify",
            "-partial_chain",
            *("-purpose", "sslserver"),
            *("-no-CApath", "-no-CAstore", "-CAfile", str(roots)),
            *untrusted,
            *(_name_option(row.name), row.name),
            str(leaf),
        ),
        capture_output=True,
        check=False,
    )
    assert (done.returncode == 0) == row.openssl_accepts, done.stderr
    assert (row.openssl is None) or row.because


def test_most_chains_are_judged_alike_by_openssl() -> None:
    """At least sixty; where it differs, it does so for a reason and for real."""
    differing = [row for row in ROWS if row.openssl is not None]
    assert len(ROWS) - len(differing) >= 60
    assert all(row.because for row in differing)
    assert all(row.openssl == bool(row.kinds) for row in differing)


def _name_option(name: str) -> str:
    try:
        ip_address(name)
    except ValueError:
        return "-verify_hostname"
    return "-verify_ip"


def test_there_are_enough_rows() -> None:
    """The matrix holds at least 60 chains, each with a name of its own."""
    assert len({row.id for row in ROWS}) == len(ROWS)
    assert len(ROWS) >= 60


def test_a_finding_carries_the_facts() -> None:
    """Names, issuer, dates and trust are those of the certificate at fault."""
    (found,) = _judged(PLAIN, name="n2.kurrent.test")
    assert found.kind is FindingKind.NAME_MISMATCH
    assert found.expected_name == "n2.kurrent.test"
    assert found.presented_names == (NODE,)
    assert found.issuer == "CN=Test Root"
    assert found.not_before == NOW - 2 * DAY
    assert found.not_after == NOW + 90 * DAY


def test_an_expired_ca_is_named_and_dated() -> None:
    """Where the CA's certificate ended, its dates and name are told, not the leaf's."""
    old = intermediate(ROOT, "Old", not_before=NOW - 90 * DAY, not_after=NOW - 3 * DAY)
    (found,) = _judged(*issue(old).chain)
    assert (found.kind, found.not_after) == (FindingKind.EXPIRED, NOW - 3 * DAY)
    assert "CA `Old` ended 3 days ago" in found.hint


def test_dates_are_judged_for_the_given_instant() -> None:
    """The same chain is early, good and late; no clock is read."""
    assert _judged(PLAIN) == ()
    assert [each.kind for each in _judged(PLAIN, days=-3)] == ["not_yet_valid"] * 2
    assert [each.kind for each in _judged(PLAIN, days=91)] == ["expired"] * 2


def test_an_expired_cross_signature_is_nobodys_fault() -> None:
    """Beside a good way to a root, a bad one is not held against the server."""
    old = intermediate(OTHER, not_before=NOW - 90 * DAY, not_after=NOW - DAY)
    assert _judged(BELOW, old, MIDDLE, roots=(OTHER, ROOT)) == ()


@pytest.mark.parametrize(
    ("sent", "roots", "words"),
    [
        ((SELF_SIGNED,), (ROOT,), "certificate is self-signed"),
        ((PLAIN, ROOT), (OTHER,), "chain ends in the root `Test Root`"),
        ((PLAIN,), (NAMESAKE,), "another CA of that name, or a new key"),
        ((PLAIN,), (OTHER,), "`CN=Test Root`, which issued `n1.kurrent.test`"),
        ((BELOW,), (ROOT,), "does not send the certificate of `CN=Test Intermediate`"),
    ],
)
def test_the_hint_says_which_trust_is_lacking(
    sent: tuple[Issued, ...], roots: tuple[Issued, ...], words: str
) -> None:
    """An unknown root, a renewed one, a self-signed leaf and a gap differ in words."""
    (found,) = _judged(*sent, roots=roots)
    assert words in found.hint


def test_the_signs_of_a_missing_intermediate() -> None:
    """A published issuer or a spelled issuer's issuer tell a gap from a new root."""
    middle = issue(ROOT, cn="M", names=None, usage=None, ca=True)
    published = issue(middle, published_at="http://ca.test/m.crt")
    (found,) = _judged(published)
    assert found.kind is FindingKind.MISSING_INTERMEDIATE
    assert "http://ca.test/m.crt" in found.hint
    (found,) = _judged(issue(middle, spelled_issuer=middle))
    assert found.kind is FindingKind.MISSING_INTERMEDIATE
    (found,) = _judged(issue(OTHER, spelled_issuer=OTHER))
    assert found.kind is FindingKind.UNTRUSTED
    (found,) = _judged(issue(middle))
    assert found.kind is FindingKind.UNTRUSTED


def test_what_openssl_accepts_is_not_called_untrusted() -> None:
    """The second judge's yes ends every question of trust and rights."""
    assert _judged(PLAIN, roots=(OTHER,), openssl=OpensslVerdict(0)) == ()


def test_what_only_openssl_refuses_is_told_in_its_words() -> None:
    """Where the paths are fine, its code decides the kind and its words the hint."""
    (found,) = _judged(PLAIN, openssl=OpensslVerdict(47, "permitted subtree violation"))
    assert found.kind is FindingKind.UNTRUSTED
    assert found.hint == "OpenSSL says: permitted subtree violation"
    (found,) = _judged(PLAIN, openssl=OpensslVerdict(26, ""))
    assert (found.kind, found.hint) == (FindingKind.WRONG_USAGE, "OpenSSL says: 26")


def test_a_way_that_is_not_taken_is_explained() -> None:
    """A server that sends both halves of a cross-signature is told to send one."""
    (found,) = _judged(BELOW, openssl=OpensslVerdict(20, "x"), roots=(ROOT, MIDDLE))
    assert found.kind is FindingKind.UNTRUSTED
    assert "send the certificates of one way only" in found.hint


def test_no_http2_is_a_finding_of_its_own() -> None:
    """No protocol, or another than h2, is told beside whatever else is wrong."""
    (found,) = _judged(PLAIN, protocol=None)
    assert found.kind is FindingKind.NO_ALPN_H2
    assert found.presented_names == (NODE,)
    (found,) = _judged(PLAIN, protocol="http/1.1")
    assert "agreed on http/1.1" in found.hint


def test_nothing_readable_is_no_accusation() -> None:
    """Without a certificate that can be read there is nothing to judge."""
    endpoint = Endpoint(NODE)
    expected = Expected(endpoint, Route(endpoint, NODE))
    assert judge(Presented(()), expected, NOW) == ()
    assert judge(Presented((b"\x30\x00",)), expected, NOW) == ()


def test_loops_and_crowds_end() -> None:
    """Certificates that sign one another in a ring, and many namesakes, do not hang."""
    a = root("Ring A")
    b = intermediate(a, "Ring B")
    ring = intermediate(b, "Ring A")
    (found,) = _judged(issue(ring), ring, b)
    assert found.kind is FindingKind.UNTRUSTED
    crowd = [intermediate(ROOT) for _ in range(12)]
    (found, *_) = _judged(issue(MIDDLE), *crowd, roots=(OTHER,))
    assert found.kind is FindingKind.UNTRUSTED
