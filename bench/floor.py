"""The least that verifying, issuing and presenting can cost here: what the libraries do, one after the other.

Nothing is checked, and no rule is known. What a row of ours costs above its floor are the rules, and Python.
"""

from __future__ import annotations

import os
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature

from bench.measure import cpu

if TYPE_CHECKING:
    from bench.cases import Round, Shown

_P256: Final = ec.SECP256R1()
_ECDSA: Final = ec.ECDSA(Prehashed(hashes.SHA256()))
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")
_SALT: Final = 18


def verify(round: Round) -> float:
    """Read a presentation, hash what is to be hashed, load the holder's key, and verify two signatures."""
    issuer = round.setting.key.public_key.to_cryptography()

    def least(one: Shown) -> None:
        first, *disclosures, last = one.presentation.split(b"~")
        payload, proof = _signed(first, issuer), last.split(b".")[1]
        for disclosure in disclosures:
            orjson.loads(_read(disclosure))
            _write(sha256(disclosure).digest())
        jwk = payload["cnf"]["jwk"]
        point = b"\4" + _read(jwk["x"].encode()) + _read(jwk["y"].encode())
        _write(sha256(one.presentation[: -len(last)]).digest())
        orjson.loads(_read(proof))
        _signed(last, ec.EllipticCurvePublicKey.from_encoded_point(_P256, point))

    return cpu(least, round.shown)


def issue(round: Round) -> float:
    """Make salts, disclosures and digests, and sign."""
    private = round.setting.key.to_cryptography()
    header = round.other.credential.partition(b".")[0]

    def least(one: Shown) -> None:
        salts = os.urandom(_SALT * len(one.attestation.claims))
        texts = [
            b"".join((b2a_base64(salts[:_SALT]), orjson.dumps(name), orjson.dumps(value)))
            for name, value in one.attestation.claims.items()
        ]
        disclosures = [_write(text) for text in texts]
        digests = [_write(sha256(disclosure).digest()).decode() for disclosure in disclosures]
        payload = orjson.dumps({"iss": one.attestation.issuer, "_sd": sorted(digests)})
        _sign(header + b"." + _write(payload), private)

    return cpu(least, round.shown)


def present(round: Round) -> float:
    """Hash what is shown, and sign, each time by another key: as a wallet has them."""
    keys = {one.credential: one.key.to_cryptography() for one in round.shown}

    def least(one: Shown) -> None:
        digest = _write(sha256(one.presentation).digest()).decode()
        _sign(_write(orjson.dumps({"nonce": "n-0S6_WzA2Mj", "sd_hash": digest})), keys[one.credential])

    return cpu(least, round.shown)


def _signed(jws: bytes, key: Any) -> Mapping[str, Any]:
    header, payload, signature = jws.split(b".")
    raw = _read(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(der, sha256(jws[: len(header) + 1 + len(payload)]).digest(), _ECDSA)
    found: Mapping[str, Any] = orjson.loads(_read(payload))
    return found


def _sign(message: bytes, key: Any) -> bytes:
    r, s = decode_dss_signature(key.sign(sha256(message).digest(), _ECDSA))
    return _write(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def _read(text: bytes) -> bytes:
    return a2b_base64(text.translate(_FROM_URL) + b"==")


def _write(data: bytes) -> bytes:
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=")
