"""What a file is, from its bytes alone, and what came over it on its way here.

    bytes -> recognise -> Specimen(kind, data as it should have been, what came over it)

Files get hurt by programs that mean well: a mail program breaks lines, a word processor curls quotes, a browser codes
characters. Where undoing one of these gives something that is recognised, that was it, and the examination goes on with
what it was before. Nothing is verified here, and nothing that was mended is ever called well.
"""

from __future__ import annotations

import html
import quopri
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import unquote_to_bytes

from eigendata import policies
from eigendata.crypto.jose import Jws, parse_jws
from eigendata.crypto.keys import is_public
from eigendata.doctor.findings import Cause, Kind
from eigendata.encoding import TOML_LIMIT, Json, json_loads, toml_loads
from eigendata.errors import Malformed
from eigendata.trust import TRUST_LIMIT
from eigendata.wallet.sealing import BACKUP

MAX_FILE: Final = 16 * 1024 * 1024
"""Bytes that are read of a file; what is larger is none of ours."""

MAX_MENDED: Final = 2 * 1024 * 1024
"""Bytes of a text that is looked at for what came over it: twice the largest answer."""

MAX_TEXTS: Final = 20_000
"""Quotation marks of a JSON text that is looked at for breaks: an answer has some hundred."""

Object = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """A file, recognised.

    Attributes:
        data: what it would be without what came over it.
        came_over: what came over it, in the order in which it was undone.
    """

    kind: Kind
    data: bytes
    came_over: tuple[Cause, ...] = ()


def recognise(data: bytes) -> Specimen:
    """Find out what a file is. Any bytes give an answer, in bounded time."""
    kind = _kind(data)
    if kind not in _DOUBTFUL or len(data) > MAX_MENDED:
        return Specimen(kind=kind, data=data.strip() if kind in _TEXTS else data)
    came_over: list[Cause] = []
    mended = data
    for cause, mend in _MENDING:
        tried = mend(mended)
        if tried == mended or not tried:
            continue
        came_over.append(cause)
        mended = tried
        found = _kind(mended)
        if found not in _DOUBTFUL:
            return Specimen(kind=found, data=mended.strip(), came_over=tuple(came_over))
    encoded = tuple(cause for cause in came_over if cause in (Cause.UTF_16, Cause.BYTE_ORDER_MARK))
    return Specimen(kind=kind, data=data, came_over=encoded)


# -- by its first bytes -----------------------------------------------------------------------------------------------

_HEADS: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"%PDF-", Kind.PDF),
    (b"\x89PNG\r\n\x1a\n", Kind.PICTURE),
    (b"\xff\xd8\xff", Kind.PICTURE),
    (b"GIF87a", Kind.PICTURE),
    (b"GIF89a", Kind.PICTURE),
    (b"BM", Kind.PICTURE),
    (b"II*\x00", Kind.PICTURE),
    (b"MM\x00*", Kind.PICTURE),
    (b"PK\x03\x04", Kind.ARCHIVE),
    (b"\x1f\x8b", Kind.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", Kind.ARCHIVE),
    (b"Rar!\x1a\x07", Kind.ARCHIVE),
)
_SQLITE: Final = b"SQLite format 3\0"
_FIRST_PAGE: Final = 4096  # where SQLite keeps what its tables are
_TABLES_OF_OURS: Final = ((b"CREATE TABLE vault (", Kind.VAULT), (b"CREATE TABLE once (", Kind.STATE))
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
_PRIVATE: Final = re.compile(rb"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----")
_PUBLIC: Final = b"-----BEGIN PUBLIC KEY-----"
_PEM_IN_A_TEXT: Final = re.compile(rb"[\"']\s*-----BEGIN (CERTIFICATE|PUBLIC KEY)-----")  # TOML or JSON that holds it
_PAGE: Final = (b"<!doctype html", b"<html")
_LINK: Final = re.compile(rb"[a-z][a-z0-9+.-]{1,40}:(//)?[^\s]*", re.ASCII)
_FORM: Final = re.compile(rb"(vp_token|state|error)=")
_TOKEN: Final = re.compile(rb"ey[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*(~[^\s]*)?")
_ENCRYPTED: Final = re.compile(rb"ey[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){4}")


