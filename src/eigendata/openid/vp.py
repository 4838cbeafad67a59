"""OpenID4VP 1.0 in its smallest form: a request by value, unsigned, and the answer posted back.

    verifier   Request -> write_request | request_link -> bytes -> parse_request -> Request    wallet
    wallet     Answer  -> answer_form   | answer_file  -> bytes -> parse_answer  -> Answer     verifier

An unsigned request proves nothing about who asks, except where its answer goes: its client identifier is the prefix
`redirect_uri:` and that URI. So the asker it gives is never proven. What this form cannot carry is refused, not
skipped: signed requests, requests by reference, scopes, transaction data, encrypted answers, and the parameters of
drafts before 1.0. Unknown parameters are ignored, as the specification demands.

Source: OpenID4VP 1.0 sections 5, 8 and 14. Sizes and counts are bounded before anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from math import log2
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from eigendata.channel import openid4vp_redirect
from eigendata.encoding import Json, json_dumps, json_loads, json_object
from eigendata.errors import Check, Declined, Malformed, Misuse, Reason, Rejected, Trail, within
from eigendata.formats import FORMATS
from eigendata.model import Answer, Party, Presentation, utc
from eigendata.openid.statement import Statement, read_statement, write_statement
from eigendata.query import Asker, Query, Request, parse_query

MAX_REQUEST: Final = 262_144
"""Bytes of a request. Our largest is some 20 kB."""

MAX_ANSWER: Final = 1_048_576
"""Bytes of an answer. One presentation is some 4 kB."""

MAX_PARAMETERS: Final = 64
"""Parameters of a link or form."""

MAX_ESCAPES: Final = 131_072
"""Escaped characters of a link or form: each takes some hundred bytes to read. An answer has a few per disclosure."""

MAX_PRESENTATIONS: Final = 64
"""Presentations for one credential query that allows several."""

MAX_URI: Final = 2048
"""Characters of a URI or client identifier."""

MAX_SECRET: Final = 512
"""Characters of a nonce or state."""

MIN_ENTROPY: Final = 128
"""Bits that a nonce must be able to hold (section 5.2), and so must a state where no nonce comes back (section 5.3)."""

UNSIGNED_BY_VALUE = Check(
    name="UNSIGNED_BY_VALUE",
    clause="OpenID4VP 1.0 5.9.3",
    reason=Reason.REQUEST_INVALID,
    rule="the request is unsigned and comes by value, the only form that is read here",
)
CLIENT_PREFIX = Check(
    name="CLIENT_PREFIX",
    clause="OpenID4VP 1.0 5.9.3",
    reason=Reason.REQUEST_INVALID,
    rule="the client identifier is of a kind that needs no signature",
)
OWN_RESPONSE_URI = Check(
    name="OWN_RESPONSE_URI",
    clause="OpenID4VP 1.0 8.2",
    reason=Reason.REQUEST_INVALID,
    rule="the answer goes to the URI that is the client identifier",
)
STATE_RETURNED = Check(
    name="STATE_RETURNED",
    clause="OpenID4VP 1.0 5.3",
    reason=Reason.REQUEST_INVALID,
    rule="the answer repeats the state of this request",
)

REQUEST_CHECKS: Final = (UNSIGNED_BY_VALUE, CLIENT_PREFIX, OWN_RESPONSE_URI)
"""What `parse_request` takes, in this order, beside the structure."""

PREFIX: Final = "redirect_uri:"
"""The one client identifier prefix of requests that cannot be signed."""


# -- the request ------------------------------------------------------------------------------------------------------


def request_parameters(request: Request) -> dict[str, Json]:
    """Give the parameters of the authorization request, objects as objects.

    Raises:
        Misuse: no wallet could accept it, or it points to one claim twice.
    """
    for one in request.query.credentials:
        if len({claim.path for claim in one.claims}) != len(one.claims):
            raise Misuse(f"the credential query {one.id!r} points to one claim twice (section 6.1)")
    parameters: dict[str, Json] = {
        "response_type": "vp_token",
        "response_mode": "direct_post",
        "client_id": request.binding.audience,
        "response_uri": request.response_uri,
        "nonce": request.binding.nonce,
    }
    if request.state is not None:
        parameters["state"] = request.state
    parameters["dcql_query"] = request.query.to_json()
    parameters["client_metadata"] = {
        "vp_formats_supported": {one.format: _ALGORITHMS.get(one.format, {}) for one in request.query.credentials}
    }
    parameters["verifier_info"] = [write_statement(request)]
    try:
        _request(parameters, allow_loopback_http=True)
    except (Malformed, Rejected) as error:
        raise Misuse(f"no wallet could accept this request: {error}") from error
    return parameters


def write_request(request: Request) -> bytes:
    """Write a request as a file: a JSON object of the parameters.

    Raises:
        Misuse: see `request_parameters`.
    """
    return json_dumps(request_parameters(request))


def request_link(request: Request) -> str:
    """Write a request as a link that opens a wallet on the same device; `openid4vp:` is section 13.1.2.

    Raises:
        Misuse: see `request_parameters`.
    """
    texts = {
        name: value if isinstance(value, str) else json_dumps(value).decode()
        for name, value in request_parameters(request).items()
    }
    return "openid4vp://?" + urlencode(texts, quote_via=quote)


def parse_request(data: bytes, *, at: datetime, allow_loopback_http: bool = False) -> Request:
    """Read a request as a wallet receives it: the file of `write_request`, or an `openid4vp:` link.

    Args:
        at: now. An unsigned request states no time of its own; a naive moment is refused like everywhere.
        allow_loopback_http: whether the answer may go to this machine without TLS.

    Returns:
        A request whose asker is not proven: the name is what it calls itself, or else the host of its URI.

    Raises:
        Malformed: it is not a request that OpenID4VP 1.0 allows, or holds what is not read here.
        Rejected: it is one, and its asker would have to prove themselves, or is another than who gets the answer
            (`request_invalid`).
    """
    utc(at)
    if len(data) > MAX_REQUEST:
        raise Malformed(f"the request is {len(data)} bytes; at most {MAX_REQUEST} are read")
    parameters = _link(data) if data.startswith(b"openid4vp:") else json_object(data)
    return _request(parameters, allow_loopback_http=allow_loopback_http)


_ALGORITHMS: Final[Mapping[str, Json]] = {
    "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256", "ES384"], "kb-jwt_alg_values": ["ES256", "ES384"]},
    "ldp_vc": {
        "proof_type_values": ["DataIntegrityProof"],
        "cryptosuite_values": ["eddsa-jcs-2022", "eddsa-rdfc-2022"],
    },
    "mso_mdoc": {"issuerauth_alg_values": [-7, -9, -35, -51], "deviceauth_alg_values": [-7, -9, -35, -51]},
}

_BEFORE_1_0: Final = ("presentation_definition", "presentation_definition_uri", "client_id_scheme")
_OBJECTS: Final = ("dcql_query", "client_metadata", "verifier_info", "transaction_data")
_LINK: Final = re.compile(r"openid4vp:(//[A-Za-z0-9._~/-]*)?", re.ASCII)
_URI: Final = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+", re.ASCII)
_SECRET: Final = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)


def _request(parameters: Mapping[str, Json], *, allow_loopback_http: bool) -> Request:
    _refuse_what_is_not_read(parameters)
    trail = Trail()
    trail.require(UNSIGNED_BY_VALUE, "request" not in parameters and "request_uri" not in parameters)
    client_id = _text(parameters, "client_id", MAX_URI)
    trail.require(CLIENT_PREFIX, client_id.startswith(PREFIX))
    uri = client_id.removeprefix(PREFIX)
    response_uri = _text(parameters, "response_uri", MAX_URI) if "response_uri" in parameters else uri
    trail.require(OWN_RESPONSE_URI, response_uri == uri)
    host = _host(response_uri, allow_loopback_http=allow_loopback_http)
    nonce = _secret(parameters, "nonce", least=MIN_ENTROPY)
    with within("dcql_query"):
        query = parse_query(parameters["dcql_query"])
    proofless = any(not one.require_cryptographic_holder_binding for one in query.credentials)
    if proofless and "state" not in parameters:
        raise Malformed("without a proof of the holder the answer needs a `state` (section 5.3)")
    state = _secret(parameters, "state", least=MIN_ENTROPY if proofless else 0) if "state" in parameters else None
    with within("verifier_info"):
        said = read_statement(parameters["verifier_info"], query) if "verifier_info" in parameters else Statement()
    return Request(
        asker=Asker(party=Party(id=client_id, name=said.name or host), proven=False),
        response_uri=response_uri,
        state=state,
        query=query,
        binding=openid4vp_redirect(client_id=client_id, nonce=nonce, response_uri=response_uri),
        purpose=said.purpose,
        legal_basis=said.legal_basis,
        keep=said.keep,
        policy=said.policy,
    )


def _refuse_what_is_not_read(parameters: Mapping[str, Json]) -> None:
    for name in _BEFORE_1_0:
        if name in parameters:
            raise Malformed(f"`{name}` is of drafts before OpenID4VP 1.0")
    if "request" in parameters or "request_uri" in parameters:
        return  # what counts is inside; the check that follows says that it is not read
    if parameters.get("response_type") != "vp_token":
        raise Malformed("`response_type` is not `vp_token`")
    if parameters.get("response_mode") != "direct_post":
        raise Malformed("`response_mode` is not `direct_post`")
    if "redirect_uri" in parameters:
        raise Malformed("`redirect_uri` has no place beside `direct_post` (section 8.2)")
    if "transaction_data" in parameters:
        raise Malformed("invalid_transaction_data: no type of it is known here (section 5.1)")
    if ("dcql_query" in parameters) == ("scope" in parameters):
        raise Malformed("a request asks by `dcql_query` or by `scope`, and not by both (section 5.1)")
    if "scope" in parameters:
        raise Malformed("no scope stands for a query here (section 5.5)")
    metadata = parameters.get("client_metadata", {})
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("vp_formats_supported", {}), Mapping):
        raise Malformed("`client_metadata` is an object, and so is `vp_formats_supported` in it")


def _link(data: bytes) -> dict[str, Json]:
    try:
        address, _, query = data.rstrip(b"\r\n").decode("ascii").partition("?")
    except UnicodeDecodeError:
        raise Malformed("a link holds ASCII only") from None
    if _LINK.fullmatch(address) is None or "#" in query:
        raise Malformed("an `openid4vp:` link has parameters after a question mark, and no fragment")
    parameters: dict[str, Json] = {}
    for name, text in _form(query).items():
        with within(name if name in _OBJECTS else "link"):
            parameters[name] = json_loads(text.encode()) if name in _OBJECTS else text
    return parameters


def _host(uri: str, *, allow_loopback_http: bool) -> str:
    """Give host and port of a URI that an answer may be sent to."""
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Malformed("`response_uri` is not a URI") from None
    if _URI.fullmatch(uri) is None or not host or "@" in parts.netloc:
        raise Malformed("`response_uri` is not an absolute URI with a host, without user and without fragment")
    if not uri.startswith("https://") and not (
        allow_loopback_http and uri.startswith("http://") and _is_loopback(host)
    ):
        raise Malformed("an answer is sent by https only (section 14.6)")
    return parts.netloc


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _text(parameters: Mapping[str, Json], name: str, most: int) -> str:
    value = parameters.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise Malformed(f"`{name}` is a text of 1 to {most} characters")
    return value


def _secret(parameters: Mapping[str, Json], name: str, *, least: int) -> str:
    value = _text(parameters, name, MAX_SECRET)
    if _SECRET.fullmatch(value) is None:
        raise Malformed(f"`{name}` holds a character that is not URL-safe (section 5.2)")
    if _capacity(value) < least:
        raise Malformed(f"`{name}` cannot hold {least} bits: too short for the characters it is made of (section 5.2)")
    return value


def _capacity(text: str) -> float:
    """Give the bits that a text of this length can hold, by the narrowest usual alphabet that has all its characters.

    How random it is cannot be seen from one text; that it is too short can. Judged by usual alphabets, and not by the
    kinds of characters that are there: 22 random characters of base64url often lack a kind.
    """
    size = next(size for alphabet, size in _ALPHABETS if alphabet.fullmatch(text))
    return len(text) * log2(size)


# decimal, hexadecimal, base 32 and 36, all that is URL-safe; an UUID's hyphens make it no richer
_ALPHABETS: Final = (
    (re.compile(r"[0-9._~-]+"), 10),
    (re.compile(r"[0-9a-f._~-]+|[0-9A-F._~-]+"), 16),
    (re.compile(r"[0-9a-z._~-]+|[0-9A-Z._~-]+"), 36),
    (re.compile(r".+"), 66),
)


# -- the answer -------------------------------------------------------------------------------------------------------


def answer_form(answer: Answer, request: Request) -> bytes:
    """Write the body that is posted to the response URI, as `application/x-www-form-urlencoded` (section 8.2)."""
    parameters = {"vp_token": json_dumps(_vp_token(answer)).decode()}
    if request.state is not None:
        parameters["state"] = request.state
    return urlencode(parameters).encode("ascii")


def answer_file(answer: Answer, request: Request | None = None) -> bytes:
    """Write an answer as a file: a JSON object with `vp_token`, and the request's `state` where it has one."""
    parameters: dict[str, Json] = {"vp_token": _vp_token(answer)}
    if request is not None and request.state is not None:
        parameters["state"] = request.state
    return json_dumps(parameters)


