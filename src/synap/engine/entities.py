"""`entities.*`: what is known of who and what is talked about, all about one of them, merging and splitting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from synap.api.entities import (
    AliasRecord,
    DecisionRecord,
    EntityContext,
    EntityPage,
    EntityRecord,
    FetchEntity,
    ListEntities,
    MergeEntities,
    RelationshipRecord,
    SplitEntity,
)
from synap.api.wire import memory_record
from synap.domain.entities import SELF, Entity, EntityKind
from synap.domain.ids import RowRef, decode_public_id, unknown
from synap.domain.memories import MAX_NAME_CHARACTERS, Memory
from synap.domain.roles import role_name, roles_asked_about
from synap.domain.scopes import Ids, Scope, decide_scope, scope_chain
from synap.domain.tokens import count_tokens
from synap.engine import checks
from synap.engine.callers import Caller, check_writable
from synap.engine.core import Core
from synap.engine.lookups import check_owner, reachable, reference
from synap.errors import ConflictError, InvalidInputError
from synap.retrieval.format import write_line

MOST_RESULTS = 200
MOST_TOKENS = 2**31 - 1


async def listing(core: Core, caller: Caller, request: ListEntities) -> EntityPage:
    """List the entities of exactly one scope, the most mentioned first."""
    instance = core.instance_of(caller)
    scope = decide_scope(instance.place, Ids.checked(customer_id=request.customer_id, user_id=request.user_id))
    checks.page(request.page, request.page_size)
    kind = None if request.kind is None else checks.one_of(EntityKind, request.kind, field="kind")
    named = "" if request.name is None else _name(request.name, field="name")
    found = await core.store.entities.page(
        scope, page=request.page, page_size=request.page_size, kind=kind, named=named
    )
    core.note(caller, "entity.list", scope=scope, count=len(found.entities))
    return EntityPage(
        data=tuple(entity_record(entity, scope) for entity in found.entities),
        page=request.page,
        page_size=request.page_size,
        total=found.total,
        total_pages=-(-found.total // request.page_size),
    )


async def get(core: Core, caller: Caller, entity_id: str, *, ids: Ids) -> EntityRecord:
    """Return one entity with its names, relationships and log."""
    scope, ref = await _locate(core, caller, entity_id, ids)
    found = await core.store.entities.get(scope, ref.row_id)
    if found is None:
        raise unknown("entity_id", entity_id)
    core.note(caller, "entity.read", scope=scope, targets=(entity_id,), count=1)
    return entity_record(found, scope)


async def fetch(core: Core, caller: Caller, request: FetchEntity) -> EntityContext:
    """Return all about an entity that a chain of scopes holds, within a budget.

    The scopes keep registries of their own: those of broader scopes are read by the entity's names, and never changed.
    """
    instance = core.instance_of(caller)
    if (request.entity_id is None) == (request.name is None):
        raise InvalidInputError("give exactly one of entity_id and name", field="entity_id")
    if not isinstance(request.max_results, int) or not 1 <= request.max_results <= MOST_RESULTS:
        raise InvalidInputError(f"max_results must lie between 1 and {MOST_RESULTS}", field="max_results")
    given = instance.maca.retrieval.budget.max_tokens if request.max_tokens is None else request.max_tokens
    if given < 0:
        raise InvalidInputError(f"max_tokens must not be negative, not {given}", field="max_tokens")
    meant = await _meant(core, caller, request)
    now, kept_from = core.clock.now(), instance.maca.storage.retention.kept_from(core.clock.now())
    memories: list[Memory] = []
    entities: list[EntityRecord] = []
    for scope, row in meant:
        entity = await core.store.entities.get(scope, row)
        told = await core.store.entities.memories(scope, row, now=now, limit=request.max_results)
        memories += [memory for memory in told if kept_from is None or memory.recorded_at >= kept_from]
        entities += [] if entity is None else [msgspec.structs.replace(entity_record(entity, scope), decisions=())]
    kept, text = _fitted(memories[: request.max_results], min(given, MOST_TOKENS))
    core.note(caller, "entity.fetch", scope=meant[0][0], targets=[one.entity_id for one in entities], count=len(kept))
    return EntityContext(
        entities=tuple(entities),
        memories=tuple(memory_record(memory) for memory in kept),
        formatted_context=text,
        tokens=count_tokens(text),
        budget_exceeded=len(kept) < len(memories),
    )


async def merge(core: Core, caller: Caller, request: MergeEntities) -> EntityRecord:
    """Let two entities of one scope be one."""
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    scope, ref = await _locate(core, caller, request.entity_id, ids)
    theirs, other = await _locate(core, caller, request.other_id, ids, field="other_id")
    check_writable(core.instance_of(caller), scope)
    if theirs != scope:
        raise InvalidInputError("other_id must be of the same scope: scopes are kept apart", field="other_id")
    merged = await core.store.merges.merge(scope, ref.row_id, other.row_id, now=core.clock.now(), actor=caller.actor)
    targets = (request.entity_id, request.other_id)
    await core.record(caller, "entity.merge", scope=scope, targets=targets, count=1)
    return entity_record(merged, scope)


async def split(core: Core, caller: Caller, request: SplitEntity) -> EntityRecord:
    """Take a merged entity, or a name, out of an entity; return what stands for itself then."""
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    scope, ref = await _locate(core, caller, request.entity_id, ids)
    instance = core.instance_of(caller)
    check_writable(instance, scope)
    now, actor = core.clock.now(), caller.actor
    if request.merged_id is not None and request.alias is None:
        theirs, merged = await _locate(core, caller, request.merged_id, ids, field="merged_id")
        if theirs != scope:
            raise unknown("merged_id", request.merged_id)
        made = await core.store.merges.separate(scope, ref.row_id, merged.row_id, now=now, actor=actor)
    elif request.alias is not None and request.merged_id is None:
        alias = _name(request.alias, field="alias")
        made = await core.store.merges.split(scope, ref.row_id, alias, instance_id=instance.id, now=now, actor=actor)
    else:
        raise InvalidInputError("give exactly one of merged_id and alias", field="alias")
    await core.record(caller, "entity.split", scope=scope, targets=(request.entity_id, made.id), count=1)
    return entity_record(made, scope)


async def _meant(core: Core, caller: Caller, request: FetchEntity) -> list[tuple[Scope, int]]:
    """Return which entities of a chain are meant, narrowest scope first."""
    instance = core.instance_of(caller)
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    if request.name is not None:
        named = _name(request.name, field="name")
        names = [named, *(role_name(SELF, role) for role in roles_asked_about(named))]
        found = await _called(core, scope_chain(instance.place, decide_scope(instance.place, ids)), names)
        if not found:
            raise unknown("name", request.name)
        return found
    entity_id = request.entity_id or ""
    own, ref = await _locate(core, caller, entity_id, Ids())
    chain = scope_chain(instance.place, own if ids.empty else decide_scope(instance.place, ids))
    entity = await core.store.entities.get(own, ref.row_id) if own in chain else None
    if entity is None:
        raise unknown("entity_id", entity_id)
    root = decode_public_id(entity.merged_into or "") or ref
    broader = [scope for scope in chain if scope != own]
    others = [] if entity.kind is EntityKind.ROLE else [alias.name for alias in entity.aliases]
    found = [(own, root.row_id), *await _called(core, broader, others, surely=True)]
    return sorted(found, key=lambda one: chain.index(one[0]))


async def _called(
    core: Core, chain: Iterable[Scope], names: Sequence[str], *, surely: bool = False
) -> list[tuple[Scope, int]]:
    """Return the entities of a chain that are called so; only by the very name where it has to be sure."""
    found: list[tuple[Scope, int]] = []
    for scope in chain if names else ():
        rows = await core.store.entities.called(scope, names, exactly=surely)
        if len(rows) > 1 and not surely:
            choice = ", ".join([await _described(core, scope, row) for row in rows[:5]])
            raise ConflictError(f"several entities are called so; give the entity_id of one: {choice}", field="name")
        found += [(scope, row) for row in rows]
    return found


async def _described(core: Core, scope: Scope, row: int) -> str:
    entity = await core.store.entities.get(scope, row)
    return "" if entity is None else f"{entity.name} ({entity.kind}) {entity.id}"


async def _locate(
    core: Core, caller: Caller, entity_id: str, ids: Ids, *, field: str = "entity_id"
) -> tuple[Scope, RowRef]:
    """Return where an entity lives, if the caller's instance may see it and the ids, where given, are its owner's."""
    instance = core.instance_of(caller)
    ref = reference(entity_id, field, "entity")
    located = await core.store.entities.locate(ref)
    if located is None or not reachable(instance, located.scope):
        raise unknown(field, entity_id)
    check_owner(located.scope, ids, field=field, value=entity_id)
    return located.scope, ref


def _name(text: str, *, field: str) -> str:
    checked = checks.memory_content(text, field=field).strip()
    if len(checked) > MAX_NAME_CHARACTERS:
        raise InvalidInputError(f"{field} must be at most {MAX_NAME_CHARACTERS} characters", field=field)
    return checked


def _fitted(memories: Sequence[Memory], budget: int) -> tuple[list[Memory], str]:
    """Return the longest beginning of the memories whose lines fit the budget, and these lines."""
    kept: list[Memory] = []
    text = ""
    for memory in memories:
        line = write_line(memory, memory.statement.content, overridden=False, excerpt=False)
        longer = f"{text}\n{line}" if text else line
        if count_tokens(longer) > budget:
            break
        kept.append(memory)
        text = longer
    return kept, text


def entity_record(entity: Entity, scope: Scope) -> EntityRecord:
    """Return an entity as the API gives it."""
    return EntityRecord(
        entity_id=entity.id,
        name=entity.name,
        kind=entity.kind.value,
        scope=scope.rung,
        first_seen=entity.first_seen,
        last_seen=entity.last_seen,
        mentions=entity.mentions,
        customer_id=scope.customer_id,
        user_id=scope.user_id,
        merged_into=entity.merged_into,
        merged_ids=entity.merged,
        aliases=tuple(
            AliasRecord(name=alias.name, reason=alias.rung.value, memory_ids=alias.memories) for alias in entity.aliases
        ),
        relationships=tuple(
            RelationshipRecord(
                subject_id=one.subject_id,
                subject=one.subject,
                relation=one.name,
                object_id=one.object_id,
                object=one.object,
                memory_id=one.memory_id,
                holds=one.holds,
                active=one.active,
                since=one.since,
                until=one.until,
            )
            for one in entity.relationships
        ),
        decisions=tuple(
            DecisionRecord(
                action=one.action.value,
                reason=one.rung.value,
                at=one.at,
                name=one.name,
                confidence=one.confidence,
                memory_id=one.memory_id,
                other_ids=one.others,
                actor=one.actor,
            )
            for one in entity.decisions
        ),
    )
