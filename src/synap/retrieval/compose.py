"""The one way from candidates to a context: fuse, refine, weigh, uphold, settle, order, fit, format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime

import numpy as np
from msgspec.structs import replace

from synap.domain.contexts import Candidate, Context, Item, Recall, RetrievalMode, ScoreParts, Search, Untold
from synap.domain.memories import MemoryType
from synap.domain.scopes import LADDER, Ladder
from synap.domain.tokens import count_lines
from synap.retrieval.dating import dated
from synap.retrieval.diverse import diverse
from synap.retrieval.explain import Way, left_out
from synap.retrieval.fit import fit
from synap.retrieval.format import render
from synap.retrieval.fuse import Fused, fuse
from synap.retrieval.judged import by_judgement
from synap.retrieval.order import Placed, arrange, arrange_unasked, fill_order, newest_of_each_name
from synap.retrieval.passages import WordsAsked, own_words, says_something
from synap.retrieval.places import refine, with_total
from synap.retrieval.scored import Scored, Settled
from synap.retrieval.settle import settle
from synap.retrieval.share import share_out
from synap.retrieval.standing import uphold
from synap.retrieval.weights import Balance

COMPARED = 128
"""Candidates compared with each other for conflicts and repetitions, the best ranked; no answer reaches deeper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an answer shall be like.

    Attributes:
        max_results: Items at most; they are cut by relevance.
        per_query: Share of each of several questions, or None for the best one of each; see `synap.retrieval.share`.
        budget: Tokens that the formatted context may take; it is cut by scope, the broadest first.
        types: Memory types served; empty for all.
        ladder: The account's rungs, which rank the scopes.
        favoured: Rung that comes first in answers without a question.
        rungs: Rungs to which the answer is narrowed, or None for all.
        mode: How much work a fetch may do.
        semantic: Whether the embedder knows paraphrase.
        confidence_threshold: Memories below it are left out, excerpts never, 0..1.
        type_weights: Factor on the score by type; 1 where missing.
        balance: How much each signal of the score counts.
        kept_from: What was recorded before this moment is past its retention; None where nothing expires.
        floor: Score below which nothing is served for a question, 0..1.
        explain: Whether the answer tells what it left out, and why.
        judged: What a reranker made of the best candidates, 0..1, by memory id; empty without one.
    """

    max_results: int = 10
    per_query: int | None = None
    budget: int = 4096
    types: frozenset[MemoryType] = frozenset()
    ladder: Ladder = LADDER
    favoured: str = "user"
    rungs: frozenset[str] | None = None
    mode: RetrievalMode = RetrievalMode.FAST
    semantic: bool = True
    confidence_threshold: float = 0.0
    type_weights: Mapping[MemoryType, float] = field(default_factory=dict)
    balance: Balance = field(default_factory=Balance)
    kept_from: datetime | None = None
    floor: float = 0.0
    explain: bool = False
    judged: Mapping[str, float] = field(default_factory=dict)


def compose(recall: Recall, search: Search, wanted: Wanted) -> Context:
    """Return the answer to `search` out of what the store found: pure, and the same for the same input.

    With a question, items come by relevance in bands, the narrower scope first in each; without one, rung by rung. Both
    cuts only ever shorten: more results or a bigger budget never lose an item. With no results wanted, or no budget, the
    answer is empty.
    """
    candidates = _eligible(recall.candidates, wanted)
    placed, fused = _ranked(candidates, _lending(recall.untold, search, wanted), search, wanted)
    placed = newest_of_each_name(placed, search.asked)
    if wanted.mode is RetrievalMode.ACCURATE and search.queries:
        placed = diverse(placed)
    matched = fused.matched
    kept = _kept(placed, fused, search, wanted)
    items = [_item(one, matched) for one in kept]
    order = fill_order(kept, wanted.ladder, favoured=None if search.queries else wanted.favoured)
    served = dated(fit(items, order, budget=wanted.budget), search.asked, budget=wanted.budget)
    formatted = render(served)
    return Context(
        items=tuple(served),
        formatted=formatted,
        scopes=_rungs_searched(search, wanted),
        tokens=count_lines(formatted.split("\n")) if formatted else 0,
        budget=wanted.budget,
        budget_exceeded=len(served) < len(kept) or any(item.cut for item in served),
        candidates=len(candidates) + (0 if recall.untold is None else len(recall.untold)),
        left_out=left_out(Way(candidates=recall.candidates, placed=placed, kept=kept, served=served), search, wanted)
        if wanted.explain
        else (),
    )


def _kept(placed: Sequence[Placed], fused: Fused, search: Search, wanted: Wanted) -> list[Placed]:
    """Return as many as are wanted, among them the share of each of several questions: its best one, or as many as are asked for.

    Scores say how well a question is met beside its other answers, so that one which many meet alike would take all the
    room from one that a single memory answers.
    """
    most = max(0, wanted.max_results)
    if search.queries and wanted.floor > 0.0:
        placed = [one for one in placed if one.relevance >= wanted.floor]
    if not search.asked[1:]:  # one question takes it all
        return list(placed[:most])
    return share_out(placed, fused.scores, search.asked, each=wanted.per_query or 1, most=most)


def _eligible(candidates: Sequence[Candidate], wanted: Wanted) -> list[Candidate]:
    """Return the candidates of the rungs asked for that have not expired.

    Types and confidence are judged after scoring, for the neighbours' sake.
    """
    rungs, kept_from = wanted.rungs, wanted.kept_from
    return [
        c
        for c in candidates
        if (rungs is None or c.memory.scope.rung in rungs) and (kept_from is None or c.memory.recorded_at >= kept_from)
    ]


def _lending(untold: Untold | None, search: Search, wanted: Wanted) -> Untold | None:
    """Return what came with its scores alone, of the rungs asked for."""
    if untold is None or wanted.rungs is None:
        return untold
    kept = np.isin(untold.scopes, [scope.id for scope in search.chain if scope.rung in wanted.rungs])
    return Untold(**{column.name: getattr(untold, column.name)[kept] for column in fields(untold)})


def _ranked(
    candidates: Sequence[Candidate], untold: Untold | None, search: Search, wanted: Wanted
) -> tuple[list[Placed], Fused]:
    """Return all candidates worth serving in the order of the answer, and what found each."""
    if not search.queries:
        unscored = [Scored(candidate=c, score=ScoreParts(total=0.0)) for c in candidates]
        upheld = uphold(_servable(unscored, wanted), search)
        placed = arrange_unasked(
            _settle(upheld, wanted.ladder),
            wanted.ladder,
            favoured=wanted.favoured,
            limit=wanted.max_results,
            now=search.now,
        )
        return placed, Fused(matched={})
    fused = fuse(candidates, search, untold=untold, semantic=wanted.semantic, balance=wanted.balance)
    refined = refine(_servable(fused.scored, wanted), WordsAsked(search.queries))
    upheld = uphold([_weigh(one, wanted.type_weights) for one in refined], search)
    if wanted.judged:
        upheld = by_judgement(upheld, wanted.judged)
    return arrange(_settle(upheld, wanted.ladder), wanted.ladder), fused


def _settle(ranked: Sequence[Scored], ladder: Ladder) -> list[Settled]:
    """Return the best of `ranked` compared, and the rest as they are; who speaks for equals takes the best score of them.

    Records are not compared: two that hold the same are still two.
    """
    records = [Settled(scored=one) for one in ranked if one.candidate.memory.record]
    ranked = [one for one in ranked if not one.candidate.memory.record]
    totals = {one.candidate.memory.id: one.score.total for one in ranked}
    settled = [*settle(ranked[:COMPARED], ladder), *(Settled(scored=one) for one in ranked[COMPARED:]), *records]
    return [
        replace(
            one, scored=with_total(one.scored, max(one.scored.score.total, *(totals[other] for other in one.merged)))
        )
        if one.merged
        else one
        for one in settled
    ]


def _servable(scored: Sequence[Scored], wanted: Wanted) -> list[Scored]:
    types = wanted.types or frozenset(MemoryType)
    return [
        one
        for one in scored
        if one.candidate.memory.statement.type in types and _worth_serving(one.candidate, wanted.confidence_threshold)
    ]


def _worth_serving(candidate: Candidate, confidence: float) -> bool:
    """Whether an excerpt says something, and a memory is sure enough; a record is data and need not say anything."""
    if candidate.memory.record:
        return True
    if candidate.excerpt:
        return says_something(own_words(candidate))
    return candidate.memory.statement.confidence >= confidence


def _weigh(one: Scored, type_weights: Mapping[MemoryType, float]) -> Scored:
    """Return `one` with its total times the weight of its type."""
    weight = type_weights.get(one.candidate.memory.statement.type, 1.0)
    return one if weight == 1.0 else with_total(one, one.score.total * weight)


def _item(placed: Placed, matched: Mapping[str, tuple[str, ...]]) -> Item:
    settled = placed.settled
    candidate = settled.scored.candidate
    score = with_total(
        settled.scored, min(1.0, max(settled.scored.score.total, placed.relevance)), band=placed.band
    ).score
    return Item(
        memory=candidate.memory,
        content=candidate.memory.statement.content,
        rank=0,
        score=score,
        excerpt=candidate.excerpt,
        overridden_by=settled.overridden_by,
        matched_queries=matched.get(candidate.memory.id, ()),
    )


def _rungs_searched(search: Search, wanted: Wanted) -> tuple[str, ...]:
    return tuple(scope.rung for scope in search.chain if wanted.rungs is None or scope.rung in wanted.rungs)
