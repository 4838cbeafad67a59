"""The JWS JSON serialization of an SD-JWT (RFC 9901 section 8): read into the compact form, and written from it.

    JSON object, flattened or general -> compact -> bytes, which parse, verify and a wallet's vault know alone
    bytes -> flattened -> JSON object

Nothing is decided here, and no second way of verifying exists: a token that came as JSON is judged by its compact form,
over which the holder's proof is as well (section 8.1). Of the unprotected header only `disclosures` and `kb_jwt` are
taken; whatever else stands there was signed by nobody and is not looked at.

In the general form the first signature counts: with it stand the disclosures and the proof (section 8.3), and the
compact form has room for one. The others are of the issuer's own for other readers: their form is looked at, their
bytes are let go. So a token never verifies by a signature that its proof is not over, and which one is verified is
chosen by its place, not by which of them happens to hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from eigendata.crypto.jose import HEADER_LIMIT
from eigendata.encoding import Json, b64url_decode, json_object
from eigendata.errors import Malformed
from eigendata.formats.sdjwt.parse import DISCLOSURES_LIMIT

SIGNATURES_LIMIT: Final = 16
"""Signatures of one token in the general form: one for each algorithm that an issuer offers."""

_OWN: Final = frozenset(("disclosures", "kb_jwt"))
_PROTECTED_ONLY: Final = frozenset(("crit", "b64"))  # RFC 7515 4.1.11, RFC 7797 3
_OF_FLATTENED: Final = frozenset(("protected", "header", "signature"))
_ENCODED: Final = re.compile(r"[A-Za-z0-9_-]+")
_COMPACT_JWS: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def compact(form: Mapping[str, Json]) -> bytes:
    """Give the compact form of an SD-JWT or SD-JWT+KB in JWS JSON serialization, flattened or general.

    Members that nobody defined are ignored, as RFC 7515 7.2 demands.

    Raises:
        Malformed: it is none; it is of both forms at once; a header parameter stands in both headers of a signature, or
            in the one where it may not stand; or there are too many signatures or disclosures.

    Source: RFC 9901 section 8, RFC 7515 section 7.2.
    """
    first, *others = _signatures(form)
    protected, signature, unprotected = _taken_apart(first)
    for other in others:
        if not _OWN.isdisjoint(_taken_apart(other)[2]):
            raise Malformed("not an SD-JWT in JSON: disclosures or kb_jwt with another signature than the first")
    disclosures = unprotected.get("disclosures", ())
    if not isinstance(disclosures, list | tuple) or len(disclosures) > DISCLOSURES_LIMIT:
        raise Malformed(f"not an SD-JWT in JSON: disclosures is no array of at most {DISCLOSURES_LIMIT}")
    proof = "" if "kb_jwt" not in unprotected else _text(unprotected, "kb_jwt", _COMPACT_JWS)
    jws = ".".join((protected, _text(form, "payload"), signature))
    # each is looked at by itself: a ~ in one of them would make two of it
    return "~".join((jws, *(_encoded(one, "a disclosure") for one in disclosures), proof)).encode("ascii")


def flattened(token: bytes) -> dict[str, Json]:
    """Give a compact SD-JWT or SD-JWT+KB in flattened JWS JSON serialization; `compact` gives the same bytes back.

    Raises:
        Malformed: it is none.

    Source: RFC 9901 section 8.2.
    """
    parts = token.decode("ascii", errors="replace").split("~")
    header: dict[str, Json] = {"disclosures": parts[1:-1]}
    if len(parts) < 2 or _COMPACT_JWS.fullmatch(parts[0]) is None:
        raise Malformed("no SD-JWT: no issuer-signed JWT and ~")
    if parts[-1]:
        header["kb_jwt"] = parts[-1]
    protected, payload, signature = parts[0].split(".")
    form: dict[str, Json] = {"payload": payload, "protected": protected, "header": header, "signature": signature}
    compact(form)  # what cannot be read back is not written
    return form


def _signatures(form: Mapping[str, Json]) -> tuple[Json, ...]:
    if "signatures" not in form:
        return (form,)
    if not _OF_FLATTENED.isdisjoint(form):
        raise Malformed("a JWS in JSON that is general and flattened at once")
    signatures = form["signatures"]
    if not isinstance(signatures, list | tuple) or not 0 < len(signatures) <= SIGNATURES_LIMIT:
        raise Malformed(f"a JWS in JSON holds 1 to {SIGNATURES_LIMIT} signatures")
    return tuple(signatures)


def _taken_apart(one: Json) -> tuple[str, str, Mapping[str, Json]]:
    """Give a signature's protected header and value, as they are encoded, and its unprotected header."""
    if not isinstance(one, Mapping):
        raise Malformed("a JWS in JSON: a signature that is no object")
    protected, unprotected = _text(one, "protected"), one.get("header", {})
    if not isinstance(unprotected, Mapping) or len(protected) > HEADER_LIMIT:
        raise Malformed("a JWS in JSON: a header that is no object, or larger than any that is used")
    stated = json_object(b64url_decode(protected))
    if not unprotected.keys().isdisjoint(stated):
        raise Malformed("a JWS in JSON: a header parameter that is both protected and not")
    if not _PROTECTED_ONLY.isdisjoint(unprotected):
        raise Malformed("a JWS in JSON: critical extensions that are not protected")
    if not _OWN.isdisjoint(stated):
        raise Malformed("not an SD-JWT in JSON: disclosures or kb_jwt in a protected header")
    return protected, _text(one, "signature"), unprotected


def _text(members: Mapping[str, Json], name: str, form: re.Pattern[str] = _ENCODED) -> str:
    return _encoded(members.get(name), name, form)


def _encoded(value: Json, what: str, form: re.Pattern[str] = _ENCODED) -> str:
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise Malformed(f"a JWS in JSON: {what} is not there, or not base64url")
    return value
