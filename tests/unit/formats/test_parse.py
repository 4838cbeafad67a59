"""What is no SD-JWT is malformed, whatever it is, and costs little to find out."""

from __future__ import annotations

import contextlib
import json
import time
import tracemalloc
from typing import Any

import pytest

from eigendata.errors import EigendataError, Malformed, Rejected
from eigendata.formats.sdjwt import SD_JWT_VC, checks
from eigendata.formats.sdjwt.parse import DEPTH_LIMIT, DISCLOSURES_LIMIT, TOKEN_LIMIT, parse

from .forge import (
    ABSENT,
    ANY,
    HOLDER_KEY,
    digest,
    disclosure,
    forged,
    held,
    issued,
    parts,
    payload,
    proof,
    raw_disclosure,
    signed,
    signed_bytes,
    verified,
)

NAME = disclosure("salt-1", "name", "Anne")
JWK = HOLDER_KEY.public_key.jwk()


def spoilt(**changes: Any) -> bytes:
    return forged(payload(**changes))


STRUCTURE = {
    "nothing": b"",
    "a tilde": b"~",
    "tildes": b"~~~",
    "text": b"not a token",
    "a JWT without a tilde": signed(payload()),
    "no last tilde": signed(payload()) + b"~" + NAME,
    "two tildes": signed(payload()) + b"~~" + proof(signed(payload()) + b"~"),
    "a leading tilde": b"~" + forged(),
    "a trailing tilde after the proof": forged() + b"~",
    "a proof in the middle": forged() + b"~" + NAME + b"~",
    "a blank before": b" " + forged(),
    "a newline after": forged() + b"\n",
    "NUL": forged() + b"\0",
    "not ASCII": forged().replace(b"~", "~é".encode(), 1),
    "two parts": forged().replace(b".", b"", 1),
    "an empty signature": forged().partition(b"~")[0].rpartition(b".")[0] + b".~",
    "JSON serialization": json.dumps({"payload": "e30", "protected": "e30", "signature": "AA"}).encode(),
    "a payload that is an array": signed([payload()]) + b"~",
    "a payload that is no JSON": signed_bytes(b"{") + b"~",
    "a name twice in the payload": signed_bytes(b'{"iss":"a","iss":"b"}') + b"~",
    "NaN in the payload": signed_bytes(b'{"a":NaN}') + b"~",
    "a critical extension": forged(header={"crit": ["exp"], "exp": 1}),
    "a kid that is no text": forged(header={"kid": 1}),
    "an x5c that is no array": forged(header={"x5c": "MIIB"}),
    "an empty x5c": forged(header={"x5c": []}),
    "an x5c in base64url": forged(header={"x5c": ["_-_-"]}),
    "a padded disclosure": held(disclosure("s", "a", 12) + b"="),
    "a disclosure with a blank": held(NAME[:10] + b" " + NAME[10:]),
    "a disclosure with bits of no byte": held(disclosure("s", "a", 123)[:-1] + b"1"),
    "a disclosure in standard base64": held(raw_disclosure(b'["s","a","\xc3\xbf\xc3\xbf?"]').replace(b"_", b"/")),
    "a disclosure that is no JSON": held(raw_disclosure(b"salt")),
    "a name twice in a disclosure": held(raw_disclosure(b'["s","a",{"b":1,"b":2}]')),
    "1e400 in a disclosure": held(raw_disclosure(b'["s","a",1e400]')),
    "a proof that is no JWT": forged(bound=lambda shown: b"abc"),
    "a proof that is no object": forged(bound=lambda shown: signed([1], {"typ": "kb+jwt"}, HOLDER_KEY)),
    "an _sd that is text": spoilt(_sd="abc"),
    "an _sd that is an object": spoilt(_sd={}),
    "an _sd that is null": spoilt(_sd=None),
    "an _sd with a number": spoilt(_sd=[1]),
    "an _sd with an array": spoilt(_sd=[["a"]]),
    "an _sd that is text, inside": spoilt(a=[{"b": {"_sd": "abc"}}]),
    "an _sd that is text, in a disclosure": held(disclosure("s", "a", {"_sd": "abc"})),
    "an _sd beside ...": spoilt(a=[{"...": "d", "_sd": ["e"]}]),
    "a ... that is not alone": spoilt(a=[{"...": "d", "y": 1}]),
    "a ... that is no text": spoilt(a=[{"...": 1}]),
    "a ... that is an array": spoilt(a=[{"...": ["d"]}]),
    "a ... in an object": spoilt(a={"...": "d"}),
    "a ... at the top": spoilt(**{"...": "d"}),
    "a ... in the object of a disclosure": held(disclosure("s", "a", {"...": "d"})),
    "a nested _sd_alg": spoilt(a={"_sd_alg": "sha-256"}),
    "an _sd_alg in a disclosure's value": held(disclosure("s", "a", {"_sd_alg": "sha-256"})),
    "an _sd_alg in an array": spoilt(a=[{"_sd_alg": "sha-256"}]),
    "an iss that is no text": spoilt(iss=1),
    "an exp that is text": spoilt(exp="9999999999"),
    "an exp that is true": spoilt(exp=True),
    "an exp that is null": spoilt(exp=None),
    "an exp that is negative": spoilt(exp=-1),
    "an exp beyond the year 9999": spoilt(exp=253_402_300_800),
    "an nbf that is an array": spoilt(nbf=[1]),
    "an iat that is text": spoilt(iat="1"),
    "an iat disclosed as text": held(disclosure("s", "iat", "1"), iat=ABSENT),
    "an exp before iat": spoilt(exp=1, iat=2),
    "an exp at iat": spoilt(exp=2, iat=2),
    "an exp before nbf": spoilt(exp=10, iat=1, nbf=11),
    "a status that is text": spoilt(status="valid"),
    "a status that is null": spoilt(status=None),
    "a status list that is text": spoilt(status={"status_list": "x"}),
    "a status list without an index": spoilt(status={"status_list": {"uri": "u"}}),
    "a status list with a negative index": spoilt(status={"status_list": {"uri": "u", "idx": -1}}),
    "a status list with true as index": spoilt(status={"status_list": {"uri": "u", "idx": True}}),
    "an integrity that is no text": spoilt(**{"vct#integrity": 1}),
    "no other types": spoilt(aka_vcts=[]),
    "other types that are text": spoilt(aka_vcts="https://other.example/b"),
    "other types that are numbers": spoilt(aka_vcts=[1]),
    "other types with its own": spoilt(aka_vcts=["https://other.example/b", ANY.id]),
    "an aud that is a number": spoilt(aud=1),
    "an aud with a number": spoilt(aud=["a", 1]),
    "an aud that is null": spoilt(aud=None),
    "a private holder key": spoilt(cnf={"jwk": {**JWK, "d": "AAAA"}}),
    "a holder key off the curve": spoilt(cnf={"jwk": {**JWK, "x": JWK["y"], "y": JWK["x"]}}),
    "a holder key of another kind": spoilt(cnf={"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}),
    "a secret as holder key": spoilt(cnf={"jwk": {"kty": "oct", "k": "AQAB"}}),
    "a holder key that is text": spoilt(cnf={"jwk": "x"}),
}


@pytest.mark.parametrize("token", STRUCTURE.values(), ids=STRUCTURE)
def test_what_is_no_sd_jwt_is_malformed_in_parse(token: bytes) -> None:
    with pytest.raises(Malformed):
        SD_JWT_VC.parse_presentation(token)
    with pytest.raises(Malformed):
        SD_JWT_VC.parse_credential(token)


def test_the_spoilt_ones_are_taken_apart_where_nothing_is_spoilt() -> None:
    SD_JWT_VC.parse_presentation(spoilt())
    SD_JWT_VC.parse_presentation(held(disclosure("s", "a", 12)))


# -- limits -----------------------------------------------------------------------------------------------------------


def chained(depth: int, innermost: Any = 1) -> list[bytes]:
    """Disclosures that each lie in the next."""
    made = [disclosure("s", "a", innermost)]
    for _ in range(depth - 1):
        made.append(disclosure("s", "a", {"_sd": [digest(made[-1])]}))
    return made


def in_chain(depth: int, innermost: Any = 1) -> bytes:
    made = chained(depth, innermost)
    return forged(payload(_sd=[digest(made[-1])]), tuple(made))


def test_disclosures_may_lie_in_one_another_to_a_depth() -> None:
    authentic = verified(in_chain(DEPTH_LIMIT), type=ANY)
    assert len(max(authentic.revealed, key=len)) == DEPTH_LIMIT
    verified(in_chain(DEPTH_LIMIT + 1), type=ANY)  # the whole is no object inside another
    for innermost in ({"b": 1}, [1]):
        verified(in_chain(DEPTH_LIMIT, innermost), type=ANY)
        with pytest.raises(Malformed):
            SD_JWT_VC.parse_presentation(in_chain(DEPTH_LIMIT + 1, innermost))
    for depth in (DEPTH_LIMIT + 2, 1000):
        with pytest.raises(Malformed):
            SD_JWT_VC.parse_presentation(in_chain(depth))


def test_fifteen_hundred_nested_disclosures_are_malformed_and_not_a_recursion_error() -> None:
    with pytest.raises(Malformed):
        SD_JWT_VC.parse_presentation(in_chain(1500))


def test_arrays_in_one_another_are_bounded_too() -> None:
    value: list[Any] = []
    for _ in range(DEPTH_LIMIT // 2):
        value = [value]
    inner = disclosure("s", value)
    outer: Any = {"...": digest(inner)}
    for _ in range(DEPTH_LIMIT // 2):
        outer = [outer]
    with pytest.raises(Malformed):
        SD_JWT_VC.parse_presentation(forged(payload(a=outer), (inner,)))


def test_the_number_of_disclosures_is_bounded() -> None:
    made = tuple(disclosure(f"s{n}", f"n{n}", n) for n in range(DISCLOSURES_LIMIT + 1))
    assert len(verified(held(*made[:-1]), type=ANY).revealed) == DISCLOSURES_LIMIT
    with pytest.raises(Malformed):
        SD_JWT_VC.parse_presentation(held(*made))


def test_the_size_of_a_token_is_bounded() -> None:
    def padded(size: int) -> bytes:
        return signed(payload(portrait="a" * size)) + b"~"

    room = (TOKEN_LIMIT - len(padded(0))) // 4 * 3
    SD_JWT_VC.parse_presentation(padded(room))
    with pytest.raises(Malformed):
        SD_JWT_VC.parse_presentation(padded(room + 8))


def test_a_token_of_just_the_largest_size_is_read() -> None:
    def of(size: int) -> bytes:
        for kid in ("k", "kk", "kkk"):  # not every length is one of base64url
            room = (size - len(forged(payload(a=""), header={"kid": kid}, bound=False))) // 4 * 3
            for count in range(room - 3, room + 4):
                token = forged(payload(a="x" * count), header={"kid": kid}, bound=False)
                if len(token) == size:
                    return token
        raise AssertionError

    SD_JWT_VC.parse_credential(of(524_288))
    with pytest.raises(Malformed, match="bytes; at most"):
        SD_JWT_VC.parse_credential(of(524_289))


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_a_date_is_a_number_of_seconds_from_1970_up_to_the_year_9999(name: str) -> None:
    bare = {"exp": ABSENT, "iat": ABSENT}
    for moment in (1, 0.5, 253_402_300_799, *(() if name == "exp" else (0,))):
        SD_JWT_VC.parse_presentation(forged(payload(**{**bare, name: moment})))
    for moment in (True, False, -1, -0.5, 253_402_300_800, "1", None, [1], {}):
        with pytest.raises(Malformed):
            SD_JWT_VC.parse_presentation(forged(payload(**{**bare, name: moment})))


def test_an_index_in_a_list_of_withdrawals_counts_from_zero() -> None:
    def of(index: Any) -> bytes:
        return forged(payload(status={"status_list": {"uri": "https://boxtel.example/1", "idx": index}}))

    for index in (0, 1, 2**20):
        status = verified(of(index), type=ANY).status
        assert status is not None
        assert status.index == index
    wrong: tuple[Any, ...] = (True, False, -1, 0.5, "0", None, [0])
    for one in wrong:
        with pytest.raises(Malformed):
            SD_JWT_VC.parse_presentation(of(one))


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_digests_by_each_hash_of_the_registry_that_is_fit_are_found(name: str) -> None:
    one = disclosure("salt", "a", 1)
    claims = payload(_sd=[digest(one, name)], _sd_alg=name.replace("sha", "sha-"))
    assert verified(forged(claims, (one,), bound=lambda shown: proof(shown, hash=name)), type=ANY).document["a"] == 1


@pytest.mark.parametrize("name", [[], {}, 1, True, None, ["sha-256"], "sha-1", "SHA-256"])
def test_a_hash_algorithm_of_another_name_or_kind_is_none_that_is_accepted(name: Any) -> None:
    for token in (forged(payload(_sd_alg=name)), held(disclosure("salt", "a", 1), _sd_alg=name)):
        with pytest.raises(Rejected) as rejected:
            verified(token, type=ANY)
        assert rejected.value.check is checks.HASH_ALGORITHM


def test_a_payload_may_be_as_deep_as_one_json_text_whatever_it_is_made_of() -> None:
    arrays: Any = 1
    objects: Any = 1
    for _ in range(63):
        arrays, objects = [arrays], {"a": objects}
    for deep in (arrays, objects):
        SD_JWT_VC.parse_presentation(forged(payload(deep=deep)))
        with pytest.raises(Malformed):
            SD_JWT_VC.parse_presentation(forged(payload(deep=[deep])))


def test_what_is_wrong_with_one_disclosure_hides_nothing_of_the_next() -> None:
    taken, misplaced = disclosure("salt", "a", 2), disclosure("salt", 2)
    for order in ((taken, misplaced), (misplaced, taken)):
        with pytest.raises(Rejected) as rejected:
            verified(held(*order, a=1), type=ANY)
        assert rejected.value.check is checks.OBJECT_DISCLOSURE


def test_a_moment_long_past_is_a_moment() -> None:
    for exp in (1, 1.5):
        SD_JWT_VC.parse_presentation(forged(payload(exp=exp, iat=ABSENT)))
    for changes in ({"exp": 1, "iat": 1}, {"exp": 1, "nbf": 1, "iat": 0}, {"exp": 0, "iat": ABSENT}):
        with pytest.raises(Malformed):
            SD_JWT_VC.parse_presentation(forged(payload(**changes)))


def test_a_disclosure_that_is_referenced_by_many_is_put_in_one_place() -> None:
    # followed every time, thirty of these would be 2^30 claims
    made = [disclosure("s", "x", 1)]
    for level in range(30):
        twice = {"a": {"_sd": [digest(made[-1])]}, "b": {"_sd": [digest(made[-1])]}}
        made.append(disclosure("s", f"n{level}", twice))
    with pytest.raises(EigendataError):
        verified(forged(payload(_sd=[digest(made[-1])]), tuple(made)), type=ANY)


ROOM = TOKEN_LIMIT // 4 * 3 - 1000
"""Bytes that fit in one part of a token."""


def repeated(element: bytes) -> bytes:
    return signed_bytes(b'{"a":[' + b",".join([element] * (ROOM // (len(element) + 1))) + b"]}") + b"~"


HEAVY = {
    "tildes": b"~" * TOKEN_LIMIT,
    "dots": b"." * TOKEN_LIMIT,
    "brackets": raw_disclosure(b"[" * ROOM),
    "one disclosure of brackets": signed({}) + b"~" + raw_disclosure(b"[" * (ROOM - 1000)) + b"~",
    "a long number": signed_bytes(b'{"a":' + b"9" * ROOM + b"}") + b"~",
    "many digests": signed({"_sd": [str(n) for n in range(ROOM // 10)]}) + b"~",
    "many digests in an array": repeated(b'{"...":"d"}'),
    "many empty objects": repeated(b"{}"),
    "many empty arrays": repeated(b"[]"),
    "many objects": repeated(b'{"b":{}}'),
    "many objects with an empty _sd": repeated(b'{"_sd":[]}'),
    "many members": signed({f"{n}": [] for n in range(ROOM // 14)}) + b"~",
}


@pytest.mark.cost
@pytest.mark.parametrize("token", HEAVY.values(), ids=HEAVY)
def test_as_much_of_anything_as_is_read_takes_less_than_a_second_and_64_mebibytes(token: bytes) -> None:
    assert len(token) <= TOKEN_LIMIT
    start = time.thread_time()
    with contextlib.suppress(Malformed):
        SD_JWT_VC.parse_presentation(token)
    assert time.thread_time() - start < 1
    tracemalloc.start()
    with contextlib.suppress(Malformed):
        SD_JWT_VC.parse_presentation(token)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 2**20


# -- the wire ---------------------------------------------------------------------------------------------------------


def test_a_token_goes_over_the_wire_as_a_string_and_comes_back_the_same() -> None:
    token = issued()
    assert SD_JWT_VC.to_wire(token) == token.decode()
    assert SD_JWT_VC.from_wire(SD_JWT_VC.to_wire(token)) == token


@pytest.mark.parametrize("value", [None, 1, ["a"], {"payload": "e30"}, "é", "~\ud800"])
def test_what_cannot_hold_a_token_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        SD_JWT_VC.from_wire(value)


def test_the_forge_takes_its_own_tokens_apart() -> None:
    first, disclosures, last = parts(issued())
    assert first.count(b".") == 2
    assert len(disclosures) == 10
    assert last == b""


AT_THE_TOP = ("iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status", "aud")


@pytest.mark.parametrize("name", AT_THE_TOP)
def test_a_name_that_decides_at_the_top_is_any_other_name_below_it(name: str) -> None:
    below, inside = disclosure("s", name, 1), disclosure("s", "x", 1)
    for claims, shown in (
        ({"of": {"_sd": [digest(below)]}}, below),
        ({"of": {name: {"_sd": [digest(inside)]}}}, inside),
        ({"of": [{name: [{"_sd": [digest(inside)]}]}]}, inside),
    ):
        token = parse(forged(payload(**claims), (shown,)))
        assert not token.faults
        assert len(token.placed) == 1


@pytest.mark.parametrize("name", ["cnf", "status"])
def test_inside_what_decides_nothing_is_withheld_however_deep(name: str) -> None:
    inside = disclosure("s", "x", 1)
    for value in (
        {"_sd": [digest(inside)]},
        {"a": {"_sd": [digest(inside)]}},
        {"a": [{"b": {"_sd": [digest(inside)]}}]},
    ):
        assert parse(forged(payload(**{name: value}), (inside,))).faults == {checks.PROTECTED_CLAIMS}
