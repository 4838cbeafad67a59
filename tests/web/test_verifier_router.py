"""The wallet's side of the router: it is asked, answers once, and learns no more than it must."""

from __future__ import annotations

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from eigendata.encoding import b64url_decode, json_dumps, json_loads, json_object
from eigendata.errors import Malformed, Misuse, Reason, Rejected, Trail, Unavailable
from eigendata.model import Answer
from eigendata.openid import vp
from eigendata.openid.client_id import Prefix
from eigendata.openid.haip import HAIP_1_0
from eigendata.store import Conclusion, Limits, State
from eigendata.web.replies import HEADERS
from tests.negatives import negative
from tests.web.site import FORM, URL, Known, Site, desk
from tests.world import AISHA, BRAM, GESTEL, MDOC, Holder, World

LIMITS = Limits()
REFUSED = b'{"error":"invalid_request"}'


def honest(holder: Holder, asked: Any) -> bytes:
    return vp.answer_form(holder.answer(asked), asked)


# -- the whole way ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", list(Prefix))
@pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
def test_a_desk_under_each_of_its_names_asks_and_is_answered(
    site: Site, aisha: Holder, prefix: Prefix, mode: str
) -> None:
    begun = site.begin(client_id=str(prefix), mode=mode)
    [party] = begun["parties"]
    assert ("request_uri" in party) == prefix.signs
    asked = site.fetch(party)
    assert asked.asker.proven == prefix.signs
    assert asked.binding.audience.startswith(f"{prefix}:")
    assert (asked.encryption is not None) == (mode == "direct_post.jwt")
    reply = site.answer(honest(aisha, asked))
    assert (reply.status_code, reply.content) == (200, b"{}")
    found = site.look(begun["id"])
    assert (found["state"], found["advice"], found["rule"]) == ("answered", "voldoet", "otherwise: voldoet")
    [person] = found["parties"][0]["disclosed"]["persoon"]
    assert person["claims"]["family_name"] == "Zandstra"
    [(check, role, disclosure)] = site.told
    assert (check, role) == (begun["id"], "aanvrager")
    assert disclosure["persoon"].claims["family_name"] == "Zandstra"


@pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
def test_an_answer_in_mdoc_is_taken_too(site: Site, world: World, mode: str) -> None:
    begun = site.begin(mode=mode)
    holder = world.holder(AISHA, format=MDOC)
    assert site.answer(honest(holder, site.fetch(begun["parties"][0]))).status_code == 200
    assert site.look(begun["id"])["advice"] == "voldoet"


def test_what_a_desk_asks_by_its_certificate_is_within_haip(site: Site) -> None:
    party = site.begin()["parties"][0]
    invitation, trail = vp.parse_invitation(party["link"].encode()), Trail()
    HAIP_1_0.require_invitation(invitation, trail)
    HAIP_1_0.require_request(site.fetch(party), trail)
    assert {step.outcome.value for step in trail.done()} == {"passed"}


def test_every_request_has_a_key_a_nonce_and_a_state_of_its_own(site: Site) -> None:
    begun = site.begin()
    again = site.api("POST", f"checks/{begun['id']}/parties/aanvrager/requests")
    assert again.status_code == 201
    first, second = (site.fetch(one) for one in (begun["parties"][0], again.json()))
    assert first.binding.nonce != second.binding.nonce
    assert first.state != second.state
    assert first.encryption is not None
    assert second.encryption is not None
    assert first.encryption.jwk["x"] != second.encryption.jwk["x"]
    assert first.encryption.jwk["kid"] != second.encryption.jwk["kid"]
    assert {len(b64url_decode(one)) for one in (first.binding.nonce, first.state or "")} == {32}


def test_a_wallet_is_told_whose_credentials_are_accepted_where_that_can_be_said(site: Site, world: World) -> None:
    asked = site.fetch(site.begin()["parties"][0])
    chain = world.holder(AISHA).authentic("urn:eigendata:nl:brp:persoon:1").issuer.authority_key_ids
    for one in asked.query.credentials:
        [named] = one.trusted_authorities
        assert named.type == "aki"
        assert set(chain) <= named.key_ids


