"""The named negative cases of CBOR, each by the bytes that an attacker sends, within the time that they may cost."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from eigendata.encoding import cbor_loads
from eigendata.errors import Malformed
from tests.negatives import negative


def refused(data: bytes, *, within: float = 0.5) -> None:
    """Require that an item is refused, and that this takes no longer than so many seconds of the processor."""
    began = time.process_time()
    with pytest.raises(Malformed):
        cbor_loads(data)
    assert time.process_time() - began < within


@negative("NEG-CBOR-002")
def test_what_follows_an_item_is_refused() -> None:
    for item in (b"\x00", b"\xa0", b"\x80", b"\x61a", b"\xd8\x18\x40"):
        cbor_loads(item)
        for rest in (b"\x00", b"\xff", item, b"\xf6" * 10_000):
            refused(item + rest)


@pytest.mark.cost
@negative("NEG-CBOR-003")
def test_depth_and_stated_lengths_cost_nothing() -> None:
    tracemalloc.start()
    try:
        for opening in (b"\x81", b"\xa1\x00", b"\xd8\x18", b"\xc0", b"\x82\x00"):
            refused(opening * 100_000 + b"\x00")
        for head in (b"\x5b", b"\x7b", b"\x9b", b"\xbb"):
            for size in (2**63, 2**64 - 1, 2**32):
                refused(head + size.to_bytes(8), within=0.05)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 * 1024 * 1024


@negative("NEG-CBOR-004")
def test_nothing_is_shared_within_an_item() -> None:
    for data in ("d81c80", "d81c81d81d00", "d81d00", "82d81c8100d81d00", "d81ca100d81d00"):
        refused(bytes.fromhex(data))


@negative("NEG-CBOR-005")
def test_no_other_tag_is_read_than_those_of_an_mdoc() -> None:
    strings = ("d90100826161d81900", "d81900")
    numbers = ("c24101", "c34101", "c2820001", "c4820001", "c5820001", "d81e820102")
    moments = ("c11a514b67b0", "c1f93c00", "d86400")
    others = ("d8236161", "d8246161", "d825" + "50" + "00" * 16, "d9010280", "d90104447f000001", "d9d9f700")
    for data in (*strings, *numbers, *moments, *others):
        refused(bytes.fromhex(data))


@negative("NEG-CBOR-006")
def test_lengths_are_stated_and_shortest_and_members_come_in_pairs() -> None:
    for data in ("5f4161ff", "7f6161ff", "9f00ff", "bf0000ff", "9f", "bf00ff", "a100", "a2000001", "1817", "980100"):
        refused(bytes.fromhex(data))


def colliding(count: int) -> bytes:
    """A map of so many integers as keys, eight and eight of one hash: Python gives k and k + (2^61 - 1) the same."""
    keys = [turn * (2**61 - 1) + 2**32 + number for number in range(count // 8) for turn in range(8)]
    return b"\xba" + len(keys).to_bytes(4) + b"".join(b"\x1b" + key.to_bytes(8) + b"\x00" for key in keys)


@pytest.mark.cost
@negative("NEG-CBOR-008")
def test_many_keys_that_collide_take_no_more_time_than_others() -> None:
    for count in (17_000, 40_000, 100_000):
        refused(colliding(count), within=1)
    for key in (b"\x80", b"\xa0", b"\x81\x80", b"\xa1\x00\x80"):  # of which a hash would be made as a whole
        refused(b"\xba" + (100_000).to_bytes(4) + (key + b"\x00") * 100_000, within=1)


@negative("NEG-CBOR-009")
def test_no_two_keys_are_one_key_to_python() -> None:
    one = ("01", "f5", "f93c00", "fb3ff0000000000000")
    for first in one:
        for second in one:
            refused(bytes.fromhex(f"a2{first}00{second}00"))
    for key in one[1:]:
        refused(bytes.fromhex(f"a1{key}00"))
