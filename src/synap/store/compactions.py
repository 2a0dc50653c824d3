"""Compactions: started once per conversation at a time, made by workers, kept in versions, read back by their owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from synap.domain.compactions import Compaction, Hint, PointKind, Strategy
from synap.domain.ids import RowIds, RowRef, encode_public_id
from synap.domain.memories import MemoryStatus, MemoryType
from synap.domain.scopes import Scope
from synap.errors import ConflictError, NotFoundError, ServiceUnavailableError
from synap.store.database import Connection, Database
from synap.store.errors import retry
from synap.store.queue import COMPACT, Job, NewJob, enqueue, hold
from synap.store.rows import STATUSES, TYPES, decode_detail, place
from synap.store.scopes import confirm, touch
from synap.store.statements import execute
from synap.store.writes import note_write

KEPT_VERSIONS = 20
"""Completed compactions of a conversation that are kept, the newest ones."""

MOST_HINTS = 5000

_LISTED = 2 * KEPT_VERSIONS
_decoder = msgspec.msgpack.Decoder(Compaction)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCompaction:
    """What is to be made of a conversation (UUID form).

    Attributes:
        trigger: What started it: `manual_api`, `transcript`, `token_budget`, `summary_mode`.
        strategy, target_tokens: As for `synap.compaction.compact.compact`.
        force: Also where the newest compaction covers every message and was asked for in the same way.
        kept_from: Messages recorded before have expired.
    """

    instance_id: str
    conversation: str
    trigger: str
    strategy: Strategy
    target_tokens: int | None = None
    force: bool = False
    kept_from: datetime | None = None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCompaction:
    """How far a compaction has come, and its numbers.

    Attributes:
        id: Public id.
        version: 1, 2, … among the completed ones of its conversation; None before it is completed.
        covered: Position of the last message that it covers; before it is completed, of the last one there was.
        oldest_at: When the oldest message in it was recorded.
        applied: The strategy applied in the end.
        round: Raised where something was erased while it was made.
    """

    id: str
    conversation: str
    status: str
    trigger: str
    strategy: Strategy
    target_tokens: int | None
    applied: str
    version: int | None
    round: int
    covered: int
    oldest_at: datetime | None
    original_tokens: int
    compacted_tokens: int
    score: float
    passed: bool
    initiated_at: datetime
    completed_at: datetime | None
    error_message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The compactions of a conversation: the one being made, the newest completed one, the newest of all."""

    running: StoredCompaction | None = None
    completed: StoredCompaction | None = None
    latest: StoredCompaction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What became of the wish to compact: the compaction, whether it was there already, and the one usable before it."""

    compaction: StoredCompaction
    fresh: bool
    previous: StoredCompaction | None = None


class Compactions:
    """Writes and reads compactions, each inside one owner's scope."""

    def __init__(self, database: Database, ids: RowIds) -> None:
        self._database = database
        self._ids = ids

    async def start(self, scope: Scope, wanted: StartCompaction) -> Started | None:
        """Queue a compaction; None where the conversation has no message.

        Raises:
            ConflictError: One is being made already.
        """
        row = self._ids.next()
        return await retry(lambda: self._start(scope, wanted, row))

    async def _start(self, scope: Scope, wanted: StartCompaction, row: int) -> Started | None:
        async with self._database.transaction([scope], pipelined=True) as connection:
            touched = await touch(connection, scope, instance_id=wanted.instance_id, now=wanted.now)
            await note_write(connection, scope, await confirm(touched, scope))
            return await start_compaction(connection, scope, wanted, row)

    async def standing(self, scope: Scope, conversation: str) -> Standing:
        """Return the compactions of a conversation, without their texts."""
        async with self._database.transaction([scope], pipelined=True) as connection:
            return await _standing(connection, scope, conversation)

    async def read(
        self, scope: Scope, conversation: str, *, version: int | None = None, kept_from: datetime | None = None
    ) -> tuple[StoredCompaction, Compaction] | None:
        """Return the newest completed compaction, or that of a version, with what it holds; None where there is none.

        Args:
            scope: Whose conversation it is.
            conversation: Its UUID form.
            version: Which of the kept versions.
            kept_from: One that holds messages recorded before has expired.
        """
        params = place(scope) | {"conversation": conversation, "version": version, "kept_from": kept_from}
        async with self._database.transaction([scope], pipelined=True) as connection:
            row = await (await execute(connection, "read_compaction", params)).fetchone()
        return None if row is None else (_stored(scope, row), _decoder.decode(row["detail"]))

    async def of_job(self, job: Job) -> StoredCompaction | None:
        """Return what a job is to make, or None where that has been erased."""
        async with self._database.transaction([job.scope], pipelined=True) as connection:
            params = place(job.scope) | {"id": job.id}
            row = await (await execute(connection, "compaction_of_job", params)).fetchone()
        return None if row is None else _stored(job.scope, row)

    async def hints(self, scope: Scope, conversation: str) -> list[Hint]:
        """Return what memory knows about passages of a conversation's messages, of the newest memories."""
        params = place(scope) | {"conversation": conversation, "limit": MOST_HINTS}
        async with self._database.transaction([scope], pipelined=True) as connection:
            rows = await (await execute(connection, "passages_known", params, shared=scope.shared)).fetchall()
        return [
            Hint(
                message_id=piece.turn_id or piece.document_id,
                quote=piece.quote,
                kind=PointKind.PREFERENCE if TYPES[row["type"]] is MemoryType.PREFERENCE else PointKind.FACT,
                over=STATUSES[row["status"]] is not MemoryStatus.ACTIVE,
            )
            for row in rows
            for piece in decode_detail(row["detail"]).evidence
        ]

    async def complete(
        self, job: Job, compaction: StoredCompaction, made: Compaction, *, oldest_at: datetime, now: datetime
    ) -> StoredCompaction:
        """Store what a job made, and end the job, in one transaction; older versions beyond the kept ones go.

        `compaction.covered` is the position of the last message read.

        Raises:
            LeaseLostError: The job is no longer held; nothing was stored.
            ServiceUnavailableError: Something was erased meanwhile; to be made anew.
        """
        return await retry(lambda: self._complete(job, compaction, made, oldest_at=oldest_at, now=now))

    async def _complete(
        self, job: Job, compaction: StoredCompaction, made: Compaction, *, oldest_at: datetime, now: datetime
    ) -> StoredCompaction:
        scope = job.scope
        params = place(scope) | {
            "id": job.id,
            "job": job.id,
            "conversation": compaction.conversation,
            "round": compaction.round,
            "applied": made.strategy.value,
            "covered": compaction.covered,
            "oldest": oldest_at,
            "original": made.original_tokens,
            "compacted": made.compacted_tokens,
            "score": made.score,
            "passed": made.passed,
            "now": now,
            "detail": msgspec.msgpack.encode(made),
            "kept": KEPT_VERSIONS,
        }
        async with self._database.transaction([scope], pipelined=True) as connection:
            touched = await touch(connection, scope, instance_id=job.instance_id, now=now)
            await note_write(connection, scope, await confirm(touched, scope))
            await hold(connection, job)
            numbered = await (await execute(connection, "next_version", params)).fetchone()
            params |= {"version": numbered["version"] if numbered else 1}
            if await (await execute(connection, "complete_compaction", params)).fetchone() is None:
                raise ServiceUnavailableError("the conversation changed while it was compacted", retry_after_seconds=1)
            await execute(connection, "insert_summary", params)
            await execute(connection, "drop_old_summaries", params)
            await execute(connection, "drop_old_compactions", params)
            await execute(connection, "delete_job", params)
            return await _of(connection, scope, params)

    async def uncovered(self, scope: Scope, conversation: str) -> int:
        """Return how many characters of a conversation's messages no compaction was started for."""
        params = place(scope) | {"conversation": conversation}
        async with self._database.transaction([scope], pipelined=True) as connection:
            row = await (await execute(connection, "uncovered", params)).fetchone()
        return int(row["characters"]) if row else 0


