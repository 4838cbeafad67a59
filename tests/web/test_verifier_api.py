"""The API of the desks: what its document says is what it does, for whoever has a key and for nobody else."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from eigendata.encoding import b64_decode, json_loads
from eigendata.formats import only
from eigendata.web import openapi
from eigendata.web.checking import OPEN_FOR, UNTIL_EVENT
from eigendata.web.replies import API_VERSION
from eigendata.web.simulator import serving
from tests.web.site import HOST, PERMIT, URL, A, B, Site, desk
from tests.web.test_verifier_pages import answered
from tests.world import AT, BRAM, HOME, Holder, World

ID = re.compile("[A-Za-z0-9_-]{43,64}")
UNKNOWN = "x" * 43
QUERY = {
    "credentials": [
        {
            "id": "who",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": ["urn:eigendata:nl:brp:persoon:1"]},
            "claims": [{"path": ["family_name"]}],
        }
    ]
}


def problem(reply: Any, status: int) -> str:
    """Require an error as RFC 9457 has it, and give what it says."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["api-version"] == API_VERSION
    said = reply.json()
    assert said["status"] == status
    return str(said["detail"])


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


# -- checks -----------------------------------------------------------------------------------------------------------


def test_a_check_begins_with_a_page_and_a_link_for_each_party(site: Site) -> None:
    reply = site.api("POST", "v1/checks", json={"policy": B.id, "parties": ["aanvrager", "partner", "gemachtigde"]})
    assert (reply.status_code, reply.headers["api-version"]) == (201, API_VERSION)
    said = reply.json()
    assert ID.fullmatch(said["id"])
    assert reply.headers["location"] == f"{URL}/api/v1/checks/{said['id']}"
    assert site.get(reply.headers["location"]).status_code == 401
    assert said["state"] == "waiting"
    assert abs(moment(said["expires_at"]) - AT - OPEN_FOR) < timedelta(seconds=2)
    assert [one["role"] for one in said["parties"]] == ["aanvrager", "partner", "gemachtigde"]
    for name in ("page", "link", "request_uri"):
        assert len({one[name] for one in said["parties"]}) == 3
    for one in said["parties"]:
        assert one["request_uri"].startswith(f"{URL}/requests/")
        assert one["link"].startswith("openid4vp://?client_id=x509_hash%3A")
        assert "request_uri_method=post" in one["link"]


def test_each_party_is_asked_anew_by_a_link_that_can_be_fetched(site: Site) -> None:
    begun = site.begin(parties=["aanvrager", "partner"])
    reply = site.api("POST", f"checks/{begun['id']}/parties/partner/requests", json={})
    assert reply.status_code == 201
    assert reply.json().keys() == {"link", "request_uri", "expires_at"}
    assert abs(moment(reply.json()["expires_at"]) - AT - timedelta(seconds=120)) < timedelta(seconds=2)
    site.fetch(reply.json())
    problem(site.api("POST", f"checks/{begun['id']}/parties/gemachtigde/requests"), 404)
    problem(site.api("POST", f"checks/{begun['id']}/parties/voogd/requests"), 404)
    problem(site.api("POST", f"checks/{UNKNOWN}/parties/partner/requests"), 404)
    problem(site.api("POST", f"checks/{begun['id']}/parties/partner/requests", json={"device": "same"}), 400)


def test_what_became_of_a_check_is_told_whole_and_its_list_tells_no_claim(site: Site, aisha: Holder) -> None:
    begun, _ = answered(site, aisha)
    found = site.look(begun["id"])
    [party] = found["parties"]
    assert (found["state"], found["advice"], found["rule"], found["policy"]) == (
        "answered",
        "voldoet",
        "otherwise: voldoet",
        B.id,
    )
    assert party["disclosed"].keys() == {"persoon", "inwoner", "huishouden"}
    assert party["disclosed"]["huishouden"][0]["claims"]["household_size"] == 2
    assert "set" not in str(party["disclosed"])  # what only ties the cards is nobody's to keep
    assert {step["place"] for step in party["trail"]} == {"", "persoon", "inwoner", "huishouden"}
    assert {step["outcome"] for step in party["trail"]} == {"passed", "waived", "not applicable"}
    assert ("WITHDRAWAL", "waived") in {(step["check"], step["outcome"]) for step in party["trail"]}
    listed = site.api("GET", "checks").json()["checks"]
    assert [one["id"] for one in listed] == [begun["id"]]
    assert listed[0]["parties"][0]["disclosed"] is None
    assert "Zandstra" not in str(listed)


