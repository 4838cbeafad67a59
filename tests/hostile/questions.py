"""Queries and answers that are nasty, and what registers, wallets and issuers send."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from eigendata.crypto.jose import sign_jws
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.formats.sdjwt.json_form import flattened
from eigendata.registers.brp.parsing import LIST_LIMIT

from .doors import AT, HOLDER_KEY, ISSUER, person, question
from .pieces import MIB, Maker, cut, dumped, filled, many, numbered
from .tokens import BEGUN, shown, tiny, token

# -- questions and answers --------------------------------------------------------------------------------------------


def queries() -> Mapping[str, Maker]:
    names = [f"x{index}" for index in range(16)]

    def claims(values: int = 0, path: Any = ("a", None, None)) -> list[dict[str, Any]]:
        more = {"values": list(range(values))} if values else {}
        return [{"id": name, "path": [*path, name], **more} for name in names]

    def rotated(count: int, length: int) -> list[list[str]]:
        return [[names[(place * 3 + index) % 16] for index in range(length)] for place in range(count)]

    def sets(queries: int, count: int, options: int, length: int) -> list[dict[str, Any]]:
        return [
            {"options": [[f"q{(i * 7 + o * 3 + k) % queries}" for k in range(length)] for o in range(options)]}
            for i in range(count)
        ]

    def credentials(count: int, **members: Any) -> list[dict[str, Any]]:
        return [question(**{**members, "id": f"q{index}"}) for index in range(count)]

    return {
        "many claims with values in a wide document": lambda: dumped(
            {"credentials": credentials(31, claims=claims(100))}
        ),
        "many claim sets": lambda: dumped({"credentials": credentials(14, claims=claims(), claim_sets=rotated(64, 9))}),
        "claim sets and values": lambda: dumped(
            {"credentials": credentials(14, claims=claims(100), claim_sets=rotated(64, 8))}
        ),
        "claim sets that nothing satisfies": lambda: dumped(
            {
                "credentials": credentials(
                    14, claims=[*claims()[:-1], {"id": "x15", "path": ["no"]}], claim_sets=[names] * 36
                )
            }
        ),
        "credential sets": lambda: dumped({"credentials": credentials(32), "credential_sets": sets(32, 32, 32, 6)}),
        "credential sets of one each": lambda: dumped(
            {"credentials": credentials(32), "credential_sets": sets(32, 32, 32, 1)}
        ),
        "all at once": lambda: dumped(
            {
                "credentials": credentials(32, claims=claims(60), claim_sets=rotated(15, 4), multiple=True),
                "credential_sets": sets(32, 32, 32, 6),
            }
        ),
        "paths with None again and again": lambda: dumped(
            {"credentials": credentials(30, claims=[{"path": ["a", *[None] * 30]}] * 17)}
        ),
        "many types": lambda: dumped(
            {"credentials": credentials(32, meta={"vct_values": [f"{n}" + "t" * 300 for n in range(99)]})}
        ),
        "more credentials than are read": lambda: dumped({"credentials": credentials(9_000)}),
        "authorities": lambda: dumped(
            {
                "credentials": credentials(
                    8, trusted_authorities=[{"type": "aki", "values": [f"{n:04}" for n in range(100)]}] * 100
                )
            }
        ),
    }


def fitting() -> Mapping[str, Maker]:
    wide = {"a": [[{f"x{i}": 1 for i in range(16)} for _ in range(30)] for _ in range(30)]}
    revealed = [["a", i, j, f"x{k}"] for i in range(30) for j in range(30) for k in range(16)]
    claims = [{"id": f"x{i}", "path": ["a", None, None, f"x{i}"], "values": list(range(100))} for i in range(16)]
    claim_sets = [[f"x{(place + index) % 16}" for index in range(8)] for place in range(64)]

    def written(document: Any, places: Any, **members: Any) -> bytes:
        query = {"credentials": [question(**members)]}
        return dumped({"query": query, "document": document, "revealed": places})

    return {
        "a wide document": lambda: written(wide, revealed, claims=claims),
        "a wide document and claim sets": lambda: written(wide, revealed, claims=claims, claim_sets=claim_sets),
        "much that was revealed": lambda: written(
            {"a": list(range(50_000))}, [["a", n] for n in range(50_000)], claims=[{"path": ["a", None]}]
        ),
        "much that was not asked": lambda: written(
            {"a": list(range(50_000))}, [["a", n] for n in range(50_000)], claims=[{"path": ["b"]}, {"path": ["a", 1]}]
        ),
    }


def answering() -> Mapping[str, Maker]:
    def written(sets: Any, queries: int, given: Any) -> bytes:
        credentials = [question(id=f"q{index}", multiple=True) for index in range(queries)]
        query = {"credentials": credentials, "credential_sets": sets} if sets else {"credentials": credentials}
        return dumped({"query": query, "presentations": given})

    def options(shift: int) -> list[list[str]]:
        return [[f"q{(shift * 7 + option * 3 + k * (option + 1)) % 32}" for k in range(4)] for option in range(32)]

    every = {f"q{index}": ["t"] for index in range(32)}
    return {
        "sets of overlapping options": lambda: written([{"options": options(n)} for n in range(32)], 32, every),
        "optional sets of overlapping options": lambda: written(
            [{"options": options(n), "required": False} for n in range(32)], 32, every
        ),
        "sets of overlapping options, one credential too many": lambda: written(
            [{"options": [[f"q{(n + o) % 31}" for o in range(k + 1)] for k in range(32)]} for n in range(32)], 32, every
        ),
        "many presentations of one": lambda: written(None, 1, {"q0": [str(n) for n in range(100_000)]}),
        "many that nobody asked": lambda: written(None, 1, {str(n): ["t"] for n in range(60_000)}),
    }


def answers() -> Mapping[str, Maker]:
    def answer(*tokens: Any) -> bytes:
        return dumped({"vp_token": {"q": list(tokens)}, "state": "s" * 43})

    def copies(make: Callable[[int], bytes]) -> list[str]:
        made, room = [], MIB - 200
        for number in range(64):
            text = make(number).decode()
            room -= len(text) + 3
            if room < 0:
                break
            made.append(text)
        return made

    def small(number: int) -> bytes:
        return shown(tiny(150, a=number))

    return {
        "as many presentations as there is room for": lambda: answer(*copies(small)),
        "as many in JSON": lambda: cut(answer(*map(flattened, map(str.encode, copies(small)[:40])))),
        "two of the largest": lambda: answer(
            *copies(
                lambda n: shown(
                    token(filled(BEGUN + b',"a":[' + b"%d," % n, b"{}", b"]}", between=b",", limit=380_000))
                )
            )
        ),
        "more presentations than are read": lambda: answer(*["a"] * 200_000),
        "names that nobody asked": lambda: dumped(
            {"vp_token": {str(n): ["t"] for n in range(60_000)}, "state": "s" * 43}
        ),
        "a form of escapes": lambda: filled(b"state=" + b"s" * 43 + b"&vp_token=", b"%7B"),
        "a form with JSON in it": lambda: filled(b"state=" + b"s" * 43 + b"&vp_token=%7B%22q%22%3A[", b"{},", b"]%7D"),
        "a form of names": lambda: numbered(b"", "a%d=1", between=b"&"),
    }


# -- the register, proofs and the rest --------------------------------------------------------------------------------


def registers() -> Iterator[tuple[str, str, Maker]]:
    day = {"type": "Datum", "datum": "2001-02-03", "langFormaat": "x"}
    child = {"burgerservicenummer": "999900122", "geboorte": {"datum": day}}
    numbered_place = {"code": "0757", "omschrijving": "Boxtel"}
    stay = {"type": "Adres", "gemeenteVanInschrijving": numbered_place, "datumVan": day}
    land = {"type": "Nationaliteit", "nationaliteit": {"code": "0001", "omschrijving": "Nederlandse"}}
    yield "register", "many children", lambda: dumped(person(kinderen=[child] * 9_000))
    yield "register", "many nationalities", lambda: dumped(person(nationaliteiten=[land] * 9_000))
    yield "register", "many members", lambda: dumped(person(**many(60_000)))
    yield "register", "a long name", lambda: dumped(person(naam={"voornamen": "a " * 500_000, "geslachtsnaam": "b"}))
    yield "register", "many persons", lambda: dumped({"personen": person()["personen"] * 2_500})
    yield "register", "a long code", lambda: dumped(person(gemeenteVanInschrijving={"code": "0" * 1_000_000}))
    yield "register's history", "many stays", lambda: dumped({"verblijfplaatsen": [stay] * 6_900})
    yield "register's history", "as many stays as are read", lambda: dumped({"verblijfplaatsen": [stay] * LIST_LIMIT})
    yield (
        "register's history",
        "many stays at different times",
        lambda: dumped(
            {
                "verblijfplaatsen": [
                    {**stay, "datumVan": {**day, "datum": f"{1000 + n // 300:04}-{1 + n % 12:02}-{1 + n % 28:02}"}}
                    for n in range(6_900)
                ]
            }
        ),
    )
    yield (
        "register's history",
        "as many stays as are read, at different times",
        lambda: dumped(
            {
                "verblijfplaatsen": [
                    {**stay, "datumVan": {**day, "datum": f"{1900 + n // 12:04}-{1 + n % 12:02}-01"}}
                    for n in range(LIST_LIMIT)
                ]
            }
        ),
    )
    yield "register's relatives", "many", lambda: dumped({"personen": [child] * 9_000})
    yield "population", "many people", lambda: dumped([{"burgerservicenummer": "999900109"}] * 20_000)


def others() -> Iterator[tuple[str, str, Maker]]:
    key = HOLDER_KEY.public_key.jwk()

    def proof(number: int) -> bytes:
        signer = SoftwareKey.from_secret(Algorithm.ES256, (number + 3).to_bytes(32))
        header: dict[str, Any] = {"typ": "openid4vci-proof+jwt", "jwk": signer.public_key.jwk()}
        return sign_jws(header, dumped({"aud": ISSUER, "iat": int(AT.timestamp()), "nonce": "nonce"}), signer)

    yield "proofs", "as many as are read", lambda: b"\n".join(map(proof, range(1_000)))
    yield "proofs", "one more than is read", lambda: b"\n".join([proof(1)] * 1_001)
    yield "proofs", "one of a mebibyte", lambda: proof(1)[:200] + b"A" * (MIB - 200)
    yield "challenge", "many types", lambda: dumped({**_CHALLENGE, "types": ["t"] * 200_000})
    yield "challenge", "a long nonce", lambda: dumped({**_CHALLENGE, "c_nonce": "n" * 1_000_000})
    yield "published", "many keys", lambda: dumped({"issuer": ISSUER, "jwks": {"keys": [key] * 8_000}})
    yield (
        "published",
        "as many keys as are read",
        lambda: dumped({"issuer": ISSUER, "jwks": {"keys": [{**key, "kid": str(n)} for n in range(100)]}}),
    )
    yield "published", "a key of many members", lambda: dumped({"issuer": ISSUER, "jwks": {"keys": [many(60_000)]}})
    yield "jwk", "many members", lambda: dumped({**key, **many(60_000)})
    yield "jwk", "operations", lambda: dumped({**key, "key_ops": ["sign"] * 100_000})
    yield "jwk", "a long coordinate", lambda: dumped({**key, "x": "A" * 1_000_000})
    yield "integrity", "many digests", lambda: filled(b"", b"sha256-" + b"A" * 43 + b"= ")
    yield "integrity", "many short ones", lambda: filled(b"", b"sha512-? ")
    yield "request", "a link of names", lambda: numbered(b"openid4vp://?", "a%d=1", between=b"&", limit=262_144)
    yield "request", "a link of escapes", lambda: filled(b"openid4vp://?dcql_query=", b"%5B", limit=262_144)
    yield "request", "a long name of who asks", lambda: filled(b"openid4vp://?client_id=", b"did:a:", limit=262_144)
    yield (
        "request",
        "an address of brackets",
        lambda: filled(b"openid4vp://?response_uri=https://[", b":", limit=262_144),
    )


_CHALLENGE: Final = {
    "credential_issuer": ISSUER,
    "c_nonce": "n",
    "types": ["t"],
    "expires_at": "2026-05-04T15:00:00+00:00",
}
