"""Presentations made by hand, of any shape: what every implementation of the differential tests is shown.

    a tree of claims, some hidden -> wrap() -> Draft -> token()   a presentation whose two signatures hold
                                               and changed before: one rule is broken, and they hold all the same

Nothing of a format is used here but keys: the drafts are a model of their own, and say what a verifier should see.
Everything is dated from the clock, because one of the peers reads no other.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, TypeAlias

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import b64url_encode

ISSUER: Final = "https://issuer.example"
VCT: Final = "https://types.example/any"
AUDIENCE: Final = "redirect_uri:https://corporation.example/answer"
NONCE: Final = "nonce-of-this-session"
DAY: Final = 86_400

ISSUER_KEYS: Final = {algorithm: SoftwareKey.generate(algorithm) for algorithm in Algorithm}
HOLDER_KEYS: Final = {algorithm: SoftwareKey.generate(algorithm) for algorithm in Algorithm}
OTHER_KEY: Final = SoftwareKey.generate(Algorithm.ES256)

HASHES: Final[Mapping[str, Callable[[bytes], Any]]] = {
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
}

ABSENT: Final = object()
"""A member with this value is left out."""


def now() -> int:
    return int(time.time())


def b64(text: bytes) -> str:
    return b64url_encode(text)


def written(value: Any) -> bytes:
    """Give JSON; bytes stand for themselves, so that a text can be what no writer gives."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, Mapping):
        value = {name: member for name, member in value.items() if member is not ABSENT}
    return json.dumps(value, separators=(",", ":")).encode()


def digest(encoded: str, hash: str = "sha-256") -> str:
    return b64(HASHES[hash](encoded.encode("utf-8")).digest())


def disclosure(*contents: Any) -> str:
    return b64(written(list(contents)))


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A holder's proof.

    Attributes:
        claims: those that differ from a good proof's. One that is a function is given what the proof is over.
        rewrite: gives the text that is signed in place of a good writer's.
    """

    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    key: SoftwareKey = HOLDER_KEYS[Algorithm.ES256]
    rewrite: Callable[[str], str] | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A presentation that is not signed yet.

    Attributes:
        payload: what the issuer signs; bytes stand for themselves.
        disclosures: as they are sent, encoded.
        signature: what takes the place of the issuer's signature, if anything does.
        spell: how header and payload of the credential are encoded, and signed so.
    """

    payload: Mapping[str, Any] | bytes
    disclosures: tuple[str, ...] = ()
    header: Mapping[str, Any] | bytes = field(default_factory=dict)
    key: SoftwareKey = ISSUER_KEYS[Algorithm.ES256]
    hash: str = "sha-256"
    proof: Proof | None = field(default_factory=Proof)
    signature: bytes | None = None
    spell: tuple[Callable[[bytes], str], Callable[[bytes], str]] = (b64url_encode, b64url_encode)

    def credential(self) -> str:
        """Give the part that a holder's proof is over."""
        first = signed(self.header, self.payload, self.key, typ="dc+sd-jwt", signature=self.signature, spell=self.spell)
        return "~".join((first, *self.disclosures, ""))

    def token(self) -> bytes:
        shown = self.credential()
        if self.proof is None:
            return shown.encode("utf-8")
        return (shown + self.prove(shown, self.proof)).encode("utf-8")

    def prove(self, shown: str, proof: Proof) -> str:
        made = {"iat": now(), "aud": AUDIENCE, "nonce": NONCE, "sd_hash": digest(shown, self.hash), **proof.claims}
        text = written({name: value(shown) if callable(value) else value for name, value in made.items()})
        if proof.rewrite is not None:
            text = proof.rewrite(text.decode()).encode()
        return signed(proof.header, text, proof.key, typ="kb+jwt")

    @property
    def members(self) -> dict[str, Any]:
        assert not isinstance(self.payload, bytes)
        return dict(self.payload)


def signed(
    header: Mapping[str, Any] | bytes,
    payload: Mapping[str, Any] | bytes,
    key: SoftwareKey,
    *,
    typ: str,
    signature: bytes | None = None,
    spell: tuple[Callable[[bytes], str], Callable[[bytes], str]] = (b64url_encode, b64url_encode),
) -> str:
    """Give a compact JWS of anything at all."""
    if not isinstance(header, bytes):
        header = {"alg": str(key.public_key.algorithm), "typ": typ, **header}
    text = f"{spell[0](written(header))}.{spell[1](written(payload))}"
    made = key.sign(text.encode()) if signature is None else signature
    return f"{text}.{b64(made)}"