def test_what_was_disclosed_is_kept_for_the_policys_term_and_then_gone(site: Site, aisha: Holder, world: World) -> None:
    meets, _ = answered(site, aisha)  # until the audit: the desk removes it
    does_not, _ = answered(site, world.holder(BRAM))  # for no days: while somebody sits at the desk
    for begun, kept in ((meets, UNTIL_EVENT), (does_not, timedelta(minutes=30))):
        [party] = site.look(begun["id"])["parties"]
        assert party["disclosed"] is not None
        assert abs(moment(party["kept_until"]) - site.now - kept) < timedelta(seconds=2)
    site.now += timedelta(minutes=31)
    assert site.look(meets["id"])["parties"][0]["disclosed"] is not None
    [party] = site.look(does_not["id"])["parties"]
    assert (party["disclosed"], party["kept_until"], party["advice"]) == (None, None, "voldoet_niet")
    site.now += UNTIL_EVENT
    problem(site.api("GET", f"checks/{meets['id']}"), 404)


def test_a_check_that_is_removed_is_gone_with_its_page(site: Site, aisha: Holder) -> None:
    begun, party = answered(site, aisha)
    gone = site.api("DELETE", f"checks/{begun['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    for method in ("GET", "DELETE"):
        problem(site.api(method, f"checks/{begun['id']}"), 404)
    assert site.get(party["page"]).status_code == 404


def test_a_list_comes_in_parts_and_each_part_leads_to_the_next(site: Site) -> None:
    begun = [site.begin()["id"] for _ in range(5)]
    seen: list[str] = []
    where = "checks?limit=2"
    while where:
        part = site.api("GET", where).json()
        assert len(part["checks"]) <= 2
        seen += [one["id"] for one in part["checks"]]
        assert not any(one in part.get("next", "") for one in begun)  # an id has no place in an address of a list
        where = part.get("next", "").removeprefix(f"{URL}/api/")
    assert seen == begun[::-1]
    for wrong in ("limit=0", "limit=101", "limit=x", "limit=1&limit=2", "after=%20", "page=2"):
        problem(site.api("GET", f"checks?{wrong}"), 400)
    for unknown in ("after=0", "after=AAAA"):
        problem(site.api("GET", f"checks?{unknown}"), 404)


def test_a_check_may_ask_a_query_of_its_own(site: Site, aisha: Holder) -> None:
    begun, _ = answered(site, aisha, dcql=QUERY)
    found = site.look(begun["id"])
    assert (found["policy"], found["advice"], found["state"]) == (None, None, "answered")
    assert found["parties"][0]["disclosed"]["who"][0]["claims"] == {"family_name": "Zandstra"}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"policy": ""},
        {"policy": 1},
        {"policy": B.id, "dcql": QUERY},
        {"dcql": QUERY, "home": {}},
        {"policy": B.id, "parties": []},
        {"policy": B.id, "parties": ["aanvrager", "aanvrager"]},
        {"policy": B.id, "parties": ["voogd"]},
        {"policy": B.id, "mode": "query"},
        {"policy": B.id, "client_id": "https"},
        {"policy": B.id, "unknown": True},
        {"policy": B.id, "home": []},
        {"dcql": {}},
        [],
        "x",
    ],
    ids=str,
)
def test_what_is_not_as_the_document_says_is_400(site: Site, wrong: Any) -> None:
    detail = problem(site.api("POST", "checks", json=wrong), 400)
    assert "nobody" not in detail


@pytest.mark.parametrize(
    "wrong",
    [
        {"policy": "nobody/knows"},
        {"policy": B.id, "home": {"binding": True}},
        {"policy": B.id, "home": {**HOME, "more": 1}},
        {"dcql": {"credentials": [*QUERY["credentials"], *QUERY["credentials"]]}},
        {"dcql": {"credentials": [{"id": "x", "format": "jwt_vc_json", "meta": {"type_values": [["X"]]}}]}},
    ],
    ids=["policy", "conditions-missing", "conditions-unknown", "query-twice", "format"],
)
def test_what_this_desk_cannot_ask_is_409(site: Site, wrong: Any) -> None:
    problem(site.api("POST", "checks", json=wrong), 409)
    assert site.api("GET", "checks").json() == {"checks": []}


