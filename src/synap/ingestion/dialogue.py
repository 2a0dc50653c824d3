"""From a human's turn to statements: sentences, speech acts, clauses, gate, kind, rewrite, attributes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from synap.domain.documents import Block
from synap.domain.memories import Evidence, MemoryType, Modality, Precision, Retraction, Statement, When
from synap.domain.sentences import sentences
from synap.domain.slots import slots_of
from synap.ingestion import corrections, languages
from synap.ingestion.attributes import feeling_of, hedged, liking_of, modality_of, names_in, participants_of, reported, significance_of
from synap.ingestion.clauses import Clause, split
from synap.ingestion.dates import DateSpan, find_dates, write_dates
from synap.ingestion.kinds import kind_of
from synap.ingestion.ledger import Found, Ledger, Passages
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import TELEGRAPHIC_ADJECTIVES
from synap.ingestion.lexicon.topics import TOPICS
from synap.ingestion.lexicon.verbs import STATIVE
from synap.ingestion.mentions import Mentions
from synap.ingestion.rewrite import UNNAMED, Voice, rewrite, verbatim
from synap.ingestion.salience import salient
from synap.ingestion.shapes import Shape, SubjectKind, analyse, is_name, words_of
from synap.ingestion.speech_acts import Act, Reading, read
from synap.ingestion.tenses import Tense
from synap.ingestion import verbs

CERTAIN, ABOUT_OTHERS, UNSURE, OWN_WORDS = 0.95, 0.9, 0.75, 0.72
"""Confidence of plain statements of the speaker, of plain ones about others, of hedged ones, of words kept as they are."""

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,200}`", re.DOTALL)
_ROLE_LABEL = re.compile(r"^\s*(?:assistant|system|user|human|ai|bot|developer|tool)\s*:", re.IGNORECASE)
_OPINION = re.compile(r"^I (?:really |honestly |just |do )?(?:think|believe|guess|suppose|feel like|figure|reckon)(?: that)? (?=(?:I|we|my|our|[A-Z])\b)")
_CONDITION = re.compile(r"^(?:(?:and|but|so) )?if\b", re.IGNORECASE)
_LONGEST_SENTENCE = 600
_SHORT_TURN = 8
_QUANTITY = re.compile(r"^[A-Za-z][\w-]*(?: [\w-]+){0,3} \d[\w.,]*(?: [\w%°-]+){0,4}$|^[A-Za-z][\w -]{1,24}: \S.{0,80}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who speaks in a turn and to whom.

    Attributes:
        voice: How the rewriting names speaker and listener.
        key: Subject of the speaker's statements (`the user`, `melanie`).
        to_machine: The listener is an assistant.
    """

    voice: Voice
    key: str
    to_machine: bool


class Listener:
    """Works through the turns of one document in order."""

    def __init__(self, ledger: Ledger, passages: Passages, *, feelings: bool) -> None:
        self._ledger = ledger
        self._passages = passages
        self._feelings = feelings

    def hear(self, block: Block, turn: int, speaker: Speaker, said_at: datetime | None) -> None:
        """Enter what one turn of a human says into the ledger."""
        heard = _Turn(block, turn, speaker, said_at, self._ledger, self._passages, feelings=self._feelings)
        heard.run()


