"""Controller documents and DIDs: from the name of a verification method to the key that its controller gives it.

    did:key, did:jwk -> the document follows from the name
    did:web, https   -> the document is fetched, once for a verification, and kept for a while
    pinned           -> the document that the caller has already
    document -> require_key(method, relationship) -> PublicKey

It keeps to itself how strictly a name is read. A DID of the web is a host name in lower case and a path of plain
segments, and so are the https addresses: no port, no user, no dots that lead upwards, nothing encoded, nothing that two
programs could take for two hosts. What is fetched must bear the name under which it was asked for.

Source: Controlled Identifiers 1.0; did:key 0.9; did:jwk; did:web.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from eigendata.crypto import multikey
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Json, b64url_decode, date_time_stamp, json_dumps, json_loads, json_object
from eigendata.errors import Check, Malformed, Reason, Rejected, Trail, Unavailable

if TYPE_CHECKING:
    from eigendata.fetch import Reply

NAME_LIMIT: Final = 2_048
"""Characters of a DID or controller's address: a did:jwk of a P-384 key is some 250."""
DOCUMENT_LIMIT: Final = 65_536
"""Octets of a controller document: one of ours is some 500."""
METHODS_LIMIT: Final = 100
"""Verification methods of one document, and references to them: an issuer has a few, old and new."""
CONTROLLERS_LIMIT: Final = 1_024
"""Controllers whose documents are kept; there are some 340 municipalities."""
LIFETIME: Final = timedelta(minutes=5)
"""How long a document that was fetched is believed: so long a key that its controller took away still counts."""
PAUSE: Final = timedelta(seconds=30)
"""How long a failure is kept: forged tokens can neither keep a verifier waiting nor make it hammer a controller."""

ASSERTION: Final = "assertionMethod"
AUTHENTICATION: Final = "authentication"
MEDIA_TYPES: Final = (
    "application/did",
    "application/cid",
    "application/did+json",
    "application/did+ld+json",
    "application/json",
    "application/ld+json",
)

CONTROLLER_NAME: Final = Check(
    name="CONTROLLER_NAME",
    clause="CID 1.0 3.3 (1), did:web 2.5.2",
    reason=Reason.FETCH_BLOCKED,
    rule="The controller is named by did:key, did:jwk, or a plain did:web or https address.",
)
CONTROLLER_DOCUMENT: Final = Check(
    name="CONTROLLER_DOCUMENT",
    clause="CID 1.0 3.3 (5)",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="What the controller publishes is a controller document that can be read, and no larger than any.",
)
DOCUMENT_ID: Final = Check(
    name="DOCUMENT_ID",
    clause="CID 1.0 3.3 (6)",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The controller document bears, letter by letter, the name under which it was asked for.",
)
DOCUMENT_ACTIVE: Final = Check(
    name="DOCUMENT_ACTIVE",
    clause="DID Core 1.0 7.1.3",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The controller document was not deactivated.",
)
METHOD_THERE: Final = Check(
    name="METHOD_THERE",
    clause="CID 1.0 3.3 (7-9)",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The controller document holds the verification method, with one key of a kind that is known here.",
)
METHOD_CONTROLLER: Final = Check(
    name="METHOD_CONTROLLER",
    clause="CID 1.0 3.3 (10)",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The verification method is the controller's own, and no other's.",
)
METHOD_PURPOSE: Final = Check(
    name="METHOD_PURPOSE",
    clause="CID 1.0 3.3 (11)",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The controller allows the verification method for the purpose of the proof.",
)
METHOD_EXPIRES: Final = Check(
    name="METHOD_EXPIRES",
    clause="CID 1.0 2.2",
    reason=Reason.EXPIRED,
    rule="The verification method has not expired.",
)
METHOD_REVOKED: Final = Check(
    name="METHOD_REVOKED",
    clause="CID 1.0 2.2",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The verification method was not revoked.",
)
CHECKS: Final = (
    CONTROLLER_NAME,
    CONTROLLER_DOCUMENT,
    DOCUMENT_ID,
    DOCUMENT_ACTIVE,
    METHOD_THERE,
    METHOD_CONTROLLER,
    METHOD_PURPOSE,
    METHOD_EXPIRES,
    METHOD_REVOKED,
)
"""In the order in which they are taken."""

