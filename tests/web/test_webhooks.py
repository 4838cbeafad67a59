"""Webhooks: signed as others read them, told at least once under one id, and to no address that may not be reached."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from eigendata.errors import Malformed, Misuse
from eigendata.fetch import Fetcher
from eigendata.store import Conclusion, Device, Event, Limits, State, Store
from eigendata.web import webhooks
from eigendata.web.operations import Log, Metrics
from eigendata.web.webhooks import RETRIES, Courier

SECRET = b"s" * 32
BODY = b'{"type":"check.concluded"}'


class Receiver:
    """Somebody's address on this machine: what came, and what is answered."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


class Outbox:
    """A store whose time stands still unless a test says otherwise."""

    def __init__(self, folder: Path) -> None:
        self.now = datetime.now(UTC)
        url = f"sqlite:///{folder / 'store.db'}"
        limits = Limits(delivery=timedelta(seconds=60))
        self.store = Store.open(url, key=b"k" * 32, limits=limits, clock=lambda: self.now)
        self.stream = StringIO()
        self.metrics = Metrics()

    def tell(self) -> None:
        """Conclude a check, of which the webhooks of its desk are told."""
        check = self.store.begin("desk", content=b"{}", open_for=timedelta(days=1))
        state = check.id
        self.store.offer(
            check.id, "aanvrager", desk="desk", device=Device.CROSS, content=b"", nonce=f"n{state}", state=state
        )
        lease = self.store.take(state=state)
        said = Conclusion(state=State.DECLINED, record=b"{}")
        self.store.conclude(lease, said, events=(Event(type="check.concluded", payload=BODY),))

    def courier(self, chance: float = 0.5, **allowed: Any) -> Courier:
        fetcher = Fetcher(**(allowed or {"allow_loopback_http": True}))
        return Courier(
            self.store,
            fetcher,
            log=Log(self.stream),
            metrics=self.metrics,
            clock=lambda: self.now,
            chance=lambda: chance,
        )

    def after(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    made = Outbox(tmp_path)
    yield made
    made.store.close()


# -- signatures -------------------------------------------------------------------------------------------------------


def test_a_foreign_implementation_reads_what_we_sign() -> None:
    now = datetime.now(UTC)
    headers = webhooks.signed_headers("msg_1", BODY, secret=SECRET, at=now)
    reader = Webhook(webhooks.shown_secret(SECRET))
    assert reader.verify(BODY, headers) == {"type": "check.concluded"}
    for changed in (
        {**headers, "webhook-id": "msg_2"},
        {**headers, "webhook-timestamp": str(int(now.timestamp()) + 1)},
        {**headers, "webhook-signature": "v1," + base64.b64encode(b"0" * 32).decode()},
    ):
        with pytest.raises(WebhookVerificationError):
            reader.verify(BODY, changed)
    with pytest.raises(WebhookVerificationError):
        reader.verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhooks.shown_secret(b"t" * 32)).verify(BODY, headers)


def test_a_message_of_six_minutes_ago_is_a_replay() -> None:
    old = webhooks.signed_headers("msg_1", BODY, secret=SECRET, at=datetime.now(UTC) - timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(webhooks.shown_secret(SECRET)).verify(BODY, old)


def test_the_example_of_the_specification_is_signed_alike() -> None:
    at, body = datetime.fromtimestamp(1674087231, UTC), '{"type":"contact.created"}'
    ours = webhooks.signed_headers("msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", body.encode(), secret=SECRET, at=at)
    theirs = Webhook(SECRET).sign("msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", at, body)
    assert ours["webhook-signature"] == theirs


def test_a_secret_is_read_as_it_is_written_and_in_no_other_way() -> None:
    made = webhooks.make_secret()
    assert webhooks.parse_secret(webhooks.shown_secret(made)) == made
    assert webhooks.make_secret() != made
    for text in ("", "whsec_", "abc", base64.b64encode(made).decode(), "whsec_" + "A" * 10, "whsec_" + "A" * 100):
        with pytest.raises(Malformed):
            webhooks.parse_secret(text)


def test_an_id_that_could_end_before_it_does_is_not_signed() -> None:
    for message in ("a.b", "", "a b", "a\nb"):
        with pytest.raises(Misuse):
            webhooks.signed_headers(message, BODY, secret=SECRET, at=datetime.now(UTC))


# -- delivery ---------------------------------------------------------------------------------------------------------


def test_an_event_is_delivered_once_and_verifies(outbox: Outbox, receiver: Receiver) -> None:
    outbox.store.webhooks.add("desk", receiver.url, secret=SECRET)
    outbox.tell()
    assert outbox.courier().deliver() == 1
    assert outbox.courier().deliver() == 0
    ((headers, body),) = receiver.came
    assert Webhook(webhooks.shown_secret(SECRET)).verify(body, headers) == {"type": "check.concluded"}
    assert headers["content-type"] == "application/json"


def test_what_failed_comes_again_under_its_id_and_each_time_later(outbox: Outbox, receiver: Receiver) -> None:
    outbox.store.webhooks.add("desk", receiver.url, secret=SECRET)
    outbox.tell()
    receiver.answers = [(500, {})] * (len(RETRIES) + 1)
    for wait in RETRIES:
        assert outbox.courier().deliver() == 1
        outbox.after(wait - timedelta(seconds=1))
        assert outbox.courier().deliver() == 0
        outbox.after(timedelta(seconds=2))
    assert outbox.courier().deliver() == 1  # the last time: now it is given up
    outbox.after(timedelta(days=30))
    assert outbox.courier().deliver() == 0
    assert len(receiver.came) == len(RETRIES) + 1
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.came}) == len(receiver.came)
    assert '"outcome":"given_up"' in outbox.stream.getvalue()


