"""The JWS JSON serialization (RFC 9901 section 8): read strictly into the compact form, and judged as that."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata import policies
from eigendata.crypto import jose
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import b64url_encode, json_dumps, json_object
from eigendata.errors import Check, Malformed, Rejected
from eigendata.formats.sdjwt import SD_JWT_VC, checks, json_form
from eigendata.formats.sdjwt.json_form import compact, flattened
from eigendata.formats.sdjwt.parse import DISCLOSURES_LIMIT, TOKEN_LIMIT
from eigendata.model import UNBOUND, Binding, Disclosure, Unbound
from eigendata.openid import vp
from tests.negatives import negative
from tests.world import AISHA, AT, HOME, World

from .forge import (
    ABSENT,
    ANY,
    BINDING,
    HOLDER_KEY,
    HOLDING,
    NOW,
    OTHER_KEY,
    PERSON,
    Source,
    digest,
    disclosure,
    forged,
    issued,
    payload,
    proof,
    signed,
    verified,
)

ONE, TWO = disclosure("salt-1", "name", "Anne"), disclosure("salt-2", "town", "Boxtel")
TOKEN = forged(payload(_sd=sorted((digest(ONE), digest(TWO)))), (ONE, TWO))
SIGNED, PROOF = TOKEN.partition(b"~")[0], TOKEN.rpartition(b"~")[2]


def flat(token: bytes = TOKEN, **header: Any) -> dict[str, Any]:
    """The flattened form of a token, with these members in its unprotected header besides."""
    form: dict[str, Any] = flattened(token)
    form["header"].update(header)
    return form


def general(form: dict[str, Any], *others: Any) -> dict[str, Any]:
    """The general form with the same first signature, and these after it."""
    first = {name: form[name] for name in ("protected", "header", "signature")}
    return {"payload": form["payload"], "signatures": [first, *others]}


def another(token: bytes = SIGNED, **header: Any) -> dict[str, Any]:
    """A signature to stand after the first."""
    protected, _, signature = token.decode().split(".")
    return {"protected": protected, "signature": signature, "header": header}


def without(form: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: member for name, member in form.items() if name not in names}


def encoded(header: bytes) -> str:
    return b64url_encode(header)


# -- it is the compact form in other clothes --------------------------------------------------------------------------


@pytest.mark.parametrize("write", [flat, lambda: general(flat()), lambda: general(flat(), another())])
def test_a_presentation_in_json_verifies_as_its_compact_form_does(write: Callable[[], dict[str, Any]]) -> None:
    token = SD_JWT_VC.from_wire(write())
    assert token == TOKEN
    authentic = verified(token, type=ANY)
    assert authentic.document == verified(TOKEN, type=ANY).document
    assert tuple(step.check for step in authentic.trail) == SD_JWT_VC.checks


@pytest.mark.parametrize("token", [TOKEN, issued(), forged(bound=False), forged(disclosures=(), bound=True)])
def test_what_is_written_is_read_back_as_the_same_bytes(token: bytes) -> None:
    form = flattened(token)
    assert compact(form) == compact(json_object(json_dumps(form))) == token
    assert compact(general(form)) == token
    assert compact(MappingProxyType(form)) == token
    assert ("kb_jwt" in form["header"]) == (not token.endswith(b"~"))  # type: ignore[operator]


def test_a_credential_in_json_is_received_opened_and_shown() -> None:
    credential = SD_JWT_VC.from_wire(general(flat(issued())))
    received = SD_JWT_VC.parse_credential(credential).verify([PERSON], trust=Source(), at=NOW)
    assert received.holder == HOLDER_KEY.public_key
    shown = SD_JWT_VC.present(credential, PERSON, [("age",)], HOLDING, at=NOW)
    assert verified(SD_JWT_VC.from_wire(flat(shown))).revealed == (("age",),)


def test_an_issuer_that_sends_a_holders_proof_along_is_refused() -> None:
    with pytest.raises(Malformed):
        SD_JWT_VC.parse_credential(SD_JWT_VC.from_wire(flat()))


def test_disclosures_may_be_left_out_where_none_is_shown() -> None:
    form = flat(token := forged())
    del form["header"]["disclosures"]
    assert compact(form) == token
    bare = flat(forged(bound=False))
    del bare["header"]
    assert verified(compact(bare), UNBOUND, type=ANY)


# -- the first signature, and what nobody signed ----------------------------------------------------------------------


def rejected_by(check: Check, form: dict[str, Any], binding: Binding | Unbound = BINDING) -> None:
    with pytest.raises(Rejected) as rejected:
        verified(SD_JWT_VC.from_wire(form), binding, type=ANY)
    assert rejected.value.check is check


def test_the_first_signature_counts_and_no_other_stands_in_for_it() -> None:
    content = payload(_sd=sorted((digest(ONE), digest(TWO))))
    by_another = signed(content, key=OTHER_KEY)
    first = by_another + b"~" + ONE + b"~" + TWO + b"~"
    bad_first = general(flat(first + proof(first)), another(signed(content)))
    assert bad_first["payload"] == flat()["payload"]
    rejected_by(checks.SIGNATURE, bad_first)
    assert verified(compact(general(flat(), another(by_another))), type=ANY)


def test_a_proof_is_over_the_first_signature_and_no_other() -> None:
    content = payload(_sd=sorted((digest(ONE), digest(TWO))))
    again = signed(content)  # the issuer's own, by the same key: only the proof tells them apart
    assert again != SIGNED
    turned = general({**flat(), **another(again), "header": flat()["header"]}, another())
    rejected_by(checks.SD_HASH, turned)
    assert verified(compact(turned).rpartition(b"~")[0] + b"~", UNBOUND, type=ANY)


@negative("NEG-KB-005", "NEG-SDJWT-023")
def test_the_proof_is_over_the_disclosures_of_the_unprotected_header_in_their_order() -> None:
    one, two = ONE.decode(), TWO.decode()
    for disclosures in ([one], [two], [two, one], []):
        rejected_by(checks.SD_HASH, flat(disclosures=disclosures))
    rejected_by(checks.DISCLOSURE_ONCE, flat(disclosures=[one, two, two]))


@negative("NEG-SDJWT-027", "NEG-KB-001")
def test_a_proof_that_was_taken_out_is_missed() -> None:
    form = flat()
    del form["header"]["kb_jwt"]
    for one in (form, {**form, "kb_jwt": PROOF.decode()}, general(form)):
        rejected_by(checks.KB_PRESENT, one)


@negative("NEG-JOSE-003", "NEG-JOSE-007")
def test_nothing_else_that_is_unprotected_decides_on_anything() -> None:
    unsigned: dict[str, Any] = {
        "x5c": ["AA=="],
        "jwk": OTHER_KEY.public_key.jwk(),
        "jku": "https://evil.example",
        "cty": 1,
        "iss": ["no text"],
        "typ2": "kb+jwt",
    }
    assert compact(flat(**unsigned)) == TOKEN
    assert compact(general(flat(**unsigned), another(**unsigned))) == TOKEN
    assert compact({**flat(), "disclosures": "x", "kb_jwt": 3, "unheard-of": {"crit": []}}) == TOKEN
    no_typ = signed(payload(), {"typ": ABSENT})
    rejected_by(checks.TYP, flat(no_typ + b"~" + proof(no_typ + b"~"), typ="dc+sd-jwt"))
    asked = Source()
    no_kid = signed(payload(), {"kid": ABSENT})
    verified(compact(flat(no_kid + b"~" + proof(no_kid + b"~"), kid="unsigned")), type=ANY, trust=asked)
    assert "unsigned" not in repr(asked.asked)


# -- what is no token -------------------------------------------------------------------------------------------------

PROTECTED = flat()["protected"]
TWICE = {"protected": encoded(b'{"alg":"ES256","typ":"dc+sd-jwt","typ":"dc+sd-jwt"}')}
WITH_DISCLOSURES = {"protected": encoded(b'{"alg":"ES256","typ":"dc+sd-jwt","disclosures":[]}')}
WITH_PROOF = {"protected": encoded(b'{"alg":"ES256","typ":"dc+sd-jwt","kb_jwt":"a.b.c"}')}

MALFORMED: dict[str, Any] = {
    "nothing": {},
    "no payload": without(flat(), "payload"),
    "no protected header": without(flat(), "protected"),
    "no signature": without(flat(), "signature"),
    "an empty payload": {**flat(), "payload": ""},
    "an empty signature": {**flat(), "signature": ""},
    "a payload that is no text": {**flat(), "payload": {"vct": "x"}},
    "a signature that is no text": {**flat(), "signature": None},
    "a padded payload": {**flat(), "payload": flat()["payload"] + "="},
    "a payload of two parts": {**flat(), "payload": f"{flat()['payload']}.AA"},
    "a protected header of two parts": {**flat(), "protected": f"{PROTECTED}.AA"},
    "a signature with a ~": {**flat(), "signature": f"{flat()['signature']}~{ONE.decode()}"},
    "a protected header that is an object": {**flat(), "protected": {"alg": "ES256"}},
    "a protected header that is no object": {**flat(), "protected": encoded(b"[]")},
    "a protected header that is no JSON": {**flat(), "protected": encoded(b"{")},
    "a protected header that names twice": {**flat(), **TWICE},
    "a protected header beyond its limit": {**flat(), "protected": "A" * (jose.HEADER_LIMIT + 1)},
    "a header that is no object": {**flat(), "header": []},
    "a header that is null": {**flat(), "header": None},
    "disclosures in the protected header": {**flat(), **WITH_DISCLOSURES, "header": {}},
    "disclosures in both headers": {**flat(), **WITH_DISCLOSURES},
    "a proof in the protected header": {**flat(), **WITH_PROOF, "header": {}},
    "alg in both headers": flat(alg="ES256"),
    "typ in both headers": flat(typ="dc+sd-jwt"),
    "kid in both headers": flat(kid="another"),
    "crit that is not protected": flat(crit=["exp"]),
    "b64 that is not protected": flat(b64=True),
    "disclosures that are no array": flat(disclosures=ONE.decode()),
    "disclosures that are null": flat(disclosures=None),
    "disclosures that are an object": flat(disclosures={"0": ONE.decode()}),
    "a disclosure that is no text": flat(disclosures=[ONE.decode(), ["salt", "name", "Anne"]]),
    "a disclosure that is empty": flat(disclosures=[ONE.decode(), ""]),
    "two disclosures in one text": flat(disclosures=[f"{ONE.decode()}~{TWO.decode()}"]),
    "a disclosure that is padded": flat(disclosures=[ONE.decode() + "="]),
    "a disclosure that is not ASCII": flat(disclosures=[ONE.decode() + "\u0660"]),
    "a disclosure and a line end": flat(disclosures=[ONE.decode() + "\n"]),
    "more disclosures than are read": flat(disclosures=["AA"] * (DISCLOSURES_LIMIT + 1)),
    "a proof that is empty": flat(kb_jwt=""),
    "a proof that is null": flat(kb_jwt=None),
    "a proof that is an object": flat(kb_jwt={"payload": "e30"}),
    "a proof of two parts": flat(kb_jwt="e30.e30"),
    "a disclosure with the proof": flat(disclosures=[ONE.decode()], kb_jwt=f"{TWO.decode()}~{PROOF.decode()}"),
    "both forms at once": {**flat(), "signatures": [another()]},
    **{
        f"both forms at once by {one}": {
            **without(flat(), *({"protected", "header", "signature"} - {one})),
            "signatures": [another()],
        }
        for one in ("protected", "header", "signature")
    },
    "both forms at once, the first taken out": {**without(flat(), "protected", "header"), "signatures": [another()]},
    "no signatures": {"payload": flat()["payload"], "signatures": []},
    "signatures that are no array": {"payload": flat()["payload"], "signatures": another()},
    "signatures that are null": {"payload": flat()["payload"], "signatures": None},
    "a signature that is text": general(flat(), "AA"),
    "more signatures than are read": general(flat(), *[another()] * json_form.SIGNATURES_LIMIT),
    "disclosures with a later signature": general(flat(), another(disclosures=[])),
    "a proof with a later signature": general(flat(), another(kb_jwt=PROOF.decode())),
    "disclosures with a later signature alone": general({**flat(), "header": {}}, another(**flat()["header"])),
    "a later signature with a member in both headers": general(flat(), another(alg="ES256")),
    "a later signature with crit that is not protected": general(flat(), another(crit=["exp"])),
    "a later signature without a protected header": general(flat(), without(another(), "protected")),
    "a later signature without a value": general(flat(), without(another(), "signature")),
    "a later signature with disclosures that are protected": general(flat(), {**another(), **WITH_DISCLOSURES}),
}


@negative("NEG-SDJWT-027", "NEG-JOSE-013")
@pytest.mark.parametrize("form", [pytest.param(form, id=what) for what, form in MALFORMED.items()])
def test_anything_else_is_no_token(form: Any) -> None:
    with pytest.raises(Malformed):
        SD_JWT_VC.from_wire(form)


@negative("NEG-JOSE-004")
@pytest.mark.parametrize("value", [None, True, 1, 1.5, [], "é"])
def test_what_is_neither_text_nor_object_is_no_token(value: Any) -> None:
    with pytest.raises(Malformed):
        SD_JWT_VC.from_wire(value)


def test_a_protected_header_may_be_as_large_as_in_the_compact_form() -> None:
    most = encoded(b'{"a":"%b"}' % (b"x" * (jose.HEADER_LIMIT // 4 * 3 - 8)))
    assert len(most) == jose.HEADER_LIMIT
    assert compact({**flat(), "protected": most}).startswith(most.encode())


@pytest.mark.parametrize("member", [{"crit": ["exp"]}, {"b64": False}])
def test_critical_extensions_in_the_protected_header_are_refused_as_in_the_compact_form(member: Any) -> None:
    first = signed(payload(), member) + b"~"
    with pytest.raises(Malformed):
        SD_JWT_VC.parse_presentation(SD_JWT_VC.from_wire(flat(first + proof(first))))


def test_the_limits_are_those_of_the_compact_form() -> None:
    as_many = flat(disclosures=["AA"] * DISCLOSURES_LIMIT)
    assert compact(as_many).count(b"~") == DISCLOSURES_LIMIT + 1
    assert compact(general(flat(), *[another()] * (json_form.SIGNATURES_LIMIT - 1))) == TOKEN
    large = SD_JWT_VC.from_wire(flat(disclosures=["A" * TOKEN_LIMIT]))
    with pytest.raises(Malformed):
        SD_JWT_VC.parse_presentation(large)


@pytest.mark.parametrize("token", [b"", b"~", b"a.b.c", b"a.b~", b"a.b.c.d~", b"a.b.c~\xff~", SIGNED, b"\xff.b.c~"])
def test_what_is_no_compact_token_is_not_written(token: bytes) -> None:
    with pytest.raises(Malformed):
        flattened(token)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "AA", "AA.AA.AA", PROTECTED, ONE.decode()]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*flat(), *flat()["header"]]), inner),
    max_leaves=8,
)


@settings(max_examples=200)
@given(st.data(), st.booleans(), VALUES)
def test_whatever_one_member_is_made_of_the_token_is_refused_or_is_the_same(
    data: st.DataObject, many: bool, value: Any
) -> None:
    form: Any = deepcopy(general(flat(), another()) if many else flat())
    places = [form, form["signatures"][0] if many else form]
    places += [places[1]["header"], *form.get("signatures", [])[1:]]
    place = data.draw(st.sampled_from(places))
    place[data.draw(st.sampled_from([*flat(), *flat()["header"], "signatures"]))] = value
    try:
        token = SD_JWT_VC.from_wire(form)
        assert verified(token, type=ANY).document == verified(TOKEN, type=ANY).document
    except (Malformed, Rejected):
        return
    assert token == TOKEN


# -- where it travels -------------------------------------------------------------------------------------------------


def test_a_vp_token_may_hold_presentations_as_objects() -> None:
    world = World.make()
    request = world.corporation.ask(policies.load("woningcorporatie/B"), home=HOME, at=AT)
    answer = world.holder(AISHA).answer(request)
    wanted = json_object(vp.answer_file(answer, request))["vp_token"]
    assert isinstance(wanted, dict)

    def in_json(write: Callable[[dict[str, Any]], dict[str, Any]]) -> bytes:
        tokens = {name: [write(flattened(one.encode())) for one in several] for name, several in wanted.items()}
        return json_dumps({"vp_token": tokens, "state": request.state})

    def verify(sent: bytes) -> Disclosure:
        return world.verifier().verify(vp.parse_answer(sent, request), request, at=AT)

    meant = verify(json_dumps({"vp_token": wanted, "state": request.state}))
    for write in (lambda form: form, general):
        read = vp.parse_answer(in_json(write), request)
        assert read == answer
        assert verify(in_json(write)).credentials.keys() == meant.credentials.keys()
        assert verify(in_json(write)).advice == meant.advice
    with pytest.raises(Malformed) as refused:
        vp.parse_answer(in_json(lambda form: {**form, "signature": 1}), request)
    assert refused.value.where[-1] == 0


def test_any_key_that_is_used_signs_a_token_in_json() -> None:
    for algorithm in Algorithm:
        key = SoftwareKey.generate(algorithm)
        token = SD_JWT_VC.from_wire(flat(forged(key=key)))
        assert verified(token, type=ANY, trust=replace(Source(), key=key))
