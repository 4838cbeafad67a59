"""Derive the fields of BRP Personen that may be asked, as a compact tree, from the official lists.

    python tools/brp_fields.py FOLDER            write src/eigendata/registers/data/brp_fields.json
    python tools/brp_fields.py FOLDER --check    fail where the file differs

FOLDER holds `fields-Persoon.csv` and `fields-PersoonBeperkt.csv` of the official repository (BRP-API 2.7.0): one path
a line, every part of a date and of a table value written out. In our tree a date, a table value and a title are one
word, because the register gives them as a whole whatever part is asked.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TypeAlias

Tree: TypeAlias = "dict[str, Tree | str]"

TARGET = Path(__file__).resolve().parent.parent / "src/eigendata/registers/data/brp_fields.json"
LISTS = {"Persoon": "fields-Persoon.csv", "PersoonBeperkt": "fields-PersoonBeperkt.csv"}
WHOLE = {
    frozenset({"langFormaat", "type", "datum", "onbekend", "jaar", "maand"}): "date",
    frozenset({"code", "omschrijving"}): "code",
    frozenset({"code", "omschrijving", "soort"}): "title",
}


def grow(paths: list[str]) -> Tree:
    """Make a tree of paths, in the order in which they first appear."""
    root: Tree = {}
    for path in paths:
        node = root
        for part in path.split("."):
            below = node.setdefault(part, {})
            assert isinstance(below, dict)
            node = below
    return root


def fold(tree: Tree) -> Tree | str:
    """Replace each group that the register gives as a whole by its one word."""
    if not tree:
        return ""
    if word := WHOLE.get(frozenset(tree)):
        return word
    return {name: fold(below) if isinstance(below, dict) else below for name, below in sorted(tree.items())}


def derive(folder: Path) -> bytes:
    trees = {}
    for name, file in LISTS.items():
        header, *paths = (folder / file).read_text(encoding="utf-8").split()
        assert header == "pad"
        trees[name] = fold(grow(paths))
    return json.dumps(trees, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def main(arguments: list[str]) -> int:
    check = "--check" in arguments
    folders = [Path(one) for one in arguments if one != "--check"]
    if len(folders) != 1:
        print(__doc__)
        return 2
    derived = derive(folders[0])
    if check:
        same = TARGET.exists() and TARGET.read_bytes() == derived
        print(f"{TARGET.name} {'is what the official lists say' if same else 'differs from the official lists'}")
        return 0 if same else 1
    TARGET.write_bytes(derived)
    print(f"{TARGET.name}: {len(derived)} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
