"""Rounds in which every case takes its turn, and what comes out of them: medians, and medians of ratios."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Generic, TypeVar

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
class Measured:
    """What all rounds gave: for each case its cost in each round, in the order of the rounds."""

    costs: Mapping[str, Sequence[float]]

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
    began = time.thread_time()
    for item in ready:
        operation(item)
    return (time.thread_time() - began) / len(ready)


def forget() -> None:
    """Empty every cache that the library keeps."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith("eigendata"):
            for member in tuple(vars(module).values()):
                if callable(clear := getattr(member, "cache_clear", None)):
                    clear()
