"""Vectors from hashed terms and their character trigrams, weighted by how telling the terms are.

Each feature adds to one of 768 components, with a sign: the hashing trick (Weinberger et al., "Feature hashing for
large scale multitask learning", ICML 2009). Trigrams let spellings and endings of a word meet. It finds what shares
words, and knows nothing of meaning.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from synap.adapters.hashing.idf import weight
from synap.domain.terms import tokenize

_DIM = 768
_TRIGRAM_SHARE = 0.5
"""Length of a term's trigrams together, as a share of the length of the term itself."""
_CACHED_TERMS = 8_192
_AT_ONCE = 16
"""Texts that are done on the spot; more, some milliseconds' worth, go to a thread."""


class HashingEmbedder:
    """768 dimensions, no files, the same vectors on every machine; `semantic` is False, so that health can say so."""

    @property
    def id(self) -> str:
        return "hashing-terms-trigrams-idf-768@1"

    @property
    def dim(self) -> int:
        return _DIM

    @property
    def semantic(self) -> bool:
        return False

    @property
    def ready(self) -> bool:
        """Always: there is nothing to load."""
        return True

    async def load(self) -> None:
        """Do nothing: there is nothing to load."""

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if len(texts) <= _AT_ONCE:
            return _embed_all(texts)
        return await asyncio.to_thread(_embed_all, texts)

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return await self.embed_documents(texts)

    async def close(self) -> None:
        """Do nothing."""


def embed(text: str) -> NDArray[np.float32]:
    """Return the `(768,)` unit vector of a text; texts without any term share one of their own."""
    vector = np.zeros(_DIM)
    for term, count in sorted(Counter(tokenize(text)).items()):  # sorted: sums of floats depend on their order
        places, values = _features(term)
        np.add.at(vector, places, values * (1 + math.log(count)))
    length = np.linalg.norm(vector)
    if length == 0:
        vector[0], length = 1.0, np.float64(1.0)
    unit: NDArray[np.float32] = (vector / length).astype(np.float32)
    return unit


def _embed_all(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.stack([embed(text) for text in texts]) if texts else np.empty((0, _DIM), np.float32)


@lru_cache(_CACHED_TERMS)
def _features(term: str) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return where a term and its trigrams add to the vector, and how much."""
    padded = f"^{term}$"
    trigrams = [padded[start : start + 3] for start in range(len(padded) - 2)]
    value = weight(term)
    values = [value, *[value * _TRIGRAM_SHARE / math.sqrt(len(trigrams))] * len(trigrams)]
    hashes = [_hash("w" + term), *(_hash("c" + trigram) for trigram in trigrams)]
    places = np.array([number % _DIM for number in hashes])
    signs = np.array([1.0 if number >> 63 else -1.0 for number in hashes])
    return places, signs * np.array(values)


def _hash(feature: str) -> int:
    digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8, person=b"synap-feature").digest()
    return int.from_bytes(digest, "big")
