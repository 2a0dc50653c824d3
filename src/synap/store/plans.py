"""From an ingestion's changes to what is written of them, given what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synap.domain.memories import Changes, NewMemory, PendingRetraction, Refresh
from synap.domain.scopes import Scope
from synap.domain.slots import content_hash
from synap.store.changes import Ended, Target, ended_by, rests_elsewhere
from synap.store.rows import memory_ref, row_id_of
from synap.store.stored_documents import StoredDocument

REPLACED = "the document was changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is written: new memories by row id, those said again, those whose time is over, and retractions left open.

    `row_of_key` has the row ids of the new memories, or of those they repeat, by their keys.
    """

    add: Mapping[int, NewMemory]
    refresh: Mapping[int, Refresh]
    ended: Sequence[Ended]
    pending: Sequence[PendingRetraction]
    row_of_key: Mapping[int, int]


def plan_changes(
    scope: Scope, changes: Changes, document: StoredDocument, targets: Mapping[int, Target], rows: Mapping[int, int]
) -> Plan:
    """Return what is written: a fact that the previous version held as well is refreshed, not added again.

    Args:
        scope: The owner.
        changes: What ingestion found.
        document: Where it was found.
        targets: The stored memories that it may touch.
        rows: Row ids for new memories, by their keys.
    """
    previous = document.previous
    before = [target for target in targets.values() if previous is not None and target.document_row == previous]
    old = {target.content_hash: target.id for target in before}
    refresh = {row_id_of(one.memory_id): one for one in changes.refresh}
    add: dict[int, NewMemory] = {}
    row_of_key: dict[int, int] = {}
    for memory in changes.add:
        same = old.get(content_hash(memory.draft.statement.content))
        row_of_key[memory.key] = rows[memory.key] if same is None else same
        if same is None:
            add[rows[memory.key]] = memory
        else:
            said, evidence = memory.draft.statement, memory.draft.evidence
            again = Refresh(memory_id=memory_ref(scope, same), said_at=said.said_at, evidence=evidence, statement=said)
            refresh.setdefault(same, again)
    ended = {one.id: one for one in ended_by(changes.supersede, row_of_key)}
    for target in before:
        if target.id not in refresh and not rests_elsewhere(target.detail.evidence, document.document_id):
            ended.setdefault(target.id, Ended(id=target.id, reason=REPLACED))
    return Plan(add=add, refresh=refresh, ended=list(ended.values()), pending=changes.pending, row_of_key=row_of_key)
