from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from synap.engine.spaces import LOOK_SECONDS, VectorSpaces
from synap.errors import ServiceUnavailableError
from synap.store.embeddings import Space
from synap.testing import FixedEmbedder

NOW = datetime(2027, 1, 1, tzinfo=UTC)


class Rows:
    """The spaces as a store tells them; each look waits until it is let go."""

    def __init__(self, embedder: str) -> None:
        self.spaces_told = [Space(slot="emb", embedder=embedder, dim=4, live=True, changed_at=NOW)]
        self.looks = 0
        self.let_go = asyncio.Event()
        self.let_go.set()
        self.away = False

    async def spaces(self) -> list[Space]:
        self.looks += 1
        await self.let_go.wait()
        if self.away:
            raise ServiceUnavailableError("away", retry_after_seconds=1)
        return self.spaces_told


def opened(moment: list[float]) -> tuple[VectorSpaces, Rows]:
    embedder = FixedEmbedder(dim=4)
    rows = Rows(embedder.id)
    told: Any = rows
    return (
        VectorSpaces(told, embedder, owner_dsn=None, now=lambda: NOW, timer=lambda: moment[0]),
        rows,
    )


async def test_of_many_at_once_one_looks_anew_and_the_others_go_by_what_was_known() -> None:
    moment = [100.0]
    spaces, rows = opened(moment)
    await spaces.live()
    moment[0] += LOOK_SECONDS + 1
    rows.let_go.clear()

    looking = asyncio.create_task(spaces.live())
    await asyncio.sleep(0)
    others = [await spaces.live() for _ in range(20)]
    rows.let_go.set()

    assert rows.looks == 2
    assert {one.slot for one in (*others, await looking)} == {"emb"}


async def test_a_look_that_failed_is_made_again_by_the_next() -> None:
    moment = [100.0]
    spaces, rows = opened(moment)
    await spaces.live()
    moment[0] += LOOK_SECONDS + 1
    rows.away = True
    with pytest.raises(ServiceUnavailableError):
        await spaces.live()
    rows.away = False

    await spaces.live()

    assert rows.looks == 3
