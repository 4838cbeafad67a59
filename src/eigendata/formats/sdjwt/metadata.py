"""What follows from a credential type in this format: where its claims lie, which can be withheld, its type metadata.

    CredentialType -> Shape: a tree of claims   -> what an issuer conceals, and how many decoys hide what is not there
                             the type metadata  -> published bytes, `vct#integrity` over them, and its rules checked

Claims that are in every credential of a type are in clear (`sd` never, mandatory); every other can be withheld (`sd`
always), and so can the object that it lies in and each element of an array.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eigendata.encoding import Json, b64_decode, b64_encode, json_dumps
from eigendata.errors import Malformed, Misuse
from eigendata.formats.sdjwt.parse import Place
from eigendata.model import Attribute, ClaimPath, Claims, CredentialType, Kind, Presence

NAME: Final = "dc+sd-jwt"
"""The format's identifier in OpenID4VCI and OpenID4VP, and its `typ` (SD-JWT VC 2.2.1)."""

DIGEST_NAMES: Final = frozenset(("_sd", "...", "_sd_alg"))
"""Names that no claim can have at any depth: digests stand under them."""

REGISTERED: Final = DIGEST_NAMES | {
    *("iss", "aud", "exp", "nbf", "iat", "cnf"),
    *("vct", "vct#integrity", "aka_vcts", "status"),
}
"""Names that no claim of a type can have at the top level: the token itself needs them."""

TECHNICAL: Final = (REGISTERED - {"aka_vcts", "..."}) | {"jti"}
"""Of those what says nothing about anybody, and what numbers a token."""

_SHAPES_LIMIT: Final = 256
"""Types whose shape is kept: a catalogue has some twenty."""

_ARRAYS: Final = frozenset((Kind.COUNTRIES, Kind.YEARS))
_HASHES: Final[tuple[tuple[str, Callable[[bytes], Any]], ...]] = (
    ("sha512", hashlib.sha512),
    ("sha384", hashlib.sha384),
    ("sha256", hashlib.sha256),
)


