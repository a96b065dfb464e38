"""Chains with the verdict that each deserves: one fault, or one oddity, a row.

`kinds` is what the probe has to say; empty means that gRPC accepts. `openssl` is what
`openssl verify` says where that differs from gRPC, and `because` why it may.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from kurrent_conn.core.tls_finding import FindingKind
from kurrent_conn.wire.certificate import read_certificate
from tests.shells.authority import (
    CLIENT,
    DAY,
    NODE,
    NOW,
    SERVER,
    Issued,
    intermediate,
    issue,
    root,
)

UNTRUSTED = FindingKind.UNTRUSTED
EXPIRED = FindingKind.EXPIRED
NOT_YET_VALID = FindingKind.NOT_YET_VALID
NAME_MISMATCH = FindingKind.NAME_MISMATCH
MISSING_INTERMEDIATE = FindingKind.MISSING_INTERMEDIATE
WRONG_USAGE = FindingKind.WRONG_USAGE
UNSUPPORTED_KEY = FindingKind.UNSUPPORTED_KEY

ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
YESTERDAY = NOW - DAY
TOMORROW = NOW + DAY


@dataclass(frozen=True)
class Row:
    """A server's chain, a client's trust and name, and the verdict."""

    id: str
    leaf: Issued = field(repr=False)
    roots: tuple[Issued, ...] = field(repr=False)
    kinds: tuple[FindingKind, ...] = ()
    sent: tuple[Issued, ...] = field(default=(), repr=False)
    name: str = NODE
    openssl: bool | None = None
    because: str = ""

    @property
    def chain(self) -> tuple[Issued, ...]:
        """What the server sends."""
        return self.sent or self.leaf.chain

    @property
    def leaf_names(self) -> tuple[str, ...]:
        """What the leaf may be verified by."""
        return read_certificate(self.leaf.der).names.verifiable

    @property
    def root_pem(self) -> bytes:
        """What the client trusts."""
        return b"".join(each.pem for each in self.roots)

    @property
    def openssl_accepts(self) -> bool:
        """What `openssl verify` is to say."""
        return not self.kinds if self.openssl is None else self.openssl


ROOT = root()
OTHER = root("Other Root")
MIDDLE = intermediate(ROOT)
LOWER = intermediate(MIDDLE, "Lower Intermediate")
CROSSED = intermediate(OTHER)
RSA_ROOT = root("RSA Root", key="rsa2048")
NAMESAKE = issue(cn="Test Root", names=None, ca=True, usage=None, key_number=99)
PLAIN = issue(ROOT)
BELOW = issue(MIDDLE)
DEEP = issue(LOWER)
NOT_CA = issue(ROOT, cn="Not A CA", names=None, usage=None)
NO_SIGN = issue(
    ROOT, cn="No Sign", names=None, usage=None, ca=True, sign_certificates=False
)
NO_CONSTRAINTS = issue(
    ROOT, cn="No BC", names=None, usage=None, ca=None, sign_certificates=True
)
OLD_ROOT = issue(
    cn="Old Root",
    names=None,
    usage=None,
    ca=None,
    sign_certificates=True,
    key_number=7,
)
SHORT = intermediate(ROOT, "Short", path_length=0)
BELOW_SHORT = intermediate(SHORT, "Below Short")
CLIENT_CA = issue(ROOT, cn="Client CA", names=None, usage=(CLIENT,), ca=True)
INSIDE = issue(
    ROOT, cn="Inside", names=None, usage=None, ca=True, permitted=("kurrent.test",)
)
OUTSIDE = issue(
    ROOT, cn="Outside", names=None, usage=None, ca=True, permitted=("other.test",)
)
EXCLUDING = issue(
    ROOT, cn="Excluding", names=None, usage=None, ca=True, excluded=("kurrent.test",)
)
OLD_MIDDLE = intermediate(ROOT, not_after=YESTERDAY)
OLD_CROSSED = intermediate(OTHER, not_after=YESTERDAY)
EXPIRED_ROOT = root("Expired Root", not_after=YESTERDAY)
EXPIRED_MIDDLE = intermediate(EXPIRED_ROOT, "Below Expired")
OLD_BELOW = issue(OLD_MIDDLE)
BELOW_NOT_CA = issue(NOT_CA)
SELF_SIGNED = issue(cn=NODE, key_number=5)
SELF_SIGNED_CA = issue(cn=NODE, key_number=6, ca=True)
CLIENT_LEAF = issue(ROOT, usage=(CLIENT,))
EXPIRED_LEAF = issue(ROOT, not_after=YESTERDAY)
UNNAMED = issue(ROOT, cn=None, names=None)
PRINTED = issue(
    cn="Printed Root", names=None, usage=None, ca=True, printable=True, key_number=8
)
PRINTED_MIDDLE = issue(
    ROOT, cn="Printed Middle", names=None, usage=None, ca=True, printable=True
)
OTHERWISE_PRINTED = issue(PRINTED_MIDDLE, claimed_issuer="Printed Middle")
ED_ROOT = root("E", key="ed25519")
P521_ROOT = root("F", key="p521")
EXOTIC = {kind: root(f"{kind} Root", key=kind) for kind in ("ed448", "k256")}

ONLY_GRPC = "BoringSSL asks for digitalSignature, OpenSSL does not look"
NO_ALGORITHM = "OpenSSL knows more keys than gRPC has algorithms for"
TRUSTED_LEAF = "gRPC asks no rights of a leaf that is itself trusted"
STRUNG = "OpenSSL stops at the trusted CA, gRPC goes on to a root and judges its dates"
DOT = "OpenSSL takes a last dot for a part of the name"
GRPC_NAMES = "gRPC reads names more freely than OpenSSL"

HEALTHY = (
    *(
        Row(f"{kind} below a {base} root", issue(signer, key=kind), (signer,))
        for kind in ("rsa2048", "rsa3072", "p256", "p384")
        for base, signer in (("P-256", ROOT), ("RSA", RSA_ROOT))
    ),
    Row("one intermediate", BELOW, (ROOT,)),
    Row("two intermediates", DEEP, (ROOT,)),
    Row("intermediates in the wrong order", DEEP, (ROOT,), sent=(DEEP, MIDDLE, LOWER)),
    Row("the root is sent too", DEEP, (ROOT,), sent=(DEEP, LOWER, MIDDLE, ROOT)),
    Row("strangers between", DEEP, (ROOT,), sent=(DEEP, OTHER, LOWER, NOT_CA, MIDDLE)),
    Row("a certificate sent twice", BELOW, (ROOT,), sent=(BELOW, MIDDLE, MIDDLE)),
    Row("many roots", PLAIN, (OTHER, RSA_ROOT, ROOT)),
    Row("a namesake of the root beside it", PLAIN, (NAMESAKE, ROOT)),
    Row("an expired root beside a good one", PLAIN, (EXPIRED_ROOT, ROOT)),
    Row("an intermediate as root", BELOW, (MIDDLE,)),
    Row("an intermediate as root, not sent", BELOW, (MIDDLE,), sent=(BELOW,)),
    Row("the intermediate is in the CA file", BELOW, (ROOT, MIDDLE), sent=(BELOW,)),
    Row("the leaf as root", BELOW, (BELOW,), sent=(BELOW,)),
    Row(
        "an intermediate as root, its expired root sent",
        issue(EXPIRED_MIDDLE),
        (EXPIRED_MIDDLE,),
        sent=(issue(EXPIRED_MIDDLE), EXPIRED_MIDDLE, EXPIRED_ROOT),
    ),
    Row(
        "the leaf as root below no CA",
        BELOW_NOT_CA,
        (BELOW_NOT_CA,),
        openssl=False,
        because=TRUSTED_LEAF,
    ),
    Row("self-signed and trusted", SELF_SIGNED, (SELF_SIGNED,)),
    Row("self-signed CA and trusted", SELF_SIGNED_CA, (SELF_SIGNED_CA,)),
    Row(
        "a client's leaf as root",
        CLIENT_LEAF,
        (CLIENT_LEAF,),
        openssl=False,
        because=TRUSTED_LEAF,
    ),
    Row("cross-signed, both ways sent", BELOW, (ROOT,), sent=(BELOW, MIDDLE, CROSSED)),
    Row("cross-signed, one way", issue(CROSSED), (OTHER,)),
    Row(
        "the issuer's name in another encoding",
        issue(PRINTED, claimed_issuer="Printed Root"),
        (PRINTED,),
    ),
    Row(
        "the issuer's name in another case",
        issue(ROOT, claimed_issuer="test  ROOT"),
        (ROOT,),
    ),
    Row("an intermediate's name in another encoding", OTHERWISE_PRINTED, (ROOT,)),
    Row("a root without basic constraints", issue(OLD_ROOT), (OLD_ROOT,)),
    Row("a path length that suffices", issue(SHORT), (ROOT,)),
    Row("name constraints that are kept", issue(INSIDE), (ROOT,)),
    Row("an Ed25519 root", issue(ED_ROOT), (ED_ROOT,)),
    Row("a P-521 root", issue(P521_ROOT), (P521_ROOT,)),
    Row("no extended key usage", issue(ROOT, usage=None), (ROOT,)),
    Row("serverAuth alone", issue(ROOT, usage=(SERVER,)), (ROOT,)),
    Row("a leaf that is a CA", issue(ROOT, ca=True), (ROOT,)),
    Row("a leaf without basic constraints", issue(ROOT, ca=None), (ROOT,)),
    Row("no key identifiers", issue(ROOT, identifiers=False), (ROOT,)),
    Row("no subject", issue(ROOT, cn=None, names_critical=True), (ROOT,)),
    Row("signed with SHA-384", issue(ROOT, digest=hashes.SHA384()), (ROOT,)),
    Row("signed with SHA-512", issue(ROOT, digest=hashes.SHA512()), (ROOT,)),
    Row("valid for a minute yet", issue(ROOT, not_after=NOW + DAY / 240), (ROOT,)),
    Row("valid for a second", issue(ROOT, not_before=NOW - DAY / 86400), (ROOT,)),
    Row("a wildcard", issue(ROOT, names=("*.kurrent.test",)), (ROOT,)),
    Row(
        "an operator's wildcard",
        issue(ROOT, names=("*.mydb.ns.svc.cluster.local",)),
        (ROOT,),
        name="mydb-0.mydb.ns.svc.cluster.local",
    ),
    Row("many names", issue(ROOT, names=("a.test", NODE, "*.b.test")), (ROOT,)),
    Row("an IPv4 name", issue(ROOT, names=("10.1.2.3",)), (ROOT,), name="10.1.2.3"),
    Row(
        "an IPv6 name", issue(ROOT, names=("2001:db8::1",)), (ROOT,), name="2001:db8::1"
    ),
    Row("a last dot", PLAIN, (ROOT,), name=f"{NODE}.", openssl=False, because=DOT),
    Row("a single label", issue(ROOT, names=("n1",)), (ROOT,), name="n1"),
    Row("an underscore", issue(ROOT, names=("a_b.test",)), (ROOT,), name="a_b.test"),
    Row("another case", issue(ROOT, names=("N1.Kurrent.TEST",)), (ROOT,)),
    Row("the common name alone", issue(ROOT, names=None), (ROOT,)),
    Row(
        "the common name beside an address",
        issue(ROOT, names=("10.0.0.1",)),
        (ROOT,),
    ),
    Row(
        "a wildcard of the highest level",
        issue(ROOT, names=("*.test",)),
        (ROOT,),
        name="n1.test",
        openssl=False,
        because=GRPC_NAMES,
    ),
)

FAULTY = (
    Row("an unknown root", PLAIN, (OTHER,), (UNTRUSTED,)),
    Row("an unknown root, sent", PLAIN, (OTHER,), (UNTRUSTED,), sent=(PLAIN, ROOT)),
    Row("an unknown root above an intermediate", BELOW, (OTHER,), (UNTRUSTED,)),
    Row(
        "an unknown root above an intermediate in another encoding",
        OTHERWISE_PRINTED,
        (OTHER,),
        (UNTRUSTED,),
    ),
    Row("a root of the same name", PLAIN, (NAMESAKE,), (UNTRUSTED,)),
    Row("self-signed", SELF_SIGNED, (ROOT,), (UNTRUSTED,)),
    Row("self-signed CA", SELF_SIGNED_CA, (ROOT,), (UNTRUSTED,)),
    Row(
        "the intermediate is not sent",
        BELOW,
        (ROOT,),
        (MISSING_INTERMEDIATE,),
        sent=(BELOW,),
    ),
    Row(
        "the lower intermediate is not sent",
        DEEP,
        (ROOT,),
        (MISSING_INTERMEDIATE,),
        sent=(DEEP, MIDDLE),
    ),
    Row(
        "the upper intermediate is not sent",
        DEEP,
        (ROOT,),
        (MISSING_INTERMEDIATE,),
        sent=(DEEP, LOWER),
    ),
    Row(
        "the root instead of the intermediate",
        issue(SHORT),
        (ROOT,),
        (MISSING_INTERMEDIATE,),
        sent=(issue(SHORT), ROOT),
    ),
    Row("expired", EXPIRED_LEAF, (ROOT,), (EXPIRED,)),
    Row("expired a second ago", issue(ROOT, not_after=NOW), (ROOT,), (EXPIRED,)),
    Row("expired, and the leaf as root", EXPIRED_LEAF, (EXPIRED_LEAF,), (EXPIRED,)),
    Row("an expired intermediate", issue(OLD_MIDDLE), (ROOT,), (EXPIRED,)),
    Row("an expired root", issue(EXPIRED_ROOT), (EXPIRED_ROOT,), (EXPIRED,)),
    Row(
        "an expired root beside its intermediate in the CA file",
        issue(EXPIRED_MIDDLE),
        (EXPIRED_MIDDLE, EXPIRED_ROOT),
        (EXPIRED,),
        openssl=True,
        because=STRUNG,
    ),
    Row(
        "the leaf as root, an expired intermediate sent",
        OLD_BELOW,
        (OLD_BELOW,),
        (EXPIRED,),
    ),
    Row("not yet valid", issue(ROOT, not_before=TOMORROW), (ROOT,), (NOT_YET_VALID,)),
    Row(
        "an intermediate not yet valid",
        issue(intermediate(ROOT, "Early", not_before=TOMORROW)),
        (ROOT,),
        (NOT_YET_VALID,),
    ),
    Row(
        "another name",
        issue(ROOT, names=("n2.kurrent.test",)),
        (ROOT,),
        (NAME_MISMATCH,),
    ),
    Row(
        "a wildcard too short",
        issue(ROOT, names=("*.kurrent.test",)),
        (ROOT,),
        (NAME_MISMATCH,),
        name="mydb-0.mydb.kurrent.test",
    ),
    Row(
        "a wildcard's parent",
        issue(ROOT, names=("*.kurrent.test",)),
        (ROOT,),
        (NAME_MISMATCH,),
        name="kurrent.test",
    ),
    Row(
        "half a wildcard",
        issue(ROOT, names=("n*.kurrent.test",)),
        (ROOT,),
        (NAME_MISMATCH,),
        openssl=True,
        because="OpenSSL allows a star within the first label",
    ),
    Row(
        "the common name beside other names",
        issue(ROOT, names=("other.test",)),
        (ROOT,),
        (NAME_MISMATCH,),
    ),
    Row(
        "an address that is not named",
        PLAIN,
        (ROOT,),
        (NAME_MISMATCH,),
        name="10.1.2.3",
    ),
    Row(
        "another address",
        issue(ROOT, cn="x", names=("10.1.2.4",)),
        (ROOT,),
        (NAME_MISMATCH,),
        name="10.1.2.3",
    ),
    Row(
        "an IPv6 name written at length",
        issue(ROOT, cn="x", names=("fd00::1",)),
        (ROOT,),
        (NAME_MISMATCH,),
        name="fd00:0:0:0:0:0:0:1",
        openssl=True,
        because="gRPC compares addresses as text",
    ),
    Row("no name at all", UNNAMED, (ROOT,), (NAME_MISMATCH,)),
    Row("a client's certificate", CLIENT_LEAF, (ROOT,), (WRONG_USAGE,)),
    Row(
        "any usage is not serverAuth",
        issue(ROOT, usage=(ANY,)),
        (ROOT,),
        (WRONG_USAGE,),
    ),
    Row(
        "no digital signature, EC",
        issue(ROOT, sign=False),
        (ROOT,),
        (WRONG_USAGE,),
        openssl=True,
        because=ONLY_GRPC,
    ),
    Row(
        "no digital signature, RSA",
        issue(ROOT, sign=False, key="rsa2048"),
        (ROOT,),
        (WRONG_USAGE,),
        openssl=True,
        because=ONLY_GRPC,
    ),
    Row("an issuer that is no CA", issue(NOT_CA), (ROOT,), (WRONG_USAGE,)),
    Row("an issuer that may not sign", issue(NO_SIGN), (ROOT,), (WRONG_USAGE,)),
    Row(
        "an issuer without constraints", issue(NO_CONSTRAINTS), (ROOT,), (WRONG_USAGE,)
    ),
    Row("a path too long", issue(BELOW_SHORT), (ROOT,), (WRONG_USAGE,)),
    Row("a CA for clients only", issue(CLIENT_CA), (ROOT,), (WRONG_USAGE,)),
    Row("a name outside constraints", issue(OUTSIDE), (ROOT,), (UNTRUSTED,)),
    Row("a name that is excluded", issue(EXCLUDING), (ROOT,), (UNTRUSTED,)),
    Row(
        "an unknown critical extension",
        issue(ROOT, unknown_critical=True),
        (ROOT,),
        (UNTRUSTED,),
    ),
    *(
        Row(
            f"a leaf with {kind}",
            issue(ROOT, key=kind),
            (ROOT,),
            (UNSUPPORTED_KEY,),
            openssl=True,
            because=NO_ALGORITHM,
        )
        for kind in ("p521", "ed25519", "ed448")
    ),
    *(
        Row(
            f"a CA with {kind}",
            issue(ca),
            (ca,),
            (UNSUPPORTED_KEY,),
            openssl=True,
            because=NO_ALGORITHM,
        )
        for kind, ca in EXOTIC.items()
    ),
    # BoringSSL and OpenSSL take the first issuer that fits and do not turn back.
    Row(
        "cross-signed, the wrong way first",
        BELOW,
        (ROOT,),
        (UNTRUSTED,),
        sent=(BELOW, CROSSED, MIDDLE),
    ),
    Row(
        "three faults at once",
        issue(ROOT, names=("other.test",), not_after=YESTERDAY),
        (OTHER,),
        (UNTRUSTED, EXPIRED, NAME_MISMATCH),
    ),
    Row(
        "usage and name",
        issue(ROOT, names=("other.test",), usage=(CLIENT,)),
        (ROOT,),
        (WRONG_USAGE, NAME_MISMATCH),
    ),
)

ROWS = HEALTHY + FAULTY
