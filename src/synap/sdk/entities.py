"""`sdk.entities`: who and what is talked about, all about one of them, merging and splitting."""

from __future__ import annotations

from synap.api.entities import (
    EntityContext,
    EntityPage,
    EntityRecord,
    FetchEntity,
    ListEntities,
    MergeEntities,
    SplitEntity,
)
from synap.api.requests import build
from synap.domain.scopes import Ids
from synap.sdk.contexts import Connect


class Entities:
    """The registry of people, organisations, places, products, projects and roles, one for each scope."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def list(
        self,
        *,
        user_id: str | None = None,
        customer_id: str | None = None,
        kind: str | None = None,
        name: str | None = None,
        page: int = 1,
        page_size: int = 20,
    ) -> EntityPage:
        """Return a page of the entities of exactly one scope, the most mentioned first.

        Args:
            user_id: The user whose entities they are.
            customer_id: The customer.
            kind: `person`, `organisation`, `place`, `product`, `project`, `role` or `other`.
            name: Part of a name.
            page: From 1.
            page_size: At most 100.
        """
        values = {"user_id": user_id, "customer_id": customer_id, "kind": kind, "name": name}
        request = build(ListEntities, {**values, "page": page, "page_size": page_size})
        return await (await self._connect()).entities(request)

    async def get(self, entity_id: str, *, user_id: str | None = None, customer_id: str | None = None) -> EntityRecord:
        """Return an entity with its names and the memories that use them, its relationships, and why it is as it is.

        Raises:
            NotFoundError: There is none, or it is not of the ids' owner.
        """
        ids = Ids.checked(customer_id=customer_id, user_id=user_id)
        return await (await self._connect()).entity(entity_id, ids=ids)

    async def fetch(
        self,
        entity_id: str | None = None,
        *,
        name: str | None = None,
        user_id: str | None = None,
        customer_id: str | None = None,
        max_results: int = 50,
        max_tokens: int | None = None,
    ) -> EntityContext:
        """Return everything about an entity that the owner may read, narrower scopes and newer memories first.

        Args:
            entity_id: The entity; or
            name: a name of it, or a role of the user's (`my manager`).
            user_id: The user for whom it is read.
            customer_id: The customer.
            max_results: Memories, 200 at most.
            max_tokens: Budget of `formatted_context`.

        Raises:
            NotFoundError: Nobody is known so.
            ConflictError: Several are; the message lists them.
        """
        values = {"entity_id": entity_id, "name": name, "user_id": user_id, "customer_id": customer_id}
        request = build(FetchEntity, {**values, "max_results": max_results, "max_tokens": max_tokens})
        return await (await self._connect()).entity_context(request)

    async def merge(
        self, entity_id: str, other_id: str, *, user_id: str | None = None, customer_id: str | None = None
    ) -> EntityRecord:
        """Let two entities of one scope be one; return the first, which stays. `split` with `merged_id` undoes it.

        Raises:
            NotFoundError: One of them is not there, or not of the ids' owner.
            ConflictError: One of them was merged into a third.
        """
        values = {"entity_id": entity_id, "other_id": other_id, "user_id": user_id, "customer_id": customer_id}
        return await (await self._connect()).merge_entities(build(MergeEntities, values))

    async def split(
        self,
        entity_id: str,
        *,
        merged_id: str | None = None,
        alias: str | None = None,
        user_id: str | None = None,
        customer_id: str | None = None,
    ) -> EntityRecord:
        """Take something out of an entity; return what stands for itself then. `merge` undoes it.

        Args:
            entity_id: The entity.
            merged_id: An entity that was merged into it; or
            alias: one of its names, which becomes an entity of its own with the mentions under it.
            user_id: The owner, where it is to be checked.
            customer_id: Likewise.

        Raises:
            NotFoundError: One of them is not there, or not of the ids' owner.
            ConflictError: There is nothing to split, or another entity has the name.
        """
        values = {"entity_id": entity_id, "merged_id": merged_id, "alias": alias}
        request = build(SplitEntity, {**values, "user_id": user_id, "customer_id": customer_id})
        return await (await self._connect()).split_entity(request)
