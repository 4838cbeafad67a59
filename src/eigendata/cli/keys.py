"""`keygen` and `trust`: keys, certificates and who may issue what."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from eigendata import did
from eigendata import trust as trusting
from eigendata.cli import speaking
from eigendata.cli.speaking import AsJson
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import b64url_encode
from eigendata.errors import Misuse
from eigendata.issuer import (
    create_authority,
    create_controller,
    create_document_signer,
    create_issuer,
    create_issuing_authority,
)
from eigendata.registers import catalogue
from eigendata.registers.tables import municipalities

TYPES_HELP: Final = f"Types, with commas between: {', '.join(one.short for one in catalogue.CATALOGUE.values())}."

trust = typer.Typer(
    help="Say who may issue what, in the one file that wallets and verifiers read.", no_args_is_help=True
)


def attach(app: typer.Typer) -> None:
    app.command()(keygen)
    app.add_typer(trust, name="trust")


_LONE: Final = frozenset(("--ca", "--iaca"))


def with_lone_ca(arguments: list[str]) -> list[str]:
    """Give the arguments with a `--ca` that stands alone written as `--ca=`, as `keygen --ca --name X` means it.

    The same of `--iaca`.
    """
    if arguments[:1] != ["keygen"]:
        return arguments
    following = [*arguments[1:], "--"]
    return [
        f"{one}=" if one in _LONE and after.startswith("--") else one
        for one, after in zip(arguments, following, strict=True)
    ]


def types_named(names: str) -> tuple[str, ...]:
    """Read `persoon,inwoner`, or full type identifiers, into type identifiers.

    Raises:
        Misuse: a name is in no catalogue.
    """
    return tuple(catalogue.by_name(name.strip()).id for name in names.split(",") if name.strip())


def keygen(
    out: Annotated[Path, typer.Option("--out", help="The key file, or the folder, to write.")],
    alg: Annotated[Algorithm, typer.Option("--alg", help="The algorithm of a bare key.")] = Algorithm.ES256,
    ca: Annotated[
        str | None,
        typer.Option("--ca", help="Alone: make a certificate authority. With --issuer-cert: the authority's folder."),
    ] = None,
    issuer_cert: Annotated[
        bool, typer.Option("--issuer-cert", help="Make an issuer's key, chain and settings.")
    ] = False,
    iaca: Annotated[
        str | None,
        typer.Option(
            "--iaca", help="Alone: make an issuing authority for mdocs. With --document-signer: the authority's folder."
        ),
    ] = None,
    document_signer: Annotated[
        bool,
        typer.Option("--document-signer", help="Make a document signer in an issuer's folder: it issues mdocs too."),
    ] = False,
    controller: Annotated[
        bool,
        typer.Option(
            "--controller",
            help="Make a key for Data Integrity and did.json in an issuer's folder: it issues ldp_vc too.",
        ),
    ] = False,
    crl: Annotated[
        str | None,
        typer.Option("--crl", help="With --iaca: the URL of your list of revoked certificates, not URL/iaca.crl."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="The authority's or issuer's name.")] = None,
    san: Annotated[str | None, typer.Option("--san", help="The issuer's URL.")] = None,
    municipality: Annotated[
        str | None, typer.Option("--municipality", help="Its four-digit municipality code.")
    ] = None,
    type: Annotated[str | None, typer.Option("--type", help=TYPES_HELP)] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, an authority, an issuer, or a signer for one. Key files are for their owner alone."""
    now = datetime.now(UTC)
    if [issuer_cert, document_signer, controller, ca is not None and not issuer_cert].count(True) > 1:
        raise Misuse("one thing is made at a time: --ca, --issuer-cert, --iaca, --document-signer or --controller")
    if controller:
        made, text = _made_controller(out, san)
    elif document_signer:
        if not iaca:
            raise Misuse("--document-signer needs --iaca DIR, and --out DIR with the folder of the issuer")
        made, text = _made_signer(out, Path(iaca), at=now)
    elif iaca is not None:
        if iaca or name is None or san is None:
            raise Misuse("an issuing authority is made with --iaca --name NAME --san URL --out DIR")
        create_issuing_authority(out, name=name, uri=san, crl=crl, at=now)
        made = {"made": "issuing authority", "folder": str(out), "name": name, "issuer": san}
        text = f"{out}: an issuing authority's key and certificate. Give the certificate to those who must trust it."
    elif issuer_cert:
        if not ca or san is None or type is None:
            raise Misuse("--issuer-cert needs --ca DIR, --san URL and --type T[,T]")
        if municipality is not None and municipality not in municipalities():
            speaking.warn(f"No municipality has or had the code {municipality}; is it the right one?")
        create_issuer(
            out, authority=Path(ca), id=san, name=name, municipality=municipality, types=types_named(type), at=now
        )
        made = {"made": "issuer", "folder": str(out), "issuer": san}
        text = f"{out}: an issuer's key, its certificate chain and issuer.toml. Keep the key to yourself."
    elif ca is not None:
        if ca or name is None:
            raise Misuse("a certificate authority is made with --ca --name NAME --out DIR")
        create_authority(out, name=name, at=now)
        made = {"made": "authority", "folder": str(out), "name": name}
        text = f"{out}: an authority's key and certificate. Give the certificate to those who must trust it."
    else:
        key = SoftwareKey.generate(alg)
        key.save(out)
        made = {
            "made": "key",
            "file": str(out),
            "alg": str(alg),
            "thumbprint": b64url_encode(key.public_key.thumbprint()),
        }
        text = f"{out}: a private {alg} key, readable by you alone."
    speaking.tell(made, as_json=as_json, plainly=lambda: speaking.line(text))


