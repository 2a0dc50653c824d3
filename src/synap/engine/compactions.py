"""Compactions of conversations: started by callers and by the worker, made in the background, served in prompts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from synap.api.conversations import (
    CompactConversation,
    CompactedConversation,
    CompactedPoint,
    CompactionStarted,
    CompactionStatus,
    ConversationState,
    ReadCompaction,
)
from synap.compaction.compact import compact
from synap.compaction.render import render
from synap.domain.compactions import STRATEGY_NAMES, Compaction, Form, Message, Point, PointKind, State, Strategy
from synap.domain.echoes import echo
from synap.domain.ids import check_caller_id, conversation_uuid, unknown
from synap.domain.scopes import Ids, Scope
from synap.engine import abstracts, checks
from synap.engine.callers import Caller, Instance, check_writable
from synap.engine.core import Core
from synap.engine.guard import unless
from synap.engine.lookups import conversation_owner
from synap.errors import ConflictError, InvalidInputError, NotFoundError
from synap.store.compactions import StartCompaction, StoredCompaction
from synap.store.conversations import StoredMessage, unexpired
from synap.store.queue import Job

logger = logging.getLogger(__name__)

ESTIMATE_SECONDS = 60
"""What callers are told that a compaction takes at most; published clients expect this figure."""

MANUAL, BUDGET, SUMMARY_MODE, TRANSCRIPT = "manual_api", "token_budget", "summary_mode", "transcript"
"""What starts a compaction."""

CHARACTERS_PER_TOKEN = 4
"""By which the worker guesses how many tokens no compaction covers; a guess is enough to decide when to make one."""

MOST_TOKENS = 1_000_000
MOST_VERSIONS = 2**31 - 1
_PAGE = 1000


async def start(core: Core, caller: Caller, request: CompactConversation) -> CompactionStarted:
    """Start a compaction; where the newest one covers every message and was asked for alike, that one answers."""
    instance = core.instance_of(caller)
    strategy = strategy_of(request.strategy)
    target = _target(request.target_tokens)
    scope, conversation = await _conversation(core, instance, request)
    nothing = NotFoundError(
        "the conversation has no recorded messages that can be compacted: record some first", field="conversation_id"
    )
    if scope is None:
        raise nothing
    check_writable(instance, scope)
    now = core.clock.now()
    started = await core.store.compactions.start(
        scope,
        StartCompaction(
            instance_id=instance.id,
            conversation=conversation,
            trigger=MANUAL,
            strategy=strategy,
            target_tokens=target,
            force=request.force,
            kept_from=instance.maca.storage.retention.kept_from(now),
            now=now,
        ),
    )
    if started is None:
        raise nothing
    core.note(caller, "conversation.compact", scope=scope, targets=(started.compaction.id,), count=int(started.fresh))
    core.wake()
    made, previous = started.compaction, started.previous
    return CompactionStarted(
        compaction_id=made.id,
        conversation_id=conversation,
        status=made.status,
        trigger_type=made.trigger,
        initiated_at=made.initiated_at,
        estimated_completion_seconds=ESTIMATE_SECONDS if started.fresh else 0,
        previous_compaction_id=None if previous is None else previous.id,
        previous_context_age_seconds=None if previous is None else age(previous, now),
    )


async def status(core: Core, caller: Caller, request: ReadCompaction) -> CompactionStatus:
    """Return how the newest compaction stands."""
    instance = core.instance_of(caller)
    scope, conversation = await _conversation(core, instance, request)
    standing = None if scope is None else await core.store.compactions.standing(scope, conversation)
    latest = None if standing is None else standing.latest
    if standing is None or latest is None:
        return CompactionStatus(conversation_id=conversation, status="none")
    usable, done = standing.completed, latest.status == "completed"
    return CompactionStatus(
        conversation_id=conversation,
        status=latest.status,
        compaction_id=latest.id,
        completed_at=latest.completed_at if done else None,
        compression_ratio=ratio(latest) if done else None,
        validation_score=latest.score if done else None,
        estimated_completion_seconds=ESTIMATE_SECONDS if latest.status == "in_progress" else None,
        error_message=latest.error_message,
        latest_version=None if usable is None else usable.version,
        latest_created_at=None if usable is None else usable.completed_at,
    )


async def compacted(core: Core, caller: Caller, request: ReadCompaction) -> CompactedConversation:
    """Return a completed compaction with its text.

    Raises:
        NotFoundError: There is none, or not of that version.
    """
    instance = core.instance_of(caller)
    form = checks.one_of(Form, request.format, field="format")
    version = request.version
    if version is not None and not 1 <= version <= MOST_VERSIONS:
        raise InvalidInputError(f"version must be at least 1, not {version}", field="version")
    scope, conversation = await _conversation(core, instance, request)
    kept_from = instance.maca.storage.retention.kept_from(core.clock.now())
    found = (
        None
        if scope is None
        else await core.store.compactions.read(scope, conversation, version=version, kept_from=kept_from)
    )
    if found is None:
        raise unknown("conversation_id", request.conversation_id)
    core.note(caller, "conversation.read_compaction", scope=scope, count=1)
    stored, made = found
    return CompactedConversation(
        conversation_id=conversation,
        compaction_id=stored.id,
        version=stored.version or 0,
        formatted_context=render(made, form),
        original_token_count=made.original_tokens,
        compacted_token_count=made.compacted_tokens,
        compression_ratio=made.ratio,
        strategy_used=made.strategy.value,
        validation_score=made.score,
        validation_passed=made.passed,
        quality_warning=not made.passed,
        facts=points(made, PointKind.FACT),
        decisions=points(made, PointKind.DECISION),
        preferences=points(made, PointKind.PREFERENCE),
        current_state=state(made.state),
        compacted_at=stored.completed_at,
        compacted_message_count=stored.covered,
        note=made.note,
        made_by=made.author,
    )


async def run(core: Core, instance: Instance, job: Job, *, stopping: asyncio.Event) -> StoredCompaction | None:
    """Make the compaction that a job is for, and end the job; None where there is nothing to make any more.

    Raises:
        NotFoundError: The conversation's messages were erased or have expired meanwhile.
        ServiceUnavailableError: The process stops while a language model is waited for; nothing was made.
    """
    compaction = await core.store.compactions.of_job(job)
    if compaction is None or compaction.status != "in_progress":
        await core.store.queue.finish(job)
        return None
    conversation = compaction.conversation
    kept_from = instance.maca.storage.retention.kept_from(core.clock.now())
    found = await _all_messages(core, job.scope, conversation, kept_from)
    if not found:
        raise NotFoundError("the conversation has no messages any more")
    hints = await core.store.compactions.hints(job.scope, conversation)
    await core.faults.point("compact")
    messages = [message_of(message) for message in found]
    chosen = await asyncio.to_thread(
        compact,
        messages,
        strategy=compaction.strategy,
        target_tokens=compaction.target_tokens,
        hints=hints,
    )
    target = compaction.target_tokens
    made = await unless(
        stopping, abstracts.written(core, instance, messages, chosen, hints=hints, target_tokens=target)
    )
    await core.faults.point("compacted")
    done = await core.store.compactions.complete(
        job,
        replace(compaction, covered=found[-1].position),
        made,
        oldest_at=min(message.recorded_at for message in found),
        now=core.clock.now(),
    )
    logger.info(
        "compaction finished",
        extra={
            "compaction_id": done.id,
            "messages": len(found),
            "strategy": made.strategy.value,
            "ratio": made.ratio,
            "score": made.score,
            "author": made.author,
        },
    )
    return done


async def consider(core: Core, instance: Instance, scope: Scope, conversation: str) -> None:
    """Start a compaction where the messages that none covers have outgrown the instance's token budget."""
    budget = instance.maca.retrieval.budget.max_tokens
    if await core.store.compactions.uncovered(scope, conversation) <= CHARACTERS_PER_TOKEN * budget:
        return
    await begin(core, instance, scope, conversation, trigger=BUDGET)


