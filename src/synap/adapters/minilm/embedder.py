"""The embedder over the prepared model: loads late, batches by length, stays off the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from synap.adapters.minilm.cache import EMBEDDER_ID
from synap.adapters.minilm.model import Model
from synap.errors import ServiceUnavailableError

Result = TypeVar("Result")
Vectors = NDArray[np.float32]

_DIM = 384
_BATCH_TEXTS = 32
_BATCH_TOKENS = 2048
"""Padded tokens of a batch, at most: long texts go in smaller batches, so that memory and waiting stay bounded."""
_CACHED_QUERIES = 1024


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Return the positions of texts, grouped into batches of similar length, shortest first.

    A batch holds at most 32 texts and, padded to its longest, at most 2,048 tokens; a longer text goes alone.
    """
    groups: list[list[int]] = []
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        padded = (len(groups[-1]) + 1) * lengths[position] if groups else 0
        if groups and len(groups[-1]) < _BATCH_TEXTS and padded <= _BATCH_TOKENS:
            groups[-1].append(position)
        else:
            groups.append([position])
    return groups


class MiniLmEmbedder:
    """all-MiniLM-L6-v2 in int8: 384 dimensions, texts cut at 256 tokens, knows paraphrase in English.

    Documents and queries each have one thread. So any number of callers make at most two runs at a time, and a
    question never waits for documents that are being taken in: these give way between batches.
    """

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        """Name the folder that `prepare` returned; nothing is read before `load` or the first text.

        Args:
            folder: The prepared model.
            threads: Cores one run may use; None for all that the process may use.
        """
        self._folder = folder
        self._threads = threads or available_cores()
        self._model: Model | None = None
        self._loading = Lock()
        self._closed = False
        self._documents = ThreadPoolExecutor(1, thread_name_prefix="embed-documents")
        self._queries = ThreadPoolExecutor(1, thread_name_prefix="embed-queries")
        self._cached: LRUCache[str, Vectors] = LRUCache(_CACHED_QUERIES)  # touched by the queries' thread alone

    @property
    def id(self) -> str:
        return EMBEDDER_ID

    @property
    def dim(self) -> int:
        return _DIM

    @property
    def semantic(self) -> bool:
        return True

    @property
    def ready(self) -> bool:
        """Whether the model is loaded, so that a call is answered without a wait."""
        return self._model is not None

    async def load(self) -> None:
        """Load the model, which takes some 0.3 seconds; does nothing when that is done.

        Raises:
            SetupError: No whole model lies in the folder.
        """
        await self._call(self._documents, self._loaded)

    async def embed_documents(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), _DIM), np.float32)
        if not texts:
            return vectors
        ids = await self._call(self._documents, lambda: self._loaded().batch_token_ids(texts))
        for group in batches([len(row) for row in ids]):
            rows = [ids[position] for position in group]
            vectors[group] = await self._call(self._documents, partial(self._run, rows))
        return vectors

    async def embed_queries(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, _DIM), np.float32)
        return await self._call(self._queries, lambda: np.stack([self._query(text) for text in texts]))

    async def close(self) -> None:
        self._closed = True
        for executor in (self._documents, self._queries):
            await asyncio.to_thread(executor.shutdown)
        self._model = None

    def _run(self, token_ids: Sequence[Sequence[int]]) -> Vectors:
        return self._loaded().run(token_ids)

    def _query(self, text: str) -> Vectors:
        vector = self._cached.get(text)
        if vector is None:
            model = self._loaded()
            vector = self._cached[text] = model.run([model.token_ids(text)])[0]
        return vector

    def _loaded(self) -> Model:
        with self._loading:
            if self._model is None:
                self._model = Model.from_folder(self._folder, threads=self._threads)
            return self._model

    async def _call(self, executor: ThreadPoolExecutor, work: Callable[[], Result]) -> Result:
        if self._closed:
            raise ServiceUnavailableError("the embedder is closed")
        return await asyncio.get_running_loop().run_in_executor(executor, work)
