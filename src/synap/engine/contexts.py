"""`*.context.fetch`: whose memories may be read, the cache, the search, and the answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import msgspec

from synap.api.contexts import (
    ContextAnswer,
    ContextMetadata,
    FetchContext,
)
from synap.api.wire import context_answer
from synap.domain.contexts import Context, Degradation, Query, RetrievalMode, Search
from synap.domain.ids import check_caller_id, conversation_uuid
from synap.domain.scopes import Ids, Scope, decide_scope, scope_chain
from synap.engine import lexicons
from synap.engine.cache import CLIENT_TTL_SECONDS, CachedAnswer, cache_key
from synap.engine.callers import Caller, Instance
from synap.engine.core import Core
from synap.engine.questions import SUMMARIES, Asked, check, settled
from synap.engine.spaces import LiveSpace
from synap.engine.summaries import summaries, with_conversation
from synap.errors import InvalidInputError, NotFoundError, RateLimitError, ScopeMissingError, TransientError
from synap.retrieval.compose import Wanted, compose
from synap.retrieval.fuse import Balance
from synap.store.rows import EXCERPT_TYPES

logger = logging.getLogger(__name__)

FEWEST_READ = 20
"""Memories, and segments, that come with their text at least, and two for each result: some say the same, or are over."""

UNKNOWN_CONVERSATION = "unknown_conversation"
AMBIGUOUS_CONVERSATION = "ambiguous_conversation"
FOREIGN_CONVERSATION = "conversation_of_another_owner"
SCOPES_OUT_OF_REACH = "scopes_out_of_reach"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """For whom a fetch reads: a scope, or none and the reason why the answer is empty.

    Attributes:
        scope: Whose context it is.
        reason: Why there is none.
        away: The store could not be asked, so that the answer is degraded.
    """

    scope: Scope | None
    reason: str = ""
    away: bool = False


AWAY = Owner(scope=None, away=True)
"""The store did not answer whose the context is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the store gave for a request.

    Attributes:
        context: The answer made of it.
        versions: Versions of the scopes read, by scope id; None where the store was not asked or did not answer.
        timings_ms: Milliseconds by stage.
    """

    context: Context
    versions: Mapping[int, int] | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)


async def fetch(core: Core, caller: Caller, request: FetchContext) -> ContextAnswer:
    """Return the context for a request. The store or the embedder failing degrades the answer, and it says so.

    Raises:
        RateLimitError: There is more to do than this process can, and it was not this call's turn in time.
    """
    started = time.perf_counter()
    instance = core.bound_instance(caller)
    asked = check(instance, request, now=core.clock.now())
    async with core.reads.entered(instance.id):
        waited = _since(started)
        answer, scope = await _read(core, caller, instance, request, asked)
    core.note(caller, "context.fetch", scope=scope, count=len(answer.items))
    timings = {"wait": waited, **answer.metadata.timings_ms, "total": _since(started)}
    stamped = _stamp(answer.metadata, correlation_id=caller.correlation_id, timings=timings)
    return msgspec.structs.replace(answer, metadata=stamped)


async def _read(
    core: Core, caller: Caller, instance: Instance, request: FetchContext, asked: Asked
) -> tuple[ContextAnswer, Scope | None]:
    """Return the answer to a fetch that is let in, and whose context it is."""
    owner = AWAY if caller.unverified else await _owner(core, instance, request)
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
        async with core.reads.entered(instance.id):
            space, queries, degraded = await _with_vectors(core, instance, asked.queries)
            search = _search(request, asked, chain, queries)
            found = await _found(core, instance, request, asked, search=search, space=space)
    except RateLimitError as error:
        busy = Degradation(level="failed", code="overloaded", warnings=(error.message,))
        return Found(context=Context(scopes=(), budget=asked.budget, degradation=busy))
    return replace(found, context=replace(found.context, degradation=found.context.degradation or degraded))


def invalidate_client(core: Core, caller: Caller) -> int:
    """Forget the cached answers of this instance that were computed for CLIENT scope; returns how many."""
    dropped = core.cache.forget(instance_id=core.instance_of(caller).id, target="client")
    core.note(caller, "cache.invalidate", count=dropped)
    return dropped


async def _owner(core: Core, instance: Instance, request: FetchContext) -> Owner:
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    if request.conversation_id is not None:
        check_caller_id(request.conversation_id, field="conversation_id")
    if request.target == "conversation":
        return await _conversation_owner(core, instance, request, ids)
    # Ids that the target does not use still have to be ids that the instance takes.
    decide_scope(instance.place, ids)
    if request.target == "user":
        if ids.user_id is None:
            raise InvalidInputError("user_id is required for a user's context", field="user_id")
        return Owner(scope=decide_scope(instance.place, ids))
    if request.target == "customer":
        if ids.customer_id is None:
            raise ScopeMissingError("customer_id is required for a customer's context", field="customer_id")
        return Owner(scope=decide_scope(instance.place, Ids(customer_id=ids.customer_id)))
    if request.target == "client":
        return Owner(scope=decide_scope(instance.place, Ids()))
    raise InvalidInputError(
        f"target must be 'user', 'customer', 'client' or 'conversation', not {request.target!r}", field="target"
    )


async def _conversation_owner(core: Core, instance: Instance, request: FetchContext, ids: Ids) -> Owner:
    """Return whose conversation it is: the ids' owner if the record does not contradict, else the only one on record."""
    if request.conversation_id is None:
        raise InvalidInputError("conversation_id is required for a conversation's context", field="conversation_id")
    named = None if ids.empty else decide_scope(instance.place, ids, conversational=True)
    try:
        async with asyncio.timeout(core.settings.store_timeout):
            known = await core.store.documents.owners(instance.id, conversation_uuid(request.conversation_id))
    except (TransientError, TimeoutError) as error:
        logger.warning("store did not answer a fetch", extra={"error": type(error).__name__})
        return AWAY
    # The directory does not tell in which space a shared scope lies: the instance does.
    known = [decide_scope(instance.place, Ids()) if scope.shared else scope for scope in known]
    if named is not None:
        return Owner(scope=None, reason=FOREIGN_CONVERSATION) if known and named not in known else Owner(scope=named)
    if not known:
        return Owner(scope=None, reason=UNKNOWN_CONVERSATION)
    if len(known) > 1:
        return Owner(scope=None, reason=AMBIGUOUS_CONVERSATION)
    return Owner(scope=known[0])


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
            return hit
    return await _computed(core, instance, request, asked, chain=chain, key=key)


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
    started = time.perf_counter()
    space, queries, degraded = await _with_vectors(core, instance, asked.queries)
    embedded = time.perf_counter()
    search = _search(request, asked, chain, queries)
    found = await _found(core, instance, request, asked, search=search, space=space)
    degradation = found.context.degradation or degraded
    context = replace(found.context, degradation=degradation, warnings=asked.warnings + found.context.warnings)
    metadata = ContextMetadata(
        retrieved_at=core.clock.now(),
        ttl_seconds=CLIENT_TTL_SECONDS if request.target == "client" else -1,
        scope=request.target,
        timings_ms={"embed": _ms(embedded - started), **found.timings_ms},
        embedder="" if space is None else space.embedder.id,
        mode=asked.mode,
        mode_note="rules only: no language model is configured" if asked.mode is RetrievalMode.ACCURATE else "",
    )
    answer = context_answer(context, metadata=metadata, explain=request.explain)
    if key is not None and degradation is None and found.versions is not None and _lasts(context, asked):
        kept = CachedAnswer(answer=answer, versions=found.versions, instance_id=instance.id, target=request.target)
        core.cache.put(key, kept)
    return answer


