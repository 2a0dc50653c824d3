"""What every operation works with: the store, the embedder, the clock, the cache; and how it notes what it did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from synap.api.admin import AuditEntry
from synap.domain.scopes import Scope
from synap.engine.admission import CALLS, Admission
from synap.engine.audit import AuditTrail
from synap.engine.backlog import Backlog, unlimited
from synap.engine.cache import AnswerCache
from synap.engine.callers import Caller, Instance
from synap.engine.enhancing import Enhancer
from synap.engine.faults import Faults
from synap.engine.heard import Heard
from synap.engine.in_hand import InHand
from synap.engine.lexicons import Lexicons
from synap.engine.metering import MeteredModel
from synap.engine.spaces import VectorSpaces
from synap.errors import ForbiddenError, ServiceUnavailableError
from synap.ports.clock import Clock
from synap.ports.reranker import Reranker
from synap.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the process.

    Attributes:
        max_document_bytes: Largest document, in UTF-8 bytes.
        store_timeout: Seconds that a fetch waits for the store before it degrades, once it is let in.
        write_timeout: Seconds that a document or message waits to be stored, once it is let in; a cancelled statement
            may take ten more, which together is what published clients wait.
        embed_timeout: Seconds that a fetch waits for the query's vector before it does without, likewise.
        rerank_timeout: Seconds that an accurate fetch waits for a reranker before it does without.
    """

    max_document_bytes: int = 10 * 1024 * 1024
    store_timeout: float = 5.0
    write_timeout: float = 20.0
    embed_timeout: float = 2.0
    rerank_timeout: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The parts that operations share. Holds resources, and nothing that an operation changes."""

    store: Store
    spaces: VectorSpaces
    clock: Clock
    cache: AnswerCache
    audit: AuditTrail
    settings: Limits = Limits()
    faults: Faults = field(default_factory=Faults)
    model: MeteredModel | None = None
    enhancer: Enhancer | None = None
    reranker: Reranker | None = None
    take_apart: Callable[[str], Awaitable[Sequence[str]]] | None = None
    calls: Admission = field(default_factory=lambda: Admission(CALLS))
    in_hand: InHand = field(default_factory=InHand)
    heard: Heard = field(default_factory=Heard)
    backlog: Backlog = field(default_factory=unlimited)
    lexicons: Lexicons = field(default_factory=Lexicons)
    work_arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def instance_of(self, caller: Caller) -> Instance:
        """Return the instance the caller is bound to.

        Raises:
            ForbiddenError: A management key was used where an application's key belongs.
            ServiceUnavailableError: The store did not answer whether the key still holds.
        """
        if caller.unverified:
            raise ServiceUnavailableError("the database does not answer", retry_after_seconds=1)
        return self.bound_instance(caller)

    def bound_instance(self, caller: Caller) -> Instance:
        """Return the instance of a caller that may be unverified; for answers without content only.

        Raises:
            ForbiddenError: A management key was used where an application's key belongs.
        """
        if caller.instance is None:
            raise ForbiddenError("this call needs an application key, bound to an instance; a management key was given")
        return caller.instance

    def wake(self) -> None:
        """Tell the workers of this process that there is work; those of other processes find it by polling."""
        self.work_arrived.set()

    async def record(
        self,
        caller: Caller,
        action: str,
        *,
        scope: Scope | None = None,
        targets: Sequence[str] = (),
        count: int = 0,
        instance_id: str | None = None,
    ) -> None:
        """Note in the audit trail, before the call returns, who changed or erased which ids; never content."""
        await self.audit.write(
            self._entry(caller, action, scope=scope, targets=targets, count=count, instance_id=instance_id)
        )

    def note(
        self, caller: Caller, action: str, *, scope: Scope | None = None, targets: Sequence[str] = (), count: int = 0
    ) -> None:
        """Note in the audit trail, within a second, who read what, or accepted what is on record elsewhere already."""
        self.audit.add(self._entry(caller, action, scope=scope, targets=targets, count=count, instance_id=None))

    def _entry(
        self,
        caller: Caller,
        action: str,
        *,
        scope: Scope | None,
        targets: Sequence[str],
        count: int,
        instance_id: str | None,
    ) -> AuditEntry:
        own = None if caller.instance is None else caller.instance.id
        return AuditEntry(
            at=self.clock.now(),
            action=action,
            actor=caller.actor,
            instance_id=instance_id or own,
            scope=None if scope is None else scope.rung,
            customer_id=None if scope is None else scope.customer_id,
            user_id=None if scope is None else scope.user_id,
            target_ids=tuple(targets),
            count=count,
            correlation_id=caller.correlation_id,
        )
