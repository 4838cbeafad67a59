"""The corporation as a verifier service: the story's counter, reached by HTTP alone.

    over_http(folder, ...) -> Served      two desks at one service on this machine: the corporation, and another one
    Served.ask   POST /api/checks         and what a wallet then fetches
    Served.send  POST /answers            through the wallet's own exchange
    verdict      GET /api/checks/{id}

Needs the extra `server`. Everybody proves who they are: the corporation by a certificate below an authority that the
resident's trust file names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from eigendata import files, policies
from eigendata.crypto.access import ACCESS_CHAIN, ACCESS_KEY, create_access
from eigendata.crypto.keys import SoftwareKey
from eigendata.crypto.x509 import load_pem_chain
from eigendata.encoding import Json
from eigendata.errors import Check, Outcome, Reason, Rejected, Unavailable
from eigendata.fetch import Fetcher
from eigendata.formats import only
from eigendata.issuer import create_authority
from eigendata.model import NO_STATUS_CHECK, Advice, Answer
from eigendata.openid import exchange, vp
from eigendata.registers.population import Population
from eigendata.store import KEY_SIZE, Store
from eigendata.story import HOME, SHOWS_ALL, Settled, settle
from eigendata.story.counter import NAME, POLICY, WHOLE_POLICY, Asked, Clock, Given, Refusal, Told, Verdict
from eigendata.trust import Trust, add_verifier
from eigendata.wallet import Consent, Wallet
from eigendata.web import simulator
from eigendata.web.calling import Service
from eigendata.web.checking import Checking
from eigendata.web.desks import Desk, Signing
from eigendata.web.trails import FAILED
from eigendata.web.verifier import verifier_router

CORPORATION: Final = "corporation"
"""The desk of the corporation of the story, where residents may begin by themselves."""
HOST: Final = "woonstichting.example"
OTHER_HOST: Final = "other-corporation.example"
OTHER_NAME: Final = "Een andere woonstichting"
_JSON: Final = ("application/json",)


@contextmanager
def over_http(folder: Path, formats: tuple[str, ...], clock: Clock) -> Iterator[Served]:
    """Run a verifier service on this machine while the block runs; see `counter.Counters`.

    Raises:
        Misuse, Unavailable: a socket or a file cannot be had.
    """
    # in a format in which everything is shown, residents begin by the policy that may ask that
    policy, home = (WHOLE_POLICY, {}) if SHOWS_ALL.issuperset(formats) else (POLICY, HOME)
    create_authority(folder / "access", name="Demo Access Root", at=clock())
    keys = [_access(folder, host, name, at=clock()) for host, name in ((HOST, NAME), (OTHER_HOST, OTHER_NAME))]
    trust = Trust.load(folder / "trust.toml")
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    store = Store.open(f"sqlite:///{folder / 'checks.db'}", key=os.urandom(KEY_SIZE))
    with closing(store), simulator.serving(app) as url:
        desks = [
            Desk.make(
                named,
                name=name,
                public_url=url,
                trust=trust,
                status=NO_STATUS_CHECK,
                once=store.once,
                policies=[policies.load(one) for one in (POLICY, WHOLE_POLICY)],
                homes={policy: home},
                residents=policy if named == CORPORATION else None,
                signing=signing,
                formats=only(*formats),
            )
            for named, name, signing in zip((CORPORATION, "other"), (NAME, OTHER_NAME), keys, strict=True)
        ]
        app.include_router(verifier_router(Checking(desks, store=store, public_url=url, clock=clock)))
        fetcher = Fetcher(allow_loopback_http=True)
        keys_of = [_key(store, one.id) for one in desks]
        ours, other = (Service(url, key, fetcher=fetcher) for key in keys_of)
        yield Served(ours, other, url=url, key=keys_of[0], trust=trust, formats=formats, fetcher=fetcher, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything that runs and lies ready for somebody who goes on by themselves.

    Attributes:
        register, service: where they are.
        page: where residents begin.
        api_key: the file that holds the desk's key.
        policy: what residents begin by.
    """

    register: str
    service: str
    page: str
    api_key: Path
    policy: str
    settled: Settled


@contextmanager
def standing(
    folder: Path, *, clock: Clock, bsn: str, population: Population, formats: tuple[str, ...]
) -> Iterator[Standing]:
    """Run register and verifier service while the block runs, with a resident's wallet beside them.

    Raises:
        Declined: the register does not know the person, or a gate of the issuer is closed.
        Misuse, Unavailable: a socket or a file cannot be had.
    """
    with simulator.serving(simulator.make_simulator(population)) as register:
        settled = settle(folder=folder, clock=clock, url=register, bsn=bsn, population=population, formats=formats)
        with over_http(folder, formats, clock) as counter:
            api_key = folder / "api-key"
            files.write_new(api_key, f"{counter.key}\n".encode(), mode=files.PRIVATE)
            yield Standing(
                register=register,
                service=counter.url,
                page=f"{counter.url}/",
                api_key=api_key,
                policy=WHOLE_POLICY if SHOWS_ALL.issuperset(formats) else POLICY,
                settled=settled,
            )


def _access(folder: Path, host: str, name: str, *, at: datetime) -> Signing:
    out = folder / host
    create_access(out, authority=folder / "access", dns_names=(host,), name=name, at=at)
    anchor = (folder / "access" / "anchor.pem").read_bytes()
    add_verifier(folder / "trust.toml", verifier=host, anchor_pem=anchor, name=name)
    chain = load_pem_chain((out / ACCESS_CHAIN).read_bytes())
    return Signing(signer=SoftwareKey.load(out / ACCESS_KEY), chain=chain)


