"""Preferences that nobody stated: what somebody chose on several occasions, as several documents tell.

Each occasion stays an episode of its own. A preference is added beside them with the document that completes the number; it
rests on that document's passage, and goes where deletions leave too few occasions (`synap.store.implied`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from synap.domain.choices import CHOICE, Choice, choices_of, enough
from synap.domain.clauses import clauses, without_time
from synap.domain.likings import LIKING
from synap.domain.memories import IMPLIED_EXTRACTOR, Draft, Memory, MemoryType, Modality, Slot, Statement
from synap.domain.normal_forms import normalise_subject
from synap.ingestion.statements import category_of
from synap.ingestion.verbs import third_person

CONFIDENCE = 0.65
STRENGTH = 0.6
"""Of a preference that was not stated: told by what was done, not by what was said."""

_LIGHT = {"have": ("food", "drink"), "get": ("food", "drink"), "take": ("travel",)}
"""Topics of what is chosen where the verb alone does not tell a choice: one has a tea, and a cold."""


def implied(
    drafts: Sequence[Draft], neighbours: Mapping[int, Sequence[tuple[Memory, float | None]]]
) -> tuple[Draft, ...]:
    """Return the preferences that follow from these drafts together with what is stored near each of them.

    Args:
        drafts: What a document says.
        neighbours: Stored memories by the draft's position; those with an attribute in common are all among them.
    """
    found: dict[Slot, Draft] = {}
    for key, draft in enumerate(drafts):
        if not _occasion(draft.statement) or all(slot.attribute != CHOICE for slot in draft.statement.slots):
            continue
        near = [memory for memory, _ in neighbours.get(key, ())]
        for choice in _choices(draft.statement):
            if choice.slot not in found and _preferred(choice, draft, near):
                found[choice.slot] = _preference(choice, draft)
    return tuple(found.values())


def _occasion(statement: Statement) -> bool:
    return statement.type is MemoryType.EPISODE and statement.modality is Modality.ASSERTED and statement.positive


def _choices(statement: Statement) -> Iterator[Choice]:
    """Yield what is chosen on an occasion, of what a verb tells a choice or the topic does."""
    owner = normalise_subject(statement.subject)
    for clause in clauses(statement.content):
        for choice in choices_of(without_time(clause), owner):
            topics = _LIGHT.get(choice.verb)
            if (
                not choice.habit
                and choice.slot in statement.slots
                and (not topics or category_of(choice.thing) in topics)
            ):
                yield choice


def _preferred(choice: Choice, draft: Draft, near: Sequence[Memory]) -> bool:
    """Whether enough documents tell of the choice, and nobody has said how it stands with it."""
    liking = choice.slot.name.replace(choice.slot.attribute, LIKING, 1)
    told = [(draft.statement, draft.evidence)]
    for memory in near:
        slots = memory.statement.slots
        if any(slot.subject == choice.slot.subject and slot.name == liking for slot in slots):
            return False
        if choice.slot not in slots:
            continue
        if not _occasion(memory.statement):
            return False
        told.append((memory.statement, memory.evidence))
    return enough(told)


def _preference(choice: Choice, draft: Draft) -> Draft:
    told = draft.statement
    begins = told.content.casefold().startswith(told.subject.casefold())
    name = told.content[: len(told.subject)] if begins else told.subject
    content = f"{name} often {third_person(choice.verb)} {choice.thing}"
    statement = Statement(
        type=MemoryType.PREFERENCE,
        content=content,
        confidence=CONFIDENCE,
        score=STRENGTH,
        subject=told.subject,
        category=category_of(choice.thing),
        slots=(choice.slot,),
        entities=tuple(entity for entity in told.entities if entity in content),
        said_at=told.said_at,
        language=told.language,
    )
    return Draft(statement=statement, evidence=draft.evidence[-1:], extractor=IMPLIED_EXTRACTOR)
