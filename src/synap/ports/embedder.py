"""Turning texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

MAX_DIM = 896
"""Longest vector that the store takes: with 96 terms beside it, an index entry of 2,704 bytes is full. Adapters cut
longer ones and scale them back to length one."""


class Embedder(Protocol):
    """Makes unit vectors from texts; vectors of different embedders never meet.

    Attributes:
        id: Model, revision, quantisation, pooling and normalisation in one word; every vector names it.
        dim: Length of a vector, at most `MAX_DIM`.
        semantic: Whether it knows paraphrase; False for the hashing embedder, which must say so in `/health`.
        ready: Whether it can answer at once; before `load` has ended it may not.
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

    @property
    def ready(self) -> bool:
        """Whether it can answer at once."""
        ...

    async def load(self) -> None:
        """Make it ready: read the model, or learn from its server how long its vectors are.

        Raises:
            SetupError: It cannot be made ready.
            ServiceUnavailableError: The model's server did not answer.
        """
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
