"""A credential and a presentation without their proofs, of a type of ours."""

from __future__ import annotations

from typing import Any, Final

from eigendata.formats.di import contexts
from eigendata.formats.di.terms import Contexts
from eigendata.model import Attribute, CredentialType, Kind, Presence

LABEL: Final = {"nl": "iets", "en": "something"}
HOLDER: Final = "did:example:holder"
ISSUER: Final = "did:web:issuer.example"


def attribute(*path: str, kind: Kind = Kind.TEXT) -> Attribute:
    return Attribute(path=path, kind=kind, label=LABEL, presence=Presence.PROMISED)


THING: Final = CredentialType(
    id="urn:example:thing:1",
    short="thing",
    label=LABEL,
    attributes=(
        attribute("nick"),
        attribute("born", kind=Kind.DATE),
        attribute("moved", kind=Kind.YEAR_MONTH),
        attribute("since", kind=Kind.YEAR),
        attribute("adult", kind=Kind.BOOLEAN),
        attribute("years", kind=Kind.YEARS),
        attribute("nationalities", kind=Kind.COUNTRIES),
        attribute("place", "street"),
        attribute("place", "town"),
        attribute("absent", "born", kind=Kind.BOOLEAN),
    ),
)
KNOWN: Final = contexts.known(THING)


def credential(**members: Any) -> dict[str, Any]:
    """Give a credential with these members besides, or in place of its own."""
    return {
        "@context": [contexts.CREDENTIALS_V2, contexts.url(THING)],
        "id": "urn:uuid:1",
        "type": ["VerifiableCredential", "Thing"],
        "issuer": ISSUER,
        "validFrom": "2026-05-01T00:00:00Z",
        "credentialSubject": subject(),
        **members,
    }


def subject(**members: Any) -> dict[str, Any]:
    return {
        "id": HOLDER,
        "nick": "Aisha",
        "born": "1984-02-29",
        "since": 2015,
        "adult": True,
        "years": [2015, 2015],
        "nationalities": ["NL", "SY"],
        "place": {"street": "Markt", "town": "Boxtel"},
        **members,
    }


def presentation(*credentials: Any, **members: Any) -> dict[str, Any]:
    return {
        "@context": [contexts.CREDENTIALS_V2],
        "type": ["VerifiablePresentation"],
        "holder": HOLDER,
        "verifiableCredential": list(credentials or (credential(),)),
        **members,
    }


def with_context(terms: dict[str, Any]) -> tuple[Contexts, list[str]]:
    """Give the known contexts with one more, and what an `@context` that names that one alone says."""
    return Contexts({**KNOWN, "urn:test:context": {"@context": terms}}), ["urn:test:context"]
