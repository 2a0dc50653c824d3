"""Laws of what whole dialogues do: no memory without evidence, and nothing ends but by its own subject and slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from synap.domain.changeovers import stopped
from synap.domain.conflicts import all_slots
from synap.domain.documents import DocumentType
from synap.domain.memories import Memory, MemoryStatus, Statement
from synap.domain.normal_forms import normalise_subject
from synap.domain.privacy import PiiHandling
from synap.domain.scopes import Scope
from synap.domain.turnovers import turned
from synap.ingestion.extract import Source, extract
from synap.ingestion.prepare import prepare
from synap.ingestion.reconcile import Related, reconcile

START = datetime(2030, 1, 1, tzinfo=UTC)
SCOPE = Scope(rung="user", space="inst_0", ids=(("user", "u"),))

_WHO = ("I", "My sister", "My colleague Ola", "Dana")
_DOES = (
    ("live", "lives", "in Hamar"),
    ("live", "lives", "in Molde"),
    ("work", "works", "at Nordvik"),
    ("train", "trains", "at Vulkan gym"),
    ("drink", "drinks", "coffee every morning"),
    ("ride", "rides", "a Trek bike"),
    ("speak", "speaks", "Danish"),
)
_CHANGES = (
    "{} moved to Namsos.",
    "{} quit Nordvik and joined Sørvik.",
    "{} switched from Vulkan to Torggata.",
    "{} sold the Trek.",
    "{} no longer drink{} coffee.",
    "{} gave up coffee.",
    "{} switched the bike to a Scott.",
    "{} was moved to the night shift.",
)
_LOOSE = (
    "My dentist is Dr. Haug.",
    "Actually, my dentist is Dr. Lie.",
    "Forget my dentist.",
    "If I lived in Rome I would cycle.",
    "Does Dana live in Molde?",
    "Last summer I visited Hamar.",
    "Maybe I will move to Bodø.",
    "Choir practice is on Mondays.",
    "Choir practice was moved to Thursdays.",
    "Thanks, that helps!",
    "The rehearsal room is in the annex.",
    "The rehearsal room is in the cellar now.",
    "They moved the rehearsal to the gym.",
    "I changed the code of the shed, it's 4410 now.",
    "The code of the shed is 2210.",
    "My sister changed her bike, it's a Scott now.",
    "As a student I lived in Kiruna.",
    "I used to ride a Trek.",
)


def _saying(who: str, does: tuple[str, str, str]) -> str:
    return f"{who} {does[0] if who == 'I' else does[1]} {does[2]}."


def _change(who: str, form: str) -> str:
    return form.format(who, "" if who == "I" else "s")


sayings = st.one_of(
    st.builds(_saying, st.sampled_from(_WHO), st.sampled_from(_DOES)),
    st.builds(_change, st.sampled_from(_WHO), st.sampled_from(_CHANGES)),
    st.sampled_from(_LOOSE),
)
dialogues = st.lists(st.tuples(st.lists(sayings, min_size=1, max_size=4), st.integers(0, 300)), min_size=1, max_size=5)


class _Told:
    """A plain model of the store that keeps what ended what."""

    def __init__(self) -> None:
        self.memories: dict[str, Memory] = {}
        self.texts: dict[str, str] = {}
        self.endings: list[tuple[Memory, Memory | None, str]] = []

    def tell(self, number: int, said: Sequence[str], day: int) -> None:
        """Hand in a dialogue and apply what it changes."""
        at = START + timedelta(days=day)
        text = "\n".join(f"User: {one}" for one in said)
        prepared = prepare(text, document_type=DocumentType.AI_CHAT, created_at=at, pii=PiiHandling.OFF)
        self.texts[f"d{number}"] = prepared.text
        found = extract(prepared, Source(document_id=f"d{number}", created_at=at))
        known = list(self.memories.values())
        related = Related(
            neighbours={key: [(memory, None) for memory in known] for key in range(len(found.drafts))},
            topics={key: [(memory, 1.0) for memory in known] for key in range(len(found.retractions))},
        )
        changes = reconcile(found.drafts, found.retractions, related, now=at)
        ids = {new.key: f"{number}-{new.key}" for new in changes.add}
        for new in changes.add:
            self.memories[ids[new.key]] = Memory(
                id=ids[new.key],
                scope=SCOPE,
                statement=new.draft.statement,
                evidence=new.draft.evidence,
                recorded_at=at,
            )
        for end in changes.supersede:
            old = end.memory_id if end.memory_id is not None else ids[end.older_key or 0]
            by = end.by_id if end.by_id is not None else ids.get(-1 if end.by_key is None else end.by_key)
            self.endings.append((self.memories[old], None if by is None else self.memories[by], end.reason))
            ended = replace(self.memories[old].statement, valid_until=end.valid_until)
            self.memories[old] = replace(self.memories[old], status=end.status, statement=ended)


def _told(said: Sequence[tuple[list[str], int]]) -> _Told:
    told = _Told()
    for number, (lines, day) in enumerate(said):
        told.tell(number, lines, day)
    return told


def _subjects(statement: Statement) -> set[str]:
    return {slot.subject for slot in all_slots(statement)} | {normalise_subject(statement.subject)}


@settings(max_examples=60, deadline=None)
@given(dialogues)
def test_every_memory_rests_on_words_of_its_document(said: list[tuple[list[str], int]]) -> None:
    told = _told(said)

    for memory in told.memories.values():
        assert memory.evidence
        for piece in memory.evidence:
            assert piece.quote
            assert told.texts[piece.document_id][piece.start : piece.end] == piece.quote


@settings(max_examples=60, deadline=None)
@given(dialogues)
def test_nothing_ends_but_by_the_same_subject_and_slot(said: list[tuple[list[str], int]]) -> None:
    told = _told(said)

    for older, newer, reason in told.endings:
        if newer is None:
            assert reason == "retracted by the user"
            continue
        shared = {slot.key for slot in older.statement.slots} & {slot.key for slot in newer.statement.slots}
        outright = stopped(newer.statement.content, older.statement.content) or turned(newer.statement, older.statement)
        assert shared or outright, (older, newer, reason)
        if reason == "changed":
            continue  # told of one thing by its name, whoever brought the change about
        assert _subjects(older.statement) & _subjects(newer.statement)


def test_what_is_denied_in_the_same_breath_is_not_believed_however_often_it_is_told() -> None:
    lines = ["I drink coffee every morning.", "I no longer drink coffee."]

    for times in (1, 2, 3):
        told = _told([(lines, 0)] * times)
        believed = {one.statement.content for one in told.memories.values() if one.status is MemoryStatus.ACTIVE}

        assert believed == {"The user no longer drinks coffee"}


@settings(max_examples=60, deadline=None)
@given(dialogues)
def test_nothing_that_somebody_else_does_ends_what_the_user_does(said: list[tuple[list[str], int]]) -> None:
    told = _told(said)

    for older, newer, _ in told.endings:
        if newer is not None:
            about_others = [one.statement.content.startswith(("The user's", "Dana", "Ola")) for one in (older, newer)]
            assert about_others[0] is about_others[1]


@settings(max_examples=40, deadline=None)
@given(dialogues)
def test_a_dialogue_told_twice_is_believed_as_told_once(said: list[tuple[list[str], int]]) -> None:
    told = _told(said)
    lines, _ = said[-1]
    latest = max(day for _, day in said)
    told.tell(len(said), lines, latest)
    once = {one.statement.content for one in told.memories.values() if one.status is MemoryStatus.ACTIVE}
    told.tell(len(said) + 1, lines, latest)

    twice = {one.statement.content for one in told.memories.values() if one.status is MemoryStatus.ACTIVE}
    assert twice == once
