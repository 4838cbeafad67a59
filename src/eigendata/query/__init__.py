"""What a verifier asks: DCQL, read once and judged twice.

    language   the query itself: parse it, write it
    request    a query with who asks, why, and what binds the answer
    matching   the wallet's reading: what answers the query, and the least that does
    check      the verifier's reading: whether the answer is what was asked, and no more

The two readings share the parsed query and nothing else.
"""

from typing import TYPE_CHECKING

from eigendata import late

if TYPE_CHECKING:
    from eigendata.query.check import ANSWER_CHECKS, FIT_CHECKS, require_answered, require_fits
    from eigendata.query.language import (
        MAX_VALUES,
        ClaimsQuery,
        CredentialQuery,
        CredentialSetQuery,
        Query,
        TrustedAuthorities,
        parse_query,
    )
    from eigendata.query.matching import Fit, Held, Matches, Option, Selection, match
    from eigendata.query.request import Asker, Encryption, PolicyReference, Question, Request

__all__ = [
    "ANSWER_CHECKS",
    "FIT_CHECKS",
    "MAX_VALUES",
    "Asker",
    "ClaimsQuery",
    "CredentialQuery",
    "CredentialSetQuery",
    "Encryption",
    "Fit",
    "Held",
    "Matches",
    "Option",
    "PolicyReference",
    "Query",
    "Question",
    "Request",
    "Selection",
    "TrustedAuthorities",
    "match",
    "parse_query",
    "require_answered",
    "require_fits",
]

if not TYPE_CHECKING:
    __getattr__ = late.names(
        __name__,
        {
            "check": ("ANSWER_CHECKS", "FIT_CHECKS", "require_answered", "require_fits"),
            "language": (
                "MAX_VALUES",
                "ClaimsQuery",
                "CredentialQuery",
                "CredentialSetQuery",
                "Query",
                "TrustedAuthorities",
                "parse_query",
            ),
            "matching": ("Fit", "Held", "Matches", "Option", "Selection", "match"),
            "request": ("Asker", "Encryption", "PolicyReference", "Question", "Request"),
        },
    )
