"""The types keep callers from the mistakes that the doors are there to prevent."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.negatives import negative

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@negative("NEG-API-002")
def test_mypy_refuses_just_what_must_be_refused() -> None:
    files = [HERE / "accepted.py", HERE / "refused.py"]
    command = [sys.executable, "-m", "mypy", "--strict", "--show-error-codes", "--no-error-summary", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = {
        (Path(match[1]).name, int(match[2]), match[3])
        for match in re.finditer(r"^(.+?):(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.M)
    }
    expected = {
        (path.name, number, marked[1])
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if (marked := re.search(r"# E: ([a-z-]+)$", line))
    }
    assert expected
    assert found == expected, done.stdout
