"""One case of the kit, and the text file that it stands in.

    eigendata-conformance: 1
    id: kb-nonce-other
    title: The holder's proof repeats the nonce of another request
    ...
    (an empty line)
    eyJhbGciOiJFUzI1NiIs...~      the token; every line break in it is for the reader only, and is taken out

A header is `name: value` on one line; in `anchor` alone, a line that begins with a space goes on with it. The reader is
strict: a case that is misread would say something of an implementation that is not so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar

from eigendata.encoding import Json, json_object
from eigendata.errors import Malformed, within

E = TypeVar("E", bound=StrEnum)

VERSION: Final = "1"
"""The version of the file format. A reader of one version refuses every other."""

FILE_LIMIT: Final = 262_144
"""Bytes of one file: the largest case of ours, a credential with a portrait, has some 60 kB."""

HEADERS_LIMIT: Final = 128
"""Lines of headers: a chain's anchor takes some fifteen, all other headers one or two each."""

WIDTH: Final = 110
"""Characters after which a written token goes on on the next line."""

ENVELOPE: Final = frozenset(
    ("iss", "aud", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"),
)
"""Claims of the token itself, at its top level. Some libraries hand them out, others keep them: neither is wrong."""


class Expect(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"


class Role(StrEnum):
    """Who looks at the token."""

    VERIFIER = "verifier"  # it is a presentation
    HOLDER = "holder"  # it is a credential as its issuer sent it


class Serialization(StrEnum):
    """How a token travels (RFC 9901 sections 4 and 8)."""

    COMPACT = "compact"
    JSON = "json"  # flattened or general


class Severity(StrEnum):
    """What a wrong answer means."""

    MUST = "must"  # the recipient is told what to do, or a wrong answer lets somebody in
    SHOULD = "should"  # the rule binds who makes the token, or is optional to support


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One token, what a verifier is told beside it, and what must become of it.

    Attributes:
        clause: where the rule stands that is broken, or shown to hold.
        at: the moment of verification.
        type: the `vct` that is expected.
        type_metadata: the document that describes that type, as its octets in UTF-8; None where there is none at hand.
        issuer: the only issuer who is trusted, as `iss` names it.
        issuer_key: that issuer's public JWK; None where the issuer is found by a chain.
        anchors: the certificates in PEM to which a chain must lead; empty where a key is pinned.
        audience, nonce: what a holder's proof must repeat; None where none is required.
        claims: the processed payload without `ENVELOPE`, of a case that is accepted.
        reason, check: how this library names the rule that is broken; `malformed` and no check where it is structure.
        twin: the accepted case from which a rejected one differs in one thing only.
        token: as it travels; a JSON text where that is its serialization.
    """

    id: str
    title: str
    clause: str
    role: Role
    format: str
    serialization: Serialization
    expect: Expect
    severity: Severity
    at: datetime
    type: str
    type_metadata: str | None = None
    issuer: str
    issuer_key: Mapping[str, Json] | None = None
    anchors: tuple[str, ...] = ()
    require_key_binding: bool
    audience: str | None = None
    nonce: str | None = None
    claims: Mapping[str, Json] | None = None
    reason: str | None = None
    check: str | None = None
    twin: str | None = None
    token: str = field(repr=False)

    @property
    def section(self) -> str:
        """The clause without the number of its step: what cases are counted by."""
        return self.clause.partition(" (")[0]

    def question(self) -> dict[str, Json]:
        """Give what an implementation is told: everything but the answer."""
        return {
            "id": self.id,
            "role": str(self.role),
            "format": self.format,
            "serialization": str(self.serialization),
            "at": int(self.at.timestamp()),
            "type": self.type,
            "type_metadata": self.type_metadata,
            "issuer": self.issuer,
            "issuer_key": self.issuer_key,
            "anchors": self.anchors,
            "require_key_binding": self.require_key_binding,
            "audience": self.audience,
            "nonce": self.nonce,
            "token": self.token,
        }


# -- reading ----------------------------------------------------------------------------------------------------------

_MAGIC: Final = f"eigendata-conformance: {VERSION}"
_HEADER: Final = re.compile(r"([a-z][a-z-]*): (\S.*)")
_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ALWAYS: Final = (
    *("id", "title", "clause", "role", "format", "serialization", "expect", "severity", "at", "type", "issuer"),
    "require-key-binding",
)
_ALONE: Final = frozenset(
    (*_ALWAYS, "type-metadata", "issuer-key", "anchor", "audience", "nonce", "claims", "reason", "check", "twin")
)
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]+\n)+-----END CERTIFICATE-----")
_ID_LIMIT: Final = 80


def read(data: bytes) -> Case:
    """Read one case file.

    Raises:
        Malformed: it is none; `where` says in which line, or which header is missing or wrong.
    """
    if len(data) > FILE_LIMIT:
        raise Malformed(f"a case file is at most {FILE_LIMIT} bytes; this one has {len(data)}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"a case file is UTF-8; this one is not at byte {error.start}") from None
    if "\r" in text:
        raise Malformed("a case file has line feeds alone; this one has a carriage return")
    if not text.startswith(_MAGIC + "\n"):
        raise Malformed(f"a case file begins with the line {_MAGIC!r}")
    head, blank, body = text.partition("\n\n")
    token = body.replace("\n", "")
    if not blank or not token:
        raise Malformed("a case file has an empty line after its headers, and then a token")
    return _case(_headers(head.split("\n")), token)


def _headers(lines: Sequence[str]) -> dict[str, str]:
    if len(lines) > HEADERS_LIMIT:
        raise Malformed(f"a case file has at most {HEADERS_LIMIT} lines of headers")
    found: dict[str, str] = {}
    name = ""
    for number, line in enumerate(lines[1:], start=2):
        with within(f"line {number}"):
            if not line.isprintable():
                raise Malformed("a character that cannot be seen")
            if line.startswith(" ") and name == "anchor":
                found[name] += "\n" + line[1:]
                continue
            matched = _HEADER.fullmatch(line)
            if matched is None:
                raise Malformed("not a header of the form `name: value`")
            name = matched[1]
            if name not in _ALONE:
                raise Malformed(f"no header is called {name}")
            if name in found:
                raise Malformed(f"the header {name} is there already")
            found[name] = matched[2]
    return found


def _case(headers: Mapping[str, str], token: str) -> Case:
    for name in _ALWAYS:
        if name not in headers:
            raise Malformed(f"the header {name} is missing")
    expect = _one_of(Expect, headers, "expect")
    required = headers["require-key-binding"] == "yes"
    _require(headers, "require-key-binding", headers["require-key-binding"] in ("yes", "no"))
    _require(headers, "id", _ID.fullmatch(headers["id"]) is not None and len(headers["id"]) <= _ID_LIMIT)
    _require(headers, "issuer-key", ("issuer-key" in headers) != ("anchor" in headers))
    for name in ("audience", "nonce"):
        _require(headers, name, (name in headers) == required)
    for name in ("reason", "twin"):
        _require(headers, name, (name in headers) == (expect is Expect.REJECT))
    _require(headers, "check", expect is Expect.REJECT or "check" not in headers)
    _require(headers, "claims", ("claims" in headers) == (expect is Expect.ACCEPT))
    return Case(
        id=headers["id"],
        title=headers["title"],
        clause=headers["clause"],
        role=_one_of(Role, headers, "role"),
        format=headers["format"],
        serialization=_one_of(Serialization, headers, "serialization"),
        expect=expect,
        severity=_one_of(Severity, headers, "severity"),
        at=_moment(headers),
        type=headers["type"],
        type_metadata=headers.get("type-metadata"),
        issuer=headers["issuer"],
        issuer_key=_object(headers, "issuer-key"),
        anchors=tuple(_anchors(headers)),
        require_key_binding=required,
        audience=headers.get("audience"),
        nonce=headers.get("nonce"),
        claims=_object(headers, "claims"),
        reason=headers.get("reason"),
        check=headers.get("check"),
        twin=headers.get("twin"),
        token=token,
    )


def _require(headers: Mapping[str, str], name: str, holds: bool) -> None:
    if not holds:
        raise Malformed(f"the header {name} {'cannot be so' if name in headers else 'is missing'} in this case")


def _one_of(kind: type[E], headers: Mapping[str, str], name: str) -> E:
    values = tuple(kind)
    _require(headers, name, headers[name] in values)
    return kind(headers[name])


def _moment(headers: Mapping[str, str]) -> datetime:
    _require(headers, "at", _MOMENT.fullmatch(headers["at"]) is not None)
    try:
        return datetime.fromisoformat(headers["at"]).astimezone(UTC)
    except ValueError:
        raise Malformed("the header at is no moment") from None


def _object(headers: Mapping[str, str], name: str) -> dict[str, Json] | None:
    if name not in headers:
        return None
    with within(name):
        return json_object(headers[name].encode())


def _anchors(headers: Mapping[str, str]) -> Iterator[str]:
    text = headers.get("anchor", "")
    _require(headers, "anchor", _CERTIFICATE.sub("", text).strip() == "")
    for matched in _CERTIFICATE.finditer(text):
        yield matched[0] + "\n"


# -- writing ----------------------------------------------------------------------------------------------------------


def write(case: Case) -> bytes:
    """Give the file of a case; `read` gives the same case back."""
    headers: dict[str, str | None] = {
        "id": case.id,
        "title": case.title,
        "clause": case.clause,
        "role": case.role,
        "format": case.format,
        "serialization": case.serialization,
        "expect": case.expect,
        "severity": case.severity,
        "reason": case.reason,
        "check": case.check,
        "twin": case.twin,
        # strftime may write a year without the zeros before it
        "at": case.at.replace(tzinfo=None).isoformat(timespec="seconds") + "Z",
        "type": case.type,
        "type-metadata": case.type_metadata,
        "issuer": case.issuer,
        "issuer-key": _line(case.issuer_key),
        "anchor": "".join(case.anchors).strip().replace("\n", "\n ") or None,
        "require-key-binding": "yes" if case.require_key_binding else "no",
        "audience": case.audience,
        "nonce": case.nonce,
        "claims": _line(case.claims),
    }
    head = [_MAGIC, *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
    return "\n".join((*head, "", *_lines(case.token), "")).encode()


def _line(value: Mapping[str, Json] | None) -> str | None:
    # a character that cannot be seen is written as its escape, so that a header shows what it holds
    if value is None:
        return None
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def _lines(token: str) -> Iterator[str]:
    """Give a token with a line for each part, and long parts over several lines."""
    for part in re.findall(r"[^~]*~|[^~]+", token):
        start = 0
        while start < len(part):
            end = min(start + WIDTH, len(part))
            while end < len(part) and " " in part[end - 1 : end + 1]:  # a space at the end of a line is not seen
                end += 1
            yield part[start:end]
            start = end
