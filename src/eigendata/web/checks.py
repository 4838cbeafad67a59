"""The checks that wait for an answer, and what became of those that were answered. One SQLite file.

    begin -> id ... take(state) -> the stored request, once ... conclude(id) ... look(id) -> Waiting | Ended

A request comes out by the one statement that deletes it: whoever is second, in whatever process, finds nothing.
What a person showed is kept sealed under a code that is not in the file; only who gave the answer gets that code.
When its time has passed a check is not to be seen any more, and it is overwritten when the next one begins.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import ceil
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from eigendata.encoding import Json, b64url_decode, b64url_encode, json_dumps, json_loads
from eigendata.errors import Check, Malformed, Misuse, Reason, Rejected, Unavailable
from eigendata.files import faults, make_private
from eigendata.model import utc
from eigendata.query import Request

ANSWER_WITHIN: Final = timedelta(minutes=30)
"""How long a check waits for its answer: time to find one's glasses and a passphrase, and to read what is asked."""

SHOWN_FOR: Final = timedelta(minutes=30)
"""How long the outcome of a check can be seen after its answer; then it is wiped here."""

MAX_CHECKS: Final = 10_000
"""Checks at a time, of some 25 kB each. Who begins more gets `Unavailable`."""

PATIENCE: Final = 5.0
"""Seconds that one statement waits for others that write to the same file."""

SECRET_SIZE: Final = 32
"""Octets of an id and of a code: twice what can be guessed."""

AWAITED: Final = Check(
    name="AWAITED",
    clause="OpenID4VP 1.0 14.2.2",
    reason=Reason.NONCE_INVALID,
    rule="The answer belongs to a request that still waits for one.",
)
KNOWN: Final = Check(
    name="KNOWN",
    clause="OpenID4VP 1.0 14.2.2",
    reason=Reason.REQUEST_INVALID,
    rule="There is a check of this id, and it has not been wiped.",
)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A check that nobody answered.

    Attributes:
        shown: what may be seen of it meanwhile, as `begin` was given it.
    """

    shown: Json
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A check that was answered.

    Attributes:
        outcome: what `conclude` was given; None while the answer is being verified.
        until: when it is wiped.
    """

    outcome: Json
    sealed: bytes | None = field(repr=False)
    until: datetime


