"""Routes of `data.delete` and of receipts: everything of a user or a conversation, with a management key of a customer."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath

from synap.api.data import DataDeletion, DeleteData
from synap.api.receipts import ReceiptBooks, ReceiptPage
from synap.api.requests import build, parse_object
from synap.domain.ids import unknown
from synap.errors import InvalidInputError
from synap.server.rest.authentication import Either, Management
from synap.server.rest.bodies import read_query, refuse_misnamed

_OK = 200


class DeletionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The instance that the deletion was made in; an application key names it by itself."""

    instance_id: str | None = None


class ReceiptsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whose receipts: an application key names its instance by itself; and where to begin."""

    instance_id: str | None = None
    after: int = 0
    limit: int = 100


@post(
    "/v1/data/delete", status_code=_OK, opt={"body": DeleteData}, summary="Delete everything of somebody, or count it"
)
async def delete(request: Request[Any, Any, Any], key: Either) -> DataDeletion:
    """Delete what is kept of a user, a conversation or a customer; `continue` says that the call is to be made again."""
    # Not `read_object`: here `scope` is a word.
    values = parse_object(await request.body())
    refuse_misnamed(values)
    return await key.operations.delete_data(build(DeleteData, values))


@get("/v1/data/delete/{deletion_id:str}", opt={"query": DeletionQuery}, summary="The record of a deletion")
async def record(request: Request[Any, Any, Any], deletion_id: FromPath[str], key: Either) -> DataDeletion:
    """Return how far a deletion has come."""
    named = read_query(request, DeletionQuery).instance_id
    if key.api is not None:
        if named not in (None, "", key.instance_id):
            raise unknown("deletion_id", deletion_id)
        return await key.api.deletion(deletion_id)
    if key.admin is None or not named:
        raise InvalidInputError("instance_id is required with a management key", field="instance_id")
    return await key.admin.deletion(named, deletion_id)


@get("/v1/receipts", opt={"query": ReceiptsQuery}, summary="Receipts of erasures, in the order of their chain")
async def receipts(request: Request[Any, Any, Any], key: Either) -> ReceiptPage:
    """Return signed receipts of an instance; with a management key also of a client, or of what was deleted itself."""
    query = read_query(request, ReceiptsQuery)
    if key.api is not None:
        if query.instance_id not in (None, "", key.instance_id):
            raise unknown("instance_id", query.instance_id)
        return await key.api.receipts(after=query.after, limit=query.limit)
    if key.admin is None or not query.instance_id:
        raise InvalidInputError("instance_id is required with a management key", field="instance_id")
    return await key.admin.receipts(query.instance_id, after=query.after, limit=query.limit)


@get("/v1/receipts/books", summary="Which instances and clients there are receipts of")
async def receipt_books(admin: Management) -> ReceiptBooks:
    """Return which instances and clients there are receipts of, each with the number of its last one."""
    return ReceiptBooks(books=await admin.receipt_books())
