"""What a stranger wrote is not repeated at whoever reads the error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eigendata.cli.issuing import read_issuance
from eigendata.errors import Malformed


def test_a_format_that_a_stranger_made_up_is_not_repeated(tmp_path: Path) -> None:
    made_up = "a secret in the wrong place " * 4000
    file = tmp_path / "issued.json"
    file.write_text(json.dumps({"credentials": [{"type": "a", "format": made_up, "copies": ["a"]}]}))
    with pytest.raises(Malformed) as malformed:
        read_issuance(file)
    assert "secret" not in malformed.value.message
