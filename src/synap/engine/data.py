"""`data.delete`: everything of a user, a conversation or a customer, closed first, deleted in steps, counted after.

A deletion is a record on disk before its first step. A call works on it for a few seconds; one that needs longer is
answered as in progress, and the same call goes on. What nobody goes on with, the engine finishes by itself.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from synap.api.data import DataDeletion, DeleteData
from synap.api.receipts import ErasureReceipt
from synap.domain.echoes import echo
from synap.domain.ids import check_caller_id, conversation_uuid, unknown
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.engine.callers import Caller, Instance, check_writable
from synap.engine.core import Core
from synap.engine.guard import Guard
from synap.engine.instances import Instances
from synap.engine.lookups import in_place, reference
from synap.engine.receipts import Subject, due, find, signer_of
from synap.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, TransientError
from synap.store.deletions import Deletion, NewDeletion, Progress

logger = logging.getLogger(__name__)

SCOPES = ("user", "conversation", "customer")
STORE = "postgresql"
WORK_SECONDS = 5.0
"""How long one call works on a deletion before it answers that there is more to do."""

LEASE_SECONDS = 30.0
IDLE_SECONDS = 30.0
"""For how long nobody has gone on with a deletion before the engine does."""

LOOK_SECONDS = 15.0

_NOTES = {
    "user": "everything of the user is deleted; writes for it are refused until that has ended",
    "customer": "everything of the customer and of its users is deleted; writes for them are refused until that has ended",
    "conversation": "the conversation and what was handed in under its id are deleted; memories learned from it stay,"
    " without the passages they rested on: delete the user's data, or single memories, to remove those",
}
_KEPT = {"user": ("audit",), "customer": ("audit",), "conversation": ("memories", "audit")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be deleted.

    Attributes:
        kind: `user`, `conversation` or `customer`.
        scope: Whose it is; None for a conversation that is not there.
        conversation: UUID form of the conversation, or empty.
    """

    kind: str
    scope: Scope | None
    conversation: str = ""


async def delete(core: Core, caller: Caller, instance: Instance, request: DeleteData) -> DataDeletion:
    """Delete what is kept of a user, a conversation or, for the operator, a customer; or count it.

    Raises:
        InvalidInputError: The scope, an id or the confirmation is missing or wrong.
        ForbiddenError: A customer was named with an application key.
        ConflictError: The same deletion is running.
    """
    if request.scope == "customer" and caller.kind != "management":
        raise ForbiddenError("deleting a customer needs a management key; an application key was given", field="scope")
    _check_confirmed(request)
    target = await _target(core, instance, request)
    if target.scope is None:
        return _nothing(request, target)
    if caller.kind != "management":
        check_writable(instance, target.scope)
    if request.dry_run:
        counts = await _counted(core, instance, target.scope, target.conversation)
        core.note(caller, "data.count", scope=target.scope, count=sum(counts.values()))
        return DataDeletion(
            status="dry_run",
            scope=target.kind,
            dry_run=True,
            found=any(counts.values()),
            counts=counts,
            stores={STORE: {"present": sum(counts.values())}},
            still_present_in=(STORE,) if any(counts.values()) else (),
            kept=_KEPT[target.kind],
            note="a dry run: nothing was deleted",
            memories_kept=bool(target.conversation),
        )
    holder = f"call_{secrets.token_hex(8)}"
    new = NewDeletion(
        id=core.store.ids.next(),
        instance_id=instance.id,
        kind=target.kind,
        conversation=target.conversation,
        actor=caller.actor,
        correlation_id=caller.correlation_id,
        holder=holder,
    )
    now = core.clock.now()
    deletion = await core.store.deletions.begin(
        target.scope, new, now=now, lease_until=now + timedelta(seconds=LEASE_SECONDS)
    )
    return await _work(core, caller, target.scope, deletion, holder=holder, seconds=WORK_SECONDS)


async def status(core: Core, instance: Instance, deletion_id: str) -> DataDeletion:
    """Return the record of a deletion.

    Raises:
        NotFoundError: There is none, or it is another instance's.
    """
    ref = reference(deletion_id, "deletion_id", "deletion")
    deletion = await core.store.deletions.get(ref)
    if deletion is None or deletion.instance_id != instance.id:
        raise unknown("deletion_id", deletion_id)
    return _record(deletion, receipt=await find(core, instance.id, ref.row_id))


