"""Handing in twice is handing in once, an update takes the old one's place, and a bigger budget loses nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from synap import Synap
from synap.domain.tokens import count_tokens

HANDBOOK = "The lift is serviced in March.\n\nVisitors sign in at the west gate.\n\nThe canteen closes at 3 pm."


async def remember(sdk: Synap, document: str, **more: Any) -> Any:
    accepted = await sdk.memories.create(document, document_type="document", **more)
    return await sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=30, poll_interval_seconds=0.02)


@pytest.fixture
async def sdk(house: Any) -> Synap:
    made: Synap = await house.instance()
    return made


@pytest.mark.parametrize("document_id", ["handbook", None])
async def test_ingesting_twice_is_ingesting_once(sdk: Synap, document_id: str | None) -> None:
    first = await remember(sdk, HANDBOOK, customer_id="acme", document_id=document_id)
    before = await sdk.memories.list(customer_id="acme", page_size=100)

    second = await remember(sdk, HANDBOOK, customer_id="acme", document_id=document_id)

    after = await sdk.memories.list(customer_id="acme", page_size=100)
    assert second.ingestion_id == first.ingestion_id
    assert [row.memory_id for row in after.data] == [row.memory_id for row in before.data]
    assert before.total == first.memories_created > 0


async def test_fifty_equal_submissions_at_once_are_one_ingestion(sdk: Synap) -> None:
    body: dict[str, Any] = {"document_type": "document", "document_id": "handbook", "user_id": "ana"}

    accepted = await asyncio.gather(*(sdk.memories.create(HANDBOOK, **body) for _ in range(50)))

    assert len({one.ingestion_id for one in accepted}) == 1
    assert sum(not one.duplicate for one in accepted) == 1
    done = await sdk.memories.wait_for_completion(accepted[0].ingestion_id, timeout_seconds=30)
    assert (await sdk.memories.list(user_id="ana")).total == done.memories_created


async def test_changed_content_takes_the_place_of_the_old_and_the_old_stays_on_record(sdk: Synap) -> None:
    await remember(sdk, HANDBOOK, customer_id="acme", document_id="handbook")
    between = datetime.now(UTC)

    await remember(sdk, HANDBOOK.replace("west gate", "north gate"), customer_id="acme", document_id="handbook")

    question = "Where do visitors sign in?"
    now = await sdk.customer.context.fetch("acme", search_query=question)
    then = await sdk.customer.context.fetch("acme", search_query=question, as_of=between)
    assert "north gate" in now.formatted_context
    assert "west gate" not in now.formatted_context
    assert "west gate" in then.formatted_context
    assert "north gate" not in then.formatted_context
    everything = await sdk.customer.context.fetch("acme", max_results=50)
    assert "lift is serviced" in everything.formatted_context


async def test_a_bigger_budget_never_loses_an_item_and_is_never_exceeded(sdk: Synap) -> None:
    for number in range(12):
        ids = [{"user_id": "ana", "customer_id": "acme"}, {"customer_id": "acme"}, {}][number % 3]
        await remember(sdk, f"Room {number} of the plant has a floor of {100 + number} square metres.", **ids)

    held: set[str] = set()
    for budget in (0, 1, 5, 16, 40, 100, 250, 1000, 100_000):
        context = await sdk.user.context.fetch(
            "ana", "acme", search_query="floor of the rooms of the plant", max_results=50, max_tokens=budget
        )
        found = {item.id for item in context.items if not item.cut}
        assert count_tokens(context.formatted_context) <= budget
        assert held <= found
        held = found

    assert len(held) >= 12


@pytest.mark.parametrize(
    ("broad", "narrow"),
    [
        ("Default support hours are 9am-5pm EST.", "Acme Corp has 24/7 premium support."),
        ("We offer support around the clock, 24/7.", "Support hours for Acme Corp are 9am-5pm EST."),
    ],
)
async def test_the_narrower_scope_wins_in_both_directions_of_wording(sdk: Synap, broad: str, narrow: str) -> None:
    await remember(sdk, broad)
    await remember(sdk, narrow, customer_id="acme")

    theirs = await sdk.customer.context.fetch("acme", search_query="What are the support hours?")
    others = await sdk.customer.context.fetch("globex", search_query="What are the support hours?")

    first = theirs.items[0]
    assert first.scope == "customer"
    assert [item.overridden_by for item in theirs.items if item.scope == "client"] in ([], [first.id])
    assert [(item.scope, item.overridden_by) for item in others.items] == [("client", "")]
