"""The nearest memories of a big scope: those that the database finds, whatever was written meanwhile and by whom."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any
from weakref import WeakSet

import numpy as np
import pytest
from tests.store.test_residents import ACTIONS, DIM, vector

from synap.domain.ids import decode_public_id
from synap.store import nearest, writes
from synap.store.nearest import NearestCache, Vectors
from synap.store.store import Store


@pytest.fixture
def kept_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the vectors of any scope, in small blocks."""
    monkeypatch.setattr(nearest, "KEPT_FROM", 1)
    monkeypatch.setattr(nearest, "_FIRST_COUNT", 1)
    monkeypatch.setattr(nearest, "_ROWS", 16)


def drafts(desk: Any, dice: random.Random, count: int = 3) -> list[Any]:
    return [
        replace(desk.bare(f"New {number} {dice.random()}."), key=number, vector=vector(dice)) for number in range(count)
    ]


async def cosines(store: Store, scope: Any, new: list[Any]) -> dict[int, list[float]]:
    """How near the nearest are; which of equals are taken is nobody's concern."""
    found = await store.memories.related(scope, new)
    assert all(len({memory.id for memory, _ in near}) == len(near) for near in found.neighbours.values())
    return {key: [cosine or 0.0 for _, cosine in near] for key, near in found.neighbours.items()}


def equally_near(some: dict[int, list[float]], others: dict[int, list[float]]) -> bool:
    """Whether as many were found on both sides, and about as near."""
    return {key: len(near) for key, near in some.items()} == {key: len(near) for key, near in others.items()} and all(
        np.allclose(near, others[key], atol=0.05) for key, near in some.items()
    )


@pytest.mark.usefixtures("kept_soon")
@pytest.mark.parametrize("seed", range(3))
async def test_memory_and_database_choose_equally_near_ones_whatever_is_written(fresh_desk: Any, seed: int) -> None:
    desk = fresh_desk  # as WORLD is written as well
    dice = random.Random(seed)  # noqa: S311 - a run that can be repeated
    alice = desk.scope("alice", "acme")
    scopes = [alice, alice, desk.chain(alice)[1]]
    other, without = Store(desk.database, desk.clock), Store(desk.database, desk.clock, resident_bytes=0)
    refreshed = 0

    for _ in range(30):
        await dice.choice(ACTIONS)(desk, dice.choice(scopes), dice)
        desk.later()
        scope, new = dice.choice(scopes), drafts(desk, dice)
        for store in (desk.store, other):
            before = store.residents.nearest.size
            assert equally_near(await cosines(store, scope, new), await cosines(without, scope, new))
            refreshed += bool(before and store.residents.nearest.size)

    assert refreshed > 10
    assert without.residents.nearest.size == 0


@pytest.mark.usefixtures("kept_soon")
async def test_nobody_elses_are_chosen_and_who_erases_forgets(desk: Any) -> None:
    alice, bob = desk.scope("alice", "acme"), desk.scope("bob", "acme")
    dice = random.Random(1)  # noqa: S311 - a run that can be repeated
    for scope in (alice, bob):
        await desk.remember(scope, "The marmot sleeps.", vectors=[vector(dice)])
    new, kept = drafts(desk, dice), desk.store.residents.nearest

    both = [await desk.store.memories.related(scope, new) for scope in (alice, bob)]
    size = kept.size
    mine, theirs = [{memory.id for near in one.neighbours.values() for memory, _ in near} for one in both]
    ref = decode_public_id(next(iter(mine)))
    assert ref is not None
    await desk.store.memories.erase(alice, ref.row_id, now=desk.later())

    assert len(mine) == len(theirs) == 1
    assert mine.isdisjoint(theirs)
    assert 0 < kept.size < size
    assert (await desk.store.memories.related(alice, new)).neighbours == {}


async def test_a_small_scope_is_left_to_the_database(desk: Any) -> None:
    alice, dice = desk.scope("alice"), random.Random(1)  # noqa: S311 - a run that can be repeated
    await desk.remember(alice, "The marmot sleeps.", vectors=[vector(dice)])

    for _ in range(5):
        assert any((await cosines(desk.store, alice, drafts(desk, dice))).values())

    assert desk.store.residents.nearest.size == 0


@pytest.mark.usefixtures("kept_soon")
async def test_what_does_not_fit_is_left_to_the_database(desk: Any) -> None:
    alice, dice = desk.scope("alice"), random.Random(1)  # noqa: S311 - a run that can be repeated
    await desk.remember(alice, "The marmot sleeps.", vectors=[vector(dice)])
    desk.store.residents.nearest = NearestCache(2 * DIM)

    assert any((await cosines(desk.store, alice, drafts(desk, dice))).values())
    assert desk.store.residents.nearest.size == 0


@pytest.mark.usefixtures("kept_soon")
async def test_vectors_that_are_read_anew_take_the_place_of_the_old(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    living, sizes = WeakSet[Vectors](), list[int]()

    class Watched(Vectors):
        def change(self, *rows: Any) -> None:
            living.add(self)
            super().change(*rows)
            sizes.append(sum(one.size for one in living))

    monkeypatch.setattr(nearest, "Vectors", Watched)
    alice, dice = desk.scope("alice"), random.Random(1)  # noqa: S311 - a run that can be repeated
    contents = [f"Marmot {number} sleeps." for number in range(40)]
    await desk.remember(alice, *contents, vectors=[vector(dice) for _ in contents])
    new = drafts(desk, dice)
    first = await cosines(desk.store, alice, new)
    read = len(sizes)
    monkeypatch.setattr(writes, "MOST_NOTED", 0)
    await desk.remember(alice, "The heron stands.", vectors=[vector(dice)])

    again = await cosines(desk.store, alice, new)

    assert set(first) == set(again)
    assert len(sizes) == 2 * read > 2
    assert max(sizes) == desk.store.residents.nearest.size


def test_vectors_that_change_are_those_that_are_left() -> None:
    chance = np.random.default_rng(1)
    kept, there = Vectors(DIM), dict[int, Any]()
    for number in range(60):
        ids = chance.choice(20_000, 700, replace=False) + 1
        fresh = chance.standard_normal((len(ids), DIM)).astype(np.float16)
        gone = chance.choice(list(there), len(there) // 3, replace=False) if there else ids[:0]
        kept.change(gone.tolist(), ids, fresh)
        there = {row: one for row, one in there.items() if row not in set(gone.tolist())} | dict(
            zip(ids.tolist(), fresh, strict=True)
        )
        if number % 10 == 9:
            sought = chance.standard_normal((4, DIM)).astype(np.float32)
            rows = np.array(list(there))
            products = sought @ np.array([there[row] for row in rows.tolist()]).astype(np.float32).T
            wanted = np.take_along_axis(products, np.argsort(-products, axis=1)[:, :5], axis=1)
            found = kept.nearest(sought, 5)
            told = [
                [float(one @ there[row].astype(np.float32)) for row in near]
                for one, near in zip(sought, found.tolist(), strict=True)
            ]
            assert np.allclose(told, wanted, rtol=0.01)
            assert len(kept) < 3 * len(there)
