"""Synap: scoped, typed memory for AI agents, with isolation that can be proven.

`Synap` is the way in: `Synap()` runs the engine in this process, `Synap(api_key=..., base_url=...)` speaks to a server,
and both answer the same calls. The names below are loaded when first used, so that `import synap` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from synap.version import __version__ as __version__

if TYPE_CHECKING:
    from synap.api.contexts import ContextItem, WhyNotAnswer
    from synap.api.data import DataDeletion, Forgotten, UserProfile
    from synap.api.memories import (
        BatchResult,
        Ingestion,
        MemoryPage,
        MemoryRecord,
        PendingRetraction,
        SettledRetraction,
        UndoneIngestion,
    )
    from synap.domain.documents import Turn
    from synap.errors import (
        AuthenticationError,
        ConflictError,
        ForbiddenError,
        InstanceNotReadyError,
        InvalidInputError,
        NetworkTimeoutError,
        NotFoundError,
        PayloadTooLargeError,
        PermanentError,
        RateLimitError,
        ScopeMissingError,
        ServiceUnavailableError,
        SetupError,
        SynapError,
        TranscriptConflictError,
        TransientError,
        UnprocessableError,
    )
    from synap.errors import NotFoundError as ContextNotFoundError
    from synap.errors import PermanentError as SynapPermanentError
    from synap.errors import TransientError as SynapTransientError
    from synap.sdk.client import Synap
    from synap.sdk.client import Synap as MaximemSynapSDK
    from synap.sdk.responses import ContextResponse
    from synap.sdk.sync import SynapSync


__all__ = [
    "AuthenticationError",
    "BatchResult",
    "ConflictError",
    "ContextItem",
    "ContextNotFoundError",
    "ContextResponse",
    "DataDeletion",
    "ForbiddenError",
    "Forgotten",
    "Ingestion",
    "InstanceNotReadyError",
    "InvalidInputError",
    "MaximemSynapSDK",
    "MemoryPage",
    "MemoryRecord",
    "NetworkTimeoutError",
    "NotFoundError",
    "PayloadTooLargeError",
    "PendingRetraction",
    "PermanentError",
    "RateLimitError",
    "ScopeMissingError",
    "ServiceUnavailableError",
    "SettledRetraction",
    "SetupError",
    "Synap",
    "SynapError",
    "SynapPermanentError",
    "SynapSync",
    "SynapTransientError",
    "TranscriptConflictError",
    "TransientError",
    "Turn",
    "UndoneIngestion",
    "UnprocessableError",
    "UserProfile",
    "WhyNotAnswer",
]

_HOMES = {
    "BatchResult": "synap.api.memories",
    "ContextItem": "synap.api.contexts",
    "ContextResponse": "synap.sdk.responses",
    "DataDeletion": "synap.api.data",
    "Forgotten": "synap.api.data",
    "Ingestion": "synap.api.memories",
    "MemoryPage": "synap.api.memories",
    "MemoryRecord": "synap.api.memories",
    "PendingRetraction": "synap.api.memories",
    "SettledRetraction": "synap.api.memories",
    "Synap": "synap.sdk.client",
    "SynapSync": "synap.sdk.sync",
    "Turn": "synap.domain.documents",
    "UndoneIngestion": "synap.api.memories",
    "UserProfile": "synap.api.data",
    "WhyNotAnswer": "synap.api.contexts",
}
"""Where a public name lives; what is not listed is an error."""

_ALIASES = {
    "ContextNotFoundError": "NotFoundError",
    "MaximemSynapSDK": "Synap",
    "SynapPermanentError": "PermanentError",
    "SynapTransientError": "TransientError",
}
"""What the official client calls them, so that code written for it finds the same things here."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'synap' has no attribute {name!r}")
    own = _ALIASES.get(name, name)
    value = getattr(import_module(_HOMES.get(own, "synap.errors")), own)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
