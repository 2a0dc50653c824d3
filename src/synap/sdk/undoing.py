"""What `sdk.memories` offers to take things back: ingestions as a whole, and retractions that were not clear."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from synap.api.memories import PendingRetraction, SettledRetraction, SettleRetraction, UndoIngestion, UndoneIngestion
from synap.api.protocol import Api
from synap.api.requests import build
from synap.domain.scopes import Ids
from synap.sdk.rows import check_row_id


class Undoing:
    """The part of `Memories` that undoes."""

    def __init__(self, connect: Callable[[], Awaitable[Api]]) -> None:
        self._connect = connect

    async def undo(
        self, ingestion_id: str, *, user_id: str | None = None, customer_id: str | None = None, preview: bool = False
    ) -> UndoneIngestion:
        """Undo an ingestion: its document and what only that said are gone, what it ended is believed again.

        With `preview` nothing is changed, and the answer tells what would be.
        """
        values = {"user_id": user_id, "customer_id": customer_id, "preview": preview}
        ingestion_id = check_row_id(ingestion_id, field="ingestion_id")
        return await (await self._connect()).undo_ingestion(
            build(UndoIngestion, {"ingestion_id": ingestion_id, **values})
        )

    async def pending_retractions(
        self, *, user_id: str | None = None, customer_id: str | None = None
    ) -> tuple[PendingRetraction, ...]:
        """Return what was taken back in exactly one scope without it being clear what was meant, the oldest first."""
        ids = Ids.checked(customer_id=customer_id, user_id=user_id)
        return await (await self._connect()).pending_retractions(ids=ids)

    async def settle_retraction(
        self,
        retraction_id: str,
        memory_ids: Sequence[str] = (),
        *,
        user_id: str | None = None,
        customer_id: str | None = None,
    ) -> SettledRetraction:
        """Retract the memories that a pending retraction meant; with none of them it is let go without effect."""
        values = {"memory_ids": list(memory_ids), "user_id": user_id, "customer_id": customer_id}
        return await (await self._connect()).settle_retraction(
            build(SettleRetraction, {"retraction_id": retraction_id, **values})
        )
