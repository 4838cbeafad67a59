"""All cases, made anew: good tokens, and next to each the tokens that differ from it in one thing.

    tables of cases (good, jose, disclosing, ...) -> Kit.good / Kit.bad -> Case
                                                      |        `- from the recipe of a good one, its twin
                                                      `- keeps the recipe

That a rejected case breaks only what it names is seen to here: it is its twin but for the edits of its own row, and
everything is signed after the edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm

from eigendata.errors import Check, Misuse
from eigendata.testkit.case import Case, Expect, Role, Serialization, Severity
from eigendata.testkit.certificates import Certificates
from eigendata.testkit.forge import HOLDER, ISSUER, OVER_WHAT_IS_SENT, Jwt, Recipe, decoy, digest, salted

AT: Final = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
"""The moment of the files that are shipped: before any clock of a tester, for libraries that read one."""

FORMAT: Final = "dc+sd-jwt"
TYPE: Final = "https://kit.example/types/person"
ISSUER_ID: Final = "https://issuer.kit.example"
KEY_ID: Final = "kit-issuer-1"
AUDIENCE: Final = "redirect_uri:https://verifier.kit.example/answer"
NONCE: Final = "fY3-nonce-of-the-kit_0"
MALFORMED: Final = "malformed"

DAY: Final = 86_400
BASE: Final = "good-bound"
"""The twin of most: a flat credential, two claims shown, with a holder's proof."""

GIVEN, FAMILY = salted("given_name", "given_name", "Noor"), salted("family_name", "family_name", "Wilgenhof")
BIRTHDATE = salted("birthdate", "birthdate", "1990-06-01")
SHOWN: Final[Mapping[str, Any]] = {"authority": "Kit", "given_name": "Noor", "family_name": "Wilgenhof"}


@dataclass(slots=True)
class Kit:
    """The cases as they are made, and the recipe of each good one."""

    at: datetime
    cases: dict[str, Case] = field(default_factory=dict)
    recipes: dict[str, Recipe] = field(default_factory=dict)

    @property
    def now(self) -> int:
        """The moment in seconds since 1970."""
        return int(self.at.timestamp())

    @property
    def certificates(self) -> Certificates:
        return Certificates(at=self.at, issuer=ISSUER_ID)

    def base(self) -> Recipe:
        """Give the recipe that all others come from."""
        return Recipe(
            jwt=Jwt(
                header={"alg": "ES256", "typ": FORMAT, "kid": KEY_ID},
                payload={
                    "iss": ISSUER_ID,
                    "vct": TYPE,
                    "iat": self.now - 30 * DAY,
                    "nbf": self.now - 30 * DAY,
                    "exp": self.now + 36_500 * DAY,
                    "cnf": {"jwk": HOLDER.jwk()},
                    "authority": "Kit",
                    "_sd": sorted((digest(GIVEN), digest(FAMILY), digest(BIRTHDATE), decoy(1))),
                    "_sd_alg": "sha-256",
                },
                sign=ISSUER.sign,
            ),
            sent=(GIVEN, FAMILY),
            proof=Jwt(
                header={"alg": "ES256", "typ": "kb+jwt"},
                payload={"iat": self.now - 5, "aud": AUDIENCE, "nonce": NONCE, "sd_hash": OVER_WHAT_IS_SENT},
                sign=HOLDER.sign,
            ),
        )

    def good(
        self,
        id: str,
        title: str,
        clause: str,
        *,
        claims: Mapping[str, Any] = SHOWN,
        of: str | None = None,
        severity: Severity = Severity.MUST,
        about: Mapping[str, Any] | None = None,
        **edits: Any,
    ) -> None:
        """Add a case that is accepted.

        Args:
            of: another good case, from which this one differs in the edits.
            about: attributes of the case itself: what the verifier is told.
        """
        recipe = (self.base() if of is None else self.recipes[of]).but(**edits)
        told = self._told() if of is None else self.cases[of]
        made = replace(
            told,
            id=id,
            title=title,
            clause=clause,
            severity=severity,
            claims=claims,
            token=recipe.token().decode(),
            **(about or {}),
        )
        self.recipes[id] = recipe
        self._add(made)

    def bad(
        self,
        id: str,
        title: str,
        clause: str,
        check: Check | None,
        *,
        of: str = BASE,
        severity: Severity = Severity.MUST,
        about: Mapping[str, Any] | None = None,
        **edits: Any,
    ) -> None:
        """Add a case that is rejected: a good one with these edits.

        Args:
            check: the rule that is broken, as this library names it; None where it is one of structure.
        """
        token = self.recipes[of].but(**edits).token().decode()
        twin = self.cases[of]
        made = replace(
            twin,
            id=id,
            title=title,
            clause=clause,
            expect=Expect.REJECT,
            severity=severity,
            claims=None,
            reason=MALFORMED if check is None else str(check.reason),
            check=None if check is None else check.name,
            twin=of,
            token=token,
            **(about or {}),
        )
        self._add(made)

    def _told(self) -> Case:
        return Case(
            id="",
            title="",
            clause="",
            role=Role.VERIFIER,
            format=FORMAT,
            serialization=Serialization.COMPACT,
            expect=Expect.ACCEPT,
            severity=Severity.MUST,
            at=self.at,
            type=TYPE,
            issuer=ISSUER_ID,
            issuer_key={**ISSUER.jwk(), "kid": KEY_ID},
            require_key_binding=True,
            audience=AUDIENCE,
            nonce=NONCE,
            claims={},
            token="",
        )

    def _add(self, case: Case) -> None:
        assert case.id not in self.cases, case.id
        self.cases[case.id] = case


UNASKED: Final[Mapping[str, Any]] = {"require_key_binding": False, "audience": None, "nonce": None}
"""What a verifier is told that demands no holder's proof."""


def make(at: datetime = AT) -> tuple[Case, ...]:
    """Make every case around a moment.

    Raises:
        Misuse: the library below cannot sign without randomness (RFC 6979): its OpenSSL is older than 3.2.
    """
    from eigendata.testkit import binding, chains, describing, disclosing, good, holding, jose, serializing, validity

    kit = Kit(at=at.astimezone(UTC) - timedelta(microseconds=at.microsecond))
    try:
        for table in (good, jose, disclosing, validity, binding, chains, holding, serializing, describing):
            table.add(kit)
    except UnsupportedAlgorithm as error:
        raise Misuse("cases are made with deterministic signatures, which the OpenSSL here does not know") from error
    return tuple(kit.cases.values())
