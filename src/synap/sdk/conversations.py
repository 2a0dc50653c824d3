"""`sdk.conversation`: messages one by one or as a transcript, and the context and compaction of a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from synap.api.conversations import (
    CompactConversation,
    CompactedConversation,
    CompactionStarted,
    CompactionStatus,
    ConversationTurn,
    IngestedTranscript,
    IngestTranscript,
    PromptContext,
    ReadCompaction,
    ReadConversation,
    ReadPrompt,
    RecordedBatch,
    RecordedMessage,
    RecordMessage,
    TranscriptTurn,
)
from synap.api.events import ConversationEvent, EventBatch
from synap.api.requests import build, event_batch, message_batch
from synap.domain.ids import check_caller_id
from synap.errors import NotFoundError
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
        event_id: str | None = None,
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
            event_id: Yours, a new one for each message: told again under it, a message is not recorded again.
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
                "event_id": event_id,
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

    async def ingest_transcript(
        self,
        conversation_id: str,
        user_id: str | None,
        transcript: str | Sequence[Mapping[str, Any] | TranscriptTurn],
        customer_id: str | None = None,
        *,
        conversation_type: str | None = None,
        analysis: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        started_at: datetime | str | None = None,
        ended_at: datetime | str | None = None,
    ) -> IngestedTranscript:
        """Record a whole conversation at once; memories and a compaction are made of it in the background.

        Repeating the call with the same transcript does nothing and tells the first ingestion.

        Args:
            conversation_id: Any string.
            user_id: The user it belongs to.
            transcript: Text, which is split into turns by its labels (`User: …`), or turns with `role`, `content` and,
                where known, `timestamp`, `speaker`, `metadata`.
            customer_id: The user's customer.
            conversation_type: Your word for what sort of conversation it was, of at most 64 characters.
            analysis: What you know about it already, kept as it is. What it says that the transcript says too is
                remembered as sure; nothing is remembered of it alone.
            metadata: Kept with the conversation, and given back with every memory made from it.
            started_at: When it began; else the first turn's time, or now.
            ended_at: When it ended.

        Raises:
            TranscriptConflictError: The conversation has another transcript already.
        """
        request = build(
            IngestTranscript,
            {
                "conversation_id": conversation_id,
                "user_id": user_id,
                "customer_id": customer_id,
                "transcript": transcript,
                "conversation_type": conversation_type,
                "analysis": analysis,
                "metadata": metadata,
                "started_at": started_at,
                "ended_at": ended_at,
            },
        )
        return await (await self._connect()).ingest_transcript(request)


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
        max_results_per_query: int | None = None,
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
            "max_results_per_query": max_results_per_query,
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

    async def compact(
        self,
        conversation_id: str,
        user_id: str | None = None,
        customer_id: str | None = None,
        *,
        strategy: str | None = None,
        compaction_level: str | None = None,
        target_tokens: int | None = None,
        force: bool = False,
    ) -> CompactionStarted:
        """Start to compact a conversation in the background; `get_compaction_status` tells when it is done.

        Args:
            conversation_id: Any string.
            user_id: Whose it is; without ids its only owner is taken.
            customer_id: The user's customer.
            strategy: `conservative`, `balanced`, `aggressive` or `adaptive` (the default); also `low`, `medium`, `high`.
            compaction_level: Another name for `strategy`.
            target_tokens: Size of the result at most, in place of the strategy's share.
            force: Also where the newest compaction covers every message.

        Raises:
            ConflictError: One is being made already.
            NotFoundError: The conversation has no messages.
        """
        check_caller_id(conversation_id, field="conversation_id")
        asked = {
            "conversation_id": conversation_id,
            "user_id": user_id,
            "customer_id": customer_id,
            "strategy": strategy or compaction_level,
            "target_tokens": target_tokens,
            "force": force,
        }
        return await (await self._connect()).compact_conversation(build(CompactConversation, asked))

    async def get_compaction_status(
        self, conversation_id: str, user_id: str | None = None, customer_id: str | None = None
    ) -> CompactionStatus:
        """Return how the newest compaction stands: `none`, `in_progress`, `completed` or `failed`."""
        check_caller_id(conversation_id, field="conversation_id")
        asked = {"conversation_id": conversation_id, "user_id": user_id, "customer_id": customer_id}
        return await (await self._connect()).compaction_status(build(ReadCompaction, asked))

    async def get_compacted(
        self,
        conversation_id: str,
        user_id: str | None = None,
        customer_id: str | None = None,
        *,
        version: int | None = None,
        format: str = "structured",  # noqa: A002 - the published client's name
    ) -> CompactedConversation | None:
        """Return the newest completed compaction, or one of the kept versions; None where there is none.

        Args:
            conversation_id: Any string.
            user_id: Whose it is; without ids its only owner is taken.
            customer_id: The user's customer.
            version: Which version, from 1.
            format: `structured`, `narrative`, `bullet_points` or `injection`.
        """
        check_caller_id(conversation_id, field="conversation_id")
        asked = {
            "conversation_id": conversation_id,
            "user_id": user_id,
            "customer_id": customer_id,
            "version": version,
            "format": format,
        }
        try:
            return await (await self._connect()).compacted_conversation(build(ReadCompaction, asked))
        except NotFoundError:
            return None
