from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from synap.api.contexts import ContextAnswer, ContextItem, ContextMetadata, ConversationContext, RecentTurn
from synap.api.memories import BatchResult, CreateMemory, EvidenceRecord, Ingestion, MemoryRecord
from synap.api.wire import context_answer, decode_answer, encode_answer, from_wire, memory_record, to_wire
from synap.domain.contexts import Context, Degradation, Item, ScoreParts
from synap.domain.documents import Turn
from synap.domain.memories import Evidence, Memory, MemoryType, Statement, When
from synap.domain.scopes import Scope
from synap.errors import InvalidInputError

MOMENT = datetime(2026, 5, 3, 10, tzinfo=UTC)
USER = Scope(rung="user", space="inst_1", ids=(("customer", "acme"), ("user", "ann")))
MEMORY = Memory(
    id="m",
    scope=USER,
    statement=Statement(type=MemoryType.FACT, content="Blue.", when=When(start=MOMENT)),
    evidence=(Evidence(document_id="book", start=2, end=6, quote="Blue", turn_id="t9"),),
    document_id="book",
    recorded_at=MOMENT,
)


def item(name: str = "a", kind: str = "fact", **fields: Any) -> ContextItem:
    given: dict[str, Any] = {"content": "Blue.", "scope": "user", "source": "user:doc", "confidence": 0.9, **fields}
    return ContextItem(id=name, type=kind, **given)


def answer(*items: ContextItem, **metadata: Any) -> ContextAnswer:
    ranked = tuple(msgspec.structs.replace(one, rank=rank) for rank, one in enumerate(items, 1))
    return ContextAnswer(items=ranked, formatted_context="- [user] Blue.", metadata=ContextMetadata(**metadata))


FULL = answer(
    item(
        "e",
        "temporal_event",
        score=0.7,
        event_date=MOMENT,
        said_at=MOMENT,
        metadata={"rank_score": 7, "page": None},
        evidence=(EvidenceRecord(document_id="doc", start=0, end=4, quote="Blue", turn_id="t1"),),
        score_parts={"total": 0.7},
    ),
    item("p", "preference", score=0.9, category="colour", strength=0.8, entities=("Blue",), cut=True),
    item("f", "fact", excerpt=True, metadata={"excerpt": True}, matched_queries=("q",)),
    item("m", "emotion", emotion_type="joy", intensity=0.4, detected_at=MOMENT, context="Blue.", overridden_by="p"),
    item("s", "episode", summary="Blue.", occurred_at=MOMENT, significance=0.5, participants=("Ann",)),
    correlation_id="c1",
    retrieved_at=MOMENT,
    scopes=("user", "client"),
    timings_ms={"total": 4.5},
    degraded="partial",
    degraded_code="unavailable",
    warnings=("no vectors",),
)


@pytest.mark.parametrize("ranked", [False, True])
def test_decoding_gives_back_what_was_encoded(ranked: bool) -> None:  # noqa: FBT001 - a parameter of the test
    body = json.loads(json.dumps(encode_answer(FULL, ranked=ranked)))

    assert decode_answer(body) == FULL


def test_the_lists_are_disjoint_and_mirrored() -> None:
    body = encode_answer(FULL)

    lists = {name: [one["id"] for one in body["context"][name]] for name in body["context"]}
    assert lists == {
        "facts": ["f"],
        "preferences": ["p"],
        "episodes": ["s"],
        "emotions": ["m"],
        "temporal_events": ["e"],
    }
    assert all(body[name] == body["context"][name] for name in lists)
    assert body["items_by_type"]["facts"]["items"][0]["item_id"] == "f"
    assert body["items_by_type"]["facts"]["items"][0]["context_type"] == "facts"


def test_the_ranked_list_is_written_only_when_asked_for() -> None:
    assert "items" not in encode_answer(FULL)["context"]

    items = encode_answer(FULL, ranked=True)["context"]["items"]

    assert [one["id"] for one in items] == ["e", "p", "f", "m", "s"]
    assert [one["category"] for one in items] == ["temporal_events", "preferences", "excerpts", "emotions", "episodes"]
    assert [one["rank"] for one in items] == [1, 2, 3, 4, 5]


def test_the_rank_score_never_rises_with_the_rank_and_keeps_the_sources_own() -> None:
    items = encode_answer(FULL, ranked=True)["context"]["items"]

    assert items[0]["metadata"]["rank_score"] == 7
    assert [one["metadata"]["rank_score"] for one in items[1:]] == [0.9, 0.0, 0.0, 0.0]
    lifted = encode_answer(answer(item("a", score=0.1), item("b", score=0.8)), ranked=True)["context"]["items"]
    assert lifted[0]["metadata"]["rank_score"] == 0.8


def test_nothing_unknown_is_sent_as_null() -> None:
    body = encode_answer(answer(item()))

    (fact,) = body["context"]["facts"]
    assert None not in fact.values()
    assert fact["metadata"] == {"rank_score": 0.0}
    assert "strength" not in fact
    assert None not in body["metadata"].values()


def test_an_item_always_tells_its_entities() -> None:
    body = encode_answer(FULL)

    told = {item["id"]: item["entities"] for name in ("facts", "preferences") for item in body[name]}
    assert told == {"p": ["Blue"], "f": []}


