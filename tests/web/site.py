"""A verifier service for tests, without a network: a desk, its store, a wallet and a browser in front of it.

site = Site.make(world, tmp_path)
begun = site.begin()                              a check by the desk's API key
asked = site.fetch(begun["parties"][0])           the request as a wallet reads it
site.answer(vp.answer_form(holder.answer(asked), asked))
site.look(begun["id"])
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI

from eigendata import policies
from eigendata.crypto.access import make_access_certificate
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.crypto.x509 import Leaf, make_authority, read_leaf
from eigendata.model import NO_STATUS_CHECK, Party
from eigendata.openid import vp
from eigendata.policies import Policy
from eigendata.query import Request
from eigendata.store import Store
from eigendata.web.checking import Checking
from eigendata.web.desks import Desk, Signing
from eigendata.web.verifier import verifier_router
from tests.world import AT, HOME, World

HOST: Final = "woonstichting.example"
URL: Final = f"https://{HOST}/check"
NAME: Final = "Woonstichting De Linde"
A: Final = policies.load("woningcorporatie/A")
B: Final = policies.load("woningcorporatie/B")
PERMIT: Final = policies.load("omgevingsloket/burger")
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
KEY: Final = b"k" * 32


@cache
def signing() -> Signing:
    """Give a key with an access certificate of `HOST`."""
    above, key = SoftwareKey.generate(Algorithm.ES256), SoftwareKey.generate(Algorithm.ES256)
    root = make_authority("An authority of verifiers", above, at=AT)
    leaf = make_access_certificate(
        key.public_key, name=NAME, dns_names=[HOST], authority=root, authority_key=above, at=AT
    )
    return Signing(signer=key, chain=(leaf,))


class Known:
    """A wallet's trust in this one desk."""

    def certified_verifier(self, chain: Sequence[bytes], /, *, named: str | None, at: datetime) -> tuple[Party, Leaf]:
        assert named in (None, HOST)
        return Party(id="desk", name=NAME), read_leaf(chain[0])

    def did_verifier(self, controller: str, method: str, /, *, at: datetime) -> tuple[Party, PublicKey]:
        assert method == signing().did_method
        return Party(id=controller, name=NAME), signing().signer.public_key


@dataclass
class Site:
    """A service under test. Its clock is `now`."""

    world: World
    store: Store
    file: Path
    checking: Checking
    app: FastAPI
    keys: dict[str, str]
    clock: list[datetime]
    told: list[tuple[str, str, Any]] = field(default_factory=list)
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    @classmethod
    def make(
        cls,
        world: World,
        folder: Path,
        *,
        desks: Callable[[Store], list[Desk]] | None = None,
        inline: bool = True,
        url: str = URL,
        **more: Any,
    ) -> Site:
        clock = [AT]
        file = folder / "checks.db"
        store = Store.open(f"sqlite:///{file}", key=KEY, clock=lambda: clock[0])
        made = [desk(world, store, url=url, **more)] if desks is None else desks(store)
        told: list[tuple[str, str, Any]] = []
        checking = Checking(
            made,
            store=store,
            public_url=url,
            clock=lambda: clock[0],
            on_checked=lambda check, role, disclosure: told.append((check, role, disclosure)),
        )
        app = FastAPI(openapi_url=None)
        app.include_router(verifier_router(checking, answers_inline=inline), prefix=httpx.URL(url).path)
        keys = {one.id: str(store.keys.add(one.id, name="tests").secret) for one in made}
        return cls(world=world, store=store, file=file, checking=checking, app=app, keys=keys, clock=clock, told=told)

    @property
    def now(self) -> datetime:
        return self.clock[0]

    @now.setter
    def now(self, moment: datetime) -> None:
        self.clock[0] = moment

    def ask(self, method: str, url: str | httpx.URL, **more: Any) -> httpx.Response:
        """Ask as the browser of this site does: with its cookies, and without following a redirect."""
        self.now += timedelta(milliseconds=1)  # no two things happen at one moment

        async def one() -> httpx.Response:
            async with AsyncExitStack() as stack:
                transport = httpx.ASGITransport(self.app, client=("192.0.2.7", 1))
                client = await stack.enter_async_context(
                    httpx.AsyncClient(
                        transport=transport, base_url=f"{self.checking.public_url}/", cookies=self.cookies
                    )
                )
                reply = await client.request(method, url, **more)
                self.cookies = client.cookies
                return reply

        return asyncio.run(one())

    def get(self, url: str | httpx.URL, **more: Any) -> httpx.Response:
        return self.ask("GET", url, **more)

    def post(self, url: str | httpx.URL, **more: Any) -> httpx.Response:
        return self.ask("POST", url, **more)

    def api(self, method: str, url: str, *, desk: str = "desk", **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.keys[desk]}", **more.pop("headers", {})}
        return self.ask(method, f"api/{url}", headers=headers, **more)

    def begin(self, *, desk: str = "desk", **order: Any) -> Any:
        """Begin a check by the API, by woningcorporatie/B where nothing else is said."""
        body = {**({} if "dcql" in order else {"policy": B.id}), **order}
        reply = self.api("POST", "checks", desk=desk, json=body)
        assert reply.status_code == 201, reply.text
        return reply.json()

    def look(self, check: str, *, desk: str = "desk") -> Any:
        reply = self.api("GET", f"checks/{check}", desk=desk)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def fetch(self, party: Any, *, nonce: str | None = "a-nonce-of-the-wallet") -> Request:
        """Read the request of a link, as a wallet does; without a nonce, one that does not know how to post for it."""
        link = party["link"] if nonce is not None else party["link"].replace("&request_uri_method=post", "")
        invitation = vp.parse_invitation(link.encode())
        if invitation.reference is None:
            return invitation.receive(None, trust=Known(), wallet_nonce=None, at=self.now)
        order = invitation.reference.order(nonce or "")
        reply = self.get(order.url) if order.body is None else self.post(order.url, content=order.body, headers=FORM)
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-type"] == order.accept
        return invitation.receive(reply.content, trust=Known(), wallet_nonce=nonce, at=self.now)

    def answer(self, body: bytes) -> httpx.Response:
        return self.post("answers", content=body, headers=FORM)

    def page(self, party: Any, language: str = "nl") -> str:
        reply = self.get(party["page"], params={"lang": language})
        assert reply.status_code == 200, reply.text
        return reply.text

    def open_here(self, party: Any) -> Any:
        """Open the wallet on the device of this browser, and give the party with the link that the wallet gets."""
        reply = self.post(f"{party['page']}/wallet")
        assert reply.status_code == 303, reply.text
        return {**party, "link": reply.headers["location"]}


def desk(
    world: World,
    store: Store,
    *,
    id: str = "desk",
    name: str = NAME,
    url: str = URL,
    given: tuple[Policy, ...] = (A, B, PERMIT),
    residents: str | None = B.id,
    signed: bool = True,
    **more: Any,
) -> Desk:
    """Make a desk of the world's corporation."""
    return Desk.make(
        id,
        name=name,
        public_url=url,
        trust=world.trust,
        status=NO_STATUS_CHECK,
        once=store.once,
        policies=given,
        homes={B.id: HOME} if B in given else {},
        residents=residents,
        signing=signing() if signed else None,
        **more,
    )