@dataclass(slots=True, kw_only=True)
class Node:
    """One name in the tree of a type's claims.

    Attributes:
        own: where the claim lies in the type's own terms; None for an object in between.
        encoded: the name as JSON, and a comma.
        clear: it is in every credential and cannot be withheld, or something in it is.
        mandatory: its members that are in every credential.
        width: how many of its members can be withheld: so many digests its `_sd` always has.
        array: it is an array of which each element can be withheld.
        plain: of its members that can be withheld and in the type's own terms lie among the claims themselves, nearly
            all, the name of the claim -> `encoded`.
        others: its other members.
    """

    own: tuple[str, ...] | None = None
    encoded: bytes = b""
    clear: bool = False
    mandatory: frozenset[str] = frozenset()
    width: int = 0
    array: bool = False
    members: dict[str, Node] = field(default_factory=dict)
    plain: dict[str, bytes] = field(default_factory=dict)
    others: dict[str, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What follows from one type.

    Attributes:
        root: the tree of claims as this format places them.
        declared: each object among the type's own paths -> the names in it; the claims themselves under (), and each
            after what it lies in.
        metadata: the type metadata, as published.
        integrity: `vct#integrity` over those bytes.
        salts: how many salts one credential takes, arrays of some length included.
    """

    type: CredentialType
    root: Node
    declared: Mapping[tuple[str, ...], frozenset[str]]
    metadata: bytes
    integrity: str
    salts: int


def type_id(type: CredentialType) -> str:
    """Give a type's `vct`."""
    return type.names.get(NAME, type.id)


def place(attribute: Attribute) -> ClaimPath:
    """Give where a claim lies in the processed payload."""
    return attribute.names.get(NAME, attribute.path)


def is_ours(type: CredentialType) -> bool:
    """Tell whether the type metadata of a type is made here: its claims are declared, and its name was not given."""
    return bool(type.attributes) and NAME not in type.names


def shape(type: CredentialType) -> Shape:
    """Give what follows from a type that declares its claims.

    Raises:
        Misuse: two claims lie in the same place, or where a token has something else.
    """
    kept = _SHAPES.get(type.id)
    if kept is not None and kept.type is type:
        return kept
    made = _shape(type)
    if len(_SHAPES) >= _SHAPES_LIMIT:
        _SHAPES.clear()
    _SHAPES[type.id] = made
    return made


# A CredentialType holds mappings and so is no key of an lru_cache; by identity it is known again.
_SHAPES: Final[dict[str, Shape]] = {}


def _shape(type: CredentialType) -> Shape:
    root = Node()
    for attribute in type.attributes:
        _grow(root, attribute)
    _measure(root)
    metadata = _metadata(type, root)
    paths = [attribute.path for attribute in type.attributes]
    parents = {path[:end] for path in paths for end in range(len(path))}
    return Shape(
        type=type,
        root=root,
        declared={
            parent: frozenset(path[len(parent)] for path in paths if _inside(path, parent))
            for parent in sorted(parents, key=len)
        },
        metadata=metadata,
        integrity=f"sha256-{b64_encode(hashlib.sha256(metadata).digest())}",
        salts=root.width + sum(8 for one in type.attributes if one.kind in _ARRAYS or len(one.path) > 1),
    )


def _inside(path: tuple[str, ...], parent: tuple[str, ...]) -> bool:
    return len(path) > len(parent) and path[: len(parent)] == parent


def _grow(root: Node, attribute: Attribute) -> None:
    names = [part for part in place(attribute) if isinstance(part, str)]
    fits = len(names) == len(place(attribute)) and names and names[0] not in REGISTERED
    if not fits or not DIGEST_NAMES.isdisjoint(names):
        raise Misuse(f"claim {'.'.join(attribute.path)} cannot lie where its type says in {NAME}")
    node = root
    for name in names:
        node.clear = node.clear or attribute.presence is Presence.ALWAYS
        if node.own is not None:
            raise Misuse(f"claim {'.'.join(attribute.path)} lies inside another claim")
        node = node.members.setdefault(name, Node(encoded=json_dumps(name) + b","))
    if node.own is not None or node.members:
        raise Misuse(f"claim {'.'.join(attribute.path)} lies where another claim lies")
    node.own = attribute.path
    node.clear = attribute.presence is Presence.ALWAYS
    node.array = attribute.kind in _ARRAYS and not node.clear


def _measure(node: Node) -> None:
    node.mandatory = frozenset(name for name, member in node.members.items() if member.clear)
    node.width = len(node.members) - len(node.mandatory)
    for name, member in node.members.items():
        _measure(member)
        if member.own is None or len(member.own) > 1 or member.clear:
            node.others[name] = member
        else:
            node.plain[member.own[0]] = member.encoded


# -- type metadata ----------------------------------------------------------------------------------------------------


def _metadata(type: CredentialType, root: Node) -> bytes:
    """Write the type metadata (SD-JWT VC 5.2, 5.5, 5.6). A name without a label is an object that holds claims."""
    claims: list[Json] = [{"path": path, "sd": "always"} for path in _parents(root, ())]
    for attribute in type.attributes:
        always = attribute.presence is Presence.ALWAYS
        sd = "never" if always else "always"
        display = [{"locale": language, "label": label} for language, label in attribute.label.items()]
        path = place(attribute)
        claims.append({"path": path, "display": display, "mandatory": always, "sd": sd})
        if attribute.kind in _ARRAYS and not always:
            claims.append({"path": (*path, None), "sd": sd})
    return json_dumps(
        {
            "vct": type_id(type),
            "name": type.label.get("en", type.short),
            "display": [{"locale": language, "name": label} for language, label in type.label.items()],
            "claims": claims,
        }
    )


def _parents(node: Node, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    found = []
    for name, member in node.members.items():
        if member.members:
            if not member.clear:
                found.append((*path, name))
            found += _parents(member, (*path, name))
    return found


def has_integrity(integrity: str, document: bytes) -> bool:
    """Tell whether integrity metadata is of exactly this document (SD-JWT VC 6; W3C SRI section 3 for its form).

    Of several expressions those of the strongest known algorithm count; where none is known the answer is no.
    """
    expressions = [one.partition("-") for one in integrity.split()]
    for name, hash_ in _HASHES:
        digests = [value.partition("?")[0] for algorithm, _, value in expressions if algorithm == name]
        if digests:
            return any(_decoded(value) == hash_(document).digest() for value in digests)
    return False


def _decoded(value: str) -> bytes | None:
    try:
        return b64_decode(value)
    except Malformed:
        return None


def follows(shape: Shape, document: Claims, disclosed: Container[Place]) -> bool:
    """Tell whether a credential is made as its type metadata says (SD-JWT VC 5.6).

    A claim that can be withheld and is not shown says nothing: undisclosed is not missing. Of a claim that the
    metadata does not name it says nothing either.

    Args:
        disclosed: where the elements lie that came by disclosures.
    """
    return _follows(shape.root, document, (), disclosed)


def _follows(node: Node, shown: Claims, place: Place, disclosed: Container[Place]) -> bool:
    if not node.mandatory <= shown.keys():
        return False
    for name in node.members.keys() & shown.keys():
        member, value = node.members[name], shown[name]
        where = (*place, name)
        if member.clear == (where in disclosed):
            return False
        if member.members and not (isinstance(value, Mapping) and _follows(member, value, where, disclosed)):
            return False
        if member.array and not _each_disclosed(value, where, disclosed):
            return False
    return True


def _each_disclosed(value: Json, where: Place, disclosed: Container[Place]) -> bool:
    # a path that ends in null demands an array
    return isinstance(value, tuple) and all((*where, index) in disclosed for index in range(len(value)))
