"""What a wallet finds for a query, and the least it shows (OpenID4VP 1.0 sections 6.4 and 7)."""

from __future__ import annotations

import time
from collections import ChainMap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from eigendata.encoding import Json, b64url_encode, freeze, json_loads
from eigendata.errors import Declined, Misuse, Reason
from eigendata.query import Held, Matches, match, parse_query
from eigendata.query.matching import PLACES_LIMIT
from tests.given import given
from tests.negatives import negative

PERSON = "urn:example:person"
DOCUMENT: dict[str, Json] = {
    "name": "Aïsha",
    "age": 41,
    "adult": True,
    "height": 1.0,
    "address": {"street": "Markt", "number": 1},
    "nationalities": ["NL", "MA", "QU"],
    "degrees": [{"kind": "a", "school": "x"}, {"school": "y"}, {"kind": "b"}],
    "grid": [[1, 2], [3]],
    "mixed": [{"kind": "a"}, 5],
    "nothing": None,
    "empty": [],
}


def held(id: str = "card", document: dict[str, Json] | None = None, **changes: Any) -> Held:
    card: dict[str, Any] = {
        "format": "dc+sd-jwt",
        "type_id": PERSON,
        "document": freeze(DOCUMENT if document is None else document),
        "authority_key_ids": (b"authority",),
        "bound": True,
        **changes,
    }
    return Held(id=id, **card)


def credential(id: str = "q", **members: Any) -> dict[str, Any]:
    return {"id": id, "format": "dc+sd-jwt", "meta": {"vct_values": [PERSON]}, **members}


def found(*cards: Held, sets: list[Any] | None = None, **members: Any) -> Matches:
    value: dict[str, Any] = {"credentials": [credential(**members)]}
    if sets is not None:
        value["credential_sets"] = sets
    return match(parse_query(value), cards or (held(),))


def shown(path: list[Any], values: list[Any] | None = None) -> tuple[Any, ...]:
    claim = {"path": path} if values is None else {"path": path, "values": values}
    return found(claims=[claim]).fits["q"][0].paths


def nothing_fits(*cards: Held, **members: Any) -> None:
    with pytest.raises(Declined) as caught:
        found(*cards, **members)
    assert caught.value.reason is Reason.NOTHING_FITS


@pytest.mark.parametrize(
    ("path", "places"),
    [
        (["name"], [("name",)]),
        (["nothing"], [("nothing",)]),
        (["empty"], [("empty",)]),
        (["address"], [("address",)]),
        (["address", "street"], [("address", "street")]),
        (["nationalities"], [("nationalities",)]),
        (["nationalities", 1], [("nationalities", 1)]),
        (["nationalities", None], [("nationalities", 0), ("nationalities", 1), ("nationalities", 2)]),
        (["degrees", None, "kind"], [("degrees", 0, "kind"), ("degrees", 2, "kind")]),
        (["degrees", 2, "kind"], [("degrees", 2, "kind")]),
        (["grid", None, 1], [("grid", 0, 1)]),
        (["grid", None, None], [("grid", 0, 0), ("grid", 0, 1), ("grid", 1, 0)]),
        (["mixed", 0, "kind"], [("mixed", 0, "kind")]),
    ],
)
def test_a_path_names_every_element_that_it_selects(path: list[Any], places: list[Any]) -> None:
    assert shown(path) == tuple(places)


def test_a_document_may_be_any_mapping() -> None:
    document = ChainMap[str, Json]({"name": "Aïsha"}, {"address": {"street": "Markt"}})
    assert match(parse_query({"credentials": [credential(claims=[{"path": ["address", "street"]}])]}), [
        replace(held(), document=document)
    ]).fits["q"]  # fmt: skip


@negative("NEG-DCQL-001")
@pytest.mark.parametrize(
    "path",
    [
        ["nobody"],
        ["name", "first"],  # a name on a text
        ["name", 0],  # an index on a text
        ["name", None],
        ["address", 0],  # an index on an object
        ["address", None],
        ["address", "city"],
        ["nationalities", "0"],  # a name on an array
        ["nationalities", 3],
        ["degrees", None, "year"],
        ["degrees", 1, "kind"],
        ["mixed", None, "kind"],  # one of the elements is of the wrong kind, and the whole path fails
        ["empty", None],
        ["nothing", "x"],
    ],
)
def test_a_path_that_leads_nowhere_fits_nothing(path: list[Any]) -> None:
    nothing_fits(claims=[{"path": path}])


