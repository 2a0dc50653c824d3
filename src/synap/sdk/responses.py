"""What a fetch gives to a program: the answer's items, sorted into the lists that callers read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from synap.api.contexts import ContextAnswer, ContextItem, ContextMetadata, ConversationContext, ConversationSummary
from synap.api.data import UserProfile
from synap.domain.memories import MemoryType


@dataclass(frozen=True)
class ContextResponse:
    """The context of a turn. Lists are best first, and all hold the same `ContextItem` objects as `items`.

    Attributes:
        items: Everything served, each memory once.
        formatted_context: The same as text for a prompt, within the token budget.
        conversation_context: The running conversation, for a conversation's fetch, else None.
        metadata: How the answer came about.
        conversations: In the mode `conversation-summary`, the user's latest conversations, newest first.
        profile: In that mode with `include_profile`, the user in short; None where the instance has no profiles.
    """

    items: Sequence[ContextItem]
    formatted_context: str
    conversation_context: ConversationContext | None
    metadata: ContextMetadata
    conversations: Sequence[ConversationSummary] = ()
    profile: UserProfile | None = None

    @classmethod
    def of(cls, answer: ContextAnswer) -> ContextResponse:
        """Return the response for an answer of the `Api`."""
        return cls(
            items=list(answer.items),
            formatted_context=answer.formatted_context,
            conversation_context=answer.conversation_context,
            metadata=answer.metadata,
            conversations=list(answer.conversations),
            profile=answer.profile,
        )

    @cached_property
    def facts(self) -> list[ContextItem]:
        """Everything stated as true of the scope: facts, and preferences too; each item names its `type`."""
        return self._of(MemoryType.FACT, MemoryType.PREFERENCE)

    @cached_property
    def preferences(self) -> list[ContextItem]:
        """Likes, dislikes and requests for standing behaviour."""
        return self._of(MemoryType.PREFERENCE)

    @cached_property
    def episodes(self) -> list[ContextItem]:
        """What happened, or was done, to or by someone."""
        return self._of(MemoryType.EPISODE)

    @cached_property
    def emotions(self) -> list[ContextItem]:
        """How someone felt."""
        return self._of(MemoryType.EMOTION)

    @cached_property
    def temporal_events(self) -> list[ContextItem]:
        """What has a date."""
        return self._of(MemoryType.TEMPORAL_EVENT)

    def __len__(self) -> int:
        return len(self.items)

    def _of(self, *types: MemoryType) -> list[ContextItem]:
        return [item for item in self.items if item.type in types]
