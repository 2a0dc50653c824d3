"""What has been found in a document so far, so that later words of the same document can correct it or take it back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice

from synap.domain.documents import Block, PreparedDocument, Segment
from synap.domain.memories import Draft, Evidence, MemoryType, Retraction, Statement
from synap.domain.terms import tokenize
from synap.ingestion.retractions import concerns
from synap.ingestion.segments import locate

_ALIKE = 0.6
_LATELY = 3  # findings back that a correction without a subject may mean
_WINDOW = 400
_PASSAGE = 2_000  # code points of a block that may stand for a part of it which cannot be found
_MOST_EVIDENCE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A statement with what a later correction needs to know about it.

    Attributes:
        statement: The statement.
        evidence: Where it was said.
        clause: The clause as it was said, contractions written out.
        speaker: Who said it.
        turn: Index of the block it stands in.
        cues, doubtful: See `synap.domain.memories.Draft`.
        alone: What is left of a feeling without its trigger, which its last evidence tells; None where it rests on no other.
    """

    statement: Statement
    evidence: tuple[Evidence, ...]
    clause: str
    speaker: str
    turn: int
    cues: frozenset[str] = frozenset()
    doubtful: bool = False
    alone: Statement | None = None

    @property
    def terms(self) -> frozenset[str]:
        """Its lexical terms; read for corrections and retractions only."""
        return _terms_of(self.clause, self.statement.content)


@dataclass(slots=True)
class Ledger:
    """The findings of one document, in order.

    Attributes:
        since: First turn of the slice that is worked through; what was found before it is known, and only withdrawn.
    """

    since: int = 0
    found: list[Found] = field(default_factory=list)
    retractions: list[Retraction] = field(default_factory=list)
    opt_outs: int = 0
    withdrawn: list[Evidence] = field(default_factory=list)
    places: dict[tuple[MemoryType, str], int] = field(default_factory=dict)

    def add(self, found: Found) -> None:
        """Enter a finding; said twice, the evidence of the second is added to the first."""
        key = (found.statement.type, found.statement.content)
        place = self.places.get(key)
        if place is None or self.found[place].turn < self.since <= found.turn:
            self.places[key] = len(self.found)
            self.found.append(found)
        else:
            earlier = self.found[place]
            if len(earlier.evidence) >= _MOST_EVIDENCE:
                return
            doubtful = earlier.doubtful and found.doubtful
            self.found[place] = replace(earlier, evidence=(*earlier.evidence, *found.evidence), doubtful=doubtful)

    def restate(self, found: Found, fuller: Found) -> None:
        """Put what is known more fully in the place of one of the latest findings."""
        for place in range(len(self.found) - 1, max(-1, len(self.found) - 1 - _LATELY), -1):
            if self.found[place] is found:
                self.found[place] = fuller
                self.places.pop((found.statement.type, found.statement.content), None)
                self.places.setdefault((fuller.statement.type, fuller.statement.content), place)
                return

    def take_back(self, topic: str, speaker: str) -> None:
        """Drop what the speaker said earlier about a topic: every word of it occurs, and it is about the same person."""
        wanted = set(tokenize(topic)) - _EMPTY
        if wanted:
            self._drop(
                lambda entry: (
                    entry.speaker == speaker
                    and wanted <= entry.terms
                    and concerns(topic, entry.statement, subject=speaker)
                )
            )

    def forget_changes(self) -> None:
        """Forget what was taken back so far: only what comes now counts."""
        self.retractions.clear()
        self.withdrawn.clear()
        self.opt_outs = 0

    def drop_turn(self, turn: int) -> None:
        """Drop what was found since a turn began."""
        self._drop(lambda entry: entry.turn >= turn)

    def drop_last(self, speaker: str) -> None:
        """Drop what the speaker's last sentence gave."""
        last = next((entry for entry in reversed(self.found) if entry.speaker == speaker), None)
        if last is not None:
            self.drop_sentence(last)

    def drop_sentence(self, found: Found) -> None:
        """Drop a statement and what else its words gave."""
        self._drop(lambda entry: entry.evidence[0] == found.evidence[0])

    def about(self, topic: str, speaker: str) -> Found | None:
        """Return the latest statement of the speaker that holds every word of a topic, or None."""
        wanted = set(tokenize(topic)) - _EMPTY
        if not wanted:
            return None
        return next(
            (entry for entry in reversed(self.found) if entry.speaker == speaker and wanted <= entry.terms), None
        )

    def drop(self, found: Found) -> None:
        """Drop one statement."""
        self._drop(lambda entry: entry is found)

    def replace_alike(self, newer: Found) -> None:
        """Drop earlier statements of the speaker that a correction replaces: same slot, or mostly the same words."""
        keys = {slot.key for slot in newer.statement.slots if slot.single}
        terms = newer.terms

        def outdated(entry: Found) -> bool:
            if entry.speaker != newer.speaker or entry.statement.content == newer.statement.content:
                return False
            if keys & {slot.key for slot in entry.statement.slots}:
                return True
            theirs = entry.terms
            return bool(terms) and len(terms & theirs) >= _ALIKE * min(len(terms), len(theirs)) and terms != theirs

        self._drop(outdated)

    def last_said(self, speaker: str) -> Found | None:
        """Return the speaker's latest finding that is not in doubt, or None."""
        return next((one for one in reversed(self.found) if one.speaker == speaker and not one.doubtful), None)

    def said_lately(self, speaker: str) -> list[Found]:
        """Return the speaker's latest few findings that are not in doubt, the latest first."""
        sure = (one for one in reversed(self.found) if one.speaker == speaker and not one.doubtful)
        return list(islice(sure, _LATELY))

    def drafts(self) -> tuple[Draft, ...]:
        """Return what is left, in order."""
        return tuple(
            Draft(statement=one.statement, evidence=one.evidence, cues=one.cues, doubtful=one.doubtful)
            for one in self.found
            if one.turn >= self.since
        )

    def _drop(self, unwanted: Callable[[Found], bool]) -> None:
        """Drop what is unwanted among the latest findings; what lies further back is left to reconciliation."""
        early, late = self.found[:-_WINDOW], self.found[-_WINDOW:]
        kept: list[Found] = []
        for entry in late:
            if unwanted(entry):
                self.withdrawn += entry.evidence if entry.alone is None else entry.evidence[:-1]
            else:
                kept.append(entry)
        self.found = early + [self._without_trigger(entry) for entry in kept]
        self.places = {(entry.statement.type, entry.statement.content): place for place, entry in enumerate(self.found)}

    def _without_trigger(self, entry: Found) -> Found:
        """Return a feeling whose trigger was dropped without it; everything else as it is."""
        if entry.alone is None or entry.evidence[-1] not in self.withdrawn:
            return entry
        return replace(entry, statement=entry.alone, evidence=entry.evidence[:-1], alone=None)


