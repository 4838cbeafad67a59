"""Each check of an SD-JWT VC verification, broken alone; and the names of what hostile wallets and issuers send."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority
from eigendata.encoding import b64_encode
from eigendata.errors import Check, Malformed, Misuse, Outcome, Reason, Rejected, Trail, Unavailable
from eigendata.formats.sdjwt import SD_JWT_VC, checks
from eigendata.formats.sdjwt.verify import UnverifiedPresentation
from eigendata.model import UNBOUND, Binding, CredentialType
from tests.negatives import negative

from .forge import (
    ABSENT,
    ANY,
    BINDING,
    CLAIMS,
    DAY,
    HOLDER_KEY,
    HOLDING,
    NOT_TRUSTED,
    NOW,
    OTHER_KEY,
    PERSON,
    SEAL,
    Source,
    attestation,
    digest,
    disclosure,
    forged,
    held,
    issued,
    payload,
    proof,
    raw_disclosure,
    signed,
    signed_bytes,
    verified,
)

NAME, ELEMENT = disclosure("salt-1", "name", "Anne"), disclosure("salt-2", "NL")
SECOND = disclosure("salt-4", "town", "Boxtel")
NUMBERED = disclosure(7, "NL")
OUTER = disclosure("salt-5", "outer", {"_sd": [digest(NAME)]})
JWK_OF_OTHER = {"jwk": OTHER_KEY.public_key.jwk()}
KEY_NAMED = {"jwk": HOLDER_KEY.public_key.jwk()}


def kb(**changes: Any) -> bytes:
    return forged(bound=lambda shown: proof(shown, **changes))


def kb_header(**header: Any) -> bytes:
    return forged(bound=lambda shown: proof(shown, header))


def metadata_of(**changes: Any) -> bytes:
    """A credential of type PERSON whose payload is spoilt after the issuer's own code made it."""
    claims = {"authority": "Gemeente Boxtel", "vct#integrity": ABSENT, **changes}
    return forged(payload(vct=PERSON.id, **claims))


def dots(one: bytes) -> dict[str, str]:
    return {"...": digest(one)}


def sha512(shown: bytes) -> bytes:
    return proof(shown, hash="sha512")


def protected(name: str, value: Any, header: Mapping[str, Any] | None = None) -> bytes:
    one = disclosure("salt", name, value)
    return forged(payload(**{name: ABSENT, "_sd": [digest(one)]}), (one,), header=header)


def disclosed(name: str, value: Any, **changes: Any) -> bytes:
    one = disclosure("salt", name, value)
    return forged(
        payload(**{"vct": PERSON.id, "authority": "Gemeente Boxtel", "_sd": [digest(one)], **changes}), (one,)
    )


def rearranged(*proven: bytes, sent: tuple[bytes, ...]) -> bytes:
    first = signed(payload(_sd=sorted(digest(one) for one in (NAME, SECOND))))
    return b"~".join((first, *sent, proof(b"~".join((first, *proven, b"")))))


def over_nothing(shown: bytes) -> bytes:
    return proof(shown, sd_hash="")


def hashed_by(name: Any) -> bytes:
    return forged(payload(_sd_alg=name))


