"""Reading manifests from a directory: clusters apart, nothing silently left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from kurrent_conn.errors import InvalidResource
from kurrent_conn.kubernetes.decision import plans
from kurrent_conn.kubernetes.lint import Mistake, check_directory
from kurrent_conn.kubernetes.rendering import render
from kurrent_conn.kubernetes.solution import Solution, situation_of
from tests.kubernetes.situations import full_site


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    """A rendered plan for two clusters."""
    (plan,) = plans(situation_of(Solution.PEERING_SERVICE_NAME))
    for file in render(plan, full_site(plan)):
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, "utf-8")
    return tmp_path


def test_a_broken_file_is_a_finding(rendered: Path) -> None:
    """A file that is no YAML, or no text, is told by name; the others are checked."""
    (rendered / "broken.yaml").write_text("a: [", "utf-8")
    (rendered / "binary.yml").write_bytes(b"\xff\xfe\x00")
    (rendered / "Corefile.bad").write_bytes(b"\xff\xfe\x00")
    found = check_directory(rendered)
    assert {each.mistake for each in found} == {Mistake.UNREADABLE}
    assert {each.file for each in found} == {
        "broken.yaml",
        "binary.yml",
        "Corefile.bad",
    }


def test_clusters_are_apart(rendered: Path) -> None:
    """What is missing in one cluster is not found in the other."""
    path = rendered / "other-cluster" / "certificates.yaml"
    path.write_text(path.read_text("utf-8").replace("mydb-remote-tls", "gone"), "utf-8")
    (finding,) = check_directory(rendered)
    assert finding.mistake is Mistake.CERTIFICATE_SECRET
    assert finding.file == "other-cluster/kurrentdb.yaml"


def test_a_missing_rewrite(rendered: Path) -> None:
    """Without the Corefile an ExternalName Service answers for nobody."""
    for path in rendered.rglob("Corefile"):
        path.unlink()
    found = check_directory(rendered)
    assert {each.mistake for each in found} == {Mistake.EXTERNAL_NAME_CANNOT_ANSWER}


def test_a_corefile_in_a_config_map_counts(rendered: Path) -> None:
    """The rewrites may stand in CoreDNS' own ConfigMap."""
    lines = [path.read_text("utf-8") for path in rendered.rglob("Corefile")]
    for path in rendered.rglob("Corefile"):
        path.unlink()
    text = "".join(f"    {line}\n" for line in "".join(lines).splitlines())
    (rendered / "coredns.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns}\n"
        f"data:\n  Corefile: |\n{text}",
        "utf-8",
    )
    assert check_directory(rendered) == ()


@pytest.mark.parametrize("text", [None, "", "just text", "- a\n- b\n"])
def test_nothing_to_check(text: str | None, tmp_path: Path) -> None:
    """A directory without an object is refused: it would look as if all were well."""
    if text is not None:
        (tmp_path / "a.yaml").write_text(text, "utf-8")
    with pytest.raises(InvalidResource, match="holds no Kubernetes object"):
        check_directory(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "kind: KurrentDB\n",
        "kind: KurrentDB\nmetadata: 1\nspec: [1]\n",
        "kind: KurrentDB\nmetadata: {name: a}\nspec: {replicas: 1, network: 3}\n",
        "kind: Certificate\nspec: {dnsNames: {a: b}, issuerRef: 7}\n",
        "kind: Ingress\nspec: {rules: [1, {host: 2, http: {paths: x}}]}\n",
        "kind: GRPCRoute\nspec: {hostnames: x, rules: {a: 1}, parentRefs: [1]}\n",
        "kind: EndpointSlice\nendpoints: [3, {addresses: 4}]\n",
        "kind: Service\nspec: {type: ExternalName, externalName: [1]}\n",
        "kind: RoleBinding\nsubjects: 3\nroleRef: x\n",
        "kind: Bundle\nspec: {sources: [{secret: 1}]}\n",
        "kind: ClusterBundle\nspec: {sourceRefs: [{kind: Secret}]}\n",
        "kind: [1]\n",
    ],
)
def test_any_shape_is_survived(text: str, tmp_path: Path) -> None:
    """Whatever an object looks like, the check ends with findings or without."""
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    assert isinstance(check_directory(tmp_path), tuple)
