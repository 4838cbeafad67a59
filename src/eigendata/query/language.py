"""DCQL, the language in which a verifier asks: what a query is, and the one way to read it.

    JSON -> parse_query -> Query -> to_json -> JSON

Everything structural is decided here, so that the wallet's `match` and the verifier's `check` meet only queries that
make sense. Unknown members are ignored, as the specification demands; known ones are taken strictly: True is not 1, an
index is never negative, a name that is referred to exists. The table of what `meta` means in each format is protocol
text and stands here, as the only place above the formats that knows their identifiers.

Source: OpenID4VP 1.0, sections 6, 7, B.1.1, B.2.3 and B.3.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from eigendata.encoding import Json, b64url_decode, freeze, thaw
from eigendata.errors import Malformed, within
from eigendata.model import ClaimPath

MAX_CREDENTIALS: Final = 32
"""Credential queries in one query. A policy asks some five questions, each in some three formats."""

MAX_CLAIMS: Final = 512
"""Claims queries in one query, all credentials together. The largest type of ours has some forty claims."""

MAX_CLAIM_SETS: Final = 64
"""Options of one credential query: each claim with its `absent` sibling doubles them, so six such claims."""

MAX_CLAIM_REFERENCES: Final = 8192
"""Names of claims in all claim sets together; with it the work of matching one credential is bounded."""

MAX_CREDENTIAL_SETS: Final = 32
"""Credential sets in one query, and options in one set."""

MAX_VALUES: Final = 100
"""Expected values of one claim, types of one credential, values of one authority. A list of every possible birth date
would turn value matching into an oracle."""

MAX_PATH: Final = 32
"""Components of a claims path."""

MAX_TEXT: Final = 2048
"""Characters of any string in a query."""

Value: TypeAlias = str | int | bool
"""What `values` may hold (OpenID4VP 1.0 section 6.3)."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimsQuery:
    """One claim that is asked.

    Attributes:
        values: the values that the verifier expects, one of them; empty: any. Equal only with equal types.
        intent_to_retain: whether the verifier says that it keeps the value; None: it makes no statement (B.2.4).
    """

    path: ClaimPath
    id: str | None = None
    values: tuple[Value, ...] = ()
    intent_to_retain: bool | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClaimsQuery) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        # Python holds 1 == True; a query for the one is not a query for the other
        path, values = (tuple((type(part), part) for part in parts) for parts in (self.path, self.values))
        return (self.id, self.intent_to_retain, path, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedAuthorities:
    """Authorities that the verifier accepts: `aki`, `etsi_tl`, `openid_federation`, or a type not known here."""

    type: str
    values: tuple[str, ...]

    @property
    def key_ids(self) -> frozenset[bytes]:
        """Give the key identifiers of type `aki`; no other type can be looked up without going out, and gives none."""
        return frozenset(b64url_decode(value) for value in self.values) if self.type == "aki" else frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialQuery:
    """One credential that is asked, in one format.

    Attributes:
        meta: read-only; what it must hold depends on the format.
        claims: empty: no claim that could be withheld is asked, which never means all of them.
        claim_sets: alternatives, most preferred first, by the ids of `claims`; empty: all of `claims` are asked.
    """

    id: str
    format: str
    meta: Mapping[str, Json] = field(hash=False)
    claims: tuple[ClaimsQuery, ...] = ()
    claim_sets: tuple[tuple[str, ...], ...] = ()
    multiple: bool = False
    trusted_authorities: tuple[TrustedAuthorities, ...] = ()
    require_cryptographic_holder_binding: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "meta", freeze(self.meta))

    @property
    def type_ids(self) -> tuple[str, ...]:
        """Give the type names that answer this query; none for a format whose types have no single name.

        Of W3C credentials a query names sets of types. Ours are of one type beside that of all credentials, so what
        asks for several at once, or for any credential whatever, is answered by none of them (B.1.1).
        """
        match self.format:
            case "dc+sd-jwt":
                return _strings(self.meta.get("vct_values"))
            case "mso_mdoc":
                return _strings([self.meta.get("doctype_value")])
            case "ldp_vc":
                return _single_types(self.meta.get("type_values"))
            case _:
                return ()

    def to_json(self) -> dict[str, Json]:
        written: dict[str, Json] = {"id": self.id, "format": self.format, "meta": thaw(self.meta)}
        if self.multiple:
            written["multiple"] = True
        if self.trusted_authorities:
            written["trusted_authorities"] = [
                {"type": one.type, "values": list(one.values)} for one in self.trusted_authorities
            ]
        if not self.require_cryptographic_holder_binding:
            written["require_cryptographic_holder_binding"] = False
        if self.claims:
            written["claims"] = [_claim_to_json(one) for one in self.claims]
        if self.claim_sets:
            written["claim_sets"] = [list(one) for one in self.claim_sets]
        return written


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSetQuery:
    """Alternatives among credential queries, by their ids; the specification gives their order no meaning."""

    options: tuple[tuple[str, ...], ...]
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A whole DCQL query. Without credential sets every credential is asked."""

    credentials: tuple[CredentialQuery, ...]
    credential_sets: tuple[CredentialSetQuery, ...] = ()

    def credential(self, id: str) -> CredentialQuery | None:
        return next((one for one in self.credentials if one.id == id), None)

    def to_json(self) -> dict[str, Json]:
        """Write the query as DCQL; `parse_query` reads it back to an equal one."""
        written: dict[str, Json] = {"credentials": [one.to_json() for one in self.credentials]}
        if self.credential_sets:
            written["credential_sets"] = [_set_to_json(one) for one in self.credential_sets]
        return written


def parse_query(value: Json) -> Query:
    """Read a DCQL query.

    Args:
        value: the JSON value of `dcql_query`; arrays may be lists or tuples.

    Raises:
        Malformed: it is not a valid query, or larger than is read here. `where` says at which place.

    Source: OpenID4VP 1.0 section 6.
    """
    members = _object(value)
    credentials = _each(members, "credentials", MAX_CREDENTIALS, _credential)
    _require_unique([one.id for one in credentials], "two credential queries have one id")
    if sum(len(one.claims) for one in credentials) > MAX_CLAIMS:
        raise Malformed(f"more than {MAX_CLAIMS} claims are asked")
    if sum(len(names) for one in credentials for names in one.claim_sets) > MAX_CLAIM_REFERENCES:
        raise Malformed(f"the claim sets hold more than {MAX_CLAIM_REFERENCES} names")
    if "credential_sets" not in members:
        return Query(credentials=credentials)
    known = frozenset(one.id for one in credentials)
    sets = _each(members, "credential_sets", MAX_CREDENTIAL_SETS, lambda one: _credential_set(one, known))
    return Query(credentials=credentials, credential_sets=sets)


# -- reading ----------------------------------------------------------------------------------------------------------

_ANY_CREDENTIAL: Final = "https://www.w3.org/2018/credentials#VerifiableCredential"

_RETAIN: Final = "intent_to_retain"
_SAYING_WHAT_IS_KEPT: Final = frozenset(("mso_mdoc",))
"""Formats in which a claim may say whether it is kept; in others the member is unknown, and so ignored (B.2.4)."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def _credential(value: Json) -> CredentialQuery:
    members = _object(value)
    name = _text(members.get("format"), "format")
    retained = name in _SAYING_WHAT_IS_KEPT
    claims = _each(members, "claims", MAX_CLAIMS, lambda one: _claim(one, retained)) if "claims" in members else ()
    known = [one.id for one in claims if one.id is not None]
    _require_unique(known, "two claims of one credential query have one id")
    if name == "mso_mdoc":
        for index, one in enumerate(claims):
            with within("claims", index):
                if len(one.path) != 2 or not all(isinstance(part, str) for part in one.path):
                    raise Malformed("a path into an mdoc is a namespace and a data element (section 7.2)")
    claim_sets: tuple[tuple[str, ...], ...] = ()
    if "claim_sets" in members:
        if not claims:
            raise Malformed("`claim_sets` without `claims`")
        if len(known) != len(claims):
            raise Malformed("with `claim_sets` every claim has an id")
        referable = frozenset(known)
        claim_sets = _each(
            members, "claim_sets", MAX_CLAIM_SETS, lambda one: _references(one, MAX_CLAIMS, referable, "claim")
        )
    authorities = (
        _each(members, "trusted_authorities", MAX_VALUES, _authorities) if ("trusted_authorities" in members) else ()
    )
    return CredentialQuery(
        id=_id(members.get("id")),
        format=name,
        meta=_meta(name, members.get("meta")),
        claims=claims,
        claim_sets=claim_sets,
        multiple=_flag(members, "multiple", absent=False),
        trusted_authorities=authorities,
        require_cryptographic_holder_binding=_flag(members, "require_cryptographic_holder_binding", absent=True),
    )


