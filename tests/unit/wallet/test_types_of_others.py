"""A type that others declare, with its type metadata at hand: in the wallet, at the consent, and at the verifier."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from eigendata import cli
from eigendata.crypto.keys import PublicKey
from eigendata.errors import Check, Rejected
from eigendata.formats.sdjwt import checks
from eigendata.formats.sdjwt.type_metadata import DescribedType
from eigendata.model import NO_REPLAY_CHECK, NO_STATUS_CHECK, CredentialType
from eigendata.query import parse_query
from eigendata.registers.catalogue import CATALOGUE, PERSOON
from eigendata.verifier import Verifier
from eigendata.wallet import LEAST, Wallet
from tests.negatives import negative

from .test_attacks import LIBRARY, disclosure, signed
from .town import BOXTEL, NOW, TRUST, asked, authentic, collected, proven, request

PASSPHRASE = "een lange zin die niemand raadt"
PASS: dict[str, Any] = {
    "vct": LIBRARY.id,
    "display": [{"locale": "nl-NL", "name": "Bibliotheekpas"}, {"locale": "en", "name": "Library card"}],
    "claims": [
        {"path": ["branch"], "sd": "never", "mandatory": True, "display": [{"locale": "nl", "label": "Vestiging"}]},
        {
            "path": ["home", "town"],
            "display": [{"locale": "nl", "label": "Woonplaats"}, {"locale": "en-GB", "label": "Town"}],
        },
        {"path": ["family_name"], "sd": "always", "display": [{"locale": "nl", "label": "Naam"}]},
    ],
}


def folder(path: Path, *documents: Mapping[str, Any]) -> Path:
    path.mkdir(exist_ok=True)
    for number, one in enumerate(documents):
        (path / f"{number}.json").write_text(json.dumps(one))
    return path


@pytest.fixture
def types(tmp_path: Path) -> Mapping[str, DescribedType]:
    return DescribedType.load(folder(tmp_path / "types", PASS))


@pytest.fixture
def wallet(tmp_path: Path, types: Mapping[str, CredentialType]) -> Iterator[Wallet]:
    with Wallet.create(tmp_path / "v", PASSPHRASE, types=types, cost=LEAST) as wallet:
        yield wallet


def holder_of(wallet: Wallet) -> PublicKey:
    (holder,) = proven(wallet, BOXTEL.challenge(LIBRARY), copies=1)
    return holder


def filled(wallet: Wallet, **claims: Any) -> None:
    name, of_name = disclosure("family_name", "van den Berg")
    home, of_home = disclosure("home", {"town": "Boxtel"})
    plain = {"branch": "Centrum", "_sd": [of_name, of_home], **claims}
    wallet.add(signed(holder_of(wallet), plain, name, home), trust=TRUST, at=NOW)


def refusal(wallet: Wallet, **claims: Any) -> Check:
    with pytest.raises(Rejected) as rejected:
        filled(wallet, **claims)
    return rejected.value.check


def test_a_card_of_a_type_of_others_is_called_as_its_publisher_calls_it(wallet: Wallet) -> None:
    filled(wallet, more={"of": ["it"]})
    (card,) = wallet.cards()
    assert card.type.label == {"nl": "Bibliotheekpas", "en": "Library card"}
    labels = {line.path: line.label for line in wallet.show(card).lines}
    assert labels == {
        ("branch",): {"nl": "Vestiging", "en": "Vestiging"},
        ("home", "town"): {"nl": "Woonplaats", "en": "Town"},
        ("family_name",): {"nl": "Naam", "en": "Naam"},
        ("more", "of", 0): {"nl": "more.of.0", "en": "more.of.0"},
    }


def test_what_is_consented_to_is_called_so_too_and_the_history_remembers_it(wallet: Wallet) -> None:
    filled(wallet)
    asking = request(asked(LIBRARY, "family_name", id="library"))
    proposal = wallet.consider(asking, at=NOW)
    (offered,) = proposal.offered
    assert [line.label["nl"] for line in (*offered.lines, *offered.besides)] == ["Naam", "Vestiging"]
    answer = wallet.disclose(proposal.accept(), at=NOW)
    shown = authentic(answer, asking, LIBRARY)["library"].document
    assert shown["family_name"] == "van den Berg"
    assert wallet.history()[0].credentials[0].label["nl"] == "Bibliotheekpas"


def test_a_wallet_stores_nothing_that_its_type_metadata_forbids(wallet: Wallet) -> None:
    one, of_it = disclosure("other", 1)
    with pytest.raises(Rejected) as rejected:  # without branch; that a digest could hide it is no excuse to a holder
        wallet.add(signed(holder_of(wallet), {"_sd": [of_it, "x"]}, one), trust=TRUST, at=NOW)
    assert rejected.value.check is checks.CLAIM_MANDATORY
    with pytest.raises(Rejected) as rejected:
        wallet.add(signed(holder_of(wallet), {"branch": "x", "family_name": "x"}), trust=TRUST, at=NOW)
    assert rejected.value.check is checks.CLAIM_DISCLOSABLE
    assert refusal(wallet, **{"vct#integrity": f"sha256-{'A' * 43}="}) is checks.METADATA_INTEGRITY
    assert wallet.cards() == ()
    filled(wallet)


def test_without_its_metadata_a_card_is_called_by_its_names_and_opens_all_the_same(
    tmp_path: Path, wallet: Wallet
) -> None:
    filled(wallet)
    with Wallet.open(tmp_path / "v", PASSPHRASE) as bare:
        (card,) = bare.cards()
        assert card.type.label["nl"] == LIBRARY.id
        assert {line.label["nl"] for line in bare.show(card).lines} == {"branch", "home.town", "family_name"}


@negative("NEG-SDJWTVC-008")
def test_what_a_type_of_our_own_is_nobody_else_says(tmp_path: Path) -> None:
    spoof = {
        "vct": PERSOON.id,
        "display": [{"locale": "nl", "name": "Spaarkaart"}],
        "claims": [{"path": ["birthdate"], "sd": "never", "display": [{"locale": "nl", "label": "Schoenmaat"}]}],
    }
    others = DescribedType.load(folder(tmp_path / "types", spoof))
    with Wallet.create(tmp_path / "v", PASSPHRASE, types=others, cost=LEAST) as wallet:
        collected(wallet, PERSOON, copies=1)
        (card,) = wallet.cards()
        assert card.type.label == PERSOON.label
        labels = {line.path: line.label["nl"] for line in wallet.show(card).lines}
        assert "Schoenmaat" not in labels.values()


def test_a_verifier_holds_an_answer_against_the_metadata_that_it_was_given(
    wallet: Wallet, types: Mapping[str, DescribedType], tmp_path: Path
) -> None:
    filled(wallet)
    stricter = {**PASS, "claims": [*PASS["claims"], {"path": ["home"], "sd": "never"}]}
    strict = DescribedType.load(folder(tmp_path / "strict", stricter))
    query = parse_query({"credentials": [asked(LIBRARY, "home.town", id="library")]})
    client = "redirect_uri:https://library.example/answer"

    def verifier(known: Mapping[str, CredentialType]) -> Verifier:
        return Verifier(client, trust=TRUST, status=NO_STATUS_CHECK, once=NO_REPLAY_CHECK, types={**known, **CATALOGUE})

    asking = verifier(types).ask_query(query, at=NOW)
    answer = wallet.disclose(wallet.consider(asking, at=NOW).accept(), at=NOW)
    disclosed = verifier(types).verify(answer, asking, at=NOW)["library"]
    assert disclosed.claims == {"home": {"town": "Boxtel"}}
    assert disclosed.type.called(("home", "town"))["en"] == "Town"
    with pytest.raises(Rejected) as rejected:
        verifier(strict).verify(answer, asking, at=NOW)
    assert rejected.value.check is checks.CLAIM_DISCLOSABLE
    assert rejected.value.where == ("library", 0)


def test_the_commands_call_things_as_the_folder_of_types_does(
    wallet: Wallet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(wallet)
    wallet.close()
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    vault = ["wallet", "--vault", str(tmp_path / "v"), "--passphrase-file", str(tmp_path / "passphrase")]
    assert cli.run([*vault, "--types", str(tmp_path / "types"), "show", LIBRARY.id, "--lang", "nl"]) == 0
    said = capsys.readouterr().out
    assert "Bibliotheekpas" in said
    assert "Woonplaats: Boxtel" in said
    folder(tmp_path / "types", {"vct": LIBRARY.id, "claims": 1})
    assert cli.run([*vault, "--types", str(tmp_path / "types"), "list"]) == 2