def parse_answer(data: bytes, request: Request) -> Answer:
    """Read an answer as a verifier receives it: the posted form, or the file.

    Only the structure is looked at here; nothing in it is verified. A form repeats the request's state. A file may
    leave it out where every credential is bound to the nonce: there is no session between two files.

    Raises:
        Malformed: it is not an answer, or answers what was not asked.
        Rejected: it is the answer to another request (`request_invalid`).
        Declined: the wallet answered with an error; which one says little, by design (section 15.9).
    """
    is_file, parameters = _answer_parameters(data)
    bound = all(one.require_cryptographic_holder_binding for one in request.query.credentials)
    if not (is_file and bound and "state" not in parameters):
        Trail().require(STATE_RETURNED, parameters.get("state") == request.state)
    token = parameters.get("vp_token")
    if "error" in parameters:
        if token is not None:
            raise Malformed("an answer holds `vp_token` or `error`, not both")
        raise Declined(Reason.NO_CONSENT, "the wallet answered with an error instead of credentials")
    if not is_file and isinstance(token, str):
        with within("vp_token"):
            token = json_object(token.encode())
    if not isinstance(token, Mapping):
        raise Malformed("an answer holds a `vp_token`: an object in a file, its JSON in a form")
    return _answer(token, request.query)


def answered_state(data: bytes) -> str:
    """Give the state that an answer repeats, by which its request is found; nothing else of it is looked at.

    Raises:
        Malformed: it is not a form or file of an answer, or repeats no state.
    """
    _, parameters = _answer_parameters(data)
    return _text(parameters, "state", MAX_SECRET)


