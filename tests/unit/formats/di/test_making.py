"""What an issuer and a holder make, and what they do not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eigendata import did
from eigendata.errors import Malformed, Misuse
from eigendata.formats.di import LDP_VC, LdpVc
from eigendata.formats.di.proofs import EDDSA_RDFC_2022
from eigendata.model import (
    UNBOUND,
    Attestation,
    Binding,
    Chain,
    Holding,
    Method,
    Presence,
    Seal,
    StatusReference,
    Unbound,
)

from .forge import (
    BINDING,
    CLAIMS,
    HOLDER,
    HOLDER_KEY,
    HOLDING,
    ISSUER,
    ISSUER_KEY,
    METHOD,
    NOW,
    OTHER_KEY,
    OTHER_TYPE,
    P256_KEY,
    TYPE,
    Issuers,
    signed,
    verified,
    written,
)

DAY = datetime(2026, 11, 23, tzinfo=UTC)
SEAL = Seal(signer=ISSUER_KEY, origin=Method(controller=ISSUER, id=METHOD, issuer="https://boxtel.example"))
ATTESTATION = Attestation(
    type=TYPE,
    issuer="https://boxtel.example",
    claims=CLAIMS,
    holder=HOLDER_KEY.public_key,
    issued_at=DAY,
    expires_at=DAY + timedelta(days=14),
)


def test_what_is_issued_says_who_whom_when_and_what_and_has_no_name_of_its_own() -> None:
    document = json.loads(LDP_VC.issue(ATTESTATION, SEAL))
    proof = document.pop("proof")
    assert document == {
        "@context": ["https://www.w3.org/ns/credentials/v2", "urn:example:person:1:context"],
        "type": ["VerifiableCredential", "Person"],
        "issuer": ISSUER,
        "validFrom": "2026-11-23T00:00:00Z",
        "validUntil": "2026-12-07T00:00:00Z",
        "credentialSubject": {"id": HOLDER, **CLAIMS},
    }
    assert (proof["cryptosuite"], proof["created"], proof["verificationMethod"]) == (
        "eddsa-jcs-2022",
        "2026-11-23T00:00:00Z",
        METHOD,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"holder": UNBOUND},
        {"holder": P256_KEY.public_key},
        {"issuer": "https://gestel.example"},
        {"status": StatusReference(uri="https://boxtel.example/1", index=1)},
        {"expires_at": DAY},
        {"issued_at": DAY + timedelta(seconds=1)},
        {"claims": {**CLAIMS, "nickname": "x"}},
        {"claims": {**CLAIMS, "birth_year": "1987"}},
        {"claims": {**CLAIMS, "family_name": None}},
        {"claims": {**CLAIMS, "@context": "x"}},
        {"claims": {**CLAIMS, "id": HOLDER}},
        {"claims": {name: value for name, value in CLAIMS.items() if name != "issuing_authority"}},
        {"claims": {}},
        {"type": replace(TYPE, id="person")},
    ],
    ids=range(14),
)
def test_what_an_attestation_must_not_be_is_not_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(Misuse):
        LDP_VC.issue(replace(ATTESTATION, **changes), SEAL)


@pytest.mark.parametrize(
    "seal",
    [
        Seal(signer=ISSUER_KEY, origin=Chain(certificates=())),
        Seal(signer=ISSUER_KEY, origin=Method(controller="did:web:gestel.example", id=METHOD)),
        Seal(signer=ISSUER_KEY, origin=Method(controller=ISSUER, id=ISSUER)),
        Seal(signer=P256_KEY, origin=Method(controller=ISSUER, id=METHOD)),
        Seal(signer=ISSUER_KEY, origin=Method(controller="boxtel", id="boxtel#key-1")),
    ],
    ids=range(5),
)
def test_a_seal_is_an_ed25519_key_with_a_method_of_its_issuer(seal: Seal) -> None:
    with pytest.raises(Misuse):
        LDP_VC.issue(ATTESTATION, seal)


def test_a_holder_signs_with_the_suite_of_the_credential() -> None:
    for reader in (LDP_VC, LdpVc(suite=EDDSA_RDFC_2022)):
        credential = reader.issue(ATTESTATION, SEAL)
        presentation = json.loads(LDP_VC.present(credential, TYPE, [], HOLDING, at=NOW))
        assert presentation["proof"]["cryptosuite"] == reader.suite.name
        verified(presentation)


def test_what_is_shown_holds_the_credential_as_it_came() -> None:
    credential = LDP_VC.issue(ATTESTATION, SEAL)
    presentation = json.loads(LDP_VC.present(credential, TYPE, [], HOLDING, at=NOW))
    assert presentation["verifiableCredential"] == [json.loads(credential)]
    assert (presentation["holder"], presentation["proof"]["domain"]) == (HOLDER, BINDING.audience)


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        (("credentialSubject",), True),
        (("credentialSubject", "address", "locality"), True),
        (("credentialSubject", "nationalities", None), True),
        (("credentialSubject", "nationalities", 1), True),
        (("credentialSubject", "nationalities", 2), False),
        (("credentialSubject", "nationalities", "NL"), False),
        (("credentialSubject", "nationalities", None, "x"), False),
        (("credentialSubject", "family_name", 0), False),
        (("credentialSubject", "family_name", None), False),
        (("credentialSubject", "id"), False),
        (("issuer",), False),
        (("family_name",), False),
    ],
)
def test_a_path_leads_to_a_claim_of_the_person_or_nowhere(path: tuple[str | int | None, ...], leads: bool) -> None:
    opened = LDP_VC.open(LDP_VC.issue(ATTESTATION, SEAL), TYPE)
    if leads:
        opened.present([path], HOLDING, at=NOW)
        return
    with pytest.raises(Misuse):
        opened.present([path], HOLDING, at=NOW)


def test_a_path_to_all_of_a_list_leads_there_where_the_list_is_empty_too() -> None:
    claims = {**CLAIMS, "nationalities": []}
    opened = LDP_VC.open(LDP_VC.issue(replace(ATTESTATION, claims=claims), SEAL), TYPE)
    opened.present([("credentialSubject", "nationalities", None)], HOLDING, at=NOW)


def test_a_holding_that_is_not_the_credentials_shows_nothing() -> None:
    opened = LDP_VC.open(LDP_VC.issue(ATTESTATION, SEAL), TYPE)
    others = [Holding(key=key, binding=BINDING) for key in (OTHER_KEY, P256_KEY)]
    nothing = [Holding(key=HOLDER_KEY, binding=Binding(audience=a, nonce=n)) for a, n in (("", "n"), ("a", ""))]
    holdings: list[Holding | Unbound] = [*others, *nothing, UNBOUND]
    for holding in holdings:
        with pytest.raises(Misuse):
            opened.present([], holding, at=NOW)


def test_a_credential_of_another_type_is_not_opened() -> None:
    credential = LDP_VC.issue(ATTESTATION, SEAL)
    with pytest.raises(Misuse):
        LDP_VC.open(credential, OTHER_TYPE)
    with pytest.raises(Malformed):
        LDP_VC.open(b"{}", TYPE)
    with pytest.raises(Misuse):
        LDP_VC.open(written({**json.loads(credential), "credentialSubject": [{"id": HOLDER, **CLAIMS}]}), TYPE)


def test_a_credential_that_names_a_key_of_another_algorithm_is_not_shown() -> None:
    document = json.loads(LDP_VC.issue(ATTESTATION, SEAL))
    document["credentialSubject"]["id"] = did.key_did(P256_KEY.public_key)
    with pytest.raises(Misuse):
        LDP_VC.open(written(document), TYPE).present([], Holding(key=P256_KEY, binding=BINDING), at=NOW)


def test_on_the_wire_a_token_is_a_json_object_and_nothing_else() -> None:
    token = written(signed())
    assert LDP_VC.to_wire(token) == json.loads(token)
    for value in (token.decode(), [signed()], None, 1):
        with pytest.raises(Malformed):
            LDP_VC.from_wire(value)


def test_the_format_says_what_it_cannot_do() -> None:
    assert LDP_VC.technical == frozenset()
    assert not any(LDP_VC.withholds(TYPE, one) for one in TYPE.attributes)
    assert any(one.presence is not Presence.ALWAYS for one in TYPE.attributes)
    assert LDP_VC.holder_algorithms == (HOLDER_KEY.public_key.algorithm,)
    assert json.loads(LDP_VC.schema(TYPE))["@context"]["family_name"] == "urn:example:person:1#family_name"


def test_the_trust_is_asked_for_the_method_of_the_controller_that_is_stated() -> None:
    trust = Issuers()
    verified(json.loads(LDP_VC.present(LDP_VC.issue(ATTESTATION, SEAL), TYPE, [], HOLDING, at=NOW)), trust=trust)
    assert trust.asked == [Method(controller=ISSUER, id=METHOD)]
    assert did.controller_of(METHOD) == ISSUER
