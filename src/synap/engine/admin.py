"""`AdminApi` in process: what the operator does with a management key. Every change is audited before it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from synap.api.admin import (
    AuditPage,
    ClientRecord,
    ConfigRecord,
    CreateInstance,
    InstanceRecord,
    KeyRecord,
    NewKey,
    UpdateInstance,
    WorldMemory,
)
from synap.api.data import DataDeletion, DeleteData
from synap.api.memories import DeletedMemory, MemoryPage, MemoryRecord
from synap.api.receipts import ReceiptPage
from synap.api.requests import checked
from synap.api.wire import memory_record
from synap.domain.ids import check_caller_id, decode_public_id, new_client_id, new_instance_id
from synap.domain.memories import Draft, MemoryStatus, MemoryType, NewMemory, Statement
from synap.domain.scopes import WORLD_SPACE, Tenancy, world_scope
from synap.domain.slots import slots_of
from synap.engine import checks, data, receipts
from synap.engine.accounts import new_key, new_key_id
from synap.engine.callers import Caller
from synap.engine.core import Core
from synap.engine.deletion import delete_client, delete_instance
from synap.engine.ingest import DIRECT
from synap.engine.instances import Instances
from synap.engine.memories import list_scope
from synap.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, ServiceUnavailableError
from synap.maca.load import load, read, to_mapping, to_yaml
from synap.maca.versions import check_rises
from synap.store.scopes import DELETING

CLIENT_STATUSES = ("active", "inactive", "soft_deleted")
INSTANCE_STATUSES = ("active", "suspended", "archived")
MAX_NAME = 200
MAX_AUDIT_PAGE = 1000


@dataclass(frozen=True, slots=True)
class EngineAdmin:
    """What one operator may do. Implements `synap.api.protocol.AdminApi`; the docstrings stand there."""

    core: Core
    caller: Caller
    kept: Instances

    async def clients(self) -> tuple[ClientRecord, ...]:
        """See `AdminApi.clients`."""
        self._check()
        return tuple(await self.core.store.accounts.clients())

    async def create_client(self, *, name: str) -> ClientRecord:
        """See `AdminApi.create_client`."""
        self._check()
        made = await self.core.store.accounts.create_client(
            new_client_id(), name=_name(name), now=self.core.clock.now()
        )
        await self._audited("client.create", made.client_id)
        return made

    async def update_client(
        self, client_id: str, *, name: str | None = None, status: str | None = None
    ) -> ClientRecord:
        """See `AdminApi.update_client`."""
        self._check()
        client_id = check_caller_id(client_id, field="client_id")
        _one_of(status, CLIENT_STATUSES, field="status")
        made = await self.core.store.accounts.update_client(
            client_id, name=None if name is None else _name(name), status=status
        )
        await self._audited("client.update", client_id)
        return made

    async def delete_client(self, client_id: str) -> None:
        """See `AdminApi.delete_client`."""
        self._check()
        await delete_client(self.core, self.kept, self.caller, check_caller_id(client_id, field="client_id"))

    async def instances(self, *, client_id: str) -> tuple[InstanceRecord, ...]:
        """See `AdminApi.instances`."""
        self._check()
        await self.core.store.accounts.client(check_caller_id(client_id, field="client_id"))
        return tuple(await self.core.store.accounts.instances(client_id))

    async def instance(self, instance_id: str) -> InstanceRecord:
        """See `AdminApi.instance`."""
        self._check()
        return await self._instance(instance_id)

    async def create_instance(self, request: CreateInstance) -> InstanceRecord:
        """See `AdminApi.create_instance`."""
        self._check()
        request = checked(request)
        check_caller_id(request.client_id, field="client_id")
        _name(request.name)
        checks.one_of(Tenancy, request.tenancy, field="tenancy")
        _texts(request.metadata)
        made = await self.core.store.accounts.create_instance(new_instance_id(), request, now=self.core.clock.now())
        await self._audited("instance.create", made.id)
        return made

    async def update_instance(self, instance_id: str, request: UpdateInstance) -> InstanceRecord:
        """See `AdminApi.update_instance`."""
        self._check()
        instance_id, request = check_caller_id(instance_id, field="instance_id"), checked(request)
        _one_of(request.status, INSTANCE_STATUSES, field="status")
        if request.name is not None:
            _name(request.name)
        if request.metadata is not None:
            _texts(request.metadata)
        made = await self.core.store.accounts.update_instance(instance_id, request)
        await self._audited("instance.update", instance_id)
        return made

    async def delete_instance(self, instance_id: str) -> None:
        """See `AdminApi.delete_instance`."""
        self._check()
        await delete_instance(self.core, self.kept, self.caller, check_caller_id(instance_id, field="instance_id"))

    async def keys(self, instance_id: str) -> tuple[KeyRecord, ...]:
        """See `AdminApi.keys`."""
        self._check()
        await self._instance(instance_id)
        return tuple(await self.core.store.accounts.keys(instance_id))

    async def create_key(self, instance_id: str, *, label: str) -> NewKey:
        """See `AdminApi.create_key`."""
        self._check()
        await self._standing(instance_id)
        secret = new_key()
        made = await self.core.store.accounts.create_key(
            instance_id, new_key_id(), secret=secret, label=_label(label), now=self.core.clock.now()
        )
        await self._audited("key.create", made.key_id, instance_id=instance_id)
        return NewKey(
            key_id=made.key_id,
            api_key=secret,
            kind=made.kind,
            label=made.label,
            created_at=made.created_at,
            instance_id=instance_id,
        )

    async def revoke_key(self, instance_id: str, key_id: str) -> None:
        """See `AdminApi.revoke_key`."""
        self._check()
        check_caller_id(instance_id, field="instance_id")
        check_caller_id(key_id, field="key_id")
        if not await self.core.store.accounts.revoke_key(instance_id, key_id, now=self.core.clock.now()):
            raise NotFoundError(f"instance {instance_id} has no key {key_id}", field="key_id")
        await self._audited("key.revoke", key_id, instance_id=instance_id)

    async def config(self, instance_id: str) -> ConfigRecord:
        """See `AdminApi.config`."""
        self._check()
        record = await self._instance(instance_id)
        revision = await self.core.store.accounts.configuration(instance_id)
        if revision is None:
            default = load("")
            return ConfigRecord(
                instance_id=instance_id,
                revision=0,
                source=to_yaml(default),
                values=to_mapping(default),
                applied_at=record.created_at,
            )
        return ConfigRecord(
            instance_id=instance_id,
            revision=revision.revision,
            source=revision.source,
            values=to_mapping(read(revision.source)),
            applied_at=revision.applied_at,
        )

    async def set_config(self, instance_id: str, source: str | Mapping[str, Any]) -> ConfigRecord:
        """See `AdminApi.set_config`."""
        self._check()
        maca = load(source)
        _storable(to_mapping(maca))
        text = source if isinstance(source, str) else to_yaml(maca)
        await self._standing(instance_id)
        made = await self.core.store.accounts.configure(
            instance_id,
            text,
            actor=self.caller.actor,
            now=self.core.clock.now(),
            check=partial(check_rises, source),
        )
        await self._audited("config.set", f"{instance_id}@{made.revision}", instance_id=instance_id)
        return ConfigRecord(
            instance_id=instance_id,
            revision=made.revision,
            source=text,
            values=to_mapping(maca),
            applied_at=made.applied_at,
        )

    async def add_world_memory(self, request: WorldMemory) -> MemoryRecord:
        """See `AdminApi.add_world_memory`."""
        self._check()
        request = checked(request)
        content, now = checks.memory_content(request.content, field="content"), self.core.clock.now()
        statement = Statement(
            type=checks.one_of(MemoryType, request.type, field="type"),
            content=content,
            confidence=1.0,
            score=1.0,
            subject="",
            slots=slots_of(content, subject=""),
            said_at=now,
        )
        space = await self.core.spaces.live()
        vectors = await space.embedder.embed_documents([content])
        memory = NewMemory(key=0, draft=Draft(statement=statement, evidence=()), extractor=DIRECT, vector=vectors[0])
        made = await self.core.store.memories.write(
            world_scope(),
            [memory],
            instance_id=WORLD_SPACE,
            metadata=checks.metadata(request.metadata),
            now=now,
            slot=space.slot,
        )
        await self._audited("world.add", made[0])
        return await self._world_memory(made[0])

    async def world_memories(self, *, page: int = 1, page_size: int = 20) -> MemoryPage:
        """See `AdminApi.world_memories`."""
        self._check()
        checks.page(page, page_size)
        return await list_scope(self.core, self.caller, world_scope(), page=page, page_size=page_size)

    async def delete_world_memory(self, memory_id: str) -> DeletedMemory:
        """See `AdminApi.delete_world_memory`."""
        self._check()
        ref = decode_public_id(memory_id)
        if ref is None:
            raise NotFoundError("nothing is known under this memory_id", field="memory_id")
        now, signer = self.core.clock.now(), await receipts.signer_of(self.core)
        subject = receipts.Subject(item=memory_id)
        receipt = receipts.due(self.core, signer, WORLD_SPACE, subject, action="memory", begun_at=now)
        if not await self.core.store.memories.erase(world_scope(), ref.row_id, now=now, receipt=receipt):
            raise NotFoundError("nothing is known under this memory_id", field="memory_id")
        await self._audited("world.delete", memory_id)
        return DeletedMemory(memory_id=memory_id, deleted_at=now, receipt_id=receipt.public_id)

    async def delete_data(self, request: DeleteData) -> DataDeletion:
        """See `AdminApi.delete_data`."""
        self._check()
        if request.instance_id is None:
            raise InvalidInputError("instance_id is required with a management key", field="instance_id")
        instance = await self.kept.get(check_caller_id(request.instance_id, field="instance_id"))
        return await data.delete(self.core, self.caller, instance, request)

    async def deletion(self, instance_id: str, deletion_id: str) -> DataDeletion:
        """See `AdminApi.deletion`."""
        self._check()
        instance = await self.kept.get(check_caller_id(instance_id, field="instance_id"))
        return await data.status(self.core, instance, deletion_id)

    async def receipts(self, instance_id: str, *, after: int = 0, limit: int = 100) -> ReceiptPage:
        """See `AdminApi.receipts`."""
        self._check()
        instance_id = check_caller_id(instance_id, field="instance_id")
        return await receipts.page(self.core, instance_id, after=after, limit=limit)

    async def receipt_books(self) -> Mapping[str, int]:
        """See `AdminApi.receipt_books`."""
        self._check()
        return await self.core.store.receipts.books()

    async def audit(self, *, instance_id: str | None = None, cursor: str | None = None, limit: int = 100) -> AuditPage:
        """See `AdminApi.audit`."""
        self._check()
        if not isinstance(limit, int) or not 1 <= limit <= MAX_AUDIT_PAGE:
            raise InvalidInputError(f"limit must be a whole number from 1 to {MAX_AUDIT_PAGE}", field="limit")
        if instance_id is not None:
            check_caller_id(instance_id, field="instance_id")
        await self.core.audit.flush()
        return await self.core.store.audit.page(instance_id, cursor=cursor, limit=limit)

    async def close(self) -> None:
        """See `AdminApi.close`; the engine is closed by who opened it."""

    def _check(self) -> None:
        if self.caller.unverified:
            raise ServiceUnavailableError("the database does not answer", retry_after_seconds=1)
        if self.caller.kind != "management":
            raise ForbiddenError("this call needs a management key; an application key was given")

    async def _instance(self, instance_id: str) -> InstanceRecord:
        return await self.core.store.accounts.instance(check_caller_id(instance_id, field="instance_id"))

    async def _standing(self, instance_id: str) -> InstanceRecord:
        """Return an instance that is not being deleted."""
        record = await self._instance(instance_id)
        if record.status == DELETING:
            raise ConflictError(f"instance {instance_id} is being deleted", field="instance_id")
        return record

    async def _audited(self, action: str, target: str, *, instance_id: str | None = None) -> None:
        self.kept.forget()
        await self.core.record(self.caller, action, targets=(target,), count=1, instance_id=instance_id)

    async def _world_memory(self, memory_id: str) -> MemoryRecord:
        ref = decode_public_id(memory_id)
        found = None if ref is None else await self.core.store.memories.get(world_scope(), ref.row_id)
        if found is None or found.status is MemoryStatus.DELETED:
            raise NotFoundError("nothing is known under this memory_id", field="memory_id")
        return memory_record(found)


def _name(name: str) -> str:
    return checks.text(name, field="name", limit=MAX_NAME, blank=False)


def _label(label: str) -> str:
    return checks.text(label, field="label", limit=MAX_NAME)


def _storable(values: Mapping[str, Any]) -> None:
    """Check that the texts in a configuration can be stored and given back: YAML has escapes for what they must not hold."""
    try:
        body = msgspec.json.encode(values)
    except UnicodeEncodeError as error:
        raise InvalidInputError("config must not contain a lone surrogate", field="config") from error
    if b"\\u0000" in body:
        raise InvalidInputError("config must not contain the NUL character", field="config")


def _texts(metadata: Mapping[str, str]) -> None:
    if not all(isinstance(value, str) for value in checks.metadata(metadata).values()):
        raise InvalidInputError("metadata of an instance must hold text values only", field="metadata")


def _one_of(value: str | None, allowed: tuple[str, ...], *, field: str) -> None:
    if value is not None and value not in allowed:
        shown = ", ".join(repr(name) for name in allowed)
        raise InvalidInputError(f"{field} must be one of {shown}, not {value!r}", field=field)
