"""Persons mentioned in a turn, and whom "he" or "she" means: only where one person fits, else nobody."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from synap.domain.name_lists import TITLES
from synap.ingestion import verbs
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.rewrite import Voice
from synap.ingestion.shapes import Shape, SubjectKind, Word, is_name, words_of

_BEFORE_PERSONS = word_set("with met meet told asked called named saw see visited and by from")
_ORIGINS = word_set("be come hail move relocate fly travel return drive emigrate arrive")
"""Verbs after which "from" names a place."""
_GROUPS = word_set(
    "parents kids children twins grandparents grandkids grandchildren in-laws folks neighbours neighbors"
)
_MOST_NAME_WORDS = 3
_MOST_PEOPLE = 12  # among more of them no pronoun is clear any longer
_FUNCTION = lexicon.AUXILIARIES | lexicon.PREPOSITIONS | lexicon.CONJUNCTIONS | lexicon.ADVERBS | lexicon.SUBORDINATORS


@dataclass(slots=True)
class Mentions:
    """The persons named in one turn so far: display text to possible pronouns (`he`, `she`, or both)."""

    speaker: str
    people: dict[str, frozenset[str]] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)

    @property
    def group(self) -> str | None:
        """Whom "they" means: the one group of people named so far, where no single person could be meant too."""
        return next(iter(self.groups)) if len(self.groups) == 1 and not self.people else None

    def note(self, shape: Shape) -> None:
        """Enter the persons that a clause mentions."""
        words = shape.words
        for place, word in enumerate(words):
            owner = word.lower.removesuffix("'s")
            if (
                owner in lexicon.PEOPLE
                and place
                and words[place - 1].lower in ("my", "our", "his", "her", "their")
                and not modifies(words, place)
                and (words[place - 1].lower in ("my", "our") or _name_after(words, place))
            ):
                self._relation(words, place, owner)
        own = words_of(shape.subject_text) if shape.kind is SubjectKind.OWN else ()
        if own and _group(own[-1].lower):
            self.groups.add(f"{self.speaker}'s {' '.join(word.text for word in own[1:])}")
        if shape.kind is SubjectKind.NAMED:
            self._named(shape.subject_text)
        for place, word in enumerate(words[1:], start=1):
            before = words[place - 1].lower
            origin = before == "from" and shape.base in _ORIGINS
            if is_name(word.text) and before in _BEFORE_PERSONS and not origin:
                self._named(word.text.removesuffix("'s"))
                if before == "and" and is_name(words[place - 2].text):
                    self._named(words[place - 2].text)

    def meant_by(self, pronoun: str) -> str | None:
        """Return the one person that "he" or "she" can mean, or None."""
        fitting = [name for name, pronouns in self.people.items() if pronoun in pronouns]
        return fitting[0] if len(fitting) == 1 else None

    def voiced(self, voice: Voice) -> Voice:
        """Return a speaker's voice that knows whom the pronouns of the third person mean."""
        if not self.people and not self.groups:
            return voice
        return replace(voice, he=self.meant_by("he"), she=self.meant_by("she"), they=self.group)

    def _relation(self, words: tuple[Word, ...], place: int, owner: str) -> None:
        pronouns = frozenset(
            {"he"} if owner in lexicon.KIN_MALE else {"she"} if owner in lexicon.KIN_FEMALE else {"he", "she"}
        )
        if len(self.people) >= _MOST_PEOPLE:
            return
        name = _name_after(words, place)
        self.people[name or f"{self.speaker}'s {owner}"] = pronouns

    def _named(self, subject: str) -> None:
        words = [word.text for word in words_of(subject)]
        plain = (
            len(self.people) < _MOST_PEOPLE
            and 0 < len(words) <= _MOST_NAME_WORDS
            and all(is_name(word) for word in words)
        )
        name = " ".join(words)
        if plain and not any(name in known or known in name for known in self.people):
            self.people[name] = frozenset({"he", "she"})


def _group(noun: str) -> bool:
    """Whether a noun names several people of the speaker's: `parents`, `kids`, `sisters`."""
    return noun in _GROUPS or (noun.endswith("s") and noun[:-1] in lexicon.PEOPLE)


def modifies(words: tuple[Word, ...], place: int) -> bool:
    """Whether a word for a person only qualifies the noun after it ("mother tongue", "doctor visit")."""
    if place + 1 >= len(words) or words[place].lower.endswith("'s") or _titled(words, place + 1):
        return False
    after = words[place + 1]
    verbal = verbs.base_of_third(after.lower) or verbs.base_of_past(after.lower) or verbs.is_base(after.lower)
    return not (is_name(after.text) or after.lower in _FUNCTION or verbal or after.lower in ("to", "who", "that"))


def _titled(words: tuple[Word, ...], place: int) -> bool:
    """Whether a title with a name behind it stands at a place ("Mrs Okafor")."""
    return place + 1 < len(words) and words[place].lower in TITLES and is_name(words[place + 1].text)


def _name_after(words: tuple[Word, ...], place: int) -> str | None:
    """Return the name of "my wife Elena", "my wife's name is Elena", "my landlady Mrs Okafor", or None."""
    if _titled(words, place + 1):
        return f"{words[place + 1].text} {words[place + 2].text.removesuffix(chr(39) + 's')}"
    following = [word.text for word in words[place + 1 : place + 4]]
    lowered = [word.casefold() for word in following]
    if lowered[:2] == ["name", "is"] and len(following) > 2 and is_name(following[2]):  # noqa: PLR2004 - name, is, Elena
        return following[2]
    if following and is_name(following[0]):
        second = (
            following[1] if len(following) > 1 and is_name(following[1]) and not following[0].endswith("'s") else ""
        )
        return f"{following[0]} {second}".strip().removesuffix("'s")
    return None
