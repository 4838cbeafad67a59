"""A request as data: what a worker stores between asking and verifying."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from eigendata.encoding import freeze, json_dumps, json_object
from eigendata.errors import Malformed
from eigendata.model import Binding, Party
from eigendata.query import Asker, Encryption, PolicyReference, Question, Request, parse_query

QUERY = parse_query({"credentials": [{"id": "q", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:t"]}}]})
PLAIN = Request(
    asker=Asker(party=Party(id="redirect_uri:https://a.example", name="A"), proven=False),
    response_uri="https://a.example",
    state=None,
    query=QUERY,
    binding=Binding(audience="redirect_uri:https://a.example", nonce="n", transcript=b"\x00\xff"),
)
FULL = replace(
    PLAIN,
    encryption=Encryption(jwk={"kty": "EC", "key_ops": ["deriveBits"]}, encryptions=("A256GCM", "A128GCM")),
    state="s",
    purpose={"nl": "Omdat", "en": "Because"},
    legal_basis=("AVG 6(1)(b)",),
    keep={"voldoet": "until audit", "otherwise": "0 days"},
    policy=PolicyReference(id="woningcorporatie/B", version="1", home={"household_size": [2, 4], "binding": True}),
    questions=(
        Question(id="persoon", type="urn:t", paths=(("family_name",), ("list", None, 0)), queries={"dc+sd-jwt": "q"}),
    ),
)


@pytest.mark.parametrize("request_", [PLAIN, FULL])
def test_a_request_comes_out_of_a_store_as_it_went_in(request_: Request) -> None:
    stored = json_dumps(request_.to_json())
    assert Request.from_json(json_object(stored)) == request_
    assert hash(Request.from_json(json_object(stored))) == hash(request_)


def test_a_request_and_all_it_holds_may_be_members_of_a_set() -> None:
    whole = (FULL, *FULL.questions, FULL.policy, FULL.encryption, FULL.query, *FULL.query.credentials)
    again = Request.from_json(FULL.to_json())
    same = (again, *again.questions, again.policy, again.encryption, again.query, *again.query.credentials)
    assert {*whole, *same} == {*whole}
    assert len({*whole, *same}) == len(whole)


def test_what_was_asked_cannot_be_changed_afterwards() -> None:
    home: dict[str, Any] = {"household_size": [2, 4]}
    policy = PolicyReference(id="p", version="1", home=home)
    home["household_size"].append(6)
    assert policy.home == {"household_size": (2, 4)}
    jwk: dict[str, Any] = {"key_ops": ["deriveBits"]}
    sealed = Encryption(jwk=jwk, encryptions=("A128GCM",))
    jwk["key_ops"].append("deriveKey")
    assert sealed.jwk == {"key_ops": ("deriveBits",)}
    question = replace(FULL.questions[0], queries=dict(FULL.questions[0].queries))
    asked = replace(FULL, purpose=dict(FULL.purpose), keep=dict(FULL.keep), questions=(question,))
    for kept in (sealed.jwk, asked.purpose, asked.keep, asked.questions[0].queries):
        with pytest.raises(TypeError):
            kept["nl"] = "Daarom"  # type: ignore[index]


def test_an_error_in_a_stored_request_says_that_it_is_in_one() -> None:
    with pytest.raises(Malformed) as caught:
        Request.from_json({**FULL.to_json(), "state": 1})
    assert caught.value.where[:1] == ("stored request",)


def test_arrays_of_a_stored_request_may_be_tuples() -> None:
    assert Request.from_json(freeze(FULL.to_json())) == FULL


@pytest.mark.parametrize(
    "change",
    [
        {"asker": {"id": "a", "name": "A"}},
        {"asker": {"id": "a", "name": "A", "proven": 1}},
        {"response_uri": None},
        {"encryption": {}},
        {"encryption": "A128GCM"},
        {"encryption": {"jwk": {}}},
        {"encryption": {"encryptions": ["A128GCM"]}},
        {"encryption": {"jwk": [], "encryptions": ["A128GCM"]}},
        {"encryption": {"jwk": {}, "encryptions": "A128GCM"}},
        {"encryption": {"jwk": {}, "encryptions": [1]}},
        {"state": 1},
        {"query": {}},
        {"binding": {"audience": "a", "nonce": "n", "transcript": "!"}},
        {"binding": {"audience": "", "nonce": "n", "transcript": ""}},
        {"binding": {"audience": "a", "nonce": "", "transcript": ""}},
        {"purpose": ["x"]},
        {"purpose": {"nl": 1}},
        {"legal_basis": [1]},
        {"keep": None},
        {"policy": {"id": "p"}},
        {"policy": {"id": "p", "version": "1", "home": []}},
        {"policy": {"id": "p", "version": "1", "use": None, "home": []}},
        {"policy": {"id": "p", "version": "1", "use": None, "home": "x"}},
        {"questions": [{}]},
        {"questions": [{"id": "p", "type": "t", "paths": ["x"], "queries": {}}]},
        {"questions": [{"id": "p", "type": "t", "paths": [["x", True]], "queries": {}}]},
        {"questions": [{"id": "p", "type": "t", "paths": [["x", 1.5]], "queries": {}}]},
        {"questions": [{"id": "p", "type": "t", "paths": [["x", ["y"]]], "queries": {}}]},
        {"questions": [{"id": "p", "type": "t", "paths": [], "queries": {"f": 1}}]},
    ],
)
def test_what_was_not_stored_here_is_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        Request.from_json({**FULL.to_json(), **change})


@pytest.mark.parametrize("name", sorted(PLAIN.to_json()))
def test_nothing_of_a_stored_request_may_be_missing(name: str) -> None:
    stored = FULL.to_json()
    del stored[name]
    with pytest.raises(Malformed):
        Request.from_json(stored)
