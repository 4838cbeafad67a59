"""W3C Data Integrity with @digitalbazaar/vc: what either issues and shows, by either suite, is read by both."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from eigendata.encoding import Json, freeze
from eigendata.errors import Check
from eigendata.formats.di import checks, contexts
from eigendata.formats.di.jcs import canonicalize
from eigendata.formats.di.jsonld import canonical_nquads
from tests.interop.data_integrity import (
    BROKEN,
    DOCUMENTS,
    FORMATS,
    HOLDER_KEY,
    OTHER_KEY,
    PERSON,
    Asked,
    Issuers,
    answer,
    answer_of_them,
    changed,
    document,
    ours,
    shown,
    shown_by_them,
    theirs,
    verified,
    verify,
)
from tests.interop.deviations import DATA_INTEGRITY, of, rows
from tests.interop.material import CLAIMS, NOW, TODAY
from tests.interop.mdocs import Oracles

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "peers.md"
EXPECTED: Final = {"credentialSubject": {**CLAIMS, "nationality": ["NL", "TR"]}}


# -- what is good ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", FORMATS)
@pytest.mark.parametrize("holder", ["eigendata", "digitalbazaar"])
@pytest.mark.parametrize("issuer", ["eigendata", "digitalbazaar"])
def test_what_anyone_issues_and_anyone_shows_is_read_by_both(
    oracle: Oracles, issuer: str, holder: str, suite: str
) -> None:
    credential = ours(suite) if issuer == "eigendata" else theirs(oracle, suite)
    token = shown(suite, credential) if holder == "eigendata" else shown_by_them(oracle, suite, credential)
    verify(oracle, suite, token)
    assert verified(token) == EXPECTED


@pytest.mark.parametrize("suite", FORMATS)
def test_a_wallet_takes_what_either_issues(oracle: Oracles, suite: str) -> None:
    taken = FORMATS[suite].parse_credential(theirs(oracle, suite)).verify([PERSON], trust=Issuers(), at=NOW)
    assert taken.holder == HOLDER_KEY.public_key
    asked = {"credential": json.loads(ours(suite)), "suite": suite, "documents": DOCUMENTS}
    oracle("digitalbazaar.mjs").ask("verifyCredential", **asked, now=NOW.isoformat())


def test_a_signature_of_ours_is_theirs_to_the_last_bit(oracle: Oracles) -> None:
    """Ed25519 draws nothing: over the same hashes, with one key, there is one signature."""
    for suite in FORMATS:
        of_ours, of_theirs = (json.loads(one)["proof"] for one in (ours(suite), theirs(oracle, suite)))
        assert of_ours["proofValue"] == of_theirs["proofValue"]


# -- what is broken ----------------------------------------------------------------------------------------------------

_SIGNATURE: Final = "Invalid signature"
_PURPOSE: Final = "insufficient proofs matched"
WHY: Final[Mapping[str, tuple[str, str]]] = {
    "a value changed on the way": (checks.HOLDER.signature.name, _SIGNATURE),
    "a value changed by the holder": (checks.ISSUER.signature.name, _SIGNATURE),
    "a claim that no context defines": (checks.NOTHING_LOST.name, f"{_SIGNATURE}|Safe mode"),
    "another nonce": (checks.CHALLENGE.name, "challenge is not as expected"),
    "another client_id": (checks.DOMAIN.name, "domain is not as expected"),
    "holder's proof left out": (checks.HOLDER.there.name, "No matching proofs"),
    "signed by another key than the holder's": (checks.HOLDER.signature.name, _SIGNATURE),
    "shown by someone else": (checks.HOLDER.controller.name, ""),
    "proof of the holder for another purpose": (checks.HOLDER.purpose.name, _PURPOSE),
    "proof of an hour ago": (checks.HOLDER_CREATED.name, ""),
    "signed by another key than the issuer's": (checks.ISSUER.signature.name, _SIGNATURE),
    "signed by another issuer": (checks.ISSUER.controller.name, "must match the verification method controller"),
    "proof of the issuer for another purpose": (checks.ISSUER.purpose.name, _PURPOSE),
    "expired": (checks.VALID_UNTIL.name, 'is after "validUntil"'),
    "not valid yet": (checks.VALID_FROM.name, 'is before "validFrom"'),
    "without an end": (checks.VALID_UNTIL.name, ""),
    "two credentials": ("Malformed: a presentation holds one credential", ""),
    "a context more": (checks.CONTEXTS_KNOWN.name, ""),
}
"""Case -> by which check we refuse it, or as what it is malformed; and what the library's refusal speaks of."""


