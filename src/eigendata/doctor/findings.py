"""What an examination finds, as data: no sentence, no screen, and no claim's value.

    Report
    ├── kind          what the file is
    ├── courses       the checks that were taken, each with what became of it; one course for each credential
    ├── findings      what is wrong, in the order in which it was met; the first one decides
    ├── beyond        what else would be wrong, found by looking on as if the findings were not there
    └── gaps          what could not be looked at; where there is one, nothing is called well

A cause says what is the matter in words that people can act on; a check is the rule that was broken. What to do about
either stands in `eigendata.texts`, by the role that can do it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from eigendata import texts
from eigendata.encoding import Json
from eigendata.errors import Check, Rejected, Step
from eigendata.model import ClaimPath

Filled: TypeAlias = "str | int | datetime | timedelta"
"""What takes the place of a name in braces; moments and spans are written out in the reader's language."""


class Kind(StrEnum):
    """What a file is."""

    CREDENTIAL = "credential"
    PRESENTATION = "presentation"
    ISSUED = "issued"
    ANSWER = "answer"
    REQUEST = "request"
    SIGNED_REQUEST = "signed_request"
    QUERY = "query"
    CHALLENGE = "challenge"
    PROOFS = "proofs"
    HOLDER_PROOF = "holder_proof"
    OTHER_TOKEN = "other_token"  # noqa: S105  # a kind of file, and no secret
    ENCRYPTED = "encrypted"
    CERTIFICATES = "certificates"
    PRIVATE_KEY = "private_key"
    PUBLIC_KEY = "public_key"
    TRUST = "trust"
    POLICY = "policy"
    ISSUER_FOLDER = "issuer_folder"
    ISSUER_SETTINGS = "issuer_settings"
    VAULT = "vault"
    BACKUP = "backup"
    STATE = "state"
    DATABASE = "database"
    TYPE_METADATA = "type_metadata"
    ISSUER_METADATA = "issuer_metadata"
    REGISTER = "register"
    HOME = "home"
    OFFER = "offer"
    OTHER_LINK = "other_link"
    PICTURE = "picture"
    PDF = "pdf"
    ARCHIVE = "archive"
    WEB_PAGE = "web_page"
    JSON = "json"
    TOML = "toml"
    TEXT = "text"
    BINARY = "binary"
    EMPTY = "empty"
    FOLDER = "folder"
    NOTHING = "nothing"


