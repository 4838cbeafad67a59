"""Where a verifier's checks wait and are kept: one SQLite file, or a PostgreSQL that several machines share.

store       the face: Store.open, checks, requests and their leases; keys and webhooks are beside it
records     what goes in and what comes out, as values
sealing     how it is sealed, under a key that is not in the database
statements  every SQL statement, on the tables of `tables`; each one-time value is taken by one
sqlite, postgres    the two databases: connections, transactions, what is tried again
migrating   how a database of any older layout becomes one of today's
"""

from typing import TYPE_CHECKING

from eigendata import late

if TYPE_CHECKING:
    from eigendata.store.access import Keys
    from eigendata.store.outbox import Webhooks
    from eigendata.store.records import (
        API_KEY,
        AWAITED,
        CHECKS,
        KNOWN,
        RESPONSE_CODE,
        STORED,
        ApiKey,
        CheckPage,
        Conclusion,
        Delivery,
        Device,
        Event,
        Fetched,
        Lease,
        Limits,
        Offered,
        Purged,
        Redeemed,
        State,
        StoredCheck,
        StoredParty,
        Visit,
        Webhook,
    )
    from eigendata.store.sealing import KEY_SIZE
    from eigendata.store.store import Store

__all__ = [
    "API_KEY",
    "AWAITED",
    "CHECKS",
    "KEY_SIZE",
    "KNOWN",
    "RESPONSE_CODE",
    "STORED",
    "ApiKey",
    "CheckPage",
    "Conclusion",
    "Delivery",
    "Device",
    "Event",
    "Fetched",
    "Keys",
    "Lease",
    "Limits",
    "Offered",
    "Purged",
    "Redeemed",
    "State",
    "Store",
    "StoredCheck",
    "StoredParty",
    "Visit",
    "Webhook",
    "Webhooks",
]

if not TYPE_CHECKING:
    __getattr__ = late.names(
        __name__,
        {
            "access": ("Keys",),
            "outbox": ("Webhooks",),
            "records": (
                "API_KEY",
                "AWAITED",
                "CHECKS",
                "KNOWN",
                "RESPONSE_CODE",
                "STORED",
                "ApiKey",
                "CheckPage",
                "Conclusion",
                "Delivery",
                "Device",
                "Event",
                "Fetched",
                "Lease",
                "Limits",
                "Offered",
                "Purged",
                "Redeemed",
                "State",
                "StoredCheck",
                "StoredParty",
                "Visit",
                "Webhook",
            ),
            "sealing": ("KEY_SIZE",),
            "store": ("Store",),
        },
    )
