"""Laws of reconciling and settling: ingesting twice is ingesting once, the latest word stands, the narrower scope wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from synap.domain.conflicts import Relation, relation
from synap.domain.contexts import Candidate, ScoreParts
from synap.domain.memories import Changes, Draft, Evidence, Memory, MemoryStatus, MemoryType, Statement
from synap.domain.scopes import LADDER, Scope
from synap.domain.slots import slots_of
from synap.domain.values import canonical, read_values
from synap.ingestion.reconcile import Related, reconcile
from synap.retrieval.scored import Scored
from synap.retrieval.settle import settle

NOW = datetime(2026, 1, 1, tzinfo=UTC)
USER = Scope(rung="user", space="inst_0", ids=(("user", "u"),))
CLIENT = Scope(rung="client", space="inst_0")

_SUBJECTS = ("The user", "The user's sister", "Dana")
_FORMS = ("{} lives in {}", "{} moved to {}", "{} works at {}", "{} is allergic to {}", "{} uses {}")
_NAMES = ("Oslo", "Bergen", "Narvik", "Voss")

texts = st.builds(
    lambda subject, form, name: form.format(subject, name),
    st.sampled_from(_SUBJECTS),
    st.sampled_from(_FORMS),
    st.sampled_from(_NAMES),
)


def _draft(text: str, day: int) -> Draft:
    said = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day)
    statement = Statement(type=MemoryType.FACT, content=text, said_at=said, slots=slots_of(text, subject="the user"))
    return Draft(statement=statement, evidence=(Evidence(document_id="d", start=day, end=day + 1, quote=text),))


drafts = st.lists(st.builds(_draft, texts, st.integers(0, 300)), max_size=8)


def _applied(known: Sequence[Memory], changes: Changes, run: int) -> list[Memory]:
    """A plain model of the store: add, then end."""
    ids = {new.key: f"{run}-{new.key}" for new in changes.add}
    memories = {memory.id: memory for memory in known}
    for new in changes.add:
        memory_id = ids[new.key]
        memories[memory_id] = Memory(id=memory_id, scope=USER, statement=new.draft.statement, recorded_at=NOW)
    for end in changes.supersede:
        memory_id = end.memory_id if end.memory_id is not None else ids[end.older_key or 0]
        statement = replace(memories[memory_id].statement, valid_until=end.valid_until)
        memories[memory_id] = replace(memories[memory_id], status=end.status, statement=statement)
    return list(memories.values())


def _ingested(known: Sequence[Memory], new: Sequence[Draft], run: int) -> tuple[list[Memory], Changes]:
    active = [(memory, None) for memory in known if memory.status is MemoryStatus.ACTIVE]
    changes = reconcile(new, [], Related(neighbours=dict.fromkeys(range(len(new)), active)), now=NOW)
    return _applied(known, changes, run), changes


def _active(memories: Sequence[Memory]) -> set[str]:
    return {memory.statement.content for memory in memories if memory.status is MemoryStatus.ACTIVE}


@given(drafts)
def test_ingesting_twice_believes_the_same_as_ingesting_once(said: list[Draft]) -> None:
    once, _ = _ingested([], said, 1)
    twice, _ = _ingested(once, said, 2)

    assert _active(twice) == _active(once)


@given(drafts)
def test_one_ingestion_or_many_believe_the_same(said: list[Draft]) -> None:
    in_order = sorted(said, key=lambda draft: draft.statement.said_at or NOW)
    at_once, _ = _ingested([], in_order, 1)
    one_by_one: list[Memory] = []
    for run, draft in enumerate(in_order):
        one_by_one, _ = _ingested(one_by_one, [draft], run)

    assert _active(one_by_one) == _active(at_once)


@given(drafts)
def test_at_most_one_value_of_a_single_slot_is_believed_and_it_is_the_latest(said: list[Draft]) -> None:
    memories, _ = _ingested([], said, 1)

    believed: dict[tuple[str, ...], set[str]] = {}
    for memory in memories:
        if memory.status is MemoryStatus.ACTIVE:
            for slot in memory.statement.slots:
                if slot.single:
                    believed.setdefault(slot.key, set()).add(slot.value)
    assert all(len(values) == 1 for values in believed.values())


@given(drafts)
def test_every_change_names_what_exists_and_nothing_ends_twice(said: list[Draft]) -> None:
    _, changes = _ingested([], said, 1)

    added = {new.key for new in changes.add}
    ended = [end.older_key for end in changes.supersede]
    assert set(ended) <= added
    assert {end.by_key for end in changes.supersede} <= added
    assert len(ended) == len(set(ended))


@given(texts, texts)
def test_how_two_statements_stand_does_not_depend_on_their_order(a: str, b: str) -> None:
    first, second = _draft(a, 0).statement, _draft(b, 1).statement

    assert relation(first, second) is relation(second, first)
    assert relation(first, first) is Relation.SAME


@given(st.lists(st.tuples(texts, st.integers(0, 300), st.sampled_from([USER, CLIENT])), max_size=12))
def test_marks_point_to_what_is_served_and_never_to_a_broader_scope(said: list[tuple[str, int, Scope]]) -> None:
    ranked = [
        Scored(
            candidate=Candidate(
                memory=Memory(id=str(n), scope=scope, statement=_draft(text, day).statement, recorded_at=NOW)
            ),
            score=ScoreParts(total=1 - n / 100),
        )
        for n, (text, day, scope) in enumerate(said)
    ]

    settled = settle(ranked, LADDER)

    served = {one.scored.candidate.memory.id: one for one in settled}
    merged = [other for one in settled for other in one.merged]
    assert sorted([*served, *merged], key=int) == [str(n) for n in range(len(said))]
    for one in settled:
        if one.overridden_by is not None:
            winner = served[one.overridden_by].scored.candidate.memory
            assert LADDER.rank(winner.scope.rung) <= LADDER.rank(one.scored.candidate.memory.scope.rung)
            assert winner.id != one.scored.candidate.memory.id


@given(st.text(max_size=200))
def test_any_text_is_read_without_error(text: str) -> None:
    slots_of(text, subject="the user")
    values, rest = read_values(text)

    assert len(canonical(text)) >= 0
    assert values or rest == text
