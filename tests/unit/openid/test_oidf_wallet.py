"""The wallet modules of the OpenID Foundation's conformance suite, each under its own name.

Their plan asks the same of every kind of client identifier and both ways of posting; so do we. What they look at on a
screen is looked at here as what is raised, and that nothing could be sent. Of the Digital Credentials API nothing is
supported: what only it can ask is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from eigendata.crypto.jose import parse_jws
from eigendata.encoding import Json, b64url_encode, json_dumps, json_object
from eigendata.errors import Check, Declined, Malformed, Reason, Rejected
from eigendata.openid import request_object, vp
from eigendata.openid.client_id import CLIENT_PREFIX
from eigendata.registers.catalogue import PERSOON
from eigendata.wallet import LEAST, Wallet
from tests.negatives import negative
from tests.unit.openid.corporation import (
    CLIENTS,
    HOST,
    KNOWN,
    OTHERS_KEY,
    URI,
    Asked,
    believed,
    opened,
    sent,
    to_seal,
)
from tests.unit.wallet.town import NOW, asked, collected

SIGNED = ("hash", "name", "did")
QUERY: Mapping[str, Json] = {"credentials": [asked(PERSOON, "family_name")]}
MODES: tuple[tuple[Json, ...], ...] = ((), (to_seal(),))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wallet]:
    """A wallet of which nothing is expected to be spent."""
    with Wallet.create(tmp_path_factory.mktemp("vault") / "vault", "een lange zin voor een test", cost=LEAST) as wallet:
        collected(wallet)
        yield wallet


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    with Wallet.create(tmp_path / "vault", "een lange zin voor een test", cost=LEAST) as wallet:
        collected(wallet)
        yield wallet


def refused(asking: Asked, check: Check | None = None) -> None:
    with pytest.raises(Malformed if check is None else Rejected) as caught:
        asking.received()
    if check is not None:
        assert isinstance(caught.value, Rejected)
        assert (caught.value.check, caught.value.reason) == (check, Reason.REQUEST_INVALID)


# -- what must work ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("keys", MODES, ids=["direct_post", "direct_post.jwt"])
def test_oidf_happy_flow(client: str, keys: tuple[Json, ...], wallet: Wallet) -> None:
    request = Asked(query=QUERY, client=client, keys=keys).received()
    assert request.asker.proven == (client != "unsigned")
    found = believed(sent(wallet, request), request)
    assert found["persoon"].document["family_name"] == "van den Berg"


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("sealed", [False, True], ids=["direct_post", "direct_post.jwt"])
def test_oidf_alternate_happy_flow(client: str, sealed: bool, wallet: Wallet) -> None:
    changes: dict[str, Json] = {"state": "s" * 64, "nonce": "0123456789abcdef" * 2, "iss": "https://someone.example"}
    if client == "unsigned":  # its client identifier says where the answer goes
        changes["response_uri"] = None
    asking = Asked(query=QUERY, client=client, keys=(to_seal(use=None),) if sealed else (), changes=changes)
    request = asking.received(random_parameter="ignored")
    assert request.response_uri == URI
    form = sent(wallet, request)
    assert believed(form, request)
    assert vp.read_form(form).keys() == ({"response"} if sealed else {"vp_token", "state"})


@pytest.mark.parametrize("client", SIGNED)
def test_oidf_request_uri_method_post(client: str, wallet: Wallet) -> None:
    request = Asked(query=QUERY, client=client).received(post=True)
    assert believed(sent(wallet, request), request)


def test_oidf_ignores_unusable_encryption_key(wallet: Wallet) -> None:
    unusable: tuple[Json, ...] = (
        {"kty": "AKP", "alg": "ML-KEM-9999", "use": "enc", "kid": "post-quantum", "pub": "AAAA"},
        {"kty": "MADE-UP", "use": "enc", "kid": "made-up", "alg": "ECDH-ES"},
        # those that OpenID4VP 1.0 section 8.3 has beside the one of P-256
        {
            "kty": "OKP", "kid": "jc", "use": "enc", "crv": "X25519", "alg": "ECDH-ES",
            "x": "WPX7wnwq10hFNK9aDSyG1QlLswE_CJY14LdhcFUIVVc",
        },
        {
            "kty": "EC", "kid": "lc", "use": "enc", "crv": "P-384", "alg": "ECDH-ES",
            "x": "iHytgLNtXjEyYMAIGwfgjINZRmLfObYbmjPhkaPD8OiTkJtRHjegTNdH31Mxg4nV",
            "y": "MizXWSqNB7sSt_SNjg3spvaJnmjB-LpxsPpLUaea33rvINL3Mq-gEaANErRQpbLx",
        },
        to_seal(use="sig", kid="sig"),
        to_seal(alg="RSA-OAEP", kid="rsa"),
        7,
    )  # fmt: skip
    request = Asked(query=QUERY, keys=(*unusable, to_seal())).received()
    assert believed(sent(wallet, request), request)
    refused(Asked(query=QUERY, keys=unusable))


@negative("NEG-VP-WALLET-006")
@pytest.mark.parametrize("keys", MODES, ids=["direct_post", "direct_post.jwt"])
def test_oidf_fewer_claims_than_available(keys: tuple[Json, ...], wallet: Wallet) -> None:
    request = Asked(query=QUERY, keys=keys).received()
    form = sent(wallet, request)
    token: Any = opened(form)["vp_token"] if keys else json_object(vp.read_form(form)["vp_token"].encode())
    (presentation,) = token["persoon"]
    issued, *disclosures, proof = presentation.split("~")
    assert len(disclosures) == 1
    document = believed(form, request)["persoon"].document
    assert not {"given_name", "birthdate", "nationalities", "place_of_birth", "set"} & document.keys()
    for withheld in ("Aisha", "1990-04-03", "Tilburg"):
        raw = withheld.encode()
        aligned = [b64url_encode(bytes(shift) + raw)[shift + 1 : -2] for shift in range(3) if len(raw) > 6]
        for written in (withheld, raw.hex(), *aligned):
            assert written.encode() not in form
            assert written not in presentation
    assert issued
    assert proof


def test_oidf_no_claims_in_dcql_query(wallet: Wallet) -> None:
    request = Asked(query={"credentials": [asked(PERSOON)]}).received()
    (presentation,) = opened(sent(wallet, request))["vp_token"]["persoon"]
    assert presentation.count("~") == 1  # nothing that could be withheld was shown


def test_oidf_optional_credential_set(wallet: Wallet) -> None:
    other: Json = {
        "id": "none", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:example:nobody-has-it"]},
        "claims": [{"path": ["whatever"]}],
    }  # fmt: skip
    sets: Json = [{"options": [["persoon"]]}, {"options": [["none"]], "required": False}]
    query = {"credentials": [asked(PERSOON, "family_name"), other], "credential_sets": sets}
    request = Asked(query=query).received()
    form = sent(wallet, request)
    assert opened(form)["vp_token"].keys() == {"persoon"}
    assert believed(form, request).keys() == {"persoon"}


# -- what must be refused ---------------------------------------------------------------------------------------------


@negative("NEG-VP-WALLET-008")
@pytest.mark.parametrize("client", SIGNED)
def test_oidf_negative_test_invalid_client_id_prefix(client: str) -> None:
    for prefix in ("x509_hash_nope:", "client_id_prefix_not_there:", ""):
        link = Asked(query=QUERY, client=client).link(client_id=prefix + CLIENTS[client].name.replace(":", "-"))
        with pytest.raises(Rejected) as caught:
            vp.parse_invitation(link)
        assert caught.value.check is CLIENT_PREFIX


@negative("NEG-VP-WALLET-001")
@pytest.mark.parametrize("client", SIGNED)
def test_oidf_negative_test_invalid_request_object_signature(client: str) -> None:
    refused(Asked(query=QUERY, client=client, signer=OTHERS_KEY), request_object.REQUEST_SIGNATURE)


@negative("NEG-VP-WALLET-002")
@pytest.mark.parametrize("client", SIGNED)
def test_oidf_negative_test_mismatched_client_id(client: str) -> None:
    inside: dict[str, Json] = {"client_id": "x509_san_dns:another.corporation.example"}
    refused(Asked(query=QUERY, client=client, changes=inside), request_object.REQUEST_CLIENT)
    for other in set(SIGNED) - {client}:
        named: dict[str, Json] = {"client_id": str(CLIENTS[other])}
        refused(Asked(query=QUERY, client=client, changes=named), request_object.REQUEST_CLIENT)


@negative("NEG-VP-WALLET-003")
@pytest.mark.parametrize("client", CLIENTS)
def test_oidf_negative_test_missing_nonce(client: str) -> None:
    refused(Asked(query=QUERY, client=client, changes={"nonce": None}))


@negative("NEG-VP-WALLET-009")
@pytest.mark.parametrize("client", CLIENTS)
def test_oidf_negative_test_redirect_uri_with_direct_post(client: str) -> None:
    refused(Asked(query=QUERY, client=client, changes={"redirect_uri": URI}))
    refused(Asked(query=QUERY, client=client, keys=(), changes={"redirect_uri": URI}))


def test_oidf_negative_test_required_non_matching_credential(full: Wallet) -> None:
    other: Json = {
        "id": "none", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:example:nobody-has-it"]},
        "claims": [{"path": ["whatever"]}],
    }  # fmt: skip
    request = Asked(query={"credentials": [asked(PERSOON, "family_name"), other]}).received()
    with pytest.raises(Declined) as caught:
        full.consider(request, at=NOW, verifiers=KNOWN)
    assert caught.value.reason is Reason.NOTHING_FITS


@negative("NEG-VP-WALLET-004")
def test_oidf_negative_test_response_uri_not_client_id() -> None:
    elsewhere: dict[str, Json] = {"response_uri": "https://attacker.example/answers"}
    refused(Asked(query=QUERY, client="unsigned", changes=elsewhere), vp.OWN_RESPONSE_URI)
    refused(Asked(query=QUERY, client="name", changes=elsewhere), request_object.REQUEST_RESPONSE_HOST)


@negative("NEG-VP-WALLET-010")
@pytest.mark.parametrize("client", CLIENTS)
def test_oidf_negative_test_unknown_transaction_data_type(client: str) -> None:
    one = b64url_encode(json_dumps({"type": "urn:nobody-knows", "credential_ids": ["persoon"]}))
    changes: dict[str, Json] = {"transaction_data": [one]}
    with pytest.raises(Malformed, match="invalid_transaction_data"):
        Asked(query=QUERY, client=client, changes=changes).received()


@pytest.mark.parametrize("mode", ["dc_api", "dc_api.jwt"])
def test_oidf_negative_test_wrong_expected_origins(mode: str) -> None:
    changes: dict[str, Json] = {"response_mode": mode, "expected_origins": ["https://wrong.example"]}
    for origins in (changes, {**changes, "expected_origins": [f"https://{HOST}"]}):  # right ones are refused too
        refused(Asked(query=QUERY, changes=origins))


def test_oidf_multisigned_one_invalid_signature() -> None:
    """Requests of several signatures are for the browser's API alone (section A.3.2.2): by a link there are none."""
    parts = [part.decode() for part in Asked(query=QUERY).object().split(b".")]
    one = {"protected": parts[0], "signature": parts[2]}
    several = json_dumps({"payload": parts[1], "signatures": [{**one, "signature": "AAAA"}, one]})
    invitation = vp.parse_invitation(Asked(query=QUERY).link())
    with pytest.raises(Malformed):
        invitation.receive(several, trust=KNOWN, wallet_nonce=None, at=NOW)
    assert parse_jws(Asked(query=QUERY).object())