class Passages:
    """Finds the evidence of a statement: exact offsets, the covering segment, the turn."""

    def __init__(self, document: PreparedDocument, document_id: str) -> None:
        self._text = document.text
        self._segments: tuple[Segment, ...] = document.segments
        self._starts = [segment.start for segment in document.segments]
        self._document_id = document_id
        self._reached = (-1, 0)

    @property
    def document_id(self) -> str:
        """Caller's id of the document."""
        return self._document_id

    def evidence(self, block: Block, part: str, *, after: int = 0) -> Evidence:
        """Return the evidence for a part of a block's text, looked up behind what was found in the block before.

        Where markup stands between its words the passage runs from the first to the last of them.
        """
        reached = self._reached[1] if self._reached[0] == block.start else block.start
        begin = max(after, reached)
        start = self._text.find(part, begin, block.end) if part else -1
        if start < 0 and begin > max(block.start, after):
            start = self._text.find(part, max(block.start, after), begin)
        start, end = (start, start + len(part)) if start >= 0 else locate(self._text, part, begin, block.end)
        if start >= end:
            start, end = (block.start, block.end) if block.end - block.start <= _PASSAGE else (begin, begin + _PASSAGE)
        self._reached = (block.start, start)
        return Evidence(
            document_id=self._document_id,
            start=start,
            end=end,
            quote=self._text[start:end],
            turn_id=block.turn_id,
            segment=self._covering(start),
        )

    def spanning(self, first: Evidence, last: Evidence) -> tuple[Evidence, ...]:
        """Return one passage over two of the same turn, the second behind the first; both where they are not."""
        if (
            first.turn_id != last.turn_id
            or not first.end <= last.end <= first.start + _PASSAGE
            or last.start < first.start
        ):
            return first, last
        return (replace(first, end=last.end, quote=self._text[first.start : last.end]),)

    def _covering(self, place: int) -> int:
        if not self._segments:
            return 0
        return self._segments[max(0, bisect_right(self._starts, place) - 1)].ordinal


_EMPTY = frozenset(tokenize("i we my our the that said about setting settings preference preferences thing things"))


@lru_cache(maxsize=1024)
def _terms_of(clause: str, content: str) -> frozenset[str]:
    return frozenset(tokenize(f"{clause} {content}")) - _EMPTY
