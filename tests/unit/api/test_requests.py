from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from synap.api.admin import UpdateInstance
from synap.api.conversations import RecordMessage
from synap.api.memories import CreateMemory, StructuredMemory, UpdateMemory
from synap.api.requests import (
    MAX_DEPTH,
    build,
    checked,
    create_batch,
    fetch_context,
    message_batch,
    moment,
    parse_object,
)
from synap.domain.documents import DocumentType, Turn
from synap.errors import InvalidInputError


def nested(levels: int) -> Any:
    value: Any = "leaf"
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"document": 5}, "document", "document must be a string or a list, not an integer"),
        ({"document": [{"role": "user"}]}, "document[0].content", "document[0].content is required"),
        ({"document": [{"content": 1}]}, "document[0].content", "document[0].content must be a string, not an integer"),
        ({"user_id": 7}, "user_id", "user_id must be a string, not an integer"),
        ({"user_id": "a\ud800"}, "user_id", "user_id must be valid Unicode: it holds a lone surrogate at position 1"),
        ({"user_id": "a\x00"}, "user_id", "user_id must not contain the NUL character"),
        ({"metadata": []}, "metadata", "metadata must be an object, not a list"),
        ({"metadata": {"x": float("nan")}}, "metadata", "metadata.x must be a finite number"),
        ({"metadata": {"x": object()}}, "metadata", "metadata.x must be JSON, not object"),
        ({"metadata": {1: "x"}}, "metadata", "metadata must have text keys, not int"),
        ({"metadata": nested(100)}, "metadata", f"metadata must not be nested deeper than {MAX_DEPTH} levels"),
        ({"memories": [{"type": "fact"}]}, "memories[0].content", "memories[0].content is required"),
        (
            {"document_created_at": 5},
            "document_created_at",
            "document_created_at must be an ISO 8601 date, not an integer",
        ),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(values: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        build(CreateMemory, values)

    assert (refusal.value.field, refusal.value.message) == (field, message)


def test_an_unreadable_date_is_refused_with_an_example() -> None:
    with pytest.raises(InvalidInputError, match="ISO 8601 date such as") as refusal:
        build(CreateMemory, {"document": [{"content": "x", "timestamp": "yesterday"}]})

    assert refusal.value.field == "document[0].timestamp"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-03", datetime(2026, 5, 3)),  # noqa: DTZ001 - without an offset on purpose
        ("2026-05-03T10:00:00Z", datetime(2026, 5, 3, 10, tzinfo=UTC)),
        (" 2026-05-03T10:00:00+00:00 ", datetime(2026, 5, 3, 10, tzinfo=UTC)),
    ],
)
def test_iso_dates_are_read(text: str, expected: datetime) -> None:
    assert moment(text, field="as_of") == expected


def test_dates_may_be_text_or_datetimes_everywhere_but_in_metadata_where_they_become_text() -> None:
    at = datetime(2026, 5, 3, 10, tzinfo=UTC)

    request = build(
        CreateMemory,
        {
            "document": [Turn(content="a", timestamp=at), {"content": "b", "timestamp": at.isoformat()}],
            "document_created_at": at,
            "metadata": {"timestamp": at},
        },
    )

    assert request.document == (Turn(content="a", timestamp=at), Turn(content="b", timestamp=at))
    assert request.document_created_at == at
    assert request.metadata == {"timestamp": "2026-05-03T10:00:00+00:00"}


def test_an_object_as_a_document_is_its_json_text() -> None:
    value = {"name": "Ána", "pets": [{"kind": "cat", "age": None}]}

    created, (row,) = build(CreateMemory, {"document": value}), create_batch([{"document": value}])
    updated = build(UpdateMemory, {"memory_id": "m", "document": {"messages": [{"content": "x"}]}})

    assert created.document == row.document == json.dumps(value, ensure_ascii=False)
    assert checked(created) == created
    assert updated.document == '{"messages": [{"content": "x"}]}'
    assert build(CreateMemory, {"document": {}}).document == ""


@pytest.mark.parametrize("name", ["messages", "turns"])
def test_an_object_of_turns_alone_is_these_turns(name: str) -> None:
    turns = [{"role": "user", "content": "I moved to Porto.", "timestamp": "2026-05-03T10:00:00+00:00"}]
    at = datetime(2026, 5, 3, 10, tzinfo=UTC)

    alone = build(CreateMemory, {"document": {name: turns}})
    beside = build(CreateMemory, {"document": {name: turns, "thread": 7}})

    assert alone.document == (Turn(content="I moved to Porto.", timestamp=at),)
    assert beside.document == json.dumps({name: turns, "thread": 7})
    for other in ([], ["x"], [{"role": "user"}], "x"):
        assert build(CreateMemory, {"document": {name: other}}).document == json.dumps({name: other})


def test_a_single_turn_is_no_document() -> None:
    with pytest.raises(InvalidInputError, match="document must be a string or a list, not an object"):
        build(CreateMemory, {"document": Turn(content="x")})


