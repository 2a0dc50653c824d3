"""`sdk.data`: everything of a user, a conversation or a customer deleted, or counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from synap.api.data import DataDeletion, DeleteData
from synap.api.protocol import AdminApi
from synap.api.receipts import ReceiptPage
from synap.api.requests import build
from synap.sdk.contexts import Connect

MOST_CALLS = 50
"""How often a deletion that takes long is gone on with by one call."""

ConnectAdmin = Callable[[], Awaitable[AdminApi]]


class Data:
    """Deleting what is kept of somebody."""

    def __init__(self, connect: Connect, connect_admin: ConnectAdmin) -> None:
        self._connect = connect
        self._connect_admin = connect_admin

    async def delete(
        self,
        scope: str,
        user_id: str | None = None,
        customer_id: str | None = None,
        conversation_id: str | None = None,
        *,
        dry_run: bool = False,
        confirm: str | None = None,
        wait: bool = True,
        instance_id: str | None = None,
    ) -> DataDeletion:
        """Delete everything of a user, of a customer with its users, or a conversation; it cannot be undone.

        `fully_removed` is true only where a count after the end found nothing. Memories learned from a conversation
        stay when the conversation is deleted.

        Args:
            scope: `user`, `conversation` or `customer`; the last takes a management key, or the engine in this process.
            user_id: The user; of a conversation, where given, its owner.
            customer_id: The customer; with a user, the user's.
            conversation_id: The conversation.
            dry_run: Count, and delete nothing.
            confirm: The id of what is deleted, once more.
            wait: Go on, up to 50 times, with what takes longer than one call.
            instance_id: The instance, where a customer is deleted with a management key alone.

        Raises:
            InvalidInputError: An id or the confirmation is missing or wrong.
            ForbiddenError: The key may not delete it.
            ConflictError: The same deletion is running.
        """
        request = build(
            DeleteData,
            {
                "scope": scope,
                "instance_id": instance_id,
                "user_id": user_id,
                "customer_id": customer_id,
                "conversation_id": conversation_id,
                "dry_run": dry_run,
                "confirm": confirm,
            },
        )
        result = await self._once(request)
        for _ in range(MOST_CALLS - 1 if wait else 0):
            if not result.continues:
                break
            result = await self._once(request)
        return result

    async def status(self, deletion_id: str) -> DataDeletion:
        """Return the record of a deletion: how far it has come, what it removed, what was found after it."""
        return await (await self._connect()).deletion(deletion_id)

    async def receipts(self, *, instance_id: str | None = None, after: int = 0, limit: int = 100) -> ReceiptPage:
        """Return signed receipts of erasures, in the order of their chain.

        Args:
            instance_id: An instance or client, also one that was deleted: takes a management key, or the engine in this
                process. The key's own instance where not given.
            after: The number behind which to begin; `after` of the page before.
            limit: Receipts of a page, 1 to 1000.
        """
        if instance_id is None:
            return await (await self._connect()).receipts(after=after, limit=limit)
        return await (await self._connect_admin()).receipts(instance_id, after=after, limit=limit)

    async def receipt_books(self) -> Mapping[str, int]:
        """Return which instances and clients there are receipts of, each with the number of its last one."""
        return await (await self._connect_admin()).receipt_books()

    async def _once(self, request: DeleteData) -> DataDeletion:
        if request.scope != "customer":
            return await (await self._connect()).delete_data(request)
        operator = await self._connect_admin()
        if request.instance_id is None:
            own = (await (await self._connect()).whoami()).instance_id
            request = build(DeleteData, {**_values(request), "instance_id": own})
        return await operator.delete_data(request)


def _values(request: DeleteData) -> dict[str, object]:
    return {name: getattr(request, name) for name in request.__struct_fields__}
