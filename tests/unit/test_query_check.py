"""Whether an answer is what was asked: each check breaks alone (OpenID4VP 1.0 sections 6.4, 8.6 and 14.9)."""

from __future__ import annotations

import time
from itertools import combinations
from typing import Any

import pytest

from eigendata.encoding import Json, b64url_encode, freeze
from eigendata.errors import Outcome, Reason, Rejected, Trail
from eigendata.model import ClaimPath
from eigendata.query import (
    ANSWER_CHECKS,
    FIT_CHECKS,
    CredentialQuery,
    Query,
    parse_query,
    require_answered,
    require_fits,
)
from eigendata.query.check import (
    ASKED,
    AUTHORITY_ASKED,
    CLAIMS_THERE,
    COMPLETE,
    COUNTED,
    NO_CLAIM_MORE,
    NO_CREDENTIAL_MORE,
    TYPE_ASKED,
    VALUES_MATCH,
)
from tests.negatives import negative

PERSON = "urn:example:person"


def credential(id: str = "q", **members: Any) -> dict[str, Any]:
    return {"id": id, "format": "dc+sd-jwt", "meta": {"vct_values": [PERSON]}, **members}


def one(**members: Any) -> CredentialQuery:
    return parse_query({"credentials": [credential(**members)]}).credentials[0]


def asking(*paths: list[Any], **members: Any) -> CredentialQuery:
    return one(claims=[{"id": f"c{index}", "path": path} for index, path in enumerate(paths)], **members)


def fits(
    query: CredentialQuery,
    document: dict[str, Json],
    *revealed: ClaimPath,
    type_id: str = PERSON,
    authorities: tuple[bytes, ...] = (b"authority",),
    beside: tuple[CredentialQuery, ...] = (),
) -> tuple[ClaimPath, ...]:
    trail = Trail()
    frozen: Any = freeze(document)
    paths = require_fits(query, frozen, revealed, type_id, authorities, trail, beside=beside)
    assert tuple(step.check for step in trail.done()) == FIT_CHECKS
    return paths


def rejected_by(
    check: Any, query: CredentialQuery, document: dict[str, Json], *revealed: ClaimPath, **more: Any
) -> None:
    with pytest.raises(Rejected) as caught:
        fits(query, document, *revealed, **more)
    assert caught.value.check is check
    assert caught.value.reason is Reason.QUERY_NOT_SATISFIED
    assert tuple(step.check for step in caught.value.trail) == FIT_CHECKS[: FIT_CHECKS.index(check)]


# -- the answer as a whole --------------------------------------------------------------------------------------------


def query_of(names: str, *sets: Any, multiple: str = "") -> Query:
    value: dict[str, Any] = {"credentials": [credential(name, multiple=name in multiple) for name in names]}
    if sets:
        value["credential_sets"] = list(sets)
    return parse_query(value)


def options(*alternatives: str, required: bool = True) -> dict[str, Any]:
    return {"options": [list(names) for names in alternatives], "required": required}


def answered(query: Query, answer: str) -> None:
    trail = Trail()
    require_answered(query, {name: [b"token %d" % one for one in range(answer.count(name))] for name in answer}, trail)
    assert tuple(step.check for step in trail.done()) == ANSWER_CHECKS


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (query_of("a"), "a"),
        (query_of("ab"), "ba"),
        (query_of("ab", multiple="b"), "abb"),
        (query_of("abc", options("ab", "c")), "ab"),
        (query_of("abc", options("ab", "c")), "c"),
        (query_of("abc", options("ab", "a")), "a"),
        (query_of("ab", options("a", "b"), options("b", "a")), "ab"),
        (query_of("ab", options("a", "b"), options("a")), "ab"),
        (query_of("ab", options("a", "b"), options("b")), "ab"),
        (query_of("ab", options("a"), options("b", required=False)), "a"),
        (query_of("ab", options("a"), options("b", required=False)), "ab"),
        (query_of("a", options("a", required=False)), ""),
    ],
)
def test_an_answer_that_holds_what_was_asked_is_complete(query: Query, answer: str) -> None:
    answered(query, answer)


@pytest.mark.parametrize(
    ("check", "query", "answer"),
    [
        (ASKED, query_of("a"), "ax"),
        (COUNTED, query_of("ab"), "aab"),
        (COMPLETE, query_of("ab"), "a"),
        (COMPLETE, query_of("ab"), ""),
        (COMPLETE, query_of("abc", options("ab", "c")), "a"),
        (COMPLETE, query_of("ab", options("a"), options("b")), "b"),
        (NO_CREDENTIAL_MORE, query_of("ab", options("a")), "ab"),
        (NO_CREDENTIAL_MORE, query_of("ab", options("a", "b")), "ab"),
        (NO_CREDENTIAL_MORE, query_of("abc", options("a"), options("bc", required=False)), "ab"),
        (NO_CREDENTIAL_MORE, query_of("abc", options("a", "b", "c"), options("a", "b")), "abc"),
    ],
)
def test_an_answer_that_holds_less_or_more_is_rejected(check: Any, query: Query, answer: str) -> None:
    with pytest.raises(Rejected) as caught:
        answered(query, answer)
    assert caught.value.check is check
    assert caught.value.reason is Reason.QUERY_NOT_SATISFIED


