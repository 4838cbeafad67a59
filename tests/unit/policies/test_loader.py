"""A policy loads only if it asks within its list, can be explained, and adds up facts of one person."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata import policies
from eigendata.encoding import TOML_LIMIT
from eigendata.errors import Check, EigendataError, Malformed, Misuse, Outcome, Reason, Rejected, Trail
from eigendata.model import CredentialType
from eigendata.policies import checks, loader, read_policy, read_uses
from eigendata.registers.catalogue import CATALOGUE, PERSOON
from tests.negatives import negative
from tests.unit.policies import samples
from tests.unit.policies.samples import (
    ABSENT_RULE,
    END_RULE,
    HOUSE_QUESTION,
    LETTING,
    OWN_RULE,
    PERSON_QUESTION,
    SIZE_RULE,
    TOWN_RULE,
    TYPES,
    USES,
    USES_TOML,
    changed,
    read,
)

SIX_CLAIMS = 'ask = ["size", "own", "town", "lot.number"]\nidentify = ["town", "lot.number"]'

REFUSED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "EXPLAINED": (('purpose = { nl = "Waarom", en = "Why" }', 'purpose = { nl = "Waarom" }'),),
    "GROUNDED": (('legal_basis = ["AVG 6(1)(b)"]', "legal_basis = []"),),
    "KEEP_STATED": (('otherwise = "0 days"', 'voldoet_niet = "0 days"'),),
    "CHANNEL_STATED": (('"balie"', '"website"'),),
    "TYPES_KNOWN": (('types = ["house"]', 'types = ["house", "castle"]'),),
    "CLAIMS_LABELLED": (
        ('"birthdate"]\nidentify = true', '"birthdate", "age"]\nidentify = ["family_name", "given_name", "birthdate"]'),
        (
            END_RULE,
            '\n[[rules]]\nclaim = "person.age"\nis = "x"\nadvice = "voldoet_niet"\nbecause = { nl = "f", en = "f" }'
            + END_RULE,
        ),
    ),
    "CLAIMS_PROMISED": (
        (
            '"birthdate"]\nidentify = true',
            '"birthdate", "nickname"]\nidentify = ["family_name", "given_name", "birthdate"]',
        ),
        (
            END_RULE,
            SIZE_RULE.replace("house.size", "person.nickname").replace('outside = "home.size"', 'is = "x"') + END_RULE,
        ),
    ),
    "USE_LISTED": (('use = "letting"', 'use = "selling"'),),
    "WITHIN_USE": (
        ('ask = ["size", "own", "town"]', 'ask = ["rooms", "own", "town"]'),
        (SIZE_RULE, SIZE_RULE.replace("house.size", "house.rooms")),
    ),
    "IDENTIFY_WITHIN_USE": (('ask = ["size", "own", "town"]', 'ask = ["size", "own", "town"]\nidentify = ["own"]'),),
    "WHOLE_WITHIN_USE": (('ask = ["size", "own", "town"]', 'ask = ["size", "own", "town"]\nwhole = true'),),
    "LAW_NAMED": (
        (OWN_RULE, OWN_RULE),
        (
            HOUSE_QUESTION,
            HOUSE_QUESTION + '\n[[questions]]\nid = "number"\ntypes = ["number"]\nask = ["number"]\nidentify = true\n',
        ),
        ('same_subject = ["person", "house"]', 'same_subject = ["person", "house", "number"]'),
    ),
    "ONE_SUBJECT": (('same_subject = ["person", "house"]', 'same_subject = ["person"]'),),
    "CAN_BE_TIED": (
        ('ask = ["family_name", "given_name", "birthdate"]\nidentify = true', 'ask = ["adult"]\nundated = true'),
        ('types = ["person"]', 'types = ["person", "card"]'),
        (
            END_RULE,
            '\n[[rules]]\nclaim = "person.adult"\nis = false\nadvice = "voldoet_niet"\nbecause = { nl = "f", en = "f" }'
            + END_RULE,
        ),
    ),
    "DATED": (('types = ["person"]', 'types = ["person", "pid"]'),),
    "HOME_DECLARED": (('only_if = "home.local"', 'only_if = "home.lokal"'),),
    "HOME_USED": (('local = "bool"', 'local = "bool", spare = "bool"'),),
    "HOME_FITS": (('local = "bool"', 'local = "range"'),),
    "RULES_OVER_ASKED": (('ask = ["size", "own", "town"]', 'ask = ["size", "town"]'),),
    "RULES_FIT": (('claim = "house.own"\nis = true', 'claim = "house.own"\nis = "true"'),),
    "RULES_DISTINCT": ((OWN_RULE, OWN_RULE + OWN_RULE),),
    "RULES_END": ((END_RULE, END_RULE.replace("otherwise = true", 'otherwise = true\nonly_if = "home.local"')),),
    "ABSENCE_FIRST": ((ABSENT_RULE, ABSENT_RULE.replace('= "any"', '= "any"\nonly_if = "home.local"')),),
    "A_PERSON_DECIDES": ((OWN_RULE, OWN_RULE.replace("voldoet_niet", "persoonlijk_contact")),),
    # the last three rules alike: nothing hangs on `own` or `town`; without `own` only `town` would do so
    "CLAIMS_MATTER": (
        (OWN_RULE, OWN_RULE.replace("voldoet_niet", "voldoet")),
        (TOWN_RULE, TOWN_RULE.replace("niet_af_te_leiden", "voldoet")),
    ),
    "OPTIONS_BOUNDED": (('ask = ["size", "own", "town"]', SIX_CLAIMS),),
}
"""What breaks each check and no other."""


class Recorder(Trail):
    """Goes on where a check fails, so that a test sees every one that does."""

    failed: list[str]

    def require(self, check: Check, holds: bool) -> None:
        if holds:
            super().require(check, holds)
        else:
            Recorder.failed.append(check.name)


def test_every_check_has_a_case_that_breaks_it() -> None:
    assert set(REFUSED) == {one.name for one in checks.POLICY_CHECKS}


@negative("NEG-SUBJECT-005")
@pytest.mark.parametrize("name", REFUSED)
def test_a_policy_that_breaks_one_check_is_refused_for_it(name: str) -> None:
    with pytest.raises(Rejected) as refused:
        read(changed(*REFUSED[name]))
    assert refused.value.check.name == name
    assert refused.value.reason is Reason.POLICY_DENIED
    before = checks.POLICY_CHECKS[: len(refused.value.trail)]
    assert tuple(step.check for step in refused.value.trail) == before


@pytest.mark.parametrize("name", sorted(set(REFUSED) - {"TYPES_KNOWN", "USE_LISTED", "HOME_DECLARED"}))
def test_each_case_breaks_only_its_own_check(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # the three that are left out leave nothing for the later checks to look at
    Recorder.failed = []
    monkeypatch.setattr(checks, "Trail", Recorder)
    read(changed(*REFUSED[name]))
    assert Recorder.failed == [name]


def test_options_are_bounded_where_no_condition_holds_as_well_as_where_all_do() -> None:
    # where `local` holds the first two rules decide, and nothing hangs on the rest of the house
    elsewhere = (("is = true", "is = false"), ("voldoet_niet", "niet_af_te_leiden"))
    own_anywhere = OWN_RULE.replace('only_if = "home.local"\n', "")
    lot = OWN_RULE.replace('only_if = "home.local"\n', "").replace("house.own", "house.lot.number")
    rules = OWN_RULE + changed(*elsewhere, text=OWN_RULE) + SIZE_RULE
    few = changed((SIZE_RULE, rules), (OWN_RULE + TOWN_RULE, own_anywhere + TOWN_RULE))
    assert read(few)
    more = (('"town"]', '"town", "lot.number"]'), (TOWN_RULE, TOWN_RULE + lot.replace("is = true", "is = 1")))
    with pytest.raises(Rejected) as refused:
        read(changed(*more, text=few))
    assert refused.value.check is checks.OPTIONS_BOUNDED


@pytest.mark.parametrize("name", policies.shipped())
def test_the_trail_of_a_good_policy_is_the_list_of_checks(name: str) -> None:
    trail = checks.check(policies.load(name), types=CATALOGUE, uses=policies.shipped_uses())
    assert tuple(step.check for step in trail) == checks.POLICY_CHECKS
    assert {step.outcome for step in trail} == {Outcome.PASSED}


def test_shipped_policies_are_named_after_their_files_and_uses() -> None:
    assert policies.shipped() == (
        "demo/hele-kaart",
        "omgevingsloket/burger",
        "woningcorporatie/A",
        "woningcorporatie/B",
    )
    for name in policies.shipped():
        policy = policies.load(name)
        assert (policy.id, policy.use) == (name, name)


MORE_REFUSED: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "a rule without a sentence in English": (
        "EXPLAINED",
        (('because = { nl = "c", en = "c" }', 'because = { nl = "c" }'),),
    ),
    "a term of keeping in words of its own": ("KEEP_STATED", (('"until audit"', '"as long as useful"'),)),
    "an outcome that does not exist": ("KEEP_STATED", (("keep = { voldoet", "keep = { maybe"),)),
    "a question left out of same_subject": ("ONE_SUBJECT", (('same_subject = ["person", "house"]\n', ""),)),
    "same_subject over a question that is not there": (
        "ONE_SUBJECT",
        (('same_subject = ["person", "house"]', 'same_subject = ["person", "house", "car"]'),),
    ),
    "a condition that may be missing, compared without asking for it": (
        "HOME_FITS",
        (('outside = "home.towns"\nonly_if = "home.towns"', 'outside = "home.towns"\nonly_if = "home.local"'),),
    ),
    "a range for a text": ("RULES_FIT", (('outside = "home.towns"', 'outside = "home.size"'),)),
    "a boolean condition to lie outside of": (
        "RULES_FIT",
        (('outside = "home.size"', 'outside = "home.local"'), ('size = "range", ', "")),
    ),
    "a whole number for a boolean": ("RULES_FIT", (("is = true", "is = 1"),)),
    "no rule at the end": ("RULES_END", ((END_RULE, ""),)),
    "two rules at the end": (
        "RULES_END",
        (
            (
                END_RULE,
                END_RULE.replace("e", "e").replace("otherwise = true", 'otherwise = true\nonly_if = "home.local"')
                + END_RULE,
            ),
        ),
    ),
    "the end before the end": ("RULES_END", ((SIZE_RULE, ""), (END_RULE, END_RULE + SIZE_RULE))),
    "no rule for what is absent": ("ABSENCE_FIRST", ((ABSENT_RULE, ""),)),
    "a rule that refuses for what is absent": (
        "ABSENCE_FIRST",
        ((ABSENT_RULE, ABSENT_RULE.replace("niet_af_te_leiden", "voldoet_niet")),),
    ),
    "a rule for what is absent after a yes": (
        "ABSENCE_FIRST",
        (
            (ABSENT_RULE, ""),
            (OWN_RULE, OWN_RULE.replace('"voldoet_niet"', '"voldoet"')),
            (END_RULE, ABSENT_RULE + END_RULE),
        ),
    ),
    "names asked of one credential, and nothing to match them with in another": (
        "CAN_BE_TIED",
        (('types = ["house"]', 'types = ["plot"]'),),
    ),
    "a claim that only its absence makes matter": (
        "CLAIMS_MATTER",
        (('ask = ["size", "own", "town"]', 'ask = ["size", "own", "town", "lot.letter"]'),),
    ),
    "a claim below a condition that the rules before it leave no room for": (
        "CLAIMS_MATTER",
        (
            (
                SIZE_RULE,
                OWN_RULE.replace('only_if = "home.local"\n', "")
                + OWN_RULE.replace("is = true\nonly_if", "is = false\nonly_if").replace('only_if = "home.local"\n', ""),
            ),
            ('ask = ["size", "own", "town"]', 'ask = ["own", "town"]'),
            ('size = "range", ', ""),
        ),
    ),
}


@pytest.mark.parametrize("case", MORE_REFUSED)
def test_a_policy_is_refused(case: str) -> None:
    name, changes = MORE_REFUSED[case]
    with pytest.raises(Rejected) as refused:
        read(changed(*changes))
    assert refused.value.check.name == name


ACCEPTED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "every outcome has a term of its own": (
        (
            'otherwise = "0 days"',
            'voldoet_niet = "0 days", niet_af_te_leiden = "9 days", persoonlijk_contact = "case file"',
        ),
    ),
    "every outcome has a term, and the rest too": (
        (
            'otherwise = "0 days"',
            'voldoet_niet = "0 days", niet_af_te_leiden = "9 days", persoonlijk_contact = "0 days"'
            ', otherwise = "9 days"',
        ),
    ),
    "a source of ten years": (("max_source_age_days = 14", "max_source_age_days = 3650"),),
    "a source of any age": (("max_source_age_days = 14\n", ""), ('types = ["person"]', 'types = ["person", "pid"]')),
    "a thing that no name can tie, where no name is asked": (
        ('ask = ["family_name", "given_name", "birthdate"]', 'ask = ["family_name", "given_name"]'),
        ('types = ["house"]', 'types = ["plot"]'),
    ),
    "a second rule for what is absent": (
        (ABSENT_RULE, ABSENT_RULE + ABSENT_RULE.replace('= "any"', '= "any"\nonly_if = "home.local"')),
    ),
    "a no before what is absent": ((ABSENT_RULE, ""), (SIZE_RULE, SIZE_RULE + ABSENT_RULE)),
    "every claim of a question named to identify": (
        ("identify = true", 'identify = ["family_name", "given_name", "birthdate"]'),
    ),
    "as many conditions and grounds as are read, and an age of none": (
        ('local = "bool"', 'local = "bool", a = "bool", b = "bool", c = "bool"'),
        ("max_source_age_days = 14", "max_source_age_days = 0"),
        ('legal_basis = ["AVG 6(1)(b)"]', f"legal_basis = {[str(number) for number in range(64)]}"),
        (
            SIZE_RULE,
            SIZE_RULE
            + "".join(SIZE_RULE + f'only_if = "home.{name}"\n' for name in "abc").replace(
                'outside = "home.size"', "is = 9007199254740991"
            ),
        ),
    ),
    "two values of one claim": (
        (OWN_RULE, OWN_RULE + OWN_RULE.replace("is = true", "is = false").replace("voldoet_niet", "niet_af_te_leiden")),
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_policy_is_accepted(case: str) -> None:
    read(changed(*ACCEPTED[case]))


def test_a_policy_of_one_question_needs_nothing_to_tie_it() -> None:
    text = changed(
        (PERSON_QUESTION, ""),
        (HOUSE_QUESTION, '\n[[questions]]\nid = "house"\ntypes = ["card"]\nask = ["adult"]\nundated = true\n'),
        ('same_subject = ["person", "house"]\n', ""),
        ('size = "range", local = "bool", towns = "texts?"', ""),
        (SIZE_RULE, ""),
        (TOWN_RULE, ""),
        (OWN_RULE, OWN_RULE.replace("house.own", "house.adult").replace('only_if = "home.local"\n', "")),
    )
    assert read(text).questions[0].types == (samples.NAMELESS.id,)


def test_a_credential_shown_by_law_only_is_asked_where_the_use_and_the_policy_name_the_law() -> None:
    read(changed(*REFUSED["LAW_NAMED"], ('legal_basis = ["AVG 6(1)(b)"]', 'legal_basis = ["AVG 6(1)(b)", "Test Act"]')))


def test_a_foreign_type_that_states_no_age_is_taken_where_its_question_says_so() -> None:
    policy = read(changed(('types = ["person"]', 'types = ["person", "pid"]\nundated = true')))
    assert policy.questions[0].undated


def test_a_claim_without_a_label_in_every_language_is_not_asked() -> None:
    house = samples.HOUSE
    bare = replace(
        house,
        attributes=tuple(replace(one, label={"nl": "x"}) if one.path == ("size",) else one for one in house.attributes),
    )
    with pytest.raises(Rejected) as refused:
        read_policy(LETTING.encode(), types={**TYPES, bare.id: bare}, uses=USES)
    assert refused.value.check is checks.CLAIMS_LABELLED


@pytest.mark.parametrize(
    "ask",
    ["nationalities", "place_of_birth", "birth_year", "age_over_65", "address.locality", "sex", "set", "absent.bsn"],
)
@pytest.mark.parametrize("name", ["woningcorporatie/A", "woningcorporatie/B"])
def test_no_housing_policy_asks_what_its_list_leaves_out(name: str, ask: str) -> None:
    policy = policies.load(name)
    for identify in (True, False):
        extra = policies.policy.Ask(path=tuple(ask.split(".")), identify=identify)
        first = replace(policy.questions[0], ask=(*policy.questions[0].ask, extra))
        with pytest.raises(Rejected):
            checks.check(
                replace(policy, questions=(first, *policy.questions[1:])), types=CATALOGUE, uses=policies.shipped_uses()
            )


@pytest.mark.parametrize(
    "use", ["woningcorporatie/A", "woningcorporatie/B", "woningcorporatie/C", "woningcorporatie/D"]
)
def test_no_stage_before_the_legal_route_lists_the_bsn(use: str) -> None:
    assert not policies.shipped_uses()[use].knows("urn:eigendata:nl:brp:bsn:1")


# -- shape ------------------------------------------------------------------------------------------------------------

MALFORMED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "an unknown name": (('version = "1"', 'version = "1"\nverison = "2"'),),
    "an unknown name in a question": (('types = ["house"]', 'types = ["house"]\npaths = []'),),
    "an unknown name in a rule": (("is = true", 'is = true\nunless = "home.local"'),),
    "an unknown operator": (("is = true", "above = 3"),),
    "two operators": (("is = true", 'is = true\noutside = "home.size"'),),
    "an operator without a claim": (('claim = "house.own"\n', ""),),
    "a claim beside `otherwise`": (("otherwise = true", 'otherwise = true\nclaim = "house.own"'),),
    "otherwise = false": (("otherwise = true", "otherwise = false"),),
    "absent = some": (('absent = "any"', 'absent = "some"'),),
    "a claim without a path": (('claim = "house.own"', 'claim = "house"'),),
    "a float to compare with": (("is = true", "is = 1.0"),),
    "a number that JSON readers disagree on": (("is = true", "is = 9007199254740992"),),
    "an unknown advice": ((OWN_RULE, OWN_RULE.replace("voldoet_niet", "afgewezen")),),
    "a condition that is not the home's": (('only_if = "home.local"', 'only_if = "person.local"'),),
    "an unknown kind of condition": (('local = "bool"', 'local = "float"'),),
    "a condition with no name": (('local = "bool"', '"" = "bool"'),),
    "too many conditions": (('local = "bool"', 'local = "bool", a = "bool", b = "bool", c = "bool", d = "bool"'),),
    "an id that is no name": (('id = "test/letting"', 'id = "../letting"'),),
    "no version": (('version = "1"\n', ""),),
    "an age that is no number": (("max_source_age_days = 14", 'max_source_age_days = "14"'),),
    "an age that is a boolean": (("max_source_age_days = 14", "max_source_age_days = true"),),
    "a negative age": (("max_source_age_days = 14", "max_source_age_days = -1"),),
    "an age of more than ten years": (("max_source_age_days = 14", "max_source_age_days = 3651"),),
    "a purpose that is a text": (('purpose = { nl = "Waarom", en = "Why" }', 'purpose = "Why"'),),
    "an empty text": (('en = "Why"', 'en = ""'),),
    "a question without a claim": (('ask = ["size", "own", "town"]', "ask = []"),),
    "a question without a type": (('types = ["house"]', "types = []"),),
    "a claim asked twice": (('ask = ["size", "own", "town"]', 'ask = ["size", "own", "own"]'),),
    "a path with an index": (('ask = ["size", "own", "town"]', 'ask = ["size", "own", 0]'),),
    "a path with an empty part": (('ask = ["size", "own", "town"]', 'ask = ["size", "own", "lot."]'),),
    "a claim to identify that is a number": (("identify = true", 'identify = ["family_name", 3]'),),
    "a number that is spelled as a claim that is asked": (
        ('"birthdate"]\nidentify = true', '"birthdate", "3"]\nidentify = [3]'),
    ),
    "more grounds than are read": (
        ('legal_basis = ["AVG 6(1)(b)"]', f"legal_basis = {[str(number) for number in range(65)]}"),
    ),
    "a claim to identify that is not asked": (("identify = true", 'identify = ["nickname"]'),),
    "a question id that is no name": ((HOUSE_QUESTION, HOUSE_QUESTION.replace('id = "house"', 'id = "house-1"')),),
    "two questions of one id": ((HOUSE_QUESTION, HOUSE_QUESTION.replace('id = "house"', 'id = "person"')),),
    "a flag that is a text": (('types = ["house"]', 'types = ["house"]\noptional = "yes"'),),
    "a language that is none of ours": (('{ nl = "c", en = "c" }', '{ nl = "c", en = "c", ne = "c" }'),),
    "a purpose in a language that is none of ours": (('en = "Why" }', 'en = "Why", fr = "Pourquoi" }'),),
    "no TOML": (('version = "1"', "version = "),),
    "questions that are no list": ((PERSON_QUESTION + HOUSE_QUESTION, "[questions]\n"),),
    "an integer of ten thousand digits": (("is = true", "is = " + "9" * 10_000),),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_file_of_another_shape_is_malformed(case: str) -> None:
    with pytest.raises(Malformed):
        read(changed(*MALFORMED[case]))


def test_a_policy_has_rules_and_questions_and_not_too_many() -> None:
    with pytest.raises(Malformed):
        read(samples.HEAD + "questions = []\n" + "".join((ABSENT_RULE, END_RULE)))
    with pytest.raises(Rejected):  # as many as there may be, and alike
        read(changed((SIZE_RULE, SIZE_RULE * 20)))
    with pytest.raises(Malformed):
        read(changed((SIZE_RULE, SIZE_RULE * 21)))
    homes = [HOUSE_QUESTION.replace('id = "house"', f'id = "house_{number}"') for number in range(7)]
    with pytest.raises(Rejected):  # as many as there may be, and not all about one person
        read(changed((HOUSE_QUESTION, HOUSE_QUESTION + "".join(homes[:6]))))
    with pytest.raises(Malformed):
        read(changed((HOUSE_QUESTION, HOUSE_QUESTION + "".join(homes))))


def test_nothing_identifies_where_the_file_says_so() -> None:
    text = changed(('ask = ["size", "own", "town"]', 'ask = ["size", "own", "town"]\nidentify = false'))
    assert read(text) == read()


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe",
        b"a = " + b"[" * 40_000,
        b"a = " + b"{a=" * 20_000,
        b"a." * 30_000 + b"b = 1",
        b"[" + b"a." * 30_000 + b"b]",
        b"x = 1\n" + b"a." * 30_000 + b"b = 1\ny = 1",
        b'"\xe2\x80\xa8"' + b'."\xe2\x80\xa8"' * 5_000 + b" = 1",
        b"#" * (TOML_LIMIT + 1),
        b"\n".join(b"a%d = 1" % number for number in range(5_000)),
        b"[a]\nb = [" + b"1," * 20_000 + b"]",
    ],
)
def test_hostile_toml_is_malformed_and_cheap(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_policy(data)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet='abc=[]{}".\n#1', max_size=80).map(str.encode))
def test_any_bytes_give_a_policy_or_one_of_our_errors(data: bytes) -> None:
    with pytest.raises(EigendataError):
        read_policy(data)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, len(LETTING) - 1), st.sampled_from('x"[]{}.=\n1?'))
def test_a_changed_character_gives_a_policy_or_one_of_our_errors(place: int, character: str) -> None:
    with suppress(Malformed, Rejected):
        read(LETTING[:place] + character + LETTING[place + 1 :])


# -- finding ----------------------------------------------------------------------------------------------------------


def test_a_policy_is_loaded_by_name_or_path(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(LETTING)
    assert policies.load(file, types=TYPES, uses=USES) == policies.load(str(file), types=TYPES, uses=USES) == read()


@pytest.mark.parametrize("name", ["woningcorporatie/Z", "../uses", "", "woningcorporatie", "none.toml", "a\0.toml"])
def test_what_is_not_there_is_misuse(name: str) -> None:
    with pytest.raises(Misuse):
        policies.load(name)


def test_only_toml_files_are_policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shipped" / "deep").mkdir(parents=True)
    (tmp_path / "shipped" / "deep" / "own.toml").write_text(LETTING)
    (tmp_path / "shipped" / "own.toml~").write_text(LETTING)
    monkeypatch.setattr(loader, "files", lambda _: tmp_path)
    assert policies.shipped() == ("deep/own",)


def test_a_file_outside_the_shipped_ones_is_no_name(tmp_path: Path) -> None:
    # `../uses` lies beside the shipped folder, and is no policy
    with pytest.raises(Misuse):
        policies.load("../uses")
    with pytest.raises(Misuse):
        policies.load(tmp_path)


def test_a_path_is_never_the_name_of_a_shipped_policy() -> None:
    assert policies.load("woningcorporatie/B")
    with pytest.raises(Misuse):
        policies.load(Path("woningcorporatie/B"))


def test_a_file_of_another_name_than_toml_is_no_policy(tmp_path: Path) -> None:
    file = tmp_path / "own.txt"
    file.write_text(LETTING)
    with pytest.raises(Misuse):
        policies.load(file, types=TYPES, uses=USES)


def test_a_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(LETTING + "#" * (TOML_LIMIT - len(LETTING) - 2) + "\n1")
    with pytest.raises(Malformed):  # its last character is no TOML
        policies.load(file, types=TYPES, uses=USES)
    file.write_text(LETTING + "#" * (TOML_LIMIT - len(LETTING)))
    assert policies.load(file, types=TYPES, uses=USES) == read()
    file.write_text(LETTING + "#" * (TOML_LIMIT + 1 - len(LETTING)))
    with pytest.raises(Malformed):
        policies.load(file, types=TYPES, uses=USES)


def test_errors_say_which_policy(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("x = 1")
    with pytest.raises(Malformed) as error:
        policies.load(file)
    assert error.value.where[0] == str(file)


# -- digest -----------------------------------------------------------------------------------------------------------


def test_the_digest_of_a_policy_is_the_same_wherever_and_whenever_it_is_computed() -> None:
    # Stored beside answers and printed on letters: where this changes, old ones no longer name their policy.
    assert read().digest() == "61242a59e1409a55852e1961a2b97149168354ba820e1a2eb5c3cf9ea7eb6c14"


def test_equal_policies_have_one_digest_and_each_change_another() -> None:
    respelled = LETTING.replace(
        'home = { size = "range", local = "bool"', 'home = { "size" = "range",   local = "bool"'
    )
    assert read(respelled).digest() == read().digest()
    different = [
        changed(('version = "1"', 'version = "2"')),
        changed(('en = "Why"', 'en = "Why not"')),
        changed(('"AVG 6(1)(b)"', '"AVG 6(1)(e)"')),
        changed(('"until audit"', '"9 days"')),
        changed(("max_source_age_days = 14\n", "")),
        changed(('"balie"', '"brief"')),
        changed(('types = ["house"]', 'types = ["house"]\noptional = true')),
        changed((OWN_RULE, OWN_RULE.replace("is = true", "is = false"))),
        changed((OWN_RULE, OWN_RULE.replace("home.local", "home.towns")), ('local = "bool", ', "")),
        changed(('is = true\nonly_if = "home.local"\n', "is = true\n"), ('local = "bool", ', "")),
        changed((OWN_RULE, OWN_RULE.replace("voldoet_niet", "niet_af_te_leiden"))),
        changed((SIZE_RULE, ""), (OWN_RULE, OWN_RULE + SIZE_RULE)),
    ]
    assert len({read().digest(), *(read(text).digest() for text in different)}) == len(different) + 1


def test_the_content_of_a_policy_spells_its_claims_as_the_file_does() -> None:
    ask = 'ask = ["size", "own", "town", "lot.number"]\nidentify = ["town", "lot.number"]'
    names = ('ask = ["family_name", "given_name", "birthdate"]', 'ask = ["family_name", "given_name"]')
    questions = read(changed(('ask = ["size", "own", "town"]', ask), names)).to_json()["questions"]
    assert isinstance(questions, list)
    assert questions[1]["ask"] == ["size", "own", "town", "lot.number"]
    assert questions[1]["identify"] == ["town", "lot.number"]


def test_a_policy_can_be_hashed_and_compared() -> None:
    assert len({read(), read()}) == 1


# -- uses -------------------------------------------------------------------------------------------------------------


def test_a_list_of_uses_names_the_law_for_what_is_shown_by_law_only() -> None:
    with pytest.raises(Rejected) as refused:
        read_uses(changed(('law = "Test Act"\n', ""), text=USES_TOML).encode(), types=TYPES)
    assert refused.value.check is policies.USE_CHECKS[1]


def test_a_use_is_explained_in_every_language() -> None:
    with pytest.raises(Rejected) as refused:
        read_uses(changed((', en = "Let"', ""), text=USES_TOML).encode(), types=TYPES)
    assert refused.value.check is policies.USE_CHECKS[0]


def test_a_list_of_uses_of_another_shape_is_malformed() -> None:
    for text in (
        USES_TOML + "extra = 1",
        "other = 1",
        changed(('may.card = ["adult"]', "may.card = 3"), text=USES_TOML),
    ):
        with pytest.raises(Malformed):
            read_uses(text.encode(), types=TYPES)


def test_errors_say_which_use() -> None:
    with pytest.raises(Rejected) as refused:
        read_uses(changed((', en = "Let"', ""), text=USES_TOML).encode(), types=TYPES)
    assert refused.value.where == ("letting",)


def test_a_list_of_uses_spells_a_claim_with_parts_with_a_dot() -> None:
    listed = read_uses(
        changed(('may.plot = ["size"', 'may.plot = ["lot.number"'), text=USES_TOML).encode(), types=TYPES
    )
    use = listed["letting"]
    assert use.allows(samples.PLOT.id, ("lot", "number"))
    assert use.may[samples.PLOT.id][0] == ("lot", "number")


def test_every_short_name_in_the_shipped_uses_is_of_the_catalogue() -> None:
    catalogue: Mapping[str, CredentialType] = CATALOGUE
    for use in policies.shipped_uses().values():
        for name, paths in (*use.may.items(), *use.identify.items()):
            assert name.startswith("urn:"), name
            if name in catalogue:
                declared = [one.path for one in catalogue[name].attributes]
                assert all(any(one[: len(path)] == path for one in declared) for path in paths)
    assert policies.shipped_uses()["woningcorporatie/B"].knows(PERSOON.id)


def test_whether_a_card_is_taken_whole_is_part_of_what_a_policy_says() -> None:
    whole = policies.load("demo/hele-kaart")
    other = replace(whole, questions=tuple(replace(one, whole=False) for one in whole.questions))
    assert whole.digest() != other.digest()
    asked, parts = whole.to_json()["questions"], other.to_json()["questions"]
    assert isinstance(asked, list)
    assert isinstance(parts, list)
    assert [one["whole"] for one in asked] == [True]
    assert not any("whole" in one for one in parts)
