"""The learnt gate: whether a clause is worth keeping and which of the five types it is, from its vector and its shape.

A softmax over the vector that the memory needs anyway and a few cues of the rules: nothing is embedded for it but the
clauses on which the rules alone would have been silent. Its weights are trained from the sentences below
`training/examples` (`python -m training.gate`) and belong to one embedder; beside any other the rules stand alone.
The rules keep deciding the hard cases: questions, orders, retractions, wishes for lasting behaviour, dates to come.

Source: Böhning, "Multinomial logistic regression algorithm", 1992.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synap.domain.memories import Draft, MemoryType, Modality, Statement
from synap.ingestion.attributes import feeling_of, hedged, liking_of
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.shapes import Shape, SubjectKind, is_name
from synap.ingestion.statements import category_of

Vectors = NDArray[np.float32]

NOTHING = "none"
LABELS = (*(kind.value for kind in MemoryType), NOTHING)
"""What a clause can be, in the order of the weights' columns."""

PEOPLE, MACHINE, DOCUMENT = "people", "machine", "document"
"""To whom something is said: another person, an assistant, or whoever reads the document."""

_VECTOR = 8.0
"""A vector of length one weighs as much as this many cues, else its many small numbers would be held down with them."""
_LENGTHS = (4, 6, 9, 13, 20)
_FEWEST, _MOST, _VERBLESS = 3, 40, 9
_POINTING_OR_LEFT_OUT = word_set("this that these those there here must looks sounds seems feels hope guess take")
"""First words of what points at something shown or said before, or leaves its subject out: nothing that stands alone."""
_TO_COME = re.compile(r"\b(?:will|going to)\b", re.IGNORECASE)
_OWN = lexicon.SPEAKER | lexicon.GROUP
_IDLE_PROSE = 0.9
"""A document's sentences were written to state something: only what is nearly surely nothing is dropped, nothing typed anew."""
_UNTOLD_FEELING = 0.2
"""How much more probable a feeling must be than what the rules read, where no word tells of one."""
_MEASURE = 0.6
"""Score of what the rules read as another type: neither weak nor strong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The trained weights.

    Attributes:
        embedder: Whose vectors they are for.
        examples: Digest of the sentences that they were trained from.
        cues: Names of the cues, in the order of their rows.
        weights: `(dim + cues + 1, labels)`: the vector's rows, the cues' rows, the bias.
        doubt: A clause on which the rules are silent is kept from this probability of being worth it on.
        drop: One that the rules keep is dropped from this probability of being nothing on.
        retype: Its type gives way to one that is more probable by this much.
    """

    embedder: str
    examples: str
    cues: tuple[str, ...]
    weights: NDArray[np.float64]
    doubt: float
    drop: float
    retype: float

    def probabilities(self, vectors: Vectors, cues: Sequence[frozenset[str]]) -> NDArray[np.float64]:
        """Return `(n, labels)` probabilities of `n` clauses; cues that the weights do not know count for nothing."""
        return softmax(features(vectors, cues, self.cues) @ self.weights)


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities that rows of scores stand for."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def features(vectors: Vectors, cues: Sequence[frozenset[str]], names: Sequence[str]) -> NDArray[np.float64]:
    """Return `(n, dim + names + 1)`: the vectors, a column of 0 and 1 for each named cue, a column of ones."""
    told = np.array([[name in own for name in names] for own in cues], dtype=np.float64).reshape(len(cues), len(names))
    return np.hstack([_VECTOR * vectors.astype(np.float64), told, np.ones((len(cues), 1))])


@lru_cache(maxsize=1)
def head() -> Head:
    """Return the weights that ship with the package."""
    return read_head(json.loads(files("synap.ingestion").joinpath("gate.json").read_text(encoding="utf-8")))


def read_head(stored: dict[str, Any]) -> Head:
    """Return the weights from their stored form."""
    return Head(
        embedder=stored["embedder"],
        examples=stored["examples"],
        cues=tuple(stored["cues"]),
        weights=np.array(stored["weights"], dtype=np.float64),
        doubt=stored["doubt"],
        drop=stored["drop"],
        retype=stored["retype"],
    )


def worth_a_look(shape: Shape, *, register: str, dated: bool) -> bool:
    """Whether a clause on which the rules are silent may still say something: about the speaker, a name, a figure, a day.

    To a machine a short turn of phrase without a verb may do so as well ("loose leaf, never bags").
    """
    words = shape.words
    if not _FEWEST <= len(words) <= _MOST or shape.kind is SubjectKind.ADDRESSEE:
        return False
    if words[0].lower in _POINTING_OR_LEFT_OUT and shape.verb >= 0 and shape.kind is not SubjectKind.DUMMY:
        return False
    own = any(word.lower in _OWN for word in words)
    anchored = own or dated or any(is_name(word.text) for word in words[1:])
    if shape.verb < 0:
        return register == MACHINE and len(words) <= _VERBLESS
    return anchored


