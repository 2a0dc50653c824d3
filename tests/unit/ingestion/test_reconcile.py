from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from synap.domain.memories import (
    Draft,
    Evidence,
    Memory,
    MemoryStatus,
    MemoryType,
    Modality,
    Retraction,
    Statement,
)
from synap.domain.scopes import Scope
from synap.domain.slots import slots_of
from synap.ingestion.reconcile import Related, reconcile

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCOPE = Scope(rung="user", space="inst_0", ids=(("user", "u"),))


def _day(month: int, day: int = 1) -> datetime:
    return datetime(2025, month, day, tzinfo=UTC)


def _said(text: str, at: datetime, **more: object) -> Statement:
    fields = {"type": MemoryType.FACT, "content": text, "said_at": at, "slots": slots_of(text, subject="the user")}
    return Statement(**(fields | more))  # type: ignore[arg-type]  # fields by name, for brevity


def _draft(text: str, at: datetime, *, position: int = 0, **more: object) -> Draft:
    evidence = Evidence(document_id="doc", start=position, end=position + len(text), quote=text)
    return Draft(statement=_said(text, at, **more), evidence=(evidence,))


def _stored(text: str, at: datetime, *, id_: str = "old", **more: object) -> Memory:
    return Memory(id=id_, scope=SCOPE, statement=_said(text, at, **more), recorded_at=at)


def _retraction(topic: str, at: datetime, *, position: int = 1000) -> Retraction:
    evidence = Evidence(document_id="doc", start=position, end=position + 1, quote="x", turn_id="t9")
    return Retraction(topic=topic, evidence=evidence, said_at=at)


def _near(*memories: Memory, similarity: float | None = None) -> Related:
    return Related(neighbours={0: [(memory, similarity) for memory in memories]})


def test_something_new_is_added_under_its_position() -> None:
    changes = reconcile([_draft("The user likes jazz", _day(1))], [], Related(), now=NOW)

    assert [new.key for new in changes.add] == [0]
    assert changes.supersede == ()
    assert changes.refresh == ()


def test_the_same_words_again_refresh_what_is_stored() -> None:
    known = _stored("The user lives in Sligo", _day(1))

    changes = reconcile([_draft("The user lives in Sligo.", _day(6))], [], _near(known), now=NOW)

    assert changes.add == ()
    (again,) = changes.refresh
    assert (again.memory_id, again.said_at) == ("old", _day(6))
    assert again.statement is not None
    assert again.statement.content == "The user lives in Sligo."
    assert changes.refresh[0].evidence


def test_a_near_duplicate_refreshes_only_with_equal_numbers() -> None:
    known = _stored("The user owns 3 bicycles", _day(1))

    other = reconcile([_draft("The user owns 4 bicycles", _day(2))], [], _near(known, similarity=0.97), now=NOW)
    equal = reconcile([_draft("The user really owns 3 bicycles", _day(2))], [], _near(known, similarity=0.97), now=NOW)

    assert len(other.add) == 1
    assert equal.add == ()


def test_a_newer_value_of_a_single_slot_supersedes_from_when_it_holds() -> None:
    known = _stored("The user lives in Sligo", _day(1))
    draft = _draft("The user moved to Ennis", _day(6), valid_from=_day(5, 20))

    changes = reconcile([draft], [], _near(known), now=NOW)

    (end,) = changes.supersede
    assert (end.memory_id, end.by_key, end.status) == ("old", 0, MemoryStatus.SUPERSEDED)
    assert end.valid_until == _day(5, 20)
    assert end.reason == "newer value of residence"


def test_a_statement_that_arrives_late_is_added_as_already_superseded() -> None:
    known = _stored("The user lives in Ennis", _day(6))

    changes = reconcile([_draft("The user lives in Sligo", _day(1))], [], _near(known), now=NOW)

    (end,) = changes.supersede
    assert [new.key for new in changes.add] == [0]
    assert (end.memory_id, end.older_key, end.by_id) == (None, 0, "old")
    assert end.valid_until == _day(6)


def test_a_value_announced_for_later_leaves_the_present_one_active_until_then() -> None:
    known = _stored("The office is at 3 Mill Lane", _day(1))
    draft = _draft("From 1 September the office is at 9 Quay Street", _day(5), valid_from=_day(9))

    changes = reconcile([draft], [], _near(known), now=NOW)

    (end,) = changes.supersede
    assert (end.status, end.valid_until) == (MemoryStatus.ACTIVE, _day(9))


