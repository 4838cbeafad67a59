"""Chains: each rule of the profile has a chain that breaks only that rule."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509 as lib
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata.crypto import x509
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.crypto.x509 import (
    CHAIN_LIMIT,
    Leaf,
    dump_pem_chain,
    load_pem_chain,
    make_authority,
    make_issuer_certificate,
    parse_x5c,
    read_leaf,
    stated_uri,
    verify_chain,
)
from eigendata.encoding import Json, b64_encode, b64url_encode
from eigendata.errors import Check, EigendataError, Malformed, Misuse, Reason, Rejected
from tests.negatives import negative

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
URI = "https://boxtel.example"
ROOT_KEY = SoftwareKey.generate(Algorithm.ES256)
LEAF_KEY = SoftwareKey.generate(Algorithm.ES256)
ROOT = make_authority("Test authority", ROOT_KEY, at=NOW)
OTHER_ROOT = make_authority("Test authority", SoftwareKey.generate(Algorithm.ES256), at=NOW)
UNRELATED_ROOT = make_authority("Another authority", SoftwareKey.generate(Algorithm.ES256), at=NOW)


def issued(key: PublicKey = LEAF_KEY.public_key, *, root: bytes = ROOT, root_key: SoftwareKey = ROOT_KEY) -> bytes:
    return make_issuer_certificate(
        key, name="Boxtel", uri=URI, authority=root, authority_key=root_key, at=NOW, municipality="0757"
    )


LEAF = issued()


def name(text: str) -> lib.Name:
    return lib.Name([lib.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(**set_to: bool) -> lib.KeyUsage:
    kinds = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return lib.KeyUsage(**{kind: set_to.get(kind, False) for kind in kinds})


SIGNS = usage(digital_signature=True)
CERTIFIES = usage(key_cert_sign=True)


class Town:
    """Keys by name, and certificates between them: every part can be another than it should be."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}

    def key(self, whose: str) -> Any:
        return self.keys.setdefault(whose, ec.generate_private_key(ec.SECP256R1()))

    def certificate(
        self,
        subject: str,
        by: str,
        *,
        ca: bool | None = False,
        path_length: int | None = None,
        use: lib.KeyUsage | None = SIGNS,
        more: Sequence[tuple[lib.ExtensionType, bool]] = (),
        start: datetime = NOW - timedelta(days=1),
        end: datetime = NOW + timedelta(days=100),
        signed_by: str | None = None,
        hash_algorithm: Any = None,
        public_key: Any = None,
        identified: bool = True,
    ) -> bytes:
        signer = self.key(signed_by or by)
        builder = (
            lib.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(by))
            .public_key(public_key or self.key(subject).public_key())
            .serial_number(lib.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )
        if identified:
            above = self.key(by).public_key()
            builder = builder.add_extension(lib.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False)
        if ca is not None:
            builder = builder.add_extension(lib.BasicConstraints(ca, path_length), critical=True)
        if use is not None:
            builder = builder.add_extension(use, critical=True)
        for extension, critical in more:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(signer, hash_algorithm or hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def authority(self, subject: str = "root", by: str | None = None, **more: Any) -> bytes:
        return self.certificate(subject, by or subject, **{"ca": True, "use": CERTIFIES, **more})


def rejected(chain: Sequence[bytes], anchors: Sequence[bytes], at: datetime = NOW) -> Check:
    with pytest.raises(Rejected) as caught:
        verify_chain(tuple(chain), tuple(anchors), at=at)
    assert caught.value.reason is Reason.UNTRUSTED_ISSUER
    passed = tuple(step.check for step in caught.value.trail)
    assert (*passed, caught.value.check) == x509.CHECKS[: len(passed) + 1]
    return caught.value.check


# -- what is accepted -------------------------------------------------------------------------------------------------


def test_a_leaf_of_a_given_anchor_is_accepted_and_says_whose_it_is() -> None:
    leaf = verify_chain((LEAF,), (UNRELATED_ROOT, OTHER_ROOT, ROOT), at=NOW)
    root = lib.load_der_x509_certificate(ROOT)
    key_id = root.extensions.get_extension_for_class(lib.SubjectKeyIdentifier).value.digest
    assert leaf == Leaf(
        key=LEAF_KEY.public_key,
        uris=(URI,),
        dns_names=(),
        common_name="Boxtel",
        authority_key_ids=(key_id,),
        not_before=datetime(2026, 3, 1, tzinfo=UTC),
        not_after=datetime(2026, 3, 1, tzinfo=UTC) + x509.ISSUER_VALIDITY,
    )
    assert read_leaf(LEAF) == leaf
    assert stated_uri((LEAF,)) == URI


@pytest.mark.parametrize("leaf_algorithm", [Algorithm.ES256, Algorithm.ES384])
@pytest.mark.parametrize("root_algorithm", [Algorithm.ES256, Algorithm.ES384])
def test_both_curves_serve_for_both_ends(leaf_algorithm: Algorithm, root_algorithm: Algorithm) -> None:
    root_key, key = SoftwareKey.generate(root_algorithm), SoftwareKey.generate(leaf_algorithm)
    root = make_authority("CA", root_key, at=NOW)
    leaf = issued(key.public_key, root=root, root_key=root_key)
    assert verify_chain((leaf,), (root,), at=NOW).key == key.public_key
    hashed = lib.load_der_x509_certificate(leaf).signature_hash_algorithm
    assert isinstance(hashed, hashes.SHA256 if root_algorithm is Algorithm.ES256 else hashes.SHA384)


def test_an_issuer_may_bear_the_same_name_as_its_authority() -> None:
    root = make_authority("Boxtel", ROOT_KEY, at=NOW)
    leaf = make_issuer_certificate(
        LEAF_KEY.public_key, name="Boxtel", uri=URI, authority=root, authority_key=ROOT_KEY, at=NOW, municipality=None
    )
    assert verify_chain((leaf,), (root,), at=NOW).common_name == "Boxtel"


def test_a_chain_with_authorities_between_gives_the_key_identifiers_of_all() -> None:
    town = Town()
    root, above = town.authority(), town.authority("above", "root")
    below = town.authority("below", "above", path_length=0)
    names = lib.SubjectAlternativeName([lib.DNSName("boxtel.example"), lib.UniformResourceIdentifier(URI)])
    leaf = town.certificate("leaf", "below", more=[(names, False)])
    verified = verify_chain((leaf, below, above), (root,), at=NOW)
    assert verified.dns_names == ("boxtel.example",)
    assert verified.uris == (URI,)
    ids = [
        lib.SubjectKeyIdentifier.from_public_key(town.key(one).public_key()).digest
        for one in ("below", "above", "root")
    ]
    assert list(verified.authority_key_ids) == ids


def test_a_leaf_with_no_names_constraints_or_identifiers_is_accepted_and_says_little() -> None:
    town = Town()
    leaf = town.certificate("leaf", "root", ca=None, identified=False)
    verified = verify_chain((leaf,), (town.authority(),), at=NOW)
    assert (verified.uris, verified.dns_names, verified.authority_key_ids) == ((), (), ())
    assert stated_uri((leaf,)) is None


def test_an_authority_that_is_identified_by_name_alone_adds_no_key_identifier() -> None:
    town = Town()
    by_name = lib.AuthorityKeyIdentifier(None, [lib.DirectoryName(name("root"))], 1)
    leaf = town.certificate("leaf", "root", identified=False, more=[(by_name, False)])
    assert verify_chain((leaf,), (town.authority(),), at=NOW).authority_key_ids == ()


def test_a_purpose_of_credentials_is_accepted() -> None:
    town = Town()
    purpose = lib.ExtendedKeyUsage([ObjectIdentifier("1.0.18013.5.1.2")])
    leaf = town.certificate("leaf", "root", more=[(purpose, True)])
    assert verify_chain((leaf,), (town.authority(),), at=NOW).common_name == "leaf"


# -- what is rejected, rule by rule -----------------------------------------------------------------------------------


@negative("NEG-X509-007")
def test_x509_keys_every_key_is_of_a_curve_that_is_used() -> None:
    for other in (
        rsa.generate_private_key(65537, 1024),
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP521R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.generate(),
    ):
        town = Town()
        leaf = town.certificate("leaf", "root", public_key=other.public_key())
        assert rejected([leaf], [town.authority()]) is x509.KEYS


def test_x509_keys_the_anchor_and_what_stands_between_are_held_to_the_same() -> None:
    town = Town()
    town.keys["root"] = rsa.generate_private_key(65537, 2048)
    leaf = town.certificate("leaf", "root")
    assert rejected([leaf], [town.authority()]) is x509.KEYS
    town = Town()
    town.keys["between"] = rsa.generate_private_key(65537, 2048)
    chain = [town.certificate("leaf", "between"), town.authority("between", "root")]
    assert rejected(chain, [town.authority()]) is x509.KEYS


@negative("NEG-X509-001")
def test_x509_no_anchor_the_anchor_is_not_in_the_chain() -> None:
    assert rejected([LEAF, ROOT], [ROOT]) is x509.NO_ANCHOR


def test_x509_no_anchor_an_anchor_that_others_signed_is_not_in_the_chain_either() -> None:
    town = Town()
    root, between = town.authority(), town.authority("between", "root")
    leaf = town.certificate("leaf", "between")
    assert verify_chain((leaf,), (between,), at=NOW).common_name == "leaf"
    assert verify_chain((leaf, between), (root,), at=NOW).common_name == "leaf"
    assert rejected([leaf, between], [root, between]) is x509.NO_ANCHOR


@negative("NEG-X509-001")
def test_x509_no_anchor_a_leaf_does_not_sign_itself() -> None:
    town = Town()
    self_signed = town.certificate("leaf", "leaf")
    assert rejected([self_signed], [ROOT]) is x509.NO_ANCHOR
    assert rejected([self_signed], [self_signed]) is x509.NO_ANCHOR


@negative("NEG-X509-001")
def test_x509_path_only_a_given_anchor_counts() -> None:
    for anchors in ([], [UNRELATED_ROOT], [OTHER_ROOT]):
        assert rejected([LEAF], anchors) is x509.PATH


def test_x509_path_no_leaf_certifies_another() -> None:
    town = Town()
    chain = [town.certificate("leaf", "between"), town.certificate("between", "root")]
    assert rejected(chain, [town.authority()]) is x509.PATH


@negative("NEG-X509-004", "NEG-X509-009")
@pytest.mark.parametrize(
    "between",
    [
        {"ca": None},
        {"use": None},
        {"use": SIGNS},
        {"signed_by": "another"},
        {"hash_algorithm": hashes.SHA224()},
        {"more": [(lib.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]},
        {"more": [(lib.NameConstraints([lib.UniformResourceIdentifier("other.example")], None), True)]},
    ],
)
def test_x509_path_what_stands_between_is_an_authority_as_the_standard_says(between: dict[str, Any]) -> None:
    town = Town()
    names = lib.SubjectAlternativeName([lib.UniformResourceIdentifier(URI), lib.DNSName("boxtel.example")])
    chain = [town.certificate("leaf", "between", more=[(names, False)]), town.authority("between", "root", **between)]
    assert rejected(chain, [town.authority()]) is x509.PATH


@negative("NEG-X509-004")
def test_x509_path_a_chain_is_no_longer_than_its_authorities_allow() -> None:
    town = Town()
    root = town.authority(path_length=0)
    chain = [town.certificate("leaf", "between"), town.authority("between", "root")]
    assert rejected(chain, [root]) is x509.PATH


def test_x509_path_a_certificate_in_between_is_not_left_out() -> None:
    town = Town()
    town.authority("between", "root")
    assert rejected([town.certificate("leaf", "between")], [town.authority()]) is x509.PATH


@negative("NEG-X509-009")
@pytest.mark.parametrize(
    "leaf",
    [
        {"signed_by": "another"},
        {"more": [(lib.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]},
        {"more": [(lib.UnrecognizedExtension(ObjectIdentifier("2.5.29.17"), b"\xff\xff"), False)]},  # no names at all
        {"hash_algorithm": hashes.SHA224()},
    ],
)
def test_x509_path_a_leaf_that_the_standard_refuses_is_refused(leaf: dict[str, Any]) -> None:
    town = Town()
    assert rejected([town.certificate("leaf", "root", **leaf)], [town.authority()]) is x509.PATH


@negative("NEG-X509-009")
def test_x509_path_an_extension_that_comes_twice_is_refused() -> None:
    # the first of two different extensions gets the number of the second, and everything is signed again
    town = Town()
    first, second = ObjectIdentifier("1.2.840.1"), ObjectIdentifier("1.2.840.2")
    more = [(lib.UnrecognizedExtension(one, b"\x05\x00"), False) for one in (first, second)]
    leaf = lib.load_der_x509_certificate(town.certificate("leaf", "root", more=more))
    changed = leaf.tbs_certificate_bytes.replace(encoded(second), encoded(first))
    assert verify_chain((signed_again(leaf.tbs_certificate_bytes, town.key("root")),), (town.authority(),), at=NOW)
    assert rejected([signed_again(changed, town.key("root"))], [town.authority()]) is x509.PATH


@negative("NEG-X509-009")
def test_x509_path_a_negative_serial_number_is_refused_or_malformed() -> None:
    town = Town()
    leaf = lib.load_der_x509_certificate(town.certificate("leaf", "root"))
    number = leaf.serial_number.to_bytes(20)
    changed = leaf.tbs_certificate_bytes.replace(number, bytes([number[0] | 0x80]) + number[1:])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises((Malformed, Rejected)):
            verify_chain((signed_again(changed, town.key("root")),), (town.authority(),), at=NOW)


@negative("NEG-X509-007")
@pytest.mark.parametrize(
    "algorithm",
    [
        "300906072a8648ce3d0401",  # ecdsa-with-SHA1
        "300d06092a864886f70d0101040500",  # md5WithRSAEncryption
        "300d06092a864886f70d0101050500",  # sha1WithRSAEncryption
    ],
)
def test_x509_path_a_signature_over_a_broken_hash_is_refused(algorithm: str) -> None:
    town = Town()
    leaf = lib.load_der_x509_certificate(town.certificate("leaf", "root")).tbs_certificate_bytes
    stated = bytes.fromhex(algorithm)
    # the algorithm stands in what is signed, too; the lengths around it change with it
    body = leaf[4:].replace(ECDSA_SHA256, stated, 1)
    changed = b"\x30\x82" + len(body).to_bytes(2) + body
    for tbs, named in ((changed, stated), (leaf, stated)):
        again = signed_again(tbs, town.key("root"), named, hashes.SHA1() if "3d0401" in algorithm else hashes.SHA256())
        assert rejected([again], [town.authority()]) is x509.PATH


@negative("NEG-X509-007")
def test_x509_keys_a_key_that_brings_its_own_curve_is_refused() -> None:
    """A base point of one's own makes a private key for any public one; the curve is named or it is none."""
    town = Town()
    leaf = town.certificate("leaf", "root")
    tbs = lib.load_der_x509_certificate(leaf).tbs_certificate_bytes
    key = town.key("leaf").public_key()
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    body = tbs[4:].replace(spki, spki_of_own_curve(point), 1)
    again = signed_again(b"\x30\x82" + len(body).to_bytes(2) + body, town.key("root"))
    assert rejected([again], [town.authority()]) is x509.KEYS


def spki_of_own_curve(point: bytes) -> bytes:
    """A public key on P-256 spelled out, with the key itself as base point and 1 as private key."""

    def tlv(tag: int, value: bytes) -> bytes:
        return bytes([tag]) + length(len(value)) + value

    def integer(value: int) -> bytes:
        return tlv(2, value.to_bytes(value.bit_length() // 8 + 1))

    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    field = tlv(0x30, encoded(ObjectIdentifier("1.2.840.10045.1.1")) + integer(p))
    curve = tlv(0x30, tlv(4, (p - 3).to_bytes(32)) + tlv(4, b.to_bytes(32)))
    parameters = tlv(0x30, integer(1) + field + curve + tlv(4, point) + integer(order) + integer(1))
    algorithm = tlv(0x30, encoded(ObjectIdentifier("1.2.840.10045.2.1")) + parameters)
    return tlv(0x30, algorithm + tlv(3, b"\x00" + point))


@negative("NEG-X509-013")
def test_what_a_certificate_says_to_fetch_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be looked up or connected to")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, opened)
    inside = lib.UniformResourceIdentifier("http://169.254.169.254/list")
    more = [
        (lib.CRLDistributionPoints([lib.DistributionPoint([inside], None, None, None)]), False),
        (
            lib.AuthorityInformationAccess(
                [
                    lib.AccessDescription(AuthorityInformationAccessOID.OCSP, inside),
                    lib.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, inside),
                ]
            ),
            False,
        ),
    ]
    town = Town()
    leaf = town.certificate("leaf", "root", more=more)
    assert verify_chain((leaf,), (town.authority(),), at=NOW).common_name == "leaf"


def encoded(oid: ObjectIdentifier) -> bytes:
    first, second, *rest = map(int, oid.dotted_string.split("."))
    body = bytes([40 * first + second])
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        body += bytes(reversed(groups))
    return b"\x06" + bytes([len(body)]) + body


ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


def signed_again(
    tbs: bytes,
    key: ec.EllipticCurvePrivateKey,
    algorithm: bytes = ECDSA_SHA256,
    hash_algorithm: hashes.HashAlgorithm = hashes.SHA256(),  # noqa: B008
) -> bytes:
    signature = b"\x00" + key.sign(tbs, ec.ECDSA(hash_algorithm))
    body = tbs + algorithm + b"\x03" + length(len(signature)) + signature
    return b"\x30" + length(len(body)) + body


def length(size: int) -> bytes:
    return bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2) if size > 255 else b"\x81" + bytes([size])


@negative("NEG-X509-012")
def test_x509_order_the_chain_holds_no_other_certificates() -> None:
    assert rejected([LEAF, issued(SoftwareKey.generate(Algorithm.ES256).public_key)], [ROOT]) is x509.ORDER
    town = Town()
    extra = town.authority("extra", "root")
    assert rejected([town.certificate("leaf", "root"), extra], [town.authority()]) is x509.ORDER


@negative("NEG-X509-012")
def test_x509_order_the_leaf_comes_first() -> None:
    town = Town()
    root, above = town.authority(), town.authority("above", "root")
    below = town.authority("below", "above")
    leaf = town.certificate("leaf", "below")
    assert verify_chain((leaf, below, above), (root,), at=NOW).common_name == "leaf"
    assert rejected([leaf, above, below], [root]) is x509.PATH
    assert rejected([below, leaf, above], [root]) is x509.ORDER
    assert rejected([above, below, leaf], [root]) is x509.PATH


@negative("NEG-X509-010")
@pytest.mark.parametrize(
    "leaf",
    [
        {"ca": True, "use": usage(digital_signature=True)},
        {"use": None},
        {"use": usage(key_agreement=True)},
        {"use": usage(content_commitment=True)},
        {"use": usage(digital_signature=True, key_cert_sign=True)},
        {"more": [(lib.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)]},
        {"more": [(lib.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)]},
        {"more": [(lib.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)]},
        {
            "more": [
                (lib.ExtendedKeyUsage([ObjectIdentifier("1.0.18013.5.1.2"), ExtendedKeyUsageOID.SERVER_AUTH]), True)
            ]
        },
    ],
)
def test_x509_leaf_use_the_leaf_is_for_signatures_alone(leaf: dict[str, Any]) -> None:
    town = Town()
    assert rejected([town.certificate("leaf", "root", **leaf)], [town.authority()]) is x509.LEAF_USE


def test_what_the_library_only_warns_of_is_no_chain_either() -> None:
    town = Town()
    above = lib.AuthorityKeyIdentifier(b"k" * 20, [lib.DNSName("a.example")], 0x42FF)
    leaf = town.certificate("leaf", "root", identified=False, more=[(above, False)])
    negative_number = leaf.replace(b"\x82\x02\x42\xff", b"\x82\x02\xc2\xff")
    assert leaf != negative_number
    # where warnings are errors, as they are here
    assert stated_uri((negative_number,)) is None
    assert not x509.is_authority(negative_number)
    assert rejected([negative_number], [town.authority()]) is x509.PATH


@negative("NEG-X509-003")
def test_x509_in_time_every_certificate_up_to_the_anchor_is_in_time() -> None:
    town = Town()
    first, last = NOW - timedelta(days=1), NOW + timedelta(days=100)
    wide: dict[str, Any] = {"start": NOW - timedelta(days=9), "end": NOW + timedelta(days=900)}
    tight = {"start": first, "end": last}
    for index in range(3):
        spans = [tight if index == place else wide for place in range(3)]
        root = town.authority(**spans[0])
        chain = (town.certificate("leaf", "between", **spans[2]), town.authority("between", "root", **spans[1]))
        for moment in (first, NOW, last):
            assert verify_chain(chain, (root,), at=moment).common_name == "leaf"
        for moment in (first - timedelta(seconds=1), last + timedelta(seconds=1), datetime.max.replace(tzinfo=UTC)):
            assert rejected(chain, [root], at=moment) is x509.IN_TIME


def test_x509_in_time_a_renewed_anchor_of_the_same_name_and_key_carries_on() -> None:
    town = Town()
    old = town.authority(start=NOW - timedelta(days=50), end=NOW + timedelta(days=10))
    new = town.authority(start=NOW + timedelta(days=5), end=NOW + timedelta(days=90))
    leaf = town.certificate("leaf", "root")
    for days, anchors, accepted in ((0, [old], True), (20, [old], False), (20, [old, new], True), (0, [new], False)):
        moment = NOW + timedelta(days=days)
        if accepted:
            assert verify_chain((leaf,), anchors, at=moment).common_name == "leaf"
        else:
            assert rejected([leaf], anchors, at=moment) is x509.IN_TIME


def test_a_chain_that_was_accepted_before_is_looked_at_again_for_time_and_anchor() -> None:
    assert verify_chain((LEAF,), (ROOT,), at=NOW)
    assert rejected([LEAF], [ROOT], at=NOW + timedelta(days=500)) is x509.IN_TIME
    assert rejected([LEAF], [OTHER_ROOT]) is x509.PATH
    assert verify_chain((LEAF,), (ROOT,), at=NOW)


# -- bytes ------------------------------------------------------------------------------------------------------------


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_a_changed_certificate_is_never_accepted(data: st.DataObject) -> None:
    changed = bytearray(LEAF)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    if bytes(changed) == LEAF:
        return
    with pytest.raises((Malformed, Rejected)):
        verify_chain((bytes(changed),), (ROOT,), at=NOW)


@pytest.mark.parametrize("unused", [1, 2, 7, 8, 255])
def test_a_certificate_has_one_form_of_its_signature(unused: int) -> None:
    signature = lib.load_der_x509_certificate(LEAF).signature
    changed = bytearray(LEAF)
    changed[-len(signature) - 1] = unused
    with pytest.raises(Malformed):
        verify_chain((bytes(changed),), (ROOT,), at=NOW)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=40), st.integers(0, 600))
def test_any_bytes_as_certificate_are_malformed(junk: bytes, cut: int) -> None:
    for der in (junk, LEAF[:cut] + junk, LEAF + junk + b"\x00"):
        if der != LEAF:
            with pytest.raises((Malformed, Rejected)):
                verify_chain((der,), (ROOT,), at=NOW)
            with pytest.raises(EigendataError):
                parse_x5c([b64_encode(der), None])


def test_a_chain_is_bounded() -> None:
    for chain in ((), (LEAF,) * (CHAIN_LIMIT + 1), (bytes(x509.CERTIFICATE_LIMIT + 1),)):
        with pytest.raises(Malformed):
            verify_chain(chain, (ROOT,), at=NOW)
    with pytest.raises(Malformed):
        stated_uri(())


def test_a_certificate_is_bounded_in_whatever_form_it_comes() -> None:
    padding = lib.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), bytes(x509.CERTIFICATE_LIMIT))
    large = Town().certificate("leaf", "root", more=[(padding, False)])
    pem = lib.load_der_x509_certificate(large).public_bytes(serialization.Encoding.PEM)
    for read in (lambda: load_pem_chain(pem), lambda: parse_x5c([b64_encode(large)]), lambda: read_leaf(large)):
        with pytest.raises(Malformed):
            read()


