"""Extraction with a language model beside the rules: window by window, inside what a document may cost, never required."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cachetools import LRUCache

from synap.domain.documents import Mode, PreparedDocument
from synap.engine import metering
from synap.engine.metering import MeteredModel
from synap.ingestion.dispose import dispose
from synap.ingestion.extract import Extraction, Source
from synap.ingestion.merge import merged
from synap.ingestion.proposals import Accepted, Proposals, Reason, extractor_of, prompt
from synap.ingestion.windows import Window, as_data, windows
from synap.maca.schema import ExtractionMode, ExtractionRules
from synap.maca.schema import Ingestion as IngestionRules
from synap.ports.language_model import CallLimits, Failure, LanguageModelError, Line, Usage

logger = logging.getLogger(__name__)

NO_MODEL = (
    "language_model.none: extraction is `enhanced`, but no language model is configured; the rules' result stands"
)

OUTPUT_TOKENS = 3000
CALL_SECONDS = 60.0
DOCUMENT_SECONDS = 180.0
"""Time in which all calls for one document must have ended."""

LEAST_TOKENS = 500
"""Tokens that must be left of a document's budget for another call to be made."""

PER_CALL, PER_CODE_POINT = 2_400, 2
"""Of a large document's budget a slice has a call for so many code points, and so many tokens for each: twice what most take."""

AT_A_TIME = metering.AT_A_TIME - 1
"""Documents that are read with the model at a time: one place is left to whoever waits for an answer."""

