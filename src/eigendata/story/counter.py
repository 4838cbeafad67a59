"""The corporation as resident and attackers meet it: it asks, takes an answer, and says what it makes of it.

    Counter.ask -> Asked -> send -> verdict -> Verdict        the resident, with a wallet
                         -> submit | relay  -> Refusal        an attacker, with an answer of their own making

`InProcess` is a verifier in this process, with nothing between but bytes; `story.served` has one that is reached by
HTTP alone. The story tells both in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from eigendata import channel, policies
from eigendata.encoding import Json, thaw
from eigendata.errors import Misuse, Outcome, Reason, Rejected, Step
from eigendata.formats import only
from eigendata.model import NO_STATUS_CHECK, Advice, Answer, Claims, Disclosure
from eigendata.once import SqliteOnce
from eigendata.openid import vp
from eigendata.query import Asker, Request
from eigendata.trust import Trust
from eigendata.verifier import Verifier
from eigendata.wallet import Consent, Wallet

POLICY: Final = "woningcorporatie/B"
WHOLE_POLICY: Final = "demo/hele-kaart"
"""What is asked instead where a format shows more than the other policy may ask."""
NAME: Final = "Woonstichting De Eik"
CORPORATION: Final = "redirect_uri:https://woonstichting.example/answer"
OTHER: Final = "redirect_uri:https://other-corporation.example/answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, as a wallet received it.

    Attributes:
        id: by which the counter knows it.
        size: bytes of what the wallet read.
        link, page: what opens a wallet, and what shows that as a QR code; empty in one process.
    """

    id: str
    request: Request
    size: int
    link: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one check, as a counter tells it."""

    check: str
    clause: str
    outcome: Outcome

    def to_json(self) -> Json:
        return {"check": self.check, "clause": self.clause, "outcome": str(self.outcome)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One credential that was shown and held; `type` is the id of its type, `claims` are JSON."""

    type: str
    issuer: str
    claims: Mapping[str, Json] = field(repr=False)
    trail: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the corporation learnt, and what its policy's rules advise.

    Attributes:
        credentials: by question.
        trail: of the answer as a whole.
    """

    credentials: Mapping[str, tuple[Given, ...]]
    trail: tuple[Told, ...]
    advice: Advice
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an answer was refused: the check that failed, and its reason."""

    reason: Reason
    check: str
    clause: str

    @classmethod
    def of(cls, error: Rejected) -> Refusal:
        return cls(reason=error.reason, check=error.check.name, clause=error.check.clause)


class Counter(Protocol):
    """A corporation that asks."""

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that it takes, the preferred first."""

    def ask(self, policy: str, home: Mapping[str, Json]) -> Asked:
        """Ask what a policy allows under these conditions.

        Raises:
            Declined: the policy cannot be asked in these formats (`over_asked`).
        """

    def send(self, wallet: Wallet, consent: Consent, asked: Asked) -> int:
        """Send what the holder agreed to, and give its size in bytes."""

    def verdict(self, asked: Asked) -> Verdict:
        """Give what came of the answer that was sent.

        Raises:
            Rejected: it was refused.
        """

    def submit(self, asked: Asked, answer: Answer) -> Refusal | None:
        """Send an answer of one's own making, and give why it was refused; None: it was not."""

    def relay(self, asked: Asked, answer: Answer) -> Refusal | None:
        """Send an answer to another corporation that asks the same, and give why it was refused; None: it was not."""


Clock: TypeAlias = Callable[[], datetime]
Counters: TypeAlias = Callable[[Path, tuple[str, ...], Clock], AbstractContextManager[Counter]]
"""Opens a counter: the folder of the story, with its trust file; the formats that it takes; a clock."""


@contextmanager
def in_process(folder: Path, formats: tuple[str, ...], clock: Clock) -> Iterator[Counter]:
    """Open a counter in this process."""
    yield InProcess(folder, trust=Trust.load(folder / "trust.toml"), formats=formats, clock=clock)


class InProcess:
    """A verifier in this process. It states its client identifier and proves nothing of it."""

    def __init__(self, folder: Path, *, trust: Trust, formats: tuple[str, ...], clock: Clock) -> None:
        self._clock = clock
        self._verifier = Verifier(
            CORPORATION,
            trust=trust,
            status=NO_STATUS_CHECK,
            once=SqliteOnce(folder / "corporation.db"),
            name=NAME,
            formats=only(*formats),
        )
        self._asked: dict[str, Request] = {}
        self._forms: dict[str, bytes] = {}

    @property
    def formats(self) -> tuple[str, ...]:
        return tuple(self._verifier.formats)

    def ask(self, policy: str, home: Mapping[str, Json]) -> Asked:
        request = self._verifier.ask(policies.load(policy), home=home, at=self._clock())
        wire = vp.write_request(request)
        nonce = request.binding.nonce
        self._asked[nonce] = request
        return Asked(id=nonce, request=vp.parse_request(wire, at=self._clock()), size=len(wire))

    def send(self, wallet: Wallet, consent: Consent, asked: Asked) -> int:
        form = vp.answer_form(wallet.disclose(consent, at=self._clock()), asked.request)
        self._forms[asked.id] = form
        return len(form)

    def verdict(self, asked: Asked) -> Verdict:
        request = self._asked[asked.id]
        arrived = vp.parse_answer(self._forms[asked.id], request)
        return _verdict(self._verifier.verify(arrived, request, at=self._clock()))

    def submit(self, asked: Asked, answer: Answer) -> Refusal | None:
        try:
            self._verifier.verify(answer, self._asked[asked.id], at=self._clock())
        except Rejected as refused:
            return Refusal.of(refused)
        return None

    def relay(self, asked: Asked, answer: Answer) -> Refusal | None:
        """Send it on to a corporation whose request happens to have the same nonce: only its name differs."""
        own = self._asked[asked.id]
        other = replace(self._verifier, client_id=OTHER)
        request = replace(
            own,
            asker=Asker(party=replace(own.asker.party, id=OTHER), proven=False),
            response_uri=other.response_uri,
            binding=channel.openid4vp_redirect(
                client_id=OTHER, nonce=own.binding.nonce, response_uri=other.response_uri
            ),
        )
        try:
            other.verify(answer, request, at=self._clock())
        except Rejected as refused:
            return Refusal.of(refused)
        return None


def _verdict(disclosure: Disclosure) -> Verdict:
    if disclosure.advice is None:
        raise Misuse("the story asks by a policy")
    return Verdict(
        credentials={
            question: tuple(
                Given(type=one.type.id, issuer=one.issuer.name, claims=_plain(one.claims), trail=_told(one.trail))
                for one in given
            )
            for question, given in disclosure.credentials.items()
        },
        trail=_told(disclosure.trail),
        advice=disclosure.advice.advice,
        rule=disclosure.advice.rule,
    )


def _plain(claims: Claims) -> Mapping[str, Json]:
    return {name: thaw(value) for name, value in claims.items()}


def _told(trail: tuple[Step, ...]) -> tuple[Told, ...]:
    return tuple(Told(check=one.check.name, clause=one.check.clause, outcome=one.outcome) for one in trail)
