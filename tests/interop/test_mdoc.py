"""ISO mdoc with the libraries of others: what each issues, shows and verifies, every one with every other.

Where somebody differs from us, the case stands in `deviations.py` by name, and in docs/explanation/peers.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from eigendata.errors import Check
from eigendata.formats.mdoc import checks
from tests.interop.broken import BROKEN
from tests.interop.deviations import ACCEPTED, REFUSED, of, rows, words
from tests.interop.good import GOOD, SESSION, STRICTER
from tests.interop.material import (
    AUTHORITY,
    CLAIMS,
    HOLDER_KEY,
    ISSUER_KEY,
    NOW,
    OTHER_KEY,
    PERSON,
    SEEN,
    SHOWN,
    THUMBPRINT,
    TODAY,
    TRUST,
    Session,
    dc_api,
    jwk,
    now,
    redirect,
)
from tests.interop.mdocs import (
    AUTH0,
    ISOMDOC,
    MDOC,
    OPENVC,
    OWF,
    PEERS,
    PYMDOCCBOR,
    Oracles,
    Peer,
    answer,
    answer_of,
    ours,
    shown,
    shown_by,
    theirs,
    verified,
    verified_by,
)
from tests.interop.oracles import Refused

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "peers.md"
ISSUERS: Final = (None, *(one for one in PEERS if one.issues))
HOLDERS: Final = (None, *(one for one in PEERS if one.shows))
SESSIONS: Final[Mapping[str, Session]] = {
    "redirect": redirect(),
    "redirect, encrypted": redirect(thumbprint=THUMBPRINT),
    "DC API": dc_api(),
    "DC API, encrypted": dc_api(thumbprint=THUMBPRINT),
}
EXPECTED: Final = {name: SEEN[name] for name in SHOWN}


def _named(peer: Peer | None) -> str:
    return "eigendata" if peer is None else peer.name


def _issued(peer: Peer | None, oracle: Oracles) -> bytes:
    return ours() if peer is None else theirs(peer, oracle)


def _shown(peer: Peer | None, oracle: Oracles, credential: bytes, session: Session) -> bytes:
    return shown(credential, session) if peer is None else shown_by(peer, oracle, credential, session)


# -- what is good ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.parametrize("holder", HOLDERS, ids=_named)
@pytest.mark.parametrize("issuer", ISSUERS, ids=_named)
def test_what_anyone_issues_and_anyone_shows_is_read_by_everyone(
    oracle: Oracles, issuer: Peer | None, holder: Peer | None, name: str
) -> None:
    session = SESSIONS[name]
    token = _shown(holder, oracle, _issued(issuer, oracle), session)
    assert verified(token, session) == EXPECTED
    for peer in PEERS:
        # a kid, which @auth0/mdl cannot do without, is what isomdoc does not read: `unprotected`
        if peer is ISOMDOC and holder is AUTH0:
            assert "unprotected is invalid" in answer_of(peer, oracle, token, session)
        else:
            assert verified_by(peer, oracle, token, session) == EXPECTED, peer.name


@pytest.mark.parametrize("issuer", ISSUERS, ids=_named)
def test_a_wallet_takes_what_anyone_issues(oracle: Oracles, issuer: Peer | None) -> None:
    authentic = MDOC.parse_credential(_issued(issuer, oracle)).verify([PERSON], trust=TRUST, at=now())
    assert authentic.holder == HOLDER_KEY.public_key
    assert len(authentic.revealed) == len(CLAIMS) - 1


def test_their_wallet_takes_what_we_issue(oracle: Oracles) -> None:
    asked = {"token": ours().hex(), "anchor": AUTHORITY.hex()}
    OWF.ask(oracle, "verifyIssued", **asked, at=now().isoformat())
    with pytest.raises(Refused, match="valid at the time"):
        OWF.ask(oracle, "verifyIssued", **asked, at=(NOW + timedelta(days=30)).isoformat())


@pytest.mark.parametrize("case", GOOD)
def test_what_breaks_no_rule_is_read_by_all_but_the_named(oracle: Oracles, case: str) -> None:
    token = GOOD[case](oracle)
    assert answer(token, SESSION) == ""
    said = {peer: answer_of(peer, oracle, token, SESSION) for peer in PEERS}
    assert {peer.name for peer in PEERS if said[peer]} == of(REFUSED, case)
    for peer, refusal in said.items():
        if refusal:
            assert re.search(words(case, peer), refusal)
        else:
            assert verified_by(peer, oracle, token, SESSION) == verified(token, SESSION)


# -- what is broken ----------------------------------------------------------------------------------------------------

_DIGEST: Final = "[Dd]igest|hash mismatch"
_ISSUER: Final = (
    "signature is invalid|signature must be valid|signature does not verify|InvalidSignature|a signature or"
)
_HOLDER: Final = "[Dd]evice ?[Ss]ignature|InvalidSignature"
_TYPE: Final = "doc[tT]ype"
_MOMENT: Final = "MSO (must be valid|has expired|is not yet valid|signed)"

WHY: Final[Mapping[str, tuple[str, str]]] = {
    "a value changed": (checks.DIGESTS.name, _DIGEST),
    "an element renamed": (checks.DIGESTS.name, _DIGEST),
    "elements moved to a namespace that nobody signed": (
        checks.DIGESTS.name,
        "digests for namespace|namespace missing",
    ),
    "an element sent twice": (checks.DIGEST_ID_ONCE.name, ""),
    "issuer's signature changed": (checks.ISSUER_SIGNATURE.name, _ISSUER),
    "holder's proof left out": (checks.DEVICE_AUTH.name, "[dD]eviceSigned|not signed by the device"),
    "another docType stated": (checks.DOCTYPE_STATED.name, f"{_TYPE}|{_HOLDER}"),
    "status is an error": ("Malformed: .*something went wrong", "[sS]tatus"),
    "another version": ("Malformed: .*another version", "v1\\.0 supported"),
    "another nonce": (checks.DEVICE_SIGNATURE.name, _HOLDER),
    "another client_id": (checks.DEVICE_SIGNATURE.name, _HOLDER),
    "another response_uri": (checks.DEVICE_SIGNATURE.name, _HOLDER),
    "encrypted to another key": (checks.DEVICE_SIGNATURE.name, _HOLDER),
    "another holder's key": (checks.DEVICE_SIGNATURE.name, _HOLDER),
    "shown as another docType": (checks.DOCTYPE_STATED.name, _TYPE),
    "an element that the holder states": (checks.KEY_AUTHORIZED.name, ""),
    "of another docType": (checks.DOCTYPE.name, _TYPE),
    "expired": (checks.VALID_UNTIL.name, _MOMENT),
    "not valid yet": (checks.VALID_FROM.name, _MOMENT),
    "signed before the signer was certified": (checks.SIGNED_WHILE_CERTIFIED.name, _MOMENT),
    "signed by another key than the certified one": (checks.ISSUER_SIGNATURE.name, _ISSUER),
    "certified by another authority of the same name": (
        "X509_PATH",
        "trusted certificate|certificate path|a certificate|IACA",
    ),
    "certified for another use": ("SIGNER_USE", "ExtendedKeyUsage"),
    "an element with a head longer than needed": ("Malformed: .*shortest form", _DIGEST),
}
"""Case -> by which check we refuse it, or as what it is malformed; and what a library's refusal speaks of."""