class _Turn:
    """One turn on its way into the ledger."""

    def __init__(
        self,
        block: Block,
        turn: int,
        speaker: Speaker,
        said_at: datetime | None,
        ledger: Ledger,
        passages: Passages,
        *,
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
        if reading.backwards:
            self._ledger.drop_last(self._speaker.key)
            return
        self._ledger.take_back(reading.text, self._speaker.key)
        topic = re.sub(r"^(?:my|our|the)\s+", "", reading.text, flags=re.IGNORECASE)
        evidence = self._evidence(sentence)
        self._ledger.retractions.append(
            Retraction(topic=topic, evidence=evidence, subject=self._speaker.key, said_at=self._said_at)
        )

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
                category=_category(reading.text) or "assistant",
                positive=re.match(r"(?:don['’]?t|do not|never|no|stop|avoid)\b", reading.text, re.IGNORECASE) is None,
                verbatim=not exact,
            ),
            self._evidence(sentence),
            clause=reading.text,
        )

    def _reminder(self, sentence: str, reading: Reading) -> None:
        what = reading.text.rstrip(" .!")
        self._clauses(sentence, [Clause(f"I want to be reminded {what}", 0, len(sentence))], correction=False, always=True)

    def _statement(self, sentence: str, reading: Reading) -> None:
        text = reading.text.strip()
        opening = telegraphic_opening(text)
        clauses = split(opening + text)
        if reading.correction and self._fragment(text, sentence):
            return
        if not opening and len(clauses) == 1 and self._bare_quantity(text):
            self._keep_words(sentence, text)
            return
        self._clauses(sentence, clauses, correction=reading.correction, offset=reading.start - len(opening))

    def _fragment(self, text: str, sentence: str) -> bool:
        """Take a correction without a verb of its own as a new value of the last statement."""
        if analyse(split(text)[0].text).verb >= 0 and not re.match(r"(?:it|that)['’ ]", text, re.IGNORECASE):
            return False
        last = self._ledger.last_said(self._speaker.key)
        if last is None:
            return False
        clause = corrections.corrected(last.clause, text, self._said_at)
        if clause is None:
            return False
        self._ledger.drop_last(self._speaker.key)
        self._clause(Clause(clause, 0, len(sentence)), sentence, correction=True, evidence=(*last.evidence, self._evidence(sentence)))
        return True

    def _clauses(self, sentence: str, clauses: list[Clause], *, correction: bool, offset: int = 0, always: bool = False) -> None:
        self._last_when = None
        for clause in clauses:
            start = max(0, clause.start + offset) if len(clauses) > 1 else 0
            end = clause.end + offset if len(clauses) > 1 else len(sentence)
            part = sentence[start:end].strip()
            self._clause(clause, sentence, correction=correction, evidence=(self._evidence(part),), always=always)

    def _clause(
        self,
        clause: Clause,
        sentence: str,
        *,
        correction: bool,
        evidence: tuple[Evidence, ...],
        always: bool = False,
    ) -> None:
        text, denied = corrections.without_old_value(clause.text)
        opinion = _OPINION.match(text)
        text = text[opinion.end() :] if opinion else text
        shape = analyse(text)
        if _CONDITION.match(text):
            return
        spans = find_dates(text, self._said_at, shape.tense)
        if not always and not salient(shape, dated=bool(spans), felt=feeling_of(shape) is not None, dialogue_of_people=not self._speaker.to_machine):
            self._mentions.note(shape)
            return
        statement = self._read(shape, spans, hedge=opinion is not None or hedged(text), carried=clause.carried)
        self._mentions.note(shape)
        if statement is None:
            return
        statement = replace(statement, correction=correction or bool(denied))
        found = self._enter(statement, *evidence, clause=text)
        if found is not None and (correction or denied):
            self._ledger.replace_alike(found)

    def _read(self, shape: Shape, spans: list[DateSpan], *, hedge: bool, carried: bool) -> Statement | None:
        when = _main_date(spans, shape)
        inherited = carried and when is None and shape.tense is Tense.PAST and self._last_when is not None
        when = self._last_when if inherited else when
        self._last_when = when
        feeling = feeling_of(shape) if shape.kind is not SubjectKind.THING else None
        liking = liking_of(shape)
        kind = kind_of(shape, feeling=feeling, liking=liking, when=when, said_at=self._said_at)
        if kind is MemoryType.EMOTION and not self._feelings:
            if shape.kind is SubjectKind.SPEAKER and shape.base in ("be", "feel"):
                return None
            kind = MemoryType.FACT
        voice = replace(self._speaker.voice, he=self._mentions.meant_by("he"), she=self._mentions.meant_by("she"))
        dated_text = write_dates(shape.text, spans)
        content = rewrite(analyse(dated_text), voice, past=shape.tense is Tense.PAST or _looks_back(spans, self._said_at))
        exact = content is not None
        if content is None:
            if not _worth_own_words(shape, spans):
                return None
            content = verbatim(dated_text.strip(" .!,"), voice)
        score, category, positive = 0.8, "", not shape.negated
        if kind is MemoryType.EMOTION and feeling is not None:
            score, category, positive = feeling.intensity, feeling.category, True
        elif kind is MemoryType.PREFERENCE and liking is not None:
            score, category, positive = liking.strength, _category(shape.text), liking.positive
        elif kind is MemoryType.EPISODE:
            score = significance_of(shape, dated=when is not None)
        subject = self._subject(shape, voice)
        return Statement(
            type=kind,
            content=content,
            confidence=self._confidence(shape, hedge=hedge, exact=exact),
            score=score,
            subject=subject,
            category=category,
            positive=positive,
            modality=modality_of(shape),
            participants=participants_of(shape, voice.name) if kind is MemoryType.EPISODE else (),
            slots=slots_of(content, subject=self._speaker.key) if exact else (),
            entities=_entities(content, voice),
            when=when,
            valid_from=_since(spans, shape),
            said_at=self._said_at,
            verbatim=not exact,
        )

    def _confidence(self, shape: Shape, *, hedge: bool, exact: bool) -> float:
        if not exact:
            return OWN_WORDS
        if hedge or modality_of(shape) is Modality.HYPOTHETICAL:
            return UNSURE
        if reported(shape):
            return 0.8
        return CERTAIN if shape.kind in (SubjectKind.SPEAKER, SubjectKind.GROUP, SubjectKind.OWN) else ABOUT_OTHERS

    def _subject(self, shape: Shape, voice: Voice) -> str:
        if shape.kind in (SubjectKind.SPEAKER, SubjectKind.GROUP):
            return self._speaker.key
        if shape.kind is SubjectKind.PERSON:
            meant = voice.she if shape.subject_text.casefold() == "she" else voice.he
            return (meant or self._speaker.key).casefold()
        words = words_of(shape.subject_text)
        if shape.kind is SubjectKind.OWN:
            names = [w.text.removesuffix("'s") for w in words[1:] if is_name(w.text)]
            kin = next((w.lower.removesuffix("'s") for w in words if w.lower.removesuffix("'s") in lexicon.PEOPLE), None)
            return (" ".join(names) if names and kin else kin or self._speaker.key).casefold()
        return " ".join(w.lower for w in words if w.lower not in ("the", "a", "an", "this", "that"))

    def _bare_quantity(self, text: str) -> bool:
        """Whether a short turn is a fragment with a figure ("size 42 shoes") that only its speaker can be about."""
        whole = self._block.text.strip()
        short = len(words_of(whole)) <= _SHORT_TURN and self._speaker.to_machine and whole.strip(" .!") == text.strip(" .!")
        return short and analyse(text).verb < 0 and _QUANTITY.match(text.strip(" .!")) is not None

    def _keep_words(self, sentence: str, text: str) -> None:
        content = verbatim(text.strip(" .!"), self._speaker.voice)
        statement = Statement(
            type=MemoryType.FACT,
            content=content,
            confidence=OWN_WORDS,
            subject=self._speaker.key,
            entities=names_in(text),
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
                content=part.text if self._speaker.voice.name == UNNAMED else f"{self._speaker.voice.name}: {part.text}",
                confidence=part.confidence,
                subject=self._speaker.key,
                positive=part.positive,
                language=language,
                verbatim=True,
            )
            self._enter(statement, self._evidence(part.text), clause=part.text)

    def _enter(self, statement: Statement, *evidence: Evidence, clause: str) -> Found | None:
        statement = replace(statement, said_at=self._said_at)
        found = Found(statement=statement, evidence=evidence, clause=clause, speaker=self._speaker.key, turn=self._index)
        self._ledger.add(found)
        return found

    def _evidence(self, part: str) -> Evidence:
        evidence = self._passages.evidence(self._block, part, after=self._cursor)
        if evidence.quote == part:
            self._cursor = evidence.start
        return evidence


