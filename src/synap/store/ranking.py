"""A search over rows in memory: the same channels, scores and choice as the statement `recall` makes in the database.

`synap/store/sql/search.sql` tells why it is done so; a change there is a change here, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synap.domain.contexts import Query, Search
from synap.domain.scopes import Scope
from synap.store.blocks import ORDINAL_BITS, Block, Flags, Floats, Ints, Resident
from synap.store.rows import MASK_BITS, TYPES, term_index
from synap.store.texts import SEGMENT

MAX_TERMS = 2 * MASK_BITS
"""Query terms that count, the first ones; longer questions are left to the vectors."""

_K1, _B = 1.2, 0.75
_SHRINKAGE = 32
_NEIGHBOUR = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranked:
    """What a search found, in rows of one length `n`; `told` are those whose text is worth reading.

    Attributes:
        parts: `(n,)` 0 memory, 1 memory_shared, 2 segment, 3 segment_shared.
        ids: `(n,)` row ids.
        scopes: `(n,)` scope ids.
        documents, ordinals: `(n,)` places of segments, 0 for memories.
        told: `(n,)` whether any query brings the row whole.
        cosines: `(n, queries)`, NaN where a query did not bring the row, or it has no vector.
        lexicals: `(n, queries)` BM25, NaN where a query did not bring the row, or has no terms.
    """

    parts: Ints
    ids: Ints
    scopes: Ints
    documents: Ints
    ordinals: Ints
    told: Flags
    cosines: Floats
    lexicals: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Held:
    """The rows of a chain end to end: the columns of its blocks, and where each block begins."""

    blocks: tuple[Block, ...]
    begins: tuple[int, ...]
    parts: Ints
    ids: Ints
    scopes: Ints
    documents: Ints
    ordinals: Ints
    lens: Floats
    counted: Flags
    embedded: Flags


def rank(residents: Sequence[tuple[Scope, Resident]], search: Search) -> Ranked:
    """Return the rows that a search finds in the scopes of its chain, those of each query as `recall` chooses them."""
    held = _held(residents, search)
    found = [_of_query(held, query, search) for query in search.queries]
    rows = _distinct(len(held.ids), *(one[0] for one in found))
    shape = (len(rows), len(found))
    cosines, lexicals, told = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(len(rows), np.bool_)
    for position, (which, cosine, lexical, whole) in enumerate(found):
        at = np.searchsorted(rows, which)
        cosines[at, position] = cosine
        if search.queries[position].terms:
            lexicals[at, position] = lexical
        told[at] |= whole
    return Ranked(
        parts=held.parts[rows],
        ids=held.ids[rows],
        scopes=held.scopes[rows],
        documents=held.documents[rows],
        ordinals=held.ordinals[rows],
        told=told,
        cosines=cosines,
        lexicals=lexicals,
    )


def _held(residents: Sequence[tuple[Scope, Resident]], search: Search) -> _Held:
    whole = [
        (scope, block, present)
        for scope, resident in residents
        for block, present in zip(resident.blocks, resident.present, strict=True)
    ]
    blocks = tuple(block for _, block, _ in whole)
    sizes = [len(block) for block in blocks]

    def column(name: str) -> Any:
        return np.concatenate([getattr(block, name) for block in blocks]) if blocks else np.zeros(0, np.int64)

    types = column("types")
    segments = types < 0
    shared = np.repeat([scope.shared for scope, _, _ in whole], sizes).astype(np.int64)
    counted = np.concatenate([present for _, _, present in whole]) if whole else np.zeros(0, np.bool_)
    if search.types:
        counted = counted & (segments | np.isin(types, [TYPES.index(one) for one in search.types]))
    if not search.excerpts:
        counted = counted & ~segments
    return _Held(
        blocks=blocks,
        begins=tuple(np.cumsum([0, *sizes])[:-1].tolist()),
        parts=SEGMENT * segments + shared,
        ids=column("ids"),
        scopes=np.repeat(np.array([scope.id for scope, _, _ in whole], np.int64), sizes),
        documents=column("documents"),
        ordinals=column("ordinals"),
        lens=column("lens").astype(np.float64),
        counted=counted,
        embedded=column("embedded").astype(np.bool_) & counted,
    )


def _of_query(held: _Held, query: Query, search: Search) -> tuple[Ints, Floats, Floats, Flags]:
    """Return the rows that a query brings, with cosine (NaN for none), BM25, and whether each comes whole."""
    cosines = _cosines(held, query.vector)
    words, complete = _lexical(held, query)
    near = _nearest(held, cosines, search.limit)
    wordy = _wordiest(held, words, search.limit)
    best = _distinct(len(held.ids), near, wordy)
    rows = np.concatenate([best, _beside(held, best)]) if search.neighbours else best
    chosen = np.arange(len(rows)) < len(best)
    cosine, lexical = cosines[rows], words[rows]
    likely = _likely(held, rows, _promise(cosine, lexical, complete[rows]))
    whole = np.zeros(len(rows), np.bool_)
    verbatim = held.parts[rows] >= SEGMENT
    # Beside a good hit stands its answer, or its question, which often shares no word with what is asked.
    for kind in (chosen & ~verbatim, verbatim & (chosen | (likely > 0))):
        ours = np.flatnonzero(kind)
        first = np.lexsort((-held.ids[rows[ours]], -likely[ours]))[: search.texts]
        whole[ours[first]] = True
    return rows, cosine, lexical, whole


def _distinct(count: int, *rows: Ints) -> Ints:
    """Return the distinct ones among row numbers below `count`, ascending: what `np.unique` gives, without sorting."""
    among = np.zeros(count, np.bool_)
    for some in rows:
        among[some] = True
    return np.flatnonzero(among)


def _cosines(held: _Held, vector: Any) -> Floats:
    """Return the inner product of each row's vector with the query's, as precise as the column; NaN for none."""
    products = np.full(len(held.ids), np.nan)
    if vector is None:
        return products
    wanted = np.asarray(vector, np.float32).astype(np.float16).astype(np.float32)
    for block, begin in zip(held.blocks, held.begins, strict=True):
        if block.vectors.shape[1] == len(wanted):
            # Not `@`: its threads wait for each other where the processors are busy.
            products[begin : begin + len(block)] = np.vecdot(block.vectors, wanted)
    products[~held.embedded] = np.nan
    return products


def _lexical(held: _Held, query: Query) -> tuple[Floats, Flags]:
    """Return BM25 of each row over the statistics of all rows that count, and whether it holds every term of the query.

    Each term counts once; a row without one has 0.

    Source: Robertson, Zaragoza, "The Probabilistic Relevance Framework", 2009.
    """
    indexes = dict.fromkeys(term_index(term) - 1 for term in query.terms[:MAX_TERMS])
    scores, holds = np.zeros(len(held.ids)), np.zeros(len(held.ids), np.int64)
    terms = np.array(list(indexes), np.int32)
    found: list[list[Ints]] = [[] for _ in indexes]
    for block, begin in zip(held.blocks, held.begins, strict=True):
        for position, rows in enumerate(block.holding(terms)):
            if len(rows):
                found[position].append(rows.astype(np.int64) + begin)
    count = int(held.counted.sum())
    for places in found:
        if places:
            rows = np.concatenate(places)
            rows = rows[held.counted[rows]]
            scores[rows] += np.log(1 + (count - len(rows) + 0.5) / (len(rows) + 0.5))
            holds[rows] += 1
    if count:
        average = max(float(held.lens[held.counted].sum()) / count, 1.0)
        scores *= (_K1 + 1) / (1 + _K1 * (1 - _B) + _K1 * _B / average * held.lens)
    return scores, holds == len(indexes)


def _nearest(held: _Held, cosines: Floats, limit: int) -> Ints:
    rows = _top(cosines, np.flatnonzero(~np.isnan(cosines)), limit)
    return rows[np.lexsort((held.ids[rows], -cosines[rows]))[:limit]]


def _wordiest(held: _Held, words: Floats, limit: int) -> Ints:
    rows = _top(words, np.flatnonzero(words > 0), limit)
    return rows[np.lexsort((-held.ids[rows], -words[rows]))[:limit]]


def _top(scores: Floats, rows: Ints, limit: int) -> Ints:
    """Return those of `rows` that may be among the best `limit`, ties included."""
    if len(rows) <= limit:
        return rows
    least = np.partition(scores[rows], len(rows) - limit)[len(rows) - limit]
    best: Ints = rows[scores[rows] >= least]
    return best


def _beside(held: _Held, best: Ints) -> Ints:
    """Return the segments right before and after those of `best` in their documents, without `best` itself."""
    verbatim = best[held.parts[best] >= SEGMENT]
    documents = np.concatenate([held.documents[verbatim]] * 2)
    ordinals = np.concatenate([held.ordinals[verbatim] - 1, held.ordinals[verbatim] + 1])
    found = [begin + _at(block, documents, ordinals) for block, begin in zip(held.blocks, held.begins, strict=True)]
    rows = _distinct(len(held.ids), *found)
    there = held.counted.copy()
    there[best] = False
    return rows[there[rows]]


def _at(block: Block, documents: Ints, ordinals: Ints) -> Ints:
    """Return the rows of a block that lie at the given places."""
    begin = block.memories
    if begin == len(block) or not len(documents):
        return np.zeros(0, np.int64)
    distinct, place = block.distinct, block.places
    document = np.minimum(np.searchsorted(distinct, documents), len(distinct) - 1)
    wanted = ((document << ORDINAL_BITS) + ordinals)[(distinct[document] == documents) & (ordinals >= 0)]
    row = np.minimum(np.searchsorted(place, wanted), len(place) - 1)
    found: Ints = begin + row[place[row] == wanted]
    return found


def _promise(cosines: Floats, words: Floats, complete: Flags) -> Floats:
    """Return both channels' scores scaled to their ranges and added.

    Words alone count for both where there is no vector, and at least for both where a row holds every term.
    """
    absent = np.isnan(cosines)
    top = float(words.max()) if len(words) else 0.0
    lexical = words / top if top else np.zeros(len(words))
    known = cosines[~absent]
    vector = np.zeros(len(words))
    if len(known):
        high, low = float(known.max()), max(float(known.min()), 0.0) * len(known) / (len(known) + _SHRINKAGE)
        if high != low:
            vector = (cosines - low) / (high - low)
    vector = np.where(complete, np.fmax(vector, lexical), vector)
    promise: Floats = np.where(absent, lexical, vector) + lexical
    return promise


def _likely(held: _Held, rows: Ints, promise: Floats) -> Floats:
    """Return the promise of each row with a share of the better of the segments right before and after it."""
    verbatim = np.flatnonzero(held.parts[rows] >= SEGMENT)
    places = rows[verbatim]
    ours = verbatim[np.lexsort((held.ordinals[places], held.documents[places], held.parts[places]))]
    at = rows[ours]
    adjacent = (np.diff(held.ordinals[at]) == 1) & (np.diff(held.documents[at]) == 0) & (np.diff(held.parts[at]) == 0)
    own = promise[ours]
    before, after = np.zeros(len(ours)), np.zeros(len(ours))
    before[1:] = np.where(adjacent, own[:-1], 0.0)
    after[:-1] = np.where(adjacent, own[1:], 0.0)
    likely = promise.copy()
    likely[ours] += _NEIGHBOUR * np.maximum(before, after)
    return likely
