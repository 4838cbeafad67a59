"""JSON Schemas, type metadata, mdoc namespaces and JSON-LD contexts of the credential types, from their declarations.

    CredentialType --generate--> <type>.schema.json    what an attestation of the type holds (JSON Schema 2020-12)
                             |--> <type>.vct.json       SD-JWT VC type metadata, whose octets `vct#integrity` names
                             |--> <type>.mdoc.json      namespaces and elements of an mdoc
                             \\--> <type>.context.json   JSON-LD context, whose terms W3C credentials use

The files beside this module are what is published and what is validated against; `drift` tells where they differ from
the declarations. An issuer validates each attestation before it signs, a wallet each credential before it stores.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from eigendata.encoding import Json, thaw
from eigendata.errors import Check, Misuse, Reason, Rejected
from eigendata.formats import FORMATS
from eigendata.model import Attribute, Claims, CredentialType, Kind, Presence

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

SCHEMA: Final = Check(
    name="SCHEMA",
    clause="JSON Schema 2020-12, section 4",
    reason=Reason.SCHEMA_INVALID,
    rule="The claims fit the published schema of their type.",
)
CHECKS: Final = (SCHEMA,)

FOLDER: Final = Path(__file__).parent
MAX_TEXT: Final = 1000
"""Characters. The longest Dutch name on record is far shorter, and a screen has to show it."""
MAX_ELEMENTS: Final = 100
"""Elements of an array claim; nobody has more nationalities or children in a register."""
DOCUMENTS: Final[Mapping[str, str]] = {"dc+sd-jwt": "vct", "mso_mdoc": "mdoc", "ldp_vc": "context"}
"""The formats that describe a type in a document of their own, each with what its file is called."""

_ABSENT: Final = "absent"
_DATE: Final = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


# -- the files --------------------------------------------------------------------------------------------------------


def generate(types: Iterable[CredentialType]) -> Mapping[str, bytes]:
    """Make every file from the declarations: file name -> content.

    Raises:
        Misuse: two types would share a file.
    """
    files: dict[str, bytes] = {}
    for one in types:
        made = {
            _file(one, "schema"): _written(json_schema(one)),
            **{_file(one, what): FORMATS[name].schema(one) for name, what in DOCUMENTS.items()},
        }
        if files.keys() & made.keys():
            raise Misuse(f"two credential types share the file of {one.id}")
        files |= made
    return dict(sorted(files.items()))


def write(types: Iterable[CredentialType], folder: Path = FOLDER) -> tuple[str, ...]:
    """Write the files of these types, take away those of no type, and give the names of what changed."""
    files = generate(types)
    changed = _differing(files, folder)
    for name in changed:
        if name in files:
            (folder / name).write_bytes(files[name])
        else:
            (folder / name).unlink()
    return changed


def drift(types: Iterable[CredentialType], folder: Path = FOLDER) -> tuple[str, ...]:
    """Give the names of the files that are not what the declarations say: changed, missing or left over."""
    return _differing(generate(types), folder)


def _differing(files: Mapping[str, bytes], folder: Path) -> tuple[str, ...]:
    present = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    return tuple(sorted(name for name in files.keys() | present.keys() if files.get(name) != present.get(name)))


def _file(type: CredentialType, what: str) -> str:
    return f"{re.sub('[^A-Za-z0-9_-]+', '.', type.id)}.{what}.json"


def _written(schema: Json) -> bytes:
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()


# -- one schema -------------------------------------------------------------------------------------------------------


def json_schema(type: CredentialType) -> Mapping[str, Json]:
    """Give the JSON Schema of a type's claims, under the type's own paths.

    Nothing is allowed that the type does not declare. A promised claim is there whole, or its sibling under `absent`
    is: one of the two, never both.

    Source: JSON Schema 2020-12.
    """
    tree: dict[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{type.id}:schema",
        "title": type.label["en"],
        **_object(type.attributes, depth=0),
    }
    promised = _promised(type.attributes)
    if promised:
        tree["allOf"] = [_whole_or_absent(name, attributes) for name, attributes in promised.items()]
    return tree


def _object(attributes: tuple[Attribute, ...], *, depth: int) -> dict[str, Json]:
    members: dict[str, list[Attribute]] = {}
    for attribute in attributes:
        members.setdefault(attribute.path[depth], []).append(attribute)
    properties: dict[str, Json] = {}
    for name, group in members.items():
        leaf = group[0]
        if len(group) == 1 and len(leaf.path) == depth + 1:
            properties[name] = {"title": leaf.label["en"], **_value(leaf)}
        else:
            properties[name] = _object(tuple(group), depth=depth + 1)
    required: list[Json] = [
        name for name, group in members.items() if any(one.presence is Presence.ALWAYS for one in group)
    ]
    tree: dict[str, Json] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        tree["required"] = required
    if depth:
        tree["minProperties"] = 1
    return tree


def _value(attribute: Attribute) -> Mapping[str, Json]:
    if attribute.path[0] == _ABSENT:
        return {"const": True}
    year: Mapping[str, Json] = {"type": "integer", "minimum": 1, "maximum": 9999}
    match attribute.kind:
        case Kind.TEXT:
            return {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
        case Kind.DATE:
            return {"type": "string", "format": "date", "pattern": _DATE}
        case Kind.YEAR:
            return year
        case Kind.YEAR_MONTH:
            return {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
        case Kind.INTEGER:
            return {"type": "integer"}
        case Kind.BOOLEAN:
            return {"type": "boolean"}
        case Kind.COUNTRY:
            return {"type": "string", "pattern": "^[A-Z]{2}$"}
        case Kind.COUNTRIES:
            country: Json = {"type": "string", "pattern": "^[A-Z]{2}$"}
            return {"type": "array", "minItems": 1, "maxItems": MAX_ELEMENTS, "uniqueItems": True, "items": country}
        case Kind.YEARS:
            return {"type": "array", "maxItems": MAX_ELEMENTS, "items": year}
        case Kind.BSN:
            return {"type": "string", "pattern": "^[0-9]{9}$"}


def _promised(attributes: tuple[Attribute, ...]) -> Mapping[str, tuple[Attribute, ...]]:
    found: dict[str, tuple[Attribute, ...]] = {}
    for one in attributes:
        if one.presence is Presence.PROMISED:
            found[one.path[0]] = (*found.get(one.path[0], ()), one)
    return found


def _whole_or_absent(name: str, attributes: tuple[Attribute, ...]) -> Json:
    whole = _requiring(tuple(one.path for one in attributes))
    return {"oneOf": [whole, _requiring(((_ABSENT, name),))]}


def _requiring(paths: tuple[tuple[str, ...], ...]) -> Mapping[str, Json]:
    """Give a schema that demands that every one of these paths is there."""
    below: dict[str, list[tuple[str, ...]]] = {}
    for path in paths:
        below.setdefault(path[0], []).append(path[1:])
    inner: dict[str, Json] = {
        name: _requiring(tuple(rest for rest in rests if rest)) for name, rests in below.items() if any(rests)
    }
    tree: dict[str, Json] = {"required": list(below)}
    if inner:
        tree["properties"] = inner
    return tree


# -- validating -------------------------------------------------------------------------------------------------------


def validate(type: CredentialType, claims: Claims) -> None:
    """Require that claims under the type's own paths fit the type's schema.

    The published file is used where there is one; a type of others, without a file here, is held to its declaration.

    Raises:
        Rejected: they do not (`schema_invalid`). The message names the path and the rule, never the value.
    """
    published = FOLDER / _file(type, "schema")
    validator = _published(published) if published.exists() else _compiled(_written(json_schema(type)))
    errors = validator.iter_errors(thaw(claims))
    first = min(errors, key=lambda error: [str(part) for part in error.absolute_path], default=None)
    if first is not None:
        place = "/".join(str(part) for part in first.absolute_path) or "the top"
        rule = "/".join(str(part) for part in first.absolute_schema_path)
        raise Rejected(SCHEMA, message=f"{SCHEMA.name}: {type.short} breaks {rule} at {place}")


@lru_cache(maxsize=64)
def _published(path: Path) -> Draft202012Validator:
    return _compiled(path.read_bytes())


@lru_cache(maxsize=64)
def _compiled(schema: bytes) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # late: a third of the core's import time

    return Draft202012Validator(json.loads(schema), format_checker=Draft202012Validator.FORMAT_CHECKER)