async def finish_left(core: Core, kept: Instances, guard: Guard) -> None:
    """Go on, until cancelled, with deletions that nobody works on: those of a process that ended, or of a call not repeated."""
    idle = 0.0
    while True:
        async with guard.round():
            try:
                await _finish(core, kept, idle=idle)
                idle = IDLE_SECONDS
            except (TransientError, ConflictError) as error:
                logger.warning("a deletion is interrupted", extra={"code": error.code})
            await asyncio.sleep(LOOK_SECONDS)


async def _finish(core: Core, kept: Instances, *, idle: float) -> None:
    process = Caller(actor="process", kind="management")
    for ref in await core.store.deletions.unfinished(now=core.clock.now() - timedelta(seconds=idle)):
        holder = f"process_{secrets.token_hex(8)}"
        now = core.clock.now()
        deletion = await core.store.deletions.take(
            ref, holder=holder, now=now, lease_until=now + timedelta(seconds=LEASE_SECONDS)
        )
        if deletion is None:
            continue
        try:
            instance = await kept.get(deletion.instance_id)
        except NotFoundError:  # its own deletion takes this one along
            continue
        logger.info("a deletion is resumed", extra={"instance_id": deletion.instance_id, "deletion_id": deletion.id})
        await _work(core, process, in_place(instance, deletion.scope), deletion, holder=holder, seconds=float("inf"))


async def _work(
    core: Core, caller: Caller, scope: Scope, deletion: Deletion, *, holder: str, seconds: float
) -> DataDeletion:
    """Take steps for some time; after the last one count, and end the deletion."""
    progress = Progress(ref=deletion.ref, holder=holder, removed=dict(deletion.removed), lease_until=core.clock.now())
    until = time.monotonic() + seconds
    instance_id = deletion.instance_id
    pending = [] if scope.id <= deletion.position and deletion.conversation else await _scopes(core, scope, deletion)
    while pending and time.monotonic() < until:
        progress.lease_until = core.clock.now() + timedelta(seconds=LEASE_SECONDS)
        if deletion.conversation:
            step = await core.store.erasure.conversation_step(
                scope, deletion.conversation, instance_id=instance_id, progress=progress, now=core.clock.now()
            )
        else:
            step = await core.store.erasure.step(pending[0], instance_id=instance_id, progress=progress)
        for what, count in step.removed.items():
            progress.removed[what] = progress.removed.get(what, 0) + count
        await core.faults.point("erased")
        if step.done:
            pending = pending[1:]
    core.cache.forget(instance_id=instance_id)
    if pending:
        await core.store.deletions.leave(deletion.ref, holder=holder, now=core.clock.now())
        return _record(deletion, progress.removed)
    scopes = await _scopes(core, scope, deletion, everyone=True)
    remaining = (
        await core.store.erasure.conversation_counts(scope, deletion.conversation, instance_id=instance_id)
        if deletion.conversation
        else await core.store.erasure.counts(scopes, instance_id=instance_id)
    )
    new = due(
        core,
        await signer_of(core),
        instance_id,
        Subject.of(scope, conversation=deletion.conversation or None),
        action=deletion.kind,
        removed=progress.removed,
        remaining=remaining,
        begun_at=deletion.begun_at,
        receipt=deletion.ref.row_id,
    )
    ended, receipt = await core.store.deletions.end(
        scope, deletion, holder=holder, remaining=remaining, receipt=new, now=core.clock.now()
    )
    await core.record(
        caller,
        "data.delete",
        scope=scope,
        targets=(deletion.id,),
        count=sum(progress.removed.values()),
        instance_id=instance_id,
    )
    return _record(ended, progress.removed, receipt=receipt)


async def _scopes(core: Core, scope: Scope, deletion: Deletion, *, everyone: bool = False) -> list[Scope]:
    """Return the scopes of a deletion in the order of their ids, those already emptied left out unless `everyone` is asked."""
    if deletion.kind != "customer":
        return [scope]
    scopes = sorted({scope, *await core.store.scopes.of_customer(scope)}, key=lambda one: one.id)
    return [one for one in scopes if everyone or one.id > deletion.position]


