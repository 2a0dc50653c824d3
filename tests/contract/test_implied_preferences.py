"""What somebody chooses again and again counts as a preference, for as long as enough is left that tells of it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.doors import sdk_over

from synap import Synap
from synap.api.admin import CreateInstance
from synap.bootstrap import Opening, open_engine
from synap.settings import Settings
from synap.testing import FixedEmbedder

OCCASIONS = (
    "I ordered the oat latte at the station yesterday.",
    "I had an oat latte with Sam on Monday.",
    "I picked the oat latte again.",
    "I got my usual oat latte this morning.",
)
OFTEN = "The user often picks the oat latte"


@dataclass(frozen=True)
class Home:
    """An instance with its SDK."""

    sdk: Synap

    async def said(self, *texts: str, user: str = "mia") -> list[str]:
        """Hand in texts one after the other; return their ingestions, which have ended."""
        done = []
        for text in texts:
            accepted = await self.sdk.memories.create(f"User: {text}", user_id=user)
            ended = await self.sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30)
            assert ended.status == "completed"
            done.append(ended.ingestion_id)
        return done

    async def kept(self, kind: str | None = None, user: str = "mia") -> dict[str, Any]:
        """Return a user's memories by what they say."""
        listed = await self.sdk.memories.list(user_id=user, type=kind)
        return {memory.content: memory for memory in listed.data}


@pytest.fixture
async def home(dsn: str, owner_dsn: str) -> AsyncIterator[Home]:
    engine = await open_engine(
        Settings(database_url=dsn, migration_url=owner_dsn), Opening(workers=1, embedder=FixedEmbedder(dim=384))
    )
    admin = engine.admin_for(await engine.local_caller(kind="management"))
    client = await admin.create_client(name=f"client-{uuid.uuid4()}")
    instance = await admin.create_instance(CreateInstance(client_id=client.client_id, name=f"bot-{uuid.uuid4()}"))
    api = engine.api_for(await engine.caller_of(instance.id))
    yield Home(sdk=sdk_over(api))
    await engine.stop()


async def test_the_third_document_makes_a_choice_a_preference(home: Home) -> None:
    await home.said(*OCCASIONS[:2])
    before = await home.kept("preference")
    await home.said(OCCASIONS[2])
    after = await home.kept("preference")
    await home.said(OCCASIONS[3])

    assert before == {}
    assert after.keys() == {OFTEN} == (await home.kept("preference")).keys()
    found = after[OFTEN]
    assert (found.extractor, found.confidence, found.category) == ("implied@1", 0.65, "drink")
    assert [piece.quote for piece in found.evidence] == [OCCASIONS[2]]
    assert len(await home.kept("episode")) == 4


async def test_one_document_that_tells_of_it_often_is_not_enough(home: Home) -> None:
    await home.said(" ".join(OCCASIONS))

    assert await home.kept("preference") == {}


@pytest.mark.parametrize(
    "told",
    [
        ("I had a meeting with Sam.", "I had a meeting at noon.", "I had a meeting on Friday."),
        ("I had dinner at home.", "I had dinner with Ana.", "I ate dinner at the station."),
        ("I ordered the soup.", "I ordered the salad.", "I ordered the bread."),
        ("I will order the soup today.", "I want to order the soup.", "I did not order the soup."),
        ("I bought a house.", "I bought a house in May.", "I bought a house with a garden."),
        ("I ate the soup on 3 May 2025.", "I ate the soup on 3 May 2025 with Ana.", "On 3 May 2025 I ate the soup."),
        ("Sam ordered the soup.", "Ana ordered the soup.", "I ordered the soup."),
    ],
)
async def test_what_tells_nothing_of_a_taste_is_none(home: Home, told: tuple[str, ...]) -> None:
    await home.said(*told)

    assert await home.kept("preference") == {}


async def test_what_somebody_has_said_of_it_stands_alone(home: Home) -> None:
    await home.said("I hate oat latte.", *OCCASIONS[:3])
    await home.said("I always order the oat latte.", *OCCASIONS[:3], user="tom")

    assert (await home.kept("preference")).keys() == {"The user hates oat latte"}
    assert await home.kept("preference", user="tom") == {}


async def test_undoing_the_document_that_completed_it_gives_back_what_was_before(home: Home) -> None:
    *_, third = await home.said(*OCCASIONS[:3])
    (before,) = [key for key in await home.kept() if key == OFTEN]
    looked = await home.sdk.memories.undo(third, preview=True)
    undone = await home.sdk.memories.undo(third)

    assert before == OFTEN
    assert set(looked.removed_ids) == set(undone.removed_ids)
    assert len(await home.kept()) == 2
    assert await home.kept("preference") == {}


async def test_it_goes_with_any_document_that_leaves_too_few(home: Home) -> None:
    first, _, _, last = await home.said(*OCCASIONS)

    await home.sdk.memories.undo(last)
    enough = await home.kept("preference")
    undone = await home.sdk.memories.undo(first)

    assert enough.keys() == {OFTEN}
    assert enough[OFTEN].memory_id in undone.removed_ids
    assert await home.kept("preference") == {}


async def test_the_ingestion_that_completed_it_tells_of_it_no_more_once_it_has_gone_with_another(home: Home) -> None:
    first, _, third = await home.said(*OCCASIONS[:3])
    before = await home.sdk.memories.status(third)
    preference = (await home.kept("preference"))[OFTEN].memory_id

    await home.sdk.memories.undo(first)

    after = await home.sdk.memories.status(third)
    assert preference in before.memory_ids
    assert after.memory_ids == tuple(one for one in before.memory_ids if one != preference)
    assert after.memories_created == len(after.memory_ids) == before.memories_created - 1
    assert set(after.memory_ids) <= {memory.memory_id for memory in (await home.kept()).values()}


async def test_it_goes_when_occasions_are_erased(home: Home) -> None:
    await home.said(*OCCASIONS)
    episodes = list((await home.kept("episode")).values())

    await home.sdk.memories.delete(episodes[0].memory_id, user_id="mia")
    enough = await home.kept("preference")
    await home.sdk.memories.delete(episodes[1].memory_id, user_id="mia")

    assert enough.keys() == {OFTEN}
    assert await home.kept("preference") == {}
    assert len(await home.kept("episode")) == 2


async def test_nobody_elses_choices_count(home: Home) -> None:
    for user, text in zip(("ana", "tom", "mia"), OCCASIONS, strict=False):
        await home.said(text, user=user)

    for user in ("ana", "tom", "mia"):
        assert await home.kept("preference", user=user) == {}
