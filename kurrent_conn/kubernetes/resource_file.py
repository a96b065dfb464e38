"""Reading what decides the names of nodes from a KurrentDB resource's YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from kurrent_conn.core.endpoint import DEFAULT_PORT
from kurrent_conn.errors import InvalidResource, Problem
from kurrent_conn.kubernetes.names import (
    DEFAULT_TEMPLATE,
    ResourceValues,
    TrafficStrategy,
)
from kurrent_conn.kubernetes.yaml_text import read_yaml

KIND: Final = "KurrentDB"
"""Source: operator 1.5 documentation, CRD of `kubernetes.kurrent.io`."""

MARKED_AS_TEST: Final = "kurrent-conn/deployment"
"""The annotation that says that a resource goes without TLS on purpose: `test`."""

_PORT_FOR_CLIENTS: Final = "AdvertiseNodePortToClientAs"

Tree = Mapping[object, object]


def read_resources(text: str) -> tuple[ResourceValues, ...]:
    """Read every KurrentDB resource of a YAML text.

    Args:
        text: One document or more; other kinds are passed over.

    Returns:
        The values of each, in the order of the text; `Resource` checks them.

    Raises:
        InvalidResource: It is no YAML, holds no KurrentDB resource, or a value is of
            the wrong kind; with every such value of the first bad resource.
        MissingExtra: pyyaml is not installed.
    """
    found = tuple(
        resource_values(document)
        for document in read_yaml(text)
        if isinstance(document, Mapping) and document.get("kind") == KIND
    )
    if not found:
        problem = Problem("file", "holds no resource of kind KurrentDB")
        raise InvalidResource((problem,))
    return found


def resource_values(document: Tree) -> ResourceValues:
    """Read the values of one KurrentDB resource.

    Args:
        document: The parsed object.

    Raises:
        InvalidResource: A value is of the wrong kind; with every such value.
    """
    problems: list[Problem] = []
    meta = _branch(document, "metadata", problems)
    spec = _branch(document, "spec", problems)
    network = _branch(spec, "network", problems)
    replicas = _branch(spec, "readOnlyReplicas", problems)
    security = _branch(spec, "security", problems)
    values = ResourceValues(
        name=_text(meta, "name", "", problems),
        replicas=_number(spec, "replicas", 0, problems),
        namespace=_text(meta, "namespace", "default", problems),
        read_only_replicas=_number(replicas, "replicas", 0, problems),
        archiver=_branch(spec, "archiver", problems).get("enabled") is True,
        domain=_text(network, "domain", "", problems) or None,
        fqdn_template=_text(network, "fqdnTemplate", DEFAULT_TEMPLATE, problems),
        client_traffic=_traffic(network, problems),
        port=_port(spec, network, problems),
        tls="certificateSecret" in security,
    )
    if problems:
        raise InvalidResource(tuple(problems))
    return values


def _branch(tree: Tree, key: str, problems: list[Problem]) -> Tree:
    value = tree.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        problems.append(Problem(key, "is no mapping"))
        return {}
    return cast("Tree", value)


def _text(tree: Tree, key: str, default: str, problems: list[Problem]) -> str:
    value = tree.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        problems.append(Problem(key, "is no text", hint="put it in quotes"))
        return default
    return value


def _number(tree: Tree, key: str, default: int, problems: list[Problem]) -> int:
    value = tree.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        problems.append(Problem(key, "is no whole number"))
        return default
    return value


def _traffic(network: Tree, problems: list[Problem]) -> TrafficStrategy:
    name = _text(network, "clientTrafficStrategy", TrafficStrategy.FQDN, problems)
    known = {strategy.value: strategy for strategy in TrafficStrategy}
    if name not in known:
        problems.append(
            Problem(
                "clientTrafficStrategy",
                "is neither FQDN nor ServiceName",
            )
        )
    return known.get(name, TrafficStrategy.FQDN)


def _port(spec: Tree, network: Tree, problems: list[Problem]) -> int:
    configuration = _branch(spec, "configuration", problems)
    for key in _spellings(configuration):
        return _number(configuration, key, DEFAULT_PORT, problems)
    return _number(network, "nodePort", DEFAULT_PORT, problems)


def _spellings(configuration: Tree) -> Iterator[str]:
    """Find the key in any case: the server's options are not case-sensitive."""
    for key in configuration:
        if isinstance(key, str) and key.lower() == _PORT_FOR_CLIENTS.lower():
            yield key
