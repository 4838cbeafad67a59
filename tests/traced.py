"""Processes of our own that are killed, or told that the disk fails, at a system call of our choice.

By ptrace(2): so it is SQLite's calls as well as ours, and root's as well as anybody's.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from enum import IntEnum

from eigendata.errors import EigendataError, Malformed, Misuse, Rejected, Unavailable
from tests.given import lacking

Work = Callable[[], None]
"""What is traced."""

TRACEME, GETREGS, SETREGS, SYSCALL = 0, 12, 13, 24  # requests of ptrace(2)
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long

ON_LINUX = sys.platform == "linux"
CAN_FAIL_CALLS = ON_LINUX and platform.machine() == "x86_64"
PREAD = 17
_REGISTERS, _RESULT, _NUMBER = struct.Struct("27Q"), 10, 15  # struct user_regs_struct, rax and orig_rax in it
_ON_FILES = frozenset(
    {
        # read write open close stat fstat lstat lseek, pread pwrite access fcntl
        *(0, 1, 2, 3, 4, 5, 6, 8, 17, 18, 21, 72),
        # fsync fdatasync ftruncate rename link unlink
        *(74, 75, 77, 82, 86, 87),
        # openat, newfstatat, unlinkat, renameat, linkat, faccessat, renameat2, statx, faccessat2
        *(257, 262, 263, 264, 265, 269, 316, 332, 439),
    }
)


class Outcome(IntEnum):
    """How a traced process ended, by its own account."""

    DONE = 0
    UNTRACED = 3
    UNAVAILABLE = 10
    MISUSE = 11
    REJECTED = 12
    MALFORMED = 13
    SOMETHING_ELSE = 14


_OUTCOMES: dict[type[EigendataError], Outcome] = {
    Unavailable: Outcome.UNAVAILABLE,
    Misuse: Outcome.MISUSE,
    Rejected: Outcome.REJECTED,
    Malformed: Outcome.MALFORMED,
}


def ended(work: Work) -> Outcome:
    """Do the work in a process of its own, and tell how it ended."""
    child = os.fork()
    if child == 0:
        _end(work)
    return Outcome(os.WEXITSTATUS(os.waitpid(child, 0)[1]))


def _end(work: Work) -> None:
    outcome = Outcome.SOMETHING_ELSE
    try:
        work()
        outcome = Outcome.DONE
    except EigendataError as error:
        outcome = _OUTCOMES.get(type(error), Outcome.SOMETHING_ELSE)
    finally:
        if outcome is Outcome.SOMETHING_ELSE:
            traceback.print_exc()
        os._exit(outcome)


def _traced(prepare: Callable[[], Work]) -> tuple[int, int]:
    child = os.fork()
    if child == 0:

        def traced() -> None:
            work = prepare()
            if LIBC.ptrace(TRACEME, 0, None, None) != 0:
                os._exit(Outcome.UNTRACED)
            os.kill(os.getpid(), signal.SIGSTOP)
            work()

        _end(traced)
    _, status = os.waitpid(child, 0)
    return child, status


def _next(child: int) -> int:
    LIBC.ptrace(SYSCALL, child, None, None)
    return os.waitpid(child, 0)[1]


def _outcome(status: int) -> Outcome:
    assert os.WIFEXITED(status), status
    outcome = Outcome(os.WEXITSTATUS(status))
    if outcome is Outcome.UNTRACED:
        lacking("tracing a process of one's own")
    return outcome


def finishes(prepare: Callable[[], Work], system_calls: int) -> bool:
    """Do the work in a process that is killed after so many system calls; tell whether it came to its end before."""
    child, status = _traced(prepare)
    for _ in range(2 * system_calls):  # it stops where a call begins and where it ends
        if not os.WIFSTOPPED(status):
            break
        status = _next(child)
    if os.WIFSTOPPED(status):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return False
    assert _outcome(status) is Outcome.DONE
    return True


def failing(prepare: Callable[[], Work], place: int, error: int) -> tuple[Outcome, int | None]:
    """Do the work while one of its calls on files, the `place`-th, does nothing and gives an error.

    Gives how it ended, and which call it was; none where it did not come to that.
    """
    child, status = _traced(prepare)
    calls, entering, failed = 0, True, None
    while os.WIFSTOPPED(status):
        status = _next(child)
        if os.WIFSTOPPED(status) and failed is None:
            number = _registers(child)[_NUMBER]
            calls += entering and number in _ON_FILES
            if entering and calls == place:
                _change(child, _NUMBER, -1)  # no call has this number
                status = _next(child)
                _change(child, _RESULT, -error)
                failed = number
            else:
                entering = not entering
    return _outcome(status), failed


def _registers(child: int) -> list[int]:
    buffer = ctypes.create_string_buffer(_REGISTERS.size)
    assert LIBC.ptrace(GETREGS, child, None, ctypes.addressof(buffer)) == 0
    return list(_REGISTERS.unpack(buffer.raw))


def _change(child: int, register: int, value: int) -> None:
    registers = _registers(child)
    registers[register] = value % 2**64
    buffer = ctypes.create_string_buffer(_REGISTERS.pack(*registers))
    assert LIBC.ptrace(SETREGS, child, None, ctypes.addressof(buffer)) == 0
