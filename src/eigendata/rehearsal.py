"""The rehearsal: every person of a file goes down the whole line, and everyone's outcome is explained.

    population -> simulator -> record -> issued -> wallet -> request -> answer -> advice

Each municipality has an issuer of its own. A person is `issued` everything, `partly issued` (a credential or a claim
was left out, each with its reason), `refused` (nothing was issued, with its reason), or `failed`: an error for which
nobody stated a reason, which must not happen. Then the corporation of the story asks, and gives its advice.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from eigendata import policies, texts
from eigendata.encoding import Json
from eigendata.errors import Declined, EigendataError, Reason
from eigendata.fetch import Fetcher
from eigendata.issuer import Issuer, create_authority, create_issuer
from eigendata.model import NO_STATUS_CHECK, Advice, Refusal
from eigendata.once import MemoryOnce
from eigendata.openid import vp
from eigendata.registers.catalogue import CATALOGUE
from eigendata.registers.client import BrpClient
from eigendata.registers.population import Person, Population
from eigendata.trust import Trust, add_issuer
from eigendata.verifier import Verifier
from eigendata.wallet import LEAST, Wallet
from eigendata.web import simulator

POLICY: Final = "woningcorporatie/B"
HOME: Final[Mapping[str, Json]] = {"household_size": [1, 4], "binding": True}
_CLIENT_ID: Final = "redirect_uri:https://woonstichting.example/answer"
_PASSPHRASE: Final = "rehearsal"  # noqa: S105  # of vaults that live for a second, with nobody in them
_SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108  # only the folder that tempfile makes in it is used
_NOBODYS: Final = "0757"
"""Who is asked for credentials of people whom the register has in no municipality: any will refuse."""


class Result(StrEnum):
    ISSUED = "issued"
    PARTLY = "partly issued"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something that was not issued: a whole type, or one claim of it, or everything (`type` is empty)."""

    type: str
    claim: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one person.

    Attributes:
        place: the person's place in the file, from 0.
        advice: an advice, or why the wallet could not answer; empty where nothing was issued.
    """

    place: int
    result: Result
    left: tuple[Left, ...] = ()
    advice: str = ""
    tags: tuple[str, ...] = field(default=(), repr=False)


def rehearse(population: Population, *, at: datetime) -> tuple[Outcome, ...]:
    """Take everybody down the line, at one moment, in the order of the file.

    Raises:
        Misuse: the moment is naive.
    """
    outcomes: dict[int, Outcome] = {}
    with tempfile.TemporaryDirectory(prefix="eigendata-rehearsal-", dir=_in_memory()) as folder:
        stage = _Stage(Path(folder), at)
        for cast in _casts(population):
            with simulator.serving(simulator.make_simulator(Population(cast.values()))) as url:
                client = BrpClient(url, fetcher=Fetcher(allow_loopback_http=True))
                for place, person in cast.items():
                    if place not in outcomes:
                        outcomes[place] = stage.perform(place, person, client)
    return tuple(outcomes[place] for place in sorted(outcomes))


def _in_memory() -> str | None:
    """Give the folder that lives in memory, where the machine has one.

    A wallet waits for the disk at each write, which is its purpose; hundreds of wallets that nobody keeps need not.
    """
    return _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None


def _casts(population: Population) -> Iterator[Mapping[int, Person]]:
    """Give populations in which every number is one person's, until everybody has been in one.

    Registers do hold a number twice; a question by number then has two answers, and neither person is tried.
    """
    by_number: dict[str, list[tuple[int, Person]]] = {}
    for place, person in enumerate(population):
        by_number.setdefault(person.bsn, []).append((place, person))
    for turn in range(max(map(len, by_number.values()), default=0)):
        chosen = [holders[min(turn, len(holders) - 1)] for holders in by_number.values()]
        yield dict(sorted(chosen, key=lambda one: one[0]))


class _Stage:
    """The issuers, the corporation and the moment of one rehearsal."""

    def __init__(self, folder: Path, at: datetime) -> None:
        self._folder, self._at = folder, at
        self._trust_file = folder / "trust.toml"
        create_authority(folder / "authority", name="Rehearsal Root", at=at)
        self._anchor = (folder / "authority" / "anchor.pem").read_bytes()
        self._issuer = cache(self._new_issuer)

    def _new_issuer(self, code: str) -> tuple[Issuer, Trust]:
        url = f"https://gemeente-{code}.example"
        create_issuer(
            self._folder / code,
            authority=self._folder / "authority",
            id=url,
            name=f"Gemeente {code}",
            municipality=code,
            types=tuple(CATALOGUE),
            at=self._at,
        )
        add_issuer(
            self._trust_file,
            anchor_pem=self._anchor,
            issuer=url,
            name=f"Gemeente {code}",
            types=tuple(CATALOGUE),
            municipalities=(code,),
        )
        return Issuer.open(self._folder / code), Trust.load(self._trust_file)

    def perform(self, place: int, person: Person, client: BrpClient) -> Outcome:
        """Take one person down the line."""
        issuer, trust = self._issuer(_municipality(person))
        at = self._at
        try:
            record = client.look_up(person.bsn, tuple(CATALOGUE.values()), at=at)
            vault = self._folder / f"{place}.vault"
            with Wallet.create(vault, _PASSPHRASE, cost=LEAST) as wallet:
                challenge = issuer.challenge(at=at)
                to = issuer.proven(wallet.prove_new_keys(challenge, copies=1, at=at), at=at)
                issuance = issuer.issue(record, format="dc+sd-jwt", to=to, copies=1, at=at)
                left = tuple(_left(one) for one in issuance.refused)
                wallet.add(issuance, trust=trust, at=at)
                advice = self._ask(wallet, trust)
        except Declined as closed:
            return Outcome(
                place=place,
                result=Result.REFUSED,
                left=(Left(type="", claim="", reason=str(closed.reason)),),
                tags=person.tags,
            )
        except EigendataError as error:
            kind = f"{type(error).__name__}: {error.message}"
            return Outcome(
                place=place, result=Result.FAILED, left=(Left(type="", claim="", reason=kind),), tags=person.tags
            )
        result = Result.PARTLY if left else Result.ISSUED
        return Outcome(place=place, result=result, left=left, advice=advice, tags=person.tags)

    def _ask(self, wallet: Wallet, trust: Trust) -> str:
        verifier = Verifier(_CLIENT_ID, trust=trust, status=NO_STATUS_CHECK, once=MemoryOnce(clock=lambda: self._at))
        request = verifier.ask(policies.load(POLICY), home=HOME, at=self._at)
        try:
            proposal = wallet.consider(vp.parse_request(vp.write_request(request), at=self._at), at=self._at)
        except Declined as closed:
            return str(closed.reason)
        wire = vp.answer_form(wallet.disclose(proposal.accept(), at=self._at), request)
        disclosure = verifier.verify(vp.parse_answer(wire, request), request, at=self._at)
        assert disclosure.advice is not None
        return str(disclosure.advice.advice)


def _municipality(person: Person) -> str:
    match person.persoon.get("gemeenteVanInschrijving"):
        case {"code": str(code)}:
            return code
        case _:
            return _NOBODYS


def _left(one: Refusal) -> Left:
    return Left(type=one.type.short, claim=".".join(one.claim or ()), reason=str(one.reason))


# -- the table --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the table: how many people had this; a person is counted once in each row that fits."""

    result: str
    what: str
    reason: str
    people: int


