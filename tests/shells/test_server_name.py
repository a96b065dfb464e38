"""The certificate must carry the name that counts, by whichever way it is reached.

Every kind of override, every source of trust and every preference: a certificate that
is good for the place which is dialled, but not for the advertised name, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import kurrent_conn
from kurrent_conn import DiscoveryError, FindingKind, Overrides, aio
from kurrent_conn.core.cluster import NodePreference
from tests.shells.authority import NODE, issue
from tests.shells.chains import ROOT
from tests.shells.fake_cluster import FakeCluster, served

PLACE = "localhost"
THIRD = "third.test"
LEAVES = {
    NODE: issue(ROOT, cn="x", names=(NODE, "10.1.2.3")),
    PLACE: issue(ROOT, cn="x", names=(PLACE, "127.0.0.1")),
    THIRD: issue(ROOT, cn="x", names=(THIRD,)),
}


def toml(*lines: str) -> Overrides:
    """Make one rule."""
    text = "\n".join(("[[override]]", *lines))
    return Overrides.from_bytes(text.encode(), source="test")


@dataclass(frozen=True)
class Case:
    """One way to a node, and whose certificate is right there.

    Args:
        id: For people.
        overrides: The rules.
        right: The name that counts.
        seed: The host in the connection string.
    """

    id: str
    overrides: Overrides
    right: str = NODE
    seed: str = NODE


def _to(*lines: str) -> Overrides:
    return toml(*lines, f'target = "{PLACE}"')


CASES = (
    Case("no override", Overrides(), right=PLACE, seed=PLACE),
    Case("mapping", Overrides.from_mapping({NODE: PLACE})),
    Case("exact", _to(f'exact = "{NODE}"')),
    Case("prefix", _to(f'prefix = "{NODE}"')),
    Case("suffix", _to(f'suffix = "{NODE}"')),
    Case("substring", _to(f'substring = "{NODE}"')),
    Case("wildcard", _to('wildcard = "*.kurrent.test"')),
    Case("regex", _to(r"regex = 'n\d\.kurrent\.test'")),
    Case("continue", _to(f'exact = "{NODE}"', 'then = "continue"')),
    Case("cidr", toml('cidr = "10.0.0.0/8"', 'target = "127.0.0.1"'), seed="10.1.2.3"),
    Case("list", toml(f'exact = "{NODE}"', f'target = ["{PLACE}", "127.0.0.1"]')),
    Case("Corefile", Overrides.from_corefile(f"rewrite name exact {NODE} {PLACE}")),
    Case(
        "sidecar",
        Overrides.from_sidecar(
            f'{{"rules": [{{"host": "{NODE}", "result": "{PLACE}"}}]}}'
        ),
    ),
    Case(
        "advertised, spelled",
        _to(f'exact = "{NODE}"', 'server_name = "advertised"'),
    ),
    Case("target", _to(f'exact = "{NODE}"', 'server_name = "target"'), right=PLACE),
    Case("a name", _to(f'exact = "{NODE}"', f'server_name = "{THIRD}"'), right=THIRD),
)
SOURCES = ("CA file", "CA directory", "system store")


@pytest.fixture(scope="module")
def nodes() -> Iterator[dict[str, FakeCluster]]:
    """One node a certificate."""
    with (
        FakeCluster(1, served(LEAVES[NODE])) as advertised,
        FakeCluster(1, served(LEAVES[PLACE])) as place,
        FakeCluster(1, served(LEAVES[THIRD])) as third,
    ):
        yield {NODE: advertised, PLACE: place, THIRD: third}


@contextmanager
def trusting(
    source: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Trust the root by one of the sources; give the option that does."""
    (directory / "ca.crt").write_bytes(ROOT.pem)
    with monkeypatch.context() as environment:
        if source == "system store":
            environment.setenv("SSL_CERT_FILE", str(directory / "ca.crt"))
            environment.delenv("SSL_CERT_DIR", raising=False)
            yield ""
        else:
            path = directory / "ca.crt" if source == "CA file" else directory
            yield f"&tlsCaFile={path}"


def string(case: Case, node: FakeCluster, preference: str, trust: str) -> str:
    """Write a connection string whose seed carries the node's own port."""
    port = node.nodes[0].port
    return f"kurrentdb://{case.seed}:{port}?nodePreference={preference}{trust}"


cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("preference", list(NodePreference))
@cases
def test_only_the_name_that_counts_is_accepted(
    case: Case,
    preference: str,
    source: str,
    nodes: dict[str, FakeCluster],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of three certificates of one CA, one is right, and each other is refused."""
    with trusting(source, tmp_path, monkeypatch) as trust:
        for name, node in nodes.items():
            given = string(case, node, preference, trust)
            if name == case.right:
                kurrent_conn.connect(given, overrides=case.overrides).close()
                continue
            with pytest.raises(DiscoveryError) as caught:
                kurrent_conn.connect(given, overrides=case.overrides)
            kinds = {finding.kind for finding in caught.value.findings}
            assert kinds == {FindingKind.NAME_MISMATCH}


@cases
async def test_asyncio_accepts_the_same(
    case: Case, nodes: dict[str, FakeCluster], tmp_path: Path
) -> None:
    """The twin verifies alike."""
    (tmp_path / "ca.crt").write_bytes(ROOT.pem)
    trust = f"&tlsCaFile={tmp_path / 'ca.crt'}"
    for name, node in nodes.items():
        given = string(case, node, "leader", trust)
        if name == case.right:
            await (await aio.connect(given, overrides=case.overrides)).close()
            continue
        with pytest.raises(DiscoveryError, match="name_mismatch"):
            await aio.connect(given, overrides=case.overrides)
