"""Tampered answers over HTTP: each ends its check for its own reason, and nothing of it is kept, shown or told.

The conformance suite's verifier modules bear their names here (`oid4vp-1final-verifier-...`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from eigendata.crypto.jose import parse_jws, sign_jws
from eigendata.crypto.jwe import ContentEncryption, Recipient, encrypt, parse_recipient
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import Json, b64url_decode, b64url_encode, json_dumps, json_object
from eigendata.errors import Reason
from eigendata.formats import FORMATS
from eigendata.model import UNBOUND, Answer, Binding, ClaimPath, Holding, Presentation
from eigendata.openid import vp
from eigendata.query import Request
from eigendata.registers.catalogue import CATALOGUE
from tests.negatives import negative
from tests.web.site import Site
from tests.web.test_verifier_router import REFUSED, concluded_as, honest
from tests.world import AISHA, AT, FORMAT, MDOC, Holder, World

PERSON: Final = "urn:eigendata:nl:brp:persoon:1"
QUERY: Final = {
    "credentials": [
        {"id": "who", "format": FORMAT, "meta": {"vct_values": [PERSON]}, "claims": [{"path": ["family_name"]}]}
    ]
}
_MDOC: Final = FORMATS[MDOC]
_NAME: Final = next(one for one in CATALOGUE[PERSON].attributes if one.path == ("family_name",))
MDOC_QUERY: Final = {
    "credentials": [
        {
            "id": "who",
            "format": MDOC,
            "meta": {"doctype_value": _MDOC.type_id(CATALOGUE[PERSON])},
            "claims": [{"path": list(_MDOC.place(CATALOGUE[PERSON], _NAME))}],
        }
    ]
}
SHOWN: Final[tuple[ClaimPath, ...]] = (("family_name",),)


def presented(holder: Holder, binding: Binding, *, paths: Iterable[ClaimPath] = SHOWN) -> bytes:
    """Show these claims to whoever the binding names, asked or not."""
    owner = holder.authentic(PERSON).holder
    assert owner is not UNBOUND
    held = Holding(key=holder.keys[owner], binding=binding)
    return FORMATS[holder.format].present(holder.cards[PERSON][0], CATALOGUE[PERSON], paths, held, at=AT)


def answered(asked: Request, token: bytes) -> bytes:
    [query] = asked.query.credentials
    return vp.answer_form(Answer(presentations={query.id: (Presentation(format=query.format, token=token),)}), asked)


def refused(site: Site, make: Callable[[Request], bytes], reason: Reason | None, query: Any = QUERY) -> None:
    """Require that a tampered answer is refused for this reason, open and sealed, whole and for good."""
    for mode in ("direct_post", "direct_post.jwt"):
        begun = site.begin(dcql=query, mode=mode)
        asked = site.fetch(begun["parties"][0])
        reply = site.answer(answered(asked, make(asked)))
        assert reply.status_code == 400
        assert reply.json()["error"] == "invalid_request"
        concluded_as(site, begun, reason)
        again = site.answer(answered(asked, make(asked)))
        assert (again.status_code, again.content) == (400, REFUSED)


def resigned(token: bytes, key: SoftwareKey, header: dict[str, Json | None], **claims: Json) -> bytes:
    """Sign the holder's proof anew, with another header or other claims; None takes a member away."""
    before, _, proof = token.rpartition(b"~")
    jws = parse_jws(proof)
    told = {name: one for name, one in {**jws.header, **header}.items() if one is not None and name != "alg"}
    return before + b"~" + sign_jws(told, json_dumps({**json_object(jws.payload), **claims}), key)


def own_key(holder: Holder) -> SoftwareKey:
    owner = holder.authentic(PERSON).holder
    assert isinstance(owner, PublicKey)
    return holder.keys[owner]


# -- the conformance suite's modules ----------------------------------------------------------------------------------


