"""A request by value and its answer (OpenID4VP 1.0 sections 5 and 8)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from eigendata.channel import openid4vp_redirect
from eigendata.encoding import Json, json_dumps, json_object
from eigendata.errors import Check, Declined, EigendataError, Malformed, Misuse, Reason, Rejected
from eigendata.model import Answer, Party, Presentation
from eigendata.openid import vp
from eigendata.openid.client_id import CLIENT_PREFIX
from eigendata.query import Asker, PolicyReference, Question, Request, parse_query
from tests.given import given
from tests.negatives import negative

NOW = datetime(2026, 3, 1, tzinfo=UTC)
URI = "https://woonstichting.example/answer?to=1"
CLIENT = f"redirect_uri:{URI}"
NONCE = "n-0S6_WzA2Mj.n-0S6~WzA2Mj"
TOKEN = b"eyJhbGciOiJFUzI1NiJ9.e30.c2ln~WyJzIiwiYSIsMV0~eyJhbGciOiJFUzI1NiJ9.e30.c2ln"


def dcql(**members: Any) -> dict[str, Any]:
    return {
        "credentials": [
            {
                "id": "person",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["urn:example:person"]},
                "claims": [{"path": ["name"]}, {"path": ["nationalities", None]}],
                **members,
            }
        ]
    }


def request(**changes: Any) -> Request:
    whole = Request(
        asker=Asker(party=Party(id=CLIENT, name="Woonstichting de Wijk"), proven=False),
        response_uri=URI,
        state="af0ifjsldkj",
        query=parse_query(dcql()),
        binding=openid4vp_redirect(client_id=CLIENT, nonce=NONCE, response_uri=URI),
        purpose={"nl": "Om te zien of u in aanmerking komt", "en": "To see whether you qualify"},
        legal_basis=("AVG 6(1)(b)",),
        keep={"voldoet": "until audit", "otherwise": "0 days"},
        policy=PolicyReference(id="woningcorporatie/B", version="2026-01", home={"household_size": [2, 4]}),
        questions=(Question(id="persoon", type="urn:t", paths=(("name",),), queries={"dc+sd-jwt": "person"}),),
    )
    return replace(whole, **changes)


def read(data: bytes, **options: Any) -> Request:
    return vp.parse_request(data, at=NOW, **options)


def parameters(changes: Mapping[str, Any], *without: str) -> dict[str, Any]:
    written = {**json_object(vp.write_request(request())), **changes}
    return {name: value for name, value in written.items() if name not in without}


def changed(*without: str, **changes: Any) -> bytes:
    return json_dumps(parameters(changes, *without))


# -- the request ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [vp.write_request, lambda one: vp.request_link(one).encode()])
def test_a_wallet_reads_what_the_verifier_wrote_and_no_more(write: Any) -> None:
    policy = PolicyReference(id="woningcorporatie/B", version="2026-01")
    assert read(write(request())) == request(policy=policy, questions=())
    assert read(write(request(state=None, policy=None, purpose={}, legal_basis=(), keep={}))) == request(
        state=None, policy=None, purpose={}, legal_basis=(), keep={}, questions=()
    )


def test_the_verifiers_own_side_never_goes_over_the_wire() -> None:
    written = vp.write_request(request())
    assert b"household_size" not in written
    assert b"persoon" not in written


def test_an_unsigned_request_never_proves_who_asks() -> None:
    proven = request(asker=Asker(party=Party(id=CLIENT, name="Gemeente Boxtel"), proven=True))
    asker = read(vp.write_request(proven)).asker
    assert asker == Asker(party=Party(id=CLIENT, name="Gemeente Boxtel"), proven=False)


def test_an_asker_without_a_name_is_called_by_its_host() -> None:
    assert read(changed("verifier_info")).asker.party == Party(id=CLIENT, name="woonstichting.example")


def test_the_response_uri_may_be_left_to_the_client_identifier() -> None:
    assert read(changed("response_uri")).response_uri == URI


def test_unknown_parameters_and_unknown_verifier_info_are_ignored() -> None:
    info = json_object(vp.write_request(request()))["verifier_info"]
    assert isinstance(info, list)
    other = [{"format": "jwt", "data": "eyJ", "credential_ids": ["person"]}, {"format": "x", "data": {"y": 1}}]
    assert read(changed(verifier_info=[*other, *info], x=1, expected_origins=["y"])) == read(changed())


@negative("NEG-KB-015")
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"client_id":"a","client_id":"b"}',
        # what belongs to drafts before 1.0
        changed(presentation_definition={}),
        changed(presentation_definition_uri="https://a.example"),
        changed(client_id_scheme="redirect_uri"),
        # who asks, and where the answer goes
        changed("client_id"),
        changed(client_id=""),
        changed(client_id=[CLIENT]),
        changed(redirect_uri=URI),
        changed("response_uri", redirect_uri=URI),
        changed(response_uri=None),
        # how it is answered
        changed("response_type"),
        changed(response_type="code"),
        changed(response_type="vp_token id_token"),
        changed("response_mode"),
        changed(response_mode="fragment"),
        changed(response_mode="query"),
        changed(response_mode="direct_post.jwt"),
        # what is asked
        changed("dcql_query"),
        changed(scope="com.example.id"),
        changed("dcql_query", scope="com.example.id"),
        changed(dcql_query={}),
        changed(dcql_query=json_dumps(dcql()).decode()),
        changed(transaction_data=["eyJ0eXBlIjoieCJ9"]),
        changed(transaction_data=[]),
        # what binds it
        changed("nonce"),
        changed(nonce=""),
        changed(nonce=1),
        changed(nonce=NONCE + "$"),
        changed(nonce=NONCE + "é"),
        changed(nonce=NONCE + "\n"),
        changed(nonce="n-0S6_WzA2Mj"),
        changed(nonce="a" * 600),
        changed(state=""),
        changed(state=None),
        changed(state="a b"),
        changed(state="a&vp_token=x"),
        # beside it
        changed(client_metadata="{}"),
        changed(client_metadata={"vp_formats_supported": []}),
        changed(verifier_info={}),
        changed(verifier_info=[]),
    ],
)
def test_what_openid4vp_does_not_allow_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read(data)


SIGNING = (
    "x509_san_dns:woonstichting.example",
    "x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk",
    "decentralized_identifier:did:example:123",
)


@pytest.mark.parametrize(
    ("check", "data"),
    [
        (vp.UNSIGNED_BY_VALUE, changed(request="eyJ.eyJ.x")),
        (vp.UNSIGNED_BY_VALUE, changed(request_uri="https://a.example/request")),
        *((vp.UNSIGNED_BY_VALUE, changed("response_uri", client_id=client)) for client in SIGNING),
        *(
            (vp.UNSIGNED_BY_VALUE, json_dumps({"client_id": client, "request_uri": "https://a.example/r"}))
            for client in SIGNING
        ),
        *(
            (CLIENT_PREFIX, changed("response_uri", client_id=client))
            for client in (
                "verifier_attestation:verifier.example",
                "openid_federation:https://woonstichting.example",
                "origin:https://woonstichting.example",
                "https://woonstichting.example/answer",
                "woonstichting",
                f"Redirect_URI:{URI}",
                f" {CLIENT}",
            )
        ),
        (vp.OWN_RESPONSE_URI, changed(response_uri="https://other.example/answer?to=1")),
        (vp.OWN_RESPONSE_URI, changed(response_uri=URI + "1")),
        (vp.OWN_RESPONSE_URI, changed(response_uri=URI.upper())),
    ],
)
def test_a_request_that_someone_would_have_to_prove_is_rejected(check: Check, data: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        read(data)
    assert caught.value.check is check
    assert caught.value.reason is Reason.REQUEST_INVALID
    before = vp.REQUEST_CHECKS[: vp.REQUEST_CHECKS.index(check)]
    assert tuple(step.check for step in caught.value.trail) == before


def test_the_official_signed_request_is_not_taken_for_an_unsigned_one() -> None:
    file = given("vectors/openid4vp/1.0/request/request_object_client_id_did.json")
    with pytest.raises((Rejected, Malformed)):
        read(file.read_bytes())


def to(uri: str) -> bytes:
    return changed("response_uri", client_id=f"redirect_uri:{uri}")


@pytest.mark.parametrize(
    "uri",
    [
        "http://woonstichting.example/answer",
        "http://127.0.0.1/answer",
        "HTTPS://woonstichting.example/",
        "https:woonstichting.example",
        "https:///answer",
        "https://",
        "https://user@woonstichting.example/",
        "https://woonstichting.example:x/",
        "https://woonstichting.example/#fragment",
        "https://woonstichting.example/a b",
        "https://woonstichting.example\\@other.example/",
        "https://woonstichting.example/\n",
        "https://[::1/",
        "https://é.example/",
        "ftp://woonstichting.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "//woonstichting.example/",
        "/answer",
        "https://a.example/" + "a" * 3000,
    ],
)
def test_an_answer_goes_nowhere_else_than_to_a_plain_https_uri(uri: str) -> None:
    with pytest.raises(Malformed):
        read(to(uri))


@pytest.mark.parametrize("host", ["127.0.0.1:8001", "localhost", "[::1]:80", "127.9.9.9"])
def test_this_machine_may_be_answered_without_tls_only_when_asked_for(host: str) -> None:
    data = to(f"http://{host}/answer")
    with pytest.raises(Malformed):
        read(data)
    assert read(data, allow_loopback_http=True).response_uri == f"http://{host}/answer"


def test_a_verifier_on_this_machine_may_ask() -> None:
    uri = "http://127.0.0.1:8001/answer"
    binding = openid4vp_redirect(client_id=f"redirect_uri:{uri}", nonce=NONCE, response_uri=uri)
    local = request(response_uri=uri, binding=binding)
    assert read(vp.write_request(local), allow_loopback_http=True).response_uri == uri


@pytest.mark.parametrize("host", ["localhost.example", "128.0.0.1", "127.0.0.1.example", "0.0.0.0", "example"])
def test_no_other_machine_is_answered_without_tls(host: str) -> None:
    with pytest.raises(Malformed):
        read(to(f"http://{host}/answer"), allow_loopback_http=True)


@pytest.mark.parametrize(
    ("nonce", "enough"),
    [
        ("0123456789" * 4, True),
        ("0123456789" * 3 + "01234567", False),
        ("0123456789abcdef" * 2, True),
        ("0123456789abcdef" * 2 + "-", True),
        ("0123456789abcde" * 2, False),
        ("123e4567-e89b-42d3-a456-426614174000", True),
        ("ABCDEFGHIJKLMNOPQRSTUVWXY", True),
        ("ABCDEFGHIJKLMNOPQRSTUVW", False),
        ("abcdefGHIJ0123456789-_", True),
        ("abcdefGHIJ0123456789-", False),
    ],
)
def test_a_nonce_can_hold_128_bits(nonce: str, enough: bool) -> None:
    if enough:
        assert read(changed(nonce=nonce)).binding.nonce == nonce
    else:
        with pytest.raises(Malformed):
            read(changed(nonce=nonce))


def test_without_proof_of_the_holder_the_state_carries_the_session() -> None:
    query = dcql(require_cryptographic_holder_binding=False)
    for state in ({}, {"state": "short"}):
        with pytest.raises(Malformed):
            read(json_dumps(parameters({"dcql_query": query, **state}, *(() if state else ("state",)))))
    assert read(changed(dcql_query=query, state=NONCE)).state == NONCE


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(Misuse):
        vp.parse_request(changed(), at=datetime(2026, 3, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "broken",
    [
        {"response_uri": "https://other.example/"},
        {"state": "a b"},
        {"binding": openid4vp_redirect(client_id=CLIENT, nonce="short", response_uri=URI)},
        {"binding": openid4vp_redirect(client_id="woonstichting", nonce=NONCE, response_uri=URI)},
        {"state": None, "query": parse_query(dcql(require_cryptographic_holder_binding=False))},
        {"query": parse_query(dcql(claims=[{"path": ["a"]}, {"path": ["a"], "values": [1]}]))},
        {"purpose": {"nl": "\u202eomgekeerd"}},
        {"asker": Asker(party=Party(id=CLIENT, name=""), proven=False)},
    ],
)
def test_a_request_that_no_wallet_could_accept_is_not_written(broken: dict[str, Any]) -> None:
    with pytest.raises(Misuse):
        vp.write_request(request(**broken))


# -- links ------------------------------------------------------------------------------------------------------------


def link(changes: Mapping[str, Any] | None = None, start: str = "openid4vp://?") -> str:
    pairs = dict(parse_qsl(vp.request_link(request()).partition("?")[2]))
    return start + urlencode({**pairs, **(changes or {})}, quote_via=quote)


STARTS = ("openid4vp://?", "openid4vp:?", "openid4vp://authorize?", "openid4vp:///?", "haip-vp://?")


@pytest.mark.parametrize("start", STARTS)
def test_a_link_is_read_whatever_stands_before_its_parameters(start: str) -> None:
    assert read(link(start=start).encode() + b"\n") == read(changed())


@pytest.mark.parametrize(
    "data",
    [
        "openid4vp:",
        "openid4vp://?",
        link(start="openid4vp://user@x?"),
        link(start="openid4vp:\n//?"),
        link() + "&x=1#fragment",
        link() + "&state=again",
        link() + "&x",
        link() + "&x=%zz",
        link() + "&x=%ff",
        link() + "&é=x",
        link() + "".join(f"&x{index}=1" for index in range(100)),
        link({"dcql_query": "[]"}),
        link({"dcql_query": "{"}),
        link({"dcql_query": '{"credentials":[],"credentials":[]}'}),
        link({"verifier_info": "x"}),
        link({"client_metadata": "[]"}),
        link(start="OPENID4VP://?"),
        link(start="http://wallet.example/?"),
        link(start="https://user@wallet.example/?"),
        link(start="https:///?"),
        link(start="https://wallet.example/#?"),
        link(start="https:wallet.example?"),
    ],
)
def test_a_link_that_two_could_read_differently_is_malformed(data: str) -> None:
    with pytest.raises(Malformed):
        read(data.encode())


@negative("NEG-VP-WALLET-026")
@pytest.mark.parametrize("endpoint", ["https://wallet.example", "https://wallet.example:8443/vp/1.0", "haip-vp://"])
def test_a_wallet_can_be_invoked_at_an_address_that_no_other_app_can_claim(endpoint: str) -> None:
    written = vp.request_link(request(), endpoint=endpoint)
    assert written.startswith(f"{endpoint}?")
    assert read(written.encode()) == read(changed())
    referred = vp.reference_link("x509_hash:" + "A" * 43, "https://wonen.example/r", post=True, endpoint=endpoint)
    assert vp.parse_invitation(referred.encode()).reference == vp.Reference(uri="https://wonen.example/r", post=True)


@pytest.mark.parametrize("endpoint", ["", "javascript:", "http://wallet.example", "https://", "openid4vp", "data:,"])
def test_no_wallet_is_invoked_anywhere_else(endpoint: str) -> None:
    with pytest.raises(Misuse):
        vp.request_link(request(), endpoint=endpoint)
    with pytest.raises(Misuse):
        vp.reference_link("x509_hash:" + "A" * 43, "https://wonen.example/r", post=False, endpoint=endpoint)


# -- the answer -------------------------------------------------------------------------------------------------------

ANSWER = Answer(presentations={"person": (Presentation(format="dc+sd-jwt", token=TOKEN),)})


def form(**pairs: str) -> bytes:
    return urlencode(pairs).encode()


def file(**members: Any) -> bytes:
    return json_dumps({"vp_token": {"person": [TOKEN.decode()]}, "state": "af0ifjsldkj", **members})


VP_TOKEN = json_dumps({"person": [TOKEN.decode()]}).decode()


def test_a_verifier_reads_what_the_wallet_answered() -> None:
    for whole in (request(), request(state=None)):
        assert vp.parse_answer(vp.answer_form(ANSWER, whole), whole) == ANSWER
        assert vp.parse_answer(vp.answer_file(ANSWER, whole), whole) == ANSWER
        assert vp.parse_answer(vp.answer_file(ANSWER), whole) == ANSWER


def test_a_form_holds_the_token_as_json_and_the_state() -> None:
    pairs = dict(parse_qsl(vp.answer_form(ANSWER, request()).decode(), strict_parsing=True))
    assert pairs == {"vp_token": VP_TOKEN, "state": "af0ifjsldkj"}


def test_a_file_holds_the_token_as_an_object_and_the_state_where_there_is_one() -> None:
    token = {"person": [TOKEN.decode()]}
    assert json_object(vp.answer_file(ANSWER)) == {"vp_token": token}
    assert json_object(vp.answer_file(ANSWER, request(state=None))) == {"vp_token": token}
    assert json_object(vp.answer_file(ANSWER, request())) == {"vp_token": token, "state": "af0ifjsldkj"}


def test_an_answer_as_large_as_may_be_is_read_and_one_byte_more_is_not() -> None:
    whole = file()
    largest = whole + b" " * (vp.MAX_ANSWER - len(whole))
    assert vp.parse_answer(largest, request()) == ANSWER
    with pytest.raises(Malformed):
        vp.parse_answer(largest + b" ", request())
    with pytest.raises(Malformed):
        vp.parse_answer(form(vp_token=VP_TOKEN, state="af0ifjsldkj") + b"&x=" + b"y" * vp.MAX_ANSWER, request())


def test_a_form_with_as_many_escapes_as_are_read_is_read_and_with_one_more_is_not() -> None:
    whole = form(vp_token=VP_TOKEN, state="af0ifjsldkj")
    filled = whole + b"&x=" + b"%41" * (vp.MAX_ESCAPES - whole.count(b"%"))
    assert vp.parse_answer(filled, request()) == ANSWER
    with pytest.raises(Malformed):
        vp.parse_answer(filled + b"%41", request())


def test_a_request_as_large_as_may_be_is_read_and_one_byte_more_is_not() -> None:
    whole = changed()
    largest = whole + b" " * (vp.MAX_REQUEST - len(whole))
    assert read(largest) == read(whole)
    with pytest.raises(Malformed):
        read(largest + b" ")


def test_unknown_parameters_of_an_answer_are_ignored() -> None:
    assert vp.parse_answer(form(vp_token=VP_TOKEN, state="af0ifjsldkj", iss="x"), request()) == ANSWER
    assert vp.parse_answer(file(x=1), request()) == ANSWER


@pytest.mark.parametrize(
    "data",
    [
        b"",
        form(vp_token=VP_TOKEN, state="other"),
        form(vp_token=VP_TOKEN),
        form(vp_token=VP_TOKEN, state=""),
        form(error="access_denied", state="other"),
        file(state="other"),
        file(state=None),
        file(state=["af0ifjsldkj"]),
    ],
)
def test_the_answer_to_another_request_is_rejected(data: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        vp.parse_answer(data, request())
    assert caught.value.check is vp.STATE_RETURNED


def test_a_state_that_was_not_given_is_not_taken_back() -> None:
    with pytest.raises(Rejected):
        vp.parse_answer(file(), request(state=None))


def test_a_file_without_state_is_no_answer_where_only_the_state_binds() -> None:
    bearer = request(query=parse_query(dcql(require_cryptographic_holder_binding=False)), state=NONCE)
    assert vp.parse_answer(file(state=NONCE), bearer) == ANSWER
    with pytest.raises(Rejected):
        vp.parse_answer(vp.answer_file(ANSWER), bearer)


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"{",
        b"{}",
        file(vp_token=None),
        file(vp_token=[]),
        file(vp_token=VP_TOKEN),
        file(vp_token={"person": TOKEN.decode()}),
        file(vp_token={"person": []}),
        file(vp_token={"person": [1]}),
        file(vp_token={"person": [None]}),
        file(vp_token={"person": {"0": TOKEN.decode()}}),
        file(vp_token={"person": [TOKEN.decode()] * 65}),
        file(vp_token={"nobody": [TOKEN.decode()]}),
        file(vp_token={"person": ["é~"]}),
        file(error="access_denied"),
        form(state="af0ifjsldkj"),
        form(vp_token="{", state="af0ifjsldkj"),
        form(vp_token="[]", state="af0ifjsldkj"),
        form(vp_token=TOKEN.decode(), state="af0ifjsldkj"),
        form(vp_token='{"person":["a~"],"person":["b~"]}', state="af0ifjsldkj"),
        form(vp_token=VP_TOKEN, state="af0ifjsldkj") + b"&vp_token=x",
        form(vp_token=VP_TOKEN, state="af0ifjsldkj") + b"&x=%",
        form(vp_token=VP_TOKEN, state="af0ifjsldkj") + b"&x=\xff",
        b"a" * (vp.MAX_ANSWER + 1),
    ],
)
def test_what_is_no_answer_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        vp.parse_answer(data, request())


def test_an_answer_in_a_format_that_is_not_known_is_malformed() -> None:
    query: Json = {"credentials": [{"id": "person", "format": "something-new", "meta": {}}]}
    with pytest.raises(Malformed):
        vp.parse_answer(file(), request(query=parse_query(query)))


@pytest.mark.parametrize("error", ["access_denied", "invalid_request", "something_new"])
def test_a_wallet_that_declines_says_no_more_than_that(error: str) -> None:
    with pytest.raises(Declined) as caught:
        vp.parse_answer(form(error=error, error_description="x", state="af0ifjsldkj"), request())
    assert caught.value.reason is Reason.NO_CONSENT
    assert error not in str(caught.value)


@pytest.mark.cost
@pytest.mark.parametrize(
    "data",
    [
        b'{"client_id":' + b"[" * 1_000_000,
        b"openid4vp://?" + b"a=b&" * 250_000,
        b"openid4vp://?dcql_query=" + b"%5B" * 80_000,
        json_dumps({**parameters({}), "x": ["y"] * 60_000}),
        json_dumps({**parameters({}), "verifier_info": [{"format": "x", "data": {}}] * 9_000}),
    ],
)
def test_hostile_bytes_cost_little(data: bytes) -> None:
    before = time.process_time()
    for reading in (read, lambda one: vp.parse_answer(one, request())):
        with suppress(EigendataError):
            reading(data)
    assert time.process_time() - before < 1


@pytest.mark.parametrize("write", [vp.answer_form, vp.answer_file])
def test_the_state_of_an_answer_is_read_before_its_request_is_known(write: Any) -> None:
    assert vp.answered_state(write(ANSWER, request(state="st"))) == "st"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"vp_token=%7B%7D",
        b"state=&vp_token=%7B%7D",
        b"state=a&state=b",
        b"state=%zz",
        b'{"vp_token":{}}',
        b'{"state":1}',
        b'{"state":"a","state":"b"}',
        b"state=" + b"a" * 600,
        b"state=a&pad=" + b"a" * vp.MAX_ANSWER,
    ],
)
def test_an_answer_without_one_state_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        vp.answered_state(data)


def test_a_form_is_read_one_way_only() -> None:
    assert vp.read_form(b"answer=%7B+%22%C3%A9%22%0D%0A%7D") == {"answer": '{ "é"\r\n}'}
    for data in (b"answer=a&answer=b", "answer=é".encode(), b"answer=%ff", b"answer=%", b"\xff"):
        with pytest.raises(Malformed):
            vp.read_form(data)


def test_nothing_of_a_posted_answer_stands_in_its_repr() -> None:
    posted = vp.read_posted(urlencode({"vp_token": '{"person":["a-secret"]}', "state": "the-state"}).encode())
    assert posted.parameters["state"] == "the-state"
    assert "the-state" not in repr(posted)
    assert "a-secret" not in repr(posted)
