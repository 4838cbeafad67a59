"""The official vectors and register test data, which lie beside the project and are not part of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_FOLDER = Path(os.environ.get("EIGENDATA_SHARED", ROOT.parent / "shared"))
REQUIRE_ALL = os.environ.get("EIGENDATA_REQUIRE_ALL") == "1"


def lacking(what: str) -> None:
    """Skip with a printed reason; fail where everything is required."""
    if REQUIRE_ALL:
        pytest.fail(f"{what} is required here and was not found")
    pytest.skip(f"{what} is not on this machine")


def given(path: str) -> Path:
    """Give the path of an official file, or skip the test that needs it."""
    found = _FOLDER / path
    if not found.exists():
        lacking(f"the official file {path}")
    return found
