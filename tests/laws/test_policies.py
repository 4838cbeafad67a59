"""Laws of policies, over policies that nobody wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from eigendata import policies
from eigendata.encoding import Json, json_dumps
from eigendata.errors import Rejected
from eigendata.formats import FORMATS
from eigendata.model import Advice, Claims
from eigendata.policies import Policy, outside, read_policy, read_uses
from eigendata.query import parse_query
from eigendata.registers.catalogue import CATALOGUE

AT = datetime(2026, 9, 5, 12, tzinfo=UTC)
ABSENT = '[[rules]]\nabsent = "any"\nadvice = "niet_af_te_leiden"'
WHY = '{ nl = "x", en = "x" }'
FITTING = {
    "huishouden.household_size": ('outside = "home.size"', "is = 3"),
    "inwoner.local_tie_6y": ("is = true", "is = false"),
    "persoon.age_over_18": ("is = false", "is = true"),
    "inwoner.municipality.code": ('outside = "home.towns"\nonly_if = "home.towns"', 'is = "0757"'),
    "persoon.birthdate": ('is = "1990-02-03"',),
}
USES = {
    **policies.shipped_uses(),
    **read_uses(
        b"""
        [uses.most]
        label = { nl = "x", en = "x" }
        may.persoon = ["age_over_18", "birthdate"]
        may.inwoner = ["local_tie_6y", "municipality"]
        may.huishouden = ["household_size", "minors"]
        identify.persoon = ["family_name", "given_name", "birthdate", "age_over_18"]
        identify.inwoner = ["local_tie_6y", "municipality"]
        identify.huishouden = ["household_size", "minors"]
        """,
        types=CATALOGUE,
    ),
}
ASKED = {
    "persoon": ["family_name", "given_name", "birthdate", "age_over_18", "nationalities"],
    "inwoner": ["local_tie_6y", "municipality.code"],
    "huishouden": ["household_size", "minors"],
}


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Write a rule table: sometimes without what it must have."""
    written = [ABSENT] if draw(st.integers(0, 9)) else []
    for claim in draw(st.lists(st.sampled_from(sorted(FITTING)), max_size=4)):
        operator = draw(st.sampled_from(FITTING[claim]))
        limit = draw(st.sampled_from(["", '\nonly_if = "home.local"'])) if "only_if" not in operator else ""
        advice = draw(st.sampled_from(["voldoet", "voldoet_niet", "niet_af_te_leiden"]))
        written.append(f'[[rules]]\nclaim = "{claim}"\n{operator}{limit}\nadvice = "{advice}"')
    written.append('[[rules]]\notherwise = true\nadvice = "voldoet"')
    return "\n".join(f"{one}\nbecause = {WHY}\n" for one in written)


@st.composite
def policy_files(draw: st.DrawFn) -> bytes:
    """Write a policy file: of the right shape, and often one that is to be refused."""
    table = draw(rules())
    looked_at = {claim for claim in FITTING if f'"{claim}"' in table}
    questions, names = [], []
    for name in sorted(ASKED):
        needed = {claim.partition(".")[2] for claim in looked_at if claim.startswith(f"{name}.")}
        marked = draw(st.sets(st.sampled_from(ASKED[name]), max_size=2))
        if ask := sorted(needed | marked):
            names.append(name)
            questions.append(
                f'[[questions]]\nid = "{name}"\ntypes = ["{name}"]\nask = {json.dumps(ask)}\n'
                f"identify = {json.dumps(sorted(marked))}\n"
            )
    home = [f'{name} = "{kind}"' for name, kind in HOME_KINDS.items() if f'"home.{name}"' in table]
    assume(questions)
    use = draw(st.sampled_from(["most", "most", "most", "woningcorporatie/A", "woningcorporatie/B", "none"]))
    head = (
        f'id = "any"\nversion = "1"\nuse = "{use}"\nlegal_basis = ["AVG 6", "Wabb art. 10", "Woningwet"]\n'
        f"purpose = {WHY}\nmax_source_age_days = 14\nother_channel = 'balie'\nkeep = {{ otherwise = '0 days' }}\n"
        f"same_subject = {json.dumps(names if len(names) > 1 else [])}\nhome = {{ {', '.join(home)} }}\n"
    )
    return (head + "".join(questions) + table).encode()


