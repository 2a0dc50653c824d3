"""What a fetch tells about conversations as such: the running one beside the memories, and a user's latest ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from synap.api.bundles import Anticipate, CompactionUpdate, ContextBundle
from synap.api.contexts import (
    ContextAnswer,
    ContextMetadata,
    ConversationContext,
    ConversationSummary,
    FetchContext,
    RecentTurn,
    SummaryText,
)
from synap.compaction.render import block, render
from synap.domain.compactions import Compaction, Form, PointKind
from synap.domain.ids import conversation_uuid
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.domain.tokens import count_tokens
from synap.engine import compactions
from synap.engine.callers import Caller, Instance
from synap.engine.core import Core
from synap.engine.profiles import profile_in
from synap.engine.questions import Asked
from synap.errors import TransientError
from synap.store.compactions import StoredCompaction
from synap.store.conversations import StoredConversation, StoredMessage, unexpired

logger = logging.getLogger(__name__)

RECENT_TURNS = 20
RECENT_TOKENS = 2000
"""Size of the recent turns that ride along with a conversation's context."""

EXTRACTIONS = {"facts": PointKind.FACT, "decisions": PointKind.DECISION, "preferences": PointKind.PREFERENCE}
"""What is told of a compaction beside its text, by the name of the list."""


async def with_conversation(
    core: Core, scope: Scope, request: FetchContext, asked: Asked, answer: ContextAnswer
) -> ContextAnswer:
    """Add the conversation's summary and recent turns that have not expired; a store that does not answer leaves them out."""
    conversation = conversation_uuid(request.conversation_id or "")
    try:
        async with asyncio.timeout(core.settings.store_timeout):
            turns = await core.store.conversations.recent(scope, conversation, limit=RECENT_TURNS)
            compacted = await core.store.compactions.read(scope, conversation, kept_from=asked.kept_from)
    except (TransientError, TimeoutError):
        return answer
    recent = unexpired(turns, asked.kept_from)
    context = ConversationContext(conversation_id=conversation, recent_turns=_within(recent, RECENT_TOKENS))
    if compacted is not None:
        total = turns[-1].position if turns else compacted[0].covered
        context = _with_summary(context, compacted, total=total, budget=asked.budget)
    applied = bool(context.summary)
    metadata = msgspec.structs.replace(answer.metadata, compaction_applied=applied)
    return msgspec.structs.replace(answer, conversation_context=context, metadata=metadata)


def _within(turns: Sequence[StoredMessage], budget: int) -> tuple[RecentTurn, ...]:
    """Return the last of `turns` that fit `budget` tokens together, the last one in any case."""
    kept: list[RecentTurn] = []
    for turn in reversed(turns):
        budget -= count_tokens(turn.content)
        if budget < 0 and kept:
            break
        kept.append(RecentTurn(role=turn.role, content=turn.content, timestamp=turn.at, message_id=turn.id))
    return tuple(reversed(kept))


def _with_summary(
    context: ConversationContext, compacted: tuple[StoredCompaction, Compaction], *, total: int, budget: int
) -> ConversationContext:
    stored, made = compacted
    extractions = {name: compactions.points(made, kind) for name, kind in EXTRACTIONS.items()}
    return msgspec.structs.replace(
        context,
        summary=block(made, Form.STRUCTURED, covered=stored.covered, total=total, budget=budget),
        current_state=compactions.state(made.state),
        key_extractions={name: points for name, points in extractions.items() if points},
        compaction_id=stored.id,
        compacted_at=stored.completed_at,
    )


async def compaction_update(core: Core, caller: Caller, turn: Anticipate, *, known: str) -> ContextBundle | None:
    """Return the newest compaction of a conversation as a bundle, whose id is the compaction's; None where it is `known`."""
    instance = core.instance_of(caller)
    ids = Ids.checked(customer_id=turn.customer_id, user_id=turn.user_id)
    scope = decide_scope(instance.place, ids, conversational=True)
    conversation = conversation_uuid(turn.conversation_id)
    newest = (await core.store.compactions.standing(scope, conversation)).completed
    if newest is None or newest.id == known:
        return None
    now = core.clock.now()
    kept_from = instance.maca.storage.retention.kept_from(now)
    compacted = await core.store.compactions.read(scope, conversation, kept_from=kept_from)
    if compacted is None or compacted[0].id == known:
        return None
    turns = await core.store.conversations.recent(scope, conversation, limit=RECENT_TURNS)
    recent = unexpired(turns, kept_from)
    stored, total = compacted[0], turns[-1].position if turns else compacted[0].covered
    budget = instance.maca.retrieval.budget.max_tokens
    context = ConversationContext(conversation_id=conversation, recent_turns=_within(recent, RECENT_TOKENS))
    context = _with_summary(context, compacted, total=total, budget=budget)
    core.note(caller, "context.compaction", scope=scope, count=1)
    return ContextBundle(
        bundle_id=stored.id,
        bundle_type="compaction_update",
        created_at=now,
        user_id=turn.user_id,
        customer_id=turn.customer_id,
        conversation_id=turn.conversation_id,
        scope=scope.rung,
        total_tokens=stored.compacted_tokens,
        token_budget=budget,
        compacted=CompactionUpdate(context=context, block=context.summary, covered=stored.covered, total=total),
    )


async def summaries(core: Core, instance: Instance, scope: Scope, request: FetchContext, asked: Asked) -> ContextAnswer:
    """Return the user's latest conversations with their summaries; one that has none yet is put on the way to it."""
    metadata = ContextMetadata(
        retrieved_at=core.clock.now(), scope=request.target, token_budget=asked.budget, warnings=asked.warnings
    )
    try:
        async with asyncio.timeout(core.settings.store_timeout):
            found = await core.store.conversations.latest(
                scope, limit=request.last_n_conversations, kept_from=asked.kept_from
            )
            rows = [await _summary(core, instance, scope, one, asked) for one in found]
            profile = await profile_in(core, instance, scope) if request.include_profile else None
    except (TransientError, TimeoutError) as error:
        logger.warning("store did not answer a fetch", extra={"error": type(error).__name__})
        code = "timeout" if isinstance(error, TimeoutError) else "unavailable"
        failed = msgspec.structs.replace(metadata, degraded="failed", degraded_code=code)
        return ContextAnswer(metadata=failed)
    return ContextAnswer(metadata=metadata, conversations=tuple(rows), profile=profile)


async def _summary(
    core: Core, instance: Instance, scope: Scope, found: StoredConversation, asked: Asked
) -> ConversationSummary:
    compacted = await core.store.compactions.read(scope, found.conversation, kept_from=asked.kept_from)
    status = "available"
    if compacted is None:
        latest = (await core.store.compactions.standing(scope, found.conversation)).latest
        status = "failed" if latest is not None and latest.status == "failed" else "pending"
        if latest is None:
            await compactions.begin(core, instance, scope, found.conversation, trigger=compactions.SUMMARY_MODE)
    analysis = found.analysis or {}
    classification = analysis.get("classification")
    return ConversationSummary(
        conversation_id=found.conversation,
        external_conversation_id=found.external_id,
        conversation_type=found.kind,
        started_at=found.started_at,
        ended_at=found.ended_at,
        last_message_at=found.last_message_at,
        message_count=found.message_count,
        summary_status=status,
        summary=None
        if compacted is None
        else SummaryText(narrative_summary=render(compacted[1], Form.NARRATIVE, budget=asked.budget)),
        classification=classification if isinstance(classification, dict) else {},
        analysis=analysis,
        compaction_version=None if compacted is None else compacted[0].version,
        compacted_at=None if compacted is None else compacted[0].completed_at,
    )
