"""Keys that issuers publish: fetched for whom the trust file says so, from the one place, and kept for a while."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from eigendata import trust as module
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain
from eigendata.errors import Check, EigendataError, Malformed, Misuse, Rejected, Unavailable
from eigendata.fetch import ADDRESS_ALLOWED, CERTIFICATE, NO_REDIRECT, URL_ALLOWED, Fetcher, Reply
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.formats.sdjwt.type_metadata import DescribedType, TypeMetadata
from eigendata.model import Chain, CredentialType, Named, Origin
from eigendata.trust import Trust, add_issuer, published
from eigendata.trust.published import (
    ISSUERS_LIMIT,
    KEYS_LIMIT,
    LONGEST,
    PAUSE,
    PUBLISHED_ISSUER,
    PUBLISHED_KEYS,
    PublishedKeys,
    metadata_url,
)
from tests.negatives import negative

from .formats import forge
from .test_fetch import _certificate as certificate
from .test_fetch import serving
from .test_trust import BOXTEL, CA, inline, leaf

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TYPE = CredentialType.foreign("https://boxtel.example/permit/1")
ISSUED, NEWER = (SoftwareKey.generate(Algorithm.ES256).public_key for _ in range(2))
HERE = "https://boxtel.example/.well-known/jwt-vc-issuer"
ELSEWHERE = "https://keys.example/boxtel.jwks?version=2"


def jwk(key: PublicKey = ISSUED, **more: Any) -> dict[str, Any]:
    return {**key.jwk(), "kid": "1", **more}


def key_set(*keys: Any) -> dict[str, Any]:
    return {"keys": list(keys or (jwk(),))}


def metadata(**members: Any) -> dict[str, Any]:
    made = {"issuer": BOXTEL, "jwks": key_set(), "more": {"of": "it"}, **members}
    return {name: value for name, value in made.items() if value is not None}


@dataclass
class Web:
    """Answers by address; remembers what it was asked."""

    pages: dict[str, Any] = field(default_factory=lambda: {HERE: metadata()})
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    error: Callable[[], EigendataError] | None = None
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, *, accept: Sequence[str]) -> Reply:
        self.asked.append(url)
        assert set(accept) == {"application/json", *(["application/jwk-set+json"] if url == ELSEWHERE else [])}
        if self.error is not None:
            raise self.error()
        page = self.pages[url]
        body = page if isinstance(page, bytes) else json.dumps(page).encode()
        return Reply(status=self.status, headers=self.headers, body=body)


def trust(web: Web | Fetcher | None, issuer: str = BOXTEL, way: str = "issuer_metadata = true") -> Trust:
    return Trust.loads(f'[issuers."{issuer}"]\nname = "Town"\n{way}\ntypes = ["{TYPE.id}"]\n', fetcher=web)


def found(trusted: Trust, key_id: str | None = "1", *, at: datetime = NOW) -> PublicKey:
    return trusted.issuer(Named(issuer=BOXTEL, key_id=key_id), TYPE, at=at).key


def refusal(trusted: Trust, origin: Origin | None = None, *, type: CredentialType = TYPE, at: datetime = NOW) -> Check:
    with pytest.raises(Rejected) as rejected:
        trusted.issuer(origin or Named(issuer=BOXTEL, key_id="1"), type, at=at)
    return rejected.value.check


# -- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://example.com", "https://example.com/.well-known/jwt-vc-issuer"),
        ("https://example.com/", "https://example.com/.well-known/jwt-vc-issuer"),
        ("https://example.com/tenant/1234", "https://example.com/.well-known/jwt-vc-issuer/tenant/1234"),
        ("https://example.com/tenant/1234/", "https://example.com/.well-known/jwt-vc-issuer/tenant/1234"),
        ("https://example.com:8443/a", "https://example.com:8443/.well-known/jwt-vc-issuer/a"),
        ("https://Example.com/A%2Fb", "https://Example.com/.well-known/jwt-vc-issuer/A%2Fb"),
    ],
)
def test_metadata_lies_between_host_and_path(issuer: str, url: str) -> None:
    assert metadata_url(issuer) == url


NOT_PUBLISHABLE = [
    "",
    "boxtel.example",
    "http://boxtel.example",
    "HTTPS://boxtel.example",
    "https://",
    "https:///path",
    "https://boxtel.example?x=1",
    "https://boxtel.example?",
    "https://boxtel.example#x",
    "https://boxtel.example#",
    "https://user@boxtel.example",
    "https://user:secret@boxtel.example",
    "https://:secret@boxtel.example",
    "https://@boxtel.example",
    "https://boxtel.example:0",
    "https://boxtel.example:port",
    "https://[boxtel",
    "https://boxtel.example\\@evil.example",
    "https://boxtel.example/a\\b",
    "https://boxtel.example/a b",
    "https://bóxtel.example",
    "https://boxtel.example/\n",
    "did:web:boxtel.example",
    "urn:boxtel",
]


@pytest.mark.parametrize("issuer", NOT_PUBLISHABLE)
def test_only_an_https_name_without_query_and_fragment_can_publish(issuer: str) -> None:
    with pytest.raises(Malformed):
        metadata_url(issuer)
    with pytest.raises(Malformed):
        Trust.loads(f"[issuers.{json.dumps(issuer)}]\nissuer_metadata = true\ntypes = ['t']\n")


# -- what -------------------------------------------------------------------------------------------------------------


def test_the_key_that_a_token_names_is_the_one_that_its_issuer_publishes() -> None:
    web = Web()
    one = trust(web).issuer(Named(issuer=BOXTEL, key_id="1"), TYPE, at=NOW)
    assert (one.key, one.party.id, one.party.name, one.jurisdictions) == (ISSUED, BOXTEL, "Town", ())
    assert web.asked == [HERE]


def test_the_keys_may_lie_elsewhere() -> None:
    web = Web({HERE: metadata(jwks=None, jwks_uri=ELSEWHERE), ELSEWHERE: key_set(jwk(NEWER, kid="2"), jwk())})
    assert found(trust(web), "2") == NEWER
    assert web.asked == [HERE, ELSEWHERE]


def test_a_token_that_names_no_key_is_the_only_keys() -> None:
    assert found(trust(Web()), None) == ISSUED
    without_name = {name: value for name, value in jwk().items() if name != "kid"}
    assert found(trust(Web({HERE: metadata(jwks=key_set(without_name))})), None) == ISSUED
    two = Web({HERE: metadata(jwks=key_set(jwk(), jwk(NEWER, kid="2")))})
    assert refusal(trust(two), Named(issuer=BOXTEL)) is module.ISSUER_KEY


def test_a_set_holds_so_many_keys_and_no_more() -> None:
    many = [jwk(kid=str(number)) for number in range(KEYS_LIMIT)]
    assert found(trust(Web({HERE: metadata(jwks=key_set(*many))}))) == ISSUED


def test_keys_without_a_name_stand_beside_one_another_and_are_not_taken_for_each_other() -> None:
    nameless = [{**key.jwk()} for key in (ISSUED, ISSUED, NEWER)]
    trusted = trust(Web({HERE: metadata(jwks=key_set(*nameless, jwk(NEWER, kid="2")))}))
    assert found(trusted, "2") == NEWER
    assert refusal(trusted, Named(issuer=BOXTEL)) is module.ISSUER_KEY


def test_issuer_key_a_key_that_is_not_published_is_refused() -> None:
    for key_id in ("", "2", "1 ", "../1"):
        assert refusal(trust(Web()), Named(issuer=BOXTEL, key_id=key_id)) is module.ISSUER_KEY


@pytest.mark.parametrize(
    "spoilt",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"alg": "ES384"},
        {"kty": "oct", "k": "AAAA"},
        {"d": "AAAA"},
        {"crv": "secp256k1"},
        {"y": ISSUED.jwk()["x"]},
    ],
)
def test_a_key_that_is_not_for_verifying_is_passed_over(spoilt: dict[str, Any]) -> None:
    web = Web({HERE: metadata(jwks=key_set(jwk(**spoilt), jwk(NEWER, kid="2")))})
    assert found(trust(web), "2") == NEWER
    assert refusal(trust(web)) is module.ISSUER_KEY
    with pytest.raises(Unavailable):
        found(trust(Web({HERE: metadata(jwks=key_set(jwk(**spoilt)))})))


@pytest.mark.parametrize(
    "issuer",
    [None, "", "https://evil.example", BOXTEL + "/", BOXTEL.upper(), BOXTEL.encode().hex(), [BOXTEL], {"a": BOXTEL}, 1],
)
def test_published_issuer_metadata_of_another_is_not_used(issuer: Any) -> None:
    assert refusal(trust(Web({HERE: metadata(issuer=issuer)}))) is PUBLISHED_ISSUER


def test_published_keys_they_are_there_or_elsewhere_and_not_both() -> None:
    both = Web({HERE: metadata(jwks_uri=ELSEWHERE), ELSEWHERE: key_set()})
    assert refusal(trust(both)) is PUBLISHED_KEYS
    assert both.asked == [HERE]
    assert refusal(trust(Web({HERE: metadata(jwks=None)}))) is PUBLISHED_KEYS


def test_what_held_before_stands_in_the_trail_of_a_refusal() -> None:
    with pytest.raises(Rejected) as rejected:
        found(trust(Web({HERE: metadata(issuer="x")})))
    steps = [step.check for step in rejected.value.trail]
    assert steps == [module.ISSUER_KNOWN, module.ISSUER_TYPE, module.ISSUER_MECHANISM]


UNREADABLE: list[Any] = [
    b"",
    b"<html>",
    b"[]",
    b"null",
    b'{"issuer":"https://boxtel.example","issuer":"https://boxtel.example","jwks":{"keys":[]}}',
    b'{"a":' * 100 + b"1" + b"}" * 100,
    b'{"issuer":"' + b"x" * (1 << 20) + b'"}',
    metadata(jwks=[]),
    metadata(jwks={}),
    metadata(jwks="https://keys.example"),
    metadata(jwks={"keys": {}}),
    metadata(jwks={"keys": "none"}),
    metadata(jwks={"keys": []}),
    metadata(jwks={"keys": [1, None, "x"]}),
    metadata(jwks=key_set(jwk(), jwk(NEWER))),
    metadata(jwks=key_set(jwk(kid=1))),
    metadata(jwks=key_set(*[jwk(kid=str(number)) for number in range(KEYS_LIMIT + 1)])),
    metadata(jwks={"keys": {"0": jwk()}}),
    metadata(jwks=None, jwks_uri=1),
    metadata(jwks=None, jwks_uri="http://keys.example"),
    metadata(jwks=None, jwks_uri="file:///etc/passwd"),
]


@pytest.mark.parametrize("page", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_cannot_be_read_is_unavailable_and_never_valid(page: Any) -> None:
    web = Web({HERE: page})
    with pytest.raises(Unavailable):
        found(trust(web))
    assert web.asked == [HERE]


@pytest.mark.parametrize("status", [201, 204, 300, 400, 404, 500])
def test_an_answer_that_is_no_success_is_not_used(status: int) -> None:
    web = Web(status=status)
    if status < 300:
        assert found(trust(web)) == ISSUED
        return
    with pytest.raises(Unavailable):
        found(trust(web))


# -- who chooses ------------------------------------------------------------------------------------------------------


def test_nothing_is_fetched_for_whom_the_file_does_not_trust_for_this_type() -> None:
    web = Web()
    stranger = Named(issuer="https://evil.example", key_id="1")
    assert refusal(trust(web), stranger) is module.ISSUER_KNOWN
    assert refusal(trust(web), type=CredentialType.foreign("urn:other")) is module.ISSUER_TYPE
    assert web.asked == []


def test_issuer_mechanism_the_token_does_not_choose_how_its_key_is_found() -> None:
    web = Web()
    chain = Chain(certificates=(leaf(BOXTEL),), issuer=BOXTEL)
    anchored = trust(web, way=f"anchors = ['''{dump_pem_chain([CA]).decode()}''']")
    pinned = trust(web, way=f"keys = [{inline(ISSUED, kid='1')}]")
    assert refusal(trust(web), chain) is module.ISSUER_MECHANISM
    assert refusal(pinned, chain) is module.ISSUER_MECHANISM
    assert refusal(anchored) is module.ISSUER_MECHANISM
    assert found(pinned) == ISSUED
    assert web.asked == []


def test_an_issuer_is_found_in_one_way() -> None:
    key, anchor = f"keys = [{inline(ISSUED)}]", f"anchors = ['''{dump_pem_chain([CA]).decode()}''']"
    for way in (
        f"{key}\nissuer_metadata = true",
        f"{anchor}\nissuer_metadata = true",
        "issuer_metadata = false",
        "issuer_metadata = 1",
        "issuer_metadata = 'https://evil.example'",
        "",
    ):
        with pytest.raises(Malformed):
            trust(None, way=way)


def test_without_a_fetcher_such_an_issuer_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="fetcher"):
        found(trust(None))


@negative("NEG-FETCH-001")
@pytest.mark.parametrize(
    "place", ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "https://10.0.0.1/"]
)
def test_keys_are_not_fetched_from_an_address_that_is_not_public(place: str) -> None:
    class Half(Fetcher):
        """A server of the issuer's that is reached, and says that its keys are somewhere inside."""

        def get(self, url: str, *, accept: Sequence[str], headers: Mapping[str, str] = MappingProxyType({})) -> Reply:
            if url == HERE:
                body = json.dumps(metadata(jwks=None, jwks_uri=place)).encode()
                return Reply(status=200, headers={}, body=body)
            return super().get(url, accept=accept, headers=headers)

    assert refusal(trust(Half())) is ADDRESS_ALLOWED
    inside = Trust.loads(f'[issuers."{place}"]\nissuer_metadata = true\ntypes = ["{TYPE.id}"]\n', fetcher=Fetcher())
    assert refusal(inside, Named(issuer=place)) is ADDRESS_ALLOWED


