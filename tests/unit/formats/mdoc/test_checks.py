"""Each check of an mdoc verification, broken alone; and the names of what hostile wallets and issuers send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import cbor2
import pytest

from eigendata.channel import openid4vp_dc_api, openid4vp_redirect
from eigendata.crypto.iaca import make_document_signer, window
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.errors import Malformed, Misuse, Outcome, Reason, Rejected
from eigendata.formats.mdoc import MSO_MDOC, checks
from eigendata.model import UNBOUND, Binding, StatusReference
from tests.negatives import negative

from .forge import (
    ABSENT,
    ANY,
    AUTHORITY,
    AUTHORITY_KEY,
    DAY,
    HOLDER_KEY,
    HOLDING,
    ISSUER,
    ISSUER_KEY,
    NAME,
    NAMESPACE,
    NOW,
    OTHER_KEY,
    OWN,
    PERSON,
    SIGNER,
    TRUST,
    cose_key,
    device,
    device_auth,
    digest,
    document,
    issued,
    issuer_auth,
    item,
    mso,
    response,
    tagged,
    tdate,
    validity,
    verified,
)

P384_KEY = SoftwareKey.generate(Algorithm.ES384)
MAC: list[Any] = [b"\xa1\x01\x05", {}, None, b"t" * 32]
BIRTH = item(7, "birthdate", cbor2.CBORTag(1004, "1987-02-13"))
STATED = cbor2.dumps({NAMESPACE: {"town": "Boxtel"}})


def of(**changes: Any) -> bytes:
    """A presentation with other members in the mobile security object, signed anew."""
    return response(document(issued(OWN, NAME, of=mso(OWN, NAME, **changes))))


def authorized(**authorizations: Any) -> bytes:
    info = {"deviceKey": cose_key(), "keyAuthorizations": authorizations}
    return response(document(issued(OWN, of=mso(OWN, deviceKeyInfo=info)), deviceSigned=device(STATED)))


def signed_by_device(**how: Any) -> bytes:
    return response(document(deviceSigned=device(deviceAuth={"deviceSignature": device_auth(**how)})))


def auth(**how: Any) -> bytes:
    return response(document(issued(OWN, NAME, auth=issuer_auth(mso(OWN, NAME), **how))))


def of_items(*items: bytes, digests: dict[int, bytes]) -> bytes:
    return response(document(issued(*items, of=mso(valueDigests={NAMESPACE: digests}))))


BROKEN: dict[str, list[tuple[str, Callable[[], bytes]]]] = {
    "MSO_VERSION": [("2.0", lambda: of(version="2.0")), ("1.1", lambda: of(version="1.1"))],
    "DOCTYPE": [
        (
            "another in both places",
            lambda: response(
                document(
                    issued(OWN, of=mso(OWN, docType="org.example.other")),
                    docType="org.example.other",
                    deviceSigned=device(deviceAuth={"deviceSignature": device_auth(doctype="org.example.other")}),
                )
            ),
        )
    ],
    "DOCTYPE_STATED": [
        (
            "another in the document",
            lambda: response(
                document(
                    docType=ANY.id,
                    deviceSigned=device(deviceAuth={"deviceSignature": device_auth(doctype=ANY.id)}),
                )
            ),
        )
    ],
    "ISSUER_ALGORITHM": [
        ("none", lambda: auth(protected=b"")),
        ("an empty bucket", lambda: auth(protected={})),
        ("in the other bucket", lambda: auth(protected=b"", unprotected={1: -7, 33: SIGNER})),
        ("another curve's", lambda: auth(protected={1: -35})),
        ("RSA", lambda: auth(protected={1: -257})),
        ("a MAC", lambda: auth(protected={1: 5})),
        ("none there is", lambda: auth(protected={1: 0})),
    ],
    "ISSUER_SIGNATURE": [
        ("by another key", lambda: auth(key=OTHER_KEY)),
        ("of another kind of message", lambda: auth(context="Signature")),
        ("with data beside", lambda: auth(aad=b"\x00")),
    ],
    "SIGNED_WHILE_CERTIFIED": [
        (
            "the day before",
            lambda: of(validityInfo=validity(signed=tdate("2026-11-22T23:59:59Z"))),
        )
    ],
    "DIGEST_ALGORITHM": [
        (name, partial(of, digestAlgorithm=name)) for name in ("SHA-1", "MD5", "sha-256", "SHA-224", "")
    ],
    "DIGEST_ID_ONCE": [
        (
            "two elements",
            lambda: of_items(item(1, "town", "Boxtel"), NAME, digests={1: digest(NAME)}),
        )
    ],
    "ELEMENT_ONCE": [
        (
            "the same name under two numbers",
            lambda: response(document(issued(NAME, item(2, "family_name", "Ander")))),
        )
    ],
    "DIGESTS": [
        ("another value", lambda: of_items(item(1, "family_name", "Jansen"), digests={1: digest(NAME)})),
        ("another name", lambda: of_items(item(1, "given_name", "Ummels"), digests={1: digest(NAME)})),
        ("another number", lambda: of_items(item(2, "family_name", "Ummels"), digests={1: digest(NAME)})),
        ("a number without a digest", lambda: of_items(NAME, digests={2: digest(NAME)})),
        ("over the bytes without the tag", lambda: of_items(NAME, digests={1: digest(NAME[1:])})),
        ("by another hash", lambda: of_items(NAME, digests={1: digest(NAME, "sha512")})),
        ("in a namespace that nobody signed", lambda: response(
            document(issued(NAME, nameSpaces={"org.example.more": [tagged(NAME)]}))
        )),
    ],
    "VALID_FROM": [
        ("tomorrow", lambda: of(validityInfo=validity(validFrom=tdate("2026-11-24T00:00:00Z")))),
        ("in a second", lambda: of(validityInfo=validity(validFrom=tdate("2026-11-23T14:03:01Z")))),
    ],
    "VALID_UNTIL": [
        ("until a second ago", lambda: of(validityInfo=validity(validUntil=tdate("2026-11-23T14:02:59Z")))),
    ],
    "STATUS_KIND": [("by a list of another kind", lambda: of(status={"identifier_list": {"id": b"1", "uri": "u"}}))],
    "DEVICE_AUTH": [
        ("none", lambda: response(document(deviceSigned=ABSENT))),
        ("no proof in it", lambda: response(document(deviceSigned=device(deviceAuth={})))),
        ("a MAC", lambda: response(document(deviceSigned=device(deviceAuth={"deviceMac": MAC})))),
        (
            "both",
            lambda: response(
                document(deviceSigned=device(deviceAuth={"deviceSignature": device_auth(), "deviceMac": MAC}))
            ),
        ),
    ],
    "DEVICE_ALGORITHM": [
        ("none", lambda: signed_by_device(protected=b"")),
        ("another curve's", lambda: signed_by_device(protected={1: -35})),
        ("of another kind of key", lambda: signed_by_device(key=P384_KEY, protected={1: -35})),
    ],
    "DEVICE_SIGNATURE": [
        ("by another key", lambda: signed_by_device(key=OTHER_KEY)),
        ("by the issuer", lambda: signed_by_device(key=ISSUER_KEY)),
        ("for another session", lambda: signed_by_device(transcript=cbor2.dumps([None, None, ["x", b"y"]]))),
        ("for another docType", lambda: signed_by_device(doctype=ANY.id)),
        ("over other elements", lambda: signed_by_device(stated=STATED)),
        ("with data beside", lambda: signed_by_device(aad=b"\x00")),
        ("of another kind of message", lambda: signed_by_device(context="Signature")),
    ],
    "KEY_AUTHORIZED": [
        ("for nothing", lambda: response(document(deviceSigned=device(STATED)))),
        ("for another namespace", lambda: authorized(nameSpaces=["org.example"])),
        ("for another element", lambda: authorized(dataElements={NAMESPACE: ["street"]})),
        ("for that element elsewhere", lambda: authorized(dataElements={"org.example": ["town"]})),
    ],
}  # fmt: skip
CASES = [(name, case, token) for name, several in BROKEN.items() for case, token in several]


def failing(token: bytes, **how: Any) -> str:
    with pytest.raises(Rejected) as rejected:
        verified(token, **how)
    passed = tuple(step.check for step in rejected.value.trail)
    ours = [check for check in (*passed, rejected.value.check) if check in checks.CHECKS]
    assert tuple(ours) == tuple(check for check in checks.CHECKS[: len(ours)])
    return rejected.value.check.name


@pytest.mark.parametrize(("name", "token"), [(name, token) for name, _, token in CASES], ids=[
    f"{name}: {case}" for name, case, _ in CASES
])  # fmt: skip
def test_each_check_is_broken_alone(name: str, token: Callable[[], bytes]) -> None:
    assert failing(token()) == name


def test_every_check_has_a_case_that_breaks_only_it() -> None:
    elsewhere = {"SIGNER_TRUSTED", "DEVICE_MAC"}  # below, and in test_reader
    assert {one.name for one in checks.CHECKS} - elsewhere == BROKEN.keys()


def test_an_issuer_that_is_not_trusted_breaks_what_the_trust_checks() -> None:
    stranger = make_document_signer(
        ISSUER_KEY.public_key,
        name="Elsewhere",
        uri="https://elsewhere.example",
        authority=AUTHORITY,
        authority_key=AUTHORITY_KEY,
        at=DAY,
    )
    assert failing(auth(unprotected={33: stranger})) == "ISSUER_KNOWN"
    with pytest.raises(Rejected) as rejected:
        verified(response(), at=NOW + timedelta(days=1000))
    assert rejected.value.check.name == "X509_IN_TIME"
    # what held before stands in the trail, and then what the trust found
    names = [step.check.name for step in rejected.value.trail]
    assert names[:3] == ["MSO_VERSION", "DOCTYPE", "DOCTYPE_STATED"]


def test_the_last_second_of_the_signers_certificate_is_one_to_sign_in() -> None:
    end = window(SIGNER)[1]
    moments = {
        "signed": tdate(f"{end:%Y-%m-%dT%H:%M:%SZ}"),
        "validFrom": tdate(f"{end:%Y-%m-%dT%H:%M:%SZ}"),
        "validUntil": tdate("2099-01-01T00:00:00Z"),
    }
    verified(of(validityInfo=validity(**moments)), at=end)


def test_what_is_good_passes_every_check() -> None:
    authentic = verified(response())
    assert tuple(step.check for step in authentic.trail) == checks.CHECKS
    assert authentic.document == {NAMESPACE: {"authority": "Gemeente Boxtel", "family_name": "Ummels"}}
    assert authentic.revealed == ((NAMESPACE, "family_name"),)
    assert (authentic.holder, authentic.issuer.party.id) == (HOLDER_KEY.public_key, ISSUER)
    assert authentic.expires_at == DAY + timedelta(days=14)


def test_a_second_that_is_named_as_the_last_is_valid_to_its_end() -> None:
    until = of(validityInfo=validity(validUntil=tdate("2026-11-23T14:03:00Z")))
    for later in (timedelta(), timedelta(milliseconds=999)):
        assert verified(until, at=NOW + later).expires_at == NOW + timedelta(seconds=1)
    assert failing(until, at=NOW + timedelta(seconds=1)) == "VALID_UNTIL"


@pytest.mark.parametrize("number", [-7, -9])
def test_both_numbers_of_the_algorithm_are_accepted(number: int) -> None:
    verified(auth(protected={1: number}))
    verified(signed_by_device(protected={1: number}))


def test_digests_of_every_hash_that_is_secure_are_accepted() -> None:
    for name, hash_ in (("SHA-384", "sha384"), ("SHA-512", "sha512")):
        of_it = mso(digestAlgorithm=name, valueDigests={NAMESPACE: {1: digest(NAME, hash_)}})
        assert verified(response(document(issued(NAME, of=of_it)))).revealed == ((NAMESPACE, "family_name"),)


def test_decoys_and_whole_namespaces_that_are_not_shown_are_nothing_wrong() -> None:
    digests = {NAMESPACE: {1: digest(NAME), 2: b"d" * 32}, "org.example.more": {1: b"e" * 32}}
    verified(response(document(issued(NAME, of=mso(valueDigests=digests)))))


def test_an_mdoc_that_shows_no_element_is_one() -> None:
    nothing = verified(response(document(issued(NAME, nameSpaces=ABSENT))))
    assert (nothing.document, nothing.revealed) == ({}, ())


def test_where_withdrawal_is_published_comes_out() -> None:
    listed = of(status={"status_list": {"idx": 412, "uri": "https://boxtel.example/status/1"}})
    assert verified(listed).status == StatusReference(uri="https://boxtel.example/status/1", index=412)
    assert verified(response()).status is None


def test_what_the_holder_states_never_becomes_a_claim() -> None:
    for token in (authorized(nameSpaces=[NAMESPACE]), authorized(dataElements={NAMESPACE: ["town"]})):
        assert verified(token).document == {NAMESPACE: {"authority": "Gemeente Boxtel"}}


def test_of_a_type_of_others_every_element_could_have_been_withheld() -> None:
    of_any = mso(OWN, docType=ANY.id)
    token = response(
        document(
            issued(OWN, of=of_any),
            docType=ANY.id,
            deviceSigned=device(deviceAuth={"deviceSignature": device_auth(doctype=ANY.id)}),
        )
    )
    assert verified(token, types=(PERSON, ANY)).revealed == ((NAMESPACE, "authority"),)


def test_without_a_session_the_holders_proof_is_waived_and_nobody_is_named() -> None:
    for token in (response(), response(document(deviceSigned=ABSENT))):
        authentic = verified(token, binding=UNBOUND)
        assert authentic.holder is UNBOUND
        outcomes = {step.check: step.outcome for step in authentic.trail}
        assert {outcomes[check] for check in checks.DEVICE_SIGNED} == {Outcome.WAIVED}


def test_a_binding_without_a_transcript_binds_to_nothing() -> None:
    without = Binding(audience="a", nonce="n")
    with pytest.raises(Misuse):
        verified(response(), binding=without)
    credential = MSO_MDOC.open(cbor2.dumps(issued(OWN, NAME)), PERSON)
    with pytest.raises(Misuse):
        credential.present([], type(HOLDING)(key=HOLDER_KEY, binding=without), at=NOW)


# -- the catalogue ----------------------------------------------------------------------------------------------------


@negative("NEG-MDOC-001", "NEG-MDOC-010")
def test_an_element_is_what_the_issuer_signed() -> None:
    for name in ("DIGESTS", "DIGEST_ID_ONCE", "ELEMENT_ONCE"):
        assert [failing(token()) for _, token in BROKEN[name]] == [name] * len(BROKEN[name])


@negative("NEG-MDOC-003", "NEG-MDOC-019")
def test_a_proof_of_the_holder_is_a_signature_and_nothing_beside_it() -> None:
    for _, token in BROKEN["DEVICE_AUTH"]:
        with pytest.raises(Rejected) as rejected:
            verified(token())
        assert rejected.value.reason is Reason.KEY_BINDING_INVALID


@negative("NEG-MDOC-004", "NEG-MDOC-005")
def test_a_signature_is_for_one_verifier_nonce_address_and_encryption_key() -> None:
    here: dict[str, Any] = {"client_id": "redirect_uri:https://a.example/", "nonce": "n", "response_uri": "https://a"}
    ours = openid4vp_redirect(**here, encryption_key=b"k" * 32)
    token = signed_by_device(transcript=ours.transcript)
    verified(token, binding=ours)
    others = [
        openid4vp_redirect(**{**here, changed: value}, encryption_key=b"k" * 32)
        for changed, value in (("client_id", "redirect_uri:https://b.example/"), ("nonce", "m"), ("response_uri", "b"))
    ]
    others += [openid4vp_redirect(**here), openid4vp_redirect(**here, encryption_key=b"l" * 32)]
    others += [openid4vp_dc_api(origin="https://a.example", nonce="n", encryption_key=b"k" * 32)]
    for other in others:
        assert failing(token, binding=other) == "DEVICE_SIGNATURE"


@negative("NEG-MDOC-006")
def test_only_the_key_that_the_issuer_signed_is_the_holders() -> None:
    assert failing(signed_by_device(key=OTHER_KEY)) == "DEVICE_SIGNATURE"


@negative("NEG-MDOC-007", "NEG-MDOC-022")
def test_the_type_is_the_same_wherever_it_is_stated() -> None:
    for name in ("MSO_VERSION", "DOCTYPE", "DOCTYPE_STATED"):
        for _, token in BROKEN[name]:
            with pytest.raises(Rejected) as rejected:
                verified(token())
            assert rejected.value.reason is Reason.TYPE_MISMATCH
    for missing in ("docType", "validityInfo", "deviceKeyInfo", "valueDigests", "version", "digestAlgorithm"):
        with pytest.raises(Malformed):
            verified(of(**{missing: ABSENT}))


@negative("NEG-MDOC-008")
def test_times_are_those_of_the_object_and_of_the_certificate() -> None:
    reasons = {"VALID_FROM": Reason.NOT_YET_VALID, "VALID_UNTIL": Reason.EXPIRED}
    reasons |= {"SIGNED_WHILE_CERTIFIED": Reason.UNTRUSTED_ISSUER}
    for name, reason in reasons.items():
        with pytest.raises(Rejected) as rejected:
            verified(BROKEN[name][0][1]())
        assert rejected.value.reason is reason


@negative("NEG-MDOC-012")
def test_a_digest_is_over_the_bytes_that_came_and_never_over_new_ones() -> None:
    members = cbor2.loads(NAME)
    reordered = cbor2.dumps(dict(reversed(members.items())))
    own = response(document(issued(reordered)))
    assert verified(own).document == {NAMESPACE: {"family_name": "Ummels"}}
    assert failing(of_items(NAME, digests={1: digest(reordered)})) == "DIGESTS"
    assert failing(of_items(reordered, digests={1: digest(NAME)})) == "DIGESTS"


@negative("NEG-MDOC-015", "NEG-MDOC-017")
def test_the_protected_bucket_alone_states_the_algorithm() -> None:
    for name in ("ISSUER_ALGORITHM", "ISSUER_SIGNATURE", "DEVICE_ALGORITHM", "DEVICE_SIGNATURE"):
        assert [failing(token()) for _, token in BROKEN[name]] == [name] * len(BROKEN[name])


@negative("NEG-MDOC-018")
def test_a_holder_states_only_what_the_issuer_authorized() -> None:
    for _, token in BROKEN["KEY_AUTHORIZED"]:
        with pytest.raises(Rejected) as rejected:
            verified(token())
        assert rejected.value.reason is Reason.POLICY_DENIED


def test_a_credential_as_issued_is_verified_without_a_holder() -> None:
    credential = MSO_MDOC.parse_credential(cbor2.dumps(issued(OWN, NAME, BIRTH)))
    authentic = credential.verify([PERSON], trust=TRUST, at=NOW)
    assert tuple(step.check for step in authentic.trail) == checks.CHECKS
    outcomes = {step.check: step.outcome for step in authentic.trail}
    assert {outcomes[check] for check in checks.DEVICE_SIGNED} == {Outcome.NOT_APPLICABLE}
    assert authentic.document[NAMESPACE] == {
        "authority": "Gemeente Boxtel",
        "family_name": "Ummels",
        "birthdate": "1987-02-13",
    }


def test_what_is_valid_to_the_last_second_that_there_is_is_valid() -> None:
    of = mso(NAME, validityInfo=validity(validUntil=tdate("9999-12-31T23:59:59Z")))
    authentic = verified(response(document(issued(NAME, of=of))))
    assert authentic.expires_at == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
