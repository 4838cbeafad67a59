"""Requests as they are offered, fetched, taken and concluded: in each kind of database."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from eigendata.errors import Misuse, Rejected, Unavailable
from eigendata.once import TAKEN
from eigendata.store import (
    AWAITED,
    KNOWN,
    RESPONSE_CODE,
    STORED,
    Conclusion,
    Device,
    Event,
    Limits,
    State,
    Store,
    requests,
)
from eigendata.store.sealing import digest
from tests.negatives import negative
from tests.unit.store.place import BRIEF, DESK, HOUR, SOON, Place, answered, begun, offered, same

SECOND = timedelta(seconds=1)


def test_a_request_is_fetched_as_it_was_offered_as_often_as_a_wallet_wants(store: Store) -> None:
    check = begun(store)
    made = offered(store, check, "a")
    assert made.answer_until - made.fetch_until == timedelta(minutes=28)
    for _ in range(3):
        got = store.fetch(made.id)
        assert (got.check, got.role, got.desk, got.device) == (check.id, "aanvrager", DESK, Device.CROSS)
        assert got.content == b"request a"
        assert got.answer_until == made.answer_until


def test_a_request_is_fetched_for_two_minutes_and_answered_for_thirty(store: Store, place: Place) -> None:
    check = begun(store)
    made = offered(store, check, "a")
    place.later(timedelta(seconds=119))
    store.fetch(made.id)
    place.later(SECOND)
    with pytest.raises(Rejected) as refused:
        store.fetch(made.id)
    assert refused.value.check is AWAITED
    place.later(timedelta(minutes=27, seconds=59))
    store.give_back(store.take(state="a"))
    place.later(SECOND)
    with pytest.raises(Rejected) as refused:
        store.take(state="a")
    assert refused.value.check is AWAITED


def test_no_request_can_be_answered_when_its_check_is_over(store: Store, place: Place) -> None:
    check = begun(store)
    place.later(timedelta(minutes=50))
    made = offered(store, check, "a")
    assert abs(made.answer_until - (check.expires_at - timedelta(minutes=50))) < SECOND


@pytest.mark.parametrize("named", [{"desk": "other"}, {"role": "partner"}, {"check": "none"}], ids=str)
def test_a_request_is_made_for_a_party_of_the_desks_own_check(store: Store, named: dict[str, str]) -> None:
    check = begun(store)
    asked = {"check": check.id, "role": "aanvrager", "desk": DESK, **named}
    with pytest.raises(Rejected) as refused:
        store.offer(
            asked["check"],
            asked["role"],
            desk=asked["desk"],
            device=Device.CROSS,
            content=b"",
            nonce="n",
            state="s",
        )
    assert refused.value.check is KNOWN


def test_a_session_is_named_on_the_same_device_and_on_no_other(file: Place) -> None:
    store = file.open()
    check = begun(store)
    for device, session in ((Device.SAME, None), (Device.CROSS, "session")):
        with pytest.raises(Misuse):
            offered(store, check, "a", device=device, session=session)


@pytest.mark.parametrize(
    "named", [{"nonce": ""}, {"nonce": "n" * 513}, {"kid": "k" * 513}], ids=lambda one: next(iter(one))
)
def test_names_are_neither_empty_nor_long(file: Place, named: dict[str, str]) -> None:
    store = file.open()
    with pytest.raises(Misuse):
        offered(store, begun(store), "a", **named)


@pytest.mark.parametrize("again", ["state", "kid"])
def test_a_state_or_key_that_was_used_before_is_a_mistake_of_the_caller(store: Store, again: str) -> None:
    check = begun(store)
    offered(store, check, "a", kid="k")
    with pytest.raises(Misuse, match="before"):
        offered(store, check, *(("a",) if again == "state" else ("b",)), kid="k" if again == "kid" else "l")


def test_one_party_does_not_hold_requests_without_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MAX_PARTY_REQUESTS", 2)
    check = begun(store, "aanvrager", "partner")
    for state in "ab":
        offered(store, check, state)
    with pytest.raises(Unavailable):
        offered(store, check, "c")
    offered(store, check, "c", role="partner")


# -- taking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["state", "kid"])
def test_an_answer_is_found_by_its_state_or_by_its_key(store: Store, by: str) -> None:
    check = begun(store)
    same(store, check, "a", kid="k")
    lease = store.take(**{by: "a" if by == "state" else "k"})
    assert (lease.check, lease.role, lease.desk, lease.device) == (check.id, "aanvrager", DESK, Device.SAME)
    assert lease.content == b"request a"
    assert lease.page == check.parties[0].page


def test_an_answer_is_found_by_one_of_the_two(file: Place) -> None:
    store = file.open()
    for named in ({}, {"state": "a", "kid": "k"}):
        with pytest.raises(Misuse):
            store.take(**named)


def test_what_is_unknown_taken_answered_or_too_old_is_refused_alike(store: Store, place: Place) -> None:
    check = begun(store, "aanvrager", "partner")
    for state in ("old", "taken", "answered"):
        offered(store, check, state, role="aanvrager" if state == "answered" else "partner")
    answered(store, store.take(state="answered"))
    place.run("UPDATE eigendata_requests SET answer_until = 0 WHERE state = :it", {"it": digest("old")})
    store.take(state="taken")
    said = set()
    for state in ("unknown", "old", "taken", "answered"):
        with pytest.raises(Rejected) as refused:
            store.take(state=state)
        said.add((refused.value.check, str(refused.value), refused.value.trail))
    assert len(said) == 1
    assert refused.value.check is AWAITED


def test_a_lease_that_is_given_back_or_runs_out_lets_the_same_answer_come_again(place: Place) -> None:
    store = place.open()
    offered(store, begun(store), "a")
    first = store.take(state="a")
    store.give_back(first)
    second = store.take(state="a")
    store.give_back(first)  # too late: it is not ours any more
    with pytest.raises(Rejected):
        store.take(state="a")
    place.later(timedelta(seconds=30))
    third = store.take(state="a")
    for old in (first, second):
        with pytest.raises(Rejected) as refused:
            answered(store, old)
        assert refused.value.check is AWAITED
    answered(store, third)


def test_a_lease_that_ran_out_concludes_nothing_even_if_nobody_took_it_over(store: Store, place: Place) -> None:
    check = begun(store)
    offered(store, check, "a")
    lease = store.take(state="a")
    place.later(timedelta(seconds=30))
    with pytest.raises(Rejected):
        answered(store, lease)
    assert store.look(check.id, desk=DESK).parties[0].state is State.WAITING


# -- concluding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.ANSWERED, State.REFUSED, State.DECLINED])
def test_what_became_of_a_party_is_seen_by_its_desk(store: Store, state: State) -> None:
    check = begun(store)
    offered(store, check, "a")
    store.conclude(store.take(state="a"), Conclusion(state=state, record=b"why"))
    party = store.look(check.id, desk=DESK).parties[0]
    assert (party.state, party.record, party.disclosed, party.keep_until) == (state, b"why", None, None)
    assert party.concluded_at is not None


@pytest.mark.parametrize("state", [State.WAITING, State.EXPIRED])
def test_nothing_becomes_waiting(file: Place, state: State) -> None:
    store = file.open()
    offered(store, begun(store), "a")
    with pytest.raises(Misuse):
        store.conclude(store.take(state="a"), Conclusion(state=state, record=b""))


def test_a_party_is_concluded_once_and_its_other_requests_are_gone(store: Store) -> None:
    check = begun(store, "aanvrager", "partner")
    made = [offered(store, check, state) for state in "abc"]
    theirs = offered(store, check, "d", role="partner")
    first, second = store.take(state="a"), store.take(state="b")
    answered(store, first)
    for lease in (first, second):
        with pytest.raises(Rejected) as refused:
            store.conclude(lease, Conclusion(state=State.DECLINED, record=b"other"))
        assert refused.value.check is AWAITED
    for one in made:
        with pytest.raises(Rejected):
            store.fetch(one.id)
    with pytest.raises(Rejected):
        offered(store, check, "e")
    assert store.look(check.id, desk=DESK).parties[0].record == b"record"
    assert store.fetch(theirs.id).role == "partner"
    answered(store, store.take(state="d"))
    assert [one.state for one in store.look(check.id, desk=DESK).parties] == [State.ANSWERED, State.ANSWERED]


def test_a_party_that_was_concluded_meanwhile_takes_nothing_of_another_request(store: Store, place: Place) -> None:
    check = begun(store)
    offered(store, check, "a")
    lease = store.take(state="a")
    place.run("UPDATE eigendata_parties SET concluded_at = 1")
    with pytest.raises(Rejected) as refused:
        answered(store, lease)
    assert refused.value.check is AWAITED
    assert place.run("SELECT count(*) FROM eigendata_outcomes")[0][0] == 0


@pytest.mark.parametrize(
    "column", ["check_id", "role", "desk", "device", "state", "kid", "nonce", "session", "sealed", "id"]
)
def test_a_request_that_was_edited_does_not_open(file: Place, column: str) -> None:
    store = file.open()
    check = begun(store, "aanvrager", "partner")
    other = begun(store, "aanvrager")
    made = same(store, check, "a", kid="k")
    changed = {"check_id": other.id, "role": "partner", "desk": "other", "device": "cross", "kid": digest("l")}
    moved = changed.get(column, bytes(60) if column == "sealed" else digest("b"))
    file.run(f"UPDATE eigendata_requests SET {column} = :moved", {"moved": moved})
    with pytest.raises(Rejected) as refused:
        store.take(**({"kid": "k"} if column != "kid" else {"state": "a"}))
    assert refused.value.check is STORED
    if column != "id":
        with pytest.raises(Rejected) as refused:
            store.fetch(made.id)
        assert refused.value.check is STORED


# -- the same device --------------------------------------------------------------------------------------------------


def test_a_response_code_comes_back_once_in_its_session_to_its_page(store: Store) -> None:
    check, other = begun(store, "aanvrager", "partner"), begun(store)
    same(store, check, "a")
    page = check.parties[0].page
    code = answered(store, store.take(state="a"))
    assert code is not None
    assert len(code) == 43
    assert store.look(check.id, desk=DESK).parties[0].returned_at is None
    wrong = (
        (page, code, "theirs"),
        (page, "guessed", "session"),
        (check.parties[1].page, code, "session"),
        (other.parties[0].page, code, "session"),
    )
    for which, given, session in wrong:
        with pytest.raises(Rejected) as refused:
            store.redeem(which, given, session=session)
        assert refused.value.check is RESPONSE_CODE
    assert not store.visit(page, session="session").own
    got = store.redeem(page, code, session="session")
    assert (got.check, got.role) == (check.id, "aanvrager")
    assert store.look(check.id, desk=DESK).parties[0].returned_at is not None
    with pytest.raises(Rejected) as refused:
        store.redeem(page, code, session="session")
    assert refused.value.check is RESPONSE_CODE
    assert store.visit(page, session="session").own
    assert not store.visit(page, session="theirs").own
    assert not store.visit(page).own
    assert not store.visit(check.parties[1].page, session="session").own


def test_a_response_code_lives_for_five_minutes(store: Store, place: Place) -> None:
    for passed, lives in ((timedelta(minutes=4, seconds=50), True), (timedelta(minutes=5), False)):
        check = begun(store)
        same(store, check, str(passed))
        code = answered(store, store.take(state=str(passed)))
        place.later(passed)
        if lives:
            store.redeem(check.parties[0].page, str(code), session="session")
        else:
            with pytest.raises(Rejected):
                store.redeem(check.parties[0].page, str(code), session="session")


@negative("NEG-PRIVACY-004")
def test_what_was_disclosed_is_kept_for_its_term_only_if_its_code_comes_back(store: Store, place: Place) -> None:
    for returns in (True, False):
        check = begun(store)
        same(store, check, f"a {returns}")
        code = answered(store, store.take(state=f"a {returns}"), keep=timedelta(days=30))
        party = store.look(check.id, desk=DESK).parties[0]
        assert party.keep_until is not None
        assert party.concluded_at is not None
        assert abs(party.keep_until - party.concluded_at - timedelta(minutes=5)) < SECOND
        if returns:
            store.redeem(check.parties[0].page, str(code), session="session")
        place.later(timedelta(minutes=6))
        party = store.look(check.id, desk=DESK).parties[0]
        assert (party.disclosed, party.record) == (b"disclosed" if returns else None, b"record")
        assert store.purge().disclosures == (0 if returns else 1)
        place.later(timedelta(days=29))
        if returns:
            assert store.look(check.id, desk=DESK).parties[0].disclosed == b"disclosed"
        else:
            with pytest.raises(Rejected):
                store.look(check.id, desk=DESK)


def test_there_is_no_response_code_across_devices(store: Store) -> None:
    offered(store, begun(store), "a")
    assert answered(store, store.take(state="a")) is None


def test_a_desk_is_told_when_a_code_came_back_and_not_when_none_did(store: Store) -> None:
    store.webhooks.add(DESK, "https://desk.example/", secret=b"secret")
    check = begun(store)
    same(store, check, "a")
    code = answered(store, store.take(state="a"))
    events = (Event(type="check.answered", payload=b"{}"), Event(type="check.done", payload=b"[]"))
    for given, told in (("guessed", 0), (str(code), 2), (str(code), 0)):
        try:
            store.redeem(check.parties[0].page, given, session="session", events=events)
        except Rejected:
            assert told == 0
        assert len(store.webhooks.due()) == told


# -- the nonces of leases ---------------------------------------------------------------------------------------------


def test_a_nonce_is_taken_once_and_only_while_its_lease_is_held_here(place: Place) -> None:
    store, another = place.open(), place.open()
    offered(store, begun(store), "a")
    with pytest.raises(Rejected):
        store.once.take("nonce", "nonce a", SOON)
    store.take(state="a")
    for wrong in (("nonce", "nonce b"), ("challenge", "nonce a")):
        with pytest.raises(Rejected) as refused:
            store.once.take(*wrong, SOON)
        assert refused.value.check is TAKEN
    with pytest.raises(Rejected):
        another.once.take("nonce", "nonce a", SOON)
    with pytest.raises(Misuse):
        store.once.take("nonce", "nonce a", datetime(2100, 1, 1))  # noqa: DTZ001
    store.once.take("nonce", "nonce a", SOON)
    with pytest.raises(Rejected):
        store.once.take("nonce", "nonce a", SOON)


@pytest.mark.parametrize("over", ["given back", "concluded", "lost"])
def test_a_nonce_is_not_taken_when_its_lease_is_over(file: Place, over: str) -> None:
    store = file.open(limits=Limits(lease=timedelta(0))) if over == "lost" else file.open()
    offered(store, begun(store), "a")
    lease = store.take(state="a")
    if over == "given back":
        store.give_back(lease)
    elif over == "concluded":
        answered(store, lease)
    with pytest.raises(Rejected) as refused:
        store.once.take("nonce", "nonce a", SOON)
    assert refused.value.check is TAKEN


def test_leases_that_nobody_concludes_are_forgotten(file: Place) -> None:
    store = file.open(limits=Limits(lease=timedelta(0)))
    check = begun(store)
    for n in range(50):
        offered(store, check, str(n))
        store.take(state=str(n))
    assert len(store.once._held) <= 2


def test_a_store_knows_the_time_by_the_clock_that_it_is_given(file: Place) -> None:
    now = SOON
    store = file.open(clock=lambda: now, limits=BRIEF)
    check = begun(store)
    assert check.made_at == SOON
    made = offered(store, check, "a")
    store.take(state="a")
    now = SOON + timedelta(milliseconds=300)
    store.take(state="a")
    now = SOON + HOUR
    with pytest.raises(Rejected):
        store.fetch(made.id)


@negative("NEG-CONC-003")
def test_two_replicas_whose_clocks_are_apart_judge_by_the_clock_of_the_database(server: Place) -> None:
    ahead, behind = (
        server.open(clock=lambda by=by: datetime.now(tz=SOON.tzinfo) + timedelta(minutes=by)) for by in (5, -5)
    )
    for first, second in ((ahead, behind), (behind, ahead)):
        check = begun(first)
        made = offered(first, check, check.id)
        assert second.fetch(made.id).answer_until == made.answer_until
        lease = second.take(state=check.id)
        with pytest.raises(Rejected):
            first.take(state=check.id)
        answered(second, lease)
        with pytest.raises(Rejected):
            first.take(state=check.id)
        late = begun(first)
        old = offered(first, late, late.id)
        server.later(timedelta(seconds=120))
        for store in (ahead, behind):
            with pytest.raises(Rejected):
                store.fetch(old.id)
            with pytest.raises(Unavailable, match="apart"):
                store.ready()
