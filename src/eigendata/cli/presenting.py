"""`wallet consider` and `wallet present`: a request is looked at, and answered once its holder agrees."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import Abort

from eigendata import policies, texts
from eigendata.cli import speaking
from eigendata.cli.issuing import label
from eigendata.cli.speaking import LANG, AsJson, InsecureLoopback, Lang, Language
from eigendata.cli.wallet import UNPROVEN, PassphraseFile, line_object, opened, said, spelled
from eigendata.encoding import Json
from eigendata.errors import Declined, Reason
from eigendata.openid import vp
from eigendata.query import Request
from eigendata.wallet import Proposal
from eigendata.wallet.consent import Use
from eigendata.wallet.file import require_elsewhere


def attach(app: typer.Typer) -> None:
    app.command()(consider)
    app.command()(present)


# -- showing ----------------------------------------------------------------------------------------------------------

RequestFile = Annotated[Path, typer.Option("--request", help="The verifier's request.")]


def consider(
    context: typer.Context,
    request: RequestFile,
    passphrase_file: PassphraseFile = None,
    insecure_loopback: InsecureLoopback = False,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Say who asks, what, why and how long it is kept. Nothing is shown or spent."""
    asked = _read_request(request, insecure_loopback)
    with opened(context, passphrase_file) as wallet:
        proposal = wallet.consider(asked, at=datetime.now(UTC))
    speaking.tell(proposal_object(proposal), as_json=as_json, plainly=lambda: tell_proposal(proposal, lang))


def present(
    context: typer.Context,
    request: RequestFile,
    out: Annotated[Path, typer.Option("--out", help="The answer to write.")],
    yes: Annotated[bool, typer.Option("--yes", help="Agree without being asked.")] = False,
    passphrase_file: PassphraseFile = None,
    insecure_loopback: InsecureLoopback = False,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Answer a request, once you agree. Only what the proposal names leaves."""
    require_elsewhere(out, context.obj.vault)
    asked = _read_request(request, insecure_loopback)
    with opened(context, passphrase_file) as wallet:
        proposal = wallet.consider(asked, at=datetime.now(UTC))
        if not as_json:
            tell_proposal(proposal, lang)
        consent = proposal.accept()
        if not yes:
            _require_agreement(lang, as_json=as_json)
        answer = wallet.disclose(consent, at=datetime.now(UTC))
    speaking.write(out, vp.answer_file(answer, asked) + b"\n", private=True)
    speaking.tell(
        {"file": str(out), **proposal_object(proposal)},
        as_json=as_json,
        plainly=lambda: speaking.line(f"{out}: give this to the verifier.", "green"),
    )


def _require_agreement(lang: Language, *, as_json: bool) -> None:
    """Ask whether the holder agrees.

    Raises:
        Declined: they do not, or nobody is there to say so.
    """
    if as_json:
        raise Declined(Reason.NO_CONSENT, "with --json nobody is asked: --yes says beforehand that you agree")
    try:
        agreed = typer.confirm("Do you agree?" if lang is Language.EN else "Gaat u akkoord?")
    except Abort:
        agreed = False
    if not agreed:
        raise Declined(Reason.NO_CONSENT, "the holder did not agree")


def _read_request(path: Path, insecure_loopback: bool) -> Request:
    return vp.parse_request(speaking.read(path), at=datetime.now(UTC), allow_loopback_http=insecure_loopback)


# -- as data, and as lines --------------------------------------------------------------------------------------------


def proposal_object(proposal: Proposal) -> dict[str, Json]:
    """Give a proposal as data: what its holder would see before agreeing."""
    return {
        "asker": {"id": proposal.asker.party.id, "name": proposal.asker.party.name, "proven": proposal.asker.proven},
        "purpose": dict(proposal.purpose),
        "legal_basis": proposal.legal_basis,
        "keep": dict(proposal.keep),
        "use": str(proposal.use),
        "offered": [
            {
                "query": one.query,
                "type": one.type.id,
                "issuer": one.issuer.name,
                "shown": [{**line_object(line), "kept": line.kept} for line in one.lines],
                "besides": [line_object(line) for line in one.besides],
                "whole": one.whole,
            }
            for one in proposal.offered
        ],
        "over_asked": [
            {"query": one.query, "type": one.type, "path": one.path and list(one.path), "why": str(one.why)}
            for one in proposal.over_asked
        ],
        "copies_left": proposal.copies_left,
        "known": proposal.known,
    }


_WORDS = {
    Language.EN: {
        "asks": "{name} asks", "why": "Why", "law": "Under",
        "keep": "They keep it", "shows": "You would show", "besides": "What is visible with it, though not asked",
        "over": "Asked, and may not be", "unknown": "They name no purpose we know; nothing was compared.",
        "to": "Your answer goes to", "kept": "They say that they keep this",
        "silent": "They do not say whether they keep this, or how long.",
    },
    Language.NL: {
        "asks": "{name} vraagt iets", "why": "Waarom", "law": "Volgens",
        "keep": "Zij bewaren het", "shows": "U zou laten zien", "besides": "Daarbij ook te zien, al vroeg niemand het",
        "over": "Gevraagd, en mag niet", "unknown": "Zij noemen geen doel dat wij kennen; er is niets vergeleken.",
        "to": "Uw antwoord gaat naar", "kept": "Zij zeggen dit te bewaren",
        "silent": "Zij zeggen niet of zij dit bewaren, of hoe lang.",
    },
}  # fmt: skip


def tell_proposal(proposal: Proposal, lang: Language) -> None:
    """Print who asks, what, why and how long it is kept, before anything leaves."""
    words = _WORDS[lang]
    name = words["asks"].format(name=proposal.asker.party.name)
    speaking.line(name if proposal.asker.proven else f"{name} ({UNPROVEN[lang]})", "bold")
    speaking.line(f"{words['to']}: {proposal.request.response_uri}")
    if proposal.purpose:
        speaking.line(f"{words['why']}: {label(proposal.purpose, lang)}")
    if proposal.legal_basis:
        speaking.line(f"{words['law']}: {', '.join(proposal.legal_basis)}")
    if proposal.keep:
        speaking.line(f"{words['keep']}: {' '.join(policies.kept_lines(proposal.keep, lang))}")
    if proposal.use is Use.UNKNOWN:
        speaking.line(words["unknown"], "yellow")
    for one in proposal.offered:
        speaking.line(f"{words['shows']} · {label(one.type.label, lang)} · {one.issuer.name}", "bold")
        for line in one.lines:
            speaking.line(f"  {label(line.label, lang)}: {said(line, lang)}")
        kept = ", ".join(label(line.label, lang) for line in one.lines if line.kept)
        if kept:
            speaking.line(f"  {words['kept']}: {kept}", "yellow")
        elif not proposal.keep and any(line.kept is None for line in one.lines):
            speaking.line(f"  {words['silent']}", "yellow")
        if one.whole:
            whole = texts.say("asked.whole", lang)
            speaking.line(f"  {whole}", "yellow")
        names = ", ".join(label(line.label, lang) for line in one.besides)
        speaking.line(f"  {words['besides']}: {names}", "dim")
    for over in proposal.over_asked:
        speaking.line(f"{words['over']}: {over.type} {spelled(over.path) if over.path else ''}", "red")
