"""What a fetch asks for, checked, with the instance's own values where the request names none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from synap.api.contexts import FetchContext
from synap.domain.contexts import Query, ResponseShape, RetrievalMode
from synap.domain.echoes import echo
from synap.domain.memories import MemoryType
from synap.domain.vocabulary import parse_types
from synap.engine import checks
from synap.engine.callers import Instance
from synap.errors import InvalidInputError
from synap.retrieval.plan import plan_queries, read_query_date

MAX_RESULTS = 50
PRECISION_LEVELS = ("high", "medium")
MAX_QUERIES = 16
MAX_QUERY_CHARACTERS = 16_384
MOST_CONVERSATIONS = 20
IN_CONVERSATION, SUMMARIES = "in-conversation", "conversation-summary"
"""What a fetch answers with: memories, or for a user its latest conversations."""

MOST_TOKENS = 2**31 - 1
"""Beyond any answer; a larger budget is taken as this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request after all checks, with everything the search needs but the vectors.

    Attributes:
        types: Memory types wanted; empty for all.
        queries: Distinct questions, without vectors.
        mode: How much work the fetch may do.
        moment: From when the questions are asked.
        as_of: Serve what was believed at this moment, or None for now.
        budget: Tokens of the formatted context.
        rungs: Rungs to which the answer is narrowed, or None for all.
        kept_from: What was recorded before this moment has expired; None where nothing does.
        warnings: What the caller should know.
    """

    types: frozenset[MemoryType]
    queries: tuple[Query, ...]
    mode: RetrievalMode
    moment: datetime
    as_of: datetime | None
    budget: int
    rungs: frozenset[str] | None
    kept_from: datetime | None
    warnings: tuple[str, ...]


def check(instance: Instance, request: FetchContext, *, now: datetime) -> Asked:
    """Return what a request asks of an instance.

    Raises:
        InvalidInputError: A value is not allowed; `field` names it.
    """
    if not isinstance(request.max_results, int) or not 0 <= request.max_results <= MAX_RESULTS:
        raise InvalidInputError(
            f"max_results must lie between 0 and {MAX_RESULTS}, not {request.max_results}", field="max_results"
        )
    each = request.max_results_per_query
    if each is not None and not 1 <= each <= MAX_RESULTS:
        raise InvalidInputError(
            f"max_results_per_query must lie between 1 and {MAX_RESULTS}, not {each}", field="max_results_per_query"
        )
    if request.precision_level not in (None, *PRECISION_LEVELS):
        raise InvalidInputError(
            f"precision_level must be 'high' or 'medium', not {echo(request.precision_level)}", field="precision_level"
        )
    checks.one_of(ResponseShape, request.response_shape, field="response_shape")
    _check_mode(request)
    moment, warning = read_query_date(request.query_date, now)
    retrieval = instance.maca.retrieval
    mode = retrieval.default_mode if request.mode is None else request.mode
    return Asked(
        types=parse_types(request.types),
        queries=_queries(request.search_query),
        mode=checks.one_of(RetrievalMode, mode, field="mode"),
        moment=moment,
        as_of=checks.moment(request.as_of, field="as_of"),
        budget=_budget(retrieval.budget.max_tokens if request.max_tokens is None else request.max_tokens),
        rungs=_rungs(instance, request.scopes),
        kept_from=instance.maca.storage.retention.kept_from(now),
        warnings=() if warning is None else (warning,),
    )


def settled(request: FetchContext, asked: Asked) -> FetchContext:
    """Return what an answer depends on besides its owner, so that equal questions are equal requests."""
    return msgspec.structs.replace(
        request,
        mode=asked.mode.value,
        max_tokens=asked.budget,
        search_query=tuple(query.text for query in asked.queries),
        customer_id=None,
        user_id=None,
        conversation_id=None,
        precision_level=None,
    )


def _check_mode(request: FetchContext) -> None:
    if request.context_mode not in (IN_CONVERSATION, SUMMARIES):
        raise InvalidInputError(
            f"context_mode must be {IN_CONVERSATION!r} or {SUMMARIES!r}, not {echo(request.context_mode)}",
            field="context_mode",
        )
    if request.context_mode == SUMMARIES and request.target != "user":
        raise InvalidInputError(
            f"context_mode {SUMMARIES!r} is for a user's context; leave it out for a {request.target}'s",
            field="context_mode",
        )
    if not 0 <= request.last_n_conversations <= MOST_CONVERSATIONS:
        raise InvalidInputError(
            f"last_n_conversations must lie between 0 and {MOST_CONVERSATIONS}, not {request.last_n_conversations}",
            field="last_n_conversations",
        )


def _budget(tokens: int) -> int:
    if tokens < 0:
        raise InvalidInputError(f"max_tokens must not be negative, not {tokens}", field="max_tokens")
    return min(tokens, MOST_TOKENS)


def _queries(texts: Sequence[str]) -> tuple[Query, ...]:
    asked = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    if len(asked) > MAX_QUERIES:
        raise InvalidInputError(
            f"search_query must hold at most {MAX_QUERIES} different queries, not {len(asked)}", field="search_query"
        )
    for text in asked:
        if len(text) > MAX_QUERY_CHARACTERS:
            raise InvalidInputError(
                f"search_query must be at most {MAX_QUERY_CHARACTERS} characters each, not {len(text)}",
                field="search_query",
            )
        _check_text(text)
    return plan_queries(asked)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"search_query must be valid Unicode: it holds a lone surrogate at position {error.start}",
            field="search_query",
        ) from error


def _rungs(instance: Instance, scopes: tuple[str, ...] | None) -> frozenset[str] | None:
    if scopes is None:
        return None
    for name in scopes:
        instance.place.ladder.rank(name)
    return frozenset(scopes)
