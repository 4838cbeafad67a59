"""Key proofs: each check has a proof that breaks only that check."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata import proofs
from eigendata.crypto.jose import parse_jws, sign_jws
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import Json, b64url_encode, json_dumps, json_loads
from eigendata.errors import Check, Malformed, Misuse, Reason, Rejected
from eigendata.model import ProvenKey, Witness
from eigendata.proofs import Challenge, prove, verify_proofs
from tests.negatives import negative

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ISSUER, NONCE = "https://boxtel.example", "a-nonce-of-the-issuer"
CHALLENGE = Challenge(audience=ISSUER, nonce=NONCE, types=("t:persoon:1",), expires_at=NOW + timedelta(minutes=15))
KEY = SoftwareKey.generate(Algorithm.ES256)
OTHER = SoftwareKey.generate(Algorithm.ES256)
LEFT_OUT = object()


def proof(key: SoftwareKey = KEY, header: Mapping[str, Any] | None = None, **claims: Any) -> bytes:
    """A proof of which members are replaced or left out."""
    whole = {"typ": "openid4vci-proof+jwt", "jwk": key.public_key.jwk(), **(header or {})}
    payload = {"aud": ISSUER, "iat": int(NOW.timestamp()), "nonce": NONCE, **claims}
    return sign_jws(kept(whole), json_dumps(kept(payload)), key)


def kept(members: Mapping[str, Any]) -> dict[str, Json]:
    return {name: value for name, value in members.items() if value is not LEFT_OUT}


def rejection(*given: bytes, at: datetime = NOW) -> Rejected:
    with pytest.raises(Rejected) as caught:
        verify_proofs(given, ISSUER, NONCE, at=at)
    return caught.value


def broken(*given: bytes, at: datetime = NOW) -> Check:
    return rejection(*given, at=at).check


# -- the honest way ---------------------------------------------------------------------------------------------------


def test_every_key_that_answers_the_challenge_is_proven_in_order() -> None:
    keys = [SoftwareKey.generate(algorithm) for algorithm in (*Algorithm, *Algorithm)]
    proven = verify_proofs(prove(CHALLENGE, keys, at=NOW), ISSUER, NONCE, at=NOW)
    assert [one.key for one in proven] == [one.public_key for one in keys]
    assert all(isinstance(one, ProvenKey) for one in proven)


def test_a_proof_is_as_the_specification_says() -> None:
    (written,) = prove(CHALLENGE, [KEY], at=NOW)
    jws = parse_jws(written)
    assert jws.header == {"alg": "ES256", "typ": "openid4vci-proof+jwt", "jwk": KEY.public_key.jwk()}
    assert json_loads(jws.payload) == {"aud": ISSUER, "iat": int(NOW.timestamp()), "nonce": NONCE}
    assert proof() != written  # signatures differ
    assert verify_proofs([proof()], ISSUER, NONCE, at=NOW)[0].key == KEY.public_key


def test_a_proof_is_for_each_of_different_keys() -> None:
    for keys in ([], [KEY, KEY], [KEY, SoftwareKey.from_secret(Algorithm.ES256, KEY.secret())]):
        with pytest.raises(Misuse):
            prove(CHALLENGE, keys, at=NOW)
    with pytest.raises(Misuse):
        prove(CHALLENGE, [KEY], at=NOW.replace(tzinfo=None))


def test_a_proven_key_is_not_made_without_a_proof() -> None:
    with pytest.raises(TypeError):
        ProvenKey(key=KEY.public_key)  # type: ignore[call-arg]
    with pytest.raises(Misuse):
        ProvenKey(key=KEY.public_key, witness="verified")  # type: ignore[arg-type]
    assert ProvenKey(key=KEY.public_key, witness=Witness.VERIFIED)


# -- check by check ---------------------------------------------------------------------------------------------------


def test_proof_present_no_proof_proves_nothing() -> None:
    assert broken() is proofs.PRESENT


@negative("NEG-SDJWTVC-003")
@pytest.mark.parametrize(
    "typ",
    [
        *(LEFT_OUT, "JWT", "jwt", "kb+jwt", "dc+sd-jwt", "statuslist+jwt", "oauth-authz-req+jwt"),
        "key-attestation+jwt",
        *("openid4vci-proof", "text/openid4vci-proof+jwt", ""),
    ],
)
def test_proof_typ_a_token_of_another_kind_is_no_proof(typ: Any) -> None:
    assert broken(proof(header={"typ": typ})) is proofs.TYP


def test_the_long_form_of_the_type_is_the_same_type() -> None:
    assert verify_proofs([proof(header={"typ": "application/openid4vci-proof+jwt"})], ISSUER, NONCE, at=NOW)


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "PS256", "ES256K", "ES512", "es256", "Ed25519 "])
def test_proof_alg_the_stated_algorithm_is_one_that_is_used(alg: str) -> None:
    assert broken(restated(proof(), alg)) is proofs.ALGORITHM


def restated(written: bytes, alg: str) -> bytes:
    """The same proof with another algorithm in its header, signed by the same key with its own."""
    jws = parse_jws(written)
    header = b64url_encode(json_dumps({**jws.header, "alg": alg})).encode()
    signing_input = header + b"." + written.split(b".")[1]
    return signing_input + b"." + b64url_encode(KEY.sign(signing_input)).encode()


@pytest.mark.parametrize("claim", ["aud", "iat"])
def test_proof_claims_what_must_be_there_is_there(claim: str) -> None:
    left_out: dict[str, Any] = {claim: LEFT_OUT}
    assert broken(proof(**left_out)) is proofs.CLAIMS


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": LEFT_OUT},
        {"jwk": LEFT_OUT, "kid": "did:key:z#1"},
        {"kid": "1"},
        {"kid": None},
        {"x5c": ["AA"]},
        {"x5c": []},
    ],
)
def test_proof_key_exactly_one_key_is_named_and_by_jwk(header: dict[str, Any]) -> None:
    assert broken(proof(header=header)) is proofs.KEY


@pytest.mark.parametrize("member", ["d", "k", "p", "oth"])
def test_proof_public_a_private_key_is_not_taken(member: str) -> None:
    assert broken(proof(header={"jwk": {**KEY.public_key.jwk(), member: "AA"}})) is proofs.PUBLIC


def test_proof_signature_the_key_in_the_proof_signed_it() -> None:
    assert broken(proof(header={"jwk": OTHER.public_key.jwk()})) is proofs.SIGNATURE
    header, payload, _ = proof().split(b".")
    other_signature = proof(aud="https://other.example").split(b".")[2]
    assert broken(b".".join((header, payload, other_signature))) is proofs.SIGNATURE


@pytest.mark.parametrize("alg", ["ES384", "EdDSA"])
def test_proof_signature_the_stated_algorithm_is_the_keys_own(alg: str) -> None:
    assert broken(restated(proof(), alg)) is proofs.SIGNATURE


@pytest.mark.parametrize("audience", [ISSUER + "/", ISSUER.upper(), "https://other.example", ""])
def test_proof_aud_a_proof_for_another_issuer_is_refused(audience: str) -> None:
    assert broken(proof(aud=audience)) is proofs.AUDIENCE


def test_proof_iss_a_proof_in_the_name_of_a_client_is_refused() -> None:
    for client in ("client", "", ISSUER):
        assert broken(proof(iss=client)) is proofs.ANONYMOUS


@pytest.mark.parametrize("nonce", [LEFT_OUT, "", NONCE + "x", NONCE.upper(), "another"])
def test_proof_nonce_a_proof_with_another_nonce_or_none_is_refused(nonce: Any) -> None:
    error = rejection(proof(nonce=nonce))
    assert error.check is proofs.NONCE
    assert error.reason is Reason.NONCE_INVALID


def test_proof_iat_a_proof_is_of_the_last_hour_and_not_of_the_future() -> None:
    second = timedelta(seconds=1)
    for moment in (NOW + proofs.MAX_AGE, NOW - proofs.MAX_AHEAD, NOW):
        assert verify_proofs([proof()], ISSUER, NONCE, at=moment)
    for moment in (NOW + proofs.MAX_AGE + second, NOW - proofs.MAX_AHEAD - second):
        assert broken(proof(), at=moment) is proofs.IN_TIME
    for issued_at in (0, 253_402_300_799):
        assert broken(proof(iat=issued_at)) is proofs.IN_TIME


def test_proof_distinct_no_key_is_proven_twice() -> None:
    error = rejection(proof(), proof(OTHER), proof())
    assert error.check is proofs.DISTINCT
    assert error.where == ("proof", 2)


def test_one_bad_proof_among_good_ones_sinks_all_and_is_pointed_at() -> None:
    for place in range(3):
        given = [proof(SoftwareKey.generate(Algorithm.ES256)) for _ in range(3)]
        given[place] = proof(nonce="another")
        error = rejection(*given)
        assert (error.check, error.where) == (proofs.NONCE, ("proof", place))


def test_every_reason_but_that_of_the_nonce_is_that_of_a_proof() -> None:
    others = {check.reason for check in proofs.CHECKS if check is not proofs.NONCE}
    assert others == {Reason.PROOF_INVALID}
    assert len({check.name for check in proofs.CHECKS}) == len(proofs.CHECKS)


def test_the_trail_of_a_refusal_holds_the_checks_before_it_in_order() -> None:
    error = rejection(proof(iat=0))
    assert [step.check for step in error.trail] == list(proofs.CHECKS[: proofs.CHECKS.index(proofs.IN_TIME)])


# -- bytes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": [ISSUER]},
        {"aud": None},
        {"aud": 1},
        {"nonce": 1},
        {"nonce": None},
        {"nonce": [NONCE]},
        {"iss": None},
        {"iss": 1},
        {"iat": str(int(NOW.timestamp()))},
        {"iat": NOW.timestamp() + 0.5},
        {"iat": float(int(NOW.timestamp()))},
        {"iat": True},
        {"iat": None},
        {"iat": -1},
        {"iat": 10**15},
    ],
    ids=str,
)
def test_a_claim_of_another_kind_is_malformed(claims: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        verify_proofs([proof(**claims)], ISSUER, NONCE, at=NOW)


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "RSA", "n": "AA", "e": "AQAB"},
        {**KEY.public_key.jwk(), "use": "enc"},
        {**KEY.public_key.jwk(), "x": "AA"},
    ],
)
def test_a_key_that_is_none_is_malformed(jwk: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as caught:
        verify_proofs([proof(SoftwareKey.generate(Algorithm.ES384)), proof(header={"jwk": jwk})], ISSUER, NONCE, at=NOW)
    assert caught.value.where == ("proof", 1)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_changed_proof_is_never_accepted(data: st.DataObject) -> None:
    changed = bytearray(proof())
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((Malformed, Rejected)):
        verify_proofs([bytes(changed)], ISSUER, NONCE, at=NOW)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_bytes_are_malformed_or_rejected(data: bytes, payload: bytes) -> None:
    header: dict[str, Json] = {"typ": "openid4vci-proof+jwt", "jwk": KEY.public_key.jwk()}
    for one in (data, sign_jws(header, payload or b"x", KEY)):
        with pytest.raises((Malformed, Rejected)):
            verify_proofs([one], ISSUER, NONCE, at=NOW)


def test_proofs_are_bounded_in_size_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Malformed):
        verify_proofs([proof(more="x" * proofs.PROOF_LIMIT)], ISSUER, NONCE, at=NOW)
    monkeypatch.setattr(proofs, "MAX_PROOFS", 2)
    three = [proof(SoftwareKey.generate(Algorithm.ES256)) for _ in range(3)]
    assert len(verify_proofs(three[:2], ISSUER, NONCE, at=NOW)) == 2
    with pytest.raises(Malformed):
        verify_proofs(three, ISSUER, NONCE, at=NOW)


def test_what_the_caller_forgot_is_misuse() -> None:
    for audience, nonce, at in (("", NONCE, NOW), (ISSUER, "", NOW), (ISSUER, NONCE, NOW.replace(tzinfo=None))):
        with pytest.raises(Misuse):
            verify_proofs([proof()], audience, nonce, at=at)


# -- the challenge ----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    audience=st.text(min_size=1, max_size=9),
    nonce=st.text(min_size=1, max_size=9),
    types=st.lists(st.text(max_size=9), min_size=1, max_size=3),
    seconds=st.integers(0, 4 * 10**9),
    zone=st.sampled_from([UTC, timezone(timedelta(hours=2))]),
)
def test_a_challenge_survives_its_file(
    audience: str, nonce: str, types: list[str], seconds: int, zone: timezone
) -> None:
    expires_at = datetime.fromtimestamp(seconds, zone)
    challenge = Challenge(audience=audience, nonce=nonce, types=tuple(types), expires_at=expires_at)
    assert Challenge.from_json(challenge.to_json()) == challenge


@pytest.mark.parametrize(
    "change",
    [
        {"credential_issuer": ""},
        {"credential_issuer": None},
        {"c_nonce": ""},
        {"c_nonce": 5},
        {"types": []},
        {"types": "t"},
        {"types": ["t", 1]},
        {"types": {"t": 1}},
        {"expires_at": 5},
        {"expires_at": "soon"},
        {"expires_at": "2026-03-01T12:00:00"},
        {"expires_at": "0001-01-01T00:00:00+23:00"},
        {"expires_at": ""},
    ],
    ids=str,
)
def test_what_is_no_challenge_is_malformed(change: dict[str, Any]) -> None:
    for value in ({**CHALLENGE.to_json(), **change}, [CHALLENGE.to_json()], None, "challenge", {}):
        with pytest.raises(Malformed):
            Challenge.from_json(value)


def test_only_the_public_key_leaves_with_a_proof() -> None:
    (written,) = prove(CHALLENGE, [KEY], at=NOW)
    assert PublicKey.from_jwk(parse_jws(written).header["jwk"]) == KEY.public_key
    assert b64url_encode(KEY.secret()).encode() not in written
