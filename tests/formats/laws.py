"""The laws of every credential format, written over the `Format` protocol alone. A format's test class inherits them.

A class says which format it is, how an issuer's key is found in it, and two things about its bytes: what lies inside a
token once it is decoded, and what others can do to one without any key. The rest is the same for all of them.
"""

from __future__ import annotations

import urllib.parse
from abc import abstractmethod
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import thaw
from eigendata.errors import Check, Malformed, Misuse, Outcome, Reason, Rejected
from eigendata.formats.protocol import Format, canonical
from eigendata.model import (
    UNBOUND,
    Attestation,
    Attribute,
    Authentic,
    Binding,
    ClaimPath,
    Claims,
    CredentialType,
    Holding,
    Kind,
    Origin,
    Party,
    Presence,
    Seal,
    TrustedIssuer,
    Unbound,
)
from eigendata.registers.catalogue import CATALOGUE

ISSUER = "https://issuer.example"
DAY = datetime(2026, 11, 23, tzinfo=UTC)
NOW = DAY + timedelta(hours=11)
DAYS = 14
ISSUER_KEY = SoftwareKey.generate(Algorithm.ES256)
HOLDER_KEYS = {one: SoftwareKey.generate(one) for one in Algorithm}
STRANGERS_KEYS = {one: SoftwareKey.generate(one) for one in Algorithm}
BINDING = Binding(
    audience="redirect_uri:https://corporation.example/answer", nonce="nonce-of-this-session", transcript=b"t"
)

LAW = settings(max_examples=60, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow])

_UNKNOWN = Check(name="UNKNOWN", clause="", reason=Reason.UNTRUSTED_ISSUER, rule="the issuer is known for this type")


class Issuers:
    """A trust source of one issuer for the types that it was told."""

    def __init__(self, *types: CredentialType, key: SoftwareKey = ISSUER_KEY) -> None:
        self.types = types
        self.key = key

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        if origin.issuer not in (None, ISSUER) or type not in self.types:
            raise Rejected(_UNKNOWN)
        return TrustedIssuer(party=Party(id=ISSUER, name="Municipality"), key=self.key.public_key)


def _attribute(*path: str, kind: Kind = Kind.TEXT, presence: Presence = Presence.PROMISED) -> Attribute:
    return Attribute(path=path, kind=kind, presence=presence, label={"nl": path[-1], "en": path[-1]})


TYPE = CredentialType(
    id="urn:example:laws:1",
    short="laws",
    label={"nl": "Wetten", "en": "Laws"},
    attributes=(
        _attribute("issuing_authority", presence=Presence.ALWAYS),
        _attribute("as_of", kind=Kind.DATE, presence=Presence.ALWAYS),
        _attribute("family_name"),
        _attribute("given_name"),
        _attribute("birthdate", kind=Kind.DATE),
        _attribute("birth_year", kind=Kind.YEAR),
        _attribute("resident", kind=Kind.BOOLEAN),
        _attribute("municipality", "code"),
        _attribute("municipality", "name"),
        _attribute("nationalities", kind=Kind.COUNTRIES),
        _attribute("child_birth_years", kind=Kind.YEARS),
        _attribute("set", presence=Presence.OPTIONAL),
        _attribute("absent", "family_name", kind=Kind.BOOLEAN, presence=Presence.OPTIONAL),
        _attribute("absent", "municipality", kind=Kind.BOOLEAN, presence=Presence.OPTIONAL),
    ),
)
OTHER_TYPE = CredentialType(id="urn:example:other:1", short="other", label={}, attributes=TYPE.attributes)

_PRINTABLE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
_VALUES: Mapping[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: _PRINTABLE,
    Kind.DATE: st.dates().map(lambda day: day.isoformat()),
    Kind.YEAR: st.integers(1850, 2030),
    Kind.BOOLEAN: st.booleans(),
    Kind.COUNTRIES: st.lists(st.sampled_from(["NL", "MA", "TR", "BE", "QU", "QS"]), max_size=6),
    Kind.YEARS: st.lists(st.integers(1990, 2030), max_size=6),
    Kind.YEAR_MONTH: st.dates().map(lambda day: f"{day:%Y-%m}".zfill(7)),
    Kind.INTEGER: st.integers(-(2**53) + 1, 2**53 - 1),
    Kind.COUNTRY: st.sampled_from(["NL", "MA", "TR", "BE", "QU"]),
    Kind.BSN: st.from_regex("[0-9]{9}", fullmatch=True),
}


