"""The five errors, and the checks and trails they speak of.

    EigendataError
    ├── Malformed     the bytes are not what they claim to be
    ├── Rejected      well-formed, not to be trusted: `check`, its closed `reason`, the `trail` so far
    ├── Declined      a side said no, with a closed `reason`: over-asked, no consent, nothing fits, a gate of the issuer
    ├── Unavailable   a register, status list or trust list did not answer: retry; never "valid"
    └── Misuse        the calling code broke a rule

Finer detail is data, never another class. Each error carries `where`: the places it passed on its way out, written by
`within` alone. A message names a claim's path, never its value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Reason(StrEnum):
    """The closed list of reasons. Each has one plain sentence in every language of `eigendata.texts`."""

    # why something presented is rejected
    SIGNATURE_INVALID = "signature_invalid"
    UNTRUSTED_ISSUER = "untrusted_issuer"
    TYPE_MISMATCH = "type_mismatch"
    UNSUPPORTED_ALGORITHM = "unsupported_algorithm"
    DISCLOSURE_INVALID = "disclosure_invalid"
    KEY_BINDING_INVALID = "key_binding_invalid"
    PROOF_INVALID = "proof_invalid"
    NONCE_INVALID = "nonce_invalid"
    REPLAY_DETECTED = "replay_detected"
    QUERY_NOT_SATISFIED = "query_not_satisfied"
    DIFFERENT_SUBJECTS = "different_subjects"
    STATUS_INVALID = "status_invalid"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    REQUEST_INVALID = "request_invalid"
    FETCH_BLOCKED = "fetch_blocked"
    CANNOT_OPEN = "cannot_open"
    POLICY_DENIED = "policy_denied"
    SCHEMA_INVALID = "schema_invalid"
    CONTEXT_NOT_ALLOWED = "context_not_allowed"
    DATA_LOSS = "data_loss"
    # why a side declines
    OTHER_SUBJECT = "other_subject"
    OVER_ASKED = "over_asked"
    NO_CONSENT = "no_consent"
    NOTHING_FITS = "nothing_fits"
    # why an issuer declines a credential, or leaves out a claim
    NOT_OUR_RESIDENT = "not_our_resident"
    NOT_REGISTERED = "not_registered"
    SUSPENDED = "suspended"
    UNDER_GUARDIANSHIP = "under_guardianship"
    MINOR = "minor"
    NOT_AT_ADDRESS = "not_at_address"
    UNDER_INVESTIGATION = "under_investigation"
    NOT_DERIVABLE = "not_derivable"
    NOT_RECORDED = "not_recorded"
    VALUE_TOO_LONG = "value_too_long"


class EigendataError(Exception):
    """Anything this library raises on purpose.

    Attributes:
        where: the places the error passed on its way out, outermost first: `("inwoner", 0)`, `("copy", 3)`.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.where: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        place = "/".join(str(part) for part in self.where)
        return f"{place}: {self.message}" if place else self.message


class Malformed(EigendataError):
    """The bytes are not what they claim to be; nothing about their meaning was looked at."""


class Declined(EigendataError):
    """A side said no. `reason` is closed; the message is for a developer, `eigendata.texts` has the plain sentence."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Unavailable(EigendataError):
    """Something that had to be asked did not answer, or not sensibly. Retry; it never counts as valid."""


class Misuse(EigendataError):
    """The calling code broke a rule of this library."""


class _Steps:
    """The steps that a check can give. No fields of it: each leads back to it, and to write them never ends."""

    __slots__ = ("not_applicable", "passed", "waived")

    passed: Step
    not_applicable: Step
    waived: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(_Steps):
    """One rule of a specification, as a value.

    Attributes:
        name: its name in trails and tests, upper case: `SD_HASH`.
        clause: where the rule stands: `RFC 9901 7.3 (5)`.
        reason: why something that breaks it is rejected.
        rule: the rule in one plain English sentence.
        passed, not_applicable, waived: the steps that it can give; made once, for a verification takes dozens.
    """

    name: str
    clause: str
    reason: Reason
    rule: str

    def __post_init__(self) -> None:
        for outcome in Outcome:
            object.__setattr__(self, outcome.name.lower(), Step(check=self, outcome=outcome))

    def __reduce__(self) -> tuple[Callable[[str, str, Reason, str], Check], tuple[str, str, Reason, str]]:
        return _check, (self.name, self.clause, self.reason, self.rule)


def _check(name: str, clause: str, reason: Reason, rule: str) -> Check:
    return Check(name=name, clause=clause, reason=reason, rule=rule)


class Outcome(StrEnum):
    PASSED = "passed"
    NOT_APPLICABLE = "not applicable"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one check in one verification."""

    check: Check
    outcome: Outcome


class Rejected(EigendataError):
    """Well-formed, and not to be trusted.

    Attributes:
        check: the first check that failed.
        trail: the steps that had been taken before it.
    """

    def __init__(self, check: Check, trail: tuple[Step, ...] = (), message: str | None = None) -> None:
        super().__init__(message or f"{check.name}: {check.rule} ({check.clause})")
        self.check = check
        self.trail = trail

    @property
    def reason(self) -> Reason:
        return self.check.reason


class Trail:
    """The checks of one verification as they are taken; local to it, and leaves it as a tuple."""

    __slots__ = ("steps",)

    def __init__(self, taken: Iterable[Step] = ()) -> None:
        self.steps = list(taken)

    def require(self, check: Check, holds: bool) -> None:
        """Take one check.

        Raises:
            Rejected: it does not hold.
        """
        if not holds:
            raise Rejected(check, tuple(self.steps))
        self.steps.append(check.passed)

    def some(self, check: Check, value: T | None) -> T:
        """Take one check that holds when there is a value, and give that value.

        Raises:
            Rejected: there is none.
        """
        if value is None:
            raise Rejected(check, tuple(self.steps))
        self.steps.append(check.passed)
        return value

    def skip(self, check: Check, outcome: Outcome) -> None:
        """Note a check that had nothing to look at, or that the caller waived by a name that grep finds."""
        if outcome is Outcome.PASSED:
            raise Misuse("a check that was skipped has not passed")
        self.steps.append(check.not_applicable if outcome is Outcome.NOT_APPLICABLE else check.waived)

    def done(self) -> tuple[Step, ...]:
        return tuple(self.steps)


@contextmanager
def within(*place: str | int) -> Iterator[None]:
    """Say where an error came from. The only code that writes `EigendataError.where`."""
    try:
        yield
    except EigendataError as error:
        error.where = (*place, *error.where)
        raise
