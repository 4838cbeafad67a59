"""The issuer signs what a record supports, to keys that were shown, and nothing about who fetched what stays behind."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from eigendata import proofs
from eigendata.crypto.jose import parse_jws, sign_jws
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import b64url_decode, b64url_encode, json_object
from eigendata.errors import Check, Declined, Malformed, Misuse, Reason, Rejected
from eigendata.formats import FORMATS
from eigendata.issuer import (
    CHALLENGE_LIFETIME,
    CHECKS,
    NONCE_FRESH,
    NONCE_OURS,
    Category,
    Issuer,
    SourceRole,
    UnprovenKeys,
    create_authority,
    create_controller,
    create_document_signer,
    create_issuer,
    create_issuing_authority,
)
from eigendata.model import UNBOUND, CredentialType, Facts, Issuance, ProvenKey, Seal
from eigendata.once import TAKEN
from eigendata.registers.catalogue import ADRES, BSN, CATALOGUE, INWONER, PERSOON
from eigendata.trust import Trust, add_issuer
from tests.world import AISHA, AT, BOXTEL, EVERYTHING, FORMAT, MDOC, TODAY, Holder, World, municipality

ENVELOPE = {
    "issuing_authority": "Gemeente Boxtel",
    "issuing_country": "NL",
    "attestation_legal_category": "EAA",
    "source_role": "bronhouder",
    "as_of": "2026-05-04",
}


@pytest.fixture(scope="module")
def world() -> World:
    return World.make()


@pytest.fixture
def issuer() -> Issuer:
    """A municipality with a memory of its own."""
    return municipality("https://boxtel.example", "Gemeente Boxtel", BOXTEL)


def proven(issuer: Issuer, count: int, at: datetime = AT) -> tuple[ProvenKey, ...]:
    keys = [SoftwareKey.generate(Algorithm.ES256) for _ in range(count)]
    return issuer.proven(proofs.prove(issuer.challenge(at=at), keys, at=at), at=at)


def fetched(world: World, issuer: Issuer, copies: int = 3) -> tuple[Holder, Issuance]:
    holder = Holder(trust=world.trust)
    return holder, holder.fetch(issuer, AISHA.record(), copies=copies)


# -- the challenge ----------------------------------------------------------------------------------------------------


def answered(nonce: str, issuer: Issuer, at: datetime = AT) -> tuple[bytes, ...]:
    challenge = replace(issuer.challenge(at=AT), nonce=nonce)
    return proofs.prove(challenge, [SoftwareKey.generate(Algorithm.ES256)], at=at)


def rejected(check: Check, issuer: Issuer, proof: tuple[bytes, ...], at: datetime = AT) -> None:
    with pytest.raises(Rejected) as caught:
        issuer.proven(proof, at=at)
    assert caught.value.check is check


def test_keys_that_answer_a_challenge_are_proven(issuer: Issuer) -> None:
    assert len({one.key for one in proven(issuer, 5)}) == 5


def test_a_challenge_names_its_issuer_its_types_and_its_end(issuer: Issuer) -> None:
    challenge = issuer.challenge(at=AT)
    assert challenge.audience == issuer.id
    assert challenge.types == tuple(CATALOGUE)
    assert challenge.expires_at == AT + CHALLENGE_LIFETIME


def test_no_two_challenges_are_alike(issuer: Issuer) -> None:
    assert len({issuer.challenge(at=AT).nonce for _ in range(100)}) == 100


def test_a_nonce_that_this_issuer_did_not_give_is_rejected(issuer: Issuer) -> None:
    nonce = issuer.challenge(at=AT).nonce
    octets = bytearray(b64url_decode(nonce))
    for place in (0, 8, 20, 24, 55):
        flipped = bytearray(octets)
        flipped[place] ^= 1
        rejected(NONCE_OURS, issuer, answered(b64url_encode(bytes(flipped)), issuer))
    for other in ("n-0S6_WzA2Mj", "A", "!", nonce[:-4], nonce + "AAAA"):
        rejected(NONCE_OURS, issuer, answered(other, issuer))


def test_a_nonce_of_another_issuer_with_the_same_key_is_rejected(issuer: Issuer) -> None:
    other = replace(issuer, id="https://gestel.example")
    rejected(NONCE_OURS, issuer, answered(other.challenge(at=AT).nonce, issuer))


def test_a_nonce_of_an_issuer_with_another_key_is_rejected(issuer: Issuer) -> None:
    other = replace(issuer, challenge_key=b"other" * 8)
    rejected(NONCE_OURS, issuer, answered(other.challenge(at=AT).nonce, issuer))


def test_a_nonce_is_good_until_it_expires_and_no_longer(issuer: Issuer) -> None:
    end = issuer.challenge(at=AT).expires_at
    just_before = answered(issuer.challenge(at=AT).nonce, issuer, at=end - timedelta(seconds=1))
    assert issuer.proven(just_before, at=end - timedelta(seconds=1))
    rejected(NONCE_FRESH, issuer, answered(issuer.challenge(at=AT).nonce, issuer, at=end), at=end)


def test_a_nonce_is_good_once(issuer: Issuer) -> None:
    nonce = issuer.challenge(at=AT).nonce
    issuer.proven(answered(nonce, issuer), at=AT)
    rejected(TAKEN, issuer, answered(nonce, issuer))


def test_a_proof_that_fails_does_not_use_up_the_challenge(issuer: Issuer) -> None:
    nonce = issuer.challenge(at=AT).nonce
    good, bad = answered(nonce, issuer), answered(nonce, issuer, at=AT + timedelta(hours=2))
    with pytest.raises(Rejected):
        issuer.proven(bad, at=AT)
    assert issuer.proven(good, at=AT)


def test_every_proof_of_a_bundle_is_held_to_one_challenge(issuer: Issuer) -> None:
    one, other = (answered(issuer.challenge(at=AT).nonce, issuer) for _ in range(2))
    rejected(proofs.NONCE, issuer, one + other)


@pytest.mark.parametrize("more", [{}, {"nonce": 7}, {"nonce": None}, {"nonce": ""}])
def test_a_proof_without_a_nonce_is_rejected(issuer: Issuer, more: dict[str, Any]) -> None:
    key = SoftwareKey.generate(Algorithm.ES256)
    payload = json.dumps({"aud": issuer.id, "iat": int(AT.timestamp()), **more}).encode()
    header: dict[str, Any] = {"typ": "openid4vci-proof+jwt", "jwk": key.public_key.jwk()}
    rejected(NONCE_OURS, issuer, (sign_jws(header, payload, key),))


@pytest.mark.parametrize("nothing", [(), (b"",), (b"a.b.c",), (b"\xff\x00",)])
def test_what_is_no_proof_is_malformed(issuer: Issuer, nothing: tuple[bytes, ...]) -> None:
    with pytest.raises(Malformed):
        issuer.proven(nothing, at=AT)


def test_every_check_of_the_issuer_has_a_clause() -> None:
    assert all(check.clause and check.rule for check in CHECKS)


def test_a_short_challenge_key_is_refused(issuer: Issuer) -> None:
    with pytest.raises(Misuse):
        replace(issuer, challenge_key=b"short")


# -- what is issued ---------------------------------------------------------------------------------------------------


def test_every_type_that_the_record_feeds_is_issued_in_equal_copies(world: World, issuer: Issuer) -> None:
    _, issuance = fetched(world, issuer)
    assert [one.type for one in issuance.issued] == list(EVERYTHING)
    assert {len(one.copies) for one in issuance.issued} == {3}
    assert {one.format for one in issuance.issued} == {FORMAT}


def test_an_attestation_holds_the_facts_the_envelope_and_the_set_and_nothing_else(world: World, issuer: Issuer) -> None:
    holder, _ = fetched(world, issuer)
    record = AISHA.record()
    for one in EVERYTHING:
        document = holder.authentic(one.id).document
        facts = record.facts(one, jurisdictions=(BOXTEL,), at=AT).claims
        frame = {"iss", "vct", "vct#integrity", "iat", "nbf", "exp", "cnf", "set"}
        assert {name: value for name, value in document.items() if name not in frame} == {**facts, **ENVELOPE}


def test_copy_k_of_every_type_carries_one_set_and_each_k_another(world: World, issuer: Issuer) -> None:
    holder, _ = fetched(world, issuer)
    sets = [{holder.authentic(one.id, k).document["set"] for one in EVERYTHING} for k in range(3)]
    assert [len(tied) for tied in sets] == [1, 1, 1]
    every = set[Any]().union(*sets)
    assert len(every) == 3
    assert {len(b64url_decode(str(one))) for one in every} == {16}


def test_no_two_sessions_share_a_set(world: World, issuer: Issuer) -> None:
    (one, _), (other, _) = fetched(world, issuer), fetched(world, issuer)
    assert one.authentic(PERSOON.id).document["set"] != other.authentic(PERSOON.id).document["set"]


def test_no_key_is_shared_between_types_or_copies(world: World, issuer: Issuer) -> None:
    holder, _ = fetched(world, issuer)
    keys = [holder.authentic(one.id, k).holder for one in EVERYTHING for k in range(3)]
    assert len(set(keys)) == len(keys) == 15
    assert UNBOUND not in keys


def test_nothing_tells_copies_apart_but_key_set_salts_and_signature(world: World, issuer: Issuer) -> None:
    holder, issuance = fetched(world, issuer)
    for one in issuance.issued:
        documents = [dict(holder.authentic(one.type.id, k).document) for k in range(3)]
        for document in documents:
            del document["set"], document["cnf"]
        assert documents[0] == documents[1] == documents[2]
        assert len({copy.count(b"~") for copy in one.copies}) == 1
        disclosures = [frozenset(copy.split(b"~")[1:-1]) for copy in one.copies]
        assert not disclosures[0] & disclosures[1]


IN_THE_NETHERLANDS = datetime(2026, 5, 5, 1, 30, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize("at", [AT, TODAY, TODAY + timedelta(hours=23, minutes=59, seconds=59), IN_THE_NETHERLANDS])
def test_times_are_whole_days_in_utc_and_the_same_for_everyone(world: World, issuer: Issuer, at: datetime) -> None:
    holder = Holder(trust=world.trust)
    issuance = holder.fetch(issuer, AISHA.record(at=at), at=at)
    for one in issuance.issued:
        payload = json_object(parse_jws(one.copies[0].split(b"~")[0]).payload)
        assert payload["iat"] == payload["nbf"] == int(TODAY.timestamp())
        assert payload["exp"] == int((TODAY + one.type.validity).timestamp())


def test_as_of_is_the_day_in_the_netherlands_on_which_the_register_answered(world: World, issuer: Issuer) -> None:
    asked = datetime(2026, 5, 3, 22, 30, tzinfo=UTC)  # half past midnight there
    holder = Holder(trust=world.trust)
    holder.fetch(issuer, AISHA.record(at=asked))
    assert holder.authentic(PERSOON.id).document["as_of"] == "2026-05-04"


def test_what_the_settings_say_of_its_standing_stands_in_every_attestation(world: World, issuer: Issuer) -> None:
    customer = replace(issuer, category=Category.PUB_EAA, source_role=SourceRole.CUSTOMER)
    holder, _ = fetched(world, customer)
    document = holder.authentic(PERSOON.id).document
    assert (document["attestation_legal_category"], document["source_role"]) == ("PuB-EAA", "afnemer")


def test_copies_are_as_many_as_the_keys_allow_or_as_was_said(issuer: Issuer) -> None:
    record, to = AISHA.record(), proven(issuer, 12)
    as_many = issuer.issue(record, format=FORMAT, to=to, at=AT)
    assert {len(one.copies) for one in as_many.issued} == {2}
    said = issuer.issue(record, format=FORMAT, to=to, at=AT, types=(PERSOON.id, BSN.id), copies=5)
    assert [(one.type, len(one.copies)) for one in said.issued] == [(PERSOON, 5), (BSN, 5)]


@pytest.mark.parametrize(("keys", "copies"), [(4, None), (9, 2), (5, 0), (505, 101)])
def test_too_few_keys_or_too_many_copies_are_refused(issuer: Issuer, keys: int, copies: int | None) -> None:
    to = proven(issuer, keys)
    with pytest.raises(Misuse):
        issuer.issue(AISHA.record(), format=FORMAT, to=to, at=AT, copies=copies)


def test_a_key_that_comes_twice_is_refused(issuer: Issuer) -> None:
    with pytest.raises(Misuse):
        issuer.issue(AISHA.record(), format=FORMAT, to=proven(issuer, 5) * 2, at=AT)


def test_a_type_that_is_not_the_issuers_or_not_the_records_is_refused(issuer: Issuer) -> None:
    to = proven(issuer, 5)
    with pytest.raises(Misuse):
        replace(issuer, types=(PERSOON,)).issue(AISHA.record(), format=FORMAT, to=to, at=AT, types=(BSN.id,))
    record = replace(AISHA.record(), types=(PERSOON,))
    with pytest.raises(Misuse):
        issuer.issue(record, format=FORMAT, to=to, at=AT, types=(BSN.id,))
    assert [one.type for one in issuer.issue(record, format=FORMAT, to=to, at=AT).issued] == [PERSOON]
    with pytest.raises(Misuse):
        replace(issuer, types=(BSN,)).issue(record, format=FORMAT, to=to, at=AT)


def test_a_format_without_a_key_is_refused(issuer: Issuer) -> None:
    without = replace(issuer, seals={FORMAT: issuer.seals[FORMAT]})
    with pytest.raises(Misuse):
        without.issue(AISHA.record(), format="mso_mdoc", to=proven(issuer, 5), at=AT)
    with pytest.raises(Misuse):
        replace(issuer, seals={"vc+sd-jwt": issuer.seals[FORMAT]})


def test_a_naive_moment_is_refused(issuer: Issuer) -> None:
    naive = AT.replace(tzinfo=None)
    with pytest.raises(Misuse):
        issuer.challenge(at=naive)
    with pytest.raises(Misuse):
        issuer.proven(answered(issuer.challenge(at=AT).nonce, issuer), at=naive)
    with pytest.raises(Misuse):
        issuer.issue(AISHA.record(), format=FORMAT, to=proven(issuer, 5), at=naive)


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_a_resident_of_another_municipality_gets_nothing(world: World) -> None:
    holder = Holder(trust=world.trust)
    with pytest.raises(Declined) as caught:
        holder.fetch(world.gestel, AISHA.record())
    assert caught.value.reason is Reason.NOT_OUR_RESIDENT
    assert holder.cards == {}


def test_a_gate_of_one_type_leaves_the_others(issuer: Issuer) -> None:
    home = {**AISHA.person["verblijfplaats"], "indicatieVastgesteldVerblijftNietOpAdres": True}
    record = AISHA.changed(verblijfplaats=home).record()
    issuance = issuer.issue(record, format=FORMAT, to=proven(issuer, 5), at=AT)
    assert ADRES not in [one.type for one in issuance.issued]
    assert [(one.type, one.reason) for one in issuance.refused if one.claim is None] == [(ADRES, Reason.NOT_AT_ADDRESS)]


def test_a_claim_that_is_left_out_is_told_to_the_holder_with_its_reason(world: World, issuer: Issuer) -> None:
    birth = {**AISHA.person["geboorte"], "datum": {"type": "JaarDatum", "jaar": 1984, "langFormaat": "1984"}}
    holder = Holder(trust=world.trust)
    issuance = holder.fetch(issuer, AISHA.changed(geboorte=birth).record())
    assert (PERSOON, ("birthdate",), Reason.NOT_DERIVABLE) in [
        (one.type, one.claim, one.reason) for one in issuance.refused
    ]
    document = holder.authentic(PERSOON.id).document
    assert document["absent"] == {"birthdate": True}
    assert "birthdate" not in document
    assert document["birth_year"] == 1984


@dataclass(frozen=True)
class Broken:
    """A record whose facts are not what its type declares."""

    types: tuple[CredentialType, ...] = (PERSOON, BSN)

    def facts(self, type: CredentialType, /, *, jurisdictions: tuple[str, ...], at: datetime) -> Facts:
        good = AISHA.record().facts(type, jurisdictions=jurisdictions, at=at)
        return replace(good, claims={**good.claims, "bsn": "12345678x"}) if type is BSN else good


@dataclass
class Counting:
    """A signer that counts."""

    key: SoftwareKey
    signed: int = 0

    @property
    def public_key(self) -> PublicKey:
        return self.key.public_key

    def sign(self, message: bytes) -> bytes:
        self.signed += 1
        return self.key.sign(message)


def test_nothing_is_signed_where_one_attestation_breaks_its_schema(issuer: Issuer) -> None:
    seal = issuer.seals[FORMAT]
    assert isinstance(seal.signer, SoftwareKey)
    counting = Counting(seal.signer)
    watched = replace(issuer, seals={FORMAT: Seal(signer=counting, origin=seal.origin)})
    with pytest.raises(Misuse) as caught:
        watched.issue(Broken(), format=FORMAT, to=proven(issuer, 4), at=AT)
    assert counting.signed == 0
    assert "12345678x" not in str(caught.value)
    watched.issue(AISHA.record(), format=FORMAT, to=proven(issuer, 10), at=AT)
    assert counting.signed == 10


# -- keys that nobody proved ------------------------------------------------------------------------------------------


def holders(issuance: Issuance, world: World) -> Iterator[list[object]]:
    for one in issuance.issued:
        yield [
            FORMATS[FORMAT].parse_credential(copy).verify((one.type,), trust=world.trust, at=AT).holder
            for copy in one.copies
        ]


def test_unproven_keys_serve_every_type_one_for_each_copy(world: World, issuer: Issuer) -> None:
    keys = tuple(SoftwareKey.generate(Algorithm.ES256).public_key for _ in range(2))
    issuance = issuer.issue(AISHA.record(), format=FORMAT, to=UnprovenKeys(keys=keys), at=AT)
    assert list(holders(issuance, world)) == [list(keys)] * len(EVERYTHING)
    fewer = issuer.issue(AISHA.record(), format=FORMAT, to=UnprovenKeys(keys=keys), at=AT, copies=1)
    assert list(holders(fewer, world)) == [[keys[0]]] * len(EVERYTHING)


@pytest.mark.parametrize(("keys", "copies"), [(2, 3), (0, None)])
def test_unproven_keys_must_suffice_too(issuer: Issuer, keys: int, copies: int | None) -> None:
    given = UnprovenKeys(keys=(SoftwareKey.generate(Algorithm.ES256).public_key,) * keys)
    with pytest.raises(Misuse):
        issuer.issue(AISHA.record(), format=FORMAT, to=given, at=AT, copies=copies)


# -- an issuer in a directory -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority and an issuer, made as the command line makes them."""
    folder = tmp_path_factory.mktemp("issuer")
    create_authority(folder / "ca", name="Een eigen autoriteit", at=AT)
    create_issuer(
        folder / "boxtel",
        authority=folder / "ca",
        id="https://boxtel.example",
        name=None,
        municipality=BOXTEL,
        types=(PERSOON.id, INWONER.id),
        at=AT,
    )
    return folder


