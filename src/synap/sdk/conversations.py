"""`sdk.conversation`: messages one by one, and the context of a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from synap.api.conversations import (
    ConversationTurn,
    PromptContext,
    ReadConversation,
    ReadPrompt,
    RecordedBatch,
    RecordedMessage,
    RecordMessage,
)
from synap.api.events import ConversationEvent, EventBatch
from synap.api.requests import build, event_batch, message_batch
from synap.domain.ids import check_caller_id
from synap.sdk.contexts import Connect, fetch
from synap.sdk.responses import ContextResponse
from synap.sdk.rows import checked_rows


class Conversation:
    """What concerns a conversation. Any string may name one; published clients see it as a UUID."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.context = ConversationContexts(connect)

    async def record_message(
        self,
        conversation_id: str,
        role: str,
        content: str,
        user_id: str | None = None,
        customer_id: str | None = None,
        *,
        session_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> RecordedMessage:
        """Store one message; it becomes memory in the background.

        Args:
            conversation_id: Any string.
            role: `user` or `assistant`.
            content: What was said.
            user_id: The user it belongs to.
            customer_id: The user's customer.
            session_id: A sitting within the conversation.
            metadata: Kept with the message.
        """
        request = build(
            RecordMessage,
            {
                "conversation_id": conversation_id,
                "role": role,
                "content": content,
                "user_id": user_id,
                "customer_id": customer_id,
                "session_id": session_id,
                "metadata": metadata,
            },
        )
        return await (await self._connect()).record_message(request)

    async def record_messages_batch(self, messages: Sequence[Mapping[str, Any] | RecordMessage]) -> RecordedBatch:
        """Store several messages, each with the arguments of `record_message`; bad ones fail one by one.

        Raises:
            InvalidInputError: A row is no mapping, or has an argument that `record_message` does not know; nothing is
                stored then.
        """
        rows = checked_rows(RecordMessage, messages, field="messages")
        return await (await self._connect()).record_messages(message_batch(rows))

    async def record_events(self, events: Sequence[Mapping[str, Any] | ConversationEvent]) -> EventBatch:
        """Tell events, each under an `event_id` of its own; a turn is stored once, however often its event is told.

        Raises:
            InvalidInputError: A row is no mapping, or has a name that an event does not know; nothing is stored then.
        """
        rows = checked_rows(ConversationEvent, events, field="events")
        return await (await self._connect()).record_events(event_batch(rows))

    async def messages(
        self,
        conversation_id: str,
        user_id: str | None = None,
        customer_id: str | None = None,
        start: int = 1,
        limit: int = 500,
    ) -> tuple[ConversationTurn, ...]:
        """Return messages in order: `limit` of them from the 1-based `start`; none for an unknown conversation."""
        check_caller_id(conversation_id, field="conversation_id")
        request = build(
            ReadConversation,
            {
                "conversation_id": conversation_id,
                "user_id": user_id,
                "customer_id": customer_id,
                "start": start,
                "limit": limit,
            },
        )
        return (await (await self._connect()).conversation_turns(request)).turns


class ConversationContexts:
    """The context of a conversation: its owner's memories and the broader ones, and what was said last."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def fetch(
        self,
        conversation_id: str,
        user_id: str | None = None,
        customer_id: str | None = None,
        *,
        search_query: str | Sequence[str] | None = None,
        max_results: int = 10,
        types: str | Sequence[str] | None = None,
        mode: str | None = None,
        max_tokens: int | None = None,
        query_date: datetime | str | None = None,
        as_of: datetime | str | None = None,
        response_shape: str = "by_type",
        scopes: Sequence[str] | None = None,
        explain: bool = False,
        include_conversation_context: bool = True,
    ) -> ContextResponse:
        """Return what to know in a conversation; arguments as in `UserContext.fetch`.

        Without ids the owner is the one who recorded the conversation, or whose documents named it; an unknown
        conversation gives an empty answer, with the reason in its metadata.
        """
        asked = {
            "conversation_id": conversation_id,
            "user_id": user_id,
            "customer_id": customer_id,
            "search_query": search_query,
            "max_results": max_results,
            "types": types,
            "mode": mode,
            "max_tokens": max_tokens,
            "query_date": query_date,
            "as_of": as_of,
            "response_shape": response_shape,
            "scopes": scopes,
            "explain": explain,
            "include_conversation_context": include_conversation_context,
        }
        return await fetch("conversation", self._connect, asked)

    async def get_context_for_prompt(
        self,
        conversation_id: str,
        user_id: str | None = None,
        customer_id: str | None = None,
        *,
        style: str = "structured",
    ) -> PromptContext:
        """Return the conversation itself, made ready for a prompt; an unknown one has `available` False.

        Args:
            conversation_id: Any string.
            user_id: Whose it is; without ids its only owner is taken.
            customer_id: The user's customer.
            style: `structured`, `narrative` or `bullet_points`.

        Raises:
            InvalidInputError: An id or the style is none.
        """
        check_caller_id(conversation_id, field="conversation_id")
        asked = {
            "conversation_id": conversation_id,
            "user_id": user_id,
            "customer_id": customer_id,
            "style": style,
        }
        return await (await self._connect()).conversation_prompt(build(ReadPrompt, asked))
