"""`memories.forget`: find in words what a user wants forgotten, show it, and erase it where that was asked.

Only the user's own memories are looked at, and precision comes first: a memory fits a description by absolute gates, never
for being the best of what there is. Its words must hold most of those of the description; fewer do where the meaning is
near as well, and none are needed where it is very near.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from synap.api.data import ForgetCandidate, ForgetMemories, Forgotten
from synap.domain.contexts import Query, Search
from synap.domain.memories import Memory, MemoryStatus
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.domain.terms import tokenize
from synap.engine import checks
from synap.engine.callers import Caller
from synap.engine.core import Core
from synap.engine.receipts import Subject, due, signer_of
from synap.engine.spaces import LiveSpace
from synap.errors import InvalidInputError, ServiceUnavailableError, SynapError
from synap.retrieval.plan import plan_queries
from synap.store.rows import row_id_of

SHORTEST, LONGEST = 3, 500
MODES = ("preview", "direct")
STORE = "postgresql"

NEARLY_ALL = 0.75
"""Share of the description's words that a memory must hold where its words alone speak for it."""

MOST, NEAR = 0.5, 0.4
"""Share of the words, and cosine, that do together."""

VERY_NEAR = 0.55
"""Cosine that does alone. With MiniLM, over 14 descriptions ("the car") of 16 memories of one person, the description of
another memory came to 0.44 at most, that of the right one to 0.35 up to 0.67."""

LOOKED_AT = 200
PAST_LOOKED_AT = 500
RETRY_SECONDS = 5

_ABOUT = frozenset(
    (
        "forget", "delete", "remove", "erase", "memory", "memor", "everything", "anything", "something", "all", "fact",
        "know", "known", "knew", "say", "said", "tell", "told", "mention", "remember", "info", "information", "detail",
        "thing", "regard", "concern", "please", "user",
    )
)  # fmt: skip
"""Terms about forgetting, not about what is to be forgotten."""


async def forget(core: Core, caller: Caller, request: ForgetMemories) -> Forgotten:
    """Return what a description fits of a user's memories, and erase it with the mode `direct`.

    Raises:
        InvalidInputError: The description, the mode or the ids are wrong; exactly one user must be named.
        ServiceUnavailableError: Meaning could not be compared; nothing was erased.
    """
    instance = core.instance_of(caller)
    description = _description(request.description)
    if request.mode not in MODES:
        raise InvalidInputError(f"mode must be 'preview' or 'direct', not {request.mode[:40]!r}", field="mode")
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    if ids.user_id is None:
        raise InvalidInputError("user_id is required: memories are forgotten of exactly one user", field="user_id")
    scope = decide_scope(instance.place, ids)
    request_id = caller.correlation_id or f"req_{secrets.token_hex(8)}"
    space = await _space(core) if instance.maca.storage.vector.enabled else None
    matching, incomplete = await _matching(core, scope, description, space)
    answer = Forgotten(
        status="preview" if matching else "nothing_matches",
        request_id=request_id,
        candidates=tuple(
            ForgetCandidate(memory_id=one.id, content=one.statement.content, memory_type=one.statement.type.value)
            for one in matching
        ),
        may_be_incomplete=incomplete or space is None or not space.embedder.semantic,
    )
    if request.mode == "preview" or not matching:
        core.note(caller, "memory.forget_preview", scope=scope, count=len(matching))
        return answer
    return await _erased(core, caller, scope, matching, answer)


async def _erased(core: Core, caller: Caller, scope: Scope, matching: Sequence[Memory], answer: Forgotten) -> Forgotten:
    """Erase all of them and write the receipt in one transaction, then look where any of it is left."""
    instance_id, now = core.instance_of(caller).id, core.clock.now()
    rows = [row_id_of(memory.id) for memory in matching]
    receipt = due(core, await signer_of(core), instance_id, Subject.of(scope), action="memories", begun_at=now)
    erased = await core.store.memories.erase_all(scope, rows, now=now, receipt=receipt)
    # Gone already, by another call or as an earlier version of another one, is as good.
    kept = {one.id for one in await core.store.memories.get_many(scope, [row for row in rows if row not in erased])}
    deleted = [memory for memory in matching if memory.id not in kept]
    await core.record(
        caller, "memory.forget", scope=scope, targets=[memory.id for memory in deleted], count=len(deleted)
    )
    left = await _left(core, scope, deleted)
    core.cache.forget(instance_id=instance_id)
    return msgspec.structs.replace(
        answer,
        status="partial" if kept or left else "deleted",
        deleted_ids=tuple(memory.id for memory in deleted),
        failed_ids=tuple(memory.id for memory in matching if memory.id in kept),
        still_present_in=tuple(left),
        receipt_id=receipt.public_id if erased else None,
    )


