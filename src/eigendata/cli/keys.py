"""`keygen`: keys and certificates, for those who issue and those who ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from eigendata import did
from eigendata.cli import speaking
from eigendata.cli.speaking import AsJson
from eigendata.crypto.access import create_access
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


def attach(app: typer.Typer) -> None:
    app.command()(keygen)


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
        typer.Option(
            "--ca",
            help="Alone: make a certificate authority. With --issuer-cert or --verifier-cert: the authority's folder.",
        ),
    ] = None,
    issuer_cert: Annotated[
        bool, typer.Option("--issuer-cert", help="Make an issuer's key, chain and settings.")
    ] = False,
    verifier_cert: Annotated[
        bool,
        typer.Option("--verifier-cert", help="Make a verifier's key and chain, with which it signs its requests."),
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
    name: Annotated[str | None, typer.Option("--name", help="The authority's, issuer's or verifier's name.")] = None,
    san: Annotated[str | None, typer.Option("--san", help="The issuer's URL.")] = None,
    dns: Annotated[
        str | None, typer.Option("--dns", help="The hosts at which the verifier asks, with commas between.")
    ] = None,
    municipality: Annotated[
        str | None, typer.Option("--municipality", help="Its four-digit municipality code.")
    ] = None,
    type: Annotated[str | None, typer.Option("--type", help=TYPES_HELP)] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, an authority, an issuer, a verifier, or a signer for one. Key files are for their owner alone."""
    now = datetime.now(UTC)
    options = {"--ca": ca, "--iaca": iaca, "--crl": crl, "--name": name, "--san": san, "--dns": dns, "--type": type}
    options |= {"--municipality": municipality, "--alg": None if alg is Algorithm.ES256 else alg}
    switches = {
        "--issuer-cert": issuer_cert,
        "--verifier-cert": verifier_cert,
        "--document-signer": document_signer,
        "--controller": controller,
    }
    match _thing(
        [one for one, on in switches.items() if on], {one for one, said in options.items() if said is not None}
    ):
        case "--controller":
            made, text = _make_controller(out, san)
        case "--document-signer":
            made, text = _make_signer(out, iaca, at=now)
        case "--verifier-cert":
            made, text = _make_verifier(out, ca, dns, name, at=now)
        case "--issuer-cert":
            made, text = _make_issuer(out, ca, san, name, type, municipality, at=now)
        case "--iaca":
            made, text = _make_issuing_authority(out, iaca, name, san, crl, at=now)
        case "--ca":
            made, text = _make_authority(out, ca, name, at=now)
        case _:
            made, text = _make_key(out, alg)
    speaking.tell(made, as_json=as_json, plainly=lambda: speaking.line(text))


_BARE: Final = "a bare key"
_TAKES: Final[Mapping[str, frozenset[str]]] = {
    "--controller": frozenset({"--san"}),
    "--document-signer": frozenset({"--iaca"}),
    "--verifier-cert": frozenset({"--ca", "--dns", "--name"}),
    "--issuer-cert": frozenset({"--ca", "--san", "--name", "--type", "--municipality"}),
    "--iaca": frozenset({"--iaca", "--name", "--san", "--crl"}),
    "--ca": frozenset({"--ca", "--name"}),
    _BARE: frozenset({"--alg"}),
}
"""What can be made, and what is said of it beside `--out`."""


def _thing(switched: list[str], stated: set[str]) -> str:
    """Choose what is made. An option that says nothing of it is refused: it would be passed over silently.

    Raises:
        Misuse: several things are named, or an option goes with another one.
    """
    if len(switched) > 1:
        raise Misuse("one thing is made at a time: " + ", ".join(one for one in _TAKES if one.startswith("--")))
    thing = [*switched, *(one for one in ("--iaca", "--ca") if one in stated), _BARE][0]
    beside = sorted(stated - _TAKES[thing])
    if beside:
        raise Misuse(f"{', '.join(beside)} says nothing of what is made here: {thing}")
    return thing


_Made = tuple[dict[str, str], str]
"""What is told of what was made: for a program, and for a person."""


def _make_key(out: Path, alg: Algorithm) -> _Made:
    key = SoftwareKey.generate(alg)
    key.save(out)
    thumbprint = b64url_encode(key.public_key.thumbprint())
    made = {"made": "key", "file": str(out), "alg": str(alg), "thumbprint": thumbprint}
    return made, f"{out}: a private {alg} key, readable by you alone."


def _make_authority(out: Path, ca: str | None, name: str | None, *, at: datetime) -> _Made:
    if ca or name is None:
        raise Misuse("a certificate authority is made with --ca --name NAME --out DIR")
    create_authority(out, name=name, at=at)
    made = {"made": "authority", "folder": str(out), "name": name}
    return made, f"{out}: an authority's key and certificate. Give the certificate to those who must trust it."


def _make_issuing_authority(
    out: Path, iaca: str | None, name: str | None, san: str | None, crl: str | None, *, at: datetime
) -> _Made:
    if iaca or name is None or san is None:
        raise Misuse("an issuing authority is made with --iaca --name NAME --san URL --out DIR")
    create_issuing_authority(out, name=name, uri=san, crl=crl, at=at)
    made = {"made": "issuing authority", "folder": str(out), "name": name, "issuer": san}
    return made, f"{out}: an issuing authority's key and certificate. Give the certificate to those who must trust it."


def _make_issuer(
    out: Path,
    ca: str | None,
    san: str | None,
    name: str | None,
    type: str | None,
    municipality: str | None,
    *,
    at: datetime,
) -> _Made:
    if not ca or san is None or type is None:
        raise Misuse("--issuer-cert needs --ca DIR, --san URL and --type T[,T]")
    if municipality is not None and municipality not in municipalities():
        speaking.warn(f"No municipality has or had the code {municipality}; is it the right one?")
    types = types_named(type)
    create_issuer(out, authority=Path(ca), id=san, name=name, municipality=municipality, types=types, at=at)
    made = {"made": "issuer", "folder": str(out), "issuer": san}
    return made, f"{out}: an issuer's key, its certificate chain and issuer.toml. Keep the key to yourself."


def _make_verifier(out: Path, ca: str | None, dns: str | None, name: str | None, *, at: datetime) -> _Made:
    names = [one.strip() for one in (dns or "").split(",") if one.strip()]
    if not ca or not names:
        raise Misuse("--verifier-cert needs --ca DIR and --dns NAME[,NAME]")
    create_access(out, authority=Path(ca), dns_names=names, name=name or names[0], at=at)
    made = {"made": "verifier", "folder": str(out), "verifier": names[0]}
    return made, f"{out}: a verifier's key and its certificate chain. Keep the key to yourself."


def _make_signer(out: Path, iaca: str | None, *, at: datetime) -> _Made:
    if not iaca:
        raise Misuse("--document-signer needs --iaca DIR, and --out DIR with the folder of the issuer")
    issuer = create_document_signer(out, authority=Path(iaca), at=at)
    made = {"made": "document signer", "folder": str(out), "issuer": issuer}
    return made, f"{out}: a document signer's key and certificate. From now on {issuer} issues mdocs too."


def _make_controller(out: Path, name: str | None) -> _Made:
    controller = create_controller(out, name=name)
    made = {"made": "controller", "folder": str(out), "controller": controller}
    return made, f"{out}: a key, and did.json to publish at {did.address(controller)}. It signs as {controller}."
