"""The person's side of the router: pages that explain, warn, lead to a wallet and back, and show what came of it."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata import policies, texts
from eigendata.errors import Misuse, Reason
from eigendata.model import Advice
from eigendata.openid import vp
from eigendata.store import Limits
from eigendata.web.checking import OPEN_FOR, SHOWN_FOR
from eigendata.web.html import element, render, visible
from eigendata.web.pages import draw
from eigendata.web.replies import HEADERS
from tests.negatives import negative
from tests.web.site import FORM, HOST, NAME, PERMIT, URL, A, B, Site, desk
from tests.web.test_verifier_router import honest
from tests.world import AISHA, BRAM, Holder, Resident, World

LIMITS = Limits()


def answered(site: Site, holder: Holder, **order: Any) -> tuple[Any, Any]:
    """Begin a check and answer it on another device: the check, and its one party."""
    begun = site.begin(**order)
    [party] = begun["parties"]
    assert site.answer(honest(holder, site.fetch(party))).status_code == 200
    return begun, party


def returned(site: Site, holder: Holder, party: Any) -> httpx.Response:
    """Answer on the device of the browser, and let it go where the wallet leads it."""
    reply = site.answer(honest(holder, site.fetch(site.open_here(party))))
    assert reply.status_code == 200, reply.text
    assert reply.json().keys() == {"redirect_uri"}
    back = site.get(reply.json()["redirect_uri"])
    assert back.status_code == 303
    assert "response_code" not in back.headers["location"]
    return site.get(httpx.URL(party["page"]).join(back.headers["location"]))


# -- on one device ----------------------------------------------------------------------------------------------------


def test_who_comes_back_in_the_browser_that_began_sees_what_they_showed(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    [party] = begun["parties"]
    seen = returned(site, aisha, party)
    assert seen.status_code == 200
    for text in ("U voldoet aan de regels.", "Zandstra", "29 februari 1984", "Gemeente Boxtel", "Niet gecontroleerd"):
        assert text in seen.text
    assert "Zandstra" in site.page(party)  # again, in the same browser
    assert site.look(begun["id"])["advice"] == "voldoet"
    site.cookies.clear()
    elsewhere = site.page(party)
    assert "U voldoet aan de regels." in elsewhere
    assert "Zandstra" not in elsewhere


def test_the_session_is_one_of_this_host_alone_and_no_script_sees_it(site: Site) -> None:
    [party] = site.begin()["parties"]
    opened = site.post(f"{party['page']}/wallet")
    [cookie] = opened.headers.get_list("set-cookie")
    name, *attributes = re.split("=|; ", cookie)
    assert name == "__Host-eigendata"
    assert attributes[1:] == ["Path", "/", "HttpOnly", "SameSite", "Lax", "Secure"]
    again = site.post(f"{party['page']}/wallet")
    assert again.headers["set-cookie"] == cookie  # one browser, one session
    assert opened.headers["location"] != again.headers["location"]
    assert opened.headers["location"].startswith("openid4vp://?")
    site.cookies.set("__Host-eigendata", "short", domain=HOST)
    assert "short" not in site.post(f"{party['page']}/wallet").headers["set-cookie"]


def test_without_tls_on_this_machine_the_cookie_has_another_name(world: World, tmp_path: Path) -> None:
    site = Site.make(world, tmp_path, url="http://127.0.0.1:8799/check")
    [party] = site.begin()["parties"]
    cookie = site.post(f"{party['page']}/wallet").headers["set-cookie"]
    assert cookie.startswith("eigendata=")
    assert "Secure" not in cookie


@negative("NEG-VP-VERIFIER-003")
@pytest.mark.parametrize("session", ["none", "another"])
def test_an_answer_that_comes_back_in_another_browser_does_not_count(site: Site, aisha: Holder, session: str) -> None:
    """Law 9 and HAIP 1.0 section 5.1: who began and sent the link to somebody else gets nothing of their answer."""
    hook = site.store.webhooks.add("desk", "https://corporation.example/hook", secret=b"s" * 32)
    begun = site.begin()
    [party] = begun["parties"]
    asked = site.fetch(site.open_here(party))  # the attacker's browser
    attacker = dict(site.cookies)
    reply = site.answer(honest(aisha, asked))  # the victim's wallet
    assert site.look(begun["id"])["state"] == "waiting"
    assert site.look(begun["id"])["parties"][0] | {"page": ""} == {
        "role": "aanvrager",
        "state": "returning",
        "page": "",
        "advice": None,
        "rule": None,
        "reason": None,
        "disclosed": None,
        "kept_until": None,
        "trail": [],
    }
    site.cookies.clear()  # the victim's browser
    if session == "another":
        site.cookies.set("__Host-eigendata", "y" * 43, domain=HOST)
    back = site.get(reply.json()["redirect_uri"])
    assert back.status_code == 403
    assert texts.say("page.not_returned", "nl") in back.text
    site.cookies.update(attacker)
    assert "voldoet" not in site.page(party)
    assert "Zandstra" not in site.page(party)
    site.now += LIMITS.code
    found = site.look(begun["id"])
    assert (found["state"], found["advice"]) == ("refused", None)
    assert found["parties"][0]["disclosed"] is None
    assert found["reason"] == str(Reason.REPLAY_DETECTED)
    assert site.store.webhooks.due(10) == ()
    assert hook.desk == "desk"
    assert site.get(reply.json()["redirect_uri"]).status_code == 403  # too late for the right one too


def test_a_response_code_works_once_and_on_its_own_page(site: Site, aisha: Holder) -> None:
    """Law 7."""
    begun, other = site.begin(), site.begin()
    [party] = begun["parties"]
    asked = site.fetch(site.open_here(party))
    where = site.answer(honest(aisha, asked)).json()["redirect_uri"]
    code = httpx.URL(where).params["response_code"]
    assert re.fullmatch(re.escape(party["page"]) + r"\?response_code=[\w-]{43}", where)
    for wrong in ("", "x", "é", "A" * 43, "A" * 5000, code[:-1]):
        assert site.get(party["page"], params={"response_code": wrong}).status_code == 403
    assert site.get(other["parties"][0]["page"], params={"response_code": code}).status_code == 403
    assert site.look(begun["id"])["advice"] is None
    assert site.get(where).status_code == 303
    assert site.look(begun["id"])["advice"] == "voldoet"
    assert site.get(where).status_code == 403


def test_the_webhook_of_an_answer_on_one_device_is_told_when_the_person_is_back(site: Site, aisha: Holder) -> None:
    site.store.webhooks.add("desk", "https://corporation.example/hook", secret=b"s" * 32)
    [party] = site.begin()["parties"]
    reply = site.answer(honest(aisha, site.fetch(site.open_here(party))))
    assert site.store.webhooks.due(10) == ()
    assert site.get(reply.json()["redirect_uri"]).status_code == 303
    assert len(site.store.webhooks.due(10)) == 1


def test_a_wallet_that_says_no_leads_back_too(site: Site) -> None:
    begun = site.begin()
    [party] = begun["parties"]
    asked = site.fetch(site.open_here(party))
    reply = site.answer(vp.error_form("access_denied", asked))
    assert reply.status_code == 200
    assert reply.json().keys() == {"redirect_uri"}
    assert site.look(begun["id"])["state"] == "declined"
    assert texts.say("page.declined", "nl") in site.page(party)


# -- across devices ---------------------------------------------------------------------------------------------------


def shown_link(page: str) -> str:
    """Give the link that a page shows beside its QR code."""
    found = re.search(r"<textarea [^>]*>([^<]+)</textarea>", page)
    assert found is not None
    return found[1].replace("&amp;", "&")


def test_the_code_on_a_page_is_a_request_of_its_own_each_time(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    [party] = begun["parties"]
    links = [shown_link(site.page(party)) for _ in range(2)]
    assert len({party["link"], *links}) == 3
    seen = site.page(party)
    assert '<svg viewBox="0 0 ' in seen
    path = re.search(r'<path d="([^"]+)">', seen)
    assert path is not None
    assert draw(shown_link(seen)) is not None
    assert draw(shown_link(seen))[1] == path[1]  # type: ignore[index]
    assert site.answer(honest(aisha, site.fetch({"link": links[0]}))).status_code == 200
    assert site.look(begun["id"])["advice"] == "voldoet"


def test_the_script_renews_the_code_and_notices_what_happens(site: Site, aisha: Holder) -> None:
    [party] = site.begin()["parties"]
    assert 'src="../page.js" defer=""' in site.page(party)
    assert f'data-page="{party["page"][-43:]}" data-state="waiting"' in site.page(party)
    assert site.get(f"{party['page']}/state").json() == {"state": "waiting"}
    renewed = site.post(f"{party['page']}/code").json()
    assert renewed.keys() == {"link", "size", "path"}
    assert draw(renewed["link"]) == (renewed["size"], renewed["path"])
    site.now += LIMITS.fetch - timedelta(seconds=1)
    asked = site.fetch(renewed)
    assert site.get(f"{party['page']}/state").json() == {"state": "in_use"}
    assert site.answer(honest(aisha, asked)).status_code == 200
    assert site.get(f"{party['page']}/state").json() == {"state": "answered"}
    assert site.post(f"{party['page']}/code").status_code == 404
    for unknown in ("x", "x" * 43):
        assert site.get(f"pages/{unknown}/state").status_code == 404
        assert site.post(f"pages/{unknown}/code").status_code == 404


@negative("NEG-VP-VERIFIER-016")
def test_a_page_says_that_a_wallet_has_the_question_and_shows_no_code_any_more(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    [party] = begun["parties"]
    bystander = site.fetch({"link": shown_link(site.page(party))})
    seen = site.page(party)
    assert texts.say("page.in_use", "nl") in seen
    assert "<svg" not in seen
    assert "openid4vp" not in seen
    again = site.post(party["page"])
    assert again.status_code == 303
    anew = site.get(httpx.URL(party["page"]).join(again.headers["location"])).text
    assert "<svg" in anew
    assert site.answer(honest(aisha, site.fetch({"link": shown_link(anew)}))).status_code == 200
    assert site.answer(honest(aisha, bystander)).status_code == 400
    assert site.look(begun["id"])["advice"] == "voldoet"


def test_a_page_without_its_script_has_a_button_for_a_new_code_and_no_countdown(site: Site) -> None:
    [party] = site.begin()["parties"]
    seen = site.page(party)
    inside = re.search(r"<noscript>(.+?)</noscript>", seen)
    assert inside is not None
    assert f'<form method="post" action="{party["page"][-43:]}?lang=nl">' in inside[1]
    assert "http-equiv" not in seen
    assert "120" not in texts.say("page.old_code", "nl")


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_page_warns_against_going_on_with_what_somebody_else_began(site: Site, language: str) -> None:
    [party] = site.begin()["parties"]
    seen = site.page(party, language)
    assert texts.say("page.not_started", language) in seen
    assert texts.say("page.sent", language) in seen
    assert seen.index('class="warning"') < seen.index("<svg")
    assert seen.index('class="warning"') < seen.index("/wallet")


def test_a_question_that_does_not_fit_in_a_code_is_a_link(world: World, tmp_path: Path) -> None:
    site = Site.make(world, tmp_path, signed=False)
    [party] = site.begin()["parties"]
    seen = site.page(party)
    assert "<svg" not in seen
    assert texts.say("page.no_code", "nl") in seen
    assert site.post(f"{party['page']}/code").json()["path"] is None
    assert site.fetch({"link": shown_link(seen)}).asker.proven is False


# -- residents begin --------------------------------------------------------------------------------------------------


def test_a_resident_begins_at_the_desk_that_lets_them(site: Site, aisha: Holder) -> None:
    start = site.get("")
    assert start.status_code == 200
    assert '<form method="post" action="./?lang=nl">' in start.text
    begun = site.post("", params={"lang": "nl"})
    assert begun.status_code == 303
    page = httpx.URL(f"{URL}/").join(begun.headers["location"])
    asked = site.fetch({"link": shown_link(site.get(page).text)})
    assert site.answer(honest(aisha, asked)).status_code == 200
    assert "U voldoet aan de regels." in site.get(page).text


def test_where_no_desk_lets_them_residents_are_told_so(world: World, tmp_path: Path) -> None:
    site = Site.make(world, tmp_path, residents=None)
    for reply in (site.get(""), site.post("")):
        assert reply.status_code == 404
        assert "<form" not in reply.text
    assert texts.say("page.nothing", "nl") in site.get("").text


def test_of_several_desks_residents_choose_one(world: World, tmp_path: Path) -> None:
    def desks(store: Any) -> list[Any]:
        return [
            desk(world, store, id="homes", name="De Linde"),
            desk(world, store, id="permits", name="Omgevingsloket", given=(PERMIT,), residents=PERMIT.id),
            desk(world, store, id="closed", name="Gesloten", residents=None),
        ]

    site = Site.make(world, tmp_path, desks=desks)
    choice = site.get("").text
    assert "De Linde" in choice
    assert "Omgevingsloket" in choice
    assert "Gesloten" not in choice
    assert "Omgevingsloket vraagt u iets" in site.get("", params={"desk": "permits"}).text
    assert site.post("", params={"desk": "closed"}).status_code == 404
    begun = site.post("", params={"desk": "permits"})
    assert "Omgevingsloket vraagt u iets" in site.get(f"{URL}/{begun.headers['location']}").text


# -- what a page says -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "advice"),
    [
        (AISHA, Advice.MEETS),
        (BRAM, Advice.DOES_NOT_MEET),
        (AISHA.changed(naam={"geslachtsnaam": "Z", "inOnderzoek": {"voornamen": True}}), Advice.NOT_DERIVABLE),
    ],
    ids=["meets", "does-not-meet", "not-derivable"],
)
def test_each_advice_is_told_in_plain_words_and_with_its_reason(
    site: Site, world: World, who: Resident, advice: Advice
) -> None:
    _, party = answered(site, world.holder(who))
    [(_, _, disclosure)] = site.told
    for language in texts.LANGUAGES:
        seen = " ".join(shape_and_text(site.page(party, language))[1].split())
        for sentence in texts.advice(advice, language).split(". "):
            assert sentence.rstrip(".") in seen
        assert B.because(disclosure.advice, language) in seen
        assert texts.say("page.person", language) in seen


def test_a_claim_that_is_left_out_is_said_to_be_missing(site: Site, world: World) -> None:
    [party] = site.begin()["parties"]
    who = AISHA.changed(naam={"geslachtsnaam": "Z", "inOnderzoek": {"voornamen": True}})
    seen = returned(site, world.holder(who), party).text
    assert "<dt>Voornamen</dt><dd>staat niet in uw bewijs</dd>" in seen


def test_how_long_something_is_kept_is_told_without_cases_where_there_is_one(site: Site) -> None:
    kept = "Bewaard in het zaakdossier, zolang de Archiefwet dat voorschrijft."
    assert f"<li>{kept}</li>" in site.page(site.begin(policy=PERMIT.id)["parties"][0])


def test_a_refusal_says_what_the_person_can_do(site: Site, aisha: Holder) -> None:
    begun = site.begin(mode="direct_post")
    asked, other = (site.fetch(one["parties"][0]) for one in (begun, site.begin(mode="direct_post")))
    site.answer(vp.answer_form(aisha.answer(other), asked))
    for language in texts.LANGUAGES:
        seen = site.page(begun["parties"][0], language)
        assert texts.reason(Reason.KEY_BINDING_INVALID, language) in seen
        assert texts.say("channel.balie", language) in seen
    begun = site.begin(mode="direct_post")
    state = site.fetch(begun["parties"][0]).state or ""
    site.post("answers", content=f"vp_token=%5B%5D&state={state}".encode(), headers=FORM)
    assert texts.say("page.unreadable", "nl") in site.page(begun["parties"][0])


def test_a_plain_query_is_shown_with_what_it_asks_and_that_it_says_no_purpose(site: Site, aisha: Holder) -> None:
    query = {
        "credentials": [
            {
                "id": "who",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["urn:eigendata:nl:brp:persoon:1"]},
                "claims": [{"path": ["family_name"]}],
            }
        ]
    }
    begun = site.begin(dcql=query)
    [party] = begun["parties"]
    assert "family_name" in site.page(party)
    assert texts.say("page.plain", "nl") in site.page(party)
    assert "Zandstra" in returned(site, aisha, party).text
    found = site.look(begun["id"])
    assert (found["state"], found["advice"], found["policy"]) == ("answered", None, None)


def test_each_party_has_a_page_of_its_own_and_hears_of_all_at_the_end(site: Site, aisha: Holder, world: World) -> None:
    begun = site.begin(parties=["aanvrager", "partner"])
    first, second = begun["parties"]
    assert first["page"] != second["page"]
    assert texts.say("page.as_partner", "nl") in site.page(second)
    assert texts.say("page.as_partner", "nl") not in site.page(first)
    assert site.answer(honest(aisha, site.fetch(first))).status_code == 200
    assert texts.say("page.others", "nl") in site.page(first)
    found = site.look(begun["id"])
    assert (found["state"], found["advice"]) == ("waiting", None)
    assert [one["state"] for one in found["parties"]] == ["answered", "waiting"]
    assert site.answer(honest(world.holder(BRAM), site.fetch(second))).status_code == 200
    found = site.look(begun["id"])
    assert (found["state"], found["advice"]) == ("answered", "voldoet_niet")
    assert found["rule"] == found["parties"][1]["rule"]
    assert texts.say("page.others", "nl") not in site.page(first)


def test_a_page_is_gone_when_its_time_has_passed(site: Site, aisha: Holder) -> None:
    _, ended = answered(site, aisha)
    waiting = site.begin()["parties"][0]
    site.now += SHOWN_FOR
    gone = site.get(ended["page"])
    assert gone.status_code == 404
    assert texts.say("page.gone", "nl") in gone.text
    site.page(waiting)
    site.now += OPEN_FOR
    for page in (waiting["page"], f"pages/{'x' * 43}", "pages/unknown", "pages/%0d%0aSet-Cookie:x"):
        assert site.get(page).status_code == 404
        assert site.get(page).text == gone.text
        assert site.post(f"{page}/wallet").status_code == 404


class _Shape(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.shape: list[tuple[str, ...]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.shape.append(("/", tag))

    def handle_comment(self, data: str) -> None:
        self.shape.append(("!", data))

    def handle_decl(self, decl: str) -> None:
        self.shape.append(("doctype", decl))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def shape_and_text(page: str) -> tuple[list[tuple[str, ...]], str]:
    parser = _Shape()
    parser.feed(page)
    parser.close()
    return parser.shape, "".join(parser.text)


HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</dd></dl></main><h1>U voldoet niet",
    "<!-- & &lt; &#x3c;b&#x3e; ]]>",
    "\u202egnos\u200b",
)


@pytest.mark.parametrize("hostile", HOSTILE, ids=["script", "quotes", "end-tags", "comment", "direction"])
def test_a_hostile_value_gives_the_same_page_as_any_other(world: World, tmp_path: Path, hostile: str) -> None:
    """Law 22."""
    shapes: list[Any] = []
    for number, value in enumerate(("x", hostile)):
        folder = tmp_path / str(number)
        folder.mkdir()
        site = Site.make(world, folder, name=f"{NAME} {value}" if value.isprintable() else NAME)
        [party] = site.begin()["parties"]
        start, waiting = site.get("").text, site.page(party)
        holder = world.holder(AISHA.changed(naam={"voornamen": value, "geslachtsnaam": value}))
        ended = returned(site, holder, party).text
        shapes.append([shape_and_text(page)[0] for page in (start, waiting, ended)])
        assert "<script" not in ended
        if value.isprintable():
            assert value in shape_and_text(ended)[1]
        else:
            assert "\u202e" not in ended
    assert shapes[0] == shapes[1]


@given(st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_no_text_breaks_out_of_its_element(text: str) -> None:
    shape, said = shape_and_text(render(element("p", text, aria_label=text)))
    assert shape == [("doctype", "doctype html"), ("p", "aria-label"), ("/", "p")]
    assert all(one.isprintable() or one in "\n\N{NO-BREAK SPACE}" for one in said)


@pytest.mark.parametrize("blank", "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u200b\u2066\u202e\ufeff\x00\x7f")
def test_a_character_of_which_nothing_is_seen_is_seen_to_be_there(blank: str) -> None:
    assert visible(f"a{blank}b") == "a\ufffdb"


@pytest.mark.parametrize(
    "broken",
    [
        lambda: element("script", "x"),
        lambda: element("style", "x"),
        lambda: element("p", onclick="x"),
        lambda: element("p", style="x"),
        lambda: element("meta", "x"),
        *(
            (lambda where=where: element("script", src=where))
            for where in (
                "https://evil.example/a.js",
                "//evil.example/a.js",
                "data:a.js",
                "openid4vp://?a.js",
                "a.js?x",
            )
        ),
        *(
            (lambda where=where: element("a", "x", href=where))
            for where in ("javascript:alert(1)", "//evil.example", "https://evil.example", "a:b", "/\\evil", "x\n")
        ),
        lambda: element("form", action="openid4vp://?x"),
    ],
)
def test_what_no_page_needs_cannot_be_written(broken: Any) -> None:
    with pytest.raises(Misuse):
        broken()


def test_every_answer_carries_the_headers_that_keep_a_page_to_itself(site: Site, aisha: Holder) -> None:
    _, party = answered(site, aisha)
    [other] = site.begin()["parties"]
    token = other["page"][-43:]
    replies = [
        site.get(""),
        site.post(""),
        site.get("style.css"),
        site.get("page.js"),
        site.get(party["page"]),
        site.get(other["page"]),
        site.post(other["page"]),
        site.post(f"pages/{token}/wallet"),
        site.get(f"pages/{token}/state"),
        site.post(f"pages/{token}/code"),
        site.get("pages/unknown"),
        site.get(other["page"], params={"response_code": "x"}),
        site.api("GET", "checks"),
        site.get("api/checks"),
        site.get("api/nothing"),
    ]
    for reply in replies:
        assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS, reply.url
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert policy.count("'self'") == 4  # script, style, connect, form


@pytest.mark.parametrize(
    ("header", "query", "language"),
    [
        (None, None, "nl"),
        ("en", None, "en"),
        ("en-GB,en;q=0.9,nl;q=0.8", None, "en"),
        ("de,nl;q=0.7,en;q=0.3", None, "nl"),
        ("fr, *;q=0.1", None, "nl"),
        ("en;q=nonsense,nl;q=2,en;q=0.1", None, "en"),
        ("en", "nl", "nl"),
        ("nl", "en", "en"),
        ("nl", "xx", "nl"),
    ],
)
def test_a_page_speaks_the_language_that_was_chosen_or_is_read(
    site: Site, header: str | None, query: str | None, language: str
) -> None:
    reply = site.get("", params={"lang": query} if query else {}, headers={"accept-language": header} if header else {})
    assert f'<html lang="{language}">' in reply.text
    assert reply.headers["content-language"] == language
    assert texts.say("page.why", language) in reply.text
    assert 'hreflang="en"' in reply.text or 'hreflang="nl"' in reply.text


def test_pages_explain_what_is_asked_and_hold_what_a_screen_reader_needs(site: Site) -> None:
    [party] = site.begin()["parties"]
    for language in texts.LANGUAGES:
        for page in (site.get("", params={"lang": language}).text, site.page(party, language)):
            shape, text = shape_and_text(page)
            tags = [one[0] for one in shape]
            for one in ("html", "title", "header", "nav", "main", "h1"):
                assert tags.count(one) == 1, one
            assert not {"style", "img", "iframe"} & set(tags)
            assert page.count("<label ") == page.count("<textarea ")
            assert page.count('role="img" aria-label="') == page.count("<svg ")
            assert page.index('class="skip"') < page.index("<header>")
            assert B.purpose[language] in text
            for basis in B.legal_basis:
                assert basis in text
            explained: Any = policies.explain(B, language)
            for question in explained["questions"]:
                for claim in question["claims"]:
                    assert claim["label"] in text
            for line in policies.kept_lines(B.keep, language):
                assert line in text
            assert texts.say("channel.balie", language) in text
            levels = [int(one[1]) for one in tags if re.fullmatch("h[1-6]", one)]
            assert all(after <= before + 1 for before, after in pairwise(levels))
        assert 'role="status" aria-live="polite"' in site.page(party, language)


def test_only_what_is_asked_under_these_conditions_is_explained(site: Site) -> None:
    label = "Zes jaar achter elkaar inwoner"
    assert label in site.page(site.begin()["parties"][0])
    home = {"household_size": [2, 4], "binding": False}
    assert label not in site.page(site.begin(home=home)["parties"][0])
    assert A.purpose["nl"] in site.page(site.begin(policy=A.id, home={"municipalities": ["0757"]})["parties"][0])


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_stands_out_from_what_is_behind_it(site: Site) -> None:
    css = site.get("style.css").text
    named = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", css))
    named["warned"] = re.findall(r"\.warning \{[^}]*background: (#[0-9a-f]{6})", css)[0]
    for front, behind in [
        ("ink", "pale"), ("ink", "warned"), ("quiet", "pale"), ("deep", "pale"), ("quiet", None), ("deep", None),
    ]:  # fmt: skip
        light = _luminance(named[behind]) if behind else 1.0
        assert (light + 0.05) / (_luminance(named[front]) + 0.05) >= 4.5  # WCAG 2.2, 1.4.3
    assert ":focus-visible" in css
    assert "url(" not in css
    assert "@import" not in css
