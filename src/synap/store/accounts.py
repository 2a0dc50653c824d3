"""Accounts: clients, their instances, the keys of both, and the instances' configuration, revision by revision."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import errors

from synap.api.admin import ClientRecord, CreateInstance, InstanceRecord, KeyRecord, UpdateInstance
from synap.errors import ConflictError, NotFoundError
from synap.store.database import Database
from synap.store.rows import decode_metadata, encode_json
from synap.store.scopes import DELETING
from synap.store.statements import execute

KEY_PREFIX_LENGTH = 12
"""Characters of a key that are kept readable, to tell keys apart in lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A revision of an instance's configuration: its number from 1, and the document as it was set."""

    revision: int
    source: str
    applied_at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """Whose a presented key is.

    Attributes:
        key_id, kind: The key; `kind` is `application` or `management`.
        client_id: The client above it; None for a management key of the operator.
        instance_id, tenancy: The instance; None for a management key.
        active: Whether key, instance and client are all in force.
        deleting: Whether instance or client is being deleted.
        revoked: Whether the key itself was revoked.
        last_used_at: When it was last noted as used.
        revision: Number of the instance's configuration, or None where none was ever set.
        source: That configuration's document.
    """

    key_id: str
    kind: str
    label: str
    client_id: str | None
    instance_id: str | None
    tenancy: str | None
    active: bool
    revoked: bool
    last_used_at: datetime | None
    revision: int | None
    source: str | None
    deleting: bool = False


