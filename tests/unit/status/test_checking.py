"""A credential is valid when its issuer's list says so, and in no other case: not when it does not come."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from eigendata.errors import EigendataError, Outcome, Reason, Rejected, Trail, Unavailable
from eigendata.fetch import Fetcher, Reply
from eigendata.model import UNBOUND, Authentic, Chain, Party, StatusReference, TrustedIssuer, Witness
from eigendata.registers.catalogue import ADRES, INWONER
from eigendata.status import CHECKS, WITHDRAWAL, StatusBits, StatusLists, checking, sign_status_list, token
from tests.negatives import negative
from tests.world import AT, FORMAT, World

URI = "https://boxtel.example/status/1"
SECOND = timedelta(seconds=1)


class Published:
    """The lists that lie somewhere, and what was asked for."""

    def __init__(self, world: World) -> None:
        self.issuer = world.boxtel
        self.withdrawn: set[int] = set()
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.at = AT
        self.changes: dict[str, Any] = {}
        self.tag: str | None = None
        self.fails: EigendataError | None = None
        self.status = 200

    def token(self) -> bytes:
        seal = self.issuer.seals[FORMAT]
        assert isinstance(seal.origin, Chain)
        statuses = StatusBits.empty(64, bits=self.changes.get("bits", 1))
        for index in self.withdrawn:
            statuses.set(index, self.changes.get("value", 1))
        settings = {
            "lifetime": timedelta(minutes=5),
            "valid_for": timedelta(hours=24),
            **{name: value for name, value in self.changes.items() if name not in ("bits", "value")},
        }
        return sign_status_list(
            statuses,
            seal.signer,
            uri=URI,
            issuer=self.issuer.id,
            chain=seal.origin.certificates,
            number=1,
            at=self.at,
            **settings,
        )

    def get(self, url: str, *, accept: Sequence[str], headers: Mapping[str, str] = MappingProxyType({})) -> Reply:
        assert accept == (token.MEDIA_TYPE,)
        self.asked.append((url, headers))
        if self.fails is not None:
            raise self.fails
        if self.tag is not None and headers.get("if-none-match") == self.tag:
            return Reply(status=304, headers={}, body=b"")
        tag = {} if self.tag is None else {"etag": self.tag}
        return Reply(status=self.status, headers={"content-type": token.MEDIA_TYPE, **tag}, body=self.token())


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="module")
def world() -> World:
    return World.make()


@pytest.fixture
def published(world: World) -> Published:
    return Published(world)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lists(published: Published, clock: Clock) -> StatusLists:
    return StatusLists(published, clock=clock)


def card(world: World, index: int | None = 0, **changes: Any) -> Authentic:
    settings: dict[str, Any] = {
        "type": INWONER,
        "issuer": TrustedIssuer(
            party=Party(id=world.boxtel.id, name="Gemeente Boxtel"), key=world.boxtel.seals[FORMAT].signer.public_key
        ),
        "document": {},
        "revealed": (),
        "holder": UNBOUND,
        "status": None if index is None else StatusReference(uri=URI, index=index),
        "expires_at": AT + timedelta(days=14),
        "trail": (),
        **changes,
    }
    return Authentic(**settings, witness=Witness.VERIFIED)


def steps(lists: StatusLists, world: World, one: Authentic, at: datetime = AT) -> list[tuple[str, Outcome]]:
    trail = Trail()
    lists.require_valid(one, trust=world.trust, trail=trail, at=at)
    assert [step.check for step in trail.done()] == list(CHECKS)
    return [(step.check.name, step.outcome) for step in trail.done()]


def refusal(lists: StatusLists, world: World, one: Authentic, at: datetime = AT) -> Rejected:
    with pytest.raises(Rejected) as caught:
        steps(lists, world, one, at)
    assert [step.check for step in caught.value.trail] == list(CHECKS[: CHECKS.index(caught.value.check)])
    return caught.value


def test_what_is_not_withdrawn_is_valid(lists: StatusLists, world: World) -> None:
    assert {outcome for _, outcome in steps(lists, world, card(world))} == {Outcome.PASSED}


def test_what_names_no_list_is_not_subject_to_withdrawal(
    lists: StatusLists, world: World, published: Published
) -> None:
    assert {outcome for _, outcome in steps(lists, world, card(world, None))} == {Outcome.NOT_APPLICABLE}
    assert published.asked == []


@negative("NEG-STATUS-001")
@pytest.mark.parametrize(("bits", "value"), [(1, 1), (2, 1), (2, 2), (2, 3), (8, 255)])
def test_every_status_but_valid_is_refused_alike(
    lists: StatusLists, world: World, published: Published, bits: int, value: int
) -> None:
    published.withdrawn = {5}
    published.changes = {"bits": bits, "value": value}
    error = refusal(lists, world, card(world, 5))
    assert (error.check, error.reason) == (WITHDRAWAL, Reason.STATUS_INVALID)
    assert "255" not in str(error)
    steps(lists, world, card(world, 4))


@negative("NEG-STATUS-002")
def test_an_entry_that_is_not_in_the_list_is_refused(lists: StatusLists, world: World) -> None:
    assert refusal(lists, world, card(world, 64)).check is checking.STATUS_INDEX
    steps(lists, world, card(world, 63))


@negative("NEG-STATUS-015")
def test_one_list_is_fetched_once_for_all_its_credentials_and_no_index_is_told(
    lists: StatusLists, world: World, published: Published
) -> None:
    for index in range(50):
        steps(lists, world, card(world, index), AT + timedelta(seconds=index))
        steps(lists, world, card(world, index, type=ADRES), AT + timedelta(seconds=index))
    assert published.asked == [(URI, {})]


def test_a_list_is_fetched_anew_when_its_lifetime_has_passed(
    lists: StatusLists, world: World, published: Published
) -> None:
    steps(lists, world, card(world))
    published.withdrawn = {0}
    published.at = AT + timedelta(minutes=4)
    steps(lists, world, card(world), AT + timedelta(minutes=5) - SECOND)
    assert refusal(lists, world, card(world), AT + timedelta(minutes=5)).check is WITHDRAWAL
    assert len(published.asked) == 2


@negative("NEG-STATUS-010")
@pytest.mark.parametrize(
    ("lifetime", "kept"),
    [
        (SECOND, checking.SHORTEST),
        (timedelta(minutes=2), timedelta(minutes=2)),
        (timedelta(hours=20), checking.LONGEST),
    ],
    ids=["short", "usual", "long"],
)
def test_a_list_is_kept_as_long_as_it_says_within_bounds(
    lists: StatusLists, world: World, published: Published, lifetime: timedelta, kept: timedelta
) -> None:
    published.changes = {"lifetime": lifetime}
    steps(lists, world, card(world))
    steps(lists, world, card(world), AT + kept - SECOND)
    assert len(published.asked) == 1
    steps(lists, world, card(world), AT + kept)
    assert len(published.asked) == 2


@negative("NEG-STATUS-010")
def test_a_list_is_never_kept_beyond_its_end(lists: StatusLists, world: World, published: Published) -> None:
    published.changes = {"lifetime": timedelta(minutes=5), "valid_for": timedelta(minutes=5)}
    published.at = AT - timedelta(minutes=4)
    steps(lists, world, card(world))
    assert refusal(lists, world, card(world), AT + timedelta(minutes=1)).check is token.STATUS_NOT_EXPIRED
    assert len(published.asked) == 2


@negative("NEG-STATUS-005")
@pytest.mark.parametrize("status", [404, 500, 204, 304, 501])
def test_a_list_that_does_not_come_is_never_valid(
    lists: StatusLists, world: World, published: Published, status: int
) -> None:
    published.status = status
    with pytest.raises(Unavailable):
        steps(lists, world, card(world))


@negative("NEG-STATUS-005")
def test_what_was_kept_is_not_believed_after_its_lifetime_when_no_newer_one_comes(
    lists: StatusLists, world: World, published: Published
) -> None:
    steps(lists, world, card(world))
    published.fails = Unavailable("boxtel.example did not answer in time")
    with pytest.raises(Unavailable):
        steps(lists, world, card(world), AT + timedelta(minutes=5))


def test_what_did_not_come_is_not_asked_again_for_a_moment(
    lists: StatusLists, world: World, published: Published, clock: Clock
) -> None:
    published.fails = Unavailable("boxtel.example did not answer in time")
    for _ in range(10):
        with pytest.raises(Unavailable):
            steps(lists, world, card(world))
    assert len(published.asked) == 1
    published.fails = None
    clock.seconds = checking.AGAIN
    steps(lists, world, card(world))


def test_what_was_not_right_is_not_asked_again_for_a_moment(
    lists: StatusLists, world: World, published: Published, clock: Clock
) -> None:
    published.issuer = world.gestel
    assert refusal(lists, world, card(world)).check is token.STATUS_SIGNER
    with pytest.raises(Unavailable):
        steps(lists, world, card(world))
    assert len(published.asked) == 1
    published.issuer = world.boxtel
    clock.seconds = checking.AGAIN
    steps(lists, world, card(world))


@negative("NEG-STATUS-009")
@pytest.mark.parametrize(
    "uri", ["http://boxtel.example/1", "file:///etc/passwd", "data:,x", "https://a:b@boxtel.example/1"]
)
def test_a_list_at_an_address_that_may_not_be_reached_is_not_fetched(world: World, uri: str) -> None:
    lists = StatusLists(Fetcher(resolve=lambda host, port: ["192.0.2.1"]))
    one = card(world, status=StatusReference(uri=uri, index=0))
    with pytest.raises(Rejected) as caught:
        steps(lists, world, one)
    assert caught.value.reason is Reason.FETCH_BLOCKED


def test_who_has_the_newest_list_is_not_sent_it_again(lists: StatusLists, world: World, published: Published) -> None:
    published.tag = '"7"'
    steps(lists, world, card(world))
    steps(lists, world, card(world), AT + timedelta(minutes=5))
    assert published.asked == [(URI, {}), (URI, {"if-none-match": '"7"'})]
    steps(lists, world, card(world), AT + timedelta(minutes=10) - SECOND)
    assert len(published.asked) == 2


@pytest.mark.parametrize("tag", ['"\xe9"', '"7', '"7" "8"', ""], ids=["not ASCII", "open", "two", "empty"])
def test_a_version_that_cannot_be_sent_back_is_none(
    tag: str, lists: StatusLists, world: World, published: Published
) -> None:
    published.tag = tag
    steps(lists, world, card(world))
    steps(lists, world, card(world), AT + timedelta(minutes=5))
    assert published.asked == [(URI, {}), (URI, {})]


def test_the_version_of_a_list_that_was_not_right_is_not_kept(
    lists: StatusLists, world: World, published: Published, clock: Clock
) -> None:
    steps(lists, world, card(world))
    published.issuer, published.tag = world.gestel, '"8"'
    later = AT + timedelta(minutes=5)
    assert refusal(lists, world, card(world), later).check is token.STATUS_SIGNER
    clock.seconds = checking.AGAIN
    published.issuer, published.withdrawn = world.boxtel, {0}
    published.at = later
    assert refusal(lists, world, card(world), later).check is WITHDRAWAL


def test_an_older_list_does_not_bring_back_what_was_withdrawn(
    lists: StatusLists, world: World, published: Published
) -> None:
    published.withdrawn = {0}
    assert refusal(lists, world, card(world)).check is WITHDRAWAL
    published.withdrawn, published.at = set(), AT - SECOND
    assert refusal(lists, world, card(world), AT + timedelta(minutes=5)).check is checking.STATUS_NOT_OLDER


def test_a_list_of_the_same_second_is_not_older(lists: StatusLists, world: World, published: Published) -> None:
    steps(lists, world, card(world))
    published.withdrawn = {0}
    assert refusal(lists, world, card(world), AT + timedelta(minutes=5)).check is WITHDRAWAL


def test_a_list_says_nothing_about_the_credentials_of_another_issuer(lists: StatusLists, world: World) -> None:
    theirs = card(world, issuer=replace(card(world).issuer, party=Party(id=world.gestel.id, name="Gestel")))
    assert refusal(lists, world, theirs).check is token.STATUS_SIGNER
    steps(StatusLists(Published(world)), world, card(world))


def test_another_trust_file_is_asked_again_about_a_list_that_is_kept(lists: StatusLists, world: World) -> None:
    steps(lists, world, card(world))
    other = World.make()
    trail = Trail()
    lists.require_valid(card(world), trust=other.trust, trail=trail, at=AT)
    assert len(trail.done()) == len(CHECKS)


def test_a_list_that_cannot_be_read_says_nothing(world: World) -> None:
    class Broken:
        def get(self, url: str, *, accept: Sequence[str], headers: Mapping[str, str] = MappingProxyType({})) -> Reply:
            return Reply(status=200, headers={}, body=b"no list")

    with pytest.raises(Rejected) as caught:
        steps(StatusLists(Broken()), world, card(world))
    assert caught.value.reason is Reason.STATUS_INVALID


def test_of_all_who_wait_for_a_list_one_fetches_it(world: World) -> None:
    published, started = Published(world), threading.Barrier(8)
    lists = StatusLists(published)

    def look() -> None:
        started.wait()
        steps(lists, world, card(world))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(published.asked) == 1


def test_only_so_many_lists_are_kept(world: World) -> None:
    published = Published(world)
    lists = StatusLists(published)
    for number in range(checking.MAX_LISTS + 5):
        with pytest.raises(Rejected):  # each is the list of another address
            steps(lists, world, card(world, status=StatusReference(uri=f"{URI}{number}", index=0)))
    assert len(lists._places) == checking.MAX_LISTS
