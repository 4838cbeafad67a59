"""Ours and the peers behind one face: a presentation and what was asked go in, a verdict comes out.

The peers are those of the dependency group `peers`, and are imported where they are called: what only looks at ours
needs none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from eigendata.crypto.keys import PublicKey
from eigendata.encoding import thaw
from eigendata.errors import Check, EigendataError, Malformed, Reason, Rejected
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.model import UNBOUND, Binding, CredentialType, Origin, Party, TrustedIssuer
from tests.differential.tokens import AUDIENCE, ISSUER, NONCE, VCT

TYPE: Final = CredentialType.foreign(VCT)
_KNOWN: Final = Check(name="ISSUER_KNOWN", clause="", reason=Reason.UNTRUSTED_ISSUER, rule="the issuer is known")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a verifier asked.

    Attributes:
        key: the issuer's, that was pinned beforehand.
        bound: a holder's proof for this session is demanded; otherwise none is.
    """

    key: PublicKey
    bound: bool = True


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a presentation: the claims, or None and why."""

    claims: Mapping[str, Any] | None
    why: str = ""
    slip: bool = False  # the no was an error of Python's own, and none that the library speaks of

    @property
    def accepted(self) -> bool:
        return self.claims is not None


@dataclass(frozen=True)
class _Pinned:
    key: PublicKey

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        if origin.issuer != ISSUER:
            raise Rejected(_KNOWN)
        return TrustedIssuer(party=Party(id=ISSUER, name="Issuer"), key=self.key)


def ours(token: bytes, asked: Asked) -> Verdict:
    binding = Binding(audience=AUDIENCE, nonce=NONCE) if asked.bound else UNBOUND
    try:
        presentation = SD_JWT_VC.parse_presentation(token)
        authentic = presentation.verify((TYPE,), binding, trust=_Pinned(asked.key), at=datetime.now(UTC))
    except Malformed as error:
        return Verdict(claims=None, why=f"Malformed: {error.message}")
    except Rejected as error:
        return Verdict(claims=None, why=error.check.name)
    except EigendataError as error:
        return Verdict(claims=None, why=f"{type(error).__name__}: {error.message}")
    claims = thaw(authentic.document)
    assert isinstance(claims, dict)
    return Verdict(claims=claims)


def sd_jwt(token: bytes, asked: Asked) -> Verdict:
    from jwcrypto.common import JWException
    from jwcrypto.jwk import JWK
    from sd_jwt.verifier import SDJWTVerifier

    key = JWK(**asked.key.jwk())
    session = (AUDIENCE, NONCE) if asked.bound else (None, None)

    def verify() -> Any:
        return SDJWTVerifier(token.decode("utf-8"), lambda issuer, header: key, *session).get_verified_payload()

    return _verdict(verify, JWException)


def openvc(token: bytes, asked: Asked) -> Verdict:
    from openvc.errors import OpenvcError
    from openvc.proof.sd_jwt import SdJwtVcProofSuite

    audience, nonce = (AUDIENCE, NONCE) if asked.bound else (None, None)

    def verify() -> Any:
        return (
            SdJwtVcProofSuite()
            .verify(
                token.decode("utf-8"),
                public_key_jwk=dict(asked.key.jwk()),
                audience=audience,
                nonce=nonce,
                require_key_binding=asked.bound,
                expected_vct=VCT,
            )
            .claims
        )

    return _verdict(verify, OpenvcError)


def vouchkit(token: bytes, asked: Asked) -> Verdict:
    from vouchkit.sdjwt import SdJwtError, verify_sd_jwt_vc

    def verify() -> Any:
        return verify_sd_jwt_vc(
            token.decode("utf-8"),
            dict(asked.key.jwk()),
            expected_aud=AUDIENCE if asked.bound else None,
            expected_nonce=NONCE if asked.bound else None,
            require_key_binding=asked.bound,
        ).claims

    return _verdict(verify, SdJwtError)


def polaris(token: bytes, asked: Asked) -> Verdict:
    from polaris_oid4vp.sdjwt import verify_presentation

    def verify() -> Any:
        verdict = verify_presentation(
            token.decode("utf-8"),
            expected_nonce=NONCE,
            expected_audience=AUDIENCE,
            issuer_jwks=[dict(asked.key.jwk())],
            expected_vct=VCT,
            require_key_binding=asked.bound,
        )
        if not verdict.authentic:
            raise _Refused(f"{verdict.code}: {verdict.reason}")
        return verdict.claims

    return _verdict(verify)


class _Refused(Exception):
    pass


def _verdict(verify: Callable[[], Any], *refusals: type[Exception]) -> Verdict:
    """Args: refusals: what the peer raises by its own account, beside ValueError."""
    try:
        return Verdict(claims=verify())
    except _Refused as refused:
        return Verdict(claims=None, why=str(refused))
    except (LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        return Verdict(claims=None, why=f"{type(error).__name__}: {error}", slip=True)
    except ValueError as error:
        return Verdict(claims=None, why=f"{type(error).__name__}: {error}")
    except refusals as error:
        return Verdict(claims=None, why=f"{type(error).__name__}: {error}")


PEERS: Final[Mapping[str, Callable[[bytes, Asked], Verdict]]] = {
    "sd-jwt": sd_jwt,
    "openvc-core": openvc,
    "vouchkit": vouchkit,
    "polaris-oid4vp": polaris,
}

TAKEN_OUT: Final = {"vouchkit": frozenset(("iss", "iat", "exp", "nbf", "cnf", "vct", "aud"))}
"""Top-level claims that a peer keeps from its caller."""


def same(left: Any, right: Any) -> bool:
    """Tell whether two JSON values are the same, true and 1 and 1.0 being three."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[name]) for name, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and bool(left == right)
