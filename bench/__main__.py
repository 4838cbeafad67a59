"""Run the bench and write what came out to RESULTS.md beside this module."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from cryptography.hazmat.backends.openssl import backend

from bench import auth0, cases, integrity, mdoc, mdoc_peers, peers
from bench.cases import Round, Setting, our_cases
from bench.measure import Measured, measure, profile

RESULTS: Final = Path(__file__).with_name("RESULTS.md")
ROUNDS: Final = 15
SIZE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a row may cost: a ratio to a bare row of the same run, or a number of milliseconds."""

    what: str
    name: str
    most: float
    to: str | None = None

    def reached(self, measured: Measured) -> float:
        return measured.seconds(self.name) * 1000 if self.to is None else measured.ratio(self.name, self.to)

    def is_missed(self, measured: Measured) -> bool:
        return self.reached(measured) > self.most


TARGETS: Final = (
    Target(
        what="verify a presentation: 3 of 20 claims, key binding",
        name=cases.VERIFY,
        most=1.5,
        to=cases.TWO_VERIFICATIONS,
    ),
    Target(what="issue 20 claims, for each of 10 copies", name=cases.ISSUE, most=3, to=cases.ONE_SIGNATURE),
    Target(what="present 3 of 20 from an opened credential", name=cases.PRESENT, most=1.3, to=cases.ONE_SIGNATURE),
    Target(
        what="verify an mdoc: 5 of 25 elements, device signature",
        name=mdoc.VERIFY,
        most=1.5,
        to=cases.TWO_VERIFICATIONS,
    ),
    Target(
        what="the same, its document signer never met before",
        name=mdoc.VERIFY_NEW_SIGNER,
        most=2.3,
        to=cases.TWO_VERIFICATIONS,
    ),
    Target(what="issue an mdoc of 25 elements", name=mdoc.ISSUE, most=4, to=cases.ONE_SIGNATURE),
    Target(what="a DCQL query over 200 opened credentials, all of its type", name=cases.DCQL, most=1),
    Target(what="`from eigendata import Issuer, Wallet, Verifier`", name=cases.IMPORT, most=90),
    Target(what="open a vault of 2,000 records, beyond Argon2id", name=cases.VAULT_OPEN, most=80),
    Target(what="list its 180 cards", name=cases.VAULT_LIST, most=20),
)

_METHOD: Final = (
    "CPU time of one thread (of the whole process for the import), cases taking turns within each round, medians. A",
    "ratio is the median of the ratios within each round, to bare signatures over 600 bytes by a key in memory. Every",
    "check is on. Nobody saw a presentation before, and every holder's key is new; of the caches, what one other",
    "presentation of the same issuer leaves is warm: the issuer's chain, key and header, and the type.",
)


def run(*, rounds: int, size: int) -> Measured:
    """Measure everything that can be measured here."""
    setting = Setting.make()

    def material() -> Round:
        return Round.make(setting, size=size)

    with our_cases() as ours:
        every = (*ours, *peers.peer_cases(setting), *mdoc_peers.peer_cases(setting.mdoc))
        measured = measure(every, material, rounds=rounds)
        measured = replace(measured, costs={**measured.costs, **auth0.ratios(setting.mdoc)})
        missed = {target.name for target in TARGETS if target.is_missed(measured)}
        profiles = {one.name: profile(one, material) for one in ours if one.name in missed}
        return replace(measured, profiles=profiles)


