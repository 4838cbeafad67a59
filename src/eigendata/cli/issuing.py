"""`issue`: the municipality's part. A challenge first, then credentials for keys that were shown, or were not."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from eigendata import texts
from eigendata.cli import speaking
from eigendata.cli.keys import types_named
from eigendata.cli.speaking import LANG, AsJson, InsecureLoopback, Lang, Language
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Json
from eigendata.errors import Malformed, Misuse
from eigendata.fetch import Fetcher
from eigendata.formats import FORMATS, PREFERRED
from eigendata.issuer import Issuer, UnprovenKeys
from eigendata.model import CredentialType, Issuance, Issued, ProvenKey, Refusal
from eigendata.registers import catalogue
from eigendata.registers.brp import passes_elfproef
from eigendata.registers.client import BrpClient

COPIES: Final = 10
"""Copies of each credential where nobody says how many: ten verifiers can be shown it before new ones are fetched."""

TEST_NUMBERS: Final = "9999"
"""The range of citizen service numbers that are nobody's; others come from standard input alone."""


def attach(app: typer.Typer) -> None:
    app.command()(issue)


def issue(
    issuer: Annotated[Path, typer.Option("--issuer", help="The issuer's folder, made by keygen --issuer-cert.")],
    out: Annotated[Path, typer.Option("--out", help="The file to write.")],
    challenge: Annotated[
        bool, typer.Option("--challenge", help="Write a challenge for a wallet to prove keys.")
    ] = False,
    type: Annotated[str | None, typer.Option("--type", help="The types to issue, with commas between.")] = None,
    bsn: Annotated[
        str | None, typer.Option("--bsn", help="`-` reads it from standard input; a test number may stand here.")
    ] = None,
    registers: Annotated[str | None, typer.Option("--registers", help="The register's base URL.")] = None,
    registers_key_file: Annotated[
        Path | None, typer.Option("--registers-key-file", help="The register's API key.")
    ] = None,
    proofs: Annotated[Path | None, typer.Option("--proofs", help="What `wallet prove` wrote.")] = None,
    holder_jwk: Annotated[
        Path | None, typer.Option("--holder-jwk", help="A JWK, or a JWK set with one key a copy, that nobody proved.")
    ] = None,
    format: Annotated[
        str, typer.Option("--format", help=f"One or more of {', '.join(FORMATS)}; every type in each of them.")
    ] = PREFERRED,
    copies: Annotated[
        int | None,
        typer.Option("--copies", min=1, max=100, help="Copies of each credential; 10, or one a key of a JWK set."),
    ] = None,
    lang: Lang = LANG,
    insecure_loopback: InsecureLoopback = False,
    as_json: AsJson = False,
) -> None:
    """Issue credentials about one person, from the register's answer. All of one call share `set`."""
    authority = Issuer.open(issuer)
    formats = speaking.formats_named(format)
    now = datetime.now(UTC)
    if challenge:
        _write_challenge(authority, out, formats, at=now, as_json=as_json)
        return
    if type is None or bsn is None or registers is None or (proofs is None) == (holder_jwk is None):
        raise Misuse(
            "issue needs --type, --bsn, --registers and either --proofs or --holder-jwk (or --challenge alone)"
        )
    named = tuple(catalogue.CATALOGUE[one] for one in types_named(type))
    api_key = speaking.read(registers_key_file).decode("ascii", "replace").strip() if registers_key_file else None
    client = BrpClient(registers, api_key=api_key, fetcher=Fetcher(allow_loopback_http=insecure_loopback))
    given = _proofs_in(proofs) if proofs else _unproven(holder_jwk, copies)
    if copies is None:
        copies = len(given.keys) if isinstance(given, UnprovenKeys) else COPIES
    if registers.startswith("http://") and not insecure_loopback:
        speaking.warn("Plain http goes no further than this machine, and only with --insecure-loopback.")
    record = client.look_up(read_bsn(bsn), named, at=now)
    # Proofs serve once: not before the register has answered, so that who must try again can.
    if isinstance(given, UnprovenKeys):
        speaking.warn("Nobody proved that they hold these keys.")
        to: tuple[ProvenKey, ...] | UnprovenKeys = given
    else:
        to = authority.proven(given, at=now)
    issuance = authority.issue(
        record, format=formats, to=to, types=tuple(one.id for one in named), copies=copies, at=now
    )
    written = issuance_object(issuance)
    speaking.write_json(out, written, private=True)
    speaking.tell(
        {"file": str(out), "issued": [one.type.id for one in issuance.issued], "refused": written["refused"]},
        as_json=as_json,
        plainly=lambda: tell_issuance(issuance, lang=lang),
    )