class SqliteChecks:
    """Checks in a file, shared by any number of threads and processes of one machine; not for a network drive."""

    def __init__(self, path: Path | str, *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        """Use the file at `path`; a new one can be read by its owner alone.

        Raises:
            Misuse: the file cannot be made or opened.
            Malformed: the file is there and is something else.
            Unavailable: others hold the file for too long, or the disk is full or fails.
        """
        self._path = Path(path).absolute()
        self._clock = clock
        with faults("the file of checks", self._path, "made or used"):
            make_private(self._path)
        with self._connected() as connection:
            try:
                for statement in _TABLES:
                    connection.execute(statement)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:
                raise Malformed(f"{self._path} is no file of checks") from error

    def begin(self, request: Request, *, shown: Json) -> str:
        """Keep a request until its answer comes, and give the id of its check: whoever has it may see the check.

        Raises:
            Misuse: the request has no state to find it by.
            Unavailable: there are too many checks, or the file cannot be used now.
        """
        if request.state is None:
            raise Misuse("a check is found by the state of its request, and this one has none")
        now = self._now()
        check = b64url_encode(secrets.token_bytes(SECRET_SIZE))
        until = now + ceil(ANSWER_WITHIN.total_seconds())
        stored = json_dumps(request.to_json()).decode()
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _FORGET:
                connection.execute(statement, (now,))
            if connection.execute(_COUNT).fetchone()[0] >= MAX_CHECKS:
                connection.execute("COMMIT")
                raise Unavailable("too many checks wait for an answer")
            connection.execute(_BEGIN, (check, json_dumps(shown).decode(), until))
            connection.execute(_AWAIT, (_digest(request.state), check, stored, until))
            connection.execute("COMMIT")
        return check

    def take(self, state: str, *, of: str | None = None) -> tuple[str, Request]:
        """Take the request with this state out, for good, and give the id of its check and the request.

        Args:
            of: the id of the check that it must belong to, where the answer was given to that check.

        Raises:
            Rejected: it was never there, was taken before, or waited too long: which of them is not said.
            Unavailable: the file cannot be used now. The request may be gone.
        """
        with self._connected() as connection:
            # fetched to the end: only then is the statement done, and what it deleted gone for everybody
            found = connection.execute(_TAKE, {"state": _digest(state), "now": self._now(), "of": of}).fetchall()
        if not found:
            raise Rejected(AWAITED)
        ((check, stored),) = found
        return check, Request.from_json(json_loads(stored.encode()))

    def conclude(self, id: str, outcome: Json, *, secret: Json = None) -> str:
        """Keep what became of a check, and give the code under which `secret` can be read again.

        Raises:
            Unavailable: the file cannot be used now.
        """
        code = secrets.token_bytes(SECRET_SIZE)
        sealed = None if secret is None else bytes(Aead(code).encrypt(json_dumps(secret), id.encode()))
        until = self._now() + ceil(SHOWN_FOR.total_seconds())
        with self._connected() as connection:
            connection.execute(_CONCLUDE, (json_dumps({"outcome": outcome}).decode(), sealed, until, id))
        return b64url_encode(code)

    def look(self, id: str) -> Waiting | Ended:
        """See how a check stands.

        Raises:
            Rejected: there is none of this id (any more).
            Unavailable: the file cannot be used now.
        """
        with self._connected() as connection:
            found = connection.execute(_LOOK, (id, self._now())).fetchone()
        if found is None:
            raise Rejected(KNOWN)
        shown, expires, waits, outcome, sealed = found
        until = datetime.fromtimestamp(expires, UTC)
        if waits:
            return Waiting(shown=json_loads(shown.encode()), until=until)
        match None if outcome is None else json_loads(outcome.encode()):
            case {"outcome": concluded}:
                return Ended(outcome=concluded, sealed=sealed, until=until)
            case _:
                return Ended(outcome=None, sealed=None, until=until)

    def _now(self) -> int:
        return int(utc(self._clock()).timestamp())

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        # A connection for each use: nothing is shared between threads, and nothing outlives a fork.
        try:
            opened = sqlite3.connect(f"{self._path.as_uri()}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None)
        except sqlite3.Error as error:
            raise Unavailable(f"the file of checks {self._path} cannot be used now: {error}") from error
        with closing(opened) as connection:
            try:
                connection.execute("PRAGMA secure_delete=ON")  # what is wiped is overwritten
                yield connection
            except sqlite3.DatabaseError as error:  # also a file that became something else while it was used
                raise Unavailable(f"the file of checks {self._path} cannot be used now: {error}") from error


def opened(id: str, check: Ended, code: str) -> Json:
    """Give what a person showed, to whoever has the code.

    Raises:
        Rejected: this is not the code, or there is nothing to see.
    """
    if check.sealed is None:
        raise Rejected(KNOWN)
    try:
        return json_loads(Aead(b64url_decode(code)).decrypt(check.sealed, id.encode()))
    except (CryptoError, Malformed, ValueError):
        raise Rejected(KNOWN) from None


_TABLES: Final = (
    """
    CREATE TABLE IF NOT EXISTS checks (
        id TEXT PRIMARY KEY, shown TEXT, expires INTEGER NOT NULL, outcome TEXT, sealed BLOB
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS awaited (
        state BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, expires INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    # else each begin reads the whole file, and holds it meanwhile: the fuller, the longer
    "CREATE INDEX IF NOT EXISTS checks_expire ON checks (expires)",
    "CREATE INDEX IF NOT EXISTS awaited_expire ON awaited (expires)",
)
_FORGET: Final = ("DELETE FROM awaited WHERE expires <= ?", "DELETE FROM checks WHERE expires <= ?")
_COUNT: Final = "SELECT count(*) FROM checks"
_BEGIN: Final = "INSERT INTO checks (id, shown, expires) VALUES (?, ?, ?)"
_AWAIT: Final = "INSERT INTO awaited (state, id, request, expires) VALUES (?, ?, ?, ?)"
_TAKE: Final = """
DELETE FROM awaited WHERE state = :state AND expires > :now AND (:of IS NULL OR id = :of) RETURNING id, request
"""
_CONCLUDE: Final = "UPDATE checks SET shown = NULL, outcome = ?, sealed = ?, expires = ? WHERE id = ?"
_LOOK: Final = """
SELECT shown, checks.expires, awaited.id IS NOT NULL, outcome, sealed
FROM checks LEFT JOIN awaited USING (id) WHERE checks.id = ? AND checks.expires > ?
"""


def _digest(state: str) -> bytes:
    return sha256(state.encode("utf-8", "surrogatepass")).digest()
