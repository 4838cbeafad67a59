"""What lies still: certificates, keys, a trust file, a policy, an issuer's folder, a vault, published metadata.

Each is read by the door that its owner uses. A secret is recognised and never shown; a vault stays shut.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from eigendata.crypto import x509
from eigendata.crypto.keys import PublicKey
from eigendata.doctor import certificates
from eigendata.doctor.explaining import MAX_KNOWN, nearest
from eigendata.doctor.findings import Became, Cause, Course, Finding, Gap, Kind, Report, Taken, refused
from eigendata.doctor.messages import Beside, malformed
from eigendata.encoding import Json, json_object
from eigendata.errors import EigendataError, Malformed, Misuse, Rejected, Unavailable
from eigendata.formats import FORMATS, PREFERRED
from eigendata.formats.sdjwt.type_metadata import TYPE_DESCRIBED, TypeMetadata
from eigendata.issuer import directory
from eigendata.model import Chain, CredentialType, DocumentSigner
from eigendata.policies.loader import read_policy
from eigendata.registers.catalogue import CATALOGUE
from eigendata.trust import ISSUER_KNOWN, Trust
from eigendata.trust.published import is_publishable
from eigendata.wallet.file import private_file

_SQLITE_PAGE_SIZE: Final = slice(16, 18)  # where SQLite writes how large its pages are, and how many there are
_SQLITE_PAGES: Final = slice(28, 32)


# -- certificates and keys --------------------------------------------------------------------------------------------


def chain(data: bytes, beside: Beside) -> Report:
    """Examine certificates: an authority's own one, or an issuer's chain, leaf first."""
    given = x509.load_pem_chain(data) if b"-----BEGIN" in data else (_one(data),)
    if all(x509.is_authority(der) for der in given):
        return _anchors(given, beside)
    findings = list(_not_in_time(given, beside.at))
    if beside.trust is None:
        ordered = certificates.in_order(given)
        if ordered != given:
            findings.append(Finding(cause=Cause.CHAIN_REVERSED))
        if any(map(certificates.is_root, given)):
            findings.append(Finding(cause=Cause.CHAIN_WITH_ROOT))
        return Report(kind=Kind.CERTIFICATES, findings=tuple(findings), gaps=(Gap.TRUST,))
    return _against_trust(given, beside.trust, beside.at, findings)


def _one(der: bytes) -> bytes:
    x509.is_authority(der)  # reads it, and refuses what is none
    return der


def _anchors(given: tuple[bytes, ...], beside: Beside) -> Report:
    findings = [
        Finding(cause=cause, filled=filled) for cause, filled in certificates.ended_anchors(given, at=beside.at)
    ]
    return Report(kind=Kind.CERTIFICATES, findings=tuple(findings))


def _not_in_time(given: tuple[bytes, ...], at: datetime) -> Iterator[Finding]:
    for der in given:
        begins, ends = certificates.window(der)
        name = certificates.name(der)
        if at > ends:
            yield Finding(cause=Cause.CHAIN_ENDED, filled={"name": name, "moment": ends})
        elif at < begins:
            yield Finding(cause=Cause.CHAIN_NOT_BEGUN, filled={"name": name, "moment": begins})


def _against_trust(given: tuple[bytes, ...], trust: Trust, at: datetime, findings: list[Finding]) -> Report:
    """Examine a chain as a token that brings it would be: for the issuer whom its leaf names."""
    leaf = certificates.in_order(given)[0]
    issuer = x509.stated_uri((leaf,))
    entry = trust.issuers.get(issuer or "")
    if entry is None:
        near = nearest(issuer or "", trust.issuers)
        filled = {"issuer": issuer or "–"} | ({} if near is None else {"near": near})
        cause = Cause.ISSUER_UNKNOWN if near is None else Cause.ISSUER_NEAR
        cause = cause if issuer is not None else Cause.ISSUER_UNNAMED
        return Report(kind=Kind.CERTIFICATES, findings=(Finding(cause=cause, filled=filled, check=ISSUER_KNOWN),))
    try:
        origin = Chain(certificates=given, issuer=issuer)
        trust.issuer(origin, CredentialType.foreign(entry.types[0]), at=at)
    except Rejected as error:
        found = [
            Finding(cause=cause, filled=filled, check=error.check)
            for cause, filled in certificates.causes(given, entry.anchors, error.check, at=at)
        ]
        steps = refused(error, x509.CHECKS)
        return Report(
            kind=Kind.CERTIFICATES,
            findings=tuple(found) or (Finding(cause=Cause.CHECK, check=error.check),),
            courses=(Course(steps=steps),),
        )
    passed = tuple(Taken(check=check, became=Became.PASSED) for check in x509.CHECKS)
    return Report(kind=Kind.CERTIFICATES, findings=tuple(findings), courses=(Course(steps=passed),))


def private_key(data: bytes, beside: Beside) -> Report:
    """Say that this is a secret, and nothing of it."""
    return Report(kind=Kind.PRIVATE_KEY, findings=(Finding(cause=Cause.PRIVATE_KEY_HERE),))


def public_key(data: bytes, beside: Beside) -> Report:
    """Examine a public key, or a set of them."""
    if data[:1] == b"{":
        members = json_object(data)
        keys = members.get("keys")
        for one in keys if isinstance(keys, list) else (members,):
            PublicKey.from_jwk(one)
    else:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        try:
            PublicKey.from_cryptography(load_pem_public_key(data))
        except (ValueError, UnsupportedAlgorithm):
            raise Malformed("not a public key in PEM of a kind that is used here") from None
    return Report(kind=Kind.PUBLIC_KEY)


# -- what somebody wrote ----------------------------------------------------------------------------------------------


def trust_file(data: bytes, beside: Beside) -> Report:
    """Examine a trust file: that it reads, that its anchors are in time, and that its types exist."""
    read = Trust.loads(data)
    findings: list[Finding] = []
    gaps: tuple[Gap, ...] = ()
    unknown = 0
    for issuer, entry in read.issuers.items():
        for cause, filled in certificates.ended_anchors(entry.anchors, at=beside.at):
            findings.append(Finding(cause=cause, filled=filled, place=(issuer,)))
        for name in entry.types:
            unknown += name not in beside.types
            near = nearest(name, beside.types) if name not in beside.types and unknown <= MAX_KNOWN else None
            if near is not None:
                findings.append(Finding(cause=Cause.TYPE_NEAR, filled={"type": name, "near": near}, place=(issuer,)))
            elif name not in beside.types:
                gaps = (Gap.TYPE,)
        missing = [name for name in entry.types if name in CATALOGUE and CATALOGUE[name].jurisdiction is not None]
        if missing and not entry.municipalities:
            filled_ = {"issuer": issuer, "codes": "–"}
            findings.append(Finding(cause=Cause.ISSUER_WITHOUT_MUNICIPALITY, filled=filled_, place=(issuer,)))
    return Report(kind=Kind.TRUST, findings=tuple(findings), gaps=gaps)


def policy(data: bytes, beside: Beside) -> Report:
    """Examine a policy file."""
    try:
        read_policy(data)
    except Rejected as error:
        found = Finding(cause=Cause.CHECK, check=error.check, place=error.where)
        return Report(kind=Kind.POLICY, findings=(found,))
    return Report(kind=Kind.POLICY)


def type_metadata(data: bytes, beside: Beside) -> Report:
    """Examine type metadata: of a type of our own it is just ours, of another it can be read."""
    vct = json_object(data).get("vct")
    if not isinstance(vct, str):
        raise Malformed("type metadata names its type: vct, a text")
    known = CATALOGUE.get(vct)
    if known is not None:
        same = any(data.strip() == one.schema(known).strip() for one in FORMATS.values())
        found = () if same else (Finding(cause=Cause.METADATA_DIFFERS, filled={"type": vct}),)
        return Report(kind=Kind.TYPE_METADATA, findings=found)
    near = nearest(vct, CATALOGUE)
    if near is not None:
        found = (Finding(cause=Cause.TYPE_NEAR, filled={"type": vct, "near": near}),)
        return Report(kind=Kind.TYPE_METADATA, findings=found)
    try:
        TypeMetadata.read(vct, {vct: data})
    except Rejected as error:
        if error.check is TYPE_DESCRIBED:  # the types that it extends, which are not in this file
            return Report(kind=Kind.TYPE_METADATA, gaps=(Gap.TYPE,))
        return Report(kind=Kind.TYPE_METADATA, findings=(Finding(cause=Cause.CHECK, check=error.check),))
    return Report(kind=Kind.TYPE_METADATA)


def issuer_metadata(data: bytes, beside: Beside) -> Report:
    """Examine the metadata by which an issuer of SD-JWT VCs publishes its keys (SD-JWT VC section 4)."""
    members = json_object(data)
    issuer = members.get("issuer")
    if not (isinstance(issuer, str) and is_publishable(issuer)):
        raise Malformed("an issuer's metadata names its issuer: an https URL without query and fragment")
    if ("jwks" in members) == ("jwks_uri" in members):
        raise Malformed("an issuer's metadata holds jwks or jwks_uri, one of the two")
    jwks: Json = members.get("jwks")
    if jwks is not None:
        keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
        if not isinstance(keys, list) or not keys:
            raise Malformed("jwks holds keys")
        for one in keys:
            PublicKey.from_jwk(one)
    gaps = (Gap.KEY,) if jwks is None else ()
    if beside.trust is not None and issuer not in beside.trust.issuers:
        near = nearest(issuer, beside.trust.issuers)
        filled = {"issuer": issuer} | ({} if near is None else {"near": near})
        cause = Cause.ISSUER_UNKNOWN if near is None else Cause.ISSUER_NEAR
        return Report(kind=Kind.ISSUER_METADATA, findings=(Finding(cause=cause, filled=filled, check=ISSUER_KNOWN),))
    return Report(kind=Kind.ISSUER_METADATA, gaps=gaps if beside.trust is not None else (*gaps, Gap.TRUST))


# -- what lies in a place ---------------------------------------------------------------------------------------------


def issuer_folder(folder: Path, beside: Beside) -> Report:
    """Examine an issuer's folder: that it opens, who can read its secrets, and that its chain is good."""
    try:
        for name in sorted(os.listdir(folder)):
            if not stat.S_ISREG(os.stat(folder / name).st_mode) and not (folder / name).is_dir():
                raise Misuse(f"{name} is no file")
        settings = directory.read(folder)
    except OSError as error:
        found = Finding(cause=Cause.FILE_CLOSED, filled={"message": error.strerror or ""})
        return Report(kind=Kind.ISSUER_FOLDER, findings=(found,))
    except Malformed as error:
        return Report(kind=Kind.ISSUER_FOLDER, findings=(malformed(error),))
    except Misuse as error:
        return Report(kind=Kind.ISSUER_FOLDER, findings=(_of_settings(folder, error),))
    origin = settings.seals[PREFERRED].origin
    given = origin.certificates if isinstance(origin, Chain) else ()
    report = chain(x509.dump_pem_chain(given), beside)
    signers = [one.origin for one in settings.seals.values() if isinstance(one.origin, DocumentSigner)]
    known = [
        *(one for signer in signers for one in chain(x509.dump_pem_chain(signer.certificates), beside).findings),
        *(Finding(cause=Cause.TYPE_NEAR, filled={"type": name, "near": near}) for name, near in _near(settings.types)),
    ]
    return replace(report, kind=Kind.ISSUER_FOLDER, findings=(*report.findings, *known))


