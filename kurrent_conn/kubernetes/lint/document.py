"""Parsed manifests, looked into without trusting their shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from kurrent_conn.kubernetes.lint.finding import Finding, Mistake

Tree: TypeAlias = Mapping[object, object]


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One Kubernetes object, as parsed; compared by identity.

    Args:
        file: Where it stands, for messages.
        tree: What was parsed.
    """

    file: str
    tree: Tree

    @property
    def kind(self) -> str:
        """Its `kind`; empty when it has none."""
        return text(self.tree.get("kind"))

    @property
    def name(self) -> str:
        """Its `metadata.name`; empty when it has none."""
        return text(self.at("metadata", "name"))

    @property
    def namespace(self) -> str:
        """Its `metadata.namespace`, or the one that it would get."""
        return text(self.at("metadata", "namespace")) or "default"

    @property
    def label(self) -> str:
        """Kind, namespace and name, for messages."""
        return f"{self.kind} {self.namespace}/{self.name}"

    def at(self, *path: str) -> object:
        """Give what stands at a path; None when there is nothing.

        Args:
            path: The keys, from the top.
        """
        value: object = self.tree
        for key in path:
            value = mapping(value).get(key)
        return value

    def finding(self, mistake: Mistake, where: str, reason: str, fix: str) -> Finding:
        """Report a mistake in this object.

        Args:
            mistake: Its kind.
            where: The path of the field, with dots.
            reason: What is wrong.
            fix: What to write instead.
        """
        return Finding(mistake, self.file, self.label, where, reason, fix)


@dataclass(frozen=True, slots=True)
class Manifests:
    """What is applied to one cluster.

    Args:
        documents: The objects.
        corefiles: The texts of Corefiles that go with them.
    """

    documents: tuple[Document, ...]
    corefiles: tuple[str, ...] = field(default=())

    def of(self, *kinds: str) -> Iterator[Document]:
        """Give the objects of some kinds, in their order.

        Args:
            kinds: Values of `kind`.
        """
        return (each for each in self.documents if each.kind in kinds)

    def find(self, kind: str, name: str, namespace: str = "") -> Document | None:
        """Find an object; None when it is not among these.

        Args:
            kind: Its kind.
            name: Its name.
            namespace: Its namespace; empty for objects of the whole cluster.
        """
        for each in self.of(kind):
            if each.name == name and namespace in {"", each.namespace}:
                return each
        return None


def mapping(value: object) -> Tree:
    """Take a value as a mapping; an empty one when it is none.

    Args:
        value: What was parsed.
    """
    return cast("Tree", value) if isinstance(value, Mapping) else {}


def items(value: object) -> list[object]:
    """Take a value as a list; an empty one when it is none.

    Args:
        value: What was parsed.
    """
    return cast("list[object]", value) if isinstance(value, list) else []


def text(value: object) -> str:
    """Take a value as text; empty when it is none.

    Args:
        value: What was parsed.
    """
    return value if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """Take a value as a list of texts, without what is none.

    Args:
        value: What was parsed.
    """
    return tuple(each for each in items(value) if isinstance(each, str))
