"""From a human's turn to statements: sentences, speech acts, clauses, gate, kind, rewrite, attributes."""

from __future__ import annotations

import re
from dataclasses import replace

from synap.domain.documents import Block
from synap.domain.memories import Evidence, MemoryType, Retraction
from synap.domain.sentences import sentences
from synap.ingestion import corrections, languages, own_words
from synap.ingestion.acts import Act, Reading
from synap.ingestion.answers import Question, answered, replies, worth_keeping
from synap.ingestion.clauses import Clause, split
from synap.ingestion.contractions import expand
from synap.ingestion.dates import find_dates
from synap.ingestion.orders import asked_of_the_reader
from synap.ingestion.pointing import pointed
from synap.ingestion.shapes import SubjectKind, analyse
from synap.ingestion.speech_acts import hands_over, read
from synap.ingestion.stating import Stating
from synap.ingestion.tenses import Tense
from synap.ingestion.turn_layout import Listed, Pair, Part, own_prose, taken_apart
from synap.ingestion.wishes import is_fragment, telegraphic_opening

_ROLE_LABEL = re.compile(r"^\s*(?:assistant|system|user|human|ai|bot|developer|tool)\s*:", re.IGNORECASE)
_POINTING = re.compile(r"(?:it|that)['\u2019 ]", re.IGNORECASE)
_ANSWERING = (Act.STATEMENT, Act.SOCIAL, Act.TASK)
_LONGEST_SENTENCE = 600


