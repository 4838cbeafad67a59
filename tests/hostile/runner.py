"""Calls one door with the bytes of one file in a child of its own, and says what it took.

    {"door": "json", "file": "/..."}  ->  {"outcome": "Malformed", "seconds": 0.01, "mebibytes": 3.5, "pace": 1.1}

A child is a copy of this process at the same moment each time: nothing that an earlier input left can hide what a
later one takes. Time is that of the child's processor, memory the most that was resident above what was there when it
began: this sees what C and Rust take as well, which tracemalloc does not. `pace` is how much slower this machine is at
this moment than the one on which the bound was set.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import sys
import time
import traceback
from pathlib import Path

from eigendata.errors import EigendataError

from .doors import DOORS, MEASURED

PATIENCE = 30
"""Seconds of a processor after which a child is ended."""
_LOOP = 1_000_000
_LOOP_SECONDS = 0.025
"""What the loop takes on the machine on which the bound was set."""
_UNIT = 1024 if sys.platform != "darwin" else 1
_WARM = b'{"a":[1.5,"\\u00e9"]}'


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def _pace() -> float:
    began = time.process_time()
    for _ in range(_LOOP):
        pass
    return max(1.0, (time.process_time() - began) / _LOOP_SECONDS)


def _measured(door: str, data: bytes) -> dict[str, object]:
    before, began = _resident(), time.process_time()
    try:
        (DOORS | MEASURED)[door](data)
        outcome = "accepted"
    except EigendataError as error:
        outcome = type(error).__name__
    seconds = time.process_time() - began
    mebibytes = (_resident() - before) / 2**20
    return {"outcome": outcome, "seconds": seconds, "mebibytes": mebibytes, "pace": _pace() if seconds > 0.5 else 1.0}


def _in_child(door: str, data: bytes) -> dict[str, object]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
        os.close(reading)
        try:
            os.write(writing, json.dumps(_measured(door, data)).encode())
        finally:
            if sys.exc_info()[0] is not None:
                traceback.print_exc()
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        found = said.read()
    os.waitpid(child, 0)
    if not found:
        return {"outcome": "none: it broke, or took too long", "seconds": PATIENCE, "mebibytes": 0, "pace": 1}
    return dict(json.loads(found))


def main() -> None:
    for door in DOORS.values():
        for small in (b"", _WARM, b"a = 1"):
            with contextlib.suppress(EigendataError):
                door(small)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(_in_child(asked["door"], Path(asked["file"]).read_bytes())), flush=True)


if __name__ == "__main__":
    main()