def copy_of(folder: Path, to: Path) -> Path:
    to.mkdir()
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
        (to / path.name).chmod(stat.S_IMODE(path.stat().st_mode))
    return to


def test_an_issuer_that_was_made_opens_and_issues_what_its_trust_file_believes(made: Path, tmp_path: Path) -> None:
    issuer = Issuer.open(made / "boxtel")
    assert (issuer.name, issuer.types, issuer.jurisdictions) == ("Gemeente Boxtel", (PERSOON, INWONER), (BOXTEL,))
    anchor = (made / "ca" / "anchor.pem").read_bytes()
    add_issuer(
        tmp_path / "trust.toml",
        anchor_pem=anchor,
        issuer=issuer.id,
        name=issuer.name,
        types=[one.id for one in issuer.types],
        municipalities=issuer.jurisdictions,
    )
    holder = Holder(trust=Trust.load(tmp_path / "trust.toml"))
    issuance = holder.fetch(issuer, AISHA.record())
    assert [one.type for one in issuance.issued] == [PERSOON, INWONER]
    assert holder.authentic(PERSOON.id).document["iss"] == "https://boxtel.example"


def test_two_openings_of_one_directory_share_challenges_and_their_memory(made: Path) -> None:
    one, other = Issuer.open(made / "boxtel"), Issuer.open(str(made / "boxtel"))
    proof = answered(one.challenge(at=AT).nonce, one)
    assert other.proven(proof, at=AT)
    rejected(TAKEN, one, proof)


