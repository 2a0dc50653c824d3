"""Request, result and enumeration types under the names that callers of the public SDK know."""

from __future__ import annotations

from synap.api.contexts import ContextItem, ConversationContext
from synap.api.contexts import ContextMetadata as ResponseMetadata
from synap.api.conversations import RecordMessage as RecordMessageRequest
from synap.api.memories import BatchResult as BatchCreateResponse
from synap.api.memories import CreateMemory as CreateMemoryRequest
from synap.api.memories import Ingestion as CreateMemoryResponse
from synap.api.memories import Ingestion as MemoryStatusResponse
from synap.api.memories import MemoryRecord as Memory
from synap.api.memories import StructuredMemory
from synap.domain.contexts import ResponseShape, RetrievalMode
from synap.domain.documents import DocumentType, IngestionStatus, Turn
from synap.domain.documents import Mode as IngestMode
from synap.domain.memories import MemoryType

__all__ = [
    "BatchCreateResponse",
    "ContextItem",
    "ConversationContext",
    "CreateMemoryRequest",
    "CreateMemoryResponse",
    "DocumentType",
    "IngestMode",
    "IngestionStatus",
    "Memory",
    "MemoryStatusResponse",
    "MemoryType",
    "RecordMessageRequest",
    "ResponseMetadata",
    "ResponseShape",
    "RetrievalMode",
    "StructuredMemory",
    "Turn",
]