async def start_compaction(connection: Connection, scope: Scope, wanted: StartCompaction, row: int) -> Started | None:
    """Queue a compaction under the row id `row`, inside a transaction that touched the scope; see `Compactions.start`.

    Raises:
        ConflictError: One is being made already.
    """
    params = place(scope) | {"conversation": wanted.conversation, "kept_from": wanted.kept_from}
    found = await (await execute(connection, "conversation_standing", params)).fetchone()
    if found is None or not found["found"]:
        return None
    lost = {"now": wanted.now, "message": "nobody was left to make it"}
    await execute(connection, "fail_lost_compactions", params | lost)
    before = await _standing(connection, scope, wanted.conversation)
    own = encode_public_id(RowRef("compaction", scope.bucket, row))
    if before.running is not None and before.running.id != own:
        raise ConflictError(
            "a compaction of this conversation is being made already; wait for it", field="conversation_id"
        )
    if before.latest is not None and before.latest.id == own:  # by an attempt whose answer was lost
        return Started(compaction=before.latest, fresh=True, previous=before.completed)
    usable = before.completed
    if usable is not None and not wanted.force and _still_good(usable, wanted, covered=found["message_count"]):
        return Started(compaction=usable, fresh=False)
    params |= {
        "id": row,
        "instance": wanted.instance_id,
        "trigger": wanted.trigger,
        "strategy": wanted.strategy.value,
        "target": wanted.target_tokens,
        "covered": found["message_count"],
        "now": wanted.now,
    }
    if await (await execute(connection, "insert_compaction", params)).fetchone() is None:
        raise ConflictError(
            "a compaction of this conversation is being made already; wait for it", field="conversation_id"
        )
    job = NewJob(id=row, instance_id=wanted.instance_id, kind=COMPACT, created_at=wanted.now)
    await enqueue(connection, scope, job)
    return Started(compaction=await _of(connection, scope, params), fresh=True, previous=usable)


