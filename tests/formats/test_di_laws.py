"""Data Integrity keeps the laws of every format, whatever suite it is signed with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.did import read_key_did
from eigendata.encoding import multibase_decode
from eigendata.formats import FORMATS
from eigendata.formats.di import LdpVc
from eigendata.formats.di.proofs import EDDSA_RDFC_2022
from eigendata.model import Method, Seal

from .laws import ISSUER, FormatLaws

_KEY = SoftwareKey.generate(Algorithm.EDDSA)


class TestDataIntegrity(FormatLaws):
    format = FORMATS["ldp_vc"]
    has_unsigned_bytes = True  # how JSON is written
    least_of_its_own = 80  # a key and a signature: there are no salts and digests

    @property
    def seal(self) -> Seal:
        return Seal(signer=_KEY, origin=Method(controller=ISSUER, id=f"{ISSUER}#key-1"))

    def layers(self, token: bytes) -> Iterable[bytes]:
        return [token]

    def secrets(self, credential: bytes) -> Mapping[tuple[str, ...], bytes]:
        return {}  # nothing can be withheld, and so nothing hides it

    def own(self, credential: bytes) -> Iterable[bytes]:
        document = json.loads(credential)
        return [
            multibase_decode(document["proof"]["proofValue"]),
            read_key_did(document["credentialSubject"]["id"]).data,
        ]

    def thinned(self, presentation: bytes) -> Iterable[bytes]:
        names: list[Any] = list(json.loads(presentation)["verifiableCredential"][0]["credentialSubject"])
        for name in names:
            if name in ("id", "issuing_authority", "as_of"):
                continue
            shown = json.loads(presentation)
            del shown["verifiableCredential"][0]["credentialSubject"][name]
            yield json.dumps(shown).encode()


class TestOfStatements(TestDataIntegrity):
    """Signed over what the JSON means, not over the JSON."""

    format = LdpVc(suite=EDDSA_RDFC_2022)