class Accounts:
    """Writes and reads accounts. All of this concerns the operator; nothing here is content."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_client(self, client_id: str, *, name: str, now: datetime) -> ClientRecord:
        """Store a new client."""
        row = await self._one("insert_client", {"client": client_id, "name": name, "now": now})
        return _client(_present(row, f"client {client_id}"))

    async def clients(self) -> list[ClientRecord]:
        """Return all clients, oldest first."""
        return [_client(row) for row in await self._all("list_clients", {})]

    async def client(self, client_id: str) -> ClientRecord:
        """Return one client.

        Raises:
            NotFoundError: There is none of this id.
        """
        return _client(_present(await self._one("get_client", {"client": client_id}), f"client {client_id}"))

    async def update_client(
        self, client_id: str, *, name: str | None = None, status: str | None = None
    ) -> ClientRecord:
        """Change a client; what is None stays.

        Raises:
            NotFoundError: There is none of this id.
            ConflictError: It is being deleted.
        """
        row = await self._one("update_client", {"client": client_id, "name": name, "status": status})
        if row is None:
            raise _being_deleted(f"client {(await self.client(client_id)).client_id}")
        return _client(row)

    async def create_instance(self, instance_id: str, request: CreateInstance, *, now: datetime) -> InstanceRecord:
        """Store a new instance, active at once.

        Raises:
            NotFoundError: There is no such client.
            ConflictError: The client has an instance of this name, or is being deleted.
        """
        params = instance_params(instance_id, request, now=now)
        with _taken(request.name):
            async with self._database.control() as connection:
                client = await (await execute(connection, "hold_client", params)).fetchone()
                if _present(client, f"client {request.client_id}")["status"] == DELETING:
                    raise _being_deleted(f"client {request.client_id}")
                await execute(connection, "insert_instance", params)
        return await self.instance(instance_id)

    async def instances(self, client_id: str) -> list[InstanceRecord]:
        """Return the instances of a client, oldest first, without the number of their memories."""
        return [_instance(row) for row in await self._all("list_instances", {"client": client_id})]

    async def instance(self, instance_id: str) -> InstanceRecord:
        """Return one instance, with the number of its memories.

        Raises:
            NotFoundError: There is none of this id.
        """
        async with self._database.control(pipelined=True) as connection:
            found = await execute(connection, "get_instance", {"instance": instance_id})
            counted = await execute(connection, "count_instance_memories", {"instance": instance_id})
            row, count = await found.fetchone(), await counted.fetchone()
        return _instance(_present(row, f"instance {instance_id}"), memory_count=count["total"] if count else 0)

    async def update_instance(self, instance_id: str, request: UpdateInstance) -> InstanceRecord:
        """Change an instance; what is None stays.

        Raises:
            NotFoundError: There is none of this id.
            ConflictError: The client has another instance of this name, or this one is being deleted.
        """
        params = {
            "instance": instance_id,
            "name": request.name,
            "agent_type": request.agent_type,
            "description": request.description,
            "metadata": None if request.metadata is None else encode_json(request.metadata),
            "status": request.status,
        }
        with _taken(request.name):
            changed = await self._one("update_instance", params)
        record = await self.instance(instance_id)
        if changed is None:
            raise _being_deleted(f"instance {instance_id}")
        return record

    async def create_key(
        self,
        instance_id: str | None,
        key_id: str,
        *,
        secret: str,
        label: str,
        now: datetime,
        client_id: str | None = None,
    ) -> KeyRecord:
        """Store the hash of a key: of an instance, or (None) a management key, of one client or of the operator.

        Raises:
            NotFoundError: There is no such instance.
        """
        params = key_params(instance_id, key_id, secret=secret, label=label, now=now) | {"client": client_id}
        try:
            async with self._database.control() as connection:
                await execute(connection, "insert_key", params)
        except errors.ForeignKeyViolation as error:
            raise NotFoundError(f"there is no instance {instance_id}", field="instance_id") from error
        return KeyRecord(
            key_id=key_id,
            kind=params["kind"],
            label=label,
            prefix=params["prefix"],
            created_at=now,
            instance_id=instance_id,
            client_id=client_id,
        )

    async def keys(self, instance_id: str | None) -> list[KeyRecord]:
        """Return the keys of an instance, or (None) the management keys, revoked ones included, oldest first."""
        name = "list_management_keys" if instance_id is None else "list_keys"
        return [_key(row) for row in await self._all(name, {"instance": instance_id})]

    async def revoke_key(self, instance_id: str | None, key_id: str, *, now: datetime) -> bool:
        """Revoke a key of this instance, or (None) a management key; False if there is none."""
        row = await self._one("revoke_key", {"instance": instance_id, "key": key_id, "now": now})
        return row is not None

    async def holder(self, secret: str) -> KeyHolder | None:
        """Return whose a presented key is, with its instance's latest configuration, or None for an unknown key."""
        row = await self._one("find_key", {"hash": hash_key(secret)})
        if row is None:
            return None
        statuses = {row["instance_status"], row["client_status"]} - {None}
        return KeyHolder(
            key_id=row["id"],
            kind=row["kind"],
            label=row["label"],
            client_id=row["client_id"] or row["key_client"],
            instance_id=row["instance_id"],
            tenancy=row["tenancy"],
            active=row["revoked_at"] is None and statuses <= {"active"},
            deleting=DELETING in statuses,
            revoked=row["revoked_at"] is not None,
            last_used_at=row["last_used_at"],
            revision=row["revision"],
            source=row["source"],
        )

    async def note_use(self, instance_id: str | None, key_id: str, *, now: datetime) -> None:
        """Note that a key, and its instance, are in use; to be called seldom, not with every call."""
        async with self._database.control(pipelined=True) as connection:
            await execute(connection, "use_key", {"key": key_id, "now": now})
            if instance_id is not None:
                await execute(connection, "use_instance", {"instance": instance_id, "now": now})

    async def configure(
        self,
        instance_id: str,
        source: str,
        *,
        actor: str,
        now: datetime,
        check: Callable[[str | None], None] | None = None,
    ) -> Revision:
        """Put a configuration in force as the next revision; those that come at once follow one another.

        Args:
            instance_id: The instance.
            source: The configuration's text.
            actor: Who sets it.
            now: The moment.
            check: Told the text of the one in force, or None for none; refuses the new one by raising.

        Raises:
            NotFoundError: There is no such instance.
        """
        params = {"instance": instance_id, "source": source, "actor": actor, "now": now}
        async with self._database.control() as connection:
            if await (await execute(connection, "lock_instance", params)).fetchone() is None:
                raise NotFoundError(f"there is no instance {instance_id}", field="instance_id")
            if check is not None:
                held = await (await execute(connection, "get_configuration", params)).fetchone()
                check(None if held is None else held["source"])
            row = await (await execute(connection, "put_configuration", params)).fetchone()
        return Revision(**_present(row, f"instance {instance_id}"))

    async def configuration(self, instance_id: str) -> Revision | None:
        """Return the configuration in force, or None where none was ever set."""
        row = await self._one("get_configuration", {"instance": instance_id})
        return None if row is None else Revision(**row)

    async def configurations_with(self, word: str, *, limit: int = 1000) -> list[tuple[str, str]]:
        """Return instances whose configuration in force holds a word, with that configuration's source."""
        rows = await self._all("configurations_with", {"word": f"%{word}%", "limit": limit})
        return [(row["instance_id"], row["source"]) for row in rows]

    async def configurations(self, instance_id: str) -> list[Revision]:
        """Return all revisions of an instance's configuration, newest first."""
        return [Revision(**row) for row in await self._all("list_configurations", {"instance": instance_id})]

    async def _one(self, name: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
        async with self._database.control() as connection:
            return await (await execute(connection, name, params)).fetchone()

    async def _all(self, name: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        async with self._database.control() as connection:
            return await (await execute(connection, name, params)).fetchall()


def hash_key(secret: str) -> bytes:
    """Return what is stored of a key: its SHA-256. Keys are long and random, so nothing slower is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def instance_params(instance_id: str, request: CreateInstance, *, now: datetime) -> dict[str, Any]:
    """Return the parameters of the statement `insert_instance`."""
    return {
        "instance": instance_id,
        "client": request.client_id,
        "name": request.name,
        "agent_type": request.agent_type,
        "tenancy": request.tenancy,
        "description": request.description,
        "metadata": encode_json(request.metadata),
        "now": now,
    }


def key_params(instance_id: str | None, key_id: str, *, secret: str, label: str, now: datetime) -> dict[str, Any]:
    """Return the parameters of the statement `insert_key`, for a key of no client; of the key itself only a hash."""
    return {
        "key": key_id,
        "kind": "management" if instance_id is None else "application",
        "client": None,
        "instance": instance_id,
        "label": label,
        "prefix": secret[:KEY_PREFIX_LENGTH],
        "hash": hash_key(secret),
        "now": now,
    }


@contextmanager
def _taken(name: str | None) -> Iterator[None]:
    """Say that the client has an instance of this name already, where the database refuses it."""
    try:
        yield
    except errors.UniqueViolation as error:
        raise ConflictError(f"an instance named {name!r} is there already", field="name") from error


def _being_deleted(what: str) -> ConflictError:
    return ConflictError(f"{what} is being deleted: it can be deleted again, but not changed")


def _present(row: dict[str, Any] | None, what: str) -> dict[str, Any]:
    if row is None:
        raise NotFoundError(f"there is no {what}", field=f"{what.partition(' ')[0]}_id")
    return row


def _client(row: Mapping[str, Any]) -> ClientRecord:
    return ClientRecord(client_id=row["id"], name=row["name"], status=row["status"], created_at=row["created_at"])


def _instance(row: Mapping[str, Any], *, memory_count: int | None = None) -> InstanceRecord:
    columns = {name: value for name, value in row.items() if name != "metadata"}
    return InstanceRecord(**columns, metadata=decode_metadata(row["metadata"]), memory_count=memory_count)


def _key(row: Mapping[str, Any]) -> KeyRecord:
    return KeyRecord(key_id=row["id"], **{name: value for name, value in row.items() if name != "id"})
