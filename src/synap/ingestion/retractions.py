"""Which statements a retraction means: those of the slot or entity that its topic names, or that hold all its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from synap.domain.attributes import attribute_name
from synap.domain.concepts import plain_words
from synap.domain.conflicts import all_slots
from synap.domain.memories import Statement
from synap.domain.normal_forms import normalise_subject, undetermined
from synap.domain.terms import stem
from synap.domain.wordlists import listed
from synap.domain.words import STOP_WORDS


class Verdict(StrEnum):
    """What can be done about a retraction."""

    CLEAR = "clear"
    AMBIGUOUS = "ambiguous"
    """Several unrelated statements match; which are meant is for a person to say."""
    UNKNOWN = "unknown"
    """Nothing said before matches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The statements that a retraction means, by position in the sequence given; empty unless clear."""

    verdict: Verdict
    positions: tuple[int, ...] = ()


_EVERYTHING = re.compile(r"\b(?:everything|all|anything|both|every)\b", re.IGNORECASE)
_VAGUE = frozenset(
    map(
        stem,
        listed(
            """
            setting settings preference preferences note notes remark remarks thing things stuff statement
            statements info information  detail details everything anything all part bit entry entries
            record records memory memories message messages said say told tell  mention mentioned matter
            topic subject question wish request comment comments about
            """
        ),
    )
)
_ALIKE = 0.3
_PREFIX = 5


def meant(topic: str, statements: Sequence[Statement]) -> Meant:
    """Return which of `statements` are about `topic`, strongest sign first: slot, entity, then all of its words.

    A topic that fits several different slots, or several statements with nothing else in common, is ambiguous unless
    it says `everything` or `all`.
    """
    words = _telling(topic)
    if not words:
        return Meant(verdict=Verdict.AMBIGUOUS if statements else Verdict.UNKNOWN)
    sweeping = _EVERYTHING.search(topic) is not None
    for matches, one_topic in (
        (_by_slot(topic), _one_slot(topic)),
        (_by_entity(topic), lambda _found: True),
        (_by_words(words), _all_alike),
    ):
        positions = tuple(position for position, statement in enumerate(statements) if matches(statement))
        if positions:
            clear = sweeping or one_topic([statements[position] for position in positions])
            return Meant(verdict=Verdict.CLEAR, positions=positions) if clear else Meant(verdict=Verdict.AMBIGUOUS)
    return Meant(verdict=Verdict.UNKNOWN)


def _by_slot(topic: str) -> Callable[[Statement], bool]:
    name = attribute_name(_without_vague(topic))
    base = name.partition(":")[0]
    qualified = ":" in name

    def matches(statement: Statement) -> bool:
        names = {slot.name for slot in all_slots(statement)}
        return name in names or (not qualified and base in {other.partition(":")[0] for other in names})

    return matches


def _one_slot(topic: str) -> Callable[[Sequence[Statement]], bool]:
    name = attribute_name(_without_vague(topic))
    base = name.partition(":")[0]

    def one(found: Sequence[Statement]) -> bool:
        keys = {
            slot.key for s in found for slot in all_slots(s) if slot.name == name or slot.name.partition(":")[0] == base
        }
        return len(keys) == 1

    return one


def _by_entity(topic: str) -> Callable[[Statement], bool]:
    wanted = normalise_subject(_without_vague(topic))

    def matches(statement: Statement) -> bool:
        return wanted in {normalise_subject(entity) for entity in (*statement.entities, *statement.participants)}

    return matches


def _by_words(words: frozenset[str]) -> Callable[[Statement], bool]:
    def matches(statement: Statement) -> bool:
        held = _words_of(statement)
        return all(any(_alike(word, other) for other in held) for word in words)

    return matches


def _all_alike(found: Sequence[Statement]) -> bool:
    first = _words_of(found[0])
    return all(len(first & other) / len(first | other) >= _ALIKE for other in map(_words_of, found[1:]))


def _words_of(statement: Statement) -> frozenset[str]:
    slots = " ".join(f"{slot.name} {slot.value}" for slot in all_slots(statement)).replace("_", " ").replace(":", " ")
    return _telling(f"{statement.content} {slots}")


def _alike(word: str, other: str) -> bool:
    """Whether two stems are equal or one word's forms (`allergy`, `allergic`)."""
    return word == other or (min(len(word), len(other)) > _PREFIX and word[:_PREFIX] == other[:_PREFIX])


def _telling(text: str) -> frozenset[str]:
    plain = text.replace("'s", "").replace("\u2019s", "")
    words = [word for word in plain_words(plain) if word not in STOP_WORDS]
    return frozenset(map(stem, words)) - _VAGUE


def _without_vague(topic: str) -> str:
    words = re.sub(r"^(?:my|our|the|that|this)\s+", "", topic.strip(" .!?"), flags=re.IGNORECASE).split()
    return undetermined(" ".join(word for word in words if stem(word.casefold()) not in _VAGUE)) or topic
