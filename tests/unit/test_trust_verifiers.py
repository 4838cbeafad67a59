"""Verifiers of the trust file: who proves to be whom, by which certificate or key, and what of it is not believed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eigendata import did
from eigendata.crypto import x509
from eigendata.crypto.access import ACCESS_VALIDITY, make_access_certificate
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority, make_issuer_certificate
from eigendata.encoding import b64url_encode, json_dumps, json_object
from eigendata.errors import Check, Malformed, Misuse, Reason, Rejected, Unavailable
from eigendata.fetch import Reply
from eigendata.model import Party
from eigendata.trust import (
    VERIFIER_CHAIN,
    VERIFIER_LISTED,
    VERIFIER_METHOD,
    Trust,
    VerifierEntry,
    add_issuer,
    add_verifier,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT_KEY, OTHER_KEY, KEY = (SoftwareKey.generate(Algorithm.ES256) for _ in range(3))
ROOT, OTHER = make_authority("CA", ROOT_KEY, at=NOW), make_authority("Other CA", OTHER_KEY, at=NOW)
HOST, SECOND = "wonen.example", "www.wonen.example"
WEB = "did:web:wonen.example"
METHOD = f"{WEB}#key-1"
BSN = "urn:eigendata:nl:brp:bsn:1"


def leaf(*names: str, authority: bytes = ROOT, key: SoftwareKey = ROOT_KEY) -> bytes:
    return make_access_certificate(
        KEY.public_key, name="Wonen", dns_names=names or (HOST,), authority=authority, authority_key=key, at=NOW
    )


def entry(name: str = HOST, *lines: str, anchor: bytes | None = ROOT, called: str = "Woonstichting") -> str:
    anchors = [] if anchor is None else [f"anchors = ['''{dump_pem_chain([anchor]).decode()}''']"]
    return "\n".join((f"[verifiers.{name!r}]", f"name = {called!r}", *anchors, *lines)) + "\n"


def certified(trust: Trust, *chain: bytes, named: str | None = None, at: datetime = NOW) -> tuple[Party, x509.Leaf]:
    return trust.certified_verifier(chain, named=named, at=at)


def refused(check: Check, trust: Trust, *chain: bytes, **how: Any) -> Rejected:
    with pytest.raises(Rejected) as rejected:
        certified(trust, *chain, **how)
    assert (rejected.value.check, rejected.value.reason) == (check, Reason.REQUEST_INVALID)
    return rejected.value


# -- by a certificate -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [None, HOST])
def test_a_verifier_is_who_its_certificate_names_and_the_file_knows(named: str | None) -> None:
    party, found = certified(Trust.loads(entry()), leaf(), named=named)
    assert party == Party(id=HOST, name="Woonstichting")
    assert (found.key, found.dns_names) == (KEY.public_key, (HOST,))


@pytest.mark.parametrize("name", [SECOND, "example", f"{HOST}.attacker.example", "*.example", "redirect_uri:" + HOST])
def test_who_is_not_in_the_file_is_nobody(name: str) -> None:
    anchor = ROOT if name == SECOND else None
    assert refused(VERIFIER_LISTED, Trust.loads(entry(name, anchor=anchor)), leaf()).trail == ()
    refused(VERIFIER_LISTED, Trust(), leaf())


def test_a_name_without_an_anchor_proves_nothing() -> None:
    refused(VERIFIER_LISTED, Trust.loads(entry(anchor=None)), leaf())


def test_a_certificate_without_a_name_proves_nothing() -> None:
    unnamed = make_issuer_certificate(
        KEY.public_key, name="W", uri=f"https://{HOST}", authority=ROOT, authority_key=ROOT_KEY, at=NOW,
        municipality=None,
    )  # fmt: skip
    refused(VERIFIER_LISTED, Trust.loads(entry()), unnamed)


def test_it_goes_by_the_name_that_it_is_asked_for() -> None:
    trust = Trust.loads(entry() + entry(SECOND, called="Other"))
    both = leaf(SECOND, HOST)
    assert certified(trust, both)[0].id == SECOND  # the first of the certificate's that is known
    assert certified(trust, both, named=HOST)[0].id == HOST
    refused(VERIFIER_LISTED, trust, leaf(HOST), named=SECOND)
    assert certified(Trust.loads(entry()), leaf("unknown.example", HOST))[0].id == HOST


def test_the_case_of_letters_does_not_count_in_a_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eigendata.crypto.access.is_dns_name", lambda text: True)
    party, found = certified(Trust.loads(entry()), leaf("Wonen.EXAMPLE"), named=HOST)
    assert (party.id, found.dns_names) == (HOST, (HOST,))


def chains() -> dict[str, tuple[tuple[bytes, ...], datetime, Check]]:
    tls = leaf(authority=OTHER, key=OTHER_KEY)
    return {
        "of another authority": ((tls,), NOW, x509.PATH),
        "with its anchor": ((leaf(), ROOT), NOW, x509.NO_ANCHOR),
        "with a stranger": ((leaf(), leaf(SECOND)), NOW, x509.ORDER),
        "too late": ((leaf(),), NOW + ACCESS_VALIDITY + timedelta(days=1), x509.IN_TIME),
        "too early": ((leaf(),), NOW - timedelta(days=30), x509.IN_TIME),
    }


@pytest.mark.parametrize("case", chains())
def test_a_chain_that_is_not_to_be_trusted_makes_the_request_one_that_is_not(case: str) -> None:
    chain, at, within = chains()[case]
    rejected = refused(VERIFIER_CHAIN, Trust.loads(entry()), *chain, at=at)
    assert rejected.message.startswith(within.name)
    assert rejected.trail[0].check is VERIFIER_LISTED
    assert within not in [step.check for step in rejected.trail]


def test_an_authority_of_another_verifier_certifies_nobody_else() -> None:
    trust = Trust.loads(entry() + entry(SECOND, anchor=OTHER))
    refused(VERIFIER_CHAIN, trust, leaf(HOST, authority=OTHER, key=OTHER_KEY))
    assert certified(trust, leaf(SECOND, authority=OTHER, key=OTHER_KEY))[0].id == SECOND


def test_an_entry_that_its_chain_does_not_lead_to_stands_in_the_way_of_none_that_it_does() -> None:
    both = leaf(HOST, SECOND, authority=OTHER, key=OTHER_KEY)
    trust = Trust.loads(entry() + entry(SECOND, anchor=OTHER))
    assert certified(trust, both)[0].id == SECOND
    refused(VERIFIER_CHAIN, trust, both, named=HOST)
    refused(VERIFIER_CHAIN, Trust.loads(entry() + entry(SECOND)), both)
    late = leaf(HOST, SECOND)
    first = refused(VERIFIER_CHAIN, trust, late, at=NOW + ACCESS_VALIDITY + timedelta(days=1))
    assert first.message.startswith("X509_IN_TIME")  # of several refusals the first is told


def test_an_issuers_anchor_certifies_no_verifier(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    add_issuer(path, issuer="https://wonen.example", anchor_pem=dump_pem_chain([ROOT]), name="W", types=["t:1"])
    refused(VERIFIER_LISTED, Trust.load(path), leaf())


@pytest.mark.parametrize("chain", [(), (b"",), (b"no certificate",)], ids=["none", "empty", "other"])
def test_what_is_no_chain_is_malformed(chain: Sequence[bytes]) -> None:
    with pytest.raises(Malformed):
        Trust.loads(entry()).certified_verifier(chain, named=None, at=NOW)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(Misuse):
        certified(Trust.loads(entry()), leaf(), at=datetime(2026, 3, 1))  # noqa: DTZ001
    with pytest.raises(Misuse):
        Trust().did_verifier(WEB, METHOD, at=datetime(2026, 3, 1))  # noqa: DTZ001


# -- by a DID ---------------------------------------------------------------------------------------------------------


def document(**changes: Any) -> str:
    written = did.write_document(WEB, METHOD, KEY.public_key, purpose=did.AUTHENTICATION)
    return json_dumps({**json_object(written), **changes}).decode()


def pinned(text: str) -> Trust:
    return Trust.loads(entry(WEB, f"document = '{text}'", anchor=None))


class Web:
    def __init__(self, body: str) -> None:
        self.body, self.asked = body, list[str]()

    def get(self, url: str, *, accept: object) -> Reply:
        self.asked.append(url)
        return Reply(status=200, headers={}, body=self.body.encode())


def test_a_pinned_document_gives_the_key() -> None:
    assert pinned(document()).did_verifier(WEB, METHOD, at=NOW) == (
        Party(id=WEB, name="Woonstichting"),
        KEY.public_key,
    )


def test_a_document_is_fetched_where_none_is_pinned() -> None:
    web = Web(document())
    trust = Trust.loads(entry(WEB, anchor=None), fetcher=web)
    for _ in range(2):
        assert trust.did_verifier(WEB, METHOD, at=NOW)[1] == KEY.public_key
    assert web.asked == ["https://wonen.example/.well-known/did.json"]
    with pytest.raises(Unavailable):
        Trust.loads(entry(WEB, anchor=None)).did_verifier(WEB, METHOD, at=NOW)


def test_nothing_is_fetched_for_whom_the_file_does_not_know() -> None:
    web = Web(document())
    trust = Trust.loads(entry("did:web:other.example", anchor=None), fetcher=web)
    with pytest.raises(Rejected) as rejected:
        trust.did_verifier(WEB, METHOD, at=NOW)
    assert (rejected.value.check, web.asked) == (VERIFIER_LISTED, [])


def test_a_key_that_is_its_own_name_needs_no_document() -> None:
    name = did.key_did(KEY.public_key)
    trust = Trust.loads(entry(name, anchor=None))
    assert trust.did_verifier(name, did.key_method(KEY.public_key), at=NOW)[1] == KEY.public_key
    jwk = "did:jwk:" + did_jwk()
    trust = Trust.loads(entry(jwk, anchor=None))
    assert trust.did_verifier(jwk, f"{jwk}#0", at=NOW)[1] == KEY.public_key


def did_jwk() -> str:
    return b64url_encode(json_dumps(KEY.public_key.jwk()))


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        (document(authentication=[]), did.METHOD_PURPOSE),
        (document(authentication=[], assertionMethod=[METHOD]), did.METHOD_PURPOSE),
        (document(verificationMethod=[], authentication=[METHOD]), did.METHOD_THERE),
        (document(deactivated=True), did.DOCUMENT_ACTIVE),
    ],
    ids=["no purpose", "another purpose", "no method", "deactivated"],
)
def test_a_method_that_does_not_count_makes_the_request_one_that_is_not(text: str, inner: Check) -> None:
    with pytest.raises(Rejected) as rejected:
        pinned(text).did_verifier(WEB, METHOD, at=NOW)
    assert (rejected.value.check, rejected.value.reason) == (VERIFIER_METHOD, Reason.REQUEST_INVALID)
    assert rejected.value.message.startswith(inner.name)
    assert rejected.value.trail[0].check is VERIFIER_LISTED


def test_a_document_of_another_is_not_believed() -> None:
    trust = Trust.loads(entry(WEB, anchor=None), fetcher=Web(document(id="did:web:other.example")))
    with pytest.raises(Rejected) as rejected:
        trust.did_verifier(WEB, METHOD, at=NOW)
    assert (rejected.value.check, rejected.value.reason) == (VERIFIER_METHOD, Reason.REQUEST_INVALID)


# -- the file ---------------------------------------------------------------------------------------------------------


def test_what_a_law_entitles_to_stands_under_the_same_name() -> None:
    trust = Trust.loads(entry(HOST, f"entitled = ['{BSN}']") + entry(WEB, anchor=None))
    assert trust.verifier(certified(trust, leaf())[0].id).entitled == (BSN,)
    assert trust.verifier(WEB).entitled == ()


def test_an_entry_of_before_is_still_read_and_proves_nobody() -> None:
    old = f"[verifiers.'redirect_uri:https://{HOST}/answer']\nname = 'A notary'\nentitled = ['{BSN}']\n"
    trust = Trust.loads(old + entry("x509_san_dns:" + HOST, anchor=None))
    assert trust.verifier(f"redirect_uri:https://{HOST}/answer").entitled == (BSN,)
    refused(VERIFIER_LISTED, trust, leaf())


@pytest.mark.parametrize(
    "text",
    [
        entry("Wonen.example"),
        entry("wonen.example."),
        entry("*.wonen.example"),
        entry("example"),
        entry("https://wonen.example"),
        entry(WEB),
        entry("did:web:Wonen.example", anchor=None),
        entry("did:example:1", anchor=None),
        entry("did:key:z1", anchor=None),
        entry(HOST, f"document = '{document()}'"),
        entry(HOST, f"document = '{document()}'", anchor=None),
        entry("did:web:other.example", f"document = '{document()}'", anchor=None),
        entry("https://wonen.example", f"document = '{document(id='https://wonen.example')}'", anchor=None),
        entry(WEB, "document = '{}'", anchor=None),
        entry(WEB, "document = 1", anchor=None),
        entry(HOST, "anchors = ['x']", anchor=None),
        entry(HOST, "types = ['t']"),
    ],
    ids=lambda text: text.split("\n")[0],
)
def test_an_entry_with_a_slip_in_it_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        Trust.loads(text)


PEM, OTHER_PEM = dump_pem_chain([ROOT]), dump_pem_chain([OTHER])


def add(path: Path, verifier: str = HOST, **more: Any) -> None:
    add_verifier(path, **{"verifier": verifier, "anchor_pem": PEM, "name": "Woonstichting", **more})


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    path.write_text("# ours\n")
    add(path, entitled=[BSN, BSN])
    add(path, WEB, anchor_pem=None, document=document().encode())
    add(path, "localhost")
    assert path.read_text().startswith("# ours\n")
    assert path.read_text().count("entitled") == 1
    assert Trust.load(path).verifiers == {
        HOST: VerifierEntry(name="Woonstichting", anchors=(ROOT,), entitled=(BSN,)),
        WEB: VerifierEntry(name="Woonstichting", document=document()),
        "localhost": VerifierEntry(name="Woonstichting", anchors=(ROOT,)),
    }


def test_widening_a_verifier_keeps_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    add(path, entitled=[BSN])
    add(path, WEB, anchor_pem=None)
    add(path, anchor_pem=OTHER_PEM, entitled=[BSN], name="New")
    add(path, WEB, anchor_pem=None, document=document().encode())
    assert Trust.load(path).verifiers == {
        HOST: VerifierEntry(name="New", anchors=(ROOT, OTHER), entitled=(BSN,)),
        WEB: VerifierEntry(name="Woonstichting", document=document()),
    }
    add(path, WEB, anchor_pem=None)
    add_issuer(path, issuer="https://a.example", anchor_pem=OTHER_PEM, name="A", types=["t:1"])
    add_issuer(path, issuer="https://a.example", anchor_pem=OTHER_PEM, name="A", types=["t:2"])
    assert Trust.load(path).verifiers[WEB].document == document()


def test_no_verifier_is_widened_in_two_respects_at_once(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    add(path)
    before = path.read_bytes()
    with pytest.raises(Misuse, match="more than one respect"):
        add(path, anchor_pem=OTHER_PEM, entitled=[BSN])
    assert path.read_bytes() == before
    add(path, entitled=[BSN])
    with pytest.raises(Misuse, match="more than one respect"):  # the new anchor would be entitled too
        add(path, anchor_pem=OTHER_PEM)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"anchor_pem": None}, Misuse),
        ({"verifier": WEB}, Misuse),
        ({"verifier": "did:example:1", "anchor_pem": None}, Misuse),
        ({"verifier": "Wonen.example"}, Misuse),
        ({"verifier": ""}, Misuse),
        ({"name": " "}, Misuse),
        ({"anchor_pem": dump_pem_chain([leaf()])}, Misuse),
        ({"anchor_pem": PEM + OTHER_PEM}, Misuse),
        ({"anchor_pem": b""}, Malformed),
        ({"document": document().encode()}, Misuse),
        ({"verifier": WEB, "anchor_pem": None, "document": b"{}"}, Malformed),
        ({"verifier": WEB, "anchor_pem": None, "document": b"\xff"}, Malformed),
        ({"verifier": "did:web:a.example", "anchor_pem": None, "document": document().encode()}, Misuse),
    ],
    ids=range(13),
)
def test_what_cannot_be_trusted_is_not_written(more: dict[str, Any], error: type[Exception], tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    with pytest.raises(error):
        add(path, **more)
    assert not path.exists()


# -- an authority of one issuer ---------------------------------------------------------------------------------------


def issuer(path: Path, name: str, **more: Any) -> None:
    add_issuer(path, **{"issuer": name, "anchor_pem": PEM, "name": name, "types": ["t:1"], **more})


@pytest.mark.parametrize("first", [True, False])
def test_an_anchor_that_is_one_issuers_own_authority_is_no_other_issuers_anchor(first: bool, tmp_path: Path) -> None:
    path, (own, other) = tmp_path / "trust.toml", ("a", "b") if first else ("b", "a")
    issuer(path, "https://a.example", iaca=first)
    before = path.read_bytes()
    for pem in (PEM, dump_pem_chain([make_authority("CA", ROOT_KEY, at=NOW + timedelta(days=1))])):  # or renewed
        with pytest.raises(
            Misuse,
            match=f"https://{own}.example alone; https://{other}.example needs",
        ):
            issuer(path, "https://b.example", iaca=not first, anchor_pem=pem)
    assert path.read_bytes() == before
    issuer(path, "https://b.example", anchor_pem=OTHER_PEM)
    with pytest.raises(Misuse):  # nor is it by being widened
        issuer(path, "https://b.example", anchor_pem=PEM, iaca=not first)
    issuer(path, "https://a.example", iaca=first, types=["t:1", "t:2"])


def test_several_issuers_share_an_anchor_that_is_nobodys_own(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    issuer(path, "https://a.example")
    issuer(path, "https://b.example")
    assert len(Trust.load(path).issuers) == 2