def test_what_shows_too_much_in_every_format_of_the_desk_is_declined_with_its_reason(
    world: World, tmp_path: Path
) -> None:
    site = Site.make(world, tmp_path, formats=only("ldp_vc"), residents=None)
    reply = site.api("POST", "checks", json={"policy": B.id})
    problem(reply, 409)
    assert reply.json()["reason"] == "over_asked"


def test_a_desk_without_a_key_cannot_be_named_by_one(world: World, tmp_path: Path) -> None:
    site = Site.make(world, tmp_path, signed=False)
    assert "redirect_uri" in problem(site.api("POST", "checks", json={"policy": B.id, "client_id": "x509_hash"}), 409)


@pytest.mark.parametrize("body", [b"", b"{", b'{"policy":"a","policy":"b"}', b"\xff", b"[" * 5000, b"null"])
def test_bytes_that_are_no_json_begin_nothing(site: Site, body: bytes) -> None:
    problem(site.api("POST", "checks", content=body, headers={"content-type": "application/json"}), 400)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_from_elsewhere_begins_nothing(site: Site, kind: str) -> None:
    headers = {"content-type": kind} if kind else {}
    problem(site.api("POST", "checks", content=b'{"policy":"woningcorporatie/B"}', headers=headers), 400)


def test_a_body_that_is_too_large_is_not_read(site: Site) -> None:
    body = b'{"policy":"' + b"a" * 70_000 + b'"}'
    problem(site.api("POST", "checks", content=body, headers={"content-type": "application/json"}), 413)


def test_a_desk_is_told_of_its_checks_where_it_asks_to_be(site: Site, aisha: Holder) -> None:
    made = site.api("POST", "webhooks", json={"url": "https://corporation.example/hook"})
    assert (made.status_code, made.json().keys()) == (201, {"id", "url", "secret"})
    assert len(b64_decode(made.json()["secret"].removeprefix("whsec_"))) == 32
    told = site.api("GET", "webhooks").json()
    assert told == {"webhooks": [{"id": made.json()["id"], "url": "https://corporation.example/hook"}]}
    answered(site, aisha)
    [event] = site.store.webhooks.due(10)
    assert event.secret == b64_decode(made.json()["secret"].removeprefix("whsec_"))
    assert site.api("DELETE", f"webhooks/{made.json()['id']}").status_code == 204
    problem(site.api("DELETE", f"webhooks/{made.json()['id']}"), 404)
    assert site.api("GET", "webhooks").json() == {"webhooks": []}
    for wrong in ("http://corporation.example/hook", "http://127.0.0.1/hook", "https://a.example:99999"):
        problem(site.api("POST", "webhooks", json={"url": wrong}), 409)
    others: tuple[Any, ...] = ("ftp://corporation.example", "https://user@a.example", "https://", "https://a/#b", 7)
    for wrong in others:
        problem(site.api("POST", "webhooks", json={"url": wrong}), 400)


# -- keys -------------------------------------------------------------------------------------------------------------


def test_who_has_no_key_learns_nothing(site: Site) -> None:
    begun = site.begin()
    revoked = site.store.keys.add("desk", name="old")
    site.store.keys.revoke(revoked.id, desk="desk")
    other = site.store.keys.add("elsewhere", name="of a desk that is not here")
    told = set()
    for header in (
        None,
        "",
        "Bearer",
        "Bearer x",
        f"Basic {site.keys['desk']}",
        f"Bearer {site.keys['desk']} x",
        f"Bearer {revoked.secret}",
        f"Bearer {other.secret}",
        f"Bearer {'é' * 43}".encode(),
    ):
        headers: Any = {} if header is None else {"authorization": header}
        for method, path in (("GET", f"checks/{begun['id']}"), ("GET", f"checks/{UNKNOWN}"), ("POST", "checks")):
            reply = site.ask(method, f"api/{path}", headers=headers)
            problem(reply, 401)
            assert reply.headers["www-authenticate"] == "Bearer"
            told.add(reply.content)
    assert len(told) == 1
    twice = [("authorization", f"Bearer {site.keys['desk']}")] * 2
    problem(site.ask("GET", "api/checks", headers=twice), 401)
    assert site.ask("GET", "api/checks", headers={"authorization": f"bearer {site.keys['desk']}"}).status_code == 200


