from __future__ import annotations

from synap.domain.documents import Block, BlockKind, PreparedDocument, Segment
from synap.domain.memories import Evidence, MemoryType, Statement
from synap.ingestion.ledger import Found, Ledger, Passages


def found(content: str, *, place: int = 0, turn: int = 0, speaker: str = "the user") -> Found:
    evidence = Evidence(document_id="d", start=place, end=place + 1, quote="x")
    statement = Statement(type=MemoryType.FACT, content=content)
    return Found(statement=statement, evidence=(evidence,), clause=content, speaker=speaker, turn=turn)


def test_what_is_said_twice_is_entered_once_with_both_passages() -> None:
    ledger = Ledger()

    ledger.add(found("The user sells kites", place=1))
    ledger.add(found("The user sells kites", place=9))

    (draft,) = ledger.drafts()
    assert [evidence.start for evidence in draft.evidence] == [1, 9]


def test_taking_back_a_topic_leaves_other_speakers_and_topics_alone() -> None:
    ledger = Ledger()
    for entry in (found("The kiln is broken"), found("The oven is new"), found("The kiln is old", speaker="bo")):
        ledger.add(entry)

    ledger.take_back("the kiln", "the user")

    assert [draft.statement.content for draft in ledger.drafts()] == ["The oven is new", "The kiln is old"]


def test_taking_back_what_is_mine_leaves_a_relatives_alone() -> None:
    ledger = Ledger()
    ledger.add(found("The user's sister's kiln is broken"))

    ledger.take_back("my kiln", "the user")

    assert len(ledger.drafts()) == 1


def test_evidence_names_the_covering_segment() -> None:
    text = "I keep owls. I fix cars."
    segments = (
        Segment(ordinal=0, start=0, end=12, text=text[:12]),
        Segment(ordinal=1, start=13, end=24, text=text[13:]),
    )
    document = PreparedDocument(text=text, blocks=(), segments=segments, content_hash="")
    block = Block(kind=BlockKind.TURN, start=0, end=24, text=text, turn_id="t1")

    evidence = Passages(document, "d").evidence(block, "I fix cars.")

    assert (evidence.start, evidence.end, evidence.segment, evidence.turn_id) == (13, 24, 1, "t1")


def test_evidence_of_a_large_block_never_is_all_of_it() -> None:
    text = "x" * 5_000 + " I keep **owls**. " + "y" * 5_000
    document = PreparedDocument(text=text, blocks=(), segments=(), content_hash="")
    block = Block(kind=BlockKind.PARAGRAPH, start=0, end=len(text), text=text)

    missing = Passages(document, "d").evidence(block, "I sold the van.")

    assert missing.end - missing.start <= 2_000


def test_evidence_of_a_statement_made_again_and_again_stays_bounded() -> None:
    ledger = Ledger()

    for place in range(500):
        ledger.add(found("The kiln is broken", place=place))

    (draft,) = ledger.drafts()
    assert len(draft.evidence) == 64
