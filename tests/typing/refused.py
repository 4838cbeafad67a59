"""What must not type-check: each line marked with an error code is refused by mypy with that code, and no other is."""

from __future__ import annotations

from datetime import datetime

from eigendata import NO_STATUS_CHECK, MemoryOnce, Trust, Verifier, Wallet
from eigendata.formats import FORMATS
from eigendata.issuer import Issuer
from eigendata.model import Binding, CredentialType, Disclosure, Holding
from eigendata.query import Request
from eigendata.registers.brp import BrpRecord
from eigendata.wallet import Proposal


def nothing_can_be_read_before_it_is_verified(token: bytes) -> None:
    unverified = FORMATS["dc+sd-jwt"].parse_presentation(token)
    print(unverified.claims)  # E: attr-defined
    print(unverified.document)  # E: attr-defined


def a_presentation_is_not_verified_without_trust_or_binding(
    token: bytes, types: list[CredentialType], binding: Binding, trust: Trust, at: datetime
) -> None:
    unverified = FORMATS["dc+sd-jwt"].parse_presentation(token)
    unverified.verify(types, trust=trust, at=at)  # E: call-arg
    unverified.verify(types, binding, at=at)  # E: call-arg
    unverified.verify(types, None, trust=trust, at=at)  # E: arg-type


def a_verifier_states_what_it_trusts_and_remembers(trust: Trust) -> None:
    Verifier("redirect_uri:https://a.example/answer")  # E: call-arg
    Verifier("redirect_uri:https://a.example/answer", trust=trust, status=NO_STATUS_CHECK)  # E: call-arg
    Verifier("redirect_uri:https://a.example/answer", trust=trust, once=MemoryOnce())  # E: call-arg
    Verifier("redirect_uri:https://a.nl/x", trust=None, status=NO_STATUS_CHECK, once=MemoryOnce())  # E: arg-type


def nothing_leaves_a_wallet_without_consent(wallet: Wallet, request: Request, proposal: Proposal, at: datetime) -> None:
    wallet.disclose(request, at=at)  # E: arg-type
    wallet.disclose(proposal, at=at)  # E: arg-type


def nothing_is_issued_from_a_raw_answer_or_to_a_key_that_nobody_showed(
    issuer: Issuer, record: BrpRecord, key: bytes, at: datetime
) -> None:
    issuer.issue({"naam": {}}, format="dc+sd-jwt", to=(), at=at)  # E: arg-type
    issuer.issue(record, format="dc+sd-jwt", to=(key,), at=at)  # E: arg-type


def half_of_a_holding_cannot_be_passed(binding: Binding) -> None:
    Holding(binding=binding)  # E: call-arg


def a_disclosure_is_not_built_or_edited_by_hand(disclosure: Disclosure) -> None:
    Disclosure(credentials={}, trail=(), advice=None)  # E: call-arg
    disclosure.advice = None  # E: misc
