"""Which statements a retraction means: those of the slot or entity that its topic names, or that hold all its words.

Whose matter the topic is must agree: `my salary` never means a sister's, and `I live in Rome` never a brother's home.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from synap.domain.attributes import attribute_name
from synap.domain.concepts import plain_words
from synap.domain.conflicts import all_slots
from synap.domain.memories import Statement
from synap.domain.normal_forms import USER, normalise_subject, undetermined
from synap.domain.slot_table import COUNTABLE_NAMES, KIN_AND_PEOPLE
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
    """The statements that a retraction means, or, where that is ambiguous, may mean, by position in the sequence given."""

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
_PEOPLE = KIN_AND_PEOPLE | COUNTABLE_NAMES - {"project", "product", "plant"}
_RELATION = rf"(?:[\w-]+ )?(?P<kin>{'|'.join(sorted(_PEOPLE, key=len, reverse=True))})"
_WHOSE = re.compile(rf"^(?:my|our|the|the user's) {_RELATION}['\u2019]s? (?P<rest>.+)$", re.IGNORECASE)
_WHO = re.compile(rf"^(?:my|our|the user's) {_RELATION} (?:is|was|has|had|[a-z]+s|[a-z]+ed)\b", re.IGNORECASE)
_NAMED = re.compile(r"^(?P<name>(?-i:[A-Z])[\w.-]+(?: (?-i:[A-Z])[\w.-]+)*)['\u2019]s? (?P<rest>.+)$")
_OWN = re.compile(r"^(?:my|our|i|we|me)\b\s*(?P<rest>.*)$", re.IGNORECASE)
_OTHERS = re.compile(r"^(?:his|her|their|he|she|they)\b\s*(?P<rest>.*)$", re.IGNORECASE)
_SOMEBODY_ELSE = ""


@dataclass(frozen=True, slots=True)
class _Topic:
    """What a retraction is about (`salary`), and whose: a normalised subject, somebody else, or None where left open."""

    rest: str
    owner: str | None


def meant(topic: str, statements: Sequence[Statement], *, subject: str = USER) -> Meant:
    """Return which of `statements` are about `topic`, strongest sign first: slot, entity, then all of its words.

    A topic that fits several different slots, or several statements with nothing else in common, is ambiguous unless
    it says `everything` or `all`.

    Args:
        topic: As the speaker names it, with its possessor (`my sister's salary`).
        statements: What it may mean.
        subject: Whom the speaker's `my` and `I` stand for.
    """
    words = _telling(topic)
    if not words:
        return Meant(verdict=Verdict.AMBIGUOUS if statements else Verdict.UNKNOWN)
    sweeping = _EVERYTHING.search(topic) is not None
    told = _topic(topic, subject)
    for matches, one_topic in (
        (_by_slot(told.rest), _one_slot(told.rest)),
        (_by_entity(topic), lambda _found: True),
        (_by_words(words), _all_alike),
    ):
        positions = tuple(
            position
            for position, statement in enumerate(statements)
            if matches(statement) and _agrees(told.owner, statement, subject)
        )
        if positions:
            clear = sweeping or one_topic([statements[position] for position in positions])
            return Meant(verdict=Verdict.CLEAR if clear else Verdict.AMBIGUOUS, positions=positions)
    return Meant(verdict=Verdict.UNKNOWN)


def concerns(topic: str, statement: Statement, *, subject: str = USER) -> bool:
    """Whether a statement is about the one whose matter `topic` is, whatever else it says."""
    return _agrees(_topic(topic, subject).owner, statement, subject)


def _topic(topic: str, subject: str) -> _Topic:
    plain = topic.strip(" .!?")
    if found := _WHOSE.match(plain):
        return _Topic(found["rest"], found["kin"].casefold())
    if found := _WHO.match(plain):
        return _Topic(plain, found["kin"].casefold())
    if found := _NAMED.match(plain):
        return _Topic(found["rest"], normalise_subject(found["name"]))
    if found := _OWN.match(plain):
        person = normalise_subject(found["rest"] or plain).split()[-1] in _PEOPLE
        return _Topic(plain, None if person else subject)
    if found := _OTHERS.match(plain):
        return _Topic(found["rest"] or plain, _SOMEBODY_ELSE)
    return _Topic(plain, None)


def _agrees(owner: str | None, statement: Statement, subject: str) -> bool:
    """Whether a statement is about the owner of a topic; a thing that nobody is said to own may be anybody's."""
    if owner is None:
        return True
    whose = {slot.subject for slot in all_slots(statement)} or {normalise_subject(statement.subject)}
    relation = _WHOSE.match(statement.content) or _WHO.match(statement.content)
    kin = relation["kin"].casefold() if relation else ""
    if owner == subject:
        return subject in whose or not (kin or any(_person(one, statement) for one in whose))
    if owner == _SOMEBODY_ELSE:
        return bool(kin) or subject not in whose
    return owner == kin or any(set(owner.split()) <= set(one.split()) for one in whose)


def _person(subject: str, statement: Statement) -> bool:
    """Whether a subject is a person, group or named party."""
    return subject.rsplit(maxsplit=1)[-1] in _PEOPLE or subject in {
        normalise_subject(entity) for entity in statement.entities
    }


def _by_slot(topic: str) -> Callable[[Statement], bool]:
    name = attribute_name(_without_vague(topic))
    base = name.partition(":")[0]
    qualified = ":" in name

    def matches(statement: Statement) -> bool:
        return any(name == slot.name or (not qualified and base == slot.attribute) for slot in all_slots(statement))

    return matches


def _one_slot(topic: str) -> Callable[[Sequence[Statement]], bool]:
    name = attribute_name(_without_vague(topic))
    base = name.partition(":")[0]

    def one(found: Sequence[Statement]) -> bool:
        keys = {slot.key for s in found for slot in all_slots(s) if slot.name == name or slot.attribute == base}
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
