"""Many documents at once: split into batches that a request carries, waited for, and joined into one result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from synap.api.memories import BatchResult, CreateMemory
from synap.api.protocol import Api
from synap.domain.documents import IngestionStatus
from synap.sdk.waiting import pauses, until

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
    """Return several batches as one, under the first one's id."""
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


async def finished_batch(api: Api, batch: BatchResult, deadline: float) -> BatchResult:
    """Return a batch once all of it is worked through; refused rows as they were answered, as less is kept of them."""
    ended = await until(
        lambda: api.batch(batch.batch_id),
        lambda result: result.memory_count is not None,
        deadline=deadline,
        pauses=pauses(None),
        what=f"batch {batch.batch_id}",
    )
    refused = {row.ingestion_id: row for row in batch.results if row.status == IngestionStatus.FAILED}
    return msgspec.structs.replace(ended, results=tuple(refused.get(row.ingestion_id, row) for row in ended.results))
