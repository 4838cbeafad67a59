"""Reading the register's JSON leniently, one field at a time.

The register's answers do not all obey its own schema, and that schema grows. So a member that we do not know is
ignored, and one that we know but cannot read is no error: it is a `Gegeven` that says so, and every claim that needs
it is left out. The strictness is at the other end, where something is signed.

Each group of fields (`naam`, `verblijfplaats`, each of `kinderen`) has its own `inOnderzoek`: a flag for each of its
fields, and `datumIngangOnderzoek` for the day it began. A field that is under investigation keeps its value; it is up
to whoever uses it to say why it may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from eigendata.encoding import Json
from eigendata.errors import Reason
from eigendata.registers.brp.dates import Datum, read_datum

T_co = TypeVar("T_co", covariant=True)
S = TypeVar("S")

_GROUP: Final = "*"
_BEGINS: Final[Mapping[str, frozenset[str]]] = {
    "datumIngangOnderzoek": frozenset({_GROUP}),
    "datumIngangOnderzoekPersoon": frozenset({"burgerservicenummer", "geslacht", "leeftijd", "aanschrijfwijze"}),
    "datumIngangOnderzoekPartner": frozenset({"aanschrijfwijze"}),
    "datumIngangOnderzoekVerblijfplaats": frozenset({"adresregel1", "adresregel2", "adresregel3", "land"}),
    "datumIngangOnderzoekGemeente": frozenset({"gemeenteVanInschrijving", "datumInschrijvingInGemeente"}),
    "datumIngangOnderzoekGezag": frozenset({"indicatieCurateleRegister", "indicatieGezagMinderjarige"}),
}
"""Which fields an investigation may be of, by the name of the member that says when it began."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Gegeven(Generic[T_co]):
    """One field of the register.

    Attributes:
        value: what it holds; None where it holds nothing, or nothing that we understand.
        in_onderzoek: the register doubts it.
        readable: False where there is something that we do not understand.
    """

    value: T_co | None = None
    in_onderzoek: bool = False
    readable: bool = True

    @property
    def left_out(self) -> Reason | None:
        """Give why a claim may not be made from it, if it may not."""
        if self.in_onderzoek:
            return Reason.UNDER_INVESTIGATION
        if not self.readable:
            return Reason.NOT_DERIVABLE
        return Reason.NOT_RECORDED if self.value is None else None

    @property
    def doubted(self) -> Reason | None:
        """Give why it may not even be taken for empty, if it may not."""
        return self.left_out if self.in_onderzoek or not self.readable else None

    def read(self, reader: Callable[[T_co], S | None]) -> Gegeven[S]:
        """Give the same field, read further; it is not readable if the reader gives None."""
        if self.value is None:
            return Gegeven(in_onderzoek=self.in_onderzoek, readable=self.readable)
        further = reader(self.value)
        return Gegeven(value=further, in_onderzoek=self.in_onderzoek, readable=further is not None)


class Group:
    """A group of fields in an answer, and which of them are under investigation."""

    __slots__ = ("_doubted", "_members", "_readable", "_whole")

    def __init__(self, value: Json, *, in_onderzoek: bool = False) -> None:
        self._members: Mapping[str, Json] = value if isinstance(value, Mapping) else {}
        self._readable = value is None or isinstance(value, Mapping)
        self._doubted, whole = _investigated(self._members.get("inOnderzoek"))
        self._whole = whole or in_onderzoek

    def __contains__(self, name: str) -> bool:
        return self._members.get(name) is not None

    @property
    def is_empty(self) -> bool:
        """Whether the answer holds nothing of this group."""
        return self._readable and not self._members

    def any(self, name: str) -> Gegeven[Json]:
        """Give a member as it is."""
        return Gegeven(
            value=self._members.get(name),
            in_onderzoek=self._whole or name in self._doubted,
            readable=self._readable,
        )

    def text(self, name: str) -> Gegeven[str]:
        """Give a text, every character as the register has it; a blank one is none."""
        found = self.any(name)
        if isinstance(found.value, str) and not found.value.strip():
            return Gegeven(in_onderzoek=found.in_onderzoek)
        return found.read(lambda value: value if isinstance(value, str) else None)

    def number(self, name: str) -> Gegeven[int]:
        """Give a whole number."""
        return self.any(name).read(lambda value: value if type(value) is int else None)

    def flag(self, name: str) -> Gegeven[bool]:
        """Give an indication; the register sends only those that are true."""
        return self.any(name).read(lambda value: value if isinstance(value, bool) else None)

    def datum(self, name: str) -> Gegeven[Datum]:
        """Give a date of any kind."""
        return self.any(name).read(read_datum)

    def table(self, name: str, member: str) -> Gegeven[str]:
        """Give the `code` or the `omschrijving` of a value of a code table."""
        found = self.any(name)
        inner = Group(found.value).text(member)
        return Gegeven(
            value=inner.value,
            in_onderzoek=found.in_onderzoek or inner.in_onderzoek,
            readable=found.readable and inner.readable,
        )

    def group(self, name: str) -> Group:
        """Give the group of fields inside this one."""
        return Group(self._members.get(name) if self._readable else "", in_onderzoek=self._whole)

    def groups(self, name: str) -> Gegeven[tuple[Group, ...]]:
        """Give a repeated group; an absent one is empty."""
        value = self._members.get(name)
        if value is None:
            return Gegeven(value=(), readable=self._readable, in_onderzoek=self._whole)
        if not isinstance(value, Sequence) or isinstance(value, str):
            return Gegeven(readable=False, in_onderzoek=self._whole)
        return Gegeven(
            value=tuple(Group(one, in_onderzoek=self._whole) for one in value),
            in_onderzoek=self._whole,
            readable=all(isinstance(one, Mapping) for one in value),
        )


def _investigated(value: Json) -> tuple[frozenset[str], bool]:
    """Give the names of the doubted fields, and whether the whole group is doubted.

    The register flags each field, and gives the day on which the investigation began. Where it gives a day and flags
    nothing, the investigation may be of any field that this day can be about, so it is of all of them.
    """
    if value is None or value is False:
        return frozenset(), False
    if not isinstance(value, Mapping):
        return frozenset(), True
    began = [name for name in value if name.startswith("datumIngangOnderzoek")]
    flagged = {name for name, flag in value.items() if name not in began and flag is not None and flag is not False}
    if not flagged:
        flagged = {field for name in began for field in _BEGINS.get(name, {_GROUP})}
    return frozenset(flagged), _GROUP in flagged
