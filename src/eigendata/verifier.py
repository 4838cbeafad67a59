"""The verifier: asks what a policy allows, and makes of a whole answer what may be used, or nothing at all.

    policy + home --ask--> Request --> (a wallet) --> Answer
    Answer + Request --verify--> Disclosure

The order inside `verify` is the point of it: the request is ours -> the answer is complete -> every signature and
binding -> each issuer speaks for the municipality -> the query, re-checked -> one person -> withdrawal -> the nonce,
taken once -> only the claims that were asked -> the policy's advice. One failure anywhere sinks the whole answer.

How old a request may be is not looked at: what counts is that it was not answered before and, where a holder's proof
says when it was made, that this is not long ago. A proof that bears no moment holds for as long as the request waits
for an answer: whoever stores requests decides how long.

Source: OpenID4VP 1.0 sections 8.6 and 14.2.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from eigendata import channel, policies, status
from eigendata import query as dcql
from eigendata.encoding import Json, b64url_encode, freeze, json_dumps
from eigendata.errors import Check, Malformed, Misuse, Outcome, Reason, Rejected, Trail, within
from eigendata.formats import PREFERRED, only
from eigendata.formats.protocol import Format, IssuerSource, canonical
from eigendata.model import (
    NO_STATUS_CHECK,
    UNBOUND,
    Answer,
    Authentic,
    Binding,
    ClaimPath,
    Claims,
    CredentialType,
    Disclosed,
    Disclosure,
    NoReplayCheck,
    NoStatusCheck,
    Once,
    Party,
    Presentation,
    Witness,
    utc,
)
from eigendata.once import TAKEN
from eigendata.registers.catalogue import CATALOGUE, SET, SUBJECT

if TYPE_CHECKING:
    from eigendata.policies import Compiled, Policy
    from eigendata.query import CredentialQuery, Encryption, PolicyReference, Query, Question, Request
    from eigendata.status import StatusSource

NONCE_SIZE: Final = 32
"""Octets of a nonce and of a state: twice the 128 bits of OpenID4VP 1.0 section 5.2."""
NONCE_MEMORY: Final = timedelta(days=30)
"""How long an answered request is remembered at least; longer where a credential of the answer lives longer, so that
what has a proof without a moment is not shown again. Where a proof is too old soon after it was made, this stops the
same holder answering anew."""
MAX_COMPILED: Final = 64
"""Compiled policies that are kept, each under its own conditions: as many as there are homes on offer at a time."""

REQUEST_OURS: Final = Check(
    name="REQUEST_OURS",
    clause="OpenID4VP 1.0 14.2.2",
    reason=Reason.REQUEST_INVALID,
    rule="The request that was answered is this verifier's own.",
)
REQUEST_OF_POLICY: Final = Check(
    name="REQUEST_OF_POLICY",
    clause="OpenID4VP 1.0 8.6 (2.5)",
    reason=Reason.REQUEST_INVALID,
    rule="The request asks what its policy asks under its conditions, and nothing else.",
)
FORMAT_ASKED: Final = Check(
    name="FORMAT_ASKED",
    clause="OpenID4VP 1.0 6.1",
    reason=Reason.QUERY_NOT_SATISFIED,
    rule="The credential is in the format that was asked.",
)
CHECKS: Final = (REQUEST_OURS, REQUEST_OF_POLICY, FORMAT_ASKED)
"""The rules that are this room's own; the others are its neighbours'."""


def answer_trail() -> tuple[Check, ...]:
    """Give every check of an answer as a whole, in the order of its trail."""
    return (REQUEST_OURS, REQUEST_OF_POLICY, *dcql.ANSWER_CHECKS, *policies.JOIN_CHECKS, TAKEN)


def credential_trail(format: Format) -> tuple[Check, ...]:
    """Give every check of one credential of an answer, in the order of its trail."""
    from eigendata.trust import JURISDICTION

    return (FORMAT_ASKED, *format.checks, JURISDICTION, *dcql.FIT_CHECKS, *status.CHECKS)


_NONCE: Final = "nonce"
_STATUS_WAIVED: Final = tuple(check.waived for check in status.CHECKS)

_REDIRECT: Final = "redirect_uri:"
_SIGNING: Final = ("x509_hash:", "x509_san_dns:", "decentralized_identifier:")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Verifier:
    """Who asks and relies on the answer.

    Attributes:
        client_id: the full client identifier: `redirect_uri:` and the URI where answers go, which proves nothing; or
            `x509_hash:`, `x509_san_dns:` or `decentralized_identifier:`, by whose key requests are signed.
        answer_uri: where answers go; the URI of the client identifier where None.
        trust: who may issue what.
        status: where withdrawals are looked up, `eigendata.status.StatusLists`; or NO_STATUS_CHECK, which is a step of
            every trail.
        once: remembers answered requests.
        name: what people call it; the host of its URI where None.
        policies: policies of its own; the shipped ones are known besides.
        types: the credential types that it knows, by their identifiers: our own, and those of others that are
            declared (`eigendata.registers.foreign`) or of which the type metadata is at hand (`DescribedType`).
        formats: those that it asks in and reads. A question of a policy may be answered in any of them
            (`eigendata.formats.FORMATS` for all that there are).
        authorities: format -> type id -> key identifiers of the authorities of those who may issue it. A wallet that
            holds none of theirs sends nothing; who may issue what is the trust file's to say all the same.
    """

    client_id: str
    _: KW_ONLY
    trust: IssuerSource
    status: StatusSource | NoStatusCheck
    once: Once | NoReplayCheck
    name: str | None = None
    answer_uri: str | None = None
    policies: tuple[Policy, ...] = ()
    types: Mapping[str, CredentialType] = field(default_factory=lambda: CATALOGUE)
    formats: Mapping[str, Format] = field(default_factory=lambda: only(PREFERRED))
    authorities: Mapping[str, Mapping[str, tuple[bytes, ...]]] = field(default_factory=dict)
    _compiled: dict[tuple[str, str, bytes], Compiled] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.status is not NO_STATUS_CHECK and not callable(getattr(self.status, "require_valid", None)):
            raise Misuse("pass what looks up withdrawals, `StatusLists(fetcher)`, or NO_STATUS_CHECK")
        unsigned = self.client_id.startswith(_REDIRECT)
        if not unsigned and not self.client_id.startswith(_SIGNING):
            raise Misuse("a client_id begins with `redirect_uri:` or a prefix of requests that are signed")
        if unsigned == (self.answer_uri is not None) or not _is_safe(self.response_uri):
            raise Misuse(
                "answers go to an https address (http on this machine alone): after `redirect_uri:` in the client_id, "
                "or as answer_uri beside a client_id of another kind"
            )

    @property
    def response_uri(self) -> str:
        """Where answers go."""
        return self.client_id.removeprefix(_REDIRECT) if self.answer_uri is None else self.answer_uri

    # -- asking -------------------------------------------------------------------------------------------------------

    def ask(
        self, policy: Policy, *, home: Mapping[str, Json], at: datetime, encryption: Encryption | None = None
    ) -> Request:
        """Ask what a policy allows under these conditions. Each request has a nonce and a state of its own.

        Args:
            encryption: the key that was made for this one request, to which the answer is encrypted.

        Raises:
            Misuse: the policy is neither shipped nor one of this verifier's, or the conditions are not what it needs.
        """
        utc(at)
        conditions = policy.conditions(home)
        reference = dcql.PolicyReference(id=policy.id, version=policy.version, use=policy.use, home=conditions)
        if self._policy(reference) != policy:
            raise Misuse(f"the policy {policy.id} is not this verifier's: pass it when the verifier is made")
        return self._ask(reference, _fresh(), encryption)

    def ask_query(self, query: Query, *, at: datetime, encryption: Encryption | None = None) -> Request:
        """Ask a plain query, without purpose, rules or join: each of its credential queries is a question.

        A type that is not among `types` is taken as its tokens have it.

        Args:
            encryption: as for `ask`.

        Raises:
            Misuse: the query asks a format that is not among `formats`.
        """
        utc(at)
        return self._ask(query, _fresh(), encryption)

    def recall(
        self, asked: PolicyReference | Query, *, nonce: str, state: str, encryption: Encryption | None
    ) -> Request:
        """Give a request that this verifier made before, of which only what cannot be made again was kept.

        Nothing new is asked by it: `nonce`, `state` and `encryption` are those of the request.

        Raises:
            Misuse: the policy or a format is not this verifier's (any more).
        """
        return self._ask(asked, (nonce, state), encryption)

    def _ask(self, asked: PolicyReference | Query, secrets: tuple[str, str], encryption: Encryption | None) -> Request:
        nonce, state = secrets
        name = self.name or urlsplit(self.response_uri).hostname or self.response_uri
        by: dict[str, Any] = {}
        if isinstance(asked, dcql.Query):
            self._require_formats(asked)
            query, questions = asked, _plain_questions(asked)
        else:
            policy = self._policy(asked)
            compiled = self._compile(policy, asked.home)
            query, questions = compiled.query, compiled.questions
            by = {"purpose": policy.purpose, "legal_basis": policy.legal_basis, "keep": policy.keep, "policy": asked}
        return dcql.Request(
            asker=dcql.Asker(party=Party(id=self.client_id, name=name), proven=False),
            response_uri=self.response_uri,
            encryption=encryption,
            state=state,
            query=query,
            binding=self._binding(nonce, encryption),
            questions=questions,
            **by,
        )

    def _policy(self, reference: PolicyReference) -> Policy:
        known = [one for one in self.policies if one.id == reference.id]
        if not known and reference.id in policies.shipped():
            known = [_shipped(reference.id)]
        for one in known:
            if one.version == reference.version:
                return one
        raise Misuse(f"this verifier knows no policy {reference.id} of version {reference.version}")

    def _compile(self, policy: Policy, home: Mapping[str, Json]) -> Compiled:
        key = (policy.id, policy.version, json_dumps(policy.conditions(home)))
        found = self._compiled.get(key)
        if found is None:
            if len(self._compiled) >= MAX_COMPILED:
                self._compiled.clear()
            plain = policy.compile(home, types=self.types, formats=self.formats)
            found = self._compiled[key] = replace(plain, query=self._limited(plain))
        return found

    def _limited(self, compiled: Compiled) -> Query:
        """Name the authorities in each credential query of which they are known (section 6.1.1.1)."""
        types = {name: one.type for one in compiled.questions for name in one.queries.values()}

        def limited(one: CredentialQuery) -> CredentialQuery:
            key_ids = self.authorities.get(one.format, {}).get(types[one.id], ())
            if not 0 < len(key_ids) <= dcql.MAX_VALUES:
                return one
            values = tuple(b64url_encode(key_id) for key_id in key_ids)
            return replace(one, trusted_authorities=(dcql.TrustedAuthorities(type="aki", values=values),))

        return replace(compiled.query, credentials=tuple(limited(one) for one in compiled.query.credentials))

    def _require_formats(self, query: Query) -> None:
        for one in query.credentials:
            self._format(one)

    def _format(self, query: CredentialQuery) -> Format:
        found = self.formats.get(query.format)
        if found is None:
            raise Misuse(f"this verifier cannot read the format {query.format}")
        return found

    # -- verifying ----------------------------------------------------------------------------------------------------

    def verify(self, answer: Answer, request: Request, *, at: datetime) -> Disclosure:
        """Verify a whole answer to a request of one's own, and give what may be used of it.

        With the policy that the request names, the policy is compiled again under the request's conditions, and the
        request must ask just that.

        Raises:
            Malformed: a presentation is not what it claims to be.
            Rejected: a check failed; the error says which, for which question, and what held before.
            Unavailable: the memory of answered requests did not answer.
            Misuse: the policy or a format of the request is not this verifier's.

        Source: OpenID4VP 1.0 section 8.6.
        """
        at = utc(at)
        trail = Trail()
        trail.require(REQUEST_OURS, self._is_ours(request))
        policy, questions = self._asked(request, trail)
        dcql.require_answered(request.query, answer.presentations, trail)
        shown = _shown(questions, request.query, answer)
        parts = [self._genuine(one, request.binding, at=at) for one in shown]
        for part in parts:
            with within(*part.shown.place):
                part.require_jurisdiction()
        fits = [part.require_fits(_beside(part.shown, shown)) for part in parts]
        _require_one_person(policy, parts, trail)
        for part in parts:
            with within(*part.shown.place):
                self._require_valid(part, at=at)
        self._take(request.binding.nonce, parts, trail, at=at)
        credentials = self._credentials(policy, parts, fits)
        advice = None
        if policy is not None and request.policy is not None:
            answers = {question: given[0].claims for question, given in credentials.items()}
            advice = policies.advise(policy, answers, request.policy.home, at=at)
        return Disclosure(
            credentials=MappingProxyType(credentials), trail=trail.done(), advice=advice, witness=Witness.VERIFIED
        )

    def _binding(self, nonce: str, encryption: Encryption | None) -> Binding:
        return channel.openid4vp_redirect(
            client_id=self.client_id,
            nonce=nonce,
            response_uri=self.response_uri,
            encryption_key=None if encryption is None else _thumbprint(encryption),
        )

    def _is_ours(self, request: Request) -> bool:
        """Tell whether a request names this verifier everywhere, in its transcript too, which some proofs are over."""
        ours = self._binding(request.binding.nonce, request.encryption)
        return (request.asker.party.id, request.response_uri, request.binding) == (
            self.client_id,
            self.response_uri,
            ours,
        )

    def _require_valid(self, part: _Part, *, at: datetime) -> None:
        if isinstance(self.status, NoStatusCheck):
            part.trail.steps.extend(_STATUS_WAIVED)
        else:
            self.status.require_valid(part.authentic, trust=self.trust, trail=part.trail, at=at)

    def _asked(self, request: Request, trail: Trail) -> tuple[Policy | None, tuple[Question, ...]]:
        """Settle what the request asked. What it says of its own questions is not read: they are made again."""
        if request.policy is None:
            trail.skip(REQUEST_OF_POLICY, Outcome.NOT_APPLICABLE)
            self._require_formats(request.query)
            return None, _plain_questions(request.query)
        policy = self._policy(request.policy)
        compiled = self._compile(policy, request.policy.home)
        # the authorities may be others by now: a trust file was read anew, and it decides
        same = request.query == compiled.query or _unlimited(request.query) == _unlimited(compiled.query)
        trail.require(REQUEST_OF_POLICY, same)
        return policy, compiled.questions

    def _genuine(self, shown: _Shown, binding: Binding, *, at: datetime) -> _Part:
        with within(*shown.place):
            trail = Trail()
            trail.require(FORMAT_ASKED, shown.presentation.format == shown.query.format)
            reader = self._format(shown.query)
            bound = binding if shown.query.require_cryptographic_holder_binding else UNBOUND
            unverified = reader.parse_presentation(shown.presentation.token)
            authentic = unverified.verify(self._types(shown.query), bound, trust=self.trust, at=at)
            trail.steps.extend(authentic.trail)
            return _Part(shown=shown, format=reader, authentic=authentic, trail=trail)

    def _types(self, query: CredentialQuery) -> tuple[CredentialType, ...]:
        known = {self.formats[query.format].type_id(one): one for one in self.types.values()}
        return tuple(known.get(name) or CredentialType.foreign(name) for name in query.type_ids)

    def _take(self, nonce: str, parts: Sequence[_Part], trail: Trail, *, at: datetime) -> None:
        if isinstance(self.once, NoReplayCheck):
            trail.skip(TAKEN, Outcome.WAIVED)
            return
        until = max((at + NONCE_MEMORY, *(part.authentic.expires_at for part in parts)))
        try:
            self.once.take(_NONCE, nonce, until)
        except Rejected as taken:
            raise Rejected(TAKEN, trail.done()) from taken
        trail.require(TAKEN, True)

    def _credentials(
        self, policy: Policy | None, parts: Sequence[_Part], fits: Sequence[tuple[ClaimPath, ...]]
    ) -> dict[str, tuple[Disclosed, ...]]:
        """Keep only what was asked: for a policy under the type's own paths, for a plain query where it names them."""
        credentials: dict[str, tuple[Disclosed, ...]] = {}
        for part, paths in zip(parts, fits, strict=True):
            question, authentic = part.shown.question, part.authentic
            if policy is None:
                claims = _pruned(authentic.document, paths)
            else:
                usable = [path for path in policy.usable(question.id, self.types) if path in question.paths]
                claims = part.own_claims(usable)
            frozen = freeze(claims)
            assert isinstance(frozen, Mapping)
            one = Disclosed(
                type=authentic.type,
                issuer=authentic.issuer.party,
                claims=frozen,
                trail=part.trail.done(),
                witness=Witness.VERIFIED,
            )
            credentials[question.id] = (*credentials.get(question.id, ()), one)
        return credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """One presentation of an answer, and what it answers."""

    question: Question
    query: CredentialQuery
    place: tuple[str, int]
    presentation: Presentation


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One credential of an answer that is genuine, and the trail of its checks as they are taken."""

    shown: _Shown
    format: Format
    authentic: Authentic
    trail: Trail

    def require_fits(self, beside: Sequence[CredentialQuery]) -> tuple[ClaimPath, ...]:
        authentic = self.authentic
        with within(*self.shown.place):
            return dcql.require_fits(
                self.shown.query,
                authentic.document,
                authentic.revealed,
                self.format.type_id(authentic.type),
                authentic.issuer.authority_key_ids,
                self.trail,
                beside=beside,
            )

    def require_jurisdiction(self) -> None:
        from eigendata.trust import require_jurisdiction  # late, with what it loads: a verifier is ready at once

        one = self.authentic
        spoken_of = self.own_claims([one.type.jurisdiction] if one.type.jurisdiction else [])
        require_jurisdiction(one.issuer, one.type, spoken_of, self.trail)

    def own_claims(self, paths: Iterable[ClaimPath]) -> Claims:
        return canonical(self.format, self.authentic.type, self.authentic.document, paths)


def _thumbprint(encryption: Encryption) -> bytes:
    """Give the thumbprint of the key that an answer is encrypted to, which a session transcript holds."""
    from eigendata.crypto.jwe import parse_recipient  # late: who asks for no sealed answer does not pay for it

    try:
        return parse_recipient(encryption.jwk).key.thumbprint()
    except Malformed as error:
        raise Misuse(f"an answer cannot be encrypted to this key: {error.message}") from error


def _is_safe(uri: str) -> bool:
    try:
        place = urlsplit(uri)
        host = place.hostname
    except ValueError:  # brackets that hold no IPv6 address
        return False
    plain = place.scheme == "http" and host in _LOOPBACK
    return bool(host) and (plain or place.scheme == "https") and not place.fragment


def _fresh() -> tuple[str, str]:
    """Give a nonce and a state."""
    return b64url_encode(os.urandom(NONCE_SIZE)), b64url_encode(os.urandom(NONCE_SIZE))


def _unlimited(query: Query) -> Query:
    return replace(query, credentials=tuple(replace(one, trusted_authorities=()) for one in query.credentials))


def _plain_questions(query: Query) -> tuple[Question, ...]:
    """Take each credential query of a plain query as a question of its own, under the same name."""
    return tuple(
        dcql.Question(
            id=one.id,
            type=one.type_ids[0],
            paths=tuple(claim.path for claim in one.claims),
            queries={one.format: one.id},
        )
        for one in query.credentials
    )


def _shown(questions: Sequence[Question], query: Query, answer: Answer) -> tuple[_Shown, ...]:
    queries = {one.id: one for one in query.credentials}
    return tuple(
        _Shown(question=question, query=queries[name], place=(question.id, index), presentation=presentation)
        for question in questions
        for name in question.queries.values()
        for index, presentation in enumerate(answer.presentations.get(name, ()))
    )


def _beside(one: _Shown, shown: Sequence[_Shown]) -> tuple[CredentialQuery, ...]:
    """Give the other queries that this same presentation answers; it may show what they ask too (section 6.4)."""
    return tuple(
        other.query for other in shown if other.presentation == one.presentation and other.query.id != one.query.id
    )


def _require_one_person(policy: Policy | None, parts: Sequence[_Part], trail: Trail) -> None:
    if policy is None:
        # a plain query says nothing of persons: whoever asks it so adds nothing up, and the trail says so
        for check in policies.JOIN_CHECKS:
            trail.skip(check, Outcome.WAIVED if len(parts) > 1 else Outcome.NOT_APPLICABLE)
        return
    answers: dict[str, list[policies.Shown]] = {}
    for part in parts:
        claims = part.own_claims([one.path for one in (SET, *SUBJECT)])
        one = policies.Shown(issuer=part.authentic.issuer.party.id, claims=claims)
        answers.setdefault(part.shown.question.id, []).append(one)
    policies.join(policy, answers, trail)


def _pruned(document: Claims, paths: Iterable[ClaimPath]) -> Claims:
    """Give what lies at these paths of a document, and nothing beside it."""
    pruned = _only(document, tuple(paths))
    assert isinstance(pruned, Mapping)
    return pruned


def _only(value: Json, paths: tuple[ClaimPath, ...]) -> Json:
    if () in paths:
        return value
    if isinstance(value, Mapping):
        below = {name: tuple(path[1:] for path in paths if path[0] == name) for name in value}
        return {name: _only(value[name], below[name]) for name in value if below[name]}
    if isinstance(value, Sequence) and not isinstance(value, str):
        # every element: an index counts withheld elements too, so which one it means cannot be told here; that there
        # are not more elements than were asked, the query's check has seen to
        return tuple(_only(element, tuple(path[1:] for path in paths)) for element in value)
    return value


@cache
def _shipped(name: str) -> Policy:
    return policies.load(name)