@pytest.mark.parametrize("case", BROKEN)
def test_what_breaks_a_rule_is_refused_by_us_and_by_all_but_the_named(oracle: Oracles, case: str) -> None:
    token = BROKEN[case]()
    by_us, by_them = WHY[case]
    assert re.match(f"{by_us}\\b", answer(token, SESSION))
    said = {peer: answer_of(peer, oracle, token, SESSION) for peer in PEERS}
    assert {peer.name for peer in PEERS if not said[peer]} == of(ACCEPTED, case)
    assert [one for one in said.values() if one and not re.search(by_them, one)] == []


@pytest.mark.parametrize("case", STRICTER)
def test_what_eigendata_does_not_read_is_malformed_and_read_by_others(oracle: Oracles, case: str) -> None:
    token = STRICTER[case](oracle)
    assert answer(token, SESSION).startswith("Malformed: ")
    assert not any(answer_of(peer, oracle, token, SESSION) for peer in (OWF, AUTH0, ISOMDOC, PYMDOCCBOR))
    assert bool(answer_of(OPENVC, oracle, token, SESSION)) is (case == "a float as a value")


def _changed_value(peer: Peer, oracle: Oracles) -> bytes:
    token = shown_by(peer, oracle, theirs(peer, oracle), SESSION)
    assert token.count(b"1984-02-29") == 1
    return token.replace(b"1984-02-29", b"1984-02-28")


def _for(session: Session) -> Callable[[Peer, Oracles], bytes]:
    return lambda peer, oracle: shown_by(peer, oracle, theirs(peer, oracle), session)


def _by_a_stranger(peer: Peer, oracle: Oracles) -> bytes:
    return shown_by(peer, oracle, theirs(peer, oracle), SESSION, key=OTHER_KEY)


def _expired(peer: Peer, oracle: Oracles) -> bytes:
    signed, until = (TODAY - timedelta(days=days) for days in (30, 1))
    credential = theirs(peer, oracle, signed=signed.isoformat(), validUntil=until.isoformat())
    return shown_by(peer, oracle, credential, SESSION)


def _signed_by_a_stranger(peer: Peer, oracle: Oracles) -> bytes:
    key = {**jwk(OTHER_KEY, private=True), "kid": "issuer"} if peer is AUTH0 else jwk(OTHER_KEY, private=True)
    return shown_by(peer, oracle, theirs(peer, oracle, key=key), SESSION)


