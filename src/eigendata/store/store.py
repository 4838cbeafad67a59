"""The face of the store: checks, the requests that their parties are asked by, and what became of them.

    begin -> StoredCheck      look, visit, list -> how it stands      remove, purge -> gone
    offer -> Offered          a request for one party: fetch -> Fetched, as often as a wallet wants, for two minutes
    take  -> Lease            by ONE statement, which nobody else can win while the lease lasts
    conclude(lease)           by ONE transaction: the request goes, and the party has what became of it; once
    give_back(lease)          the request waits again

Who is told that an answer was accepted is told so after `conclude`; who was killed before it leaves a lease that runs
out, and the same answer is accepted then. Ids, states, codes and keys are stored as digests, all content is sealed.
What a method says that it raises is all it raises; errors of the database never leave. Every `Unavailable` may be tried
again, and gives then what it would have given: a take or conclude whose own answer was lost finds itself done.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from eigendata import late
from eigendata.errors import Misuse, Unavailable
from eigendata.model import utc
from eigendata.store.access import Keys
from eigendata.store.checks import Checks
from eigendata.store.outbox import Webhooks
from eigendata.store.records import Limits
from eigendata.store.requests import Leases, Requests
from eigendata.store.sealing import Seals

if TYPE_CHECKING:
    from eigendata.store import statements
    from eigendata.store.database import Database
else:
    statements = late.Module("eigendata.store.statements")

SKEW: Final = timedelta(seconds=60)
"""How far the database's clock and ours may be apart: beyond it, proofs are judged at another time than leases."""

Clock = Callable[[], datetime]


class Store(Checks, Requests):
    """What a verifier service keeps. Share one between the threads of a process; a fork opens its own connections.

    Attributes:
        keys: the API keys of the desks.
        webhooks: who is told of a desk's checks, and what is to be told.
        once: the nonces of the leases that are held here; a `Verifier` takes it as its `once`.
    """

    def __init__(self, database: Database, seals: Seals, limits: Limits, clock: Clock) -> None:
        """Use `Store.open`."""
        super().__init__(database, seals, limits)
        self._clock = clock
        self.once = Leases()
        self.keys = Keys(database, seals, limits)
        self.webhooks = Webhooks(database, seals, limits)

    @classmethod
    def open(cls, url: str, *, key: bytes, limits: Limits | None = None, clock: Clock | None = None) -> Store:
        """Open the store at `url`; a new one is made, and one of an older layout brought to today's.

        Args:
            url: `sqlite:///relative.db`, `sqlite:////absolute.db`, or `postgresql+psycopg://user:password@host/name`.
                A new file can be read by its owner alone.
            key: 32 random octets, which are kept elsewhere. Without them nothing in it can be read.
            clock: gives aware moments. On PostgreSQL only `ready` asks it: times are by the database's clock.

        Raises:
            Misuse: the extra `server` (or `postgres`) is not installed; the URL is of no database that is known here;
                the file cannot be made or opened; the layout is newer than this program; or the store has another key.
            Malformed: what is there is no store.
            Unavailable: the database cannot be used now.
        """
        seals = Seals(key)
        limits = limits or Limits()
        try:
            from eigendata.store.opening import open_database

            database = open_database(url, seals, clock)
        except ModuleNotFoundError as error:
            extra = "postgres" if error.name == "psycopg" else "server"
            raise Misuse(f"a store there needs {error.name}: pip install 'eigendata[{extra}]'") from error
        return cls(database, seals, limits, clock or (lambda: datetime.now(UTC)))

    def close(self) -> None:
        """Let go of the database. The store cannot be used afterwards."""
        self._database.close()

    def ready(self) -> None:
        """See whether the database can be written to now, and keeps the same time as we do.

        Raises:
            Unavailable: it cannot, or its clock and ours are more than `SKEW` apart.
        """
        mark = {"mark": statements.KEY_MARK}
        if not self._database.write(lambda run: run.count(statements.PROBE, mark), durable=False, alone=True):
            raise Unavailable("the database is no store any more")
        theirs = self._database.clock()
        if theirs is not None and abs(theirs - utc(self._clock())) > SKEW:
            raise Unavailable("the clock of the database and that of this machine are more than a minute apart")
