"""Where one memory stands among all that a chain of scopes holds: for whoever asks why it was not found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from synap.domain.contexts import Query
from synap.domain.ids import RowRef
from synap.domain.scopes import Scope
from synap.store.database import Database
from synap.store.search import query_params
from synap.store.statements import Slot, execute

PARTS = ("memory", "memory_shared", "segment", "segment_shared")
"""Kinds of public id, by the part of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """The places of one row among everything of a chain.

    Attributes:
        vector: Its place by meaning, from 1 on; None where it or the question has no vector.
        lexical: Its place by words, from 1 on; None where it shares none with the question.
        cosine: How near its vector is to the question's.
    """

    vector: int | None = None
    lexical: int | None = None
    cosine: float | None = None


class Rankings:
    """Tells places. Reads everything of the chain, so it is for questions about single memories, not for fetches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ranks(
        self, chain: Sequence[Scope], ref: RowRef, query: Query, *, slot: Slot = "emb", as_of: datetime | None = None
    ) -> Ranks | None:
        """Return the places of a row for a query, or None where the chain does not hold it, or does not serve it."""
        owned = [scope for scope in chain if not scope.shared]
        params = query_params(query) | {
            "bucket": owned[0].bucket if owned else -1,
            "owned_scopes": [scope.id for scope in owned],
            "shared_scopes": [scope.id for scope in chain if scope.shared],
            "as_of": as_of,
            "part": PARTS.index(ref.kind),
            "id": ref.row_id,
        }
        async with self._database.transaction(chain, pipelined=True) as connection:
            cursor = await execute(connection, "ranks", params, slot=slot, then=as_of is not None)
            row = await cursor.fetchone()
        if row is None:
            return None
        return Ranks(
            vector=None if row["cosine"] is None else row["nearer"] + 1,
            lexical=row["wordier"] + 1 if row["shares_a_word"] else None,
            cosine=row["cosine"],
        )
