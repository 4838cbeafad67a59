"""One bit for each credential: packed as the specification packs it, and unpacked only so far."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given as each
from hypothesis import strategies as st

from eigendata.encoding import b64url_decode
from eigendata.errors import Malformed, Misuse
from eigendata.status import StatusBits
from eigendata.status.bits import MAX_SIZE, SIZES
from tests.given import given
from tests.negatives import negative


def test_the_lists_of_the_specification_are_read_and_packed_again_to_the_same_statuses() -> None:
    count = 0
    for one in json.loads(given("vectors/status-list/appendix-c.json").read_text()):
        read = StatusBits.decompressed(b64url_decode(one["lst"]), bits=one["bits"])
        assert len(read) == one["entries"]
        made = StatusBits.empty(one["entries"], bits=one["bits"])
        for index, status in one["statuses"]:
            assert read.get(index) == status
            made.set(index, status)
            count += 1
        assert made == read
        assert StatusBits.decompressed(made.compressed(), bits=one["bits"]) == read
    assert count == 293


def test_entries_begin_at_the_least_significant_bit() -> None:
    one = StatusBits.empty(16)
    for index, status in enumerate((1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1)):
        one.set(index, status)
    assert one == StatusBits(bytes.fromhex("b9a3"))
    two = StatusBits.empty(12, bits=2)
    for index, status in enumerate((1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3)):
        two.set(index, status)
    assert two == StatusBits(bytes.fromhex("c944f9"), bits=2)


@each(st.sampled_from(SIZES), st.dictionaries(st.integers(0, 999), st.integers(0, 255), max_size=30))
def test_what_was_set_comes_out_and_nothing_else_changed(bits: int, statuses: dict[int, int]) -> None:
    statuses = {index: status % (1 << bits) for index, status in statuses.items()}
    made = StatusBits.empty(1000, bits=bits)
    for index, status in statuses.items():
        made.set(index, 0)
        made.set(index, (1 << bits) - 1)
        made.set(index, status)
    read = StatusBits.decompressed(made.compressed(), bits=bits)
    assert [read.get(index) for index in range(1000)] == [statuses.get(index, 0) for index in range(1000)]


@each(st.sets(st.integers(0, 99)), st.sets(st.integers(0, 199)))
def test_nothing_that_was_withdrawn_comes_back_in_a_union(ours: set[int], theirs: set[int]) -> None:
    one, two = StatusBits.empty(100), StatusBits.empty(200)
    one.withdraw(ours)
    two.withdraw(theirs)
    both = one.united(two)
    assert {index for index in range(200) if both.get(index)} == ours | theirs
    assert both == two.united(one)
    assert both.count() == len(ours | theirs)
    assert one.lacks(two) == bool(theirs - ours)
    assert not both.lacks(one)
    assert not both.lacks(two)


@negative("NEG-STATUS-002")
@pytest.mark.parametrize("index", [16, 17, 1 << 63, -1])
def test_there_is_no_statement_about_an_entry_that_is_not_there(index: int) -> None:
    assert StatusBits.empty(16).get(index) is None
    with pytest.raises(Misuse):
        StatusBits.empty(16).set(index, 1)


@negative("NEG-STATUS-007")
@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\xb9\xa3",
        zlib.compress(b"\xb9\xa3")[2:-4],
        zlib.compress(b"\xb9\xa3", wbits=31),
        zlib.compress(b"\xb9\xa3")[:-1],
        zlib.compress(b"\xb9\xa3")[:-1] + b"\0",
        zlib.compress(b"\xb9\xa3") + b"\0",
        zlib.compress(b"\xb9\xa3") * 2,
    ],
    ids=["empty", "plain", "raw", "gzip", "cut", "sum", "tail", "two"],
)
def test_a_list_is_one_whole_zlib_stream(packed: bytes) -> None:
    with pytest.raises(Malformed):
        StatusBits.decompressed(packed, bits=1)


@negative("NEG-STATUS-007")
@pytest.mark.parametrize("bits", [0, 3, 16, -1])
def test_an_entry_takes_1_2_4_or_8_bits(bits: int) -> None:
    with pytest.raises(Malformed):
        StatusBits.decompressed(zlib.compress(b"\0"), bits=bits)
    with pytest.raises(Misuse):
        StatusBits(b"\0", bits=bits)


def test_a_list_is_unpacked_to_its_limit_and_no_further() -> None:
    largest = zlib.compress(bytes(MAX_SIZE), 9)
    assert len(StatusBits.decompressed(largest, bits=1)) == MAX_SIZE * 8
    with pytest.raises(Malformed):
        StatusBits.decompressed(zlib.compress(bytes(MAX_SIZE + 1), 9), bits=1)
    with pytest.raises(Malformed):
        StatusBits.decompressed(zlib.compress(bytes(64 << 20), 9), bits=1)
    with pytest.raises(Misuse):
        StatusBits(bytes(MAX_SIZE + 1))


def test_what_does_not_fit_in_an_entry_is_not_written() -> None:
    made = StatusBits.empty(8)
    for status in (2, -1):
        with pytest.raises(Misuse):
            made.set(0, status)
    assert made.count() == 0


def test_only_lists_of_one_bit_are_united_and_counted() -> None:
    one, two = StatusBits.empty(8), StatusBits.empty(8, bits=2)
    for left, right in ((one, two), (two, one), (two, two)):
        with pytest.raises(Misuse):
            left.united(right)
    with pytest.raises(Misuse):
        two.count()
    with pytest.raises(Misuse):
        StatusBits.empty(0)