_KEY: Final = "did:key:"
_JWK: Final = "did:jwk:"
_WEB: Final = "did:web:"
_HTTPS: Final = "https://"
_LABEL: Final = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
# two labels at least, of which the last is no number, be it in base 16: an address in numbers is no host name
_HOST: Final = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z])(?!0x[0-9a-f]*$){_LABEL}")
_SEGMENT: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]+")
_MULTIBASE_TYPES: Final = frozenset({"Multikey", "Ed25519VerificationKey2020"})
_JWK_TYPES: Final = frozenset({"JsonWebKey", "JsonWebKey2020"})
_ENDS: Final = ("expires", "revoked")
_SECRETS: Final = frozenset({"secretKeyMultibase", "secretKeyJwk"})


class Source(Protocol):
    """Fetches a document. `eigendata.fetch.Fetcher` is one, and outside of tests the only one to use."""

    def get(self, url: str, *, accept: Sequence[str]) -> Reply:
        """Fetch a document of one of these media types.

        Raises:
            Rejected: the address may not be reached (`fetch_blocked`).
            Unavailable: there was no answer.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerDocument:
    """A controller document, of which no verification method was looked at yet.

    Attributes:
        methods: by their absolute identifiers, as they stand in the document.
        purposes: verification relationship -> the identifiers of the methods that it allows.
    """

    id: str
    methods: Mapping[str, Mapping[str, Json]]
    purposes: Mapping[str, frozenset[str]]
    deactivated: bool = False


# -- names ------------------------------------------------------------------------------------------------------------


def key_did(key: PublicKey) -> str:
    """Give the did:key of a public key."""
    return _KEY + multikey.write(key)


def key_method(key: PublicKey) -> str:
    """Give the one verification method of the did:key of a public key."""
    written = multikey.write(key)
    return f"{_KEY}{written}#{written}"


def read_key_did(did: str) -> PublicKey:
    """Give the public key that a did:key is made of.

    Raises:
        Malformed: it is no did:key of a kind of key that is used here.
    """
    if not did.startswith(_KEY):
        raise Malformed("not a did:key")
    return multikey.read(did.removeprefix(_KEY))


def controller_of(method: str) -> str | None:
    """Give the controller that a verification method's identifier names; None where it is no such identifier."""
    controller, mark, fragment = method.partition("#")
    named = bool(mark) and bool(controller) and bool(fragment) and "#" not in fragment
    return controller if named and len(method) <= NAME_LIMIT else None


def is_controller(name: str) -> bool:
    """Tell whether a name is one of the kinds that are known here."""
    if len(name) > NAME_LIMIT:
        return False
    return name.startswith((_KEY, _JWK)) or address(name) is not None


def address(controller: str) -> str | None:
    """Give where the document of a did:web or https controller lies; None where the name is neither, or not plain.

    Source: did:web section 2.5.2; Controlled Identifiers 1.0 section 3.3.
    """
    if controller.startswith(_WEB):
        host, *path = controller.removeprefix(_WEB).split(":")
    elif controller.startswith(_HTTPS):
        host, *path = controller.removeprefix(_HTTPS).split("/")
    else:
        return None
    if not _HOST.fullmatch(host) or not all(_SEGMENT.fullmatch(segment) for segment in path):
        return None
    if controller.startswith(_HTTPS):
        return controller
    return "/".join((_HTTPS + host, *(path or (".well-known",)), "did.json"))


# -- documents --------------------------------------------------------------------------------------------------------


