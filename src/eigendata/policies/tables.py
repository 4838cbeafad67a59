"""Strict reading of TOML: every table says which names it knows, and anything else is refused.

    text -> read_toml -> Table -> typed values

Files of policies may come from anyone, so size and nesting are bounded before the parser sees them. All faults of shape
are `Malformed`, with the place in `where`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NoReturn, TypeVar

from eigendata import texts
from eigendata.encoding import toml_loads
from eigendata.errors import Malformed, within

MAX_TEXT: Final = 1000
"""Characters of one text."""

MAX_ITEMS: Final = 64
"""Elements of one list, and names in one table."""

T = TypeVar("T")


def read_toml(data: bytes) -> Table:
    """Read a TOML document.

    Raises:
        Malformed: it is none, too large, or nested too deeply.
    """
    return Table(toml_loads(data))


class Table:
    """One table while it is read: each name is taken once, and `done` refuses what nobody took."""

    def __init__(self, members: Mapping[str, object]) -> None:
        if len(members) > MAX_ITEMS:
            raise Malformed(f"more than {MAX_ITEMS} names in one table")
        self._members = dict(members)

    def names(self) -> tuple[str, ...]:
        return tuple(self._members)

    def has(self, name: str) -> bool:
        return name in self._members

    def text(self, name: str) -> str:
        return _text(name, self._take(name))

    def texts(self, name: str) -> tuple[str, ...]:
        found = self.list(name, lambda one: _text(name, one))
        if len(set(found)) != len(found):
            _refuse(name, "holds something twice")
        return found

    def flag(self, name: str) -> bool:
        """Give a boolean; false where it is left out."""
        value = self._members.pop(name, False)
        return value if isinstance(value, bool) else _refuse(name, "is true or false")

    def number(self, name: str, *, least: int, most: int) -> int:
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            _refuse(name, f"is a whole number from {least} to {most}")
        return value

    def any(self, name: str) -> object:
        return self._take(name)

    def table(self, name: str) -> Table:
        value = self._members.pop(name, {})
        with within(name):
            return Table(value) if isinstance(value, dict) else _refuse(name, "is a table")

    def tables(self, name: str) -> tuple[Table, ...]:
        return self.list(name, lambda one: Table(one) if isinstance(one, dict) else _refuse(name, "holds tables"))

    def list(self, name: str, read: Callable[[object], T]) -> tuple[T, ...]:
        value = self._take(name)
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            _refuse(name, f"is a list of at most {MAX_ITEMS}")
        done: list[T] = []
        for index, element in enumerate(value):
            with within(name, index):
                done.append(read(element))
        return tuple(done)

    def by_language(self, name: str) -> Mapping[str, str]:
        """Give a text in each of our languages that the file has it in."""
        table = self.table(name)
        with within(name):
            said: dict[str, str] = {one: table.text(one) for one in texts.LANGUAGES if table.has(one)}
            table.done()
        return MappingProxyType(said)

    def all_texts(self) -> Mapping[str, str]:
        return MappingProxyType({name: self.text(name) for name in self.names()})

    def done(self) -> None:
        """Refuse what is left.

        Raises:
            Malformed: there is a name that nobody took.
        """
        if self._members:
            raise Malformed(f"unknown: {', '.join(sorted(map(repr, self._members)))}")

    def _take(self, name: str) -> object:
        if name not in self._members:
            raise Malformed(f"{name!r} is missing")
        return self._members.pop(name)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        _refuse(name, f"is a text of 1 to {MAX_TEXT} characters")
    return value


def _refuse(name: str, wanted: str) -> NoReturn:
    raise Malformed(f"{name!r} {wanted}")
