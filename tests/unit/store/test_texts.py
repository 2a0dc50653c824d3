from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime

import pytest

from synap.domain.gists import Gist
from synap.domain.memories import Memory, MemoryType, Statement
from synap.domain.overriding import read_over
from synap.domain.scopes import world_scope
from synap.store.texts import Told

SAID = (
    "The harbour office opens at seven and closes at noon on weekdays.",
    "Every crate from the north pier must be weighed before it is stored.",
    "Refunds above forty euros are approved by the head of the bakery.",
    "My sister prefers the green bicycle, which she bought in Ghent.",
    "The lease of the workshop was raised to 900 euros a month.",
    "Visitors do not have to sign the register after the evening bell.",
    "The lighthouse keeper speaks Danish and reads old charts with care.",
    "Deliveries of glass are taken by the side gate, never by the stairs.",
)


def told(content: str) -> Told:
    memory = Memory(
        id="",
        scope=world_scope(),
        statement=Statement(type=MemoryType.FACT, content=content),
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return Told(memory=memory, excerpt=False, place=None, speaker=None)


@pytest.mark.parametrize("sentences", [1, 4, 12])
def test_a_text_takes_about_what_it_is_counted_with_once_it_was_read_over(sentences: int) -> None:
    texts = [" ".join((SAID * 3)[start : start + sentences]) + f" Row {start}." for start in range(len(SAID))]
    for text in texts:
        read_over(Gist(text))  # what words are remembered with is there before

    tracemalloc.start()
    gists = [Gist(text) for text in texts]
    for gist in gists:
        read_over(gist)
    taken = tracemalloc.get_traced_memory()[0] / len(texts)
    tracemalloc.stop()

    counted = sum(told(text).size for text in texts) / len(texts)
    assert 0.3 * counted < taken < 1.2 * counted