def _search(request: FetchContext, asked: Asked, chain: tuple[Scope, ...], queries: tuple[Query, ...]) -> Search:
    return Search(
        chain=chain,
        queries=queries,
        types=asked.types,
        as_of=asked.as_of,
        now=asked.moment,
        texts=texts_read(request.max_results),
        excerpts=not asked.types or not asked.types.isdisjoint(EXCERPT_TYPES),
    )


def texts_read(max_results: int) -> int:
    """Return how many memories, and how many segments, a question reads the text of."""
    return max(FEWEST_READ, 2 * max_results)


def _lasts(context: Context, asked: Asked) -> bool:
    """Whether nothing in an answer expires for as long as a cache may keep it."""
    if asked.kept_from is None:
        return True
    soon = asked.kept_from + timedelta(seconds=CLIENT_TTL_SECONDS)
    return all(item.memory.recorded_at >= soon for item in context.items)


async def _with_vectors(
    core: Core, instance: Instance, queries: tuple[Query, ...]
) -> tuple[LiveSpace | None, tuple[Query, ...], Degradation | None]:
    """Give the queries their vectors; without an embedder the text channel answers alone, and the answer says so.

    An instance that searches by words alone needs no vectors, nor does a fetch without a query: then none are missed.
    """
    if not instance.maca.storage.vector.enabled:
        return None, queries, None
    try:
        async with asyncio.timeout(core.settings.embed_timeout):
            space = await core.spaces.live()
            vectors = await space.embedder.embed_queries([query.text for query in queries]) if queries else ()
        embedded = tuple(replace(q, vector=vector) for q, vector in zip(queries, vectors, strict=True))
    except Exception as error:  # noqa: BLE001 - whatever an embedder of any maker runs into, words still answer
        logger.warning("query was not embedded", extra={"error": type(error).__name__})
        note = Degradation(level="partial", code="no_vectors", warnings=("the embedder did not answer: text only",))
        return None, queries, note if queries else None
    return space, embedded, None


