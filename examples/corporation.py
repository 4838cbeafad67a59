"""A housing corporation that lets people show what decides, in one file: it asks, checks, and hears the advice.

    python examples/municipality.py pilot     # once: somebody to trust, and wallets to answer with
    python examples/corporation.py pilot      # prints the address of its page; --port chooses another port

Open the page and begin. A wallet app answers by the QR code or the button; on this computer, copy the link of the page:

    eigendata wallet --vault pilot/999900018.vault present --request LINK --trust pilot/trust.toml --insecure-loopback

The passphrase is `oefenen`. Behind a proxy with https, give its address as `--url`: a wallet answers to no other place.
"""

import argparse
import os
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from eigendata import NO_STATUS_CHECK, Advice, Disclosure, Trust, policies
from eigendata.encoding import Json
from eigendata.store import Store
from eigendata.web.checking import Checking
from eigendata.web.desks import Desk
from eigendata.web.verifier import verifier_router

POLICY = policies.load("woningcorporatie/B")
HOME: dict[str, Json] = {"household_size": [2, 4], "binding": True}  # two to four people; Boxtel first


def make_app(folder: Path, url: str) -> FastAPI:
    """Make the application. `url` is where the outside reaches it; the files it needs and keeps are in `folder`."""
    key = folder / "checks.key"  # keep it elsewhere than the checks: without it nothing in them can be read
    if not key.exists():
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(32))
    store = Store.open(f"sqlite:///{(folder / 'checks.db').absolute()}", key=key.read_bytes())
    corporation = Desk.make(
        "de-eik",
        name="Woonstichting De Eik",
        public_url=f"{url}/check",
        trust=Trust.load(folder / "trust.toml"),
        status=NO_STATUS_CHECK,  # nobody publishes yet what was withdrawn; every trail says so
        once=store.once,
        policies=[POLICY],
        homes={POLICY.id: HOME},
        residents=POLICY.id,
        signing=None,  # no certificate: a wallet says that who asks is not proven
    )
    candidates: dict[str, str] = {}

    def on_checked(check: str, role: str, disclosure: Disclosure) -> None:
        """Keep what the policy says may be kept: who meets the rules, for the allocation. Of anyone else, nothing."""
        assert disclosure.advice is not None
        if disclosure.advice.advice is Advice.MEETS:
            person = disclosure["persoon"].claims
            candidates[check] = f"{person['given_name']} {person['family_name']}"
        print(f"a check was answered: {disclosure.advice.advice}; {len(candidates)} meet the rules", flush=True)

    checking = Checking([corporation], store=store, public_url=f"{url}/check", on_checked=on_checked)
    app = FastAPI(title="Woonstichting De Eik")
    app.include_router(verifier_router(checking), prefix="/check")
    app.add_api_route("/", lambda: RedirectResponse("check/"), include_in_schema=False)
    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A housing corporation that asks and checks")
    parser.add_argument("folder", type=Path, help="the folder that municipality.py made")
    parser.add_argument("--port", type=int, default=8757)
    parser.add_argument("--url", help="where the outside reaches this server; otherwise this machine only")
    given = parser.parse_args()
    url = given.url or f"http://127.0.0.1:{given.port}"
    app = make_app(given.folder, url)
    print(f"open {url}/", flush=True)
    # no access log: the addresses in it would open the outcomes for as long as they can be seen
    uvicorn.run(app, host="127.0.0.1", port=given.port, access_log=False, log_level="warning")