def test_the_pointers_of_the_specification_select_what_it_says() -> None:
    value: Any = json_loads(given("vectors/openid4vp/claims_path_pointer.json").read_bytes())
    for case in value["cases"]:
        card = held(document=value["credential"])
        (fit,) = found(card, claims=[{"path": case["path"]}]).fits["q"]
        selected = []
        for path in fit.paths:
            node = value["credential"]
            for part in path:
                node = node[part]
            selected.append(node)
        assert selected == case["result"]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (["age"], [41]),
        (["age"], [1, 41]),
        (["adult"], [True]),
        (["name"], ["x", "Aïsha"]),
        (["address", "number"], [1]),
    ],
)
def test_a_value_matches_by_type_and_value(path: list[Any], values: list[Any]) -> None:
    assert shown(path, values) == (tuple(path),)


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (["age"], ["41"]),
        (["age"], [42]),
        (["adult"], [1]),
        (["adult"], ["true"]),
        (["address", "number"], [True]),
        (["height"], [1]),
        (["name"], ["aïsha"]),
        (["name"], ["A\u0069\u0308sha"]),  # looks alike, and is composed otherwise
        (["address"], ["Markt"]),
        (["nationalities"], ["NL"]),
        (["nothing"], ["None"]),
    ],
)
def test_a_value_of_another_type_or_spelling_does_not_match(path: list[Any], values: list[Any]) -> None:
    nothing_fits(claims=[{"path": path, "values": values}])


def test_of_an_array_only_the_elements_with_an_expected_value_are_shown() -> None:
    assert shown(["nationalities", None], ["MA", "BE"]) == (("nationalities", 1),)


def test_held_credentials_may_be_members_of_a_set_whatever_is_in_their_documents() -> None:
    assert {held(), held()} == {held()}
    assert len({held(), held(document={}), held("other")}) == 3


def test_a_mismatch_says_no_more_than_an_empty_wallet() -> None:
    messages = set()
    for cards in [(held(),), (held(type_id="urn:other"),), ()]:
        with pytest.raises(Declined) as caught:
            match(
                parse_query({"credentials": [credential(claims=[{"path": ["age"], "values": [18]}])]}),
                cards,
            )
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_without_claims_nothing_is_revealed() -> None:
    assert found().fits["q"][0].paths == ()
    assert found().select() == {"q": (("card", ()),)}


def test_all_claims_or_none() -> None:
    assert found(claims=[{"path": ["name"]}, {"path": ["age"]}]).fits["q"][0].paths == (("name",), ("age",))
    nothing_fits(claims=[{"path": ["name"]}, {"path": ["nobody"]}])


def test_the_first_claim_set_that_can_be_given_is_given_and_the_others_are_listed() -> None:
    claims = [{"id": name, "path": [name]} for name in ("name", "age", "adult", "nobody")]
    (fit,) = found(claims=claims, claim_sets=[["name", "nobody"], ["adult"], ["name", "age"]]).fits["q"]
    assert fit.paths == (("adult",),)
    assert [(one.claim_set, one.paths) for one in fit.options] == [(1, (("adult",),)), (2, (("name",), ("age",)))]
    nothing_fits(claims=claims, claim_sets=[["nobody"], ["name", "nobody"]])


def test_a_second_query_for_the_same_claim_is_ignored() -> None:
    twice = [{"id": "a", "path": ["age"], "values": [41]}, {"id": "b", "path": ["age"], "values": [42]}]
    assert found(claims=twice).fits["q"][0].paths == (("age",),)
    nothing_fits(claims=twice[::-1])
    assert found(claims=twice, claim_sets=[["b"], ["a"]]).fits["q"][0].options[0].claim_set == 1


def test_a_claim_that_is_asked_twice_is_revealed_once() -> None:
    claims = [{"path": ["nationalities", None]}, {"path": ["nationalities", 1]}]
    assert found(claims=claims).fits["q"][0].paths == (("nationalities", 0), ("nationalities", 1), ("nationalities", 2))


@pytest.mark.parametrize(
    "other",
    [{"format": "mso_mdoc"}, {"type_id": "urn:example:person:2"}, {"bound": False}],
)
def test_a_credential_of_another_kind_fits_nothing(other: dict[str, Any]) -> None:
    nothing_fits(held(**other))


