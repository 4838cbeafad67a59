"""An issuer in a directory of its own: how it is made, and how it is read.

    create_authority         --> DIR/key.pem, anchor.pem         an authority for a pilot, a test, a village
    create_issuing_authority --> DIR/key.pem, anchor.pem         the same, of one issuer, for documents (IACA)
    create_issuer            --> DIR/key.pem, chain.pem, challenge.key, issuer.toml       --> read --> Settings
    create_document_signer   --> DIR/document-signer.key.pem, document-signer.pem beside  -->
    create_controller        --> DIR/controller.key.pem, did.json beside                  -->

What is secret is for its owner alone, is never printed, and is refused when others may read it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from eigendata import did, files
from eigendata.crypto.iaca import make_document_signer, make_issuing_authority, verify_document_signer
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, load_pem_chain, make_authority, make_issuer_certificate, read_leaf
from eigendata.encoding import toml_loads
from eigendata.errors import Malformed, Misuse, Rejected, within
from eigendata.formats import ORIGINS
from eigendata.issuer.standing import CHALLENGE_KEY_SIZE, Category, SourceRole
from eigendata.model import Chain, DocumentSigner, Method, Origin, Seal, utc

MAX_FILE: Final = 262_144
"""Bytes of a file in an issuer's directory."""
SETTINGS: Final = "issuer.toml"

