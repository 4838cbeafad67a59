"""Show one disagreement: the token, and what each answers.

.venv-peers/bin/python -m tests.differential "typ left out"     the token, and the verdict of everyone who is installed
python -m tests.differential                                    the table, as docs/explanation/peers.md has it
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from random import Random

from tests.differential.disagreements import explained, rows
from tests.differential.plain import MODES, mutated, plain
from tests.differential.verifiers import PEERS, Asked, Verdict, ours

MODULES = {"sd-jwt": "sd_jwt", "openvc-core": "openvc", "vouchkit": "vouchkit", "polaris-oid4vp": "polaris_oid4vp"}


def main(mutations: list[str]) -> None:
    if not mutations:
        print(rows(), end="")
    for mutation in mutations:
        for proof, bound in MODES:
            draft = plain(proof=proof)
            token = mutated(mutation, draft, Random(1))
            if token is not None:
                print(f"# {mutation}; proof: {'sent' if proof else 'none'}, {'asked' if bound else 'not asked'}")
                print(token.decode("utf-8"))
                _answers(mutation, token, Asked(key=draft.key.public_key, bound=bound))


def _answers(mutation: str, token: bytes, asked: Asked) -> None:
    mine = ours(token, asked)
    print(f"  {'eigendata':15} {_said(mine)}")
    for peer, verify in PEERS.items():
        if find_spec(MODULES[peer]) is not None:
            theirs = verify(token, asked)
            names = [one.id for one in explained(mutation, peer, mine.why, bound=asked.bound)]
            print(f"  {peer:15} {_said(theirs)}{'  <- ' + names[0] if theirs.accepted and names else ''}")


def _said(verdict: Verdict) -> str:
    return "accepts" if verdict.accepted else f"refuses: {verdict.why}"


if __name__ == "__main__":
    main(sys.argv[1:])
