"""Proofs of a holder's keys (OpenID4VCI 1.0, proof type `jwt`): from the issuer's challenge to `ProvenKey`.

    issuer: Challenge(audience, nonce) -> wallet: prove(challenge, signers) -> bytes, one for each key
                                       -> issuer: verify_proofs(proofs, audience, nonce) -> ProvenKey, one for each key

Credentials are issued to a `ProvenKey` only, and only this module makes one. All proofs of a request hold, or none
does. Whether the nonce is one that the issuer gave, has not expired and was not used before, the issuer sees to.

Only keys inside the proof (`jwk`) are taken. A key attestation, where a wallet sends one, is not evaluated: nothing
here says how well a wallet keeps its keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from eigendata.crypto.jose import Jws, parse_jws, sign_jws
from eigendata.crypto.keys import Algorithm, PublicKey, Signer, is_public
from eigendata.encoding import Json, json_dumps, json_object
from eigendata.errors import Check, Malformed, Misuse, Reason, Trail, within
from eigendata.model import ProvenKey, Witness, utc

PROOF_LIMIT: Final = 8_192
"""Bytes of one proof: with a P-384 key and a long nonce it is some 700."""

MAX_PROOFS: Final = 1_000
"""Proofs in one request: each costs a signature, and a hundred copies of each of ten types are enough."""

MAX_AGE: Final = timedelta(hours=1)
"""How old a proof may be. The nonce, which the issuer dates itself, is the sharper limit."""

MAX_AHEAD: Final = timedelta(seconds=60)
"""How far a wallet's clock may be ahead."""

MAX_TEXT: Final = 2_048
"""Characters of each text in a challenge. A wallet keeps them with every key that it makes for one."""

MAX_TYPES: Final = 64
"""Credentials in a challenge, one a type and format: twice as many as a wallet takes in one session."""

_TYP: Final = "openid4vci-proof+jwt"
_ALGORITHMS: Final = frozenset(str(one) for one in Algorithm)
_OTHER_KEYS: Final = frozenset({"kid", "x5c"})
_LAST_MOMENT: Final = 253_402_300_799  # the last second of the year 9999, in seconds since 1970

PRESENT: Final = Check(
    name="PROOF_PRESENT",
    clause="OpenID4VCI 1.0 F",
    reason=Reason.PROOF_INVALID,
    rule="There is at least one key proof.",
)
TYP: Final = Check(
    name="PROOF_TYP",
    clause="OpenID4VCI 1.0 F.4 (2)",
    reason=Reason.PROOF_INVALID,
    rule="The key proof states that it is an openid4vci-proof+jwt.",
)
ALGORITHM: Final = Check(
    name="PROOF_ALG",
    clause="OpenID4VCI 1.0 F.4 (3)",
    reason=Reason.PROOF_INVALID,
    rule="The key proof states an asymmetric signature algorithm that is supported.",
)
CLAIMS: Final = Check(
    name="PROOF_CLAIMS",
    clause="OpenID4VCI 1.0 F.4 (1)",
    reason=Reason.PROOF_INVALID,
    rule="The key proof holds its audience and the moment at which it was made.",
)
KEY: Final = Check(
    name="PROOF_KEY",
    clause="OpenID4VCI 1.0 F.1",
    reason=Reason.PROOF_INVALID,
    rule="The key proof holds its key as jwk, and names no other by kid or x5c.",
)
PUBLIC: Final = Check(
    name="PROOF_PUBLIC",
    clause="OpenID4VCI 1.0 F.4 (5)",
    reason=Reason.PROOF_INVALID,
    rule="The key in the key proof is a public key.",
)
SIGNATURE: Final = Check(
    name="PROOF_SIGNATURE",
    clause="OpenID4VCI 1.0 F.4 (4)",
    reason=Reason.PROOF_INVALID,
    rule="The signature of the key proof is by the key in it, with that key's own algorithm.",
)
AUDIENCE: Final = Check(
    name="PROOF_AUD",
    clause="OpenID4VCI 1.0 F.1",
    reason=Reason.PROOF_INVALID,
    rule="The key proof is meant for this issuer.",
)
ANONYMOUS: Final = Check(
    name="PROOF_ISS",
    clause="OpenID4VCI 1.0 F.1",
    reason=Reason.PROOF_INVALID,
    rule="The key proof names no client, as none is known here.",
)
NONCE: Final = Check(
    name="PROOF_NONCE",
    clause="OpenID4VCI 1.0 F.4 (6)",
    reason=Reason.NONCE_INVALID,
    rule="The key proof repeats the issuer's nonce.",
)
IN_TIME: Final = Check(
    name="PROOF_IAT",
    clause="OpenID4VCI 1.0 F.4 (7)",
    reason=Reason.PROOF_INVALID,
    rule="The key proof was made within the last hour, and not in the future.",
)
DISTINCT: Final = Check(
    name="PROOF_DISTINCT",
    clause="OpenID4VCI 1.0 8.2",
    reason=Reason.PROOF_INVALID,
    rule="No key is proven twice in one request.",
)

