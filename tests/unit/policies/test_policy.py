"""What a policy and its questions are where the file says nothing of it, and the words that a file may choose from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eigendata import texts
from eigendata.policies import kept
from eigendata.policies.compile import Wanted
from eigendata.policies.policy import PolicyQuestion
from tests.unit.policies.samples import changed, read


def test_a_question_of_which_no_more_is_said_has_to_be_answered_by_a_dated_card_in_parts() -> None:
    one = PolicyQuestion(id="person", types=(), ask=())
    assert (one.optional, one.undated, one.whole) == (False, False, False)
    wanted = Wanted(id="person", types=(), paths=())
    assert (wanted.optional, wanted.whole) == (False, False)


def test_a_policy_may_be_a_member_of_a_set() -> None:
    policy, again = read(), read()
    others = (replace(policy, purpose={}), replace(policy, keep={}), replace(policy, home={}))
    assert {policy, again, *others} == {policy, *others}
    assert len({policy, again, *others}) == 4


@pytest.mark.parametrize("channel", ["balie", "telefoon", "brief"])
def test_a_person_may_apply_at_a_desk_by_telephone_or_by_letter(channel: str) -> None:
    assert read(changed(('"balie"', f'"{channel}"'))).other_channel == channel


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_what_stays_in_a_case_file_or_until_an_audit_is_said_in_words_of_ours(language: str) -> None:
    assert kept("case file", language) == texts.say("keep.case_file", language)
    assert kept("until audit", language) == texts.say("keep.until_audit", language)
