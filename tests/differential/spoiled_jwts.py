"""The issuer-signed JWT and the holder's proof, each with one thing wrong, or none: header, claims, times, keys."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Final

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import b64url_decode
from tests.differential.tokens import (
    ABSENT,
    AUDIENCE,
    DAY,
    HOLDER_KEYS,
    ISSUER,
    OTHER_KEY,
    VCT,
    Draft,
    Drafted,
    Proof,
    b64,
    digest,
    now,
    written,
)

# -- the issuer-signed JWT --------------------------------------------------------------------------------------------


def header(**changes: Any) -> Drafted:
    return lambda draft, random: replace(draft, header={**mapping(draft.header), **changes})


def payload(**changes: Any) -> Drafted:
    return lambda draft, random: replace(draft, payload={**draft.members, **changes})


def payload_text(change: Callable[[str], str]) -> Drafted:
    return lambda draft, random: replace(
        draft, payload=change(written(draft.payload).decode()).encode("utf-8", "surrogatepass")
    )


def member(text: str, **changes: Any) -> Drafted:
    """Put a member into the payload as it stands here."""
    put = payload_text(lambda payload: payload[:-1] + f",{text}}}")
    return lambda draft, random: put(replace(draft, payload={**draft.members, **changes}), random)


def mapping(value: Mapping[str, Any] | bytes) -> dict[str, Any]:
    assert not isinstance(value, bytes)
    return dict(value)


def _spelt(at: int, spell: Callable[[bytes], str]) -> Drafted:
    spellings = (spell, b64) if at == 0 else (b64, spell)
    return lambda draft, random: replace(draft, spell=spellings)


HEADERS: Final[Mapping[str, Drafted]] = {
    "typ left out": header(typ=ABSENT),
    "typ JWT": header(typ="JWT"),
    "typ of an older draft": header(typ="vc+sd-jwt"),
    "typ of an example": header(typ="example+sd-jwt"),
    "typ in capitals": header(typ="DC+SD-JWT"),
    "typ with a prefix": header(typ="application/dc+sd-jwt"),
    "typ of a holder's proof": header(typ="kb+jwt"),
    "typ null": header(typ=None),
    "alg none, unsigned": lambda draft, random: replace(draft, header={"alg": "none"}, signature=b""),
    "alg none, signed": header(alg="none"),
    "alg in small letters": lambda draft, random: replace(
        draft, header={"alg": str(draft.key.public_key.algorithm).lower()}
    ),
    "alg of another curve": header(alg="ES384"),
    "alg of a secret": header(alg="HS256"),
    "alg left out": header(alg=ABSENT),
    "by another key": lambda draft, random: replace(draft, key=OTHER_KEY),
    "by a key in the header": lambda draft, random: replace(
        draft, key=OTHER_KEY, header={"jwk": dict(OTHER_KEY.public_key.jwk())}
    ),
    "crit of something": header(crit=["exp"], exp=1),
    "crit empty": header(crit=[]),
    "b64 false": header(b64=False),
    "header that nobody knows": header(zip="DEF", extra={"a": [1]}),
    "header with a name twice": lambda draft, random: replace(
        draft, header=b'{"alg":"none","alg":"' + draft.key.public_key.algorithm.encode() + b'","typ":"dc+sd-jwt"}'
    ),
    "header in blanks": lambda draft, random: replace(
        draft, header=b' { "alg" : "' + draft.key.public_key.algorithm.encode() + b'" , "typ" : "dc+sd-jwt" } \n'
    ),
}


def _holder_key(**changes: Any) -> Drafted:
    """Change members of the holder's key."""

    def change(draft: Draft, random: Random) -> Draft:
        jwk = {**draft.members["cnf"]["jwk"], **changes}
        jwk = {name: value for name, value in jwk.items() if value is not ABSENT}
        return replace(draft, payload={**draft.members, "cnf": {"jwk": jwk}})

    return change


_SPELLINGS: Final[Mapping[str, Callable[[bytes], str]]] = {
    # a blank more or less, so that there is room for padding
    "padded": lambda text: base64.urlsafe_b64encode(text + b" " * (len(text) % 3 == 0)).decode(),
    # four of them, as some readers count the characters before they let any go
    "with blanks": lambda text: f"{b64(text)[:4]}    {b64(text)[4:]}",
    "with characters of no alphabet": lambda text: f"{b64(text)[:4]}!!!!{b64(text)[4:]}",
    "in UTF-16": lambda text: b64(text.decode().encode("utf-16")),
    "with NaN": lambda text: b64(text[:-1] + b',"a":NaN}'),
}

SPELLINGS: Final[Mapping[str, Drafted]] = {
    f"{part}, signed so, {how}": _spelt(at, spell)
    for at, part in enumerate(("header", "payload"))
    for how, spell in _SPELLINGS.items()
}

