"""An implementation behind a command: one process that is asked line by line, or one process for each case.

    Lines     a line of JSON in, a line of JSON out; the process lives on, and is started anew after a crash
    Each      the same JSON on standard input, which then ends; the exit status is the answer: 0, 1 or 3

No shell is involved. What the command writes is anybody's: it is read up to a limit and within a time.
"""

from __future__ import annotations

import json
import os
import selectors
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from eigendata.encoding import json_dumps
from eigendata.errors import Malformed, Misuse
from eigendata.testkit.case import Case
from eigendata.testkit.runner import Answer, Verdict

ANSWER_LIMIT: Final = 1_048_576
"""Bytes of one answer: the largest case, with its claims, has some 60 kB."""

ERRORS_KEPT: Final = 2_000
"""Bytes of standard error that are kept, of its end: the last lines of a traceback."""

PATIENCE: Final = 10.0
"""Seconds for one case, the start of the process included."""

DEAD_AT_FIRST: Final = 3
"""Cases after which a command that never gave any answer is given up: it is not an adapter, or cannot start."""

ACCEPTED: Final = 0
REFUSED: Final = 1
UNSUPPORTED: Final = 3
"""Exit statuses of a command that is run for each case. 2 is left out: interpreters and shells end so by themselves."""

_CHUNK: Final = 65_536
_BY_STATUS: Final = {ACCEPTED: Verdict.ACCEPT, REFUSED: Verdict.REJECT, UNSUPPORTED: Verdict.UNSUPPORTED}
_VERDICTS: Final = {one.value: one for one in (Verdict.ACCEPT, Verdict.REJECT, Verdict.UNSUPPORTED)}


def split(command: str) -> tuple[str, ...]:
    """Split a command as a shell would, without running one.

    Raises:
        Misuse: it cannot be split, or is empty.
    """
    try:
        parts = tuple(shlex.split(command))
    except ValueError as error:
        raise Misuse(f"the command cannot be split into words: {error}") from None
    if not parts:
        raise Misuse("the command is empty")
    return parts


# -- one process ------------------------------------------------------------------------------------------------------


class _Late(TimeoutError):
    """It gave no answer in time."""


class _Ended(RuntimeError):
    """It ended, or wrote too much, before there was an answer."""


class _Process:
    """A running command. Nothing waits for it longer than it is told to."""

    def __init__(self, words: Sequence[str]) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603  # the tester's own command, and no shell
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # so that whatever it starts itself can be ended with it
            )
        except (OSError, ValueError) as error:
            raise Misuse(f"the command {words[0]} cannot be started: {error}") from None
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._in, self._out, self._err = self._process.stdin, self._process.stdout, self._process.stderr
        self._read = b""
        self._errors = b""
        self._open = {self._out, self._err}
        for pipe in (self._in, self._out, self._err):
            os.set_blocking(pipe.fileno(), False)

    @property
    def said(self) -> str:
        return self._errors.decode("utf-8", "replace").strip()

    def line(self, question: bytes, until: float) -> bytes:
        """Send a line and give the line that comes back.

        Raises:
            _Late, _Ended: there is none.
        """
        if b"\n" in self._read:
            raise _Ended("it had written a line more than it was asked for")
        self._exchange(question, until, ends=lambda: b"\n" in self._read)
        answer, newline, self._read = self._read.partition(b"\n")
        if not newline:
            raise _Ended("it ended without an answer")
        return answer

    def status(self, question: bytes, until: float) -> int:
        """Send all there is to send, and give the exit status.

        Raises:
            _Late, _Ended: it did not end in time, or wrote too much.
        """
        self._exchange(question, until, ends=lambda: not self._open, close=True)
        try:
            return self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise _Late from None

    def end(self) -> None:
        """End it, and all that it started."""
        for pipe in (self._in, self._out, self._err):
            pipe.close()
        with suppress(ProcessLookupError, PermissionError):  # it ended by itself
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _exchange(self, question: bytes, until: float, *, ends: Callable[[], bool], close: bool = False) -> None:
        with selectors.DefaultSelector() as waiting:
            for pipe in self._open:
                waiting.register(pipe, selectors.EVENT_READ)
            waiting.register(self._in, selectors.EVENT_WRITE)
            while not ends() and self._open:
                left = until - time.monotonic()
                if left <= 0:
                    raise _Late
                for key, _ in waiting.select(left):
                    if key.fileobj is self._in:
                        question = self._write(question)
                        if not question:
                            waiting.unregister(self._in)
                            if close:
                                self._in.close()
                    elif not self._take(key.fileobj):
                        waiting.unregister(key.fileobj)

    def _write(self, question: bytes) -> bytes:
        try:
            return question[os.write(self._in.fileno(), question) :]
        except BlockingIOError:
            return question
        except BrokenPipeError:
            return b""  # it reads no more; what it wrote says the rest

    def _take(self, pipe: object) -> bool:
        """Read what is there; tell whether more can come."""
        source = self._out if pipe is self._out else self._err
        try:
            data = os.read(source.fileno(), _CHUNK)
        except BlockingIOError:
            return True
        if not data:
            self._open.discard(source)
            return False
        if source is self._err:
            self._errors = (self._errors + data)[-ERRORS_KEPT:]
            return True
        self._read += data
        if len(self._read) > ANSWER_LIMIT:
            raise _Ended(f"it wrote more than {ANSWER_LIMIT} bytes")
        return True


