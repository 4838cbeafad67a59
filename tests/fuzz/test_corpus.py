"""What fuzzing starts from, and what it found, is handed to each target: what must hold of any input holds of these."""

from __future__ import annotations

from pathlib import Path

import pytest

from eigendata.errors import EigendataError
from eigendata.formats.mdoc import MSO_MDOC
from eigendata.formats.protocol import Format
from eigendata.formats.sdjwt import SD_JWT_VC

from .targets import ANY, AT, BINDING, TARGETS, Believes, every_signature_holds, run

CORPUS = Path(__file__).with_name("corpus")
INPUTS = sorted(CORPUS.glob("*/*"))


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_must_hold_of_any_input_holds_of_the_corpus(path: Path) -> None:
    run(path.parent.name, path.read_bytes())


def test_there_is_a_corpus_for_each_target_and_for_nothing_else() -> None:
    assert {path.parent.name for path in INPUTS} == set(TARGETS)
    assert all(path.stat().st_size <= 8192 for path in INPUTS)


@pytest.mark.parametrize(
    ("format", "path"),
    [
        *((MSO_MDOC, path) for path in INPUTS if path.match("mdoc/presentation-[ps]*")),
        *((SD_JWT_VC, path) for path in INPUTS if path.match("sd_jwt/presentation-*")),
    ],
    ids=lambda one: one.name if isinstance(one, Path) else "",
)
def test_fuzzing_starts_from_presentations_that_pass_every_check(format: Format, path: Path) -> None:
    with every_signature_holds():
        presented = format.parse_presentation(path.read_bytes())
        try:
            verified = presented.verify([ANY], BINDING, trust=Believes(), at=AT)
        except EigendataError as error:
            pytest.fail(f"{path.name}: {error}")
    assert verified.revealed


def test_a_target_that_breaks_an_invariant_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: bytes) -> None:
        raise RecursionError

    monkeypatch.setattr("tests.fuzz.targets.TARGETS", {"broken": broken})
    with pytest.raises(RecursionError):
        run("broken", b"")