BROKEN: dict[str, list[tuple[str, Callable[[], bytes], CredentialType]]] = {
    "TYP": [
        ("of an older draft", lambda: forged(header={"typ": "vc+sd-jwt"}), ANY),
        ("of any JWT", lambda: forged(header={"typ": "JWT"}), ANY),
        ("of a holder's proof", lambda: forged(header={"typ": "kb+jwt"}), ANY),
        ("of a status list", lambda: forged(header={"typ": "statuslist+jwt"}), ANY),
        ("in capitals", lambda: forged(header={"typ": "DC+SD-JWT"}), ANY),
        ("with a prefix", lambda: forged(header={"typ": "application/dc+sd-jwt"}), ANY),
        ("left out", lambda: forged(header={"typ": ABSENT}), ANY),
    ],
    "VCT": [
        ("of another type", lambda: forged(payload(vct="https://other.example/another")), ANY),
        ("left out", lambda: forged(payload(vct=ABSENT)), ANY),
        ("an array", lambda: forged(payload(vct=[ANY.id])), ANY),
        ("claimed beside", lambda: forged(payload(vct="https://other.example/x", aka_vcts=[ANY.id])), ANY),
    ],
    "ISSUER_NAMED": [("neither iss nor chain", lambda: forged(payload(iss=ABSENT)), ANY)],
    "ISSUER_TRUSTED": [("another issuer", lambda: forged(payload(iss="https://evil.example")), ANY)],
    "ALGORITHM": [
        ("none", lambda: forged(header={"alg": "none"}), ANY),
        ("a secret one", lambda: forged(header={"alg": "HS256"}), ANY),
        ("another curve", lambda: forged(header={"alg": "ES384"}), ANY),
        ("in small letters", lambda: forged(header={"alg": "es256"}), ANY),
    ],
    "SIGNATURE": [
        ("by another key", lambda: forged(key=OTHER_KEY), ANY),
        ("by a key in the header", lambda: forged(key=OTHER_KEY, header={"jwk": OTHER_KEY.public_key.jwk()}), ANY),
    ],
    "HASH_ALGORITHM": [
        (str(name), partial(hashed_by, name), ANY)
        for name in ("sha-256-32", "sha-256-64", "md5", "sha-1", "SHA-256", ["sha-256"], None, 256, "")
    ]
    + [("with a proof over nothing", lambda: forged(payload(_sd_alg="md5"), bound=over_nothing), ANY)],
    "DISCLOSURE_FORM": [
        ("four elements", lambda: held(disclosure("salt", "name", "Anne", 4)), ANY),
        ("one element", lambda: held(disclosure("salt")), ANY),
        ("none", lambda: held(raw_disclosure(b"[]")), ANY),
        ("an object", lambda: held(raw_disclosure(b'{"salt":"name"}')), ANY),
        ("a string", lambda: held(raw_disclosure(b'"abc"')), ANY),
        ("a number", lambda: held(raw_disclosure(b"123")), ANY),
        ("a number as name", lambda: held(disclosure("salt", 1, "Anne")), ANY),
        ("null as name", lambda: held(disclosure("salt", None, "Anne")), ANY),
        ("an array as name", lambda: held(disclosure("salt", ["name"], "Anne")), ANY),
        ("a number as salt", lambda: held(disclosure(1, "name", "Anne")), ANY),
        ("null as salt", lambda: held(disclosure(None, "name", "Anne")), ANY),
        ("a number as salt of an element", lambda: forged(payload(a=[dots(NUMBERED)]), (NUMBERED,)), ANY),
    ],
    "DISCLOSURE_ONCE": [("sent twice", lambda: forged(payload(_sd=[digest(NAME)]), (NAME, NAME)), ANY)],
    "OBJECT_DISCLOSURE": [("two elements in _sd", lambda: held(ELEMENT), ANY)],
    "RESERVED_NAME": [
        ("_sd", lambda: held(disclosure("salt", "_sd", "v")), ANY),
        ("...", lambda: held(disclosure("salt", "...", "v")), ANY),
        ("_sd_alg", lambda: held(disclosure("salt", "_sd_alg", "sha-256")), ANY),
    ],
    "NAME_FREE": [
        ("in clear beside it", lambda: held(NAME, name="Eva"), ANY),
        ("disclosed beside it", lambda: held(NAME, disclosure("salt-3", "name", "Eva")), ANY),
        ("in a nested object", lambda: forged(payload(a={"_sd": [digest(NAME)], "name": 1}), (NAME,)), ANY),
    ],
    "ARRAY_DISCLOSURE": [("three elements in an array", lambda: forged(payload(a=[dots(NAME)]), (NAME,)), ANY)],
    "DIGEST_ONCE": [
        ("in one _sd", lambda: forged(payload(_sd=[digest(NAME)] * 2), (NAME,)), ANY),
        ("in two objects", lambda: forged(payload(_sd=["d"], a={"_sd": ["d"]})), ANY),
        ("in _sd and in an array", lambda: forged(payload(_sd=["d"], a=[{"...": "d"}])), ANY),
        ("by way of a disclosure", lambda: held(disclosure("salt", "a", {"_sd": ["d"]}), b={"_sd": ["d"]}), ANY),
        ("of decoys alone", lambda: forged(payload(a=[{"...": "d"}, {"...": "d"}])), ANY),
    ],
    "DISCLOSURE_REFERENCED": [
        ("an extra one", lambda: forged(payload(_sd=[digest(NAME)]), (NAME, ELEMENT)), ANY),
        ("where nothing can be withheld", lambda: forged(disclosures=(NAME,)), ANY),
        ("without its parent", lambda: forged(payload(_sd=[digest(OUTER)]), (NAME,)), ANY),
        (
            "digest of the decoded bytes",
            lambda: forged(payload(_sd=[digest(b'["salt-1", "name", "Anne"]')]), (NAME,)),
            ANY,
        ),
        (
            "another spelling",
            lambda: forged(payload(_sd=[digest(NAME)]), (raw_disclosure(b'["salt-1","name","Anne"]'),)),
            ANY,
        ),
        ("another hash", lambda: forged(payload(_sd=[digest(NAME)], _sd_alg="sha-512"), (NAME,), bound=sha512), ANY),
    ],
    "PROTECTED_CLAIMS": [
        *(
            (f"{name} by a disclosure", partial(protected, name, value), ANY)
            for name, value in {
                "nbf": 1,
                "exp": int(DAY.timestamp()) + 9_000_000,
                "cnf": KEY_NAMED,
                "vct#integrity": "sha256-x",
                "aka_vcts": ["https://other.example/more"],
                "status": {"status_list": {"idx": 1, "uri": "https://boxtel.example/1"}},
                "aud": BINDING.audience,
            }.items()
        ),
        ("hidden inside cnf", lambda: forged(payload(cnf={**KEY_NAMED, "_sd": ["d"]})), ANY),
        (
            "hidden inside status",
            lambda: forged(payload(status={"status_list": {"idx": 1, "uri": "u", "_sd": ["d"]}})),
            ANY,
        ),
        ("an element of aka_vcts", lambda: forged(payload(aka_vcts=["https://other.example/b", {"...": "d"}])), ANY),
    ],
    "SD_WITHOUT_CLAIMS": [
        ("an empty _sd", lambda: forged(payload(_sd=[])), ANY),
        ("an empty _sd inside an object", lambda: forged(payload(a=[{"b": {"_sd": []}}])), ANY),
    ],
    "AUDIENCE": [
        ("another verifier", lambda: forged(payload(aud="https://elsewhere.example")), ANY),
        ("several others", lambda: forged(payload(aud=["https://a.example", "https://b.example"])), ANY),
        ("none of them shown", lambda: forged(payload(aud=[{"...": "d"}])), ANY),
    ],
    "EXPIRY_STATED": [
        ("left out", lambda: forged(payload(exp=ABSENT)), ANY),
        ("withheld", lambda: forged(payload(exp=ABSENT, _sd=[digest(disclosure("s", "exp", 9_000_000_000))])), ANY),
    ],
    "NOT_EXPIRED": [("this very second", lambda: forged(payload(exp=int(NOW.timestamp()))), ANY)],
    "NOT_BEFORE": [("a second on", lambda: forged(payload(nbf=int(NOW.timestamp()) + 1)), ANY)],
    "ISSUED_BEFORE": [("a minute and a second on", lambda: forged(payload(iat=int(NOW.timestamp()) + 61)), ANY)],
    "STATUS_KIND": [("of another kind", lambda: forged(payload(status={"bitstring": {"idx": 1, "uri": "u"}})), ANY)],
    "METADATA_INTEGRITY": [
        ("of another document", lambda: metadata_of(**{"vct#integrity": f"sha256-{'A' * 43}="}), PERSON),
        ("of an unknown hash", lambda: metadata_of(**{"vct#integrity": "md5-AAAA"}), PERSON),
        ("of no hash at all", lambda: metadata_of(**{"vct#integrity": ""}), PERSON),
    ],
    "CLAIM_PATHS": [
        ("no object", lambda: disclosed("address", "Boxtel"), PERSON),
        ("no array", lambda: disclosed("nationalities", "NL"), PERSON),
        ("an object for an array", lambda: disclosed("nationalities", {"a": 1}), PERSON),
        ("an array for an object", lambda: disclosed("address", []), PERSON),
        ("null for an object", lambda: disclosed("address", None), PERSON),
    ],
    "CLAIM_MANDATORY": [
        ("not there", lambda: metadata_of(authority=ABSENT), PERSON),
        ("perhaps hidden, though it may not be", lambda: metadata_of(authority=ABSENT, _sd=["decoy"]), PERSON),
    ],
    "CLAIM_DISCLOSABLE": [
        ("disclosed, to be in clear", lambda: disclosed("authority", "Gemeente Boxtel", authority=ABSENT), PERSON),
        ("in clear, to be withheld", lambda: metadata_of(family_name="Bouazza"), PERSON),
        ("in clear inside an object", lambda: disclosed("address", {"town": "Boxtel"}), PERSON),
        ("an object in clear", lambda: metadata_of(address={}), PERSON),
        ("elements in clear", lambda: disclosed("nationalities", ["NL"]), PERSON),
    ],
    "KB_PRESENT": [("taken off", lambda: forged(bound=False), ANY)],
    "HOLDER_KEY": [
        ("no cnf", lambda: forged(payload(cnf=ABSENT)), ANY),
        ("by a disclosure of another name", lambda: forged(payload(cnf=ABSENT, _sd=["d"])), ANY),
        ("a kid only", lambda: forged(payload(cnf={"kid": "1"})), ANY),
        ("an address", lambda: forged(payload(cnf={"jku": "https://evil.example"})), ANY),
        ("two members", lambda: forged(payload(cnf={**KEY_NAMED, "kid": "1"})), ANY),
        ("a list", lambda: forged(payload(cnf=[KEY_NAMED])), ANY),
        ("null", lambda: forged(payload(cnf=None)), ANY),
    ],
    "KB_ALGORITHM": [
        ("none", lambda: kb_header(alg="none"), ANY),
        ("a secret one", lambda: kb_header(alg="HS256"), ANY),
        ("another curve", lambda: kb_header(alg="ES384"), ANY),
    ],
    "KB_SIGNATURE": [
        ("by another key", lambda: forged(bound=lambda shown: proof(shown, key=OTHER_KEY)), ANY),
        ("by a key in its header", lambda: forged(bound=lambda shown: proof(shown, JWK_OF_OTHER, OTHER_KEY)), ANY),
    ],
    "KB_TYP": [
        ("of any JWT", lambda: kb_header(typ="JWT"), ANY),
        ("in capitals", lambda: kb_header(typ="KB+JWT"), ANY),
        ("left out", lambda: kb_header(typ=ABSENT), ANY),
        ("of a credential", lambda: kb_header(typ="dc+sd-jwt"), ANY),
        ("of a proof to an issuer", lambda: kb_header(typ="openid4vci-proof+jwt"), ANY),
    ],
    "KB_IAT": [
        ("a year ago", lambda: kb(iat=int((NOW - timedelta(days=365)).timestamp())), ANY),
        ("301 seconds ago", lambda: kb(iat=int(NOW.timestamp()) - 301), ANY),
        ("61 seconds ahead", lambda: kb(iat=int(NOW.timestamp()) + 61), ANY),
        ("left out", lambda: kb(iat=ABSENT), ANY),
        ("text", lambda: kb(iat=str(int(NOW.timestamp()))), ANY),
        ("true", lambda: kb(iat=True), ANY),
        ("null", lambda: kb(iat=None), ANY),
    ],
    "KB_NONCE": [
        ("another", lambda: kb(nonce="another"), ANY),
        ("left out", lambda: kb(nonce=ABSENT), ANY),
        ("with a blank", lambda: kb(nonce=BINDING.nonce + " "), ANY),
        ("in other case", lambda: kb(nonce=BINDING.nonce.swapcase()), ANY),
        ("an array", lambda: kb(nonce=[BINDING.nonce]), ANY),
        ("a number", lambda: kb(nonce=123), ANY),
    ],
    "KB_AUDIENCE": [
        ("another verifier", lambda: kb(aud="redirect_uri:https://other.example"), ANY),
        ("without its prefix", lambda: kb(aud=BINDING.audience.partition(":")[2]), ANY),
        ("left out", lambda: kb(aud=ABSENT), ANY),
        ("an array", lambda: kb(aud=[BINDING.audience]), ANY),
    ],
    "SD_HASH": [
        ("of nothing", lambda: kb(sd_hash=digest(b"")), ANY),
        ("left out", lambda: kb(sd_hash=ABSENT), ANY),
        ("without the last ~", lambda: forged(bound=lambda shown: proof(shown, sd_hash=digest(shown[:-1]))), ANY),
        ("of another hash", lambda: forged(bound=lambda shown: proof(shown, hash="sha512")), ANY),
        ("one disclosure fewer", lambda: rearranged(NAME, SECOND, sent=(NAME,)), ANY),
        ("one disclosure more", lambda: rearranged(NAME, sent=(NAME, SECOND)), ANY),
        ("another order", lambda: rearranged(NAME, SECOND, sent=(SECOND, NAME)), ANY),
    ],
    "KB_IN_TIME": [
        ("expired", lambda: kb(exp=int(NOW.timestamp())), ANY),
        ("not begun", lambda: kb(nbf=int(NOW.timestamp()) + 61), ANY),
        ("no date", lambda: kb(exp="tomorrow"), ANY),
        ("no beginning", lambda: kb(nbf=None), ANY),
    ],
}

