"""A verifier on this machine, of the protocol alone: asks one thing at a time, and answers as it is told to."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from eigendata import policies
from eigendata.crypto.access import make_access_certificate
from eigendata.crypto.jwe import Recipient, write_recipient
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority
from eigendata.encoding import Json, json_dumps, json_object
from eigendata.errors import Declined
from eigendata.model import NO_STATUS_CHECK, Disclosure
from eigendata.once import MemoryOnce
from eigendata.openid import vp
from eigendata.openid.client_id import of_certificate
from eigendata.openid.request_object import sign_request_object
from eigendata.query import Encryption, Query, Request
from eigendata.trust import Trust, VerifierEntry
from eigendata.verifier import Verifier
from tests.unit.wallet.town import NOW, TRUST

NAME = "Woonstichting De Eik"
HOST = "wonen.eik.example"
API_KEY = "sleutel-van-de-balie"
HOME: Mapping[str, Json] = {"household_size": [1, 9], "binding": True}


class Access:
    """A verifier's key and certificate, below an authority of its own."""

    def __init__(self, *, at: datetime) -> None:
        root_key, self.key = SoftwareKey.generate(Algorithm.ES256), SoftwareKey.generate(Algorithm.ES256)
        self.root = make_authority("Access certificates", root_key, at=at)
        self.leaf = make_access_certificate(
            self.key.public_key, name=NAME, dns_names=[HOST], authority=self.root, authority_key=root_key, at=at
        )
        self.client_id = str(of_certificate(self.leaf))

    @property
    def entry(self) -> VerifierEntry:
        return VerifierEntry(name=NAME, anchors=(self.root,))


ACCESS = Access(at=NOW)
KNOWN = Trust(verifiers={HOST: ACCESS.entry})
"""Knows the verifier that a desk is, where a test says nothing else."""


@dataclass(frozen=True)
class Seen:
    """One message that reached the desk."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Reply:
    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


@dataclass
class Desk:
    """One verifier.

    Attributes:
        changes: parameters that every request gets instead of its own; None takes one out.
        replies: what answers get instead of being verified, the first first.
    """

    url: str
    sealed: bool
    changes: dict[str, Any] = field(default_factory=dict)
    replies: list[Reply | None] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    disclosures: list[Disclosure] = field(default_factory=list)
    redirect_uri: str | None = None
    gone: bool = False
    access: Access = field(default_factory=lambda: ACCESS)
    trust: Trust = TRUST
    clock: Callable[[], datetime] = lambda: NOW

    def __post_init__(self) -> None:
        self.verifier = Verifier(
            self.access.client_id,
            trust=self.trust,
            status=NO_STATUS_CHECK,
            once=MemoryOnce(clock=self.clock),
            name=NAME,
            answer_uri=f"{self.url}/answers",
        )
        self.key = SoftwareKey.generate(Algorithm.ES256)

    def ask(self, asked: Query | str, *, post: bool = True) -> str:
        """Ask a query, or by a shipped policy with the conditions of `HOME`, and give the link."""
        jwk = write_recipient(Recipient(self.key.public_key, "once"))
        encryption = Encryption(jwk=jwk, encryptions=("A128GCM", "A256GCM")) if self.sealed else None
        now = self.clock()
        self.request: Request = (
            self.verifier.ask(policies.load(asked), home=HOME, at=now, encryption=encryption)
            if isinstance(asked, str)
            else self.verifier.ask_query(asked, at=now, encryption=encryption)
        )
        return vp.reference_link(self.access.client_id, f"{self.url}/requests/{secrets.token_hex(8)}", post=post)

    def posted(self, path: str = "/answers") -> list[bytes]:
        return [one.body for one in self.seen if one.method == "POST" and one.path == path]

    def reply(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        if seen.path in ("/answers", "/api/checks"):
            told = self.replies.pop(0) if self.replies else None
            return told or (self._take(seen.body) if seen.path == "/answers" else self._begin(seen))
        if self.gone:
            return Reply(404, b"")
        nonce = vp.read_form(seen.body)["wallet_nonce"] if seen.method == "POST" else None
        token = self._signed(nonce)
        return Reply(200, token, {"Content-Type": "application/oauth-authz-req+jwt"})

    def _begin(self, seen: Seen) -> Reply:
        """Begin a check by a policy, as the API of the verifier service does."""
        if seen.headers.get("authorization") != f"Bearer {API_KEY}":
            return Reply(401, b'{"title":"Unauthorized"}', {"Content-Type": "application/problem+json"})
        asked = json_object(seen.body)["policy"]
        assert isinstance(asked, str)
        party = {"role": "aanvrager", "link": self.ask(asked), "page": f"{self.url}/pages/1"}
        return Reply(201, json_dumps({"id": "c-1", "state": "waiting", "parties": [party]}))

    def by_value(self, query: Query) -> str:
        """Ask, and give a link that holds all of the signed request."""
        self.ask(query)
        return f"openid4vp://?client_id={self.access.client_id}&request={self._signed(None).decode()}"

    def _signed(self, nonce: str | None) -> bytes:
        whole = {**vp.request_parameters(self.request), **self.changes}
        kept = {name: value for name, value in whole.items() if value is not None}
        access = self.access
        return sign_request_object(kept, access.key, chain=[access.leaf], wallet_nonce=nonce, at=self.clock())

    def _take(self, body: bytes) -> Reply:
        try:
            answer = vp.parse_answer(body, self.request, key=self.key if self.sealed else None)
        except Declined:
            return Reply()
        self.disclosures.append(self.verifier.verify(answer, self.request, at=self.clock()))
        return Reply(200, json_dumps({} if self.redirect_uri is None else {"redirect_uri": self.redirect_uri}))


@contextmanager
def a_desk(*, sealed: bool = True, **how: Any) -> Iterator[Desk]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = desk.reply(Seen(self.command, self.path, headers, body))
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    desk = Desk(url=f"http://127.0.0.1:{server.server_port}", sealed=sealed, **how)
    thread.start()
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