def test_the_root_is_not_in_the_chain(made: Path) -> None:
    assert (made / "ca" / "anchor.pem").read_bytes() not in (made / "boxtel" / "chain.pem").read_bytes()


def test_secrets_are_for_their_owner_alone_and_never_printed(made: Path) -> None:
    for name in ("ca/key.pem", "boxtel/key.pem", "boxtel/challenge.key"):
        assert stat.S_IMODE((made / name).stat().st_mode) == 0o600
    secret = (made / "boxtel" / "challenge.key").read_bytes()
    assert repr(secret)[2:-1] not in repr(Issuer.open(made / "boxtel"))


def test_what_is_there_is_never_overwritten(made: Path) -> None:
    with pytest.raises(Misuse):
        create_authority(made / "ca", name="Een ander", at=AT)
    with pytest.raises(Misuse):
        create_issuer(
            made / "boxtel",
            authority=made / "ca",
            id="https://boxtel.example",
            name="Een ander",
            municipality=None,
            types=(),
            at=AT,
        )


@pytest.mark.parametrize("name", ["key.pem", "challenge.key"])
def test_a_secret_that_others_may_read_is_refused(made: Path, tmp_path: Path, name: str) -> None:
    folder = copy_of(made / "boxtel", tmp_path / "boxtel")
    (folder / name).chmod(0o640)
    with pytest.raises(Misuse):
        Issuer.open(folder)


