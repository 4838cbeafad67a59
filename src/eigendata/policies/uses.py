"""Intended uses: what may be asked at most, for each purpose that is known here.

    uses.toml -> Uses -> the loader refuses a policy that asks more
                      -> outside(use, query): what a request asks beyond its use, for the wallet to show

It keeps to itself how a query is read back to the claims of a list: which names a format gives them, and what the
loader adds to a policy's own questions (`set`, matching claims, `absent` siblings, what is visible anyway). For a use
that is not listed nothing is said to be fine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from eigendata import texts
from eigendata.errors import Check, Reason, Trail, within
from eigendata.formats import FORMATS
from eigendata.formats.protocol import Format
from eigendata.model import ClaimPath, CredentialType, Presence
from eigendata.policies.compile import MATCHING, SET
from eigendata.policies.rules import ABSENT, Path
from eigendata.policies.tables import Table, read_toml
from eigendata.query import CredentialQuery, Query
from eigendata.registers.catalogue import CATALOGUE

USE_EXPLAINED = Check(
    name="USE_EXPLAINED",
    clause="list of uses, label",
    reason=Reason.POLICY_DENIED,
    rule="Each intended use has a label in every language.",
)
USE_BY_LAW = Check(
    name="USE_BY_LAW",
    clause="list of uses, law",
    reason=Reason.POLICY_DENIED,
    rule="A use lists a credential that is shown by law only, if it names the law.",
)
USE_CHECKS = (USE_EXPLAINED, USE_BY_LAW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One intended use.

    Attributes:
        may: type id -> the claims that an outcome may depend on; a path covers all below it.
        identify: type id -> the claims that may say who the person is.
        law: the law that entitles to credentials that are shown by law only.
    """

    id: str
    label: Mapping[str, str]
    may: Mapping[str, tuple[Path, ...]]
    identify: Mapping[str, tuple[Path, ...]]
    law: str | None = None

    def knows(self, type_id: str) -> bool:
        return type_id in self.may or type_id in self.identify

    def allows(self, type_id: str, path: ClaimPath) -> bool:
        return _covers((*self.may.get(type_id, ()), *self.identify.get(type_id, ())), path)

    def identifies(self, type_id: str, path: ClaimPath) -> bool:
        return _covers(self.identify.get(type_id, ()), path)


def _covers(listed: Iterable[Path], path: ClaimPath) -> bool:
    return any(path[: len(one)] == one for one in listed)


@cache
def shipped_uses() -> Mapping[str, Use]:
    """Give the list of uses that comes with the library, by id."""
    return read_uses(files(__package__).joinpath("uses.toml").read_bytes(), types=CATALOGUE)


def read_uses(data: bytes, *, types: Mapping[str, CredentialType]) -> Mapping[str, Use]:
    """Read a list of uses. Types are named by the short name of one of `types`, or by a full id.

    Raises:
        Malformed: it is not such a list.
        Rejected: a use has no label, or lists what only a law may ask without naming the law (`policy_denied`).
    """
    document = read_toml(data)
    table = document.table("uses")
    document.done()
    found: dict[str, Use] = {}
    for name in table.names():
        with within(name):
            found[name] = _use(name, table.table(name), types)
    return found


def _use(name: str, table: Table, types: Mapping[str, CredentialType]) -> Use:
    use = Use(
        id=name,
        label=table.by_language("label"),
        may=_claims(table.table("may"), types),
        identify=_claims(table.table("identify"), types),
        law=table.text("law") if table.has("law") else None,
    )
    table.done()
    by_law = any(types[one].by_law_only for one in (*use.may, *use.identify) if one in types)
    trail = Trail()
    trail.require(USE_EXPLAINED, set(texts.LANGUAGES) <= set(use.label))
    trail.require(USE_BY_LAW, use.law is not None or not by_law)
    return use


def _claims(table: Table, types: Mapping[str, CredentialType]) -> Mapping[str, tuple[Path, ...]]:
    return {
        find_type(name, types): tuple(tuple(path.split(".")) for path in table.texts(name)) for name in table.names()
    }


def find_type(name: str, types: Mapping[str, CredentialType]) -> str:
    """Give the id of the type with this id or short name; a name that is neither comes back as it is."""
    return next((one.id for one in types.values() if one.short == name), name)


