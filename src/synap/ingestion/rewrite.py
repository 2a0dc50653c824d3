"""Into the third person: a clause as its speaker said it becomes a statement about its speaker that stands alone.

The first mention of the speaker becomes the name, later ones "they", "them" and "their"; the verb after the name takes
the third person. Where the grammar does not carry that far the answer is None, and the caller keeps the speaker's own
words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from synap.ingestion import verbs
from synap.ingestion.contractions import NO_LONGER
from synap.ingestion.leads import adverb
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.shapes import Shape, SubjectKind, Word, analyse, is_name, words_of
from synap.ingestion.tenses import Tense

UNNAMED = "The user"
"""The speaker whose name nobody told."""

_LATER = {"i": "they", "me": "them", "my": "their", "mine": "theirs", "myself": "themselves"}
_OTHERS = {"we": "they", "us": "them", "our": "their", "ours": "theirs", "ourselves": "themselves"}
_PAST_WITHOUT_CHANGE = word_set("quit hit cut bet split shut burst upset hurt cast")
_PRESENT_WITHOUT_CHANGE = word_set("read put let set cost spread")
_AFTER_YOU = {"are": "is", "were": "was", "have": "has", "do": "does"}
_LEFT_OVER = re.compile(
    r"\b(?:I|me|my|mine|myself|we|us|our|ours|ourselves|you|your|yours|I['\u2019]\w+)\b", re.IGNORECASE
)
_QUOTES = re.compile(r"“[^”]*”|\"[^\"]*\"")
_ONE_PERSON = lexicon.MALE | lexicon.FEMALE
_FUNCTION = (
    lexicon.SPEAKER
    | lexicon.GROUP
    | lexicon.ADDRESSEE
    | lexicon.THIRD
    | lexicon.THINGS
    | lexicon.DUMMIES
    | lexicon.AUXILIARIES
    | lexicon.DETERMINERS
    | lexicon.PREPOSITIONS
    | lexicon.SUBORDINATORS
    | lexicon.CONJUNCTIONS
    | lexicon.ADVERBS
    | {"to", "not", "as", "than", "others", "used", "able", "going", "sure", "glad", "happy", "great", "good", "much"}
)
_PEOPLE = lexicon.PEOPLE | {"someone", "somebody", "everyone", "people", "team", "guy", "woman", "man", "girl", "boy"}
_POINTING = re.compile(r"\b(?:he|him|his|himself|she|hers?|herself|its?|this|that|these|those)\b", re.IGNORECASE)
_SPACES = re.compile(r"\s{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who speaks, to whom, and whom "he" and "she" mean.

    Attributes:
        name: The speaker's name, or `UNNAMED`.
        addressee: Whom "you" means (`the assistant`, a name), or None where that is not certain.
        he, she, they: Whom these pronouns mean, or None.
    """

    name: str = UNNAMED
    addressee: str | None = None
    he: str | None = None
    she: str | None = None
    they: str | None = None

    @property
    def inner(self) -> str:
        """The name as it stands inside a sentence."""
        return "the user" if self.name == UNNAMED else self.name


def rewrite(shape: Shape, voice: Voice, *, past: bool = False) -> str | None:
    """Return the clause in the third person as a sentence without its full stop, or None where that is not safe.

    Args:
        shape: The clause, contractions written out, dates as they shall read.
        voice: Who speaks.
        past: Something around the clause says that it is past, so that "I put" is not a habit.
    """
    text = _with_pronouns(shape, voice)
    if text is None or _others_unknown(shape) or any(_LEFT_OVER.search(quote[0]) for quote in _QUOTES.finditer(text)):
        return None  # inside a quotation "I" and "you" are other people
    text = _resolved(text, voice)
    shape = analyse(text) if text != shape.text else shape
    written = _Rewriting(shape, voice, past=past).run()
    if written is None or _LEFT_OVER.search(_without_quotes(written)) or dangling(written, voice.inner):
        return None
    written = _SPACES.sub(" ", written.replace(NO_LONGER, "no longer")).strip(" ,;:-\u2013—").rstrip(".!")
    return written[0].upper() + written[1:] if written else None


