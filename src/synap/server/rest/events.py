"""`/v1/events/batch`: the events of the stream, for clients that keep no stream open."""

from __future__ import annotations

from typing import Any

from litestar import Request, post

from synap.api.events import ConversationEvent, EventBatch
from synap.api.requests import event_batch
from synap.server.rest.authentication import Application
from synap.server.rest.bodies import check_row, read_object, without_empty_customer
from synap.server.rest.memories import rows_of

_OK = 200


@post(
    "/v1/events/batch",
    status_code=_OK,
    opt={"body": ConversationEvent, "list": "events"},
    summary="Tell events of conversations",
)
async def receive(request: Request[Any, Any, Any], api: Application) -> EventBatch:
    """Take events, judged one by one; turns among them are stored once per event."""
    rows = [without_empty_customer(row) for row in rows_of(await read_object(request), "events")]
    return await api.record_events(event_batch(rows, check_row))
