"""Asking an implementation: this one, one that accepts or refuses everything, and commands that misbehave."""

from __future__ import annotations

import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from eigendata import testkit
from eigendata.encoding import json_dumps
from eigendata.errors import Misuse
from eigendata.testkit import report
from eigendata.testkit.case import Case, Expect, Severity
from eigendata.testkit.command import ANSWER_LIMIT, Each, Lines, split
from eigendata.testkit.runner import Answer, Outcome, Own, Report, Verdict, run, same

CASES = testkit.shipped()
FEW = testkit.chosen(CASES, ["kb-nonce-*"])
ANSWERS = {"accept": Answer(verdict=Verdict.ACCEPT), "reject": Answer(verdict=Verdict.REJECT)}


@dataclass
class Saying:
    """An implementation that answers as a function says."""

    says: Callable[[Case], Answer]

    def answer(self, case: Case, /) -> Answer:
        return self.says(case)


def said(says: Callable[[Case], Answer], cases: tuple[Case, ...] = CASES) -> Report:
    return run(cases, Saying(says), name="x")


def right(case: Case) -> Answer:
    return ANSWERS[case.expect]


def outcomes(done: Report) -> dict[str, Outcome]:
    return {one.case.id: one.outcome for one in done.results}


def test_this_library_passes_every_case() -> None:
    done = run(CASES, Own(), name="eigendata")
    assert done.conforms
    assert set(outcomes(done).values()) == {Outcome.PASSED}


def test_who_refuses_everything_passes_nothing() -> None:
    done = said(lambda _: ANSWERS["reject"])
    assert not done.conforms
    assert set(outcomes(done).values()) == {Outcome.WRONGLY_REFUSED, Outcome.NOT_SHOWN}


def test_who_accepts_everything_passes_the_good_ones_alone() -> None:
    done = said(lambda _: ANSWERS["accept"])
    assert not done.conforms
    for one in done.results:
        good = one.case.expect is Expect.ACCEPT
        assert one.outcome is (Outcome.PASSED if good else Outcome.WRONGLY_ACCEPTED)


def test_one_case_that_must_be_refused_and_is_not_is_enough_to_fail() -> None:
    for case in (one for one in CASES if one.expect is Expect.REJECT and one.severity is Severity.MUST):
        done = said(lambda asked, case=case: ANSWERS["accept"] if asked is case else right(asked))  # type: ignore[misc]
        assert not done.conforms
        break
    assert said(right).conforms


def test_a_case_of_severity_should_does_not_decide() -> None:
    def lax(case: Case) -> Answer:
        return ANSWERS["accept"] if case.severity is Severity.SHOULD else right(case)

    done = said(lax)
    assert done.conforms
    assert done.counted(Severity.SHOULD)[Outcome.WRONGLY_ACCEPTED] > 0


def test_without_a_case_nothing_is_shown() -> None:
    assert not said(right, ()).conforms


def test_a_refusal_counts_only_beside_an_accepted_twin() -> None:
    done = said(lambda case: ANSWERS["reject"] if case.id == "good-x5c" else right(case))
    of_x5c = {one.outcome for one in done.results if one.case.twin == "good-x5c"}
    assert of_x5c == {Outcome.NOT_SHOWN}
    assert outcomes(done)["kb-nonce-other"] is Outcome.PASSED


