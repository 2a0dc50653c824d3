"""Long lists of documents as several requests, and their answers as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synap.api.memories import BatchResult, CreateMemory

BATCH_DOCUMENTS = 1000
"""Documents that one request takes; longer lists are split."""

BATCH_CHARACTERS = 8_000_000
"""Text that one request of a split batch carries, unless a single document is longer."""


def parts(requests: Sequence[CreateMemory]) -> Iterator[Sequence[CreateMemory]]:
    """Yield runs of requests, in order, that are within both bounds of one batch."""
    start, size = 0, 0
    for index, request in enumerate(requests):
        length = len(request.document) if isinstance(request.document, str) else 0
        if index > start and (index - start == BATCH_DOCUMENTS or size + length > BATCH_CHARACTERS):
            yield requests[start:index]
            start, size = index, 0
        size += length
    yield requests[start:]


def joined(batches: Sequence[BatchResult]) -> BatchResult:
    """Return the answers to the parts of one list as the answer to the whole."""
    counts = [batch.memory_count for batch in batches]
    known = [count for count in counts if count is not None]
    return BatchResult(
        batch_id=batches[0].batch_id,
        total=sum(batch.total for batch in batches),
        succeeded=sum(batch.succeeded for batch in batches),
        failed=sum(batch.failed for batch in batches),
        memory_count=sum(known) if len(known) == len(counts) else None,
        results=tuple(row for batch in batches for row in batch.results),
    )
