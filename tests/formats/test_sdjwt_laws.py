"""SD-JWT VC keeps the laws of every format, in the compact form and in both forms of the JWS JSON serialization."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eigendata.crypto.jose import sign_jws
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import Json, json_dumps, json_object
from eigendata.errors import Malformed
from eigendata.formats import FORMATS
from eigendata.formats.sdjwt import SD_JWT_VC, SdJwt, present, verify
from eigendata.formats.sdjwt.json_form import compact, flattened
from eigendata.model import Attestation, ClaimPath, CredentialType, Holding, Named, Seal, Unbound

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

    def own(self, credential: bytes) -> Iterable[bytes]:
        first, *disclosures, _ = credential.split(b"~")
        _, payload, signature = map(_decoded, first.split(b"."))
        contents = [json.loads(payload), *(json.loads(_decoded(one)) for one in disclosures)]
        key = contents[0]["cnf"]["jwk"]
        salts = [one[0] for one in contents[1:]]
        return [signature, *map(_decoded, (one.encode() for one in (key["x"], key["y"], *salts, *_digests(contents))))]

    def thinned(self, presentation: bytes) -> Iterable[bytes]:
        first, *disclosures, proof = presentation.split(b"~")
        for index in range(len(disclosures)):
            yield b"~".join((first, *disclosures[:index], *disclosures[index + 1 :], proof))


_DEEPER = ("code", "name")


def _digests(value: Any) -> Iterable[str]:
    """Every digest in a payload or disclosure, of a decoy too."""
    if isinstance(value, dict):
        yield from value.get("_sd", [])
        yield from [value["..."]] if "..." in value else []
    for inside in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _digests(inside)


# -- the same, as JSON ------------------------------------------------------------------------------------------------

OTHER_KEY = SoftwareKey.generate(Algorithm.EDDSA)  # which signs the same message alike each time


def general(token: bytes) -> dict[str, Json]:
    """A token in the general form, with a second signature by someone else."""
    form = flattened(token)
    _, payload, _ = compact(form).partition(b"~")[0].split(b".")
    other = sign_jws({"typ": "dc+sd-jwt"}, _decoded(payload), OTHER_KEY).decode().split(".")
    others: Json = {"header": {"kid": "another"}, "protected": other[0], "signature": other[2]}
    first = {name: form[name] for name in ("header", "protected", "signature")}
    return {"payload": form["payload"], "signatures": [first, others]}


@dataclass(frozen=True, slots=True)
class InJson(SdJwt):
    """The format with the text of a JSON serialization for the bytes of a token."""

    write: Callable[[bytes], Mapping[str, Json]]

    def text(self, token: bytes) -> bytes:
        return json_dumps(self.write(token))

    def token(self, text: bytes) -> bytes:
        return SD_JWT_VC.from_wire(json_object(text))

    def issue(self, attestation: Attestation, seal: Seal, /) -> bytes:
        return self.text(SD_JWT_VC.issue(attestation, seal))

    def parse_credential(self, token: bytes, /) -> verify.UnverifiedCredential:
        return SD_JWT_VC.parse_credential(self.token(token))

    def open(self, credential: bytes, type: CredentialType, /) -> present.Opened:
        return SD_JWT_VC.open(self.token(credential), type)

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
        return self.text(SD_JWT_VC.present(self.token(credential), type, reveal, holding, at=at))

    def parse_presentation(self, token: bytes, /) -> verify.UnverifiedPresentation:
        return SD_JWT_VC.parse_presentation(self.token(token))

    def to_wire(self, token: bytes, /) -> Json:
        return json_object(token)

    def from_wire(self, value: Json, /) -> bytes:
        if not isinstance(value, Mapping):
            raise Malformed("not in JSON")
        return self.text(SD_JWT_VC.from_wire(value))


class TestSdJwtInFlattenedJson(TestSdJwt):
    format = InJson(flattened)
    has_unsigned_bytes = True  # blanks between members, and members that nobody defined

    def layers(self, token: bytes) -> Iterable[bytes]:
        return [token, *super().layers(compact(json_object(token)))]

    def secrets(self, credential: bytes) -> Mapping[tuple[str, ...], bytes]:
        return super().secrets(compact(json_object(credential)))

    def own(self, credential: bytes) -> Iterable[bytes]:
        return super().own(compact(json_object(credential)))

    def thinned(self, presentation: bytes) -> Iterable[bytes]:
        form: Any = json_object(presentation)
        header = form["signatures"][0]["header"] if "signatures" in form else form["header"]
        disclosures = header["disclosures"]
        for index in range(len(disclosures)):
            header["disclosures"] = disclosures[:index] + disclosures[index + 1 :]
            yield json_dumps(form)


class TestSdJwtInGeneralJson(TestSdJwtInFlattenedJson):
    format = InJson(general)
