"""One issuer, one holder and one type, and a forge: tokens of any payload and any disclosures, signed as if meant.

forged(payload=..., disclosures=...) -> a presentation whose signatures hold, and which may break any other rule
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from eigendata.crypto.jose import sign_jws
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import b64url_encode
from eigendata.errors import Check, Reason, Rejected
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.model import (
    Attestation,
    Attribute,
    Authentic,
    Binding,
    Chain,
    CredentialType,
    Holding,
    Kind,
    Named,
    Origin,
    Party,
    Presence,
    Seal,
    TrustedIssuer,
    Unbound,
)

ISSUER = "https://boxtel.example"
KEY_ID = "2026"
DAY = datetime(2026, 11, 23, tzinfo=UTC)
NOW = DAY + timedelta(hours=14, minutes=3)
ISSUER_KEY = SoftwareKey.generate(Algorithm.ES256)
HOLDER_KEY = SoftwareKey.generate(Algorithm.ES256)
OTHER_KEY = SoftwareKey.generate(Algorithm.ES256)
BINDING = Binding(audience="redirect_uri:https://corporation.example/answer", nonce="n-0S6_WzA2Mj")
HOLDING = Holding(key=HOLDER_KEY, binding=BINDING)
SEAL = Seal(signer=ISSUER_KEY, origin=Named(issuer=ISSUER, key_id=KEY_ID))

NOT_TRUSTED = Check(name="NOT_TRUSTED", clause="", reason=Reason.UNTRUSTED_ISSUER, rule="the source knows the issuer")


def attribute(*path: str, kind: Kind = Kind.TEXT, presence: Presence = Presence.PROMISED) -> Attribute:
    return Attribute(path=path, kind=kind, presence=presence, label={"nl": path[-1], "en": path[-1]})


PERSON = CredentialType(
    id="urn:example:person:1",
    short="person",
    label={"nl": "Persoon", "en": "Person"},
    attributes=(
        attribute("authority", presence=Presence.ALWAYS),
        attribute("family_name"),
        attribute("age", kind=Kind.INTEGER),
        attribute("resident", kind=Kind.BOOLEAN),
        attribute("address", "street"),
        attribute("address", "town"),
        attribute("nationalities", kind=Kind.COUNTRIES),
        attribute("set", presence=Presence.OPTIONAL),
    ),
)
ANY = CredentialType(id="https://other.example/any", short="any", label={}, attributes=())
"""A type of which nothing is known but its name: what a plain query may ask for."""

CLAIMS: Mapping[str, Any] = {
    "authority": "Gemeente Boxtel",
    "family_name": "Bouazza-Ummels",
    "age": 41,
    "resident": True,
    "address": {"street": "Zandvlietplein", "town": "Boxtel-Noord"},
    "nationalities": ("NL", "MA"),
    "set": "qJ7m0-zeldzaam",
}


@dataclass(frozen=True)
class Source:
    """A trust source that knows one issuer, and notes whom it was asked for."""

    key: SoftwareKey = ISSUER_KEY
    refuse: Exception | None = None
    asked: list[tuple[Origin, str]] = field(default_factory=list)

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        self.asked.append((origin, type.id))
        if self.refuse is not None:
            raise self.refuse
        if isinstance(origin, Named) and origin.issuer != ISSUER:
            raise Rejected(NOT_TRUSTED)
        if isinstance(origin, Chain) and origin.issuer not in (None, ISSUER):
            raise Rejected(NOT_TRUSTED)
        return TrustedIssuer(party=Party(id=ISSUER, name="Boxtel"), key=self.key.public_key)


def attestation(**changes: Any) -> Attestation:
    return Attestation(
        **{
            "type": PERSON,
            "issuer": ISSUER,
            "claims": CLAIMS,
            "holder": HOLDER_KEY.public_key,
            "issued_at": DAY,
            "expires_at": DAY + timedelta(days=14),
            **changes,
        }
    )


def issued(**changes: Any) -> bytes:
    return SD_JWT_VC.issue(attestation(**changes), SEAL)


def verified(
    token: bytes,
    binding: Binding | Unbound = BINDING,
    *,
    trust: Source | None = None,
    at: datetime = NOW,
    type: CredentialType = PERSON,
) -> Authentic:
    presentation = SD_JWT_VC.parse_presentation(token)
    return presentation.verify([type], binding, trust=trust or Source(), at=at)


def parts(token: bytes) -> tuple[bytes, list[bytes], bytes]:
    first, *disclosures, last = token.split(b"~")
    return first, disclosures, last


# -- the forge --------------------------------------------------------------------------------------------------------

ABSENT = object()
"""A member that is given this value is left out."""


def disclosure(*contents: Any) -> bytes:
    return raw_disclosure(json.dumps(list(contents)).encode())


def raw_disclosure(text: bytes) -> bytes:
    return b64url_encode(text).encode()


def digest(one: bytes, algorithm: str = "sha256") -> str:
    return b64url_encode(hashlib.new(algorithm, one).digest())


def payload(**changes: Any) -> dict[str, Any]:
    """A payload of type ANY in which everything is as it must be; `**changes` spoil it."""
    made: dict[str, Any] = {
        "iss": ISSUER,
        "vct": ANY.id,
        "iat": int(DAY.timestamp()),
        "exp": int(DAY.timestamp()) + 86400,
        "cnf": {"jwk": HOLDER_KEY.public_key.jwk()},
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ABSENT}


def signed(claims: Any, header: Mapping[str, Any] | None = None, key: SoftwareKey = ISSUER_KEY) -> bytes:
    return signed_bytes(json.dumps(claims).encode(), header, key)


def signed_bytes(claims: bytes, header: Mapping[str, Any] | None = None, key: SoftwareKey = ISSUER_KEY) -> bytes:
    full = {"typ": "dc+sd-jwt", "kid": KEY_ID, **(header or {})}
    full = {name: value for name, value in full.items() if value is not ABSENT}
    alg = full.pop("alg", None)
    if alg is None:
        return sign_jws(full, claims, key)
    # a header that lies about its algorithm is not made by `sign_jws`
    start = f"{b64url_encode(json.dumps({'alg': alg, **full}).encode())}.{b64url_encode(claims)}".encode()
    return start + b"." + b64url_encode(key.sign(start)).encode()


def proof(
    shown: bytes,
    header: Mapping[str, Any] | None = None,
    key: SoftwareKey = HOLDER_KEY,
    *,
    hash: str = "sha256",
    **changes: Any,
) -> bytes:
    """A holder's proof over these bytes in which everything is as it must be; `**changes` spoil it."""
    made = {
        "iat": int(NOW.timestamp()),
        "aud": BINDING.audience,
        "nonce": BINDING.nonce,
        "sd_hash": digest(shown, hash),
        **changes,
    }
    claims = {name: value for name, value in made.items() if value is not ABSENT}
    return signed(claims, {"typ": "kb+jwt", "kid": ABSENT, **(header or {})}, key)


def forged(
    claims: Any = None,
    disclosures: tuple[bytes, ...] = (),
    *,
    header: Mapping[str, Any] | None = None,
    key: SoftwareKey = ISSUER_KEY,
    bound: bool | Callable[[bytes], bytes] = True,
) -> bytes:
    """A presentation of any payload with any disclosures. `bound`: with a good proof, with none, or with another."""
    first = signed(payload() if claims is None else claims, header, key)
    shown = b"~".join((first, *disclosures, b""))
    if bound is False:
        return shown
    return shown + (proof(shown) if bound is True else bound(shown))


def held(*disclosures: bytes, **changes: Any) -> bytes:
    """A presentation with these disclosures, their digests in the top level's `_sd`."""
    return forged(payload(_sd=[digest(one) for one in disclosures], **changes), disclosures)