@pytest.mark.parametrize("format", ["jwt_vc_json", "some-format-to-come"])
def test_a_format_without_type_names_matches_nothing(format: str) -> None:
    query: Json = {"id": "q", "format": format, "meta": {"type_values": [[PERSON]]}}
    with pytest.raises(Declined):
        match(parse_query({"credentials": [query]}), [held(format=format)])


def test_an_mdoc_is_found_by_its_doctype_namespace_and_element() -> None:
    card = held(format="mso_mdoc", type_id="org.example.d", document={"org.example": {"given_name": "A"}})
    query: Json = {
        "id": "q",
        "format": "mso_mdoc",
        "meta": {"doctype_value": "org.example.d"},
        "claims": [{"path": ["org.example", "given_name"]}],
    }
    assert match(parse_query({"credentials": [query]}), [card]).fits["q"][0].paths == (("org.example", "given_name"),)


def test_without_proof_of_the_holder_a_credential_that_names_none_comes_first() -> None:
    bound, free = held("bound"), held("free", bound=False)
    fits = found(bound, free, require_cryptographic_holder_binding=False).fits["q"]
    assert [fit.held for fit in fits] == ["free", "bound"]
    assert [fit.held for fit in found(bound, free).fits["q"]] == ["bound"]


@pytest.mark.parametrize(
    ("authorities", "fits"),
    [
        ([{"type": "aki", "values": [b64url_encode(b"authority")]}], True),
        ([{"type": "aki", "values": [b64url_encode(b"x"), b64url_encode(b"authority")]}], True),
        ([{"type": "etsi_tl", "values": ["u"]}, {"type": "aki", "values": [b64url_encode(b"authority")]}], True),
        ([{"type": "aki", "values": [b64url_encode(b"x")]}], False),
        # what cannot be looked up without going out is no match
        ([{"type": "etsi_tl", "values": [b64url_encode(b"authority")]}], False),
        ([{"type": "openid_federation", "values": ["https://x.example"]}], False),
        ([{"type": "something-new", "values": ["x"]}], False),
    ],
)
def test_trusted_authorities_are_matched_by_key_identifier(authorities: list[Any], fits: bool) -> None:
    if fits:
        assert found(trusted_authorities=authorities).fits["q"][0].held == "card"
    else:
        nothing_fits(trusted_authorities=authorities)


# -- several credentials ----------------------------------------------------------------------------------------------


def among(names: str, sets: list[Any] | None, lacking: str = "") -> Matches:
    value: dict[str, Any] = {
        "credentials": [credential(name, meta={"vct_values": [f"urn:{name}"]}) for name in names],
    }
    if sets is not None:
        value["credential_sets"] = sets
    return match(
        parse_query(value), [held(f"card-{name}", type_id=f"urn:{name}") for name in names if name not in lacking]
    )


def options(*alternatives: Sequence[str], required: bool = True) -> dict[str, Any]:
    return {"options": [list(names) for names in alternatives], **({} if required else {"required": False})}


def test_without_sets_every_credential_is_asked() -> None:
    assert list(among("ab", None).select()) == ["a", "b"]
    with pytest.raises(Declined):
        among("ab", None, lacking="b")


def test_one_option_of_each_required_set_is_shown() -> None:
    sets = [options("ab", "c"), options("d", "e")]
    assert list(among("abcde", sets).select()) == ["a", "b", "d"]
    assert among("abcde", sets, lacking="b").sets == ((1,), (0, 1))
    assert list(among("abcde", sets, lacking="b").select()) == ["c", "d"]
    with pytest.raises(Declined):
        among("abcde", sets, lacking="de")


def test_what_was_chosen_of_one_set_changes_nothing_of_another() -> None:
    sets = [options("a", "b"), options("c", "a")]
    assert list(among("abc", sets).select(options={0: 1})) == ["b", "c"]


def test_optional_sets_are_left_out_until_they_are_chosen() -> None:
    sets = [options("a"), options("b", required=False)]
    assert list(among("ab", sets).select()) == ["a"]
    assert list(among("ab", sets).select(options={1: 0})) == ["a", "b"]
    assert among("ab", sets, lacking="b").sets == ((0,), ())
    assert list(among("ab", [options("a", required=False)], lacking="ab").select()) == []


