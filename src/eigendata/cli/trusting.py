"""`trust`: who may issue what, and which verifiers there are, in the file that wallets and verifiers read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eigendata import trust as trusting
from eigendata.cli import speaking
from eigendata.cli.keys import TYPES_HELP
from eigendata.cli.speaking import AsJson
from eigendata.encoding import Json
from eigendata.errors import Misuse
from eigendata.registers import catalogue

trust = typer.Typer(
    help="Say who may issue what and who may ask, in the one file that wallets and verifiers read.",
    no_args_is_help=True,
)


def attach(app: typer.Typer) -> None:
    app.add_typer(trust, name="trust")


@trust.command("add")
def add(
    out: Annotated[Path, typer.Option("--out", help="The trust file; what it holds already stays.")],
    issuer: Annotated[
        str | None, typer.Option("--issuer", help="The issuer's URL, as its certificate or metadata names it.")
    ] = None,
    verifier: Annotated[
        str | None,
        typer.Option("--verifier", help="Instead: a verifier, by a DNS name of its certificate, or by its DID."),
    ] = None,
    type: Annotated[str | None, typer.Option("--type", help=TYPES_HELP)] = None,
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", help="The certificate (PEM) at the top of the issuer's or verifier's chain."),
    ] = None,
    issuer_metadata: Annotated[
        bool,
        typer.Option("--issuer-metadata", help="Instead: it publishes its keys at its URL; verifying fetches them."),
    ] = False,
    municipality: Annotated[
        str | None, typer.Option("--municipality", help="The municipality codes it speaks for, with commas between.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Its name, as people know it.")] = None,
    iaca: Annotated[
        bool,
        typer.Option(
            "--iaca", help="The anchor is this issuer's alone: every document signer below it is the issuer's."
        ),
    ] = False,
    signer_use: Annotated[
        str | None,
        typer.Option(
            "--signer-use", help="The object identifier that its document signers are certified for, if not ISO's own."
        ),
    ] = None,
    controller: Annotated[
        str | None,
        typer.Option(
            "--controller", help="The did:web, did:key or https names that it signs ldp_vc under, with commas."
        ),
    ] = None,
    document: Annotated[
        Path | None,
        typer.Option("--document", help="A controller document (did.json) to pin: its controller is never looked up."),
    ] = None,
    entitled: Annotated[
        str | None,
        typer.Option("--entitled", help="The types that a law entitles the verifier to, with commas between."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Trust an issuer for types, or a verifier to be who it says. Nobody is trusted that is not in this file."""
    of_issuer = (issuer, type, municipality, signer_use, controller)
    if verifier is None:
        if issuer is None or type is None or entitled is not None:
            raise Misuse("an issuer is added by --issuer and --type, a verifier by --verifier")
        ways = [anchor is not None, issuer_metadata].count(True)
        controlled = bool(_names(controller)) or document is not None
        if ways > 1 or not (ways or controlled) or (issuer_metadata and controlled):
            raise Misuse(
                "an issuer is found by --anchor or --issuer-metadata, one of the two, or by --controller, --document"
            )
        told, text = _add_issuer(
            out, issuer, name, anchor, type, municipality, iaca=iaca, signer_use=signer_use,
            controllers=_names(controller), document=document,
        )  # fmt: skip
    else:
        if issuer_metadata or iaca or any(one is not None for one in of_issuer):
            raise Misuse("of a verifier are --anchor or --document, --name and --entitled; the rest is an issuer's")
        told, text = _add_verifier(out, verifier, name, anchor, document, entitled)
    speaking.tell(told, as_json=as_json, plainly=lambda: speaking.line(text))


def _add_issuer(
    out: Path,
    issuer: str,
    name: str | None,
    anchor: Path | None,
    type: str,
    municipality: str | None,
    *,
    iaca: bool,
    signer_use: str | None,
    controllers: tuple[str, ...],
    document: Path | None,
) -> tuple[dict[str, Json], str]:
    types, municipalities = tuple(map(_type_id, _names(type))), _names(municipality)
    trusting.add_issuer(
        out,
        issuer=issuer,
        anchor_pem=None if anchor is None else speaking.read(anchor),
        name=name or issuer,
        types=types,
        municipalities=municipalities,
        iaca=iaca,
        signer_use=signer_use,
        controllers=controllers,
        documents=() if document is None else (speaking.read(document),),
    )
    told: dict[str, Json] = {"trusted": issuer, "types": types, "municipalities": municipalities, "file": str(out)}
    return told, f"{out}: {issuer} may issue {', '.join(types)}"


def _add_verifier(
    out: Path, verifier: str, name: str | None, anchor: Path | None, document: Path | None, entitled: str | None
) -> tuple[dict[str, Json], str]:
    types = tuple(map(_type_id, _names(entitled)))
    trusting.add_verifier(
        out,
        verifier=verifier,
        anchor_pem=None if anchor is None else speaking.read(anchor),
        name=name or verifier,
        entitled=types,
        document=None if document is None else speaking.read(document),
    )
    by_law = f", and a law entitles it to {', '.join(types)}" if types else ""
    return {"trusted": verifier, "entitled": types, "file": str(out)}, f"{out}: {verifier} may prove who it is{by_law}"


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(one for one in map(str.strip, (text or "").split(",")) if one)


def _type_id(name: str) -> str:
    # a type that others declare: a URI, or a collision-resistant name such as com.example.housing (SD-JWT VC 2.2.2.1)
    return name if any(mark in name for mark in ":./") else catalogue.by_name(name).id
