"""Where a peer and we disagree, each by name: the clause, who disagrees about what, and who is right as we read it.

This table is exact. What it does not hold must not happen, and what it holds must: `make differential` tries both, and
`docs/explanation/peers.md` prints it. A disagreement in which we were wrong is not here: it was mended, and is a test
of ours. The mutations that `cases` speaks of are those of `mutations.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tests.differential.mutations import ANYWHERE

VERSIONS: Final[Mapping[str, str]] = {
    "sd-jwt": "0.10.4",
    "openvc-core": "1.37.0",
    "vouchkit": "0.0.2",
    "polaris-oid4vp": "1.0.0",
}
LETTERS: Final[Mapping[str, str]] = {"S": "sd-jwt", "O": "openvc-core", "V": "vouchkit", "P": "polaris-oid4vp"}

RANDOM: Final = "*"
"""Stands in `cases` for the mutations that change bytes at random places."""


class Side(StrEnum):
    """Whom the clause bears out."""

    RULE = "a rule"  # the clause demands what we do, of a verifier or by forbidding the form
    OPEN = "a choice"  # the clause allows both; we chose the stricter one
    SCOPE = "its caller's"  # the peer leaves it to its caller, by its design


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """What we refuse and some peer accepts; or with `refused`, the other way around.

    Attributes:
        ours: our answer, a pattern over a check's name or the message of a malformed token.
        cases: mutation -> the letters of the peers that accept it.
        means: what it comes to, for who verifies with such a peer.
    """

    id: str
    clause: str
    side: Side
    ours: str
    cases: Mapping[str, str] = field(repr=False)
    what: str
    means: str

    @property
    def peers(self) -> tuple[str, ...]:
        return tuple(name for letter, name in LETTERS.items() if any(letter in who for who in self.cases.values()))

    def explains(self, mutation: str, peer: str, ours: str) -> bool:
        who = self.cases.get(RANDOM if mutation in ANYWHERE else mutation, "")
        return peer in (LETTERS[letter] for letter in who) and re.match(self.ours, ours) is not None


DISAGREEMENTS: Final = (
    # -- the issuer-signed JWT
    Disagreement(
        id="typ",
        clause="SD-JWT VC 2.2.1",
        side=Side.RULE,
        ours=r"TYP|Malformed: not a JWS: typ is no text",
        cases={
            "typ left out": "SV",
            "typ JWT": "SV",
            "typ of an older draft": "SV",
            "typ of an example": "SV",
            "typ in capitals": "SV",
            "typ with a prefix": "SV",
            "typ of a holder's proof": "SV",
            "typ null": "SV",
        },
        what="`typ` of the credential is not looked at (sd-jwt is of plain SD-JWT, whose callers choose a `typ`)",
        means="any other JWT that the issuer signs with the same key can pass for a credential (RFC 8725 2.8)",
    ),
    Disagreement(
        id="vct",
        clause="SD-JWT VC 2.2.2.1",
        side=Side.SCOPE,
        ours=r"VCT",
        cases={
            "vct of another": "SV",
            "vct left out": "SV",
            "vct an array": "SV",
            "vct of another, ours among aka_vcts": "SV",
            "vct disclosed": "SV",
        },
        what="no type is asked for; vouchkit gives the `vct` back, sd-jwt the payload",
        means="a caller who forgets it takes a library card for a passport, if one issuer signs both",
    ),
    Disagreement(
        id="iss",
        clause="RFC 9901 7.1 (2.3)",
        side=Side.SCOPE,
        ours=r"ISSUER_|Malformed: iss is no text",
        cases={"iss of another": "SOVP", "iss left out": "SVP", "iss an array": "SVP", "iss disclosed": "SV"},
        what="with a pinned key nobody looks whether `iss` names the key's owner",
        means="who reads `iss` out of the claims must compare it; a key shared by two names tells them not apart",
    ),
    Disagreement(
        id="crit",
        clause="RFC 7515 4.1.11",
        side=Side.RULE,
        ours=r"Malformed: a JWS with critical extensions",
        cases={"crit of something": "V", "crit empty": "SV", "proof with crit": "SV"},
        what="a header with `crit` is accepted; an empty one too, which no producer may make",
        means="what the issuer marked as decisive is passed over",
    ),
    Disagreement(
        id="b64",
        clause="RFC 7797 6",
        side=Side.OPEN,
        ours=r"Malformed: a JWS with critical extensions",
        cases={"b64 false": "OVP"},
        what="`b64: false` without `crit` is passed over",
        means="two readers may disagree about what was signed",
    ),
    Disagreement(
        id="exp",
        clause="RFC 9901 7.1 (6)",
        side=Side.RULE,
        ours=r"NOT_EXPIRED|NOT_BEFORE|Malformed: (exp|nbf) is no date|Malformed: the credential expires before",
        cases={
            "expired": "S",
            "expired an hour ago": "S",
            "nbf in the future": "S",
            "nbf a text": "S",
            "exp a text": "SV",
            "exp null": "S",
            "exp true": "S",
            "exp negative": "S",
        },
        what="sd-jwt does not look at `exp` and `nbf` (a comment in it says so); vouchkit reads a text as a number",
        means="an expired credential is accepted, unless the caller looks",
    ),
    Disagreement(
        id="leeway",
        clause="RFC 7519 4.1.4, 4.1.5",
        side=Side.OPEN,
        ours=r"NOT_EXPIRED|NOT_BEFORE|KB_IN_TIME|Malformed: the credential expires before",
        cases={
            "expired two minutes ago": "SP",
            "expired half a minute ago": "SOP",
            "nbf in two minutes": "SP",
            "nbf in half a minute": "SOP",
            "nbf after exp": "SP",
            "iat after exp": "SOVP",
            "proof that expired half a minute ago": "SOVP",
        },
        what="clocks may differ by a minute (openvc-core) or by five (polaris-oid4vp); we give `exp` and `nbf` none",
        means="a credential lives that much longer",
    ),
    Disagreement(
        id="far-exp",
        clause="RFC 7519 2",
        side=Side.OPEN,
        ours=r"Malformed: exp is no date",
        cases={"exp beyond every calendar": "SOVP"},
        what="an `exp` after the year 9999 is accepted",
        means="who makes a date of it may find that it fits none",
    ),
    Disagreement(
        id="exp-demanded",
        clause="RFC 9901 9.7",
        side=Side.OPEN,
        ours=r"EXPIRY_STATED",
        cases={"exp left out": "SOVP"},
        what="a credential without `exp` is accepted; a verifier is to demand the claims that it deems necessary",
        means="a withheld `exp` and one that was never there look the same",
    ),
    Disagreement(
        id="iat",
        clause="RFC 7519 4.1.6",
        side=Side.OPEN,
        ours=r"ISSUED_BEFORE|Malformed: iat is no date",
        cases={"iat in the future": "SVP", "iat disclosed, future": "SVP", "iat a text": "SVP"},
        what="`iat` is not looked at",
        means="little: the times that decide are `nbf` and `exp`",
    ),
    Disagreement(
        id="aud",
        clause="RFC 7519 4.1.3, RFC 9901 7.1 (6)",
        side=Side.RULE,
        ours=r"AUDIENCE|Malformed: aud is neither",
        cases={
            "aud of another": "SVP",
            "aud empty": "SVP",
            "aud a number": "SVP",
            "aud of this verifier": "SVP",
            "aud of this verifier among others": "SVP",
        },
        what="`aud` of the credential is not looked at (of this verifier: refused where nobody said who verifies)",
        means="a credential that the issuer meant for one verifier works at every other",
    ),
    Disagreement(
        id="aka-vcts",
        clause="SD-JWT VC 2.2.2.2",
        side=Side.RULE,
        ours=r"Malformed: aka_vcts",
        cases={"aka_vcts with vct": "SVP", "aka_vcts empty": "SVP", "aka_vcts a text": "SVP"},
        what="the form of `aka_vcts` is not looked at",
        means="nothing, until somebody reads it",
    ),
    Disagreement(
        id="vct-integrity-form",
        clause="SD-JWT VC 6",
        side=Side.OPEN,
        ours=r"Malformed: vct#integrity",
        cases={"vct#integrity a number": "SOVP"},
        what="the form of `vct#integrity` is not looked at by who reads no type metadata",
        means="nothing, until somebody reads it",
    ),
    Disagreement(
        id="status-form",
        clause="Token Status List 6.1, SD-JWT VC 2.2.2.3",
        side=Side.OPEN,
        ours=r"STATUS_KIND|Malformed: status|Malformed: a status_list",
        cases={
            "status of no known kind": "SOVP",
            "status a text": "SOVP",
            "status list without index": "SOVP",
        },
        what="a `status` of another kind or form is left alone here; openvc-core refuses it in `verify_credential`, and"
        " polaris-oid4vp says that it is not known",
        means="who does not ask further takes a withdrawn credential",
    ),
    # -- whose key it is
    Disagreement(
        id="cnf-members",
        clause="RFC 7800 3.1, HAIP 1.0 6.1",
        side=Side.OPEN,
        ours=r"HOLDER_KEY",
        cases={"cnf with a key and its identifier": "SOVP"},
        what="other members beside `jwk` in `cnf` are passed over, as RFC 7800 has it where no profile says more",
        means="if the members speak of two keys, two readers choose two holders",
    ),
    Disagreement(
        id="cnf-private",
        clause="RFC 7800 3.2",
        side=Side.RULE,
        ours=r"Malformed: a JWK with a private",
        cases={"cnf of a key with private parts": "SOVP"},
        what="a holder's key with its private part is accepted as the public key",
        means="whoever saw the credential can prove to be its holder",
    ),
    Disagreement(
        id="cnf-use",
        clause="RFC 7517 4.2, 4.3",
        side=Side.OPEN,
        ours=r"Malformed: a JWK that is not for signatures",
        cases={"cnf of a key for encryption": "SOVP"},
        what="a key that is meant for encryption verifies signatures (sd-jwt and polaris-oid4vp: where no proof is asked)",
        means="one key for two uses",
    ),
    Disagreement(
        id="cnf-unread",
        clause="RFC 7518 6.2.1",
        side=Side.OPEN,
        ours=r"Malformed: a public key whose point|HOLDER_KEY",
        cases={
            "cnf of a point off the curve": "SOVP",
            "cnf left out": "S",
            "cnf with a key identifier": "S",
        },
        what="where no proof is asked, the holder's key is not looked at",
        means="nothing at this verifier",
    ),
    # -- the disclosures
    Disagreement(
        id="unreferenced",
        clause="RFC 9901 7.1 (5)",
        side=Side.RULE,
        ours=r"DISCLOSURE_REFERENCED",
        cases={
            "one left out": "S",
            "one written anew": "S",
            "one without a digest": "S",
            "an element without a digest": "S",
            "a child without its parent": "S",
            "a digest changed": "S",
            "a digest with padding": "S",
            "a digest in hex": "S",
            "an entry of aud disclosed": "S",
            RANDOM: "S",
        },
        what="a disclosure that no digest vouches for is passed over in silence",
        means="its claims do not come out; but what was sent is not what was verified, and nobody is told",
    ),
    Disagreement(
        id="reserved-names",
        clause="RFC 9901 7.1 (3.3.2.2)",
        side=Side.RULE,
        ours=r"RESERVED_NAME",
        cases={"a name _sd": "S", "a name _sd with digests": "S", "a name ...": "SV"},
        what="a disclosure may name a claim `_sd` or `...`",
        means="claims under names that the next reader takes for digests",
    ),
    Disagreement(
        id="reserved-sd-alg",
        clause="RFC 9901 4.1.1",
        side=Side.OPEN,
        ours=r"RESERVED_NAME|Malformed: a member _sd_alg",
        cases={
            "a name _sd_alg": "SO",
            "a name _sd_alg in an object": "SO",
            "_sd_alg in an object": "SOVP",
            "_sd_alg in an object in an array": "SOVP",
            "_sd_alg in a disclosure": "SOVP",
        },
        what="`_sd_alg` is accepted inside objects and as the name of a disclosed claim: forbidden to the issuer, while"
        " no step of a verification looks for it",
        means="a second name of a hash algorithm, below the one that counts",
    ),
    Disagreement(
        id="digest-twice",
        clause="RFC 9901 7.1 (4)",
        side=Side.RULE,
        ours=r"DIGEST_ONCE",
        cases={
            "a digest of an element twice": "S",
            "a digest of nothing twice in one array": "V",
            "a digest of nothing in two arrays": "SV",
            "a digest of nothing twice as elements": "SV",
            "a digest again by way of a disclosure": "V",
            "a digest that holds itself": "V",
        },
        what="sd-jwt does not count the digests of array elements, vouchkit not those without a disclosure",
        means="one disclosed element can stand in two places; with decoys, whether it is refused depends on what is shown",
    ),
    Disagreement(
        id="disclosure-form",
        clause="RFC 9901 4.2.1, 4.2.2",
        side=Side.RULE,
        ours=r"DISCLOSURE_FORM",
        cases={"a name that is a number": "S", "a name that is null": "S", "a text of three letters": "S"},
        what="the name of a claim need not be a text, nor a disclosure an array: of `\"abc\"` sd-jwt makes a claim `b`",
        means="claims under names that JSON cannot write",
    ),
    Disagreement(
        id="salt-form",
        clause="RFC 9901 4.2.1",
        side=Side.OPEN,
        ours=r"DISCLOSURE_FORM",
        cases={"a salt that is a number": "SOP", "a salt that is null": "SOP"},
        what="a salt need not be a text; that is demanded of the issuer, and of a verifier only three elements",
        means="nothing that a verifier relies on",
    ),
    Disagreement(
        id="sd-form",
        clause="RFC 9901 4.2.4.1",
        side=Side.RULE,
        ours=r"Malformed: an _sd that is not an array of strings",
        cases={
            "_sd a text": "SP",
            "_sd an object": "SP",
            "_sd null": "OP",
            "_sd null and nothing hidden": "OP",
            "_sd of a number": "SP",
            "_sd of an array": "P",
            "_sd a text in a disclosure": "SP",
            "_sd null in a disclosure": "OP",
            "_sd of a number in a disclosure": "SP",
        },
        what="an `_sd` that is no array of texts is dropped, or looked through as if it were one",
        means="a claim named `_sd` vanishes in place of a refusal",
    ),
    Disagreement(
        id="sd-empty",
        clause="SD-JWT VC 2.2.2.5",
        side=Side.OPEN,
        ours=r"SD_WITHOUT_CLAIMS",
        cases={"_sd empty and nothing hidden": "SOVP"},
        what="an empty `_sd` where nothing can be withheld: forbidden to the issuer of an SD-JWT VC, while a verifier is"
        " not told to look",
        means="nothing that a verifier relies on",
    ),
    Disagreement(
        id="dots-form",
        clause="RFC 9901 4.1 (7), 4.2.4.2",
        side=Side.OPEN,
        ours=r"Malformed: a \.\.\. that is not alone|Malformed: a member \.\.\. where none may be",
        cases={
            "... at the top": "SVP",
            "... in an object": "SVP",
            "... in an object in a disclosure": "SVP",
            "... beside another member": "S",
            "... beside another member, of nothing": "SVP",
            "... a number": "SVP",
            "... null": "SVP",
            "... an array": "SP",
        },
        what="`...` where no digest can be is kept as a claim, or dropped: forbidden to the issuer, while a verifier is"
        " told only which ones are digests",
        means="claims under a name that the next reader takes for a digest",
    ),
    Disagreement(
        id="protected",
        clause="SD-JWT VC 2.2.2.3, RFC 9901 9.7",
        side=Side.RULE,
        ours=r"PROTECTED_CLAIMS",
        cases={
            "exp disclosed": "SV",
            "exp disclosed, past": "SV",
            "nbf disclosed": "SV",
            "nbf disclosed, future": "SV",
            "status disclosed": "SV",
            "vct#integrity disclosed": "SV",
            "aka_vcts disclosed": "SV",
            "a sub-claim of status disclosed": "SV",
            "cnf disclosed": "SV",
        },
        what="claims that decide on validity may be disclosed; vouchkit checks only those of the signed payload",
        means="a disclosed `exp` in the past passes, and a holder can leave out one that harms",
    ),
    Disagreement(
        id="protected-hidden",
        clause="SD-JWT VC 2.2.2.3",
        side=Side.OPEN,
        ours=r"PROTECTED_CLAIMS",
        cases={"a sub-claim of status hidden": "SOVP"},
        what="a digest inside `status` or `cnf` without its disclosure is accepted; it may be that of nothing",
        means="what the issuer let the holder withhold cannot be told from what was never there",
    ),
    Disagreement(
        id="protected-aud",
        clause="RFC 9901 9.7",
        side=Side.OPEN,
        ours=r"PROTECTED_CLAIMS",
        cases={"aud disclosed": "SOVP", "aud disclosed, of another": "SVP"},
        what="`aud` may be disclosed; the clause says that it should count as critical",
        means="a holder leaves out for whom the credential is meant",
    ),
    # -- the holder's proof
    Disagreement(
        id="proof-iat",
        clause="RFC 9901 7.3 (5.5)",
        side=Side.RULE,
        ours=r"KB_IAT",
        cases={
            "proof of last year": "SV",
            "proof of next year": "SV",
            "proof of an hour ago": "SV",
            "proof without iat": "SV",
            "proof with iat null": "SV",
            "proof with iat a text": "SV",
            "proof with iat true": "SV",
        },
        what="when the holder's proof was made is not looked at",
        means="only the nonce tells a fresh proof from an old one",
    ),
    Disagreement(
        id="proof-window",
        clause="RFC 9901 7.3 (5.5)",
        side=Side.OPEN,
        ours=r"KB_IAT",
        cases={"proof of six minutes ago": "SOV", "proof of two minutes ahead": "SVP"},
        what="the window for a proof is a little wider: six minutes back (openvc-core), five ahead (polaris-oid4vp)",
        means="little",
    ),
    Disagreement(
        id="proof-times",
        clause="RFC 9901 7.3 (5.8)",
        side=Side.RULE,
        ours=r"KB_IN_TIME",
        cases={"proof that expired": "SVP", "proof that is not valid yet": "SV", "proof with exp a text": "SV"},
        what="`exp` and `nbf` that a proof states of itself are passed over, or given five minutes (polaris-oid4vp)",
        means="a proof lives longer than its holder said",
    ),
    Disagreement(
        id="proof-unasked",
        clause="RFC 9901 4, 7.3",
        side=Side.OPEN,
        ours=r"KB_|SD_HASH|Malformed: not |Malformed: a JSON |Malformed: a JWS with crit|Malformed: the JSON",
        cases={
            **dict.fromkeys(
                (
                    *("proof with alg none", "proof with alg in small letters", "proof with alg of another curve"),
                    *("cnf of another's key", "proof by another key", "proof by a key in its header"),
                    *("proof without typ", "proof with typ JWT", "proof with typ in capitals"),
                    *("proof with typ and a prefix", "proof over something else", "proof over nothing"),
                    *("proof over null", "proof with padding behind sd_hash", "proof over all but the last ~"),
                    *("proof over another hash", "the credential as proof", "no proof and no last ~"),
                    *("a blank behind", "a newline behind"),
                    *(
                        f"holder's {part} {how}"
                        for part in ("header", "payload", "signature")
                        for how in ("with a newline", "with a character of no alphabet", "empty", "doubled")
                    ),
                    *(f"holder's {part} with another last character" for part in ("header", "payload")),
                ),
                "S",
            ),
            RANDOM: "S",
        },
        what="where no proof is asked, what stands behind the last `~` is not looked at. (A verifier that expects none"
        " must see that nothing stands there; we check the one that came, whoever it is for)",
        means="a proof that is none goes unnoticed; and a credential that was cut off behind a `~` verifies",
    ),
    # -- encodings
    Disagreement(
        id="names-twice",
        clause="RFC 7515 4, RFC 7519 4, RFC 8259 4",
        side=Side.OPEN,
        ours=r"Malformed: a JSON object holds a name twice",
        cases={
            "header with a name twice": "SOVP",
            "a member twice": "SOVP",
            "payload with a name twice": "SOVP",
            "payload with exp twice": "S",
            "payload with vct twice": "SV",
            "proof with a name twice": "SOVP",
            "proof with nonce twice": "SOVP",
        },
        what="of two members with one name the last counts, as RFC 7515 and 7519 allow",
        means="two readers of one signed text see two values",
    ),
    Disagreement(
        id="not-numbers",
        clause="RFC 8259 6",
        side=Side.RULE,
        ours=r"Malformed: a JSON number is not finite",
        cases={
            "exp NaN": "S",
            "exp infinite": "S",
            "NaN": "SOV",
            "infinity": "SOV",
            "payload with NaN": "SOV",
            "proof with iat NaN": "SV",
            "a number too large": "SOVP",
        },
        what="`NaN`, `Infinity` and numbers too large for a double are read; JSON has none of the first two",
        means="a comparison with NaN is never true: a limit that is checked with `<` does not hold",
    ),
    Disagreement(
        id="numbers",
        clause="RFC 7493 2.2",
        side=Side.OPEN,
        ours=r"Malformed: a JSON (integer is beyond|number is not finite, or a negative zero)",
        cases={
            "a negative zero": "SOVP",
            "a negative zero with a point": "SOVP",
            "payload with a negative zero": "SOVP",
            "an integer beyond a double": "SOVP",
            "a huge integer": "SOVP",
            "payload with a huge integer": "SOVP",
        },
        what="integers beyond 2^53-1 and a negative zero are read; we refuse what two readers may read differently",
        means="an identifier of twenty digits that another reader rounds",
    ),
    Disagreement(
        id="characters",
        clause="RFC 7493 2.1, RFC 8259 8.2",
        side=Side.OPEN,
        ours=r"Malformed: a JSON string holds a lone surrogate or NUL",
        cases={
            "a lone surrogate": "SOVP",
            "a lone surrogate as name": "SOVP",
            "payload with a lone surrogate": "SOVP",
            "a NUL": "SOVP",
            "payload with a NUL": "SOVP",
        },
        what="lone surrogates, which are no characters, and NUL are read",
        means="a text that cannot be written, or that ends early where C reads it",
    ),
    Disagreement(
        id="utf-8",
        clause="RFC 9901 4.2.1, RFC 7515 5.2, RFC 8259 8.1",
        side=Side.RULE,
        ours=r"Malformed: the JSON is not UTF-8 at byte 0|Malformed: not JSON at character 0: Expecting value",
        cases={
            "UTF-16": "OV",
            "payload of UTF-16": "OV",
            "a byte order mark": "OV",
            "payload with a byte order mark": "OV",
        },
        what="Python's reader guesses the encoding of bytes: UTF-16, and UTF-8 with a byte order mark (which a reader"
        " may pass over), are read",
        means="two readers of one signed text see two values, or one of them none",
    ),
    Disagreement(
        id="base64url",
        clause="RFC 7515 2, RFC 9901 4.2.3",
        side=Side.RULE,
        ours=r"Malformed: not base64url",
        cases={
            "encoded with padding": "SOV",
            "encoded in the other alphabet": "SOV",
            "encoded with a blank": "S",
            "encoded with a newline": "S",
            "encoded with a character of no alphabet": "S",
            "issuer's payload padded": "S",
            "issuer's signature padded": "SOV",
            "issuer's signature with another last character": "SOV",
            "issuer's payload with another last character": "S",
            "holder's signature padded": "SOV",
            "holder's signature with another last character": "SOV",
            RANDOM: "SOV",
        },
        what="padding, the other alphabet and last characters with stray bits are read; sd-jwt passes over any"
        " character of no alphabet",
        means="one presentation has many spellings: who knows one again by its bytes is deceived",
    ),
    Disagreement(
        id="empty-disclosures",
        clause="RFC 9901 4",
        side=Side.RULE,
        ours=r"Malformed: not JSON at character 0: Expecting value",
        cases={
            "a ~ before the proof": "OP",
            "a ~ behind the credential": "OP",
            "a ~ behind": "OP",
            "the proof twice": "OP",
            RANDOM: "OP",
        },
        what="empty disclosures are passed over; openvc-core takes `sd_hash` without them, so that it still holds",
        means="whoever carries a presentation can add a `~`, and its bytes are others than the holder proved",
    ),
    Disagreement(
        id="depth",
        clause="RFC 8259 9",
        side=Side.OPEN,
        ours=r"Malformed: the (JSON is|claims are) nested deeper",
        cases={"70 arrays deep": "SOV", "70 disclosures inside one another": "SOV"},
        what="we and polaris-oid4vp stop at 64 levels, openvc-core at 100, sd-jwt and vouchkit where Python does: a"
        " RecursionError",
        means="for the latter two: any token can end the caller's request with an error that is none of theirs",
    ),
)


def explained(mutation: str, peer: str, ours: str) -> list[Disagreement]:
    """Give the entries that a disagreement answers to: exactly one, or it is news."""
    return [one for one in DISAGREEMENTS if one.explains(mutation, peer, ours)]


def rows() -> str:
    """Give the table as the page has it."""
    lines = ["| name | clause | it is | who accepts | what | what it means |", "| --- | --- | --- | --- | --- | --- |"]
    for one in DISAGREEMENTS:
        who = ", ".join(one.peers)
        lines.append(f"| `{one.id}` | {one.clause} | {one.side} | {who} | {one.what} | {one.means} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(rows(), end="")