def test_claims_that_were_not_signed_or_not_shown_are_found_out() -> None:
    def with_claims(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Outcome:
        done = said(lambda case: Answer(verdict=Verdict.ACCEPT, claims=change(dict(case.claims or {}))), FEW)
        return outcomes(done)["good-bound"]

    assert with_claims(lambda claims: claims) is Outcome.PASSED
    assert with_claims(lambda claims: {**claims, "iss": "x", "cnf": {}, "exp": 1}) is Outcome.PASSED
    assert with_claims(lambda claims: {**claims, "_sd_alg": "sha-256"}) is Outcome.WRONG_CLAIMS
    assert with_claims(lambda claims: {**claims, "birthdate": "1990-06-01"}) is Outcome.WRONG_CLAIMS
    assert with_claims(lambda claims: {"authority": claims.get("authority")}) is Outcome.WRONG_CLAIMS


def test_json_values_are_compared_as_json() -> None:
    assert same({"a": [1, "x", None, True]}, {"a": (1.0, "x", None, True)})
    for one, other in ((True, 1), (0, False), (None, 0), ("1", 1), ([1], [1, 1]), ({}, []), ({"a": 1}, {"b": 1})):
        assert not same(one, other)
        assert not same(other, one)


def test_chosen_cases_bring_their_twins_along() -> None:
    assert {"good-bound", "kb-nonce-other"} <= {one.id for one in FEW}
    assert testkit.chosen(CASES, ()) == CASES
    with pytest.raises(Misuse, match="nothing-such"):
        testkit.chosen(CASES, ["kb-*", "nothing-such"])


# -- commands ---------------------------------------------------------------------------------------------------------

REPLY = "import json, sys\nfor line in sys.stdin:\n    asked = json.loads(line)\n"
TOLD = {
    *("id", "role", "format", "serialization", "at", "type", "type_metadata", "issuer", "issuer_key", "anchors"),
    *("require_key_binding", "audience", "nonce", "token"),
}
OWN = """
import json, sys
from eigendata.errors import EigendataError
from eigendata.testkit import own, shipped
cases = {one.id: one for one in shipped()}
for line in sys.stdin:
    asked = json.loads(line)
    try:
        print(json.dumps({"verdict": "accept", "claims": own.verify(cases[asked["id"]])}), flush=True)
    except EigendataError as error:
        print(json.dumps({"verdict": "reject", "said": str(error)}), flush=True)
"""


@pytest.fixture
def lines(tmp_path: Path) -> Callable[..., Lines]:
    def made(program: str, patience: float = 20.0) -> Lines:
        path = tmp_path / "adapter.py"
        path.write_text(program)
        return Lines((sys.executable, "-I", str(path)), patience)

    return made


def asked(implementation: Lines, cases: tuple[Case, ...] = FEW) -> Report:
    with implementation as lines:
        return run(cases, lines, name="x")


def test_a_command_is_asked_by_lines_and_told_nothing_of_what_is_expected(lines: Callable[..., Lines]) -> None:
    told = REPLY + (
        f"    known = set(asked) == {TOLD!r}\n"
        "    print(json.dumps({'verdict': 'reject' if known else 'accept'}), flush=True)\n"
    )
    assert {one.answer.verdict for one in asked(lines(told)).results} == {Verdict.REJECT}


def test_one_process_answers_the_whole_kit(lines: Callable[..., Lines]) -> None:
    done = asked(lines(OWN), CASES)
    assert done.conforms
    assert set(outcomes(done).values()) == {Outcome.PASSED}


def test_a_command_that_crashes_is_started_anew(lines: Callable[..., Lines]) -> None:
    crashing = REPLY + (
        "    if asked['id'] == 'kb-nonce-other': raise SystemExit('\\x1b[31mthe end')\n"
        "    print(json.dumps({'verdict': 'accept' if asked['id'].startswith('good') else 'reject'}), flush=True)\n"
    )
    done = asked(lines(crashing))
    found = outcomes(done)
    assert found.pop("kb-nonce-other") is Outcome.CRASHED
    assert set(found.values()) == {Outcome.PASSED}
    (crashed,) = done.of(Outcome.CRASHED)
    assert "the end" in crashed.answer.said


def test_a_command_that_does_not_answer_is_ended_in_time(lines: Callable[..., Lines]) -> None:
    sleeping = REPLY + (
        "    import time\n"
        "    if asked['id'] == 'kb-nonce-empty': time.sleep(600)\n"
        "    print(json.dumps({'verdict': 'accept' if asked['id'].startswith('good') else 'reject'}), flush=True)\n"
    )
    began = time.monotonic()
    found = outcomes(asked(lines(sleeping, 2.0)))
    assert time.monotonic() - began < 60
    assert found.pop("kb-nonce-empty") is Outcome.TIMED_OUT
    assert Outcome.PASSED in found.values()


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("no json at all", Outcome.CRASHED),
        ('["accept"]', Outcome.CRASHED),
        ('{"verdict": "yes"}', Outcome.CRASHED),
        ('{"verdict": true}', Outcome.CRASHED),
        ('{"verdict": "accept", "claims": []}', Outcome.CRASHED),
        ('{"verdict": "reject", "said": 7}', Outcome.CRASHED),
        ("[" * 100_000, Outcome.CRASHED),
        ("", Outcome.CRASHED),
        ('{"verdict": "unsupported", "said": "\\ud800"}', Outcome.UNSUPPORTED),
        ('{"verdict": "unsupported", "said": "\\u0000"}', Outcome.UNSUPPORTED),
        ('{"verdict": "accept", "claims": {"a": NaN}}', Outcome.WRONG_CLAIMS),
    ],
)
def test_an_answer_that_is_none_is_a_crash_and_no_refusal(
    lines: Callable[..., Lines], answer: str, outcome: Outcome
) -> None:
    good = testkit.chosen(CASES, ["good-bound", "good-nothing-shown"])
    odd = (
        REPLY + f"    print({answer!r} if asked['id'] == 'good-bound' else '{{\"verdict\": \"accept\"}}', flush=True)\n"
    )
    done = asked(lines(odd), good)
    assert outcomes(done) == {"good-bound": outcome, "good-nothing-shown": Outcome.PASSED}
    json_dumps(report.as_object(done))  # whatever it said can be written


