"""mem0: what `get_all` returns, and the exports of its platform: sentences, each with a user and a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synap.adapters.dumps.records import identified, moment, records, said, table, texts, words
from synap.api.memories import CreateMemory, StructuredMemory


def read(value: Any) -> Iterator[CreateMemory]:
    """Yield a memory per record: a list, or the list under `results` or `memories`.

    Read of each: `memory` (or `text`, `data`), `user_id`, `created_at`, `updated_at`, `categories`, `metadata`, `id`.
    """
    for position, record in records(value, "results", "memories", "data"):
        at = f"record[{position}]"
        content = said(record, "memory", "text", "data", at=at)
        if not content:
            continue
        categories = texts(record, "categories", at=at)
        liking = any("preference" in one.casefold() for one in categories)
        agent = words(record, "agent_id", "run_id")
        made = CreateMemory(
            memories=(StructuredMemory(type="preference" if liking else "fact", content=content),),
            document_type="document",
            document_created_at=moment(record, "created_at", "updated_at"),
            user_id=words(record, "user_id") or None,
            metadata={
                **table(record, "metadata", at=at),
                **({"categories": categories} if categories else {}),
                **({"agent_id": agent} if agent else {}),
                "imported_from": "mem0",
            },
        )
        yield identified(made, "mem0", words(record, "id"))
