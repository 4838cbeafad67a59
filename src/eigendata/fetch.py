"""The one way out to the network.

It keeps to itself which addresses may be reached, and what an answer may cost. For each request:

    URL -> scheme and host checked -> name resolved -> every address checked -> connection to a checked address
        -> TLS for the *name* -> status, headers, body, each within the size and the time that remain

The name is resolved once and the connection goes to the address that was checked, so a name server that answers
differently the second time gains nothing. Redirects are never followed, proxies of the environment never used,
compressed answers never unpacked, connections never shared between requests. Nothing is said about who asks: no
`User-Agent`, no `Accept-Language`, no cookie, and what is posted is never sent a second time by itself.

It works on `httpcore`, the transport of httpx, and not on httpx itself: only there can a deadline be put on every
single read, so that a server that sends one byte of a header each second is cut off too.

What it does not protect against: a public server that passes the request on to a private one.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from types import MappingProxyType
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import httpcore

from eigendata.encoding import Json, json_dumps
from eigendata.errors import Check, Misuse, Reason, Rejected, Trail, Unavailable

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""Gives the addresses of a host name, as text. Raises OSError where there are none."""

TIMEOUT: Final = 5.0  # seconds for a whole request: longer than any register needs, shorter than a person waits
READ_TIMEOUT: Final = 3.0  # seconds without a single byte
MAX_BYTES: Final = 1 << 20  # of body; twenty whole persons take about 100 kB
MAX_URL: Final = 2048  # characters
MAX_ADDRESSES: Final = 4  # tried one after the other, within the one deadline
_CHUNK: Final = 1 << 16

URL_ALLOWED: Final = Check(
    name="FETCH_URL",
    clause="RFC 9110 4.2.2, 4.2.4",
    reason=Reason.FETCH_BLOCKED,
    rule="the address is https, or http on the machine itself where that was switched on, and carries no user name",
)
ADDRESS_ALLOWED: Final = Check(
    name="FETCH_ADDRESS",
    clause="IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890)",
    reason=Reason.FETCH_BLOCKED,
    rule="every address of the host is a public one, or lies in a network that was allowed",
)
CERTIFICATE: Final = Check(
    name="FETCH_CERTIFICATE",
    clause="RFC 9110 4.3.4",
    reason=Reason.FETCH_BLOCKED,
    rule="the server's certificate is valid for the host name that was asked for",
)
NO_REDIRECT: Final = Check(
    name="FETCH_REDIRECT",
    clause="RFC 9110 15.4",
    reason=Reason.FETCH_BLOCKED,
    rule="the server answers itself and sends us nowhere else",
)
CHECKS: Final = (URL_ALLOWED, ADDRESS_ALLOWED, CERTIFICATE, NO_REDIRECT)