@pytest.mark.parametrize("name", ["issuer.toml", "key.pem", "chain.pem", "challenge.key"])
def test_a_missing_file_is_said_to_be_missing(made: Path, tmp_path: Path, name: str) -> None:
    folder = copy_of(made / "boxtel", tmp_path / "boxtel")
    (folder / name).unlink()
    with pytest.raises(Misuse, match=name):
        Issuer.open(folder)


@pytest.mark.parametrize("name", ["issuer.toml", "key.pem", "chain.pem", "challenge.key"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"x" * 300_000])
def test_a_file_of_something_else_is_malformed(made: Path, tmp_path: Path, name: str, content: bytes) -> None:
    folder = copy_of(made / "boxtel", tmp_path / "boxtel")
    (folder / name).write_bytes(content)
    with pytest.raises(Malformed):
        Issuer.open(folder)


def test_a_key_that_the_chain_does_not_certify_is_refused(made: Path, tmp_path: Path) -> None:
    folder = copy_of(made / "boxtel", tmp_path / "boxtel")
    (folder / "key.pem").unlink()
    SoftwareKey.generate(Algorithm.ES256).save(folder / "key.pem")
    with pytest.raises(Misuse, match="certifies"):
        Issuer.open(folder)


SETTINGS = """
id = "https://boxtel.example"
name = "Gemeente Boxtel"
key = "key.pem"
chain = "chain.pem"
types = ["urn:eigendata:nl:brp:persoon:1"]
municipalities = ["0757"]
"""