async def begin(core: Core, instance: Instance, scope: Scope, conversation: str, *, trigger: str) -> None:
    """Start a compaction by the engine's own choice; one that is being made already is as good."""
    wanted = by_itself(instance, conversation, trigger=trigger, now=core.clock.now())
    try:
        await core.store.compactions.start(scope, wanted)
    except ConflictError:
        return
    core.wake()


def by_itself(instance: Instance, conversation: str, *, trigger: str, now: datetime) -> StartCompaction:
    """Return the wish for a compaction that no caller has described."""
    return StartCompaction(
        instance_id=instance.id,
        conversation=conversation,
        trigger=trigger,
        strategy=Strategy.ADAPTIVE,
        kept_from=instance.maca.storage.retention.kept_from(now),
        now=now,
    )


def strategy_of(name: str | None) -> Strategy:
    """Return the strategy that a caller names, the adaptive one for none.

    Raises:
        InvalidInputError: There is none of that name.
    """
    if name is None or name == "":
        return Strategy.ADAPTIVE
    strategy = STRATEGY_NAMES.get(name)
    if strategy is None:
        allowed = ", ".join(repr(known) for known in STRATEGY_NAMES)
        raise InvalidInputError(f"strategy must be one of {allowed}, not {echo(name)}", field="strategy")
    return strategy


