"""A shallow parse of one English clause: its subject, its finite verb, its tense. No tagger, no model.

Contractions are written out first, so that every auxiliary is a word of its own. A pronoun or an auxiliary shows where
the verb stands; after other subjects the verb tables decide. What cannot be read has the subject kind `NONE`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from synap.ingestion import verbs
from synap.ingestion.contractions import NO_LONGER
from synap.ingestion.leads import adverb, main_start
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.calendar import MONTHS, SEASONS, WEEKDAYS
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.tenses import Tense

_WORD = re.compile(r"[^\W_](?:[\w'\u2019.&/+#@-]*[\w+#])?['\u2019]?|[^\W_]")
_OBJECTS = lexicon.DETERMINERS | lexicon.PREPOSITIONS | {"me", "us", "him", "them", "it", "to"}
_NO_VERBS = lexicon.DETERMINERS | lexicon.PREPOSITIONS
_DENIALS = frozenset({"not", "never", NO_LONGER})
_SAME_IN_THE_PAST = word_set("set hit cut put let bet quit split shut burst upset hurt cast cost spread read")
_MOMENT = re.compile(
    rf"\b(?:yesterday|ago|last (?:night|{'|'.join((*SEASONS, *WEEKDAYS))}|week|weekend|month|year)|in (?:{'|'.join(MONTHS)}|(?:19|20)\d\d)"
    rf"|on (?:{'|'.join(WEEKDAYS)}))(?!\w)",
    re.IGNORECASE,
)
_ROUTINE = re.compile(r"\b(?:always|usually|often|sometimes|never|every|each|tomorrow|next)\b", re.IGNORECASE)
_LONGEST_SUBJECT = 10
_LONGEST_NAME = 4
KEPT = 2048
"""Parses, and readings of parses, kept at hand: one clause is looked at by many rules in turn."""


class SubjectKind(StrEnum):
    """Whom or what a clause is about."""

    SPEAKER = "speaker"
    GROUP = "group"
    OWN = "own"
    """Something or somebody of the speaker's: `my manager`, `our budget`."""
    PERSON = "person"
    NAMED = "named"
    THING = "thing"
    ADDRESSEE = "addressee"
    DUMMY = "dummy"
    NONE = "none"


class Word(NamedTuple):
    """A word of a clause with its place."""

    text: str
    lower: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the shallow parse found.

    Attributes:
        text: The clause, contractions written out.
        words: Its words.
        kind: Kind of the subject.
        subject: Index range of the subject's words.
        verb: Index of the main verb, or -1.
        base: Its base form (`be` for a copula), lower case; empty when there is none.
        helpers: The auxiliaries before it, lower case.
        tense: When it says that something happens.
        negated: Whether the verb is negated.
    """

    text: str
    words: tuple[Word, ...]
    kind: SubjectKind
    subject: tuple[int, int] = (0, 0)
    verb: int = -1
    base: str = ""
    helpers: tuple[str, ...] = ()
    tense: Tense = Tense.PRESENT
    negated: bool = False

    def __hash__(self) -> int:
        return hash(self.text)  # the rest follows from it, and its hash is kept

    @property
    def subject_text(self) -> str:
        """The subject's own words."""
        first, last = self.subject
        return self.text[self.words[first].start : self.words[last - 1].end] if last > first else ""

    @property
    def rest(self) -> tuple[Word, ...]:
        """The words after the main verb."""
        return self.words[self.verb + 1 :] if self.verb >= 0 else ()

    @property
    def perfect(self) -> bool:
        """Whether the verb stands in the perfect (`has moved`)."""
        return any(helper in lexicon.HAVE for helper in self.helpers)


@lru_cache(maxsize=KEPT)
def words_of(text: str) -> tuple[Word, ...]:
    """Return the words of a text with their places; a closing full stop is no part of a word."""
    return tuple([Word(m[0], m[0].casefold().replace("\u2019", "'"), *m.span()) for m in _WORD.finditer(text)])


@lru_cache(maxsize=KEPT)
def analyse(text: str) -> Shape:
    """Return the shape of a clause whose contractions are written out."""
    words = words_of(text)
    start = main_start(text, words)
    if start is None:
        return Shape(text=text, words=words, kind=SubjectKind.NONE)
    kind, subject = _subject(text, words, start)
    if kind is SubjectKind.NONE:
        return Shape(text=text, words=words, kind=kind)
    return _with_verb(text, words, kind, subject)


@lru_cache(maxsize=KEPT)
def is_name(word: str) -> bool:
    """Whether a word is written like a name and is none of the words that are only capitalised by their place."""
    return word[:1].isupper() and word.casefold().removesuffix("'s").removesuffix("\u2019s") not in lexicon.NOT_NAMES