def opened(made: Path, to: Path, settings: str) -> Issuer:
    folder = copy_of(made / "boxtel", to / "boxtel")
    (folder / "issuer.toml").write_text(settings)
    return Issuer.open(folder)


def test_settings_say_the_least_where_they_say_nothing(made: Path, tmp_path: Path) -> None:
    issuer = opened(made, tmp_path, SETTINGS)
    assert (issuer.category, issuer.source_role) == (Category.EAA, SourceRole.SOURCE_HOLDER)


def test_pub_eaa_is_only_for_a_named_authentic_source(made: Path, tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="authentic_source"):
        opened(made, tmp_path, SETTINGS + 'category = "PuB-EAA"\n')
    named = SETTINGS + 'category = "PuB-EAA"\nauthentic_source = "Basisregistratie Personen"\n'
    (tmp_path / "named").mkdir()
    assert opened(made, tmp_path / "named", named).category is Category.PUB_EAA


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (SETTINGS.replace("boxtel.example", "gestel.example"), Misuse),
        (SETTINGS.replace("persoon:1", "persoon:2"), Misuse),
        (SETTINGS.replace('name = "Gemeente Boxtel"', ""), Malformed),
        (SETTINGS.replace('["0757"]', "[757]"), Malformed),
        (SETTINGS.replace('["0757"]', '"0757"'), Malformed),
        (SETTINGS + 'category = "QEAA"\n', Malformed),
        (SETTINGS + 'source_role = "buurman"\n', Malformed),
        (SETTINGS + "source_role = 1\n", Malformed),
        (SETTINGS + "extra = 1\n", Malformed),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    made: Path, tmp_path: Path, settings: str, error: type[Malformed | Misuse]
) -> None:
    with pytest.raises(error):
        opened(made, tmp_path, settings)


