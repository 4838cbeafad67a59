"""The reference pages agree with the code, and every page can be found."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from eigendata import policies

from .test_documents import ROOT


def test_the_pages_that_are_made_from_the_code_are_as_made() -> None:
    done = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_page_is_on_the_front_page_of_the_documentation() -> None:
    front = (ROOT / "docs/README.md").read_text("utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        name = str(page.relative_to(ROOT / "docs"))
        assert name == "README.md" or f"]({name})" in front, name


@pytest.mark.parametrize("name", policies.shipped())
def test_the_reference_says_what_each_shipped_policy_asks(name: str) -> None:
    page = (ROOT / "docs/reference/policies.md").read_text("utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith(f"| `{name}`"))
    policy = policies.load(name)
    named = {f"`{question.id}`" for question in policy.questions}
    named |= {f"`{'.'.join(ask.path)}`" for question in policy.questions for ask in question.ask}
    named |= {f"`{condition}`" for condition in policy.home}
    assert set(re.findall(r"`[^`]+`", row)) == named | {f"`{name}`"}
