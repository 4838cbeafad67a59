"""Credentials and presentations with whatever is wanted in them, signed all the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from eigendata import did
from eigendata.channel import openid4vp_redirect
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.errors import Check, Reason, Rejected
from eigendata.formats.di import LDP_VC, contexts
from eigendata.formats.di.proofs import EDDSA_JCS_2022, EDDSA_RDFC_2022, Suite
from eigendata.model import (
    Attribute,
    Authentic,
    Binding,
    CredentialType,
    Holding,
    Kind,
    Method,
    Origin,
    Party,
    Presence,
    TrustedIssuer,
    Unbound,
)

NOW: Final = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
ISSUER: Final = "did:web:boxtel.example"
ISSUER_KEY: Final = SoftwareKey.generate(Algorithm.EDDSA)
HOLDER_KEY: Final = SoftwareKey.generate(Algorithm.EDDSA)
OTHER_KEY: Final = SoftwareKey.generate(Algorithm.EDDSA)
P256_KEY: Final = SoftwareKey.generate(Algorithm.ES256)
HOLDER: Final = did.key_did(HOLDER_KEY.public_key)
METHOD: Final = f"{ISSUER}#key-1"
ABSENT: Final = object()
V2: Final = contexts.CREDENTIALS_V2


def attribute(*path: str, kind: Kind = Kind.TEXT, presence: Presence = Presence.PROMISED) -> Attribute:
    return Attribute(path=path, kind=kind, presence=presence, label={"nl": path[-1], "en": path[-1]})


TYPE: Final = CredentialType(
    id="urn:example:person:1",
    short="person",
    label={"nl": "Persoon", "en": "Person"},
    attributes=(
        attribute("issuing_authority", presence=Presence.ALWAYS),
        attribute("family_name"),
        attribute("birthdate", kind=Kind.DATE),
        attribute("birth_year", kind=Kind.YEAR),
        attribute("resident", kind=Kind.BOOLEAN),
        attribute("address", "locality"),
        attribute("nationalities", kind=Kind.COUNTRIES),
    ),
)
OTHER_TYPE: Final = CredentialType(id="urn:example:other:1", short="other", label={}, attributes=TYPE.attributes)
CLAIMS: Final[Mapping[str, Any]] = {
    "issuing_authority": "Gemeente Boxtel",
    "family_name": "Ummels",
    "birthdate": "1987-02-13",
    "birth_year": 1987,
    "resident": True,
    "address": {"locality": "Boxtel"},
    "nationalities": ["NL", "MA"],
}
BINDING: Final = openid4vp_redirect(
    client_id="redirect_uri:https://corporation.example/answer",
    nonce="nonce-of-this-session-and-of-no-other-one",
    response_uri="https://corporation.example/answer",
)
HOLDING: Final = Holding(key=HOLDER_KEY, binding=BINDING)

_UNKNOWN: Final = Check(name="UNKNOWN", clause="", reason=Reason.UNTRUSTED_ISSUER, rule="the issuer is known")


class Issuers:
    """Believes one key of one controller."""

    def __init__(self, key: PublicKey = ISSUER_KEY.public_key) -> None:
        self.key = key
        self.asked: list[Origin] = []

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        self.asked.append(origin)
        if origin != Method(controller=ISSUER, id=METHOD) and origin != Method(controller=HOLDER, id=OWN_METHOD):
            raise Rejected(_UNKNOWN)
        return TrustedIssuer(party=Party(id="https://boxtel.example", name="Gemeente Boxtel"), key=self.key)


OWN_METHOD: Final = did.key_method(HOLDER_KEY.public_key)


def without_absent(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ABSENT}


def subject(**changes: Any) -> dict[str, Any]:
    return without_absent({"id": HOLDER, **CLAIMS, **changes})


def document(**changes: Any) -> dict[str, Any]:
    """A credential without proof. `contexts` stands for `@context`."""
    made = {
        "@context": changes.pop("contexts", [V2, contexts.url(TYPE)]),
        "type": ["VerifiableCredential", contexts.name(TYPE)],
        "issuer": ISSUER,
        "validFrom": "2026-11-23T00:00:00Z",
        "validUntil": "2026-12-07T00:00:00Z",
        "credentialSubject": subject(),
        **changes,
    }
    return without_absent(made)


def options(**changes: Any) -> dict[str, Any]:
    made = {"created": "2026-11-23T00:00:00Z", "verificationMethod": METHOD, "proofPurpose": "assertionMethod"}
    return without_absent({**made, **changes})


def signed(
    of: Mapping[str, Any] | None = None,
    *,
    suite: Suite = EDDSA_JCS_2022,
    key: SoftwareKey = ISSUER_KEY,
    after: Mapping[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A credential with its proof; `after`: what is changed in the proof when it is signed already."""
    of = document() if of is None else of
    proof = suite.prove(of, options(**changes), key, contexts.known(TYPE))
    return {**of, "proof": without_absent({**proof, **(after or {})})}


def shown(
    credential: Any = None,
    *,
    suite: Suite = EDDSA_JCS_2022,
    key: SoftwareKey = HOLDER_KEY,
    around: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A presentation with its proof; `around`: members of it, `after`: changes in the proof after it was signed."""
    made: dict[str, Any] = without_absent(
        {
            "@context": [V2],
            "type": ["VerifiablePresentation"],
            "holder": HOLDER,
            "verifiableCredential": [signed() if credential is None else credential],
            **(around or {}),
        }
    )
    stated = options(
        **{
            "created": "2026-11-23T14:03:00Z",
            "verificationMethod": OWN_METHOD,
            "proofPurpose": "authentication",
            "challenge": BINDING.nonce,
            "domain": BINDING.audience,
            **changes,
        }
    )
    proof = suite.prove(made, stated, key, contexts.known(TYPE))
    return {**made, "proof": without_absent({**proof, **(after or {})})}


def written(token: Any) -> bytes:
    return json.dumps(token).encode()


def verified(
    token: Any, binding: Binding | Unbound = BINDING, *, trust: Issuers | None = None, at: datetime = NOW
) -> Authentic:
    presentation = LDP_VC.parse_presentation(token if isinstance(token, bytes) else written(token))
    return presentation.verify([OTHER_TYPE, TYPE], binding, trust=trust or Issuers(), at=at)


BOTH: Final = (EDDSA_JCS_2022, EDDSA_RDFC_2022)