def read_form(data: bytes) -> dict[str, str]:
    """Read a posted form, each name once: `application/x-www-form-urlencoded` in UTF-8.

    Raises:
        Malformed: it is something else.
    """
    try:
        return _form(data.decode("ascii"))
    except UnicodeDecodeError:
        raise Malformed("a form holds ASCII only") from None


def _answer_parameters(data: bytes) -> tuple[bool, Mapping[str, Json]]:
    """Read the parameters of an answer, and say whether it is a file."""
    if len(data) > MAX_ANSWER:
        raise Malformed(f"the answer is {len(data)} bytes; at most {MAX_ANSWER} are read")
    if data.lstrip(b" \t\r\n").startswith(b"{"):
        return True, json_object(data)
    return False, read_form(data)


def _vp_token(answer: Answer) -> dict[str, Json]:
    return {
        name: [FORMATS[one.format].to_wire(one.token) for one in several]
        for name, several in answer.presentations.items()
    }


def _answer(tokens: Mapping[str, Json], query: Query) -> Answer:
    presentations: dict[str, tuple[Presentation, ...]] = {}
    for name, several in tokens.items():
        asked = query.credential(name)
        if asked is None:
            raise Malformed("`vp_token` answers a credential query that was not asked")
        if not isinstance(several, list | tuple) or not 0 < len(several) <= MAX_PRESENTATIONS:
            raise Malformed(f"`vp_token` holds an array of 1 to {MAX_PRESENTATIONS} presentations for each query")
        # the request says which format it is, never the token
        spoken = FORMATS.get(asked.format)
        if spoken is None:
            raise Malformed(f"{name}: no presentation of this format can be read here")
        read: list[Presentation] = []
        for index, value in enumerate(several):
            with within(name, index):
                read.append(Presentation(format=asked.format, token=spoken.from_wire(value)))
        presentations[name] = tuple(read)
    return Answer(presentations=presentations)


# -- what links and forms have in common ------------------------------------------------------------------------------

_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def _form(text: str) -> dict[str, str]:
    """Read `application/x-www-form-urlencoded`, each name once."""
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
