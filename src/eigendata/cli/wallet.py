"""`wallet`: the resident's part. The vault is one file; its passphrase is asked for, or read from a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.exceptions import Abort

from eigendata import policies, texts
from eigendata.cli import speaking
from eigendata.cli.issuing import label, read_issuance
from eigendata.cli.speaking import LANG, AsJson, Lang, Language, TypesFolder
from eigendata.cli.verifying import shown
from eigendata.encoding import Json, thaw
from eigendata.errors import Misuse
from eigendata.fetch import Fetcher
from eigendata.formats.sdjwt.type_metadata import DescribedType
from eigendata.model import ClaimPath
from eigendata.proofs import Challenge
from eigendata.registers.catalogue import CATALOGUE
from eigendata.trust import Trust
from eigendata.wallet import Card, Since, Wallet
from eigendata.wallet.consent import Line
from eigendata.wallet.file import require_elsewhere
from eigendata.wallet.records import Shown

app = typer.Typer(help="A resident's wallet: one encrypted file.", no_args_is_help=True)

PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="Read the passphrase from this file's first line.")
]


@dataclass(slots=True)
class _Named:
    """The vault that the command names, and where its passphrase is."""

    stated: Path | None  # not demanded while reading the command, for then no command could be asked for its help
    passphrase_file: Path | None
    types: Path | None

    @property
    def vault(self) -> Path:
        if self.stated is None:
            raise Misuse("say which vault: eigendata wallet --vault FILE COMMAND")
        return self.stated


@app.callback()
def named(
    context: typer.Context,
    vault: Annotated[Path | None, typer.Option("--vault", help="The vault file; every command needs it.")] = None,
    passphrase_file: PassphraseFile = None,
    types: TypesFolder = None,
) -> None:
    context.obj = _Named(stated=vault, passphrase_file=passphrase_file, types=types)


def _passphrase(file: Path | None, prompt: str = "Passphrase", *, new: bool = False) -> str:
    """Read a passphrase: the first line of a file, or what is typed, unseen; a new one twice."""
    if file is None:
        if not _somebody_is_there():
            raise Misuse("there is no terminal to ask for the passphrase; --passphrase-file reads it (`-`: from input)")
        try:
            return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=new, err=True))
        except Abort:
            raise Misuse("no passphrase was given") from None
    # A line ends as in any file: what Unicode counts as the end of one may be part of a passphrase.
    first = speaking.read(file).partition(b"\n")[0].removesuffix(b"\r")
    if not first:
        raise Misuse(f"{file} holds no passphrase")
    return first.decode("utf-8", "surrogateescape")


def _somebody_is_there() -> bool:
    """Tell whether there is a terminal to ask at; standard input may be a file all the same."""
    with suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
        return True
    return sys.stdin.isatty()


def _file(context: typer.Context, here: Path | None) -> Path | None:
    named: _Named = context.obj
    return here or named.passphrase_file


def _require_vault(path: Path) -> None:
    if not os.path.lexists(path):
        raise Misuse(f"there is no vault at {path}; make one with init, or from a backup with restore")


@contextmanager
def opened(context: typer.Context, passphrase_file: Path | None) -> Iterator[Wallet]:
    named: _Named = context.obj
    _require_vault(named.vault)
    others = {} if named.types is None else DescribedType.load(named.types)
    with Wallet.open(named.vault, _passphrase(_file(context, passphrase_file)), types=others) as wallet:
        yield wallet


# -- the vault --------------------------------------------------------------------------------------------------------


@app.command()
def init(context: typer.Context, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """Make a new vault. Whoever loses the passphrase loses what is in it: nobody can open it without."""
    named: _Named = context.obj
    Wallet.create(named.vault, _passphrase(_file(context, passphrase_file), "New passphrase", new=True)).close()
    speaking.tell(
        {"vault": str(named.vault)},
        as_json=as_json,
        plainly=lambda: speaking.line(f"{named.vault}: a new vault. Write the passphrase down somewhere safe."),
    )


@app.command()
def passwd(
    context: typer.Context,
    passphrase_file: PassphraseFile = None,
    new_passphrase_file: Annotated[
        Path | None, typer.Option("--new-passphrase-file", help="Read the new passphrase from this file's first line.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change the passphrase."""
    with opened(context, passphrase_file) as wallet:
        wallet.change_passphrase(_passphrase(new_passphrase_file, "New passphrase", new=True))
    speaking.tell({"changed": True}, as_json=as_json, plainly=lambda: speaking.line("The passphrase is changed."))


