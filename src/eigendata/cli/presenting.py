"""`wallet consider`, `present` and `resend`: a request is looked at, and answered once its holder agrees.

A request comes as a link or a file, and is fetched where it says so. An answer is sent to the verifier, or written to a
file that somebody carries. What may not have arrived waits in the vault.
"""

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
from eigendata.errors import Declined, EigendataError, Malformed, Misuse, Reason, Rejected, Unavailable
from eigendata.fetch import Fetcher
from eigendata.openid import exchange, vp
from eigendata.openid.forms import is_link
from eigendata.openid.haip import PROFILES
from eigendata.query import Request
from eigendata.trust import Trust
from eigendata.wallet import Consent, Delivery, Proposal, Wallet
from eigendata.wallet.consent import Use
from eigendata.wallet.file import require_elsewhere


def attach(app: typer.Typer) -> None:
    app.command()(consider)
    app.command()(present)
    app.command()(resend)


Asked = Annotated[str, typer.Option("--request", help="The verifier's request: a link, or a file that holds one.")]
TrustFile = Annotated[
    Path | None, typer.Option("--trust", help="Which verifiers are known; without it nobody can prove who asks.")
]
ProfileName = Annotated[
    str | None, typer.Option("--profile", help=f"What you demand of a request beside: {', '.join(PROFILES)}.")
]


def consider(
    context: typer.Context,
    request: Asked,
    trust: TrustFile = None,
    profile: ProfileName = None,
    passphrase_file: PassphraseFile = None,
    insecure_loopback: InsecureLoopback = False,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Say who asks, what, why and how long it is kept. Nothing is shown or spent."""
    known, fetcher = _known(trust), Fetcher(allow_loopback_http=insecure_loopback)
    asked = _received(request, fetcher, known, profile)
    with opened(context, passphrase_file) as wallet:
        proposal = wallet.consider(asked, at=datetime.now(UTC), verifiers=known)
    speaking.tell(proposal_object(proposal), as_json=as_json, plainly=lambda: tell_proposal(proposal, lang))


def present(
    context: typer.Context,
    request: Asked,
    trust: TrustFile = None,
    profile: ProfileName = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the answer to this file, instead of sending it.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Agree without being asked.")] = False,
    decline: Annotated[
        bool, typer.Option("--decline", help="Tell the verifier that you do not answer, and nothing else.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    insecure_loopback: InsecureLoopback = False,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Answer a request, once you agree: it is sent to the verifier. Only what the proposal names leaves."""
    if out is not None:
        require_elsewhere(out, context.obj.vault)
    if decline and (yes or out is not None):
        raise Misuse("--decline goes without --yes and --out")
    known, fetcher = _known(trust), Fetcher(allow_loopback_http=insecure_loopback)
    asked = _received(request, fetcher, known, profile)
    if decline:
        exchange.decline(asked, fetcher=fetcher)
        told = texts.say("sent.declined", lang, name=asked.asker.party.name)
        speaking.tell({"declined": True}, as_json=as_json, plainly=lambda: speaking.line(told))
        return
    with opened(context, passphrase_file) as wallet:
        proposal = wallet.consider(asked, at=datetime.now(UTC), verifiers=known)
        if not as_json:
            tell_proposal(proposal, lang)
            if out is None:
                speaking.line(texts.say("asked.elsewhere", lang, name=asked.asker.party.name), "yellow")
        consent = proposal.accept()
        if not yes:
            _require_agreement(lang, as_json=as_json)
        if out is None:
            _send(wallet, consent, fetcher, lang, as_json=as_json)
            return
        answer = wallet.disclose(consent, at=datetime.now(UTC))
    whole = vp.answer_file(answer, asked) + b"\n" if asked.encryption is None else vp.answer_form(answer, asked)
    speaking.write(out, whole, private=True)
    speaking.tell(
        {"file": str(out), **proposal_object(proposal)},
        as_json=as_json,
        plainly=lambda: speaking.line(f"{out}: give this to the verifier.", "green"),
    )


def resend(
    context: typer.Context,
    passphrase_file: PassphraseFile = None,
    insecure_loopback: InsecureLoopback = False,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Send again, as it was, what may not have arrived; for a day after you agreed to it."""
    fetcher = Fetcher(allow_loopback_http=insecure_loopback)
    became: list[tuple[Delivery, EigendataError | exchange.Outcome]] = []
    with opened(context, passphrase_file) as wallet:
        for one in wallet.deliveries(at=datetime.now(UTC)):
            try:
                became.append((one, exchange.deliver(wallet, one, fetcher=fetcher)))
            except (Malformed, Rejected, Unavailable) as error:
                became.append((one, error))

    def plainly() -> None:
        for one, outcome in became:
            if isinstance(outcome, exchange.Outcome):
                _tell_sent(one.asker.name, outcome, lang)
            else:
                speaking.line(f"{one.asker.name} · {outcome}", "red")
        if not became:
            speaking.line(texts.say("sent.nothing", lang))

    speaking.tell(
        {"deliveries": [_became_object(one, outcome) for one, outcome in became]}, as_json=as_json, plainly=plainly
    )
    codes = [speaking.exit_code(outcome) for _, outcome in became if isinstance(outcome, EigendataError)]
    raise typer.Exit(max(codes, default=0))


def _send(wallet: Wallet, consent: Consent, fetcher: Fetcher, lang: Language, *, as_json: bool) -> None:
    """Post what was agreed to, and say what came of it."""
    asked = consent.proposal.request
    try:
        outcome = exchange.answer(wallet, consent, fetcher=fetcher, at=datetime.now(UTC))
    except (Rejected, Unavailable) as error:
        if any(one.to == asked.response_uri for one in wallet.deliveries(at=datetime.now(UTC))):
            error.add_note(texts.say("sent.waits", lang))
        raise
    speaking.tell(
        {"sent_to": asked.response_uri, "redirect_uri": outcome.redirect_uri, **proposal_object(consent.proposal)},
        as_json=as_json,
        plainly=lambda: _tell_sent(asked.asker.party.name, outcome, lang),
    )


def _tell_sent(name: str, outcome: exchange.Outcome, lang: Language) -> None:
    speaking.line(texts.say("sent.arrived", lang, name=name), "green")
    if outcome.redirect_uri is not None:
        speaking.line(texts.say("sent.go_on", lang, page=outcome.redirect_uri))


def _became_object(one: Delivery, outcome: EigendataError | exchange.Outcome) -> Json:
    sent: dict[str, Json] = {"to": one.to, "asker": one.asker.name, "at": one.at.isoformat()}
    if isinstance(outcome, exchange.Outcome):
        return {**sent, "arrived": True, "redirect_uri": outcome.redirect_uri}
    return {**sent, "arrived": False, "error": speaking.error_object(outcome)}


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


def _known(trust: Path | None) -> Trust:
    return Trust() if trust is None else Trust.load(trust, fetcher=Fetcher())


def _received(request: str, fetcher: Fetcher, trust: Trust, profile: str | None) -> Request:
    """Read a link, or a file that holds one or a request, and fetch what it says to fetch."""
    if profile is not None and profile not in PROFILES:
        raise Misuse(f"the profile {profile} is not known here; known are {', '.join(PROFILES)}")
    demanded = None if profile is None else PROFILES[profile]
    data = request.encode() if is_link(request.encode()) else speaking.read(Path(request))
    try:
        return exchange.receive(data, fetcher=fetcher, trust=trust, profile=demanded, at=datetime.now(UTC))
    except Rejected as error:
        if not trust.verifiers:
            error.add_note("Which verifiers are known is in a trust file: name it with --trust.")
        raise


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