CASES = [
    pytest.param(name, token, of, id=f"{name}: {what}") for name, broken in BROKEN.items() for what, token, of in broken
]


@pytest.mark.parametrize(("name", "token", "type"), CASES)
def test_what_breaks_one_check_is_rejected_by_it_after_all_before_it_held(
    name: str, token: Callable[[], bytes], type: CredentialType
) -> None:
    check = getattr(checks, name)
    with pytest.raises(Rejected) as rejected:
        verified(token(), type=type)
    if name == "ISSUER_TRUSTED":  # the source's own check says more of it
        assert rejected.value.check == NOT_TRUSTED
    else:
        assert rejected.value.check == check
    assert rejected.value.reason is check.reason
    before = SD_JWT_VC.checks[: SD_JWT_VC.checks.index(check)]
    assert tuple(step.check for step in rejected.value.trail) == before


GIVE_A_VALUE = ("VCT", "ISSUER_NAMED", "ISSUER_TRUSTED", "EXPIRY_STATED", "KB_PRESENT", "HOLDER_KEY")
"""Those that hold where something is there, which what comes after cannot do without."""


@pytest.mark.parametrize("name", [name for name in BROKEN if name not in GIVE_A_VALUE])
def test_but_for_the_check_that_it_breaks_a_case_is_accepted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    require = Trail.require

    def lenient(trail: Trail, check: Check, holds: bool) -> None:
        require(trail, check, holds or check.name == name)

    monkeypatch.setattr(Trail, "require", lenient)
    accepted = 0
    for _, token, of in BROKEN[name]:
        with contextlib.suppress(Rejected):
            verified(token(), type=of)
            accepted += 1
    assert accepted


