"""`conversation.*`: messages recorded one by one, read back, and turned into memory in the background."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec

from synap.api.conversations import (
    ConversationTurn,
    ConversationTurns,
    PromptContext,
    PromptMessage,
    ReadConversation,
    ReadPrompt,
    RecordedBatch,
    RecordedMessage,
    RecordMessage,
    RowError,
)
from synap.api.requests import checked
from synap.compaction.render import block
from synap.domain.compactions import Compaction, Form
from synap.domain.documents import DocumentType, Mode, Turn
from synap.domain.echoes import echo
from synap.domain.ids import RowRef, check_caller_id, conversation_uuid, encode_public_id
from synap.domain.privacy import PiiHandling
from synap.domain.scopes import Ids, Scope
from synap.domain.tokens import count_tokens
from synap.engine import checks, compactions
from synap.engine.callers import Caller, write_scope
from synap.engine.core import Core
from synap.engine.guard import in_time
from synap.engine.lookups import conversation_owner
from synap.errors import ConflictError, ForbiddenError, InvalidInputError, SynapError, TransientError
from synap.ingestion.pieces import is_large
from synap.ingestion.prepare import prepare
from synap.ingestion.protect import protect, protect_metadata
from synap.store.compactions import StoredCompaction
from synap.store.conversations import NewMessage, unexpired
from synap.store.documents import AcceptDocument

MAX_BATCH = 1000
MAX_PAGE = 1000
ROLES = ("user", "assistant")
STYLES = {
    "structured": "{role}: {content}",
    "narrative": "The {role} said: {content}",
    "bullet_points": "- {role}: {content}",
}
"""How a message is written into a prompt, by style."""

STALE_SECONDS = 15 * 60
"""Age beyond which a summary is told to be stale; it can be used all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A message that has passed all checks."""

    scope: Scope
    conversation: str
    message: NewMessage
    document: AcceptDocument


async def record(core: Core, caller: Caller, request: RecordMessage) -> RecordedMessage:
    """Store one message, and accept it as a one-turn document, in one transaction."""
    return (await record_once(core, caller, request))[0]


async def record_once(
    core: Core,
    caller: Caller,
    request: RecordMessage,
    *,
    said_at: datetime | None = None,
    foreseen: int = 0,
) -> tuple[RecordedMessage, bool]:
    """Store one message, but none whose event is known in its scope; return it, and whether it was known.

    With `foreseen`, that many of the conversation's last messages are kept at hand for the foresight that follows.

    Raises:
        ConflictError: The event's id was used for a message of another conversation.
        RateLimitError: There is more to do than this process can; nothing was recorded.
    """
    checked_message = _check(core, caller, request, said_at=said_at)
    await core.backlog.admit(core.instance_of(caller).id)
    async with core.calls.entered(core.instance_of(caller).id):
        stored = core.store.conversations.record(
            checked_message.scope,
            checked_message.conversation,
            checked_message.message,
            checked_message.document,
            external_id=request.conversation_id,
            recent=foreseen,
        )
        recorded = await in_time(stored, seconds=core.settings.write_timeout)
    if recorded.recent:
        core.heard.put(checked_message.scope, checked_message.conversation, recorded.recent)
    await core.faults.point("accept")
    core.note(caller, "message.record", scope=checked_message.scope, targets=(recorded.message.id,), count=1)
    core.wake()
    message = RecordedMessage(
        message_id=recorded.message.id,
        conversation_id=checked_message.conversation,
        recorded_at=recorded.message.recorded_at,
        session_id=recorded.message.session_id or checked_message.conversation,
        conversation_message_count=recorded.message_count,
        external_conversation_id=recorded.external_id,
    )
    return message, recorded.duplicate


async def record_batch(core: Core, caller: Caller, requests: Sequence[RecordMessage]) -> RecordedBatch:
    """Store several messages, judged one by one."""
    if len(requests) > MAX_BATCH:
        raise InvalidInputError(
            f"messages must hold at most {MAX_BATCH} messages, not {len(requests)}", field="messages"
        )
    results: list[RecordedMessage] = []
    errors: list[RowError] = []
    for index, request in enumerate(requests):
        try:
            results.append(await record(core, caller, checked(request)))
        except (InvalidInputError, ForbiddenError, ConflictError, TransientError) as error:
            field = f"messages[{index}]" + ("" if error.field is None else f".{error.field}")
            errors.append(RowError(index=index, error=told(error), field=field))
    return RecordedBatch(
        total=len(requests), succeeded=len(results), failed=len(errors), results=tuple(results), errors=tuple(errors)
    )


def told(error: SynapError) -> str:
    """Return why a row of several was refused, and whether it may be sent again."""
    again = "not recorded, and may be sent again: " if isinstance(error, TransientError) else ""
    return f"{again}{error.message}"


async def turns(core: Core, caller: Caller, request: ReadConversation) -> ConversationTurns:
    """Read messages back. Without ids the conversation's only owner is taken; none or several give no messages."""
    instance = core.instance_of(caller)
    conversation = conversation_uuid(check_caller_id(request.conversation_id, field="conversation_id"))
    if request.start < 1:
        raise InvalidInputError(f"start must be at least 1, not {request.start}", field="start")
    if not 1 <= request.limit <= MAX_PAGE:
        raise InvalidInputError(f"limit must lie between 1 and {MAX_PAGE}, not {request.limit}", field="limit")
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    await core.in_hand.dealt_with([(instance.id, conversation)])
    scope = await conversation_owner(core, instance, conversation, ids)
    if scope is None:
        return ConversationTurns()
    found = await core.store.conversations.read(scope, conversation, start=request.start, limit=request.limit)
    core.note(caller, "message.read", scope=scope, count=len(found))
    return ConversationTurns(
        turns=tuple(
            ConversationTurn(
                role=message.role,
                content=message.content,
                timestamp=message.at,
                message_id=message.id,
                position=message.position,
            )
            for message in found
        )
    )


