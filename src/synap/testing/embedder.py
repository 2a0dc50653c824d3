"""An embedder for tests: no files, no threads, the same vectors everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_DIM = 64


class FixedEmbedder:
    """Adds up one fixed random direction per word, so that texts are as near as they share words.

    Words named in `synonyms` take the direction of the word they are mapped to, which is how a test makes a
    paraphrase. `calls` holds the texts asked for so far, in order.
    """

    def __init__(self, *, dim: int = _DIM, semantic: bool = True, synonyms: dict[str, str] | None = None) -> None:
        self._dim = dim
        self._semantic = semantic
        self._synonyms = synonyms or {}
        self.calls: list[str] = []

    @property
    def id(self) -> str:
        """Stable name of the vector space."""
        return f"fixed-{self._dim}@1"

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    @property
    def semantic(self) -> bool:
        """What the test wants it to claim."""
        return self._semantic

    @property
    def ready(self) -> bool:
        """Always: there is nothing to load."""
        return True

    async def load(self) -> None:
        """Do nothing: there is nothing to load."""

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, dim)` unit vectors."""
        self.calls.extend(texts)
        if not texts:
            return np.empty((0, self._dim), np.float32)
        return np.stack([self._vector(text) for text in texts])

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, dim)` unit vectors, equal to those of documents."""
        return await self.embed_documents(texts)

    async def close(self) -> None:
        """Do nothing."""

    def _vector(self, text: str) -> NDArray[np.float32]:
        words = "".join(letter if letter.isalnum() else " " for letter in text.casefold()).split()
        directions = [self._direction(self._synonyms.get(word, word)) for word in words or [""]]
        total = np.sum(directions, axis=0)
        unit: NDArray[np.float32] = (total / np.linalg.norm(total)).astype(np.float32)
        return unit

    def _direction(self, word: str) -> NDArray[np.float64]:
        seed = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
        return np.random.default_rng(seed).standard_normal(self._dim)