def test_an_issuer_beside_a_chain_is_in_clear_or_nowhere() -> None:
    chained = {"x5c": [b64_encode(make_authority("CA", OTHER_KEY, at=NOW))], "kid": ABSENT}
    verified(forged(payload(iss=ABSENT), header=chained), type=ANY)
    with pytest.raises(Rejected) as caught:
        verified(protected("iss", "https://boxtel.example", chained), type=ANY)
    assert caught.value.check is checks.PROTECTED_CLAIMS


def test_every_check_owns_a_case_that_breaks_it() -> None:
    assert tuple(BROKEN) == tuple(check.name for check in SD_JWT_VC.checks)


def test_what_the_cases_break_holds_in_the_forge_as_it_stands() -> None:
    verified(forged(), type=ANY)
    verified(held(NAME), type=ANY)
    verified(forged(payload(a=[dots(ELEMENT)]), (ELEMENT,)), type=ANY)
    verified(forged(payload(_sd=[digest(OUTER)]), (NAME, OUTER)), type=ANY)
    for name in ("sha256", "sha384", "sha512"):
        hashed = payload(_sd=[digest(NAME, name)], _sd_alg=name.replace("sha", "sha-"))
        verified(forged(hashed, (NAME,), bound=partial(proof, hash=name)), type=ANY)
    verified(rearranged(SECOND, NAME, sent=(SECOND, NAME)), type=ANY)
    verified(metadata_of(), type=PERSON)
    verified(forged(payload(status={"status_list": {"idx": 1, "uri": "u"}}, aud=BINDING.audience)), type=ANY)


