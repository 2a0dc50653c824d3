"""Requests and results of `entities.*`."""

from __future__ import annotations

from datetime import datetime

import msgspec

from synap.api.memories import MemoryRecord


class AliasRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A name of an entity: why it is one (`new`, `normalised`, `alias`, `declared`, `subset`, …), and who uses it."""

    name: str
    reason: str
    memory_ids: tuple[str, ...] = ()


class RelationshipRecord(msgspec.Struct, frozen=True, kw_only=True):
    """That an entity has to do with another (`works_at`, `filled_by`, …), and the memory that says so.

    `holds` is false for what is said to be over; `active` tells whether the memory is believed still.
    """

    subject_id: str
    subject: str
    relation: str
    object_id: str
    object: str
    memory_id: str
    holds: bool = True
    active: bool = True
    since: datetime | None = None
    until: datetime | None = None


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the log of decisions: `registered`, `linked`, `ambiguous`, `merged`, `separated`, `split`, `rejoined`.

    `other_ids` are the entities concerned besides; `actor` is empty for the rules.
    """

    action: str
    reason: str
    at: datetime
    name: str = ""
    confidence: float = 1.0
    memory_id: str | None = None
    other_ids: tuple[str, ...] = ()
    actor: str = ""


class EntityRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An entity of one scope. Names, relationships and decisions are told by `get`, `merge` and `split`, not by a list."""

    entity_id: str
    name: str
    kind: str
    scope: str
    first_seen: datetime
    last_seen: datetime
    mentions: int = 0
    customer_id: str | None = None
    user_id: str | None = None
    merged_into: str | None = None
    merged_ids: tuple[str, ...] = ()
    aliases: tuple[AliasRecord, ...] = ()
    relationships: tuple[RelationshipRecord, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()


class EntityPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list of entities; `total` counts what the caller may see, nothing else."""

    data: tuple[EntityRecord, ...]
    page: int
    page_size: int
    total: int
    total_pages: int


class ListEntities(msgspec.Struct, frozen=True, kw_only=True):
    """Which entities to list: those of exactly one scope, the most mentioned first; `name` is part of a name."""

    customer_id: str | None = None
    user_id: str | None = None
    page: int = 1
    page_size: int = 20
    kind: str | None = None
    name: str | None = None


class FetchEntity(msgspec.Struct, frozen=True, kw_only=True):
    """About whom to read everything: by id, or by a name or role (`Sarah`, `my manager`) in the chain of the ids."""

    entity_id: str | None = None
    name: str | None = None
    customer_id: str | None = None
    user_id: str | None = None
    max_results: int = 50
    max_tokens: int | None = None


class EntityContext(msgspec.Struct, frozen=True, kw_only=True):
    """All about an entity: who was meant in each scope, and the memories, narrower scopes and newer ones first.

    `tokens` is the size of `formatted_context`; `budget_exceeded` tells that something was left out.
    """

    entities: tuple[EntityRecord, ...]
    memories: tuple[MemoryRecord, ...]
    formatted_context: str = ""
    tokens: int = 0
    budget_exceeded: bool = False


class MergeEntities(msgspec.Struct, frozen=True, kw_only=True):
    """Two entities of one scope that are one; `entity_id` stays."""

    entity_id: str
    other_id: str
    customer_id: str | None = None
    user_id: str | None = None


class SplitEntity(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken out of an entity: exactly one of an entity merged into it, and one of its names."""

    entity_id: str
    merged_id: str | None = None
    alias: str | None = None
    customer_id: str | None = None
    user_id: str | None = None
