"""What comparisons ask of a text again and again: worked out when first asked for, and kept with the statement that holds it."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

from synap.domain.clauses import stands_as_written
from synap.domain.concepts import plain_words, topics_in, word_stems
from synap.domain.memories import Statement
from synap.domain.readings import Reading, heading_of, judged, readings
from synap.domain.slots import content_hash
from synap.domain.terms import stem
from synap.domain.titles import note_of
from synap.domain.values import counts, read_values

SURE_TERMS = 3
"""Topic terms of a clause of which one alone is no topic in common."""

_NO_TERMS = re.compile(r"\b(?:[A-Z][\w&-]*|\w*\d\w*|\w+(?=['\u2019](?!s\b))|(?<=['\u2019])\w+)")
_COMMON = re.compile(r"(?<=\s)[a-z][a-z-]+(?:\s[a-z][a-z-]+)*")


class Gist:
    """A text as comparisons read it."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """One reading per clause, of the first dozen; at least one."""
        return readings(self.text)

    @cached_property
    def hash(self) -> bytes:
        """What `content_hash` gives: equal for texts that differ in form alone."""
        return content_hash(self.text)

    @cached_property
    def note(self) -> frozenset[str]:
        """Telling words of the note in brackets that ends it."""
        return note_of(self.text)

    @cached_property
    def topic_terms(self) -> frozenset[str]:
        """The terms of all readings together, for blocking."""
        return frozenset().union(*(reading.terms for reading in self.readings))

    @cached_property
    def block_terms(self) -> frozenset[str]:
        """The stems and topics of the text as a whole: `topic_terms`, more roughly and at a fraction of the cost.

        Two texts without a common block term have no common topic term either.
        """
        telling, topics = self._told
        return telling.union(f"#{name}" for name in topics) if topics else telling

    @cached_property
    def firm_terms(self) -> frozenset[str]:
        """The block terms that make a topic of their own: of the heading, and all of a text that frees somebody of something."""
        return self.block_terms if Reading(self.text).exempts else Gist(heading_of(self.text)).block_terms

    @cached_property
    def fewest_terms(self) -> int:
        """How many topic terms the clause that the text is has at least; 0 where it may be another or several."""
        telling, topics = self._told
        if len(telling) < SURE_TERMS or not stands_as_written(self.text):
            return 0
        # Names, parts of contractions and what a topic covers are no topic terms of their own.
        named = {stem(word) for word in map(str.casefold, _NO_TERMS.findall(self.text))}
        return len(telling.difference(named, *topics.values()))

    @cached_property
    def counted(self) -> frozenset[str]:
        """The nouns of the numbers in the text as a whole."""
        if not counts(self.text):
            return frozenset()
        return frozenset(value.noun for value in read_values(self.text)[0] if value.noun)

    @cached_property
    def common(self) -> frozenset[str]:
        """The stems of the words written in lower case: what another text takes for a name may be none (`Drones are …`)."""
        return frozenset(word_stems(" ".join(_COMMON.findall(self.text))))

    @cached_property
    def _told(self) -> tuple[frozenset[str], dict[str, frozenset[str]]]:
        """The stems of the telling words, and the topics with the stems that named them."""
        told = [judged(word) for word in plain_words(self.text)]
        topics = topics_in(tuple([pair[1] for pair, _ in told]))
        return frozenset([pair[1] for pair, tells in told if tells]), topics


def gist_of(statement: Statement) -> Gist:
    """Return the gist of a statement's content, the same for as long as the statement lives."""
    try:
        return statement.gist  # type: ignore[no-any-return]  # declared where gists are not known
    except AttributeError:
        gist = gist_of_text(statement.content)
        object.__setattr__(statement, "gist", gist)
        return gist


@lru_cache(maxsize=4096)
def gist_of_text(text: str) -> Gist:
    """Return the gist of a text: of one that several statements have, or that is read from the store once more, the same.

    One takes some five kilobytes for a short sentence and fifty for a passage of a thousand characters.
    """
    return Gist(text)
