"""One exchange with the store and what is made of it: the queries' vectors, the search, the context."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from synap.api.contexts import FetchContext
from synap.domain.contexts import Context, Degradation, Query, Recall, Search
from synap.domain.scopes import Scope
from synap.engine import lexicons
from synap.engine.callers import Instance
from synap.engine.core import Core
from synap.engine.questions import Asked
from synap.engine.spaces import LiveSpace
from synap.errors import TransientError
from synap.retrieval.compose import Wanted, compose
from synap.retrieval.weights import Balance
from synap.store.rows import EXCERPT_TYPES
from synap.store.statements import Slot

logger = logging.getLogger(__name__)

FEWEST_READ = 20
"""Memories, and segments, that come with their text at least, and two for each result: some say the same, or are over."""

SCOPES_OUT_OF_REACH = "scopes_out_of_reach"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the store gave for a request.

    Attributes:
        context: The answer made of it.
        versions: Versions of the scopes read, by scope id; None where the store was not asked or did not answer.
        timings_ms: Milliseconds by stage.
        recall: What the store brought; None where it was not asked or did not answer.
        search: What it was asked for that.
    """

    context: Context
    versions: Mapping[int, int] | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    recall: Recall | None = None
    search: Search | None = None


async def with_vectors(
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
        code = "timeout" if isinstance(error, TimeoutError) else "unavailable"
        note = Degradation(level="partial", code=code, warnings=("no_vectors: the embedder did not answer, text only",))
        return None, queries, note if queries else None
    return space, embedded, None


def search_of(asked: Asked, chain: tuple[Scope, ...], queries: tuple[Query, ...]) -> Search:
    """Return what the store is asked for."""
    return Search(
        chain=chain,
        queries=queries,
        types=asked.types,
        as_of=asked.as_of,
        now=asked.moment,
        texts=texts_read(asked.max_results),
        excerpts=not asked.types or not asked.types.isdisjoint(EXCERPT_TYPES),
    )


def texts_read(max_results: int) -> int:
    """Return how many memories, and how many segments, a question reads the text of."""
    return max(FEWEST_READ, 2 * max_results)


async def recalled(
    core: Core,
    instance: Instance,
    request: FetchContext,
    asked: Asked,
    *,
    search: Search,
    space: LiveSpace | None,
) -> Found:
    """Return what the store finds for a search and what is made of it; without its answer, an empty context that says so."""
    empty = Context(scopes=tuple(scope.rung for scope in search.chain), budget=asked.budget)
    if not search.chain:
        return Found(context=replace(empty, reason=SCOPES_OUT_OF_REACH))
    semantic = space is not None and space.embedder.semantic
    wanted = wanted_of(instance, request, asked, semantic=semantic)
    started = time.perf_counter()

    def make(recall: Recall, search: Search) -> tuple[Recall, Search, Context, float]:
        read = time.perf_counter()
        context = compose(recall, search, wanted)
        return recall, search, context, since(read)

    try:
        async with asyncio.timeout(core.settings.store_timeout):
            recall, search, context, composing = await lexicons.answer(
                core.store.search,
                core.store.entities if instance.maca.storage.graph.enabled else None,
                core.lexicons,
                search,
                make,
                slot=slot_of(space),
            )
    except (TransientError, TimeoutError) as error:
        logger.warning("store did not answer a fetch", extra={"error": type(error).__name__})
        code = "timeout" if isinstance(error, TimeoutError) else "unavailable"
        failed = Degradation(level="failed", code=code, warnings=("the store did not answer",))
        return Found(context=replace(empty, degradation=failed), timings_ms={"store": since(started)})
    # What is composed while the database answers is no time of the store's.
    timings = {"store": max(0.0, since(started) - composing), "compose": composing}
    return Found(context=context, versions=dict(recall.versions), timings_ms=timings, recall=recall, search=search)


def slot_of(space: LiveSpace | None) -> Slot:
    """Return the vector column to search."""
    return "emb" if space is None else space.slot


def wanted_of(instance: Instance, request: FetchContext, asked: Asked, *, semantic: bool) -> Wanted:
    """Return what the answer shall be like, by the request and the instance's configuration."""
    retrieval = instance.maca.retrieval
    ranking = retrieval.ranking
    favoured = {"user": "user", "customer": "customer", "instance": "client"}
    return Wanted(
        max_results=asked.max_results,
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
        balance=Balance(**asdict(ranking)),
        kept_from=asked.kept_from,
        floor=retrieval.floor,
        explain=request.explain,
    )


def since(started: float) -> float:
    """Return the milliseconds since a moment of the performance counter."""
    return milliseconds(time.perf_counter() - started)


def milliseconds(seconds: float) -> float:
    """Return seconds as milliseconds, rounded."""
    return round(seconds * 1000, 3)
