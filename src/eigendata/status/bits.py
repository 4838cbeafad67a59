"""The statuses of many credentials in one array of bits (Token Status List section 4).

    StatusBits.empty(entries) -> .set(index, INVALID) -> .compressed() -> bytes -> StatusBits.decompressed -> .get

The entries are packed into octets from the least significant bit on. (A Bitstring Status List of the W3C begins at the
other end.) A decompressor never makes more than `MAX_SIZE`, whatever a stranger's list says of itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

from eigendata.errors import Malformed, Misuse

VALID: Final = 0
INVALID: Final = 1

SIZES: Final = (1, 2, 4, 8)
"""Bits that one entry can take."""

MAX_SIZE: Final = 1 << 21
"""Octets of a list, unpacked: sixteen million credentials of one bit each."""

_LEVEL: Final = 9  # the highest there is, as section 4.1 recommends: a list is packed once and fetched by everybody


class StatusBits:
    """An array of statuses, each of 1, 2, 4 or 8 bits."""

    __slots__ = ("_octets", "bits")

    def __init__(self, octets: bytes | bytearray, *, bits: int = 1) -> None:
        """Take an array as it is.

        Raises:
            Misuse: an entry cannot take that many bits, or the array is larger than `MAX_SIZE`.
        """
        if bits not in SIZES:
            raise Misuse("an entry of a status list takes 1, 2, 4 or 8 bits")
        if len(octets) > MAX_SIZE:
            raise Misuse(f"a status list has at most {MAX_SIZE} octets")
        self._octets = bytearray(octets)
        self.bits = bits

    @classmethod
    def empty(cls, entries: int, *, bits: int = 1) -> StatusBits:
        """Make a list of at least this many entries, all of them valid.

        Raises:
            Misuse: there can be no list of that many entries, or of entries of that size.
        """
        if entries <= 0:
            raise Misuse("a status list has entries")
        return cls(bytes(-(-entries * bits // 8)), bits=bits)

    @classmethod
    def decompressed(cls, data: bytes, *, bits: int) -> StatusBits:
        """Unpack a list (section 4.1, step 4).

        Args:
            data: in the ZLIB format, nothing before and nothing after it.
            bits: of each entry, as the list states it: 1, 2, 4 or 8.

        Raises:
            Malformed: it is no ZLIB stream, or not a whole one, or more than one, or too large when unpacked.
        """
        if bits not in SIZES:
            raise Malformed("an entry of a status list takes 1, 2, 4 or 8 bits")
        unpacking = zlib.decompressobj()
        try:
            octets = unpacking.decompress(data, MAX_SIZE + 1)
        except zlib.error:
            raise Malformed("the status list is not compressed as ZLIB does it") from None
        if len(octets) > MAX_SIZE:
            raise Malformed(f"the status list is larger than {MAX_SIZE} octets")
        if not unpacking.eof or unpacking.unused_data:
            raise Malformed("the status list ends before its data does, or goes on after it")
        return cls(octets, bits=bits)

    def __len__(self) -> int:
        """Entries of the list."""
        return len(self._octets) * 8 // self.bits

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StatusBits) and (self.bits, self._octets) == (other.bits, other._octets)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def get(self, index: int) -> int | None:
        """Give the status of an entry; None where the list has no such entry."""
        if not 0 <= index < len(self):
            return None
        octet, shift = divmod(index * self.bits, 8)
        return (self._octets[octet] >> shift) & ((1 << self.bits) - 1)

    def set(self, index: int, status: int) -> None:
        """Set the status of an entry.

        Raises:
            Misuse: there is no such entry, or the status does not fit in its bits.
        """
        if not 0 <= index < len(self):
            raise Misuse("the status list has no such entry")
        mask = (1 << self.bits) - 1
        if not 0 <= status <= mask:
            raise Misuse(f"a status of {self.bits} bits is 0 to {mask}")
        octet, shift = divmod(index * self.bits, 8)
        self._octets[octet] = self._octets[octet] & ~(mask << shift) | status << shift

    def withdraw(self, indices: Iterable[int]) -> None:
        """Set every entry named to `INVALID`.

        Raises:
            Misuse: there is no such entry.
        """
        for index in indices:
            self.set(index, INVALID)

    def united(self, other: StatusBits) -> StatusBits:
        """Give the list in which an entry is set where it is set in either: nothing that was withdrawn comes back.

        Raises:
            Misuse: the entries of the two take another number of bits, or more than one.
        """
        if (self.bits, other.bits) != (1, 1):
            raise Misuse("lists of which an entry takes one bit can be united, and no others")
        length = max(len(self._octets), len(other._octets))
        both = int.from_bytes(self._octets, "little") | int.from_bytes(other._octets, "little")
        return StatusBits(both.to_bytes(length, "little"))

    def lacks(self, other: StatusBits) -> bool:
        """Tell whether something is set in the other list that is not set in this one.

        Raises:
            Misuse: see `united`.
        """
        return self.united(other) != StatusBits(bytes(self._octets).ljust(len(other._octets), b"\0"))

    def count(self) -> int:
        """Give how many entries are not valid, of a list of one bit each.

        Raises:
            Misuse: an entry takes more than one bit.
        """
        if self.bits != 1:
            raise Misuse("entries of one bit can be counted, and no others")
        return int.from_bytes(self._octets, "little").bit_count()

    def compressed(self) -> bytes:
        """Pack the list (section 4.1, step 4)."""
        return zlib.compress(bytes(self._octets), _LEVEL)