_JSON: Final = ("application/json", "application/problem+json")
_VERSION_KNOWN: Final = "if-none-match"
# Networks in which an IPv6 address stands for an IPv4 one of someone else's choice.
_NAT64: Final = IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = IPv6Network("::/96")
# Not public either, though `ipaddress` of some Python versions takes them or parts of them for it.
_SPECIAL: Final[tuple[Network, ...]] = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv6Network("2001::/23"),  # IETF protocol assignments
    IPv6Network("3fff::/20"),  # documentation
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")  # all of IPv6 that is given out to the public (RFC 4291 2.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered, whatever its status. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def system_resolve(host: str, port: int) -> Sequence[str]:
    """Ask the machine's resolver for the addresses of a host.

    Raises:
        OSError: there are none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Fetcher:
    """Sends one request at a time to an address that was checked. Safe to share between threads.

    Args:
        allow_loopback_http: let `http://` through where every address of the host is the machine itself.
        allowed_networks: networks that are not public and may be reached all the same, over https:
            the municipality's own gateway, say.
        timeout: seconds for the whole request, resolving included.
        read_timeout: seconds that a server may be silent.
        max_bytes: of the answer's body.
        tls: a context with more or other authorities, or a client certificate; it must check host names.
        resolve: gives the addresses of a name; the machine's resolver unless a test says otherwise.
    """

    def __init__(
        self,
        *,
        allow_loopback_http: bool = False,
        allowed_networks: Iterable[Network] = (),
        timeout: float = TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        max_bytes: int = MAX_BYTES,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = system_resolve,
    ) -> None:
        if tls is not None and (tls.verify_mode is not ssl.CERT_REQUIRED or not tls.check_hostname):
            raise Misuse("a TLS context for the fetcher must require a certificate and check the host name")
        if timeout <= 0 or read_timeout <= 0 or max_bytes <= 0:
            raise Misuse("the limits of a fetcher are positive")
        self._loopback = allow_loopback_http
        self._networks = tuple(allowed_networks)
        self._timeout = timeout
        self._read_timeout = read_timeout
        self._max_bytes = max_bytes
        self._tls = tls
        self._tls_lock = threading.Lock()
        self._resolve = resolve

    @property
    def allows_loopback_http(self) -> bool:
        """Whether this machine may be reached without TLS."""
        return self._loopback

    def get(self, url: str, *, accept: Sequence[str], headers: Mapping[str, str] = MappingProxyType({})) -> Reply:
        """Fetch a document of one of the media types in `accept`.

        With `if-none-match` among the headers the answer may be 304: there is no newer one (RFC 9110 section 13.1.2).

        Raises:
            Rejected: the address may not be reached, or the server redirects (`fetch_blocked`).
            Unavailable: no answer within the limits, or one of another media type.
        """
        return self._send("GET", url, None, {**headers, "accept": ", ".join(accept)}, accept)

    def post_json(self, url: str, body: Json, *, headers: Mapping[str, str] = MappingProxyType({})) -> Reply:
        """Post a JSON value and take a JSON answer.

        Raises:
            Rejected: the address may not be reached, or the server redirects (`fetch_blocked`).
            Unavailable: no answer within the limits, or a successful one that is not JSON.
        """
        said = {**headers, "accept": ", ".join(_JSON), "content-type": "application/json; charset=utf-8"}
        return self._send("POST", url, json_dumps(body), said, _JSON)

    def post_form(
        self, url: str, form: bytes, *, accept: Sequence[str], headers: Mapping[str, str] = MappingProxyType({})
    ) -> Reply:
        """Post a form that is encoded already, once, and take an answer of one of the media types in `accept`.

        Raises:
            Rejected: the address may not be reached, or the server redirects (`fetch_blocked`): what was posted went to
                the address itself alone.
            Unavailable: no answer within the limits, or a successful one of another media type. Whether the form
                arrived is not known then.
        """
        said = {**headers, "accept": ", ".join(accept), "content-type": "application/x-www-form-urlencoded"}
        return self._send("POST", url, form, said, accept)

    def notify(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> Reply:
        """Post JSON that is written already, once, to whom the answer's status is all that is asked.

        Raises:
            Rejected: the address may not be reached, or the server redirects (`fetch_blocked`).
            Unavailable: no answer within the limits. Whether it arrived is not known then.
        """
        said = {**headers, "accept": "*/*", "content-type": "application/json"}
        return self._send("POST", url, body, said, None)

    def _send(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], accept: Sequence[str] | None
    ) -> Reply:
        deadline = time.monotonic() + self._timeout
        trail = Trail()
        target = _target(url, trail)
        addresses = self._addresses(target, deadline, trail)
        backend = _Pinned(addresses, deadline, self._read_timeout)
        said = {
            **{name.lower(): value for name, value in headers.items()},
            "host": target.authority,
            "connection": "close",
            "accept-encoding": "identity",
        }
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=self._context() if target.scheme == "https" else None,
                    max_connections=1,
                    max_keepalive_connections=0,
                    network_backend=backend,
                ) as pool,
                pool.stream(method, target.url, headers=_encoded(said), content=body) as response,
            ):
                return self._read(response, accept, trail, conditional=_VERSION_KNOWN in said)
        except httpcore.ConnectError as error:
            raise Unavailable(f"no connection with {target.host}") from error
        except httpcore.TimeoutException as error:
            raise Unavailable(f"{target.host} did not answer in time") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Unavailable(f"{target.host} did not answer in proper HTTP") from error

    def _context(self) -> ssl.SSLContext:
        with self._tls_lock:
            if self._tls is None:
                self._tls = ssl.create_default_context()
                self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
            return self._tls

    def _addresses(self, target: _Target, deadline: float, trail: Trail) -> tuple[Address, ...]:
        """Resolve the host and refuse it when any of its addresses is out of bounds."""
        texts = _within_time(lambda: self._resolve(target.host, target.port), deadline, target.host)
        addresses = tuple(_address(text, trail) for text in texts)
        if not addresses:
            raise Unavailable(f"{target.host} has no address")
        if target.scheme == "http":
            trail.require(URL_ALLOWED, self._loopback and all(_is_this_machine(one) for one in addresses))
        trail.require(ADDRESS_ALLOWED, all(self._may_reach(one) for one in addresses))
        return addresses[:MAX_ADDRESSES]

    def _may_reach(self, address: Address) -> bool:
        bare = _bare(address)
        if any(bare in network for network in self._networks):
            return True
        if _is_this_machine(address):
            return self._loopback
        if any(bare in network for network in _SPECIAL):
            return False
        if isinstance(bare, IPv6Address) and bare not in _GLOBAL_UNICAST:
            return False
        return bare.is_global and not (bare.is_multicast or bare.is_reserved or bare.is_unspecified)

    def _read(
        self, response: httpcore.Response, accept: Sequence[str] | None, trail: Trail, *, conditional: bool
    ) -> Reply:
        headers = {name.decode("ascii", "replace").lower(): value.decode("latin-1") for name, value in response.headers}
        # who named the version that it has may hear that there is no newer one: that sends nobody anywhere
        unchanged = conditional and response.status == 304
        trail.require(NO_REDIRECT, unchanged or not 300 <= response.status < 400)
        if response.status < 200:
            raise Unavailable("the server answered with a status that ends nothing")
        if headers.get("content-encoding", "identity") != "identity":
            raise Unavailable("the server compressed its answer though it was asked not to")
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if accept is not None and response.status < 300 and media_type not in accept:
            raise Unavailable("the server answered with another media type than was asked for")
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > self._max_bytes:
                raise Unavailable(f"the answer is larger than {self._max_bytes} bytes")
        return Reply(status=response.status, headers=MappingProxyType(headers), body=bytes(body))


# -- where to ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    scheme: str
    host: str  # ASCII: an internationalised name in its xn-- form
    port: int
    authority: str  # what the Host header says
    url: str


def _target(url: str, trail: Trail) -> _Target:
    """Take a URL apart, and refuse all that is not plain http(s) to a host."""
    trail.require(URL_ALLOWED, len(url) <= MAX_URL and url.isascii() and url.isprintable() and " " not in url)
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
    except ValueError:  # a port that is no number, brackets that do not match, a label that is too long
        trail.require(URL_ALLOWED, False)
        raise
    plain = parts.username is None and parts.password is None and not parts.fragment and "\\" not in url
    trail.require(URL_ALLOWED, parts.scheme in ("https", "http") and bool(host) and plain and port != 0)
    named = f"[{host}]" if ":" in host else host
    authority = named if port is None else f"{named}:{port}"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(
        scheme=parts.scheme,
        host=host,
        port=port or (443 if parts.scheme == "https" else 80),
        authority=authority,
        url=f"{parts.scheme}://{authority}{path}",
    )


def _address(text: str, trail: Trail) -> Address:
    try:
        return ip_address(text)
    except ValueError:  # a resolver that answers with something else
        trail.require(ADDRESS_ALLOWED, False)
        raise


def _is_this_machine(address: Address) -> bool:
    """Tell whether packets to an address stay here. Those to a loopback address behind a translator or relay do not."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _bare(address: Address) -> Address:
    """Give the IPv4 address inside an IPv6 one, where a network translates between the two."""
    if not isinstance(address, IPv6Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return IPv4Address(0)  # a tunnel to an address that others choose: never public
    return address


def _within_time(ask: Callable[[], Sequence[str]], deadline: float, host: str) -> Sequence[str]:
    """Run a resolver that knows no time limit within ours."""
    answers: queue.Queue[Sequence[str] | OSError] = queue.Queue(maxsize=1)

    def run() -> None:
        try:
            answers.put(ask())
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError("no such host"))

    threading.Thread(target=run, daemon=True, name="eigendata-resolve").start()
    try:
        answer = answers.get(timeout=max(0.001, deadline - time.monotonic()))
    except queue.Empty as error:
        raise Unavailable(f"the address of {host} did not arrive in time") from error
    if isinstance(answer, OSError):
        raise Unavailable(f"{host} has no address") from answer
    return answer


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    if not all(text.isascii() and text.isprintable() for header in headers.items() for text in header):
        raise Misuse("a request header may hold printable ASCII only")
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]