async def _left(core: Core, scope: Scope, deleted: Sequence[Memory]) -> list[str]:
    """Return where erased memories, or the passages they rested on, are still found."""
    found: set[str] = set()
    for memory in deleted:
        if await core.store.memories.get(scope, row_id_of(memory.id)) is not None:
            found.add(f"{STORE}:memories")
        quotes = {piece.quote.strip() for piece in memory.evidence} | {memory.statement.content.strip()}
        recall = await core.store.search.recall(
            Search(
                chain=(scope,),
                queries=plan_queries([memory.statement.content]),
                now=core.clock.now(),
                texts=LOOKED_AT,
                neighbours=False,
            )
        )
        for candidate in recall.candidates:
            if any(quote and quote in candidate.memory.statement.content for quote in quotes):
                found.add(f"{STORE}:{'passages' if candidate.excerpt else 'memories'}")
    return sorted(found)


async def _matching(core: Core, scope: Scope, description: str, space: LiveSpace | None) -> tuple[list[Memory], bool]:
    """Return the memories that a description fits, best first, and whether some were not looked at."""
    wanted = _terms(description)
    query = plan_queries([description])
    if space is not None:
        query = await _with_vector(core, space, query)
    search = Search(
        chain=(scope,),
        queries=query,
        now=core.clock.now(),
        limit=LOOKED_AT,
        texts=LOOKED_AT,
        neighbours=False,
        excerpts=False,
    )
    recall = await core.store.search.recall(search, slot="emb" if space is None else space.slot)
    semantic = space is not None and space.embedder.semantic
    scored: list[tuple[float, Memory]] = []
    for candidate in recall.candidates:
        cosine = (candidate.vector_scores or (None,))[0] if semantic else None
        fit = _fit(wanted, candidate.memory, cosine or 0.0)
        if fit is not None:
            scored.append((fit, candidate.memory))
    past, more = await _past(core, scope)
    scored += [(fit, memory) for memory in past if (fit := _fit(wanted, memory, 0.0)) is not None]
    scored.sort(key=lambda one: (-one[0], one[1].id))
    incomplete = more or len(recall.candidates) >= LOOKED_AT
    return list({memory.id: memory for _, memory in scored}.values()), incomplete


async def _past(core: Core, scope: Scope) -> tuple[list[Memory], bool]:
    """Return what is no longer believed, as that is kept too, and whether there is more of it."""
    past: list[Memory] = []
    more = False
    for status in (MemoryStatus.SUPERSEDED, MemoryStatus.RETRACTED):
        page = await core.store.memories.list(scope, page_size=PAST_LOOKED_AT, status=status)
        past += page.memories
        more = more or page.total > len(page.memories)
    return past, more


def _fit(wanted: frozenset[str], memory: Memory, cosine: float) -> float | None:
    """Return how well a memory fits, or None if it does not."""
    statement = memory.statement
    held = _terms(" ".join((statement.content, statement.subject, *statement.entities)), plain=True)
    coverage = len(wanted & held) / len(wanted) if wanted else 0.0
    if coverage >= NEARLY_ALL or (coverage >= MOST and cosine >= NEAR) or cosine >= VERY_NEAR:
        return coverage + cosine
    return None


def _terms(text: str, *, plain: bool = False) -> frozenset[str]:
    terms: Iterable[str] = tokenize(text)
    return frozenset(term for term in terms if plain or term not in _ABOUT)


def _description(text: str) -> str:
    given = checks.text(text, field="description", limit=LONGEST).strip()
    if not SHORTEST <= len(given) <= LONGEST:
        raise InvalidInputError(
            f"description must have {SHORTEST} to {LONGEST} characters, not {len(given)}", field="description"
        )
    return given


async def _space(core: Core) -> LiveSpace:
    try:
        async with asyncio.timeout(core.settings.embed_timeout):
            return await core.spaces.live()
    except (SynapError, TimeoutError) as error:
        raise _unavailable() from error


async def _with_vector(core: Core, space: LiveSpace, query: tuple[Query, ...]) -> tuple[Query, ...]:
    try:
        async with asyncio.timeout(core.settings.embed_timeout):
            vectors = await space.embedder.embed_queries([one.text for one in query])
    except Exception as error:  # whatever an embedder of any maker runs into
        raise _unavailable() from error
    return tuple(replace(one, vector=vector) for one, vector in zip(query, vectors, strict=True))


def _unavailable() -> ServiceUnavailableError:
    return ServiceUnavailableError(
        "the embedder does not answer, so nothing was compared, and nothing forgotten",
        retry_after_seconds=RETRY_SECONDS,
    )
