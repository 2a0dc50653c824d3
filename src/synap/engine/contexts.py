"""`*.context.fetch`: whose memories may be read, the cache, the search, and the answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from synap.api.contexts import ContextAnswer, ContextMetadata, ConversationContext, FetchContext, RecentTurn
from synap.api.wire import context_answer
from synap.domain.contexts import Context, Degradation, Query, ResponseShape, RetrievalMode, Search
from synap.domain.ids import check_caller_id, conversation_uuid
from synap.domain.memories import MemoryType
from synap.domain.scopes import Ids, Scope, decide_scope, scope_chain
from synap.domain.vocabulary import parse_types
from synap.engine import checks
from synap.engine.cache import CLIENT_TTL_SECONDS, CachedAnswer, cache_key
from synap.engine.callers import Caller, Instance
from synap.engine.core import Core
from synap.engine.spaces import LiveSpace
from synap.errors import InvalidInputError, NotFoundError, ScopeMissingError, TransientError
from synap.retrieval.compose import Wanted, compose
from synap.retrieval.plan import plan_queries, read_query_date

logger = logging.getLogger(__name__)

MAX_RESULTS = 50
MAX_QUERIES = 16
RESERVE = 20
"""Memories, and segments, read beyond two for each result: some say the same, are over, or are of a type not wanted."""

MAX_QUERY_CHARACTERS = 16_384
RECENT_TURNS = 20
UNKNOWN_CONVERSATION = "unknown_conversation"
AMBIGUOUS_CONVERSATION = "ambiguous_conversation"
FOREIGN_CONVERSATION = "conversation_of_another_owner"


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
class Asked:
    """A request after all checks, with everything the search needs but the vectors."""

    types: frozenset[MemoryType]
    queries: tuple[Query, ...]
    mode: RetrievalMode
    moment: datetime
    as_of: datetime | None
    budget: int
    rungs: frozenset[str] | None
    warnings: tuple[str, ...]


async def fetch(core: Core, caller: Caller, request: FetchContext) -> ContextAnswer:
    """Return the context for a request. The store or the embedder failing degrades the answer, and it says so."""
    started = time.perf_counter()
    instance = core.bound_instance(caller)
    asked = _check(core, instance, request)
    owner = AWAY if caller.unverified else await _owner(core, instance, request)
    answer = await _answer(core, instance, request, asked, owner) if owner.scope else _nothing(request, asked, owner)
    if request.target == "conversation" and owner.scope is not None and request.include_conversation_context:
        answer = await _with_conversation(core, owner.scope, request, answer)
    core.note(caller, "context.fetch", scope=owner.scope, count=len(answer.items))
    timings = {**answer.metadata.timings_ms, "total": round((time.perf_counter() - started) * 1000, 3)}
    stamped = _stamp(answer.metadata, correlation_id=caller.correlation_id, timings=timings)
    return ContextAnswer(
        items=answer.items,
        formatted_context=answer.formatted_context,
        conversation_context=answer.conversation_context,
        metadata=stamped,
    )


def invalidate_client(core: Core, caller: Caller) -> int:
    """Forget the cached answers of this instance that were computed for CLIENT scope; returns how many."""
    dropped = core.cache.forget(instance_id=core.instance_of(caller).id, target="client")
    core.note(caller, "cache.invalidate", count=dropped)
    return dropped


def _check(core: Core, instance: Instance, request: FetchContext) -> Asked:
    if not isinstance(request.max_results, int) or not 0 <= request.max_results <= MAX_RESULTS:
        raise InvalidInputError(
            f"max_results must lie between 0 and {MAX_RESULTS}, not {request.max_results}", field="max_results"
        )
    budget = instance.maca.retrieval.budget.max_tokens if request.max_tokens is None else request.max_tokens
    if budget < 0:
        raise InvalidInputError(f"max_tokens must not be negative, not {budget}", field="max_tokens")
    checks.one_of(ResponseShape, request.response_shape, field="response_shape")
    now = core.clock.now()
    moment, warning = read_query_date(request.query_date, now)
    return Asked(
        types=parse_types(request.types),
        queries=_queries(request.search_query),
        mode=checks.one_of(RetrievalMode, request.mode, field="mode"),
        moment=moment,
        as_of=checks.moment(request.as_of, field="as_of"),
        budget=budget,
        rungs=_rungs(instance, request.scopes),
        warnings=() if warning is None else (warning,),
    )


def _queries(texts: Sequence[str]) -> tuple[Query, ...]:
    asked = [text for text in texts if text.strip()]
    if len(asked) > MAX_QUERIES:
        raise InvalidInputError(
            f"search_query must hold at most {MAX_QUERIES} queries, not {len(asked)}", field="search_query"
        )
    for text in asked:
        if len(text) > MAX_QUERY_CHARACTERS:
            raise InvalidInputError(
                f"search_query must be at most {MAX_QUERY_CHARACTERS} characters each, not {len(text)}",
                field="search_query",
            )
        _check_text(text)
    return plan_queries(list(dict.fromkeys(asked)))


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"search_query must be valid Unicode: it holds a lone surrogate at position {error.start}",
            field="search_query",
        ) from error


def _rungs(instance: Instance, scopes: tuple[str, ...] | None) -> frozenset[str] | None:
    if scopes is None:
        return None
    for name in scopes:
        instance.place.ladder.rank(name)
    return frozenset(scopes)


async def _owner(core: Core, instance: Instance, request: FetchContext) -> Owner:
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    if request.conversation_id is not None:
        check_caller_id(request.conversation_id, field="conversation_id")
    if request.target == "conversation":
        return await _conversation_owner(core, instance, request, ids)
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
    key = _cache_key(core, instance, request, owner.scope, chain)
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
    clock = time.perf_counter
    started = clock()
    space, queries, degraded = await _with_vectors(core, asked.queries)
    embedded = clock()
    search = Search(
        chain=chain,
        queries=queries,
        types=asked.types,
        as_of=asked.as_of,
        now=asked.moment,
        texts=RESERVE + 2 * request.max_results,
        excerpts=not asked.types,
    )
    context, versions, failed = await _compose(core, instance, request, asked, search=search, space=space)
    composed = clock()
    degradation = failed or degraded
    context = replace(context, degradation=degradation, warnings=asked.warnings + context.warnings)
    metadata = ContextMetadata(
        retrieved_at=core.clock.now(),
        ttl_seconds=CLIENT_TTL_SECONDS if request.target == "client" else -1,
        scope=request.target,
        timings_ms={"embed": _ms(embedded - started), "store_and_compose": _ms(composed - embedded)},
        embedder="" if space is None else space.embedder.id,
        mode=asked.mode,
        mode_note="rules only: no language model is configured" if asked.mode is RetrievalMode.ACCURATE else "",
    )
    answer = context_answer(context, metadata=metadata, explain=request.explain)
    if key is not None and degradation is None and versions is not None:
        core.cache.put(
            key, CachedAnswer(answer=answer, versions=versions, instance_id=instance.id, target=request.target)
        )
    return answer


async def _with_vectors(
    core: Core, queries: tuple[Query, ...]
) -> tuple[LiveSpace | None, tuple[Query, ...], Degradation | None]:
    """Give the queries their vectors; without an embedder the text channel answers alone, and the answer says so."""
    try:
        async with asyncio.timeout(core.settings.embed_timeout):
            space = await core.spaces.live()
            vectors = await space.embedder.embed_queries([query.text for query in queries]) if queries else ()
    except (TransientError, TimeoutError) as error:
        logger.warning("query was not embedded", extra={"error": type(error).__name__})
        note = Degradation(level="partial", code="no_vectors", warnings=("the embedder did not answer: text only",))
        return None, queries, note
    return space, tuple(replace(q, vector=vector) for q, vector in zip(queries, vectors, strict=True)), None


async def _compose(
    core: Core,
    instance: Instance,
    request: FetchContext,
    asked: Asked,
    *,
    search: Search,
    space: LiveSpace | None,
) -> tuple[Context, dict[int, int] | None, Degradation | None]:
    rungs = tuple(scope.rung for scope in search.chain)
    if not search.chain:
        return Context(scopes=rungs, budget=asked.budget), None, None
    try:
        async with asyncio.timeout(core.settings.store_timeout):
            recall = await core.store.search.recall(search, slot="emb" if space is None else space.slot)
    except (TransientError, TimeoutError) as error:
        logger.warning("store did not answer a fetch", extra={"error": type(error).__name__})
        code = "timeout" if isinstance(error, TimeoutError) else "unavailable"
        empty = Context(scopes=rungs, budget=asked.budget)
        return empty, None, Degradation(level="failed", code=code, warnings=("the store did not answer",))
    semantic = space is not None and space.embedder.semantic
    wanted = _wanted(instance, request, asked, semantic=semantic)
    return compose(recall, search, wanted), dict(recall.versions), None


def _wanted(instance: Instance, request: FetchContext, asked: Asked, *, semantic: bool) -> Wanted:
    retrieval = instance.maca.retrieval
    favoured = {"user": "user", "customer": "customer", "instance": "client"}
    return Wanted(
        max_results=request.max_results,
        budget=asked.budget,
        types=asked.types,
        ladder=instance.place.ladder,
        favoured=favoured[instance.maca.storage.scoping.primary_scope],
        rungs=asked.rungs,
        mode=asked.mode,
        semantic=semantic,
        confidence_threshold=instance.maca.ingestion.extraction.confidence_threshold,
        type_weights={kind: getattr(retrieval.type_weights, kind.value) for kind in MemoryType},
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


async def _with_conversation(core: Core, scope: Scope, request: FetchContext, answer: ContextAnswer) -> ContextAnswer:
    """Add the conversation's recent turns; a store that does not answer leaves them out."""
    conversation = conversation_uuid(request.conversation_id or "")
    try:
        async with asyncio.timeout(core.settings.store_timeout):
            turns = await core.store.conversations.recent(scope, conversation, limit=RECENT_TURNS)
    except (TransientError, TimeoutError):
        return answer
    recent = tuple(
        RecentTurn(role=turn.role, content=turn.content, timestamp=turn.recorded_at, message_id=turn.id)
        for turn in turns
    )
    return ContextAnswer(
        items=answer.items,
        formatted_context=answer.formatted_context,
        conversation_context=ConversationContext(conversation_id=conversation, recent_turns=recent),
        metadata=answer.metadata,
    )


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


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
