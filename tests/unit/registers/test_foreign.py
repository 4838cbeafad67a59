"""Types of others: a policy accepts them in the formats in which they exist, and nobody issues them here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from cryptography import x509 as lib
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from eigendata.crypto.iaca import DOCUMENT_SIGNER, EU_DOCUMENT_SIGNER, SIGNER_USE, make_issuing_authority
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_issuer_certificate
from eigendata.errors import Malformed, Misuse, Rejected
from eigendata.formats import FORMATS
from eigendata.model import (
    NO_STATUS_CHECK,
    Answer,
    Attestation,
    Chain,
    CredentialType,
    Disclosure,
    DocumentSigner,
    Holding,
    Origin,
    Presentation,
    Seal,
)
from eigendata.once import MemoryOnce
from eigendata.policies import Policy, read_policy, read_uses
from eigendata.registers.catalogue import CATALOGUE
from eigendata.registers.foreign import FOREIGN, PID, PID_NL, PROOF_OF_AGE
from eigendata.trust import Trust
from eigendata.verifier import Verifier
from tests.world import AT, CORPORATION, FORMAT, MDOC, TODAY, World

PROVIDER: Final = "https://pid.example"
ROOT_KEY, KEY, HOLDER = (SoftwareKey.generate(Algorithm.ES256) for _ in range(3))
ROOT = make_issuing_authority("PID provider", ROOT_KEY, uri=PROVIDER, crl=f"{PROVIDER}/crl", at=AT)
LEAF = make_issuer_certificate(
    KEY.public_key,
    name="PID provider",
    uri=PROVIDER,
    authority=ROOT,
    authority_key=ROOT_KEY,
    at=AT,
    municipality=None,
)
TYPES: Final[Mapping[str, CredentialType]] = {**CATALOGUE, **FOREIGN}


def signer(use: str) -> bytes:
    """A document signer as the EU's reference issuers have it: without an alternative name."""
    root = lib.load_der_x509_certificate(ROOT)
    names = [(NameOID.COUNTRY_NAME, "NL"), (NameOID.COMMON_NAME, "PID DS - 01")]
    usage = dict.fromkeys(
        (
            *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    builder = (
        lib.CertificateBuilder()
        .subject_name(lib.Name([lib.NameAttribute(oid, value) for oid, value in names]))
        .issuer_name(root.subject)
        .public_key(KEY.public_key.to_cryptography())
        .serial_number(lib.random_serial_number())
        .not_valid_before(TODAY)
        .not_valid_after(TODAY + timedelta(days=450))
        .add_extension(
            lib.AuthorityKeyIdentifier.from_issuer_public_key(ROOT_KEY.public_key.to_cryptography()), critical=False
        )
        .add_extension(lib.KeyUsage(digital_signature=True, **usage), critical=True)
        .add_extension(lib.ExtendedKeyUsage([lib.ObjectIdentifier(use)]), critical=True)
    )
    return builder.sign(ROOT_KEY.to_cryptography(), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def trust(*, use: str | None = None) -> Trust:
    pem = dump_pem_chain([ROOT]).decode()
    stated = "" if use is None else f'signer_use = "{use}"\n'
    return Trust.loads(
        f'[issuers."{PROVIDER}"]\nname = "A PID provider"\nanchors = ["""{pem}"""]\niaca = true\n{stated}'
        f"types = {list(FOREIGN)}\n"
    )


def policy(question: str, types: list[str], claims: list[str], rule: str) -> Policy:
    """A policy of the tests' own about somebody whom others say something of."""
    uses = read_uses(
        b'[uses."test/others"]\nlabel = { nl = "Proef", en = "Test" }\n'
        + "".join(f'identify."{one}" = {claims}\nmay."{one}" = {claims}\n' for one in types).encode(),
        types=TYPES,
    )
    text = f"""
id = "test/others"
version = "1"
use = "test/others"
legal_basis = ["AVG 6(1)(a)"]
max_source_age_days = 14
other_channel = "balie"
[purpose]
nl = "Een proef"
en = "A test"
[keep]
otherwise = "0 days"
[[questions]]
id = "{question}"
types = {types}
ask = {claims}
identify = true
undated = true
[[rules]]
absent = "any"
advice = "niet_af_te_leiden"
[rules.because]
nl = "Een gegeven ontbreekt."
en = "Something is missing."
{rule}
[[rules]]
otherwise = true
advice = "voldoet"
[rules.because]
nl = "Het is goed."
en = "It is fine."
"""
    return read_policy(text.encode(), types=TYPES, uses=uses)


PERSON = policy("wie", [PID.id, PID_NL.id], ["family_name", "birthdate", "nationalities"], "")
OLD_ENOUGH = policy(
    "leeftijd",
    [PROOF_OF_AGE.id],
    ["age_over_18"],
    """
[[rules]]
claim = "leeftijd.age_over_18"
is = false
advice = "voldoet_niet"
[rules.because]
nl = "U moet 18 jaar of ouder zijn."
en = "You must be 18 or older."
""",
)
CLAIMS: Final[Mapping[str, Any]] = {
    "family_name": "Zandstra",
    "given_name": "Aisha",
    "birthdate": "1984-02-29",
    "nationalities": ["NL"],
    "address": {"locality": "Boxtel", "country": "NL"},
    "sex": 2,
    "issuing_country": "NL",
}


def answered(
    asked: Policy, type: CredentialType, format: str, claims: Mapping[str, Any], *, use: str = DOCUMENT_SIGNER
) -> Disclosure:
    """Let a provider issue one credential of theirs, and a verifier of ours ask and verify it under a policy."""
    expected = None if use == DOCUMENT_SIGNER else use
    verifier = Verifier(
        CORPORATION,
        trust=trust(use=expected),
        status=NO_STATUS_CHECK,
        once=MemoryOnce(),
        policies=(asked,),
        types=TYPES,
        formats=FORMATS,
    )
    request = verifier.ask(asked, home={}, at=AT)
    (query,) = [
        one
        for one in request.query.credentials
        if one.format == format and FORMATS[format].type_id(type) in one.type_ids
    ]
    token = FORMATS[format].present(
        issued(type, format, claims, use),
        type,
        [claim.path for claim in query.claims],
        Holding(key=HOLDER, binding=request.binding),
        at=AT,
    )
    answer = Answer(presentations={query.id: (Presentation(format=format, token=token),)})
    return verifier.verify(answer, request, at=AT)


def issued(type: CredentialType, format: str, claims: Mapping[str, Any], use: str) -> bytes:
    origins: dict[str, Origin] = {
        FORMAT: Chain(certificates=(LEAF,), issuer=PROVIDER),
        MDOC: DocumentSigner(certificates=(signer(use),)),
    }
    attestation = Attestation(
        type=type,
        issuer=PROVIDER,
        claims=claims,
        holder=HOLDER.public_key,
        issued_at=TODAY,
        expires_at=TODAY + timedelta(days=14),
    )
    return FORMATS[format].issue(attestation, Seal(signer=KEY, origin=origins[format]))


@pytest.mark.parametrize(("type", "format"), [(PID, FORMAT), (PID, MDOC), (PID_NL, FORMAT)])
def test_a_policy_accepts_person_identification_data_of_the_eu_and_of_the_netherlands(
    type: CredentialType, format: str
) -> None:
    disclosure = answered(PERSON, type, format, CLAIMS)
    assert disclosure["wie"].type == type
    assert disclosure["wie"].issuer.name == "A PID provider"
    assert disclosure["wie"].claims == {
        "family_name": "Zandstra",
        "birthdate": "1984-02-29",
        "nationalities": ("NL",),
    }


def test_an_mdoc_of_it_has_the_elements_of_the_rulebook() -> None:
    shown = FORMATS[MDOC].parse_credential(issued(PID, MDOC, CLAIMS, DOCUMENT_SIGNER))
    document = shown.verify([PID], trust=trust(), at=AT).document
    assert document == {
        "eu.europa.ec.eudi.pid.1": {
            "family_name": "Zandstra",
            "given_name": "Aisha",
            "birth_date": "1984-02-29",
            "nationality": ("NL",),
            "resident_city": "Boxtel",
            "resident_country": "NL",
            "sex": 2,
            "issuing_country": "NL",
        }
    }


@pytest.mark.parametrize(("old", "advice"), [(True, "voldoet"), (False, "voldoet_niet")])
@pytest.mark.parametrize("use", [DOCUMENT_SIGNER, EU_DOCUMENT_SIGNER])
def test_a_policy_accepts_a_proof_of_age(old: bool, advice: str, use: str) -> None:
    disclosure = answered(OLD_ENOUGH, PROOF_OF_AGE, MDOC, {"age_over_18": old}, use=use)
    assert disclosure["leeftijd"].claims == {"age_over_18": old}
    assert disclosure.advice is not None
    assert str(disclosure.advice.advice) == advice


def test_a_type_is_asked_in_the_formats_in_which_it_exists_and_in_no_other() -> None:
    asked = [
        (one.format, one.type_ids[0]) for one in PERSON.compile({}, types=TYPES, formats=FORMATS).query.credentials
    ]
    assert asked == [(FORMAT, PID.id), (MDOC, "eu.europa.ec.eudi.pid.1"), (FORMAT, PID_NL.id)]
    (age,) = OLD_ENOUGH.compile({}, types=TYPES, formats=FORMATS).query.credentials
    assert (age.format, age.type_ids) == (MDOC, ("eu.europa.ec.av.1",))
    with pytest.raises(Misuse):
        OLD_ENOUGH.compile({}, types=TYPES, formats={FORMAT: FORMATS[FORMAT]})


# -- what a document signer is certified for --------------------------------------------------------------------------


def test_a_document_signer_is_certified_for_what_the_trust_file_says_and_for_nothing_else() -> None:
    for stated, used in ((DOCUMENT_SIGNER, EU_DOCUMENT_SIGNER), (EU_DOCUMENT_SIGNER, DOCUMENT_SIGNER)):
        credential = FORMATS[MDOC].parse_credential(issued(PROOF_OF_AGE, MDOC, {"age_over_18": True}, used))
        credential.verify([PROOF_OF_AGE], trust=trust(use=used), at=AT)
        with pytest.raises(Rejected) as rejected:
            credential.verify([PROOF_OF_AGE], trust=trust(use=stated), at=AT)
        assert rejected.value.check is SIGNER_USE


@pytest.mark.parametrize("use", ["", "1", "1.2.x", "3.1.2", "1.02.3", "1." * 40 + "1"])
def test_what_a_signer_is_certified_for_is_an_object_identifier(use: str) -> None:
    with pytest.raises(Malformed):
        trust(use=use)


# -- nobody issues them here ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type", FOREIGN.values(), ids=lambda one: one.short)
def test_no_issuer_of_ours_issues_what_others_declare(type: CredentialType) -> None:
    boxtel = World.make().boxtel
    with pytest.raises(Misuse):
        replace(boxtel, types=(*boxtel.types, type))
    assert type.id not in CATALOGUE
    assert type.register == ""


def test_every_claim_of_a_type_of_others_has_a_label_and_a_place_of_its_own() -> None:
    for one in FOREIGN.values():
        for name in FORMATS:
            if one.exists_in(name):
                places = [FORMATS[name].place(one, each) for each in one.attributes]
                assert len(set(places)) == len(places)
        assert all(each.label.keys() == {"nl", "en"} for each in one.attributes)
