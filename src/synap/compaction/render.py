"""A compaction as text: structured, as bullet points, as a narrative, or for a system prompt; fitted to a budget."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import groupby

from synap.domain.compactions import Compaction, Form, Point, PointKind, State
from synap.domain.tokens import count_lines

BLOCK_TITLE = "## Conversation so far (compacted"
"""How the block in a prompt begins; published clients know it by these words."""

POINTS_WITH_TOPICS = 8
"""Points from which a text also tells what they are about."""

_SECTIONS = (
    (PointKind.DECISION, "Decisions:"),
    (PointKind.PREFERENCE, "Preferences:"),
    (PointKind.FACT, "Facts:"),
    (PointKind.STEP, "Next steps:"),
    (PointKind.QUESTION, "Open questions:"),
    (PointKind.REMARK, "Also said:"),
)


def render(compaction: Compaction, form: Form, *, budget: int | None = None) -> str:
    """Return a compaction as text of at most `budget` tokens: what matters least is left out first. May be empty."""
    points = compaction.points if budget is None else fitted(compaction.points, compaction.state, form, budget)
    return "\n".join(_lines(points, compaction.state, form))


def block(compaction: Compaction, form: Form, *, covered: int, total: int, budget: int | None = None) -> str:
    """Return a compaction as the block that stands in a prompt, title included; empty where the budget holds no more."""
    title = f"{BLOCK_TITLE}: {covered} of {total} messages)"
    left = None if budget is None else budget - count_lines([title]) - 1
    text = "" if left is not None and left <= 0 else render(compaction, form, budget=left)
    return f"{title}\n{text}" if text else ""


def fitted(points: Sequence[Point], state: State, form: Form, budget: int) -> tuple[Point, ...]:
    """Return the most important points whose text fits `budget` tokens, in the order of the conversation."""
    order = sorted(points, key=lambda point: point.rank)

    def size(count: int) -> int:
        return count_lines(_lines(_in_order(order[:count]), state, form))

    kept = bisect_right(range(1, len(order) + 1), budget, key=size)
    return _in_order(order[:kept])


def _in_order(points: Sequence[Point]) -> tuple[Point, ...]:
    return tuple(sorted(points, key=lambda point: point.ordinal))


def _lines(points: Sequence[Point], state: State, form: Form) -> list[str]:
    if not points:
        return []
    lines = _FORMS[form](points)
    topics = len(points) >= POINTS_WITH_TOPICS and bool(state.topics)
    return [*lines, "Topics: " + ", ".join(state.topics)] if topics else lines


def _structured(points: Sequence[Point]) -> list[str]:
    lines = []
    for kind, title in _SECTIONS:
        of_kind = _by_message([point for point in points if point.kind is kind])
        lines += [title, *(f"- {said}" for said in of_kind)] if of_kind else []
    return lines


def _bullets(points: Sequence[Point]) -> list[str]:
    return [f"- {said}" for said in _by_message(points)]


def _narrative(points: Sequence[Point]) -> list[str]:
    """Return one line for each stretch in which one person speaks."""
    lines = []
    for speaker, said in groupby(points, key=lambda point: point.speaker):
        who = f"The {speaker}" if speaker in ("user", "assistant") else speaker
        lines.append(f"{who} said: " + " ".join(_with_question(point) for point in said))
    return lines


def _injection(points: Sequence[Point]) -> list[str]:
    return ["Earlier in this conversation:", *_by_message(points)]


_FORMS: dict[Form, Callable[[Sequence[Point]], list[str]]] = {
    Form.STRUCTURED: _structured,
    Form.NARRATIVE: _narrative,
    Form.BULLET_POINTS: _bullets,
    Form.INJECTION: _injection,
}


def _by_message(points: Sequence[Point]) -> list[str]:
    """Return what each message says, with who says it."""
    return [
        f"{speaker}: " + " ".join(_with_question(point) for point in said)
        for (_, speaker), said in groupby(points, key=lambda point: (point.positions[0], point.speaker))
    ]


def _with_question(point: Point) -> str:
    return f"({point.asked}) {point.content}" if point.asked else point.content
