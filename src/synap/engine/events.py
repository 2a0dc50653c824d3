"""`record_events`: turns that are recorded at most once each, and other events, of which it is noted that they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from synap.api.conversations import RecordMessage
from synap.api.events import ConversationEvent, EventBatch, EventOutcome
from synap.api.requests import checked
from synap.domain.echoes import echo
from synap.domain.ids import check_caller_id, conversation_uuid
from synap.domain.scopes import Ids, decide_scope
from synap.engine.callers import Caller
from synap.engine.conversations import record_once, told
from synap.engine.core import Core
from synap.errors import ConflictError, ForbiddenError, InvalidInputError, SynapError, TransientError
from synap.retrieval.foresee import WINDOW

MAX_EVENTS = 1000

TURNS = {"user_message": "user", "assistant_message": "assistant"}
"""Types that are turns, and the speaker of each where its role does not tell another."""

OTHERS = frozenset(
    {
        "tool_call",
        "tool_result",
        "agent_thinking",
        "context_request",
        "context_fetch",
        "session_start",
        "session_end",
    }
)
"""Types that clients send besides; no turns."""

OLDEST = timedelta(days=30)
"""How far back an event's own time is believed: a journal is played back within days, a wrong clock is off by years."""


def expect(core: Core, caller: Caller, event: ConversationEvent) -> Callable[[], None]:
    """Note that an event has come and will be recorded; returns what tells that it was, or was refused.

    Fetches for the turn's owner, or of its conversation, wait for it. What is no turn, or has no owner, is not waited for.
    """
    try:
        instance = core.instance_of(caller)
        turn = checked(event)
        if turn.event_type not in TURNS:
            return _nothing
        conversation = conversation_uuid(check_caller_id(turn.conversation_id, field="conversation_id"))
        ids = Ids.checked(customer_id=turn.customer_id, user_id=turn.user_id)
        scope = decide_scope(instance.place, ids, conversational=True)
    except SynapError:
        return _nothing
    return core.in_hand.take([scope.digest, (instance.id, conversation)])


def role_of(turn: ConversationEvent) -> str:
    """Return who speaks in an event that is a turn: the assistant where its type or its role says so.

    Published clients fill in the user for whichever of the two their caller leaves out.
    """
    return TURNS[turn.event_type] if turn.role in ("", "user") else turn.role


def _nothing() -> None:
    """Do nothing: nobody waits."""


async def record_events(core: Core, caller: Caller, events: Sequence[ConversationEvent]) -> EventBatch:
    """Take events one after another, judged one by one.

    Raises:
        InvalidInputError: There are too many.
    """
    core.instance_of(caller)
    if len(events) > MAX_EVENTS:
        raise InvalidInputError(f"events must hold at most {MAX_EVENTS} events, not {len(events)}", field="events")
    results = tuple([await _judged(core, caller, event) for event in events])
    rejected = sum(result.status == "rejected" for result in results)
    return EventBatch(accepted=len(results) - rejected, rejected=rejected, results=results)


async def _judged(core: Core, caller: Caller, event: ConversationEvent) -> EventOutcome:
    event_id = event.event_id if isinstance(event.event_id, str) else ""
    try:
        return await _taken(core, caller, checked(event))
    except (InvalidInputError, ForbiddenError, ConflictError, TransientError) as error:
        return EventOutcome(
            status="rejected",
            event_id=event_id,
            reason=told(error),
            code=error.code,
            retryable=isinstance(error, TransientError),
        )


async def _taken(core: Core, caller: Caller, event: ConversationEvent) -> EventOutcome:
    event_id = check_caller_id(event.event_id, field="event_id")
    kind = check_caller_id(event.event_type, field="event_type")
    if kind not in TURNS:
        reason = "not a turn: noted" if kind in OTHERS else f"event_type {echo(kind)} is not known here: ignored"
        return EventOutcome(status="accepted", event_id=event_id, reason=reason)
    request = RecordMessage(
        conversation_id=event.conversation_id,
        role=role_of(event),
        content=event.content,
        user_id=event.user_id,
        customer_id=event.customer_id,
        session_id=event.session_id,
        metadata=event.metadata,
        event_id=event_id,
    )
    said_at = _believed(event.timestamp, now=core.clock.now())
    foreseen = WINDOW if core.instance_of(caller).maca.retrieval.anticipation.enabled else 0
    message, known = await record_once(core, caller, request, said_at=said_at, foreseen=foreseen)
    return EventOutcome(
        status="duplicate" if known else "accepted",
        event_id=event_id,
        message_id=message.message_id,
        conversation_id=message.conversation_id,
        conversation_message_count=message.conversation_message_count,
    )


def _believed(told: datetime | None, *, now: datetime) -> datetime | None:
    """Return when a turn was said, by the caller's clock, where that can be: neither in the future nor long ago."""
    if told is None or told.tzinfo is None:
        return None
    return told if now - OLDEST < told < now else None
