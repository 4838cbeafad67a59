"""What a credential and a presentation must have, whatever it says: VCDM 2.0 section 4, looked at as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from eigendata.errors import Malformed
from eigendata.formats.di import LDP_VC
from eigendata.formats.di.parse import TOKEN_LIMIT, parse_credential, parse_presentation

from .forge import ABSENT, TYPE, document, options, shown, signed, without_absent, written

CREDENTIALS: list[tuple[str, dict[str, Any]]] = [
    ("no type", {"type": ABSENT}),
    ("another type", {"type": ["Person"]}),
    ("no types", {"type": []}),
    ("a type twice", {"type": ["VerifiableCredential", "VerifiableCredential"]}),
    ("a type that is none", {"type": ["VerifiableCredential", 1]}),
    ("a type that is empty", {"type": ["VerifiableCredential", ""]}),
    ("types in an object", {"type": {"VerifiableCredential": 1}}),
    ("no subject", {"credentialSubject": ABSENT}),
    ("no issuer", {"issuer": ABSENT}),
    ("an issuer that is no URL", {"issuer": "Gemeente Boxtel"}),
    ("an issuer without a name", {"issuer": {"name": "Gemeente Boxtel"}}),
    ("an issuer that says more", {"issuer": {"id": "did:web:boxtel.example", "logo": "x"}}),
    ("an issuer of another kind", {"issuer": {"id": "did:web:boxtel.example", "name": 1}}),
    ("issuers", {"issuer": ["did:web:boxtel.example"]}),
    ("no contexts", {"contexts": ABSENT}),
    ("an empty list of contexts", {"contexts": []}),
    ("one context", {"contexts": "https://www.w3.org/ns/credentials/v2"}),
    ("an id that is no URL", {"id": "1"}),
    ("an id of another kind", {"id": 1}),
    ("an id with a blank", {"id": "urn:a b"}),
    ("a day", {"validFrom": "2026-11-23"}),
    ("no time zone", {"validFrom": "2026-11-23T00:00:00"}),
    ("a moment that there is not", {"validUntil": "2026-02-30T00:00:00Z"}),
    ("a moment as a number", {"validUntil": 1}),
    ("null for a moment", {"validUntil": None}),
    ("an end before its beginning", {"validFrom": "2026-12-08T00:00:00Z"}),
    ("a name in a list", {"name": ["a"]}),
    ("a description in languages", {"description": {"nl": "a"}}),
    ("a schema that is none", {"credentialSchema": "https://boxtel.example/schema"}),
    ("a schema without a type", {"credentialSchema": {"id": "https://boxtel.example/schema"}}),
    ("a schema without a name", {"credentialSchema": {"type": "JsonSchema"}}),
    ("a schema that is not named by a URL", {"credentialSchema": [{"type": "JsonSchema", "id": "schema"}]}),
    ("a status without a type", {"credentialStatus": {"id": "https://boxtel.example/1"}}),
    ("a status that is none", {"credentialStatus": [1]}),
]
PROOFS: list[tuple[str, Any]] = [
    ("a list", [options()]),
    ("a list of several", [options(), options()]),
    ("a text", "proof"),
    ("null", None),
    ("more than is known", {**options(), "jws": "x"}),
    ("a type that is no text", {**options(), "type": 1}),
    ("an empty suite", {**options(), "cryptosuite": ""}),
    ("a value that is no text", {**options(), "proofValue": 1}),
    ("a value in base64url", {**options(), "proofValue": "uAAAA"}),
    ("a value that is no multibase", {**options(), "proofValue": "z0OIl"}),
    ("a nonce that is no text", {**options(), "nonce": 1}),
    ("a name that is no URL", {**options(), "id": "1"}),
    ("a moment without a zone", {**options(), "created": "2026-11-23T00:00:00"}),
    ("an end that is none", {**options(), "expires": "never"}),
    ("a domain that is none", {**options(), "domain": 1}),
    ("a domain twice", {**options(), "domain": ["a", "a"]}),
    ("no domain", {**options(), "domain": []}),
    ("a challenge that is no text", {**options(), "challenge": ["a"]}),
]
PRESENTATIONS: list[tuple[str, dict[str, Any]]] = [
    ("another type", {"type": ["VerifiableCredential"]}),
    ("a type beside", {"type": ["VerifiablePresentation", "Other"]}),
    ("more than is known", {"termsOfUse": {"type": "x"}}),
    ("no contexts", {"@context": ABSENT}),
    ("an id that is none", {"id": "1"}),
    ("a holder that is none", {"holder": "aisha"}),
    ("no credential", {"verifiableCredential": []}),
    ("two credentials", {"verifiableCredential": [document(), document()]}),
    ("an enveloped credential", {"verifiableCredential": "data:application/vc+jwt,e30.e30.e30"}),
    ("a credential in a list in a list", {"verifiableCredential": [[document()]]}),
    ("a credential that is none", {"verifiableCredential": {"type": "x"}}),
]


def test_a_credential_and_a_presentation_are_read() -> None:
    assert parse_credential(written(signed())).types == ("VerifiableCredential", "Person")
    assert parse_credential(written(document(type="VerifiableCredential"))).proof is None
    assert parse_presentation(written(shown())).document is not None
    assert parse_presentation(written(signed())).document is None


@pytest.mark.parametrize(("what", "changes"), CREDENTIALS, ids=[name for name, _ in CREDENTIALS])
def test_what_breaks_a_rule_of_credentials_is_none(what: str, changes: dict[str, Any]) -> None:
    token = document(**changes)
    for read in (parse_credential, parse_presentation):
        with pytest.raises(Malformed):
            read(written(token))
    with pytest.raises(Malformed):
        parse_presentation(written({**shown(), "verifiableCredential": [token]}))


@pytest.mark.parametrize(("what", "proof"), PROOFS, ids=[name for name, _ in PROOFS])
def test_what_is_no_proof_is_refused_wherever_it_stands(what: str, proof: Any) -> None:
    with pytest.raises(Malformed):
        parse_credential(written({**document(), "proof": proof}))
    with pytest.raises(Malformed):
        parse_presentation(written({**shown(), "proof": proof}))


@pytest.mark.parametrize(("what", "changes"), PRESENTATIONS, ids=[name for name, _ in PRESENTATIONS])
def test_what_breaks_a_rule_of_presentations_is_none(what: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_presentation(written(without_absent({**shown(), **changes})))


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": {"id": "did:web:boxtel.example", "name": "Boxtel", "description": "Een gemeente"}},
        {"validFrom": "2026-12-07T00:00:00Z"},  # VCDM 2.0 section 4.9: the same moment, or later
        {"validFrom": "2026-12-07T00:00:00Z", "validUntil": "2026-12-07T01:00:00+01:00"},
        {"name": "", "description": ""},
    ],
)
def test_what_keeps_the_rules_of_credentials_to_their_edge_is_one(changes: dict[str, Any]) -> None:
    assert parse_credential(written(document(**changes))).issuer == "did:web:boxtel.example"


def test_an_error_says_where_it_lies() -> None:
    proof = {**options(), "created": "now"}
    tokens: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        (document(validFrom="now"), ("validFrom",)),
        ({**document(), "proof": proof}, ("proof", "created")),
        ({**shown(), "proof": proof}, ("proof", "created")),
        ({**shown(), "verifiableCredential": {**document(), "proof": proof}}, (
            "verifiableCredential", "proof", "created",
        )),
    ]  # fmt: skip
    for token, where in tokens:
        with pytest.raises(Malformed) as malformed:
            parse_presentation(written(token))
        assert malformed.value.where == where


def test_a_presentation_is_no_credential() -> None:
    with pytest.raises(Malformed):
        parse_credential(written(shown()))


def test_a_token_of_a_quarter_of_a_mebibyte_is_the_largest() -> None:
    token = written(signed()).ljust(262_144)
    assert parse_credential(token).proof is not None
    for read in (parse_credential, parse_presentation):
        with pytest.raises(Malformed):
            read(token + b" ")


def test_a_token_is_bounded_and_strict_json() -> None:
    whole = written(signed())
    for token in (
        whole + b" " * TOKEN_LIMIT,
        whole[:-1],
        b"[]",
        whole.replace(b'{"@context"', b'{"id":"a:b","id":"a:c","@context"', 1),
    ):
        with pytest.raises(Malformed):
            parse_credential(token)


def test_nothing_of_a_token_is_in_how_it_is_printed() -> None:
    credential, presentation = parse_credential(written(signed())), parse_presentation(written(shown()))
    assert (repr(credential), repr(credential.proof)) == ("<a credential>", "<a proof>")
    assert (repr(presentation), repr(presentation.proof)) == ("<a presentation>", "<a proof>")
    assert repr(LDP_VC.parse_credential(written(signed()))) == "<an unverified credential>"
    assert repr(LDP_VC.parse_presentation(written(shown()))) == "<an unverified presentation>"
    assert repr(LDP_VC.open(written(signed()), TYPE)) == "<a credential>"
