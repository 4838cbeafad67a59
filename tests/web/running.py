"""The verifier as it is run, `eigendata serve verifier` in a process of its own, and who uses it over HTTP, today.

with running(tmp_path) as service: begun = service.begin(); service.answer(service.written(begun))
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority, make_issuer_certificate
from eigendata.model import Chain, Seal
from eigendata.openid import vp
from eigendata.registers.catalogue import CATALOGUE
from eigendata.trust import Trust
from tests.world import AISHA, BOXTEL, FORMAT, Holder, municipality

PATIENCE = 60.0  # seconds; the machine may be busy
EIGENDATA = str(Path(sys.executable).parent / "eigendata")
FORM = {"content-type": "application/x-www-form-urlencoded"}
FREELY = "[limits]\n" + "".join(f"{one} = 0\n" for one in ("begin", "api", "pages", "fetch", "answers", "errors"))
_URL = "https://boxtel.example"


@cache
def resident() -> tuple[Holder, str]:
    """Give a holder whose cards were issued now, and the trust file of who issued them."""
    now = datetime.now(UTC)
    above, key = SoftwareKey.generate(Algorithm.ES256), SoftwareKey.generate(Algorithm.ES256)
    authority = make_authority("Een eigen autoriteit", above, at=now)
    leaf = make_issuer_certificate(
        key.public_key, name="Gemeente Boxtel", uri=_URL, authority=authority, authority_key=above, at=now,
        municipality=BOXTEL,
    )  # fmt: skip
    seal = Seal(signer=key, origin=Chain(certificates=(leaf,), issuer=_URL))
    text = (
        f'[issuers."{_URL}"]\nname = "Gemeente Boxtel"\nanchors = ["""{dump_pem_chain((authority,)).decode()}"""]\n'
        f'types = {list(CATALOGUE)}\nmunicipalities = ["{BOXTEL}"]\n'
    )
    issuer = municipality(_URL, "Gemeente Boxtel", BOXTEL, seals={FORMAT: seal})
    holder = Holder(trust=Trust.loads(text))
    holder.fetch(issuer, AISHA.record(at=now), copies=1, at=now)
    return holder, text


class Service:
    """A service that runs. Its clients are people and programs of this machine."""

    def __init__(self, folder: Path, *options: str, database: str | None = None, settings: str = FREELY) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.data.mkdir(exist_ok=True)
        (self.data / "eigendata.toml").write_text(settings)
        (folder / "trust.toml").write_text(resident()[1])
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._command = [
            *(EIGENDATA, "serve", "verifier", "--port", str(port), "--data", str(self.data)),
            *("--trust", str(folder / "trust.toml"), "--public-url", self.url, "--insecure-loopback", *options),
        ]
        self._environment = {**os.environ, "HOME": str(folder), "LANG": "C.UTF-8"}
        if database is not None:
            self._environment["EIGENDATA_SERVE_DATABASE"] = database
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder, env=self._environment
            )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"READY {self.url}\n", self.log()

    def stop(self, how: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def workers(self) -> list[int]:
        """Give the processes below the one that was started."""
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(one) for one in tasks.read_text().split()]

    @property
    def key(self) -> str:
        return (self.data / "api-key").read_text().strip()

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=PATIENCE)

    # -- who uses it --------------------------------------------------------------------------------------------------

    def api(self, client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
        return client.request(method, f"/api/{path}", headers={"authorization": f"Bearer {self.key}"}, **more)

    def begin(self, client: httpx.Client, **order: Any) -> Any:
        """Begin a check whose request stands in the link, and give it."""
        body = {"policy": "woningcorporatie/A", "mode": "direct_post", "client_id": "redirect_uri", **order}
        reply = self.api(client, "POST", "checks", json=body)
        assert reply.status_code == 201, reply.text
        return reply.json()

    def written(self, link: str) -> bytes:
        """Write the answer of a resident to the request of a link."""
        now = datetime.now(UTC)
        asked = vp.parse_request(link.encode(), at=now, allow_loopback_http=True)
        return vp.answer_form(resident()[0].answer(asked, at=now), asked)


@contextmanager
def running(folder: Path, *options: str, database: str | None = None, settings: str = FREELY) -> Iterator[Service]:
    service = Service(folder, *options, database=database, settings=settings)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait(PATIENCE)
        if service.process.stdout is not None:
            service.process.stdout.close()
