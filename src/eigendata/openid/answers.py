"""The answer to a request: posted as a form, sealed or open, or written as a file (OpenID4VP 1.0 section 8).

    wallet     Answer -> answer_form   | answer_file  -> bytes -> parse_answer  -> Answer     verifier

Where the request names a key, the answer is sealed to it and opened with it alone (section 8.3): the key is made for
one request, so what opens with it answers that request. A wallet that declines may say so unsealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlencode

from eigendata.crypto.jwe import ContentEncryption, decrypt, encrypt, parse_jwe, parse_recipient
from eigendata.crypto.keys import Agreement
from eigendata.encoding import Json, json_dumps, json_object
from eigendata.errors import Check, Declined, Malformed, Misuse, Reason, Trail, within
from eigendata.formats import FORMATS
from eigendata.model import Answer, Presentation
from eigendata.openid.forms import read_form
from eigendata.query import Encryption, Query, Request

MAX_ANSWER: Final = 1_048_576
"""Bytes of an answer. One presentation is some 4 kB."""

MAX_PRESENTATIONS: Final = 64
"""Presentations for one credential query that allows several."""

MAX_STATE: Final = 512
"""Characters of a state."""

_PREFERRED: Final = (ContentEncryption.A256GCM, ContentEncryption.A128GCM)

STATE_RETURNED = Check(
    name="STATE_RETURNED",
    clause="OpenID4VP 1.0 5.3",
    reason=Reason.REQUEST_INVALID,
    rule="the answer repeats the state of this request",
)
ANSWER_SEALED = Check(
    name="ANSWER_SEALED",
    clause="OpenID4VP 1.0 8.3.1",
    reason=Reason.REQUEST_INVALID,
    rule="the answer to a request that names a key for it comes encrypted, and no other does",
)


def answer_form(answer: Answer, request: Request) -> bytes:
    """Write the body that is posted to the response URI, as `application/x-www-form-urlencoded` (section 8.2).

    Raises:
        Misuse: the request names no key that it can be encrypted to; `parse_request` lets none through.
    """
    if request.encryption is not None:
        return urlencode({"response": _sealed(answer_file(answer, request), request.encryption)}).encode("ascii")
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


def error_form(error: str, request: Request) -> bytes:
    """Write the body that says that there is no answer, and as little as possible of why (sections 8.5 and 15.9)."""
    state = {} if request.state is None else {"state": request.state}
    return urlencode({"error": error, **state}).encode("ascii")


class Posted(NamedTuple):
    """An answer whose parameters were read, and nothing of them looked at: for who asks several things of one."""

    is_file: bool
    parameters: Mapping[str, Json]

    def __repr__(self) -> str:
        return "<a posted answer>"


def read_posted(data: bytes) -> Posted:
    """Read the parameters of an answer: the posted form, or the file.

    Raises:
        Malformed: it is neither, or too large.
    """
    if len(data) > MAX_ANSWER:
        raise Malformed(f"the answer is {len(data)} bytes; at most {MAX_ANSWER} are read")
    if data.lstrip(b" \t\r\n").startswith(b"{"):
        return Posted(True, json_object(data))
    return Posted(False, read_form(data))


def parse_answer(data: bytes | Posted, request: Request, *, key: Agreement | None = None) -> Answer:
    """Read an answer as a verifier receives it: the posted form, or the file.

    Only the structure is looked at here; nothing in it is verified. A form repeats the request's state. A file may
    leave it out where every credential is bound to the nonce: there is no session between two files.

    Args:
        key: the private half of the key that the request named for its answer; None where it named none.

    Raises:
        Malformed: it is not an answer, or answers what was not asked.
        Rejected: it is the answer to another request, or does not come as the request asked (`request_invalid`).
        Declined: the wallet answered with an error; which one says little, by design (section 15.9).
        Misuse: the request named a key and none is given, or the other way round.
    """
    if (key is None) != (request.encryption is None):
        raise Misuse("an answer is opened with the key that its request named, and with none where it named none")
    is_file, parameters = data if isinstance(data, Posted) else read_posted(data)
    if "response" in parameters and not parameters.keys().isdisjoint(("vp_token", "error")):
        raise Malformed("an answer is sealed or open, not both: two readers would each read another one")
    trail = Trail()
    trail.require(ANSWER_SEALED, "error" in parameters or ("response" in parameters) == (key is not None))
    if key is not None and request.encryption is not None and "error" not in parameters:
        is_file, parameters = True, _opened(parameters.get("response"), request.encryption, key, trail)
    bound = all(one.require_cryptographic_holder_binding for one in request.query.credentials)
    if not (is_file and bound and "state" not in parameters):
        trail.require(STATE_RETURNED, parameters.get("state") == request.state)
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


def answered_state(data: bytes | Posted) -> str:
    """Give the state that an answer repeats, by which its request is found; nothing else of it is looked at.

    Raises:
        Malformed: it is not a form or file of an answer, or repeats no state.
    """
    parameters = (data if isinstance(data, Posted) else read_posted(data)).parameters
    state = parameters.get("state")
    if not isinstance(state, str) or not 0 < len(state) <= MAX_STATE:
        raise Malformed(f"`state` is a text of 1 to {MAX_STATE} characters")
    return state


def answered_key(data: bytes | Posted) -> str | None:
    """Give the identifier of the key that an answer says to be sealed to, by which its request is found.

    Returns:
        None: it is not sealed, or names no key.

    Raises:
        Malformed: it is not a form or file of an answer, or what is sealed is no JWE.
    """
    parameters = (data if isinstance(data, Posted) else read_posted(data)).parameters
    response = parameters.get("response")
    return parse_jwe(response.encode("ascii", "replace")).kid if isinstance(response, str) else None


def _sealed(payload: bytes, encryption: Encryption) -> str:
    try:
        recipient = parse_recipient(encryption.jwk)
    except Malformed as error:
        raise Misuse(f"the request names no key that an answer can be encrypted to: {error.message}") from error
    # the stronger one where there is a choice (HAIP 1.0 section 5)
    offered = next((one for one in _PREFERRED if one in encryption.encryptions), None)
    if offered is None:
        raise Misuse("the request offers no content encryption that is known here")
    return encrypt(payload, recipient, encryption=offered).decode("ascii")


def _opened(response: Json, encryption: Encryption, key: Agreement, trail: Trail) -> Mapping[str, Json]:
    if not isinstance(response, str):
        raise Malformed("`response` is a text")
    offered = [one for one in ContentEncryption if one in encryption.encryptions]
    kid = parse_recipient(encryption.jwk).kid
    sealed = parse_jwe(response.encode("ascii", "replace"))
    with within("response"):
        return json_object(decrypt(sealed, key, kid=kid, encryptions=offered, trail=trail), limit=MAX_ANSWER)


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