def test_what_a_command_writes_is_read_up_to_a_limit(lines: Callable[..., Lines]) -> None:
    flooding = REPLY + (
        "    sys.stderr.write('e' * 5_000_000)\n"
        f"    if asked['id'] == 'kb-nonce-other': sys.stdout.write('x' * {ANSWER_LIMIT * 3})\n"
        "    print(json.dumps({'verdict': 'accept' if asked['id'].startswith('good') else 'reject'}), flush=True)\n"
    )
    done = asked(lines(flooding))
    found = outcomes(done)
    assert found.pop("kb-nonce-other") is Outcome.CRASHED
    assert set(found.values()) == {Outcome.PASSED}
    assert all(len(one.answer.said) < 10_000 for one in done.results)


def test_a_command_that_says_more_than_it_was_asked_is_not_believed_later(lines: Callable[..., Lines]) -> None:
    twice = REPLY + (
        "    print(json.dumps({'verdict': 'accept'}) + '\\n' + json.dumps({'verdict': 'reject'}), flush=True)\n"
    )
    found = outcomes(asked(lines(twice)))
    assert Outcome.CRASHED in found.values()
    assert Outcome.PASSED not in {found[one.id] for one in FEW if one.expect is Expect.REJECT}


def test_a_command_that_never_answers_is_given_up(lines: Callable[..., Lines]) -> None:
    with (
        pytest.raises(Misuse, match=r"never gave an answer.*no such thing"),
        lines("raise OSError('no such thing')") as one,
    ):
        run(CASES, one, name="x")


def test_a_command_that_is_not_there_is_misuse() -> None:
    with pytest.raises(Misuse, match="cannot be started"):
        Each(("/nothing/there",)).answer(CASES[0])


def test_a_command_is_split_and_given_to_no_shell(tmp_path: Path) -> None:
    assert split("python 'my adapter.py' --x='a b'") == ("python", "my adapter.py", "--x=a b")
    for wrong in ("", "   ", "'open"):
        with pytest.raises(Misuse):
            split(wrong)
    words = split(f"{sys.executable} -c pass ; touch {tmp_path / 'touched'}")
    assert Each(words).answer(CASES[0]).verdict is Verdict.ACCEPT
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(0, Verdict.ACCEPT), (1, Verdict.REJECT), (3, Verdict.UNSUPPORTED), (2, Verdict.CRASHED), (139, Verdict.CRASHED)],
)
def test_the_exit_status_of_a_command_for_each_case_is_its_answer(status: int, verdict: Verdict) -> None:
    program = f"import json, sys; assert json.load(sys.stdin)['token']; sys.exit({status})"
    assert Each((sys.executable, "-I", "-c", program), 20.0).answer(CASES[0]).verdict is verdict