def test_a_verifier_does_not_rely_on_the_authorities_that_it_named(site: Site, aisha: Holder, tmp_path: Path) -> None:
    """The trust file decides when the answer comes, also where it changed since the request was made."""
    begun = site.begin()
    asked = site.fetch(begun["parties"][0])
    for verifier in site.checking.desks["desk"].verifiers.values():
        object.__setattr__(verifier, "authorities", {})
        verifier._compiled.clear()
    assert site.answer(honest(aisha, asked)).status_code == 200
    assert site.look(begun["id"])["advice"] == "voldoet"


@negative("NEG-VP-VERIFIER-013")
def test_oidf_oid4vp_1final_verifier_request_uri_fetched_twice(site: Site, aisha: Holder) -> None:
    [party] = site.begin()["parties"]
    first, second = site.fetch(party), site.fetch(party, nonce="another")
    assert (first.binding, first.state) == (second.binding, second.state)
    assert site.answer(honest(aisha, second)).status_code == 200
    assert site.get(party["request_uri"]).status_code == 404  # answered, and gone


def test_oidf_oid4vp_1final_verifier_request_uri_method_post(site: Site, aisha: Holder) -> None:
    [party] = site.begin()["parties"]
    for nonce in ("one", "another"):
        body = urlencode({"wallet_nonce": nonce, "wallet_metadata": "{}", "unknown": "ignored"}).encode()
        token = site.post(party["request_uri"], content=body, headers=FORM).content
        assert json_object(b64url_decode(token.split(b".")[1]))["wallet_nonce"] == nonce
    plain = site.post(party["request_uri"], content=b"", headers=FORM).content
    assert "wallet_nonce" not in json_object(b64url_decode(plain.split(b".")[1]))
    assert site.answer(honest(aisha, site.fetch(party))).status_code == 200


def test_a_request_that_is_got_is_the_one_that_is_posted_for(site: Site) -> None:
    [party] = site.begin()["parties"]
    got, posted = site.fetch(party, nonce=None), site.fetch(party)
    assert (got.query, got.binding, got.state) == (posted.query, posted.binding, posted.state)


