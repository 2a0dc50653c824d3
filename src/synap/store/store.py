"""The store: one object with an operation group per noun, over one database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from synap.domain.contexts import Candidate
from synap.domain.ids import RowIds
from synap.ports.clock import Clock
from synap.store.accounts import Accounts
from synap.store.audit import Audit
from synap.store.compactions import Compactions
from synap.store.conversations import Conversations
from synap.store.database import Database
from synap.store.deletions import Deletions
from synap.store.documents import Documents
from synap.store.embeddings import Embeddings
from synap.store.entities import Entities
from synap.store.erasure import Erasure
from synap.store.founding import Founding
from synap.store.ingestions import Batches, Ingestions
from synap.store.memories import Memories
from synap.store.merging import Merges
from synap.store.queue import Queue
from synap.store.ranks import Rankings
from synap.store.receipts import Receipts
from synap.store.residents import RESIDENT_BYTES, Residents
from synap.store.retention import Retention
from synap.store.retractions import Retractions
from synap.store.rows import milliseconds
from synap.store.scopes import Scopes
from synap.store.search import Searches
from synap.store.stock import Stock
from synap.store.succession import Succession
from synap.store.transfers import Transfers
from synap.store.undoing import Undoing


class Store:
    """Everything that is kept, by noun. Holds its parts and the residents; the database is closed by whoever opened it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        resident_bytes: int = RESIDENT_BYTES,
        prepare: Callable[[Candidate], object] | None = None,
        give_way: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Keep at most `resident_bytes` of what searches read in memory; with 0 nothing.

        For `prepare` and `give_way` see `Residents`.
        """
        self._database = database
        self.residents = Residents(capacity=resident_bytes, prepare=prepare, give_way=give_way)
        self.ids = RowIds(lambda: milliseconds(clock.now()))
        self.documents = Documents(database, self.ids, self.residents.in_hand)
        self.ingestions = Ingestions(database)
        self.batches = Batches(database)
        self.memories = Memories(database, self.ids, self.residents)
        self.retractions = Retractions(database)
        self.undoing = Undoing(database, self.ids, self.residents)
        self.retention = Retention(database, self.residents)
        self.search = Searches(database, self.residents)
        self.rankings = Rankings(database)
        self.queue = Queue(database)
        self.conversations = Conversations(database, self.ids, self.residents)
        self.compactions = Compactions(database, self.ids)
        self.accounts = Accounts(database)
        self.founding = Founding(database)
        self.scopes = Scopes(database)
        self.audit = Audit(database, self.ids)
        self.embeddings = Embeddings(database)
        self.entities = Entities(database)
        self.merges = Merges(database, self.ids)
        self.erasure = Erasure(database, self.residents)
        self.succession = Succession(database)
        self.deletions = Deletions(database)
        self.stock = Stock(database, self.ids)
        self.receipts = Receipts(database)
        self.transfers = Transfers(database, self.residents)

    async def close(self) -> None:
        """Stop reading scopes into memory, and forget those that are there."""
        await self.residents.close()

    async def ping(self) -> None:
        """Make one exchange with the database: begin, enter nothing, `select 1`, commit."""
        async with self._database.transaction((), pipelined=True) as connection:
            await (await connection.execute("select 1")).fetchone()