def test_a_certificate_that_is_not_of_the_profile_is_not_read_as_a_leaf() -> None:
    town = Town()
    junk = lib.UnrecognizedExtension(ObjectIdentifier("2.5.29.17"), b"\xff\xff")
    other_key = ed25519.Ed25519PrivateKey.generate().public_key()
    for der in (
        town.certificate("leaf", "root", more=[(junk, False)]),
        town.certificate("leaf", "root", public_key=other_key),
        b"",
    ):
        with pytest.raises(Malformed):
            read_leaf(der)
    assert stated_uri((town.certificate("leaf", "root", more=[(junk, False)]),)) is None
    two = lib.SubjectAlternativeName([lib.UniformResourceIdentifier(URI), lib.UniformResourceIdentifier(URI + "/2")])
    assert stated_uri((town.certificate("leaf", "root", more=[(two, False)]),)) is None


def test_a_naive_moment_is_misuse() -> None:
    with pytest.raises(Misuse):
        verify_chain((LEAF,), (ROOT,), at=NOW.replace(tzinfo=None))
    with pytest.raises(Misuse):
        make_authority("CA", ROOT_KEY, at=NOW.replace(tzinfo=None))


def test_x5c_is_an_array_of_certificates_in_standard_base64() -> None:
    good = b64_encode(LEAF)
    assert parse_x5c([good]) == (LEAF,)
    assert parse_x5c((good, b64_encode(ROOT))) == (LEAF, ROOT)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "",
        b64_encode(LEAF),
        {},
        [None],
        [1],
        [[b64_encode(LEAF)]],
        [b64_encode(LEAF) + "\n"],
        [b64_encode(LEAF).rstrip("=") + "*"],
        [b64url_encode(LEAF) + "-"],
        [""],
        ["AAAA"],
        [b64_encode(LEAF)] * (CHAIN_LIMIT + 1),
        [b64_encode(LEAF), b64_encode(b"junk")],
        [dump_pem_chain([LEAF]).decode()],
    ],
    ids=range(16),
)
def test_x5c_of_another_form_is_malformed(value: Json) -> None:
    with pytest.raises(Malformed):
        parse_x5c(value)


