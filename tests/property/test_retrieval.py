from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from synap.api.contexts import ContextAnswer, ContextItem, ContextMetadata, ConversationContext, RecentTurn
from synap.api.memories import EvidenceRecord
from synap.api.wire import decode_answer, encode_answer
from synap.domain.contexts import Candidate, ScoreParts
from synap.domain.memories import Memory, MemoryType, Statement
from synap.domain.scopes import LADDER, Scope
from synap.retrieval.order import BAND, arrange, fill_order
from synap.retrieval.scored import Scored, Settled

NOW = datetime(2026, 11, 20, tzinfo=UTC)
laws = settings(deadline=None)
RUNGS = [rung.name for rung in LADDER.rungs]

moments = st.integers(0, 10**9).map(lambda seconds: NOW - timedelta(seconds=seconds))
maybe_moments = st.none() | moments
shares = st.floats(0, 1)
texts = st.text(max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | texts, lambda inner: st.lists(inner, max_size=2), max_leaves=4
)
metadata = st.dictionaries(st.sampled_from(["rank_score", "page", "source", "excerpt"]), json_values, max_size=3)
evidence = st.builds(
    EvidenceRecord,
    document_id=texts,
    start=st.integers(0, 99),
    end=st.integers(0, 99),
    quote=texts,
    turn_id=st.none() | texts,
)


@st.composite
def items(draw: st.DrawFn, rank: int) -> ContextItem:
    kind = draw(st.sampled_from(MemoryType)).value
    return ContextItem(
        id=f"m{rank}",
        type=kind,
        content=draw(texts),
        scope=draw(st.sampled_from(RUNGS)),
        source=draw(texts),
        confidence=draw(shares),
        score=draw(shares),
        metadata=draw(metadata),
        entities=tuple(draw(st.lists(texts, max_size=2))),
        evidence=tuple(draw(st.lists(evidence, max_size=2))),
        said_at=draw(maybe_moments),
        valid_until=draw(maybe_moments),
        event_date=draw(moments if kind == MemoryType.TEMPORAL_EVENT else maybe_moments),
        excerpt=draw(st.booleans()),
        category=draw(texts),
        strength=draw(st.none() | shares),
        rank=rank,
        score_parts=draw(st.dictionaries(texts, shares, max_size=2)),
    )


@st.composite
def answers(draw: st.DrawFn) -> ContextAnswer:
    level = draw(st.sampled_from(["", "partial", "failed"]))
    turns = st.builds(RecentTurn, role=texts, content=texts, timestamp=maybe_moments)
    conversation = st.builds(ConversationContext, conversation_id=texts, recent_turns=st.tuples(turns), summary=texts)
    return ContextAnswer(
        items=tuple(draw(items(rank)) for rank in range(1, draw(st.integers(1, 5)))),
        formatted_context=draw(texts),
        conversation_context=draw(st.none() | conversation),
        metadata=ContextMetadata(
            correlation_id=draw(texts),
            ttl_seconds=draw(st.sampled_from([-1, 1800])),
            retrieved_at=draw(maybe_moments),
            scopes=tuple(draw(st.lists(st.sampled_from(RUNGS), max_size=3))),
            timings_ms=draw(st.dictionaries(texts, shares, max_size=2)),
            degraded=level,
            degraded_code="timeout" if level else "",
            warnings=tuple(draw(st.lists(texts, max_size=2))),
        ),
    )


@laws
@given(answers(), st.booleans())
def test_decoding_undoes_encoding(answer: ContextAnswer, ranked: bool) -> None:  # noqa: FBT001 - drawn
    assert decode_answer(json.loads(json.dumps(encode_answer(answer, ranked=ranked)))) == answer


@laws
@given(answers())
def test_no_item_on_the_wire_has_a_null_or_a_score_out_of_bounds(answer: ContextAnswer) -> None:
    wild = tuple(
        msgspec.structs.replace(item, score=item.score * 9 - 4, confidence=item.confidence * 3) for item in answer.items
    )
    body: dict[str, Any] = encode_answer(msgspec.structs.replace(answer, items=wild), ranked=True)

    for item in body["context"]["items"]:
        assert None not in item.values()
        assert isinstance(item["metadata"], dict)
        assert 0 <= item["score"] <= 1
        assert 0 <= item["confidence"] <= 1
    assert len(body["context"]["items"]) == len(answer.items)


@st.composite
def settled(draw: st.DrawFn) -> list[Settled]:
    count = draw(st.integers(0, 12))
    result = []
    for number in range(count):
        memory = Memory(
            id=f"m{number:02}",
            scope=Scope(rung=draw(st.sampled_from(RUNGS)), space="i"),
            statement=Statement(type=MemoryType.FACT, content="Blue."),
            recorded_at=NOW,
        )
        score = ScoreParts(total=draw(st.floats(0, 1)))
        winner = draw(st.none() | st.integers(0, count - 1))
        result.append(
            Settled(
                scored=Scored(candidate=Candidate(memory=memory), score=score),
                overridden_by=None if winner in (None, number) else f"m{winner:02}",
            )
        )
    return result


def without_winners(given_ones: list[Settled]) -> list[Settled]:
    return [Settled(scored=one.scored) for one in given_ones]


@laws
@given(settled())
def test_an_order_holds_everything_exactly_once(given_ones: list[Settled]) -> None:
    placed = arrange(given_ones, LADDER)

    assert sorted(one.id for one in placed) == [one.scored.candidate.memory.id for one in given_ones]
    assert sorted(fill_order(placed, LADDER)) == list(range(len(placed)))


@laws
@given(settled())
def test_inside_a_band_no_broader_one_precedes_a_narrower(given_ones: list[Settled]) -> None:
    placed = arrange(without_winners(given_ones), LADDER)

    for before, after in pairwise(placed):
        assert before.band <= after.band
        if before.band == after.band:
            assert LADDER.rank(before.rung) <= LADDER.rank(after.rung)
            assert after.relevance >= BAND * before.relevance - 1e-12 or after.relevance >= before.relevance


@laws
@given(settled())
def test_whoever_is_overridden_stands_behind_the_winner(given_ones: list[Settled]) -> None:
    # Winners always point to a smaller id here, so that no ring of contradictory marks arises.
    acyclic = [
        Settled(scored=one.scored, overridden_by=one.overridden_by)
        if one.overridden_by is not None and one.overridden_by < one.scored.candidate.memory.id
        else Settled(scored=one.scored)
        for one in given_ones
    ]

    position = {one.id: place for place, one in enumerate(arrange(acyclic, LADDER))}

    assert all(position[s.overridden_by] < position[s.scored.candidate.memory.id] for s in acyclic if s.overridden_by)


@laws
@given(settled())
def test_a_budget_gives_up_the_broad_before_the_narrow_among_the_relevant(given_ones: list[Settled]) -> None:
    placed = arrange(without_winners(given_ones), LADDER)
    filled = [placed[position] for position in fill_order(placed, LADDER)]

    relevant = [one for one in filled if one.relevant]
    assert filled[: len(relevant)] == relevant
    ranks = [LADDER.rank(one.rung) for one in relevant]
    assert ranks == sorted(ranks)