async def prompt(core: Core, caller: Caller, request: ReadPrompt) -> PromptContext:
    """Make a conversation ready for a prompt: its summary and the messages after it, within the instance's token budget."""
    instance = core.instance_of(caller)
    conversation = conversation_uuid(check_caller_id(request.conversation_id, field="conversation_id"))
    line = STYLES.get(request.style)
    if line is None:
        allowed = ", ".join(repr(name) for name in STYLES)
        raise InvalidInputError(f"style must be one of {allowed}, not {echo(request.style)}", field="style")
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    await core.in_hand.dealt_with([(instance.id, conversation)])
    scope = await conversation_owner(core, instance, conversation, ids)
    now = core.clock.now()
    kept_from = instance.maca.storage.retention.kept_from(now)
    summary, found = None, []
    if scope is not None:
        summary = await core.store.compactions.read(scope, conversation, kept_from=kept_from)
        found = unexpired(await core.store.conversations.recent(scope, conversation, limit=MAX_PAGE), kept_from)
    core.note(caller, "message.read", scope=scope, count=len(found))
    if not found and summary is None:
        return PromptContext()
    covered = 0 if summary is None else summary[0].covered
    total = found[-1].position if found else covered
    recent = [message for message in found if message.position > covered]
    lines = [line.format(role=m.speaker or m.role, content=m.content) for m in recent]
    budget = instance.maca.retrieval.budget.max_tokens
    answer = PromptContext(
        formatted_context=_latest(lines, budget),
        available=True,
        recent_messages=tuple(
            PromptMessage(role=m.role, content=m.content, timestamp=m.at, message_id=m.id) for m in recent
        ),
        recent_message_count=len(recent),
        compacted_message_count=covered,
        total_message_count=total,
    )
    return (
        answer
        if summary is None
        else _with_summary(answer, summary, lines, form=Form(request.style), budget=budget, now=now)
    )


