"""Planted mistakes: each is found, and only it, in manifests that had none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import pytest
import yaml

from kurrent_conn.kubernetes.decision import plans
from kurrent_conn.kubernetes.lint import Document, Finding, Mistake, check
from kurrent_conn.kubernetes.rendering import render
from kurrent_conn.kubernetes.site import Entry
from kurrent_conn.kubernetes.solution import Solution, situation_of
from tests.kubernetes.situations import full_site

Tree = dict[str, Any]  # what a test may change at will
PREFIX = "nginx.ingress.kubernetes.io"
POD = "statefulset.kubernetes.io/pod-name"


class Objects:
    """The objects of one cluster, to be broken."""

    def __init__(self, trees: list[tuple[str, Tree]], corefiles: list[str]) -> None:
        self.trees = trees
        self.corefiles = corefiles

    def of(self, kind: str, name: str = "") -> Tree:
        """The first object of a kind, or the one of a name."""
        return next(
            tree
            for _, tree in self.trees
            if tree["kind"] == kind and name in {"", tree["metadata"]["name"]}
        )

    def spec(self, kind: str, name: str = "") -> Tree:
        """The spec of an object."""
        spec: Tree = self.of(kind, name)["spec"]
        return spec

    def notes(self, kind: str) -> Tree:
        """The annotations of an object."""
        notes: Tree = self.of(kind)["metadata"]["annotations"]
        return notes

    def add(self, text: str) -> None:
        """Add an object that is written by hand."""
        self.trees.append(("added.yaml", yaml.safe_load(text)))

    def check(self) -> tuple[Finding, ...]:
        """What the check finds."""
        documents = [
            Document(file, cast("Mapping[object, object]", tree))
            for file, tree in self.trees
        ]
        return check(documents, self.corefiles)


@cache
def _texts(
    solution: Solution, folder: str, entry: Entry
) -> tuple[tuple[str, str], ...]:
    (plan,) = plans(situation_of(solution))
    files = render(plan, full_site(plan, entry=entry))
    return tuple(
        (file.path, file.text)
        for file in files
        if file.path.startswith(folder)
        and file.path.count("/") == folder.count("/")
        and not file.path.endswith((".md", "kustomization.yaml"))
    )


def objects(
    solution: Solution, folder: str = "", entry: Entry = Entry.GATEWAY
) -> Objects:
    """The objects that a solution's directory applies to one cluster."""
    texts = _texts(solution, folder, entry)
    trees = [
        (path, tree)
        for path, text in texts
        if path.endswith(".yaml")
        for tree in yaml.safe_load_all(text)
    ]
    return Objects(trees, [text for path, text in texts if path.endswith("Corefile")])


ONE = Solution.ONE_CLUSTER
ANYWHERE = Solution.ANYWHERE
PEERED = Solution.PEERING_SERVICE_NAME
ENTRY = Solution.INGRESS


@dataclass(frozen=True)
class Planted:
    """A mistake, where it is planted and what must be told of it."""

    mistake: Mistake
    solution: Solution
    plant: Callable[[Objects], object]
    object: str
    field: str
    folder: str = ""
    entry: Entry = Entry.GATEWAY


def _rename(tree: Tree, old: str, new: str) -> None:
    tree[new] = tree.pop(old)


def _balancer(found: Objects) -> Tree:
    balancer: Tree = found.spec("KurrentDB")["network"]["loadBalancer"]
    return balancer


def _drop_name(found: Objects, part: str) -> None:
    names = found.spec("Certificate", "mydb-tls")["dnsNames"]
    names[:] = [name for name in names if part not in name]


def _names(found: Objects, *names: str) -> None:
    found.spec("Certificate", "mydb-tls")["dnsNames"] = list(names)


