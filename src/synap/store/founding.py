"""The first client, instance and keys of a store: made once, however many processes start on it at the same moment.

Each step locks the one row of `founding` and looks again before it makes anything. A row's lock holds behind a pooler in
transaction mode and on a distributed server, where a session's would not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from synap.api.admin import CreateInstance
from synap.store.accounts import instance_params, key_params
from synap.store.database import Connection, Database
from synap.store.statements import execute

FIRST_LABEL = "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAccount:
    """What a store gets that has no instance: ids to be used where there is none yet.

    Attributes:
        client_id, client_name: The client, where there is none either.
        instance_id: The instance.
        instance: How it is set up; its `client_id` is replaced by that of the oldest client.
        configuration: Its configuration, or empty for the default one.
    """

    client_id: str
    client_name: str
    instance_id: str
    instance: CreateInstance
    configuration: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstKey:
    """A key to be stored: the id that names it, and the secret that opens."""

    key_id: str
    secret: str


class Founding:
    """Makes what a new store needs before anyone can use it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def instance(self, first: FirstAccount, *, now: datetime) -> str:
        """Return the id of the oldest instance; on a store without any, make the one of `first`, with a client for it.

        Instances and clients that are being deleted do not count.
        """
        async with self._database.control() as connection:
            oldest = await _one(connection, "oldest_instance")
        if oldest is not None:
            return oldest
        async with self._database.control() as connection:
            await execute(connection, "lock_founding", {"now": now})
            oldest = await _one(connection, "oldest_instance")
            if oldest is not None:
                return oldest
            await _found(connection, first, now)
        return first.instance_id

    async def keys(self, instance_id: str, *, application: FirstKey, management: FirstKey, now: datetime) -> bool:
        """Store the first key of an instance and the first management key, both or none.

        Returns:
            False, with nothing stored, if the store ever had a management key.
        """
        async with self._database.control() as connection:
            await execute(connection, "lock_founding", {"now": now})
            if await (await execute(connection, "list_management_keys", {})).fetchone() is not None:
                return False
            for owner, key in ((instance_id, application), (None, management)):
                params = key_params(owner, key.key_id, secret=key.secret, label=FIRST_LABEL, now=now)
                await execute(connection, "insert_key", params)
        return True


async def _found(connection: Connection, first: FirstAccount, now: datetime) -> None:
    client_id = await _one(connection, "oldest_client")
    if client_id is None:
        client_id = first.client_id
        await execute(connection, "insert_client", {"client": client_id, "name": first.client_name, "now": now})
    params = instance_params(first.instance_id, first.instance, now=now)
    await execute(connection, "insert_instance", params | {"client": client_id})
    if first.configuration:
        source = {"instance": first.instance_id, "source": first.configuration, "actor": "process", "now": now}
        await execute(connection, "put_configuration", source)


async def _one(connection: Connection, name: str) -> str | None:
    row = await (await execute(connection, name, {})).fetchone()
    return None if row is None else str(row["id"])