def test_the_checks_of_another_desk_are_as_unknown_as_those_that_never_were(
    world: World, tmp_path: Path, aisha: Holder
) -> None:
    site = Site.make(world, tmp_path, desks=lambda store: [desk(world, store, id="one"), desk(world, store, id="two")])
    begun = site.begin(desk="one")
    for method in ("GET", "DELETE"):
        theirs = site.api(method, f"checks/{begun['id']}", desk="two")
        never = site.api(method, f"checks/{UNKNOWN}", desk="two")
        problem(theirs, 404)
        assert (theirs.content, dict(theirs.headers)) == (never.content, dict(never.headers))
    problem(site.api("POST", f"checks/{begun['id']}/parties/aanvrager/requests", desk="two"), 404)
    assert site.api("GET", "checks", desk="two").json() == {"checks": []}
    assert site.look(begun["id"], desk="one")["state"] == "waiting"


# -- the design rules -------------------------------------------------------------------------------------------------


def test_the_api_keeps_the_design_rules(site: Site) -> None:
    """NLGov REST API Design Rules 2.0: publish-openapi, version-header, no-trailing-slash, http-methods, semver."""
    for place in ("api", "api/v1"):
        published = site.get(f"{place}/openapi.json")
        assert (published.status_code, published.headers["api-version"]) == (200, API_VERSION)
        assert published.headers["access-control-allow-origin"] == "*"
        problem(site.api("GET", f"{place[4:]}/checks/".lstrip("/")), 404)
        problem(site.api("GET", f"{place[4:]}/nothing".lstrip("/")), 404)
        wrong = site.api("PUT", f"{place[4:]}/checks".lstrip("/"))
        problem(wrong, 405)
        assert wrong.headers["allow"] == "GET, POST"
    described: Any = json_loads(published.content)
    assert described["openapi"].startswith("3.1")
    assert described["info"]["version"] == API_VERSION
    assert re.fullmatch(r"\d+\.\d+\.\d+", API_VERSION)
    assert described["info"]["contact"]
    assert [one["url"] for one in described["servers"]] == [f"{URL}/api/v1"]
    for path, works in described["paths"].items():
        assert not path.endswith("/")
        assert re.fullmatch(r"(/[a-z-]+|/\{[a-z]+\})+", path)
        for work in works.values():
            assert work["operationId"]
            for answer in work["responses"].values():
                assert "API-Version" in answer["headers"]


def test_every_example_of_the_document_is_what_the_document_says() -> None:
    described: Any = openapi.document(f"https://{HOST}")
    found = 0
    for works in described["paths"].values():
        for work in works.values():
            bodies = [work["requestBody"]] if "requestBody" in work else []
            for one in (*bodies, *work["responses"].values()):
                for content in one.get("content", {}).values():
                    if "example" in content:
                        found += 1
                        schema = {**content["schema"], "components": described["components"]}
                        Draft202012Validator(schema).validate(content["example"])
    assert found >= 5


def test_what_is_answered_is_what_the_document_says(site: Site, aisha: Holder) -> None:
    described: Any = openapi.document(URL)

    def judge(name: str, value: Any) -> None:
        Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": described["components"]}).validate(
            value
        )

    begun, _ = answered(site, aisha)
    plain = site.begin(dcql=QUERY, client_id="redirect_uri")
    other = site.begin(policy=PERMIT.id)
    judge("Begun", begun)
    judge("Begun", plain)
    for one in (begun, plain, other):
        judge("Check", site.look(one["id"]))
    judge("CheckList", site.api("GET", "checks?limit=1").json())
    judge("Asking", site.api("POST", f"checks/{plain['id']}/parties/aanvrager/requests").json())
    judge("Problem", site.api("GET", f"checks/{UNKNOWN}").json())
    assert A.id in site.checking.desks["desk"].policies


def test_schemathesis_finds_nothing(world: World, tmp_path: Path) -> None:
    """What the document allows is accepted, what it forbids is refused, and every answer is one that it names."""
    served = FastAPI(openapi_url=None)
    with serving(served) as url:
        site = Site.make(world, tmp_path, url=f"{url}/check")
        served.mount("/", site.app)
        found = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/check/api/openapi.json"),
                *("-H", f"Authorization: Bearer {site.keys['desk']}"),
                *("--max-examples", "10", "--seed", "1", "--generation-database", "none", "--no-color"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=300,
            check=False,
        )
    assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-1000:]
    assert re.search("Operations: +8 selected / 8 total", found.stdout)
