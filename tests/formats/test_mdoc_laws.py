"""mdoc keeps the laws of every format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import cbor2

from eigendata.crypto.iaca import make_document_signer
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority
from eigendata.formats import FORMATS
from eigendata.model import DocumentSigner, Seal

from .laws import DAY, ISSUER, ISSUER_KEY, TYPE, FormatLaws

_AUTHORITY_KEY = SoftwareKey.generate(Algorithm.ES256)
_SIGNER = make_document_signer(
    ISSUER_KEY.public_key,
    name="Municipality",
    uri=ISSUER,
    authority=make_authority("Municipality", _AUTHORITY_KEY, at=DAY),
    authority_key=_AUTHORITY_KEY,
    at=DAY,
)


class TestMdoc(FormatLaws):
    format = FORMATS["mso_mdoc"]
    has_unsigned_bytes = True  # the names of members, and what nobody defined
    proof_covers_what_is_shown = False  # the device signs the session and the docType
    proof_is_dated = False

    @property
    def seal(self) -> Seal:
        return Seal(signer=ISSUER_KEY, origin=DocumentSigner(certificates=(_SIGNER,)))

    def layers(self, token: bytes) -> Iterable[bytes]:
        return [token]  # encoded CBOR within CBOR is the same bytes

    def secrets(self, credential: bytes) -> Mapping[tuple[str, ...], bytes]:
        own = {self.format.place(TYPE, one)[1]: one.path for one in TYPE.attributes}
        items = [cbor2.loads(one.value) for one in cbor2.loads(credential)["nameSpaces"][TYPE.id]]
        always = ("issuing_authority", "as_of")
        return {
            own[item["elementIdentifier"]]: item["random"] for item in items if item["elementIdentifier"] not in always
        }

    def own(self, credential: bytes) -> Iterable[bytes]:
        issued = cbor2.loads(credential)
        items = [cbor2.loads(one.value) for one in issued["nameSpaces"][TYPE.id]]
        _, _, payload, signature = issued["issuerAuth"]
        mso = cbor2.loads(cbor2.loads(payload).value)
        key, digests = mso["deviceKeyInfo"]["deviceKey"], mso["valueDigests"][TYPE.id]
        return [signature, key[-2], key[-3], *(item["random"] for item in items), *digests.values()]

    def thinned(self, presentation: bytes) -> Iterable[bytes]:
        items: list[Any] = cbor2.loads(presentation)["documents"][0]["issuerSigned"]["nameSpaces"][TYPE.id]
        for index, item in enumerate(items):
            if cbor2.loads(item.value)["elementIdentifier"] in ("issuing_authority", "as_of"):
                continue
            response = cbor2.loads(presentation)
            del response["documents"][0]["issuerSigned"]["nameSpaces"][TYPE.id][index]
            yield cbor2.dumps(response)