def _meta(format: str, value: Json) -> Mapping[str, Json]:
    with within("meta"):
        members = _object(value)
        match format:
            case "dc+sd-jwt":
                return {"vct_values": _each(members, "vct_values", MAX_VALUES, lambda one: _text(one, "vct"))}
            case "mso_mdoc":
                return {"doctype_value": _text(members.get("doctype_value"), "doctype_value")}
            case "jwt_vc_json" | "ldp_vc":
                return {"type_values": _each(members, "type_values", MAX_VALUES, _types)}
            case _:
                return members


def _types(value: Json) -> tuple[str, ...]:
    return tuple(_text(one, "type") for one in _array(value, MAX_VALUES))


def _authorities(value: Json) -> TrustedAuthorities:
    members = _object(value)
    read = TrustedAuthorities(
        type=_text(members.get("type"), "type"),
        values=_each(members, "values", MAX_VALUES, lambda one: _text(one, "value")),
    )
    _ = read.key_ids  # an `aki` that is not base64url is refused here, and nowhere later
    return read


def _claim(value: Json, retained: bool) -> ClaimsQuery:
    members = _object(value)
    return ClaimsQuery(
        path=_each(members, "path", MAX_PATH, _component),
        id=_id(members["id"]) if "id" in members else None,
        values=_each(members, "values", MAX_VALUES, _value) if "values" in members else (),
        intent_to_retain=_flag(members, _RETAIN, absent=False) if retained and _RETAIN in members else None,
    )


