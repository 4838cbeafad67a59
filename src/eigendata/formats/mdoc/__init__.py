"""ISO mdoc: data elements under digests that an issuer signed, shown one by one (ISO/IEC 18013-5, OpenID4VP 1.0 B.2).

checks.py     the rules of a verification, in order, each with its clause
elements.py   what follows from a type: docType, namespace, elements; their values in CBOR and JSON
parse.py      bytes -> a token taken apart, all structure looked at
verify.py     the two doors -> Authentic
issue.py      Attestation -> IssuerSigned
reader.py     a session in which the reader has a key: there a code may stand for the holder's signature
present.py    IssuerSigned -> DeviceResponse of one document, with the holder's signature

Sessions are those of OpenID4VP. Of proximity only the holder's code is read (`Reader`), by who has the transcript and
the reader's key; engagement and session encryption are not built.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from eigendata.crypto.keys import Algorithm
from eigendata.encoding import Json, b64url_decode, b64url_encode
from eigendata.errors import Check, Malformed
from eigendata.formats.mdoc import elements, issue, present, verify
from eigendata.formats.mdoc.checks import CHECKS
from eigendata.formats.mdoc.reader import Reader
from eigendata.model import Attestation, Attribute, ClaimPath, CredentialType, Holding, Presence, Seal, Unbound

__all__ = ["MSO_MDOC", "Mdoc", "Reader"]


@dataclass(frozen=True, slots=True)
class Mdoc:
    """The format, as everything above it sees it; see `eigendata.formats.protocol.Format`."""

    @property
    def name(self) -> str:
        return elements.NAME

    @property
    def checks(self) -> tuple[Check, ...]:
        return CHECKS

    @property
    def holder_algorithms(self) -> tuple[Algorithm, ...]:
        return tuple(Algorithm)

    @property
    def technical(self) -> frozenset[str]:
        return frozenset()

    def withholds(self, type: CredentialType, attribute: Attribute, /) -> bool:
        return attribute.presence is not Presence.ALWAYS

    def type_id(self, type: CredentialType, /) -> str:
        return elements.type_id(type)

    def place(self, type: CredentialType, attribute: Attribute, /) -> ClaimPath:
        return elements.place(type, attribute)

    def schema(self, type: CredentialType, /) -> bytes:
        return elements.describe(type)

    def issue(self, attestation: Attestation, seal: Seal, /) -> bytes:
        return issue.issue(attestation, seal)

    def parse_credential(self, token: bytes, /) -> verify.UnverifiedCredential:
        return verify.parse_credential(token)

    def open(self, credential: bytes, type: CredentialType, /) -> present.Opened:
        return present.open_credential(credential, type)

    def present(
        self,
        credential: bytes,
        type: CredentialType,
        reveal: Iterable[ClaimPath],
        holding: Holding | Unbound,
        /,
        *,
        at: datetime,
    ) -> bytes:
        return self.open(credential, type).present(reveal, holding, at=at)

    def parse_presentation(self, token: bytes, /) -> verify.UnverifiedPresentation:
        return verify.parse_presentation(token)

    def to_wire(self, token: bytes, /) -> Json:
        return b64url_encode(token)

    def from_wire(self, value: Json, /) -> bytes:
        if not isinstance(value, str):
            raise Malformed("an mdoc travels as a string of base64url")
        return b64url_decode(value)


MSO_MDOC: Final = Mdoc()
