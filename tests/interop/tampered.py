"""What a wallet must not get away with, each made with foreign libraries: one thing in an honest answer is wrong.

The answer is to `town.BOTH`: a person in SD-JWT VC and a household in mdoc.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

import cbor2

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import b64url_decode, b64url_encode
from eigendata.registers.catalogue import ADRES, INWONER
from tests.interop.material import OTHER_KEY, jwk
from tests.interop.wallets import Card, Changes, ForeignWallet, Resolved
from tests.world import FORMAT, MDOC

Tokens = dict[str, Any]
PERSON: Final = "person"
HOUSEHOLD: Final = "household"


@dataclass(frozen=True, kw_only=True)
class Tampering:
    """One thing that is wrong.

    Attributes:
        refused_by: the name of our check; `Malformed` where it is no answer at all.
        tokens: makes the `vp_token`.
        answer: what the library is told otherwise when it makes its answer.
        body: what becomes of the posted body.
        sealed: whether the request wants its answer sealed.
    """

    refused_by: str
    tokens: Callable[[ForeignWallet, Resolved], Tokens] = ForeignWallet.show
    answer: Mapping[str, Any] = field(default_factory=dict)
    body: Callable[[str], str] = str
    sealed: bool = True

    def make(self, wallet: ForeignWallet, resolved: Resolved) -> str:
        """Give the body that is posted."""
        order = wallet.answer(resolved, self.tokens(wallet, resolved), **self.answer)
        assert order.body is not None
        return self.body(order.body)


# -- the presentations ------------------------------------------------------------------------------------------------


def _shown(**changes: Any) -> Callable[[ForeignWallet, Resolved], Tokens]:
    return lambda wallet, resolved: wallet.show(resolved, Changes(**changes))


def _session(name: str, value: str | None) -> Callable[[ForeignWallet, Resolved], Tokens]:
    return _shown(session={name: value})


def _bit_of_proof(token: str) -> str:
    """Flip a bit of the signature of the holder's proof."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{_flipped(signature)}"


def _bit_of_credential(token: str) -> str:
    """Flip a bit of the issuer's signature."""
    issued, tilde, rest = token.partition("~")
    head, _, signature = issued.rpartition(".")
    return f"{head}.{_flipped(signature)}{tilde}{rest}"


def _flipped(signature: str) -> str:
    octets = bytearray(b64url_decode(signature.encode("ascii")))
    octets[40] ^= 1
    return b64url_encode(bytes(octets))


def _one_less(token: str) -> str:
    """Take out a disclosure after the holder made the proof."""
    issued, _, *rest = token.split("~")
    return "~".join((issued, *rest))


def _other_value(token: str) -> str:
    """Write another value in a disclosure."""
    issued, first, *rest = token.split("~")
    salt, name, _ = json.loads(b64url_decode(first.encode("ascii")))
    changed = urlsafe_b64encode(json.dumps([salt, name, "Ummels"]).encode()).decode().rstrip("=")
    return "~".join((issued, changed, *rest))


def _no_proof(token: str) -> str:
    return token[: token.rindex("~") + 1]


def _document(change: Callable[[Any], None]) -> Callable[[ForeignWallet, Resolved], Tokens]:
    """Change the document of a device response."""

    def make(wallet: ForeignWallet, resolved: Resolved) -> Tokens:
        tokens = wallet.show(resolved)
        response = cbor2.loads(b64url_decode(tokens[HOUSEHOLD][0].encode("ascii")), immutable=False)
        change(response["documents"][0])
        return {**tokens, HOUSEHOLD: [b64url_encode(cbor2.dumps(response))]}

    return make


def _signature_of(document: Any, *path: str) -> list[Any]:
    for name in path:
        document = document[name]
    assert isinstance(document, list)
    return document


def _flip_issuer(document: Any) -> None:
    auth = _signature_of(document, "issuerSigned", "issuerAuth")
    auth[3] = auth[3][:-1] + bytes([auth[3][-1] ^ 1])


def _flip_device(document: Any) -> None:
    auth = _signature_of(document, "deviceSigned", "deviceAuth", "deviceSignature")
    auth[3] = auth[3][:-1] + bytes([auth[3][-1] ^ 1])


def _other_size(document: Any) -> None:
    (items,) = document["issuerSigned"]["nameSpaces"].values()
    for number, item in enumerate(items):
        one = cbor2.loads(item.value)
        if one["elementIdentifier"] == "household_size":
            items[number] = cbor2.CBORTag(24, cbor2.dumps({**one, "elementValue": 5}))


# -- the answer as a whole --------------------------------------------------------------------------------------------


def _held(wallet: ForeignWallet, format: str, type_id: str) -> Card:
    (found,) = (one for one in wallet.cards if (one.format, one.type) == (format, type_id))
    return found


