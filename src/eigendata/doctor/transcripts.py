"""Why the signature of an mdoc's holder is for another session: what each side believes of it, side by side.

    two sides, each in JSON -> read_side -> Side -> compare -> Comparison: both SessionTranscripts, where they differ

A holder signs a digest of what the session is made of, so that the verifier learns that something differs and never
what. Here both sides say what they believe. A side may also bring the transcript that its software made: then the
mistakes that are made often are tried until one gives the very same bytes.

Source: OpenID4VP 1.0 B.2.6; its drafts before 24 and ISO/IEC TS 18013-7 annex B for the handover of old.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from cbor2 import CBORTag

from eigendata.channel import session_transcript
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Cbor, Json, b64url_decode, b64url_encode, cbor_dumps, cbor_loads, json_object
from eigendata.errors import Malformed

MAX_TEXT: Final = 4_096
"""Characters of each thing that a side believes; a response URI is some 100."""

_PREFIXES: Final = (
    *("redirect_uri:", "x509_san_dns:", "x509_hash:", "decentralized_identifier:"),
    *("verifier_attestation:", "openid_federation:", "origin:"),
)
_ORIGIN: Final = "origin:"


class Why(StrEnum):
    """What makes two transcripts differ. `eigendata.texts` has a sentence for each: `transcript.prefix`."""

    PREFIX = "prefix"
    CLIENT_ID = "client_id"
    NONCE = "nonce"
    ORIGIN_PREFIX = "origin_prefix"
    ORIGIN = "origin"
    SLASH = "slash"
    RESPONSE_URI = "response_uri"
    THUMBPRINT_MISSING = "thumbprint_missing"
    THUMBPRINT_TEXT = "thumbprint_text"
    THUMBPRINT = "thumbprint"
    CHANNEL = "channel"
    DRAFT = "draft"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side believes of a session.

    Attributes:
        thumbprint: of the key that the answer is encrypted to: the SHA-256 of RFC 7638, or None where it is not.
        mdoc_nonce: of the handover of old drafts, where the wallet chose a nonce too.
        made: the transcript that its software made, where it is at hand.
    """

    client_id: str | None = None
    nonce: str | None = None
    response_uri: str | None = None
    origin: str | None = None
    thumbprint: bytes | str | None = None
    mdoc_nonce: str | None = None
    made: bytes | None = None

    @property
    def info(self) -> Mapping[str, Cbor]:
        """Give what its handover is made of, in order."""
        if self.origin is not None:
            return {"origin": self.origin, "nonce": self.nonce, "jwkThumbprint": self.thumbprint}
        return {
            "clientId": self.client_id,
            "nonce": self.nonce,
            "jwkThumbprint": self.thumbprint,
            "responseUri": self.response_uri,
        }

    @property
    def transcript(self) -> bytes:
        if self.made is not None:
            return self.made
        if self.mdoc_nonce is not None:
            hashed = ([self.client_id, self.mdoc_nonce], [self.response_uri, self.mdoc_nonce])
            return session_transcript(*(hashlib.sha256(cbor_dumps(one)).digest() for one in hashed), self.nonce)
        name = "OpenID4VPHandover" if self.origin is None else "OpenID4VPDCAPIHandover"
        return session_transcript(name, hashlib.sha256(cbor_dumps(list(self.info.values()))).digest())

    @property
    def diagnostic(self) -> tuple[str, ...]:
        """Give the transcript, and what its digest is of where that is known, in diagnostic notation (RFC 8949 8)."""
        lines = [f"SessionTranscript = {diagnostic(cbor_loads(self.transcript))}"]
        if self.made is None and self.mdoc_nonce is None:
            name = "OpenID4VPHandoverInfo" if self.origin is None else "OpenID4VPDCAPIHandoverInfo"
            lines.append(f"{name} = {diagnostic(list(self.info.values()))}")
        return tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing in which the sides differ, and what commonly causes it.

    Attributes:
        member: what it is, as the handover calls it.
        first, second: what each side has there, in diagnostic notation.
    """

    member: str
    why: Why
    first: str
    second: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two sides of one session."""

    sides: tuple[Side, Side]
    differences: tuple[Difference, ...] = field(default=())

    @property
    def same(self) -> bool:
        return self.sides[0].transcript == self.sides[1].transcript


