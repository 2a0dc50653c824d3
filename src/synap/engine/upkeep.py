"""What runs beside the workers: memories past their instance's retention are erased."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from synap.domain.scopes import Scope
from synap.engine.core import Core
from synap.engine.instances import Instances
from synap.errors import NotFoundError, TransientError

logger = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0
FIRST_SECONDS = 30.0


class Upkeep:
    """Goes over the store once an hour."""

    def __init__(self, core: Core, instances: Instances) -> None:
        self._core = core
        self._instances = instances

    async def run(self) -> None:
        """Keep house until cancelled."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            try:
                await self.expire()
            except TransientError as error:
                logger.warning("retention is interrupted", extra={"code": error.code})
            await asyncio.sleep(EVERY_SECONDS)

    async def expire(self) -> int:
        """Erase memories recorded longer ago than their instance keeps them; returns how many."""
        count = 0
        accounts = self._core.store.accounts
        for client in await accounts.clients():
            for record in await accounts.instances(client.client_id):
                try:
                    count += await self._expire_instance(record.id)
                except NotFoundError:  # deleted meanwhile
                    continue
        return count

    async def _expire_instance(self, instance_id: str) -> int:
        days = (await self._instances.get(instance_id)).maca.storage.retention.max_memory_age_days
        if days == 0:
            return 0
        now = self._core.clock.now()
        count = 0
        async for scope in self._core.store.embeddings.scopes(instance_id):
            count += await self._expire_scope(scope, now - timedelta(days=days))
        if count:
            logger.info("retention erased memories", extra={"instance_id": instance_id, "count": count})
        return count

    async def _expire_scope(self, scope: Scope, recorded_before: datetime) -> int:
        count = 0
        memories = self._core.store.memories
        while rows := await memories.expired(scope, recorded_before=recorded_before):
            for row in rows:
                count += await memories.erase(scope, row, now=self._core.clock.now())
        return count
