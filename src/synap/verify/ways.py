"""The ways to erase: for each, how a marker is handed in, and how it is taken out again, in words that a user would use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synap.api.memories import MemoryRecord
from synap.errors import NetworkTimeoutError
from synap.sdk.client import Synap

WAIT_SECONDS = 120.0
REPETITIONS = 20
"""How often something is said: more often than a memory has evidence."""

STATUSES = ("active", "superseded", "retracted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Whose a marker is, and the ways in.

    Attributes:
        client_id, instance_id: Where.
        customer, user: Who.
        sdk: The SDK of the instance.
        admin: The SDK of the operator.
    """

    client_id: str
    instance_id: str
    customer: str
    user: str
    sdk: Synap
    admin: Synap

    @property
    def ids(self) -> dict[str, Any]:
        """Return the ids as arguments."""
        return {"user_id": self.user, "customer_id": self.customer}


Planted = Sequence[str]
"""Ids of the ingestions that a marker came with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to erase.

    Attributes:
        name: What is erased.
        plant: Hands a marker in, and returns when it has become memory.
        erase: Erases it.
        place: Which of the trial's instances it happens in: 0 is shared by most, 1 is deleted, 2 goes with its client.
    """

    name: str
    plant: Callable[[Whom, str], Awaitable[Planted]]
    erase: Callable[[Whom, str, Planted], Awaitable[None]]
    place: int = 0


async def memories_of(whom: Whom) -> list[MemoryRecord]:
    """Return what is remembered of a user, what is no longer believed included."""
    found: list[MemoryRecord] = []
    for status in STATUSES:
        found += (await whom.sdk.memories.list(**whom.ids, page_size=100, status=status)).data
    return found


def _several_kinds(whom: Whom, marker: str) -> dict[str, Any]:
    """Return what makes memories of several kinds, with the marker in the metadata and in the document's id as well."""
    name = marker.capitalize()
    return {
        "document": f"My name is {name}. I live in {name} Bay. My sister works at {name} Labs since May 2023.\n"
        f"I prefer {marker} tea in the morning. Yesterday I met {name} at the station, and I was happy about it.",
        "document_type": "document",
        "document_id": f"notes/{marker}.md",
        "metadata": {"note": f"about {marker}"},
        **whom.ids,
    }


async def remember(whom: Whom, marker: str) -> Planted:
    """Hand in what makes memories of several kinds."""
    accepted = await whom.sdk.memories.create(**_several_kinds(whom, marker))
    await whom.sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=WAIT_SECONDS)
    return [accepted.ingestion_id]


async def _batch(whom: Whom, marker: str) -> Planted:
    """Hand in the same as a batch, with a row that is refused beside it."""
    good = _several_kinds(whom, marker)
    refused = {**good, "document": "", "document_id": f"drafts/{marker}.md"}
    done = await whom.sdk.memories.batch_create([good, refused], timeout_seconds=WAIT_SECONDS)
    return [done.results[0].ingestion_id]


async def _one_sentence(whom: Whom, marker: str) -> Planted:
    accepted = await whom.sdk.memories.create(
        f"My dog is called {marker.capitalize()}.", document_type="document", **whom.ids
    )
    await whom.sdk.memories.wait_for_completion(accepted.ingestion_id, timeout_seconds=WAIT_SECONDS)
    return [accepted.ingestion_id]


async def _told_in(whom: Whom, texts: Mapping[str, str]) -> Planted:
    """Hand in documents by their ids, and return when all have become memory."""
    accepted = [
        await whom.sdk.memories.create(text, document_type="document", document_id=document_id, **whom.ids)
        for document_id, text in texts.items()
    ]
    for one in accepted:
        await whom.sdk.memories.wait_for_completion(one.ingestion_id, timeout_seconds=WAIT_SECONDS)
    return [one.ingestion_id for one in accepted]


async def _versions(whom: Whom, marker: str) -> Planted:
    said = f"My dog is called {marker.capitalize()}."
    earlier = await _told_in(whom, {"notes.md": said})
    return [*earlier, *await _told_in(whom, {"notes.md": f"I live in Oslo. {said}"})]


