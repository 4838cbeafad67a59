"""The API of the desks as OpenAPI 3.1: the one description, by which requests are judged too.

    document(...) -> what `GET /api/openapi.json` gives
    require(name, value)    what is posted is what the document says, or Malformed

Source: NLGov REST API Design Rules 2.0 (Logius): nouns, no slash at the end, errors as problem+json, the version in the
address and in `API-Version`.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from eigendata.encoding import Json
from eigendata.errors import Malformed, Reason
from eigendata.model import Advice
from eigendata.openid.client_id import Prefix
from eigendata.web.replies import API_VERSION

MAX_PAGE: Final = 100
"""Checks in one part of a list."""

_ID: Final[dict[str, Json]] = {
    "type": "string",
    "pattern": "^[A-Za-z0-9_-]{43,64}$",
    "examples": ["5Vq0Zk0H3n0h2a9mQmJ8yq6c4n2Vx1b7t9LrEwUoPdA"],
}
_ROLE: Final[dict[str, Json]] = {"type": "string", "enum": ["aanvrager", "partner", "gemachtigde"]}
_MOMENT: Final[dict[str, Json]] = {"type": "string", "format": "date-time", "examples": ["2026-05-04T15:00:17Z"]}
_ADVICE: Final[dict[str, Json]] = {"type": ["string", "null"], "enum": [*(str(one) for one in Advice), None]}
_TEXT: Final[dict[str, Json]] = {"type": ["string", "null"]}
_URI: Final[dict[str, Json]] = {"type": "string", "format": "uri"}
_STATES: Final[tuple[Json, ...]] = ("waiting", "returning", "answered", "refused", "declined", "expired")


def _object(properties: dict[str, Json], *, required: tuple[str, ...] | None = None, **more: Json) -> dict[str, Json]:
    names: list[Json] = list(properties if required is None else required)
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False, **more}


def _ref(name: str) -> dict[str, Json]:
    return {"$ref": f"#/components/schemas/{name}"}


_WORD: Final[dict[str, Json]] = {"type": "string", "pattern": "^[^\\x00]{1,2048}$"}
_NAME: Final[dict[str, Json]] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$"}
_NUMBER: Final[dict[str, Json]] = {"type": "integer", "minimum": -(2**53) + 1, "maximum": 2**53 - 1}


def _array(items: Json, most: int = 100) -> dict[str, Json]:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": most}


_CONDITION: Final[Json] = {"anyOf": [{"type": "boolean"}, _NUMBER, _WORD]}
_QUERY: Final[dict[str, Json]] = _object(
    {
        "credentials": _array(
            _object(
                {
                    "id": _NAME,
                    "format": _WORD,
                    "meta": _object(
                        {
                            "vct_values": _array(_WORD),
                            "doctype_value": _WORD,
                            "type_values": _array(_array(_WORD)),
                        },
                        required=(),
                    ),
                    "multiple": {"type": "boolean"},
                    "require_cryptographic_holder_binding": {"type": "boolean"},
                    "trusted_authorities": _array(_object({"type": _WORD, "values": _array(_WORD)})),
                    "claims": _array(
                        _object(
                            {
                                "id": _NAME,
                                "path": _array({"anyOf": [_WORD, {**_NUMBER, "minimum": 0}, {"type": "null"}]}, 32),
                                "values": _array(_CONDITION),
                            },
                            required=("path",),
                        )
                    ),
                    "claim_sets": _array(_array(_NAME)),
                },
                required=("id", "format", "meta"),
            )
        ),
        "credential_sets": _array(
            _object({"options": _array(_array(_NAME)), "required": {"type": "boolean"}}, required=("options",))
        ),
    },
    required=("credentials",),
    description="A query in DCQL (OpenID4VP 1.0 section 6), instead of a policy.",
)

_ORDER: Final[dict[str, Json]] = _object(
    {
        "policy": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._/-]{1,200}$",
            "description": "One of the desk's policies.",
            "examples": ["woningcorporatie/B"],
        },
        "dcql": _QUERY,
        "home": {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z0-9_]{1,64}$"},
            "additionalProperties": {"anyOf": [_CONDITION, {"type": "array", "items": _CONDITION, "maxItems": 100}]},
            "maxProperties": 32,
            "description": "The conditions of the policy; those of the desk's settings where it is left out.",
            "examples": [{"household_size": [2, 4], "binding": True}],
        },
        "parties": {
            "type": "array",
            "items": _ROLE,
            "minItems": 1,
            "maxItems": 3,
            "uniqueItems": True,
            "default": ["aanvrager"],
        },
        "mode": {
            "type": "string",
            "enum": ["direct_post", "direct_post.jwt"],
            "description": "Whether answers come encrypted. They do by default where requests are signed.",
        },
        "client_id": {
            "type": "string",
            "enum": [str(one) for one in Prefix],
            "description": "How the desk is named to wallets; by default as trustworthily as its key allows.",
        },
    },
    required=(),
    oneOf=[
        {"required": ["policy"], "properties": {"dcql": False}},
        {"required": ["dcql"], "properties": {"policy": False, "home": False}},
    ],
)

_STEP: Final[dict[str, Json]] = _object(
    {
        "place": {"type": "string", "description": "The credential; empty for the answer as a whole."},
        "check": {"type": "string", "examples": ["SD_HASH"]},
        "clause": {"type": "string", "examples": ["RFC 9901 4.3"]},
        "outcome": {"type": "string", "enum": ["passed", "not applicable", "waived", "failed"]},
    }
)

_SCHEMAS: Final[dict[str, Json]] = {
    "CheckOrder": _ORDER,
    "Ask": _object({}, required=(), description="Nothing can be said with it yet."),
    "Asking": _object(
        {
            "link": {"type": "string", "description": "What a wallet is opened with, or a QR code shows."},
            "request_uri": {**_URI, "description": "Where the request is fetched; absent where the link holds it."},
            "expires_at": {**_MOMENT, "description": "So long a wallet may fetch it."},
        },
        required=("link", "expires_at"),
    ),
    "Begun": _object(
        {
            "id": _ID,
            "state": {"type": "string", "enum": [*_STATES]},
            "expires_at": _MOMENT,
            "parties": {
                "type": "array",
                "items": _object(
                    {
                        "role": _ROLE,
                        "state": {"type": "string", "enum": [*_STATES]},
                        "page": {**_URI, "description": "The page of this party: only for this person's eyes."},
                        "link": {"type": "string"},
                        "request_uri": _URI,
                    },
                    required=("role", "state", "page", "link"),
                ),
            },
        }
    ),
    "Party": _object(
        {
            "role": _ROLE,
            "state": {"type": "string", "enum": [*_STATES]},
            "page": _URI,
            "advice": _ADVICE,
            "rule": _TEXT,
            "reason": _TEXT,
            "disclosed": {
                "type": ["object", "null"],
                "description": "Question -> what was disclosed for it; null where nothing was, or it is wiped.",
                "additionalProperties": {"type": "array", "items": _ref("Disclosed")},
            },
            "kept_until": {"type": ["string", "null"], "format": "date-time"},
            "trail": {"type": "array", "items": _ref("Step")},
        }
    ),
    "Disclosed": _object(
        {
            "type": {"type": "string", "examples": ["persoon"]},
            "issuer": _object({"id": {"type": "string"}, "name": {"type": "string"}}),
            "claims": {"type": "object"},
        }
    ),
    "Step": _STEP,
    "Check": _object(
        {
            "id": _ID,
            "state": {"type": "string", "enum": [*_STATES]},
            "policy": _TEXT,
            "advice": {**_ADVICE, "description": "Null until all have answered; then of all of them together."},
            "rule": _TEXT,
            "reason": _TEXT,
            "began_at": _MOMENT,
            "expires_at": {**_MOMENT, "description": "So long it can be answered."},
            "wiped_at": {**_MOMENT, "description": "Then all of it is gone."},
            "parties": {"type": "array", "items": _ref("Party")},
        }
    ),
    "CheckList": _object(
        {"checks": {"type": "array", "items": _ref("Check")}, "next": {**_URI, "description": "The next part."}},
        required=("checks",),
    ),
    "WebhookOrder": _object(
        {
            "url": {
                "type": "string",
                "pattern": "^https?://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?(/([A-Za-z0-9._~/?=&-]|%[0-9A-Fa-f]{2}){0,500})?$",
                "description": "Where events are posted, signed as Standard Webhooks 1.0 has it.",
            }
        }
    ),
    "Webhook": _object(
        {"id": {"type": "string"}, "url": _URI, "secret": {"type": "string", "description": "Told once."}},
        required=("id", "url"),
    ),
    "WebhookList": _object({"webhooks": {"type": "array", "items": _ref("Webhook")}}),
    "Problem": {
        "type": "object",
        "description": "RFC 9457.",
        "properties": {
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "reason": {"type": "string", "enum": [str(one) for one in Reason]},
        },
        "required": ["title", "status", "detail"],
    },
}


def require(name: str, value: Json) -> None:
    """Require that a value is what the document says of this schema.

    Raises:
        Malformed: it is not; the message says where, and no value.
    """
    error = best_match(_validator(name).iter_errors(value))
    if error is not None:
        place = "/".join(str(part) for part in error.absolute_path)
        raise Malformed(f"{place or 'the body'} is not as the API describes it ({error.validator})")


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({**_ref(name), "components": {"schemas": _SCHEMAS}})


# -- the document -----------------------------------------------------------------------------------------------------


def document(public_url: str) -> dict[str, Json]:
    """Give the document of the API at this address."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "eigendata verifier",
            "version": API_VERSION,
            "description": "A desk's own systems begin checks and see what came of them.",
            "contact": {"name": "Whoever runs this service", "url": public_url},
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": f"{public_url}/api/v1"}],
        "security": [{"key": []}],
        "tags": [{"name": "checks"}, {"name": "webhooks"}],
        "paths": _PATHS,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A key of one desk."}},
            "schemas": _SCHEMAS,
            "headers": {
                "API-Version": {
                    "description": "The whole version of this API.",
                    "schema": {"type": "string"},
                    "required": True,
                }
            },
        },
    }


