"""A compound question taken apart by rule: each part finds what the whole, being about everything at once, ranks low."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST = 4
"""Parts that one question yields at most."""

_FEWEST_WORDS = 2
_QUESTION_WORD = (
    r"(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|can|could|has|have|will|should)"
)
_SENTENCE = re.compile(r"[?;!]+\s+(?=\S)|[?]+(?=\S)")
_CLAUSE = re.compile(rf",?\s+(?:and|but|or|then|also|as well as)\s+(?=(?:also\s+)?{_QUESTION_WORD}\b)", re.IGNORECASE)
_NAME = r"[A-Z][\w'\u2019-]*(?:\s+[A-Z][\w'\u2019-]*){0,2}"
_PAIR = re.compile(
    rf"(?P<lead>\b(?:[Bb]oth|[Bb]etween|[Cc]ompare|[Cc]omparing|[Dd]o|[Dd]id|[Dd]oes|[Aa]re|[Ww]ere|[Hh]ave|[Oo]f|[Ff]or|[Bb]y|[Tt]o|[Ww]ith)\s+)"
    rf"(?P<first>{_NAME})(?:,?\s+(?:and|or|with|to|versus|vs\.?)\s+)(?P<second>{_NAME})"
)
_ORDERED = re.compile(
    r"\b(?:before|after|since|until|while|when|because)\s+(?P<rest>(?:[\w'\u2019-]+\s+){2,}[\w'\u2019-]+)[?.!]*$",
    re.IGNORECASE,
)
_BOTH = re.compile(r"^both\s+$", re.IGNORECASE)
_OF_TWO = re.compile(r"^(?:between|compare|comparing)\s+$", re.IGNORECASE)


def decompose(question: str) -> tuple[str, ...]:
    """Return the parts of a compound question, without the question itself; none for a simple one.

    Taken apart are several questions in a row (`Where does Ana live? And what does she do?`), questions joined by a word
    (`... and when did ...`), two people or things asked about together (`What do Ana and Ben like?`, `compare X with Y`),
    and what an event is ordered by (`What did she do after she moved to Oslo?`).
    """
    parts: list[str] = []
    sentences = [part.strip() for part in _SENTENCE.split(question.strip()) if part.strip()]
    for sentence in sentences:
        clauses = [part.strip() for part in _CLAUSE.split(sentence) if part.strip()]
        if len(clauses) > 1 or len(sentences) > 1:
            parts += clauses
        for clause in clauses:
            parts += _by_name(clause)
            parts += _by_order(clause)
    distinct = dict.fromkeys(part for part in parts if len(part.split()) >= _FEWEST_WORDS and part != question.strip())
    return tuple(distinct)[:MOST]


def _by_name(clause: str) -> Iterator[str]:
    pair = _PAIR.search(clause)
    if pair is None:
        return
    for name in (pair["first"], pair["second"]):
        lead = "" if _BOTH.match(pair["lead"]) or _OF_TWO.match(pair["lead"]) else pair["lead"]
        yield f"{clause[: pair.start()]}{lead}{name}{clause[pair.end() :]}".strip()


def _by_order(clause: str) -> Iterator[str]:
    ordered = _ORDERED.search(clause)
    if ordered is not None and ordered.start() > 0:
        yield ordered["rest"].strip()
