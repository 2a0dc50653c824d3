"""Stocktaking, the reconciler: goes over all buckets again and again, mends what is stuck, and tells what nothing mends.

The record of the looks lies in the store (`stock`), so that the processes of a fleet share the work and all of them tell the
same. Each takes a bucket that nobody has looked at for an hour, and then rests for much longer than the look took: a big
store is gone over more slowly, never with more load. A look that only looks leaves a bucket as due as it was, so that looking
often puts off nothing that is to be mended.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from synap.domain.scopes import BUCKETS, Scope
from synap.engine.core import Core
from synap.engine.guard import Guard
from synap.engine.metrics import Metrics
from synap.engine.spaces import embed_some
from synap.errors import ServiceUnavailableError, SynapError, TransientError
from synap.store.damage import FOREIGN, NEEDING_VECTORS, Columns, Finding, Held
from synap.store.embeddings import SLOTS
from synap.store.stock import SHARED_BUCKET, Look

logger = logging.getLogger(__name__)

FIRST_SECONDS = 30.0
EVERY = timedelta(hours=1)
REST_SECONDS = 0.5
REST_SHARE = 20
"""A process rests for so many times as long as a look took: at most a twentieth of a connection's time goes into looks."""

IDLE_SECONDS = 30.0
MOST_ROUNDS = 16
"""Portions of rows that one look gives vectors at most, per scope."""

