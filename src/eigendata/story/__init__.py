"""The demo: the whole line told through the public doors, from the register's answer to the corporation's advice.

    simulator -> record -> issued -> wallet -> request -> proposal -> answer -> disclosure -> advice -> six attacks

Everything is real but the people: HTTP on loopback, signatures, an encrypted vault in a folder of its own. The attacks
are in `eigendata.story.attacks`; each is tried on the verifier that has just accepted the honest answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Final

from eigendata import files, policies, texts
from eigendata.encoding import Json
from eigendata.errors import Declined, Misuse, Outcome
from eigendata.fetch import Fetcher
from eigendata.formats import ORIGINS, PREFERRED
from eigendata.issuer import (
    Issuer,
    create_authority,
    create_controller,
    create_document_signer,
    create_issuer,
    create_issuing_authority,
)
from eigendata.model import (
    ClaimPath,
    CredentialType,
    DocumentSigner,
    Issuance,
    Method,
)
from eigendata.registers.brp import BrpRecord
from eigendata.registers.catalogue import CATALOGUE
from eigendata.registers.client import BrpClient
from eigendata.registers.population import STORY_BSN, Population
from eigendata.registers.tables import municipalities
from eigendata.story.attacks import SHOWS_ALL, Stage, attacks
from eigendata.story.counter import POLICY, WHOLE_POLICY, Asked, Counter, Counters, Told, Verdict, in_process
from eigendata.trust import Trust, add_issuer
from eigendata.wallet import Proposal, Wallet
from eigendata.wallet.consent import Offered
from eigendata.web import simulator

__all__ = ["HOME", "SHOWS_ALL", "TELLINGS", "Line", "Scene", "Settled", "in_process", "settle", "tell"]

COPIES: Final = 10
HOME: Final[Mapping[str, Json]] = {"household_size": [2, 4], "binding": True}
"""The home that is to be let: for two to four people, and people of the municipality come first."""
PASSPHRASE: Final = "een wachtzin die alleen Aisha weet"  # noqa: S105  # of a vault that ends with the story
VAULT: Final = "resident.vault"
BOXTEL: Final = "0757"

TELLINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "dc+sd-jwt": ("dc+sd-jwt",),
    "mso_mdoc": ("mso_mdoc",),
    "mixed": ("mso_mdoc", "dc+sd-jwt"),
    "ldp_vc": ("ldp_vc",),
}
"""What a telling is called -> the formats in it. With several each card is collected in each, the corporation takes
either, and the resident answers one question in the first and the next in the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the telling; `tone` is `plain`, `good`, `bad`, `note` or `strong`."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One step of the story.

    Attributes:
        seconds: how long the step took, the telling left out.
        data: the same for machines.
    """

    name: str
    title: str
    lines: tuple[Line, ...]
    seconds: float
    data: Mapping[str, Json] = field(default_factory=dict)


def tell(
    *,
    folder: Path,
    clock: Callable[[], datetime],
    language: str,
    bsn: str = STORY_BSN,
    population: Population | None = None,
    telling: str = PREFERRED,
    counters: Counters = in_process,
) -> Iterator[Scene]:
    """Tell the story of one person, scene by scene.

    Args:
        telling: one of `TELLINGS`.
        folder: an empty folder for keys, trust, vault and state.
        clock: gives aware moments.
        counters: opens the corporation's counter: in this process, or `served.over_http`.

    Raises:
        Misuse: there is no such telling.
        EigendataError: what a door of the library raised where the story cannot go on. A register that does not know
            the person and a gate of the issuer are told as scenes, and end the story.
    """
    formats = TELLINGS.get(telling)
    if formats is None:
        raise Misuse(f"the story is told as one of {', '.join(TELLINGS)}")
    people = population or Population.shipped()
    with simulator.serving(simulator.make_simulator(people)) as url:
        yield from _Telling(folder, clock, language, people, formats).tell(url, bsn, counters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The story up to where the resident holds cards, for whoever goes on by themselves."""

    vault: Path
    passphrase: Path
    trust: Path


