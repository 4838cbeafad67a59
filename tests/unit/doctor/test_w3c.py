"""What the doctor says of W3C credentials: why one is refused, that a good one is good, and what was not looked at."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from eigendata import did
from eigendata.doctor import Beside, Report, examine
from eigendata.doctor.findings import Became, Cause, Kind
from eigendata.formats.di import checks
from eigendata.model import Answer, Party, Presentation
from eigendata.openid import vp
from eigendata.query import Asker, Request, parse_query
from eigendata.trust import Trust
from tests.unit.formats.di.forge import (
    ABSENT,
    BINDING,
    HOLDER,
    HOLDER_KEY,
    ISSUER,
    ISSUER_KEY,
    METHOD,
    NOW,
    OWN_METHOD,
    TYPE,
    document,
    shown,
    signed,
    subject,
    written,
)

DOCUMENT = did.write_document(ISSUER, METHOD, ISSUER_KEY.public_key).decode()
ENTRY = f"[issuers.'https://boxtel.example']\ntypes = ['{TYPE.id}']\ncontrollers = ['{ISSUER}']\n"
TRUST = Trust.loads(f"{ENTRY}documents = ['{DOCUMENT}']")
REQUEST = Request(
    asker=Asker(party=Party(id=BINDING.audience, name="Corporation"), proven=False),
    response_uri="https://corporation.example/answer",
    state="s" * 43,
    query=parse_query(
        {
            "credentials": [
                {
                    "id": "a",
                    "format": "ldp_vc",
                    "meta": {"type_values": [[TYPE.id]]},
                    "claims": [{"path": ["credentialSubject", "family_name"]}],
                }
            ]
        }
    ),
    binding=BINDING,
)


def report(token: Any, **beside: Any) -> Report:
    data = token if isinstance(token, bytes) else written(token)
    return examine(data, Beside(**{"at": NOW, "trust": TRUST, "types": {TYPE.id: TYPE}, **beside}))


def causes(found: Report) -> list[Cause]:
    return [one.cause for one in found.findings]


def answered(*tokens: Any) -> bytes:
    several = tuple(Presentation(format="ldp_vc", token=written(one)) for one in tokens)
    return vp.answer_file(Answer(presentations={"a": several}), REQUEST)


def test_a_good_credential_is_good_and_says_what_it_says() -> None:
    found = report(signed())
    assert (found.kind, found.findings) == (Kind.CREDENTIAL, ())
    (said,) = found.stated
    assert (said.type, said.issuer) == ("Person", ISSUER)
    assert ("family_name",) in said.claims
    assert {one.check for one in found.courses[0].steps} >= set(checks.CHECKS)


def test_a_good_presentation_is_good_with_its_request_and_without() -> None:
    asked = vp.write_request(REQUEST)
    for token in (shown(), answered(shown())):
        for beside in ({}, {"request": asked}):
            found = report(token, **beside)
            assert found.findings == ()
            assert found.kind is (Kind.ANSWER if isinstance(token, bytes) else Kind.PRESENTATION)


@pytest.mark.parametrize(
    ("token", "cause"),
    [
        (lambda: signed(document(type=["VerifiableCredential", "Stranger"])), Cause.TYPE_UNKNOWN),
        (lambda: signed(document(validUntil="2026-11-23T00:00:01Z")), Cause.ENDED),
        (lambda: signed(document(validFrom="2026-11-24T00:00:00Z")), Cause.NOT_BEGUN),
        (lambda: {**signed(), "validUntil": "2036-12-07T00:00:00Z"}, Cause.CHANGED),
        (lambda: signed(document(validUntil=ABSENT)), Cause.CHECK),
        (lambda: signed(document(credentialSubject=[subject()])), Cause.CHECK),
        (lambda: {"credentialSubject": {}}, Cause.TOKEN_DAMAGED),
    ],
)
def test_what_is_wrong_with_a_credential_is_said(token: Any, cause: Cause) -> None:
    assert causes(report(token())) == [cause]


@pytest.mark.parametrize(
    ("token", "cause"),
    [
        (lambda: shown(challenge="other"), Cause.PROOF_FOR_OTHER_REQUEST),
        (lambda: shown(domain="redirect_uri:https://other.example"), Cause.PROOF_FOR_OTHER_REQUEST),
        (lambda: {name: value for name, value in shown().items() if name != "proof"}, Cause.PROOF_MISSING),
        (lambda: shown(after={"created": "2026-11-23T14:02:00Z"}), Cause.CHECK),
    ],
)
def test_what_is_wrong_with_a_holders_proof_is_said(token: Any, cause: Cause) -> None:
    assert causes(report(token(), request=vp.write_request(REQUEST))) == [cause]


def test_nothing_is_fetched_and_what_was_not_looked_at_is_said() -> None:
    for trust in (Trust.loads(ENTRY), None):
        found = report(signed(), trust=trust)
        assert found.findings == ()
        became = {one.check: one.became for one in found.courses[0].steps}
        assert became[checks.METHOD_TRUSTED] is Became.NOT_LOOKED_AT
        assert became[checks.ISSUER_SIGNATURE] is Became.NOT_REACHED


def test_without_a_trust_file_a_key_that_a_name_holds_is_tried_and_nobody_is_believed() -> None:
    own = did.key_did(ISSUER_KEY.public_key)
    how: dict[str, Any] = {"verificationMethod": did.key_method(ISSUER_KEY.public_key)}
    found = report(signed(document(issuer=own), **how), trust=None)
    assert found.findings == ()
    became = {one.check: one.became for one in found.courses[0].steps}
    assert became[checks.METHOD_TRUSTED] is Became.NOT_LOOKED_AT
    assert became[checks.ISSUER_SIGNATURE] is Became.PASSED
    changed = {**signed(document(issuer=own), **how), "validUntil": "2036-12-07T00:00:00Z"}
    assert causes(report(changed, trust=None)) == [Cause.CHANGED]


def test_an_issuer_that_is_not_trusted_is_refused() -> None:
    other = signed(document(issuer=HOLDER), key=HOLDER_KEY, verificationMethod=OWN_METHOD)
    assert causes(report(other)) == [Cause.CHECK]  # and a subject that is its own issuer is none
    gestel = signed(document(issuer="did:web:gestel.example"), verificationMethod="did:web:gestel.example#key-1")
    assert causes(report(gestel)) == [Cause.CHECK]


def test_a_credential_of_another_moment_is_of_its_own_time() -> None:
    assert report(signed(), at=NOW + timedelta(days=13)).findings == ()
    assert json.loads(written(signed()))["issuer"] == ISSUER
