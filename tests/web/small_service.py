"""A small service in a process of its own, for tests: `python -m tests.web.small_service PORT WORKERS`.

GET /process   the number of the process that answers
GET /slow      the same, after a second
POST /log      writes what is posted at the end of the file `log` in the current folder, then answers
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from eigendata.web import serving, settings
from eigendata.web.operations import Log, Metrics
from eigendata.web.workers import Supervisor, Worker


def application() -> FastAPI:
    app = FastAPI(openapi_url=None)

    def process() -> Response:
        return Response(str(os.getpid()))

    def slow() -> Response:
        time.sleep(1)
        return Response(str(os.getpid()))

    async def log(request: Request) -> Response:
        body = await request.body()

        def write() -> None:
            handle = os.open("log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(handle, body + b"\n")
            os.close(handle)
            time.sleep(0.02)

        await run_in_threadpool(write)
        return Response("kept")

    app.add_api_route("/process", process, methods=["GET"])
    app.add_api_route("/slow", slow, methods=["GET"])
    app.add_api_route("/log", log, methods=["POST"])
    return app


def main(port: str, workers: str) -> None:
    environment = {f"{settings.PREFIX}{name}": value for name, value in (("PORT", port), ("WORKERS", workers))}
    options: dict[str, object] = {"data": ".", "trust": "trust.toml", "public_url": "https://service.example"}
    said = settings.read(options, environment, folder=Path())
    log, metrics = Log(), Metrics()
    with serving.listening(said) as listener:

        def ready() -> None:
            print(f"READY http://127.0.0.1:{listener.getsockname()[1]}", flush=True)

        def work(worker: Worker) -> None:
            app = serving.shell(application(), said, log=log, metrics=metrics)
            serving.answer(app, listener, said, ready=worker.ready, stopping=worker.stops)

        if said.workers > 1:
            Supervisor(work, count=said.workers, grace=said.grace, log=log, ended=metrics.forget).run(ready)
        else:
            app = serving.shell(application(), said, log=log, metrics=metrics)
            serving.answer(app, listener, said, ready=ready)


if __name__ == "__main__":
    main(*sys.argv[1:])