_KEY: Final = "key.pem"
_CHAIN: Final = "chain.pem"
CHALLENGE_KEY: Final = "challenge.key"
_USED: Final = "used.sqlite"
_ANCHOR: Final = "anchor.pem"
SIGNER_KEY: Final = "document-signer.key.pem"
SIGNER: Final = "document-signer.pem"
CONTROLLER_KEY: Final = "controller.key.pem"
CONTROLLER: Final = "did.json"
_METHOD: Final = "key-1"
_URL: Final = re.compile(r"https://[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+", re.ASCII)
_CODE: Final = re.compile("[0-9]{4}", re.ASCII)
_OPTIONAL: Final = frozenset({"category", "source_role", "authentic_source"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an issuer's directory holds, read and found to fit together.

    Attributes:
        seals: format -> the key and how it is found.
        used: the file that remembers used challenges.
    """

    id: str
    name: str
    types: tuple[str, ...]
    municipalities: tuple[str, ...]
    category: Category
    source_role: SourceRole
    seals: Mapping[str, Seal] = field(repr=False)
    challenge_key: bytes = field(repr=False)
    used: Path


def read(directory: Path) -> Settings:
    """Read an issuer's directory.

    Raises:
        Misuse: a file is missing, or open to others, or key, certificate and settings do not fit together.
        Malformed: a file does not hold what it should.
    """
    path = directory / SETTINGS
    with within(str(path)):
        members = toml_loads(files.read(path, limit=MAX_FILE))
    match members:
        case {
            "id": str(id),
            "name": str(name),
            "key": str(key),
            "chain": str(chain),
            "types": [*types],
            "municipalities": [*municipalities],
            **others,
        } if others.keys() <= _OPTIONAL and _all_text([*types, *municipalities, *others.values()]):
            category, source_role = _standing(path, others)
        case _:
            raise Malformed(
                f"{path} holds id, name, key, chain, types, municipalities and perhaps {', '.join(sorted(_OPTIONAL))}"
            )
    return Settings(
        id=id,
        name=name,
        types=tuple(types),
        municipalities=tuple(municipalities),
        category=category,
        source_role=source_role,
        seals=_seals(directory, key, chain, id),
        challenge_key=_challenge_key(directory / CHALLENGE_KEY),
        used=directory / _USED,
    )


def _standing(path: Path, others: Mapping[str, str]) -> tuple[Category, SourceRole]:
    """Read what the issuer is in law and to the register: the least that it can be, where nothing is said."""
    try:
        category = Category(others.get("category", Category.EAA))
        source_role = SourceRole(others.get("source_role", SourceRole.SOURCE_HOLDER))
    except ValueError as error:
        raise Malformed(f"{path}: the category is EAA or PuB-EAA, the source_role bronhouder or afnemer") from error
    if category is Category.PUB_EAA and not others.get("authentic_source"):
        raise Misuse(f"{path}: PuB-EAA is only for a designated authentic_source, which must be named")
    return category, source_role


def _seals(directory: Path, key: str, chain: str, id: str) -> dict[str, Seal]:
    """Give the seal of each format that this issuer has a key for."""
    signer, certificates = _certified(directory / key, directory / chain, id)
    found: dict[type[Origin], Seal] = {
        Chain: Seal(signer=signer, origin=Chain(certificates=certificates, issuer=id)),
    }
    # either alone is a mistake, which reading the other tells
    if os.path.lexists(directory / SIGNER) or os.path.lexists(directory / SIGNER_KEY):
        signer, certificates = _certified(directory / SIGNER_KEY, directory / SIGNER, id)
        found[DocumentSigner] = Seal(signer=signer, origin=DocumentSigner(certificates=certificates, issuer=id))
    if os.path.lexists(directory / CONTROLLER) or os.path.lexists(directory / CONTROLLER_KEY):
        found[Method] = _controlled(directory, id)
    return {name: found[kind] for name, kind in ORIGINS.items() if kind in found}


def _controlled(directory: Path, id: str) -> Seal:
    """Read the key of a controller, and see that its document gives that key for assertions."""
    signer = SoftwareKey.load(directory / CONTROLLER_KEY)
    with within(str(directory / CONTROLLER)):
        document = did.parse_document(files.read(directory / CONTROLLER, limit=MAX_FILE))
        allowed = [(name, did.key_of(document, name)) for name in sorted(document.purposes[did.ASSERTION])]
    for method, key in allowed:
        if key == signer.public_key and did.controller_of(method) == document.id:
            return Seal(signer=signer, origin=Method(controller=document.id, id=method, issuer=id))
    raise Misuse(
        f"the key in {directory / CONTROLLER_KEY} is not one that {directory / CONTROLLER} gives for assertions"
    )


def _certified(key: Path, chain: Path, id: str) -> tuple[SoftwareKey, tuple[bytes, ...]]:
    signer = SoftwareKey.load(key)
    certificates = load_pem_chain(files.read(chain, limit=MAX_FILE))
    leaf = read_leaf(certificates[0])
    if leaf.key != signer.public_key:
        raise Misuse(f"the key in {key} is not the one that {chain} certifies")
    if id not in leaf.uris:
        raise Misuse(f"the certificate in {chain} does not name {id}")
    return signer, certificates


def _challenge_key(path: Path) -> bytes:
    """Read the challenge key, which nobody but its owner may read: who knows it makes challenges of this issuer."""
    data = files.read_private(path, limit=MAX_FILE)
    if len(data) != CHALLENGE_KEY_SIZE:
        raise Malformed(f"{path} holds {CHALLENGE_KEY_SIZE} octets")
    return data


# -- making one -------------------------------------------------------------------------------------------------------


def create_authority(out: Path, *, name: str, at: datetime) -> None:
    """Make a certificate authority in a new directory: its key, and the certificate that others are to trust.

    Raises:
        Misuse: the directory holds one already, or cannot be written; or its name is not of printable text.
    """
    _require_printable(name)
    key = SoftwareKey.generate(Algorithm.ES256)
    anchor = make_authority(name, key, at=utc(at))
    _make(out, _KEY, _ANCHOR)
    key.save(out / _KEY)
    files.write_new(out / _ANCHOR, dump_pem_chain((anchor,)))


def create_issuing_authority(out: Path, *, name: str, uri: str, crl: str | None, at: datetime) -> None:
    """Make an issuing authority (IACA) in a new directory: its key, and the certificate that others are to trust.

    Args:
        uri: the URL of the issuer whose documents it is for.
        crl: the URL of the list of revoked certificates; `iaca.crl` below the issuer's where None.

    Raises:
        Misuse: the directory holds one already, cannot be written, or what is stated cannot be an authority's.
    """
    _require_printable(name)
    if not _URL.fullmatch(uri) or (crl is not None and not _URL.fullmatch(crl)):
        raise Misuse("an issuing authority has a URL of https, and one at which revoked certificates are listed")
    key = SoftwareKey.generate(Algorithm.ES256)
    anchor = make_issuing_authority(name, key, uri=uri, crl=crl or f"{uri.rstrip('/')}/iaca.crl", at=utc(at))
    _make(out, _KEY, _ANCHOR)
    key.save(out / _KEY)
    files.write_new(out / _ANCHOR, dump_pem_chain((anchor,)))


def create_document_signer(out: Path, *, authority: Path, at: datetime) -> str:
    """Make a document signer for the issuer in a directory, with which it signs documents too; give the issuer's URL.

    Args:
        out: the directory that `create_issuer` made.
        authority: the directory that `create_issuing_authority` made.

    Raises:
        Misuse: there is no issuer, it has a signer already, or the authority may not certify one.
        Malformed: a file does not hold what it should.
    """
    at, settings = utc(at), read(out)
    anchor = load_pem_chain(files.read(authority / _ANCHOR, limit=MAX_FILE))[0]
    key = SoftwareKey.generate(Algorithm.ES256)
    leaf = make_document_signer(
        key.public_key,
        name=settings.name,
        uri=settings.id,
        authority=anchor,
        authority_key=SoftwareKey.load(authority / _KEY),
        at=at,
    )
    try:
        verify_document_signer((leaf,), (anchor,), at=at)
    except Rejected as refused:
        raise Misuse(f"what {authority} certifies would not be believed: {refused.check.rule}") from refused
    _make(out, SIGNER_KEY, SIGNER)
    key.save(out / SIGNER_KEY)
    files.write_new(out / SIGNER, dump_pem_chain((leaf,)))
    return settings.id


def create_controller(out: Path, *, name: str | None = None) -> str:
    """Make a key of a controller for the issuer in a directory, with the document that publishes it; give its name.

    Args:
        out: the directory that `create_issuer` made.
        name: the did:web or https name that it signs under; the did:web of the issuer's URL where None.

    Raises:
        Misuse: there is no issuer, it is a controller already, or the name is none under which it can publish.
        Malformed: a file does not hold what it should.
    """
    settings = read(out)
    controller = name or did.web_did(settings.id)
    if controller is None or did.address(controller) is None:
        raise Misuse("a controller has a plain did:web or https name: lower case, no port, nothing encoded")
    key = SoftwareKey.generate(Algorithm.EDDSA)
    _make(out, CONTROLLER_KEY, CONTROLLER)
    key.save(out / CONTROLLER_KEY)
    document = did.write_document(controller, f"{controller}#{_METHOD}", key.public_key)
    files.write_new(out / CONTROLLER, document)
    return controller


def create_issuer(
    out: Path,
    *,
    authority: Path,
    id: str,
    name: str | None,
    municipality: str | None,
    types: Sequence[str],
    at: datetime,
) -> None:
    """Make what `Issuer.open` reads in a new directory: key, chain without the root, challenge key, and settings.

    Args:
        authority: the directory that `create_authority` made.
        id: the issuer's URL.
        name: what people call it; where None, its municipality's name, or else its URL.
        municipality: the code of the municipality whose residents it speaks for, if it is one.
        types: identifiers of the types it may issue.

    Raises:
        Misuse: the directory holds an issuer already, cannot be written, or what is stated cannot be an issuer's.
    """
    if not _URL.fullmatch(id) or not types or (municipality is not None and not _CODE.fullmatch(municipality)):
        raise Misuse("an issuer has a URL of https, types that it may issue, and a municipality's code of four digits")
    from eigendata.registers.tables import municipalities  # late: an issuer that exists asks no tables

    known = municipalities().get(municipality or "")
    name = name or (f"Gemeente {known.name}" if known else id)
    anchor = load_pem_chain(files.read(authority / _ANCHOR, limit=MAX_FILE))[0]
    key = SoftwareKey.generate(Algorithm.ES256)
    leaf = make_issuer_certificate(
        key.public_key,
        name=name,
        uri=id,
        authority=anchor,
        authority_key=SoftwareKey.load(authority / _KEY),
        at=utc(at),
        municipality=municipality,
    )
    members: Mapping[str, str | list[str]] = {
        "id": id,
        "name": name,
        "key": _KEY,
        "chain": _CHAIN,
        "types": list(types),
        "municipalities": [municipality] if municipality else [],
        "category": str(Category.EAA),
        "source_role": str(SourceRole.SOURCE_HOLDER),
    }
    settings = "".join(f"{member} = {_toml(value)}\n" for member, value in members.items())
    _make(out, _KEY, _CHAIN, CHALLENGE_KEY, SETTINGS)
    key.save(out / _KEY)
    files.write_new(out / _CHAIN, dump_pem_chain((leaf,)))
    files.write_new(out / CHALLENGE_KEY, os.urandom(CHALLENGE_KEY_SIZE), mode=files.PRIVATE)
    files.write_new(out / SETTINGS, settings.encode())


def _toml(value: str | list[str]) -> str:
    """Write a text or a list of texts as TOML; what JSON escapes, TOML escapes alike."""
    texts = [value] if isinstance(value, str) else value
    if any(not text.isprintable() for text in texts):
        raise Misuse("an issuer's settings hold printable text only")
    return json.dumps(value, ensure_ascii=False)


def _require_printable(name: str) -> None:
    """Refuse a name that is signed into a certificate, and then does to a screen what its writer wants."""
    if not name.isprintable():
        raise Misuse("an authority's name is of printable text only")


def _all_text(values: Sequence[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _make(directory: Path, *names: str) -> None:
    """Make a directory in which none of these names is taken: what fails for the last of them leaves none behind."""
    for taken in (directory / name for name in names if os.path.lexists(directory / name)):
        raise Misuse(f"there is something at {taken} already; nothing is overwritten")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Misuse(f"the directory {directory} cannot be made: {error.strerror}") from error