def test_a_query_without_presentations_is_not_answered() -> None:
    with pytest.raises(Rejected) as caught:
        require_answered(query_of("a"), {"a": ()}, Trail())
    assert caught.value.check is COUNTED


def test_a_query_that_allows_several_is_not_answered_by_none() -> None:
    query = parse_query({"credentials": [{**credential("a"), "multiple": True}]})
    require_answered(query, {"a": (b"one", b"other")}, Trail())
    with pytest.raises(Rejected) as caught:
        require_answered(query, {"a": ()}, Trail())
    assert caught.value.check is COUNTED


def test_whoever_gives_all_of_many_sets_that_could_do_with_less_has_answered() -> None:
    names = [f"c{index}" for index in range(32)]
    sets = [{"options": [[names[index]], [names[index], names[index + 16]]]} for index in range(16)]
    query = parse_query({"credentials": [credential(name) for name in names], "credential_sets": sets})
    require_answered(query, dict.fromkeys(names, (b"token",)), Trail())


def test_many_ways_to_give_less_do_not_hide_the_one_way_that_was_taken() -> None:
    first, second = ([f"{letter}{index}" for index in range(10)] for letter in "ab")
    fewer = [[list(some) for size in (10, 9, 8) for some in combinations(names, size)] for names in (first, second)]
    sets = [{"options": [*fewer[0][:31], ["z"]]}, {"options": fewer[1][:32]}, {"options": [first]}]
    names = [*first, *second, "z"]
    query = parse_query({"credentials": [credential(name) for name in names], "credential_sets": sets})
    require_answered(query, dict.fromkeys(names, (b"token",)), Trail())


def test_an_entangled_query_costs_little() -> None:
    names = [f"c{index}" for index in range(32)]
    sets = [{"options": [[names[index]], [names[index + 16]]]} for index in range(16)]
    query = parse_query({"credentials": [credential(name) for name in names], "credential_sets": sets})
    before = time.process_time()
    require_answered(query, dict.fromkeys(names[:16], (b"token",)), Trail())
    with pytest.raises(Rejected):  # 65536 choices, and none of them shows both of a pair
        require_answered(query, dict.fromkeys(names, (b"token",)), Trail())
    assert time.process_time() - before < 1


# -- one credential ---------------------------------------------------------------------------------------------------


def test_what_was_asked_fits_and_its_paths_come_back_as_they_were_asked() -> None:
    query = asking(["name"], ["nationalities", None])
    assert fits(query, {"name": "A", "nationalities": ["NL"]}, ("name",), ("nationalities",), ("nationalities", 0)) == (
        ("name",),
        ("nationalities", None),
    )


def test_without_claims_only_what_is_always_shown_fits() -> None:
    assert fits(one(), {"always": 1}) == ()
    rejected_by(NO_CLAIM_MORE, one(), {"always": 1, "name": "A"}, ("name",))


def test_a_credential_of_another_type_is_rejected() -> None:
    rejected_by(TYPE_ASKED, one(), {}, type_id="urn:example:person:2")


def test_a_format_without_type_names_is_rejected() -> None:
    query = parse_query({"credentials": [{"id": "q", "format": "x", "meta": {"vct_values": [PERSON]}}]}).credentials[0]
    rejected_by(TYPE_ASKED, query, {})


@negative("NEG-DCQL-004")
def test_an_issuer_of_another_authority_is_rejected() -> None:
    query = one(trusted_authorities=[{"type": "aki", "values": [b64url_encode(b"authority")]}])
    assert fits(query, {}, authorities=(b"other", b"authority")) == ()
    rejected_by(AUTHORITY_ASKED, query, {}, authorities=(b"other",))
    rejected_by(AUTHORITY_ASKED, query, {}, authorities=())
    rejected_by(AUTHORITY_ASKED, one(trusted_authorities=[{"type": "etsi_tl", "values": ["x"]}]), {})


def test_indices_of_another_array_make_no_room_in_this_one() -> None:
    document: dict[str, Json] = {"a": [1, 2], "b": [3]}
    query = asking(["a", 1], ["b", 0])  # an element of `a` before it may have been withheld
    fits(query, document, ("a", 1), ("b", 0))
    fits(query, document, ("a", 0), ("b", 0))
    rejected_by(NO_CLAIM_MORE, query, document, ("a", 0), ("a", 1), ("b", 0))