async def _found(
    core: Core,
    instance: Instance,
    request: FetchContext,
    asked: Asked,
    *,
    search: Search,
    space: LiveSpace | None,
) -> Found:
    empty = Context(scopes=tuple(scope.rung for scope in search.chain), budget=asked.budget)
    if not search.chain:
        return Found(context=replace(empty, reason=SCOPES_OUT_OF_REACH))
    started = time.perf_counter()
    try:
        async with asyncio.timeout(core.settings.store_timeout):
            slot = "emb" if space is None else space.slot
            recall, search = await lexicons.recall(
                core.store.search, core.store.entities, core.lexicons, search, slot=slot
            )
    except (TransientError, TimeoutError) as error:
        logger.warning("store did not answer a fetch", extra={"error": type(error).__name__})
        code = "timeout" if isinstance(error, TimeoutError) else "unavailable"
        failed = Degradation(level="failed", code=code, warnings=("the store did not answer",))
        return Found(context=replace(empty, degradation=failed), timings_ms={"store": _since(started)})
    recalled = time.perf_counter()
    semantic = space is not None and space.embedder.semantic
    context = compose(recall, search, _wanted(instance, request, asked, semantic=semantic))
    timings = {"store": _ms(recalled - started), "compose": _since(recalled)}
    return Found(context=context, versions=dict(recall.versions), timings_ms=timings)


def _wanted(instance: Instance, request: FetchContext, asked: Asked, *, semantic: bool) -> Wanted:
    retrieval = instance.maca.retrieval
    ranking = retrieval.ranking
    favoured = {"user": "user", "customer": "customer", "instance": "client"}
    return Wanted(
        max_results=request.max_results,
        per_query=request.max_results_per_query,
        budget=asked.budget,
        types=asked.types,
        ladder=instance.place.ladder,
        favoured=favoured[instance.maca.storage.scoping.primary_scope],
        rungs=asked.rungs,
        mode=asked.mode,
        semantic=semantic,
        confidence_threshold=instance.maca.ingestion.extraction.confidence_threshold,
        type_weights=retrieval.type_weights.by_type(),
        balance=Balance(
            similarity=ranking.similarity,
            recency=ranking.recency,
            centrality=ranking.centrality,
            confidence=ranking.confidence,
        ),
        kept_from=asked.kept_from,
    )


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


def _since(started: float) -> float:
    return _ms(time.perf_counter() - started)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
