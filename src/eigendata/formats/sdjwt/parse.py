"""A token taken apart, all its structure looked at, nothing in it believed.

    bytes -> split -> issuer-signed JWT | disclosures | KB-JWT
                      payload + disclosures -> one walk (RFC 9901 7.1 step 3) -> document, revealed, faults

What the walk finds wrong with a disclosure is a fault: it is noted, and `verify` rejects by it in the order of the
checks, after the issuer's signature. What is wrong with the form itself (an `_sd` that is no array of strings, a `...`
out of place, a date that is no number, anything too large or too deep) is malformed at once. Every digest is over the
bytes as received.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from eigendata.crypto.jose import Jws, parse_jws
from eigendata.crypto.keys import PublicKey
from eigendata.crypto.x509 import parse_x5c
from eigendata.encoding import Json, b64url_decode, b64url_encode, json_loads, json_object
from eigendata.errors import Check, Malformed
from eigendata.formats.sdjwt import checks
from eigendata.model import Chain, Claims, Named, Origin, StatusReference

TOKEN_LIMIT: Final = 524_288
"""Bytes of one token: a credential of ours is some 6 kB; a portrait may make a foreign one some 200 kB."""

DISCLOSURES_LIMIT: Final = 1024
"""Disclosures in one token: a credential of ours has some 30; a whole family's history would stay below 500."""

DEPTH_LIMIT: Final = 64
"""Objects and arrays inside one another once the disclosures are in place, as deep as one JSON text may be."""

LATEST: Final = 253_402_300_799
"""The last second that a datetime can name, of the year 9999. Dates are seconds since 1970 (RFC 7519 section 2)."""

_PLAIN: Final = frozenset((str, int, float, bool, type(None)))
_TEXTS: Final = frozenset((str,))
NUMBERS: Final = (int, float)  # a union would be built anew at every look
_NEVER_DISCLOSED: Final = frozenset(("iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"))
_NEVER_NAMED: Final = _NEVER_DISCLOSED | {"aud"}  # an entry of aud may be disclosed, aud itself may not (RFC 9901 9.7)
_RESERVED: Final = frozenset(("_sd", "...", "_sd_alg"))

# The shortened ones of the same registry are unfit (RFC 9901 section 9.4), and so are not here.
_HASHES: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
}


def _are_texts(values: list[Json]) -> bool:
    return _TEXTS.issuperset(map(type, values))


Place: TypeAlias = tuple[str | int, ...]
"""Where an element lies in a document: names and indices among what is shown."""


class Token:
    """A token taken apart. For this package alone: the doors hand out none of it.

    Attributes:
        document: the processed payload, read-only.
        placed: where each disclosure put its element -> which disclosure of the token it is.
        faults: the checks of the disclosures that do not hold.
        origin: how the token says its issuer's key is found, or None where it does not.
        holder: the key in cnf; None where there is none, or none of a kind that is understood.
        bound: there is a cnf.
        expires, begins, issued: exp, nbf and iat in seconds since 1970; None where it is not there.
        audience: aud as an array, or None where there is none.
        status: where withdrawal is published; None where that is not said, or not by a status list.
        integrity: the value of vct#integrity.
        signed: the bytes that a holder's proof is over.
        hash: the token's hash algorithm; None where it is none that is accepted.
    """

    __slots__ = (
        *("jws", "payload", "disclosures", "document", "placed", "faults", "origin", "holder", "bound"),
        *("expires", "begins", "issued", "audience", "status", "integrity", "hash"),
        *("signed", "key_binding", "kb_claims"),
    )

    def __init__(self, token: bytes, first: bytes, disclosures: list[bytes], last: bytes) -> None:
        self.jws = jws = parse_jws(first)
        self.payload = payload = json_object(jws.payload)
        self.disclosures = disclosures
        self.hash = _hash(payload)
        walk = _Walk()
        self.document = document = walk.process(payload, disclosures, self.hash)
        self.placed, self.faults = walk.placed, walk.faults
        self.origin = _origin(jws, payload)
        self.bound = "cnf" in payload
        self.holder = _holder(payload["cnf"]) if self.bound else None
        # Only iat may be disclosed (SD-JWT VC 2.2.2.3); the others are read where the issuer's signature is over them.
        self.expires, self.begins = _moment(payload, "exp"), _moment(payload, "nbf")
        self.issued = _moment(document, "iat")
        if self.expires is not None and self.expires <= max(self.begins or 0, self.issued or 0):
            raise Malformed("the credential expires before it begins")
        self.audience = _audience(document)
        self.status = _status(payload)
        self.integrity = _integrity(payload, document)
        self.signed = token[: len(token) - len(last)]
        self.key_binding = parse_jws(last) if last else None
        self.kb_claims = json_object(self.key_binding.payload) if self.key_binding else {}