async def _repeated(whom: Whom, marker: str) -> Planted:
    said = f"My dog is called {marker.capitalize()}."
    return await _told_in(whom, {f"day-{number}.md": said for number in range(REPETITIONS)})


async def _felt(whom: Whom, marker: str) -> Planted:
    name = marker.capitalize()
    return await _told_in(
        whom, {"felt.md": f"My sister works at {name} Labs since May 2023, and I was happy about it."}
    )


async def _talk(whom: Whom, marker: str) -> Planted:
    name, conversation = marker.capitalize(), f"talk-{marker}"
    for role, content in (
        ("user", f"My name is {name}, and I live in {name} Bay."),
        ("assistant", f"Nice to meet you, {name}. How is {name} Bay?"),
        ("user", f"I work at {name} Labs, and I prefer {marker} tea."),
    ):
        await whom.sdk.conversation.record_message(
            conversation, role, content, whom.user, whom.customer, metadata={"note": f"about {marker}"}
        )
    deadline = time.monotonic() + WAIT_SECONDS
    while not any(marker in memory.content.lower() for memory in await memories_of(whom)):
        if time.monotonic() >= deadline:
            raise NetworkTimeoutError(
                "what was said in the trial's conversation has not become memory: do workers run?"
            )
        await asyncio.sleep(0.2)
    return []


async def _erase_memories(whom: Whom, _: str, __: Planted) -> None:
    for memory in await memories_of(whom):
        await whom.sdk.memories.delete(memory.memory_id)


async def _erase_fact(whom: Whom, _: str, __: Planted) -> None:
    """Delete what happened, and not what was felt about it."""
    for memory in (await whom.sdk.memories.list(**whom.ids, type="fact")).data:
        await whom.sdk.memories.delete(memory.memory_id)


async def _forget(whom: Whom, marker: str, _: Planted) -> None:
    await whom.sdk.memories.forget(f"my dog is called {marker}", mode="direct", **whom.ids)


async def _undo(whom: Whom, _: str, planted: Planted) -> None:
    for ingestion_id in planted:
        await whom.sdk.memories.undo(ingestion_id, **whom.ids)


async def _erase_talk(whom: Whom, marker: str, planted: Planted) -> None:
    """Delete the conversation, and the memories learned from it, which would stay."""
    conversation = f"talk-{marker}"
    await whom.sdk.data.delete("conversation", conversation_id=conversation, confirm=conversation, **whom.ids)
    await _erase_memories(whom, marker, planted)


async def _erase_user(whom: Whom, _: str, __: Planted) -> None:
    await whom.sdk.data.delete("user", confirm=whom.user, **whom.ids)


async def _erase_customer(whom: Whom, _: str, __: Planted) -> None:
    await whom.admin.data.delete(
        "customer", customer_id=whom.customer, confirm=whom.customer, instance_id=whom.instance_id
    )


async def _erase_instance(whom: Whom, _: str, __: Planted) -> None:
    await whom.admin.admin.instances.delete(whom.instance_id)


async def _erase_client(whom: Whom, _: str, __: Planted) -> None:
    await whom.admin.admin.clients.delete(whom.client_id)


WAYS = (
    Way(name="memory", plant=_one_sentence, erase=_erase_memories),
    Way(name="version", plant=_versions, erase=_erase_memories),
    Way(name="repetition", plant=_repeated, erase=_erase_memories),
    Way(name="trigger", plant=_felt, erase=_erase_fact),
    Way(name="description", plant=_one_sentence, erase=_forget),
    Way(name="document", plant=remember, erase=_undo),
    Way(name="conversation", plant=_talk, erase=_erase_talk),
    Way(name="user", plant=_batch, erase=_erase_user),
    Way(name="customer", plant=remember, erase=_erase_customer),
    Way(name="instance", plant=remember, erase=_erase_instance, place=1),
    Way(name="client", plant=remember, erase=_erase_client, place=2),
)
