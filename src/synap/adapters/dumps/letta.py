"""Letta: agent files (`.af`): memory blocks, passages of the archive, and the messages of an agent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synap.adapters.dumps.records import Record, entries, identified, moment, records, said, words
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
    parts of which those of type `text` are read), `text`, `created_at`. Calls of tools are left out. So are ids: they are
    numbers of a file (`block-0`), and mean another block in the next one.
    """
    whole = value if isinstance(value, dict) else {}
    for at, block in entries(whole, "blocks"):
        yield from _block(block, at)
    for at, agent in list(entries(whole, "agents")) or [("", whole)]:
        for name in ("core_memory", "memory_blocks"):
            for place, block in entries(agent, name, at=at):
                yield from _block(block, place)
        for name in ("passages", "archival_memory"):
            for place, passage in entries(agent, name, at=at):
                yield from _passage(passage, place)
        yield from _messages(agent, at)


def _block(block: Record, at: str) -> Iterator[CreateMemory]:
    label = words(block, "label", "name")
    text = "" if label.casefold() in _ABOUT_THE_AGENT else said(block, "value", "content", at=at)
    if text:
        made = CreateMemory(document=text, document_type="document", metadata={**FROM, "block": label})
        yield identified(made, "letta:block")


def _passage(passage: Record, at: str) -> Iterator[CreateMemory]:
    text = said(passage, "text", "content", at=at)
    if text:
        made = CreateMemory(
            document=text,
            document_type="document",
            document_created_at=moment(passage, "created_at"),
            metadata=FROM,
        )
        yield identified(made, "letta:passage")


def _messages(agent: Record, at: str) -> Iterator[CreateMemory]:
    turns = tuple(
        Turn(content=text, role=words(message, "role"), timestamp=moment(message, "created_at"))
        for _, message in entries(agent, "messages", at=at)
        if words(message, "role") in _SPOKEN and (text := _text(message))
    )
    if turns:
        made = CreateMemory(
            document=turns,
            document_type="ai-chat-conversation",
            document_created_at=turns[0].timestamp,
            metadata=FROM,
        )
        yield identified(made, "letta:messages")


def _text(message: Record) -> str:
    parts = [words(part, "text") for _, part in records(message.get("content"))]
    return "\n".join(part for part in parts if part) or words(message, "content", "text")