def _kind(data: bytes) -> Kind:
    for head, kind in _HEADS:
        if data.startswith(head) and (kind is not Kind.PICTURE or b"\x00" in data[:64] or len(head) > 2):
            return kind
    if data[4:8] == b"ftyp" or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return Kind.PICTURE
    if data.startswith(BACKUP.magic):
        return Kind.BACKUP
    if data.startswith(_SQLITE):
        first = data[: 2 * _FIRST_PAGE]
        return next((kind for table, kind in _TABLES_OF_OURS if table in first), Kind.DATABASE)
    if _PRIVATE.search(data) is not None:
        return Kind.PRIVATE_KEY
    if _PEM_IN_A_TEXT.search(data) is None:
        if _CERTIFICATE in data and _TABLE_HEADS.search(data) is None:
            return Kind.CERTIFICATES
        if _PUBLIC in data:
            return Kind.PUBLIC_KEY
    if _is_der_certificate(data):
        return Kind.CERTIFICATES
    text = data.strip()
    if not text:
        return Kind.EMPTY
    if (found := _kind_of_mdoc(data)) is not None:
        return found
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return Kind.BINARY
    return Kind.BINARY if b"\x00" in text else _kind_of_text(text)


_OF_MDOC: Final = re.compile(rb"[A-Za-z0-9_-]{256,}", re.ASCII)
_MAPS: Final = range(0xA1, 0xB8)  # the heads of small maps in CBOR


def _kind_of_mdoc(data: bytes) -> Kind | None:
    if data[0] not in _MAPS and _OF_MDOC.fullmatch(data.strip()) is None:
        return None
    from eigendata.doctor.mdocs import is_shown, taken_for  # late: nearly no file is one

    token = taken_for(data)
    if token is None:
        return None
    return Kind.PRESENTATION if is_shown(token) else Kind.CREDENTIAL


def _is_der_certificate(data: bytes) -> bool:
    # SEQUENCE { SEQUENCE { [0] version ..., as every certificate of version 3 begins (RFC 5280 section 4.1)
    return data[:2] == b"\x30\x82" and data[4:6] == b"\x30\x82" and data[8:13] == b"\xa0\x03\x02\x01\x02"


def _kind_of_text(text: bytes) -> Kind:
    if text[:1] in (b"{", b"["):
        found = _kind_of_json(text)
        if found is not Kind.JSON or text[:1] == b"{":
            return found
        # a TOML file may begin with a table, which is no JSON
        return _kind_of_toml(text) or found
    if _TOKEN.fullmatch(text) is not None:
        return _kind_of_token(text)
    if _ENCRYPTED.fullmatch(text) is not None:
        return Kind.ENCRYPTED
    if text[:64].lower().startswith(_PAGE):
        return Kind.WEB_PAGE
    if _FORM.match(text) is not None:
        return Kind.ANSWER
    if _LINK.fullmatch(text) is not None:
        return _kind_of_link(text)
    return _kind_of_toml(text) or Kind.TEXT


def _kind_of_link(text: bytes) -> Kind:
    scheme = text.partition(b":")[0]
    if scheme in (b"openid4vp", b"haip-vp", b"eudi-openid4vp"):
        return Kind.REQUEST
    if scheme in (b"openid-credential-offer", b"haip-vci"):
        return Kind.OFFER
    return Kind.OTHER_LINK if b"//" in text[:48] else Kind.TEXT


# -- by what it holds -------------------------------------------------------------------------------------------------

_BY_TYP: Final[Mapping[str, Kind]] = {
    "openid4vci-proof+jwt": Kind.PROOFS,
    "oauth-authz-req+jwt": Kind.SIGNED_REQUEST,
    "kb+jwt": Kind.HOLDER_PROOF,
    "dc+sd-jwt": Kind.CREDENTIAL,
    "vc+sd-jwt": Kind.CREDENTIAL,
}


def peeked(jws: bytes) -> Jws | None:
    """Take a token's first part apart to see what it says of itself, or give None where that cannot be read."""
    try:
        return parse_jws(jws)
    except Malformed:
        return None


def _kind_of_token(text: bytes) -> Kind:
    head, *rest = text.split(b"~")
    jws = peeked(head)
    if rest:
        # without dots the last part is no proof of a holder, but a disclosure that lost the ~ after it
        return Kind.PRESENTATION if b"." in rest[-1] else Kind.CREDENTIAL
    return Kind.OTHER_TOKEN if jws is None else _BY_TYP.get(jws.typ or "", Kind.OTHER_TOKEN)


