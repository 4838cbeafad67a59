"""`verify`: what becomes of an answer that came as a file."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from eigendata import policies, texts
from eigendata.cli import speaking
from eigendata.cli.speaking import LANG, AsJson, Lang, Language, TypesFolder
from eigendata.encoding import Json, thaw
from eigendata.errors import Misuse, Outcome, Rejected, Step
from eigendata.fetch import Fetcher
from eigendata.formats import FORMATS, only
from eigendata.formats.sdjwt.type_metadata import DescribedType
from eigendata.model import NO_REPLAY_CHECK, NO_STATUS_CHECK, Disclosed, Disclosure
from eigendata.once import SqliteOnce
from eigendata.openid import vp
from eigendata.query import PolicyReference, Query
from eigendata.registers.catalogue import CATALOGUE
from eigendata.trust import Trust
from eigendata.verifier import Verifier

Policy = Annotated[
    str | None, typer.Option("--policy", help=f"A policy file (.toml), or one of {', '.join(policies.shipped())}.")
]
Home = Annotated[Path | None, typer.Option("--home", help="The conditions of this one check: JSON, or TOML.")]
TrustFile = Annotated[Path, typer.Option("--trust", help="Who may issue what; made by trust add.")]


def attach(app: typer.Typer) -> None:
    app.command()(verify)


def verify(
    request: Annotated[Path, typer.Option("--request", help="The request that the answer is to.")],
    trust: TrustFile,
    presented: Annotated[Path, typer.Option("--in", help="The answer: a file that holds a vp_token object.")],
    state: Annotated[
        Path | None, typer.Option("--state", help="Remembers answered requests, so that a second showing is noticed.")
    ] = None,
    policy: Policy = None,
    home: Home = None,
    types: TypesFolder = None,
    lang: Lang = LANG,
    as_json: AsJson = False,
) -> None:
    """Verify an answer. Exit code 0 means verified, whatever the advice; 1 means rejected."""
    received = vp.parse_request(speaking.read(request), at=datetime.now(UTC), allow_loopback_http=True)
    loaded = None if policy is None else policies.load(policy)
    reference = None
    if loaded is not None:
        reference = PolicyReference(id=loaded.id, version=loaded.version, home=conditions(loaded, home))
    elif home is not None:
        raise Misuse("--home belongs to a --policy")
    ours = replace(received, policy=reference)
    trusted = Trust.load(trust, fetcher=Fetcher())
    verifier = verifier_named(
        ours.asker.party.id,
        trust=trusted,
        policy=loaded,
        types=types,
        state=state,
        formats=formats_of(ours.query),
    )
    if state is None:
        speaking.warn("Without --state a second showing of this answer would not be noticed.")
    try:
        answer = vp.parse_answer(speaking.read(presented), ours)
        disclosure = verifier.verify(answer, ours, at=datetime.now(UTC))
    except Rejected as error:
        why = shlex.join((str(presented), "--request", str(request), "--trust", str(trust)))
        error.add_note(texts.say("doctor.hint", lang, arguments=why))
        raise
    speaking.tell(disclosure_object(disclosure), as_json=as_json, plainly=lambda: tell_disclosure(disclosure, lang))


def conditions(policy: policies.Policy, home: Path | None) -> Mapping[str, Json]:
    """Read the conditions of this one check, as the policy wants them.

    Raises:
        Misuse: one is missing, or is not what the policy wants.
    """
    try:
        return policy.conditions(speaking.read_home(home))
    except Misuse as error:
        if home is not None:
            raise
        raise Misuse(f"{error.message}: --home names a file of conditions, JSON or TOML") from error


def formats_of(query: Query) -> tuple[str, ...]:
    """Give the formats that a query of one's own asks, in its order: those are read, and no other."""
    return tuple(dict.fromkeys(one.format for one in query.credentials))


def verifier_named(
    client_id: str,
    *,
    name: str | None = None,
    trust: Trust | None = None,
    policy: policies.Policy | None = None,
    types: Path | None = None,
    state: Path | None = None,
    formats: Sequence[str],
) -> Verifier:
    others = {} if types is None else DescribedType.load(types)
    return Verifier(
        client_id,
        trust=trust or Trust(),
        status=NO_STATUS_CHECK,
        once=NO_REPLAY_CHECK if state is None else SqliteOnce(state),
        name=name,
        policies=() if policy is None else (policy,),
        formats=only(*(one for one in formats if one in FORMATS)),
        types={**others, **CATALOGUE},  # what a type of our own is, nobody else says
    )


# -- a disclosure -----------------------------------------------------------------------------------------------------


def disclosure_object(disclosure: Disclosure) -> dict[str, Json]:
    """Give a disclosure as one JSON object: claims by question, advice, and the trail of every check."""
    advice: Json = None
    if disclosure.advice is not None:
        advice = {"advice": str(disclosure.advice.advice), "rule": disclosure.advice.rule}
    return {
        "verified": True,
        "credentials": {
            question: [_disclosed_object(one) for one in given] for question, given in disclosure.credentials.items()
        },
        "advice": advice,
        "trail": speaking.trail_object(disclosure.trail),
        "not_checked": [str(step.check.name) for step in _waived(disclosure)],
    }


def _disclosed_object(one: Disclosed) -> dict[str, Json]:
    return {
        "type": one.type.id,
        "issuer": {"id": one.issuer.id, "name": one.issuer.name},
        "claims": thaw(one.claims),
        "trail": speaking.trail_object(one.trail),
    }


def _waived(disclosure: Disclosure) -> list[Step]:
    every = [
        *disclosure.trail,
        *(step for given in disclosure.credentials.values() for one in given for step in one.trail),
    ]
    return list(dict.fromkeys(step for step in every if step.outcome is Outcome.WAIVED))


def tell_disclosure(disclosure: Disclosure, lang: Language) -> None:
    """Print what was shown, what held, what was not checked, and the advice."""
    for question, given in disclosure.credentials.items():
        for one in given:
            speaking.line(f"{question} · {one.issuer.name}", "bold")
            order = [attribute.path[0] for attribute in one.type.attributes]
            for name in sorted(one.claims, key=lambda name: order.index(name) if name in order else len(order)):
                value, declared = one.claims[name], one.type.attribute((name,))
                labels = one.type.called((name,)) if declared is None else declared.label
                speaking.line(f"  {labels.get(lang, name)}: {shown(value)}")
    counted = len(disclosure.trail) + sum(len(one.trail) for given in disclosure.credentials.values() for one in given)
    speaking.line(f"✓ {counted} checks", "green")
    for step in _waived(disclosure):
        # not its rule: beside "not checked" it would read as something that was found out
        speaking.line(f"– {step.check.name}: {texts.outcome(step.outcome, lang)} ({step.check.clause})", "yellow")
    if disclosure.advice is not None:
        speaking.line(f"→ {texts.advice(disclosure.advice.advice, lang)}", "bold")


def shown(value: Json) -> str:
    """Give a claim's value as people read it."""
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, Mapping):
        return ", ".join(shown(member) for member in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(shown(member) for member in value)
    return "—" if value is None else str(value)
