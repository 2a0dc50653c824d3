from __future__ import annotations

import pytest

from synap.testing import FixedEmbedder


async def test_synonyms_are_the_same_word() -> None:
    embedder = FixedEmbedder(synonyms={"automobile": "car"})

    car, automobile = await embedder.embed_documents(["my car", "my automobile"])

    assert car @ automobile == pytest.approx(1)


async def test_it_notes_what_it_was_asked() -> None:
    embedder = FixedEmbedder()

    await embedder.embed_documents(["a"])
    await embedder.embed_queries(["b"])

    assert embedder.calls == ["a", "b"]