@negative("NEG-KB-004")
def test_oidf_oid4vp_1final_verifier_invalid_kb_jwt_signature(site: Site, aisha: Holder) -> None:
    other = SoftwareKey.generate(Algorithm.ES256)

    def by_another(asked: Request) -> bytes:
        return resigned(presented(aisha, asked.binding), other, {})

    def by_a_key_of_its_own_header(asked: Request) -> bytes:
        named: dict[str, Json | None] = {"jwk": dict(other.public_key.jwk())}
        return resigned(presented(aisha, asked.binding), other, named)

    def flipped(asked: Request) -> bytes:
        before, _, signature = presented(aisha, asked.binding).rpartition(b".")
        wrong = bytearray(b64url_decode(signature))
        wrong[5] ^= 1
        return before + b"." + b64url_encode(bytes(wrong)).encode()

    for make in (by_another, by_a_key_of_its_own_header, flipped):
        refused(site, make, Reason.KEY_BINDING_INVALID)


@negative("NEG-KB-010")
def test_oidf_oid4vp_1final_verifier_invalid_kb_jwt_nonce(site: Site, aisha: Holder) -> None:
    def nonce(change: Callable[[str], Json]) -> Callable[[Request], bytes]:
        def make(asked: Request) -> bytes:
            return resigned(presented(aisha, asked.binding), own_key(aisha), {}, nonce=change(asked.binding.nonce))

        return make

    for change in (lambda one: "another", lambda one: f"{one} ", lambda one: one.swapcase(), lambda one: 7):
        refused(site, nonce(change), Reason.KEY_BINDING_INVALID)


@negative("NEG-KB-003")
def test_oidf_oid4vp_1final_verifier_invalid_kb_jwt_aud(site: Site, aisha: Holder) -> None:
    for other in ("x509_hash:other", "redirect_uri:https://webwinkel.example/answer", "https://self-issued.me/v2"):

        def make(asked: Request, other: str = other) -> bytes:
            return presented(aisha, replace(asked.binding, audience=other))

        refused(site, make, Reason.KEY_BINDING_INVALID)
    # without its prefix it is another verifier's name (OpenID4VP 1.0 section 14.8)
    refused(
        site,
        lambda asked: presented(aisha, replace(asked.binding, audience=asked.binding.audience.partition(":")[2])),
        Reason.KEY_BINDING_INVALID,
    )


def test_oidf_oid4vp_1final_verifier_invalid_credential_signature(site: Site, aisha: Holder) -> None:
    def make(asked: Request) -> bytes:
        token, tilde, rest = presented(aisha, asked.binding).partition(b"~")
        signed, _, signature = token.rpartition(b".")
        wrong = bytearray(b64url_decode(signature))
        wrong[5] ^= 1
        return signed + b"." + b64url_encode(bytes(wrong)).encode() + tilde + rest

    refused(site, make, Reason.SIGNATURE_INVALID)


@negative("NEG-KB-005")
def test_oidf_oid4vp_1final_verifier_invalid_sd_hash(site: Site, aisha: Holder) -> None:
    def less(asked: Request) -> bytes:
        shown = presented(aisha, asked.binding, paths=(("family_name",), ("given_name",)))
        token, *disclosures, proof = shown.split(b"~")
        kept = [one for one in disclosures if b"given_name" not in b64url_decode(one)]
        return b"~".join((token, *kept, proof))

    def more(asked: Request) -> bytes:
        one = presented(aisha, asked.binding).split(b"~")
        two = presented(aisha, asked.binding, paths=(("family_name",), ("given_name",))).split(b"~")
        added = [part for part in two[1:-1] if part not in one]
        return b"~".join((*one[:-1], *added, one[-1]))

    for make in (less, more):
        refused(site, make, Reason.KEY_BINDING_INVALID)


@negative("NEG-KB-006")
def test_oidf_oid4vp_1final_verifier_kb_jwt_iat_in_past(site: Site, aisha: Holder) -> None:
    for past in (timedelta(minutes=6), timedelta(days=365)):

        def make(asked: Request, past: timedelta = past) -> bytes:
            moment = int((AT - past).timestamp())
            return resigned(presented(aisha, asked.binding), own_key(aisha), {}, iat=moment)

        refused(site, make, Reason.KEY_BINDING_INVALID)


def test_oidf_oid4vp_1final_verifier_kb_jwt_iat_in_future(site: Site, aisha: Holder) -> None:
    for ahead in (timedelta(minutes=3), timedelta(days=365)):

        def make(asked: Request, ahead: timedelta = ahead) -> bytes:
            moment = int((AT + ahead).timestamp())
            return resigned(presented(aisha, asked.binding), own_key(aisha), {}, iat=moment)

        refused(site, make, Reason.KEY_BINDING_INVALID)


