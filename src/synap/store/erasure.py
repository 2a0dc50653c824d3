"""Erasure: everything of a conversation, a user, a customer, an instance or a client.

Logical and at once: rows are blanked or deleted in the transaction that answers. What the disk still holds until
PostgreSQL reuses it is the purge's affair. What goes with a single memory is told by `synap.store.blanking`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from synap.domain.scopes import WORLD_SPACE, Scope, bucket_of
from synap.store.database import Database
from synap.store.deletions import Progress, note
from synap.store.detaching import erase_documents
from synap.store.errors import retry
from synap.store.residents import Residents
from synap.store.rows import place, role_for
from synap.store.scopes import Scopes, bump
from synap.store.statements import PORTION, execute, portions

BATCH_ROWS = 5000
"""Rows after which a transaction ends, where a deletion is done in steps."""

_ABOUT_A_SCOPE = ("jobs", "compactions", "ingestions")
_OF_A_SCOPE = (
    *("effects", "retractions", "decisions", "relations", "mentions", "aliases", "entities"),
    *("memories", "segments", "documents"),
)
_OF_AN_OWNER = ("messages", "conversations", "summaries")
_LEADING_TO_A_SCOPE = ("locators", "directory")
_OF_A_CONVERSATION = ("jobs", "compactions", "summaries", "messages", "conversations", "directory")
_OF_ITS_DOCUMENTS = ("documents", "segments")
_OF_AN_INSTANCE = ("directory", "batch", "job", "deletion", "scope", "configuration", "api_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One transaction of a deletion: the rows it deleted, by what they are, and whether nothing is left."""

    removed: Mapping[str, int] = field(default_factory=dict)
    done: bool = False


