"""A municipality issues from the register: it asks over HTTP, issues what it may, and says why it refuses the rest.

    python examples/municipality.py pilot

makes the folder `pilot` with the municipality's key and certificate, a trust file for who relies on them, and the
wallets of two residents, passphrase `oefenen`. Look into one, or let it answer corporation.py and permit_desk.py:

    eigendata wallet --vault pilot/999900018.vault list

The register is a simulator with invented people. For the BRP itself, give `BrpClient` its address and an API key.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from eigendata import BrpClient, Declined, Fetcher, Issuer, Trust, Wallet, texts
from eigendata.errors import Reason
from eigendata.issuer import create_authority, create_issuer
from eigendata.registers.catalogue import CATALOGUE
from eigendata.registers.population import Population
from eigendata.trust import add_issuer
from eigendata.web.simulator import make_simulator, serving

URL, NAME, CODE = "https://gemeente-boxtel.example", "Gemeente Boxtel", "0757"
FAMILY = "999900018"  # a mother of two: everything can be issued
IN_DOUBT = "999900481"  # the municipality is looking into her date of birth
ELSEWHERE = "999901734"  # lives in Eindhoven
COPIES = 10  # each is shown once, so that nobody can link what she shows


def set_up(folder: Path) -> tuple[Issuer, Trust]:
    """Make the municipality's keys under a test authority, and the file of those who trust it."""
    now = datetime.now(UTC)
    create_authority(folder / "authority", name="Proefautoriteit", at=now)
    root, place, types = folder / "authority", folder / "issuer", tuple(CATALOGUE)
    create_issuer(place, authority=root, id=URL, name=NAME, municipality=CODE, types=types, at=now)
    anchor, trust = (root / "anchor.pem").read_bytes(), folder / "trust.toml"
    add_issuer(trust, anchor_pem=anchor, issuer=URL, name=NAME, types=types, municipalities=[CODE])
    return Issuer.open(place), Trust.load(trust)


def issue(issuer: Issuer, trust: Trust, register: BrpClient, bsn: str, vault: Path) -> None:
    """Ask the register about one resident, and issue to the keys of her wallet."""
    now = datetime.now(UTC)
    with Wallet.create(vault, "oefenen") as wallet:
        proofs = wallet.prove_new_keys(issuer.challenge(at=now), copies=COPIES, at=now)
        record = register.look_up(bsn, tuple(CATALOGUE.values()), at=now)
        issuance = issuer.issue(record, format="dc+sd-jwt", to=issuer.proven(proofs, at=now), at=now)
        wallet.add(issuance, trust=trust, at=now)
    for issued in issuance.issued:
        print(f"  issued   {issued.type.short}: {len(issued.copies)} copies")
    refused: dict[Reason, list[str]] = {}
    for one in issuance.refused:
        refused.setdefault(one.reason, []).append(".".join((one.type.short, *(one.claim or ()))))
    for reason, names in refused.items():
        print(f"  refused  {', '.join(names)}: {texts.reason(reason, 'en')}")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    issuer, trust = set_up(folder)
    with serving(make_simulator(Population.shipped())) as url:
        register = BrpClient(url, fetcher=Fetcher(allow_loopback_http=True))
        for bsn in (FAMILY, IN_DOUBT, ELSEWHERE):
            print(f"resident {bsn}")
            try:
                issue(issuer, trust, register, bsn, folder / f"{bsn}.vault")
            except Declined as declined:
                print(f"  refused  everything: {texts.reason(declined.reason, 'en')}")


if __name__ == "__main__":
    main(Path(*sys.argv[1:] or ["pilot"]))
