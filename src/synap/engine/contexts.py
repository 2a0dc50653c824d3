"""`*.context.fetch`: whose memories may be read, the cache, the search, and the answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from synap.api.contexts import (
    ContextAnswer,
    ContextMetadata,
    FetchContext,
)
from synap.api.wire import context_answer
from synap.domain.contexts import Context, Degradation, Query
from synap.domain.ids import check_caller_id, conversation_uuid
from synap.domain.scopes import Ids, Scope, decide_scope, scope_chain
from synap.engine.cache import CLIENT_TTL_SECONDS, CachedAnswer, cache_key
from synap.engine.callers import Caller, Instance
from synap.engine.core import Core
from synap.engine.deepening import seek
from synap.engine.owners import AWAY, Owner, owner_of
from synap.engine.questions import SUMMARIES, Asked, check, settled
from synap.engine.recalling import Found, since, slot_of
from synap.engine.summaries import summaries, with_conversation
from synap.errors import (
    NotFoundError,
    RateLimitError,
    ServiceUnavailableError,
    SynapError,
    TransientError,
)
from synap.store.statements import Slot

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one question finds in a chain, and how it was asked.

    Attributes:
        context: The answer.
        query: The question, with its vector where an embedder answered.
        slot: The vector column that was searched.
        limit: Candidates of each channel.
    """

    context: Context
    query: Query
    slot: Slot
    limit: int


async def fetch(core: Core, caller: Caller, request: FetchContext) -> ContextAnswer:
    """Return the context for a request. The store or the embedder failing degrades the answer, and it says so.

    Raises:
        RateLimitError: There is more to do than this process can, and it was not this call's turn in time.
    """
    started = time.perf_counter()
    instance = core.bound_instance(caller)
    asked = check(instance, request, now=core.clock.now())
    await _settled_turns(core, instance, request)
    async with core.calls.entered(instance.id):
        waited = since(started)
        answer, scope = await _read(core, caller, instance, request, asked)
    core.note(caller, "context.fetch", scope=scope, count=len(answer.items))
    timings = {"wait": waited, **answer.metadata.timings_ms, "total": since(started)}
    stamped = _stamp(answer.metadata, correlation_id=caller.correlation_id, timings=timings)
    return msgspec.structs.replace(answer, metadata=stamped)


async def _settled_turns(core: Core, instance: Instance, request: FetchContext) -> None:
    """Wait, within bounds, for the turns of whom a fetch reads that a door has received and not recorded yet."""
    if not core.in_hand:
        return
    owners: list[Hashable] = []
    with contextlib.suppress(SynapError):  # what is wrong with the ids is told where they are used
        ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
        if request.conversation_id is not None:
            conversation = check_caller_id(request.conversation_id, field="conversation_id")
            owners.append((instance.id, conversation_uuid(conversation)))
        if not ids.empty:
            owners += [scope.digest for scope in scope_chain(instance.place, decide_scope(instance.place, ids))]
    if not await core.in_hand.dealt_with(owners):
        logger.warning("turns in hand were not waited for", extra={"instance_id": instance.id})


async def _read(
    core: Core, caller: Caller, instance: Instance, request: FetchContext, asked: Asked
) -> tuple[ContextAnswer, Scope | None]:
    """Return the answer to a fetch that is let in, and whose context it is."""
    owner = AWAY if caller.unverified else await owner_of(core, instance, request)
    if request.context_mode == SUMMARIES and owner.scope is not None:
        answer = await summaries(core, instance, owner.scope, request, asked)
    elif owner.scope is not None:
        answer = await _answer(core, instance, request, asked, owner)
    else:
        answer = _nothing(request, asked, owner)
    if request.target == "conversation" and owner.scope is not None and request.include_conversation_context:
        answer = await with_conversation(core, owner.scope, request, asked, answer)
    return answer, owner.scope


async def find(core: Core, instance: Instance, request: FetchContext, chain: tuple[Scope, ...]) -> Found:
    """Return what a fetch finds for a chain of scopes laid out already, past the cache and before it is put in words.

    Where there is more to do than this process can, nothing is found, and the context says so.
    """
    asked = check(instance, request, now=core.clock.now())
    try:
        async with core.calls.entered(instance.id):
            return (await seek(core, instance, request, asked, chain)).found
    except RateLimitError as error:
        busy = Degradation(level="failed", code="overloaded", warnings=(error.message,))
        return Found(context=Context(scopes=(), budget=asked.budget, degradation=busy))


async def read(
    core: Core, instance: Instance, request: FetchContext, chain: tuple[Scope, ...], *, texts: int | None = None
) -> Reading:
    """Return what a request of one question finds in a chain laid out already, past the cache.

    Args:
        core: The engine's parts.
        instance: Whose memories they are.
        request: What to look for.
        chain: The scopes to read.
        texts: How many memories, and segments, come with their text; None for as many as a fetch reads.

    Raises:
        RateLimitError: There is more to do than this process can, and it was not this call's turn in time.
        ServiceUnavailableError: The store does not answer.
    """
    asked = check(instance, request, now=core.clock.now())
    if asked.rungs is not None:
        chain = tuple(scope for scope in chain if scope.rung in asked.rungs)
    async with core.calls.entered(instance.id):
        sought = await seek(core, instance, request, asked, chain, texts=texts)
    if sought.found.recall is None and sought.search.chain:
        raise ServiceUnavailableError("the store did not answer; try again")
    search = sought.search
    return Reading(
        context=sought.found.context, query=search.queries[0], slot=slot_of(sought.space), limit=search.limit
    )