async def _counted(core: Core, instance: Instance, scope: Scope, conversation: str) -> dict[str, int]:
    erasure = core.store.erasure
    if conversation:
        return await erasure.conversation_counts(scope, conversation, instance_id=instance.id)
    scopes = [scope] if scope.user_id is not None else [scope, *await core.store.scopes.of_customer(scope)]
    return await erasure.counts(list(dict.fromkeys(scopes)), instance_id=instance.id)


async def _target(core: Core, instance: Instance, request: DeleteData) -> Target:
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    if request.scope == "conversation":
        return await _conversation(core, instance, request, ids)
    if request.scope == "customer":
        if ids.user_id is not None:
            raise InvalidInputError("user_id must be left out where a customer is deleted", field="user_id")
        if ids.customer_id is None:
            raise InvalidInputError("customer_id is required to delete a customer", field="customer_id")
    elif ids.user_id is None:
        raise InvalidInputError("user_id is required to delete a user", field="user_id")
    return Target(kind=request.scope, scope=decide_scope(instance.place, ids))


async def _conversation(core: Core, instance: Instance, request: DeleteData, ids: Ids) -> Target:
    """Return the conversation of whom the ids name, or without ids of its only owner."""
    if request.conversation_id is None:
        raise InvalidInputError("conversation_id is required to delete a conversation", field="conversation_id")
    conversation = conversation_uuid(check_caller_id(request.conversation_id, field="conversation_id"))
    if not ids.empty:
        scope = decide_scope(instance.place, ids, conversational=True)
        return Target(kind="conversation", scope=scope, conversation=conversation)
    owners = await core.store.documents.owners(instance.id, conversation)
    if len(owners) > 1:
        raise InvalidInputError(
            "several users have a conversation of this id: give user_id and customer_id", field="user_id"
        )
    owner = in_place(instance, owners[0]) if owners else None
    return Target(kind="conversation", scope=owner, conversation=conversation)


def _check_confirmed(request: DeleteData) -> None:
    if request.scope not in SCOPES:
        allowed = ", ".join(map(repr, SCOPES))
        raise InvalidInputError(f"scope must be one of {allowed}, not {echo(request.scope)}", field="scope")
    named = f"{request.scope}_id"
    wanted = getattr(request, named)
    if wanted is not None and not request.dry_run and request.confirm != wanted:
        raise InvalidInputError(
            f"confirm must repeat {named}, as a deletion cannot be undone; dry_run counts without it", field="confirm"
        )


def _nothing(request: DeleteData, target: Target) -> DataDeletion:
    return DataDeletion(
        status="dry_run" if request.dry_run else "complete",
        scope=target.kind,
        dry_run=request.dry_run,
        fully_removed=not request.dry_run,
        kept=_KEPT[target.kind],
        note="nothing is known of it",
        memories_kept=bool(target.conversation),
    )


def _record(
    deletion: Deletion, removed: Mapping[str, int] | None = None, *, receipt: ErasureReceipt | None = None
) -> DataDeletion:
    removed = deletion.removed if removed is None else removed
    running = deletion.state == "running"
    stores = {STORE: {"removed": sum(removed.values())}}
    if not running:
        stores[STORE]["remaining"] = sum(deletion.remaining.values())
    return DataDeletion(
        status="in_progress" if running else deletion.state,
        scope=deletion.kind,
        deletion_id=deletion.id,
        found=any(removed.values()),
        counts=dict(removed),
        stores=stores,
        still_present_in=(STORE,) if running else tuple(f"{STORE}:{what}" for what in deletion.remaining),
        fully_removed=deletion.state == "complete",
        continues=running,
        kept=_KEPT[deletion.kind],
        note=_NOTES[deletion.kind],
        memories_kept=deletion.kind == "conversation",
        audit="" if running else f"data.delete of {deletion.id}",
        begun_at=deletion.begun_at,
        ended_at=deletion.ended_at,
        receipt=receipt,
    )