def test_what_holds_only_for_a_while_ends_nothing() -> None:
    known = _stored("The user lives in Rome", _day(1))
    draft = _draft("The user lives in Turin", _day(7), valid_until=_day(8))

    assert reconcile([draft], [], _near(known), now=NOW).supersede == ()


@pytest.mark.parametrize(
    "draft",
    [
        _draft("If I lived in Porto I would surf", _day(6)),
        _draft("The user lives in Paris", _day(6), modality=Modality.HYPOTHETICAL),
        _draft("The user lives in Paris", _day(6), modality=Modality.PLANNED),
        _draft("The user lives in Paris", _day(6), modality=Modality.REPORTED),
        _draft("The user spent a weekend in Paris", _day(6), type=MemoryType.EPISODE),
        _draft("The user's brother lives in Paris", _day(6)),
        _draft("For this May the user is staying in Paris", _day(6)),
        _draft("Twelve years ago the user lived in Paris", _day(6)),
    ],
    ids=lambda draft: f"{draft.statement.content} ({draft.statement.modality}, {draft.statement.type})",
)
def test_non_updates_leave_the_known_value_alone(draft: Draft) -> None:
    known = _stored("The user lives in Lyon", _day(1))

    changes = reconcile([draft], [], _near(known, similarity=0.95), now=NOW)

    assert len(changes.add) == 1
    assert changes.supersede == ()


def test_the_event_that_changed_a_value_ends_the_older_one() -> None:
    known = _stored("The user lives in Lyon", _day(1))
    moved = _draft("The user moved to Paris", _day(6), type=MemoryType.EPISODE)

    changes = reconcile([moved], [], _near(known), now=NOW)

    assert [(change.memory_id, change.status) for change in changes.supersede] == [("old", MemoryStatus.SUPERSEDED)]


def test_values_that_add_up_stay_side_by_side() -> None:
    known = _stored("The user is allergic to nuts", _day(1))

    assert reconcile([_draft("The user is allergic to kiwi", _day(6))], [], _near(known), now=NOW).supersede == ()


def test_an_end_supersedes_exactly_the_value_it_names() -> None:
    nuts, kiwi = _stored("The user uses Trello", _day(1), id_="a"), _stored("The user uses Linear", _day(2), id_="b")

    changes = reconcile([_draft("The user no longer uses Trello", _day(6))], [], _near(nuts, kiwi), now=NOW)

    assert [end.memory_id for end in changes.supersede] == ["a"]


def test_a_correction_supersedes_what_was_said_in_the_same_breath() -> None:
    drafts = [
        _draft("The user's daughter's birthday is on 3 May", _day(5)),
        _draft("The user's daughter's birthday is on 13 May", _day(5), position=60, correction=True),
    ]

    (end,) = reconcile(drafts, [], Related(), now=NOW).supersede

    assert (end.older_key, end.by_key, end.reason) == (0, 1, "corrected birthday")


def test_a_dislike_replaces_a_liking_only_when_it_says_that_it_ended() -> None:
    known = _stored("The user likes oat milk", _day(1), type=MemoryType.PREFERENCE)
    ended = _draft("The user no longer likes oat milk", _day(6), type=MemoryType.PREFERENCE, positive=False)

    (end,) = reconcile([ended], [], _near(known), now=NOW).supersede

    assert end.reason == "no longer holds"


def test_repetitions_inside_one_document_are_counted_and_a_change_still_wins() -> None:
    drafts = [_draft("The user lives in Sligo", _day(1), position=30 * n) for n in range(5)]
    drafts.append(_draft("The user lives in Ennis", _day(6), position=200))

    changes = reconcile(drafts, [], Related(), now=NOW)

    assert [(new.key, new.seen_count) for new in changes.add] == [(0, 5), (5, 1)]
    assert len(changes.add[0].draft.evidence) == 5
    assert [(end.older_key, end.by_key) for end in changes.supersede] == [(0, 5)]


