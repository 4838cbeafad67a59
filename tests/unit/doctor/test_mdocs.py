"""What the doctor says of mdocs: why one is refused, and that a good one is good."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import cbor2
import pytest

from eigendata import policies
from eigendata.doctor import Beside, Report, examine
from eigendata.doctor.findings import Cause, Kind
from eigendata.doctor.mdocs import taken_for
from eigendata.doctor.recognising import recognise
from eigendata.encoding import b64url_encode
from eigendata.formats import FORMATS
from eigendata.model import Answer
from eigendata.openid import vp
from eigendata.query import Request
from eigendata.registers.catalogue import INWONER, PERSOON
from tests.world import AISHA, AT, BOXTEL, GESTEL, HOME, MDOC, Holder, World, trust_in

B = policies.load("woningcorporatie/B")


@pytest.fixture(scope="module")
def world() -> World:
    return World.make()


@pytest.fixture(scope="module")
def aisha(world: World) -> Holder:
    return world.holder(AISHA, format=MDOC)


@pytest.fixture(scope="module")
def request_of(world: World) -> Request:
    return world.verifier(formats={MDOC: FORMATS[MDOC]}).ask(B, home=HOME, at=AT)


def report(data: bytes, world: World, *, at: datetime = AT, **beside: Any) -> Report:
    return examine(data, Beside(**{"at": at, "trust": world.trust, **beside}))


def causes(found: Report) -> list[Cause]:
    return [one.cause for one in found.findings]


def wire(answer: Answer, request: Request) -> bytes:
    return vp.answer_file(answer, request)


@pytest.mark.parametrize("spelled", [lambda token: token, lambda token: b64url_encode(token).encode() + b"\n"])
def test_a_good_credential_is_good_as_bytes_and_as_text(spelled: Any, world: World, aisha: Holder) -> None:
    found = report(spelled(aisha.cards[PERSOON.id][0]), world)
    assert (found.kind, found.findings) == (Kind.CREDENTIAL, ())
    (said,) = found.stated
    assert (said.type, said.issuer) == (PERSOON.id, "https://boxtel.example")
    assert ("family_name",) in said.claims
    assert {one.check for one in found.courses[0].steps} >= set(FORMATS[MDOC].checks)


def test_a_good_answer_is_good_with_its_request_and_without(world: World, aisha: Holder, request_of: Request) -> None:
    data = wire(aisha.answer(request_of), request_of)
    asked = vp.write_request(request_of)
    for beside in ({"request": asked}, {}, {"trust": None}, {"request": asked, "trust": None}):
        found = report(data, world, **beside)
        assert (found.kind, causes(found)) == (Kind.ANSWER, [])
        assert len(found.stated) == 3


def test_an_answer_to_another_request_may_have_another_session(
    world: World, aisha: Holder, request_of: Request
) -> None:
    other = world.verifier(formats={MDOC: FORMATS[MDOC]}).ask(B, home=HOME, at=AT)
    crossed = replace(aisha.answer(other))
    found = report(wire(crossed, request_of), world, request=vp.write_request(request_of))
    assert causes(found)[:2] == [Cause.PROOF_FOR_OTHER_REQUEST, Cause.TRANSCRIPT_DIFFERS]
    assert not any(one.certain for one in found.findings[:2])


def test_a_presentation_by_itself_is_one(world: World, aisha: Holder, request_of: Request) -> None:
    (shown,) = next(iter(aisha.answer(request_of).presentations.values()))
    found = report(shown.token, world)
    assert (found.kind, causes(found)) == (Kind.PRESENTATION, [])
    assert causes(report(shown.token, world, request=vp.write_request(request_of))) == []


def changed(token: bytes) -> bytes:
    return token.replace(b"Zandstra", b"Zandstro")


CASES: list[tuple[str, Any, dict[str, Any], list[Cause]]] = [
    ("expired", None, {"at": AT + timedelta(days=20)}, [Cause.ENDED]),
    ("not begun", None, {"at": AT - timedelta(days=1)}, [Cause.CHAIN_NOT_BEGUN]),
    ("changed", changed, {}, [Cause.CHANGED]),
    ("damaged", lambda token: token.replace(b"MSO", b"MSO").replace(b"docType", b"docTypo"), {}, [Cause.TOKEN_DAMAGED]),
    ("from nobody known", None, {"trust": trust_in()}, [Cause.ISSUER_UNKNOWN]),
]


@pytest.mark.parametrize(("spoil", "beside", "expected"), [one[1:] for one in CASES], ids=[one[0] for one in CASES])
def test_what_is_wrong_is_said_in_words_that_people_can_act_on(
    spoil: Any, beside: dict[str, Any], expected: list[Cause], world: World, aisha: Holder
) -> None:
    token = aisha.cards[PERSOON.id][0]
    found = report(token if spoil is None else spoil(token), world, **beside)
    assert causes(found) == expected


def test_an_issuer_that_is_nearly_known_or_speaks_for_others_is_named(world: World, aisha: Holder) -> None:
    near = trust_in((replace(world.boxtel, id="https://boxtels.example"), (BOXTEL,)))
    assert causes(report(aisha.cards[PERSOON.id][0], world, trust=near)) == [Cause.ISSUER_NEAR]
    others = trust_in((world.boxtel, (GESTEL,)))
    assert causes(report(aisha.cards[INWONER.id][0], world, trust=others)) == [Cause.ISSUER_WITHOUT_MUNICIPALITY]


def test_another_type_than_was_asked_is_named(world: World, aisha: Holder, request_of: Request) -> None:
    presentations = dict(aisha.answer(request_of).presentations)
    first, second, *_ = presentations
    presentations[first], presentations[second] = presentations[second], presentations[first]
    data = wire(Answer(presentations=presentations), request_of)
    assert Cause.TYPE_NOT_ASKED in causes(report(data, world, request=vp.write_request(request_of)))


def test_a_proof_that_is_missing_is_said(world: World, aisha: Holder, request_of: Request) -> None:
    answer = aisha.answer(request_of)
    name, (shown,) = next(iter(answer.presentations.items()))
    response = cbor2.loads(shown.token)
    del response["documents"][0]["deviceSigned"]
    bare = replace(shown, token=cbor2.dumps(response))
    data = wire(Answer(presentations={**answer.presentations, name: (bare,)}), request_of)
    assert causes(report(data, world, request=vp.write_request(request_of))) == [Cause.PROOF_MISSING]


def test_copies_of_an_issuer_are_examined_each(world: World, aisha: Holder) -> None:
    copies = [FORMATS[MDOC].to_wire(one) for one in aisha.cards[PERSOON.id]]
    issued = {"credentials": [{"type": PERSOON.id, "format": MDOC, "copies": copies}]}
    found = report(json.dumps(issued).encode(), world)
    assert (found.kind, causes(found)) == (Kind.ISSUED, [])
    spoilt = [b64url_encode(changed(one)) for one in aisha.cards[PERSOON.id]]
    issued["credentials"][0]["copies"] = spoilt
    assert causes(report(json.dumps(issued).encode(), world)) == [Cause.CHANGED]


@pytest.mark.parametrize("data", [b"", b"\xa1", b"\xa0" * 300, b"A" * 300, b"\xa2" + b"x" * 400, b"{}" * 200])
def test_what_is_none_is_taken_for_none(data: bytes) -> None:
    assert taken_for(data) is None
    assert recognise(data).kind not in (Kind.CREDENTIAL, Kind.PRESENTATION)
