"""SD-JWT VC keeps the laws of every format."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping

from eigendata.formats import FORMATS
from eigendata.model import Named, Seal

from .laws import ISSUER, ISSUER_KEY, FormatLaws


def _decoded(part: bytes) -> bytes:
    return base64.urlsafe_b64decode(part + b"==="[: -len(part) % 4])


class TestSdJwt(FormatLaws):
    format = FORMATS["dc+sd-jwt"]

    @property
    def seal(self) -> Seal:
        return Seal(signer=ISSUER_KEY, origin=Named(issuer=ISSUER))

    def layers(self, token: bytes) -> Iterable[bytes]:
        return [token, *(_decoded(part) for part in token.replace(b".", b"~").split(b"~"))]

    def secrets(self, credential: bytes) -> Mapping[tuple[str, ...], bytes]:
        contents = [json.loads(_decoded(part)) for part in credential.split(b"~")[1:-1]]
        # the salts of top-level claims; two names lie deeper, and are told by their own
        return {
            (name,): salt.encode()
            for salt, name, _ in (one for one in contents if len(one) == 3)
            if name not in _DEEPER
        }

    def thinned(self, presentation: bytes) -> Iterable[bytes]:
        first, *disclosures, proof = presentation.split(b"~")
        for index in range(len(disclosures)):
            yield b"~".join((first, *disclosures[:index], *disclosures[index + 1 :], proof))


_DEEPER = ("code", "name")
