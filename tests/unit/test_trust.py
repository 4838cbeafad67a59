"""Trust: for an issuer and a type and a municipality, from the verifier's own file and nowhere else."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata import trust as module
from eigendata.crypto import iaca, x509
from eigendata.crypto.iaca import make_document_signer
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority, make_issuer_certificate
from eigendata.encoding import b64url_encode
from eigendata.errors import Check, Malformed, Misuse, Outcome, Reason, Rejected, Trail, Unavailable
from eigendata.model import Chain, CredentialType, DocumentSigner, Named, Origin, Party, TrustedIssuer
from eigendata.trust import IssuerEntry, Trust, add_issuer, entries, require_jurisdiction
from tests.negatives import negative

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOXTEL, VUGHT = "https://boxtel.example", "https://vught.example"
CA_KEY, OTHER_CA_KEY, KEY = (SoftwareKey.generate(Algorithm.ES256) for _ in range(3))
CA, OTHER_CA = make_authority("CA", CA_KEY, at=NOW), make_authority("Other CA", OTHER_CA_KEY, at=NOW)
RESIDENT = CredentialType(
    id="t:inwoner:1", short="inwoner", label={}, attributes=(), jurisdiction=("municipality", "code")
)
PERSON = CredentialType(id="t:persoon:1", short="persoon", label={}, attributes=())


def leaf(uri: str, *, authority: bytes = CA, key: SoftwareKey = CA_KEY, holder: PublicKey = KEY.public_key) -> bytes:
    return make_issuer_certificate(
        holder, name="Town", uri=uri, authority=authority, authority_key=key, at=NOW, municipality=None
    )


def quoted(text: str) -> str:
    return f"'''{text}'''"


def table(
    issuer: str = BOXTEL,
    *,
    anchor: bytes | None = CA,
    keys: str = "",
    types: str = '["t:inwoner:1"]',
    municipalities: str = '["0757"]',
) -> str:
    anchors = f"anchors = [{quoted(dump_pem_chain([anchor]).decode())}]" if anchor else ""
    return (
        f'[issuers."{issuer}"]\nname = "Town"\n{anchors}\n{keys}\ntypes = {types}\nmunicipalities = {municipalities}\n'
    )


def inline(key: PublicKey, **more: str) -> str:
    members = {**key.jwk(), **more}
    return "{ " + ", ".join(f'{name} = "{value}"' for name, value in members.items()) + " }"


TRUST = Trust.loads(table() + table(VUGHT, anchor=OTHER_CA, municipalities='["0865"]'))
PINNED = Trust.loads(table(anchor=None, keys=f"keys = [{inline(KEY.public_key)}]"))


def refusal(trust: Trust, origin: Origin, type: CredentialType = RESIDENT, at: datetime = NOW) -> Check:
    with pytest.raises(Rejected) as caught:
        trust.issuer(origin, type, at=at)
    assert caught.value.reason is Reason.UNTRUSTED_ISSUER
    return caught.value.check


# -- issuers found by a chain -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stated", [None, BOXTEL])
def test_an_issuer_of_the_file_is_trusted_with_its_own_key_name_and_municipalities(stated: str | None) -> None:
    found = TRUST.issuer(Chain(certificates=(leaf(BOXTEL),), issuer=stated), RESIDENT, at=NOW)
    key_ids = x509.verify_chain((leaf(BOXTEL),), (CA,), at=NOW).authority_key_ids
    assert found == TrustedIssuer(
        party=Party(id=BOXTEL, name="Town"), key=KEY.public_key, jurisdictions=("0757",), authority_key_ids=key_ids
    )
    assert len(key_ids) == 1


def test_municipalities_mean_nothing_for_a_type_that_knows_none() -> None:
    trust = Trust.loads(table(types='["t:persoon:1"]'))
    assert trust.issuer(Chain(certificates=(leaf(BOXTEL),)), PERSON, at=NOW).jurisdictions == ()


def test_issuer_known_whoever_is_not_in_the_file_is_not_trusted() -> None:
    stranger = leaf("https://stranger.example")
    assert refusal(TRUST, Chain(certificates=(stranger,))) is module.ISSUER_KNOWN
    assert refusal(TRUST, Chain(certificates=(stranger,), issuer="https://stranger.example")) is module.ISSUER_KNOWN
    assert refusal(Trust(), Chain(certificates=(leaf(BOXTEL),))) is module.ISSUER_KNOWN


@pytest.mark.parametrize(
    "name",
    [
        BOXTEL + "/",
        BOXTEL.upper(),
        "http://boxtel.example",
        "boxtel.example",
        "",
        "https://boxtel.example#x",
        " " + BOXTEL,
    ],
)
def test_issuer_known_a_name_is_compared_letter_by_letter(name: str) -> None:
    assert refusal(TRUST, Chain(certificates=(leaf(BOXTEL),), issuer=name)) is module.ISSUER_KNOWN


def test_a_refusal_of_a_chain_tells_of_every_check_that_came_before_it() -> None:
    with pytest.raises(Rejected) as caught:
        TRUST.issuer(Chain(certificates=(leaf(BOXTEL),)), RESIDENT, at=NOW + timedelta(days=500))
    taken = [step.check for step in caught.value.trail]
    assert taken[:4] == [module.ISSUER_KNOWN, module.ISSUER_TYPE, module.ISSUER_MECHANISM, x509.KEYS]
    assert caught.value.check is x509.IN_TIME


def test_issuer_type_an_issuer_is_trusted_for_its_types_alone() -> None:
    assert refusal(TRUST, Chain(certificates=(leaf(BOXTEL),)), PERSON) is module.ISSUER_TYPE


@negative("NEG-X509-002")
def test_issuer_in_leaf_the_name_that_a_token_states_is_in_its_leaf() -> None:
    trust = Trust.loads(table() + table(VUGHT))
    assert trust.issuer(Chain(certificates=(leaf(VUGHT),), issuer=VUGHT), RESIDENT, at=NOW).party.id == VUGHT
    assert refusal(trust, Chain(certificates=(leaf(VUGHT),), issuer=BOXTEL)) is module.ISSUER_IN_LEAF


@negative("NEG-X509-002")
def test_a_chain_leads_to_an_anchor_of_that_issuer_not_of_another() -> None:
    forged = leaf(BOXTEL, authority=OTHER_CA, key=OTHER_CA_KEY)
    assert refusal(TRUST, Chain(certificates=(forged,))) is x509.PATH
    assert refusal(TRUST, Chain(certificates=(forged,), issuer=BOXTEL)) is x509.PATH


def test_an_anchor_that_the_token_brings_is_not_used() -> None:
    key = SoftwareKey.generate(Algorithm.ES256)
    own = make_authority("CA", key, at=NOW)
    forged = leaf(BOXTEL, authority=own, key=key)
    assert refusal(TRUST, Chain(certificates=(forged, own))) is x509.NO_ANCHOR
    assert refusal(TRUST, Chain(certificates=(forged,))) is x509.PATH


def test_a_chain_is_good_for_its_time_alone() -> None:
    for days in (-2, 500):
        assert refusal(TRUST, Chain(certificates=(leaf(BOXTEL),)), at=NOW + timedelta(days=days)) is x509.IN_TIME
    with pytest.raises(Misuse):
        TRUST.issuer(Chain(certificates=(leaf(BOXTEL),)), RESIDENT, at=NOW.replace(tzinfo=None))


@negative("NEG-TRUST-003")
def test_an_issuer_taken_out_of_the_file_is_refused_from_then_on() -> None:
    origin = Chain(certificates=(leaf(BOXTEL),))
    assert TRUST.issuer(origin, RESIDENT, at=NOW)
    assert refusal(Trust.loads(table(VUGHT)), origin) is module.ISSUER_KNOWN


def test_a_pinned_issuer_is_not_found_by_a_chain() -> None:
    assert refusal(PINNED, Chain(certificates=(leaf(BOXTEL),))) is module.ISSUER_MECHANISM


# -- issuers found by a pinned key ------------------------------------------------------------------------------------


def test_a_pinned_key_is_found_by_its_thumbprint_its_kid_or_as_the_only_one() -> None:
    thumbprint = b64url_encode(KEY.public_key.thumbprint())
    for key_id in (None, thumbprint):
        found = PINNED.issuer(Named(issuer=BOXTEL, key_id=key_id), RESIDENT, at=NOW)
        assert (found.key, found.authority_key_ids, found.jurisdictions) == (KEY.public_key, (), ("0757",))
    other = SoftwareKey.generate(Algorithm.EDDSA).public_key
    trust = Trust.loads(
        table(anchor=None, keys=f"keys = [{inline(KEY.public_key, kid='1')}, {inline(other, kid='2')}]")
    )
    assert trust.issuer(Named(issuer=BOXTEL, key_id="1"), RESIDENT, at=NOW).key == KEY.public_key
    assert trust.issuer(Named(issuer=BOXTEL, key_id="2"), RESIDENT, at=NOW).key == other
    assert refusal(trust, Named(issuer=BOXTEL)) is module.ISSUER_KEY
    assert refusal(trust, Named(issuer=BOXTEL, key_id=thumbprint)) is module.ISSUER_KEY


@negative("NEG-JOSE-007")
@pytest.mark.parametrize("key_id", ["", "1", "../../etc/passwd", "' OR 1=1 --", "a" * 100_000, "\x00", "\u0131"])
def test_issuer_key_a_key_that_is_not_pinned_is_refused_whatever_it_is_called(key_id: str) -> None:
    assert refusal(PINNED, Named(issuer=BOXTEL, key_id=key_id)) is module.ISSUER_KEY


@negative("NEG-JOSE-003")
def test_an_issuer_with_anchors_has_no_pinned_key() -> None:
    assert refusal(TRUST, Named(issuer=BOXTEL)) is module.ISSUER_MECHANISM


def test_a_pinned_issuer_is_held_to_its_name_and_types_too() -> None:
    assert refusal(PINNED, Named(issuer=VUGHT)) is module.ISSUER_KNOWN
    assert refusal(PINNED, Named(issuer=BOXTEL), PERSON) is module.ISSUER_TYPE


# -- municipalities ---------------------------------------------------------------------------------------------------

ISSUER = TrustedIssuer(party=Party(id=BOXTEL, name="Town"), key=KEY.public_key, jurisdictions=("0757", "0865"))


def outcome(type: CredentialType, document: Any) -> Outcome:
    trail = Trail()
    require_jurisdiction(ISSUER, type, document, trail)
    (step,) = trail.done()
    assert step.check is module.JURISDICTION
    return step.outcome


def test_a_municipality_of_the_issuers_own_is_accepted() -> None:
    for code in ("0757", "0865"):
        assert outcome(RESIDENT, {"municipality": {"code": code}}) is Outcome.PASSED
        assert outcome(RESIDENT, MappingProxyType({"municipality": MappingProxyType({"code": code})})) is Outcome.PASSED


@pytest.mark.parametrize("code", ["0826", "757", "07570", "", " 0757", 757, 757.0, True, ["0757"], {"0757": "0757"}])
def test_jurisdiction_the_municipality_of_another_is_refused(code: Any) -> None:
    with pytest.raises(Rejected) as caught:
        outcome(RESIDENT, {"municipality": {"code": code}})
    assert caught.value.check is module.JURISDICTION
    assert caught.value.reason is Reason.UNTRUSTED_ISSUER


def test_jurisdiction_an_issuer_without_municipalities_speaks_for_none() -> None:
    nowhere = TrustedIssuer(party=Party(id=BOXTEL, name="Town"), key=KEY.public_key)
    with pytest.raises(Rejected):
        require_jurisdiction(nowhere, RESIDENT, {"municipality": {"code": "0757"}}, Trail())


def test_what_speaks_of_no_municipality_or_does_not_show_it_is_not_looked_at() -> None:
    assert outcome(PERSON, {"municipality": {"code": "0826"}}) is Outcome.NOT_APPLICABLE
    shown: tuple[dict[str, Any], ...] = (
        {},
        {"municipality": {}},
        {"municipality": "0826"},
        {"municipality": {"name": "T"}},
    )
    for document in shown:
        assert outcome(RESIDENT, document) is Outcome.NOT_APPLICABLE


# -- verifiers --------------------------------------------------------------------------------------------------------


def test_a_verifier_is_known_by_its_full_identifier() -> None:
    client = "redirect_uri:https://notary.example/answer"
    trust = Trust.loads(f'[verifiers."{client}"]\nname = "A notary"\nentitled = ["t:bsn:1"]\n[verifiers.other]\n')
    assert trust.verifier(client).party == Party(id=client, name="A notary")
    assert trust.verifier(client).entitled == ("t:bsn:1",)
    assert trust.verifier("other").entitled == ()
    for stranger in ("https://notary.example/answer", client + "/", ""):
        with pytest.raises(Rejected) as caught:
            trust.verifier(stranger)
        assert caught.value.check is module.VERIFIER_KNOWN


# -- the file ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "issuers = 1",
        "[issuers]\na = 1",
        "[[issuers]]",
        "unknown = 1",
        "[verifier.a]\nname = 'x'",
        "[verifiers.a]\nname = ''",
        "[verifiers.a]\nname = 1",
        "[verifiers.a]\nentitled = 'all'",
        "[verifiers.a]\nentitled = [1]",
        "[verifiers.a]\nentitle = ['t']",
        "[verifiers.'']\nname = 'x'",
        table() + table(),  # an issuer twice
        table() + "trusted = true",
        table(anchor=None),
        table(anchor=None, keys="keys = []"),
        table(keys=f"keys = [{inline(KEY.public_key)}]"),  # both anchors and keys
        table(anchor=None, keys=f"keys = [{inline(KEY.public_key)}, {inline(KEY.public_key)}]"),
        table(anchor=None, keys=f"keys = [{inline(KEY.public_key, d='AA')}]"),
        table(anchor=None, keys=f"keys = [{inline(KEY.public_key, alg='ES384')}]"),
        table(anchor=None, keys=f"keys = [{inline(KEY.public_key)[:-1]}, kid = 1 }}]"),
        table(anchor=None, keys="keys = ['key']"),
        table(anchor=None, keys="anchors = ['']"),
        table(anchor=None, keys="anchors = ['-----BEGIN CERTIFICATE-----']"),
        table(anchor=None, keys="anchors = 'pem'"),
        table(anchor=None, keys=f"anchors = [{quoted(dump_pem_chain([CA, CA]).decode())}]"),
        table(types="[]"),
        table(types="'t'"),
        table(types="[1]"),
        table(types="['t', ['t']]"),
        table(municipalities="['757']"),
        table(municipalities="[757]"),
        table(municipalities="['0757\\n']"),
        table(municipalities="['٠٧٥٧']"),
        "[issuers",
        "a = " + "[" * 5000,
        "a = " + "9" * 5000,
        "\ud800",
        "\x00",
    ],
)
def test_a_trust_file_with_a_slip_in_it_is_malformed_as_a_whole(text: str) -> None:
    with pytest.raises(Malformed):
        Trust.loads(text)


def test_an_error_in_the_file_itself_says_that_it_is_the_trust_file() -> None:
    with pytest.raises(Malformed) as caught:
        Trust.loads("no toml")
    assert caught.value.where == ("trust file",)


def test_what_is_no_file_of_text_gets_no_issuer(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="not a regular file"):
        add(tmp_path)
    (tmp_path / "bytes").write_bytes(b"# \xff\n")
    with pytest.raises(Malformed, match="UTF-8"):
        add(tmp_path / "bytes")
    assert (tmp_path / "bytes").read_bytes() == b"# \xff\n"


def test_an_error_says_which_entry_it_is_about() -> None:
    with pytest.raises(Malformed) as caught:
        Trust.loads(table(VUGHT, types="[]"))
    assert caught.value.where == ("issuers", VUGHT)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60) | st.text('[]issuer."=\n{}a1', max_size=40).map(str.encode))
def test_any_bytes_are_a_trust_file_or_malformed(data: bytes) -> None:
    try:
        assert isinstance(Trust.loads(data), Trust)
    except Malformed:
        return


def test_a_trust_file_is_bounded_and_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Misuse):
        Trust.load(tmp_path / "none")
    monkeypatch.setattr(entries, "TRUST_LIMIT", 100)
    (tmp_path / "large").write_text("#" * 101)
    with pytest.raises(Malformed):
        Trust.load(tmp_path / "large")
    assert Trust.loads("") == Trust()


# -- writing it -------------------------------------------------------------------------------------------------------

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)


def add(path: Path, issuer: str = BOXTEL, **more: Any) -> None:
    defaults = {
        "anchor_pem": dump_pem_chain([CA]),
        "name": "Town",
        "types": ["t:inwoner:1"],
        "municipalities": ["0757"],
    }
    add_issuer(path, issuer=issuer, **{**defaults, **more})


@settings(max_examples=60, deadline=None)
@given(issuer=names, name=names, types=st.lists(names, min_size=1, max_size=3, unique=True))
def test_what_is_written_is_what_is_read(
    issuer: str, name: str, types: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("trust") / "trust.toml"
    add(path, issuer, name=name, types=types)
    add(path, issuer + "2", name=name, types=types, municipalities=[])
    entry = Trust.load(path).issuers[issuer]
    assert (entry.name, entry.types, entry.anchors, entry.municipalities) == (name, tuple(types), (CA,), ("0757",))
    add(path, issuer, name=name, types=["more"])
    assert Trust.load(path).issuers[issuer].types == tuple(dict.fromkeys((*types, "more")))
    assert len(Trust.load(path).issuers) == 2


def test_a_new_issuer_goes_below_what_the_file_holds_with_its_notes(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    path.write_text(f"# ours\n{table(VUGHT)}[verifiers.a]\nname = 'x'\n# the end")
    add(path)
    assert path.read_text().startswith("# ours\n")
    assert "# the end\n" in path.read_text()
    trust = Trust.load(path)
    assert set(trust.issuers) == {BOXTEL, VUGHT}
    assert trust.verifier("a").party.name == "x"
    assert [one.name for one in tmp_path.iterdir()] == ["trust.toml"]


def test_only_what_an_issuer_has_is_written_of_it(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    add(path, municipalities=[])
    assert [line.partition(" =")[0] for line in path.read_text().splitlines() if " = " in line] == [
        *("name", "anchors", "types")
    ]


def test_the_file_is_on_the_disk_whole_before_it_takes_the_place_of_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, seen = tmp_path / "trust.toml", []
    monkeypatch.setattr("os.fsync", lambda number: seen.append(Path(f"/proc/self/fd/{number}").read_bytes()))
    add(path)
    assert seen == [path.read_bytes()]


def test_a_file_that_could_not_take_its_place_is_left_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(Unavailable, match="cannot be written"):
        add(tmp_path / "trust.toml")
    assert list(tmp_path.iterdir()) == []


def test_widening_an_issuer_keeps_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    other = SoftwareKey.generate(Algorithm.ES256).public_key
    key = f"keys = [{inline(KEY.public_key, kid='1')}, {inline(other, kid='2')}]"
    path.write_text(table() + table(VUGHT, anchor=None, keys=key) + "[verifiers.a]\nname = 'x'\nentitled = ['t']\n")
    before = Trust.load(path)
    add(path, types=["t:adres:1"])
    after = Trust.load(path)
    assert after.issuers[BOXTEL].types == ("t:inwoner:1", "t:adres:1")
    assert after.issuers[VUGHT] == before.issuers[VUGHT]
    assert len(after.issuers[VUGHT].keys) == 2
    assert after.verifiers == before.verifiers
    add(path, types=after.issuers[BOXTEL].types, municipalities=["0865"])
    add(path, types=after.issuers[BOXTEL].types, municipalities=["0757", "0865"], anchor_pem=dump_pem_chain([OTHER_CA]))
    entry = Trust.load(path).issuers[BOXTEL]
    assert (entry.municipalities, entry.anchors) == (("0757", "0865"), (CA, OTHER_CA))


def test_no_issuer_is_widened_in_two_respects_at_once(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    add(path)
    before = path.read_bytes()
    other = dump_pem_chain([OTHER_CA])
    for more in (
        {"types": ["t:adres:1"], "municipalities": ["0865"]},
        {"types": ["t:adres:1"], "anchor_pem": other},
        {"municipalities": ["0865"], "anchor_pem": other},
        {"municipalities": [], "types": ["t:adres:1"]},
    ):
        with pytest.raises(Misuse):
            add(path, **more)
    assert path.read_bytes() == before


def test_a_pinned_issuer_gets_no_anchor_beside_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    path.write_text(table(anchor=None, keys=f"keys = [{inline(KEY.public_key)}]"))
    with pytest.raises(Misuse, match="pinned keys"):
        add(path)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"anchor_pem": b""}, Malformed),
        ({"anchor_pem": dump_pem_chain([CA, OTHER_CA])}, Misuse),
        ({"anchor_pem": dump_pem_chain([leaf(BOXTEL)])}, Misuse),
        ({"types": []}, Misuse),
        ({"municipalities": ["757"]}, Misuse),
        ({"municipalities": ["Boxtel"]}, Misuse),
        ({"issuer": ""}, Misuse),
        ({"name": " "}, Misuse),
        ({"name": "\ud800"}, Misuse),
    ],
)
def test_what_cannot_be_trusted_is_not_written(more: dict[str, Any], error: type[Exception], tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    with pytest.raises(error):
        add(path, **more)
    assert not path.exists()


@pytest.mark.parametrize("text", ["not toml", "issuers = {}\n", "[issuers", "\ufeff"])
def test_a_file_to_which_nothing_can_be_added_stays_as_it_is(text: str, tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    path.write_text(text)
    with pytest.raises((Malformed, Misuse)):
        add(path)
    assert path.read_text() == text


def test_a_file_that_cannot_be_written_is_misuse(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "trust.toml"):
        with pytest.raises(Misuse):
            add(path)
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_plain_toml(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    add(path)
    whole = tomllib.loads(path.read_text())
    assert whole["issuers"][BOXTEL]["municipalities"] == ["0757"]


# -- document signers -------------------------------------------------------------------------------------------------

FOREIGN_KEY = SoftwareKey.generate(Algorithm.ES256)


def signer(uri: str = BOXTEL, *, authority: bytes = CA, key: SoftwareKey = CA_KEY) -> DocumentSigner:
    der = make_document_signer(
        FOREIGN_KEY.public_key, name="Signer", uri=uri, authority=authority, authority_key=key, at=NOW
    )
    return DocumentSigner(certificates=(der,))


def with_own_authority(text: str) -> str:
    return text.replace("types =", "iaca = true\ntypes =")


def test_a_document_signer_is_that_of_the_issuer_whose_name_it_bears() -> None:
    found = TRUST.issuer(signer(), RESIDENT, at=NOW)
    assert (found.party.id, found.key, found.jurisdictions) == (BOXTEL, FOREIGN_KEY.public_key, ("0757",))
    assert found.authority_key_ids


def test_a_document_signer_without_a_name_that_is_known_is_of_nobody() -> None:
    assert refusal(TRUST, signer("https://elsewhere.example")) is module.ISSUER_KNOWN


def test_an_authority_of_an_issuers_own_makes_every_document_signer_below_it_that_issuers() -> None:
    trust = Trust.loads(with_own_authority(table()) + table(VUGHT, anchor=OTHER_CA, municipalities='["0865"]'))
    assert trust.issuer(signer("https://signers.example/7"), RESIDENT, at=NOW).party.id == BOXTEL
    assert trust.issuer(signer(VUGHT, authority=OTHER_CA, key=OTHER_CA_KEY), RESIDENT, at=NOW).party.id == VUGHT
    # but not those that bear another issuer's name, nor the leaves of other formats
    assert refusal(trust, signer(VUGHT)) is x509.PATH
    assert refusal(trust, Chain(certificates=(leaf("https://signers.example/7"),))) is module.ISSUER_KNOWN
    unknown = signer("https://signers.example/7", authority=OTHER_CA, key=OTHER_CA_KEY)
    assert refusal(trust, unknown) is module.ISSUER_KNOWN


def test_any_one_of_several_authorities_of_an_issuers_own_makes_its_signers() -> None:
    several = f"anchors = [{', '.join(quoted(dump_pem_chain([one]).decode()) for one in (CA, OTHER_CA))}]"
    alone = f"anchors = [{quoted(dump_pem_chain([CA]).decode())}]"
    trust = Trust.loads(with_own_authority(table()).replace(alone, several))
    for authority, key in ((CA, CA_KEY), (OTHER_CA, OTHER_CA_KEY)):
        one = signer("https://signers.example/7", authority=authority, key=key)
        assert trust.issuer(one, RESIDENT, at=NOW).party.id == BOXTEL


def test_a_document_signer_is_no_way_to_an_issuer_with_keys() -> None:
    assert refusal(PINNED, signer()) is module.ISSUER_MECHANISM


def test_a_leaf_for_other_things_is_no_document_signer() -> None:
    assert refusal(TRUST, DocumentSigner(certificates=(leaf(BOXTEL),))) is iaca.SIGNER_USE


def test_a_document_signer_may_sign_for_other_formats_under_the_issuers_name_alone() -> None:
    chain = Chain(certificates=signer().certificates, issuer=BOXTEL)
    assert TRUST.issuer(chain, RESIDENT, at=NOW).party.id == BOXTEL
    unnamed = Chain(certificates=signer("https://signers.example/7").certificates, issuer=BOXTEL)
    assert refusal(Trust.loads(with_own_authority(table())), unnamed) is module.ISSUER_IN_LEAF


def test_an_issuer_of_which_nothing_is_said_publishes_no_keys_and_has_no_authority_of_its_own() -> None:
    entry = IssuerEntry(name="Town", types=("t:inwoner:1",))
    anchored = replace(entry, anchors=(CA,))
    assert refusal(Trust(issuers={BOXTEL: entry}), Named(issuer=BOXTEL)) is module.ISSUER_MECHANISM
    assert refusal(Trust(issuers={BOXTEL: anchored}), Named(issuer=BOXTEL)) is module.ISSUER_MECHANISM
    unnamed = signer("https://signers.example/7")
    assert refusal(Trust(issuers={BOXTEL: anchored}), unnamed) is module.ISSUER_KNOWN


def test_whose_signer_the_file_does_not_say_is_not_guessed() -> None:
    trust = Trust.loads(with_own_authority(table()) + table(VUGHT, municipalities='["0865"]'))
    assert trust.issuer(signer(VUGHT), RESIDENT, at=NOW).jurisdictions == ("0865",)
    assert trust.issuer(signer("https://else.example"), RESIDENT, at=NOW).party.id == BOXTEL


@pytest.mark.parametrize(
    "text",
    [
        with_own_authority(table()).replace("iaca = true", "iaca = 1"),
        with_own_authority(table(anchor=None, keys=f"keys = [{inline(KEY.public_key)}]")),
        with_own_authority(table()) + with_own_authority(table(VUGHT)),
        with_own_authority(table()) + with_own_authority(table(VUGHT, anchor=make_authority("CA", CA_KEY, at=NOW))),
        with_own_authority(table()) + with_own_authority(table(VUGHT, anchor=make_authority("CA", KEY, at=NOW))),
    ],
)
def test_an_authority_of_ones_own_has_anchors_and_one_owner(text: str) -> None:
    with pytest.raises(Malformed):
        Trust.loads(text)


def test_whose_signer_it_is_is_known_among_hundreds_of_authorities_as_soon_as_among_a_few() -> None:
    # more than certificates are kept read: none but that of the signer's own issuer may be looked at for a token
    many = [make_authority(f"Authority {number}", OTHER_CA_KEY, at=NOW) for number in range(x509.VERIFIED_CHAINS + 1)]
    texts = [table(f"https://{number}.example", anchor=one) for number, one in enumerate(many)]
    trust = Trust.loads(with_own_authority("".join((*texts, table()))))
    x509.read_certificate.cache_clear()
    assert trust.issuer(signer("https://signers.example/7"), RESIDENT, at=NOW).party.id == BOXTEL
    assert x509.read_certificate.cache_info().misses <= 2


def test_an_authority_that_was_renewed_stands_twice_in_the_entry_of_its_issuer() -> None:
    both = dump_pem_chain([CA]).decode(), dump_pem_chain([make_authority("CA", FOREIGN_KEY, at=NOW)]).decode()
    text = with_own_authority(table(anchor=None, keys=f"anchors = [{', '.join(map(quoted, both))}]"))
    assert Trust.loads(text).issuer(signer("https://signers.example/7"), RESIDENT, at=NOW).party.id == BOXTEL


def test_a_file_that_is_written_anew_still_says_whose_authority_it_is(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    path.write_text(with_own_authority(table()), "utf-8")
    add_issuer(
        path, anchor_pem=dump_pem_chain([CA]), issuer=BOXTEL, name="Boxtel", types=["t:more:1"], municipalities=["0757"]
    )
    assert Trust.load(path).issuers[BOXTEL].iaca


def test_an_authority_of_ones_own_is_added_as_one_and_never_by_the_way(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    add(path, iaca=True)
    assert Trust.load(path).issuers[BOXTEL].iaca
    add(path, types=[RESIDENT.id, PERSON.id])  # more types: what its anchors are stays
    assert Trust.load(path).issuers[BOXTEL].iaca
    other = make_authority("Another", SoftwareKey.generate(Algorithm.ES256), at=NOW)
    with pytest.raises(Misuse):  # else every signer below the new anchor would be this issuer's, unsaid
        add(path, anchor_pem=dump_pem_chain([other]), types=[RESIDENT.id, PERSON.id])
    add(path, anchor_pem=dump_pem_chain([other]), types=[RESIDENT.id, PERSON.id], iaca=True)
    assert len(Trust.load(path).issuers[BOXTEL].anchors) == 2
    plain = tmp_path / "plain.toml"
    add(plain)
    several: list[dict[str, Any]] = [{}, {"anchor_pem": dump_pem_chain([other])}]
    for more in several:
        with pytest.raises(Misuse):
            add(plain, iaca=True, **more)
    with pytest.raises(Misuse):
        add(tmp_path / "new.toml", anchor_pem=None, iaca=True)


def test_what_document_signers_are_certified_for_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    add(path, signer_use=iaca.EU_DOCUMENT_SIGNER)
    add(path, types=[RESIDENT.id, PERSON.id])
    assert Trust.load(path).issuers[BOXTEL].signer_use == iaca.EU_DOCUMENT_SIGNER
    with pytest.raises(Misuse):
        add(path, types=[RESIDENT.id, PERSON.id], signer_use="1.2.3")
    with pytest.raises(Misuse):
        add(tmp_path / "new.toml", signer_use="ISO")
    with pytest.raises(Misuse):
        add(tmp_path / "new.toml", anchor_pem=None, signer_use="1.2.3")
    add(tmp_path / "new.toml")
    assert "signer_use" not in (tmp_path / "new.toml").read_text()


@pytest.mark.parametrize("stated", ["5", "true", '["1.2.3"]', '"ISO"', '""'])
def test_what_document_signers_are_certified_for_is_a_dotted_identifier_in_the_file_too(stated: str) -> None:
    with pytest.raises(Malformed, match="signer_use"):
        Trust.loads(with_own_authority(table()).replace("iaca = true", f"iaca = true\nsigner_use = {stated}"))


def test_who_had_no_anchor_gets_it_with_what_its_signers_are_certified_for(tmp_path: Path) -> None:
    path = tmp_path / "trust.toml"
    add(path, anchor_pem=None, controllers=["did:web:boxtel.example"])
    add(path, controllers=["did:web:boxtel.example"], signer_use=iaca.EU_DOCUMENT_SIGNER)
    entry = Trust.load(path).issuers[BOXTEL]
    assert (entry.anchors, entry.signer_use) == ((CA,), iaca.EU_DOCUMENT_SIGNER)