def test_a_query_in_no_set_is_not_answered() -> None:
    assert list(among("ab", [options("a")]).select()) == ["a"]


@pytest.mark.parametrize(
    ("sets", "least"),
    [
        ([options("ab", "a")], ["a"]),
        ([options("a", "b"), options("b")], ["b"]),
        ([options("b"), options("a", "b")], ["b"]),
        ([options("a", "c"), options("b", "c")], ["a", "b"]),
        ([options("ab", "c"), options("b", "a")], ["a", "b"]),
    ],
)
def test_no_credential_is_shown_that_no_set_needs(sets: list[Any], least: list[str]) -> None:
    assert list(among("abc", sets).select()) == least


def test_the_person_may_choose_otherwise() -> None:
    matches = among("abc", [options("a", "bc")])
    assert list(matches.select(options={0: 1})) == ["b", "c"]
    two = found(held("one"), held("two"))
    assert two.select() == {"q": (("one", ()),)}
    assert two.select(held={"q": ["two"]}) == {"q": (("two", ()),)}
    several = found(held("one"), held("two"), multiple=True)
    assert several.select() == {"q": (("one", ()),)}
    assert several.select(held={"q": ["two", "one"]}) == {"q": (("two", ()), ("one", ()))}


@pytest.mark.parametrize(
    ("chosen", "cards"),
    [
        ({1: 0}, {}),
        ({-1: 0}, {}),
        ({0: 2}, {}),
        ({0: 1}, {}),  # it is there, and cannot be given
        ({}, {"a": []}),
        ({}, {"a": ["card-b"]}),
        ({}, {"a": ["card-a", "card-a"]}),
        ({}, {"b": ["card-b"]}),
        ({}, {"x": ["card-a"]}),
    ],
)
def test_what_is_not_possible_cannot_be_chosen(chosen: dict[int, int], cards: dict[str, list[str]]) -> None:
    matches = among("abc", [options("a", "c")], lacking="c")
    with pytest.raises(Misuse):
        matches.select(options=chosen, held=cards)


def test_no_credential_is_chosen_twice() -> None:
    with pytest.raises(Misuse):
        found(held("one"), held("two"), multiple=True).select(held={"q": ["one", "one"]})


def test_several_are_chosen_only_where_several_are_asked() -> None:
    with pytest.raises(Misuse):
        found(held("one"), held("two")).select(held={"q": ["one", "two"]})


@pytest.mark.cost
def test_a_hostile_query_costs_little() -> None:
    names = [f"x{index}" for index in range(16)]
    wide: dict[str, Json] = {"a": [[dict.fromkeys(names, 1) for _ in range(3)] for _ in range(3)]}
    claims = [{"id": name, "path": ["a", None, None, name], "values": list(range(100))} for name in names]
    claim_sets = [[names[(place + index) % 16] for index in range(4)] for place in range(64)]
    credentials = [credential(f"q{index}", claims=claims, claim_sets=claim_sets) for index in range(32)]
    sets = [options(*[[f"q{(i * 7 + o * 3 + k) % 32}" for k in range(6)] for o in range(32)]) for i in range(32)]
    query = parse_query({"credentials": credentials, "credential_sets": sets})
    cards = [held(str(index), document=wide) for index in range(40)]
    before = time.process_time()
    match(query, cards).select()
    assert time.process_time() - before < 2


def test_a_query_that_means_more_places_than_are_looked_at_is_answered_as_if_nothing_fits() -> None:
    elements: dict[str, Json] = {"a": [0] * (PLACES_LIMIT // 50)}
    claims = [{"id": f"c{index}", "path": path} for index, path in enumerate((["a", None], ["a", 0]))]
    cards = [held(str(number), document=elements) for number in range(50)]
    query = {"credentials": [credential(claims=claims[:1])]}
    assert len(match(parse_query(query), cards).fits["q"]) == 50
    with pytest.raises(Declined) as declined:
        match(parse_query({"credentials": [credential(claims=claims)]}), cards)
    assert declined.value.reason is Reason.NOTHING_FITS
    with pytest.raises(Declined) as nothing:
        match(parse_query(query), [])
    assert str(nothing.value) == str(declined.value)


def test_a_held_credential_keeps_its_claims_out_of_its_repr() -> None:
    assert "Markt" not in repr(held())
    assert "Markt" not in repr(found())
