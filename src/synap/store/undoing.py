"""Undoing an ingestion: what it added goes, what it ended is believed again, as if the document had never been handed in.

What later ingestions did stays: a memory that another one said again is derived anew from how that one said it, with that
evidence, and one that was ended through something now undone is restored only if nothing later ended it as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from synap.domain.ids import RowIds
from synap.domain.memories import Draft, MemoryStatus, NewMemory
from synap.domain.resolution import Linking
from synap.domain.scopes import WORLD_SPACE, Scope
from synap.domain.slots import content_hash
from synap.errors import ConflictError
from synap.store.changes import Origin, heir_of, memory_columns, rests_elsewhere
from synap.store.database import Connection, Database
from synap.store.errors import retry
from synap.store.implied import unsupported
from synap.store.linking import link, unlink
from synap.store.receipts import NewReceipt, write
from synap.store.residents import Residents
from synap.store.rows import STATUSES, Detail, decode_detail, encode_detail, memory_ref, place, role_for
from synap.store.scopes import bump, confirm
from synap.store.statements import execute

UNDONE = "undone"
"""Message of an ingestion that was undone."""

_WORKING = ("queued", "processing")
_ACTIVE = STATUSES.index(MemoryStatus.ACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What undoing an ingestion did, by public ids.

    Attributes:
        document_id: Of its document, by its caller's id.
        removed: Memories that are gone.
        restored: Memories that are believed again.
        rewritten: Memories that say what another ingestion said, in place of what this one did; without a vector as yet.
        receipt_id: Of its receipt.
    """

    document_id: str
    removed: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    receipt_id: str | None = None


class Undoing:
    """Takes back what ingestions did."""

    def __init__(self, database: Database, ids: RowIds, residents: Residents) -> None:
        self._database = database
        self._ids = ids
        self._residents = residents

    async def undo(
        self,
        scope: Scope,
        ingestion: int,
        *,
        now: datetime,
        look: bool = False,
        linked: bool = True,
        receipt: Callable[[str], NewReceipt] | None = None,
    ) -> Undone | None:
        """Undo an ingestion of exactly this scope, by row id, in one transaction; None where it has no document any more.

        The transaction writes the receipt that `receipt` makes for the document's id. With `look` nothing is changed, and
        the answer tells what would be. `linked` tells whether the names in what is derived anew are tied to entities.

        Raises:
            ConflictError: It is still being worked on, or a newer version has taken its document's place.
        """
        return await retry(lambda: self._undo(scope, ingestion, now=now, look=look, linked=linked, receipt=receipt))

    async def _undo(
        self,
        scope: Scope,
        ingestion: int,
        *,
        now: datetime,
        look: bool,
        linked: bool,
        receipt: Callable[[str], NewReceipt] | None,
    ) -> Undone | None:
        params = place(scope) | {"ingestion": ingestion, "shared": scope.shared, "now": now}
        async with self._database.transaction([scope], role=role_for(scope)) as connection:
            if not look:
                await confirm(await bump(connection, scope, writes=True), scope)
            found = await (await execute(connection, "lock_ingestion", params)).fetchone()
            if found is None or found["document_row"] is None:
                return None
            params |= {"document": found["document_row"]}
            document = await (await execute(connection, "document_to_undo", params, shared=scope.shared)).fetchone()
            if document is None:
                return None
            _check(found, document)
            effects = await (await execute(connection, "effects_of_ingestion", params, shared=scope.shared)).fetchall()
            versions = await _versions(connection, scope, params, found["memory_ids"])
            made = [*found["memory_ids"], *versions]
            touched = {*made, *(effect["memory_id"] for effect in effects)}
            rows = await _memories(connection, scope, touched)
            later = {row["superseded_by"] for row in rows.values()} - rows.keys() - {None}
            sayings = await _sayings(connection, scope, params, found["memory_ids"], versions)
            lost = [decode_detail(row["detail"]) for row in rows.values()]
            baseless = await unsupported(connection, scope, lost, without=document["document_key"])
            others = await _memories(connection, scope, later)
            plan = _plan(made, document, effects, rows, others, sayings=sayings, baseless=baseless)
            written = None
            if not look:
                await _carry_out(connection, scope, params, plan)
                await self._rewrite(
                    connection, scope, params | {"instance": found["instance_id"]}, plan.rewritten, linked=linked
                )
                if receipt is not None:
                    removed = {"documents": 1, "memories": len(plan.removed)}
                    written = await write(connection, receipt(document["document_key"]), removed)
        if not look:
            self._residents.forget(scope)
        return Undone(
            document_id=document["document_key"],
            removed=tuple(memory_ref(scope, row) for row in plan.removed),
            restored=tuple(memory_ref(scope, row["id"]) for row in plan.ended if row["status"] == _ACTIVE),
            rewritten=tuple(memory_ref(scope, row) for row in plan.rewritten),
            receipt_id=None if written is None else written.receipt_id,
        )

    async def _rewrite(
        self,
        connection: Connection,
        scope: Scope,
        params: Mapping[str, Any],
        said: Mapping[int, Detail],
        *,
        linked: bool,
    ) -> None:
        """Give memories by row the words of another source, and link the names in them anew; nothing for none."""
        if not said:
            return
        for row in said:
            await unlink(connection, scope, row)
        made = [
            NewMemory(key=key, draft=Draft(statement=one.statement, evidence=one.evidence), extractor="", vector=None)
            for key, one in enumerate(said.values())
        ]
        instance_id, now = params["instance"], params["now"]
        columns = memory_columns(made, Origin(instance_id=instance_id))
        await execute(connection, "rewrite_memories", {**params, **columns, "ids": list(said)}, shared=scope.shared)
        if not linked:
            return
        linking = Linking(owned=scope.user_id is not None)
        statements = {row: one.statement for row, one in said.items()}
        await link(connection, scope, statements, linking, instance_id=instance_id, now=now, ids=self._ids)


