"""A permit desk that fills in who applies and where they live, from the applicant's own wallet.

    python examples/municipality.py pilot     # once: somebody to trust, and wallets to answer with
    python examples/permit_desk.py pilot      # prints its address

The desk begins each check itself, for an application that it knows by its number, and writes the name and address that
arrive into that application's file. Nothing else is asked: no birth date, no citizen service number.
Answer with `pilot/999900018.vault`, passphrase `oefenen`, as the page says.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse

from eigendata import NO_STATUS_CHECK, Disclosure, SqliteOnce, Trust, Verifier, policies
from eigendata.encoding import thaw
from eigendata.web.checks import SqliteChecks
from eigendata.web.html import element, render
from eigendata.web.verifier import begin_check, nobody, verifier_router

APPLICATIONS = {"Z-2026-0017": "dakkapel aan de voorkant", "Z-2026-0018": "kappen van een boom"}
POLICY = policies.load("omgevingsloket/burger")


def make_app(folder: Path, url: str) -> FastAPI:
    desk = Verifier(
        f"redirect_uri:{url}/check/answer",
        trust=Trust.load(folder / "trust.toml"),
        status=NO_STATUS_CHECK,
        once=SqliteOnce(folder / "answered-desk.db"),
        name="Omgevingsloket Boxtel",
    )
    store = SqliteChecks(folder / "checks-desk.db")
    about: dict[str, str] = {}  # check -> application

    def on_checked(check: str, disclosure: Disclosure) -> None:
        applicant = {question: thaw(given[0].claims) for question, given in disclosure.credentials.items()}
        file = folder / f"{about[check]}.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(applicant, indent=2, ensure_ascii=False))
        print(f"{about[check]}: the applicant is known", flush=True)

    app = FastAPI(title="Omgevingsloket")
    router = verifier_router(desk, policy=POLICY, store=store, may_begin=nobody, on_checked=on_checked)
    app.include_router(router, prefix="/check")

    @app.get("/", response_class=HTMLResponse)
    def applications() -> str:
        title, ask = element("title", "Uw aanvragen"), element("button", "Laat zien wie u bent")
        forms = (
            element("form", f"{number}: {what} ", ask, method="post", action=f"applications/{number}")
            for number, what in APPLICATIONS.items()
        )
        return render(element("html", element("head", title), element("body", *forms), lang="nl"))

    @app.post("/applications/{number}")
    def begin(number: str) -> RedirectResponse:
        if number not in APPLICATIONS:
            raise HTTPException(404)
        check = begin_check(desk, policy=POLICY, store=store, home={}, at=datetime.now(UTC))
        about[check] = number
        return RedirectResponse(f"../check/pages/{check}", status_code=303)

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A permit desk that asks for name and address")
    parser.add_argument("folder", type=Path, help="the folder that municipality.py made")
    parser.add_argument("--port", type=int, default=8758)
    given = parser.parse_args()
    print(f"open http://127.0.0.1:{given.port}/", flush=True)
    app = make_app(given.folder, f"http://127.0.0.1:{given.port}")
    uvicorn.run(app, host="127.0.0.1", port=given.port, access_log=False, log_level="warning")
