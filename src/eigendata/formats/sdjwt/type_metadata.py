"""The type metadata of others, read whole from local files (draft-ietf-oauth-sd-jwt-vc-19 sections 5 and 6).

    documents -> the one of the type -> those that it extends, each unchanged and none twice -> merged -> TypeMetadata
                                                                                                -> DescribedType

Nothing is fetched, and nothing of a document is used before all of it, and all that it extends, was read. Members that
are not known are ignored; those that are known have the form of the specification, or the document is malformed. What
is displayed is its publisher's word: it names claims, and says nothing of who may issue them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from eigendata import texts
from eigendata.encoding import Json, json_object
from eigendata.errors import Check, Malformed, Misuse, Reason, Trail, within
from eigendata.files import read
from eigendata.formats.sdjwt.display import (
    URI_INTEGRITY,
    Described,
    matching_text,
    objects_of,
    read_described,
    read_display,
    read_locales,
    require_svg,
    required_text,
    text_of,
)
from eigendata.formats.sdjwt.metadata import has_integrity
from eigendata.model import ClaimPath, CredentialType

DOCUMENT_LIMIT: Final = 1_048_576
"""Bytes of one document: labels in two dozen languages are some 50 kB, pictures in it make it larger."""
FILES_LIMIT: Final = 256
"""Documents in one folder."""
FOLDER_LIMIT: Final = 16_777_216
"""Bytes of all documents in one folder."""
EXTENDS_LIMIT: Final = 16
"""Types that one type extends, one after the other; the longest known chain has three."""
CLAIMS_LIMIT: Final = 1024
"""Claims of one type, those of the types that it extends included."""
PATH_LIMIT: Final = 64
"""Parts of one path: as deep as claims may be."""
LABEL_LENGTH: Final = 120
"""Characters of a name or label that are shown; what is longer would push the rest off the screen."""

TYPE_DESCRIBED: Final = Check(
    name="TYPE_DESCRIBED",
    clause="SD-JWT VC 5.4, 5.7",
    reason=Reason.TYPE_MISMATCH,
    rule="The metadata of the type and of every type that it extends is at hand.",
)
TYPE_NAMED: Final = Check(
    name="TYPE_NAMED",
    clause="SD-JWT VC 5.3",
    reason=Reason.TYPE_MISMATCH,
    rule="The metadata states, letter by letter, the type that it was looked up for.",
)
EXTENDS_INTEGRITY: Final = Check(
    name="EXTENDS_INTEGRITY",
    clause="SD-JWT VC 6",
    reason=Reason.TYPE_MISMATCH,
    rule="The metadata that is extended is, byte for byte, what the extending type means.",
)
EXTENDS_ONCE: Final = Check(
    name="EXTENDS_ONCE",
    clause="SD-JWT VC 7.4",
    reason=Reason.TYPE_MISMATCH,
    rule="No type extends itself, directly or by way of others.",
)
SD_KEPT: Final = Check(
    name="SD_KEPT",
    clause="SD-JWT VC 5.6.5.1",
    reason=Reason.TYPE_MISMATCH,
    rule="A type does not change whether a claim can be withheld where the type that it extends settled that.",
)
MANDATORY_KEPT: Final = Check(
    name="MANDATORY_KEPT",
    clause="SD-JWT VC 5.6.5.1",
    reason=Reason.TYPE_MISMATCH,
    rule="A type does not make a claim optional that is mandatory in the type that it extends.",
)
CHECKS: Final = (
    TYPE_DESCRIBED,
    EXTENDS_ONCE,
    EXTENDS_INTEGRITY,
    TYPE_NAMED,
    SD_KEPT,
    MANDATORY_KEPT,
    URI_INTEGRITY,
)
"""Taken when a folder of type metadata is read; those of a credential are in `checks`."""


class Sd(StrEnum):
    """Whether an issuer makes a claim selectively disclosable (section 5.6.4)."""

    ALWAYS = "always"
    ALLOWED = "allowed"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMetadata:
    """What a type says of the claims at one path (section 5.6), with all that it inherits."""

    path: ClaimPath
    display: tuple[Described, ...] = ()
    mandatory: bool = False
    sd: Sd = Sd.ALLOWED
    svg_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeMetadata:
    """A type as its publisher describes it, with all that it inherits.

    Attributes:
        name, description: for developers.
        extends: the types that it extends, the nearest first. That gives nobody a right to issue any of them.
        document: the octets that `vct#integrity` is about.
    """

    vct: str
    name: str | None = None
    description: str | None = None
    extends: tuple[str, ...] = ()
    display: tuple[Described, ...] = ()
    claims: tuple[ClaimMetadata, ...] = ()
    document: bytes = field(repr=False)

    @classmethod
    def read(cls, vct: str, documents: Mapping[str, bytes]) -> Self:
        """Read the metadata of one type and of all that it extends.

        Args:
            documents: type -> the octets of its document, as they were received.

        Raises:
            Malformed: a document is none, or a limit is passed.
            Rejected: a document is missing, is another's, was changed, or breaks what it inherits (`type_mismatch`).

        Source: draft-ietf-oauth-sd-jwt-vc-19 sections 5.4 to 5.7, 6 and 7.4.
        """
        trail = Trail()
        chain = _chain(vct, documents, trail)
        claims: dict[ClaimPath, Mapping[str, Any]] = {}
        display: tuple[Described, ...] = ()
        for one in reversed(chain):  # what is extended comes before what extends it
            claims = _merged(claims, one.claims, trail)
            display = display if one.display is None else one.display
        own = chain[0]
        merged = tuple(ClaimMetadata(path=path, **members) for path, members in claims.items())
        require_svg(display, _svg_ids(merged))
        return cls(
            vct=vct,
            name=own.name,
            description=own.description,
            extends=tuple(one.vct for one in chain[1:]),
            display=display,
            claims=merged,
            document=own.document,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedType(CredentialType):
    """A type that others declare, of which the metadata is at hand. Its claims lie where its tokens have them.

    Attributes:
        labels: where a claim lies -> language -> what it is called.
    """

    metadata: TypeMetadata
    labels: Mapping[ClaimPath, Mapping[str, str]] = field(repr=False)

    @classmethod
    def of(cls, metadata: TypeMetadata) -> Self:
        """Give the type that this metadata describes, under its name and nobody else's."""
        name = metadata.vct if metadata.name is None else _shown(metadata.name)
        label = _labels(metadata.display) if metadata.display else dict.fromkeys(texts.LANGUAGES, name)
        labels = {one.path: _labels(one.display) for one in metadata.claims if one.display}
        return cls(id=metadata.vct, short=metadata.vct, label=label, attributes=(), metadata=metadata, labels=labels)

    @classmethod
    def load(cls, folder: Path | str) -> Mapping[str, Self]:
        """Read a folder of type metadata: every file in it that ends in `.json` is one document.

        Nothing in it is passed over: one bad file, and none of the types is given.

        Raises:
            Misuse: there is no such folder, a file in it cannot be read, or two are of one type.
            Malformed, Rejected: as `TypeMetadata.read`; `where` names the file or the type.
        """
        documents = _documents(Path(folder))
        found: dict[str, Self] = {}
        for vct in documents:
            with within(vct):
                found[vct] = cls.of(TypeMetadata.read(vct, documents))
        return MappingProxyType(found)

    def called(self, place: ClaimPath) -> Mapping[str, str]:
        """Give what the claim at a place is called, by language: its own label, or that of what it lies in."""
        for end in range(len(place), 0, -1):
            every = tuple(None if isinstance(part, int) else part for part in place[:end])
            found = self.labels.get(place[:end]) or self.labels.get(every)
            if found is not None:
                rest = "".join(f" · {part}" for part in place[end:])
                return {language: _shown(label + rest) for language, label in found.items()}
        return {}


