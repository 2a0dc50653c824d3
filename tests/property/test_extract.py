"""Laws of extraction: whatever a turn says, evidence is exact, nothing breaks, and the same text gives the same answer."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from synap.domain.documents import Block, BlockKind, PreparedDocument, Role
from synap.ingestion.dates import find_dates, write_dates
from synap.ingestion.extract import Source, extract
from synap.ingestion.tenses import Tense

NOW = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)
WORDS = st.sampled_from(
    [
        "I",
        "my",
        "we",
        "our",
        "she",
        "it",
        "you",
        "not",
        "never",
        "and",
        "but",
        ",",
        ".",
        ";",
        ":",
        "!",
        "?",
        "is",
        "am",
        "was",
        "have",
        "don't",
        "like",
        "love",
        "hate",
        "moved",
        "sold",
        "live",
        "work",
        "in",
        "on",
        "at",
        "the",
        "a",
        "next",
        "last",
        "this",
        "every",
        "other",
        "Friday",
        "monday",
        "week",
        "month",
        "year",
        "May",
        "march",
        "3",
        "7th",
        "2024",
        "12:30",
        "5pm",
        "ago",
        "in",
        "yesterday",
        "tomorrow",
        "today",
        "since",
        "until",
        "from",
        "to",
        "31",
        "Q3",
        "end",
        "of",
        "first",
        "Christmas",
        "summer",
        "my",
        "sister",
        "Ada",
        "Oslo",
        "said",
        "forget",
        "remember",
        "please",
        "always",
        "call",
        "me",
        "actually",
        "no",
        "longer",
        "sorry",
        "meant",
        "when",
        "if",
        "that",
        "because",
    ]
)
SENTENCES = st.lists(WORDS, max_size=30).map(" ".join)


def turn(text: str) -> PreparedDocument:
    block = Block(kind=BlockKind.TURN, start=0, end=len(text), text=text, role=Role.USER, turn_id="t")
    return PreparedDocument(text=text, blocks=(block,), segments=(), content_hash="")


@given(SENTENCES | st.text(max_size=200))
def test_evidence_is_always_the_text_it_points_at(text: str) -> None:
    extraction = extract(turn(text), Source(document_id="d", created_at=NOW))

    for draft in extraction.drafts:
        assert draft.statement.content
        assert 0.0 <= draft.statement.confidence <= 1.0
        assert 0.0 <= draft.statement.score <= 1.0
        assert all(text[e.start : e.end] == e.quote for e in draft.evidence)


@given(SENTENCES)
def test_the_same_turn_gives_the_same_answer(text: str) -> None:
    source = Source(document_id="d", created_at=NOW)

    assert extract(turn(text), source) == extract(turn(text), source)


@given(SENTENCES, st.sampled_from(Tense), st.datetimes(timezones=st.just(UTC)))
def test_dates_lie_in_order_without_overlap_and_can_be_written_out(text: str, tense: Tense, anchor: datetime) -> None:
    spans = find_dates(text, anchor, tense)

    assert all(0 <= span.start <= span.core_start < span.core_end <= span.end <= len(text) for span in spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    assert write_dates(text, spans) is not None