def test_a_return_to_an_old_value_becomes_current_again() -> None:
    drafts = [_draft(f"The user's editor is {name}", _day(n + 1)) for n, name in enumerate(("Zed", "Helix", "Zed"))]

    changes = reconcile(drafts, [], Related(), now=NOW)

    assert [new.key for new in changes.add] == [0, 1, 2]
    assert [(end.older_key, end.by_key) for end in changes.supersede] == [(0, 1), (1, 2)]


def test_order_of_saying_counts_not_order_of_arrival() -> None:
    drafts = [_draft("The user lives in Ennis", _day(6)), _draft("The user lives in Sligo", _day(1))]

    (end,) = reconcile(drafts, [], Related(), now=NOW).supersede

    assert (end.older_key, end.by_key) == (1, 0)


def test_an_elliptical_new_value_completes_the_one_slot_that_fits() -> None:
    known = _stored("The user's budget for the roof is 5,000", _day(1))

    changes = reconcile([_draft("Make it 7,000 for the roof", _day(2))], [], _near(known), now=NOW)

    assert [end.memory_id for end in changes.supersede] == ["old"]
    assert changes.add[0].draft.statement.slots[0].value == "7000"


def test_a_newer_value_does_not_bury_what_else_an_older_statement_says() -> None:
    known = _stored("The user lives in Sligo and the user works at Umbra", _day(1))

    assert reconcile([_draft("The user moved to Ennis", _day(6))], [], _near(known), now=NOW).supersede == ()


def test_a_retraction_takes_back_the_one_slot_it_names() -> None:
    code, name = _stored("My gate code is 7719", _day(1), id_="a"), _stored("My name is Teo", _day(1), id_="b")
    related = Related(topics={0: [(code, 3.0), (name, 0.1)]})

    changes = reconcile([], [_retraction("my gate code", _day(2))], related, now=NOW)

    (end,) = changes.supersede
    assert (end.memory_id, end.status, end.valid_until) == ("a", MemoryStatus.RETRACTED, _day(2))
    assert changes.messages == ()


def test_a_retraction_finds_other_forms_of_its_words() -> None:
    nuts = _stored("My guest is allergic to lupins", _day(1))

    changes = reconcile([], [_retraction("the lupin allergy", _day(2))], Related(topics={0: [(nuts, 1.0)]}), now=NOW)

    assert [end.memory_id for end in changes.supersede] == ["old"]


def test_an_ambiguous_retraction_retracts_nothing_and_says_so() -> None:
    roof = _stored("The user's roof budget is 5,000", _day(1), id_="a")
    trip = _stored("The user's travel budget is 900", _day(1), id_="b")
    related = Related(topics={0: [(roof, 2.0), (trip, 2.0)]})

    changes = reconcile([], [_retraction("the budget", _day(2))], related, now=NOW)

    assert changes.supersede == ()
    assert changes.messages == (
        "retraction pending (doc#t9): it matches several unrelated memories; nothing was retracted",
    )


def test_a_sweeping_retraction_takes_all_that_match() -> None:
    roof = _stored("The user's roof budget is 5,000", _day(1), id_="a")
    trip = _stored("The user's travel budget is 900", _day(1), id_="b")
    related = Related(topics={0: [(roof, 2.0), (trip, 2.0)]})

    changes = reconcile([], [_retraction("everything about the budget", _day(2))], related, now=NOW)

    assert {end.memory_id for end in changes.supersede} == {"a", "b"}


def test_a_retraction_without_a_match_says_so() -> None:
    changes = reconcile([], [_retraction("the budget", _day(2))], Related(), now=NOW)

    assert changes.supersede == ()
    assert len(changes.messages) == 1


def test_a_retraction_reaches_what_was_said_before_it_not_after() -> None:
    drafts = [
        _draft("The user's gate code is 7719", _day(1), position=0),
        _draft("The user's gate code is 9902", _day(1), position=2000),
    ]

    changes = reconcile(drafts, [_retraction("my gate code", _day(1), position=1000)], Related(), now=NOW)

    assert [end.older_key for end in changes.supersede] == [0]


def test_what_is_said_again_after_a_retraction_stays() -> None:
    draft = _draft("The user's gate code is 7719", _day(1), position=2000)
    stored = _stored("The user's gate code is 7719", _day(1))
    related = Related(neighbours={0: [(stored, 1.0)]}, topics={0: [(stored, 1.0)]})

    changes = reconcile([draft], [_retraction("my gate code", _day(1), position=1000)], related, now=NOW)

    assert changes.supersede == ()
    assert [one.memory_id for one in changes.refresh] == ["old"]


