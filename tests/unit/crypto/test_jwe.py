"""What an answer is sealed in: it opens with the key of its request alone, and only as it was sealed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigendata.crypto.jwe import (
    CHECKS,
    HEADER_LIMIT,
    JWE_ALGORITHM,
    JWE_KEY,
    JWE_LIMIT,
    JWE_OPENS,
    ContentEncryption,
    Recipient,
    decrypt,
    encrypt,
    parse_jwe,
    parse_recipient,
    write_recipient,
)
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import b64url_decode, b64url_encode
from eigendata.errors import Malformed, Misuse, Reason, Rejected, Trail
from tests.negatives import negative

KEY = SoftwareKey.generate(Algorithm.ES256)
ANOTHERS = SoftwareKey.generate(Algorithm.ES256)
TO = Recipient(KEY.public_key, "once")
BOTH = tuple(ContentEncryption)
PAYLOAD = b'{"vp_token":{}}'


def sealed(
    payload: bytes = PAYLOAD, *, encryption: ContentEncryption = ContentEncryption.A128GCM, **more: Any
) -> bytes:
    return encrypt(payload, TO, encryption=encryption, **more)


def opened(token: bytes, key: SoftwareKey = KEY, kid: str = "once", encryptions: Any = BOTH) -> bytes:
    return decrypt(parse_jwe(token), key, kid=kid, encryptions=encryptions, trail=Trail())


def with_header(token: bytes, **members: Any) -> bytes:
    """The same token under another header: no tag holds over it, so a check before the tag must answer."""
    header = json.loads(b64url_decode(token.split(b".")[0])) | members
    kept = {name: value for name, value in header.items() if value is not None}
    return b".".join([b64url_encode(json.dumps(kept).encode()).encode(), *token.split(b".")[1:]])


@pytest.mark.parametrize("encryption", BOTH)
@given(payload=st.binary(max_size=300), parties=st.tuples(st.binary(max_size=40), st.binary(max_size=40)))
def test_what_is_sealed_opens_to_the_same(
    encryption: ContentEncryption, payload: bytes, parties: tuple[bytes, bytes]
) -> None:
    token = sealed(payload, encryption=encryption, party_u=parties[0], party_v=parties[1])
    trail = Trail()
    assert decrypt(parse_jwe(token), KEY, kid="once", encryptions=(encryption,), trail=trail) == payload
    assert [step.check for step in trail.done()] == list(CHECKS)


def test_the_key_that_rfc_7518_derives_is_derived() -> None:
    # appendix C: Alice's ephemeral key, Bob's key, A128GCM, apu "Alice" and apv "Bob" give this key
    from eigendata.crypto import jwe

    alice = SoftwareKey.from_secret(Algorithm.ES256, b64url_decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"))
    bob = SoftwareKey.from_secret(Algorithm.ES256, b64url_decode("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"))
    for ours, theirs in ((alice, bob), (bob, alice)):
        secret = ours.agree(theirs.public_key)
        derived = jwe._content_key(secret, ContentEncryption.A128GCM, b"Alice", b"Bob")
        assert b64url_encode(derived) == "VqqN6vgjbSBcIijNcacQGg"


@negative("NEG-JWE-005")
def test_an_answer_to_another_request_does_not_open() -> None:
    with pytest.raises(Rejected) as refused:
        opened(sealed(), ANOTHERS)
    assert (refused.value.check, refused.value.reason) == (JWE_OPENS, Reason.REQUEST_INVALID)
    for kid in ("another", "Once", ""):
        with pytest.raises(Rejected) as refused:
            opened(sealed(), kid=kid)
        assert refused.value.check == JWE_KEY


@negative("NEG-JWE-001")
def test_nothing_compressed_is_ever_opened() -> None:
    for zipped in ("DEF", "def", "", "none"):
        with pytest.raises(Rejected) as refused:
            opened(with_header(sealed(), zip=zipped))
        assert (refused.value.check, refused.value.reason) == (JWE_ALGORITHM, Reason.UNSUPPORTED_ALGORITHM)


@negative("NEG-JWE-003")
@pytest.mark.parametrize(
    "members",
    [
        *({"alg": alg} for alg in ("dir", "RSA1_5", "RSA-OAEP-256", "ECDH-ES+A128KW", "ECDH-1PU", "ecdh-es", "", 7)),
        {"alg": "PBES2-HS256+A128KW", "p2c": 10**9, "p2s": "AAAA"},
        {"alg": None},
        *({"enc": enc} for enc in ("A192GCM", "A128CBC-HS256", "a128gcm", "", 7, None)),
    ],
    ids=str,
)
def test_no_other_algorithm_is_tried(members: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as refused:
        opened(with_header(sealed(), **members))
    assert (refused.value.check, refused.value.reason) == (JWE_ALGORITHM, Reason.UNSUPPORTED_ALGORITHM)


def test_an_encryption_that_was_not_offered_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        opened(sealed(encryption=ContentEncryption.A256GCM), encryptions=(ContentEncryption.A128GCM,))
    assert refused.value.check == JWE_ALGORITHM


P384 = SoftwareKey.generate(Algorithm.ES384).public_key.jwk()
HERE = KEY.public_key.jwk()


@negative("NEG-JWE-002")
@pytest.mark.parametrize(
    "epk",
    [
        None,
        "a text",
        {**HERE, "y": HERE["x"]},  # off the curve
        {**HERE, "x": "AA", "y": "AA"},  # no point, and too short
        {**HERE, "x": b64url_encode(bytes(32)), "y": b64url_encode(bytes(32))},  # all zero, as infinity is written
        {**HERE, "crv": "P-384"},
        {**HERE, "crv": "secp256k1"},
        P384,
        {"kty": "OKP", "crv": "X25519", "x": b64url_encode(bytes(32))},
        {**HERE, "d": b64url_encode(bytes(32))},
    ],
)
def test_an_ephemeral_key_that_is_none_of_p256_is_malformed(epk: Any) -> None:
    with pytest.raises(Malformed):
        opened(with_header(sealed(), epk=epk))


@pytest.mark.parametrize("member", [{"use": "enc"}, {"alg": "ECDH-ES"}, {"key_ops": []}, {"kid": "once"}], ids=str)
def test_what_an_ephemeral_key_says_of_its_use_changes_nothing(
    member: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = PublicKey.jwk
    monkeypatch.setattr(PublicKey, "jwk", lambda self: written(self) | member)
    token = sealed()
    monkeypatch.undo()
    assert member.items() <= json.loads(b64url_decode(token.split(b".")[0]))["epk"].items()
    assert opened(token) == PAYLOAD


@negative("NEG-JWE-006")
def test_the_parties_are_part_of_the_key() -> None:
    token = sealed(party_u=b"wallet", party_v=b"verifier")
    for members in ({"apu": b64url_encode(b"another")}, {"apv": None}, {"apu": None}):
        with pytest.raises(Rejected) as refused:
            opened(with_header(token, **members))
        assert refused.value.check == JWE_OPENS
    for name, value in (("apu", "a+b"), ("apv", "AA=="), ("apu", 7)):
        with pytest.raises(Malformed):
            opened(with_header(token, **{name: value}))


@given(data=st.data())
def test_whatever_is_changed_it_does_not_open(data: st.DataObject) -> None:
    token = bytearray(sealed())
    at = data.draw(st.integers(0, len(token) - 1))
    token[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((Malformed, Rejected)):
        opened(bytes(token))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda parts: parts[:4],
        lambda parts: [*parts, b""],
        lambda parts: [b"", *parts[1:]],
        lambda parts: [parts[0], b"AAAA", *parts[2:]],
        lambda parts: [*parts[:2], parts[2] + b"AAAA", *parts[3:]],
        lambda parts: [*parts[:4], parts[4][:-2]],
        lambda parts: [parts[0] + b"=", *parts[1:]],
        lambda parts: [*parts[:3], parts[3] + b"+", parts[4]],
        lambda parts: [b64url_encode(b"[]").encode(), *parts[1:]],
        lambda parts: [b64url_encode(b'{"alg":"ECDH-ES","alg":"dir"}').encode(), *parts[1:]],
        lambda parts: [b64url_encode(b'{"crit":["x"]}').encode(), *parts[1:]],
        lambda parts: [b"A" * (HEADER_LIMIT + 4), *parts[1:]],
        lambda parts: [*parts[:3], b"A" * JWE_LIMIT, parts[4]],
    ],
)
def test_what_is_no_jwe_is_malformed_before_any_key_is_used(spoil: Any) -> None:
    with pytest.raises(Malformed):
        parse_jwe(b".".join(spoil(sealed().split(b"."))))


@given(st.binary(max_size=400))
def test_any_bytes_are_a_jwe_or_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_jwe(data)


def test_two_tokens_share_nothing() -> None:
    one, two = parse_jwe(sealed()), parse_jwe(sealed())
    assert one.iv != two.iv
    assert one.header["epk"] != two.header["epk"]
    assert repr(one) == "<a JWE>"


def test_a_key_to_encrypt_to_is_read_as_it_was_written() -> None:
    assert parse_recipient(write_recipient(TO)) == TO
    assert parse_jwe(sealed()).kid == "once"
    with pytest.raises(Rejected):
        opened(with_header(sealed(), kid=None))


@pytest.mark.parametrize(
    "members",
    [
        {"alg": None}, {"alg": "ECDH-ES+A128KW"}, {"use": "sig"}, {"kid": 7}, {"kid": None}, {"d": "AA"},
        {"crv": "P-384"}, {"y": None}, P384,
    ],
)  # fmt: skip
def test_a_key_for_anything_else_is_not_encrypted_to(members: dict[str, Any]) -> None:
    jwk = write_recipient(TO) | members
    with pytest.raises(Malformed):
        parse_recipient({name: value for name, value in jwk.items() if value is not None})
    with pytest.raises(Malformed):
        parse_recipient("a text")


def test_nothing_is_encrypted_to_a_key_of_another_curve() -> None:
    with pytest.raises(Misuse):
        encrypt(PAYLOAD, Recipient(SoftwareKey.generate(Algorithm.ES384).public_key, "once"), encryption=BOTH[0])


def test_what_is_left_out_is_not_stated_and_means_the_usual() -> None:
    assert not {"apu", "apv"} & parse_jwe(sealed()).header.keys()
    jwk = write_recipient(TO)
    assert parse_recipient({name: value for name, value in jwk.items() if name != "use"}) == TO
    assert parse_jwe(with_header(sealed(), kid=7)).kid is None


def test_a_key_has_the_size_of_its_encryption() -> None:
    from eigendata.crypto import jwe

    assert {one: len(jwe._content_key(b"secret", one, b"", b"")) for one in BOTH} == {"A128GCM": 16, "A256GCM": 32}


def test_a_token_and_a_header_as_large_as_may_be_are_read_and_one_larger_is_not() -> None:
    token = sealed()
    assert parse_jwe(token, limit=len(token)).kid == "once"
    with pytest.raises(Malformed, match="at most"):
        parse_jwe(token, limit=len(token) - 1)
    without = len(with_header(token, pad="").split(b".")[0])
    octets = (HEADER_LIMIT - without) * 3 // 4
    largest = with_header(token, pad="x" * octets)
    assert HEADER_LIMIT - 3 <= len(largest.split(b".")[0]) <= HEADER_LIMIT
    assert parse_jwe(largest).kid == "once"
    with pytest.raises(Malformed, match="no header, or one larger"):
        parse_jwe(with_header(token, pad="x" * (octets + 4)))
