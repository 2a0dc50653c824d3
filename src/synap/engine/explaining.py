"""`memories.why_not`: the first reason why a memory is not in the answer to a question."""

from __future__ import annotations

from synap.api.contexts import FetchContext, WhyNot, WhyNotAnswer
from synap.api.items import share
from synap.domain.contexts import LeftOut, Reason
from synap.domain.ids import RowRef, decode_public_id, unknown
from synap.domain.memories import Memory, MemoryStatus
from synap.domain.scopes import Ids, Scope, decide_scope, scope_chain
from synap.engine.callers import Caller
from synap.engine.contexts import Reading, read
from synap.engine.core import Core
from synap.errors import InvalidInputError
from synap.store.ranks import PARTS, Ranks

_SENTENCES = {
    Reason.SERVED: "it is in the answer",
    Reason.SUPERSEDED: "a newer memory took its place",
    Reason.RETRACTED: "it was taken back",
    Reason.SCOPE: "its rung was not asked for",
    Reason.NOT_READ: "it promised less, by meaning and words, than the candidates whose text was read",
    Reason.RETENTION: "it is past the instance's retention",
    Reason.TYPE: "its type was not asked for",
    Reason.CONFIDENCE: "it is less sure than the instance's confidence_threshold",
    Reason.SAYS_NOTHING: "it is a greeting, an assent or the head of an e-mail",
    Reason.NOT_VALID: "it has ceased to hold, and the question is not about the past",
    Reason.MERGED: "another memory says the same and is there in its stead",
    Reason.SPOKEN_FOR: "the memories drawn from this passage say what it says",
    Reason.FLOOR: "its score is below retrieval.floor",
    Reason.MAX_RESULTS: "better ones filled max_results",
    Reason.BUDGET: "it did not fit into the token budget",
}


async def why_not(core: Core, caller: Caller, request: WhyNot) -> WhyNotAnswer:
    """Return the first reason why a memory is not in the answer, or its place in it.

    Raises:
        InvalidInputError: The query is empty, or an argument of the fetch is wrong.
        NotFoundError: The caller's chain holds no such memory; another's memory is as unknown as none.
    """
    instance = core.bound_instance(caller)
    if not request.query.strip():
        raise InvalidInputError("query must not be empty", field="query")
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    chain = scope_chain(instance.place, decide_scope(instance.place, ids))
    ref = decode_public_id(request.memory_id)
    if ref is None or ref.kind not in PARTS:
        raise unknown("memory_id", request.memory_id)
    memory = await _memory(core, chain, request, ref)
    fetch = _fetch_of(request)
    if memory is not None and request.as_of is None and memory.status is not MemoryStatus.ACTIVE:
        superseded = memory.status is MemoryStatus.SUPERSEDED
        return _answer(request, Reason.SUPERSEDED if superseded else Reason.RETRACTED, by=memory.superseded_by or "")
    reading = await read(core, instance, fetch, chain)
    place = await core.store.rankings.ranks(chain, ref, reading.query, slot=reading.slot, as_of=request.as_of)
    served = next((item for item in reading.context.items if item.memory.id == request.memory_id), None)
    if served is not None:
        return _answer(request, Reason.SERVED, ranks=place, rank=served.rank + 1, score=served.score.total)
    if memory is not None and request.scopes is not None and memory.scope.rung not in request.scopes:
        return _answer(request, Reason.SCOPE, ranks=place)
    found = _left_out(reading, request.memory_id)
    if found is None:
        # Once more with every candidate read: what stayed unread is told apart from what no channel brought.
        wider = await read(core, instance, fetch, chain, texts=reading.limit)
        told = any(item.memory.id == request.memory_id for item in wider.context.items)
        found = _left_out(wider, request.memory_id)
        if told:
            return _answer(request, Reason.NOT_READ, ranks=place)
        if found is None:
            return _answer(request, Reason.NOT_A_CANDIDATE, ranks=place, limit=reading.limit)
    return _answer(request, found.reason, ranks=place, by=found.by, score=found.score)


async def _memory(core: Core, chain: tuple[Scope, ...], request: WhyNot, ref: RowRef) -> Memory | None:
    """Return the memory, if the chain holds it; None for a segment that it serves.

    Raises:
        NotFoundError: It holds none.
    """
    if ref.kind in ("segment", "segment_shared"):
        if request.memory_id not in await core.store.search.standing(chain, [request.memory_id]):
            raise unknown("memory_id", request.memory_id)
        return None
    located = await core.store.memories.locate(ref)
    owner = None if located is None else next((scope for scope in chain if scope.id == located.scope.id), None)
    memory = None if owner is None else await core.store.memories.get(owner, ref.row_id)
    if memory is None:
        raise unknown("memory_id", request.memory_id)
    return memory


def _fetch_of(request: WhyNot) -> FetchContext:
    target = "user" if request.user_id is not None else "customer" if request.customer_id is not None else "client"
    return FetchContext(
        target=target,
        customer_id=request.customer_id,
        user_id=request.user_id,
        search_query=(request.query,),
        max_results=request.max_results,
        types=request.types,
        mode=request.mode,
        max_tokens=request.max_tokens,
        query_date=request.query_date,
        as_of=request.as_of,
        scopes=request.scopes,
        explain=True,
    )


def _left_out(reading: Reading, memory_id: str) -> LeftOut | None:
    return next((one for one in reading.context.left_out if one.id == memory_id), None)


def _answer(
    request: WhyNot,
    reason: Reason,
    *,
    ranks: Ranks | None = None,
    rank: int | None = None,
    by: str = "",
    score: float | None = None,
    limit: int = 0,
) -> WhyNotAnswer:
    ranks = ranks or Ranks()
    return WhyNotAnswer(
        memory_id=request.memory_id,
        served=reason is Reason.SERVED,
        reason=reason.value,
        explanation=_sentence(reason, ranks, limit),
        rank=rank,
        by=by,
        score=None if score is None else share(score),
        vector_rank=ranks.vector,
        lexical_rank=ranks.lexical,
        similarity=ranks.cosine,
    )


def _sentence(reason: Reason, ranks: Ranks, limit: int) -> str:
    if reason is not Reason.NOT_A_CANDIDATE:
        return _SENTENCES[reason]
    meaning = "has no vector to compare" if ranks.vector is None else f"is number {ranks.vector} by meaning"
    words = "shares no word with the question" if ranks.lexical is None else f"is number {ranks.lexical} by words"
    return f"it {meaning} and {words}; the first {limit} by each are candidates"