def report(measured: Measured, *, command: str, rounds: int, size: int) -> str:
    """Write what came out as a page of Markdown."""
    lines = [
        "# What it costs",
        "",
        f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d}: {rounds} rounds of {size} operations.",
        "",
        f"- Machine: {_processor()}, {platform.system()} {platform.machine()}",
        f"- {platform.python_implementation()} {platform.python_version()}, {backend.openssl_version_text()}",
        f"- {_versions()}",
        "",
        *_METHOD,
        "",
        "## Against the targets",
        "",
        *_table(("what", "cost", "ratio", "target", ""), [_row(measured, target) for target in TARGETS]),
        "",
        *_missed(measured),
        "## Beside them",
        "",
        *_table(
            ("what", "cost"),
            [
                ("two bare verifications, P-256", _cost(measured, cases.TWO_VERIFICATIONS)),
                ("the same, one of them by a key that is first loaded", _cost(measured, cases.AND_A_NEW_KEY)),
                ("one bare signature, P-256", _cost(measured, cases.ONE_SIGNATURE)),
                ("present 5 of 25 elements from an opened mdoc", _cost(measured, mdoc.PRESENT)),
                ("the schema check, once for all copies (persoon, whole)", _cost(measured, cases.SCHEMA)),
                ("the vault's write beside a presentation, disk not counted", _cost(measured, cases.VAULT_WRITE)),
                ("a Python that imports nothing", _cost(measured, cases.INTERPRETER)),
            ],
        ),
        "",
        "## W3C Data Integrity",
        "",
        *_integrity(measured),
        "",
        "## Beside the peers",
        "",
        *_peers(measured),
        "",
        "## Beside the peers, mdoc",
        "",
        *_mdoc_peers(measured),
        *_auth0(measured),
    ]
    return "\n".join(lines) + "\n"


def _row(measured: Measured, target: Target) -> tuple[str, ...]:
    reached = target.reached(measured)
    return (
        target.what,
        _cost(measured, target.name),
        "" if target.to is None else f"{reached:.2f} × {target.to}",
        f"{target.most:g} ms" if target.to is None else f"{target.most:g} ×",
        f"**missed** ({reached / target.most:.2f} of it)" if target.is_missed(measured) else "met",
    )


def _missed(measured: Measured) -> list[str]:
    """Say of each figure that is missed what its floor is, and in which functions the time goes."""
    floors = {
        cases.VERIFY: cases.LEAST_TO_VERIFY,
        cases.ISSUE: cases.LEAST_TO_ISSUE,
        cases.PRESENT: cases.LEAST_TO_PRESENT,
        mdoc.VERIFY: mdoc.LEAST_TO_VERIFY,
        mdoc.VERIFY_NEW_SIGNER: mdoc.LEAST_TO_VERIFY_NEW_SIGNER,
    }
    rows = []
    for target in TARGETS:
        if target.is_missed(measured):
            least = floors.get(target.name)
            ratio = "" if least is None or target.to is None else f" ({measured.ratio(least, target.to):.2f} ×)"
            shares = [f"`{one.function}` {one.part:.0%}" for one in measured.profiles.get(target.name, ())]
            floor = "-" if least is None else f"{_cost(measured, least)}{ratio}"
            rows.append((target.what, floor, ", ".join(shares) or "in other processes"))
    if not rows:
        return []
    explained = (
        "Of what is missed, the floor: what the libraries take for the signatures, the holder's key, JSON, base64 and",
        "hashes, called one after the other with nothing checked (`bench/floor.py`). And the functions with the most",
        "time of their own, of C and Rust too, in a slower run under a profiler: they say where, not how much.",
    )
    return [*explained, "", *_table(("missed", "its floor", "where the time goes"), rows), ""]


def _cost(measured: Measured, name: str) -> str:
    seconds = measured.seconds(name)
    return f"{seconds * 1e3:.1f} ms" if seconds >= 0.001 else f"{seconds * 1e6:.1f} µs"


def _integrity(measured: Measured) -> list[str]:
    """Say what either suite takes. No target is set; a credential of 20 claims is shown whole, its document pinned."""
    verbs = (
        (integrity.VERIFY, integrity.TWO_VERIFICATIONS),
        (integrity.ISSUE, integrity.ONE_SIGNATURE),
        (integrity.PRESENT, integrity.ONE_SIGNATURE),
    )
    rows = [
        (suite, *(_beside(measured, verb[suite], verb[suite], to) for verb, to in verbs)) for suite in integrity.VERIFY
    ]
    explained = (
        "A credential of 20 claims, shown whole, its controller document pinned. Cost, and the ratio to two bare",
        "verifications, or to one bare signature, of Ed25519. No target is set yet.",
    )
    return [*explained, "", *_table(("", "verify", "issue", "present"), rows)]


