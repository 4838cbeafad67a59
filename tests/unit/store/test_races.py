"""Each one-time value, asked for by many threads at the same time: one of them gets it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TypeVar

import pytest

from eigendata.errors import EigendataError, Rejected
from eigendata.store import Conclusion, Event, Lease, State, Store
from tests.unit.store.place import DESK, SOON, Place, answered, begun, offered, same

T = TypeVar("T")

THREADS = 8


def raced(*tries: Callable[[], T]) -> list[T]:
    """Do them at the same time, and give what those got that were not refused."""
    ready = Barrier(len(tries))

    def run(one: Callable[[], T]) -> list[T]:
        ready.wait()
        try:
            return [one()]
        except Rejected:
            return []

    with ThreadPoolExecutor(len(tries)) as pool:
        return [each for got in pool.map(run, tries) for each in got]


@pytest.fixture
def stores(place: Place) -> list[Store]:
    """Give two stores of one database, as two processes would have."""
    return [place.open(), place.open()]


def test_a_request_is_taken_by_one(stores: list[Store]) -> None:
    check = begun(stores[0])
    for n in range(4):
        offered(stores[0], check, f"a{n}", kid=f"k{n}")
        tries = [
            lambda n=n, each=each: stores[each % 2].take(**({"state": f"a{n}"} if each % 3 else {"kid": f"k{n}"}))
            for each in range(THREADS)
        ]
        assert len(raced(*tries)) == 1


def test_a_party_is_concluded_by_one_of_its_requests(stores: list[Store]) -> None:
    stores[0].webhooks.add(DESK, "https://desk.example/", secret=b"secret")
    for n in range(4):
        check = begun(stores[0])
        leases: list[Lease] = []
        for each in range(THREADS):
            offered(stores[0], check, f"{n} {each}")
            leases.append(stores[each % 2].take(state=f"{n} {each}"))

        def conclude(each: int, leases: list[Lease] = leases) -> str:
            record = str(each)
            conclusion = Conclusion(state=State.ANSWERED, record=record.encode())
            event = Event(type="check.answered", payload=b"{}")
            stores[each % 2].conclude(leases[each], conclusion, events=(event,))
            return record

        (won,) = raced(*(lambda each=each, conclude=conclude: conclude(each) for each in range(THREADS)))
        assert stores[1].look(check.id, desk=DESK).parties[0].record == won.encode()
        assert len(stores[0].webhooks.due()) == 1


def test_a_lease_is_concluded_once(stores: list[Store]) -> None:
    for n in range(4):
        offered(stores[0], begun(stores[0]), str(n))
        lease = stores[0].take(state=str(n))
        assert len(raced(*(lambda lease=lease, each=each: answered(stores[each % 2], lease) for each in range(8)))) == 1


def test_a_response_code_is_redeemed_once(stores: list[Store]) -> None:
    for n in range(4):
        check = begun(stores[0])
        same(stores[0], check, str(n))
        code, page = str(answered(stores[0], stores[0].take(state=str(n)))), check.parties[0].page
        tries = [
            lambda page=page, code=code, each=each: stores[each % 2].redeem(page, code, session="session")
            for each in range(THREADS)
        ]
        assert len(raced(*tries)) == 1


def test_the_nonce_of_a_lease_is_taken_once(file: Place) -> None:
    store = file.open()
    offered(store, begun(store), "a")
    store.take(state="a")
    taken = raced(*(lambda: store.once.take("nonce", "nonce a", SOON) for _ in range(THREADS)))
    assert len(taken) == 1


def test_an_event_is_delivered_by_one(stores: list[Store]) -> None:
    stores[0].webhooks.add(DESK, "https://desk.example/", secret=b"secret")
    for n in range(12):
        offered(stores[0], begun(stores[0]), str(n))
        answered(stores[0], stores[0].take(state=str(n)), events=(Event(type="t", payload=b"%d" % n),))
    tries = [lambda each=each: stores[each % 2].webhooks.due(3) for each in range(THREADS)]
    got = [one.payload for taken in raced(*tries) for one in taken]
    for store in stores:
        got += [one.payload for one in store.webhooks.due(12)]
    assert sorted(got) == sorted(b"%d" % n for n in range(12))


def test_one_refusal_spoils_nothing_for_those_who_write_beside_it(file: Place) -> None:
    """Writers of one process share a transaction: each gets what is its own."""
    store = file.open()
    check = begun(store)
    offered(store, check, "there")

    def attempt(each: int) -> str:
        try:
            match each % 3:
                case 0:
                    store.take(state="unknown")
                case 1:
                    offered(store, check, "there")  # a state that was used before
                case _:
                    offered(store, begun(store), f"new {each}")
        except EigendataError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(12) as pool:
        became = list(pool.map(attempt, range(60)))
    assert [set(became[n::3]) for n in range(3)] == [{"Rejected"}, {"Misuse"}, {"done"}]
    for each in range(2, 60, 3):
        store.take(state=f"new {each}")


def test_wiping_and_beginning_at_the_same_time_harm_nobody(stores: list[Store], place: Place) -> None:
    for _ in range(6):
        begun(stores[0])
    place.later(timedelta(hours=2))
    tries = [
        lambda each=each: begun(stores[each % 2]).id if each % 2 else str(stores[each % 2].purge()) for each in range(8)
    ]
    assert len(raced(*tries)) == 8
    assert len(stores[0].list(DESK).checks) == 4
