"""Change the code a little, thousands of times, and see that a test fails each time.

    python tools/mutate.py                    every room; what is known from the last time is not run again
    python tools/mutate.py encoding query     these rooms
    python tools/mutate.py --only b64url      the mutants of which the name holds this
    python tools/mutate.py --fresh            forget what is known

A mutant that no test kills must stand in tests/mutation/*.toml, with the reason why nobody can tell it from the
original. One that stands there and is killed, or is there no more, is a failure too.

    collect once -> every test under coverage: which lines it reaches     (.mutation/lines.json)
    for each mutant: fork -> put the changed code into the living functions -> the tests that reach its line

    outside functions: a constant, a table, a default -> its value into the living modules -> killed
                                                      -> or a fork from before ours, everything imported afresh

Processor time is what is limited, so that a busy machine kills nothing.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import functools
import gc
import hashlib
import importlib.util
import json
import linecache
import os
import resource
import shutil
import signal
import sys
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final

import coverage
import hypothesis
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from mutants import Mutant, Source, read

ROOT: Final = Path(__file__).resolve().parent.parent
CODE: Final = ROOT / "src/eigendata"
LISTS: Final = ROOT / "tests/mutation"
KEPT: Final = ROOT / ".mutation"
ROOMS: Final = {
    "encoding": ("encoding.py",),
    "trust": ("trust",),
    "policies": ("policies",),
    "query": ("query",),
    "formats/sdjwt": ("formats/__init__.py", "formats/protocol.py", "formats/session.py", "formats/sdjwt"),
    "formats/mdoc": ("formats/mdoc",),
    "formats/di": ("formats/di",),
}
MAKING: Final = hashlib.sha256(Path(__file__).with_name("mutants.py").read_bytes()).hexdigest()[:20]
"""Of what makes mutants: one that died before any test began is tried again when that changed."""
EXAMPLES: Final = 25
"""Examples of a property; fixed ones, so that a mutant fares alike each time."""
BUDGET: Final = 2.0
"""Seconds of tests for one mutant, beside those named after its module, which run in any case."""
FILES: Final = 4
"""Files of tests where everything is imported afresh: most of the time goes into that."""
MEMORY: Final = 3 << 30
TESTS: Final = (
    "tests/formats",
    "tests/laws/test_dcql.py",
    "tests/laws/test_policies.py",
    "tests/laws/test_roles.py",
    "tests/unit/formats",
    "tests/unit/policies",
    "tests/unit/test_attacks_on_verifying.py",
    "tests/unit/test_encoding.py",
    "tests/unit/test_late_names.py",
    "tests/unit/test_limits.py",
    "tests/unit/test_query_*.py",
    "tests/unit/test_trust*.py",
    "tests/unit/test_verifier.py",
)
"""The tests of these rooms, and of who verifies with them. What only some far test would notice is not killed."""


ARGS: Final = [
    "-q",
    "-s",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--assert=plain",  # why it fails is not asked, and finding the words costs more than the test
    "-m",
    "not cost",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
]


def _hash(*parts: str | bytes) -> str:
    return hashlib.sha256(b"\0".join(one if isinstance(one, bytes) else one.encode() for one in parts)).hexdigest()[:20]


# -- the tests --------------------------------------------------------------------------------------------------------


def _settle(items: Iterable[Any]) -> None:
    """Let each property take few examples, always the same, and not shrink what it found."""
    few = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    for item in items:
        function = getattr(item.obj, "__func__", item.obj) if hasattr(item, "obj") else None
        old = getattr(function, "_hypothesis_internal_use_settings", None)
        if old is not None:
            new = hypothesis.settings(
                old, max_examples=min(old.max_examples, EXAMPLES), derandomize=True, database=None, phases=few
            )
            function._hypothesis_internal_use_settings = new  # type: ignore[union-attr]


def _memories() -> list[Callable[[], object]]:
    """Give what empties each memory of earlier calls: caches of functions, and tables that a module makes empty."""
    found = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
    memories: list[Callable[[], object]] = [
        one.cache_clear for one in found if (getattr(one, "__module__", None) or "").startswith("eigendata")
    ]
    for name, module in sys.modules.items():
        path = getattr(module, "__file__", None)
        if not name.startswith("eigendata") or path is None:
            continue
        for node in ast.parse(Path(path).read_text()).body:
            match node:
                case ast.AnnAssign(target=ast.Name(id=table), value=ast.Dict(keys=[])):
                    memories.append(getattr(module, table).clear)
    return memories


def _forget(memories: Iterable[Callable[[], object]]) -> None:
    """Empty what was remembered of earlier calls: it was computed by other code."""
    for one in memories:
        one()


class _Reach:
    """Runs every test once and notes the lines that it reaches, and those that its shared fixtures reach."""

    def __init__(self) -> None:
        self.cov = coverage.Coverage(data_file=None, config_file=False, include=[f"{CODE}/*"])
        self.context = [""]
        self.failed: list[str] = []

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        if fixturedef.scope == "function":
            yield
            return
        self.context.append(f"fixture {fixturedef.baseid} {fixturedef.argname}")
        self.cov.switch_context(self.context[-1])
        yield
        self.context.pop()
        self.cov.switch_context(self.context[-1])

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_runtestloop(self, session: Any) -> bool:
        _settle(session.items)
        seconds: dict[str, float] = {}
        shared: dict[str, list[str]] = defaultdict(list)
        memories = _memories()
        self.cov.start()
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            _forget(memories)
            self.context = [item.nodeid]
            self.cov.switch_context(item.nodeid)
            start = time.process_time()
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            seconds[item.nodeid] = round(time.process_time() - start, 4)
            for definitions in item._fixtureinfo.name2fixturedefs.values():
                for one in definitions:
                    if one.scope != "function":
                        shared[f"fixture {one.baseid} {one.argname}"].append(item.nodeid)
        self.cov.stop()
        data = self.cov.get_data()
        lines: dict[str, dict[int, list[str]]] = {}
        for path in data.measured_files():
            for line, contexts in data.contexts_by_lineno(path).items():
                tests = {test for one in contexts for test in (shared.get(one, ()) if one not in seconds else (one,))}
                lines.setdefault(str(Path(path).relative_to(CODE)), {})[line] = sorted(tests)
        _Known(seconds=seconds, lines=lines, failed=self.failed).write(KEPT / "reached.json")
        return True


@dataclass(slots=True, kw_only=True)
class _Known:
    """What each test reaches: its processor time, and by file and line the tests that come there."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    code: str = ""
    prints: dict[str, str] = field(default_factory=dict)
    sources: dict[str, dict[str, str]] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        number = {test: index for index, test in enumerate(self.seconds)}
        lines = {
            file: {line: [number[one] for one in tests] for line, tests in lines.items()}
            for file, lines in self.lines.items()
        }
        path.write_text(json.dumps([self.seconds, lines, self.failed, self.code, self.prints, self.sources]))

    @classmethod
    def read(cls, path: Path) -> _Known:
        seconds, numbered, failed, code, prints, sources = json.loads(path.read_text())
        names = list(seconds)
        lines = {
            file: {int(line): [names[one] for one in tests] for line, tests in lines.items()}
            for file, lines in numbered.items()
        }
        return cls(seconds=seconds, lines=lines, failed=failed, code=code, prints=prints, sources=sources)


