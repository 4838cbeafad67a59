"""The keys that an issuer publishes itself: JWT VC Issuer Metadata (draft-ietf-oauth-sd-jwt-vc-19 section 4).

    issuer -> https://host/.well-known/jwt-vc-issuer/path -> is it of this issuer? -> jwks, or fetch jwks_uri
                                                                                   -> keys, kept for a while

It keeps to itself what is fetched when. Only an issuer that the trust file says publishes its keys comes here, after it
was found to be trusted for the type, so that no token chooses an address. What came is kept for as long as its server
says, within bounds; a failure is kept for `PAUSE`, so that forged tokens cannot keep the verifier waiting nor make it
hammer the issuer. Keys that are known are never lost to a failure before their time, and never used after it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Json, json_object
from eigendata.errors import Check, Malformed, Reason, Rejected, Trail, Unavailable

if TYPE_CHECKING:
    from eigendata.fetch import Reply

WELL_KNOWN: Final = "/.well-known/jwt-vc-issuer"
KEYS_LIMIT: Final = 100
"""Keys in one set: an issuer has a few, old and new."""
ISSUERS_LIMIT: Final = 1024
"""Issuers whose keys are kept; there are some 340 municipalities."""
LIFETIME: Final = timedelta(minutes=5)
"""How long keys are kept of which the server does not say how long (RFC 9111 section 4.2.2 leaves it to us)."""
LONGEST: Final = timedelta(hours=1)
"""How long keys are kept at most: so long a key that its issuer took away is still believed."""
PAUSE: Final = timedelta(seconds=30)
"""The least time between two looks at one issuer, whatever its server says: anyone can send tokens in its name."""

PUBLISHED_ISSUER: Final = Check(
    name="PUBLISHED_ISSUER",
    clause="SD-JWT VC 4.3",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The issuer that the metadata names is, letter by letter, the one that the credential names.",
)
PUBLISHED_KEYS: Final = Check(
    name="PUBLISHED_KEYS",
    clause="SD-JWT VC 4.2",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The metadata holds the issuer's keys or says where they are, and not both.",
)
CHECKS: Final = (PUBLISHED_ISSUER, PUBLISHED_KEYS)


class Source(Protocol):
    """Fetches a document. `eigendata.fetch.Fetcher` is one, and outside of tests the only one to use."""

    def get(self, url: str, *, accept: Sequence[str]) -> Reply:
        """Fetch a document of one of these media types.

        Raises:
            Rejected: the address may not be reached (`fetch_blocked`).
            Unavailable: there was no answer.
        """


def is_publishable(issuer: str) -> bool:
    """Tell whether an issuer's name is one under which metadata can be published (SD-JWT VC section 4)."""
    try:
        parts = urlsplit(issuer)
        named = bool(parts.hostname) and parts.port != 0 and parts.username is None  # no password without one
    except ValueError:  # a port that is no number, brackets that hold no address
        return False
    plain = issuer.isascii() and issuer.isprintable() and not {" ", "\\", "?", "#"} & set(issuer)
    return plain and named and issuer.startswith("https://")


def metadata_url(issuer: str) -> str:
    """Give where the metadata of an issuer lies (SD-JWT VC section 4.1).

    Raises:
        Malformed: the issuer's name is no https URL without query and fragment.
    """
    if not is_publishable(issuer):
        raise Malformed("metadata is published under an https URL without query and fragment; this issuer has none")
    parts = urlsplit(issuer)
    return f"https://{parts.netloc}{WELL_KNOWN}{parts.path.removesuffix('/')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look at an issuer gave.

    Attributes:
        keys: those that can be used, with the names that they bear; none where the look failed.
        asked_at: the moment of the last look, be it a later one that failed.
        until: after which these keys are not believed any more.
        refused: the check that what was published broke.
        failed: why there are no keys; empty where there are.
    """

    asked_at: datetime
    until: datetime
    keys: tuple[tuple[str | None, PublicKey], ...] = ()
    refused: Check | None = None
    failed: str = ""

    def is_fresh(self, at: datetime) -> bool:
        # a neighbour may have looked a moment after the time that this verification goes by
        return self.asked_at - PAUSE <= at < self.until

    def key(self, key_id: str | None) -> PublicKey | None:
        """Give the key of this name, or the only one where none is named.

        Raises:
            Rejected, Unavailable: the look failed.
        """
        if self.refused is not None:
            raise Rejected(self.refused)
        if self.failed:
            raise Unavailable(self.failed)
        named = [key for name, key in self.keys if key_id is None or name == key_id]
        return named[0] if len(named) == 1 else None


@dataclass(slots=True)
class _Place:
    """One issuer's place: who looks holds its lock, so that a thousand tokens at once make one look."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    look: _Look | None = None