def read_side(data: bytes) -> Side:
    """Read what a side believes: a JSON object, for which a request will do.

    `client_id`, `nonce`, `response_uri` (or `redirect_uri`), or `origin` and `nonce`; `jwk` or `jwk_thumbprint` of the
    key that the answer is encrypted to (of a request: the first key of `client_metadata.jwks`);
    `mdoc_generated_nonce`; or `session_transcript`, in hexadecimal or base64url, as its software made it.

    Raises:
        Malformed: it is none, or says too little.
    """
    members = json_object(data)
    made = _text(members, "session_transcript")
    side = Side(
        client_id=_text(members, "client_id"),
        nonce=_text(members, "nonce"),
        response_uri=_text(members, "response_uri") or _text(members, "redirect_uri"),
        origin=_text(members, "origin"),
        thumbprint=_thumbprint(members),
        mdoc_nonce=_text(members, "mdoc_generated_nonce"),
        made=None if made is None else _octets(made),
    )
    if side.made is not None:
        cbor_loads(side.made)
        return side
    whole = (side.origin, side.nonce) if side.origin is not None else (side.client_id, side.nonce, side.response_uri)
    if None in whole:
        raise Malformed("a side says client_id, nonce and response_uri; or origin and nonce; or its session_transcript")
    return side


def compare(first: Side, second: Side) -> Comparison:
    """Say where two sides differ, and what commonly causes that."""
    sides = (first, second)
    if first.transcript == second.transcript:
        return Comparison(sides=sides)
    if first.made is not None and second.made is not None:
        return Comparison(sides=sides, differences=(_of_bytes(first, second),))
    if first.made is not None:
        return Comparison(sides=sides, differences=_tried(second, first, turned=True))
    if second.made is not None:
        return Comparison(sides=sides, differences=_tried(first, second, turned=False))
    return Comparison(sides=sides, differences=tuple(_differences(first, second)))


# -- what differs -----------------------------------------------------------------------------------------------------


def _differences(first: Side, second: Side) -> Iterator[Difference]:
    if (first.mdoc_nonce is None) is not (second.mdoc_nonce is None):
        yield _said("handover", Why.DRAFT, first.mdoc_nonce or "OpenID4VP 1.0", second.mdoc_nonce or "OpenID4VP 1.0")
        return
    if (first.origin is None) is not (second.origin is None):
        yield _said("handover", Why.CHANNEL, first.origin or first.response_uri, second.origin or second.response_uri)
        return
    if first.mdoc_nonce != second.mdoc_nonce:
        yield _said("mdocGeneratedNonce", Why.NONCE, first.mdoc_nonce, second.mdoc_nonce)
    one, other = first.info, second.info
    for member in one:
        if one[member] != other[member]:
            yield _said(member, _WHY[member](one[member], other[member]), one[member], other[member])


def _said(member: str, why: Why, first: Cbor, second: Cbor) -> Difference:
    return Difference(member=member, why=why, first=diagnostic(first), second=diagnostic(second))


def _of_client(one: Cbor, other: Cbor) -> Why:
    texts = {str(one), str(other)}
    return Why.PREFIX if any({prefix + text for text in texts} & texts for prefix in _PREFIXES) else Why.CLIENT_ID


def _of_origin(one: Cbor, other: Cbor) -> Why:
    texts = {str(one), str(other)}
    if {_ORIGIN + text for text in texts} & texts:
        return Why.ORIGIN_PREFIX
    return Why.SLASH if len({text.rstrip("/") for text in texts}) == 1 else Why.ORIGIN


def _of_uri(one: Cbor, other: Cbor) -> Why:
    return Why.SLASH if str(one).rstrip("/") == str(other).rstrip("/") else Why.RESPONSE_URI


def _of_thumbprint(one: Cbor, other: Cbor) -> Why:
    if one is None or other is None:
        return Why.THUMBPRINT_MISSING
    return Why.THUMBPRINT_TEXT if isinstance(one, str) is not isinstance(other, str) else Why.THUMBPRINT


