"""Which credentials are no longer valid: lists of one bit for each, published by their issuers.

bits      the statuses themselves, packed and unpacked
token     a Token Status List as a signed JWT: made, and read
checking  is this credential still valid? The list of its issuer says so
"""

from eigendata.status.bits import INVALID, VALID, StatusBits
from eigendata.status.checking import CHECKS, WITHDRAWAL, ListSource, StatusLists, StatusSource
from eigendata.status.token import StatusList, UnverifiedStatusList, parse_status_list, sign_status_list

__all__ = [
    "CHECKS",
    "INVALID",
    "VALID",
    "WITHDRAWAL",
    "ListSource",
    "StatusBits",
    "StatusList",
    "StatusLists",
    "StatusSource",
    "UnverifiedStatusList",
    "parse_status_list",
    "sign_status_list",
]
