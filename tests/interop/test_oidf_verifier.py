"""The verifier modules of the OpenID Foundation's conformance suite, each under its own name, over HTTP.

The wallet is @openid4vc/openid4vp with @sd-jwt/sd-jwt-vc and @owf/mdoc, the verifier a service in a process of its own.
The modules about withdrawn credentials wait for lists of withdrawals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from eigendata.crypto import jwe
from eigendata.encoding import b64url_decode
from eigendata.errors import Check as Rule
from eigendata.formats import FORMATS
from eigendata.openid import answers
from eigendata.query import ANSWER_CHECKS, FIT_CHECKS
from tests.interop.mdocs import Oracles
from tests.interop.services import PUBLIC, Check, Service, sent, serving
from tests.interop.tampered import HOUSEHOLD, PERSON, TAMPERED
from tests.interop.town import CLIENTS, holder
from tests.interop.wallets import ForeignWallet
from tests.world import FORMAT, HOME, MDOC

WALLET_NONCE: Final = "qPmxiNFCR3QTm19POc8u"
RULES: Final[Mapping[str, Rule]] = {
    one.name: one
    for one in (
        *(rule for name in (FORMAT, MDOC) for rule in FORMATS[name].checks),
        *jwe.CHECKS,
        *ANSWER_CHECKS,
        *FIT_CHECKS,
        answers.STATE_RETURNED,
        answers.ANSWER_SEALED,
    )
}
UNKNOWN: Final = ("another kid", "another state, open", "state left out, open")
"""What names no request that waits: nobody is refused for it, and the request goes on waiting."""
UNREAD: Final = ("a key that is wrapped", "an enc of another kind")
"""What is no JWE that could name a request."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("corporation")) as one:
        yield one


@pytest.fixture(scope="module")
def wallet(oracle: Oracles) -> ForeignWallet:
    return ForeignWallet.of(oracle, holder(FORMAT), holder(MDOC))


def shown(check: Check) -> Any:
    """Give the claims that the desk sees, after they were accepted."""
    stands = check.stands()
    assert stands["state"] == "answered"
    return {name: given[0]["claims"] for name, given in stands["disclosed"].items()}


EXPECTED: Final = {
    PERSON: {"family_name": "Zandstra", "birthdate": "1984-02-29"},
    HOUSEHOLD: {"urn:eigendata:nl:brp:huishouden:1": {"household_size": 2}},
}


# -- what is accepted --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["direct_post", "A128GCM", "A256GCM"])
@pytest.mark.parametrize("prefix", CLIENTS)
def test_oidf_happy_flow(service: Service, wallet: ForeignWallet, prefix: str, how: str) -> None:
    sealed = how != "direct_post"
    check = service.begin(prefix=prefix, sealed=sealed)
    resolved = check.resolve(wallet)
    assert (resolved.client["prefix"], resolved.client["effective"]) == (prefix, service.clients[prefix])
    assert check.stands()["state"] == "waiting"
    assert sent(wallet, check, resolved, **({"enc": how} if sealed else {})) == (200, "{}")
    assert shown(check) == EXPECTED


def test_oidf_minimal_cnf_jwk(service: Service, wallet: ForeignWallet) -> None:
    (card,) = (one for one in wallet.cards if one.format == FORMAT and ":persoon:" in one.type)
    payload = json.loads(b64url_decode(card.token.split(b".")[1]))
    assert payload["cnf"].keys() == {"jwk"}
    assert payload["cnf"]["jwk"].keys() == {"kty", "crv", "x", "y"}
    check = service.begin()
    assert sent(wallet, check, check.resolve(wallet))[0] == 200


def test_oidf_request_uri_method_post(service: Service, wallet: ForeignWallet) -> None:
    check = service.begin()
    assert "request_uri_method=post" in check.link
    resolved = check.resolve(wallet, nonce=WALLET_NONCE)
    assert resolved.parameters["wallet_nonce"] == WALLET_NONCE
    assert sent(wallet, check, resolved)[0] == 200


def test_oidf_request_uri_fetched_twice(service: Service, wallet: ForeignWallet) -> None:
    check = service.begin()
    first, second = check.resolve(wallet), check.resolve(wallet, nonce=WALLET_NONCE)
    assert first.session() == second.session()
    assert sent(wallet, check, first)[0] == 200
    assert shown(check) == EXPECTED


# -- what is refused ---------------------------------------------------------------------------------------------------


def refused(service: Service, wallet: ForeignWallet, case: str) -> None:
    """Send what is wrong, and see that it is refused for that, and for good."""
    one = TAMPERED[case]
    check = service.begin(sealed=one.sealed)
    resolved = check.resolve(wallet)
    status, said = check.post(one.make(wallet, resolved))
    assert status == 400
    assert said["error"] == "invalid_request"
    stands = check.stands()
    honest = wallet.answer(resolved, wallet.show(resolved)).body
    if case in UNKNOWN + UNREAD:
        assert stands["state"] == "waiting"
        assert check.post(honest) == (200, {})
        return
    rule = RULES.get(one.refused_by)
    assert (stands["state"], stands["reason"]) == ("refused", None if rule is None else str(rule.reason))
    assert stands["disclosed"] is None
    assert check.post(honest)[0] == 400


