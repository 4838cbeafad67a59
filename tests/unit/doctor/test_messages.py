"""Requests, answers, what an issuer sent, challenges and proofs: each broken in one way."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from eigendata import did, policies, proofs
from eigendata.crypto.access import make_access_certificate
from eigendata.crypto.jose import sign_jws
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority
from eigendata.doctor import examine
from eigendata.doctor.findings import Gap, Kind, Verdict
from eigendata.errors import Misuse
from eigendata.model import Answer, Presentation
from eigendata.openid import vp
from eigendata.openid.client_id import of_certificate
from eigendata.openid.request_object import sign_request_object
from eigendata.query import parse_query
from eigendata.registers.catalogue import HUISHOUDEN, INWONER
from eigendata.trust import Trust, VerifierEntry
from tests.unit.formats import forge
from tests.world import BRAM, HOME, Holder

from .ward import (
    AT,
    FORMAT,
    aisha,
    answer_file,
    answered,
    asked,
    beside,
    beyond,
    causes,
    checks,
    filled,
    request_file,
    world,
    written,
)


def query(**changes: Any) -> dict[str, Any]:
    asks = {"id": "q", "format": "dc+sd-jwt", "meta": {"vct_values": [INWONER.id]}, **changes}
    return {"credentials": [asks]}


def parameters(**changes: Any) -> dict[str, Any]:
    given = dict(vp.request_parameters(replace(asked(), query=parse_query(query()), policy=None)))
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


# -- an answer --------------------------------------------------------------------------------------------------------


def test_a_good_answer_shows_the_steps_of_the_whole_and_of_each_credential() -> None:
    plain = parse_query(query(claims=[{"path": ["local_tie_6y"]}]))
    request = world().corporation.ask_query(plain, at=AT)
    data = vp.answer_file(aisha().answer(request), request)
    report = examine(data, beside(request=vp.write_request(request)))
    assert (report.kind, report.verdict) == (Kind.ANSWER, Verdict.WELL)
    assert [course.place for course in report.courses] == [(), ("q", 0)]


def test_an_answer_under_a_policy_is_not_called_well_as_the_policy_was_not_looked_at() -> None:
    report = examine(answer_file(), beside(request=request_file()))
    assert (report.findings, report.verdict) == ((), Verdict.INCOMPLETE)
    assert Gap.POLICY in report.gaps


def test_an_answer_of_which_no_request_is_known_is_looked_at_all_the_same() -> None:
    report = examine(answer_file(), beside())
    assert (report.findings, report.verdict) == ((), Verdict.INCOMPLETE)
    assert Gap.REQUEST in report.gaps
    assert len(report.courses) == len(answered().presentations)
    posted = vp.answer_form(answered(), asked())
    assert examine(posted, beside()).findings == ()


def test_an_answer_to_another_request_is_told_so() -> None:
    other = world().corporation.ask(policies.load("woningcorporatie/B"), home=HOME, at=AT)
    report = examine(answer_file(), beside(request=request_file(other)))
    assert (causes(report), checks(report)) == (["answer_to_other"], ["STATE_RETURNED"])


def test_an_answer_bound_to_another_nonce_is_told_so_for_each_credential() -> None:
    other = replace(asked(), binding=replace(asked().binding, nonce="n" * 43))
    report = examine(answer_file(), beside(request=request_file(other)))
    assert set(causes(report)) == {"proof_for_other_request"}


def test_an_error_of_a_wallet_is_no_fault_of_anybody() -> None:
    data = written({"error": "access_denied", "state": asked().state})
    assert causes(examine(data, beside(request=request_file()))) == ["answer_declined"]
    assert causes(examine(data, beside())) == ["answer_declined"]


def test_a_question_that_was_left_open_is_named() -> None:
    (first, *_), some = answered().presentations, dict(answered().presentations)
    del some[first]
    for trust in (world().trust, None):
        report = examine(answer_file(Answer(presentations=some)), beside(request=request_file(), trust=trust))
        assert (causes(report)[0], checks(report)[0]) == ("question_open", "COMPLETE")
        assert filled(report, "question_open")["question"] == first


def test_the_second_credential_is_looked_at_where_the_first_is_refused() -> None:
    late = examine(answer_file(), beside(request=request_file(), at=AT + timedelta(minutes=30)))
    assert causes(late)[0] == "proof_old"
    assert len(late.courses) == len(answered().presentations)


def test_a_claim_too_many_in_an_answer_is_named_and_its_value_is_not() -> None:
    plain = world().corporation.ask_query(parse_query(query()), at=AT)
    shown = aisha().show(INWONER.id, [("birthdate",)], plain.binding)
    data = vp.answer_file(Answer(presentations={"q": (shown,)}), plain)
    report = examine(data, beside(request=vp.write_request(plain)))
    assert (causes(report), checks(report)) == (["claim_too_many"], ["NO_CLAIM_MORE"])
    assert "1984" not in repr(report)


def test_an_answer_that_goes_elsewhere_than_the_request_is_never_well() -> None:
    swapped = {
        name: tuple(Presentation(format=FORMAT, token=b"a.b.c~") for _ in one)
        for name, one in answered().presentations.items()
    }
    report = examine(answer_file(Answer(presentations=swapped)), beside(request=request_file()))
    assert (causes(report), report.verdict) == (["token_damaged"], Verdict.UNREADABLE)


def test_a_presentation_that_cannot_be_read_does_not_hide_the_others() -> None:
    (first, *others), some = answered().presentations, dict(answered().presentations)
    some[first] = (Presentation(format=FORMAT, token=b"a.b.c~"),)
    for given_beside in (beside(request=request_file()), beside(), beside(request=request_file(), trust=None)):
        report = examine(answer_file(Answer(presentations=some)), given_beside)
        assert (causes(report), report.findings[0].place) == (["token_damaged"], (first, 0))
        assert {course.place[0] for course in report.courses if course.steps} == set(others)


def test_a_request_beside_it_that_cannot_be_read_is_said_to_be_the_trouble() -> None:
    with pytest.raises(Misuse, match="examine that first"):
        examine(answer_file(), beside(request=b"{"))


# -- a request --------------------------------------------------------------------------------------------------------


def test_a_good_request_is_well_in_each_of_its_forms() -> None:
    for data in (request_file(), vp.request_link(asked()).encode()):
        report = examine(data, beside())
        assert (report.kind, report.verdict) == (Kind.REQUEST, Verdict.WELL)


def test_a_request_of_an_old_draft_is_told_so() -> None:
    old = parameters(dcql_query=None, presentation_definition={"id": "x"})
    assert causes(examine(written(old), beside())) == ["old_draft"]


def test_a_slip_in_a_path_of_a_request_is_told_with_the_nearest_claim() -> None:
    asks = query(claims=[{"path": ["resident_since_yaer"]}, {"path": ["zzz"]}, {"path": ["municipality", "code"]}])
    for data, kind in ((written(parameters(dcql_query=asks)), Kind.REQUEST), (written(asks), Kind.QUERY)):
        report = examine(data, beside())
        assert (report.kind, causes(report)) == (kind, ["claim_near", "claim_unknown"])
        assert filled(report, "claim_near")["near"] == "resident_since_year"


def test_a_slip_in_the_type_of_a_request_is_told_with_the_nearest_type() -> None:
    report = examine(written(query(meta={"vct_values": [INWONER.id.replace("inwoner", "inwoners")]})), beside())
    assert causes(report) == ["type_near"]
    assert filled(report, "type_near")["near"] == INWONER.id


def test_a_request_for_types_of_others_is_not_called_well() -> None:
    report = examine(written(query(meta={"vct_values": ["https://other.example/diploma"]})), beside())
    assert (report.findings, report.gaps, report.verdict) == ((), (Gap.TYPE,), Verdict.INCOMPLETE)


def test_a_format_that_is_not_read_here_is_named() -> None:
    asks = {"credentials": [{"id": "q", "format": "jwt_vc_json", "meta": {"type_values": [["Diploma"]]}}]}
    assert causes(examine(written(asks), beside())) == ["unknown_format"]


def test_a_request_that_is_over_is_told_since_when() -> None:
    over = parameters(exp=int(AT.timestamp()) - 3600)
    report = examine(written(over), beside())
    assert causes(report) == ["request_ended"]
    assert filled(report, "request_ended")["span"] == timedelta(hours=1)


ASKER = "did:web:wonen.example"
KEY = forge.ISSUER_KEY
DOCUMENT = did.write_document(ASKER, f"{ASKER}#1", KEY.public_key, purpose=did.AUTHENTICATION).decode()
KNOWN = Trust(verifiers={ASKER: VerifierEntry(name="De Linde", document=DOCUMENT)})


def signed(client: str = f"decentralized_identifier:{ASKER}", method: str = f"{ASKER}#1", **changes: Any) -> bytes:
    inside = parameters(**{"client_id": client, "aud": "https://self-issued.me/v2", **changes})
    return sign_jws({"typ": "oauth-authz-req+jwt", "kid": method}, json.dumps(inside).encode(), KEY)


def test_a_good_signed_request_is_well_where_its_asker_is_known() -> None:
    report = examine(signed(), beside(trust=KNOWN))
    assert (report.kind, report.verdict, report.gaps) == (Kind.SIGNED_REQUEST, Verdict.WELL, ())
    link = "openid4vp://?" + urlencode({"client_id": f"decentralized_identifier:{ASKER}", "request": signed().decode()})
    assert examine(link.encode(), beside(trust=KNOWN)) == report


def test_a_signed_request_of_a_stranger_is_told_and_its_query_looked_at() -> None:
    token = signed(dcql_query=query(claims=[{"path": ["birthdat"]}]), exp=int(AT.timestamp()) - 60)
    report = examine(token, beside())
    assert (report.kind, checks(report)) == (Kind.SIGNED_REQUEST, ["VERIFIER_LISTED"])
    assert beyond(report) == ["request_ended", "claim_near"]
    report = examine(token, beside(trust=KNOWN))
    assert (causes(report), beyond(report)) == (["request_ended"], ["claim_near"])


def test_of_a_signed_request_all_but_who_asks_is_looked_at_without_a_trust_file() -> None:
    own = did.key_did(KEY.public_key)
    by_key = {"client": f"decentralized_identifier:{own}", "method": did.key_method(KEY.public_key)}
    report = examine(signed(**by_key), beside(trust=None))
    assert (report.findings, report.gaps) == ((), (Gap.TRUST,))
    assert checks(examine(signed(**by_key, aud="https://other.example"), beside(trust=None))) == ["REQUEST_AUDIENCE"]
    assert causes(examine(signed(**by_key, nonce="x"), beside(trust=None))) == ["malformed"]
    assert examine(signed(), beside(trust=None)).gaps == (Gap.TRUST, Gap.KEY)
    key = SoftwareKey.generate(Algorithm.ES256)
    root_key = SoftwareKey.generate(Algorithm.ES256)
    root = make_authority("Root", root_key, at=AT)
    leaf = make_access_certificate(
        key.public_key, name="L", dns_names=["wonen.example"], authority=root, authority_key=root_key, at=AT
    )
    inside = {**parameters(client_id=str(of_certificate(leaf))), "response_uri": "https://wonen.example/answers"}
    by_certificate = sign_request_object(inside, key, chain=[leaf], wallet_nonce="a", at=AT)
    assert examine(by_certificate, beside(trust=None)).gaps == (Gap.TRUST,)
    assert checks(examine(by_certificate, beside())) == ["VERIFIER_LISTED"]


def test_a_link_to_a_request_says_that_the_request_lies_elsewhere() -> None:
    link = vp.reference_link(f"decentralized_identifier:{ASKER}", "https://wonen.example/requests/1", post=True)
    report = examine(link.encode(), beside())
    assert (report.kind, report.findings, report.gaps) == (Kind.REQUEST, (), (Gap.REQUEST,))


def test_a_broken_request_is_told_and_its_query_looked_at() -> None:
    report = examine(written(parameters(nonce="x", dcql_query=query(claims=[{"path": ["birthdat"]}]))), beside())
    assert (causes(report), beyond(report)) == (["malformed"], ["claim_near"])
    other = written(parameters(response_uri="https://elsewhere.example/"))
    assert checks(examine(other, beside())) == ["OWN_RESPONSE_URI"]


# -- getting a credential ---------------------------------------------------------------------------------------------


def issued(*holders: Holder, types: tuple[str, ...] = (INWONER.id, HUISHOUDEN.id)) -> dict[str, Any]:
    return {
        "credentials": [
            {"type": name, "format": FORMAT, "copies": [copy.decode() for copy in holder.cards[name]]}
            for holder, name in zip(holders, types, strict=True)
        ]
    }


def test_what_an_issuer_sent_is_well_where_all_copies_are() -> None:
    report = examine(written(issued(aisha(), aisha())), beside())
    assert (report.kind, report.verdict) == (Kind.ISSUED, Verdict.WELL)


def test_one_bad_copy_is_found_among_the_good_ones() -> None:
    sent = issued(aisha(), aisha())
    sent["credentials"][1]["copies"][1] = sent["credentials"][1]["copies"][1][:-1]
    report = examine(written(sent), beside())
    assert (causes(report), report.findings[0].place) == (["token_damaged"], ("huishouden", 1))
    sent = issued(aisha(), aisha())
    copy: str = sent["credentials"][1]["copies"][1]
    head, rest = copy.split("~", 1)
    sent["credentials"][1]["copies"][1] = f"{head[:-8]}AAAAAAAA~{rest}"
    report = examine(written(sent), beside())
    assert causes(report) == ["changed"]
    assert report.findings[0].place == ("huishouden", 1)


def test_ten_copies_with_one_fault_have_one_fault() -> None:
    report = examine(written(issued(aisha(), aisha())), beside(at=AT + timedelta(days=90)))
    assert causes(report) == ["ended", "accepted_until"]


def test_credentials_of_two_people_in_one_file_are_found() -> None:
    report = examine(written(issued(aisha(), world().holder(BRAM))), beside())
    assert (causes(report), checks(report)) == (["check"], ["ONE_SUBJECT"])


def test_without_a_trust_file_what_was_sent_is_not_called_well() -> None:
    report = examine(written(issued(aisha(), aisha())), beside(trust=None))
    assert (report.findings, report.verdict) == ((), Verdict.INCOMPLETE)
    assert causes(examine(written(issued(aisha(), aisha())), beside(trust=Trust()))) == ["issuer_unknown"]


def test_a_challenge_that_is_over_is_told_since_when() -> None:
    challenge = world().boxtel.challenge(at=AT)
    data = written(challenge.to_json())
    assert examine(data, beside()).verdict is Verdict.WELL
    report = examine(data, beside(at=AT + timedelta(hours=2)))
    assert (causes(report), checks(report)) == (["challenge_ended"], ["CHALLENGE_FRESH"])


def test_proofs_are_held_against_their_challenge() -> None:
    challenge = world().boxtel.challenge(at=AT)
    made = proofs.prove(challenge, [forge.HOLDER_KEY, forge.OTHER_KEY], at=AT)
    data = written({"proofs": {"jwt": [one.decode() for one in made]}})
    beside_it = written(challenge.to_json())
    assert examine(data, beside(request=beside_it)).verdict is Verdict.WELL
    assert examine(data, beside()).verdict is Verdict.INCOMPLETE
    assert examine(made[0], beside(request=beside_it)).kind is Kind.PROOFS
    late = examine(data, beside(at=AT + timedelta(hours=3)))
    assert (causes(late), checks(late)) == (["proof_old"], ["PROOF_IAT"])
    other = written(world().boxtel.challenge(at=AT).to_json())
    assert checks(examine(data, beside(request=other))) == ["PROOF_NONCE"]
    twice = written({"proofs": {"jwt": [made[0].decode()] * 2}})
    report = examine(twice, beside())
    assert checks(report) == ["PROOF_DISTINCT"]
    assert report.findings[0].place == ("proof", 1)