HOME_KINDS = {"size": "range", "local": "bool", "towns": "texts?"}
HOMES = st.fixed_dictionaries(
    {"size": st.sampled_from([[1, 2], [2, 4]]), "local": st.booleans()},
    optional={"towns": st.sampled_from([["0757"], ["0757", "0855"]])},
)
CLAIMS = st.fixed_dictionaries(
    {
        "persoon": st.fixed_dictionaries(
            {"age_over_18": st.booleans(), "birthdate": st.sampled_from(["1990-02-03", "2001-01-01"])}
        ),
        "inwoner": st.fixed_dictionaries(
            {
                "local_tie_6y": st.booleans(),
                "municipality": st.fixed_dictionaries({"code": st.sampled_from(["0757", "0855", "0344"])}),
            }
        ),
        "huishouden": st.fixed_dictionaries({"household_size": st.integers(1, 5)}),
    }
)
# what loads is a small part of what is written
LAW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


def loaded(data: bytes, home: Mapping[str, Json]) -> tuple[Policy, Mapping[str, Json]]:
    """Give the policy, if it is one that loads and asks something, and the conditions that it knows."""
    try:
        policy = read_policy(data, uses=USES)
    except Rejected:
        assume(False)
        raise
    known = {name: value for name, value in home.items() if name in policy.home}
    assume(policy.asked(known))
    return policy, known


@LAW
@given(policy_files(), HOMES)
def test_no_policy_asks_a_claim_outside_its_use(data: bytes, home: Mapping[str, Json]) -> None:
    policy, home = loaded(data, home)
    use = USES[policy.use]
    for question, paths in policy.asked(home).items():
        (declared,) = (CATALOGUE[name] for one in policy.questions if one.id == question for name in one.types)
        assert all(use.allows(declared.id, path) for path in paths)
    assert outside(policy.use, policy.compile(home, types=CATALOGUE, formats=FORMATS).query, uses=USES).fine


@LAW
@given(policy_files(), HOMES)
def test_a_policy_compiles_to_the_same_query_whoever_loads_it(data: bytes, home: Mapping[str, Json]) -> None:
    policy, home = loaded(data, home)
    first = policy.compile(home, types=CATALOGUE, formats=FORMATS)
    respelled = json.loads(json.dumps(dict(reversed(list(home.items())))))
    again = read_policy(data + b"\n# the same\n", uses=USES).compile(
        respelled, types=dict(CATALOGUE), formats=dict(FORMATS)
    )
    assert json_dumps(first.query.to_json()) == json_dumps(again.query.to_json())
    assert first.questions == again.questions
    assert parse_query(first.query.to_json()) == first.query


@LAW
@given(policy_files(), HOMES, CLAIMS, CLAIMS)
def test_what_is_not_asked_cannot_change_the_advice(
    data: bytes, home: Mapping[str, Json], one: Mapping[str, Claims], other: Mapping[str, Claims]
) -> None:
    policy, home = loaded(data, home)
    asked = policy.asked(home)
    first = policies.advise(policy, _dated(one), home, at=AT)
    mixed = {
        question: {
            name: (one if any(path[0] == name for path in asked.get(question, ())) else other)[question][name]
            for name in claims
        }
        for question, claims in one.items()
    }
    assert policies.advise(policy, _dated(mixed), home, at=AT).advice is first.advice


@LAW
@given(policy_files(), HOMES, CLAIMS, st.data())
def test_an_asked_claim_that_is_absent_never_gives_a_yes_or_a_no(
    data: bytes, home: Mapping[str, Json], claims: Mapping[str, Claims], choose: st.DataObject
) -> None:
    policy, home = loaded(data, home)
    question, paths = choose.draw(st.sampled_from(sorted(policy.asked(home).items())))
    absent = choose.draw(st.sampled_from(paths))[0]
    answer = {name: value for name, value in claims.get(question, {}).items() if name != absent}
    answers = _dated({**claims, question: {**answer, "absent": {absent: True}}})
    advised = policies.advise(policy, answers, home, at=AT)
    if policy.rules[0].statement.startswith("absent"):
        assert advised.advice is Advice.NOT_DERIVABLE
    else:
        assert advised.advice is not Advice.MEETS


def _dated(claims: Mapping[str, Claims]) -> Mapping[str, Claims]:
    return {question: {**answer, "as_of": "2026-09-01"} for question, answer in claims.items()}
