"""Rendered plans: valid, complete, parsed by what reads them, and free of mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import cast

import pytest
import yaml

from kurrent_conn.core.endpoint import Endpoint
from kurrent_conn.core.overrides import Overrides
from kurrent_conn.core.settings import Settings
from kurrent_conn.errors import InvalidResource, MissingExtra
from kurrent_conn.kubernetes.decision import plans
from kurrent_conn.kubernetes.lint import Document, check, check_directory
from kurrent_conn.kubernetes.names import Resource
from kurrent_conn.kubernetes.plan import Plan
from kurrent_conn.kubernetes.rendering import RenderedFile, render
from kurrent_conn.kubernetes.resource_file import read_resources
from kurrent_conn.kubernetes.site import Entry, Site, quorum, standalone
from kurrent_conn.kubernetes.situation import Situation
from kurrent_conn.kubernetes.solution import Solution, situation_of
from tests.kubernetes.schema import faults, known_kinds
from tests.kubernetes.situations import distinct_plans, full_site


def _title(plan: Plan) -> str:
    words = (
        *(plan.certificates, plan.internode, plan.client_traffic, plan.load_balancer),
        *(plan.situation.servers, plan.situation.clients, plan.situation.hairpin),
    )
    return ",".join(words)


ROWS = pytest.mark.parametrize("place", range(len(distinct_plans())))


@cache
def _rendered(place: int) -> tuple[RenderedFile, ...]:
    plan = distinct_plans()[place]
    entry = Entry.INGRESS if place % 2 else Entry.GATEWAY
    return render(plan, full_site(plan, entry=entry))


@cache
def _documents(file: RenderedFile) -> list[dict[str, object]]:
    # The same documents as by the slower loader, which the directory's tests use.
    return list(yaml.load_all(file.text, Loader=yaml.CSafeLoader))


def _yaml(files: tuple[RenderedFile, ...]) -> list[RenderedFile]:
    return [file for file in files if file.path.endswith(".yaml")]


def write(files: tuple[RenderedFile, ...], directory: Path) -> None:
    """Write files as the command does."""
    for file in files:
        path = directory / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, "utf-8")


@ROWS
def test_every_object_validates(place: int) -> None:
    """Every object of every plan has a schema, and no fault by it."""
    for file in _yaml(_rendered(place)):
        for document in _documents(file):
            assert document["kind"] in known_kinds()
            assert not faults(document), file.path


def test_every_schema_is_used() -> None:
    """No schema is kept for a kind that nothing writes."""
    kinds = {
        document["kind"]
        for place in range(len(distinct_plans()))
        for file in _yaml(_rendered(place))
        for document in _documents(file)
    }
    assert kinds == known_kinds()


@ROWS
def test_a_kustomization_lists_what_is_there(place: int) -> None:
    """What is applied exists, is complete but for alternatives, and unique."""
    files = {file.path: file for file in _yaml(_rendered(place))}
    for path, file in files.items():
        if not path.endswith("kustomization.yaml"):
            continue
        folder = PurePosixPath(path).parent
        (document,) = _documents(file)
        listed = [str(folder / str(each)) for each in _texts(document["resources"])]
        here = [
            each
            for each in files
            if str(PurePosixPath(each).parent) == str(folder) and each != path
        ]
        assert sorted(listed) == sorted(here)
        names = [
            (each["kind"], yaml.safe_dump(each["metadata"]))
            for resource in listed
            for each in _documents(files[resource])
        ]
        assert len(names) == len(set(names))


def _texts(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


@ROWS
def test_connection_strings_are_read_without_a_warning(place: int) -> None:
    """Every rendered string parses, without a warning, and holds no credentials."""
    files = [each for each in _rendered(place) if each.path.endswith("string.txt")]
    assert files
    for file in files:
        settings = Settings.from_string(file.text, strict=True)
        assert settings.warnings == ()
        assert settings.username is None
        assert settings.tls is distinct_plans()[place].tls


@ROWS
def test_overrides_and_corefile_route_alike(place: int, tmp_path: Path) -> None:
    """Overrides file and Corefile of a location load, and lead to the same places."""
    plan = distinct_plans()[place]
    site = full_site(plan)
    resources = (quorum(plan, site), standalone(plan, site))
    nodes = [node for each in resources if each for node in each.nodes()]
    write(_rendered(place), tmp_path)
    for folder in (tmp_path / "clients").iterdir():
        ours = Overrides.from_file(folder / "overrides.toml")
        corefile = folder / "Corefile"
        if not corefile.exists():
            assert not len(ours) or plan.behind_entry
            continue
        theirs = Overrides.from_corefile(corefile.read_text("utf-8"))
        assert theirs.notes == ()
        for node in nodes:
            assert ours.routes(node.advertised) == theirs.routes(node.advertised)
        stranger = Endpoint("elsewhere.example")
        assert ours.route(stranger) == theirs.route(stranger)


@ROWS
def test_the_resource_is_read_back(place: int) -> None:
    """What is written as a KurrentDB resource gives the nodes that the plan has."""
    plan = distinct_plans()[place]
    site = full_site(plan)
    expected = {"": quorum(plan, site), "other-cluster/": standalone(plan, site)}
    files = {file.path: file.text for file in _rendered(place)}
    for folder, resource in expected.items():
        text = files.get(f"{folder}kurrentdb.yaml")
        assert (text is None) is (resource is None)
        if text is not None and resource is not None:
            (values,) = read_resources(text)
            assert Resource(**values).nodes() == resource.nodes()


@ROWS
def test_no_rendered_plan_has_a_mistake(place: int) -> None:
    """Our own check finds nothing in what we write, for either cluster."""
    files = _rendered(place)
    corefiles = [file.text for file in files if file.path.endswith("Corefile")]
    for elsewhere in (False, True):
        documents = [
            Document(file.path, cast("Mapping[object, object]", tree))
            for file in _yaml(files)
            if file.path.startswith("other-cluster/") is elsewhere
            for tree in _documents(file)
        ]
        assert check(documents, corefiles) == ()


@pytest.mark.parametrize("template", ["{podName}.{domain}", "{podName}-q.{domain}"])
@pytest.mark.parametrize("solution", Solution)
def test_other_templates_have_no_mistake_either(
    solution: Solution, template: str, tmp_path: Path
) -> None:
    """A template of one's own gets names, rules and certificates that fit it."""
    (plan,) = plans(situation_of(solution))
    write(render(plan, full_site(plan, fqdn_template=template)), tmp_path)
    assert check_directory(tmp_path) == ()


