"""Routes of `entities.*`."""

from __future__ import annotations

from typing import Any

from litestar import Request, Router, get, post
from litestar.params import FromPath

from synap.api.entities import (
    EntityContext,
    EntityPage,
    EntityRecord,
    FetchEntity,
    ListEntities,
    MergeEntities,
    SplitEntity,
)
from synap.server.rest.authentication import Application
from synap.server.rest.bodies import OwnerQuery, read_body, read_owner, read_query

_OK = 200


@get("/", opt={"query": ListEntities}, summary="List the entities of one scope")
async def listing(request: Request[Any, Any, Any], api: Application) -> EntityPage:
    """List the entities of one scope."""
    return await api.entities(read_query(request, ListEntities))


@post("/fetch", status_code=_OK, opt={"body": FetchEntity}, summary="All about an entity")
async def fetch(request: Request[Any, Any, Any], api: Application) -> EntityContext:
    """Return all about an entity, by its id, its name or its role."""
    return await api.entity_context(await read_body(request, FetchEntity))


@get("/{entity_id:str}", opt={"query": OwnerQuery}, summary="One entity")
async def entity(request: Request[Any, Any, Any], entity_id: FromPath[str], api: Application) -> EntityRecord:
    """Return one entity."""
    return await api.entity(entity_id, ids=read_owner(request))


@post(
    "/{entity_id:str}/merge",
    status_code=_OK,
    opt={"body": MergeEntities, "known": ("entity_id",)},
    summary="Let two entities be one",
)
async def merge(request: Request[Any, Any, Any], entity_id: FromPath[str], api: Application) -> EntityRecord:
    """Merge another entity into one."""
    return await api.merge_entities(await read_body(request, MergeEntities, entity_id=entity_id))


@post(
    "/{entity_id:str}/split",
    status_code=_OK,
    opt={"body": SplitEntity, "known": ("entity_id",)},
    summary="Take an entity or a name out of an entity",
)
async def split(request: Request[Any, Any, Any], entity_id: FromPath[str], api: Application) -> EntityRecord:
    """Undo a merge, or make an entity of its own out of a name."""
    return await api.split_entity(await read_body(request, SplitEntity, entity_id=entity_id))


def routers() -> list[Router]:
    """Return the routes under both prefixes."""
    handlers = [listing, fetch, entity, merge, split]
    return [Router(path=path, route_handlers=handlers) for path in ("/v1/entities", "/api/v1/entities")]
