"""The certificates of mdoc: each rule of the two profiles broken alone, and what is made here keeps them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509 as lib

from eigendata.crypto import iaca, x509
from eigendata.crypto.iaca import (
    DOCUMENT_SIGNER,
    make_document_signer,
    make_issuing_authority,
    parse_x5chain,
    verify_document_signer,
    window,
)
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.errors import Check, Malformed, Misuse, Reason, Rejected
from tests.negatives import negative

from . import test_x509
from .test_x509 import CERTIFIES, NOW, Town, usage

OID = lib.ObjectIdentifier(DOCUMENT_SIGNER)
SIGNS_DOCUMENTS = (lib.ExtendedKeyUsage([OID]), True)
TOWN = Town()
AUTHORITY_KEY, KEY = (SoftwareKey.generate(Algorithm.ES256) for _ in range(2))
AUTHORITY = x509.make_authority("Boxtel", AUTHORITY_KEY, at=NOW)


def made(**changes: Any) -> bytes:
    settings = {"name": "Boxtel", "uri": "https://boxtel.example", "authority": AUTHORITY, **changes}
    return make_document_signer(KEY.public_key, **{"authority_key": AUTHORITY_KEY, "at": NOW, **settings})


def signer(**changes: Any) -> bytes:
    return TOWN.certificate("leaf", "root", **{"ca": None, "more": [SIGNS_DOCUMENTS], **changes})


def root(**changes: Any) -> bytes:
    return TOWN.authority("root", **{"path_length": 0, **changes})


def rejected(leaf: bytes, anchor: bytes, **changes: Any) -> Check:
    with pytest.raises(Rejected) as caught:
        verify_document_signer((leaf,), (anchor,), **{"at": NOW, **changes})
    assert caught.value.reason is Reason.UNTRUSTED_ISSUER
    passed = tuple(step.check for step in caught.value.trail)
    everything = (*x509.CHECKS[:-1], *iaca.CHECKS, x509.IN_TIME)
    assert (*passed, caught.value.check) == everything[: len(passed) + 1]
    return caught.value.check


def test_a_document_signer_that_is_made_here_keeps_the_profile() -> None:
    leaf = verify_document_signer((made(),), (AUTHORITY,), at=NOW)
    assert (leaf.key, leaf.uris) == (KEY.public_key, ("https://boxtel.example",))
    assert window(made()) == (leaf.not_before, leaf.not_after)
    assert verify_document_signer((signer(),), (root(),), at=NOW).common_name == "leaf"


def test_an_issuing_authority_that_is_made_here_keeps_the_profile_and_its_signers_say_as_it_does() -> None:
    root = make_issuing_authority(
        "Boxtel", AUTHORITY_KEY, uri="https://boxtel.example", crl="https://boxtel.example/iaca.crl", at=NOW
    )
    leaf = made(authority=root)
    assert verify_document_signer((leaf,), (root,), at=NOW).key == KEY.public_key
    for extension in (lib.IssuerAlternativeName, lib.CRLDistributionPoints):
        above, below = (lib.load_der_x509_certificate(one).extensions for one in (root, leaf))
        said = above.get_extension_for_class(extension)
        assert said == below.get_extension_for_class(extension)
        assert not said.critical
    authority = lib.load_der_x509_certificate(root)
    assert authority.subject == authority.issuer
    assert authority.subject.rfc4514_string().startswith("CN=Boxtel IACA")
    constraints = authority.extensions.get_extension_for_class(lib.BasicConstraints)
    assert (constraints.critical, constraints.value.path_length) == (True, 0)


def test_what_cannot_be_in_a_certificate_is_in_none() -> None:
    for changes in ({"name": " "}, {"name": "B" * 65}, {"uri": "https://bøxtel.example"}, {"crl": "https://ø.example"}):
        how = {"name": "B", "uri": "https://boxtel.example", "crl": "https://boxtel.example/crl", **changes}
        with pytest.raises(Misuse):
            make_issuing_authority(how.pop("name"), AUTHORITY_KEY, **how, at=NOW)


C, ST = lib.oid.NameOID.COUNTRY_NAME, lib.oid.NameOID.STATE_OR_PROVINCE_NAME
Places = dict[str, list[tuple[lib.ObjectIdentifier, str]]]


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch) -> Places:
    """Where each of the town is: in the Netherlands, where nothing else is said."""
    said: Places = {}

    def named(text: str) -> lib.Name:
        parts = [*said.get(text, [(C, "NL")]), (lib.oid.NameOID.COMMON_NAME, text)]
        return lib.Name([lib.NameAttribute(oid, value) for oid, value in parts])

    monkeypatch.setattr(test_x509, "name", named)
    return said


PURPOSES: list[list[tuple[lib.ExtensionType, bool]]] = [
    [],
    [(lib.ExtendedKeyUsage([OID]), False)],
    [(lib.ExtendedKeyUsage([lib.ObjectIdentifier("1.0.18013.5.1.6")]), True)],
    [(lib.ExtendedKeyUsage([OID, lib.ObjectIdentifier("1.0.18013.5.1.6")]), True)],
]


@negative("NEG-MDOC-021")
@pytest.mark.parametrize("more", PURPOSES)
def test_signer_use_the_leaf_is_for_mdocs_and_nothing_else(more: Any) -> None:
    assert rejected(signer(more=more), root()) is iaca.SIGNER_USE


def test_signer_term_the_leaf_is_not_certified_for_longer_than_457_days() -> None:
    start = NOW - timedelta(days=1)
    for days, fine in ((457, True), (458, False)):
        leaf = signer(start=start, end=start + timedelta(days=days))
        above = root(end=start + timedelta(days=2000))
        if fine:
            verify_document_signer((leaf,), (above,), at=NOW)
        else:
            assert rejected(leaf, above) is iaca.SIGNER_TERM


@pytest.mark.parametrize(
    "changes",
    [
        {"path_length": None},
        {"path_length": 1},
        {"use": None},
        {"use": usage(key_cert_sign=False, crl_sign=True)},
    ],
)
def test_authority_profile_the_anchor_certifies_leaves_only(changes: dict[str, Any]) -> None:
    assert rejected(signer(), root(**changes)) in (iaca.AUTHORITY_PROFILE, x509.PATH)


def test_authority_profile_the_anchor_is_its_own_root() -> None:
    above = TOWN.authority("above")
    between = TOWN.authority("root", "above", path_length=0)
    assert rejected(signer(), between) is iaca.AUTHORITY_PROFILE
    assert above


def test_a_leaf_below_another_is_no_document_signer() -> None:
    between = TOWN.authority("between", "root", path_length=0)
    leaf = TOWN.certificate("leaf", "between", ca=None, more=[SIGNS_DOCUMENTS])
    with pytest.raises(Rejected) as caught:
        verify_document_signer((leaf, between), (root(),), at=NOW)
    assert caught.value.check is x509.PATH


@negative("NEG-MDOC-021")
def test_same_country_the_leaf_is_of_its_anchors_country_and_province(places: Places) -> None:
    cases: list[tuple[list[tuple[Any, str]], list[tuple[Any, str]], Check | None]] = [
        ([(C, "NL")], [(C, "NL")], None),
        ([(C, "NL"), (ST, "NB")], [(C, "NL"), (ST, "NB")], None),
        ([(C, "BE")], [(C, "NL")], iaca.SAME_COUNTRY),
        ([], [(C, "NL")], iaca.SAME_COUNTRY),
        ([(C, "NL")], [(C, "NL"), (ST, "NB")], iaca.SAME_COUNTRY),
        ([(C, "NL"), (ST, "NB")], [(C, "NL")], iaca.SAME_COUNTRY),
        ([(C, "NL")], [], iaca.AUTHORITY_PROFILE),
    ]
    for leaf, above, broken in cases:
        places.update(leaf=leaf, root=above)
        if broken is None:
            verify_document_signer((signer(),), (root(),), at=NOW)
        else:
            assert rejected(signer(), root()) is broken


@negative("NEG-MDOC-021")
def test_an_authority_or_an_expired_leaf_signs_no_mdoc() -> None:
    assert rejected(signer(ca=True, use=CERTIFIES), root()) in (x509.PATH, x509.LEAF_USE)
    assert rejected(signer(end=NOW - timedelta(hours=1)), root()) is x509.IN_TIME
    assert rejected(signer(), root(), at=NOW + timedelta(days=300)) is x509.IN_TIME


def test_what_is_no_chain_is_refused_before_anything_else() -> None:
    with pytest.raises(Misuse):
        verify_document_signer((made(),), (AUTHORITY,), at=NOW.replace(tzinfo=None))
    for chain in ((), (made(),) * 6):
        with pytest.raises(Malformed):
            verify_document_signer(chain, (AUTHORITY,), at=NOW)
    with pytest.raises(Malformed):
        parse_x5chain((made(), b"x"))


@pytest.mark.parametrize(
    "changes",
    [{"authority_key": KEY}, {"uri": "https://böxtel.example"}, {"name": ""}, {"at": NOW.replace(tzinfo=None)}],
)
def test_a_document_signer_that_would_not_be_one_is_misuse(changes: dict[str, Any]) -> None:
    with pytest.raises(Misuse):
        made(**changes)


def test_no_authority_is_above_no_chain() -> None:
    with pytest.raises(Malformed):
        iaca.name_above(())
