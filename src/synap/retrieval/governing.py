"""Standing requests that govern a task: how answers shall be written, though the task shares no words with them.

`Write a summary of the meeting` says nothing of emojis, and still the request to leave them out is about it. So a question
that sets the assistant a task is asked a second time, in the words in which such requests are kept, and what that brings
counts for standing requests alone. Questions about what is known are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from synap.domain.contexts import Candidate, Query
from synap.domain.memories import MemoryType
from synap.retrieval.plan import plan_queries

_TEMPLATE = "The user wants the assistant to {task}"
_LONGEST_TASK = 300
_TASK = re.compile(
    r"^(?:\W*(?:please|ok(?:ay)?|now|hey|hi|so|and|then|kindly)\b[\s,]*)*(?:(?:can|could|would|will) you (?:please )?|help me(?: to)? |"
    r"i(?:['\u2019]d like| need| want) (?:you )?(?:to )?(?=\w)|let['\u2019]s )?"
    r"(?P<task>(?:write|draft|compose|prepare|plan|suggest|recommend|propose|create|make|build|design|generate|summari[sz]e|"
    r"explain|describe|translate|rewrite|rephrase|format|schedule|book|organi[sz]e|show|list|compare|review|outline|brainstorm|"
    r"answer|reply|respond|email|send|calculate|convert|code|implement|refactor|cook|pick|choose|order|find|give|tell|walk)\b.*)",
    re.IGNORECASE | re.DOTALL,
)
_ADVICE = re.compile(r"\b(?:what|which|where|how) (?:should|could|can|do|would) (?:i|we)\b", re.IGNORECASE)
_TO_THE_ASSISTANT = re.compile(r"\b(?:wants?|asks?|asked|prefers?|expects?|likes?) the assistant\b", re.IGNORECASE)
_ABOUT_ANSWERS = frozenset({"assistant", "communication"})


def task_of(question: str) -> str | None:
    """Return the task that a question sets the assistant, or None for one about what is known."""
    match = _TASK.match(question.strip())
    if match is not None:
        return match["task"].strip()
    return question.strip() if _ADVICE.search(question) else None


def with_governing(queries: Sequence[Query], *, weight: float = 1.0) -> tuple[Query, ...]:
    """Return `queries` with one behind them that looks for the standing requests about the first task among them."""
    task = next((task for query in queries if not query.derived and (task := task_of(query.text)) is not None), None)
    if task is None or weight <= 0.0:
        return tuple(queries)
    (query,) = plan_queries([_TEMPLATE.format(task=task[:_LONGEST_TASK])])
    return (
        *queries,
        replace(query, names=(), weight=min(1.0, weight), derived=True, governing=True),
    )


def governs(candidate: Candidate) -> bool:
    """Whether a candidate is a standing request to the assistant."""
    statement = candidate.memory.statement
    if candidate.excerpt or statement.type is not MemoryType.PREFERENCE:
        return False
    return statement.category in _ABOUT_ANSWERS or _TO_THE_ASSISTANT.search(statement.content) is not None
