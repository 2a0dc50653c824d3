"""The store's tests run twice: on plain tables, and on divided ones where every statement must stay in one partition.

A distributed server sends a statement to one node only if `bucket = constant` decides where to. On a plain server with
tables divided by the same column, the planner's own pruning tells whether that would work.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import tuple_row

from synap.api.admin import CreateInstance
from synap.api.memories import Ingestion
from synap.domain.compactions import Strategy
from synap.domain.contexts import Query, Recall, Search
from synap.domain.documents import Block, BlockKind, DocumentType, Mode, PreparedDocument, Segment
from synap.domain.ids import new_client_id, new_instance_id
from synap.domain.memories import Changes, Draft, Evidence, MemoryType, NewMemory, Statement
from synap.domain.scopes import Ids, Place, Scope, decide_scope, scope_chain
from synap.domain.terms import term_hashes
from synap.errors import ServiceUnavailableError
from synap.store.applied import Applied, Progress
from synap.store.compactions import Compactions, StartCompaction
from synap.store.conversations import Conversations, NewMessage, NewTranscript, Recorded, RecordedTranscript
from synap.store.database import Database
from synap.store.documents import AcceptDocument, Documents
from synap.store.queue import Job, Patience, Reaped
from synap.store.splitting import without_comments
from synap.store.statements import Slot, statement
from synap.store.store import Store
from synap.store.stored_documents import StoredDocument

ALL_BUCKETS = (
    "count_scope_directory",
    "unfinished_deletions",
    "receipt_books",
    "discover",
    "bury_lost",
    "reap",
    "count_degraded",
    "depth",
    "jobs_of_instance",
    "waiting_by_instance",
    "scopes_of_instance",
    "scopes_page",
    "page_audit",
    "stock_rows",
    "occupied_buckets",
    "note_empty_stock",
    "count_instance_memories",
    "erase_scope_directory",
    "erase_instance_rows_of_directory",
    "erase_instance_rows_of_batch",
    "erase_instance_rows_of_deletion",
    "erase_instance_rows_of_job",
    "erase_instance_rows_of_scope",
)
"""Named statements that look at every bucket: upkeep outside of any request, never with a lock."""

_LOCKING = re.compile(r"\bfor\s+(no\s+key\s+)?(update|share)|\bfor\s+key\s+share", re.IGNORECASE)
_EXPLAINABLE = re.compile(r"\s*(select|insert|update|delete|with)\b", re.IGNORECASE)
_PART = re.compile(r"_p(\d)$")


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 5, 4, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


class Desk:
    """A store with an instance of its own, and the steps that tests repeat."""

    def __init__(self, database: Database) -> None:
        self.clock = Hand()
        self.database = database
        self.store = Store(database, self.clock)
        self.place = Place(instance_id=new_instance_id(), client_id=new_client_id())
        self.client = self.scope()

    async def register(self) -> None:
        """Write down client and instance: nothing is stored for one that is not on record."""
        accounts, now = self.store.accounts, self.clock.now()
        await accounts.create_client(self.place.client_id, name="desk", now=now)
        request = CreateInstance(client_id=self.place.client_id, name="desk")
        await accounts.create_instance(self.place.instance_id, request, now=now)

    def losing_answers(self) -> None:
        """Let the next write into a scope be stored without its answer arriving."""
        lossy: Any = LostAnswers(self.database)
        self.store.documents = Documents(lossy, self.store.ids, self.store.residents.in_hand)
        self.store.conversations = Conversations(lossy, self.store.ids, self.store.residents)
        self.store.compactions = Compactions(lossy, self.store.ids)

    def scope(self, user: str | None = None, customer: str | None = None) -> Scope:
        return decide_scope(self.place, Ids(customer_id=customer, user_id=user))

    def chain(self, scope: Scope) -> tuple[Scope, ...]:
        return scope_chain(self.place, scope)

    def later(self, **ahead: float) -> datetime:
        self.clock.moment += timedelta(**(ahead or {"minutes": 1}))
        return self.clock.moment

    def document(self, *texts: str, document_id: str | None = None, **changes: Any) -> AcceptDocument:
        """Return a document with a segment per text, to be handed in."""
        request = AcceptDocument(
            instance_id=self.place.instance_id,
            document_id=document_id,
            document_type=DocumentType.DOCUMENT,
            mode=Mode.FAST,
            prepared=prepared(*texts),
            created_at=self.clock.now(),
            recorded_at=self.clock.now(),
        )
        return replace(request, **changes)

    async def say(
        self,
        scope: Scope,
        conversation: str,
        content: str,
        role: str = "user",
        *,
        event: bytes | None = None,
        recent: int = 0,
    ) -> Recorded:
        """Record a message; it is a document as well."""
        row, now = self.store.ids.next(), self.clock.now()
        message = NewMessage(id=row, role=role, content=content, recorded_at=now, event_key=event)
        document = self.document(content, document_type=DocumentType.AI_CHAT, conversation=conversation)
        return await self.store.conversations.record(scope, conversation, message, document, recent=recent)

    async def transcript(self, scope: Scope, conversation: str, *contents: str, **changes: Any) -> RecordedTranscript:
        """Record a transcript, a message and a segment per text."""
        now = self.clock.now()
        wanted = StartCompaction(
            instance_id=self.place.instance_id,
            conversation=conversation,
            trigger="transcript",
            strategy=Strategy.ADAPTIVE,
            now=now,
        )
        transcript = NewTranscript(
            conversation=conversation,
            external_id=conversation,
            messages=tuple(
                NewMessage(id=self.store.ids.next(), role="user", content=content, recorded_at=now)
                for content in contents
            ),
            document=self.document(*contents, document_type=DocumentType.AI_CHAT, conversation=conversation),
            compaction=wanted,
            kind="call",
            started_at=now,
            metadata={"from": "phone"},
        )
        return await self.store.conversations.record_transcript(scope, replace(transcript, **changes))

    async def accept(self, scope: Scope, *texts: str, document_id: str | None = None, **changes: Any) -> Ingestion:
        """Hand in a document with a segment per text."""
        document = self.document(*texts, document_id=document_id, **changes)
        return await self.store.documents.accept(scope, document)

    async def claim(self, scope: Scope, owner: str = "worker", limit: int = 1) -> list[Job]:
        """Claim jobs of this instance; those that earlier tests left in the same bucket are ended."""
        queue, now = self.store.queue, self.clock.now()
        until = now + timedelta(seconds=30)
        while jobs := await queue.claim(scope.bucket, owner, now=now, lease_until=until, limit=limit):
            mine = [job for job in jobs if job.instance_id == self.place.instance_id]
            for job in jobs:
                if job not in mine:
                    await queue.finish(job)
            if mine:
                return mine
        return []

    async def lose(self, *, tries: int = 5) -> Reaped:
        """Let all leases run out, and wait until the jobs that were lost may be tried again."""
        reaped = await self.store.queue.reap(now=self.later(minutes=5), patience=Patience(tries=tries))
        self.later(minutes=10)
        return reaped

    async def work(self, scope: Scope, *statements: Statement | str, **changes: Any) -> list[str]:
        """Work on the next job of a scope's bucket: each statement rests on the segment of the same position."""
        (job,) = await self.claim(scope)
        return await self.apply(job, *statements, **changes)

    async def apply(self, job: Job, *statements: Statement | str, vectors: Any = None, **changes: Any) -> list[str]:
        return await self.slice(job, *statements, vectors=vectors, **changes)

    async def slice(
        self,
        job: Job,
        *statements: Statement | str,
        vectors: Any = None,
        progress: Progress | None = None,
        segments: Mapping[int, Any] = MappingProxyType({}),
        **changes: Any,
    ) -> list[str]:
        """Apply what a job's document says, or as much of it as `progress` tells, with the vectors of `segments` by row."""
        assert job.ingestion_id is not None
        document = await self.store.documents.load(job.scope, job.ingestion_id)
        add = tuple(
            new_memory(key, one, document, None if vectors is None else vectors[key])
            for key, one in enumerate(statements)
        )
        applied = Applied(
            job=job,
            document=document,
            changes=Changes(add=add, **changes),
            vectors=segments,
            now=self.clock.now(),
            progress=progress,
        )
        return await self.store.memories.apply(job.scope, applied)

    async def remember(self, scope: Scope, *texts: str, document_id: str | None = None, **options: Any) -> list[str]:
        """Hand in a document and make each of its texts a fact."""
        await self.accept(scope, *texts, document_id=document_id)
        return await self.work(scope, *texts, **options)

    def draft(self, key: int, said: Statement | str, document: StoredDocument, vector: Any = None) -> NewMemory:
        return new_memory(key, said, document, vector)

    def bare(self, said: str) -> NewMemory:
        """A memory that rests on nothing."""
        statement = Statement(type=MemoryType.FACT, content=said)
        return NewMemory(key=0, draft=Draft(statement=statement, evidence=()), extractor="direct@1")

    async def find(self, scope: Scope, text: str = "", *, slot: Slot = "emb", **changes: Any) -> Recall:
        """Search on behalf of a scope with one lexical query, or none."""
        queries = (Query(text=text, terms=term_hashes(text)),) if text else ()
        search = Search(chain=self.chain(scope), queries=queries, now=self.clock.now())
        return await self.store.search.recall(replace(search, **changes), slot=slot)


