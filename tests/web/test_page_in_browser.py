"""The page in a real browser: its script runs under its security policy, renews the code and notices the answer.

Chromium's own clock is turned forward where a test waits for the two minutes of a code.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from eigendata import texts
from eigendata.openid import vp
from eigendata.web.simulator import serving
from tests.given import lacking
from tests.web.site import FORM, Known, Site
from tests.web.test_verifier_router import honest
from tests.world import Holder, World

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--enable-logging=stderr"),
)


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        lacking("Chromium, which shows the page")
    assert found is not None
    return found


@contextmanager
def served(world: World, folder: Path) -> Iterator[Site]:
    outer = FastAPI(openapi_url=None)
    with serving(outer) as url:
        site = Site.make(world, folder, url=f"{url}/check")
        outer.mount("/", site.app)
        yield site


def seen(chromium: str, page: str, folder: Path, *, seconds: int) -> str:
    """Give the page as it is after so long by its own clock."""
    command = [chromium, *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--virtual-time-budget={seconds}000"]
    done = subprocess.run(
        [*command, "--dump-dom", page],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert "Content Security Policy" not in done.stderr, done.stderr
    assert "Uncaught" not in done.stderr, done.stderr
    return done.stdout


def path_of(page: str) -> str:
    found = re.search(r'<path d="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_the_code_is_renewed_before_it_is_too_old_and_nobody_sees_a_countdown(
    chromium: str, world: World, tmp_path: Path
) -> None:
    with served(world, tmp_path) as site:
        [party] = site.begin()["parties"]
        fresh = seen(chromium, f"{party['page']}?lang=nl", tmp_path, seconds=30)
        later = seen(chromium, f"{party['page']}?lang=nl", tmp_path, seconds=110)
    [shown] = re.findall(r"<textarea [^>]*>([^<]+)</textarea>", later)  # as the page came
    from eigendata.web.pages import draw

    as_it_came = draw(html.unescape(shown))
    assert as_it_came is not None
    assert path_of(later) != as_it_came[1]  # drawn anew since
    assert path_of(fresh) != path_of(later)
    assert texts.say("page.scan", "nl") in later
    assert not re.search(r"\b\d+ seconde", later)


def test_the_page_shows_by_itself_what_came_of_the_answer(
    chromium: str, world: World, aisha: Holder, tmp_path: Path
) -> None:
    with served(world, tmp_path) as site:
        [party] = site.begin()["parties"]

        done: list[int] = []

        def answer() -> None:
            time.sleep(1.5)  # the browser shows the code by then; if it is later, it finds the answer at once
            invitation = vp.parse_invitation(party["link"].encode(), allow_loopback_http=True)
            assert invitation.reference is not None
            order = invitation.reference.order("a-nonce")
            with httpx.Client(trust_env=False) as http:
                reply = http.post(order.url, content=order.body, headers=FORM)
                asked = invitation.receive(reply.content, trust=Known(), wallet_nonce="a-nonce", at=site.now)
                done.append(http.post(asked.response_uri, content=honest(aisha, asked), headers=FORM).status_code)

        wallet = threading.Thread(target=answer)
        wallet.start()
        page = seen(chromium, f"{party['page']}?lang=nl", tmp_path, seconds=600)
        wallet.join()
    assert done == [200]
    assert texts.say("page.outcome", "nl") in page
    assert "U voldoet aan de regels." in page
