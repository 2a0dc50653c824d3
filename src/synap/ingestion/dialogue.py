"""From a human's turn to statements: sentences, speech acts, clauses, gate, kind, rewrite, attributes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from synap.domain.documents import Block
from synap.domain.memories import Evidence, MemoryType, Modality, Retraction, Statement, When
from synap.domain.sentences import sentences
from synap.ingestion import corrections, languages
from synap.ingestion.attributes import (
    feeling_of,
    hedged,
    names_in,
)
from synap.ingestion.clauses import Clause, split
from synap.ingestion.contractions import expand
from synap.ingestion.dates import find_dates, write_dates
from synap.ingestion.ledger import Found, Ledger, Passages
from synap.ingestion.mentions import Mentions
from synap.ingestion.rewrite import UNNAMED, rewrite, verbatim
from synap.ingestion.salience import salient
from synap.ingestion.shapes import analyse, words_of
from synap.ingestion.speech_acts import Act, Reading, read
from synap.ingestion.statements import (
    ABOUT_OTHERS,
    CERTAIN,
    OWN_WORDS,
    Circumstances,
    Speaker,
    category_of,
    reschedules,
    statement_of,
)
from synap.ingestion.tenses import Tense
from synap.ingestion.validity import opening_moved
from synap.ingestion.wishes import standing_content, telegraphic_opening
from synap.ingestion.wording import put_plainly, with_introductions

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,200}`", re.DOTALL)
_ROLE_LABEL = re.compile(r"^\s*(?:assistant|system|user|human|ai|bot|developer|tool)\s*:", re.IGNORECASE)
_CONDITION = re.compile(r"^(?:(?:and|but|so) )?if\b", re.IGNORECASE)
_POINTING = re.compile(r"(?:it|that)['\u2019 ]", re.IGNORECASE)
_PLEASE = re.compile(r"(?:please|pls)\b", re.IGNORECASE)
_LABELLED = re.compile(
    r"^(?P<label>decisions?|decided|agreed|action(?: items?)?|to-?do|next steps?|deadline|owner)\s*[:\u2013-]\s*(?P<what>.+)$",
    re.IGNORECASE,
)
_LONGEST_SENTENCE = 600
_SHORT_TURN = 8
_SHORT_CHARACTERS = 200
_QUANTITY = re.compile(
    r"^[A-Za-z][\w-]*(?: [\w-]+){0,3} \d[\w.,]*(?: [\w%°-]+){0,4}$|^[A-Za-z][\w -]{1,24}: \S.{0,80}$"
)


class Listener:
    """Works through the turns of one document in order."""

    def __init__(self, ledger: Ledger, passages: Passages, *, feelings: bool) -> None:
        self._ledger = ledger
        self._passages = passages
        self._feelings = feelings

    def hear(self, block: Block, turn: int, speaker: Speaker, said_at: datetime | None) -> None:
        """Enter what one turn of a human says into the ledger."""
        heard = _Turn(
            block=block,
            turn=turn,
            speaker=speaker,
            said_at=said_at,
            ledger=self._ledger,
            passages=self._passages,
            feelings=self._feelings,
        )
        heard.run()


class _Turn:
    """One turn on its way into the ledger."""

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
    ) -> None:
        self._block = block
        self._index = turn
        self._speaker = speaker
        self._said_at = said_at
        self._ledger = ledger
        self._passages = passages
        self._feelings = feelings
        self._mentions = Mentions(speaker.voice.inner)
        self._cursor = block.start
        self._last_when: When | None = None

    def run(self) -> None:
        text = self._block.text
        if _ROLE_LABEL.match(text):
            return  # a forged label inside a turn: neither a turn of its own nor words of this speaker
        plain = _CODE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
        for start, end in sentences(plain):
            sentence = plain[start:end]
            if end - start > _LONGEST_SENTENCE or not sentence.strip():
                continue
            if self._sentence(sentence) in (Act.PAYLOAD, Act.OPT_OUT):
                return

    def _sentence(self, sentence: str) -> Act | None:
        """Work through one sentence; `PAYLOAD` and `OPT_OUT` close the turn."""
        language = languages.language_of(sentence)
        if language != "en":
            self._foreign(sentence, language)
            return None
        reading = read(sentence, to_machine=self._speaker.to_machine)
        if reading.act is Act.STATEMENT:
            self._statement(sentence, reading)
        elif reading.act is Act.STANDING:
            self._standing(sentence, reading)
        elif reading.act is Act.REMINDER:
            self._reminder(sentence, reading)
        elif reading.act is Act.RETRACTION:
            self._retraction(sentence, reading)
        elif reading.act is Act.OPT_OUT:
            return self._opt_out(reading)
        return reading.act

    def _opt_out(self, reading: Reading) -> Act | None:
        self._ledger.opt_outs += 1
        if reading.backwards:
            self._ledger.drop_turn(self._index)
            return None
        return None if reading.text.strip(" .!,") else Act.OPT_OUT

    def _retraction(self, sentence: str, reading: Reading) -> None:
        if reading.backwards and reading.text:
            self._joked()
            return
        if reading.backwards:
            self._ledger.drop_last(self._speaker.key)
            return
        self._ledger.take_back(reading.text, self._speaker.key)
        topic = re.sub(r"^(?:my|our|the)\s+", "", reading.text, flags=re.IGNORECASE)
        evidence = self._evidence(sentence)
        self._ledger.retractions.append(
            Retraction(topic=topic, evidence=evidence, subject=self._speaker.key, said_at=self._said_at)
        )

    def _joked(self) -> None:
        """Drop what was said in this turn just before "just kidding"; earlier turns were no joke."""
        last = self._ledger.last_said(self._speaker.key)
        if last is not None and last.turn == self._index:
            self._ledger.drop_last(self._speaker.key)

    def _standing(self, sentence: str, reading: Reading) -> None:
        content = standing_content(reading.text, self._speaker.voice)
        exact = content is not None
        self._enter(
            Statement(
                type=MemoryType.PREFERENCE,
                content=content or verbatim(sentence, self._speaker.voice),
                confidence=CERTAIN if exact else OWN_WORDS,
                score=0.9,
                subject=self._speaker.key,
                category=category_of(reading.text) or "assistant",
                positive=re.match(r"(?:don['\u2019]?t|do not|never|no|stop|avoid)\b", reading.text, re.IGNORECASE)
                is None,
                verbatim=not exact,
            ),
            self._evidence(sentence),
            clause=reading.text,
        )

    def _reminder(self, sentence: str, reading: Reading) -> None:
        what = reading.text.rstrip(" .!")
        self._clauses(
            sentence, [Clause(f"I want to be reminded {what}", 0, len(sentence))], correction=False, always=True
        )

    def _statement(self, sentence: str, reading: Reading) -> None:
        text = reading.text.strip()
        labelled = _LABELLED.match(text)
        if labelled and not self._speaker.to_machine:
            self._minute(sentence, labelled)
            return
        told = corrections.topic_and_value(expand(text)) if reading.start and _POINTING.match(text) else None
        if told is not None:
            self._retold(*told, sentence)
            return
        opening = telegraphic_opening(text)
        clauses = split(opening + text[:1].lower() + text[1:] if opening else text)
        if reading.correction and self._is_fragment(text):
            if not self._fragment(text, sentence) and any(word.text[0].isdigit() for word in words_of(text)):
                self._keep_words(sentence, sentence.strip(), correction=True)
            return
        if not opening and len(clauses) == 1 and self._bare_quantity(text):
            self._keep_words(sentence, text)
            return
        self._clauses(sentence, clauses, correction=reading.correction, offset=reading.start - len(opening))

    def _minute(self, sentence: str, match: re.Match[str]) -> None:
        """Keep a decision or an action item of a meeting under its label."""
        text = split(match["what"])[0].text if ";" in match["what"] else match["what"].strip(" .!")
        spans = find_dates(text, self._said_at, Tense.FUTURE)
        written = write_dates(text, spans)
        rewritten = rewrite(analyse(written), self._speaker.voice)
        content = f"{match['label'].capitalize()}: {rewritten or written}"
        statement = Statement(
            type=MemoryType.TEMPORAL_EVENT if spans else MemoryType.FACT,
            content=content,
            confidence=ABOUT_OTHERS,
            subject=self._speaker.key,
            modality=Modality.PLANNED,
            when=spans[0].when if spans else None,
            entities=names_in(written),
            verbatim=rewritten is None,
        )
        self._enter(statement, self._evidence(sentence), clause=text)

    def _is_fragment(self, text: str) -> bool:
        """Whether a correction has no statement of its own: "Tuesday", "it's the 13th"."""
        if _POINTING.match(text):
            return True
        return not telegraphic_opening(text) and analyse(split(text)[0].text).verb < 0

    def _fragment(self, text: str, sentence: str) -> bool:
        """Take a correction without a verb of its own as a new value of the last statement."""
        told = corrections.topic_and_value(expand(text))
        if told is not None:
            self._retold(*told, sentence)
            return True
        last = self._ledger.last_said(self._speaker.key)
        if last is None:
            return False
        clause = corrections.corrected(last.clause, text, self._said_at)
        if clause is None:
            return False
        self._ledger.drop_last(self._speaker.key)
        self._clause(
            Clause(clause, 0, len(sentence)),
            correction=True,
            evidence=(*last.evidence, self._evidence(sentence)),
        )
        return True

    def _retold(self, topic: str, value: str, sentence: str) -> None:
        """Take a correction that names its topic: the statement about that topic, else a statement of its own."""
        earlier = self._ledger.about(topic, self._speaker.key)
        clause = corrections.corrected(earlier.clause, value, self._said_at) if earlier else None
        evidence: tuple[Evidence, ...] = (self._evidence(sentence),)
        if earlier is not None and clause is not None:
            self._ledger.drop(earlier)
            evidence = (*earlier.evidence, *evidence)
        restated = clause or f"{topic} is {value}"
        self._clause(Clause(restated, 0, len(sentence)), correction=True, evidence=evidence, always=True)

    def _clauses(
        self, sentence: str, clauses: list[Clause], *, correction: bool, offset: int = 0, always: bool = False
    ) -> None:
        self._last_when = None
        for clause in with_introductions(clauses, self._speaker.voice.name):
            start = max(0, clause.start + offset) if len(clauses) > 1 else 0
            end = clause.end + offset if len(clauses) > 1 else len(sentence)
            part = sentence[start:end].strip()
            self._clause(clause, correction=correction, evidence=(self._evidence(part),), always=always)

    def _clause(
        self,
        clause: Clause,
        *,
        correction: bool,
        evidence: tuple[Evidence, ...],
        always: bool = False,
    ) -> None:
        if _PLEASE.match(clause.text) and self._speaker.to_machine:
            self._wish(clause, evidence)
            return
        plain, opinion = put_plainly(clause.text)
        text, denied = corrections.without_old_value(plain)
        text = opening_moved(text, self._said_at)
        shape = analyse(text)
        if _CONDITION.match(text):
            return
        tense = Tense.FUTURE if reschedules(shape) else shape.tense
        spans = find_dates(text, self._said_at, tense, after=self._last_when if clause.carried else None)
        if not always and not salient(
            shape,
            dated=bool(spans),
            felt=feeling_of(shape) is not None,
            dialogue_of_people=not self._speaker.to_machine,
        ):
            self._mentions.note(shape)
            return
        around = Circumstances(
            speaker=self._speaker,
            said_at=self._said_at,
            mentions=self._mentions,
            feelings=self._feelings,
            inherited=self._last_when if clause.carried and shape.tense is Tense.PAST and not spans else None,
            hedged=opinion or hedged(text),
        )
        statement = statement_of(shape, spans, around)
        self._mentions.note(shape)
        if statement is None:
            return
        self._last_when = statement.when
        statement = replace(statement, correction=correction or bool(denied))
        found = self._enter(statement, *evidence, clause=text)
        if found is not None and (correction or denied):
            self._ledger.replace_alike(found)

    def _wish(self, clause: Clause, evidence: tuple[Evidence, ...]) -> None:
        """Enter a request that ends a statement ("I work nights, so please never call before noon")."""
        reading = read(clause.text, to_machine=True)
        if reading.act is Act.STANDING:
            self._standing(evidence[0].quote, reading)

    def _bare_quantity(self, text: str) -> bool:
        """Whether a short turn is a fragment with a figure ("size 42 shoes") that only its speaker can be about."""
        whole, fragment = self._block.text, text.strip(" .!")
        alone = len(whole) <= _SHORT_CHARACTERS and whole.strip().strip(" .!") == fragment
        short = alone and self._speaker.to_machine and len(words_of(fragment)) <= _SHORT_TURN
        return short and analyse(text).verb < 0 and _QUANTITY.match(fragment) is not None

    def _keep_words(self, sentence: str, text: str, *, correction: bool = False) -> None:
        """Keep a fragment as it was said, its dates written out."""
        spans = find_dates(text, self._said_at, Tense.PRESENT)
        statement = Statement(
            type=MemoryType.FACT,
            content=verbatim(write_dates(text.strip(" .!"), spans), self._speaker.voice),
            confidence=OWN_WORDS,
            subject=self._speaker.key,
            entities=names_in(text),
            when=spans[0].when if spans else None,
            correction=correction,
            verbatim=True,
        )
        self._enter(statement, self._evidence(sentence), clause=text)

    def _foreign(self, sentence: str, language: str) -> None:
        for part in languages.statements_of(sentence, language):
            kind = part.kind
            if kind is MemoryType.EMOTION and not self._feelings:
                continue
            statement = Statement(
                type=kind,
                content=part.text
                if self._speaker.voice.name == UNNAMED
                else f"{self._speaker.voice.name}: {part.text}",
                confidence=part.confidence,
                subject=self._speaker.key,
                positive=part.positive,
                language=language,
                verbatim=True,
            )
            self._enter(statement, self._evidence(part.text), clause=part.text)

    def _enter(self, statement: Statement, *evidence: Evidence, clause: str) -> Found | None:
        statement = replace(statement, said_at=self._said_at)
        found = Found(
            statement=statement, evidence=evidence, clause=clause, speaker=self._speaker.key, turn=self._index
        )
        self._ledger.add(found)
        return found

    def _evidence(self, part: str) -> Evidence:
        evidence = self._passages.evidence(self._block, part, after=self._cursor)
        if evidence.quote == part:
            self._cursor = evidence.start
        return evidence
