"""A list of withdrawals is believed of its issuer, for its own address, and for as long as it says. Nothing else is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eigendata.crypto.jose import parse_jws, sign_jws
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import b64url_decode, b64url_encode, json_dumps, json_object
from eigendata.errors import Check, Malformed, Misuse, Outcome, Reason, Rejected, Trail
from eigendata.issuer import Issuer
from eigendata.model import Chain, Party
from eigendata.registers.catalogue import INWONER
from eigendata.status import StatusBits, StatusList, parse_status_list, sign_status_list, token
from tests.negatives import negative
from tests.world import AT, BOXTEL, FORMAT, World, municipality, trust_in

URI = "https://boxtel.example/status/1"
PARTY = Party(id="https://boxtel.example", name="Gemeente Boxtel")


@pytest.fixture(scope="module")
def world() -> World:
    return World.make()


def made(issuer: Issuer, **changes: Any) -> bytes:
    seal = issuer.seals[FORMAT]
    assert isinstance(seal.origin, Chain)
    statuses = StatusBits.empty(64)
    statuses.withdraw((3, 17))
    settings: dict[str, Any] = {
        "uri": URI,
        "issuer": issuer.id,
        "chain": seal.origin.certificates,
        "lifetime": timedelta(minutes=5),
        "valid_for": timedelta(hours=24),
        "number": 7,
        "at": AT,
        **changes,
    }
    return sign_status_list(statuses, seal.signer, **settings)


def resigned(issuer: Issuer, header: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """Sign a list of which the header and claims say something else; None takes a claim away."""
    good = parse_jws(made(issuer))
    claims = {**json_object(good.payload), **changes}
    heading = {**good.header, **(header or {})}
    heading.pop("alg")
    return sign_jws(
        {name: value for name, value in heading.items() if value is not None},
        json_dumps({name: value for name, value in claims.items() if value is not None}),
        issuer.seals[FORMAT].signer,
    )


def verified(world: World, data: bytes, *, at: Any = AT, party: Party = PARTY, uri: str = URI) -> StatusList:
    trail = Trail()
    found = parse_status_list(data).verify(uri, party, INWONER, trust=world.trust, trail=trail, at=at)
    assert [step.check for step in trail.done()] == list(token.CHECKS)
    return found


def refused(world: World, data: bytes, check: Check, **settings: Any) -> None:
    """It breaks this check, and every one before it held."""
    with pytest.raises(Rejected) as caught:
        verified(world, data, **settings)
    assert caught.value.check is check
    assert check.reason is Reason.STATUS_INVALID
    assert [step.check for step in caught.value.trail] == list(token.CHECKS[: token.CHECKS.index(check)])


def test_a_list_tells_what_its_issuer_put_in_it(world: World) -> None:
    found = verified(world, made(world.boxtel))
    assert (found.uri, found.issuer) == (URI, PARTY)
    assert (found.issued, found.expires, found.lifetime) == (AT, AT + timedelta(hours=24), timedelta(minutes=5))
    assert [index for index in range(64) if found.statuses.get(index)] == [3, 17]


def test_a_list_without_an_end_and_a_lifetime_is_read(world: World) -> None:
    trail = Trail()
    data = resigned(world.boxtel, exp=None, ttl=None)
    found = parse_status_list(data).verify(URI, PARTY, INWONER, trust=world.trust, trail=trail, at=AT)
    assert (found.expires, found.lifetime) == (None, None)
    assert trail.done()[-1].outcome is Outcome.NOT_APPLICABLE


def test_nothing_of_a_list_can_be_read_before_it_was_verified(world: World) -> None:
    unverified = parse_status_list(made(world.boxtel))
    assert [name for name in dir(unverified) if not name.startswith("_")] == ["verify"]
    assert URI not in repr(unverified)


@negative("NEG-STATUS-006", "NEG-SDJWTVC-003")
@pytest.mark.parametrize("typ", [None, "JWT", "dc+sd-jwt", "kb+jwt", "statuslist+cwt", "application/x/statuslist+jwt"])
def test_only_what_says_to_be_a_list_of_withdrawals_is_one(world: World, typ: str | None) -> None:
    refused(world, resigned(world.boxtel, {"typ": typ}), token.STATUS_TYP)


@negative("NEG-STATUS-006")
def test_a_list_by_another_issuer_says_nothing(world: World) -> None:
    refused(world, made(world.gestel), token.STATUS_SIGNER)


@negative("NEG-STATUS-006")
def test_a_list_by_nobody_whom_the_trust_file_knows_says_nothing(world: World) -> None:
    stranger = municipality("https://elders.example", "Gemeente Elders", BOXTEL)
    with pytest.raises(Rejected) as caught:
        verified(world, made(stranger))
    assert caught.value.check is token.STATUS_SIGNER
    nameless = resigned(world.boxtel, {"x5c": None}, iss=None)
    with pytest.raises(Rejected) as caught:
        verified(world, nameless)
    assert caught.value.check is token.STATUS_SIGNER


@negative("NEG-STATUS-006")
def test_a_list_under_another_key_than_the_chain_shows_says_nothing(world: World) -> None:
    good = parse_jws(made(world.boxtel))
    header = {name: value for name, value in good.header.items() if name != "alg"}
    forged = sign_jws(header, good.payload, SoftwareKey.generate(Algorithm.ES256))
    refused(world, forged, token.STATUS_SIGNATURE)


@negative("NEG-STATUS-006")
def test_a_list_that_states_another_algorithm_says_nothing(world: World) -> None:
    encoded = made(world.boxtel).split(b".")
    header = json_object(b64url_decode(encoded[0]))
    for alg in ("none", "ES384", "HS256"):
        forged = b".".join((b64url_encode(json_dumps({**header, "alg": alg})).encode(), *encoded[1:]))
        refused(world, forged, token.STATUS_SIGNATURE)


@negative("NEG-STATUS-003")
def test_the_list_of_another_address_says_nothing(world: World) -> None:
    other = "https://boxtel.example/status/2"
    refused(world, made(world.boxtel, uri=other), token.STATUS_SUBJECT)
    refused(world, made(world.boxtel), token.STATUS_SUBJECT, uri=other)


@negative("NEG-STATUS-006")
def test_a_list_of_tomorrow_says_nothing(world: World) -> None:
    ahead = token.MAX_AHEAD
    assert verified(world, made(world.boxtel, at=AT + ahead))
    refused(world, made(world.boxtel, at=AT + ahead + timedelta(seconds=1)), token.STATUS_ISSUED)


@negative("NEG-STATUS-006", "NEG-STATUS-010")
def test_a_list_says_nothing_from_the_moment_of_its_end_on(world: World) -> None:
    data = made(world.boxtel)
    end = AT + timedelta(hours=24)
    assert verified(world, data, at=end - timedelta(seconds=1))
    refused(world, data, token.STATUS_NOT_EXPIRED, at=end)


@negative("NEG-STATUS-006", "NEG-STATUS-007", "NEG-STATUS-010")
@pytest.mark.parametrize(
    "changes",
    [
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"iat": -1},
        {"exp": "later"},
        {"exp": 10**12},
        {"ttl": 0},
        {"ttl": -60},
        {"ttl": 10**12},
        {"ttl": "60"},
        {"ttl": True},
        {"sub": None},
        {"sub": 1},
        {"iss": 1},
        {"status_list": None},
        {"status_list": []},
        {"status_list": {"bits": 1}},
        {"status_list": {"lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": "1", "lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": True, "lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": 3, "lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": 0, "lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": 16, "lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ=="}},
        {"status_list": {"bits": 1, "lst": "no base64url!"}},
    ],
    ids=lambda one: json_dumps(one).decode(),
)
def test_what_has_not_the_form_of_a_list_is_none(world: World, changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_status_list(resigned(world.boxtel, **changes))


def test_what_is_signed_and_cannot_be_unpacked_is_no_list(world: World) -> None:
    data = resigned(world.boxtel, status_list={"bits": 1, "lst": "AAAA"})
    with pytest.raises(Malformed):
        verified(world, data)


def test_a_token_beyond_the_limit_is_not_looked_at() -> None:
    with pytest.raises(Malformed):
        parse_status_list(b"a" * (token.MAX_TOKEN + 1))


def test_a_list_is_valid_for_as_long_as_it_is_kept(world: World) -> None:
    for lifetime, valid_for in ((0, 60), (-1, 60), (60, 59)):
        with pytest.raises(Misuse):
            made(world.boxtel, lifetime=timedelta(seconds=lifetime), valid_for=timedelta(seconds=valid_for))
    with pytest.raises(Misuse):
        made(world.boxtel, at=AT.replace(tzinfo=None))


def test_a_list_under_a_pinned_key_is_named_by_it(world: World) -> None:
    header = parse_jws(made(world.boxtel, chain=(), key_id="k1")).header
    assert (header["kid"], "x5c" in header) == ("k1", False)


def test_trust_in_the_issuer_for_the_type_is_what_counts(world: World) -> None:
    nobody = trust_in((world.gestel, (BOXTEL,)))
    with pytest.raises(Rejected) as caught:
        parse_status_list(made(world.boxtel)).verify(URI, PARTY, INWONER, trust=nobody, trail=Trail(), at=AT)
    assert caught.value.check is token.STATUS_SIGNER
