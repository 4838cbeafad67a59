"""The example of ISO/IEC 18013-5 annex D, as multipaz publishes it: read by our parser, digests and issuer verified."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest

from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.crypto.x509 import read_leaf
from eigendata.errors import Outcome, Rejected
from eigendata.formats.mdoc import MSO_MDOC, Reader, checks
from eigendata.formats.mdoc.parse import parse_device_response
from eigendata.model import UNBOUND, Binding, CredentialType, DocumentSigner, Origin, Party, TrustedIssuer
from tests.given import given
from tests.negatives import negative

MDL = CredentialType.foreign("org.iso.18013.5.1.mDL")
NAMESPACE = "org.iso.18013.5.1"
THEN = datetime(2021, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def annex_d() -> dict[str, bytes]:
    values = json.loads(given("vectors/mdoc/annex-d/iso18013-5-annex-d.json").read_text("utf-8"))
    return {name: bytes.fromhex(value) for name, value in values.items()}


class Utopia:
    """Trusts the document signer of the example by its certificate, whose authority is not published."""

    def __init__(self, certificate: bytes) -> None:
        self.certificate = certificate

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        assert origin == DocumentSigner(certificates=(self.certificate,))
        return TrustedIssuer(party=Party(id="utopia", name="Utopia"), key=read_leaf(self.certificate).key)


def test_all_that_the_issuer_signed_is_verified(annex_d: dict[str, bytes]) -> None:
    unverified = MSO_MDOC.parse_presentation(annex_d["device_response"])
    authentic = unverified.verify([MDL], UNBOUND, trust=Utopia(annex_d["ds_cert"]), at=THEN)
    passed = [step.check for step in authentic.trail if step.outcome is Outcome.PASSED]
    assert set(checks.CHECKS) - set(passed) == {checks.STATUS_KIND, *checks.DEVICE_SIGNED}
    assert len(authentic.revealed) == 6
    shown: Any = authentic.document[NAMESPACE]
    assert (shown["family_name"], shown["issue_date"]) == ("Doe", "2019-10-20")
    assert shown["document_number"] == "123456789"
    assert shown["driving_privileges"][0]["vehicle_category_code"] == "A"


def test_any_element_that_was_changed_is_noticed(annex_d: dict[str, bytes]) -> None:
    changed = annex_d["device_response"].replace(b"cDoe", b"cRoe")
    with pytest.raises(Rejected) as rejected:
        MSO_MDOC.parse_presentation(changed).verify([MDL], UNBOUND, trust=Utopia(annex_d["ds_cert"]), at=THEN)
    assert rejected.value.check is checks.DIGESTS


def test_the_holders_key_is_the_one_that_the_issuer_signed(annex_d: dict[str, bytes]) -> None:
    key: PublicKey = parse_device_response(annex_d["device_response"]).issued.mso.device_key
    assert key.data == annex_d["static_device_key_x"] + annex_d["static_device_key_y"]


def test_the_holders_code_is_verified_by_the_reader_whose_key_is_in_the_session(annex_d: dict[str, bytes]) -> None:
    key = SoftwareKey.from_secret(Algorithm.ES256, annex_d["ephemeral_reader_key_d"])
    assert key.public_key.data == annex_d["ephemeral_reader_key_x"] + annex_d["ephemeral_reader_key_y"]
    reader = Reader(transcript=cbor2.loads(annex_d["session_transcript_bytes"]).value, key=key)
    authentic = MSO_MDOC.parse_presentation(annex_d["device_response"]).verify(
        [MDL], reader, trust=Utopia(annex_d["ds_cert"]), at=THEN
    )
    outcomes = {step.check: step.outcome for step in authentic.trail}
    assert outcomes[checks.DEVICE_MAC] is Outcome.PASSED
    assert outcomes[checks.DEVICE_SIGNATURE] is Outcome.NOT_APPLICABLE
    assert tuple(outcomes) == checks.CHECKS
    assert authentic.holder == parse_device_response(annex_d["device_response"]).issued.mso.device_key


@negative("NEG-MDOC-019")
def test_a_code_is_no_proof_where_there_is_no_reader_with_a_key(annex_d: dict[str, bytes]) -> None:
    transcript: bytes = cbor2.loads(annex_d["session_transcript_bytes"]).value
    binding = Binding(audience="a", nonce="n", transcript=transcript)
    with pytest.raises(Rejected) as rejected:
        MSO_MDOC.parse_presentation(annex_d["device_response"]).verify(
            [MDL], binding, trust=Utopia(annex_d["ds_cert"]), at=THEN
        )
    assert rejected.value.check is checks.DEVICE_AUTH
