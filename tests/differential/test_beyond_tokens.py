"""What the page about the peers says of them besides the table: the JSON serialization, the query, and issuing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from eigendata.encoding import b64url_encode
from eigendata.formats.sdjwt import SD_JWT_VC, json_form
from tests.differential.holders import HOLDERS
from tests.differential.issuers import HOLDER, KEY, private_jwk, signing_key
from tests.differential.plain import plain
from tests.differential.tokens import AUDIENCE, DAY, ISSUER, NONCE, VCT, Draft, frame, now
from tests.differential.verifiers import Asked, openvc, ours

# -- the JWS JSON serialization, which of the peers sd-jwt alone reads ------------------------------------------------


def _in_an_older_place(form: dict[str, Any]) -> dict[str, Any]:
    """Put `disclosures` and `kb_jwt` where drafts before RFC 9901 had them: beside the header, not in it."""
    header = form["header"]
    return {**{name: form[name] for name in ("payload", "protected", "signature")}, **header}


def _by_sd_jwt(form: dict[str, Any]) -> dict[str, Any]:
    from jwcrypto.jwk import JWK
    from sd_jwt.verifier import SDJWTVerifier

    key = JWK(**KEY.public_key.jwk())
    verifier = SDJWTVerifier(json.dumps(form), lambda issuer, header: key, AUDIENCE, NONCE, serialization_format="json")
    payload: dict[str, Any] = verifier.get_verified_payload()
    return payload


def test_sd_jwt_has_disclosures_of_the_json_serialization_in_an_older_place() -> None:
    form = json_form.flattened(plain().token())
    with pytest.raises(KeyError):  # RFC 9901 8.1: in the unprotected header
        _by_sd_jwt(form)
    assert _by_sd_jwt(_in_an_older_place(form))["family_name"] == "Zandstra"


def test_in_the_json_serialization_sd_jwt_does_not_look_at_sd_hash() -> None:
    form: dict[str, Any] = json_form.flattened(plain().token())
    form["header"] = {**form["header"], "disclosures": form["header"]["disclosures"][1:]}
    assert "family_name" not in _by_sd_jwt(_in_an_older_place(form))  # RFC 9901 7.3 (5.7), 8.1
    assert ours(SD_JWT_VC.from_wire(form), Asked(key=KEY.public_key)).why == "SD_HASH"


# -- the query --------------------------------------------------------------------------------------------------------


def _withheld(issuer: str, nonce: str) -> str:
    """Give a good presentation that shows nothing of `income_ok`."""
    claims = {**frame(HOLDER), "iss": issuer, "_sd": [b64url_encode(bytes(32))]}
    made = replace(plain(), payload=claims, disclosures=())
    assert made.proof is not None
    return replace(made, proof=replace(made.proof, claims={"nonce": nonce})).token().decode()


_ASKED = {
    "credentials": [
        {
            "id": "income",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": [VCT]},
            "claims": [{"path": ["income_ok"], "values": [True]}],
        }
    ]
}


def test_openvc_leaves_the_claims_of_a_query_to_its_caller() -> None:
    from openvc.did.base import DidResolverRegistry
    from openvc.did.did_jwk import DidJwkResolver
    from openvc.openid4vp import verify_vp_token

    issuer = f"did:jwk:{b64url_encode(json.dumps(dict(KEY.public_key.jwk())).encode())}"
    registry = DidResolverRegistry()
    registry.register(DidJwkResolver())
    answer = {"income": [_withheld(issuer, NONCE)]}
    verified = verify_vp_token(answer, dcql_query=_ASKED, nonce=NONCE, client_id=AUDIENCE, resolver=registry)
    assert "income_ok" not in verified.presentations[0].raw.claims  # OpenID4VP 1.0 6.4.1, 8.6


def test_vouchkit_looks_whether_the_claims_of_a_query_are_there() -> None:
    from vouchkit.openid4vp import CredentialQuery, QueryNotSatisfied, Verifier

    verifier = Verifier(AUDIENCE, "https://verifier.example", trust_anchors={ISSUER: dict(KEY.public_key.jwk())})
    begun = verifier.start(CredentialQuery(id="income", vct=VCT, claims=("income_ok",)))
    with pytest.raises(QueryNotSatisfied):
        verifier.handle_response({"state": begun.state, "vp_token": {"income": [_withheld(ISSUER, begun.nonce)]}})


# -- issuing and showing ----------------------------------------------------------------------------------------------


def test_openvc_lets_claims_be_withheld_at_the_top_level_alone() -> None:
    from openvc.proof.sd_jwt import SdJwtError, SdJwtVcProofSuite

    claims = {"iss": ISSUER, "exp": now() + DAY, "address": {"street": "Lindenlaan"}}
    with pytest.raises(SdJwtError):
        SdJwtVcProofSuite().issue(claims, signing_key=signing_key(KEY), disclosable=["address.street"], vct=VCT)


def test_sd_jwt_shows_a_claim_alone_and_its_issuer_takes_no_other_hash() -> None:
    from jwcrypto.jwk import JWK
    from sd_jwt.common import SDJWTCommon, SDObj
    from sd_jwt.holder import SDJWTHolder
    from sd_jwt.issuer import SDJWTIssuer

    issued = SDJWTIssuer(
        {"iss": ISSUER, "address": {SDObj("street"): "L", SDObj("town"): "B"}}, JWK(**private_jwk(KEY))
    )
    holder = SDJWTHolder(issued.sd_jwt_issuance)
    holder.create_presentation({"address": {"street": True}})
    assert holder.sd_jwt_presentation.count("~") == 2
    assert SDJWTCommon.HASH_ALG["name"] == "sha-256"


def test_openvc_proves_by_the_hash_of_its_own_settings_and_not_of_the_credential() -> None:
    from openvc.proof.errors import ProofError
    from openvc.proof.sd_jwt import SdJwtVcProofSuite

    claims = {"iss": ISSUER, "exp": now() + DAY, "age": 41}
    holder = dict(HOLDER.public_key.jwk())
    made = SdJwtVcProofSuite(hash_name="sha-512").issue(
        claims, signing_key=signing_key(KEY), disclosable=["age"], holder_jwk=holder, vct=VCT
    )
    session = {"audience": AUDIENCE, "nonce": NONCE}
    shown = SdJwtVcProofSuite().create_presentation(made, holder_key=signing_key(HOLDER), **session)
    assert ours(shown.encode(), Asked(key=KEY.public_key)).why == "SD_HASH"  # RFC 9901 4.3.1
    with pytest.raises(ProofError):
        SdJwtVcProofSuite().verify(
            shown, public_key_jwk=dict(KEY.public_key.jwk()), require_key_binding=True, audience=AUDIENCE, nonce=NONCE
        )


def test_an_empty_session_makes_sd_jwt_look_at_no_proof() -> None:
    from jwcrypto.jwk import JWK
    from sd_jwt.verifier import SDJWTVerifier

    key = JWK(**KEY.public_key.jwk())
    token = plain(proof=False).token().decode()
    verifier = SDJWTVerifier(token, lambda issuer, header: key, "", "")  # as a lost session might give
    assert verifier.get_verified_payload()["family_name"] == "Zandstra"


# -- what they say beside yes and no ----------------------------------------------------------------------------------


def _of_unknown_status(issuer: str) -> Draft:
    return replace(plain(), payload={**frame(HOLDER), "iss": issuer, "status": {"other": 1}}, disclosures=())


def test_openvc_refuses_a_status_that_it_does_not_know_where_it_is_asked_whole() -> None:
    from openvc import verify_credential
    from openvc.did.base import DidResolverRegistry
    from openvc.did.did_jwk import DidJwkResolver
    from openvc.errors import OpenvcError

    issuer = f"did:jwk:{b64url_encode(json.dumps(dict(KEY.public_key.jwk())).encode())}"
    registry = DidResolverRegistry()
    registry.register(DidJwkResolver())
    token = replace(_of_unknown_status(issuer), proof=None).token().decode()
    with pytest.raises(OpenvcError, match="status"):
        verify_credential(token, resolver=registry)


def test_polaris_says_that_a_status_is_not_known() -> None:
    from polaris_oid4vp.sdjwt import verify_presentation

    token = _of_unknown_status(ISSUER).token().decode()
    jwks = [dict(KEY.public_key.jwk())]
    verdict = verify_presentation(token, expected_nonce=NONCE, expected_audience=AUDIENCE, issuer_jwks=jwks)
    assert verdict.authentic
    assert verdict.revocation["state"] == "unsupported_status"


@pytest.mark.parametrize(("nonce", "said"), [(NONCE, "expired"), ("another-nonce", "nonce")])
def test_openvc_says_of_an_expired_credential_whether_its_holder_showed_it(nonce: str, said: str) -> None:
    from openvc.proof.errors import ClaimsInvalid
    from openvc.proof.sd_jwt import SdJwtVcProofSuite

    made = replace(plain(), payload={**frame(HOLDER), "exp": now() - 3600}, disclosures=())
    assert made.proof is not None
    token = replace(made, proof=replace(made.proof, claims={"nonce": nonce})).token().decode()
    key = dict(KEY.public_key.jwk())
    with pytest.raises(ClaimsInvalid, match=said):
        SdJwtVcProofSuite().verify(token, public_key_jwk=key, require_key_binding=True, audience=AUDIENCE, nonce=NONCE)


@pytest.mark.parametrize("hash_name", ["sha-384", "sha-512"])
def test_what_openvc_issues_by_another_hash_we_show_and_it_accepts(hash_name: str) -> None:
    from openvc.proof.sd_jwt import SdJwtVcProofSuite

    made = SdJwtVcProofSuite(hash_name=hash_name).issue(
        {"iss": ISSUER, "exp": now() + DAY, "age": 41, "family_name": "Zandstra"},
        signing_key=signing_key(KEY),
        disclosable=["age", "family_name"],
        holder_jwk=dict(HOLDER.public_key.jwk()),
        vct=VCT,
    )
    token = HOLDERS["eigendata"](made.encode(), {"age"})
    for verdict in (ours(token, Asked(key=KEY.public_key)), openvc(token, Asked(key=KEY.public_key))):
        assert verdict.claims is not None
        assert verdict.claims["age"] == 41
        assert "family_name" not in verdict.claims