def settle(
    *, folder: Path, clock: Callable[[], datetime], url: str, bsn: str, population: Population, formats: tuple[str, ...]
) -> Settled:
    """Set up the municipality, and a wallet with the resident's cards.

    Args:
        folder: an empty one.
        url: of the register.

    Raises:
        Declined: the register does not know the person, or a gate of the issuer is closed.
    """
    telling = _Telling(folder, clock, "en", population, formats)
    issuer, trust = telling.municipality(bsn)
    record = BrpClient(url, fetcher=Fetcher(allow_loopback_http=True)).look_up(bsn, issuer.types, at=clock())
    with telling.opened() as wallet:
        wallet.add(telling.issue(issuer, wallet, record), trust=trust, at=clock())
    passphrase = folder / "passphrase"
    files.write_new(passphrase, f"{PASSPHRASE}\n".encode(), mode=files.PRIVATE)
    return Settled(vault=folder / VAULT, passphrase=passphrase, trust=folder / "trust.toml")


class _Telling:
    """The parties of one telling, as they come on stage."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        language: str,
        people: Population,
        formats: tuple[str, ...],
    ) -> None:
        self.folder, self.clock, self.language, self.people, self.formats = folder, clock, language, people, formats
        self.started = perf_counter()

    def tell(self, url: str, bsn: str, counters: Counters) -> Iterator[Scene]:
        issuer, trust = self.municipality(bsn)
        with counters(self.folder, self.formats, self.clock) as counter:
            yield from self._told(url, bsn, issuer, trust, counter)

    def _told(self, url: str, bsn: str, issuer: Issuer, trust: Trust, counter: Counter) -> Iterator[Scene]:
        client = BrpClient(url, fetcher=Fetcher(allow_loopback_http=True))
        types = tuple(CATALOGUE.values())
        policy, home = POLICY, HOME
        try:
            record = client.look_up(bsn, types, at=self.clock())
            yield self._asked(url, types)
            with self.opened() as wallet:
                issuance = self.issue(issuer, wallet, record)
                yield self._issued(issuer, issuance)
                wallet.add(issuance, trust=trust, at=self.clock())
                yield self._stored(wallet)
                try:
                    asked = counter.ask(policy, home)
                except Declined as closed:  # a format that withholds nothing shows more than this policy may ask
                    yield self._not_asked(closed)
                    policy, home = WHOLE_POLICY, {}
                    asked = counter.ask(policy, home)
                proposal = self._chosen(wallet.consider(asked.request, at=self.clock()))
                yield self._considered(asked, proposal)
                consent = proposal.accept()
                size = counter.send(wallet, consent, asked)
                yield self._answered(wallet, proposal, size)
                answer = wallet.disclose(consent, at=self.clock())  # the very same again, for the attackers
            verdict = counter.verdict(asked)
        except Declined as closed:
            yield self._declined(closed)
            return
        yield self._verified(verdict)
        yield self._advised(verdict)
        stage = Stage(
            issuer=issuer,
            trust=trust,
            counter=counter,
            policy=policy,
            home=home,
            asked=asked,
            answer=answer,
            record=record,
            neighbour=self._neighbour(issuer, client, bsn),
            vault=self.folder / VAULT,
            passphrase=PASSPHRASE,
            clock=self.clock,
        )
        yield self._attacked(stage)

    # -- the parties --------------------------------------------------------------------------------------------------

    def municipality(self, bsn: str) -> tuple[Issuer, Trust]:
        """Set up the person's own municipality, with a certificate authority above it, and those who trust it."""
        code = _municipality_of(self.people, bsn)
        known = municipalities().get(code)
        name = f"Gemeente {known.name}" if known else f"Gemeente {code}"
        url, now = f"https://gemeente-{code}.example", self.clock()
        create_authority(self.folder / "authority", name="Demo Root", at=now)
        create_issuer(
            self.folder / "issuer",
            authority=self.folder / "authority",
            id=url,
            name=name,
            municipality=code,
            types=tuple(CATALOGUE),
            at=now,
        )
        authorities = ["authority"]
        if any(ORIGINS[one] is DocumentSigner for one in self.formats):
            create_issuing_authority(self.folder / "iaca", name=name, uri=url, crl=None, at=now)
            create_document_signer(self.folder / "issuer", authority=self.folder / "iaca", at=now)
            authorities.append("iaca")
        documents: list[bytes] = []
        if any(ORIGINS[one] is Method for one in self.formats):
            create_controller(self.folder / "issuer")
            # pinned, for the municipality has no web server on this machine
            documents.append((self.folder / "issuer" / "did.json").read_bytes())
        for authority in authorities:
            add_issuer(
                self.folder / "trust.toml",
                anchor_pem=(self.folder / authority / "anchor.pem").read_bytes(),
                issuer=url,
                name=name,
                types=tuple(CATALOGUE),
                municipalities=(code,),
                documents=documents,
            )
        return Issuer.open(self.folder / "issuer"), Trust.load(self.folder / "trust.toml")

    @contextmanager
    def opened(self) -> Iterator[Wallet]:
        with Wallet.create(self.folder / VAULT, PASSPHRASE) as wallet:
            yield wallet

    def issue(self, issuer: Issuer, wallet: Wallet, record: BrpRecord) -> Issuance:
        challenge = issuer.challenge(at=self.clock(), formats=self.formats)
        proofs = wallet.prove_new_keys(challenge, copies=COPIES, at=self.clock())
        to = issuer.proven(proofs, at=self.clock())
        return issuer.issue(record, format=self.formats, to=to, copies=COPIES, at=self.clock())

    def _chosen(self, proposal: Proposal) -> Proposal:
        """Choose formats in turn where a question may be answered in several; else what the wallet proposes."""
        formats = {one.id: one.format for one in proposal.request.query.credentials}
        options = {
            choice.place: option
            for turn, choice in enumerate(proposal.choices)
            for option, queries in choice.options.items()
            if {formats[one] for one in queries} == {self.formats[turn % len(self.formats)]}
        }
        return proposal.choosing(options=options) if len(self.formats) > 1 else proposal

    # -- the scenes ---------------------------------------------------------------------------------------------------

    def _scene(self, name: str, lines: list[Line], data: Mapping[str, Json]) -> Scene:
        now = perf_counter()
        seconds, self.started = now - self.started, now
        return Scene(name=name, title=self._say(f"{name}_title"), lines=tuple(lines), seconds=seconds, data=data)

    def _resume(self) -> None:
        """Start the clock of the next scene now: what was in between was telling."""
        self.started = perf_counter()

    def _say(self, key: str, **filled: str | int) -> str:
        return texts.say(f"story.{key}", self.language, **filled)

    def _card(self, name: str, format: str) -> str:
        """Name a card, with its format where there are several."""
        return f"{name} ({format})" if len(self.formats) > 1 else name

    def _label(self, labels: Mapping[str, str]) -> str:
        return labels.get(self.language, labels["en"])

    def _asked(self, url: str, types: tuple[CredentialType, ...]) -> Scene:
        fields = sorted({name for one in types for name in one.fields})
        lines = [
            Line(text=self._say("asked", url=url)),
            Line(text=self._say("fields", count=len(fields))),
            Line(text="  " + ", ".join(fields), tone="note"),
        ]
        return self._scene("register", lines, {"url": url, "fields": fields})

    def _issued(self, issuer: Issuer, issuance: Issuance) -> Scene:
        sizes = {self._card(one.type.short, one.format): len(one.copies[0]) for one in issuance.issued}
        lines = [
            Line(
                text=self._say(
                    "issued",
                    type=self._card(self._label(one.type.label), one.format),
                    copies=len(one.copies),
                    bytes=len(one.copies[0]),
                ),
                tone="good",
            )
            for one in issuance.issued
        ]
        for refusal in issuance.refused:
            what = self._label(refusal.type.label) + (f" · {'.'.join(refusal.claim)}" if refusal.claim else "")
            lines.append(Line(text=f"– {what}: {texts.reason(refusal.reason, self.language)}", tone="bad"))
        refused: list[Json] = [
            {"type": one.type.id, "claim": one.claim and ".".join(one.claim), "reason": str(one.reason)}
            for one in issuance.refused
        ]
        data: dict[str, Json] = {
            "issuer": issuer.name,
            "formats": self.formats,
            "copies": COPIES,
            "bytes_of_a_copy": dict(sizes),
        }
        return self._scene("issue", lines, {**data, "refused": refused})

    def _stored(self, wallet: Wallet) -> Scene:
        cards = wallet.cards()
        size = (self.folder / VAULT).stat().st_size
        lines = [Line(text=self._say("stored", cards=len(cards), bytes=size), tone="good")]
        return self._scene("wallet", lines, {"cards": [one.type.id for one in cards], "vault_bytes": size})

    def _not_asked(self, closed: Declined) -> Scene:
        lines = [
            Line(text=self._say("not_asked", policy=POLICY)),
            Line(text=f"– {texts.reason(closed.reason, self.language)}", tone="bad"),
            Line(text=f"  {closed.message}", tone="note"),
        ]
        return self._scene("not_asked", lines, {"policy": POLICY, "reason": str(closed.reason)})

    def _considered(self, asked: Asked, proposal: Proposal) -> Scene:
        keep = " ".join(policies.kept_lines(proposal.keep, self.language))
        lines = [
            Line(text=self._say("asks", name=proposal.asker.party.name), tone="strong"),
            *self._who(proposal),
            *self._where(asked),
            Line(text=self._say("why", purpose=self._label(proposal.purpose), law=", ".join(proposal.legal_basis))),
            Line(text=self._say("keep", term=keep)),
        ]
        for one in proposal.offered:
            form = _format_of(one, proposal)
            lines.append(Line(text=f"  {self._card(self._label(one.type.label), form)}", tone="strong"))
            for line in one.lines:
                value = self._say("fresh_number") if line.value is None else _shown(line.value)
                lines.append(Line(text=f"    {self._label(line.label)}: {value}"))
            if one.whole:
                besides = ", ".join(dict.fromkeys(self._label(line.label) for line in one.besides))
                lines += [Line(text=f"    {self._say('whole_shown')}", tone="bad"), Line(text=f"      {besides}")]
        shown: dict[str, Json] = {
            one.query: list(dict.fromkeys(_name(line.path) for line in one.lines)) for one in proposal.offered
        }
        whole: list[Json] = [one.query for one in proposal.offered if one.whole]
        data: dict[str, Json] = {
            "request_bytes": asked.size,
            "proven": proposal.asker.proven,
            "shows": shown,
            "whole": whole,
            **({"link": asked.link, "page": asked.page} if asked.link else {}),
        }
        return self._scene("consent", lines, data)

    def _who(self, proposal: Proposal) -> list[Line]:
        if not proposal.asker.proven:
            return [Line(text=self._say("unproven"), tone="bad")]
        return [Line(text=self._say("proven", id=proposal.asker.party.id), tone="good")]

    def _where(self, asked: Asked) -> list[Line]:
        """Say where the request lies, if it lies anywhere."""
        if not asked.link:
            return []
        return [
            Line(text=self._say("page", url=asked.page)),
            Line(text=self._say("link")),
            Line(text=f"  {asked.link}", tone="note"),
        ]

    def _answered(self, wallet: Wallet, proposal: Proposal, size: int) -> Scene:
        shown = {(one.type.id, line.path) for one in proposal.offered for line in (*one.lines, *one.besides)}
        # a fact lies in a card of each format; it counts once, and as shown if any of them showed it
        cards = tuple({card.type.id: card for card in reversed(wallet.cards())}.values())[::-1]
        kept = [
            (card, line) for card in cards for line in wallet.show(card).lines if (card.type.id, line.path) not in shown
        ]
        lines = [
            Line(text=self._say("agreed", bytes=size), tone="good"),
            Line(text=self._say("stays", count=len(kept)), tone="strong"),
        ]
        asked = {one.type.id for one in proposal.offered}
        for card in cards:
            names = list(dict.fromkeys(self._label(line.label) for one, line in kept if one.id == card.id))
            if not names:  # it was shown whole
                continue
            what = ", ".join(names) if card.type.id in asked else self._say("whole_card", count=len(names))
            lines.append(Line(text=f"  {self._label(card.type.label)}: {what}", tone="note"))
        withheld: list[Json] = list(dict.fromkeys(f"{card.type.short}.{_name(line.path)}" for card, line in kept))
        formats: list[Json] = [_format_of(one, proposal) for one in proposal.offered]
        return self._scene("answer", lines, {"answer_bytes": size, "formats": formats, "not_disclosed": withheld})

    def _verified(self, verdict: Verdict) -> Scene:
        lines: list[Line] = []
        trails: dict[str, Json] = {"answer": [one.to_json() for one in verdict.trail]}
        for question, given in verdict.credentials.items():
            for one in given:
                declared = CATALOGUE[one.type]
                lines.append(Line(text=f"{self._label(declared.label)} · {one.issuer}", tone="strong"))
                for name, value in one.claims.items():
                    attribute = declared.attribute((name,))
                    label = self._label(attribute.label) if attribute else name
                    lines.append(Line(text=f"  {label}: {_shown(value)}"))
                lines += self._steps(one.trail)
                trails[question] = [step.to_json() for step in one.trail]
        lines.append(Line(text=self._say("together"), tone="strong"))
        lines += self._steps(verdict.trail)
        lines.append(Line(text=self._say("withdrawal"), tone="bad"))
        disclosed: dict[str, Json] = {name: dict(given[0].claims) for name, given in verdict.credentials.items()}
        return self._scene("verify", lines, {"disclosed": disclosed, "trail": trails})

    def _steps(self, trail: tuple[Told, ...]) -> list[Line]:
        """Tell a trail in one line for each outcome."""
        by_outcome = {kind: [one.check for one in trail if one.outcome is kind] for kind in Outcome}
        return [
            Line(text=f"  {texts.outcome(kind, self.language)} {', '.join(names)}", tone="note")
            for kind, names in by_outcome.items()
            if names
        ]

    def _advised(self, verdict: Verdict) -> Scene:
        lines = [
            Line(text=texts.advice(verdict.advice, self.language), tone="good"),
            Line(text=self._say("person"), tone="note"),
        ]
        return self._scene("advice", lines, {"advice": str(verdict.advice), "rule": verdict.rule})

    def _declined(self, closed: Declined) -> Scene:
        lines = [
            Line(text=texts.reason(closed.reason, self.language), tone="bad"),
            Line(text=self._say("counter"), tone="note"),
        ]
        return self._scene("declined", lines, {"reason": str(closed.reason)})

    def _attacked(self, stage: Stage) -> Scene:
        self._resume()
        lines: list[Line] = []
        data: dict[str, Json] = {}
        for attack in attacks(stage):
            refused = attack.refused
            what = self._say(f"attack_{attack.name}")
            if not attack.tried:
                lines.append(Line(text=f"– {what}: {self._say('nobody_else')}", tone="note"))
                data[attack.name] = {"tried": False}
                continue
            if refused is None:
                lines.append(Line(text=f"✗ {what}: {self._say('succeeded')}", tone="bad"))
                data[attack.name] = {"refused": False}
                continue
            lines.append(Line(text=f"✓ {what}", tone="good"))
            lines.append(Line(text=f"    {texts.reason(refused.reason, self.language)}"))
            lines.append(Line(text=f"    {refused.check} · {refused.clause}", tone="note"))
            data[attack.name] = {"refused": True, "reason": str(refused.reason), "check": refused.check}
        return self._scene("attacks", lines, data)

    def _neighbour(self, issuer: Issuer, client: BrpClient, bsn: str) -> BrpRecord | None:
        """Find someone else of the same municipality who gets every card, if there is anybody."""
        for person in self.people:
            if person.bsn == bsn or _code(person.persoon) not in issuer.jurisdictions:
                continue
            try:
                record = client.look_up(person.bsn, tuple(CATALOGUE.values()), at=self.clock())
                for one in CATALOGUE.values():
                    record.facts(one, jurisdictions=issuer.jurisdictions, at=self.clock())
            except Declined:
                continue
            return record
        return None


def _format_of(offered: Offered, proposal: Proposal) -> str:
    """Give the format in which a card would be shown."""
    return {one.id: one.format for one in proposal.request.query.credentials}[offered.query]


def _municipality_of(people: Population, bsn: str) -> str:
    """Give the municipality where the register has the person; Boxtel for one it does not know."""
    return next((_code(one.persoon) for one in people.find(bsn)), "") or BOXTEL


def _code(persoon: Mapping[str, Json]) -> str:
    match persoon.get("gemeenteVanInschrijving"):
        case {"code": str(code)}:
            return code
        case _:
            return ""


def _name(path: ClaimPath) -> str:
    """Spell the name of a claim, whatever element of it."""
    return ".".join(part for part in path if isinstance(part, str))


def _shown(value: Json) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, tuple | list):
        return ", ".join(_shown(member) for member in value)
    return str(value)
