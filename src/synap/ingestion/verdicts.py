"""Which of two statements is the newer, and why it ends the older: only strong evidence does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from synap.domain.attributes import NOT
from synap.domain.changeovers import HABIT, stopped
from synap.domain.clauses import ends
from synap.domain.conflicts import Relation, all_slots, changes, relation, settles
from synap.domain.exclusion import values_exclude
from synap.domain.gists import gist_of
from synap.domain.likings import LIKING
from synap.domain.memories import Memory, MemoryType, Modality, Slot, Statement
from synap.domain.own_slots import OWN
from synap.domain.slot_table import BY_NAME
from synap.domain.slot_values import Takes
from synap.domain.turnovers import turned

_CHANGING = re.compile(r"\b(?:moving|relocating|starting|joining|leaving|switching|changing|upgrading|will|going to)\b")
_RECENT = timedelta(days=400)
"""An event of the last year or so still tells how things are (`moved here last month`)."""


@dataclass(slots=True)
class Known:
    """A statement that is believed at this point of the run: stored (`memory`) or new (`key`)."""

    statement: Statement
    said: datetime
    memory: Memory | None = None
    key: int | None = None
    ended: bool = False
    repeated: int | None = None
    """Position of the draft that said it again, the last one."""

    @property
    def place(self) -> int | None:
        """Where in this ingestion it was said last; None where it was not."""
        return self.key if self.repeated is None else self.repeated

    @property
    def since(self) -> datetime:
        """Since when it holds: as it says itself, else since it was said."""
        return self.statement.valid_from or self.said


def announced(statement: Statement, now: datetime) -> Statement:
    """Return a planned change (`is moving to Rome in November`) as holding from its day on."""
    when = statement.when
    if when is None or when.recurrence is not None or statement.valid_from is not None or not changes(statement):
        return statement
    ahead = when.start > (statement.said_at or now) and _CHANGING.search(statement.content) is not None
    lasting = any(
        slot.single and slot.name in BY_NAME and BY_NAME[slot.name].takes is not Takes.TIME for slot in statement.slots
    )
    return replace(statement, valid_from=when.start) if ahead and lasting else statement


def told_together(first: Known, second: Known) -> bool:
    """Whether both are facts of the document at hand, which tells them of two things rather than of one that changed."""
    new = first.key is not None and second.key is not None
    return new and all(any(slot.section for slot in one.statement.slots) for one in (first, second))


def later(first: Known, second: Known) -> bool:
    """Whether `first` is the newer: announced for after both were said, else said later, or in the same breath further on."""
    ahead = _ahead(first, second)
    if ahead is not _ahead(second, first) and not (first.statement.correction or second.statement.correction):
        return ahead
    if first.said != second.said:
        return first.said > second.said
    return first.place is not None and (second.place is None or first.place > second.place)


def _ahead(one: Known, other: Known) -> bool:
    return one.since > max(one.said, other.said)


def why(first: Known, second: Known) -> str | None:
    """Return in a few words why the newer of two ends the older, or None where both may stand."""
    newer, older = (first, second) if later(first, second) else (second, first)
    if newer.statement.valid_until is not None:
        return None
    if _ceased(newer.statement, older.statement):
        return "no longer holds"
    if not (changes(newer.statement) and changes(older.statement)):
        return None
    return None if _long_past(newer) or _long_past(older) else _by_slot_or_word(newer, older)


def _by_slot_or_word(newer: Known, older: Known) -> str | None:
    """Return why by the slot that both fill, else by what the newer one says outright of the matter that both are about."""
    mine, theirs = all_slots(newer.statement), all_slots(older.statement)
    slot = next((slot for slot in mine for other in theirs if _replaces(slot, other)), None)
    if slot is not None and not _says_more(older.statement, {slot.key for slot in mine}):
        return _reason(newer.statement, slot, mine)
    explicit = newer.statement.correction or ends(newer.statement.content)
    if (
        slot is None
        and explicit
        and settles(older.statement)
        and relation(newer.statement, older.statement) is Relation.CONFLICT
    ):
        return "corrected" if newer.statement.correction else "no longer holds"
    return None


def overtaken(fresh: Known, others: Sequence[Known]) -> tuple[Known, Known] | None:
    """Return what ended and what ended it, where a change that names no slot fits just one statement; else None.

    Several fit only where they say one thing in other words, such as a price and what is paid.
    """
    here = [other for other in others if other is not fresh and not other.ended and not told_together(fresh, other)]
    before = [other for other in here if later(fresh, other) and not _long_past(other)]
    fitting = [other for other in before if turned(fresh.statement, other.statement)] if not _long_past(fresh) else []
    if len(fitting) == 1:
        return fitting[0], fresh
    if fitting:
        return None
    after = [other for other in here if later(other, fresh) and not _long_past(other)]
    ending = [other for other in after if turned(other.statement, fresh.statement)]
    return (fresh, ending[0]) if len(ending) == 1 else None


def _ceased(newer: Statement, older: Statement) -> bool:
    """Whether the newer statement tells that somebody ceased to do what the older one says."""
    told = settles(newer) or (newer.type is MemoryType.EPISODE and newer.modality is Modality.ASSERTED)
    return told and settles(older) and stopped(newer.content, older.content)


def _reason(newer: Statement, slot: Slot, told: Sequence[Slot]) -> str:
    name = slot.name.removeprefix(f"{HABIT}:").removeprefix(f"{OWN}:")
    if name.startswith(LIKING):
        return "no longer holds" if ends(newer.content) else "newer liking"
    if slot.value.startswith(NOT) and not any(one.key == slot.key and not one.value.startswith(NOT) for one in told):
        return f"{name.replace('_', ' ')} no longer holds"
    return f"{'corrected' if newer.correction else 'newer value of'} {name.replace('_', ' ')}"


def _long_past(known: Known) -> bool:
    """Whether a statement recalls an event that was history when it was told: it neither changes nor is changed."""
    when = known.statement.when
    return when is not None and known.statement.type is MemoryType.EPISODE and when.start < known.said - _RECENT


def _replaces(newer: Slot, older: Slot) -> bool:
    return newer.key == older.key and values_exclude(newer, older)


def _says_more(older: Statement, keys: set[tuple[str, ...]]) -> bool:
    """Whether an older statement of several clauses also settles what the newer one leaves alone."""
    return len(gist_of(older).readings) > 1 and any(slot.key not in keys for slot in all_slots(older))
