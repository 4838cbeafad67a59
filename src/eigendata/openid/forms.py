"""What links and posted forms have in common: `application/x-www-form-urlencoded` in UTF-8, each name once.

Sizes and counts are bounded before anything is taken apart, and what two readers could read differently is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from eigendata.encoding import Json, json_loads
from eigendata.errors import Malformed, Misuse, within

MAX_PARAMETERS: Final = 64
"""Parameters of a link or form."""

MAX_ESCAPES: Final = 131_072
"""Escaped characters of a link or form: each takes some hundred bytes to read. An answer has a few per disclosure."""

MAX_URI: Final = 2048
"""Characters of a URI or client identifier."""

_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
CUSTOM_SCHEME: Final = "openid4vp://"
"""Where wallets are invoked that nobody knows (section 13.1.2). Any app may claim the scheme."""

_LINK: Final = re.compile(
    r"(?:openid4vp|haip-vp):(//[A-Za-z0-9._~/-]*)?|https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?", re.ASCII
)
_URI: Final = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+", re.ASCII)

# brackets hold the whole of an IPv6 address: where a name stands around them, another host is shown than is reached
_HOST_PORT: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\[\]@:]+)(?::[0-9]{0,5})?", re.ASCII)


def read_form(data: bytes) -> dict[str, str]:
    """Read a posted form.

    Raises:
        Malformed: it is something else.
    """
    try:
        return _pairs(data.decode("ascii"))
    except UnicodeDecodeError:
        raise Malformed("a form holds ASCII only") from None


def is_link(data: bytes) -> bool:
    """Tell whether bytes begin as a link that opens a wallet does."""
    return data.startswith((b"openid4vp:", b"haip-vp:", b"https://"))


def write_link(endpoint: str, query: str) -> str:
    """Write a link that opens a wallet.

    Args:
        endpoint: where the wallet is invoked: `CUSTOM_SCHEME`, or an https address that one wallet's app has claimed.

    Raises:
        Misuse: no wallet is invoked there.
    """
    if _LINK.fullmatch(endpoint) is None:
        raise Misuse("a wallet is invoked at `openid4vp://`, `haip-vp://` or an https address of its own")
    return f"{endpoint}?{query}"


def read_link(data: bytes, objects: Collection[str]) -> dict[str, Json]:
    """Read the parameters of an `openid4vp:` link (section 13.1.2), of HAIP's `haip-vp:`, or of a wallet's https link.

    Where it points is the system's to see to: whichever app was opened reads it alike.

    Args:
        objects: the names of the parameters that are JSON.

    Raises:
        Malformed: it is something else.
    """
    try:
        address, _, query = data.rstrip(b"\r\n").decode("ascii").partition("?")
    except UnicodeDecodeError:
        raise Malformed("a link holds ASCII only") from None
    if _LINK.fullmatch(address) is None or "#" in query:
        raise Malformed("a link that opens a wallet has parameters after a question mark, and no fragment")
    parameters: dict[str, Json] = {}
    for name, text in _pairs(query).items():
        with within(name if name in objects else "link"):
            parameters[name] = json_loads(text.encode()) if name in objects else text
    return parameters


def host_of(name: str, uri: str, *, allow_loopback_http: bool) -> str:
    """Give host and port of a URI to which something is sent, or from which something is fetched.

    Args:
        name: the parameter that holds it.
        allow_loopback_http: whether this machine may be reached without TLS.

    Raises:
        Malformed: it is not an absolute https URI without user and fragment.
    """
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Malformed(f"`{name}` is not a URI") from None
    if _URI.fullmatch(uri) is None or not host or _HOST_PORT.fullmatch(parts.netloc) is None:
        raise Malformed(f"`{name}` is not an absolute URI with a host, without user and without fragment")
    if not uri.startswith("https://") and not (
        allow_loopback_http and uri.startswith("http://") and _is_loopback(host)
    ):
        raise Malformed(f"`{name}` is not reached by https (section 14.6)")
    return parts.netloc


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _pairs(text: str) -> dict[str, str]:
    if text.count("%") > MAX_ESCAPES:
        raise Malformed(f"the parameters hold more than {MAX_ESCAPES} escaped characters")
    if _STRAY_PERCENT.search(text) is not None:
        raise Malformed("the parameters hold a percent sign that encodes nothing")
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError:
        # not `from error`: it may carry what was sent
        raise Malformed("the parameters are not form-encoded UTF-8, or too many") from None
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise Malformed("a parameter is there twice")
    return parameters