_WHY: Final = {
    "clientId": _of_client,
    "origin": _of_origin,
    "nonce": lambda _, __: Why.NONCE,
    "jwkThumbprint": _of_thumbprint,
    "responseUri": _of_uri,
}


# -- where only the bytes of one side are known -----------------------------------------------------------------------


def _tried(known: Side, made: Side, *, turned: bool) -> tuple[Difference, ...]:
    """Find the mistake that turns what one side believes into the bytes that the other made."""
    for changed in _mistakes(known):
        if changed.transcript == made.transcript:
            found = tuple(_differences(known, changed))
            return tuple(replace(one, first=one.second, second=one.first) for one in found) if turned else found
    return (_of_bytes(made, known) if turned else _of_bytes(known, made),)


def _mistakes(side: Side) -> Iterator[Side]:
    """Give what this side would believe if one thing, or two, had gone wrong in a way that is common."""
    for once in _mistake(side):
        yield once
    for once in _mistake(side):
        yield from _mistake(once)


def _mistake(side: Side) -> Iterator[Side]:
    if side.client_id is not None:
        bare = next((side.client_id.removeprefix(one) for one in _PREFIXES if side.client_id.startswith(one)), None)
        several = [bare] if bare is not None else [prefix + side.client_id for prefix in _PREFIXES]
        yield from (replace(side, client_id=one) for one in several)
    if side.origin is not None:
        bare = side.origin.removeprefix(_ORIGIN)
        yield replace(side, origin=bare if bare != side.origin else _ORIGIN + side.origin)
        yield replace(side, origin=_other_end(side.origin))
    if side.response_uri is not None:
        yield replace(side, response_uri=_other_end(side.response_uri))
    if isinstance(side.thumbprint, bytes):
        yield replace(side, thumbprint=None)
        yield replace(side, thumbprint=b64url_encode(side.thumbprint))
        yield replace(side, thumbprint=side.thumbprint.hex())


def _other_end(uri: str) -> str:
    return uri.removesuffix("/") if uri.endswith("/") else f"{uri}/"


def _of_bytes(first: Side, second: Side) -> Difference:
    handovers = [_handover(cbor_loads(one.transcript)) for one in (first, second)]
    names = [one[0] if one and isinstance(one[0], str) else None for one in handovers]
    old = [len(one) == 3 and isinstance(one[0], bytes) for one in handovers]
    if old[0] is not old[1]:
        why = Why.DRAFT
    elif names[0] != names[1]:
        why = Why.CHANNEL
    else:
        why = Why.UNKNOWN
    return _said("handover", why, list(handovers[0]), list(handovers[1]))


def _handover(transcript: Cbor) -> Sequence[Cbor]:
    match transcript:
        case [_, _, [*handover]]:
            return handover
        case _:
            return ()


# -- reading and writing ----------------------------------------------------------------------------------------------


def _text(members: Mapping[str, Json], name: str) -> str | None:
    value = members.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT:
        raise Malformed(f"{name} is a text of 1 to {MAX_TEXT} characters")
    return value


def _thumbprint(members: Mapping[str, Json]) -> bytes | str | None:
    stated = _text(members, "jwk_thumbprint")
    if stated is not None:
        return b64url_decode(stated)
    key = members.get("jwk")
    match members.get("client_metadata"):
        case {"jwks": {"keys": [first, *_]}} if key is None:
            key = first
        case _:
            pass
    if key is None:
        return None
    if not isinstance(key, Mapping):
        raise Malformed("jwk is an object")
    needed = {name: member for name, member in key.items() if name in ("crv", "kty", "x", "y")}
    return PublicKey.from_jwk(needed).thumbprint()


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b64url_decode(text)


def diagnostic(value: Cbor) -> str:
    """Write a CBOR value in diagnostic notation (RFC 8949 section 8)."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f"h'{value.hex()}'"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, CBORTag):
        return f"{value.tag}({diagnostic(value.value)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{diagnostic(key)}: {diagnostic(one)}" for key, one in value.items()) + "}"
    return "[" + ", ".join(map(diagnostic, value)) + "]"
