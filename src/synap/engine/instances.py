"""Instances as operations need them: looked up by key or by id, kept for two seconds, forgotten at once when changed here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cachetools import TTLCache

from synap.domain.scopes import Place, Tenancy
from synap.engine.callers import Caller, Instance
from synap.errors import AuthenticationError, ForbiddenError, NotFoundError
from synap.maca.load import load
from synap.store.accounts import Accounts, InstanceRow

KEEP_SECONDS = 2.0
"""How long a revoked key or a changed configuration may still be served by another process."""

KEY_PREFIX = "synap_"
MANAGEMENT_PREFIX = "synapmgmt_"


class Instances:
    """Looks up keys and instances, with a short memory."""

    def __init__(self, accounts: Accounts, *, timer: Callable[[], float]) -> None:
        self._accounts = accounts
        self._keys: TTLCache[bytes, Caller] = TTLCache(maxsize=4096, ttl=KEEP_SECONDS, timer=timer)
        self._instances: TTLCache[str, Instance] = TTLCache(maxsize=4096, ttl=KEEP_SECONDS, timer=timer)

    async def get(self, instance_id: str) -> Instance:
        """Return an instance, whatever its status (its queue is worked through also while it is suspended).

        Raises:
            NotFoundError: There is none.
        """
        kept = self._instances.get(instance_id)
        if kept is not None:
            return kept
        row = await self._accounts.instance(instance_id)
        if row is None:
            raise NotFoundError(f"there is no instance {instance_id}", field="instance_id")
        instance = _instance(row)
        self._instances[instance_id] = instance
        return instance

    async def authenticate(self, key: str) -> Caller:
        """Return the caller behind a key.

        Raises:
            AuthenticationError: The key is unknown or revoked.
            ForbiddenError: Its instance or client is suspended.
        """
        digest = key_hash(key)
        kept = self._keys.get(digest)
        if kept is not None:
            return kept
        row = await self._accounts.key(digest)
        if row is None or row.revoked:
            raise AuthenticationError("the API key is unknown or revoked; create one with `synap keys create`")
        if row.instance is not None and not row.active:
            raise ForbiddenError(f"instance {row.instance.id} is suspended or archived")
        instance = None if row.instance is None else _instance(row.instance)
        caller = Caller(actor=f"key:{row.key_id}", kind=row.kind, key_id=row.key_id, instance=instance)
        self._keys[digest] = caller
        return caller

    def forget(self) -> None:
        """Drop everything kept, after a change made by this process."""
        self._keys.clear()
        self._instances.clear()


def key_hash(key: str) -> bytes:
    """Return what is stored of a key: its SHA-256. Keys carry 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _instance(row: InstanceRow) -> Instance:
    maca = load(row.config_source)
    place = Place(
        instance_id=row.id,
        client_id=row.client_id,
        tenancy=Tenancy(row.tenancy),
        client_space=maca.storage.scoping.client_scope,
    )
    return Instance(place=place, maca=maca, revision=row.config_revision)
