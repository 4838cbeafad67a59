"""Whatever a verifier signs, links to or is sent, and whatever a wallet seals: it is read as meant, or refused as ours.

What is changed here is changed before it is signed or sealed, so that what lies behind a good signature is tried too.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata.crypto.jose import sign_jws
from eigendata.crypto.jwe import ContentEncryption, Recipient, encrypt
from eigendata.encoding import b64_encode
from eigendata.errors import EigendataError
from eigendata.openid import vp
from eigendata.openid.request_object import AUDIENCE, TYP
from eigendata.query import Request
from eigendata.registers.catalogue import INWONER, PERSOON
from tests.unit.openid.corporation import CLIENTS, HOST, KEY, KNOWN, LEAF, NAME, ONCE, URI, Asked
from tests.unit.wallet.town import NOW, asked

STATEMENT: dict[str, Any] = {
    "name": "X", "purpose": {"nl": "a"}, "legal_basis": ["b"], "keep": {"a": "b"},
    "policy": {"id": "a", "version": "1"},
}  # fmt: skip
QUERY: dict[str, Any] = {
    "credentials": [
        asked(PERSOON, "family_name"),
        {**asked(INWONER, "resident"), "trusted_authorities": [{"type": "aki", "values": ["AAAA"]}]},
    ],
    "credential_sets": [{"options": [["persoon"], ["inwoner"]]}],
}
SIGNED = Asked(
    query=QUERY,
    changes={
        "state": "s" * 32,
        "verifier_info": [{"format": "urn:eigendata:statement:1", "data": STATEMENT}],
        "aud": AUDIENCE,
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 100,
    },
)
UNSIGNED = Asked(query=QUERY, client="unsigned")
HEADER: dict[str, Any] = {"typ": TYP, "x5c": [b64_encode(LEAF)]}
TOKEN = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln~WyJzIiwiYSIsMV0~eyJhbGciOiJFUzI1NiJ9.e30.c2ln"
ANSWER: dict[str, Any] = {"vp_token": {"persoon": [TOKEN]}, "state": "s" * 32}
OPEN, SEALED = (Asked(query=QUERY, keys=keys, changes={"state": "s" * 32}).received() for keys in ((), SIGNED.keys))
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, 2**53, 10**18, "", "a", "\u0000", "\u202e", "\U0001f600", "a" * 3000),
    *([], [[]], [None], {}, {"": ""}, {"a": {"b": [1]}}, ["a"] * 200, [{}] * 20, list(range(50))),
    *("javascript:alert(1)", "data:,x", "//x", f"http://{HOST}/", f"https://{HOST}/ a", f"https://{HOST}/#f"),
    *(f"https://{HOST}@evil.example/", f"https://{HOST}\\@evil.example/", f"https://{HOST}:99999/", "https://[::1/"),
)
NAMES = (
    *("client_id", "request_uri", "request", "redirect_uri", "scope", "transaction_data", "response_uri", "state"),
    *("expected_origins", "presentation_definition", "kid", "jwk", "jku", "x5u", "crit", "b64", "alg", "error"),
)


def places(value: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield (*so_far, name)
        yield from places(one, (*so_far, name))


@st.composite
def changed(draw: st.DrawFn, good: Any) -> Any:
    """The same with up to three of its parts taken out, replaced by something odd or by one another, or added to."""
    value = json.loads(json.dumps(copy.deepcopy(good), default=dict))
    for _ in range(draw(st.integers(0, 3))):
        known = list(places(value))
        if not known:
            break
        *path, last = draw(st.sampled_from(known))
        parent = value
        for name in path:
            parent = parent[name]
        match draw(st.sampled_from(("replace", "take out", "add", "text"))):
            case "replace":
                parent[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
            case "take out":
                del parent[last]
            case "add" if isinstance(parent, dict):
                parent[draw(st.sampled_from(NAMES))] = copy.deepcopy(draw(st.sampled_from(ODD)))
            case _ if isinstance(parent[last], str):
                at = draw(st.integers(0, len(parent[last])))
                parent[last] = parent[last][:at] + draw(st.text(max_size=3)) + parent[last][at:]
    return value


def ours(read: Callable[[], Any]) -> Any:
    """What is read, or None where one of our errors says why not; any other error is a fault."""
    try:
        return read()
    except EigendataError:
        return None


def flat(parameters: dict[str, Any]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}


@settings(deadline=None)
@given(parameters=changed(SIGNED.parameters()), header=changed(HEADER))
def test_whatever_a_verifier_signs_is_a_request_of_its_own_or_refused(
    parameters: dict[str, Any], header: dict[str, Any]
) -> None:
    token = ours(lambda: sign_jws(header, json.dumps(parameters).encode(), KEY))
    if token is None:
        return
    invitation = vp.parse_invitation(SIGNED.link())
    request: Request | None = ours(lambda: invitation.receive(token, trust=KNOWN, wallet_nonce=None, at=NOW))
    if request is not None:
        assert (request.asker.proven, request.asker.party.id, request.asker.party.name) == (True, HOST, NAME)
        assert (request.binding.audience, parameters["client_id"]) == (SIGNED.client_id, SIGNED.client_id)
        assert request.response_uri.startswith("https://")
        assert not {"@", "\\", " "} & set(request.response_uri.split("/")[2])
        assert all(text.isprintable() for text in (*request.purpose.values(), *request.legal_basis))


@settings(deadline=None)
@given(parameters=changed(UNSIGNED.parameters()))
def test_whatever_is_asked_unsigned_is_answered_to_its_own_name_or_refused(parameters: dict[str, Any]) -> None:
    link = "openid4vp://?" + urlencode(flat(parameters), quote_via=quote, errors="replace")
    request: Request | None = ours(lambda: vp.parse_request(link.encode(), at=NOW))
    if request is not None:
        assert not request.asker.proven
        assert f"redirect_uri:{request.response_uri}" == request.asker.party.id == request.binding.audience
        assert request.asker.party.name.isprintable()


@settings(deadline=None)
@given(data=st.data(), client=st.sampled_from(sorted(CLIENTS)))
def test_whatever_becomes_of_a_link_it_leads_to_https_or_nowhere(data: st.DataObject, client: str) -> None:
    link = bytearray(Asked(query=QUERY, client=client).link(request_uri_method="post"))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(link)))
        link[at : at + data.draw(st.integers(0, 5))] = data.draw(
            st.sampled_from((b"", b"&", b"=", b"%", b"%00", b"#", b"@", b"//", b"&request=", b"&client_id=x", b"\xff"))
        )
    invitation = ours(lambda: vp.parse_invitation(bytes(link)))
    if invitation is not None and invitation.reference is not None:
        assert invitation.reference.uri.startswith("https://")
        assert invitation.reference.order("n").url == invitation.reference.uri


@settings(deadline=None)
@given(answer=changed(ANSWER), spoiled=st.binary(max_size=4), at=st.integers(0, 2000))
def test_whatever_is_posted_is_an_answer_to_this_request_or_refused(
    answer: dict[str, Any], spoiled: bytes, at: int
) -> None:
    form = urlencode(flat(answer), errors="replace").encode()
    for one in (form, form[:at] + spoiled + form[at:]):
        read = ours(partial(vp.parse_answer, one, OPEN))
        assert read is None or vp.answered_state(one) == OPEN.state
        ours(partial(vp.answered_key, one))


@settings(deadline=None)
@given(
    answer=changed(ANSWER),
    encryption=st.sampled_from(ContentEncryption),
    party=st.binary(max_size=60),
    beside=st.sampled_from((b"", b"&state=s", b"&vp_token=%7B%7D", b"&error=access_denied", b"&response=x", b"&iss=x")),
)
def test_whatever_is_sealed_is_an_answer_to_this_request_or_refused(
    answer: dict[str, Any], encryption: ContentEncryption, party: bytes, beside: bytes
) -> None:
    to = Recipient(ONCE.public_key, "once")
    token = encrypt(json.dumps(answer).encode(), to, encryption=encryption, party_u=party)
    read = ours(lambda: vp.parse_answer(b"response=" + token + beside, SEALED, key=ONCE))
    assert read is None or beside in (b"", b"&state=s", b"&iss=x")
    assert read is None or answer.get("state", SEALED.state) == SEALED.state


def test_what_was_not_changed_is_read() -> None:
    parameters = json.loads(json.dumps(SIGNED.parameters()))
    token = sign_jws(HEADER, json.dumps(parameters).encode(), KEY)
    assert vp.parse_invitation(SIGNED.link()).receive(token, trust=KNOWN, wallet_nonce=None, at=NOW).response_uri == URI
    assert vp.parse_request(UNSIGNED.link(), at=NOW).response_uri == URI
    assert vp.parse_answer(urlencode(flat(ANSWER)).encode(), OPEN).presentations.keys() == {"persoon"}
    to = Recipient(ONCE.public_key, "once")
    token = encrypt(json.dumps(ANSWER).encode(), to, encryption=ContentEncryption.A128GCM)
    assert vp.parse_answer(b"response=" + token, SEALED, key=ONCE).presentations.keys() == {"persoon"}