def _shared_print() -> str:
    """Tell whether what all tests build upon beside the code is as it was."""
    shared = (one for one in (ROOT / "tests").rglob("*.py") if not one.name.startswith("test_"))
    return _hash(*(one.read_bytes() for one in sorted((*CODE.rglob("*.toml"), *shared))))


def _source_prints() -> dict[str, str]:
    return {str(path.relative_to(CODE)): _hash(path.read_bytes()) for path in sorted(CODE.rglob("*.py"))}


def _test_prints() -> dict[str, str]:
    found = [path for one in TESTS for path in ROOT.glob(one if one.endswith(".py") else f"{one}/**/test_*.py")]
    return {str(path.relative_to(ROOT)): _hash(path.read_bytes()) for path in sorted(found)}


def _reached() -> _Known:
    """Give what the tests reach; only files of tests are run again that changed, or that reach what changed."""
    path, code, prints, sources = KEPT / "lines.json", _shared_print(), _test_prints(), _source_prints()
    known = _Known.read(path) if path.exists() else _Known()
    if known.code != code:
        known = _Known(code=code)
    stale = [
        name
        for name in prints
        if prints[name] != known.prints.get(name)
        or any(sources.get(source) != was for source, was in known.sources.get(name, {"": ""}).items())
    ]
    if stale:
        print(f"{len(stale)} files of tests are run, to see what they reach", flush=True)
        if _waited(_fork(lambda _: int(pytest.main([*ARGS, *stale], plugins=[_Reach()])), None)) != 0:
            sys.exit("the tests could not be run")
        new = _Known.read(KEPT / "reached.json")
        if new.failed:
            sys.exit(f"these tests fail without any change: {new.failed}")
        keep = {test for test in known.seconds if (file := test.split("::")[0]) in prints and file not in stale}
        known.seconds = {test: known.seconds[test] for test in known.seconds if test in keep} | new.seconds
        for file in {*known.lines, *new.lines}:
            old, more = known.lines.get(file, {}), new.lines.get(file, {})
            known.lines[file] = {
                line: [test for test in old.get(line, ()) if test in keep] + more.get(line, [])
                for line in {*old, *more}
            }
        known.prints = prints
        known.sources = {name: known.sources[name] for name in prints if name not in stale}
        for source, reached in new.lines.items():
            for name in {test.split("::")[0] for tests in reached.values() for test in tests}:
                known.sources.setdefault(name, {})[source] = sources[source]
        for name in stale:
            known.sources.setdefault(name, {})
        known.write(path)
    return known


