"""Who can read what only the database's administrators may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from kurrent_conn.kubernetes.guide import Reason, Statement
from kurrent_conn.kubernetes.lint.database import Database
from kurrent_conn.kubernetes.lint.document import (
    Document,
    Manifests,
    Tree,
    items,
    mapping,
    text,
    texts,
)
from kurrent_conn.kubernetes.lint.finding import Finding, Mistake

_READING: Final = frozenset({"get", "list", "watch", "*"})
_EVERYONE: Final = frozenset(
    {"system:authenticated", "system:unauthenticated", "system:serviceaccounts"}
)
_ACCOUNTS_OF: Final = "system:serviceaccounts:"


def access_findings(manifests: Manifests, database: Database) -> Iterator[Finding]:
    """Find who can read a database's certificate though not its administrator.

    Args:
        manifests: What is applied to one cluster.
        database: Whose.
    """
    namespace = database.document.namespace
    secrets = set(_protected(manifests, database))
    if not secrets:
        return
    for binding in manifests.of("RoleBinding", "ClusterRoleBinding"):
        local = binding.kind == "RoleBinding"
        if local and binding.namespace != namespace:
            continue
        role = _role(manifests, binding)
        readable = secrets & set(_readable(role, secrets))
        for place, subject in enumerate(
            map(mapping, items(binding.tree.get("subjects")))
        ):
            stranger = _stranger(subject, namespace)
            if readable and stranger:
                yield binding.finding(
                    Mistake.SECRET_READABLE,
                    f"subjects[{place}]",
                    f"{stranger} can read {', '.join(sorted(readable))}. "
                    f"{Reason(Statement.SECRETS_ONLY_FOR_ADMINISTRATORS)}",
                    "bind administrators only; clients get the CA certificate by a "
                    "trust-manager bundle",
                )


def bundle_findings(manifests: Manifests) -> Iterator[Finding]:
    """Find bundles that would carry a private key to clients.

    Args:
        manifests: What is applied to one cluster.
    """
    for bundle in manifests.of("Bundle"):
        for place, source in enumerate(
            map(mapping, items(bundle.at("spec", "sources")))
        ):
            yield from _source(
                bundle, f"spec.sources[{place}].secret", mapping(source.get("secret"))
            )
    for bundle in manifests.of("ClusterBundle"):
        for place, source in enumerate(
            map(mapping, items(bundle.at("spec", "sourceRefs")))
        ):
            if source.get("kind") == "Secret":
                yield from _source(bundle, f"spec.sourceRefs[{place}]", source)


def _source(bundle: Document, field: str, source: Tree) -> Iterator[Finding]:
    key = text(source.get("key"))
    if key == "tls.key" or source.get("includeAllKeys") is True or key == "*":
        yield bundle.finding(
            Mistake.BUNDLE_SPREADS_KEY,
            field,
            f"a bundle is for certificates; this takes a private key from "
            f"{text(source.get('name'))} to every namespace that it selects",
            "name the key ca.crt alone, of a copy of the root",
        )


def _protected(manifests: Manifests, database: Database) -> Iterator[str]:
    if database.secret:
        yield database.secret
    for issuer in manifests.of("Issuer"):
        name = text(issuer.at("spec", "ca", "secretName"))
        if name and issuer.namespace == database.document.namespace:
            yield name


def _role(manifests: Manifests, binding: Document) -> Document | None:
    reference = mapping(binding.tree.get("roleRef"))
    kind = text(reference.get("kind"))
    namespace = binding.namespace if kind == "Role" else ""
    return manifests.find(kind, text(reference.get("name")), namespace)


def _readable(role: Document | None, secrets: Iterable[str]) -> Iterator[str]:
    rules = items(role.tree.get("rules")) if role is not None else []
    for rule in map(mapping, rules):
        groups, kinds = texts(rule.get("apiGroups")), texts(rule.get("resources"))
        core = bool({"", "*"} & set(groups))
        of_secrets = bool({"secrets", "*"} & set(kinds))
        reads = bool(_READING & set(texts(rule.get("verbs"))))
        if core and of_secrets and reads:
            yield from texts(rule.get("resourceNames")) or secrets


def _stranger(subject: Tree, namespace: str) -> str:
    """Name a subject that is no administrator for sure; empty for others."""
    kind, name = text(subject.get("kind")), text(subject.get("name"))
    if kind == "ServiceAccount":
        home = text(subject.get("namespace")) or namespace
        return f"the ServiceAccount {home}/{name}" if home != namespace else ""
    if kind != "Group":
        return ""
    other = name.startswith(_ACCOUNTS_OF) and name != f"{_ACCOUNTS_OF}{namespace}"
    return f"the group {name}" if name in _EVERYONE or other else ""
