"""What `connect` is given is read once, and what is wrong with it is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Override, Overrides
from kurrent_conn.errors import InvalidOverride, InvalidTlsFile
from kurrent_conn.shells.given import Given, read_given
from kurrent_conn.shells.plan import OverridesLike
from kurrent_conn.testing import CertificateAuthority

SEEDS = "kurrentdb://n1,n2"
RULES = '[[override]]\nsuffix = "kurrent.test"\ntarget = "127.0.0.1"'


def given(target: str, overrides: OverridesLike = None) -> Given:
    """Read what a plain `connect` would be given."""
    return read_given(
        target,
        overrides,
        follow=True,
        trusted_names=None,
        allow_plaintext_credentials=False,
    )


def test_files_are_read_and_watched(tmp_path: Path) -> None:
    """The plan follows the rules of the file; the trust is the file's."""
    rules, ca = tmp_path / "overrides.toml", tmp_path / "ca.crt"
    rules.write_text(RULES)
    ca.write_bytes(CertificateAuthority.create("a CA").certificate_pem)
    read = given(f"{SEEDS}?tlsCaFile={ca}", rules)
    member = Endpoint("mydb-0.kurrent.test")
    assert str(read.plan.router.routes(member)[0].dial) == "127.0.0.1:2113"
    assert read.reload.trust is not None
    assert str(ca) in read.reload.trust.description
    assert read.reload.is_needed


def test_without_files_nothing_is_watched() -> None:
    """No TLS and no overrides: there is nothing that could change."""
    read = given(f"{SEEDS}?tls=false")
    assert read.reload.trust is None
    assert not read.reload.is_needed
    assert read.settings.connection_name is not None


@pytest.mark.parametrize("missing", ["ca", "rules"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    """As what it should have been: a CA, or overrides."""
    gone = tmp_path / "gone"
    if missing == "ca":
        with pytest.raises(InvalidTlsFile, match=str(gone)):
            given(f"{SEEDS}?tlsCaFile={gone}")
    else:
        with pytest.raises(InvalidOverride, match=str(gone)):
            given(f"{SEEDS}?tls=false", gone)


def test_rules_that_lead_a_seed_nowhere_are_refused() -> None:
    """With the rule, before anything is sent."""
    wrong = Overrides((Override(regex="n(.)", target="{1} {1}"),))
    with pytest.raises(InvalidOverride, match=r"rule 1 .*no host"):
        given(SEEDS, wrong)
