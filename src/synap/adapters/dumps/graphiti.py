"""Zep and Graphiti: a graph of facts with their times, the episodes that they were told in, and sessions of messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synap.adapters.dumps.records import Record, entries, identified, moment, said, texts, words
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
    whole = value if isinstance(value, dict) else {"edges": value if isinstance(value, list) else []}
    told: set[str] = set()
    for name in ("edges", "facts"):
        for at, edge in entries(whole, name):
            told.update(texts(edge, "episodes", at=at))
            yield from _fact(edge, at, words(edge, "group_id", "user_id"))
    for at, episode in entries(whole, "episodes"):
        own = words(episode, "uuid", "id")
        if not own or own not in told:
            yield from _episode(episode, at, own)
    for at, session in entries(whole, "sessions"):
        yield from _session(session, at)


def _fact(edge: Record, at: str, user: str) -> Iterator[CreateMemory]:
    content = said(edge, "fact", "content", at=at)
    if content:
        memory = StructuredMemory(
            type="fact",
            content=content,
            valid_from=moment(edge, "valid_at"),
            valid_until=moment(edge, "invalid_at", "expired_at"),
        )
        made = CreateMemory(
            memories=(memory,),
            document_type="document",
            document_created_at=moment(edge, "created_at", "valid_at"),
            user_id=user or None,
            metadata=FROM,
        )
        yield identified(made, "zep:fact", words(edge, "uuid", "id"))


def _episode(episode: Record, at: str, own: str) -> Iterator[CreateMemory]:
    content = said(episode, "content", at=at)
    if content:
        spoken = words(episode, "source") == "message"
        made = CreateMemory(
            document=content,
            document_type="ai-chat-conversation" if spoken else "document",
            document_created_at=moment(episode, "reference_time", "valid_at", "created_at"),
            user_id=words(episode, "group_id", "user_id") or None,
            metadata=FROM,
        )
        yield identified(made, "zep:episode", own)


def _session(session: Record, at: str) -> Iterator[CreateMemory]:
    user = words(session, "user_id", "group_id")
    messages = entries(session, "messages", at=at)
    turns = tuple(
        _turn(message, content) for place, message in messages if (content := said(message, "content", at=place))
    )
    if turns:
        made = CreateMemory(
            document=turns,
            document_type="ai-chat-conversation",
            document_created_at=turns[0].timestamp,
            user_id=user or None,
            metadata=FROM,
        )
        yield identified(made, "zep:session", words(session, "session_id", "uuid", "id"))
    for place, fact in entries(session, "facts", at=at):
        yield from _fact(fact, place, user)


def _turn(message: Record, content: str) -> Turn:
    role = words(message, "role_type", "role").casefold()
    label = words(message, "role")
    name = words(message, "name") or ("" if label.casefold() in _SPOKEN else label)
    return Turn(
        content=content,
        role=_SPOKEN.get(role, "user"),
        speaker=name or None,
        timestamp=moment(message, "created_at"),
    )