@pytest.mark.parametrize("suite", FORMATS)
@pytest.mark.parametrize("case", BROKEN)
def test_what_breaks_a_rule_is_refused_by_us_and_by_them_but_for_the_named(
    oracle: Oracles, case: str, suite: str
) -> None:
    by_us, by_them = WHY[case]
    token = BROKEN[case](oracle, suite)
    assert answer(token) == by_us
    refusal = answer_of_them(oracle, suite, token)
    assert bool(refusal) is not bool(of(DATA_INTEGRITY, case))
    assert re.search(by_them, refusal)


def _expired(oracle: Oracles, suite: str) -> bytes:
    yesterday = (TODAY - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    before = (TODAY - timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    credential = theirs(oracle, suite, at=TODAY - timedelta(days=5), validFrom=before, validUntil=yesterday)
    return shown(suite, credential)  # their holder shows none that has expired


THEIR_BROKEN: Final[Mapping[str, tuple[Callable[[Oracles, str], bytes], Check, str]]] = {
    "a value changed": (
        lambda oracle, suite: changed(shown_by_them(oracle, suite, theirs(oracle, suite)), family_name="Ummels"),
        checks.HOLDER.signature,
        _SIGNATURE,
    ),
    "another nonce": (
        lambda oracle, suite: shown_by_them(oracle, suite, theirs(oracle, suite), asked=Asked(nonce="another")),
        checks.CHALLENGE,
        "challenge is not as expected",
    ),
    "another client_id": (
        lambda oracle, suite: shown_by_them(oracle, suite, theirs(oracle, suite), asked=Asked(client_id="another")),
        checks.DOMAIN,
        "domain is not as expected",
    ),
    "another holder's key": (
        lambda oracle, suite: shown_by_them(oracle, suite, theirs(oracle, suite), key=OTHER_KEY),
        checks.HOLDER.signature,
        _SIGNATURE,
    ),
    "another issuer's key": (
        lambda oracle, suite: shown_by_them(oracle, suite, theirs(oracle, suite, key=OTHER_KEY)),
        checks.ISSUER.signature,
        _SIGNATURE,
    ),
    "expired": (_expired, checks.VALID_UNTIL, 'is after "validUntil"'),
}


@pytest.mark.parametrize("suite", FORMATS)
@pytest.mark.parametrize("case", THEIR_BROKEN)
def test_what_they_made_and_was_broken_is_refused_by_them_and_by_us(oracle: Oracles, case: str, suite: str) -> None:
    make, check, by_them = THEIR_BROKEN[case]
    token = make(oracle, suite)
    assert answer(token) == check.name
    assert re.search(by_them, answer_of_them(oracle, suite, token))


# -- what is hashed ----------------------------------------------------------------------------------------------------


def test_a_credential_means_the_same_statements_to_both(oracle: Oracles) -> None:
    of_theirs = oracle("digitalbazaar.mjs").ask("canonize", document=document(), documents=DOCUMENTS)
    frozen = freeze(document())
    assert isinstance(frozen, Mapping)
    assert canonical_nquads(frozen, contexts=contexts.known(PERSON)).decode() == of_theirs


VALUES: Final[tuple[Json, ...]] = (
    {"\ue000": 1, "😀": 2, "é": 3, "e\u0301": 4, "": 5, "a": 6, "A": 7, "10": 8, "9": 9},
    ['\b\t\n\f\r\x1f\x7f\u2028\u2029"\\/', "€", "\ud7ff", "\uffff"],
    [0, -1, 2**53 - 1, -(2**53) + 1, 1.5, 0.1, 1e-6, 1e-7, 123456789.125, 5e-324, 1.7976931348623157e308, 1e20, 1e22],
    {"b": {"d": None, "c": [True, False, [], {}]}, "a": ""},
)


@pytest.mark.parametrize("value", VALUES)
def test_json_has_one_form_whoever_writes_it(oracle: Oracles, value: Any) -> None:
    assert canonicalize(value).decode() == oracle("digitalbazaar.mjs").ask("jcs", document=value)


# -- the table ---------------------------------------------------------------------------------------------------------


def test_every_case_of_the_table_is_tried() -> None:
    assert {case for one in DATA_INTEGRITY for case in one.cases} <= BROKEN.keys() == WHY.keys()


def test_the_page_about_the_peers_holds_the_table() -> None:
    assert rows(DATA_INTEGRITY, "who accepts") in PAGE.read_text("utf-8")