def frame(key: SoftwareKey = HOLDER_KEYS[Algorithm.ES256], **changes: Any) -> dict[str, Any]:
    """Give the claims that a credential itself needs; `**changes` spoil them."""
    made = {
        "iss": ISSUER,
        "vct": VCT,
        "iat": now() - DAY,
        "exp": now() + 14 * DAY,
        "cnf": {"jwk": dict(key.public_key.jwk())},
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ABSENT}


Drafted: TypeAlias = Callable[[Draft, Random], Draft | None]
"""A change before the signatures are made; None where it cannot be made to this draft."""

Sent: TypeAlias = Callable[[bytes, Random], bytes | None]
"""A change to the bytes that are sent."""


# -- claims, of which some are hidden ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    value: Any


@dataclass(frozen=True)
class Members:
    """An object: its members, each hidden or not, and how many digests of nothing stand among theirs."""

    of: tuple[tuple[str, bool, Tree], ...]
    decoys: int = 0


@dataclass(frozen=True)
class Elements:
    """An array, in the same way; the decoys stand at its end."""

    of: tuple[tuple[bool, Tree], ...]
    decoys: int = 0


Tree: TypeAlias = Leaf | Members | Elements


@dataclass
class Wrapped:
    """A tree as an issuer wrapped it.

    Attributes:
        disclosures: encoded, an outer one before what lies in it.
        above: for each of them the one that holds its digest, or None.
    """

    hash: str
    write: Callable[[Any], bytes] = written
    disclosures: list[str] = field(default_factory=list)
    above: list[int | None] = field(default_factory=list)
    salts: int = 0

    def salt(self) -> str:
        self.salts += 1
        return b64(hashlib.sha256(b"%d" % self.salts).digest()[:18])

    def hide(self, above: int | None, tree: Tree, *name: str) -> str:
        """Hide one element; give its digest."""
        index = len(self.disclosures)
        self.disclosures.append("")
        self.above.append(above)
        value = self.wrap(tree, index)
        self.disclosures[index] = b64(self.write([self.salt(), *name, value]))
        return digest(self.disclosures[index], self.hash)

    def wrap(self, tree: Tree, above: int | None = None) -> Any:
        """Give a tree as it stands in a payload or a disclosure."""
        match tree:
            case Leaf(value):
                return value
            case Members(of, decoys):
                shown: dict[str, Any] = {}
                digests = [digest(self.salt(), self.hash) for _ in range(decoys)]
                for name, hidden, member in of:
                    if hidden:
                        digests.append(self.hide(above, member, name))
                    else:
                        shown[name] = self.wrap(member, above)
                return {**shown, "_sd": sorted(digests)} if digests else shown
            case Elements(of, decoys):
                elements = [
                    {"...": self.hide(above, element)} if hidden else self.wrap(element, above)
                    for hidden, element in of
                ]
                return elements + [{"...": digest(self.salt(), self.hash)} for _ in range(decoys)]

    def closed(self, chosen: set[int]) -> list[int]:
        """Give those that were chosen and hang together: each with all that it lies in."""
        kept: list[int] = []
        for index, above in enumerate(self.above):
            if index in chosen and (above is None or above in kept):
                kept.append(index)
        return kept


def seen(tree: Tree, chosen: set[int]) -> Any:
    """Give what a verifier should see of a tree, when these disclosures are shown."""
    counter = iter(range(10_000))

    def look(tree: Tree) -> Any:
        match tree:
            case Leaf(value):
                return value
            case Members(of):
                found = {}
                for name, hidden, member in of:
                    index = next(counter) if hidden else None
                    value = look(member)
                    if index is None or index in chosen:
                        found[name] = value
                return found
            case Elements(of):
                elements = []
                for hidden, element in of:
                    index = next(counter) if hidden else None
                    value = look(element)
                    if index is None or index in chosen:
                        elements.append(value)
                return elements

    return look(tree)