def verbatim(text: str, voice: Voice) -> str:
    """Return the speaker's own words, marked as such."""
    return f"{voice.name} said: “{text.strip().replace(NO_LONGER, 'no longer')}”"


def dangling(text: str, speaker: str = "") -> bool:
    """Whether a pronoun of the third person has nothing before it in the text that it could mean.

    "They", "them" and "their" may mean the speaker, who is named in the text; "he", "she" and "it" may not.
    """
    if _POINTING.search(text) is None:
        return False
    people = things = False
    words = words_of(re.sub(rf"\b{re.escape(speaker)}\b", "_", text, flags=re.IGNORECASE) if speaker else text)
    for position, word in enumerate(words):
        follows = words[position + 1].lower if position + 1 < len(words) else ""
        pointing = word.lower in ("it", "its") and follows not in ("when", "if", "that", "how")
        if (word.lower in _ONE_PERSON and not people) or (pointing and not things):
            return True
        if (
            word.lower in ("this", "that", "these", "those")
            and (not follows or follows in lexicon.AUXILIARIES | lexicon.PREPOSITIONS)
            and not things
        ):
            return True
        people |= _person(word)
        before = words[position - 1].lower if position else ""
        things |= before in lexicon.DETERMINERS or is_name(word.text) or _noun(word, first=position == 0)
    return False


def _others_unknown(shape: Shape) -> bool:
    """Whether the speaker says "them" or "their" of somebody whom the clause has not named before."""
    if shape.kind not in (SubjectKind.SPEAKER, SubjectKind.GROUP):
        return False
    words = shape.words
    for place, word in enumerate(words):
        if place > shape.verb and (_person(word) or _noun(word, first=place == 0)):
            return False
        if word.lower in ("them", "their", "theirs"):
            return True
    return False


def _person(word: Word) -> bool:
    owner = word.lower.removesuffix("'s")
    return owner in _PEOPLE or owner.removesuffix("s") in _PEOPLE or is_name(word.text)


def _noun(word: Word, *, first: bool) -> bool:
    """Whether a word is most likely a noun: no function word, no form of a verb, no adverb."""
    if first or word.lower in _FUNCTION or word.lower.endswith("ly"):
        return False
    return word.text != "_" and not word.lower.endswith("ing") and verbs.base_of(word.lower) is None


def _without_quotes(text: str) -> str:
    return _QUOTES.sub("", text)


def _with_pronouns(shape: Shape, voice: Voice) -> str | None:
    """Put the name in the place of a subject "he" or "she"; None where nobody is known whom it could mean."""
    if shape.kind is not SubjectKind.PERSON:
        return shape.text
    word = shape.words[shape.subject[0]]
    known = {"she": voice.she, "he": voice.he, "they": voice.they}.get(word.lower)
    if known is None:
        return None
    return shape.text[: word.start] + known + shape.text[word.end :]


def _resolved(text: str, voice: Voice) -> str:
    """Put the name in the place of the first "him", "his" or "her" that has nobody before it in the clause."""
    for word in words_of(text):
        if _person(word) or word.lower in ("he", "she"):
            return text
        name = voice.he if word.lower in lexicon.MALE else voice.she if word.lower in lexicon.FEMALE else None
        if name is None:
            continue
        following = text[word.end :].lstrip()[:1]
        after = words_of(text[word.end :])[:1]
        owner = word.lower == "his" or (
            word.lower == "her" and following.isalpha() and bool(after) and _noun(after[0], first=False)
        )
        return f"{text[: word.start]}{name}{chr(39) + 's' if owner else ''}{text[word.end :]}"
    return text


