"""`user.profile`: a user in short, made of the user's own memories by rules, on request and for opted-in instances alone.

Published clients answer a fetch without a question from the profile alone once there is one, with empty memory lists. So
an instance has profiles only where its configuration says so (`retrieval.profiles`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from synap.api.data import ProfileAttribute, UserProfile
from synap.domain.attributes import NOT
from synap.domain.memories import Memory, MemoryType
from synap.domain.normal_forms import normalise_subject
from synap.domain.scopes import Ids, Scope, decide_scope
from synap.domain.slot_table import BY_NAME
from synap.engine.callers import Caller, Instance
from synap.engine.core import Core
from synap.errors import InvalidInputError
from synap.retrieval.fuse import last_said

LOOKED_AT = 1000
MOST_ATTRIBUTES = 40
MOST_VALUES = 8
MOST_PREFERENCES = 10
OVERVIEW_SENTENCES = 6
OVERVIEW_CHARACTERS = 600
USER = "the user"


async def profile(core: Core, caller: Caller, ids: Ids) -> UserProfile | None:
    """Return a user's profile; None where the instance has none, or nothing is known of the user.

    Raises:
        InvalidInputError: `user_id` is missing, or the ids do not fit the instance's tenancy.
    """
    instance = core.instance_of(caller)
    if ids.user_id is None:
        raise InvalidInputError("user_id is required for a profile", field="user_id")
    scope = decide_scope(instance.place, ids)
    found = await profile_in(core, instance, scope)
    core.note(caller, "profile.read", scope=scope, count=0 if found is None else found.meta["memories"])
    return found


async def profile_in(core: Core, instance: Instance, scope: Scope) -> UserProfile | None:
    """Return the profile of the user whose scope is given; None as `profile`."""
    if not instance.maca.retrieval.profiles:
        return None
    page = await core.store.memories.list(scope, page_size=LOOKED_AT)
    now = core.clock.now()
    kept_from = instance.maca.storage.retention.kept_from(now)
    threshold = instance.maca.ingestion.extraction.confidence_threshold
    current = [
        memory
        for memory in page.memories
        if _holds(memory, now)
        and memory.statement.confidence >= threshold
        and (kept_from is None or memory.recorded_at >= kept_from)
    ]
    return profile_of(current, now=now) if current else None


def profile_of(memories: Sequence[Memory], *, now: datetime) -> UserProfile:
    """Return the profile that memories of one user give."""
    own = _own_subjects(memories)
    return UserProfile(
        attributes=_attributes(memories, own),
        overview=_overview(memories, own),
        extras={"preferences": [memory.statement.content for memory in _strongest(memories)]},
        meta={"generated_at": now.isoformat(), "memories": len(memories), "made_by": "rules"},
    )


def _holds(memory: Memory, now: datetime) -> bool:
    statement = memory.statement
    begun = statement.valid_from is None or statement.valid_from <= now
    return begun and (statement.valid_until is None or statement.valid_until > now)


def _own_subjects(memories: Sequence[Memory]) -> frozenset[str]:
    """Return how the user is called, in normal form: `the user`, the names told, or else whom most memories are about."""
    user = normalise_subject(USER)
    subjects = Counter(normalise_subject(memory.statement.subject or USER) for memory in memories)
    names = {
        slot.value
        for memory in memories
        for slot in memory.statement.slots
        if slot.name == "name" and slot.subject == user and not slot.value.startswith(NOT)
    }
    known = {user} | {normalise_subject(name) for name in names}
    return frozenset(known if any(name in subjects for name in known) else {subjects.most_common(1)[0][0]})


def _attributes(memories: Sequence[Memory], own: frozenset[str]) -> Mapping[str, ProfileAttribute]:
    """Return what is known under the names we ship slots for; of one that holds one at a time, what was said last."""
    values: dict[str, list[str]] = {}
    told: dict[str, Memory] = {}
    for memory in sorted(memories, key=lambda one: (last_said(one), one.statement.confidence), reverse=True):
        for name, value, single in _told(memory, own):
            kept = values.setdefault(name, [])
            full = len(kept) >= (1 if single else MOST_VALUES) or (name not in told and len(told) >= MOST_ATTRIBUTES)
            if full or value.casefold() in (one.casefold() for one in kept):
                continue
            kept.append(value)
            told.setdefault(name, memory)
    return {
        name: ProfileAttribute(
            value=", ".join(values[name]),
            confidence=round(min(1.0, max(0.0, memory.statement.confidence)), 4),
            updated_at=last_said(memory),
            source_conversation_id=_conversation_of(memory.metadata),
        )
        for name, memory in sorted(told.items())
    }


def _told(memory: Memory, own: frozenset[str]) -> Iterator[tuple[str, str, bool]]:
    for slot in memory.statement.slots:
        spec = BY_NAME.get(slot.name)
        if spec is not None and slot.subject in own and not slot.value.startswith(NOT):
            yield slot.name, _as_written(slot.value, memory.statement.content), spec.single and slot.single


def _as_written(value: str, content: str) -> str:
    """Return a value in the letters of the text that told it, where it stands there."""
    found = re.search(re.escape(value), content, re.IGNORECASE)
    return found[0] if found else value


def _overview(memories: Sequence[Memory], own: frozenset[str]) -> str:
    """Return the surest statements about the user, as sentences."""
    types = (MemoryType.FACT, MemoryType.PREFERENCE)
    about = [
        memory
        for memory in memories
        if memory.statement.type in types and normalise_subject(memory.statement.subject or USER) in own
    ]
    about.sort(
        key=lambda one: (one.statement.confidence, bool(one.statement.slots), one.statement.score, last_said(one)),
        reverse=True,
    )
    sentences: list[str] = []
    room = OVERVIEW_CHARACTERS
    for memory in about[: 4 * OVERVIEW_SENTENCES]:
        text = memory.statement.content.strip()
        text = text if text.endswith((".", "!", "?")) else f"{text}."
        if len(sentences) < OVERVIEW_SENTENCES and len(text) < room and text not in sentences:
            sentences.append(text)
            room -= len(text) + 1
    return " ".join(sentences)


def _strongest(memories: Sequence[Memory]) -> list[Memory]:
    liked = [memory for memory in memories if memory.statement.type is MemoryType.PREFERENCE]
    liked.sort(key=lambda one: (one.statement.score * one.statement.confidence, last_said(one)), reverse=True)
    return liked[:MOST_PREFERENCES]


def _conversation_of(metadata: Mapping[str, Any]) -> str:
    found = metadata.get("conversation_id")
    return found if isinstance(found, str) else ""
