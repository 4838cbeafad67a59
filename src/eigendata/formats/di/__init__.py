"""W3C Data Integrity: credentials whose meaning is a set of RDF statements (VC Data Integrity 1.0, VCDM 2.0).

checks.py     the rules of a verification, in order, each with its clause
shape.py      where the claims of a type lie, and whether a credential holds those and nothing else
parse.py      bytes -> a token taken apart, all structure looked at
verify.py     the two doors -> Authentic
making.py     Attestation -> credential -> presentation
proofs.py     the suites: what is hashed and signed
jcs.py        JSON -> one spelling of it
contexts.py   the JSON-LD contexts that are known, never fetched; those of our own types
terms.py      a context -> what its terms stand for
jsonld.py     document -> quads, refusing whatever a reader of the JSON would see otherwise
rdfc.py       quads -> one spelling of them, under a bound

Both suites sign a credential as a whole: it is shown as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from eigendata.crypto.keys import Algorithm
from eigendata.encoding import Json, json_dumps, json_loads
from eigendata.errors import Check, Malformed
from eigendata.formats.di import contexts, making, shape, verify
from eigendata.formats.di.checks import CHECKS
from eigendata.formats.di.parse import TOKEN_LIMIT
from eigendata.formats.di.proofs import EDDSA_JCS_2022, Suite
from eigendata.model import Attestation, Attribute, ClaimPath, CredentialType, Holding, Seal, Unbound


@dataclass(frozen=True, slots=True, kw_only=True)
class LdpVc:
    """The format, as everything above it sees it; see `eigendata.formats.protocol.Format`.

    Attributes:
        suite: what an issuer signs with, and then the holder too. Every suite of `proofs.SUITES` is verified.
    """

    suite: Suite = EDDSA_JCS_2022

    @property
    def name(self) -> str:
        return shape.NAME

    @property
    def checks(self) -> tuple[Check, ...]:
        return CHECKS

    @property
    def holder_algorithms(self) -> tuple[Algorithm, ...]:
        return (self.suite.algorithm,)

    @property
    def technical(self) -> frozenset[str]:
        return frozenset()

    def withholds(self, type: CredentialType, attribute: Attribute, /) -> bool:
        return False

    def type_id(self, type: CredentialType, /) -> str:
        return shape.type_id(type)

    def place(self, type: CredentialType, attribute: Attribute, /) -> ClaimPath:
        return shape.place(type, attribute)

    def schema(self, type: CredentialType, /) -> bytes:
        return contexts.describe(type)

    def issue(self, attestation: Attestation, seal: Seal, /) -> bytes:
        return making.issue(attestation, seal, suite=self.suite)

    def parse_credential(self, token: bytes, /) -> verify.UnverifiedCredential:
        return verify.unverified_credential(token)

    def open(self, credential: bytes, type: CredentialType, /) -> making.Opened:
        return making.Opened(credential, type)

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
        return verify.unverified_presentation(token)

    def to_wire(self, token: bytes, /) -> Json:
        return json_loads(token, limit=TOKEN_LIMIT)

    def from_wire(self, value: Json, /) -> bytes:
        if not isinstance(value, Mapping):
            raise Malformed("a credential in Data Integrity travels as a JSON object")
        return json_dumps(value)


LDP_VC: Final = LdpVc()