class _Rewriting:
    """One clause on its way into the third person: the pieces written so far, and whether the speaker has been named."""

    def __init__(self, shape: Shape, voice: Voice, *, past: bool) -> None:
        self._shape = shape
        self._voice = voice
        self._past = past or shape.tense is Tense.PAST
        self._pieces: list[str] = []
        self._named = False
        self._subject_named = False

    def run(self) -> str | None:
        text, words = self._shape.text, self._shape.words
        index = position = 0
        while index < len(words):
            word = words[index]
            self._pieces.append(text[position : word.start])
            position = word.end
            step = self._word(index)
            if step < 0:
                return None
            if step:
                index, position = index + step, words[index + step - 1].end
                continue
            index += 1
        self._pieces.append(text[position:])
        return "".join(self._pieces)

    def _word(self, index: int) -> int:
        """Write the word; the answer is how many words were written at once (0 means one), or -1 where it cannot be."""
        word = self._shape.words[index]
        if index == self._shape.subject[0] and self._shape.kind is SubjectKind.GROUP and word.lower != "we":
            return self._joined(index)
        if word.lower in ("i", "am"):
            return self._nominative(index) if word.lower == "i" else self._am()
        if word.lower in _LATER:
            self._pieces.append(self._oblique(word))
        elif word.lower in _OTHERS:
            self._pieces.append(self._of_the_group(word))
        elif word.lower in lexicon.ADDRESSEE:
            return self._addressee(word)
        else:
            self._pieces.append(self._agreeing(index))
        return 0

    def _agreeing(self, index: int) -> str:
        """Return the word, with a verb that is joined to the speaker's ("I cook and clean") in the third person."""
        word, shape = self._shape.words[index], self._shape
        if word.lower == "was" and self._subject_named and index and shape.words[index - 1].lower == "i":
            return "were"
        if index and shape.words[index - 1].lower == "you" and self._voice.addressee is not None:
            return _AFTER_YOU.get(word.lower, word.text)
        joined = index - 2 == shape.verb >= 0 and shape.words[index - 1].lower in ("and", "or")
        if (
            joined
            and shape.kind is SubjectKind.SPEAKER
            and not shape.helpers
            and not self._past
            and verbs.is_base(word.lower)
        ):
            return verbs.third_person(word.lower)
        return word.text

    def _joined(self, index: int) -> int:
        """Write "my wife and I" as "the user and their wife"."""
        first, last = self._shape.subject
        words = self._shape.words
        joined = words[first + 2 : last] if words[first].lower == "me" else words[first : last - 2]
        others = [word.text if word.lower not in ("my", "our") else "their" for word in joined]
        self._pieces.append(f"{self._name()} and {' '.join(others)}")
        self._named = self._subject_named = True
        return last - index

    def _nominative(self, index: int) -> int:
        if self._named:
            self._pieces.append("they" if self._subject_named else self._name())
            return 0 if self._subject_named else self._conjugated(index)
        self._pieces.append(self._name())
        self._named = self._subject_named = True
        return self._conjugated(index)

    def _conjugated(self, index: int) -> int:
        """Write the verb after the name; adverbs between them stay where they are."""
        words, text = self._shape.words, self._shape.text
        place = index + 1
        while place < len(words) and adverb(words[place].lower):
            place += 1
        if place >= len(words):
            return -1
        self._pieces.append(text[words[index].end : words[place].start])
        self._pieces.append(self._third(words[place]))
        return place - index + 1

    def _third(self, word: Word) -> str:
        lower = word.lower
        if lower == "am":
            return "is"
        if lower in ("have", "do"):
            return verbs.third_person(lower)
        if lower in lexicon.AUXILIARIES or (verbs.looks_past(lower) and lower not in _PRESENT_WITHOUT_CHANGE):
            return word.text
        if lower in _PAST_WITHOUT_CHANGE or (self._past and verbs.base_of_past(lower)):
            return word.text
        return verbs.third_person(lower)

    def _am(self) -> int:
        self._pieces.append("are" if self._subject_named else "is")
        return 0

    def _oblique(self, word: Word) -> str:
        if self._subject_named:
            return _LATER[word.lower]
        self._named = True
        return {"my": f"{self._name()}'s", "mine": f"{self._name()}'s"}.get(word.lower, self._name())

    def _of_the_group(self, word: Word) -> str:
        if word.lower == "our" and not self._subject_named:
            self._named = True
            return f"{self._name()}'s"
        if self._subject_named:
            return _OTHERS[word.lower]
        self._named = self._subject_named = True
        return f"{self._name()} and others"

    def _addressee(self, word: Word) -> int:
        other = self._voice.addressee
        if other is None:
            return -1
        self._pieces.append(f"{other}'s" if word.lower in ("your", "yours") else other)
        return 0

    def _name(self) -> str:
        begun = "".join(self._pieces).strip()
        return self._voice.inner if begun else self._voice.name