REMEMBERED = 256
"""Documents whose proposals are kept until they are stored, so that a job that is tried again is not paid for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enhanced:
    """An extraction with what a model added.

    Attributes:
        found: What the rules and the model found together.
        degraded: Whether a part of the document had to do without the model although it was wanted.
        warnings: What went wrong or was refused, in words for people, each beginning with a stable code.
        usage: What the model used.
        dropped: Proposals that were dropped, by reason.
        added: Memories that only the model found.
    """

    found: Extraction
    degraded: bool = False
    warnings: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    dropped: Mapping[Reason, int] = field(default_factory=dict)
    added: int = 0


def wanted(rules: IngestionRules, source: Source) -> bool:
    """Whether a document is to be read with a model: `fast` ones never wait for one."""
    return rules.extraction.mode is ExtractionMode.ENHANCED and source.mode is not Mode.FAST


def share_of(rules: IngestionRules, begin: int, end: int, *, last: bool) -> IngestionRules:
    """Return the rules with as much of a document's budget as one slice of it may use, by the code points that it covers.

    What the slices of a document may use together is never more than its budget, whoever works on them, and the first
    ones are served first. The `last` one has whatever no other may use.
    """
    budget = rules.extraction.budget

    def upto(place: int) -> tuple[int, int]:
        return min(budget.max_calls, -(-place // PER_CALL)), min(budget.max_tokens, place * PER_CODE_POINT)

    (calls, tokens), (most_calls, most_tokens) = upto(begin), upto(end)
    if last:
        most_calls, most_tokens = budget.max_calls, budget.max_tokens
    share = replace(budget, max_calls=most_calls - calls, max_tokens=most_tokens - tokens)
    return replace(rules, extraction=replace(rules.extraction, budget=share))


class Enhancer:
    """Asks a model about documents. Holds nothing but what was answered for documents that are not stored yet."""

    def __init__(self, model: MeteredModel) -> None:
        self._model = model
        self._places = asyncio.Semaphore(AT_A_TIME)
        self._answered: LRUCache[tuple[Any, ...], Proposals] = LRUCache(maxsize=REMEMBERED)

    async def enhance(
        self,
        document: PreparedDocument,
        source: Source,
        found: Extraction,
        *,
        key: tuple[Any, ...],
        rules: IngestionRules,
    ) -> Enhanced:
        """Return the rules' extraction with what the model adds; exactly the rules' where it fails.

        Never raises for the model's sake, and may be cancelled at any moment. `key` names the document and its owner.
        """
        shown = await asyncio.to_thread(windows, document)
        if not shown:
            return Enhanced(found=found)
        reading = _Reading(document, source, rules, key)
        try:
            async with self._places, asyncio.timeout(DOCUMENT_SECONDS):
                for number, window in enumerate(shown):
                    await self._read(reading, window, (number,))
        except TimeoutError:
            reading.failures[Failure.TIMEOUT] += 1
        return await asyncio.to_thread(reading.result, found, extractor_of(self._model.id), total=len(shown))

    async def _read(self, reading: _Reading, window: Window, place: tuple[int, ...]) -> None:
        """Ask about a window; about its halves where the answer about it is too long."""
        key = (*reading.key, place, self._model.id)
        proposals = self._answered.get(key)
        if proposals is None:
            try:
                proposals = await self._ask(reading, window)
            except LanguageModelError as error:
                reading.usage += error.usage
                halves = window.halves if error.kind is Failure.TRUNCATED and len(place) == 1 else ()
                if not halves:
                    reading.failures[error.kind] += 1
                    return
                for half, part in enumerate(halves):
                    await self._read(reading, part, (*place, half))
                return
            self._answered[key] = proposals
        reading.answers.append((window, proposals))

    async def _ask(self, reading: _Reading, window: Window) -> Proposals:
        limits = reading.limits()
        done = await self._model.ask("extract", reading.lines(window), Proposals, limits)
        reading.usage += done.usage
        return done.value


class _Reading:
    """One document on its way through the model."""

    def __init__(self, document: PreparedDocument, source: Source, rules: IngestionRules, key: tuple[Any, ...]) -> None:
        self.key = key
        self.usage = Usage()
        self.failures: Counter[Failure] = Counter()
        self.answers: list[tuple[Window, Proposals]] = []
        self._document = document
        self._source = source
        self._extraction: ExtractionRules = rules.extraction
        self._hints = rules.agent_hints

    def limits(self) -> CallLimits:
        """Return what the next call may cost.

        Raises:
            LanguageModelError: The document's budget is used up.
        """
        budget = self._extraction.budget
        calls = budget.max_calls - self.usage.requests
        tokens = budget.max_tokens - self.usage.tokens
        if calls < 1 or tokens < LEAST_TOKENS:
            raise LanguageModelError("the document's budget is used up", kind=Failure.BUDGET)
        return CallLimits(output_tokens=min(OUTPUT_TOKENS, tokens), seconds=CALL_SECONDS, requests=calls)

    def lines(self, window: Window) -> Sequence[Line]:
        """Return the prompt for a window: the task, the operator's hints, the document as data."""
        about: dict[str, Any] = {"document_type": self._source.document_type.value}
        if self._source.created_at is not None:
            about["written"] = f"{self._source.created_at:%Y-%m-%d, %A}"
        if self._source.user_name is not None:
            about["user_name"] = self._source.user_name
        task = prompt()
        if self._hints:
            task += (
                "\nWhat the operator of this memory wants:\n" + "\n".join(f"- {hint}" for hint in self._hints) + "\n"
            )
        return (Line(speaker="system", text=task), Line(speaker="user", text=as_data(window, about)))

    def result(self, found: Extraction, extractor: str, *, total: int) -> Enhanced:
        """Return what the answers add to the rules' extraction."""
        accepted = Accepted()
        for window, proposals in self.answers:
            more = dispose(proposals, window, self._document, self._source, extractor=extractor)
            accepted = Accepted(
                drafts=(*accepted.drafts, *more.drafts),
                retractions=(*accepted.retractions, *more.retractions),
                dropped=accepted.dropped + more.dropped,
            )
        together, kept = merged(found, accepted)
        return Enhanced(
            found=together,
            degraded=bool(self.failures),
            warnings=(*_failed(self.failures, total), *_dropped(kept.dropped)),
            usage=self.usage,
            dropped=kept.dropped,
            added=len(kept.drafts),
        )


def without_model(found: Extraction) -> Enhanced:
    """Return the rules' extraction, marked as not what was configured."""
    return Enhanced(found=found, degraded=True, warnings=(NO_MODEL,))


def _failed(failures: Mapping[Failure, int], total: int) -> tuple[str, ...]:
    return tuple(
        f"language_model.{kind.value}: {count} of {total} parts of the document had to do without the language model;"
        " the rules' result stands"
        for kind, count in failures.items()
    )


def _dropped(dropped: Mapping[Reason, int]) -> tuple[str, ...]:
    """Return one warning about proposals that were refused; those that only repeat what is there are no news."""
    told = {reason: count for reason, count in dropped.items() if reason is not Reason.REPEATED and count}
    if not told:
        return ()
    reasons = ", ".join(f"{count} {reason.value}" for reason, count in sorted(told.items()))
    return (f"language_model.dropped: {sum(told.values())} of the language model's proposals were refused: {reasons}",)
