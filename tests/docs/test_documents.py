"""Every command and code block of the README and of docs/ runs, in the order of its page, in an empty folder.

Blocks marked `sh` make one bash script (any failing line fails it), blocks marked `python` make one program that runs
after it in the same folder. Blocks of any other kind are not code. A `sh` line that must fail says so, and with which
code: `... || test $? = 1`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "llms.txt", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
PATIENCE = 600
"""Seconds for one page: the longest needs about ten of computing, on a machine that may be busy."""
_SETTING_UP = ("make demo", "make test")
"""The two commands that set up what these tests run in; they run in a fresh clone instead."""


def _blocks(page: Path, kind: str) -> str:
    found = [body for name, body in _BLOCK.findall(page.read_text("utf-8")) if name == kind]
    lines = "".join(found).splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_SETTING_UP))


def _run(program: list[str], folder: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"}
    done = subprocess.run(
        program, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_code_block_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    if commands := _blocks(page, "sh"):
        script = tmp_path / ".commands.sh"
        script.write_text(f"set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{commands}")
        _run(["bash", str(script)], tmp_path)
    if code := _blocks(page, "python"):
        program = tmp_path / ".program.py"
        program.write_text(code)
        _run([sys.executable, "-W", "error", str(program)], tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 120


def test_the_readme_begins_with_the_two_commands() -> None:
    commands = [
        line for _, body in _BLOCK.findall((ROOT / "README.md").read_text("utf-8")) for line in body.splitlines()
    ]
    assert [line.split("#")[0].strip() for line in commands[:2]] == list(_SETTING_UP)