FRAMES: Final[Mapping[str, Drafted]] = {
    "expired": lambda draft, random: payload(exp=now() - DAY)(draft, random),
    "expired an hour ago": lambda draft, random: payload(exp=now() - 3600)(draft, random),
    "expired two minutes ago": lambda draft, random: payload(exp=now() - 120)(draft, random),
    "expired half a minute ago": lambda draft, random: payload(exp=now() - 30)(draft, random),
    "exp left out": payload(exp=ABSENT),
    "exp a text": lambda draft, random: payload(exp=str(now() + DAY))(draft, random),
    "exp a fraction": lambda draft, random: payload(exp=now() + DAY + 0.5)(draft, random),
    "exp null": payload(exp=None),
    "exp true": payload(exp=True),
    "exp negative": payload(exp=-1),
    "exp beyond every calendar": payload(exp=2**52),
    "exp NaN": member('"exp":NaN', exp=ABSENT),
    "exp infinite": member('"exp":1e999', exp=ABSENT),
    "nbf in the future": lambda draft, random: payload(nbf=now() + DAY)(draft, random),
    "nbf in two minutes": lambda draft, random: payload(nbf=now() + 120)(draft, random),
    "nbf in half a minute": lambda draft, random: payload(nbf=now() + 30)(draft, random),
    "nbf in the past": lambda draft, random: payload(nbf=now() - 60)(draft, random),
    "nbf a text": payload(nbf="yesterday"),
    "nbf after exp": lambda draft, random: payload(nbf=now() - 60, exp=now() - 90)(draft, random),
    "iat in the future": lambda draft, random: payload(iat=now() + DAY)(draft, random),
    "iat left out": payload(iat=ABSENT),
    "iat a text": payload(iat="now"),
    "iat after exp": lambda draft, random: payload(iat=now() + 30, exp=now() + 20)(draft, random),
    "iss of another": payload(iss="https://other.example"),
    "iss left out": payload(iss=ABSENT),
    "iss an array": payload(iss=[ISSUER]),
    "vct of another": payload(vct="https://types.example/other"),
    "vct left out": payload(vct=ABSENT),
    "vct an array": payload(vct=[VCT]),
    "aka_vcts": payload(aka_vcts=["https://types.example/other"]),
    "aka_vcts with vct": payload(aka_vcts=[VCT]),
    "aka_vcts empty": payload(aka_vcts=[]),
    "aka_vcts a text": payload(aka_vcts="https://types.example/other"),
    "vct of another, ours among aka_vcts": payload(vct="https://types.example/other", aka_vcts=[VCT]),
    "vct#integrity a number": payload(**{"vct#integrity": 1}),
    "vct#integrity": payload(**{"vct#integrity": "sha256-" + base64.b64encode(b"\0" * 32).decode()}),
    "aud of this verifier": payload(aud=AUDIENCE),
    "aud of this verifier among others": payload(aud=["https://other.example", AUDIENCE]),
    "aud of another": payload(aud="https://other.example"),
    "aud empty": payload(aud=[]),
    "aud a number": payload(aud=1),
    "status list": payload(status={"status_list": {"idx": 3, "uri": "https://issuer.example/list"}}),
    "status of no known kind": payload(status={"other": 1}),
    "status a text": payload(status="ok"),
    "status list without index": payload(status={"status_list": {"uri": "https://issuer.example/list"}}),
    "cnf left out": payload(cnf=ABSENT),
    "cnf with a key identifier": payload(cnf={"kid": "1"}),
    "cnf with a key and its identifier": lambda draft, random: payload(cnf={**draft.members["cnf"], "kid": "1"})(
        draft, random
    ),
    "cnf of a key with private parts": _holder_key(d=b64(HOLDER_KEYS[Algorithm.ES256].secret())),
    "cnf of a key for encryption": _holder_key(use="enc"),
    "cnf of a key for another algorithm": _holder_key(alg="ES384"),
    "cnf of a key for other operations": _holder_key(key_ops=["deriveKey"]),
    "cnf of a key with more members": _holder_key(kid="1", use="sig", alg="ES256"),
    "cnf of a point off the curve": _holder_key(y=b64(b"\1" * 32)),
    "cnf of a key without kty": _holder_key(kty=ABSENT),
    "cnf of a key of another kty": _holder_key(kty="OKP"),
    "cnf of a key without crv": _holder_key(crv=ABSENT),
    "cnf of a key of another crv": _holder_key(crv="P-384"),
    "cnf of a key of no known crv": _holder_key(crv="P-1"),
    "cnf of a key with a zero before x": lambda draft, random: _holder_key(
        x=b64(b"\0" + b64url_decode(draft.members["cnf"]["jwk"]["x"]))
    )(draft, random),
    "cnf of a key with padding behind x": lambda draft, random: _holder_key(x=draft.members["cnf"]["jwk"]["x"] + "=")(
        draft, random
    ),
    "cnf of another's key": payload(cnf={"jwk": dict(OTHER_KEY.public_key.jwk())}),
}