def test_the_edges_of_time_are_inside() -> None:
    now = int(NOW.timestamp())
    for iat in (now - 300, now + 60, now - 299.5):
        verified(kb(iat=iat), type=ANY)
    verified(kb(exp=now + 1, nbf=now + 60), type=ANY)
    verified(forged(payload(exp=now + 1, nbf=now, iat=now)), type=ANY)
    verified(forged(payload(iat=now + 60, exp=now + 61)), type=ANY)
    verified(forged(payload(iat=ABSENT)), type=ANY)


def test_a_good_trail_is_the_list_of_checks_in_its_order() -> None:
    token = SD_JWT_VC.present(issued(), PERSON, [("age",)], HOLDING, at=NOW)
    trail = verified(token).trail
    assert tuple(step.check for step in trail) == SD_JWT_VC.checks
    assert [step.check.name for step in trail if step.outcome is not Outcome.PASSED] == ["AUDIENCE", "STATUS_KIND"]


def test_a_trail_can_be_written_down_by_its_fields_copied_and_sent_on() -> None:
    trail = verified(forged(), type=ANY).trail
    assert [asdict(step)["check"]["name"] for step in trail] == [step.check.name for step in trail]
    for other in (copy.deepcopy(trail), pickle.loads(pickle.dumps(trail))):
        assert other == trail
        assert [step.check.waived for step in other] == [step.check.waived for step in trail]