def test_a_value_from_a_later_day_on_leaves_the_present_one_standing_until_then() -> None:
    first = _day(9)
    draft = _draft("The studio is at 9 Mill Lane", _day(3), valid_from=first)
    related = Related(neighbours={0: [(_stored("The studio is at 2 Quay Road", _day(1)), 0.8)]})

    changes = reconcile([draft], [], related, now=NOW)

    assert [(one.memory_id, one.status, one.valid_until) for one in changes.supersede] == [
        ("old", MemoryStatus.ACTIVE, first)
    ]


def test_a_tool_that_we_use_gives_way_to_the_one_that_ours_was_moved_to() -> None:
    drafts = [
        _draft("The user and others deploy with Jenkins", _day(1)),
        _draft("The user's pipelines were migrated to Buildkite", _day(2), position=100),
    ]

    changes = reconcile(drafts, [], Related(), now=NOW)

    assert [(one.older_key, one.by_key) for one in changes.supersede] == [(0, 1)]


def test_many_alike_statements_of_one_document_are_compared_with_a_few_of_them_each() -> None:
    drafts = [_draft(f"The user likes tea number {n}", _day(1), position=40 * n) for n in range(3000)]

    started = time.process_time()
    changes = reconcile(drafts, [], Related(), now=NOW)

    assert len(changes.add) == len(drafts)
    assert time.process_time() - started < 10


def test_of_many_neighbours_those_with_the_same_text_or_value_are_always_compared() -> None:
    others = [_stored(f"The user is allergic to food {n}", _day(2), id_=f"m{n}") for n in range(100)]
    kiwi = _stored("The user is allergic to kiwi", _day(1))
    draft = _draft("The user is no longer allergic to kiwi", _day(6))

    changes = reconcile([draft], [], _near(*others[:50], kiwi, *others[50:]), now=NOW)

    assert [end.memory_id for end in changes.supersede] == ["old"]


def test_two_values_in_one_document_are_of_two_things() -> None:
    slots = tuple(replace(slot, section="documents") for slot in slots_of("The manager is Ola", subject="the user"))
    drafts = [
        _draft("The manager is Ola", _day(1), slots=slots),
        _draft("The manager is Per", _day(1), position=40, slots=(replace(slots[0], value="per"),)),
    ]

    assert reconcile(drafts, [], Related(), now=NOW).supersede == ()


def test_after_the_clock_was_set_back_the_newest_statement_wins() -> None:
    ahead, came = _stored("The user lives in Turin", NOW + timedelta(days=2)), NOW - timedelta(minutes=1)

    changes = reconcile([_draft("The user lives in Porto", came)], [], _near(ahead), now=NOW, came=came)

    assert [(one.memory_id, one.by_key) for one in changes.supersede] == [("old", 0)]


def test_after_the_clock_was_set_back_what_was_said_before_can_be_taken_back() -> None:
    ahead, came = _stored("The user lives in Turin", NOW + timedelta(days=2)), NOW - timedelta(minutes=1)
    related = Related(topics={0: [(ahead, 1.0)]})

    changes = reconcile([], [_retraction("Turin", came)], related, now=NOW, came=came)

    assert [(one.memory_id, one.status) for one in changes.supersede] == [("old", MemoryStatus.RETRACTED)]


def test_after_the_clock_was_set_back_what_comes_late_is_still_the_older() -> None:
    ahead, came = _stored("The user lives in Turin", NOW + timedelta(days=2)), NOW - timedelta(minutes=1)

    changes = reconcile([_draft("The user lives in Porto", _day(1))], [], _near(ahead), now=NOW, came=came)

    assert [(one.older_key, one.by_id) for one in changes.supersede] == [(0, "old")]


def test_what_was_dated_in_the_future_stands_before_what_is_said_today() -> None:
    ahead = replace(_stored("The user lives in Turin", NOW + timedelta(days=2)), recorded_at=NOW)

    changes = reconcile([_draft("The user lives in Porto", NOW)], [], _near(ahead), now=NOW)

    assert [(one.older_key, one.by_id) for one in changes.supersede] == [(0, "old")]