# -- the wire ---------------------------------------------------------------------------------------------------------


class _Pinned(httpcore.NetworkBackend):
    """Connects to addresses that were checked, whatever name is asked for, and lets nothing outlast the deadline."""

    def __init__(self, addresses: Sequence[Address], deadline: float, read_timeout: float) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._read_timeout = read_timeout
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        last: httpcore.ConnectError | httpcore.ConnectTimeout = httpcore.ConnectError("no address")
        for number, address in enumerate(self._addresses):
            # An address that swallows packets leaves its share of the time to those after it.
            share = (self._deadline - time.monotonic()) / (len(self._addresses) - number)
            if share <= 0:
                raise httpcore.ConnectTimeout("the deadline has passed")
            try:
                stream = self._backend.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
            else:
                return _Bounded(stream, self._deadline, self._read_timeout)
        raise last


class _Bounded(httpcore.NetworkStream):
    """A stream of which every step ends at the deadline, and every silence after the read timeout."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float, read_timeout: float) -> None:
        self._stream = stream
        self._deadline = deadline
        self._read_timeout = read_timeout

    def _left(self) -> float:
        left = min(self._read_timeout, self._deadline - time.monotonic())
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(min(max_bytes, _CHUNK), self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, self._left())
        except httpcore.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise Rejected(CERTIFICATE) from error
            raise
        return _Bounded(stream, self._deadline, self._read_timeout)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