def _with_summary(
    answer: PromptContext,
    summary: tuple[StoredCompaction, Compaction],
    lines: Sequence[str],
    *,
    form: Form,
    budget: int,
    now: datetime,
) -> PromptContext:
    """Put a summary in front of the messages that it does not cover: it yields to them down to half of the budget."""
    stored, made = summary
    recent = count_tokens("\n".join(lines)) + 2 if lines else 0
    block_of = partial(block, made, form, covered=stored.covered, total=answer.total_message_count)
    text = block_of(budget=max(budget - recent, budget // 2))
    rest = _latest(lines, budget - count_tokens(text) - 2) if lines else ""
    seconds = compactions.age(stored, now)
    return msgspec.structs.replace(
        answer,
        formatted_context="\n\n".join(part for part in (text, rest) if part),
        is_stale=seconds > STALE_SECONDS,
        quality_warning=not made.passed,
        compaction_id=stored.id,
        compression_ratio=made.ratio,
        validation_score=made.score,
        compaction_age_seconds=seconds,
        context_block=text,
    )


def _latest(lines: Sequence[str], budget: int) -> str:
    """Return the last of `lines` that fit `budget` tokens together."""
    kept: list[str] = []
    left = budget
    for line in reversed(lines):
        left -= count_tokens(f"{line}\n")
        if left < 0:
            break
        kept.append(line)
    return "\n".join(reversed(kept))


def event_key(event_id: str) -> bytes:
    """Return the digest by which an event is known again; it holds nothing of what a caller may have put into the id."""
    return hashlib.blake2b(event_id.encode(), digest_size=16).digest()


def _check(core: Core, caller: Caller, request: RecordMessage, *, said_at: datetime | None) -> Checked:
    instance = core.instance_of(caller)
    external = check_caller_id(request.conversation_id, field="conversation_id")
    if request.role not in ROLES:
        raise InvalidInputError(f"role must be 'user' or 'assistant', not {echo(request.role)}", field="role")
    if not isinstance(request.content, str) or not request.content.strip():
        raise InvalidInputError("content must be text", field="content")
    checks.document_size(request.content, limit=core.settings.max_document_bytes, field="content")
    event_id = None if request.event_id is None else check_caller_id(request.event_id, field="event_id")
    session = "" if request.session_id is None else check_caller_id(request.session_id, field="session_id")
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    scope = write_scope(instance, ids, conversational=True)
    pii = PiiHandling(instance.maca.ingestion.pii.handling)
    now = core.clock.now()
    message_row = core.store.ids.next()
    message_id = encode_public_id(RowRef(kind="message", bucket=scope.bucket, row_id=message_row))
    said = said_at or now
    turn = Turn(content=request.content, role=request.role, id=message_id, timestamp=said)
    prepared = prepare((turn,), document_type=DocumentType.AI_CHAT, created_at=said, pii=pii)
    metadata = protect_metadata(checks.metadata(request.metadata), pii)[0]
    conversation = conversation_uuid(external)
    return Checked(
        scope=scope,
        conversation=conversation,
        message=NewMessage(
            id=message_row,
            role=request.role,
            content=prepared.blocks[0].text,
            session_id=protect(session, pii)[0],
            metadata=metadata,
            recorded_at=now,
            said_at=said_at,
            event_key=None if event_id is None else event_key(event_id),
        ),
        document=AcceptDocument(
            instance_id=instance.id,
            document_id=message_id,
            document_type=DocumentType.AI_CHAT,
            mode=Mode.LONG_RANGE,
            prepared=prepared,
            large=is_large(prepared),
            created_at=said,
            recorded_at=now,
            metadata={**metadata, "conversation_id": external},
            conversation=conversation,
            batch_id=None,
            on_duplicate="update",
            priority=0,
        ),
    )
