"""What a later text does to an earlier one: from the words to the changes, without a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from synap.domain.documents import DocumentType
from synap.domain.memories import Memory, MemoryStatus
from synap.domain.privacy import PiiHandling
from synap.domain.scopes import Scope
from synap.ingestion.extract import Source, extract
from synap.ingestion.prepare import prepare
from synap.ingestion.reconcile import Related, reconcile

SCOPE = Scope(rung="user", space="inst_0", ids=(("user", "u"),))
FIRST = datetime(2026, 1, 5, tzinfo=UTC)


def _told(texts: Sequence[str], *, document: bool = False, days: int = 30) -> list[Memory]:
    """Tell one text after the other, each `days` later, and return all memories in the order of their making."""
    kind = DocumentType.DOCUMENT if document else DocumentType.AI_CHAT
    memories: dict[str, Memory] = {}
    for number, text in enumerate(texts):
        at = FIRST + timedelta(days=days * number)
        prepared = prepare(
            text if document else f"User: {text}", document_type=kind, created_at=at, pii=PiiHandling.OFF
        )
        source = Source(document_id=f"d{number}", document_type=kind, created_at=at, rung="user")
        found = extract(prepared, source)
        active = [memory for memory in memories.values() if memory.status is MemoryStatus.ACTIVE]
        related = Related(
            neighbours={key: [(memory, None) for memory in active] for key in range(len(found.drafts))},
            topics={key: [(memory, 1.0) for memory in active] for key in range(len(found.retractions))},
        )
        changes = reconcile(found.drafts, found.retractions, related, now=at)
        ids = {new.key: f"{number}-{new.key}" for new in changes.add}
        for new in changes.add:
            statement, evidence = new.draft.statement, new.draft.evidence
            memories[ids[new.key]] = Memory(
                id=ids[new.key], scope=SCOPE, statement=statement, evidence=evidence, recorded_at=at
            )
        for end in changes.supersede:
            old = end.memory_id if end.memory_id is not None else ids[end.older_key or 0]
            statement = replace(memories[old].statement, valid_until=end.valid_until)
            memories[old] = replace(memories[old], status=end.status, statement=statement)
    return list(memories.values())


def _contents(memories: Sequence[Memory], *, active: bool) -> list[str]:
    return [one.statement.content for one in memories if (one.status is MemoryStatus.ACTIVE) is active]


@pytest.mark.parametrize(
    "texts",
    [
        ("# Plant North\n\n- Foreman: Ulf", "# Plant South\n\n- Foreman: Jens"),
        ("Customer Falk\n\nContact: Mia", "Customer Brandt\n\nContact: Tove"),
        ("Order 77\nStatus: shipped\nPrice: 30 euros", "Order 78\nStatus: open\nPrice: 45 euros"),
        ("# Printer P3\n\nThe location is Floor 2.", "# Printer P4\n\nThe location is Floor 5."),
        ("# Kiosk A\n\n## Contact\n\n- Phone: 0151 22233344", "# Kiosk B\n\n## Contact\n\n- Phone: 0151 99988877"),
        ("# Lab 1\n\n- Temperature: 20 degrees\n\n# Lab 2\n\n- Temperature: 4 degrees",),
        ("Vehicle: Truck 4\nMileage: 9,000 km\n\nVehicle: Truck 5\nMileage: 700 km",),
        ("# Overview\n\n- Owner: Kim", "# Overview\n\n- Owner: Lee"),
        ("Deadline: 4 May", "Deadline: 9 June"),
        ("# Gym\n\nTowels are free.", "# Pool\n\nTowels are no longer free."),
    ],
)
def test_facts_of_two_things_in_documents_stand_side_by_side(texts: tuple[str, ...]) -> None:
    memories = _told(texts, document=True)

    assert len(memories) > 1
    assert _contents(memories, active=False) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("# Plant North\n\n- Foreman: Ulf", "# Plant North\n\n- Foreman: Jens"),
        ("Support hours are 9am to 5pm.", "Support hours are now 8am to 6pm."),
        ("Dana leads the API team.", "Miguel has taken over the API team from Dana."),
    ],
)
def test_a_newer_document_on_the_same_named_thing_replaces_the_older(first: str, second: str) -> None:
    older, newer = _told((first, second), document=True)

    assert (older.status, newer.status) == (MemoryStatus.SUPERSEDED, MemoryStatus.ACTIVE)


@pytest.mark.parametrize(
    "texts",
    [
        ("My bike is a Brompton.", "My bike is in the shed."),
        ("My car is a Mazda.", "My car is dirty.", "My car is at the mechanic."),
        ("My manager is Rosa.", "My manager is on parental leave.", "My manager is Italian."),
        ("My husband is Piotr.", "My husband is sick."),
        ("My boyfriend is Luca.", "My boyfriend is taller than me."),
        ("My doctor is Dr Weiss.", "My doctor is very kind.", "My dentist is Dr Lund."),
        ("My job title is data engineer.", "My job is stressful."),
        ("My phone is a Pixel 8.", "My phone number is 0151 222333.", "My phone is broken."),
        ("I live in Turku.", "I live in a shared house."),
        ("I live in Turku.", "I moved to Kubernetes."),
        ("I live in Turku.", "The bakery moved to Mill Road."),
        ("I work at Nokia.", "I also work at a food bank on Saturdays."),
        ("I work for Nokia.", "I work for Greenpeace part-time too."),
        ("My colleague lives in Vaasa.", "My colleague lives in Oulu."),
        ("My cousin is vegan.", "My cousin is vegetarian."),
        ("My train is on Monday.", "My train is at 7:15."),
        ("I like tea in the morning.", "I don't like tea in the evening."),
        ("I have two meetings on Monday.", "I have three meetings on Tuesday."),
        ("I use Figma.", "I switched to decaf."),
        ("I live in Turku.", "Eight years ago I moved to Espoo."),
    ],
)
def test_what_is_of_another_kind_or_stands_beside_ends_nothing(texts: tuple[str, ...]) -> None:
    memories = _told(texts)

    assert _contents(memories, active=False) == []
    assert all(memory.statement.valid_until is None for memory in memories)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("I'm 29.", "I turned 30 yesterday."),
        ("I love sushi.", "I don't love sushi any more."),
        ("I enjoy jogging.", "I stopped enjoying jogging."),
        ("I can't stand techno.", "I like techno now."),
        ("I weigh 91 kilos.", "I now weigh 86 kilos."),
        ("I have one dog.", "I have two dogs now."),
        ("I work 36 hours a week.", "I work 28 hours a week now."),
        ("I pay 700 euros rent.", "My rent was raised to 760 euros."),
        ("My team's retro is at 3pm.", "Our retro moved to 4pm."),
        ("I prefer evening classes.", "I now prefer morning classes."),
        ("My desk is in Building C.", "My desk is in Building F."),
        ("I moved to Brno last week.", "I live in Olomouc."),
        ("My brother is called Jon.", "Sorry, my brother is called John, not Jon."),
        ("Our demo is on Monday.", "It's not Monday but Wednesday, our demo."),
        ("I like Greek salads.", "Actually, I meant Italian salads."),
    ],
)
def test_a_plain_change_or_correction_ends_the_older_statement(first: str, second: str) -> None:
    older, newer = _told((first, second))

    assert (older.status, newer.status) == (MemoryStatus.SUPERSEDED, MemoryStatus.ACTIVE)


@pytest.mark.parametrize(
    "texts",
    [
        ("I live in Bari.", "I'm moving to Trieste in November."),
        ("I'm moving to Trieste in November.", "I live in Bari."),
    ],
)
def test_a_planned_move_ends_the_present_home_on_its_day_and_not_before(texts: tuple[str, str]) -> None:
    memories = {memory.statement.slots[0].value: memory for memory in _told(texts)}

    move = datetime(2026, 11, 1, tzinfo=UTC)
    assert {memory.status for memory in memories.values()} == {MemoryStatus.ACTIVE}
    assert memories["bari"].statement.valid_until == move
    assert (memories["trieste"].statement.valid_from, memories["trieste"].statement.valid_until) == (move, None)


@pytest.mark.parametrize(
    ("texts", "retracted"),
    [
        (("My aunt's rent is 700 euros.", "Forget my rent."), []),
        (("My cousin works at Lidl.", "Forget that I work at Lidl."), []),
        (("I work at Lidl.", "Forget that I work at Lidl."), ["The user works at Lidl"]),
        (
            ("My son's age is 9.", "My age is 44.", "Forget what I told you about my age."),
            ["The user's age is 44"],
        ),
        (("My son's age is 9.", "My age is 44.", "Please forget my son's age."), ["The user's son's age is 9"]),
    ],
)
def test_a_retraction_takes_back_only_what_is_about_the_person_it_names(
    texts: tuple[str, ...], retracted: list[str]
) -> None:
    assert _contents(_told(texts), active=False) == retracted


def test_a_correction_that_fits_nothing_is_kept_in_the_words_of_its_speaker() -> None:
    _, kept = _told(("I work with Anna.", "Actually, I meant Vietnamese food."))

    assert "Vietnamese food" in kept.statement.content
    assert (kept.statement.verbatim, kept.statement.correction) == (True, True)
