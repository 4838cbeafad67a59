"""One issuer, one holder, one type and one session, as ours and as a foreign library is told of them.

auth0/mdl and pymdoccbor take the moment from the clock: all that is good is so today.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from eigendata.channel import openid4vp_dc_api, openid4vp_redirect
from eigendata.crypto.iaca import make_document_signer
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority
from eigendata.encoding import b64url_encode
from eigendata.model import (
    Attribute,
    Binding,
    CredentialType,
    DocumentSigner,
    Kind,
    Presence,
    Seal,
)
from eigendata.trust import Trust

NOW: Final = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=3)


def now() -> datetime:
    """Give the moment at which something is verified that another library dated by its own clock a moment ago."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=3)


TODAY: Final = NOW.replace(hour=0, minute=0, second=0)
CERTIFIED: Final = TODAY - timedelta(days=90)
UNTIL: Final = TODAY + timedelta(days=14)
ISSUER: Final = "https://boxtel.example"

AUTHORITY_KEY: Final = SoftwareKey.generate(Algorithm.ES256)
ISSUER_KEY: Final = SoftwareKey.generate(Algorithm.ES256)
HOLDER_KEY: Final = SoftwareKey.generate(Algorithm.ES256)
OTHER_KEY: Final = SoftwareKey.generate(Algorithm.ES256)
AUTHORITY: Final = make_authority("Gemeente Boxtel", AUTHORITY_KEY, at=CERTIFIED)
OTHER_AUTHORITY: Final = make_authority("Gemeente Boxtel", OTHER_KEY, at=CERTIFIED)
"""Of the same name and with another key."""


def signer(key: SoftwareKey = ISSUER_KEY, authority: bytes = AUTHORITY, by: SoftwareKey = AUTHORITY_KEY) -> bytes:
    """Certify a document signer."""
    return make_document_signer(
        key.public_key, name="Gemeente Boxtel", uri=ISSUER, authority=authority, authority_key=by, at=CERTIFIED
    )


SIGNER: Final = signer()
SEAL: Final = Seal(signer=ISSUER_KEY, origin=DocumentSigner(certificates=(SIGNER,), issuer=ISSUER))


def _attribute(*path: str, kind: Kind = Kind.TEXT, presence: Presence = Presence.OPTIONAL) -> Attribute:
    return Attribute(path=path, kind=kind, presence=presence, label={"nl": path[-1], "en": path[-1]})


PERSON: Final = CredentialType(
    id="org.example.person.1",
    short="person",
    label={"nl": "Persoon", "en": "Person"},
    attributes=(
        _attribute("issuing_authority", presence=Presence.ALWAYS),
        _attribute("family_name"),
        _attribute("given_name"),
        _attribute("birth_date", kind=Kind.DATE),
        _attribute("birth_year", kind=Kind.YEAR),
        _attribute("age_over_18", kind=Kind.BOOLEAN),
        _attribute("address", "locality"),
        _attribute("nationality", kind=Kind.COUNTRIES),
        _attribute("remark"),
    ),
)
"""`birth_date` and `nationality` are called so because pymdoccbor writes those, and no others, as a date and a list."""
NAMESPACE: Final = PERSON.id
CLAIMS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "issuing_authority": "Gemeente Boxtel",
        "family_name": "Çelik-van der Veen",
        "given_name": "Aïsha",
        "birth_date": "1984-02-29",
        "birth_year": 1984,
        "age_over_18": True,
        "address": {"locality": "Boxtel"},
        "nationality": ("NL", "TR"),
        "remark": "é" * 150,
    }
)
VALUES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        **{name: value for name, value in CLAIMS.items() if name != "address"},
        "birth_date": {"date": "1984-02-29"},
        "address_locality": "Boxtel",
    }
)
"""The same as the elements of a namespace, a date as what it is."""
SHOWN: Final = ("issuing_authority", "family_name", "birth_date", "age_over_18", "nationality", "remark")
SEEN: Final[Mapping[str, Any]] = MappingProxyType({**CLAIMS, "nationality": ["NL", "TR"], "address_locality": "Boxtel"})
"""The elements as JSON gives them, a date as its text."""

TRUST: Final = Trust.loads(
    f'[issuers."{ISSUER}"]\nname = "Gemeente Boxtel"\nanchors = ["""{dump_pem_chain([AUTHORITY]).decode()}"""]\n'
    f'types = ["{PERSON.id}"]\nmunicipalities = ["0757"]\n'
)


def jwk(key: SoftwareKey, *, private: bool = False) -> dict[str, str]:
    """Give a key as JWK."""
    return {**key.public_key.jwk(), **({"d": b64url_encode(key.secret())} if private else {})}


# -- the session ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Session:
    """One session, as ours are bound to it and as others are told of it.

    Attributes:
        parts: what a library makes a transcript from.
        transcript: ours, for a library that makes none of its own.
    """

    binding: Binding
    parts: Mapping[str, str]

    @property
    def transcript(self) -> Mapping[str, str]:
        return {"transcript": self.binding.transcript.hex()}


THUMBPRINT: Final = hashlib.sha256(b"the key that the answer is encrypted to").digest()


def redirect(
    *,
    client_id: str = "redirect_uri:https://corporation.example/answer",
    nonce: str = "nonce-of-this-session",
    response_uri: str = "https://corporation.example/answer",
    thumbprint: bytes | None = None,
) -> Session:
    binding = openid4vp_redirect(client_id=client_id, nonce=nonce, response_uri=response_uri, encryption_key=thumbprint)
    parts = {"clientId": client_id, "nonce": nonce, "responseUri": response_uri}
    return Session(binding=binding, parts={**parts, **_thumbprint(thumbprint)})


def dc_api(
    *,
    origin: str = "https://corporation.example",
    nonce: str = "nonce-of-this-session",
    thumbprint: bytes | None = None,
) -> Session:
    binding = openid4vp_dc_api(origin=origin, nonce=nonce, encryption_key=thumbprint)
    return Session(binding=binding, parts={"origin": origin, "nonce": nonce, **_thumbprint(thumbprint)})


def _thumbprint(thumbprint: bytes | None) -> Mapping[str, str]:
    return {} if thumbprint is None else {"jwkThumbprint": thumbprint.hex()}
