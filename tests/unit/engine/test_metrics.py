"""What `/metrics` shows of the engine."""

from __future__ import annotations

from synap.engine.metrics import Metrics
from synap.store.residents import Residents


def test_the_memory_of_searched_rows_is_shown_as_it_is_when_asked() -> None:
    residents = Residents()
    metrics, use = Metrics(residents=residents), residents.use
    use.size, use.hits = 4096, 3

    text = metrics.text().decode()

    assert "synap_resident_bytes 4096.0" in text
    assert "synap_resident_hits_total 3.0" in text
    assert "synap_nearest_bytes 0.0" in text
    assert "synap_resident_misses_total 0.0" in text


def test_nothing_is_shown_of_a_memory_that_there_is_not() -> None:
    assert "synap_resident" not in Metrics().text().decode()
