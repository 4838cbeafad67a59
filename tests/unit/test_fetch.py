"""The fetcher against hostile servers on this machine, over real sockets."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from eigendata import fetch
from eigendata.errors import Misuse, Rejected, Unavailable
from eigendata.fetch import Fetcher
from tests.negatives import negative

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
Serve = Callable[[socket.socket], None]


def _head(connection: socket.socket) -> bytes:
    said = b""
    while b"\r\n\r\n" not in said and (more := connection.recv(4096)):
        said += more
    head, _, body = said.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            while len(body) < int(value) and (more := connection.recv(4096)):
                body += more
    return head + b"\r\n\r\n" + body


class Server:
    """Answers each connection by one function; remembers what it was asked."""

    def __init__(self, serve: Serve | bytes, *, tls: ssl.SSLContext | None = None) -> None:
        self._serve = serve
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.asked: list[bytes] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/personen"

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                try:
                    wrapped = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
                    with wrapped:
                        self.asked.append(_head(wrapped))
                        if isinstance(self._serve, bytes):
                            wrapped.sendall(self._serve)
                        else:
                            self._serve(wrapped)
                except OSError:
                    continue

    def stop(self) -> None:
        self._stopped.set()
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a connection
        self._socket.close()
        self._thread.join(timeout=3)


@contextmanager
def serving(serve: Serve | bytes, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(serve, tls=tls)
    try:
        yield server
    finally:
        server.stop()


SHORT = {"timeout": 1.0, "read_timeout": 0.4}
"""For servers that never come to an end; any other has all the time that a busy machine may take."""


def local(**limits: float | int) -> Fetcher:
    settings = {"timeout": 60.0, "read_timeout": 30.0, "max_bytes": 4096} | limits
    return Fetcher(
        allow_loopback_http=True,
        timeout=settings["timeout"],
        read_timeout=settings["read_timeout"],
        max_bytes=int(settings["max_bytes"]),
    )


def ask(fetcher: Fetcher, url: str) -> fetch.Reply:
    return fetcher.post_json(url, {"type": "x"})


# -- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_is_given_with_its_status_headers_and_body() -> None:
    with serving(OK) as server:
        reply = local().post_json(server.url, {"a": [1, "é"]}, headers={"X-API-KEY": "sleutel"})
    assert (reply.status, reply.body, reply.headers["content-type"]) == (200, b"{}", "application/json")
    said = server.asked[0].decode()
    assert said.startswith("POST /personen HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}\r\n" in said
    assert "x-api-key: sleutel\r\n" in said
    assert "accept-encoding: identity\r\n" in said
    assert said.endswith('{"a":[1,"é"]}')


def test_a_form_is_posted_as_it_was_written() -> None:
    with serving(OK) as server:
        reply = local().post_form(server.url, b"vp_token=%7B%7D&state=x", accept=("application/json",))
    assert reply.body == b"{}"
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    assert b"content-type: application/x-www-form-urlencoded" in head.lower()
    assert body == b"vp_token=%7B%7D&state=x"


SAYS: Final = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length"}
"""The names of all that is said beside the request itself; none of it tells one wallet from another."""


@negative("NEG-PRIVACY-005")
def test_nothing_is_said_of_who_asks() -> None:
    with serving(OK) as server:
        local().get(server.url, accept=("application/json",))
        local().post_json(server.url, {})
        local().post_form(server.url, b"a=b", accept=("application/json",))
        local().post_form(server.url, b"a=b", accept=("application/json",))
    asked = [one.decode().partition("\r\n\r\n")[0].split("\r\n")[1:] for one in server.asked]
    assert {line.partition(":")[0].lower() for head in asked for line in head} == SAYS
    assert asked[2] == asked[3]


def test_a_reply_shows_nothing_of_its_body() -> None:
    with serving(OK) as server:
        assert "{}" not in repr(ask(local(), server.url))


def test_a_refusal_is_given_whatever_its_media_type() -> None:
    refusal = b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno"
    with serving(refusal) as server:
        assert ask(local(), server.url).status == 401


def test_the_environment_sends_nothing_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    with serving(OK) as server:
        assert ask(local(), server.url).status == 200


def test_a_document_is_taken_in_the_media_types_that_were_asked() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/statuslist+jwt; a=b\r\nContent-Length: 1\r\n\r\nx"
    with serving(answer) as server:
        reply = local().get(server.url, accept=("application/statuslist+jwt",))
        assert reply.body == b"x"
        with pytest.raises(Unavailable):
            local().get(server.url, accept=("application/json",))


# -- hostile servers --------------------------------------------------------------------------------------------------


@negative("NEG-FETCH-003")
@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
def test_a_redirect_is_never_followed(status: int) -> None:
    with serving(OK) as elsewhere:
        answer = f"HTTP/1.1 {status} Gone\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with serving(answer) as server, pytest.raises(Rejected) as refusal:
            ask(local(), server.url)
    assert refusal.value.check is fetch.NO_REDIRECT
    assert elsewhere.asked == []


def test_who_knows_a_version_hears_that_it_is_the_newest_and_nobody_else_does() -> None:
    with serving(b'HTTP/1.1 304 Not Modified\r\nETag: "7"\r\n\r\n') as server:
        known = local().get(server.url, accept=("application/json",), headers={"If-None-Match": '"7"'})
        with pytest.raises(Rejected) as refusal:
            local().get(server.url, accept=("application/json",))
    assert (known.status, known.body) == (304, b"")
    assert refusal.value.check is fetch.NO_REDIRECT


@negative("NEG-VP-WALLET-023")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_form_is_sent_once_and_never_to_where_a_server_points(status: int) -> None:
    with serving(OK) as elsewhere:
        answer = f"HTTP/1.1 {status} Gone\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with serving(answer) as server, pytest.raises(Rejected) as refusal:
            local().post_form(server.url, b"vp_token=secret", accept=("application/json",))
        assert len(server.asked) == 1
    assert refusal.value.check is fetch.NO_REDIRECT
    assert elsewhere.asked == []


def _endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        connection.sendall(b" " * 65536)


def _endless_chunks(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1\r\n \r\n" * 1000)


def _endless_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: and more\r\n" * 1000)


def _endless_preludes(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


def _dripping_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def _dripping_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        connection.sendall(b"a")
        time.sleep(0.05)


def _silent(connection: socket.socket) -> None:
    connection.recv(1)


@negative("NEG-FETCH-004")
@pytest.mark.parametrize(
    "serve",
    [_endless, _endless_chunks, _endless_headers, _endless_preludes, _dripping_body, _dripping_head, _silent],
)
def test_no_server_holds_us_longer_than_the_deadline(serve: Serve) -> None:
    with serving(serve) as server:
        started = time.monotonic()
        with pytest.raises(Unavailable):
            ask(local(**SHORT), server.url)
        held = time.monotonic() - started
    assert held < 15  # a busy machine may be late; each of these servers would go on for minutes


NONSENSE = [
    b"",
    b"HTTP/1.1",
    b"HTTP/1.1 abc OK\r\n\r\n",
    b"HTTP/1.1 99 Odd\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    b"\x00\x01\x02\x03" * 10,
    b"SSH-2.0-OpenSSH_9.9\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: x\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
]


@negative("NEG-FETCH-004")
@pytest.mark.parametrize("answer", NONSENSE)
def test_nonsense_is_no_answer(answer: bytes) -> None:
    with serving(answer) as server, pytest.raises(Unavailable):
        ask(local(), server.url)


@negative("NEG-FETCH-004")
def test_the_body_may_be_as_large_as_the_limit_and_not_a_byte_larger() -> None:
    def of(size: int) -> bytes:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
        return head.encode() + b" " * size

    with serving(of(100)) as server:
        assert len(ask(local(max_bytes=100), server.url).body) == 100
    with serving(of(101)) as server, pytest.raises(Unavailable, match="larger than 100 bytes"):
        ask(local(max_bytes=100), server.url)


def test_a_refused_connection_is_unavailable_and_names_no_path() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unavailable) as refusal:
        ask(local(), f"http://127.0.0.1:{port}/999990019")
    assert "999990019" not in str(refusal.value)


# -- where we may go --------------------------------------------------------------------------------------------------

BLOCKED = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "64:ff9b::7f00:1",
    "64:ff9b::a00:1", "2002:7f00:1::", "2002:c0a8:101::", "2001:0:7f00:1::", "fec0::1", "64:ff9b:1::7f00:1",
    "5f00::1", "100::1", "192.0.0.8", "192.88.99.1", "2001:20::1", "3fff::1", "not-an-address",
]  # fmt: skip


@negative("NEG-FETCH-001")
@pytest.mark.parametrize("address", BLOCKED)
def test_a_name_that_resolves_to_an_address_of_ours_is_never_reached(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **more: opened.append(args))
    fetcher = Fetcher(resolve=lambda host, port: [address])
    with pytest.raises(Rejected) as refusal:
        ask(fetcher, "https://register.example/personen")
    assert refusal.value.check is fetch.ADDRESS_ALLOWED
    assert refusal.value.reason == "fetch_blocked"
    assert opened == []


@negative("NEG-FETCH-001")
@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.1", "0"])
@pytest.mark.parametrize("fetcher", [Fetcher(), Fetcher(resolve=fetch.system_resolve)], ids=["default", "system"])
def test_an_address_of_ours_in_an_odd_spelling_is_never_reached(
    host: str, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **more: opened.append(args))
    with pytest.raises(Rejected) as refusal:
        ask(fetcher, f"https://{host}/personen")
    assert refusal.value.reason == "fetch_blocked"
    assert opened == []


@pytest.mark.parametrize("public", [1, 9])
def test_one_private_address_among_public_ones_blocks_the_name(public: int) -> None:
    with pytest.raises(Rejected) as refusal:
        ask(Fetcher(resolve=lambda host, port: [*["93.184.215.14"] * public, "10.0.0.1"]), "https://register.example/")
    assert refusal.value.check is fetch.ADDRESS_ALLOWED


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_a_public_address_may_be_reached(address: str) -> None:
    assert Fetcher()._may_reach(ip_address(address))


def test_a_network_that_was_allowed_may_be_reached_over_https_alone() -> None:
    fetcher = Fetcher(allowed_networks=[ip_network("10.1.0.0/16")], resolve=lambda host, port: ["10.1.2.3"])
    assert fetcher._may_reach(ip_address("10.1.2.3"))
    assert not fetcher._may_reach(ip_address("10.2.2.3"))
    with pytest.raises(Rejected) as refusal:
        ask(fetcher, "http://gateway.example/")
    assert refusal.value.check is fetch.URL_ALLOWED


def test_loopback_is_closed_unless_it_was_opened() -> None:
    with serving(OK) as server:
        for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
            with pytest.raises(Rejected) as refusal:
                ask(Fetcher(), url)
            assert refusal.value.check is fetch.URL_ALLOWED
        assert server.asked == []


@pytest.mark.parametrize("address", ["64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_loopback_behind_a_translator_or_a_relay_is_not_this_machine(address: str, scheme: str) -> None:
    fetcher = Fetcher(allow_loopback_http=True, resolve=lambda host, port: [address])
    with pytest.raises(Rejected):
        ask(fetcher, f"{scheme}://register.example/")


@negative("NEG-FETCH-005")
def test_http_is_for_loopback_alone_even_where_it_was_opened() -> None:
    fetcher = Fetcher(allow_loopback_http=True, resolve=lambda host, port: ["93.184.215.14"])
    with pytest.raises(Rejected) as refusal:
        ask(fetcher, "http://register.example/")
    assert refusal.value.check is fetch.URL_ALLOWED


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/personen",
        "register.example",
        "ftp://register.example/",
        "file:///etc/passwd",
        "data:application/json,{}",
        "HTTPS:/register.example",
        "https://",
        "https:///x",
        "https://user@register.example/",
        "https://@register.example/",
        "https://user:word@register.example/",
        "https://register.example/#x",
        "https://register.example:99999/",
        "https://register.example:x/",
        "https://register.example:0/",
        "https://[::1/",
        "https://a b.example/",
        "https://register.example/\r\nX: y",
        "https://register.example\\@evil.example/",
        "https://régister.example/",
        f"https://{'a' * 64}.example/",
        "https://register.example/" + "a" * 2048,
    ],
)
def test_only_a_plain_address_is_taken(url: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise AssertionError("no name may be looked up")

    with pytest.raises(Rejected) as refusal:
        ask(Fetcher(resolve=resolve), url)
    assert refusal.value.check is fetch.URL_ALLOWED


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """A name server that answers differently the second time (rebinding) is not asked a second time."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with serving(OK) as server:
        fetcher = Fetcher(allow_loopback_http=True, resolve=resolve)
        assert ask(fetcher, f"http://register.example:{server.port}/").status == 200
    assert asked == ["register.example"]
    assert f"host: register.example:{server.port}\r\n".encode() in server.asked[0]