def test_each_check_is_named_once_and_states_its_clause() -> None:
    assert len({check.name for check in SD_JWT_VC.checks}) == len(SD_JWT_VC.checks)
    for check in SD_JWT_VC.checks:
        assert getattr(checks, check.name) is check
        assert check.clause.startswith(("RFC ", "SD-JWT VC "))


# -- the trust --------------------------------------------------------------------------------------------------------


def test_trust_is_asked_for_the_issuer_and_type_that_the_token_names_and_no_earlier_than_its_type_was_expected() -> (
    None
):
    source = Source()
    verified(forged(), type=ANY, trust=source)
    assert [(origin.issuer, of) for origin, of in source.asked] == [("https://boxtel.example", ANY.id)]
    with pytest.raises(Rejected):
        verified(forged(), type=PERSON, trust=(unasked := Source()))
    assert unasked.asked == []


def test_what_the_trust_says_comes_out_as_it_is() -> None:
    with pytest.raises(Unavailable):
        verified(forged(), type=ANY, trust=Source(refuse=Unavailable("the list did not answer")))
    with pytest.raises(Rejected) as rejected:
        verified(forged(), type=ANY, trust=Source(refuse=Rejected(NOT_TRUSTED, (checks.TYP.passed,), "why")))
    assert rejected.value.message == "why"
    assert [step.check.name for step in rejected.value.trail] == ["TYP", "VCT", "ISSUER_NAMED", "TYP"]


@negative("NEG-ECDSA-004")
def test_the_algorithm_is_that_of_the_trusted_key_and_never_the_headers() -> None:
    edwards = SoftwareKey.generate(Algorithm.EDDSA)
    with pytest.raises(Rejected) as rejected:
        verified(forged(), type=ANY, trust=Source(key=edwards))
    assert rejected.value.check is checks.ALGORITHM
    verified(forged(key=edwards), type=ANY, trust=Source(key=edwards))


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_issuers_and_holders_may_use_each_algorithm(algorithm: Algorithm) -> None:
    issuer, holder = SoftwareKey.generate(algorithm), SoftwareKey.generate(algorithm)
    token = forged(
        payload(cnf={"jwk": holder.public_key.jwk()}), key=issuer, bound=lambda shown: proof(shown, key=holder)
    )
    assert verified(token, type=ANY, trust=Source(key=issuer)).holder == holder.public_key


# -- holder binding ---------------------------------------------------------------------------------------------------


def test_without_a_demand_for_binding_the_checks_of_it_are_waived_and_no_holder_is_named() -> None:
    authentic = verified(forged(bound=False), UNBOUND, type=ANY)
    assert authentic.holder is UNBOUND
    assert {s.check.name for s in authentic.trail if s.outcome is Outcome.WAIVED} == {
        c.name for c in checks.KEY_BINDING
    }
    assert tuple(step.check for step in authentic.trail) == SD_JWT_VC.checks


def test_a_proof_that_nobody_demanded_is_checked_all_the_same() -> None:
    authentic = verified(forged(), UNBOUND, type=ANY)
    assert authentic.holder == HOLDER_KEY.public_key
    waived = {step.check.name for step in authentic.trail if step.outcome is Outcome.WAIVED}
    assert waived == {"KB_NONCE", "KB_AUDIENCE"}
    for token, check in (
        (forged(bound=lambda shown: proof(shown, key=OTHER_KEY)), checks.KB_SIGNATURE),
        (kb(iat=1), checks.KB_IAT),
        (kb(sd_hash="x"), checks.SD_HASH),
        (forged(payload(cnf=ABSENT)), checks.HOLDER_KEY),
    ):
        with pytest.raises(Rejected) as rejected:
            verified(token, UNBOUND, type=ANY)
        assert rejected.value.check is check


