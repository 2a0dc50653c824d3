"""What a caller knows of a conversation already, as hints: what they name as well is kept where the rules are in doubt.

A hint adds nothing: it speaks for what was found in the text, with a passage of it as evidence, and never becomes a memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from synap.domain.memories import Draft
from synap.domain.sentences import sentences
from synap.domain.terms import tokenize

Hints = tuple[frozenset[str], ...]
"""The terms of each thing said."""

MOST = 200
"""Hints that are read of one analysis; what stands behind them is passed over."""

FEWEST_TERMS = 2
"""A hint of one word is a label (`billing`), which any text of the kind would meet."""

NAMED = 0.6
"""Share of a hint's terms that a statement must hold to be the one that is meant."""

CONFIDENCE = 0.9
"""Of what a hint speaks for, at least: two have read it out of the text."""


def hints_of(analysis: Mapping[str, Any]) -> Hints:
    """Return what the values of an analysis say, sentence by sentence, in their order; names of fields say nothing."""
    found: dict[frozenset[str], None] = {}
    for text in _texts(analysis):
        for start, end in sentences(text):
            terms = frozenset(tokenize(text[start:end]))
            if len(terms) >= FEWEST_TERMS:
                found[terms] = None
        if len(found) >= MOST:
            break
    return tuple(found)[:MOST]


def with_hints(drafts: Sequence[Draft], hints: Hints) -> tuple[Draft, ...]:
    """Return drafts, those that a hint means marked as hinted and surer than before."""
    if not hints:
        return tuple(drafts)
    return tuple(_hinted(draft) if _meant(draft, hints) else draft for draft in drafts)


def _meant(draft: Draft, hints: Hints) -> bool:
    terms = frozenset(tokenize(draft.statement.content))
    return any(
        len(shared := hint & terms) >= FEWEST_TERMS and len(shared) >= NAMED * min(len(hint), len(terms))
        for hint in hints
    )


def _hinted(draft: Draft) -> Draft:
    sure = max(draft.statement.confidence, CONFIDENCE)
    return replace(draft, statement=replace(draft.statement, confidence=sure), hinted=True)


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a JSON value, in order."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            waiting += reversed(list(one.values()))
        elif isinstance(one, Sequence):
            waiting += reversed(one)
