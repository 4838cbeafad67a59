"""A process that answers: for nobody longer than it may, until it is told to stop, and then what is in hand."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from fastapi import Response
from starlette.types import ASGIApp

from eigendata.errors import Misuse
from eigendata.web import serving, settings
from eigendata.web.serving import HEADERS

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds; the machine may be busy


class Running:
    """A service in a process of its own."""

    def __init__(self, folder: Path, workers: int) -> None:
        with (folder / "stderr").open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.web.small_service", "0", str(workers)],
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        assert self.process.stdout is not None
        ready = self.process.stdout.readline()
        assert ready.startswith("READY "), (folder / "stderr").read_text()
        self.url = ready.split()[1]
        self.address = ("127.0.0.1", int(self.url.rpartition(":")[2]))

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=PATIENCE)

    def stop(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


@contextmanager
def running(folder: Path, workers: int = 1) -> Iterator[Running]:
    service = Running(folder, workers)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait(PATIENCE)
        assert service.process.stdout is not None
        service.process.stdout.close()


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


# -- what every answer carries ----------------------------------------------------------------------------------------


def test_every_answer_has_the_security_headers_whatever_it_is(tmp_path: Path) -> None:
    with running(tmp_path) as service, service.client() as client:
        answers = [
            client.get("/process"),
            client.get("/nowhere"),
            client.put("/process"),
            client.post("/log", content=b"a" * 100_000),
        ]
        assert [one.status_code for one in answers] == [200, 404, 405, 413]
        for one in answers:
            for name, value in (*HEADERS, serving.STRICT_TRANSPORT):
                assert one.headers[name] == value
            assert "server" not in one.headers
        assert {one.headers["content-type"] for one in answers[1:]} == {"application/problem+json"}
        assert answers[2].headers["allow"] == "GET"


# -- nobody is waited for for ever ------------------------------------------------------------------------------------


def test_a_head_that_does_not_come_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_TIMEOUT", 0.3)
    with _in_a_thread() as address:
        for sent in (b"", b"GET /process HTTP/1.1\r\n", b"GET /process HTTP/1.1\r\nhost: a\r\nx: "):
            with socket.create_connection(address) as connection:
                connection.settimeout(PATIENCE)
                connection.sendall(sent)
                assert connection.recv(1000) == b""


def test_one_byte_now_and_then_does_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_TIMEOUT", 0.5)
    with _in_a_thread() as address, socket.create_connection(address) as connection:
        begun = time.monotonic()
        try:
            for _ in range(200):
                connection.sendall(b"G")
                time.sleep(0.05)
        except OSError:
            assert time.monotonic() - begun < 5.0
        else:
            pytest.fail("ten seconds of a head that does not end")


def test_a_second_request_on_a_connection_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_TIMEOUT", 0.5)
    with _in_a_thread() as address, socket.create_connection(address) as connection:
        connection.settimeout(PATIENCE)
        for _ in range(3):
            connection.sendall(b"GET /process HTTP/1.1\r\nhost: a\r\n\r\n")
            assert _answer(connection).startswith(b"HTTP/1.1 200")
            time.sleep(0.3)
        connection.sendall(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n")
        assert _answer(connection).startswith(b"HTTP/1.1 200")  # a second of work is not a head that lacks
        connection.sendall(b"GET /pro")
        assert connection.recv(4000) == b""


@pytest.mark.parametrize("after", ["keep-alive", "close"])
def test_who_takes_no_answer_does_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch, after: str) -> None:
    monkeypatch.setattr(serving, "SEND_TIMEOUT", 0.3)
    long = Response(b"a" * 32_000_000)  # more than the system holds for who does not read
    with _in_a_thread(long) as address, socket.create_connection(address) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nhost: a\r\nconnection: {after}\r\n\r\n".encode())
        time.sleep(2.0)
        connection.settimeout(PATIENCE)
        taken = 0
        with suppress(ConnectionError):
            while got := connection.recv(1_000_000):
                taken += len(got)
        assert taken < len(long.body)


def _answer(connection: socket.socket) -> bytes:
    answer = b""
    while not re.search(rb"\r\n\r\n[0-9]+$", answer):
        answer += connection.recv(4000)
    return answer


def test_a_head_that_is_too_large_is_refused() -> None:
    with _in_a_thread() as address, socket.create_connection(address) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(b"GET /process HTTP/1.1\r\nhost: a\r\nx: " + b"a" * 20_000)
        assert connection.recv(4000).startswith(b"HTTP/1.1 400")


@contextmanager
def _in_a_thread(app: ASGIApp | None = None) -> Iterator[tuple[str, int]]:
    from tests.web.small_service import application

    options: dict[str, object] = {"data": ".", "trust": "t", "public_url": "https://a.example", "port": 0, "grace": 1}
    said = settings.read(options, {}, folder=Path())
    started = threading.Event()
    stop: list[Callable[[], None]] = []
    with serving.listening(said) as listener:
        address = listener.getsockname()
        server = serving._Server(serving._config(app or application(), said), started.set)
        server.capture_signals = _no_signals  # type: ignore[method-assign]  # a thread may set none
        stop.append(lambda: setattr(server, "should_exit", True))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        assert started.wait(PATIENCE)
        try:
            yield address
        finally:
            stop[0]()
            thread.join(PATIENCE)


@contextmanager
def _no_signals() -> Iterator[None]:
    yield


def test_a_port_that_is_taken_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options: dict[str, object] = {"data": ".", "trust": "t", "public_url": "https://a.example", "port": port}
        with (
            pytest.raises(Misuse, match=f"port {port} of 127.0.0.1 cannot be had"),
            serving.listening(settings.read(options, {}, folder=Path())),
        ):
            raise AssertionError("it was had")


# -- stopping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_who_is_told_to_stop_finishes_what_is_in_hand(tmp_path: Path, workers: int, how: int) -> None:
    with running(tmp_path, workers) as service, service.client() as client:
        told: list[int] = []
        asking = threading.Thread(target=lambda: told.append(client.get("/slow").status_code))
        asking.start()
        time.sleep(0.4)
        assert service.stop(how) == 0
        asking.join(PATIENCE)
        assert told == [200]
        with pytest.raises(httpx.ConnectError):
            client.get("/process")


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_that_was_answered_is_lost_where_a_service_stops_under_load(tmp_path: Path, workers: int) -> None:
    answered: list[str] = []

    def post(name: int) -> None:
        with service.client() as client:
            for number in range(100_000):
                try:
                    if client.post("/log", content=f"{name}.{number}").status_code == 200:
                        answered.append(f"{name}.{number}")
                except httpx.HTTPError:
                    return

    with running(tmp_path, workers) as service:
        posting = [threading.Thread(target=post, args=(name,)) for name in range(8)]
        for one in posting:
            one.start()
        assert eventually(lambda: len(answered) > 50)
        assert service.stop() == 0
        for one in posting:
            one.join(PATIENCE)
    kept = (tmp_path / "log").read_text().split()
    assert set(answered) <= set(kept)
    assert len(kept) == len(set(kept))


# -- several processes ------------------------------------------------------------------------------------------------


def test_a_process_that_is_killed_gets_a_successor(tmp_path: Path) -> None:
    with running(tmp_path, 2) as service:
        first = _processes(service)
        for one in first:
            os.kill(one, signal.SIGKILL)
        assert eventually(lambda: len(_processes(service, patient=True) - first) == 2)
        assert service.stop() == 0
        assert not any(is_there(one) for one in first)


def test_where_the_one_that_watches_is_killed_the_others_stop(tmp_path: Path) -> None:
    with running(tmp_path, 2) as service:
        workers = _processes(service)
        service.process.kill()
        service.process.wait(PATIENCE)
        assert eventually(lambda: not any(is_there(one) for one in workers))


def _processes(service: Running, *, patient: bool = False) -> set[int]:
    """Give the processes that answer, from more requests than any of them would get all of."""
    found = set()
    for _ in range(40):
        try:
            found.add(int(httpx.get(f"{service.url}/process", trust_env=False, timeout=PATIENCE).text))
        except httpx.HTTPError:
            if not patient:
                raise
    return found


def test_processes_that_never_get_ready_stop_the_service(tmp_path: Path) -> None:
    program = (
        "from eigendata.web.operations import Log; from eigendata.web.workers import Supervisor\n"
        "def work(worker): raise ValueError('geheim')\n"
        "Supervisor(work, count=2, grace=1, log=Log(), ended=lambda process: None).run(lambda: print('READY'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "end before they are ready" in done.stderr
    assert '"event":"worker_failed"' in done.stderr
    assert "geheim" not in done.stderr
