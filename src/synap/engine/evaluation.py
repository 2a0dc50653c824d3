"""Extraction measured on cases, by the rules alone or with a language model: the pipeline of the worker, without a store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from synap.domain.documents import DocumentType
from synap.domain.memories import Draft, Statement
from synap.domain.privacy import PiiHandling
from synap.engine.enhancing import Enhanced, Enhancer
from synap.errors import InvalidInputError
from synap.ingestion.extract import Source, extract
from synap.ingestion.prepare import prepare
from synap.ingestion.reconcile import Related, reconcile
from synap.ingestion.scoring import Case, Found, Score
from synap.maca.schema import Ingestion as IngestionRules
from synap.ports.language_model import Usage


@dataclass(slots=True)
class Evaluation:
    """What a run over cases came to.

    Attributes:
        score: How well the cases were met.
        usage: What the language model used.
        degraded: Cases that had to do without it in part.
        warnings: What went wrong, each once, with how often.
    """

    score: Score = field(default_factory=Score)
    usage: Usage = field(default_factory=Usage)
    degraded: int = 0
    warnings: dict[str, int] = field(default_factory=dict)


async def evaluate(cases: Sequence[Case], enhancer: Enhancer | None, rules: IngestionRules) -> Evaluation:
    """Return how well the cases are extracted, in their order; with no `enhancer` by the rules alone.

    Raises:
        InvalidInputError: A case names a type of document that there is not, or its document is empty.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_extracted(case, enhancer, rules)) for case in cases]
    made = Evaluation()
    for case, task in zip(cases, tasks, strict=True):
        enhanced = task.result()
        made.score.add(case, await asyncio.to_thread(_stored, enhanced, rules))
        made.usage += enhanced.usage
        made.degraded += enhanced.degraded
        for warning in enhanced.warnings:
            code = warning.partition(":")[0]
            made.warnings[code] = made.warnings.get(code, 0) + 1
    return made


async def _extracted(case: Case, enhancer: Enhancer | None, rules: IngestionRules) -> Enhanced:
    try:
        document_type = DocumentType(case.document_type)
        document = await asyncio.to_thread(
            prepare, case.input, document_type=document_type, created_at=case.said_at, pii=PiiHandling.OFF
        )
    except (ValueError, InvalidInputError) as error:
        raise InvalidInputError(f"case {case.id}: {error}", field="file") from error
    source = Source(document_id=case.id, document_type=document_type, created_at=case.said_at, user_name=case.user_name)
    found = await asyncio.to_thread(extract, document, source)
    if enhancer is None:
        return Enhanced(found=found)
    return await enhancer.enhance(document, source, found, key=("case", case.id), rules=rules)


def _stored(enhanced: Enhanced, rules: IngestionRules) -> list[Found]:
    """Return what a new store would serve of an extraction: sure enough, each once, and not ended by a later statement."""
    drafts = [draft for draft in enhanced.found.drafts if _kept(draft, rules)]
    changes = reconcile(drafts, enhanced.found.retractions, Related(), now=datetime.now(UTC))
    over = {one.older_key for one in changes.supersede}
    return [_found(new.draft.statement) for new in changes.add if new.key not in over]


def _kept(draft: Draft, rules: IngestionRules) -> bool:
    sure = draft.statement.confidence >= rules.extraction.confidence_threshold
    return sure and draft.statement.type in rules.categories.types


def _found(statement: Statement) -> Found:
    at = "" if statement.when is None else statement.when.start.isoformat()
    return Found(type=statement.type.value, content=statement.content, event_date=at)
