"""What a verifier may ask, why, and what its rules make of the answer. A policy is data in a file, never code.

    load -> Policy -> compile(home) -> DCQL and its questions           uses: what may be asked at most
                   -> join(answers)  -> one person, or refused
                   -> advise(answers, home) -> advice and the rule that gave it

Deny by default: a policy that asks outside the list of its use, that cannot be explained, or that adds up credentials
without saying that they are about one person, does not load; of one that does, only those claims are asked that
identify the person or can change the outcome. An advice is advice: software advises, a person rejects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eigendata import late

if TYPE_CHECKING:
    from eigendata.policies.checks import POLICY_CHECKS
    from eigendata.policies.compile import Compiled
    from eigendata.policies.explanation import explain
    from eigendata.policies.loader import load, read_policy, shipped
    from eigendata.policies.policy import Policy, advise, days_kept, kept, kept_lines
    from eigendata.policies.same_subject import JOIN_CHECKS, Join, Shown, join
    from eigendata.policies.uses import USE_CHECKS, Beyond, Compared, Use, outside, read_uses, shipped_uses

__all__ = [
    "JOIN_CHECKS",
    "POLICY_CHECKS",
    "USE_CHECKS",
    "Beyond",
    "Compared",
    "Compiled",
    "Join",
    "Policy",
    "Shown",
    "Use",
    "advise",
    "days_kept",
    "explain",
    "join",
    "kept",
    "kept_lines",
    "load",
    "outside",
    "read_policy",
    "read_uses",
    "shipped",
    "shipped_uses",
]

if not TYPE_CHECKING:
    __getattr__ = late.names(
        __name__,
        {
            "checks": ("POLICY_CHECKS",),
            "compile": ("Compiled",),
            "explanation": ("explain",),
            "loader": ("load", "read_policy", "shipped"),
            "policy": ("Policy", "advise", "days_kept", "kept", "kept_lines"),
            "same_subject": ("JOIN_CHECKS", "Join", "Shown", "join"),
            "uses": ("USE_CHECKS", "Beyond", "Compared", "Use", "outside", "read_uses", "shipped_uses"),
        },
    )
