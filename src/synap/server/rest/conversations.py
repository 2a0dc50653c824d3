"""Routes of `conversation.*`: messages and transcripts recorded, read back, compacted, made ready for a prompt."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from synap.api.conversations import (
    CompactConversation,
    CompactedConversation,
    CompactionStarted,
    CompactionStatus,
    ConversationTurns,
    IngestedTranscript,
    IngestTranscript,
    PromptContext,
    ReadCompaction,
    ReadConversation,
    ReadPrompt,
    RecordedBatch,
    RecordedMessage,
    RecordMessage,
)
from synap.api.requests import build, message_batch
from synap.server.rest.authentication import Application
from synap.server.rest.bodies import check_row, read_body, read_object, read_query, unquoted, without_empty_customer
from synap.server.rest.memories import rows_of
from synap.server.rest.replay import named

_OK = 200
_PREFIX = b"/v1/conversations/"
_MESSAGES = b"/messages"
_PROMPT = b"/context-for-prompt"
_COMPACTED = b"/compacted"
_STATUS = b"/compaction/status"


class TurnsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose conversation, and which of its messages: `limit` of them from the 1-based `start`."""

    user_id: str | None = None
    customer_id: str | None = None
    start: int = 1
    limit: int = 500


class PromptQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose conversation, and the style of the text: `structured`, `narrative` or `bullet_points`."""

    user_id: str | None = None
    customer_id: str | None = None
    style: str = "structured"


class CompactedQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose conversation, the format of the text, and which of the kept versions, else the newest."""

    user_id: str | None = None
    customer_id: str | None = None
    format: str = "structured"
    version: int = 0


class StatusQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose conversation."""

    user_id: str | None = None
    customer_id: str | None = None


@post("/v1/conversations/messages", status_code=_OK, opt={"body": RecordMessage}, summary="Record a message")
async def record(request: Request[Any, Any, Any], api: Application) -> RecordedMessage:
    """Store one message."""
    message = await read_body(request, RecordMessage)
    (once,) = await named(request, (message,))
    return await api.record_message(once)


@post(
    "/v1/conversations/messages/batch",
    status_code=_OK,
    opt={"body": RecordMessage, "list": "messages"},
    summary="Record messages",
)
async def record_batch(request: Request[Any, Any, Any], api: Application) -> RecordedBatch:
    """Store several messages, judged one by one."""
    rows = [without_empty_customer(row) for row in rows_of(await read_object(request), "messages")]
    return await api.record_messages(await named(request, message_batch(rows, check_row)))


@get(
    "/v1/conversations/{conversation:path}",
    opt={"query": TurnsQuery, "path": "/v1/conversations/{conversation_id}/messages", "answer": ConversationTurns},
    summary="Read messages back",
)
async def turns(
    request: Request[Any, Any, Any],
    conversation: FromPath[str],  # noqa: ARG001 - matched here, read from the raw path
    api: Application,
) -> ConversationTurns | PromptContext | CompactedConversation | CompactionStatus:
    """Return messages of `/v1/conversations/<id>/messages`; the id may hold anything, slashes included."""
    path = request.scope["path"]
    if path.endswith(_PROMPT.decode()):
        return await _prompt(request, api)
    if path.endswith(_COMPACTED.decode()):
        return await _compacted(request, api)
    if path.endswith(_STATUS.decode()):
        return await _status(request, api)
    conversation_id = _conversation_of(request, _MESSAGES)
    query = read_query(request, TurnsQuery)
    values = {**msgspec.structs.asdict(query), "conversation_id": conversation_id}
    return await api.conversation_turns(build(ReadConversation, values))


@get(
    "/v1/conversations/{conversation_id:str}/context-for-prompt",
    opt={"query": PromptQuery},
    summary="Make a conversation ready for a prompt",
)
async def prompt(
    request: Request[Any, Any, Any],
    conversation_id: FromPath[str],  # noqa: ARG001 - read from the raw path
    api: Application,
) -> PromptContext:
    """Return the conversation's latest messages as text and one by one; an unknown one is not available.

    The router prefers the route whose id may hold slashes, which hands such requests on; this one describes them.
    """
    return await _prompt(request, api)


@get(
    "/v1/conversations/{conversation_id:str}/compacted",
    opt={"query": CompactedQuery},
    summary="Read the compaction of a conversation",
)
async def compacted(
    request: Request[Any, Any, Any],
    conversation_id: FromPath[str],  # noqa: ARG001 - read from the raw path
    api: Application,
) -> CompactedConversation:
    """Return the newest completed compaction, or one of the kept versions; reached as `prompt` is."""
    return await _compacted(request, api)


@get(
    "/v1/conversations/{conversation_id:str}/compaction/status",
    opt={"query": StatusQuery},
    summary="Ask how a compaction stands",
)
async def compaction_status(
    request: Request[Any, Any, Any],
    conversation_id: FromPath[str],  # noqa: ARG001 - read from the raw path
    api: Application,
) -> CompactionStatus:
    """Return how the newest compaction stands; reached as `prompt` is."""
    return await _status(request, api)


@post(
    "/v1/conversations/compact",
    status_code=_OK,
    opt={"body": CompactConversation},
    summary="Compact a conversation",
)
async def compact(request: Request[Any, Any, Any], api: Application) -> CompactionStarted:
    """Start a compaction in the background."""
    return await api.compact_conversation(await read_body(request, CompactConversation))


@post("/v1/conversations/ingest", status_code=_OK, opt={"body": IngestTranscript}, summary="Record a transcript")
async def ingest(request: Request[Any, Any, Any], api: Application) -> IngestedTranscript:
    """Record a whole conversation."""
    return await api.ingest_transcript(await read_body(request, IngestTranscript))


async def _compacted(request: Request[Any, Any, Any], api: Application) -> CompactedConversation:
    query = msgspec.structs.asdict(read_query(request, CompactedQuery))
    given = request.query_params.get("version")
    values = {**query, "version": None if given is None else query["version"]}
    values["conversation_id"] = _conversation_of(request, _COMPACTED)
    return await api.compacted_conversation(build(ReadCompaction, values))


async def _status(request: Request[Any, Any, Any], api: Application) -> CompactionStatus:
    query = msgspec.structs.asdict(read_query(request, StatusQuery))
    return await api.compaction_status(
        build(ReadCompaction, {**query, "conversation_id": _conversation_of(request, _STATUS)})
    )


async def _prompt(request: Request[Any, Any, Any], api: Application) -> PromptContext:
    query = read_query(request, PromptQuery)
    values = {**msgspec.structs.asdict(query), "conversation_id": _conversation_of(request, _PROMPT)}
    return await api.conversation_prompt(build(ReadPrompt, values))


def _conversation_of(request: Request[Any, Any, Any], suffix: bytes) -> str:
    """Return the id between prefix and suffix of a path as it was sent: the router's own would lose double slashes."""
    raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
    path = raw_path.partition(b"?")[0]
    if not (path.startswith(_PREFIX) and path.endswith(suffix) and len(path) > len(_PREFIX) + len(suffix)):
        raise NotFoundException
    return unquoted(path[len(_PREFIX) : -len(suffix)], field="conversation_id")