def test_a_credential_meant_for_certain_verifiers_is_not_for_one_without_a_name() -> None:
    with pytest.raises(Rejected) as rejected:
        verified(forged(payload(aud=BINDING.audience)), UNBOUND, type=ANY)
    assert rejected.value.check is checks.AUDIENCE


@pytest.mark.parametrize("binding", [Binding(audience="", nonce="n"), Binding(audience="a", nonce="")])
def test_a_binding_to_nothing_is_a_mistake_of_the_caller(binding: Binding) -> None:
    with pytest.raises(Misuse):
        verified(kb(aud="", nonce=""), binding, type=ANY)


def test_a_naive_moment_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(Misuse):
        verified(forged(), type=ANY, at=NOW.replace(tzinfo=None))
    with pytest.raises(Misuse):
        SD_JWT_VC.parse_credential(issued()).verify([PERSON], trust=Source(), at=NOW.replace(tzinfo=None))


def test_verify_cannot_be_called_without_saying_what_binds() -> None:
    presentation: Any = SD_JWT_VC.parse_presentation(forged())
    for arguments in ({}, {"trust": Source()}, {"at": NOW}):
        with pytest.raises(TypeError):
            presentation.verify([ANY], BINDING, **arguments)
    with pytest.raises(TypeError):
        presentation.verify([ANY], trust=Source(), at=NOW)


# -- a credential as issued -------------------------------------------------------------------------------------------


def test_a_credential_as_issued_names_its_holder_and_shows_none() -> None:
    authentic = SD_JWT_VC.parse_credential(issued()).verify([PERSON], trust=Source(), at=NOW)
    assert authentic.holder == HOLDER_KEY.public_key
    assert tuple(step.check for step in authentic.trail) == SD_JWT_VC.checks
    skipped = {s.check.name for s in authentic.trail if s.outcome is Outcome.NOT_APPLICABLE}
    assert skipped == {"AUDIENCE", "STATUS_KIND"} | ({c.name for c in checks.KEY_BINDING} - {"HOLDER_KEY"})
    unbound = SD_JWT_VC.parse_credential(issued(holder=UNBOUND)).verify([PERSON], trust=Source(), at=NOW)
    assert unbound.holder is UNBOUND


OF_TYPE_METADATA = {"CLAIM_PATHS", "CLAIM_MANDATORY", "CLAIM_DISCLOSABLE"}


def test_the_trail_says_of_each_check_that_there_was_nothing_to_look_at() -> None:
    bare = forged(payload(iat=ABSENT))
    authentic = SD_JWT_VC.parse_presentation(bare).verify([ANY], BINDING, trust=Source(), at=NOW)
    assert tuple(step.check for step in authentic.trail) == SD_JWT_VC.checks
    skipped = {step.check.name for step in authentic.trail if step.outcome is not Outcome.PASSED}
    assert (
        skipped == {"AUDIENCE", "NOT_BEFORE", "ISSUED_BEFORE", "STATUS_KIND", "METADATA_INTEGRITY"} | OF_TYPE_METADATA
    )


def test_a_proof_may_state_either_end_of_its_own_time_or_both() -> None:
    now = int(NOW.timestamp())
    for stated in ({"nbf": now}, {"nbf": now + 60}, {"exp": now + 1}, {"nbf": now, "exp": now + 1}):
        SD_JWT_VC.parse_presentation(kb(**stated)).verify([ANY], BINDING, trust=Source(), at=NOW)


def test_a_holder_key_that_is_not_understood_is_refused_by_the_wallet_too() -> None:
    with pytest.raises(Rejected) as rejected:
        SD_JWT_VC.parse_credential(forged(payload(cnf={"kid": "1"}), bound=False)).verify([ANY], trust=Source(), at=NOW)
    assert rejected.value.check is checks.HOLDER_KEY


def test_a_presentation_is_no_credential_as_issued() -> None:
    with pytest.raises(Malformed):
        SD_JWT_VC.parse_credential(forged())


# -- what a good one gives --------------------------------------------------------------------------------------------


