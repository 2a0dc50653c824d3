"""Vector spaces in use: which embedder answers, and the change to another one in the background while reads go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from synap.domain.scopes import Scope
from synap.engine.guard import Guard
from synap.errors import ServiceUnavailableError, SynapError
from synap.ports.embedder import Embedder
from synap.store.embeddings import Embeddings, Space
from synap.store.statements import Slot

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How long a process may go on with the space it knows to be live."""

RETRY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSpace:
    """The vector column that reads use, and the embedder whose vectors it holds."""

    slot: Slot
    embedder: Embedder


class VectorSpaces:
    """Knows the live space, and moves the store to the wanted embedder.

    Attributes:
        guard: What stands around its loop.
    """

    def __init__(
        self,
        rows: Embeddings,
        wanted: Embedder,
        *,
        others: Sequence[Embedder] = (),
        owner_dsn: str | None,
        now: Callable[[], datetime],
        timer: Callable[[], float],
    ) -> None:
        """Begin with the embedder that is wanted.

        Args:
            rows: The store's part of it.
            wanted: The embedder of this process.
            others: Embedders that can answer while the store still holds their vectors.
            owner_dsn: Login of the tables' owner, for the indexes; None leaves the change to a process that has it.
            now: The present moment.
            timer: Seconds that only grow.
        """
        self.wanted = wanted
        self.guard = Guard("re-embedding", pause=RETRY_SECONDS)
        self._rows = rows
        self._known = {embedder.id: embedder for embedder in (*others, wanted)}
        self.owner_dsn = owner_dsn
        self._now = now
        self._timer = timer
        self._live: Space | None = None
        self._looked_at = 0.0

    async def begin(self) -> None:
        """Claim a vector column for the wanted embedder: the live one on a new store, else its own, else the spare one.

        Raises:
            SetupError: Its vectors are too long, or no column is free.
        """
        await self._rows.open(self.wanted.id, self.wanted.dim, now=self._now())

    async def live(self) -> LiveSpace:
        """Return the space that reads use.

        Raises:
            ServiceUnavailableError: It belongs to an embedder that this process cannot run.
        """
        live = self._live
        if live is None or self._timer() - self._looked_at > LOOK_SECONDS:
            live = await self._look()
        embedder = self._known.get(live.embedder)
        if embedder is None:
            raise ServiceUnavailableError(
                f"the stored vectors are of {live.embedder}, which this process cannot run; they are being replaced"
            )
        return LiveSpace(slot=live.slot, embedder=embedder)

    async def _look(self) -> Space:
        """Return the space as the store tells it; whoever comes meanwhile goes by what was known, so that one asks and not all."""
        before, self._looked_at = self._looked_at, self._timer()
        try:
            live = next(space for space in await self._rows.spaces() if space.live)
        except BaseException:
            self._looked_at = before
            raise
        self._live = live
        return live

    async def run(self) -> None:
        """Fill what lacks a vector, and change over to the wanted embedder; ends when nothing is left to do."""
        while True:
            async with self.guard.round():
                try:
                    if await self._move():
                        return
                except SynapError as error:
                    logger.warning("re-embedding is interrupted", extra={"code": error.code})
                await asyncio.sleep(RETRY_SECONDS)

    async def close(self) -> None:
        """Release the embedders."""
        for embedder in self._known.values():
            await embedder.close()

    async def _move(self) -> bool:
        spaces = await self._rows.spaces()
        target = next((space for space in spaces if space.embedder == self.wanted.id), None)
        if target is None or target.live:
            return True
        if self.owner_dsn is None:
            logger.warning("re-embedding needs SYNAP_MIGRATION_URL", extra={"embedder": self.wanted.id})
            return False
        while await self._fill(target.slot):
            pass
        await self._rows.switch(target.slot, owner_dsn=self.owner_dsn, now=self._now())
        self._live = None
        await self._fill(target.slot)
        old = next(space.slot for space in spaces if space.live)
        await self._rows.clear([scope async for scope in self._rows.scopes()], slot=old)
        await self._rows.forget(old)
        logger.info("re-embedding finished", extra={"embedder": self.wanted.id})
        return True

    async def _fill(self, slot: Slot) -> int:
        """Give every row a vector in `slot`; returns how many it gave."""
        count = 0
        async for scope in self._rows.scopes():
            count += await embed_all(self._rows, scope, self.wanted, slot=slot)
        return count


async def embed_all(rows: Embeddings, scope: Scope, embedder: Embedder, *, slot: Slot) -> int:
    """Give every row of a scope that lacks a vector in `slot` its own; returns how many texts it embedded."""
    count = 0
    while made := await embed_some(rows, scope, embedder, slot=slot):
        count += made
    return count


async def embed_some(rows: Embeddings, scope: Scope, embedder: Embedder, *, slot: Slot) -> int:
    """Give some rows of a scope that lack a vector in `slot` theirs; returns how many texts it embedded, 0 when none lacks one."""
    lacking = await rows.unembedded(scope, slot=slot)
    if lacking.empty:
        return 0
    vectors = await embedder.embed_documents(lacking.texts)
    await rows.write(scope, lacking, vectors, slot=slot)
    return len(vectors)