ALL_BUCKETS = (SHARED_BUCKET, *range(BUCKETS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What the last looks at all buckets showed together.

    Attributes:
        buckets: Buckets that were looked at so far, of `len(ALL_BUCKETS)`.
        scopes: Scopes in them.
        working, ended, failed: Their ingestions by state; each is in exactly one.
        found: What stands unmended, by kind.
        oldest: When the bucket was looked at that has waited longest; None before the first look.
    """

    buckets: int = 0
    scopes: int = 0
    working: int = 0
    ended: int = 0
    failed: int = 0
    found: Mapping[str, int] = field(default_factory=dict)
    oldest: datetime | None = None


class Stocktaking:
    """Looks at the store, bucket by bucket.

    Attributes:
        guard: What stands around its rounds.
    """

    def __init__(self, core: Core, metrics: Metrics) -> None:
        self._core = core
        self._metrics = metrics
        self.guard = Guard("stocktaking", pause=60.0)

    async def run(self, *, look: bool) -> None:
        """Look and mend until cancelled; where others `look`, only show what they found."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            async with self.guard.round():
                try:
                    due = await self._publish()
                    if look and due:
                        due = await self._occupied(due, before=self._core.clock.now() - EVERY)
                    for bucket in due if look else []:
                        await asyncio.sleep(await self._timed(bucket))
                except TransientError as error:
                    logger.warning("stocktaking is interrupted", extra={"code": error.code})
            await asyncio.sleep(IDLE_SECONDS)

    async def take(self, *, seconds: float, mend: bool) -> Stock:
        """Look at buckets for so many seconds, and return what is known of all.

        Those that were never looked at come first, then, to `mend`, those that have waited longest. A look that only looks
        ends no waiting: the others come in any order then, so that several such calls see all of them.
        """
        stock = self._core.store.stock
        now, ends = self._core.clock.now(), time.monotonic() + seconds
        made: dict[int, Look] = {}
        for bucket in await self._occupied(_in_turn(await stock.looks(), by_age=mend), before=now):
            if time.monotonic() >= ends:
                break
            if look := await self.look(bucket, mend=mend, before=now):
                made[bucket] = look
        await self._publish()
        return total([*({look.bucket: look for look in await stock.looks()} | made).values()])

    async def look(self, bucket: int, *, mend: bool = True, before: datetime | None = None) -> Look | None:
        """Look at one bucket, mend what can be mended, and write down what stands; None if another process has it.

        Without `mend` it is not taken from others, and stays due for whoever mends.
        """
        stock, now = self._core.store.stock, self._core.clock.now()
        if mend and not await stock.claim(bucket, before=before or now, now=now):
            return None
        columns = await self._columns()
        standing: Counter[str] = Counter()
        if bucket != SHARED_BUCKET:
            standing += await self._settle(await stock.in_queue(bucket, now=now), columns, mend=mend)
        scopes, after = 0, -1
        while page := await stock.scopes(bucket, after=after):
            after = page[-1].scope.id
            scopes += len(page)
            for group in _groups(page):
                found = await stock.in_content([held.scope for held in group], group, columns)
                standing += await self._settle(found, columns, mend=mend)
        made = Look(
            bucket=bucket, looked_at=now, scopes=scopes, counts=await stock.counts(bucket), found=dict(standing)
        )
        await (stock.note(made) if mend else stock.note_seen(made, before=now - EVERY))
        return made

    async def _timed(self, bucket: int) -> float:
        """Look at a bucket; return for how long to rest."""
        started = time.perf_counter()
        await self.look(bucket, before=self._core.clock.now() - EVERY)
        return max(REST_SECONDS, REST_SHARE * (time.perf_counter() - started))

    async def _publish(self) -> list[int]:
        """Show what the looks found; return the buckets that are due, in an order of this process's own."""
        looks, now = await self._core.store.stock.looks(), self._core.clock.now()
        found = total(looks)
        self._metrics.stock(
            {"working": found.working, "ended": found.ended, "failed": found.failed},
            found.found,
            oldest_seconds=0.0 if found.oldest is None else (now - found.oldest).total_seconds(),
        )
        recent = {look.bucket for look in looks if look.looked_at > now - EVERY}
        due = [bucket for bucket in ALL_BUCKETS if bucket not in recent]
        random.shuffle(due)  # spreads processes over the buckets; nothing secret
        return due

    async def _occupied(self, buckets: Sequence[int], *, before: datetime) -> list[int]:
        """Return those of `buckets` that there is anything in; of the others it is written down that there is nothing."""
        stock = self._core.store.stock
        occupied = await stock.occupied()
        if empty := [bucket for bucket in buckets if bucket not in occupied]:
            await stock.note_empty(empty, before=before, now=self._core.clock.now())
        return [bucket for bucket in buckets if bucket in occupied]

    async def _settle(self, found: Sequence[Finding], columns: Columns, *, mend: bool) -> Counter[str]:
        """Mend what was found; return what stands unmended, by kind."""
        standing: Counter[str] = Counter()
        for finding in found:
            mended = await self._mend(finding, columns) if mend else 0
            facts = {"kind": finding.kind.value, "found": len(finding.rows), "mended": mended}
            logger.warning("damage was found", extra={"instance_id": finding.held.instance_id, **facts})
            self._metrics.mended(finding.kind.value, mended)
            if len(finding.rows) > mended:
                standing[finding.kind.value] += len(finding.rows) - mended
        return standing

    async def _mend(self, finding: Finding, columns: Columns) -> int:
        scope = finding.held.scope
        try:
            if finding.kind in NEEDING_VECTORS:
                return len(finding.rows) if await self._embed(scope, columns) else 0
            mended = await self._core.store.stock.mend(scope, finding, columns, now=self._core.clock.now())
            if finding.kind in FOREIGN and not await self._embed(scope, columns):
                return 0
        except SynapError as error:  # closed by a deletion, or the embedder is away: the next look finds it again
            logger.warning("damage was not mended", extra={"kind": finding.kind.value, "code": error.code})
            return 0
        self._core.wake()
        return mended

    async def _embed(self, scope: Scope, columns: Columns) -> bool:
        """Give the rows of a scope that lack a vector one; False where more are left than one look does."""
        space = await self._core.spaces.live()
        if space.slot != columns.live:
            raise ServiceUnavailableError("the vector space changed meanwhile")
        rows = self._core.store.embeddings
        for _ in range(MOST_ROUNDS):
            if not await embed_some(rows, scope, space.embedder, slot=space.slot):
                return True
        return False

    async def _columns(self) -> Columns:
        spaces = await self._core.store.embeddings.spaces()
        live = next(space for space in spaces if space.live)
        taken = {space.slot for space in spaces}
        free = next((slot for slot in SLOTS if slot not in taken), None)
        return Columns(live=live.slot, dim=live.dim, free=free)


def total(looks: Sequence[Look]) -> Stock:
    """Return what looks at different buckets showed together."""
    found: Counter[str] = Counter()
    for look in looks:
        found.update(look.found)
    return Stock(
        buckets=len(looks),
        scopes=sum(look.scopes for look in looks),
        working=sum(look.counts.working for look in looks),
        ended=sum(look.counts.ended for look in looks),
        failed=sum(look.counts.failed for look in looks),
        found=dict(sorted(found.items())),
        oldest=min((look.looked_at for look in looks), default=None),
    )


def _in_turn(looks: Sequence[Look], *, by_age: bool) -> list[int]:
    """Return all buckets: first those never looked at, then the others, those first that have waited longest, or in any order."""
    seen = {look.bucket: look.looked_at for look in looks}
    never = [bucket for bucket in ALL_BUCKETS if bucket not in seen]
    others = sorted(seen, key=lambda bucket: seen[bucket])
    if not by_age:
        random.shuffle(others)  # no secret either
    return never + others


def _groups(page: Sequence[Held]) -> list[list[Held]]:
    """Return scopes in groups that are looked at together: those of a bucket, and each shared one by itself."""
    owned = [held for held in page if not held.scope.shared]
    return ([owned] if owned else []) + [[held] for held in page if held.scope.shared]