class Cause(StrEnum):
    """What is the matter. Each has a sentence, and what to do, in every language of `eigendata.texts`."""

    # the file itself
    FILE_MISSING = "file_missing"
    FILE_CLOSED = "file_closed"
    FILE_LOOP = "file_loop"
    FILE_SPECIAL = "file_special"
    FILE_TOO_LARGE = "file_too_large"
    EMPTY = "empty"
    FOLDER = "folder"
    PICTURE = "picture"
    PDF = "pdf"
    ARCHIVE = "archive"
    WEB_PAGE = "web_page"
    BINARY = "binary"
    TEXT = "text"
    JSON = "json"
    TOML = "toml"
    DATABASE = "database"
    OTHER_LINK = "other_link"
    OFFER = "offer"
    OTHER_TOKEN = "other_token"  # noqa: S105  # a cause, and no secret
    ENCRYPTED = "encrypted"
    HOLDER_PROOF = "holder_proof"
    PRIVATE_KEY_HERE = "private_key_here"
    OPEN_TO_OTHERS = "open_to_others"
    # what came over it on its way
    BYTE_ORDER_MARK = "byte_order_mark"
    UTF_16 = "utf_16"
    UNSEEN_CHARACTERS = "unseen_characters"
    MAIL_MARKS = "mail_marks"
    MAIL_CODED = "mail_coded"
    CURLY_QUOTES = "curly_quotes"
    HTML_CODED = "html_coded"
    QUOTED = "quoted"
    URL_CODED = "url_coded"
    LINE_BREAKS = "line_breaks"
    BEARER = "bearer"
    TILDE_MISSING = "tilde_missing"
    CUT_OFF = "cut_off"
    TOKEN_DAMAGED = "token_damaged"  # noqa: S105  # a cause, and no secret
    # its form
    JSON_BROKEN = "json_broken"
    TOML_BROKEN = "toml_broken"
    MALFORMED = "malformed"
    OLD_DRAFT = "old_draft"
    UNKNOWN_FORMAT = "unknown_format"
    # its type
    TYP_LEGACY = "typ_legacy"
    TYP_OTHER = "typ_other"
    TYPE_NEAR = "type_near"
    TYPE_UNKNOWN = "type_unknown"
    TYPE_NOT_ASKED = "type_not_asked"
    METADATA_DIFFERS = "metadata_differs"
    # its issuer
    ISSUER_UNKNOWN = "issuer_unknown"
    ISSUER_NEAR = "issuer_near"
    ISSUER_WITHOUT_TYPE = "issuer_without_type"
    ISSUER_WITHOUT_MUNICIPALITY = "issuer_without_municipality"
    ISSUER_UNNAMED = "issuer_unnamed"
    KEY_UNKNOWN = "key_unknown"
    KEY_DIFFERS = "key_differs"
    KEY_WITHOUT_CHAIN = "key_without_chain"
    CHAIN_FOR_KEY = "chain_for_key"
    CHAIN_REVERSED = "chain_reversed"
    CHAIN_WITH_ROOT = "chain_with_root"
    CHAIN_SAME_NAME = "chain_same_name"
    CHAIN_OTHER_ANCHOR = "chain_other_anchor"
    CHAIN_KEY_KIND = "chain_key_kind"
    CHAIN_ENDED = "chain_ended"
    CHAIN_NOT_BEGUN = "chain_not_begun"
    ANCHOR_ENDED = "anchor_ended"
    LEAF_WITHOUT_ISSUER = "leaf_without_issuer"
    # its content and times
    CHANGED = "changed"
    DISCLOSURE_STRAY = "disclosure_stray"
    ENDED = "ended"
    NOT_BEGUN = "not_begun"
    CLOCK_OFF = "clock_off"
    CLOCK_ZONE = "clock_zone"
    ACCEPTED_UNTIL = "accepted_until"
    ACCEPTED_FROM = "accepted_from"
    # the holder's proof
    PROOF_MISSING = "proof_missing"
    PROOF_OLD = "proof_old"
    PROOF_AHEAD = "proof_ahead"
    PROOF_FOR_OTHER = "proof_for_other"
    PROOF_FOR_OTHER_REQUEST = "proof_for_other_request"
    PROOF_OVER_OTHER = "proof_over_other"
    TRANSCRIPT_DIFFERS = "transcript_differs"
    # questions and answers
    ANSWER_TO_OTHER = "answer_to_other"
    ANSWER_DECLINED = "answer_declined"
    QUESTION_OPEN = "question_open"
    CLAIM_NEAR = "claim_near"
    CLAIM_UNKNOWN = "claim_unknown"
    CLAIM_LEFT_OUT = "claim_left_out"
    CLAIM_TOO_MANY = "claim_too_many"
    REQUEST_ENDED = "request_ended"
    CHALLENGE_ENDED = "challenge_ended"
    # what lies still
    VAULT_DAMAGED = "vault_damaged"
    SETTINGS_WRONG = "settings_wrong"
    # a check of which nothing more is known
    CHECK = "check"


class Role(StrEnum):
    """Who can do something about it."""

    RESIDENT = "resident"
    MUNICIPALITY = "municipality"
    CORPORATION = "corporation"
    DEVELOPER = "developer"


class Gap(StrEnum):
    """What could not be looked at."""

    TRUST = "trust"
    KEY = "key"
    REQUEST = "request"
    POLICY = "policy"
    TYPE = "type"
    WITHDRAWAL = "withdrawal"
    CONTENTS = "contents"
    SEALED = "sealed"
    UNFINISHED = "unfinished"


class Became(StrEnum):
    """What became of a check in this examination."""

    PASSED = "passed"
    NOT_APPLICABLE = "not applicable"
    WAIVED = "waived"
    REFUSED = "refused"
    NOT_REACHED = "not reached"
    NOT_LOOKED_AT = "not looked at"


class Verdict(StrEnum):
    """How it ends. Nothing is well that was not looked at whole."""

    WELL = "well"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"


MENDED: Final = frozenset(
    {
        *(Cause.BYTE_ORDER_MARK, Cause.UTF_16, Cause.UNSEEN_CHARACTERS, Cause.MAIL_MARKS, Cause.MAIL_CODED),
        *(Cause.CURLY_QUOTES, Cause.HTML_CODED, Cause.QUOTED, Cause.URL_CODED, Cause.LINE_BREAKS, Cause.BEARER),
        Cause.TILDE_MISSING,
    }
)
"""What may have come over a file on its way, and can be undone to look on."""

