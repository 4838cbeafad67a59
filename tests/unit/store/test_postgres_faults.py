"""A PostgreSQL that goes away, has no connection left, or cannot do it now: the same result, or `Unavailable`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors

from eigendata.errors import Malformed, Misuse, Rejected, Unavailable
from eigendata.store import Conclusion, Event, State, Store, migrating, postgres
from tests.negatives import negative
from tests.unit.store.place import DESK, KEY, SOON, Place, answered, begun, offered, same

EVENT = Event(type="check.answered", payload=b"{}")


class Faults:
    """What happens at the statements of a store: each fault once, before or after its statement."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._planned: list[tuple[str, str, Callable[[psycopg.Connection[Any]], None]]] = []
        real = psycopg.Connection.execute

        def execute(held: psycopg.Connection[Any], statement: Any, *named: Any, **more: Any) -> Any:
            for one in self._planned:
                begins, when, fault = one
                if str(statement).startswith(begins):
                    self._planned.remove(one)
                    if when == "after":
                        real(held, statement, *named, **more)
                    fault(held)
            return real(held, statement, *named, **more)

        monkeypatch.setattr(psycopg.Connection, "execute", execute)

    def plan(self, begins: str, when: str, fault: Callable[[psycopg.Connection[Any]], None]) -> None:
        """Have something happen before or after the next statement that begins so."""
        self._planned.append((begins, when, fault))

    @property
    def done(self) -> bool:
        return not self._planned


def lost(held: psycopg.Connection[Any]) -> None:
    held.pgconn.finish()
    raise psycopg.OperationalError("the connection is lost")


def serialization(held: psycopg.Connection[Any]) -> None:
    raise errors.SerializationFailure("could not serialize access")


def deadlock(held: psycopg.Connection[Any]) -> None:
    raise errors.DeadlockDetected("deadlock detected")


def standby(held: psycopg.Connection[Any]) -> None:
    raise errors.ReadOnlySqlTransaction("cannot execute UPDATE in a read-only transaction")


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    planned = Faults(monkeypatch)
    yield planned
    assert planned.done


@pytest.fixture
def store(server: Place) -> Store:
    return server.open()


@negative("NEG-CONC-002")
@pytest.mark.parametrize("fault", [lost, serialization, deadlock, standby], ids=lambda one: one.__name__)
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_is_lost_at_any_statement_is_done_once_all_the_same(
    store: Store, faults: Faults, when: str, fault: Callable[[psycopg.Connection[Any]], None]
) -> None:
    if when == "after" and fault is not lost:
        when = "before"  # a server that answers so has done nothing
    store.webhooks.add(DESK, "https://desk.example/", secret=b"secret")
    check = begun(store)
    for begins in ("INSERT INTO eigendata_requests", "COMMIT"):
        faults.plan(begins, when, fault)
        same(store, check, begins)
    faults.plan("UPDATE eigendata_requests", when, fault)
    lease = store.take(state="COMMIT")
    with pytest.raises(Rejected):
        store.take(state="COMMIT")
    for begins in ("UPDATE eigendata_parties", "DELETE FROM eigendata_requests", "COMMIT"):
        faults.plan(begins, when, fault)
    code = answered(store, lease, events=(EVENT,))
    party = store.look(check.id, desk=DESK).parties[0]
    assert (party.state, party.record) == (State.ANSWERED, b"record")
    with pytest.raises(Rejected):
        answered(store, lease)
    faults.plan("UPDATE eigendata_parties", when, fault)
    faults.plan("COMMIT", when, fault)
    store.redeem(check.parties[0].page, str(code), session="session", events=(EVENT,))
    with pytest.raises(Rejected):
        store.redeem(check.parties[0].page, str(code), session="session")
    assert len(store.webhooks.due()) == 2


@negative("NEG-CONC-002")
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_makes_something_new_makes_it_once(store: Store, faults: Faults, when: str) -> None:
    for make in (
        lambda: begun(store, "aanvrager", "partner"),
        lambda: store.keys.add(DESK, name="name"),
        lambda: store.webhooks.add(DESK, "https://desk.example/", secret=b"secret"),
    ):
        faults.plan("COMMIT", when, lost)
        make()
    assert [len(one.parties) for one in store.list(DESK).checks] == [2]
    assert len(store.keys.list(DESK)) == 1
    assert len(store.webhooks.list(DESK)) == 1


@negative("NEG-CONC-002")
def test_a_lost_lease_is_not_concluded_by_trying_again(store: Store, server: Place, faults: Faults) -> None:
    check = begun(store)
    offered(store, check, "a")
    lease = store.take(state="a")

    def lost_and_taken(held: psycopg.Connection[Any]) -> None:
        server.run("UPDATE eigendata_requests SET lease = :other", {"other": bytes(16)})
        lost(held)

    faults.plan("UPDATE eigendata_parties", "before", lost_and_taken)
    with pytest.raises(Rejected):
        answered(store, lease)
    assert store.look(check.id, desk=DESK).parties[0].state is State.WAITING


@negative("NEG-CONC-002")
def test_where_no_connection_is_free_nothing_is_done(server: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "CONNECTIONS", 1)
    monkeypatch.setattr(postgres, "PATIENCE", 0.2)
    store = server.open()
    offered(store, begun(store), "a")
    held = store._database._engine.raw_connection()  # type: ignore[attr-defined]
    with pytest.raises(Unavailable, match="in use"):
        store.take(state="a")
    held.close()
    answered(store, store.take(state="a"))


