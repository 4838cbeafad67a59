"""DCQL as it is read and written (OpenID4VP 1.0 sections 6 and 7)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from eigendata.encoding import Json, freeze, json_loads
from eigendata.errors import Malformed
from eigendata.query import ClaimsQuery, CredentialQuery, CredentialSetQuery, Query, language, parse_query
from tests.given import given
from tests.negatives import negative

META = {"vct_values": ["urn:example:person"]}


def credential(**members: Any) -> dict[str, Any]:
    return {"id": "person", "format": "dc+sd-jwt", "meta": META, **members}


def query(*credentials: Any, **members: Any) -> dict[str, Any]:
    return {"credentials": list(credentials or [credential()]), **members}


def claims(*paths: list[Any], **members: Any) -> dict[str, Any]:
    return credential(claims=[{"id": f"c{index}", "path": path} for index, path in enumerate(paths)], **members)


VALID = [
    query(),
    query(credential(multiple=True, require_cryptographic_holder_binding=False)),
    query(claims(["a"], ["b", None, 0, "c"], claim_sets=[["c0", "c1"], ["c1"]])),
    query(credential(claims=[{"path": ["a"], "values": ["x", 1, True, 0, -1]}])),
    query(credential(trusted_authorities=[{"type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]}])),
    query(credential(trusted_authorities=[{"type": "etsi_tl", "values": ["https://lotl.example"]}])),
    query(credential(trusted_authorities=[{"type": "something-new", "values": ["x"]}])),
    query(
        credential(),
        credential(id="other"),
        credential_sets=[{"options": [["person"], ["other"]]}, {"options": [["other"]], "required": False}],
    ),
    query({"id": "m", "format": "mso_mdoc", "meta": {"doctype_value": "d"}, "claims": [{"path": ["ns", "e"]}]}),
    query({"id": "w", "format": "ldp_vc", "meta": {"type_values": [["A", "B"], ["C"]]}}),
    query({"id": "w", "format": "jwt_vc_json", "meta": {"type_values": [["A"]]}}),
    query({"id": "n", "format": "some-format-to-come", "meta": {"anything": [1, {"x": None}]}}),
]


@pytest.mark.parametrize("value", VALID)
def test_a_query_is_written_as_it_was_read(value: dict[str, Any]) -> None:
    read = parse_query(value)
    assert read.to_json() == value
    assert parse_query(read.to_json()) == read
    assert parse_query(freeze(value)) == read


def test_unknown_members_are_ignored_everywhere() -> None:
    known = query(claims(["a"], claim_sets=[["c0"]]), credential_sets=[{"options": [["person"]]}])
    more = json.loads(json.dumps(known))
    more["x"] = more["credentials"][0]["x"] = more["credentials"][0]["claims"][0]["x"] = {"y": [1]}
    more["credentials"][0]["meta"]["x"] = more["credential_sets"][0]["purpose"] = 1
    assert parse_query(more) == parse_query(known)


@negative("NEG-DCQL-001")
@pytest.mark.parametrize(
    ("value", "where"),
    [
        # the query
        (None, ()),
        ([], ()),
        ({}, ("credentials",)),
        ({"credentials": []}, ("credentials",)),
        ({"credentials": {}}, ("credentials",)),
        ({"credentials": "person"}, ("credentials",)),
        (query(None), ("credentials", 0)),
        (query(credential(), credential()), ()),
        (query(credential_sets=[]), ("credential_sets",)),
        (query(credential_sets=None), ("credential_sets",)),
        # a credential
        (query(credential(id="")), ("credentials", 0)),
        (query(credential(id="a b")), ("credentials", 0)),
        (query(credential(id="a\n")), ("credentials", 0)),
        (query(credential(id="é")), ("credentials", 0)),
        (query(credential(id="٣")), ("credentials", 0)),
        (query(credential(id=1)), ("credentials", 0)),
        (query({"format": "dc+sd-jwt", "meta": META}), ("credentials", 0)),
        (query({"id": "a", "meta": META}), ("credentials", 0)),
        (query(credential(format="")), ("credentials", 0)),
        (query(credential(format=["dc+sd-jwt"])), ("credentials", 0)),
        (query({"id": "a", "format": "dc+sd-jwt"}), ("credentials", 0, "meta")),
        (query(credential(meta=[])), ("credentials", 0, "meta")),
        (query(credential(multiple=1)), ("credentials", 0)),
        (query(credential(multiple=None)), ("credentials", 0)),
        (query(credential(require_cryptographic_holder_binding="false")), ("credentials", 0)),
        (query(credential(require_cryptographic_holder_binding=0)), ("credentials", 0)),
        # meta, by format
        (query(credential(meta={})), ("credentials", 0, "meta", "vct_values")),
        (query(credential(meta={"vct_values": []})), ("credentials", 0, "meta", "vct_values")),
        (query(credential(meta={"vct_values": "x"})), ("credentials", 0, "meta", "vct_values")),
        (query(credential(meta={"vct_values": [""]})), ("credentials", 0, "meta", "vct_values", 0)),
        (query(credential(meta={"vct_values": ["a", 1]})), ("credentials", 0, "meta", "vct_values", 1)),
        (query({"id": "m", "format": "mso_mdoc", "meta": {}}), ("credentials", 0, "meta")),
        (query({"id": "m", "format": "mso_mdoc", "meta": {"doctype_value": ["d"]}}), ("credentials", 0, "meta")),
        (query({"id": "n", "format": "some-format-to-come"}), ("credentials", 0, "meta")),
        (
            query({"id": "w", "format": "ldp_vc", "meta": {"type_values": ["A"]}}),
            ("credentials", 0, "meta", "type_values", 0),
        ),
        (
            query({"id": "w", "format": "jwt_vc_json", "meta": {"type_values": [[]]}}),
            ("credentials", 0, "meta", "type_values", 0),
        ),
        # trusted authorities
        (query(credential(trusted_authorities=[])), ("credentials", 0, "trusted_authorities")),
        (query(credential(trusted_authorities=["aki"])), ("credentials", 0, "trusted_authorities", 0)),
        (query(credential(trusted_authorities=[{"values": ["x"]}])), ("credentials", 0, "trusted_authorities", 0)),
        (
            query(credential(trusted_authorities=[{"type": "etsi_tl", "values": []}])),
            ("credentials", 0, "trusted_authorities", 0, "values"),
        ),
        (
            query(credential(trusted_authorities=[{"type": "aki", "values": ["not base64url!"]}])),
            ("credentials", 0, "trusted_authorities", 0),
        ),
        # claims
        (query(credential(claims=[])), ("credentials", 0, "claims")),
        (query(credential(claims=None)), ("credentials", 0, "claims")),
        (query(credential(claims=[["a"]])), ("credentials", 0, "claims", 0)),
        (query(credential(claims=[{"id": "a"}])), ("credentials", 0, "claims", 0, "path")),
        (query(claims([])), ("credentials", 0, "claims", 0, "path")),
        (query(credential(claims=[{"path": "a"}])), ("credentials", 0, "claims", 0, "path")),
        (query(claims(["a", -1])), ("credentials", 0, "claims", 0, "path", 1)),
        (query(claims(["a", True])), ("credentials", 0, "claims", 0, "path", 1)),
        (query(claims(["a", False])), ("credentials", 0, "claims", 0, "path", 1)),
        (query(claims(["a", 1.0])), ("credentials", 0, "claims", 0, "path", 1)),
        (query(claims(["a", ["b"]])), ("credentials", 0, "claims", 0, "path", 1)),
        (query(claims(["a"] * 1000)), ("credentials", 0, "claims", 0, "path")),
        (query(credential(claims=[{"id": "", "path": ["a"]}])), ("credentials", 0, "claims", 0)),
        (query(credential(claims=[{"id": None, "path": ["a"]}])), ("credentials", 0, "claims", 0)),
        (
            query(credential(claims=[{"id": "a", "path": ["a"]}, {"id": "a", "path": ["b"]}])),
            ("credentials", 0),
        ),
        (query(credential(claims=[{"path": ["a"], "values": []}])), ("credentials", 0, "claims", 0, "values")),
        (query(credential(claims=[{"path": ["a"], "values": "x"}])), ("credentials", 0, "claims", 0, "values")),
        (
            query(credential(claims=[{"path": ["a"], "values": [1.5]}])),
            ("credentials", 0, "claims", 0, "values", 0),
        ),
        (
            query(credential(claims=[{"path": ["a"], "values": [1, None]}])),
            ("credentials", 0, "claims", 0, "values", 1),
        ),
        (query(credential(claims=[{"path": ["a"], "values": [{}]}])), ("credentials", 0, "claims", 0, "values", 0)),
        # claim sets
        (query(credential(claim_sets=[["a"]])), ("credentials", 0)),
        (query(claims(["a"], claim_sets=[])), ("credentials", 0, "claim_sets")),
        (query(claims(["a"], claim_sets=["c0"])), ("credentials", 0, "claim_sets", 0)),
        (query(claims(["a"], claim_sets=[[]])), ("credentials", 0, "claim_sets", 0)),
        (query(claims(["a"], claim_sets=[["c0"], ["c1"]])), ("credentials", 0, "claim_sets", 1)),
        (query(credential(claims=[{"path": ["a"]}], claim_sets=[["a"]])), ("credentials", 0)),
        # an mdoc's paths
        (
            query({"id": "m", "format": "mso_mdoc", "meta": {"doctype_value": "d"}, "claims": [{"path": ["ns"]}]}),
            ("credentials", 0, "claims", 0),
        ),
        (
            query(
                {"id": "m", "format": "mso_mdoc", "meta": {"doctype_value": "d"}, "claims": [{"path": ["ns", None]}]}
            ),
            ("credentials", 0, "claims", 0),
        ),
        # credential sets
        (query(credential_sets=[["person"]]), ("credential_sets", 0)),
        (query(credential_sets=[{}]), ("credential_sets", 0, "options")),
        (query(credential_sets=[{"options": []}]), ("credential_sets", 0, "options")),
        (query(credential_sets=[{"options": [[]]}]), ("credential_sets", 0, "options", 0)),
        (query(credential_sets=[{"options": ["person"]}]), ("credential_sets", 0, "options", 0)),
        (query(credential_sets=[{"options": [["nobody"]]}]), ("credential_sets", 0, "options", 0)),
        (query(credential_sets=[{"options": [["person"]], "required": "no"}]), ("credential_sets", 0)),
    ],
)
def test_what_is_not_a_query_is_malformed(value: Any, where: tuple[str | int, ...]) -> None:
    with pytest.raises(Malformed) as caught:
        parse_query(value)
    assert caught.value.where == where


def many(count: int, make: Callable[[int], Any]) -> list[Any]:
    return [make(index) for index in range(count)]


@pytest.mark.parametrize(
    ("fits", "too_many"),
    [
        [query(*many(count, lambda i: credential(id=f"c{i}"))) for count in (language.MAX_CREDENTIALS, 33)],
        [query(claims(*many(count, lambda i: [f"a{i}"]))) for count in (language.MAX_CLAIMS, 513)],
        [
            query(*({**claims(*many(count, lambda i: [f"a{i}"])), "id": name} for name in ("one", "other")))
            for count in (language.MAX_CLAIMS // 2, 257)
        ],
        [query(claims(["a"], claim_sets=[["c0"]] * count)) for count in (language.MAX_CLAIM_SETS, 65)],
        [
            query(claims(*many(129, lambda i: [f"a{i}"]), claim_sets=[many(size, lambda i: f"c{i}")] * 64))
            for size in (language.MAX_CLAIM_REFERENCES // 64, 129)
        ],
        [
            query(
                *(
                    {
                        **claims(*many(129, lambda i: [f"a{i}"]), claim_sets=[many(size, lambda i: f"c{i}")] * 32),
                        "id": name,
                    }
                    for name, size in (("one", 128), ("other", last))
                )
            )
            for last in (language.MAX_CLAIM_REFERENCES // 32 - 128, 129)
        ],
        [query(credential_sets=[{"options": [["person"]]}] * count) for count in (language.MAX_CREDENTIAL_SETS, 33)],
        [query(credential_sets=[{"options": [["person"]] * count}]) for count in (language.MAX_CREDENTIAL_SETS, 33)],
        [
            query(credential(claims=[{"path": ["birthdate"], "values": many(count, str)}]))
            for count in (language.MAX_VALUES, 101)
        ],
        [query(claims(["a"] * count)) for count in (language.MAX_PATH, 33)],
        [query(credential(id="a" * count)) for count in (language.MAX_TEXT, 2049)],
        [
            query(credential(claims=[{"path": ["birthdate"], "values": ["a" * count]}]))
            for count in (language.MAX_TEXT, 2049)
        ],
        [query(claims(["a" * count])) for count in (language.MAX_TEXT, 2049)],
    ],
)
def test_sizes_are_bounded(fits: dict[str, Any], too_many: dict[str, Any]) -> None:
    parse_query(fits)
    with pytest.raises(Malformed):
        parse_query(too_many)


@pytest.mark.parametrize("meta", [{}, {"vct_values": 5}, {"vct_values": None}, {"vct_values": [1, None]}])
def test_a_query_made_by_hand_names_no_types_where_it_names_none(meta: dict[str, Any]) -> None:
    assert CredentialQuery(id="q", format="dc+sd-jwt", meta=meta).type_ids == ()
    assert CredentialQuery(id="q", format="mso_mdoc", meta=meta).type_ids == ()
    assert CredentialQuery(id="q", format="ldp_vc", meta=meta).type_ids == ()


def test_a_query_made_by_hand_names_the_types_that_stand_alone_in_a_list_or_a_tuple() -> None:
    for alone in ([["A"]], (("A",),)):
        assert CredentialQuery(id="q", format="ldp_vc", meta={"type_values": alone}).type_ids == ("A",)


def test_a_query_for_one_is_not_a_query_for_true() -> None:
    assert ClaimsQuery(path=("a",), values=(1,)) != ClaimsQuery(path=("a",), values=(True,))
    assert ClaimsQuery(path=("a",), values=(1,)) == ClaimsQuery(path=("a",), values=(1,))
    assert ClaimsQuery(path=("a",)) != ("a",)
    assert len({ClaimsQuery(path=("a", 0)), ClaimsQuery(path=("a", 0)), ClaimsQuery(path=("a", None))}) == 2


def test_a_name_in_a_path_is_not_taken_for_where_the_values_begin() -> None:
    assert ClaimsQuery(path=("a", "=", "b")) != ClaimsQuery(path=("a",), values=("b", "="))
    assert ClaimsQuery(path=("a", "b")) != ClaimsQuery(path=("a",), values=("b",))


def test_a_query_can_be_compared_and_hashed_whoever_wrote_it() -> None:
    by_hand = Query(
        credentials=(
            CredentialQuery(
                id="person",
                format="dc+sd-jwt",
                meta={"vct_values": ["urn:example:person"]},
                claims=(ClaimsQuery(path=("a",)),),
            ),
        )
    )
    read = parse_query(query(credential(claims=[{"path": ["a"]}])))
    assert by_hand == read
    assert hash(by_hand) == hash(read)


def test_a_credential_set_made_by_hand_is_required_like_one_that_does_not_say() -> None:
    read = parse_query({**query(credential()), "credential_sets": [{"options": [["person"]]}]})
    by_hand = CredentialSetQuery(options=(("person",),))
    assert by_hand.required
    assert read.credential_sets == (by_hand,)


def test_only_formats_whose_types_have_one_name_name_types() -> None:
    assert parse_query(VALID[0]).credentials[0].type_ids == ("urn:example:person",)
    assert [parse_query(one).credentials[0].type_ids for one in VALID[-4:]] == [("d",), ("C",), (), ()]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_official_queries_are_read_whole(version: str) -> None:
    files = sorted(given(f"vectors/openid4vp/{version}/query_lang").glob("*.json"))
    files += sorted(given(f"vectors/openid4vp/{version}/request").glob("dcql*.json"))
    assert len(files) == 9
    for file in files:
        value = json_loads(file.read_bytes())
        assert parse_query(value).to_json() == value, file.name


@pytest.mark.cost
@pytest.mark.parametrize(
    "hostile",
    [
        {"credentials": [None] * 500_000},
        {"credentials": [credential(claims=[{"path": [0]}] * 100_000)]},
        {"credentials": [claims(["a"], claim_sets=[["c0"] * 500] * 400)]},
        {"credentials": [credential(id="a" * 1_000_000)]},
        {"credentials": [credential()], "credential_sets": [{"options": [["person"] * 100_000]}]},
    ],
)
def test_a_hostile_query_costs_little(hostile: Any) -> None:
    before = time.process_time()
    with pytest.raises(Malformed):
        parse_query(hostile)
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    ("type_values", "names"),
    [
        ([["urn:a"]], ("urn:a",)),
        ([["https://www.w3.org/2018/credentials#VerifiableCredential", "urn:a"], ["urn:b"]], ("urn:a", "urn:b")),
        ([["urn:a"], ["urn:a"]], ("urn:a",)),
        ([["urn:a", "urn:b"], ["urn:c"]], ("urn:c",)),
        ([["https://www.w3.org/2018/credentials#VerifiableCredential"]], ()),
    ],
)
def test_a_w3c_credential_answers_for_the_one_type_that_it_is_of(
    type_values: list[list[str]], names: tuple[str, ...]
) -> None:
    asked = query({"id": "w", "format": "ldp_vc", "meta": {"type_values": type_values}})
    assert parse_query(asked).credentials[0].type_ids == names


def test_a_claim_says_whether_it_is_kept_in_an_mdoc_alone() -> None:
    asked: list[tuple[str, Json, list[Json]]] = [
        ("mso_mdoc", {"doctype_value": "d"}, ["n", "e"]),
        ("dc+sd-jwt", {"vct_values": ["v"]}, ["n"]),
    ]
    for name, meta, path in asked:
        for said in (True, False, None):
            claim: dict[str, Json] = {"path": path, **({} if said is None else {"intent_to_retain": said})}
            query = parse_query({"credentials": [{"id": "q", "format": name, "meta": meta, "claims": [claim]}]})
            expected = said if name == "mso_mdoc" else None
            assert query.credentials[0].claims[0].intent_to_retain is expected
            assert parse_query(query.to_json()) == query
    several: list[Json] = [1, "true", None, []]
    for wrong in several:
        claims: list[Json] = [{"path": ["n", "e"], "intent_to_retain": wrong}]
        with pytest.raises(Malformed):
            parse_query(
                {"credentials": [{"id": "q", "format": "mso_mdoc", "meta": {"doctype_value": "d"}, "claims": claims}]}
            )
