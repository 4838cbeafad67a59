"""Trust grows with what is in the file and shrinks with what is taken out of it, and never the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata.crypto.access import make_access_certificate
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority, make_issuer_certificate
from eigendata.errors import EigendataError, Rejected
from eigendata.model import Chain, CredentialType, Named, Origin
from eigendata.trust import Trust, VerifierEntry
from tests.world import AT

ISSUERS = ("https://a.example", "https://b.example", "https://c.example")
TYPES = tuple(CredentialType.foreign(f"t:{name}:1") for name in ("x", "y", "z"))
KEYS = tuple(SoftwareKey.generate(Algorithm.ES256) for _ in range(3))
KEY_IDS = ("1", "2", "3")


@cache
def authorities() -> tuple[tuple[SoftwareKey, bytes], ...]:
    keys = [SoftwareKey.generate(Algorithm.ES256) for _ in range(3)]
    return tuple((key, make_authority(f"CA {index}", key, at=AT)) for index, key in enumerate(keys))


@cache
def origins() -> tuple[Origin, ...]:
    """Every way in which a token may say whose it is: each issuer by each key, or by a leaf of each authority."""
    named = [Named(issuer=issuer, key_id=key_id) for issuer in ISSUERS for key_id in KEY_IDS]
    chains = [
        Chain(certificates=(_leaf(issuer, authority), *more), issuer=stated)
        for issuer in ISSUERS
        for authority in range(3)
        for stated in (issuer, None)
        for more in ((), (authorities()[authority][1],))
    ]
    return (*named, *chains)


@cache
def _leaf(issuer: str, authority: int) -> bytes:
    key, certificate = authorities()[authority]
    return make_issuer_certificate(
        KEYS[0].public_key, name="Town", uri=issuer, authority=certificate, authority_key=key, at=AT, municipality=None
    )


def inline(key: PublicKey, key_id: str) -> str:
    return "{ " + ", ".join(f'{name} = "{value}"' for name, value in {**key.jwk(), "kid": key_id}.items()) + " }"


def written(entries: Any) -> Trust:
    """Entries: issuer -> (types, whether by a chain, which keys or authorities), each by its number."""
    text = ""
    for issuer, (types, chained, which) in entries.items():
        listed = ", ".join(f'"{TYPES[one].id}"' for one in sorted(types))
        if chained:
            found = ", ".join(f"'''{dump_pem_chain([authorities()[one][1]]).decode()}'''" for one in sorted(which))
            keys = f"anchors = [{found}]"
        else:
            keys = f"keys = [{', '.join(inline(KEYS[one].public_key, KEY_IDS[one]) for one in sorted(which))}]"
        text += f'[issuers."{issuer}"]\nname = "Town"\n{keys}\ntypes = [{listed}]\n'
    return Trust.loads(text)


NUMBERS = st.sets(st.integers(0, 2), min_size=1)
ENTRIES = st.dictionaries(st.sampled_from(ISSUERS), st.tuples(NUMBERS, st.booleans(), NUMBERS), min_size=1)


def believed(trust: Trust) -> dict[tuple[Origin, str], PublicKey]:
    """Everything that this trust believes of all that can be asked, and by which key."""
    found: dict[tuple[Origin, str], PublicKey] = {}
    for origin in origins():
        for one in TYPES:
            try:
                found[origin, one.id] = trust.issuer(origin, one, at=AT).key
            except EigendataError:
                continue
    return found


@settings(max_examples=30)
@given(entries=ENTRIES, data=st.data())
def test_what_is_taken_out_of_the_file_never_makes_more_believed(entries: Any, data: st.DataObject) -> None:
    """Of a token that says which key it means: one that leaves it open is believed where there is but one key."""
    fewer = {}
    for issuer, (types, chained, which) in entries.items():
        if data.draw(st.booleans()):
            types = data.draw(st.sets(st.sampled_from(sorted(types)), min_size=1))
            which = data.draw(st.sets(st.sampled_from(sorted(which)), min_size=1))
            fewer[issuer] = (types, chained, which)
    less = believed(written(fewer)) if fewer else {}
    assert less.items() <= believed(written(entries)).items()


@settings(max_examples=30)
@given(entries=ENTRIES)
def test_an_issuer_is_believed_for_what_its_own_entry_says_and_nothing_else(entries: Any) -> None:
    found = believed(written(entries))
    for issuer, (types, chained, which) in entries.items():
        for one in which:
            own: Origin = Named(issuer=issuer, key_id=KEY_IDS[one])
            if chained:
                own = Chain(certificates=(_leaf(issuer, one),), issuer=issuer)
            assert {TYPES[number].id for number in types} == {type_id for origin, type_id in found if origin == own}
    for (origin, type_id), key in found.items():
        issuer = origin.issuer or next(one for one in ISSUERS if one.encode() in origin.certificates[0])  # type: ignore[union-attr]
        types, chained, which = entries[issuer]
        assert type_id in {TYPES[one].id for one in types}
        assert isinstance(origin, Chain) == chained
        if isinstance(origin, Named):
            assert key == KEYS[KEY_IDS.index(str(origin.key_id))].public_key
            assert KEY_IDS.index(str(origin.key_id)) in which
        else:
            assert key == KEYS[0].public_key


# -- verifiers --------------------------------------------------------------------------------------------------------

HOSTS = ("a.example", "b.example", "c.example")
DESKS = st.dictionaries(st.sampled_from(HOSTS), NUMBERS, min_size=1)


@cache
def desks() -> tuple[tuple[tuple[str, ...], int, bytes], ...]:
    """A certificate by each authority of each name, and of several."""
    names = (*((one,) for one in HOSTS), ("a.example", "b.example"), ("c.example", "a.example"), HOSTS, ("x.example",))
    return tuple((these, authority, _access(these, authority)) for these in names for authority in range(3))


def _access(names: tuple[str, ...], authority: int) -> bytes:
    key, certificate = authorities()[authority]
    return make_access_certificate(
        KEYS[0].public_key, name="Desk", dns_names=names, authority=certificate, authority_key=key, at=AT
    )


def proven(entries: Mapping[str, set[int]]) -> dict[tuple[tuple[str, ...], int, str | None], str]:
    """Who proves to be whom, of all who can ask and all names that they can go by."""
    trust = Trust(
        verifiers={
            host: VerifierEntry(name=host, anchors=tuple(authorities()[one][1] for one in sorted(which)))
            for host, which in entries.items()
        }
    )
    found: dict[tuple[tuple[str, ...], int, str | None], str] = {}
    for names, authority, leaf in desks():
        for named in (None, *HOSTS):
            with suppress(Rejected):
                found[names, authority, named] = trust.certified_verifier((leaf,), named=named, at=AT)[0].id
    return found


@settings(max_examples=30, deadline=None)
@given(entries=DESKS, data=st.data())
def test_what_is_taken_out_of_the_file_never_lets_more_verifiers_prove_who_they_are(
    entries: dict[str, set[int]], data: st.DataObject
) -> None:
    fewer = {
        host: data.draw(st.sets(st.sampled_from(sorted(which)), min_size=1))
        for host, which in entries.items()
        if data.draw(st.booleans())
    }
    assert proven(fewer).keys() <= proven(entries).keys()


@settings(max_examples=30, deadline=None)
@given(entries=DESKS)
def test_a_verifier_is_whom_an_authority_of_that_very_entry_certified_and_nobody_else(
    entries: dict[str, set[int]],
) -> None:
    found = proven(entries)
    for (names, authority, named), host in found.items():
        assert host in names
        assert named in (None, host)
        assert authority in entries[host]
    for names, authority, _ in desks():
        for host in names:
            assert ((names, authority, host) in found) == (authority in entries.get(host, ()))
