"""Checks as they are begun, seen, listed, wiped: in each kind of database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eigendata.errors import Malformed, Misuse, Rejected, Unavailable
from eigendata.store import KNOWN, STORED, Device, Purged, State, Store, StoredCheck, checks
from tests.negatives import negative
from tests.unit.store.place import DAY, DESK, HOUR, Place, answered, begun, offered, same

PARTIES = ("aanvrager", "partner", "gemachtigde")


def test_a_check_is_seen_as_it_was_begun(store: Store) -> None:
    check = begun(store, *PARTIES)
    assert store.look(check.id, desk=DESK) == check
    assert [one.role for one in check.parties] == list(PARTIES)
    assert {one.state for one in check.parties} == {State.WAITING}
    assert check.content == b"asked"
    assert check.expires_at - check.made_at == HOUR
    assert check.until - check.expires_at == timedelta(minutes=30)
    assert check.party("partner") is check.parties[1]
    with pytest.raises(KeyError):
        check.party("niemand")


def test_each_party_has_a_page_of_its_own_that_nobody_can_guess(store: Store) -> None:
    check = begun(store, *PARTIES)
    for party in check.parties:
        visit = store.visit(party.page)
        assert visit.check == check
        assert visit.party == party
        assert not visit.own
    assert len({one.page for one in check.parties}) == len(PARTIES)
    assert {len(one.page) for one in check.parties} == {43}  # 256 bits
    with pytest.raises(Rejected) as refused:
        store.visit(check.id)
    assert refused.value.check is KNOWN


def test_ids_and_pages_are_256_bits_and_no_two_are_alike(store: Store) -> None:
    made = [begun(store) for _ in range(20)]
    assert len({one.id[-32:] for one in made}) == len(made)
    assert all(len(one.id) == 51 for one in made)  # 6 octets of time, and 32 by chance


@pytest.mark.parametrize("roles", [(), ("aanvrager", "aanvrager"), ("",), ("a\0b",)], ids=repr)
def test_a_check_without_parties_or_with_one_twice_is_a_mistake_of_the_caller(file: Place, roles: tuple[str]) -> None:
    with pytest.raises(Misuse):
        file.open().begin(DESK, roles=roles, content=b"", open_for=HOUR)


def test_what_is_too_large_is_not_kept(file: Place) -> None:
    with pytest.raises(Misuse, match="2097152"):
        file.open().begin(DESK, content=bytes(2_097_153), open_for=HOUR)


def test_a_desk_sees_and_wipes_its_own_checks_only(store: Store) -> None:
    check = begun(store)
    for which, desk in ((check.id, "other"), ("other", DESK)):
        with pytest.raises(Rejected) as refused:
            store.look(which, desk=desk)
        assert refused.value.check is KNOWN
        with pytest.raises(Rejected) as refused:
            store.remove(which, desk=desk)
        assert refused.value.check is KNOWN
    assert store.list("other").checks == ()
    store.look(check.id, desk=DESK)


def test_a_check_that_is_removed_is_gone_with_its_requests_and_pages(store: Store) -> None:
    check = begun(store)
    request = offered(store, check, "a")
    store.remove(check.id, desk=DESK)
    for ask in (
        lambda: store.look(check.id, desk=DESK),
        lambda: store.visit(check.parties[0].page),
        lambda: store.remove(check.id, desk=DESK),
        lambda: store.fetch(request.id),
        lambda: store.take(state="a"),
        lambda: offered(store, check, "b"),
    ):
        with pytest.raises(Rejected):
            ask()


def test_a_list_gives_every_check_once_newest_first_whatever_its_parts(store: Store) -> None:
    made = [begun(store, *PARTIES[: 1 + n % 3]) for n in range(7)]
    begun(store, desk="other")
    whole = store.list(DESK).checks
    assert sorted(whole, key=lambda one: one.id) == sorted(made, key=lambda one: one.id)
    assert list(whole) == sorted(made, key=lambda one: (one.made_at, one.id), reverse=True)
    for size in (1, 3, 7):
        seen: list[StoredCheck] = []
        after = None
        while True:
            part = store.list(DESK, after=after, limit=size)
            assert 0 < len(part.checks) <= size
            seen += part.checks
            after = part.after
            if after is None:
                break
            assert not any(one.id in after for one in made)
        assert tuple(seen) == whole


def test_the_next_part_of_a_list_is_asked_as_it_said_itself(store: Store) -> None:
    for _ in range(2):
        begun(store)
        begun(store, desk="other")
    after = store.list(DESK, limit=1).after
    assert after is not None
    flipped = after[:-5] + ("A" if after[-5] != "A" else "B") + after[-4:]
    for forged in ("", "x", "!", flipped, store.list("other", limit=1).after):
        with pytest.raises(Malformed):
            store.list(DESK, after=forged)
    for size in (0, 201):
        with pytest.raises(Misuse):
            store.list(DESK, limit=size)


def test_what_was_disclosed_is_in_no_list_and_on_no_page(store: Store) -> None:
    check = begun(store)
    offered(store, check, "a")
    answered(store, store.take(state="a"))
    assert store.look(check.id, desk=DESK).parties[0].disclosed == b"disclosed"
    assert store.list(DESK).checks[0].parties[0].disclosed is None
    visit = store.visit(check.parties[0].page)
    assert visit.party.disclosed is None
    assert visit.party.record == b"record"


@negative("NEG-PRIVACY-004")
def test_what_was_disclosed_is_gone_when_its_term_ends_and_the_check_when_it_was_shown(
    store: Store, place: Place
) -> None:
    check = begun(store)
    offered(store, check, "a")
    answered(store, store.take(state="a"), keep=DAY)
    party = store.look(check.id, desk=DESK).parties[0]
    assert party.concluded_at is not None
    assert party.keep_until is not None
    assert abs(party.keep_until - party.concluded_at - DAY) < timedelta(seconds=1)
    place.later(DAY + timedelta(seconds=1))
    with pytest.raises(Rejected):
        store.look(check.id, desk=DESK)
    assert place.run("SELECT count(*) FROM eigendata_outcomes WHERE disclosed IS NOT NULL")[0][0] == 1
    store.purge()
    for table in ("checks", "parties", "requests", "outcomes"):
        assert place.run(f"SELECT * FROM eigendata_{table}") in ([], ())


@negative("NEG-PRIVACY-004")
def test_what_was_disclosed_goes_before_the_check_where_its_term_is_shorter(store: Store, place: Place) -> None:
    check = begun(store)
    offered(store, check, "a")
    answered(store, store.take(state="a"), keep=timedelta(minutes=5))
    place.later(timedelta(minutes=6))
    party = store.look(check.id, desk=DESK).parties[0]  # before anything wiped it
    assert (party.state, party.record, party.disclosed, party.keep_until) == (State.ANSWERED, b"record", None, None)
    assert store.purge() == Purged(checks=0, disclosures=1, requests=0)
    assert place.run("SELECT disclosed, keep_until FROM eigendata_outcomes") == [(None, None)]
    assert store.look(check.id, desk=DESK).parties[0].record == b"record"


def test_a_party_that_nobody_answered_for_expires_and_cannot_be_asked_any_more(store: Store, place: Place) -> None:
    check = begun(store, "aanvrager", "partner")
    offered(store, check, "a")
    answered(store, store.take(state="a"))
    place.later(HOUR)
    states = [one.state for one in store.look(check.id, desk=DESK).parties]
    assert states == [State.ANSWERED, State.EXPIRED]
    with pytest.raises(Rejected) as refused:
        offered(store, check, "b", role="partner")
    assert refused.value.check is KNOWN


def test_a_wiping_takes_what_is_over_and_leaves_all_else(store: Store, place: Place) -> None:
    old, kept = begun(store), begun(store)
    for check, state in ((old, "a"), (kept, "b"), (kept, "c")):
        offered(store, check, state)
    place.later(timedelta(minutes=31))
    offered(store, kept, "d")
    assert store.purge() == Purged(checks=0, disclosures=0, requests=3)
    assert store.take(state="d").check == kept.id
    place.later(timedelta(minutes=59))
    assert store.purge() == Purged(checks=2, disclosures=0, requests=1)
    assert store.list(DESK).checks == ()


def test_a_wiping_goes_on_until_nothing_is_left_however_little_it_takes_at_once(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "PURGED_AT_ONCE", 2)
    for _ in range(5):
        begun(store)
    place.later(2 * HOUR)
    assert store.purge().checks == 5


def test_beginning_wipes_what_is_over_every_few_seconds(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(store)
    place.later(2 * HOUR)
    begun(store)
    assert place.run("SELECT count(*) FROM eigendata_checks")[0][0] == 2
    monkeypatch.setattr(checks, "PURGE_EVERY", -1.0)
    begun(store)
    assert place.run("SELECT count(*) FROM eigendata_checks")[0][0] == 2


def test_no_check_begins_where_too_many_requests_wait(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "PURGE_EVERY", -1.0)
    monkeypatch.setattr(checks, "MAX_REQUESTS", 2)
    check = begun(store)
    for state in "ab":
        offered(store, check, state)
    with pytest.raises(Unavailable):
        begun(store)
    answered(store, store.take(state="a"))
    begun(store)


def test_the_newest_request_says_whether_a_wallet_fetched(store: Store, place: Place) -> None:
    check = begun(store)
    page = check.parties[0].page
    request = offered(store, check, "a")
    assert not store.visit(page).party.fetched
    store.fetch(request.id)
    assert store.visit(page).party.fetched
    place.later(timedelta(seconds=1))
    offered(store, check, "b")
    assert not store.visit(page).party.fetched


def test_a_party_says_on_which_device_it_was_answered(store: Store) -> None:
    for state, ask, device in (("a", offered, Device.CROSS), ("b", same, Device.SAME)):
        check = begun(store)
        ask(store, check, state)
        assert store.look(check.id, desk=DESK).parties[0].device is None
        answered(store, store.take(state=state))
        assert store.look(check.id, desk=DESK).parties[0].device is device


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE eigendata_checks SET desk = 'other'",
        "UPDATE eigendata_checks SET sealed = :junk",
        "UPDATE eigendata_parties SET role = 'ander'",
        "UPDATE eigendata_parties SET state = 'declined'",
        "UPDATE eigendata_parties SET device = 'same'",
        "UPDATE eigendata_outcomes SET record = :junk",
        "UPDATE eigendata_outcomes SET record = disclosed",
        "UPDATE eigendata_outcomes SET disclosed = record",
        "UPDATE eigendata_outcomes SET disclosed = :junk",
    ],
)
def test_a_row_that_was_edited_does_not_open(file: Place, edit: str) -> None:
    store = file.open()
    check = begun(store)
    offered(store, check, "a")
    answered(store, store.take(state="a"))
    file.run(edit, {"junk": bytes(60)} if ":junk" in edit else None)
    with pytest.raises(Rejected) as refused:
        store.look(check.id, desk="other" if "desk" in edit else DESK)
    assert refused.value.check is STORED


def test_what_was_stored_for_one_check_does_not_open_in_another(file: Place) -> None:
    store = file.open()
    made = [begun(store), begun(store)]
    for check, state in zip(made, "ab", strict=True):
        offered(store, check, state)
        answered(store, store.take(state=state))
    file.run("UPDATE eigendata_outcomes SET record = (SELECT record FROM eigendata_outcomes ORDER BY check_id LIMIT 1)")
    store.look(min(one.id for one in made), desk=DESK)
    with pytest.raises(Rejected) as refused:
        store.look(max(one.id for one in made), desk=DESK)
    assert refused.value.check is STORED


def test_a_page_that_was_put_on_another_party_leads_nowhere(file: Place) -> None:
    store = file.open()
    mine, theirs = begun(store), begun(store)
    pages = dict(file.run("SELECT check_id, page FROM eigendata_parties"))
    file.run("UPDATE eigendata_parties SET page = x'00' WHERE check_id = :id", {"id": mine.id})
    file.run(
        "UPDATE eigendata_parties SET page = :page WHERE check_id = :id", {"id": theirs.id, "page": pages[mine.id]}
    )
    with pytest.raises(Rejected) as refused:
        store.visit(mine.parties[0].page)
    assert refused.value.check is STORED
