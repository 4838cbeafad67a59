"""Fetch the names of a room from its modules when they are first used: who asks one name does not load the others.

A Python that only opens a wallet should not pay for the policies of a verifier. A room that does this imports its names
for type checkers under `TYPE_CHECKING`, and says in one table where each of them lives.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


class Module:
    """Stands for a module that is loaded when something of it is first used."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> object:
        return getattr(import_module(self._name), name)


def names(room: str, homes: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """Give the `__getattr__` of a room (PEP 562).

    Args:
        room: the package's full name.
        homes: module of the room -> the names that it holds. No name for a module: the module itself is the name.
    """
    home = {name: module for module, its in homes.items() for name in its or (module.rpartition(".")[2],)}

    def fetch(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        module = import_module(f"{room}.{home[name]}")
        value = getattr(module, name) if homes[home[name]] else module
        setattr(sys.modules[room], name, value)
        return value

    return fetch
