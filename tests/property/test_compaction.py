"""Laws of compaction: the score is a share, the size keeps its bound or says why, and no word is invented."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from synap.compaction.compact import RATIOS, SMALLEST_TARGET, compact
from synap.compaction.render import render
from synap.domain.compactions import Form, Message, Strategy
from synap.domain.tokens import count_tokens

PHRASES = st.sampled_from(
    [
        "I live in Graz.",
        "Hi!",
        "Thanks a lot, that helps.",
        "We decided to use PostgreSQL 16.",
        "The meeting moved to Friday.",
        "The meeting is on Tuesday at 3pm.",
        "I prefer tea over coffee, and Clara likes neither.",
        "What is the budget?",
        "It is 4,500 euros.",
        "I'll call Rui tomorrow.",
        "Well, oh, so: der Termin ist am 3. Mai.",
        "予算は五万円です。",
        "```x = 1```",
        "> quoted",
    ]
)
CONTENT = st.one_of(st.lists(PHRASES, min_size=1, max_size=5).map(" ".join), st.text(max_size=60))
CONVERSATIONS = st.lists(st.tuples(st.sampled_from(["user", "assistant"]), CONTENT), max_size=30).map(
    lambda turns: [
        Message(id=f"m{n}", position=n, role=role, content=content, at=datetime(2026, 5, 3, tzinfo=UTC))
        for n, (role, content) in enumerate(turns, 1)
    ]
)


@settings(max_examples=150, deadline=None)
@given(CONVERSATIONS, st.sampled_from(Strategy))
def test_the_score_is_a_share_and_the_size_keeps_its_bound(messages: list[Message], strategy: Strategy) -> None:
    made = compact(messages, strategy=strategy)

    assert 0.0 <= made.score <= 1.0
    bound = max(RATIOS.get(made.strategy, 0.7) * made.original_tokens, SMALLEST_TARGET) + 1
    assert made.compacted_tokens <= bound or made.note
    assert made.compacted_tokens == count_tokens(render(made, Form.STRUCTURED))


@settings(max_examples=100, deadline=None)
@given(CONVERSATIONS, st.integers(1, 300))
def test_a_target_is_kept_or_explained(messages: list[Message], target: int) -> None:
    made = compact(messages, target_tokens=target)

    assert made.compacted_tokens <= target or made.note


@settings(max_examples=150, deadline=None)
@given(CONVERSATIONS)
def test_no_word_is_invented(messages: list[Message]) -> None:
    said = {message.id: " ".join(message.content.split()) for message in messages}

    for point in compact(messages).points:
        assert all(word in said[point.message_ids[0]] for word in point.content.split())
        assert re.sub(r"\s", "", point.content) in re.sub(r"\s", "", said[point.message_ids[0]])
