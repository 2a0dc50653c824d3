"""What is sent to a listener before it asks: bundles of context for the next turn, and what makes them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from synap.api.contexts import ContextItem, ConversationContext


class Anticipate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A turn that was just taken from a listener; what comes next is to be foreseen from it."""

    conversation_id: str
    role: str
    user_id: str | None = None
    customer_id: str | None = None


class CompactionUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that has been compacted: its context, its summary as a block, and how many messages that covers."""

    context: ConversationContext
    block: str
    covered: int
    total: int


class ContextBundle(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Context made ready for a listener.

    Attributes:
        bundle_id: Sent again under the same id, a bundle replaces what was sent before.
        bundle_type: `anticipation` (for the next turn), `user_summary` or `compaction_update`.
        items: Memories of the listener's scope chain, best first.
        user_id, customer_id, conversation_id: Whose it is; always those of the turn that called for it.
        scope: The narrowest rung of that chain.
        search_queries: The questions that it foresees.
        search_keywords: Words by which a question can be matched with it.
        confidence: How sure the foresight is, 0..1.
        total_tokens, token_budget: Size of its items' contents, and the bound on it.
        ttl_seconds: For how long it may be used.
        stamp: Versions of the scopes it was read from; a version that has changed since calls for a look at it.
        compacted: What a `compaction_update` tells.
    """

    bundle_id: str
    bundle_type: str
    created_at: datetime
    items: tuple[ContextItem, ...] = ()
    user_id: str | None = None
    customer_id: str | None = None
    conversation_id: str | None = None
    scope: str = ""
    search_queries: tuple[str, ...] = ()
    search_keywords: tuple[str, ...] = ()
    confidence: float = 0.0
    total_tokens: int = 0
    token_budget: int = 0
    ttl_seconds: int = 1800
    stamp: tuple[int, ...] = ()
    compacted: CompactionUpdate | None = None
