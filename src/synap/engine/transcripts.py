"""`conversation.ingest_transcript`: a whole conversation recorded at once, as messages and as the document they make."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from synap.api.conversations import IngestedTranscript, IngestTranscript, TranscriptTurn
from synap.domain.documents import Block, BlockKind, DocumentType, Mode, PreparedDocument, Role, Turn, transcript_key
from synap.domain.ids import RowRef, check_caller_id, conversation_uuid, encode_public_id
from synap.domain.privacy import PiiHandling
from synap.domain.scopes import Ids, Scope
from synap.engine import checks
from synap.engine.callers import Caller, Instance, write_scope
from synap.engine.compactions import TRANSCRIPT, by_itself
from synap.engine.core import Core
from synap.errors import InvalidInputError
from synap.ingestion.pieces import is_large
from synap.ingestion.prepare import prepare
from synap.ingestion.protect import protect, protect_metadata
from synap.store.conversations import NewMessage, NewTranscript
from synap.store.documents import AcceptDocument

LONGEST_TYPE = 64
"""Characters of `conversation_type`."""

MOST_TURNS = 100_000

_ROLES = {Role.USER: "user", Role.ASSISTANT: "assistant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A turn as it becomes a message; `row` is the message's row id."""

    row: int
    role: Role
    content: str
    speaker: str | None
    at: datetime | None


async def ingest(core: Core, caller: Caller, request: IngestTranscript) -> IngestedTranscript:
    """Record a transcript, accept it as one document, and start its compaction, in one transaction."""
    instance = core.instance_of(caller)
    check_caller_id(request.conversation_id, field="conversation_id")
    _check(core, request)
    ids = Ids.checked(customer_id=request.customer_id, user_id=request.user_id)
    scope = write_scope(instance, ids, conversational=True)
    transcript, said = await _transcript(core, instance, scope, request)
    await core.backlog.admit(instance.id)
    recorded = await core.store.conversations.record_transcript(scope, transcript)
    await core.faults.point("accept")
    ingestion = recorded.ingestion
    core.note(caller, "transcript.ingest", scope=scope, targets=(ingestion.ingestion_id,), count=recorded.turns)
    core.wake()
    return IngestedTranscript(
        conversation_id=transcript.conversation,
        external_conversation_id=recorded.external_id,
        ingestion_id=ingestion.ingestion_id,
        status="duplicate" if ingestion.duplicate else "queued",
        summary_status=recorded.summary,
        turns_recorded=recorded.turns,
        queued_at=ingestion.queued_at,
        warnings=_warnings(said, transcript.messages, recorded.turns, duplicate=ingestion.duplicate),
    )


async def _transcript(
    core: Core, instance: Instance, scope: Scope, request: IngestTranscript
) -> tuple[NewTranscript, list[Said]]:
    """Return a request as the store takes it, and the turns that were found in it."""
    pii = PiiHandling(instance.maca.ingestion.pii.handling)
    now = core.clock.now()
    started = checks.moment(request.started_at, field="started_at")
    ended = checks.moment(request.ended_at, field="ended_at")
    if started is not None and ended is not None and ended < started:
        raise InvalidInputError("ended_at must not be before started_at", field="ended_at")
    conversation = conversation_uuid(request.conversation_id)
    prepared, said = await asyncio.to_thread(partial(_read, core, scope, request, pii, started or now))
    messages = _messages(request, said, pii, now=now, started=started or now)
    about = protect_metadata(checks.metadata(request.metadata), pii)[0]
    analysis = None if request.analysis is None else checks.metadata(request.analysis, field="analysis")
    transcript = NewTranscript(
        conversation=conversation,
        external_id=request.conversation_id,
        messages=messages,
        document=AcceptDocument(
            instance_id=instance.id,
            document_id=transcript_key(conversation),
            document_type=_type(said),
            mode=Mode.LONG_RANGE,
            prepared=prepared,
            large=is_large(prepared),
            created_at=started or now,
            recorded_at=now,
            metadata={**about, "conversation_id": request.conversation_id},
            conversation=conversation,
            on_duplicate="immutable",
        ),
        compaction=by_itself(instance, conversation, trigger=TRANSCRIPT, now=now),
        kind=protect(request.conversation_type, pii)[0],
        started_at=started or min((one.said_at for one in messages if one.said_at is not None), default=now),
        ended_at=ended,
        analysis=None if analysis is None else protect_metadata(analysis, pii)[0],
        metadata=about,
    )
    return transcript, said