def _write_challenge(authority: Issuer, out: Path, formats: tuple[str, ...], *, at: datetime, as_json: bool) -> None:
    challenge = authority.challenge(at=at, formats=formats)
    speaking.write_json(out, challenge.to_json())
    speaking.tell(
        {"file": str(out), "credential_issuer": challenge.audience, "expires_at": challenge.expires_at.isoformat()},
        as_json=as_json,
        plainly=lambda: speaking.line(f"{out}: give this to the wallet, and take back the proofs that it writes."),
    )


def read_bsn(given: str) -> str:
    """Take a BSN from standard input, or from the argument where it is a test number.

    Raises:
        Misuse: a number that may be somebody's stands on the command line, where other users of the machine see it.
        Malformed: it is no BSN; no register is asked about it.
    """
    if given != "-" and not given.startswith(TEST_NUMBERS):
        raise Misuse("a BSN is read from standard input (--bsn -); only a test number may stand on the command line")
    try:
        bsn = sys.stdin.readline(64).strip() if given == "-" else given
    except UnicodeDecodeError:
        bsn = ""
    if re.fullmatch("[0-9]{9}", bsn) is None or not passes_elfproef(bsn):
        raise Malformed("a BSN has nine digits, of which the last follows from the others")
    return bsn


def _proofs_in(path: Path) -> tuple[bytes, ...]:
    match speaking.read_object(path):
        case {"proofs": {"jwt": [*jwts]}} if all(isinstance(jwt, str) for jwt in jwts):
            return tuple(str(jwt).encode() for jwt in jwts)
        case _:
            raise Malformed(f'{path} holds no proofs: {{"proofs": {{"jwt": [...]}}}}')


def _unproven(path: Path | None, copies: int | None) -> UnprovenKeys:
    if path is None:
        raise Misuse("no holder key was given")
    match speaking.read_object(path):
        case {"keys": [*members]}:
            keys = tuple(PublicKey.from_jwk(member) for member in members)
        case single:
            keys = (PublicKey.from_jwk(single),) * (copies or COPIES)
    return UnprovenKeys(keys=keys)


# -- what an issuer hands over, as a file -----------------------------------------------------------------------------


def issuance_object(issuance: Issuance) -> dict[str, Json]:
    """Give what was issued as one JSON object: `credentials` by type, each with its copies, and `refused`."""
    return {
        "credentials": [
            {
                "type": one.type.id,
                "format": one.format,
                "copies": [FORMATS[one.format].to_wire(copy) for copy in one.copies],
            }
            for one in issuance.issued
        ],
        "refused": [refusal_object(one) for one in issuance.refused],
    }


def refusal_object(one: Refusal) -> dict[str, Json]:
    return {
        "type": one.type.id,
        "claim": ".".join(one.claim) if one.claim else None,
        "reason": str(one.reason),
        "says": {language: texts.reason(one.reason, language) for language in ("nl", "en")},
    }


def read_issuance(path: Path) -> Issuance:
    """Read what `issue` wrote.

    Raises:
        Malformed: the file holds something else.
    """
    match speaking.read_object(path):
        case {"credentials": [*members]}:
            return Issuance(issued=tuple(_issued(member) for member in members))
        case _:
            raise Malformed(f"{path} holds no credentials")


def _issued(member: Json) -> Issued:
    match member:
        case {"type": str(type), "format": str(format), "copies": [*copies]}:
            if format not in FORMATS:
                raise Malformed("a credential is in a format that is not known here")
            known = catalogue.CATALOGUE.get(type) or CredentialType.foreign(type)
            return Issued(type=known, format=format, copies=tuple(FORMATS[format].from_wire(copy) for copy in copies))
        case _:
            raise Malformed("a credential is written as its type, its format and its copies")


def tell_issuance(issuance: Issuance, *, lang: Language) -> None:
    for one in issuance.issued:
        copies = f"{len(one.copies)} {'copy' if len(one.copies) == 1 else 'copies'}"
        speaking.line(f"✓ {label(one.type.label, lang)}: {copies} ({one.format})", "green")
    for refusal in issuance.refused:
        what = f" · {'.'.join(refusal.claim)}" if refusal.claim else ""
        speaking.line(f"– {label(refusal.type.label, lang)}{what}: {texts.reason(refusal.reason, lang)}", "yellow")


def label(labels: Mapping[str, str], lang: Language) -> str:
    """Give a label in this language, or in English, or as it was given: a stranger may have chosen the languages."""
    return labels.get(lang) or labels.get("en") or next(iter(labels.values()), "")