def standing_content(wanted: str, voice: Voice) -> str | None:
    """Return a request for lasting behaviour as a statement of the speaker's wish, or None where that is not safe."""
    text = re.sub(r"(?:,\s*)?\b(?:please|pls|thanks|thank you)\b", "", wanted, flags=re.IGNORECASE).strip(" ?.!,")
    words = words_of(text)
    if not words:
        return None
    first = words[0].lower
    called = re.match(r"(?:always )?(?:call|address|refer to) me (?:as )?(?P<name>.+)", text, re.IGNORECASE)
    if called:
        return f"{voice.name} wants to be called {called['name'].strip()}"
    text = re.sub(r"\byour\b", "its", re.sub(r"\byourself\b", "itself", text, flags=re.IGNORECASE), flags=re.IGNORECASE)
    text = text[:1].lower() + text[1:] if not is_name(words[0].text) or verbs.is_base(first) or first in ("don't", "do") else text
    negated = re.match(r"(?:do not|don['’]?t)\s+(?:ever\s+)?", text, re.IGNORECASE)
    if negated:
        text = f"I want the assistant not to {text[negated.end() :]}"
    elif verbs.is_base(first) or first in ("always", "never", "be"):
        text = f"I want the assistant to {text}"
    else:
        text = f"I want {text}"
    return rewrite(analyse(text), replace(voice, addressee=None))


