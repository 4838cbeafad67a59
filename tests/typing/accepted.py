"""What must type-check: the order of thought of an embedding program, in as few lines as the design promises."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from eigendata import NO_STATUS_CHECK, Issuer, SqliteOnce, Trust, Verifier, Wallet, brp, policies, vp


def the_story(answer: bytes, passphrase: str, now: datetime) -> None:
    boxtel = Issuer.open(Path("boxtel"))
    wallet = Wallet.create("aisha.vault", passphrase)
    proofs = wallet.prove_new_keys(boxtel.challenge(at=now), copies=10, at=now)
    record = brp.parse(answer, at=now)
    issued = boxtel.issue(record, format="dc+sd-jwt", to=boxtel.proven(proofs, at=now), at=now)
    trust = Trust.load("trust.toml")
    wallet.add(issued, trust=trust, at=now)

    once = SqliteOnce("answered.db")
    corporation = Verifier(
        "redirect_uri:https://corporation.example/answer", trust=trust, status=NO_STATUS_CHECK, once=once
    )
    policy = policies.load("woningcorporatie/B")
    request = corporation.ask(policy, home={"household_size": [1, 4], "binding": True}, at=now)
    proposal = wallet.consider(vp.parse_request(vp.write_request(request), at=now), at=now)
    shown = wallet.disclose(proposal.accept(), at=now)
    disclosure = corporation.verify(shown, request, at=now)
    print(disclosure["inwoner"].claims, disclosure.advice)
