"""API keys, webhooks and their outbox: in each kind of database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eigendata.errors import Misuse, Rejected
from eigendata.store import API_KEY, KNOWN, STORED, Conclusion, Event, State, Store
from eigendata.store.outbox import MAX_WEBHOOKS
from eigendata.store.sealing import digest
from tests.unit.store.place import DESK, Place, answered, begun, offered

EVENT = Event(type="check.answered", payload=b'{"type": "check.answered"}')
URL = "https://desk.example/hook"


def told(store: Store, state: str, *events: Event) -> None:
    offered(store, begun(store), state)
    answered(store, store.take(state=state), events=events or (EVENT,))


# -- API keys ---------------------------------------------------------------------------------------------------------


def test_a_key_opens_its_desk_until_it_is_revoked(store: Store) -> None:
    ours, other = store.keys.add(DESK, name="back office"), store.keys.add("other", name="theirs")
    assert ours.secret is not None
    assert other.secret is not None
    assert (store.keys.desk(ours.secret), store.keys.desk(other.secret)) == (DESK, "other")
    assert [(one.id, one.desk, one.name, one.secret) for one in store.keys.list(DESK)] == [
        (ours.id, DESK, "back office", None)
    ]
    store.keys.revoke(ours.id, desk="other")
    assert store.keys.desk(ours.secret) == DESK
    for _ in range(2):
        store.keys.revoke(ours.id, desk=DESK)
        with pytest.raises(Rejected) as refused:
            store.keys.desk(ours.secret)
        assert refused.value.check is API_KEY
    assert store.keys.list(DESK) == ()


@pytest.mark.parametrize("secret", ["", "x", "x" * 10_000, "é\udc80"], ids=["empty", "short", "long", "no text"])
def test_what_is_no_key_opens_nothing(store: Store, secret: str) -> None:
    store.keys.add(DESK, name="back office")
    with pytest.raises(Rejected) as refused:
        store.keys.desk(secret)
    assert refused.value.check is API_KEY


def test_a_key_is_in_no_row_and_a_row_that_was_put_in_or_edited_opens_nothing(file: Place) -> None:
    store = file.open()
    key = store.keys.add(DESK, name="back office")
    assert key.secret is not None
    assert not any(key.secret in str(value) for row in file.run("SELECT * FROM eigendata_keys") for value in row)
    row = {"digest": digest("guessed"), "mac": bytes(32)}
    file.run("INSERT INTO eigendata_keys VALUES ('forged', 'other', 'forged', :digest, :mac, 0)", row)
    file.run("UPDATE eigendata_keys SET desk = 'other'")
    for secret in ("guessed", key.secret):
        with pytest.raises(Rejected) as refused:
            store.keys.desk(secret)
        assert refused.value.check is API_KEY


@pytest.mark.parametrize("named", [("", "name"), (DESK, ""), (DESK, "n" * 513)], ids=["desk", "name", "long"])
def test_a_key_has_a_desk_and_a_name(file: Place, named: tuple[str, str]) -> None:
    with pytest.raises(Misuse):
        file.open().keys.add(named[0], name=named[1])


# -- webhooks ---------------------------------------------------------------------------------------------------------


def test_every_webhook_of_a_desk_and_no_other_is_told_of_what_happened_since(store: Store) -> None:
    told(store, "before")
    ours = [store.webhooks.add(DESK, f"{URL}/{n}", secret=b"secret %d" % n) for n in range(2)]
    store.webhooks.add("other", URL, secret=b"theirs")
    assert sorted(store.webhooks.list(DESK), key=lambda one: one.url) == ours
    told(store, "after")
    due = sorted(store.webhooks.due(), key=lambda one: one.url)
    assert [(one.webhook, one.url, one.secret) for one in due] == [(one.id, one.url, one.secret) for one in ours]
    assert {(one.desk, one.type, one.payload, one.attempt) for one in due} == {(DESK, EVENT.type, EVENT.payload, 1)}
    assert len({one.message for one in due}) == 1


def test_a_desk_has_so_many_webhooks_and_holds_nobody_up_by_more(store: Store) -> None:
    ours = [store.webhooks.add(DESK, URL, secret=b"secret").id for _ in range(MAX_WEBHOOKS)]
    for _ in range(2):
        with pytest.raises(Misuse):
            store.webhooks.add(DESK, URL, secret=b"secret")
        assert {one.id for one in store.webhooks.list(DESK)} == set(ours)
    store.webhooks.add("other", URL, secret=b"theirs")
    store.webhooks.remove(ours[0], desk=DESK)
    store.webhooks.add(DESK, URL, secret=b"secret")


def test_nothing_is_told_of_what_was_not_kept(store: Store) -> None:
    store.webhooks.add(DESK, URL, secret=b"secret")
    offered(store, begun(store), "a")
    lease = store.take(state="a")
    answered(store, lease, events=(EVENT,))
    with pytest.raises(Rejected):
        store.conclude(lease, Conclusion(state=State.DECLINED, record=b""), events=(EVENT,))
    assert len(store.webhooks.due()) == 1


def test_an_event_is_delivered_by_one_until_its_time_is_up(store: Store, place: Place) -> None:
    store.webhooks.add(DESK, URL, secret=b"secret")
    told(store, "a")
    (first,) = store.webhooks.due()
    assert store.webhooks.due() == ()
    place.later(timedelta(seconds=61))
    (second,) = store.webhooks.due()
    assert (second.message, second.attempt) == (first.message, 2)
    store.webhooks.delivered(first)  # too late: another has it
    store.webhooks.failed(second, again_in=timedelta(minutes=5))
    assert store.webhooks.due() == ()
    place.later(timedelta(minutes=5))
    (third,) = store.webhooks.due()
    assert third.attempt == 3
    store.webhooks.delivered(third)
    place.later(timedelta(days=1))
    assert store.webhooks.due() == ()


def test_an_event_that_is_given_up_is_gone(store: Store, place: Place) -> None:
    store.webhooks.add(DESK, URL, secret=b"secret")
    told(store, "a")
    store.webhooks.failed(store.webhooks.due()[0], again_in=None)
    place.later(timedelta(days=1))
    assert store.webhooks.due() == ()


def test_events_are_taken_oldest_first_and_so_many_at_a_time(store: Store, place: Place) -> None:
    store.webhooks.add(DESK, URL, secret=b"secret")
    for n in range(3):
        told(store, str(n), Event(type="check.answered", payload=b"%d" % n))
        place.later(timedelta(seconds=1))
    taken = [[one.payload for one in store.webhooks.due(2)] for _ in range(3)]
    assert taken == [[b"0", b"1"], [b"2"], []]
    for size in (0, 101):
        with pytest.raises(Misuse):
            store.webhooks.due(size)


def test_a_webhook_that_is_removed_is_told_nothing_any_more(store: Store) -> None:
    webhook = store.webhooks.add(DESK, URL, secret=b"secret")
    told(store, "a")
    for which, desk in ((webhook.id, "other"), ("other", DESK)):
        with pytest.raises(Rejected) as refused:
            store.webhooks.remove(which, desk=desk)
        assert refused.value.check is KNOWN
    store.webhooks.remove(webhook.id, desk=DESK)
    assert store.webhooks.due() == ()
    assert store.webhooks.list(DESK) == ()


def test_an_event_outlives_its_check(store: Store) -> None:
    store.webhooks.add(DESK, URL, secret=b"secret")
    check = begun(store)
    offered(store, check, "a")
    answered(store, store.take(state="a"), events=(EVENT,))
    store.remove(check.id, desk=DESK)
    assert [one.payload for one in store.webhooks.due()] == [EVENT.payload]


@pytest.mark.parametrize("url", ["", "https://" + "x" * 2048], ids=["empty", "long"])
def test_a_webhook_has_an_address(file: Place, url: str) -> None:
    with pytest.raises(Misuse):
        file.open().webhooks.add(DESK, url, secret=b"secret")


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE eigendata_webhooks SET url = 'https://attacker.example/'",
        "UPDATE eigendata_webhooks SET desk = 'other'",
        "UPDATE eigendata_webhooks SET secret = x'00'",
        "UPDATE eigendata_outbox SET payload = (SELECT secret FROM eigendata_webhooks)",
        "UPDATE eigendata_outbox SET type = 'check.other'",
        "UPDATE eigendata_outbox SET message = 'msg_other'",
    ],
)
def test_a_webhook_or_event_that_was_edited_does_not_open(file: Place, edit: str) -> None:
    store = file.open()
    store.webhooks.add(DESK, URL, secret=b"secret")
    told(store, "a")
    file.run(edit)
    with pytest.raises(Rejected) as refused:
        store.webhooks.due()
    assert refused.value.check is STORED
    if "webhooks SET" in edit:
        with pytest.raises(Rejected):
            store.webhooks.list("other" if "desk" in edit else DESK)