def test_a_command_for_each_case_that_hangs_or_is_killed_is_no_answer() -> None:
    sleeping = Each((sys.executable, "-I", "-c", "import time; time.sleep(600)"), 1.0)
    assert sleeping.answer(CASES[0]).verdict is Verdict.TIMED_OUT
    killed = Each((sys.executable, "-I", "-c", "import os; os.kill(os.getpid(), 9)"), 20.0)
    assert killed.answer(CASES[0]).verdict is Verdict.CRASHED
    flooding = Each((sys.executable, "-I", "-c", "while True: print('x' * 65536)"), 20.0)
    assert flooding.answer(CASES[0]).verdict is Verdict.CRASHED


@pytest.mark.parametrize(
    ("program", "patience", "why"),
    [("import time; time.sleep(600)", 0.3, "no answer within 0.3 seconds"), ("raise SystemExit(2)", 20.0, "status 2")],
)
def test_a_command_for_each_case_that_never_answers_is_given_up(program: str, patience: float, why: str) -> None:
    each = Each((sys.executable, "-I", "-c", program), patience)
    began = time.monotonic()
    with pytest.raises(Misuse, match=f"never gave an answer.*{why}"):
        run(CASES, each, name="x")
    assert time.monotonic() - began < 30


def test_a_command_for_each_case_that_answered_once_is_asked_to_the_end() -> None:
    program = "import json, sys; sys.exit(0 if json.load(sys.stdin)['id'] == sys.argv[1] else 2)"
    each = Each((sys.executable, "-I", "-c", program, CASES[0].id), 20.0)
    assert [one.answer.verdict for one in run(CASES[:6], each, name="x").results] == [
        Verdict.ACCEPT,
        *[Verdict.CRASHED] * 5,
    ]


def test_a_command_that_reads_nothing_still_answers() -> None:
    large = next(one for one in CASES if one.id == "good-large-value")
    assert Each((sys.executable, "-I", "-c", "pass"), 20.0).answer(large).verdict is Verdict.ACCEPT


# -- reports ----------------------------------------------------------------------------------------------------------


def test_what_was_wrongly_accepted_stands_first_and_in_both_languages() -> None:
    worst = said(lambda case: ANSWERS["accept"] if case.id == "kb-nonce-other" else ANSWERS["reject"], FEW)
    for language, first in (("nl", "TEN ONRECHTE AANGENOMEN: 1."), ("en", "WRONGLY ACCEPTED: 1.")):
        told = [text for text, _ in report.lines(worst, language)]
        assert told[0].startswith(first)
        assert told[1].strip().startswith("kb-nonce-other  (must, RFC 9901 7.3 (5.6))")


def test_the_table_counts_every_case_once() -> None:
    done = said(right)
    rows = [text.split() for text, _ in report.lines(done, "en") if text.startswith(("RFC", "SD-JWT", "HAIP"))]
    assert sum(int(row[-2]) for row in rows) == len(CASES)
    assert sum(int(row[-1]) for row in rows) == len(CASES)


def test_the_object_and_the_junit_file_agree() -> None:
    done = said(lambda case: Answer(verdict=Verdict.REJECT, said="\x1b[0m <&> \x00"))
    whole = report.as_object(done)
    suite = ElementTree.fromstring(report.as_junit(done))
    assert whole["conforms"] is False
    assert suite.get("tests") == str(len(CASES))
    failed = [one for one in done.results if one.case.severity is Severity.MUST]
    assert suite.get("failures") == str(len(failed)) == str(len(suite.findall("testcase/failure")))
    assert len(suite.findall("testcase/skipped")) == len(CASES) - len(failed)
    passed = ElementTree.fromstring(report.as_junit(said(right)))
    assert passed.get("failures") == "0"
    assert passed.findall("testcase/failure") == []