def test_even_with_loopback_allowed_nothing_is_fetched_over_http() -> None:
    web = Web({HERE: metadata(jwks=None, jwks_uri="http://127.0.0.1:1/")})
    with pytest.raises(Unavailable, match="https"):
        found(trust(web))
    assert web.asked == [HERE]


@pytest.mark.parametrize("check", [NO_REDIRECT, URL_ALLOWED])
def test_what_the_fetcher_refuses_is_refused_for_that_reason(check: Check) -> None:
    assert refusal(trust(Web(error=lambda: Rejected(check)))) is check


def test_over_a_real_connection_the_keys_of_the_certified_server_are_taken_and_no_others(tmp_path: Path) -> None:
    server_tls, client_tls = certificate(tmp_path, "issuer.example")
    at = datetime.now(UTC)
    issued: list[str] = []

    def answer(connection: socket.socket) -> None:
        body = json.dumps(metadata(issuer=issued[0])).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)

    with serving(answer, tls=server_tls) as server:
        for name in ("issuer.example", "other.example"):
            issued[:] = [f"https://{name}:{server.port}/town/"]
            fetcher = Fetcher(allow_loopback_http=True, tls=client_tls, resolve=lambda host, port: ["127.0.0.1"])
            trusted = Trust.loads(
                f'[issuers."{issued[0]}"]\nissuer_metadata = true\ntypes = ["{TYPE.id}"]\n', fetcher=fetcher
            )
            origin = Named(issuer=issued[0], key_id="1")
            if name == "issuer.example":
                assert trusted.issuer(origin, TYPE, at=at).key == ISSUED
            else:
                with pytest.raises(Rejected) as rejected:
                    trusted.issuer(origin, TYPE, at=at)
                assert rejected.value.check is CERTIFICATE
        (asked,) = [one for one in server.asked if one]
        assert asked.startswith(b"GET /.well-known/jwt-vc-issuer/town HTTP/1.1\r\n")