@negative("NEG-CONC-002")
def test_a_failure_that_does_not_pass_is_unavailable_and_told_without_a_value(
    store: Store, faults: Faults, server: Place
) -> None:
    offered(store, begun(store), "a")

    def full(held: psycopg.Connection[Any]) -> None:
        raise errors.DiskFull("could not extend file")

    faults.plan("UPDATE eigendata_requests", "before", full)
    with pytest.raises(Unavailable, match="DiskFull"):
        store.take(state="a")
    server.run("DROP TABLE eigendata_outcomes")
    with pytest.raises(Unavailable, match="does not exist") as refused:
        answered(store, store.take(state="a"))
    assert "record" not in str(refused.value)
    offered(store, begun(store), "b")


@negative("NEG-CONC-002")
def test_what_cannot_be_done_twice_is_not_tried_again_after_it_may_have_been_done(store: Store, faults: Faults) -> None:
    check = begun(store)
    faults.plan("DELETE FROM eigendata_checks", "after", lost)
    with pytest.raises(Unavailable):
        store.remove(check.id, desk=DESK)
    with pytest.raises(Rejected):
        store.look(check.id, desk=DESK)


def test_a_transaction_that_cannot_be_taken_back_costs_its_connection(store: Store, faults: Faults) -> None:
    offered(store, begun(store), "a")
    faults.plan("UPDATE eigendata_parties", "before", deadlock)
    faults.plan("ROLLBACK", "before", deadlock)
    answered(store, store.take(state="a"))


def test_a_server_that_stays_away_is_unavailable(store: Store, faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "PATIENCE", 0.1)
    for _ in range(3):
        faults.plan("UPDATE eigendata_requests", "before", lost)
    with pytest.raises(Unavailable, match="cannot be used now"):
        store.take(state="a")
    for _ in range(2):
        with pytest.raises((Unavailable, Rejected)):
            store.take(state="a")


def test_a_store_that_is_none_any_more_is_not_ready(store: Store, server: Place) -> None:
    store.ready()
    server.run("DELETE FROM eigendata_marks")
    with pytest.raises(Unavailable, match="no store"):
        store.ready()


def test_a_clock_that_is_a_little_off_is_no_matter(server: Place) -> None:
    for by in (-50, 50):
        server.open(clock=lambda by=by: datetime.now(SOON.tzinfo) + timedelta(seconds=by)).ready()


def test_a_server_that_fails_amid_migrating_leaves_no_half_of_it(
    server: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate = migrating.migrate

    def failing(*named: Any, **more: Any) -> None:
        migrate(*named, **more)
        raise errors.DiskFull("could not extend file")

    monkeypatch.setattr(postgres, "migrate", failing)
    with pytest.raises(Unavailable):
        server.open()
    assert server.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []
    monkeypatch.setattr(postgres, "migrate", migrate)
    begun(server.open())


def test_a_database_in_which_others_have_tables_of_our_names_is_refused_and_left_as_it_is(server: Place) -> None:
    server.run("CREATE TABLE eigendata_marks (text TEXT)")
    with pytest.raises(Malformed, match="no store"):
        server.open()
    assert server.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [("eigendata_marks",)]


def test_a_database_in_which_no_table_can_be_made_is_unavailable(server: Place) -> None:
    with pytest.raises(Unavailable, match="no schema"):
        Store.open(f"{server.url}&options=-csearch_path%3Dnone", key=KEY)


def test_a_fork_has_connections_of_its_own(store: Store) -> None:
    offered(store, begun(store), "a")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.take(state="a")
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with pytest.raises(Rejected):
        store.take(state="a")


def test_a_conclusion_that_is_being_made_is_waited_for(store: Store, server: Place) -> None:
    """Two requests of one party at the same time: the second waits for the first, and is refused."""
    check = begun(store)
    leases = []
    for state in "ab":
        offered(store, check, state)
        leases.append(store.take(state=state))
    with psycopg.connect(server.direct) as other:  # type: ignore[arg-type]
        other.execute("UPDATE eigendata_parties SET concluded_at = 1")
        refused: list[object] = []

        def conclude() -> None:
            try:
                store.conclude(leases[1], Conclusion(state=State.DECLINED, record=b""))
            except Rejected as error:
                refused.append(error.check.name)

        thread = threading.Thread(target=conclude)
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
        other.commit()
        thread.join()
    assert refused == ["AWAITED"]


def test_a_state_of_another_check_is_a_mistake_of_the_caller(store: Store) -> None:
    offered(store, begun(store), "a")
    with pytest.raises(Misuse):
        offered(store, begun(store), "a")


def test_who_finds_the_layout_made_by_another_meanwhile_makes_nothing(
    server: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = begun(server.open())
    monkeypatch.setattr(postgres, "is_newest", lambda _: False)
    assert server.open().look(check.id, desk=DESK) == check


def test_a_process_that_was_forked_connects_for_itself(store: Store) -> None:
    database = store._database
    before = database._engine  # type: ignore[attr-defined]
    database._process = -1  # type: ignore[attr-defined]  # as a fork finds it
    offered(store, begun(store), "a")
    assert database._engine is not before  # type: ignore[attr-defined]
    assert before in postgres._LEFT
    database._process = -1  # type: ignore[attr-defined]
    store.close()  # leaves open what is another's
    database._process = os.getpid()  # type: ignore[attr-defined]
    store.take(state="a")
    before.dispose()