def test_a_clusters_corefile_leads_to_its_external_names() -> None:
    """What CoreDNS is given leads each node's name to the Service that is made."""
    (plan,) = plans(situation_of(Solution.PEERING_SERVICE_NAME))
    site = full_site(plan)
    files = {file.path: file for file in render(plan, site)}
    rules = Overrides.from_corefile(files["other-cluster/Corefile"].text)
    made = {
        str(yaml.safe_dump(document))
        for document in _documents(files["other-cluster/node-services.yaml"])
        if "externalName" in str(document)
    }
    led = [
        rules.route(node.advertised).dial.host
        for node in quorum(plan, site).nodes()
        if rules.route(node.advertised).rule
    ]
    assert len(led) == len(made) == 2
    for host in led:
        assert any(f"name: {host.partition('.')[0]}\n" in text for text in made)


@ROWS
def test_the_readme_says_what_is_left(place: int) -> None:
    """The README has the steps, the clients' strings and who could impersonate."""
    files = {file.path: file.text for file in _rendered(place)}
    plan = distinct_plans()[place]
    readme = files["README.md"]
    assert "kubectl apply -k ." in readme
    assert "kurrent-conn doctor" in readme
    assert all(each in readme for each in plan.impersonators)
    for path, text in files.items():
        if path.endswith("connection-string.txt"):
            assert text.strip() in readme


def test_why_an_external_name_cannot_answer_is_in_the_file() -> None:
    """The comments of the Services for other clusters' nodes say why they are so."""
    (plan,) = plans(situation_of(Solution.PEERING_SERVICE_NAME))
    files = {file.path: file.text for file in render(plan, full_site(plan))}
    text = files["other-cluster/node-services.yaml"]
    assert "CoreDNS skips ExternalName Services" in " ".join(text.split())
    assert "kind: EndpointSlice" in text
    assert "type: ExternalName" in text


@pytest.mark.parametrize(
    "values",
    [
        {"replicas": 0},
        {"replicas": 2},
        {"remote_replicas": 0},
        {"name": "Not A Name"},
        {"discover": "not a host"},
        {"addresses": (("mydb-0", "not a host"),)},
        {"fqdn_template": "{podOrdinal}.{domain}"},
    ],
)
def test_impossible_values_are_refused(values: dict[str, object]) -> None:
    """Values that the operator would refuse are refused before anything is written."""
    plan = plans(Situation())[0]
    with pytest.raises(InvalidResource):
        render(plan, Site(**values))  # type: ignore[arg-type]  # wrong on purpose


def test_without_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyyaml the error names the extra that brings it."""
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    with pytest.raises(MissingExtra, match=r"kurrent-conn\[kubernetes\]"):
        render(plans(Situation())[0], Site())