def cues_of(shape: Shape, statement: Statement, *, register: str, doubtful: bool) -> frozenset[str]:
    """Return what the rules see in a clause, as names."""
    words = [word.lower for word in shape.words]
    told = {
        f"kind {statement.type.value}": True,
        f"subject {shape.kind.value}": True,
        f"tense {shape.tense.value}": shape.verb >= 0,
        f"modality {statement.modality.value}": True,
        f"register {register}": True,
        f"{register} doubtful": doubtful,
        f"length {sum(len(words) > most for most in _LENGTHS)}": True,
        "negated": shape.negated,
        "perfect": shape.perfect,
        "copula": shape.base == "be",
        "verbless": shape.verb < 0,
        "dated": statement.when is not None,
        "verbatim": statement.verbatim,
        "named": any(is_name(word.text) for word in shape.words[1:]),
        "figure": any(character.isdigit() for character in shape.text),
        "owned": "my" in words or "our" in words,
        "own": any(word in _OWN for word in words),
        "addressed": any(word in lexicon.ADDRESSEE for word in words),
        "pointing": any(word in ("this", "that", "it", "these", "those", "there") for word in words),
        "felt": feeling_of(shape) is not None,
        "liked": liking_of(shape) is not None,
        "hedged": hedged(shape.text),
    }
    return frozenset(name for name, holds in told.items() if holds)


def judge(head: Head, drafts: Sequence[Draft], vectors: Vectors, *, feelings: bool = True) -> list[tuple[int, Draft]]:
    """Return the drafts that are worth keeping, each with its place in `drafts`, typed anew where the rules were unsure.

    What carries no cues was decided by the rules and stays as it is.

    Args:
        head: The weights.
        drafts: As the rules found them.
        vectors: `(n, dim)`, a row per draft.
        feelings: Whether feelings are kept.
    """
    if not drafts:
        return []
    return judged(head, drafts, head.probabilities(vectors, [draft.cues for draft in drafts]), feelings=feelings)


def judged(
    head: Head, drafts: Sequence[Draft], likely: NDArray[np.float64], *, feelings: bool = True
) -> list[tuple[int, Draft]]:
    """Return the same from the probabilities: `(n, labels)`, a row per draft."""
    told = [
        (place, _judged(head, draft, dict(zip(LABELS, row, strict=True)), feelings=feelings) if draft.cues else draft)
        for place, (draft, row) in enumerate(zip(drafts, likely.tolist(), strict=True))
    ]
    return [(place, draft) for place, draft in told if draft is not None]


def certain(drafts: Sequence[Draft]) -> list[tuple[int, Draft]]:
    """Return what the rules keep by themselves, each with its place in `drafts`."""
    return [(place, draft) for place, draft in enumerate(drafts) if draft.hinted or not draft.doubtful]


def _judged(head: Head, draft: Draft, likely: dict[str, float], *, feelings: bool) -> Draft | None:
    statement, nothing = draft.statement, likely[NOTHING]
    if f"register {DOCUMENT}" in draft.cues:
        return draft if draft.hinted or nothing <= _IDLE_PROSE else None
    if not draft.hinted and nothing > (1 - head.doubt if draft.doubtful else head.drop):
        return None
    best = max((label for label in LABELS if label != NOTHING), key=likely.__getitem__)
    kind = MemoryType(best)
    margin = (
        head.retype if best != MemoryType.EMOTION.value or "felt" in draft.cues else max(head.retype, _UNTOLD_FEELING)
    )
    if likely[best] - likely[statement.type.value] >= margin and _may_become(statement, kind, feelings=feelings):
        statement = _retyped(statement, kind)
    if statement.type is MemoryType.EMOTION and not feelings:
        return None
    if draft.doubtful and not draft.hinted:
        statement = replace(statement, confidence=round(min(statement.confidence, 1 - nothing), 2))
    return replace(draft, statement=statement)


def _may_become(statement: Statement, kind: MemoryType, *, feelings: bool) -> bool:
    """Whether another type is possible: a day to come, a word of liking or of feeling is a hard cue, and no event is without a day."""
    if statement.type is MemoryType.TEMPORAL_EVENT:
        return False
    if statement.type in (MemoryType.PREFERENCE, MemoryType.EMOTION) and kind is MemoryType.FACT:
        return False
    if kind is MemoryType.EPISODE and statement.modality is Modality.REPORTED and _TO_COME.search(statement.content):
        return False
    if kind is MemoryType.TEMPORAL_EVENT:
        return statement.when is not None
    return feelings or kind is not MemoryType.EMOTION


def _retyped(statement: Statement, kind: MemoryType) -> Statement:
    category = category_of(statement.content) if kind is MemoryType.PREFERENCE else ""
    return replace(statement, type=kind, score=_MEASURE, category=category)