def _made_signer(out: Path, authority: Path, *, at: datetime) -> tuple[dict[str, str], str]:
    issuer = create_document_signer(out, authority=authority, at=at)
    made = {"made": "document signer", "folder": str(out), "issuer": issuer}
    return made, f"{out}: a document signer's key and certificate. From now on {issuer} issues mdocs too."


def _made_controller(out: Path, name: str | None) -> tuple[dict[str, str], str]:
    controller = create_controller(out, name=name)
    made = {"made": "controller", "folder": str(out), "controller": controller}
    return made, f"{out}: a key, and did.json to publish at {did.address(controller)}. It signs as {controller}."


def _type_id(name: str) -> str:
    # a type that others declare: a URI, or a collision-resistant name such as com.example.housing (SD-JWT VC 2.2.2.1)
    return name if any(mark in name for mark in ":./") else catalogue.by_name(name).id


@trust.command("add")
def add(
    issuer: Annotated[str, typer.Option("--issuer", help="The issuer's URL, as its certificate or metadata names it.")],
    type: Annotated[str, typer.Option("--type", help=TYPES_HELP)],
    out: Annotated[Path, typer.Option("--out", help="The trust file; what it holds already stays.")],
    anchor: Annotated[
        Path | None, typer.Option("--anchor", help="The certificate (PEM) at the top of the issuer's chain.")
    ] = None,
    issuer_metadata: Annotated[
        bool,
        typer.Option("--issuer-metadata", help="Instead: it publishes its keys at its URL; verifying fetches them."),
    ] = False,
    municipality: Annotated[
        str | None, typer.Option("--municipality", help="The municipality codes it speaks for, with commas between.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="The issuer's name, as people know it.")] = None,
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
    as_json: AsJson = False,
) -> None:
    """Trust an issuer for types, and for municipalities. Nothing is trusted that is not in this file."""
    controllers = tuple(one.strip() for one in (controller or "").split(",") if one.strip())
    ways = [anchor is not None, issuer_metadata].count(True)
    controlled = bool(controllers) or document is not None
    if ways > 1 or not (ways or controlled) or (issuer_metadata and controlled):
        raise Misuse(
            "an issuer is found by --anchor or --issuer-metadata, one of the two, or by --controller, --document"
        )
    types = tuple(_type_id(one) for one in map(str.strip, type.split(",")) if one)
    municipalities = tuple(code.strip() for code in (municipality or "").split(",") if code.strip())
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
    speaking.tell(
        {"trusted": issuer, "types": types, "municipalities": municipalities, "file": str(out)},
        as_json=as_json,
        plainly=lambda: speaking.line(f"{out}: {issuer} may issue {', '.join(types)}"),
    )