def test_oidf_oid4vp_1final_verifier_invalid_session_transcript(site: Site, world: World) -> None:
    holder = world.holder(AISHA, format=MDOC)
    begun = site.begin(dcql=MDOC_QUERY)
    assert site.answer(honest(holder, site.fetch(begun["parties"][0]))).status_code == 200
    site.told.clear()
    other = site.fetch(site.begin(dcql=MDOC_QUERY)["parties"][0]).binding.transcript

    def make(asked: Request) -> bytes:
        place = _MDOC.place(CATALOGUE[PERSON], _NAME)
        return presented(holder, replace(asked.binding, transcript=other), paths=(place,))

    refused(site, make, Reason.KEY_BINDING_INVALID, MDOC_QUERY)


def test_oidf_oid4vp_1final_verifier_minimal_cnf_jwk(site: Site, aisha: Holder) -> None:
    token, _, _ = aisha.cards[PERSON][0].partition(b"~")
    cnf = json_object(b64url_decode(token.split(b".")[1]))["cnf"]
    assert isinstance(cnf, dict)
    assert cnf.keys() == {"jwk"}
    assert set(cnf["jwk"]) == {"kty", "crv", "x", "y"}
    begun = site.begin(dcql=QUERY)
    assert site.answer(honest(aisha, site.fetch(begun["parties"][0]))).status_code == 200


# -- the holder's proof -----------------------------------------------------------------------------------------------


@negative("NEG-KB-001")
def test_a_presentation_without_its_proof_is_refused(site: Site, aisha: Holder) -> None:
    refused(site, lambda asked: presented(aisha, asked.binding).rpartition(b"~")[0] + b"~", Reason.KEY_BINDING_INVALID)


@negative("NEG-KB-008")
@pytest.mark.parametrize("typ", ["JWT", "KB+JWT", None], ids=str)
def test_a_proof_of_another_type_is_none(site: Site, aisha: Holder, typ: str | None) -> None:
    refused(
        site,
        lambda asked: resigned(presented(aisha, asked.binding), own_key(aisha), {"typ": typ}),
        Reason.TYPE_MISMATCH,
    )


# -- sealed answers ---------------------------------------------------------------------------------------------------


def sealed(asked: Request, holder: Holder, **more: Any) -> bytes:
    """Seal an honest answer as the request asks, but for what is said otherwise."""
    assert asked.encryption is not None
    to = parse_recipient(asked.encryption.jwk)
    given = {"to": to, "encryption": ContentEncryption.A256GCM, **more}
    payload = vp.answer_file(holder.answer(asked), asked)
    return encrypt(payload, given.pop("to"), **given)


def retold(token: bytes, **header: Json) -> bytes:
    first, _, rest = token.partition(b".")
    told = {**json_object(b64url_decode(first)), **header}
    return b64url_encode(json_dumps(told)).encode() + b"." + rest


SEALED: Final[dict[str, tuple[str, Callable[[bytes], bytes], str]]] = {
    "zip": ("NEG-JWE-001", lambda one: retold(one, zip="DEF"), "unsupported_algorithm"),
    "off the curve": (
        "NEG-JWE-002",
        lambda one: retold(one, epk={"kty": "EC", "crv": "P-256", "x": "AA" * 21 + "A", "y": "AA" * 21 + "A"}),
        "malformed",
    ),
    "another curve": (
        "NEG-JWE-002",
        lambda one: retold(one, epk=dict(SoftwareKey.generate(Algorithm.ES384).public_key.jwk())),
        "malformed",
    ),
    "dir": ("NEG-JWE-003", lambda one: retold(one, alg="dir"), "unsupported_algorithm"),
    "RSA1_5": ("NEG-JWE-003", lambda one: retold(one, alg="RSA1_5"), "unsupported_algorithm"),
    "PBES2": ("NEG-JWE-003", lambda one: retold(one, alg="PBES2-HS256+A128KW", p2c=10**9), "unsupported_algorithm"),
    "ECDH-1PU": ("NEG-JWE-003", lambda one: retold(one, alg="ECDH-1PU"), "unsupported_algorithm"),
    "A256CBC-HS512": ("NEG-JWE-003", lambda one: retold(one, enc="A256CBC-HS512"), "unsupported_algorithm"),
    "apu": ("NEG-JWE-006", lambda one: retold(one, apu="QUJD"), "request_invalid"),
    "apv": ("NEG-JWE-006", lambda one: retold(one, apv="QUJD"), "request_invalid"),
    "a flipped bit": ("", lambda one: one[:-3] + (b"AAA" if one[-3:] != b"AAA" else b"BBA"), "request_invalid"),
}


