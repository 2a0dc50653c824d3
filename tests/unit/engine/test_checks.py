"""What a request must hold, each refusal with its field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from synap.api.memories import CreateMemory, StructuredMemory
from synap.domain.documents import Block, BlockKind, Mode, PreparedDocument, Turn
from synap.engine import checks
from synap.errors import InvalidInputError, PayloadTooLargeError

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def memory(**more: Any) -> tuple[StructuredMemory, ...]:
    return (StructuredMemory(**{"type": "fact", "content": "x", **more}),)


def prepared_by(speaker: str | None) -> PreparedDocument:
    block = Block(kind=BlockKind.TURN, start=0, end=1, text="x", speaker=speaker)
    return PreparedDocument(text="x", blocks=(block,), segments=(), content_hash="")


REFUSED: dict[str, tuple[str, Callable[[], object]]] = {
    "no text": ("name", lambda: checks.text(7, field="name", limit=9)),
    "long text": ("name", lambda: checks.text("x" * 10, field="name", limit=9)),
    "blank text": ("name", lambda: checks.text(" ", field="name", limit=9, blank=False)),
    "NUL in a text": ("name", lambda: checks.text("a\x00", field="name", limit=9)),
    "lone surrogate in a text": ("name", lambda: checks.text("\ud800", field="name", limit=9)),
    "page 0": ("page", lambda: checks.page(0, 20)),
    "a page beyond all": ("page", lambda: checks.page(10**9 + 1, 20)),
    "a page that is no number": ("page", lambda: checks.page("1", 20)),
    "an empty page": ("page_size", lambda: checks.page(1, 0)),
    "a large page": ("page_size", lambda: checks.page(1, 101)),
    "unknown word": ("mode", lambda: checks.one_of(Mode, "slow", field="mode")),
    "far future": (
        "at",
        lambda: checks.moment(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))), field="at"),
    ),
    "before year one": (
        "at",
        lambda: checks.moment(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), field="at"),
    ),
    "metadata that is a list": ("metadata", lambda: checks.metadata([1])),  # type: ignore[arg-type]  # on purpose
    "metadata with NUL": ("metadata", lambda: checks.metadata({"a": "\x00"})),
    "metadata with a lone surrogate": ("metadata", lambda: checks.metadata({"a": "\ud800"})),
    "metadata that is no JSON": ("metadata", lambda: checks.metadata({"a": object()})),
    "large metadata": ("metadata", lambda: checks.metadata({"a": "x" * checks.MAX_METADATA_BYTES})),
    "large turns": ("document", lambda: checks.document_size((Turn(content="é" * 3), Turn(content="é")), limit=7)),
    "no source": ("document", lambda: checks.exactly_one_source(CreateMemory())),
    "two sources": ("memories", lambda: checks.exactly_one_source(CreateMemory(document="x", memories=memory()))),
    "wrong duplicate rule": ("on_duplicate", lambda: checks.on_duplicate(CreateMemory(on_duplicate="ignore"))),
    "empty document id in metadata": (
        "metadata.document_id",
        lambda: checks.document_key(CreateMemory(metadata={"document_id": ""})),
    ),
    "number for a conversation": (
        "metadata.conversation_id",
        lambda: checks.conversation_key(CreateMemory(metadata={"conversation_id": 5})),
    ),
    "no memories": ("memories", lambda: checks.statements((), now=NOW)),
    "too many memories": ("memories", lambda: checks.statements(memory() * 1001, now=NOW)),
    "unknown type": ("memories[0].type", lambda: checks.statements(memory(type="rumour"), now=NOW)),
    "blank content": ("memories[0].content", lambda: checks.statements(memory(content=" "), now=NOW)),
    "long content": ("memories[0].content", lambda: checks.statements(memory(content="x" * 8001), now=NOW)),
    "long subject": ("memories[0].subject", lambda: checks.statements(memory(subject="x" * 257), now=NOW)),
    "long attribute": ("memories[0].attribute", lambda: checks.statements(memory(attribute="x" * 257), now=NOW)),
    "long entity": ("memories[0].entities[1]", lambda: checks.statements(memory(entities=("x", "x" * 257)), now=NOW)),
    "many participants": (
        "memories[0].participants",
        lambda: checks.statements(memory(participants=("x",) * 101), now=NOW),
    ),
    "long speaker": (
        "document[1].speaker",
        lambda: checks.speakers((Turn(content="x"), Turn(content="x", speaker="x" * 257)), prepared_by(None)),
    ),
    "long speaker in a text": ("document", lambda: checks.speakers("text", prepared_by("x" * 257))),
    "high confidence": ("memories[0].confidence", lambda: checks.statements(memory(confidence=1.1), now=NOW)),
    "end before its beginning": (
        "memories[0].valid_until",
        lambda: checks.statements(memory(valid_from=NOW, valid_until=NOW - timedelta(days=1)), now=NOW),
    ),
    "large memories": ("memories", lambda: checks.memories_size(memory(content="é" * 4), limit=7)),
    "event without a date": (
        "memories[0].event_date",
        lambda: checks.statements(memory(type="temporal_event"), now=NOW),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_refused_by_name(name: str) -> None:
    field, call = REFUSED[name]

    with pytest.raises(InvalidInputError) as refusal:
        call()

    assert refusal.value.field == field


def test_a_refusal_shows_only_the_beginning_of_what_it_refuses() -> None:
    with pytest.raises(InvalidInputError) as refusal:
        checks.one_of(Mode, "s" * 1_000_000, field="mode")

    assert refusal.value.message.endswith(f"not '{'s' * 40}…'")


def test_a_document_at_its_limit_passes_and_one_byte_more_does_not() -> None:
    checks.document_size("é" * 5, limit=10)

    with pytest.raises(PayloadTooLargeError):
        checks.document_size("é" * 5 + "x", limit=10)


def test_a_moment_without_an_offset_is_utc() -> None:
    assert checks.moment(datetime(2026, 5, 4), field="at") == NOW  # noqa: DTZ001 - without an offset on purpose
    assert checks.moment(None, field="at") is None


def test_metadata_comes_back_as_it_was() -> None:
    given = {"a": [1, 2.5, None, True], "ü": {"b": "c"}}

    assert checks.metadata(given) == given
