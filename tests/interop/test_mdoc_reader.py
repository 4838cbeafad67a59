"""The code that an mdoc's holder makes in place of a signature, for a reader whose key is in the session.

@auth0/mdl makes and reads them, and openvc-core reads them where its caller derives the key. Those of @owf/mdoc 0.6.0
nobody can read, and it reads none.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

import cbor2
import pytest

from eigendata.crypto.cose import write_key
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import thaw
from eigendata.errors import Check, Rejected
from eigendata.formats.mdoc import MSO_MDOC, Reader, checks
from eigendata.formats.mdoc.verify import device_authentication
from eigendata.model import Binding
from tests.interop.material import (
    HOLDER_KEY,
    NOW,
    OTHER_KEY,
    PERSON,
    SEEN,
    SHOWN,
    TRUST,
    Session,
    jwk,
)
from tests.interop.mdocs import AUTH0, ISOMDOC, OPENVC, OWF, Oracles, Peer, changed, ours, shown_by, theirs, verified_by
from tests.interop.oracles import Refused

READER_KEY: Final = SoftwareKey.generate(Algorithm.ES256)
EXPECTED: Final = {name: SEEN[name] for name in SHOWN}


def _session(reader: SoftwareKey = READER_KEY, *, of: SoftwareKey = HOLDER_KEY) -> tuple[Reader, Session]:
    """Give a session as beside a code that was scanned: an engagement of some device, the reader's key, no handover."""
    engagement = cbor2.dumps({0: "1.0", 1: [1, _key(of)]})
    transcript = cbor2.dumps([cbor2.CBORTag(24, engagement), _key(reader), None])
    binding = Binding(audience="", nonce="", transcript=transcript)
    session = Session(binding=binding, parts={"transcript": transcript.hex()})
    return Reader(transcript=transcript, key=reader), session


def _key(key: SoftwareKey) -> cbor2.CBORTag:
    return cbor2.CBORTag(24, cbor2.dumps(write_key(key.public_key)))


READER, SESSION = _session()


def _coded(peer: Peer, oracle: Oracles, credential: bytes, **how: Any) -> bytes:
    return shown_by(peer, oracle, credential, SESSION, **{"reader": jwk(READER_KEY), **how})


def _read_by(peer: Peer, oracle: Oracles, token: bytes) -> Any:
    code_key = READER.code_key(HOLDER_KEY.public_key).hex()
    reader = jwk(READER_KEY, private=True)
    return verified_by(peer, oracle, token, SESSION, reader=reader, codeKey=code_key)


def _refusing(token: bytes, reader: Reader = READER) -> Check:
    with pytest.raises(Rejected) as rejected:
        MSO_MDOC.parse_presentation(token).verify([PERSON], reader, trust=TRUST, at=NOW)
    return rejected.value.check


@pytest.mark.parametrize("issuer", [None, OWF, AUTH0, ISOMDOC], ids=lambda one: one.name if one else "eigendata")
def test_a_code_of_theirs_is_read_by_the_reader(oracle: Oracles, issuer: Peer | None) -> None:
    token = _coded(AUTH0, oracle, ours() if issuer is None else theirs(issuer, oracle))
    authentic = MSO_MDOC.parse_presentation(token).verify([PERSON], READER, trust=TRUST, at=NOW)
    assert authentic.holder == HOLDER_KEY.public_key
    assert thaw(authentic.document) == {PERSON.id: EXPECTED}
    for peer in (AUTH0, OPENVC):
        assert _read_by(peer, oracle, token) == EXPECTED


def test_a_code_for_another_reader_session_or_holder_is_refused_by_all(oracle: Oracles) -> None:
    for token in (
        _coded(AUTH0, oracle, ours(), reader=jwk(OTHER_KEY)),
        _coded(AUTH0, oracle, ours(), key=OTHER_KEY),
        shown_by(AUTH0, oracle, ours(), _session(of=OTHER_KEY)[1], reader=jwk(READER_KEY)),
    ):
        assert _refusing(token) is checks.DEVICE_MAC
        for peer in (AUTH0, OPENVC):
            with pytest.raises(Refused, match=r"Device ?M(ac|AC)"):
                _read_by(peer, oracle, token)


def test_a_code_is_no_proof_to_a_verifier_without_a_key_in_the_session(oracle: Oracles) -> None:
    token = _coded(AUTH0, oracle, ours())
    with pytest.raises(Rejected) as rejected:
        MSO_MDOC.parse_presentation(token).verify([PERSON], SESSION.binding, trust=TRUST, at=NOW)
    assert rejected.value.check is checks.DEVICE_AUTH


def test_a_code_over_too_little_is_refused(oracle: Oracles) -> None:
    """@owf/mdoc leaves out the external_aad where there is none; RFC 9052 6.3 has an empty one."""
    token = _coded(OWF, oracle, ours())
    assert _refusing(token) is checks.DEVICE_MAC
    for peer in (AUTH0, OPENVC):
        with pytest.raises(Refused, match=r"Device ?M(ac|AC)"):
            _read_by(peer, oracle, token)
    made: list[bytes] = []
    changed(token, lambda document: made.extend(document["deviceSigned"]["deviceAuth"]["deviceMac"]))
    protected, tag = made[0], made[3]
    payload = device_authentication(SESSION.binding.transcript, PERSON.id, b"\xa0")
    key = READER.code_key(HOLDER_KEY.public_key)
    assert tag == hmac.digest(key, cbor2.dumps(["MAC0", protected, payload]), hashlib.sha256)


def test_a_code_is_read_by_no_verifier_of_theirs(oracle: Oracles) -> None:
    """@owf/mdoc compares the algorithm's name with its number, and so refuses every code, its own too."""
    for token in (_coded(OWF, oracle, ours()), _coded(AUTH0, oracle, ours())):
        with pytest.raises(Refused, match="must use alg 5"):
            _read_by(OWF, oracle, token)
