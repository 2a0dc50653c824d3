"""On whose behalf an operation runs: the key's kind, the instance it is bound to, and how that instance is configured."""

from __future__ import annotations

from dataclasses import dataclass, replace

from synap.domain.scopes import Ids, Place, Scope, decide_scope
from synap.errors import ForbiddenError
from synap.maca.schema import Maca


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance as an operation needs it.

    Attributes:
        place: Its ids, tenancy and ladder.
        maca: Its configuration in force.
        revision: Number of that configuration; part of every cache key.
    """

    place: Place
    maca: Maca
    revision: int

    @property
    def id(self) -> str:
        """`inst_…`."""
        return self.place.instance_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls.

    Attributes:
        actor: `key:<key id>` or `process`, as the audit trail names it.
        kind: `application` or `management`.
        key_id: Id of the key, empty in process.
        instance: The instance the key is bound to; None for a management key.
        correlation_id: Id of the request.
        unverified: The store did not answer whether the key still holds. Such a caller gets no content: a fetch is
            answered as degraded, everything else is refused as unavailable.
    """

    actor: str
    kind: str
    key_id: str = ""
    instance: Instance | None = None
    correlation_id: str = ""
    unverified: bool = False

    def with_correlation(self, correlation_id: str) -> Caller:
        """Return the same caller for another request."""
        return replace(self, correlation_id=correlation_id)


def write_scope(instance: Instance, ids: Ids, *, conversational: bool = False) -> Scope:
    """Return the scope of a write.

    Raises:
        ScopeMissingError: The ids do not fit the instance's tenancy.
        ForbiddenError: The instance keeps CLIENT writes for management keys.
    """
    scope = decide_scope(instance.place, ids, conversational=conversational)
    check_writable(instance, scope)
    return scope


def check_writable(instance: Instance, scope: Scope) -> None:
    """Check that applications may change the memories of a scope.

    Raises:
        ForbiddenError: The instance keeps CLIENT writes for management keys.
    """
    if scope.shared and instance.maca.storage.scoping.client_writes == "management_key":
        raise ForbiddenError(
            "this instance takes CLIENT memories with a management key only (storage.scoping.client_writes);"
            " give customer_id or user_id",
            field="customer_id",
        )