READER = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: apps, namespace: kurrent}
subjects: [{kind: %s, name: %s, namespace: apps}]
roleRef: {kind: Role, name: mydb-certificates, apiGroup: rbac.authorization.k8s.io}
"""
CLUSTER_ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
"""
CLUSTER_BINDING = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
subjects: [{kind: Group, name: "system:authenticated"}]
roleRef: {kind: ClusterRole, name: reader, apiGroup: rbac.authorization.k8s.io}
"""
EXTERNAL = """
apiVersion: v1
kind: Service
metadata: {name: mydb-9, namespace: kurrent}
spec: {type: ExternalName, externalName: %s}
"""
DB = "KurrentDB kurrent/mydb"
CERT = "Certificate kurrent/mydb-tls"
NETWORK = "spec.network"
SECURITY = "spec.security"
ROUTE = "GRPCRoute kurrent/mydb-0"
INGRESS = "Ingress kurrent/mydb-0"


def _bind(found: Objects, kind: str, name: str) -> None:
    found.add(READER % (kind, name))


def _bind_all(found: Objects) -> None:
    found.add(CLUSTER_ROLE)
    found.add(CLUSTER_BINDING)


def _swap(found: Objects) -> None:
    backend = found.spec("GRPCRoute")["rules"][0]["backendRefs"][0]
    backend["name"] = "mydb-1-entry"


def _remove_route(found: Objects) -> None:
    gone = found.of("GRPCRoute", "mydb-2")
    found.trees[:] = [each for each in found.trees if each[1] is not gone]


def _set(kind: str, name: str = "", **values: object) -> Callable[[Objects], object]:
    return lambda found: found.spec(kind, name).update(values)


def _note(name: str, value: str | None) -> Callable[[Objects], object]:
    def plant(found: Objects) -> None:
        notes = found.notes("Ingress")
        if value is None:
            del notes[f"{PREFIX}/{name}"]
        else:
            notes[f"{PREFIX}/{name}"] = value

    return plant


def _network(**values: object) -> Callable[[Objects], object]:
    return lambda found: found.spec("KurrentDB")["network"].update(values)


def _security(**values: object) -> Callable[[Objects], object]:
    return lambda found: found.spec("KurrentDB")["security"].update(values)


PLANTED = [
    Planted(
        Mistake.MISSPELT_FIELD,
        ANYWHERE,
        lambda o: _rename(
            o.spec("KurrentDB")["network"]["loadBalancer"], "enabled", "enable"
        ),
        DB,
        f"{NETWORK}.loadBalancer.enable",
    ),
    Planted(
        Mistake.MISSPELT_FIELD,
        ONE,
        _network(clientTrafficStratgy="FQDN"),
        DB,
        f"{NETWORK}.clientTrafficStratgy",
    ),
    Planted(
        Mistake.UNKNOWN_STRATEGY,
        ANYWHERE,
        _network(clientTrafficStrategy="SplitDNS"),
        DB,
        f"{NETWORK}.clientTrafficStrategy",
    ),
    Planted(
        Mistake.UNKNOWN_STRATEGY,
        ANYWHERE,
        _network(internodeTrafficStrategy="PodIP"),
        DB,
        f"{NETWORK}.internodeTrafficStrategy",
    ),
    Planted(
        Mistake.INVALID_RESOURCE, ONE, _set("KurrentDB", replicas=2), DB, "replicas"
    ),
    Planted(
        Mistake.MANAGED_OPTION,
        ONE,
        _set("KurrentDB", configuration={"AdvertiseHostToClientAs": "db.test"}),
        DB,
        "spec.configuration.AdvertiseHostToClientAs",
    ),
    Planted(
        Mistake.STANDALONE_WITHOUT_QUORUM,
        PEERED,
        lambda o: o.spec("KurrentDB").pop("quorumNodes"),
        "KurrentDB kurrent/mydb-remote",
        "spec.quorumNodes",
        folder="other-cluster/",
    ),
    Planted(
        Mistake.NO_TLS,
        ONE,
        lambda o: o.spec("KurrentDB").pop("security"),
        DB,
        f"{SECURITY}.certificateSecret",
    ),
    Planted(
        Mistake.NAME_NOT_COVERED,
        ONE,
        lambda o: _drop_name(o, "replica"),
        CERT,
        "spec.dnsNames",
    ),
    Planted(
        Mistake.NAME_NOT_COVERED,
        ENTRY,
        lambda o: o.spec("Certificate", "mydb-entry-tls")["dnsNames"].pop(),
        "Certificate kurrent/mydb-entry-tls",
        "spec.dnsNames",
    ),
    Planted(
        Mistake.WILDCARD_DEPTH,
        ANYWHERE,
        lambda o: _names(o, "*.mydb.db.example", "*.db.example"),
        CERT,
        "spec.dnsNames",
    ),
    Planted(
        Mistake.PUBLIC_SERVICE_NAME,
        ANYWHERE,
        lambda o: o.spec("Certificate")["dnsNames"].append(
            "*.mydb.kurrent.svc.cluster.local"
        ),
        CERT,
        "spec.dnsNames",
    ),
    Planted(
        Mistake.PUBLIC_SERVICE_NAME,
        ANYWHERE,
        _network(internodeTrafficStrategy="ServiceName"),
        CERT,
        "spec.dnsNames",
    ),
    Planted(
        Mistake.CLIENT_AUTH_USAGE,
        ANYWHERE,
        lambda o: o.spec("KurrentDB").pop("configuration"),
        DB,
        "spec.configuration.DisableClientAuthEkuValidation",
    ),
    Planted(
        Mistake.MISSING_USAGE,
        ONE,
        lambda o: o.spec("Certificate", "mydb-tls")["usages"].remove("client auth"),
        CERT,
        "spec.usages",
    ),
    Planted(
        Mistake.WILDCARD_NEEDS_DNS01,
        ANYWHERE,
        lambda o: o.spec("ClusterIssuer")["acme"].update(solvers=[{"http01": {}}]),
        "ClusterIssuer default/mydb-acme",
        "spec.acme.solvers",
    ),
    Planted(
        Mistake.REDUNDANT_NAME,
        ANYWHERE,
        lambda o: o.spec("Certificate")["dnsNames"].append("mydb-0.mydb.db.example"),
        CERT,
        "spec.dnsNames",
    ),
    Planted(
        Mistake.COMMON_NAME_TOO_LONG,
        ONE,
        _set("Certificate", "mydb-ca", commonName="x" * 65),
        "Certificate kurrent/mydb-ca",
        "spec.commonName",
    ),
    Planted(
        Mistake.RESERVED_NAME,
        ONE,
        _security(certificateReservedNodeCommonName="eventstoredb-node"),
        DB,
        f"{SECURITY}.certificateReservedNodeCommonName",
    ),
    Planted(
        Mistake.WIDE_RESERVED_NAME,
        ANYWHERE,
        _security(certificateReservedNodeCommonName="*.db.example"),
        DB,
        f"{SECURITY}.certificateReservedNodeCommonName",
    ),
    Planted(
        Mistake.NODE_CERTIFICATE_IS_CA,
        ONE,
        _set("Certificate", "mydb-tls", isCA=True),
        CERT,
        "spec.isCA",
    ),
    Planted(
        Mistake.ISSUER_KIND,
        ANYWHERE,
        lambda o: o.spec("Certificate")["issuerRef"].update(kind="Issuer"),
        CERT,
        "spec.issuerRef.kind",
    ),
    Planted(
        Mistake.CERTIFICATE_SECRET,
        ONE,
        lambda o: o.spec("KurrentDB")["security"]["certificateSecret"].update(
            name="other"
        ),
        DB,
        f"{SECURITY}.certificateSecret.name",
    ),
    Planted(
        Mistake.CA_SECRET,
        ONE,
        lambda o: o.spec("KurrentDB")["security"].pop("certificateAuthoritySecret"),
        DB,
        f"{SECURITY}.certificateAuthoritySecret.name",
    ),
    Planted(
        Mistake.ENTRY_PORT,
        ENTRY,
        lambda o: o.spec("KurrentDB").pop("configuration"),
        DB,
        "spec.configuration.AdvertiseNodePortToClientAs",
    ),
    Planted(
        Mistake.ENTRY_PORT,
        ENTRY,
        lambda o: o.spec("KurrentDB").pop("configuration"),
        DB,
        "spec.configuration.AdvertiseNodePortToClientAs",
        entry=Entry.INGRESS,
    ),
    Planted(
        Mistake.SHARED_HOST,
        ENTRY,
        lambda o: o.spec("GRPCRoute")["rules"][0]["backendRefs"].append(
            {"name": "mydb-1-entry", "port": 2113}
        ),
        ROUTE,
        "spec.hostnames[0]",
    ),
    Planted(
        Mistake.SHARED_HOST,
        ENTRY,
        lambda o: o.spec("Ingress")["rules"][0]["http"]["paths"][0]["backend"][
            "service"
        ].update(name="mydb"),
        INGRESS,
        "spec.rules[0].host",
        entry=Entry.INGRESS,
    ),
    Planted(
        Mistake.NODE_WITHOUT_HOST,
        ENTRY,
        _remove_route,
        ROUTE,
        "spec.hostnames[0]",
    ),
    Planted(Mistake.WRONG_BACKEND, ENTRY, _swap, ROUTE, "spec.hostnames[0]"),
    Planted(
        Mistake.BACKEND_PROTOCOL,
        ENTRY,
        _note("backend-protocol", "GRPC"),
        INGRESS,
        f"metadata.annotations.{PREFIX}/backend-protocol",
        entry=Entry.INGRESS,
    ),
    Planted(
        Mistake.PROXY_TIMEOUT,
        ENTRY,
        _note("proxy-read-timeout", None),
        INGRESS,
        f"metadata.annotations.{PREFIX}/proxy-read-timeout",
        entry=Entry.INGRESS,
    ),
    Planted(
        Mistake.NODE_CERTIFICATE_AT_ENTRY,
        ENTRY,
        _note("proxy-ssl-secret", "kurrent/mydb-tls"),
        INGRESS,
        f"metadata.annotations.{PREFIX}/proxy-ssl-secret",
        entry=Entry.INGRESS,
    ),
    Planted(
        Mistake.UPSTREAM_NAME,
        ENTRY,
        _note("proxy-ssl-name", "mydb-0.mydb.db.example"),
        INGRESS,
        f"metadata.annotations.{PREFIX}/proxy-ssl-name",
        entry=Entry.INGRESS,
    ),
    Planted(
        Mistake.UPSTREAM_NAME,
        ENTRY,
        lambda o: o.spec("BackendTLSPolicy")["validation"].update(
            hostname="mydb-0.mydb.db.example"
        ),
        "BackendTLSPolicy kurrent/mydb-0",
        "spec.validation.hostname",
    ),
    Planted(
        Mistake.EXTERNAL_NAME_ADDRESS,
        PEERED,
        lambda o: o.add(EXTERNAL % "10.0.0.9"),
        "Service kurrent/mydb-9",
        "spec.externalName",
    ),
    Planted(
        Mistake.EXTERNAL_NAME_CANNOT_ANSWER,
        PEERED,
        lambda o: o.add(EXTERNAL % "nine.peer.example"),
        "Service kurrent/mydb-9",
        "spec.type",
    ),
    Planted(
        Mistake.ENDPOINTS_WITHOUT_HOSTNAME,
        PEERED,
        lambda o: o.of("EndpointSlice")["endpoints"][0].pop("hostname"),
        "EndpointSlice kurrent/mydb-ipv4",
        "endpoints[0].hostname",
        folder="other-cluster/",
    ),
    Planted(
        Mistake.NOT_HEADLESS,
        PEERED,
        lambda o: o.spec("Service", "mydb").pop("clusterIP"),
        "Service kurrent/mydb",
        "spec.clusterIP",
        folder="other-cluster/",
    ),
    Planted(
        Mistake.PLACEHOLDER_ADDRESS,
        PEERED,
        lambda o: o.of("EndpointSlice")["endpoints"][0].update(addresses=["192.0.2.1"]),
        "EndpointSlice kurrent/mydb-ipv4",
        "endpoints[0].addresses",
        folder="other-cluster/",
    ),
    Planted(
        Mistake.SECRET_READABLE,
        ONE,
        lambda o: _bind(o, "ServiceAccount", "default"),
        "RoleBinding kurrent/apps",
        "subjects[0]",
    ),
    Planted(
        Mistake.SECRET_READABLE,
        ONE,
        lambda o: _bind(o, "Group", '"system:serviceaccounts:apps"'),
        "RoleBinding kurrent/apps",
        "subjects[0]",
    ),
    Planted(
        Mistake.SECRET_READABLE,
        ANYWHERE,
        _bind_all,
        "ClusterRoleBinding default/reader",
        "subjects[0]",
    ),
    Planted(
        Mistake.BUNDLE_SPREADS_KEY,
        ONE,
        _set("Bundle", sources=[{"secret": {"name": "mydb-ca", "key": "tls.key"}}]),
        "Bundle default/mydb-ca",
        "spec.sources[0].secret",
    ),
]


def test_every_mistake_is_planted() -> None:
    """Every kind of mistake is planted, but for the one about files."""
    assert {each.mistake for each in PLANTED} == set(Mistake) - {Mistake.UNREADABLE}


@pytest.mark.parametrize("entry", Entry)
@pytest.mark.parametrize("solution", Solution)
def test_the_ground_is_clean(solution: Solution, entry: Entry) -> None:
    """Without anything planted nothing is found."""
    assert objects(solution, entry=entry).check() == ()
    if _texts(solution, "other-cluster/", entry):
        assert objects(solution, "other-cluster/", entry).check() == ()


@pytest.mark.parametrize(
    "planted", PLANTED, ids=lambda each: f"{each.mistake}-{each.field}"
)
def test_planted(planted: Planted) -> None:
    """The mistake is found where it is, and nothing else is found."""
    found = objects(planted.solution, planted.folder, planted.entry)
    planted.plant(found)
    findings = found.check()
    assert [each.mistake for each in findings] == [planted.mistake]
    assert findings[0].object == planted.object
    assert findings[0].field == planted.field
    assert findings[0].file
    assert findings[0].reason
    assert findings[0].fix


def test_the_operators_own_example_is_told_its_traps() -> None:
    """The documented Let's Encrypt example has three: kind, usage, reserved name."""
    found = Objects(
        [("docs.yaml", tree) for tree in yaml.safe_load_all(LETS_ENCRYPT)], []
    )
    assert {each.mistake for each in found.check()} == {
        Mistake.ISSUER_KIND,
        Mistake.CLIENT_AUTH_USAGE,
        Mistake.WIDE_RESERVED_NAME,
    }


LETS_ENCRYPT = """
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: letsencrypt}
spec:
  acme:
    server: https://acme-v02.api.letsencrypt.org/directory
    privateKeySecretRef: {name: letsencrypt}
    solvers: [{dns01: {route53: {region: eu-west-2}}}]
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: kurrentdb-cluster, namespace: kurrent}
spec:
  secretName: kurrentdb-cluster-tls
  commonName: '*.kurrent.test'
  dnsNames: ['*.kurrent.test']
  issuerRef: {name: letsencrypt, kind: Issuer}
---
apiVersion: kubernetes.kurrent.io/v1
kind: KurrentDB
metadata: {name: kurrentdb-cluster, namespace: kurrent}
spec:
  replicas: 3
  network:
    domain: kurrent.test
    loadBalancer: {enabled: true}
    fqdnTemplate: '{podName}.{domain}'
    internodeTrafficStrategy: SplitDNS
    clientTrafficStrategy: FQDN
  security:
    certificateReservedNodeCommonName: '*.kurrent.test'
    certificateSecret: {name: kurrentdb-cluster-tls}
"""
