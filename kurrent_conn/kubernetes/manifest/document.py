"""One Kubernetes object as plain values, with the reason that stands above it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from kurrent_conn.kubernetes.yaml_text import write_yaml

Value: TypeAlias = "Mapping[str, Value] | Sequence[Value] | str | int | bool | None"
Body: TypeAlias = "Mapping[str, Value]"

MANAGED_BY: Final[Body] = {"app.kubernetes.io/managed-by": "kurrent-conn"}

_COMMENT_WIDTH: Final = 96


@dataclass(frozen=True, slots=True)
class Manifest:
    """An object to apply.

    Args:
        api: `apiVersion`.
        kind: `kind`.
        name: `metadata.name`.
        namespace: `metadata.namespace`; empty for objects of the whole cluster.
        body: Everything beside `metadata`.
        why: What stands above it as a comment.
        labels: `metadata.labels`, beside the one that says who wrote it.
        annotations: `metadata.annotations`.
    """

    api: str
    kind: str
    name: str
    namespace: str
    body: Body
    why: str
    labels: Body = field(default_factory=dict)
    annotations: Body = field(default_factory=dict)

    def tree(self) -> Body:
        """Give the whole object."""
        meta: dict[str, Value] = {"name": self.name}
        if self.namespace:
            meta["namespace"] = self.namespace
        meta["labels"] = {**MANAGED_BY, **self.labels}
        if self.annotations:
            meta["annotations"] = self.annotations
        head: Body = {"apiVersion": self.api, "kind": self.kind, "metadata": meta}
        return {**head, **self.body}


def written(manifests: Sequence[Manifest]) -> str:
    """Write objects as one YAML file, each below its reason.

    Args:
        manifests: One or more, in the order in which they are to be applied.

    Raises:
        MissingExtra: pyyaml is not installed.
    """
    return "---\n".join(
        comment(each.why) + write_yaml(each.tree()) for each in manifests
    )


def comment(text: str) -> str:
    """Write a text as comment lines.

    Args:
        text: Paragraphs, one a line.
    """
    lines = [
        line
        for paragraph in text.splitlines()
        for line in textwrap.wrap(
            paragraph, _COMMENT_WIDTH, break_on_hyphens=False, break_long_words=False
        )
    ]
    return "".join(f"# {line}\n" for line in lines)
