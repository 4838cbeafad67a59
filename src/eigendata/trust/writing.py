"""Writing a trust file: an entry goes below what is there, notes and all; a wider one is written anew with the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from eigendata import did, files
from eigendata.crypto import iaca as iaca_profile
from eigendata.crypto import x509
from eigendata.errors import Malformed, Misuse
from eigendata.trust.entries import FILE, KEY_ID, Entries, IssuerEntry, VerifierEntry, read_entries, read_file


def add_issuer(
    path: Path | str,
    *,
    anchor_pem: bytes | None,
    issuer: str,
    name: str,
    types: Iterable[str],
    municipalities: Iterable[str] = (),
    controllers: Iterable[str] = (),
    documents: Iterable[bytes] = (),
    iaca: bool = False,
    signer_use: str | None = None,
) -> None:
    """Write an issuer into a trust file, which is made where there is none. What the file holds stays.

    An issuer that is there already is widened in one respect at a time (another anchor, other types, other
    municipalities, or other controllers): in two at once it would be trusted for more than either call says.

    Args:
        anchor_pem: the certificate that its chains lead to; None: it is found by its controllers alone, or, without
            any, publishes its keys itself, as JWT VC Issuer Metadata under its name.
        controllers: the DIDs and https addresses under which it signs in Data Integrity.
        documents: controller documents to pin, each of a further controller, or of one of these.
        iaca: the anchor is an issuing authority of this issuer alone: every document signer of mdocs below it is the
            issuer's, whatever its certificate names. It is said when the issuer is added, and of each further anchor.
        signer_use: what its document signers are certified for, if not as ISO/IEC 18013-5 says; said when it is added.

    Raises:
        Malformed: the anchor is not one certificate in PEM, a document is none, or the file is no trust file.
        Misuse: the anchor is no authority's, no file can be written there, the issuer would be widened in two respects
            or found in two ways, or a value cannot stand in it.
        Unavailable: the disk is full or fails.
    """
    path = Path(path)
    anchors = () if anchor_pem is None else (_one_anchor(anchor_pem),)
    pinned = {did.parse_document(one).id: one.decode("utf-8") for one in documents}
    controllers = tuple(dict.fromkeys((*controllers, *pinned)))
    added = IssuerEntry(
        name=name,
        anchors=anchors,
        issuer_metadata=anchor_pem is None and not controllers,
        iaca=iaca,
        signer_use=signer_use or iaca_profile.DOCUMENT_SIGNER,
        types=tuple(dict.fromkeys(types)),
        municipalities=tuple(dict.fromkeys(municipalities)),
        controllers=controllers,
        documents=pinned,
    )
    text, before = _before(path)
    _refuse_anothers_authority(issuer, added, before)
    known = before.issuers.get(issuer)
    if known is None:  # it goes below what is there, notes and all
        written = _below(text, _table_of_issuer(issuer, added))
    else:  # the file is written anew
        written = _dump(before._replace(issuers={**before.issuers, issuer: _widened(issuer, known, added)}))
    _write(path, written)


def add_verifier(
    path: Path | str,
    *,
    verifier: str,
    anchor_pem: bytes | None,
    name: str,
    entitled: Iterable[str] = (),
    document: bytes | None = None,
) -> None:
    """Write a verifier into a trust file, which is made where there is none. What the file holds stays.

    A verifier that is there already is widened in one respect at a time, as an issuer is: another anchor, or what a
    law entitles it to.

    Args:
        verifier: a DNS name that its certificate bears, or its DID.
        anchor_pem: the certificate that its chain leads to; None where it is named by a DID.
        name: what people know it by.
        entitled: the types that a law entitles it to, by their identifiers.
        document: the document of its DID, to pin.

    Raises:
        Malformed: the anchor is not one certificate in PEM, the document is none, or the file is no trust file.
        Misuse: it is named by neither of the two, the anchor is no authority's, no file can be written there, it would
            be widened in two respects, or a value cannot stand in it.
        Unavailable: the disk is full or fails.
    """
    path = Path(path)
    if (anchor_pem is None) != verifier.startswith("did:"):
        raise Misuse("a verifier is found by an anchor under a DNS name of its certificate, or by its DID")
    if document is not None:
        did.parse_document(document)
    added = VerifierEntry(
        name=name,
        anchors=() if anchor_pem is None else (_one_anchor(anchor_pem),),
        document=None if document is None else document.decode("utf-8"),
        entitled=tuple(dict.fromkeys(entitled)),
    )
    text, before = _before(path)
    known = before.verifiers.get(verifier)
    if known is None:
        written = _below(text, _table_of_verifier(verifier, added))
    else:
        wider = _wider(verifier, known, added)
        written = _dump(before._replace(verifiers={**before.verifiers, verifier: wider}))
    _write(path, written)


def _before(path: Path) -> tuple[str, Entries]:
    text = read_file(path).decode("utf-8", "surrogateescape") if os.path.exists(path) else ""
    return text, read_entries(text.encode("utf-8", "surrogatepass"))


def _below(text: str, table: str) -> str:
    return f"{text.rstrip()}\n\n{table}".lstrip()


def _write(path: Path, written: str) -> None:
    try:
        read_entries(written.encode("utf-8", "surrogatepass"))
    except Malformed as error:
        raise Misuse(f"what was to be added cannot stand in a trust file: {error.message}") from error
    files.write(path, written.encode("utf-8"), FILE)


def _refuse_anothers_authority(issuer: str, added: IssuerEntry, before: Entries) -> None:
    """Refuse an anchor that is one issuer's own authority for another issuer, whichever of the two comes first.

    Whoever has such an authority could certify a leaf with the other's name, and sign as the other.
    """
    ours = {iaca_profile.name_of(one) for one in added.anchors}
    for named, entry in before.issuers.items():
        shared = ours.intersection(map(iaca_profile.name_of, entry.anchors))
        if named != issuer and shared and (entry.iaca or added.iaca):
            own, other = (named, issuer) if entry.iaca else (issuer, named)
            raise Misuse(f"the anchor is an issuing authority of {own} alone; {other} needs another")


def _wider(verifier: str, known: VerifierEntry, added: VerifierEntry) -> VerifierEntry:
    if set(known.anchors) != set(added.anchors) and set(known.entitled) != set(added.entitled):
        raise Misuse(f"{verifier} is in the trust file already, and would be widened in more than one respect at once")
    return replace(
        known,
        name=added.name,
        anchors=tuple(dict.fromkeys(known.anchors + added.anchors)),
        document=added.document or known.document,
        entitled=tuple(dict.fromkeys(known.entitled + added.entitled)),
    )


def _one_anchor(pem: bytes) -> bytes:
    anchors = x509.load_pem_chain(pem)
    if len(anchors) != 1:
        raise Misuse(f"an anchor is one certificate; there are {len(anchors)}")
    if not x509.is_authority(anchors[0]):
        raise Misuse("an anchor is an authority's certificate; this one is for an issuer, and could certify nobody")
    return anchors[0]


def _widened(issuer: str, known: IssuerEntry, added: IssuerEntry) -> IssuerEntry:
    if known.keys and (added.anchors or added.issuer_metadata):
        raise Misuse(f"{issuer} is trusted by pinned keys; it gets no anchor and no metadata beside them")
    if (known.issuer_metadata and added.anchors) or (known.anchors and added.issuer_metadata):
        raise Misuse(f"{issuer} is found in another way in the file: by an anchor or by its metadata, never both")
    if known.anchors and added.signer_use not in (known.signer_use, iaca_profile.DOCUMENT_SIGNER):
        raise Misuse(f"{issuer} is in the trust file already, and its document signers are certified for another use")
    new = set(added.anchors) - set(known.anchors)
    if known.anchors and ((added.iaca and not known.iaca) or (new and added.iaca is not known.iaca)):
        raise Misuse(f"of {issuer} all anchors are issuing authorities of its own (`iaca`), or none is")
    anchors = tuple(dict.fromkeys(known.anchors + added.anchors))
    types = tuple(dict.fromkeys(known.types + added.types))
    municipalities = tuple(dict.fromkeys(known.municipalities + added.municipalities))
    controllers = tuple(dict.fromkeys(known.controllers + added.controllers))
    differ = (
        (known.issuer_metadata, set(known.anchors)) != (added.issuer_metadata, set(added.anchors)),
        set(known.types) != set(added.types),
        set(known.municipalities) != set(added.municipalities),
        set(known.controllers) != set(added.controllers),
    )
    if sum(differ) > 1:
        raise Misuse(f"{issuer} is in the trust file already, and would be widened in more than one respect at once")
    return replace(
        known,
        name=added.name,
        anchors=anchors,
        iaca=known.iaca or added.iaca,
        signer_use=known.signer_use if known.anchors else added.signer_use,
        types=types,
        municipalities=municipalities,
        controllers=controllers,
        documents={**known.documents, **added.documents},
    )


def _dump(entries: Entries) -> str:
    issuers = (_table_of_issuer(named, entry) for named, entry in entries.issuers.items())
    verifiers = (_table_of_verifier(named, entry) for named, entry in entries.verifiers.items())
    return "\n".join((*issuers, *verifiers))


def _table_of_issuer(id: str, entry: IssuerEntry) -> str:
    lines = [f"[issuers.{_quoted(id)}]", f"name = {_quoted(entry.name)}"]
    lines += _anchors(entry.anchors)
    if entry.keys:
        jwks = ", ".join(_inline({**key.jwk(), KEY_ID: key_id}) for key_id, key in entry.keys.items())
        lines.append(f"keys = [{jwks}]")
    if entry.issuer_metadata:
        lines.append("issuer_metadata = true")
    if entry.iaca:
        lines.append("iaca = true")
    if entry.signer_use != iaca_profile.DOCUMENT_SIGNER:
        lines.append(f"signer_use = {_quoted(entry.signer_use)}")
    lines.append(f"types = {_quoted_list(entry.types)}")
    if entry.municipalities:
        lines.append(f"municipalities = {_quoted_list(entry.municipalities)}")
    if entry.controllers:
        lines.append(f"controllers = {_quoted_list(entry.controllers)}")
    if entry.documents:
        lines.append(f"documents = {_quoted_list(entry.documents.values())}")
    return "\n".join(lines) + "\n"


def _table_of_verifier(id: str, entry: VerifierEntry) -> str:
    lines = [f"[verifiers.{_quoted(id)}]", f"name = {_quoted(entry.name)}", *_anchors(entry.anchors)]
    if entry.document is not None:
        lines.append(f"document = {_quoted(entry.document)}")
    if entry.entitled:
        lines.append(f"entitled = {_quoted_list(entry.entitled)}")
    return "\n".join(lines) + "\n"


def _anchors(anchors: tuple[bytes, ...]) -> tuple[str, ...]:
    if not anchors:
        return ()
    pems = ",\n".join(f"'''\n{x509.dump_pem_chain([one]).decode('ascii')}'''" for one in anchors)
    return (f"anchors = [\n{pems},\n]",)


def _inline(members: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{name} = {_quoted(value)}" for name, value in members.items()) + " }"


def _quoted_list(values: Iterable[str]) -> str:
    return "[" + ", ".join(map(_quoted, values)) + "]"


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