def _kind_of_json(text: bytes) -> Kind:
    try:
        value = json_loads(text, limit=MAX_FILE)
    except Malformed:
        return Kind.JSON
    if isinstance(value, list):
        return Kind.REGISTER if value and isinstance(value[0], Mapping) and "persoon" in value[0] else Kind.JSON
    return _kind_of_object(value) if isinstance(value, Mapping) else Kind.JSON


_BY_NAMES: Final[tuple[tuple[frozenset[str], Kind], ...]] = (
    (frozenset(("vp_token",)), Kind.ANSWER),
    (frozenset(("dcql_query", "presentation_definition", "request_uri", "request", "response_type")), Kind.REQUEST),
    (frozenset(("c_nonce",)), Kind.CHALLENGE),
    (frozenset(("proofs",)), Kind.PROOFS),
    (frozenset(("personen", "verblijfplaatshistorie", "burgerservicenummer")), Kind.REGISTER),
    (frozenset(("jwks", "jwks_uri")), Kind.ISSUER_METADATA),
    (frozenset(("credential_offer", "credential_issuer")), Kind.OFFER),
)
_TOKEN_NAMES: Final = frozenset(("protected", "signatures"))


def _kind_of_object(value: Object) -> Kind:
    keys = [one for one in (value, *_each(value.get("keys"))) if "kty" in one]
    if not all(map(is_public, keys)):
        return Kind.PRIVATE_KEY
    if "payload" in value and not _TOKEN_NAMES.isdisjoint(value):
        return _kind_of_json_token(value)
    if "verifiableCredential" in value:
        return Kind.PRESENTATION
    if "credentialSubject" in value:
        return Kind.CREDENTIAL
    for names, kind in _BY_NAMES:
        if not names.isdisjoint(value):
            return kind
    if "error" in value and "state" in value:
        return Kind.ANSWER
    credentials = _each(value.get("credentials"))
    if credentials:
        return Kind.ISSUED if all("copies" in one for one in credentials) else Kind.QUERY
    if keys:
        return Kind.PUBLIC_KEY
    if "vct" in value and "iss" not in value:
        return Kind.TYPE_METADATA
    return Kind.HOME if value and value.keys() <= _conditions() else Kind.JSON


@cache
def _conditions() -> frozenset[str]:
    """Give the names of what the shipped policies want to know of a home."""
    return frozenset(name for policy in policies.shipped() for name in policies.load(policy).home)


def _kind_of_json_token(value: Object) -> Kind:
    headers = (value.get("header"), *(one.get("header") for one in _each(value.get("signatures"))))
    bound = any(isinstance(one, Mapping) and "kb_jwt" in one for one in headers)
    return Kind.PRESENTATION if bound else Kind.CREDENTIAL


def _each(value: Json) -> list[Object]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list | tuple) else []


_TABLES: Final[tuple[tuple[frozenset[str], Kind], ...]] = (
    (frozenset(("issuers", "verifiers")), Kind.TRUST),
    (frozenset(("questions", "rules", "legal_basis")), Kind.POLICY),
    (frozenset(("chain", "source_role")), Kind.ISSUER_SETTINGS),
)
_TABLE_HEADS: Final = re.compile(rb"^\s*\[\[?\s*(issuers|verifiers|questions|rules)\b", re.MULTILINE)


def _kind_of_toml(text: bytes) -> Kind | None:
    if len(text) > TRUST_LIMIT:
        return None
    head = _TABLE_HEADS.search(text)
    try:
        members = toml_loads(text, limit=TRUST_LIMIT if head is not None else TOML_LIMIT)
    except Malformed:
        if head is None:
            return None
        return Kind.TRUST if head[1] in (b"issuers", b"verifiers") else Kind.POLICY
    for names, kind in _TABLES:
        if not names.isdisjoint(members):
            return kind
    return Kind.TOML if members else None


# -- what came over it ------------------------------------------------------------------------------------------------

_DOUBTFUL: Final = frozenset((Kind.TEXT, Kind.BINARY, Kind.JSON, Kind.WEB_PAGE, Kind.OTHER_LINK, Kind.EMPTY))
"""Kinds of which undoing what came over them may make something else."""

