"""Where a type's claims lie in a credential of this format, and whether a credential holds those and nothing else.

Nothing here reads JSON-LD. A credential of a known type has the contexts of that type and no other, so its JSON is all
that its JSON-LD can mean: each claim under its own name within `credentialSubject`, each value of its kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from eigendata.encoding import Json
from eigendata.formats.di import contexts
from eigendata.formats.di.parse import BASE_TYPE, Credential
from eigendata.model import Attribute, ClaimPath, CredentialType, Kind

NAME: Final = "ldp_vc"
"""The format's identifier in OpenID4VCI and OpenID4VP (OpenID4VP 1.0 B.1.3.2)."""

SUBJECT: Final = "credentialSubject"
CONTEXT: Final = "@context"

_OF_CREDENTIALS: Final = frozenset(
    {
        *(CONTEXT, "id", "type", "name", "description", "issuer", "validFrom", "validUntil", SUBJECT),
        *("credentialStatus", "credentialSchema"),
    }
)
_PLAIN: Final[Mapping[Kind, type]] = {Kind.YEAR: int, Kind.INTEGER: int, Kind.BOOLEAN: bool}
_LISTS: Final[Mapping[Kind, type]] = {Kind.COUNTRIES: str, Kind.YEARS: int}


def type_id(type: CredentialType) -> str:
    """Give the IRI of a type: what its name in `type` stands for, and what DCQL asks."""
    return type.names.get(NAME, type.id)


def place(type: CredentialType, attribute: Attribute) -> ClaimPath:
    """Give where a claim lies."""
    return attribute.names.get(NAME, (SUBJECT, *attribute.path))


def types_of(type: CredentialType) -> tuple[str, ...]:
    """Give the `type` of a credential of a type."""
    return (BASE_TYPE, contexts.name(type))


def contexts_of(type: CredentialType) -> list[Json]:
    """Give the `@context` of a credential of a type."""
    return [contexts.CREDENTIALS_V2, contexts.url(type)]


def are_known(values: Sequence[Json], known: Mapping[str, Json]) -> bool:
    """Tell whether every context of some is the URL of a known one."""
    return all(isinstance(one, str) and one in known for one in values)


def holds_context(value: Json) -> bool:
    """Tell whether a context stands anywhere in a value."""
    if isinstance(value, Mapping):
        return CONTEXT in value or any(map(holds_context, value.values()))
    return isinstance(value, list) and any(map(holds_context, value))


def holds_keyword(value: Json) -> bool:
    """Tell whether any name in a value is one of JSON-LD's own, by which it could be read in another way."""
    if isinstance(value, Mapping):
        return any(name.startswith("@") for name in value) or any(map(holds_keyword, value.values()))
    return isinstance(value, list) and any(map(holds_keyword, value))


def is_whole(credential: Credential, subject: Mapping[str, Json], type: CredentialType) -> bool:
    """Tell whether a credential holds what its contexts define, each value of its kind, and nothing besides.

    Two that are named by one `id` would be one in RDF: issuer, credential and subject have names of their own.
    """
    named = [one for one in (credential.issuer, credential.document.get("id"), subject.get("id")) if one is not None]
    claims = {name: value for name, value in subject.items() if name != "id"}
    return (
        credential.document.keys() <= _OF_CREDENTIALS
        and len(set(map(str, named))) == len(named)
        and bool(claims)
        and _fits(claims, type.attributes, 0)
    )


def _fits(claims: Mapping[str, Json], attributes: Sequence[Attribute], depth: int) -> bool:
    members: dict[str, list[Attribute]] = {}
    for attribute in attributes:
        members.setdefault(attribute.path[depth], []).append(attribute)
    for name, value in claims.items():
        group = members.get(name)
        if group is None:
            return False
        if len(group[0].path) == depth + 1:
            if not _is_of(value, group[0].kind):
                return False
        elif not isinstance(value, Mapping) or not value or not _fits(value, group, depth + 1):
            return False
    return True


def _is_of(value: Json, kind: Kind) -> bool:
    of = _LISTS.get(kind)
    if of is not None:
        return isinstance(value, list) and all(type(one) is of for one in value)
    return type(value) is _PLAIN.get(kind, str)