class PublishedKeys:
    """Gives the keys that issuers publish, and keeps them for a while. Safe to share between threads."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._places: dict[str, _Place] = {}
        self._lock = threading.Lock()

    def key(self, issuer: str, key_id: str | None, *, at: datetime) -> PublicKey | None:
        """Give an issuer's key by its `kid`, or its only one where no `kid` is given; None where there is none.

        Args:
            at: the moment of the verification, by which what is kept grows old.

        Raises:
            Rejected: what is published is another's or holds no keys in the one way that it may (`untrusted_issuer`),
                or may not be fetched (`fetch_blocked`).
            Unavailable: it did not answer, or not sensibly; also for `PAUSE` after that.
            Malformed: the issuer's name is none under which metadata can be published.
        """
        place = self._place(issuer)
        look = place.look
        if look is not None and look.is_fresh(at):
            known = look.key(key_id)
            if known is not None:  # whoever looks for a key that nobody has holds up nobody else
                return known
        with place.lock:
            look = place.look
            if look is None or not look.is_fresh(at):
                look = place.look = self._look(issuer, at)
            key = look.key(key_id)
            if key is None and at - look.asked_at >= PAUSE:  # it may be new since
                again = self._look(issuer, at)
                place.look = replace(look, asked_at=at) if again.failed else again
                key = again.key(key_id)
            return key

    def _place(self, issuer: str) -> _Place:
        with self._lock:
            if issuer not in self._places and len(self._places) >= ISSUERS_LIMIT:
                del self._places[next(iter(self._places))]
            return self._places.setdefault(issuer, _Place())

    def _look(self, issuer: str, at: datetime) -> _Look:
        url = metadata_url(issuer)
        try:
            metadata, lifetime = self._document(url)
            Trail().require(PUBLISHED_ISSUER, metadata.get("issuer") == issuer)
            Trail().require(PUBLISHED_KEYS, ("jwks" in metadata) != ("jwks_uri" in metadata))
            jwks = metadata.get("jwks")
            if "jwks_uri" in metadata:
                jwks, its = self._key_set(metadata["jwks_uri"])
                lifetime = min(lifetime, its)
            return _Look(keys=_usable(jwks), asked_at=at, until=at + lifetime)
        except Rejected as error:
            return _Look(asked_at=at, until=at + PAUSE, refused=error.check, failed=error.message)
        except Malformed as error:
            failed = f"{issuer} publishes what cannot be read: {error.message}"
            return _Look(asked_at=at, until=at + PAUSE, failed=failed)
        except Unavailable as error:
            return _Look(asked_at=at, until=at + PAUSE, failed=f"the keys of {issuer}: {error.message}")

    def _key_set(self, url: Json) -> tuple[Json, timedelta]:
        if not isinstance(url, str):
            raise Malformed("jwks_uri is no text")
        return self._document(url, "application/jwk-set+json")

    def _document(self, url: str, *also: str) -> tuple[dict[str, Json], timedelta]:
        if not url.startswith("https://"):  # section 3: also where the fetcher may go to this machine over http
            raise Malformed("an address that is not https")
        reply = self._source.get(url, accept=("application/json", *also))
        if not 200 <= reply.status < 300:
            raise Unavailable(f"the server answered with status {reply.status}")
        return json_object(reply.body), _lifetime(reply.headers)


def _usable(jwks: Json) -> tuple[tuple[str | None, PublicKey], ...]:
    """Read a JWK Set. A key that is not for verifying, or of a kind not known here, is passed over (RFC 7517 5).

    Raises:
        Malformed: it is no JWK Set, holds no key that can be used or too many, or two of them bear one name.
    """
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(keys, list) or len(keys) > KEYS_LIMIT:
        raise Malformed(f"no JWK Set of at most {KEYS_LIMIT} keys")
    found: list[tuple[str | None, PublicKey]] = []
    for jwk in keys:
        try:
            key = PublicKey.from_jwk(jwk)
        except Malformed:
            continue
        assert isinstance(jwk, Mapping)  # or it had been no key
        name = jwk.get("kid")
        if name is not None and not isinstance(name, str):
            raise Malformed("the kid of a key is no text")
        found.append((name, key))
    names = [name for name, _ in found if name is not None]
    if not found or len(set(names)) != len(names):
        raise Malformed("the JWK Set holds no key for verifying signatures, or two of one name")
    return tuple(found)


def _lifetime(headers: Mapping[str, str]) -> timedelta:
    """Give how long an answer may be kept by its Cache-Control and Age (RFC 9111), within our bounds."""
    directives = {
        name.strip().lower(): value.strip().strip('"')
        for name, _, value in (one.partition("=") for one in headers.get("cache-control", "").split(","))
    }
    if "no-store" in directives or "no-cache" in directives:
        return PAUSE
    seconds = _seconds(directives.get("max-age", ""))
    if seconds is None:
        return LIFETIME
    age = _seconds(headers.get("age", "0").strip()) or 0
    return min(max(timedelta(seconds=seconds - age), PAUSE), LONGEST)


def _seconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