@pytest.mark.parametrize(("chance", "factor"), [(0.0, 0.8), (0.999999, 1.2)])
def test_what_failed_together_does_not_come_back_together(
    outbox: Outbox, receiver: Receiver, chance: float, factor: float
) -> None:
    outbox.store.webhooks.add("desk", receiver.url, secret=SECRET)
    outbox.tell()
    receiver.answers = [(503, {})]
    outbox.courier(chance).deliver()
    outbox.after(RETRIES[0] * factor - timedelta(milliseconds=100))
    assert outbox.courier().deliver() == 0
    outbox.after(timedelta(milliseconds=200))
    assert outbox.courier().deliver() == 1


def test_who_asks_us_to_wait_is_waited_for(outbox: Outbox, receiver: Receiver) -> None:
    outbox.store.webhooks.add("desk", receiver.url, secret=SECRET)
    outbox.tell()
    receiver.answers = [(429, {"retry-after": "600"})]
    outbox.courier().deliver()
    outbox.after(timedelta(seconds=599))
    assert outbox.courier().deliver() == 0
    outbox.after(timedelta(seconds=2))
    assert outbox.courier().deliver() == 1


def test_who_is_gone_is_told_nothing_more(outbox: Outbox, receiver: Receiver) -> None:
    outbox.store.webhooks.add("desk", receiver.url, secret=SECRET)
    for _ in range(2):
        outbox.tell()
    receiver.answers = [(410, {})]
    outbox.courier().deliver()
    outbox.after(timedelta(days=3))
    assert outbox.courier().deliver() == 0
    assert outbox.store.webhooks.list("desk") == ()
    assert len(receiver.came) == 1


def test_a_redirect_is_not_followed(outbox: Outbox, receiver: Receiver) -> None:
    outbox.store.webhooks.add("desk", receiver.url, secret=SECRET)
    outbox.tell()
    receiver.answers = [(307, {"location": f"{receiver.url}/elsewhere"})]
    outbox.courier().deliver()
    assert len(receiver.came) == 1
    assert '"outcome":"blocked"' in outbox.stream.getvalue()


@pytest.mark.parametrize("allowed", [{"allow_loopback_http": False}, {"allowed_networks": [ip_network("10.0.0.0/8")]}])
def test_an_address_of_the_inside_is_not_reached_unless_it_was_allowed(
    outbox: Outbox, receiver: Receiver, allowed: dict[str, Any]
) -> None:
    for url in (receiver.url, "https://127.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/"):
        outbox.store.webhooks.add("desk", url, secret=SECRET)
    outbox.tell()
    while outbox.courier(**allowed).deliver():
        pass
    assert receiver.came == []
    assert outbox.stream.getvalue().count('"outcome":"blocked"') == 4


def test_who_was_killed_while_delivering_is_followed_by_another(outbox: Outbox, receiver: Receiver) -> None:
    outbox.store.webhooks.add("desk", receiver.url, secret=SECRET)
    outbox.tell()
    (taken,) = outbox.store.webhooks.due()  # and nothing more is heard of who took it
    assert outbox.courier().deliver() == 0
    outbox.after(timedelta(seconds=61))
    assert outbox.courier().deliver() == 1
    assert receiver.came[0][0]["webhook-id"] == taken.message


def test_no_secret_and_no_address_is_in_the_log(outbox: Outbox, receiver: Receiver) -> None:
    outbox.store.webhooks.add("desk", receiver.url, secret=SECRET)
    outbox.tell()
    receiver.answers = [(500, {})]
    outbox.courier().deliver()
    assert "127.0.0.1" not in outbox.stream.getvalue()
    assert base64.b64encode(SECRET).decode() not in outbox.stream.getvalue()