# -- the holder's proof -----------------------------------------------------------------------------------------------


def _proof(header: Mapping[str, Any] | None = None, **changes: Any) -> Drafted:
    def change(draft: Draft, random: Random) -> Draft | None:
        proof = draft.proof
        if proof is None:
            return None
        made = replace(proof, header={**proof.header, **(header or {})}, claims={**proof.claims, **changes})
        return replace(draft, proof=made)

    return change


def _proof_by(key: SoftwareKey, **header: Any) -> Drafted:
    return lambda draft, random: replace(draft, proof=Proof(key=key, header=header)) if draft.proof else None


def _proof_text(rewrite: Callable[[str], str]) -> Drafted:
    return lambda draft, random: replace(draft, proof=replace(draft.proof, rewrite=rewrite)) if draft.proof else None


def other_hash(draft: Draft) -> str:
    return "sha-512" if draft.hash == "sha-256" else "sha-256"


PROOFS: Final[Mapping[str, Drafted]] = {
    "proof left out": lambda draft, random: replace(draft, proof=None) if draft.proof else None,
    "proof for another": _proof(aud="https://other.example"),
    "proof for several": _proof(aud=[AUDIENCE]),
    "proof for nobody": _proof(aud=ABSENT),
    "proof for null": _proof(aud=None),
    "proof of another session": _proof(nonce="another-nonce"),
    "proof of no session": _proof(nonce=ABSENT),
    "proof with a nonce that is an array": _proof(nonce=["nonce-of-this-session"]),
    "proof of last year": lambda draft, random: _proof(iat=now() - 365 * DAY)(draft, random),
    "proof of next year": lambda draft, random: _proof(iat=now() + 365 * DAY)(draft, random),
    "proof of an hour ago": lambda draft, random: _proof(iat=now() - 3600)(draft, random),
    "proof of four minutes ago": lambda draft, random: _proof(iat=now() - 240)(draft, random),
    "proof of six minutes ago": lambda draft, random: _proof(iat=now() - 330)(draft, random),
    "proof of half a minute ahead": lambda draft, random: _proof(iat=now() + 30)(draft, random),
    "proof of two minutes ahead": lambda draft, random: _proof(iat=now() + 120)(draft, random),
    "proof without iat": _proof(iat=ABSENT),
    "proof with iat null": _proof(iat=None),
    "proof with iat a text": lambda draft, random: _proof(iat=str(now()))(draft, random),
    "proof with iat true": _proof(iat=True),
    "proof with iat a fraction": lambda draft, random: _proof(iat=now() - 0.5)(draft, random),
    "proof with iat NaN": _proof_text(lambda claims: re.sub(r'"iat":\d+', '"iat":NaN', claims)),
    "proof over something else": _proof(sd_hash=digest("something else")),
    "proof over nothing": _proof(sd_hash=ABSENT),
    "proof over null": _proof(sd_hash=None),
    "proof with padding behind sd_hash": lambda draft, random: _proof(
        sd_hash=lambda shown: digest(shown, draft.hash) + "="
    )(draft, random),
    "proof over all but the last ~": lambda draft, random: _proof(sd_hash=lambda shown: digest(shown[:-1], draft.hash))(
        draft, random
    ),
    "proof over another hash": lambda draft, random: _proof(sd_hash=lambda shown: digest(shown, other_hash(draft)))(
        draft, random
    ),
    "proof without typ": _proof({"typ": ABSENT}),
    "proof with typ JWT": _proof({"typ": "JWT"}),
    "proof with typ in capitals": _proof({"typ": "KB+JWT"}),
    "proof with typ and a prefix": _proof({"typ": "application/kb+jwt"}),
    "proof with crit": _proof({"crit": ["x"], "x": 1}),
    "proof with alg none": _proof({"alg": "none"}),
    "proof with alg in small letters": _proof({"alg": "es256"}),
    "proof with alg of another curve": _proof({"alg": "ES384"}),
    "proof by another key": _proof_by(OTHER_KEY),
    "proof by a key in its header": _proof_by(OTHER_KEY, jwk=dict(OTHER_KEY.public_key.jwk())),
    "proof that expired": lambda draft, random: _proof(exp=now() - 120)(draft, random),
    "proof that expired half a minute ago": lambda draft, random: _proof(exp=now() - 30)(draft, random),
    "proof that is not valid yet": lambda draft, random: _proof(nbf=now() + 3600)(draft, random),
    "proof with exp a text": _proof(exp="soon"),
    "proof with more claims": _proof(extra={"a": [1, None]}),
    "proof with a name twice": _proof_text(lambda claims: claims[:-1] + ',"a":1,"a":2}'),
    "proof with nonce twice": _proof_text(lambda claims: claims.replace('{"', '{"nonce":"another-nonce","', 1)),
    "proof in blanks": _proof_text(lambda claims: f" {claims}\n"),
}
