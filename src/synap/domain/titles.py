"""Titles: their words, and which of them name a thing (`Site A`) and which stand above a part of any document."""

from __future__ import annotations

import re

from synap.domain.normal_forms import undetermined
from synap.domain.values import read_values
from synap.domain.wordlists import listed
from synap.domain.words import STOP_WORDS

_WORD = re.compile(r"[^\W_]+(?:[.-][^\W_]+)*")
_NOTE = re.compile(r"\(([^()]{2,200})\)\s*[.!]?\s*$")
_TIMES = frozenset(listed("week weekend month year morning afternoon evening night summer autumn fall winter spring"))
_OF_ANY_DOCUMENT = frozenset(
    listed(
        """
        about account actions address additional attendees budget budgets calendar catalog catalogue costs decisions expenses
        fees figures finances goals inventory location menu metrics numbers objectives participants products rates results
        risks services statistics timetable agenda agreement and appendix at background basic basics by changelog conditions
        configuration contact contacts content contents current data date default deployment description details
        document documentation documents draft facts faq faqs features final for from general guide guidelines
        handbook help history home hours important in info information instructions internal introduction key limits
        list main manual members meta metadata minutes miscellaneous new news note notes of on other our overview page
        part people plan plans policies policy price prices pricing procedure process properties purpose quick
        reference report requirements roles rules schedule scope section security settings setup sheet specification
        specifications staff start status steps summary support table tasks team terms to todo topics updates usage
        version with your
        """
    )
)
"""Words that stand above a part of any document, whatever it is about."""


def title_words(title: str) -> tuple[str, ...]:
    """Return the words of a title in lower case; a single capital is a name (`Site A`), an article is none."""
    return tuple(word.casefold() for word in _WORD.findall(undetermined(title)) if word not in {"a", "an", "the"})


def telling_words(title: str) -> frozenset[str]:
    """Return the words of a title that tell which thing it is about."""
    return frozenset(title_words(title)) - _OF_ANY_DOCUMENT


def note_of(content: str) -> frozenset[str]:
    """Return the telling words of the note in brackets that ends a statement: what it stood under; a date is no note."""
    note = _NOTE.search(content)
    if note is None:
        return frozenset()
    told = {word.casefold() for word in _WORD.findall(read_values(note[1])[1])}
    return telling_words(note[1]) if told - STOP_WORDS - _TIMES else frozenset()