def test_oidf_oid4vp_1final_verifier_happy_flow(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    reply = site.answer(honest(aisha, site.fetch(begun["parties"][0])))
    assert (reply.status_code, reply.headers["content-type"], reply.json()) == (200, "application/json", {})


# -- once -------------------------------------------------------------------------------------------------------------


@negative("NEG-VP-VERIFIER-001")
def test_an_answer_that_is_sent_twice_is_accepted_once_and_told_of_once(site: Site, aisha: Holder) -> None:
    hook = site.store.webhooks.add("desk", "https://corporation.example/hook", secret=b"s" * 32)
    begun = site.begin()
    body = honest(aisha, site.fetch(begun["parties"][0]))
    assert site.answer(body).status_code == 200
    before = site.look(begun["id"])
    again = site.answer(body)
    assert (again.status_code, again.content) == (400, REFUSED)
    assert site.look(begun["id"]) == before
    assert len(site.told) == 1
    [event] = site.store.webhooks.due(10)
    assert event.webhook == hook.id
    said = json_object(event.payload)
    assert said["type"] == "check.concluded"
    assert said["data"] == {"id": begun["id"], "role": "aanvrager", "state": "answered"}
    assert b"Zandstra" not in event.payload


@negative("NEG-VP-VERIFIER-002")
@pytest.mark.parametrize("inline", [True, False])
def test_of_many_equal_answers_at_once_one_wins(world: World, aisha: Holder, tmp_path: Path, inline: bool) -> None:
    site = Site.make(world, tmp_path, inline=inline)
    for _ in range(3):
        site.told.clear()
        body = honest(aisha, site.fetch(site.begin()["parties"][0]))
        together = threading.Barrier(6)

        def send(body: bytes = body, together: threading.Barrier = together) -> tuple[int, bytes]:
            together.wait()
            reply = site.answer(body)
            return reply.status_code, reply.content

        with ThreadPoolExecutor(6) as pool:
            replies = sorted(one.result() for one in [pool.submit(send) for _ in range(6)])
        assert replies == [(200, b"{}"), *[(400, REFUSED)] * 5]
        assert len(site.told) == 1


def test_of_two_requests_of_a_party_the_first_that_is_answered_counts(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    again = site.api("POST", f"checks/{begun['id']}/parties/aanvrager/requests").json()
    first, second = (honest(aisha, site.fetch(one)) for one in (begun["parties"][0], again))
    assert site.answer(second).status_code == 200
    assert (site.answer(first).status_code, site.answer(first).content) == (400, REFUSED)
    assert len(site.told) == 1


# -- refused in one way -----------------------------------------------------------------------------------------------


def refusals(site: Site, aisha: Holder) -> dict[str, bytes]:
    """Give answers of which each is refused because no request waits for it, and for another cause."""
    given: dict[str, bytes] = {}
    for mode in ("direct_post", "direct_post.jwt"):
        for name in ("answered", "expired", "leased", "removed"):
            begun = site.begin(mode=mode)
            asked = site.fetch(begun["parties"][0])
            given[f"{name}, {mode}"] = body = honest(aisha, asked)
            match name:
                case "answered":
                    assert site.answer(body).status_code == 200
                case "leased":
                    kid = vp.answered_key(body)
                    site.store.take(state=None if kid else vp.answered_state(body), kid=kid)
                case "removed":
                    assert site.api("DELETE", f"checks/{begun['id']}").status_code == 204
    site.now += LIMITS.answer
    leased = site.begin()  # the leases above ran out with the clock
    body = honest(aisha, site.fetch(leased["parties"][0]))
    site.store.take(kid=vp.answered_key(body))
    given["leased now"] = body
    given |= {
        "unknown": urlencode({"vp_token": "{}", "state": "never"}).encode(),
        "no state": b"vp_token=%7B%7D",
        "empty state": b"state=",
        "nothing": b"",
        "no form": b"\xff",
        "twice": b"state=1&state=2",
        "half": b"{",
        "an array": b"[]",
        "an error of nobody": urlencode({"error": "access_denied", "state": "never"}).encode(),
        "no JWE": b"response=x",
        "a JWE of nobody": b"response=" + site_jwe(),
    }
    return given


def site_jwe() -> bytes:
    from eigendata.crypto.jwe import ContentEncryption, Recipient, encrypt
    from eigendata.crypto.keys import Algorithm, SoftwareKey

    key = SoftwareKey.generate(Algorithm.ES256).public_key
    return encrypt(b"{}", Recipient(key, "nobody"), encryption=ContentEncryption.A128GCM)


@negative("NEG-VP-VERIFIER-008")
def test_unknown_expired_leased_answered_and_foreign_answers_are_refused_alike(site: Site, aisha: Holder) -> None:
    replies = {name: site.answer(body) for name, body in refusals(site, aisha).items()}
    for name, reply in replies.items():
        assert (reply.status_code, reply.content) == (400, REFUSED), name
        assert dict(reply.headers) == dict(replies["unknown"].headers), name
        assert reply.headers["content-type"] == "application/json"
        assert "set-cookie" not in reply.headers


@negative("NEG-VP-VERIFIER-008")
@pytest.mark.cost
def test_how_long_a_refusal_takes_does_not_tell_its_cause(site: Site, aisha: Holder) -> None:
    """Law 20. Each is timed in turn and many times, so that a slow machine is slow for all; medians are compared."""
    found = refusals(site, aisha)
    given = {name: found[f"{name}, direct_post"] for name in ("answered", "expired", "leased", "removed")}
    # the same answer, to a request that never was
    state = vp.answered_state(given["answered"])
    given["unknown"] = given["answered"].replace(state.encode(), state[::-1].encode())
    # of one size: how long an answer is, is known to who sends it
    longest = max(map(len, given.values()))
    given = {name: body + b"&x=" + b"a" * (longest - len(body)) for name, body in given.items()}
    took: dict[str, list[float]] = {name: [] for name in given}
    for _ in range(150):
        for name, body in given.items():
            begins = time.process_time()
            with pytest.raises(Rejected):
                site.checking.answer(body)
            took[name].append(time.process_time() - begins)
    medians = {name: statistics.median(times) for name, times in took.items()}
    spread = statistics.quantiles(took["unknown"], n=4)
    noise = max(spread[2] - spread[0], 0.25 * medians["unknown"])
    assert max(medians.values()) - min(medians.values()) < noise, medians


@negative("NEG-VP-VERIFIER-013")
def test_a_request_that_is_too_old_answered_or_guessed_is_not_there(site: Site, aisha: Holder) -> None:
    late, answered, plain = site.begin(), site.begin(), site.begin(client_id="redirect_uri")
    site.answer(honest(aisha, site.fetch(answered["parties"][0])))
    site.now += LIMITS.fetch
    unknown = site.get(f"requests/{'x' * 43}")
    assert unknown.status_code == 404
    for one in (late["parties"][0]["request_uri"], answered["parties"][0]["request_uri"], "requests/x"):
        for reply in (site.get(one), site.post(one, content=b"wallet_nonce=n", headers=FORM)):
            assert (reply.status_code, reply.content) == (404, unknown.content)
            assert dict(reply.headers) == dict(unknown.headers)
    ids = {b64url_decode(one["parties"][0]["request_uri"].rpartition("/")[2]) for one in (late, answered)}
    assert min(map(len, ids)) >= 32  # 256 bits
    assert "request_uri" not in plain["parties"][0]


def test_a_request_is_fetched_until_the_code_is_too_old_and_answered_for_longer(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    site.now += LIMITS.fetch - timedelta(seconds=1)
    asked = site.fetch(begun["parties"][0])
    site.now += timedelta(seconds=1)
    assert site.get(begun["parties"][0]["request_uri"]).status_code == 404
    body = honest(aisha, asked)
    assert site.answer(body).status_code == 200


# -- what a wallet may not send ---------------------------------------------------------------------------------------


def concluded_as(site: Site, begun: Any, reason: Reason | None) -> None:
    """Require that a check is over, refused for this reason, and that nothing of it is kept or told."""
    found = site.look(begun["id"])
    [party] = found["parties"]
    assert (found["state"], party["state"], found["advice"]) == ("refused", "refused", None)
    assert party["reason"] == (None if reason is None else str(reason))
    assert party["disclosed"] is None
    assert site.told == []


def test_an_answer_that_fails_ends_its_check(site: Site, aisha: Holder) -> None:
    begun = site.begin(mode="direct_post")
    asked, other = site.fetch(begun["parties"][0]), site.fetch(site.begin(mode="direct_post")["parties"][0])
    reply = site.answer(vp.answer_form(aisha.answer(other), asked))
    assert (reply.status_code, reply.json()) == (
        400,
        {"error": "invalid_request", "error_description": "key_binding_invalid"},
    )
    concluded_as(site, begun, Reason.KEY_BINDING_INVALID)
    trail = site.look(begun["id"])["parties"][0]["trail"]
    assert [step["outcome"] for step in trail[:-1]] != []
    assert trail[-1]["outcome"] == "failed"
    again = site.answer(honest(aisha, asked))
    assert (again.status_code, again.content) == (400, REFUSED)


def test_an_answer_that_cannot_be_read_ends_its_check_without_a_reason(site: Site) -> None:
    begun = site.begin(mode="direct_post")
    asked = site.fetch(begun["parties"][0])
    reply = site.answer(urlencode({"vp_token": "[]", "state": asked.state or ""}).encode())
    assert (reply.status_code, reply.json()["error_description"]) == (400, "malformed")
    concluded_as(site, begun, None)


@negative("NEG-VP-VERIFIER-010")
def test_one_wrong_presentation_among_right_ones_sinks_the_whole_answer(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    asked, other = site.fetch(begun["parties"][0]), site.fetch(site.begin()["parties"][0])
    mixed = dict(aisha.answer(asked).presentations)
    query = sorted(mixed)[-1]
    mixed[query] = aisha.answer(other, k=1).presentations[query]  # of another nonce
    assert site.answer(vp.answer_form(Answer(presentations=mixed), asked)).status_code == 400
    concluded_as(site, begun, Reason.KEY_BINDING_INVALID)


@negative("NEG-VP-VERIFIER-006")
def test_another_type_or_other_claims_than_were_asked_are_not_taken(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    asked = site.fetch(begun["parties"][0])
    given = dict(aisha.answer(asked).presentations)
    names = [name for name in given if name.startswith("persoon")]
    given[names[0]] = (aisha.show("urn:eigendata:nl:brp:inwoner:1", [("local_tie_6y",)], asked.binding),)
    assert site.answer(vp.answer_form(Answer(presentations=given), asked)).status_code == 400
    concluded_as(site, begun, Reason.TYPE_MISMATCH)
    begun = site.begin()
    asked = site.fetch(begun["parties"][0])
    less = dict(aisha.answer(asked).presentations)
    less[names[0]] = (aisha.show("urn:eigendata:nl:brp:persoon:1", [("family_name",)], asked.binding),)
    assert site.answer(vp.answer_form(Answer(presentations=less), asked)).status_code == 400
    concluded_as(site, begun, Reason.QUERY_NOT_SATISFIED)
    begun = site.begin()
    asked = site.fetch(begun["parties"][0])
    none = {name: one for name, one in aisha.answer(asked).presentations.items() if name not in names}
    assert site.answer(vp.answer_form(Answer(presentations=none), asked)).status_code == 400
    concluded_as(site, begun, Reason.QUERY_NOT_SATISFIED)


@negative("NEG-VP-VERIFIER-012")
def test_who_somebody_is_counts_with_who_says_so(site: Site, world: World) -> None:
    """Equal claims by two municipalities are told apart by the issuer beside them, and never stand alone."""
    place = {"code": GESTEL, "omschrijving": "Sint-Michielsgestel"}
    other = replace(BRAM.changed(gemeenteVanInschrijving=place), stays=())
    told = {}
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
    for holder in (world.holder(BRAM), world.holder(other, issuer=world.gestel)):
        begun = site.begin(dcql=query)
        assert site.answer(honest(holder, site.fetch(begun["parties"][0]))).status_code == 200
        [one] = site.look(begun["id"])["parties"][0]["disclosed"]["who"]
        told[one["issuer"]["id"]] = one["claims"]
    assert told == {url: {"family_name": "Verwey"} for url in ("https://boxtel.example", "https://gestel.example")}


@negative("NEG-VP-VERIFIER-009")
def test_a_wallet_that_says_no_has_answered_and_can_cancel_nobody_elses_success(site: Site, aisha: Holder) -> None:
    for mode in ("direct_post", "direct_post.jwt"):
        begun = site.begin(mode=mode)
        asked = site.fetch(begun["parties"][0])
        no = vp.error_form("access_denied", asked)
        reply = site.answer(no)
        assert (reply.status_code, reply.content) == (200, b"{}")
        assert site.look(begun["id"])["state"] == "declined"
        begun = site.begin(mode=mode)
        asked = site.fetch(begun["parties"][0])
        assert site.answer(honest(aisha, asked)).status_code == 200
        ignored = site.answer(vp.error_form("access_denied", asked))
        assert (ignored.status_code, ignored.content) == (400, REFUSED)
        assert site.look(begun["id"])["advice"] == "voldoet"


@negative("NEG-KB-015")
def test_no_desk_asks_for_transaction_data(site: Site) -> None:
    token = site.get(site.begin()["parties"][0]["request_uri"]).content
    assert "transaction_data" not in json_object(b64url_decode(token.split(b".")[1]))


# -- what is there for others -----------------------------------------------------------------------------------------


def test_an_answer_by_one_wallet_cannot_be_given_to_another_desk(world: World, aisha: Holder, tmp_path: Path) -> None:
    """Law 9: what is shown to one verifier and transaction verifies for no other."""
    from tests.web.site import desk

    site = Site.make(world, tmp_path, desks=lambda store: [desk(world, store, id="one"), desk(world, store, id="two")])
    assert set(site.keys) == {"one", "two"}
    begun = {name: site.begin(desk=name, mode="direct_post") for name in site.keys}
    asked = {name: site.fetch(one["parties"][0]) for name, one in begun.items()}
    relayed = vp.answer_form(aisha.answer(asked["one"]), asked["two"])
    assert site.answer(relayed).status_code == 400
    assert site.look(begun["two"]["id"], desk="two")["state"] == "refused"
    assert site.answer(honest(aisha, asked["one"])).status_code == 200
    assert site.api("GET", f"checks/{begun['one']['id']}", desk="two").status_code == 404
    assert site.look(begun["one"]["id"], desk="one")["advice"] == "voldoet"


@negative("NEG-VP-VERIFIER-014")
def test_a_clock_that_is_wrong_makes_the_service_unready_and_every_old_proof_refused(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    body = honest(aisha, site.fetch(begun["parties"][0]))
    site.checking._clock = lambda: site.now + timedelta(minutes=10)
    assert site.answer(body).json()["error_description"] == "key_binding_invalid"


@negative("NEG-PRIVACY-004")
def test_nothing_that_a_wallet_sent_is_in_the_store_as_it_sent_it(site: Site, aisha: Holder) -> None:
    begun = site.begin(mode="direct_post")
    asked = site.fetch(begun["parties"][0])
    answer = aisha.answer(asked)
    assert site.answer(vp.answer_form(answer, asked)).status_code == 200
    assert site.look(begun["id"])["parties"][0]["disclosed"] is not None
    site.store.close()
    stored = b"".join(one.read_bytes() for one in site.file.parent.iterdir() if one.name.startswith(site.file.name))
    assert len(stored) > 4096
    opened = _opened(site)
    for several in answer.presentations.values():
        for one in several:
            token, *disclosures, proof = one.token.split(b"~")
            for part in (token, proof, *disclosures, *token.split(b"."), *proof.split(b".")):
                assert part not in stored
                assert part not in opened
            for disclosure in disclosures:
                salt = json_array(disclosure)[0]
                assert str(salt).encode() not in stored
                assert str(salt).encode() not in opened
    for value in ("Zandstra", "1984-02-29", asked.binding.nonce, asked.state or "", begun["parties"][0]["page"][-43:]):
        assert value.encode() not in stored
    assert b"Zandstra" in opened  # what was asked, under the key that is elsewhere
    assert site.file.stat().st_mode & 0o777 == 0o600


def json_array(disclosure: bytes) -> list[Any]:
    value = json_loads(b64url_decode(disclosure))
    assert isinstance(value, list)
    return value


def _opened(site: Site) -> bytes:
    """Give all that the store keeps, opened with its key."""
    from eigendata.store import Store
    from tests.web.site import KEY

    store = Store.open(f"sqlite:///{site.file}", key=KEY, clock=lambda: site.now)
    try:
        found = [store.look(one.id, desk="desk") for one in store.list("desk").checks]
        kept = [part for one in found for party in one.parties for part in (one.content, party.record, party.disclosed)]
        return b"".join(part for part in kept if part is not None)
    finally:
        store.close()


# -- what does not answer ---------------------------------------------------------------------------------------------


def test_what_cannot_be_settled_now_may_be_answered_again(site: Site, aisha: Holder, monkeypatch: Any) -> None:
    begun = site.begin()
    body = honest(aisha, site.fetch(begun["parties"][0]))

    def closed(*_: object, **__: object) -> Any:
        raise Unavailable("the register of withdrawals is closed")

    with monkeypatch.context() as patched:
        patched.setattr("eigendata.verifier.Verifier.verify", closed)
        reply = site.answer(body)
        assert (reply.status_code, reply.json()) == (503, {"error": "temporarily_unavailable"})
    assert site.look(begun["id"])["state"] == "waiting"
    assert site.answer(body).status_code == 200


def test_a_policy_that_is_the_desks_no_more_leaves_the_answer_for_who_has_it(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    body = honest(aisha, site.fetch(begun["parties"][0]))
    desks = dict(site.checking.desks)
    site.checking.desks = {}
    assert site.answer(body).status_code == 503
    site.checking.desks = desks
    assert site.answer(body).status_code == 200


def test_an_answer_that_is_too_large_is_not_read(site: Site) -> None:
    begun = site.begin()
    reply = site.answer(b"a" * (vp.MAX_ANSWER + 1))
    assert (reply.status_code, reply.content) == (413, REFUSED)

    async def pieces() -> Any:
        for _ in range(vp.MAX_ANSWER // 65_536 + 2):
            yield b"a" * 65_536

    assert site.ask("POST", "answers", content=pieces(), headers=FORM).status_code == 413
    assert site.look(begun["id"])["state"] == "waiting"


def test_a_nonce_of_a_wallet_is_bounded_and_a_form_read_strictly(site: Site) -> None:
    uri = site.begin()["parties"][0]["request_uri"]
    for body in (b"wallet_nonce=", b"wallet_nonce=" + b"a" * 513, b"\xff", b"wallet_nonce=a&wallet_nonce=b"):
        assert site.post(uri, content=body, headers=FORM).status_code == 400
    assert site.post(uri, content=b"a" * 70_000, headers=FORM).status_code == 413


def test_everything_that_a_wallet_gets_carries_the_headers(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    asked = site.fetch(begun["parties"][0])
    replies = [
        site.get(begun["parties"][0]["request_uri"]),
        site.get("requests/x"),
        site.answer(b""),
        site.answer(honest(aisha, asked)),
        site.answer(b"a" * (vp.MAX_ANSWER + 1)),
        site.get("requests/x"),
    ]
    for reply in replies:
        assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS


@negative("NEG-VP-VERIFIER-015")
def test_no_page_tells_another_site_where_it_was(site: Site) -> None:
    reply = site.get(site.begin()["parties"][0]["page"])
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "http" not in reply.text.replace(f"{URL}/".replace(":", "%3A").replace("/", "%2F"), "").split("openid4vp")[0]


def test_bram_is_advised_and_not_refused(site: Site, world: World) -> None:
    begun = site.begin()
    assert site.answer(honest(world.holder(BRAM), site.fetch(begun["parties"][0]))).status_code == 200
    assert site.look(begun["id"])["advice"] == "voldoet_niet"


def test_who_answers_by_another_key_than_asked_or_unsealed_is_refused(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    asked = site.fetch(begun["parties"][0])
    bare = urlencode({"vp_token": json_dumps({}).decode(), "state": asked.state or ""}).encode()
    assert site.answer(bare).json()["error_description"] == "request_invalid"
    concluded_as(site, begun, Reason.REQUEST_INVALID)


def test_the_errors_of_a_check_that_cannot_begin_are_of_the_caller(site: Site) -> None:
    for wrong in (
        {"policy": "nobody/knows"},
        {"policy": "woningcorporatie/B", "home": {"binding": True}},
        {},
        {"policy": "woningcorporatie/B", "roles": ["aanvrager", "aanvrager"]},
        {"policy": "woningcorporatie/B", "roles": ["voogd"]},
    ):
        with pytest.raises(Misuse):
            site.checking.begin("desk", **wrong)
    with pytest.raises(Misuse):
        site.checking.begin("nowhere", policy="woningcorporatie/B")


def test_what_was_stored_and_is_something_else_is_malformed() -> None:
    from eigendata.web.views import Order

    with pytest.raises(Malformed):
        Order.from_json({"sealed": True})


def test_a_wallet_that_trusts_this_desk_reads_who_asks(site: Site) -> None:
    asked = site.fetch(site.begin()["parties"][0])
    assert isinstance(Known(), Known)
    assert asked.asker.party.name == "Woonstichting De Linde"
    assert asked.purpose["nl"] == "Bepalen of u in aanmerking komt voor deze woning"


# -- what a process does not have, and what ran out ------------------------------------------------------------------


def test_an_answer_whose_lease_was_overtaken_is_not_refused_for_good(
    site: Site, aisha: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes too long to verify ends no check: whoever has the lease by then may send the same answer again."""
    begun = site.begin()
    body = honest(aisha, site.fetch(begun["parties"][0]))
    _, slow = site.checking._taken(body)
    site.now += LIMITS.lease + timedelta(seconds=1)
    take = site.store.take

    def overtaken(**by: Any) -> Any:
        lease = take(**by)
        with pytest.raises(Rejected):  # the slow one ends while this one is at it
            site.store.conclude(slow, Conclusion(state=State.DECLINED, record=b"{}"))
        return lease

    monkeypatch.setattr(site.store, "take", overtaken)
    assert site.answer(body).status_code == 503
    assert site.look(begun["id"])["state"] == "waiting"
    monkeypatch.undo()
    assert site.answer(body).status_code == 200
    assert site.look(begun["id"])["state"] == "answered"


def test_a_check_of_a_desk_that_is_not_here_breaks_nothing_and_waits(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    [party] = begun["parties"]
    body = honest(aisha, site.fetch(party))
    gone = site.checking.desks["desk"]
    site.checking.desks = {"other": gone}
    page = party["page"]
    asked = [("GET", page), ("GET", f"{page}/state"), ("POST", f"{page}/code"), ("POST", f"{page}/wallet")]
    asked += [("GET", party["request_uri"]), ("GET", f"{page}?response_code={'a' * 43}")]
    assert {site.ask(method, url).status_code for method, url in asked} == {503}
    assert site.answer(body).status_code == 503
    site.checking.desks = {"desk": gone}
    assert site.answer(body).status_code == 200


def test_a_request_under_a_name_that_the_desk_lost_is_not_given_and_breaks_nothing(site: Site, world: World) -> None:
    [party] = site.begin()["parties"]
    site.checking.desks = {"desk": desk(world, site.store, signed=False)}
    page = party["page"]
    asked = [("POST", f"{page}/code"), ("POST", f"{page}/wallet"), ("GET", party["request_uri"])]
    assert {site.ask(method, url).status_code for method, url in asked} == {503}