class LostAnswers:
    """A database whose first `count` commits arrive while their answers do not."""

    def __init__(self, database: Database, count: int = 1) -> None:
        self._database = database
        self._left = count

    @asynccontextmanager
    async def transaction(self, *arguments: Any, **named: Any) -> AsyncIterator[Any]:
        async with self._database.transaction(*arguments, **named) as connection:
            yield connection
        if self._left:
            self._left -= 1
            raise ServiceUnavailableError("lost") from psycopg.OperationalError("server closed the connection")


def prepared(*texts: str) -> PreparedDocument:
    """A document with a segment per text, a line each."""
    starts = [sum(len(one) + 1 for one in texts[:position]) for position in range(len(texts))]
    text = "\n".join(texts)
    segments = tuple(
        Segment(ordinal=position, start=start, end=start + len(one), text=one, blocks=(position, position + 1))
        for position, (start, one) in enumerate(zip(starts, texts, strict=True))
    )
    blocks = tuple(Block(kind=BlockKind.PARAGRAPH, start=one.start, end=one.end, text=one.text) for one in segments)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return PreparedDocument(text=text, blocks=blocks, segments=segments, content_hash=digest)


def new_memory(key: int, said: Statement | str, document: StoredDocument, vector: Any = None) -> NewMemory:
    """A memory that rests on the segment of its position."""
    statement = said if isinstance(said, Statement) else Statement(type=MemoryType.FACT, content=said)
    segment = document.prepared.segments[min(key, len(document.prepared.segments) - 1)]
    evidence = Evidence(
        document_id=document.document_id,
        start=segment.start,
        end=segment.end,
        quote=segment.text,
        segment=segment.ordinal,
    )
    draft = Draft(statement=statement, evidence=(evidence,))
    return NewMemory(key=key, draft=draft, extractor="test@1", vector=vector)


