"""RFC 9901's and SD-JWT VC's examples and the reference implementation's test cases, made again from what they say.

A case says which claims there are, which can be withheld, and which are shown; those of the reference implementation
also what comes out. The examples' serialized tokens are in `test_vectors.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import Json, b64url_decode, thaw
from eigendata.errors import Malformed
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.formats.sdjwt.json_form import flattened
from eigendata.model import UNBOUND, Authentic, Binding, CredentialType, Origin, Party, TrustedIssuer, Unbound
from tests.given import given

from .forge import digest, disclosure, proof, signed
from .specifications import Element, Hidden, load

CASES = (
    *(
        f"sd-jwt/{name}"
        for name in (
            *("address_only_flat", "address_only_recursive", "address_only_structured"),
            *("address_only_structured_one_open", "arf-pid", "complex_eidas", "complex_eidas_proposal", "complex_ekyc"),
            *("json_serialization_flattened", "json_serialization_general", "jsonld", "simple", "simple_structured"),
            *("w3c-vc", "w3c-vc_for_slide_deck"),
        )
    ),
    *(f"sd-jwt-vc/{name}" for name in ("01", "02", "03-pid")),
)
REFERENCE = tuple(
    f"sd-jwt/python-testcases/{name}"
    for name in (
        *("array_data_types", "array_full_sd", "array_in_sd", "array_nested_in_plain", "array_none_disclosed"),
        *("array_of_nulls", "array_of_objects", "array_of_scalars", "array_recursive_sd"),
        *("array_recursive_sd_some_disclosed", "header_mod", "json_serialization_flattened"),
        *("json_serialization_general", "key_binding", "no_sd", "object_data_types", "recursions"),
    )
)
DEVIATIONS = {
    "sd-jwt/w3c-vc_for_slide_deck": "the holder's key is of RSA, and abbreviated",
    "sd-jwt/python-testcases/header_mod": "kid is a number; RFC 7515 4.1.4 makes it a string",
}
"""What is malformed here and is not there, and why."""


class Made:
    """A token of one case, made as the case says, with the keys of its settings."""

    def __init__(self, case: str) -> None:
        folder = given(f"vectors/{case}")
        self.case = load(folder / "specification.yml")
        settings = load(_settings(folder))
        keys = {**settings["key_settings"], **self.case.get("settings_override", {}).get("key_settings", {})}
        self.issuers = [_key(one) for one in keys.get("issuer_keys", [keys.get("issuer_key")])]
        self.holder = _key(keys["holder_key"])
        self.binding = Binding(audience=settings["identifiers"]["verifier"], nonce=settings["key_binding_nonce"])
        self.at = datetime.fromtimestamp(settings["iat"] + 60, UTC)
        self._salts = count()
        self.chosen: list[bytes] = []
        self.all: list[bytes] = []
        self.frame: dict[str, Any] = {
            "iss": settings["identifiers"]["issuer"],
            "iat": settings["iat"],
            "exp": settings["exp"],
            "vct": "https://example.com/any",
            "cnf": {"jwk": self.holder.public_key.jwk()},
        }
        structure = self._concealed(self.case["user_claims"], self.case["holder_disclosed_claims"], True)
        header = {"kid": "1", **self.case.get("extra_header_parameters", {}), "typ": "dc+sd-jwt"}
        self.payload = {**self.frame, **structure, "_sd_alg": "sha-256"}
        self.jwts = [signed(self.payload, header, key) for key in self.issuers]

    def _concealed(self, value: Any, choice: Any, reached: bool) -> Any:
        if isinstance(value, dict):
            choice = choice if isinstance(choice, dict) else {}
            shown, digests = {}, []
            for name, member in value.items():
                taken = reached and (not isinstance(name, Hidden) or bool(choice.get(name)))
                inside = self._concealed(member, choice.get(name), taken)
                if isinstance(name, Hidden):
                    digests.append(self._disclosed(taken, str(name), inside))
                else:
                    shown[name] = inside
            return {**shown, "_sd": sorted(digests)} if digests else shown
        if isinstance(value, list):
            choices = choice if isinstance(choice, list) else []
            choices = [*choices, *[None] * (len(value) - len(choices))]
            return [self._element(one, of, reached) for one, of in zip(value, choices, strict=True)]
        return value

    def _element(self, element: Any, choice: Any, reached: bool) -> Any:
        if not isinstance(element, Element):
            return self._concealed(element, choice, reached)
        taken = reached and choice not in (None, False)
        return {"...": self._disclosed(taken, self._concealed(element.value, choice, taken))}

    def _disclosed(self, taken: bool, *contents: Any) -> str:
        one = disclosure(f"salt-{next(self._salts)}", *contents)
        self.all.append(one)
        if taken:
            self.chosen.append(one)
        return digest(one)

    def token(self, disclosures: list[bytes]) -> bytes:
        """The presentation that the case asks for: with or without a proof, in the serialization that it names."""
        shown = b"~".join((self.jwts[0], *disclosures, b""))
        if self.case.get("key_binding"):
            shown += proof(shown, key=self.holder, iat=int(self.at.timestamp()), **self._session())
        if self.case.get("serialization_format") != "json":
            return shown
        form = flattened(shown)
        if len(self.jwts) > 1:
            form = {"payload": form["payload"], "signatures": [_signature(form), *map(_later, self.jwts[1:])]}
        return SD_JWT_VC.from_wire(form)

    def _session(self) -> dict[str, Any]:
        return {"aud": self.binding.audience, "nonce": self.binding.nonce}

    def verified(self, disclosures: list[bytes]) -> Authentic:
        binding: Binding | Unbound = self.binding if self.case.get("key_binding") else UNBOUND
        kind = CredentialType.foreign(self.payload["vct"])
        return SD_JWT_VC.parse_presentation(self.token(disclosures)).verify([kind], binding, trust=self, at=self.at)

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        return TrustedIssuer(party=Party(id="examples", name="Examples"), key=self.issuers[0].public_key)

    def claims(self, authentic: Authentic) -> Any:
        """The claims that came out, without those that every token has."""
        claims: Any = thaw(authentic.document)
        return {name: claims[name] for name in claims if name in self.case["user_claims"] or name not in self.frame}


def _settings(folder: Path) -> Path:
    return folder.parent / "settings.yml"


def _key(jwk: Any) -> SoftwareKey:
    key = SoftwareKey.from_secret(Algorithm.ES256, b64url_decode(jwk["d"]))
    assert key.public_key.jwk()["x"] == jwk["x"]
    return key


def _signature(form: dict[str, Json]) -> Json:
    return {name: form[name] for name in ("protected", "header", "signature")}


def _later(jwt: bytes) -> Json:
    protected, _, signature = jwt.decode().split(".")
    return {"protected": protected, "header": {"x": 1}, "signature": signature}


def whole(value: Any) -> Any:
    """The claims of a case as they are where all is shown."""
    if isinstance(value, dict):
        return {str(name): whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [whole(one.value if isinstance(one, Element) else one) for one in value]
    return value


def test_no_case_is_left_out() -> None:
    folders = [given("vectors/sd-jwt"), given("vectors/sd-jwt-vc")]
    there = {str(path.parent.relative_to(folders[0].parent)) for one in folders for path in one.rglob("spec*.yml")}
    assert there == {*CASES, *REFERENCE}
    assert set(DEVIATIONS) <= there


@pytest.mark.parametrize("case", [case for case in (*CASES, *REFERENCE) if case not in DEVIATIONS])
def test_what_is_shown_of_every_case_comes_out_and_the_rest_does_not(case: str) -> None:
    made = Made(case)
    assert made.claims(made.verified(made.all)) == whole(made.case["user_claims"])
    some = made.verified(made.chosen)
    assert len(some.revealed) == len(made.chosen)
    assert tuple(step.check for step in some.trail) == SD_JWT_VC.checks
    said = repr(thaw(some.document))
    assert not any(word in said for word in ("'_sd'", "'...'", "'_sd_alg'"))


@pytest.mark.parametrize("case", [case for case in REFERENCE if case not in DEVIATIONS])
def test_every_case_of_the_reference_implementation_comes_out_as_it_says(case: str) -> None:
    made = Made(case)
    assert made.claims(made.verified(made.chosen)) == made.case["expect_verified_user_claims"]


@pytest.mark.parametrize("case", DEVIATIONS)
def test_what_we_read_otherwise_is_malformed(case: str) -> None:
    made = Made(case)
    with pytest.raises(Malformed):
        SD_JWT_VC.parse_presentation(made.token(made.chosen))


def test_but_for_its_number_as_kid_the_case_comes_out_as_it_says() -> None:
    made = Made("sd-jwt/python-testcases/header_mod")
    made.jwts = [signed(made.payload, {"kid": "42"}, made.issuers[0])]
    assert made.claims(made.verified(made.chosen)) == made.case["expect_verified_user_claims"]
