"""What becomes of a language model's proposals, by themselves and beside what the rules found."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synap.domain.documents import DocumentType, PreparedDocument
from synap.domain.memories import Draft, MemoryType, Modality, Precision
from synap.domain.privacy import PiiHandling
from synap.ingestion.dispose import DATE_DISPUTED, DATE_UNPROVEN, dispose
from synap.ingestion.extract import Extraction, Source, extract
from synap.ingestion.merge import merged
from synap.ingestion.prepare import prepare
from synap.ingestion.proposals import MOST_PROPOSALS, Accepted, Proposal, Proposals, ProposedRetraction, Reason
from synap.ingestion.windows import windows

SAID = datetime(2026, 11, 20, 10, tzinfo=UTC)
SOURCE = Source(document_id="d", created_at=SAID)
NEWS = "User: Wild news: Noor, my sister, poof, in Lisbon as of yesterday!"


def document(text: str, kind: DocumentType = DocumentType.AI_CHAT) -> PreparedDocument:
    return prepare(text, document_type=kind, created_at=SAID, pii=PiiHandling.OFF)


def disposed(text: str, *proposals: Proposal, source: Source = SOURCE, **more: Any) -> Accepted:
    prepared = document(text, source.document_type)
    (window,) = windows(prepared)
    return dispose(Proposals(memories=proposals, **more), window, prepared, source, extractor="llm:tiny@1")


def proposal(**changes: Any) -> Proposal:
    told: dict[str, Any] = {
        "type": "fact",
        "content": "The user's sister Noor lives in Lisbon",
        "subject": "Noor",
        "segments": (0,),
        "quote": "Noor, my sister, poof, in Lisbon",
        "confidence": 0.9,
    }
    return Proposal(**(told | changes))


def only(accepted: Accepted) -> Draft:
    (draft,) = accepted.drafts
    return draft


def together(text: str, *proposals: Proposal, **more: Any) -> tuple[Extraction, Accepted]:
    return merged(extract(document(text), SOURCE), disposed(text, *proposals, **more))


# ---------------------------------------------------------------- by themselves


def test_a_draft_rests_on_the_words_it_quotes() -> None:
    draft = only(disposed(NEWS, proposal()))

    assert draft.evidence[0].quote == "Noor, my sister, poof, in Lisbon"
    assert draft.extractor == "llm:tiny@1"
    assert draft.statement.subject == "noor"
    assert "Noor" in draft.statement.entities
    assert draft.statement.said_at == SAID


@pytest.mark.parametrize(
    ("changes", "day", "trust"),
    [
        ({"quote": "in Lisbon as of yesterday", "date": "2026-11-19"}, "2026-11-19", 1.0),
        ({"quote": "in Lisbon as of yesterday", "date": "2026-11"}, "2026-11-19", 1.0),
        ({"quote": "in Lisbon as of yesterday", "date": None}, "2026-11-19", 1.0),
        ({"quote": "in Lisbon as of yesterday", "date": "2020-03-03"}, "2026-11-19", DATE_DISPUTED),
        ({"date": "2020"}, "2020-01-01", DATE_UNPROVEN),
        ({"date": "soon"}, None, 1.0),
        ({"date": "2026-13-45"}, None, 1.0),
        ({"date": "0000"}, None, 1.0),
        ({"date": "9999-12"}, None, 1.0),
    ],
)
def test_our_grammar_has_the_last_word_on_dates(changes: dict[str, Any], day: str | None, trust: float) -> None:
    statement = only(disposed(NEWS, proposal(**changes))).statement

    assert (None if statement.when is None else statement.when.start.date().isoformat()) == day
    assert statement.confidence == pytest.approx(0.9 * trust)


def test_a_date_in_the_text_that_our_grammar_contradicts_is_put_right() -> None:
    told = proposal(
        content="The user's sister Noor has been in Lisbon since 3 March 2020", quote="in Lisbon as of yesterday"
    )

    statement = only(disposed(NEWS, told)).statement

    assert statement.content == "The user's sister Noor has been in Lisbon since 19 November 2026"


def test_relative_words_in_a_text_are_written_out() -> None:
    told = proposal(content="The user's sister Noor came to Lisbon yesterday", quote="in Lisbon as of yesterday")

    statement = only(disposed(NEWS, told)).statement

    assert "19 November 2026" in statement.content
    assert statement.when is not None
    assert statement.when.precision is Precision.DAY


@pytest.mark.parametrize("given_", [7.0, -1.0, float("nan")])
def test_numbers_out_of_range_are_brought_into_it(given_: float) -> None:
    accepted = disposed(NEWS, proposal(type="preference", strength=given_, confidence=given_))

    for draft in accepted.drafts:
        assert 0 <= draft.statement.score <= 1
        assert 0 <= draft.statement.confidence <= 0.9


def test_subjects_are_named_as_the_rules_name_them() -> None:
    text = "Alice: Wild, the choir, me, first alto!\nBob: Grand."
    told = proposal(content="Alice sings first alto in the choir", subject="Alice", quote="the choir, me, first alto")

    draft = only(
        disposed(text, told, source=Source(document_id="d", document_type=DocumentType.HUMAN_CHAT, created_at=SAID))
    )

    assert draft.statement.subject == "alice"


def test_other_languages_are_kept_as_they_are() -> None:
    told = proposal(
        type="preference", content="Der Nutzer mag keine Tomaten", quote="mag keine Tomaten", positive=False
    )

    statement = only(disposed("User: Also Tomaten, nein, mag keine Tomaten, ehrlich nicht.", told)).statement

    assert (statement.language, statement.positive) == ("de", False)


def test_more_proposals_than_anybody_needs_are_cut() -> None:
    accepted = disposed(NEWS, *[proposal(quote="nowhere to be found")] * (MOST_PROPOSALS + 5))

    assert accepted.dropped == Counter({Reason.NOT_QUOTED: MOST_PROPOSALS, Reason.TOO_MANY: 5})


@pytest.mark.parametrize(
    ("text", "topic", "kind", "kept"),
    [
        ("User: The harp thing is dead to me.", "harp thing", DocumentType.AI_CHAT, 1),
        ("User: The harp thing is dead to me.", "salary", DocumentType.AI_CHAT, 0),
        ("The harp thing is over.", "harp thing", DocumentType.DOCUMENT, 0),
    ],
)
def test_only_users_take_back_and_only_what_they_name(text: str, topic: str, kind: DocumentType, kept: int) -> None:
    wish = ProposedRetraction(topic=topic, segment=0, quote=text.removeprefix("User: ").rstrip("."))

    accepted = disposed(text, retractions=(wish,), source=Source(document_id="d", document_type=kind, created_at=SAID))

    assert len(accepted.retractions) == kept


def test_texts_that_no_table_holds_are_cleaned() -> None:
    draft = only(disposed(NEWS, proposal(content="The user's sister\x00 Noor \u202elives\n in Lisbon.")))

    assert draft.statement.content == "The user's sister Noor lives in Lisbon"


WORDS = st.sampled_from(
    ["Noor", "Lisbon", "I", "yesterday", "40", "euros", "poof", "\x00", "...", "2020", "\u202e", "the"]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=12).map(" ".join))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.builds(
            Proposal,
            type=st.sampled_from([*(kind.value for kind in MemoryType), "event", "", "Fact"]),
            content=TEXTS,
            subject=TEXTS,
            segments=st.lists(st.integers(-2, 5), max_size=4).map(tuple),
            quote=TEXTS,
            date=st.one_of(st.none(), TEXTS, st.dates().map(str)),
            date_words=st.one_of(st.none(), TEXTS),
            modality=st.sampled_from([*(modality.value for modality in Modality), "?"]),
            positive=st.booleans(),
            strength=st.floats(),
            confidence=st.floats(),
        ),
        max_size=4,
    )
)
def test_whatever_is_proposed_what_is_left_is_sound(proposals: list[Proposal]) -> None:
    accepted = disposed(NEWS, *proposals)

    text = document(NEWS).text
    assert len(accepted.drafts) + accepted.dropped.total() == len(proposals)
    for draft in accepted.drafts:
        (piece,) = draft.evidence
        assert text[piece.start : piece.end] == piece.quote
        assert 0 <= draft.statement.confidence <= 0.9
        assert 0 <= draft.statement.score <= 1
        assert "\x00" not in draft.statement.content


# ---------------------------------------------------------------- beside the rules


def test_what_both_say_is_kept_as_the_rules_put_it() -> None:
    told = proposal(content="The user lives in the city of Graz", subject="user", quote="I live in Graz")

    found, kept = together("User: I live in Graz.", told)

    assert [draft.extractor for draft in found.drafts] == ["rules@1"]
    assert kept.drafts == ()


def test_bare_words_of_the_speaker_give_way_to_a_statement_that_stands_alone() -> None:
    text = "User: Sizes: EU 42, narrow."
    rules = extract(document(text), SOURCE)
    told = proposal(content="The user wears narrow shoes in size EU 42", subject="user", quote="EU 42, narrow")

    found, _ = together(text, told)

    assert [draft.statement.verbatim for draft in rules.drafts] == [True]
    (draft,) = found.drafts
    assert draft.statement.content == "The user wears narrow shoes in size EU 42"
    assert set(rules.drafts[0].evidence) <= set(draft.evidence)


def test_additions_stand_where_they_were_said() -> None:
    text = "User: I live in Graz.\nUser: Wild news: Noor, my sister, poof, in Lisbon!\nUser: I play the harp."

    found, _ = together(text, proposal(segments=(1,)))

    assert [draft.extractor for draft in found.drafts] == ["rules@1", "llm:tiny@1", "rules@1"]


def test_an_opposite_is_no_repetition() -> None:
    told = proposal(content="The user does not live in Graz", quote="I live in Graz", subject="user", positive=False)

    found, _ = together("User: I live in Graz.", told)

    assert len(found.drafts) == 2


@pytest.mark.parametrize("after", ["Scratch that.", "Just kidding!", "Forget that."])
def test_what_was_taken_back_is_not_proposed_anew(after: str) -> None:
    told = proposal(content="The user lives in Graz", quote="I live in Graz", subject="user")

    found, kept = together(f"User: I live in Graz. {after}", told)

    assert found.drafts == ()
    assert kept.dropped[Reason.TAKEN_BACK] == 1


def test_a_wish_to_forget_that_the_rules_saw_counts_once() -> None:
    text = "User: Forget what I said about the budget."
    wish = ProposedRetraction(topic="the budget", segment=0, quote="Forget what I said about the budget")

    found, _ = together(text, retractions=(wish,))

    assert len(found.retractions) == 1