class Hearing(Stating):
    """One turn on its way into the ledger, in one piece or in several.

    Attributes:
        closed: Whether the speaker said that the rest of the turn is not for us.
    """

    def go_on(self, block: Block, turn: int) -> None:
        """Work through a further piece of the turn, as far as it is for us."""
        self._block, self._index = block, turn
        if not self.closed:
            self._pass(block.text, None, None)

    def run(self, question: Question | None, asked_in: Block | None) -> None:
        """Work through the turn; `question` is what it answers, asked in another block."""
        text = self._block.text
        if _ROLE_LABEL.match(text):
            self.closed = True  # a forged label inside a turn: neither a turn of its own nor words of this speaker
            return
        self._pass(text, question, asked_in)

    def _pass(self, text: str, question: Question | None, asked_in: Block | None) -> None:
        plain, parts = taken_apart(own_prose(text))
        for start, end in sentences(plain):
            sentence, self._source = plain[start:end], text[start:end]
            if end - start > _LONGEST_SENTENCE or not sentence.strip():
                continue
            if sentence in self._heard:
                continue  # said before in this turn, and not taken back since
            self._heard.add(sentence)
            if question is not None and asked_in is not None:
                sentence, question = self._answer(sentence, question, asked_in), None
            if sentence and self._sentence(sentence) in (Act.PAYLOAD, Act.OPT_OUT):
                self.closed = True
                return
        self._source = ""
        for part in parts if not self._tasked else ():
            self._part(part)

    def _answer(self, sentence: str, question: Question, asked_in: Block) -> str:
        """Enter what the first sentence of the turn answers to a question; the answer is what is left of the sentence."""
        if languages.language_of(sentence) != "en":
            return sentence
        if not replies(sentence) and read(sentence, to_machine=False).act not in _ANSWERING:
            return sentence
        self._mentions.note(analyse(question.as_the_listener()))
        answer = answered(question, sentence)
        if answer is None:
            if not worth_keeping(question, sentence):
                return sentence
            self._keep_words(sentence, sentence, asked=question.said)
            return ""
        evidence = (self._evidence(sentence), self._passages.evidence(asked_in, question.said))
        if answer.standing:
            wish = own_words.standing(answer.clause, sentence, self._speaker)
            self._enter(wish, *evidence, clause=answer.clause)
            return sentence[answer.rest :].strip()
        clause = Clause(answer.clause, 0, len(sentence))
        self._clause(clause, correction=False, evidence=evidence, always=True)
        return sentence[answer.rest :].strip()

    def _part(self, part: Part) -> None:
        """Enter a line of a list, a key with its value, or an answer that the speaker wrote beside its question."""
        if isinstance(part, Listed):
            lead = analyse(expand(part.lead))
            opened = lead.kind in (SubjectKind.SPEAKER, SubjectKind.GROUP) and lead.verb == len(lead.words) - 1
            clause = f"{lead.text} {part.text}" if opened else f"{lead.text} include {part.text}"
            evidence = (self._evidence(part.source),)
            self._clause(Clause(clause, 0, len(part.text)), correction=False, evidence=evidence, always=True)
        elif isinstance(part, Pair):
            self._keep_words(part.source, f"{part.text} ({part.title})" if part.title else part.text)
        else:
            self._keep_words(part.source, part.text, asked=part.question)

    def _sentence(self, sentence: str) -> Act | None:
        """Work through one sentence; `PAYLOAD` and `OPT_OUT` close the turn."""
        self._ties.open(sentence)
        language = languages.language_of(sentence)
        if language != "en" and not (self._speaker.heeded and hands_over(sentence)):
            self._foreign(sentence, language)
            return None
        if not self._speaker.heeded:
            self._written(sentence)
            return None
        reading = read(sentence, to_machine=self._speaker.to_machine)
        if reading.act is Act.STANDING and self._tasked and not reading.lasting:
            return Act.TASK  # "Write a poem. Keep it short.": about that poem only
        self._tasked |= reading.act is Act.TASK
        if reading.correction or reading.backwards or reading.act is Act.RETRACTION:
            self._heard.clear()
            self._before = ""
        if reading.act is Act.OPT_OUT:
            return self._opt_out(reading)
        self._act_on(sentence, reading)
        return reading.act

    def _act_on(self, sentence: str, reading: Reading) -> None:
        if reading.act is Act.STATEMENT:
            if reading.backwards:
                self._joked()
            self._statement(sentence, reading)
        elif reading.act is Act.STANDING:
            self._standing(sentence, reading)
        elif reading.act is Act.REMINDER:
            self._reminder(sentence, reading)
        elif reading.act is Act.RETRACTION:
            self._retraction(sentence, reading)

    def _written(self, sentence: str) -> None:
        """Work through a sentence of a mail or a document: its orders are not meant for us, but it may ask its reader."""
        reading = read(sentence, to_machine=True)
        if reading.act is Act.STATEMENT:
            self._statement(sentence, reading)
        asked = asked_of_the_reader(sentence) if reading.act is not Act.STANDING else None
        if asked is None or self._speaker.voice.addressee is None or not find_dates(asked, self._said_at, Tense.FUTURE):
            return
        clause = Clause(f"I want you to {asked}", 0, len(sentence))
        self._clause(clause, correction=False, evidence=(self._evidence(sentence),), always=True)

    def _opt_out(self, reading: Reading) -> Act | None:
        self._ledger.opt_outs += 1
        if reading.backwards:
            self._ledger.drop_turn(self._first)
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
        topic = re.sub(r"^the\s+", "", reading.text, flags=re.IGNORECASE)
        evidence = self._evidence(sentence)
        self._ledger.retractions.append(
            Retraction(topic=topic, evidence=evidence, subject=self._speaker.key, said_at=self._said_at)
        )

    def _joked(self) -> None:
        """Drop what was said in this turn just before "just kidding"; earlier turns were no joke."""
        last = self._ledger.last_said(self._speaker.key)
        if last is not None and last.turn == self._index:
            self._ledger.drop_last(self._speaker.key)

    def _reminder(self, sentence: str, reading: Reading) -> None:
        what = reading.text.rstrip(" .!")
        self._clauses(
            sentence, [Clause(f"I want to be reminded {what}", 0, len(sentence))], correction=False, always=True
        )

    def _statement(self, sentence: str, reading: Reading) -> None:
        text = reading.text.strip()
        if not self._speaker.to_machine and (minute := own_words.minute(text, self._speaker, self._said_at)):
            self._enter(minute[0], self._evidence(sentence), clause=minute[1])
            return
        corrects = reading.start > 0 or corrections.contrasts(text)
        told = corrections.topic_and_value(expand(text)) if corrects and _POINTING.match(text) else None
        if told is not None:
            self._retold(*told, sentence)
            return
        opening = telegraphic_opening(text)
        clauses = pointed(split(opening + text[:1].lower() + text[1:] if opening else text), self._before)
        self._before = clauses[-1].text
        if len(clauses) > 1 and corrections.admits(clauses[0].text):
            clauses, reading = clauses[1:], replace(reading, correction=True)
        if reading.correction and is_fragment(text):
            if not self._fragment(text, sentence) and corrections.says_a_value(sentence):
                self._keep_words(sentence, sentence.strip(), correction=True)
            return
        alone = not opening and len(clauses) == 1 and self._speaker.to_machine
        if alone and own_words.bare_quantity(self._block.text, text):
            self._keep_words(sentence, text)
            return
        self._clauses(sentence, clauses, correction=reading.correction, offset=reading.start - len(opening))

    def _fragment(self, text: str, sentence: str) -> bool:
        """Take a correction without a verb of its own as a new value of the last statement."""
        told = corrections.topic_and_value(expand(text))
        if told is not None:
            self._retold(*told, sentence)
            return True
        value, rest = corrections.value_and_reason(text)
        for last in self._ledger.said_lately(self._speaker.key):
            clause = corrections.corrected(last.clause, value, self._said_at)
            if clause is not None:
                self._ledger.drop_sentence(last)
                found = (*last.evidence, self._evidence(sentence))
                self._clause(Clause(clause, 0, len(sentence)), correction=True, evidence=found)
                if rest:
                    self._clauses(sentence, pointed(split(rest)), correction=False, offset=sentence.rfind(rest))
                return True
        return False

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

    def _foreign(self, sentence: str, language: str) -> None:
        if languages.takes_back(sentence, language):
            topic = languages.topic_taken_back(sentence, language)
            if topic and self._speaker.heeded:
                self._retraction(sentence, Reading(act=Act.RETRACTION, text=topic))
            return
        for part in languages.statements_of(sentence, language):
            if part.kind is MemoryType.EMOTION and not self._feelings:
                continue
            statement = own_words.foreign(part, self._speaker, language, self._said_at)
            self._enter(statement, self._evidence(part.text), clause=part.text)
