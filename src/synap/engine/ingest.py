"""One ingestion from a stored document to changes in memory: extract, enhance, embed, relate, reconcile, apply."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from synap.domain.documents import Block, Mode, Role, transcript_key
from synap.domain.memories import Changes, Draft, Evidence, MemoryType, NewMemory, Retraction
from synap.domain.own_slots import with_own_slots
from synap.domain.resolution import Linking
from synap.domain.terms import term_hashes
from synap.engine import enhancing
from synap.engine.callers import Instance
from synap.engine.core import Core
from synap.engine.faults import Faults
from synap.engine.spaces import LiveSpace
from synap.errors import NotFoundError
from synap.ingestion.extract import Extraction, Source, extract
from synap.ingestion.gate import certain, head, judge
from synap.ingestion.hints import hints_of, with_hints
from synap.ingestion.implied import implied
from synap.ingestion.pieces import Pieces, Slice, covered, segments_of, slice_at, stretches
from synap.ingestion.reconcile import Related, reconcile, without_recanted
from synap.ingestion.records import meaning_of
from synap.ingestion.zones import zone_of
from synap.store.applied import Applied, Progress
from synap.store.queue import Job
from synap.store.stored_documents import StoredDocument

logger = logging.getLogger(__name__)

DIRECT = "direct@1"

CATEGORY_OF = {
    MemoryType.FACT: "facts",
    MemoryType.PREFERENCE: "preferences",
    MemoryType.EPISODE: "episodes",
    MemoryType.EMOTION: "emotions",
    MemoryType.TEMPORAL_EVENT: "temporal_events",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What the rules found in a document that is to be read with a language model as well."""

    found: Extraction
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What of a large document is worked through.

    Attributes:
        part: Its pieces.
        covers: Where they begin and end in the document, in code points.
        positions: Those of the segments that belong to them, among those that were read.
    """

    part: Slice
    covers: tuple[int, int]
    positions: range


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A job with its document and what was found in it.

    Attributes:
        job: The claimed job.
        document: As stored.
        instance: Whose configuration says what is wanted, and how it is read.
        drafts: What may become memories.
        retractions: What the user took back.
        pending: What a language model is to be asked; None where nothing is.
        degraded: Whether a part of the work was not done as configured.
        warnings: What went wrong in part.
        refused: Proposals of the model that were refused, by reason.
        portion: What of the document is worked through; all of it where None.
        recanted: Passages before it that it takes back.
        closed: Whether it ends inside a turn of which no more is for us.
    """

    job: Job
    document: StoredDocument
    instance: Instance
    drafts: tuple[Draft, ...]
    retractions: tuple[Retraction, ...] = ()
    pending: Pending | None = None
    degraded: bool = False
    warnings: tuple[str, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    portion: Portion | None = None
    recanted: tuple[Evidence, ...] = ()
    closed: bool = False

    @property
    def whole(self) -> bool:
        """Whether the document is at its end with it."""
        return self.portion is None or self.portion.part.last

    @property
    def segments(self) -> slice:
        """Where the segments lie that belong to it."""
        if self.portion is None:
            return slice(None)
        return slice(self.portion.positions.start, self.portion.positions.stop)

    @property
    def progress(self) -> Progress | None:
        """How far a large document has come with it."""
        if self.portion is None:
            return None
        part = self.portion.part
        return Progress(reached=part.end, pieces=part.total, closed=self.closed)

    @property
    def texts(self) -> list[str]:
        """What needs a vector: the segments, then the drafts."""
        return [
            meaning_of(segment) if segment.role is Role.RECORD else segment.text
            for segment in self.document.prepared.segments[self.segments]
        ] + [draft.statement.content for draft in self.drafts]


async def read(core: Core, instance: Instance, job: Job, faults: Faults) -> Work:
    """Load a job's document and find what it says, or what the next slice of a large one does, off the event loop."""
    if job.ingestion_id is None:
        raise NotFoundError("the job names no ingestion")
    document = await core.store.documents.load(job.scope, job.ingestion_id, reading=_stretches)
    await faults.point("extract")
    if document.prepared.statements:
        drafts = _with_own(_direct_drafts(document), instance)
        return Work(job=job, document=document, instance=instance, drafts=drafts)
    gated = (await core.spaces.live()).embedder.id == head().embedder
    source = _source(job, document, gated=gated)
    analysis = await _analysis(core, job, document)
    portion, found = await asyncio.to_thread(_extracted, document, source, analysis)
    enhanced = enhancing.wanted(instance.maca.ingestion, source)
    return Work(
        job=job,
        document=document,
        instance=instance,
        drafts=_eligible(found, instance),
        retractions=found.retractions,
        pending=Pending(found=found, source=source) if enhanced else None,
        portion=portion,
        recanted=found.recanted,
        closed=found.closed,
    )


async def enhance(core: Core, work: Work, faults: Faults) -> Work:
    """Ask the language model about a document that is to be read with one; no transaction is open meanwhile."""
    if work.pending is None:
        return work
    found, source, rules = work.pending.found, work.pending.source, work.instance.maca.ingestion
    await faults.point("enhance")
    if core.enhancer is None:
        made = enhancing.without_model(found)
    else:
        key = (work.job.scope.bucket, work.job.scope.id, work.job.ingestion_id, work.document.reached)
        prepared = work.document.prepared
        shown = replace(prepared, segments=prepared.segments[work.segments])
        if work.portion is not None:
            rules = enhancing.share_of(rules, *work.portion.covers, last=work.whole)
        made = await core.enhancer.enhance(shown, source, found, key=key, rules=rules)
    logger.info(
        "document was read with the language model",
        extra={
            "ingestion_id": work.job.ingestion_id,
            "added": made.added,
            "dropped": sum(made.dropped.values()),
            "tokens": made.usage.tokens,
            "degraded": made.degraded,
        },
    )
    return replace(
        work,
        refused={reason.value: count for reason, count in made.dropped.items()},
        drafts=_eligible(made.found, work.instance),
        retractions=made.found.retractions,
        pending=None,
        degraded=made.degraded,
        warnings=made.warnings,
    )


def rules_alone(work: Work, code: str) -> Work:
    """Return a document with what the rules found, marked as degraded: what the model said could not be worked with."""
    warning = f"language_model.error: its proposals could not be worked with ({code}); the rules' result stands"
    return replace(work, pending=None, degraded=True, warnings=(warning,))


async def embed(space: LiveSpace, works: Sequence[Work], faults: Faults) -> list[Any]:
    """Return the vectors of several jobs' texts, one `(n, dim)` array per job, computed together, equal texts once.

    What says nothing, a record of encoded data, has the zero vector: it is like no question and found by its names alone.
    """
    await faults.point("embed")
    texts = [work.texts for work in works]
    rows: dict[str, int] = {}
    for text in (text for part in texts for text in part if text):
        rows.setdefault(text, len(rows))
    vectors = await space.embedder.embed_documents(list(rows))
    if not all(map(all, texts)):
        rows[""] = len(rows)
        vectors = np.vstack([vectors, np.zeros((1, space.embedder.dim), dtype=np.float32)])
    return [vectors[[rows[text] for text in part]] for part in texts]


async def finish(core: Core, space: LiveSpace, work: Work, vectors: Any, faults: Faults) -> Changes:
    """Compare what was found with what is known, and apply the changes together with the end of the job."""
    rows = work.document.segment_rows[work.segments]
    count = len(rows)
    segment_vectors, draft_vectors = vectors[:count], vectors[count:]
    work, draft_vectors = _worth_keeping(space, work, draft_vectors)
    scope, slot = work.job.scope, space.slot
    fresh = tuple(
        NewMemory(key=key, draft=draft, extractor=draft.extractor, vector=vector)
        for key, (draft, vector) in enumerate(zip(work.drafts, draft_vectors, strict=True))
    )
    topics = [term_hashes(retraction.topic) for retraction in work.retractions]
    known = await core.store.memories.related(scope, fresh, topics, slot=slot)
    if follows := [draft for draft in implied(work.drafts, known.neighbours) if wanted(draft, work.instance)]:
        work = replace(work, drafts=(*work.drafts, *follows))
        more = await space.embedder.embed_documents([draft.statement.content for draft in follows])
        draft_vectors = np.vstack([draft_vectors, more])
    await faults.point("reconcile")
    related = Related(neighbours=known.neighbours, topics=known.topics)
    settle = partial(reconcile, now=core.clock.now(), came=work.document.recorded_at)
    changes = await asyncio.to_thread(settle, work.drafts, work.retractions, related)
    add = tuple(replace(new, vector=draft_vectors[new.key]) for new in changes.add)
    recanted = await core.store.memories.resting_on(scope, work.document, work.recanted)
    changes = without_recanted(changes, recanted, now=core.clock.now())
    await faults.point("apply")
    await core.store.memories.apply(
        scope,
        Applied(
            job=work.job,
            document=work.document,
            changes=replace(changes, add=add),
            vectors=dict(zip(rows, segment_vectors, strict=True)),
            slot=slot,
            message="; ".join(changes.messages) or None,
            degraded=work.degraded,
            warnings=work.warnings,
            now=core.clock.now(),
            linking=_linking(work.document) if work.instance.maca.storage.graph.enabled else None,
            progress=work.progress,
        ),
    )
    if changes.add:
        core.lexicons.forget(scope)
    await faults.point("applied")
    return changes


def _worth_keeping(space: LiveSpace, work: Work, vectors: Any) -> tuple[Work, Any]:
    """Return the work and its drafts' vectors with what is worth keeping: by the gate, where its weights fit the vectors."""
    weights = head()
    if space.embedder.id == weights.embedder:
        kept = judge(weights, work.drafts, vectors, feelings=work.document.mode is not Mode.FAST)
    else:
        kept = certain(work.drafts)
    kept = [(place, draft) for place, draft in kept if wanted(draft, work.instance)]
    return replace(work, drafts=tuple(draft for _, draft in kept)), vectors[[place for place, _ in kept]]


def _with_own(drafts: tuple[Draft, ...], instance: Instance) -> tuple[Draft, ...]:
    """Return drafts that also settle the slots which the instance's configuration adds."""
    own = instance.maca.ingestion.slots
    if not own:
        return drafts
    return tuple(replace(draft, statement=with_own_slots(draft.statement, own)) for draft in drafts)


def _linking(document: StoredDocument) -> Linking:
    name = _user_name(document)
    return Linking(deep=document.mode is not Mode.FAST, own_names=() if name is None else (name,))


def _user_name(document: StoredDocument) -> str | None:
    name = document.metadata.get("user_name")
    return name if isinstance(name, str) and name.strip() else None


async def _analysis(core: Core, job: Job, document: StoredDocument) -> Mapping[str, Any] | None:
    """Return what the caller said of the conversation that a document is the whole of; None for any other document."""
    if document.conversation is None or document.document_id != transcript_key(document.conversation):
        return None
    return await core.store.conversations.analysis(job.scope, document.conversation)


def _extracted(
    document: StoredDocument, source: Source, analysis: Mapping[str, Any] | None
) -> tuple[Portion | None, Extraction]:
    """Return the next slice of a document, None where that is all of it, and what it says."""
    parts = Pieces(document.prepared.blocks)
    part = slice_at(parts, document.reached)
    found = extract(document.prepared, source, part, parts=parts, closed=document.closed)
    if analysis is not None:
        found = replace(found, drafts=with_hints(found.drafts, hints_of(analysis)))
    if part.start == 0 and part.last:
        return None, found
    positions = segments_of(document.prepared, parts, part)
    return Portion(part=part, covers=covered(parts, part), positions=positions), found


def _stretches(blocks: Sequence[Block], reached: int) -> Sequence[tuple[int, int]]:
    """Return the stretches of a document that are read next, where so many of its pieces are done."""
    parts = Pieces(blocks)
    return stretches(parts, slice_at(parts, reached))


def _source(job: Job, document: StoredDocument, *, gated: bool) -> Source:
    return Source(
        document_id=document.document_id,
        document_type=document.document_type,
        created_at=document.created_at,
        rung=job.scope.rung,
        user_name=_user_name(document),
        mode=document.mode,
        gated=gated,
        zone=zone_of(zone) if isinstance(zone := document.metadata.get("timezone"), str) else None,
    )


def _eligible(found: Extraction, instance: Instance) -> tuple[Draft, ...]:
    """Return the drafts that may be kept: where the gate has yet to judge, it is asked after it whether they are wanted."""
    drafts = tuple(draft for draft in found.drafts if draft.cues or wanted(draft, instance))
    return _with_own(drafts, instance)


def wanted(draft: Draft, instance: Instance) -> bool:
    """Whether a draft is wanted: the caller's own always, another if its category is on and it is sure enough."""
    if draft.extractor == DIRECT:
        return True
    rules = instance.maca.ingestion
    kind, confidence = draft.statement.type, draft.statement.confidence
    return getattr(rules.categories, CATEGORY_OF[kind]) and confidence >= rules.extraction.confidence_threshold


def _direct_drafts(document: StoredDocument) -> tuple[Draft, ...]:
    """Return the caller's own memories as drafts; each rests on its line of the document."""
    drafts, start = [], 0
    for statement in document.prepared.statements:
        end = start + len(statement.content)
        quote = Evidence(document_id=document.document_id, start=start, end=end, quote=statement.content)
        drafts.append(Draft(statement=statement, evidence=(quote,), extractor=DIRECT))
        start = end + 1
    return tuple(drafts)