def _component(value: Json) -> str | int | None:
    match value:
        case None:
            return None
        case str() if len(value) <= MAX_TEXT:
            return value
        case int() if not isinstance(value, bool) and value >= 0:
            return value
        case _:
            raise Malformed("a path holds strings, nulls and non-negative integers")


def _value(value: Json) -> Value:
    match value:
        case str() if len(value) <= MAX_TEXT:
            return value
        case bool() | int():
            return value
        case _:
            raise Malformed("`values` holds strings, integers and booleans")


def _credential_set(value: Json, known: frozenset[str]) -> CredentialSetQuery:
    members = _object(value)
    return CredentialSetQuery(
        options=_each(
            members,
            "options",
            MAX_CREDENTIAL_SETS,
            lambda one: _references(one, MAX_CREDENTIALS, known, "credential query"),
        ),
        required=_flag(members, "required", absent=True),
    )


def _references(value: Json, most: int, known: frozenset[str], what: str) -> tuple[str, ...]:
    names = tuple(_id(one) for one in _array(value, most))
    if not known.issuperset(names):
        raise Malformed(f"it names a {what} that is not there")
    return names


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise Malformed("an object is expected here")
    return value


def _array(value: Json, most: int) -> Sequence[Json]:
    if not isinstance(value, list | tuple) or not value:
        raise Malformed("a non-empty array is expected here")
    if len(value) > most:
        raise Malformed(f"an array of {len(value)} elements; at most {most} are read here")
    return value


def _each(members: Mapping[str, Json], name: str, most: int, read: Callable[[Json], T]) -> tuple[T, ...]:
    with within(name):
        elements = _array(members.get(name), most)
    done: list[T] = []
    for index, element in enumerate(elements):
        with within(name, index):
            done.append(read(element))
    return tuple(done)


def _text(value: Json, what: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise Malformed(f"`{what}` is a string of 1 to {MAX_TEXT} characters")
    return value


def _id(value: Json) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT or _ID.fullmatch(value) is None:
        raise Malformed("an id is made of letters, digits, underscores and hyphens")
    return value


def _flag(members: Mapping[str, Json], name: str, *, absent: bool) -> bool:
    value = members.get(name, absent)
    if not isinstance(value, bool):
        raise Malformed(f"`{name}` is a boolean")
    return value


def _require_unique(names: Sequence[str], message: str) -> None:
    if len(set(names)) != len(names):
        raise Malformed(message)


def _strings(value: Json) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()


def _single_types(value: Json) -> tuple[str, ...]:
    sets = [_strings(one) for one in value] if isinstance(value, list | tuple) else []
    several = [[name for name in one if name != _ANY_CREDENTIAL] for one in sets]
    return tuple(dict.fromkeys(one[0] for one in several if len(one) == 1))


# -- writing ----------------------------------------------------------------------------------------------------------


def _claim_to_json(claim: ClaimsQuery) -> dict[str, Json]:
    written: dict[str, Json] = {} if claim.id is None else {"id": claim.id}
    written["path"] = list(claim.path)
    if claim.values:
        written["values"] = list(claim.values)
    if claim.intent_to_retain is not None:
        written[_RETAIN] = claim.intent_to_retain
    return written


def _set_to_json(one: CredentialSetQuery) -> dict[str, Json]:
    written: dict[str, Json] = {"options": [list(option) for option in one.options]}
    if not one.required:
        written["required"] = False
    return written
