"""Reading a KurrentDB resource from its YAML."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kurrent_conn.errors import InvalidResource, MissingExtra
from kurrent_conn.kubernetes.names import DEFAULT_TEMPLATE, TrafficStrategy
from kurrent_conn.kubernetes.resource_file import read_resources

EXAMPLE = """
apiVersion: v1
kind: Namespace
metadata: {name: kurrent}
---
apiVersion: kubernetes.kurrent.io/v1
kind: KurrentDB
metadata:
  name: kurrentdb-cluster
  namespace: kurrent
spec:
  replicas: 3
  readOnlyReplicas: {replicas: 2}
  archiver: {enabled: true}
  configuration: {advertiseNodePortToClientAs: 443}
  network:
    domain: kurrent.test
    nodePort: 2114
    fqdnTemplate: '{podName}.{domain}'
    clientTrafficStrategy: ServiceName
  security:
    certificateSecret: {name: kurrentdb-cluster-tls}
"""


def test_example() -> None:
    """Every value that decides names is read; other documents are passed over."""
    (values,) = read_resources(EXAMPLE)
    assert values == {
        "name": "kurrentdb-cluster",
        "namespace": "kurrent",
        "replicas": 3,
        "read_only_replicas": 2,
        "archiver": True,
        "domain": "kurrent.test",
        "fqdn_template": "{podName}.{domain}",
        "client_traffic": TrafficStrategy.SERVICE_NAME,
        "port": 443,
        "tls": True,
    }


def test_what_is_absent_is_the_operators_default() -> None:
    """A resource without network and security has the operator's defaults."""
    (values,) = read_resources("{kind: KurrentDB, metadata: {name: a}, spec: {}}")
    assert values["fqdn_template"] == DEFAULT_TEMPLATE
    assert values["client_traffic"] is TrafficStrategy.FQDN
    assert (values["port"], values["tls"]) == (2113, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no resource of kind KurrentDB"),
        ("kind: Pod", "no resource of kind KurrentDB"),
        ("- a\n- b", "no resource of kind KurrentDB"),
        ("a: [", "is no YAML"),
        ("\0", "is no YAML"),
        ("a: 2024-99-99", "is no YAML"),
        ("{kind: KurrentDB, spec: [1]}", "spec: is no mapping"),
        ("{kind: KurrentDB, spec: {replicas: three}}", "replicas: is no whole"),
        ("{kind: KurrentDB, metadata: {name: 5}}", "name: is no text"),
        (
            "{kind: KurrentDB, spec: {network: {clientTrafficStrategy: SplitDNS}}}",
            "neither FQDN nor ServiceName",
        ),
    ],
)
def test_bad_files(text: str, words: str) -> None:
    """What is no resource is refused with the reason, never with a traceback."""
    with pytest.raises(InvalidResource) as caught:
        read_resources(text)
    assert words in str(caught.value)


@given(st.text(st.sampled_from("{}[]:,-&*!|>'\"%@ \n\tab0kind: KurrentDB")))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises anything but `InvalidResource`."""
    try:
        read_resources(text)
    except InvalidResource as error:
        refused = error
        assert refused.problems


def test_without_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyyaml the error says what to install."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtra, match=r"kurrent-conn\[kubernetes\]"):
        read_resources(EXAMPLE)
