"""The verifier service over HTTP: how many answers it takes in a second, and what one costs.

    python -m bench.service [--answers N] [--rounds N] [--database URL] [--flat N]

Every answer is a presentation that was never seen before, of a credential of its own under a key of its own, to a
request of its own: 3 claims of a person, by `direct_post`. Every check of the service is on; each answer is taken once
and its outcome stored. Two workers share one core, as one has it to itself; the load (`wrk`) has the other. Beside it
stands what two bare verifications cost, one of them by a new key: less is not possible.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import psycopg

from bench import cases
from bench.cases import ISSUER
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority, make_issuer_certificate
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.model import Answer, Attestation, Chain, Holding, Presentation, Seal
from eigendata.openid import vp
from eigendata.registers.catalogue import PERSOON
from tests.postgres import Server

POST: Final = Path(__file__).with_name("post.lua")
RESULTS: Final = Path(__file__).with_name("SERVICE.md")
SHOWN: Final = (("family_name",), ("given_name",), ("birthdate",))
CONNECTIONS: Final = 16
GOAL: Final = 2_000  # answers in a second
BEGINNERS: Final = 4
LONGEST: Final = 600  # seconds of one round
PATIENCE: Final = 60.0  # seconds for the service to be ready

_QUERY: Final = {
    "credentials": [
        {
            "id": "person",
            "format": SD_JWT_VC.name,
            "meta": {"vct_values": [SD_JWT_VC.type_id(PERSOON)]},
            "claims": [{"path": list(path)} for path in SHOWN],
        }
    ]
}
_UNLIMITED: Final = "\n".join(f"{name} = 0" for name in ("begin", "api", "keys", "pages", "fetch", "answers", "errors"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """Who issues to whom in this bench."""

    at: datetime
    seal: Seal
    anchor: bytes

    @classmethod
    def make(cls) -> Pilot:
        at = datetime.now(UTC)
        root, key = SoftwareKey.generate(Algorithm.ES256), SoftwareKey.generate(Algorithm.ES256)
        anchor = make_authority("Bench", root, at=at)
        leaf = make_issuer_certificate(
            key.public_key, name="Boxtel", uri=ISSUER, authority=anchor, authority_key=root, at=at, municipality=None
        )
        return cls(at=at, seal=Seal(signer=key, origin=Chain(certificates=(leaf,), issuer=ISSUER)), anchor=anchor)

    def trust(self) -> str:
        pem = dump_pem_chain((self.anchor,)).decode()
        return f'[issuers."{ISSUER}"]\nname = "Boxtel"\nanchors = ["""{pem}"""]\ntypes = ["{PERSOON.id}"]\n'

    def answer(self, link: str) -> bytes:
        """Answer a request with a credential that is made for it."""
        request = vp.parse_request(link.encode(), at=self.at, allow_loopback_http=True)
        key, today = SoftwareKey.generate(Algorithm.ES256), self.at.replace(hour=0, minute=0, second=0, microsecond=0)
        attestation = Attestation(
            type=PERSOON,
            issuer=ISSUER,
            claims=cases.claims_of(PERSOON),
            holder=key.public_key,
            issued_at=today,
            expires_at=today + timedelta(days=14),
        )
        token = SD_JWT_VC.issue(attestation, self.seal)
        holding = Holding(key=key, binding=request.binding)
        shown = SD_JWT_VC.open(token, PERSOON).present(SHOWN, holding, at=datetime.now(UTC))
        presentation = Presentation(format=SD_JWT_VC.name, token=shown)
        return vp.answer_form(Answer(presentations={"person": (presentation,)}), request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that runs, pinned to one core."""

    process: subprocess.Popen[bytes]
    port: int
    key: str

    def begin(self, count: int) -> list[str]:
        """Begin checks, and give the links that their parties get."""
        body = json.dumps({"dcql": _QUERY, "mode": "direct_post", "client_id": "redirect_uri"})
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}

        def some(number: int) -> list[str]:
            links = []
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
                for _ in range(number):
                    connection.request("POST", "/api/checks", body, headers)
                    reply = connection.getresponse()
                    told = json.loads(reply.read())
                    if reply.status != 201:
                        raise SystemExit(f"a check did not begin: {reply.status} {told}")
                    links.append(told["parties"][0]["link"])
            return links

        shares = [count // BEGINNERS + (one < count % BEGINNERS) for one in range(BEGINNERS)]
        with ThreadPoolExecutor(BEGINNERS) as pool:
            return [link for links in pool.map(some, shares) for link in links]

    def spent(self) -> float:
        """Give the seconds of CPU that its processes have taken."""
        return sum(_cpu(pid) for pid in self._processes())

    def memory(self) -> int:
        """Give the bytes of memory that its processes hold to themselves."""
        return sum(_memory(pid) for pid in self._processes())

    def _processes(self) -> Iterator[int]:
        waiting = [self.process.pid]
        while waiting:
            pid = waiting.pop()
            yield pid
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting.extend(map(int, (task / "children").read_text().split()))


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> int:
    found = re.search(r"^RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return 0 if found is None else int(found[1]) * 1024


@contextmanager
def serving(folder: Path, pilot: Pilot, *, workers: int, database: str | None) -> Iterator[Service]:
    """Start a service in an empty folder, and stop it afterwards."""
    data = folder / "data"
    data.mkdir()
    (folder / "trust.toml").write_text(pilot.trust())
    (data / "eigendata.toml").write_text(f"[limits]\n{_UNLIMITED}\n")
    port = _free_port()
    command = ["serve", "verifier", "--port", str(port), "--data", str(data), "--trust", str(folder / "trust.toml")]
    options = ["--public-url", f"http://127.0.0.1:{port}", "--insecure-loopback", "--workers", str(workers)]
    stored = [] if database is None else ["--database", database]
    program = ["taskset", "-c", "0", str(Path(sys.executable).with_name("eigendata"))]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*program, *command, *options, *stored], stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        if not process.stdout.readline().startswith(b"READY"):
            raise SystemExit((folder / "log").read_text())
        yield Service(process=process, port=port, key=(data / "api-key").read_text().strip())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of one round.

    Attributes:
        seconds: from the first answer to the last.
        cpu: seconds of the service's processes, for each answer.
        bare: seconds of two bare verifications, one by a new key, measured right before and after.
    """

    answers: int
    seconds: float
    cpu: float
    bare: float

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


def post(service: Service, pilot: Pilot, folder: Path, count: int) -> Taken:
    """Begin so many checks, answer each once, and say what that took."""
    links = service.begin(count)
    bodies = folder / "bodies"
    bodies.write_bytes(b"\n".join(map(pilot.answer, links)) + b"\n")
    bare = _bare()
    before = service.spent()
    told = folder / "told"
    told.unlink(missing_ok=True)
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{LONGEST}", "--timeout", "60", "-s", str(POST)]
    load = subprocess.Popen(
        ["taskset", "-c", "1", "wrk", *options, f"http://127.0.0.1:{service.port}/answers"],
        env={**os.environ, "BODIES": str(bodies), "TOLD": str(told)},
        stdout=subprocess.DEVNULL,
    )
    while not (told.exists() and told.read_text().endswith("\n")):
        if load.poll() is not None:
            raise SystemExit("not every answer was taken")
        time.sleep(0.05)
    spent = service.spent() - before
    load.send_signal(signal.SIGINT)
    load.wait(PATIENCE)
    found = re.fullmatch(r"good (\d+) bad (\d+) took (\d+)\n", told.read_text())
    if found is None or int(found[1]) != count:
        raise SystemExit(f"not every answer was taken: {told.read_text()}")
    return Taken(answers=count, seconds=int(found[3]) / 1e6, cpu=spent / count, bare=(bare + _bare()) / 2)


def _bare() -> float:
    return cases.two_verifications_and_a_new_key(500)


# -- what came out ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """All rounds of one setting."""

    database: str
    workers: int
    rounds: Sequence[Taken]

    @property
    def cost(self) -> float:
        return median(one.cpu for one in self.rounds)

    def written(self) -> str:
        rate = median(one.rate for one in self.rounds)
        over = median(one.cpu / one.bare for one in self.rounds)
        return f"| {self.database} | {self.workers} | {rate:,.0f} | {self.cost * 1e6:,.0f} us | {over:.2f} x |"


def measure(pilot: Pilot, *, workers: int, database: str | None, count: int, rounds: int) -> Row:
    with TemporaryDirectory() as made:
        folder = Path(made)
        with serving(folder, pilot, workers=workers, database=database) as service:
            post(service, pilot, folder, min(count, 500))  # what is known afterwards is the issuer
            taken = [post(service, pilot, folder, count) for _ in range(rounds)]
    return Row(database="SQLite" if database is None else "PostgreSQL", workers=workers, rounds=taken)


def flat(pilot: Pilot, *, total: int, step: int) -> list[tuple[int, int]]:
    """Take many answers in one service, and give its memory after each part of them: (answers, bytes)."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        with serving(folder, pilot, workers=1, database=None) as service:
            seen = []
            for number in range(step, total + 1, step):
                post(service, pilot, folder, step)
                seen.append((number, service.memory()))
    return seen


@contextmanager
def postgres(url: str | None) -> Iterator[str]:
    """Give the address of an empty database: the one that was named, or of a server that is started for this."""
    if url is not None:
        yield url
        return
    server = Server(settings=())  # as it comes: what it says is kept is on the disk
    try:
        with psycopg.connect(server.at("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE bench")
        yield server.url("bench")
    finally:
        server.end()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.service", description=__doc__.partition("\n")[0])
    parser.add_argument("--answers", type=int, default=10_000, help="in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", help="an empty PostgreSQL database; one is started where none is named")
    parser.add_argument("--flat", type=int, default=0, help="so many answers more, to see whether memory grows")
    chosen = parser.parse_args(arguments)
    for program in ("wrk", "taskset"):
        if shutil.which(program) is None:
            raise SystemExit(f"this needs {program}; on Debian and Ubuntu: apt install wrk util-linux")
    pilot, rows = Pilot.make(), []
    for workers in (1, 2):
        for named in (False, True):
            with postgres(chosen.database) if named else nullcontext() as database:
                row = measure(pilot, workers=workers, database=database, count=chosen.answers, rounds=chosen.rounds)
            print(row.written(), flush=True)
            rows.append(row)
    memory = flat(pilot, total=chosen.flat, step=max(chosen.flat // 5, 1)) if chosen.flat else []
    RESULTS.write_text(_page(rows, memory, " ".join(("python -m bench.service", *(arguments or sys.argv[1:])))))


def _page(rows: Sequence[Row], memory: Sequence[tuple[int, int]], command: str) -> str:
    bare = median(one.bare for row in rows for one in row.rounds)
    one, two = ({row.database: row.cost for row in rows if row.workers == workers} for workers in (1, 2))
    best = max(median(taken.rate for taken in row.rounds) for row in rows if row.database == "SQLite")
    versions = ", ".join(f"{name} {version(name)}" for name in ("cryptography", "fastapi", "uvicorn", "sqlalchemy"))
    return "\n".join(
        (
            "# The verifier service: answers in a second",
            "",
            f"`{command}`, {datetime.now(UTC).date().isoformat()}; CPython {platform.python_version()} on",
            f"{os.cpu_count()} cores of {_machine()}; {versions}; one core for the service, another for the load.",
            "",
            f"Two bare verifications, one of them by a new key: {bare * 1e6:,.0f} us, so at most {1 / bare:,.0f} in a",
            "second. Each answer is another holder's, to a request of its own; it is taken once and stored.",
            "",
            "| database | workers | answers in a second | CPU of the service for one | to the two verifications |",
            "|---|---|---|---|---|",
            *(row.written() for row in rows),
            "",
            *(
                f"{name}: one of two workers takes {two[name] / cost:.2f} times the CPU of one alone (1.15 at most is"
                f" the target)."
                for name, cost in one.items()
            ),
            f"The goal is {GOAL:,} answers in a second on SQLite: {'met' if best >= GOAL else 'missed'}.",
            *(("", "| answers so far | memory of the service |", "|---|---|") if memory else ()),
            *(f"| {count:,} | {size / 2**20:.1f} MiB |" for count, size in memory),
            "",
        )
    )


def _machine() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return platform.machine() if found is None else found[1]


if __name__ == "__main__":
    main()