class Reach:
    """Which tests reach which line."""

    def __init__(self) -> None:
        known = _reached()
        self.seconds, self.lines, self.code = known.seconds, known.lines, known.code
        self.print = _test_prints()
        self.text = {name: (ROOT / name).read_text() for name in self.print}
        self.uses = _uses()

    def of(self, mutant: Mutant, first: list[str], *, fresh: bool = False) -> list[str]:
        """Give the tests for a mutant in order: what killed its neighbours, what is near, what is fast.

        Args:
            fresh: everything is imported anew for them.
        """
        reached, afresh = self._reaching(mutant), self.afresh(mutant)
        room, own = mutant.file.split("/")[0].removesuffix(".py"), Path(mutant.file.removesuffix("/__init__.py")).stem
        # how far a file of tests is: named after the module, after its room, or neither
        own_folder = f"/{Path(mutant.file).parent}/"  # of a format, say: the tests beside it are as near
        after = {name for name in self.text if f"_{own}_" in f"_{Path(name).stem}_"}
        far = {
            name: 0 if name in after or (own_folder.count("/") > 2 and own_folder in name) else 1 if room in name else 2
            for name in self.text
        }
        if afresh:
            words = mutant.names - {"self"}
            named = {name: sum(word in self.text[name] for word in words) for name in far}
            far = {name: -named[name] if named[name] else far[name] for name in far}  # who names more of it is nearer
            reached |= {test for test in self.seconds if far[test.split("::")[0]] <= 0}
        ahead = {test: number for number, test in enumerate(reversed(first))}

        def nearness(test: str) -> tuple[int, int, bool, float, str]:
            file = test.split("::")[0]
            return (-ahead.get(test, -1), far[file], file not in after, self.seconds[test], test)

        order = sorted(reached, key=nearness)
        chosen: list[str] = []
        spent = 0.0
        files = set(list(dict.fromkeys(test.split("::")[0] for test in order))[: FILES if fresh else None])
        for test in order:
            file = test.split("::")[0]
            spent += 0 if far[file] <= 0 else self.seconds[test] + 0.002
            if file in files and spent < BUDGET:
                chosen.append(test)
        return chosen

    def afresh(self, mutant: Mutant) -> bool:
        """Tell whether a mutant is run on import alone: outside functions, or in one that no test calls."""
        return mutant.owner is None or not self._reaching_line(mutant)

    def _reaching_line(self, mutant: Mutant) -> set[str]:
        lines = self.lines.get(mutant.file, {})
        return {test for line in range(mutant.lineno, mutant.last + 1) for test in lines.get(line, ())}

    def _reaching(self, mutant: Mutant) -> set[str]:
        if not self.afresh(mutant):
            return self._reaching_line(mutant)
        names = set(mutant.names)
        found: set[str] = set()
        for _ in range(3):  # what a name is used for may itself be run on import
            for file, line, name, target in self.uses:
                if name in names:
                    found.update(self.lines.get(file, {}).get(line, ()))
                    names.update(target)
        return found


