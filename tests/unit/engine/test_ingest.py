"""Texts of a group of jobs are embedded together, equal ones once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.testing import assert_array_equal

from synap.engine.faults import Faults
from synap.engine.ingest import embed


class Counting:
    """Embeds a text as its length, and keeps what it was given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def embed_documents(self, texts: list[str]) -> Any:
        self.texts += texts
        return np.array([[len(text)] for text in texts], dtype=np.float32)


async def test_equal_texts_of_a_group_are_embedded_once() -> None:
    embedder = Counting()
    works: Any = [
        SimpleNamespace(texts=["a", "bbb"]),
        SimpleNamespace(texts=["bbb", "cc", "a"]),
        SimpleNamespace(texts=[]),
    ]
    space: Any = SimpleNamespace(embedder=embedder)

    parts = await embed(space, works, Faults())

    assert embedder.texts == ["a", "bbb", "cc"]
    assert_array_equal(parts[0].ravel(), [1, 3])
    assert_array_equal(parts[1].ravel(), [3, 2, 1])
    assert len(parts[2]) == 0
