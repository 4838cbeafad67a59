"""OpenID4VP 1.0, both sides, as one writes it: `vp.parse_request(...)`, `vp.answer_form(...)`.

requests    what a verifier asks: written, signed, linked to, invited by, read
answers     what a wallet answers: posted or filed, sealed or open, read
"""

from eigendata.openid.answers import (
    ANSWER_SEALED,
    MAX_ANSWER,
    STATE_RETURNED,
    Posted,
    answer_file,
    answer_form,
    answered_key,
    answered_state,
    error_form,
    parse_answer,
    read_posted,
)
from eigendata.openid.forms import CUSTOM_SCHEME, MAX_ESCAPES, read_form
from eigendata.openid.requests import (
    MAX_REQUEST,
    OWN_RESPONSE_URI,
    REQUEST_CHECKS,
    UNSIGNED_BY_VALUE,
    Invitation,
    Order,
    Reference,
    parse_invitation,
    parse_request,
    reference_link,
    request_link,
    request_parameters,
    sign_request,
    write_request,
)

__all__ = [
    "ANSWER_SEALED",
    "CUSTOM_SCHEME",
    "MAX_ANSWER",
    "MAX_ESCAPES",
    "MAX_REQUEST",
    "OWN_RESPONSE_URI",
    "REQUEST_CHECKS",
    "STATE_RETURNED",
    "UNSIGNED_BY_VALUE",
    "Invitation",
    "Order",
    "Posted",
    "Reference",
    "answer_file",
    "answer_form",
    "answered_key",
    "answered_state",
    "error_form",
    "parse_answer",
    "parse_invitation",
    "parse_request",
    "read_form",
    "read_posted",
    "reference_link",
    "request_link",
    "request_parameters",
    "sign_request",
    "write_request",
]
