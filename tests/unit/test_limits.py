"""A limit is moved on purpose alone: it is a promise to who writes large things, and a wall to who writes hostile ones.

Most tests speak of a limit by its name, so that they hold wherever it is. Here each stands in figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import ModuleType

import pytest

from eigendata import encoding, trust
from eigendata.formats.mdoc import elements
from eigendata.formats.mdoc import issue as mdoc_issue
from eigendata.formats.mdoc import parse as mdoc_parse
from eigendata.formats.mdoc import verify as mdoc_verify
from eigendata.formats.sdjwt import claim_rules, display, issue, json_form, metadata, parse, svg, type_metadata, verify
from eigendata.policies import compile as policy_compile
from eigendata.policies import loader, tables
from eigendata.query import check, language, matching
from eigendata.trust import published

KIB, MIB = 1024, 1024 * 1024
LIMITS: Mapping[ModuleType, Mapping[str, object]] = {
    encoding: {
        "JSON_LIMIT": MIB,
        "JSON_DEPTH": 64,
        "SAFE_INTEGER": 2**53 - 1,
        "CBOR_LIMIT": 512 * KIB,
        "CBOR_ITEMS": 16_384,
        "CBOR_DEPTH": 32,
        "TOML_LIMIT": 64 * KIB,
        "TOML_DEPTH": 16,
        "TOML_DOTS": 32,
        "BASE58_LIMIT": 256,
    },
    trust: {"TRUST_LIMIT": 4 * MIB},
    published: {
        "KEYS_LIMIT": 100,
        "ISSUERS_LIMIT": 1024,
        "LIFETIME": timedelta(minutes=5),
        "LONGEST": timedelta(hours=1),
        "PAUSE": timedelta(seconds=30),
    },
    policy_compile: {"MAX_OPTIONS": 64},
    loader: {"MAX_QUESTIONS": 8, "MAX_RULES": 24, "MAX_CONDITIONS": 6},
    tables: {"MAX_TEXT": 1000, "MAX_ITEMS": 64},
    check: {"MAX_UNIONS": 64},
    language: {
        "MAX_CREDENTIALS": 32,
        "MAX_CLAIMS": 512,
        "MAX_CLAIM_SETS": 64,
        "MAX_CLAIM_REFERENCES": 8192,
        "MAX_CREDENTIAL_SETS": 32,
        "MAX_VALUES": 100,
        "MAX_PATH": 32,
        "MAX_TEXT": 2048,
    },
    matching: {"PLACES_LIMIT": 250_000},
    elements: {"LONGEST_TEXT": 150, "_SHAPES_LIMIT": 256},
    mdoc_issue: {"RANDOM_BYTES": 16},
    mdoc_parse: {"ELEMENTS_LIMIT": 1024, "SHORTEST_RANDOM": 16, "HIGHEST_ID": 2**31 - 1},
    mdoc_verify: {"SECOND": timedelta(seconds=1)},
    claim_rules: {"STEPS_LIMIT": 200_000},
    display: {"LOCALES_LIMIT": 256},
    issue: {"SALT_BYTES": 18, "ARRAY_STEP": 4, "MEMBERS_STEP": 4, "_HEADERS": 64},
    json_form: {"SIGNATURES_LIMIT": 16},
    metadata: {"_SHAPES_LIMIT": 256},
    parse: {
        "TOKEN_LIMIT": 512 * KIB,
        "DISCLOSURES_LIMIT": 1024,
        "DEPTH_LIMIT": 64,
        "LATEST": 253_402_300_799,
    },
    svg: {"_DEPTH": 64},
    type_metadata: {
        "DOCUMENT_LIMIT": MIB,
        "FILES_LIMIT": 256,
        "FOLDER_LIMIT": 16 * MIB,
        "EXTENDS_LIMIT": 16,
        "CLAIMS_LIMIT": 1024,
        "PATH_LIMIT": 64,
        "LABEL_LENGTH": 120,
    },
    verify: {"PROOF_AGE": 300, "CLOCK_AHEAD": 60},
}


@pytest.mark.parametrize("module", LIMITS, ids=lambda module: module.__name__)
def test_a_limit_is_where_it_was_announced_to_be(module: ModuleType) -> None:
    assert {name: getattr(module, name) for name in LIMITS[module]} == LIMITS[module]
