"""How well documents were extracted: cases that say what must be found, and the checks that compare it with what was.

A case passes strictly where all it expects is found with type, words and date, nothing forbidden stands anywhere, and no
more memories were made than it allows. `|` inside a type or a `must_contain` string means "any of"; `must_contain` ignores
case and asks for the string anywhere, `must_not_contain` for whole words, ignoring case but for a bare "I"; `event_date`
is compared from its beginning (`2026-10` accepts any day of that month).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from synap.errors import InvalidInputError
from synap.ingestion.flaws import flaws


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """A memory that a case wants."""

    type: str
    must_contain: tuple[str, ...] = ()
    must_not_contain: tuple[str, ...] = ()
    event_date: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A document and what is to be remembered of it; `expected` empty where nothing is."""

    id: str
    input: str
    document_type: str = "ai-chat-conversation"
    reference_time: datetime | None = None
    user_name: str | None = None
    expected: tuple[Expected, ...] = ()
    forbidden_anywhere: tuple[str, ...] = ()
    max_memories: int | None = None
    notes: str = ""

    @property
    def group(self) -> str:
        """What its id begins with, up to the number: `pref` of `pref-01`."""
        return self.id.rstrip("0123456789").rstrip("-_ ") or self.id

    @property
    def said_at(self) -> datetime | None:
        """Its reference time; one without a timezone counts as UTC."""
        at = self.reference_time
        return at if at is None or at.tzinfo is not None else at.replace(tzinfo=UTC)


class Found(NamedTuple):
    """A memory as scoring sees it; `event_date` is an ISO date or instant, or empty."""

    type: str
    content: str
    event_date: str = ""


@dataclass(slots=True)
class Score:
    """How many cases and expectations were met.

    Attributes:
        cases, passed: Cases by group, and those that passed strictly.
        expected, met: Expectations by type, the first named one where there are several, and those that were met.
        made, right: Memories by type, and those that meet an expectation.
        flaws: Stored texts in the first person, or with a subject left open.
        failures: What each failed case failed in.
    """

    cases: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    expected: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    flaws: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def add(self, case: Case, memories: Sequence[Found]) -> None:
        """Count a case."""
        checks = checks_of(case, memories)
        self.cases[case.group] += 1
        self.passed[case.group] += all(checks.values())
        for wanted in case.expected:
            kind = wanted.type.split("|")[0]
            self.expected[kind] += 1
            self.met[kind] += any(satisfies(wanted, memory) for memory in memories)
        for memory in memories:
            self.made[memory.type] += 1
            self.right[memory.type] += any(satisfies(wanted, memory) for wanted in case.expected)
            self.flaws.update(flaws(memory.content))
        if not all(checks.values()):
            missed = tuple(check for check, held in checks.items() if not held)
            self.failures.append(Failure(case.id, missed, tuple(memories)))

    @property
    def strict(self) -> float:
        """Share of the cases that passed, 0..1."""
        return _share(self.passed, self.cases)

    @property
    def recall(self) -> float:
        """Share of the expectations that were met."""
        return _share(self.met, self.expected)

    @property
    def precision(self) -> float:
        """Share of the memories that meet an expectation."""
        return _share(self.right, self.made)


class Failure(NamedTuple):
    """A case that did not pass, the checks it failed in, and what was found."""

    id: str
    missed: tuple[str, ...]
    memories: tuple[Found, ...]


def read_cases(lines: Iterable[str]) -> Iterator[Case]:
    """Yield the cases of a JSON-lines file; blank lines and unknown fields are passed over.

    Raises:
        InvalidInputError: A line is no case; the message names the line and what is wrong.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield msgspec.json.decode(line.encode(), type=Case)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            raise InvalidInputError(f"line {number} is no case: {error}", field="file") from error


def checks_of(case: Case, memories: Sequence[Found]) -> Mapping[str, bool]:
    """Return what a case asks for, each with whether it holds."""
    checks = {
        f"finds {wanted.type} {list(wanted.must_contain)}"
        + (f" on {wanted.event_date}" if wanted.event_date else ""): any(
            satisfies(wanted, memory) for memory in memories
        )
        for wanted in case.expected
    }
    for word in case.forbidden_anywhere:
        checks[f"without {word!r}"] = not any(word.lower() in part.lower() for memory in memories for part in memory)
    if case.max_memories is not None:
        checks[f"not more than {case.max_memories}"] = len(memories) <= case.max_memories
    return checks


def satisfies(wanted: Expected, memory: Found) -> bool:
    """Whether a memory is the one that is wanted."""
    text = memory.content.lower()
    return (
        memory.type in wanted.type.split("|")
        and all(any(option.lower() in text for option in words.split("|")) for words in wanted.must_contain)
        and not any(_has_word(memory.content, word) for word in wanted.must_not_contain)
        and memory.event_date.startswith(wanted.event_date)
    )


def _has_word(text: str, word: str) -> bool:
    ignoring = 0 if word == "I" else re.IGNORECASE
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, ignoring) is not None


def _share(part: Counter[str], whole: Counter[str]) -> float:
    return part.total() / whole.total() if whole.total() else 1.0