_TEXTS: Final = frozenset(Kind) - {
    *(Kind.PICTURE, Kind.PDF, Kind.ARCHIVE, Kind.BINARY, Kind.CERTIFICATES, Kind.PRIVATE_KEY),
    *(Kind.VAULT, Kind.BACKUP, Kind.STATE, Kind.DATABASE, Kind.TRUST, Kind.POLICY, Kind.TOML),
}
"""Kinds whose surrounding blanks mean nothing: every editor ends a file with a line break."""

_UNSEEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_BLANKS: Final = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f", " "))
_CURLED: Final = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "‘": "'", "’": "'", "–": "-", "—": "-"})
_MAIL_MARK: Final = re.compile(rb"^[ \t]*>+[ \t]?", re.MULTILINE)
_SOFT_BREAK: Final = re.compile(rb"=\r?\n|=7[Ee]|=3[Dd]")
_CODED: Final = re.compile(rb"%[0-9A-Fa-f]{2}")
_ENTITY: Final = re.compile(r"&(quot|amp|lt|gt|#[0-9]{1,6}|#x[0-9a-fA-F]{1,5});")
_BEARER: Final = re.compile(rb"\s*(bearer|dpop)\s+", re.IGNORECASE)


def _without_mark(data: bytes) -> bytes:
    return data.lstrip().removeprefix(b"\xef\xbb\xbf")


def _from_utf_16(data: bytes) -> bytes:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        name = "utf-16"
    elif data[1:2] == b"\x00" and data[:1].isascii():
        name = "utf-16-le"
    elif data[:1] == b"\x00":
        name = "utf-16-be"
    else:
        return data
    try:
        return data.decode(name).encode("utf-8")
    except UnicodeError:
        return data


def _as_text(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    def mend(data: bytes) -> bytes:
        try:
            return change(data.decode("utf-8")).encode("utf-8")
        except UnicodeError:
            return data

    return mend


def _without_breaks(data: bytes) -> bytes:
    """Take out breaks and blanks, where what is left is one token."""
    joined = b"".join(data.split())
    return joined if _TOKEN.fullmatch(joined) or _ENCRYPTED.fullmatch(joined) else data


def _without_breaks_in_texts(data: bytes) -> bytes:
    """Take out line breaks where JSON has none: everything between two quotation marks."""
    if data.count(b'"') > MAX_TEXTS:
        return data
    return b'"'.join(
        re.sub(rb"[ \t]*\r?\n[ \t]*", b"", part) if number % 2 else part for number, part in enumerate(data.split(b'"'))
    )


def _without_quotes(data: bytes) -> bytes:
    text = data.strip().rstrip(b",;").strip()
    ends = text[:1]
    if len(text) > 2 and ends in (b'"', b"'", b"`") and text[-1:] == ends and ends not in text[1:-1]:
        return text[1:-1].strip()
    return text[1:-1].strip() if text[:1] == b"<" and text[-1:] == b">" and b"<" not in text[1:] else data


def _uncoded(data: bytes) -> bytes:
    return unquote_to_bytes(data) if _CODED.search(data) is not None else data


_MENDING: Final[tuple[tuple[Cause, Callable[[bytes], bytes]], ...]] = (
    (Cause.UTF_16, _from_utf_16),
    (Cause.BYTE_ORDER_MARK, _without_mark),
    (Cause.UNSEEN_CHARACTERS, _as_text(lambda text: _UNSEEN.sub("", text).translate(_BLANKS))),
    (Cause.MAIL_MARKS, lambda data: _MAIL_MARK.sub(b"", data)),
    (Cause.MAIL_CODED, lambda data: quopri.decodestring(data) if _SOFT_BREAK.search(data) is not None else data),
    (Cause.HTML_CODED, _as_text(lambda text: html.unescape(text) if _ENTITY.search(text) is not None else text)),
    (Cause.CURLY_QUOTES, _as_text(lambda text: text.translate(_CURLED))),
    (Cause.BEARER, lambda data: _BEARER.sub(b"", data, count=1) if _BEARER.match(data) is not None else data),
    (Cause.QUOTED, _without_quotes),
    (Cause.URL_CODED, _uncoded),
    (Cause.LINE_BREAKS, _without_breaks),
    (Cause.LINE_BREAKS, _without_breaks_in_texts),
)
