"""A whole card in Data Integrity, shown by the wallet of others under a policy that is made for it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from eigendata import did, policies, proofs
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import thaw
from eigendata.formats import FORMATS
from eigendata.formats.di import contexts
from eigendata.model import Answer, Holding, Method, Presentation, Seal
from eigendata.registers.catalogue import CATALOGUE, INWONER
from eigendata.trust import Trust
from tests.interop.data_integrity import multikey
from tests.interop.mdocs import Oracles
from tests.world import AISHA, AT, BOXTEL, World

LDP_VC: Final = "ldp_vc"
ISSUER_KEY: Final = SoftwareKey.generate(Algorithm.EDDSA)
HOLDER_KEY: Final = SoftwareKey.generate(Algorithm.EDDSA)
CONTROLLER: Final = did.key_did(ISSUER_KEY.public_key)


def _shown_by_them(oracle: Oracles, credential: bytes, audience: str, nonce: str) -> bytes:
    now = AT.strftime("%Y-%m-%dT%H:%M:%SZ")
    said = oracle("digitalbazaar.mjs").ask(
        "present",
        credential=json.loads(credential),
        holder=did.key_did(HOLDER_KEY.public_key),
        challenge=nonce,
        domain=audience,
        suite="eddsa-jcs-2022",
        key=multikey(HOLDER_KEY),
        date=now,
        now=now,
        documents={contexts.url(INWONER): thaw(contexts.document(INWONER))},
    )
    return json.dumps(said).encode()


def test_a_wallet_of_others_shows_a_whole_card(oracle: Oracles) -> None:
    world = World.make()
    origin = Method(controller=CONTROLLER, id=did.key_method(ISSUER_KEY.public_key), issuer=world.boxtel.id)
    boxtel = replace(world.boxtel, seals={**world.boxtel.seals, LDP_VC: Seal(signer=ISSUER_KEY, origin=origin)})
    trust = Trust.loads(
        f'[issuers."{boxtel.id}"]\nname = "{boxtel.name}"\ncontrollers = ["{CONTROLLER}"]\n'
        f'types = {list(CATALOGUE)}\nmunicipalities = ["{BOXTEL}"]\n'
    )
    proven = boxtel.proven(proofs.prove(boxtel.challenge(at=AT, formats=(LDP_VC,)), [HOLDER_KEY], at=AT), at=AT)
    issuance = boxtel.issue(AISHA.record(), format=LDP_VC, to=proven, at=AT, types=[INWONER.id])
    ((credential,),) = (one.copies for one in issuance.issued)
    verifier = world.verifier(formats=FORMATS, trust=trust)
    said: list[Any] = []
    for whose in ("ours", "theirs"):
        request = verifier.ask(policies.load("demo/hele-kaart"), home={}, at=AT)
        (query,) = (name for one in request.questions for form, name in one.queries.items() if form == LDP_VC)
        binding = request.binding
        if whose == "ours":
            holding = Holding(key=HOLDER_KEY, binding=binding)
            token = FORMATS[LDP_VC].present(credential, INWONER, [], holding, at=AT)
        else:
            token = _shown_by_them(oracle, credential, binding.audience, binding.nonce)
        answer = Answer(presentations={query: (Presentation(format=LDP_VC, token=token),)})
        disclosure = verifier.verify(answer, request, at=AT)
        said.append((thaw(disclosure["inwoner"].claims), disclosure.advice))
    assert said[0] == said[1]
    assert said[0][0]["family_name"] == "Zandstra"
