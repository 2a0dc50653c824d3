"""Undoing the last ingestion leaves everything as it was before it: the memories, what they rest on, and every answer."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synap import ConflictError, NotFoundError, Synap

SAYINGS = (
    "I live in Bergen.",
    "I live in Tromsø now.",
    "I moved to Bodø.",
    "My dentist is Dr. Haug.",
    "My dentist is Dr. Lie.",
    "I work at Fjordkraft as an electrician.",
    "I quit Fjordkraft and joined Havvind.",
    "I train at Vulkan gym.",
    "I switched from Vulkan to Torggata.",
    "Forget my dentist.",
    "Forget what I said about the trip.",
    "I booked a trip to Rome.",
    "The trip to Oslo was rainy.",
    "I no longer live in Bergen.",
    "From 1 May 2031 I live in Skien.",
    "My sister lives in Moss.",
    "I am vegetarian.",
    "I went fully vegan.",
)
HANDBOOKS = tuple(
    f"The pool opens at {hour}.\n\nThe gate code is {code}." for hour, code in ((8, 41), (9, 41), (9, 77))
)
QUESTIONS = (
    "Where do I live?",
    "Who is my dentist?",
    "Where do I work?",
    "When does the pool open?",
    "Tell me about the trip",
)
START = datetime(2030, 1, 1, tzinfo=UTC)


async def state(sdk: Synap) -> dict[str, Any]:
    """Return the user's memories of every status, and what questions are answered with."""
    rows = {}
    for status in ("active", "superseded", "retracted"):
        page = await sdk.memories.list(user_id="ana", page_size=100, status=status)
        rows[status] = sorted(page.data, key=lambda row: row.memory_id)
    answers = []
    for question in QUESTIONS:
        answer = await sdk.user.context.fetch("ana", search_query=question, max_results=50, explain=True)
        answers.append([(item.id, item.content, item.metadata) for item in answer.items])
    return {"rows": rows, "answers": answers, "pending": await sdk.memories.pending_retractions(user_id="ana")}


async def tell(sdk: Synap, dice: random.Random, number: int) -> Any:
    """Hand in something at random, and return its ingestion when it has ended."""
    body: dict[str, Any] = {
        "user_id": "ana",
        "document_created_at": START + timedelta(days=dice.choice((number, -number))),
    }
    if dice.random() < 0.25:
        body |= {"document": dice.choice(HANDBOOKS), "document_type": "document", "document_id": "handbook"}
    else:
        body |= {"document": "\n".join(f"User: {saying}" for saying in dice.sample(SAYINGS, dice.randint(1, 3)))}
    accepted = await sdk.memories.create(**body)
    done = await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30, poll_interval_seconds=0.02)
    return done, accepted.duplicate


@pytest.mark.parametrize("seed", range(12))
async def test_undoing_the_last_ingestion_restores_the_state_of_before(house: Any, seed: int) -> None:
    sdk: Synap = await house.instance()
    dice = random.Random(seed)  # noqa: S311 - no secret
    for number in range(dice.randint(1, 6)):
        await tell(sdk, dice, number)
    before = await state(sdk)
    last, duplicate = await tell(sdk, dice, 7)
    told = await state(sdk)

    if not duplicate:
        looked = await sdk.memories.undo(last.ingestion_id, user_id="ana", preview=True)
        assert await state(sdk) == told
        undone = await sdk.memories.undo(last.ingestion_id, user_id="ana")
        assert (undone.removed_ids, undone.restored_ids) == (looked.removed_ids, looked.restored_ids)

    assert await state(sdk) == (told if duplicate else before)


@pytest.mark.parametrize("seed", range(100, 106))
async def test_undoing_everything_newest_first_leaves_nothing(house: Any, seed: int) -> None:
    sdk: Synap = await house.instance()
    dice = random.Random(seed)  # noqa: S311 - no secret
    made, states = [], []
    for number in range(5):
        states.append(await state(sdk))
        done, duplicate = await tell(sdk, dice, number)
        made.append(None if duplicate else done.ingestion_id)

    for ingestion_id, before in zip(reversed(made), reversed(states), strict=True):
        if ingestion_id is not None:
            await sdk.memories.undo(ingestion_id)
            assert await state(sdk) == before

    assert states[0]["rows"] == {"active": [], "superseded": [], "retracted": []}


async def test_a_document_that_was_replaced_is_undone_after_what_replaced_it(house: Any) -> None:
    sdk: Synap = await house.instance()
    done = []
    for text in HANDBOOKS[:2]:
        accepted = await sdk.memories.create(text, document_type="document", document_id="handbook", user_id="ana")
        done.append(await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30))

    with pytest.raises(ConflictError, match="newer version"):
        await sdk.memories.undo(done[0].ingestion_id)

    await sdk.memories.undo(done[1].ingestion_id)
    await sdk.memories.undo(done[0].ingestion_id)
    with pytest.raises(NotFoundError):
        await sdk.memories.undo(done[0].ingestion_id)
    assert (await sdk.memories.list(user_id="ana")).total == 0


async def test_what_a_later_ingestion_said_too_outlives_the_undoing_of_the_first(house: Any) -> None:
    sdk: Synap = await house.instance()
    done = []
    for _ in range(2):
        accepted = await sdk.memories.create("User: I keep bees in the orchard.", user_id="ana")
        done.append(await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30))

    await sdk.memories.undo(done[0].ingestion_id)

    (kept,) = (await sdk.memories.list(user_id="ana")).data
    assert kept.source_document_id == done[1].document_id
    assert [piece.document_id for piece in kept.evidence] == [done[1].document_id]
    await sdk.memories.undo(done[1].ingestion_id)
    assert (await sdk.memories.list(user_id="ana")).total == 0


async def test_what_ended_through_something_undone_and_then_again_stays_ended(house: Any) -> None:
    sdk: Synap = await house.instance()
    done = []
    for number, town in enumerate(("Bergen", "Moss", "Skien")):
        accepted = await sdk.memories.create(
            f"User: I live in {town}.", user_id="ana", document_created_at=START + timedelta(days=number)
        )
        done.append(await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30))

    await sdk.memories.undo(done[1].ingestion_id)

    assert [row.content for row in (await sdk.memories.list(user_id="ana")).data] == ["The user lives in Skien"]
    (first,) = (await sdk.memories.list(user_id="ana", status="superseded")).data
    assert first.content == "The user lives in Bergen"
    assert first.superseded_by is not None