THEIR_BROKEN: Final[Mapping[str, tuple[Callable[[Peer, Oracles], bytes], Check, str]]] = {
    "a value changed": (_changed_value, checks.DIGESTS, _DIGEST),
    "another nonce": (_for(redirect(nonce="nonce-of-another-session")), checks.DEVICE_SIGNATURE, _HOLDER),
    "another client_id": (_for(redirect(client_id="x509_hash:webshop")), checks.DEVICE_SIGNATURE, _HOLDER),
    "another channel": (_for(dc_api()), checks.DEVICE_SIGNATURE, _HOLDER),
    "another holder's key": (_by_a_stranger, checks.DEVICE_SIGNATURE, _HOLDER),
    "expired": (_expired, checks.VALID_UNTIL, _MOMENT),
    "signed by another key": (_signed_by_a_stranger, checks.ISSUER_SIGNATURE, _ISSUER),
}


@pytest.mark.parametrize("case", THEIR_BROKEN)
@pytest.mark.parametrize("peer", [OWF, AUTH0], ids=_named)
def test_what_they_made_and_was_broken_is_refused_by_them_and_by_us(oracle: Oracles, peer: Peer, case: str) -> None:
    make, check, by_them = THEIR_BROKEN[case]
    token = make(peer, oracle)
    assert answer(token, SESSION) == check.name
    assert re.search(by_them, answer_of(peer, oracle, token, SESSION))


# -- what they write that the standard does not know -------------------------------------------------------------------


def test_an_identifier_of_a_digest_beyond_31_bits_is_refused(oracle: Oracles) -> None:
    """@owf/mdoc 0.6.0 draws 32 bits (mdoc-ts issue 215): every second element of theirs has one."""
    token = shown(ours(), SESSION)
    wide = shown_by(OWF, oracle, theirs(OWF, oracle, wide=True), SESSION)
    assert (answer(token, SESSION), answer_of(OWF, oracle, wide, SESSION)) == ("", "")
    assert answer(wide, SESSION) == "Malformed: the identifier of a digest is no number below 2^31"


def test_a_kid_that_is_undefined_is_refused(oracle: Oracles) -> None:
    """@auth0/mdl writes one where a key has none (cose-kit); a kid is octets (RFC 9052 3.1)."""
    named = shown_by(AUTH0, oracle, ours(), SESSION)
    assert answer(named, SESSION) == ""
    bare = shown_by(AUTH0, oracle, ours(), SESSION, kid="")
    assert re.match("Malformed: .*CBOR", answer(bare, SESSION))
    assert [peer.name for peer in PEERS if answer_of(peer, oracle, bare, SESSION)] == [OPENVC.name, ISOMDOC.name]


def test_a_kid_that_is_a_text_says_nothing_to_us(oracle: Oracles) -> None:
    """@owf/mdoc writes it so (auth0-lab/mdl issue 55 is of the same); pymdoccbor refuses it, and we do not read it."""
    credential = theirs(OWF, oracle, key={**jwk(ISSUER_KEY, private=True), "kid": "issuer"})
    token = shown_by(OWF, oracle, credential, SESSION)
    assert verified(token, SESSION) == EXPECTED
    assert [peer.name for peer in PEERS if answer_of(peer, oracle, token, SESSION)] == [PYMDOCCBOR.name]
    anew = shown(credential, SESSION)  # our holder shows of that bucket the chain alone
    assert not any(answer_of(peer, oracle, anew, SESSION) for peer in PEERS)


# -- transcripts -------------------------------------------------------------------------------------------------------

TRANSCRIPTS: Final[Mapping[str, Session]] = {
    **SESSIONS,
    "redirect, of long parts": redirect(client_id="x509_hash:" + "a" * 300, nonce="n" * 24, response_uri="u" * 70_000),
    "redirect, of any characters": redirect(client_id="redirect_uri:https://ç.example/😀", nonce="é" * 20),
    "DC API, of long parts": dc_api(origin="https://" + "a" * 250, nonce="n" * 256),
    "DC API, of any characters": dc_api(origin="https://ç.example", nonce="😀" * 6),
}


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_session_has_one_transcript_whoever_makes_it(oracle: Oracles, name: str) -> None:
    session = TRANSCRIPTS[name]
    assert OWF.ask(oracle, "transcript", session=dict(session.parts)) == session.binding.transcript.hex()
    if "origin" in session.parts:
        assert OPENVC.ask(oracle, "transcript", session=dict(session.parts)) == session.binding.transcript.hex()


# -- the tables --------------------------------------------------------------------------------------------------------


def test_every_case_of_the_tables_is_tried() -> None:
    assert {case for one in ACCEPTED for case in one.cases} <= BROKEN.keys() == WHY.keys()
    assert {case for one in REFUSED for case in one.cases} <= GOOD.keys()


def test_the_page_about_the_peers_holds_the_tables() -> None:
    page = PAGE.read_text("utf-8")
    assert rows(ACCEPTED, "who accepts") in page
    assert rows(REFUSED, "who refuses") in page