def _check(ingestion: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    if ingestion["status"] in _WORKING:
        raise ConflictError("the ingestion is still being worked on: undo it when it has ended", field="ingestion_id")
    if not document["current"] or document["ingestion_id"] != ingestion["id"]:
        raise ConflictError(
            "a newer version of the document took its place: undo the ingestion of that one first",
            field="ingestion_id",
        )


async def _memories(connection: Connection, scope: Scope, rows: set[int]) -> dict[int, dict[str, Any]]:
    if not rows:
        return {}
    params = place(scope) | {"memories": sorted(rows)}
    found = await execute(connection, "memories_to_undo", params, shared=scope.shared)
    return {row["id"]: row for row in await found.fetchall()}


async def _versions(
    connection: Connection, scope: Scope, params: Mapping[str, Any], made: Sequence[int]
) -> Mapping[int, int]:
    """Return earlier versions of memories that somebody has written into since, each with the memory."""
    if not made:
        return {}
    cursor = await execute(connection, "versions_to_undo", {**params, "memories": made}, shared=scope.shared)
    return {row["id"]: row["memory_id"] for row in await cursor.fetchall()}


async def _sayings(
    connection: Connection, scope: Scope, params: Mapping[str, Any], made: Sequence[int], versions: Mapping[int, int]
) -> Sequence[Mapping[str, Any]]:
    """Return how other ingestions said what memories say that this one made, and their earlier versions, the latest first."""
    if not made:
        return []
    cursor = await execute(connection, "sayings", {**params, "memories": list(made)}, shared=scope.shared)
    said = await cursor.fetchall()
    earlier = [(row, one) for row, memory in versions.items() for one in said if one["memory_id"] == memory]
    return [*said, *({**one, "memory_id": row} for row, one in earlier)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The rows to delete, the `baseless` ones of other ingestions; the columns of those that stay, some kept as `rewritten`."""

    removed: Sequence[int]
    baseless: Sequence[int]
    kept: Sequence[int]
    rewritten: Mapping[int, Detail]
    ended: Sequence[Mapping[str, Any]]
    repeated: Sequence[Mapping[str, Any]]
    sources: Sequence[int]
    previous: int | None


def _plan(
    made: Sequence[int],
    document: Mapping[str, Any],
    effects: Sequence[Mapping[str, Any]],
    rows: Mapping[int, Mapping[str, Any]],
    later: Mapping[int, Mapping[str, Any]],
    *,
    sayings: Sequence[Mapping[str, Any]],
    baseless: Sequence[int],
) -> _Plan:
    key = document["document_key"]
    made = [row for row in made if row in rows]
    heirs = {row: heir for row in made if (heir := heir_of(rows[row], sayings, key)) is not None}
    kept = [row for row in made if row in heirs or rests_elsewhere(decode_detail(rows[row]["detail"]).evidence, key)]
    removed = list(dict.fromkeys((*(row for row in made if row not in kept), *baseless)))
    known = {**later, **rows}
    ended = [
        one
        for effect in effects
        if effect["memory_id"] in rows and effect["memory_id"] not in removed
        for one in [_believed_again(effect, rows[effect["memory_id"]], known, set(removed))]
        if one is not None
    ]
    # One that it made in one slice and said again in another has not been there before.
    again = [effect for effect in effects if effect["kind"] == "repeated" and effect["memory_id"] in rows.keys() - made]
    repeated = [
        _unsaid(rows[effect["memory_id"]], effect, key)
        for effect in again
        if rows[effect["memory_id"]]["recorded_at"] <= effect["recorded_at"]
    ]
    rewritten = {row: said for row in kept if (said := _said_elsewhere(rows[row], sayings, key)) is not None}
    repeated += [_unsaid(rows[row], None, key, rewritten.get(row), heir=heirs.get(row)) for row in kept]
    restored = {one["id"] for one in ended if one["status"] == _ACTIVE}
    sources = {source for row in restored for source in rows[row]["sources"]}
    return _Plan(
        removed=removed,
        baseless=baseless,
        kept=kept,
        rewritten=rewritten,
        ended=ended,
        repeated=repeated,
        sources=sorted(sources),
        previous=document["previous"],
    )


def _believed_again(
    effect: Mapping[str, Any],
    row: Mapping[str, Any],
    known: Mapping[int, Mapping[str, Any]],
    removed: set[int],
) -> dict[str, Any] | None:
    """Return the columns of a memory whose end is undone, or None where somebody else has changed it since.

    Where what took its place was itself ended later, it shares that fate.
    """
    before = {"id": row["id"], "status": _ACTIVE, "by": None, "valid_until": effect["valid_until"]}
    if effect["kind"] == "announced":
        untouched = row["status"] == _ACTIVE and row["valid_until"] == effect["ends_at"]
        return before if untouched and row["recorded_at"] <= effect["recorded_at"] else None
    if effect["kind"] != "ended" or row["superseded_at"] != effect["recorded_at"]:
        return None
    by = known.get(row["superseded_by"]) if row["superseded_by"] is not None else None
    while by is not None and by["id"] in removed and by["status"] != _ACTIVE:
        follower = known.get(by["superseded_by"]) if by["superseded_by"] is not None else None
        if follower is None or follower["id"] not in removed:
            return {**before, "status": by["status"], "by": by["superseded_by"], "valid_until": row["valid_until"]}
        by = follower
    return before


def _said_elsewhere(row: Mapping[str, Any], sayings: Sequence[Mapping[str, Any]], document_id: str) -> Detail | None:
    """Return how another document that a memory rests on said it last, where that was in other words; else None.

    What somebody wrote into the memory since is nobody's saying, and stays.
    """
    detail = decode_detail(row["detail"])
    others = {piece.document_id for piece in detail.evidence} - {document_id}
    for one in sayings:
        if one["memory_id"] != row["id"] or one["recorded_at"] < row["recorded_at"]:
            continue
        said = decode_detail(one["said"])
        if any(piece.document_id in others for piece in said.evidence):
            return None if content_hash(said.statement.content) == content_hash(detail.statement.content) else said
    return None


def _unsaid(
    row: Mapping[str, Any],
    effect: Mapping[str, Any] | None,
    document_id: str,
    said: Detail | None = None,
    *,
    heir: str | None = None,
) -> dict[str, Any]:
    """Return the columns of a memory that the document says no more: as before, or where others said it since, without it.

    Then its statement is the one of `said`, where it is given, and it belongs to `heir` where it rests on no passage.
    """
    if effect is not None and not effect["outdone"]:
        return {
            "id": row["id"],
            "detail": effect["detail"],
            "sources": effect["sources"],
            "document_row": effect["document_row"],
            "segment_row": effect["segment_row"],
            "seen_at": effect["seen_at"],
            "key": None,
        }
    detail = decode_detail(row["detail"])
    evidence = [piece for piece in detail.evidence if piece.document_id != document_id]
    return {
        "id": row["id"],
        "detail": encode_detail((said or detail).statement, evidence),
        "sources": row["sources"],
        "document_row": None if effect is None else effect["document_row"],
        "segment_row": None,
        "seen_at": row["seen_at"],
        "key": evidence[0].document_id if evidence else heir,
    }


async def _carry_out(connection: Connection, scope: Scope, params: Mapping[str, Any], plan: _Plan) -> None:
    shared = scope.shared
    params = {**params, "memories": list(plan.removed), "documents": [params["document"]], "previous": plan.previous}
    for row in plan.removed:
        await unlink(connection, scope, row)
    async with connection.pipeline():
        await execute(connection, "erase_jobs_of_ingestions", params | {"ingestions": [params["ingestion"]]})
        await execute(connection, "delete_retractions", params | {"ingestions": [params["ingestion"]]}, shared=shared)
        await execute(connection, "delete_memories", params, shared=shared)
        await execute(connection, "delete_locators", params)
        await execute(connection, "undo_repetitions", params | _repeated_columns(plan.repeated), shared=shared)
        await execute(connection, "erase_segments_of_documents", params, shared=shared)
        # A summary of the conversation may hold the document in other words: it is made anew of what remains.
        if scope.space != WORLD_SPACE:
            for name in ("drop_summaries", "drop_compactions", "restart_compactions"):
                await execute(connection, f"{name}_of_documents", params, shared=shared)
        await execute(connection, "erase_documents", params, shared=shared)
        if plan.previous is not None:
            await execute(connection, "reinstate_document", params, shared=shared)
        await execute(connection, "undo_endings", params | _ended_columns(plan.ended), shared=shared)
        await execute(connection, "show_segments", params | {"sources": list(plan.sources)}, shared=shared)
        if plan.kept:
            await execute(connection, "hand_on_memories", params | {"kept": list(plan.kept)}, shared=shared)
        if plan.baseless:
            await execute(connection, "disown_memories", params | {"memories": list(plan.baseless)})
        await execute(connection, "delete_effects", params, shared=shared)
        await execute(connection, "end_undone_ingestion", params | {"message": UNDONE})


def _ended_columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {
        "ids": [row["id"] for row in rows],
        "statuses": [row["status"] for row in rows],
        "by_ids": [row["by"] for row in rows],
        "untils": [row["valid_until"] for row in rows],
    }


def _repeated_columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {
        "ids": [row["id"] for row in rows],
        "details": [row["detail"] for row in rows],
        "sources": ["{" + ",".join(map(str, row["sources"])) + "}" for row in rows],
        "rows": [row["document_row"] for row in rows],
        "segments": [row["segment_row"] for row in rows],
        "seen_at": [row["seen_at"] for row in rows],
        "keys": [row["key"] for row in rows],
    }