def parse(token: bytes) -> Token:
    """Take a compact SD-JWT or SD-JWT+KB apart (RFC 9901 section 4). Nothing of it is verified.

    Raises:
        Malformed: it is none, or something in it does not have the form it must have, or it is beyond a limit.
    """
    if len(token) > TOKEN_LIMIT:
        raise Malformed(f"the token is {len(token)} bytes; at most {TOKEN_LIMIT} are read")
    parts = token.split(b"~", DISCLOSURES_LIMIT + 2)
    if not 2 <= len(parts) <= DISCLOSURES_LIMIT + 2:
        raise Malformed(f"no SD-JWT: no ~ after the issuer-signed JWT, or more than {DISCLOSURES_LIMIT} disclosures")
    return Token(token, parts[0], parts[1:-1], parts[-1])


# -- the issuer-signed JWT --------------------------------------------------------------------------------------------


def _hash(payload: Mapping[str, Json]) -> Callable[[bytes], Any] | None:
    name = payload.get("_sd_alg", "sha-256")
    return _HASHES.get(name) if isinstance(name, str) else None


def _origin(jws: Jws, payload: Mapping[str, Json]) -> Origin | None:
    issuer, key_id = _text(payload, "iss"), _text(jws.header, "kid")
    if "x5c" in jws.header:
        return Chain(certificates=parse_x5c(jws.header["x5c"]), issuer=issuer)
    return None if issuer is None else Named(issuer=issuer, key_id=key_id)


def _text(members: Mapping[str, Json], name: str) -> str | None:
    if name not in members:
        return None
    value = members[name]
    if not isinstance(value, str):
        raise Malformed(f"{name} is no text")
    return value


def _holder(cnf: Json) -> PublicKey | None:
    if isinstance(cnf, dict) and len(cnf) == 1 and "jwk" in cnf:
        return PublicKey.from_jwk(cnf["jwk"])
    return None


def _moment(claims: Mapping[str, Json], name: str) -> float | None:
    if name not in claims:
        return None
    moment = claims[name]
    if isinstance(moment, NUMBERS) and 0 <= moment <= LATEST and not isinstance(moment, bool):
        return moment
    raise Malformed(f"{name} is no date: not a number of seconds since 1970 before the year 10000")


def _audience(document: Claims) -> tuple[str, ...] | None:
    if "aud" not in document:
        return None
    named = document["aud"]
    audience = named if isinstance(named, tuple) else (named,)
    names = tuple(one for one in audience if isinstance(one, str))
    if len(names) != len(audience):
        raise Malformed("aud is neither text nor an array of texts")
    return names


def _status(payload: Mapping[str, Json]) -> StatusReference | None:
    status = payload.get("status")
    if not isinstance(status, dict):
        if "status" in payload:
            raise Malformed("status is no object")
        return None
    match status.get("status_list", {}):
        case {"uri": str(uri), "idx": int(index)} if index >= 0 and not isinstance(index, bool):
            return StatusReference(uri=uri, index=index)
        case _ if "status_list" in status:
            raise Malformed("a status_list without an index and the URI of a list")
        case _:
            return None


def _integrity(payload: Mapping[str, Json], document: Claims) -> str | None:
    """Give vct#integrity, and look at the claim about types that nothing here uses."""
    # SD-JWT VC 2.2.2.2: a non-empty array of strings that does not contain the value of vct
    if "aka_vcts" in document:
        types = document["aka_vcts"]
        if not isinstance(types, tuple) or not types or not all(isinstance(one, str) for one in types):
            raise Malformed("aka_vcts is not an array of names of types")
        if payload.get("vct") in types:
            raise Malformed("aka_vcts repeats vct")
    if "vct#integrity" not in payload:
        return None
    integrity = payload["vct#integrity"]
    if not isinstance(integrity, str):
        raise Malformed("vct#integrity is no text")
    return integrity


# -- the disclosures --------------------------------------------------------------------------------------------------


_Disclosure: TypeAlias = tuple[int, Json, Json]
"""Which disclosure of the token it is, its claim name (a text, or None for an array element), its value."""


