from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from synap.domain.documents import DocumentType, Turn
from synap.domain.privacy import PiiHandling
from synap.ingestion.extract import Source, extract
from synap.ingestion.prepare import prepare
from synap.ingestion.zones import zone_of

LATE = datetime(2027, 3, 10, 2, 30, tzinfo=UTC)
"""In the evening of the 9th in Chicago, in the morning of the 10th in Tokyo."""


@pytest.mark.parametrize(
    ("name", "minutes"),
    [("UTC+2", 120), ("+05:30", 330), ("GMT-3", -180), ("-0800", -480), ("UTC", 0), ("Asia/Tokyo", 540)],
)
def test_a_zone_is_known_by_name_or_offset(name: str, minutes: int) -> None:
    zone = zone_of(name)

    assert zone is not None
    assert LATE.astimezone(zone).utcoffset() == timedelta(minutes=minutes)


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "America", "+99", "x" * 1000, "\x00"])
def test_what_names_no_zone_is_none(name: str) -> None:
    assert zone_of(name) is None


@pytest.mark.parametrize(
    ("zone", "content", "start"),
    [
        ("America/Chicago", "The user met the vet on 8 March 2027 at 5 pm", "2027-03-08T23:00:00+00:00"),
        ("Asia/Tokyo", "The user met the vet on 9 March 2027 at 5 pm", "2027-03-09T08:00:00+00:00"),
        (None, "The user met the vet on 9 March 2027 at 5 pm", "2027-03-09T17:00:00+00:00"),
    ],
)
def test_yesterday_and_the_clock_are_the_speakers(zone: str | None, content: str, start: str) -> None:
    text = "User: I met the vet yesterday at 5 pm."
    prepared = prepare(text, document_type=DocumentType.AI_CHAT, created_at=LATE, pii=PiiHandling.OFF)
    source = Source(document_id="d", created_at=LATE, zone=None if zone is None else zone_of(zone))

    (draft,) = extract(prepared, source).drafts

    assert draft.statement.content == content
    assert draft.statement.when is not None
    assert draft.statement.when.start.isoformat() == start


@pytest.mark.parametrize(
    ("stamp", "zone", "content"),
    [
        ("2027-03-09T21:30:00-05:00", None, "The user met the vet on 8 March 2027"),
        ("2027-03-10T11:30:00+09:00", None, "The user met the vet on 9 March 2027"),
        ("2027-03-10T02:30:00+00:00", None, "The user met the vet on 9 March 2027"),
        ("2027-03-10T02:30:00Z", "America/Chicago", "The user met the vet on 8 March 2027"),
        ("2027-03-10T11:30:00+09:00", "America/Chicago", "The user met the vet on 8 March 2027"),
    ],
)
def test_a_turns_own_offset_tells_the_speakers_day_where_no_zone_is_named(
    stamp: str, zone: str | None, content: str
) -> None:
    turn = Turn(content="I met the vet yesterday.", timestamp=datetime.fromisoformat(stamp))
    prepared = prepare([turn], document_type=DocumentType.AI_CHAT, created_at=None, pii=PiiHandling.OFF)
    source = Source(document_id="d", zone=None if zone is None else zone_of(zone))

    (draft,) = extract(prepared, source).drafts

    assert draft.statement.content == content
    assert draft.statement.said_at == LATE


def test_a_timestamp_in_the_text_tells_the_speakers_day() -> None:
    text = '[{"role": "user", "content": "I met the vet yesterday.", "timestamp": "2027-03-09T21:30:00-05:00"}]'
    prepared = prepare(text, document_type=DocumentType.AI_CHAT, created_at=None, pii=PiiHandling.OFF)

    (draft,) = extract(prepared, Source(document_id="d")).drafts

    assert draft.statement.content == "The user met the vet on 8 March 2027"
