"""Controller documents and DIDs: which names are looked up, and which keys are a controller's for which purpose."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eigendata import did
from eigendata.crypto import multikey
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import b64url_encode, json_dumps
from eigendata.errors import Check, Malformed, Reason, Rejected, Trail, Unavailable
from eigendata.fetch import URL_ALLOWED, Reply
from tests.given import given
from tests.negatives import negative

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
# always the same one: it stands in names of cases, which every worker must give alike
KEY = SoftwareKey.from_secret(Algorithm.EDDSA, bytes(range(32))).public_key
OTHER = SoftwareKey.generate(Algorithm.EDDSA).public_key
BOXTEL = "did:web:boxtel.example"
FIRST = f"{BOXTEL}#key-1"


def method(**changes: Any) -> dict[str, Any]:
    made = {"id": FIRST, "type": "Multikey", "controller": BOXTEL, "publicKeyMultibase": multikey.write(KEY), **changes}
    return {name: value for name, value in made.items() if value is not None}


def written(**changes: Any) -> bytes:
    document: dict[str, Any] = {"id": BOXTEL, "verificationMethod": [method()], "assertionMethod": [FIRST], **changes}
    return json_dumps(document)


class Web:
    """Serves documents by their address, and counts how often it is asked."""

    def __init__(self, *bodies: bytes, status: int = 200, error: Exception | None = None) -> None:
        self.bodies, self.status, self.error = list(bodies), status, error
        self.asked: list[str] = []

    def get(self, url: str, *, accept: Sequence[str]) -> Reply:
        self.asked.append(url)
        if self.error is not None:
            raise self.error
        return Reply(status=self.status, headers={}, body=self.bodies[min(len(self.asked), len(self.bodies)) - 1])


def looked_up(
    web: Web | None, controller: str = BOXTEL, *, documents: did.Documents | None = None, at: datetime = NOW
) -> did.ControllerDocument:
    documents = documents or did.Documents(web)
    return documents.document(controller, pinned={}, at=at, trail=Trail())


def key_in(document: bytes, name: str = FIRST, purpose: str = did.ASSERTION, at: datetime = NOW) -> PublicKey:
    return did.require_key(did.parse_document(document), name, purpose, at=at, trail=Trail())


def refused(check: Check, document: bytes, **how: Any) -> None:
    with pytest.raises(Rejected) as rejected:
        key_in(document, **how)
    assert rejected.value.check is check


# -- names that hold their key ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("purpose", [did.ASSERTION, did.AUTHENTICATION])
def test_a_did_key_is_its_own_document(algorithm: Algorithm, purpose: str) -> None:
    key = SoftwareKey.generate(algorithm).public_key
    document = looked_up(None, did.key_did(key))
    assert did.require_key(document, did.key_method(key), purpose, at=NOW, trail=Trail()) == key
    assert did.read_key_did(did.key_did(key)) == key


def test_the_published_did_keys_have_the_methods_of_their_documents() -> None:
    for name, case in json.loads(given("vectors/did-key/nist-curves.json").read_bytes()).items():
        published = case["didDocument"]["verificationMethod"][0]
        if published.get("publicKeyJwk", {}).get("crv") not in ("P-256", "P-384"):
            continue
        for purpose in (did.ASSERTION, did.AUTHENTICATION):
            assert published["id"] in case["didDocument"][purpose]
            found = did.require_key(looked_up(None, name), published["id"], purpose, at=NOW, trail=Trail())
            assert found == PublicKey.from_jwk(published["publicKeyJwk"])


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_did_jwk_is_its_own_document(algorithm: Algorithm) -> None:
    key = SoftwareKey.generate(algorithm).public_key
    name = "did:jwk:" + b64url_encode(json_dumps({**key.jwk(), "use": "sig"}))
    document = looked_up(None, name)
    assert did.require_key(document, f"{name}#0", did.ASSERTION, at=NOW, trail=Trail()) == key


def test_the_example_of_did_jwk_is_read() -> None:
    # https://github.com/quartzjer/did-jwk/blob/main/spec.md, "P-256"
    name = (
        "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAi"
        "LCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"
    )
    found = did.require_key(looked_up(None, name), f"{name}#0", did.AUTHENTICATION, at=NOW, trail=Trail())
    assert found.jwk()["x"] == "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0"


@pytest.mark.parametrize(
    "name",
    [
        "did:key:",
        "did:key:z6Mk",
        "did:key:" + multikey.write(KEY)[:-1],
        "did:key:" + multikey.write(KEY) + "#a",
        "did:jwk:e30",
        "did:jwk:!",
        "did:jwk:" + b64url_encode(b"[]"),
        "did:jwk:" + b64url_encode(json_dumps({**KEY.jwk(), "use": "enc"})),
        "did:jwk:" + b64url_encode(json_dumps({**KEY.jwk(), "d": "AAAA"})),
        "did:key:" + "z" * did.NAME_LIMIT,
        "did:example:123",
        "boxtel.example",
        "",
    ],
)
def test_a_name_that_holds_no_key_is_refused(name: str) -> None:
    with pytest.raises(Rejected) as rejected:
        looked_up(Web(), name)
    assert rejected.value.check is did.CONTROLLER_NAME


def test_only_a_did_key_is_read_as_one() -> None:
    with pytest.raises(Malformed):
        did.read_key_did(BOXTEL)


# -- names of the web -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("did:web:boxtel.example", "https://boxtel.example/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
        ("did:web:xn--bxtel-jua.example:A_b-c.d", "https://xn--bxtel-jua.example/A_b-c.d/did.json"),
        ("https://boxtel.example/issuers/1", "https://boxtel.example/issuers/1"),
        ("https://boxtel.example", "https://boxtel.example"),
    ],
)
def test_a_name_of_the_web_says_where_its_document_lies(name: str, url: str) -> None:
    assert did.address(name) == url
    web = Web(written(id=name))
    assert looked_up(web, name).id == name
    assert web.asked == [url]


@negative("NEG-DID-001")
@pytest.mark.parametrize(
    "name",
    [
        "did:web:boxtel.example%3A8443",
        "did:web:boxtel.example:8443%2F..",
        "did:web:boxtel.example%2Fissuers",
        "did:web:boxtel.example:..",
        "did:web:boxtel.example:.",
        "did:web:boxtel.example:..:..:secret",
        "did:web:boxtel.example::secret",
        "did:web:boxtel.example:",
        "did:web:user@boxtel.example",
        "did:web:user%40boxtel.example",
        "did:web:böxtel.example",
        "did:web:boxtel。example",
        "did:web:Boxtel.example",
        "did:web:boxtel.example.",
        "did:web:.boxtel.example",
        "did:web:-boxtel.example",
        "did:web:boxtel-.example",
        "did:web:localhost",
        "did:web:127.0.0.1",
        "did:web:2130706433",
        "did:web:0x7f.1",
        "did:web:127.0x1",
        "did:web:boxtel.0x",
        "did:web:[::1]",
        "did:web:boxtel.example?a",
        "did:web:boxtel.example/secret",
        "did:web:boxtel.example\\secret",
        "did:web:boxtel.example#a",
        "did:web:boxtel.example:a#b",
        "did:web:boxtel.example:a b",
        "did:web:boxtel.example\n",
        "did:web:",
        "did:web:" + "a." * 130 + "example",
        "did:web:" + "a" * 64 + ".example",
        "DID:web:boxtel.example",
        "https://boxtel.example:8443/a",
        "https://boxtel.example/",
        "https://boxtel.example/a/../b",
        "https://boxtel.example/%2e%2e/b",
        "https://user@boxtel.example/a",
        "https://boxtel.example/a?b",
        "https://Boxtel.example/a",
        "https://127.0.0.1/a",
        "http://boxtel.example/a",
        "https:boxtel.example",
    ],
)  # fmt: skip
def test_a_name_that_two_programs_could_read_in_two_ways_is_not_looked_up(name: str) -> None:
    web = Web(written(id=name))
    with pytest.raises(Rejected) as rejected:
        looked_up(web, name)
    assert rejected.value.check is did.CONTROLLER_NAME
    assert rejected.value.reason is Reason.FETCH_BLOCKED
    assert web.asked == []


@pytest.mark.parametrize(
    ("name", "controller"),
    [
        (FIRST, BOXTEL),
        (did.key_method(KEY), did.key_did(KEY)),
        (BOXTEL, None),
        (f"{BOXTEL}#", None),
        ("#key-1", None),
        (f"{FIRST}#key-2", None),
        (f"{BOXTEL}#{'a' * did.NAME_LIMIT}", None),
    ],
)
def test_a_method_names_its_controller_before_the_one_fragment(name: str, controller: str | None) -> None:
    assert did.controller_of(name) == controller


# -- what is published ------------------------------------------------------------------------------------------------


@negative("NEG-DID-002")
@pytest.mark.parametrize(
    ("check", "body"),
    [
        (did.DOCUMENT_ID, written(id="did:web:other.example")),
        (did.DOCUMENT_ID, written(id="did:web:Boxtel.example")),
        (did.DOCUMENT_ID, written(id=f"{BOXTEL}#")),
        (did.CONTROLLER_DOCUMENT, written(padding="x" * did.DOCUMENT_LIMIT)),
        (did.CONTROLLER_DOCUMENT, b"x" * 10_000_000),
        (did.CONTROLLER_DOCUMENT, b"[]"),
        (did.CONTROLLER_DOCUMENT, written(id=None)),
        (did.CONTROLLER_DOCUMENT, written(id="")),
        (did.CONTROLLER_DOCUMENT, written(deactivated="yes")),
        (did.CONTROLLER_DOCUMENT, written(verificationMethod={})),
        (did.CONTROLLER_DOCUMENT, written(verificationMethod=[method()] * 2)),
        (did.CONTROLLER_DOCUMENT, written(verificationMethod=[method(id="#key-1"), method()])),
        (did.CONTROLLER_DOCUMENT, written(verificationMethod=["key"])),
        (did.CONTROLLER_DOCUMENT, written(verificationMethod=[method(id=None)])),
        (did.CONTROLLER_DOCUMENT, written(assertionMethod=FIRST)),
        (did.CONTROLLER_DOCUMENT, written(assertionMethod=[1])),
        (did.CONTROLLER_DOCUMENT, written(assertionMethod=["#k"] * (did.METHODS_LIMIT + 1))),
    ],
    ids=range(17),
)
def test_what_is_published_is_the_controllers_own_document_or_nothing(check: Check, body: bytes) -> None:
    with pytest.raises(Rejected) as rejected:
        looked_up(Web(body))
    assert rejected.value.check is check
    assert rejected.value.reason is Reason.UNTRUSTED_ISSUER


@negative("NEG-DID-002")
def test_a_deactivated_document_gives_no_key() -> None:
    refused(did.DOCUMENT_ACTIVE, written(deactivated=True))
    assert key_in(written(deactivated=False)) == KEY


@negative("NEG-DID-002")
@pytest.mark.parametrize("controller", ["did:web:other.example", None, [BOXTEL], f"{BOXTEL}/"])
def test_a_method_of_another_controller_gives_no_key(controller: Any) -> None:
    refused(did.METHOD_CONTROLLER, written(verificationMethod=[method(controller=controller)]))


def test_a_document_that_says_more_than_is_needed_is_read() -> None:
    more = {"id": f"{BOXTEL}#more", "type": "RsaVerificationKey2018", "controller": "did:web:other.example"}
    document = written(
        verificationMethod=[more, method()], service=[{"type": "x"}], **{"@context": ["https://www.w3.org/ns/did/v1"]}
    )
    assert key_in(document) == KEY
    refused(did.METHOD_THERE, document, name=f"{BOXTEL}#more")


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "JsonWebKey", "publicKeyMultibase": None, "publicKeyJwk": KEY.jwk()},
        {"type": "JsonWebKey2020", "publicKeyMultibase": None, "publicKeyJwk": KEY.jwk()},
        {"type": "Ed25519VerificationKey2020"},
        {"id": "#key-1"},
    ],
)
def test_a_key_is_read_in_each_of_its_forms(changes: Mapping[str, Any]) -> None:
    assert key_in(written(verificationMethod=[method(**changes)], assertionMethod=["#key-1"])) == KEY


def test_a_method_may_stand_within_the_purpose_for_which_it_is() -> None:
    assert key_in(written(verificationMethod=[], assertionMethod=[method()])) == KEY
    refused(did.METHOD_PURPOSE, written(verificationMethod=[], authentication=[method()], assertionMethod=[]))


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "RsaVerificationKey2018"},
        {"type": ["Multikey"]},  # text alone can be looked up among the kinds
        {"type": {"Multikey": "Multikey"}},
        {"secretKeyMultibase": "z3u2"},  # what is published with its private key is everybody's
        {"secretKeyJwk": {}},
        {"type": None},
        {"publicKeyMultibase": None},
        {"publicKeyMultibase": "z6Mk"},
        {"publicKeyMultibase": 1},
        {"publicKeyJwk": KEY.jwk()},
        {"type": "JsonWebKey", "publicKeyJwk": KEY.jwk()},
        {"type": "JsonWebKey", "publicKeyMultibase": None},
        {"expires": "tomorrow"},
        {"expires": "2027-01-01T00:00:00"},
        {"revoked": 1},
        {"revoked": "2027-13-01T00:00:00Z"},
        {"id": f"{BOXTEL}#key-2"},
    ],
)
def test_a_method_without_one_key_of_a_known_kind_is_none(changes: Mapping[str, Any]) -> None:
    refused(did.METHOD_THERE, written(verificationMethod=[method(**changes)]))


@pytest.mark.parametrize("purpose", [did.AUTHENTICATION, "keyAgreement", "capabilityInvocation", ""])
def test_a_key_is_for_the_purposes_that_its_controller_gives_it_and_no_other(purpose: str) -> None:
    refused(did.METHOD_PURPOSE, written(), purpose=purpose)
    refused(did.METHOD_PURPOSE, written(assertionMethod=[f"{BOXTEL}#key-2"]))


def test_a_method_ends_at_the_moment_that_it_says() -> None:
    for name, check in (("expires", did.METHOD_EXPIRES), ("revoked", did.METHOD_REVOKED)):
        document = written(verificationMethod=[method(**{name: "2026-11-23T12:00:00+01:00"})])
        assert key_in(document, at=NOW - timedelta(microseconds=1)) == KEY
        refused(check, document, at=NOW)


# -- when it is fetched -----------------------------------------------------------------------------------------------


@negative("NEG-DID-004")
def test_one_snapshot_of_a_document_serves_a_verification_whatever_is_served_meanwhile() -> None:
    web = Web(written(), written(verificationMethod=[method(publicKeyMultibase=multikey.write(OTHER))]))
    documents = did.Documents(web)
    first = looked_up(web, documents=documents)
    assert did.require_key(first, FIRST, did.ASSERTION, at=NOW, trail=Trail()) == KEY
    assert looked_up(web, documents=documents) is first
    assert len(web.asked) == 1


def test_a_document_is_fetched_anew_after_a_while_and_not_before() -> None:
    web = Web(written())
    documents = did.Documents(web)
    for at, times in (
        (NOW, 1),
        (NOW + did.LIFETIME - timedelta(seconds=1), 1),
        (NOW - did.PAUSE, 1),
        (NOW + did.LIFETIME, 2),
        (NOW - did.LIFETIME, 3),
    ):
        looked_up(web, documents=documents, at=at)
        assert len(web.asked) == times


@pytest.mark.parametrize("error", [Unavailable("no answer"), Rejected(URL_ALLOWED)])
def test_a_failure_is_kept_for_a_while_and_then_forgotten(error: Exception) -> None:
    web = Web(written(), error=error)
    documents = did.Documents(web)
    for _ in range(3):
        with pytest.raises(type(error)):
            looked_up(web, documents=documents)
    assert len(web.asked) == 1
    web.error = None
    assert looked_up(web, documents=documents, at=NOW + did.PAUSE).id == BOXTEL


@pytest.mark.parametrize("status", [404, 410, 500])
def test_a_server_that_has_no_document_makes_its_controller_unavailable(status: int) -> None:
    with pytest.raises(Unavailable):
        looked_up(Web(written(), status=status))


def test_without_a_fetcher_a_controller_of_the_web_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        looked_up(None)


def test_a_pinned_document_is_taken_and_nothing_is_fetched() -> None:
    web = Web()
    pinned = did.parse_document(written())
    found = did.Documents(web).document(BOXTEL, pinned={BOXTEL: pinned}, at=NOW, trail=Trail())
    assert found is pinned
    assert web.asked == []


def test_many_at_once_make_one_look() -> None:
    web = Web(written())
    documents = did.Documents(web)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: looked_up(web, documents=documents), range(64)))
    assert len({id(one) for one in found}) == len(web.asked) == 1


def test_documents_of_many_controllers_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(did, "CONTROLLERS_LIMIT", 2)
    names = ["did:web:a.example", "did:web:b.example", "did:web:c.example"]
    web = Web(*(written(id=name) for name in names), written(id=names[0]))
    documents = did.Documents(web)
    for name in (*names, names[0]):
        looked_up(web, name, documents=documents)
    assert len(web.asked) == 4