class Erasure:
    """Deletes all that belongs to somebody."""

    def __init__(self, database: Database, residents: Residents) -> None:
        self._database = database
        self._residents = residents
        self._scopes = Scopes(database)

    async def scope(self, scope: Scope, *, instance_id: str) -> None:
        """Delete everything in exactly one scope: of a user, or what is kept for a customer as such.

        The scope's row remains, its version raised, so that caches notice.
        """
        await retry(lambda: self._scope(scope, instance_id))
        self._residents.forget(scope)

    async def customer(self, customer: Scope) -> list[Scope]:
        """Delete everything of a customer and of its users; return the scopes that were emptied."""
        scopes = await self._scopes.of_customer(customer)
        for scope in scopes:
            await self.scope(scope, instance_id=customer.space)
        return scopes

    async def close_instance(self, instance_id: str) -> None:
        """Begin to delete an instance: from now on nothing is written to it, and its keys open nothing.

        Waits for first writes into a scope that are under way. Safe to repeat, as all that follows.
        """
        async with self._database.control() as connection:
            await execute(connection, "lock_instance", {"instance": instance_id})
            await execute(connection, "close_instance", {"instance": instance_id})

    async def close_client(self, client_id: str) -> list[str]:
        """Begin to delete a client: its instances are closed with it, and none can be added. Returns their ids."""
        params = {"client": client_id}
        async with self._database.control() as connection:
            await execute(connection, "lock_client", params)
            await execute(connection, "close_client", params)
            rows = await (await execute(connection, "lock_instances", params)).fetchall()
            await execute(connection, "close_instances", params)
        return [row["id"] for row in rows]

    async def begun(self) -> tuple[list[str], list[str]]:
        """Return the clients, and the instances, whose deletion has begun and not come to its end."""
        async with self._database.control() as connection:
            clients = await (await execute(connection, "clients_being_deleted", {})).fetchall()
            instances = await (await execute(connection, "instances_being_deleted", {})).fetchall()
        return [row["id"] for row in clients], [row["id"] for row in instances]

    async def instance(
        self,
        instance_id: str,
        shared: Sequence[Scope] = (),
        *,
        emptied: Callable[[Sequence[Scope]], Awaitable[None]] | None = None,
    ) -> None:
        """Delete an instance: all its customers and users, its `shared` scopes, its keys and its settings.

        It is closed first. Cut short, it stays closed, and the same call goes on where it stood.

        Args:
            instance_id: The instance.
            shared: Its CLIENT scope, unless the client's other instances share it.
            emptied: Called with its scopes once they are empty, and the instance is still on record.
        """
        await self.close_instance(instance_id)
        scopes = [*await self._scopes.of_instance(instance_id), *shared]
        for scope in scopes:
            await self.scope(scope, instance_id=instance_id)
        if emptied is not None:
            await emptied(scopes)
        await retry(lambda: self._rows_of_instance(instance_id))

    async def client(
        self,
        client_id: str,
        shared: Scope,
        *,
        emptied: Callable[[Sequence[Scope]], Awaitable[None]] | None = None,
    ) -> None:
        """Delete a client with its instances, and the CLIENT scope that they may share; closed first, as `instance`."""
        for instance_id in await self.close_client(client_id):
            await self.instance(instance_id, [Scope(rung=shared.rung, space=instance_id)])
        await self.scope(shared, instance_id=client_id)
        if emptied is not None:
            await emptied([shared])
        await retry(lambda: self._rows_of_client(client_id))

    async def _rows_of_instance(self, instance_id: str) -> None:
        params = {"instance": instance_id, "space": instance_id}
        async with self._database.control(pipelined=True) as connection:
            # First: a key or a configuration that is just being added is seen by the statements after it.
            await execute(connection, "lock_instance", params)
            for table in _OF_AN_INSTANCE:
                await execute(connection, f"erase_instance_rows_of_{table}", params)
            await execute(connection, "erase_shared_scopes", params)
            await execute(connection, "erase_instance", params)

    async def _rows_of_client(self, client_id: str) -> None:
        params = {"client": client_id, "space": client_id}
        async with self._database.control(pipelined=True) as connection:
            await execute(connection, "lock_client", params)
            for name in ("erase_shared_scopes", "erase_client_keys", "erase_client"):
                await execute(connection, name, params)

    async def _scope(self, scope: Scope, instance_id: str) -> None:
        transaction = self._database.transaction([scope], role=role_for(scope), pipelined=True)
        params = place(scope) | {"shared": scope.shared, "instance": instance_id, "limit": None}
        async with transaction as connection:
            bumped = await bump(connection, scope)
            for what in tables_of(scope):
                await execute(connection, f"erase_scope_{what}", params, shared=scope.shared)
            await execute(connection, "erase_scope_writes", params, shared=scope.shared)
            await bumped.version.fetchone()

    async def step(self, scope: Scope, *, instance_id: str, progress: Progress, limit: int = BATCH_ROWS) -> Step:
        """Delete some `limit` rows of exactly one scope, and note it in the deletion's record, in one transaction.

        Jobs go first, so that no worker goes on with what is about to be deleted.

        Raises:
            ConflictError: Another process works on the deletion by now; nothing was deleted.
        """
        step = await retry(lambda: self._step(scope, instance_id, progress, limit))
        self._residents.forget(scope)
        return step

    async def _step(self, scope: Scope, instance_id: str, progress: Progress, limit: int) -> Step:
        removed: dict[str, int] = {}
        left = limit
        async with self._database.transaction([scope], role=role_for(scope)) as connection:
            await (await bump(connection, scope)).version.fetchone()
            for what in tables_of(scope):
                params = place(scope) | {"shared": scope.shared, "instance": instance_id, "limit": left}
                deleted = (await execute(connection, f"erase_scope_{what}", params, shared=scope.shared)).rowcount
                removed[what] = deleted
                left -= deleted
                if left <= 0:
                    break
            done = left > 0
            await execute(connection, "erase_scope_writes", place(scope), shared=scope.shared)
            await note(connection, progress, removed, emptied=scope.id if done else None)
        return Step(removed=removed, done=done)

    async def conversation_step(
        self,
        scope: Scope,
        conversation: str,
        *,
        instance_id: str,
        progress: Progress,
        now: datetime,
        limit: int = PORTION,
    ) -> Step:
        """Delete at most `limit` documents of a conversation (UUID form), and with the last of them the conversation.

        Memories learned from it stay, without the passages they rested on. The scope's row is locked meanwhile, so that
        what is recorded comes before, and is deleted as well, or after, and stays whole.

        Raises:
            ConflictError: Another process works on the deletion by now; nothing was deleted.
        """
        params = place(scope) | {
            "conversation": conversation,
            "instance": instance_id,
            "place": bucket_of(instance_id, "conversation", conversation),
            "shared": scope.shared,
            "limit": limit,
            "now": now,
        }
        step = await retry(lambda: self._conversation_step(scope, params, progress, limit))
        self._residents.forget(scope)
        return step

    async def _conversation_step(self, scope: Scope, params: Mapping[str, Any], progress: Progress, limit: int) -> Step:
        async with self._database.transaction([scope], role=role_for(scope)) as connection:
            await (await bump(connection, scope)).version.fetchone()
            cursor = await execute(connection, "documents_of_conversation", params, shared=scope.shared)
            documents = await cursor.fetchall()
            removed = await erase_documents(connection, scope, documents, params)
            done = len(documents) < limit
            if done:
                for what in _OF_A_CONVERSATION:
                    cursor = await execute(connection, f"erase_conversation_{what}", params)
                    removed[what] = cursor.rowcount
            await note(connection, progress, removed, emptied=scope.id if done else None)
        return Step(removed=removed, done=done)

    async def counts(self, scopes: Sequence[Scope], *, instance_id: str) -> dict[str, int]:
        """Return how many rows there are of the scopes of one customer or user, by what they are; looks, and deletes nothing."""
        found: dict[str, int] = {}
        for some in portions(scopes):
            shared = some[0].shared
            params = {"bucket": some[0].bucket, "shared": shared, "instance": instance_id}
            params |= {"scopes": [scope.id for scope in some]}
            async with self._database.transaction(some, pipelined=True) as connection:
                cursors = {
                    what: await execute(connection, f"count_scope_{what}", params, shared=shared)
                    for what in tables_of(some[0])
                }
                for what, cursor in cursors.items():
                    row = await cursor.fetchone()
                    found[what] = found.get(what, 0) + (row["count"] if row else 0)
        return found

    async def conversation_counts(self, scope: Scope, conversation: str, *, instance_id: str) -> dict[str, int]:
        """Return how many rows there are of a conversation (UUID form), by what they are; looks, and deletes nothing."""
        params = place(scope) | {"conversation": conversation, "instance": instance_id}
        params |= {"place": bucket_of(instance_id, "conversation", conversation)}
        async with self._database.transaction([scope], pipelined=True) as connection:
            cursors = {
                what: await execute(connection, f"count_conversation_{what}", params, shared=scope.shared)
                for what in (*_OF_ITS_DOCUMENTS, *_OF_A_CONVERSATION)
            }
            rows = {what: await cursor.fetchone() for what, cursor in cursors.items()}
        return {what: row["count"] if row else 0 for what, row in rows.items()}


def tables_of(scope: Scope) -> Iterable[str]:
    """Yield what is kept of a scope, in the order in which it goes; what leads to the rest goes last."""
    yield from _ABOUT_A_SCOPE
    yield from _OF_A_SCOPE
    # Messages of CLIENT lie beside those of owners; WORLD, written by the operator's role, has none.
    yield from () if scope.space == WORLD_SPACE else _OF_AN_OWNER
    yield from _LEADING_TO_A_SCOPE
