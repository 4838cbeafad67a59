"""API keys: by which a desk's own systems call. What is stored of one opens nothing."""

from __future__ import annotations

import hmac
import os
from typing import TYPE_CHECKING, Final

from eigendata import late
from eigendata.errors import Rejected
from eigendata.store.part import Part, moment, require_names, secret
from eigendata.store.records import API_KEY, ApiKey
from eigendata.store.sealing import digest

if TYPE_CHECKING:
    from eigendata.store import statements
    from eigendata.store.database import Run, Value
else:
    statements = late.Module("eigendata.store.statements")

_ID_SIZE: Final = 8


class Keys(Part):
    """The API keys of the desks of a store."""

    def add(self, desk: str, *, name: str) -> ApiKey:
        """Make a key for a desk. Its secret is told now and never again.

        Args:
            name: what people call it.

        Raises:
            Misuse: the desk or the name is empty or too long.
            Unavailable: the database cannot be used now.
        """
        require_names(desk, name)
        own, key = os.urandom(_ID_SIZE).hex(), secret()
        row: dict[str, Value] = {
            "id": own,
            "desk": desk,
            "name": name,
            "digest": digest(key),
            "mac": self._seals.caller(own, desk, key),
        }

        def work(run: Run) -> int:
            run.count(statements.ADD_KEY, row)
            return int(run.rows(statements.KEY_MADE, row)[0][0])

        return ApiKey(id=own, desk=desk, name=name, made_at=moment(self._database.write(work)), secret=key)

    def desk(self, key: str) -> str:
        """Give the desk that a key belongs to.

        Raises:
            Rejected: it is no key of any desk, or was revoked.
            Unavailable: the database cannot be used now.
        """
        rows = self._database.read(lambda run: run.rows(statements.FIND_KEY, {"digest": digest(key)}))
        for own, desk, mac in rows:
            if hmac.compare_digest(mac, self._seals.caller(own, desk, key)):
                return str(desk)
        raise Rejected(API_KEY)

    def list(self, desk: str) -> tuple[ApiKey, ...]:
        """Give the keys of a desk, oldest first, without their secrets.

        Raises:
            Unavailable: the database cannot be used now.
        """
        rows = self._database.read(lambda run: run.rows(statements.LIST_KEYS, {"desk": desk}))
        return tuple(ApiKey(id=own, desk=desk, name=name, made_at=moment(made_at)) for own, name, made_at in rows)

    def revoke(self, id: str, *, desk: str) -> None:
        """Take a key of a desk back. That there is none (any more) is no error: it opens nothing then.

        Raises:
            Unavailable: the database cannot be used now.
        """
        self._database.write(lambda run: run.count(statements.REVOKE_KEY, {"id": id, "desk": desk}), alone=True)
