"""Issue, hold, show and verify in one process: what a developer needs to have seen once.

    python examples/embed.py

A municipality signs what the register says. A resident keeps it, and shows a housing corporation two facts of it:
that she is of age, and where she is registered. Nothing else leaves her wallet.
"""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from eigendata import NO_STATUS_CHECK, Issuer, MemoryOnce, Rejected, Trust, Verifier, Wallet, brp, policies, texts, vp
from eigendata.encoding import Json, thaw
from eigendata.issuer import create_authority, create_issuer
from eigendata.registers.catalogue import INWONER, PERSOON
from eigendata.trust import add_issuer

ANSWER: dict[str, Json] = {  # as the BRP answers about someone; she and her number are invented
    "type": "RaadpleegMetBurgerservicenummer",
    "personen": [
        {
            "burgerservicenummer": "999900109",
            "naam": {"voornamen": "Aisha", "geslachtsnaam": "Zandstra"},
            "geboorte": {"datum": {"type": "Datum", "datum": "1984-02-29"}},
            "gemeenteVanInschrijving": {"code": "0757", "omschrijving": "Boxtel"},
        }
    ],
}
URL, TYPES = "https://boxtel.example", (PERSOON.id, INWONER.id)


def main() -> None:
    now = datetime.now(UTC)
    with TemporaryDirectory() as name:
        folder = Path(name)

        # Once: who issues, and who trusts whom.
        root, place = folder / "authority", folder / "boxtel"
        create_authority(root, name="Proef", at=now)
        create_issuer(place, authority=root, id=URL, name=None, municipality="0757", types=TYPES, at=now)
        anchor, file = (root / "anchor.pem").read_bytes(), folder / "trust.toml"
        add_issuer(file, anchor_pem=anchor, issuer=URL, name="Boxtel", types=TYPES, municipalities=["0757"])
        boxtel, trust = Issuer.open(place), Trust.load(file)

        # The municipality issues, to keys that the resident's wallet has proven to hold.
        wallet = Wallet.create(folder / "aisha.vault", "een wachtzin")
        proofs = wallet.prove_new_keys(boxtel.challenge(at=now), copies=2, at=now)
        issuance = boxtel.issue(brp.parse(ANSWER, at=now), format="dc+sd-jwt", to=boxtel.proven(proofs, at=now), at=now)
        for card in wallet.add(issuance, trust=trust, at=now):
            print(f"issued: {card.type.short}")

        # The corporation asks, the resident looks and agrees, and only what was asked leaves.
        client_id = "redirect_uri:https://woonstichting.example/answer"
        corporation = Verifier(client_id, trust=trust, status=NO_STATUS_CHECK, once=MemoryOnce())
        policy = policies.load("woningcorporatie/A")
        request = corporation.ask(policy, home={"municipalities": ["0757"]}, at=now)
        proposal = wallet.consider(vp.parse_request(vp.write_request(request), at=now), at=now)
        answer = wallet.disclose(proposal.accept(), at=now)
        disclosure = corporation.verify(answer, request, at=now)  # or raises
        for question, given in disclosure.credentials.items():
            print(f"shown: {question} {thaw(given[0].claims)}")
        assert disclosure.advice is not None
        print(f"advice: {disclosure.advice.advice}. {policy.because(disclosure.advice, 'en')}")

        # The same answer a second time is refused, with a reason that people can read.
        try:
            corporation.verify(answer, request, at=now)
        except Rejected as error:
            print(f"again: {texts.reason(error.reason, 'en')}")


if __name__ == "__main__":
    main()
