"""Credentials as we and the peers issue them, of claims that hypothesis draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from hypothesis import strategies as st

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import b64url_encode
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.model import Attestation, Named, Seal
from tests.differential.strategies import NAMES, SCALARS
from tests.differential.tokens import DAY, HOLDER_KEYS, ISSUER, ISSUER_KEYS, VCT, now
from tests.differential.verifiers import TYPE

KEY: Final = ISSUER_KEYS[Algorithm.ES256]
HOLDER: Final = HOLDER_KEYS[Algorithm.ES256]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be issued.

    Attributes:
        hidden: the claims that their holder may withhold, by an issuer who lets that be chosen.
        decoys: how many digests of nothing are wished for.
        seed: decides what is hidden inside the claims, by an issuer who can do that.
    """

    claims: Mapping[str, Any]
    hidden: frozenset[str]
    decoys: int
    seed: int


_VALUES: Final[st.SearchStrategy[Any]] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    claims = draw(st.dictionaries(NAMES, _VALUES, max_size=6))
    hidden = frozenset(name for name in claims if draw(st.booleans()))
    return Plan(claims=claims, hidden=hidden, decoys=draw(st.integers(0, 3)), seed=draw(st.integers(0, 2**32)))


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A credential, and the names of the claims that its holder may withhold."""

    token: bytes
    withheld: frozenset[str]


def private_jwk(key: SoftwareKey) -> dict[str, str]:
    return {**key.public_key.jwk(), "d": b64url_encode(key.secret())}


def signing_key(key: SoftwareKey) -> Any:
    """Give a key as openvc-core wants it."""
    from openvc.keys import P256SigningKey

    private: Any = key.to_cryptography()
    return P256SigningKey(private, "1")


def _ours(plan: Plan) -> Issued:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    attestation = Attestation(
        type=TYPE,
        issuer=ISSUER,
        claims=plan.claims,
        holder=HOLDER.public_key,
        issued_at=today,
        expires_at=today + timedelta(days=14),
    )
    token = SD_JWT_VC.issue(attestation, Seal(signer=KEY, origin=Named(issuer=ISSUER)))
    return Issued(token=token, withheld=frozenset(plan.claims))


def _sd_jwt(plan: Plan) -> Issued:
    from jwcrypto.jwk import JWK
    from sd_jwt.common import SDObj
    from sd_jwt.issuer import SDJWTIssuer

    coin = Random(plan.seed)

    def mark(value: Any) -> Any:
        if isinstance(value, dict):
            return {SDObj(name) if coin.random() < 0.5 else name: mark(member) for name, member in value.items()}
        if isinstance(value, list):
            return [SDObj(mark(element)) if coin.random() < 0.5 else mark(element) for element in value]
        return value

    marked = {SDObj(name) if name in plan.hidden else name: mark(value) for name, value in plan.claims.items()}
    made = SDJWTIssuer(
        {"iss": ISSUER, "vct": VCT, "iat": now(), "exp": now() + DAY, **marked},
        JWK(**private_jwk(KEY)),
        JWK(**HOLDER.public_key.jwk()),
        add_decoy_claims=plan.decoys > 0,
        extra_header_parameters={"typ": "dc+sd-jwt"},
    )
    return Issued(token=made.sd_jwt_issuance.encode(), withheld=plan.hidden)


def _openvc(plan: Plan) -> Issued:
    from openvc.proof.sd_jwt import SdJwtVcProofSuite

    token = SdJwtVcProofSuite().issue(
        {"iss": ISSUER, "exp": now() + DAY, **plan.claims},
        signing_key=signing_key(KEY),
        disclosable=sorted(plan.hidden),
        holder_jwk=dict(HOLDER.public_key.jwk()),
        vct=VCT,
        decoys=plan.decoys,
    )
    return Issued(token=token.encode(), withheld=plan.hidden)


ISSUERS: Final[Mapping[str, Callable[[Plan], Issued]]] = {
    "eigendata": _ours,
    "sd-jwt": _sd_jwt,
    "openvc-core": _openvc,
}
