"""From a clause to a finding in the ledger: dates, salience, statement, cues, and what ties it to the clause beside it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import partial

from synap.domain.documents import Block
from synap.domain.memories import Evidence, Statement, When
from synap.ingestion import corrections, own_words
from synap.ingestion.acts import Act, Reading
from synap.ingestion.attributes import feeling_of, hedged
from synap.ingestion.clauses import Clause
from synap.ingestion.date_tenses import tenses_of
from synap.ingestion.dates import find_dates
from synap.ingestion.gate import MACHINE, PEOPLE, cues_of, worth_a_look
from synap.ingestion.ledger import Found, Ledger, Passages
from synap.ingestion.mentions import Mentions
from synap.ingestion.salience import dreams, salient, tells_a_state
from synap.ingestion.shapes import Shape, analyse
from synap.ingestion.speech_acts import read
from synap.ingestion.statements import (
    Circumstances,
    Speaker,
    statement_of,
)
from synap.ingestion.tenses import Tense
from synap.ingestion.ties import Ties
from synap.ingestion.validity import opening_moved
from synap.ingestion.wording import put_plainly, with_introductions

_CONDITION = re.compile(r"^(?:(?:and|but|so) )?if\b", re.IGNORECASE)
_PLEASE = re.compile(r"(?:please|pls)\b", re.IGNORECASE)


class Stating:
    """What one speaker states in one turn, clause by clause.

    Attributes:
        closed: Whether the speaker said that the rest of the turn is not for us.
    """

    def __init__(
        self,
        *,
        block: Block,
        turn: int,
        speaker: Speaker,
        said_at: datetime | None,
        ledger: Ledger,
        passages: Passages,
        feelings: bool,
        gated: bool,
    ) -> None:
        self._block = block
        self._index = self._first = turn
        self._speaker = speaker
        self._said_at = said_at
        self._ledger, self._passages = ledger, passages
        self._feelings, self._gated = feelings, gated
        self._register = MACHINE if speaker.to_machine else PEOPLE
        self._mentions = Mentions(speaker.voice.inner)
        self._source = ""
        self._last_when: When | None = None
        self._tasked = False
        self._heard: set[str] = set()
        self._before = ""
        self._ties = Ties(ledger, passages, feelings=feelings, state=self._stated)
        self.closed = False

    def _clauses(
        self, sentence: str, clauses: list[Clause], *, correction: bool, offset: int = 0, always: bool = False
    ) -> None:
        self._last_when = None
        last: int | None = None
        for clause in with_introductions(clauses, self._speaker.voice.name):
            start = max(0, clause.start + offset) if len(clauses) > 1 else 0
            end = clause.end + offset if len(clauses) > 1 else len(sentence)
            part = sentence[start:end].strip()
            joint, last = None if last is None else sentence[last:start], end
            self._beside(clause, joint, self._evidence(part), correction=correction, always=always)

    def _beside(self, clause: Clause, joint: str | None, evidence: Evidence, *, correction: bool, always: bool) -> None:
        """Enter a clause with what ties it to the one before; `joint` stands between them, None at a sentence's start."""
        found = partial(self._found, evidence=(evidence,), clause=clause.text)
        if correction:
            self._ties.forget()
        elif self._ties.tie(clause.text, joint, evidence, found):
            return
        told = self._clause(clause, correction=correction, evidence=(evidence,), always=always)
        self._ties.follow(clause.text, joint, told, found)

    def _stated(self, text: str) -> Statement | None:
        """Return what a clause that was put together states."""
        shape = analyse(text)
        spans = find_dates(text, self._said_at, tenses_of(shape))
        return statement_of(shape, spans, self._around(text))

    def _around(
        self, text: str, *, inherited: When | None = None, doubtful: bool = False, opinion: bool = False
    ) -> Circumstances:
        return Circumstances(
            speaker=self._speaker,
            said_at=self._said_at,
            mentions=self._mentions,
            feelings=self._feelings,
            inherited=inherited,
            hedged=opinion or hedged(text),
            doubtful=doubtful,
        )

    def _clause(
        self,
        clause: Clause,
        *,
        correction: bool,
        evidence: tuple[Evidence, ...],
        always: bool = False,
    ) -> Found | None:
        if _PLEASE.match(clause.text) and self._speaker.to_machine:
            self._wish(clause, evidence)
            return None
        plain, opinion = put_plainly(clause.text)
        text, denied = corrections.without_old_value(plain)
        text = opening_moved(text, self._said_at)
        shape = analyse(text)
        if _CONDITION.match(text):
            return None
        spans = find_dates(text, self._said_at, tenses_of(shape), after=self._last_when if clause.carried else None)
        doubtful = not always and not self._salient(shape, dated=bool(spans))
        if doubtful and not (self._gated and worth_a_look(shape, register=self._register, dated=bool(spans))):
            self._mentions.note(shape)
            return None
        inherited = self._last_when if clause.carried and shape.tense is Tense.PAST and not spans else None
        around = self._around(text, inherited=inherited, doubtful=doubtful, opinion=opinion)
        statement = statement_of(shape, spans, around)
        self._mentions.note(shape)
        if statement is None:
            return None
        sure = always or tells_a_state(shape) or dreams(statement)
        cues = cues_of(shape, statement, register=self._register, doubtful=doubtful) if not sure else frozenset()
        if doubtful:
            return self._enter(statement, *evidence, clause=text, cues=cues, doubtful=True)
        self._last_when = statement.when
        if correction or denied:
            statement = corrections.denying(replace(statement, correction=True), denied)
        found = self._enter(statement, *evidence, clause=text, cues=cues)
        if correction or denied:
            self._ledger.replace_alike(found)
        return found

    def _salient(self, shape: Shape, *, dated: bool) -> bool:
        return salient(
            shape, dated=dated, felt=feeling_of(shape) is not None, dialogue_of_people=not self._speaker.to_machine
        )

    def _standing(self, sentence: str, reading: Reading) -> None:
        statement = own_words.standing(reading.text, sentence, self._speaker)
        self._enter(statement, self._evidence(sentence), clause=reading.text)

    def _wish(self, clause: Clause, evidence: tuple[Evidence, ...]) -> None:
        """Enter a request that ends a statement ("I work nights, so please never call before noon")."""
        reading = read(clause.text, to_machine=True)
        if reading.act is Act.STANDING:
            self._standing(evidence[0].quote, reading)

    def _keep_words(self, sentence: str, text: str, *, asked: str = "", correction: bool = False) -> None:
        statement = own_words.kept(text, self._speaker, self._said_at, asked=asked, correction=correction)
        self._enter(statement, self._evidence(sentence), clause=text)

    def _enter(
        self,
        statement: Statement,
        *evidence: Evidence,
        clause: str,
        cues: frozenset[str] = frozenset(),
        doubtful: bool = False,
    ) -> Found:
        found = self._found(statement, evidence=evidence, clause=clause, cues=cues, doubtful=doubtful)
        self._ledger.add(found)
        return found

    def _found(
        self,
        statement: Statement,
        *,
        evidence: tuple[Evidence, ...],
        clause: str,
        cues: frozenset[str] = frozenset(),
        doubtful: bool = False,
    ) -> Found:
        if statement.said_at != self._said_at:
            statement = replace(statement, said_at=self._said_at)
        return Found(
            statement=statement,
            evidence=evidence,
            clause=clause,
            speaker=self._speaker.key,
            turn=self._index,
            cues=cues,
            doubtful=doubtful,
        )

    def _evidence(self, part: str) -> Evidence:
        words = part if not self._source or part in self._source else self._source
        return self._passages.evidence(self._block, words)
