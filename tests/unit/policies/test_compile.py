"""A policy's questions become one query, the same each time, that everyone who may be asked can answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, combinations
from typing import cast

import pytest

from eigendata import policies
from eigendata.encoding import Json, json_dumps
from eigendata.errors import Declined, Misuse, Reason
from eigendata.formats import FORMATS, PREFERRED, only
from eigendata.formats.protocol import Format
from eigendata.model import Attribute, ClaimPath, Claims, CredentialType
from eigendata.policies import Compiled, Policy
from eigendata.policies.compile import MAX_OPTIONS, Wanted, compile_query
from eigendata.query import Held, match, parse_query
from eigendata.registers.catalogue import CATALOGUE
from tests.unit.policies.samples import FOREIGN, HOME, HOUSE, NAMELESS, PERSON, TYPES, changed, claim, own, read

ALONE = only(PREFERRED)
NAMES = (("family_name",), ("given_name",), ("birthdate",))
HOUSING_HOME: Claims = {"household_size": [2, 4], "binding": True}


def compiled(policy: Policy | None = None, home: Claims = HOME) -> Compiled:
    return (policy or read()).compile(home, types=TYPES, formats=ALONE)


def housing(home: Claims = HOUSING_HOME) -> Compiled:
    return policies.load("woningcorporatie/B").compile(home, types=CATALOGUE, formats=ALONE)


def paths(compiled: Compiled, id: str, option: int | None = None) -> set[ClaimPath]:
    query = compiled.query.credential(id)
    assert query is not None
    ids = None if option is None or not query.claim_sets else query.claim_sets[option]
    return {one.path for one in query.claims if ids is None or one.id in ids}


# -- what is asked ----------------------------------------------------------------------------------------------------


def test_policy_b_asks_who_what_size_and_the_local_tie() -> None:
    asked = housing()
    assert [one.id for one in asked.query.credentials] == ["persoon", "inwoner", "huishouden"]
    beside = {*NAMES, ("as_of",), ("set",)}
    assert paths(asked, "persoon", 0) == beside
    assert paths(asked, "inwoner", 0) == beside | {("local_tie_6y",)}
    assert paths(asked, "huishouden", 0) == beside | {("household_size",)}
    assert not asked.query.credential_sets


def test_the_local_tie_is_asked_only_where_the_home_has_binding() -> None:
    asked = housing({**HOUSING_HOME, "binding": False})
    assert [one.id for one in asked.query.credentials] == ["persoon", "huishouden"]


def test_policy_a_asks_an_age_and_nothing_that_says_who() -> None:
    policy = policies.load("woningcorporatie/A")
    alone = policy.compile({}, types=CATALOGUE, formats=ALONE)
    assert paths(alone, "persoon") == {("age_over_18",), ("absent", "age_over_18"), ("as_of",)}
    both = policy.compile({"municipalities": ["0757"]}, types=CATALOGUE, formats=ALONE)
    assert paths(both, "persoon", 0) == {("age_over_18",), ("as_of",), ("set",)}
    assert paths(both, "inwoner", 0) == {("municipality", "code"), ("as_of",), ("set",)}


def test_the_permit_desk_asks_name_and_address() -> None:
    asked = policies.load("omgevingsloket/burger").compile({}, types=CATALOGUE, formats=ALONE)
    assert paths(asked, "persoon", 0) == {("family_name",), ("given_name",), ("as_of",), ("set",)}
    tops = {str(path[0]) for path in paths(asked, "adres")}
    assert tops == {"address", "bag_vbo", "absent", "as_of", "set"}


# -- absences ---------------------------------------------------------------------------------------------------------


def _sets(compiled: Compiled, id: str) -> list[tuple[str, ...]]:
    query = compiled.query.credential(id)
    assert query is not None
    return list(query.claim_sets)


def test_the_first_option_asks_all_and_the_others_have_ever_more_absences() -> None:
    options = _sets(housing(), "inwoner")
    absences = [sum(one.startswith("absent-") for one in option) for option in options]
    assert len(options) == len(set(options)) == 16
    assert absences == sorted(absences)
    assert absences[0] == 0
    assert options[1] == ("family_name", "given_name", "birthdate", "absent-local_tie_6y", "as_of", "set")


def test_set_and_as_of_stand_in_every_option_and_are_no_alternative() -> None:
    for question in ("persoon", "inwoner", "huishouden"):
        assert all({"set", "as_of"} <= set(option) for option in _sets(housing(), question))


def test_a_claim_with_parts_is_absent_as_a_whole() -> None:
    asked = policies.load("omgevingsloket/burger").compile({}, types=CATALOGUE, formats=ALONE)
    options = _sets(asked, "adres")
    assert len(options) == 4
    assert ("bag_vbo", "absent-address", "as_of", "set") in options


def _nested(claims: Iterable[tuple[ClaimPath, Json]]) -> Claims:
    document: dict[str, Json] = {}
    for path, value in claims:
        here = document
        for name in path[:-1]:
            inner = here.setdefault(str(name), {})
            assert isinstance(inner, dict)
            here = inner
        here[str(path[-1])] = value
    return document


def _held(type: CredentialType, absent: frozenset[str], set_: str = "s") -> Held:
    """Hold what an issuer gives where these claims have to be left out."""
    claims: list[tuple[ClaimPath, Json]] = []
    for one in type.attributes:
        if one.path[0] == "absent":
            claims += [(one.path, True)] if one.path[1] in absent else []
        elif one.path[0] not in absent:
            claims.append((one.path, set_ if one.path == ("set",) else "x"))
    return Held(
        id=type.short, format="dc+sd-jwt", type_id=type.id, document=_nested(claims), authority_key_ids=(), bound=True
    )


@pytest.mark.parametrize("name", policies.shipped())
def test_whatever_is_absent_the_person_can_still_answer(name: str) -> None:
    policy = policies.load(name)
    home = HOUSING_HOME if name.endswith("B") else {"municipalities": ["0757"]} if name.endswith("A") else {}
    asked = policy.compile(home, types=CATALOGUE, formats=ALONE)
    for question in asked.questions:
        declared = CATALOGUE[question.type]
        tops = sorted({str(path[1]) for path in question.paths if path[0] == "absent"})
        for absent in chain.from_iterable(combinations(tops, count) for count in range(len(tops) + 1)):
            held = [_held(one, frozenset(absent) if one is declared else frozenset()) for one in CATALOGUE.values()]
            shown = match(asked.query, held).select()
            ((card, revealed),) = shown[question.queries["dc+sd-jwt"]]
            assert card == declared.short
            assert {path[1] for path in revealed if path[0] == "absent"} == set(absent)


# -- what ties the answers --------------------------------------------------------------------------------------------


def test_one_question_alone_is_not_tied() -> None:
    only = read(changed(('types = ["house"]', 'types = ["house"]\nonly_if = "home.local"')))
    asked = compiled(only, {**HOME, "local": False})
    assert paths(asked, "person") == {*NAMES, *(("absent", *name) for name in NAMES), ("as_of",)}


def test_a_foreign_type_that_answers_alone_is_not_asked_for_matching_claims() -> None:
    text = changed(
        ('ask = ["family_name", "given_name", "birthdate"]', 'ask = ["family_name"]'),
        ('types = ["person"]', 'types = ["person", "pid"]\nundated = true'),
        ('types = ["house"]', 'types = ["house"]\nonly_if = "home.local"'),
    )
    asked = compiled(read(text), {**HOME, "local": False})
    assert paths(asked, "person-1", 0) == {("family_name",), ("as_of",)}
    assert paths(asked, "person-2") == {("family_name",)}


def test_what_identifies_is_not_asked_where_its_question_is_not() -> None:
    changes = (
        ('types = ["person"]', 'types = ["person"]\nonly_if = "home.local"'),
        ('ask = ["size", "own", "town"]', 'ask = ["size", "own", "town"]\nidentify = ["town"]'),
    )
    policy = read(changed(*changes))
    assert set(policy.asked(HOME)) == {"person", "house"}
    assert set(policy.asked({**HOME, "local": False})) == {"house"}  # the one that follows is asked


def test_how_old_the_source_is_is_asked_only_where_the_policy_sets_an_age() -> None:
    asked = compiled(read(changed(("max_source_age_days = 14\n", ""))))
    assert ("as_of",) in paths(compiled(), "house")
    assert ("as_of",) not in paths(asked, "house")


def test_matching_claims_are_asked_of_all_where_a_foreign_type_may_answer() -> None:
    text = changed(
        ('ask = ["family_name", "given_name", "birthdate"]', 'ask = ["family_name"]'),
        ('types = ["person"]', 'types = ["person", "pid"]\nundated = true'),
    )
    asked = compiled(read(text))
    assert paths(asked, "house", 0) == {("size",), ("own",), ("town",), *NAMES, ("as_of",), ("set",)}
    assert paths(asked, "person-1", 0) == {*NAMES, ("as_of",), ("set",)}
    assert paths(asked, "person-2") == set(NAMES)
    assert not _sets(asked, "person-2")


def test_matching_claims_are_not_asked_of_our_own_types_where_no_name_is_asked() -> None:
    text = changed(('ask = ["family_name", "given_name", "birthdate"]', 'ask = ["family_name", "given_name"]'))
    assert paths(compiled(read(text)), "house", 0) == {("size",), ("own",), ("town",), ("as_of",), ("set",)}


# -- alternatives and formats -----------------------------------------------------------------------------------------


def test_a_question_fans_out_to_each_type_and_format_as_alternatives() -> None:
    policy = read(changed(('types = ["person"]', 'types = ["person", "pid"]\nundated = true')))
    other = _renamed("mso_mdoc")
    asked = policy.compile(HOME, types=TYPES, formats={**ALONE, other.name: other})
    assert [one.id for one in asked.query.credentials] == [f"person-{n}" for n in (1, 2, 3, 4)] + ["house-1", "house-2"]
    assert [one.options for one in asked.query.credential_sets] == [
        (("person-1",), ("person-2",), ("person-3",), ("person-4",)),
        (("house-1",), ("house-2",)),
    ]
    assert [(one.id, one.type) for one in asked.questions] == [
        ("person", "urn:test:person:1"),
        ("person", "urn:foreign:pid:1"),
        ("house", "urn:test:house:1"),
    ]
    assert asked.questions[1].queries == {"dc+sd-jwt": "person-3", "mso_mdoc": "person-4"}
    mdoc = asked.query.credential("person-4")
    assert mdoc is not None
    assert mdoc.meta == {"doctype_value": FOREIGN.id}
    assert mdoc.claims[0].path == ("ns", "family_name")


def test_an_optional_question_is_an_optional_credential_set() -> None:
    asked = compiled(read(changed(('types = ["house"]', 'types = ["house"]\noptional = true'))))
    assert [(one.options, one.required) for one in asked.query.credential_sets] == [
        ((("person",),), True),
        ((("house",),), False),
    ]


def test_credential_sets_are_there_wherever_the_alternative_stands() -> None:
    asked = compiled(read(changed(('types = ["person"]', 'types = ["person"]\noptional = true'))))
    assert [one.required for one in asked.query.credential_sets] == [False, True]


def test_what_a_policy_asks_itself_is_not_asked_twice() -> None:
    one = Wanted(id="person", types=(PERSON,), paths=(("as_of",), ("set",)), tied=True, dated=True)
    (asked,) = compile_query([one], ALONE).query.credentials
    assert [claim.path for claim in asked.claims] == [("as_of",), ("set",)]


def test_a_claim_that_a_type_does_not_declare_is_asked_where_the_policy_says() -> None:
    one = Wanted(id="person", types=(PERSON,), paths=(("shoe", "size"),))
    (asked,) = compile_query([one], ALONE).query.credentials
    assert [claim.path for claim in asked.claims] == [("shoe", "size")]


class _Renamed:
    """A format that keeps every claim in one namespace; only what a query needs of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.checks = ()

    def type_id(self, type: CredentialType, /) -> str:
        return type.id

    def place(self, type: CredentialType, attribute: Attribute, /) -> ClaimPath:
        return ("ns", "-".join(attribute.path))

    def withholds(self, type: CredentialType, attribute: Attribute, /) -> bool:
        return True


