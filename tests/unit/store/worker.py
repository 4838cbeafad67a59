"""Worker processes that answer requests from one store until somebody kills them.

    python -m tests.unit.store.worker URL LEASE_MILLISECONDS      reads a line of states, and then commands

`fork` makes another worker, which inherits the open store, and its id is written. A worker takes states by chance,
"verifies" for a moment, concludes, and only then tells: `told STATE RECORD`. It goes on until it is killed. Whatever
else goes wrong is told as `wrong ...`.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import timedelta

from eigendata.errors import Rejected, Unavailable
from eigendata.store import Conclusion, Limits, State, Store
from tests.unit.store.place import KEY, SOON


def main() -> None:
    """Fork workers as they are asked for."""
    url, lease = sys.argv[1:]
    store = Store.open(url, key=KEY, limits=Limits(lease=timedelta(milliseconds=int(lease))))
    states = sys.stdin.readline().split()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for who was killed
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                _work(store, states)
            finally:
                os._exit(1)
        _tell(f"forked {child}")


def _work(store: Store, states: list[str]) -> None:
    chance = random.Random(os.getpid())
    count = 0
    while True:
        state = chance.choice(states)
        record = f"{os.getpid()}-{count}"
        count += 1
        try:
            lease = store.take(state=state)
            store.once.take("nonce", f"nonce {state}", SOON)
            time.sleep(chance.random() / 200)
            store.conclude(lease, Conclusion(state=State.ANSWERED, record=record.encode()))
        except Rejected:
            continue
        except Unavailable as error:
            _tell(f"unavailable {error}".replace("\n", " "))
            continue
        except Exception as error:
            _tell(f"wrong {type(error).__name__} {error}".replace("\n", " "))
            raise
        _tell(f"told {state} {record}")


def _tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # one write: lines of several workers do not mix


if __name__ == "__main__":
    main()