def _subject(text: str, words: tuple[Word, ...], start: int) -> tuple[SubjectKind, tuple[int, int]]:
    first = words[start].lower
    joined = _joined_with_speaker(words, start)
    if joined:
        return SubjectKind.GROUP, (start, joined)
    simple = (
        (("i",), SubjectKind.SPEAKER),
        (("we",), SubjectKind.GROUP),
        (lexicon.PERSONS, SubjectKind.PERSON),
        (("you", "u", "ya"), SubjectKind.ADDRESSEE),
    )
    for members, kind in simple:
        if first in members:
            return kind, (start, start + 1)
    if first in lexicon.DUMMIES and not _determines(words, start):
        return SubjectKind.DUMMY, (start, start + 1)
    end = _subject_end(text, words, start)
    if end is None:
        return SubjectKind.NONE, (start, start)
    return _phrase_kind(words, start, end), (start, end)


def _joined_with_speaker(words: tuple[Word, ...], start: int) -> int | None:
    """Return the end of "my wife and I", "Tom and me", "me and my wife"; None where nobody is joined with the speaker."""
    if words[start].lower == "me" and start + 1 < len(words) and words[start + 1].lower in ("and", "&"):
        return _subject_end_of_others(words, start + 2)
    for index in range(start + 1, min(len(words) - 1, start + 6)):
        if words[index].lower == "and" and words[index + 1].lower in ("i", "me"):
            return index + 2
        if words[index].lower in lexicon.AUXILIARIES:
            return None
    return None


def _subject_end_of_others(words: tuple[Word, ...], start: int) -> int | None:
    """Return where "my brother" of "me and my brother" ends: before the verb."""
    for index in range(start + 1, min(len(words), start + _LONGEST_SUBJECT)):
        if _finite(words, index, plural=True):
            return index
    return None


def _determines(words: tuple[Word, ...], start: int) -> bool:
    """Whether "this" or "that" only determines a noun: "this app is slow"."""
    if words[start].lower not in ("this", "that", "these", "those", "all", "both") or start + 1 >= len(words):
        return False
    after = words[start + 1].lower
    return after not in lexicon.AUXILIARIES and verbs.base_of_third(after) is None and not adverb(after)


def _subject_end(text: str, words: tuple[Word, ...], start: int) -> int | None:
    """Return the index of the finite verb after a noun phrase, or None."""
    plural = False
    for index in range(start + 1, min(len(words), start + _LONGEST_SUBJECT + 1)):
        gap = text[words[index - 1].end : words[index].start]
        if any(mark in gap for mark in ";:!?") or (gap.strip() in ("-", "\u2013", "—")):
            return None
        lower, before = words[index].lower, words[index - 1].lower
        plural |= _plural(before)
        if _finite(words, index, plural=plural or "and" in (w.lower for w in words[start:index])):
            return _without_adverbs(words, start, index) if lower not in ("which", "who", "that") else None
    return None


def _without_adverbs(words: tuple[Word, ...], start: int, end: int) -> int:
    """Return the end of a subject without the adverbs before its verb: "Dana no longer drinks" is about Dana."""
    last = end
    while last - 1 > start and adverb(words[last - 1].lower) and not is_name(words[last - 1].text):
        last -= 1
    return end if words[last - 1].lower in lexicon.DETERMINERS else last


def _plural(noun: str) -> bool:
    regular = noun.endswith("s") and not noun.endswith(("ss", "'s", "us", "is"))
    return regular or noun in ("people", "children")


def _finite(words: tuple[Word, ...], index: int, *, plural: bool) -> bool:  # noqa: PLR0911 - first rule that decides
    lower, before = words[index].lower, words[index - 1].lower
    if words[index].text[0].isupper():
        return False
    if lower in lexicon.AUXILIARIES and lower not in ("be", "been", "being"):
        return not (lower == "may" and (before in lexicon.PREPOSITIONS or _number_follows(words, index)))
    if before in lexicon.DETERMINERS or before in lexicon.PREPOSITIONS or before == "to":
        return False
    following = words[index + 1].lower if index + 1 < len(words) else ""
    if following in lexicon.AUXILIARIES and following not in lexicon.HAVE | {"do"}:
        return False
    if verbs.base_of_third(lower) is not None:
        return following == "" or following not in lexicon.AUXILIARIES
    if verbs.base_of_past(lower) is not None:
        return True
    if lower.endswith("ed") and verbs.looks_past(lower) and before not in lexicon.AUXILIARIES and following in _OBJECTS:
        return True  # a verb that no table knows, with an object or a place behind it
    return plural and verbs.is_base(lower) and before not in ("and", "or")