def document_of(controller: str) -> ControllerDocument | None:
    """Give the document that follows from a did:key or did:jwk; None for a name of another kind.

    Raises:
        Malformed: the key in the name is none, or of a kind that is not used here.
    """
    if controller.startswith(_KEY):
        read_key_did(controller)
        written = controller.removeprefix(_KEY)
        method = f"{controller}#{written}"
        material: dict[str, Json] = {"type": "Multikey", "publicKeyMultibase": written}
    elif controller.startswith(_JWK):
        jwk = json_loads(b64url_decode(controller.removeprefix(_JWK)), limit=NAME_LIMIT)
        PublicKey.from_jwk(jwk)
        method = f"{controller}#0"
        material = {"type": "JsonWebKey", "publicKeyJwk": jwk}
    else:
        return None
    return ControllerDocument(
        id=controller,
        methods={method: {"id": method, "controller": controller, **material}},
        purposes={ASSERTION: frozenset({method}), AUTHENTICATION: frozenset({method})},
    )


def write_document(controller: str, method: str, key: PublicKey, *, purpose: str = ASSERTION) -> bytes:
    """Write the document of a controller with one verification method, as it is published.

    Args:
        purpose: what the method is for: `ASSERTION` of an issuer, `AUTHENTICATION` of a verifier that signs requests.
    """
    described = {"id": method, "type": "Multikey", "controller": controller, "publicKeyMultibase": multikey.write(key)}
    return json_dumps(
        {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": controller,
            "verificationMethod": [described],
            purpose: [method],
        }
    )


def web_did(url: str) -> str | None:
    """Give the did:web under which the holder of an https address publishes; None where it is no plain address."""
    name = _WEB + url.removeprefix(_HTTPS).rstrip("/").replace("/", ":")
    return name if url.startswith(_HTTPS) and address(name) is not None else None


def parse_document(data: bytes) -> ControllerDocument:
    """Read a controller document.

    Members that say nothing here are ignored, and so are methods of kinds that are not known here.

    Raises:
        Malformed: it is none, or larger than any.

    Source: Controlled Identifiers 1.0 section 2.
    """
    document = json_object(data, limit=DOCUMENT_LIMIT)
    name = document.get("id")
    deactivated = document.get("deactivated", False)
    if not isinstance(name, str) or not name or not isinstance(deactivated, bool):
        raise Malformed("a controller document has an identifier, and is deactivated or not")
    methods: dict[str, Mapping[str, Json]] = {}
    for method in _array(document, "verificationMethod"):
        _keep(method, name, methods)
    purposes = {}
    for relationship in (ASSERTION, AUTHENTICATION):
        allowed = _array(document, relationship)
        purposes[relationship] = frozenset(
            _absolute(one, name) if isinstance(one, str) else _keep(one, name, methods) for one in allowed
        )
    return ControllerDocument(id=name, methods=methods, purposes=purposes, deactivated=deactivated)


def _array(document: Mapping[str, Json], name: str) -> Sequence[Json]:
    value = document.get(name, ())
    if not isinstance(value, list | tuple) or len(value) > METHODS_LIMIT:
        raise Malformed(f"{name} of a controller document is no array of at most {METHODS_LIMIT}")
    return value


def _keep(method: Json, controller: str, methods: dict[str, Mapping[str, Json]]) -> str:
    if not isinstance(method, Mapping) or not isinstance(method.get("id"), str):
        raise Malformed("a verification method of a controller document is no object with an identifier")
    name = _absolute(str(method["id"]), controller)
    if name in methods:
        raise Malformed("two verification methods of a controller document have one identifier")
    methods[name] = method
    return name


def _absolute(name: str, controller: str) -> str:
    return controller + name if name.startswith("#") else name


def require_key(
    document: ControllerDocument, method: str, relationship: str, *, at: datetime, trail: Trail
) -> PublicKey:
    """Give the key of a verification method, if its controller allows it for this purpose at this moment.

    Raises:
        Rejected: a check does not hold.

    Source: Controlled Identifiers 1.0 section 3.3.
    """
    trail.require(DOCUMENT_ACTIVE, not document.deactivated)
    found = document.methods.get(method, {})
    key, expires, revoked = trail.some(METHOD_THERE, _read(found))
    trail.require(METHOD_CONTROLLER, found.get("controller") == document.id)
    trail.require(METHOD_PURPOSE, method in document.purposes.get(relationship, ()))
    trail.require(METHOD_EXPIRES, expires is None or at < expires)
    trail.require(METHOD_REVOKED, revoked is None or at < revoked)
    return key