def telegraphic_opening(text: str) -> str:
    """Return what a sentence without a subject leaves out: "I " before "live in Lisbon", "I am " before "allergic to"."""
    words = words_of(text)
    if len(words) < 2 or words[0].text in ("I", "i"):  # noqa: PLR2004 - one word states nothing
        return ""
    place = 1 if words[0].lower in ("just", "also", "recently", "finally", "still", "never", "not") and len(words) > 2 else 0  # noqa: PLR2004
    word, after = words[place].lower, words[place + 1].lower
    if word in lexicon.AUXILIARIES or after in lexicon.AUXILIARIES - {"have"} or after in ("you", "that", "it"):
        return ""
    if word in TELEGRAPHIC_ADJECTIVES and after not in ("people", "food", "couples"):
        return "I am "
    if word in STATIVE and not words[place].text[1:].isupper() and after not in lexicon.CONJUNCTIONS:
        return "I "
    if verbs.base_of_gerund(word) and word not in ("looking", "thinking", "hoping", "wondering", "sounding") and after in lexicon.PREPOSITIONS | {"a", "an", "my", "the"}:
        shape = analyse(text)
        return "I am " if shape.verb < 0 else ""
    past = verbs.base_of_past(word) is not None and verbs.looks_past(word)
    if past and after in lexicon.DETERMINERS | lexicon.PREPOSITIONS | {"to", "up", "out", "back", "home", "married"} | lexicon.ADVERBS:
        return "I "
    return "I " if past and is_name(words[place + 1].text) else ""


def _main_date(spans: list[DateSpan], shape: Shape) -> When | None:
    """Return the date that the clause is about: the first that is no mere beginning of a state."""
    for span in spans:
        opening = shape.text[span.start : span.end].casefold()
        before = shape.text[: span.start].casefold().rstrip()
        if not opening.startswith("since") and not before.endswith("since"):
            return span.when
    return None


def _since(spans: list[DateSpan], shape: Shape) -> datetime | None:
    for span in spans:
        if shape.text[span.start : span.end].casefold().startswith("since") or shape.text[: span.start].casefold().rstrip().endswith("since"):
            return span.when.start
    return None


def _looks_back(spans: list[DateSpan], said_at: datetime | None) -> bool:
    return said_at is not None and any(span.when.start < said_at and span.when.precision is not Precision.YEAR and span.when.recurrence is None for span in spans)


def _worth_own_words(shape: Shape, spans: list[DateSpan]) -> bool:
    """Whether a clause that cannot be rewritten says enough to be kept as it was said."""
    speakers = shape.kind in (SubjectKind.SPEAKER, SubjectKind.GROUP, SubjectKind.OWN)
    return speakers and len(shape.words) >= 5 and (bool(spans) or len(names_in(shape.text)) > 0 or any(w.text[0].isdigit() for w in shape.words))  # noqa: PLR2004


def _entities(content: str, voice: Voice) -> tuple[str, ...]:
    names = names_in(content)
    return tuple(name for name in names if name not in ("The", UNNAMED))[:12] if voice.name != UNNAMED else tuple(n for n in names if n != "The")


def _category(text: str) -> str:
    return next((TOPICS[word.lower] for word in words_of(text) if word.lower in TOPICS), "")
