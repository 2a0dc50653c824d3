"""Routes of `conversation.*`: recording messages and reading them back."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from synap.api.conversations import ConversationTurns, ReadConversation, RecordedBatch, RecordedMessage, RecordMessage
from synap.api.requests import build, message_batch
from synap.server.rest.authentication import Application
from synap.server.rest.bodies import check_row, read_body, read_object, read_query, unquoted
from synap.server.rest.memories import rows_of

_OK = 200
_PREFIX = b"/v1/conversations/"
_SUFFIX = b"/messages"


class TurnsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose conversation, and which of its messages: `limit` of them from the 1-based `start`."""

    user_id: str | None = None
    customer_id: str | None = None
    start: int = 1
    limit: int = 500


@post("/v1/conversations/messages", status_code=_OK, opt={"body": RecordMessage}, summary="Record a message")
async def record(request: Request[Any, Any, Any], api: Application) -> RecordedMessage:
    """Store one message."""
    return await api.record_message(await read_body(request, RecordMessage))


@post(
    "/v1/conversations/messages/batch",
    status_code=_OK,
    opt={"body": RecordMessage, "list": "messages"},
    summary="Record messages",
)
async def record_batch(request: Request[Any, Any, Any], api: Application) -> RecordedBatch:
    """Store several messages, judged one by one."""
    return await api.record_messages(message_batch(rows_of(await read_object(request), "messages"), check_row))


@get(
    "/v1/conversations/{conversation:path}",
    opt={"query": TurnsQuery, "path": "/v1/conversations/{conversation_id}/messages"},
    summary="Read messages back",
)
async def turns(
    request: Request[Any, Any, Any],
    conversation: FromPath[str],  # noqa: ARG001 - matched here, read from the raw path
    api: Application,
) -> ConversationTurns:
    """Return messages of `/v1/conversations/<id>/messages`; the id may hold anything, slashes included."""
    conversation_id = _conversation_of(request.scope.get("raw_path") or request.scope["path"].encode())
    query = read_query(request, TurnsQuery)
    values = {**msgspec.structs.asdict(query), "conversation_id": conversation_id}
    return await api.conversation_turns(build(ReadConversation, values))


def _conversation_of(raw_path: bytes) -> str:
    """Return the id between prefix and suffix of a path as it was sent: the router's own would lose double slashes."""
    path = raw_path.partition(b"?")[0]
    if not (path.startswith(_PREFIX) and path.endswith(_SUFFIX) and len(path) > len(_PREFIX) + len(_SUFFIX)):
        raise NotFoundException
    return unquoted(path[len(_PREFIX) : -len(_SUFFIX)], field="conversation_id")
