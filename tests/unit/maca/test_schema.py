from __future__ import annotations

from datetime import UTC, datetime

from synap.domain.memories import MemoryType
from synap.maca.schema import Maca, Retention, TypeWeights


def test_by_default_all_five_types_are_kept_and_weigh_the_same() -> None:
    maca = Maca()

    assert maca.ingestion.categories.types == frozenset(MemoryType)
    assert maca.retrieval.type_weights.by_type() == dict.fromkeys(MemoryType, 1.0)


def test_by_default_nothing_expires_and_nothing_is_masked() -> None:
    maca = Maca()

    assert maca.storage.retention.max_memory_age_days == 0
    assert maca.ingestion.pii.handling == "off"


def test_weights_are_told_by_type() -> None:
    assert dict(TypeWeights(emotion=0.2).items())[MemoryType.EMOTION] == 0.2


def test_retention_counts_back_from_now() -> None:
    now = datetime(2026, 5, 8, tzinfo=UTC)

    assert Retention(max_memory_age_days=7).kept_from(now) == datetime(2026, 5, 1, tzinfo=UTC)
    assert Retention().kept_from(now) is None
