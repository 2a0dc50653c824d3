"""The mode `accurate`: compound questions taken apart, a second hop, and a reranker where one is configured."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from synap.api.contexts import FetchContext
from synap.domain.contexts import Degradation, Item, Query, RetrievalMode, Search
from synap.domain.scopes import Scope
from synap.engine.callers import Instance
from synap.engine.core import Core
from synap.engine.questions import MOST_TOKENS, Asked
from synap.engine.recalling import Found, milliseconds, recalled, search_of, wanted_of, with_vectors
from synap.engine.spaces import LiveSpace
from synap.errors import SynapError
from synap.ports.reranker import Reranker
from synap.retrieval.compose import compose
from synap.retrieval.decompose import decompose
from synap.retrieval.governing import with_governing
from synap.retrieval.hops import bridges
from synap.retrieval.plan import plan_queries
from synap.retrieval.weights import HOP_WEIGHT, PART_WEIGHT

logger = logging.getLogger(__name__)

JUDGED = 40
"""Candidates that a reranker judges, the best ones."""
MOST_QUERIES = 16

Parts = Callable[[str], Awaitable[Sequence[str]]]
"""What takes a question apart; fails with a `SynapError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a request found, and how it was looked for.

    Attributes:
        found: The context and what the store said.
        search: What the store was asked last.
        space: The vectors in use; None for none.
        note: How an accurate fetch went about it; empty for a fast one.
    """

    found: Found
    search: Search
    space: LiveSpace | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenApart:
    """The queries of an accurate fetch, those asked first, and how their parts were found.

    Attributes:
        queries: Asked and derived, without vectors.
        note: What took them apart.
    """

    queries: tuple[Query, ...]
    note: str = ""


async def seek(
    core: Core,
    instance: Instance,
    request: FetchContext,
    asked: Asked,
    chain: tuple[Scope, ...],
    *,
    texts: int | None = None,
) -> Sought:
    """Return what a request finds in a chain: in one exchange with the store, or for `accurate` in up to two.

    Args:
        core: The engine's parts.
        instance: Whose memories they are.
        request: What to look for.
        asked: The same, checked.
        chain: The scopes to read.
        texts: How many memories, and segments, come with their text; None for as many as the results take.
    """
    deep = asked.mode is RetrievalMode.ACCURATE and bool(asked.queries)
    apart = await take_apart(asked.queries, model=core.take_apart) if deep else TakenApart(queries=asked.queries)
    weight = instance.maca.retrieval.ranking.governing
    started = time.perf_counter()
    space, queries, degraded = await with_vectors(core, instance, with_governing(apart.queries, weight=weight))
    embedded = milliseconds(time.perf_counter() - started)
    search = search_of(asked, chain, queries)
    search = search if texts is None else replace(search, texts=texts)
    found = await recalled(core, instance, request, asked, search=search, space=space)
    sought = Sought(found=found, search=search, space=space, note=apart.note)
    if deep and found.recall is not None:
        sought = await _judged(core, instance, request, asked, await _hopped(core, instance, request, asked, sought))
    context = sought.found.context
    context = replace(context, degradation=context.degradation or degraded)
    timings = {"embed": embedded, **sought.found.timings_ms}
    return replace(sought, found=replace(sought.found, context=context, timings_ms=timings))


async def _hopped(core: Core, instance: Instance, request: FetchContext, asked: Asked, sought: Sought) -> Sought:
    """Return what is found with the questions of the second hop beside the others; the same where there are none."""
    more = hop(sought.search.queries, sought.found.context.items)
    if not more:
        return sought
    space, queries, degraded = await with_vectors(core, instance, more)
    search = replace(sought.search, queries=(*sought.search.queries, *queries))
    found = await recalled(core, instance, request, asked, search=search, space=sought.space)
    if degraded is not None or space != sought.space or found.recall is None:
        return sought
    return replace(sought, found=found, search=search, note=f"{sought.note}, second hop")


async def _judged(core: Core, instance: Instance, request: FetchContext, asked: Asked, sought: Sought) -> Sought:
    """Return what was found in the order that a reranker gives it; as it was, saying so, where it does not answer."""
    recall, search = sought.found.recall, sought.found.search
    if core.reranker is None or recall is None or search is None:
        return sought
    started = time.perf_counter()
    semantic = sought.space is not None and sought.space.embedder.semantic
    wanted = wanted_of(instance, request, asked, semantic=semantic)
    wider = replace(wanted, max_results=max(JUDGED, wanted.max_results), budget=MOST_TOKENS, explain=False)
    best = compose(recall, search, wider).items
    question = " ".join(search.asked)
    scores = await judge(core.reranker, question, best, seconds=core.settings.rerank_timeout)
    if not scores:
        if not best:
            return sought
        warning = "no_reranker: the reranker did not answer, ranked without"
        away = Degradation(level="partial", code="unavailable", warnings=(warning,))
        return replace(sought, found=replace(sought.found, context=replace(sought.found.context, degradation=away)))
    context = compose(recall, search, replace(wanted, judged=scores))
    timings = {**sought.found.timings_ms, "rerank": milliseconds(time.perf_counter() - started)}
    note = f"{sought.note}, reranked by {core.reranker.id}"
    return replace(sought, found=replace(sought.found, context=context, timings_ms=timings), note=note)


async def take_apart(asked: Sequence[Query], *, model: Parts | None = None, seconds: float = 5.0) -> TakenApart:
    """Return `asked` with the parts of compound questions behind them: by a language model where there is one, else by rule.

    A model that fails or takes too long leaves it to the rules, and the note says so.
    """
    parts, note = await _parts(asked, model, seconds)
    return TakenApart(queries=with_derived(asked, parts, weight=PART_WEIGHT), note=note)


def hop(asked: Sequence[Query], hits: Sequence[Item]) -> tuple[Query, ...]:
    """Return the queries of the second hop: about what the best hits name and no question does."""
    found = [text for query in asked if not query.derived for text in bridges(query, hits)]
    return with_derived(asked, found, weight=HOP_WEIGHT)[len(asked) :]


def with_derived(asked: Sequence[Query], texts: Sequence[str], *, weight: float) -> tuple[Query, ...]:
    """Return `asked` with the new ones of `texts` behind them, as many as one fetch may ask."""
    known = {query.text for query in asked}
    new = [query for query in plan_queries(texts) if query.text not in known]
    room = max(0, MOST_QUERIES - len(asked))
    return (*asked, *(replace(query, weight=weight, derived=True) for query in new[:room]))


async def judge(reranker: Reranker, question: str, items: Sequence[Item], *, seconds: float) -> dict[str, float]:
    """Return a reranker's scores by memory id; empty where it does not answer in time, or not at all."""
    chosen = items[:JUDGED]
    try:
        async with asyncio.timeout(seconds):
            scores = await reranker.rerank(question, [item.content for item in chosen])
    except (SynapError, TimeoutError) as error:
        logger.warning("reranker did not answer", extra={"reranker": reranker.id, "error": type(error).__name__})
        return {}
    return {item.memory.id: score for item, score in zip(chosen, scores, strict=True)}


async def _parts(asked: Sequence[Query], model: Parts | None, seconds: float) -> tuple[list[str], str]:
    if model is not None:
        try:
            async with asyncio.timeout(seconds):
                return [part for query in asked for part in await model(query.text)], "a language model"
        except (SynapError, TimeoutError) as error:
            logger.warning("language model did not take a question apart", extra={"error": type(error).__name__})
            by_rule = [part for query in asked for part in decompose(query.text)]
            return by_rule, "rules only: the language model did not answer"
    return [part for query in asked for part in decompose(query.text)], "rules only: no language model is configured"
