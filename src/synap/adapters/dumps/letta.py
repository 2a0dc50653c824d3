"""Letta: agent files (`.af`): memory blocks, passages of the archive, and the messages of an agent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synap.adapters.dumps.records import Record, moment, records, words
from synap.api.memories import CreateMemory
from synap.domain.documents import Turn

_ABOUT_THE_AGENT = frozenset({"persona", "system", "instructions"})
"""Blocks that tell the agent what it is; they are no memory of a user."""

_SPOKEN = frozenset({"user", "assistant"})
FROM = {"imported_from": "letta"}


def read(value: Any) -> Iterator[CreateMemory]:
    """Yield a document per block that is about the user, one per passage, and one with the messages of each agent.

    Read are both forms of the file: one agent (`core_memory`, `messages`), and `agents` beside `blocks`. Of a block: `label`,
    `value`; of a passage (`passages`, `archival_memory`): `text`, `created_at`; of a message: `role`, `content` (text, or
    parts of which those of type `text` are read), `text`, `created_at`. Calls of tools are left out.
    """
    whole = value if isinstance(value, dict) else {}
    agents = [agent for _, agent in records(whole.get("agents"))] or [whole]
    for _, block in records(whole.get("blocks")):
        yield from _block(block)
    for number, agent in enumerate(agents):
        named = words(agent, "id", "name") or str(number)
        for name in ("core_memory", "memory_blocks"):
            for _, block in records(agent.get(name)):
                yield from _block(block, named)
        for name in ("passages", "archival_memory"):
            for position, passage in records(agent.get(name)):
                yield from _passage(passage, f"{named}:{words(passage, 'id') or position}")
        yield from _messages(agent, named)


def _block(block: Record, agent: str = "") -> Iterator[CreateMemory]:
    text, label = words(block, "value", "content"), words(block, "label", "name")
    if text and label.casefold() not in _ABOUT_THE_AGENT:
        named = words(block, "id") or f"{agent}:{label}"
        yield CreateMemory(
            document=text, document_type="document", document_id=f"letta:{named}", metadata={**FROM, "block": label}
        )


def _passage(passage: Record, named: str) -> Iterator[CreateMemory]:
    text = words(passage, "text", "content")
    if text:
        yield CreateMemory(
            document=text,
            document_type="document",
            document_id=f"letta:{named}",
            document_created_at=moment(passage, "created_at"),
            metadata=FROM,
        )


def _messages(agent: Record, named: str) -> Iterator[CreateMemory]:
    turns = tuple(
        Turn(content=text, role=words(message, "role"), timestamp=moment(message, "created_at"))
        for _, message in records(agent.get("messages"))
        if words(message, "role") in _SPOKEN and (text := _text(message))
    )
    if turns:
        yield CreateMemory(
            document=turns,
            document_type="ai-chat-conversation",
            document_id=f"letta:{named}:messages",
            document_created_at=turns[0].timestamp,
            metadata=FROM,
        )


def _text(message: Record) -> str:
    parts = [words(part, "text") for _, part in records(message.get("content"))]
    return "\n".join(part for part in parts if part) or words(message, "content", "text")