def _uses() -> list[tuple[str, int, str, tuple[str, ...]]]:
    """Give where names are used: file, line, name, and what is assigned there where that is run on import."""
    uses = []
    for path in sorted(CODE.rglob("*.py")):
        file, tree = str(path.relative_to(CODE)), ast.parse(path.read_text())
        targets: dict[int, tuple[str, ...]] = {}
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                named = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = tuple(one.id for one in named if isinstance(one, ast.Name))
                targets |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), names)
        for inner in ast.walk(tree):
            name = inner.id if isinstance(inner, ast.Name) else inner.attr if isinstance(inner, ast.Attribute) else None
            if name is not None:
                line: int = inner.lineno  # type: ignore[attr-defined]
                uses.append((file, line, name, targets.get(line, ())))
    return uses


# -- processes --------------------------------------------------------------------------------------------------------


def _fork(run: Callable[[Any], int], given: Any) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 3
    try:
        code = run(given)
    except BaseException as error:  # noqa: BLE001 - the end of a process, whatever it is
        if os.environ.get("MUTATE_TRACE"):
            import traceback

            traceback.print_exc()
        code = 1 if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError) else 3
        if isinstance(error, SystemExit):
            print(error, flush=True)
    finally:
        os._exit(code)


def _waited(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class _Child:
    """What runs in the fork: the mutant's tests, until one fails. The exit code tells, and a file names the killer."""

    def __init__(self, tests: list[str], seconds: dict[str, float], place: Path) -> None:
        self.tests, self.seconds, self.place = tests, seconds, place

    def begin(self) -> None:
        self.place.mkdir(parents=True)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        if not os.environ.get("MUTATE_TRACE"):
            os.dup2(nowhere, 1)
            os.dup2(nowhere, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        if call.excinfo is not None and not isinstance(call.excinfo.value, pytest.skip.Exception):
            (self.place / "killer").write_text(item.nodeid)
            os._exit(1)

    def pytest_runtestloop(self, session: Any) -> bool:
        if session.testsfailed:  # a file of tests that could not be imported
            os._exit(1)
        by_name = {item.nodeid: item for item in session.items}
        self.loop([by_name[test] for test in self.tests if test in by_name])
        return True

    def loop(self, items: list[Any]) -> None:
        if not items:
            return
        factory = items[0].config._tmp_path_factory
        factory._basetemp, factory._given_basetemp = None, self.place / "tmp"
        for item, following in zip(items, [*items[1:], None], strict=True):
            usual = self.seconds[item.nodeid]
            (self.place / "killer").write_text(item.nodeid)
            signal.setitimer(signal.ITIMER_PROF, 2 + 6 * usual)  # its default is to end the process
            signal.setitimer(signal.ITIMER_REAL, 20 + 60 * usual)
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        signal.setitimer(signal.ITIMER_PROF, 0)


class Runner:
    """Runs mutants, several at a time, and keeps what became of them."""

    def __init__(self, sources: dict[str, Source], reach: Reach, jobs: int, *, whole: bool) -> None:
        self.sources, self.reach, self.jobs, self.whole = sources, reach, jobs, whole
        self.items: dict[str, Any] = {}
        self.living: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
        self.killers: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.memories: list[Callable[[], object]] = []
        self.todo: list[Mutant] = []
        self.fates: dict[str, dict[str, str]] = {}
        path = KEPT / "fates.json"
        self.known: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}

    def run(self, mutants: list[Mutant]) -> None:
        """Run what is not known yet; those that need a fresh import first, as ours is not imported yet."""
        self.todo = [one for one in mutants if not self._is_known(one)]
        print(f"{len(mutants)} mutants, {len(self.todo)} of them to run", flush=True)
        if self.todo:
            self._in_fork(lambda: pytest.main([*ARGS, *self.reach.print], plugins=[self]))
            # what is run on import alone and was not killed by its values: it may be by what is made of them elsewhere
            self._in_fork(lambda: self._all([one for one in self.todo if self.reach.afresh(one)], fresh=True))

    def _in_fork(self, run: Callable[[], object]) -> None:
        """Run mutants in a fork, so that this process stays one in which nothing of ours was imported."""

        def kept(_: None) -> int:
            run()
            self._save()
            return 0 if all(self._name(one) in self.fates for one in self.todo) else 1

        if _waited(_fork(kept, None)) != 0:
            sys.exit(1)
        self.known = json.loads((KEPT / "fates.json").read_text())
        for one in list(self.todo):
            name = self._name(one)
            if name in self.known and not (self.reach.afresh(one) and self.known[name]["fate"] == "alive"):
                self.fates[name] = self.known[name]
                self.todo.remove(one)

    def pytest_runtestloop(self, session: Any) -> bool:
        _settle(session.items)
        self.items = {item.nodeid: item for item in session.items}
        for one in gc.get_objects():
            if isinstance(one, FunctionType):
                code = one.__code__
                self.living[(code.co_filename, code.co_qualname, code.co_firstlineno)].append(one)
        self.memories = _memories()
        gc.collect()
        gc.freeze()
        self._require_order_free()
        self._all(self.todo)
        return True

    def _require_order_free(self) -> None:
        """See that in another order, without any change, every test still passes: otherwise the order would kill."""
        place, tests = KEPT / "run" / "unchanged", sorted(self.items, key=lambda test: self.reach.seconds[test])
        print_of_all = _hash(*sorted(self.reach.print.values()), self.reach.code, *_source_prints().values())
        if not self.whole or self.known.get("unchanged", {}).get("print") == print_of_all:
            return
        child = _Child(tests, self.reach.seconds, place)
        if _waited(_fork(lambda _: self._in_child(child), None)) != 0:
            sys.exit(f"fails in another order without any change: {(place / 'killer').read_text()}")
        self.known["unchanged"] = {"fate": "survived", "print": print_of_all}

    def _all(self, mutants: list[Mutant], *, fresh: bool = False) -> None:
        running: dict[int, tuple[Mutant, list[str], Path]] = {}
        queue, done, start = list(reversed(mutants)), 0, time.monotonic()
        while queue or running:
            while queue and len(running) < self.jobs:
                mutant = queue.pop()
                tests = self.reach.of(mutant, self.killers[(mutant.file, mutant.function)], fresh=fresh)
                place = KEPT / "run" / f"{os.getpid()}-{done}-{len(queue)}"
                running[_fork(self._child, (mutant, tests, place, fresh))] = (mutant, tests, place)
            pid, status = os.wait()
            mutant, tests, place = running.pop(pid)
            self._note(mutant, tests, place, os.waitstatus_to_exitcode(status), fresh=fresh)
            shutil.rmtree(place, ignore_errors=True)
            done += 1
            if done % 100 == 0:
                self._save()
                print(f"{done} of {len(mutants)} in {time.monotonic() - start:.0f} s", flush=True)

    def _note(self, mutant: Mutant, tests: list[str], place: Path, code: int, *, fresh: bool) -> None:
        killer = (place / "killer").read_text() if (place / "killer").exists() else ""
        if code == 0 and self.reach.afresh(mutant) and not fresh:
            fate = {"fate": "alive"}
        elif code == 0:
            fate = {"fate": "survived", "print": self._print(mutant, tests)}
            print(f"survived: {' | '.join(map(str, mutant.id))}  [{len(tests)} tests]", flush=True)
        elif code == 3:
            sys.exit(f"the tool failed at {mutant.id}; MUTATE_TRACE=1 says why")
        else:
            fate = {"fate": "killed" if code == 1 else "hung", "by": killer, "print": MAKING}
            if killer:
                fate["print"] = self.reach.print[killer.split("::")[0]]
                known = self.killers[(mutant.file, mutant.function)]
                if killer in known:
                    known.remove(killer)
                known.insert(0, killer)
        self.fates[self._name(mutant)] = fate

    def _name(self, mutant: Mutant) -> str:
        source = self.sources[mutant.file]
        own = ast.get_source_segment(source.text, mutant.owner) if mutant.owner is not None else source.text
        return _hash(*map(str, mutant.id), own or "")

    def _print(self, mutant: Mutant, tests: list[str]) -> str:
        files = sorted({test.split("::")[0] for test in tests})
        return _hash(self.sources[mutant.file].text, *tests, *(self.reach.print[one] for one in files))

    def _is_known(self, mutant: Mutant) -> bool:
        name = self._name(mutant)
        fate = self.known.get(name)
        if fate is None or fate["fate"] == "alive":
            return False
        if fate["fate"] == "survived":
            fresh = fate["print"] == self._print(mutant, self.reach.of(mutant, [], fresh=self.reach.afresh(mutant)))
        else:
            killer = fate["by"]
            fresh = fate["print"] == (self.reach.print.get(killer.split("::")[0]) if killer else MAKING)
            if killer and killer in self.reach.seconds and killer not in self.killers[(mutant.file, mutant.function)]:
                self.killers[(mutant.file, mutant.function)].append(killer)
        if fresh:
            self.fates[name] = fate
        return fresh

    def _save(self) -> None:
        (KEPT / "fates.json").write_text(json.dumps(self.known | self.fates))

    def fate(self, mutant: Mutant) -> str:
        return self.fates[self._name(mutant)]["fate"]

    # -- in the fork --------------------------------------------------------------------------------------------------

    def _child(self, given: tuple[Mutant, list[str], Path, bool]) -> int:
        mutant, tests, place, fresh = given
        child = _Child(tests, self.reach.seconds, place)
        child.begin()
        source = self.sources[mutant.file]
        mutant.put()
        path = CODE / mutant.file
        module = compile(source.tree, str(path), "exec", dont_inherit=True)  # what cannot be is no mutant: it fails
        if fresh:
            return _afresh(path, module, child)
        if self.reach.afresh(mutant):
            try:
                if not _revalue(path, source.text, module):
                    return 0
            except Exception:  # noqa: BLE001 - what cannot be imported is noticed
                return 1
        lost = self._lost(module)
        if lost:  # a living closure takes no code that uses less of what is around it: name it where nothing runs
            for node in ast.walk(source.tree):
                if isinstance(node, ast.FunctionDef) and node.lineno in lost:
                    named = [ast.Expr(value=ast.Name(id=name, ctx=ast.Load())) for name in lost[node.lineno]]
                    never: list[ast.stmt] = [ast.If(test=ast.Constant(value=False), body=[*named], orelse=[])]
                    node.body += [ast.fix_missing_locations(ast.copy_location(one, node)) for one in never]
            module = compile(source.tree, str(path), "exec", dont_inherit=True)
        self._revive(module)
        return self._in_child(child)

    def _in_child(self, child: _Child) -> int:
        if not child.place.exists():
            child.begin()
        _forget(self.memories)
        if child.tests:
            self.items[child.tests[0]].config.pluginmanager.register(child)
            child.loop([self.items[test] for test in child.tests])
        return 0

    def _changed(self, module: CodeType) -> Iterator[tuple[FunctionType, CodeType]]:
        for code in _codes(module):
            for function in self.living.get((code.co_filename, code.co_qualname, code.co_firstlineno), ()):
                if function.__code__ != code:
                    yield function, code

    def _lost(self, module: CodeType) -> dict[int, tuple[str, ...]]:
        """Give the lines of closures of which the changed code no longer uses all that it did, and what it used."""
        return {
            code.co_firstlineno: function.__code__.co_freevars
            for function, code in self._changed(module)
            if function.__code__.co_freevars != code.co_freevars
        }

    def _revive(self, module: CodeType) -> None:
        """Put the changed code into the function that is there, wherever it was imported to."""
        for function, code in self._changed(module):
            function.__code__ = code


def _revalue(path: Path, text: str, changed: CodeType) -> bool:
    """Put what a changed module makes on import in the place of what it made, as far as that can be compared."""
    name = ".".join(("eigendata", *path.relative_to(CODE).with_suffix("").parts)).removesuffix(".__init__")
    living = sys.modules.get(name)
    if living is None:
        return False
    usual = compile(text, str(path), "exec", dont_inherit=True)
    old, new = (_made(code, vars(living)) for code in (usual, changed))
    done = 0
    for one, value in new.items():
        was, again = vars(living).get(one), old.get(one)
        if isinstance(value, type) and isinstance(was, type) and isinstance(again, type):
            for member, inner in vars(value).items():
                had = vars(was).get(member)
                if _redefault(had, vars(again).get(member), inner):
                    done += 1
                elif _differ(had, vars(again).get(member), inner) and not isinstance(inner, FunctionType):
                    with contextlib.suppress(AttributeError, TypeError):  # an enumeration's, say
                        setattr(was, member, inner)
                        done += 1
        elif _redefault(was, again, value):
            done += 1
        elif not one.startswith("__") and _differ(was, again, value):
            for module in list(sys.modules.values()):
                own = vars(module) if getattr(module, "__name__", "").startswith(("eigendata", "tests")) else {}
                if one in own and own[one] is was:
                    own[one] = value
            done += 1
    return done > 0


def _made(code: CodeType, living: dict[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in living.items() if name.startswith("__")}
    exec(code, made)
    return made


def _differ(was: object, again: object, value: object) -> bool:
    """Tell whether a value is made alike each time, and differently by the changed code."""
    try:
        return bool(was == again) and bool(again != value)
    except Exception:  # noqa: BLE001 - what cannot be compared is not
        return False


def _redefault(was: object, again: object, value: object) -> bool:
    """Give a living function the defaults that the changed code gives it, where they differ."""
    if not all(isinstance(one, FunctionType) for one in (was, again, value)):
        return False
    done = False
    for name in ("__defaults__", "__kwdefaults__"):
        if _differ(getattr(was, name), getattr(again, name), getattr(value, name)):
            setattr(was, name, getattr(value, name))
            done = True
    return done


def _codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


def _afresh(path: Path, module: CodeType, child: _Child) -> int:
    """Import everything with one module changed, and run its tests."""
    usual = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, fullname: str) -> CodeType | None:
        return module if Path(loader.get_filename(fullname)) == path else usual(loader, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
    files = list(dict.fromkeys(test.split("::")[0] for test in child.tests))
    if not files:
        return 0

    class Settled:
        def pytest_collection_modifyitems(self, items: list[Any]) -> None:
            _settle(items)

    signal.setitimer(signal.ITIMER_PROF, 60)
    return 1 if int(pytest.main([*ARGS, *files], plugins=[child, Settled()])) != 0 else 0


# -- the list of those that survive -----------------------------------------------------------------------------------


def _listed(room: str) -> dict[tuple[str, str, str, str, int], str]:
    """Read which mutants of a room nobody can tell from the original, and why."""
    path = LISTS / f"{room.replace('/', '-')}.toml"
    listed = {}
    for entry in tomllib.loads(path.read_text("utf-8")).get("equivalent", []) if path.exists() else []:
        for change in entry["changes"]:
            text, nth = (change, 1) if isinstance(change, str) else (change["change"], change["nth"])
            listed[(entry["file"], entry["function"], entry["line"], text, nth)] = entry["why"]
    return listed


def _sources(room: str) -> Iterator[Source]:
    for name in ROOMS[room]:
        path = CODE / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            linecache.checkcache(str(file))
            yield read(str(file.relative_to(CODE)), file.read_text("utf-8"))


def _import_others() -> None:
    """Import what is not ours once, for every fork. Ours must not come in with it."""
    for name in ("cryptography.x509", "nacl.bindings", "orjson", "cbor2", "jsonschema", "typer", "rich", "httpcore"):
        importlib.import_module(name)
    for name in ("fastapi.testclient", "uvicorn", "zoneinfo", "hypothesis.strategies"):
        importlib.import_module(name)
    assert not any(name.startswith("eigendata") for name in sys.modules)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", choices=[*ROOMS, []], help=", ".join(ROOMS))
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", default="", help="a part of the mutant's name")
    parser.add_argument("--functions", action="store_true", help="leave out what is run on import: quicker")
    parser.add_argument("--fresh", action="store_true", help="forget what is known")
    given = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    KEPT.mkdir(exist_ok=True)
    shutil.rmtree(KEPT / "run", ignore_errors=True)
    if given.fresh:
        (KEPT / "fates.json").unlink(missing_ok=True)
    rooms = given.rooms or list(ROOMS)
    _import_others()
    reach = Reach()
    sources = {source.file: source for room in rooms for source in _sources(room)}
    mutants = [one for source in sources.values() for one in source.mutants]
    if given.only:
        mutants = [one for one in mutants if given.only in " | ".join(map(str, one.id))]
    if given.functions:
        mutants = [one for one in mutants if not reach.afresh(one)]
    runner = Runner(sources, reach, given.jobs, whole=not (given.only or given.functions))
    runner.run(mutants)
    return _report(rooms, mutants, runner)


def _report(rooms: list[str], mutants: list[Mutant], runner: Runner) -> int:
    listed = {name: why for room in rooms for name, why in _listed(room).items()}
    survived = {one.id for one in mutants if runner.fate(one) == "survived"}
    found = {one.id for one in mutants}
    wrong = 0
    for name in sorted(survived - set(listed)):
        print(f"survives, and is not listed: {' | '.join(map(str, name))}")
        wrong += 1
    for name in sorted(set(listed) - survived) if runner.whole else ():
        print(f"listed, but {'killed' if name in found else 'not there'}: {' | '.join(map(str, name))}")
        wrong += 1
    killed = len(mutants) - len(survived)
    print(f"{len(mutants)} mutants: {killed} killed, {len(survived & set(listed))} listed as equivalent, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