def _number_follows(words: tuple[Word, ...], index: int) -> bool:
    return index + 1 < len(words) and words[index + 1].text[0].isdigit()


def _phrase_kind(words: tuple[Word, ...], start: int, end: int) -> SubjectKind:
    first = words[start].lower
    if first in ("my", "our"):
        return SubjectKind.OWN
    if first == "your":
        return SubjectKind.ADDRESSEE
    if first in lexicon.DETERMINERS:
        named = any(is_name(word.text) for word in words[start + 1 : end])
        return SubjectKind.NAMED if named else SubjectKind.THING
    if is_name(words[start].text) and (start > 0 or end - start <= _LONGEST_NAME):
        return SubjectKind.NAMED
    return SubjectKind.THING


def _with_verb(text: str, words: tuple[Word, ...], kind: SubjectKind, subject: tuple[int, int]) -> Shape:
    helpers: list[str] = []
    negated = False
    index = subject[1]
    while index < len(words):
        lower = words[index].lower
        if lower in _DENIALS:
            negated = True
        elif lower in lexicon.AUXILIARIES:
            if not _auxiliary(words, index):
                break
            helpers.append(lower)
        elif not adverb(lower):
            break
        index += 1
    else:
        index = -1
    if index < 0:
        return _copula(text, words, kind, subject, helpers, negated=negated)
    return _finished(Shape(text=text, words=words, kind=kind, subject=subject), index, helpers, negated=negated)


def _auxiliary(words: tuple[Word, ...], index: int) -> bool:
    """Whether a form of be, have or do helps another verb instead of being the main one."""
    lower = words[index].lower
    if lower in lexicon.MODALS:
        return True
    for word in words[index + 1 : index + 5]:
        after = word.lower
        if after == "not" or adverb(after):
            continue
        if lower in lexicon.BE:
            return verbs.base_of_gerund(after) is not None or after in ("being", "going")
        if lower in lexicon.HAVE:
            return after in ("been", "had", "got", "gotten") or (verbs.base_of_participle(after) is not None)
        return verbs.is_base(after) or after not in _NO_VERBS
    return False


def _copula(
    text: str,
    words: tuple[Word, ...],
    kind: SubjectKind,
    subject: tuple[int, int],
    helpers: list[str],
    *,
    negated: bool,
) -> Shape:
    if not helpers:
        return Shape(text=text, words=words, kind=SubjectKind.NONE)
    last = max(i for i, w in enumerate(words) if w.lower == helpers[-1])
    base = verbs.base_of(helpers[-1]) or "be"
    tense = _tense(helpers[:-1], helpers[-1])
    return Shape(
        text=text,
        words=words,
        kind=kind,
        subject=subject,
        verb=last,
        base=base,
        helpers=(),
        tense=tense,
        negated=negated,
    )


def _finished(found: Shape, index: int, helpers: list[str], *, negated: bool) -> Shape:
    words = found.words
    lower = words[index].lower
    if lower in lexicon.BE:
        base = "be"
    elif lower in lexicon.HAVE:
        base = "have"
    elif lower in lexicon.DO:
        base = "do"
    elif helpers and helpers[-1] in lexicon.MODALS | lexicon.DO:
        base = lower
    else:
        base = verbs.base_of(lower) or lower
    after = words[index + 1].lower if index + 1 < len(words) else ""
    return replace(
        found,
        verb=index,
        base=base,
        helpers=tuple(helpers),
        tense=Tense.PAST if not helpers and _once(found.text, lower) else _tense(helpers, lower, after=after),
        negated=negated or after in ("not", "never"),
    )


def _once(text: str, verb: str) -> bool:
    """Whether a verb whose past looks like its present tells what happened at some moment: "I set a record in May"."""
    return verb in _SAME_IN_THE_PAST and _MOMENT.search(text) is not None and _ROUTINE.search(text) is None


def _tense(helpers: list[str], main: str, *, after: str = "") -> Tense:
    if any(h in ("will", "shall") for h in helpers) or (main == "going" and after == "to" and "was" not in helpers):
        return Tense.FUTURE
    if any(h in lexicon.PAST_AUXILIARIES for h in helpers) or (not helpers and main in lexicon.PAST_AUXILIARIES):
        return Tense.PAST
    if not helpers and verbs.looks_past(main):
        return Tense.PAST
    if any(h in lexicon.HAVE for h in helpers):
        return Tense.PAST
    return Tense.PRESENT
