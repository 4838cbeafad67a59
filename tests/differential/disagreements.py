"""Where a peer and we disagree, each by name: the clause, who disagrees about what, and who is right as we read it.

This table is exact. What it does not hold must not happen, and what it holds must: `make differential` tries both, and
`docs/explanation/peers.md` prints it. A disagreement in which we were wrong is not here: it was mended, and is a test
of ours. The mutations that `cases` speaks of are those of `mutations.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.differential.disagreement import Disagreement
from tests.differential.disagreements_credential import CREDENTIALS
from tests.differential.disagreements_presentation import PRESENTATIONS

DISAGREEMENTS: Final = (*CREDENTIALS, *PRESENTATIONS)

SLIPS: Final[Mapping[str, str]] = {
    "1500 disclosures inside one another": "SV",
    "5000 arrays deep": "SV",
    "payload an array": "SV",
    "cnf of a key of another kty": "S",
    "exp null": "V",
    "exp infinite": "V",
    "... an array": "V",
    "_sd null": "S",
    "_sd null and nothing hidden": "S",
    "_sd null in a disclosure": "S",
    "_sd of an array": "S",
    "a name that is an array": "S",
    "a number": "S",
    "proof for nobody": "S",
    "proof of no session": "S",
    "proof over nothing": "S",
    "proof without typ": "S",
}
"""What some peers refuse by an error of Python's own (TypeError, KeyError, RecursionError), which no caller expects."""


def explained(mutation: str, peer: str, ours: str, *, bound: bool) -> list[Disagreement]:
    """Give the entries that a disagreement answers to: exactly one, or it is news."""
    return [one for one in DISAGREEMENTS if one.explains(mutation, peer, ours, bound=bound)]


def rows() -> str:
    """Give the table as the page has it."""
    lines = [
        "| name | clause | it is | who accepts | what | what it means | for example |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in DISAGREEMENTS:
        who = ", ".join(one.peers)
        case = next(iter(one.cases))
        lines.append(f"| `{one.id}` | {one.clause} | {one.side} | {who} | {one.what} | {one.means} | {case} |")
    return "\n".join(lines) + "\n"