def _labels(display: Sequence[Described]) -> dict[str, str]:
    """Choose for each of our languages the words that fit it best (RFC 4647); else the English, else the first."""
    spoken = {one.locale.lower(): _shown(one.name) for one in reversed(display)}

    def best(language: str) -> str | None:
        regional = (name for locale, name in reversed(spoken.items()) if locale.startswith(f"{language}-"))
        return spoken.get(language) or next(regional, None)

    otherwise = best("en") or _shown(display[0].name)
    return {language: best(language) or otherwise for language in texts.LANGUAGES}


def _shown(text: str) -> str:
    """Give a stranger's text as a label: one line, nothing in it unseen, and no longer than a screen has room for."""
    seen = texts.visible(text)
    return seen if len(seen) <= LABEL_LENGTH else f"{seen[: LABEL_LENGTH - 1]}…"


# -- documents --------------------------------------------------------------------------------------------------------


def _documents(folder: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        files = sorted(one for one in folder.iterdir() if one.suffix == ".json")
    except OSError as error:
        raise Misuse(f"the folder of type metadata {folder} cannot be read: {error.strerror}") from error
    if len(files) > FILES_LIMIT:
        raise Misuse(f"the folder of type metadata {folder} holds more than {FILES_LIMIT} documents")
    for file in files:
        with within(file.name):
            document = read(file, "the type metadata", limit=DOCUMENT_LIMIT)
            vct = json_object(document, limit=DOCUMENT_LIMIT).get("vct")
            if not isinstance(vct, str) or vct in found:
                raise Misuse("a document of type metadata states a type, and each type has one document")
            found[vct] = document
            if sum(map(len, found.values())) > FOLDER_LIMIT:
                raise Misuse(f"the folder of type metadata {folder} is larger than {FOLDER_LIMIT} bytes")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """One document, read. `display` is None where it says nothing of it; `claims` hold only what is stated."""

    vct: str
    name: str | None
    description: str | None
    extends: str | None
    integrity: str | None
    display: tuple[Described, ...] | None
    claims: Mapping[ClaimPath, Mapping[str, Any]]
    document: bytes


def _chain(vct: str, documents: Mapping[str, bytes], trail: Trail) -> list[_Document]:
    chain: list[_Document] = []
    wanted: str | None = vct
    integrity: str | None = None
    while wanted is not None:
        if len(chain) > EXTENDS_LIMIT:
            raise Malformed(f"a type extends more than {EXTENDS_LIMIT} others")
        trail.require(EXTENDS_ONCE, all(one.vct != wanted for one in chain))
        octets = trail.some(TYPE_DESCRIBED, documents.get(wanted))
        trail.require(EXTENDS_INTEGRITY, integrity is None or has_integrity(integrity, octets))
        one = _document(octets, trail)
        trail.require(TYPE_NAMED, one.vct == wanted)
        chain.append(one)
        wanted, integrity = one.extends, one.integrity
    return chain


def _document(octets: bytes, trail: Trail) -> _Document:
    members = json_object(octets, limit=DOCUMENT_LIMIT)
    extends, integrity = text_of(members, "extends"), text_of(members, "extends#integrity")
    if extends is None and integrity is not None:
        raise Malformed("extends#integrity without extends")
    return _Document(
        vct=required_text(members, "vct"),
        name=text_of(members, "name"),
        description=text_of(members, "description"),
        extends=extends,
        integrity=integrity,
        display=read_display(members["display"], trail) if "display" in members else None,
        claims=_claims(members.get("claims", [])),
        document=octets,
    )


def _merged(
    inherited: Mapping[ClaimPath, Mapping[str, Any]], own: Mapping[ClaimPath, Mapping[str, Any]], trail: Trail
) -> dict[ClaimPath, Mapping[str, Any]]:
    """Combine the claims of a type with those that it inherits; a property that it states replaces the whole of it."""
    merged = dict(inherited)
    for path, members in own.items():
        above = inherited.get(path, {})
        settled = above.get("sd", Sd.ALLOWED)
        trail.require(SD_KEPT, settled is Sd.ALLOWED or members.get("sd", settled) is settled)
        trail.require(MANDATORY_KEPT, not above.get("mandatory", False) or members.get("mandatory", True))
        merged[path] = {**above, **members}
    if len(merged) > CLAIMS_LIMIT:
        raise Malformed(f"type metadata of more than {CLAIMS_LIMIT} claims")
    return merged


# -- claims -----------------------------------------------------------------------------------------------------------

_SVG_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def _claims(value: Json) -> dict[ClaimPath, Mapping[str, Any]]:
    found: dict[ClaimPath, Mapping[str, Any]] = {}
    for members in objects_of(value, "claims", CLAIMS_LIMIT):
        path = _path(members.get("path"))
        if path in found:
            raise Malformed("two entries of one document describe the claims at one path")
        found[path] = _claim(members)
    return found


def _path(value: Json) -> ClaimPath:
    if not isinstance(value, list) or not 0 < len(value) <= PATH_LIMIT:
        raise Malformed(f"a path is an array of 1 to {PATH_LIMIT} parts")
    for part in value:
        # in Python true is an integer
        if isinstance(part, bool) or not (
            part is None or isinstance(part, str) or (isinstance(part, int) and part >= 0)
        ):
            raise Malformed("a part of a path is a name, null, or a non-negative integer")
    return tuple(value)


def _claim(members: Mapping[str, Json]) -> Mapping[str, Any]:
    """Read what is stated of a claim; what is left out is inherited, or has its default."""
    stated: dict[str, Any] = {}
    if "display" in members:
        stated["display"] = tuple(read_described(one, "label") for one in read_locales(members["display"]))
    if "mandatory" in members:
        if not isinstance(members["mandatory"], bool):
            raise Malformed("mandatory is neither true nor false")
        stated["mandatory"] = members["mandatory"]
    if "sd" in members:
        if members["sd"] not in tuple(Sd):
            raise Malformed("sd is none of always, allowed and never")
        stated["sd"] = Sd(members["sd"])
    if "svg_id" in members:
        stated["svg_id"] = matching_text(members, "svg_id", _SVG_ID)
    return stated


def _svg_ids(claims: Iterable[ClaimMetadata]) -> frozenset[str]:
    ids = [one.svg_id for one in claims if one.svg_id is not None]
    if len(set(ids)) != len(ids):
        raise Malformed("two claims of one type have the same svg_id")
    return frozenset(ids)