def test_who_trusts_no_such_issuer_verifies_without_any_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a verification went out")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    one = SoftwareKey.generate(Algorithm.ES256)
    table = (
        f"[issuers.'{forge.ISSUER}']\nkeys = [{inline(one.public_key, kid=forge.KEY_ID)}]\ntypes = ['{forge.ANY.id}']\n"
    )
    trusted = Trust.loads(table, fetcher=Fetcher())
    known = DescribedType.of(
        TypeMetadata.read(forge.ANY.id, {forge.ANY.id: json.dumps({"vct": forge.ANY.id}).encode()})
    )
    claims = forge.payload(vct=known.id, iss=forge.ISSUER, aka_vcts=["https://evil.example/type"])
    presentation = SD_JWT_VC.parse_presentation(forge.forged(claims, key=one, header={"jku": "https://evil.example"}))
    assert presentation.verify([known], forge.BINDING, trust=trusted, at=forge.NOW).type is known


# -- for how long -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("control", "age", "kept"),
    [
        ("max-age=600", "0", 600),
        ("public, MAX-AGE=600", "100", 500),
        ('max-age="600"', "", 600),
        ("max-age=999999999", "0", LONGEST.total_seconds()),
        ("max-age=9999999999999999999999", "0", 300),
        ("max-age=9999999999", "0", 300),
        ("max-age=X600", "0", 300),
        ("max-age=-5", "0", 300),
        ("max-age=٦٠٠", "0", 300),
        ("", "0", 300),
        ("max-age=0", "0", PAUSE.total_seconds()),
        ("max-age=600", "9999", PAUSE.total_seconds()),
        ("no-store", "0", PAUSE.total_seconds()),
        ("no-cache, max-age=600", "0", PAUSE.total_seconds()),
    ],
)
def test_keys_are_kept_as_long_as_their_server_says_within_bounds(control: str, age: str, kept: float) -> None:
    web = Web(headers={"cache-control": control, "age": age})
    trusted = trust(web)
    for moment in (NOW, NOW + SECOND, NOW - SECOND, NOW + timedelta(seconds=kept) - SECOND):
        found(trusted, at=moment)
    assert len(web.asked) == 1
    found(trusted, at=NOW + timedelta(seconds=kept))
    assert len(web.asked) == 2