_VERSION: Final[dict[str, Json]] = {"API-Version": {"$ref": "#/components/headers/API-Version"}}


def _header(name: str) -> dict[str, Json]:
    return {name: {"schema": {"type": "string"}, "required": True}}


def _gives(description: str, schema: str | None = None, example: Json = None, **headers: Json) -> dict[str, Json]:
    given: dict[str, Json] = {"description": description, "headers": {**_VERSION, **headers}}
    if schema is not None:
        given["content"] = {"application/json": {"schema": _ref(schema), **({"example": example} if example else {})}}
    return given


def _problem(description: str, **headers: Json) -> dict[str, Json]:
    content: Json = {"application/problem+json": {"schema": _ref("Problem")}}
    return {"description": description, "headers": {**_VERSION, **headers}, "content": content}


_ALWAYS: Final[dict[str, Json]] = {
    "400": _problem("This is not what the document says."),
    "401": _problem("No key, or none that is known.", **_header("WWW-Authenticate")),
    "404": _problem("The desk has no such thing (any more)."),
    "405": _problem("Another method.", **_header("Allow")),
    "429": _problem("Too often."),
    "503": _problem("Not now; try again later."),
}
_CONFLICT: Final[dict[str, Json]] = {"409": _problem("Well-formed, and this desk cannot ask it.")}
_TOO_LARGE: Final[dict[str, Json]] = {"413": _problem("Too large.")}