class RoutedCursor(psycopg.AsyncCursor[Any]):
    """Refuses a statement that would touch more than one partition; looks at each distinct text once."""

    seen: set[bytes] = set()  # noqa: RUF012 - meant to be shared: a text needs to be looked at once a run

    async def execute(self, query: Any, params: Any = None, **options: Any) -> RoutedCursor:
        text = _text(query)
        if text not in self.seen and _EXPLAINABLE.match(without_comments(text.decode())):
            parts = await self._parts(text, params)
            assert len(parts) <= 1 or _may_touch_all(text), f"touches the partitions {sorted(parts)}: {text.decode()}"
            self.seen.add(text)
        return await super().execute(query, params, **options)

    async def _parts(self, text: bytes, params: Any) -> set[str]:
        """Return the numbers of the partitions, of all tables together, that the plan reads or changes."""
        cursor = psycopg.AsyncCursor(self.connection, row_factory=tuple_row)
        row = await (await cursor.execute(b"explain (format json) " + text, params)).fetchone()
        assert row is not None
        return {found[1] for name in _relations(row[0]) if (found := _PART.search(name))}


@pytest.fixture(params=[False, True], ids=["plain", "partitioned"])
def partitioned(request: pytest.FixtureRequest) -> bool:
    """Whether databases are made in partitioned mode."""
    return bool(request.param)


@pytest.fixture
def cursor_factory(*, partitioned: bool) -> type[psycopg.AsyncCursor[Any]]:
    """Cursors that check the routing, in partitioned mode."""
    return RoutedCursor if partitioned else psycopg.AsyncCursor


def _may_touch_all(text: bytes) -> bool:
    return text in {statement(name) for name in ALL_BUCKETS} and not _LOCKING.search(text.decode())


def _text(query: Any) -> bytes:
    if isinstance(query, sql.Composable):
        return query.as_bytes(None)
    return query if isinstance(query, bytes) else str(query).encode()


def _relations(plan: Any) -> Iterator[str]:
    if isinstance(plan, dict):
        if "Relation Name" in plan:
            yield plan["Relation Name"]
        plan = list(plan.values())
    if isinstance(plan, list):
        for part in plan:
            yield from _relations(part)


@pytest.fixture
async def desk(database: Database) -> Desk:
    """A store with an instance of its own, and the steps that tests repeat."""
    return await _desk(database)


@pytest.fixture
async def fresh_desk(fresh_database: Database) -> Desk:
    """A desk on a database of the test's own: other tests shape neither its statistics nor its queue, nor it theirs."""
    return await _desk(fresh_database)


async def _desk(database: Database) -> Desk:
    desk = Desk(database)
    await desk.register()
    return desk