def test_pem_is_read_and_written_in_order() -> None:
    assert load_pem_chain(dump_pem_chain([LEAF, ROOT])) == (LEAF, ROOT)
    for pem in (b"", b"junk", dump_pem_chain([LEAF])[:-30], dump_pem_chain([LEAF]) * 400, b"\xff\xfe"):
        with pytest.raises(Malformed):
            load_pem_chain(pem)


# -- making -----------------------------------------------------------------------------------------------------------


def test_a_certificate_names_its_municipality_for_the_reader() -> None:
    subject = lib.load_der_x509_certificate(LEAF).subject
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)[0].value == "GM:NL-0757"


def test_an_authority_certifies_leaves_only() -> None:
    key = SoftwareKey.generate(Algorithm.ES256)
    between = make_authority("Between", key, at=NOW)
    leaf = issued(LEAF_KEY.public_key, root=between, root_key=key)
    assert rejected([leaf, between], [ROOT]) is x509.NO_ANCHOR
    constraints = lib.load_der_x509_certificate(ROOT).extensions.get_extension_for_class(lib.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)


def test_what_cannot_stand_in_a_certificate_is_misuse() -> None:
    ed25519_key = SoftwareKey.generate(Algorithm.EDDSA)
    with pytest.raises(Misuse):
        make_authority("CA", ed25519_key, at=NOW)
    with pytest.raises(Misuse):
        make_authority("", ROOT_KEY, at=NOW)
    with pytest.raises(Misuse):
        make_authority("C" * 65, ROOT_KEY, at=NOW)
    with pytest.raises(Misuse):
        issued(ed25519_key.public_key)
    with pytest.raises(Misuse):
        issued(root_key=LEAF_KEY)
    with pytest.raises(Misuse):
        make_issuer_certificate(
            LEAF_KEY.public_key, name="é", uri="https://é.example", authority=ROOT, authority_key=ROOT_KEY, at=NOW,
            municipality=None,
        )  # fmt: skip