def test_a_name_that_would_write_other_settings_cannot_be_written(made: Path, tmp_path: Path) -> None:
    name = 'Gemeente "Boxtel" \\ [x]'
    create_issuer(
        tmp_path / "quoted",
        authority=made / "ca",
        id="https://boxtel.example",
        name=name,
        municipality=None,
        types=(PERSOON.id,),
        at=AT,
    )
    assert Issuer.open(tmp_path / "quoted").name == name
    with pytest.raises(Misuse):
        create_issuer(
            tmp_path / "broken",
            authority=made / "ca",
            id="https://boxtel.example",
            name='Boxtel"\nmunicipalities = ["0758"]',
            municipality=None,
            types=(PERSOON.id,),
            at=AT,
        )
    assert not (tmp_path / "broken" / "key.pem").exists()


# -- a document signer in it ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def signing(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same issuer, with an issuing authority of its own and a document signer."""
    folder = tmp_path_factory.mktemp("signer")
    copy_of(made / "boxtel", folder / "boxtel")
    create_issuing_authority(folder / "iaca", name="Gemeente Boxtel", uri="https://boxtel.example", crl=None, at=AT)
    assert create_document_signer(folder / "boxtel", authority=folder / "iaca", at=AT) == "https://boxtel.example"
    return folder


