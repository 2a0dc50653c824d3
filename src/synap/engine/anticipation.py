"""Anticipation: bundles of context for the next turn of a conversation, and their renewal when memory changes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from cachetools import TTLCache

from synap.api.bundles import Anticipate, ContextBundle
from synap.api.contexts import ContextItem, FetchContext
from synap.api.items import context_item
from synap.domain.contexts import Item
from synap.domain.ids import check_caller_id, conversation_uuid
from synap.domain.memories import MemoryType
from synap.domain.scopes import Ids, Scope, decide_scope, scope_chain
from synap.domain.tokens import count_tokens
from synap.engine import contexts, lexicons
from synap.engine.callers import Caller, Instance
from synap.engine.conversations import ROLES
from synap.engine.core import Core
from synap.engine.metrics import Metrics
from synap.engine.questions import MAX_RESULTS
from synap.errors import ServiceUnavailableError, TransientError
from synap.retrieval.foresee import WINDOW, Foresight, Said, choose, foresee, keywords, portray
from synap.store.conversations import StoredMessage, unexpired
from synap.store.search import Standing

logger = logging.getLogger(__name__)

ANTICIPATION, USER_SUMMARY = "anticipation", "user_summary"

ITEMS = 20
"""Memories in a bundle, at most."""

LOOKED_AT = 30
"""Memories out of which those of a bundle are chosen: what ranks behind them is seldom near enough to the subject."""

SUMMARY_ITEMS = 6
"""Memories in the portrait of a user: few, as it may be served for whatever shares a word with it."""

SUMMARY_EVERY = 4
"""Turns after which it is looked whether there is more to say of the user; what ends is told by renewal at once."""

SUMMARY_TYPES = (MemoryType.FACT.value, MemoryType.PREFERENCE.value)

TTL_SECONDS = 1800
"""For how long a listener may use a bundle; what was sent longer ago is sent again."""

CONVERSATIONS = 10_000
"""Conversations, and bundles, that a process remembers at most, to tell what is new; those used longest ago go first."""

STATES = frozenset(SUMMARY_TYPES)
"""Types whose memories are over once their validity is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Whose turn it was: the instance, the chain of scopes that may be read, and the ids that every bundle is stamped with."""

    instance: Instance
    chain: tuple[Scope, ...]
    conversation: str
    turn: Anticipate | ContextBundle

    @property
    def scope(self) -> Scope:
        """The narrowest scope, in which the conversation lies."""
        return self.chain[0]

    @property
    def key(self) -> tuple[str, bytes, str]:
        """What tells this conversation from all others."""
        return (self.instance.id, self.scope.digest, self.conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a bundle is made of.

    Attributes:
        items: Its memories, best first.
        queries, words: What it foresees.
        versions: Versions of the scopes, by scope id, from just before they were read.
        complete: The store was read; otherwise that there is nothing means nothing.
    """

    items: tuple[Item, ...] = ()
    queries: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    versions: Mapping[int, int]
    complete: bool = True


NOTHING = Chosen(versions={}, complete=False)