# -- the two ways of asking -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Hearing:
    """Whether a command ever gave an answer."""

    answered: bool = False
    failed: int = 0

    def got(self, answer: Answer) -> Answer:
        self.answered = True
        return answer

    def got_none(self, verdict: Verdict, said: str, errors: str) -> Answer:
        """Give what stands for the answer to one case.

        Raises:
            Misuse: it is time to give the command up.
        """
        self.failed += 1
        whole = f"{said}\n{errors}" if errors else said
        if not self.answered and self.failed >= DEAD_AT_FIRST:
            raise Misuse(f"the command never gave an answer that can be read: {' '.join(whole.split())}")
        return Answer(verdict=verdict, said=whole)


@dataclass(slots=True)
class Lines:
    """A command that reads questions and writes answers, a line of JSON each, as long as it lives."""

    words: tuple[str, ...]
    patience: float = PATIENCE
    _process: _Process | None = None
    _hearing: _Hearing = field(default_factory=_Hearing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def answer(self, case: Case, /) -> Answer:
        if self._process is None:
            self._process = _Process(self.words)
        try:
            line = self._process.line(json_dumps(case.question()) + b"\n", time.monotonic() + self.patience)
            return self._hearing.got(_read(line))
        except _Late:
            return self._broke(Verdict.TIMED_OUT, _late(self.patience))
        except (_Ended, Malformed) as error:
            return self._broke(Verdict.CRASHED, str(error))

    def _broke(self, verdict: Verdict, said: str) -> Answer:
        assert self._process is not None
        errors = self._process.said
        self._stop()
        return self._hearing.got_none(verdict, said, errors)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None


@dataclass(frozen=True, slots=True)
class Each:
    """A command that is started for each case, and answers by its exit status."""

    words: tuple[str, ...]
    patience: float = PATIENCE
    _hearing: _Hearing = field(default_factory=_Hearing)

    def answer(self, case: Case, /) -> Answer:
        process = _Process(self.words)
        try:
            status = process.status(json_dumps(case.question()) + b"\n", time.monotonic() + self.patience)
        except _Late:
            return self._hearing.got_none(Verdict.TIMED_OUT, _late(self.patience), process.said)
        except _Ended as error:
            return self._hearing.got_none(Verdict.CRASHED, str(error), process.said)
        finally:
            process.end()
        if status not in _BY_STATUS:
            return self._hearing.got_none(Verdict.CRASHED, f"it ended with status {status}", process.said)
        return self._hearing.got(Answer(verdict=_BY_STATUS[status], said=process.said))


def _late(patience: float) -> str:
    return f"no answer within {patience:g} seconds"


def _read(line: bytes) -> Answer:
    """Read a line that an adapter wrote.

    Raises:
        Malformed: it is no answer.
    """
    try:
        # leniently: who took a token that holds NaN may well repeat it, and that is what is to be found out
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise Malformed(f"it wrote what is no JSON: {line[:200].decode('utf-8', 'replace')}") from None
    if not isinstance(found, dict):
        raise Malformed("it wrote JSON that is no object")
    verdict = _VERDICTS.get(str(found.get("verdict")))
    claims, said = found.get("claims"), found.get("said", "")
    if verdict is None:
        raise Malformed('it wrote an answer without a "verdict" of accept, reject or unsupported')
    if not (claims is None or isinstance(claims, dict)) or not isinstance(said, str):
        raise Malformed('it wrote an answer whose "claims" are no object, or whose "said" is no text')
    return Answer(verdict=verdict, claims=claims, said=said.encode("utf-8", "replace").decode()[:ERRORS_KEPT])
