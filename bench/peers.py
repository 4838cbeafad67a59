"""The same work by other libraries of Python, where they are installed: `pip install --group peers`.

Every verifier is given the presentations that ours is given, and the issuer's key: none is asked to look at a chain of
certificates, and none knows a type's metadata. (polaris-oid4vp keeps no chain that it verified, and so is given tokens
without one.) Each issues the same 20 claims to a holder's key and shows the same three, in its own way: openvc-core
leaves choosing the disclosures to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from bench.cases import BINDING, CLAIMS, ISSUER, PATHS, SHOWN, TYPE, Round, Setting, Shown
from bench.measure import Case, cpu
from eigendata.crypto.keys import SoftwareKey
from eigendata.encoding import b64url_encode
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.model import Holding, Named, Seal

PEERS: Final = ("vouchkit", "openvc-core", "polaris-oid4vp", "sd-jwt")


def installed() -> Mapping[str, str]:
    """Give the versions of the peers that are there."""
    found = {}
    for name in PEERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def peer_cases(setting: Setting) -> Iterator[Case[Round]]:
    """Give verifying, issuing and presenting by each peer that is there, as far as it does that."""
    makers: Mapping[str, Callable[[Setting], Mapping[str, Callable[[Round], float]]]] = {
        "vouchkit": _vouchkit,
        "openvc-core": _openvc,
        "polaris-oid4vp": _polaris,
        "sd-jwt": _sd_jwt,
    }
    for name in installed():
        for verb, cost in makers[name](setting).items():
            yield Case(name=f"{verb}: {name}", cost=cost)


def _tokens(round: Round) -> list[str]:
    return [one.presentation.decode("ascii") for one in round.shown]


def _payload(setting: Setting) -> dict[str, Any]:
    issued = int(setting.at.timestamp())
    expires = int((setting.at + timedelta(days=14)).timestamp())
    return {"iss": ISSUER, "vct": TYPE.id, "iat": issued, "nbf": issued, "exp": expires}


def _private_jwk(key: SoftwareKey) -> dict[str, str]:
    return {**key.public_key.jwk(), "d": b64url_encode(key.secret())}


def _vouchkit(setting: Setting) -> Mapping[str, Callable[[Round], float]]:
    from vouchkit.sdjwt import verify_sd_jwt_vc
    from vouchkit.testkit import TestHolder, TestIssuer

    jwk = setting.key.public_key.jwk()
    issuer = TestIssuer(issuer=ISSUER, key=setting.key.to_cryptography())

    def verify(token: str) -> object:
        return verify_sd_jwt_vc(token, jwk, expected_aud=BINDING.audience, expected_nonce=BINDING.nonce)

    def issue(one: Shown) -> Any:
        return issuer.issue(CLAIMS, vct=TYPE.id, holder_jwk=one.key.public_key.jwk())

    def present(one: tuple[Any, Any]) -> object:
        holder, (token, disclosures) = one
        return holder.present(token, disclosures, list(SHOWN), aud=BINDING.audience, nonce=BINDING.nonce)

    def held(one: Shown) -> tuple[Any, Any]:
        return TestHolder(key=one.key.to_cryptography()), issue(one)

    return {
        "verify": lambda made: cpu(verify, _tokens(made)),
        "issue": lambda made: cpu(issue, made.shown),
        "present": lambda made: cpu(present, map(held, made.shown)),
    }


def _openvc(setting: Setting) -> Mapping[str, Callable[[Round], float]]:
    from openvc.keys import P256SigningKey
    from openvc.proof.sd_jwt import SdJwtVcProofSuite

    suite = SdJwtVcProofSuite()
    jwk = setting.key.public_key.jwk()
    private: Any = setting.key.to_cryptography()  # of a curve that openvc-core names in its types
    signer = P256SigningKey(private, "2026")

    def verify(token: str) -> object:
        return suite.verify(
            token,
            public_key_jwk=jwk,
            audience=BINDING.audience,
            nonce=BINDING.nonce,
            require_key_binding=True,
            expected_vct=TYPE.id,
        )

    def issue(one: Shown) -> object:
        claims = {**_payload(setting), **CLAIMS}
        holder = one.key.public_key.jwk()
        return suite.issue(claims, signing_key=signer, disclosable=tuple(CLAIMS), holder_jwk=holder, vct=TYPE.id)

    def present(one: tuple[Any, str]) -> object:
        key, token = one
        return suite.create_presentation(token, holder_key=key, audience=BINDING.audience, nonce=BINDING.nonce)

    def held(one: Shown) -> tuple[Any, str]:
        chosen = one.presentation[: one.presentation.rindex(b"~") + 1]
        private: Any = one.key.to_cryptography()
        return P256SigningKey(private, "1"), chosen.decode("ascii")

    return {
        "verify": lambda made: cpu(verify, _tokens(made)),
        "issue": lambda made: cpu(issue, made.shown),
        "present": lambda made: cpu(present, map(held, made.shown)),
    }


def _polaris(setting: Setting) -> Mapping[str, Callable[[Round], float]]:
    from polaris_oid4vp.sdjwt import verify_presentation

    keys = [setting.key.public_key.jwk()]
    seal = Seal(signer=setting.key, origin=Named(issuer=ISSUER))  # a chain it would verify anew each time

    def verify(token: str) -> None:
        verdict = verify_presentation(
            token,
            expected_nonce=BINDING.nonce,
            expected_audience=BINDING.audience,
            issuer_jwks=keys,
            expected_vct=TYPE.id,
        )
        assert verdict.authentic, verdict.reason

    def unchained(one: Shown) -> str:
        credential = SD_JWT_VC.issue(one.attestation, seal)
        holding = Holding(key=one.key, binding=BINDING)
        return SD_JWT_VC.present(credential, TYPE, PATHS, holding, at=setting.at).decode("ascii")

    return {"verify": lambda made: cpu(verify, map(unchained, made.shown))}


def _sd_jwt(setting: Setting) -> Mapping[str, Callable[[Round], float]]:
    from jwcrypto.jwk import JWK
    from sd_jwt.common import SDObj
    from sd_jwt.holder import SDJWTHolder
    from sd_jwt.issuer import SDJWTIssuer
    from sd_jwt.verifier import SDJWTVerifier

    public, private = JWK(**setting.key.public_key.jwk()), JWK(**_private_jwk(setting.key))

    def verify(token: str) -> object:
        verifier = SDJWTVerifier(token, lambda issuer, header: public, BINDING.audience, BINDING.nonce)
        return verifier.get_verified_payload()

    def issue(key: Any) -> Any:
        claims = {**_payload(setting), **{SDObj(name): value for name, value in CLAIMS.items()}}
        return SDJWTIssuer(claims, private, key, extra_header_parameters={"typ": SD_JWT_VC.name})

    def present(one: tuple[Any, Any]) -> None:
        key, holder = one
        holder.create_presentation(dict.fromkeys(SHOWN, True), BINDING.nonce, BINDING.audience, key)

    def held(one: Shown) -> tuple[Any, Any]:
        return JWK(**_private_jwk(one.key)), SDJWTHolder(one.credential.decode("ascii"))

    return {
        "verify": lambda made: cpu(verify, _tokens(made)),
        "issue": lambda made: cpu(issue, [JWK(**one.key.public_key.jwk()) for one in made.shown]),
        "present": lambda made: cpu(present, map(held, made.shown)),
    }