class Anticipation:
    """Makes and renews bundles. Remembers, within bounds, what each conversation was sent; forgetting it costs a repeat."""

    def __init__(self, core: Core, metrics: Metrics) -> None:
        self._core = core
        self._metrics = metrics
        self._sent: TTLCache[tuple[object, ...], frozenset[str]] = TTLCache(
            CONVERSATIONS, ttl=TTL_SECONDS, timer=time.monotonic
        )
        self._turns: TTLCache[tuple[object, ...], int] = TTLCache(CONVERSATIONS, ttl=TTL_SECONDS, timer=time.monotonic)
        self._looked_at: TTLCache[str, tuple[int, ...]] = TTLCache(CONVERSATIONS, ttl=TTL_SECONDS, timer=time.monotonic)

    async def anticipate(self, caller: Caller, turn: Anticipate) -> AsyncIterator[ContextBundle]:
        """Yield what the next turn of a conversation will need, as far as it was not sent before, each as soon as it is made.

        What the turn calls for comes first, who the user is behind it. A store that does not answer gives nothing: whoever
        asks next fetches.

        Raises:
            InvalidInputError: An id is none.
            ScopeMissingError: The ids do not fit the instance's tenancy.
        """
        listener = _listener(self._core, caller, turn)
        if turn.role not in ROLES or not listener.instance.maca.retrieval.anticipation.enabled:
            return
        started = time.perf_counter()
        with self._core.calls.noticed():
            said = await self._heard(listener)
            if said is None:
                return
            ahead = self._made(caller, listener, ANTICIPATION, await self._ahead(listener, said))
        self._metrics.stage("anticipate", time.perf_counter() - started)
        if ahead is not None:
            yield ahead
        if self._portrait_due(listener):
            summary = self._made(caller, listener, USER_SUMMARY, await self._portrait(listener))
            if summary is not None:
                yield summary

    def _made(self, caller: Caller, listener: Listener, kind: str, chosen: Chosen) -> ContextBundle | None:
        """Return the bundle of what was chosen; None where the conversation was sent all of it."""
        if not self._is_news(listener, kind, chosen):
            return None
        bundle = _bundle(self._core, listener, kind, chosen)
        self._metrics.foreseen(kind)
        self._core.note(caller, "context.anticipate", scope=listener.scope, count=len(bundle.items))
        return bundle

    async def renew(self, caller: Caller, bundle: ContextBundle) -> ContextBundle | None:
        """Return what must take the place of a bundle, under its id; None while all its memories stand.

        One statement tells whether anything was written to its scopes since it was looked at; only then its memories are
        looked up. What takes its place is found by the same questions, and has no items where nothing is left.

        Raises:
            TransientError: The store does not answer; ask again.
        """
        try:
            return await self._renew(caller, bundle)
        except TimeoutError as error:
            raise ServiceUnavailableError("the store does not answer", retry_after_seconds=1) from error

    async def _renew(self, caller: Caller, bundle: ContextBundle) -> ContextBundle | None:
        listener = _listener(self._core, caller, bundle)
        if not bundle.items:
            return None
        async with asyncio.timeout(self._core.settings.store_timeout):
            stamp = _stamp(listener, await self._core.store.search.versions(listener.chain))
        looked_at = self._looked_at.get(bundle.bundle_id, bundle.stamp)
        if listener.instance.maca.retrieval.anticipation.enabled and not self._lapsed(listener, bundle):
            if stamp == looked_at:
                return None
            async with asyncio.timeout(self._core.settings.store_timeout):
                found = await self._core.store.search.standing(listener.chain, [item.id for item in bundle.items])
            if all(_stands(item, found.get(item.id)) for item in bundle.items):
                self._looked_at[bundle.bundle_id] = stamp
                return None
        return await self._again(caller, listener, bundle)

    async def _again(self, caller: Caller, listener: Listener, bundle: ContextBundle) -> ContextBundle | None:
        """Return a bundle made anew; None where the store did not answer, so that it is asked for again."""
        started = time.perf_counter()
        if not listener.instance.maca.retrieval.anticipation.enabled:
            chosen = Chosen(versions={})
        elif bundle.bundle_type == USER_SUMMARY:
            chosen = await self._portrait(listener)
        else:
            chosen = await self._ahead(listener, await self._said(listener), asking=bundle.search_queries)
        if not chosen.complete:
            return None
        fresh = _bundle(self._core, listener, bundle.bundle_type, chosen)
        self._looked_at.pop(bundle.bundle_id, None)
        self._is_news(listener, bundle.bundle_type, chosen)
        self._metrics.foreseen(bundle.bundle_type, renewed=True)
        self._metrics.stage("renew", time.perf_counter() - started)
        self._core.note(caller, "context.anticipate", scope=listener.scope, count=len(fresh.items))
        return msgspec.structs.replace(fresh, bundle_id=bundle.bundle_id)

    async def _ahead(self, listener: Listener, said: Sequence[Said], *, asking: tuple[str, ...] = ()) -> Chosen:
        """Return what the next turn may need: found by the last turns, or by `asking` where given."""
        core = self._core
        foresight = foresee(said)
        queries = asking or foresight.queries
        if not queries:
            return NOTHING
        request = FetchContext(target="user", search_query=queries, max_results=LOOKED_AT, max_tokens=_AMPLE)
        found = await contexts.find(core, listener.instance, request, listener.chain)
        if found.versions is None:
            return NOTHING
        items = choose(
            found.context.items,
            foresight,
            now=core.clock.now(),
            budget=listener.instance.maca.retrieval.anticipation.max_tokens,
            limit=ITEMS,
        )
        return Chosen(items=items, queries=queries, words=keywords(foresight, items), versions=found.versions)

    async def _portrait(self, listener: Listener) -> Chosen:
        """Return who the user is: the strongest and surest of what is the user's own."""
        scope = listener.scope
        if scope.user_id is None:
            return NOTHING
        request = FetchContext(
            target="user", types=SUMMARY_TYPES, scopes=(scope.rung,), max_results=MAX_RESULTS, max_tokens=_AMPLE
        )
        found = await contexts.find(self._core, listener.instance, request, listener.chain)
        if found.versions is None:
            return NOTHING
        budget = listener.instance.maca.retrieval.anticipation.max_tokens
        items = portray(found.context.items, now=self._core.clock.now(), budget=budget, limit=SUMMARY_ITEMS)
        words = keywords(Foresight(), items)
        return Chosen(items=items, queries=(SUMMARY_QUESTION,), words=words, versions=found.versions)

    async def _heard(self, listener: Listener) -> list[Said] | None:
        """Return the last turns, and have the names of the chain read beside them, as far as they are not known.

        Where the store does not answer, None.
        """

        async def names() -> None:
            if not listener.instance.maca.storage.graph.enabled:
                return
            with contextlib.suppress(TransientError, TimeoutError):  # the search reads them, or says that it cannot
                async with asyncio.timeout(self._core.settings.store_timeout):
                    await lexicons.prepare(self._core.store.entities, self._core.lexicons, listener.chain)

        async def said() -> list[Said] | None:
            try:
                return await self._said(listener)
            except (TransientError, TimeoutError) as error:
                logger.warning("store did not answer a foresight", extra={"error": type(error).__name__})
                return None

        async with asyncio.TaskGroup() as group:
            group.create_task(names())
            turns = group.create_task(said())
        return turns.result()

    async def _said(self, listener: Listener) -> list[Said]:
        messages: Sequence[StoredMessage] = self._core.heard.take(listener.scope, listener.conversation)
        if not messages:
            async with asyncio.timeout(self._core.settings.store_timeout):
                messages = await self._core.store.conversations.recent(
                    listener.scope, listener.conversation, limit=WINDOW
                )
        kept_from = listener.instance.maca.storage.retention.kept_from(self._core.clock.now())
        return [
            Said(role=message.role, text=message.content, id=message.id) for message in unexpired(messages, kept_from)
        ]

    def _portrait_due(self, listener: Listener) -> bool:
        """Whether it is time to look who the user is: at the first turn of a conversation, then at every fourth."""
        turns = self._turns.get(listener.key, 0)
        self._turns[listener.key] = turns + 1
        return turns % SUMMARY_EVERY == 0

    def _is_news(self, listener: Listener, kind: str, chosen: Chosen) -> bool:
        """Whether a conversation was not sent some of this yet; it counts as sent from now on."""
        sent = self._sent.get((*listener.key, kind), frozenset())
        now = frozenset(f"{item.memory.id} {item.memory.recorded_at.isoformat()}" for item in chosen.items)
        if not now - sent:
            return False
        self._sent[*listener.key, kind] = now if len(sent) > _MOST_SENT else sent | now
        return True

    def _lapsed(self, listener: Listener, bundle: ContextBundle) -> bool:
        """Whether time alone has ended a memory of a bundle: its retention, or its validity."""
        now = self._core.clock.now()
        kept_from = listener.instance.maca.storage.retention.kept_from(now)
        return any(
            (kept_from is not None and item.extracted_at is not None and item.extracted_at < kept_from)
            or _over(item, now)
            for item in bundle.items
        )


