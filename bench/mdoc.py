"""What is measured of mdoc: issuing 25 elements, and verifying a response that shows 5 of them.

Nobody saw a response before, and every holder's key is new. In one case the document signer is one that was met before;
in the other, each response is of a document signer of its own, whose certificate has to be verified as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from cbor2 import loads
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from bench.measure import cpu, forget
from eigendata.channel import openid4vp_redirect
from eigendata.crypto.iaca import make_document_signer
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority
from eigendata.formats.mdoc import MSO_MDOC
from eigendata.formats.mdoc.present import Opened
from eigendata.model import (
    Attestation,
    Attribute,
    Authentic,
    Binding,
    ClaimPath,
    CredentialType,
    DocumentSigner,
    Holding,
    Kind,
    Seal,
)
from eigendata.trust import IssuerEntry, Trust

VERIFY: Final = "verify mdoc"
VERIFY_NEW_SIGNER: Final = "verify mdoc, signer new"
ISSUE: Final = "issue mdoc"
PRESENT: Final = "present mdoc"
LEAST_TO_VERIFY: Final = "the least to verify mdoc"
LEAST_TO_VERIFY_NEW_SIGNER: Final = "the least to verify mdoc, signer new"

ISSUER: Final = "https://boxtel.example"
CLAIMS: Final = {f"claim_{number}": f"the value of claim {number}" for number in range(25)}
SHOWN: Final = ("claim_1", "claim_7", "claim_13", "claim_19", "claim_24")
TYPE: Final = CredentialType(
    id="urn:eigendata:bench:mdoc:1",
    short="bench",
    label={"nl": "Proef", "en": "Trial"},
    attributes=tuple(Attribute(path=(name,), kind=Kind.TEXT, label={"nl": name, "en": name}) for name in CLAIMS),
)
PLACES: Final[tuple[ClaimPath, ...]] = tuple((TYPE.id, name) for name in SHOWN)
_URI: Final = "https://corporation.example/answer"
BINDING: Final[Binding] = openid4vp_redirect(client_id=f"redirect_uri:{_URI}", nonce="n-0S6_WzA2Mj", response_uri=_URI)
_ECDSA: Final = ec.ECDSA(Prehashed(hashes.SHA256()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An issuing authority and the document signer that is met again; the same in every round."""

    at: datetime
    authority_key: SoftwareKey
    authority: bytes
    signer_key: SoftwareKey
    signer: bytes
    trust: Trust

    @classmethod
    def make(cls) -> Setting:
        at = datetime.now(UTC)
        root, key = SoftwareKey.generate(Algorithm.ES256), SoftwareKey.generate(Algorithm.ES256)
        authority = make_authority("Bench", root, at=at)
        entry = IssuerEntry(name="Boxtel", anchors=(authority,), types=(TYPE.id,))
        return cls(
            at=at,
            authority_key=root,
            authority=authority,
            signer_key=key,
            signer=_signer(key, authority, root, at),
            trust=Trust(issuers={ISSUER: entry}),
        )

    @property
    def seal(self) -> Seal:
        return Seal(signer=self.signer_key, origin=DocumentSigner(certificates=(self.signer,)))

    def new_seal(self) -> Seal:
        key = SoftwareKey.generate(Algorithm.ES256)
        signer = _signer(key, self.authority, self.authority_key, self.at)
        return Seal(signer=key, origin=DocumentSigner(certificates=(signer,)))

    def verify(self, token: bytes) -> Authentic:
        return MSO_MDOC.parse_presentation(token).verify([TYPE], BINDING, trust=self.trust, at=self.at)


