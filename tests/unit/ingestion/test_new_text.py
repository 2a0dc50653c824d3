"""What a memory becomes when it is given new text: without a store, and in the caller's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from synap.domain.documents import DocumentType
from synap.domain.memories import Draft, Evidence, Memory, MemoryType, Precision, Statement, When
from synap.domain.own_slots import OwnSlot
from synap.domain.scopes import Scope
from synap.domain.slots import slots_of
from synap.ingestion.new_text import Reading, in_first_person, joined, renewed

ANA = Scope(rung="user", space="inst_0", ids=(("user", "ana"),))
EVERYONE = Scope(rung="client", space="inst_0")
TOLD = datetime(2026, 4, 1, 9, tzinfo=UTC)
NOW = TOLD + timedelta(days=30)


def known(content: str, *quotes: str, kind: MemoryType = MemoryType.FACT, scope: Scope = ANA, **more: object) -> Memory:
    """A memory that rests on the quotes, or on its own words where none are given."""
    statement = Statement(type=kind, content=content, slots=slots_of(content, subject="the user"), said_at=TOLD)
    evidence = tuple(
        Evidence(document_id=f"d{at}", start=0, end=len(quote), quote=quote)
        for at, quote in enumerate(quotes or (content,))
    )
    return Memory(
        id="m",
        scope=scope,
        statement=replace(statement, **more),  # type: ignore[arg-type]  # fields of a statement
        evidence=evidence,
        recorded_at=TOLD,
    )


def updated(old: Memory, text: str, strategy: str = "smart-merge", **reading: object) -> Draft:
    return renewed(old, text, strategy, Reading(now=NOW, **reading))  # type: ignore[arg-type]  # fields of a reading


def day(month: int, number: int, hour: int = 0) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The user lives in Berlin", "I moved to Oslo"),
        ("The user loves pizza", "I can't stand pizza any more"),
        ("The user works at Acme", "I joined Globex"),
        ("Works at Acme", "Joined Globex"),
        ("I smoke a pipe", "I no longer smoke"),
        ("The user smokes a pipe", "The user no longer smokes"),
        ("The alarm code is 4711", "IT changed the alarm code to 0815"),
        ("The user lives in Berlin", "I live in Berlin"),
        ("The budget is 5000 euros", "Forget what I said about the budget"),
    ],
)
def test_what_the_new_text_ends_or_says_too_does_not_stay_beside_it(old: str, new: str) -> None:
    assert updated(known(old), new).statement.content == new


def test_the_new_value_of_a_single_slot_is_the_only_one() -> None:
    after = updated(known("The user lives in Berlin. The user likes tea."), "I moved to Oslo").statement

    assert after.content == "I moved to Oslo. The user likes tea."
    assert [slot.value for slot in after.slots if slot.name == "residence"] == ["oslo"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The user lives in Berlin", "My dog is called Rex"),
        ("The user's sister lives in Berlin", "I moved to Oslo"),
        ("The user lives in Berlin", "In November I am moving to Oslo"),
        ("The user lives in Berlin", "I might move to Oslo"),
    ],
)
def test_what_may_be_true_beside_the_new_text_stays(old: str, new: str) -> None:
    after = updated(known(old), new)

    assert after.statement.content == f"{new}. {old}"
    assert after.evidence == known(old).evidence


def test_a_document_s_own_attributes_are_compared_in_their_section() -> None:
    told = slots_of("Support hours are 9am to 5pm", subject="the user")
    slots = tuple(replace(slot, section="plan north") for slot in told)
    old = known("Support hours are 9am to 5pm", scope=EVERYONE, slots=slots)

    after = updated(old, "Support is available around the clock")

    assert after.statement.content == "Support is available around the clock"
    assert {slot.section for slot in after.statement.slots} == {"plan north"}


def test_slots_of_the_configuration_are_settled_too() -> None:
    own = (OwnSlot(name="mooring", cues=("lies at",)),)
    old = updated(known("x"), "The boat lies at B14", "replace", own=own).statement

    after = updated(known(old.content, slots=old.slots), "The boat lies at C2", own=own).statement

    assert [(slot.name, slot.value) for slot in after.slots if slot.name == "own:mooring"] == [("own:mooring", "c2")]
    assert "B14" not in after.content


def test_parts_are_sentences_of_their_own() -> None:
    appended = updated(known("The user lives in Berlin"), "The user has a kiln", "append")

    assert appended.statement.content == "The user lives in Berlin. The user has a kiln"
    assert joined(['He said "no."', "Really?", "Well,", "yes"]) == 'He said "no." Really? Well. yes'


@pytest.mark.parametrize("strategy", ["replace", "smart-merge"])
def test_another_date_is_the_date_of_the_memory(strategy: str) -> None:
    at_ten = When(start=day(5, 5, 10), precision=Precision.INSTANT)
    old = known(
        "The user has a dentist appointment on 5 May 2026 at 10:00", kind=MemoryType.TEMPORAL_EVENT, when=at_ten
    )

    after = updated(old, "The user has a dentist appointment on 19 May 2026", strategy)

    assert (after.statement.type, after.statement.when) == (
        MemoryType.TEMPORAL_EVENT,
        When(start=day(5, 19), end=datetime(2026, 5, 19, 23, 59, 59, tzinfo=UTC)),
    )
    assert after.evidence == ()


def test_another_kind_of_text_makes_another_kind_of_memory() -> None:
    angry = When(start=day(3, 3))
    old = known(
        "The user was angry about the outage on 3 March 2026",
        kind=MemoryType.EMOTION,
        category="anger",
        score=0.9,
        when=angry,
    )

    after = updated(old, "I prefer light mode now", "replace").statement

    assert (after.type, after.category, after.when) == (MemoryType.PREFERENCE, "interface", None)
    assert after.content == "I prefer light mode now"


def test_a_feeling_told_of_the_user_is_a_feeling_still() -> None:
    old = known("The user is sad about the delay", kind=MemoryType.EMOTION, category="sadness")

    after = updated(old, "The user is furious about the delay", "replace").statement

    assert (after.type, after.category) == (MemoryType.EMOTION, "anger")


def test_what_the_instance_does_not_keep_gives_no_kind() -> None:
    after = updated(
        known("The user waits"),
        "I am furious about the delay",
        "replace",
        wanted=lambda draft: draft.statement.type is not MemoryType.EMOTION,
    )

    assert after.statement.type is MemoryType.FACT


def test_text_in_which_nothing_is_found_keeps_the_kind_but_not_the_time() -> None:
    old = known("The user went to Rome on 3 March 2026", kind=MemoryType.EPISODE, when=When(start=day(3, 3)))

    bare = updated(old, "Rome, twice", "replace").statement
    dated = updated(old, "Rome, twice, 7 March 2026", "replace").statement

    assert (bare.type, bare.when) == (MemoryType.EPISODE, None)
    assert dated.when is not None
    assert dated.when.start == day(3, 7)


def test_an_event_without_a_time_is_a_fact() -> None:
    old = known("Dentist at ten", kind=MemoryType.TEMPORAL_EVENT, when=When(start=day(5, 5, 10)))

    assert updated(old, "Bring the X-rays", "replace").statement.type is MemoryType.FACT


@pytest.mark.parametrize("strategy", ["append", "smart-merge"])
def test_an_event_that_is_only_added_to_keeps_its_time(strategy: str) -> None:
    when = When(start=day(5, 5, 10), precision=Precision.INSTANT)
    old = known("The user sees the dentist at ten, in the old town", kind=MemoryType.TEMPORAL_EVENT, when=when)

    after = updated(old, "Bring the X-rays", strategy)

    assert (after.statement.type, after.statement.when) == (MemoryType.TEMPORAL_EVENT, when)
    assert after.evidence == old.evidence


def test_how_the_text_is_to_be_read_is_heeded() -> None:
    old, text = known("The user likes tea"), "Melanie: I love coffee\nCaroline: I hate it"

    spoken = updated(old, text, "replace", document_type=DocumentType.HUMAN_CHAT).statement
    written = updated(old, "The user loves coffee", "replace", document_type=DocumentType.DOCUMENT).statement

    assert (spoken.type, written.type) == (MemoryType.PREFERENCE, MemoryType.FACT)


def test_until_when_a_text_holds_is_read_where_it_is_all_it_says() -> None:
    alone = updated(known("x"), "The user works at Acme until June 2027", "replace").statement
    beside = updated(known("x"), "The user works at Acme until June 2027. The user likes tea.", "replace").statement

    assert alone.valid_until is not None
    assert beside.valid_until is None


def test_evidence_stays_only_for_sentences_that_stay() -> None:
    old = known("The user lives in Berlin. The user likes tea.", "I live in Berlin", "I like tea")

    merged = updated(old, "I moved to Oslo")
    replaced = updated(old, "The user likes tea. The user owns a kiln.", "replace")

    assert [one.quote for one in merged.evidence] == ["I like tea"]
    assert [one.quote for one in replaced.evidence] == ["I like tea"]


@pytest.mark.parametrize("strategy", ["replace", "smart-merge"])
def test_the_same_text_again_changes_nothing_about_it(strategy: str) -> None:
    old = known(
        "Dentist at ten.", kind=MemoryType.TEMPORAL_EVENT, when=When(start=day(5, 5, 10)), valid_until=day(5, 6)
    )

    after = updated(old, "dentist at ten", strategy)

    assert replace(after.statement, content=old.statement.content, said_at=TOLD) == old.statement
    assert after.evidence == old.evidence


def test_the_user_speaks_where_memories_speak_of_the_user() -> None:
    texts = {
        "The user really loves pizza": "I really love pizza",
        "The user has no longer a car": "I have no longer a car",
        "the user's cat is ill": "my cat is ill",
        "The user and others use Slack": "The user and others use Slack",
        "Bo gave the user a watch": "Bo gave the user a watch",
    }

    assert {text: in_first_person(text) for text in texts} == texts
