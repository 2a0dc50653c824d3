"""Requests and results of management: clients, instances, keys, configuration, WORLD, audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec


class WhoAmI(msgspec.Struct, frozen=True, kw_only=True):
    """Whose key this is; `user_context_isolation` is `strict` (b2b), `equals_customer` (b2c) or null (open)."""

    client_id: str
    instance_id: str
    user_context_isolation: str | None
    credential_id: str
    tenancy: str


class ClientRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation; several may have one name.

    `status` is `active`, `inactive` or `soft_deleted` (these two suspend its instances), or `deleting`: see `AdminApi`.
    """

    client_id: str
    name: str
    status: str
    created_at: datetime


class CreateClient(msgspec.Struct, frozen=True, kw_only=True):
    """A client to be made."""

    name: str


class UpdateClient(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to a client; what is None stays. `status` is `active`, `inactive` or `soft_deleted`."""

    name: str | None = None
    status: str | None = None


class InstanceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A deployed agent; `status` is `active`, `suspended`, `archived` or `deleting`.

    `memory_count` counts memories, superseded ones included, and entities; None in a list, where nothing is counted.
    """

    id: str
    client_id: str
    name: str
    agent_type: str
    tenancy: str
    status: str
    created_at: datetime
    config_status: str = "active"
    description: str = ""
    metadata: Mapping[str, str] = {}
    last_active_at: datetime | None = None
    memory_count: int | None = None


class CreateInstance(msgspec.Struct, frozen=True, kw_only=True):
    """A new instance; `tenancy` is `open`, `b2b` or `b2c` and stays."""

    client_id: str
    name: str
    agent_type: str = "general"
    tenancy: str = "open"
    description: str = ""
    metadata: Mapping[str, str] = {}


class UpdateInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to an instance; what is None stays. `status` is `active`, `suspended` or `archived`."""

    name: str | None = None
    agent_type: str | None = None
    description: str | None = None
    metadata: Mapping[str, str] | None = None
    status: str | None = None


class CreateKey(msgspec.Struct, frozen=True, kw_only=True):
    """What a new key is for."""

    label: str = ""


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret: `kind` is `application` (bound to an instance) or `management`."""

    key_id: str
    kind: str
    label: str
    prefix: str
    created_at: datetime
    instance_id: str | None = None
    client_id: str | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key just made: `api_key` is shown this once and stored only as a hash."""

    key_id: str
    api_key: str
    kind: str
    label: str
    created_at: datetime
    instance_id: str | None = None
    client_id: str | None = None


class ConfigRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An instance's memory architecture configuration (MACA): its number, the YAML as set, and every value in force."""

    instance_id: str
    revision: int
    source: str
    values: Mapping[str, Any]
    applied_at: datetime


class WorldMemory(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that every instance reads; written with a management key only."""

    content: str
    type: str = "fact"
    metadata: Mapping[str, Any] = {}


class ReadPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of a list: counted from 1, of 1 to 100 rows."""

    page: int = 1
    page_size: int = 20


class ReadAudit(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of the audit trail: `limit` entries from `cursor` on, newest first; of one instance, where given."""

    instance_id: str | None = None
    cursor: str | None = None
    limit: int = 100


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to which ids; never content."""

    at: datetime
    action: str
    actor: str
    instance_id: str | None = None
    scope: str | None = None
    customer_id: str | None = None
    user_id: str | None = None
    target_ids: tuple[str, ...] = ()
    count: int = 0
    correlation_id: str = ""
    outcome: str = "ok"


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of the audit trail, newest first; `cursor` fetches the next page, None at the end."""

    data: tuple[AuditEntry, ...] = ()
    cursor: str | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it can serve: `status` is `ok` or `degraded`; `embedder.semantic` false means the hashing fall-back.

    `language_model` tells which one is configured and how its calls went since the process began; empty without one.
    """

    status: str
    store: Mapping[str, Any]
    embedder: Mapping[str, Any]
    queue: Mapping[str, Any]
    version: str
    warnings: tuple[str, ...] = ()
    language_model: Mapping[str, Any] = {}
