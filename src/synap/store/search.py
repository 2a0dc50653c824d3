"""Search: everything that a chain of scopes holds near some queries, in one exchange with the database.

Where the chain's scopes are in memory the candidates are found there (`synap.store.resident_search`). Else per query one statement reads the memories and segments of the chain by index-only scans, works out both channels' raw
scores for all of them, keeps the best of each channel with the segments beside them, and brings the payload of the most
promising. Fusion is the reader's affair (`synap.retrieval`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from synap.domain.contexts import Candidate, Query, Recall, Search, Untold
from synap.domain.ids import RowRef, decode_public_id, encode_public_id
from synap.domain.memories import MemoryType
from synap.domain.scopes import Scope
from synap.store.candidates import candidate_of, serves, told_of
from synap.store.database import Connection, Database
from synap.store.ranking import MAX_TERMS
from synap.store.resident_search import Made, answer_resident
from synap.store.residents import Residents
from synap.store.rows import MASK_BITS, TYPES, mask_texts, vector_of
from synap.store.scopes import ask_versions, read_versions, versions_now
from synap.store.statements import Slot, execute
from synap.store.texts import SEGMENT, RowKey

NEWEST = 50
"""Memories, and segments, of each scope that a fetch without a query looks at."""

_SERVED = ("memory", "memory_shared", "segment", "segment_shared")
"""Kinds of public id, by the part of a row."""

_REST = -1
"""Part of the row that holds what came without its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A memory or segment that is still served: since when under this id, and until when it holds."""

    recorded_at: datetime
    valid_until: datetime | None = None


@dataclass(slots=True)
class _Found:
    """What a search found, by row: the rows with a text, the places of the others, and what each query said of either.

    Attributes:
        told: Columns of the rows that came whole.
        places: Part, id, scope, document row and ordinal of the others.
        scores: Cosines and lexical scores by query; None where a query did not bring the row.
    """

    told: dict[RowKey, Mapping[str, Any]] = field(default_factory=dict)
    places: dict[RowKey, Sequence[int]] = field(default_factory=dict)
    scores: dict[RowKey, tuple[list[float | None], list[float | None]]] = field(default_factory=dict)


class Searches:
    """Answers searches."""

    def __init__(self, database: Database, residents: Residents) -> None:
        self._database = database
        self._residents = residents

    async def recall(self, search: Search, *, slot: Slot = "emb") -> Recall:
        """Return the candidates of a search, best channels' scores raw, and the versions of the scopes just before.

        Memories that are not valid yet or no longer come with their dates; superseded and retracted ones do not come,
        unless `as_of` asks for what was believed then. A segment is a memory of its own text, see `excerpt_of`. Only the
        `search.texts` most promising memories and segments come with their text, by both channels' scores, each scaled
        to its range, and for a segment 0.3 of the better one beside it, though it be found by that alone; the others come as
        `Untold`. Scopes whose digest is not the stored one give nothing.

        Args:
            search: What to look for. Without queries the surest of the newest of each scope come back, scores None.
            slot: The vector column that belongs to the embedder of the queries' vectors.
        """
        return await self.answer(search, _as_found, slot=slot)

    async def answer(self, search: Search, make: Callable[[Recall], Made], *, slot: Slot = "emb") -> Made:
        """Return what `make` makes of what `recall` finds; it works while the database confirms what is in memory.

        Args:
            search: What to look for.
            make: A pure function that never gives None; it may be called more than once, and its last result counts.
            slot: The vector column that belongs to the embedder of the queries' vectors.
        """
        made = await answer_resident(self._database, self._residents, search, slot, make)
        return make(await self.recall_stored(search, slot=slot)) if made is None else made

    async def recall_stored(self, search: Search, *, slot: Slot = "emb") -> Recall:
        """Return what `recall` does, all of it worked out in the database."""
        async with self._database.transaction(search.chain, pipelined=True, plan_once=True) as connection:
            # Before the search: a write between the two then makes an answer look older than it is, never newer.
            versions_asked = await ask_versions(connection, search.chain)
            cursors = [await cursor for cursor in _send(connection, search, slot)]
            versions = await read_versions(versions_asked, search.chain)
            answers = [await cursor.fetchall() for cursor in cursors]
        scopes = {scope.id: scope for scope in search.chain if scope.id in versions}
        found = _merge(answers, search.queries)
        return Recall(
            candidates=tuple(_candidates(found, scopes, search.types)),
            untold=_untold(found, scopes),
            versions=versions,
        )

    async def versions(self, chain: Sequence[Scope]) -> Mapping[int, int]:
        """Return the version of each scope of `chain` that was ever written, by scope id."""
        return await versions_now(self._database, chain)

    async def standing(self, chain: Sequence[Scope], ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return which of the memories and segments with these public ids the chain still holds and serves.

        What was updated stands under its old id, recorded anew. Ids that are none of ours are left out.
        """
        refs = [ref for ref in map(decode_public_id, ids) if ref is not None]
        owned = [scope for scope in chain if not scope.shared]
        params = {
            "bucket": owned[0].bucket if owned else -1,
            "owned_scopes": [scope.id for scope in owned],
            "shared_scopes": [scope.id for scope in chain if scope.shared],
            **{kind: [ref.row_id for ref in refs if ref.kind == kind] for kind in _SERVED},
        }
        async with self._database.transaction(chain, pipelined=True) as connection:
            versions_asked = await ask_versions(connection, chain)
            cursor = await execute(connection, "standing", params)
        known = await read_versions(versions_asked, chain)
        rows = await cursor.fetchall()
        scopes = {scope.id: scope for scope in chain if scope.id in known}
        return {
            encode_public_id(RowRef(_SERVED[row["part"]], scopes[row["scope_id"]].bucket, row["id"])): Standing(
                recorded_at=row["recorded_at"], valid_until=row["valid_until"]
            )
            for row in rows
            if row["scope_id"] in scopes
        }