def _signer(key: SoftwareKey, authority: bytes, authority_key: SoftwareKey, at: datetime) -> bytes:
    return make_document_signer(
        key.public_key, name="Boxtel", uri=ISSUER, authority=authority, authority_key=authority_key, at=at
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One holder with one mdoc, and what the holder shows of it."""

    key: SoftwareKey
    attestation: Attestation
    opened: Opened
    presentation: bytes
    of_new_signer: bytes

    @classmethod
    def make(cls, setting: Setting) -> Shown:
        key = SoftwareKey.generate(Algorithm.ES256)
        issued_at = setting.at.replace(hour=0, minute=0, second=0, microsecond=0)
        attestation = Attestation(
            type=TYPE,
            issuer=ISSUER,
            claims=CLAIMS,
            holder=key.public_key,
            issued_at=issued_at,
            expires_at=issued_at + timedelta(days=14),
        )
        holding = Holding(key=key, binding=BINDING)
        opened = MSO_MDOC.open(MSO_MDOC.issue(attestation, setting.seal), TYPE)
        other = MSO_MDOC.open(MSO_MDOC.issue(attestation, setting.new_seal()), TYPE)
        return cls(
            key=key,
            attestation=attestation,
            opened=opened,
            presentation=opened.present(PLACES, holding, at=setting.at),
            of_new_signer=other.present(PLACES, holding, at=setting.at),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mdocs:
    """The material of one round: each of these is used once by each case."""

    setting: Setting
    shown: Sequence[Shown]
    other: Shown

    @classmethod
    def make(cls, setting: Setting, *, size: int) -> Mdocs:
        return cls(setting=setting, shown=tuple(Shown.make(setting) for _ in range(size)), other=Shown.make(setting))


def costs() -> Mapping[str, Callable[[Mdocs], float]]:
    """Give what is measured, by its name in the table."""
    return {
        VERIFY: _verify,
        VERIFY_NEW_SIGNER: _verify_new_signer,
        ISSUE: _issue,
        PRESENT: _present,
        LEAST_TO_VERIFY: _least_to_verify,
        LEAST_TO_VERIFY_NEW_SIGNER: _least_to_verify_new_signer,
    }


def _verify(made: Mdocs) -> float:
    forget()
    made.setting.verify(made.other.presentation)
    return cpu(lambda one: made.setting.verify(one.presentation), made.shown)


def _verify_new_signer(made: Mdocs) -> float:
    forget()
    made.setting.verify(made.other.of_new_signer)
    return cpu(lambda one: made.setting.verify(one.of_new_signer), made.shown)


def _issue(made: Mdocs) -> float:
    forget()
    MSO_MDOC.issue(made.other.attestation, made.setting.seal)
    attestations = [replace(made.other.attestation, holder=one.key.public_key) for one in made.shown]
    seal = made.setting.seal
    return cpu(lambda one: MSO_MDOC.issue(one, seal), attestations)


def _present(made: Mdocs) -> float:
    at = made.setting.at
    return cpu(lambda one: one.opened.present(PLACES, Holding(key=one.key, binding=BINDING), at=at), made.shown)


def _least_to_verify(made: Mdocs) -> float:
    """Read a response, hash its elements, load the holder's key, and verify two signatures; nothing is checked."""
    issuer = made.setting.signer_key.public_key.to_cryptography()
    assert isinstance(issuer, ec.EllipticCurvePublicKey)
    return cpu(lambda token: _least(token, issuer), [one.presentation for one in made.shown])


def _least_to_verify_new_signer(made: Mdocs) -> float:
    """Do the same, and read the signer's certificate and verify the authority's signature under it."""
    authority = x509.load_der_x509_certificate(made.setting.authority)

    def least(token: bytes) -> None:
        (document,) = loads(token)["documents"]
        signer = x509.load_der_x509_certificate(document["issuerSigned"]["issuerAuth"][1][33])
        signer.verify_directly_issued_by(authority)
        issuer = signer.public_key()
        assert isinstance(issuer, ec.EllipticCurvePublicKey)
        _least(token, issuer)

    return cpu(least, [one.of_new_signer for one in made.shown])


def _least(token: bytes, issuer: ec.EllipticCurvePublicKey) -> None:
    (document,) = loads(token)["documents"]
    issued = document["issuerSigned"]
    for items in issued["nameSpaces"].values():
        for item in items:
            loads(item.value)
            sha256(item.value).digest()
    _, _, payload, signature = issued["issuerAuth"]
    _signed_by(issuer, signature, payload)
    key = loads(loads(payload).value)["deviceKeyInfo"]["deviceKey"]
    holder = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + key[-2] + key[-3])
    *_, proof = document["deviceSigned"]["deviceAuth"]["deviceSignature"]
    _signed_by(holder, proof, b"")


def _signed_by(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> None:
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        key.verify(der, sha256(message).digest(), _ECDSA)
    except InvalidSignature:
        return  # it is of the same price: what was signed is not put together here
