"""Each check of a Data Integrity verification, broken alone; and the names of what hostile wallets and issuers send."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from eigendata import did
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.errors import Malformed, Misuse, Outcome, Reason, Rejected
from eigendata.formats.di import LDP_VC, checks, contexts
from eigendata.formats.di.proofs import EDDSA_JCS_2022, EDDSA_RDFC_2022, Suite
from eigendata.model import UNBOUND, Binding
from tests.negatives import negative

from .forge import (
    ABSENT,
    BINDING,
    BOTH,
    CLAIMS,
    HOLDER,
    HOLDER_KEY,
    ISSUER,
    ISSUER_KEY,
    METHOD,
    NOW,
    OTHER_KEY,
    OTHER_TYPE,
    OWN_METHOD,
    P256_KEY,
    TYPE,
    V2,
    Issuers,
    document,
    shown,
    signed,
    subject,
    verified,
    written,
)

URL = contexts.url(TYPE)
INLINE = {"family_name": "urn:example:other"}
OF_STATEMENTS = partial(signed, suite=EDDSA_RDFC_2022)
P256_HOLDER = did.key_did(P256_KEY.public_key)
SCHEMA = {"id": "https://boxtel.example/schema", "type": "JsonSchema"}


def of(**changes: Any) -> Any:
    return shown(signed(document(**changes)))


def about(**changes: Any) -> Any:
    return of(credentialSubject=subject(**changes))


def proven(**how: Any) -> Any:
    return shown(signed(**how))


BROKEN: dict[str, list[tuple[str, Callable[[], Any]]]] = {
    "DI_TYPE": [
        ("another", lambda: of(type=["VerifiableCredential", "Stranger"])),
        ("none beside", lambda: of(type=["VerifiableCredential"])),
        ("two", lambda: of(type=["VerifiableCredential", contexts.name(TYPE), contexts.name(OTHER_TYPE)])),
        ("written out", lambda: of(type=["VerifiableCredential", TYPE.id])),
    ],
    "CONTEXTS_KNOWN": [
        ("a stranger's", lambda: of(contexts=[V2, URL, "https://evil.example/context"])),
        ("inline", lambda: of(contexts=[V2, URL, INLINE])),
        ("that imports another", lambda: of(contexts=[V2, URL, {"@import": V2}])),
        ("that sets a base", lambda: of(contexts=[V2, URL, {"@base": "https://evil.example/"}])),
        ("of another type", lambda: of(contexts=[V2, contexts.url(OTHER_TYPE)])),
        ("in the subject", lambda: about(**{"@context": INLINE})),
        ("in an object of the subject", lambda: about(address={"locality": "Boxtel", "@context": URL})),
        ("in a list", lambda: about(nationalities=[{"@context": INLINE}])),
        ("around", lambda: shown(around={"@context": [V2, "https://evil.example/context"]})),
    ],
    "DI_ONE_SUBJECT": [
        ("two", lambda: of(credentialSubject=[subject(), subject(family_name="Ander")])),
        ("one in a list", lambda: of(credentialSubject=[subject()])),
        ("a name only", lambda: of(credentialSubject=HOLDER)),
        ("a graph beside", lambda: of(**{"@graph": [subject()]})),
        ("a graph within", lambda: about(**{"@graph": [subject()]})),
        ("a value written at length", lambda: about(family_name={"@value": "Ander"})),
        ("included", lambda: of(**{"@included": [subject()]})),
        ("a graph in a list", lambda: of(credentialSchema=[{**SCHEMA, "@graph": [subject()]}])),
    ],
    "NOTHING_LOST": [
        ("an undefined member", lambda: of(nickname="x")),
        ("an undefined claim", lambda: about(nickname="x")),
        ("an undefined claim below", lambda: about(address={"locality": "Boxtel", "street": "x"})),
        ("null", lambda: about(family_name=None)),
        ("in an array", lambda: about(family_name=["Ummels"])),
        ("an empty object", lambda: about(address={})),
        ("no object", lambda: about(address="Boxtel")),
        ("no array", lambda: about(nationalities="NL")),
        ("an array of others", lambda: about(nationalities=[1])),
        ("a number as text", lambda: about(birth_year="1987")),
        ("a number with a point", lambda: about(birth_year=1987.0)),
        ("a number as truth", lambda: about(resident=1)),
        ("truth as a number", lambda: about(birth_year=True)),
        ("a type in the subject", lambda: about(type="Person")),
        ("the subject is the credential", lambda: of(id=HOLDER)),
        ("the issuer is the credential", lambda: of(id=ISSUER)),
        ("the subject is the issuer", lambda: shown(signed(
            document(issuer=HOLDER), key=HOLDER_KEY, verificationMethod=OWN_METHOD
        ))),
        ("nothing said", lambda: of(credentialSubject={"id": HOLDER})),
        ("terms of use", lambda: of(termsOfUse={"type": "x"})),
    ],
    "SUBJECT_KEY": [
        ("a web address", lambda: about(id="https://aisha.example")),
        ("another method", lambda: about(id="did:web:aisha.example")),
        ("no key", lambda: about(id="did:key:z6Mk")),
        ("a number", lambda: about(id=1)),
    ],
    "DI_HOLDER_PROOF": [
        ("none", lambda: {name: value for name, value in shown().items() if name != "proof"}),
        ("a credential alone", signed),
        ("of a holder that nobody named", lambda: about(id=ABSENT)),
    ],
    "DI_HOLDER_PROOF_MEMBERS": [
        (name, lambda name=name: shown(after={name: ABSENT}))  # type: ignore[misc]
        for name in ("type", "verificationMethod", "proofPurpose", "proofValue")
    ],
    "DI_HOLDER_SUITE": [
        ("another type", lambda: shown(after={"type": "Ed25519Signature2020"})),
        ("another suite", lambda: shown(after={"cryptosuite": "ecdsa-sd-2023"})),
        ("no suite", lambda: shown(after={"cryptosuite": ABSENT})),
    ],
    "DI_HOLDER_PURPOSE": [("assertion", lambda: shown(proofPurpose="assertionMethod"))],
    "DI_HOLDER_PREVIOUS": [
        ("one", lambda: shown(previousProof="urn:uuid:1")),
        ("several", lambda: shown(previousProof=["urn:uuid:1"])),
    ],
    "DI_HOLDER_CONTROLLER": [
        ("another's key", lambda: shown(key=OTHER_KEY, verificationMethod=did.key_method(OTHER_KEY.public_key))),
        ("the issuer's", lambda: shown(key=ISSUER_KEY, verificationMethod=METHOD)),
        ("another method of the same", lambda: shown(verificationMethod=f"{HOLDER}#other")),
        ("no fragment", lambda: shown(verificationMethod=HOLDER)),
    ],
    "DI_HOLDER_KEY": [
        ("of another kind", lambda: shown(
            signed(document(credentialSubject=subject(id=P256_HOLDER))),
            around={"holder": P256_HOLDER},
            verificationMethod=did.key_method(P256_KEY.public_key),
        )),
    ],
    "DI_HOLDER_PROOF_CONTEXT": [
        ("others", lambda: shown(after={"@context": [URL]})),
        ("more", lambda: shown(after={"@context": [V2, URL]})),
        ("stated where it is not signed", lambda: shown(
            OF_STATEMENTS(), suite=EDDSA_RDFC_2022, after={"@context": [V2, URL]}
        )),
    ],
    "DI_HOLDER_SIGNATURE": [
        ("by another key", lambda: shown(key=OTHER_KEY)),
        ("for another moment", lambda: shown(after={"created": "2026-11-23T14:02:00Z"})),
        ("another suite", lambda: shown(
            OF_STATEMENTS(), suite=EDDSA_RDFC_2022, after={"cryptosuite": "eddsa-jcs-2022"}
        )),
        ("too short", lambda: shown(after={"proofValue": "z2"})),
    ],
    "PRESENTATION_CONTEXTS": [
        ("the type's", lambda: shown(around={"@context": [V2, URL]})),
        ("another first", lambda: shown(around={"@context": [contexts.DATA_INTEGRITY_V2, V2]})),
        ("twice", lambda: shown(around={"@context": [V2, V2]})),
        ("one more after it was signed", lambda: {**shown(), "@context": [V2, URL]}),
        ("none that is signed", lambda: shown(around={"@context": []}) | {"@context": [V2]}),
    ],
    "HOLDER_NAMED": [
        ("another", lambda: shown(around={"holder": "did:web:bram.example"})),
        ("another key", lambda: shown(around={"holder": {"id": did.key_did(OTHER_KEY.public_key)}})),
    ],
    "DOMAIN": [
        ("another", lambda: shown(domain="redirect_uri:https://other.example")),
        ("none", lambda: shown(domain=ABSENT)),
        ("one more", lambda: shown(domain=[BINDING.audience, "redirect_uri:https://other.example"])),
        ("without its prefix", lambda: shown(domain="https://corporation.example/answer")),
    ],
    "CHALLENGE": [("another", lambda: shown(challenge="x")), ("none", lambda: shown(challenge=ABSENT))],
    "HOLDER_CREATED": [
        ("none", lambda: shown(created=ABSENT)),
        ("long ago", lambda: shown(created="2026-11-23T13:57:59Z")),
        ("to come", lambda: shown(created="2026-11-23T14:04:01Z")),
    ],
    "HOLDER_EXPIRES": [("just now", lambda: shown(expires="2026-11-23T14:03:00Z"))],
    "DI_ISSUER_PROOF": [("none", lambda: shown(document()))],
    "DI_ISSUER_PROOF_MEMBERS": [
        (name, lambda name=name: proven(after={name: ABSENT}))  # type: ignore[misc]
        for name in ("type", "verificationMethod", "proofPurpose", "proofValue")
    ],
    "DI_ISSUER_SUITE": [
        ("another type", lambda: proven(after={"type": "Ed25519Signature2020"})),
        ("another suite", lambda: proven(after={"cryptosuite": "bbs-2023"})),
        ("no suite", lambda: proven(after={"cryptosuite": ABSENT})),
    ],
    "DI_ISSUER_PURPOSE": [("authentication", lambda: proven(proofPurpose="authentication"))],
    "DI_ISSUER_PREVIOUS": [("one", lambda: proven(previousProof="urn:uuid:1"))],
    "DI_ISSUER_CONTROLLER": [
        ("the holder's", lambda: proven(key=HOLDER_KEY, verificationMethod=OWN_METHOD)),
        ("another's", lambda: proven(verificationMethod="did:web:gestel.example#key-1")),
        ("a longer name", lambda: proven(verificationMethod=f"{ISSUER}:vault#key-1")),
        ("no fragment", lambda: proven(verificationMethod=ISSUER)),
    ],
    "DI_ISSUER_PROOF_CONTEXT": [
        ("others", lambda: proven(after={"@context": [URL]})),
        ("stated where it is not signed", lambda: proven(suite=EDDSA_RDFC_2022, after={"@context": [V2]})),
    ],
    "DI_ISSUER_SIGNATURE": [
        ("by another key", lambda: proven(key=OTHER_KEY)),
        ("by the holder", lambda: proven(key=HOLDER_KEY)),
        ("of another document", lambda: shown({**signed(), "validUntil": "2036-12-07T00:00:00Z"})),
        ("another suite", lambda: proven(after={"cryptosuite": "eddsa-rdfc-2022", "@context": ABSENT})),
        ("contexts that are not signed", lambda: shown({**signed(), "@context": [V2, V2, URL]} | {
            "proof": {**signed()["proof"], "@context": [V2]}
        })),
    ],
    "CONTEXTS": [
        ("one more", lambda: of(contexts=[V2, contexts.DATA_INTEGRITY_V2, URL])),
        ("in another order", lambda: of(contexts=[URL, V2])),
        ("one less", lambda: of(contexts=[V2])),
        ("one twice", lambda: of(contexts=[V2, URL, URL])),
        ("one more after it was signed", lambda: shown({**signed(), "@context": [V2, URL, V2]})),
    ],
    "DI_STATUS_KIND": [
        ("a list", lambda: of(credentialStatus={"type": "BitstringStatusListEntry", "id": "https://a.example/1#2"})),
        ("several", lambda: of(credentialStatus=[{"type": "BitstringStatusListEntry"}])),
        ("beside all that a credential may hold", lambda: of(
            id="urn:uuid:1", name="x", description="x", credentialSchema=SCHEMA,
            credentialStatus={"type": "BitstringStatusListEntry"},
        )),
    ],
    "DI_VALID_FROM": [("in a second", lambda: of(validFrom="2026-11-23T14:03:01Z"))],
    "DI_VALID_UNTIL": [
        ("until now", lambda: of(validUntil="2026-11-23T14:03:00Z")),
        ("until now elsewhere", lambda: of(validUntil="2026-11-23T15:03:00+01:00")),
        ("for ever", lambda: of(validUntil=ABSENT)),
    ],
    "ISSUER_CREATED": [("to come", lambda: proven(created="2026-11-23T14:04:01Z"))],
    "ISSUER_EXPIRES": [("just now", lambda: proven(expires="2026-11-23T14:03:00Z"))],
}  # fmt: skip
CASES = [(name, case, token) for name, several in BROKEN.items() for case, token in several]


def failing(token: Any, **how: Any) -> str:
    with pytest.raises(Rejected) as rejected:
        verified(token, **how)
    passed = tuple(step.check for step in rejected.value.trail)
    if rejected.value.check in checks.CHECKS:
        assert passed == checks.CHECKS[: checks.CHECKS.index(rejected.value.check)]
    return rejected.value.check.name


WAYS = [(EDDSA_JCS_2022, EDDSA_JCS_2022), (EDDSA_RDFC_2022, EDDSA_RDFC_2022), (EDDSA_RDFC_2022, EDDSA_JCS_2022)]


@pytest.mark.parametrize("suites", WAYS, ids=lambda both: "+".join(one.name for one in both))
def test_what_is_whole_is_accepted_in_either_suite_and_in_both(suites: tuple[Suite, Suite]) -> None:
    authentic = verified(shown(signed(suite=suites[0]), suite=suites[1]))
    assert authentic.document == {"credentialSubject": {**CLAIMS, "nationalities": ("NL", "MA")}}
    assert (authentic.revealed, authentic.holder) == ((), HOLDER_KEY.public_key)
    assert tuple(step.check for step in authentic.trail) == checks.CHECKS
    assert {step.outcome for step in authentic.trail} == {Outcome.PASSED}


def test_contexts_within_a_proof_are_read_by_no_suite_of_statements_around_it() -> None:
    with pytest.raises(Malformed):
        shown(signed(suite=EDDSA_JCS_2022), suite=EDDSA_RDFC_2022)


@pytest.mark.parametrize(("name", "case", "token"), CASES, ids=[f"{name}: {case}" for name, case, _ in CASES])
def test_each_check_is_broken_alone(name: str, case: str, token: Callable[[], Any]) -> None:
    assert failing(token()) == name


def test_every_check_has_a_case_that_breaks_only_it() -> None:
    elsewhere = {checks.METHOD_TRUSTED, checks.ISSUER.key}  # below, for they are about the trust and not the token
    assert BROKEN.keys() == {one.name for one in checks.CHECKS if one not in elsewhere}


@negative("NEG-DI-006")
def test_who_is_not_trusted_is_refused_with_the_trusts_own_check() -> None:
    token = shown(signed(document(issuer="did:web:gestel.example"), verificationMethod="did:web:gestel.example#key-1"))
    assert failing(token) == "UNKNOWN"
    assert failing(proven(verificationMethod=f"{ISSUER}#key-2")) == "UNKNOWN"


def test_the_trail_of_who_is_not_trusted_begins_with_what_held_before() -> None:
    with pytest.raises(Rejected) as rejected:
        verified(proven(verificationMethod=f"{ISSUER}#key-2"))
    taken = tuple(step.check for step in rejected.value.trail)
    assert taken == checks.CHECKS[: checks.CHECKS.index(checks.METHOD_TRUSTED)]


def test_the_key_of_the_issuer_is_of_the_algorithm_of_the_suite() -> None:
    assert failing(shown(), trust=Issuers(P256_KEY.public_key)) == "DI_ISSUER_KEY"
    assert failing(shown(), trust=Issuers(OTHER_KEY.public_key)) == "DI_ISSUER_SIGNATURE"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33"},
        {"name": "Persoon", "description": "Een bewijs"},
        {"issuer": {"id": ISSUER, "name": "Gemeente Boxtel"}},
        {"credentialSchema": {"id": "https://boxtel.example/schema", "type": "JsonSchema"}},
        {"validFrom": ABSENT},
        {"type": [contexts.name(TYPE), "VerifiableCredential"]},
        {"validFrom": "2026-11-23T15:03:00+01:00", "validUntil": "2026-11-23T14:03:00.5Z"},
    ],
)
@pytest.mark.parametrize("suite", BOTH, ids=lambda one: one.name)
def test_what_a_credential_may_say_besides_is_accepted(changes: Mapping[str, Any], suite: Suite) -> None:
    verified(shown(signed(document(**changes), suite=suite)))


def test_what_people_may_call_a_credential_leaves_with_it_and_is_no_claim() -> None:
    called = {"name": "Persoon", "description": "Een bewijs"}
    document_of = {"credentialSubject": {**CLAIMS, "nationalities": ("NL", "MA")}}
    assert verified(of(**called)).document == {**document_of, **called}
    assert verified(of(name="Persoon")).document == {**document_of, "name": "Persoon"}


def test_a_proof_of_the_issuer_that_ends_later_holds_until_then() -> None:
    assert verified(proven(expires="2026-11-23T14:03:01Z")).type is TYPE


def test_the_clock_of_an_issuer_may_be_a_minute_ahead() -> None:
    assert verified(proven(created="2026-11-23T14:04:00Z")).issuer.key == ISSUER_KEY.public_key


@pytest.mark.parametrize(
    "how",
    [
        {"around": {"type": "VerifiablePresentation", "holder": ABSENT, "id": "urn:uuid:1"}},
        {"around": {"@context": [V2, contexts.DATA_INTEGRITY_V2], "verifiableCredential": signed()}},
        {"around": {"holder": {"id": HOLDER}}},
        {"domain": [BINDING.audience]},
        {"expires": "2026-11-23T14:03:01Z", "nonce": "x", "id": "urn:uuid:2"},
        {"created": "2026-11-23T14:04:00Z"},
        {"created": "2026-11-23T13:58:00Z"},
    ],
)
def test_what_a_presentation_may_say_besides_is_accepted(how: Mapping[str, Any]) -> None:
    verified(shown(**how))


def test_without_a_session_the_holders_proof_is_passed_over_and_the_trail_says_so() -> None:
    for token in (signed(), shown(), shown(challenge="other", key=OTHER_KEY)):
        authentic = verified(token, UNBOUND)
        assert authentic.holder is UNBOUND
        assert {step.check for step in authentic.trail if step.outcome is Outcome.WAIVED} == set(checks.OF_HOLDER)
    assert failing(shown({**signed(), "validUntil": "2036-12-07T00:00:00Z"}), binding=UNBOUND) == "DI_ISSUER_SIGNATURE"


def test_a_credential_that_names_nobody_is_read_as_such() -> None:
    unbound = signed(document(credentialSubject=subject(id=ABSENT)))
    authentic = LDP_VC.parse_credential(written(unbound)).verify([TYPE], trust=Issuers(), at=NOW)
    assert authentic.holder is UNBOUND


def test_a_binding_to_nothing_is_no_binding() -> None:
    for binding in (Binding(audience="", nonce="n"), Binding(audience="a", nonce="")):
        with pytest.raises(Misuse):
            verified(shown(), binding)


# -- the catalogue ----------------------------------------------------------------------------------------------------


def reason(token: Any) -> Reason:
    with pytest.raises(Rejected) as rejected:
        verified(token)
    return rejected.value.reason


@negative("NEG-DI-001", "NEG-JSONLD-001")
@pytest.mark.parametrize("suite", BOTH, ids=lambda one: one.name)
def test_a_context_that_swaps_two_values_is_no_context(suite: Suite) -> None:
    token = signed(suite=suite)
    swapped = copy.deepcopy(token)
    swapped["@context"].append({"@vocab": "urn:example:person:1#", "family_name": "urn:example:person:1#locality"})
    assert reason(shown(swapped)) is Reason.CONTEXT_NOT_ALLOWED
    named = copy.deepcopy(token)
    named["@context"][1] = "https://evil.example/v1"
    trust = Issuers()
    with pytest.raises(Rejected) as rejected:
        verified(shown(named), trust=trust)
    assert rejected.value.reason is Reason.CONTEXT_NOT_ALLOWED
    assert trust.asked == []  # not even the issuer was looked up


@negative("NEG-DI-002")
@pytest.mark.parametrize("suite", BOTH, ids=lambda one: one.name)
def test_a_member_that_a_context_does_not_define_is_not_dropped_but_refused(suite: Suite) -> None:
    token = signed(suite=suite)
    token["credentialSubject"]["nickname"] = "Ander"
    assert reason(shown(token)) is Reason.DATA_LOSS


@negative("NEG-DI-003")
@pytest.mark.parametrize("member", ["type", "verificationMethod", "proofPurpose"])
def test_a_proof_without_what_it_must_state_proves_nothing(member: str) -> None:
    assert reason(proven(after={member: ABSENT})) is Reason.PROOF_INVALID


@negative("NEG-DI-005")
def test_a_presentation_for_another_verifier_or_transaction_is_refused() -> None:
    for changes in ({"domain": "x"}, {"challenge": "x"}, {"domain": [BINDING.audience, "x"]}):
        assert reason(shown(**changes)) is Reason.KEY_BINDING_INVALID


@negative("NEG-DI-006")
def test_a_method_of_somebody_else_is_not_the_issuers_nor_the_holders() -> None:
    assert reason(proven(key=HOLDER_KEY, verificationMethod=OWN_METHOD)) is Reason.UNTRUSTED_ISSUER
    assert reason(shown(key=ISSUER_KEY, verificationMethod=METHOD)) is Reason.UNTRUSTED_ISSUER


@negative("NEG-DI-007")
@pytest.mark.parametrize("suite", BOTH, ids=lambda one: one.name)
def test_a_proof_of_one_suite_holds_in_no_other(suite: Suite) -> None:
    for name in ("eddsa-rdfc-2022", "eddsa-jcs-2022", "ecdsa-sd-2023", "ecdsa-rdfc-2019", "bbs-2023", ""):
        if name != suite.name:
            with pytest.raises((Rejected, Malformed)):
                verified(proven(suite=suite, after={"cryptosuite": name}))


@negative("NEG-DI-009")
def test_a_proof_is_good_between_its_two_moments() -> None:
    assert reason(proven(expires="2026-11-23T14:03:00Z")) is Reason.EXPIRED
    assert reason(proven(created="2026-11-24T00:00:00Z")) is Reason.PROOF_INVALID
    assert reason(shown(created=ABSENT)) is Reason.KEY_BINDING_INVALID
    assert reason(proven(after={"created": ABSENT})) is Reason.SIGNATURE_INVALID
    verified(proven(created=ABSENT))  # optional, where nothing rests on it


@negative("NEG-DI-010")
@pytest.mark.parametrize("suite", BOTH, ids=lambda one: one.name)
def test_a_name_that_means_something_only_here_is_no_name(suite: Suite) -> None:
    changed: list[dict[str, Any]] = [{"id": "/credentials/1"}, {"id": "1"}, {"issuer": "boxtel"}]
    for changes in (*changed, {"type": ["VerifiableCredential", "./a"]}):
        with pytest.raises((Malformed, Rejected)):
            verified(shown({**signed(suite=suite), **changes}))
    assert reason(of(contexts=[V2, URL, {"@base": "https://evil.example/"}])) is Reason.CONTEXT_NOT_ALLOWED
    assert reason(of(id=HOLDER)) is Reason.DATA_LOSS


@negative("NEG-DI-011")
@pytest.mark.parametrize(
    "changes",
    [
        {"contexts": [URL, V2]},
        {"contexts": [V2, URL, {"@propagate": True}]},
        {"contexts": [V2, URL, {"@import": URL}]},
        {"credentialSubject": subject(**{"@context": None})},
    ],
)
def test_contexts_stand_at_the_top_and_in_their_order(changes: dict[str, Any]) -> None:
    assert reason(of(**changes)) is Reason.CONTEXT_NOT_ALLOWED


@negative("NEG-DI-013")
@pytest.mark.parametrize("changes", [{"credentialSubject": [subject()]}, {"@graph": [document(contexts=ABSENT)]}])
def test_an_unsigned_credential_is_not_hung_beside_the_signed_one(changes: dict[str, Any]) -> None:
    assert reason(shown({**signed(), **changes})) is Reason.TYPE_MISMATCH


@negative("NEG-DI-015")
@pytest.mark.parametrize("name", ["_:c14n0", "_:b0"])
def test_a_blank_node_gets_no_name_from_outside(name: str) -> None:
    with pytest.raises(Malformed):
        verified(of(id=name))
    assert failing(about(id=name)) == "SUBJECT_KEY"


@pytest.mark.cost
def test_a_poisoned_token_is_refused_at_once() -> None:
    # nothing that is not of the type's own shape comes to be canonicalized
    token = signed(suite=EDDSA_RDFC_2022)
    token["credentialSubject"]["address"] = [{"locality": [{"locality": []}] * 40}] * 40
    begun = time.process_time()
    assert reason(shown(token)) is Reason.DATA_LOSS
    assert time.process_time() - begun < 0.1


def test_what_the_contexts_do_not_define_below_what_is_read_is_lost_and_so_refused() -> None:
    schema = {"id": "https://boxtel.example/schema", "type": "JsonSchema", "undefined": "x"}
    plain = {"id": "https://boxtel.example/schema", "type": "JsonSchema"}
    token = signed(document(credentialSchema=plain), suite=EDDSA_RDFC_2022)
    with pytest.raises(Rejected) as rejected:
        verified(shown({**token, "credentialSchema": schema}))
    assert rejected.value.check is checks.NOTHING_LOST


def test_a_holder_of_one_credential_shows_no_other() -> None:
    stranger = SoftwareKey.generate(Algorithm.EDDSA)
    method = did.key_method(stranger.public_key)
    around = {"holder": did.key_did(stranger.public_key)}
    assert failing(shown(key=stranger, verificationMethod=method, around=around)) == "DI_HOLDER_CONTROLLER"


def test_a_moment_later_the_same_is_refused() -> None:
    verified(shown(), at=NOW + timedelta(seconds=300))
    assert failing(shown(), at=NOW + timedelta(seconds=301)) == "HOLDER_CREATED"