def _as_found(recall: Recall) -> Recall:
    return recall


def _send(connection: Connection, search: Search, slot: Slot) -> Iterable[Any]:
    """Yield the statements of a search as awaitables, each of which gives its cursor."""
    owned = [scope for scope in search.chain if not scope.shared]
    params: dict[str, Any] = {
        "bucket": owned[0].bucket if owned else -1,
        "owned_scopes": [scope.id for scope in owned],
        "shared_scopes": [scope.id for scope in search.chain if scope.shared],
        "types": [TYPES.index(one) for one in sorted(search.types)] or None,
        "limit": search.limit,
        "texts": search.texts,
        "neighbours": search.neighbours,
        "excerpts": search.excerpts,
        "as_of": search.as_of,
    }
    then = search.as_of is not None
    if not search.queries:
        params |= {"limit": min(search.limit, NEWEST)}
        for name in ("newest", "newest_shared"):
            yield execute(connection, name, params, then=then)
    for query in search.queries:
        yield execute(connection, "recall", params | query_params(query), slot=slot, then=then)


def query_params(query: Query) -> dict[str, Any]:
    """Return what the statements of a search take of one query."""
    terms = query.terms[:MAX_TERMS]
    masks = mask_texts(terms, chunks=2)
    return {
        "vector": vector_of(query.vector),
        "terms": masks[0],
        "more_terms": masks[1] if len(terms) > MASK_BITS else None,
        "bits": len(terms),
    }


def _merge(answers: Sequence[Sequence[Mapping[str, Any]]], queries: Sequence[Query]) -> _Found:
    """Return each row once, with its scores from every query that brought it; without queries rows have no scores."""
    found = _Found()
    absent: list[float | None] = [None] * len(queries)

    def note(key: RowKey, position: int, cosine: float | None, lexical: float | None) -> None:
        if queries:
            vectors, lexicals = found.scores.setdefault(key, (absent.copy(), absent.copy()))
            vectors[position] = cosine
            lexicals[position] = lexical if queries[position].terms else None

    for position, rows in enumerate(answers):
        for row in rows:
            if row["part"] != _REST:
                key = (row["part"], row["id"])
                found.told.setdefault(key, row)
                note(key, position, row["cosine"], row["lexical"])
                continue
            for place, scores in zip(row["places"], row["scores"], strict=True):
                key = (place[0], place[1])
                found.places[key] = place
                note(key, position, *scores)
    return found


def _candidates(found: _Found, scopes: Mapping[int, Scope], types: frozenset[MemoryType]) -> Iterable[Candidate]:
    metadata: dict[str | None, dict[str, Any]] = {}
    for key, row in found.told.items():
        scope = scopes.get(row["scope_id"])
        if scope is not None:
            candidate = candidate_of(told_of(row, scope, metadata), found.scores.get(key, ((), ())))
            if serves(candidate, types):
                yield candidate


def _untold(found: _Found, scopes: Mapping[int, Scope]) -> Untold | None:
    """Return what came without its text, but for what another query brought whole; None for nothing."""
    left = [key for key, place in found.places.items() if key not in found.told and place[2] in scopes]
    if not left:
        return None
    part, _, scope, document, ordinal = np.array([found.places[key] for key in left], dtype=np.int64).T
    vectors, lexicals = zip(*(found.scores[key] for key in left), strict=True)
    return Untold(
        scopes=scope,
        documents=document,
        ordinals=ordinal,
        shared=part % SEGMENT == 1,
        vector_scores=np.array(vectors, dtype=np.float64),
        lexical_scores=np.array(lexicals, dtype=np.float64),
    )