def _renamed(name: str) -> Format:
    return cast("Format", _Renamed(name))


def test_a_format_whose_types_cannot_be_asked_is_misuse() -> None:
    with pytest.raises(Misuse):
        read().compile(HOME, types=TYPES, formats={"strange": _renamed("strange")})
    with pytest.raises(Misuse):
        read().compile(HOME, types=TYPES, formats={})


def test_a_query_in_no_format_is_refused_for_that_and_not_for_its_types() -> None:
    with pytest.raises(Misuse, match="needs a format"):
        read().compile(HOME, types=TYPES, formats={})


OTHER = _renamed("mso_mdoc")
BOTH = {**ALONE, OTHER.name: OTHER}
ELSEWHERE = replace(PERSON, id="urn:test:elsewhere:1", formats=(OTHER.name,))
"""A type that exists in one format alone, which is not the preferred one."""


def test_a_type_is_asked_in_those_formats_alone_in_which_it_exists() -> None:
    wanted = Wanted(id="person", types=(ELSEWHERE,), paths=NAMES)
    asked = compile_query([wanted], BOTH)
    assert [(one.id, one.format) for one in asked.query.credentials] == [("person", OTHER.name)]
    assert [one.queries for one in asked.questions] == [{OTHER.name: "person"}]


def test_a_question_of_which_nothing_exists_in_the_formats_asked_is_misuse() -> None:
    with pytest.raises(Misuse, match="exists in none"):
        compile_query([Wanted(id="person", types=(ELSEWHERE,), paths=NAMES)], ALONE)


