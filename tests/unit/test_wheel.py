"""The built wheel, in an environment of its own and an empty folder, tells the whole story: nothing was left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

from ..given import ROOT, lacking

KIT = ROOT / "src/eigendata/testkit"


def test_the_wheel_tells_the_story_in_an_empty_folder(tmp_path: Path) -> None:
    wheels, home, empty = tmp_path / "wheels", tmp_path / "home", tmp_path / "empty"
    for folder in (home, empty):
        folder.mkdir()
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(wheels), str(ROOT)]
    _run(build, empty, home)
    (wheel,) = wheels.glob("*.whl")
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    installed = _run([str(environment / "bin" / "pip"), "install", "--quiet", str(wheel)], empty, home, may_fail=True)
    if installed.returncode:
        lacking(f"a package index to install the wheel's dependencies from ({installed.stderr[-200:]})")
    told = json.loads(_run([str(environment / "bin" / "eigendata"), "demo", "--json"], empty, home).stdout)
    assert told["advice"]["advice"] == "voldoet"
    assert all(
        attack["refused"] for attack in told["attacks"].values() if isinstance(attack, dict) and "refused" in attack
    )
    kit = json.loads(_run([str(environment / "bin" / "eigendata"), "conformance", "--json"], empty, home).stdout)
    assert kit["conforms"] is True
    assert {one["id"] for one in kit["results"]} == {path.stem for path in KIT.glob("*.txt")}
    assert list(empty.iterdir()) == []


def _run(command: list[str], folder: Path, home: Path, *, may_fail: bool = False) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(home), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert may_fail or done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done