@negative("NEG-JWE-001", "NEG-JWE-002", "NEG-JWE-003", "NEG-JWE-006")
@pytest.mark.parametrize("name", SEALED)
def test_an_answer_that_is_sealed_otherwise_is_refused(site: Site, aisha: Holder, name: str) -> None:
    _, change, description = SEALED[name]
    begun = site.begin(dcql=QUERY)
    asked = site.fetch(begun["parties"][0])
    reply = site.answer(urlencode({"response": change(sealed(asked, aisha)).decode()}).encode())
    assert (reply.status_code, reply.json()["error_description"]) == (400, description)
    assert site.look(begun["id"])["state"] == "refused"


@negative("NEG-JWE-005")
def test_an_answer_that_is_sealed_for_another_request_does_not_open(site: Site, aisha: Holder) -> None:
    one, other = site.begin(dcql=QUERY), site.begin(dcql=QUERY)
    asked, others = (site.fetch(begun["parties"][0]) for begun in (one, other))
    assert asked.encryption is not None
    assert others.encryption is not None
    key, kid = parse_recipient(others.encryption.jwk).key, parse_recipient(asked.encryption.jwk).kid
    body = urlencode({"response": sealed(asked, aisha, to=Recipient(key, kid)).decode()}).encode()
    assert site.answer(body).json()["error_description"] == "request_invalid"
    assert site.look(one["id"])["state"] == "refused"
    assert site.look(other["id"])["state"] == "waiting"
    # and what is honest, but for another request than that whose key it is sealed to
    mixed = urlencode({"response": sealed(asked, aisha, to=parse_recipient(others.encryption.jwk)).decode()}).encode()
    assert site.answer(mixed).status_code == 400
    assert site.look(other["id"])["state"] == "refused"


def test_both_content_encryptions_are_read(site: Site, aisha: Holder) -> None:
    for encryption in ContentEncryption:
        begun = site.begin(dcql=QUERY)
        asked = site.fetch(begun["parties"][0])
        assert asked.encryption is not None
        assert set(asked.encryption.encryptions) == {"A128GCM", "A256GCM"}
        body = urlencode({"response": sealed(asked, aisha, encryption=encryption).decode()}).encode()
        assert site.answer(body).status_code == 200


# -- what stays behind ------------------------------------------------------------------------------------------------


def test_nothing_of_a_person_or_a_secret_is_in_a_log(
    site: Site, aisha: Holder, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Law 12."""
    with caplog.at_level(logging.DEBUG):
        begun = site.begin()
        asked = site.fetch(begun["parties"][0])
        site.answer(honest(aisha, asked))
        site.answer(honest(aisha, asked))
        site.look(begun["id"])
        site.page(begun["parties"][0])
    out, err = capfd.readouterr()
    told = out + err + "".join(one.getMessage() for one in caplog.records if not one.name.startswith("httpx"))
    secrets = (
        begun["id"],
        begun["parties"][0]["page"][-43:],
        asked.binding.nonce,
        asked.state or "",
        site.keys["desk"],
    )
    for value in ("Zandstra", "Aisha", "1984-02-29", *secrets):
        assert value not in told


def test_the_views_print_no_claim_and_no_secret(site: Site, aisha: Holder) -> None:
    begun = site.begin()
    [party] = begun["parties"]
    site.answer(honest(aisha, site.fetch(party)))
    view = site.checking.look("desk", begun["id"])
    printed = f"{view!r} {view.parties!r} {site.checking.visit(party['page'].rpartition('/')[2], session=None)!r}"
    for value in ("Zandstra", begun["id"], party["page"][-43:]):
        assert value not in printed
