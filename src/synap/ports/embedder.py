"""Turning texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Makes unit vectors from texts; vectors of different embedders never meet.

    Attributes:
        id: Model, revision, quantisation, pooling and normalisation in one word; every vector names it.
        dim: Length of a vector, at most 1,024.
        semantic: Whether it knows paraphrase; False for the hashing embedder, which must say so in `/health`.
    """

    @property
    def id(self) -> str:
        """Stable name of the vector space."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    @property
    def semantic(self) -> bool:
        """Whether paraphrases land near each other."""
        ...

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, dim)` float32, rows of length one, in the order of `texts`; `(0, dim)` for none.

        Raises:
            ServiceUnavailableError: The model's server did not answer.
        """
        ...

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return `(n, dim)` float32 for questions; models that want a prefix get it here."""
        ...

    async def close(self) -> None:
        """Release threads and connections."""
        ...