def test_null_stands_for_a_missing_argument_and_unknown_names_are_ignored() -> None:
    request = build(CreateMemory, {"document": "x", "mode": None, "metadata": None, "colour": "blue"})

    assert request == CreateMemory(document="x")


def test_enumerations_and_structs_are_accepted_for_what_they_hold() -> None:
    request = build(
        CreateMemory,
        {"document_type": DocumentType.NOTE, "memories": [StructuredMemory(type="fact", content="x", event_date=None)]},
    )

    assert type(request.document_type) is str
    assert request.memories == (StructuredMemory(type="fact", content="x"),)


def test_a_request_made_by_hand_is_checked_like_one_that_came_in() -> None:
    with pytest.raises(InvalidInputError, match="document must be a string or a list"):
        checked(CreateMemory(document=5))  # type: ignore[arg-type]  # what a careless caller does


def test_a_bad_row_of_a_batch_is_passed_on_to_be_judged_alone() -> None:
    good, bad = create_batch([{"document": "x"}, {"document": 7, "user_id": "u"}])

    assert good == CreateMemory(document="x")
    assert bad.user_id == "u"
    with pytest.raises(InvalidInputError):
        checked(bad)


@pytest.mark.parametrize("row", ["I prefer rooibos.", 5, None, ["x"], RecordMessage])
def test_a_row_that_is_no_object_is_refused_and_never_taken_for_a_text(row: Any) -> None:
    for refused in (*create_batch([row]), *message_batch([row])):
        with pytest.raises(InvalidInputError, match="a row must be an object"):
            checked(refused)


def test_a_row_that_the_door_refuses_carries_the_refusal_to_where_rows_are_judged() -> None:
    def check(values: Any) -> None:
        if "scope" in values:
            raise InvalidInputError("scope is not for this", field="scope")

    good, bad = create_batch([{"document": "x"}, {"document": "y", "document_id": "d", "scope": 1}], check)

    assert checked(good).document == "x"
    assert bad.document_id == "d"
    with pytest.raises(InvalidInputError, match="scope is not for this"):
        checked(bad)


def test_a_value_of_the_wrong_type_in_a_mapping_of_texts_names_the_mapping() -> None:
    with pytest.raises(InvalidInputError) as refusal:
        build(UpdateInstance, {"metadata": {"team": 5}})

    assert refusal.value.field == "metadata"


def test_a_message_without_its_fields_fails_alone() -> None:
    (row,) = message_batch([{"role": "user"}])

    assert isinstance(row, RecordMessage)
    with pytest.raises(InvalidInputError) as refusal:
        checked(row)
    assert refusal.value.field in ("conversation_id", "content")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "must be JSON"),
        (b"{", "must be JSON"),
        (b'{"a": "\xff"}', "must be UTF-8"),
        (b"[" * 100_000, "nested deeper"),
        (b'{"a":' * 100_000, "nested deeper"),
        (b"[1]", "must be a JSON object, not a list"),
        (b"null", "must be a JSON object, not null"),
        (b"1" * 5000, "must be"),
    ],
)
def test_a_body_that_is_no_object_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        parse_object(body)


@pytest.mark.parametrize(
    ("body", "field"),
    [(b'{"user_id": "\\ud800"}', "user_id"), (b'{"metadata": {"x": NaN}}', "metadata")],
)
def test_what_json_parsers_choke_on_is_refused_by_name(body: bytes, field: str) -> None:
    values = parse_object(body)

    with pytest.raises(InvalidInputError) as refusal:
        build(CreateMemory, values)

    assert refusal.value.field == field


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse_object(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


BAD_IDS = ["", "a\x00", "a\ud800", "u" * 1025, 7, ["a"]]


@pytest.mark.parametrize("bad", BAD_IDS)
@pytest.mark.parametrize("field", ["customer_id", "user_id", "conversation_id"])
@pytest.mark.parametrize("target", ["user", "customer", "client", "conversation"])
def test_a_fetch_refuses_every_bad_id_used_or_not(target: str, field: str, bad: object) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        fetch_context(target, {"user_id": "u", "customer_id": "c", field: bad})

    assert refusal.value.field == field


def test_a_fetch_keeps_the_ids_that_its_target_does_not_use_for_the_engine_to_judge() -> None:
    request = fetch_context("client", {"user_id": "u", "customer_id": "c"})

    assert (request.user_id, request.customer_id) == ("u", "c")


def test_one_word_may_stand_for_a_list() -> None:
    request = fetch_context("client", {"search_query": "tea", "types": "facts", "scopes": "client"})

    assert (request.search_query, request.types, request.scopes) == (("tea",), ("facts",), ("client",))


def test_the_body_cannot_change_the_target() -> None:
    assert fetch_context("client", {"target": "user", "user_id": "u"}).target == "client"
