"""COSE: what is signed is what came, only the protected bucket chooses nothing, and a key is a key of one algorithm."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as law
from hypothesis import strategies as st

from eigendata.crypto import cose
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import Cbor, b64url_decode, b64url_encode, cbor_dumps, cbor_loads
from eigendata.errors import Malformed, Misuse
from tests.given import given
from tests.negatives import negative

TAGGED: Mapping[int, Callable[[Cbor], cose.Sign1 | cose.Mac0]] = {
    0xD1: cose.parse_mac0,
    0xD2: cose.parse_sign1,
}  # COSE_Mac0 is tag 17, COSE_Sign1 tag 18; none is untagged
DEVIATIONS = {
    "sign1-tests/sign-pass-01": "the algorithm is not authenticated, which RFC 9052 section 3.1 asks where it can be",
    "sign1-tests/sign-pass-02": "data beside the message are signed too; nothing here has any",
    "mac0-tests/mac-pass-01": "the algorithm is not authenticated",
    "mac0-tests/mac-pass-02": "the algorithm is not authenticated, and data beside the message are signed too",
    "mac0-tests/mac-pass-03": "the algorithm is not authenticated",
}
"""Published messages that pass, and that are not accepted here, and why."""
KEYS = [SoftwareKey.generate(algorithm) for algorithm in Algorithm]
PAYLOAD = b"what is signed"


def sign1(key: SoftwareKey, **changes: Any) -> list[Cbor]:
    return list(cose.sign1(PAYLOAD, key, detached=False, **changes))


def header(value: Cbor) -> bytes:
    return cbor_dumps(value)


# -- what is published ------------------------------------------------------------------------------------------------


def judged(path: Path) -> str:
    """Give `accepted`, `refused`, or `other` where the message is of no kind that is read here."""
    example = json.loads(path.read_text())
    message = bytes.fromhex(example["output"]["cbor"])
    asked = example["input"].get("sign0") or example["input"].get("mac0")
    kind = TAGGED.get(message[0])
    if kind is not None:
        message = message[1:]
    elif asked is None or message[0] != 0x84:
        return "other"
    else:
        kind = cose.parse_sign1 if "sign0" in example["input"] else cose.parse_mac0
    try:
        parsed = kind(cbor_loads(message))
        jwk = asked.get("key") or asked["recipients"][0]["key"]
        if isinstance(parsed, cose.Sign1):
            public = {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}
            public |= {name: b64url_encode(bytes.fromhex(jwk[f"{name}_hex"])) for name in "xy" if f"{name}_hex" in jwk}
            accepted = parsed.is_by(PublicKey.from_jwk(public))
        else:
            secret = bytes.fromhex(jwk["k_hex"]) if "k_hex" in jwk else b64url_decode(jwk["k"])
            accepted = parsed.is_by(secret)
    except Malformed:
        return "refused"
    return "accepted" if accepted else "refused"


def test_published_messages_are_judged_as_published_and_what_is_not_used_here_is_counted() -> None:
    folder = given("vectors/cose")
    found: dict[str, list[str]] = {"accepted": [], "refused": [], "other": []}
    for path in sorted(folder.glob("*/*.json")):
        found[judged(path)].append(f"{path.parent.name}/{path.stem}")
    assert found["accepted"] == [
        "CWT/A_3",
        "RFC8152/Appendix_C_2_1",
        *(f"countersign/{name}" for name in ("mac0-01", "mac0-02", "signed1-01", "signed1-02")),
        *(f"countersign1/{name}" for name in ("mac0-01", "signed1-01")),
        *(f"ecdsa-examples/ecdsa-sig-{number}" for number in ("01", "02")),
        "eddsa-examples/eddsa-sig-01",
        "hmac-examples/HMac-enc-01",
        "mac0-tests/HMac-01",
        "sign1-tests/sign-pass-03",
    ]
    assert [name for name in found["refused"] if "-pass-" in name] == sorted(DEVIATIONS)
    assert (len(found["refused"]), len(found["other"])) == (31, 261)


def test_what_is_signed_is_written_as_published() -> None:
    for name in ("sign1-tests/sign-pass-03", "sign1-tests/sign-pass-01", "ecdsa-examples/ecdsa-sig-02"):
        example = json.loads(given(f"vectors/cose/{name}.json").read_text())
        message = bytes.fromhex(example["output"]["cbor"])
        protected, _, payload, _ = cbor_loads(message[message[0] == 0xD2 :])  # type: ignore[misc]
        signed = cose._signed(cose._SIGNATURE1, protected, payload)  # type: ignore[arg-type]
        assert signed.hex() == example["intermediates"]["ToBeSign_hex"].lower()


# -- COSE_Sign1 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.public_key.algorithm)
def test_a_signature_is_by_its_key_and_by_no_other(key: SoftwareKey) -> None:
    parsed = cose.parse_sign1(cbor_loads(cbor_dumps(sign1(key, unprotected={33: b"certificate"}))))
    assert parsed.is_by(key.public_key)
    assert parsed.payload == PAYLOAD
    assert parsed.unprotected == {33: b"certificate"}
    for other in (*(one for one in KEYS if one is not key), SoftwareKey.generate(key.public_key.algorithm)):
        assert not parsed.is_by(other.public_key)


@law(place=st.integers(0), bit=st.integers(0, 7))
def test_a_flipped_bit_is_never_accepted(place: int, bit: int) -> None:
    octets = bytearray(cbor_dumps(sign1(KEYS[0])))
    octets[place % len(octets)] ^= 1 << bit
    try:
        parsed = cose.parse_sign1(cbor_loads(bytes(octets)))
    except Malformed:
        return
    assert parsed.payload is None or not parsed.is_by(KEYS[0].public_key)


@negative("NEG-MDOC-017")
@pytest.mark.parametrize(
    "signed",
    [
        ["Signature", header({1: -7}), b"", PAYLOAD],
        ["Signature1", header({1: -7}), b"aad", PAYLOAD],
        ["Signature1", header({1: -7}), b"", b"", PAYLOAD],
        ["MAC0", header({1: -7}), b"", PAYLOAD],
    ],
)
def test_what_was_signed_in_another_context_or_with_other_data_is_not_accepted(signed: Cbor) -> None:
    message: Cbor = [header({1: -7}), {}, PAYLOAD, KEYS[0].sign(cbor_dumps(signed))]
    assert not cose.parse_sign1(message).is_by(KEYS[0].public_key)


@negative("NEG-MDOC-015")
@pytest.mark.parametrize("stated", [{}, {1: -257}, {1: -35}, {1: 5}, {1: 0}])
def test_only_an_algorithm_of_the_key_that_the_protected_bucket_states_is_used(stated: Cbor) -> None:
    protected = header(stated) if stated else b""
    signature = KEYS[0].sign(cbor_dumps(["Signature1", protected, b"", PAYLOAD]))
    beside: list[Cbor] = [{}, {} if stated else {1: -7}]
    for unprotected in beside:
        assert not cose.parse_sign1([protected, unprotected, PAYLOAD, signature]).is_by(KEYS[0].public_key)


@pytest.mark.parametrize(("number", "key"), [(-9, KEYS[0]), (-51, KEYS[1]), (-19, KEYS[2])])
def test_the_numbers_that_name_curve_and_digest_are_read_too(number: int, key: SoftwareKey) -> None:
    protected = header({1: number})
    signature = key.sign(cbor_dumps(["Signature1", protected, b"", PAYLOAD]))
    assert cose.parse_sign1([protected, {}, PAYLOAD, signature]).is_by(key.public_key)


@negative("NEG-COSE-001")
def test_an_empty_protected_bucket_is_signed_alike_however_it_is_written_and_states_no_algorithm() -> None:
    for protected in (b"", b"\xa0"):
        parsed = cose.parse_sign1([protected, {}, PAYLOAD, bytes(64)])
        assert parsed.alg is None
        assert not parsed.is_by(KEYS[0].public_key)
        assert cose._signed(cose._MAC0, protected, b"") == cbor_dumps(["MAC0", b"", b"", b""])


@negative("NEG-COSE-001")
@negative("NEG-COSE-002")
@pytest.mark.parametrize(
    ("protected", "unprotected"),
    [
        ({1: -7, 2: [99], 99: 1}, {}),  # critical, and not understood
        ({1: -7, 2: [33]}, {}),  # critical, and not there
        ({1: -7, 2: []}, {}),
        ({1: -7, 2: "alg"}, {}),
        ({1: -7, 2: b"\x01"}, {}),
        ({1: -7, 2: [True]}, {}),
        ({1: -7}, {2: [1]}),  # critical, and anybody may have written so
        ({1: -7}, {1: -7}),  # in both
        ({1: -7, 33: b"a"}, {33: b"a"}),
        ({1: "ES256"}, {}),
        ({1: True}, {}),
        ({1: None}, {}),
    ],
)
def test_a_bucket_that_could_be_read_in_two_ways_is_malformed(protected: Cbor, unprotected: Cbor) -> None:
    with pytest.raises(Malformed):
        cose.parse_sign1([header(protected), unprotected, PAYLOAD, bytes(64)])


def test_what_is_critical_and_understood_is_accepted() -> None:
    protected = header({1: -7, 2: [1]})
    signature = KEYS[0].sign(cbor_dumps(["Signature1", protected, b"", PAYLOAD]))
    assert cose.parse_sign1([protected, {}, PAYLOAD, signature]).is_by(KEYS[0].public_key)


@pytest.mark.parametrize(
    "value",
    [
        [b"", {}, PAYLOAD],
        [b"", {}, PAYLOAD, b"", b""],
        [{}, {}, PAYLOAD, b""],
        ["", {}, PAYLOAD, b""],
        [b"", [], PAYLOAD, b""],
        [b"", {}, "text", b""],
        [b"", {}, PAYLOAD, None],
        [b"\x80", {}, PAYLOAD, b""],  # a protected bucket that is no map
        [b"\xa1\x01", {}, PAYLOAD, b""],  # or no CBOR
        [b"\xa2\x01\x26\x01\x26", {}, PAYLOAD, b""],  # or names a label twice
        {0: b""},
        b"",
        None,
    ],
)
def test_what_has_another_structure_is_malformed(value: Cbor) -> None:
    with pytest.raises(Malformed):
        cose.parse_sign1(value)
    with pytest.raises(Malformed):
        cose.parse_mac0(value)


def test_a_detached_payload_is_given_beside_and_only_then() -> None:
    detached = cose.parse_sign1(cose.sign1(PAYLOAD, KEYS[0], detached=True))
    assert detached.payload is None
    assert detached.is_by(KEYS[0].public_key, PAYLOAD)
    assert not detached.is_by(KEYS[0].public_key, b"another")
    with pytest.raises(Misuse):
        detached.is_by(KEYS[0].public_key)
    with pytest.raises(Misuse):
        cose.parse_sign1(sign1(KEYS[0])).is_by(KEYS[0].public_key, PAYLOAD)


def test_nobody_signs_with_an_algorithm_in_the_unprotected_bucket() -> None:
    for label in (1, 2):
        with pytest.raises(Misuse):
            sign1(KEYS[0], unprotected={label: -7})


def test_what_is_parsed_says_nothing_of_what_it_holds() -> None:
    assert "signed" not in repr(cose.parse_sign1(sign1(KEYS[0])))
    assert "signed" not in repr(cose.parse_mac0([b"", {}, PAYLOAD, b"tag"]))


# -- COSE_Mac0 --------------------------------------------------------------------------------------------------------


def test_a_tag_is_by_its_key_whole_and_of_one_algorithm() -> None:
    secret = bytes(range(32))
    for number, good in ((5, True), (4, False), (6, False)):
        protected = header({1: number})
        tag = hmac.digest(secret, cbor_dumps(["MAC0", protected, b"", PAYLOAD]), hashlib.sha256)
        assert cose.parse_mac0([protected, {}, None, tag]).is_by(secret, PAYLOAD) is good
        assert not cose.parse_mac0([protected, {}, None, tag[:8]]).is_by(secret, PAYLOAD)
        assert not cose.parse_mac0([protected, {}, None, tag]).is_by(secret[1:], PAYLOAD)
    unstated = hmac.digest(secret, cbor_dumps(["MAC0", b"", b"", PAYLOAD]), hashlib.sha256)
    assert not cose.parse_mac0([b"", {}, PAYLOAD, unstated]).is_by(secret)


# -- x5chain ----------------------------------------------------------------------------------------------------------


@negative("NEG-MDOC-014")
def test_a_chain_is_one_certificate_or_an_array_of_several() -> None:
    assert cose.x5chain({33: b"leaf"}) == (b"leaf",)
    assert cose.x5chain({33: [b"leaf", b"next"]}) == (b"leaf", b"next")
    wrongs: list[Cbor] = [None, b"", [], [b"leaf"], [b"leaf", "next"], "leaf", [b"leaf"] * 100]
    for wrong in wrongs:
        with pytest.raises(Malformed):
            cose.x5chain({33: wrong})
    with pytest.raises(Malformed):
        cose.x5chain({})


# -- COSE_Key ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.public_key.algorithm)
def test_a_key_comes_back_the_same(key: SoftwareKey) -> None:
    written = cose.write_key(key.public_key)
    assert cose.parse_key(cbor_loads(cbor_dumps(written))) == key.public_key
    number = {Algorithm.ES256: -7, Algorithm.ES384: -35, Algorithm.EDDSA: -8}[key.public_key.algorithm]
    assert cose.parse_key(written | {3: number, 4: [2], 2: b"name", "other": 1}) == key.public_key


def changed(key: SoftwareKey, **changes: Any) -> dict[int | str, Cbor]:
    named = {"kty": 1, "alg": 3, "ops": 4, "crv": -1, "x": -2, "y": -3, "d": -4}
    return dict(cose.write_key(key.public_key)) | {named[name]: value for name, value in changes.items()}


@pytest.mark.parametrize(
    "value",
    [
        changed(KEYS[0], d=bytes(32)),
        changed(KEYS[2], d=bytes(32)),
        changed(KEYS[2], y=bytes(32)),
        changed(KEYS[0], y=True),
        changed(KEYS[0], y=None),
        changed(KEYS[0], x=KEYS[0].public_key.data[:31]),
        changed(KEYS[0], x=b"\0" + KEYS[0].public_key.data[:32]),
        changed(KEYS[0], x=KEYS[0].public_key.data[:31], y=KEYS[0].public_key.data[31:]),  # the point, cut elsewhere
        changed(KEYS[0], x=bytes(32)),  # off the curve
        changed(KEYS[2], x=bytes(32)),  # of small order
        changed(KEYS[2], x=bytes(31)),
        changed(KEYS[0], kty="EC2"),
        changed(KEYS[0], kty=1),
        changed(KEYS[0], kty=4),
        changed(KEYS[2], kty=True),
        changed(KEYS[0], crv=True),
        changed(KEYS[0], crv=2),
        changed(KEYS[0], crv=3),
        changed(KEYS[0], alg=-35),
        changed(KEYS[0], alg="ES256"),
        changed(KEYS[0], alg=-25),  # for agreeing on a secret
        changed(KEYS[0], ops=[1]),
        changed(KEYS[0], ops=[]),
        changed(KEYS[0], ops=2),
        changed(KEYS[0], ops=[True, "verify"]),
        {},
        [],
        None,
    ],
)
def test_a_key_that_is_none_or_for_something_else_is_malformed(value: Cbor) -> None:
    with pytest.raises(Malformed):
        cose.parse_key(value)


# -- byte strings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 23, 24, 255, 256, 65_535, 65_536])
def test_a_byte_string_has_its_shortest_form(size: int) -> None:
    assert cose.byte_string(bytes(size)) == cbor_dumps(bytes(size))