# -- who proved to ask, and what that opens ---------------------------------------------------------------------------


def test_what_only_a_law_allows_goes_to_who_proved_to_be_entitled(wallet: Wallet) -> None:
    from eigendata.registers.catalogue import BSN

    query: dict[str, Json] = {"credentials": [asked(BSN, "bsn")]}

    def over_asked(client: str) -> bool:
        request = Asked(query=query, client=client).received()
        return bool(wallet.consider(request, at=NOW, verifiers=KNOWN).over_asked)

    assert {client: over_asked(client) for client in CLIENTS} == {
        "hash": False, "name": False, "did": True, "unsigned": True
    }  # fmt: skip
    request = Asked(query=query).received()
    assert believed(sent(wallet, request), request)["bsn"].document["bsn"] == "999990639"


def test_a_wallet_shows_the_name_of_its_trust_file_and_never_the_askers_own(full: Wallet) -> None:
    statement: Json = [{"format": "urn:eigendata:statement:1", "data": {"name": "Gemeente Amsterdam"}}]
    for client in CLIENTS:
        request = Asked(query=QUERY, client=client, changes={"verifier_info": statement}).received()
        proposal = full.consider(request, at=NOW, verifiers=KNOWN)
        name = "Gemeente Amsterdam" if client == "unsigned" else "Woonstichting de Linde"
        assert (proposal.asker.party.name, proposal.asker.proven) == (name, client != "unsigned")
