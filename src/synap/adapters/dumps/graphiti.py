"""Zep and Graphiti: a graph of facts with their times, the episodes that they were told in, and sessions of messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synap.adapters.dumps.records import Record, moment, records, words
from synap.api.memories import CreateMemory, StructuredMemory
from synap.domain.documents import Turn

_SPOKEN = {"user": "user", "human": "user", "assistant": "assistant", "ai": "assistant", "system": "system"}
FROM = {"imported_from": "zep"}


def read(value: Any) -> Iterator[CreateMemory]:
    """Yield a memory per edge (`edges`, `facts`), a document per episode that no edge names, and one per session.

    Read of an edge: `fact`, `valid_at`, `invalid_at` (or `expired_at`), `created_at`, `group_id` (or `user_id`), `uuid`,
    `episodes`. Of an episode: `content`, `source`, `reference_time` (or `valid_at`, `created_at`), `group_id`, `uuid`. Of a
    session: `session_id`, `user_id`, and `messages` with `role`, `content`, `name`, `created_at`.
    """
    whole = value if isinstance(value, dict) else {"edges": value}
    told: set[str] = set()
    for name in ("edges", "facts"):
        for position, edge in records(whole.get(name)):
            told |= {one for one in edge.get("episodes") or () if isinstance(one, str)}
            yield from _fact(edge, position, words(edge, "group_id", "user_id"))
    for position, episode in records(whole.get("episodes")):
        if words(episode, "uuid", "id") not in told:
            yield from _episode(episode, position)
    for position, session in records(whole.get("sessions")):
        yield from _session(session, position)


def _fact(edge: Record, position: int, user: str) -> Iterator[CreateMemory]:
    content = words(edge, "fact", "content")
    if content:
        memory = StructuredMemory(
            type="fact",
            content=content,
            valid_from=moment(edge, "valid_at"),
            valid_until=moment(edge, "invalid_at", "expired_at"),
        )
        yield CreateMemory(
            memories=(memory,),
            document_type="document",
            document_id=f"zep:{words(edge, 'uuid', 'id') or position}",
            document_created_at=moment(edge, "created_at", "valid_at"),
            user_id=user or None,
            metadata=FROM,
        )


def _episode(episode: Record, position: int) -> Iterator[CreateMemory]:
    content = words(episode, "content")
    if content:
        spoken = words(episode, "source") == "message"
        yield CreateMemory(
            document=content,
            document_type="ai-chat-conversation" if spoken else "document",
            document_id=f"zep:{words(episode, 'uuid', 'id') or position}",
            document_created_at=moment(episode, "reference_time", "valid_at", "created_at"),
            user_id=words(episode, "group_id", "user_id") or None,
            metadata=FROM,
        )


def _session(session: Record, position: int) -> Iterator[CreateMemory]:
    user = words(session, "user_id", "group_id")
    named = words(session, "session_id", "uuid", "id") or str(position)
    turns = tuple(_turn(message) for _, message in records(session.get("messages")) if words(message, "content"))
    if turns:
        yield CreateMemory(
            document=turns,
            document_type="ai-chat-conversation",
            document_id=f"zep:{named}",
            document_created_at=turns[0].timestamp,
            user_id=user or None,
            metadata=FROM,
        )
    for number, fact in records(session.get("facts")):
        yield from _fact({"uuid": f"{named}:{number}", **fact}, number, user)


def _turn(message: Record) -> Turn:
    role = words(message, "role_type", "role").casefold()
    label = words(message, "role")
    name = words(message, "name") or ("" if label.casefold() in _SPOKEN else label)
    return Turn(
        content=words(message, "content"),
        role=_SPOKEN.get(role, "user"),
        speaker=name or None,
        timestamp=moment(message, "created_at"),
    )