def test_indices_inside_another_element_make_no_room_in_this_one() -> None:
    document: dict[str, Json] = {"a": [[1], [2, 3]]}
    query = asking(["a", 0, 0], ["a", 1, 1])
    fits(query, document, ("a", 0, 0), ("a", 1, 1))
    fits(query, document, ("a", 0, 0), ("a", 1, 0))
    rejected_by(NO_CLAIM_MORE, query, document, ("a", 0, 0), ("a", 1, 0), ("a", 1, 1))
    fits(asking(["a", 1, 1]), document, ("a", 1, 1), beside=(asking(["a", "name"]),))


def test_each_index_that_is_asked_is_an_element_of_its_own() -> None:
    both = asking(["a", 0, None], ["a", 1, None])
    fits(both, {"a": [[1], [2]]}, ("a", 0), ("a", 1))
    rejected_by(CLAIMS_THERE, both, {"a": [[1]]}, ("a", 0))


@pytest.mark.parametrize(
    ("path", "document"),
    [
        (["name"], {}),
        (["address", "street"], {"address": {}}),
        (["address", "street"], {"address": "Markt 1"}),
        (["address", "street"], {"address": [{"street": "Markt"}]}),
        (["name", None], {"name": "A"}),
        (["name", 0], {"name": "A"}),
        (["address", 0], {"address": {"0": "A"}}),
        (["list", None], {"list": []}),
        (["list", 0], {"list": []}),
        (["list", "0"], {"list": ["A"]}),
        (["list", None, "kind"], {"list": [{"year": 1}]}),
        (["list", None, "kind"], {"list": [{"kind": 1}, 5]}),
    ],
)
def test_a_claim_that_was_asked_and_is_not_there_is_missed(path: list[Any], document: dict[str, Json]) -> None:
    rejected_by(CLAIMS_THERE, asking(path), document)


@negative("NEG-DCQL-003")
@pytest.mark.parametrize("value", ["18", 1, 18.0, None, [18], {"18": 18}, True])
def test_a_value_of_another_type_does_not_match(value: Json) -> None:
    query = one(claims=[{"path": ["age"], "values": [18]}])
    rejected_by(VALUES_MATCH, query, {"age": value}, ("age",))
    assert fits(query, {"age": 18}, ("age",)) == (("age",),)


@negative("NEG-DCQL-003")
def test_true_is_not_one() -> None:
    rejected_by(VALUES_MATCH, one(claims=[{"path": ["adult"], "values": [True]}]), {"adult": 1})
    rejected_by(VALUES_MATCH, one(claims=[{"path": ["adult"], "values": [1]}]), {"adult": True})


def test_of_an_array_one_expected_value_is_enough_and_no_other_is_chosen() -> None:
    query = one(claims=[{"path": ["list", None], "values": ["NL", "MA"]}])
    assert fits(query, {"list": ["NL"]}, ("list", 0)) == (("list", None),)
    assert fits(query, {"list": ["BE", "NL"]}, ("list", 1)) == (("list", None),)  # the first is always shown
    rejected_by(NO_CLAIM_MORE, query, {"list": ["BE", "NL"]}, ("list", 0), ("list", 1))
    rejected_by(VALUES_MATCH, query, {"list": ["BE"]})


@pytest.mark.parametrize(
    ("document", "extra"),
    [
        ({"name": "A", "age": 41}, ("age",)),
        ({"name": "A", "address": {}}, ("address",)),
        ({"name": "A", "address": {"street": "Markt"}}, ("address", "street")),
        ({"name": "A", "list": ["NL"]}, ("list", 0)),
    ],
)
def test_a_claim_that_was_not_asked_is_one_too_many(document: dict[str, Json], extra: ClaimPath) -> None:
    assert fits(asking(["name"]), document, ("name",)) == (("name",),)
    rejected_by(NO_CLAIM_MORE, asking(["name"]), document, ("name",), extra)


def test_what_leads_to_a_claim_and_what_is_part_of_it_was_asked_with_it() -> None:
    document: dict[str, Json] = {"address": {"street": {"name": "Markt"}, "number": 1}}
    leading: list[ClaimPath] = [("address",), ("address", "street")]
    part: ClaimPath = ("address", "street", "name")
    assert fits(asking(["address", "street"]), document, *leading, part)
    assert fits(asking(["address", "street", "name"]), document, *leading, part)
    rejected_by(NO_CLAIM_MORE, asking(["address", "street"]), document, *leading, part, ("address", "number"))


def test_an_element_without_the_claim_that_was_asked_is_one_too_many() -> None:
    query = asking(["degrees", None, "kind"])
    document: dict[str, Json] = {"degrees": [{"kind": "a"}, {"year": 1}]}
    assert fits(query, document, ("degrees",), ("degrees", 0), ("degrees", 0, "kind"))
    rejected_by(NO_CLAIM_MORE, query, document, ("degrees", 0), ("degrees", 1))


