from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from synap.domain.documents import DocumentType, Turn
from synap.domain.memories import Draft, Evidence, MemoryType, Precision, Statement, When
from synap.domain.privacy import PiiHandling
from synap.ingestion.extract import Source, extract
from synap.ingestion.gate import LABELS, Head, certain, head, judge
from synap.ingestion.prepare import prepare

AT = datetime(2026, 3, 11, 10, tzinfo=UTC)
CUES = tuple(f"says {label}" for label in LABELS)


def a_head(doubt: float = 0.6, drop: float = 0.5, retype: float = 0.0) -> Head:
    """Weights that believe the cue `says …` and nothing else."""
    weights = np.vstack([np.zeros((2, len(LABELS))), 9 * np.eye(len(LABELS)), np.zeros((1, len(LABELS)))])
    return Head(embedder="e", examples="", cues=CUES, weights=weights, doubt=doubt, drop=drop, retype=retype)


def a_draft(
    says: str, kind: MemoryType = MemoryType.FACT, *, doubtful: bool = False, cues: Sequence[str] = ()
) -> Draft:
    return Draft(
        statement=Statement(type=kind, content="The user is well", confidence=0.95),
        evidence=(Evidence(document_id="d", start=0, end=4, quote="well"),),
        cues=frozenset({f"says {says}", *cues}),
        doubtful=doubtful,
    )


def kept(drafts: Sequence[Draft], *, feelings: bool = True) -> list[tuple[int, MemoryType]]:
    vectors = np.zeros((len(drafts), 2), np.float32)
    return [(place, one.statement.type) for place, one in judge(a_head(), drafts, vectors, feelings=feelings)]


def found(text: str, *, gated: bool, speaker: str | None = None) -> list[Draft]:
    kind = DocumentType.HUMAN_CHAT if speaker else DocumentType.AI_CHAT
    turns = [Turn(role="user", content=text, speaker=speaker)]
    prepared = prepare(turns, document_type=kind, created_at=AT, pii=PiiHandling.OFF)
    return list(extract(prepared, Source(document_id="d", document_type=kind, created_at=AT, gated=gated)).drafts)


def test_what_the_gate_takes_for_nothing_is_dropped_and_the_others_keep_their_places() -> None:
    drafts = [a_draft("fact"), a_draft("none"), a_draft("fact")]

    assert kept(drafts) == [(0, MemoryType.FACT), (2, MemoryType.FACT)]


def test_what_the_rules_decided_is_left_alone() -> None:
    decided = replace(a_draft("none"), cues=frozenset())

    assert kept([decided]) == [(0, MemoryType.FACT)]


def test_a_doubtful_clause_needs_the_gates_word() -> None:
    assert kept([a_draft("episode", doubtful=True)]) == [(0, MemoryType.EPISODE)]
    assert kept([a_draft("none", doubtful=True)]) == []


def test_a_doubtful_clause_is_less_sure_than_a_plain_one() -> None:
    draft = replace(a_draft("fact", doubtful=True), cues=frozenset({"says fact", "says none"}))

    ((_, judged),) = judge(a_head(doubt=0.4), [draft], np.zeros((1, 2), np.float32))

    assert 0.4 <= judged.statement.confidence <= 0.6


def test_an_unsure_fact_becomes_what_the_gate_says() -> None:
    assert kept([a_draft("preference")]) == [(0, MemoryType.PREFERENCE)]


@pytest.mark.parametrize("kind", [MemoryType.PREFERENCE, MemoryType.EMOTION, MemoryType.TEMPORAL_EVENT])
def test_a_hard_cue_never_gives_way_to_a_fact(kind: MemoryType) -> None:
    assert kept([a_draft("fact", kind)]) == [(0, kind)]


def test_nothing_becomes_an_event_without_a_day() -> None:
    undated = a_draft("temporal_event")
    day = When(start=AT, precision=Precision.DAY)
    dated = replace(undated, statement=replace(undated.statement, when=day))

    assert kept([undated, dated]) == [(0, MemoryType.FACT), (1, MemoryType.TEMPORAL_EVENT)]


def test_no_feeling_is_kept_where_none_are_wanted() -> None:
    assert kept([a_draft("emotion")], feelings=False) == [(0, MemoryType.FACT)]


def test_a_documents_sentence_is_never_typed_anew() -> None:
    assert kept([a_draft("preference", cues=["register document"])]) == [(0, MemoryType.FACT)]


def test_without_a_gate_doubtful_clauses_are_left_out() -> None:
    assert certain([a_draft("fact", doubtful=True), a_draft("none")]) == [(1, a_draft("none"))]


def test_clauses_are_put_in_doubt_only_for_a_gate() -> None:
    text = "It moves me deeply every time."

    assert found(text, gated=False, speaker="Ines") == []
    (draft,) = found(text, gated=True, speaker="Ines")
    assert draft.doubtful
    assert draft.evidence[0].quote == text


@pytest.mark.parametrize("text", ["How far is it to Ulm?", "Write a poem in which I live in Ulm."])
def test_what_an_act_of_speech_rules_out_is_not_even_put_in_doubt(text: str) -> None:
    assert found(text, gated=True) == []


def test_a_correction_is_of_what_was_surely_said() -> None:
    drafts = found("My exam is on Tuesday. It frightens me. Sorry, I meant Wednesday.", gated=True)

    days = [draft.statement.when.start.date().isoformat() for draft in drafts if draft.statement.when]
    assert days == ["2026-03-18"]


def test_the_shipped_weights_fit_their_cues() -> None:
    shipped = head()

    assert shipped.embedder.startswith("minilm")
    assert shipped.weights.shape == (384 + len(shipped.cues) + 1, len(LABELS))
    assert 0 < shipped.doubt < 1
    assert 0 < shipped.drop < 1