def key_of(document: ControllerDocument, method: str) -> PublicKey | None:
    """Give the key of a verification method, whatever it is for; None where there is none of a kind known here."""
    found = _read(document.methods.get(method, {}))
    return None if found is None else found[0]


def _read(method: Mapping[str, Json]) -> tuple[PublicKey, datetime | None, datetime | None] | None:
    """Read key, expiry and revocation. A moment that nobody can read makes no method live for ever: it is none."""
    kind, multibase, jwk = method.get("type"), method.get("publicKeyMultibase"), method.get("publicKeyJwk")
    try:
        # a list of kinds, of which two readers may each take another, or a key with which everybody can sign
        if not isinstance(kind, str) or not _SECRETS.isdisjoint(method):
            return None
        if kind in _MULTIBASE_TYPES and isinstance(multibase, str) and jwk is None:
            key = multikey.read(multibase)
        elif kind in _JWK_TYPES and multibase is None:
            key = PublicKey.from_jwk(jwk)
        else:
            return None
        expires, revoked = (date_time_stamp(method[name]) if name in method else None for name in _ENDS)
    except Malformed:
        return None
    return key, expires, revoked


# -- where documents come from ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Place:
    """What is known of one controller; who looks holds its lock, so that a thousand tokens at once make one look."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    until: datetime | None = None
    asked_at: datetime | None = None
    found: ControllerDocument | None = None
    refused: Check | None = None
    failed: str = ""


class Documents:
    """Gives controller documents, and keeps those that were fetched for a while. Safe to share between threads.

    Args:
        source: fetches the documents of did:web and https controllers; None: such a controller is unavailable.
    """

    def __init__(self, source: Source | None) -> None:
        self._source = source
        self._places: dict[str, _Place] = {}
        self._lock = threading.Lock()

    def document(
        self, controller: str, *, pinned: Mapping[str, ControllerDocument], at: datetime, trail: Trail
    ) -> ControllerDocument:
        """Give the document of a controller: the pinned one, the one that its name holds, or the one it publishes.

        Raises:
            Rejected: the name is not one that is looked up, or what lies there is not its document.
            Unavailable: it did not answer; also for `PAUSE` after that.
        """
        trail.require(CONTROLLER_NAME, is_controller(controller))
        found = pinned.get(controller)
        try:
            found = found or document_of(controller)
        except Malformed:
            raise Rejected(CONTROLLER_NAME, trail.done()) from None
        if found is None:
            found = self._published(controller, at, trail)
        trail.require(CONTROLLER_DOCUMENT, True)
        trail.require(DOCUMENT_ID, found.id == controller)
        return found

    def _published(self, controller: str, at: datetime, trail: Trail) -> ControllerDocument:
        place = self._place(controller)
        with place.lock:
            if place.until is None or place.asked_at is None or not place.asked_at - PAUSE <= at < place.until:
                self._look(place, controller, at)
        if place.refused is not None:
            raise Rejected(place.refused, trail.done())
        if place.found is None:
            raise Unavailable(place.failed)
        return place.found

    def _place(self, controller: str) -> _Place:
        with self._lock:
            if controller not in self._places and len(self._places) >= CONTROLLERS_LIMIT:
                del self._places[next(iter(self._places))]
            return self._places.setdefault(controller, _Place())

    def _look(self, place: _Place, controller: str, at: datetime) -> None:
        place.found, place.refused, place.failed = None, None, ""
        place.asked_at, place.until = at, at + PAUSE
        url = address(controller)
        if self._source is None or url is None:
            place.failed = f"{controller} publishes its keys; this trust was read without a fetcher"
            return
        try:
            reply = self._source.get(url, accept=MEDIA_TYPES)
            if not 200 <= reply.status < 300:
                raise Unavailable(f"the server answered with status {reply.status}")
            place.found = parse_document(reply.body)
            place.until = at + LIFETIME
        except Rejected as error:
            place.refused = error.check
        except Malformed:
            place.refused = CONTROLLER_DOCUMENT
        except Unavailable as error:
            place.failed = f"the document of {controller}: {error.message}"