class _Walk:
    """One pass over the payload in which every disclosure is put where its digest stands."""

    __slots__ = ("_conceals", "_digests", "_unplaced", "faults", "placed")

    def __init__(self) -> None:
        self.placed: dict[Place, int] = {}
        self.faults: set[Check] = set()
        self._unplaced: dict[str, _Disclosure] = {}
        self._digests: set[str] = set()
        self._conceals = False  # there is an _sd, if only an empty one

    def process(
        self, payload: Mapping[str, Json], disclosures: list[bytes], hash_: Callable[[bytes], Any] | None
    ) -> Claims:
        for index, encoded in enumerate(disclosures):
            contents = json_loads(b64url_decode(encoded))
            # a salt, perhaps a name, and a value: all but the last are texts
            if not isinstance(contents, list) or not (2 <= len(contents) <= 3 and _are_texts(contents[:-1])):
                self.faults.add(checks.DISCLOSURE_FORM)
                continue
            name = contents[1] if len(contents) == 3 else None
            if name in _RESERVED:
                self.faults.add(checks.RESERVED_NAME)
            # RFC 9901 4.2.3: over the US-ASCII bytes of the base64url-encoded value
            digest = b64url_encode(hash_(encoded).digest()) if hash_ is not None else f"{index}"
            if digest in self._unplaced:
                self.faults.add(checks.DISCLOSURE_ONCE)
            self._unplaced[digest] = index, name, contents[-1]
        document = self._object(payload, (), DEPTH_LIMIT, False)
        if self._unplaced:
            self.faults.add(checks.DISCLOSURE_REFERENCED)
        if self._conceals and not self._digests:
            self.faults.add(checks.SD_WITHOUT_CLAIMS)
        return document

    def _count(self, digests: Sequence[str]) -> None:
        before = len(self._digests)
        self._digests.update(digests)
        if len(self._digests) != before + len(digests):
            self.faults.add(checks.DIGEST_ONCE)

    def _value(self, value: Json, place: Place, depth: int, guarded: bool) -> Json:
        if isinstance(value, dict):
            return self._object(value, place, depth - 1, guarded)
        if isinstance(value, list):
            return self._array(value, place, depth - 1, guarded)
        return value

    def _object(self, members: Mapping[str, Json], place: Place, depth: int, guarded: bool) -> Claims:
        if depth < 0:
            raise Malformed(f"the claims are nested deeper than {DEPTH_LIMIT}")
        shown = dict(members)
        digests: Sequence[str] = () if _RESERVED.isdisjoint(shown) else self._reserved(shown, place, guarded)
        for name, value in shown.items():
            if type(value) not in _PLAIN:
                inside = guarded or (not place and name in _NEVER_DISCLOSED)
                shown[name] = self._value(value, (*place, name), depth, inside)
        unplaced = self._unplaced
        for digest in filter(unplaced.__contains__, digests):
            # taken out, so that a digest that stands twice is not followed twice
            index, claim, value = unplaced.pop(digest)
            if not isinstance(claim, str):
                self.faults.add(checks.OBJECT_DISCLOSURE)
                continue
            if claim in shown:
                self.faults.add(checks.NAME_FREE)
                continue
            if claim in _NEVER_NAMED and not place:
                self.faults.add(checks.PROTECTED_CLAIMS)
            where = (*place, claim)
            self.placed[where] = index
            shown[claim] = value if type(value) in _PLAIN else self._value(value, where, depth, guarded)
        return MappingProxyType(shown)

    def _reserved(self, shown: dict[str, Json], place: Place, guarded: bool) -> list[str]:
        """Take out the members that are no claims; give the digests of `_sd`."""
        # RFC 9901 4.1 (7) and 4.1.1: `...` stands alone in an array element, `_sd_alg` at the top level
        if "..." in shown or (place and "_sd_alg" in shown):
            raise Malformed("a member ... or _sd_alg where none may be")
        shown.pop("_sd_alg", None)
        if "_sd" not in shown:
            return []
        digests = shown.pop("_sd")
        if not isinstance(digests, list) or not _are_texts(digests):
            raise Malformed("an _sd that is not an array of strings")
        self._conceals = True
        if guarded:
            self.faults.add(checks.PROTECTED_CLAIMS)
        self._count(digests)
        return digests

    def _array(self, elements: list[Json], place: Place, depth: int, guarded: bool) -> tuple[Json, ...]:
        if depth < 0:
            raise Malformed(f"the claims are nested deeper than {DEPTH_LIMIT}")
        shown: list[Json] = []
        for element in elements:
            if isinstance(element, dict) and "..." in element:
                disclosure = self._element(element, guarded)
                if disclosure is not None:
                    where = (*place, len(shown))
                    self.placed[where] = disclosure[0]
                    shown.append(self._value(disclosure[2], where, depth, guarded))
            elif type(element) in _PLAIN:
                shown.append(element)
            else:
                shown.append(self._value(element, (*place, len(shown)), depth, guarded))
        return tuple(shown)

    def _element(self, element: Mapping[str, Json], guarded: bool) -> _Disclosure | None:
        digest = element["..."]
        if len(element) != 1 or not isinstance(digest, str):
            raise Malformed("a ... that is not alone, or not a string")
        if guarded:
            self.faults.add(checks.PROTECTED_CLAIMS)
        self._count((digest,))
        disclosure = self._unplaced.pop(digest, None)
        if disclosure is not None and disclosure[1] is not None:
            self.faults.add(checks.ARRAY_DISCLOSURE)
            return None
        return disclosure
