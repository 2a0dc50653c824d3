from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.domain.memories import MemoryType
from synap.ingestion.attributes import feeling_of, liking_of
from synap.ingestion.contractions import expand
from synap.ingestion.dates import find_dates
from synap.ingestion.kinds import kind_of
from synap.ingestion.shapes import analyse

SAID = datetime(2027, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("clause", "kind"),
    [
        ("I've lived in Oulu for six years", MemoryType.FACT),
        ("I used to sell stamps", MemoryType.FACT),
        ("I was born in Perth", MemoryType.FACT),
        ("I was in hospital last week", MemoryType.EPISODE),
        ("I have been to Peru", MemoryType.EPISODE),
        ("We have a rehearsal on Sunday", MemoryType.TEMPORAL_EVENT),
        ("My brother is getting married in October", MemoryType.TEMPORAL_EVENT),
        ("I jog every Tuesday", MemoryType.FACT),
        ("My favourite fruit is mango", MemoryType.PREFERENCE),
        ("I can't stand traffic", MemoryType.PREFERENCE),
        ("My birthday is on 4 July", MemoryType.FACT),
        ("Loud noises make me jumpy and nervous", MemoryType.EMOTION),
    ],
)
def test_the_kind_of_a_clause(clause: str, kind: MemoryType) -> None:
    shape = analyse(expand(clause))
    spans = find_dates(shape.text, SAID, shape.tense)
    when = spans[0].when if spans else None

    found = kind_of(shape, feeling=feeling_of(shape), liking=liking_of(shape), when=when, said_at=SAID)

    assert found is kind