def test_the_document_is_the_payload_with_what_was_shown_in_its_place() -> None:
    town, street = disclosure("s1", "town", "Boxtel"), disclosure("s2", "street", {"_sd": ["h"], "name": "Markt"})
    address = disclosure("s3", "address", {"_sd": [digest(town), digest(street), "x"], "kind": "woon"})
    two, inner = disclosure("s4", "b"), disclosure("s5", "c")
    nested = disclosure("s6", [{"...": "y"}, {"...": digest(inner)}])
    token = forged(
        payload(
            _sd=[digest(address)],
            _sd_alg="sha-256",
            list=["a", {"...": "hidden"}, {"...": digest(two)}, {"...": digest(nested)}, ["z"]],
            empty={"_sd": ["q"]},
        ),
        (town, street, address, two, inner, nested),
    )
    authentic = verified(token, type=ANY)
    shown = {name: authentic.document[name] for name in ("address", "list", "empty")}
    assert shown == {
        "address": {"kind": "woon", "town": "Boxtel", "street": {"name": "Markt"}},
        "list": ("a", "b", ("c",), ("z",)),
        "empty": {},
    }
    assert "_sd_alg" not in authentic.document
    assert "_sd" not in json.dumps(authentic.document, default=dict)
    assert set(authentic.revealed) == {
        ("address",),
        ("address", "town"),
        ("address", "street"),
        ("list", 1),
        ("list", 2),
        ("list", 2, 0),
    }


def test_the_document_cannot_be_changed() -> None:
    document: Any = verified(held(disclosure("s", "a", {"b": [1]})), type=ANY).document
    with pytest.raises(TypeError):
        document["a"]["b"] = 2
    with pytest.raises(TypeError):
        document["exp"] = 1


def test_expiry_status_and_issue_are_read_where_the_issuer_signed_them() -> None:
    status = {"status_list": {"idx": 4, "uri": "https://boxtel.example/status/1"}}
    authentic = verified(forged(payload(status=status)), type=ANY)
    assert authentic.expires_at == DAY + timedelta(days=1)
    assert authentic.status is not None
    assert (authentic.status.uri, authentic.status.index) == ("https://boxtel.example/status/1", 4)
    assert verified(forged(payload(iat=ABSENT, _sd=[digest(IAT)]), (IAT,)), type=ANY).document["iat"] == 5


IAT = disclosure("s", "iat", 5)


def test_the_type_is_the_one_of_those_asked_that_the_credential_names() -> None:
    presentation = SD_JWT_VC.parse_presentation(forged())
    assert presentation.verify([PERSON, ANY], BINDING, trust=Source(), at=NOW).type is ANY
    with pytest.raises(Rejected):
        presentation.verify([], BINDING, trust=Source(), at=NOW)


@negative("NEG-API-002")
def test_nothing_can_be_read_before_it_was_verified() -> None:
    for unverified in (SD_JWT_VC.parse_presentation(forged()), SD_JWT_VC.parse_credential(issued())):
        assert [name for name in dir(unverified) if not name.startswith("_")] == ["verify"]
        kind = "presentation" if isinstance(unverified, UnverifiedPresentation) else "credential"
        assert repr(unverified) == str(unverified) == f"<an unverified {kind}>"
        assert not any(str(value) in repr(unverified) for value in CLAIMS.values())
        with pytest.raises(AttributeError):
            unverified.document  # type: ignore[union-attr]  # noqa: B018
    opened = SD_JWT_VC.open(issued(), PERSON)
    assert [name for name in dir(opened) if not name.startswith("_")] == ["present"]
    assert "Bouazza" not in repr(opened)


@pytest.mark.parametrize("token", [issued(), forged(payload(name="Zandvlietplein", exp="Zandvlietplein"))])
def test_an_error_names_no_value(token: bytes) -> None:
    with pytest.raises((Rejected, Malformed)) as refused:
        verified(token.replace(b"~", b"~x~", 1))
    assert "Zandvliet" not in f"{refused.value!r} {refused.value}"


def test_the_bytes_signed_are_the_bytes_received() -> None:
    spaced = signed_bytes(json.dumps(payload(), indent=3).encode())
    shown = spaced + b"~"
    verified(shown + proof(shown), type=ANY)
    assert attestation().type is PERSON
    assert SEAL.origin.issuer == "https://boxtel.example"
    assert Reason.SIGNATURE_INVALID is checks.SIGNATURE.reason