def table(outcomes: Sequence[Outcome]) -> tuple[Row, ...]:
    """Give the table of outcomes: results first, then what was left out and why, then the advice."""
    results = Counter(str(one.result) for one in outcomes)
    rows = [Row(result=str(one), what="", reason="", people=results[one]) for one in Result if results[one]]
    left = Counter(
        (str(one.result), f"{each.type}{'.' if each.claim else ''}{each.claim}" or "everything", each.reason)
        for one in outcomes
        for each in set(one.left)
    )
    rows += [Row(result=a, what=b, reason=c, people=count) for (a, b, c), count in sorted(left.items())]
    advice = Counter(one.advice for one in outcomes if one.advice)
    rows += [Row(result="asked", what=POLICY, reason=said, people=count) for said, count in sorted(advice.items())]
    return tuple(rows)


def as_object(outcomes: Sequence[Outcome]) -> dict[str, Json]:
    """Give the outcomes as data: the table, and every person by place in the file, without their number."""
    return {
        "people": len(outcomes),
        "failed": sum(one.result is Result.FAILED for one in outcomes),
        "table": [
            {"result": row.result, "what": row.what, "reason": row.reason, "people": row.people}
            for row in table(outcomes)
        ],
        "outcomes": [
            {
                "place": one.place,
                "result": str(one.result),
                "left_out": [{"type": each.type, "claim": each.claim, "reason": each.reason} for each in one.left],
                "advice": one.advice,
                "tags": one.tags,
            }
            for one in outcomes
        ],
    }


def as_markdown(outcomes: Sequence[Outcome]) -> str:
    """Give the table as Markdown."""
    lines = ["| outcome | what | reason | people |", "|---|---|---|---:|"]
    lines += [f"| {row.result} | {row.what} | {row.reason} | {row.people} |" for row in table(outcomes)]
    return "\n".join(lines) + "\n"


def says(reason: str, language: str) -> str:
    """Give the plain sentence behind a reason or advice of the table; the reason itself where there is none."""
    if reason in set(Reason):
        return texts.reason(Reason(reason), language)
    return texts.advice(reason, language) if reason in set(Advice) else reason