def test_the_first_option_that_fits_is_the_answer() -> None:
    query = asking(["name"], ["age"], ["adult"], claim_sets=[["c0", "c1"], ["c2"], ["c0"]])
    assert fits(query, {"adult": True}, ("adult",)) == (("adult",),)
    assert fits(query, {"name": "A", "age": 1}, ("name",), ("age",)) == (("name",), ("age",))
    assert fits(query, {"name": "A", "adult": True}, ("name",)) == (("name",),)  # `adult` is always shown
    rejected_by(CLAIMS_THERE, query, {"age": 1}, ("age",))
    rejected_by(NO_CLAIM_MORE, query, {"name": "A", "adult": True}, ("name",), ("adult",))


def test_a_second_query_for_the_same_claim_is_ignored() -> None:
    query = one(claims=[{"path": ["age"], "values": [41]}, {"path": ["age"], "values": [42]}])
    assert fits(query, {"age": 41}, ("age",)) == (("age",),)
    rejected_by(VALUES_MATCH, query, {"age": 42}, ("age",))


def test_one_presentation_may_show_what_two_queries_ask_of_it() -> None:
    document: dict[str, Json] = {"name": "A", "age": 41}
    rejected_by(NO_CLAIM_MORE, asking(["name"]), document, ("name",), ("age",))
    assert fits(asking(["name"]), document, ("name",), ("age",), beside=(asking(["age"]),)) == (("name",),)
    rejected_by(NO_CLAIM_MORE, asking(["name"]), document, ("name",), ("age",), beside=(asking(["x"]),))


# -- indices ----------------------------------------------------------------------------------------------------------


def test_a_later_element_may_come_at_an_earlier_place() -> None:
    query = asking(["list", 2])
    for length in (1, 2, 3):
        assert fits(query, {"list": ["x"] * length}, ("list", length - 1)) == (("list", 2),)
    rejected_by(NO_CLAIM_MORE, query, {"list": ["x"] * 4}, ("list", 3))
    rejected_by(NO_CLAIM_MORE, query, {"list": ["x", "y"]}, ("list", 0), ("list", 1))


def test_as_many_elements_come_as_indices_were_asked() -> None:
    query = asking(["list", 0], ["list", 2])
    assert fits(query, {"list": ["x", "y"]}, ("list", 0), ("list", 1))
    rejected_by(CLAIMS_THERE, query, {"list": ["x"]}, ("list", 0))
    rejected_by(NO_CLAIM_MORE, query, {"list": ["x", "y", "z"]}, ("list", 0), ("list", 1), ("list", 2))


def test_an_index_inside_an_index_is_counted_in_its_own_array() -> None:
    query = asking(["grid", 1, 0], ["grid", 1, 1])
    assert fits(query, {"grid": [["x", "y"]]}, ("grid", 0), ("grid", 0, 0), ("grid", 0, 1))
    rejected_by(CLAIMS_THERE, query, {"grid": [["x"]]}, ("grid", 0), ("grid", 0, 0))
    rejected_by(
        NO_CLAIM_MORE, query, {"grid": [["x", "y"], ["z"]]}, ("grid", 0), ("grid", 0, 0), ("grid", 0, 1), ("grid", 1)
    )


def test_after_a_null_an_index_says_nothing_about_its_neighbours() -> None:
    query = asking(["grid", None, 0, "a"], ["grid", None, 1, "b"])
    # in the first array element 0 had no `a`, so only element 1 came, at place 0
    document: dict[str, Json] = {"grid": [[{"b": 1}], [{"a": 1}]]}
    assert fits(query, document, ("grid", 0, 0), ("grid", 1, 0))


def test_an_index_does_not_stumble_over_what_lies_before_it() -> None:
    assert fits(asking(["mixed", 1, "kind"]), {"mixed": ["always shown", {"kind": 1}]}, ("mixed", 1))


def test_every_element_and_an_index_may_be_asked_together() -> None:
    query = asking(["list", None], ["list", 1])
    assert fits(query, {"list": ["x", "y", "z"]}, ("list", 0), ("list", 1), ("list", 2))
    whole = asking(["list"], ["list", 1])
    assert fits(whole, {"list": ["x", "y", "z"]}, ("list",), ("list", 0), ("list", 1), ("list", 2))


def test_a_trail_says_what_did_not_apply() -> None:
    trail = Trail()
    require_fits(one(), {}, (), PERSON, (), trail)
    outcomes = {step.check: step.outcome for step in trail.done()}
    assert outcomes[AUTHORITY_ASKED] is Outcome.NOT_APPLICABLE
    assert outcomes[VALUES_MATCH] is Outcome.NOT_APPLICABLE
    assert outcomes[TYPE_ASKED] is Outcome.PASSED