def _key(store: Store, desk: str) -> str:
    made = store.keys.add(desk, name="demo").secret
    assert made is not None
    return made


class Served:
    """A corporation with a desk at a verifier service, and another one beside it.

    Attributes:
        url: of the service; residents begin there by themselves.
        key: the API key of the corporation's desk.
    """

    def __init__(
        self,
        ours: Service,
        other: Service,
        *,
        url: str,
        key: str,
        trust: Trust,
        formats: tuple[str, ...],
        fetcher: Fetcher,
        clock: Clock,
    ) -> None:
        self.url, self.key = url, key
        self._ours, self._other = ours, other
        self._trust, self._formats, self._fetcher, self._clock = trust, formats, fetcher, clock
        self._asked: dict[str, tuple[str, Mapping[str, Json]]] = {}  # what each check asks by

    @property
    def formats(self) -> tuple[str, ...]:
        return self._formats

    def ask(self, policy: str, home: Mapping[str, Json]) -> Asked:
        return self._ask(self._ours, policy, home)

    def _ask(self, service: Service, policy: str, home: Mapping[str, Json]) -> Asked:
        begun = service.begin({"policy": policy, "home": dict(home)})
        link = begun.link.encode()
        request = exchange.receive(link, fetcher=self._fetcher, trust=self._trust, profile=None, at=self._clock())
        self._asked[begun.id] = policy, home
        return Asked(id=begun.id, request=request, size=len(link), link=begun.link, page=begun.page)

    def send(self, wallet: Wallet, consent: Consent, asked: Asked) -> int:
        delivery = wallet.enclose(consent, write=vp.answer_form, at=self._clock())
        exchange.deliver(wallet, delivery, fetcher=self._fetcher)
        return len(delivery.form)

    def verdict(self, asked: Asked) -> Verdict:
        said = self._ours.look(asked.id)
        refused = _refusal(said)
        if refused is not None:
            raise Rejected(Check(name=refused.check, clause=refused.clause, reason=refused.reason, rule=refused.check))
        return _verdict(said)

    def submit(self, asked: Asked, answer: Answer) -> Refusal | None:
        return self._submit(self._ours, asked, answer)

    def relay(self, asked: Asked, answer: Answer) -> Refusal | None:
        """Send it on to the other corporation, which asks the same by a request of its own."""
        return self._submit(self._other, self._ask(self._other, *self._asked[asked.id]), answer)

    def _submit(self, service: Service, asked: Asked, answer: Answer) -> Refusal | None:
        form = vp.answer_form(answer, asked.request)
        reply = self._fetcher.post_form(asked.request.response_uri, form, accept=_JSON)
        if reply.status not in (200, 400):
            raise Unavailable(f"the service takes no answers now (HTTP {reply.status})")
        refused = _refusal(service.look(asked.id))
        if refused is None and reply.status == 400:  # it is told apart from no other: unknown, too old, answered
            return Refusal.of(Rejected(exchange.ANSWER_TAKEN))
        return refused


# -- what the service says --------------------------------------------------------------------------------------------


def _party(said: Mapping[str, Json]) -> Mapping[str, Json]:
    match said.get("parties"):
        case [dict(party)]:
            return party
        case _:
            raise Unavailable("the service says nothing of the one whom it asked")


def _refusal(said: Mapping[str, Json]) -> Refusal | None:
    match _party(said):
        case {
            "state": "refused",
            "reason": str(reason),
            "trail": [*_, {"check": str(check), "clause": str(clause), "outcome": outcome}],
        } if outcome == FAILED:
            return Refusal(reason=Reason(reason), check=check, clause=clause)
        case {"state": "answered" | "waiting"}:
            return None
        case _:
            raise Unavailable("the service says of its check what nobody expects")


def _verdict(said: Mapping[str, Json]) -> Verdict:
    match said:
        case {
            "state": "answered",
            "advice": str(advice),
            "rule": str(rule),
            "parties": [{"disclosed": dict(disclosed), "trail": list(trail)}],
        }:
            steps = [_told(one) for one in trail]
            credentials = {question: _given(question, several, steps) for question, several in disclosed.items()}
            whole = tuple(told for place, told in steps if not place)
            return Verdict(credentials=credentials, trail=whole, advice=Advice(advice), rule=rule)
        case _:
            raise Unavailable("the service says of its check what nobody expects")


def _told(step: Json) -> tuple[str, Told]:
    match step:
        case {"place": str(place), "check": str(check), "clause": str(clause), "outcome": str(outcome)}:
            return place, Told(check=check, clause=clause, outcome=Outcome(outcome))
        case _:
            raise Unavailable("the service tells of a check what nobody expects")


def _given(question: str, several: Json, steps: Sequence[tuple[str, Told]]) -> tuple[Given, ...]:
    trail = tuple(told for place, told in steps if place == question)
    given: list[Given] = []
    for one in several if isinstance(several, list) else ():
        match one:
            case {"type": str(name), "issuer": {"name": str(issuer)}, "claims": dict(claims)}:
                given.append(Given(type=name, issuer=issuer, claims=claims, trail=trail))
            case _:
                raise Unavailable("the service tells of a credential what nobody expects")
    return tuple(given)