def test_the_next_address_is_tried_where_the_first_does_not_answer() -> None:
    with serving(OK) as server:
        fetcher = Fetcher(allow_loopback_http=True, resolve=lambda host, port: ["127.9.9.9", "127.0.0.1"])
        assert ask(fetcher, f"http://register.example:{server.port}/").status == 200


def test_a_name_without_an_address_is_unavailable() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror(8, "no such host")

    def empty(host: str, port: int) -> list[str]:
        return []

    for resolve in (nowhere, empty):
        with pytest.raises(Unavailable, match="has no address"):
            ask(Fetcher(resolve=resolve), "https://register.example/")


def test_a_resolver_that_never_answers_does_not_hold_us() -> None:
    done = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        done.wait(60)
        return ["127.0.0.1"]

    started = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        ask(Fetcher(resolve=slow, timeout=0.2), "https://register.example/")
    assert time.monotonic() - started < 15
    done.set()


def test_the_machines_own_resolver_gives_addresses() -> None:
    assert set(fetch.system_resolve("localhost", 80)) <= {"127.0.0.1", "::1"}


# -- TLS --------------------------------------------------------------------------------------------------------------


def _certificate(folder: Path, name: str, *, days: int = 1) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Give the server's and the client's context for a self-made certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(secret + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "both.pem")
    return server, ssl.create_default_context(cadata=pem.decode())


