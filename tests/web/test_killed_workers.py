"""Workers of a service are killed under load: what is taken once stays taken once, and what was told stays true."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.negatives import negative
from tests.web.running import FORM, PATIENCE, Service, running

KILLS = 20
LEASE = 35.0  # seconds after which a worker that was killed has nothing taken any more


@dataclass
class Told:
    """What the service told those who used it.

    Attributes:
        bodies: check -> the one answer to it.
        here: the checks that were answered on the device of their browser.
        accepted: check -> how often it was told that the answer was accepted.
        codes: check -> where its person was led back to, and with which session.
        redeemed: check -> how often a way back was accepted.
    """

    bodies: dict[str, bytes] = field(default_factory=dict)
    here: set[str] = field(default_factory=set)
    accepted: Counter[str] = field(default_factory=Counter)
    codes: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    redeemed: Counter[str] = field(default_factory=Counter)


def posted(client: httpx.Client, body: bytes) -> httpx.Response | None:
    """Post an answer; None where nothing is known of what came of it."""
    try:
        return client.post("/answers", content=body, headers=FORM)
    except httpx.HTTPError:
        return None


def answer_once(service: Service, told: Told, client: httpx.Client, pool: ThreadPoolExecutor, *, here: bool) -> None:
    """Begin a check, answer it in several requests at the same time, and come back in several too."""
    begun = service.begin(client)
    check, link = begun["id"], begun["parties"][0]["link"]
    cookies: dict[str, str] = {}
    if here:
        told.here.add(check)
        opened = client.post(f"{begun['parties'][0]['page'].removeprefix(service.url)}/wallet")
        assert opened.status_code == 303
        link, cookies = opened.headers["location"], dict(opened.cookies)
    body = told.bodies[check] = service.written(link)
    replies = [one for one in pool.map(lambda _: posted(client, body), range(3)) if one is not None]
    for one in replies:
        assert one.status_code in (200, 400, 503), one.text
        if one.status_code == 200:
            told.accepted[check] += 1
            if here:
                told.codes[check] = (one.json()["redirect_uri"].removeprefix(service.url), cookies)
    if check in told.codes:
        come_back(told, client, pool, check)


def come_back(told: Told, client: httpx.Client, pool: ThreadPoolExecutor, check: str) -> None:
    where, cookies = told.codes[check]
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())

    def come(_: int) -> int:
        try:
            return client.get(where, headers={"cookie": cookie}).status_code
        except httpx.HTTPError:
            return 0

    statuses = list(pool.map(come, range(3)))
    assert set(statuses) <= {303, 403, 503, 0}
    told.redeemed[check] += statuses.count(303)


def load(service: Service, told: Told, over: threading.Event, *, here: bool) -> None:
    with service.client() as client, ThreadPoolExecutor(3) as pool:
        while not over.is_set():
            try:
                answer_once(service, told, client, pool, here=here)
            except httpx.HTTPError:
                time.sleep(0.02)


def kill(service: Service, told: Told, kills: int) -> int:
    """Kill workers at random moments, each after something was accepted since the last, and give how many."""
    chance, killed, before = random.Random(kills), 0, 0
    deadline = time.monotonic() + 3 * PATIENCE
    while killed < kills and time.monotonic() < deadline:
        time.sleep(chance.uniform(0.01, 0.2))
        workers, accepted = service.workers(), len(told.accepted)
        if len(workers) > 1 and accepted > before + 1:  # a busy machine takes its time to begin a worker
            os.kill(chance.choice(workers), signal.SIGKILL)
            killed, before = killed + 1, accepted
    return killed


@negative("NEG-CONC-001", "NEG-VP-VERIFIER-002")
def test_nothing_is_accepted_twice_and_nothing_that_was_told_is_lost_while_workers_are_killed(
    tmp_path: Path, postgres: str
) -> None:
    told, over = Told(), threading.Event()
    with running(tmp_path, "--workers", "3", database=postgres) as service:
        with ThreadPoolExecutor(4) as crowd:
            loads = [crowd.submit(load, service, told, over, here=bool(number % 2)) for number in range(4)]
            killed = kill(service, told, KILLS)
            over.set()
            for one in loads:
                one.result(PATIENCE)
        assert killed == KILLS
        assert sum(told.accepted.values()) > KILLS
        # an answer that a killed worker had in hand is accepted once its lease has run out, if it was not before
        deadline = time.monotonic() + LEASE + PATIENCE
        with service.client() as client:
            left = {check for check in told.bodies if not told.accepted[check]}
            while left and time.monotonic() < deadline:
                for check in sorted(left):
                    reply = posted(client, told.bodies[check])
                    if reply is not None and reply.status_code == 200:
                        told.accepted[check] += 1
                left = {one for one in left if not told.accepted[one] and state(service, client, one) == "waiting"}
                time.sleep(0.5)
            states = {check: state(service, client, check) for check in told.bodies}
            again = [posted(client, body) for body in told.bodies.values()]
        assert service.stop() == 0
    assert max(told.accepted.values()) == 1
    assert max(told.redeemed.values(), default=0) == 1
    assert {states[check] for check, count in told.redeemed.items() if count} == {"answered"}
    # on the device of a browser an accepted answer counts once its person is back, who may have met a killed worker
    good = {check: {"answered", "returning"} if check in told.here else {"answered"} for check in told.accepted}
    accepted = [check for check, count in told.accepted.items() if count]
    assert [states[check] for check in accepted if states[check] not in good[check]] == []
    assert {reply.status_code for reply in again if reply is not None} == {400}
    assert len({reply.content for reply in again if reply is not None}) == 1


def state(service: Service, client: httpx.Client, check: str) -> str:
    """Give how a check stands, as often as a worker must be asked to say so."""
    for _ in range(20):
        try:
            reply = service.api(client, "GET", f"checks/{check}")
        except httpx.HTTPError:
            time.sleep(0.1)
            continue
        if reply.status_code == 200:
            return str(reply.json()["parties"][0]["state"])
        assert reply.status_code == 503, reply.text
        time.sleep(0.1)
    pytest.fail("a check cannot be seen any more")
