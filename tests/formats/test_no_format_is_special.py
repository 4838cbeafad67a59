"""The laws and the roles hold no word about a particular format: what they do with one they do with every other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import eigendata
from eigendata.formats import FORMATS, ORIGINS
from eigendata.model import Chain, DocumentSigner, Method

_SOURCE = Path(eigendata.__file__).parent
_ROLES = (*(_SOURCE / "issuer").glob("*.py"), *(_SOURCE / "wallet").glob("*.py"), _SOURCE / "verifier.py")
_LAWS = (Path(__file__).parent / "laws.py",)
_WORDS = re.compile(r"mdoc|sd-?_?jwt|data integrity|ldp_vc|\bformats\.(?!protocol)\w+ import", re.IGNORECASE)


@pytest.mark.parametrize("path", [*_ROLES, *_LAWS], ids=lambda path: path.name)
def test_no_role_and_no_law_names_a_format(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [found[0] for found in _WORDS.finditer(text)] == []
    assert not [name for name in FORMATS if name in text]


def test_of_each_format_it_is_said_how_its_issuer_is_found() -> None:
    assert set(ORIGINS) == set(FORMATS)
    assert set(ORIGINS.values()) == {Chain, DocumentSigner, Method}
