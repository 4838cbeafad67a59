"""HAIP 1.0 takes away from OpenID4VP: each demand alone refuses what breaks it, and what keeps them all passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eigendata.errors import Check, Reason, Rejected, Trail
from eigendata.openid import haip, vp
from eigendata.openid.haip import CHECKS, HAIP_1_0, PROFILES
from eigendata.query import Query, Request, parse_query
from tests.negatives import negative
from tests.unit.openid.test_invitation import (
    BY_DID,
    BY_HASH,
    BY_NAME,
    FETCHED_FROM,
    UNSIGNED,
    encryption,
    link,
    request,
    signed,
)

BY_REFERENCE = link(client_id=BY_HASH, request_uri=FETCHED_FROM)
GOOD = request(sealed=encryption())


def taken(invitation: bytes, asked: Request) -> Trail:
    trail = Trail()
    HAIP_1_0.require_invitation(vp.parse_invitation(invitation), trail)
    HAIP_1_0.require_request(asked, trail)
    return trail


def test_what_keeps_to_the_profile_passes_all_of_it() -> None:
    assert [step.check for step in taken(BY_REFERENCE, GOOD).done()] == list(CHECKS)
    assert PROFILES == {"haip-1.0": HAIP_1_0}


OTHER_FORMAT = parse_query({"credentials": [{"id": "a", "format": "ldp_vc", "meta": {"type_values": [["a"]]}}]})


BOTH_FORMATS = Query(credentials=(*GOOD.query.credentials, *OTHER_FORMAT.credentials))


@negative("NEG-VP-WALLET-018")
@pytest.mark.parametrize(
    ("check", "invitation", "asked"),
    [
        (haip.HAIP_PREFIX, link(client_id=BY_NAME, request_uri=FETCHED_FROM), GOOD),
        (haip.HAIP_PREFIX, link(client_id=BY_DID, request_uri=FETCHED_FROM), GOOD),
        (haip.HAIP_PREFIX, vp.write_request(request(UNSIGNED)), GOOD),
        (haip.HAIP_REFERENCE, link(client_id=BY_HASH, request=signed(GOOD).decode()), GOOD),
        (haip.HAIP_SEALED, BY_REFERENCE, request()),
        (haip.HAIP_ENCRYPTIONS, BY_REFERENCE, request(sealed=encryption("A128GCM"))),
        (haip.HAIP_ENCRYPTIONS, BY_REFERENCE, request(sealed=encryption("A256GCM", "A192GCM"))),
        (haip.HAIP_FORMATS, BY_REFERENCE, replace(GOOD, query=OTHER_FORMAT)),
        (haip.HAIP_FORMATS, BY_REFERENCE, replace(GOOD, query=BOTH_FORMATS)),
    ],
)
def test_each_demand_refuses_what_breaks_it_alone(check: Check, invitation: bytes, asked: Request) -> None:
    with pytest.raises(Rejected) as refused:
        taken(invitation, asked)
    assert (refused.value.check, refused.value.reason) == (check, Reason.REQUEST_INVALID)
    assert tuple(step.check for step in refused.value.trail) == CHECKS[: CHECKS.index(check)]
