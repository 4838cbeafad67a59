"""What one side asks the other, as data.

A worker stores a `Request` between asking and verifying, and a wallet builds one from the bytes it received; so it
holds no key, no type and no function, and can be written as JSON and read back to an equal one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eigendata.encoding import Json, b64url_decode, b64url_encode, freeze, thaw
from eigendata.errors import Malformed, within
from eigendata.model import Binding, ClaimPath, Party
from eigendata.query.language import Query, parse_query


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks.

    Attributes:
        proven: whether the asker showed that they are this party. Where not, the name is only what they call
            themselves.
    """

    party: Party
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a policy wants to know of one credential type; it fans out to one credential query for each format.

    The verifier's side only: it never goes over the wire.

    Attributes:
        id: its name in the policy and in the disclosure.
        type: the id of the credential type.
        paths: the type's own paths of every claim that any option of it asks.
        queries: format -> the id of the credential query that asks it in that format.
    """

    id: str
    type: str
    paths: tuple[ClaimPath, ...]
    queries: Mapping[str, str] = field(hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "queries", freeze(self.queries))


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReference:
    """The policy behind a request.

    Attributes:
        use: the intended use that it declares, by whose list a wallet judges what is asked; its own id where None.
        home: the conditions that were given with it for this one check. The verifier's side only.
    """

    id: str
    version: str
    use: str | None = None
    home: Mapping[str, Json] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "home", freeze(self.home))


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """To whom and how the answer is encrypted.

    Attributes:
        jwk: the verifier's public key for this one request, as it was published.
        encryptions: the content encryptions that the verifier offers, in its order: `A128GCM`.
    """

    jwk: Mapping[str, Json] = field(hash=False)
    encryptions: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "jwk", freeze(self.jwk))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request for credentials.

    Attributes:
        response_uri: where the answer goes.
        encryption: to whom it is encrypted on its way; None: to nobody, beyond the connection.
        state: comes back with the answer, unchanged.
        binding: what every proof of a holder in the answer must repeat.
        purpose: language -> why it is asked.
        keep: outcome -> how long what follows from it is kept.
        questions: empty on the wallet's side, and for a plain query without a policy.
    """

    asker: Asker
    response_uri: str
    encryption: Encryption | None = None
    state: str | None = field(repr=False)
    query: Query
    binding: Binding
    purpose: Mapping[str, str] = field(default_factory=dict, hash=False)
    legal_basis: tuple[str, ...] = ()
    keep: Mapping[str, str] = field(default_factory=dict, hash=False)
    policy: PolicyReference | None = None
    questions: tuple[Question, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "purpose", freeze(self.purpose))
        object.__setattr__(self, "keep", freeze(self.keep))

    def to_json(self) -> dict[str, Json]:
        """Write the request for a store; `from_json` reads it back to an equal one."""
        return {
            "asker": {"id": self.asker.party.id, "name": self.asker.party.name, "proven": self.asker.proven},
            "response_uri": self.response_uri,
            "encryption": _encryption_to_json(self.encryption),
            "state": self.state,
            "query": self.query.to_json(),
            "binding": {
                "audience": self.binding.audience,
                "nonce": self.binding.nonce,
                "transcript": b64url_encode(self.binding.transcript),
            },
            "purpose": dict(self.purpose),
            "legal_basis": list(self.legal_basis),
            "keep": dict(self.keep),
            "policy": _policy_to_json(self.policy),
            "questions": [
                {
                    "id": one.id,
                    "type": one.type,
                    "paths": [list(path) for path in one.paths],
                    "queries": dict(one.queries),
                }
                for one in self.questions
            ],
        }

    @classmethod
    def from_json(cls, value: Json) -> Request:
        """Read what `to_json` wrote.

        Raises:
            Malformed: it is something else.
        """
        with within("stored request"):
            match value:
                case {
                    "asker": {"id": str(id), "name": str(name), "proven": bool(proven)},
                    "response_uri": str(response_uri),
                    "encryption": encryption,
                    "state": (str() | None) as state,
                    "query": query,
                    "binding": {"audience": str(audience), "nonce": str(nonce), "transcript": str(transcript)},
                    "purpose": purpose,
                    "legal_basis": [*legal_basis],
                    "keep": keep,
                    "policy": policy,
                    "questions": [*questions],
                } if audience and nonce:
                    return cls(
                        asker=Asker(party=Party(id=id, name=name), proven=proven),
                        response_uri=response_uri,
                        encryption=_encryption(encryption),
                        state=state,
                        query=parse_query(query),
                        binding=Binding(audience=audience, nonce=nonce, transcript=b64url_decode(transcript)),
                        purpose=_texts(purpose),
                        legal_basis=tuple(_text(one) for one in legal_basis),
                        keep=_texts(keep),
                        policy=_policy(policy),
                        questions=tuple(_question(one) for one in questions),
                    )
                case _:
                    raise Malformed("this is not a request as it is stored here")


def _encryption_to_json(encryption: Encryption | None) -> Json:
    if encryption is None:
        return None
    return {"jwk": thaw(encryption.jwk), "encryptions": list(encryption.encryptions)}


def _encryption(value: Json) -> Encryption | None:
    match value:
        case None:
            return None
        case {"jwk": jwk, "encryptions": [*encryptions]} if isinstance(jwk, Mapping):
            return Encryption(jwk=jwk, encryptions=tuple(_text(one) for one in encryptions))
        case _:
            raise Malformed("`encryption` is not as it is stored here")


def _policy_to_json(policy: PolicyReference | None) -> Json:
    if policy is None:
        return None
    return {"id": policy.id, "version": policy.version, "use": policy.use, "home": thaw(policy.home)}


def _policy(value: Json) -> PolicyReference | None:
    match value:
        case None:
            return None
        case {"id": str(id), "version": str(version), "use": (str() | None) as use, "home": home} if isinstance(
            home, Mapping
        ):
            return PolicyReference(id=id, version=version, use=use, home=home)
        case _:
            raise Malformed("`policy` is not as it is stored here")


def _question(value: Json) -> Question:
    match value:
        case {"id": str(id), "type": str(type), "paths": [*paths], "queries": queries}:
            return Question(id=id, type=type, paths=tuple(_path(one) for one in paths), queries=_texts(queries))
        case _:
            raise Malformed("`questions` is not as it is stored here")


def _path(value: Json) -> ClaimPath:
    if not isinstance(value, list | tuple):
        raise Malformed("a path is not as it is stored here")
    parts: list[str | int | None] = []
    for part in value:
        if isinstance(part, bool) or not isinstance(part, str | int | None):
            raise Malformed("a path is not as it is stored here")
        parts.append(part)
    return tuple(parts)


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise Malformed("a text is expected here")
    return value


def _texts(value: Json) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise Malformed("an object of texts is expected here")
    return {name: _text(member) for name, member in value.items()}
