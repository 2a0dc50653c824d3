"""Deleting an instance or a client: closed first, then erased. What was cut short is finished at the next start."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from synap.api.admin import InstanceRecord
from synap.domain.scopes import Scope
from synap.engine.callers import Caller
from synap.engine.core import Core
from synap.engine.guard import Guard
from synap.engine.instances import Instances
from synap.engine.receipts import Subject, close_book, count, due, last_id, signer_of
from synap.errors import NotFoundError, TransientError

logger = logging.getLogger(__name__)

RETRY_SECONDS = 10.0
ACTIVE = "active"


async def delete_instance(core: Core, kept: Instances, caller: Caller, instance_id: str) -> None:
    """Refuse every call to an instance from now on, then erase it with all its data. Safe to repeat.

    Raises:
        NotFoundError: There is none.
    """
    record = await core.store.accounts.instance(instance_id)
    shared = Scope(rung="client", space=record.client_id)
    heirs = [one async for one in _sharing(core, kept, record)]
    await core.store.succession.close(shared, instance_id, heirs=heirs, now=core.clock.now())
    kept.forget()
    core.wake()
    await _erase_instance(core, instance_id)
    _forget(core, kept, instance_id)
    await core.record(caller, "instance.delete", targets=(instance_id,), count=1)


async def delete_client(core: Core, kept: Instances, caller: Caller, client_id: str) -> None:
    """Refuse every call to the instances of a client from now on, then erase them and the client. Safe to repeat.

    Raises:
        NotFoundError: There is none.
    """
    await core.store.accounts.client(client_id)
    instance_ids = await core.store.erasure.close_client(client_id)
    kept.forget()
    shared = Scope(rung="client", space=client_id)
    await close_book(core, client_id, [shared], instances=len(instance_ids))
    for instance_id in instance_ids:
        await _erase_instance(core, instance_id)
    await core.store.erasure.client(client_id, shared, emptied=_with_receipt(core, client_id, action="client"))
    _forget(core, kept, *instance_ids)
    await core.record(caller, "client.delete", targets=(client_id,), count=1)


async def finish_deletions(core: Core, kept: Instances, guard: Guard) -> None:
    """Bring deletions to their end that an earlier process has begun; waits for a store that is away.

    What failed otherwise is tried again after the guard's pause, since nothing may be left half erased.
    """
    done = False
    while not done:
        async with guard.round():
            try:
                await _finish(core, kept)
                done = True
            except TransientError as error:
                logger.warning("a deletion is interrupted", extra={"code": error.code})
                await asyncio.sleep(RETRY_SECONDS)


async def _finish(core: Core, kept: Instances) -> None:
    process = Caller(actor="process", kind="management")
    for client_id in (await core.store.erasure.begun())[0]:
        logger.info("a deletion is resumed", extra={"client_id": client_id})
        with contextlib.suppress(NotFoundError):  # another process was first
            await delete_client(core, kept, process, client_id)
    for instance_id in (await core.store.erasure.begun())[1]:
        logger.info("a deletion is resumed", extra={"instance_id": instance_id})
        with contextlib.suppress(NotFoundError):
            await delete_instance(core, kept, process, instance_id)


async def _sharing(core: Core, kept: Instances, deleted: InstanceRecord) -> AsyncIterator[str]:
    """Yield the other instances that share the memories of an instance's client, those that are in use first."""
    others = [one for one in await core.store.accounts.instances(deleted.client_id) if one.id != deleted.id]
    for one in sorted(others, key=lambda one: one.status != ACTIVE):
        with contextlib.suppress(NotFoundError):  # it is being deleted as well
            if (await kept.get(one.id)).place.client_space == "client":
                yield one.id


async def _erase_instance(core: Core, instance_id: str) -> None:
    """Erase an instance that is closed, counted before the first of it goes; its receipt ends its book."""
    shared = Scope(rung="client", space=instance_id)
    await close_book(core, instance_id, [*await core.store.scopes.of_instance(instance_id), shared])
    await core.store.erasure.instance(
        instance_id, [shared], emptied=_with_receipt(core, instance_id, action="instance")
    )


def _with_receipt(core: Core, book: str, *, action: str) -> Callable[[Sequence[Scope]], Awaitable[None]]:
    async def emptied(scopes: Sequence[Scope]) -> None:
        left = await count(core, book, scopes)
        signer = await signer_of(core)
        receipt = due(core, signer, book, Subject(item=book), action=action, remaining=left, receipt=last_id(book))
        await core.store.receipts.append(receipt)

    return emptied


def _forget(core: Core, kept: Instances, *instance_ids: str) -> None:
    kept.forget()
    for instance_id in instance_ids:
        core.cache.forget(instance_id=instance_id)
