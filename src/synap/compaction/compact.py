"""A conversation shortened by a strategy, measured against what it holds, and shortened less where too much was lost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from math import log2

from synap.compaction import inventory as measure
from synap.compaction.corrections import corrected
from synap.compaction.rank import ranked
from synap.compaction.remarks import Reading, Remark, read
from synap.compaction.render import fitted, render
from synap.compaction.standing import standing
from synap.domain.compactions import Compaction, Form, Hint, Message, Point, State, Strategy
from synap.domain.tokens import count_line, count_tokens

RATIOS = {Strategy.CONSERVATIVE: 0.7, Strategy.BALANCED: 0.4, Strategy.AGGRESSIVE: 0.15}
"""Size of the result as a share of the conversation's, at most."""

PASS_MARK = 0.5
"""The score from which a compaction counts as good enough."""

SMALLEST_TARGET = 120
"""Tokens that every strategy may keep: a short conversation is only tidied."""

ADAPTIVE_BOUNDS = (0.15, 0.7)
_SHORT_TOKENS = 500
_PER_DOUBLING = 0.07
_GENTLER = (Strategy.AGGRESSIVE, Strategy.BALANCED, Strategy.CONSERVATIVE)


def compact(
    messages: Sequence[Message],
    *,
    strategy: Strategy = Strategy.ADAPTIVE,
    target_tokens: int | None = None,
    hints: Sequence[Hint] = (),
) -> Compaction:
    """Return a conversation shortened; the same for the same arguments.

    Args:
        messages: The conversation, in order.
        strategy: How much to keep. Where the result scores below `PASS_MARK`, the next gentler one is tried.
        target_tokens: Size that the structured text may have at most; the strategy's share and the retries then fall away.
        hints: What memory knows about passages of the messages.
    """
    reading = current(read(messages, hints))
    original = sum(count_tokens(f"{message.name}: {message.content}") for message in messages)
    order = ranked(reading.remarks, last_position=messages[-1].position if messages else 0)
    points = _points(reading.remarks, order)
    state = standing(messages, reading)
    held = measure.inventory(messages, sources(reading.over))
    attempt = partial(_attempt, points, state, held, original=original)
    if target_tokens is not None:
        return attempt(strategy=strategy, target=target_tokens)
    first, *gentler = (
        partial(attempt, strategy=tried, target=max(round(share * original), SMALLEST_TARGET))
        for tried, share in _shares(strategy, original, _density(reading, original)).items()
    )
    result = first()
    while not result.passed and gentler:
        result = gentler.pop(0)()
    return result


def _attempt(
    points: Sequence[Point], state: State, held: measure.Inventory, *, strategy: Strategy, original: int, target: int
) -> Compaction:
    kept = fitted(points, state, Form.STRUCTURED, target)
    note = ""
    if points and not kept:
        kept = (min(points, key=lambda point: point.rank),)
        note = f"a target of {target} tokens holds no sentence; the most important one is kept all the same"
    made = Compaction(
        points=kept,
        state=state,
        strategy=strategy,
        original_tokens=original,
        compacted_tokens=0,
        score=0.0,
        passed=False,
        note=note,
    )
    text = render(made, Form.STRUCTURED)
    score = round(measure.score(held, text), 4)
    return replace(made, compacted_tokens=count_tokens(text), score=score, passed=score >= PASS_MARK)


def _shares(strategy: Strategy, original: int, density: float) -> dict[Strategy, float]:
    """Return the strategies to try in turn with their shares, each gentler than the one before."""
    if strategy is Strategy.ADAPTIVE:
        share = adaptive_share(original, density)
        return {strategy: share} | {name: RATIOS[name] for name in _GENTLER if RATIOS[name] > share}
    return {name: RATIOS[name] for name in _GENTLER if RATIOS[name] >= RATIOS[strategy]}


def adaptive_share(tokens: int, density: float) -> float:
    """Return the share that the adaptive strategy keeps of a conversation.

    Args:
        tokens: Its size: up to 500 tokens start at .6, each doubling takes .07 off.
        density: Share of its words that stand in sentences worth keeping, 0..1; scales the share by .6 to 1.2.
    """
    low, high = ADAPTIVE_BOUNDS
    by_length = 0.6 - _PER_DOUBLING * max(0.0, log2(max(tokens, 1) / _SHORT_TOKENS))
    return min(high, max(low, by_length * (0.6 + 0.6 * density)))


def _density(reading: Reading, original: int) -> float:
    """Return how much of a conversation says something, repetitions left out."""
    telling = (remark for remark in reading.remarks if remark.items or len(remark.words) >= measure.FEWEST_WORDS)
    return min(1.0, sum(count_line(remark.content) for remark in telling) / original) if original else 0.0


def current(reading: Reading) -> Reading:
    """Return a reading without what later remarks correct, which is then `over`."""
    gone = corrected(reading.remarks)
    if not gone:
        return reading
    over = tuple(remark for at, remark in enumerate(reading.remarks) if at in gone)
    newer = frozenset(gone.values())
    return Reading(
        remarks=tuple(
            replace(remark, corrects=at in newer) for at, remark in enumerate(reading.remarks) if at not in gone
        ),
        over=reading.over + over,
        questions=reading.questions,
    )


def sources(over: Sequence[Remark]) -> Collection[tuple[int, str]]:
    """Return the sentences of remarks that are over, with the positions of the messages that say them."""
    return {(message.position, remark.source) for remark in over for message in (remark.message, *remark.also)}


def _points(remarks: Sequence[Remark], order: Sequence[int]) -> tuple[Point, ...]:
    return tuple(
        Point(
            kind=remark.kind,
            content=remark.content,
            role=remark.message.role,
            speaker=remark.message.name,
            message_ids=tuple(message.id for message in (remark.message, *remark.also)),
            positions=tuple(message.position for message in (remark.message, *remark.also)),
            at=remark.message.at,
            ordinal=at,
            rank=rank,
            asked=remark.asked,
        )
        for rank, at in enumerate(order)
        for remark in (remarks[at],)
    )