def test_scores_are_kept_within_bounds() -> None:
    (fact,) = encode_answer(answer(item(confidence=1.7, score=-0.2, strength=3.0)))["context"]["facts"]

    assert (fact["confidence"], fact["score"], fact["relevance_score"], fact["strength"]) == (1.0, 0.0, 0.0, 1.0)


def test_moments_carry_an_offset() -> None:
    local = datetime(2026, 5, 3, 12, tzinfo=timezone(timedelta(hours=2)))

    (fact,) = encode_answer(answer(item(said_at=local)))["context"]["facts"]

    assert fact["said_at"] == "2026-05-03T10:00:00+00:00"
    assert to_wire({"at": datetime(2026, 5, 3)}) == {"at": "2026-05-03T00:00:00+00:00"}  # noqa: DTZ001 - naive on purpose


def test_a_temporal_event_always_has_a_date() -> None:
    (event,) = encode_answer(answer(item(kind="temporal_event", said_at=MOMENT)))["context"]["temporal_events"]
    (bare,) = encode_answer(answer(item(kind="temporal_event")))["context"]["temporal_events"]

    assert event["event_date"] == "2026-05-03T10:00:00+00:00"
    assert bare["event_date"]


def test_degradation_is_told_only_when_there_is_one() -> None:
    assert "retrieval" not in encode_answer(answer())
    assert encode_answer(FULL)["retrieval"] == {
        "degraded": True,
        "level": "partial",
        "code": "unavailable",
        "warnings": ["no vectors"],
    }


def test_the_time_to_live_is_that_of_the_metadata() -> None:
    assert encode_answer(answer())["ttl_seconds"] == -1
    assert encode_answer(answer(ttl_seconds=1800))["ttl_seconds"] == 1800


def test_a_conversation_rides_along() -> None:
    conversation = ConversationContext(
        conversation_id="c", recent_turns=(RecentTurn(role="user", content="Hi", timestamp=MOMENT),)
    )
    given = ContextAnswer(conversation_context=conversation)

    body = encode_answer(given)

    assert body["conversation_context"]["recent_turns"][0]["timestamp"] == "2026-05-03T10:00:00+00:00"
    assert body["conversation_context"]["current_state_json"] == "{}"
    assert decode_answer(body) == given


def test_an_empty_body_is_an_empty_answer() -> None:
    assert decode_answer({}) == ContextAnswer()


@pytest.mark.parametrize(
    "value",
    [
        MemoryRecord(
            memory_id="m",
            memory_type="fact",
            content="Blue.",
            confidence=0.5,
            score=0.5,
            scope="user",
            status="active",
            created_at=MOMENT,
            evidence=(EvidenceRecord(document_id="d", start=0, end=1, quote="B"),),
            metadata={"a": {"b": [1, None]}},
        ),
        Ingestion(ingestion_id="i", document_id="d", status="queued", queued_at=MOMENT),
        BatchResult(batch_id="b", total=0, succeeded=0, failed=0),
        CreateMemory(document="Blue.", user_id="ann", document_created_at=MOMENT),
        CreateMemory(document=(Turn(content="Hi", speaker="Ann", timestamp=MOMENT),)),
    ],
)
def test_records_and_requests_survive_the_wire(value: Any) -> None:
    assert from_wire(type(value), json.loads(json.dumps(to_wire(value)))) == value


def test_what_does_not_fit_is_refused_by_field() -> None:
    with pytest.raises(InvalidInputError) as wrong:
        from_wire(Ingestion, {"ingestion_id": 3})
    with pytest.raises(InvalidInputError) as missing:
        from_wire(Ingestion, {})

    assert wrong.value.field == "ingestion_id"
    assert missing.value.field is None
    assert "ingestion_id" in missing.value.message


def test_an_answer_tells_how_it_came_about() -> None:
    context = Context(
        items=(Item(memory=MEMORY, content="Blue.", rank=0, score=ScoreParts(total=0.5)),),
        formatted="- [user] Blue.",
        scopes=("user", "client"),
        tokens=7,
        budget=100,
        budget_exceeded=True,
        degradation=Degradation(level="partial", code="unavailable", warnings=("words only",)),
        warnings=("odd date",),
        reason="because",
    )

    given = context_answer(context, metadata=ContextMetadata(correlation_id="c1", ttl_seconds=1800))

    metadata = given.metadata
    assert given.formatted_context == "- [user] Blue."
    assert (metadata.correlation_id, metadata.ttl_seconds, metadata.total_results) == ("c1", 1800, 1)
    assert (metadata.tokens_used, metadata.token_budget, metadata.budget_exceeded) == (7, 100, True)
    assert (metadata.degraded, metadata.degraded_code) == ("partial", "unavailable")
    assert metadata.warnings == ("odd date", "words only")
    assert metadata.scopes == ("user", "client")
    assert metadata.reason == "because"


def test_a_record_names_its_owner_and_its_history() -> None:
    record = memory_record(MEMORY)

    assert (record.memory_id, record.memory_type, record.status) == ("m", "fact", "active")
    assert (record.customer_id, record.user_id, record.scope) == ("acme", "ann", "user")
    assert (record.event_date, record.event_precision) == (MOMENT, "day")
    assert record.source_document_id == "book"
    assert record.evidence[0].quote == "Blue"
