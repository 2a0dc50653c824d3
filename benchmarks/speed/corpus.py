"""A made-up corpus: customers, users and memories of a real store's shape, written through the store's own operations.

Sizes per user are lognormal (median about 55, clipped to 10..10,000), one user is given 10,000. Customers belong to one
of three applications; customers and applications share memories of their own, so that at 100,000 a typical user reads a
chain of some 2,200 memories, and the biggest one of 12,000, with a segment for each on top. Texts draw from a Zipf
vocabulary whose most frequent words are the English stop words, as in real texts; vectors from gaussian clusters. No text
is extracted and none embedded, so that loading measures nothing but the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from synap.domain.documents import DocumentType, Mode, PreparedDocument, Segment
from synap.domain.memories import Changes, Draft, Evidence, MemoryType, NewMemory, Statement
from synap.domain.scopes import Ids, Place, Scope, decide_scope
from synap.domain.words import STOP_WORDS
from synap.engine.engine import Engine
from synap.store.applied import Applied
from synap.store.documents import AcceptDocument
from synap.store.store import Store

BIG_USER = ("customer-0", "user-big")
CHUNK = 250
"""Memories per made-up document."""

INSTANCES = 3
"""Applications that the customers are spread over; each has a CLIENT scope of its own."""

_CUSTOMERS = 40
_WORDS = 30_000
_CLUSTERS = 2_000
_START = datetime(2025, 1, 1, tzinfo=UTC)
_TYPES = tuple(MemoryType)[:3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A scope with how many memories it gets; `instance` is the number of its application."""

    instance: int
    customer: str | None
    user: str | None
    size: int


class Corpus:
    """Draws texts and vectors, the same for the same seed."""

    def __init__(self, *, dim: int, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        self._dim = dim
        self._centres = self._random.standard_normal((_CLUSTERS, dim)).astype(np.float32)
        weights = 1.0 / np.arange(1, _WORDS + 1)
        self._weights = weights / weights.sum()
        self._words = _vocabulary(_WORDS)

    def owners(self, *, total: int, users: int, big: int) -> list[Owner]:
        """Return owners whose sizes add up to about `total`: 80 % of users, 15 % of customers, 5 % shared by all."""
        sizes = np.clip(self._random.lognormal(4.0, 1.0, users), 10, 10_000)
        sizes = np.maximum((sizes * (0.8 * total - big) / sizes.sum()).astype(int), 5)
        owners = [_owner(0, BIG_USER[1], big)]
        owners += [_owner(n % _CUSTOMERS, f"user-{n}", int(size)) for n, size in enumerate(sizes)]
        owners += [_owner(n, None, int(0.15 * total / _CUSTOMERS)) for n in range(_CUSTOMERS)]
        share = int(0.05 * total / INSTANCES)
        return [*owners, *(Owner(instance=n, customer=None, user=None, size=share) for n in range(INSTANCES))]

    def vectors(self, count: int) -> NDArray[np.float32]:
        """Return `(count, dim)` unit vectors, each near one of the clusters."""
        near = self._centres[self._random.integers(0, _CLUSTERS, count)]
        rows = near + 0.6 * self._random.standard_normal((count, self._dim)).astype(np.float32)
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    def texts(self, count: int) -> list[str]:
        """Return `count` texts of 8 to 25 words."""
        lengths = self._random.integers(8, 26, count)
        words = self._random.choice(_WORDS, int(lengths.sum()), p=self._weights)
        ends = np.cumsum(lengths)
        return [
            " ".join(self._words[word] for word in words[end - length : end])
            for end, length in zip(ends, lengths, strict=True)
        ]


async def load(engine: Engine, places: Sequence[Place], corpus: Corpus, owners: Sequence[Owner]) -> int:
    """Write the owners' memories, with a segment each; returns how many there are. `places` has one per application."""
    count = 0
    for owner in owners:
        place = places[owner.instance]
        scope = decide_scope(place, Ids(customer_id=owner.customer, user_id=owner.user))
        for size in _chunks(owner.size):
            await write(engine.core.store, place, scope, corpus, size)
            count += size
    return count


def _vocabulary(size: int) -> list[str]:
    """Return `size` words, stop words first, then made-up ones of two to four syllables, each another."""
    syllables = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
    made = []
    for number in range(size):
        word, rest = "", number + len(syllables)
        while rest:
            rest, last = divmod(rest, len(syllables))
            word += syllables[last]
        made.append(word)
    return [*sorted(STOP_WORDS), *made][:size]


def _owner(customer: int, user: str | None, size: int) -> Owner:
    return Owner(instance=customer % INSTANCES, customer=f"customer-{customer}", user=user, size=size)


def _chunks(size: int) -> Iterator[int]:
    while size > 0:
        yield min(size, CHUNK)
        size -= CHUNK


async def write(store: Store, place: Place, scope: Scope, corpus: Corpus, size: int) -> None:
    """Write a document of `size` memories as a worker does that has read it: accepted, claimed, applied."""
    now = _START + timedelta(seconds=int(np.random.default_rng(size).integers(0, 10**7)))
    texts = corpus.texts(size)
    await store.documents.accept(
        scope,
        AcceptDocument(
            instance_id=place.instance_id,
            document_id=None,
            document_type=DocumentType.AI_CHAT,
            mode=Mode.FAST,
            prepared=_document(texts),
            created_at=now,
            recorded_at=now,
        ),
    )
    # Of writers at once in one bucket, each takes whatever job comes first, as workers do.
    for job in await store.queue.claim(scope.bucket, "loader", now=now, lease_until=now + timedelta(days=9999)):
        if job.ingestion_id is None:
            continue
        document = await store.documents.load(job.scope, job.ingestion_id)
        said = [segment.text for segment in document.prepared.segments]
        vectors = corpus.vectors(2 * len(said))
        await store.memories.apply(
            job.scope,
            Applied(
                job=job,
                document=document,
                changes=Changes(add=_memories(said, vectors[: len(said)], document.document_id, now)),
                vectors=dict(zip(document.segment_rows, vectors[len(said) :], strict=True)),
                now=now,
            ),
        )


def _document(texts: Sequence[str]) -> PreparedDocument:
    segments, start = [], 0
    for ordinal, text in enumerate(texts):
        segments.append(Segment(ordinal=ordinal, start=start, end=start + len(text), text=text))
        start += len(text) + 1
    body = "\n".join(texts)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return PreparedDocument(text=body, blocks=(), segments=tuple(segments), content_hash=digest)


def _memories(
    texts: Sequence[str], vectors: NDArray[np.float32], document_id: str, now: datetime
) -> tuple[NewMemory, ...]:
    made, start = [], 0
    for key, text in enumerate(texts):
        evidence = Evidence(document_id=document_id, start=start, end=start + len(text), quote=text, segment=key)
        statement = Statement(type=_TYPES[key % len(_TYPES)], content=text, said_at=now)
        draft = Draft(statement=statement, evidence=(evidence,))
        made.append(NewMemory(key=key, draft=draft, extractor="corpus@1", vector=vectors[key]))
        start += len(text) + 1
    return tuple(made)
