"""Make the files of the conformance kit.

    python tools/testkit.py            write src/eigendata/testkit/*.txt
    python tools/testkit.py --check    fail where a file differs from what the tables of cases say

Deterministic: fixed keys, salts and moment, and signatures of RFC 6979 and Ed25519.
"""

from __future__ import annotations

import sys
from pathlib import Path

from eigendata.testkit import making
from eigendata.testkit.case import write

FOLDER = Path(__file__).resolve().parent.parent / "src/eigendata/testkit"


def main(arguments: list[str]) -> int:
    made = {f"{one.id}.txt": write(one) for one in making.make()}
    there = {path.name: path.read_bytes() for path in FOLDER.glob("*.txt")}
    if "--check" in arguments:
        drifted = sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))
        print(f"src/eigendata/testkit: {', '.join(drifted) or 'nothing'} differs from what the tables say")
        return 1 if drifted else 0
    for name in there.keys() - made.keys():
        (FOLDER / name).unlink()
    for name, data in made.items():
        if there.get(name) != data:
            (FOLDER / name).write_bytes(data)
    print(f"src/eigendata/testkit: {len(made)} cases")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
