"""The corporation's verifier as a service that is asked over HTTP.

It stands behind a proxy that is not there: wallets are told `https://HOST`, and what they send is sent to this machine.
"""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import uvicorn
from fastapi import FastAPI

from eigendata import did, policies
from eigendata.model import NO_STATUS_CHECK
from eigendata.store import Store
from eigendata.web.checking import Checking
from eigendata.web.desks import Desk, Signing
from eigendata.web.verifier import verifier_router
from tests.interop.material import jwk
from tests.interop.town import BOTH, CLIENTS, HOST, KEY, LEAF, NAME, TRUST
from tests.interop.wallets import ForeignWallet, Order, Resolved

PUBLIC: Final = f"https://{HOST}"
PATIENCE: Final = 60.0
OWN_METHOD: Final = did.key_method(KEY.public_key)
"""The method of the DID that a service has of itself."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check that was begun, with one party."""

    service: Service
    id: str
    link: str

    def stands(self) -> dict[str, Any]:
        """Give how its party stands, as the API says it."""
        said = self.service.api.get(f"/api/checks/{self.id}")
        assert said.status_code == 200, said.text
        (party,) = said.json()["parties"]
        assert isinstance(party, dict)
        return party

    def resolve(self, wallet: ForeignWallet, **more: Any) -> Resolved:
        """Let a wallet read it, and fetch it where it must."""
        methods = {OWN_METHOD: jwk(KEY)}
        return wallet.resolve(self.link, over=[PUBLIC, self.service.address], **{"methods": methods, **more})

    def post(self, body: str | None) -> tuple[int, Any]:
        """Post an answer."""
        assert body is not None
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        said = self.service.wallets.post("/answers", content=body, headers=kind)
        return said.status_code, said.json()


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service that answers.

    Attributes:
        address: where it listens.
        api: with the key of its desk.
        wallets: without.
    """

    address: str
    api: httpx.Client
    wallets: httpx.Client

    def begin(self, *, prefix: str | None = None, sealed: bool = True, **order: Any) -> Check:
        """Begin a check: of `BOTH`, or of a policy."""
        asked = order or {"dcql": BOTH.to_json()}
        named = {} if prefix is None else {"client_id": prefix}
        mode = "direct_post.jwt" if sealed else "direct_post"
        said = self.api.post("/api/checks", json={**asked, **named, "mode": mode})
        assert said.status_code == 201, said.text
        begun = said.json()
        (party,) = begun["parties"]
        return Check(service=self, id=begun["id"], link=party["link"])

    @property
    def clients(self) -> Mapping[str, str]:
        """What it is called by each prefix."""
        controller, _, _ = OWN_METHOD.partition("#")
        return {**CLIENTS, "decentralized_identifier": f"decentralized_identifier:{controller}"}


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    """Answer at a port of this machine until the block ends, in an application of one's own."""
    with closing(Store.open(f"sqlite:///{folder / 'checks.db'}", key=secrets.token_bytes(32))) as store:
        desk = Desk.make(
            "desk",
            name=NAME,
            public_url=PUBLIC,
            trust=TRUST,
            status=NO_STATUS_CHECK,
            once=store.once,
            policies=[policies.load("woningcorporatie/B")],
            signing=Signing(signer=KEY, chain=(LEAF,)),
        )
        app = FastAPI(openapi_url=None)
        app.include_router(verifier_router(Checking([desk], store=store, public_url=PUBLIC)))
        key = {"Authorization": f"Bearer {store.keys.add('desk', name='tests').secret}"}
        with _answering(app) as address:
            settings: dict[str, Any] = {"base_url": address, "trust_env": False, "timeout": PATIENCE}
            with httpx.Client(**settings, headers=key) as api, httpx.Client(**settings) as wallets:
                yield Service(address=address, api=api, wallets=wallets)


@contextmanager
def _answering(app: FastAPI) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listener.close()


def sent(wallet: ForeignWallet, check: Check, resolved: Resolved, **more: Any) -> tuple[int, str]:
    """Let the library itself post an answer, and give the status and the body that came back."""
    asked = {"parameters": dict(resolved.parameters), "tokens": wallet.show(resolved), "enc": "A128GCM", **more}
    said = wallet.ask("answer", over=[PUBLIC, check.service.address], **asked)
    assert Order(**said["order"]).url == f"{PUBLIC}/answers"
    return said["status"], said["said"]
