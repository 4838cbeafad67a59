"""Every Wycheproof case of signatures, JOSE and its keys: ours are judged as published, the rest refused and counted.

`used` are the cases whose key is of an algorithm that is used here; `refused` those of which not even the key is read,
or whose signature has a form that is none here. The counts add up to the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from eigendata.crypto.jose import parse_jws
from eigendata.crypto.jwe import ContentEncryption, decrypt, parse_jwe
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import b64url_decode
from eigendata.errors import Malformed, Rejected, Trail
from tests.given import given
from tests.negatives import negative

DEVIATIONS = {
    "ecdh_secp256r1_webcrypto 351": "unfit for an agreement with a key of P-256; by itself it is a good key of P-384",
    "x25519_jwk 519": "unfit for an agreement with a key of X25519; by itself it is a good key of P-256",
    "x25519_jwk 520": "unfit for an agreement with a key of X25519; by itself it is a good key of P-384",
}
"""The cases, by file and id, that we judge otherwise than published, and why."""


@dataclass(frozen=True)
class Judged:
    """What became of one case: whether anything of it is used here at all, and whether it was accepted."""

    used: bool
    accepted: bool


Judge = Callable[[Mapping[str, Any], Mapping[str, Any]], Judged]


def signature(group: Mapping[str, Any], case: Mapping[str, Any]) -> Judged:
    """A raw signature by the group's key."""
    try:
        key = PublicKey.from_cryptography(serialization.load_pem_public_key(group["publicKeyPem"].encode()))
    except Malformed:
        return Judged(used=False, accepted=False)
    if "publicKeyJwk" in group:
        assert PublicKey.from_jwk(group["publicKeyJwk"]) == key
    accepted = key.verifies(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
    return Judged(used=group["type"] != "EcdsaVerify", accepted=accepted)  # in DER, which no JWS has


def jws(group: Mapping[str, Any], case: Mapping[str, Any]) -> Judged:
    """A JWS with a key, a pair of keys, or a set of them; a case of a JWE has none."""
    jwk = group.get("public", group["private"])
    keys = jwk.get("keys", [jwk])
    used = len(keys) == 1 and (keys[0].get("kty"), keys[0].get("crv")) in USED_KINDS
    if "jws" not in case:
        used = False
    try:
        accepted = parse_jws(_text(case).encode()).is_by(PublicKey.from_jwk(keys[0]))
    except Malformed:
        accepted = False
    return Judged(used=used, accepted=accepted and len(keys) == 1)


def jwe(group: Mapping[str, Any], case: Mapping[str, Any]) -> Judged:
    """A JWE to a key of P-256, by the one algorithm and the two encryptions that answers are sealed with."""
    jwk = group["private"]
    if jwk.get("alg") != "ECDH-ES" or '"enc"' not in (header := _header(case)):
        return Judged(used=False, accepted=_opens(group, case))
    used = json.loads(header)["enc"] in set(ContentEncryption)
    return Judged(used=used, accepted=_opens(group, case))


def _header(case: Mapping[str, Any]) -> str:
    return b64url_decode(case["jwe"].split(".")[0]).decode()


def _opens(group: Mapping[str, Any], case: Mapping[str, Any]) -> bool:
    jwk = group["private"]
    d = b64url_decode(jwk["d"]) if jwk.get("crv") == "P-256" else b"\1" * 32
    key = SoftwareKey.from_secret(Algorithm.ES256, d)
    try:
        token = parse_jwe(_text(case).encode())
        # the cases need not name a key, as answers must
        named = token._replace(header={**token.header, "kid": "once"})
        payload = decrypt(named, key, kid="once", encryptions=tuple(ContentEncryption), trail=Trail())
    except (Malformed, Rejected):
        return False
    return bool(payload.hex() == case["pt"])


def public_key(_: Mapping[str, Any], case: Mapping[str, Any]) -> Judged:
    """The public key of an agreement, as a key that is read."""
    used = (case["public"].get("kty"), case["public"].get("crv")) in USED_KINDS
    try:
        PublicKey.from_jwk({name: member for name, member in case["public"].items() if name != "kid"})
    except Malformed:
        return Judged(used=used, accepted=False)
    return Judged(used=used, accepted=True)


def _text(case: Mapping[str, Any]) -> str:
    token = case.get("jws", case.get("jwe"))
    return token if isinstance(token, str) else json.dumps(token)


USED_KINDS = {("EC", "P-256"), ("EC", "P-384"), ("OKP", "Ed25519")}

FILES: Mapping[str, tuple[Judge, int, int]] = {
    "ecdsa_secp256r1_sha256_p1363": (signature, 262, 0),
    "ecdsa_secp384r1_sha384_p1363": (signature, 280, 0),
    "ecdsa_secp521r1_sha512_p1363": (signature, 0, 318),
    "ecdsa_secp256r1_sha256": (signature, 0, 484),
    "ed25519": (signature, 151, 0),
    "json_web_signature": (jws, 41, 360),
    "json_web_key": (jws, 5, 21),
    "json_web_crypto": (jws, 15, 68),
    "json_web_encryption": (jwe, 2, 137),
    "ecdh_secp256r1_webcrypto": (public_key, 349, 4),
    "x25519_jwk": (public_key, 2, 529),
}
"""How the cases of each file are judged; how many are used, and how many refused."""


def cases(name: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for group in json.loads(given(f"vectors/wycheproof/{name}_test.json").read_bytes())["testGroups"]:
        for case in group["tests"]:
            yield group, case


@negative("NEG-ECDSA-001", "NEG-ECDSA-002", "NEG-ED25519-001", "NEG-JWK-003", "NEG-JOSE-013")
@pytest.mark.parametrize("name", FILES)
def test_every_case_is_judged_as_published_or_refused_as_unsupported(name: str) -> None:
    judge, used, refused = FILES[name]
    counted = {True: 0, False: 0}
    for group, case in cases(name):
        judged = judge(group, case)
        counted[judged.used] += 1
        if not judged.used:
            assert not judged.accepted, case["tcId"]
        elif f"{name} {case['tcId']}" in DEVIATIONS:
            assert judged.accepted != (case["result"] == "valid"), case["tcId"]
        else:
            assert judged.accepted == (case["result"] == "valid"), case["tcId"]
    assert counted == {True: used, False: refused}


def test_every_file_of_signatures_and_keys_is_run() -> None:
    # encryption, agreement, hashing and pairings by themselves are not what this library offers
    others = ("aes_gcm", "bls_", "chacha20", "xchacha20", "ecdh_secp256r1_ecpoint", "hkdf", "hmac")
    there = {path.name.removesuffix("_test.json") for path in given("vectors/wycheproof").glob("*.json")}
    assert {name for name in there if not name.startswith(others)} == set(FILES)


def test_every_deviation_is_of_a_case_that_is_there() -> None:
    for one in DEVIATIONS:
        name, _, number = one.partition(" ")
        assert any(str(case["tcId"]) == number for _, case in cases(name))
