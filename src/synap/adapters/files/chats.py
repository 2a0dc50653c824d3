"""Chat exports in JSON: lists of messages, and the exports of well-known assistants and messengers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from synap.adapters.files.content import FileContent, unreadable
from synap.adapters.files.text import decode
from synap.domain.documents import DocumentType, Turn

_LISTS = ("messages", "turns", "chat_messages", "transcript", "conversation", "conversations", "chats")
_ROLES = {
    **dict.fromkeys(("user", "human", "customer", "me", "you"), "user"),
    **dict.fromkeys(("assistant", "ai", "model", "bot", "agent", "chatgpt", "claude"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "function"), "tool"),
}
_WORDS = ("content", "text", "body", "message", "value", "parts")
_SPEAKERS = ("speaker", "name", "author", "from", "sender", "username", "user")
_TIMES = ("timestamp", "created_at", "create_time", "date", "time", "ts")
_DEEPEST = 32


def read_chat(filename: str, content: bytes) -> FileContent:
    """Return the messages of a chat export, in order; several conversations follow one another.

    Understood are lists of `{role, content}` under the usual names, alone or under `messages` and the like, with
    speakers and times; message trees, of which the branch shown last is taken; and texts made of parts.

    Raises:
        InvalidInputError: It is no JSON, or holds no messages.
    """
    try:
        found = tuple(_turns(json.loads(decode(filename, content)), 0))
    except (ValueError, RecursionError) as error:
        raise unreadable(filename, "is no JSON") from error
    if not any(turn.content.strip() for turn in found):
        raise unreadable(filename, "holds no messages: a list of objects with role and content is read; or send text")
    assisted = any(turn.role == "assistant" for turn in found)
    return FileContent(document=found, document_type=DocumentType.AI_CHAT if assisted else DocumentType.HUMAN_CHAT)


def _turns(value: Any, depth: int) -> Iterator[Turn]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for entry in value:
            yield from _turns(entry, depth + 1)
    elif isinstance(value, dict):
        if "mapping" in value and isinstance(value["mapping"], dict):
            yield from _turns(_branch(value["mapping"], value.get("current_node")), depth + 1)
            return
        lists = [value[name] for name in _LISTS if isinstance(value.get(name), list)]
        if lists:
            yield from _turns(lists[0], depth + 1)
        elif (turn := _turn(value)) is not None:
            yield turn


def _branch(nodes: Mapping[str, Any], last: Any) -> list[Any]:
    """Return the messages of a tree from its root to its current node."""
    if last not in nodes:
        last = next(reversed(list(nodes)), None)
    branch: list[Any] = []
    seen = set()
    while last in nodes and last not in seen and isinstance(nodes[last], dict):
        seen.add(last)
        branch.append(nodes[last].get("message"))
        last = nodes[last].get("parent")
    return [message for message in reversed(branch) if message]


def _turn(entry: Mapping[str, Any]) -> Turn | None:
    """Return a message as a turn; None for an entry that says nothing, such as "Bo joined"."""
    text = next((words for name in _WORDS if (words := _text(entry.get(name), 0))), "")
    if not text:
        return None
    author = entry.get("author")
    label = entry.get("role") or entry.get("sender") or (author.get("role") if isinstance(author, dict) else None)
    role = _ROLES.get(str(label).strip().casefold()) if label else None
    names = (_name(entry.get(name)) for name in _SPEAKERS)
    speaker = next((name for name in names if name and name.casefold() not in _ROLES), None)
    return Turn(content=text, role=role or "user", speaker=speaker, timestamp=_moment(entry))


def _text(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict) and depth < _DEEPEST:
        return next((words for name in _WORDS if (words := _text(value.get(name), depth + 1))), "")
    if isinstance(value, list) and depth < _DEEPEST:
        pieces = [words for piece in value if (words := _text(piece, depth + 1))]
        return ("\n" if all(isinstance(piece, dict) for piece in value) else " ").join(pieces)
    return ""


def _name(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("name") or value.get("real_name") or value.get("display_name")
    return value.strip() if isinstance(value, str) else ""


def _moment(entry: Mapping[str, Any]) -> datetime | None:
    for name in _TIMES:
        value = entry.get(name)
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)  # noqa: PLR2004 - milliseconds
            if isinstance(value, str) and value:
                if value.replace(".", "", 1).isdecimal():
                    return datetime.fromtimestamp(float(value), UTC)
                moment = datetime.fromisoformat(value)
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError, OSError):
            continue
    return None