@st.composite
def claims_of(draw: st.DrawFn, type: CredentialType) -> dict[str, Any]:
    """Claims as a register might support them: all that is always there, any of the rest."""
    claims: dict[str, Any] = {}
    for attribute in type.attributes:
        if attribute.presence is Presence.ALWAYS or draw(st.booleans()):
            *parents, last = attribute.path
            inside = claims
            for name in parents:
                inside = inside.setdefault(name, {})
            inside[last] = draw(_VALUES[attribute.kind])
    return claims


def leaves(type: CredentialType, claims: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The own paths of a type that these claims hold and a holder may withhold."""
    held = []
    for attribute in type.attributes:
        value: Any = claims
        for name in attribute.path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None and attribute.presence is not Presence.ALWAYS:
            held.append(attribute.path)
    return held


def at_path(claims: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        claims = claims[name]
    return claims


def within(some: Any, all_: Any) -> bool:
    """Tell whether some claims are among others, with the same values."""
    if isinstance(some, Mapping) and isinstance(all_, Mapping):
        return all(name in all_ and within(value, all_[name]) for name, value in some.items())
    return bool(some == all_)


def spellings(text: str) -> set[bytes]:
    """The ways in which a text might be found in bytes."""
    raw = text.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), urllib.parse.quote(text).encode()}
    found |= {text.encode("utf-16-le"), text.encode("utf-16-be")}
    # base64 of the text at each of the three places it may have in a longer one; its first and last characters mix
    for before in range(3):
        coded = b64encode(b"\0" * before + raw).rstrip(b"=")[(before * 8 + 5) // 6 : -1]
        found |= {coded, coded.translate(bytes.maketrans(b"+/", b"-_"))}
    return {one for one in found if len(one) >= 5}


class FormatLaws:
    """Inherit, say what is asked for below, and the laws are tests."""

    format: ClassVar[Format]
    has_unsigned_bytes: ClassVar[bool] = False  # a change that changes no claim may then be accepted
    proof_covers_what_is_shown: ClassVar[bool] = True  # else others can take shown elements out, and no more than that
    proof_is_dated: ClassVar[bool] = True  # else it is as old as the session that it is for
    least_of_its_own: ClassVar[int] = 200  # stretches of eight bytes that a copy shares with no other

    @property
    @abstractmethod
    def seal(self) -> Seal:
        """The seal of ISSUER."""

    @abstractmethod
    def layers(self, token: bytes) -> Iterable[bytes]:
        """A token's bytes as sent, and everything that can be decoded from them."""

    @abstractmethod
    def secrets(self, credential: bytes) -> Mapping[tuple[str, ...], bytes]:
        """Of each claim that can be withheld: the random bytes that hide it, as they stand in the layers."""

    @abstractmethod
    def own(self, credential: bytes) -> Iterable[bytes]:
        """Everything in a credential that no other has: its salts, digests, key and signature, decoded."""

    @abstractmethod
    def thinned(self, presentation: bytes) -> Iterable[bytes]:
        """The presentation with one shown element taken out by someone who has no key, for each element."""

    # -- doing --------------------------------------------------------------------------------------------------------

    @property
    def holder_key(self) -> SoftwareKey:
        return HOLDER_KEYS[self.format.holder_algorithms[0]]

    @property
    def holding(self) -> Holding:
        return Holding(key=self.holder_key, binding=BINDING)

    def issuers(self, *types: CredentialType) -> Issuers:
        signer = self.seal.signer
        assert isinstance(signer, SoftwareKey)
        return Issuers(*types, key=signer)

    def shown_anyway(self, path: tuple[str, ...]) -> bool:
        """Tell whether a claim is shown whether it was chosen or not."""
        attribute = TYPE.attribute(path)
        assert attribute is not None
        return not self.format.withholds(TYPE, attribute)

    def issued(self, claims: Claims, *, type: CredentialType = TYPE, holder: PublicKey | None = None) -> bytes:
        holder = holder or self.holder_key.public_key
        return self.format.issue(
            Attestation(
                type=type,
                issuer=ISSUER,
                claims=claims,
                holder=holder,
                issued_at=DAY,
                expires_at=DAY + timedelta(days=DAYS),
            ),
            self.seal,
        )

    def shown(
        self,
        credential: bytes,
        paths: Iterable[ClaimPath],
        holding: Holding | Unbound | None = None,
        at: datetime = NOW,
    ) -> bytes:
        places = []
        for path in paths:
            attribute = TYPE.attribute(path)
            places.append(path if attribute is None else self.format.place(TYPE, attribute))
        return self.format.present(credential, TYPE, places, holding or self.holding, at=at)

    def verified(self, token: bytes, binding: Any = BINDING, *, at: datetime = NOW) -> Authentic:
        presentation = self.format.parse_presentation(token)
        return presentation.verify([OTHER_TYPE, TYPE], binding, trust=self.issuers(TYPE), at=at)

    def claims_in(self, authentic: Authentic) -> Any:
        own = [attribute.path for attribute in TYPE.attributes]
        return thaw(canonical(self.format, TYPE, authentic.document, own))

    def one(self) -> bytes:
        """A presentation with something of everything, made once."""
        kept: bytes | None = self.__class__.__dict__.get("_one")
        if kept is None:
            kept = self.shown(self.issued(EVERYTHING), [("family_name",), ("municipality", "code"), ("nationalities",)])
            type.__setattr__(self.__class__, "_one", kept)
        return kept

    # -- what comes back is what went in ------------------------------------------------------------------------------

    @LAW
    @given(claims=claims_of(TYPE))
    def test_a_credential_holds_what_was_attested_and_its_trail_is_the_list_of_checks(self, claims: Any) -> None:
        credential = self.format.parse_credential(self.issued(claims))
        authentic = credential.verify([OTHER_TYPE, TYPE], trust=self.issuers(TYPE), at=NOW)
        assert self.claims_in(authentic) == claims
        assert authentic.holder == self.holder_key.public_key
        assert authentic.expires_at == DAY + timedelta(days=DAYS)
        assert tuple(step.check for step in authentic.trail) == self.format.checks

    @LAW
    @given(data=st.data(), claims=claims_of(TYPE))
    def test_what_is_shown_is_what_was_chosen_and_nothing_else(self, data: st.DataObject, claims: Any) -> None:
        held = leaves(TYPE, claims)
        chosen = data.draw(st.lists(st.sampled_from(held), unique=True)) if held else []
        authentic = self.verified(self.shown(self.issued(claims), chosen))
        seen = self.claims_in(authentic)
        assert leaves(TYPE, seen) == [path for path in held if path in chosen or self.shown_anyway(path)]
        assert all(at_path(seen, path) == at_path(claims, path) for path in chosen)
        assert (seen["issuing_authority"], seen["as_of"]) == (claims["issuing_authority"], claims["as_of"])
        assert tuple(step.check for step in authentic.trail) == self.format.checks
        assert all(step.outcome is not Outcome.WAIVED for step in authentic.trail)

    @pytest.mark.parametrize("declared", CATALOGUE.values(), ids=lambda one: one.short)
    @settings(LAW, max_examples=10)
    @given(data=st.data())
    def test_every_type_of_the_catalogue_is_issued_shown_and_read(
        self, declared: CredentialType, data: st.DataObject
    ) -> None:
        claims = data.draw(claims_of(declared))
        credential = self.issued(claims, type=declared)
        own = [attribute.path for attribute in declared.attributes]
        trust = self.issuers(declared)
        held = self.format.parse_credential(credential).verify([declared], trust=trust, at=NOW)
        assert thaw(canonical(self.format, declared, held.document, own)) == claims
        withheld = leaves(declared, claims)
        chosen = data.draw(st.lists(st.sampled_from(withheld), unique=True)) if withheld else []
        attributes = [one for one in declared.attributes if one.path in chosen]
        places = [self.format.place(declared, one) for one in attributes]
        token = self.format.present(credential, declared, places, self.holding, at=NOW)
        shown = self.format.parse_presentation(token).verify([declared], BINDING, trust=trust, at=NOW)
        seen: Any = thaw(canonical(self.format, declared, shown.document, own))
        anyway = {one.path for one in declared.attributes if not self.format.withholds(declared, one)}
        assert set(leaves(declared, seen)) == set(withheld) & (set(chosen) | anyway)
        assert within(seen, claims)
        assert set(shown.revealed) <= set(held.revealed)

    def test_a_token_comes_back_from_the_wire_as_the_same_bytes(self) -> None:
        for token in (self.issued(EVERYTHING), self.one()):
            assert self.format.from_wire(self.format.to_wire(token)) == token

    # -- what was changed is not accepted -----------------------------------------------------------------------------

    def refused(self, token: bytes) -> str:
        """A token that was tampered with is refused, or says what it said; give what the error says."""
        try:
            authentic = self.verified(token)
        except (Malformed, Rejected) as error:
            return repr(error)
        assert self.has_unsigned_bytes, "changed bytes were accepted"
        assert self.claims_in(authentic) == self.claims_in(self.verified(self.one()))
        return ""

    def test_a_flipped_bit_is_never_accepted(self) -> None:
        token = self.one()
        for place in range(len(token)):
            self.refused(token[:place] + bytes([token[place] ^ (1 << place % 8)]) + token[place + 1 :])

    def test_a_presentation_cut_short_is_never_accepted(self) -> None:
        for end in range(0, len(self.one()), 3):
            self.refused(self.one()[:end])
            self.refused(self.one()[end + 1 :])

    @settings(LAW, max_examples=300)
    @given(data=st.data())
    def test_bytes_put_in_taken_out_doubled_or_swapped_are_never_accepted(self, data: st.DataObject) -> None:
        token = self.one()
        a, b, c, d = sorted(data.draw(st.lists(st.integers(0, len(token)), min_size=4, max_size=4)))
        changed = data.draw(
            st.sampled_from(
                [
                    token[:a] + token[c:d] + token[b:c] + token[a:b] + token[d:],
                    token[:b] + token[a:],
                    token[:a] + token[b:],
                    token[:a] + data.draw(st.binary(min_size=1, max_size=4)) + token[a:],
                ]
            )
        )
        assume(changed != token)
        self.refused(changed)

    def test_an_element_that_someone_else_took_out_breaks_the_holders_proof(self) -> None:
        thinner = list(self.thinned(self.one()))
        assert thinner
        whole = self.verified(self.one())
        for token in thinner:
            if not self.proof_covers_what_is_shown:
                # a verifier sees that something it asked is not there, and can be shown nothing else in its place
                remaining = self.verified(token)
                assert set(remaining.revealed) < set(whole.revealed)
                assert within(self.claims_in(remaining), self.claims_in(whole))
                continue
            with pytest.raises(Rejected) as rejected:
                self.verified(token)
            assert rejected.value.reason in (Reason.KEY_BINDING_INVALID, Reason.DISCLOSURE_INVALID)

    # -- only errors, and no claims with them -------------------------------------------------------------------------

    @settings(LAW, max_examples=300)
    @given(token=st.binary(max_size=400))
    def test_any_bytes_give_one_of_the_errors(self, token: bytes) -> None:
        for parse in (self.format.parse_presentation, self.format.parse_credential):
            with pytest.raises(Malformed):
                parse(token)

    @settings(LAW, max_examples=150)
    @given(data=st.data())
    def test_bytes_that_begin_well_give_one_of_the_errors(self, data: st.DataObject) -> None:
        token = bytearray(self.one())
        for place in data.draw(st.lists(st.integers(0, len(token) - 1), min_size=1, max_size=6)):
            token[place] = data.draw(st.integers(0, 255))
        assume(bytes(token) != self.one())
        said = self.refused(bytes(token))
        assert not any(text in said for text in TEXTS)

    def test_nothing_can_be_read_before_it_was_verified(self) -> None:
        presentation = self.format.parse_presentation(self.one())
        credential = self.format.parse_credential(self.issued(EVERYTHING))
        opened = self.format.open(self.issued(EVERYTHING), TYPE)
        for thing, doors in ((presentation, ["verify"]), (credential, ["verify"]), (opened, ["present"])):
            assert [name for name in dir(thing) if not name.startswith("_")] == doors
            assert not any(text in repr(thing) for text in TEXTS)

    # -- what was not shown is not there ------------------------------------------------------------------------------

    @LAW
    @given(data=st.data())
    def test_no_value_name_or_salt_of_what_was_withheld_is_in_the_bytes_sent(self, data: st.DataObject) -> None:
        credential = self.issued(EVERYTHING)
        chosen = set(data.draw(st.lists(st.sampled_from(sorted(TEXTS.values())), unique=True)))
        token = self.shown(credential, chosen)
        sent = list(self.layers(token))
        for text, path in TEXTS.items():
            there = any(spelt in layer for spelt in spellings(text) for layer in sent)
            assert there == (path in chosen or self.shown_anyway(path)), path
        for path, secret in self.secrets(credential).items():
            if not any(path == one[: len(path)] for one in chosen):
                assert not any(secret in layer for layer in sent), path
        # a short name stands by chance in what is random
        seen = {path[0] for path in TEXTS.values() if path in chosen or self.shown_anyway(path)}
        hidden = {path[0] for path in TEXTS.values() if len(path[0]) > 6} - seen
        assert not any(name.encode() in layer for name in hidden for layer in sent)

    # -- what would tie two copies together ---------------------------------------------------------------------------

    def test_what_is_a_copys_own_shares_no_eight_bytes_with_another_copys(self) -> None:
        def windows(token: bytes) -> set[bytes]:
            return {part[at : at + 8] for part in self.own(token) for at in range(len(part) - 7)}

        keys = [SoftwareKey.generate(self.holder_key.public_key.algorithm).public_key for _ in range(5)]
        copies = [windows(self.issued(EVERYTHING, holder=key)) for key in keys]
        assert all(len(one) > self.least_of_its_own for one in copies)
        assert all(one.isdisjoint(other) for one, other in combinations(copies, 2))

    def test_no_two_secrets_are_alike(self) -> None:
        withheld = [path for path in leaves(TYPE, EVERYTHING) if not self.shown_anyway(path)]
        secrets = [secret for _ in range(400) for secret in self.secrets(self.issued(EVERYTHING)).values()]
        assert len(set(secrets)) == len(secrets) >= 400 * len({path[0] for path in withheld})

    def test_no_one_shows_to_another_what_was_shown_to_them_in_part_or_whole(self) -> None:
        other = Binding(audience="redirect_uri:https://other.example", nonce="nonce-of-the-other", transcript=b"o")
        for token in (self.one(), *self.thinned(self.one())):
            with pytest.raises(Rejected):
                self.verified(token, other)

    def test_more_that_is_trusted_never_makes_less_believed(self) -> None:
        presentation = self.format.parse_presentation(self.one())
        for types in ([], [OTHER_TYPE], [TYPE], [OTHER_TYPE, TYPE]):
            if TYPE in types:
                presentation.verify([TYPE], BINDING, trust=self.issuers(*types), at=NOW)
                continue
            with pytest.raises(Rejected):
                presentation.verify([TYPE], BINDING, trust=self.issuers(*types), at=NOW)

    # -- one verifier, one session, one holder ------------------------------------------------------------------------

    @LAW
    @given(audience=st.text(min_size=1, max_size=30), nonce=st.text(min_size=1, max_size=30))
    def test_a_presentation_is_for_one_verifier_and_one_session(self, audience: str, nonce: str) -> None:
        assume(audience != BINDING.audience and nonce != BINDING.nonce)
        for binding in (
            Binding(audience=audience, nonce=BINDING.nonce, transcript=b"other"),
            Binding(audience=BINDING.audience, nonce=nonce, transcript=b"other"),
            Binding(audience=audience, nonce=nonce, transcript=b"other"),
        ):
            with pytest.raises(Rejected) as rejected:
                self.verified(self.one(), binding)
            assert rejected.value.reason is Reason.KEY_BINDING_INVALID

    def test_only_the_holder_named_shows_a_credential(self) -> None:
        credential = self.issued(EVERYTHING)
        stranger = STRANGERS_KEYS[self.holder_key.public_key.algorithm]
        for holding in (Holding(key=stranger, binding=BINDING), UNBOUND):
            with pytest.raises(Misuse):
                self.shown(credential, [("family_name",)], holding)
        with pytest.raises((Malformed, Rejected)) as refused:
            self.verified(credential)
        if isinstance(refused.value, Rejected):
            assert refused.value.reason is Reason.KEY_BINDING_INVALID

    def test_a_presentation_is_no_credential_as_issued(self) -> None:
        with pytest.raises((Malformed, Rejected)):
            self.format.parse_credential(self.one()).verify([TYPE], trust=self.issuers(TYPE), at=NOW)

    # -- who and when -------------------------------------------------------------------------------------------------

    def test_an_issuer_is_believed_for_the_types_it_is_trusted_for_and_no_other(self) -> None:
        presentation = self.format.parse_presentation(self.one())
        for types, trust in (
            ([TYPE], self.issuers()),
            ([TYPE], self.issuers(OTHER_TYPE)),
            ([OTHER_TYPE], self.issuers(OTHER_TYPE, TYPE)),
        ):
            with pytest.raises(Rejected) as rejected:
                presentation.verify(types, BINDING, trust=trust, at=NOW)
            assert rejected.value.reason in (Reason.UNTRUSTED_ISSUER, Reason.TYPE_MISMATCH)

    @settings(LAW, max_examples=200)
    @given(seconds=st.integers(-400, 400))
    def test_a_proof_is_accepted_from_a_minute_before_to_five_after(self, seconds: int) -> None:
        fresh = not self.proof_is_dated or -60 <= seconds <= 300
        self.accepted_only_if(fresh, self.one(), NOW + timedelta(seconds=seconds))

    @LAW
    @given(hours=st.integers(-48, 24 * (DAYS + 2)))
    def test_a_credential_is_accepted_in_one_stretch_of_time(self, hours: int) -> None:
        at = DAY + timedelta(hours=hours)
        token = self.shown(self.issued(EVERYTHING), [], at=at)
        self.accepted_only_if(0 <= hours < 24 * DAYS, token, at)

    def accepted_only_if(self, accepted: bool, token: bytes, at: datetime) -> None:
        if accepted:
            self.verified(token, at=at)
            return
        with pytest.raises(Rejected) as rejected:
            self.verified(token, at=at)
        assert rejected.value.reason in (Reason.EXPIRED, Reason.NOT_YET_VALID, Reason.KEY_BINDING_INVALID)

    def test_a_naive_moment_is_refused(self) -> None:
        with pytest.raises(Misuse):
            self.verified(self.one(), at=NOW.replace(tzinfo=None))
        with pytest.raises(Misuse):
            self.shown(self.issued(EVERYTHING), [], at=NOW.replace(tzinfo=None))


EVERYTHING: Mapping[str, Any] = {
    "issuing_authority": "Gemeente Proefstad",
    "as_of": "2026-11-23",
    "family_name": "Oudejans-Kwakkelstein",
    "given_name": "Wilhelmina Jacoba",
    "birthdate": "1987-02-13",
    "birth_year": 1987,
    "resident": True,
    "municipality": {"code": "gemeentecode-0757", "name": "Zevenhuizen-Visserplein"},
    "nationalities": ["NL", "MA"],
    "child_birth_years": [2015, 2019, 2021],
    "set": "toevallig-en-uniek",
}
TEXTS: Mapping[str, tuple[str, ...]] = {
    "Oudejans-Kwakkelstein": ("family_name",),
    "Wilhelmina Jacoba": ("given_name",),
    "1987-02-13": ("birthdate",),
    "gemeentecode-0757": ("municipality", "code"),
    "Zevenhuizen-Visserplein": ("municipality", "name"),
    "toevallig-en-uniek": ("set",),
}
"""Texts that stand nowhere else, and the claims that they are the values of."""