@pytest.mark.parametrize("types", [(ELSEWHERE, PERSON), (PERSON, ELSEWHERE)], ids=["first", "last"])
def test_of_several_types_those_are_left_out_that_exist_in_no_format_asked(types: tuple[CredentialType, ...]) -> None:
    alone = compile_query([Wanted(id="person", types=(PERSON,), paths=NAMES)], ALONE)
    assert compile_query([Wanted(id="person", types=types, paths=NAMES)], ALONE) == alone


def test_a_question_of_too_many_options_is_misuse_before_any_is_written() -> None:
    names = [f"c{number}" for number in range(7)]
    wide = own("wide", *(claim(name) for name in names))
    paths = tuple((name,) for name in names)
    fits = Wanted(id="wide", types=(wide,), paths=paths[:6])
    assert len(compile_query([fits], ALONE).query.credentials[0].claim_sets) == MAX_OPTIONS
    with pytest.raises(Misuse):
        compile_query([replace(fits, paths=paths)], ALONE)


def test_a_type_that_is_not_there_is_misuse() -> None:
    with pytest.raises(Misuse):
        read().compile(HOME, types=CATALOGUE, formats=ALONE)


def test_nothing_to_ask_is_misuse() -> None:
    policy = read(changed(('types = ["house"]', 'types = ["house"]\nonly_if = "home.local"')))
    nothing = replace(policy, questions=policy.questions[1:])
    with pytest.raises(Misuse):
        compiled(nothing, {**HOME, "local": False})


