"""`sdk.admin`: what the operator does. In process you are the operator; on a server it takes a management key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from synap.api.admin import (
    AuditPage,
    ClientRecord,
    ConfigRecord,
    CreateClient,
    CreateInstance,
    CreateKey,
    InstanceRecord,
    KeyRecord,
    NewKey,
    ReadAudit,
    ReadPage,
    UpdateClient,
    UpdateInstance,
    WorldMemory,
)
from synap.api.memories import DeletedMemory, MemoryPage, MemoryRecord
from synap.api.protocol import AdminApi
from synap.api.requests import build
from synap.errors import InvalidInputError
from synap.sdk.rows import check_row_id

Connect = Callable[[], Awaitable[AdminApi]]


class Admin:
    """Management, a group per noun.

    Attributes:
        clients: Organisations at the top of the tree.
        instances: Deployed agents.
        keys: Keys of instances.
        config: How memory behaves for an instance.
        world: Memories that every instance reads.
        audit: Who did what to which ids.
    """

    def __init__(self, connect: Connect) -> None:
        self.clients = Clients(connect)
        self.instances = Instances(connect)
        self.keys = Keys(connect)
        self.config = Config(connect)
        self.world = World(connect)
        self.audit = AuditTrail(connect)


class Clients:
    """Organisations at the top of the tree."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def list(self) -> tuple[ClientRecord, ...]:
        """Return the clients."""
        return await (await self._connect()).clients()

    async def create(self, name: str) -> ClientRecord:
        """Create a client."""
        request = build(CreateClient, {"name": name})
        return await (await self._connect()).create_client(name=request.name)

    async def update(self, client_id: str, *, name: str | None = None, status: str | None = None) -> ClientRecord:
        """Rename a client, or set its status: `active`, `inactive` or `soft_deleted`."""
        client_id = check_row_id(client_id, field="client_id")
        change = build(UpdateClient, {"name": name, "status": status})
        return await (await self._connect()).update_client(client_id, name=change.name, status=change.status)

    async def delete(self, client_id: str) -> None:
        """Erase a client with all its instances and all their data."""
        client_id = check_row_id(client_id, field="client_id")
        await (await self._connect()).delete_client(client_id)


class Instances:
    """Deployed agents."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def list(self, client_id: str) -> tuple[InstanceRecord, ...]:
        """Return the instances of a client."""
        client_id = check_row_id(client_id, field="client_id")
        return await (await self._connect()).instances(client_id=client_id)

    async def get(self, instance_id: str) -> InstanceRecord:
        """Return one instance."""
        instance_id = _instance(instance_id)
        return await (await self._connect()).instance(instance_id)

    async def create(
        self,
        client_id: str,
        name: str,
        *,
        agent_type: str = "general",
        tenancy: str = "open",
        description: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> InstanceRecord:
        """Create an instance, active at once. `tenancy` is `open`, `b2b` or `b2c`, and stays."""
        request = build(
            CreateInstance,
            {
                "client_id": client_id,
                "name": name,
                "agent_type": agent_type,
                "tenancy": tenancy,
                "description": description,
                "metadata": metadata,
            },
        )
        return await (await self._connect()).create_instance(request)

    async def update(
        self,
        instance_id: str,
        *,
        name: str | None = None,
        agent_type: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, str] | None = None,
        status: str | None = None,
    ) -> InstanceRecord:
        """Change an instance; what is None stays."""
        request = build(
            UpdateInstance,
            {
                "name": name,
                "agent_type": agent_type,
                "description": description,
                "metadata": metadata,
                "status": status,
            },
        )
        instance_id = _instance(instance_id)
        return await (await self._connect()).update_instance(instance_id, request)

    async def suspend(self, instance_id: str) -> InstanceRecord:
        """Let an instance refuse every call of its keys, until it is resumed."""
        return await self.update(instance_id, status="suspended")

    async def resume(self, instance_id: str) -> InstanceRecord:
        """Let a suspended instance serve again."""
        return await self.update(instance_id, status="active")

    async def delete(self, instance_id: str) -> None:
        """Erase an instance with all its data."""
        instance_id = _instance(instance_id)
        await (await self._connect()).delete_instance(instance_id)


class Keys:
    """Keys of instances."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def list(self, instance_id: str) -> tuple[KeyRecord, ...]:
        """Return the keys of an instance, revoked ones included."""
        instance_id = _instance(instance_id)
        return await (await self._connect()).keys(instance_id)

    async def create(self, instance_id: str, label: str = "") -> NewKey:
        """Make a key; its secret is shown this once."""
        instance_id = _instance(instance_id)
        request = build(CreateKey, {"label": label})
        return await (await self._connect()).create_key(instance_id, label=request.label)

    async def revoke(self, instance_id: str, key_id: str) -> None:
        """Revoke a key at once."""
        key_id = check_row_id(key_id, field="key_id")
        instance_id = _instance(instance_id)
        await (await self._connect()).revoke_key(instance_id, key_id)


class Config:
    """How memory behaves for an instance: its MACA document."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def get(self, instance_id: str) -> ConfigRecord:
        """Return the configuration in force."""
        instance_id = _instance(instance_id)
        return await (await self._connect()).config(instance_id)

    async def set(self, instance_id: str, source: str | Mapping[str, Any]) -> ConfigRecord:
        """Validate a MACA document, YAML text or a mapping, and put it in force."""
        instance_id = _instance(instance_id)
        if not isinstance(source, str | Mapping):
            raise InvalidInputError(
                f"the configuration must be YAML text or a mapping, not {type(source).__name__}", field="config"
            )
        return await (await self._connect()).set_config(instance_id, source)


class World:
    """Memories that every instance reads."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def add(self, content: str, *, type: str = "fact", metadata: Mapping[str, Any] | None = None) -> MemoryRecord:  # noqa: A002 - the wire's own name
        """Write a WORLD memory."""
        request = build(WorldMemory, {"content": content, "type": type, "metadata": metadata})
        return await (await self._connect()).add_world_memory(request)

    async def list(self, page: int = 1, page_size: int = 20) -> MemoryPage:
        """List the WORLD memories, newest first."""
        asked = build(ReadPage, {"page": page, "page_size": page_size})
        return await (await self._connect()).world_memories(page=asked.page, page_size=asked.page_size)

    async def delete(self, memory_id: str) -> DeletedMemory:
        """Erase a WORLD memory."""
        memory_id = check_row_id(memory_id, field="memory_id")
        return await (await self._connect()).delete_world_memory(memory_id)


class AuditTrail:
    """Who did what to which ids; never content."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def list(self, *, instance_id: str | None = None, cursor: str | None = None, limit: int = 100) -> AuditPage:
        """Return a page of the trail, newest first; its `cursor` leads to the next."""
        asked = build(ReadAudit, {"instance_id": instance_id, "cursor": cursor, "limit": limit})
        return await (await self._connect()).audit(
            instance_id=asked.instance_id, cursor=asked.cursor, limit=asked.limit
        )


def _instance(instance_id: str) -> str:
    return check_row_id(instance_id, field="instance_id")
