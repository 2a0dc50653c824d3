"""From a public id to a row that the caller may see; in every other case the same `NotFoundError`."""

from __future__ import annotations

from synap.domain.ids import RowRef, decode_public_id, unknown
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.engine.callers import Caller, Instance
from synap.engine.core import Core


def reference(public_id: str, field: str, kind: str) -> RowRef:
    """Return the row behind a public id of this kind.

    Raises:
        NotFoundError: It is none.
    """
    ref = decode_public_id(public_id)
    if ref is None or ref.kind != kind:
        raise unknown(field, public_id)
    return ref


async def locate(core: Core, caller: Caller, memory_id: str, ids: Ids) -> tuple[Scope, RowRef]:
    """Return where a memory lives, if the caller's instance may see it and the ids, where given, are its owner's.

    Raises:
        NotFoundError: In every other case, so that an answer never tells whether the id exists elsewhere.
    """
    instance = core.instance_of(caller)
    ref = decode_public_id(memory_id)
    if ref is None or ref.kind not in ("memory", "memory_shared"):
        raise unknown("memory_id", memory_id)
    located = await core.store.memories.locate(ref)
    if located is None or not reachable(instance, located.scope):
        raise unknown("memory_id", memory_id)
    check_owner(located.scope, ids, field="memory_id", value=memory_id)
    return located.scope, ref


def reachable(instance: Instance, scope: Scope) -> bool:
    """Whether the memories of a scope belong to an instance; WORLD belongs to none."""
    shared_space = instance.place.client_id if instance.place.client_space == "client" else instance.id
    return scope.space == (shared_space if scope.shared else instance.id)


def check_owner(scope: Scope, ids: Ids, *, field: str, value: str) -> None:
    """Check that the ids, where given, are those of the owner.

    Raises:
        NotFoundError: One is another's.
    """
    for given, owner in ((ids.customer_id, scope.customer_id), (ids.user_id, scope.user_id)):
        if given is not None and given != owner:
            raise unknown(field, value)


async def conversation_owner(core: Core, instance: Instance, conversation: str, ids: Ids) -> Scope | None:
    """Return whose a conversation is: of whom `ids` names, or without ids its only owner; None for none or several."""
    if not ids.empty:
        return decide_scope(instance.place, ids, conversational=True)
    owners = await core.store.documents.owners(instance.id, conversation)
    return in_place(instance, owners[0]) if len(owners) == 1 else None


def in_place(instance: Instance, scope: Scope) -> Scope:
    """Return a scope as its instance has it: a record does not tell in which space a shared scope lies."""
    return decide_scope(instance.place, Ids()) if scope.shared else scope
