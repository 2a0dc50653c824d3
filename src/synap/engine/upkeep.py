"""What runs beside the workers: what is past its instance's retention is erased or archived."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from synap.engine.core import Core
from synap.engine.guard import Guard
from synap.engine.instances import Instances
from synap.engine.receipts import Subject, due, signer_of
from synap.errors import NotFoundError, TransientError
from synap.maca.schema import CompactionPolicy

logger = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0
FIRST_SECONDS = 30.0


class Upkeep:
    """Goes over the store once an hour.

    Attributes:
        guard: What stands around its rounds.
    """

    def __init__(self, core: Core, instances: Instances) -> None:
        self._core = core
        self._instances = instances
        self.guard = Guard("retention")

    async def run(self) -> None:
        """Keep house until cancelled."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            async with self.guard.round():
                try:
                    await self.expire()
                except TransientError as error:
                    logger.warning("retention is interrupted", extra={"code": error.code})
            await asyncio.sleep(EVERY_SECONDS)

    async def expire(self) -> int:
        """End what was recorded longer ago than its instance keeps it; returns how many memories were ended."""
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
        retention = (await self._instances.get(instance_id)).maca.storage.retention
        now = self._core.clock.now()
        before = retention.kept_from(now)
        if before is None:
            return 0
        store = self._core.store
        archived = retention.compaction_policy is CompactionPolicy.ARCHIVE
        signer, count = await signer_of(self._core), 0
        async for scope in store.embeddings.scopes(instance_id):
            if archived:
                count += await store.retention.archive(scope, recorded_before=before, now=now)
                continue
            receipt = partial(due, self._core, signer, instance_id, Subject.of(scope), action="retention")
            count += await store.retention.erase(scope, recorded_before=before, now=now, receipt=receipt)
        if count:
            fields = {"instance_id": instance_id, "count": count, "archived": archived}
            logger.info("retention ended memories", extra=fields)
        return count