def _does(id: str, summary: str, tag: str, responses: dict[str, Json], **more: Json) -> dict[str, Json]:
    return {"operationId": id, "summary": summary, "tags": [tag], "responses": {**_ALWAYS, **responses}, **more}


def _posts(schema: str, example: Json, *, required: bool = True) -> Json:
    return {"required": required, "content": {"application/json": {"schema": _ref(schema), "example": example}}}


def _path(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema}


_EXAMPLE_ID: Final = "5Vq0Zk0H3n0h2a9mQmJ8yq6c4n2Vx1b7t9LrEwUoPdA"
_HOST: Final = "https://check.woonstichting.example"
_LINK: Final = "openid4vp://?client_id=x509_hash%3Adz1p&request_uri=https%3A%2F%2Fcheck.example%2Frequests%2FuT2x"
_EXAMPLE_CHECK: Final[dict[str, Json]] = {
    "id": _EXAMPLE_ID,
    "state": "answered",
    "policy": "woningcorporatie/A",
    "advice": "voldoet",
    "rule": "otherwise: voldoet",
    "reason": None,
    "began_at": "2026-05-04T14:30:17Z",
    "expires_at": "2026-05-18T14:30:17Z",
    "wiped_at": "2026-06-03T14:32:05Z",
    "parties": [
        {
            "role": "aanvrager",
            "state": "answered",
            "page": f"{_HOST}/pages/9dK2",
            "advice": "voldoet",
            "rule": "otherwise: voldoet",
            "reason": None,
            "disclosed": {
                "persoon": [
                    {
                        "type": "persoon",
                        "issuer": {"id": "https://boxtel.example", "name": "Gemeente Boxtel"},
                        "claims": {"age_equal_or_over": {"18": True}},
                    }
                ]
            },
            "kept_until": "2026-06-03T14:32:05Z",
            "trail": [{"place": "persoon", "check": "SD_HASH", "clause": "RFC 9901 4.3", "outcome": "passed"}],
        }
    ],
}
_CHECK_ID: Final = _path("id", _ID)

