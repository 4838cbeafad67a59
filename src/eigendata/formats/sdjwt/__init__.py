"""SD-JWT VC: selectively disclosable JSON claims in a signed token (RFC 9901, draft-ietf-oauth-sd-jwt-vc-19).

checks.py     the rules of a verification, in order, each with its clause
parse.py      bytes -> a token taken apart, all structure looked at; disclosures put in their places
verify.py     the two doors -> Authentic
issue.py      Attestation -> bytes
present.py    credential -> presentation, with the holder's proof
json_form.py  the JWS JSON serialization, read into the compact form and written from it
metadata.py   what follows from a type of our own: which claims can be withheld, type metadata and its integrity

type_metadata.py   types that others declare, read whole from local files: what they extend, claims, languages
display.py         how they are shown; pictures are checked, never fetched nor drawn
svg.py             the SVG among those pictures
claim_rules.py     a credential held against the claims of its type metadata
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from eigendata.crypto.keys import Algorithm
from eigendata.encoding import Json
from eigendata.errors import Check, Malformed
from eigendata.formats.sdjwt import issue, json_form, metadata, present, verify
from eigendata.formats.sdjwt.checks import CHECKS
from eigendata.model import Attestation, Attribute, ClaimPath, CredentialType, Holding, Presence, Seal, Unbound


@dataclass(frozen=True, slots=True)
class SdJwt:
    """The format, as everything above it sees it; see `eigendata.formats.protocol.Format`."""

    @property
    def name(self) -> str:
        return metadata.NAME

    @property
    def checks(self) -> tuple[Check, ...]:
        return CHECKS

    @property
    def holder_algorithms(self) -> tuple[Algorithm, ...]:
        return tuple(Algorithm)

    @property
    def technical(self) -> frozenset[str]:
        return metadata.TECHNICAL

    def withholds(self, type: CredentialType, attribute: Attribute, /) -> bool:
        return attribute.presence is not Presence.ALWAYS

    def type_id(self, type: CredentialType, /) -> str:
        return metadata.type_id(type)

    def place(self, type: CredentialType, attribute: Attribute, /) -> ClaimPath:
        return metadata.place(attribute)

    def schema(self, type: CredentialType, /) -> bytes:
        return metadata.shape(type).metadata

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
        return token.decode("ascii")

    def from_wire(self, value: Json, /) -> bytes:
        if isinstance(value, str) and value.isascii():
            return value.encode("ascii")
        if isinstance(value, Mapping):
            return json_form.compact(value)
        raise Malformed("an SD-JWT travels as a string of ASCII, or as an object in JWS JSON serialization")


SD_JWT_VC: Final = SdJwt()
