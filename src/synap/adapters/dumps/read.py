"""The one way in: a file, its maker, and who it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from synap.adapters.dumps import graphiti, letta, mem0
from synap.adapters.dumps.records import parse, refusal
from synap.api.memories import CreateMemory
from synap.domain.scopes import Ids

MAKERS: dict[str, Callable[[Any], Iterator[CreateMemory]]] = {
    "mem0": mem0.read,
    "zep": graphiti.read,
    "graphiti": graphiti.read,
    "letta": letta.read,
}


def read_dump(
    content: bytes, *, maker: str, user_id: str | None = None, customer_id: str | None = None
) -> list[CreateMemory]:
    """Return what a file of another maker holds, in its order, to be handed in.

    Args:
        content: The file.
        maker: One of `MAKERS`.
        user_id: Whose it is; without one each record must say.
        customer_id: The users' customer.

    Raises:
        InvalidInputError: An id is empty or too long; the maker is unknown; the file is no JSON, cut short, holds nothing that
            is read, or a record names no user or has a field of another type than is read there.
    """
    Ids.checked(customer_id=customer_id, user_id=user_id)  # an empty one must not pass for nobody's
    if maker not in MAKERS:
        raise refusal(maker, f"cannot be read: known are {', '.join(MAKERS)}")
    found = list(MAKERS[maker](parse(content, maker=maker)))
    if not found:
        raise refusal(maker, "holds nothing that is read; docs/howto/export-and-import.md shows what is")
    nobody = [one.document_id for one in found if user_id is None and one.user_id is None]
    if nobody:
        raise refusal(maker, f"names no user for {len(nobody)} records, first {nobody[0]}: give --user")
    return [msgspec.structs.replace(one, user_id=user_id or one.user_id, customer_id=customer_id) for one in found]