@negative("NEG-FETCH-005")
def test_tls_holds_for_the_name_and_not_for_the_address(tmp_path: Path) -> None:
    server_tls, client_tls = _certificate(tmp_path, "register.example")
    with serving(OK, tls=server_tls) as server:
        fetcher = Fetcher(allow_loopback_http=True, tls=client_tls, resolve=lambda host, port: ["127.0.0.1"])
        assert ask(fetcher, f"https://register.example:{server.port}/").status == 200
        with pytest.raises(Rejected) as refusal:
            ask(fetcher, f"https://other.example:{server.port}/")
        assert refusal.value.check is fetch.CERTIFICATE
        with pytest.raises(Rejected) as refusal:
            ask(local(), f"https://127.0.0.1:{server.port}/")
        assert refusal.value.check is fetch.CERTIFICATE
    assert len(server.asked) == 1


@negative("NEG-FETCH-005")
def test_a_certificate_that_expired_is_refused(tmp_path: Path) -> None:
    server_tls, client_tls = _certificate(tmp_path, "register.example", days=-1)
    with serving(OK, tls=server_tls) as server:
        fetcher = Fetcher(allow_loopback_http=True, tls=client_tls, resolve=lambda host, port: ["127.0.0.1"])
        with pytest.raises(Rejected) as refusal:
            ask(fetcher, f"https://register.example:{server.port}/")
    assert refusal.value.check is fetch.CERTIFICATE
    assert server.asked == []


