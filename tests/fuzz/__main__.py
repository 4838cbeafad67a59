"""Fuzz one target: `python -m tests.fuzz mdoc -max_total_time=60 .fuzz/mdoc tests/fuzz/corpus/mdoc`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["eigendata"]):
    from tests.fuzz.targets import TARGETS, run


def main() -> None:
    command, target, *rest = sys.argv
    if target not in TARGETS:
        sys.exit(f"one of {', '.join(TARGETS)} is fuzzed, and not {target}")
    atheris.Setup([command, *rest], lambda data: run(target, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