def test_of_two_answers_the_one_that_ages_first_counts() -> None:
    web = Web({HERE: metadata(jwks=None, jwks_uri=ELSEWHERE), ELSEWHERE: key_set()})
    plain = web.get

    def get(url: str, *, accept: Sequence[str]) -> Reply:
        reply = plain(url, accept=accept)
        seconds = 3000 if url == HERE else 60
        return Reply(status=200, headers={"cache-control": f"max-age={seconds}"}, body=reply.body)

    web.get = get  # type: ignore[method-assign]
    trusted = trust(web)
    found(trusted)
    found(trusted, at=NOW + 59 * SECOND)
    assert len(web.asked) == 2
    found(trusted, at=NOW + 60 * SECOND)
    assert len(web.asked) == 4


def test_a_key_that_was_taken_away_is_believed_no_longer_than_its_time() -> None:
    web = Web()
    trusted = trust(web)
    found(trusted)
    web.pages[HERE] = metadata(jwks=key_set(jwk(NEWER, kid="2")))
    assert found(trusted, at=NOW + timedelta(minutes=4)) == ISSUED
    with pytest.raises(Rejected):
        found(trusted, at=NOW + timedelta(minutes=5))


def test_a_new_key_is_looked_for_but_not_at_every_token() -> None:
    web = Web()
    trusted = trust(web)
    found(trusted)
    web.pages[HERE] = metadata(jwks=key_set(jwk(), jwk(NEWER, kid="2")))
    for _ in range(50):
        assert refusal(trusted, Named(issuer=BOXTEL, key_id="2")) is module.ISSUER_KEY
    assert len(web.asked) == 1
    assert found(trusted, "2", at=NOW + PAUSE) == NEWER
    for number in range(50):
        with pytest.raises(Rejected):
            found(trusted, f"forged {number}", at=NOW + PAUSE + SECOND)
    assert found(trusted, "2", at=NOW + PAUSE + SECOND) == NEWER
    assert len(web.asked) == 2


