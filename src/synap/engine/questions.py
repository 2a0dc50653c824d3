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
from synap.errors import InvalidInputError, UnprocessableError
from synap.retrieval.plan import plan_queries, read_query_date

MAX_RESULTS = 50
"""Items of an answer; who asks for more is given as many as this, and told so."""

PRECISION_LEVELS = ("high", "medium")
MAX_QUERIES = 16
MAX_QUERY_CHARACTERS = 16_384
"""What one fetch asks of the channels; a longer question counts as far as this, and those beyond the last are left out."""

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
        max_results: Items at most.
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
    max_results: int
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
        UnprocessableError: A value is out of its range, or not for whose context it is.
    """
    max_results, fewer = _max_results(request.max_results)
    each = request.max_results_per_query
    if each is not None and each < 1:
        raise InvalidInputError(f"max_results_per_query must be at least 1, not {each}", field="max_results_per_query")
    if request.precision_level not in (None, *PRECISION_LEVELS):
        raise UnprocessableError(
            f"precision_level must be 'high' or 'medium', not {echo(request.precision_level)}", field="precision_level"
        )
    checks.one_of(ResponseShape, request.response_shape, field="response_shape")
    _check_mode(request)
    moment, undated = read_query_date(request.query_date, now)
    queries, shorter = _queries(request.search_query)
    retrieval = instance.maca.retrieval
    mode = retrieval.default_mode if request.mode is None else request.mode
    return Asked(
        types=parse_types(request.types),
        queries=queries,
        max_results=max_results,
        mode=checks.one_of(RetrievalMode, mode, field="mode"),
        moment=moment,
        as_of=checks.moment(request.as_of, field="as_of"),
        budget=_budget(retrieval.budget.max_tokens if request.max_tokens is None else request.max_tokens),
        rungs=_rungs(instance, request.scopes),
        kept_from=instance.maca.storage.retention.kept_from(now),
        warnings=tuple(warning for warning in (undated, fewer, *shorter) if warning),
    )


def settled(request: FetchContext, asked: Asked) -> FetchContext:
    """Return what an answer depends on besides its owner, so that equal questions are equal requests."""
    each = request.max_results_per_query
    return msgspec.structs.replace(
        request,
        mode=asked.mode.value,
        max_tokens=asked.budget,
        search_query=tuple(query.text for query in asked.queries),
        max_results=asked.max_results,
        max_results_per_query=None if each is None else min(each, MAX_RESULTS),
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
        raise UnprocessableError(
            f"context_mode {SUMMARIES!r} is for a user's context; leave it out for a {request.target}'s",
            field="context_mode",
        )
    if not 0 <= request.last_n_conversations <= MOST_CONVERSATIONS:
        raise UnprocessableError(
            f"last_n_conversations must lie between 0 and {MOST_CONVERSATIONS}, not {request.last_n_conversations}",
            field="last_n_conversations",
        )


def _budget(tokens: int) -> int:
    if tokens < 0:
        raise InvalidInputError(f"max_tokens must not be negative, not {tokens}", field="max_tokens")
    return min(tokens, MOST_TOKENS)


def _max_results(wanted: int) -> tuple[int, str]:
    """Return how many items to give, and a warning where more are wanted than that."""
    if not isinstance(wanted, int) or wanted < 0:
        raise InvalidInputError(f"max_results must not be negative, not {wanted}", field="max_results")
    if wanted <= MAX_RESULTS:
        return wanted, ""
    return MAX_RESULTS, f"max_results is {MAX_RESULTS} at most: {MAX_RESULTS} are given, not {wanted}"


def _queries(texts: Sequence[str]) -> tuple[tuple[Query, ...], list[str]]:
    """Return the distinct questions that are asked, and a warning each where some were cut, or were too many."""
    for text in texts:
        _check_text(text)
    whole = dict.fromkeys(text.strip() for text in texts if text.strip())
    asked = list(dict.fromkeys(text[:MAX_QUERY_CHARACTERS].rstrip() for text in whole))
    warnings: list[str] = []
    if any(len(text) > MAX_QUERY_CHARACTERS for text in whole):
        warnings.append(f"search_query is read up to {MAX_QUERY_CHARACTERS} characters: the rest was left out")
    if len(asked) > MAX_QUERIES:
        warnings.append(
            f"search_query holds {MAX_QUERIES} different queries at most: the first {MAX_QUERIES} of {len(asked)} were asked"
        )
    return plan_queries(asked[:MAX_QUERIES]), warnings


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
