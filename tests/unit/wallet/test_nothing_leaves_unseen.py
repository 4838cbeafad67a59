"""What is shown before anybody agrees holds all that leaves, whatever a stranger calls it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from eigendata.encoding import Json, freeze, json_dumps
from eigendata.formats import FORMATS
from eigendata.model import CredentialType, Party
from eigendata.wallet.consent import lines_of
from eigendata.wallet.records import Holding
from tests.unit.formats.di.forge import NOW, TYPE, Issuers, document, signed

AT = datetime(2026, 5, 4, tzinfo=UTC)


def held(format: str, said: dict[str, Json]) -> Holding:
    document = freeze(said)
    assert isinstance(document, Mapping)
    return Holding(
        session=bytes(16),
        type=CredentialType.foreign("com.example.card"),
        format=format,
        issuer=Party(id="https://stranger.example", name="A stranger"),
        authority_key_ids=(),
        document=document,
        withheld=(),
        added_at=AT,
        expires_at=AT,
        copies={0: bytes(16)},
    )


@pytest.mark.parametrize("name", sorted(FORMATS["dc+sd-jwt"].technical))
def test_what_holds_a_token_of_one_format_together_may_be_a_claim_in_another(name: str) -> None:
    said: dict[str, Json] = {name: {"illness": "none of yours"}}
    assert list(lines_of(held("dc+sd-jwt", said))) == []
    for other in FORMATS.keys() - {"dc+sd-jwt"}:
        assert [place for place, _ in lines_of(held(other, said))] == [(name, "illness")]


@pytest.mark.parametrize("name", ["name", "description"])
def test_what_a_whole_card_is_called_is_seen_as_it_leaves_with_it(name: str) -> None:
    token = json_dumps(signed(document(**{name: "The card of one who owes us money"})))
    authentic = FORMATS["ldp_vc"].parse_credential(token).verify([TYPE], trust=Issuers(), at=NOW)
    lines = dict(lines_of(held("ldp_vc", dict(authentic.document))))
    assert lines[(name,)].value == "The card of one who owes us money"