def _still_good(completed: StoredCompaction, wanted: StartCompaction, *, covered: int) -> bool:
    return (
        completed.covered == covered
        and (completed.strategy, completed.target_tokens) == (wanted.strategy, wanted.target_tokens)
        and (wanted.kept_from is None or (completed.oldest_at is not None and completed.oldest_at >= wanted.kept_from))
    )


async def _of(connection: Connection, scope: Scope, params: Mapping[str, Any]) -> StoredCompaction:
    row = await (await execute(connection, "compaction_of_job", params)).fetchone()
    if row is None:
        raise NotFoundError("the compaction has been erased")
    return _stored(scope, row)


async def _standing(connection: Connection, scope: Scope, conversation: str) -> Standing:
    params = place(scope) | {"conversation": conversation, "limit": _LISTED}
    rows = await (await execute(connection, "compactions_of_conversation", params)).fetchall()
    found = [_stored(scope, row) for row in rows]
    completed = [one for one in found if one.status == "completed"]
    return Standing(
        running=next((one for one in found if one.status == "in_progress"), None),
        completed=max(completed, key=lambda one: one.version or 0, default=None),
        latest=found[0] if found else None,
    )


def _stored(scope: Scope, row: Mapping[str, Any]) -> StoredCompaction:
    return StoredCompaction(
        id=encode_public_id(RowRef("compaction", scope.bucket, row["id"])),
        conversation=row["conversation"],
        status=row["status"],
        trigger=row["trigger"],
        strategy=Strategy(row["strategy"]),
        target_tokens=row["target_tokens"],
        applied=row["applied"],
        version=row["version"],
        round=row["round"],
        covered=row["covered"],
        oldest_at=row["oldest_at"],
        original_tokens=row["original_tokens"],
        compacted_tokens=row["compacted_tokens"],
        score=round(row["score"], 4),
        passed=row["passed"],
        initiated_at=row["initiated_at"],
        completed_at=row["completed_at"],
        error_message=row["error_message"],
    )