def _with(change: Callable[[ForeignWallet, Resolved, Tokens], Tokens]) -> Callable[[ForeignWallet, Resolved], Tokens]:
    return lambda wallet, resolved: change(wallet, resolved, wallet.show(resolved))


def _of_another_type(wallet: ForeignWallet, resolved: Resolved, tokens: Tokens) -> Tokens:
    card = _held(wallet, FORMAT, INWONER.id)
    return {**tokens, PERSON: [wallet.shown(card, [["family_name"], ["birthdate"]], resolved)]}


def _with_paths(*paths: list[Any]) -> Callable[[ForeignWallet, Resolved], Tokens]:
    """Show of the person just these."""

    def make(wallet: ForeignWallet, resolved: Resolved) -> Tokens:
        card, _ = wallet.choose(resolved)[PERSON]
        return {**wallet.show(resolved), PERSON: [wallet.shown(card, list(paths), resolved)]}

    return make


def _one_more(wallet: ForeignWallet, resolved: Resolved, tokens: Tokens) -> Tokens:
    card = _held(wallet, MDOC, ADRES.id)
    return {**tokens, "address": [wallet.shown(card, [[ADRES.id, "bag_vbo"]], resolved)]}


def _changed(body: str, **parameters: str) -> str:
    return urlencode({**{name: one[0] for name, one in parse_qs(body).items()}, **parameters})


def _without(name: str) -> Callable[[str], str]:
    return lambda body: urlencode({one: value[0] for one, value in parse_qs(body).items() if one != name})


def _header(**changes: str) -> Callable[[str], str]:
    """Change the header of the sealed answer, as someone can who has no key."""

    def make(body: str) -> str:
        header, *rest = parse_qs(body)["response"][0].split(".")
        told = {**json.loads(b64url_decode(header.encode("ascii"))), **changes}
        return _changed(body, response=".".join((b64url_encode(json.dumps(told).encode()), *rest)))

    return make


def _bit_of_seal(body: str) -> str:
    *parts, ciphertext, tag = parse_qs(body)["response"][0].split(".")
    octets = bytearray(b64url_decode(ciphertext.encode("ascii")))
    octets[100] ^= 1
    return _changed(body, response=".".join((*parts, b64url_encode(bytes(octets)), tag)))


_OF_P384: Final = {**SoftwareKey.generate(Algorithm.ES384).public_key.jwk(), "use": "enc"}
_HOUR: Final = 3600

