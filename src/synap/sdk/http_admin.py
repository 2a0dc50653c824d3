"""`AdminApi` over HTTP, with a management key."""

from __future__ import annotations

from collections.abc import Mapping
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
from synap.api.receipts import ReceiptBooks, ReceiptPage
from synap.sdk.http import Result, read, read_list
from synap.sdk.transport import Transport, segment

PAGE_SIZE = 100


class HttpAdminApi:
    """The operations of management, asked of a server."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def clients(self) -> tuple[ClientRecord, ...]:
        """List the clients."""
        return await self._all("/v1/clients", {}, ClientRecord)

    async def create_client(self, *, name: str) -> ClientRecord:
        """Create a client."""
        return read(await self._transport.call("POST", "/v1/clients", body={"name": name}), ClientRecord)

    async def update_client(
        self, client_id: str, *, name: str | None = None, status: str | None = None
    ) -> ClientRecord:
        """Rename a client or change its status."""
        path = f"/v1/clients/{segment(client_id)}"
        return read(await self._transport.call("PATCH", path, body={"name": name, "status": status}), ClientRecord)

    async def delete_client(self, client_id: str) -> None:
        """Erase a client with everything below it."""
        await self._transport.call("DELETE", f"/v1/clients/{segment(client_id)}")

    async def instances(self, *, client_id: str) -> tuple[InstanceRecord, ...]:
        """List the instances of a client."""
        return await self._all("/dashboard/instances", {"client_id": client_id}, InstanceRecord)

    async def instance(self, instance_id: str) -> InstanceRecord:
        """Return one instance."""
        path = f"/dashboard/instances/{segment(instance_id)}"
        return read(await self._transport.call("GET", path, repeatable=True), InstanceRecord)

    async def create_instance(self, request: CreateInstance) -> InstanceRecord:
        """Create an instance."""
        return read(await self._transport.call("POST", "/dashboard/instances", body=request), InstanceRecord)

    async def update_instance(self, instance_id: str, request: UpdateInstance) -> InstanceRecord:
        """Change an instance."""
        path = f"/dashboard/instances/{segment(instance_id)}"
        return read(await self._transport.call("PATCH", path, body=request), InstanceRecord)

    async def delete_instance(self, instance_id: str) -> None:
        """Erase an instance with all its data."""
        await self._transport.call("DELETE", f"/dashboard/instances/{segment(instance_id)}")

    async def keys(self, instance_id: str) -> tuple[KeyRecord, ...]:
        """List the keys of an instance."""
        path = f"/v1/instances/{segment(instance_id)}/api-keys"
        return read_list(await self._transport.call("GET", path, repeatable=True), KeyRecord)

    async def create_key(self, instance_id: str, *, label: str) -> NewKey:
        """Make a key for an instance."""
        path = f"/v1/instances/{segment(instance_id)}/api-keys"
        return read(await self._transport.call("POST", path, body={"label": label}), NewKey)

    async def revoke_key(self, instance_id: str, key_id: str) -> None:
        """Revoke a key at once."""
        await self._transport.call("DELETE", f"/v1/instances/{segment(instance_id)}/api-keys/{segment(key_id)}")

    async def config(self, instance_id: str) -> ConfigRecord:
        """Return the configuration in force."""
        path = f"/v1/instances/{segment(instance_id)}/config"
        return read(await self._transport.call("GET", path, repeatable=True), ConfigRecord)

    async def set_config(self, instance_id: str, source: str | Mapping[str, Any]) -> ConfigRecord:
        """Validate a MACA document and put it in force."""
        path = f"/v1/instances/{segment(instance_id)}/config"
        if isinstance(source, str):
            content = ("application/yaml", source.encode("utf-8", "surrogatepass"))
            return read(await self._transport.call("PUT", path, content=content), ConfigRecord)
        return read(await self._transport.call("PUT", path, body=dict(source)), ConfigRecord)

    async def add_world_memory(self, request: WorldMemory) -> MemoryRecord:
        """Write a memory that every instance reads."""
        return read(await self._transport.call("POST", "/v1/world/memories", body=request), MemoryRecord)

    async def world_memories(self, *, page: int = 1, page_size: int = 20) -> MemoryPage:
        """List the WORLD memories."""
        query = {"page": page, "page_size": page_size}
        return read(await self._transport.call("GET", "/v1/world/memories", query=query, repeatable=True), MemoryPage)

    async def delete_world_memory(self, memory_id: str) -> DeletedMemory:
        """Erase a WORLD memory."""
        return read(await self._transport.call("DELETE", f"/v1/world/memories/{segment(memory_id)}"), DeletedMemory)

    async def delete_data(self, request: DeleteData) -> DataDeletion:
        """Delete everything of a customer, a user or a conversation, or count it."""
        return read(await self._transport.call("POST", "/v1/data/delete", body=request), DataDeletion)

    async def deletion(self, instance_id: str, deletion_id: str) -> DataDeletion:
        """Return the record of a deletion in an instance."""
        path = f"/v1/data/delete/{segment(deletion_id)}"
        query = {"instance_id": instance_id}
        return read(await self._transport.call("GET", path, query=query, repeatable=True), DataDeletion)

    async def receipts(self, instance_id: str, *, after: int = 0, limit: int = 100) -> ReceiptPage:
        """Return receipts of the erasures of an instance, or of a client."""
        query = {"instance_id": instance_id, "after": after, "limit": limit}
        return read(await self._transport.call("GET", "/v1/receipts", query=query, repeatable=True), ReceiptPage)

    async def receipt_books(self) -> Mapping[str, int]:
        """Return which instances and clients there are receipts of."""
        return read(await self._transport.call("GET", "/v1/receipts/books", repeatable=True), ReceiptBooks).books

    async def audit(self, *, instance_id: str | None = None, cursor: str | None = None, limit: int = 100) -> AuditPage:
        """Read the audit trail, newest first."""
        query = {"instance_id": instance_id, "cursor": cursor, "limit": limit}
        return read(await self._transport.call("GET", "/v1/audit", query=query, repeatable=True), AuditPage)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def _all(self, path: str, query: Mapping[str, str], kind: type[Result]) -> tuple[Result, ...]:
        rows: list[Result] = []
        page = 1
        while True:
            asked = {**query, "page": page, "page_size": PAGE_SIZE}
            body = await self._transport.call("GET", path, query=asked, repeatable=True)
            rows.extend(read_list(body, kind))
            if page >= read(body, _Pages).total_pages:
                return tuple(rows)
            page += 1


class _Pages(msgspec.Struct, frozen=True):
    total_pages: int = 1
