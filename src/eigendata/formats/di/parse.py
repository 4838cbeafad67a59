"""Credentials and presentations taken apart, all their structure looked at, nothing in them believed.

    bytes -> parse_credential   -> Credential: document without proof | its Proof
    bytes -> parse_presentation -> Shown: presentation without proof | its Proof | the one Credential in it

Only the JSON is looked at, by the rules of VCDM 2.0 section 4 and VC Data Integrity 1.0 section 2.1. What breaks a rule
that two honest readers could not read differently is left to `verify`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from eigendata.encoding import Json, date_time_stamp, json_object, multibase_decode
from eigendata.errors import Malformed, within

TOKEN_LIMIT: Final = 262_144
"""Octets of a credential or presentation: ours are some 4 kB."""

PROOF: Final = "proof"
BASE_TYPE: Final = "VerifiableCredential"
PRESENTATION_TYPE: Final = "VerifiablePresentation"

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+")
_OF_PROOFS: Final = frozenset(
    {
        *("@context", "id", "type", "cryptosuite", "created", "expires", "verificationMethod", "proofPurpose"),
        *("domain", "challenge", "nonce", "previousProof", "proofValue"),
    }
)
_OF_PRESENTATIONS: Final = frozenset({"@context", "id", "type", "holder", "verifiableCredential", PROOF})


class Proof(NamedTuple):
    """A proof taken apart.

    Attributes:
        options: all of it but its value.
        value: the signature; None where there is none.
        written: the signature as it is written.
        domain: the names in it, without order.
    """

    options: Mapping[str, Json]
    value: bytes | None
    written: str | None
    type: str | None
    suite: str | None
    method: str | None
    purpose: str | None
    created: datetime | None
    expires: datetime | None
    domain: frozenset[str]
    challenge: str | None

    def __repr__(self) -> str:
        return "<a proof>"


class Credential(NamedTuple):
    """A credential taken apart.

    Attributes:
        document: all of it but its proof.
        types: those in `type`, in their order.
        subject: what `credentialSubject` is, whatever that is.
    """

    document: Mapping[str, Json]
    proof: Proof | None
    types: tuple[str, ...]
    issuer: str
    subject: Json
    valid_from: datetime | None
    valid_until: datetime | None

    def __repr__(self) -> str:
        return "<a credential>"


class Shown(NamedTuple):
    """A presentation taken apart; of a credential that is shown as it is, only that.

    Attributes:
        document: all of it but its proof; None where there is no presentation around the credential.
        holder: whom it names as its holder.
    """

    credential: Credential
    document: Mapping[str, Json] | None
    proof: Proof | None
    holder: str | None

    def __repr__(self) -> str:
        return "<a presentation>"


def parse_credential(token: bytes) -> Credential:
    """Take apart a verifiable credential.

    Raises:
        Malformed: it is none.
    """
    return _credential(json_object(token, limit=TOKEN_LIMIT))


def parse_presentation(token: bytes) -> Shown:
    """Take apart a verifiable presentation of one credential, or a credential that is shown without one.

    Raises:
        Malformed: it is neither.
    """
    document = json_object(token, limit=TOKEN_LIMIT)
    if "verifiableCredential" not in document:
        return Shown(credential=_credential(document), document=None, proof=None, holder=None)
    if document.keys() - _OF_PRESENTATIONS or _names(document, "type") != (PRESENTATION_TYPE,):
        raise Malformed("not a verifiable presentation, or one that holds what is not read here")
    _require_context(document)
    _optional_url(document, "id")
    credential = document["verifiableCredential"]
    if isinstance(credential, list) and len(credential) == 1:
        credential = credential[0]
    if not isinstance(credential, Mapping):
        raise Malformed("a presentation holds one credential")
    holder = _named(document, "holder") if "holder" in document else None
    with within("verifiableCredential"):
        shown = _credential(credential)
    return Shown(
        credential=shown,
        document={name: value for name, value in document.items() if name != PROOF},
        proof=_proof(document),
        holder=holder,
    )


def _credential(document: Mapping[str, Json]) -> Credential:
    types = _names(document, "type")
    if BASE_TYPE not in types or "credentialSubject" not in document or "issuer" not in document:
        raise Malformed("not a verifiable credential with a subject and an issuer")
    _require_context(document)
    _optional_url(document, "id")
    valid_from, valid_until = _moment(document, "validFrom"), _moment(document, "validUntil")
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        raise Malformed("a credential that ceases to be valid before it begins to be")
    for name in ("credentialSchema", "credentialStatus"):
        if name in document:
            _require_typed(document[name], name, named=name == "credentialSchema")
    for name in ("name", "description"):
        if name in document and not isinstance(document[name], str):
            raise Malformed(f"{name} of a credential is no text")
    return Credential(
        document={name: value for name, value in document.items() if name != PROOF},
        proof=_proof(document),
        types=types,
        issuer=_named(document, "issuer"),
        subject=document["credentialSubject"],
        valid_from=valid_from,
        valid_until=valid_until,
    )


def _require_context(document: Mapping[str, Json]) -> None:
    """See that there is a list of contexts (VCDM 2.0 section 4.3); which, is for `verify`."""
    contexts = document.get("@context")
    if not isinstance(contexts, list) or not contexts:
        raise Malformed("@context is a list, with the context of credentials first")


def _names(document: Mapping[str, Json], name: str) -> tuple[str, ...]:
    value = document.get(name)
    several = (value,) if isinstance(value, str) else value
    if not isinstance(several, list | tuple) or not several:
        raise Malformed(f"{name} is one name or a list of them")
    names = tuple(one for one in several if isinstance(one, str) and one)
    if len(names) != len(several) or len(set(names)) != len(names):
        raise Malformed(f"{name} is one name or a list of different ones")
    return names


def _named(members: Mapping[str, Json], name: str) -> str:
    """Read who is meant: a URL, or an object that says it as `id` (VCDM 2.0 section 4.7)."""
    value = members[name]
    if isinstance(value, Mapping):
        if not value.keys() <= {"id", "name", "description"} or not all(isinstance(one, str) for one in value.values()):
            raise Malformed(f"{name} holds what is not read here")
        value = value.get("id")
    return _url(value, name)


def _optional_url(members: Mapping[str, Json], name: str) -> None:
    if name in members:
        _url(members[name], name)


def _url(value: Json, name: str) -> str:
    if not isinstance(value, str) or _URL.fullmatch(value) is None:
        raise Malformed(f"{name} is no URL, or not named by one")
    return value


def _moment(members: Mapping[str, Json], name: str) -> datetime | None:
    if name not in members:
        return None
    with within(name):
        return date_time_stamp(members[name])


def _require_typed(value: Json, what: str, *, named: bool) -> None:
    """See that each of some objects says of what type it is, and where it must, who it is (VCDM 2.0 4.10 and 4.11)."""
    for one in value if isinstance(value, list) else (value,):
        if not isinstance(one, Mapping):
            raise Malformed(f"{what} is no object")
        _names(one, "type")
        if named and "id" not in one:
            raise Malformed(f"{what} names no schema")
        _optional_url(one, "id")


def _proof(document: Mapping[str, Json]) -> Proof | None:
    """Read the one proof of a document. A list of proofs is not read: one is asked, and one is looked at."""
    if PROOF not in document:
        return None
    proof = document[PROOF]
    with within(PROOF):
        if not isinstance(proof, Mapping) or proof.keys() - _OF_PROOFS:
            raise Malformed("a proof is one object, and holds nothing that is not known of proofs")
        _optional_url(proof, "id")
        value = _text(proof, "proofValue")
        _text(proof, "nonce")
        return Proof(
            options={name: member for name, member in proof.items() if name != "proofValue"},
            value=None if value is None else _signature(value),
            written=value,
            type=_text(proof, "type"),
            suite=_text(proof, "cryptosuite"),
            method=_text(proof, "verificationMethod"),
            purpose=_text(proof, "proofPurpose"),
            created=_moment(proof, "created"),
            expires=_moment(proof, "expires"),
            domain=frozenset(_names(proof, "domain")) if "domain" in proof else frozenset(),
            challenge=_text(proof, "challenge"),
        )


def _signature(text: str) -> bytes:
    if not text.startswith("z"):  # VC-DI-EdDSA 1.0 section 2.2.1
        raise Malformed("proofValue is not in base58btc")
    return multibase_decode(text)


def _text(members: Mapping[str, Json], name: str) -> str | None:
    if name not in members:
        return None
    value = members[name]
    if not isinstance(value, str) or not value:
        raise Malformed(f"{name} is no text")
    return value
