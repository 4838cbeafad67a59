"""The first rule that applies gives the advice, and only what can change it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata import policies, texts
from eigendata.encoding import Json
from eigendata.errors import Misuse
from eigendata.model import Advice, Advised, Claims
from eigendata.policies import days_kept
from eigendata.policies.rules import (
    AnyAbsent,
    Condition,
    HomeKind,
    Is,
    Otherwise,
    Outside,
    Rule,
    Subject,
    decide,
    matters,
)
from eigendata.policies.rules import given as in_one_form
from tests.unit.policies.samples import ANSWERS, HOME, changed, read

AT = datetime(2026, 9, 5, 12, tzinfo=UTC)
WHY = {"nl": "x", "en": "x"}


def advise(answers: Mapping[str, Claims] = ANSWERS, home: Claims = HOME, at: datetime = AT) -> Advised:
    return policies.advise(read(), answers, home, at=at)


def answered(question: str, **claims: Json) -> Mapping[str, Claims]:
    return {**ANSWERS, question: {**ANSWERS[question], **claims}}


# -- the first rule ---------------------------------------------------------------------------------------------------


def test_what_no_rule_stops_meets() -> None:
    assert advise() == Advised(advice=Advice.MEETS, rule="otherwise: voldoet")


@pytest.mark.parametrize("size", [1, 5, 0, -3])
def test_outside_the_range_does_not_meet(size: int) -> None:
    assert advise(answered("house", size=size)).rule == "house.size outside home.size: voldoet_niet"


@pytest.mark.parametrize("size", [2, 3, 4])
def test_both_ends_of_a_range_are_inside(size: int) -> None:
    assert advise(answered("house", size=size)).advice is Advice.MEETS


def test_the_earlier_rule_wins() -> None:
    both = answered("house", size=9, own=True)
    assert advise(both).rule == "house.size outside home.size: voldoet_niet"
    assert advise(answered("house", own=True)).rule == "house.own is true, only if home.local: voldoet_niet"


def test_a_rule_under_a_condition_that_does_not_hold_is_left_out() -> None:
    assert advise(answered("house", own=True), {**HOME, "local": False}).advice is Advice.MEETS
    without: Claims = {"size": [2, 4], "local": True}
    assert advise(answered("house", town="Esch")).advice is Advice.NOT_DERIVABLE
    assert advise(answered("house", town="Esch"), without).advice is Advice.MEETS


@pytest.mark.parametrize(
    ("question", "claim"), [("house", "size"), ("house", "own"), ("house", "town"), ("person", "birthdate")]
)
def test_any_absent_claim_that_was_asked_gives_not_derivable(question: str, claim: str) -> None:
    claims = {name: value for name, value in ANSWERS[question].items() if name != claim}
    answers = {**ANSWERS, question: {**claims, "absent": {claim: True}}}
    assert advise(answers) == Advised(advice=Advice.NOT_DERIVABLE, rule="absent any: niet_af_te_leiden")


def test_the_absence_of_what_was_not_asked_counts_for_nothing() -> None:
    assert advise(answered("house", absent={"birthdate": True, "lot": True})).advice is Advice.MEETS
    assert advise(answered("house", own=None, absent={"own": True}), {**HOME, "local": False}).advice is Advice.MEETS


@pytest.mark.parametrize("value", [False, None, "true", 1])
def test_absence_is_only_what_says_true(value: Json) -> None:
    assert advise(answered("house", absent={"size": value})).advice is Advice.MEETS


@pytest.mark.parametrize("said", [{}, {"absent": {"size": False}}, {"absent": None}, {"size": None}])
def test_a_claim_that_is_not_there_is_absent_whatever_is_said_of_it(said: Claims) -> None:
    left = {name: value for name, value in ANSWERS["house"].items() if name != "size"}
    advised = advise({**ANSWERS, "house": {**left, **said}})
    assert advised == Advised(advice=Advice.NOT_DERIVABLE, rule="absent any: niet_af_te_leiden")


@pytest.mark.parametrize("size", ["3", 3.0, True, [3], {"size": 3}, 2**60])
def test_a_claim_of_another_kind_is_never_compared(size: Json) -> None:
    advised = advise(answered("house", size=size))
    assert advised == Advised(advice=Advice.NOT_DERIVABLE, rule="house.size outside home.size: voldoet_niet")


@pytest.mark.parametrize("own", [None, 0, 1, "false", 0.0])
def test_one_is_not_true(own: Json) -> None:
    assert advise(answered("house", own=own)).advice is Advice.NOT_DERIVABLE


def test_a_question_that_was_not_answered_is_never_skipped() -> None:
    assert advise({"person": ANSWERS["person"]}).advice is Advice.NOT_DERIVABLE


# -- age of the source ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "fresh"),
    [
        ("2026-09-05", True),
        ("2026-08-22", True),
        ("2026-08-21", False),
        ("2026-09-06", True),  # the issuer's clock passed midnight before ours
        ("2026-09-07", False),
        ("2026-9-5", False),
        ("2026-02-30", False),
        ("20260905", False),
        ("2026-09-05T12:00:00Z", False),
        ("", False),
        (20260905, False),
        (None, False),
    ],
)
def test_an_old_or_undated_source_gives_not_derivable(as_of: Json, fresh: bool) -> None:
    advised = advise(answered("house", as_of=as_of))
    assert (advised.advice is Advice.MEETS) is fresh
    if not fresh:
        assert advised == Advised(advice=Advice.NOT_DERIVABLE, rule="max_source_age_days = 14: niet_af_te_leiden")
        assert "register" in read().because(advised, "en")


def test_an_old_source_is_no_ground_to_refuse() -> None:
    old = answered("house", as_of="2020-01-01", size=99)
    assert advise(old).advice is Advice.NOT_DERIVABLE


def test_days_are_dutch_days() -> None:
    late = datetime(2026, 9, 4, 22, 30, tzinfo=UTC)  # in Boxtel it is the day after
    aged = answered("house", as_of="2026-08-21")
    assert advise(aged, at=late).advice is Advice.NOT_DERIVABLE
    assert advise(aged, at=late - timedelta(hours=1)).advice is Advice.MEETS


def test_a_naive_moment_is_misuse() -> None:
    with pytest.raises(Misuse):
        advise(at=datetime(2026, 9, 5))  # noqa: DTZ001


def test_a_question_may_take_an_undated_source() -> None:
    policy = read(changed(('types = ["person"]', 'types = ["person", "pid"]\nundated = true')))
    undated = {**ANSWERS, "person": {"family_name": "x", "given_name": "y", "birthdate": "1990-01-01"}}
    assert policies.advise(policy, undated, HOME, at=AT).advice is Advice.MEETS
    stale = {**ANSWERS, "person": {**ANSWERS["person"], "as_of": "2026-01-01"}}
    assert policies.advise(policy, stale, HOME, at=AT).advice is Advice.NOT_DERIVABLE


def test_without_a_limit_a_source_of_any_age_or_none_will_do() -> None:
    policy = read(changed(("max_source_age_days = 14\n", "")))
    assert policies.advise(policy, answered("house", as_of="1990-01-01"), HOME, at=AT).advice is Advice.MEETS
    assert policies.advise(policy, answered("house", as_of=None), HOME, at=AT).advice is Advice.MEETS


# -- plain words ------------------------------------------------------------------------------------------------------


def test_other_cases_are_named_where_there_are_some_alone() -> None:
    assert policies.kept_lines({"otherwise": "0 days"}, "nl") == ("In alle gevallen: niet bewaard.",)
    assert policies.kept_lines({"otherwise": "0 days"}, "en") == ("In all cases: not kept.",)


def test_how_long_something_is_kept_is_said_for_each_outcome_and_an_unknown_one_stands_as_it_is() -> None:
    lines = policies.kept_lines({"voldoet": "14 days", "otherwise": "0 days", "perhaps": "2 days"}, "en")
    assert lines == (
        "If you meet the rules: kept for 14 days.",
        "In all other cases: not kept.",
        "perhaps: kept for 2 days",
    )


def test_every_advice_can_be_explained() -> None:
    policy = read()
    assert policy.because(advise(), "nl") == "e"
    assert policy.because(advise(answered("house", size=9)), "en") == "b"
    assert "right form" in policy.because(advise(answered("house", size="9")), "en")
    old = advise(answered("house", as_of="1990-01-01"))
    assert policy.because(old, "en") == texts.say("rule.source_too_old", "en")
    with pytest.raises(Misuse):
        policy.because(Advised(advice=Advice.MEETS, rule="because"), "nl")
    with pytest.raises(Misuse):
        policy.because(advise(), "xx")


# -- conditions -------------------------------------------------------------------------------------------------------


def test_a_range_may_be_as_wide_as_whole_numbers_go() -> None:
    widest = [-(2**53) + 1, 2**53 - 1]
    assert read().conditions({**HOME, "size": widest})["size"] == tuple(widest)


def test_conditions_come_in_one_form_and_order() -> None:
    given_home = read().conditions({"towns": ["Esch"], "local": False, "size": (1, 1)})
    assert list(given_home.items()) == [("size", (1, 1)), ("local", False), ("towns", ("Esch",))]
    assert read().conditions(given_home) == given_home


@pytest.mark.parametrize(
    "home",
    [
        {},
        {"size": [2, 4]},
        {"local": True},
        {**HOME, "rent": 3},
        {**HOME, "size": [4, 2]},
        {**HOME, "size": [2]},
        {**HOME, "size": [2, 3, 4]},
        {**HOME, "size": [True, 4]},
        {**HOME, "size": ["2", "4"]},
        {**HOME, "size": [2.0, 4.0]},
        {**HOME, "size": [0, 2**53]},
        {**HOME, "size": 3},
        {**HOME, "local": "true"},
        {**HOME, "local": 1},
        {**HOME, "local": None},
        {**HOME, "towns": []},
        {**HOME, "towns": "Boxtel"},
        {**HOME, "towns": ["Boxtel", 757]},
    ],
)
def test_conditions_that_the_policy_does_not_know_are_misuse(home: Claims) -> None:
    with pytest.raises(Misuse):
        read().conditions(home)
    with pytest.raises(Misuse):
        advise(home=home)


def test_a_policy_without_conditions_takes_none() -> None:
    assert in_one_form({}, {}) == {}
    with pytest.raises(Misuse):
        in_one_form({}, {"local": True})
    assert in_one_form({"local": Condition(kind=HomeKind.BOOL, optional=True)}, {}) == {}


# -- what is asked ----------------------------------------------------------------------------------------------------


def test_only_what_identifies_or_can_change_the_outcome_is_asked() -> None:
    names = (("family_name",), ("given_name",), ("birthdate",))
    assert read().asked(HOME) == {"person": names, "house": (("size",), ("own",), ("town",))}
    assert read().asked({"size": [2, 4], "local": False}) == {"person": names, "house": (("size",),)}


def test_a_question_is_asked_only_under_its_condition() -> None:
    policy = policies.load("woningcorporatie/B")
    assert set(policy.asked({"household_size": [2, 4], "binding": True})) == {"persoon", "inwoner", "huishouden"}
    assert set(policy.asked({"household_size": [2, 4], "binding": False})) == {"persoon", "huishouden"}
    limited = read(changed(('types = ["house"]', 'types = ["house"]\nonly_if = "home.local"')))
    assert set(limited.asked({**HOME, "local": False})) == {"person"}
    assert set(limited.asked(HOME)) == {"person", "house"}
    not_asked = {"person": ANSWERS["person"]}
    assert policies.advise(limited, not_asked, {**HOME, "local": False}, at=AT).advice is Advice.MEETS


def _rule(test: Is | Outside | AnyAbsent, advice: Advice = Advice.DOES_NOT_MEET) -> Rule:
    return Rule(test=test, advice=advice, because=WHY)


def test_a_number_is_no_truth_value_to_a_rule() -> None:
    claim = Subject(question="a", path=("a",))
    assert not matters([_rule(Is(claim=claim, value=True), Advice.MEETS), _rule(Is(claim=claim, value=0)), END], claim)


def test_a_claim_that_is_said_to_be_absent_is_so_though_it_is_there() -> None:
    assert advise(answered("house", absent={"size": True})).advice is Advice.NOT_DERIVABLE


def test_a_claim_matters_where_a_rule_of_it_can_change_the_advice_and_nowhere_else() -> None:
    a, b, c = CLAIMS
    yes, no = Is(claim=a, value=True), Is(claim=a, value=False)
    assert matters([ABSENT, _rule(yes), END], a)
    assert not matters([ABSENT, _rule(yes, Advice.MEETS), END], a), "whatever it says, the advice is one"
    assert not matters([ABSENT, _rule(yes), _rule(no), END], a), "each of its values stops"
    assert not matters([_rule(yes), _rule(no), _rule(Is(claim=b, value=1)), END], b), "no answer comes that far"
    assert matters([_rule(yes), _rule(Is(claim=b, value=1)), END], b)
    far = Outside(claim=b, home="h")
    assert matters([_rule(far), END], b)
    assert not matters([_rule(far, Advice.MEETS), _rule(Outside(claim=c, home="h"), Advice.MEETS), END], b)
    same = _rule(far, Advice.NOT_DERIVABLE)
    assert matters([same, same, END], b), "who comes behind the first is not outside, and meets"
    two = Is(claim=b, value=2)
    twice = [_rule(two, Advice.MEETS), _rule(two), _rule(far, Advice.MEETS), END]
    assert not matters(twice, b), "whoever stops at the first never comes to the second"
    later = [_rule(far, Advice.NOT_DERIVABLE), _rule(yes, Advice.NOT_DERIVABLE), _rule(no, Advice.NOT_DERIVABLE), END]
    assert not matters(later, b), "behind it every answer gets that same advice"
    assert matters([*later[:2], END], b)
    assert matters([_rule(Is(claim=b, value=1)), _rule(Is(claim=b, value=2), Advice.NOT_DERIVABLE), END], b)


def test_a_claim_matters_where_it_decides_whether_another_is_looked_at() -> None:
    a, b, _ = CLAIMS
    far, yes = _rule(Outside(claim=b, home="h")), _rule(Is(claim=a, value=True), Advice.NOT_DERIVABLE)
    end = Rule(test=Otherwise(), advice=Advice.DOES_NOT_MEET, because=WHY)
    assert matters([far, yes, end], b), "whoever is inside may still be told that nothing follows"
    assert not matters([yes, far, yes, end], b), "who comes behind the first has another value than it names"
    assert not matters([far, ABSENT, end], b), "that something can be absent is no ground to ask it"


def test_a_rule_is_named_as_the_policy_writes_it() -> None:
    claim = CLAIMS[1]
    named: dict[str, AnyAbsent | Outside | Is | Otherwise] = {
        "q.b is Boxtel: voldoet_niet": Is(claim=claim, value="Boxtel"),
        "q.b is 3: voldoet_niet": Is(claim=claim, value=3),
        "q.b is true: voldoet_niet": Is(claim=claim, value=True),
        "q.b outside home.h: voldoet_niet": Outside(claim=claim, home="h"),
        "absent any: voldoet_niet": AnyAbsent(),
        "otherwise: voldoet_niet": Otherwise(),
    }
    for name, test in named.items():
        rule = Rule(test=test, advice=Advice.DOES_NOT_MEET, because=WHY)
        assert rule.statement == name
        limited = Rule(test=test, advice=Advice.DOES_NOT_MEET, because=WHY, only_if="local")
        assert limited.statement == name.replace(":", ", only if home.local:")


# -- laws -------------------------------------------------------------------------------------------------------------

CLAIMS = tuple(Subject(question="q", path=(name,)) for name in "abc")
ADVICE = st.sampled_from([Advice.MEETS, Advice.DOES_NOT_MEET, Advice.NOT_DERIVABLE])
TESTS = st.one_of(
    st.builds(lambda claim, value: Is(claim=claim, value=value), st.just(CLAIMS[0]), st.booleans()),
    st.builds(lambda claim, value: Is(claim=claim, value=value), st.just(CLAIMS[1]), st.integers(1, 2)),
    st.builds(
        lambda claim, home: Outside(claim=claim, home=home), st.sampled_from(CLAIMS[1:]), st.sampled_from(["h", "k"])
    ),
)
RULES = st.lists(st.builds(lambda test, advice: Rule(test=test, advice=advice, because=WHY), TESTS, ADVICE), max_size=6)
END = Rule(test=Otherwise(), advice=Advice.MEETS, because=WHY)
ABSENT = Rule(test=AnyAbsent(), advice=Advice.NOT_DERIVABLE, because=WHY)

Values = Mapping[Subject, tuple[object, frozenset[str]]]


def _first(rules: Sequence[Rule], values: Values) -> Advice:
    """Read the table as a person would, over values that say outside which ranges they lie."""
    for rule in rules:
        match rule.test:
            case Otherwise():
                return rule.advice
            case Is(claim=claim, value=wanted) if values[claim][0] is wanted or (
                type(wanted) is int and values[claim][0] == wanted
            ):
                return rule.advice
            case Outside(claim=claim, home=home) if home in values[claim][1]:
                return rule.advice
    raise AssertionError


@settings(max_examples=120, deadline=None)
@given(RULES)
def test_a_claim_matters_exactly_where_two_answers_that_differ_in_it_get_different_advice(some: list[Rule]) -> None:
    rules = [ABSENT, *some, END]
    places = [frozenset(place) for place in ((), ("h",), ("k",), ("h", "k"))]
    possible: list[list[tuple[int, frozenset[str]]]] = [
        [(True, places[0]), (False, places[0])],
        [(value, place) for value in (1, 2, 3) for place in places],
        [(0, place) for place in places],
    ]
    outcomes = {values: _first(rules, dict(zip(CLAIMS, values, strict=True))) for values in product(*possible)}
    for place, claim in enumerate(CLAIMS):
        differs = any(
            outcomes[(*values[:place], other, *values[place + 1 :])] is not outcome
            for values, outcome in outcomes.items()
            for other in possible[place]
        )
        looked_at = any(rule.claim == claim for rule in rules)
        assert (looked_at and matters(rules, claim)) is differs


@settings(max_examples=100, deadline=None)
@given(RULES, st.booleans(), st.integers(0, 4), st.integers(0, 4), st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_decide_gives_the_first_rule_that_applies(some: list[Rule], a: bool, b: int, c: int, ends: list[int]) -> None:
    home = {"h": (ends[0], ends[0] + ends[1]), "k": (ends[2], ends[2] + ends[3])}
    outside = [frozenset(name for name, (low, high) in home.items() if not low <= value <= high) for value in (b, c)]
    values: Values = {CLAIMS[0]: (a, frozenset()), CLAIMS[1]: (b, outside[0]), CLAIMS[2]: (c, outside[1])}
    rules = [ABSENT, *some, END]
    assert decide(rules, {"q": {"a": a, "b": b, "c": c}}, CLAIMS, home).advice is _first(rules, values)


def test_rules_without_an_end_are_misuse() -> None:
    with pytest.raises(Misuse):
        decide([ABSENT], {"q": {"a": True, "b": 1, "c": 1}}, CLAIMS, {})


def test_the_term_of_an_outcome_is_given_in_days_where_it_has_any() -> None:
    keep = {"voldoet": "30 days", "voldoet_niet": "until audit"}
    assert days_kept(keep, Advice.MEETS) == 30
    assert days_kept(keep, Advice.DOES_NOT_MEET) is None
    assert days_kept(keep, Advice.IN_PERSON) == 0
    assert days_kept({**keep, "otherwise": "7 days"}, None) == 7