def test_keys_that_are_known_outlast_a_failure_but_not_their_time() -> None:
    web = Web()
    trusted = trust(web)
    found(trusted)
    for error in (lambda: Unavailable("down"), lambda: Rejected(NO_REDIRECT)):
        web.error = error
        with pytest.raises((Unavailable, Rejected)):
            found(trusted, "unknown", at=NOW + 2 * PAUSE)
        assert found(trusted, at=NOW + 2 * PAUSE) == ISSUED
    with pytest.raises((Unavailable, Rejected)):
        found(trusted, at=NOW + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("error", "page", "kind"),
    [
        (lambda: Unavailable("down"), metadata(), Unavailable),
        (lambda: Rejected(NO_REDIRECT), metadata(), Rejected),
        (None, metadata(issuer="https://evil.example"), Rejected),
        (None, b"<html>", Unavailable),
    ],
    ids=["down", "redirected", "another's", "unreadable"],
)
def test_a_failure_is_remembered_for_a_moment_and_no_longer(
    error: Callable[[], EigendataError] | None, page: Any, kind: type[EigendataError]
) -> None:
    web = Web({HERE: page}, error=error)
    trusted = trust(web)
    for number in range(5):
        with pytest.raises(kind) as caught:
            found(trusted, at=NOW + number * SECOND)
        assert caught.value.where == ()
    assert len(web.asked) == 1
    web.error, web.pages = None, {HERE: metadata()}
    assert found(trusted, at=NOW + PAUSE) == ISSUED


