"""JSON-LD documents that are nasty to whoever makes statements of them, or tells their blank nodes apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from eigendata.formats.di import contexts

from .doors import HOUSEHOLD
from .pieces import MIB, Maker, dumped, filled

BEGUN: Final = dumped(
    {"@context": [contexts.CREDENTIALS_V2, contexts.url(HOUSEHOLD)], "type": ["VerifiableCredential"]}
)[:-1]
TYPES: Final = ("VerifiablePresentation", "JsonSchema", "BitstringStatusList", "BitstringStatusListEntry", "Huishouden")


def credential(**members: Any) -> bytes:
    return BEGUN + b"," + dumped(members)[1:]


def many(before: bytes, piece: bytes, after: bytes = b"]}") -> Maker:
    """As many pieces as there is room for, in an array of a credential."""
    return lambda: filled(BEGUN + b"," + before, piece, after, between=b",")


def each(member: str, value: str, number: int) -> Maker:
    """This many values of a member, each with its own number in it."""
    values = b",".join((value % place).encode() for place in range(number))
    return lambda: BEGUN + f',"{member}":['.encode() + values + b"]}"


def tree(width: int, depth: int) -> dict[str, Any]:
    """Nodes that all look alike, each with as many below it."""
    below = [tree(width, depth - 1) for _ in range(width)] if depth else "urn:x"
    return {"type": "VerifiableCredential", "relatedResource" if depth == 0 else "evidence": below}


def chain(length: int) -> dict[str, Any]:
    value: dict[str, Any] = {"name": "x"}
    for _ in range(length):
        value = {"type": "VerifiableCredential", "termsOfUse": value}
    return value


def scoped(types: int) -> bytes:
    """Objects whose types bring contexts, in as many sets of them as there are."""
    sets = [[name for bit, name in enumerate(TYPES) if number >> bit & 1] for number in range(1, 2 ** len(TYPES))]
    nodes: list[Any] = [{"type": [*sets[number % len(sets)], f"urn:{number}"], "name": "x"} for number in range(types)]
    value: dict[str, Any] = {"name": "x"}
    for number in range(50):
        value = {"type": sets[number % len(sets)], "name": value}
    return credential(name=nodes, description=value)


DOCUMENTS: Final[Mapping[str, Maker]] = {
    "the same text again and again": many(b'"name":[', b'"x"'),
    "empty objects": many(b'"evidence":[', b"{}"),
    "objects that look alike": many(b'"evidence":[', b'{"name":"x"}'),
    "objects in pairs": many(b'"evidence":[', b'{"type":"VerifiableCredential","evidence":[{},{}]}'),
    "types": lambda: credential(evidence=[{"type": [f"urn:{n}" for n in range(80_000)]}]),
    "references": each("relatedResource", '"urn:%d"', 60_000),
    "references, as many as are read": each("relatedResource", '"urn:%d"', 4_000),
    "numbers": each("name", "%d", 100_000),
    "a list of one number": many(b'"credentialSubject":{"child_birth_years":[', b"2015", b"]}}"),
    "a list of as many as are read": lambda: credential(credentialSubject={"child_birth_years": [2015] * 2_000}),
    "a list of a few": lambda: credential(credentialSubject={"child_birth_years": [2015] * 40}),
    "a long identifier": lambda: credential(id=f"urn:{'x' * (MIB // 2)}", name=[str(n) for n in range(4_000)]),
    "a long text": lambda: filled(BEGUN + b',"name":"', b"\x7f", b'"}'),
    "long texts that look alike": lambda: credential(evidence=[{"name": "x" * 100_000}] * 9),
    "a member of a long name": lambda: credential(**{"x" * (MIB - 1_000): 1}),
    "a tree of nodes that look alike": lambda: credential(evidence=[tree(2, 8), tree(2, 8)]),
    "a wide tree of nodes that look alike": lambda: credential(evidence=[tree(9, 3), tree(9, 3)]),
    "two large sets of nodes that look alike": lambda: credential(evidence=[tree(2_000, 1), tree(2_000, 1)]),
    "chains that look alike": lambda: credential(evidence=[chain(55) for _ in range(60)]),
    "a chain that is too long": lambda: credential(evidence=chain(57)),
    "sets of types": lambda: scoped(1_500),
    "many credentials in a presentation": lambda: dumped(
        {
            "@context": [contexts.CREDENTIALS_V2],
            "type": ["VerifiablePresentation"],
            "verifiableCredential": [
                {"@context": [contexts.CREDENTIALS_V2], "type": "VerifiableCredential", "name": "x"}
                for _ in range(1_300)
            ],
        }
    ),
    "many contexts": lambda: dumped({"@context": [contexts.CREDENTIALS_V2] * 25_000, "name": "x"}),
}
