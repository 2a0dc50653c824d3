"""Several questions in one fetch: each gets its share of the answer, so that none is crowded out by the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synap.retrieval.order import Placed


def share_out(
    placed: Sequence[Placed], scores: Mapping[str, Mapping[str, float]], queries: Sequence[str], *, each: int, most: int
) -> list[Placed]:
    """Return at most `most` of `placed`, in their order, chosen so that every query has its share.

    The queries take turns in the caller's order, each taking its best item that is not taken yet, until it has `each`. An
    item that several found counts for each of them. Room that is left is filled in the order of `placed`.

    Args:
        placed: The whole answer, best first.
        scores: By memory id the queries that found it, with its score for each.
        queries: The caller's queries, in order.
        each: The share of a query.
        most: Items at most.
    """
    ids = [one.id for one in placed]
    waiting = {
        query: sorted((id_ for id_ in ids if query in scores.get(id_, ())), key=lambda id_, q=query: -scores[id_][q])  # type: ignore[misc]  # bound per query
        for query in queries
    }
    has = dict.fromkeys(queries, 0)
    taken: set[str] = set()
    turn = True
    while turn:
        turn = False
        for query in queries:
            untaken = (id_ for id_ in waiting[query] if id_ not in taken)
            best = next(untaken, None) if has[query] < each and len(taken) < most else None
            if best is not None:
                turn = True
                taken.add(best)
                for other in scores[best]:
                    has[other] += 1
    room = most - len(taken)
    taken |= set([id_ for id_ in ids if id_ not in taken][: max(0, room)])
    return [one for one in placed if one.id in taken]