# -- a backup ---------------------------------------------------------------------------------------------------------


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The backup to write; there must be nothing yet.")],
    own: Annotated[bool, typer.Option("--own", help="Ask for words of its own, instead of the vault's.")] = False,
    new_passphrase_file: Annotated[
        Path | None, typer.Option("--new-passphrase-file", help="Read words of its own from this file's first line.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Seal all that is in the vault into one file, to restore from when it is lost. The vault's passphrase opens it."""
    named: _Named = context.obj
    _require_vault(named.vault)
    secret = _passphrase(_file(context, passphrase_file))
    own = own or new_passphrase_file is not None
    made_at = datetime.now(UTC)
    with Wallet.open(named.vault, secret) as wallet:
        chosen = _passphrase(new_passphrase_file, "Passphrase of the backup", new=True) if own else secret
        wallet.back_up(file, chosen, at=made_at)
        cards = len(wallet.cards())
    opened_by = texts.say("backup.own" if own else "backup.same", lang)
    told = (texts.say("backup.made", lang, file=str(file), cards=cards), opened_by, texts.say("backup.after", lang))
    speaking.tell(
        {"file": str(file), "made_at": made_at.isoformat(timespec="seconds"), "cards": cards, "own_passphrase": own},
        as_json=as_json,
        plainly=lambda: speaking.lines(told),
    )


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup.")],
    unused_since: Annotated[
        bool,
        typer.Option("--unused-since", help="I am sure: since this backup nothing was shown or collected."),
    ] = False,
    passphrase_file: PassphraseFile = None,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Make a new vault of a backup. Copies that may have been shown since are withheld: collect new cards."""
    named: _Named = context.obj
    if os.path.lexists(named.vault):
        raise Misuse(f"there is already something at {named.vault}: name a new vault to restore into")
    if not os.path.lexists(file):
        raise Misuse(f"there is no backup at {file}")
    secret = _passphrase(_file(context, passphrase_file), "Passphrase of the backup")
    since = Since.UNUSED if unused_since else Since.UNKNOWN
    with Wallet.restore(named.vault, secret, backup=file, since=since, at=datetime.now(UTC)) as wallet:
        cards, restored = wallet.cards(), wallet.restorations()[-1]

    def plainly() -> None:
        when = f"{restored.made_at:%Y-%m-%d %H:%M}"
        speaking.line(texts.say("restore.done", lang, file=str(named.vault), cards=len(cards), when=when), "green")
        _tell_cards(cards, lang)
        speaking.line(texts.say("restore.history", lang, when=when))
        if unused_since:
            speaking.line(texts.say("restore.unused", lang), "yellow")
        elif restored.withheld or restored.keys:
            speaking.line(texts.say("restore.withheld", lang, when=when), "yellow")

    speaking.tell(
        {
            "vault": str(named.vault),
            "made_at": restored.made_at.isoformat(),
            "cards": [card_object(one) for one in cards],
            "withheld": restored.withheld,
            "keys_forgotten": restored.keys,
        },
        as_json=as_json,
        plainly=plainly,
    )


# -- receiving --------------------------------------------------------------------------------------------------------


@app.command()
def prove(
    context: typer.Context,
    challenge: Annotated[Path, typer.Option("--challenge", help="What the issuer's `issue --challenge` wrote.")],
    out: Annotated[Path, typer.Option("--out", help="The proofs to write; give them to the issuer.")],
    copies: Annotated[int, typer.Option("--copies", min=1, max=100, help="Copies of each credential.")] = 10,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make fresh keys, a copy's each, and prove that they are yours. The keys are in the vault before this ends."""
    require_elsewhere(out, context.obj.vault)
    asked = Challenge.from_json(speaking.read_json(challenge))
    with opened(context, passphrase_file) as wallet:
        made = wallet.prove_new_keys(asked, copies=copies, at=datetime.now(UTC))
    speaking.write_json(out, {"proofs": {"jwt": [one.decode() for one in made]}})
    speaking.tell(
        {"file": str(out), "keys": len(made), "credential_issuer": asked.audience},
        as_json=as_json,
        plainly=lambda: speaking.line(f"{out}: proofs of {len(made)} new keys, for {asked.audience} alone."),
    )


@app.command()
def add(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What the issuer's `issue` wrote.")],
    trust: Annotated[Path, typer.Option("--trust", help="Who may issue what.")],
    passphrase_file: PassphraseFile = None,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Verify every copy, then store all of them or none."""
    issuance = read_issuance(file)
    trusted = Trust.load(trust, fetcher=Fetcher())
    with opened(context, passphrase_file) as wallet:
        cards = wallet.add(issuance, trust=trusted, at=datetime.now(UTC))
    speaking.tell(
        {"added": [card_object(one) for one in cards]}, as_json=as_json, plainly=lambda: _tell_cards(cards, lang)
    )


# -- looking ----------------------------------------------------------------------------------------------------------


@app.command("list")
def list_(
    context: typer.Context, passphrase_file: PassphraseFile = None, lang: Lang = LANG, as_json: AsJson = False
) -> None:
    """List the cards, without what they say."""
    with opened(context, passphrase_file) as wallet:
        cards = wallet.cards()
    speaking.tell(
        {"cards": [card_object(one) for one in cards]}, as_json=as_json, plainly=lambda: _tell_cards(cards, lang)
    )


@app.command()
def show(
    context: typer.Context,
    card: Annotated[str, typer.Argument(help="A card's id, or the short name of its type.")],
    passphrase_file: PassphraseFile = None,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Show what a card says, to you."""
    with opened(context, passphrase_file) as wallet:
        named = [one for one in wallet.cards() if card in (one.id, one.type.short, one.type.id)]
        if not named:
            raise Misuse(f"there is no card {card}")
        contents = [wallet.show(one) for one in named]

    def plainly() -> None:
        for one in contents:
            _tell_cards((one.card,), lang)
            for line in one.lines:
                speaking.line(f"  {label(line.label, lang)}: {said(line, lang)}")

    speaking.tell(
        {"cards": [{**card_object(one.card), "claims": [line_object(line) for line in one.lines]} for one in contents]},
        as_json=as_json,
        plainly=plainly,
    )


@app.command()
def remove(
    context: typer.Context,
    card: Annotated[str, typer.Argument(help="A card's id, or the short name of its type.")],
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Throw cards away, with their copies and keys. Nobody can give them back; new ones can be issued."""
    with opened(context, passphrase_file) as wallet:
        named = [one for one in wallet.cards() if card in (one.id, one.type.short, one.type.id)]
        if not named:
            raise Misuse(f"there is no card {card}")
        for one in named:
            wallet.remove(one)
    gone: list[Json] = [one.id for one in named]
    speaking.tell({"removed": gone}, as_json=as_json, plainly=lambda: speaking.line(f"{len(gone)} thrown away."))


@app.command()
def history(
    context: typer.Context, passphrase_file: PassphraseFile = None, lang: Lang = LANG, as_json: AsJson = False
) -> None:
    """List what was shown, to whom, when, why and until when they keep it."""
    with opened(context, passphrase_file) as wallet:
        lines = wallet.history()

    def plainly() -> None:
        for one in lines:
            name = one.asker.name if one.proven else f"{one.asker.name} ({UNPROVEN[lang]})"
            speaking.line(f"{one.at:%Y-%m-%d %H:%M} · {name} · {one.asker.id}", "bold")
            if one.purpose:
                speaking.line(f"  {label(one.purpose, lang)}")
            if one.keep:
                speaking.line(f"  {' '.join(policies.kept_lines(one.keep, lang))}")
            for credential in one.credentials:
                names = dict.fromkeys(_name(credential.type, path, lang) for path in credential.paths)
                speaking.line(f"  {label(credential.label, lang)}: {', '.join(names)}")
        if not lines:
            speaking.line("Nothing was shown yet." if lang is Language.EN else "Er is nog niets getoond.")

    speaking.tell({"history": [_history_object(one) for one in lines]}, as_json=as_json, plainly=plainly)


# -- as data, and as lines --------------------------------------------------------------------------------------------


def card_object(card: Card) -> dict[str, Json]:
    return {
        "id": card.id,
        "type": card.type.id,
        "issuer": {"id": card.issuer.id, "name": card.issuer.name},
        "format": card.format,
        "copies": card.copies,
        "expires_at": card.expires_at.isoformat(),
    }


def line_object(line: Line) -> dict[str, Json]:
    return {"path": list(line.path), "label": dict(line.label), "value": thaw(line.value)}


def _history_object(one: Shown) -> dict[str, Json]:
    return {
        "at": one.at.isoformat(),
        "asker": {"id": one.asker.id, "name": one.asker.name, "proven": one.proven},
        "purpose": dict(one.purpose),
        "legal_basis": one.legal_basis,
        "policy": one.policy,
        "keep": dict(one.keep),
        "until": None if one.until is None else one.until.isoformat(),
        "credentials": [
            {"type": each.type, "issuer": each.issuer.id, "paths": [list(path) for path in each.paths]}
            for each in one.credentials
        ],
    }


UNPROVEN: Final = {Language.EN: "who they are is NOT PROVEN", Language.NL: "wie zij zijn is NIET BEWEZEN"}


def said(line: Line, lang: Language) -> str:
    """Say a claim's value. The number that ties cards together is another in each copy, and so has none here."""
    return texts.say("story.fresh_number", lang) if line.value is None else shown(line.value)


def spelled(path: ClaimPath) -> str:
    return ".".join("*" if part is None else str(part) for part in path)


def _name(type: str, path: ClaimPath, lang: Language) -> str:
    """Name a claim as its type does; spell it out where the type is a stranger's."""
    known = CATALOGUE.get(type)
    declared = None if known is None else known.attribute(path)
    return spelled(path) if declared is None else label(declared.label, lang)


def _tell_cards(cards: tuple[Card, ...], lang: Language) -> None:
    if not cards:
        speaking.line("This wallet is empty." if lang is Language.EN else "Deze wallet is leeg.")
    for card in cards:
        what = f"{label(card.type.label, lang)} · {card.issuer.name}"
        speaking.line(f"{what} · {card.format} · {card.copies} × · {card.expires_at:%Y-%m-%d} · {card.id}")
