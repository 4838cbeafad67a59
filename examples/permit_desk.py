"""A permit desk that fills in who applies and where they live, from the applicant's own wallet.

    python examples/municipality.py pilot     # once: somebody to trust, and wallets to answer with
    python examples/permit_desk.py pilot      # prints its address

The desk begins each check itself, for an application that it knows by its number, and writes the name and address that
arrive into that application's file. Nothing else is asked: no birth date, no citizen service number.
Answer with `pilot/999900018.vault`, passphrase `oefenen`, as examples/corporation.py says.
"""

import argparse
import json
import os
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse

from eigendata import NO_STATUS_CHECK, Disclosure, Trust, policies
from eigendata.encoding import thaw
from eigendata.store import Store
from eigendata.web.checking import Checking
from eigendata.web.desks import Desk
from eigendata.web.html import element, render
from eigendata.web.verifier import verifier_router

APPLICATIONS = {"Z-2026-0017": "dakkapel aan de voorkant", "Z-2026-0018": "kappen van een boom"}
NAME, POLICY = "Omgevingsloket Boxtel", policies.load("omgevingsloket/burger")


def make_app(folder: Path, url: str) -> FastAPI:
    key = folder / "checks-desk.key"  # without it nothing in the store can be read
    if not key.exists():
        key.write_bytes(os.urandom(32))
    store = Store.open(f"sqlite:///{(folder / 'checks-desk.db').absolute()}", key=key.read_bytes())
    place, trust, status, once = f"{url}/check", Trust.load(folder / "trust.toml"), NO_STATUS_CHECK, store.once
    desk = Desk.make(
        "permits", name=NAME, public_url=place, trust=trust, status=status, once=once, policies=[POLICY], signing=None
    )
    about: dict[str, str] = {}  # check -> application

    def on_checked(check: str, role: str, disclosure: Disclosure) -> None:
        applicant = {question: thaw(given[0].claims) for question, given in disclosure.credentials.items()}
        (folder / f"{about[check]}.json").write_text(json.dumps(applicant, indent=2))
        print(f"{about[check]}: the applicant is known", flush=True)

    checking = Checking([desk], store=store, public_url=place, on_checked=on_checked)
    app = FastAPI(title="Omgevingsloket")
    app.include_router(verifier_router(checking), prefix="/check")

    @app.get("/", response_class=HTMLResponse)
    def applications() -> str:
        title, ask = element("title", "Uw aanvragen"), element("button", "Laat zien wie u bent")
        forms = (
            element("form", f"{one}: {what} ", ask, method="post", action=f"applications/{one}")
            for one, what in APPLICATIONS.items()
        )
        return render(element("html", element("head", title), element("body", *forms), lang="nl"))

    @app.post("/applications/{number}")
    def begin(number: str) -> RedirectResponse:
        if number not in APPLICATIONS:
            raise HTTPException(404)
        begun = checking.begin("permits", policy=POLICY.id)
        about[begun.id] = number
        return RedirectResponse(f"../check/pages/{begun.parties[0].page}", status_code=303)

    return app


if __name__ == "__main__":
    os.umask(0o077)  # what is written here is for nobody else to read
    parser = argparse.ArgumentParser(description="A permit desk that asks for name and address")
    parser.add_argument("folder", type=Path, help="the folder that municipality.py made")
    parser.add_argument("--port", type=int, default=8758)
    given = parser.parse_args()
    print(f"open http://127.0.0.1:{given.port}/", flush=True)
    app = make_app(given.folder, f"http://127.0.0.1:{given.port}")
    uvicorn.run(app, port=given.port, access_log=False, log_level="warning")
