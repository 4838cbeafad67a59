"""The corporation's verifier as a service in a process of its own, as `eigendata serve verifier` runs it.

It stands behind a proxy that is not there: wallets are told `https://HOST`, and what they send is sent to this machine.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from eigendata import did
from eigendata.crypto.x509 import dump_pem_chain
from tests.interop.material import jwk
from tests.interop.town import BOTH, CLIENTS, HOST, ISSUERS, KEY, LEAF
from tests.interop.wallets import ForeignWallet, Order, Resolved

COMMAND: Final = (sys.executable, "-c", "from eigendata.cli import main; main()")
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
        log: what it says of itself.
        api: with the key of its desk.
        wallets: without.
    """

    address: str
    api: httpx.Client
    wallets: httpx.Client
    log: Path

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
    """Run a service in a folder, until the block ends."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    KEY.save(data / "access.key")
    (data / "access.pem").write_bytes(dump_pem_chain([LEAF]))
    (folder / "trust.toml").write_text(ISSUERS, "utf-8")
    port = _free()
    where = ("--data", data, "--trust", folder / "trust.toml", "--public-url", PUBLIC, "--port", str(port))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, "serve", "verifier", *where], stdout=subprocess.PIPE, stderr=log, text=True, env=_environment()
        )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready == f"READY {PUBLIC}\n", (folder / "log").read_text("utf-8")
        address = f"http://127.0.0.1:{port}"
        key = {"Authorization": f"Bearer {(data / 'api-key').read_text('ascii').strip()}"}
        settings: dict[str, Any] = {"base_url": address, "trust_env": False, "timeout": PATIENCE}
        with httpx.Client(**settings, headers=key) as api, httpx.Client(**settings) as wallets:
            yield Service(address=address, api=api, wallets=wallets, log=folder / "log")
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("EIGENDATA_SERVE_")}


def sent(wallet: ForeignWallet, check: Check, resolved: Resolved, **more: Any) -> tuple[int, str]:
    """Let the library itself post an answer, and give the status and the body that came back."""
    asked = {"parameters": dict(resolved.parameters), "tokens": wallet.show(resolved), "enc": "A128GCM", **more}
    said = wallet.ask("answer", over=[PUBLIC, check.service.address], **asked)
    assert Order(**said["order"]).url == f"{PUBLIC}/answers"
    return said["status"], said["said"]
