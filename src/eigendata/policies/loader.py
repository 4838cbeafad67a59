"""From a policy file to a policy, or to a refusal.

    name or path -> bytes -> read (shape: Malformed) -> check (meaning: Rejected) -> Policy

A policy is data, never code: a TOML file whose every name is known here. It keeps to itself how the file spells
things: `inwoner.local_tie_6y` is a question and a path, `home.binding` a condition, `"texts?"` a kind of condition that
may be left out.

    id, version, use            its name, its edition, and the intended use whose list bounds it
    purpose, legal_basis        why it asks, in every language, and on what legal ground
    keep                        outcome, or otherwise -> "0 days", "until audit", "case file"
    max_source_age_days         how old a register's answer may be; left out: any age
    other_channel               "balie", "telefoon" or "brief": the way without a wallet, of the same weight
    home                        what is given per check: name -> "bool", "range" or "texts"
    same_subject                the questions whose answers must be about one person: all, where there are several
    [[questions]]               id, types (any of which may answer), ask (claim paths), and where needed
                                identify = true or a list, optional, only_if = "home.<name>", undated
    [[rules]]                   absent = "any" | claim with outside = "home.<name>" | claim with is = <value> |
                                otherwise = true; each with advice, because and, where needed, only_if
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Final, TypeVar

from eigendata.encoding import SAFE_INTEGER, TOML_LIMIT
from eigendata.errors import Malformed, Misuse, within
from eigendata.files import read
from eigendata.model import Advice, CredentialType
from eigendata.policies.checks import check
from eigendata.policies.policy import Ask, Policy, PolicyQuestion
from eigendata.policies.rules import AnyAbsent, Condition, HomeKind, Is, Otherwise, Outside, Path, Rule, Subject, Test
from eigendata.policies.tables import Table, read_toml
from eigendata.policies.uses import Use, find_type, shipped_uses
from eigendata.registers.catalogue import CATALOGUE

T = TypeVar("T")

MAX_QUESTIONS: Final = 8
"""Questions of one policy; the largest shipped one has three."""

MAX_RULES: Final = 24
"""Rules of one policy. With `MAX_CONDITIONS` it bounds the work of finding what can change the outcome."""

MAX_CONDITIONS: Final = 6
"""Conditions of one policy: each doubles the combinations that are looked at when it loads."""


def load(
    name: str | FilePath,
    *,
    types: Mapping[str, CredentialType] = CATALOGUE,
    uses: Mapping[str, Use] | None = None,
) -> Policy:
    """Load a policy: a shipped one by its name, or a TOML file by its path.

    Args:
        name: `woningcorporatie/B`, or the path of a file that ends in `.toml`.
        types: the credential types that may be asked, by id; the catalogue's, and others where a foreign type is asked.
        uses: the lists of what may be asked; those that are shipped where left out.

    Raises:
        Malformed: the file is not a policy file.
        Rejected: the policy asks outside its list, cannot be explained, or adds up what may be about several people.
        Misuse: there is no such policy or file.
    """
    with within(str(name)):
        return read_policy(_bytes(name), types=types, uses=uses)


def shipped() -> tuple[str, ...]:
    """Give the names of the policies that come with the library, sorted."""
    return tuple(sorted(_shipped_files()))


def read_policy(
    data: bytes, *, types: Mapping[str, CredentialType] = CATALOGUE, uses: Mapping[str, Use] | None = None
) -> Policy:
    """Read the bytes of a policy file; see `load`.

    Raises:
        Malformed, Rejected: as `load`.
    """
    policy = _policy(read_toml(data), types)
    check(policy, types=types, uses=shipped_uses() if uses is None else uses)
    return policy


def _bytes(name: str | FilePath) -> bytes:
    found = _shipped_files().get(str(name)) if isinstance(name, str) else None
    if found is not None:
        return found.read_bytes()
    path = FilePath(name)
    if path.suffix != ".toml":
        raise Misuse(f"no policy of this name is shipped; shipped are {', '.join(shipped())}, and a file ends in .toml")
    return read(path, "the policy file", limit=TOML_LIMIT)


def _shipped_files() -> Mapping[str, Traversable]:
    return dict(_walk(files(__package__).joinpath("shipped"), ""))


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".toml"):
            yield prefix + entry.name.removesuffix(".toml"), entry


# -- shape ------------------------------------------------------------------------------------------------------------

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_CLAIM: Final = re.compile(r"[A-Za-z0-9_]{1,64}(\.[A-Za-z0-9_]{1,64}){0,3}", re.ASCII)
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}", re.ASCII)


def _policy(table: Table, types: Mapping[str, CredentialType]) -> Policy:
    policy = Policy(
        id=_spelled(_ID, table.text("id"), "id"),
        version=table.text("version"),
        use=table.text("use"),
        purpose=table.by_language("purpose"),
        legal_basis=table.texts("legal_basis"),
        keep=table.table("keep").all_texts(),
        max_source_age_days=table.number("max_source_age_days", least=0, most=3650)
        if table.has("max_source_age_days")
        else None,
        other_channel=table.text("other_channel"),
        home=_home(table.table("home")),
        questions=_bounded(
            tuple(_question(one, types) for one in table.tables("questions")), MAX_QUESTIONS, "questions"
        ),
        same_subject=table.texts("same_subject") if table.has("same_subject") else (),
        rules=_bounded(tuple(_rule(one) for one in table.tables("rules")), MAX_RULES, "rules"),
    )
    table.done()
    if len({one.id for one in policy.questions}) != len(policy.questions):
        raise Malformed("two questions have one id")
    return policy


def _home(table: Table) -> Mapping[str, Condition]:
    kinds = table.all_texts()
    if len(kinds) > MAX_CONDITIONS:
        raise Malformed(f"more than {MAX_CONDITIONS} conditions")
    found: dict[str, Condition] = {}
    for name, kind in kinds.items():
        plain = kind.removesuffix("?")
        if plain not in tuple(HomeKind):
            raise Malformed(f"home.{name} is one of {', '.join(HomeKind)}, with ? where it may be left out")
        found[_spelled(_NAME, name, "home")] = Condition(kind=HomeKind(plain), optional=plain != kind)
    return MappingProxyType(found)


def _question(table: Table, types: Mapping[str, CredentialType]) -> PolicyQuestion:
    with within(name := _spelled(_NAME, table.text("id"), "id")):
        ask = tuple(_path(one) for one in table.texts("ask"))
        identify = _identify(table, ask)
        question = PolicyQuestion(
            id=name,
            types=tuple(dict.fromkeys(find_type(one, types) for one in table.texts("types"))),
            ask=tuple(Ask(path=path, identify=path in identify) for path in ask),
            optional=table.flag("optional"),
            only_if=_only_if(table),
            undated=table.flag("undated"),
            whole=table.flag("whole"),
        )
        table.done()
        if not question.types or not question.ask:
            raise Malformed("a question names a type and a claim")
    return question


def _identify(table: Table, ask: tuple[Path, ...]) -> tuple[Path, ...]:
    """Read which claims identify: `true` for all of the question, or a list of them."""
    if not table.has("identify"):
        return ()
    match table.any("identify"):
        case bool(all_of_them):
            return ask if all_of_them else ()
        case [*some] if all(isinstance(one, str) for one in some):
            paths = tuple(_path(str(one)) for one in some)
            if set(paths) <= set(ask):
                return paths
    raise Malformed("`identify` is true, or a list of claims that are asked")


def _rule(table: Table) -> Rule:
    rule = Rule(test=_test(table), advice=_advice(table), because=table.by_language("because"), only_if=_only_if(table))
    table.done()
    return rule


def _test(table: Table) -> Test:
    operators = [one for one in ("absent", "outside", "is", "otherwise") if table.has(one)]
    match operators:
        case ["absent"] if table.text("absent") == "any":
            return AnyAbsent()
        case ["otherwise"] if table.flag("otherwise"):
            return Otherwise()
        case ["outside"]:
            return Outside(claim=_subject(table), home=_condition(table.text("outside")))
        case ["is"]:
            return Is(claim=_subject(table), value=_value(table))
        case _:
            raise Malformed('a rule has one of absent = "any", outside, is, otherwise = true')


def _value(table: Table) -> bool | int | str:
    value = table.any("is")
    match value:
        case bool() | str():
            return value
        case int() if abs(value) <= SAFE_INTEGER:
            return value
        case _:
            raise Malformed("`is` compares with a boolean, a whole number or a text")


def _subject(table: Table) -> Subject:
    question, *path = _spelled(_CLAIM, table.text("claim"), "claim").split(".")
    if not path:
        raise Malformed("`claim` is a question and a claim: `inwoner.local_tie_6y`")
    return Subject(question=question, path=tuple(path))


def _advice(table: Table) -> Advice:
    name = table.text("advice")
    if name not in tuple(Advice):
        raise Malformed(f"`advice` is one of {', '.join(Advice)}")
    return Advice(name)


def _only_if(table: Table) -> str | None:
    return _condition(table.text("only_if")) if table.has("only_if") else None


def _condition(text: str) -> str:
    place, _, name = text.partition(".")
    if place != "home":
        raise Malformed("a condition is written as `home.<name>`")
    return _spelled(_NAME, name, "home")


def _path(text: str) -> Path:
    return tuple(_spelled(_CLAIM, text, "ask").split("."))


def _spelled(pattern: re.Pattern[str], text: str, what: str) -> str:
    if pattern.fullmatch(text) is None:
        raise Malformed(f"`{what}` is not spelled as a name: {pattern.pattern}")
    return text


def _bounded(found: tuple[T, ...], most: int, what: str) -> tuple[T, ...]:
    if not 0 < len(found) <= most:
        raise Malformed(f"a policy has 1 to {most} {what}")
    return found