def _peers(measured: Measured) -> list[str]:
    found = [name for name in peers.installed() if f"{cases.VERIFY}: {name}" in measured]
    if not found:
        return ["None of them is installed here: `pip install --group peers`."]
    verbs = (
        (cases.VERIFY, cases.TWO_VERIFICATIONS),
        (cases.ISSUE, cases.ONE_SIGNATURE),
        (cases.PRESENT, cases.ONE_SIGNATURE),
    )
    rows = [("eigendata", *(_beside(measured, verb, verb, to) for verb, to in verbs))]
    for name in found:
        rows.append((name, *(_beside(measured, f"{verb}: {name}", verb, to) for verb, to in verbs)))
    explained = (
        "Cost, ratio to the bare signatures, and how many times ours. A dash: it does not do that. What they are given",
        "and asked is in `bench/peers.py`; no two of them look at the same things.",
    )
    return [*explained, "", *_table(("", *(verb for verb, _ in verbs)), rows)]


def _mdoc_peers(measured: Measured) -> list[str]:
    found = [name for name in mdoc_peers.installed() if f"{mdoc.VERIFY}: {name}" in measured]
    if not found:
        return ["None of them is installed here: `pip install --group peers`."]
    verbs = ((mdoc.VERIFY, cases.TWO_VERIFICATIONS), (mdoc.ISSUE, cases.ONE_SIGNATURE))
    rows = [("eigendata", *(_beside(measured, verb, verb, to) for verb, to in verbs))]
    for name in found:
        rows.append((name, *(_beside(measured, f"{verb}: {name}", verb, to) for verb, to in verbs)))
    return [*mdoc_peers.EXPLAINED, "", *_table(("", *(verb for verb, _ in verbs)), rows)]


def _auth0(measured: Measured) -> list[str]:
    """Say what @auth0/mdl takes, by the signatures of its own process: another engine has other signatures."""
    found = {name: measured.seconds(name) for name in (auth0.VERIFY, auth0.ISSUE) if name in measured}
    if not found:
        return ["", "`@auth0/mdl` is not installed here: `npm ci` in `tests/interop`."]
    ours = {auth0.VERIFY: (mdoc.VERIFY, cases.TWO_VERIFICATIONS), auth0.ISSUE: (mdoc.ISSUE, cases.ONE_SIGNATURE)}
    said = (
        f"{name} {ratio:.1f} × its bare signatures, {ratio / measured.ratio(*ours[name]):.1f} times ours"
        for name, ratio in found.items()
    )
    return ["", f"`@auth0/mdl` {auth0.installed()} in node, in a process of its own: {'; '.join(said)}."]


def _beside(measured: Measured, name: str, ours: str, to: str) -> str:
    if name not in measured:
        return "-"
    times = "" if name == ours else f", {measured.ratio(name, ours):.2f}"
    return f"{_cost(measured, name)} ({measured.ratio(name, to):.2f} ×{times})"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _versions() -> str:
    ours = {name: version(name) for name in ("eigendata", "cryptography", "pynacl", "orjson", "cbor2")}
    return ", ".join(
        f"{name} {number}" for name, number in {**ours, **peers.installed(), **mdoc_peers.installed()}.items()
    )


def _processor() -> str:
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in said if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.processor()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how many times every case has its turn")
    parser.add_argument("--size", type=int, default=SIZE, help="operations of a case in each round")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the file to write")
    wanted = parser.parse_args()
    stated = [f"--rounds {wanted.rounds}"] * (wanted.rounds != ROUNDS) + [f"--size {wanted.size}"] * (
        wanted.size != SIZE
    )
    command = " ".join(("python -m bench", *stated))
    page = report(run(rounds=wanted.rounds, size=wanted.size), command=command, rounds=wanted.rounds, size=wanted.size)
    wanted.output.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
