"""Instances as operations need them: found by key or by id, kept for two seconds, forgotten at once when changed here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from cachetools import TTLCache

from synap.domain.scopes import Place, Tenancy
from synap.engine.callers import Caller, Instance
from synap.errors import AuthenticationError, ForbiddenError
from synap.maca.load import load
from synap.store.accounts import Accounts, KeyHolder

KEEP_SECONDS = 2.0
"""How long a revoked key or a changed configuration may still be served by another process."""

USE_SECONDS = 60.0
"""How often the use of a key is noted at most."""


class Instances:
    """Finds keys and instances, with a short memory."""

    def __init__(self, accounts: Accounts, *, timer: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._accounts = accounts
        self._now = now
        self._callers: TTLCache[bytes, Caller] = TTLCache(maxsize=4096, ttl=KEEP_SECONDS, timer=timer)
        self._instances: TTLCache[str, Instance] = TTLCache(maxsize=4096, ttl=KEEP_SECONDS, timer=timer)

    async def get(self, instance_id: str) -> Instance:
        """Return an instance, whatever its status: its queue is worked through also while it is suspended.

        Raises:
            NotFoundError: There is none.
        """
        kept = self._instances.get(instance_id)
        if kept is not None:
            return kept
        record = await self._accounts.instance(instance_id)
        revision = await self._accounts.configuration(instance_id)
        instance = _instance(
            instance_id,
            record.client_id,
            record.tenancy,
            source="" if revision is None else revision.source,
            revision=0 if revision is None else revision.revision,
        )
        self._instances[instance_id] = instance
        return instance

    async def authenticate(self, key: str) -> Caller:
        """Return the caller behind a key.

        Raises:
            AuthenticationError: The key is unknown or revoked.
            ForbiddenError: Its instance or client is suspended.
        """
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        kept = self._callers.get(digest)
        if kept is not None:
            return kept
        holder = await self._accounts.holder(key)
        if holder is None or holder.revoked:
            raise AuthenticationError("the API key is unknown or revoked; create one with `synap keys create`")
        if not holder.active:
            raise ForbiddenError(f"instance {holder.instance_id or ''} is suspended or archived".replace("  ", " "))
        await self._note_use(holder)
        caller = Caller(
            actor=f"key:{holder.key_id}", kind=holder.kind, key_id=holder.key_id, instance=_instance_of(holder)
        )
        self._callers[digest] = caller
        return caller

    def forget(self) -> None:
        """Drop everything kept, after a change made by this process."""
        self._callers.clear()
        self._instances.clear()

    async def _note_use(self, holder: KeyHolder) -> None:
        now = self._now()
        if holder.last_used_at is None or (now - holder.last_used_at).total_seconds() > USE_SECONDS:
            await self._accounts.note_use(holder.instance_id, holder.key_id, now=now)


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


def _instance(instance_id: str, client_id: str, tenancy: str, *, source: str, revision: int) -> Instance:
    maca = load(source)
    place = Place(
        instance_id=instance_id,
        client_id=client_id,
        tenancy=Tenancy(tenancy),
        client_space=maca.storage.scoping.client_scope,
    )
    return Instance(place=place, maca=maca, revision=revision)
