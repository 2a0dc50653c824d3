"""What the rules found and what a language model proposed, put together: each statement once, nothing of the rules lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from synap.domain.conflicts import Relation, relation
from synap.domain.memories import Draft, Evidence, Retraction, Statement
from synap.domain.terms import tokenize
from synap.ingestion.extract import Extraction
from synap.ingestion.proposals import Accepted, Reason, overlapping

_ALIKE = 0.6
"""Share of the shorter statement's words that two statements of one passage share when they say the same."""


def merged(rules: Extraction, accepted: Accepted) -> tuple[Extraction, Accepted]:
    """Return both together, in the order of the document, and the proposals that made it there.

    Said by both, a statement is kept as the rules put it; only where these kept the speaker's bare words, the model's
    wording takes their place, on the evidence of both. What the rules saw taken back or corrected is not proposed anew.
    """
    kept = list(rules.drafts)
    added: list[Draft] = []
    dropped = accepted.dropped.copy()
    for draft in accepted.drafts:
        if _withdrawn(draft, rules.withdrawn, kept):
            dropped[Reason.TAKEN_BACK] += 1
            continue
        twins = [place for place, known in enumerate(kept) if _same(known, draft)]
        for place in twins:
            # What the model says as well is no longer for the gate to judge.
            kept[place] = replace(kept[place], cues=frozenset(), doubtful=False)
        if not twins:
            if any(_same(known, draft) for known in added):
                dropped[Reason.REPEATED] += 1
                continue
            added.append(draft)
        elif len(twins) == 1 and kept[twins[0]].statement.verbatim and draft.statement.language == "en":
            kept[twins[0]] = _reworded(kept[twins[0]], draft)
    retractions = [*rules.retractions]
    for wish in accepted.retractions:
        if not any(overlapping([wish.evidence], [known.evidence]) for known in retractions):
            retractions.append(wish)
    together = replace(rules, drafts=_placed(kept, added), retractions=_by_place(retractions))
    return together, replace(accepted, drafts=tuple(added), dropped=dropped)


def _withdrawn(draft: Draft, withdrawn: Sequence[Evidence], kept: Sequence[Draft]) -> bool:
    """Whether a passage was taken back on which nothing rests any more."""
    if not overlapping(draft.evidence, withdrawn):
        return False
    return not any(overlapping(draft.evidence, known.evidence) for known in kept)


def _same(known: Draft, draft: Draft) -> bool:
    """Whether two drafts say the same: near enough in meaning, or of one passage and mostly of the same words."""
    mine, theirs = known.statement, draft.statement
    if mine.positive is not theirs.positive:
        return False
    if relation(mine, theirs) is Relation.SAME:
        return True
    return overlapping(known.evidence, draft.evidence) and _shared(mine, theirs) >= _ALIKE


def _shared(mine: Statement, theirs: Statement) -> float:
    first, second = set(tokenize(mine.content)) - {"user"}, set(tokenize(theirs.content)) - {"user"}
    return len(first & second) / max(1, min(len(first), len(second)))


def _reworded(known: Draft, draft: Draft) -> Draft:
    statement = replace(
        draft.statement,
        correction=known.statement.correction,
        when=known.statement.when or draft.statement.when,
        valid_from=known.statement.valid_from,
        valid_until=known.statement.valid_until,
    )
    evidence = tuple(dict.fromkeys((*known.evidence, *draft.evidence)))
    return replace(draft, statement=statement, evidence=evidence)


def _placed(kept: Sequence[Draft], added: Sequence[Draft]) -> tuple[Draft, ...]:
    """Return the rules' drafts in their own order, each of the others behind what stands before it in the document."""
    placed: list[tuple[int, int, Draft]] = []
    reached = 0
    for draft in kept:
        reached = max(reached, draft.evidence[-1].start)
        placed.append((reached, 0, draft))
    placed += [(draft.evidence[-1].start, 1, draft) for draft in added]
    return tuple(draft for *_, draft in sorted(placed, key=lambda one: one[:2]))


def _by_place(retractions: Sequence[Retraction]) -> tuple[Retraction, ...]:
    return tuple(sorted(retractions, key=lambda one: one.evidence.start))
