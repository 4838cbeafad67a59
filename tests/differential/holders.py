"""A credential shown by us and by the peers: the claims of these names, whole, and no other that can be withheld."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Set
from datetime import UTC, datetime
from typing import Any, Final

from eigendata.encoding import b64url_decode
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.formats.sdjwt.parse import parse
from eigendata.model import Binding, Holding
from tests.differential.issuers import HOLDER, private_jwk, signing_key
from tests.differential.tokens import AUDIENCE, NONCE, digest
from tests.differential.verifiers import TYPE


def _ours(credential: bytes, names: Set[str]) -> bytes:
    holding = Holding(key=HOLDER, binding=Binding(audience=AUDIENCE, nonce=NONCE))
    # what lies in a claim that is always there is shown with it
    placed = parse(credential).placed
    always = {place for place in placed if (place[0],) not in placed}
    paths = [*((name,) for name in names), *always]
    return SD_JWT_VC.present(credential, TYPE, paths, holding, at=datetime.now(UTC))


def _sd_jwt(credential: bytes, names: Set[str]) -> bytes:
    from jwcrypto.jwk import JWK
    from sd_jwt.holder import SDJWTHolder

    holder = SDJWTHolder(credential.decode())
    first, *disclosures, _ = credential.decode().split("~")
    contents = {digest(one): json.loads(b64url_decode(one)) for one in disclosures}
    wanted = _everything(json.loads(b64url_decode(first.split(".")[1])), contents)
    clear = json.loads(b64url_decode(first.split(".")[1])).keys()
    chosen = {name: value for name, value in wanted.items() if name in names or name in clear}
    holder.create_presentation(chosen, NONCE, AUDIENCE, JWK(**private_jwk(HOLDER)))
    presentation: str = holder.sd_jwt_presentation
    return presentation.encode()


def _everything(value: Any, contents: Mapping[str, list[Any]]) -> Any:
    """Ask for all that lies in a value, place by place: sd-jwt's holder counts those of the issuer, decoys included."""
    if isinstance(value, dict):
        hidden = [contents[one] for one in value.get("_sd", ()) if one in contents]
        members = {**value, **{name: member for _, name, member in hidden}}
        # an empty container counts as a no
        return {name: _everything(member, contents) or True for name, member in members.items() if name != "_sd"}
    if isinstance(value, list):
        return [_element(element, contents) for element in value]
    return True


def _element(element: Any, contents: Mapping[str, list[Any]]) -> Any:
    if not isinstance(element, dict) or "..." not in element:
        return _everything(element, contents)
    hidden = contents.get(element["..."])
    return None if hidden is None else _everything(hidden[-1], contents) or True


def _openvc(credential: bytes, names: Set[str]) -> bytes:
    from openvc.proof.sd_jwt import SdJwtVcProofSuite

    # it shows what it is given: its caller chooses the disclosures
    token = parse(credential)
    first, *disclosures, _ = credential.split(b"~")
    wanted = {index for place, index in token.placed.items() if place[0] in names or (place[0],) not in token.placed}
    chosen = b"~".join((first, *(one for index, one in enumerate(disclosures) if index in wanted), b""))
    presentation: str = SdJwtVcProofSuite().create_presentation(
        chosen.decode(),
        holder_key=signing_key(HOLDER),
        audience=AUDIENCE,
        nonce=NONCE,
    )
    return presentation.encode()


HOLDERS: Final[Mapping[str, Callable[[bytes, Set[str]], bytes]]] = {
    "eigendata": _ours,
    "sd-jwt": _sd_jwt,
    "openvc-core": _openvc,
}
