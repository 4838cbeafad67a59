"""Rounds in which every case takes its turn, and what comes out of them: medians, and medians of ratios."""

from __future__ import annotations

import cProfile
import gc
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from types import CodeType
from typing import Final, Generic, TypeVar

MOST: Final = 8
"""Functions of a profile that are named."""

WATCHED: Final = 10
"""Rounds of which a profile is made."""

T = TypeVar("T")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Generic[T]):
    """Something that is measured.

    Attributes:
        cost: gives the seconds of CPU of one operation, on the material of a round that no case used before.
    """

    name: str
    cost: Callable[[T], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The part of a case's time that is spent in one function itself, between 0 and 1."""

    function: str
    part: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What all rounds gave: for each case its cost in each round, in the order of the rounds.

    Attributes:
        profiles: for some of the cases, where the time goes.
    """

    costs: Mapping[str, Sequence[float]]
    profiles: Mapping[str, Sequence[Share]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.costs

    def seconds(self, name: str) -> float:
        return median(self.costs[name])

    def ratio(self, name: str, to: str) -> float:
        """Give the median of the ratios within each round."""
        return median(one / other for one, other in zip(self.costs[name], self.costs[to], strict=True))


def measure(cases: Sequence[Case[T]], material: Callable[[], T], *, rounds: int) -> Measured:
    """Let every case have its turn in every round, each time another case first."""
    costs: dict[str, list[float]] = {case.name: [] for case in cases}
    gc.collect()
    gc.freeze()  # what the bench itself holds is not the cases' to sweep
    try:
        for number in range(rounds):
            made = material()
            first = number % len(cases)
            for case in (*cases[first:], *cases[:first]):
                costs[case.name].append(case.cost(made))
    finally:
        gc.unfreeze()
    return Measured(costs=costs)


def cpu(operation: Callable[[Item], object], items: Iterable[Item]) -> float:
    """Give the seconds of CPU of one operation, one on each of the items."""
    ready = tuple(items)
    profiler = _PROFILER.get()
    if profiler is not None:
        profiler.enable()
    began = time.thread_time()
    for item in ready:
        operation(item)
    ended = time.thread_time()
    if profiler is not None:
        profiler.disable()
    return (ended - began) / len(ready)


_PROFILER: Final[ContextVar[cProfile.Profile | None]] = ContextVar("_PROFILER", default=None)


def profile(case: Case[T], material: Callable[[], T]) -> tuple[Share, ...]:
    """Give the functions in which a case spends most, by their own time. None where it is spent in other processes.

    To watch costs more than a small function does: these are shares of a slower run, and say where, not how much. A
    function counts with the shortest of its times, so that it is not charged with what else the machine did meanwhile.
    """
    shortest: dict[str, float] = {}
    for number in range(WATCHED):
        made, profiler = material(), cProfile.Profile()
        token = _PROFILER.set(profiler)
        try:
            case.cost(made)
        finally:
            _PROFILER.reset(token)
        own = {_name(one.code): one.inlinetime for one in profiler.getstats()}
        known = shortest if number else own
        shortest = {name: min(known[name], own[name]) for name in known.keys() & own.keys()}
    total = sum(shortest.values())
    most = sorted(shortest, key=shortest.__getitem__, reverse=True)[:MOST]
    return tuple(Share(function=name, part=shortest[name] / total) for name in most)


def _name(code: CodeType | str) -> str:
    if isinstance(code, str):  # of C or Rust: "<method 'digest' of '_hashlib.HASH' objects>"
        said = code.strip("<>").replace("'", "").removesuffix(" objects")
        words = said.removeprefix("built-in ").removeprefix("method ").split(" of ")
        return ".".join(word.rpartition(".")[2] for word in reversed(words))
    return f"{Path(code.co_filename).stem}.{code.co_qualname}"


def forget() -> None:
    """Empty every cache that the library keeps."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith("eigendata"):
            for member in tuple(vars(module).values()):
                if callable(clear := getattr(member, "cache_clear", None)):
                    clear()