def test_who_verifies_by_an_earlier_moment_uses_what_a_neighbour_fetched_just_after_it() -> None:
    web = Web()
    trusted = trust(web)
    for moment, looks in ((NOW, 1), (NOW - PAUSE, 1), (NOW - PAUSE - SECOND, 2)):
        found(trusted, at=moment)
        assert len(web.asked) == looks


def test_many_tokens_at_once_make_one_look() -> None:
    web, ready = Web(), threading.Barrier(8)
    trusted = trust(web)
    plain = web.get

    def slow(url: str, *, accept: Sequence[str]) -> Reply:
        time.sleep(0.05)  # seconds in which the others come too
        return plain(url, accept=accept)

    web.get = slow  # type: ignore[method-assign]

    def look() -> None:
        ready.wait()
        assert found(trusted) == ISSUED

    threads = [threading.Thread(target=look) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert web.asked == [HERE]


def test_who_waited_while_another_looked_takes_what_it_found_and_does_not_look_again() -> None:
    web, coming = Web(), threading.Event()
    trusted = trust(web)
    plain = web.get
    given: list[PublicKey] = []

    def come() -> None:
        coming.set()
        given.append(found(trusted, at=NOW + PAUSE))

    later = threading.Thread(target=come)

    def slow(url: str, *, accept: Sequence[str]) -> Reply:
        if not later.is_alive():
            later.start()
        assert coming.wait(60)
        time.sleep(0.2)  # seconds in which the other comes to the lock
        return plain(url, accept=accept)

    web.get = slow  # type: ignore[method-assign]
    assert found(trusted) == ISSUED
    later.join()
    assert given == [ISSUED]
    assert web.asked == [HERE]


def test_who_asks_for_a_key_that_nobody_has_holds_up_nobody_else() -> None:
    web, asked, answer = Web(), threading.Event(), threading.Event()
    trusted = trust(web)
    found(trusted)
    plain = web.get

    def slow(url: str, *, accept: Sequence[str]) -> Reply:
        asked.set()
        assert answer.wait(60)
        return plain(url, accept=accept)

    web.get = slow  # type: ignore[method-assign]
    refused: list[Check] = []
    forger = threading.Thread(
        target=lambda: refused.append(refusal(trusted, Named(issuer=BOXTEL, key_id="forged"), at=NOW + PAUSE))
    )
    forger.start()
    assert asked.wait(60)
    assert found(trusted, at=NOW + PAUSE) == ISSUED
    answer.set()
    forger.join()
    assert refused == [module.ISSUER_KEY]


def test_the_keys_of_one_issuer_are_never_anothers() -> None:
    def answer(url: str, *, accept: Sequence[str]) -> Reply:
        host = url.removesuffix("/.well-known/jwt-vc-issuer")
        key = ISSUED if host == BOXTEL else NEWER
        return Reply(status=200, headers={}, body=json.dumps(metadata(issuer=host, jwks=key_set(jwk(key)))).encode())

    web = Web()
    web.get = answer  # type: ignore[method-assign]
    keys = PublishedKeys(web)
    for _ in range(2):
        assert keys.key(BOXTEL, "1", at=NOW) == ISSUED
        assert keys.key("https://vught.example", "1", at=NOW) == NEWER


def test_the_keys_of_a_thousand_issuers_are_kept_and_not_more() -> None:
    web = Web(error=lambda: Unavailable("down"))
    keys = PublishedKeys(web)
    for number in range(1030):
        with pytest.raises(Unavailable):
            keys.key(f"https://{number}.example", None, at=NOW)
    before = len(web.asked)
    for number, looks in ((1029, 0), (1030 - ISSUERS_LIMIT, 0), (1029 - ISSUERS_LIMIT, 1)):
        with pytest.raises(Unavailable):
            keys.key(f"https://{number}.example", None, at=NOW)
        assert len(web.asked) == before + looks


def test_new_issuers_at_once_do_not_drop_the_same_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(dict[str, Any]):
        def __delitem__(self, name: str) -> None:
            time.sleep(0.05)  # seconds in which the other comes too
            super().__delitem__(name)

    keys, failed = PublishedKeys(Web(error=lambda: Unavailable("down"))), list[BaseException]()
    monkeypatch.setattr(published, "ISSUERS_LIMIT", 1)
    monkeypatch.setattr(keys, "_places", Slow())

    def look(number: int) -> None:
        try:
            keys.key(f"https://{number}.example", None, at=NOW)
        except BaseException as error:  # noqa: BLE001 - what a thread raises is seen nowhere else
            failed.append(error)

    look(0)
    threads = [threading.Thread(target=look, args=(number,)) for number in (1, 2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [type(one) for one in failed] == [Unavailable] * 3


# -- writing it -------------------------------------------------------------------------------------------------------


def test_an_issuer_that_publishes_is_written_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    for types in ([TYPE.id], [TYPE.id, "urn:more"]):
        add_issuer(path, anchor_pem=None, issuer=BOXTEL, name="Town", types=types)
    entry = Trust.load(path).issuers[BOXTEL]
    assert (entry.issuer_metadata, entry.anchors, dict(entry.keys)) == (True, (), {})
    assert entry.types == (TYPE.id, "urn:more")
    assert found(Trust.load(path, fetcher=Web())) == ISSUED


def test_no_issuer_is_found_in_a_second_way_by_adding_it_again(tmp_path: Path) -> None:
    pem, path = dump_pem_chain([CA]), tmp_path / "trust.toml"
    ways = ((None, pem), (pem, None))
    for first, second in ways:
        path.unlink(missing_ok=True)
        add_issuer(path, anchor_pem=first, issuer=BOXTEL, name="Town", types=["t"])
        before = path.read_bytes()
        with pytest.raises(Misuse, match="another way"):
            add_issuer(path, anchor_pem=second, issuer=BOXTEL, name="Town", types=["t"])
        assert path.read_bytes() == before
    path.write_text(f'[issuers."{BOXTEL}"]\nkeys = [{inline(ISSUED)}]\ntypes = ["t"]\n')
    with pytest.raises(Misuse, match="pinned"):
        add_issuer(path, anchor_pem=None, issuer=BOXTEL, name="Town", types=["t"])
    with pytest.raises(Misuse):
        add_issuer(tmp_path / "new.toml", anchor_pem=None, issuer="http://boxtel.example", name="Town", types=["t"])
