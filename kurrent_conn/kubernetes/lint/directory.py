"""Reading the manifests of a directory; each kustomization is a cluster of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from kurrent_conn.errors import InvalidResource, MissingExtra, Problem
from kurrent_conn.kubernetes.lint.checking import check
from kurrent_conn.kubernetes.lint.document import Document
from kurrent_conn.kubernetes.lint.finding import Finding, Mistake
from kurrent_conn.kubernetes.yaml_text import read_yaml

_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
_KUSTOMIZATION: Final = "kustomization.yaml"
_COREFILE: Final = "Corefile"


def check_directory(directory: Path) -> tuple[Finding, ...]:
    """Find the mistakes in the manifests below a directory.

    A folder with a kustomization.yaml is taken for what is applied to one cluster, with
    the folders below it that have none.

    Args:
        directory: Where to look, folders included.

    Returns:
        The findings; none when all is well.

    Raises:
        InvalidResource: There is no Kubernetes object at all.
        MissingExtra: pyyaml is not installed.
    """
    unreadable: list[Finding] = []
    clusters: dict[Path, list[Document]] = {}
    paths = sorted(each for each in directory.rglob("*") if each.is_file())
    for path in paths:
        if path.suffix in _SUFFIXES:
            documents = clusters.setdefault(_cluster(path, directory), [])
            documents += _documents(path, directory, unreadable)
    if not any(clusters.values()) and not unreadable:
        problem = Problem("directory", f"{directory} holds no Kubernetes object")
        raise InvalidResource((problem,))
    corefiles = _corefiles(paths, clusters.values(), unreadable)
    found = [each for group in clusters.values() for each in check(group, corefiles)]
    return (*unreadable, *found)


def _cluster(path: Path, directory: Path) -> Path:
    for folder in path.parents:
        if folder == directory or (folder / _KUSTOMIZATION).is_file():
            return folder
    return directory


def _documents(
    path: Path, directory: Path, unreadable: list[Finding]
) -> list[Document]:
    file = path.relative_to(directory).as_posix()
    try:
        parsed = read_yaml(path.read_text(encoding="utf-8"))
    except MissingExtra:
        raise  # a ValueError, but no fault of the file
    except InvalidResource as error:
        reason = "; ".join(problem.reason for problem in error.problems)
    except (OSError, ValueError) as error:
        reason = f"cannot be read: {error}"
    else:
        trees = [each for each in parsed if isinstance(each, Mapping)]
        return [Document(file, each) for each in trees if "kind" in each]
    unreadable.append(_unreadable(file, reason))
    return []


def _corefiles(
    paths: Iterable[Path],
    clusters: Iterable[list[Document]],
    unreadable: list[Finding],
) -> tuple[str, ...]:
    texts: list[str] = []
    for path in paths:
        if path.name.startswith(_COREFILE):
            try:
                texts.append(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                unreadable.append(_unreadable(path.name, f"cannot be read: {error}"))
    for group in clusters:
        for document in group:
            if document.kind == "ConfigMap":
                texts += map(str, _values(document.tree.get("data")))
    return tuple(texts)


def _values(data: object) -> Iterable[object]:
    return data.values() if isinstance(data, Mapping) else ()


def _unreadable(file: str, reason: str) -> Finding:
    return Finding(
        Mistake.UNREADABLE, file, "file", "-", reason, "mend it, or move it elsewhere"
    )
