"""Judging how well texts answer a question, one by one: slower and surer than comparing vectors."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol


class RerankerStyle(StrEnum):
    """Whose protocol a reranking server speaks."""

    COHERE = "cohere"
    JINA = "jina"
    TEI = "tei"
    """Text Embeddings Inference."""


class Reranker(Protocol):
    """Scores texts against a question."""

    @property
    def id(self) -> str:
        """Names the maker and the model; an answer tells it."""
        ...

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return a score in 0..1 for each of `texts`, in their order; none for none.

        Raises:
            ServiceUnavailableError: It did not answer, or not in a form that can be read.
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
