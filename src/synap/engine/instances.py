"""Instances as operations need them: found by key or by id, kept for two seconds, forgotten at once when changed here.

While the store does not answer, a caller known from before is let in as unverified, so that fetches degrade.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from cachetools import LRUCache, TTLCache

from synap.domain.scopes import Place, Tenancy
from synap.engine.callers import Caller, Instance
from synap.errors import AuthenticationError, ForbiddenError, NotFoundError, TransientError
from synap.maca.load import read
from synap.maca.schema import Maca
from synap.store.accounts import Accounts, KeyHolder
from synap.store.scopes import DELETING

KEEP_SECONDS = 2.0
"""How long a revoked key or a changed configuration may still be served by another process."""

USE_SECONDS = 60.0
"""How often the use of a key is noted at most."""

PATIENCE_SECONDS = 2.0
"""How long the store may take before what was known last has to do."""

CONFIGURATIONS = 256
"""Configurations kept as they were read; instances with the same text share one."""

Found = TypeVar("Found")


class Instances:
    """Finds keys and instances, with a short memory."""

    def __init__(self, accounts: Accounts, *, timer: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._now = now
        self._callers: TTLCache[bytes, Caller] = TTLCache(maxsize=4096, ttl=KEEP_SECONDS, timer=timer)
        self._instances: TTLCache[str, Instance] = TTLCache(maxsize=4096, ttl=KEEP_SECONDS, timer=timer)
        self._asking: dict[bytes, asyncio.Task[Caller]] = {}
        self._last_callers: LRUCache[bytes, Caller] = LRUCache(maxsize=4096)
        self._last_instances: LRUCache[str, Instance] = LRUCache(maxsize=4096)

    async def get(self, instance_id: str) -> Instance:
        """Return an instance, suspended or not: its queue is worked through also while it is suspended.

        As it was known last, while the store does not answer.

        Raises:
            NotFoundError: There is none, or it is being deleted.
        """
        kept = self._instances.get(instance_id)
        if kept is not None:
            return kept
        try:
            instance = await _unless_away(self._read(instance_id), self._last_instances.get(instance_id))
        except NotFoundError:
            self._last_instances.pop(instance_id, None)
            raise
        self._instances[instance_id] = self._last_instances[instance_id] = instance
        return instance

    async def _read(self, instance_id: str) -> Instance:
        record = await self._accounts.instance(instance_id)
        if record.status == DELETING:
            raise NotFoundError(f"instance {instance_id} is being deleted", field="instance_id")
        revision = await self._accounts.configuration(instance_id)
        return _instance(
            instance_id,
            record.client_id,
            record.tenancy,
            source="" if revision is None else revision.source,
            revision=0 if revision is None else revision.revision,
        )

    async def authenticate(self, key: str) -> Caller:
        """Return the caller behind a key; one known from before as unverified, while the store does not answer.

        Calls that come with one key while it is looked up share the one answer: hundreds of looks at once would make the
        store late, and a caller unverified that is not.

        Raises:
            AuthenticationError: The key is unknown or revoked.
            ForbiddenError: Its instance or client is suspended, or being deleted.
        """
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        kept = self._callers.get(digest)
        if kept is not None:
            return kept
        task = self._asking.get(digest)
        if task is None:
            task = self._asking[digest] = asyncio.create_task(self._verified(key, digest))
            task.add_done_callback(lambda done: self._answered(digest, done))
        return await asyncio.shield(task)

    async def _verified(self, key: str, digest: bytes) -> Caller:
        last = self._last_callers.get(digest)
        unverified = None if last is None else replace(last, unverified=True)
        try:
            caller = await _unless_away(self._caller_of(key), unverified)
        except (AuthenticationError, ForbiddenError):
            self._last_callers.pop(digest, None)
            raise
        # What was asked before a change made here (see `forget`) is an answer to the calls of then, and kept for none.
        if self._asking.get(digest) is asyncio.current_task():
            self._callers[digest] = caller
            if not caller.unverified:
                self._last_callers[digest] = caller
        return caller

    def _answered(self, digest: bytes, task: asyncio.Task[Caller]) -> None:
        if self._asking.get(digest) is task:
            del self._asking[digest]
        if not task.cancelled():
            task.exception()  # Taken note of, also where all who asked have gone.

    async def _caller_of(self, key: str) -> Caller:
        holder = await self._accounts.holder(key)
        if holder is None or holder.revoked:
            raise AuthenticationError("the API key is unknown or revoked; create one with `synap keys create`")
        if not holder.active:
            who = f"client {holder.client_id}" if holder.instance_id is None else f"instance {holder.instance_id}"
            if holder.deleting:
                raise ForbiddenError(f"{who} is being deleted")
            raise ForbiddenError(f"{who} is not active: it, or the client above it, is suspended, inactive or archived")
        await self._note_use(holder)
        return Caller(
            actor=f"key:{holder.key_id}", kind=holder.kind, key_id=holder.key_id, instance=_instance_of(holder)
        )

    def forget(self) -> None:
        """Drop everything kept, after a change made by this process."""
        self._callers.clear()
        self._instances.clear()
        self._asking.clear()

    async def _note_use(self, holder: KeyHolder) -> None:
        now = self._now()
        if holder.last_used_at is None or (now - holder.last_used_at).total_seconds() > USE_SECONDS:
            await self._accounts.note_use(holder.instance_id, holder.key_id, now=now)


async def _unless_away(asked: Awaitable[Found], last: Found | None) -> Found:
    """Return what the store says, or `last` where it does not answer in time; without a `last` its error comes."""
    if last is None:
        return await asked
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await asked
    except (TransientError, TimeoutError):
        return last


def _instance_of(holder: KeyHolder) -> Instance | None:
    if holder.instance_id is None:
        return None
    return _instance(
        holder.instance_id,
        holder.client_id or "",
        holder.tenancy or Tenancy.OPEN,
        source=holder.source or "",
        revision=holder.revision or 0,
    )


@lru_cache(maxsize=CONFIGURATIONS)
def _configuration(source: str) -> Maca:
    """Return what a configuration's text says; reading YAML takes longer than a fetch."""
    return read(source)


def _instance(instance_id: str, client_id: str, tenancy: str, *, source: str, revision: int) -> Instance:
    maca = _configuration(source)
    place = Place(
        instance_id=instance_id,
        client_id=client_id,
        tenancy=Tenancy(tenancy),
        client_space=maca.storage.scoping.client_scope,
    )
    return Instance(place=place, maca=maca, revision=revision)
