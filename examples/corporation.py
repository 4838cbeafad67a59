"""A housing corporation that lets people show what decides, in one file: it asks, checks, and hears the advice.

    python examples/municipality.py pilot     # once: somebody to trust, and wallets to answer with
    python examples/corporation.py pilot      # prints the address of its page; --port chooses another port

Open the page, begin, and answer with a file: the page says how. The vault is `pilot/999900018.vault`, passphrase
`oefenen`. A wallet app on the same machine can answer by the link. Behind a proxy with https, give its address as
`--url`: a wallet sends answers to no other place.
"""

import argparse
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from eigendata import NO_STATUS_CHECK, Advice, Disclosure, SqliteOnce, Trust, Verifier, policies
from eigendata.encoding import Json
from eigendata.web.checks import SqliteChecks
from eigendata.web.verifier import verifier_router

HOME: dict[str, Json] = {"household_size": [2, 4], "binding": True}  # two to four people; Boxtel first


def make_app(folder: Path, url: str) -> FastAPI:
    """Make the application. `url` is where the outside reaches it; the files it needs and keeps are in `folder`."""
    corporation = Verifier(
        f"redirect_uri:{url}/check/answer",
        trust=Trust.load(folder / "trust.toml"),
        status=NO_STATUS_CHECK,  # nobody publishes yet what was withdrawn; every trail says so
        once=SqliteOnce(folder / "answered.db"),
        name="Woonstichting De Eik",
    )
    candidates: dict[str, str] = {}

    def on_checked(check: str, disclosure: Disclosure) -> None:
        """Keep what the policy says may be kept: who meets the rules, for the allocation. Of anyone else, nothing."""
        assert disclosure.advice is not None
        if disclosure.advice.advice is Advice.MEETS:
            person = disclosure["persoon"].claims
            candidates[check] = f"{person['given_name']} {person['family_name']}"
        print(f"a check was answered: {disclosure.advice.advice}; {len(candidates)} meet the rules", flush=True)

    app = FastAPI(title="Woonstichting De Eik")
    router = verifier_router(
        corporation,
        policy=policies.load("woningcorporatie/B"),
        store=SqliteChecks(folder / "checks.db"),
        home=HOME,
        on_checked=on_checked,
    )
    app.include_router(router, prefix="/check")

    @app.get("/", include_in_schema=False)
    def start() -> RedirectResponse:
        return RedirectResponse("check/")

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