_PATHS: Final[dict[str, Json]] = {
    "/checks": {
        "post": _does(
            "beginCheck",
            "Begin a check",
            "checks",
            {
                "201": _gives(
                    "It began, and every party can be asked by its link or on its page.",
                    "Begun",
                    {
                        "id": _EXAMPLE_ID,
                        "state": "waiting",
                        "expires_at": "2026-05-18T14:30:17Z",
                        "parties": [
                            {
                                "role": "aanvrager",
                                "state": "waiting",
                                "page": f"{_HOST}/pages/9dK2",
                                "link": _LINK,
                                "request_uri": f"{_HOST}/requests/uT2x",
                            }
                        ],
                    },
                    **_header("Location"),
                ),
                **_CONFLICT,
                **_TOO_LARGE,
            },
            requestBody=_posts(
                "CheckOrder", {"policy": "woningcorporatie/B", "home": {"household_size": [2, 4], "binding": True}}
            ),
        ),
        "get": _does(
            "listChecks",
            "List the desk's checks, newest first, without what was disclosed",
            "checks",
            {"200": _gives("A part of the list.", "CheckList", {"checks": [{**_EXAMPLE_CHECK}]})},
            parameters=[
                {
                    "name": "after",
                    "in": "query",
                    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,500}$"},
                    "description": "As `next` of the part before has it.",
                },
                {
                    "name": "limit",
                    "in": "query",
                    "schema": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 50},
                },
            ],
        ),
    },
    "/checks/{id}": {
        "get": _does(
            "getCheck",
            "See how a check stands, with what was disclosed",
            "checks",
            {"200": _gives("The check.", "Check", {**_EXAMPLE_CHECK})},
            parameters=[_CHECK_ID],
        ),
        "delete": _does(
            "deleteCheck",
            "Wipe a check and what was disclosed",
            "checks",
            {"204": _gives("It is gone.")},
            parameters=[_CHECK_ID],
        ),
    },
    "/checks/{id}/parties/{role}/requests": {
        "post": _does(
            "askParty",
            "Ask a party by a new request, that lives as long as the first did",
            "checks",
            {
                "201": _gives(
                    "A new link.",
                    "Asking",
                    {"link": _LINK, "request_uri": f"{_HOST}/requests/uT2x", "expires_at": "2026-05-04T14:32:17Z"},
                ),
                **_TOO_LARGE,
            },
            parameters=[_CHECK_ID, _path("role", _ROLE)],
        )
    },
    "/webhooks": {
        "post": _does(
            "addWebhook",
            "Be told when a party of a check is done",
            "webhooks",
            {
                "201": _gives(
                    "Events come, signed with this secret.",
                    "Webhook",
                    {"id": "wh_1", "url": "https://woonstichting.example/hook", "secret": "whsec_c2VjcmV0"},
                ),
                **_CONFLICT,
                **_TOO_LARGE,
            },
            requestBody=_posts("WebhookOrder", {"url": "https://woonstichting.example/hook"}),
        ),
        "get": _does(
            "listWebhooks",
            "List the desk's webhooks",
            "webhooks",
            {"200": _gives("All of them.", "WebhookList", {"webhooks": []})},
        ),
    },
    "/webhooks/{id}": {
        "delete": _does(
            "deleteWebhook",
            "Take a webhook back",
            "webhooks",
            {"204": _gives("No more events go there.")},
            parameters=[_path("id", {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$"})],
        )
    },
}