def age(compaction: StoredCompaction, now: datetime) -> int:
    """Return for how many whole seconds a completed compaction has been there."""
    since = compaction.completed_at or compaction.initiated_at
    return max(0, int((now - since).total_seconds()))


def ratio(compaction: StoredCompaction) -> float:
    """Return how many times as long as its result the conversation is."""
    size = compaction.compacted_tokens
    return round(compaction.original_tokens / size, 4) if size else 1.0


def points(made: Compaction, kind: PointKind) -> tuple[CompactedPoint, ...]:
    """Return the points of one kind as callers see them."""
    return tuple(_point(point) for point in made.points if point.kind is kind)


def state(standing: State) -> ConversationState:
    """Return how a conversation stands as callers see it."""
    return ConversationState(
        topics=standing.topics,
        open_questions=standing.open_questions,
        next_steps=standing.next_steps,
        emotional_tone=standing.tone,
        last_speaker=standing.last_speaker,
        last_message=standing.last_words,
        last_activity=standing.last_at,
        message_count=standing.messages,
    )


def message_of(message: StoredMessage) -> Message:
    """Return a recorded message as a compaction reads it."""
    return Message(
        id=message.id,
        position=message.position,
        role=message.role,
        content=message.content,
        at=message.at,
        speaker=message.speaker,
    )


async def _conversation(
    core: Core, instance: Instance, request: CompactConversation | ReadCompaction
) -> tuple[Scope | None, str]:
    """Return whose a conversation is, None for none, or several where no ids tell; and its UUID form."""
    conversation = conversation_uuid(check_caller_id(request.conversation_id, field="conversation_id"))
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    return await conversation_owner(core, instance, conversation, ids), conversation


async def _all_messages(
    core: Core, scope: Scope, conversation: str, kept_from: datetime | None
) -> Sequence[StoredMessage]:
    found: list[StoredMessage] = []
    while page := await core.store.conversations.read(
        scope, conversation, start=found[-1].position + 1 if found else 1, limit=_PAGE
    ):
        found += page
        if len(page) < _PAGE:
            break
    return unexpired(found, kept_from)


def _point(point: Point) -> CompactedPoint:
    return CompactedPoint(
        content=point.content,
        speaker=point.speaker,
        role=point.role,
        message_ids=point.message_ids,
        positions=point.positions,
        timestamp=point.at,
        asked=point.asked,
    )


def _target(tokens: int | None) -> int | None:
    if tokens is not None and not 1 <= tokens <= MOST_TOKENS:
        raise InvalidInputError(
            f"target_tokens must lie between 1 and {MOST_TOKENS}, not {tokens}", field="target_tokens"
        )
    return tokens