UNREADABLE: Final = MENDED | frozenset(
    {
        *(Cause.FILE_MISSING, Cause.FILE_CLOSED, Cause.FILE_LOOP, Cause.FILE_SPECIAL, Cause.FILE_TOO_LARGE),
        *(Cause.EMPTY, Cause.FOLDER, Cause.PICTURE, Cause.PDF, Cause.ARCHIVE, Cause.WEB_PAGE, Cause.BINARY),
        *(Cause.TEXT, Cause.JSON, Cause.TOML, Cause.DATABASE, Cause.OTHER_LINK, Cause.OFFER, Cause.OTHER_TOKEN),
        *(Cause.ENCRYPTED, Cause.HOLDER_PROOF),
        *(Cause.PRIVATE_KEY_HERE, Cause.OPEN_TO_OTHERS, Cause.CUT_OFF, Cause.TOKEN_DAMAGED),
        *(Cause.JSON_BROKEN, Cause.TOML_BROKEN, Cause.MALFORMED, Cause.OLD_DRAFT, Cause.UNKNOWN_FORMAT),
        *(Cause.VAULT_DAMAGED, Cause.SETTINGS_WRONG),
    }
)
"""Causes for which the commands say `malformed` or `misuse`; for the others they say `rejected`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    check: Check
    became: Became


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The checks of one credential, or of the answer as a whole (`place` is empty), in their order."""

    place: tuple[str | int, ...] = ()
    steps: tuple[Taken, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is the matter.

    Attributes:
        check: the rule that was broken, where one was.
        certain: whether it was established; else it is the likely cause.
        place: where in the file: `("inwoner", 0)`.
    """

    cause: Cause
    filled: Mapping[str, Filled] = field(default_factory=dict)
    check: Check | None = None
    certain: bool = True
    place: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a token says of itself. Nobody vouches for it here.

    Attributes:
        claims: the paths of what it shows.
        values: those claims with their values, for who asks to see them.
    """

    place: tuple[str | int, ...] = ()
    type: str | None = None
    issuer: str | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    proven_at: datetime | None = None
    claims: tuple[ClaimPath, ...] = ()
    values: Mapping[str, Json] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one examination found."""

    kind: Kind
    findings: tuple[Finding, ...] = ()
    beyond: tuple[Finding, ...] = ()
    courses: tuple[Course, ...] = ()
    gaps: tuple[Gap, ...] = ()
    stated: tuple[Stated, ...] = ()

    @property
    def is_mended(self) -> bool:
        """Whether something that came over the file was undone before it was looked at."""
        return any(one.cause in MENDED for one in self.findings)

    @property
    def verdict(self) -> Verdict:
        if self.findings:
            first = self.findings[0]
            return Verdict.UNREADABLE if first.cause in UNREADABLE else Verdict.REFUSED
        # that withdrawal is not looked up holds for every verification, and each trail says so
        return Verdict.INCOMPLETE if set(self.gaps) - {Gap.WITHDRAWAL} else Verdict.WELL


def shown_path(path: ClaimPath) -> str:
    """Write a path for people: `address.locality`, `nationalities.*`."""
    return ".".join("*" if part is None else str(part) for part in path)


def taken(steps: tuple[Step, ...]) -> tuple[Taken, ...]:
    """Give the steps of a trail as they went."""
    return tuple(Taken(check=one.check, became=Became(str(one.outcome))) for one in steps)


def refused(error: Rejected, expected: tuple[Check, ...]) -> tuple[Taken, ...]:
    """Give the steps of a trail up to the check that failed, that check, and those that were not reached."""
    before = taken(error.trail)
    met = {one.check for one in before} | {error.check}
    return (
        *before,
        Taken(check=error.check, became=Became.REFUSED),
        *(Taken(check=one, became=Became.NOT_REACHED) for one in expected if one not in met),
    )


# -- what to do -------------------------------------------------------------------------------------------------------

FAMILIES: Final[Mapping[Role, str]] = {
    Role.RESIDENT: "for_resident",
    Role.MUNICIPALITY: "for_municipality",
    Role.CORPORATION: "for_corporation",
    Role.DEVELOPER: "for_developer",
}
"""Where the sentences lie of what each role can do, by the name of a cause, a check or a reason."""


def remedies(finding: Finding, language: str) -> tuple[tuple[Role, str], ...]:
    """Give who can do what about a finding, as keys of `eigendata.texts`.

    What its cause says comes first; else what its check says, or else the reason of its check. The sentences hold
    names in braces; `Finding.filled` holds what takes their place.
    """
    names = [finding.cause.value]
    if finding.check is not None:
        names += [finding.check.name, finding.check.reason.value]
    return next((found for name in names if (found := _of(name, language))), ())


def _of(name: str, language: str) -> tuple[tuple[Role, str], ...]:
    sentences = texts.sentences(language)
    keys = ((role, f"{family}.{name}") for role, family in FAMILIES.items())
    return tuple((role, key) for role, key in keys if key in sentences)
