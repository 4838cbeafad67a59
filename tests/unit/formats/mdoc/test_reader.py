"""The holder's code in place of a signature, read by a reader whose key is in the session; made here by libraries."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.errors import Misuse, Outcome, Rejected
from eigendata.formats.mdoc import MSO_MDOC, Reader, checks
from eigendata.model import Authentic

from .forge import (
    HOLDER_KEY,
    NAME,
    NOW,
    OTHER_KEY,
    OWN,
    PERSON,
    TRANSCRIPT,
    TRUST,
    cose_key,
    device,
    device_auth,
    document,
    issued,
    mso,
    response,
    tagged,
    tdate,
)

READER_KEY = SoftwareKey.generate(Algorithm.ES256)
P384_KEY = SoftwareKey.generate(Algorithm.ES384)


def transcript(key: SoftwareKey = READER_KEY, *, beside: bytes = b"handover") -> bytes:
    return cbor2.dumps([tagged(b"\xa0"), tagged(cbor2.dumps(cose_key(key))), [beside, None]])


READER = Reader(transcript=transcript(), key=READER_KEY)


def code(
    *,
    holder: SoftwareKey = HOLDER_KEY,
    reader: SoftwareKey = READER_KEY,
    session: bytes = READER.transcript,
    doctype: str = PERSON.id,
    stated: bytes = b"\xa0",
    protected: bytes = b"\xa1\x01\x05",
    salted: Callable[[bytes], bytes] = lambda session: cbor2.dumps(tagged(session)),
    info: bytes = b"EMacKey",
    context: str = "MAC0",
) -> bytes:
    """A DeviceResponse with a deviceMac; `salted`: what the salt is the hash of."""
    private: Any = holder.to_cryptography()
    secret = private.exchange(ec.ECDH(), reader.public_key.to_cryptography())
    salt = hashlib.sha256(salted(session)).digest()
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret)
    authentication = cbor2.dumps(["DeviceAuthentication", cbor2.loads(session), doctype, tagged(stated)])
    message = cbor2.dumps([context, protected, b"", cbor2.dumps(tagged(authentication))])
    return with_code([protected, {}, None, hmac.digest(key, message, "sha256")], stated)


def with_code(mac: list[Any], stated: bytes = b"\xa0") -> bytes:
    return response(document(deviceSigned=device(stated, deviceAuth={"deviceMac": mac})))


def read(token: bytes, reader: Reader = READER) -> Authentic:
    return MSO_MDOC.parse_presentation(token).verify([PERSON], reader, trust=TRUST, at=NOW)


def failing(token: bytes, reader: Reader = READER) -> Any:
    with pytest.raises(Rejected) as rejected:
        read(token, reader)
    return rejected.value.check


def test_a_code_by_the_key_that_the_issuer_signed_shows_the_holder() -> None:
    authentic = read(code())
    assert authentic.holder == HOLDER_KEY.public_key
    outcomes = {step.check: step.outcome for step in authentic.trail}
    assert tuple(outcomes) == checks.CHECKS
    assert (outcomes[checks.DEVICE_MAC], outcomes[checks.DEVICE_SIGNATURE]) == (
        Outcome.PASSED,
        Outcome.NOT_APPLICABLE,
    )


def test_a_reader_takes_a_signature_too() -> None:
    signed = device(deviceAuth={"deviceSignature": device_auth(transcript=READER.transcript)})
    authentic = read(response(document(deviceSigned=signed)))
    outcomes = {step.check: step.outcome for step in authentic.trail}
    assert outcomes[checks.DEVICE_SIGNATURE] is Outcome.PASSED
    assert outcomes[checks.DEVICE_MAC] is Outcome.NOT_APPLICABLE


BROKEN: dict[str, Callable[[], bytes]] = {
    "by another holder": lambda: code(holder=OTHER_KEY),
    "for another reader": lambda: code(reader=OTHER_KEY),
    "for another session": lambda: code(session=transcript(beside=b"another")),
    "for another docType": lambda: code(doctype="org.example.other"),
    "over other elements": lambda: code(stated=cbor2.dumps({PERSON.id: {"town": "Boxtel"}})).replace(
        cbor2.dumps(tagged(cbor2.dumps({PERSON.id: {"town": "Boxtel"}}))), cbor2.dumps(tagged(b"\xa0"))
    ),
    "salted without the tag": lambda: code(salted=lambda session: session),
    "of the key of a session": lambda: code(info=b"SKDevice"),
    "of another kind of message": lambda: code(context="MAC"),
    "cut short": lambda: with_code([b"\xa1\x01\x05", {}, None, b"\0" * 8]),
    "empty": lambda: with_code([b"\xa1\x01\x05", {}, None, b""]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_code_that_was_made_otherwise_breaks_that_check_alone(case: str) -> None:
    assert failing(BROKEN[case]()) is checks.DEVICE_MAC


def test_a_code_is_by_hmac_256_with_keys_of_one_curve() -> None:
    for protected in (b"", b"\xa0", b"\xa1\x01\x04", b"\xa1\x01\x06", b"\xa1\x01\x26"):
        assert failing(code(protected=protected)) is checks.DEVICE_ALGORITHM
    other = Reader(transcript=transcript_of_p384(), key=P384_KEY)
    assert failing(code(), other) is checks.DEVICE_ALGORITHM


def transcript_of_p384() -> bytes:
    octets = P384_KEY.public_key.data
    key = {1: 2, -1: 2, -2: octets[:48], -3: octets[48:]}
    return cbor2.dumps([tagged(b"\xa0"), tagged(cbor2.dumps(key)), None])


def test_one_proof_comes_and_not_two() -> None:
    both = {"deviceMac": [b"\xa1\x01\x05", {}, None, b"t" * 32], "deviceSignature": device_auth()}
    for proofs in (both, {}):
        assert failing(response(document(deviceSigned=device(deviceAuth=proofs)))) is checks.DEVICE_AUTH


def test_what_a_key_is_not_authorized_for_is_not_stated_by_a_code_either() -> None:
    assert failing(code(stated=cbor2.dumps({PERSON.id: {"town": "Boxtel"}}))) is checks.KEY_AUTHORIZED


def test_a_reader_has_the_key_that_the_session_names() -> None:
    ed25519 = SoftwareKey.generate(Algorithm.EDDSA)
    okp = cbor2.dumps([None, tagged(cbor2.dumps({1: 1, -1: 6, -2: ed25519.public_key.data})), None])
    for session, key in (
        (transcript(), OTHER_KEY),
        (TRANSCRIPT, READER_KEY),  # of OpenID4VP, where there is no such key
        (b"", READER_KEY),
        (b"\x80", READER_KEY),
        (cbor2.dumps([None, tagged(b"\x80"), None]), READER_KEY),
        (cbor2.dumps([None, tdate("2026-11-23T00:00:00Z"), None]), READER_KEY),
        (okp, ed25519),
    ):
        with pytest.raises(Misuse, match=r"session transcript|Ed25519"):
            Reader(transcript=session, key=key)


def test_two_keys_of_one_curve_agree_on_one_secret_and_others_on_none() -> None:
    mine, yours, other = (SoftwareKey.generate(Algorithm.ES384) for _ in range(3))
    assert mine.agree(yours.public_key) == yours.agree(mine.public_key) != mine.agree(other.public_key)
    assert len(mine.agree(yours.public_key)) == 48
    ed25519 = SoftwareKey.generate(Algorithm.EDDSA)
    for one, another in ((mine, HOLDER_KEY), (mine, ed25519), (ed25519, mine), (ed25519, ed25519)):
        with pytest.raises(Misuse):
            one.agree(another.public_key)


def test_a_session_with_a_reader_is_not_printed() -> None:
    assert repr(READER) == "<a session with a reader>"


def test_without_an_element_the_holder_is_shown_all_the_same() -> None:
    token = cbor2.loads(code())
    token["documents"][0]["issuerSigned"] = issued(OWN, of=mso(OWN, NAME))
    assert read(cbor2.dumps(token)).revealed == ()