def test_a_server_without_tls_is_unavailable_over_https() -> None:
    with serving(b"HTTP/1.1 400 Bad Request\r\n\r\n") as server, pytest.raises(Unavailable):
        ask(local(**SHORT), server.url.replace("http:", "https:"))


def test_a_tls_context_that_checks_nothing_is_refused() -> None:
    careless = ssl.create_default_context()
    careless.check_hostname = False
    with pytest.raises(Misuse):
        Fetcher(tls=careless)


@pytest.mark.parametrize("limits", [{"timeout": 0}, {"read_timeout": -1}, {"max_bytes": 0}])
def test_limits_are_positive(limits: dict[str, int]) -> None:
    with pytest.raises(Misuse):
        local(**limits)


@pytest.mark.parametrize("value", ["a\r\nX: y", "é"])
def test_a_header_cannot_smuggle(value: str) -> None:
    with serving(OK) as server, pytest.raises(Misuse):
        local().post_json(server.url, {}, headers={"X-API-KEY": value})
    assert server.asked == []


def test_every_check_of_the_fetcher_has_its_own_reason_to_fail() -> None:
    assert len({check.name for check in fetch.CHECKS}) == len(fetch.CHECKS)
    assert {check.reason for check in fetch.CHECKS} == {"fetch_blocked"}
