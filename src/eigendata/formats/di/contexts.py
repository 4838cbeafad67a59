"""The JSON-LD contexts that are known: those of the W3C, written here as facts, and those of our own credential types.

    facts -> context document, whose canonical form has the pinned hash -> W3C
    CredentialType -> context document                                  -> known(type) -> `jsonld.canonical_nquads`

None is ever fetched, and no other is read: whoever could change a context could change what was signed. The documents
are built from the tables below. What the W3C publishes as the hash of each is over octets, odd white space included;
what is pinned here is the value, in its one form (RFC 8785).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from eigendata.encoding import Json, json_dumps
from eigendata.errors import Misuse
from eigendata.formats.di.terms import Contexts, is_iri
from eigendata.model import Attribute, CredentialType, Kind

CREDENTIALS_V2: Final = "https://www.w3.org/ns/credentials/v2"
"""The context that stands first in every credential (VCDM 2.0 section 4.3)."""

DATA_INTEGRITY_V2: Final = "https://w3id.org/security/data-integrity/v2"
"""The context of proofs, for documents that are no credentials (VC Data Integrity 1.0 section 2.4.2)."""

PINNED: Final[Mapping[str, str]] = MappingProxyType(
    {
        CREDENTIALS_V2: "b463c8d6a066214123ddd9827b135e1b50e1fc73322cc52a9b12a4f1fc7d86cf",
        DATA_INTEGRITY_V2: "7ba3c50acf2689d5e07927267343eb353249c7c22a9f2d00307cc970e855e305",
    }
)
"""Context -> SHA-256 of its canonical JSON, hexadecimal."""

# -- the facts --------------------------------------------------------------------------------------------------------

_PREFIXES: Final[Mapping[str, str]] = {
    "cred": "https://www.w3.org/2018/credentials#",
    "dcterms": "http://purl.org/dc/terms/",
    "jose": "https://www.iana.org/assignments/jose#",
    "jwt": "https://www.iana.org/assignments/jwt#",
    "schema": "https://schema.org/",
    "sec": "https://w3id.org/security#",
    "status": "https://www.w3.org/ns/credentials/status#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "xsds": "https://www.w3.org/2001/XMLSchema#",
}

_PROOF: Final = """
DataIntegrityProof sec: {
  challenge sec:
  created dcterms: ^xsd:dateTime
  cryptosuite sec: ^sec:cryptosuiteString
  domain sec:
  expires sec:expiration ^xsd:dateTime
  nonce sec:
  previousProof sec: ^@id
  proofPurpose sec: ^@vocab {
    assertionMethod sec: ^@id *@set
    authentication sec:authenticationMethod ^@id *@set
    capabilityDelegation sec:capabilityDelegationMethod ^@id *@set
    capabilityInvocation sec:capabilityInvocationMethod ^@id *@set
    keyAgreement sec:keyAgreementMethod ^@id *@set
  }
  proofValue sec: ^sec:multibase
  verificationMethod sec: ^@id
}
"""

_DATA_INTEGRITY: Final = f"""
proof sec: ^@id *@graph
{_PROOF}
"""

_CREDENTIALS: Final = f"""
description schema:
digestMultibase sec: ^sec:multibase
digestSRI cred: ^cred:sriString
mediaType schema:encodingFormat object
name schema:

VerifiableCredential cred: {{
  confidenceMethod cred: ^@id
  credentialSchema cred: ^@id
  credentialStatus cred: ^@id
  credentialSubject cred: ^@id
  description schema:
  evidence cred: ^@id
  issuer cred: ^@id
  name schema:
  proof sec: ^@id *@graph
  refreshService cred: ^@id
  relatedResource cred: ^@id
  renderMethod cred: ^@id
  termsOfUse cred: ^@id
  validFrom cred: ^xsd:dateTime
  validUntil cred: ^xsd:dateTime
}}
EnvelopedVerifiableCredential cred:
VerifiablePresentation cred: {{
  holder cred: ^@id
  proof sec: ^@id *@graph
  termsOfUse cred: ^@id
  verifiableCredential cred: ^@id *@graph ended
}}
EnvelopedVerifiablePresentation cred:

JsonSchemaCredential cred:
JsonSchema cred: {{
  jsonSchema cred: ^@json
}}
BitstringStatusListCredential status:
BitstringStatusList status: {{
  encodedList status: ^sec:multibase
  statusPurpose status:
  ttl status:
}}
BitstringStatusListEntry status: {{
  statusListCredential status: ^@id
  statusListIndex status:
  statusPurpose status:
  statusMessage status: {{
    message status:
    status status:
  }}
  statusReference status: ^@id
  statusSize status: ^xsds:integer
}}
{_PROOF}
... jwt: object
_sd jwt: ^@json
_sd_alg jwt: object
aud jwt: ^@id
cnf jwt: bare {{
  kid jwt: ^@id
  jwk jwt: ^@json
}}
exp jwt: ^xsds:nonNegativeInteger
iat jwt: ^xsds:nonNegativeInteger
iss jose: ^@id
jku jose: ^@id
kid jose: ^@id
nbf jwt: ^xsds:nonNegativeInteger
sub jose: ^@id
x5u jose: ^@id
"""
"""A line is a term and its IRI, whose last part is the term itself where none is written; `^` is its type, `*` its
container, `{` begins the context within it. `object`: the term has no more than an IRI, and is an object nevertheless.
`bare`: the context within lacks `id` and `type`. `ended`: no context holds within."""


_MARKS: Final[Mapping[str, str]] = {"^": "@type", "*": "@container"}


def _built(facts: str) -> Json:
    stack: list[dict[str, Json]] = [_opened(bare=False)]
    for line in filter(None, map(str.split, facts.split("\n"))):
        if line == ["}"]:
            stack.pop()
            continue
        name, iri, *words = line
        definition: dict[str, Json] = {"@id": _iri(f"{iri}{name}" if iri.endswith(":") else iri)}
        for word in words:
            if word[0] in _MARKS:
                definition[_MARKS[word[0]]] = word[1:] if word[1] == "@" else _iri(word[1:])
        if "ended" in words:
            definition["@context"] = None
        if "{" in words:
            stack.append(_opened(bare="bare" in words))
            definition["@context"] = stack[-1]
        alone = len(definition) == 1 and "object" not in words
        stack[-2 if "{" in words else -1][name] = definition["@id"] if alone else definition
    return {"@context": stack[0]}


def _opened(*, bare: bool) -> dict[str, Json]:
    return {"@protected": True} if bare else {"@protected": True, "id": "@id", "type": "@type"}


def _iri(short: str) -> str:
    prefix, _, rest = short.partition(":")
    return _PREFIXES[prefix] + rest


@lru_cache(maxsize=1)
def w3c() -> Contexts:
    """Give the contexts of the W3C.

    Raises:
        Misuse: one is not what was pinned.
    """
    built = {CREDENTIALS_V2: _built(_CREDENTIALS), DATA_INTEGRITY_V2: _built(_DATA_INTEGRITY)}
    for url, document in built.items():
        if digest(document) != PINNED[url]:
            raise Misuse(f"the context {url} is not the one that was pinned")
    return Contexts(built)


def digest(document: Json) -> str:
    """Give the SHA-256 of a context's canonical JSON; its names and values are ASCII, so that sorting is RFC 8785's."""
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# -- our own types ----------------------------------------------------------------------------------------------------

_DATATYPES: Final[Mapping[Kind, str]] = {
    Kind.DATE: "http://www.w3.org/2001/XMLSchema#date",
    Kind.YEAR_MONTH: "http://www.w3.org/2001/XMLSchema#gYearMonth",
}
_LISTS: Final = frozenset({Kind.COUNTRIES, Kind.YEARS})
_SCHEMES: Final = frozenset({"did", "http", "https", "urn"})
"""With which identifiers begin: where one of them is a term, what begins with it is taken for a short spelling."""
_MOST_TYPES: Final = 256
_KNOWN: Final[dict[str, tuple[CredentialType, Contexts]]] = {}


def url(type: CredentialType) -> str:
    """Give the URL of a type's context, which is no place on the web."""
    return f"{type.id}:context"


def name(type: CredentialType) -> str:
    """Give the term by which a credential of a type says so in `type`: its short name, as class names are written."""
    return "".join(part[:1].upper() + part[1:] for part in re.split("[^A-Za-z0-9]+", type.short))


def known(type: CredentialType) -> Contexts:
    """Give the contexts that a credential of a type may name: those of the W3C, and its own."""
    kept = _KNOWN.get(type.id)
    if kept is None or kept[0] is not type:
        if len(_KNOWN) >= _MOST_TYPES:
            _KNOWN.clear()
        kept = _KNOWN[type.id] = (type, Contexts({**w3c(), url(type): document(type)}))
    return kept[1]


def describe(type: CredentialType) -> bytes:
    """Write a type's context, as the bytes that are published."""
    return json_dumps(document(type))


def document(type: CredentialType) -> Json:
    """Give the context of a type: a term for itself and one for each claim, with an IRI of its own below the type's id.

    An array is a list, for its order and what it holds twice are part of it. Every term is protected.

    Raises:
        Misuse: a claim is called as a term of the credentials context is, or as the type itself, or by what can be no
            term: then a reader of the JSON-LD would drop it, though a suite of JSON alone signs it.
    """
    if not all(_is_term(name) for one in type.attributes for name in one.path):
        raise Misuse(f"a claim of type {type.id} is called by what can be no term of a context")
    terms = _terms(type, type.attributes, ())
    if name(type) in terms or not (_names(w3c()[CREDENTIALS_V2]).isdisjoint((name(type), *terms))):
        raise Misuse(f"a claim of type {type.id} is called as a term of {CREDENTIALS_V2} is, or as the type itself")
    return {"@context": {"@protected": True, name(type): type.id, **terms}}


def _is_term(name: str) -> bool:
    """Tell whether a claim's name can be a term: the end of an IRI, and never the beginning of one."""
    plain = bool(name) and is_iri(f"urn:{name}") and name not in _SCHEMES and not name.startswith("@")
    return plain and not {":", "/"} & set(name)


def _names(context: Json) -> frozenset[str]:
    """Give the terms of a context, whatever node they hold in."""
    if not isinstance(context, Mapping):
        return frozenset()
    return frozenset(context).union(*map(_names, context.values()))


def _terms(type: CredentialType, attributes: tuple[Attribute, ...], above: tuple[str, ...]) -> dict[str, Json]:
    members: dict[str, list[Attribute]] = {}
    for attribute in attributes:
        members.setdefault(attribute.path[len(above)], []).append(attribute)
    terms: dict[str, Json] = {}
    for member, group in members.items():
        path = (*above, member)
        iri = f"{type.id}#{'.'.join(path)}"
        first = group[0]
        if first.path != path:
            within = _terms(type, tuple(group), path)
            terms[member] = {"@id": iri, "@context": {"@protected": True, **within}}
        elif first.kind in _DATATYPES:
            terms[member] = {"@id": iri, "@type": _DATATYPES[first.kind]}
        elif first.kind in _LISTS:
            terms[member] = {"@id": iri, "@container": "@list"}
        else:
            terms[member] = iri
    return terms
