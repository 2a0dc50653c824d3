"""For whom a fetch reads: the scope that its ids name, or that its conversation belongs to."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from synap.api.contexts import FetchContext
from synap.domain.ids import check_caller_id, conversation_uuid
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.engine.callers import Instance
from synap.engine.core import Core
from synap.errors import InvalidInputError, ScopeMissingError, TransientError

logger = logging.getLogger(__name__)

UNKNOWN_CONVERSATION = "unknown_conversation"
AMBIGUOUS_CONVERSATION = "ambiguous_conversation"
FOREIGN_CONVERSATION = "conversation_of_another_owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """For whom a fetch reads: a scope, or none and the reason why the answer is empty.

    Attributes:
        scope: Whose context it is.
        reason: Why there is none.
        away: The store could not be asked, so that the answer is degraded.
    """

    scope: Scope | None
    reason: str = ""
    away: bool = False


AWAY = Owner(scope=None, away=True)
"""The store did not answer whose the context is."""


async def owner_of(core: Core, instance: Instance, request: FetchContext) -> Owner:
    """Return for whom a fetch reads."""
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    if request.conversation_id is not None:
        check_caller_id(request.conversation_id, field="conversation_id")
    if request.target == "conversation":
        return await _conversation_owner(core, instance, request, ids)
    # Ids that the target does not use still have to be ids that the instance takes.
    decide_scope(instance.place, ids)
    if request.target == "user":
        if ids.user_id is None:
            raise InvalidInputError("user_id is required for a user's context", field="user_id")
        return Owner(scope=decide_scope(instance.place, ids))
    if request.target == "customer":
        if ids.customer_id is None:
            raise ScopeMissingError("customer_id is required for a customer's context", field="customer_id")
        return Owner(scope=decide_scope(instance.place, Ids(customer_id=ids.customer_id)))
    if request.target == "client":
        return Owner(scope=decide_scope(instance.place, Ids()))
    raise InvalidInputError(
        f"target must be 'user', 'customer', 'client' or 'conversation', not {request.target!r}", field="target"
    )


async def _conversation_owner(core: Core, instance: Instance, request: FetchContext, ids: Ids) -> Owner:
    """Return whose conversation it is: the ids' owner if the record does not contradict, else the only one on record."""
    if request.conversation_id is None:
        raise InvalidInputError("conversation_id is required for a conversation's context", field="conversation_id")
    named = None if ids.empty else decide_scope(instance.place, ids, conversational=True)
    try:
        async with asyncio.timeout(core.settings.store_timeout):
            known = await core.store.documents.owners(instance.id, conversation_uuid(request.conversation_id))
    except (TransientError, TimeoutError) as error:
        logger.warning("store did not answer a fetch", extra={"error": type(error).__name__})
        return AWAY
    # The directory does not tell in which space a shared scope lies: the instance does.
    known = [decide_scope(instance.place, Ids()) if scope.shared else scope for scope in known]
    if named is not None:
        return Owner(scope=None, reason=FOREIGN_CONVERSATION) if known and named not in known else Owner(scope=named)
    if not known:
        return Owner(scope=None, reason=UNKNOWN_CONVERSATION)
    if len(known) > 1:
        return Owner(scope=None, reason=AMBIGUOUS_CONVERSATION)
    return Owner(scope=known[0])
