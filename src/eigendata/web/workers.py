"""Several processes that answer at one socket: begun, watched, begun again, and stopped together.

    supervise(count, work) --fork--> work(started, stop)      one in each process
                           <-------- ended: another in its place, unless none of them gets to its feet

The process that watches answers nothing and holds nothing, so that little can kill it. What is in hand in a process
that is killed is lost with it; its connections end, and those that nobody had taken yet are taken by the others. Where
the one that watches is killed, the others notice and stop.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Callable
from typing import Final

from eigendata.errors import EigendataError, Unavailable
from eigendata.web.operations import Level, Log

PATIENCE: Final = 60.0  # seconds for a process to be ready
MAX_FAILURES: Final = 5  # processes in a row that ended before they were ready
PAUSE: Final = 0.2  # seconds before another is begun, for each of those
KILLED_AFTER: Final = 5.0  # seconds beyond the grace that a process gets
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)

Stop = Callable[[], None]


class Worker:
    """What a process that answers knows of the one that watches."""

    def __init__(self, started: int, watched: int) -> None:
        self._started = started
        self._watched = watched

    def ready(self) -> None:
        """Say that questions are answered."""
        os.write(self._started, b"1")
        os.close(self._started)

    def stops(self, stop: Stop) -> None:
        """Have this called where nobody watches any more."""

        def wait() -> None:
            select.select([self._watched], [], [])  # nothing is ever written: it ends with the other side
            stop()

        threading.Thread(target=wait, daemon=True, name="watched").start()


class Supervisor:
    """Begins processes and watches them. Only for a process that runs one thread."""

    def __init__(
        self, work: Callable[[Worker], None], *, count: int, grace: float, log: Log, ended: Callable[[int], object]
    ) -> None:
        """Take what each process does.

        Args:
            work: returns when the process was told to stop and is done.
            grace: seconds that a process gets to stop.
            ended: hears the number of a process that ended.
        """
        self._work = work
        self._count = count
        self._grace = grace
        self._log = log
        self._ended = ended
        self._ready: dict[int, int] = {}  # of a process that is not ready: where it will say so
        self._processes: set[int] = set()
        self._failures = 0
        self._held, self._watched = -1, -1

    def run(self, ready: Callable[[], object]) -> None:
        """Run until this process is told to stop, and all of them have; `ready` once all answer.

        Raises:
            Unavailable: they do not get to their feet.
        """
        self._watched, self._held = os.pipe()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            for _ in range(self._count):
                self._begin()
            self._watch(ready)
        finally:
            self._stop()
            os.close(self._held)
            os.close(self._watched)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _watch(self, ready: Callable[[], object]) -> None:
        told, deadline = False, time.monotonic() + PATIENCE
        while True:
            heard = signal.sigtimedwait(_SIGNALS, 0.05 if self._ready else 5.0)
            if heard is not None and heard.si_signo != signal.SIGCHLD:
                return
            self._hear()
            for process in self._reap():
                self._log("worker_ended", level=Level.ERROR, worker=process)
                time.sleep(PAUSE * self._failures)
                self._begin()
            if not self._ready and not told:
                ready()
                told = True
            if not told and time.monotonic() > deadline:
                raise Unavailable(f"the processes were not ready within {PATIENCE:.0f} seconds")

    def _hear(self) -> None:
        """Hear which processes have become ready."""
        for readable in select.select(list(self._ready.values()), [], [], 0)[0] if self._ready else []:
            process = next(one for one, handle in self._ready.items() if handle == readable)
            if os.read(readable, 1):
                self._failures = 0
            os.close(self._ready.pop(process))

    def _reap(self) -> list[int]:
        """Give the processes that have ended.

        Raises:
            Unavailable: too many in a row ended before they were ready.
        """
        gone = []
        for process in tuple(self._processes):
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                gone.append(process)
                self._processes.discard(process)
                self._ended(process)
                if process in self._ready:
                    os.close(self._ready.pop(process))
                if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _NEVER_READY:
                    self._failures += 1
        if self._failures >= MAX_FAILURES:
            raise Unavailable("the processes end before they are ready; the log says why")
        return gone

    def _begin(self) -> None:
        hears, says = os.pipe()
        process = os.fork()
        if process:
            os.close(says)
            self._processes.add(process)
            self._ready[process] = hears
            return
        code = _NEVER_READY
        try:
            os.close(hears)
            os.close(self._held)
            for handle in self._ready.values():
                os.close(handle)
            worker = Worker(says, self._watched)
            for one in (signal.SIGTERM, signal.SIGINT):
                signal.signal(one, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            self._work(worker)
            code = 0
        except EigendataError as error:
            self._log.error("worker_failed", error)
        except BaseException as error:
            self._log.error("worker_failed", error)
            raise
        finally:
            os._exit(code)  # nothing of the process that watches is to be done twice

    def _stop(self) -> None:
        """Tell all to stop, wait for them, and end those that do not."""
        for process in self._processes:
            os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + self._grace + KILLED_AFTER
        while self._processes and time.monotonic() < deadline:
            signal.sigtimedwait((signal.SIGCHLD,), 0.2)
            self._gone()
        for process in self._processes:
            self._log("worker_killed", level=Level.ERROR, worker=process)
            os.kill(process, signal.SIGKILL)
        while self._processes:
            signal.sigtimedwait((signal.SIGCHLD,), 0.2)
            self._gone()
        for handle in self._ready.values():
            os.close(handle)
        self._ready.clear()

    def _gone(self) -> None:
        for process in tuple(self._processes):
            if os.waitpid(process, os.WNOHANG)[0]:
                self._processes.discard(process)
                self._ended(process)


_NEVER_READY: Final = 3
