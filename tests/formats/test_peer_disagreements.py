"""Our side of each disagreement with another library, without that library (see tests/differential)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.differential.disagreement import RANDOM, Disagreement
from tests.differential.disagreements import DISAGREEMENTS, rows
from tests.differential.mutations import DRAFTED, SENT
from tests.differential.plain import MODES, mutated, plain
from tests.differential.verifiers import Asked, ours

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "peers.md"
EACH = [(one, case) for one in DISAGREEMENTS for case in one.cases if case != RANDOM]
CONTROLS = {
    "... an empty text",
    "... in an array in an array",
    "1000 disclosures",
    "50 arrays deep",
    "_sd alone in an object",
    "_sd empty in an object",
    "_sd in an object in an array",
    "_sd of an empty text",
    "a child before its parent",
    "a claim named exp in an object disclosed",
    "a name elsewhere",
    "a number too small",
    "a parent and its child",
    "aka_vcts",
    "an element inside an element",
    "an element of an array",
    "an empty name",
    "an empty salt",
    "an integer with a point",
    "an integer with an exponent",
    "another order",
    "blanks around",
    "cnf of a key with more members",
    "escaped characters",
    "exp a fraction",
    "header in blanks",
    "header that nobody knows",
    "iat disclosed",
    "iat left out",
    "nbf in the past",
    "nothing",
    "nothing hidden",
    "payload in blanks",
    "proof in blanks",
    "proof of four minutes ago",
    "proof of half a minute ahead",
    "proof with iat a fraction",
    "proof with more claims",
    "status list",
    "sub disclosed",
    "the largest safe integer",
    "vct#integrity",
}
"""What changes a presentation and breaks no rule: refused by nobody, but for what a peer has no room for."""
DISPUTED = {case for _, case in EACH}


def _answers(mutation: str, only: bool | None = None) -> Iterator[str]:
    for proof, bound in MODES:
        if only is not None and bound is not only:
            continue
        draft = plain(proof=proof)
        token = mutated(mutation, draft, Random(1))
        if token is not None:
            yield ours(token, Asked(key=draft.key.public_key, bound=bound)).why


@pytest.mark.parametrize(("one", "case"), EACH, ids=[f"{one.id}: {case}" for one, case in EACH])
def test_what_others_accept_is_refused_here_for_the_reason_that_the_table_gives(one: Disagreement, case: str) -> None:
    assert any(re.match(one.ours, why) for why in _answers(case, one.bound))


def test_a_control_is_accepted() -> None:
    assert {name for name in [*DRAFTED, *SENT] if name not in DISPUTED and not any(_answers(name))} == CONTROLS


def test_the_page_about_the_peers_holds_the_table() -> None:
    assert rows() in PAGE.read_text("utf-8")
