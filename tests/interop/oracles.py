"""Foreign libraries as processes that are asked: installed once, started once a session, one line of JSON each way.

They are installed beside this file, in folders that git ignores: what npm brings in `node_modules`, what PyPI brings in
an environment of its own. Versions are pinned, all the way down.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.given import lacking

HERE: Final = Path(__file__).resolve().parent
_MODULES: Final = HERE / "node_modules"
_ENVIRONMENT: Final = HERE / ".venv"
_INSTALL_SECONDS: Final = 600


class Refused(Exception):
    """A library's no, in its own words."""


class Oracle:
    """A process that answers for libraries."""

    def __init__(self, *command: str | Path) -> None:
        self._process = subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, call: str, **asked: Any) -> Any:
        """Ask a library.

        Raises:
            Refused: it says no.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": call, **asked}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the process that answers {call} has ended"
        said = json.loads(line)
        if "refused" in said:
            raise Refused(said["refused"])
        return said["answer"]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=30)


def node(script: str) -> Oracle:
    """Start a script of this folder, with what npm installed."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        lacking("node 20 or newer with npm, to ask the libraries of tests/interop/package.json,")
    assert found is not None
    assert npm is not None
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < 20:
        lacking(f"node 20 or newer ({version} is here)")
    lock = (HERE / "package-lock.json").read_bytes()
    install = [[npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]]
    _install(_MODULES, _digest(lock, version.encode()), install)
    return Oracle(found, HERE / script)


def python(script: str) -> Oracle:
    """Start a script of this folder in the environment of the libraries of PyPI."""
    requirements = HERE / "requirements.txt"
    pip: list[str | Path] = [_ENVIRONMENT / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    install: list[Sequence[str | Path]] = [
        [sys.executable, "-m", "venv", "--clear", _ENVIRONMENT],
        [*pip, "install", "--no-deps", "--only-binary", ":all:", "--requirement", requirements],
    ]
    _install(_ENVIRONMENT, _digest(requirements.read_bytes(), platform.python_version().encode()), install)
    return Oracle(_ENVIRONMENT / "bin" / "python", HERE / script)


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _install(folder: Path, state: str, commands: Sequence[Sequence[str | Path]]) -> None:
    """Install what a lock file names, unless it was; the test is skipped where that is not possible."""
    mark = folder / ".installed"
    with _one_at_a_time():
        if mark.exists() and mark.read_text("ascii") == state:
            return
        for command in commands:
            done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
            if done.returncode:
                reason = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no reason given"]
                lacking(f"what `{Path(command[0]).name}` installs for tests/interop ({reason[-1]})")
        mark.write_text(state, "ascii")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Keep the workers of pytest-xdist from installing at the same time."""
    descriptor = os.open(HERE, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