def test_an_issuer_with_a_document_signer_has_a_seal_for_both_formats(signing: Path, tmp_path: Path) -> None:
    issuer = Issuer.open(signing / "boxtel")
    assert set(issuer.seals) == {FORMAT, MDOC}
    add_issuer(
        tmp_path / "trust.toml",
        anchor_pem=(signing / "iaca" / "anchor.pem").read_bytes(),
        issuer=issuer.id,
        name=issuer.name,
        types=[one.id for one in issuer.types],
        municipalities=issuer.jurisdictions,
    )
    holder = Holder(trust=Trust.load(tmp_path / "trust.toml"), format=MDOC)
    issuance = holder.fetch(issuer, AISHA.record())
    assert [one.type for one in issuance.issued] == [PERSOON, INWONER]
    assert holder.authentic(PERSOON.id).issuer.party.name == "Gemeente Boxtel"


def test_an_issuer_without_a_document_signer_has_none_for_mdoc(made: Path) -> None:
    assert set(Issuer.open(made / "boxtel").seals) == {FORMAT}


def test_a_document_signer_is_made_once_for_an_issuer_that_there_is(signing: Path, tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        create_document_signer(signing / "boxtel", authority=signing / "iaca", at=AT)
    with pytest.raises(Misuse):
        create_document_signer(tmp_path, authority=signing / "iaca", at=AT)
    with pytest.raises(Misuse):
        create_issuing_authority(signing / "iaca", name="Een ander", uri="https://boxtel.example", crl=None, at=AT)


def test_an_authority_that_may_not_certify_a_document_signer_makes_none(
    signing: Path, made: Path, tmp_path: Path
) -> None:
    boxtel = copy_of(made / "boxtel", tmp_path / "boxtel")
    expired = AT + timedelta(days=4000)
    with pytest.raises(Misuse, match="would not be believed"):
        create_document_signer(boxtel, authority=signing / "iaca", at=expired)
    assert not (boxtel / "document-signer.pem").exists()
    assert not (boxtel / "document-signer.key.pem").exists()


@pytest.mark.parametrize("uri", ["http://boxtel.example", "boxtel", "https://bøxtel.example", ""])
def test_an_issuing_authority_has_urls(uri: str, tmp_path: Path) -> None:
    ours = "https://boxtel.example"
    for own, crl in ((uri, None), (ours, uri)):
        with pytest.raises(Misuse):
            create_issuing_authority(tmp_path / "iaca", name="B", uri=own, crl=crl, at=AT)
    assert not (tmp_path / "iaca").exists()


def test_half_a_document_signer_or_anothers_is_none(signing: Path, tmp_path: Path) -> None:
    for gone in ("document-signer.pem", "document-signer.key.pem"):
        boxtel = copy_of(signing / "boxtel", tmp_path / gone)
        (boxtel / gone).unlink()
        with pytest.raises(Misuse):
            Issuer.open(boxtel)
    other = copy_of(signing / "boxtel", tmp_path / "other")
    (other / "document-signer.pem").write_bytes((other / "chain.pem").read_bytes())
    with pytest.raises(Misuse, match="certifies"):
        Issuer.open(other)
    elsewhere = copy_of(signing / "boxtel", tmp_path / "elsewhere")
    settings = (elsewhere / "issuer.toml").read_text()
    (elsewhere / "issuer.toml").write_text(settings.replace("https://boxtel.example", "https://gestel.example"))
    with pytest.raises(Misuse, match="name"):
        Issuer.open(elsewhere)


# -- a controller in it -----------------------------------------------------------------------------------------------


@pytest.fixture
def controlling(made: Path, tmp_path: Path) -> Path:
    """The same issuer, with a key for Data Integrity."""
    folder = copy_of(made / "boxtel", tmp_path / "boxtel")
    assert create_controller(folder) == "did:web:boxtel.example"
    return folder


def test_an_issuer_with_a_controllers_key_issues_w3c_credentials(controlling: Path, tmp_path: Path) -> None:
    issuer = Issuer.open(controlling)
    assert set(issuer.seals) == {FORMAT, "ldp_vc"}
    add_issuer(
        tmp_path / "trust.toml",
        anchor_pem=None,
        issuer=issuer.id,
        name=issuer.name,
        types=[one.id for one in issuer.types],
        municipalities=issuer.jurisdictions,
        documents=[(controlling / "did.json").read_bytes()],
    )
    keys = [SoftwareKey.generate(Algorithm.EDDSA).public_key]
    issuance = issuer.issue(AISHA.record(), format="ldp_vc", to=UnprovenKeys(keys=tuple(keys)), at=AT)
    for one in issuance.issued:
        unverified = FORMATS["ldp_vc"].parse_credential(one.copies[0])
        authentic = unverified.verify([one.type], trust=Trust.load(tmp_path / "trust.toml"), at=AT)
        assert (authentic.issuer.party.id, authentic.holder) == (issuer.id, keys[0])


def test_a_controller_is_made_once_and_under_a_plain_name(controlling: Path, made: Path, tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="already"):
        create_controller(controlling)
    other = copy_of(made / "boxtel", tmp_path / "other")
    for name in ("did:key:z6Mk", "did:web:Boxtel.example", "https://boxtel.example:8443", "boxtel"):
        with pytest.raises(Misuse):
            create_controller(other, name=name)
    settings = (other / "issuer.toml").read_text()
    (other / "issuer.toml").write_text(settings.replace("https://boxtel.example", "https://boxtel.example:8443"))
    with pytest.raises(Misuse):
        create_controller(other)


def test_half_a_controller_or_anothers_is_none(controlling: Path, tmp_path: Path) -> None:
    for gone in ("did.json", "controller.key.pem"):
        half = copy_of(controlling, tmp_path / gone)
        (half / gone).unlink()
        with pytest.raises(Misuse):
            Issuer.open(half)
    document = json.loads((controlling / "did.json").read_bytes())
    changed: list[dict[str, Any]] = [{"assertionMethod": []}, {"id": "did:web:gestel.example"}]
    for changes in changed:
        (controlling / "did.json").write_text(json.dumps({**document, **changes}))
        with pytest.raises(Misuse, match="for assertions"):
            Issuer.open(controlling)
    (controlling / "did.json").write_text("[]")
    with pytest.raises(Malformed):
        Issuer.open(controlling)


@pytest.mark.parametrize("name", ["Gemeente\nBoxtel", "Gemeente \x1b[2JBoxtel", "Gemeente \u202eletxoB"])
def test_no_authority_signs_a_name_that_plays_with_a_screen(name: str, tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        create_issuing_authority(tmp_path / "a", name=name, uri="https://boxtel.example", crl=None, at=AT)
    with pytest.raises(Misuse):
        create_authority(tmp_path / "a", name=name, at=AT)
    assert not (tmp_path / "a").exists()