SUMMARY_QUESTION = "Who is the user, and what do they prefer?"

_AMPLE = 1_000_000
_MOST_SENT = 500


def _listener(core: Core, caller: Caller, turn: Anticipate | ContextBundle) -> Listener:
    instance = core.instance_of(caller)
    conversation = conversation_uuid(check_caller_id(turn.conversation_id, field="conversation_id"))
    ids = Ids.checked(customer_id=turn.customer_id, user_id=turn.user_id)
    scope = decide_scope(instance.place, ids, conversational=True)
    return Listener(instance=instance, chain=scope_chain(instance.place, scope), conversation=conversation, turn=turn)


def _bundle(core: Core, listener: Listener, kind: str, chosen: Chosen) -> ContextBundle:
    items = tuple(
        msgspec.structs.replace(context_item(item), rank=rank, matched_queries=())
        for rank, item in enumerate(chosen.items, start=1)
    )
    scores = [item.score.total if kind == ANTICIPATION else item.memory.statement.confidence for item in chosen.items]
    return ContextBundle(
        bundle_id=str(uuid.uuid4()),
        bundle_type=kind,
        created_at=core.clock.now(),
        items=items,
        user_id=listener.turn.user_id,
        customer_id=listener.turn.customer_id,
        conversation_id=listener.turn.conversation_id,
        scope=listener.scope.rung,
        search_queries=chosen.queries,
        search_keywords=chosen.words,
        confidence=min(1.0, max(scores, default=0.0)),
        total_tokens=sum(count_tokens(item.content) for item in items),
        token_budget=listener.instance.maca.retrieval.anticipation.max_tokens,
        ttl_seconds=TTL_SECONDS,
        stamp=_stamp(listener, chosen.versions),
    )


def _stamp(listener: Listener, versions: Mapping[int, int]) -> tuple[int, ...]:
    """Return the version of each scope of the chain, in order; 0 for one that was never written."""
    return tuple(versions.get(scope.id, 0) for scope in listener.chain)


def _stands(item: ContextItem, found: Standing | None) -> bool:
    return found is not None and found.recorded_at == item.extracted_at and found.valid_until == item.valid_until


def _over(item: ContextItem, now: datetime) -> bool:
    return item.type in STATES and item.valid_until is not None and item.valid_until < now