CHECKS: Final = (
    PRESENT, TYP, ALGORITHM, CLAIMS, KEY, PUBLIC, SIGNATURE, AUDIENCE, ANONYMOUS, NONCE, IN_TIME, DISTINCT,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What an issuer asks a wallet to sign, with each key to which a credential is to be issued.

    Attributes:
        audience: the issuer's identifier.
        nonce: the issuer's `c_nonce`.
        types: identifiers of the types that would be issued.
        formats: in which each of them would be; empty where that is one, for which any key will do.
        expires_at: aware, in UTC.
    """

    audience: str
    nonce: str
    types: tuple[str, ...]
    formats: tuple[str, ...] = ()
    expires_at: datetime

    @property
    def credentials(self) -> int:
        """Count the credentials that would be issued, one a type and format: as many keys are needed for each copy."""
        return len(self.types) * (len(self.formats) or 1)

    def to_json(self) -> dict[str, Json]:
        """Give the challenge as it is handed to a wallet in a file."""
        return {
            "credential_issuer": self.audience,
            "c_nonce": self.nonce,
            "types": list(self.types),
            "formats": list(self.formats),
            "expires_at": utc(self.expires_at).isoformat(),
        }

    @classmethod
    def from_json(cls, value: Json) -> Challenge:
        """Read a challenge.

        Raises:
            Malformed: a member is missing, of another kind, or larger than any issuer's.
        """
        given = value.get("formats", []) if isinstance(value, Mapping) else []
        match value:
            case {
                "credential_issuer": str(audience),
                "c_nonce": str(nonce),
                "types": [*types],
                "expires_at": str(expires_at),
            } if audience and nonce and types and all(isinstance(one, str) for one in types):
                challenge = cls(
                    audience=audience,
                    nonce=nonce,
                    types=tuple(map(str, types)),
                    formats=_formats(given),
                    expires_at=_moment(expires_at),
                )
            case _:
                raise Malformed("not a challenge: credential_issuer, c_nonce, types and expires_at")
        texts = (audience, nonce, *challenge.types, *challenge.formats)
        if challenge.credentials > MAX_TYPES or any(len(one) > MAX_TEXT for one in texts):
            raise Malformed(f"a challenge holds {MAX_TYPES} types, and {MAX_TEXT} characters in a text, at most")
        return challenge


def _formats(value: Json) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise Malformed("the formats of a challenge are a list of names")
    return tuple(dict.fromkeys(map(str, value)))


def prove(challenge: Challenge, signers: Sequence[Signer], *, at: datetime) -> tuple[bytes, ...]:
    """Sign a challenge with each key, and give one proof for each, in their order.

    Raises:
        Misuse: there is no key, one comes twice, or `at` is naive.

    Source: OpenID4VCI 1.0 F.1, without `iss`: the wallet is no registered client.
    """
    if not signers or len({one.public_key for one in signers}) != len(signers):
        raise Misuse("a proof is for each of one or more different keys")
    payload = json_dumps({"aud": challenge.audience, "iat": int(utc(at).timestamp()), "nonce": challenge.nonce})
    return tuple(sign_jws({"typ": _TYP, "jwk": one.public_key.jwk()}, payload, one) for one in signers)


def verify_proofs(
    proofs: Sequence[bytes], challenge_audience: str, nonce: str, *, at: datetime
) -> tuple[ProvenKey, ...]:
    """Verify all proofs of one request, and give their keys, in their order.

    Args:
        challenge_audience: the issuer's own identifier.
        nonce: the one that all must repeat. That it is the issuer's own, fresh and unused is the issuer's to see to.

    Raises:
        Rejected: one of `CHECKS` does not hold for one of them; `where` says which.
        Malformed: one is no JWS with the claims of a proof, its key is none that is used here, or there are too many.
        Misuse: `at` is naive, or the audience or the nonce is empty.

    Source: OpenID4VCI 1.0 F.4.
    """
    at = utc(at)
    if not challenge_audience or not nonce:
        raise Misuse("proofs are verified for an issuer and a nonce; one of them is empty")
    if len(proofs) > MAX_PROOFS:
        raise Malformed(f"there are {len(proofs)} proofs; at most {MAX_PROOFS} are read")
    parsed = [_parse(index, proof) for index, proof in enumerate(proofs)]
    trail = Trail()
    trail.require(PRESENT, bool(parsed))
    keys: dict[PublicKey, None] = {}
    for index, proof in enumerate(parsed):
        with within("proof", index):
            key = _verify(proof, challenge_audience, nonce, at, trail)
            trail.require(DISTINCT, key not in keys)
            keys[key] = None
    return tuple(ProvenKey(key=key, witness=Witness.VERIFIED) for key in keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proof:
    """A proof taken apart: every claim is of its kind, or not there."""

    jws: Jws
    audience: str | None
    issued_at: datetime | None
    nonce: str | None
    issuer: str | None


def _parse(index: int, proof: bytes) -> _Proof:
    with within("proof", index):
        jws = parse_jws(proof, limit=PROOF_LIMIT)
        claims = json_object(jws.payload)
        issued_at = claims.get("iat")
        if "iat" in claims and (type(issued_at) is not int or not 0 <= issued_at <= _LAST_MOMENT):
            raise Malformed("iat of a key proof is no moment in whole seconds")
        return _Proof(
            jws=jws,
            audience=_text(claims, "aud"),
            issued_at=datetime.fromtimestamp(issued_at, UTC) if type(issued_at) is int else None,
            nonce=_text(claims, "nonce"),
            issuer=_text(claims, "iss"),
        )


def _text(claims: Mapping[str, Json], name: str) -> str | None:
    value = claims.get(name)
    if name in claims and not isinstance(value, str):
        raise Malformed(f"{name} of a key proof is no text")
    return value if isinstance(value, str) else None


def _verify(proof: _Proof, audience: str, nonce: str, at: datetime, trail: Trail) -> PublicKey:
    header = proof.jws.header
    trail.require(TYP, proof.jws.typ == _TYP)
    trail.require(ALGORITHM, proof.jws.alg in _ALGORITHMS)
    stated_audience = trail.some(CLAIMS, proof.audience if proof.issued_at is not None else None)
    jwk = header.get("jwk")
    trail.require(KEY, isinstance(jwk, Mapping) and header.keys().isdisjoint(_OTHER_KEYS))
    trail.require(PUBLIC, is_public(jwk))
    key = PublicKey.from_jwk(jwk)
    trail.require(SIGNATURE, proof.jws.is_by(key))
    trail.require(AUDIENCE, stated_audience == audience)
    trail.require(ANONYMOUS, proof.issuer is None)
    trail.require(NONCE, proof.nonce == nonce)
    trail.require(IN_TIME, proof.issued_at is not None and at - MAX_AGE <= proof.issued_at <= at + MAX_AHEAD)
    return key


def _moment(text: str) -> datetime:
    try:
        return utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError, Misuse) as error:
        raise Malformed("expires_at of a challenge is no moment with a time zone (RFC 3339)") from error