TAMPERED: Final[Mapping[str, Tampering]] = {
    # the person
    "another nonce": Tampering(tokens=_shown(proof={"nonce": "n-of-another-request"}), refused_by="KB_NONCE"),
    "another aud": Tampering(tokens=_shown(proof={"aud": "x509_hash:webshop"}), refused_by="KB_AUDIENCE"),
    "aud without its prefix": Tampering(
        tokens=lambda wallet, resolved: wallet.show(
            resolved, Changes(proof={"aud": resolved.parameters["client_id"].partition(":")[2]})
        ),
        refused_by="KB_AUDIENCE",
    ),
    "proof of an hour ago": Tampering(tokens=_shown(later=-_HOUR), refused_by="KB_IAT"),
    "proof of an hour ahead": Tampering(tokens=_shown(later=_HOUR), refused_by="KB_IAT"),
    "proof by another key": Tampering(tokens=_shown(holder=OTHER_KEY), refused_by="KB_SIGNATURE"),
    "a bit of the proof flipped": Tampering(tokens=_shown(token=_bit_of_proof), refused_by="KB_SIGNATURE"),
    "proof left out": Tampering(tokens=_shown(token=_no_proof), refused_by="KB_PRESENT"),
    "sd_hash of more": Tampering(tokens=_shown(token=_one_less), refused_by="SD_HASH"),
    "a value changed": Tampering(tokens=_shown(token=_other_value), refused_by="DISCLOSURE_REFERENCED"),
    "a bit of the credential flipped": Tampering(tokens=_shown(token=_bit_of_credential), refused_by="SIGNATURE"),
    # the household
    "transcript of another nonce": Tampering(tokens=_session("nonce", "another"), refused_by="DEVICE_SIGNATURE"),
    "transcript of another client_id": Tampering(
        tokens=_session("clientId", "x509_hash:webshop"), refused_by="DEVICE_SIGNATURE"
    ),
    "transcript of another response_uri": Tampering(
        tokens=_session("responseUri", "https://webshop.example/answers"), refused_by="DEVICE_SIGNATURE"
    ),
    "transcript without the key": Tampering(tokens=_session("jwkThumbprint", None), refused_by="DEVICE_SIGNATURE"),
    "transcript of another key": Tampering(
        tokens=_session("jwkThumbprint", OTHER_KEY.public_key.thumbprint().hex()), refused_by="DEVICE_SIGNATURE"
    ),
    "transcript of a key that nothing is sealed to": Tampering(
        tokens=_session("jwkThumbprint", OTHER_KEY.public_key.thumbprint().hex()),
        refused_by="DEVICE_SIGNATURE",
        sealed=False,
    ),
    "a bit of the device's signature flipped": Tampering(tokens=_document(_flip_device), refused_by="DEVICE_SIGNATURE"),
    "a bit of the document's signature flipped": Tampering(
        tokens=_document(_flip_issuer), refused_by="ISSUER_SIGNATURE"
    ),
    "an element changed": Tampering(tokens=_document(_other_size), refused_by="DIGESTS"),
    # the answer
    "another credential id": Tampering(
        tokens=_with(lambda _, __, tokens: {"persoon": tokens[PERSON], HOUSEHOLD: tokens[HOUSEHOLD]}),
        refused_by="Malformed",
    ),
    "a credential more": Tampering(tokens=_with(_one_more), refused_by="Malformed"),
    "a credential less": Tampering(tokens=_with(lambda _, __, tokens: {PERSON: tokens[PERSON]}), refused_by="COMPLETE"),
    "a credential twice": Tampering(
        tokens=_with(lambda _, __, tokens: {**tokens, PERSON: tokens[PERSON] * 2}), refused_by="COUNTED"
    ),
    "no presentation under an id": Tampering(
        tokens=_with(lambda _, __, tokens: {**tokens, PERSON: []}), refused_by="Malformed", sealed=False
    ),
    "a presentation in no array": Tampering(
        tokens=_with(lambda _, __, tokens: {**tokens, PERSON: tokens[PERSON][0]}), refused_by="Malformed"
    ),
    "credentials in each other's place": Tampering(
        tokens=_with(lambda _, __, tokens: {PERSON: tokens[HOUSEHOLD], HOUSEHOLD: tokens[PERSON]}),
        refused_by="Malformed",
    ),
    "a credential of another type": Tampering(tokens=_with(_of_another_type), refused_by="VCT"),
    "a claim less": Tampering(tokens=_with_paths(["family_name"]), refused_by="CLAIMS_THERE"),
    "a claim more": Tampering(
        tokens=_with_paths(["family_name"], ["birthdate"], ["given_name"]), refused_by="NO_CLAIM_MORE"
    ),
    "another state": Tampering(answer={"changed": {"state": "another"}}, refused_by="STATE_RETURNED"),
    "another state, open": Tampering(
        answer={"changed": {"state": "another"}}, refused_by="STATE_RETURNED", sealed=False
    ),
    "state left out, open": Tampering(body=_without("state"), refused_by="STATE_RETURNED", sealed=False),
    "an error beside it, open": Tampering(
        body=lambda body: _changed(body, error="access_denied"), refused_by="Malformed", sealed=False
    ),
    # the seal
    "not sealed": Tampering(answer={"changed": {"response_mode": "direct_post"}}, refused_by="ANSWER_SEALED"),
    "sealed to another key": Tampering(answer={"seal": {"to": jwk(OTHER_KEY)}}, refused_by="JWE_OPENS"),
    "sealed to another kind of key": Tampering(answer={"seal": {"to": _OF_P384}}, refused_by="Malformed"),
    "another kid": Tampering(answer={"seal": {"kid": "key-of-another-request"}}, refused_by="JWE_KEY"),
    "another enc": Tampering(answer={"seal": {"enc": "A192GCM"}}, refused_by="JWE_ALGORITHM"),
    "an enc of another kind": Tampering(answer={"seal": {"enc": "A128CBC-HS256"}}, refused_by="Malformed"),
    "a key that is wrapped": Tampering(answer={"seal": {"alg": "ECDH-ES+A128KW"}}, refused_by="Malformed"),
    "compressed": Tampering(answer={"seal": {"zip": "DEF"}}, refused_by="JWE_ALGORITHM"),
    "apu changed": Tampering(answer={"apu": "of-the-wallet"}, body=_header(apu="b3RoZXI"), refused_by="JWE_OPENS"),
    "apv changed": Tampering(body=_header(apv="b3RoZXI"), refused_by="JWE_OPENS"),
    "enc changed": Tampering(body=_header(enc="A256GCM"), refused_by="JWE_OPENS"),
    "a bit of the seal flipped": Tampering(body=_bit_of_seal, refused_by="JWE_OPENS"),
}
"""Case -> what is wrong, and what refuses it. What takes two answers (a replay) is in the tests themselves."""
