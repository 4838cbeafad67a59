"""polaris-oid4vp 1.0.0, which is OpenID Certified as a verifier under HAIP 1.0, asks our wallet; and judges and seals.

It asks for SD-JWT VC alone, by `x509_hash` and by reference, and has every answer sealed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest

from eigendata.errors import Malformed, Rejected, Trail, Unavailable
from eigendata.fetch import Fetcher
from eigendata.model import Party
from eigendata.openid import exchange, vp
from eigendata.openid.haip import HAIP_1_0
from eigendata.query import Request
from eigendata.registers.catalogue import INWONER, PERSOON
from eigendata.wallet import LEAST, Wallet
from tests.interop.material import jwk
from tests.interop.mdocs import Oracles
from tests.interop.tampered import PERSON
from tests.interop.town import CLIENTS, HOST, KEY, LEAF, NAME, ROOT, TOWN, TRUST, Desk, clock, holder
from tests.interop.verifiers import answer
from tests.interop.wallets import ForeignWallet
from tests.world import AISHA, FORMAT, MDOC

SCRIPT: Final = "python_peers.py"
WALLET_NONCE: Final = "qPmxiNFCR3QTm19POc8u"
CLAIMS: Final = ["family_name", "birthdate"]


@dataclass(frozen=True, kw_only=True)
class Demand:
    """A request of polaris, known by its state."""

    oracle: Oracles
    state: str
    parameters: Mapping[str, str]

    @property
    def link(self) -> bytes:
        return ("openid4vp://?" + urlencode(self.parameters, quote_via=quote)).encode("ascii")

    def received(self, *, posts: bool = True) -> Request:
        """Read it as our wallet does, which posts a nonce where it may."""
        link = self.link if posts else self.link.replace(b"&request_uri_method=post", b"")
        invitation = vp.parse_invitation(link)
        assert invitation.reference is not None
        assert invitation.reference.post is posts
        sent = {"wallet_nonce": WALLET_NONCE} if posts else {}
        fetched = self.oracle(SCRIPT).ask("polaris.object", state=self.state, **sent)
        return invitation.receive(fetched.encode("ascii"), trust=TRUST, wallet_nonce=WALLET_NONCE, at=clock())

    def read(self, body: str) -> Any:
        return self.oracle(SCRIPT).ask("polaris.read", state=self.state, body=body)


def demand(
    oracle: Oracles, claims: list[Any] = CLAIMS, *, vct: str = PERSOON.id, over_http: bool = False, **more: Any
) -> Demand:
    asked = {
        "certificate": LEAF.hex(),
        "key": jwk(KEY, private=True),
        "request_uri": f"https://{HOST}/request.jwt",
        "response_uri": f"https://{HOST}/response",
        "anchor": ROOT.hex(),
        "vct": vct,
        "claims": claims,
    }
    return Demand(oracle=oracle, **oracle(SCRIPT).ask("polaris.serve" if over_http else "polaris.ask", **asked, **more))


@pytest.fixture(scope="module")
def wallet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wallet]:
    path: Path = tmp_path_factory.mktemp("wallet") / "aisha.vault"
    with Wallet.create(path, "a passphrase of some length", cost=LEAST) as one:
        at = clock()
        proofs = one.prove_new_keys(TOWN.challenge(at=at), copies=4, at=at)
        one.add(
            TOWN.issue(AISHA.record(at=at), format=FORMAT, to=TOWN.proven(proofs, at=at), at=at), trust=TRUST, at=at
        )
        yield one


# -- as a verifier -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("posts", [True, False], ids=["post", "get"])
def test_it_accepts_what_our_wallet_answers(oracle: Oracles, wallet: Wallet, posts: bool) -> None:
    one = demand(oracle)
    request = one.received(posts=posts)
    assert (request.asker.proven, request.asker.party) == (True, Party(id=HOST, name=NAME))
    assert one.parameters["client_id"] == CLIENTS["x509_hash"]
    said = one.read(answer(wallet, request))
    assert (said["status"], said["said"]) == (200, {"redirect_uri": f"https://{HOST}/done"})
    assert (said["authentic"], said["iss_bound"]) == (True, True)
    assert {name: said["claims"][name] for name in CLAIMS} == {"family_name": "Zandstra", "birthdate": "1984-02-29"}
    assert "given_name" not in said["claims"]


def test_what_it_asks_is_of_haip(oracle: Oracles) -> None:
    one, trail = demand(oracle), Trail()
    HAIP_1_0.require_invitation(vp.parse_invitation(one.link), trail)
    HAIP_1_0.require_request(one.received(), trail)
    assert len(trail.done()) == 5


def test_it_gets_one_statement_of_several_and_only_as_it_wants_it(oracle: Oracles, wallet: Wallet) -> None:
    one = demand(oracle, [{"path": ["age_over_18"], "values": [True]}])
    said = one.read(answer(wallet, one.received()))
    assert said["authentic"] is True
    assert said["claims"]["age_over_18"] is True
    assert "age_over_65" not in said["claims"]
    nested = demand(oracle, [["municipality", "code"]], vct=INWONER.id)
    said = nested.read(answer(wallet, nested.received()))
    assert said["authentic"] is True
    assert said["claims"]["municipality"] == {"code": "0757"}


def test_it_takes_an_answer_once_and_none_that_is_to_another_request(oracle: Oracles, wallet: Wallet) -> None:
    one, other = demand(oracle), demand(oracle)
    body = answer(wallet, one.received())
    assert (other.read(body)["status"], other.read(body)["code"]) == (400, "invalid_request")
    assert one.read(body)["status"] == 200
    assert one.read(body)["status"] == 400


def test_it_hears_that_a_holder_declines(oracle: Oracles) -> None:
    one = demand(oracle)
    said = one.read(vp.error_form("access_denied", one.received()).decode("ascii"))
    assert (said["status"], said["said"], said["authentic"]) == (200, {}, False)
    assert said["wallet_error"]["error"] == "access_denied"


def test_our_wallet_answers_it_over_http_and_is_sent_on(oracle: Oracles, wallet: Wallet) -> None:
    one, fetcher = demand(oracle, over_http=True), Fetcher(allow_loopback_http=True)
    request = exchange.receive(one.link, fetcher=fetcher, trust=TRUST, profile=HAIP_1_0, at=clock())
    consent = wallet.consider(request, at=clock()).accept()
    outcome = exchange.answer(wallet, consent, fetcher=fetcher, at=clock())
    address = request.response_uri.removesuffix("/response")
    assert outcome.redirect_uri == f"{address}/done"
    assert fetcher.get(outcome.redirect_uri, accept=("text/html",)).status == 200
    (heard,) = oracle(SCRIPT).ask("polaris.heard", state=one.state)
    assert (heard["status"], heard["authentic"]) == (200, True)
    assert heard["claims"]["family_name"] == "Zandstra"
    with pytest.raises(Rejected) as refused:
        exchange.answer(wallet, consent, fetcher=fetcher, at=clock())
    assert refused.value.check.name == "ANSWER_TAKEN"
    with pytest.raises(Unavailable):
        exchange.receive(one.link, fetcher=fetcher, trust=TRUST, profile=HAIP_1_0, at=clock())


def test_transaction_data_of_its_is_refused_before_anyone_sees_it(oracle: Oracles) -> None:
    data = [{"type": "org.example.contract", "credential_ids": ["pid"]}]
    with pytest.raises(Malformed, match="invalid_transaction_data"):
        demand(oracle, transaction_data=data).received()


# -- as a judge of presentations, and as one who seals -----------------------------------------------------------------


def judged(oracle: Oracles, request: Request, tokens: Mapping[str, Any]) -> Any:
    """Let it verify the presentation of the person, in answer to a request of ours."""
    (query,) = [one for one in request.query.to_json()["credentials"] if one["id"] == PERSON]  # type: ignore[union-attr,index,call-overload]
    asked = {
        "nonce": request.binding.nonce,
        "client_id": request.binding.audience,
        "dcql_query": {"credentials": [query]},
    }
    vp_token = {PERSON: tokens[PERSON]}
    return oracle(SCRIPT).ask("polaris.judge", request=asked, vp_token=vp_token, anchor=ROOT.hex())


def test_it_judges_what_another_wallet_shows_us_as_we_do(oracle: Oracles) -> None:
    wallet = ForeignWallet.of(oracle, holder(FORMAT), holder(MDOC))
    first, second = (Desk(prefix="x509_hash").ask() for _ in range(2))
    resolved = wallet.resolve(first.link(), lambda _: first.object())
    tokens = wallet.show(resolved)
    assert judged(oracle, first.request, tokens) == {"accepted": True, "problem": None}
    assert "nonce" in judged(oracle, second.request, tokens)["problem"]


@pytest.mark.parametrize("parties", [{}, {"apu": "of-the-wallet", "apv": "of-the-verifier"}], ids=["bare", "named"])
@pytest.mark.parametrize("enc", ["A128GCM", "A256GCM"])
def test_what_it_seals_we_open(oracle: Oracles, enc: str, parties: dict[str, str]) -> None:
    wallet = ForeignWallet.of(oracle, holder(FORMAT), holder(MDOC))
    asked = Desk(prefix="x509_hash").ask()
    resolved = wallet.resolve(asked.link(), lambda _: asked.object())
    payload = json.dumps({"vp_token": wallet.show(resolved), "state": asked.request.state})
    assert asked.request.encryption is not None
    to = dict(asked.request.encryption.jwk)
    sealed = oracle(SCRIPT).ask("polaris.seal", payload=payload, to=to, enc=enc, **parties)
    assert asked.refusal(urlencode({"response": sealed})) == ""
    assert asked.refusal(urlencode({"response": sealed[:-8] + "AAAAAAAA"})) == "JWE_OPENS"