def _check(core: Core, request: IngestTranscript) -> None:
    checks.text(request.conversation_type, field="conversation_type", limit=LONGEST_TYPE)
    transcript = request.transcript
    if isinstance(transcript, str):
        checks.document_size(transcript, limit=core.settings.max_document_bytes, field="transcript")
        if not transcript.strip():
            raise InvalidInputError("transcript must not be empty: give text, or turns", field="transcript")
        return
    if not transcript:
        raise InvalidInputError("transcript must hold at least one turn", field="transcript")
    if len(transcript) > MOST_TURNS:
        raise InvalidInputError(
            f"transcript must hold at most {MOST_TURNS} turns, not {len(transcript)}", field="transcript"
        )
    for index, turn in enumerate(transcript):
        if turn.role not in _ROLES.values():
            raise InvalidInputError(
                f"transcript[{index}].role must be 'user' or 'assistant'", field=f"transcript[{index}].role"
            )
        if not turn.content.strip():
            raise InvalidInputError(f"transcript[{index}].content must be text", field=f"transcript[{index}].content")
        checks.name(turn.speaker or "", field=f"transcript[{index}].speaker")
    checks.document_size(
        [Turn(content=turn.content) for turn in transcript],
        limit=core.settings.max_document_bytes,
        field="transcript",
    )


def _read(
    core: Core, scope: Scope, request: IngestTranscript, pii: PiiHandling, created_at: datetime
) -> tuple[PreparedDocument, list[Said]]:
    """Return the document that a transcript makes, each of its turns under the id of the message that it becomes."""
    given = request.transcript
    if isinstance(given, str):
        parsed = prepare(given, document_type=DocumentType.AI_CHAT, created_at=created_at, pii=PiiHandling.OFF)
        turns = _turns_of(parsed)
    else:
        turns = [_turn(turn) for turn in given]
    rows = [core.store.ids.next() for _ in turns]
    named = [
        Turn(
            content=turn.content,
            role=turn.role,
            speaker=turn.speaker,
            id=encode_public_id(RowRef(kind="message", bucket=scope.bucket, row_id=row)),
            timestamp=turn.timestamp,
        )
        for row, turn in zip(rows, turns, strict=True)
    ]
    prepared = prepare(named, document_type=DocumentType.AI_CHAT, created_at=created_at, pii=pii)
    checks.speakers((), prepared)
    said = [
        Said(
            row=row,
            role=_role(turn),
            content=protect(turn.content, pii)[0],
            speaker=None if turn.speaker is None else protect(turn.speaker, pii)[0],
            at=turn.timestamp,
        )
        for row, turn in zip(rows, turns, strict=True)
    ]
    return prepared, said


def _turn(turn: TranscriptTurn) -> Turn:
    at = checks.moment(turn.timestamp, field="transcript")
    return Turn(content=turn.content, role=turn.role, speaker=turn.speaker or None, timestamp=at)


def _turns_of(parsed: PreparedDocument) -> list[Turn]:
    """Return the turns that were found in text; text without any is one turn of the user."""
    turns = [block for block in parsed.blocks if block.role is not Role.AUTHOR]
    if not turns:
        return [Turn(content=parsed.text)]
    joined: list[Block] = []
    for block in turns:
        before = joined[-1] if joined else None
        if before is not None and _same_turn(before, block):
            joined[-1] = Block(
                kind=before.kind,
                start=before.start,
                end=block.end,
                text=f"{before.text}\n{block.text}",
                role=before.role,
                speaker=before.speaker,
                turn_id=before.turn_id,
                time=before.time,
            )
        else:
            joined.append(block)
    return [
        Turn(content=block.text, role=block.role.value, speaker=block.speaker, timestamp=block.time)
        for block in joined
        if block.text.strip()
    ]


def _same_turn(before: Block, block: Block) -> bool:
    """Whether a block goes on with what the one before it says, as a list or a table within a turn does."""
    same = (before.role, before.speaker, before.time) == (block.role, block.speaker, block.time)
    return same and block.kind is not BlockKind.TURN


def _role(turn: Turn) -> Role:
    return {"assistant": Role.ASSISTANT, "system": Role.SYSTEM}.get(turn.role, Role.USER)


def _type(said: Sequence[Said]) -> DocumentType:
    machine = any(turn.role is Role.ASSISTANT for turn in said)
    named = any(turn.speaker for turn in said)
    return DocumentType.HUMAN_CHAT if named and not machine else DocumentType.AI_CHAT


def _messages(
    request: IngestTranscript, said: Sequence[Said], pii: PiiHandling, *, now: datetime, started: datetime
) -> tuple[NewMessage, ...]:
    given = () if isinstance(request.transcript, str) else request.transcript
    messages = []
    at = started
    for index, turn in enumerate(said):
        if turn.role not in _ROLES:
            continue
        at = turn.at or at
        own = protect_metadata(checks.metadata(given[index].metadata), pii)[0] if given else {}
        messages.append(
            NewMessage(
                id=turn.row,
                role=_ROLES[turn.role],
                content=turn.content,
                metadata={**own, "speaker": turn.speaker} if turn.speaker else own,
                recorded_at=now,
                said_at=at,
            )
        )
    return tuple(messages)


def _warnings(
    said: Sequence[Said], messages: Sequence[NewMessage], recorded: int, *, duplicate: bool
) -> tuple[str, ...]:
    found = []
    if len(messages) < len(said):
        found.append(f"{len(said) - len(messages)} turns of the system are in the document, and no messages")
    if not duplicate and messages and not recorded:
        found.append("the conversation has recorded messages already; the transcript's turns were not added to them")
    return tuple(found)