def _near(types: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in types:
        if name not in CATALOGUE and (near := nearest(name, CATALOGUE)) is not None:
            yield name, near


def _of_settings(folder: Path, error: EigendataError) -> Finding:
    for name in ("key.pem", "challenge.key", directory.SIGNER_KEY):
        path = folder / name
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            return Finding(cause=Cause.OPEN_TO_OTHERS, filled={"name": name})
    return Finding(cause=Cause.SETTINGS_WRONG, filled={"message": str(error)})


def vault(data: bytes, path: Path | None) -> Report:
    """Say how a vault stands, from outside. No passphrase is asked for."""
    findings: list[Finding] = []
    gaps = [Gap.SEALED]
    size = len(data)
    if path is not None:
        findings += _of_place(path)
        size = path.stat().st_size
        if any(os.path.lexists(f"{path}{suffix}") for suffix in ("-journal", "-wal")):
            gaps.append(Gap.UNFINISHED)
    page, pages = (int.from_bytes(data[part], "big") for part in (_SQLITE_PAGE_SIZE, _SQLITE_PAGES))
    if size < page * pages:
        findings.append(Finding(cause=Cause.VAULT_DAMAGED))
    return Report(kind=Kind.VAULT, findings=tuple(findings), gaps=tuple(gaps))


def _of_place(path: Path) -> list[Finding]:
    """Look at where a vault lies as its wallet does before it opens it."""
    try:
        private_file(path)
    except Misuse as error:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            return [Finding(cause=Cause.OPEN_TO_OTHERS, filled={"name": path.name})]
        return [malformed(error)]
    except (Rejected, Unavailable):
        return [Finding(cause=Cause.VAULT_DAMAGED)]
    return []


def backup(data: bytes, beside: Beside) -> Report:
    """Say that this is a backup of a wallet. No passphrase is asked for."""
    return Report(kind=Kind.BACKUP, gaps=(Gap.SEALED,))