def invalidate_client(core: Core, caller: Caller) -> int:
    """Forget the cached answers of this instance that were computed for CLIENT scope; returns how many."""
    dropped = core.cache.forget(instance_id=core.instance_of(caller).id, target="client")
    core.note(caller, "cache.invalidate", count=dropped)
    return dropped


async def _answer(core: Core, instance: Instance, request: FetchContext, asked: Asked, owner: Owner) -> ContextAnswer:
    if owner.scope is None:
        raise NotFoundError("a fetch needs an owner")
    chain = scope_chain(instance.place, owner.scope)
    if asked.rungs is not None:
        chain = tuple(scope for scope in chain if scope.rung in asked.rungs)
    key = _cache_key(core, instance, settled(request, asked), owner.scope, chain)
    if key is not None and core.cache.holds(key):
        hit = await _cached(core, key, chain)
        if hit is not None:
            return _warned(hit, asked)
    return _warned(await _computed(core, instance, request, asked, chain=chain, key=key), asked)


def _warned(answer: ContextAnswer, asked: Asked) -> ContextAnswer:
    """Return an answer with what the caller should know of the request, which a kept answer must not hold."""
    if not asked.warnings:
        return answer
    warnings = tuple(dict.fromkeys((*asked.warnings, *answer.metadata.warnings)))
    return msgspec.structs.replace(answer, metadata=msgspec.structs.replace(answer.metadata, warnings=warnings))


async def _cached(core: Core, key: bytes, chain: Sequence[Scope]) -> ContextAnswer | None:
    try:
        async with asyncio.timeout(core.settings.store_timeout):
            versions = await core.store.search.versions(chain)
    except (TransientError, TimeoutError):
        return None
    answer = core.cache.get(key, versions)
    if answer is None:
        return None
    metadata = _stamp(answer.metadata, cache_hit=True, source="cache", timings={})
    return ContextAnswer(items=answer.items, formatted_context=answer.formatted_context, metadata=metadata)


async def _computed(
    core: Core,
    instance: Instance,
    request: FetchContext,
    asked: Asked,
    *,
    chain: tuple[Scope, ...],
    key: bytes | None,
) -> ContextAnswer:
    sought = await seek(core, instance, request, asked, chain)
    found, space = sought.found, sought.space
    context = found.context
    lasts = context.degradation is None and _lasts(context, asked)
    metadata = ContextMetadata(
        retrieved_at=core.clock.now(),
        ttl_seconds=CLIENT_TTL_SECONDS if request.target == "client" and lasts else -1,
        scope=request.target,
        timings_ms=found.timings_ms,
        embedder="" if space is None else space.embedder.id,
        mode=asked.mode,
        mode_note=sought.note,
    )
    answer = context_answer(context, metadata=metadata, explain=request.explain)
    if key is not None and found.versions is not None and lasts:
        kept = CachedAnswer(answer=answer, versions=found.versions, instance_id=instance.id, target=request.target)
        core.cache.put(key, kept)
    return answer


def _lasts(context: Context, asked: Asked) -> bool:
    """Whether nothing in an answer expires for as long as a cache may keep it."""
    if asked.kept_from is None:
        return True
    soon = asked.kept_from + timedelta(seconds=CLIENT_TTL_SECONDS)
    return all(item.memory.recorded_at >= soon for item in context.items)


def _cache_key(
    core: Core, instance: Instance, request: FetchContext, scope: Scope, chain: Sequence[Scope]
) -> bytes | None:
    """Return the key under which an answer is kept, or None for one that is not.

    Kept are answers for CLIENT scope, and for the rung that `primary_scope` makes warm; never those that depend on the
    moment of asking.
    """
    warm = {"user": "user", "customer": "customer", "instance": "client"}[instance.maca.storage.scoping.primary_scope]
    if scope.rung not in ("client", warm) or request.query_date is not None or request.explain:
        return None
    digests = tuple(owner.digest for owner in chain)
    return cache_key(instance.id, instance.revision, digests, request, core.spaces.wanted.id)


def _nothing(request: FetchContext, asked: Asked, owner: Owner) -> ContextAnswer:
    metadata = ContextMetadata(
        scope=request.target,
        token_budget=asked.budget,
        reason=owner.reason,
        mode=asked.mode,
        degraded="failed" if owner.away else "",
        degraded_code="unavailable" if owner.away else "",
        warnings=(*asked.warnings, *(("the store did not answer",) if owner.away else ())),
    )
    return ContextAnswer(metadata=metadata)


def _stamp(
    metadata: ContextMetadata,
    *,
    timings: dict[str, float],
    correlation_id: str | None = None,
    cache_hit: bool | None = None,
    source: str | None = None,
) -> ContextMetadata:
    return msgspec.structs.replace(
        metadata,
        timings_ms=timings,
        correlation_id=metadata.correlation_id if correlation_id is None else correlation_id,
        cache_hit=metadata.cache_hit if cache_hit is None else cache_hit,
        source=metadata.source if source is None else source,
    )
