"""Which names a certificate covers, row by row, and the words for why it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.core.certificate import PresentedNames
from kurrent_conn.core.identity import NameMismatch, covers, mismatch

COVERED = [
    ("n1.kurrent.test", "n1.kurrent.test"),
    ("N1.Kurrent.Test", "n1.kurrent.TEST"),
    ("n1.kurrent.test.", "n1.kurrent.test"),
    ("n1.kurrent.test", "n1.kurrent.test."),
    ("localhost", "localhost"),
    ("a_b.test", "a_b.test"),
    ("xn--bcher-kva.test", "xn--bcher-kva.test"),
    ("*.kurrent.test", "mydb-0.kurrent.test"),
    ("*.kurrent.test.", "mydb-0.kurrent.test"),
    ("*.Kurrent.Test", "MYDB-0.kurrent.test."),
    ("*.test", "n1.test"),
    ("*.mydb.ns.svc.cluster.local", "mydb-0.mydb.ns.svc.cluster.local"),
    ("127.0.0.1", "127.0.0.1"),
    ("::1", "::1"),
    ("fe80::1", "fe80::1%eth0"),
]
REFUSED = [
    ("*.kurrent.test", "a.b.kurrent.test"),
    ("*.kurrent.test", "kurrent.test"),
    ("*.kurrent.test", ".kurrent.test"),
    ("*", "n1"),
    ("*", "n1.test"),
    ("*.", "n1"),
    ("n*.kurrent.test", "n1.kurrent.test"),
    ("*1.kurrent.test", "n1.kurrent.test"),
    ("*.*.test", "a.b.test"),
    ("a.*.test", "a.b.test"),
    (".kurrent.test", "n1.kurrent.test"),
    ("n1.kurrent.test", "n2.kurrent.test"),
    ("", "n1"),
    ("::1", "0:0:0:0:0:0:0:1"),
    ("2001:db8::1", "2001:DB8::1"),
    ("*.0.0.1", "127.0.0.1"),
    ("127.0.0.1", "n1"),
]


@pytest.mark.parametrize(("pattern", "host"), COVERED)
def test_covers(pattern: str, host: str) -> None:
    """Exact names, one-label wildcards and exact addresses are covered."""
    assert covers(pattern, host)
    assert mismatch(PresentedNames(dns=(pattern,)), host) is None


@pytest.mark.parametrize(("pattern", "host"), REFUSED)
def test_refuses(pattern: str, host: str) -> None:
    """A wildcard is never deeper, never the parent, never part of a label."""
    assert not covers(pattern, host)
    found = mismatch(PresentedNames(dns=(pattern,)), host)
    assert found is not None
    assert (found.expected, found.presented) == (host, (pattern,))
    assert found.hint


def test_the_common_name_counts_only_without_dns_names() -> None:
    """Beside a DNS name it is decoration; beside addresses alone it still counts."""
    cn = "n1.test"
    assert mismatch(PresentedNames(common_name=cn), cn) is None
    assert mismatch(PresentedNames(addresses=("10.0.0.1",), common_name=cn), cn) is None
    found = mismatch(PresentedNames(dns=("other.test",), common_name=cn), cn)
    assert found is not None
    assert found.presented == ("other.test",)


@pytest.mark.parametrize(
    ("names", "expected", "hint"),
    [
        (
            PresentedNames(dns=("*.kurrent.test",)),
            "mydb-0.mydb.kurrent.test",
            (
                "`*.kurrent.test` does not cover `mydb-0.mydb.kurrent.test`: "
                "a wildcard is one label"
            ),
        ),
        (
            PresentedNames(dns=("other.test", "*.kurrent.test")),
            "kurrent.test",
            (
                "`*.kurrent.test` does not cover `kurrent.test`: "
                "a wildcard does not stand for its parent"
            ),
        ),
        (
            PresentedNames(dns=("mydb-*.kurrent.test",)),
            "mydb-0.kurrent.test",
            (
                "`mydb-*.kurrent.test` does not cover `mydb-0.kurrent.test`: "
                "a wildcard has to be the whole first label"
            ),
        ),
        (
            PresentedNames(dns=("n1.kurrent.test",)),
            "n1",
            "`n1` is short for `n1.kurrent.test`; use the whole name",
        ),
        (
            PresentedNames(dns=("other.test",), common_name="n1.test"),
            "n1.test",
            (
                "`n1.test` is the common name, which does not count beside DNS names; "
                "add it to the subject alternative names"
            ),
        ),
        (
            PresentedNames(addresses=("::1",)),
            "0:0:0:0:0:0:0:1",
            "gRPC compares addresses as text; write it as `::1`",
        ),
        (
            PresentedNames(dns=("n1.test",)),
            "127.0.0.1",
            (
                "the certificate names no address; connect by a name that it carries, "
                "give that name as an override's server_name, or issue it with this "
                "address"
            ),
        ),
        (
            PresentedNames(addresses=("10.0.0.1",)),
            "127.0.0.1",
            (
                "issue the certificate with `127.0.0.1` among its names, or say with "
                "an override's server_name that `10.0.0.1` is meant"
            ),
        ),
        (
            PresentedNames(dns=("*.other.test",)),
            "n1.kurrent.test",
            "issue the certificate with `n1.kurrent.test` among its names",
        ),
        (
            PresentedNames(),
            "n1",
            "the certificate carries no name at all; issue it anew with this name",
        ),
    ],
)
def test_the_hint_names_the_nearest_reason(
    names: PresentedNames, expected: str, hint: str
) -> None:
    """The words say which name nearly fits, or what to change."""
    assert mismatch(names, expected) == NameMismatch(expected, names.verifiable, hint)


LABEL = st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True)
HOST = st.lists(LABEL, min_size=1, max_size=5).map(".".join)


@given(HOST, HOST)
def test_a_wildcard_covers_exactly_one_more_label(parent: str, host: str) -> None:
    """For any two names: covered means one label above the wildcard's parent."""
    assert covers(f"*.{parent}", host) == (host.split(".")[1:] == parent.split("."))


@given(HOST, HOST)
def test_a_plain_name_covers_itself_alone(name: str, host: str) -> None:
    """For any two names without a wildcard covered means equal."""
    assert covers(name, host) == (name == host)


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_text_gets_an_answer(pattern: str, host: str) -> None:
    """No text makes the comparison raise, and a refusal always has a hint."""
    found = mismatch(PresentedNames(dns=(pattern,)), host)
    assert (found is None) == covers(pattern, host)
    assert found is None or found.hint
