"""Routes of management: clients, instances, keys, configuration, WORLD, audit. They take a management key only."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, delete, get, patch, post, put
from litestar.params import FromPath

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
    WhoAmI,
    WorldMemory,
)
from synap.api.memories import DeletedMemory, MemoryPage, MemoryRecord
from synap.api.requests import build, parse_object
from synap.errors import InvalidInputError
from synap.server.rest.authentication import Application, Management
from synap.server.rest.bodies import Page, paged, read_body, read_object, read_query

_OK = 200
_INSTANCES = ["/dashboard/instances", "/v1/instances"]
_INSTANCE = ["/dashboard/instances/{instance_id:str}", "/v1/instances/{instance_id:str}"]


class ClientChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The client of a new instance, where the body does not name it."""

    client_id: str | None = None


class ClientQuery(ReadPage, frozen=True, kw_only=True):
    """Whose instances, and which page of them."""

    client_id: str


@get(["/v1/auth/whoami", "/api/v1/auth/whoami"], summary="Whose key this is")
async def whoami(api: Application) -> WhoAmI:
    """Return the client, instance and tenancy behind the key."""
    return await api.whoami()


@get("/v1/clients", opt={"query": ReadPage}, summary="List the clients")
async def clients(request: Request[Any, Any, Any], admin: Management) -> Page[ClientRecord]:
    """List the clients."""
    return paged(await admin.clients(), read_query(request, ReadPage))


@post("/v1/clients", opt={"body": CreateClient}, summary="Create a client")
async def create_client(request: Request[Any, Any, Any], admin: Management) -> ClientRecord:
    """Create a client."""
    return await admin.create_client(name=(await read_body(request, CreateClient)).name)


@patch("/v1/clients/{client_id:str}", opt={"body": UpdateClient}, summary="Rename a client or change its status")
async def update_client(request: Request[Any, Any, Any], client_id: FromPath[str], admin: Management) -> ClientRecord:
    """Change a client."""
    change = await read_body(request, UpdateClient)
    return await admin.update_client(client_id, name=change.name, status=change.status)


@delete("/v1/clients/{client_id:str}", status_code=_OK, summary="Erase a client with everything below it")
async def delete_client(client_id: FromPath[str], admin: Management) -> dict[str, str]:
    """Erase a client."""
    await admin.delete_client(client_id)
    return {"client_id": client_id, "status": "deleted"}


@get(_INSTANCES, opt={"query": ClientQuery}, summary="List the instances of a client")
async def instances(request: Request[Any, Any, Any], admin: Management) -> Page[InstanceRecord]:
    """List the instances of a client."""
    query = read_query(request, ClientQuery)
    return paged(await admin.instances(client_id=query.client_id), query)


@post(
    _INSTANCES,
    opt={"body": CreateInstance, "optional": ("client_id",), "query": ClientChoice},
    summary="Create an instance",
)
async def create_instance(request: Request[Any, Any, Any], admin: Management) -> InstanceRecord:
    """Create an instance; the client may stand in the query or in the body."""
    values = await read_object(request)
    chosen = read_query(request, ClientChoice)
    if chosen.client_id is not None:
        values["client_id"] = chosen.client_id
    return await admin.create_instance(build(CreateInstance, values))


@get(_INSTANCE, summary="One instance")
async def instance(instance_id: FromPath[str], admin: Management) -> InstanceRecord:
    """Return one instance."""
    return await admin.instance(instance_id)


@patch(_INSTANCE, opt={"body": UpdateInstance}, summary="Change, suspend or archive an instance")
async def update_instance(
    request: Request[Any, Any, Any], instance_id: FromPath[str], admin: Management
) -> InstanceRecord:
    """Change an instance."""
    return await admin.update_instance(instance_id, await read_body(request, UpdateInstance))


@delete(_INSTANCE, status_code=_OK, summary="Erase an instance with all its data")
async def delete_instance(instance_id: FromPath[str], admin: Management) -> dict[str, str]:
    """Erase an instance."""
    await admin.delete_instance(instance_id)
    return {"id": instance_id, "status": "deleted"}


@get("/v1/instances/{instance_id:str}/api-keys", summary="List the keys of an instance")
async def keys(instance_id: FromPath[str], admin: Management) -> dict[str, list[KeyRecord]]:
    """List keys, under `data`."""
    return {"data": list(await admin.keys(instance_id))}


@post("/v1/instances/{instance_id:str}/api-keys", opt={"body": CreateKey}, summary="Make a key; shown this once")
async def create_key(request: Request[Any, Any, Any], instance_id: FromPath[str], admin: Management) -> NewKey:
    """Make a key."""
    return await admin.create_key(instance_id, label=(await read_body(request, CreateKey)).label)


@delete("/v1/instances/{instance_id:str}/api-keys/{key_id:str}", status_code=_OK, summary="Revoke a key at once")
async def revoke_key(instance_id: FromPath[str], key_id: FromPath[str], admin: Management) -> dict[str, str]:
    """Revoke a key."""
    await admin.revoke_key(instance_id, key_id)
    return {"key_id": key_id, "status": "revoked"}


@get("/v1/instances/{instance_id:str}/config", summary="The configuration in force")
async def config(instance_id: FromPath[str], admin: Management) -> ConfigRecord:
    """Return the configuration."""
    return await admin.config(instance_id)


@put(
    "/v1/instances/{instance_id:str}/config",
    opt={"content": {"application/yaml": {"type": "string"}, "application/json": {"type": "object"}}},
    summary="Put a configuration in force; YAML or JSON",
)
async def set_config(request: Request[Any, Any, Any], instance_id: FromPath[str], admin: Management) -> ConfigRecord:
    """Validate a MACA document and put it in force. A body not declared as JSON is read as YAML."""
    if request.content_type[0] == "application/json":
        return await admin.set_config(instance_id, parse_object(await request.body()))
    try:
        source = (await request.body()).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"the configuration must be UTF-8: byte {error.start} is not") from error
    return await admin.set_config(instance_id, source)


@post("/v1/world/memories", opt={"body": WorldMemory}, summary="Write a memory that every instance reads")
async def add_world(request: Request[Any, Any, Any], admin: Management) -> MemoryRecord:
    """Write a WORLD memory."""
    return await admin.add_world_memory(await read_body(request, WorldMemory))


@get("/v1/world/memories", opt={"query": ReadPage}, summary="List the WORLD memories")
async def world(request: Request[Any, Any, Any], admin: Management) -> MemoryPage:
    """List the WORLD memories."""
    query = read_query(request, ReadPage)
    return await admin.world_memories(page=query.page, page_size=query.page_size)


@delete("/v1/world/memories/{memory_id:str}", status_code=_OK, summary="Erase a WORLD memory")
async def delete_world(memory_id: FromPath[str], admin: Management) -> DeletedMemory:
    """Erase a WORLD memory."""
    return await admin.delete_world_memory(memory_id)


@get("/v1/audit", opt={"query": ReadAudit}, summary="Read the audit trail, newest first")
async def audit(request: Request[Any, Any, Any], admin: Management) -> AuditPage:
    """Return a page of the audit trail."""
    query = read_query(request, ReadAudit)
    return await admin.audit(instance_id=query.instance_id, cursor=query.cursor, limit=query.limit)


ROUTES = [
    whoami,
    clients,
    create_client,
    update_client,
    delete_client,
    instances,
    create_instance,
    instance,
    update_instance,
    delete_instance,
    keys,
    create_key,
    revoke_key,
    config,
    set_config,
    add_world,
    world,
    delete_world,
    audit,
]