def test_oidf_invalid_session_transcript(service: Service, wallet: ForeignWallet) -> None:
    refused(service, wallet, "transcript of another nonce")


def test_oidf_invalid_kb_jwt_signature(service: Service, wallet: ForeignWallet) -> None:
    refused(service, wallet, "a bit of the proof flipped")


def test_oidf_invalid_kb_jwt_nonce(service: Service, wallet: ForeignWallet) -> None:
    refused(service, wallet, "another nonce")


def test_oidf_invalid_kb_jwt_aud(service: Service, wallet: ForeignWallet) -> None:
    refused(service, wallet, "another aud")


def test_oidf_invalid_credential_signature(service: Service, wallet: ForeignWallet) -> None:
    refused(service, wallet, "a bit of the credential flipped")


def test_oidf_invalid_sd_hash(service: Service, wallet: ForeignWallet) -> None:
    refused(service, wallet, "sd_hash of more")


def test_oidf_kb_jwt_iat_in_past(service: Service, wallet: ForeignWallet) -> None:
    refused(service, wallet, "proof of an hour ago")


def test_oidf_kb_jwt_iat_in_future(service: Service, wallet: ForeignWallet) -> None:
    refused(service, wallet, "proof of an hour ahead")


# -- and what their modules do not try ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", TAMPERED)
def test_what_a_foreign_wallet_tampers_with_is_refused_and_seen_by_the_desk(
    service: Service, wallet: ForeignWallet, case: str
) -> None:
    refused(service, wallet, case)


def test_an_answer_is_accepted_once_and_what_is_unknown_is_refused_alike(
    service: Service, wallet: ForeignWallet
) -> None:
    check = service.begin()
    resolved = check.resolve(wallet)
    body = wallet.answer(resolved, wallet.show(resolved)).body
    assert check.post(body) == (200, {})
    again, never = check.post(body), check.post("state=of-no-request&vp_token=%7B%7D")
    assert again == never == (400, {"error": "invalid_request"})
    assert shown(check) == EXPECTED


@pytest.mark.parametrize("formats", [(FORMAT,), (MDOC,), (FORMAT, MDOC)], ids="+".join)
def test_a_policy_is_answered_in_the_formats_that_a_wallet_has(
    service: Service, oracle: Oracles, formats: tuple[str, ...]
) -> None:
    wallet = ForeignWallet.of(oracle, *(holder(one) for one in formats))
    if len(formats) == 2:
        wallet = wallet.holding(*(one for one in wallet.cards if (one.format == FORMAT) == (":persoon:" in one.type)))
    check = service.begin(policy="woningcorporatie/B", home=dict(HOME))
    assert sent(wallet, check, check.resolve(wallet))[0] == 200
    stands = check.stands()
    assert (stands["state"], stands["advice"]) == ("answered", "voldoet")


def test_who_comes_back_to_the_browser_that_began_is_shown_the_outcome(service: Service, wallet: ForeignWallet) -> None:
    """The library gives its host the `redirect_uri` of the answer; elsewhere than there nothing is shown."""
    begun = service.api.post("/api/checks", json={"dcql": ALONE, "mode": "direct_post.jwt"}).json()
    page = begun["parties"][0]["page"].removeprefix(PUBLIC)
    opened = service.wallets.post(f"{page}/wallet")
    assert opened.status_code == 303
    cookie = {"Cookie": opened.headers["set-cookie"].partition(";")[0]}
    check = Check(service=service, id=begun["id"], link=opened.headers["location"])
    status, said = sent(wallet, check, check.resolve(wallet))
    assert status == 200
    back = json.loads(said)
    assert back.keys() == {"redirect_uri"}
    path = back["redirect_uri"].removeprefix(PUBLIC)
    assert path.startswith(f"{page}?response_code=")
    assert service.wallets.get(path).status_code == 403
    assert service.wallets.get(path, headers=cookie).status_code == 303
    assert shown(check)[PERSON] == EXPECTED[PERSON]
    assert service.wallets.get(path, headers=cookie).status_code == 403


def test_nothing_of_an_answer_is_in_the_services_log(service: Service, wallet: ForeignWallet) -> None:
    check = service.begin()
    resolved = check.resolve(wallet)
    assert sent(wallet, check, resolved)[0] == 200
    written = service.log.read_text("utf-8")
    assert written.count("/answers") > 0
    for told in ("Zandstra", "1984-02-29", check.id, resolved.parameters["state"], resolved.parameters["nonce"]):
        assert told not in written


ALONE: Final[Mapping[str, Any]] = {
    "credentials": [
        {
            "id": PERSON,
            "format": FORMAT,
            "meta": {"vct_values": ["urn:eigendata:nl:brp:persoon:1"]},
            "claims": [{"path": ["family_name"]}, {"path": ["birthdate"]}],
        }
    ]
}
