from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from synap.domain.documents import DocumentType, Turn
from synap.domain.privacy import PiiHandling
from synap.domain.sentences import sentences
from synap.domain.terms import TERM_CAP, term_hashes
from synap.domain.tokens import count_tokens, cut
from synap.ingestion.prepare import prepare
from synap.ingestion.protect import protect
from synap.ingestion.segments import MAX_TOKENS

LINES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "# Title",
            "- item one",
            "User: hi",
            "Assistant: ok",
            "| a | b |",
            "|---|---|",
            "> quote",
            "```",
            "",
            "Key: value",
            "[10:42] dana: hi",
            "# A ## B - One thing - Another thing here",
            "    indented",
            "1. first",
            "東京に住む。",
            "<p>x</p>",
        ]
    ),
)
TEXTS = st.lists(LINES, min_size=1, max_size=12).map("\n".join)
USABLE = TEXTS.filter(
    lambda text: bool(text.strip("\ufeff \t\r\n\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0")) and not text.isspace()
).filter(lambda text: "\x00" not in text)
PLANTED = st.sampled_from(
    [
        "jane.roe@mail.example",
        "+44 20 7946 0958",
        "4111 1111 1111 1111",
        "GB82 WEST 1234 5698 7654 32",
        "10.20.30.40",
        "219-09-9999",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "AKIAIOSFODNN7EXAMPLE",
        "2001:db8::8a2e:370:7334",
    ]
)
WORDS = st.lists(
    st.sampled_from(["please", "note", "that", "the", "invoice", "is", "due,", "thanks.", "\n", "(see)"]), max_size=6
)


@settings(max_examples=60, deadline=None)
@given(USABLE, st.sampled_from(DocumentType))
def test_blocks_and_segments_lie_in_order_inside_the_text(text: str, kind: DocumentType) -> None:
    document = prepare(text, document_type=kind, created_at=None, pii=PiiHandling.OFF)

    edges = [edge for block in document.blocks for edge in (block.start, block.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(document.text) for edge in edges)
    assert [s.ordinal for s in document.segments] == list(range(len(document.segments)))
    assert all(s.start <= s.end <= len(document.text) for s in document.segments)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=400), min_size=1, max_size=3))
def test_no_segment_is_above_its_caps(contents: list[str]) -> None:
    turns = [Turn(content=c.replace("\x00", "") or "x", speaker="Ann") for c in [*contents, "x"]]

    document = prepare(turns, document_type=DocumentType.HUMAN_CHAT, created_at=None, pii=PiiHandling.OFF)

    assert all(len(term_hashes(s.text)) <= TERM_CAP and count_tokens(s.text) <= MAX_TOKENS for s in document.segments)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(WORDS, PLANTED), min_size=1, max_size=4), st.sampled_from([PiiHandling.REDACT, PiiHandling.MASK])
)
def test_no_planted_value_survives_and_a_second_pass_changes_nothing(
    parts: list[tuple[list[str], str]], handling: PiiHandling
) -> None:
    text = "; ".join(f"{' '.join(words)} {value}" for words, value in parts)

    protected, counts = protect(text, handling)

    assert all(value not in protected for _, value in parts)
    assert sum(counts.values()) >= len({value for _, value in parts})
    assert protect(protected, handling) == (protected, {})


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_protection_applied_twice_is_protection_applied_once(text: str) -> None:
    once, _ = protect(text, PiiHandling.REDACT)

    assert protect(once, PiiHandling.REDACT) == (once, {})


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS)
def test_appending_never_lowers_the_count(first: str, second: str) -> None:
    assert count_tokens(first + second) >= count_tokens(first)


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.integers(0, 60))
def test_a_cut_text_fits_its_budget_and_a_bigger_budget_keeps_more(text: str, budget: int) -> None:
    small, large = cut(text, budget), cut(text, budget + 5)

    assert count_tokens(small) <= budget
    assert len(small.removesuffix(" …")) <= len(large.removesuffix(" …"))


@settings(max_examples=80, deadline=None)
@given(TEXTS)
def test_sentences_hold_every_visible_character_in_order(text: str) -> None:
    spans = sentences(text)

    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