# -- what a request asks beyond its use -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """One thing that a query asks and its use does not list.

    Attributes:
        query: the id of the credential query.
        type: the id of the credential type, as far as it is known.
        path: the claim, under the type's own path where the type is known; empty: the whole credential.
    """

    query: str
    type: str
    path: ClaimPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a query asks, held against the list of a use. Not listed means not known, and never fine."""

    use: str | None
    listed: bool
    beyond: tuple[Beyond, ...]

    @property
    def fine(self) -> bool:
        return self.listed and not self.beyond

    def says(self, language: str) -> str:
        """Give the plain sentence for a consent screen."""
        if not self.listed:
            return texts.say("use.unknown", language)
        return texts.say("use.outside" if self.beyond else "use.within", language)


def outside(
    use: str | None,
    query: Query,
    *,
    uses: Mapping[str, Use] | None = None,
    types: Mapping[str, CredentialType] = CATALOGUE,
    formats: Mapping[str, Format] = FORMATS,
) -> Compared:
    """Say what a query asks beyond the list of an intended use.

    What the loader adds to a policy's questions is no overasking where it has its reason: `set` and matching claims
    tie several credentials, an `absent` sibling stands for a claim that may be asked, and what is visible in every
    presentation is not revealed by asking. Of a card that can only be shown whole, all that it says is asked.
    """
    listed = None if use is None else (shipped_uses() if uses is None else uses).get(use)
    if listed is None:
        return Compared(use=use, listed=False, beyond=())
    asked = [_Asked(one, type_id, types, formats) for one in query.credentials for type_id in one.type_ids]
    nameless = (Beyond(query=one.id, type="", path=()) for one in query.credentials if not one.type_ids)
    tie = _Tie.of(listed, asked)
    return Compared(
        use=use, listed=True, beyond=(*nameless, *(one for each in asked for one in each.beyond(listed, tie)))
    )


class _Asked:
    """One type that a credential query asks, and its claims under the type's own paths."""

    def __init__(
        self,
        query: CredentialQuery,
        type_id: str,
        types: Mapping[str, CredentialType],
        formats: Mapping[str, Format],
    ) -> None:
        asked = formats.get(query.format)
        self.query = query.id
        self.type: CredentialType | None = None
        own: dict[ClaimPath, ClaimPath] = {}
        shown: tuple[Path, ...] = ()
        if asked is not None:
            self.type = next((one for one in types.values() if asked.type_id(one) == type_id), None)
            if self.type is not None:
                own = {asked.place(self.type, one): one.path for one in self.type.attributes}
                # what a format cannot withhold is shown to whoever asks anything of it, and so is asked
                shown = tuple(one.path for one in self.type.attributes if not asked.withholds(self.type, one))
        self.id = self.type.id if self.type else type_id
        told = (path for path in shown if path != SET and path[0] != ABSENT)
        self.paths = tuple(dict.fromkeys((*(own.get(one.path, one.path) for one in query.claims), *told)))

    def listed(self, use: Use) -> tuple[ClaimPath, ...]:
        return tuple(path for path in self.paths if use.allows(self.id, path))

    def beyond(self, use: Use, tie: _Tie) -> tuple[Beyond, ...]:
        if not use.knows(self.id):
            return (Beyond(query=self.query, type=self.id, path=()),)
        fine = {*self.listed(use), *tie.paths}
        tops = {path[0] for path in self.paths if path in fine}
        return tuple(
            Beyond(query=self.query, type=self.id, path=path)
            for path in self.paths
            if path not in fine and not self._visible(path) and not (path[0] == ABSENT and set(path[1:]) & tops)
        )

    def _visible(self, path: ClaimPath) -> bool:
        attribute = self.type.attribute(path) if self.type else None
        return attribute is not None and attribute.presence is Presence.ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tie:
    """What may be asked to tie the answers of one query to one person."""

    paths: frozenset[ClaimPath]

    @classmethod
    def of(cls, use: Use, asked: Iterable[_Asked]) -> _Tie:
        about = [one for one in asked if use.knows(one.id)]
        if len({one.id for one in about}) < 2:
            return cls(paths=frozenset())
        foreign = any(one.type is None or one.type.attribute(SET) is None for one in about)
        anyway = {path for one in about for path in one.listed(use)}.issuperset(MATCHING)
        return cls(paths=frozenset((SET, *MATCHING) if foreign or anyway else (SET,)))
