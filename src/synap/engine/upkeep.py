"""What runs beside the workers: what is past its instance's retention is erased or archived.

Each owner is seen to by itself: what cannot be done for one is told, tried again in the next round, and keeps nobody waiting.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from synap.domain.scopes import Scope
from synap.engine.core import Core
from synap.engine.guard import Guard
from synap.engine.instances import Instances
from synap.engine.metrics import Metrics
from synap.engine.receipts import Subject, due, signer_of
from synap.errors import ConflictError, NotFoundError, ServiceUnavailableError, SynapError, TransientError
from synap.maca.schema import CompactionPolicy

logger = logging.getLogger(__name__)

EVERY_SECONDS = 3600.0
FIRST_SECONDS = 30.0
AWAY = 5
"""Owners in a row for whom the store was not to be had, after which a round is given up: it is away for all of them."""


class Upkeep:
    """Goes over the store once an hour.

    Attributes:
        guard: What stands around its rounds.
    """

    def __init__(self, core: Core, instances: Instances, metrics: Metrics) -> None:
        self._core = core
        self._instances = instances
        self._metrics = metrics
        self._away = 0
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
        """End what was recorded longer ago than its instance keeps it; returns how many memories were ended.

        Raises:
            TransientError: The store is away; the next round goes on.
        """
        accounts = self._core.store.accounts
        records = [one for client in await accounts.clients() for one in await accounts.instances(client.client_id)]
        random.shuffle(records)  # a round that is cut short is cut short elsewhere each time; nothing secret
        count, self._away = 0, 0
        for record in records:
            with self._alone(record.id):
                count += await self._expire_instance(record.id)
            self._check_there()
        return count

    async def _expire_instance(self, instance_id: str) -> int:
        retention = (await self._instances.get(instance_id)).maca.storage.retention
        now = self._core.clock.now()
        before = retention.kept_from(now)
        if before is None:
            return 0
        archived = retention.compaction_policy is CompactionPolicy.ARCHIVE
        count = 0
        async for scope in self._core.store.embeddings.scopes(instance_id):
            with self._alone(instance_id):
                count += await self._expire_scope(scope, instance_id, before=before, now=now, archived=archived)
                self._away = 0
            self._check_there()
        if count:
            fields = {"instance_id": instance_id, "count": count, "archived": archived}
            logger.info("retention ended memories", extra=fields)
        return count

    async def _expire_scope(
        self, scope: Scope, instance_id: str, *, before: datetime, now: datetime, archived: bool
    ) -> int:
        retention = self._core.store.retention
        if archived:
            return await retention.archive(scope, recorded_before=before, now=now)
        signer = await signer_of(self._core)
        receipt = partial(due, self._core, signer, instance_id, Subject.of(scope), action="retention")
        return await retention.erase(scope, recorded_before=before, now=now, receipt=receipt)

    @contextmanager
    def _alone(self, instance_id: str) -> Iterator[None]:
        """Let what fails for one owner, or for one instance, fail for it alone."""
        with self.guard.part(instance_id=instance_id):
            try:
                yield
            except (NotFoundError, ConflictError):
                return  # deleted meanwhile, or just being deleted
            except TransientError as error:
                self._away += isinstance(error, ServiceUnavailableError)
                self._metrics.unended(error.code)
                fields = {"instance_id": instance_id, "code": error.code}
                logger.warning("retention of an owner is interrupted", extra=fields)
            except Exception as error:
                self._metrics.unended(error.code if isinstance(error, SynapError) else "unexpected")
                raise

    def _check_there(self) -> None:
        if self._away >= AWAY:
            raise ServiceUnavailableError("the store is away")