# -- the same every time ----------------------------------------------------------------------------------------------


def test_a_policy_compiles_to_the_same_bytes_each_time() -> None:
    first = json_dumps(housing().query.to_json())
    again = json_dumps(housing({"binding": True, "household_size": (2, 4)}).query.to_json())
    assert first == again
    assert housing() == housing()


def test_the_query_survives_being_written_and_read() -> None:
    for one in (housing(), compiled()):
        assert parse_query(one.query.to_json()) == one.query


def test_a_question_lists_every_path_that_any_option_asks() -> None:
    for asked in (housing(), compiled()):
        for question in asked.questions:
            assert set(question.paths) == paths(asked, question.queries["dc+sd-jwt"])


def test_what_ties_the_answers_is_not_for_a_verifier_to_keep() -> None:
    policy = policies.load("woningcorporatie/B")
    assert policy.usable("inwoner", CATALOGUE) == (("local_tie_6y",), ("absent", "local_tie_6y"), ("as_of",))
    assert set(policy.usable("persoon", CATALOGUE)) >= set(NAMES)
    with pytest.raises(Misuse):
        policy.usable("bsn", CATALOGUE)


# -- formats in which nothing can be withheld -------------------------------------------------------------------------

WHOLE = {"ldp_vc": FORMATS["ldp_vc"]}


def test_a_policy_that_forbids_more_than_it_asks_is_not_asked_where_all_is_shown() -> None:
    for name, home in (("woningcorporatie/B", HOUSING_HOME), ("omgevingsloket/burger", {})):
        with pytest.raises(Declined) as declined:
            policies.load(name).compile(home, types=CATALOGUE, formats=WHOLE)
        assert declined.value.reason is Reason.OVER_ASKED
        assert "forbids more than it asks" in declined.value.message
    with pytest.raises(Declined) as declined:
        policies.load("woningcorporatie/B").compile(HOUSING_HOME, types=CATALOGUE, formats=WHOLE)
    assert "age_over_18" in declined.value.message


def test_who_may_not_ask_is_told_each_claim_that_would_be_shown_too_and_no_absences() -> None:
    with pytest.raises(Declined) as declined:
        compile_query([Wanted(id="house", types=(HOUSE,), paths=(("size",),))], WHOLE)
    beside = "birthdate, family_name, given_name, lot.letter, lot.number, own, rooms, town"
    assert f"in ldp_vc: there {beside} would be shown too" in declined.value.message


def test_among_several_formats_those_are_left_out_in_which_all_is_shown() -> None:
    policy = policies.load("woningcorporatie/B")
    both = policy.compile(HOUSING_HOME, types=CATALOGUE, formats={**ALONE, **WHOLE})
    assert both == policy.compile(HOUSING_HOME, types=CATALOGUE, formats=ALONE)


def test_a_question_that_takes_a_card_whole_is_asked_in_every_format() -> None:
    policy = policies.load("demo/hele-kaart")
    (asked,) = policy.compile({}, types=CATALOGUE, formats=WHOLE).query.credentials
    assert (asked.format, asked.type_ids) == ("ldp_vc", ("urn:eigendata:nl:brp:inwoner:1",))
    assert ("credentialSubject", "resident") in {one.path for one in asked.claims}
    both = policy.compile({}, types=CATALOGUE, formats={**ALONE, **WHOLE}).query
    assert [one.format for one in both.credentials] == ["dc+sd-jwt", "ldp_vc"]


def test_what_is_asked_of_all_that_a_card_holds_is_asked_where_nothing_is_withheld() -> None:
    asked = Wanted(id="card", types=(NAMELESS,), paths=(("adult",),))
    assert [one.format for one in compile_query([asked], WHOLE).query.credentials] == ["ldp_vc"]
