"""The words that a member of a request or an answer may hold, for the schema; the engine is who judges them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synap.domain.contexts import ResponseShape, RetrievalMode
from synap.domain.documents import DocumentType, IngestionStatus, Mode
from synap.domain.memories import MemoryStatus, MemoryType
from synap.domain.scopes import Tenancy
from synap.engine.admin import CLIENT_STATUSES, INSTANCE_STATUSES
from synap.engine.conversations import ROLES
from synap.engine.data import SCOPES
from synap.engine.forgetting import MODES
from synap.engine.memories import MERGE_STRATEGIES
from synap.engine.questions import PRECISION_LEVELS
from synap.store.scopes import DELETING

TARGETS = ("user", "customer", "client", "conversation")
"""Whose context can be fetched."""

_DOCUMENT_TYPES = tuple(DocumentType)
_MEMORY_TYPES = tuple(MemoryType)
_TENANCIES = tuple(Tenancy)
_KEY_KINDS = ("application", "management")

CHOICES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "ClientRecord": {"status": (*CLIENT_STATUSES, DELETING)},
    "CreateInstance": {"tenancy": _TENANCIES},
    "CreateMemory": {"document_type": _DOCUMENT_TYPES, "mode": tuple(Mode), "on_duplicate": ("update", "reject")},
    "DataDeletion": {"status": ("complete", "partial", "in_progress", "dry_run"), "scope": SCOPES},
    "DeleteData": {"scope": SCOPES},
    "FetchContext": {
        "precision_level": PRECISION_LEVELS,
        "mode": tuple(RetrievalMode),
        "response_shape": tuple(ResponseShape),
        "target": TARGETS,
    },
    "ForgetMemories": {"mode": MODES},
    "Forgotten": {"status": ("nothing_matches", "preview", "deleted", "partial")},
    "Ingestion": {"status": tuple(IngestionStatus)},
    "InstanceRecord": {"status": (*INSTANCE_STATUSES, DELETING), "tenancy": _TENANCIES},
    "KeyRecord": {"kind": _KEY_KINDS},
    "ListMemories": {"type": _MEMORY_TYPES, "status": tuple(MemoryStatus)},
    "MemoryRecord": {"memory_type": _MEMORY_TYPES, "status": tuple(MemoryStatus)},
    "NewKey": {"kind": _KEY_KINDS},
    "RecordMessage": {"role": tuple(ROLES)},
    "StructuredMemory": {"type": _MEMORY_TYPES},
    "UpdateClient": {"status": CLIENT_STATUSES},
    "UpdateInstance": {"status": INSTANCE_STATUSES},
    "UpdateMemory": {"merge_strategy": MERGE_STRATEGIES, "document_type": _DOCUMENT_TYPES},
    "WhoAmI": {"tenancy": _TENANCIES},
    "WorldMemory": {"type": _MEMORY_TYPES},
}
"""By type and member."""

LIST_OR_WORD: Mapping[str, Sequence[str]] = {"FetchContext": ("search_query", "types", "scopes")}
"""Lists in whose place one word may stand, by type."""

OR_OBJECT: Mapping[str, Sequence[str]] = {"CreateMemory": ("document",), "UpdateMemory": ("document",)}
"""Texts in whose place an object may stand, by type."""

PATH_CHOICES: Mapping[str, Sequence[str]] = {"target": TARGETS}
"""By the name of a part of the path."""
