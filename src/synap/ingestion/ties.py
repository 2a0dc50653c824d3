"""What ties a clause to the one beside it: how an episode ended, and what a feeling is about. Only where that is certain.

`We tried gas; it failed because the pipe was rusty` is one episode, `My kiln broke. I am gutted.` a feeling with its
trigger. A clause is never tied by standing near alone: a word says so ("it failed", "that made me", "so"), or what
happened gladdens or grieves as the feeling does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from synap.domain.memories import Evidence, MemoryType, Modality, Statement
from synap.ingestion import verbs
from synap.ingestion.attributes import Feeling, feeling_of, hedged, modality_of
from synap.ingestion.leads import adverb
from synap.ingestion.ledger import Found, Ledger, Passages
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.feelings import FEELINGS, FELT
from synap.ingestion.lexicon.outcomes import (
    AHEAD,
    ASKING,
    ATTEMPTING,
    BAD_ENDS,
    DIRECTED,
    GAINED_PHRASES,
    GAINS,
    GLAD,
    GRIEVED,
    LOSSES,
    LOST_PHRASES,
    NEWS,
)
from synap.ingestion.shapes import Shape, SubjectKind, analyse, words_of
from synap.ingestion.tenses import Tense

_LEAD = re.compile(
    r"(?:(?:and|but|so|then|yet|though) )?(?:(?:in the end|eventually|luckily|unfortunately|sadly|thankfully|finally|fortunately|surprisingly),? )?",
    re.IGNORECASE,
)
_END = r"(?=\s*(?:$|[.,;!]|because\b|since\b|so\b|for (?:me|us)\b|in the end\b|at all\b|again\b|out\b|on (?:me|us)\b|by\b|with\b|in\b|at\b|on\b|after\b|within\b|as\b))"
_ENDED = re.compile(
    r"(?P<what>it|that|this|(?:the|my|our|this|that) (?:[\w-]+ ){0,2}?[\w-]+) (?:(?:really|just|actually|completely|totally|finally|soon|almost|only|all) )*(?:"
    r"(?:(?:did|does|has|have|had|would|could) not |never )?(?:work|worked|works|succeed|succeeded|fail|failed|paid off|pay off|backfired|help|helped|fell (?:through|apart)|"
    r"collapsed|crashed|broke(?: down)?|died|survived?(?: (?:the|it|that) ?\w*)?|flopped|worked out|work out|sold out|made (?:no|little|all the|a (?:big|huge|real)) difference)"
    + _END
    + r"|(?:went|turned out|came out|ended) (?:(?:really|very|so|quite|pretty|surprisingly) )?(?:well|badly|wrong|fine|smoothly|perfectly|horribly|terribly|great|okay|ok|burnt|fantastic|nowhere)\b"
    r"|(?:was|has been|had been) (?:(?:a|an) (?:[\w-]+ )?(?:success|failure|disaster|flop|hit|waste)|approved|rejected|accepted|denied|refused|declined|successful|unsuccessful)\b"
    r"|(?:solved|fixed|cured|resolved) (?:it|that|the|my|our)\b|(?:solved|fixed|cured) it\b|still (?:does not work|did not work|do not work|leaks?|leaked|fails?|failed|crashes|crashed|hurts?|breaks?)\b)",
    re.IGNORECASE,
)
_ANSWERED = re.compile(
    r"(?:she|he|they|somebody|(?:the|my|our|his|her|their) (?:[\w-]+ )?[\w-]+) (?:said (?:yes|no)|agreed|refused|declined|accepted|approved (?:it)?|rejected (?:it|me|us|my|our)|turned (?:it|me|us) down)\b",
    re.IGNORECASE,
)
_ACHIEVED = re.compile(
    r"(?:I|we) (?:(?:actually|finally|just|only|both|all|nearly) )*(?:(?:did not|could not) (?:get (?:it|in|the \w+)|win|pass|make it|succeed|finish)|got (?:it|in|the \w+)|won|lost|passed|failed|gave up|succeeded|made it|"
    r"came (?:first|second|third|last))" + _END,
    re.IGNORECASE,
)  # fmt: skip
_MADE = re.compile(
    r"(?:it|that|this|which) (?:(?:really|just|all|always|honestly) )*(?P<verb>made|makes|left|leaves) (?P<who>me|us)(?P<feel> feel(?:ing)?)? (?P<how>(?:[\w-]+ ){0,2}?[\w-]+)(?: too)?[\s.!]*$",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(r"\bsomebody(?= turned)", re.IGNORECASE)
"""Who was not told of ("they turned us down"), where those who were asked are meant."""
_TAIL = re.compile(
    r"(?: (?P<pointing>(?:about|by|at|with|over|because of) (?:it|that|this|all of (?:it|this|that)|all this|all that)))?"
    r"(?: for (?:her|him|them))?(?: (?:right now|now|today|too|at the moment))?[\s.!]*$",
    re.IGNORECASE,
)
_APART = re.compile(r"\b(?:but|though|yet|while|whereas)\b", re.IGNORECASE)
_THEREFORE = re.compile(r"\bso\b", re.IGNORECASE)
_LOWERED = lexicon.DETERMINERS | lexicon.PREPOSITIONS | lexicon.ADVERBS | lexicon.PERSONS | {"we", "my", "our", "it"}
_OURSELVES = (SubjectKind.SPEAKER, SubjectKind.GROUP)
_HAPPENED = (MemoryType.EPISODE, MemoryType.TEMPORAL_EVENT)
_HARD = re.compile(r"[;:\u2013\u2014]|-{1,2}|\.{3}")
_LONGEST = 120  # code points of a clause that tells a bare feeling
_INTERJECTION = 2  # words of a sentence that keeps nothing apart: "Phew!"


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    """A clause that tells a feeling of the speaker's and not what it is about.

    Attributes:
        clause: It, standing alone: `I am so relieved`.
        feeling: The feeling.
        word: The word for it, lower case.
        points: It points at what was told just before: "about it", "that made me".
        past: It was felt, and is not now.
    """

    clause: str
    feeling: Feeling
    word: str
    points: bool = False
    past: bool = False


class Ties:
    """The clause just before in a turn, and what the next one turns out to say of it.

    Args:
        ledger: Where findings are entered.
        passages: Where evidence is found.
        feelings: Whether feelings are kept.
        state: What a clause that was put together states, or None.
    """

    def __init__(
        self, ledger: Ledger, passages: Passages, *, feelings: bool, state: Callable[[str], Statement | None]
    ) -> None:
        self._ledger, self._passages = ledger, passages
        self._feelings, self._state = feelings, state
        self._told: Found | None = None
        self._felt: tuple[Felt, Callable[[Statement], Found], Found | None] | None = None
        self._ended_by: str | None = None
        self._fresh, self._words = False, 0

    def open(self, sentence: str) -> None:
        """Begin a sentence; one that stated nothing keeps its neighbours apart, unless it is an interjection."""
        if not self._fresh and self._words > _INTERJECTION:
            self.forget()
        self._fresh, self._words = False, len(words_of(sentence))

    def forget(self) -> None:
        """Forget what was told: what comes is tied to nothing before it."""
        self._told = self._felt = self._ended_by = None

    def tie(self, clause: str, joint: str | None, evidence: Evidence, found: Callable[[Statement], Found]) -> bool:
        """Enter a clause as the end of the episode before it or as a feeling about it; False where it is neither.

        Args:
            clause: The clause, contractions written out.
            joint: The words between it and the one before; None where it opens a sentence.
            evidence: Where it was said.
            found: Makes a finding out of a statement of this clause.
        """
        told = self._told
        if told is None or not self._ledger.found or self._ledger.found[-1] is not told:
            return False
        tied = self._ended(told, clause, joint, evidence) or self._moved(told, clause, joint, found)
        self._fresh |= tied
        return tied

    def _ended(self, told: Found, clause: str, joint: str | None, evidence: Evidence) -> bool:
        whole = ending(told, clause, joint)
        statement = self._state(whole) if whole else None
        if whole is None or statement is None or statement.verbatim or statement.type is not MemoryType.EPISODE:
            return False
        when = told.statement.when or statement.when
        statement = replace(told.statement, content=statement.content, entities=statement.entities, when=when)
        spanned = (*told.evidence[:-1], *self._passages.spanning(told.evidence[-1], evidence))
        self._told = replace(told, statement=statement, clause=whole, evidence=spanned)
        self._felt, self._ended_by = None, clause
        self._ledger.restate(told, self._told)
        return True

    def _moved(self, told: Found, clause: str, joint: str | None, found: Callable[[Statement], Found]) -> bool:
        one = felt(clause) if self._feelings else None
        if one is None or not about_before(one, told, joint, ended_by=self._ended_by):
            return False
        self.forget()
        return self._enter(one, told, found)

    def _enter(self, one: Felt, cause: Found, found: Callable[[Statement], Found], bare: Found | None = None) -> bool:
        """Enter a feeling with its trigger, in the place of the bare one where that was entered."""
        whole, alone = self._state(because(one, cause)), self._state(one.clause)
        if whole is None or whole.verbatim or whole.type is not MemoryType.EMOTION:
            return False
        made = found(replace(whole, slots=()))
        made = replace(made, evidence=(*made.evidence, cause.evidence[-1]), clause=one.clause, alone=alone)
        if bare is None:
            self._ledger.add(made)
        else:
            self._ledger.restate(bare, made)
        return True

    def follow(self, clause: str, joint: str | None, told: Found | None, found: Callable[[Statement], Found]) -> None:
        """Take note of what an untied clause told, which may be what the feeling before it is about."""
        if told is None and felt(clause) is None and len(words_of(clause)) <= _INTERJECTION:
            return
        before, self._felt, self._told, self._ended_by, self._fresh = self._felt, None, told, None, True
        if before is not None and told is not None and (joint is None or _HARD.search(joint)):
            one, made, bare = before
            if about_after(one, told) and self._enter(one, told, made, bare):
                return
        one_more = felt(clause) if self._feelings else None
        if one_more is not None and not one_more.points:
            self._felt = (one_more, found, told)


def ending(earlier: Found, clause: str, joint: str | None) -> str | None:
    """Return the clause of an episode with how it ended, or None where the later clause does not tell that.

    Args:
        earlier: What the clause just before told.
        clause: The later one, contractions written out.
        joint: The words between them; None where a new sentence begins.
    """
    told = earlier.statement
    if (
        told.type is not MemoryType.EPISODE
        or told.modality is not Modality.ASSERTED
        or told.verbatim
        or earlier.doubtful
    ):
        return None
    text = _without_lead(clause)
    if not _ends(analyse(earlier.clause), text):
        return None
    first = earlier.clause.rstrip(" .!")
    last = _SOMEBODY.sub("they", _running(clause)).rstrip(" .!")
    unread = joint is None or not joint.strip(" ,") or last.startswith("I ")  # "the grant and I" would be two persons
    joined = "; " if joint is None or (unread and _APART.search(joint) is None) else f"{joint.rstrip()} "
    return f"{first}{joined}{last}"


def _without_lead(clause: str) -> str:
    return _LEAD.sub("", clause, count=1)  # at the start, where it also matches nothing at all


def _ends(before: Shape, text: str) -> bool:
    ended = _ENDED.match(text)
    if ended is not None:
        named = (
            {word.casefold() for word in ended["what"].split()}
            - lexicon.DETERMINERS
            - {"it", "that", "this", "my", "our"}
        )
        return named <= {word.lower for word in before.words} and feeling_of(before) is None
    if _ANSWERED.match(text):
        return before.base in ASKING and before.kind in _OURSELVES
    return _ACHIEVED.match(text) is not None and before.base in ATTEMPTING and before.kind in _OURSELVES


def felt(clause: str) -> Felt | None:
    """Return the feeling that a clause tells of the speaker without what it is about, or None."""
    if len(clause) > _LONGEST:
        return None
    text = _without_lead(clause)
    made = _MADE.match(text)
    return _felt_by_it(made) if made is not None else _felt_now(text)


def _felt_by_it(made: re.Match[str]) -> Felt | None:
    """Read "it made me really anxious" as "I was really anxious", pointing at what came before."""
    who, be = ("I", ("am", "was")) if made["who"].casefold() == "me" else ("we", ("are", "were"))
    past = made["verb"].casefold() in ("made", "left")
    verb = ("felt" if past else "feel") if made["feel"] else be[past]
    found = _felt_now(f"{who} {verb} {made['how']}")
    return found and replace(found, points=True)


def _felt_now(text: str) -> Felt | None:
    """Read "I am so relieved", "we were thrilled about it"."""
    tail = _TAIL.search(text) if text[:2].casefold() in ("i ", "we") else None
    if tail is None or hedged(text):
        return None
    bare = text[: tail.start()].rstrip()
    shape = analyse(bare)
    if shape.kind not in _OURSELVES or shape.base not in ("be", "feel") or shape.negated or not shape.rest:
        return None
    feeling, last = feeling_of(shape), shape.words[-1].lower
    if feeling is None or modality_of(shape) is not Modality.ASSERTED or shape.tense is Tense.FUTURE:
        return None
    if shape.subject[0] > 0 or last not in (FEELINGS.keys() | (FELT.keys() if shape.base == "feel" else set())):
        return None
    past = shape.tense is Tense.PAST
    return Felt(clause=bare, feeling=feeling, word=last, points=tail["pointing"] is not None, past=past)


def about_before(one: Felt, earlier: Found, joint: str | None, *, ended_by: str | None = None) -> bool:
    """Whether a feeling is certainly about what the clause just before told.

    Args:
        one: The feeling.
        earlier: What was told.
        joint: The words between the two; None where a new sentence begins.
        ended_by: The clause that told how it ended.
    """
    if not _may_move(earlier) or (joint is not None and _APART.search(joint)):
        return False
    if one.points or (joint is not None and _THEREFORE.search(joint)):
        return True
    if ended_by is not None:
        return _fits(one.feeling, _valence_of_end(ended_by))
    shape = analyse(earlier.clause)
    if earlier.statement.type is not MemoryType.EPISODE and shape.tense is not Tense.PAST:
        return False
    valence = _valence(shape)
    return _fits(one.feeling, valence) or (valence == 0 and one.word in DIRECTED and _reaches(shape))


def about_after(one: Felt, later: Found) -> bool:
    """Whether a feeling that nothing before explains is certainly about what the next sentence tells."""
    if one.past or one.points or not _may_move(later) or later.statement.type not in _HAPPENED:
        return False
    if later.statement.type is MemoryType.TEMPORAL_EVENT:
        return one.feeling.category in AHEAD
    return _fits(one.feeling, _valence(analyse(later.clause)))


def because(one: Felt, cause: Found) -> str:
    """Return the clause of a feeling with its trigger."""
    told = _running(cause.clause).rstrip(" .!").replace("; ", " and ")
    return f"{one.clause} because {told}"


def _may_move(told: Found) -> bool:
    """Whether what was told is something that a feeling can be about, and is told safely."""
    statement = told.statement
    return (
        not told.doubtful
        and not statement.verbatim
        and statement.modality in (Modality.ASSERTED, Modality.PLANNED, Modality.REPORTED)
        and statement.type in (*_HAPPENED, MemoryType.FACT)
        and feeling_of(analyse(told.clause)) is None
    )


def _valence(shape: Shape) -> int:
    """Return 1 for what gladdens, -1 for what grieves, 0 for what does neither, or both."""
    words = {word.lower for word in shape.words}
    text = shape.text.casefold()
    phrased = any(phrase in text for phrase in LOST_PHRASES)
    lost = phrased or bool(words & LOSSES)
    gained = not phrased and (bool(words & GAINS) or any(phrase in text for phrase in GAINED_PHRASES))
    if lost == gained:
        return 0
    return (1 if gained else -1) * (-1 if shape.negated else 1)


def _valence_of_end(clause: str) -> int:
    words = {word.lower for word in words_of(clause)}
    bad = bool(words & BAD_ENDS) or any(phrase in clause.casefold() for phrase in LOST_PHRASES)
    return -1 if bad else 1


def _fits(feeling: Feeling, valence: int) -> bool:
    return (valence > 0 and feeling.category in GLAD) or (valence < 0 and feeling.category in GRIEVED)


def _reaches(shape: Shape) -> bool:
    """Whether something reached somebody or was done with: "I got the results", "we finished the barn"."""
    after = shape.rest[0].lower if shape.rest else ""
    return shape.base in NEWS and (shape.base != "get" or after in lexicon.DETERMINERS | {"my", "our"})


def _running(clause: str) -> str:
    """Return a clause as it stands behind another one: its first word in lower case unless it is a name."""
    first = clause.split(" ", 1)[0]
    lower = first.casefold().strip(",")
    known = lower in _LOWERED or adverb(lower) or verbs.base_of(lower) is not None
    return clause[:1].lower() + clause[1:] if known and lower != "i" else clause
